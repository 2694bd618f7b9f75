"""Waterfalls: what a company brings when it is sold or wound up, shared by preferences first and by shares then."""

from __future__ import annotations

from dataclasses import dataclass

from detente.deal.model import TermText
from detente.graph.draft import Draft
from detente.lang.formula import (
    Formula,
    constant,
    maximum,
    minimum,
    reference,
    select,
    total,
    zero,
)
from detente.terms.joins import Claim, Flow, Issue
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault


@dataclass(frozen=True, slots=True)
class _Preference:
    """A claim as the waterfall reckons with it: its term, the preference (no more than its cap), its shares."""

    term: str
    claim: Claim
    amount: Formula
    shares: Formula

    def payoff(self, per_share: Formula) -> Formula:
        """What it receives where every share brings `per_share`, the preferences being paid in full."""
        by_shares = self.shares * per_share
        if not self.claim.participating:
            return maximum(self.amount, by_shares)
        both = self.amount + by_shares
        return both if self.claim.cap is None else maximum(minimum(both, self.claim.cap), by_shares)

    def bends(self) -> tuple[tuple[Formula, bool], ...]:
        """The values of a share at which its payoff bends, in order, and whether it takes part in more from there
        on."""
        shares = _or_one(self.shares)
        if not self.claim.participating:
            return ((self.amount / shares, True),)
        if self.claim.cap is None:
            return ()
        return ((self.claim.cap - self.amount) / shares, False), (self.claim.cap / shares, True)

    def taking_part(self, per_share: Formula) -> Formula:
        """Its shares that take part in the next unit of money above `per_share`."""
        taking = self.shares if self.claim.participating else zero(self.shares.unit)
        for bend, more in self.bends():
            taking = select(per_share >= bend, self.shares if more else zero(self.shares.unit), taking)
        return taking


def add_waterfalls(draft: Draft) -> None:
    """The waterfall of every company on which a term has a claim: payouts of the claims, and flows to all others."""
    companies = dict.fromkeys(one.company for _, one in draft.contributions if isinstance(one, Claim))
    for company in companies:
        draft.attempt(_waterfall, draft, company)


def _waterfall(draft: Draft, company: str) -> None:
    """Payoffs rise with the value of a share, in straight lines between their bends, so the value at which they come to
    the proceeds is found by comparison alone: from the last bend whose payoffs the proceeds still cover, it rises by
    what is left over the shares that take part there. Where the preferences are more than the proceeds, they are paid
    by seniority, equals by amount, and shares bring nothing."""
    claims = [(term, one) for term, one in draft.contributions if isinstance(one, Claim) and one.company == company]
    text = draft.deal.terms()[claims[0][0]]
    _check(draft, claims)
    shares = draft.shares_of(company, text.place)
    preferences = [
        _Preference(
            term,
            one,
            one.amount if one.cap is None else minimum(one.amount, one.cap),
            total(shares.unit, [shares.held_of(one.holder, class_) for class_ in one.classes]),
        )
        for term, one in claims
    ]
    first = claims[0][1]
    money = first.proceeds.unit
    known = _Known(draft, text, f"proceeds of {company}")
    proceeds = known.named("", select(first.when, maximum(zero(money), first.proceeds), zero(money)))
    common: dict[str, Formula] = {}
    for holder in _holders(draft, company):
        taken = {class_ for _, one in claims if one.holder == holder for class_ in one.classes}
        held = [shares.held_of(holder, class_) for class_ in shares.classes if class_ not in taken]
        if held:
            common[holder] = total(shares.unit, held)
    others = known.named("shares without preference", total(shares.unit, list(common.values())))
    preferred = known.named("preferred", total(money, [one.amount for one in preferences]))

    def paid(per_share: Formula) -> Formula:
        return total(money, [*(one.payoff(per_share) for one in preferences), others * per_share])

    base = zero(money / shares.unit)
    for one in preferences:
        for bend, _ in one.bends():
            base = maximum(base, select(paid(bend) <= proceeds, bend, zero(bend.unit)))
    base = known.named("up to a bend", base)
    taking = known.named(
        "shares taking part", others + total(shares.unit, [one.taking_part(base) for one in preferences])
    )
    covered = first.when & (proceeds >= preferred) & (taking > zero(taking.unit))
    above = (proceeds - paid(base)) / _or_one(taking)
    per_share = known.named("per share", select(covered, base + above, zero(base.unit)))
    for one in preferences:
        payout = select(covered, one.payoff(per_share), _by_seniority(one, preferences, proceeds))
        draft.add(f"{one.term}.payout", payout, "term", draft.deal.terms()[one.term].place, owner=one.term)
    for holder, held_by in common.items():
        known.pays(holder, first, held_by * per_share / MONTH)


