"""The NumPy kernel: the program over a chunk of lanes, one instruction a vector. The oracle, and the fallback for good.

A lane is a path of a variant. Every instruction is one IEEE operation or one of our own functions, so any chunk gives
the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from detente.engine import maths
from detente.engine.draws import Shocks
from detente.engine.lanes import Arguments, Given, Lanes, Setting
from detente.engine.program import Instruction, Phase, Program

FloatArray = npt.NDArray[np.float64]
Values = list[Any]

OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": lambda x, y: np.divide(x, y + 0.0),  # so that the sign of a zero, which minimum may choose, is no matter
    "negative": np.negative,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "absolute": np.absolute,
    "square_root": np.sqrt,
    "exponential": lambda x: maths.exp(np.atleast_1d(x)),
    "logarithm": lambda x: maths.log(np.atleast_1d(x)),
    "power": lambda x, y: maths.power(*np.broadcast_arrays(np.atleast_1d(x), np.atleast_1d(y))),
    "floor": np.floor,
    "less": np.less,
    "less_equal": np.less_equal,
    "equal": np.equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "select": np.where,
}


class Drawn(Protocol):
    """The shocks of a month, for every lane."""

    def normal(self, driver: str, month: int) -> FloatArray: ...

    def uniform(self, driver: str, month: int) -> FloatArray: ...


def execute(
    program: Program,
    arguments: Arguments,
    setting: Setting,
    drawn: Drawn,
    keep: Callable[[Phase, int, Values], None],
) -> None:
    """Run the program over the lanes.

    `drawn` gives the shocks, float64[lane] each. `keep(phase, month, values)` sees the slots of every month, those of
    the end in the last.
    """
    start, now, last = setting.start, setting.now, setting.last
    record, each_month = _prepared(program, "record"), _prepared(program, "month")
    with np.errstate(all="ignore"):
        values, rows = _without_paths(program, setting)
        for name, slot in program.arguments.items():
            values[slot] = np.asarray(arguments[name]).astype(np.bool_ if slot in program.booleans else np.float64)
        _run(program.hoisted["path"], values)
        _set_month(rows, 0, values)
        _draw(program, drawn, start, values)
        _run(program.code["record start"], values)
        _carry(program, "record start", values)
        for memory in program.memories:
            if memory.earlier >= 0:
                # Not known, unless a month of the record tells it; a truth must be one all the same.
                values[memory.earlier] = np.bool_(True) if memory.boolean else np.float64("nan")
        for month in range(start + 1, now + 1):
            _set_month(rows, month - start, values)
            _draw(program, drawn, month, values)
            _run_steps(record, values)
            keep("record", month, values)
            for memory in program.memories:
                if memory.earlier >= 0 and month == now:
                    values[memory.earlier] = values[memory.slot]
            _carry(program, "record", values)
        _run(program.code["start"], values)
        _carry(program, "start", values)
        for month in range(now + 1, last + 1):
            _set_month(rows, month - start, values)
            _draw(program, drawn, month, values)
            _run_steps(each_month, values)
            if month == last:
                _run(program.code["end"], values)
            keep("month", month, values)
            _carry(program, "month", values)


def by_month(program: Program, setting: Setting) -> dict[int, FloatArray]:
    """Slots that do not change by path: float64[month] from the start of the record on."""
    with np.errstate(all="ignore"):
        values, found = _without_paths(program, setting)
    months = setting.last - setting.start + 1
    once = {one.target: np.full(months, values[one.target]) for one in program.hoisted["once"]}
    return {slot: np.asarray(row, dtype=np.float64) for slot, row in (found | once).items()}


def _without_paths(program: Program, setting: Setting) -> tuple[Values, dict[int, FloatArray]]:
    """Slots with what is the same throughout, and those that change by month alone: all months at once."""
    values: Values = [None] * program.slots
    for slot, number in program.constants.items():
        values[slot] = np.bool_(number) if slot in program.booleans else np.float64(number)
    _run(program.hoisted["once"], values)
    months = np.arange(setting.start, setting.last + 1)
    found: Values = list(values)
    if program.month_slot >= 0:
        found[program.month_slot] = months.astype(np.float64)
    for name, slot in program.tables.items():
        first, table = setting.tables[name]
        found[slot] = table[np.clip(months - first, 0, len(table) - 1)]
    _run(program.hoisted["month"], found)
    slots = [program.month_slot, *program.tables.values(), *(one.target for one in program.hoisted["month"])]
    return values, {slot: np.broadcast_to(found[slot], months.shape) for slot in slots if slot >= 0}


def _set_month(rows: dict[int, FloatArray], index: int, values: Values) -> None:
    for slot, row in rows.items():
        values[slot] = row[index]


def _draw(program: Program, drawn: Drawn, month: int, values: Values) -> None:
    for driver, slot in program.normals.items():
        values[slot] = drawn.normal(driver, month)
    for driver, slot in program.uniforms.items():
        values[slot] = drawn.uniform(driver, month)


Step = tuple[Callable[..., Any], int, tuple[int, ...], tuple[int, ...]]
"""A function, the slot it fills, the slots it reads, and those that nothing reads after it."""


def _run(code: tuple[Instruction, ...], values: Values) -> None:
    for one in code:
        values[one.target] = OPERATIONS[one.operation](*[values[source] for source in one.sources])


def _prepared(program: Program, phase: Phase) -> list[Step]:
    """The code of a phase with what dies at each instruction: memory freed at once is used again while the cache still
    holds it, which is worth a factor of two."""
    code = program.code[phase]
    kept = {memory.sources[phase] for memory in program.memories if phase in memory.sources}
    kept |= {*program.outputs.values(), *program.record_outputs.values(), *program.measures.values(), *program.watched}
    if phase == "month":
        kept |= {source for one in program.code["end"] for source in one.sources}
    last: dict[int, int] = {}
    for number, one in enumerate(code):
        for source in one.sources:
            last[source] = number
    own = {one.target for one in code}
    steps: list[Step] = []
    for number, one in enumerate(code):
        dead = tuple(
            source for source in set(one.sources) if source in own and source not in kept and last[source] == number
        )
        steps.append((OPERATIONS[one.operation], one.target, one.sources, dead))
    return steps


def _run_steps(steps: list[Step], values: Values) -> None:
    for function, target, sources, dead in steps:
        if len(sources) == 2:
            values[target] = function(values[sources[0]], values[sources[1]])
        elif len(sources) == 1:
            values[target] = function(values[sources[0]])
        else:
            values[target] = function(values[sources[0]], values[sources[1]], values[sources[2]])
        for slot in dead:
            values[slot] = None


def _carry(program: Program, phase: Phase, values: Values) -> None:
    """What the phase leaves is what the next month opens with."""
    moved = [(memory, values[memory.sources[phase]]) for memory in program.memories if phase in memory.sources]
    for memory, value in moved:
        values[memory.slot] = value


@dataclass(frozen=True, eq=False)
class Interpreter:
    """The engine that needs nothing but NumPy."""

    program: Program
    setting: Setting

    def run(
        self, given: Sequence[Given], seed: int, first: int, count: int, outputs: FloatArray | None = None
    ) -> Lanes:
        program, lanes = self.program, count * len(given)
        paths = np.arange(first, first + count, dtype=np.uint64)
        if outputs is None:
            outputs = np.empty((len(program.outputs), self.setting.months, lanes))
        outputs = outputs[..., :lanes]
        measures = np.empty((len(program.measures), lanes))
        watched = np.zeros(lanes, dtype=np.bool_)

        def keep(phase: Phase, month: int, values: Values) -> None:
            if phase != "month":
                return
            for row, slot in enumerate(program.outputs.values()):
                # A zero without a sign, here and below: which of two a minimum gives is left to the processor.
                np.add(values[slot], 0.0, out=outputs[row, month - self.setting.now - 1])
            for slot in program.watched:
                np.logical_or(watched, ~np.isfinite(values[slot]), out=watched)
            if month == self.setting.last:
                for row, slot in enumerate(program.measures.values()):
                    np.add(values[slot], 0.0, out=measures[row])

        drawn = _OfVariants(Shocks(seed, paths), tuple(one.central for one in given))
        arguments = {name: _laid_out([one.arguments[name] for one in given], count) for name in program.arguments}
        execute(program, arguments, self.setting, drawn, keep)
        return Lanes(outputs, measures, watched)


@dataclass(frozen=True)
class _OfVariants:
    """The same shocks for every variant; none, which is 0, for a central one."""

    shocks: Shocks
    central: tuple[bool, ...]

    def normal(self, driver: str, month: int) -> FloatArray:
        return self._laid_out(self.shocks.normal(driver, month))

    def uniform(self, driver: str, month: int) -> FloatArray:
        return self._laid_out(self.shocks.uniform(driver, month))

    def _laid_out(self, drawn: FloatArray) -> FloatArray:
        return np.concatenate([np.zeros(len(drawn)) if central else drawn for central in self.central])


def _laid_out(values: list[FloatArray | float], count: int) -> FloatArray | float:
    """One argument over all lanes; a single number where all variants agree on it."""
    if all(isinstance(value, float) for value in values) and len(set(map(str, values))) == 1:
        return values[0]
    rows = [value[:count] if isinstance(value, np.ndarray) else np.full(count, value) for value in values]
    return np.concatenate(rows)
