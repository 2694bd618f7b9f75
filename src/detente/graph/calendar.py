"""The calendar settled: what `now` and the horizon alone decide is decided when the graph is built.

Terms, events and figures compare the month with dates. Where a date lies before all months in which a formula counts,
or after them, the comparison is the same in each of them, on every path of every run: it gives way to its answer, and a
choice that rests on it to the side it takes.
"""

from __future__ import annotations

from dataclasses import replace
from math import nan

from detente.graph.model import Equation
from detente.lang.formula import Formula, Operation, constant
from detente.text.written import Month


def settled(equations: dict[str, Equation], start: Month, now: Month, last: Month) -> dict[str, Equation]:
    """The equations, with the formula of each settled for the months after `now`, and its record for those before."""
    return {name: _settled(one, start, now, last) for name, one in equations.items()}


def _settled(one: Equation, start: Month, now: Month, last: Month) -> Equation:
    formula, told = within(one.formula, now + 1, last), one.record
    if one.on_record:
        told = within(told if told is not None else one.formula, start, now)
    return replace(one, formula=formula, record=told if told is not formula else None)


def within(formula: Formula, first: Month, last: Month) -> Formula:
    """A formula as it is in the months from first to last, without the comparisons that these settle."""
    done: dict[int, Formula] = {}
    waiting = [formula]
    while waiting:
        node = waiting.pop()
        left = [one for one in node.arguments if id(one) not in done]
        if left:
            waiting += [node, *left]
        elif id(node) not in done:
            done[id(node)] = _simpler(node, tuple(done[id(one)] for one in node.arguments), first, last)
    return done[id(formula)]


def _simpler(node: Formula, arguments: tuple[Formula, ...], first: Month, last: Month) -> Formula:
    """A node over arguments that are settled already."""
    match node.operation:
        case "less" | "less_equal" | "equal":
            holds = _compared(node.operation, _ends(arguments[0], first, last), _ends(arguments[1], first, last))
            if holds is not None:
                return _truth(holds, node)
        case "not" if _known(arguments[0]) is not None:
            return _truth(not _known(arguments[0]), node)
        case "and" | "or":
            neutral = node.operation == "and"
            for mine, other in (arguments, arguments[::-1]):
                if _known(mine) is not None:
                    return other if _known(mine) == neutral else _truth(not neutral, node)
        case "select" if (holds := _known(arguments[0])) is not None:
            taken = arguments[1 if holds else 2]
            same = (taken.kind, taken.absent) == (node.kind, node.absent)
            return taken if same else replace(taken, kind=node.kind, absent=node.absent)
    changed = any(one is not before for one, before in zip(arguments, node.arguments, strict=True))
    return replace(node, arguments=arguments) if changed else node


def _ends(formula: Formula, first: Month, last: Month) -> tuple[float, float]:
    """Between what a side of a comparison lies: the month, a literal, or what is not known."""
    match formula.operation:
        case "month":
            return float(first), float(last)
        case "constant":
            return formula.value, formula.value
        case _:
            return nan, nan


def _compared(operation: Operation, one: tuple[float, float], other: tuple[float, float]) -> bool | None:
    """What a comparison comes to wherever its sides lie between these ends; None where it depends."""
    (low, high), (least, most) = one, other
    match operation:
        case "less":
            return True if high < least else False if low >= most else None
        case "less_equal":
            return True if high <= least else False if low > most else None
        case _:
            return False if high < least or most < low else True if low == high == least == most else None


def _known(formula: Formula) -> bool | None:
    return bool(formula.value) if formula.operation == "constant" and formula.kind == "boolean" else None


def _truth(holds: bool, node: Formula) -> Formula:
    return constant(float(holds), kind="boolean", place=node.place)
