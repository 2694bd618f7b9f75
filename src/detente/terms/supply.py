"""Terms of supply: capacity offered to a need, by the unit used or reserved, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from detente.lang.formula import Formula, constant, floor, maximum, minimum, month, select, total, zero
from detente.lang.unit import Unit
from detente.terms.joins import Contribution, Flow, Named, Need, Offer
from detente.terms.term import (
    MONTH,
    Here,
    Impossible,
    Quantity,
    Row,
    Term,
    not_a_part,
    not_whole_months,
    number_of,
    parameter,
    rows,
)

OFFERED: Mapping[str, Quantity] = {
    "use": Quantity("what the need takes of it", "capacity"),
    "offered": Quantity("what it can deliver after every ceiling", "capacity"),
    "capacity": Quantity("what the supplier has for it", "capacity"),
}
"""What every term that offers capacity shows: of all its offers together, where it makes several."""


@dataclass(frozen=True)
class Tier(Row):
    """A part of a capacity and its price."""

    price: Formula = parameter("price of a unit used over a time", "money / capacity / time")
    up_to: Formula | None = parameter(
        "capacity, counted from the first unit, up to which the price holds; the last may go without", "capacity", None
    )


@dataclass(frozen=True)
class Supply(Term):
    """The supplier offers capacity to a need at a price per unit used.

    With `tiers` the first units cost the price of the first tier, those above its `up_to` the price of the second, and
    so on; what lies above the last tier is not offered. A later tier is never called before an earlier one: where it is
    cheaper it waits at the price of the earlier one, and is billed at its own. The quantity `price` is that of the
    first tier; a term that changes it changes all tiers in proportion.

    Invariant: what is used is at most what is offered, and the bill is the price times the use, tier by tier.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "price": Quantity("price of a unit used over a time", "money / capacity / time"),
        **OFFERED,
    }
    example: ClassVar[str] = """\
type: supply
supplier: cloud
need: lab.compute
capacity: 8 MW
tiers:
  - {up_to: 5 MW, price: 3 USD / MW / month}
  - {price: 2 USD / MW / month}
assumed: an example
"""

    supplier: str = parameter("who delivers", "party")
    need: Need = parameter("the need it bids into", "need")
    capacity: Formula = parameter("most it can deliver", "capacity")
    price: Formula | None = parameter("price of a unit used over a time", "money / capacity / time", None)
    tiers: tuple[Tier, ...] = rows("prices of parts of the capacity, in place of one price", Tier, ())
    resource: str = parameter("the money it is paid in", "resource of price, tiers", "")

    def impossible(self) -> Iterator[Impossible]:
        if self.price is None and not self.tiers:
            yield Impossible("price", "there is neither a price nor a tier", "add `price: …`")
        if self.price is not None and self.tiers:
            yield Impossible("tiers", "there is one price already", "take `price` away, or the tiers")
        heights = [number_of(tier.up_to) for tier in self.tiers]
        if any(tier.up_to is None for tier in self.tiers[:-1]):
            yield Impossible("tiers", "only the last tier may go without `up_to`", "say up to where each price holds")
        known = [height for height in heights if height is not None]
        if known != sorted(set(known)) or any(height <= 0.0 for height in known):
            yield Impossible("tiers", "the heights of the tiers must rise", "put them in order of `up_to`")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        unit = self.need.unit
        capacity = select(here.active, self.capacity, zero(unit))
        listed = self.price if self.price is not None else self.tiers[0].price
        price = here.own("price", listed)
        if not self.tiers:
            bill = price * here.use(unit)
            return [
                Named("price", listed),
                Offer(self.need.name, self.supplier, capacity, price),
                Flow(self.need.party, self.supplier, self.resource, bill, "operating", "bill", invoice=True),
            ]
        costs = listed > zero(listed.unit)
        moved = select(costs, price / select(costs, listed, constant(1.0, listed.unit)), constant(1.0))
        offers: list[Offer] = []
        bills: list[Formula] = []
        below, called_at = zero(unit), price
        for number, tier in enumerate(self.tiers, 1):
            own = tier.price * moved if number > 1 else price
            top = minimum(capacity, tier.up_to) if tier.up_to is not None else capacity
            top, called_at = maximum(below, top), maximum(called_at, own)
            offers.append(Offer(self.need.name, self.supplier, top - below, called_at, f"tier_{number}"))
            bills.append(own * here.use(unit, f"tier_{number}"))
            below = top
        bill = total(bills[0].unit, bills)
        return [
            Named("price", listed),
            *offers,
            *together(here, unit, [offer.label for offer in offers]),
            Flow(self.need.party, self.supplier, self.resource, bill, "operating", "bill", invoice=True),
        ]


def together(here: Here, unit: Unit, labels: Sequence[str], reserved: Sequence[str] | None = None) -> list[Named]:
    """The use, the offer and the capacity of a term over all its offers, by label; its capacity is that of the
    `reserved` ones, where not of all."""
    like = zero(unit)
    capacities = [here.own(f"{label}.capacity", like) for label in (labels if reserved is None else reserved)]
    return [
        Named("use", total(unit, [here.use(unit, label) for label in labels])),
        Named("offered", total(unit, [here.offered(unit, label) for label in labels])),
        Named("capacity", total(unit, capacities)),
    ]


