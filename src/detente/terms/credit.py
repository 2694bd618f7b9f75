"""Terms of credit: what is paid ahead, and what is lent against a contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from detente.lang.formula import (
    Formula,
    constant,
    false,
    maximum,
    minimum,
    month,
    power,
    select,
    total,
    zero,
)
from detente.terms.joins import Breach, Contribution, Flow, Named, OtherTerm
from detente.terms.term import (
    MONTH,
    Here,
    Impossible,
    Quantity,
    Term,
    from_month,
    happens,
    in_month,
    not_a_part,
    number_of,
    parameter,
    until_month,
)


@dataclass(frozen=True)
class Prepayment(Term):
    """The buyer pays ahead on a date; of later invoices of listed terms a part is credited until it is used up.

    The credit flows back from the supplier in the month of the invoice, so that invoice and credit together are what is
    left to pay. If the event `refundable_if` happens, as where the supplier fails, what is left is returned in that
    month; else what is left when the term ends is lost. Dated up to `now` it is of the record; `credited` says how much
    of it was used up by then.

    Invariant: what is credited and returned is never more than what was paid; the balance is never below zero.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {"balance": Quantity("what is left of it", "money", remembered=True)}
    example: ClassVar[str] = """\
type: prepayment
buyer: lab
supplier: cloud
of: [pact.power]
amount: 100 USD
on: 2025-03
per_invoice: 50%
refundable_if: event_a
assumed: an example
"""

    buyer: str = parameter("who pays ahead", "party")
    supplier: str = parameter("who is paid", "party")
    of: tuple[OtherTerm, ...] = parameter("the terms whose invoices it is credited against", "terms")
    amount: Formula = parameter("what is paid", "money")
    on: int = parameter("when", "date")
    resource: str = parameter("the money it is paid in", "resource of amount")
    per_invoice: Formula = parameter("part of each invoice that is credited", "fraction", constant(1.0))
    refundable_if: str = parameter("the event on which what is left is returned", "event", "")
    security: str = parameter("what secures the return", "words", "")
    credited: Formula | None = parameter("what was credited by `now`", "money", None)

    def impossible(self) -> Iterator[Impossible]:
        yield from not_a_part(self, "per_invoice")
        credited, amount = number_of(self.credited), number_of(self.amount)
        if credited is not None and amount is not None and credited > amount:
            yield Impossible("credited", "more was credited than was paid", "mend one of the two")
        if any(other.money != self.amount.unit for other in self.of):
            yield Impossible("of", "one of the terms pays in another money", "name terms that pay in that of `amount`")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        nothing = zero(self.amount.unit)
        held = here.remembered("balance", nothing)
        paid = select(here.active & in_month(self.on), self.amount, nothing)
        invoiced = maximum(nothing, total(nothing.unit / MONTH.unit, [one.moved() for one in self.of]) * MONTH)
        credit = select(here.active, minimum(self.per_invoice * invoiced, held), nothing)
        left = held - here.own("credit", nothing / MONTH) * MONTH + here.own("payment", nothing / MONTH) * MONTH
        parts = [
            Flow(self.buyer, self.supplier, self.resource, paid / MONTH, "operating", "payment"),
            Flow(self.supplier, self.buyer, self.resource, credit / MONTH, "operating", "credit"),
        ]
        if self.refundable_if:
            refund = select(happens(self.refundable_if), left, nothing)
            parts.append(Flow(self.supplier, self.buyer, self.resource, refund / MONTH, "operating", "refund"))
            left = left - here.own("refund", nothing / MONTH) * MONTH
        start = nothing
        if self.on <= here.now:
            start = self.amount if self.credited is None else self.amount - self.credited
        return [*parts, Named("balance", maximum(nothing, left), start)]  # rounding could leave less than nothing

    def paid_on_record(self, now: int) -> Sequence[Formula]:
        return [self.amount, *([self.credited] if self.credited is not None else [])] if self.on <= now else []


@dataclass(frozen=True)
class DelayedDrawLoan(Term):
    """The borrower draws a loan as it needs it, up to a limit and a part of what contracts will bring, and repays it.

    Until `draw_end` it draws what `draw` asks, as long as what it has drawn in all stays within the limit and within
    `advance_rate` times the `base`, and no covenant was broken as the month opened. Interest is nominal, a twelfth of a
    year each month on the balance as it opens; days are not counted. In order: interest, then principal as scheduled
    (`annuity`: level instalments from the month after the draw end to maturity, worked out anew on the balance of each
    month; `bullet`: all at maturity), then the part `sweep` of the cash `available` that is left of this month. What
    falls due is paid whether the borrower has it or not: its cash below zero is its funding gap. Each month the
    covenants are tested: the debt service cover (`available` over interest and instalment, the last payment of a bullet
    apart) is at least `least_cover`, and the balance at most the part `most_of_collateral` of the collateral's value.
    While the term does not hold nothing is drawn, paid or accrued, and what is owed stays owed.

    Invariant: what is drawn never passes the limit nor, in a month with a draw, the advance rate times the base;
    nothing is swept before interest and instalment are covered; the balance is what was drawn less the principal paid,
    and is nothing after maturity.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "balance": Quantity("what is owed", "money", remembered=True),
        "drawn": Quantity("what has been drawn in all", "money", remembered=True),
        "dscr": Quantity("cash available over the debt service due, absent where none is due", "fraction", absent=True),
    }
    example: ClassVar[str] = """\
