"""What every term has: its name, the parties to its agreement, when it holds, and how its parameters are declared."""

from __future__ import annotations

import importlib
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from fractions import Fraction
from functools import cache
from typing import Any

import detente.terms
from detente.lang.formula import Formula, constant, month, opening, reference
from detente.lang.unit import Unit
from detente.terms.joins import Contribution

MONTH = constant(1.0, Unit((("month", Fraction(1)),)))


@dataclass(frozen=True, slots=True)
class Tranche:
    """One payment of a commitment. `on` and `by` are calendar months; without `by` the condition is judged on `on`."""

    amount: Formula
    resource: str
    on: int
    condition: Formula | None
    by: int | None
    otherwise: Formula | None


@dataclass(frozen=True, slots=True)
class Here:
    """What a term may read of its surroundings: its own name, when it holds, whether it has begun, and the month at
    which the record ends. A term that has begun and does not hold has ended, or is switched off."""

    name: str
    active: Formula
    begun: Formula
    now: int

    def own(self, label: str, like: Formula) -> Formula:
        """A named quantity of this term, this month."""
        return reference(f"{self.name}.{label}", like.unit, like.kind)

    def remembered(self, label: str, like: Formula) -> Formula:
        """A named quantity of this term as it stood when the month opened."""
        return opening(f"{self.name}.{label}", like.unit, like.kind)

    def paid(self, unit: Unit) -> Formula:
        """What this term has paid in all before this month."""
        return opening(f"{self.name}.paid", unit)

    def use(self, unit: Unit) -> Formula:
        """How much of this term's offer its need takes this month."""
        return reference(f"{self.name}.use", unit)

    def offered(self, unit: Unit) -> Formula:
        """What this term's offer can deliver this month, after every ceiling."""
        return reference(f"{self.name}.offered", unit)

    def count(self, unit: Unit) -> Formula:
        """Shares outstanding just before this term's own issue of this month."""
        return reference(f"{self.name}.count", unit)


def happened(event: str) -> Formula:
    """Whether an event has happened by this month."""
    return reference(event, Unit(()), "boolean")


def happens(event: str) -> Formula:
    """Whether an event happens in this very month."""
    return reference(f"{event}.fires", Unit(()), "boolean")


def in_month(number: int) -> Formula:
    """Whether it is the given calendar month."""
    return month().equals(constant(float(number)))


def from_month(number: int) -> Formula:
    """Whether the given calendar month has come."""
    return month() >= constant(float(number))


def until_month(number: int) -> Formula:
    """Whether the given calendar month has not passed."""
    return month() <= constant(float(number))


def parameter(doc: str, dimension: str, default: Any = MISSING) -> Any:
    """Declare a parameter of a term: what it means and what it must be.

    `dimension` is one of: party, parties, need, supply term, event, shares, tranches, condition, fraction (a share or
    ratio), or a product of money, capacity, share and time such as `money / capacity / time`.
    """
    metadata = {"doc": doc, "dimension": dimension}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Term(ABC):
    """A clause of an agreement. A subclass declares its parameters and says what it contributes."""

    @abstractmethod
    def contribute(self, here: Here) -> Sequence[Contribution]:
        """What this term adds to the joins."""

    @classmethod
    def type(cls) -> str:
        """The name of the type in a deal file: `TakeOrPay` is `take_or_pay`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def parameters(cls) -> tuple[Field[Any], ...]:
        """The declared parameters, in order."""
        return fields(cls)


def required(declared: Field[Any]) -> bool:
    """Whether a parameter must be given."""
    return declared.default is MISSING


@cache
def catalogue() -> dict[str, type[Term]]:
    """Every type of term by name: the subclasses of `Term` in this room, so that a new one needs no list to be
    changed."""
    for module in pkgutil.iter_modules(detente.terms.__path__):
        importlib.import_module(f"detente.terms.{module.name}")
    return {term.type(): term for term in sorted(Term.__subclasses__(), key=lambda term: term.type())}
