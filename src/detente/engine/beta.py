"""The beta distribution: the share below a value, and the value below which a share lies.

Both rest on the continued fraction of the incomplete beta function (DLMF 8.17.22; Press et al., Numerical Recipes,
2007, 6.4), which converges fast below its turning point (alpha + 1) / (alpha + beta + 2); beyond, the mirror image is
taken. Where the two meet they have to sum to one: that gives the complete beta function, so no gamma function is
needed. Every lane is computed by itself, in operations that are each rounded once, so that any chunk gives the same
bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from detente.engine import maths

FloatArray = npt.NDArray[np.float64]

CLOSE = 1e-9
"""The last of Newton's steps in log(x / (1 - x)): they converge quadratically, and the next would change nothing."""
MOST_STEPS = 200
"""Where Newton's steps end if rounding keeps them from becoming small; about five are the rule."""


def beta_cdf(alpha: float, beta: float, x: FloatArray) -> FloatArray:
    """The share of a beta distribution below x, float64[any]; 0 below 0, 1 above 1."""
    of = _half(alpha, beta)
    found, below = np.empty(len(x)), x <= of.turn
    with np.errstate(all="ignore"):
        for chosen, half, inside in ((below, of, x), (~below, of.mirrored, 1.0 - x)):
            small = np.maximum(inside[chosen], 0.0)
            found[chosen] = maths.exp(_log_share(half, small, maths.log(small), maths.log(1.0 - small))[0])
    found[~below] = 1.0 - found[~below]
    return found


def beta_quantile(alpha: float, beta: float, u: FloatArray) -> FloatArray:
    """The value below which the share u of a beta distribution lies, float64[path]; u within (0, 1)."""
    of = _half(alpha, beta)
    below = u <= of.share
    found = np.empty(len(u))
    found[below] = _small_quantile(of, u[below])
    found[~below] = 1.0 - _small_quantile(of.mirrored, 1.0 - u[~below])
    return found


def _small_quantile(of: _Half, u: FloatArray) -> FloatArray:
    """The quantile of shares up to that of the turning point.

    Newton's method for the logarithm of the share over y = log(x / (1 - x)): the density over y is logarithmically
    concave, so the logarithm of the share is concave too, and the steps converge from wherever they start.
    """
    target = np.asarray(maths.log(u))
    y = np.minimum(_start(of, u, target), np.asarray(maths.log(np.array([of.turn / (1.0 - of.turn)]))))
    found = np.empty(len(u))
    lanes = np.arange(len(u))
    for _ in range(MOST_STEPS):
        fall = np.asarray(maths.exp(-np.abs(y)))
        # log(1 + fall) with all its digits, also where 1 + fall rounds to 1 (Kahan).
        above = 1.0 + fall
        rest = np.where(
            above == 1.0, fall, np.asarray(maths.log(above)) * fall / np.where(above == 1.0, 1.0, above - 1.0)
        )
        log_x, log_rest = np.minimum(y, 0.0) - rest, np.minimum(-y, 0.0) - rest
        x = np.asarray(maths.exp(log_x))
        share, slope = _log_share(of, x, log_x, log_rest)
        step = (target - share) / slope
        y = y + step
        going = np.abs(step) > CLOSE
        found[lanes] = y
        lanes, y, target = lanes[going], y[going], target[going]
        if not len(lanes):
            break
    return np.asarray(1.0 / (1.0 + np.asarray(maths.exp(-found))))


def _start(of: _Half, u: FloatArray, target: FloatArray) -> FloatArray:
    """Near the quantile: as if log(x / (1 - x)) were normal, or, where it is far from that, as at the very end."""
    if min(of.alpha, of.beta) < 1.0:
        return (target + of.log_scale) / of.alpha
    spread = math.sqrt(1.0 / of.alpha + 1.0 / of.beta)
    middle = float(maths.log(np.array([of.alpha / of.beta]))[0])
    score: FloatArray = maths.normal_quantile(u)
    return middle + spread * score


def _log_share(of: _Half, x: FloatArray, log_x: FloatArray, log_rest: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The logarithm of the share below x, up to the turning point, and its slope over log(x / (1 - x))."""
    fraction = _fraction(of.terms, x)
    share = of.alpha * log_x + of.beta * log_rest - of.log_scale + np.asarray(maths.log(fraction))
    return share, of.alpha / fraction


@dataclass(frozen=True)
class _Half:
    """A beta distribution up to its turning point: the logarithm of alpha times the beta function, the share that lies
    below the turning point, and the terms of the continued fraction that are needed there."""

    alpha: float
    beta: float
    turn: float
    share: float
    log_scale: float
    terms: tuple[float, ...]

    @property
    def mirrored(self) -> _Half:
        return _half(self.beta, self.alpha)


@lru_cache(maxsize=1024)
def _half(alpha: float, beta: float) -> _Half:
    turn = (alpha + 1.0) / (alpha + beta + 2.0)
    terms, below = _settled_terms(alpha, beta, turn)
    _, above = _settled_terms(beta, alpha, 1.0 - turn)
    below, above = below / alpha, above / beta
    log_x, log_rest, log_both = (float(one) for one in maths.log(np.array([turn, 1.0 - turn, below + above])))
    log_alpha = float(maths.log(np.array([alpha]))[0])
    log_scale = alpha * log_x + beta * log_rest + log_both + log_alpha
    return _Half(alpha, beta, turn, below / (below + above), log_scale, terms)


def _settled_terms(alpha: float, beta: float, x: float) -> tuple[tuple[float, ...], float]:
    """As many terms as settle the fraction at x, and its value there; further down fewer would do."""
    count, before = 8, 0.0
    while True:
        terms = tuple(_term(alpha, beta, number) for number in range(1, count + 1))
        value = float(_fraction(terms, np.array([x]))[0])
        if abs(value - before) <= 1e-16 * abs(value):
            return terms, value
        count, before = count * 3 // 2, value


def _term(alpha: float, beta: float, number: int) -> float:
    half = number // 2
    below = (alpha + (number - 1.0)) * (alpha + number)
    if number % 2:
        return -(alpha + half) * (alpha + beta + half) / below
    return half * (beta - half) / below


def _fraction(terms: tuple[float, ...], x: FloatArray) -> FloatArray:
    value = np.ones(len(x))
    for term in reversed(terms):
        np.divide(x * term, value, out=value)
        value += 1.0
    return 1.0 / value
