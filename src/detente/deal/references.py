"""Whether what a deal names is there: parties, resources, events, claims. Names inside expressions are the graph's to
settle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from detente.deal.model import Deal, Grounds, TermText
from detente.deal.reach import check_reach
from detente.terms.term import catalogue, written
from detente.text.diagnostic import Diagnostic, did_you_mean
from detente.text.place import Place, Word, place_of

SECTIONS = {
    "party": "parties",
    "resource": "resources",
    "currency": "resources",
    "need": "needs",
    "event": "events",
    "value of": "values",
    "assumption": "assumptions",
    "scenario": "scenarios",
}
"""Where a deal declares what is named elsewhere."""


MARKET = "market"
"""The party of which currencies are bought, and to which they are sold."""


def check_references(deal: Deal) -> tuple[Diagnostic, ...]:
    """Everything named that is not there, claims that do not give what they are cited for, and claims nobody cites."""
    found: list[Diagnostic] = []
    parties = deal.parties
    for flow in deal.flows.values():
        found += _missing("party", (flow.giver, flow.taker), parties, flow.place)
    for need in deal.needs.values():
        found += _missing("party", (need.party,), parties, need.place)
        found += _missing("resource", (need.resource,), deal.resources, need.place)
    for resource in deal.resources.values():
        if resource.issuer:
            found += _missing("party", (resource.issuer,), parties, resource.place)
    found += _currencies(deal)
    for agreement in deal.agreements.values():
        found += _missing("party", agreement.between, parties, agreement.place)
        if agreement.name in parties:
            found.append(
                Diagnostic(
                    "name-clash",
                    f"'{agreement.name}' is both a party and an agreement",
                    agreement.place,
                    related=((parties[agreement.name].place, "the party"),),
                    ways_out=("rename the agreement",),
                )
            )
    found += _clashes(deal)
    found += dict.fromkeys(_in_terms(deal))
    for name, term in deal.terms().items():
        if term.first > deal.last or (term.last is not None and term.last < max(term.first, deal.first)):
            found.append(
                Diagnostic(
                    "never-active",
                    f"the term '{name}' holds in no month of record and horizon",
                    term.place,
                    ways_out=("mend its dates", "take it away"),
                )
            )
    for event in deal.events.values():
        if event.decided_by:
            found += _missing("party", (event.decided_by,), parties, event.place)
    for right in deal.rights.values():
        found += _missing("party", (right.holder, right.hurts), parties, right.place)
        found += _missing("value of", (right.holder, right.hurts), deal.values, right.place)
    for value in deal.values.values():
        found += _missing("party", (value.name,), parties, value.place)
    for believer, belief in deal.beliefs.items():
        found += _missing("party", (believer,), parties, belief.place)
        changed = [Word(change.target, change.place) for change in belief.changes]
        found += _missing("assumption", changed, deal.assumptions, belief.place)
    for incident in deal.incidents.values():
        found += _missing("party", incident.between, parties, incident.place)
    for relation in deal.relations.values():
        found += _missing("party", relation.between, parties, relation.place)
        named = (*relation.moves, *filter(None, relation.moves.values()))
        found += _missing("assumption", named, deal.assumptions, relation.place)
    for headline in deal.headlines.values():
        scenarios = [name for name in (*headline.under, headline.against) if name and name != "base"]
        found += _missing("scenario", scenarios, deal.scenarios, headline.place)
    return (*found, *check_reach(deal), *_citations(deal))


def _missing(what: str, names: Iterable[str], known: Iterable[str], place: Place) -> Iterator[Diagnostic]:
    known = tuple(known)
    for name in names:
        if name not in known:
            yield Diagnostic(
                f"unknown-{what.split()[0]}",
                f"there is no {what} '{name}'",
                place_of(name, place),
                expected=", ".join(known[:12]) + (", …" if len(known) > 12 else "") if known else "",
                ways_out=(*did_you_mean(name, known), f"declare it under `{SECTIONS[what]}`"),
            )


def _in_terms(deal: Deal) -> Iterator[Diagnostic]:
    """What terms name in any of their versions: parties, needs, events."""
    known: dict[str, Iterable[str]] = {
        "party": deal.parties,
        "parties": deal.parties,
        "need": deal.needs,
        "event": deal.events,
        "events": deal.events,
    }
    for agreement in deal.agreements.values():
        for term in (version for versions in agreement.versions.values() for version in versions):
            events = [event for event in (term.stops, term.waived) if event]
            yield from _missing("event", events, deal.events, term.place)
            for declared in catalogue()[term.type].parameters():
                what, given = declared.metadata["dimension"], term.parameters.get(written(declared))
                if what in known and given is not None:
                    names = given if isinstance(given, tuple) else (given,)
                    texts = [name for name in names if isinstance(name, str)]
                    place = term.parameter_places.get(written(declared), term.place)
                    yield from _missing(
                        {"parties": "party", "events": "event"}.get(what, what), texts, known[what], place
                    )


def _currencies(deal: Deal) -> Iterator[Diagnostic]:
    """Parties keep a currency there is, the first has no rate, and who exchanges them is nobody's account."""
    currencies = [one for one in deal.resources.values() if one.kind == "money" and not one.issuer]
    for party in deal.parties.values():
        if party.currency:
            yield from _missing("currency", (party.currency,), [one.name for one in currencies], party.place)
    if currencies and currencies[0].rate is not None:
        yield Diagnostic(
            "superfluous-key",
            f"'{currencies[0].name}' is the first money, the deal's own currency, and has no rate",
            currencies[0].place,
            ways_out=("take `rate` away", "name another money first"),
        )
    market = deal.parties.get(MARKET)
    if market is not None and not market.outside and any(one.rate is not None for one in currencies):
        yield Diagnostic(
            "name-clash",
            f"'{MARKET}' is the party that currencies are exchanged with",
            market.place,
            expected="a party that is a source and a sink",
            ways_out=("say `outside: true`", "rename the party"),
        )


