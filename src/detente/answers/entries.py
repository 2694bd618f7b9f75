"""A deal as entries: every section as blocks by name, every block as leaves by path.

A leaf has a meaning, which is compared, and a text, which is shown; comments, the order of keys and the spelling of
quantities are no part of the meaning. The deal is walked as the dataclasses it is made of; only where a list or a text
stands for something else is there a reader of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

from detente.answers.held import default_text
from detente.deal.model import (
    Agreement,
    Assumption,
    Change,
    Deal,
    Grounds,
    Point,
    Policy,
    RowText,
    Scenario,
    TermText,
    Variable,
)
from detente.graph.literals import distribution
from detente.lang.formula import Formula
from detente.lang.printer import print_expression
from detente.lang.syntax import DateOf, Name, Node, Number, Quantity, Unary, walk
from detente.lang.unit import ONE, Unit, parse_unit
from detente.terms.term import catalogue, written
from detente.text.diagnostic import Fault
from detente.text.nodes import Scalar
from detente.text.place import NOWHERE, Place
from detente.text.written import Date, month_text

Path = tuple[str, ...]

DIGITS = 12
"""Significant digits to which two literals are compared in base units: less than the rounding of a conversion."""

NODES = Node.__args__
SILENT = ("name", "place", "grounds")
"""Fields that say nothing of their own, or that are read apart."""
KEYS = {"formula": "is", "category": "class", "giver": "from", "taker": "to"}
"""Fields that the file calls otherwise."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value at the end of a path: what it means, as texts, numbers and tuples of them; how it is shown and
    spelled."""

    meaning: Any
    text: str
    spelled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a section: its leaves, and what it rests on."""

    leaves: dict[Path, Leaf]
    grounds: dict[Path, Grounds]
    place: Place


Sections = dict[str, dict[str, Entry]]


def sections(deal: Deal) -> Sections:
    """Every section of a deal as entries by name."""
    found: Sections = {"deal": {"the deal": Entry(dict(_dates(deal)), {}, deal.place)}}
    for one in fields(Deal):
        value = getattr(deal, one.name)
        if one.name == "agreements":
            found |= _agreements(value.values())
        elif one.name == "evidence":
            parts = {part.name: getattr(value, part.name) for part in fields(value)}
            found |= {part: {name: _entry(name, each) for name, each in held.items()} for part, held in parts.items()}
        elif one.name == "openings":
            named = _unique((f"{each.account} at {month_text(each.on)}", each) for each in value)
            found["opening"] = {name: _without(_entry(name, each), "on", "account") for name, each in named}
        elif one.name == "correlations":
            named = _unique((", ".join(sorted(each.between)), each) for each in value)
            found[one.name] = {name: _without(_entry(name, each), "between") for name, each in named}
        elif one.name == "checks":
            named = _unique(
                (print_expression(each.that) + (f" on {each.on.text}" if each.on else ""), each) for each in value
            )
            found[one.name] = {name: _without(_entry(name, each), "on") for name, each in named}
        elif isinstance(value, dict):
            found[one.name] = {name: _entry(name, each) for name, each in value.items()}
    return found


