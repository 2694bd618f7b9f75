"""Terms of delivery: what a supplier owes of a capacity and of its quality, and what failing costs it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from detente.lang.formula import Formula, constant, false, maximum, minimum, select, zero
from detente.terms.joins import Breach, Contribution, Flow, Named, SupplyTerm
from detente.terms.term import (
    MONTH,
    Here,
    Impossible,
    Quantity,
    Row,
    Term,
    from_month,
    not_a_part,
    number_of,
    parameter,
    rows,
)


@dataclass(frozen=True)
class Delivery(Row):
    """A capacity owed from a date on, until the next."""

    on: int = parameter("from when it is owed", "date")
    capacity: Formula = parameter("capacity owed in all", "capacity")


@dataclass(frozen=True)
class CapacityDeliveryObligation(Term):
    """The supplier of a term owes a capacity by date; what is missing costs it liquidated damages, up to a cap in all.

    Owed is `due`, or what a `schedule` says. Held against what the supplier has, before ceilings that the buyer's own
    agreements put on it, while the term it is about holds. Nothing is missing where it is `excused`. A delay up to
    `grace` costs nothing; a longer one is a breach. After `long_stop` without a month in which nothing was missing,
    `past_long_stop` holds: name it in the event by which the buyer ends the agreement.

    Invariant: damages paid never exceed the cap, and are nothing where nothing is owed.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "missing": Quantity("capacity owed and not there", "capacity"),
        "past_long_stop": Quantity("whether the delay has passed the long stop", "condition", remembered=True),
    }
    example: ClassVar[str] = """\
type: capacity_delivery_obligation
of: pact.power
schedule:
  - {on: 2025-04, capacity: 5 MW}
  - {on: 2025-10, capacity: 10 MW}
damages: 2 USD / MW / month
damages_cap: 40 USD
grace: 1 month
long_stop: 6 months
assumed: an example
"""

    of: SupplyTerm = parameter("the term whose capacity is owed", "supply term")
    damages: Formula = parameter("damages for a unit missing over a time", "money / capacity / time")
    resource: str = parameter("the money they are paid in", "resource of damages")
    due: Formula | None = parameter("capacity owed, by month", "capacity", None)
    schedule: tuple[Delivery, ...] = rows("capacities owed by date, in place of `due`", Delivery, ())
    damages_cap: Formula | None = parameter("most that is paid in all", "money", None)
    grace: Formula | None = parameter("delay that costs nothing", "time", None)
    long_stop: Formula | None = parameter("delay after which the buyer may end", "time", None)
    excused: Formula | None = parameter("when nothing is owed, as in force majeure", "condition", None)

    def impossible(self) -> Iterator[Impossible]:
        if (self.due is None) == (not self.schedule):
            yield Impossible(
                "due" if self.due is None else "schedule",
                "there is neither" if self.due is None else "there are both `due` and a schedule",
                "give `due`, or a `schedule`",
            )
        dates = [row.on for row in self.schedule]
        if dates != sorted(set(dates)):
            yield Impossible("schedule", "the dates do not rise", "put them in order of time")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        nothing = zero(self.of.unit)
        owes = here.active & self.of.active()
        if self.excused is not None:
            owes = owes & ~self.excused
        missing = here.own("missing", nothing)
        parts: list[Contribution] = [
            Named("missing", select(owes, maximum(nothing, self._owed() - self.of.capacity()), nothing))
        ]
        late = missing > nothing
        if self.grace is not None or self.long_stop is not None:
            counted = select(late, here.remembered("late", MONTH) + MONTH, zero(MONTH.unit))
            parts.append(Named("late", counted, zero(MONTH.unit)))
        if self.long_stop is not None:
            parts.append(Named("past_long_stop", here.own("late", MONTH) > self.long_stop, false()))
        if self.grace is not None:
            late = here.own("late", MONTH) > maximum(zero(MONTH.unit), self.grace)
        owed = select(late, self.damages * missing, zero((self.damages * missing).unit))
        if self.damages_cap is not None:
            left = maximum(zero(self.damages_cap.unit), self.damages_cap - here.paid(self.damages_cap.unit))
            owed = minimum(owed, left / MONTH)
        flow = Flow(self.of.supplier, self.of.buyer, self.resource, owed, "operating", "damages")
        return [*parts, Breach(late), flow]

    def _owed(self) -> Formula:
        if self.due is not None:
            return self.due
        owed = zero(self.of.unit)
        for row in self.schedule:
            owed = select(from_month(row.on), row.capacity, owed)
        return owed


@dataclass(frozen=True)
class Step(Row):
    """A row of a table of credits."""

    below: Formula = parameter("the measure under which the credit is due", "fraction")
    credit: Formula = parameter("part of the bill given back", "fraction")


@dataclass(frozen=True)
class ServiceLevelCredit(Term):
    """Where a measure of service lies below a step of the table, the buyer gets that part of the month's bill back.

    Of several steps the one with the lowest `below` counts, and at most `cap` of the bill. A month in which the measure
    lies below the `target` is a failure; `failures` of them `within` a time are a breach as long as they lie within it.

    Invariant: the credit is never more than the cap times the bill.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {"credit": Quantity("part of the bill given back", "fraction")}
    example: ClassVar[str] = """\
type: service_level_credit
of: pact.power
metric: 98%
target: 99.5%
table:
  - {below: 99.5%, credit: 10%}
  - {below: 95%, credit: 30%}
cap: 25%
failures: 3
within: 6 months
assumed: an example
"""

    of: SupplyTerm = parameter("the term whose service is measured, and whose bill the credit is of", "supply term")
    metric: Formula = parameter("the measure of service", "fraction")
    target: Formula = parameter("what it should be", "fraction")
    table: tuple[Step, ...] = rows("the credits by how far it falls short, the highest `below` first", Step)
    resource: str = parameter("the money it is paid in", "resource of of")
    cap: Formula = parameter("most of a bill that is given back", "fraction", constant(1.0))
    failures: int | None = parameter("failures that are a breach", "count", None)
    within: Formula | None = parameter("time within which they count", "time", None)

    def impossible(self) -> Iterator[Impossible]:
        yield from not_a_part(self, "cap")
        heights = [number_of(step.below) for step in self.table]
        known = [height for height in heights if height is not None]
        if known != sorted(set(known), reverse=True):
            yield Impossible("table", "the steps do not fall", "put the highest `below` first")
        if (self.failures is None) != (self.within is None):
            lacking = "within" if self.within is None else "failures"
            yield Impossible(lacking, "failures are counted within a time", "give `failures` and `within`, or neither")
        if self.failures == 0:
            yield Impossible("failures", "no failure is no breach", "count at least 1")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        part = zero(self.metric.unit)
        for step in self.table:
            part = select(self.metric < step.below, step.credit, part)
        credit = select(here.active, minimum(part, self.cap), zero(self.metric.unit))
        paid = here.own("credit", credit) * self.of.moved()
        parts: list[Contribution] = [
            Named("credit", credit),
            Flow(self.of.supplier, self.of.buyer, self.resource, paid, "operating", "returned"),
        ]
        if self.failures is not None and self.within is not None:
            failed = here.active & (self.metric < self.target)
            since, long_ago = zero(MONTH.unit), self.within
            for number in range(1, self.failures + 1):
                label = f"since_failure_{number}"
                before = here.remembered(label, MONTH) + MONTH
                parts.append(Named(label, select(failed, since, before), long_ago))
                since = before
            parts.append(Breach(here.own(f"since_failure_{self.failures}", MONTH) < self.within))
        return parts
