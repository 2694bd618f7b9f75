"""What an engine is given and what it gives: lanes, each a path of a variant.

Two engines run programs, the interpreter of `engine/kernel.py` through NumPy and the compiled one of `engine/native/`;
both give the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from detente.graph.model import Graph
from detente.text.written import Month

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Arguments = Mapping[str, FloatArray | float]
"""Run-time arguments by name: one number, or float64[path] with room behind the last path."""

ROOM = 32
"""Rows of lanes have room for a multiple of so many, the most that an engine runs at once."""


CACHE_LINE = 64
"""Bytes."""


def with_room(count: int) -> int:
    """How many lanes a row for so many has room for."""
    return -(-count // ROOM) * ROOM


def row_for(count: int) -> int:
    """How many floats apart rows for so many lanes begin: at cache lines, but no power of two apart, which would crowd
    them into few places of the cache."""
    return with_room(count) + CACHE_LINE // 8


def aligned(*shape: int) -> FloatArray:
    """An array that begins at a cache line, with nothing in it yet."""
    size, extra = int(np.prod(shape)), CACHE_LINE // 8
    whole = np.empty(size + extra)
    skipped = -(whole.ctypes.data // 8) % extra
    return whole[skipped : skipped + size].reshape(shape)


@dataclass(frozen=True, eq=False)
class Given:
    """What one variant is given over a range of paths; a `central` one has no shocks."""

    arguments: Arguments
    central: bool = False


@dataclass(frozen=True, eq=False)
class Setting:
    """What a program is run with whatever the variant: the months in which the record phase begins, of `now` and the
    last, and tables by name, each with the month of its first value."""

    start: Month
    now: Month
    last: Month
    tables: Mapping[str, tuple[Month, FloatArray]]

    @classmethod
    def of(cls, graph: Graph) -> Setting:
        tables = {name: (table.first, np.array(table.values)) for name, table in graph.tables.items()}
        return cls(graph.start, graph.deal.now, graph.deal.last, tables)

    @property
    def months(self) -> int:
        """How many months are simulated."""
        return self.last - self.now


@dataclass(frozen=True, eq=False)
class Lanes:
    """What lanes give, variant by variant: `outputs` float64[output, month, lane], `measures` float64[measure, lane],
    and whether something `watched` was not finite, bool[lane]. Rows may have room for more lanes, with nothing in it.
    """

    outputs: FloatArray
    measures: FloatArray
    watched: BoolArray


class Engine(Protocol):
    """A program ready to run. May be used from several threads at once."""

    def run(
        self, given: Sequence[Given], seed: int, first: int, count: int, outputs: FloatArray | None = None
    ) -> Lanes:
        """All variants over `count` paths from path `first` on. Outputs are written to `outputs`, float64[output,
        month, lane] with room and rows one after another, where they are given a place."""
