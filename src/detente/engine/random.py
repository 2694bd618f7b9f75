"""Random numbers as a function of (seed, driver, path, month) and of nothing else (rule R5).

The generator is Philox 4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC11):
it enciphers a counter, so any draw is computed alone, in any order, on any worker. A driver is known by a stable hash
of its name: adding one changes no other. One block of four words serves four calendar months of one driver and path:
January to April, May to August, September to December.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
PathArray = npt.NDArray[np.unsignedinteger] | npt.NDArray[np.signedinteger]
WordArray = npt.NDArray[np.uint64]
Block = tuple[WordArray, WordArray, WordArray, WordArray]

MONTHS_IN_BLOCK = 4

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_KEY_STEPS = 0x9E3779B9, 0xBB67AE85
_ROUNDS = 10
_WORD = np.uint64(0xFFFFFFFF)
_WORD_BITS = np.uint64(32)


def driver_key(name: str) -> int:
    """The 64-bit number of a driver: the first eight bytes, little end first, of BLAKE2b of its name in UTF-8."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def block(seed: int, driver: int, paths: PathArray, number: int) -> Block:
    """Four words for each path, whole numbers below 2**32; word m belongs to month 4 * number + m.

    The counter is (number, path, driver low, driver high), the key (seed low, seed high).
    """
    _check("a seed", seed, 64)
    _check("a driver's key", driver, 64)
    _check("a block of months", number, 32)
    if paths.dtype.kind not in "iu":
        raise ValueError(f"path numbers are whole numbers, not {paths.dtype}")
    if paths.size:
        _check("a path", int(paths.min()), 32)
        _check("a path", int(paths.max()), 32)
    counter = (np.uint64(number), paths.astype(np.uint64), np.uint64(driver & 0xFFFFFFFF), np.uint64(driver >> 32))
    return philox(counter, (seed & 0xFFFFFFFF, seed >> 32))


def philox(counter: tuple[np.uint64 | WordArray, ...], key: tuple[int, int]) -> Block:
    """Philox 4x32-10: four words of 32 bits, each in a lane of 64, where a product of two words has room."""
    first, second, third, fourth = np.broadcast_arrays(*counter)
    for number in range(_ROUNDS):
        low_key, high_key = (
            np.uint64((part + number * step) & 0xFFFFFFFF) for part, step in zip(key, _KEY_STEPS, strict=True)
        )
        one, two = first * _MULTIPLIERS[0], third * _MULTIPLIERS[1]
        # In place from here: these two are this round's own, and half of the time goes into fresh arrays.
        first = two >> _WORD_BITS
        first ^= second
        first ^= low_key
        third = one >> _WORD_BITS
        third ^= fourth
        third ^= high_key
        two &= _WORD
        one &= _WORD
        second, fourth = two, one
    return first, second, third, fourth


def uniform(seed: int, driver: int, paths: PathArray, month: int) -> FloatArray:
    """One draw for each path, evenly over (0, 1): (k + 1/2) / 2**32 for a word k, so neither end is ever met.

    `month` counts from the year zero: April 2025 is 2025 * 12 + 3. Raises ValueError for a number out of its range.
    """
    _check("a month", month, 34)
    number, word = divmod(month, MONTHS_IN_BLOCK)
    return _to_uniform(block(seed, driver, paths, number)[word])


def uniforms(seed: int, driver: int, paths: PathArray, month: int) -> Iterator[FloatArray]:
    """`uniform` of this month, the next and so on without end; each block is computed once."""
    _check("a month", month, 34)
    number, word = divmod(month, MONTHS_IN_BLOCK)
    while True:
        words = block(seed, driver, paths, number)
        yield from map(_to_uniform, words[word:])
        number, word = number + 1, 0


def _to_uniform(words: WordArray) -> FloatArray:
    return (words.astype(np.float64) + 0.5) * 2.0**-32


def _check(what: str, value: int, bits: int) -> None:
    if not 0 <= value < 2**bits:
        raise ValueError(f"{what} is a whole number from 0 to 2**{bits} - 1, not {value}")
