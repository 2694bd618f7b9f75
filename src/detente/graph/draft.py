"""The graph while it is being built: equations, tables and inputs by name, and what is wrong so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from detente.deal.model import NO_GROUNDS, Deal, Grounds, Point, Resource
from detente.graph.literals import value_of
from detente.graph.model import Equation, Input, Memory, Observed, Role, Shown, Table, shown_in
from detente.lang.distribution import Distribution
from detente.lang.formula import Formula, parameter, reference
from detente.lang.syntax import Node
from detente.lang.unit import CURRENCIES, ONE, Unit, parse_unit
from detente.terms.joins import Contribution, Flow, Issue, Shares
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place
from detente.text.written import Month

Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Reading:
    """Months of the record, first to last, in which an expression needs the value of a formula."""

    formula: Formula
    first: Month
    last: Month
    node: Node


@dataclass(frozen=True, slots=True)
class Issued:
    """An issue of shares as an equation `name` (shares per month), by a term, and the count of shares just before."""

    name: str
    term: str
    issue: Issue
    count: Formula


@dataclass
class Draft:
    """What the build has found so far. `contributions` are what terms add to the joins, each with the term's name."""

    deal: Deal
    findings: list[Diagnostic] = field(default_factory=list)
    equations: dict[str, Equation] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    contributions: list[tuple[str, Contribution]] = field(default_factory=list)
    flows: list[tuple[str, Flow]] = field(default_factory=list)
    issued: list[Issued] = field(default_factory=list)
    observed: dict[str, tuple[Observed, ...]] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    moneys: dict[str, Unit] = field(default_factory=dict)
    start: Month = 0
    lags: int = 0

    def __post_init__(self) -> None:
        self.start = self.deal.now

    def attempt(self, work: Callable[Given, Result], *args: Given.args, **named: Given.kwargs) -> Result | None:
        """Do a part of the build; what is wrong with it is noted and the rest goes on."""
        try:
            return work(*args, **named)
        except Fault as fault:
            self.note(fault.diagnostic)
            return None

    def note(self, finding: Diagnostic) -> None:
        """Keep what is wrong, once."""
        if finding not in self.findings:
            self.findings.append(finding)

    def add(
        self,
        name: str,
        formula: Formula,
        role: Role,
        place: Place,
        *,
        owner: str = "",
        written: str = "",
        grounds: Grounds = NO_GROUNDS,
        memory: Memory = "none",
        initial: Formula | None = None,
        record: Formula | None = None,
        shown: Shown | None = None,
    ) -> None:
        """Add an equation under its name."""
        if name in self.equations:
            raise Fault(
                Diagnostic(
                    "name-clash",
                    f"'{name}' is defined twice",
                    place,
                    related=((self.equations[name].place, "the first"),),
                    ways_out=("rename one of them",),
                )
            )
        self.equations[name] = Equation(
            name,
            formula,
            role,
            shown or shown_in(formula.unit),
            place,
            owner,
            written,
            grounds,
            memory,
            initial,
            record,
        )

    def free_name(self, name: str) -> str:
        """A name that no equation has yet."""
        number, free = 2, name
        while free in self.equations:
            free, number = f"{name} {number}", number + 1
        return free

    def add_input(
        self, name: str, distribution: Distribution, stream: str, shown: Shown, grounds: Grounds, place: Place
    ) -> Formula:
        """Add an uncertain input and give the formula that reads it."""
        self.inputs[name] = Input(name, distribution, stream, shown, grounds, place)
        return parameter(name, distribution.unit, distribution.kind, place)

    def needs_record(self, month: Month) -> None:
        """Have the record phase begin by a month, where the deal has one."""
        self.start = max(self.deal.first, min(self.start, month))

    def reaches_back(self, months: int) -> None:
        """Have the record phase begin early enough for a lag, also for one of a quantity that itself looks back."""
        self.lags += months
        self.needs_record(self.deal.now - self.lags)

    def reads(self, formula: Formula, first: Month, last: Month, node: Node) -> None:
        """Note that an expression needs a formula in these months, as far as they are of the record."""
        if first <= self.deal.now:
            self.readings.append(Reading(formula, first, min(last, self.deal.now), node))
            if first < self.deal.now:
                self.needs_record(first - 1)

    # what names stand for

    def declared_unit(self, name: str) -> Unit:
        """The unit that a variable declares."""
        text = self.deal.variables[name].unit
        try:
            return parse_unit(text)[1] if text else ONE
        except ValueError as error:
            raise Fault(
                Diagnostic(
                    "unknown-unit",
                    f"the unit of '{name}': {error}",
                    self.deal.variables[name].place,
                    ways_out=("write a unit such as `bn USD / year`, `MW` or `%`",),
                )
            ) from None

    def currencies(self) -> list[Resource]:
        """The money of the deal, the deal's own currency first, service credits apart."""
        return [one for one in self.deal.resources.values() if one.kind == "money" and not one.issuer]

    def exchange(self, x: Formula, currency: Unit, into: Unit) -> Formula:
        """Money of one currency in another, at the rate of the month.

        Raises:
            Fault: `missing-key`, where a currency has no rate.
        """
        if currency == into:
            return x
        own = self.currency()
        x = x if currency == own else x * self.rate(currency)
        return x if into == own else x / self.rate(into)

    def rate(self, currency: Unit) -> Formula:
        """What one of a currency is worth in the deal's own, this month."""
        for one in self.currencies():
            if self.resource_unit(one.name) == currency:
                if one.rate is not None:
                    return reference(f"rate of {one.name}", self.currency() / currency)
                raise Fault(
                    Diagnostic(
                        "missing-key",
                        f"the currency '{one.name}' has no rate to convert it at",
                        one.place,
                        expected=f"what it is worth in {self.currency()}",
                        ways_out=(f"add `rate: …` in {self.currency()} / {currency}, such as the name of a variable",),
                    )
                )
        ways = (f"add `{currency}: {{kind: money, rate: …}}` to `resources`",)
        raise Fault(Diagnostic("missing-key", f"the deal has no currency {currency}", self.deal.place, ways_out=ways))

    def currency(self) -> Unit:
        """The unit of the deal's own currency: its first money, service credits apart."""
        for resource in self.currencies():
            return self.resource_unit(resource.name)
        raise Fault(
            Diagnostic(
                "missing-key",
                "the deal has no money among its resources",
                self.deal.place,
                ways_out=("add `USD: {kind: money}` to `resources`",),
            )
        )

    def resource_unit(self, name: str) -> Unit:
        """The unit that an account of a resource counts in."""
        resource = self.deal.resources[name]
        try:
            return parse_unit(resource.unit)[1]
        except ValueError as error:
            raise Fault(
                Diagnostic(
                    "unknown-unit",
                    f"the unit of '{name}': {error}",
                    resource.place,
                    ways_out=("give `unit: …`, or for money `in: USD`",),
                )
            ) from None

    def cash(self, unit: Unit, place: Place) -> str:
        """The money resource that a payment in a unit is made in, service credits apart."""
        for resource in self.deal.resources.values():
            if resource.kind == "money" and not resource.issuer and self.resource_unit(resource.name) == unit:
                return resource.name
        raise Fault(
            Diagnostic(
                "unknown-resource",
                f"no money among the resources counts in {unit}",
                place,
                expected=", ".join(sorted(CURRENCIES & {r.unit for r in self.deal.resources.values()})),
                ways_out=("check the units of the amount: a payment is money per time",),
            )
        )

    def classes_of(self, company: str) -> tuple[str, ...]:
        """The classes of shares that a company issues, in the order of the file."""
        resources = self.deal.resources.values()
        return tuple(one.name for one in resources if one.kind == "shares" and one.issuer == company)

    def shares_of(self, company: str, place: Place, class_: str = "") -> Shares:
        """The shares that a company issues: of a class, or of the first where none is named."""
        classes = self.classes_of(company)
        if classes and (not class_ or class_ in classes):
            return Shares(company, class_ or classes[0], self.resource_unit(classes[0]), classes)
        message = f"'{company}' issues no shares" + (f" of a class '{class_}'" if classes else "")
        raise Fault(
            Diagnostic(
                "unknown-resource",
                message,
                place,
                expected=", ".join(classes),
                ways_out=(*did_you_mean(class_, classes), f"add a resource `{{kind: shares, issuer: {company}}}`"),
            )
        )

    def fiscal_ends(self) -> dict[str, int]:
        """The month in which each party's fiscal year ends."""
        return {party.name: party.fiscal_year_ends for party in self.deal.parties.values()}

    def points(
        self, points: tuple[Point, ...], unit: tuple[float, Unit], what: str
    ) -> list[tuple[Month, Month, float]]:
        """Points as first month, last month and value in base units."""
        found = []
        for point in points:
            value, own = value_of(point.value, unit)
            if own != unit[1]:
                raise Fault(
                    Diagnostic(
                        "unit-mismatch",
                        f"a point of '{what}' is in another unit",
                        point.value.place,
                        str(own) if own != ONE else "a plain number",
                        str(unit[1]) if unit[1] != ONE else "a plain number",
                        ("write the bare number: it takes the `unit` of the block", "mend the `unit` of the block"),
                        ((self.deal.variables[what].place, f"'{what}' is declared here"),)
                        if what in self.deal.variables
                        else (),
                    )
                )
            found.append((point.date.first, point.date.last, value))
        return found
