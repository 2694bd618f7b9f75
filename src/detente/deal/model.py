"""The Deal: what the files say, with places, before any name is resolved or unit checked.

Expressions are syntax trees of `lang.syntax`; dates are calendar months where only the month matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from detente.evidence.records import Evidence
from detente.lang.syntax import Node
from detente.text.nodes import Node as YamlNode
from detente.text.place import NOWHERE, Place
from detente.text.written import Date, Month

Gives = Literal["value", "bound", "direction", "existence"]


@dataclass(frozen=True, slots=True)
class Citation:
    """A claim that a block rests on, and what it gives the block."""

    claim: str
    gives: Gives
    place: Place


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why a block may hold its numbers: claims, an open assumption with its reason, or neither."""

    citations: tuple[Citation, ...] = ()
    assumed: str = ""
    since: Date | None = None
    note: str = ""


NO_GROUNDS = Grounds()
"""Of a block that needs none."""


@dataclass(frozen=True, slots=True)
class Party:
    """A company, an investor, a regulator, or the outside world. `fiscal_year_ends` is the number of a month;
    `currency` the money it keeps, if it says so."""

    name: str
    title: str
    outside: bool
    fiscal_year_ends: int
    place: Place
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """Money, a capacity, or shares. Credits are money `of` a currency, issued by a party, that settle a part of its
    invoices. `rate` is what one of a currency is worth in the deal's own, its first money."""

    name: str
    kind: Literal["money", "capacity", "shares"]
    unit: str
    issuer: str
    settles: Node | None
    grounds: Grounds
    place: Place
    rate: Node | None = None


@dataclass(frozen=True, slots=True)
class Assumption:
    """An uncertain input. `before` is what stood in its place while its grounds were not yet known."""

    name: str
    value: Node
    kind: str
    stream: str
    grounds: Grounds
    before: Assumption | None
    place: Place


@dataclass(frozen=True, slots=True)
class Correlation:
    """The correlation of the normal scores behind two assumptions, or of the shocks of two processes."""

    between: tuple[str, str]
    value: Node
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Point:
    """A value on a date or over a period, with grounds of its own or none."""

    date: Date
    value: Node
    grounds: Grounds
    place: Place


Interpolation = Literal["straight", "level", "logarithmic"]


@dataclass(frozen=True, slots=True)
class Variable:
    """A quantity by month: a record and a process, a table, or a formula; `observed` is compared and drives nothing.
    `interpolation` says what holds between the dates of the table."""

    name: str
    unit: str
    past: tuple[Point, ...]
    next: Node | None
    table: tuple[Point, ...]
    interpolation: Interpolation
    formula: Node | None
    observed: tuple[Point, ...]
    grounds: Grounds
    before: Variable | None
    place: Place


@dataclass(frozen=True, slots=True)
class DeclaredFlow:
    """An amount of a resource per unit of time from one party to another."""

    name: str
    giver: str
    taker: str
    amount: Node
    category: Literal["operating", "financing"]
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class DeclaredNeed:
    """A party's demand for a capacity."""

    name: str
    party: str
    resource: str
    amount: Node
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class RowText:
    """One row of a parameter that is a list of blocks, such as a tranche, as written."""

    values: dict[str, Parameter]
    places: dict[str, Place]
    place: Place


Parameter = str | Node | bool | int | Date | tuple[str, ...] | tuple[RowText, ...] | dict[str, Node]


@dataclass(frozen=True, slots=True)
class TermText:
    """One version of a term: its parameters by name, and the months it held for (both inclusive; None is open).

    `until` is the end as agreed; `last` comes earlier where an amendment, resting on `ended`, cut it short. It is
    `waived` from an event on, and `suspended` while a condition holds. A version that is not `known` (to an earlier
    date) never acts.
    """

    name: str
    type: str
    parameters: dict[str, Parameter]
    parameter_places: dict[str, Place]
    first: Month
    last: Month | None
    stops: str
    grounds: Grounds
    place: Place
    waived: str = ""
    suspended: Node | None = None
    until: Month | None = None
    ended: Grounds | None = None
    ended_at: Place = NOWHERE
    known: bool = True


@dataclass(frozen=True, slots=True)
class Amendment:
    """What two parties changed on a date: new parameters, ends and new terms by the short name of the term."""

    on: Date
    changes: dict[str, YamlNode]
    grounds: Grounds
    place: Place
    known: bool = True