type: delayed_draw_loan
lender: fund
borrower: cloud
limit: 600 USD
base: 1000 USD
advance_rate: 70%
draw: 100 USD / month
draw_end: 2025-06
interest: 12% / year
maturity: 2026-06
amortisation: annuity
available: 60 USD / month
least_cover: 1.2
collateral: the machines it pays for
assumed: an example
"""

    lender: str = parameter("who lends", "party")
    borrower: str = parameter("who draws and repays", "party")
    limit: Formula = parameter("most that is drawn in all", "money")
    draw: Formula = parameter("what the borrower asks for", "money / time")
    draw_end: int = parameter("until when it may draw", "end date")
    interest: Formula = parameter("nominal interest", "rate")
    maturity: int = parameter("when all is due", "end date")
    resource: str = parameter("the money it is paid in", "resource of limit")
    amortisation: str = parameter("how the principal is repaid", "one of: bullet, annuity", "bullet")
    base: Formula | None = parameter("contracted cash flow that is lent against", "money", None)
    advance_rate: Formula = parameter("part of the base that is lent", "fraction", constant(1.0))
    available: Formula | None = parameter("cash available for debt service", "money / time", None)
    sweep: Formula | None = parameter("part of the cash left after debt service that is repaid", "fraction", None)
    least_cover: Formula | None = parameter("least debt service cover ratio", "fraction", None)
    most_of_collateral: Formula | None = parameter("highest balance as a part of the collateral", "fraction", None)
    collateral_value: Formula | None = parameter("value of the collateral", "money", None)
    collateral: str = parameter("what the lender may take", "words", "")
    balance: Formula | None = parameter("what is owed at `now`", "money", None)
    drawn: Formula | None = parameter("what has been drawn by `now`; else the balance", "money", None)

    def impossible(self) -> Iterator[Impossible]:
        yield from not_a_part(self, "sweep")
        if self.maturity <= self.draw_end:
            yield Impossible("maturity", "it is due before the last draw", "move `maturity` behind `draw_end`")
        for name, given in (("sweep", self.sweep), ("least_cover", self.least_cover)):
            if given is not None and self.available is None:
                yield Impossible(name, "nothing says what cash is available", "add `available: …`")
        if (self.most_of_collateral is None) != (self.collateral_value is None):
            lacking = "collateral_value" if self.collateral_value is None else "most_of_collateral"
            yield Impossible(lacking, "the balance is held against a value", f"add `{lacking}: …`")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        nothing, idle = zero(self.limit.unit), zero(self.limit.unit / MONTH.unit)
        owed, drawn = here.remembered("balance", nothing), here.remembered("drawn", nothing)
        interest = select(here.active, self.interest * owed, idle)
        instalment = self._instalment(here, owed)
        scheduled = select(here.active & from_month(self.maturity), owed, instalment) / MONTH
        repaid, tested = scheduled, here.own("interest", idle) + instalment / MONTH
        parts: list[Contribution] = []
        if self.sweep is not None and self.available is not None:
            left = maximum(idle, self.available - here.own("interest", idle) - scheduled)
            sweeps = here.active & from_month(self.draw_end + 1)
            swept = select(sweeps, minimum(owed / MONTH - scheduled, self.sweep * left), idle)
            parts.append(Named("swept", swept))
            repaid = scheduled + here.own("swept", idle)
        moved = (here.own("draw", idle) - here.own("principal", idle)) * MONTH
        owed_at_now = self.balance if self.balance is not None else nothing
        return [
            Flow(self.lender, self.borrower, self.resource, self._draw(here, drawn), "financing", "draw"),
            Flow(self.borrower, self.lender, self.resource, interest, "financing", "interest"),
            *parts,
            Flow(self.borrower, self.lender, self.resource, repaid, "financing", "principal"),
            Named("balance", maximum(nothing, owed + moved), owed_at_now),  # rounding could leave less than nothing
            Named(
                "drawn", drawn + here.own("draw", idle) * MONTH, self.drawn if self.drawn is not None else owed_at_now
            ),
            *self._tests(here, tested),
        ]

    def _draw(self, here: Here, drawn: Formula) -> Formula:
        """What is drawn this month."""
        nothing = zero(self.limit.unit)
        most = self.limit if self.base is None else minimum(self.limit, self.advance_rate * self.base)
        may = here.active & until_month(self.draw_end)
        if self._has_covenants():
            may = may & ~here.remembered("breached", false())
        room = maximum(nothing, most - drawn)
        return select(may, minimum(maximum(nothing, self.draw * MONTH), room), nothing) / MONTH

    def _instalment(self, here: Here, owed: Formula) -> Formula:
        """The principal of a level payment: B r / ((1 + r)^n - 1) with n payments left, B / n where there is no
        interest."""
        nothing = zero(self.limit.unit)
        if self.amortisation == "bullet":
            return nothing
        one, rate = constant(1.0), self.interest * MONTH
        left = maximum(one, constant(float(self.maturity + 1)) - month())
        grown = power(one + rate, left) - one
        part = select(grown > constant(0.0), rate / select(grown > constant(0.0), grown, one), one / left)
        return select(here.active & from_month(self.draw_end + 1), owed * part, nothing)

    def _has_covenants(self) -> bool:
        return self.least_cover is not None or self.most_of_collateral is not None

    def _tests(self, here: Here, service: Formula) -> list[Contribution]:
        """The debt service cover and what breaks a covenant."""
        found: list[Contribution] = []
        idle = zero(service.unit)
        due = service > idle
        if self.available is not None:
            cover = select(due, self.available / select(due, service, constant(1.0, service.unit)), NEVER_DUE)
            found.append(Named("dscr", replace(cover, absent=True)))
            if self.least_cover is not None:
                found.append(Breach(due & (self.available < self.least_cover * service)))
        if self.most_of_collateral is not None and self.collateral_value is not None:
            most = self.most_of_collateral * self.collateral_value
            found.append(Breach(here.own("balance", most) > most))
        return found


NEVER_DUE = constant(float("nan"))
"""What stands for a cover where nothing is due (R7)."""