@dataclass(frozen=True)
class TakeOrPay(Term):
    """The buyer pays a fee for the capacity reserved, used or not; one more unit inside it costs nothing.

    Capacity that is not delivered is not charged. Of the reservation the part `tolerance` is paid for only where it is
    used: the rest is firm. Where the supplier sells idle firm capacity to others, the part `resale_offset` of its fee
    is given back, so that one more unit costs that part. With a `make_up_right` firm capacity that was paid for and not
    used is owed later, without a further fee, on top of the reservation: until the end of the period after the one it
    was paid in, at most `make_up_capacity` at a time. Periods have the length of the right and follow the calendar (of
    12 months: years).

    Invariant: the payment does not depend on the use within the firm part, but for what resale gives back; what is made
    up is at most what was paid for and not used.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "price": Quantity("fee for a unit reserved over a time", "money / capacity / time"),
        **OFFERED,
    }
    example: ClassVar[str] = """\
type: take_or_pay
supplier: cloud
need: lab.compute
capacity: 5 MW
fee: 4 USD / MW / month
tolerance: 10%
make_up_right: 12 months
assumed: an example
"""

    supplier: str = parameter("who delivers", "party")
    need: Need = parameter("the need it bids into", "need")
    capacity: Formula = parameter("capacity reserved", "capacity")
    fee: Formula = parameter("fee for a unit reserved over a time", "money / capacity / time")
    resource: str = parameter("the money it is paid in", "resource of fee")
    tolerance: Formula | None = parameter("part of the reservation paid only if used", "fraction", None)
    resale_offset: Formula | None = parameter("part of the fee for idle capacity that is given back", "fraction", None)
    make_up_right: Formula | None = parameter("length of the periods of making up", "time", None)
    make_up_capacity: Formula | None = parameter(
        "most that is made up at a time; without it as much as is reserved", "capacity", None
    )

    def impossible(self) -> Iterator[Impossible]:
        yield from not_a_part(self, "tolerance", "resale_offset")
        yield from not_whole_months(self, "make_up_right")
        if self.make_up_capacity is not None and self.make_up_right is None:
            yield Impossible("make_up_capacity", "there is no right to make up", "add `make_up_right: 12 months`")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        unit, fee = self.need.unit, here.own("price", self.fee)
        capacity = select(here.active, self.capacity, zero(unit))
        several = self.tolerance is not None or self.make_up_right is not None
        label = "firm" if several else ""
        firm = capacity if self.tolerance is None else (constant(1.0) - self.tolerance) * capacity
        called_at = zero(fee.unit) if self.resale_offset is None else self.resale_offset * fee
        offers = [Offer(self.need.name, self.supplier, firm, called_at, label)]
        idle = here.offered(unit, label) - here.use(unit, label)
        bill = fee * here.offered(unit, label)
        if self.resale_offset is not None:
            bill = bill - self.resale_offset * fee * idle
        if self.tolerance is not None:
            offers.append(Offer(self.need.name, self.supplier, capacity - firm, fee, "flexible"))
            bill = bill + fee * here.use(unit, "flexible")
        reserved = [offer.label for offer in offers]
        made_up: list[Named] = []
        if self.make_up_right is not None:
            kept = idle if self.resale_offset is None else (constant(1.0) - self.resale_offset) * idle
            available, made_up = _made_up(here, self.make_up_right, kept, here.use(unit, "make_up"))
            most = capacity if self.make_up_capacity is None else self.make_up_capacity
            owed = select(here.active, minimum(most, available / MONTH), zero(unit))
            offers.append(Offer(self.need.name, self.supplier, owed, called_at, "make_up", matchable=False))
        labels = [offer.label for offer in offers]
        return [
            Named("price", self.fee),
            *offers,
            *made_up,
            *(together(here, unit, labels, reserved) if several else ()),
            Flow(self.need.party, self.supplier, self.resource, bill, "operating", "bill", invoice=True),
        ]


def _made_up(here: Here, period: Formula, idle: Formula, used: Formula) -> tuple[Formula, list[Named]]:
    """What can still be made up as the month opens, and how it is remembered: what was paid for and not used in this
    period, and in the one before, which goes first."""
    nothing = zero(idle.unit * MONTH.unit)
    length = period / MONTH
    begins = month().equals(floor(month() / length) * length)
    this, last = here.remembered("idle_this_period", nothing), here.remembered("idle_last_period", nothing)
    old, new = select(begins, this, last), select(begins, nothing, this)
    left_of_old = maximum(nothing, old - used * MONTH)
    left_of_new = maximum(nothing, new - maximum(nothing, used * MONTH - old))
    return old + new, [
        Named("idle_last_period", left_of_old, nothing),
        Named("idle_this_period", left_of_new + idle * MONTH, nothing),
    ]
