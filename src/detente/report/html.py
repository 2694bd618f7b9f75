"""The report as one HTML file that opens from disk: charts, tables and the scripts that draw them, nothing from outside."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from detente.answers.results import Findings, HeadlineAnswer, RightAnswer, Row
from detente.deal.model import Deal
from detente.engine.run import Measured, Series
from detente.report import charts, timeline, words
from detente.report.families import families
from detente.report.theme import theme
from detente.text.written import Month

PAGE = Path(__file__).parent / "page"
DECEMBER = 11
MOST_YEARS = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart and the place it is drawn in; `note` is what the deal says of it."""

    id: str
    spec: dict[str, Any]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Series that are read together: a wide chart of all of them where they share an axis, a chart of each, the figures."""

    id: str
    title: str
    combined: Figure | None
    fans: tuple[Figure, ...]
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """A figure on a line from 0 to 100: its middle, where nine in ten paths lie, the range over assumptions, zero."""

    centre: float
    paths: tuple[float, float] | None
    range: tuple[float, float] | None
    zero: float | None


@dataclass(frozen=True, slots=True)
class Card:
    """A question of the first screen: by label, a figure for every scenario, each with its line."""

    answer: HeadlineAnswer
    measures: dict[str, list[tuple[Row, Strip | None]]]


@dataclass(frozen=True, slots=True)
class Citation:
    """A claim as a reader sees it: what it says, and the document it stands in."""

    name: str
    says: str
    source: str
    publisher: str
    date: str
    url: str
    gives: str


def write_report(findings: Findings, path: Path) -> None:
    """Write the report: whoever opens the path finds the old page or the whole new one, never a part."""
    text = render(findings)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def render(findings: Findings) -> str:
    """The page as text."""
    deal = findings.deal
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    pages.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    stretches = [_stretch(findings, *it) for it in enumerate(families(findings.run))]
    agreed = Figure("agreed", charts.spec(timeline.timeline(deal))) if deal.agreements else None
    chances = Figure("chances", charts.spec(charts.futures(findings.run))) if findings.run.futures else None
    leverage = [
        Figure(f"rights-{number}", charts.spec(charts.leverage(rights, deal)))
        for number, rights in enumerate(_by_unit(findings.rights))
    ]
    figures = [agreed, chances, *leverage]
    figures += [figure for stretch in stretches for figure in (stretch.combined, *stretch.fans)]
    return pages.get_template("page.html.jinja").render(
        findings=findings, deal=deal, run=findings.run, words=words, timeline=timeline, right_title=charts.right_title,
        cards=[Card(answer, _measures(answer)) for answer in findings.headlines],
        agreed=agreed, chances=chances, leverage=leverage, stretches=stretches, years=_years(deal),
        sourced=sum(item.sourced for item in findings.grounds),
        cite=lambda names: [_citation(name, "", deal) for name in names],
        cite_grounds=lambda grounds: [_citation(item.claim, item.gives, deal) for item in grounds.citations],
        specs={figure.id: figure.spec for figure in figures if figure}, themes={"light": theme(), "dark": theme(dark=True)},
        style=_own("style.css"), script=_own("page.js"), library=_library(),
    )  # fmt: skip


def _stretch(findings: Findings, number: int, family: Any) -> Stretch:
    raise NotImplementedError
