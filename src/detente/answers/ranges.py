"""Ranges over assumptions (R10): how far a figure moves when one input at a time is held at its 5th and 95th
percentile, and under each party's beliefs. On the same draws, so that differences are of the input and not of the
sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detente.engine.draws import Held
from detente.engine.evaluate import Progress, evaluated
from detente.engine.program import compile_graph
from detente.engine.run import Range
from detente.engine.simulate import Variant, variant
from detente.graph.model import Graph

FloatArray = npt.NDArray[np.float64]

RANGE_PATHS = 160
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


def mean_where_present(samples: FloatArray) -> FloatArray:
    """The mean over paths, the last axis, of the values that are there; absent where none is (R7)."""
    count = np.count_nonzero(~np.isnan(samples), axis=-1)
    return np.where(count > 0, np.nansum(samples, axis=-1) / np.maximum(count, 1), np.nan)


@dataclass(frozen=True, eq=False)
class Shifts:
    """How far the mean of each figure moves from that of its base, float64[held, figure], and what was held."""

    held: tuple[str, ...]
    moved: FloatArray

    def range(self, mean: float, column: int, less: Shifts | None = None) -> Range:
        """The range of a figure around its mean, or of a difference, where `less` is what is taken off."""
        moved = self.moved[:, column] - (less.moved[:, column] if less is not None else 0.0)
        if not len(moved):
            return Range(mean, mean, "as filed", "as filed")
        if np.isnan(moved).all():  # on none of the paths of these runs there is a value to compare (R7)
            return Range(np.nan, np.nan, "as filed", "as filed")
        low, high = int(np.nanargmin(moved)), int(np.nanargmax(moved))
        return Range(
            mean + min(0.0, float(moved[low])),
            mean + max(0.0, float(moved[high])),
            self.held[low] if moved[low] < 0.0 else "as filed",
            self.held[high] if moved[high] > 0.0 else "as filed",
        )


def shifts(
    graph: Graph, keys: tuple[str, ...], bases: Sequence[Variant], seed: int, progress: Progress | None = None
) -> list[Shifts]:
    """For each base the paired differences that holding each input, and each party's beliefs, make to every figure, in
    base units."""
    held = held_variants(graph, keys)
    runs = [base if one is None else base.under(one) for base in bases for one in (None, *(each for _, each in held))]
    found = evaluated(graph, runs, RANGE_PATHS, seed, keys, progress, "holding each assumption")
    width = len(held) + 1
    result: list[Shifts] = []
    for number in range(len(bases)):
        level = mean_where_present(found[number * width : (number + 1) * width])
        result.append(Shifts(tuple(name for name, _ in held), level[1:] - level[0]))
    return result
