"""Options: to buy new shares, or to sell and buy shares, capacity and other assets at a stated price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from detente.lang.formula import Formula, false, maximum, minimum, select, total, true, zero
from detente.terms.joins import (
    Contribution,
    Flow,
    Issue,
    Named,
    Need,
    Offer,
    Permission,
    Shares,
)
from detente.terms.term import (
    MONTH,
    Here,
    Impossible,
    Quantity,
    Row,
    Term,
    from_month,
    happened,
    happens,
    in_month,
    parameter,
    rows,
    until_month,
)


@dataclass(frozen=True)
class Grant(Row):
    """One tranche of a warrant."""

    shares: Formula = parameter("shares that may be bought once it has vested", "share")
    if_: Formula | None = parameter("what vests it: a volume, a price, an event", "condition", None)
    on: int | None = parameter("the date from which it can vest", "date", None)


@dataclass(frozen=True)
class Warrant(Term):
    """The holder may buy new shares of the company at a strike, tranche by tranche as they vest, until the warrant
    expires.

    A tranche vests in the first month from its date on in which its condition holds, and stays vested. From the event
    `exercise` on, the holder buys all that has vested, and the rest as it vests; where a value of a share is given,
    only in months in which it lies above the strike, and at the expiry all that is vested is bought if it does, event
    or no event. The event is possible only while something vested is left. The strike is paid to the company; the
    shares are issued after conversions and before rounds. A standstill that keeps the holder from a share saves its
    price, and that part of the warrant is gone.

    Invariant: what has vested never falls; what is exercised never exceeds it; nothing is bought after the expiry.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "granted": Quantity("shares it is for while it holds, vested or not", "share"),
        "vested": Quantity("shares that have vested in all", "share"),
        "exercised": Quantity("shares bought in all", "share", remembered=True),
    }
    example: ClassVar[str] = """
type: warrant
holder: cloud
company: lab
tranches: [{shares: 10 share, on: 2025-03}, {shares: 5 share, if: lab.USD < 900 USD}]
strike: 1 USD / share
share_value: 8 USD / share
expiry: 2025-11
exercise: event_a
"""

    holder: str = parameter("who may buy", "party")
    company: str = parameter("who issues", "party")
    tranches: tuple[Grant, ...] = rows("what may be bought, and what vests it", Grant)
    strike: Formula = parameter("price of a share", "money / share")
    expiry: int = parameter("the last month in which it may be exercised", "end date")
    shares: Shares = parameter("the shares issued", "shares of company")
    resource: str = parameter("the money the strike is paid in", "resource of strike")
    exercise: str = parameter("the event by which the holder exercises", "event", "")
    share_value: Formula | None = parameter("what a share is worth", "money / share", None)
    class_: str = parameter("the class of shares issued", "class", "")

    def impossible(self) -> Iterator[Impossible]:
        if not self.exercise and self.share_value is None:
            yield Impossible("exercise", "nothing exercises the warrant", "add `exercise: EVENT` or `share_value: …`")
        late = [tranche.on for tranche in self.tranches if tranche.on is not None and tranche.on > self.expiry]
        if late:
            yield Impossible("expiry", "a tranche vests after the warrant has expired", "move one of the two dates")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        none = zero(self.shares.unit)
        parts: list[Contribution] = []
        vesting: list[Formula] = []
        for number, tranche in enumerate(self.tranches, 1):
            label = f"tranche_{number}_vested"
            before = here.remembered(label, false())
            met = here.active & (tranche.if_ if tranche.if_ is not None else true())
            if tranche.on is not None:
                met = met & from_month(tranche.on)
            parts.append(Named(label, before | met, false()))
            vesting.append(select(here.own(label, false()) & ~before, tranche.shares, none))
        vested, exercised = here.own("vested", none), here.remembered("exercised", none)
        bought = select(self._exercising(here), vested - exercised, none)
        own = here.own("bought", none)
        open_ = here.active & until_month(self.expiry) & (vested > exercised)
        return [
            *parts,
            Named("granted", select(here.active & until_month(self.expiry), self._granted(), none)),
            Named("vested", here.remembered("vested", none) + total(none.unit, vesting), none),
            Named("bought", bought),
            Named("exercised", exercised + own, none),
            Flow(self.holder, self.company, self.resource, own * self.strike / MONTH, "financing", "strike"),
            Issue(self.company, self.holder, own, "option", "strike", self.class_),
            *([Permission(self.exercise, open_)] if self.exercise else []),
        ]

    def _granted(self) -> Formula:
        """All shares that it is for, vested or not."""
        return total(self.shares.unit, [tranche.shares for tranche in self.tranches])

    def _exercising(self, here: Here) -> Formula:
        """Whether all that is vested is bought this month."""
        wants = happened(self.exercise) if self.exercise else false()
        if self.share_value is not None:
            wants = (wants | in_month(self.expiry)) & (self.share_value > self.strike)
        return here.active & until_month(self.expiry) & wants


