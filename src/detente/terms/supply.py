"""Terms of supply: capacity offered to a need, what it costs, and who may offer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detente.lang.formula import Formula, constant, maximum, minimum, reference, select, zero
from detente.terms.joins import Ceiling, Contribution, Flow, Match, Named, Need, Offer, SupplyTerm
from detente.terms.term import MONTH, Here, Term, parameter


@dataclass(frozen=True)
class Supply(Term):
    """The supplier offers capacity to a need at a price per unit used.

    Invariant: what is used is at most what is offered, and the bill is the price times the use.
    """

    supplier: str = parameter("who delivers", "party")
    need: Need = parameter("the need it bids into", "need")
    capacity: Formula = parameter("most it can deliver", "capacity")
    price: Formula = parameter("price of a unit used over a time", "money / capacity / time")
    resource: str = parameter("the money it is paid in", "resource of price")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        capacity = select(here.active, self.capacity, zero(self.capacity.unit))
        bill = self.price * here.use(self.need.unit)
        return [
            Offer(self.need.name, self.supplier, capacity, self.price),
            Flow(self.need.party, self.supplier, self.resource, bill, "operating", "bill", invoice=True),
        ]


@dataclass(frozen=True)
class TakeOrPay(Term):
    """The buyer pays a fee for the capacity reserved, used or not; one more unit inside it costs nothing.

    Capacity that is not delivered is not charged.

    Invariant: the payment does not depend on the use.
    """

    supplier: str = parameter("who delivers", "party")
    need: Need = parameter("the need it bids into", "need")
    capacity: Formula = parameter("capacity reserved", "capacity")
    fee: Formula = parameter("fee for a unit reserved over a time", "money / capacity / time")
    resource: str = parameter("the money it is paid in", "resource of fee")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        capacity = select(here.active, self.capacity, zero(self.capacity.unit))
        bill = self.fee * here.offered(self.need.unit)
        return [
            Offer(self.need.name, self.supplier, capacity, zero(self.fee.unit)),
            Flow(self.need.party, self.supplier, self.resource, bill, "operating", "bill", invoice=True),
        ]


@dataclass(frozen=True)
class CapacityDeliveryObligation(Term):
    """The supplier of a term owes a capacity by date; what is missing costs it liquidated damages, up to a cap in all.

    Held against what the supplier has, before ceilings that the buyer's own agreements put on it.

    Invariant: damages paid never exceed the cap.
    """

    of: SupplyTerm = parameter("the term whose capacity is owed", "supply term")
    due: Formula = parameter("capacity owed, by month", "capacity")
    damages: Formula = parameter("damages for a unit missing over a time", "money / capacity / time")
    resource: str = parameter("the money they are paid in", "resource of damages")
    damages_cap: Formula | None = parameter("most that is paid in all", "money", None)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        delivered = reference(f"{self.of.name}.capacity", self.of.unit)
        missing = select(here.active, maximum(zero(self.of.unit), self.due - delivered), zero(self.of.unit))
        owed = self.damages * here.own("missing", missing)
        if self.damages_cap is not None:
            left = maximum(zero(self.damages_cap.unit), self.damages_cap - here.paid(self.damages_cap.unit))
            owed = minimum(owed, left / MONTH)
        return [
            Named("missing", missing),
            Flow(self.of.supplier, self.of.buyer, self.resource, owed, "operating", "damages"),
        ]


@dataclass(frozen=True)
class Exclusivity(Term):
    """The need may be served by one supplier alone, but for those carved out.

    With `lapse_if_unable` rivals may serve what the supplier cannot.

    Invariant: what others than the supplier and the carve-out deliver is nothing while it holds.
    """

    supplier: str = parameter("who alone may deliver", "party")
    need: Need = parameter("the need it covers", "need")
    carve_out: tuple[str, ...] = parameter("suppliers allowed beside", "parties", ())
    lapse_if_unable: bool = parameter("whether rivals may serve what the supplier cannot", "yes or no", False)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        allowed = zero(self.need.unit)
        if self.lapse_if_unable:
            own = reference(f"{self.need.name}.offered_by.{self.supplier}", self.need.unit)
            allowed = maximum(allowed, reference(self.need.name, self.need.unit) - own)
        return [Ceiling(self.need.name, (self.supplier, *self.carve_out), allowed, here.active)]


@dataclass(frozen=True)
class RightOfFirstRefusal(Term):
    """Before the need's party takes new capacity from a rival, the holder may deliver it in the rival's place.

    Of every new increment of a rival's capacity the holder takes over the part `chance` (the probability that it
    matches),
    up to `matches`; what it took over stays with it.

    Invariant: what rivals lose is what the holder gains.
    """

    holder: str = parameter("who may match", "party")
    need: Need = parameter("the need whose suppliers it concerns", "need")
    matches: Formula = parameter("most that the holder could take over in a month", "capacity")
    chance: Formula = parameter("probability that the holder matches an increment", "fraction", constant(1.0))

    def contribute(self, here: Here) -> Sequence[Contribution]:
        limit = maximum(zero(self.need.unit), self.matches)
        return [Match(self.need.name, self.holder, limit, self.chance, here.active)]
