"""Every function of the language against sums done by hand."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from detente.graph.arguments import LONGEST_DELAY
from detente.graph.calls import CALLS
from detente.lang.functions import FUNCTIONS
from tests.support import EXACT, agreement, codes, figures, play, refused, small

YEAR = "level: {unit: USD / month, table: {2025-01: 10, 2025-12: 120}, assumed: ten more each month}\n"
"""10 USD a month in January, 20 in February … 120 in December."""


def formula(text: str, unit: str = "", more: str = YEAR, **blocks: str) -> list[float]:
    """A formula as a variable, by month of 2025, in base units."""
    declared = f"unit: {unit}, " if unit else ""
    variables = f"{more}x: {{{declared}is: '{text}', assumed: given}}"
    return play(small(variables=variables, **blocks)).series("x")


def refusal(text: str, unit: str = "", **blocks: str) -> list[str]:
    declared = f"unit: {unit}, " if unit else ""
    return codes(small(variables=f"{YEAR}x: {{{declared}is: '{text}', assumed: given}}", **blocks))


def test_every_function_of_the_registry_can_be_called() -> None:
    assert set(CALLS) == set(FUNCTIONS)


EXAMPLES = small(
    parties="a: {name: A}\nb: {name: B}\nworld: {outside: true}",
    resources="""
        USD: {kind: money}
        EUR: {kind: money, rate: 2 USD / EUR, assumed: g}
        compute: {kind: capacity, unit: MW}
        equity: {kind: shares, issuer: a}
    """,
    opening="a.USD: {balance: 1 USD}\nb.USD: {balance: 1 USD}\nb.equity: {balance: 1 share}",
    first="2024-10",
    to="2028-12",
    variables="""
        a.burn: {unit: bn USD / year, past: {2024-10: 1}, is: 0 bn USD / year}
        a.sales: {unit: bn USD / year, is: 0 bn USD / year}
    """,
    flows="subscriptions: {from: world, to: a, amount: a.sales}",
    needs="a.compute: {resource: compute, amount: 1 MW}",
    events="breach: {hazard: 20% / year, assumed: g}\nword: {decided_by: b, policy: at(2025-01)}",
    values="a: {discount: 0% / year, at_end: a.USD}",
    agreements=agreement(
        """
        capacity: {type: supply, supplier: b, need: a.compute, capacity: 1 MW, price: 1 USD / MW / month}
        takings:  {type: revenue_share, payer: a, payee: b, base: a.sales, rate: 0%}
        veto:     {type: consent_right, holder: b, over: breach, given: word}
        """,
        "a, b",
        name="cloud",
    ),
)


@pytest.mark.parametrize("example", [example for one in FUNCTIONS.values() for example in one.examples])
def test_every_example_of_every_function_runs(example: str) -> None:
    """What messages and documentation show can be written as it stands, and gives a number or, at an event that need
    not come, a number on the paths on which it came."""
    found, breached = figures(EXAMPLES, [example, "breach by 2028-12"], paths=100)[0]
    came = breached == 1.0
    assert 0 < came.sum() < 100
    assert np.isfinite(found[came] if example.endswith(" at breach)") else found).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_told_with_its_units_and_stands_in_the_language_page(name: str) -> None:
    function = FUNCTIONS[name]
    assert function.units
    assert function.gives
    assert function.examples
    page = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
    assert re.search(rf"`[^`]*\b{name}\b[^`]*`", page.partition("## Expressions")[2])


# arithmetic


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 + 3 * 4", 14.0),
        ("(2 + 3) * 4", 20.0),
        ("2 - 3 - 4", -5.0),
        ("2 / 4 / 2", 0.25),
        ("-2 ^ 2", -4.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("20% * 50%", 0.1),
        ("min(3, 1, 2)", 1.0),
        ("max(3, 1, 4)", 4.0),
        ("abs(-3)", 3.0),
        ("sqrt(2)", math.sqrt(2)),
        ("exp(1)", math.e),
        ("log(10)", math.log(10)),
        ("clip(7, 0, 5)", 5.0),
        ("clip(-7, 0, 5)", 0.0),
        ("clip(3, 0, 5)", 3.0),
        ("if 2 > 1 then 5 else 6", 5.0),
        ("if 2 within 3 to 4 then 5 else 6", 6.0),
        ("if 3 within 3 to 4 and not 2 = 3 then 5 else 6", 5.0),
        ("if 1 > 2 or 2 != 2 then 5 else 6", 6.0),
        ("if 2 <= 2 and 2 >= 2 and not 2 < 2 then 5 else 6", 5.0),
        ("2 bn USD / (1 mn USD)", 2000.0),
        ("1 year / (1 month)", 12.0),
        ("1 GW / (1 MW)", 1000.0),
        ("12 USD / year * 3 months / (1 USD)", 3.0),
    ],
)
def test_arithmetic(text: str, expected: float) -> None:
    assert formula(text)[0] == pytest.approx(expected, rel=EXACT)


def test_a_growth_compounds_over_a_time() -> None:
    """5% a year for two years is 1.1025; 12% a year for a month its twelfth root."""
    assert formula("compound(5% / year, 2 years)")[0] == pytest.approx(1.1025, rel=EXACT)
    assert formula("compound(12% / year, 1 month)")[0] == pytest.approx(1.12 ** (1 / 12), rel=EXACT)


def test_the_root_of_a_quantity_has_the_root_of_its_unit() -> None:
    assert refusal("sqrt(4 USD)", "USD") != []
    assert refusal("log(4 USD)") == ["unit-mismatch"]


# dates


def test_since_counts_months_and_is_negative_before() -> None:
    assert formula("since(2025-03)", "months") == [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("before(2025-04)", range(1, 4)),
        ("after(2025-04)", range(5, 13)),
        ("on(2025-04-30)", range(4, 5)),
        ("on(2025Q2)", range(4, 7)),
        ("before(2025Q2)", range(1, 4)),
        ("after(2025Q2)", range(7, 13)),
        ("on(2025)", range(1, 13)),
        ("after(2024)", range(1, 13)),
    ],
)
def test_a_month_lies_before_within_or_after_a_date(text: str, months: range) -> None:
    assert formula(f"if {text} then 1 else 0") == [float(number in months) for number in range(1, 13)]


def test_a_fiscal_year_is_its_partys_own() -> None:
    """It ends in June: FY2025 of the lab is July 2024 to June 2025."""
    parties = "lab: {fiscal_year_ends: 6}\ncloud: {}\nrival: {}\nfund: {outside: true}\nstaff: {outside: true}\nworld: {outside: true}"
    assert formula("if on(FY2025 of lab) then 1 else 0", parties=parties) == [1.0] * 6 + [0.0] * 6
    assert formula("if on(FY2025 of cloud) then 1 else 0", parties=parties) == [1.0] * 12
    assert refusal("if on(FY2025) then 1 else 0") == ["unknown-party"]


def test_a_ramp_is_straight_between_its_dates_and_level_outside() -> None:
    """From March to July: a quarter a month."""
    assert formula("ramp(2025-03, 2025-07)") == [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1]
    assert refusal("ramp(2025-07, 2025-03)") == ["dates-out-of-order"]


def test_a_step_is_nothing_before_its_date_and_one_from_it_on() -> None:
    assert formula("step(2025-04)") == [0.0] * 3 + [1.0] * 9
    assert formula("step(2025Q3)") == [0.0] * 6 + [1.0] * 6
    assert formula("step(2024)") == [1.0] * 12


@pytest.mark.parametrize(
    ("x", "y"),
    [(-5, 4.0), (0, 4.0), (1, 5.0), (5, 9.0), (10, 14.0), (15, 9.0), (20, 4.0), (30, 4.0)],
)
def test_a_lookup_is_straight_between_its_points_and_level_outside(x: float, y: float) -> None:
    """Up from (0, 4) to (10, 14), down to (20, 4)."""
    assert formula(f"interpolate({x}, 0, 4, 10, 14, 20, 4)")[0] == pytest.approx(y, rel=EXACT)


def test_a_lookup_has_the_units_of_its_points_and_its_levels_may_be_formulas() -> None:
    """The level is 10 USD a month in January: at a third from 0 to 30 USD; from 6 MW to twice 6 MW that is 8 MW."""
    more = YEAR + "size: {unit: MW, is: 6 MW, assumed: g}\n"
    found = formula("interpolate(level, 0 USD / month, size, 360 USD / year, 2 * size)", "MW", more)
    assert found[:4] == pytest.approx([8.0, 10.0, 12.0, 12.0], rel=EXACT)


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ("0, 4", "wrong-arguments"),
        ("0, 4, 10", "wrong-arguments"),
        ("", "wrong-arguments"),
        ("10, 4, 0, 14", "wrong-arguments"),
        ("0, 4, 0, 14", "wrong-arguments"),
        ("0 MW, 4, 10 MW, 14", "unit-mismatch"),
        ("0, 4, 10 MW, 14", "unit-mismatch"),
        ("0, 4 MW, 10, 14", "unit-mismatch"),
        ("0, 4, 2 * 5, 14", "not-a-literal"),
    ],
)
def test_a_lookup_whose_points_do_not_fit_is_refused(points: str, code: str) -> None:
    assert refusal(f"interpolate(1, {points})" if points else "interpolate(1)") == [code]


# memories


def test_prev_is_last_month_and_begins_with_its_start() -> None:
    found = formula("prev(level, start = 7 USD / month)", "USD / month")
    assert found == pytest.approx([7, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110], rel=EXACT)


def test_a_variable_may_refer_to_its_own_last_value() -> None:
    """Half of the last and 10 more, from 100: 60, 40, 30, 25."""
    found = formula("0.5 * prev(x, start = 100) + 10")
    assert found[:4] == pytest.approx([60, 40, 30, 25], rel=EXACT)


def test_an_account_is_its_opening_balance() -> None:
    """1000 USD, and 40 more each month: 1000 as January opens, 1040 as February does. Its `prev` is a month older."""
    flows = "subscriptions: {from: world, to: lab, amount: 40 USD / month, assumed: g}"
    assert formula("lab.USD", "USD", flows=flows)[:3] == [1000.0, 1040.0, 1080.0]
    assert formula("prev(lab.USD, start = 900 USD)", "USD", flows=flows)[:3] == [900.0, 1000.0, 1040.0]


def test_a_delay_begins_with_its_start() -> None:
    found = formula("delay(level, 3 months, start = 5 USD / month)", "USD / month")
    assert found == pytest.approx([5, 5, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90], rel=EXACT)


RECORD = "known: {unit: USD, past: {2024-01: 1, 2024-12: 12}, is: 100 USD, assumed: one more each month}\n"
"""1 in January 2024, 2 in February … 12 in December; 100 from January 2025 on."""


def test_without_a_start_a_delay_reaches_back_into_the_record() -> None:
    """Three months ago was October 2024 (10), November (11), December (12), then what is simulated."""
    found = formula("delay(known, 3 months)", "USD", RECORD, first="2024-01")
    assert found == pytest.approx([10, 11, 12, 100, 100, 100, 100, 100, 100, 100, 100, 100], rel=EXACT)


def test_a_delay_of_nothing_is_the_value_itself() -> None:
    assert formula("delay(level, 0 months)", "USD / month") == formula("level", "USD / month")


def test_one_formula_may_delay_the_same_thing_twice() -> None:
    twice = "delay(level, 3 months, start = 5 USD / month) + delay(level, 3 months, start = 5 USD / month)"
    once = formula("delay(level, 3 months, start = 5 USD / month)", "USD / month")
    assert formula(twice, "USD / month") == [2.0 * value for value in once]


def test_a_delay_of_a_delay_reaches_back_as_far_as_both() -> None:
    """Two and three months ago are five months ago: August 2024 (8) to December (12)."""
    more = RECORD + "late: {unit: USD, is: 'delay(known, 2 months)', assumed: g}\n"
    found = formula("delay(late, 3 months)", "USD", more, first="2024-01")
    assert found == pytest.approx([8, 9, 10, 11, 12, 100, 100, 100, 100, 100, 100, 100], rel=EXACT)


def test_a_rolling_mean_is_of_the_months_up_to_this_one() -> None:
    """Of three: with 4 before the start (4 + 4 + 10) / 3 = 6, (4 + 10 + 20) / 3, then 20, 30 …"""
    found = formula("rolling(level, 3 months, start = 4 USD / month)", "USD / month")
    assert found == pytest.approx([6, 34 / 3, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110], rel=EXACT)


def test_a_rolling_mean_reaches_back_into_the_record() -> None:
    """Of four months: (10 + 11 + 12 + 100) / 4 in January."""
    found = formula("rolling(known, 4 months)", "USD", RECORD, first="2024-01")
    assert found[:4] == pytest.approx([133 / 4, 223 / 4, 312 / 4, 100], rel=EXACT)


def test_smoothing_moves_a_part_of_the_way_each_month() -> None:
    """A quarter of the way for four months, from 0 towards 10, 20, 30: 2.5, 6.875, 12.65625."""
    found = formula("smooth(level, 4 months, start = 0 USD / month)", "USD / month")
    assert found[:3] == pytest.approx([2.5, 6.875, 12.65625], rel=EXACT)


def test_a_memory_before_the_record_wants_a_start() -> None:
    """Flows that rest on tables alone are told on record; those of terms are not, nor are accounts."""
    flows = (
        "subscriptions: {from: world, to: lab, amount: 40 USD / month, assumed: g}\n"
        "taxes: {from: lab, to: world, amount: level}"
    )
    text, first = "delay(net(lab, all), 3 months)", {"first": "2024-06"}
    assert refusal(text, "USD / month", flows=flows, **first) == []
    assert refusal(text, "USD / month", **BLOCKS, **first) == ["not-on-record"]
    assert refusal("delay(lab.USD, 3 months)", "USD", **first) == ["not-on-record"]


def test_a_delay_that_reaches_back_before_the_record_is_refused() -> None:
    """In January 2025 three months ago is October 2024."""
    assert refusal("delay(level, 3 months)", "USD / month", first="2024-11") == ["not-on-record"]
    assert refusal("delay(level, 3 months)", "USD / month", first="2024-10") == []
    assert refusal("rolling(level, 4 months)", "USD / month", first="2024-11") == ["not-on-record"]
    assert refusal("rolling(level, 4 months)", "USD / month", first="2024-10") == []


def test_a_start_that_rests_on_an_account_is_refused() -> None:
    assert refusal("prev(lab.USD, start = lab.USD)", "USD") == ["not-on-record"]


@pytest.mark.parametrize("time", ["2.5 months", "3 USD", f"{LONGEST_DELAY + 1} months", "patience"])
def test_a_delay_is_a_whole_number_of_months(time: str) -> None:
    more = {"assumptions": "patience: {value: 1 to 3 months, assumed: g}"}
    assert refusal(f"delay(level, {time}, start = 1 USD / month)", "USD / month", **more) in (
        ["wrong-arguments"],
        ["not-a-literal"],
    )


# events, needs, parties, terms

SUPPLY = """
    power: {type: supply, supplier: cloud, need: lab.compute, capacity: 6 MW, price: 3 USD / MW / month, until: 2025-06, assumed: g}
    takings: {type: revenue_share, payer: lab, payee: cloud, base: level, rate: 50%, assumed: g}
    veto: {type: consent_right, holder: cloud, over: breach, given: word}
