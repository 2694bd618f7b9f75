"""What the arguments of a call stand for: periods, whole months, names of what the deal declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from detente.graph.expressions import Elaborator
from detente.graph.literals import period_of, value_of
from detente.lang.formula import Formula
from detente.lang.functions import FUNCTIONS
from detente.lang.printer import print_expression
from detente.lang.syntax import Call, Name, Node
from detente.lang.unit import Unit
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean

Arguments = dict[str, Node]
DECLARED: dict[str, tuple[str, ...]] = {
    "class": ("choose one of them",),
    "company with shares": ("add a resource `{kind: shares, issuer: …}`",),
    "party with a value": ("declare it under `values`",),
}
"""Ways out of a name that is not there, where it is not enough to declare what bears it."""

Made = Callable[[Elaborator, Call, Arguments], Formula]
"""What a function is made by: of the reader, the call and its arguments."""

LONGEST_DELAY = 120
"""Months that a delay or rolling average may reach back."""


def period(read: Elaborator, node: Node) -> tuple[int, int]:
    """The months a date covers, first and last."""
    return period_of(node, read.draft.fiscal_ends())


def whole_months(node: Call, tree: Node) -> int:
    """A time that is so many whole months."""
    value, unit = value_of(tree)
    if unit != MONTH.unit or not 0 <= value <= LONGEST_DELAY or value != int(value):
        raise wrong(node, "time", tree, f"a whole number of months, such as `6 months`, at most {LONGEST_DELAY}")
    return int(value)


def memory_name(read: Elaborator, node: Call) -> str:
    """A name of its own for what a call remembers."""
    short = f"{node.function} in {read.owner}"
    return read.draft.free_name(short)


def name_in(read: Elaborator, node: Node, what: str, known: object) -> str:
    """A name that must be one of those known.

    Raises:
        Fault: `unknown-…`, with the names there are.
    """
    names = tuple(cast("dict[str, object]", known))
    if isinstance(node, Name) and node.text in names:
        return node.text
    text = print_expression(node)
    raise Fault(
        Diagnostic(
            f"unknown-{what.split()[0]}",
            f"there is no {what} '{text}'",
            node.place,
            expected=", ".join(names[:12]),
            ways_out=(*did_you_mean(text, names), *DECLARED.get(what, (f"declare the {what}",))),
        )
    )


def term_named(read: Elaborator, node: Node) -> str:
    """The whole name of a term."""
    return name_in(read, node, "term", read.draft.deal.terms())


def need_named(read: Elaborator, node: Node) -> tuple[str, Unit]:
    """The name of a need, and the unit it counts in."""
    name = name_in(read, node, "need", read.draft.deal.needs)
    return name, read.draft.resource_unit(read.draft.deal.needs[name].resource)


def wrong(node: Call, argument: str, tree: Node, expected: str, found: str = "") -> Fault:
    """An argument that is not what its function takes."""
    function = FUNCTIONS[node.function]
    return Fault(
        Diagnostic(
            "wrong-arguments",
            f"`{argument}` of {function.name} is something else",
            tree.place,
            found or print_expression(tree),
            expected,
            function.usage,
        )
    )
