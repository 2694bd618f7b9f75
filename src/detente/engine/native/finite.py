"""What a program need not look at: where a value that is not finite shows by itself, and where none can come from.

A run in which something watched is not finite ends with a diagnostic, so the code may rest on the rest being finite.
What comes of finite numbers beyond 1e308 that a sum or product makes infinite is not followed here.
"""

from __future__ import annotations

from itertools import chain

from detente.engine.program import Program, Rate

_CARRIES = {"add": (0, 1), "subtract": (0, 1), "multiply": (0, 1), "divide": (0,), "negative": (0,), "absolute": (0,)}
"""By operation the operands that make the result infinite or nan where they are."""

_FAILS = ("divide", "logarithm", "square_root", "power", "exponential")
"""Operations that can make of finite numbers one that is not, other than by its size."""


def looked_at(program: Program) -> tuple[int, ...]:
    """What is watched and must be looked at every month. Any other is not finite only if something that rests on it is
    not finite either, in the same month or a later one: it is enough to look at all that is watched in the last."""
    carried: dict[int, set[int]] = {}
    for one in program.code["month"]:
        for place in _CARRIES.get(one.operation, ()):
            carried.setdefault(one.sources[place], set()).add(one.target)
    for memory in program.memories:
        if memory.sources["month"] in program.watched:
            carried.setdefault(memory.sources["month"], set()).add(memory.slot)
    asked: set[int] = set()
    while True:
        shows = {*carried, *asked}  # until no more can be ruled out: a memory shows through what it becomes
        before = -1
        while len(shows) != before:
            before = len(shows)
            shows = {slot for slot in shows if slot in asked or carried[slot] & shows}
        hidden = [slot for slot in program.watched if slot not in shows]
        if not hidden:
            return tuple(slot for slot in program.watched if slot in asked)
        asked.update(hidden)


def unsure(program: Program) -> frozenset[int]:
    """Slots of a simulated month that may be nan though all that is watched is finite."""
    found = {one.slot for one in program.memories if one.sources["month"] not in program.watched and not one.boolean}
    rates: tuple[Rate, ...] = ("once", "path", "month")
    hoisted = (program.hoisted[rate] for rate in rates)
    for one in chain(*hoisted, program.code["month"], program.code["end"]):
        if one.target in program.watched or one.target in program.booleans:
            continue
        if one.operation in _FAILS or any(source in found for source in one.sources):
            found.add(one.target)
    return frozenset(found)
