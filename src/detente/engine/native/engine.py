"""The compiled engine: a program as machine code, run over lanes with the bits of the interpreter."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detente.engine.kernel import by_month
from detente.engine.lanes import Given, Lanes, Setting, aligned, row_for, with_room
from detente.engine.native import objects
from detente.engine.native.kernel import ENTRY, Layout, assembled
from detente.engine.program import Program

FloatArray = npt.NDArray[np.float64]

_MOST_CARRIED = 65_536
"""Bytes that one vector of lanes may carry before the nearest cache spills over more than wide vectors gain."""

_INTEGER, _POINTER = ctypes.c_int64, ctypes.c_void_p
_FUNCTION = ctypes.CFUNCTYPE(
    None,
    *(_INTEGER, _INTEGER, _INTEGER, _INTEGER, _POINTER, _POINTER, _POINTER, _INTEGER, _INTEGER, _INTEGER),
    *(_POINTER, _INTEGER, _POINTER, _INTEGER, _POINTER, _INTEGER),
)


@dataclass(frozen=True, eq=False)
class Compiled:
    """An engine (`engine.lanes.Engine`) of machine code for vectors of so many `width` lanes.

    Calls release Python's lock, so that threads run at once.
    """

    program: Program
    setting: Setting
    width: int
    code: objects.Code
    series: FloatArray

    def run(
        self, given: Sequence[Given], seed: int, first: int, count: int, outputs: FloatArray | None = None
    ) -> Lanes:
        program, room = self.program, with_room(count)
        lanes = room * len(given)
        row = row_for(lanes)
        if outputs is None:
            outputs = aligned(len(program.outputs), self.setting.months, row)
        output_row = outputs.strides[1] // 8
        measures = aligned(len(program.measures), row)
        watched = aligned(lanes)
        arena = aligned(Layout.of(program).size, self.width)
        function = self._function
        setting = self.setting
        for number, one in enumerate(given):
            columns = [_column(one.arguments[name], room) for name in program.arguments]
            pointers = np.array([column.ctypes.data for column in columns], dtype=np.int64)
            before = number * room * 8
            function(
                *(0, room, first, signed(seed), arena.ctypes.data, pointers.ctypes.data, self.series.ctypes.data),
                *(setting.start, setting.now, setting.last, outputs.ctypes.data + before, output_row),
                *(measures.ctypes.data + before, row, watched.ctypes.data + before, int(one.central)),
            )
        if room != count and len(given) > 1:
            kept = np.flatnonzero(np.arange(lanes) % room < count)
            return Lanes(outputs[..., kept], measures[..., kept], np.isnan(watched[kept]))
        lanes = count if len(given) == 1 else lanes
        return Lanes(outputs[..., :lanes], measures[..., :lanes], np.isnan(watched[:lanes]))

    @property
    def _function(self) -> Callable[..., None]:
        return _FUNCTION(self.code.address(ENTRY))


def compile_program(program: Program, setting: Setting, width: int | None = None) -> Compiled:
    """The program as machine code for this processor, from disk where it was compiled before."""
    lanes = width or width_for(program)
    code = objects.code(_described(program, lanes), lambda: assembled(program, lanes))
    places = Layout.of(program).series
    rows = by_month(program, setting)
    series = aligned(setting.last - setting.start + 1, max(len(places), 1))
    for slot, place in places.items():
        series[:, place] = rows[slot]
    return Compiled(program, setting, lanes, code, series)


def is_kept(program: Program) -> bool:
    """Whether the program was compiled before and lies on disk."""
    return objects.is_kept(_described(program, width_for(program)))


def width_for(program: Program) -> int:
    """Lanes of a vector: four times what the processor's registers hold, which hides how long each operation takes and
    shares out what is done once a vector; half of that for a program that would crowd out the nearest cache."""
    native = objects.vector_bytes() // 8
    carried = (Layout.of(program).size + 64) * 8
    return 4 * native if 4 * native * carried <= _MOST_CARRIED else 2 * native


def _described(program: Program, lanes: int) -> str:
    """All that the code of a program depends on."""
    every = [*program.hoisted.items(), *program.code.items()]
    return repr(
        (
            lanes, program.slots, program.constants, sorted(program.booleans), program.arguments, program.tables,
            program.normals, program.uniforms, program.month_slot, program.watched,
            *((at, one.operation, one.target, one.sources) for at, code in every for one in code),
            [(one.slot, one.earlier, one.sources, one.boolean) for one in program.memories],
            list(program.outputs.values()), list(program.measures.values()),
        )
    )  # fmt: skip


def _column(value: FloatArray | float, room: int) -> FloatArray:
    if isinstance(value, np.ndarray):
        if len(value) < room:  # machine code would read beyond it
            raise ValueError(f"a column for {room} lanes has {len(value)} values")
        return np.ascontiguousarray(value, dtype=np.float64)
    return np.full(room, value, dtype=np.float64)


def signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number
