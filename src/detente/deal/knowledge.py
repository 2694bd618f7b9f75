"""What was known when (R6): a deal as an analyst of an earlier date could have written it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from detente.deal.model import Agreement, Assumption, Deal, Event, Grounds, Point, TermText, Variable
from detente.evidence.records import Evidence
from detente.text.diagnostic import Diagnostic
from detente.text.place import Place
from detente.text.written import Month, month_text

Replaceable = TypeVar("Replaceable", Assumption, Variable, Event)


def as_known(deal: Deal, month: Month) -> tuple[Deal, tuple[Diagnostic, ...]]:
    """The deal with `now` moved to a month, and nothing in it that was published later.

    Values fall back to their `before:`; points, terms and amendments not yet known are left out, and `notes` says
    which.
    """
    if month == deal.now:
        return deal, ()
    findings: list[Diagnostic] = []
    if not deal.first <= month < deal.last:
        findings.append(
            Diagnostic(
                "date-outside",
                f"{month_text(month)} lies outside record and horizon",
                deal.place,
                expected=f"{month_text(deal.first)} to {month_text(deal.last - 1)}",
                ways_out=("choose a date between the two", "move `from` or `to` of the deal"),
            )
        )
        return deal, tuple(findings)
    known = _Known(deal.evidence, month, findings)
    notes: list[str] = []
    variables = {
        name: replace(
            found,
            past=known.points(found.past),
            observed=known.points(found.observed),
            table=known.points(found.table, True),
        )
        for name, found in known.replaced("variable", deal.variables.values()).items()
    }
    for name, variable in variables.items():
        if deal.variables[name].table and not variable.table and variable.formula is None:
            findings.append(
                Diagnostic(
                    "not-yet-known",
                    f"no point of the table of '{name}' was known by {month_text(month)}",
                    variable.place,
                    ways_out=("add a point that was known by then", "give `before: {…}`"),
                )
            )
        if variable.next is not None and not variable.past:
            findings.append(
                Diagnostic(
                    "not-yet-known",
                    f"'{name}' has no record by {month_text(month)}",
                    variable.place,
                    ways_out=("add an earlier point to `past`", "give `before: {…}`"),
                )
            )
    assumptions = known.replaced("assumption", deal.assumptions.values())
    events = known.replaced("event", deal.events.values())
    agreements = {name: known.agreement(agreement, notes) for name, agreement in deal.agreements.items()}
    for what, blocks in (
        ("flow", deal.flows),
        ("need", deal.needs),
        ("value", deal.values),
        ("resource", deal.resources),
        ("relation", deal.relations),
    ):
        findings += [
            known.unknown(what, one.name, one.place, ()) for one in blocks.values() if not known.stands(one.grounds)
        ]
    earlier = replace(
        deal,
        now=month,
        variables=variables,
        assumptions=assumptions,
        events=events,
        agreements=agreements,
        incidents={
            name: one for name, one in deal.incidents.items() if one.on.last <= month and known.heard_of(one.grounds)
        },
        openings=tuple(one for one in deal.openings if one.on <= month and known.stands(one.grounds)),
        notes=tuple(notes),
    )
    return earlier, tuple(findings)


BEFORE = ("say what stood before: `before: {value: …, assumed: …}`",)


class _Known:
    """What stood by a month."""

    def __init__(self, evidence: Evidence, month: Month, findings: list[Diagnostic]) -> None:
        self.evidence = evidence
        self.month = month
        self.findings = findings

    def stands(self, grounds: Grounds) -> bool:
        """A value stands if a claim that gives it was known; without such a claim, if its assumption was held by
        then."""
        giving = [citation for citation in grounds.citations if citation.gives in ("value", "bound")]
        if giving:
            return any(self.published(citation.claim) for citation in giving)
        return grounds.since is None or grounds.since.first <= self.month

    def heard_of(self, grounds: Grounds) -> bool:
        """A term was known if any of its claims was."""
        if grounds.citations:
            return any(self.published(citation.claim) for citation in grounds.citations)
        return grounds.since is None or grounds.since.first <= self.month

    def published(self, claim: str) -> bool:
        record = self.evidence.claims.get(claim)
        return record is not None and record.known is not None and record.known.last <= self.month

    def points(self, points: tuple[Point, ...], future: bool = False) -> tuple[Point, ...]:
        return tuple(
            point
            for point in points
            if (future or point.date.last <= self.month)
            and (self.stands(point.grounds) if point.grounds != Grounds() else True)
        )

    def replaced(self, what: str, items: Iterable[Replaceable]) -> dict[str, Replaceable]:
        """Every item as it stood, by way of its `before:`."""
        found: dict[str, Replaceable] = {}
        for item in items:
            version: Replaceable | None = item
            while version is not None and not self.stands(version.grounds):
                version = version.before
            if version is None:
                self.findings.append(self.unknown(what, item.name, item.place))
            found[item.name] = version or item
        return found

    def unknown(self, what: str, name: str, place: Place, ways: tuple[str, ...] = BEFORE) -> Diagnostic:
        return Diagnostic(
            "not-yet-known",
            f"the {what} '{name}' rests on nothing published by {month_text(self.month)}",
            place,
            ways_out=(*ways, "cite a claim published by then"),
        )

    def agreement(self, agreement: Agreement, notes: list[str]) -> Agreement:
        """The agreement with the versions of its terms that were known; a term not heard of at all never holds."""
        versions: dict[str, tuple[TermText, ...]] = {}
        for name, texts in agreement.versions.items():
            heard = tuple(self.undone(text) for text in texts if self.heard_of(text.grounds))
            if heard:
                versions[name] = heard
            else:
                versions[name] = (*texts[:-1], replace(texts[-1], known=False))
                notes.append(f"{agreement.name}.{name} was not known by {month_text(self.month)}")
        amendments = tuple(
            replace(amendment, known=self.heard_of(amendment.grounds)) for amendment in agreement.amendments
        )
        return replace(agreement, versions=versions, amendments=amendments)

    def undone(self, text: TermText) -> TermText:
        """A version whose end was not yet heard of still holds as agreed."""
        if text.ended is None or self.heard_of(text.ended):
            return text
        return replace(text, last=text.until, ended=None)