@dataclass(frozen=True, slots=True)
class Agreement:
    """Terms between parties. `versions` holds for every term its versions in order of time."""

    name: str
    title: str
    between: tuple[str, ...]
    signed: Date
    versions: dict[str, tuple[TermText, ...]]
    amendments: tuple[Amendment, ...]
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Opening:
    """What an account holds at the end of a month."""

    account: str
    on: Month
    balance: Node
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Policy:
    """How a right is used. `argument` is a date for `at`, a delay for `after`, a condition for `when`."""

    kind: Literal["never", "at", "after", "when"]
    argument: Node | None
    text: str
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at most once on a path: by hazard, by condition, or because its holder decides it."""

    name: str
    title: str
    hazard: Node | None
    when: Node | None
    decided_by: str
    possible: Node | None
    policy: Policy | None
    options: tuple[Policy, ...]
    happened: Date | None
    grounds: Grounds
    before: Event | None
    place: Place


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a scenario: a policy for an event, `off` for a term, a value for an assumption."""

    target: str
    value: Node | None
    policy: Policy | None
    place: Place


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named set of changes; a believer's version of assumptions and the two sides of a right are of the same
    shape."""

    name: str
    title: str
    changes: tuple[Change, ...]
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Right:
    """A right that hurts a party when it is used: `use` against `instead`."""

    name: str
    title: str
    holder: str
    hurts: str
    use: Scenario
    instead: Scenario
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Value:
    """What a party is after: a discount, what it receives each month, what it holds at the end; `name` is the party."""

    name: str
    discount: Node
    each: Node | None
    at_end: Node | None
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Incident:
    """Something between two parties on a date, as sources tell it: it strains their relation, or repairs it."""

    name: str
    title: str
    between: tuple[str, ...]
    on: Date
    says: str
    kind: Literal["strain", "repair"]
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Relation:
    """What incidents between two parties would move if they were heeded: `moves` holds by assumption the assumption
    that says by how much one incident moves it. An incident counts half after `half_life`, and whole without one."""

    name: str
    title: str
    between: tuple[str, ...]
    moves: dict[str, str]
    half_life: Node | None
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Future:
    """A named condition on a whole path."""

    name: str
    title: str
    when: Node
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Headline:
    """A question of the first screen: measures by label, under scenarios, perhaps as differences against one of
    them."""

    name: str
    title: str
    show: dict[str, Node]
    under: tuple[str, ...]
    against: str
    note: str
    place: Place


@dataclass(frozen=True, slots=True)
class Question:
    """A question that a forecast answers: a figure about whole paths, told in a unit where one is given; a condition is
    answered by its probability."""

    name: str
    title: str
    show: Node
    unit: str
    note: str
    grounds: Grounds
    place: Place


@dataclass(frozen=True, slots=True)
class Check:
    """What must hold on a date, or the deal is wrong."""

    that: Node
    on: Date | None
    grounds: Grounds
    place: Place


@dataclass(frozen=True)
class Deal:
    """What the files of a deal say. Names are keys in the order of the file. Where it `heeds_relations`, incidents on
    record move what its relations say they move; as filed they move nothing."""

    title: str
    folder: str
    first: Month
    now: Month
    last: Month
    parties: dict[str, Party]
    resources: dict[str, Resource]
    assumptions: dict[str, Assumption]
    correlations: tuple[Correlation, ...]
    variables: dict[str, Variable]
    flows: dict[str, DeclaredFlow]
    needs: dict[str, DeclaredNeed]
    agreements: dict[str, Agreement]
    openings: tuple[Opening, ...]
    events: dict[str, Event]
    rights: dict[str, Right]
    values: dict[str, Value]
    beliefs: dict[str, Scenario]
    incidents: dict[str, Incident]
    relations: dict[str, Relation]
    scenarios: dict[str, Scenario]
    futures: dict[str, Future]
    headlines: dict[str, Headline]
    questions: dict[str, Question]
    outputs: dict[str, Place]
    checks: tuple[Check, ...]
    evidence: Evidence
    place: Place
    notes: tuple[str, ...] = ()
    heeds_relations: bool = False

    def terms(self) -> dict[str, TermText]:
        """The latest version of every term by its whole name, `agreement.term`."""
        return self._terms

    @cached_property
    def _terms(self) -> dict[str, TermText]:
        return {
            f"{agreement.name}.{name}": versions[-1]
            for agreement in self.agreements.values()
            for name, versions in agreement.versions.items()
        }

    def held(self, month: Month) -> dict[str, TermText]:
        """The version of every term that held in a month, by its whole name."""
        return {
            f"{agreement.name}.{name}": version
            for agreement in self.agreements.values()
            for name, versions in agreement.versions.items()
            for version in versions
            if version.known and version.first <= month and (version.last is None or month <= version.last)
        }
