"""Flows and accounts: every payment has a giver and a taker, and accounts change by flows alone (R2)."""

from __future__ import annotations

from dataclasses import replace

from detente.deal.model import NO_GROUNDS, DeclaredFlow, Opening, Party, Resource
from detente.deal.references import MARKET
from detente.graph.draft import Draft, Issued
from detente.graph.expressions import Elaborator
from detente.graph.literals import distribution
from detente.graph.model import shown_in
from detente.lang.distribution import DISTRIBUTIONS
from detente.lang.formula import (
    Formula,
    Operation,
    constant,
    maximum,
    minimum,
    opening,
    parts,
    reference,
    select,
    total,
    zero,
)
from detente.lang.printer import print_expression
from detente.lang.syntax import Call, Range
from detente.lang.unit import ONE, Unit
from detente.terms.joins import Flow, Issue, Shares, StakeCeiling
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place
from detente.text.written import month_text

STAGES = ("conversion", "note", "option", "round", "adjustment")

Payment = tuple[str, str, str, str, str]
"""A settled flow: its equation, giver, taker, resource, class."""


def add_flows(draft: Draft) -> list[Payment]:
    """Declared flows, issues of shares, how invoices are settled and currencies exchanged: every payment that moves an
    account."""
    draft.attempt(_rates, draft)
    for flow in draft.deal.flows.values():
        draft.attempt(_declared, draft, flow)
    draft.attempt(_issues, draft)
    payments: list[Payment] = []
    for name, joined in draft.flows:
        for payment in draft.attempt(_settled, draft, name, joined) or []:
            payments += draft.attempt(_exchanged, draft, payment) or [payment]
    return payments


def add_balances(draft: Draft, payments: list[Payment], figures: list[Formula]) -> None:
    """The accounts, and what parties receive on balance where an equation or a figure about whole paths asks for it.
    Comes last, when all is known that reads them."""
    read = names_read(draft, figures)
    _nets(draft, payments, read)
    _accounts(draft, payments, read)


def _rates(draft: Draft) -> None:
    """What one of each further currency is worth in the deal's own."""
    for one in draft.currencies():
        if one.rate is not None:
            name, unit = f"rate of {one.name}", draft.currency() / draft.resource_unit(one.name)
            rate = draft.attempt(Elaborator(draft, one.name).of_unit, one.rate, unit, f"the rate of {one.name}")
            draft.add(
                name,
                rate if rate is not None else zero(unit),
                "variable",
                one.place,
                owner=one.name,
                written=print_expression(one.rate),
                grounds=one.grounds,
            )


def keeps(draft: Draft, party: str, resource: str) -> bool:
    """Whether a party holds a currency: its own, one it has an opening in, any if it is a source and a sink."""
    deal = draft.deal
    own = deal.parties[party].currency or draft.currencies()[0].name
    return (
        (deal.parties[party].outside and not deal.parties[party].currency)
        or draft.resource_unit(own) == draft.resource_unit(resource)
        or any(one.account == f"{party}.{resource}" for one in deal.openings)
    )


def _exchanged(draft: Draft, payment: Payment) -> list[Payment]:
    """A payment and what is exchanged for it: who does not keep its currency buys it of the market, or sells it there,
    at the rate of the month (R2)."""
    name, giver, taker, resource, category = payment
    if resource not in [one.name for one in draft.currencies()]:
        return [payment]
    paid = draft.resource_unit(resource)
    amount, place = reference(name, paid / MONTH.unit), draft.equations[name].place
    found: list[Payment] = []

    def moved(money: str, one: str, other: str, label: str) -> None:
        """The amount in some money from one party to another."""
        worth = draft.exchange(amount, paid, draft.resource_unit(money))
        draft.add(label, worth, "flow", place, owner=draft.equations[name].owner)
        found.append((label, one, other, money, category))

    if not keeps(draft, giver, resource):
        own = draft.deal.parties[giver].currency or draft.currencies()[0].name
        moved(own, giver, MARKET, f"{name} in {own} for {resource}")
        moved(resource, MARKET, giver, f"{name} bought in {resource}")
    found.append(payment)
    if not keeps(draft, taker, resource):
        own = draft.deal.parties[taker].currency or draft.currencies()[0].name
        moved(resource, taker, MARKET, f"{name} sold in {resource}")
        moved(own, MARKET, taker, f"{name} in {own} from {resource}")
    if len(found) > 1 and MARKET not in draft.deal.parties:
        market = Party(MARKET, "currency market", True, 12, draft.deal.resources[resource].place)
        draft.deal = replace(draft.deal, parties={**draft.deal.parties, MARKET: market})
    return found


