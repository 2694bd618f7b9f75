"""Needs: the join where offers, ceilings and matches meet. The need alone owns what is delivered and what is unmet."""

from __future__ import annotations

from dataclasses import dataclass

from detente.deal.model import DeclaredNeed
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.lang.formula import (
    Formula,
    constant,
    maximum,
    minimum,
    month,
    opening,
    reference,
    select,
    total,
    zero,
)
from detente.lang.printer import print_expression
from detente.lang.unit import ONE, Unit
from detente.terms.joins import Ceiling, Match, Offer
from detente.text.diagnostic import Diagnostic, Fault


@dataclass(frozen=True, slots=True)
class _Offered:
    """An offer to the need, in the order of signature."""

    term: str
    offer: Offer


def add_needs(draft: Draft) -> None:
    """Every need with its dispatch."""
    for need in draft.deal.needs.values():
        draft.attempt(_add_need, draft, need)


def _add_need(draft: Draft, need: DeclaredNeed) -> None:
    unit = draft.resource_unit(need.resource)
    amount = Elaborator(draft, need.name).of_unit(need.amount, unit, f"the need '{need.name}'")
    draft.add(
        need.name,
        amount,
        "need",
        need.place,
        owner=need.name,
        written=print_expression(need.amount),
        grounds=need.grounds,
    )
    found = [
        _Offered(term, one) for term, one in draft.contributions if isinstance(one, Offer) and one.need == need.name
    ]
    signed = {
        f"{agreement.name}.{term}": agreement.signed.first
        for agreement in draft.deal.agreements.values()
        for term in agreement.versions
    }
    offers = sorted(found, key=lambda one: signed[one.term])
    gained = _matches(draft, need, offers, unit)
    for number, one in enumerate(offers):
        _capacity(draft, need, one, offers[:number], gained.get(one.term, []), unit)
    for number in range(len(offers)):
        _use(draft, need, offers, number, unit)
    used = total(unit, [reference(f"{one.term}.use", unit) for one in offers])
    offered = total(unit, [reference(f"{one.term}.offered", unit) for one in offers])
    draft.add(f"{need.name}.delivered", used, "need", need.place, owner=need.name)
    draft.add(f"{need.name}.offered", offered, "need", need.place, owner=need.name)
    demand = reference(need.name, unit)
    draft.add(
        f"{need.name}.unmet",
        maximum(zero(unit), demand - reference(f"{need.name}.offered", unit)),
        "need",
        need.place,
        owner=need.name,
    )
    delivered = reference(f"{need.name}.delivered", unit)
    for party in draft.deal.parties:
        own = [one for one in offers if one.offer.supplier == party]
        part = total(unit, [reference(f"{one.term}.use", unit) for one in own])
        share = select(delivered > zero(unit), part / delivered, constant(0.0))
        draft.add(f"{need.name}.share_of.{party}", share, "need", need.place, owner=need.name)
        if own:
            could = total(unit, [reference(f"{one.term}.offered", unit) for one in own])
            draft.add(f"{need.name}.offered_by.{party}", could, "need", need.place, owner=need.name)


