"""Summaries merge to the same bits however the paths were shared out, and say what NumPy says."""

from __future__ import annotations

import functools
import itertools
import random as shuffling

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.engine import summary
from detente.engine.summary import BLOCK_PATHS, EXACT_PATHS, RELATIVE_ERROR, Summary

FloatArray = npt.NDArray[np.float64]

SHARES = np.array([0.0, 0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1.0])


def samples(paths: int, seed: int = 1) -> FloatArray:
    """Series of the kinds that a deal has: money, a flag, a constant, a gap, a date that may not come."""
    rng = np.random.default_rng(seed)
    return np.stack(
        [
            np.exp(rng.normal(20.0, 1.5, paths)),
            rng.normal(0.0, 1e9, paths),
            (rng.random(paths) < 0.3).astype(np.float64),
            np.full(paths, 0.2),
            np.where(rng.random(paths) < 0.6, np.floor(rng.uniform(24_000.0, 24_120.0, paths)), np.nan),
            np.where(rng.random(paths) < 0.5, -0.0, rng.choice([0.0, -3.5], paths)),
            np.full(paths, np.nan),
        ]
    )


def bits(of: Summary) -> list[bytes]:
    found = (of.count, of.present, of.mean, of.deviation, of.mc_error, of.quantile(SHARES))
    return [np.ascontiguousarray(statistic).tobytes() for statistic in found]


def parts_of(values: FloatArray, cuts: list[int]) -> list[Summary]:
    """Summaries of the paths between cuts, which count blocks."""
    paths = values.shape[1]
    edges = sorted({0, paths, *(cut * BLOCK_PATHS for cut in cuts if cut * BLOCK_PATHS < paths)})
    return [Summary.of(values[:, low:high], low) for low, high in itertools.pairwise(edges)]


SMALL = samples(21 * BLOCK_PATHS + 300)
LARGE = samples(EXACT_PATHS + 5 * BLOCK_PATHS + 7)
SMALL_WHOLE, LARGE_WHOLE = Summary.of(SMALL), Summary.of(LARGE)


