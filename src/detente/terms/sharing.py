"""Terms of sharing: what one side earns that the other receives a part of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detente.lang.formula import Formula, constant, maximum, minimum, select, zero
from detente.terms.joins import Contribution, Flow, Named
from detente.terms.term import MONTH, Here, Term, parameter


@dataclass(frozen=True)
class RevenueShare(Term):
    """The payer gives the payee a share of a base, until an end, a cap in all, or an event that stops it.

    Invariant: what is paid never exceeds the cap, and is nothing once it has stopped.
    """

    payer: str = parameter("who pays", "party")
    payee: str = parameter("who receives", "party")
    base: Formula = parameter("what the share is taken of", "money / time")
    rate: Formula = parameter("the share", "fraction")
    resource: str = parameter("the money it is paid in", "resource of base")
    cap: Formula | None = parameter("most that is paid in all", "money", None)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        due = select(here.active, self.rate * self.base, zero(self.base.unit))
        if self.cap is not None:
            left = maximum(zero(self.cap.unit), self.cap - here.paid(self.cap.unit))
            due = minimum(due, left / MONTH)
        return [Flow(self.payer, self.payee, self.resource, due)]


@dataclass(frozen=True)
class Licence(Term):
    """The licensee earns an income from what the licensor lets it use.

    Where the right ends, a replacement (its own or another's) keeps `replacement` of the income, reached in a
    straight line
    over `replacement_over`.

    Invariant: no income under the licence after it ends; the replacement never passes its share.
    """

    licensor: str = parameter("who grants the right", "party")
    licensee: str = parameter("who may use it", "party")
    income: Formula = parameter("what the licensee earns by it", "money / time")
    income_from: str = parameter("who pays that income", "party")
    resource: str = parameter("the money it is paid in", "resource of income")
    replacement: Formula = parameter(
        "share of the income kept in the end without the right", "fraction", zero(constant(0.0).unit)
    )
    replacement_over: Formula = parameter("time until that share is reached", "time", MONTH)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        nothing = zero(self.income.unit)
        ended = here.begun & ~here.active
        without = select(ended, here.remembered("without", MONTH) + MONTH, zero(MONTH.unit))
        reached = minimum(constant(1.0), here.own("without", MONTH) / maximum(MONTH, self.replacement_over))
        kept = select(ended, self.replacement * reached * self.income, nothing)
        return [
            Named("without", without, zero(MONTH.unit)),
            Flow(
                self.income_from,
                self.licensee,
                self.resource,
                select(here.active, self.income, nothing),
                label="income",
            ),
            Flow(self.income_from, self.licensee, self.resource, kept, label="replacement"),
        ]
