"""Terms of ownership: rounds, conversions, protections, preferences, and how much a party may hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from detente.lang.formula import Formula, constant, maximum, select, true, zero
from detente.terms.joins import (
    Breach,
    Ceiling,
    Change,
    Claim,
    Contribution,
    Flow,
    Issue,
    Method,
    Named,
    Need,
    OtherTerm,
    Protection,
    Shares,
    StakeCeiling,
)
from detente.terms.term import (
    MONTH,
    Here,
    Impossible,
    Quantity,
    Term,
    happens,
    number_of,
    parameter,
)

ROUNDING = 1e-9
"""A stake counts as above its limit from this much on, for the rounding of sums."""


@dataclass(frozen=True)
class EquityRound(Term):
    """When a condition holds, the investor buys new shares at a pre-money value; not again within a spacing.

    Each new share costs the pre-money value over the shares outstanding, notes converted, so the dilution is raise /
    post-money.

    Invariant: the stakes of all holders sum to one.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "held": Quantity("whether a round is held this month", "condition"),
        "raised": Quantity("money raised this month", "money"),
        "price": Quantity("price of a new share, were a round held", "money / share"),
    }
    example: ClassVar[str] = """
type: equity_round
company: lab
investor: fund
when: lab.USD < 800 USD
amount: 250 USD
pre_money: 1000 USD
not_within: 6 months
"""

    company: str = parameter("who issues", "party")
    investor: str = parameter("who buys", "party")
    when: Formula = parameter("when a round is held", "condition")
    amount: Formula = parameter("money raised in a round", "money")
    pre_money: Formula = parameter("value of the company before the money comes in", "money")
    shares: Shares = parameter("the shares issued", "shares of company")
    resource: str = parameter("the money it is paid in", "resource of amount")
    not_within: Formula = parameter("least time between two rounds", "time", zero(MONTH.unit))
    class_: str = parameter("the class of shares issued", "class", "")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        waiting = here.remembered("waiting", self.not_within)
        held = here.active & self.when & (waiting <= zero(MONTH.unit))
        left = maximum(zero(MONTH.unit), select(here.own("held", held), self.not_within, waiting) - MONTH)
        raised = select(here.own("held", held), self.amount, zero(self.amount.unit))
        price = here.own("pre_money", self.pre_money) / here.count(self.shares.unit)
        bought = select(
            here.own("held", held), here.own("raised", raised) / here.own("price", price), zero(self.shares.unit)
        )
        return [
            Named("held", held),
            Named("waiting", left, zero(MONTH.unit)),
            Named("raised", raised),
            Named("pre_money", self.pre_money),
            Named("price", price),
            Flow(self.investor, self.company, self.resource, here.own("raised", raised) / MONTH, "financing"),
            Issue(self.company, self.investor, bought, "round", "", self.class_),
        ]


@dataclass(frozen=True)
class Conversion(Term):
    """On an event the holder's interest becomes new shares: as many as bring it to a stated stake, or a stated number.

    Before it the interest's own claim holds. The profit interests named in `of` end with it: they pay nothing from that
    month on, so that an interest and the stake it becomes are never added.

    Invariant: after it the holder's stake is `to_stake`, or more if it was, until further shares are issued; what it
    ends has paid its last.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "issued": Quantity("shares issued this month", "share"),
        "converts": Quantity("whether it converts this month", "condition"),
    }
    example: ClassVar[str] = """
