"""What is drawn once a path, column by column, with the bits of `engine/draws.py`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detente.engine import maths
from detente.engine.draws import Arguments, input_value
from detente.engine.lanes import with_room
from detente.engine.native.engine import aligned, signed
from detente.engine.native.library import Library
from detente.engine.quantiles import Z95
from detente.engine.random import driver_key
from detente.graph.events import exponential_draw
from detente.graph.model import Graph, Input
from detente.lang.distribution import NORMAL_SHAPES


@dataclass(frozen=True)
class _Column:
    """How one column is drawn: see `native.library.Library`."""

    name: str
    shape: str
    driver: int
    a: float = 0.0
    b: float = 0.0
    scale: float = 1.0
    period: float = 0.0


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a graph that are needed: `quick` ones are drawn by machine code, `others` through NumPy."""

    graph: Graph
    library: Library
    quick: tuple[_Column, ...]
    others: tuple[str, ...]

    @classmethod
    def of(cls, graph: Graph, library: Library, needed: frozenset[str]) -> Columns:
        quick = [_Column(exponential_draw(event), "exponential", driver_key(event)) for event in graph.hazards]
        others: list[str] = []
        for name, one in graph.inputs.items():
            column = _column(graph, one)
            if column is None:
                others.append(name)
            else:
                quick.append(column)
        return cls(
            graph,
            library,
            tuple(column for column in quick if column.name in needed),
            tuple(name for name in others if name in needed),
        )

    def drawn(self, seed: int, first: int, count: int) -> Arguments:
        """The columns for `count` paths from `first` on: float64[path] with room, or one number."""
        room = with_room(count)
        paths = np.arange(first, first + room, dtype=np.uint64)
        found: Arguments = {name: input_value(self.graph, name, None, seed, paths) for name in self.others}
        block = aligned(len(self.quick), room)
        for column, row in zip(self.quick, block, strict=True):
            draw = self.library.draw[column.shape]
            key = signed(column.driver)
            given = (column.a, column.b, column.scale, column.period)
            draw(room, first, signed(seed), key, *given, row.ctypes.data)
            found[column.name] = row
        return found


def _column(graph: Graph, one: Input) -> _Column | None:
    shape = one.distribution
    ((stream, weight), *more) = graph.mixing.get(one.name, ((one.stream, 1.0),))
    if more or weight != 1.0:
        return None
    match shape.shape:
        case "normal" | "uniform":
            low, high = shape.parameters
        case "lognormal":
            low, high = (float(end) for end in maths.log(np.array(shape.parameters)))
        case "logit-normal":
            odds = np.array(shape.parameters)
            low, high = (float(end) for end in maths.log(odds / (1.0 - odds)))
        case "bernoulli":
            low, high = 1.0 - shape.parameters[0], 0.0
        case _:
            return None
    if shape.shape in NORMAL_SHAPES:
        a, b = (low + high) * 0.5, (high - low) / (2.0 * Z95)
    else:
        a, b = low, high - low
    grows = shape.kind == "growth"
    scale, period = (1.0, float(shape.period)) if grows else (shape.scale, 0.0)
    return _Column(one.name, shape.shape, driver_key(stream), a, b, scale, period)
