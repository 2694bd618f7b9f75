"""Needs: the join where offers, ceilings and matches meet. The need alone owns what is delivered and what is unmet."""

from __future__ import annotations

from dataclasses import dataclass

from detente.deal.model import DeclaredNeed
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.graph.model import Memory
from detente.lang.formula import (
    Formula,
    constant,
    false,
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
from detente.terms.joins import Ceiling, Match, Offer, Sunk
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault


@dataclass(frozen=True, slots=True)
class _Offered:
    """An offer to the need, in the order of signature; `name` is its term's, and its own label where it has one."""

    term: str
    offer: Offer

    @property
    def name(self) -> str:
        return f"{self.term}.{self.offer.label}" if self.offer.label else self.term


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
        _capacity(draft, need, one, offers[:number], gained.get(one.name, []), unit)
    prices = [_called_at(draft, one) for one in offers]
    for number in range(len(offers)):
        _use(draft, need, offers, prices, number, unit)
    used = total(unit, [reference(f"{one.name}.use", unit) for one in offers])
    offered = total(unit, [reference(f"{one.name}.offered", unit) for one in offers])
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
        part = total(unit, [reference(f"{one.name}.use", unit) for one in own])
        share = select(delivered > zero(unit), part / delivered, constant(0.0))
        draft.add(f"{need.name}.share_of.{party}", share, "need", need.place, owner=need.name)
        if own:
            could = total(unit, [reference(f"{one.name}.offered", unit) for one in own])
            draft.add(f"{need.name}.offered_by.{party}", could, "need", need.place, owner=need.name)


def _matches(draft: Draft, need: DeclaredNeed, offers: list[_Offered], unit: Unit) -> dict[str, list[str]]:
    """Who takes over which increments: for every holder's first offer, the rivals' equations that it gains. What was
    taken over is the holder's while the term of that offer holds, and as long as the rival would have it; else the
    rivals deliver again. Of several rights over one rival the first goes before the others."""
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
        able = reference(f"{holders[0].term}.active", ONE, "boolean")
        holds = match.holds & able & ~month().equals(constant(float(draft.deal.now + 1)))
        if match.window is not None:
            holds = holds & (opening(f"{term}.free", MONTH.unit) <= zero(MONTH.unit))
        left, passed_on = match.limit, false()
        for rival in offers:
            if not rival.offer.matchable or rival.offer.supplier in (match.holder, *match.exempt):
                continue
            base = f"{term}.{rival.name}"
            capacity, peak = reference(f"{rival.name}.capacity", unit), opening(f"{base}.peak", unit)
            lost = gained.setdefault(f"lost by {rival.name}", [])
            taken_before = total(unit, [reference(f"{name.removesuffix('.moved')}.taken", unit) for name in lost])
            new = select(holds, maximum(zero(unit), capacity - peak - taken_before), zero(unit))
            taken, matched = reference(f"{base}.taken", unit), opening(f"{base}.matched", unit)
            in_reach = maximum(zero(unit), capacity - total(unit, [reference(name, unit) for name in lost]))
            moved = select(able, minimum(reference(f"{base}.matched", unit), in_reach), zero(unit))
            for name, formula, remembered in (
                ("peak", maximum(peak, capacity), True),
                ("taken", minimum(match.chance * new, left), False),
                ("matched", matched + taken, True),
                ("moved", moved, False),
            ):
                initial = zero(unit) if remembered else None
                memory: Memory = "now" if remembered else "none"
                draft.add(f"{base}.{name}", formula, "term", place, owner=term, memory=memory, initial=initial)
            left, passed_on = left - taken, passed_on | (new > taken)
            gained.setdefault(holders[0].name, []).append(f"{base}.moved")
            lost.append(f"{base}.moved")
        if match.window is not None:
            nothing = zero(MONTH.unit)
            free = select(passed_on, match.window, maximum(nothing, opening(f"{term}.free", MONTH.unit) - MONTH))
            draft.add(f"{term}.free", free, "term", place, owner=term, memory="now", initial=nothing)
    for one in offers:
        gained[one.name] = gained.get(one.name, []) + [f"-{name}" for name in gained.get(f"lost by {one.name}", [])]
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
                f"'{one.name}' offers in another unit than its need",
                term.place,
                str(one.offer.capacity.unit),
                str(unit),
                (f"give its capacity in {unit}", "name a need of that resource"),
            )
        )
    draft.add(
        f"{one.name}.capacity",
        maximum(zero(unit), one.offer.capacity),
        "term",
        term.place,
        owner=one.term,
        grounds=term.grounds,
    )
    offered = reference(f"{one.name}.capacity", unit)
    for name in changes:
        moved = reference(name.removeprefix("-"), unit)
        offered = maximum(zero(unit), offered - moved) if name.startswith("-") else offered + moved
    for _, ceiling in draft.contributions:
        if isinstance(ceiling, Ceiling) and ceiling.need == need.name and ceiling.covers(one.offer.supplier):
            taken = [other for other in before if ceiling.covers(other.offer.supplier)]
            left = ceiling.amount - total(unit, [reference(f"{other.name}.offered", unit) for other in taken])
            offered = select(ceiling.holds, minimum(offered, maximum(zero(unit), left)), offered)
    draft.add(f"{one.name}.offered", offered, "term", term.place, owner=one.term, grounds=term.grounds)


def _called_at(draft: Draft, one: _Offered) -> Formula:
    """The price of one more unit by which an offer is called: nothing where it is owed in any case."""
    price = one.offer.marginal_price
    for _, sunk in draft.contributions:
        if isinstance(sunk, Sunk) and sunk.of == one.term:
            price = select(sunk.holds, zero(price.unit), price)
    return price


def _use(
    draft: Draft, need: DeclaredNeed, offers: list[_Offered], prices: list[Formula], number: int, unit: Unit
) -> None:
    """volume = clip(need - what cheaper offers can deliver, 0, own ceiling); a tie goes to the one signed first."""
    one, own = offers[number], prices[number]
    rest = reference(need.name, unit)
    for other_number, (other, price) in enumerate(zip(offers, prices, strict=True)):
        if other is one:
            continue
        called_first: Formula = price <= own if other_number < number else price < own
        rest = rest - select(called_first, reference(f"{other.name}.offered", unit), zero(unit))
    use = minimum(maximum(zero(unit), rest), reference(f"{one.name}.offered", unit))
    term = draft.deal.terms()[one.term]
    draft.add(f"{one.name}.use", use, "term", term.place, owner=one.term, grounds=term.grounds)