def names_read(draft: Draft, figures: list[Formula]) -> set[str]:
    """The names of all that an equation or a figure reads."""
    formulas = [*(equation.formula for equation in draft.equations.values()), *figures]
    return {name for formula in formulas for name in names_in(formula)}


def _declared(draft: Draft, flow: DeclaredFlow) -> None:
    amount = Elaborator(draft, flow.name).formula(flow.amount)
    resource = draft.cash((amount * MONTH).unit, flow.amount.place)
    draft.add(
        flow.name,
        amount,
        "flow",
        flow.place,
        owner=flow.name,
        written=print_expression(flow.amount),
        grounds=flow.grounds,
    )
    joined = Flow(flow.giver, flow.taker, resource, amount, flow.category, invoice=flow.category == "operating")
    draft.flows.append((flow.name, joined))


def _issues(draft: Draft) -> None:
    """Conversions, then notes together, then options, rounds and adjustments: each on the count after the last."""
    issues = [(term, one) for term, one in draft.contributions if isinstance(one, Issue)]
    issues.sort(key=lambda pair: STAGES.index(pair[1].stage))
    counted: set[str] = set()
    for number, (term, issue) in enumerate(issues, 1):
        place = draft.deal.terms()[term].place
        shares = draft.shares_of(issue.company, place, issue.class_)
        before = [
            reference(one.name, shares.unit / MONTH.unit) * MONTH
            for one in draft.issued
            if one.issue.company == issue.company and not one.issue.stage == issue.stage == "note"
        ]
        count = total(shares.unit, [shares.issued(), *before])
        if term not in counted:
            counted.add(term)
            draft.add(f"{term}.count", count, "term", place, owner=term)
        if issue.allowed:
            issue = _allowed(draft, term, issue, shares)
        name = draft.free_name(f"{term}.shares")
        draft.add(name, issue.shares / MONTH, "flow", place, owner=term, grounds=draft.deal.terms()[term].grounds)
        draft.issued.append(Issued(name, term, issue, count))
        draft.flows.append(
            (name, Flow(issue.company, issue.holder, shares.resource, issue.shares, "financing", str(number)))
        )


def _allowed(draft: Draft, term: str, issue: Issue, shares: Shares) -> Issue:
    """The issue as far as the ceilings on its holder's stake allow it, after all that is issued before it this month:
    with a stake s, x more shares on a count N of which h are held stay below it while h + x <= s (N + x)."""
    earlier = [one for one in draft.issued if one.issue.company == issue.company]
    new = {one.name: reference(one.name, shares.unit / MONTH.unit) * MONTH for one in earlier}
    count = total(shares.unit, [shares.issued(), *new.values()])
    own = [new[one.name] for one in earlier if one.issue.holder == issue.holder]
    held = total(shares.unit, [shares.held(issue.holder), *own])
    room = issue.shares
    for _, one in draft.contributions:
        if isinstance(one, StakeCeiling) and (one.company, one.holder) == (issue.company, issue.holder):
            most = maximum(zero(shares.unit), (one.stake * count - held) / (constant(1.0) - one.stake))
            room = select(one.holds, minimum(room, most), room)
    wanted = issue.shares > zero(shares.unit)
    part = select(wanted, room / select(wanted, issue.shares, constant(1.0, shares.unit)), constant(1.0))
    text = draft.deal.terms()[term]
    draft.add(issue.allowed, part, "term", text.place, owner=term, grounds=text.grounds)
    return replace(issue, shares=issue.shares * reference(issue.allowed, ONE))