def _unique(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Items with a number after a name that an earlier one has."""
    count: dict[str, int] = {}
    for name, item in items:
        count[name] = count.get(name, 0) + 1
        yield (name if count[name] == 1 else f"{name}, number {count[name]}"), item


def _dates(deal: Deal) -> Iterator[tuple[Path, Leaf]]:
    yield ("title",), Leaf(deal.title, deal.title)
    for key, month in (("from", deal.first), ("now", deal.now), ("to", deal.last)):
        yield (key,), Leaf(month, month_text(month))


def _agreements(agreements: Iterable[Agreement]) -> Sections:
    """Agreements, their terms by whole name, and their amendments by date: what an amendment does to a parameter stands
    with the term."""
    found: Sections = {"agreements": {}, "terms": {}, "amendments": {}}
    for one in agreements:
        found["agreements"][one.name] = _without(_entry(one.name, one), "versions", "amendments")
        for name, versions in one.versions.items():
            found["terms"][f"{one.name}.{name}"] = _term(one, versions)
        dated = ((f"{one.name}, amendment of {change.on.text}", change) for change in one.amendments)
        for key, change in _unique(dated):
            does: dict[Path, Leaf] = {
                (key,): Leaf(did, did) for key, node in change.changes.items() if (did := _does(node))
            }
            found["amendments"][key] = Entry(does, {(): change.grounds}, change.place)
    return found


def _does(node: Any) -> str:
    """What an amendment does to a term."""
    if isinstance(node, Scalar):
        return node.text
    return "adds it" if any(key.text == "type" for key, _ in node.entries) else "amends it"


def _term(agreement: Agreement, versions: tuple[TermText, ...]) -> Entry:
    """A term: its first version whole, of every later one what it changed."""
    leaves: dict[Path, Leaf] = {}
    grounds: dict[Path, Grounds] = {}
    earlier: dict[Path, Leaf] = {}
    for number, version in enumerate(versions):
        head: Path = (f"since {month_text(version.first)}",) if number else ()
        own = dict(_version(agreement, version, number))
        leaves |= {(*head, *path): leaf for path, leaf in own.items() if earlier.get(path) != leaf}
        earlier = own
        grounds[head] = version.grounds
    last = versions[-1]
    if last.ended is not None and last.last is not None:
        leaves[("ended after",)] = Leaf(last.last, month_text(last.last))
    return Entry(leaves, grounds, versions[0].place)


def _version(agreement: Agreement, version: TermText, number: int) -> Iterator[tuple[Path, Leaf]]:
    """The parameters of a version; a default says the same whether it is written or not."""
    yield ("type",), Leaf(version.type, version.type)
    for declared in catalogue()[version.type].parameters():
        name = written(declared)
        if name in version.parameters:
            yield from _parameter((name,), version.parameters[name])
        elif isinstance(declared.default, Formula | bool):
            yield (name,), Leaf(_default(declared.default), default_text(declared.default))
    for key, value in (("stops", version.stops), ("waived", version.waived), ("suspended", version.suspended)):
        if value:
            yield (key,), _leaf(value)
    if version.until is not None:
        yield ("until",), Leaf(version.until, month_text(version.until))
    if not number and version.first != agreement.signed.first:
        yield ("begins",), Leaf(version.first, month_text(version.first))


def _parameter(path: Path, value: Any) -> Iterator[tuple[Path, Leaf]]:
    """The leaves of a parameter: of a list of rows those of each row, of parts by party one for each party."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _parameter((*path, name), part)
    elif isinstance(value, tuple) and value and isinstance(value[0], RowText):
        for number, row in enumerate(value, 1):
            yield from _parameter((*path, f"number {number}"), row.values)
    elif value != ():
        yield path, _leaf(value)


def _default(value: Formula | bool) -> Any:
    return _quantity(value.value, value.unit) if isinstance(value, Formula) else value


def _entry(name: str, value: Any) -> Entry:
    """Any block of a deal by its fields."""
    grounds: dict[Path, Grounds] = {}
    leaves = dict(_leaves(value, (), name, grounds))
    return Entry(leaves, grounds, value if isinstance(value, Place) else getattr(value, "place", NOWHERE))


def _without(entry: Entry, *keys: str) -> Entry:
    leaves = {path: leaf for path, leaf in entry.leaves.items() if path[0] not in keys}
    grounds = {path: one for path, one in entry.grounds.items() if not path or path[0] not in keys}
    return replace(entry, leaves=leaves, grounds=grounds)


def _leaves(value: Any, path: Path, name: str, grounds: dict[Path, Grounds]) -> Iterator[tuple[Path, Leaf]]:
    """The leaves of a block: its fields by name, lists by what tells their items apart. What is not said has none."""
    match value:
        case None | "" | () | Place():
            return
        case Scenario():
            yield from _titled(value.title, path, name)
            for change in value.changes:
                yield (*path, change.target), _change(change)
            grounds[path] = value.grounds
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, (*path, key), name, grounds)
        case tuple() if all(isinstance(item, Policy) for item in value):
            texts = sorted(item.text for item in value)
            yield path, Leaf(("all of", *sorted((_policy(item) for item in value), key=repr)), ", ".join(texts))
        case Date() | Policy() | str() | bool() | int() | float() | tuple():
            yield path, _leaf(value)
        case _ if isinstance(value, NODES):
            yield path, _leaf(value)
        case _ if is_dataclass(value):
            yield from _fields(value, path, name, grounds)


