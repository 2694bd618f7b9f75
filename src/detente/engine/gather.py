"""Summaries of many values as they come, part by part and from several threads, without keeping more than is needed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detente.engine.choice import library
from detente.engine.summary import (
    BIN_BITS,
    BIN_ZERO,
    BLOCK_PATHS,
    EXACT_PATHS,
    MANTISSA_BITS,
    Branch,
    CountArray,
    Histogram,
    Moments,
    Sample,
    Summary,
    block_moments,
    branches_of,
    grow,
    merge_histograms,
)  # fmt: skip

FloatArray = npt.NDArray[np.float64]

_TOGETHER = 16
"""Histograms that wait before they are merged."""

_OCTAVES = 1 << 11
"""Exponents of a float64; the sign doubles them."""


@dataclass(eq=False)
class Gathered:
    """Values of float64[series, path], summarised as they come. `add` may be called from several threads at once.
    `kept` is where the values of few paths stand once all have come, if they stand in one place."""

    series: int
    paths: int
    kept: FloatArray | None = None
    branches: list[Branch] = field(default_factory=list)
    pieces: list[FloatArray] = field(default_factory=list)
    idle: list[Tally | Counted] = field(default_factory=list)

    def add(self, samples: FloatArray, first_path: int) -> None:
        """The values of neighbouring paths, as `Summary.of` takes them; they may be kept as they are."""
        count = samples.shape[1]
        self.branches.extend(branches_of(_moments(samples), first_path, count))
        if self.paths <= EXACT_PATHS:
            if self.kept is None:
                self.pieces.append(samples)
            return
        try:
            tally = self.idle.pop()
        except IndexError:
            tally = Tally(self.series) if library() else Counted()
        tally.add(samples)
        self.idle.append(tally)

    def summary(self) -> Summary:
        """All that came."""
        branches = grow(self.branches)
        paths = sum(branch.paths for branch in branches)
        if self.paths <= EXACT_PATHS:
            if self.kept is None:
                return Summary(paths, branches, Sample(tuple(self.pieces)))
            self.kept.sort(axis=1)
            return Summary(paths, branches, Sample((self.kept,), in_order=True))
        return Summary(paths, branches, merge_histograms([tally.histogram() for tally in self.idle]))


def _moments(samples: FloatArray) -> Moments:
    """`summary.block_moments`, by machine code where there is some."""
    functions = library()
    if functions is None or samples.strides[1] != 8:
        return block_moments(samples + 0.0)
    series, paths = samples.shape
    blocks = -(-paths // BLOCK_PATHS)
    counts = np.empty((series, blocks), dtype=np.int64)
    means, seconds = np.empty((series, blocks)), np.empty((series, blocks))
    functions.moments(
        samples.ctypes.data, samples.strides[0] // 8, series, paths, blocks,
        counts.ctypes.data, means.ctypes.data, seconds.ctypes.data,
    )  # fmt: skip
    if not np.isfinite(seconds).all():
        return block_moments(samples)  # which says what is wrong
    return Moments(counts, means, seconds)


@dataclass(eq=False)
class Counted:
    """Counts through NumPy."""

    parts: list[Histogram] = field(default_factory=list)

    def add(self, samples: FloatArray) -> None:
        self.parts.append(Histogram.of(np.ascontiguousarray(samples)))
        if len(self.parts) == _TOGETHER:
            self.parts = [self.histogram()]

    def histogram(self) -> Histogram:
        return merge_histograms(self.parts)


class Tally:
    """Counts by machine code: bins of one sign and exponent lie together on a page, and pages are added as values ask
    for them."""

    def __init__(self, series: int) -> None:
        self.octaves = np.full((series, 2 * _OCTAVES), -1, dtype=np.int32)
        self.pages = np.zeros((4 * series, 1 << MANTISSA_BITS), dtype=np.uint32)
        self.zeros = np.zeros(series, dtype=np.uint32)
        self.ends = np.tile([np.inf, -np.inf], (series, 1))
        self.used = 0

    def add(self, samples: FloatArray) -> None:
        functions = library()
        assert functions is not None
        lanes = samples.shape[1]
        state = np.zeros(2, dtype=np.int64)
        for number, row in enumerate(samples):
            values = np.ascontiguousarray(row)
            state[:] = self.used, 0
            while state[1] < lanes:
                functions.tally(
                    values.ctypes.data, lanes, self.octaves[number].ctypes.data, self.pages.ctypes.data,
                    len(self.pages), self.zeros[number:].ctypes.data, self.ends[number].ctypes.data, state.ctypes.data,
                )  # fmt: skip
                if state[1] < lanes:
                    self.pages = np.concatenate([self.pages, np.zeros_like(self.pages)])
            self.used = int(state[0])

    def histogram(self) -> Histogram:
        found = [self._bins(series) for series in range(len(self.octaves))]
        keys, counts = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Histogram(keys, counts, self.ends[:, 0].copy(), self.ends[:, 1].copy())

    def _bins(self, series: int) -> tuple[CountArray, CountArray]:
        """The keys of the bins in use of a series, rising, and their counts."""
        octaves = np.flatnonzero(self.octaves[series] >= 0)
        counts = self.pages[self.octaves[series, octaves]]
        page, inside = np.nonzero(counts)
        octave = octaves[page]
        size = ((octave & (_OCTAVES - 1)) << MANTISSA_BITS) + inside
        bins = np.where(octave & _OCTAVES, -1 - size, 1 + size)
        found = counts[page, inside].astype(np.int64)
        if self.zeros[series]:
            bins, found = np.append(bins, 0), np.append(found, np.int64(self.zeros[series]))
        order = np.argsort(bins)
        return (series << BIN_BITS) + BIN_ZERO + bins[order], found[order]
