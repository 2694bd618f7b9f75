"""Terms of price: how it is reset, what it may not exceed, what is spent at least, what another does of the work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from detente.lang.formula import (
    Formula,
    constant,
    false,
    floor,
    maximum,
    minimum,
    month,
    select,
    total,
    zero,
)
from detente.terms.joins import MONTHS, Contribution, Flow, Named, OtherTerm, Price, Sunk, SupplyTerm
from detente.terms.term import (
    MONTH,
    Here,
    Impossible,
    Quantity,
    Row,
    Term,
    from_month,
    happened,
    in_month,
    not_a_part,
    not_whole_months,
    number_of,
    parameter,
    rows,
)

YEAR = constant(12.0, MONTHS)


@dataclass(frozen=True)
class Review(Row):
    """A date on which a price is reset."""

    on: int = parameter("when", "date")


@dataclass(frozen=True)
class PriceReview(Term):
    """On dates, or at even spaces, the price of a supply is set to what a formula then says, and kept until the next.

    The formula is an index, cost plus a margin, a learning curve or a benchmark: any expression. The price set never
    leaves `floor` and `ceiling`. Reviews up to `now` are of the record: the supply says the price they led to. The
    price last set stays when this term ends; a review that falls where it does not hold is left out.

    Invariant: once set, and before what further limits it, the price lies between floor and ceiling.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "held": Quantity("whether a review is held this month", "condition"),
    }
    example: ClassVar[str] = """\
type: price_review
of: pact.power
formula: 4 USD / MW / month
dates: [{on: 2025-03}]
every: 6 months
floor: 2 USD / MW / month
ceiling: 5 USD / MW / month
assumed: an example
"""

    of: SupplyTerm = parameter("the term whose price is reset", "supply term")
    formula: Formula = parameter("what the price is reset to", "money / capacity / time")
    dates: tuple[Review, ...] = rows("when", Review)
    every: Formula | None = parameter("space of further reviews after the last of the dates", "time", None)
    floor: Formula | None = parameter("least price", "money / capacity / time", None)
    ceiling: Formula | None = parameter("highest price", "money / capacity / time", None)
    open_book: str = parameter("what the supplier must show", "words", "")

    def impossible(self) -> Iterator[Impossible]:
        yield from not_whole_months(self, "every")
        low, high = number_of(self.floor), number_of(self.ceiling)
        if low is not None and high is not None and low > high:
            yield Impossible("ceiling", "it lies below the floor", "exchange the two")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        nothing = zero(self.formula.unit)
        held, ever = here.own("held", false()), here.own("ever", false())
        kept = select(held, self.formula, here.remembered("kept", nothing))
        price = here.own("kept", nothing)
        if self.floor is not None:
            price = maximum(price, self.floor)
        if self.ceiling is not None:
            price = minimum(price, self.ceiling)
        return [
            Named("held", here.active & self._due(here.now)),
            Named("ever", here.remembered("ever", false()) | held, false()),
            Named("kept", kept, nothing),
            Price(self.of.name, price, ever, "set"),
        ]

    def _due(self, now: int) -> Formula:
        """Whether this is a month of review."""
        due: Formula = false()
        for row in self.dates:
            due = due | in_month(row.on) if row.on > now else due
        if self.every is not None:
            last = max(row.on for row in self.dates)
            spaces = (month() - constant(float(last))) / (self.every / MONTH)
            due = due | (from_month(last + 1) & spaces.equals(floor(spaces)))
        return due


@dataclass(frozen=True)
class MostFavouredNation(Term):
    """The price of a supply is at most the best price that comparable terms gave while they held.

    A `look_back` keeps a comparable price in mind for so many months more. It works by itself or, with `claimed`, from
    the event by which the beneficiary claims it. What is listed under `exceptions` does not count, nor does capacity
    that is free.

    Invariant: while it holds, the price is at most that of every comparable in the window.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "best": Quantity("best comparable price of the window, nothing where there is none", "money / capacity / time")
    }
    example: ClassVar[str] = """\
