"""Functions that read other months than this one: lags and averages, and sums and extremes over whole paths."""

from __future__ import annotations

from collections.abc import Callable

from detente.graph.arguments import Arguments, Made, memory_name, period, whole_months
from detente.graph.expressions import Elaborator
from detente.lang.formula import (
    Formula,
    constant,
    maximum,
    minimum,
    month,
    opening,
    reference,
    select,
    total,
    zero,
)
from detente.lang.printer import print_expression
from detente.lang.syntax import Call, Name
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault
from detente.text.written import month_text


def _quantity(read: Elaborator, node: Call, args: Arguments) -> Formula:
    """The `x` of a call, which is kept or averaged: a quantity, there on every path, and no growth."""
    x = read.formula(args["x"])
    return read.fits(x, args["x"], x.unit, f"`x` of {node.function}")


def _prev(read: Elaborator, node: Call, args: Arguments) -> Formula:
    x = args["x"]
    if isinstance(x, Name) and x.text in read.draft.deal.variables:
        value = reference(x.text, read.draft.declared_unit(x.text))
    else:
        value = _quantity(read, node, args)
    start = read.of_unit(args["start"], value.unit, "`start`")
    name = memory_name(read, node)
    read.draft.add(
        name, value, "memory", node.place, owner=read.owner, written=print_expression(x), memory="now", initial=start
    )
    return opening(name, value.unit, value.kind)


def _delay(read: Elaborator, node: Call, args: Arguments) -> Formula:
    months = whole_months(node, args["time"])
    return _lagged(read, node, args, months)[months]


def _smooth(read: Elaborator, node: Call, args: Arguments) -> Formula:
    value = _quantity(read, node, args)
    months, start = whole_months(node, args["time"]), read.of_unit(args["start"], value.unit, "`start`")
    name = memory_name(read, node)
    before = opening(name, value.unit)
    moved = before + (value - before) / constant(float(max(1, months)))
    read.draft.add(
        name, moved, "memory", node.place, owner=read.owner, written=print_expression(node), memory="now", initial=start
    )
    return reference(name, value.unit)


def _rolling(read: Elaborator, node: Call, args: Arguments) -> Formula:
    months = max(1, whole_months(node, args["time"]))
    values = _lagged(read, node, args, months - 1)
    return total(values[0].unit, values) / constant(float(months))


def _lagged(read: Elaborator, node: Call, args: Arguments, months: int) -> list[Formula]:
    """x now, a month ago, and so on. Without a start the record of x is what came before."""
    value = _quantity(read, node, args)
    start = read.of_unit(args["start"], value.unit, "`start`") if "start" in args else None
    if start is None:
        _check_reach(read, node, months)
        read.draft.reaches_back(months)
        read.draft.reads(value, read.draft.deal.now + 1 - months, read.draft.deal.now, node)
    name, values = memory_name(read, node), [value]
    for step in range(1, months + 1):
        own = read.draft.free_name(f"{name} {step}")
        read.draft.add(
            own,
            values[-1],
            "memory",
            node.place,
            owner=read.owner,
            written=print_expression(node),
            memory="record" if start is None else "now",
            initial=value if start is None else start,
        )
        values.append(opening(own, value.unit))
    return values


def _check_reach(read: Elaborator, node: Call, months: int) -> None:
    """Refuse a lag whose first value lies before the record."""
    earliest, first = read.draft.deal.now + 1 - months, read.draft.deal.first
    if earliest < first:
        raise Fault(
            Diagnostic(
                "not-on-record",
                f"this reaches back to {month_text(earliest)}, before the record begins",
                node.place,
                print_expression(node),
                f"{month_text(first)} or later",
                ways_out=("give `start = …`", "move `from` of the deal back, with a record to match"),
            )
        )


def _total(read: Elaborator, node: Call, args: Arguments) -> Formula:
    value = read.formula(args["x"])
    return _summed(read, node, value * MONTH, args)


def _mean(read: Elaborator, node: Call, args: Arguments) -> Formula:
    first, last = period(read, args["period"])
    part = _quantity(read, node, args) / constant(float(last - first + 1))
    return _summed(read, node, part, args)


def _summed(read: Elaborator, node: Call, monthly: Formula, args: Arguments) -> Formula:
    """What a month adds, summed over the months of a period."""
    first, last = period(read, args["period"])
    read.within_horizon(first, args["period"])
    read.within_horizon(last, args["period"])
    name = print_expression(node)
    if name not in read.draft.equations:
        inside = (month() >= constant(float(first))) & (month() <= constant(float(last)))
        amount = select(inside, monthly, zero(monthly.unit))
        on_record = first <= read.draft.deal.now
        if on_record:
            read.draft.needs_record(first - 1)
        read.draft.add(
            name,
            opening(name, amount.unit) + amount,
            "memory",
            node.place,
            owner=read.owner,
            written=name,
            memory="record" if on_record else "now",
            initial=amount if on_record else zero(amount.unit),
        )
    read.draft.reads(monthly, first, last, node)
    return reference(name, monthly.unit)


def _extreme(fold: Callable[..., Formula], what: str) -> Made:
    def call(read: Elaborator, node: Call, args: Arguments) -> Formula:
        value, now = _quantity(read, node, args), read.draft.deal.now
        _, last = period(read, args["until"])
        read.within_horizon(last, args["until"])
        if last <= now:
            raise Fault(
                Diagnostic(
                    "date-outside",
                    f"the {what} value is told from `now` on",
                    args["until"].place,
                    print_expression(args["until"]),
                    ways_out=("choose a date after `now`", "write `x at DATE` for a value on record"),
                )
            )
        name = print_expression(node)
        before = opening(name, value.unit, value.kind)
        folded = select(month() <= constant(float(last)), fold(before, value), before)
        if name not in read.draft.equations:
            read.draft.add(
                name, folded, "memory", node.place, owner=read.owner, written=name, memory="now", initial=value
            )
        read.draft.reads(value, now, now, node)
        return reference(name, folded.unit, folded.kind)

    return call


LAGS: dict[str, Made] = {"prev": _prev, "delay": _delay, "smooth": _smooth, "rolling": _rolling}
"""Functions of months gone by."""

WHOLE_PATHS: dict[str, Made] = {
    "total": _total,
    "mean": _mean,
    "lowest": _extreme(minimum, "least"),
    "highest": _extreme(maximum, "greatest"),
}
"""Functions of all months of a path up to a date."""
