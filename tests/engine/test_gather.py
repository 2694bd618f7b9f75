"""Summaries gathered part by part have the bits of the summary of the whole, by machine code and by NumPy."""

from __future__ import annotations

import itertools
import random as shuffling
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.engine import gather
from detente.engine.choice import why_not_compiled
from detente.engine.gather import Gathered
from detente.engine.summary import BLOCK_PATHS, EXACT_PATHS, Histogram, Summary
from tests.engine.test_summary import bits, samples

FloatArray = npt.NDArray[np.float64]

MACHINE, NUMPY = "machine code", "numpy"

WAYS = [
    pytest.param(MACHINE, marks=pytest.mark.skipif(bool(why_not_compiled()), reason=why_not_compiled() or "compiled")),
    NUMPY,
]


@contextmanager
def counting_by(way: str) -> Iterator[None]:
    """Gathers by machine code, or as where there is none."""
    with pytest.MonkeyPatch.context() as patch:
        if way == NUMPY:
            patch.setattr(gather, "library", lambda: None)
        yield


def awkward(paths: int) -> FloatArray:
    """What a deal has, and what it could: negatives, subnormals, many octaves, huge values, zeros of either sign, a
    value on one path alone, in some blocks alone, or nowhere."""
    rng = np.random.default_rng(5)
    number = np.arange(paths)
    sign = rng.choice([-1.0, 1.0], paths)
    return np.stack(
        [
            *samples(paths),
            5e-324 * rng.integers(-3, 4, paths),
            sign * np.exp2(rng.uniform(-1074.0, 490.0, paths)),
            rng.uniform(-1e150, 1e150, paths),
            np.full(paths, -1e150),
            np.full(paths, 5e-324),
            sign * 0.0,
            np.where(number == paths // 3, -7.25, np.nan),
            np.where(number // BLOCK_PATHS % 3 == 1, sign, np.nan),
        ]
    )


SMALL = awkward(21 * BLOCK_PATHS + 300)
LARGE = awkward(EXACT_PATHS + 5 * BLOCK_PATHS + 7)
SMALL_WHOLE, LARGE_WHOLE = Summary.of(SMALL), Summary.of(LARGE)


def edges_of(paths: int, cuts: Sequence[int]) -> list[tuple[int, int]]:
    """First and last path of parts, cut after so many blocks."""
    edges = sorted({0, paths, *(cut * BLOCK_PATHS for cut in cuts if cut * BLOCK_PATHS < paths)})
    return [*itertools.pairwise(edges)]


def gathered(values: FloatArray, parts: Sequence[tuple[int, int]], announced: int = 0, threads: int = 0) -> Summary:
    """The parts as slices of the whole, added in this order, or by so many threads."""
    found = Gathered(len(values), announced or values.shape[1])

    def add(part: tuple[int, int]) -> None:
        found.add(values[:, part[0] : part[1]], part[0])

    if threads:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(add, parts))
    else:
        for part in parts:
            add(part)
    return found.summary()


def assert_same(found: Summary, expected: Summary) -> None:
    """The same bits of every statistic, least and greatest among the quantiles, and the same counts in every bin."""
    assert found.paths == expected.paths
    assert bits(found) == bits(expected)
    assert isinstance(found.values, Histogram) == isinstance(expected.values, Histogram)
    if isinstance(found.values, Histogram) and isinstance(expected.values, Histogram):
        assert found.values.keys.tolist() == expected.values.keys.tolist()
        assert found.values.counts.tolist() == expected.values.counts.tolist()
        assert (found.values.least == expected.values.least).all()
        assert (found.values.greatest == expected.values.greatest).all()


@pytest.mark.parametrize("way", WAYS)
@given(cuts=st.lists(st.integers(1, 21)), order=st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_parts_in_any_order_have_the_bits_of_the_whole(way: str, cuts: list[int], order: shuffling.Random) -> None:
    parts = edges_of(SMALL.shape[1], cuts)
    order.shuffle(parts)
    with counting_by(way):
        assert_same(gathered(SMALL, parts), SMALL_WHOLE)


@pytest.mark.parametrize("way", WAYS)
@given(cuts=st.lists(st.integers(1, 69), max_size=8), order=st.randoms(use_true_random=False))
@settings(max_examples=5)
def test_parts_of_a_large_run_have_the_bits_of_the_whole(way: str, cuts: list[int], order: shuffling.Random) -> None:
    parts = edges_of(LARGE.shape[1], cuts)
    order.shuffle(parts)
    with counting_by(way):
        assert_same(gathered(LARGE, parts), LARGE_WHOLE)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("values", "whole"), [(SMALL, SMALL_WHOLE), (LARGE, LARGE_WHOLE)], ids=["exact", "in bins"])
def test_block_by_block_from_several_threads(way: str, values: FloatArray, whole: Summary) -> None:
    """More parts than are merged at once, and more threads than a small processor has."""
    parts = edges_of(values.shape[1], range(values.shape[1] // BLOCK_PATHS + 1))
    with counting_by(way):
        assert_same(gathered(values, parts[::-1], threads=5), whole)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("paths", [EXACT_PATHS, EXACT_PATHS + 1])
def test_values_are_exact_up_to_the_last_path_that_is(way: str, paths: int) -> None:
    values = LARGE[:, :paths]
    with counting_by(way):
        assert_same(gathered(values, edges_of(paths, [3, 40])), Summary.of(values))


FINITE = st.floats(-1e150, 1e150) | st.sampled_from([0.0, -0.0, np.nan, 5e-324, -5e-324, 2.0**-1022, -(2.0**-1022)])


@pytest.mark.parametrize("way", WAYS)
@given(
    kinds=st.lists(st.lists(FINITE, min_size=1, max_size=6), min_size=1, max_size=3),
    paths=st.integers(1, 2 * BLOCK_PATHS + 40) | st.just(BLOCK_PATHS),
    announced=st.sampled_from([1, EXACT_PATHS + 1]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60)
def test_any_values(way: str, kinds: list[list[float]], paths: int, announced: int, seed: int) -> None:
    """A few values over and over, kept or counted."""
    rng = np.random.default_rng(seed)
    values = np.stack([rng.choice(np.array(kind), paths) for kind in kinds])
    whole = Summary.of(values)
    with counting_by(way):
        found = gathered(values, edges_of(paths, [1])[::-1], announced)
    assert_same(found, whole if announced == 1 else whole.binned())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("announced", [BLOCK_PATHS, EXACT_PATHS + 1])
def test_a_block_of_negative_zeros_has_the_mean_of_the_whole(way: str, announced: int) -> None:
    """Alone it is not added to another, which would take the sign away."""
    values = np.full((1, BLOCK_PATHS), -0.0)
    with counting_by(way):
        found = gathered(values, [(0, BLOCK_PATHS)], announced)
    assert np.signbit(found.mean) == np.signbit(Summary.of(values).mean)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("announced", [1, EXACT_PATHS + 1])
def test_some_parts_of_a_run_are_summarised_by_themselves(way: str, announced: int) -> None:
    """Path numbers begin where they begin; what was announced decides alone whether values are kept."""
    first, last = 3 * BLOCK_PATHS, 6 * BLOCK_PATHS + 17
    whole = Summary.of(SMALL[:, first:last], first)
    with counting_by(way):
        found = gathered(SMALL, [(5 * BLOCK_PATHS, last), (first, 5 * BLOCK_PATHS)], announced)
    assert_same(found, whole if announced == 1 else whole.binned())


# Rows as they lie.


def spread_out(values: FloatArray, gap: int) -> FloatArray:
    """The same rows as slices of a wider array, with something else behind each."""
    wide = np.full((len(values), values.shape[1] + gap), 3.5e9)
    wide[:, : values.shape[1]] = values
    return wide[:, : values.shape[1]]


def strided(values: FloatArray, step: int) -> FloatArray:
    """The same values with others between neighbours; backwards in memory below zero."""
    wide = np.full((len(values), values.shape[1] * abs(step)), 3.5e9)
    found = wide[:, ::step]
    found[:] = values
    return found


LAID_OUT: dict[str, Callable[[FloatArray], FloatArray]] = {
    "together": np.ascontiguousarray,
    "path by path": np.asfortranarray,
    "of a wider array": lambda values: spread_out(values, 5),
    "every third": lambda values: strided(values, 3),
    "backwards": lambda values: strided(values, -1),
    "rows backwards": lambda values: np.ascontiguousarray(values[::-1])[::-1],
    "every second row": lambda values: np.repeat(values, 2, axis=0)[::2],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("layout", LAID_OUT)
@pytest.mark.parametrize("paths", [1, 2, 31, 33, 1023, 1024, 1025, 2 * BLOCK_PATHS, 3 * BLOCK_PATHS + 1])
def test_rows_may_lie_anyhow(way: str, layout: str, paths: int) -> None:
    values = SMALL[:, 700 : 700 + paths]
    for announced in (1, EXACT_PATHS + 1):
        found = Gathered(len(values), announced)
        with counting_by(way):
            found.add(LAID_OUT[layout](values), 0)
            whole = Summary.of(values)
            assert_same(found.summary(), whole if announced == 1 else whole.binned())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("announced", [1, EXACT_PATHS + 1])
def test_one_row_may_stand_for_many_series(way: str, announced: int) -> None:
    row = SMALL[0, :1500]
    found = Gathered(4, announced)
    with counting_by(way):
        found.add(np.broadcast_to(row, (4, 1500)), 0)
        whole = Summary.of(np.tile(row, (4, 1)))
        assert_same(found.summary(), whole if announced == 1 else whole.binned())


# Counting.


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("octaves", [1, 3, 4, 5, 8, 9, 16, 17, 400, 1500])
@pytest.mark.parametrize("series", [1, 2])
def test_values_over_many_octaves_are_all_counted(way: str, octaves: int, series: int) -> None:
    """Each octave in turn, both signs, so that room runs out in the middle of a row again and again."""
    sizes = np.exp2(np.arange(octaves) - 1020.0)
    row = np.concatenate([sizes, [0.0, np.nan], -sizes[::-1], sizes * 1.5, sizes])
    values = np.stack([row, row[::-1]][:series])
    found = Gathered(series, EXACT_PATHS + 1)
    with counting_by(way):
        found.add(values, 0)
        summary = found.summary()
    assert isinstance(summary.values, Histogram)
    assert summary.values.counts.sum() == series * (4 * octaves + 1)
    assert_same(summary, Summary.of(values).binned())


@pytest.mark.parametrize("way", WAYS)
def test_later_parts_and_series_may_ask_for_octaves_of_their_own(way: str) -> None:
    """Parts in turn an octave higher, and a series of 300 octaves between two of one."""
    steps = np.exp2(np.arange(6 * BLOCK_PATHS) // 20 - 100.0)
    values = np.stack([np.ones(len(steps)), steps, -steps, np.full(len(steps), -1.0)])
    with counting_by(way):
        found = gathered(values, edges_of(len(steps), range(7)), EXACT_PATHS + 1)
    assert_same(found, Summary.of(values).binned())


# What is refused.


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("announced", [1, EXACT_PATHS + 1])
@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("path", [0, 1023, 1024, 1499])
def test_an_infinite_value_is_refused_and_leaves_nothing_behind(
    way: str, announced: int, value: float, path: int
) -> None:
    values = SMALL[:3, :1500]
    wrong = values.copy()
    wrong[2, path] = value
    with counting_by(way):
        found = Gathered(3, announced)
        with pytest.raises(ValueError, match=f"series 2 is infinite on path {path} of its part"):
            found.add(wrong, 0)
        found.add(values, 0)
        whole = Summary.of(values)
        assert_same(found.summary(), whole if announced == 1 else whole.binned())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("announced", [1, EXACT_PATHS + 1])
def test_values_too_large_to_square_are_refused(way: str, announced: int) -> None:
    with counting_by(way), pytest.raises(ValueError, match="series 1 has values too large"):
        Gathered(2, announced).add(np.array([[1.0, 2.0], [1e200, -1e200]]), 0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("announced", [1, EXACT_PATHS + 1])
def test_paths_added_twice_are_refused(way: str, announced: int) -> None:
    with counting_by(way), pytest.raises(ValueError, match="path 1024 is summarised twice"):
        gathered(SMALL, [(0, 2048), (1024, 2048)], announced)
