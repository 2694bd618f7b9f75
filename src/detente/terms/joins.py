"""The joins: the closed set of places where terms meet.

A term never writes what another term reads. It contributes to these, and the graph adds, takes the least, or asks
for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detente.lang.formula import Formula
from detente.lang.unit import Unit

Category = Literal["operating", "financing"]


@dataclass(frozen=True, slots=True)
class Flow:
    """Join *flow* (sum): `amount` of a resource per month from giver to taker. An invoice is settled in the
    taker's service
    credits as far as they go, then in cash."""

    giver: str
    taker: str
    resource: str
    amount: Formula
    category: Category = "operating"
    label: str = ""
    invoice: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """Join *offers to a need*: the supplier can deliver up to `capacity`, called in the order of `marginal_price`."""

    need: str
    supplier: str
    capacity: Formula
    marginal_price: Formula


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Join *ceiling* (least): offers to the need from suppliers not in `exempt` are together at most `amount` while it
    `holds`."""

    need: str
    exempt: tuple[str, ...]
    amount: Formula
    holds: Formula


@dataclass(frozen=True, slots=True)
class Match:
    """Slot *capacity*: of every new increment of a rival's capacity the holder takes over the part `chance`, up to
    `limit` a
    month, while `holds`; the rival's offer shrinks by what the holder's grows."""

    need: str
    holder: str
    limit: Formula
    chance: Formula
    holds: Formula


@dataclass(frozen=True, slots=True)
class Permission:
    """Join *permission* (all): the event cannot happen unless `allowed`."""

    event: str
    allowed: Formula


@dataclass(frozen=True, slots=True)
class Issue:
    """Issue of new shares. In one month conversions come first, then options, then rounds, each on the count after
    the last."""

    company: str
    holder: str
    shares: Formula
    stage: Literal["conversion", "option", "round"]


@dataclass(frozen=True, slots=True)
class Named:
    """A quantity of the term with a name of its own, to be explained and, where it has an `initial`, to be
    remembered."""

    label: str
    formula: Formula
    initial: Formula | None = None


Contribution = Flow | Offer | Ceiling | Match | Permission | Issue | Named


@dataclass(frozen=True, slots=True)
class Need:
    """A need as a term sees it."""

    name: str
    party: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class SupplyTerm:
    """Another term that offers capacity, as a term sees it."""

    name: str
    supplier: str
    buyer: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Shares:
    """The shares of a company as a term sees them: the resource and its unit."""

    company: str
    resource: str
    unit: Unit
