"""What stands on the page before it is HTML: cards side by side, figures on lines that can be compared, safe links."""

from dataclasses import replace

import pytest

from detente.answers.results import Findings, HeadlineAnswer, Row
from detente.deal.model import Deal
from detente.engine.run import Measured, Range
from detente.report import layout


def answer(name: str, scenarios: int, against: str = "") -> HeadlineAnswer:
    figure = Measured("USD", 5.0, 0.0, 4.0, 10.0, 0.1, 1.0, Range(2.0, 8.0, "a low", "a high"))
    return HeadlineAnswer(name, name, "", against, tuple(Row("x", f"s{number}", figure) for number in range(scenarios)))


@pytest.mark.parametrize(
    ("scenarios", "wide"),
    [
        ([1, 1], [False, False]),
        ([1], [True]),
        ([2, 1, 1, 1], [True, False, False, True]),
        ([1, 2, 1, 1], [True, True, False, False]),
        ([1, 1, 2], [False, False, True]),
        ([], []),
    ],
)
def test_no_card_stands_beside_a_gap(scenarios: list[int], wide: list[bool]) -> None:
    found = layout.cards(answer(str(number), count) for number, count in enumerate(scenarios))
    assert [card.wide for card in found] == wide
    assert [card.answer.name for card in found] == [str(number) for number in range(len(scenarios))]


def strip(card: layout.Card, label: str, which: int = 0) -> layout.Strip:
    found = card.measures[label][which][1]
    assert found is not None
    return found


def test_a_chance_stands_on_a_line_from_never_to_always(findings: Findings) -> None:
    line = strip(layout.card(findings.headlines[0]), "Lab runs out of cash by the end of 2026")
    assert line == layout.Strip(45.3, None, (8.0, 64.0), None)


def test_figures_of_one_unit_share_a_line() -> None:
    small = Measured("USD", 1.0, 0.0, 1.0, 2.0, 0.1, 1.0)
    one = answer("a", 1)
    card = layout.card(replace(one, rows=(*one.rows, Row("y", "s0", small))))
    long, short = strip(card, "x").paths, strip(card, "y").paths
    assert long is not None
    assert short is not None
    assert long[0] == short[0]
    assert long[1] == pytest.approx(5 * short[1], abs=0.05)


def test_a_difference_shows_where_zero_is() -> None:
    line = strip(layout.card(answer("a", 1, against="base")), "x")
    assert line.zero is not None
    assert line.zero < line.centre


def test_what_is_absent_has_no_line() -> None:
    absent = float("nan")
    nothing = Measured("USD", absent, absent, absent, absent, absent, 0.0)
    card = layout.card(replace(answer("a", 1), rows=(Row("x", "base", nothing),)))
    assert card.measures["x"][0][1] is None


def test_a_link_leads_to_the_web_or_nowhere(deal: Deal) -> None:
    assert layout.cited("rent-2025", "bound", deal).url == "https://example.org/rents?a=1&b=2"
    assert layout.cited("hosting-signed", "", deal).url == ""
    assert layout.cited("never-heard-of", "", deal) == layout.Cited(
        "never-heard-of", "never-heard-of", "", "", "", "", ""
    )


def test_tables_show_the_ends_of_years(deal: Deal) -> None:
    assert layout.year_ends(deal) == [2025 * 12 + 11, 2026 * 12 + 11]
    long = layout.year_ends(replace(deal, last=2039 * 12 + 11))
    assert [month // 12 for month in long] == [2025, 2026, 2027, 2028, 2029, 2039]
    assert layout.year_ends(replace(deal, last=deal.now + 2)) == [deal.now + 2]
