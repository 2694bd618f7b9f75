"""Whole paths: every quantity in every month, for explanations, tests and pictures of single futures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt

from detente.engine import memory
from detente.engine.draws import Shocks
from detente.engine.kernel import Values, execute
from detente.engine.lanes import Setting
from detente.engine.program import Phase, Program, compile_graph
from detente.engine.simulate import BASE, Variant, run_arguments
from detente.graph.model import Graph
from detente.text.written import Month

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Paths:
    """Values in base units, float64[month, path] by name; nan in months for which a quantity is not told.

    `months` run from the month after the record phase begins to the last; `opening` holds what accounts and other
    memories begin with at `now`, float64[path]; `arguments` the inputs, draws, policies and switches of the paths.
    """

    months: tuple[Month, ...]
    values: dict[str, FloatArray]
    opening: dict[str, FloatArray]
    arguments: dict[str, FloatArray | float]
    normals: dict[tuple[str, Month], FloatArray]
    uniforms: dict[tuple[str, Month], FloatArray]

    def at(self, name: str, month: Month) -> FloatArray:
        """A quantity in a month, over paths."""
        found: FloatArray = self.values[name][self.months.index(month)]
        return found


@dataclass(frozen=True)
class _Noted:
    """Shocks that are kept as they are drawn."""

    shocks: Shocks
    normals: dict[tuple[str, Month], FloatArray] = field(default_factory=dict)
    uniforms: dict[tuple[str, Month], FloatArray] = field(default_factory=dict)

    def normal(self, driver: str, month: int) -> FloatArray:
        return self.normals.setdefault((driver, month), self.shocks.normal(driver, month))

    def uniform(self, driver: str, month: int) -> FloatArray:
        return self.uniforms.setdefault((driver, month), self.shocks.uniform(driver, month))


def trace(
    graph: Graph, paths: Sequence[int], seed: int, one: Variant = BASE, names: Sequence[str] | None = None
) -> Paths:
    """The named equations (all by default) on the numbered paths, in every month.

    Raises:
        Refused: where there is not enough memory.
    """
    chosen = tuple(names if names is not None else graph.equations)
    program = compile_graph(graph, chosen, (), traced=True)
    needed = partial(memory.traced_bytes, program, graph.deal.last - graph.start)
    memory.check("a trace", needed, len(paths), memory.room())
    return run_traced(graph, program, paths, seed, one)


def run_traced(graph: Graph, program: Program, paths: Sequence[int], seed: int, one: Variant) -> Paths:
    """As `trace`, with a program compiled before."""
    numbers = np.array(list(paths), dtype=np.uint64)
    drawn = _Noted(Shocks(seed, numbers, one.central))
    start, now, last = graph.start, graph.deal.now, graph.deal.last
    months = tuple(range(start + 1, last + 1))
    values = {name: np.full((len(months), len(numbers)), np.nan) for name in program.outputs}
    opening: dict[str, FloatArray] = {}

    def keep(phase: Phase, month: int, slots: Values) -> None:
        if month == now + 1:
            for memory in program.memories:
                opening[memory.equation] = np.broadcast_to(
                    np.asarray(slots[memory.slot], dtype=np.float64), (len(numbers),)
                )
        for name, slot in (program.outputs if phase == "month" else program.record_outputs).items():
            values[name][month - start - 1] = np.asarray(slots[slot], dtype=np.float64)

    arguments = run_arguments(graph, one, seed, numbers)
    execute(program, arguments, Setting.of(graph), drawn, keep)
    return Paths(months, values, opening, arguments, drawn.normals, drawn.uniforms)
