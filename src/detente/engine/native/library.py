"""Functions of machine code that serve every program: draws of whole columns, moments of blocks, counts in bins.

One module, compiled once for a processor and kept on disk. Each function gives the bits of its namesake in NumPy:
`engine/draws.py` and `engine/summary.py` call these where LLVM works and their own elsewhere.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from detente.engine import maths
from detente.engine.native import objects
from detente.engine.native.assembly import Body, Vector, function, module
from detente.engine.native.draws import share, words
from detente.engine.summary import BLOCK_PATHS, MANTISSA_BITS

_INTEGER, _POINTER = ctypes.c_int64, ctypes.c_void_p

SHAPES = ("normal", "lognormal", "logit-normal", "uniform", "bernoulli", "exponential")
"""What a column may be drawn from, besides what only NumPy draws."""

OCTAVES = 1 << 12
"""Signs and exponents of a float64."""

STEPS = (*SHAPES, "part", "mixed normal", "mixed lognormal", "mixed logit-normal")
"""How a column is drawn at once, or step by step: parts of its normal are added up, then it is written."""


STEP = np.dtype(
    [("step", "i8"), ("column", "i8"), ("driver", "u8"), ("a", "f8"), ("b", "f8"), ("scale", "f8"), ("period", "f8")]
)
"""A step of a column: its place in `STEPS`; a and b are the middle and the spread of what is made of a normal, the
least value and the width of what is uniform, a the chance of none, or the weight of a part. Where `period` is not zero
the value is a growth over so many months, else `scale` is how many base units its unit has."""


@dataclass(frozen=True, eq=False)
class Library:
    """`draw(lanes, first path, seed, count, steps, columns, row)`, with zeros in columns that are mixed of parts;
    `moments(rows, row, series, lanes, blocks, counts, means, seconds, leasts, greatests)`;
    `tally(rows, row, series, lanes, octaves, pages, room of pages, zeros, state)`.
    """

    code: objects.Code
    draw: Callable[..., None]
    moments: Callable[..., None]
    tally: Callable[..., None]


@cache
def library() -> Library:
    """The functions for this processor."""
    lanes = objects.vector_bytes() // 2
    code = objects.code(f"library, {lanes} lanes", lambda: _written(lanes))
    draw = ctypes.CFUNCTYPE(None, *[_INTEGER] * 4, _POINTER, _POINTER, _INTEGER)(code.address("draw"))
    moments = ctypes.CFUNCTYPE(None, _POINTER, *[_INTEGER] * 4, *[_POINTER] * 5)(code.address("moments"))
    counting = ctypes.CFUNCTYPE(None, _POINTER, *[_INTEGER] * 3, _POINTER, _POINTER, _INTEGER, _POINTER, _POINTER)
    return Library(code, draw, moments, counting(code.address("tally")))


def _written(lanes: int) -> str:
    written = [*(_step(step, lanes) for step in STEPS), _columns(lanes), _moments(lanes), _tally()]
    return module([text for text, _ in written], [body for _, body in written])


def _entry(step: str) -> str:
    return f"draw_{step.replace('-', '_').replace(' ', '_')}"


def _step(step: str, lanes: int) -> tuple[str, Body]:
    """A step of one column, as `engine.draws.input_value` draws it."""
    body = Body(lanes)

    def given(name: str) -> Vector:
        return body.spread("double", name)

    def drawn() -> Vector:
        paths = body.spread("i64", body.scalar(f"add i64 %path, {lane}")) + body.lane_numbers()
        return share(body, words(body, body.splat("i64", 0), paths, "%driver", "%seed")[0])

    with body.loop("0", "%lanes", lanes) as lane:
        address = body.address("%column", body.scalar(f"mul i64 {lane}, 8"))
        if step == "part":
            body.store(body.load("double", address) + given("%a") * maths.normal_quantile(drawn(), on=body), address)
        else:
            _write(body, step, address, given, drawn)
    body.line("ret void")
    parameters = ("i64 %lanes", "i64 %path", "i64 %seed", "i64 %driver", "double %a", "double %b", "double %scale",
                  "double %period", "ptr noalias %column")  # fmt: skip
    return function(_entry(step), "void", parameters, body), body


def _write(body: Body, step: str, address: str, given: Callable[[str], Vector], drawn: Callable[[], Vector]) -> None:
    """The value in base units."""
    if step.startswith("mixed"):
        score = given("%a") + given("%b") * body.load("double", address)
        written = _of_score(body, step.removeprefix("mixed "), score)
    else:
        written = _written_value(body, step, drawn(), given("%a"), given("%b"))
    body.store(written * given("%scale"), address)
    with body.where(body.scalar("fcmp une double %period, 0.0")):
        body.store(maths.log(written + 1.0, on=body) / given("%period"), address)


def _columns(lanes: int) -> tuple[str, Body]:
    """All steps, one after the other."""
    body = Body(lanes)
    names = STEP.names
    assert names is not None
    with body.loop("0", "%count") as number:
        at = body.address("%steps", body.scalar(f"mul i64 {number}, {STEP.itemsize}"))
        places = {name: body.address(at, 8 * place) for place, name in enumerate(names)}
        step, column, driver = (body.scalar(f"load i64, ptr {places[name]}") for name in names[:3])
        numbers = [body.scalar(f"load double, ptr {places[name]}") for name in names[3:]]
        given = f"i64 %lanes, i64 %path, i64 %seed, i64 {driver}, " + ", ".join(f"double {one}" for one in numbers)
        before = body.scalar(f"mul i64 {body.scalar(f'mul i64 {column}, %row')}, 8")
        address = body.address("%columns", before)
        for place, name in enumerate(STEPS):
            with body.where(body.scalar(f"icmp eq i64 {step}, {place}")):
                body.line(f"call void @{_entry(name)}({given}, ptr {address})")
    body.line("ret void")
    parameters = ("i64 %lanes", "i64 %path", "i64 %seed", "i64 %count", "ptr noalias %steps", "ptr noalias %columns",
                  "i64 %row")  # fmt: skip
    return function("draw", "void", parameters, body, exported=True), body


def _written_value(body: Body, shape: str, u: Vector, a: Vector, b: Vector) -> Vector:
    """A draw as written, made of a share of draws that lies below it."""
    found: Vector
    match shape:
        case "exponential":
            found = 0.0 - maths.log(u, on=body)
        case "uniform":
            found = a + b * u
        case "bernoulli":
            found = body.choose(a < u, 1.0, 0.0)
        case _:
            found = _of_score(body, shape, a + b * maths.normal_quantile(u, on=body))
    return found


def _of_score(body: Body, shape: str, score: Vector) -> Vector:
    """The same, made of a normal."""
    found = score
    if shape == "lognormal":
        found = maths.exp(score, on=body)
    if shape == "logit-normal":
        found = body.splat("double", 1.0) / (maths.exp(0.0 - score, on=body) + 1.0)
    return found


def _moments(lanes: int) -> tuple[str, Body]:
    """Moments of each block of paths, as `engine.summary.block_moments` finds them."""
    body = Body(lanes)
    stride = lanes * 8
    body.line(f"%values = alloca [{BLOCK_PATHS} x double], align 64")
    body.line(f"%terms = alloca [{BLOCK_PATHS} x double], align 64")
    body.line(f"%there = alloca {body.type_of('i64')}, align 64")
    for name in ("%least", "%greatest"):
        body.line(f"{name} = alloca {body.type_of('double')}, align 64")
    mask = body.type_of("i1")
    typed = body.type_of("double")
    body.declared |= {f"declare double @llvm.vector.reduce.{one}.v{lanes}f64({typed})" for one in ("fmin", "fmax")}
    body.declared.add(f"declare {typed} @llvm.masked.load.v{lanes}f64.p0(ptr, i32, {mask}, {typed})")

    def at(base: str, lane: str) -> str:
        return body.address(base, body.scalar(f"mul i64 {lane}, 8"))

    with body.loop("0", "%series") as series, body.loop("0", "%blocks") as block:
        first = body.scalar(f"mul i64 {block}, {BLOCK_PATHS}")
        left = body.scalar(f"sub i64 %lanes, {first}")
        before = body.scalar(f"add i64 {first}, {body.scalar(f'mul i64 {series}, %row')}")
        row = at("%rows", before)
        body.store(body.splat("i64", 0), "%there", 64)
        for name, beyond in (("%least", float("inf")), ("%greatest", float("-inf"))):
            body.store(body.splat("double", beyond), name, 64)
        with body.loop("0", str(BLOCK_PATHS), lanes) as lane:
            numbers = body.spread("i64", lane) + body.lane_numbers()
            inside = body.vector(
                "i1", f"icmp slt {body.type_of('i64')} {numbers.name}, {body.spread('i64', left).name}"
            )
            absent = body.splat("double", float("nan")).name
            value = body.vector(
                "double",
                f"call {typed} @llvm.masked.load.v{lanes}f64.p0(ptr {at(row, lane)}, i32 8, "
                f"{mask} {inside.name}, {typed} {absent})",
            )
            body.store(value, at("%values", lane), 64)
            low, high = body.load("double", "%least", 64), body.load("double", "%greatest", 64)
            body.store(body.choose(value < low, value, low), "%least", 64)
            body.store(body.choose(value > high, value, high), "%greatest", 64)
            present = value == value  # a nan is not itself
            body.store(body.choose(present, value + 0.0, 0.0), at("%terms", lane), 64)
            more = body.convert("zext", present, "i64")
            body.store(body.load("i64", "%there", 64) + more, "%there", 64)
        count = _added_up(body, body.load("i64", "%there", 64), "add")
        mean = body.scalar(f"fdiv double {_halved(body)}, {_at_least_one(body, count)}")
        with body.loop("0", str(BLOCK_PATHS), lanes) as lane:
            value = body.load("double", at("%values", lane), 64)
            distance = body.choose(value == value, value - body.spread("double", mean), 0.0)
            body.store(distance * distance, at("%terms", lane), 64)
        place = body.scalar(f"add i64 {block}, {body.scalar(f'mul i64 {series}, %blocks')}")
        body.line(f"store i64 {count}, ptr {at('%counts', place)}")
        body.line(f"store double {mean}, ptr {at('%means', place)}")
        body.line(f"store double {_halved(body)}, ptr {at('%seconds', place)}")
        for name, reduced in (("%least", "fmin"), ("%greatest", "fmax")):
            end = body.scalar(
                f"call double @llvm.vector.reduce.{reduced}.v{lanes}f64({typed} {body.load('double', name, 64).name})"
            )
            body.line(f"store double {end}, ptr {at(f'{name}s', place)}")
    body.line("ret void")
    assert stride <= BLOCK_PATHS
    parameters = ("ptr noalias %rows", "i64 %row", "i64 %series", "i64 %lanes", "i64 %blocks", "ptr noalias %counts",
                  "ptr noalias %means", "ptr noalias %seconds", "ptr noalias %leasts",
                  "ptr noalias %greatests")  # fmt: skip
    return function("moments", "void", parameters, body, exported=True), body


def _halved(body: Body) -> str:
    """The sum of the terms of a block: the second half onto the first, until one number is left."""
    width = BLOCK_PATHS // 2
    while width >= body.lanes:
        with body.loop("0", str(width), body.lanes) as lane:
            left = body.address("%terms", body.scalar(f"mul i64 {lane}, 8"))
            right = body.address(left, width * 8)
            body.store(body.load("double", left, 64) + body.load("double", right, 64), left, 64)
        width //= 2
    return _added_up(body, body.load("double", "%terms", 64), "fadd")


def _added_up(body: Body, x: Vector, operation: str) -> str:
    """The sum of the lanes of a vector, by halves."""
    count, name, kind = body.lanes, x.name, x.kind
    while count > 1:
        half = count // 2
        halves = []
        for offset in (0, half):
            chosen = ", ".join(f"i32 {offset + lane}" for lane in range(half))
            halves.append(
                body.scalar(
                    f"shufflevector <{count} x {kind}> {name}, <{count} x {kind}> poison, <{half} x i32> <{chosen}>"
                )
            )
        name, count = body.scalar(f"{operation} <{half} x {kind}> {halves[0]}, {halves[1]}"), half
    return body.scalar(f"extractelement <1 x {kind}> {name}, i64 0")


def _at_least_one(body: Body, count: str) -> str:
    some = body.scalar(f"icmp sgt i64 {count}, 1")
    return body.scalar(f"sitofp i64 {body.scalar(f'select i1 {some}, i64 {count}, i64 1')} to double")


def _tally() -> tuple[str, Body]:
    """Counts of series in the bins of `engine.summary.Histogram`, on pages of one octave each.

    `octaves` int32[series, sign and exponent] holds the page of each octave, or -1; `pages` uint32[page, 1024]; `zeros`
    uint32[series]. `state` is (pages in use, the series and the lane to go on from): the function stops early where the
    pages are used up, and goes on there when it is called with more room.
    """
    body = Body(1)
    mantissa = 1 << MANTISSA_BITS

    def at(base: str, number: str, size: int) -> str:
        return body.address(base, body.scalar(f"mul i64 {number}, {size}"))

    def one_more(address: str) -> None:
        before = body.scalar(f"load i32, ptr {address}")
        body.line(f"store i32 {body.scalar(f'add i32 {before}, 1')}, ptr {address}")

    series_at, lane_at = body.address("%state", 8), body.address("%state", 16)
    with body.loop(body.scalar(f"load i64, ptr {series_at}"), "%series") as series:
        row = at("%values", body.scalar(f"mul i64 {series}, %row"), 8)
        octaves, zeros = at("%octaves", series, 4 * OCTAVES), at("%zeros", series, 4)
        with body.loop(body.scalar(f"load i64, ptr {lane_at}"), "%lanes") as lane:
            value = body.scalar(f"load double, ptr {at(row, lane, 8)}")
            bits = body.scalar(f"bitcast double {value} to i64")
            ordinary = body.scalar(f"fcmp one double {value}, 0.0")  # neither zero nor nan
            with body.where(ordinary):
                octave = body.scalar(f"lshr i64 {bits}, 52")
                leading = body.scalar(f"lshr i64 {bits}, {52 - MANTISSA_BITS}")
                inside = body.scalar(f"and i64 {leading}, {mantissa - 1}")
                slot = at(octaves, octave, 4)
                known = body.scalar(f"load i32, ptr {slot}")
                with body.where(body.scalar(f"icmp slt i32 {known}, 0")):
                    used = body.scalar("load i64, ptr %state")
                    with body.where(body.scalar(f"icmp sge i64 {used}, %room")):
                        body.line(f"store i64 {series}, ptr {series_at}")
                        body.line(f"store i64 {lane}, ptr {lane_at}")
                        body.line("ret void")
                        body.open(body.labels("unreached")[0])
                    body.line(f"store i32 {body.scalar(f'trunc i64 {used} to i32')}, ptr {slot}")
                    body.line(f"store i64 {body.scalar(f'add i64 {used}, 1')}, ptr %state")
                page = body.scalar(f"zext i32 {body.scalar(f'load i32, ptr {slot}')} to i64")
                number = body.scalar(f"add i64 {inside}, {body.scalar(f'mul i64 {page}, {mantissa}')}")
                one_more(at("%pages", number, 4))
            with body.where(body.scalar(f"fcmp oeq double {value}, 0.0")):
                one_more(zeros)
        body.line(f"store i64 0, ptr {lane_at}")
    body.line(f"store i64 %series, ptr {series_at}")
    body.line("ret void")
    parameters = ("ptr noalias %values", "i64 %row", "i64 %series", "i64 %lanes", "ptr noalias %octaves",
                  "ptr noalias %pages", "i64 %room", "ptr noalias %zeros", "ptr noalias %state")  # fmt: skip
    return function("tally", "void", parameters, body, exported=True), body
