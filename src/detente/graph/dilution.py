"""Dilution: notes that convert together, and shares protected against sales of new ones below their price."""

from __future__ import annotations

from detente.deal.model import TermText
from detente.graph.draft import Draft, Issued
from detente.lang.formula import (
    Formula,
    as_number,
    constant,
    maximum,
    minimum,
    opening,
    reference,
    select,
    total,
    zero,
)
from detente.lang.unit import ONE, Unit
from detente.terms.joins import Converting, Flow, Protection
from detente.terms.term import MONTH


def add_conversions(draft: Draft) -> None:
    """What every note is issued."""
    companies = dict.fromkeys(one.company for _, one in draft.contributions if isinstance(one, Converting))
    for company in companies:
        draft.attempt(_convert_together, draft, company)


def _convert_together(draft: Draft, company: str) -> None:
    """A note takes a number of shares a, or the part f of all T there are afterwards, whichever is more. So T = N + Σ
    max(a, f T) on the N there are before, a rising, convex function of T: a note takes its part where the sum at T = a
    / f is still above a / f, and T = (N + Σ a of the others) / (1 - Σ f of these).

    Parts that come to the whole company or more leave no T: it is infinite, and the path is refused when it runs.
    """
    notes = [(term, one) for term, one in draft.contributions if isinstance(one, Converting) and one.company == company]
    text = draft.deal.terms()[notes[0][0]]
    unit = draft.shares_of(company, text.place).unit
    before = reference(f"{notes[0][0]}.count", unit)
    for term, one in notes:
        _add(draft, term, "least", one.shares)
        _add(draft, term, "part", one.part)
    least = {term: reference(f"{term}.least", unit) for term, _ in notes}
    part = {term: reference(f"{term}.part", ONE) for term, _ in notes}
    for term in least:
        sold = part[term] > constant(0.0)
        bend = least[term] / select(sold, part[term], constant(1.0))
        reached = before + total(unit, [maximum(least[other], part[other] * bend) for other in least])
        _add(draft, term, "by_part", sold & (reached >= bend))
    by_part = {term: reference(f"{term}.by_part", ONE, "boolean") for term in least}
    fixed = [select(by_part[term], zero(unit), least[term]) for term in least]
    parts = [select(by_part[term], part[term], constant(0.0)) for term in least]
    after = (before + total(unit, fixed)) / maximum(constant(0.0), constant(1.0) - total(ONE, parts))
    name = f"{company} shares after notes"
    draft.add(name, after, "term", text.place, owner=text.name)
    for term in least:
        _add(draft, term, "issued", select(by_part[term], part[term] * reference(name, unit), least[term]))


def add_protections(draft: Draft) -> None:
    """The conversion price of protected shares and what it makes of them; comes after all issues are known."""
    for term, one in draft.contributions:
        if isinstance(one, Protection):
            draft.attempt(_protect, draft, term, one)


def _protect(draft: Draft, term: str, one: Protection) -> None:
    """Every sale of the month in turn: price becomes min(price, new price) with a full ratchet, and by a broad-based
    weighted average (A price + M) / (A + C), on A shares before, for C new shares that bring the money M."""
    sales = [
        issued
        for issued in draft.issued
        if issued.issue.company == one.company and issued.issue.paid_by is not None
        if issued.term not in (term, *one.exempt)
    ]
    unit = one.price.unit
    before = opening(f"{term}.conversion_price", unit)
    price = before
    for number, sale in enumerate(sales, 1):
        money, shares = _sold(draft, sale, unit * one.protected.unit)
        counts = one.holds & (shares > zero(shares.unit)) & (money > zero(money.unit))
        if one.method == "full_ratchet":
            reset = money / select(counts, shares, constant(1.0, shares.unit))
        else:
            reset = (sale.count * price + money) / select(counts, sale.count + shares, constant(1.0, shares.unit))
        label = f"price_after_{number}"
        _add(draft, term, label, select(counts, minimum(price, reset), price))
        price = reference(f"{term}.{label}", unit)
    _add(draft, term, "conversion_price", price, one.price)
    after = reference(f"{term}.conversion_price", unit)
    _add(draft, term, "extra", one.protected * (before / after - constant(1.0)) * as_number(one.holds))


def _sold(draft: Draft, sale: Issued, money: Unit) -> tuple[Formula, Formula]:
    """The money that a sale brings this month, in the money of the protected price, and the shares it issues."""
    flow = next(
        flow
        for term, flow in draft.contributions
        if term == sale.term and isinstance(flow, Flow) and flow.label == sale.issue.paid_by
    )
    name = f"{sale.term}.{flow.label}" if flow.label else sale.term
    unit = draft.resource_unit(flow.resource)
    amount = draft.exchange(reference(name, unit / MONTH.unit) * MONTH, unit, money)
    return amount, reference(sale.name, sale.count.unit / MONTH.unit) * MONTH


def _add(draft: Draft, term: str, label: str, formula: Formula, initial: Formula | None = None) -> None:
    text: TermText = draft.deal.terms()[term]
    draft.add(
        f"{term}.{label}",
        formula,
        "term",
        text.place,
        owner=term,
        grounds=text.grounds,
        memory="none" if initial is None else "now",
        initial=initial,
    )
