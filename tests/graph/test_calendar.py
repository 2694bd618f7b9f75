"""What `now` and the horizon settle is not computed month by month, and is what it would have been."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.engine.evaluate import graph_of
from detente.engine.program import Program, compile_graph
from detente.text.written import Month
from tests.support import agreement, month, play, read, small

FIRST, LAST = month("2025-01"), month("2025-12")

Holds = Callable[[Month], bool]
Condition = tuple[str, Holds]


@st.composite
def dated(draw: st.DrawFn) -> Condition:
    """A comparison with a month from half a year before the record to half a year after the horizon, and what it means."""
    number = draw(st.integers(FIRST - 12, LAST + 6))
    date = f"{number // 12}-{number % 12 + 1:02d}"
    meant: dict[str, Holds] = {
        f"before({date})": lambda now: now < number,
        f"after({date})": lambda now: now > number,
        f"on({date})": lambda now: now == number,
        f"step({date}) > 0": lambda now: now >= number,
        f"since({date}) >= 0 months": lambda now: now >= number,
    }
    return draw(st.sampled_from(sorted(meant.items(), key=lambda pair: pair[0])))


def joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        inner.map(lambda one: (f"not ({one[0]})", lambda now: not one[1](now))),
        pairs.map(lambda two: (f"({two[0][0]}) and ({two[1][0]})", lambda now: two[0][1](now) and two[1][1](now))),
        pairs.map(lambda two: (f"({two[0][0]}) or ({two[1][0]})", lambda now: two[0][1](now) or two[1][1](now))),
    )


@settings(max_examples=40, deadline=None)
@given(st.recursive(dated(), joined, max_leaves=6))
def test_dates_hold_in_the_months_they_say(condition: Condition) -> None:
    """In each simulated month, and in each of the record, which `delay` reads."""
    text, holds = condition
    played = play(
        small(
            first="2024-06",
            variables=f"""
                x: {{is: "if {text} then 1 else 2", assumed: g}}
                y: {{is: "delay(x, 6 months)", assumed: g}}
            """,
        )
    )
    assert played.series("x") == [1.0 if holds(now) else 2.0 for now in range(FIRST, LAST + 1)]
    assert played.series("y") == [1.0 if holds(now - 6) else 2.0 for now in range(FIRST, LAST + 1)]


def program(output: str, **blocks: str) -> Program:
    return compile_graph(graph_of(read(small(**blocks))), (output,), ())


def operations(compiled: Program) -> list[str]:
    """Of the simulated months, and what is computed once for all of them."""
    return [one.operation for one in (*compiled.hoisted["month"], *compiled.code["month"])]


@pytest.mark.parametrize(
    ("condition", "settled"),
    [
        ("before(2025-01)", True),
        ("before(2025-02)", False),
        ("after(2024-12)", True),
        ("after(2025-01)", False),
        ("after(2025-11)", False),
        ("after(2025-12)", True),
        ("on(2025-12)", False),
        ("on(2026-01)", True),
        ("on(2025)", True),
        ("not on(2025)", True),
        ("after(2025-12) and a > 1", True),
        ("after(2024-12) or a > 1", True),
        ("on(2025Q2) and a > 1", False),
    ],
)
def test_a_date_outside_the_simulated_months_is_settled(condition: str, settled: bool) -> None:
    """From 2025-01 to 2025-12; `a` is a table that falls from 2 to 1."""
    compiled = program(
        "x",
        variables=f"a: {{table: {{2025-01: 2, 2025-12: 1}}, assumed: g}}\nx: {{is: 'if {condition} then 1 else 2', assumed: g}}",
    )
    assert (operations(compiled) == []) is settled


def test_a_process_whose_record_ends_at_now_is_not_looked_up_later() -> None:
    variables = """
        walk: {past: {2024-06: 1, 2024-12: 2}, next: 'gbm(growth = 5% / year, volatility = 10% / sqrt(year))', assumed: g}
        late: {is: 'delay(walk, 3 months)', assumed: g}
    """
    compiled = program("late", first="2024-01", variables=variables)
    assert "select" not in operations(compiled)
    assert compiled.code["record"] == ()
    played = play(small(first="2024-01", variables=variables))
    assert played.series("late", last="2025-03") == pytest.approx([2 ** (k / 6) for k in (4, 5, 6)], rel=1e-12)


def test_a_process_goes_on_within_the_record_where_its_points_end() -> None:
    """The last point is of 2024-09: from then on it falls by half a year, on the record too."""
    played = play(
        small(
            first="2024-01",
            variables="""
                walk: {past: {2024-09: 8}, next: 'gbm(growth = -75% / year, volatility = 0 / sqrt(year))', assumed: g}
                late: {is: 'delay(walk, 3 months)', assumed: g}
            """,
        )
    )
    assert played("late", "2025-03") == pytest.approx(8 * 0.25 ** (3 / 12), rel=1e-12)
    assert played("walk", "2025-03") == pytest.approx(8 * 0.25 ** (6 / 12), rel=1e-12)


def test_what_has_happened_is_true_throughout() -> None:
    events = "breach: {happened: 2024-06, assumed: g}"
    compiled = program("x", events=events, variables="x: {is: if breach then exp(1) else exp(2), assumed: g}")
    assert not compiled.memories
    assert [one.operation for one in compiled.hoisted["once"]] == ["exponential"]
    played = play(small(events=events))
    assert (played.series("breach"), played.series("breach.fires")) == ([1.0] * 12, [0.0] * 12)


def test_a_policy_of_never_costs_nothing_beside_another() -> None:
    both = program("left", events="left: {decided_by: lab, policy: never, options: [at(2025-06)], assumed: g}")
    asked = [one.operation for one in both.hoisted["path"]]
    assert asked == ["equal"]
    assert [one.operation for one in both.code["month"]].count("select") == 1


def test_a_term_that_outlasts_the_horizon_asks_for_no_date() -> None:
    flows = "sales: {from: world, to: lab, amount: 12 USD / month, assumed: g}"
    takings = "{type: revenue_share, payer: lab, payee: cloud, base: flow(sales), rate: 50%, until: UNTIL, assumed: g}"
    dates = {
        until: "less_equal"
        in operations(
            program("cloud.USD", flows=flows, agreements=agreement(f"takings: {takings}".replace("UNTIL", until)))
        )
        for until in ("2025-11", "2025-12", "2027-01")
    }
    assert dates == {"2025-11": True, "2025-12": False, "2027-01": False}
