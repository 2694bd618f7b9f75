"""Hindsight: a deal run from earlier dates, scored on what followed (R12).

Every later observation is held against the paths of the run: is it inside the 90 % interval, and how far is the whole
distribution off (continuous ranked probability score: Matheson and Winkler 1976; here over the size of the
observation). The yardstick is a driftless random walk of the logarithm, whose volatility comes from the observations
known by then; a series of which nothing was known has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.deal.model import Deal
from detente.engine.evaluate import at_date, graph_of
from detente.engine.maths import normal_quantile
from detente.engine.paths import Paths, trace
from detente.graph.model import Graph, Observed
from detente.text.written import Date, Month, month_text

FloatArray = npt.NDArray[np.float64]

FEWEST_CHANGES = 2
"""Changes on record from which a series' own volatility is taken; with fewer it is the median of the other series'."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One observation held against a run from an earlier date, in the unit of its series. `walk_crps` and `walk_width`
    are the yardstick's: None without one."""

    since: str
    series: str
    date: str
    unit: str
    observed: float
    p5: float
    p50: float
    p95: float
    inside: bool
    crps: float
    walk_crps: float | None
    width: float
    walk_width: float | None


@dataclass(frozen=True, slots=True)
class ScoreAnswer:
    """All scored observations; a relative score is over the size of the observation, a width likewise."""

    paths: int
    seed: int
    scored: tuple[Scored, ...]

    def summary(self, scored: Sequence[Scored] | None = None) -> dict[str, float]:
        """Counts and coverage over all observations or some; mean relative scores and widths over those that have a
        yardstick, so that the two compare, or over all where none has one. What is the mean of nothing is nan."""
        chosen = self.scored if scored is None else scored
        compared = [one for one in chosen if one.walk_crps is not None]
        return {
            "observations": len(chosen),
            "inside": sum(one.inside for one in chosen),
            "coverage": _mean([one.inside for one in chosen]),
            "crps": _mean([one.crps for one in compared or chosen]),
            "walk_crps": _mean([one.walk_crps for one in compared]),
            "width": _mean([one.width for one in compared or chosen]),
            "walk_width": _mean([one.walk_width for one in compared]),
        }

    def by(self, key: str) -> dict[str, dict[str, float]]:
        """The summary by `since` or by `series`."""
        groups = list(dict.fromkeys(getattr(one, key) for one in self.scored))
        return {group: self.summary([one for one in self.scored if getattr(one, key) == group]) for group in groups}

    def as_data(self) -> dict[str, Any]:
        """All scores as plain data."""
        return {
            "paths": self.paths,
            "seed": self.seed,
            "all": _told(self.summary()),
            "by_date": {name: _told(found) for name, found in self.by("since").items()},
            "by_series": {name: _told(found) for name, found in self.by("series").items()},
            "scored": [{key: getattr(one, key) for key in Scored.__slots__} for one in self.scored],
        }


def _mean(values: Sequence[float | None]) -> float:
    found = [value for value in values if value is not None]
    return sum(found) / len(found) if found else float("nan")


def _told(summary: dict[str, float]) -> dict[str, float | None]:
    """A summary as data, in which there is no nan."""
    return {key: None if np.isnan(value) else value for key, value in summary.items()}


def score(deal: Deal, dates: Sequence[Date] = (), paths: int = 4_000, seed: int = 1) -> ScoreAnswer:
    """The deal run from each date, scored on what its files say followed: by default from every date before `now` that
    has openings, and from `now` where later points are `observed`. A point that no claim gives is a guess, and is not
    scored; neither is one after the last month of a run, nor one of zero, which has no size.

    Raises:
        Refused: where the deal cannot be run from a date.
    """
    full = graph_of(deal)
    months = [date.last for date in dates] or _dates(deal, full)
    scored: list[Scored] = []
    for month in months:
        earlier = graph_of(at_date(deal, Date(month, month, month_text(month))))
        later = {
            name: [one for one in points if month < one.last <= deal.last and one.claims and one.value != 0.0]
            for name, points in full.observed.items()
            if name in earlier.equations
        }
        names = [name for name, points in later.items() if points]
        told = trace(earlier, range(paths), seed, names=names)
        for name in names:
            for one in later[name]:
                result = _scored(earlier, told, name, one, month)
                if result is not None:
                    scored.append(result)
    return ScoreAnswer(paths, seed, tuple(scored))


