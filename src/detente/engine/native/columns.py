"""What is drawn once a path, column by column, with the bits of `engine/draws.py`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detente.engine import maths
from detente.engine.draws import Arguments, input_value
from detente.engine.lanes import aligned, with_room
from detente.engine.native.engine import signed
from detente.engine.native.library import STEP, STEPS, Library
from detente.engine.quantiles import Z95
from detente.engine.random import driver_key
from detente.graph.events import exponential_draw
from detente.graph.model import Graph, Input
from detente.lang.distribution import Distribution

Step = tuple[str, str, float, float, float, float]
"""A step of a column: which of `native.library.STEPS`, the stream it draws from, and its numbers."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of a graph that are needed: `quick` ones are drawn by machine code in `steps`, `others` through
    NumPy; what is `fixed` is one number."""

    graph: Graph
    library: Library
    quick: tuple[str, ...]
    steps: npt.NDArray[np.void]
    mixed: tuple[int, ...]
    others: tuple[str, ...]
    fixed: Arguments

    @classmethod
    def of(cls, graph: Graph, library: Library, needed: frozenset[str]) -> Columns:
        quick = {exponential_draw(event): [_step("exponential", event)] for event in graph.hazards}
        others: list[str] = []
        fixed: Arguments = {}
        for name, one in graph.inputs.items():
            steps = _steps(graph, one)
            if one.distribution.shape == "fixed":
                fixed[name] = input_value(graph, name, None, 0, np.zeros(0, dtype=np.uint64))
            elif not steps:
                others.append(name)
            else:
                quick[name] = steps
        quick = {name: steps for name, steps in quick.items() if name in needed}
        rows = [
            (STEPS.index(step), place, driver_key(stream), *numbers)
            for place, steps in enumerate(quick.values())
            for step, stream, *numbers in steps
        ]
        return cls(
            graph,
            library,
            tuple(quick),
            np.array(rows, dtype=STEP),
            tuple(place for place, steps in enumerate(quick.values()) if len(steps) > 1),
            tuple(name for name in others if name in needed),
            {name: value for name, value in fixed.items() if name in needed},
        )

    def drawn(self, seed: int, first: int, count: int) -> Arguments:
        """The columns for `count` paths from `first` on: float64[path] with room, or one number."""
        room = with_room(count)
        found = dict(self.fixed)
        if self.others:
            paths = np.arange(first, first + room, dtype=np.uint64)
            for name in self.others:
                found[name] = input_value(self.graph, name, None, seed, paths)
        columns = aligned(len(self.quick), room)
        for place in self.mixed:
            columns[place] = 0.0
        steps = self.steps
        self.library.draw(room, first, signed(seed), len(steps), steps.ctypes.data, columns.ctypes.data, room)
        found.update(zip(self.quick, columns, strict=True))
        return found


def _step(step: str, stream: str, a: float = 0.0, b: float = 0.0, scale: float = 1.0, period: float = 0.0) -> Step:
    return (step, stream, a, b, scale, period)


def _steps(graph: Graph, one: Input) -> list[Step]:
    """How an input is drawn; nothing where the library cannot."""
    shape = one.distribution
    parts = graph.mixing.get(one.name, ((one.stream, 1.0),))
    mixed = len(parts) > 1 or parts[0][1] != 1.0
    a, b = 0.0, 0.0
    match shape.shape:
        case "normal" | "lognormal" | "logit-normal":
            low, high = _scores(shape)
            a, b = (low + high) * 0.5, (high - low) / (2.0 * Z95)
        case "uniform" if not mixed:
            low, high = shape.parameters
            a, b = low, high - low
        case "bernoulli" if not mixed:
            a = 1.0 - shape.parameters[0]
        case _:
            return []
    numbers = (a, b, 1.0, float(shape.period)) if shape.kind == "growth" else (a, b, shape.scale, 0.0)
    if not mixed:
        return [_step(shape.shape, parts[0][0], *numbers)]
    return [*(_step("part", stream, weight) for stream, weight in parts), _step(f"mixed {shape.shape}", "", *numbers)]


def _scores(shape: Distribution) -> tuple[float, float]:
    """The ends of a range on the scale of its normal."""
    ends = np.array(shape.parameters)
    if shape.shape == "lognormal":
        ends = maths.log(ends)
    if shape.shape == "logit-normal":
        ends = maths.log(ends / (1.0 - ends))
    return float(ends[0]), float(ends[1])
