"""The headline figures of two deals on the same draws: what each gives, and the difference path by path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from detente.deal.model import Deal, Headline
from detente.engine.evaluate import Progress, evaluated, graph_of, scenario_variant
from detente.engine.summary import Summary
from detente.graph.model import Graph

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shifted:
    """A figure of both deals in one `unit`: the two means, and the mean of what the second gives more on the same path,
    with its sampling error. Each mean is over the paths where the figure is there; the difference over the share
    `present` of paths where both are (nan where there is none)."""

    headline: str
    title: str
    label: str
    scenario: str
    unit: str
    before: float
    after: float
    difference: float
    mc_error: float
    present: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures that both deals have, and a sentence for each that could not be compared."""

    paths: int
    seed: int
    rows: tuple[Shifted, ...]
    skipped: tuple[str, ...]

    def as_data(self) -> dict[str, object]:
        """Everything as plain data, ready for JSON; an absent value is null."""
        found = asdict(self)
        for row in found["rows"]:
            row |= {key: None for key, value in row.items() if isinstance(value, float) and not np.isfinite(value)}
        return found


def compare_figures(before: Deal, after: Deal, paths: int, seed: int, progress: Progress | None = None) -> Figures:
    """Headline figures of both deals, on common random numbers (R5): a draw has the same key on both sides.

    Raises:
        Refused: where a deal does not compile or a path is not finite.
        ValueError: for an impossible number of paths or seed.
    """
    deals, graphs = (before, after), (graph_of(before), graph_of(after))
    skipped: list[str] = []
    asked = list(_asked(before, after, graphs, skipped))
    keys = tuple(dict.fromkeys(f"{headline.name}: {label}" for headline, label, _ in asked))
    names = tuple(dict.fromkeys(name for one, _, under in asked for name in (under, one.against) if name))
    if not asked:
        return Figures(paths, seed, (), tuple(skipped))
    found = [
        evaluated(graph, [scenario_variant(deal, name) for name in names], paths, seed, keys, progress, what)
        for deal, graph, what in zip(deals, graphs, ("running the first", "running the second"), strict=True)
    ]
    rows: list[Shifted] = []
    for headline, label, under in asked:
        key = f"{headline.name}: {label}"
        column, shown = keys.index(key), graphs[1].measures[key].shown
        samples = [side[names.index(under), column] for side in found]
        if headline.against:
            base = names.index(headline.against)
            samples = [one - side[base, column] for one, side in zip(samples, found, strict=True)]
        told = [_summary(one / shown.scale) for one in (*samples, samples[1] - samples[0])]
        rows.append(
            Shifted(
                headline.name,
                headline.title,
                label,
                under,
                shown.text,
                told[0][0],
                told[1][0],
                *told[2],
                float(np.isfinite(samples[1] - samples[0]).mean()),
            )
        )
    return Figures(paths, seed, tuple(rows), tuple(skipped))


def _summary(samples: FloatArray) -> tuple[float, float]:
    """The mean and its sampling error."""
    found = Summary.of(samples[np.newaxis, :])
    return float(found.mean[0]), float(found.mc_error[0])


def _asked(
    before: Deal, after: Deal, graphs: tuple[Graph, Graph], skipped: list[str]
) -> Iterator[tuple[Headline, str, str]]:
    """Headline, label and scenario of every figure that both deals have in one unit; what is left out is noted."""
    for name in [*after.headlines, *(name for name in before.headlines if name not in after.headlines)]:
        old, new = before.headlines.get(name), after.headlines.get(name)
        if old is None or new is None:
            skipped.append(f"{name} is asked by the {'second' if old is None else 'first'} deal alone")
            continue
        if old.against != new.against:
            skipped.append(
                f"{name} is a difference to {old.against or 'nothing'} before, to {new.against or 'nothing'} now"
            )
            continue
        for label in dict.fromkeys([*new.show, *old.show]):
            key = f"{name}: {label}"
            if (label in old.show) != (label in new.show):
                skipped.append(f"{key} is asked by the {'second' if label in new.show else 'first'} deal alone")
            elif graphs[0].measures[key].formula.unit != graphs[1].measures[key].formula.unit:
                units = [graph.measures[key].shown.text or "a plain number" for graph in graphs]
                skipped.append(f"{key} is in {units[0]} before and in {units[1]} now")
            else:
                yield from ((new, label, under) for under in new.under if under in old.under)
        skipped += [
            f"{name} under {under} is asked by the {'second' if under in new.under else 'first'} deal alone"
            for under in dict.fromkeys([*new.under, *old.under])
            if (under in old.under) != (under in new.under)
        ]
