"""Programs in two engines: hand-made ones, what they are given, and whether both give the same bits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.engine.kernel import Interpreter
from detente.engine.lanes import Engine, Given, Lanes, Setting, with_room
from detente.engine.program import PHASES, Instruction, Memory, Phase, Program, Rate

FloatArray = npt.NDArray[np.float64]

NO_LLVM = "llvmlite is not installed: programs are not compiled here"

WIDTHS = (2, 4, 8, 16, 32)
"""Lanes of a vector for which code is made; a processor uses one or two of them."""

ONE, TINY, LARGEST = 1.0, 2.0**-1022, 1.7976931348623157e308
SPECIAL: FloatArray = np.array(
    [
        *(0.0, 5e-324, 1e-310, TINY * (1 - 2.0**-52), TINY, 1e-300, 2.0**-54, 2.0**-53, 1e-7, 1 / 3, 0.5, 0.9),
        *(np.nextafter(ONE, 0.0), ONE, np.nextafter(ONE, 2.0), 1.5, 2.0, 2.5, 3.0, 7.0, 8.5, 63.0, 64.0, 708.0, 709.78),
        *(710.0, 1000.5, 2.0**52 - 0.5, 2.0**52 + 1.0, 2.0**53, 2.0**53 + 2.0, 2.0**64, 1e100, LARGEST / 2, LARGEST),
        np.inf,
    ]
)
SPECIAL = np.concatenate([SPECIAL, -SPECIAL, [np.nan, -np.nan]])
"""Where operations turn: zeros, subnormals, ones, whole numbers and halves, what overflows, infinities, absence."""


def plain(values: npt.ArrayLike) -> FloatArray:
    """What must not differ in a bit: every NaN is one NaN, and a zero has no sign."""
    given = np.asarray(values, dtype=np.float64)
    return np.where(np.isnan(given), np.float64("nan"), given) + 0.0


def differing(found: npt.ArrayLike, expected: npt.ArrayLike) -> str:
    """Nothing where the bits are equal, else what differs first, and where."""
    left, right = plain(found), plain(expected)
    if left.shape != right.shape:
        return f"shape {left.shape}, not {right.shape}"
    apart = np.argwhere(left.view(np.int64) != right.view(np.int64))
    if not len(apart):
        return ""
    where = tuple(apart[0])
    return f"{len(apart)} of {left.size} differ; at {where} {float(left[where]).hex()}, not {float(right[where]).hex()}"


def assert_same(program: Program, found: Lanes, expected: Lanes) -> None:
    """The same lanes on which something watched is not finite, and on all others equal bits of every output and
    measure: code that is compiled may rest on the rest being finite."""
    assert not (told := differing(found.watched, expected.watched)), f"watched [lane]: {told}"
    sound = ~expected.watched
    for name, left, right in zip(program.outputs, found.outputs, expected.outputs, strict=True):
        assert not (told := differing(left[:, sound], right[:, sound])), f"output '{name}' [month, lane]: {told}"
    for name, one, other in zip(program.measures, found.measures, expected.measures, strict=True):
        assert not (told := differing(one[sound], other[sound])), f"measure '{name}' [lane]: {told}"


def made(
    slots: int,
    code: Mapping[Phase, Sequence[Instruction]] | None = None,
    hoisted: Mapping[Rate, Sequence[Instruction]] | None = None,
    memories: Sequence[Memory] = (),
    **given: Any,
) -> Program:
    """A program of which a test says only what it is about."""
    rates: tuple[Rate, ...] = ("once", "path", "month")
    cells: tuple[Rate, ...] = ("cell",)
    return Program(
        slots=slots,
        constants=given.get("constants", {}),
        booleans=frozenset(given.get("booleans", ())),
        arguments=given.get("arguments", {}),
        tables=given.get("tables", {}),
        normals=given.get("normals", {}),
        uniforms=given.get("uniforms", {}),
        month_slot=given.get("month_slot", -1),
        rates=cells * slots,
        hoisted={rate: tuple((hoisted or {}).get(rate, ())) for rate in rates},
        code={phase: tuple((code or {}).get(phase, ())) for phase in PHASES},
        memories=tuple(memories),
        outputs=given.get("outputs", {}),
        record_outputs={},
        measures=given.get("measures", {}),
        watched=tuple(given.get("watched", ())),
    )


def with_spare(values: npt.ArrayLike) -> FloatArray:
    """A row of lanes with the room behind it that an engine may read."""
    row = np.asarray(values, dtype=np.float64)
    return np.concatenate([row, np.full(with_room(len(row)) - len(row), 0.5)])


def compiled(program: Program, setting: Setting, width: int) -> Engine:
    """The compiled engine at a width."""
    from detente.engine.native.engine import compile_program

    return compile_program(program, setting, width)


def assert_engines_agree(
    program: Program,
    setting: Setting,
    width: int,
    given: Sequence[Given],
    seed: int = 1,
    first: int = 0,
    count: int = 1,
) -> Lanes:
    """Both engines on the same lanes; gives what they give."""
    expected = Interpreter(program, setting).run(given, seed, first, count)
    assert_same(program, compiled(program, setting, width).run(given, seed, first, count), expected)
    return expected
