"""What stands on the page: cards, figures and citations as plain values, before any of it is HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from detente.answers.results import Findings, HeadlineAnswer, RightAnswer, Row
from detente.deal.model import Deal
from detente.engine.run import Measured, Series
from detente.report import charts, words
from detente.report.families import families
from detente.report.timeline import timeline
from detente.text.written import Month

DECEMBER = 11
MOST_YEARS = 6
NEEDED = "What is needed, and what is offered"


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart and the id of the place it is drawn in; `note` is what the deal says of it."""

    id: str
    spec: dict[str, Any]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Series that are read together: one chart of all where they share an axis, one of each, and their figures.

    `chances` are those of events; else they are quantities.
    """

    id: str
    title: str
    combined: Figure | None
    fans: tuple[Figure, ...]
    series: tuple[Series, ...]
    chances: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """All charts of the page, section by section."""

    agreed: Figure | None
    chances: Figure | None
    stretches: tuple[Stretch, ...]
    leverage: tuple[Figure, ...]

    def specs(self) -> dict[str, dict[str, Any]]:
        """Every chart once, by its id."""
        found = [self.agreed, self.chances, *self.leverage]
        found += [figure for stretch in self.stretches for figure in (stretch.combined, *stretch.fans)]
        return {figure.id: figure.spec for figure in found if figure is not None}


@dataclass(frozen=True, slots=True)
class Strip:
    """A figure on a line from 0 to 100: its middle, where nine in ten paths lie, the range over assumptions, zero."""

    centre: float
    paths: tuple[float, float] | None
    range: tuple[float, float] | None
    zero: float | None


@dataclass(frozen=True, slots=True)
class Card:
    """A question of the first screen: by label, a figure for every scenario with its line. A wide one stands alone."""

    answer: HeadlineAnswer
    measures: dict[str, list[tuple[Row, Strip | None]]]
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Cited:
    """A claim as a reader sees it: what it says, the document it stands in, what it gives the number."""

    name: str
    says: str
    title: str
    publisher: str
    date: str
    url: str
    gives: str


def figures(findings: Findings) -> Figures:
    """All charts of the page."""
    deal, run = findings.deal, findings.run
    return Figures(
        agreed=Figure("agreed", charts.spec(timeline(deal))) if deal.agreements else None,
        chances=Figure("chances", charts.spec(charts.futures(run))) if run.futures else None,
        stretches=tuple(_stretches(findings)),
        leverage=tuple(
            Figure(f"rights-{number}", charts.spec(charts.leverage(rights, deal)))
            for number, rights in enumerate(_by_unit(findings.rights).values(), 1)
        ),
    )


def _stretches(findings: Findings) -> Iterable[Stretch]:
    deal = findings.deal
    for family in families(findings.run):
        chances = family.drawn == "as chances"
        combined = None
        if family.drawn != "each":
            draw = charts.by_when(family.series, deal) if chances else charts.together(family.series, deal, NEEDED)
            combined = Figure(f"{family.name}-all", charts.spec(draw))
        fans = tuple(
            Figure(f"{family.name}-{number}", charts.spec(charts.fan(series, deal)), _note(series, deal))
            for number, series in enumerate(() if chances else family.series, 1)
        )
        yield Stretch(family.name, family.title, combined, fans, family.series, chances)


def _note(series: Series, deal: Deal) -> str:
    variable = deal.variables.get(series.name)
    return words.sentence(variable.grounds.note) if variable else ""


def _by_unit(rights: Iterable[RightAnswer]) -> dict[str, list[RightAnswer]]:
    """Rights that can stand on one axis."""
    found: dict[str, list[RightAnswer]] = {}
    for right in rights:
        found.setdefault(right.unit, []).append(right)
    return found


def cards(answers: Iterable[HeadlineAnswer]) -> list[Card]:
    """Two cards to a row; one with several scenarios, and one that would be left without a neighbour, is wide."""
    found: list[Card] = []
    for answer in answers:
        one = card(answer)
        if any(len(figures) > 1 for figures in one.measures.values()):
            found = [*_without_widow(found), replace(one, wide=True)]
        else:
            found.append(one)
    return _without_widow(found)


def _without_widow(found: list[Card]) -> list[Card]:
    alone = len(list(takewhile(lambda one: not one.wide, reversed(found)))) % 2
    return [*found[:-1], replace(found[-1], wide=True)] if alone else found


def card(answer: HeadlineAnswer) -> Card:
    """A headline with its figures by label; figures of one unit share a line, so that they can be compared by eye."""
    reach: dict[str, list[float]] = {}
    for row in answer.rows:
        reach.setdefault(row.figure.unit, []).extend(_marks(row.figure))
    measures: dict[str, list[tuple[Row, Strip | None]]] = {}
    for row in answer.rows:
        unit = row.figure.unit
        whole = words.is_chance(row.figure) and not answer.against
        low, high = (0.0, 1.0) if whole else _reach(reach[unit], zero=bool(answer.against))
        measures.setdefault(row.label, []).append((row, _strip(row.figure, low, high)))
    return Card(answer, measures)


def _marks(figure: Measured) -> list[float]:
    ends = [figure.range.low, figure.range.high] if figure.range else []
    paths = [] if words.is_chance(figure) else [figure.p5, figure.p95]
    return [value for value in (words.centre(figure), *ends, *paths) if words.is_present(value)]


def _reach(values: list[float], zero: bool) -> tuple[float, float]:
    """The ends of a line that holds all values, and zero where it is a difference."""
    held = [*values, *([0.0] if zero else [])]
    low, high = min(held, default=0.0), max(held, default=0.0)
    margin = 0.04 * (high - low)
    return low - margin, high + margin


def _strip(figure: Measured, low: float, high: float) -> Strip | None:
    middle = words.centre(figure)
    if not words.is_present(middle) or high <= low:
        return None

    def on(value: float) -> float:
        return round(100 * min(1.0, max(0.0, (value - low) / (high - low))), 2)

    def between(start: float, end: float) -> tuple[float, float]:
        return on(start), round(on(end) - on(start), 2)

    return Strip(
        centre=on(middle),
        paths=None if words.is_chance(figure) else between(figure.p5, figure.p95),
        range=between(figure.range.low, figure.range.high) if figure.range else None,
        zero=on(0.0) if low < 0.0 < high else None,
    )


def cited(name: str, gives: str, deal: Deal) -> Cited:
    """A claim with its source; a link only where it leads to the web."""
    claim = deal.evidence.claims.get(name)
    source = deal.evidence.sources.get(claim.source) if claim else None
    if claim is None:
        return Cited(name, name, "", "", "", "", gives)
    date = claim.known or (source.published if source else None)
    url = source.url if source and re.match(r"https?://", source.url) else ""
    title, publisher = (source.title, source.publisher) if source else (claim.source, "")
    return Cited(name, claim.says, title or claim.source, publisher, date.text if date else "", url, gives)


def year_ends(deal: Deal) -> list[Month]:
    """The months that tables show: the ends of the first simulated years, and of the last."""
    ends = [month for month in range(deal.now + 1, deal.last + 1) if month % 12 == DECEMBER]
    return [*ends[: MOST_YEARS - 1], *ends[MOST_YEARS - 1 :][-1:]] or [deal.last]
