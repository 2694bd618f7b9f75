"""What every term has: its name, the parties to its agreement, when it holds, and how its parameters are declared."""

from __future__ import annotations

import importlib
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any, ClassVar

import detente.terms
from detente.lang.formula import Formula, constant, exponential, month, opening, reference
from detente.lang.formula import parameter as argument
from detente.lang.unit import Unit
from detente.terms.joins import MONTHS, Contribution

MONTH = constant(1.0, MONTHS)


@dataclass(frozen=True, slots=True)
class Here:
    """What a term may read of its surroundings: its own name, when it holds, whether it has begun, and the month at
    which the record ends. A term that has begun and does not hold has ended, is waived, suspended or switched off."""

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

    def use(self, unit: Unit, label: str = "") -> Formula:
        """How much of this term's offer (of that label) its need takes this month."""
        return reference(f"{self._offer(label)}.use", unit)

    def offered(self, unit: Unit, label: str = "") -> Formula:
        """What this term's offer (of that label) can deliver this month, after every ceiling."""
        return reference(f"{self._offer(label)}.offered", unit)

    def count(self, unit: Unit) -> Formula:
        """Shares outstanding just before this term's own issue of this month."""
        return reference(f"{self.name}.count", unit)

    def drawn(self) -> Formula:
        """A number between 0 and 1, evenly drawn once a path; the term contributes a `Chance`."""
        return constant(1.0) - exponential(-argument(f"draw {self.name}"))

    def _offer(self, label: str) -> str:
        return f"{self.name}.{label}" if label else self.name


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


def number_of(formula: Formula | None) -> float | None:
    """The number that a parameter is, in base units, or None where it is only known on a path."""
    if formula is not None and formula.operation == "negative":
        inner = number_of(formula.arguments[0])
        return -inner if inner is not None else None
    return formula.value if formula is not None and formula.operation == "constant" else None


def parameter(doc: str, dimension: str, default: Any = MISSING) -> Any:
    """Declare a parameter of a term or of a row: what it means and what it must be.

    `dimension` says what is written, and what the term is given:

    | dimension | written | given |
    |---|---|---|
    | `party`, `parties` | names | str, tuple[str, ...] |
    | `event`, `events` | names of events | str, tuple[str, ...] |
    | `need` | the name of a need | Need |
    | `supply term` | the whole name of a term that offers capacity | SupplyTerm |
    | `term`, `terms`, `term: a, b`, `terms: a, b` | whole names of terms, of these types | OtherTerm, tuple of them |
    | `condition` | an expression | Formula |
    | `rate` | a rate per time, such as a nominal interest | Formula of the kind rate |
    | `yes or no` | true, false | bool |
    | `date`, `end date` | a date | its first month, its last month |
    | `one of: a, b` | a word | str |
    | `words` | a text that says what is meant and is not computed with | str |
    | `count` | a whole number | int |
    | `class`, `classes` | names of classes of shares, of the company that `shares of X` names | str, tuple[str, ...] |
    | `rows` | a list of blocks; declared with `rows` | a tuple of rows |
    | `parts by party` | `{party: share}` | tuple[tuple[str, Formula], ...] |
    | `form of X` | a money that X is paid in, or `cash` | the resource |
    | `resource of X`, `resource of X, Y` | nothing: the money that parameter X (or Y) is paid in | the resource |
    | `shares of X`, `shares of X if Y` | nothing: the shares of the party X (where Y is given) | Shares |
    | a product of `money`, `capacity`, `share`, `time`, `fraction` | an expression | Formula |

    A name that Python keeps for itself ends in `_` and is written without: `if_`.
    """
    metadata = {"doc": doc, "dimension": dimension}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


def rows(doc: str, row: type[Row], default: Any = MISSING) -> Any:
    """Declare a parameter that is a list of rows."""
    metadata = {"doc": doc, "dimension": "rows", "row": row}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Impossible:
    """What cannot be in a parameter, and the way out."""

    parameter: str
    message: str
    way_out: str


class Declared:
    """What has declared parameters: a term, or a row of one."""

    @classmethod
    def parameters(cls) -> tuple[Field[Any], ...]:
        """The declared parameters, in order."""
        return fields(cls)  # type: ignore[arg-type]  # every subclass is a dataclass

    def impossible(self) -> Iterator[Impossible]:
        """What the parameters say that cannot be."""
        return iter(())


class Row(Declared):
    """A row of a list that a term takes. A subclass is a frozen dataclass that declares its parameters."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity of a term that expressions may read as `agreement.term.label`: what it is, and its dimension (one of
    `money`, `share`, `time`, `fraction`, `condition`, `capacity`, or a ratio such as `money / share`). What is
    `remembered` is read as the month opens; what is `absent` is not there in every month (R7)."""

    doc: str
    dimension: str
    remembered: bool = False
    absent: bool = False


def not_a_part(declared: Declared, *names: str) -> Iterator[Impossible]:
    """Those of the parameters that say a part of a whole and are known to lie outside 0 and 1."""
    for name in names:
        number = number_of(getattr(declared, name))
        if number is not None and not 0.0 <= number <= 1.0:
            yield Impossible(name, "a part of a whole lies between 0% and 100%", "write a part such as `20%`")


def below_zero(declared: Declared, *names: str) -> Iterator[Impossible]:
    """Those of the parameters that are known to be less than nothing."""
    for name in names:
        number = number_of(getattr(declared, name))
        if number is not None and number < 0.0:
            yield Impossible(name, "it is less than nothing", "write a number from 0 on")


def not_whole_months(declared: Declared, *names: str) -> Iterator[Impossible]:
    """Those of the parameters that are given and are no whole number of months, at least one, known beforehand."""
    for name in names:
        formula = getattr(declared, name)
        number = number_of(formula)
        if formula is not None and (number is None or number < 1.0 or number != int(number)):
            yield Impossible(name, "this is a whole number of months, known beforehand", "write a time: `12 months`")


@dataclass(frozen=True)
class Term(Declared, ABC):
    """A clause of an agreement. A subclass declares its parameters and says what it contributes."""

    example: ClassVar[str] = ""
    """One such term as a deal writes it; every example runs."""

    quantities: ClassVar[Mapping[str, Quantity]] = {}
    """What expressions may read of it, by label."""

    @abstractmethod
    def contribute(self, here: Here) -> Sequence[Contribution]:
        """What this term adds to the joins."""

    def paid_on_record(self, now: int) -> Sequence[Formula]:
        """The payments that dates up to `now` say were made; the record is not simulated (R12)."""
        return ()

    @classmethod
    def type(cls) -> str:
        """The name of the type in a deal file: `TakeOrPay` is `take_or_pay`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def written(declared: Field[Any]) -> str:
    """The name of a parameter as a deal file writes it."""
    return declared.name.rstrip("_")


def given_by_others(declared: Field[Any]) -> bool:
    """Whether a parameter is not written, but follows from another."""
    return str(declared.metadata["dimension"]).startswith(("resource of ", "shares of "))


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
