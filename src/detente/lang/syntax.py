"""The expression tree: frozen, compared by meaning, each node with its place.

`place` and the spelling of numbers take no part in equality. Numbers of a parsed tree are never negative: a minus is a
`Unary`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from detente.text.place import NOWHERE, Place
from detente.text.written import Date

BinaryOp = Literal["+", "-", "*", "/", "^", "=", "!=", "<", "<=", ">", ">=", "and", "or"]
UnaryOp = Literal["-", "not"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number without unit: `3`, `0.5`, `2 bn`; the suffix is already applied to `value`."""

    value: float
    text: str = field(compare=False)
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with a unit, or a percentage: `13 bn USD`, `20%`, `9% / year`.

    `value` has the suffix applied (`20%` is 0.2) and counts in `unit`, which is as written with single spaces: "USD",
    "USD / MW / year", "1 / year" for a percentage per year, "" for a plain percentage.
    """

    value: float
    unit: str
    percent: bool
    text: str = field(compare=False)
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DateOf:
    """A date: `2025-10`, `2030-12-31`, `2025Q4`.

    A fiscal year, `FY2025 of microsoft`, has `fiscal` "microsoft" and nominally covers the calendar year; without `of`,
    `fiscal` is None and the text begins with "FY".
    """

    date: Date
    fiscal: str | None = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """`true` or `false`."""

    value: bool
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name: `openai.compute_need`."""

    text: str
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`function(args, name = value)`."""

    function: str
    args: tuple[Node, ...]
    named: tuple[tuple[str, Node], ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-operand` or `not operand`."""

    op: UnaryOp
    operand: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, comparison, `and`, `or`."""

    op: BinaryOp
    left: Node
    right: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class If:
    """`if condition then then else otherwise`."""

    condition: Node
    then: Node
    otherwise: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Range:
    """`low to high`: the 5th to the 95th percentile. A bare low end has already taken the high end's unit."""

    low: Node
    high: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class At:
    """`value at when`: a value on a date or when an event happens."""

    value: Node
    when: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class By:
    """`event by date`: whether an event has happened by a date."""

    event: Node
    date: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Within:
    """`value within low to high`, both ends included."""

    value: Node
    low: Node
    high: Node
    place: Place = field(default=NOWHERE, compare=False, repr=False)


Node = Number | Quantity | DateOf | Truth | Name | Call | Unary | Binary | If | Range | At | By | Within


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in the order they are written."""
    match node:
        case Call(args=args, named=named):
            return (*args, *(value for _, value in named))
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case If(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Range(low=low, high=high):
            return (low, high)
        case At(value=value, when=when):
            return (value, when)
        case By(event=event, date=date):
            return (event, date)
        case Within(value=value, low=low, high=high):
            return (value, low, high)
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, each before what it holds."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(children(current)))
