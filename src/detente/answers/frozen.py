"""Forecasts put away before the record goes on, and scored when what they spoke of is known.

A frozen forecast holds for every series the mean and five quantiles of each month, and of each quarter and year as the
mean over its months, so that an observation of any of them can be scored later without the deal that made it. Scored
are whether the observation lies inside the 90 % interval, and the weighted interval score of the five quantiles
(Bracher, Ray, Gneiting and Reich 2021), which tends to the continuous ranked probability score as quantiles are added.
The yardstick is the random walk of `score`, put away with the forecast.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.answers.forecast import forecast
from detente.answers.score import ScoreAnswer, Scored, Walk, period, yardstick
from detente.deal.model import Deal
from detente.engine.evaluate import graph_of, run_deal
from detente.engine.paths import trace
from detente.graph.literals import value_of
from detente.graph.model import Graph, Observed, Shown
from detente.lang.unit import parse_unit
from detente.text.diagnostic import Fault
from detente.text.written import Month, month_text, parse_date

FloatArray = npt.NDArray[np.float64]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
NAMES = ("p5", "p25", "p50", "p75", "p95")
"""The quantiles that are kept, and what the file calls them."""

KEYS = ("mean", *NAMES)

TOGETHER = 40
"""Series traced at once: whole paths of all of them stand in memory."""

DIGITS = 6
"""Significant digits that are kept: more than sampling leaves meaning to."""

Row = dict[str, float]
"""The mean and the quantiles of a period."""


@dataclass(frozen=True, slots=True)
class FrozenSeries:
    """A series: its rows by period (`2025-07`, `2025Q3`, `2025`) in `unit`, without those in which it is absent on some
    path (R7), and its yardstick, likewise in `unit`."""

    unit: str
    rows: Mapping[str, Row]
    walk: Walk | None


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a deal forecast at the end of its record: its series, the chances of its futures, its answers by id."""

    deal: str
    as_of: Month
    paths: int
    seed: int
    series: Mapping[str, FrozenSeries]
    futures: Mapping[str, float]
    answers: Mapping[str, Mapping[str, float]]

    def as_text(self) -> str:
        """The forecast as the text of its file, JSON with a line for each series."""
        head = {
            "deal": self.deal,
            "as_of": month_text(self.as_of),
            "paths": self.paths,
            "seed": self.seed,
            "futures": self.futures,
            "answers": self.answers,
        }
        lines = [f'"{key}": {json.dumps(value, ensure_ascii=False, allow_nan=False)}' for key, value in head.items()]
        series = ",\n".join(
            f"  {json.dumps(name)}: {json.dumps(_series_data(one), ensure_ascii=False, allow_nan=False)}"
            for name, one in self.series.items()
        )
        return "{" + ",\n".join([*lines, f'"series": {{\n{series}\n}}']) + "}\n"


def _series_data(one: FrozenSeries) -> dict[str, Any]:
    walk = one.walk
    columns = {key: [row[key] for row in one.rows.values()] for key in KEYS}
    kept = {"value": walk.value, "on": month_text(walk.on), "volatility": walk.volatility} if walk else None
    return {"unit": one.unit, "walk": kept, "periods": [*one.rows], **columns}


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS - 1}e}")


