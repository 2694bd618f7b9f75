"""The kernel against plain Python: operations, phases, and what is carried from month to month."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.engine.kernel import OPERATIONS, execute
from detente.engine.lanes import Setting
from detente.engine.program import Instruction, Memory, Phase, Program, Rate

FloatArray = npt.NDArray[np.float64]
START, NOW, LAST = 100, 102, 105

LANES = 5


def program(
    slots: int,
    code: dict[Phase, tuple[Instruction, ...]] | None = None,
    hoisted: dict[Rate, tuple[Instruction, ...]] | None = None,
    memories: tuple[Memory, ...] = (),
    **given: Any,
) -> Program:
    """A program of which the test says only what it is about."""
    phases: tuple[Phase, ...] = ("record start", "record", "start", "month", "end")
    rates: tuple[Rate, ...] = ("once", "path", "month")
    cells: tuple[Rate, ...] = ("cell",)
    return Program(
        slots=slots,
        constants=given.get("constants", {}),
        booleans=given.get("booleans", frozenset()),
        arguments=given.get("arguments", {}),
        tables=given.get("tables", {}),
        normals=given.get("normals", {}),
        uniforms=given.get("uniforms", {}),
        month_slot=given.get("month_slot", -1),
        rates=cells * slots,
        hoisted={rate: (hoisted or {}).get(rate, ()) for rate in rates},
        code={phase: (code or {}).get(phase, ()) for phase in phases},
        memories=memories,
        outputs=given.get("outputs", {}),
        record_outputs=given.get("record_outputs", {}),
        measures=given.get("measures", {}),
    )


class Months:
    """Shocks that a test can foresee: the number of the month, and a share that is its last two digits."""

    def normal(self, driver: str, month: int) -> FloatArray:
        return np.full(LANES, float(month))

    def uniform(self, driver: str, month: int) -> FloatArray:
        return np.full(LANES, month % 100 / 100)


def run(
    of: Program,
    arguments: dict[str, FloatArray | float] | None = None,
    tables: dict[str, tuple[int, FloatArray]] | None = None,
    months: tuple[int, int, int] = (START, NOW, LAST),
) -> dict[tuple[str, int, int], float]:
    """The first lane of every slot that holds a number, by phase, month and slot."""
    seen: dict[tuple[str, int, int], float] = {}

    def keep(phase: Phase, month: int, values: list[Any]) -> None:
        for slot, value in enumerate(values):
            if value is not None:
                seen[phase, month, slot] = float(np.asarray(value, dtype=np.float64).flat[0])

    execute(of, arguments or {}, Setting(*months, tables or {}), Months(), keep)
    return seen


PLAIN: dict[str, tuple[int, Callable[..., float]]] = {
    "add": (2, lambda x, y: x + y),
    "subtract": (2, lambda x, y: x - y),
    "multiply": (2, lambda x, y: x * y),
    "divide": (2, lambda x, y: x / y),
    "negative": (1, lambda x: -x),
    "minimum": (2, min),
    "maximum": (2, max),
    "absolute": (1, abs),
    "square_root": (1, math.sqrt),
    "exponential": (1, math.exp),
    "logarithm": (1, math.log),
    "power": (2, math.pow),
    "floor": (1, math.floor),
    "less": (2, lambda x, y: x < y),
    "less_equal": (2, lambda x, y: x <= y),
    "equal": (2, lambda x, y: x == y),
    "and": (2, lambda x, y: x and y),
    "or": (2, lambda x, y: x or y),
    "not": (1, lambda x: not x),
    "select": (3, lambda c, x, y: x if c else y),
}
"""How many arguments each operation takes, and what it is in plain Python."""

OWN = ("exponential", "logarithm", "power")
"""Operations that are our own functions and not one IEEE operation."""


def test_the_operations_are_those_of_formulas() -> None:
    assert set(PLAIN) == set(OPERATIONS)


@pytest.mark.parametrize("operation", PLAIN)
@given(values=st.lists(st.floats(-30.0, 30.0).filter(lambda x: abs(x) > 1e-6), min_size=3, max_size=3))
@settings(max_examples=20)
def test_an_operation_is_what_its_name_says(operation: str, values: list[float]) -> None:
    """One IEEE operation each, so equal to the last place; our own functions within a few."""
    count, plain = PLAIN[operation]
    given: list[float | bool] = list(values[:count])
    if operation in ("square_root", "logarithm", "power"):
        given[0] = abs(given[0])
    if operation in ("and", "or", "not"):
        given = [value > 0 for value in given]
    if operation == "select":
        given[0] = given[0] > 0
    expected = float(plain(*given))
    found = float(np.asarray(OPERATIONS[operation](*(np.full(LANES, value) for value in given)), np.float64).flat[0])
    assert found == (pytest.approx(expected, rel=1e-14, abs=1e-300) if operation in OWN else expected)


def test_constants_arguments_and_tables_are_there_before_anything_runs() -> None:
    """2 * a + table: a = 7, the table gives 10, 11, 12 … from its own first month and is level outside."""
    of = program(
        5,
        {"month": (Instruction("multiply", 3, (0, 1)), Instruction("add", 4, (3, 2)))},
        constants={0: 2.0},
        arguments={"a": 1},
        tables={"t": 2},
        outputs={"x": 4},
    )
    told = run(of, {"a": np.full(LANES, 7.0)}, {"t": (104, np.array([10.0, 11.0]))})
    assert [told["month", month, 4] for month in (103, 104, 105)] == [24.0, 24.0, 25.0]


def test_the_calendar_month_is_a_number_and_what_rests_on_it_is_ready_each_month() -> None:
    of = program(
        3, hoisted={"month": (Instruction("add", 2, (0, 1)),)}, month_slot=0, constants={1: 0.5}, outputs={"x": 2}
    )
    told = run(of)
    assert [told["month", month, 2] for month in (103, 104, 105)] == [103.5, 104.5, 105.5]


def test_normals_are_drawn_for_each_month() -> None:
    of = program(1, normals={"d": 0}, outputs={"x": 0})
    told = run(of)
    assert [told["month", month, 0] for month in (103, 104, 105)] == [103.0, 104.0, 105.0]


def test_uniforms_are_drawn_for_each_month() -> None:
    of = program(1, uniforms={"d": 0}, outputs={"x": 0})
    told = run(of)
    assert [told["month", month, 0] for month in (103, 104, 105)] == [0.03, 0.04, 0.05]


def test_two_memories_can_change_places() -> None:
    """All are carried at once: x becomes y and y becomes x, as a month opens."""
    memories = (
        Memory("x", 2, -1, {"start": 0, "month": 3}, False),
        Memory("y", 3, -1, {"start": 1, "month": 2}, False),
    )
    of = program(4, memories=memories, constants={0: 1.0, 1: 2.0}, outputs={"x": 2, "y": 3})
    told = run(of)
    assert [told["month", month, 2] for month in (103, 104, 105)] == [1.0, 2.0, 1.0]
    assert [told["month", month, 3] for month in (103, 104, 105)] == [2.0, 1.0, 2.0]


def test_a_memory_of_the_record_runs_through_record_and_months() -> None:
    """It begins at the first month of the record with 1 and doubles in each month of the record, then adds one."""
    memory = Memory("x", 3, -1, {"record start": 0, "record": 4, "month": 5}, False)
    of = program(
        6,
        {"record": (Instruction("multiply", 4, (3, 1)),), "month": (Instruction("add", 5, (3, 0)),)},
        memories=(memory,),
        constants={0: 1.0, 1: 2.0},
        outputs={"x": 5},
        record_outputs={"x": 4},
    )
    told = run(of)
    assert [told["record", month, 4] for month in (101, 102)] == [2.0, 4.0]
    assert [told["month", month, 5] for month in (103, 104, 105)] == [5.0, 6.0, 7.0]


def test_what_begins_at_now_sees_the_record_as_that_month_opened() -> None:
    """The memory is 10, 11, 12 as months 100, 101, 102 close; at `now` (102) it opened with 11, and y begins with 11."""
    x = Memory("x", 2, 3, {"record start": 0, "record": 4, "month": 4}, False)
    y = Memory("y", 5, -1, {"start": 3, "month": 5}, False)
    of = program(
        6,
        {"record": (Instruction("add", 4, (2, 1)),), "month": (Instruction("add", 4, (2, 1)),)},
        memories=(x, y),
        constants={0: 10.0, 1: 1.0},
        outputs={"x": 4, "y": 5},
        record_outputs={},
    )
    told = run(of)
    assert told["month", 103, 5] == 11.0
    assert [told["month", month, 4] for month in (103, 104, 105)] == [13.0, 14.0, 15.0]


def test_without_a_record_nothing_is_known_of_the_month_before_now() -> None:
    x = Memory("x", 2, 3, {"record start": 0, "record": 0, "month": 0}, False)
    y = Memory("y", 4, -1, {"start": 3, "month": 4}, False)
    told = run(program(5, memories=(x, y), constants={0: 10.0}, outputs={"y": 4}), months=(NOW, NOW, LAST))
    assert math.isnan(told["month", 103, 4])


def test_figures_at_the_end_are_computed_after_the_last_month_from_its_values() -> None:
    of = program(
        4,
        {"month": (Instruction("add", 2, (0, 1)),), "end": (Instruction("multiply", 3, (2, 2)),)},
        month_slot=0,
        constants={1: 1.0},
        measures={"f": 3},
    )
    told = run(of)
    assert told["month", 105, 3] == 106.0**2
    assert ("month", 104, 3) not in told


def test_what_is_freed_is_never_read() -> None:
    """A long chain whose inner results die at once gives the same as one that keeps them all."""
    chain = tuple(Instruction("add", slot, (slot - 1, 0)) for slot in range(2, 20))
    loose = program(20, {"month": chain}, month_slot=1, constants={0: 1.0}, outputs={"x": 19})
    held = program(
        20, {"month": chain}, month_slot=1, constants={0: 1.0}, outputs={f"x{slot}": slot for slot in range(1, 20)}
    )
    for month in (103, 104, 105):
        assert run(loose)["month", month, 19] == run(held)["month", month, 19] == month + 18.0
    assert ("month", 103, 10) not in run(loose)


def test_what_is_not_defined_gives_no_warning_and_stays_visible() -> None:
    """Division by zero, the logarithm of a negative number: infinite or not a number, for the run to find."""
    of = program(
        4,
        {"month": (Instruction("divide", 2, (0, 1)), Instruction("logarithm", 3, (0,)))},
        constants={0: -1.0, 1: 0.0},
        outputs={"x": 2, "y": 3},
    )
    told = run(of)
    assert told["month", 103, 2] == -math.inf
    assert math.isnan(told["month", 103, 3])
