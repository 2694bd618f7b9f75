"""The joins: the closed set of places where terms meet.

A term never writes what another term reads. It contributes to these, and the graph adds, takes the least, or asks for
all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from detente.lang.formula import Formula, Kind, opening, reference, total
from detente.lang.unit import ONE, Unit

MONTHS = Unit((("month", Fraction(1)),))

Category = Literal["operating", "financing"]
Stage = Literal["conversion", "note", "option", "round", "adjustment"]
Method = Literal["full_ratchet", "weighted_average"]
Status = Literal["waived", "suspended", "ended"]


@dataclass(frozen=True, slots=True)
class Flow:
    """Join *flow* (sum): `amount` of a resource per month from giver to taker. An invoice is settled in the taker's
    service credits as far as they go, then in cash."""

    giver: str
    taker: str
    resource: str
    amount: Formula
    category: Category = "operating"
    label: str = ""
    invoice: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """Join *offers to a need*: the supplier can deliver up to `capacity`, called in the order of `marginal_price`. A
    term that makes several offers gives each a label. Where `matchable`, what it grows by is new capacity, and rights
    over such capacity reach it."""

    need: str
    supplier: str
    capacity: Formula
    marginal_price: Formula
    label: str = ""
    matchable: bool = True


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Join *ceiling* (least): offers to the need are together at most `amount` while it `holds`: those of the suppliers
    in `only`, or, where it is empty, of all but those in `exempt`."""

    need: str
    amount: Formula
    holds: Formula
    exempt: tuple[str, ...] = ()
    only: tuple[str, ...] = ()

    def covers(self, supplier: str) -> bool:
        """Whether a supplier's offers count."""
        return supplier in self.only if self.only else supplier not in self.exempt


@dataclass(frozen=True, slots=True)
class Match:
    """Slot *capacity*: of every new increment of a rival's capacity the holder takes over the part `chance`, up to
    `limit` a month, while `holds`; the rival's offer shrinks by what the holder's grows. Once it has passed on a part,
    what is new within the `window` is free of it."""

    need: str
    holder: str
    limit: Formula
    chance: Formula
    holds: Formula
    exempt: tuple[str, ...] = ()
    window: Formula | None = None


@dataclass(frozen=True, slots=True)
class Sunk:
    """Slot *marginal price* of another term's offers: while it `holds` they are called as if one more unit cost
    nothing, because it is owed in any case."""

    of: str
    holds: Formula


@dataclass(frozen=True, slots=True)
class Permission:
    """Join *permission* (all): the event cannot happen unless `allowed`."""

    event: str
    allowed: Formula


@dataclass(frozen=True, slots=True)
class Issue:
    """Issue of new shares, of a class of the company (its first where none is named). In one month conversions come
    first, then notes, options, rounds and adjustments, each on the count after the last; notes convert together, all on
    the count before any of them. What is paid for the shares is this term's flow with the label `paid_by`. `allowed`
    names the part of it that ceilings on the holder's stake leave; the graph sets it."""

    company: str
    holder: str
    shares: Formula
    stage: Stage
    paid_by: str | None = None
    class_: str = ""
    allowed: str = ""


@dataclass(frozen=True, slots=True)
class Converting:
    """Join *joint conversion*: the term's `issued` is at least `shares`, and at least the part `part` of all shares
    that there are once every note of the company has converted this month. Both are nothing where it does not."""

    company: str
    shares: Formula
    part: Formula


@dataclass(frozen=True, slots=True)
class Protection:
    """Slot *conversion price* of shares that a holder has: it begins at `price`; while it `holds`, each sale of new
    shares for less money, but those by the terms `exempt`, resets it by the `method`. The term's `extra` is what the
    `protected` shares convert into more than before."""

    company: str
    price: Formula
    protected: Formula
    method: Method
    holds: Formula
    exempt: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StakeCeiling:
    """Join *ceiling* (least) on a stake: the holder is issued no share of the company that would lift its stake above
    `stake` while it `holds`; what such a share costs is not paid either."""

    company: str
    holder: str
    stake: Formula
    holds: Formula


