"""Values of parties and figures read off whole paths: futures, headlines, checks."""

from __future__ import annotations

from detente.deal.model import Check, Value
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.graph.model import Measure, Shown, shown_in
from detente.lang.formula import (
    Formula,
    as_rate,
    constant,
    exponential,
    fails,
    false,
    month,
    opening,
    reference,
    select,
    zero,
)
from detente.lang.printer import print_expression
from detente.lang.syntax import At, DateOf, Name, Node
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault

PROBABILITY = Shown("probability", 1.0)


def add_values(draft: Draft) -> None:
    """The present value, at `now`, of what each party is after."""
    for value in draft.deal.values.values():
        draft.attempt(_add_value, draft, value)


def _add_value(draft: Draft, value: Value) -> None:
    read = Elaborator(draft, f"value of {value.name}")
    money = draft.currency()
    discount = as_rate(read.growth(value.discount))
    passed = (month() - constant(float(draft.deal.now))) * MONTH
    factor = f"discount of {value.name}"
    draft.add(factor, exponential(-(discount * passed)), "value", value.place, owner=read.owner, grounds=value.grounds)
    now_worth = reference(factor, constant(1.0).unit)
    received: Formula = zero(money)
    if value.each is not None:
        each = read.of_unit(value.each, money / MONTH.unit, f"what {value.name} receives each month")
        name = f"received by {value.name}"
        draft.add(
            name,
            opening(name, money) + each * MONTH * now_worth,
            "value",
            value.place,
            owner=read.owner,
            written=print_expression(value.each),
            grounds=value.grounds,
            memory="now",
            initial=zero(money),
        )
        received = reference(name, money)
    if value.at_end is not None:
        closing = Elaborator(draft, read.owner, closing=True)
        held = closing.of_unit(value.at_end, money, f"what {value.name} holds at the end")
        last = month().equals(constant(float(draft.deal.last)))
        received = received + select(last, held * now_worth, zero(money))
    draft.add(
        f"value of {value.name}",
        received,
        "value",
        value.place,
        owner=read.owner,
        grounds=value.grounds,
        written=print_expression(value.at_end) if value.at_end is not None else "",
    )


def measures(draft: Draft, asked: dict[str, Node]) -> dict[str, Measure]:
    """All figures about whole paths, by key: `future NAME`, `future other`, `HEADLINE: LABEL`, `check N`, `value
    PARTY`, and those asked for."""
    found: dict[str, Measure] = {}
    deal = draft.deal
    earlier: Formula = false()
    for future in deal.futures.values():
        fits = draft.attempt(Elaborator(draft, f"future {future.name}", closing=True).condition, future.when)
        if fits is not None:
            text = print_expression(future.when)
            found[f"future {future.name}"] = Measure(fits & fails(earlier), PROBABILITY, text, future.place)
            earlier = earlier | fits
    if deal.futures:
        found["future other"] = Measure(fails(earlier), PROBABILITY, "none of the futures", deal.place)
    for headline in deal.headlines.values():
        for label, node in headline.show.items():
            draft.attempt(_add, draft, found, f"{headline.name}: {label}", node)
    for number, check in enumerate(deal.checks):
        draft.attempt(_add, draft, found, f"check {number}", _dated(check), condition=True)
    for party in deal.values:
        name = f"value of {party}"
        if name in draft.equations:
            place = draft.equations[name].place
            found[f"value {party}"] = Measure(
                reference(name, draft.currency()), shown_in(draft.currency()), f"value({party})", place
            )
    for key, node in asked.items():
        draft.attempt(_add, draft, found, key, node)
    return found


def _dated(check: Check) -> Node:
    if check.on is None:
        return check.that
    return At(check.that, DateOf(check.on, None, check.place), check.that.place)


def _add(draft: Draft, found: dict[str, Measure], key: str, node: Node, condition: bool = False) -> None:
    read = Elaborator(draft, key, closing=True)
    formula = read.condition(node) if condition else read.formula(node)
    if formula.kind == "growth":
        ways_out = ("write `compound(growth, time)` for the factor it makes",)
        raise Fault(Diagnostic("growth-multiplied", "a growth is not a figure", node.place, ways_out=ways_out))
    found[key] = Measure(formula, _shown(draft, node, formula), print_expression(node), node.place)


def _shown(draft: Draft, node: Node, formula: Formula) -> Shown:
    """A figure of a variable is shown in the variable's unit, a condition as a probability."""
    if formula.kind == "boolean":
        return PROBABILITY
    while isinstance(node, At):
        node = node.value
    if isinstance(node, Name) and node.text in draft.deal.variables and draft.deal.variables[node.text].unit:
        return shown_in(formula.unit, draft.deal.variables[node.text].unit)
    return shown_in(formula.unit)
