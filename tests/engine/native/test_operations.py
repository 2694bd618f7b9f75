"""Every operation of a program as vector code: on arguments at which it turns, in every lane of every width."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from detente.engine.kernel import OPERATIONS
from detente.engine.lanes import Given, Setting
from detente.engine.program import Instruction, Program
from tests.engine.native.harness import (
    NO_LLVM,
    SPECIAL,
    WIDTHS,
    FloatArray,
    assert_engines_agree,
    made,
    plain,
    with_spare,
)

pytest.importorskip("llvmlite", reason=NO_LLVM)

SETTING = Setting(100, 102, 103, {})

NUMBERS = ("negative", "absolute", "square_root", "exponential", "logarithm", "floor"), (
    "add", "subtract", "multiply", "divide", "minimum", "maximum", "power",
)  # fmt: skip
"""Operations of one number and of two."""
COMPARISONS = ("less", "less_equal", "equal")
TRUTHS = ("not",), ("and", "or", "equal")
"""Operations of one truth and of two."""

CONSTANTS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.5, 1e308, 5e-324, np.inf, -np.inf, np.nan)


def test_every_operation_is_tried_here() -> None:
    told = {*NUMBERS[0], *NUMBERS[1], *COMPARISONS, *TRUTHS[0], *TRUTHS[1], "select"}
    assert told == set(OPERATIONS)


def on_arguments(watched: bool) -> Program:
    """All operations on two numbers and two truths. The numbers come of a division, after which code that is compiled
    may take nothing for finite; what comes of them is `watched` or not."""
    x, y, p, q, given_x, given_y, unit = range(7)
    made_of: list[tuple[str, tuple[int, ...]]] = [(name, (x,)) for name in NUMBERS[0]] + [
        (name, (x, y)) for name in (*NUMBERS[1], *COMPARISONS)
    ]
    made_of += [(name, (p,)) for name in TRUTHS[0]] + [(name, (p, q)) for name in TRUTHS[1]]
    made_of += [("select", (p, x, y)), ("select", (p, q, p)), ("select", (p, p, q)), ("select", (q, x, x))]
    truths = [p, q]
    code = []
    for target, (name, sources) in enumerate(made_of, start=7):
        code.append(Instruction(name, target, sources))
        if name in (*COMPARISONS, "and", "or", "not") or (name == "select" and sources[1] in truths):
            truths.append(target)
    names = {f"{one.operation} of {one.sources}": one.target for one in code}
    return made(
        7 + len(code),
        {"month": code},
        {"path": [Instruction("divide", x, (given_x, unit)), Instruction("divide", y, (given_y, unit))]},
        arguments={"x": given_x, "y": given_y, "unit": unit, "p": p, "q": q},
        booleans=truths,
        outputs=names,
        measures=names,
        watched=[one.target for one in code if one.target not in truths] if watched else [],
    )


def on_constants() -> Program:
    """All operations of two numbers with a literal on one side or on both, as they are read in the months."""
    x, first, given_x, unit = 0, 3, 1, 2
    slots = range(first, first + len(CONSTANTS))
    pairs = (
        [(slot, x) for slot in slots]
        + [(x, slot) for slot in slots]
        + list(itertools.product([*slots[:3], *slots[-5:]], repeat=2))
    )
    code: list[Instruction] = []
    truths: list[int] = []
    for name in (*NUMBERS[1], *COMPARISONS):
        for sources in pairs:
            if name == "power" and x not in sources:
                continue  # two literals more would only be the same call again
            target = first + len(CONSTANTS) + len(code)
            code.append(Instruction(name, target, sources))
            truths += [target] if name in COMPARISONS else []
    told = {f"{one.operation} of {one.sources}": one.target for one in code}
    return made(
        first + len(CONSTANTS) + len(code),
        {"month": code},
        {"path": [Instruction("divide", x, (given_x, unit))]},
        arguments={"x": given_x, "unit": unit},
        constants=dict(zip(slots, CONSTANTS, strict=True)),
        booleans=truths,
        outputs=told,
    )


def pairs_of(seed: int) -> tuple[FloatArray, FloatArray]:
    """Every two special numbers, and random ones of every size."""
    random = np.random.default_rng(seed)
    x, y = (part.ravel() for part in np.meshgrid(SPECIAL, SPECIAL))
    sizes = [random.normal(0.0, scale, 1500) for scale in (1e-3, 1.0, 30.0, 800.0)]
    bits = [plain(random.integers(0, 2**64, 3000, dtype=np.uint64).view(np.float64)) for _ in range(2)]
    near = 1.0 + random.normal(0.0, 1e-6, 1500)
    whole = np.floor(random.normal(0.0, 20.0, 1500)) / 2.0
    left = np.concatenate([x, *sizes, bits[0], near, whole])
    right = np.concatenate([y, *(random.permutation(one) for one in sizes), bits[1], near**3 * 1e5, whole[::-1]])
    order = random.permutation(len(left))  # so that rare cases stand beside usual ones
    return left[order], right[order]


def arguments(x: FloatArray, y: FloatArray, p: FloatArray, q: FloatArray) -> dict[str, FloatArray | float]:
    rows = {name: with_spare(row) for name, row in (("x", x), ("y", y), ("p", p), ("q", q))}
    return {**rows, "unit": 1.0}


@pytest.mark.parametrize("watched", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_operation_gives_the_bits_of_the_interpreter(width: int, watched: bool) -> None:
    x, y = pairs_of(width)
    random = np.random.default_rng(width)
    p, q = (random.choice([0.0, 1.0, -0.0, 2.0, np.nan], len(x)) for _ in range(2))
    given = Given(arguments(x, y, p, q))
    found = assert_engines_agree(on_arguments(watched), SETTING, width, [given], count=len(x))
    assert np.isnan(found.outputs).any()
    assert np.isfinite(found.outputs).any(axis=(1, 2)).all()


@pytest.mark.parametrize("width", [2, 8])
def test_a_literal_on_either_side_changes_no_bit(width: int) -> None:
    given = Given({"x": with_spare(SPECIAL), "unit": 1.0})
    assert_engines_agree(on_constants(), SETTING, width, [given], count=len(SPECIAL))


@pytest.mark.parametrize("width", WIDTHS)
def test_a_rare_case_in_any_one_lane_is_found(width: int) -> None:
    """Lanes of a vector that are all usual but one: a zero under a logarithm, a negative base, in each place."""
    rare = np.array([0.0, -2.0, 1e-320, np.inf, np.nan])
    rows = np.full((len(rare) * width, width), 1.25)
    for number, (odd, lane) in enumerate(itertools.product(rare, range(width))):
        rows[number, lane] = odd
    x = rows.ravel()
    y = np.full(len(x), 3.0)
    truth = np.ones(len(x))
    given = Given(arguments(x, y, truth, truth))
    assert_engines_agree(on_arguments(False), SETTING, width, [given], count=len(x))