@dataclass(frozen=True, slots=True)
class Claim:
    """Join *claim on a waterfall*: when a company is sold or wound up (`when`), the holder has a preference of `amount`
    by `seniority` (1 is paid first; equals share by amount). Participating, it shares in the rest with its shares of
    the `classes`, up to `cap` in all; else it takes what these bring where that is more. The rest goes to all other
    shares. The term's `payout` is what it receives."""

    company: str
    holder: str
    when: Formula
    proceeds: Formula
    payer: str
    resource: str
    seniority: int
    amount: Formula
    classes: tuple[str, ...]
    participating: bool
    cap: Formula | None


@dataclass(frozen=True, slots=True)
class Price:
    """Slot *price* of another term: while it `holds`, the price is `amount` ("set"), or at most that ("least", which
    comes after all that set it)."""

    of: str
    amount: Formula
    holds: Formula
    how: Literal["set", "least"]


@dataclass(frozen=True, slots=True)
class Change:
    """Slot *active* of another term: it is waived or suspended in the months in which `when` holds, or ended for good
    from the first of them."""

    of: str
    to: Status
    when: Formula


@dataclass(frozen=True, slots=True)
class Breach:
    """This term's duty is broken in the months in which `when` holds."""

    when: Formula


@dataclass(frozen=True, slots=True)
class Chance:
    """A draw of the term's own, once a path; `Here.drawn` reads it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A quantity of the term with a name of its own, to be explained and, where it has an `initial`, to be remembered.
    The quantity called `price` is the slot that other terms may change."""

    label: str
    formula: Formula
    initial: Formula | None = None


Contribution = (
    Flow
    | Offer
    | Ceiling
    | Match
    | Sunk
    | Permission
    | Issue
    | Converting
    | Protection
    | StakeCeiling
    | Claim
    | Price
    | Change
    | Breach
    | Chance
    | Named
)


@dataclass(frozen=True, slots=True)
class Need:
    """A need as a term sees it."""

    name: str
    party: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class SupplyTerm:
    """Another term that offers capacity, as a term sees it: who delivers to whom, the unit of the capacity, the money
    it is paid in."""

    name: str
    supplier: str
    buyer: str
    unit: Unit
    money: Unit

    def active(self) -> Formula:
        """Whether it holds this month."""
        return reference(f"{self.name}.active", ONE, "boolean")

    def capacity(self) -> Formula:
        """What the supplier has for it this month, before every ceiling."""
        return reference(f"{self.name}.capacity", self.unit)

    def moved(self) -> Formula:
        """What is paid for it this month, money per month."""
        return reference(self.name, self.money / MONTHS)


@dataclass(frozen=True, slots=True)
class OtherTerm:
    """Any other term, as a term sees it: its name and type, the parties it names by parameter, the money it pays in."""

    name: str
    type: str
    parties: Mapping[str, str]
    money: Unit

    def active(self) -> Formula:
        """Whether it holds this month."""
        return self.this_month("active", kind="boolean")

    def moved(self) -> Formula:
        """What it moves this month, money per month."""
        return reference(self.name, self.money / MONTHS)

    def paid(self) -> Formula:
        """What it has moved in all before this month."""
        return opening(f"{self.name}.paid", self.money)

    def this_month(self, label: str, unit: Unit = ONE, kind: Kind = "number") -> Formula:
        """A named quantity of it, this month."""
        return reference(f"{self.name}.{label}", unit, kind)

    def remembered(self, label: str, unit: Unit = ONE, kind: Kind = "number") -> Formula:
        """A named quantity of it as the month opened."""
        return opening(f"{self.name}.{label}", unit, kind)


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares of a company as a term sees them: the class it deals in (`resource`), their unit, and all `classes`. A
    share of any class counts as one share: classes are held and issued as converted, one for one."""

    company: str
    resource: str
    unit: Unit
    classes: tuple[str, ...]

    def held(self, party: str) -> Formula:
        """What a party holds as the month opens, of all classes."""
        return total(self.unit, [self.held_of(party, one) for one in self.classes])

    def held_of(self, party: str, class_: str) -> Formula:
        """What a party holds of one class as the month opens."""
        return opening(f"{party}.{class_}", self.unit)

    def issued(self) -> Formula:
        """All there are as the month opens, of all classes."""
        return total(self.unit, [self.issued_of(one) for one in self.classes])

    def issued_of(self, class_: str) -> Formula:
        """All there are of one class as the month opens."""
        return -opening(f"{self.company}.{class_}", self.unit)
