"""Draws: the value of every uncertain input and the shocks of every month, by name, path and calendar month alone
(R5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detente.engine import maths, quantiles
from detente.engine.random import block, driver_key, uniform
from detente.graph.events import exponential_draw
from detente.graph.model import Graph
from detente.lang.distribution import NORMAL_SHAPES, Distribution

FloatArray = npt.NDArray[np.float64]
PathArray = npt.NDArray[np.uint64]

WHOLE_PATH = 0
"""The calendar month of what is drawn once a path."""


@dataclass(frozen=True, slots=True)
class Held:
    """An input held at a quantile of its distribution on every path."""

    quantile: float


Override = Distribution | Held | float | FloatArray
"""What stands in an input's place: another distribution on the same draws, a quantile, or numbers in base units."""


Arguments = dict[str, FloatArray | float]
"""What a run is given by name: one number, or float64[path]."""


def drawn_arguments(
    graph: Graph,
    seed: int,
    paths: PathArray,
    central: bool = False,
    needed: Collection[str] | None = None,
) -> Arguments:
    """What is drawn once a path for the deal as filed: every input, and the draw of every event (or those `needed`)."""
    inputs = [name for name in graph.inputs if needed is None or name in needed]
    events = tuple(event for event in graph.hazards if needed is None or exponential_draw(event) in needed)
    found: Arguments = {name: input_value(graph, name, None, seed, paths, central) for name in inputs}
    for event, draw in exponentials(seed, events, paths, central).items():
        found[exponential_draw(event)] = draw
    return found


def input_value(
    graph: Graph, name: str, override: Override | None, seed: int, paths: PathArray, central: bool = False
) -> FloatArray | float:
    """The value of an input in base units: one number, or float64[path].

    Raises:
        ValueError: for an override that is not finite.
    """
    one = graph.inputs[name]
    if isinstance(override, float | int | np.ndarray) and not np.isfinite(override).all():
        raise ValueError(f"'{name}' is given a number that is not finite")
    if isinstance(override, float | int):
        return float(override)
    if isinstance(override, np.ndarray):
        return np.asarray(override[np.minimum(paths.astype(np.int64), len(override) - 1)])
    shape = override if isinstance(override, Distribution) else one.distribution
    quantile = override.quantile if isinstance(override, Held) else 0.5 if central else None
    if quantile is not None:
        written = quantiles.quantile(shape, np.full(1, quantile))
    elif shape.shape == "fixed":
        written = np.full(1, shape.parameters[0])
    else:
        written = _drawn(shape, graph.mixing.get(name, ((one.stream, 1.0),)), seed, paths)
    base = in_base_units(shape, written)
    return float(base[0]) if len(base) == 1 and len(paths) != 1 else base


def _drawn(shape: Distribution, parts: tuple[tuple[str, float], ...], seed: int, paths: PathArray) -> FloatArray:
    """Draws as written. An input of a correlated group has a standard normal made of those of the group (Cholesky), and
    one that is not made of a normal takes the share below it for its uniform."""
    if shape.shape in NORMAL_SHAPES:
        return quantiles.by_score(shape, _score(parts, seed, paths))
    if len(parts) == 1 and parts[0][1] == 1.0:
        return quantiles.quantile(shape, uniform(seed, driver_key(parts[0][0]), paths, WHOLE_PATH))
    share = np.asarray(maths.normal_cdf(_score(parts, seed, paths)))
    return quantiles.quantile(shape, np.clip(share, 2.0**-53, 1.0 - 2.0**-53))


def _score(parts: tuple[tuple[str, float], ...], seed: int, paths: PathArray) -> FloatArray:
    """The standard normal behind an input: its own, or made of those of its correlated group."""
    total = np.zeros(len(paths))
    for name, weight in parts:
        total = total + weight * maths.normal_quantile(uniform(seed, driver_key(name), paths, WHOLE_PATH))
    return total


def in_base_units(shape: Distribution, written: FloatArray) -> FloatArray:
    """Values as written in base units; a growth as the continuous rate per month it is kept as."""
    if shape.kind == "growth":
        return np.asarray(maths.log(1.0 + written)) / shape.period
    return written * shape.scale


def median(shape: Distribution) -> float:
    """The median in base units."""
    return float(in_base_units(shape, quantiles.quantile(shape, np.full(1, 0.5)))[0])


def exponentials(seed: int, events: tuple[str, ...], paths: PathArray, central: bool = False) -> dict[str, FloatArray]:
    """One standard exponential an event and path; on the central path no hazard ever strikes."""
    if central:
        return {event: np.full(len(paths), np.inf) for event in events}
    return {event: -np.asarray(maths.log(uniform(seed, driver_key(event), paths, WHOLE_PATH))) for event in events}


@dataclass
class Shocks:
    """The normals and uniforms of each month for a set of paths. Blocks of four months are computed once; not shared
    between threads."""

    seed: int
    paths: PathArray
    central: bool = False
    _blocks: dict[str, tuple[int, tuple[npt.NDArray[np.uint64], ...]]] = field(default_factory=dict)

    def normal(self, driver: str, month: int) -> FloatArray:
        """float64[path] for a driver in a calendar month; 0 on the central path."""
        if self.central:
            return np.zeros(len(self.paths))
        return np.asarray(maths.normal_draw(self._words(driver, month)))

    def uniform(self, driver: str, month: int) -> FloatArray:
        """float64[path] within (0, 1) for a driver in a calendar month; 0 on the central path."""
        if self.central:
            return np.zeros(len(self.paths))
        return (self._words(driver, month).astype(np.float64) + 0.5) * 2.0**-32

    def _words(self, driver: str, month: int) -> npt.NDArray[np.uint64]:
        number, word = divmod(month, 4)
        kept = self._blocks.get(driver)
        if kept is None or kept[0] != number:
            kept = (number, block(self.seed, driver_key(driver), self.paths, number))
            self._blocks[driver] = kept
        return kept[1][word]