def _settled(draft: Draft, name: str, flow: Flow) -> list[Payment]:
    """A flow as it is settled: an invoice first in service credits of its taker, as far as they go, then in cash."""
    unit = draft.resource_unit(flow.resource)
    category = flow.category
    plain: list[Payment] = [(name, flow.giver, flow.taker, flow.resource, category)]
    if not flow.invoice:
        return plain
    place = draft.equations[name].place
    for service_credits in draft.deal.resources.values():
        if service_credits.kind != "money" or service_credits.issuer != flow.taker or service_credits.settles is None:
            continue
        if draft.resource_unit(service_credits.name) != unit or not _receives(draft, flow.giver, service_credits.name):
            continue
        part = Elaborator(draft, service_credits.name).of_unit(service_credits.settles, Unit(()), "`settles`")
        held = maximum(zero(unit), opening(f"{flow.giver}.{service_credits.name}", unit))
        earlier = [
            other
            for other, joined in draft.flows
            if joined.invoice and (joined.giver, joined.taker) == (flow.giver, flow.taker)
        ]
        for other in earlier[: earlier.index(name)]:
            held = held - reference(f"{other} in {service_credits.name}", unit / MONTH.unit) * MONTH
        amount = reference(name, unit / MONTH.unit)
        settled = minimum(part * maximum(zero(amount.unit), amount), held / MONTH)
        draft.add(f"{name} in {service_credits.name}", settled, "flow", place, owner=draft.equations[name].owner)
        rest = amount - reference(f"{name} in {service_credits.name}", amount.unit)
        draft.add(f"{name} in {flow.resource}", rest, "flow", place, owner=draft.equations[name].owner)
        return [
            (f"{name} in {service_credits.name}", flow.giver, flow.taker, service_credits.name, category),
            (f"{name} in {flow.resource}", flow.giver, flow.taker, flow.resource, category),
        ]
    return plain


def _receives(draft: Draft, party: str, resource: str) -> bool:
    return any(one.account == f"{party}.{resource}" for one in draft.deal.openings) or any(
        flow.taker == party and flow.resource == resource for _, flow in draft.flows
    )


def _accounts(draft: Draft, payments: list[Payment], read: set[str]) -> None:
    deal = draft.deal
    stored = {name: one for name, one in deal.resources.items() if one.kind != "capacity"}
    for opened in deal.openings:
        party, _, resource = opened.account.rpartition(".")
        if opened.account not in deal.terms() and (party not in deal.parties or resource not in stored):
            draft.findings.append(
                Diagnostic(
                    "unknown-account",
                    f"there is no account '{opened.account}'",
                    opened.place,
                    expected="PARTY.RESOURCE",
                    ways_out=(
                        *did_you_mean(opened.account, [f"{p}.{r}" for p in deal.parties for r in stored]),
                        "declare the party, and the resource as money or shares",
                    ),
                )
            )
    for name, one in stored.items():
        moving = [payment for payment in payments if payment[3] == name]
        draft.attempt(_accounts_in, draft, one, moving, read)


def _accounts_in(draft: Draft, resource: Resource, payments: list[Payment], read: set[str]) -> None:
    """The accounts in one resource: of every party that something moves, opens or reads there, the issuer last."""
    deal, unit = draft.deal, draft.resource_unit(resource.name)
    given = {one.account: one for one in deal.openings if one.on == deal.now}
    touched = {party for _, giver, taker, _, _ in payments for party in (giver, taker)}
    holders = [
        party
        for party in deal.parties
        if party in touched
        or f"{party}.{resource.name}" in given
        or (party != resource.issuer and f"{party}.{resource.name}" in read)
    ]
    if resource.issuer and (holders or f"{resource.issuer}.{resource.name}" in read):
        holders = [*(party for party in holders if party != resource.issuer), resource.issuer]
    initials: dict[str, Formula] = {}
    for party in holders:
        account = f"{party}.{resource.name}"
        initial = draft.attempt(_initial, draft, party, resource, given.get(account), initials)
        initials[party] = initial if initial is not None else zero(unit)
        moved_in = [reference(name, unit / MONTH.unit) for name, _, taker, _, _ in payments if taker == party]
        moved_out = [reference(name, unit / MONTH.unit) for name, giver, _, _, _ in payments if giver == party]
        change = _balance_of(unit / MONTH.unit, moved_in, moved_out)
        draft.add(
            account,
            opening(account, unit) + change * MONTH,
            "account",
            given[account].place if account in given else deal.parties[party].place,
            owner=account,
            memory="now",
            initial=initials[party],
            grounds=given[account].grounds if account in given else NO_GROUNDS,
        )


