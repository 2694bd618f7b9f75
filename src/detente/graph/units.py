"""Units of terms: the money a term pays in, and what the dimensions of its parameters and quantities come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from detente.deal.model import TermText
from detente.graph.draft import Draft
from detente.lang.syntax import Name, Node, Quantity, walk
from detente.lang.unit import CURRENCIES, ONE, Unit, parse_unit
from detente.terms.joins import MONTHS
from detente.terms.term import Declared, catalogue, written


def dimension_unit(dimension: str, money: Unit, capacity: Unit) -> Unit:
    """The unit of a product such as `money / capacity / time`."""
    units = {"money": money, "time": MONTHS, "fraction": ONE, "share": parse_unit("share")[1], "capacity": capacity}
    wanted, sign = ONE, 1
    for part in dimension.split():
        if part == "/":
            sign = -1
        else:
            wanted *= units[part] ** sign
    return wanted


def quantity_unit(draft: Draft, text: TermText, dimension: str) -> Unit:
    """The unit of a quantity that a term shows."""
    need = draft.deal.needs.get(_need_of(draft, text))
    return dimension_unit(dimension, money_of(draft, text), draft.resource_unit(need.resource) if need else ONE)


def _need_of(draft: Draft, text: TermText) -> str:
    """The need in whose capacity a term counts: its own, or that of the term it is about."""
    other = draft.deal.terms().get(str(text.parameters.get("of")))
    given = text.parameters.get("need") or (other.parameters.get("need") if other else "")
    return str(given)


def money_of(draft: Draft, text: TermText, asked: tuple[str, ...] = ()) -> Unit:
    """The money that a term pays in: of the first parameter that names any, else of the term it is about, else the
    deal's own. `asked` are the terms whose money rests on this one."""
    for dimension, given in _given(catalogue()[text.type], text.parameters):
        found = _written_money(draft, given) if "money" in dimension and isinstance(given, Node) else ONE
        if found != ONE:
            return found
    for declared in catalogue()[text.type].parameters():
        what, given = declared.metadata["dimension"].partition(":")[0], text.parameters.get(written(declared))
        if what in ("supply term", "term", "terms") and text.name not in asked:
            for name in given if isinstance(given, tuple) else (given,):
                if isinstance(name, str) and name in draft.deal.terms():
                    return money_of(draft, draft.deal.terms()[name], (*asked, text.name))
    return draft.currency()


def _given(kind: type[Declared], parameters: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """What is given for each declared parameter, with its dimension, those of rows too."""
    for declared in kind.parameters():
        given = parameters.get(written(declared))
        if declared.metadata["dimension"] == "rows" and isinstance(given, tuple):
            for row in given:
                yield from _given(declared.metadata["row"], row.values)
        else:
            yield declared.metadata["dimension"], given


def money_in(unit: Unit) -> Unit:
    """The money in a unit."""
    return Unit(tuple((symbol, power) for symbol, power in unit.powers if symbol in CURRENCIES))


def _written_money(draft: Draft, node: Node) -> Unit:
    """The first money that an expression names, by its quantities and the variables and assumptions it reads."""
    for one in walk(node):
        if isinstance(one, Quantity) and one.unit:
            found = parse_unit(one.unit)[1]
        elif isinstance(one, Name) and one.text in draft.deal.variables:
            found = draft.declared_unit(one.text)
        elif isinstance(one, Name) and one.text in draft.inputs:
            found = draft.inputs[one.text].distribution.unit
        else:
            continue
        if money_in(found) != ONE:
            return money_in(found)
    return ONE