def _or_one(shares: Formula) -> Formula:
    """A number of shares to divide by, where it may be none."""
    return select(shares > zero(shares.unit), shares, constant(1.0, shares.unit))


def _by_seniority(one: _Preference, all_of_them: list[_Preference], proceeds: Formula) -> Formula:
    """What a preference receives of proceeds that do not cover them all."""
    money = proceeds.unit
    senior = [other.amount for other in all_of_them if other.claim.seniority < one.claim.seniority]
    equal = total(money, [other.amount for other in all_of_them if other.claim.seniority == one.claim.seniority])
    left = maximum(zero(money), proceeds - total(money, senior))
    part = minimum(constant(1.0), left / select(equal > zero(money), equal, constant(1.0, money)))
    return one.amount * part


@dataclass(frozen=True, slots=True)
class _Known:
    """Writes the equations of one waterfall, each under the name of the whole and its own."""

    draft: Draft
    text: TermText
    whole: str

    def named(self, label: str, formula: Formula) -> Formula:
        name = f"{self.whole} {label}".strip()
        self.draft.add(name, formula, "term", self.text.place, owner=self.text.name, grounds=self.text.grounds)
        return reference(name, formula.unit)

    def pays(self, holder: str, claim: Claim, amount: Formula) -> None:
        """A flow to a holder of shares without a preference."""
        name = f"{self.whole} to {holder}"
        self.draft.add(name, amount, "flow", self.text.place, owner=self.text.name, grounds=self.text.grounds)
        self.draft.flows.append((name, Flow(claim.payer, holder, claim.resource, amount, "financing")))


def _holders(draft: Draft, company: str) -> list[str]:
    """Who may hold shares of the company: by an opening, an issue, or a sale between holders."""
    classes = draft.classes_of(company)
    found = {one.account.rpartition(".")[0] for one in draft.deal.openings if one.account.rpartition(".")[2] in classes}
    for _, one in draft.contributions:
        if isinstance(one, Issue) and one.company == company:
            found.add(one.holder)
        elif isinstance(one, Flow) and one.resource in classes:
            found |= {one.giver, one.taker}
    return [party for party in draft.deal.parties if party in found and party != company]


def _check(draft: Draft, claims: list[tuple[str, Claim]]) -> None:
    """The claims on one company speak of the same proceeds, and no share has two preferences."""
    terms, (term, first) = draft.deal.terms(), claims[0]
    seen: dict[tuple[str, str], str] = {}
    for other, one in claims:
        alike = (one.payer, one.resource) == (first.payer, first.resource)
        if not (alike and same(one.when, first.when) and same(one.proceeds, first.proceeds)):
            raise Fault(
                Diagnostic(
                    "waterfalls-differ",
                    f"'{other}' and '{term}' share in the proceeds of '{one.company}', and say them differently",
                    terms[other].place,
                    expected="the same `on`, `proceeds` and `payer`",
                    ways_out=("name a variable for the proceeds in both", "let one event stand for both"),
                    related=((terms[term].place, f"'{term}'"),),
                )
            )
        for class_ in one.classes:
            if (one.holder, class_) in seen:
                earlier = seen[one.holder, class_]
                raise Fault(
                    Diagnostic(
                        "two-preferences",
                        f"'{other}' and '{earlier}' give the same shares a preference",
                        terms[other].place,
                        found=f"{class_} of {one.holder}",
                        expected="one preference for the shares of a holder in a class",
                        ways_out=("give each a `class` of shares of its own", "put both into one term"),
                        related=((terms[earlier].place, f"'{earlier}'"),),
                    )
                )
            seen[one.holder, class_] = other


def same(one: Formula, other: Formula) -> bool:
    """Whether two formulas say the same, wherever they stand."""
    return (one.operation, one.name, one.value, one.unit, len(one.arguments)) == (
        other.operation,
        other.name,
        other.value,
        other.unit,
        len(other.arguments),
    ) and all(same(x, y) for x, y in zip(one.arguments, other.arguments, strict=True))