"""
BLOCKS = {
    "agreements": agreement(SUPPLY),
    "needs": "lab.compute: {resource: compute, amount: 10 MW, assumed: g}",
    "events": "breach: {when: on(2025-03)}\nword: {decided_by: cloud, policy: at(2025-02)}",
}


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("if breach then 1 else 0", "", [0, 0, 1, 1, 1]),
        ("if fires(breach) then 1 else 0", "", [0, 0, 1, 0, 0]),
        ("need(lab.compute)", "MW", [10, 10, 10, 10, 10, 10, 10]),
        ("unmet(lab.compute)", "MW", [4, 4, 4, 4, 4, 4, 10]),
        ("use(pact.power)", "MW", [6, 6, 6, 6, 6, 6, 0]),
        ("offered(pact.power)", "MW", [6, 6, 6, 6, 6, 6, 0]),
        ("share_of(cloud, lab.compute)", "", [1, 1, 1, 1, 1, 1, 0]),
        ("if active(pact.power) then 1 else 0", "", [1, 1, 1, 1, 1, 1, 0]),
        ("if granted(pact.veto) then 1 else 0", "", [0, 1, 1, 1, 1, 1, 1]),
        ("paid(pact.takings)", "USD", [0, 5, 15, 30, 50]),
        ("flow(pact.takings)", "USD / month", [5, 10, 15, 20, 25]),
        ("flow(pact.power.bill)", "USD / month", [18, 18, 18, 18, 18, 18, 0]),
        ("net(lab, operating)", "USD / month", [-23, -28, -33, -38, -43]),
        ("net(cloud, all, USD)", "USD / month", [23, 28, 33, 38, 43]),
        ("net(lab, financing)", "USD / month", [0, 0, 0, 0, 0]),
        ("stake(staff)", "", [1, 1, 1]),
        ("stake(fund, lab)", "", [0, 0, 0]),
    ],
)
def test_what_a_deal_can_be_asked_each_month(text: str, unit: str, expected: list[float]) -> None:
    """A need of 10 MW, 6 MW of supply at 3 USD until June, half of 10, 20, 30 … USD a month shared."""
    assert formula(text, unit, **BLOCKS)[: len(expected)] == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("flow(lab.compute)", "unit-mismatch"),
        ("flow(breach)", "unit-mismatch"),
        ("unmet(nothing)", "unknown-need"),
        ("use(pact.takings)", "wrong-arguments"),
        ("if granted(pact.takings) then 1 else 0", "wrong-arguments"),
        ("net(lab, gifts)", "unknown-class"),
        ("net(lab, all, compute)", "unknown-resource"),
        ("stake(nobody)", "unknown-party"),
        ("stake(lab, cloud)", "unknown-company"),
        ("if fires(nothing) then 1 else 0", "unknown-event"),
        ("paid(takings)", "unknown-term"),
        ("total(level, 2025)", "whole-path-only"),
        ("lowest(level, 2025)", "whole-path-only"),
        ("value(lab)", "whole-path-only"),
        ("mean(level, 2025)", "whole-path-only"),
        ("highest(level, 2025)", "whole-path-only"),
        ("level at 2025-03", "whole-path-only"),
        ("prev(level)", "wrong-arguments"),
        ("min()", "wrong-arguments"),
        ("sqrt(1, 2)", "wrong-arguments"),
        ("sqrt(y = 1)", "wrong-arguments"),
        ("median(1, 2)", "unknown-function"),
        ("2025-03", "date-outside-place"),
        ("since(level)", "not-a-date"),
        ("1 to 3", "uncertain-outside"),
        ("normal(1, 3)", "uncertain-outside"),
        ("pact.takings", "unknown-name"),
        ("lab.compute", "unknown-name"),
        ("stake", "unknown-name"),
    ],
)
def test_what_cannot_be_asked_is_refused(text: str, code: str) -> None:
    assert code in refusal(text, "", **BLOCKS)


def test_a_flow_that_is_not_there_is_refused() -> None:
    assert refusal("flow(nothing)", "USD / month", **BLOCKS) == ["unknown-name"]


def test_a_sum_over_several_currencies_wants_their_rates_and_one_currency_does_not() -> None:
    blocks = {
        "resources": "USD: {kind: money}\nEUR: {kind: money}",
        "opening": "lab.USD: {balance: 0 USD}\nlab.EUR: {balance: 0 EUR}",
        "flows": "a: {from: world, to: lab, amount: 2 USD / month, assumed: g}\nb: {from: world, to: lab, amount: 3 EUR / month, assumed: g}",
    }
    assert refusal("net(lab, all)", "USD / month", **blocks) == ["missing-key"]
    assert formula("net(lab, all, EUR)", "EUR / month", **blocks)[0] == 3.0


# whole paths


def whole(outputs: list[str], **blocks: str) -> list[float]:
    return [float(row[0]) for row in figures(small(variables=YEAR, **blocks), outputs)[0]]


def test_a_value_at_a_date_is_of_that_month_and_of_a_period_its_last() -> None:
    assert whole(["level at 2025-03", "level at 2025Q2", "level at 2025"]) == [30.0, 60.0, 120.0]


def test_an_account_at_a_date_is_its_closing_balance() -> None:
    flows = "subscriptions: {from: world, to: lab, amount: 40 USD / month, assumed: g}"
    assert whole(["lab.USD at 2025-01", "lab.USD at 2024-12"], flows=flows) == [1040.0, 1000.0]


def test_a_total_is_summed_over_its_period() -> None:
    """10 + 20 + … + 120 = 780; April to June 40 + 50 + 60."""
    assert whole(["total(level, 2025)", "total(level, 2025Q2)"]) == [780.0, 150.0]


def test_a_total_may_begin_on_the_record_and_end_in_the_future() -> None:
    """On record 1 a month from January to December 2024, then 5: the fiscal year to June 2025 has six of each."""
    text = small(
        first="2024-01",
        parties="lab: {fiscal_year_ends: 6}\ncloud: {}\nrival: {}\nfund: {outside: true}\nstaff: {outside: true}\nworld: {outside: true}",
        variables="sold: {unit: USD / month, past: {2024-01: 1, 2024-12: 1}, is: 5 USD / month, assumed: g}",
    )
    asked = ["total(sold, FY2025 of lab)", "total(sold, 2024)", "total(sold, 2025)", "total(sold, 2024Q1)"]
    assert [float(row[0]) for row in figures(text, asked)[0]] == [36.0, 12.0, 60.0, 3.0]


def test_a_total_of_a_yearly_rate_is_money() -> None:
    """12 USD a year over a quarter are 3 USD."""
    text = small(variables="sold: {unit: USD / year, is: 12 USD / year, assumed: g}")
    assert figures(text, ["total(sold, 2025Q3)"])[0, 0, 0] == pytest.approx(3.0, rel=EXACT)


def test_the_lowest_value_up_to_a_date_includes_now() -> None:
    """Cash goes 1000, 940, 880, … down to July, then up again."""
    flows = "net_flow: {from: world, to: lab, amount: 'if before(2025-08) then -60 USD / month else 100 USD / month', assumed: g}"
    asked = ["lowest(lab.USD, 2025-03)", "lowest(lab.USD, 2025-12)", "lowest(level, 2025-06)"]
    level = YEAR.replace("2025-01: 10", "2024-12: 10, 2025-01: 10")
    found = figures(small(variables=level, flows=flows), asked)[0, :, 0]
    assert found == pytest.approx([820.0, 580.0, 10.0], rel=EXACT)


def test_the_highest_value_up_to_a_date_includes_now() -> None:
    """Cash is 1000 now, 940 in January, down to 580 in July, then 680 to 1080 in December."""
    flows = "net_flow: {from: world, to: lab, amount: 'if before(2025-08) then -60 USD / month else 100 USD / month', assumed: g}"
    found = figures(small(flows=flows), ["highest(lab.USD, 2025-11)", "highest(lab.USD, 2025-12)"])[0, :, 0]
    assert found == pytest.approx([1000.0, 1080.0], rel=EXACT)


def test_a_mean_is_over_the_months_of_its_period() -> None:
    """(10 + 20 + … + 120) / 12 = 65; April to June 50; a balance of 1000, 1040, 1080 … closing is 1080 in the mean of
    the first three months."""
    flows = "subscriptions: {from: world, to: lab, amount: 40 USD / month, assumed: g}"
    asked = ["mean(level, 2025)", "mean(level, 2025Q2)", "mean(lab.USD, 2025Q1)"]
    assert whole(asked, flows=flows) == pytest.approx([65.0, 50.0, 1080.0], rel=EXACT)


def test_a_mean_may_begin_on_the_record() -> None:
    """Six months at 1 USD, six at 5: 3 in the fiscal year from July 2024."""
    text = small(
        first="2024-01",
        variables="sold: {unit: USD / month, past: {2024-01: 1, 2024-12: 1}, is: 5 USD / month, assumed: g}",
        parties="lab: {fiscal_year_ends: 6}\ncloud: {}\nrival: {}\nfund: {outside: true}\nstaff: {outside: true}\nworld: {outside: true}",
    )
    assert figures(text, ["mean(sold, FY2025 of lab)"])[0, 0, 0] == pytest.approx(3.0, rel=EXACT)


def test_a_value_is_what_is_received_and_held_discounted_to_now() -> None:
    """40 USD a month for a year and 1480 USD at its end, at 12% a year compounded: each month is worth 1.12**(-1/12)
    less."""
    blocks = {
        "flows": "subscriptions: {from: world, to: lab, amount: 40 USD / month, assumed: g}",
        "values": "lab: {discount: 12% / year, each: 'net(lab, all)', at_end: lab.USD, assumed: g}",
    }
    expected = sum(40 * 1.12 ** (-number / 12) for number in range(1, 13)) + 1480 / 1.12
    assert whole(["value(lab)"], **blocks)[0] == pytest.approx(expected, rel=EXACT)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("level at 2027-01", "date-outside"),
        ("level at 2020-01", "date-outside"),
        ("total(level, 2026)", "date-outside"),
        ("lowest(level, 2024-12)", "date-outside"),
        ("total(net(lab, all), 2024-12)", "not-on-record"),
        ("value(cloud)", "unknown-party"),
    ],
)
def test_what_lies_outside_record_and_horizon_is_refused(asked: str, code: str) -> None:
    headline = f"h: {{title: t, show: {{x: '{asked}'}}}}"
    assert code in codes(small(variables=YEAR, headlines=headline, **BLOCKS))


def test_a_refusal_names_the_function_as_it_is_called() -> None:
    (found,) = refused(small(variables=f"{YEAR}x: {{unit: USD / month, is: prev(level), assumed: g}}"))
    assert found.ways_out[0] == "write prev(x, start): last month's value"


@pytest.mark.parametrize(
    ("text", "message", "found"),
    [
        ("sqrt()", "`x` is missing", "sqrt()"),
        ("sqrt(1, 2)", "sqrt takes 1 argument, and here are 2", "2"),
        ("clip(1, 2, 3, 4)", "clip takes 3 arguments, and here are 4", "4"),
        ("clip(1, 2, low = 3)", "`low` is given twice", "3"),
        ("sqrt(y = 7)", "sqrt has no argument `y`", "7"),
        ("min()", "`x` is missing", "min()"),
        ("min(x = 1)", "min has no argument `x`", "1"),
        ("interpolate(1)", "`points` is missing", "interpolate(1)"),
        (
            "interpolate(1, 0, 4)",
            "the points of interpolate are pairs, at least two of them, and here are 2 numbers",
            "",
        ),
        ("interpolate(1, 5, 4, 3, 2)", "`x2` of interpolate is something else", "3"),
        ("delay(level, 3 USD, start = level)", "`time` of delay is something else", "3 USD"),
        ("use(pact.takings)", "`term` of use is something else", "pact.takings"),
        ("flow(1)", "`flow` of flow is something else", "1"),
        ("convert(level / level, USD)", "`x` of convert is something else", "level / level, in no unit"),
    ],
)
def test_a_call_that_does_not_fit_says_which_argument_what_was_found_and_how_it_is_written(
    text: str, message: str, found: str
) -> None:
    (one,) = [
        one
        for one in refused(small(variables=f"{YEAR}x: {{is: '{text}', assumed: g}}", **BLOCKS))
        if one.code == "wrong-arguments"
    ]
    function = FUNCTIONS[text.partition("(")[0]]
    assert one.message == message
    assert one.found == found or not found
    assert one.ways_out[0].startswith(f"write {function.signature}")
    assert one.ways_out[1] == f"for example {function.examples[0]}"
