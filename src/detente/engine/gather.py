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
)

FloatArray = npt.NDArray[np.float64]

_TOGETHER = 16
"""Histograms that wait before they are merged."""

_EXPONENTS = 1 << 11
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
        moments, ends = _moments(samples)
        self.branches.extend(branches_of(moments, first_path, samples.shape[1]))
        if self.paths <= EXACT_PATHS:
            if self.kept is None:
                self.pieces.append(samples)
            return
        try:
            tally = self.idle.pop()
        except IndexError:
            tally = Tally(self.series) if library() else Counted()
        tally.add(samples, ends)
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
        whole = self.idle.pop()
        while self.idle:  # each let go when it is added
            whole.take(self.idle.pop())
        self.idle.append(whole)
        return Summary(paths, branches, whole.histogram())


Ends = tuple[FloatArray, FloatArray]
"""The least and the greatest value of each series, infinite where there is none."""


def _moments(samples: FloatArray) -> tuple[Moments, Ends]:
    """`summary.block_moments`, by machine code where there is some, and the ends."""
    functions = library()
    if functions is None or samples.strides[1] != 8:
        return block_moments(samples + 0.0), _ends(samples)
    series, paths = samples.shape
    blocks = -(-paths // BLOCK_PATHS)
    counts = np.empty((series, blocks), dtype=np.int64)
    means, seconds, leasts, greatests = (np.empty((series, blocks)) for _ in range(4))
    found = (counts, means, seconds, leasts, greatests)
    functions.moments(
        samples.ctypes.data, samples.strides[0] // 8, series, paths, blocks, *(one.ctypes.data for one in found)
    )
    if not np.isfinite(seconds).all():
        block_moments(samples)  # which says what is wrong
    return Moments(counts, means, seconds), (leasts.min(axis=1), greatests.max(axis=1))


def _ends(samples: FloatArray) -> Ends:
    present = ~np.isnan(samples)
    return (
        np.min(samples, axis=1, where=present, initial=np.inf),
        np.max(samples, axis=1, where=present, initial=-np.inf),
    )


@dataclass(eq=False)
class Counted:
    """Counts of values in bins as they come, through NumPy."""

    parts: list[Histogram] = field(default_factory=list)

    def add(self, samples: FloatArray, _: Ends) -> None:
        self.parts.append(Histogram.of(np.ascontiguousarray(samples)))
        if len(self.parts) == _TOGETHER:
            self.parts = [self.histogram()]

    def take(self, other: Tally | Counted) -> None:
        self.parts.append(other.histogram())

    def histogram(self) -> Histogram:
        return merge_histograms(self.parts)


class Tally:
    """The same by machine code: bins of one sign and exponent lie together on a page, and pages are added as values ask
    for them."""

    def __init__(self, series: int) -> None:
        self.octaves = np.full((series, 2 * _EXPONENTS), -1, dtype=np.int32)
        self.pages = np.zeros((4 * series, 1 << MANTISSA_BITS), dtype=np.uint32)
        self.zeros = np.zeros(series, dtype=np.uint32)
        self.least, self.greatest = np.full(series, np.inf), np.full(series, -np.inf)
        self.used = 0

    def add(self, samples: FloatArray, ends: Ends) -> None:
        functions = library()
        assert functions is not None
        np.minimum(self.least, ends[0], out=self.least)
        np.maximum(self.greatest, ends[1], out=self.greatest)
        values = samples if samples.strides[1] == 8 else np.ascontiguousarray(samples)
        series, lanes = values.shape
        state = np.array([self.used, 0, 0], dtype=np.int64)
        while state[1] < series:
            functions.tally(
                values.ctypes.data, values.strides[0] // 8, series, lanes, self.octaves.ctypes.data,
                self.pages.ctypes.data, len(self.pages), self.zeros.ctypes.data, state.ctypes.data,
            )  # fmt: skip
            if state[1] < series:
                self.pages = np.concatenate([self.pages, np.zeros_like(self.pages)])
        self.used = int(state[0])

    def take(self, other: Tally | Counted) -> None:
        """The counts of another as well."""
        assert isinstance(other, Tally)
        series, octave = np.nonzero(other.octaves >= 0)
        new = self.octaves[series, octave] < 0
        self.octaves[series[new], octave[new]] = np.arange(self.used, self.used + np.count_nonzero(new))
        self.used += int(np.count_nonzero(new))
        if self.used > len(self.pages):
            more = np.zeros((self.used - len(self.pages), self.pages.shape[1]), dtype=np.uint32)
            self.pages = np.concatenate([self.pages, more])
        self.pages[self.octaves[series, octave]] += other.pages[other.octaves[series, octave]]
        self.zeros += other.zeros
        np.minimum(self.least, other.least, out=self.least)
        np.maximum(self.greatest, other.greatest, out=self.greatest)

    def histogram(self) -> Histogram:
        found = [self._bins(series) for series in range(len(self.octaves))]
        keys, counts = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return Histogram(keys, counts, self.least.copy(), self.greatest.copy())

    def _bins(self, series: int) -> tuple[CountArray, CountArray]:
        """The keys of the bins in use of a series, rising, and their counts."""
        octaves = np.flatnonzero(self.octaves[series] >= 0)
        counts = self.pages[self.octaves[series, octaves]]
        page, inside = np.nonzero(counts)
        octave = octaves[page]
        size = ((octave & (_EXPONENTS - 1)) << MANTISSA_BITS) + inside
        bins = np.where(octave & _EXPONENTS, -1 - size, 1 + size)
        found = counts[page, inside].astype(np.int64)
        if self.zeros[series]:
            bins, found = np.append(bins, 0), np.append(found, np.int64(self.zeros[series]))
        order = np.argsort(bins)
        return (series << BIN_BITS) + BIN_ZERO + bins[order], found[order]
