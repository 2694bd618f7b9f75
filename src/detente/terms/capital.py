"""Terms of capital: commitments, rounds and conversions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detente.lang.formula import Formula, constant, false, maximum, opening, select, zero
from detente.terms.joins import Contribution, Flow, Issue, Named, Shares
from detente.terms.term import MONTH, Here, Term, Tranche, from_month, happens, in_month, parameter, until_month


@dataclass(frozen=True)
class CapitalCommitment(Term):
    """The investor pays the company in dated tranches, each perhaps on a condition.

    A tranche is paid on its date if its condition holds then, or, where it has a deadline (`by`), as soon as the
    condition
    holds between the two; else the tranche falls to `otherwise` (nothing, unless said). Tranches dated up to `now`
    are of the
    record and count as paid. With a `price` every unit of money buys new shares of the company.

    Invariant: what is paid never exceeds what was committed.
    """

    investor: str = parameter("who pays", "party")
    company: str = parameter("who receives", "party")
    tranches: tuple[Tranche, ...] = parameter("amount, on, if, by, otherwise, form of each payment", "tranches")
    price: Formula | None = parameter(
        "price of a new share; without it the money buys no shares", "money / share", None
    )
    shares: Shares | None = parameter("the shares that the price buys", "shares", None)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        parts: list[Contribution] = []
        for number, tranche in enumerate(self.tranches, 1):
            if (tranche.by or tranche.on) <= here.now:
                continue
            label = f"tranche_{number}"
            parts += _conditional(here, tranche, label)
            amount = here.own(label, tranche.amount)
            parts.append(
                Flow(self.investor, self.company, tranche.resource, amount / MONTH, "financing", f"payment_{number}")
            )
            if self.price is not None and self.shares is not None:
                parts.append(Issue(self.company, self.investor, amount / self.price, "round"))
        return parts


def _conditional(here: Here, tranche: Tranche, label: str) -> list[Contribution]:
    """The amount a tranche pays this month, and, where it waits for its condition, whether it is settled."""
    nothing = zero(tranche.amount.unit)
    fallen = tranche.otherwise if tranche.otherwise is not None else nothing
    due = here.active & in_month(tranche.on)
    if tranche.condition is None:
        return [Named(label, select(due, tranche.amount, nothing))]
    if tranche.by is None:
        return [Named(label, select(due, select(tranche.condition, tranche.amount, fallen), nothing))]
    settled = here.remembered(f"{label}_settled", false())
    met = from_month(tranche.on) & until_month(tranche.by) & tranche.condition & ~settled
    lapsed = in_month(tranche.by) & ~tranche.condition & ~settled
    amount = select(here.active & met, tranche.amount, select(here.active & lapsed, fallen, nothing))
    return [Named(label, amount), Named(f"{label}_settled", settled | met | lapsed, false())]


@dataclass(frozen=True)
class EquityRound(Term):
    """When a condition holds, the investor buys new shares at a pre-money value; not again within a spacing.

    Each new share costs the pre-money value over the shares outstanding, so the dilution is raise / post-money.

    Invariant: the stakes of all holders sum to one.
    """

    company: str = parameter("who issues", "party")
    investor: str = parameter("who buys", "party")
    when: Formula = parameter("when a round is held", "condition")
    amount: Formula = parameter("money raised in a round", "money")
    pre_money: Formula = parameter("value of the company before the money comes in", "money")
    shares: Shares = parameter("the shares issued", "shares")
    resource: str = parameter("the money it is paid in", "resource of amount")
    not_within: Formula = parameter("least time between two rounds", "time", zero(MONTH.unit))

    def contribute(self, here: Here) -> Sequence[Contribution]:
        waiting = here.remembered("waiting", self.not_within)
        held = here.active & self.when & (waiting <= zero(MONTH.unit))
        left = maximum(zero(MONTH.unit), select(here.own("held", held), self.not_within, waiting) - MONTH)
        raised = select(here.own("held", held), self.amount, zero(self.amount.unit))
        price = self.pre_money / here.count(self.shares.unit)
        bought = here.own("raised", raised) / here.own("price", price)
        return [
            Named("held", held),
            Named("waiting", left, zero(MONTH.unit)),
            Named("raised", raised),
            Named("price", price),
            Flow(self.investor, self.company, self.resource, here.own("raised", raised) / MONTH, "financing"),
            Issue(self.company, self.investor, select(here.own("held", held), bought, zero(self.shares.unit)), "round"),
        ]


@dataclass(frozen=True)
class Conversion(Term):
    """On an event the holder's interest becomes shares: as many new ones as bring it to a stated stake.

    Before it the interest's own claim holds; the two are never added.

    Invariant: after it the holder's stake is `to_stake`, or more if it was, until further shares are issued.
    """

    holder: str = parameter("whose interest converts", "party")
    company: str = parameter("whose shares it becomes", "party")
    when: str = parameter("the event that converts", "event")
    to_stake: Formula = parameter("stake of the holder after the conversion", "fraction")
    shares: Shares = parameter("the shares issued", "shares")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        held = holding(self.holder, self.shares)
        others = here.count(self.shares.unit) - held
        stake = others * self.to_stake / (constant(1.0) - self.to_stake)
        issued = select(
            here.active & happens(self.when), maximum(zero(self.shares.unit), stake - held), zero(self.shares.unit)
        )
        return [Named("issued", issued), Issue(self.company, self.holder, here.own("issued", issued), "conversion")]


def holding(party: str, shares: Shares) -> Formula:
    """The shares a party holds as the month opens."""
    return opening(f"{party}.{shares.resource}", shares.unit)
