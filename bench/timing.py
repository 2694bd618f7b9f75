"""Clocks: functions measured in turn, so that a slow moment of the machine hits all of them alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter


def alternately(functions: Mapping[str, Callable[[], object]], budget: float, most: int = 15) -> dict[str, float]:
    """Median seconds of each function, run one after another (A B A B …) until the budget of seconds is used up, after
    one round that does not count; at least one round, at most `most`."""
    began = perf_counter()
    for function in functions.values():
        function()
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(most):
        for name, function in functions.items():
            seconds[name].append(timed(function))
        spent = perf_counter() - began
        if spent + sum(each[-1] for each in seconds.values()) > budget:
            break
    return {name: median(each) for name, each in seconds.items()}


def timed(function: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = perf_counter()
    function()
    return perf_counter() - began


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """b of cost = a * size^b by least squares in logarithms; 1 is linear."""
    x, y = ([math.log(point[axis]) for point in points] for axis in (0, 1))
    x_mean, y_mean = sum(x) / len(x), sum(y) / len(y)
    pairs = list(zip(x, y, strict=True))
    return sum((a - x_mean) * (b - y_mean) for a, b in pairs) / sum((a - x_mean) ** 2 for a, _ in pairs)
