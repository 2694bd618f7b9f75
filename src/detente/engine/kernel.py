"""The NumPy kernel: the program over a chunk of lanes, one instruction a vector. The oracle, and the fallback for good.

A lane is a path of a variant. Every instruction is one IEEE operation or one of our own functions, so any chunk gives
the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from detente.engine import maths
from detente.engine.program import Instruction, Phase, Program

FloatArray = npt.NDArray[np.float64]
Values = list[Any]

OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
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
    arguments: Mapping[str, FloatArray | float],
    tables: Mapping[str, tuple[int, FloatArray]],
    drawn: Drawn,
    months: tuple[int, int, int],
    keep: Callable[[Phase, int, Values], None],
) -> Values:
    """Run the program over the lanes and give the slots as they are after the last month.

    `months` are where the record phase begins, `now`, and the last month; `tables` give the month of their first value;
    `drawn` gives the shocks, float64[lane] each. `keep(phase, month, values)` sees the slots after every month.
    """
    start, now, last = months
    values: Values = [None] * program.slots
    record, each_month = _prepared(program, "record"), _prepared(program, "month")
    with np.errstate(all="ignore"):
        for slot, number in program.constants.items():
            values[slot] = np.bool_(number) if slot in program.booleans else np.float64(number)
        for name, slot in program.arguments.items():
            values[slot] = np.asarray(arguments[name]).astype(np.bool_ if slot in program.booleans else np.float64)
        _run(program.hoisted["once"], values)
        _run(program.hoisted["path"], values)
        by_month = _by_month(program, tables, start, last, values)
        _set_month(by_month, 0, values)
        _draw(program, drawn, start, values)
        _run(program.code["record start"], values)
        _carry(program, "record start", values)
        for memory in program.memories:
            if memory.earlier >= 0:
                values[memory.earlier] = np.float64("nan")  # not known, unless a month of the record tells it
        for month in range(start + 1, now + 1):
            _set_month(by_month, month - start, values)
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
            _set_month(by_month, month - start, values)
            _draw(program, drawn, month, values)
            _run_steps(each_month, values)
            if month == last:
                _run(program.code["end"], values)
            keep("month", month, values)
            _carry(program, "month", values)
    return values


def _by_month(
    program: Program, tables: Mapping[str, tuple[int, FloatArray]], start: int, last: int, values: Values
) -> dict[int, FloatArray]:
    """Slots that change by month alone: float64[month], all months at once."""
    months = np.arange(start, last + 1)
    found: Values = list(values)
    if program.month_slot >= 0:
        found[program.month_slot] = months.astype(np.float64)
    for name, slot in program.tables.items():
        first, table = tables[name]
        found[slot] = table[np.clip(months - first, 0, len(table) - 1)]
    _run(program.hoisted["month"], found)
    slots = [program.month_slot, *program.tables.values(), *(one.target for one in program.hoisted["month"])]
    return {slot: np.broadcast_to(found[slot], months.shape) for slot in slots if slot >= 0}


def _set_month(by_month: dict[int, FloatArray], index: int, values: Values) -> None:
    for slot, table in by_month.items():
        values[slot] = table[index]


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
    kept |= {*program.outputs.values(), *program.record_outputs.values(), *program.measures.values()}
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
