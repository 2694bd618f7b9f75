"""Summaries of samples over paths that merge to the same bits however the paths were shared out (rule R5).

Addition of floats is not associative, so the order of every addition is fixed by path numbers alone. Moments are made
of blocks of 1,024 paths, halved and added within, and merged over the binary tree of block numbers. Quantiles come from
the sorted values up to 65,536 paths and from integer counts in fixed bins beyond. A NaN is an absent value: statistics
are over the values present, and `present` is their share (rule R7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
CountArray: TypeAlias = npt.NDArray[np.int64]

BLOCK_PATHS = 1024
EXACT_PATHS = 65_536
MANTISSA_BITS = 10
RELATIVE_ERROR = 2.0**-MANTISSA_BITS


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Arrays of one shape: how many values are present, their mean, the sum of their squared distances from it.

    Where no value is present the mean is stored as zero; that makes an empty part neutral in a merge, to the bit.
    """

    count: CountArray
    mean: FloatArray
    second: FloatArray

    def __getitem__(self, blocks: int | slice) -> Moments:
        """The moments of some of the blocks, which are the last axis."""
        return Moments(self.count[..., blocks], self.mean[..., blocks], self.second[..., blocks])


def block_moments(samples: FloatArray) -> Moments:
    """Moments of each block of 1,024 paths: float64[series, path] to [series, block].

    The first path starts a block; the last block may be short. Raises ValueError for an infinite value and for values
    too large to be added and squared.
    """
    series, paths = samples.shape
    blocks = -(-paths // BLOCK_PATHS)
    if paths < blocks * BLOCK_PATHS:
        samples = np.pad(samples, ((0, 0), (0, blocks * BLOCK_PATHS - paths)), constant_values=np.nan)
    values = samples.reshape(series, blocks, BLOCK_PATHS)
    present = ~np.isnan(values)
    count = present.sum(axis=-1)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = _halving_sum(np.where(present, values, 0.0)) / np.maximum(count, 1)
        distance = np.where(present, values - mean[..., np.newaxis], 0.0)
        second = _halving_sum(distance * distance)
    if not np.isfinite(second).all():
        _refuse(values, second)
    return Moments(count, mean, second)


def merge_moments(left: Moments, right: Moments) -> Moments:
    """Moments of two sets of paths together: Chan, Golub and LeVeque, The American Statistician 37 (1983), 242-247."""
    count = left.count + right.count
    share = right.count / np.maximum(count, 1)
    step = right.mean - left.mean
    return Moments(count, left.mean + step * share, left.second + right.second + step * step * (left.count * share))


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """A node of the tree of blocks: blocks index * 2**level up to (index + 1) * 2**level, of which `paths` paths."""

    level: int
    index: int
    paths: int
    moments: Moments

    @property
    def first_path(self) -> int:
        return (self.index << self.level) * BLOCK_PATHS

    @property
    def end_path(self) -> int:
        """One past the last path that has a place here."""
        return ((self.index + 1) << self.level) * BLOCK_PATHS


def branches_of(blocks: Moments, first_path: int, paths: int) -> Iterator[Branch]:
    """The few whole branches that a run of neighbouring blocks is made of; `blocks` has [series, block]."""
    level, index, end_path = 0, first_path // BLOCK_PATHS, first_path + paths

    def branch(offset: int) -> Branch:
        found = Branch(level, index + offset, 0, blocks[offset])
        return replace(found, paths=min(end_path, found.end_path) - found.first_path)

    while blocks.count.shape[-1]:
        if index % 2:  # a right child whose left sibling is elsewhere
            yield branch(0)
            blocks, index = blocks[1:], index + 1
        if blocks.count.shape[-1] % 2:  # a left child whose right sibling is elsewhere, or does not exist
            yield branch(blocks.count.shape[-1] - 1)
            blocks = blocks[:-1]
        blocks = merge_moments(blocks[0::2], blocks[1::2])
        level, index = level + 1, index // 2


def grow(branches: Iterable[Branch]) -> tuple[Branch, ...]:
    """The branches in order of their paths, with every pair of siblings joined.

    Raises ValueError where two cover the same path, or where paths follow a block that is not full.
    """
    grown: list[Branch] = []
    for branch in sorted(branches, key=lambda branch: branch.first_path):
        if grown and grown[-1].end_path > branch.first_path:
            raise ValueError(f"path {branch.first_path} is summarised twice")
        if grown and grown[-1].first_path + grown[-1].paths < grown[-1].end_path:
            end = grown[-1].first_path + grown[-1].paths
            raise ValueError(f"a part ends at path {end}, inside a block of {BLOCK_PATHS}, but more paths follow")
        grown.append(branch)
        while len(grown) > 1 and grown[-2].level == grown[-1].level and grown[-2].index ^ 1 == grown[-1].index:
            right, left = grown.pop(), grown.pop()
            moments = merge_moments(left.moments, right.moments)
            grown.append(Branch(left.level + 1, left.index // 2, left.paths + right.paths, moments))
    return tuple(grown)


def merge_tree(branches: tuple[Branch, ...]) -> Moments:
    """The moments of all branches together. A branch without a sibling goes up a level as it is."""
    nodes = {(branch.level, branch.index): branch.moments for branch in branches}
    while len(nodes) > 1:
        level, _ = min(nodes)
        for index in sorted(index for at, index in nodes if at == level):
            parent, moments = (level + 1, index // 2), nodes.pop((level, index))
            nodes[parent] = merge_moments(nodes[parent], moments) if parent in nodes else moments
    (moments,) = nodes.values()
    return moments


@dataclass(frozen=True, eq=False)
class Sample:
    """The values themselves, float64[series, path] in pieces, in no particular order; one that is `in_order` rises."""

    pieces: tuple[FloatArray, ...]
    in_order: bool = False

    @cached_property
    def _sorted(self) -> FloatArray:
        if self.in_order:
            return self.pieces[0]
        whole = np.concatenate(self.pieces, axis=1)
        whole.sort(axis=1)  # absent values go last
        return whole

    def ordered(self, rank: CountArray, count: CountArray) -> FloatArray:
        """The value of each rank, from zero to count - 1: int64[..., series] to float64[..., series]."""
        return self._sorted[np.arange(len(count)), rank]

    def binned(self) -> Histogram:
        return merge_histograms([Histogram.of(piece) for piece in self.pieces])


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts in fixed bins: the sign, exponent and ten leading bits of the mantissa, and one bin for zero.

    `keys` are sorted and hold the series above the bin; `least` and `greatest` are exact, per series.
    """

    keys: CountArray
    counts: CountArray
    least: FloatArray
    greatest: FloatArray

    @classmethod
    def of(cls, samples: FloatArray) -> Histogram:
        present = ~np.isnan(samples)
        size = ((samples.view(np.int64) & _NO_SIGN) >> _DROPPED_BITS).astype(np.int32)
        bins = np.where(samples == 0.0, 0, np.where(samples < 0.0, -1 - size, 1 + size))
        # Sorted row by row, where it fits the cache; absent values go last and are left out.
        bins = np.sort(np.where(present, bins + BIN_ZERO, _BIN_ABSENT), axis=1)
        new = np.ones(bins.shape, dtype=np.bool_)
        np.not_equal(bins[:, 1:], bins[:, :-1], out=new[:, 1:])
        starts = np.flatnonzero(new)
        counts = np.diff(starts, append=bins.size)
        found = bins.ravel()[starts]
        keys = (starts // bins.shape[1] << BIN_BITS) + found
        kept = found != _BIN_ABSENT
        least = np.min(samples, axis=1, where=present, initial=np.inf)
        greatest = np.max(samples, axis=1, where=present, initial=-np.inf)
        return cls(keys[kept], counts[kept], least, greatest)

    @cached_property
    def _ends(self) -> CountArray:
        return np.cumsum(self.counts)

    def ordered(self, rank: CountArray, count: CountArray) -> FloatArray:
        """As in `Sample`; values are taken to lie evenly in their bin."""
        if not len(self.keys):
            return np.full(rank.shape, np.nan)
        overall = np.cumsum(count) - count + rank
        # The last series may be without values: then its rank lies beyond all counts, and the answer is not looked at.
        place = np.minimum(np.searchsorted(self._ends, overall, side="right"), len(self.keys) - 1)
        inside = (overall - (self._ends[place] - self.counts[place]) + 0.5) / self.counts[place]
        bins = (self.keys[place] & (2 * BIN_ZERO - 1)) - BIN_ZERO
        size = np.maximum(np.abs(bins) - 1, 0)
        low, high = (edge.view(np.float64) for edge in (size << _DROPPED_BITS, (size + 1) << _DROPPED_BITS))
        value = np.where(bins < 0, -high, low) + inside * (high - low)
        value = np.clip(np.where(bins == 0, 0.0, value), self.least, self.greatest)
        return np.where(rank == 0, self.least, np.where(rank == count - 1, self.greatest, value))

    def binned(self) -> Histogram:
        return self


def merge_histograms(parts: list[Histogram]) -> Histogram:
    """The counts of all parts, bin by bin."""
    if len(parts) == 1:
        return parts[0]
    keys = np.concatenate([part.keys for part in parts])
    order = np.argsort(keys, kind="stable")  # quick for runs that are sorted already
    keys = keys[order]
    last = np.flatnonzero(np.diff(keys, append=-1))
    ends = np.cumsum(np.concatenate([part.counts for part in parts])[order])[last]
    least = np.min([part.least for part in parts], axis=0)
    greatest = np.max([part.greatest for part in parts], axis=0)
    return Histogram(keys[last], np.diff(ends, prepend=0), least, greatest)


@dataclass(frozen=True, eq=False)
class Summary:
    """What is kept of float64[series, path]; every statistic is an array over series.

    Without a present value a statistic is NaN; so are `deviation` and `mc_error` of a single one.
    """

    paths: int
    branches: tuple[Branch, ...]
    values: Sample | Histogram

    @classmethod
    def of(cls, samples: FloatArray, first_path: int = 0) -> Summary:
        """The summary of neighbouring paths.

        Parts start at a multiple of 1,024 and, but for the last one of a run, have a whole number of blocks. Raises
        ValueError for another start, for another shape, and for an infinite value.
        """
        if samples.ndim != 2 or not samples.size:
            raise ValueError(f"samples are an array of series by paths, not of shape {samples.shape}")
        if first_path < 0 or first_path % BLOCK_PATHS:
            raise ValueError(f"a part starts at a multiple of {BLOCK_PATHS} paths, not at path {first_path}")
        paths = samples.shape[1]
        # Our own copy, in which zero has no sign: which of two zeros a sort puts first depends on what came before.
        values = np.ascontiguousarray(samples, dtype=np.float64) + 0.0
        branches = grow(branches_of(block_moments(values), first_path, paths))
        return cls(paths, branches, Sample((values,)) if paths <= EXACT_PATHS else Histogram.of(values))

    def binned(self) -> Summary:
        """The same with counts in bins in place of values, as a part of more than EXACT_PATHS paths ends up anyway."""
        return replace(self, values=self.values.binned())

    def merge(self, *others: Summary) -> Summary:
        """The summary of all these paths, the same to the bit in any order. Merging many at once is quicker.

        Raises ValueError for paths summarised twice and for parts that are not of the same series.
        """
        parts = (self, *others)
        if len({len(part.branches[0].moments.count) for part in parts}) > 1:
            raise ValueError("only summaries of the same series can be merged")
        paths = sum(part.paths for part in parts)
        branches = grow(branch for part in parts for branch in part.branches)
        samples = [part.values for part in parts if isinstance(part.values, Sample)]
        if paths <= EXACT_PATHS and len(samples) == len(parts):
            return Summary(paths, branches, Sample(tuple(piece for sample in samples for piece in sample.pieces)))
        return Summary(paths, branches, merge_histograms([part.values.binned() for part in parts]))

    @property
    def count(self) -> CountArray:
        """How many values are present."""
        return self._moments.count

    @property
    def present(self) -> FloatArray:
        """The share of paths on which the value is present."""
        return self.count / self.paths

    @property
    def mean(self) -> FloatArray:
        return np.where(self.count > 0, self._moments.mean, np.nan)

    @property
    def deviation(self) -> FloatArray:
        """The standard deviation of the sample, with count - 1 in the denominator."""
        return np.sqrt(np.where(self.count > 1, self._moments.second, np.nan) / np.maximum(self.count - 1, 1))

    @property
    def mc_error(self) -> FloatArray:
        """The standard error of the mean: sampling error alone, which shrinks with the number of paths (rule R10)."""
        return self.deviation / np.sqrt(np.maximum(self.count, 1))

    def quantile(self, probability: float | FloatArray) -> FloatArray:
        """The values below which lie these shares of the values present: [..., series] for probabilities [...].

        Interpolated linearly between neighbours in rank, as `numpy.quantile` does. Up to EXACT_PATHS paths exact;
        beyond, each neighbour is within RELATIVE_ERROR of its value, and least and greatest are exact. Raises
        ValueError for a probability outside 0 to 1.
        """
        share = np.asarray(probability, dtype=np.float64)[..., np.newaxis]
        if not ((share >= 0.0) & (share <= 1.0)).all():
            raise ValueError(f"a probability lies from 0 to 1, unlike {probability}")
        position = share * np.maximum(self.count - 1, 0)
        rank = np.floor(position).astype(np.int64)
        below = self.values.ordered(rank, self.count)
        above = self.values.ordered(np.minimum(rank + 1, np.maximum(self.count - 1, 0)), self.count)
        with np.errstate(invalid="ignore"):  # a series without values lies between plus and minus infinity
            return np.where(self.count > 0, below + (above - below) * (position - rank), np.nan)

    @cached_property
    def _moments(self) -> Moments:
        return merge_tree(self.branches)


_NO_SIGN = 0x7FFFFFFFFFFFFFFF
_DROPPED_BITS = 52 - MANTISSA_BITS
BIN_ZERO = 1 << 22
BIN_BITS = 23
_BIN_ABSENT = (1 << BIN_BITS) - 1


def _halving_sum(values: FloatArray) -> FloatArray:
    """The sum over the last axis, whose length is a power of two: the second half onto the first, and so on."""
    while (width := values.shape[-1]) > 1:
        values = values[..., : width // 2] + values[..., width // 2 :]
    return values[..., 0]


def _refuse(values: FloatArray, second: FloatArray) -> None:
    series = int(np.argwhere(~np.isfinite(second))[0][0])
    where = np.flatnonzero(np.isinf(values[series]))
    if where.size:
        raise ValueError(f"series {series} is infinite on path {where[0]} of its part")
    raise ValueError(f"series {series} has values too large to be added and squared")
