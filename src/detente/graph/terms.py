"""Terms in force: parameters as formulas, when each holds, and what each contributes to the joins."""

from __future__ import annotations

from dataclasses import Field
from typing import Any

from detente.deal.model import TermText, TrancheText
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.graph.model import Memory, shown_in
from detente.lang.formula import Formula, constant, false, opening, parameter, reference, total, true
from detente.lang.syntax import Node
from detente.lang.unit import CURRENCIES, ONE, Unit
from detente.terms.capital import CapitalCommitment
from detente.terms.joins import Flow, Named, Need, SupplyTerm
from detente.terms.term import MONTH, Here, Term, Tranche, catalogue, from_month, happened, required, until_month
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place

NODES = Node.__args__


def switch(term: str) -> str:
    """The run-time argument that switches a term on (1) or off (0)."""
    return f"switch {term}"


def add_terms(draft: Draft) -> None:
    """When every term holds, and what it contributes."""
    for name, text in draft.deal.terms().items():
        draft.attempt(_add_term, draft, name, text)


def _add_term(draft: Draft, name: str, text: TermText) -> None:
    changes = [
        version
        for agreement in draft.deal.agreements.values()
        for versions in agreement.versions.values()
        for version in versions
        if version.name == name and version is not text and (version.last is None or version.last > draft.deal.now)
    ]
    if changes:
        raise Fault(
            Diagnostic(
                "amended-later",
                f"the term '{name}' is amended after `now`",
                text.place,
                expected="amendments dated up to `now`",
                ways_out=("end it there, and let a new term of another name begin",),
            )
        )
    active = parameter(switch(name), ONE, "boolean") if text.known else false()
    if text.first > draft.deal.now:
        active = active & from_month(text.first)
    if text.last is not None and text.last < draft.deal.last:
        active = active & until_month(text.last)
    if text.stops:
        active = active & ~happened(text.stops)
    draft.add(f"{name}.active", active, "term", text.place, owner=name, grounds=text.grounds)
    begun = true() if text.first <= draft.deal.now else from_month(text.first)
    here = Here(name, reference(f"{name}.active", ONE, "boolean"), begun if text.known else false(), draft.deal.now)
    term = term_of(draft, name, text)
    flows: list[Flow] = []
    for contribution in term.contribute(here):
        match contribution:
            case Flow():
                flows.append(contribution)
            case Named(label=label, formula=formula, initial=initial):
                memory: Memory = "none" if initial is None else "now"
                draft.add(
                    f"{name}.{label}",
                    formula,
                    "term",
                    text.place,
                    owner=name,
                    grounds=text.grounds,
                    memory=memory,
                    initial=initial,
                )
            case _:
                draft.contributions.append((name, contribution))
    _add_flows(draft, name, text, flows, _paid_on_record(draft, name, term) if text.known else 0.0)


def _add_flows(draft: Draft, name: str, text: TermText, flows: list[Flow], paid_on_record: float) -> None:
    """The payments of a term, what it moves in a month, and what it has moved in all."""
    for flow in flows:
        if (flow.amount * MONTH).unit != draft.resource_unit(flow.resource):
            raise Fault(
                Diagnostic(
                    "unit-mismatch",
                    f"'{name}' pays in another unit than {flow.resource}",
                    text.place,
                    str(flow.amount.unit),
                    f"{draft.resource_unit(flow.resource)} / month",
                )
            )
        whole = f"{name}.{flow.label}" if flow.label else name
        draft.add(whole, flow.amount, "flow", text.place, owner=name, grounds=text.grounds)
        draft.flows.append((whole, flow))
    unit = draft.resource_unit(flows[0].resource) if flows else draft.currency()
    names = [f"{name}.{flow.label}" if flow.label else name for flow in flows]
    if names != [name]:
        moved = total(unit / MONTH.unit, [reference(one, unit / MONTH.unit) for one in names])
        draft.add(name, moved, "term", text.place, owner=name, grounds=text.grounds)
    given = [opening for opening in draft.deal.openings if opening.account == name and opening.on == draft.deal.now]
    before = Elaborator(draft, name).of_unit(given[0].balance, unit, f"what '{name}' has paid") if given else None
    draft.add(
        f"{name}.paid",
        opening(f"{name}.paid", unit) + reference(name, unit / MONTH.unit) * MONTH,
        "term",
        text.place,
        owner=name,
        grounds=text.grounds,
        memory="now",
        initial=before or constant(paid_on_record, unit),
    )


def _paid_on_record(draft: Draft, name: str, term: Term) -> float:
    """Dated tranches of the record count as paid."""
    if not isinstance(term, CapitalCommitment):
        return 0.0
    dated = [tranche for tranche in term.tranches if (tranche.by or tranche.on) <= draft.deal.now]
    for tranche in dated:
        if tranche.amount.operation not in ("constant",):
            raise Fault(
                Diagnostic(
                    "not-a-literal",
                    f"a payment on record of '{name}' is an amount",
                    tranche.amount.place,
                    ways_out=("write the amount that was paid",),
                )
            )
    return sum(tranche.amount.value for tranche in dated)


