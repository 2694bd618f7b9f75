"""Draws: percentiles as written, medians, growths, streams, correlations, exponentials, shocks."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest

from detente.engine.draws import Held, Shocks, exponentials, median
from detente.engine.evaluate import graph_of
from detente.engine.paths import trace
from detente.engine.simulate import Variant, run_arguments
from detente.graph.literals import distribution
from detente.graph.model import Graph
from detente.lang.distribution import Distribution
from detente.lang.parser import parse_expression
from detente.text.place import NOWHERE
from tests.support import EXACT, read, small

FloatArray = npt.NDArray[np.float64]

COUNT = 20_000
PATHS = np.arange(COUNT, dtype=np.uint64)


def graph(assumptions: str, **blocks: str) -> Graph:
    return graph_of(read(small(assumptions=assumptions, **blocks)))


def drawn(of: Graph, name: str, variant: Variant | None = None, seed: int = 1) -> FloatArray:
    """An input on all paths: float64[path]."""
    found = run_arguments(of, variant or Variant(), seed, PATHS)[name]
    return np.broadcast_to(np.asarray(found, dtype=np.float64), (COUNT,))


def held(of: Graph, name: str, quantile: float) -> float:
    return float(drawn(of, name, Variant(overrides={name: Held(quantile)}))[0])


def shape(text: str, kind: str = "") -> Distribution:
    return distribution(parse_expression(text, NOWHERE), kind)


RANGES = {
    # as written: low, median and high in base units. Money per MW and year is per MW and month in base units.
    "9 to 12 mn USD / MW / year": (0.75e6, math.sqrt(9 * 12) / 12 * 1e6, 1e6),  # lognormal: the geometric mean
    "-2 to 10 USD": (-2.0, 4.0, 10.0),  # normal: the arithmetic mean
    "20% to 80%": (0.2, 0.5, 0.8),  # logit-normal: odds of 1/4 and 4 have the geometric mean 1
    "10% to 50%": (0.1, 0.25, 0.5),  # logit-normal: odds of 1/9 and 1 have the mean 1/3, which is a share of 1/4
    "0.5 to 1.25 GW": (500.0, math.sqrt(500 * 1250), 1250.0),
    "6 to 24 months": (6.0, 12.0, 24.0),
    "lognormal(100 USD, 2)": (50.0, 100.0, 200.0),
    "60% to 180% / year": (math.log(1.6) / 12, math.log(1 + math.sqrt(0.6 * 1.8)) / 12, math.log(2.8) / 12),
}


@pytest.mark.parametrize("text", RANGES)
def test_the_ends_of_a_range_are_its_5th_and_95th_percentiles(text: str) -> None:
    """Exactly where it is held there; in draws within four standard errors of the share below, sqrt(0.05 * 0.95 / n)."""
    low, middle, high = RANGES[text]
    one = graph(f"x: {{value: '{text}', assumed: g}}")
    assert held(one, "x", 0.05) == pytest.approx(low, rel=1e-9)
    assert held(one, "x", 0.5) == pytest.approx(middle, rel=1e-9)
    assert held(one, "x", 0.95) == pytest.approx(high, rel=1e-9)
    assert median(one.inputs["x"].distribution) == pytest.approx(middle, rel=1e-9)
    values = drawn(one, "x")
    error = 4 * math.sqrt(0.05 * 0.95 / COUNT)
    assert np.mean(values < low) == pytest.approx(0.05, abs=error)
    assert np.mean(values < middle) == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(COUNT))
    assert np.mean(values < high) == pytest.approx(0.95, abs=error)


def test_a_normal_has_its_mean_and_deviation() -> None:
    values = drawn(graph("x: {value: 'normal(10 USD, 3 USD)', assumed: g}"), "x")
    assert values.mean() == pytest.approx(10.0, abs=4 * 3 / math.sqrt(COUNT))
    assert values.std() == pytest.approx(3.0, abs=4 * 3 / math.sqrt(2 * COUNT))


def test_a_uniform_lies_evenly_between_its_ends() -> None:
    one = graph("x: {value: 'uniform(2 USD, 6 USD)', assumed: g}")
    assert [held(one, "x", share) for share in (0.25, 0.5)] == [3.0, 4.0]
    values = drawn(one, "x")
    assert 2.0 < values.min() < 2.01
    assert 5.99 < values.max() < 6.0
    assert values.mean() == pytest.approx(4.0, abs=4 * (4 / math.sqrt(12)) / math.sqrt(COUNT))


def test_a_triangle_has_the_quantiles_of_its_two_sides() -> None:
    """From 0 by 1 to 4: a quarter of the area lies left of the peak. F(x) = x**2 / 4 up to it: the 1/16 quantile is 1/2.
    Right of it 1 - F(x) = (4 - x)**2 / 12: the median is 4 - sqrt(6)."""
    one = graph("x: {value: 'triangular(0 USD, 1 USD, 4 USD)', assumed: g}")
    assert held(one, "x", 1 / 16) == pytest.approx(0.5, rel=EXACT)
    assert held(one, "x", 0.25) == pytest.approx(1.0, rel=EXACT)
    assert held(one, "x", 0.5) == pytest.approx(4 - math.sqrt(6), rel=EXACT)
    assert np.mean(drawn(one, "x") < 1.0) == pytest.approx(0.25, abs=4 * math.sqrt(0.25 * 0.75 / COUNT))


def test_a_literal_is_the_same_on_every_path() -> None:
    one = graph("x: {value: 13 bn USD, assumed: g}")
    assert run_arguments(one, Variant(), 1, PATHS)["x"] == 13e9


@pytest.mark.parametrize("written", ["uniform(1, 3)", "triangular(1, 2, 3)", "1 to 3", "7"])
def test_the_central_path_has_medians_as_a_single_number(written: str) -> None:
    one = graph(f"x: {{value: '{written}', assumed: g}}")
    found = run_arguments(one, Variant(central=True), 1, PATHS)["x"]
    assert found == pytest.approx(median(one.inputs["x"].distribution), rel=EXACT)
    assert isinstance(found, float)


def test_a_draw_is_the_same_in_any_set_of_paths() -> None:
    """R5: of seed, name, path and month alone."""
    one = graph("x: {value: 1 to 3, assumed: g}\ny: {value: 'uniform(0, 1)', assumed: g}")
    some = np.array([17, 3, 19_999], dtype=np.uint64)
    for name in "xy":
        assert (run_arguments(one, Variant(), 1, some)[name] == drawn(one, name)[some.astype(int)]).all()


def test_another_seed_gives_other_draws() -> None:
    one = graph("x: {value: 1 to 3, assumed: g}")
    assert (drawn(one, "x", seed=1) != drawn(one, "x", seed=2)).all()


def test_adding_or_renaming_others_changes_no_draw() -> None:
    alone = drawn(graph("x: {value: 1 to 3, assumed: g}"), "x")
    among = graph("a: {value: 1 to 3, assumed: g}\nx: {value: 1 to 3, assumed: g}\nb: {value: 1 to 9, assumed: g}")
    assert (drawn(among, "x") == alone).all()
    assert (drawn(among, "a") != alone).all()


@pytest.mark.parametrize("written", ["1 to 3", "uniform(1, 3)"])
def test_a_stream_keeps_the_draws_through_a_rename(written: str) -> None:
    old = graph(f"x: {{value: '{written}', assumed: g}}")
    new = graph(f"renamed: {{value: '{written}', stream: x, assumed: g}}")
    assert (drawn(new, "renamed") == drawn(old, "x")).all()


def test_a_range_written_otherwise_moves_on_the_same_draws() -> None:
    """Common random numbers: twice the range is twice the value, path by path."""
    one, two = graph("x: {value: 1 to 3 USD, assumed: g}"), graph("x: {value: 2 to 6 USD, assumed: g}")
    assert drawn(two, "x") == pytest.approx(2 * drawn(one, "x"), rel=1e-9)


def test_correlated_inputs_have_their_correlations_and_their_own_ranges() -> None:
    """Of the normal scores, which for a lognormal is the logarithm. The standard error of a correlation r is
    (1 - r**2) / sqrt(n)."""
    one = graph(
        "a: {value: 1 to 3, assumed: g}\nb: {value: 10 to 20 USD, assumed: g}\nc: {value: 2 to 9, assumed: g}\nd: {value: 1 to 2, assumed: g}",
        correlations="- {between: [a, b], is: 0.7, assumed: g}\n- {between: [b, c], is: -0.4, assumed: g}",
    )
    scores = {name: np.log(drawn(one, name)) for name in "abcd"}
    for pair, expected in {"ab": 0.7, "bc": -0.4, "ac": 0.0, "ad": 0.0, "bd": 0.0}.items():
        found = np.corrcoef(scores[pair[0]], scores[pair[1]])[0, 1]
        assert found == pytest.approx(expected, abs=4 * (1 - expected**2) / math.sqrt(COUNT)), pair
    assert np.mean(drawn(one, "b") < 10.0) == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / COUNT))


SCORED: dict[str, Callable[[FloatArray], FloatArray]] = {
    "uniform(2 USD, 6 USD)": lambda x: (x - 2) / 4,
    "triangular(0, 1, 4)": lambda x: np.where(x < 1, x**2 / 4, 1 - (4 - x) ** 2 / 12),
    "beta(2, 1)": lambda x: x**2,
    "mixture(50%, uniform(0, 1), 50%, uniform(5, 6))": lambda x: np.where(x <= 1, x / 2, (x - 4) / 2),
}
"""Shapes without a normal of their own, with the share below a value worked out by hand."""


@pytest.mark.parametrize("written", SCORED)
def test_shapes_without_a_normal_can_be_correlated_too(written: str) -> None:
    """The normal scores have the correlation; the shape itself is as it was."""
    pair = f"a: {{value: 1 to 3, assumed: g}}\nb: {{value: '{written}', assumed: g}}"
    one = graph(pair, correlations="- {between: [a, b], is: -0.6, assumed: g}")
    shares = SCORED[written](drawn(one, "b"))
    scores = [np.log(drawn(one, "a")), np.array([NormalDist().inv_cdf(share) for share in shares])]
    assert np.corrcoef(scores)[0, 1] == pytest.approx(-0.6, abs=4 * 0.64 / math.sqrt(COUNT))
    for share in (0.05, 0.5, 0.95):
        error = 4 * math.sqrt(share * (1 - share) / COUNT)
        assert np.mean(shares < share) == pytest.approx(share, abs=error)


@pytest.mark.parametrize("written", [*SCORED, "10% to 30%"])
def test_the_first_of_a_group_keeps_its_bits_whatever_its_shape(written: str) -> None:
    pair = f"a: {{value: '{written}', assumed: g}}\nb: {{value: 'uniform(0, 1)', assumed: g}}"
    together = graph(pair, correlations="- {between: [a, b], is: 0.7, assumed: g}")
    assert (drawn(together, "a") == drawn(graph(pair), "a")).all()
    assert (drawn(together, "b") != drawn(graph(pair), "b")).any()


NEW = {
    "beta(2, 5)": (2 / 7, math.sqrt(10 / 49 / 8)),
    "beta(2, 5, 10 USD, 20 USD)": (10 + 20 / 7, 10 * math.sqrt(10 / 49 / 8)),
    "bernoulli(30%)": (0.3, math.sqrt(0.21)),
    "poisson(3)": (3.0, math.sqrt(3)),
    "empirical(3 USD, 5 USD, 10 USD)": (6.0, math.sqrt(26 / 3)),
    "mixture(40%, uniform(0, 1), 60%, 4)": (2.6, math.sqrt(0.4 * (1 / 12 + 0.25) + 0.6 * 16 - 2.6**2)),
}
"""Mean and deviation: of a beta a / (a + b) and a b / ((a + b)**2 (a + b + 1)); of a mixture by its raw moments."""


@pytest.mark.parametrize("written", NEW)
def test_draws_have_the_mean_and_deviation_of_their_shape(written: str) -> None:
    mean, deviation = NEW[written]
    values = drawn(graph(f"x: {{value: '{written}', assumed: g}}"), "x")
    assert values.mean() == pytest.approx(mean, abs=4 * deviation / math.sqrt(COUNT))
    assert values.std() == pytest.approx(deviation, rel=0.03)


@pytest.mark.parametrize("written", NEW)
def test_what_an_input_is_held_at_is_a_quantile_of_its_draws(written: str) -> None:
    """At least the share lies at or below it, and at most the share below."""
    one = graph(f"x: {{value: '{written}', assumed: g}}")
    values = drawn(one, "x")
    for share in (0.05, 0.5, 0.95):
        error = 4 * math.sqrt(share * (1 - share) / COUNT)
        at = held(one, "x", share)
        assert np.mean(values <= at) >= share - error
        assert np.mean(values < at) <= share + error
    assert run_arguments(one, Variant(central=True), 1, PATHS)["x"] == median(one.inputs["x"].distribution)


def test_a_growth_in_a_mixture_compounds() -> None:
    one = graph("x: {value: 'mixture(50%, 5% / year, 50%, uniform(20% / year, 40% / year))', assumed: g}")
    assert held(one, "x", 0.3) == pytest.approx(math.log(1.05) / 12, rel=EXACT)
    assert held(one, "x", 0.75) == pytest.approx(math.log(1.3) / 12, rel=EXACT)


def test_the_first_of_a_correlated_group_keeps_its_own_draws() -> None:
    pair = "a: {value: 1 to 3, assumed: g}\nb: {value: 1 to 3, assumed: g}"
    together = graph(pair, correlations="- {between: [a, b], is: 0.7, assumed: g}")
    assert (drawn(together, "a") == drawn(graph(pair), "a")).all()


def test_correlated_processes_have_correlated_shocks() -> None:
    """Monthly steps of the logarithms of two processes with a correlation of 0.6, at month one."""
    process = (
        "{unit: USD, past: {2024-12: 1}, next: 'gbm(growth = 0% / year, volatility = 30% / sqrt(year))', assumed: g}"
    )
    one = read(
        small(
            variables=f"a: {process}\nb: {process}",
            correlations="- {between: [a, b], is: 0.6, assumed: g}",
        )
    )
    told = trace(graph_of(one), range(COUNT), 1, names=("a", "b"))
    for month in range(2):
        steps = [
            np.log(told.values[name][month]) - (np.log(told.values[name][month - 1]) if month else 0.0) for name in "ab"
        ]
        assert np.corrcoef(steps)[0, 1] == pytest.approx(0.6, abs=4 * (1 - 0.36) / math.sqrt(COUNT))


def test_exponentials_have_the_mean_and_deviation_one() -> None:
    """And their logarithm of survival is a straight line: P(X > 2) = exp(-2)."""
    (draws,) = exponentials(1, ("e",), PATHS).values()
    assert draws.mean() == pytest.approx(1.0, abs=4 / math.sqrt(COUNT))
    beyond = math.exp(-2)
    assert np.mean(draws > 2) == pytest.approx(beyond, abs=4 * math.sqrt(beyond * (1 - beyond) / COUNT))
    assert draws.min() > 0.0


def test_on_the_central_path_no_hazard_ever_strikes() -> None:
    (draws,) = exponentials(1, ("e",), PATHS[:3], central=True).values()
    assert np.isinf(draws).all()


def test_shocks_are_standard_normal_and_independent_by_month_and_driver() -> None:
    shocks = Shocks(1, PATHS)
    months = [shocks.normal("a", 24_300 + number) for number in range(6)] + [shocks.normal("b", 24_300)]
    found = np.corrcoef(months)
    assert np.abs(found - np.eye(7)).max() < 4.5 / math.sqrt(COUNT)
    assert np.mean(months) == pytest.approx(0.0, abs=4 / math.sqrt(7 * COUNT))
    assert np.std(months) == pytest.approx(1.0, abs=4 / math.sqrt(2 * 7 * COUNT))


def test_uniforms_of_a_month_are_even_and_the_share_below_its_normal() -> None:
    """One word of the same block: of one driver and month the normal is the quantile of the uniform."""
    shocks = Shocks(1, PATHS)
    shares = shocks.uniform("a", 24_300)
    assert np.mean(shares) == pytest.approx(0.5, abs=4 / math.sqrt(12 * COUNT))
    assert np.mean(shares < 0.1) == pytest.approx(0.1, abs=4 * 0.3 / math.sqrt(COUNT))
    assert [NormalDist().inv_cdf(share) for share in shares] == pytest.approx(shocks.normal("a", 24_300), rel=1e-6)
    assert (Shocks(1, PATHS, central=True).uniform("a", 24_300) == 0.0).all()


def test_shocks_asked_for_in_any_order_are_the_same() -> None:
    one, other = Shocks(1, PATHS[:50]), Shocks(1, PATHS[:50])
    forward = {number: one.normal("a", number) for number in range(24_300, 24_312)}
    for number in reversed(range(24_300, 24_312)):
        assert (other.normal("a", number) == forward[number]).all()


@pytest.mark.parametrize(
    ("text", "kind"),
    [("20%", "share"), ("20%", ""), ("20% to 30%", "probability"), ("1", "ratio")],
)
def test_kinds_do_not_change_the_number(text: str, kind: str) -> None:
    assert median(shape(text, kind)) == pytest.approx({"20%": 0.2, "1": 1.0}.get(text, median(shape(text))), rel=EXACT)


def test_a_percentage_per_time_compounds_unless_it_is_a_rate() -> None:
    """12% a year as a growth is log(1.12) / 12 a month, as a continuous rate 0.01; 1% a month compounds monthly."""
    assert median(shape("12% / year")) == pytest.approx(math.log(1.12) / 12, rel=EXACT)
    assert median(shape("12% / year", "rate")) == pytest.approx(0.01, rel=EXACT)
    assert median(shape("1% / month")) == pytest.approx(math.log(1.01), rel=EXACT)
