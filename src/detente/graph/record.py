"""What is on record when: a figure that reaches back to a month without a record is refused, never told as absent."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field

from detente.graph.accounts import names_in
from detente.graph.draft import Draft, Reading
from detente.graph.model import Equation
from detente.lang.formula import Formula
from detente.lang.printer import print_expression
from detente.text.diagnostic import Diagnostic
from detente.text.written import Month, month_text

BY_MONTH: dict[str, Callable[..., float]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "negative": operator.neg,
    "less": operator.lt,
    "less_equal": operator.le,
    "equal": operator.eq,
    "and": lambda x, y: x and y,
    "or": lambda x, y: x or y,
    "not": operator.not_,
}
"""Operations by which a condition can rest on the calendar alone."""

Missing = str | None
"""What has no value in a month: the variable, "" for what lies before the record, or None where nothing is missing."""


def check_readings(draft: Draft, on_record: set[str]) -> None:
    """Note every month of the record in which an expression reads what has no record then."""
    if not draft.readings:
        return
    for reading in draft.readings:
        if reading.first < draft.deal.now:
            draft.needs_record(reading.first - 1 - _lag(draft, reading.formula, on_record))
    record = _Record(draft, on_record)
    record.tell({name for reading in draft.readings for name in names_in(reading.formula)})
    for reading in draft.readings:
        for month in range(max(reading.first, draft.deal.first), reading.last + 1):
            missing = record.missing(reading.formula, month)
            if missing is not None:
                draft.note(_not_on_record(draft, reading, month, missing))
                break


def _lag(draft: Draft, formula: Formula, on_record: set[str]) -> int:
    """The months that a formula looks back on the record, through the lags of all that it reads. What reads its own
    last month begins with its record, wherever that is."""
    deepest: dict[str, int] = {}
    waiting = [("", formula, 0)]
    while waiting:
        reader, read, months = waiting.pop()
        now, before = names_in(read, ("reference",)), names_in(read, ("opening",))
        for name, back in (*((name, months) for name in now), *((name, months + 1) for name in before)):
            if name in on_record - {reader} and deepest.get(name, -1) < back <= draft.lags:
                deepest[name] = back
                one = draft.equations[name]
                waiting.append((name, one.record if one.record is not None else one.formula, back))
    return max(deepest.values(), default=0)


@dataclass
class _Record:
    """What is missing of each equation in each month of the record."""

    draft: Draft
    on_record: set[str]
    gaps: dict[tuple[str, Month], str] = field(default_factory=dict)

    def tell(self, names: set[str]) -> None:
        """Find the gaps of these equations and of all they read, month by month."""
        order = self._order(names)
        for month in range(self.draft.deal.first, self.draft.deal.now + 1):
            for name in order:
                missing = self.missing(self._told(self.draft.equations[name], month), month)
                if missing is not None:
                    self.gaps[name, month] = missing

    def _order(self, names: set[str]) -> list[str]:
        """The equations and all that they read, told on record, each after those it reads in the same month."""
        order: list[str] = []
        seen: set[str] = set()
        roots = sorted(names)
        for root in roots:
            waiting = [(root, False)]
            while waiting:
                name, done = waiting.pop()
                if done:
                    order.append(name)
                elif name in self.on_record and name not in seen:
                    seen.add(name)
                    one = self.draft.equations[name]
                    formula = one.record if one.record is not None else one.formula
                    waiting.append((name, True))
                    waiting += [(read, False) for read in sorted(names_in(formula, ("reference",)))]
                    roots += sorted(names_in(formula, ("opening",)))
        return order

    def _told(self, one: Equation, month: Month) -> Formula:
        """What holds in a month: what reads its own last month begins with its initial."""
        if month == self.draft.deal.first and one.initial is not None and one.name in names_in(one.formula):
            return one.initial
        return one.record if one.record is not None else one.formula

    def missing(self, formula: Formula, month: Month) -> Missing:
        """The first thing that a formula reads in a month and that is not there; of choices by date the one taken."""
        match formula.operation:
            case "series":
                table = self.draft.tables[formula.name]
                value = table.values[min(max(month - table.first, 0), len(table.values) - 1)]
                return formula.name.removesuffix(" on record") if math.isnan(value) else None
            case "reference":
                return self.gaps.get((formula.name, month))
            case "opening" if formula.name in self.on_record:
                return "" if month == self.draft.deal.first else self.gaps.get((formula.name, month - 1))
            case "constant":
                return "" if math.isnan(formula.value) else None
            case "select":
                holds = _by_month(formula.arguments[0], month)
                if holds is not None:
                    return self.missing(formula.arguments[1 if holds else 2], month)
        for argument in formula.arguments:
            missing = self.missing(argument, month)
            if missing is not None:
                return missing
        return None


def _by_month(formula: Formula, month: Month) -> float | None:
    """What a formula gives that rests on the calendar alone."""
    if formula.operation == "constant":
        return formula.value
    if formula.operation == "month":
        return float(month)
    values = [_by_month(argument, month) for argument in formula.arguments]
    if formula.operation not in BY_MONTH or None in values:
        return None
    return BY_MONTH[formula.operation](*values)


def _not_on_record(draft: Draft, reading: Reading, month: Month, missing: str) -> Diagnostic:
    variable = draft.deal.variables.get(missing)
    points = [point.date.first for point in variable.past] if variable else []
    first = max(points[0] if points else draft.deal.first, draft.deal.first)
    what = f"'{missing}' has no record in {month_text(month)}" if missing else "this reaches back before the record"
    return Diagnostic(
        "not-on-record",
        what,
        reading.node.place,
        f"{print_expression(reading.node)} reads {month_text(month)}",
        f"{month_text(first)} or later" if points else "",
        (
            *(
                ("choose a later date or period", f"add an earlier point to the `past` of '{missing}'")
                if missing
                else ()
            ),
            *(() if missing else ("choose a later date or period", "move `from` of the deal back")),
        ),
        ((variable.place, f"'{missing}'"),) if variable else (),
    )
