"""Ranges over assumptions (R10): how far a figure moves when one input at a time is held at its 5th and 95th
percentile, and under
each party's beliefs. On the same draws, so that differences are of the input and not of the sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detente.engine.draws import Held
from detente.engine.evaluate import Progress, evaluated
from detente.engine.program import compile_graph
from detente.engine.run import Range
from detente.engine.simulate import Variant, variant
from detente.graph.model import Graph

FloatArray = npt.NDArray[np.float64]

RANGE_PATHS = 256
"""Paths of each run that holds an input; their difference from the base on the same paths is what is used."""


def held_variants(graph: Graph, keys: tuple[str, ...]) -> list[tuple[str, Variant]]:
    """Every input that the figures read, held low and high, and every believer."""
    used = compile_graph(graph, (), keys).arguments
    found: list[tuple[str, Variant]] = []
    for name, one in graph.inputs.items():
        if name in used and one.distribution.shape != "fixed":
            for quantile, word in ((0.05, "5th"), (0.95, "95th")):
                found.append((f"{name} at its {word} percentile", Variant(name, {name: Held(quantile)})))
    for party, belief in graph.deal.beliefs.items():
        title = graph.deal.parties[party].title
        found.append((f"as {title} believes", variant(graph.deal, belief)))
    return found


def ranges(
    graph: Graph,
    keys: tuple[str, ...],
    bases: Sequence[tuple[Variant, FloatArray]],
    seed: int,
    progress: Progress | None = None,
) -> list[list[Range]]:
    """For each base variant, with its full means (in base units, by key), the range of each figure, in base units.

    A figure's range is its full mean plus the least and the greatest paired difference; where nothing moves it,
    the mean itself.
    """
    held = held_variants(graph, keys)
    runs = [
        base if one is None else base.under(one) for base, _ in bases for one in (None, *(each for _, each in held))
    ]
    found = evaluated(graph, runs, RANGE_PATHS, seed, keys, progress, "holding each assumption")
    width = len(held) + 1
    result: list[list[Range]] = []
    for number, (_, means) in enumerate(bases):
        level = np.nanmean(found[number * width : (number + 1) * width], axis=2)
        moved = level[1:] - level[0]
        rows: list[Range] = []
        for column, mean in enumerate(means):
            shift = moved[:, column] if len(held) else np.zeros(1)
            low, high = int(np.argmin(shift)), int(np.argmax(shift))
            names = [name for name, _ in held] or ["nothing"]
            rows.append(
                Range(
                    float(mean + min(0.0, shift[low])),
                    float(mean + max(0.0, shift[high])),
                    names[low] if shift[low] < 0 else "as filed",
                    names[high] if shift[high] > 0 else "as filed",
                )
            )
        result.append(rows)
    return result
