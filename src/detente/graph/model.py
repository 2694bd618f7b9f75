"""The Graph: typed equations in an order in which each needs only those before it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from detente.deal.model import NO_GROUNDS, Deal, Grounds, Policy
from detente.lang.distribution import Distribution
from detente.lang.formula import Formula
from detente.lang.unit import CURRENCIES, ONE, Unit, parse_unit
from detente.text.place import Place
from detente.text.written import Month

Role = Literal["variable", "flow", "account", "term", "need", "event", "value", "memory"]
Memory = Literal["none", "record", "now"]


@dataclass(frozen=True, slots=True)
class Shown:
    """How a quantity is shown: a unit as people write it, and how many base units it is."""

    text: str
    scale: float


@dataclass(frozen=True, slots=True)
class Equation:
    """One quantity by month.

    `formula` holds in every simulated month. An equation that others read at the month's opening has an `initial`: its
    value at `now` (memory "now") or where the record phase begins (memory "record"). `record` is what holds up to
    `now`, where that is not `formula` itself; `on_record` says whether the quantity can be told without simulating
    accounts, terms or events. `owner` is the term, variable or event it belongs to; `written` the expression of the
    file.
    """

    name: str
    formula: Formula
    role: Role
    shown: Shown
    place: Place
    owner: str = ""
    written: str = ""
    grounds: Grounds = NO_GROUNDS
    memory: Memory = "none"
    initial: Formula | None = None
    record: Formula | None = None
    on_record: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A quantity by month, the same on every path, in base units; absent where it is nan. Level outside its months."""

    name: str
    first: Month
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Input:
    """An uncertain input: its distribution and the name its draws are keyed by."""

    name: str
    distribution: Distribution
    stream: str
    shown: Shown
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Observed:
    """A point on record, in base units."""

    first: Month
    last: Month
    value: float
    claims: tuple[str, ...]
    drives: bool


@dataclass(frozen=True, slots=True)
class Measure:
    """A number read off a whole path after its last month."""

    formula: Formula
    shown: Shown
    text: str
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A deal as equations. Two graphs are the same only if they are one.

    `mixing` says how the standard normal behind an input is made of those of its correlated group (weights of a
    Cholesky factor, by stream). `choices` holds the policies of each decided event, the filed one first: a run chooses
    by number. `switches` are the terms that a run may switch off. `start` is the month in which the record phase
    begins.
    """

    deal: Deal
    equations: dict[str, Equation]
    tables: dict[str, Table]
    inputs: dict[str, Input]
    mixing: dict[str, tuple[tuple[str, float], ...]]
    hazards: tuple[str, ...]
    choices: dict[str, tuple[Policy, ...]]
    switches: tuple[str, ...]
    measures: dict[str, Measure]
    observed: dict[str, tuple[Observed, ...]]
    start: Month


def shown_in(unit: Unit, text: str = "") -> Shown:
    """How a unit is shown: as declared, or as the field writes it (bn USD, bn USD / year, months)."""
    if text:
        return Shown(text, parse_unit(text)[0])
    powers = dict(unit.powers)
    money = [symbol for symbol in powers if symbol in CURRENCIES]
    if len(money) == 1 and powers[money[0]] == 1:
        rest = unit / Unit(((money[0], Fraction(1)),))
        if rest == ONE:
            return Shown(f"bn {money[0]}", 1e9)
        if rest == Unit((("month", Fraction(-1)),)):
            return Shown(f"bn {money[0]} / year", 1e9 / 12)
        if rest == Unit((("share", Fraction(-1)),)):
            return Shown(f"{money[0]} / share", 1.0)
    if unit == Unit((("month", Fraction(1)),)):
        return Shown("months", 1.0)
    if unit == Unit((("share", Fraction(1)),)):
        return Shown("mn share", 1e6)
    return Shown("" if unit == ONE else str(unit), 1.0)
