"""Draws: the value of every uncertain input and the shocks of every month, by name, path and calendar month alone
(R5)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detente.engine import maths
from detente.engine.random import block, driver_key, uniform
from detente.graph.model import Graph
from detente.lang.distribution import Distribution

FloatArray = npt.NDArray[np.float64]
PathArray = npt.NDArray[np.uint64]

WHOLE_PATH = 0
"""The calendar month of what is drawn once a path."""

Z95 = 1.6448536269514722


@dataclass(frozen=True, slots=True)
class Held:
    """An input held at a quantile of its distribution on every path."""

    quantile: float


Override = Distribution | Held | float | FloatArray
"""What stands in an input's place: another distribution on the same draws, a quantile, or numbers in base units."""


def input_value(
    graph: Graph, name: str, override: Override | None, seed: int, paths: PathArray, central: bool = False
) -> FloatArray | float:
    """The value of an input in base units: one number, or float64[path]."""
    one = graph.inputs[name]
    if isinstance(override, float | int):
        return float(override)
    if isinstance(override, np.ndarray):
        return np.asarray(override[paths.astype(np.int64)])
    shape = override if isinstance(override, Distribution) else one.distribution
    quantile = override.quantile if isinstance(override, Held) else 0.5 if central else None
    if shape.shape in ("uniform", "triangular"):
        held = np.full(1, quantile) if quantile is not None else None
        written = _by_uniform(shape, uniform(seed, driver_key(one.stream), paths, WHOLE_PATH) if held is None else held)
    elif shape.shape == "fixed":
        written = _by_normal(shape, np.zeros(1))
    elif quantile is not None:
        written = _by_normal(shape, maths.normal_quantile(np.full(1, quantile)))
    else:
        written = _by_normal(shape, _score(graph.mixing.get(name, ((one.stream, 1.0),)), seed, paths))
    base = in_base_units(shape, written)
    return float(base[0]) if len(base) == 1 and len(paths) != 1 else base


def _score(parts: tuple[tuple[str, float], ...], seed: int, paths: PathArray) -> FloatArray:
    """The standard normal behind an input: its own, or made of those of its correlated group."""
    total = np.zeros(len(paths))
    for name, weight in parts:
        total = total + weight * maths.normal_quantile(uniform(seed, driver_key(name), paths, WHOLE_PATH))
    return total


def _by_normal(shape: Distribution, z: FloatArray) -> FloatArray:
    match shape.shape:
        case "fixed":
            return np.full(len(z), shape.parameters[0])
        case "normal":
            low, high = shape.parameters
            return (low + high) * 0.5 + (high - low) / (2.0 * Z95) * z
        case "lognormal":
            low, high = maths.log(np.array(shape.parameters))
            return np.asarray(maths.exp((low + high) * 0.5 + (high - low) / (2.0 * Z95) * z))
        case _:
            odds = np.array(shape.parameters)
            low, high = maths.log(odds / (1.0 - odds))
            score = (low + high) * 0.5 + (high - low) / (2.0 * Z95) * z
            return 1.0 / (1.0 + np.asarray(maths.exp(-score)))


def _by_uniform(shape: Distribution, u: FloatArray) -> FloatArray:
    if shape.shape == "uniform":
        low, high = shape.parameters
        return low + (high - low) * u
    low, mode, high = shape.parameters
    share = (mode - low) / (high - low)
    below = low + np.sqrt(u * (high - low) * (mode - low))
    above = high - np.sqrt((1.0 - u) * (high - low) * (high - mode))
    return np.where(u < share, below, above)


def in_base_units(shape: Distribution, written: FloatArray) -> FloatArray:
    """Values as written in base units; a growth as the continuous rate per month it is kept as."""
    if shape.kind == "growth":
        return np.asarray(maths.log(1.0 + written)) / shape.period
    return written * shape.scale


def median(shape: Distribution) -> float:
    """The median in base units."""
    if shape.shape in ("uniform", "triangular"):
        return float(in_base_units(shape, _by_uniform(shape, np.full(1, 0.5)))[0])
    return float(in_base_units(shape, _by_normal(shape, np.zeros(1)))[0])


def exponentials(seed: int, events: tuple[str, ...], paths: PathArray, central: bool = False) -> dict[str, FloatArray]:
    """One standard exponential an event and path; on the central path no hazard ever strikes."""
    if central:
        return {event: np.full(len(paths), np.inf) for event in events}
    return {event: -np.asarray(maths.log(uniform(seed, driver_key(event), paths, WHOLE_PATH))) for event in events}


@dataclass
class Shocks:
    """The normals of each month for a set of paths. Blocks of four months are computed once; not shared between
    threads."""

    seed: int
    paths: PathArray
    central: bool = False
    _blocks: dict[str, tuple[int, tuple[npt.NDArray[np.uint64], ...]]] = field(default_factory=dict)

    def normal(self, driver: str, month: int) -> FloatArray:
        """float64[path] for a driver in a calendar month."""
        if self.central:
            return np.zeros(len(self.paths))
        number, word = divmod(month, 4)
        kept = self._blocks.get(driver)
        if kept is None or kept[0] != number:
            kept = (number, block(self.seed, driver_key(driver), self.paths, number))
            self._blocks[driver] = kept
        return np.asarray(maths.normal_draw((kept[1][word].astype(np.float64) + 0.5) * 2.0**-32))