def _clashes(deal: Deal) -> Iterator[Diagnostic]:
    """Names that a formula could read in two ways, or that two things would share: each group against those before."""
    stored = [resource.name for resource in deal.resources.values() if resource.kind != "capacity"]
    seen = {f"{party}.{name}": ("account", one.place) for party, one in deal.parties.items() for name in stored}
    for what, group in (
        ("term", deal.terms()),
        ("event", deal.events),
        ("assumption", deal.assumptions),
        ("variable", deal.variables),
        ("flow", deal.flows),
        ("need", deal.needs),
    ):
        for name, entry in group.items():
            if name in seen:
                other, place = seen[name]
                yield Diagnostic(
                    "name-clash",
                    f"'{name}' is both {_indefinite(other)} and {_indefinite(what)}",
                    entry.place,
                    related=((place, "the party whose account it is" if other == "account" else f"the {other}"),),
                    ways_out=("choose another name" if other == "account" else "rename one of them",),
                )
            seen[name] = (what, entry.place)


def _indefinite(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def _citations(deal: Deal) -> Iterator[Diagnostic]:
    claims = deal.evidence.claims
    cited: set[str] = set()
    reported: set[Place] = set()
    for grounds in grounds_of(deal):
        for citation in grounds.citations:
            cited.add(citation.claim)
            if citation.place in reported:
                continue
            reported.add(citation.place)
            claim = claims.get(citation.claim)
            if claim is None:
                yield Diagnostic(
                    "unknown-claim",
                    f"there is no claim '{citation.claim}'",
                    citation.place,
                    ways_out=(
                        *did_you_mean(citation.claim, claims),
                        "add it to claims.jsonl",
                        "say `assumed: …` instead",
                    ),
                )
            elif citation.gives in ("value", "bound") and not claim.gives_value:
                yield Diagnostic(
                    "claim-gives-no-value",
                    f"the claim '{citation.claim}' gives no {citation.gives}",
                    citation.place,
                    found=claim.says,
                    expected="a claim with `value`, `low` or `high`",
                    related=((claim.place, "the claim"),),
                    ways_out=(
                        f"cite it for what it gives: `{{{citation.claim}: existence}}`",
                        "add the value it states",
                    ),
                )
    for name, claim in claims.items():
        if name not in cited:
            yield Diagnostic(
                "uncited-claim",
                f"nothing cites the claim '{name}'",
                claim.place,
                ways_out=("cite it", "take it away"),
                severity="warning",
            )


def grounds_of(item: object) -> Iterator[Grounds]:
    """All grounds anywhere inside a deal or a part of it."""
    if isinstance(item, Grounds):
        yield item
    elif isinstance(item, dict):
        for value in item.values():
            yield from grounds_of(value)
    elif isinstance(item, tuple):
        for value in item:
            yield from grounds_of(value)
    elif isinstance(item, TermText):
        yield item.grounds
    elif is_dataclass(item) and type(item).__module__ == "detente.deal.model":
        for field in fields(item):
            yield from grounds_of(getattr(item, field.name))
