"""Terms of right: what may not happen without a party's word, and what a party's word brings about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from detente.lang.formula import Formula, constant, false, select, zero
from detente.lang.unit import ONE
from detente.terms.joins import Change, Contribution, Flow, Named, OtherTerm, Permission
from detente.terms.term import MONTH, Here, Impossible, Quantity, Term, happened, happens, parameter


@dataclass(frozen=True)
class ConsentRight(Term):
    """An event cannot happen until the holder has consented.

    Consent may be free, must be reasonable, or is deemed given some time after it was asked for, unless refused. With a
    `price` the asker pays when consent is given. A regulator's approval is a consent whose holder is the regulator.

    Invariant: while the right holds, the event does not happen before the consent is given or deemed given.
    """

    example: ClassVar[str] = """
        type: consent_right
        holder: cloud
        over: conversion
        given: consent
        price: 30 USD
        paid_by: lab
        assumed: given
    """
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "granted": Quantity("whether consent is given or deemed given, or none is needed", "condition")
    }

    holder: str = parameter("whose consent is needed", "party")
    over: str = parameter("the event that needs it", "event")
    given: str = parameter("the event by which consent is given", "event")
    standard: str = parameter("how free the holder is", "one of: free, reasonable, deemed", "free")
    asked: str | None = parameter("the event by which consent is asked for", "event", None)
    deemed_after: Formula | None = parameter("time after being asked from which consent is deemed given", "time", None)
    refused: str | None = parameter("the event by which consent is refused", "event", None)
    price: Formula | None = parameter("what is paid when consent is given", "money", None)
    paid_by: str | None = parameter("who pays it", "party", None)
    resource: str | None = parameter("the money it is paid in", "resource of price", None)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        granted = ~here.active | happened(self.given)
        parts: list[Contribution] = []
        if self.asked is not None and self.deemed_after is not None:
            waited = waiting(here, happened(self.asked))
            parts.append(waited)
            deemed = happened(self.asked) & (here.own("waited", MONTH) > self.deemed_after)
            granted = granted | (deemed & ~happened(self.refused) if self.refused is not None else deemed)
        if self.price is not None and self.paid_by is not None and self.resource is not None:
            due = select(here.active & happens(self.given), self.price, zero(self.price.unit))
            parts.append(Flow(self.paid_by, self.holder, self.resource, due / MONTH, "operating", "price_of_consent"))
        return [*parts, Named("granted", granted), Permission(self.over, here.own("granted", granted))]

    def impossible(self) -> Iterator[Impossible]:
        if (self.price is None) != (self.paid_by is None):
            missing = "price" if self.price is None else "paid_by"
            yield Impossible(
                "paid_by" if self.price is None else "price", f"there is no `{missing}`", f"add `{missing}: …`"
            )
        if (self.standard == "deemed") != (self.asked is not None and self.deemed_after is not None):
            yield Impossible("standard", "deemed consent needs `asked` and `deemed_after`", "write all three, or none")


@dataclass(frozen=True)
class DeclaredEvent(Term):
    """A state of the world becomes true under the contract only when the decider declares it.

    The decider may declare once the `state` holds; where there is none, the contract leaves it to its judgement. The
    declaration takes effect once it is verified, where somebody must verify it, and the time of contest has passed;
    then the terms it `ends` end and those it `suspends` are suspended.

    Invariant: the terms it changes change only after the declaration has taken effect.
    """

    example: ClassVar[str] = """
        type: declared_event
        event: declared
        decider: lab
        standard: outperforms people at most work
        contest: 3 months
        ends: [pact.takings]
        assumed: given
    """
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "in_effect": Quantity("whether the declaration has taken effect", "condition")
    }

    event: str = parameter("the declaration, an event that the decider decides", "event")
    decider: str = parameter("who declares", "party")
    state: Formula | None = parameter("what must hold before it may be declared", "condition", None)
    standard: str = parameter("by which standard", "words", "")
    verified: str | None = parameter("the event by which another verifies it", "event", None)
    verifier: str | None = parameter("who verifies it", "party", None)
    contest: Formula = parameter("time of dispute before it takes effect", "time", zero(MONTH.unit))
    ends: tuple[OtherTerm, ...] = parameter("the terms it ends", "terms", ())
    suspends: tuple[OtherTerm, ...] = parameter("the terms it suspends", "terms", ())

    def contribute(self, here: Here) -> Sequence[Contribution]:
        declared = happened(self.event)
        if self.verified is not None:
            declared = declared & happened(self.verified)
        effective = here.active & declared & (here.own("waited", MONTH) > self.contest)
        before = here.remembered("in_effect", false())
        in_effect = here.own("in_effect", before)
        parts: list[Contribution] = [waiting(here, declared), Named("in_effect", before | effective, false())]
        if self.state is not None:
            parts.append(Permission(self.event, ~here.active | self.state))
        parts += [Change(term.name, "ended", in_effect) for term in self.ends]
        return [*parts, *(Change(term.name, "suspended", in_effect) for term in self.suspends)]


@dataclass(frozen=True)
class TerminationTrigger(Term):
    """A party may end terms on a breach that is not cured in time, or when a condition holds (insolvency, the loss of a
    key person, a long-stop date).

    The event `on` is the notice: its holder decides it, and may once one of the `breach_of` terms has been in breach
    for more than the time to `cure` it without a break, or `if` holds. With neither it may end them at will. The terms
    end after `wind_down`; on notice a `fee` is paid. What is not among `ends` survives.

    Invariant: no term ends before its wind-down has passed, and no notice is given before there is a ground for it.
    """

    example: ClassVar[str] = """
        type: termination_trigger
        holder: lab
        on: notice
        if: after(2025-03)
        ends: [pact.takings]
        wind_down: 2 months
        fee: 40 USD
        fee_from: lab
        fee_to: cloud
        assumed: given
    """
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "in_breach": Quantity("for how long the breach has lasted", "time", remembered=True)
    }

    holder: str = parameter("who may end them", "party")
    on: str = parameter("the notice, an event that the holder decides", "event")
    ends: tuple[OtherTerm, ...] = parameter("the terms that end", "terms")
    breach_of: tuple[OtherTerm, ...] = parameter("the terms whose breach is a ground", "terms", ())
    cure: Formula = parameter("time to cure a breach", "time", zero(MONTH.unit))
    if_: Formula | None = parameter("another ground", "condition", None)
    wind_down: Formula = parameter("time from notice to end", "time", zero(MONTH.unit))
    fee: Formula | None = parameter("what is paid on notice", "money", None)
    fee_from: str | None = parameter("who pays it", "party", None)
    fee_to: str | None = parameter("who receives it", "party", None)
    resource: str | None = parameter("the money it is paid in", "resource of fee", None)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        noticed = here.begun & happened(self.on)
        gone = noticed & (here.own("waited", MONTH) > self.wind_down)
        parts: list[Contribution] = [waiting(here, noticed)]
        ground = self.if_
        if self.breach_of:
            broken = _any([term.remembered("breached", ONE, "boolean") for term in self.breach_of])
            lasted = select(broken, here.remembered("in_breach", MONTH) + MONTH, zero(MONTH.unit))
            parts.append(Named("in_breach", lasted, zero(MONTH.unit)))
            uncured = here.own("in_breach", MONTH) > self.cure
            ground = uncured if ground is None else ground | uncured
        parts.append(Permission(self.on, here.active if ground is None else here.active & ground))
        if self.fee is not None and self.fee_from and self.fee_to and self.resource:
            due = select(happens(self.on), self.fee, zero(self.fee.unit))
            parts.append(Flow(self.fee_from, self.fee_to, self.resource, due / MONTH, "operating", "fee"))
        return [*parts, *(Change(term.name, "ended", gone) for term in self.ends)]

    def impossible(self) -> Iterator[Impossible]:
        if len({value is None for value in (self.fee, self.fee_from, self.fee_to)}) > 1:
            yield Impossible("fee", "a fee has a payer and a payee", "write `fee`, `fee_from` and `fee_to`, or none")


def waiting(here: Here, since: Formula) -> Named:
    """For how many months, this one included, something has held; nothing before."""
    return Named("waited", select(since, here.remembered("waited", MONTH) + MONTH, zero(MONTH.unit)), zero(MONTH.unit))


def _any(conditions: Sequence[Formula]) -> Formula:
    found = constant(0.0, kind="boolean")
    for one in conditions:
        found = found | one
    return found
