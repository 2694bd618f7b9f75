"""Hindsight: a deal run from earlier dates, scored on what followed (R12).

Every later observation is held against the paths of the run: is it inside the 90 % interval, and how far is the whole
distribution off (continuous ranked probability score: Matheson and Winkler 1976; here over the size of the
observation). The
yardstick is a driftless random walk of the logarithm, whose volatility comes from the observations known by then.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    """One observation held against a run from an earlier date, in the unit of its series. `walk_crps` is the
    yardstick's."""

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
    walk_crps: float
    width: float
    walk_width: float


@dataclass(frozen=True, slots=True)
class ScoreAnswer:
    """All scored observations; a relative score is over the size of the observation, a width likewise."""

    paths: int
    seed: int
    scored: tuple[Scored, ...]

    def summary(self, scored: Sequence[Scored] | None = None) -> dict[str, float]:
        """Counts, coverage, mean relative scores and widths, over all observations or some."""
        chosen = self.scored if scored is None else scored
        count = len(chosen)
        return {
            "observations": count,
            "inside": sum(one.inside for one in chosen),
            "coverage": sum(one.inside for one in chosen) / count if count else float("nan"),
            **{
                key: sum(getattr(one, key) for one in chosen) / count if count else float("nan")
                for key in ("crps", "walk_crps", "width", "walk_width")
            },
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
            "all": self.summary(),
            "by_date": self.by("since"),
            "by_series": self.by("series"),
            "scored": [{key: getattr(one, key) for key in Scored.__slots__} for one in self.scored],
        }


def score(deal: Deal, dates: Sequence[Date] = (), paths: int = 4_000, seed: int = 1) -> ScoreAnswer:
    """The deal run from each date (by default from every date before `now` that has openings), scored on what its own
    record says followed. A point that no claim gives is a guess, and is not scored.

    Raises:
        Refused: where the deal cannot be run from a date.
    """
    full = graph_of(deal)
    months = [date.last for date in dates] or sorted({one.on for one in deal.openings if one.on < deal.now})
    scored: list[Scored] = []
    for month in months:
        earlier = graph_of(at_date(deal, Date(month, month, month_text(month))))
        later = {
            name: [one for one in points if month < one.last <= deal.now and one.claims]
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


def _scored(graph: Graph, told: Paths, name: str, one: Observed, since: Month) -> Scored | None:
    walk = _walk(graph, name, one, told)
    if walk is None:
        return None
    months = range(max(one.first, told.months[0]), one.last + 1)
    sample = np.mean([told.at(name, month) for month in months], axis=0)
    if not np.isfinite(sample).all():
        return None
    shown = graph.equations[name].shown
    p5, p50, p95 = np.quantile(sample, [0.05, 0.5, 0.95])
    low, high = np.quantile(walk, [0.05, 0.95])
    size = abs(one.value)
    return Scored(
        month_text(since),
        name,
        _period(one),
        shown.text,
        one.value / shown.scale,
        float(p5) / shown.scale,
        float(p50) / shown.scale,
        float(p95) / shown.scale,
        bool(p5 <= one.value <= p95),
        crps(sample, one.value) / size,
        crps(walk, one.value) / size,
        float(p95 - p5) / size,
        float(high - low) / size,
    )


def _period(one: Observed) -> str:
    return month_text(one.last) if one.first == one.last else f"{month_text(one.first)}…{month_text(one.last)}"


def _walk(graph: Graph, name: str, one: Observed, told: Paths) -> FloatArray | None:
    """The yardstick's distribution: the last observation known, spread by the volatility known; None without one."""
    known = graph.observed.get(name, ())
    if not known:
        return None
    own = _volatility(known)
    others = [found for points in graph.observed.values() if (found := _volatility(points)) is not None]
    volatility = own if own is not None else float(np.median(others)) if others else None
    last = known[-1]
    if volatility is None or last.value <= 0.0:
        return None
    count = told.values[name].shape[1]
    z = np.asarray(normal_quantile((np.arange(count) + 0.5) / count))
    return np.asarray(last.value * np.exp(volatility * np.sqrt(one.last - last.last) * z))


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