def _dates(deal: Deal, graph: Graph) -> list[Month]:
    """The dates before `now` with openings, and `now` if something later was observed."""
    earlier = {one.on for one in deal.openings if one.on < deal.now}
    later = any(one.last > deal.now for points in graph.observed.values() for one in points)
    return sorted(earlier | {deal.now}) if later else sorted(earlier)


def _scored(graph: Graph, told: Paths, name: str, one: Observed, since: Month) -> Scored | None:
    count = told.values[name].shape[1]
    found = yardstick(graph.observed, name, since)
    walk = None if found is None else found.quantile(one.last, (np.arange(count) + 0.5) / count)
    months = range(max(one.first, told.months[0]), one.last + 1)
    sample = np.mean([told.at(name, month) for month in months], axis=0)
    if not np.isfinite(sample).all():
        return None
    shown = graph.equations[name].shown
    p5, p50, p95 = np.quantile(sample, [0.05, 0.5, 0.95])
    size = abs(one.value)
    return Scored(
        month_text(since),
        name,
        period(one.first, one.last),
        shown.text,
        one.value / shown.scale,
        float(p5) / shown.scale,
        float(p50) / shown.scale,
        float(p95) / shown.scale,
        bool(p5 <= one.value <= p95),
        crps(sample, one.value) / size,
        None if walk is None else crps(walk, one.value) / size,
        float(p95 - p5) / size,
        None if walk is None else float(np.quantile(walk, 0.95) - np.quantile(walk, 0.05)) / size,
    )


def period(first: Month, last: Month) -> str:
    """The months from first to last, as the answer names them."""
    return month_text(first) if first == last else f"{month_text(first)}…{month_text(last)}"


@dataclass(frozen=True, slots=True)
class Walk:
    """The yardstick: a driftless random walk of the logarithm from the last observation known, `value` at the end of
    month `on`, in base units; `volatility` is that of the logarithm over a month."""

    value: float
    on: Month
    volatility: float

    def quantile(self, month: Month, share: FloatArray) -> FloatArray:
        """Quantiles of the walk in a month: float64[share]."""
        z = np.asarray(normal_quantile(share))
        return np.asarray(self.value * np.exp(self.volatility * np.sqrt(max(0, month - self.on)) * z))


def yardstick(observed: Mapping[str, Sequence[Observed]], name: str, since: Month) -> Walk | None:
    """The walk of a series from what was observed up to a month; None without one."""
    record = {series: tuple(each for each in points if each.last <= since) for series, points in observed.items()}
    known = record.get(name, ())
    if not known:
        return None
    own = _volatility(known)
    others = [found for points in record.values() if (found := _volatility(points)) is not None]
    volatility = own if own is not None else float(np.median(others)) if others else None
    last = known[-1]
    return None if volatility is None or last.value <= 0.0 else Walk(last.value, last.last, volatility)


def _volatility(points: tuple[Observed, ...]) -> float | None:
    """Root of the mean squared change of the logarithm per month: the estimate for a walk without drift."""
    if len(points) <= FEWEST_CHANGES or any(point.value <= 0.0 for point in points):
        return None
    changes = [np.log(later.value / earlier.value) ** 2 for earlier, later in pairwise(points)]
    months = points[-1].last - points[0].last
    return float(np.sqrt(sum(changes) / months)) if months else None


def crps(sample: FloatArray, observed: float) -> float:
    """The continuous ranked probability score of a sample: E|X - y| - E|X - X'| / 2, in the unit of the sample."""
    ordered = np.sort(sample)
    count = len(ordered)
    spread = np.sum(ordered * (2.0 * np.arange(count) - count + 1)) / count**2
    return float(np.mean(np.abs(ordered - observed)) - spread)
