"""The harness: medians in turn, goals and floors, rows that cannot be measured, the page."""

from __future__ import annotations

import pytest

from bench import rows
from bench.cost import Growth
from bench.measures import MEASURES, Found, measured
from bench.page import page
from bench.peers.compiled import NotInstalledError
from bench.rows import ROWS, Row, as_data
from bench.timing import alternately, exponent

BY_NAME = {row.name: row for row in ROWS}


def broken() -> Found:
    raise ZeroDivisionError("a bad day")


def missing() -> Found:
    raise NotInstalledError("install it")


def test_every_row_is_measured_once() -> None:
    assert sorted(name for names in MEASURES for name in names) == sorted(BY_NAME)


def test_no_goal_is_weaker_than_its_floor() -> None:
    assert [row.name for row in ROWS if not row.reaches(row.goal, row.floor)] == []


@pytest.mark.parametrize(
    ("row", "value", "verdict"),
    [
        (Row("a", "", "s", 1, 2, "lower"), 0.9, "goal reached"),
        (Row("a", "", "s", 1, 2, "lower"), 1.5, "above the floor"),
        (Row("a", "", "s", 1, 2, "lower"), 2.1, "**misses the floor**"),
        (Row("a", "", "x", 8, 6, "higher"), 9, "goal reached"),
        (Row("a", "", "x", 8, 6, "higher"), 7, "above the floor"),
        (Row("a", "", "x", 8, 6, "higher"), 5, "**misses the floor**"),
    ],
)
def test_a_value_is_told_by_goal_and_floor(row: Row, value: float, verdict: str) -> None:
    assert row.verdict(value) == verdict


def test_a_measure_that_fails_takes_no_other_with_it() -> None:
    def works() -> Found:
        return Found({rows.CASE: 40.0}, {"C": 1e-6}, {"C": "gcc 12"})

    said: list[str] = []
    found, left_out = measured(
        [((rows.AGAINST_C,), broken), ((rows.CASE,), works), ((rows.COMPILE_COLD, rows.COMPILE_DISK), missing)],
        said.append,
    )
    assert found.values == {rows.CASE: 40.0}
    assert left_out == {
        rows.AGAINST_C: "ZeroDivisionError: a bad day",
        rows.COMPILE_COLD: "to measure it: install it",
        rows.COMPILE_DISK: "to measure it: install it",
    }
    assert any("install it" in line for line in said)


def test_only_what_was_measured_is_data() -> None:
    assert as_data({rows.CASE: 40.0}) == {
        rows.CASE: {"value": 40.0, "unit": "ms", "goal": 60, "floor": 150, "better": "lower"}
    }


def test_the_page_tells_figures_reasons_and_cost() -> None:
    found = Found({rows.CASE: 40.0, rows.AGAINST_PYSD: 81_234.0}, {"C": 1e-6, "PySD": 0.05}, {"PySD": "3.14"})
    text = page(
        found, {rows.AGAINST_C: "to measure it: install gcc"}, (Growth("paths", "it", ((1, 2), (2, 4))),), "a.svg"
    )
    assert "| 40 ms | 60 ms | 150 ms | goal reached |" in text
    assert "| 81,200 x | 40,000 x | 20,000 x | goal reached |" in text
    assert f"- {rows.AGAINST_C}: to measure it: install gcc" in text
    assert "| PySD | 50,000 µs | 0.00276 |" in text
    assert "PySD 3.14" in text
    assert "| paths | it | 1.00 |" in text
    assert "](a.svg)" in text


def test_functions_run_in_turn_until_the_budget_is_used_up() -> None:
    calls: list[str] = []
    took = alternately({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, budget=60, most=3)
    assert calls == ["a", "b"] * 4  # the first round does not count
    assert took.keys() == {"a", "b"}
    calls.clear()
    alternately({"a": lambda: calls.append("a")}, budget=0)
    assert calls == ["a"] * 2


def test_the_exponent_of_a_power_is_found() -> None:
    assert exponent([(size, 3 * size**1.25) for size in (1, 10, 50)]) == pytest.approx(1.25)
