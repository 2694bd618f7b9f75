"""Growths in expressions: a minus belongs to the percentage as written, never to the rate it is kept as; what cannot be
told of percentages is refused. The numbers are worked out by hand beside each."""

from __future__ import annotations

import math

import pytest

from detente.engine.evaluate import at_date, evaluate
from detente.engine.simulate import BASE, Variant, variant
from detente.text.written import parse_date
from tests.support import codes, figures, play, read, refused, small

PACE = """
    pace:   {value: 5% / year, assumed: g}
    fall:   {value: -16.47% / year, assumed: g}
    spread: {value: -5% to 3% / year, assumed: g}
    slump:  {value: "uniform(-82% / year, -29% / year)", assumed: g}
    ebb:    {value: -5% / year, kind: rate, assumed: g}
"""

CENTRAL = Variant("central", central=True)


def told(expression: str, **blocks: str) -> float:
    """What a formula gives in every simulated month, on the central path."""
    text = small(**{"assumptions": PACE, "variables": f"x: {{is: '{expression}', assumed: g}}", **blocks})
    return play(text, variant=CENTRAL)("x", "2025-06")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("compound(-16.47% / year, 1 year)", 0.8353),
        ("compound(-50% / year, 2 years)", 0.25),
        ("compound(-50% / year, 6 months)", math.sqrt(0.5)),
        ("compound(-2% / month, 1 year)", 0.98**12),
        ("compound(-0% / year, 1 year)", 1.0),
        ("compound(-(5% / year), 1 year)", 0.95),
        ("compound(fall, 1 year)", 0.8353),
        ("compound(spread, 1 year)", 0.99),  # the middle of -5% to 3%
        ("compound(ebb, 1 year)", math.exp(-0.05)),  # continuous, as it says
        ("compound(if pace > -1% / year then -10% / year else pace, 1 year)", 0.9),
        ("compound(min(-10% / year, pace), 1 year)", 0.9),
        ("compound(clip(pace, -10% / year, -4% / year), 1 year)", 0.96),
        ("if fall < -16% / year then 1 else 0", 1.0),
        ("if fall < -17% / year then 1 else 0", 0.0),
        ("if fall within -17% / year to -16% / year then 1 else 0", 1.0),
        ("1 / compound(pace, 1 year)", 1 / 1.05),
        ("-20% * -3", 0.6),
        ("2 ^ -2", 0.25),
    ],
)
def test_a_minus_belongs_to_what_is_written(expression: str, value: float) -> None:
    assert told(expression) == pytest.approx(value, rel=1e-14)


def walk(process: str, **blocks: str) -> list[float]:
    """A process from 100 in 2024-12, month by month through 2025."""
    text = small(
        **{
            "assumptions": PACE,
            "variables": f"walk: {{past: {{2024-12: 100}}, next: '{process}', assumed: g}}",
            **blocks,
        }
    )
    return play(text, variant=CENTRAL).series("walk")


@pytest.mark.parametrize(
    "process",
    [
        "gbm(growth = -16.47% / year, volatility = 0% / sqrt(year))",
        "gbm(growth = fall, volatility = 0% / sqrt(year))",
        "gbm(growth = 50% / year, fades_to = -16.47% / year, over = 0.001 months, volatility = 0% / sqrt(year))",
        "jump(growth = -16.47% / year, volatility = 0% / sqrt(year), rate = 0 / year, size = -30%)",
    ],
)
def test_what_falls_by_a_part_each_year_is_less_by_that_part(process: str) -> None:
    """100 (1 - 0.1647) after twelve months; a growth that fades at once has grown by 50% a year for one month."""
    first = (1.5 / 0.8353) ** (1 / 12) if "fades_to" in process else 1.0
    assert walk(process)[-1] == pytest.approx(83.53 * first, rel=1e-12)


def test_a_growth_fades_to_a_fall() -> None:
    """The rate of month k after the record is end + (begin - end) exp(-(k - 1) / 12)."""
    begin, end = math.log(0.8) / 12, math.log(0.95) / 12
    rates = [end + (begin - end) * math.exp(-k / 12) for k in range(12)]
    found = walk("gbm(growth = -20% / year, fades_to = -5% / year, over = 1 year, volatility = 0 / sqrt(year))")
    assert found == pytest.approx([100 * math.exp(sum(rates[: k + 1])) for k in range(12)], rel=1e-12)