def term_of(draft: Draft, name: str, text: TermText) -> Term:
    """The term with its parameters read.

    Raises:
        Fault: for the last parameter that is wrong; those before it are among the findings already.
    """
    kind = catalogue()[text.type]
    read = Elaborator(draft, name)
    values: dict[str, Any] = {}
    need: Need | SupplyTerm | None = None
    wrong: Fault | None = None
    for declared in sorted(
        kind.parameters(), key=lambda one: one.metadata["dimension"] not in ("need", "supply term", "party")
    ):
        dimension = declared.metadata["dimension"]
        place = text.parameter_places.get(declared.name, text.place)
        if dimension == "shares":
            if "company" in values and (required(declared) or "price" in text.parameters):
                values[declared.name] = draft.shares_of(values["company"], place)
        elif dimension.startswith("resource of "):
            continue
        elif wrong is not None and need is None and "capacity" in dimension:
            continue  # which capacity it counts in is not known
        elif declared.name in text.parameters:
            try:
                found = _value(draft, read, declared, text.parameters[declared.name], place, need)
            except Fault as fault:
                draft.findings += [wrong.diagnostic] if wrong else []
                wrong = fault
                continue
            values[declared.name] = found
            need = found if isinstance(found, Need | SupplyTerm) else need
    if wrong is not None:
        raise wrong
    for declared in kind.parameters():
        dimension = declared.metadata["dimension"]
        if dimension.startswith("resource of "):
            values[declared.name] = draft.cash(
                _money_in(values[dimension.removeprefix("resource of ")].unit), text.place
            )
    return kind(**values)


def _money_in(unit: Unit) -> Unit:
    return Unit(tuple((symbol, power) for symbol, power in unit.powers if symbol in CURRENCIES))


def _value(draft: Draft, read: Elaborator, declared: Field[Any], given: Any, place: Place, need: Any) -> Any:
    deal, dimension = draft.deal, declared.metadata["dimension"]
    match dimension:
        case "party":
            return _known("party", given, deal.parties, place)
        case "parties":
            return tuple(_known("party", one, deal.parties, place) for one in given)
        case "event":
            return _known("event", given, deal.events, place)
        case "need":
            found = deal.needs[_known("need", given, deal.needs, place)]
            return Need(found.name, found.party, draft.resource_unit(found.resource))
        case "supply term":
            return _supply_term(draft, _known("term", given, deal.terms(), place), place)
        case "yes or no":
            return given
        case "condition":
            return read.condition(given)
        case "tranches":
            return tuple(_tranche(draft, read, one) for one in given)
    assert isinstance(given, NODES)
    value = read.formula(given)
    _check_dimension(declared, value, given.place, need)
    return value


def _known(what: str, name: Any, known: Any, place: Place) -> str:
    if name in known:
        return str(name)
    raise Fault(
        Diagnostic(
            f"unknown-{what}",
            f"there is no {what} '{name}'",
            place,
            expected=", ".join(list(known)[:12]),
            ways_out=(*did_you_mean(str(name), known), f"declare the {what}"),
        )
    )


def _supply_term(draft: Draft, name: str, place: Place) -> SupplyTerm:
    text = draft.deal.terms()[name]
    supplier, need = text.parameters.get("supplier"), text.parameters.get("need")
    if not isinstance(supplier, str) or not isinstance(need, str) or need not in draft.deal.needs:
        raise Fault(
            Diagnostic(
                "not-a-supply",
                f"the term '{name}' supplies no need",
                place,
                expected="a term with a supplier and a need",
                ways_out=("name a term of type supply or take_or_pay",),
            )
        )
    found = draft.deal.needs[need]
    return SupplyTerm(name, supplier, found.party, draft.resource_unit(found.resource))


def _tranche(draft: Draft, read: Elaborator, text: TrancheText) -> Tranche:
    amount = read.formula(text.amount)
    if _money_in(amount.unit) != amount.unit or amount.unit == ONE:
        found = str(amount.unit) if amount.unit != ONE else "a plain number"
        raise Fault(
            Diagnostic("unit-mismatch", "a payment is an amount of money", text.amount.place, found, "such as 1 bn USD")
        )
    resource = text.form if text.form not in ("", "cash") else draft.cash(amount.unit, text.place)
    if resource not in draft.deal.resources or draft.deal.resources[resource].kind != "money":
        raise Fault(
            Diagnostic(
                "unknown-resource",
                f"'{resource}' is no money",
                text.place,
                expected="cash, or a money among the resources",
            )
        )
    return Tranche(
        amount,
        resource,
        text.on.first,
        read.condition(text.condition) if text.condition is not None else None,
        text.by.last if text.by else None,
        read.of_unit(text.otherwise, amount.unit, "`otherwise`") if text.otherwise is not None else None,
    )


def _check_dimension(declared: Field[Any], value: Formula, place: Place, need: Need | SupplyTerm | None) -> None:
    """Whether a parameter has the unit its term asks for."""
    wanted = Unit(())
    sign = 1
    for part in declared.metadata["dimension"].split():
        if part == "/":
            sign = -1
            continue
        factor = {
            "money": _money_in(value.unit),
            "time": MONTH.unit,
            "fraction": ONE,
            "share": Unit((("share", MONTH.unit.powers[0][1]),)),
            "capacity": need.unit if need is not None else ONE,
        }[part]
        wanted = wanted * factor**sign
    penniless = "money" in declared.metadata["dimension"] and _money_in(value.unit) == ONE
    if value.unit != wanted or penniless:
        raise Fault(
            Diagnostic(
                "unit-mismatch",
                f"`{declared.name}` ({declared.metadata['doc']}) is in another unit",
                place,
                value.unit.__str__() if value.unit != ONE else "a plain number",
                declared.metadata["dimension"],
                ways_out=(f"for example {shown_in(wanted).text}",) if wanted != ONE and not penniless else (),
            )
        )
