"""Terms in force: what each contributes to the joins, what holds when, what is paid at which price."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from detente.deal.model import TermText
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.graph.model import Memory
from detente.graph.parameters import term_of
from detente.graph.status import acting, add_status, begun
from detente.graph.units import money_of
from detente.lang.formula import (
    Formula,
    constant,
    minimum,
    opening,
    reference,
    select,
    total,
)
from detente.lang.unit import ONE
from detente.terms.joins import Flow, Issue, Named, Price, StakeCeiling
from detente.terms.term import MONTH, Here, Term, catalogue, until_month, written
from detente.text.diagnostic import Diagnostic, Fault


def add_terms(draft: Draft) -> None:
    """When every term holds, and what it contributes. All contribute first: what one does may change another."""
    terms: dict[str, Term] = {}
    texts = draft.deal.terms()
    for name, text in texts.items():
        term = draft.attempt(_contribute, draft, name, text)
        if term is not None:
            terms[name] = term
    for name in terms:
        draft.attempt(add_status, draft, name, texts[name])
        draft.attempt(_add_quantities, draft, name, texts[name])
        draft.attempt(_limit_issues, draft, name, texts[name])
    for name, term in terms.items():
        draft.attempt(_add_flows, draft, name, texts[name], term)


def _contribute(draft: Draft, name: str, text: TermText) -> Term:
    active = reference(f"{name}.active", ONE, "boolean")
    term = _as_amended(draft, name, text)
    here = Here(name, active, begun(draft, text), draft.deal.now)
    draft.contributions += [(name, one) for one in term.contribute(here)]
    return term


def _as_amended(draft: Draft, name: str, text: TermText) -> Term:
    """The term; a quantity that an amendment after `now` changes is what each version says in its months."""
    versions = acting(draft, text)
    terms = [term_of(draft, name, version) for version in versions]
    changes: dict[str, Any] = {}
    for declared in catalogue()[text.type].parameters():
        said = [version.parameters.get(written(declared)) for version in versions]
        if all(said[0] == other for other in said[1:]):
            continue
        values = [getattr(term, declared.name) for term in terms]
        if not all(isinstance(value, Formula) for value in values):
            raise Fault(
                Diagnostic(
                    "amended-later",
                    f"`{written(declared)}` of '{name}' changes after `now`, and is no quantity",
                    versions[-1].place,
                    expected="amendments after `now` of quantities and conditions",
                    ways_out=("end the term there, and let a new term of another name begin",),
                )
            )
        value = values[-1]
        for version, earlier in reversed(list(zip(versions[:-1], values[:-1], strict=True))):
            assert version.last is not None
            value = select(until_month(version.last), earlier, value)
        changes[declared.name] = value
    return replace(terms[-1], **changes) if changes else terms[-1]


def _add_quantities(draft: Draft, name: str, text: TermText) -> None:
    for term, one in draft.contributions:
        if term != name or not isinstance(one, Named):
            continue
        formula = _priced(draft, name, one.formula) if one.label == "price" else one.formula
        memory: Memory = "none" if one.initial is None else "now"
        draft.add(
            f"{name}.{one.label}",
            formula,
            "term",
            text.place,
            owner=name,
            grounds=text.grounds,
            memory=memory,
            initial=one.initial,
        )


def _priced(draft: Draft, name: str, price: Formula) -> Formula:
    """The price of a term after all that set it, then at most what limits it."""
    slots = [one for _, one in draft.contributions if isinstance(one, Price) and one.of == name]
    for one in slots:
        if one.how == "set":
            price = select(one.holds, one.amount, price)
    for one in slots:
        if one.how == "least":
            price = minimum(price, select(one.holds, one.amount, price))
    return price


def _limit_issues(draft: Draft, name: str, text: TermText) -> None:
    """An issue that a ceiling on the holder's stake covers is made, and paid for, as far as the ceiling allows."""
    limited = {(one.company, one.holder) for _, one in draft.contributions if isinstance(one, StakeCeiling)}
    count = 0
    for index, (term, one) in enumerate(draft.contributions):
        if term != name or not isinstance(one, Issue) or (one.company, one.holder) not in limited:
            continue
        count += 1
        allowed = f"{name}.allowed" if count == 1 else f"{name}.allowed {count}"
        draft.contributions[index] = (name, replace(one, allowed=allowed))
        for number, (other_term, flow) in enumerate(draft.contributions):
            if other_term == name and isinstance(flow, Flow) and flow.label == one.paid_by:
                draft.contributions[number] = (name, replace(flow, amount=flow.amount * reference(allowed, ONE)))


def _add_flows(draft: Draft, name: str, text: TermText, term: Term) -> None:
    """The payments of a term, what it moves in a month, and what it has moved in all."""
    flows = [one for owner, one in draft.contributions if owner == name and isinstance(one, Flow)]
    money = [flow for flow in flows if draft.deal.resources[flow.resource].kind == "money"]
    for flow in flows:
        if (flow.amount * MONTH).unit != draft.resource_unit(flow.resource):
            raise Fault(
                Diagnostic(
                    "unit-mismatch",
                    f"'{name}' pays in another unit than {flow.resource}",
                    text.place,
                    str(flow.amount.unit),
                    f"{draft.resource_unit(flow.resource)} / month",
                    ("check the units of the parameters: a payment is money per time",),
                )
            )
        whole = f"{name}.{flow.label}" if flow.label else name
        draft.add(whole, flow.amount, "flow", text.place, owner=name, grounds=text.grounds)
        draft.flows.append((whole, flow))
    unit = draft.resource_unit(money[0].resource) if money else money_of(draft, text)
    for flow in money:
        if draft.resource_unit(flow.resource) != unit:
            raise Fault(
                Diagnostic(
                    "unit-mismatch",
                    f"'{name}' pays in two currencies",
                    text.place,
                    f"{unit} and {draft.resource_unit(flow.resource)}",
                    "one currency a term, in which its payments can be summed",
                    ways_out=("make two terms of it", f"write the amounts in one: `convert(x, {unit})`"),
                )
            )
    names = [f"{name}.{flow.label}" if flow.label else name for flow in money]
    if names != [name]:
        moved = total(unit / MONTH.unit, [reference(one, unit / MONTH.unit) for one in names])
        draft.add(name, moved, "term", text.place, owner=name, grounds=text.grounds)
    draft.add(
        f"{name}.paid",
        opening(f"{name}.paid", unit) + reference(name, unit / MONTH.unit) * MONTH,
        "term",
        text.place,
        owner=name,
        grounds=text.grounds,
        memory="now",
        initial=_paid_before(draft, name, text, term, unit),
    )


def _paid_before(draft: Draft, name: str, text: TermText, term: Term, unit: Any) -> Formula:
    """What a term had paid by `now`: as an opening says, else what its dates up to `now` come to."""
    given = [opened for opened in draft.deal.openings if opened.account == name and opened.on == draft.deal.now]
    if given:
        return Elaborator(draft, name).of_unit(given[0].balance, unit, f"what '{name}' has paid")
    payments = term.paid_on_record(draft.deal.now) if text.known else ()
    for payment in payments:
        if payment.operation != "constant":
            raise Fault(
                Diagnostic(
                    "not-a-literal",
                    f"a payment on record of '{name}' is an amount",
                    payment.place,
                    ways_out=("write the amount that was paid",),
                )
            )
    return constant(sum(payment.value for payment in payments), unit)
