"""Terms of control: who may run or own what, and what a party must not do or must tell. They carry status, breach and
remedy only: what control, competition and information are worth is not computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from detente.lang.formula import Formula, false, select, zero
from detente.lang.unit import ONE
from detente.terms.joins import Breach, Change, Contribution, Flow, Named, OtherTerm, Permission
from detente.terms.rights import waiting
from detente.terms.term import MONTH, Here, Impossible, Quantity, Term, below_zero, happened, parameter


@dataclass(frozen=True)
class ChangeOfControl(Term):
    """If control of a party passes, the other may end terms within a window, or has consented.

    Carries status, breach and remedy only. A change without consent is a breach for the length of the window; the
    remedy is the notice `on`, which the holder decides and may give in those months alone.

    Invariant: the terms end only after a notice within the window.
    """

    example: ClassVar[str] = """
        type: change_of_control
        party: lab
        holder: cloud
        passes: sold
        on: notice
        window: 3 months
        ends: [pact.takings]
        threshold: 50%
        assumed: given
    """

    party: str = parameter("whose control may pass", "party")
    holder: str = parameter("who may then act", "party")
    passes: str = parameter("the event by which control passes", "event")
    on: str = parameter("the notice, an event that the holder decides", "event")
    ends: tuple[OtherTerm, ...] = parameter("the terms that end on notice", "terms")
    window: Formula = parameter("time in which notice may be given", "time", MONTH)
    consent: str | None = parameter("the event by which the holder consents", "event", None)
    threshold: Formula | None = parameter("the stake that counts as control, for the reader", "fraction", None)
    buyers: str = parameter("to whom it concerns; to anybody where nothing is said", "words", "")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        passed = here.active & happened(self.passes)
        if self.consent is not None:
            passed = passed & ~happened(self.consent)
        waited = here.own("waited", MONTH)
        open_ = passed & (waited <= self.window)
        return [
            waiting(here, happened(self.passes)),
            Breach(open_),
            Permission(self.on, open_),
            *(Change(term.name, "ended", happened(self.on)) for term in self.ends),
        ]


@dataclass(frozen=True)
class StepInRight(Term):
    """When a party fails, the beneficiary or a lender may run its asset or contract until the failure is cured or the
    time is up, at a stated cost.

    Carries status, breach and remedy only. The event `on` steps in: its holder decides it, and may while one of the
    terms `failing` is in breach. While it operates, the obligor pays it the `cost`.

    Invariant: one party operates at any time: the holder from stepping in until it steps out, else the obligor.
    """

    example: ClassVar[str] = """
        type: step_in_right
        holder: lab
        obligor: cloud
        on: steps_in
        failing: [pact.secrecy]
        duration: 6 months
        cost: 5 USD / month
        assumed: given
    """
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "operates": Quantity("whether the holder operates in the obligor's place", "condition")
    }

    holder: str = parameter("who may step in", "party")
    obligor: str = parameter("in whose place", "party")
    on: str = parameter("stepping in, an event that the holder decides", "event")
    failing: tuple[OtherTerm, ...] = parameter("the terms whose breach lets it", "terms")
    duration: Formula | None = parameter("for how long at most", "time", None)
    cost: Formula | None = parameter("what the obligor pays the holder meanwhile", "money / time", None)
    resource: str | None = parameter("the money it is paid in", "resource of cost", None)
    asset: str = parameter("what is run", "words", "")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        broken: Formula = false()
        for term in self.failing:
            broken = broken | term.remembered("breached", ONE, "boolean")
        stepped = here.active & happened(self.on)
        first = ~here.remembered("stepped", false())
        goes_on = here.remembered("operates", false()) & broken
        if self.duration is not None:
            goes_on = goes_on & (here.own("waited", MONTH) <= self.duration)
        operates = here.own("operates", broken)
        parts: list[Contribution] = [
            waiting(here, happened(self.on)),
            Named("stepped", happened(self.on), false()),
            Named("operates", stepped & (first | goes_on), false()),
            Permission(self.on, here.active & broken),
        ]
        if self.cost is not None and self.resource is not None:
            paid = select(operates, self.cost, zero(self.cost.unit))
            parts.append(Flow(self.obligor, self.holder, self.resource, paid, "operating", "cost"))
        return parts


@dataclass(frozen=True)
class NonCompeteNonSolicit(Term):
    """A party will not develop or sell in a field, or hire listed staff, while the term holds.

    Carries status, breach and remedy only: `breaks` says when it does it all the same, by a threshold, an event or any
    condition; the remedy is `damages` for as long as it lasts.

    Invariant: damages are paid in the months of breach alone.
    """

    example: ClassVar[str] = """
        type: non_compete_non_solicit
        bound: lab
        holder: cloud
        field: search
        breaks: after(2025-06)
        damages: 7 USD / month
        assumed: given
    """

    bound: str = parameter("who is bound", "party")
    holder: str = parameter("in whose favour", "party")
    breaks: Formula = parameter("when it is broken", "condition")
    field: str = parameter("what must not be done", "words", "")
    territory: str = parameter("where", "words", "")
    staff: str = parameter("who must not be hired", "words", "")
    damages: Formula | None = parameter("what is paid while it is broken", "money / time", None)
    resource: str | None = parameter("the money it is paid in", "resource of damages", None)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        return [Breach(self.breaks), *_damages(here, self.breaks, self.bound, self.holder, self.damages, self.resource)]

    def impossible(self) -> Iterator[Impossible]:
        yield from below_zero(self, "damages")


@dataclass(frozen=True)
class InformationAuditRight(Term):
    """A party gets reports or notice in time, an observer's seat, access to logs or an audit, under a protocol of
    secrecy.

    Carries status, breach and remedy only: `lag` is how late the information comes; later than `notice` is a breach, as
    is `breaks`; the remedy is `damages` for as long as it lasts.

    Invariant: there is a breach in exactly the months in which the lag exceeds the notice, or the condition holds.
    """

    example: ClassVar[str] = """
        type: information_audit_right
        obligor: lab
        holder: cloud
        items: monthly reports
        notice: 1 month
        lag: ramp(2025-01, 2025-12) * 3 months
        damages: 2 USD / month
        assumed: given
    """

    obligor: str = parameter("who must tell", "party")
    holder: str = parameter("who must be told", "party")
    items: str = parameter("what must be told or shown", "words", "")
    notice: Formula = parameter("how soon", "time", MONTH)
    lag: Formula | None = parameter("how late it is told", "time", None)
    breaks: Formula | None = parameter("when the protocol is broken otherwise", "condition", None)
    protocol: str = parameter("how what is seen must be handled", "words", "")
    damages: Formula | None = parameter("what is paid while it is broken", "money / time", None)
    resource: str | None = parameter("the money it is paid in", "resource of damages", None)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        broken: Formula = false() if self.breaks is None else self.breaks
        if self.lag is not None:
            broken = broken | (self.lag > self.notice)
        return [Breach(broken), *_damages(here, broken, self.obligor, self.holder, self.damages, self.resource)]

    def impossible(self) -> Iterator[Impossible]:
        yield from below_zero(self, "damages", "notice")


def _damages(
    here: Here, broken: Formula, giver: str, taker: str, damages: Formula | None, resource: str | None
) -> Sequence[Contribution]:
    if damages is None or resource is None:
        return []
    return [Flow(giver, taker, resource, select(here.active & broken, damages, zero(damages.unit)), label="damages")]
