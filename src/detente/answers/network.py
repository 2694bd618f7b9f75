"""Who is tied to whom on a date: every arrow of money, capacity, shares and rights, told from what the terms in force
contribute to the joins, so that a new type of term needs no change here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from detente.answers.held import held
from detente.deal.model import Deal, TermText
from detente.graph.draft import Draft
from detente.graph.parameters import term_of
from detente.graph.variables import add_assumptions, add_variables
from detente.lang.formula import reference, true
from detente.lang.unit import ONE
from detente.terms.joins import (
    Ceiling,
    Claim,
    Contribution,
    Flow,
    Issue,
    Match,
    Offer,
    Permission,
    StakeCeiling,
    SupplyTerm,
)
from detente.terms.term import Here, Term, catalogue, written
from detente.text.diagnostic import Diagnostic, Fault, Refused
from detente.text.written import Date, Month

Kind = Literal["operating", "financing", "capacity", "shares", "right"]
KINDS: tuple[Kind, ...] = ("operating", "financing", "capacity", "shares", "right")


@dataclass(frozen=True, slots=True)
class Tie:
    """One thing that goes from a party to another: money (operating or financing), capacity, shares, or a right that
    the one has over the other. `term` is the term or flow it comes from, `part` what of it where it has several parts;
    `settled` says that nothing of it is left to come."""

    giver: str
    taker: str
    kind: Kind
    term: str
    part: str = ""
    settled: bool = False

    @property
    def label(self) -> str:
        """The short name of the term or flow, and its part."""
        name = self.term.rpartition(".")[2].replace("_", " ")
        return f"{name}: {self.part}" if self.part else name


@dataclass(frozen=True, slots=True)
class Node:
    """A party of the picture."""

    name: str
    title: str
    outside: bool


@dataclass(frozen=True, slots=True)
class Network:
    """The parties that something ties in a month, in the order of the file, and the ties; `untied` are the terms in
    force that tie nobody to anybody."""

    title: str
    on: str
    parties: tuple[Node, ...]
    ties: tuple[Tie, ...]
    untied: tuple[str, ...] = ()

    def as_data(self) -> dict[str, object]:
        """Everything as plain data, ready for JSON."""
        return asdict(self)


def network(deal: Deal, on: Date | None = None) -> Network:
    """The parties, flows and terms of a deal on a date (at `now` without one).

    Raises:
        Refused: for a date outside record and horizon, or where a term cannot be read.
    """
    standing = held(deal, on)
    month = on.last if on else deal.now
    draft = Draft(deal)
    add_assumptions(draft)
    add_variables(draft, {})
    ties: list[Tie] = [Tie(flow.giver, flow.taker, flow.category, name) for name, flow in deal.flows.items()]
    findings: list[Diagnostic] = []
    texts = deal.held(month)
    for name in standing.terms():
        try:
            ties += _ties(draft, name, texts[name], month)
        except Fault as fault:
            findings.append(fault.diagnostic)
    if findings:
        raise Refused(tuple(findings))
    tied = {party for tie in ties for party in (tie.giver, tie.taker)}
    parties = tuple(Node(one.name, one.title, one.outside) for one in deal.parties.values() if one.name in tied)
    untied = tuple(name for name in standing.terms() if name not in {tie.term for tie in ties})
    return Network(deal.title, standing.on, parties, tuple(ties), untied)


def _ties(draft: Draft, name: str, text: TermText, month: Month) -> Iterator[Tie]:
    """The ties of a term. What it contributed when it began and contributes no more is settled."""
    term = term_of(draft, name, text)

    def told(now: Month) -> Sequence[Contribution]:
        return term.contribute(Here(name, reference(f"{name}.active", ONE, "boolean"), true(), now))

    parties = _parties(text) or _supplied(term)
    left = set(_moved(draft.deal, told(month - 1)))
    moved = [replace(one, term=name) for one in _moved(draft.deal, told(draft.deal.first - 1))]
    found = [replace(one, settled=replace(one, term="") not in left) for one in moved]
    found += [Tie(party, bound, "right", name) for party, bound in _rights(draft.deal, told(month - 1), parties)]
    touched = {party for one in found for party in (one.giver, one.taker)}
    # A party that a term names and nothing of it reaches grants or holds a right by it: the licensor of a licence.
    between = draft.deal.agreements[name.partition(".")[0]].between
    for party in parties:
        other = next((one for one in (*parties, *between) if one != party), None)
        if party not in touched and other is not None:
            found.append(Tie(party, other, "right", name))
            touched |= {party, other}
    alone = len({(one.giver, one.taker, one.kind) for one in found}) == 1
    merged: dict[Tie, list[str]] = {}
    for one in found:
        merged.setdefault(replace(one, part=""), []).extend([one.part] if one.part else [])
    for one, parts in merged.items():
        yield one if alone else replace(one, part=", ".join(dict.fromkeys(parts)))


def _parties(text: TermText) -> tuple[str, ...]:
    """The parties that a term names in its parameters, in order, but for lists of them."""
    named = [
        text.parameters.get(written(one))
        for one in catalogue()[text.type].parameters()
        if one.metadata["dimension"] == "party"
    ]
    return tuple(dict.fromkeys(one for one in named if isinstance(one, str)))


def _supplied(term: Term) -> tuple[str, ...]:
    """The buyer and the supplier of the term that a term without parties of its own is about."""
    named = [getattr(term, one.name) for one in term.parameters()]
    return next(((one.buyer, one.supplier) for one in named if isinstance(one, SupplyTerm)), ())


def _moved(deal: Deal, contributions: Sequence[Contribution]) -> Iterator[Tie]:
    """What goes from a party to another, by the joins; of no term yet."""
    for one in contributions:
        match one:
            case Flow():
                part = re.sub(r"_\d+$", "", one.label).replace("_", " ")
                yield Tie(one.giver, one.taker, one.category, "", part)
            case Offer():
                yield Tie(one.supplier, deal.needs[one.need].party, "capacity", "", one.label.replace("_", " "))
            case Issue():
                yield Tie(one.company, one.holder, "shares", "", "shares")
            case Claim():
                yield Tie(one.payer, one.holder, "financing", "", "proceeds")
            case _:
                pass


def _rights(deal: Deal, contributions: Sequence[Contribution], parties: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Who has a right over whom: over the party of a need whose offers are limited or matched, over who decides an
    event that needs a permission, over a holder whose stake is limited."""
    for one in contributions:
        match one:
            case Ceiling() | Match():
                bound = deal.needs[one.need].party
            case Permission():
                bound = deal.events[one.event].decided_by
            case StakeCeiling():
                bound = one.holder
            case _:
                continue
        yield from ((party, bound) for party in parties if bound and party != bound)
