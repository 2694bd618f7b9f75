"""Tables by date: what holds between the dates, and points that are uncertain."""

from __future__ import annotations

import math
from dataclasses import dataclass

from detente.deal.model import Interpolation, Point, Variable
from detente.graph.draft import Draft
from detente.graph.literals import PER_MONTH, distribution, shown_as_written
from detente.graph.model import Shown, Table
from detente.lang.distribution import DISTRIBUTIONS
from detente.lang.formula import Formula, constant, month, power, select, series
from detente.lang.printer import print_expression
from detente.lang.syntax import Call, Range
from detente.lang.unit import ONE, Unit
from detente.text.diagnostic import Diagnostic, Fault
from detente.text.written import Month


def add_table(
    draft: Draft,
    name: str,
    points: list[tuple[Month, Month, float]],
    interpolation: Interpolation,
    level_before: bool,
) -> None:
    """A table through points, level after the last, and before the first where asked; else absent there."""
    deal = draft.deal
    values: list[float] = []
    for number in range(deal.first, deal.last + 1):
        before = [point for point in points if point[0] <= number]
        after = [point for point in points if point[0] > number]
        if not before:
            values.append(points[0][2] if level_before else math.nan)
        elif number <= before[-1][1] or not after or interpolation == "level":
            values.append(before[-1][2])
        else:
            (_, start, low), (end, _, high) = before[-1], after[0]
            share = (number - start) / (end - start)
            values.append(low * (high / low) ** share if interpolation == "logarithmic" else low + (high - low) * share)
    draft.tables[name] = Table(name, deal.first, tuple(values))


@dataclass(frozen=True, slots=True)
class _Point:
    """A point in base units: its months, and its value as a formula; `value` is nan where it is uncertain."""

    first: Month
    last: Month
    value: float
    formula: Formula

    @property
    def certain(self) -> bool:
        return not math.isnan(self.value)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What holds up to a month; None where the table tells it."""

    last: Month
    formula: Formula | None


def table_formula(draft: Draft, variable: Variable, declared: tuple[float, Unit], shown: Shown) -> Formula:
    """What a variable with a `table` is by month. Points that are uncertain become inputs, "x on 2030-12", and the
    months that they touch formulas over them; all others are told by a table, the same on every path."""
    points = [_point(draft, variable, point, declared, shown) for point in variable.table]
    pieces: list[_Piece] = []
    for number, point in enumerate(points):
        if number and point.first > points[number - 1].last + 1:
            between = _between(points[number - 1], point, variable.interpolation)
            pieces.append(_Piece(point.first - 1, between))
        pieces.append(_Piece(point.last, None if point.certain else point.formula))
    if any(piece.formula is None for piece in pieces):
        values = [(point.first, point.last, point.value) for point in points]
        add_table(draft, variable.name, values, variable.interpolation, level_before=True)
    return _chosen(pieces, series(variable.name, declared[1]))


def _point(draft: Draft, variable: Variable, point: Point, declared: tuple[float, Unit], shown: Shown) -> _Point:
    node, first, last = point.value, point.date.first, point.date.last
    if isinstance(node, Range) or (isinstance(node, Call) and node.function in DISTRIBUTIONS):
        found = distribution(node, "rate" if declared[1] == PER_MONTH else "", declared)
        if found.unit != declared[1]:
            raise Fault(
                Diagnostic(
                    "unit-mismatch",
                    f"a point of '{variable.name}' is in another unit",
                    node.place,
                    str(found.unit) if found.unit != ONE else "a plain number",
                    str(declared[1]) if declared[1] != ONE else "a plain number",
                )
            )
        positive, value = found.positive, math.nan
        name = f"{variable.name} on {point.date.text}"
        grounds = point.grounds if point.grounds.citations or point.grounds.assumed else variable.grounds
        formula = draft.add_input(name, found, name, shown_as_written(node, found, shown), grounds, point.place)
    else:
        ((_, _, value),) = draft.points((point,), declared, variable.name)
        positive, formula = value > 0.0, constant(value, declared[1], place=node.place)
    if variable.interpolation == "logarithmic" and not positive:
        raise Fault(
            Diagnostic(
                "not-positive",
                "a table that is straight in logarithms has values above zero alone",
                node.place,
                print_expression(node),
                "a value above 0, or a distribution that lies above 0",
                ("make it positive", "write `interpolation: straight`, or leave it out"),
            )
        )
    return _Point(first, last, value, formula)


def _between(before: _Point, after: _Point, interpolation: Interpolation) -> Formula | None:
    """What holds after one point and before the next."""
    if interpolation == "level":
        return None if before.certain else before.formula
    if before.certain and after.certain:
        return None
    low, high = before.formula, after.formula
    share = (month() - constant(float(before.last))) / constant(float(after.first - before.last))
    return low * power(high / low, share) if interpolation == "logarithmic" else low + (high - low) * share


def _chosen(pieces: list[_Piece], table: Formula) -> Formula:
    """The piece of the month, by halves, so that many pieces make no deep formula."""
    if all(piece.formula is None for piece in pieces):
        return table
    if len(pieces) == 1:
        return pieces[0].formula or table
    middle = len(pieces) // 2
    earlier, later = _chosen(pieces[:middle], table), _chosen(pieces[middle:], table)
    return select(month() <= constant(float(pieces[middle - 1].last)), earlier, later)
