"""Distributions as data: a shape, its parameters as written, and how a written value becomes one in base units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detente.lang.formula import Kind
from detente.lang.unit import Unit

Shape = Literal["fixed", "logit-normal", "lognormal", "normal", "uniform", "triangular"]


@dataclass(frozen=True, slots=True)
class Distribution:
    """An uncertain number.

    `parameters` are in the scale as written (`60` per cent a year is 0.6):
    fixed (value), logit-normal and lognormal and normal (5th percentile, 95th percentile), uniform (low, high),
    triangular (low, mode, high). A value x as written is `scale * x` in base units; a growth x over `period`
    months is kept
    as the continuous rate log(1 + x) / period per month.
    """

    shape: Shape
    parameters: tuple[float, ...]
    unit: Unit
    kind: Kind = "number"
    scale: float = 1.0
    period: float = 0.0


def range_shape(low: float, high: float, kind: Kind) -> Shape:
    """The shape of `low to high`: logit-normal for a share or probability, else lognormal if both are positive,
    else normal."""
    if kind in ("share", "probability") and low > 0.0 and high < 1.0:
        return "logit-normal"
    return "lognormal" if low > 0.0 else "normal"
