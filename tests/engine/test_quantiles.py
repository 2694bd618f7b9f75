"""Quantiles: of every shape, against the literature and by hand; they rise, stay in their support, and are the same in any
chunk."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.engine.beta import beta_cdf, beta_quantile
from detente.engine.quantiles import quantile, share_below
from detente.graph.literals import distribution
from detente.lang.distribution import Distribution
from detente.lang.parser import parse_expression
from detente.text.place import NOWHERE

FloatArray = npt.NDArray[np.float64]

DRAWS: FloatArray = (np.random.default_rng(1).integers(0, 2**32, 5_000).astype(np.float64) + 0.5) * 2.0**-32
SHARES: FloatArray = np.sort(np.concatenate([DRAWS, [2.0**-33, 0.05, 0.5, 0.95, 1.0 - 2.0**-33]]))


def shape(text: str, kind: str = "") -> Distribution:
    return distribution(parse_expression(text, NOWHERE), kind)


def at(text: str, *shares: float) -> list[float]:
    """Quantiles as written."""
    return [float(value) for value in quantile(shape(text), np.array(shares))]


# beta


@pytest.mark.parametrize(
    ("alpha", "beta", "share", "expected"),
    [
        (2, 5, 0.05, 0.062849891708354382),
        (2, 5, 0.95, 0.58180340925202583),
        (0.5, 0.7, 0.01, 0.00015697035848113614),
        (0.3, 4.5, 0.5, 0.017427769112883601),
        (30, 70, 0.05, 0.22729905447104013),
        (30, 70, 0.95, 0.37727145046159923),
        (400, 3, 0.05, 0.98442229024031175),
        (1000, 2500, 0.95, 0.29834215468379712),
        (10000, 10000, 0.05, 0.49418468821479423),
        (0.01, 0.02, 0.6, 2.5719248919020077e-5),
        (7.5, 0.4, 2.0**-33, 0.061742987768637948),
    ],
)
def test_a_beta_quantile_agrees_with_mpmath(alpha: float, beta: float, share: float, expected: float) -> None:
    """Roots of mpmath's incomplete beta function at 200 bits."""
    found = float(beta_quantile(float(alpha), float(beta), np.array([share]))[0])
    assert found == pytest.approx(expected, rel=5e-13)


def test_beta_quantiles_known_in_closed_form() -> None:
    """F(x) is x for (1, 1), x**2 for (2, 1), 1 - (1 - x)**3 for (1, 3), and the arcsine law for (1/2, 1/2)."""
    assert beta_quantile(1.0, 1.0, SHARES) == pytest.approx(SHARES, rel=1e-14)
    assert beta_quantile(2.0, 1.0, SHARES) == pytest.approx(np.sqrt(SHARES), rel=1e-14)
    assert beta_quantile(1.0, 3.0, SHARES) == pytest.approx(-np.expm1(np.log1p(-SHARES) / 3), rel=1e-13)
    assert beta_quantile(0.5, 0.5, SHARES) == pytest.approx(np.sin(np.pi * SHARES / 2) ** 2, rel=1e-13)


@given(st.integers(1, 20), st.integers(1, 20), st.floats(0.001, 0.999))
def test_the_share_below_in_a_beta_is_a_sum_of_binomial_chances(alpha: int, beta: int, x: float) -> None:
    """With whole alpha and beta: the chance of at least alpha successes in alpha + beta - 1 trials (DLMF 8.17.5)."""
    trials = alpha + beta - 1
    expected = sum(math.comb(trials, k) * x**k * (1 - x) ** (trials - k) for k in range(alpha, trials + 1))
    assert float(beta_cdf(float(alpha), float(beta), np.array([x]))[0]) == pytest.approx(expected, rel=1e-11, abs=1e-15)


parameters = st.floats(math.log(0.01), math.log(10_000)).map(lambda x: min(max(math.exp(x), 0.01), 10_000.0))


@given(parameters, parameters, st.lists(st.integers(0, 2**32 - 1), min_size=2, max_size=30))
def test_any_beta_rises_stays_inside_and_reaches_its_share(alpha: float, beta: float, words: list[int]) -> None:
    """The share below the quantile is the share asked for, as far as the digits of a value near 1 can tell."""
    u = (np.sort(np.array(words)) + 0.5) * 2.0**-32
    x = beta_quantile(alpha, beta, u)
    assert ((x >= 0.0) & (x <= 1.0)).all()
    assert (np.diff(x) >= -1e-13 * x[1:]).all()
    told = (x > 1e-300) & (x < 0.999)
    assert beta_cdf(alpha, beta, x)[told] == pytest.approx(u[told], rel=1e-9)