def names_in(formula: Formula, operations: tuple[Operation, ...] = ("reference", "opening")) -> set[str]:
    """The names of equations that a formula reads, of this month or the last."""
    return {node.name for node in parts(formula) if node.operation in operations}


def _initial(
    draft: Draft, party: str, resource: Resource, given: Opening | None, holders: dict[str, Formula]
) -> Formula:
    """What an account opens with; an issuer's account without an opening is minus what its holders have."""
    unit = draft.resource_unit(resource.name)
    if given is not None:
        return _balance(draft, given, unit)
    if party == resource.issuer:
        return -total(unit, list(holders.values()))
    if draft.deal.parties[party].outside or resource.issuer or not keeps(draft, party, resource.name):
        return zero(unit)
    account = f"{party}.{resource.name}"
    raise Fault(
        Diagnostic(
            "missing-opening",
            f"'{account}' has no opening at {month_text(draft.deal.now)}",
            draft.deal.parties[party].place,
            ways_out=(
                f"add `opening: {{{account}: {{balance: …, assumed: …}}}}`",
                f"make `{party}` an outside party",
            ),
        )
    )


def _balance(draft: Draft, given: Opening, unit: Unit) -> Formula:
    node = given.balance
    if isinstance(node, Range) or (isinstance(node, Call) and node.function in DISTRIBUTIONS):
        found = distribution(node, "")
        if found.unit != unit:
            raise Fault(
                Diagnostic(
                    "unit-mismatch",
                    f"'{given.account}' counts in {unit}",
                    node.place,
                    str(found.unit) if found.unit != ONE else "a plain number",
                    str(unit),
                    (f"write the balance in {unit}",),
                )
            )
        name = f"opening of {given.account}"
        return draft.add_input(name, found, name, shown_in(unit), given.grounds, given.place)
    return Elaborator(draft, given.account).of_unit(node, unit, f"the opening of '{given.account}'")


def _nets(draft: Draft, payments: list[Payment], read: set[str]) -> None:
    """What parties receive less what they pay, by class and money, where something asks for it."""
    asked = {name for name in read if name.startswith("net ")}
    money = [resource.name for resource in draft.deal.resources.values() if resource.kind == "money"]
    for name in sorted(asked):
        _, party, category, resource = name.split(" ")
        counted = money if resource == "money" else [resource]
        chosen = [
            (n, moved, giver, taker)
            for n, giver, taker, moved, kind in payments
            if moved in counted and category in (kind, "all") and party in (giver, taker)
        ]
        draft.attempt(_net, draft, name, party, resource, chosen)


def _net(draft: Draft, name: str, party: str, resource: str, payments: list[tuple[str, str, str, str]]) -> None:
    """Receipts less payments, each given as equation, what it moves, giver and taker: of one resource, or of all money
    in the deal's own currency at the rate of the month."""
    own = draft.currency() if resource == "money" else draft.resource_unit(resource)

    def worth(equation: str, moved: str) -> Formula:
        unit = draft.resource_unit(moved)
        return draft.exchange(reference(equation, unit / MONTH.unit), unit, own)

    inward = [worth(equation, moved) for equation, moved, _, taker in payments if taker == party]
    outward = [worth(equation, moved) for equation, moved, giver, _ in payments if giver == party]
    unit = own / MONTH.unit
    place: Place = draft.deal.parties[party].place
    draft.add(name, _balance_of(unit, inward, outward), "flow", place, owner=name)


def _balance_of(unit: Unit, received: list[Formula], paid: list[Formula]) -> Formula:
    """What is received less what is paid."""
    return total(unit, received) - total(unit, paid) if paid else total(unit, received)