def _matches(draft: Draft, need: DeclaredNeed, offers: list[_Offered], unit: Unit) -> dict[str, list[str]]:
    """Who takes over which increments: for every holder's first offer, the rivals' equations that it gains. What was
    taken over is the holder's while the term of that offer holds; after it the rivals deliver again."""
    gained: dict[str, list[str]] = {}
    for term, match in draft.contributions:
        if not isinstance(match, Match) or match.need != need.name:
            continue
        place = draft.deal.terms()[term].place
        holders = [one for one in offers if one.offer.supplier == match.holder]
        if not holders:
            raise Fault(
                Diagnostic(
                    "no-offer-to-match-with",
                    f"the holder of '{term}' supplies nothing to '{need.name}'",
                    place,
                    ways_out=(f"add a term of type supply from {match.holder}",),
                )
            )
        left, able = match.limit, reference(f"{holders[0].term}.active", ONE, "boolean")
        for rival in offers:
            if rival.offer.supplier == match.holder:
                continue
            base = f"{term}.{rival.term}"
            capacity, peak = reference(f"{rival.term}.capacity", unit), opening(f"{base}.peak", unit)
            first = month().equals(constant(float(draft.deal.now + 1)))
            new = select(match.holds & able & ~first, maximum(zero(unit), capacity - peak), zero(unit))
            draft.add(
                f"{base}.peak", maximum(peak, capacity), "memory", place, owner=term, memory="now", initial=zero(unit)
            )
            draft.add(f"{base}.taken", minimum(match.chance * new, left), "term", place, owner=term)
            taken = reference(f"{base}.taken", unit)
            draft.add(
                f"{base}.matched",
                opening(f"{base}.matched", unit) + taken,
                "term",
                place,
                owner=term,
                memory="now",
                initial=zero(unit),
            )
            moved = select(able, reference(f"{base}.matched", unit), zero(unit))
            draft.add(f"{base}.moved", moved, "term", place, owner=term)
            left = left - taken
            gained.setdefault(holders[0].term, []).append(f"{base}.moved")
            gained.setdefault(f"lost by {rival.term}", []).append(f"{base}.moved")
    for one in offers:
        gained[one.term] = gained.get(one.term, []) + [f"-{name}" for name in gained.get(f"lost by {one.term}", [])]
    return gained


def _capacity(
    draft: Draft, need: DeclaredNeed, one: _Offered, before: list[_Offered], changes: list[str], unit: Unit
) -> None:
    """What an offer can deliver: its capacity, what matching moved, under what every ceiling leaves it. A ceiling is on
    all the offers it covers together; those signed `before` come first."""
    term = draft.deal.terms()[one.term]
    if one.offer.capacity.unit != unit:
        raise Fault(
            Diagnostic(
                "unit-mismatch",
                f"'{one.term}' offers in another unit than its need",
                term.place,
                str(one.offer.capacity.unit),
                str(unit),
            )
        )
    draft.add(
        f"{one.term}.capacity",
        maximum(zero(unit), one.offer.capacity),
        "term",
        term.place,
        owner=one.term,
        grounds=term.grounds,
    )
    offered = reference(f"{one.term}.capacity", unit)
    for name in changes:
        moved = reference(name.removeprefix("-"), unit)
        offered = maximum(zero(unit), offered - moved) if name.startswith("-") else offered + moved
    for _, ceiling in draft.contributions:
        if isinstance(ceiling, Ceiling) and ceiling.need == need.name and one.offer.supplier not in ceiling.exempt:
            taken = [other for other in before if other.offer.supplier not in ceiling.exempt]
            left = ceiling.amount - total(unit, [reference(f"{other.term}.offered", unit) for other in taken])
            offered = select(ceiling.holds, minimum(offered, maximum(zero(unit), left)), offered)
    draft.add(f"{one.term}.offered", offered, "term", term.place, owner=one.term, grounds=term.grounds)


def _use(draft: Draft, need: DeclaredNeed, offers: list[_Offered], number: int, unit: Unit) -> None:
    """volume = clip(need - what cheaper offers can deliver, 0, own ceiling); a tie goes to the one signed first."""
    one = offers[number]
    rest = reference(need.name, unit)
    for other_number, other in enumerate(offers):
        if other is one:
            continue
        price, own = other.offer.marginal_price, one.offer.marginal_price
        called_first: Formula = price <= own if other_number < number else price < own
        rest = rest - select(called_first, reference(f"{other.term}.offered", unit), zero(unit))
    use = minimum(maximum(zero(unit), rest), reference(f"{one.term}.offered", unit))
    term = draft.deal.terms()[one.term]
    draft.add(f"{one.term}.use", use, "term", term.place, owner=one.term, grounds=term.grounds)