def _fields(value: Any, path: Path, name: str, grounds: dict[Path, Grounds]) -> Iterator[tuple[Path, Leaf]]:
    if isinstance(getattr(value, "grounds", None), Grounds):
        grounds[path] = value.grounds
    for one in fields(value):
        inner, at = getattr(value, one.name), (*path, KEYS.get(one.name, one.name))
        if one.name == "title":
            yield from _titled(inner, path, name)
        elif isinstance(value, Assumption) and one.name == "kind":
            yield at, _leaf(_kind(value))
        elif isinstance(value, Variable) and one.name in ("past", "table", "observed"):
            yield from (((*at, point.date.text), _point(point, value.unit)) for point in inner)
            grounds |= {(*at, point.date.text): point.grounds for point in inner}
        elif one.name not in SILENT and not (one.name == "stream" and inner == name):
            yield from _leaves(inner, at, name, grounds)


def _kind(value: Assumption) -> str:
    """The kind of an assumption, written or told by its value: a plain percentage is a share."""
    try:
        return distribution(value.value, value.kind).kind
    except Fault:
        return value.kind


def _titled(title: str, path: Path, name: str) -> Iterator[tuple[Path, Leaf]]:
    """A title, where it says more than the name that stands for it."""
    if title and title not in (name, name.replace("_", " ")) and not title.startswith(f"{name}."):
        yield (*path, "title"), Leaf(("said", title), f"“{title}”")


# leaves


def _leaf(value: Any) -> Leaf:
    if isinstance(value, NODES):
        spelled = tuple(one.text for one in walk(value) if isinstance(one, Number | Quantity))
        return Leaf(_meaning(value), print_expression(value), spelled)
    match value:
        case Date():
            return Leaf(("date", value.text), value.text)
        case Policy():
            return Leaf(_policy(value), value.text)
        case bool():
            return Leaf(value, "yes" if value else "no")
        case tuple():
            return Leaf(tuple(sorted(map(str, value))), ", ".join(map(str, value)) or "none")
        case float():
            return Leaf(value, f"{value:.12g}")
        case _:
            return Leaf(value, str(value))


def _point(point: Point, unit: str) -> Leaf:
    """A point in its unit: a bare number takes the unit of its block."""
    found = _leaf(point.value)
    inner = point.value.operand if isinstance(point.value, Unary) else point.value
    sign = -1.0 if isinstance(point.value, Unary) else 1.0
    if isinstance(inner, Quantity) and inner.percent and not inner.unit:
        return replace(found, meaning=_quantity(sign * inner.value, ONE))
    if not isinstance(inner, Number) or not unit:
        return found
    try:
        scale, own = parse_unit(unit)
    except ValueError:
        return found
    return replace(found, meaning=_quantity(sign * inner.value * scale, own), text=f"{found.text} {unit}")


def _change(change: Change) -> Leaf:
    if change.policy is not None:
        return _leaf(change.policy)
    return _leaf(change.value) if change.value is not None else Leaf("off", "off")


def _policy(policy: Policy) -> Any:
    return (policy.kind, _meaning(policy.argument))


def _meaning(value: Any) -> Any:
    """What an expression means: literals in base units; names, operations and dates as they stand."""
    match value:
        case Quantity(percent=False):
            scale, unit = parse_unit(value.unit)
            return _quantity(value.value * scale, unit)
        case Unary(op="-", operand=Quantity(percent=False) | Number()):
            _, number, *unit = _meaning(value.operand)
            return ("quantity", -number, *unit)
        case Quantity():
            return ("percentage", _rounded(value.value), value.unit)
        case Number():
            return _quantity(value.value, ONE)
        case Name():
            return value.text
        case DateOf():
            return ("date", value.date.text, value.fiscal or "")
        case Date():
            return ("date", value.text)
        case tuple():
            return tuple(_meaning(item) for item in value)
        case _ if is_dataclass(value):
            parts = (_meaning(getattr(value, one.name)) for one in fields(value) if one.name not in ("place", "text"))
            return (type(value).__name__, *parts)
        case _:
            return value


def _quantity(value: float, unit: Unit) -> tuple[Any, ...]:
    return ("quantity", _rounded(value), tuple(sorted((symbol, str(power)) for symbol, power in unit.powers)))


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS - 1}e}")
