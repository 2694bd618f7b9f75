"""What is drawn once a path, column by column, with the bits of `engine/draws.py`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detente.engine import maths
from detente.engine.draws import Arguments, input_value
from detente.engine.lanes import with_room
from detente.engine.native.engine import aligned, signed
from detente.engine.native.library import COLUMN, SHAPES, Library
from detente.engine.quantiles import Z95
from detente.engine.random import driver_key
from detente.graph.events import exponential_draw
from detente.graph.model import Graph, Input
from detente.lang.distribution import NORMAL_SHAPES

How = tuple[int, int, float, float, float, float]
"""A row of `native.library.COLUMN`."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a graph that are needed: `quick` ones are drawn by machine code, `others` through NumPy; what is
    `fixed` is one number."""

    graph: Graph
    library: Library
    quick: tuple[str, ...]
    how: npt.NDArray[np.void]
    others: tuple[str, ...]
    fixed: Arguments

    @classmethod
    def of(cls, graph: Graph, library: Library, needed: frozenset[str]) -> Columns:
        quick = {exponential_draw(event): _how("exponential", event) for event in graph.hazards}
        others: list[str] = []
        fixed: Arguments = {}
        for name, one in graph.inputs.items():
            how = _how_drawn(graph, one)
            if one.distribution.shape == "fixed":
                fixed[name] = input_value(graph, name, None, 0, np.zeros(0, dtype=np.uint64))
            elif how is None:
                others.append(name)
            else:
                quick[name] = how
        quick = {name: how for name, how in quick.items() if name in needed}
        return cls(
            graph,
            library,
            tuple(quick),
            np.array(list(quick.values()), dtype=COLUMN),
            tuple(name for name in others if name in needed),
            {name: value for name, value in fixed.items() if name in needed},
        )

    def drawn(self, seed: int, first: int, count: int) -> Arguments:
        """The columns for `count` paths from `first` on: float64[path] with room, or one number."""
        room = with_room(count)
        paths = np.arange(first, first + room, dtype=np.uint64)
        found = dict(self.fixed)
        for name in self.others:
            found[name] = input_value(self.graph, name, None, seed, paths)
        columns = aligned(len(self.quick), room)
        self.library.draw(room, first, signed(seed), len(columns), self.how.ctypes.data, columns.ctypes.data, room)
        found.update(zip(self.quick, columns, strict=True))
        return found


def _how(shape: str, stream: str, a: float = 0.0, b: float = 0.0, scale: float = 1.0, period: float = 0.0) -> How:
    return (SHAPES.index(shape), driver_key(stream), a, b, scale, period)


def _how_drawn(graph: Graph, one: Input) -> How | None:
    """How an input is drawn; None where the library cannot."""
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
    return _how(shape.shape, stream, a, b, scale, period)
