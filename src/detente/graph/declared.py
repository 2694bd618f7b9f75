"""Where names get their units: said beside a unit that does not fit."""

from __future__ import annotations

from dataclasses import replace

from detente.deal.model import Deal
from detente.lang.printer import print_expression
from detente.lang.syntax import Name, Node, walk
from detente.text.diagnostic import Fault
from detente.text.place import Place


def with_declarations(deal: Deal, node: Node, fault: Fault, owner: str = "") -> Fault:
    """The fault with the places where the names in what does not fit are declared, and their units there.

    `owner` is the variable whose unit was asked for, if one was. Any other fault stays as it is.
    """
    found = fault.diagnostic
    if found.code != "unit-mismatch":
        return fault
    spots = [found.place, *(place for place, _ in found.related)]
    names = [one.text for one in walk(node) if isinstance(one, Name) and any(one.place.inside(spot) for spot in spots)]
    declared = [said for name in dict.fromkeys((*names, owner)) if (said := _declaration(deal, name)) is not None]
    new = tuple(said for said in declared if said not in found.related)
    return Fault(replace(found, related=(*found.related, *new))) if new else fault


def _declaration(deal: Deal, name: str) -> tuple[Place, str] | None:
    party, _, resource = name.rpartition(".")
    if name in deal.assumptions:
        assumption = deal.assumptions[name]
        return assumption.place, f"'{name}' is declared as {print_expression(assumption.value)}"
    if name in deal.variables:
        unit = deal.variables[name].unit
        return deal.variables[name].place, f"'{name}' is declared " + (f"in {unit}" if unit else "without a unit")
    if party in deal.parties and resource in deal.resources:
        return deal.resources[resource].place, f"'{name}' is an account in {deal.resources[resource].unit}"
    return None
