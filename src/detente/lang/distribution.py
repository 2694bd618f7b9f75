"""Distributions as data: a shape, its parameters as written, how a written value becomes one in base units, and the
forms in which people write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detente.lang.formula import Kind
from detente.lang.unit import Unit

Shape = Literal[
    "fixed", "logit-normal", "lognormal", "normal", "uniform", "triangular",
    "beta", "bernoulli", "poisson", "empirical", "mixture",
]  # fmt: skip

NORMAL_SHAPES = frozenset(("logit-normal", "lognormal", "normal"))
"""Shapes that are a function of a standard normal: drawn by it, so that they can be correlated as they are."""

DISCRETE_SHAPES = frozenset(("bernoulli", "poisson", "empirical"))
"""Shapes that take single values, each with a chance."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """An uncertain number.

    `parameters` are in the scale as written (`60` per cent a year is 0.6): fixed (value), logit-normal and lognormal
    and normal (5th percentile, 95th percentile), uniform (low, high), triangular (low, mode, high), beta (alpha, beta,
    low, high), bernoulli (chance of 1), poisson (mean), empirical (values, rising), mixture (a weight for each of
    `parts`, none of which is a mixture itself). A value x as written is `scale * x` in base units; a growth x over
    `period` months is kept as the continuous rate log(1 + x) / period per month.
    """

    shape: Shape
    parameters: tuple[float, ...]
    unit: Unit
    kind: Kind = "number"
    scale: float = 1.0
    period: float = 0.0
    parts: tuple[Distribution, ...] = ()

    @property
    def discrete(self) -> bool:
        """Whether it takes single values only."""
        single = ("fixed", *DISCRETE_SHAPES)
        return self.shape in DISCRETE_SHAPES or (
            self.shape == "mixture" and all(part.shape in single for part in self.parts)
        )

    @property
    def least(self) -> float:
        """What no draw falls below, as written; minus infinity where there is nothing of the kind."""
        match self.shape:
            case "normal":
                return float("-inf")
            case "logit-normal" | "lognormal" | "bernoulli" | "poisson":
                return 0.0
            case "beta":
                return self.parameters[2]
            case "mixture":
                return min(part.least for part in self.parts)
            case _:
                return self.parameters[0]

    @property
    def positive(self) -> bool:
        """Whether every draw is above zero."""
        if self.shape == "mixture":
            return all(part.positive for part in self.parts)
        ends_open = ("logit-normal", "lognormal", "beta", "triangular", "uniform")
        return self.least > 0.0 or (self.least == 0.0 and self.shape in ends_open)


def range_shape(low: float, high: float, kind: Kind) -> Shape:
    """The shape of `low to high`: logit-normal for a share or probability, else lognormal if both are positive, else
    normal."""
    if kind in ("share", "probability") and low > 0.0 and high < 1.0:
        return "logit-normal"
    return "lognormal" if low > 0.0 else "normal"


@dataclass(frozen=True, slots=True)
class Form:
    """A distribution as it is written: its arguments, one line of what it is, an example.

    The last `optional` arguments may be left out, all together; the last argument of a form that takes `many` may be
    followed by more like it.
    """

    name: str
    arguments: tuple[str, ...]
    gives: str
    example: str
    many: bool = False
    optional: int = 0

    @property
    def signature(self) -> str:
        """The form as it is called: "beta(alpha, beta[, low, high])"."""
        needed = len(self.arguments) - self.optional
        optional = "".join(f", {one}" for one in self.arguments[needed:])
        more = f"[{optional}]" if optional else ", …" if self.many else ""
        return f"{self.name}({', '.join(self.arguments[:needed])}{more})"


LARGEST_SHAPE = 10_000.0
"""The largest alpha and beta: beyond, a beta is a normal to any eye, and takes long to draw."""
SMALLEST_SHAPE = 0.01
"""The smallest alpha and beta: below, nearly every draw is 0 or 1 to the last digit."""
LARGEST_MEAN = 500.0
"""The largest mean of a poisson: beyond, it is a normal with the mean as its variance."""

DISTRIBUTIONS = {
    form.name: form
    for form in (
        Form("normal", ("mean", "deviation"), "a bell", "normal(10 USD, 3 USD)"),
        Form(
            "lognormal",
            ("median", "factor"),
            "positive, by its median and the factor from there to the 95th percentile",
            "lognormal(10 USD, 2)",
        ),
        Form("uniform", ("low", "high"), "anything between two ends alike", "uniform(2 MW, 6 MW)"),
        Form("triangular", ("low", "mode", "high"), "a likeliest value between two ends", "triangular(1, 2, 4)"),
        Form(
            "beta",
            ("alpha", "beta", "low", "high"),
            "a share, as after alpha - 1 successes and beta - 1 failures; or the same between two ends",
            "beta(2, 5)",
            optional=2,
        ),
        Form("bernoulli", ("chance",), "1 with a chance, else 0", "bernoulli(30%)"),
        Form("poisson", ("mean",), "a count of what happens independently", "poisson(3)"),
        Form("empirical", ("value", "value"), "each of the values alike", "empirical(3 USD, 5 USD, 11 USD)", many=True),
        Form(
            "mixture",
            ("weight", "distribution", "weight", "distribution"),
            "one of several distributions, each with its weight",
            "mixture(70%, 5 to 10 bn USD, 30%, 20 to 40 bn USD)",
            many=True,
        ),
    )
}
"""Every distribution that is written as a call, by name."""