type: conversion
holder: cloud
company: lab
when: event_a
to_stake: 30%
"""

    holder: str = parameter("whose interest converts", "party")
    company: str = parameter("whose shares it becomes", "party")
    when: str = parameter("the event that converts", "event")
    shares: Shares = parameter("the shares issued", "shares of company")
    to_stake: Formula | None = parameter("stake of the holder after the conversion", "fraction", None)
    to_shares: Formula | None = parameter("new shares that the holder receives", "share", None)
    of: tuple[OtherTerm, ...] = parameter("the profit interests that become these shares", "terms: capped_return", ())
    class_: str = parameter("the class of shares issued", "class", "")

    def impossible(self) -> Iterator[Impossible]:
        if (self.to_stake is None) == (self.to_shares is None):
            both = self.to_stake is not None
            message = "a stake and a number of shares are both said" if both else "nothing says what it becomes"
            yield Impossible("to_stake", message, "write one of `to_stake` and `to_shares`")
        if not 0.0 <= ((number_of(self.to_stake) if self.to_stake is not None else None) or 0.0) < 1.0:
            yield Impossible("to_stake", "others would have nothing", "write a share below 100%")
        for one in self.of:
            if one.parties.get("holder") != self.holder:
                yield Impossible("of", f"'{one.name}' is not an interest of '{self.holder}'", "name its own interest")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        none, converts = zero(self.shares.unit), here.own("converts", true())
        issued = none
        if self.to_stake is not None:
            held = self.shares.held(self.holder)
            others = here.count(self.shares.unit) - held
            issued = maximum(none, others * self.to_stake / (constant(1.0) - self.to_stake) - held)
        elif self.to_shares is not None:
            issued = maximum(none, self.to_shares)
        issued = select(converts, issued, none)
        return [
            Named("converts", here.active & happens(self.when)),
            Named("issued", issued),
            Issue(self.company, self.holder, here.own("issued", issued), "conversion", class_=self.class_),
            *(Change(one.name, "ended", converts) for one in self.of),
        ]


@dataclass(frozen=True)
class AntiDilution(Term):
    """If the company sells new shares below the holder's conversion price, that price is reset and the holder receives
    the shares that its own then convert into more.

    The conversion price begins at `reference_price`. A sale counts if money is paid for the shares: a round, a tranche
    at a price, an exercised warrant, but not those of the terms in `carve_outs`, and not conversions or these shares
    themselves. A full ratchet resets the price to that of the sale; a broad-based weighted average to (A P + M) / (A +
    C), where A are all shares before the sale, P the price before, and C new shares bring the money M. Protected are
    the holder's shares of the class (of all classes where none is named) as the month opens; each becomes old price
    over new price of them. Sales of one month count in turn; the further shares are issued after all of them.

    Source: National Venture Capital Association, model certificate of incorporation, 4.4.4 (weighted average).

    Invariant: the conversion price never rises; no share is issued where it stays.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "conversion_price": Quantity("price at which the protected shares convert", "money / share", remembered=True),
        "extra": Quantity("further shares that the holder receives this month", "share"),
    }
    example: ClassVar[str] = """
type: anti_dilution
holder: staff
company: lab
method: weighted_average
reference_price: 12 USD / share
"""

    holder: str = parameter("whose shares are protected", "party")
    company: str = parameter("whose shares they are", "party")
    method: str = parameter("how the price is reset", "one of: full_ratchet, weighted_average")
    reference_price: Formula = parameter("conversion price at the start", "money / share")
    shares: Shares = parameter("the shares", "shares of company")
    carve_outs: tuple[OtherTerm, ...] = parameter("terms whose issues do not count", "terms", ())
    class_: str = parameter("the class of shares protected", "class", "")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        held = self.shares.held_of(self.holder, self.class_) if self.class_ else self.shares.held(self.holder)
        method: Method = "full_ratchet" if self.method == "full_ratchet" else "weighted_average"
        exempt = tuple(one.name for one in self.carve_outs)
        extra = here.own("extra", zero(self.shares.unit))
        return [
            Protection(self.company, self.reference_price, held, method, here.active, exempt),
            Issue(self.company, self.holder, extra, "adjustment", class_=self.class_),
        ]


@dataclass(frozen=True)
class LiquidationPreference(Term):
    """When the company is sold or wound up, the holder receives a multiple of what it invested before others share.

    On the event the payer pays the proceeds to all holders of shares. Preferences come first, by seniority (1 before 2;
    equals share by amount). Not participating, the holder takes the more of its preference and what its shares bring as
    common ones; participating, both, up to a `cap` in all, above which it too converts where that brings more. The rest
    goes to all other shares, each alike. All terms of this type on one company share in the same proceeds, so they say
    the same `on`, `proceeds` and `payer`. Shares count as they are held when the month opens; proceeds below zero are
    nothing. Where the term does not hold, the proceeds are shared without its preference. Shares are not cancelled.

    Invariant: the payouts sum to the proceeds; no senior preference is short while a junior one is paid.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "payout": Quantity("what the holder receives this month", "money"),
        "preference": Quantity("what it has a preference for", "money"),
    }
    example: ClassVar[str] = """
