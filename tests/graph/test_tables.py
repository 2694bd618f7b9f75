"""Tables by date: straight, level and logarithmic; points that are uncertain; what was known of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from detente.answers.why import Reader, explain
from detente.deal.knowledge import as_known
from detente.engine.draws import Held
from detente.engine.evaluate import graph_of
from detente.engine.simulate import Variant
from tests.support import EXACT, codes, month, play, read, refused, small

MONTHS = [f"2025-{number:02d}" for number in range(1, 13)]


def table(points: str, more: str = "", unit: str = "MW", **blocks: str) -> str:
    return small(variables=f"x: {{unit: {unit}, table: {{{points}}}{more}, assumed: g}}", **blocks)


def told(text: str, **held: float) -> list[float]:
    """By month of 2025, with points held by their dates (`d2025_04`)."""
    overrides = {f"x on {key[1:].replace('_', '-')}": value for key, value in held.items()}
    return [float(value) for value in play(text, variant=Variant(overrides=overrides)).simulated("x")[:, 0]]


# between the dates


def test_a_table_is_straight_unless_it_says_otherwise() -> None:
    """From 100 in December to 400 in April: 75 a month; level after the last."""
    expected = [175, 250, 325, 400, *[400] * 8]
    assert told(table("2024-12: 100, 2025-04: 400")) == pytest.approx(expected, rel=EXACT)
    said = told(table("2024-12: 100, 2025-04: 400", ", interpolation: straight"))
    assert said == told(table("2024-12: 100, 2025-04: 400"))


def test_a_level_table_holds_until_the_next_date() -> None:
    found = told(table("2025-02: 100, 2025-05: 400, 2025-10: 50", ", interpolation: level"))
    assert found == [100, 100, 100, 100, 400, 400, 400, 400, 400, 50, 50, 50]


def test_a_logarithmic_table_grows_by_the_same_factor_every_month() -> None:
    """From 100 to 1600 in four months: doubled every month."""
    found = told(table("2024-12: 100, 2025-04: 1600", ", interpolation: logarithmic"))
    assert found == pytest.approx([200, 400, 800, *[1600] * 9], rel=EXACT)


@pytest.mark.parametrize("way", ["straight", "level", "logarithmic"])
def test_a_period_holds_in_all_its_months(way: str) -> None:
    found = told(table("2024Q4: 8, 2025Q1: 16, 2025Q3: 32", f", interpolation: {way}"))
    assert found[:3] == pytest.approx([16.0] * 3, rel=EXACT)
    assert found[6:] == pytest.approx([32.0] * 6, rel=EXACT)


# points that are uncertain


def test_an_uncertain_point_is_an_input_of_its_own() -> None:
    graph = graph_of(read(table("2024-12: 100, 2025-04: 200 to 450, 2025-08: 'uniform(1 GW, 2 GW)'")))
    assert list(graph.inputs) == ["x on 2025-04", "x on 2025-08"]
    assert [one.shown.text for one in graph.inputs.values()] == ["MW", "GW"]
    played = play(table("2024-12: 100, 2025-04: 200 to 450"), range(2_000))
    values = played.row("x", "2025-04")
    assert np.mean(values < 200) == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 2_000))
    assert np.mean(values < 300) == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(2_000))
    assert (played.row("x", "2025-12") == values).all()


def test_months_between_are_interpolated_path_by_path() -> None:
    """Straight from 100 over 300 to 500 and 1000; what lies between certain points is told by the table alone."""
    points = "2024-12: 100, 2025-04: 200 to 450, 2025-08: 500, 2025-10: 600, 2025-12: 800 to 2000"
    found = told(table(points), d2025_04=300.0, d2025_12=1000.0)
    assert found == pytest.approx([150, 200, 250, 300, 350, 400, 450, 500, 550, 600, 800, 1000], rel=EXACT)
    found = told(table(points, ", interpolation: level"), d2025_04=300.0, d2025_12=1000.0)
    assert found == [100, 100, 100, 300, 300, 300, 300, 500, 500, 600, 600, 1000]


def test_an_uncertain_point_of_a_logarithmic_table_is_reached_by_one_factor() -> None:
    text = table("2024-12: 100, 2025-04: 200 to 4000, 2025-06: 6400", ", interpolation: logarithmic")
    found = told(text, d2025_04=1600.0)
    assert found == pytest.approx([200, 400, 800, 1600, 3200, *[6400] * 7], rel=1e-11)


def test_before_the_first_date_its_value_holds() -> None:
    found = told(table("2025-03: 200 to 400, 2025Q3: 500"), d2025_03=300.0)
    assert found == pytest.approx([300, 300, 300, 350, 400, 450, *[500] * 6], rel=EXACT)


def test_a_table_of_uncertain_points_alone_needs_no_table() -> None:
    text = table("2025-01: 1 to 2, 2025-03: 3 to 5")
    assert told(text, d2025_01=1.0, d2025_03=5.0) == pytest.approx([1, 3, *[5] * 10], rel=EXACT)
    assert "x" not in graph_of(read(text)).tables


def test_certain_points_make_a_table_and_no_input() -> None:
    graph = graph_of(read(table("2024-12: 100, 2025-04: 400")))
    assert not graph.inputs
    assert graph.equations["x"].formula.operation == "series"


def test_a_point_takes_the_unit_of_its_variable_or_its_own() -> None:
    text = table("2024-12: 1, 2025-12: 2 to 8", unit="bn USD / year")
    assert play(text, variant=Variant(overrides={"x on 2025-12": Held(0.95)}))("x", "2025-12") == pytest.approx(
        8e9 / 12
    )
    text = table("2024-12: 0.5 GW, 2025-12: 1 to 4 GW")
    assert play(text, variant=Variant(overrides={"x on 2025-12": Held(0.5)}))("x", "2025-12") == pytest.approx(2_000.0)
    text = table("2024-12: 5% / year, 2025-12: 6% to 24% / year", unit="1 / year")
    assert play(text, variant=Variant(overrides={"x on 2025-12": Held(0.5)}))("x", "2025-12") == pytest.approx(0.01)


def test_other_uncertain_points_change_no_draw() -> None:
    """R5: a point is drawn by the name of the variable and its date."""
    one = play(table("2024-12: 100, 2025-06: 200 to 450"), range(50)).row("x", "2025-06")
    other = play(table("2024-12: 1 to 2, 2025-06: 200 to 450, 2025-12: 1 to 9"), range(50)).row("x", "2025-06")
    assert (one == other).all()


def test_many_points_make_no_deep_formula() -> None:
    """Twenty years by month, every other month uncertain."""
    points = ", ".join(
        f"{2025 + number // 12}-{number % 12 + 1:02d}: {'1 to 2' if number % 2 else '1'}" for number in range(240)
    )
    text = table(points).replace("to: 2025-12", "to: 2044-12")
    rows = play(text, range(5)).simulated("x")
    assert (rows[::2] == 1.0).all()
    assert (rows[1::2] != 1.0).all()


@pytest.mark.parametrize("way", ["straight", "level", "logarithmic"])
def test_every_month_of_an_uncertain_table_is_explained(way: str) -> None:
    text = table("2024-12: 100, 2025-04: 200 to 450, 2025-08: 500, 2025-12: 600", f", interpolation: {way}")
    played = play(text, [3])
    reader = Reader(played.graph, played.paths, 3)
    for step in played.paths.months:
        computed = reader.compute(played.graph.equations["x"].formula, step)
        assert float(computed) == pytest.approx(reader.value("x", step), rel=EXACT)
    deal = read(text)
    inside, outside = (explain(deal, f"x@{date}", paths=20, seed=1) for date in ("2025-04", "2025-11"))
    assert [(one.kind, one.name, one.formula) for one in inside.children] == [
        ("assumption", "x on 2025-04", "200 to 450")
    ]
    assert [one.kind for one in outside.children] == ["table"]


# what was known, and what is refused


def test_points_of_a_table_are_as_they_were_known() -> None:
    text = table("2024-12: 100, 2025-12: {value: 200 to 450, assumed: later, since: 2024-11}").replace(
        "from: 2024-12", "from: 2024-01"
    )
    deal = read(text)
    now, _ = as_known(deal, month("2024-11"))
    before, _ = as_known(deal, month("2024-10"))
    assert list(graph_of(now).inputs) == ["x on 2025-12"]
    assert not graph_of(before).inputs
    assert graph_of(deal).inputs["x on 2025-12"].grounds.assumed == "later"


def test_a_table_of_which_no_point_was_known_is_not_yet_known() -> None:
    text = table("2025-12: {value: 200 to 450, assumed: later, since: 2024-11}").replace(
        "from: 2024-12", "from: 2024-01"
    )
    _, findings = as_known(read(text), month("2024-10"))
    assert [one.code for one in findings] == ["not-yet-known"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (table("2024-12: 1, 2025-12: 1 to 2 USD"), "unit-mismatch"),
        (table("2024-12: 1, 2025-12: 2 to 1"), "range-backwards"),
        (table("2024-12: 1, 2025-12: 'uniform(2, 1)'"), "impossible-distribution"),
        (table("2024-12: 1, 2025-12: 2 * 3"), "not-a-literal"),
        (table("2024-12: 1, 2025-12: 2", ", interpolation: cubic"), "unknown-word"),
        (table("2024-12: 0, 2025-12: 2", ", interpolation: logarithmic"), "not-positive"),
        (table("2024-12: 1, 2025-12: -2 to 2", ", interpolation: logarithmic"), "not-positive"),
        (table("2024-12: 1, 2025-12: 'normal(9, 1)'", ", interpolation: logarithmic"), "not-positive"),
        (table("2024-12: 1, 2025-12: 'empirical(1, 0)'", ", interpolation: logarithmic"), "not-positive"),
        (small(variables="x: {is: 3, interpolation: level, assumed: g}"), "superfluous-key"),
        (small(variables="x: {past: {2024-12: 1 to 2}, is: 3, assumed: g}"), "not-a-literal"),
    ],
)
def test_a_table_that_cannot_be_is_refused(text: str, code: str) -> None:
    assert codes(text) == [code]


@pytest.mark.parametrize("point", ["1 to 2", "'uniform(0, 2)'", "'beta(2, 3, 0, 9)'", "'mixture(50%, 1 to 2, 50%, 3)'"])
def test_points_that_lie_above_zero_may_be_straight_in_logarithms(point: str) -> None:
    assert refused(table(f"2024-12: 1, 2025-12: {point}", ", interpolation: logarithmic")) == ()