def thawed(text: str, file: str) -> Frozen:
    """A frozen forecast from the text of its file.

    Raises:
        ValueError: where the text is none.
    """
    try:
        data = json.loads(text)
        return Frozen(
            data["deal"],
            _month(data["as_of"]),
            data["paths"],
            data["seed"],
            {name: _series(one) for name, one in data["series"].items()},
            data["futures"],
            data["answers"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ValueError(f"'{file}' is no frozen forecast: {problem}") from None


def _series(data: dict[str, Any]) -> FrozenSeries:
    rows = zip(*(data[key] for key in KEYS), strict=True)
    found = {one: dict(zip(KEYS, row, strict=True)) for one, row in zip(data["periods"], rows, strict=True)}
    walk = data["walk"]
    return FrozenSeries(
        data["unit"], found, Walk(walk["value"], _month(walk["on"]), walk["volatility"]) if walk else None
    )


def _month(text: str) -> Month:
    date = parse_date(text)
    if date is None:
        raise ValueError(f"'{text}' is no date")
    return date.last


def freeze(deal: Deal, paths: int = 4_000, seed: int = 1) -> Frozen:
    """What a deal forecasts as it stands.

    Raises:
        Refused: where the deal does not compile or a run is not finite.
    """
    graph = graph_of(deal)
    observed = _observed(deal, graph)
    names = [name for name in (*deal.variables, *_accounts(deal)) if name in graph.equations]
    series: dict[str, FrozenSeries] = {}
    for start in range(0, len(names), TOGETHER):
        some = names[start : start + TOGETHER]
        told = trace(graph, range(paths), seed, names=some)
        for name in some:
            shown = graph.equations[name].shown
            walk = yardstick(observed, name, deal.now)
            kept = Walk(_rounded(walk.value / shown.scale), walk.on, _rounded(walk.volatility)) if walk else None
            rows = {}
            for text, first, last in _periods(deal.now, deal.last):
                months = range(max(first, told.months[0]), last + 1)
                sample = np.mean([told.at(name, month) for month in months], axis=0) / shown.scale
                if np.isfinite(sample).all():
                    found = [_rounded(float(one)) for one in (sample.mean(), *np.quantile(sample, LEVELS))]
                    rows[text] = dict(zip(KEYS, found, strict=True))
            series[name] = FrozenSeries(shown.text, rows, kept)
    run = run_deal(deal, paths, seed, outputs=names[:1], graph=graph)
    answers = forecast(deal, paths, seed).as_data() if deal.questions else {}
    present = {name: one for name, one in answers.items() if all(np.isfinite(value) for value in one.values())}
    chances = {name: one.mean for name, one in run.futures.items()}
    return Frozen(deal.title, deal.now, paths, seed, series, chances, present)


def _accounts(deal: Deal) -> list[str]:
    """The accounts that the deal keeps books of: those that have an opening."""
    return list(dict.fromkeys(one.account for one in deal.openings))


def _periods(now: Month, last: Month) -> Iterator[tuple[str, Month, Month]]:
    """The months after `now`, and the quarters and years that end after it, up to the last month."""
    for month in range(now + 1, last + 1):
        yield month_text(month), month, month
    for length in (3, 12):
        for first in range((now + 1) // length * length, last + 1, length):
            if first + length - 1 <= last:
                yield _named(first, first + length - 1), first, first + length - 1


def _named(first: Month, last: Month) -> str:
    """A period as a date is written; empty where it is no month, quarter or year."""
    if first == last:
        return month_text(first)
    if last == first + 2 and first % 3 == 0:
        return f"{first // 12:04d}Q{first % 12 // 3 + 1}"
    return f"{first // 12:04d}" if last == first + 11 and first % 12 == 0 else ""


def _observed(deal: Deal, graph: Graph) -> dict[str, tuple[Observed, ...]]:
    """What was observed of every series; of accounts, the openings that a claim gives as one number."""
    found = {name: list(points) for name, points in graph.observed.items()}
    for one in deal.openings:
        claims = tuple(cited.claim for cited in one.grounds.citations if cited.gives in ("value", "bound"))
        try:
            value, _ = value_of(one.balance)
        except Fault:  # an uncertain balance was not observed
            continue
        if claims:
            found.setdefault(one.account, []).append(Observed(one.on, one.on, value, claims, True))
    return {name: tuple(sorted(points, key=lambda one: one.last)) for name, points in found.items()}


def score_frozen(deal: Deal, kept: Sequence[Frozen]) -> ScoreAnswer:
    """What the deal's files say followed, held against every frozen forecast made before it. A point that no claim
    gives is a guess, and is not scored.

    The relative score in `crps` is the weighted interval score; `paths` and `seed` are those of the last forecast.

    Raises:
        Refused: where the deal does not compile.
    """
    observed = _observed(deal, graph_of(deal))
    scored = [
        found
        for one in sorted(kept, key=lambda one: one.as_of)
        for name, series in one.series.items()
        for point in observed.get(name, ())
        if point.claims and point.last > one.as_of and (found := _scored(one, name, series, point)) is not None
    ]
    return ScoreAnswer(kept[-1].paths if kept else 0, kept[-1].seed if kept else 0, tuple(scored))


def _scored(kept: Frozen, name: str, series: FrozenSeries, one: Observed) -> Scored | None:
    row = series.rows.get(_named(one.first, one.last))
    if row is None:
        return None
    value = one.value / (parse_unit(series.unit)[0] if series.unit else 1.0)
    quantiles = [row[key] for key in NAMES]
    walk = None if series.walk is None else series.walk.quantile(one.last, np.array(LEVELS)).tolist()
    size = abs(value) or abs(row["p50"]) or 1.0
    return Scored(
        month_text(kept.as_of),
        name,
        period(one.first, one.last),
        series.unit,
        value,
        row["p5"],
        row["p50"],
        row["p95"],
        row["p5"] <= value <= row["p95"],
        interval_score(quantiles, value) / size,
        None if walk is None else interval_score(walk, value) / size,
        (row["p95"] - row["p5"]) / size,
        None if walk is None else (walk[-1] - walk[0]) / size,
    )


def interval_score(quantiles: Sequence[float], observed: float) -> float:
    """The weighted interval score of quantiles at `LEVELS`, in their unit: twice the mean of their pinball losses. Of a
    forecast that names one number, it is the distance from it."""
    losses = [
        level * (observed - one) if observed >= one else (1.0 - level) * (one - observed)
        for level, one in zip(LEVELS, quantiles, strict=True)
    ]
    return 2.0 * sum(losses) / len(losses)


def row_at(kept: Frozen, name: str, month: Month) -> tuple[Row, Shown] | None:
    """What a forecast said of a series in a month, and the unit it says it in."""
    one = kept.series.get(name)
    row = one.rows.get(month_text(month)) if one is not None else None
    if one is None or row is None:
        return None
    return row, Shown(one.unit, parse_unit(one.unit)[0] if one.unit else 1.0)