type: liquidation_preference
company: lab
holder: staff
on: [event_a]
payer: world
proceeds: 3000 USD
invested: 1000 USD
multiple: 1.5
participating: true
cap: 2500 USD
"""

    company: str = parameter("which company is sold or wound up", "party")
    holder: str = parameter("who is preferred", "party")
    on: tuple[str, ...] = parameter("the events: a sale, a winding-up", "events")
    payer: str = parameter("who pays the proceeds", "party")
    proceeds: Formula = parameter("what there is to share", "money")
    invested: Formula = parameter("what the holder has invested", "money")
    shares: Shares = parameter("the shares", "shares of company")
    resource: str = parameter("the money it is paid in", "resource of proceeds")
    multiple: Formula = parameter("how many times that it receives first", "fraction", constant(1.0))
    seniority: int = parameter("its rank; 1 is paid first", "count", 1)
    participating: bool = parameter("whether it also shares in the rest", "yes or no", False)
    cap: Formula | None = parameter("most that it receives in all by participating", "money", None)
    class_: str = parameter("the class of its shares; all of them where none is named", "class", "")

    def impossible(self) -> Iterator[Impossible]:
        if self.cap is not None and not self.participating:
            yield Impossible("cap", "only what participates has a cap", "add `participating: true`, or take it away")
        preference = number_of(self.invested), number_of(self.multiple)
        cap = number_of(self.cap) if self.cap is not None else None
        if cap is not None and None not in preference and cap < (preference[0] or 0.0) * (preference[1] or 0.0):
            yield Impossible("cap", "the cap is below the preference itself", "raise it")
        if not self.on:
            yield Impossible("on", "no event brings it", "name the sale or the winding-up")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        when = happens(self.on[0])
        for event in self.on[1:]:
            when = when | happens(event)
        preference = select(here.active, self.invested * self.multiple, zero(self.invested.unit))
        payout = here.own("payout", preference)
        classes = (self.class_,) if self.class_ else self.shares.classes
        return [
            Named("preference", preference),
            Claim(
                company=self.company,
                holder=self.holder,
                when=when,
                proceeds=self.proceeds,
                payer=self.payer,
                resource=self.resource,
                seniority=self.seniority,
                amount=here.own("preference", preference),
                classes=classes,
                participating=self.participating,
                cap=self.cap,
            ),
            Flow(self.payer, self.holder, self.resource, payout / MONTH, "financing"),
        ]


@dataclass(frozen=True)
class StandstillCap(Term):
    """A party will not hold above a stake of a company, nor depend on one supplier above a limit, while it lasts.

    New shares that would lift the holder's stake above `stake` are not issued to it, and not paid for; shares that it
    has or buys of others above it are a breach. Of one supplier its need takes offers of at most `exposure_limit`
    together. What is agreed of votes and seats is said in words. What makes it fall away is its `stops` or `waived`.

    Invariant: no issue lifts the stake above the cap; what the supplier offers to the need is within the limit.
    """

    example: ClassVar[str] = """
type: standstill_cap
holder: fund
company: lab
stake: 20%
seats: none on the board
"""

    holder: str = parameter("who is bound", "party")
    company: str = parameter("of which company it holds no more", "party", "")
    stake: Formula | None = parameter("most that it may hold", "fraction", None)
    need: Need | None = parameter("the need of the holder that the limit concerns", "need", None)
    supplier: str = parameter("the supplier that the limit concerns", "party", "")
    exposure_limit: Formula | None = parameter("most that the supplier may offer to the need", "capacity", None)
    votes: str = parameter("what is agreed of votes, in words", "words", "")
    seats: str = parameter("what is agreed of seats, in words", "words", "")
    shares: Shares | None = parameter("the shares", "shares of company if stake", None)

    def impossible(self) -> Iterator[Impossible]:
        if self.stake is None and self.exposure_limit is None and not self.votes and not self.seats:
            yield Impossible("holder", "nothing limits it", "add `stake` or `exposure_limit`, or `votes` or `seats`")
        if (self.stake is None) != (not self.company):
            lacking = "company" if self.stake is not None else "stake"
            yield Impossible(lacking, "a stake is a part of a company", "write `company` and `stake`")
        if len({self.need is None, not self.supplier, self.exposure_limit is None}) > 1:
            message = "a limit of exposure is one on a need, to a supplier"
            yield Impossible("exposure_limit", message, "write `need`, `supplier` and `exposure_limit`")
        elif self.need is not None and self.need.party != self.holder:
            yield Impossible("need", f"it is a need of '{self.need.party}'", f"name a need of '{self.holder}'")
        if not 0.0 <= ((number_of(self.stake) if self.stake is not None else None) or 0.0) < 1.0:
            yield Impossible("stake", "all of a company is no cap", "write a share below 100%")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        parts: list[Contribution] = []
        if self.stake is not None and self.shares is not None:
            most = (self.stake + constant(ROUNDING)) * self.shares.issued()
            parts += [
                StakeCeiling(self.company, self.holder, self.stake, here.active),
                Breach(self.shares.held(self.holder) > most),
            ]
        if self.need is not None and self.exposure_limit is not None:
            parts.append(Ceiling(self.need.name, self.exposure_limit, here.active, only=(self.supplier,)))
        return parts