def test_a_beta_between_two_ends_is_the_same_stretched() -> None:
    assert at("beta(2, 5, 10 USD, 30 USD)", 0.05, 0.95) == pytest.approx(
        [10 + 20 * x for x in at("beta(2, 5)", 0.05, 0.95)]
    )


# discrete shapes


def test_a_bernoulli_is_one_with_its_chance() -> None:
    assert at("bernoulli(30%)", 0.05, 0.5, 0.7, 0.7000001, 0.95) == [0, 0, 0, 1, 1]
    assert quantile(shape("bernoulli(30%)"), DRAWS).mean() == pytest.approx(0.3, abs=4 * math.sqrt(0.21 / len(DRAWS)))


def test_a_poisson_has_the_quantiles_of_its_tables() -> None:
    """With a mean of 3 the cumulative chances are .0498, .1991, .4232, .6472, .8153, .9161, .9665."""
    assert at("poisson(3)", 0.0497, 0.0499, 0.5, 0.8152, 0.916, 0.9664) == [0, 1, 3, 4, 5, 6]
    counts = quantile(shape("poisson(3)"), DRAWS)
    assert counts.mean() == pytest.approx(3.0, abs=4 * math.sqrt(3 / len(DRAWS)))
    assert counts.var() == pytest.approx(3.0, abs=4 * math.sqrt((2 * 9 + 3) / len(DRAWS)))


@pytest.mark.parametrize("mean", [0.001, 1.0, 40.0, 500.0])
def test_a_poisson_of_any_mean_sums_to_one(mean: float) -> None:
    """Against the logarithms of the chances; `lgamma` is right to 1e-14 of its size."""
    of = shape(f"poisson({mean})")
    counts = np.arange(0, 700.0)
    chances = np.exp([k * math.log(mean) - mean - math.lgamma(k + 1) for k in counts])
    assert share_below(of, counts) == pytest.approx(np.cumsum(chances), rel=1e-10)


def test_empirical_values_are_equally_likely() -> None:
    """Thirds: the least value up to 1/3 included, so that the median of two is the lower."""
    assert at("empirical(11 USD, 3 USD, 5 USD)", 0.01, 1 / 3, 0.34, 0.66, 0.67, 0.99) == [3, 3, 5, 5, 11, 11]
    assert at("empirical(1, 2)", 0.5, 0.5000001) == [1, 2]
    assert at("empirical(1, 1, 2)", 0.6, 0.7) == [1, 2]


# mixtures


def test_the_shares_of_a_mixture_of_ranges_are_the_weighted_shares_of_its_parts() -> None:
    """Two lognormals in logarithms: means log(sqrt(50)) and log(sqrt(800)), each 2 z95 from end to end."""
    x = quantile(shape("mixture(70%, 5 to 10 bn USD, 30%, 20 to 40 bn USD)"), SHARES) / 1e9
    deviation = math.log(2) / (2 * NormalDist().inv_cdf(0.95))
    low, high = NormalDist(math.log(math.sqrt(50)), deviation), NormalDist(math.log(math.sqrt(800)), deviation)
    told = np.array([0.7 * low.cdf(math.log(v)) + 0.3 * high.cdf(math.log(v)) for v in x])
    assert told == pytest.approx(SHARES, rel=1e-9, abs=1e-13)


def test_a_mixture_leaves_the_gap_between_its_parts_alone() -> None:
    """Half of (0, 1), half of (5, 6): the u-quantile is 2 u below one half, 4 + 2 u above, and the median the least that
    half of the draws reach."""
    found = at("mixture(50%, uniform(0, 1), 50%, uniform(5, 6))", 0.05, 0.25, 0.5, 0.5001, 0.75, 0.95)
    assert found == pytest.approx([0.1, 0.5, 1.0, 5.0002, 5.5, 5.9], rel=1e-12)


def test_a_mixture_with_a_single_value_takes_it_with_its_weight() -> None:
    """Nothing with 70 %, else 10 to 20: the quantile of .85 is halfway, 15."""
    text = "mixture(70%, 0 USD, 30%, uniform(10 USD, 20 USD))"
    assert at(text, 0.01, 0.5, 0.69999, 0.85) == pytest.approx([0.0, 0.0, 0.0, 15.0], rel=1e-12)
    assert np.mean(quantile(shape(text), DRAWS) == 0.0) == pytest.approx(0.7, abs=4 * math.sqrt(0.21 / len(DRAWS)))


def test_a_mixture_of_counts_is_a_count() -> None:
    x = quantile(shape("mixture(50%, poisson(3), 50%, poisson(40))"), DRAWS)
    assert (x == np.floor(x)).all()
    assert x.mean() == pytest.approx(21.5, abs=4 * x.std() / math.sqrt(len(DRAWS)))


