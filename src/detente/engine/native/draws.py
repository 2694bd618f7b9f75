"""Random numbers in vector code: the cipher of `engine/random.py`, and what is made of its words."""

from __future__ import annotations

from collections.abc import Callable

from detente.engine import maths
from detente.engine.native.assembly import Body, Vector, function
from detente.engine.random import MONTHS_IN_BLOCK

_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_KEY_STEPS = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10
_WORD = 0xFFFFFFFF
_WORD_AS_FRACTION = 0x4330000000000000  # the bits of 2**52, whose last places count in ones


def words(body: Body, block: Vector, paths: Vector, driver: str, seed: str) -> tuple[Vector, ...]:
    """Philox 4x32-10 of a counter (block of months, path, driver) under a seed: four words of 32 bits in the lower
    halves of lanes of 64, where one multiplication of the processor gives a whole product of two words."""

    def half(number: str, high: bool) -> str:
        return body.scalar(f"lshr i64 {number}, 32" if high else f"and i64 {number}, {_WORD}")

    first, second = block, paths
    third, fourth = (body.spread("i64", half(driver, high)) for high in (False, True))
    keys = half(seed, False), half(seed, True)
    for number in range(_ROUNDS):
        low, high = (
            body.spread(
                "i64",
                body.scalar(f"and i64 {body.scalar(f'add i64 {key}, {number * step & _WORD}')}, {_WORD}"),
            )
            for key, step in zip(keys, _KEY_STEPS, strict=True)
        )
        one, two = (first & _WORD) * _MULTIPLIERS[0], (third & _WORD) * _MULTIPLIERS[1]
        # Only lower halves count: what is above them falls away in the next multiplication.
        first, second = _upper_half(two) ^ second ^ low, two
        third, fourth = _upper_half(one) ^ fourth ^ high, one
    return first, second, third, fourth


def _upper_half(x: Vector) -> Vector:
    """The upper half of each lane in its lower one, whatever is above: a shuffle, for which processors have room while
    they multiply."""
    body = x.body
    halves, count = f"<{2 * body.lanes} x i32>", 2 * body.lanes
    narrow = body.scalar(f"bitcast {body.type_of('i64')} {x.name} to {halves}")
    places = ", ".join(f"i32 {place | 1}" for place in range(count))
    moved = body.scalar(f"shufflevector {halves} {narrow}, {halves} poison, <{count} x i32> <{places}>")
    return body.vector("i64", f"bitcast {halves} {moved} to {body.type_of('i64')}")


def share(body: Body, word: Vector) -> Vector:
    """A word as a number within (0, 1), as `engine.random.uniform` has it."""
    whole = body.from_bits((word & _WORD) | _WORD_AS_FRACTION) - 2.0**52
    return (whole + 0.5) * 2.0**-32


def normal(body: Body, word: Vector) -> Vector:
    drawn: Vector = maths.normal_draw(word, on=body)
    return drawn


def fill(name: str, lanes: int, made: Callable[[Body, Vector], Vector]) -> tuple[str, Body]:
    """A function that draws one driver for four months: `void (path of the first lane, block of months, driver, seed,
    where to)`, which stores a vector of floats a month."""
    body = Body(lanes)
    paths = body.spread("i64", "%path") + body.lane_numbers()
    for month, word in enumerate(words(body, body.spread("i64", "%block"), paths, "%driver", "%seed")):
        body.store(made(body, word), body.address("%to", month * body.bytes_of("double")), body.aligned)
    body.line("ret void")
    parameters = ("i64 %path", "i64 %block", "i64 %driver", "i64 %seed", "ptr %to")
    assert month == MONTHS_IN_BLOCK - 1
    return function(name, "void", parameters, body), body
