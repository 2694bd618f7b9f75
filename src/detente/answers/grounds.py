"""What a deal rests on: which inputs are sourced, from how many independent origins, and which are assumed and why
(R4)."""

from __future__ import annotations

from collections.abc import Iterator

from detente.answers.results import GroundsAnswer
from detente.deal.model import Deal, Grounds


def grounds(deal: Deal) -> tuple[GroundsAnswer, ...]:
    """Every block of the deal that holds numbers or terms, with its grounds."""
    return tuple(_answer(deal, name, kind, found) for name, kind, found in _blocks(deal))


def _blocks(deal: Deal) -> Iterator[tuple[str, str, Grounds]]:
    effects = {effect for one in deal.relations.values() for effect in one.moves.values()}
    for name, assumption in deal.assumptions.items():
        if name in effects and not deal.heeds_relations:
            continue  # what incidents would move rests in no figure
        yield name, "assumption", assumption.grounds
    for name, variable in deal.variables.items():
        if variable.grounds.citations or variable.grounds.assumed:
            yield name, "variable", variable.grounds
    for name, term in deal.terms().items():
        yield name, f"term ({term.type})", term.grounds
    for name, event in deal.events.items():
        if event.grounds.citations or event.grounds.assumed:
            yield name, "event", event.grounds
    for opening in deal.openings:
        if opening.on == deal.now:
            yield opening.account, "opening", opening.grounds
    for name, value in deal.values.items():
        yield name, "value", value.grounds


def _answer(deal: Deal, name: str, kind: str, found: Grounds) -> GroundsAnswer:
    claims = deal.evidence.claims
    cited = [one for one in found.citations if one.claim in claims]
    giving = ("value", "bound") if not kind.startswith("term") else ("value", "bound", "existence", "direction")
    sourced = [one for one in cited if one.gives in giving]
    origins = tuple(dict.fromkeys(claims[one.claim].origin for one in sourced))
    return GroundsAnswer(name, kind, bool(sourced), tuple(one.claim for one in cited), origins, found.assumed)