def test_a_mixture_inside_a_mixture_is_one_of_all_parts() -> None:
    nested = at("mixture(50%, 1 to 2, 50%, mixture(40%, 3 to 4, 60%, 8 to 9))", *SHARES)
    assert nested == pytest.approx(at("mixture(50%, 1 to 2, 20%, 3 to 4, 30%, 8 to 9)", *SHARES), rel=1e-11)


def test_parts_may_be_written_in_different_units_of_one_quantity() -> None:
    one = quantile(shape("mixture(40%, uniform(100 MW, 500 MW), 60%, 1 GW)"), SHARES)
    other = quantile(shape("mixture(40%, uniform(0.1 GW, 0.5 GW), 60%, 1 GW)"), SHARES)
    assert one == pytest.approx(other, rel=1e-12)
    assert one.max() == 1.0


SHAPES = {
    "7": (7, 7),
    "1 to 3": (0, np.inf),
    "-1 to 3 USD": (-np.inf, np.inf),
    "10% to 50%": (0, 1),
    "uniform(2, 6)": (2, 6),
    "triangular(0, 1, 4)": (0, 4),
    "beta(0.5, 3)": (0, 1),
    "beta(2, 2, -4 MW, 8 MW)": (-4, 8),
    "bernoulli(0.2)": (0, 1),
    "poisson(2.5)": (0, np.inf),
    "empirical(3, 9, 4)": (3, 9),
    "mixture(70%, 5 to 10, 30%, 20 to 40)": (0, np.inf),
    "mixture(20%, 0, 30%, uniform(1, 2), 50%, beta(2, 3, 1, 5))": (0, 5),
    "mixture(50%, -5 to 5, 50%, poisson(4))": (-np.inf, np.inf),
    "mixture(1%, 1 to 1000000, 99%, 0.001 to 0.002)": (0, np.inf),
}


@pytest.mark.parametrize("text", SHAPES)
def test_quantiles_rise_stay_in_their_support_and_reach_their_share(text: str) -> None:
    """The share at or below the quantile is at least u, and anything less has a smaller one."""
    of, (least, most) = shape(text), SHAPES[text]
    x = quantile(of, SHARES)
    assert (np.diff(x) >= 0.0).all()
    assert least <= x.min()
    assert x.max() <= most
    assert of.least <= x.min()
    assert not of.positive or x.min() > 0.0
    slack = 1e-12 * np.abs(x) + 1e-300
    assert (share_below(of, x + slack) >= SHARES * (1 - 1e-11)).all()
    assert (share_below(of, x - slack) <= SHARES * (1 + 1e-11)).all()


@pytest.mark.parametrize("text", SHAPES)
def test_a_quantile_is_the_same_in_any_chunk(text: str) -> None:
    """R5: to the bit, in any order and company."""
    of = shape(text)
    whole = quantile(of, DRAWS)
    parts = [quantile(of, DRAWS[at : at + 7]) for at in range(0, 700, 7)]
    assert (np.concatenate(parts) == whole[:700]).all()
    assert (quantile(of, DRAWS[::-1])[::-1] == whole).all()


weights = st.integers(1, 99)
ends = st.tuples(st.integers(-50, 50), st.integers(1, 60)).map(lambda pair: (pair[0], pair[0] + pair[1]))
parts = st.one_of(
    ends.map(lambda pair: f"uniform({pair[0]}, {pair[1]})"),
    ends.map(lambda pair: f"({pair[0]}) to ({pair[1]})"),
    ends.map(lambda pair: f"{pair[0]}"),
    ends.map(lambda pair: f"empirical({pair[0]}, {pair[1]})"),
    ends.map(lambda pair: f"beta(2, 0.7, {pair[0]}, {pair[1]})"),
    st.just("poisson(2)"),
)


@given(weights, parts, parts, st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=20))
def test_any_mixture_rises_and_reaches_its_share(weight: int, one: str, other: str, words: list[int]) -> None:
    if one == other:
        return
    of = shape(f"mixture({weight}%, {one}, {100 - weight}%, {other})")
    u = (np.sort(np.array(words)) + 0.5) * 2.0**-32
    x = quantile(of, u)
    assert (np.diff(x) >= -1e-12 * np.abs(x[1:])).all()
    slack = 1e-10 * (1.0 + np.abs(x))
    assert (share_below(of, x + slack) >= u * (1 - 1e-9)).all()
    assert (share_below(of, x - slack) <= u * (1 + 1e-9)).all()