type: most_favoured_nation
of: pact.power
comparables: [pact.elsewhere]
look_back: 6 months
assumed: an example
"""

    of: SupplyTerm = parameter("the term whose price is favoured", "supply term")
    comparables: tuple[OtherTerm, ...] = parameter("the terms compared with", "terms: supply, take_or_pay")
    look_back: Formula | None = parameter("how many months back a comparable price counts", "time", None)
    claimed: str = parameter("the event from which it works; without it by itself", "event", "")
    exceptions: tuple[OtherTerm, ...] = parameter("comparables that do not count", "terms: supply, take_or_pay", ())

    def impossible(self) -> Iterator[Impossible]:
        yield from not_whole_months(self, "look_back")
        if self.of.name in [other.name for other in self.comparables]:
            yield Impossible("comparables", "a price is no comparable of itself", "name other terms")
        if any(other.money != self.of.money for other in self.comparables):
            yield Impossible("comparables", "a comparable is priced in another money", "name terms priced in the same")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        unit = self.of.money / self.of.unit / MONTHS
        nothing, best = zero(unit), zero(unit)
        exempt = [other.name for other in self.exceptions]
        for other in self.comparables:
            price = other.this_month("price", unit)
            if other.name not in exempt:
                best = _better(best, select(other.active(), price, nothing))
        parts: list[Contribution] = []
        if self.look_back is not None:
            parts.append(Named("best_0", best, nothing))
            months = int(number_of(self.look_back) or 0.0)
            for back in range(1, months + 1):
                before = here.remembered(f"best_{back - 1}", nothing)
                best = _better(best, before)
                parts += [Named(f"best_{back}", before, nothing)] if back < months else []
        price = here.own("best", nothing)
        works = here.active & (price > nothing)
        if self.claimed:
            works = works & happened(self.claimed)
        return [*parts, Named("best", best), Price(self.of.name, price, works, "least")]


def _better(one: Formula, other: Formula) -> Formula:
    """The lower of two prices, where nothing is no price."""
    nothing = zero(one.unit)
    return select((other > nothing) & ((one <= nothing) | (other < one)), other, one)


@dataclass(frozen=True)
class MinimumCommitment(Term):
    """The buyer spends at least an amount on listed terms in every period; what it falls short by it pays at the end.

    A period is so many months in which the term holds, a year unless said; the length of the whole term makes one
    minimum over all of it. A period that is not completed owes nothing. What the supplier can earn elsewhere with what
    was not taken (`mitigation`, a part of the shortfall) is not paid. Of what is spent above the minimum the part
    `carry_over` counts for the next period. While the minimum of the period is unmet, one more unit of what those terms
    offer costs nothing: it is called first.

    Invariant: at the end of every period, what is spent and carried into it, what is paid for the shortfall and what is
    mitigated are at least the minimum.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "spent": Quantity("what counts towards the minimum of this period", "money"),
        "shortfall": Quantity("what the period ending this month falls short by", "money"),
    }
    example: ClassVar[str] = """\
type: minimum_commitment
buyer: lab
supplier: cloud
of: [pact.power]
amount: 300 USD
period: 12 months
mitigation: 20%
carry_over: 50%
assumed: an example
"""

    buyer: str = parameter("who spends", "party")
    supplier: str = parameter("who is paid the shortfall", "party")
    of: tuple[OtherTerm, ...] = parameter("the terms on which what is spent counts", "terms")
    amount: Formula = parameter("least that is spent in a period", "money")
    resource: str = parameter("the money it is paid in", "resource of amount")
    period: Formula = parameter("length of a period", "time", YEAR)
    mitigation: Formula = parameter("part of a shortfall that is not paid", "fraction", constant(0.0))
    carry_over: Formula = parameter(
        "part of what is spent above it that the next period counts", "fraction", constant(0.0)
    )
    elapsed: Formula | None = parameter("time of the running period passed by `now`", "time", None)
    spent: Formula | None = parameter("what was spent in the running period by `now`", "money", None)

    def impossible(self) -> Iterator[Impossible]:
        yield from not_a_part(self, "mitigation", "carry_over")
        yield from not_whole_months(self, "period")
        if any(other.money != self.amount.unit for other in self.of):
            yield Impossible("of", "one of the terms pays in another money", "name terms that pay in that of `amount`")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        nothing, start = zero(self.amount.unit), zero(MONTH.unit)
        before = here.remembered("elapsed", start)
        ends = here.active & (before + MONTH >= self.period)
        elapsed = select(ends, start, select(here.active, before + MONTH, before))
        bought = total(self.amount.unit / MONTH.unit, [other.moved() for other in self.of]) * MONTH
        counted = here.remembered("counted", nothing)
        spent = here.own("spent", nothing)
        left_over = self.carry_over * maximum(nothing, spent - self.amount)
        short = select(ends, maximum(nothing, self.amount - spent), nothing)
        paid = (constant(1.0) - self.mitigation) * here.own("shortfall", nothing) / MONTH
        unmet = here.active & (counted < self.amount)
        return [
            Named("elapsed", elapsed, self.elapsed if self.elapsed is not None else start),
            Named("spent", select(here.active, counted + bought, counted)),
            Named("counted", select(ends, left_over, spent), self.spent if self.spent is not None else nothing),
            Named("shortfall", short),
            Flow(self.buyer, self.supplier, self.resource, paid, "operating", "true_up", invoice=True),
            *(Sunk(other.name, unmet) for other in self.of),
        ]


@dataclass(frozen=True)
class Subcontract(Term):
    """A party performs part of another term, for a part of what that term moves, or for a fee.

    It is paid while that term holds and, with an `acceptance`, from that event on.

    Invariant: nothing is paid where the head term does not hold.
    """

    example: ClassVar[str] = """\
type: subcontract
of: pact.power
payer: cloud
contractor: rival
share: 30%
assumed: an example
"""

    of: OtherTerm = parameter("the head term", "term")
    payer: str = parameter("who hands on the work", "party")
    contractor: str = parameter("who does it", "party")
    share: Formula | None = parameter("part of what the head term moves", "fraction", None)
    fee: Formula | None = parameter("what is paid over a time", "money / time", None)
    resource: str = parameter("the money it is paid in", "resource of fee, of", "")
    acceptance: str = parameter("the event from which it is paid", "event", "")

    def impossible(self) -> Iterator[Impossible]:
        yield from not_a_part(self, "share")
        if (self.share is None) == (self.fee is None):
            found = "there is neither a share nor a fee" if self.share is None else "there is a share as well as a fee"
            yield Impossible("fee" if self.fee is not None else "share", found, "give one of the two")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        works = here.active & self.of.active()
        if self.acceptance:
            works = works & happened(self.acceptance)
        amount = self.fee if self.fee is not None else _part(self.share, self.of.moved())
        return [Flow(self.payer, self.contractor, self.resource, select(works, amount, zero(amount.unit)))]


def _part(share: Formula | None, whole: Formula) -> Formula:
    return zero(whole.unit) if share is None else share * whole
