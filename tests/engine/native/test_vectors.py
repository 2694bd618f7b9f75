"""Our mathematics and the cipher as vector code: the bits of NumPy, at every width, in every lane."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.engine import maths, random
from tests.engine.native.harness import LARGEST, NO_LLVM, SPECIAL, TINY, WIDTHS, FloatArray, differing

pytest.importorskip("llvmlite", reason=NO_LLVM)

from detente.engine.lanes import aligned
from detente.engine.native import draws, objects
from detente.engine.native.assembly import Body, Kind, function, module

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": maths.exp,
    "log": maths.log,
    "power": maths.power,
    "normal_quantile": maths.normal_quantile,
    "normal_cdf": maths.normal_cdf,
}
EDGES: dict[str, tuple[float, ...]] = {
    "exp": (-708.4, -708.05, -708.0, 709.78, 709.79, 710.0, 1e-300),
    "log": (TINY, LARGEST, 1 / np.sqrt(2.0), np.sqrt(2.0), 2.0),
    "power": (TINY, LARGEST, -TINY, -LARGEST, 1e-308, 2.0**64, -(2.0**64)),
    "normal_quantile": (2.0**-1074, 5.55e-11 / 4, 1.4e-11, 2.0**-33, 1 - 2.0**-33, 1 - 2.0**-53, 1.0 + 2.0**-52, 2.0),
    "normal_cdf": (4.0 * np.sqrt(2.0), 0.46875 * np.sqrt(2.0), 8.3, -37.5, -37.6, -39.0, 40.0, -40.0, 41.0),
}
"""Arguments at which a function turns to another branch, beside those at which all do."""


MADE: dict[str, Callable[[Body, Any], Any]] = {
    "word": lambda body, word: body.convert("uitofp", word & 0xFFFFFFFF, "double"),
    "share": draws.share,
    "normal": draws.normal,
}
"""What is made of a word; a word itself is told as a float, which holds 32 bits whole."""


@dataclass(frozen=True)
class Loaded:
    """A function of machine code, and the code itself, which lives as long as this does."""

    code: objects.Code
    call: Callable[..., None]


def loaded(text: str, *arguments: Any) -> Loaded:
    """The function `f` of a module."""
    code = objects.code(text, lambda: text)
    return Loaded(code, ctypes.CFUNCTYPE(None, *arguments)(code.address("f")))


@cache
def over_rows(name: str, width: int) -> Loaded:
    """A function of vectors over whole rows: `f(x, y, out, count)`; one of one vector leaves y alone."""
    body = Body(width)
    kind: Kind = "i64" if name in MADE else "double"
    with body.loop("0", "%count", width) as number:
        before = body.scalar(f"mul i64 {number}, 8")
        x, y = (body.load(kind, body.address(row, before)) for row in ("%x", "%y"))
        taken = (x, y) if name == "power" else (x,)
        body.store(
            MADE[name](body, x) if name in MADE else FUNCTIONS[name](*taken, on=body), body.address("%out", before)
        )
    body.line("ret void")
    text = module([function("f", "void", ("ptr %x", "ptr %y", "ptr %out", "i64 %count"), body, exported=True)], [body])
    return loaded(text, *3 * (ctypes.c_void_p,), ctypes.c_int64)


def computed(name: str, width: int, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> FloatArray:
    """A function of vectors over whole rows."""
    room = -(-len(x) // width) * width
    rows = [np.resize(row, room) for row in (x, y)]
    out = np.empty(room)
    over_rows(name, width).call(*(row.ctypes.data for row in (*rows, out)), room)
    return out[: len(x)]


def assert_same_bits(name: str, width: int, x: FloatArray, y: FloatArray) -> None:
    expected = FUNCTIONS[name](*(x, y)[: 1 + (name == "power")])
    assert not (told := differing(computed(name, width, x, y), expected)), told


def neighbours(*values: float) -> FloatArray:
    """Numbers with the next ones below and above."""
    row = np.array(values)
    with np.errstate(over="ignore"):
        return np.concatenate([row, np.nextafter(row, -np.inf), np.nextafter(row, np.inf)])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_random_and_special_arguments(name: str, width: int) -> None:
    draw = np.random.default_rng(width)
    special = np.concatenate([SPECIAL, neighbours(*EDGES[name]), -neighbours(*EDGES[name])])
    x, y = (part.ravel() for part in np.meshgrid(special, special if name == "power" else SPECIAL[:1]))
    shares = draw.integers(0, 2**32, 20_000)
    usual = [
        draw.normal(0.0, 1.0, 20_000), draw.uniform(-750.0, 750.0, 20_000), (shares + 0.5) * 2.0**-32,
        np.exp2(draw.uniform(-1074.0, 1024.0, 20_000)), 1.0 + draw.normal(0.0, 1e-7, 20_000),
        np.where(draw.random(20_000) < 0.1, draw.choice(special, 20_000), draw.random(20_000)),
    ]  # fmt: skip
    x = np.concatenate([x, *usual])
    y = np.concatenate([y, draw.normal(0.0, 40.0, 60_000), np.floor(draw.normal(0.0, 9.0, 60_000)) / 2.0])
    assert_same_bits(name, width, x, y)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_rare_lane_among_usual_ones(name: str, width: int) -> None:
    """A side that is skipped where no lane needs it is taken for a single lane, and touches no other."""
    rare = np.concatenate([np.array(EDGES[name]), [0.0, -0.0, -1.5, 5e-324, np.inf, -np.inf, np.nan]])
    rows = np.full((len(rare), width, width), 0.3)
    rows[:, range(width), range(width)] = rare[:, np.newaxis]
    assert_same_bits(name, width, rows.ravel(), np.full(rows.size, 2.5))
    assert_same_bits(name, width, np.full(rows.size, 1.75), rows.ravel())


@given(bits=st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=16), width=st.sampled_from(WIDTHS))
@settings(max_examples=100)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_any_bits_at_all(name: str, bits: list[int], width: int) -> None:
    x = np.array(bits, dtype=np.uint64).view(np.float64)
    assert_same_bits(name, width, x, x[::-1].copy())


# the cipher


@cache
def fill_of(made: str, width: int) -> Loaded:
    """`f(path, block, driver, seed, out)`: what is made of four words for as many paths as a vector has."""
    inner, body = draws.fill("fill", width, MADE[made])
    entry = Body(width)
    entry.line("call void @fill(i64 %path, i64 %block, i64 %driver, i64 %seed, ptr %to)")
    entry.line("ret void")
    parameters = ("i64 %path", "i64 %block", "i64 %driver", "i64 %seed", "ptr %to")
    text = module([inner, function("f", "void", parameters, entry, exported=True)], [body, entry])
    return loaded(text, *4 * (ctypes.c_uint64,), ctypes.c_void_p)


def drawn(made: str, width: int, path: int, block: int, driver: int, seed: int) -> FloatArray:
    """What is made of the words of a counter, from a path on: float64[word, path]."""
    out = aligned(4, width)
    fill_of(made, width).call(path, block, driver, seed, out.ctypes.data)
    return out


# The vectors of Random123, file kat_vectors, lines philox4x32 10.
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_the_published_words(width: int, counter: str, key: str, expected: str) -> None:
    number, path, low, high = (int(word, 16) for word in counter.split())
    seed_low, seed_high = (int(word, 16) for word in key.split())
    found = drawn("word", width, path, number, low | high << 32, seed_low | seed_high << 32)
    assert [f"{int(word):08x}" for word in found[:, 0]] == expected.split()


WORDS = st.integers(0, 2**64 - 1) | st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1])


@given(
    width=st.sampled_from(WIDTHS),
    back=st.integers(0, 2**32 - 33) | st.integers(0, 64),
    block=st.integers(0, 2**31 - 1),
    driver=WORDS,
    seed=WORDS,
)
@settings(max_examples=200)
def test_words_shares_and_normals_of_any_counter(width: int, back: int, block: int, driver: int, seed: int) -> None:
    """Also of the last paths there are, and of seeds and drivers whose highest bit is set."""
    path = max(0, 2**32 - width - back)
    paths = np.arange(path, path + width, dtype=np.uint64)
    words = np.array(random.block(seed, driver, paths, block))
    shares = (words.astype(np.float64) + 0.5) * 2.0**-32
    for made, expected in (("word", words), ("share", shares), ("normal", maths.normal_draw(words))):
        assert not (told := differing(drawn(made, width, path, block, driver, seed), expected)), f"{made}: {told}"


@pytest.mark.parametrize("width", WIDTHS)
def test_shares_and_normals_of_words(width: int) -> None:
    """Of random words, and of what no draw of a test is likely to meet: the first, the middle and the last there are.
    What stands above the 32 bits of a word is nobody's."""
    ends = np.array([0, 2**31, 2**32], dtype=np.int64)[:, np.newaxis] + np.arange(-70, 70)
    words = ends[(ends >= 0) & (ends < 2**32)].astype(np.uint64)
    words = np.concatenate([words, np.random.default_rng(width).integers(0, 2**32, 50_000, dtype=np.uint64)])
    shares = (words.astype(np.float64) + 0.5) * 2.0**-32
    for above in (0, 2**32, 0xFFFFFFFF << 32, 0xDEADBEEF << 32):
        given_words = words | np.uint64(above)
        assert not (told := differing(computed("share", width, given_words, words), shares)), told
        assert not (told := differing(computed("normal", width, given_words, words), maths.normal_draw(words))), told