@dataclass(frozen=True)
class OptionRight(Term):
    """The holder may sell to the obligor (a put) or buy from it (a call) shares, a capacity or another asset, once, at
    a formula price, by an event that it decides while the term holds.

    Shares pass between the two in the month of the event, as many of them as the seller then has. A capacity is
    delivered to a need of the buyer from that month on, as long as the term holds, and its price is paid for all that
    can be delivered, used or not: a backstop for capacity that nobody else takes is a put of it. Any other asset is
    named in words and passes for a sum. The window is the time in which the term holds.

    Invariant: exercised at most once, and only in its window; before it nothing moves.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "exercised": Quantity("whether it has been exercised", "condition"),
    }
    example: ClassVar[str] = """
type: option_right
side: put
holder: staff
obligor: fund
exercise: event_a
company: lab
shares: 40 share
share_price: 5 USD / share
"""

    side: str = parameter("whether the holder may sell (put) or buy (call)", "one of: put, call")
    holder: str = parameter("whose right it is", "party")
    obligor: str = parameter("who must buy or sell", "party")
    exercise: str = parameter("the event by which the holder exercises", "event")
    asset: str = parameter("what else passes, in words", "words", "")
    price: Formula | None = parameter("the sum that is paid for that", "money", None)
    company: str = parameter("whose shares pass", "party", "")
    shares: Formula | None = parameter("how many shares pass", "share", None)
    share_price: Formula | None = parameter("the price of a share", "money / share", None)
    need: Need | None = parameter("the need of the buyer to which a capacity is delivered", "need", None)
    capacity: Formula | None = parameter("the capacity that passes", "capacity", None)
    unit_price: Formula | None = parameter("price of a unit of it over a time", "money / capacity / time", None)
    class_: str = parameter("the class of the shares", "class", "")
    stock: Shares | None = parameter("the class of shares that passes", "shares of company if shares", None)
    resource: str = parameter("the money it is paid in", "resource of price, share_price, unit_price", "")

    def impossible(self) -> Iterator[Impossible]:
        subjects = {
            "asset": (bool(self.asset), self.price is not None),
            "shares": (self.shares is not None, bool(self.company), self.share_price is not None),
            "capacity": (self.capacity is not None, self.need is not None, self.unit_price is not None),
        }
        named = [name for name, parts in subjects.items() if any(parts)]
        way = "write `asset` and `price`; or `company`, `shares` and `share_price`; or `need`, `capacity`, `unit_price`"
        if len(named) != 1:
            yield Impossible(named[1] if named else "side", f"{len(named) or 'no'} things pass, and not one", way)
        elif not all(subjects[named[0]]):
            yield Impossible(named[0], "what passes, or its price, is only half said", way)
        if self.need is not None and self.need.party != self.buyer:
            yield Impossible(
                "need", f"it is a need of '{self.need.party}'", f"name a need of the buyer, '{self.buyer}'"
            )

    @property
    def buyer(self) -> str:
        """Who pays: of a put the obligor, of a call the holder."""
        return self.obligor if self.side == "put" else self.holder

    @property
    def seller(self) -> str:
        """Who gives."""
        return self.holder if self.side == "put" else self.obligor

    def contribute(self, here: Here) -> Sequence[Contribution]:
        before = here.remembered("exercised", false())
        now = here.own("exercises", false())
        return [
            Named("exercises", here.active & happens(self.exercise) & ~before),
            Named("exercised", before | now, false()),
            Permission(self.exercise, here.active),
            *self._asset(now),
            *self._shares(here, now),
            *self._capacity(here),
        ]

    def _asset(self, now: Formula) -> Sequence[Contribution]:
        if self.price is None:
            return []
        paid = select(now, self.price, zero(self.price.unit)) / MONTH
        return [Flow(self.buyer, self.seller, self.resource, paid, "financing", "price")]

    def _shares(self, here: Here, now: Formula) -> Sequence[Contribution]:
        if self.stock is None or self.shares is None or self.share_price is None:
            return []
        none = zero(self.stock.unit)
        there = maximum(none, self.stock.held_of(self.seller, self.stock.resource))
        passing = select(now, minimum(maximum(none, self.shares), there), none)
        own = here.own("passing", passing)
        return [
            Named("passing", passing),
            Flow(self.seller, self.buyer, self.stock.resource, own / MONTH, "financing", "transfer"),
            Flow(self.buyer, self.seller, self.resource, own * self.share_price / MONTH, "financing", "price"),
        ]

    def _capacity(self, here: Here) -> Sequence[Contribution]:
        if self.need is None or self.capacity is None or self.unit_price is None:
            return []
        taken = here.active & here.own("exercised", false())
        bill = here.own("price", self.unit_price) * here.offered(self.need.unit)
        return [
            Named("price", self.unit_price),
            Offer(
                self.need.name,
                self.seller,
                select(taken, self.capacity, zero(self.capacity.unit)),
                zero(self.unit_price.unit),
            ),
            Flow(self.buyer, self.seller, self.resource, bill, "operating", "bill", invoice=True),
        ]
