"""Figures in prose carry two significant digits and units as people say them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.answers.results import Findings
from detente.deal.model import Deal
from detente.engine.run import Measured, Range
from detente.report import words


def plain(text: str) -> str:
    return text.replace(words.NO_BREAK, " ")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (13.2e9, "USD", "USD 13 bn"),
        (13.2, "bn USD", "USD 13 bn"),
        (0.0132, "tn USD", "USD 13 bn"),
        (996e6, "USD", "USD 1.0 bn"),
        (994e6, "USD", "USD 990 mn"),
        (1.1e9, "USD / month", "USD 1.1 bn a month"),
        (21.4, "bn USD / quarter", "USD 21 bn a quarter"),
        (10.6, "mn USD / MW / year", "USD 11 mn per MW a year"),
        (2.0, "USD / H100 / hour", "USD 2.0 per H100 an hour"),
        (130.0, "USD / share", "USD 130 per share"),
        (25_000.0, "EUR", "EUR 25,000"),
        (0.0, "USD", "USD 0"),
        (-4.6e9, "USD", "USD −4.6 bn"),
        (2870.0, "MW", "2.9 GW"),
        (640.0, "MW", "640 MW"),
        (0.4, "MW", "400 kW"),
        (0.0, "MW", "0 MW"),
        (1.25, "GW", "1.2 GW"),
        (0.5, "GW", "500 MW"),
        (1500.0, "MW / year", "1.5 GW a year"),
        (2_500_000.0, "H100", "2.5 mn H100"),
        (2e9, "share", "2.0 bn shares"),
        (14.2, "months", "14 months"),
        (1.0, "month", "1.0 months"),
        (0.456, "probability", "46 %"),
        (0.456, "fraction", "46 %"),
        (35.0, "%", "35 %"),
        (12.0, "% / year", "12 % a year"),
        (0.12, "1 / year", "0.12 a year"),
        (5.25, "", "5.2"),
        (1_234_567.0, "", "1.2 mn"),
        (0.3, "1 / sqrt(month)", "0.30 1 / sqrt(month)"),
        (3.0, "furlongs", "3.0 furlongs"),
        (math.nan, "USD", "–"),
    ],
)
def test_an_amount_reads_as_people_say_it(value: float, unit: str, text: str) -> None:
    assert plain(words.amount(value, unit)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 %"), (0.0004, "under 0.1 %"), (0.0043, "0.43 %"), (0.08, "8.0 %"), (0.994, "99 %"), (0.997, "99.7 %"),
        (0.9997, "over 99.9 %"), (1.0, "100 %"),
    ],
)  # fmt: skip
def test_a_chance_is_never_rounded_to_sure_or_impossible(value: float, text: str) -> None:
    assert plain(words.amount(value, words.CHANCE)) == text


@given(st.floats(1e-6, 1e15), st.sampled_from(["USD", "MW", "share", "", "months", "H100"]))
def test_an_amount_is_the_value_to_two_digits(value: float, unit: str) -> None:
    chosen = words.scale(unit, value)
    digits = float(words.number(value / chosen.divisor).replace(",", ""))
    assert math.isclose(digits * chosen.divisor, value, rel_tol=0.0501)


def test_a_span_has_one_scale() -> None:
    assert plain(words.span(9.1e9, 1.8e10, "USD")) == "USD 9.1 to 18 bn"
    assert plain(words.span(-4.6e9, 2.1e10, "USD")) == "USD −4.6 to 21 bn"
    assert plain(words.span(190, 1400, "MW")) == "0.19 to 1.4 GW"
    assert plain(words.span(0.08, 0.72, words.CHANCE)) == "8.0 to 72 %"
    assert plain(words.span(5, 5.001, "MW")) == "5.0 MW"
    assert plain(words.span(-9e10, 6.6e8, "USD")) == "USD −90 to 0.7 bn"
    assert plain(words.span(-9e10, 1e6, "USD")) == "USD −90 to 0 bn"


def test_figures_by_month_share_the_scale_of_their_series(findings: Findings) -> None:
    unit, figures = words.over_months(findings.run["lab.sales"], [2025 * 12 + 5, 2026 * 12 + 11])
    assert unit == "USD mn a year"
    assert figures == [("280", ""), ("480", "220 to 740")]
    assert words.over_months(findings.run["listed"], [2026 * 12 + 11], chances=True)[1] == [
        (words.amount(0.4, words.CHANCE), "")
    ]


def test_a_difference_has_a_sign_and_chances_differ_by_points() -> None:
    assert plain(words.signed(3.2e9, "USD")) == "USD +3.2 bn"
    assert plain(words.signed(-4.5e10, "USD")) == "USD −45 bn"
    assert plain(words.signed(0.123, words.CHANCE)) == "+12 points"
    assert plain(words.signed(0.0, "USD")) == "USD 0"


def test_the_range_names_the_assumption_at_each_end() -> None:
    found = Measured("probability", 0.45, 0, 0, 1, 0.005, 1.0, Range(0.08, 0.72, "a low", "as Lab believes"))
    assert [plain(line) for line in words.end_lines(found)] == ["8.0 % with a low", "72 % as Lab believes"]
    assert plain(words.give_or_take(found.mc_error, found.unit)) == "± 0.50 points"
    assert words.spread(found) == ""


def test_a_quantity_is_its_median_with_where_nine_in_ten_paths_lie() -> None:
    found = Measured("USD", 1.5e10, 9.1e9, 1.3e10, 1.8e10, 1.2e8, 0.83)
    assert plain(words.headline(found)) == "USD 13 bn"
    assert plain(words.spread(found)) == "USD 9.1 to 18 bn"
    assert words.ends(found) == ()
    assert plain(words.presence(found)) == "on 83 % of paths"


def test_what_is_absent_on_all_paths_has_no_figure() -> None:
    nothing = Measured("USD", math.nan, math.nan, math.nan, math.nan, math.nan, 0.0)
    assert words.headline(nothing) == words.headline(nothing, difference=True) == words.NOTHING


def test_names_become_titles(deal: Deal) -> None:
    assert words.series_title("lab.compute_need", deal) == "Lab: compute need"
    assert words.series_title("lab.USD", deal) == "Lab: USD held"
    assert words.series_title("fund.stock", deal) == "A fund: stock held"
    assert words.series_title("rivals.capacity", deal) == "Rivals: capacity"
    assert words.series_title("total", deal) == "Total"
    assert words.scenario_title("base", deal) == "Base case"
    assert words.scenario_title("not_listed", deal) == "Not listed"
    assert words.future_title("broke", deal) == "Out of cash"
    assert words.future_title("other", deal) == "Other"
    assert words.agreement_title("hosting", deal) == "Hosting"
    assert words.agreement_title("round", deal) == "Round"


def test_dates_and_times() -> None:
    assert words.month_words(2025 * 12 + 3) == "April 2025"
    assert words.month_short(2025 * 12 + 3) == "Apr 2025"
    assert [words.duration(seconds) for seconds in (0.0124, 3.42, 240)] == ["12 ms", "3.4 s", "4.0 min"]