@given(st.lists(st.integers(1, 21)), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_bits_do_not_depend_on_the_parts(cuts: list[int], order: shuffling.Random) -> None:
    parts = parts_of(SMALL, cuts)
    order.shuffle(parts)
    assert bits(functools.reduce(Summary.merge, parts)) == bits(SMALL_WHOLE)
    assert bits(parts[0].merge(*parts[1:])) == bits(SMALL_WHOLE)


@given(st.lists(st.integers(1, 69), max_size=8), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_the_bits_do_not_depend_on_the_parts_of_a_large_run(cuts: list[int], order: shuffling.Random) -> None:
    parts = parts_of(LARGE, cuts)
    order.shuffle(parts)
    assert bits(functools.reduce(Summary.merge, parts)) == bits(LARGE_WHOLE)


def test_the_bits_do_not_depend_on_how_merges_are_nested() -> None:
    one, two, three, four, five = parts_of(SMALL, [2, 3, 9, 16])
    assert bits(one.merge(four).merge(three.merge(five.merge(two)))) == bits(SMALL_WHOLE)


def test_a_series_does_not_depend_on_the_others() -> None:
    for series in range(len(SMALL)):
        alone = Summary.of(SMALL[series : series + 1])
        assert alone.mean.tobytes() == SMALL_WHOLE.mean[series : series + 1].tobytes()
        assert alone.deviation.tobytes() == SMALL_WHOLE.deviation[series : series + 1].tobytes()
        assert alone.quantile(SHARES)[:, 0].tobytes() == SMALL_WHOLE.quantile(SHARES)[:, series].tobytes()


@pytest.mark.parametrize("paths", [1, 2, 1000, 1024, 1025, 5000, EXACT_PATHS, EXACT_PATHS + 1])
def test_moments_agree_with_numpy(paths: int) -> None:
    values = samples(paths)
    found = Summary.of(values)
    for series, row in enumerate(values):
        present = row[~np.isnan(row)]
        assert found.count[series] == len(present)
        assert found.present[series] == len(present) / paths
        if len(present):
            assert found.mean[series] == pytest.approx(present.mean(), rel=1e-12, abs=1e-12 * np.abs(present).max())
        else:
            assert np.isnan(found.mean[series])
        if len(present) > 1:
            deviation = present.std(ddof=1)
            assert found.deviation[series] == pytest.approx(deviation, rel=1e-12, abs=1e-15)
            assert found.mc_error[series] == pytest.approx(deviation / np.sqrt(len(present)), rel=1e-12, abs=1e-15)
        else:
            assert np.isnan([found.deviation[series], found.mc_error[series]]).all()


def test_the_deviation_survives_a_large_mean() -> None:
    values = 1e12 + np.random.default_rng(2).normal(size=(1, 10_000))
    assert Summary.of(values).deviation == pytest.approx(values.std(ddof=1), rel=1e-5)  # squares would leave nothing


def test_a_constant_has_no_deviation() -> None:
    for paths in (1000, 1024, 5000, 100_000):
        found = Summary.of(np.full((1, paths), 0.1))
        assert found.mean == pytest.approx(0.1, rel=1e-15)
        assert found.deviation < 1e-16
        assert (found.quantile(SHARES) == 0.1).all()


@pytest.mark.parametrize("paths", [1, 2, 3, 1000, 5000, EXACT_PATHS])
def test_quantiles_of_small_runs_are_those_of_numpy(paths: int) -> None:
    values = samples(paths)
    found = Summary.of(values).quantile(SHARES)
    for series, row in enumerate(values):
        present = row[~np.isnan(row)]
        if len(present):
            assert found[:, series] == pytest.approx(np.quantile(present, SHARES), rel=1e-12, abs=1e-300)
        else:
            assert np.isnan(found[:, series]).all()


def test_quantiles_of_large_runs_are_within_their_error() -> None:
    found = LARGE_WHOLE.quantile(SHARES)
    for series, row in enumerate(LARGE):
        present = np.sort(row[~np.isnan(row)])
        if not len(present):
            assert np.isnan(found[:, series]).all()
            continue
        position = SHARES * (len(present) - 1)
        neighbours = np.abs(present[[np.floor(position).astype(int), np.ceil(position).astype(int)]]).max(axis=0)
        exact = np.quantile(present, SHARES)
        assert (np.abs(found[:, series] - exact) <= RELATIVE_ERROR * neighbours).all()
        assert found[0, series] == present[0]
        assert found[-1, series] == present[-1]


@given(st.lists(st.floats(-1e150, 1e150), min_size=1, max_size=40))
def test_bins_hold_their_values(values: list[float]) -> None:
    """Each value comes back within the width of its bin, over the whole range of floats and with either sign."""
    row = np.sort(np.array(values))
    found = summary.Histogram.of(row[np.newaxis] + 0.0)
    ranks = np.arange(len(row))[:, np.newaxis]
    back = found.ordered(ranks, np.array([len(row)]))[:, 0]
    assert (np.abs(back - row) <= RELATIVE_ERROR * np.maximum(np.abs(row), 2.0**-1022)).all()


def test_a_share_that_is_zero_stays_zero_in_a_large_run() -> None:
    values = np.zeros((1, EXACT_PATHS + 1))
    values[0, : EXACT_PATHS // 4] = 7.25e9
    found = Summary.of(values)
    assert found.quantile(0.5) == 0.0
    assert found.quantile(0.9) == pytest.approx(7.25e9, rel=RELATIVE_ERROR)


def test_memory_is_flat_beyond_the_exact_paths() -> None:
    values = np.random.default_rng(3).lognormal(0.0, 1.0, (1, EXACT_PATHS))
    merged = Summary.of(values)
    sizes = []
    for part in range(1, 9):
        merged = merged.merge(Summary.of(values, part * EXACT_PATHS))
        assert isinstance(merged.values, summary.Histogram)
        sizes.append(len(merged.values.keys))
    assert len(set(sizes)) == 1
    assert len(merged.branches) <= 4
    assert merged.count == 9 * EXACT_PATHS


def test_one_probability_gives_one_value_a_series() -> None:
    assert SMALL_WHOLE.quantile(0.5).shape == (len(SMALL),)
    assert SMALL_WHOLE.quantile(SHARES).shape == (len(SHARES), len(SMALL))


def test_samples_are_kept_as_they_were() -> None:
    values = samples(2000)
    found = Summary.of(values)
    before = bits(found)
    values[:] = 0.0
    assert bits(found) == before


def test_a_part_of_a_run_has_statistics_of_its_own() -> None:
    part = Summary.of(SMALL[:, 3 * BLOCK_PATHS : 6 * BLOCK_PATHS], 3 * BLOCK_PATHS)
    assert part.mean[0] == pytest.approx(SMALL[0, 3 * BLOCK_PATHS : 6 * BLOCK_PATHS].mean(), rel=1e-12)


# What is refused.


def test_paths_summarised_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="path 2048 is summarised twice"):
        Summary.of(SMALL[:, :4096]).merge(Summary.of(SMALL[:, 2048:4096], 2048))


def test_paths_after_a_short_block_are_refused() -> None:
    with pytest.raises(ValueError, match="ends at path 1500, inside a block of 1024, but more paths follow"):
        Summary.of(SMALL[:, :1500]).merge(Summary.of(SMALL[:, 2048:4096], 2048))


@pytest.mark.parametrize("first", [-1024, 1, 1000])
def test_a_start_inside_a_block_is_refused(first: int) -> None:
    with pytest.raises(ValueError, match="multiple of 1024"):
        Summary.of(SMALL[:, :1024], first)


@pytest.mark.parametrize("shape", [(5,), (2, 0), (0, 5), (2, 3, 4)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="series by paths"):
        Summary.of(np.zeros(shape))


def test_other_series_are_refused() -> None:
    with pytest.raises(ValueError, match="same series"):
        Summary.of(SMALL[:, :1024]).merge(Summary.of(SMALL[:2, 1024:2048], 1024))


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_an_infinite_value_is_refused(value: float) -> None:
    values = samples(3000)
    values[2, 1234] = value
    with pytest.raises(ValueError, match="series 2 is infinite on path 1234"):
        Summary.of(values)


def test_values_too_large_to_square_are_refused() -> None:
    with pytest.raises(ValueError, match="series 0 has values too large"):
        Summary.of(np.array([[1e200, -1e200]]))


@pytest.mark.parametrize("probability", [-0.1, 1.1, np.nan])
def test_a_probability_outside_is_refused(probability: float) -> None:
    with pytest.raises(ValueError, match="a probability lies from 0 to 1"):
        SMALL_WHOLE.quantile(probability)
