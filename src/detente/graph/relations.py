"""Relations: what incidents on record move, where a deal heeds them. As filed they move nothing."""

from __future__ import annotations

from dataclasses import replace

from detente.deal.model import Deal, Incident, Relation
from detente.graph.draft import Draft
from detente.graph.literals import value_of
from detente.graph.model import Input
from detente.lang.formula import Formula, constant, maximum, minimum, parameter
from detente.lang.printer import print_expression
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault
from detente.text.place import Place, place_of


def heeding(deal: Deal) -> Deal:
    """The deal with its relations heeded: incidents up to `now` move what they are said to move.

    Raises:
        ValueError: where the deal has no relations.
    """
    if not deal.relations:
        raise ValueError(
            f"{deal.title} has no relations: add `relations: {{NAME: {{between: …, moves: …}}}}` to the deal"
        )
    notes = (
        f"relations are heeded: incidents between {' and '.join(one.between)}, of weight {weight(deal, one):.2g}, "
        f"move {' and '.join(f'{target} by {effect} each' for target, effect in one.moves.items())}"
        for one in deal.relations.values()
    )
    return replace(deal, heeds_relations=True, notes=(*deal.notes, *notes))


def incidents_of(deal: Deal, relation: Relation) -> tuple[Incident, ...]:
    """The incidents between the two parties of a relation, in order of time."""
    found = [one for one in deal.incidents.values() if set(one.between) == set(relation.between)]
    return tuple(sorted(found, key=lambda one: one.on.last))


def weight(deal: Deal, relation: Relation) -> float:
    """How many incidents the log of a relation comes to at `now`: a strain counts 1, a repair -1, each half as much
    after every half-life."""
    half_life = value_of(relation.half_life)[0] if relation.half_life is not None else float("inf")
    total = 0.0
    for one in incidents_of(deal, relation):
        total += (1.0 if one.kind == "strain" else -1.0) * 2.0 ** ((one.on.last - deal.now) / half_life)
    return total


def moved(draft: Draft, name: str, found: Formula) -> Formula:
    """An assumption as it is read: with relations heeded, moved by their incidents. A share or probability stays
    within 0 and 1, a rate does not fall below 0."""
    deal = draft.deal
    moving = [one for one in deal.relations.values() if name in one.moves] if deal.heeds_relations else []
    if not moving:
        return found
    plain = replace(found, kind="number")
    for one in moving:
        effect = draft.inputs[one.moves[name]].distribution
        plain = plain + constant(weight(deal, one)) * parameter(one.moves[name], effect.unit)
    if found.kind in ("share", "probability", "rate"):
        plain = maximum(constant(0.0, found.unit), plain)
    if found.kind in ("share", "probability"):
        plain = minimum(constant(1.0), plain)
    return replace(plain, kind=found.kind, place=found.place)


def check_relations(draft: Draft) -> None:
    """Whether what an incident moves can be moved so: an effect is of the unit of what it moves, which takes all values
    between its ends, and is itself moved by nothing."""
    for relation in draft.deal.relations.values():
        draft.attempt(_check_half_life, relation)
        for target, effect in relation.moves.items():
            if target in draft.inputs and effect in draft.inputs:
                draft.attempt(_check_move, draft, relation, target, effect)


def _check_half_life(relation: Relation) -> None:
    if relation.half_life is None:
        return
    value, unit = value_of(relation.half_life)
    if unit != MONTH.unit or not value > 0.0:
        raise Fault(
            Diagnostic(
                "unit-mismatch" if unit != MONTH.unit else "not-positive",
                f"the half-life of '{relation.name}' is a time",
                relation.half_life.place,
                found=print_expression(relation.half_life),
                expected="a time above 0, such as `18 months`",
                ways_out=("write a time", "take `half_life` away: incidents then count whole"),
            )
        )


def _check_move(draft: Draft, relation: Relation, target: str, effect: str) -> None:
    moves, by = draft.inputs[target], draft.inputs[effect]
    if any(effect in one.moves for one in draft.deal.relations.values()):
        raise _fault(relation, effect, by, f"'{effect}' says how much an incident moves, and is moved itself", ())
    if moves.distribution.discrete:
        ways = (
            'let it be decided by a draw against a chance: `{value: "uniform(0, 1)"}` and `when(draw < chance)`; '
            "the chance can be moved",
        )
        raise _fault(relation, target, moves, f"'{target}' takes single values and cannot be moved", ways)
    if "growth" in (moves.distribution.kind, by.distribution.kind):
        raise _fault(relation, target, moves, f"a growth compounds: '{target}' cannot be moved by so many points", ())
    if moves.distribution.unit != by.distribution.unit:
        raise Fault(
            Diagnostic(
                "unit-mismatch",
                f"'{effect}' cannot be added to '{target}'",
                place_of(effect, relation.place),
                found=by.shown.text or f"a {by.distribution.kind}",
                expected=moves.shown.text or f"a {moves.distribution.kind}",
                ways_out=(f"write '{effect}' in the unit of '{target}'",),
                related=((moves.place, f"'{target}'"), (by.place, f"'{effect}'")),
            )
        )


def _fault(relation: Relation, name: str, one: Input, message: str, ways: tuple[str, ...]) -> Fault:
    place: Place = place_of(name, relation.place)
    ways = (*ways, "name another assumption", "take it away")
    return Fault(Diagnostic("cannot-move", message, place, related=((one.place, f"'{name}'"),), ways_out=ways))