def test_a_discount_may_lie_below_zero() -> None:
    """100 USD a month counts 100 / 0.9^(k/12) in month k."""
    text = small(
        flows="sales: {from: world, to: lab, amount: 100 USD / month, assumed: g}",
        values="lab: {discount: -10% / year, each: 'net(lab, all)', assumed: g}",
    )
    worth = figures(text, ["value(lab)"], runs=[CENTRAL])[0, 0, 0]
    assert worth == pytest.approx(sum(100 / 0.9 ** (k / 12) for k in range(1, 13)), rel=1e-12)


def test_draws_of_a_fall_lie_between_its_ends() -> None:
    found = figures(small(assumptions=PACE), ["compound(slump, 1 year)", "compound(spread, 1 year)"], paths=2_000)[0]
    assert 0.18 <= found[0].min() < 0.19
    assert 0.70 < found[0].max() <= 0.71
    assert (found[1] < 0.95).mean() == pytest.approx(0.05, abs=0.015)
    assert (found[1] > 1.03).mean() == pytest.approx(0.05, abs=0.015)


def test_scenarios_and_what_stood_before_take_a_minus_too() -> None:
    text = small(
        first="2024-06",
        assumptions="""
            pace:
              value: 5% / year
              assumed: g
              since: 2024-11
              before: {value: -30% / year, assumed: g}
        """,
        scenarios="fall: {title: It falls, pace: -50% / year, assumed: g}",
    )
    deal = read(text)
    found = figures(text, ["compound(pace, 1 year)"], runs=[BASE, variant(deal, deal.scenarios["fall"])])[:, 0, 0]
    assert found == pytest.approx([1.05, 0.5], rel=1e-12)
    earlier = at_date(deal, parse_date("2024-08"))
    assert evaluate(earlier, [BASE], 1, 1, ["compound(pace, 1 year)"])[0, 0, 0] == pytest.approx(0.7, rel=1e-12)


@pytest.mark.parametrize(
    "expression",
    [
        "-pace",
        "pace + pace",
        "pace - 1% / year",
        "5% / year + 3% / year",
        "abs(pace)",
        "2 * pace",
        "pace / 2",
        "pace ^ 3",
        "pace ^ 2",
        "pace + 0.05 / year",
        "delay(pace, 2 months)",
        "rolling(pace, 2 months)",
        "smooth(pace, 2 months, start = 5% / year)",
        "prev(if true then pace else pace, start = 5% / year)",
    ],
)
def test_arithmetic_with_growths_is_refused(expression: str) -> None:
    variables = (
        f"x: {{past: {{2024-10: 1}}, next: 'gbm(growth = {expression}, volatility = 0 / sqrt(year))', assumed: g}}"
    )
    assert codes(small(first="2024-06", assumptions=PACE, variables=variables)) == ["growth-multiplied"]


@pytest.mark.parametrize(
    "expression",
    [
        "if true then pace else 0.05 / year",
        "if true then 0.05 / year else pace",
        "min(pace, 0.05 / year)",
        "max(0.05 / year, pace)",
        "clip(pace, 0 / year, 5% / year)",
    ],
)
def test_a_growth_stands_beside_growths_alone(expression: str) -> None:
    variables = f"x: {{is: 'compound({expression}, 1 year)', assumed: g}}"
    assert codes(small(assumptions=PACE, variables=variables)) == ["growth-expected"]


def test_a_growth_is_compared_with_growths_alone() -> None:
    (found,) = refused(small(assumptions=PACE, variables="x: {is: if pace > 0.05 / year then 1 else 2, assumed: g}"))
    assert (found.code, found.found) == ("growth-expected", "a number")


@pytest.mark.parametrize("growth", ["-100% / year", "-120% / year", "-100% / month"])
def test_a_growth_that_leaves_nothing_is_refused(growth: str) -> None:
    assert codes(small(variables=f"x: {{is: 'compound({growth}, 1 year)', assumed: g}}")) == ["impossible-distribution"]


def test_rates_are_added_and_turned_round_as_they_are() -> None:
    """-5% a year, continuously, and twice that."""
    assert told("compound(ebb + ebb, 1 year)") == pytest.approx(math.exp(-0.1), rel=1e-14)
    assert told("compound(-ebb, 1 year)") == pytest.approx(math.exp(0.05), rel=1e-14)


def test_a_hazard_below_zero_never_strikes_and_is_refused() -> None:
    assert codes(small(events="e: {hazard: -1 / year, assumed: g}")) == ["never-possible"]
    assert codes(small(events="e: {hazard: -5% / year, assumed: g}")) == ["never-possible"]
    assert codes(small(events="e: {hazard: 5% / year, assumed: g}")) == []
