"""Absence is not zero (R7): what may be absent is refused in arithmetic, and a month without a record is no figure."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import detente
from detente.answers.findings import find
from detente.engine.evaluate import evaluate, figures, graph_of
from detente.engine.program import may_be_absent
from detente.engine.simulate import BASE
from detente.report.terminal import print_findings
from detente.report.words import presence
from tests.support import FloatArray, codes, read, refused, small

STEPS = "level: {unit: USD, table: {2025-01: 10, 2025-12: 120}, assumed: ten more each month}\n"
"""10 USD in January, 20 in February … 120 in December."""
EVENTS = "struck: {hazard: 50% / year, assumed: g}\nnever_so: {decided_by: lab, policy: never, options: [at(2025-06)]}\nagreed: {decided_by: lab, policy: at(2025-06), assumed: g}"
KEPT = "level at struck"
PATHS = 400


def told(*asked: str, **blocks: str) -> FloatArray:
    """Figures about whole paths: float64[figure, path]."""
    text = small(**{"variables": STEPS, "events": EVENTS, **blocks})
    found: FloatArray = evaluate(read(text), [BASE], PATHS, 1, asked)[0]
    return found


def refusal(asked: str, **blocks: str) -> list[str]:
    headline = f"h: {{title: t, show: {{x: '{asked}'}}}}"
    text = small(**{"variables": STEPS, "events": EVENTS, "headlines": headline, **blocks})
    return [one.code for one in refused(text) if one.severity == "error"]


# what may be absent


@pytest.mark.parametrize(
    "text",
    [
        f"({KEPT}) + 1 USD",
        f"1 USD - ({KEPT})",
        f"2 * ({KEPT})",
        f"({KEPT}) / (1 USD)",
        f"-({KEPT})",
        f"({KEPT}) ^ 2",
        f"min({KEPT}, 1 USD)",
        f"max(1 USD, {KEPT})",
        f"clip({KEPT}, 0 USD, 1 USD)",
        f"abs({KEPT})",
        f"sqrt({KEPT})",
        f"if struck then ({KEPT}) else 0 USD",
        f"if struck then 0 USD else ({KEPT})",
        f"convert({KEPT}, USD)",
        f"interpolate({KEPT}, 0 USD, 1, 9 USD, 2)",
        f"lowest({KEPT}, 2025-12)",
        f"mean({KEPT}, 2025)",
        f"total(({KEPT}) / (1 month), 2025)",
        f"prev({KEPT}, start = 0 USD)",
        f"not ({KEPT}) > 50 USD",
        f"(({KEPT}) > 50 USD) = false",
        f"if not (({KEPT}) > 50 USD and struck) then 1 else 0",
        "not (level > 50 USD at struck)",
        f"if present({KEPT}) then (level at never_so) + 1 USD else 0 USD",
        f"if present({KEPT}) then 0 USD else ({KEPT}) + 1 USD",
        f"if present({KEPT}) then (({KEPT}) + 1 USD) at 2025-03 else 0 USD",
        f"default({KEPT}, level at never_so) + 1 USD",
    ],
)
def test_what_may_be_absent_is_not_reckoned_with(text: str) -> None:
    assert refusal(text) == ["absent-in-arithmetic"]


def test_the_ways_out_can_be_written_as_they_stand() -> None:
    text = small(variables=STEPS, events=EVENTS, headlines=f"h: {{title: t, show: {{x: ({KEPT}) + 1 USD}}}}")
    (one,) = refused(text)
    assert one.found == KEPT
    assert one.ways_out[0] == "say what stands in its place: `default(level at struck, 0 USD)`"
    assert refusal("default(level at struck, 0 USD) + 1 USD") == []
    assert refusal("if present(level at struck) then (level at struck) + 1 USD else 0 USD") == []


def test_a_default_stands_where_nothing_is() -> None:
    """The level of the month in which the event comes; on the other paths 7 USD, and 8 with one more."""
    kept, filled, more, came = told(
        KEPT, f"default({KEPT}, 7 USD)", f"default({KEPT}, 7 USD) + 1 USD", "struck by 2025-12"
    )
    assert 0 < came.sum() < PATHS
    assert np.array_equal(~np.isnan(kept), came == 1.0)
    assert set(kept[came == 1.0]) <= {10.0 * number for number in range(1, 13)}
    assert np.array_equal(filled, np.where(came == 1.0, kept, 7.0))
    assert np.array_equal(more, filled + 1.0)


def test_present_is_told_on_every_path_and_may_be_negated() -> None:
    there, gone, came = told(f"present({KEPT})", f"not present({KEPT})", "struck by 2025-12")
    assert np.array_equal(there, came)
    assert np.array_equal(gone, 1.0 - came)
    assert (told("present(level)", "present(level at 2025-03)") == 1.0).all()


def test_where_it_is_known_to_be_there_it_may_be_reckoned_with() -> None:
    """In `then` of `if present(x)`, in `else` of its negation, right of `and`, and where a comparison of it holds."""
    plain, kept, negated, compared = told(
        f"default({KEPT}, 0 USD)",
        f"if present({KEPT}) then 2 * ({KEPT}) else 0 USD",
        f"if not present({KEPT}) then 0 USD else 2 * ({KEPT})",
        f"if ({KEPT}) > 50 USD then ({KEPT}) - 50 USD else 0 USD",
    )
    assert np.array_equal(kept, 2.0 * plain)
    assert np.array_equal(negated, kept)
    assert np.array_equal(compared, np.maximum(0.0, plain - 50.0))
    both, either = told(
        f"present({KEPT}) and ({KEPT}) - 50 USD > 0 USD", f"not present({KEPT}) or ({KEPT}) - 50 USD <= 0 USD"
    )
    assert np.array_equal(both, (plain > 50.0).astype(float))
    assert np.array_equal(either, 1.0 - both)


@pytest.mark.parametrize("comparison", ["> 50 USD", "<= 50 USD", "= 50 USD", "!= 50 USD", "within 0 USD to 999 USD"])
def test_a_comparison_does_not_hold_where_a_side_is_absent(comparison: str) -> None:
    kept, held = told(KEPT, f"({KEPT}) {comparison}")
    assert not held[np.isnan(kept)].any()
    assert held[~np.isnan(kept)].any()


def test_a_comparison_and_its_opposite_leave_out_the_paths_on_which_nothing_came() -> None:
    more, less, other, same, came = told(
        f"({KEPT}) > 50 USD", f"({KEPT}) <= 50 USD", f"({KEPT}) != 50 USD", f"({KEPT}) = 50 USD", "struck by 2025-12"
    )
    assert np.array_equal(more + less, came)
    assert np.array_equal(same + other, came)


def test_futures_leave_no_path_out_though_they_ask_of_what_may_be_absent() -> None:
    text = small(
        variables=STEPS,
        events=EVENTS,
        futures=f"late: {{when: ({KEPT}) > 60 USD, assumed: g}}\nearly: {{when: ({KEPT}) <= 60 USD, assumed: g}}",
    )
    graph = graph_of(read(text))
    assert not graph.measures["future other"].formula.absent
    found = find(read(text), 512, 1).run.futures
    assert sum(one.mean for one in found.values()) == pytest.approx(1.0)
    assert found["other"].mean == pytest.approx(math.exp(-0.5), abs=0.1)


def test_what_may_be_absent_is_marked_and_nothing_else() -> None:
    asked = [
        KEPT,
        f"({KEPT}) at 2025-06",
        f"default({KEPT}, 1 USD)",
        f"present({KEPT})",
        "level at 2025-06",
        "lab.USD at agreed",
    ]
    graph = graph_of(read(small(variables=STEPS, events=EVENTS)), figures(asked))
    assert [graph.measures[one].formula.absent for one in asked] == [True, True, False, False, False, True]
    assert {name for name, one in graph.equations.items() if may_be_absent(one)} == {
        KEPT,
        f"{KEPT} at 2025-06",
        "lab.USD at agreed",
    }


def test_a_value_kept_at_a_date_of_what_may_be_absent_may_be_absent() -> None:
    early, kept, came = told(f"({KEPT}) at 2025-06", KEPT, "struck by 2025-06")
    assert np.array_equal(~np.isnan(early), came == 1.0)
    assert np.array_equal(early[came == 1.0], kept[came == 1.0])


def test_a_figure_is_told_over_the_paths_that_have_it_with_their_share() -> None:
    """It comes on 1 - exp(-0.5) = 39% of paths; one that never comes is on none, without a warning."""
    headlines = f"h: {{title: When it strikes, show: {{Level: {KEPT}, Never: level at never_so}}}}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find(read(small(variables=STEPS, events=EVENTS, headlines=headlines)), 2_000, 1)
        print_findings(found)
    level, never = (row.figure for row in found.headlines[0].rows)
    assert level.present == pytest.approx(1 - math.exp(-0.5), abs=0.05)
    assert presence(level) == "on 40\N{NO-BREAK SPACE}% of paths"
    assert 10.0 <= level.p5 <= level.mean <= 120.0
    assert never.present == 0.0
    assert math.isnan(never.mean)


def test_figures_from_python_are_nan_where_they_are_absent_and_say_their_share() -> None:
    found = detente.loads(small(variables=STEPS, events=EVENTS)).evaluate(
        outputs=[KEPT, "level at 2025-03", "level at never_so"], paths=PATHS
    )
    assert found.present[0].tolist() == [float((~np.isnan(found[KEPT])).mean()), 1.0, 0.0]
    assert 0.0 < found.present[0, 0] < 1.0


# the record


RECORD = "price: {unit: USD, past: {2024-03: 30, 2024-12: 30}, is: 50 USD, assumed: g}\n"
"""Known from March 2024; the record of the deal begins in January."""


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("price at 2024-02", False),
        ("price at 2024-03", True),
        ("price at 2024Q1", True),
        ("total(price / (1 month), 2024)", False),
        ("total(price / (1 month), 2024Q1)", False),
        ("total(price / (1 month), 2024Q2)", True),
        ("mean(price, 2024-02)", False),
        ("mean(price, 2024-03)", True),
        ("twice at 2024-02", False),
        ("twice at 2024-03", True),
        ("late at 2024-05", False),
        ("late at 2024-06", True),
        ("rolling(price, 3 months) at 2024-04", False),
        ("rolling(price, 3 months) at 2024-05", True),
        ("chosen at 2024-01", True),
        ("highest(price, 2025-03)", True),
        ("present(price) at 2024-01", False),
    ],
)
def test_a_month_before_the_record_of_what_is_read_is_refused(asked: str, allowed: bool) -> None:
    """Whoever reads it: the figure itself, another variable, a lag of three months; not a branch that is not taken."""
    variables = RECORD + (
        "twice: {unit: USD, is: 2 * price, assumed: g}\n"
        "late: {unit: USD, is: 'delay(price, 3 months)', assumed: g}\n"
        "chosen: {unit: USD, is: 'if before(2024-03) then 1 USD else price'}\n"
    )
    assert refusal(asked, variables=variables, first="2024-01") == ([] if allowed else ["not-on-record"])


def test_a_lag_in_a_formula_does_not_reach_before_the_record_of_what_it_reads() -> None:
    """In January 2025 ten months ago is March 2024, eleven is February."""
    for months, found in ((10, []), (11, ["not-on-record"])):
        variables = RECORD + f"late: {{unit: USD, is: 'delay(price, {months} months)', assumed: g}}\n"
        assert codes(small(variables=variables, first="2024-01")) == found


def test_a_lag_on_record_reads_the_months_before_it() -> None:
    """1 in January 2024 … 12 in December. Three months before April is January, and the mean of three in June is 5;
    both though nothing else of the deal looks back so far."""
    variables = "known: {unit: USD, past: {2024-01: 1, 2024-12: 12}, is: 100 USD, assumed: g}\n"
    asked = (
        "delay(known, 3 months) at 2024-04",
        "rolling(known, 3 months) at 2024-06",
        "delay(known, 2 months) at 2024-12",
    )
    found = told(*asked, variables=variables, first="2024-01")
    assert found[:, 0] == pytest.approx([1.0, 5.0, 10.0])


def test_the_refusal_says_what_has_no_record_and_since_when_it_has() -> None:
    text = small(
        variables=RECORD,
        first="2024-01",
        headlines="h: {title: t, show: {x: 'total(price / (1 month), 2024)'}}",
    )
    (one,) = refused(text)
    assert one.message == "'price' has no record in 2024-01"
    assert one.expected == "2024-03 or later"
    assert one.related[0][1] == "'price'"


@pytest.mark.parametrize(
    ("happened", "expected"),
    [("2024-06", 30.0), ("2024-12", 30.0)],
)
def test_at_an_event_on_record_the_record_is_told(happened: str, expected: float) -> None:
    """It has happened, on every path: the value is there, may be reckoned with, and is that of the record."""
    events = f"struck: {{happened: {happened}, assumed: g}}"
    found = told("price at struck", "(price at struck) + 1 USD", variables=RECORD, events=events, first="2024-01")
    assert (found[0] == expected).all()
    assert (found[1] == expected + 1.0).all()


@pytest.mark.parametrize(
    ("asked", "happened"),
    [("price at struck", "2024-02"), ("lab.USD at struck", "2024-06"), ("price at struck", "2023-06")],
)
def test_at_an_event_before_the_record_of_what_is_asked_is_refused(asked: str, happened: str) -> None:
    events = f"struck: {{happened: {happened}, assumed: g}}"
    assert refusal(asked, variables=RECORD, events=events, first="2024-01") == ["not-on-record"]
