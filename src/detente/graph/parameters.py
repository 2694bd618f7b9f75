"""The parameters of terms: from what a deal writes to what a term is given, each checked for what it must be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import Field
from typing import Any

from detente.deal.model import RowText, TermText
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.graph.model import shown_in
from detente.graph.units import dimension_unit, money_in, money_of
from detente.lang.formula import Formula
from detente.lang.unit import ONE, Unit
from detente.terms.joins import Need, OtherTerm, SupplyTerm
from detente.terms.term import Declared, Term, catalogue, given_by_others, written
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place, place_of
from detente.text.written import Date

Capacity = Need | SupplyTerm | None


def term_of(draft: Draft, name: str, text: TermText) -> Term:
    """The term with its parameters read.

    Raises:
        Fault: for the last parameter that is wrong; those before it are among the findings already.
    """
    return _Reader(draft, name).read(catalogue()[text.type], text.parameters, text.parameter_places, text.place)  # type: ignore[return-value]


class _Reader:
    """Reads the parameters of one term and of its rows."""

    def __init__(self, draft: Draft, name: str) -> None:
        self.draft = draft
        self.expressions = Elaborator(draft, name)
        self.capacity: Capacity = None

    def read(self, kind: type[Declared], given: dict[str, Any], places: dict[str, Place], place: Place) -> Declared:
        values: dict[str, Any] = {}
        wrong: list[Fault] = []
        for declared in sorted(kind.parameters(), key=_order):
            dimension, name = declared.metadata["dimension"], written(declared)
            capacity_unknown = "capacity" in dimension and self.capacity is None
            if given_by_others(declared) or (wrong and capacity_unknown):
                continue
            if name in given:
                try:
                    value = self.value(declared, given[name], places.get(name, place))
                except Fault as fault:
                    wrong.append(fault)
                    continue
                values[declared.name] = value
                self.capacity = value if isinstance(value, Need | SupplyTerm) else self.capacity
        if wrong:
            self.draft.findings += [fault.diagnostic for fault in wrong[:-1]]
            raise wrong[-1]
        for declared in kind.parameters():
            if declared.metadata["dimension"].startswith("form of ") and not values.get(declared.name):
                values[declared.name] = self.money_of(declared, values, place)
            elif given_by_others(declared):
                self.derive(declared, values, places.get("class", place))
        read = kind(**values)
        for one in read.impossible():
            raise _impossible(one.parameter, one.message, one.way_out, places.get(one.parameter, place))
        return read

    def derive(self, declared: Field[Any], values: dict[str, Any], place: Place) -> None:
        """A parameter that follows from another: the money it is paid in, the shares of a company."""
        what, _, rest = declared.metadata["dimension"].partition(" of ")
        source, _, condition = rest.partition(" if ")
        if what == "resource" and any(values.get(one) for one in source.split(", ")):
            values[declared.name] = self.money_of(declared, values, place)
        elif what == "shares" and (not condition or values.get(condition) is not None) and source in values:
            values[declared.name] = self.draft.shares_of(values[source], place, values.get("class_", ""))

    def money_of(self, declared: Field[Any], values: dict[str, Any], place: Place) -> str:
        sources = declared.metadata["dimension"].partition(" of ")[2].split(", ")
        given = [values[source] for source in sources if values.get(source)]
        return self.draft.cash(_money(given[0]), place)

    def value(self, declared: Field[Any], given: Any, place: Place) -> Any:
        deal, dimension = self.draft.deal, declared.metadata["dimension"]
        what, _, choice = dimension.partition(": ")
        match what:
            case "party":
                return _known("party", given, deal.parties, place)
            case "parties":
                return tuple(_known("party", one, deal.parties, place) for one in given)
            case "event":
                return _known("event", given, deal.events, place)
            case "events":
                return tuple(_known("event", one, deal.events, place) for one in given)
            case "need":
                found = deal.needs[_known("need", given, deal.needs, place)]
                return Need(found.name, found.party, self.draft.resource_unit(found.resource))
            case "supply term":
                return self.supply_term(_known("term", given, deal.terms(), place), place)
            case "term":
                return self.other_term(given, choice, place)
            case "terms":
                return tuple(self.other_term(one, choice, place) for one in given)
            case "yes or no" | "words" | "one of" | "count" | "class" | "classes":
                return given
            case "date":
                return _date(given).first
            case "end date":
                return _date(given).last
            case "condition":
                return self.expressions.condition(given)
            case "rate":
                return self.expressions.rate(given, f"`{written(declared)}`")
            case "rows":
                return self.rows(declared, given)
            case "parts by party":
                return tuple(
                    (
                        _known("party", party, deal.parties, place),
                        self.expressions.of_unit(part, ONE, f"the part of '{party}'"),
                    )
                    for party, part in given.items()
                )
        if dimension.startswith("form of "):
            return self.form(given, place)
        value = self.expressions.formula(given)
        self.check_dimension(declared, value, given.place)
        return value

    def rows(self, declared: Field[Any], given: tuple[RowText, ...]) -> tuple[Declared, ...]:
        row: type[Declared] = declared.metadata["row"]
        return tuple(self.read(row, one.values, one.places, one.place) for one in given)

    def form(self, given: str, place: Place) -> str:
        if given == "cash":
            return ""
        money = [name for name, resource in self.draft.deal.resources.items() if resource.kind == "money"]
        if given in money:
            return given
        raise Fault(
            Diagnostic(
                "unknown-resource",
                f"'{given}' is no money",
                place_of(given, place),
                expected=", ".join(("cash", *money)),
                ways_out=(*did_you_mean(given, money), "declare it under `resources`"),
            )
        )

    def supply_term(self, name: str, place: Place) -> SupplyTerm:
        text = self.draft.deal.terms()[name]
        supplier, need = text.parameters.get("supplier"), text.parameters.get("need")
        if not isinstance(supplier, str) or not isinstance(need, str) or need not in self.draft.deal.needs:
            raise Fault(
                Diagnostic(
                    "not-a-supply",
                    f"the term '{name}' supplies no need",
                    place_of(name, place),
                    expected="a term with a supplier and a need",
                    ways_out=("name a term of type supply or take_or_pay",),
                )
            )
        found = self.draft.deal.needs[need]
        unit = self.draft.resource_unit(found.resource)
        return SupplyTerm(name, supplier, found.party, unit, money_of(self.draft, text))

    def other_term(self, given: Any, types: str, place: Place) -> OtherTerm:
        texts = self.draft.deal.terms()
        name = _known("term", given, texts, place)
        text, wanted = texts[name], types.split(", ") if types else []
        if wanted and text.type not in wanted:
            raise Fault(
                Diagnostic(
                    "wrong-term-type",
                    f"the term '{name}' cannot stand here",
                    place_of(name, place),
                    found=f"a term of type {text.type}",
                    expected=f"a term of type {' or '.join(wanted)}",
                    ways_out=("name another term",),
                    related=((text.place, f"'{name}'"),),
                )
            )
        return OtherTerm(name, text.type, parties_of(text), money_of(self.draft, text))

    def check_dimension(self, declared: Field[Any], value: Formula, place: Place) -> None:
        """Whether a parameter has the unit its term asks for."""
        dimension = declared.metadata["dimension"]
        wanted = dimension_unit(dimension, money_in(value.unit), self.capacity.unit if self.capacity else ONE)
        penniless = "money" in dimension and money_in(value.unit) == ONE
        if value.unit == wanted and not penniless and value.kind != "boolean":
            return
        if penniless:
            wanted = dimension_unit(dimension, self.draft.currency(), self.capacity.unit if self.capacity else ONE)
        found = "a condition" if value.kind == "boolean" else str(value.unit) if value.unit != ONE else "a plain number"
        raise Fault(
            Diagnostic(
                "unit-mismatch",
                f"`{written(declared)}` ({declared.metadata['doc']}) is in another unit",
                place,
                found,
                dimension,
                ways_out=(
                    f"for example {shown_in(wanted).text}" if wanted != ONE else "write a plain number or a percentage",
                ),
            )
        )


def _money(given: Any) -> Unit:
    """The money in which a parameter counts: a quantity, another term, or rows of quantities."""
    if isinstance(given, tuple):
        amounts = (getattr(given[0], declared.name) for declared in given[0].parameters())
        return next(
            (money_in(one.unit) for one in amounts if isinstance(one, Formula) and money_in(one.unit) != ONE), ONE
        )
    return given.money if isinstance(given, SupplyTerm | OtherTerm) else money_in(given.unit)


def parties_of(text: TermText) -> dict[str, str]:
    """The parties that a term names, by parameter."""
    return {
        written(declared): str(text.parameters[written(declared)])
        for declared in catalogue()[text.type].parameters()
        if declared.metadata["dimension"] == "party" and written(declared) in text.parameters
    }


def _order(declared: Field[Any]) -> int:
    """What says in which capacity the rest counts is read first."""
    return 0 if declared.metadata["dimension"] in ("need", "supply term", "party") else 1


def _date(given: Any) -> Date:
    assert isinstance(given, Date)
    return given


def _known(what: str, name: str, known: Iterable[str], place: Place) -> str:
    known = tuple(known)
    if name in known:
        return name
    raise Fault(
        Diagnostic(
            f"unknown-{what}",
            f"there is no {what} '{name}'",
            place_of(name, place),
            expected=", ".join(known[:12]),
            ways_out=(*did_you_mean(name, known), f"declare the {what}"),
        )
    )


def _impossible(parameter: str, message: str, way_out: str, place: Place) -> Fault:
    return Fault(
        Diagnostic("impossible-parameter", f"`{parameter}`: {message}", place, expected="", ways_out=(way_out,))
    )
