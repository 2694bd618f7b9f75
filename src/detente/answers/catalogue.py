"""The catalogue of terms as data: what each means, takes, shows, contributes to which joins, and whom it meets
there."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, Field, asdict, dataclass
from types import CodeType, FunctionType
from typing import Any

from detente.lang.formula import Formula
from detente.terms import joins
from detente.terms.term import Declared, Term, catalogue, given_by_others, required, written

JOINS = {
    "Flow": ("flow", "payments are added up in the accounts of both parties"),
    "Offer": ("offers to a need", "called by the price of one more unit, each up to what it can deliver"),
    "Ceiling": ("ceiling on offers", "the least of all ceilings holds"),
    "Match": ("capacity of rivals' offers", "what rivals lose the holder gains"),
    "Permission": ("permission", "the event waits until all permit it"),
    "Issue": ("issue of shares", "conversions, options, rounds, adjustments, each on the count after the last"),
    "StakeCeiling": ("ceiling on a stake", "the least of all ceilings holds"),
    "Claim": ("claim on a waterfall", "paid by seniority, the rest by shares"),
    "Price": ("price of another term", "what sets it first, then the least of what limits it"),
    "Change": ("status of another term", "waived or suspended while it holds, ended for good"),
    "Breach": ("breach of its own duty", "seen by terms that name it, a month later"),
    "Chance": ("a draw of its own", "one a path"),
}
"""What each join is called, and how contributions meet there."""

MEETS = {
    "Offer": ("Offer", "Ceiling", "Match", "Price"),
    "Ceiling": ("Offer", "Ceiling"),
    "Match": ("Offer", "Match"),
    "Permission": ("Permission",),
    "Issue": ("Issue", "StakeCeiling"),
    "StakeCeiling": ("Issue", "StakeCeiling"),
    "Claim": ("Claim",),
    "Price": ("Price", "Offer"),
}
"""Which joins act on one another: terms meet through these."""


@dataclass(frozen=True)
class ParameterEntry:
    """A parameter as a deal writes it; `without` is what holds where it is not written, "" where it must be."""

    name: str
    means: str
    written_as: str
    without: str
    rows: tuple[ParameterEntry, ...] = ()


@dataclass(frozen=True)
class TermEntry:
    """A type of term. `joins` are the names of the joins it contributes to; `meets` says by join which other types
    contribute to what acts on it."""

    type: str
    family: str
    summary: str
    meaning: str
    invariant: str
    parameters: tuple[ParameterEntry, ...]
    shows: tuple[tuple[str, str, str], ...]
    joins: tuple[str, ...]
    meets: tuple[tuple[str, tuple[str, ...]], ...]
    example: str

    def as_data(self) -> dict[str, Any]:
        """The entry as plain data."""
        return asdict(self)


def term_entries() -> tuple[TermEntry, ...]:
    """Every type of term, by family and name."""
    contributed = {name: _contributes(term) for name, term in catalogue().items()}
    found = [_entry(name, term, contributed) for name, term in catalogue().items()]
    return tuple(sorted(found, key=lambda one: (one.family, one.type)))


def _entry(name: str, term: type[Term], contributed: dict[str, tuple[str, ...]]) -> TermEntry:
    said = inspect.cleandoc(term.__doc__ or "")
    meaning, _, invariant = said.partition("Invariant: ")
    meets = []
    for join in contributed[name]:
        others = [
            other
            for other, own in contributed.items()
            if other != name and any(acting in own for acting in MEETS.get(join, ()))
        ]
        if others:
            meets.append((JOINS[join][0], tuple(others)))
    return TermEntry(
        name,
        term.__module__.rpartition(".")[2],
        " ".join(meaning.partition("\n\n")[0].split()),
        meaning.strip(),
        " ".join(invariant.split()),
        tuple(_parameters(term)),
        tuple((label, one.doc, one.dimension) for label, one in term.quantities.items()),
        tuple(JOINS[join][0] for join in contributed[name]),
        tuple(meets),
        textwrap.dedent(term.example).strip(),
    )


def _parameters(kind: type[Declared]) -> Iterator[ParameterEntry]:
    for one in kind.parameters():
        if given_by_others(one):
            continue
        row = one.metadata.get("row")
        shown = "a list of blocks" if row else str(one.metadata["dimension"])
        rows = tuple(_parameters(row)) if row else ()
        yield ParameterEntry(written(one), one.metadata["doc"], shown, "" if required(one) else _without(one), rows)


def _without(one: Field[Any]) -> str:
    value = None if one.default is MISSING else one.default
    if value is None or value == () or value == "":
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Formula):
        return f"{value.value:g} {value.unit}".removesuffix(" 1") if value.operation == "constant" else "none"
    return str(value)


def _contributes(term: type[Term]) -> tuple[str, ...]:
    """The joins that a term's code names, also by way of functions of this project that it calls."""
    named: set[str] = set()
    seen: set[int] = set()
    waiting = [value for value in vars(term).values() if isinstance(value, FunctionType)]
    while waiting:
        function = waiting.pop()
        if id(function) in seen:
            continue
        seen.add(id(function))
        for name in _names(function.__code__):
            value = function.__globals__.get(name)
            if isinstance(value, FunctionType) and value.__module__.startswith("detente.terms"):
                waiting.append(value)
            elif isinstance(value, type) and value.__module__ == joins.__name__:
                named.add(name)
    return tuple(name for name in JOINS if name in named)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
