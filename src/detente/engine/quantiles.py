"""Quantiles of distributions: the value, as written, below which a share of the draws lies. It rises with the share,
and gives draws, medians and what an input is held at alike."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from detente.engine import maths
from detente.engine.beta import beta_cdf, beta_quantile
from detente.lang.distribution import NORMAL_SHAPES, Distribution

FloatArray = npt.NDArray[np.float64]

Z95 = 1.6448536269514722

KNOWN = 1024
"""Quantiles of each part of a mixture that are computed once."""
MOST_STEPS = 200
"""Steps of the search in a mixture: more than halving alone would take."""


def quantile(shape: Distribution, u: FloatArray) -> FloatArray:
    """The value below which the share u lies, as written: float64[path] for u within (0, 1)."""
    if shape.shape in NORMAL_SHAPES:
        return by_score(shape, np.asarray(maths.normal_quantile(u)))
    match shape.shape:
        case "fixed":
            return np.full(len(u), shape.parameters[0])
        case "uniform":
            low, high = shape.parameters
            return low + (high - low) * u
        case "triangular":
            low, mode, high = shape.parameters
            share = (mode - low) / (high - low)
            below = low + np.sqrt(u * (high - low) * (mode - low))
            above = high - np.sqrt((1.0 - u) * (high - low) * (high - mode))
            return np.where(u < share, below, above)
        case "beta":
            alpha, beta, low, high = shape.parameters
            return low + (high - low) * beta_quantile(alpha, beta, u)
        case "mixture":
            return _mixture_quantile(shape, u)
        case _:
            values, shares = _steps(shape)
            return values[np.searchsorted(shares[:-1], u)]


def by_score(shape: Distribution, z: FloatArray) -> FloatArray:
    """The value of a shape made of a standard normal, as written: float64[path]."""
    match shape.shape:
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


def share_below(shape: Distribution, x: FloatArray) -> FloatArray:
    """The share of draws at x, as written, or below it: float64[any]."""
    with np.errstate(all="ignore"):
        match shape.shape:
            case "normal":
                return _share_of_score(shape.parameters, x)
            case "lognormal":
                low, high = maths.log(np.array(shape.parameters))
                found = _share_of_score((low, high), np.asarray(maths.log(np.maximum(x, 0.0))))
                return np.where(x > 0.0, found, 0.0)
            case "logit-normal":
                odds = np.array(shape.parameters)
                low, high = maths.log(odds / (1.0 - odds))
                inside = np.clip(x, 0.0, 1.0)
                score = np.asarray(maths.log(inside)) - np.asarray(maths.log(1.0 - inside))
                return np.where(x >= 1.0, 1.0, np.where(x > 0.0, _share_of_score((low, high), score), 0.0))
            case "uniform":
                low, high = shape.parameters
                return np.clip((x - low) / (high - low), 0.0, 1.0)
            case "triangular":
                low, mode, high = shape.parameters
                inside = np.clip(x, low, high)
                below = (inside - low) * (inside - low) / ((high - low) * (mode - low))
                above = 1.0 - (high - inside) * (high - inside) / ((high - low) * (high - mode))
                return np.where(inside < mode, below, above)
            case "beta":
                alpha, beta, low, high = shape.parameters
                return beta_cdf(alpha, beta, np.clip((x - low) / (high - low), 0.0, 1.0))
            case "mixture":
                return _share_of_mixture(shape, x)
            case _:
                values, shares = _steps(shape)
                return np.concatenate([[0.0], shares])[np.searchsorted(values, x, side="right")]


def _share_of_score(ends: tuple[float, ...], x: FloatArray) -> FloatArray:
    low, high = ends
    return np.asarray(maths.normal_cdf((x - (low + high) * 0.5) / ((high - low) / (2.0 * Z95))))


@lru_cache(maxsize=1024)
def _steps(shape: Distribution) -> tuple[FloatArray, FloatArray]:
    """The values of a discrete shape, rising, and the share of draws at each or below."""
    match shape.shape:
        case "fixed":
            return np.array(shape.parameters), np.ones(1)
        case "bernoulli":
            return np.array([0.0, 1.0]), np.array([1.0 - shape.parameters[0], 1.0])
        case "empirical":
            count = len(shape.parameters)
            return np.array(shape.parameters), np.arange(1, count + 1) / count
        case _:
            return _poisson_steps(shape.parameters[0])


def _poisson_steps(mean: float) -> tuple[FloatArray, FloatArray]:
    """Up to the count at which the share no longer changes."""
    chance = float(maths.exp(np.array([-mean]))[0])
    shares, share, count = [chance], chance, 0
    while count < mean or share + chance > share:
        count += 1
        chance *= mean / count
        share += chance
        shares.append(share)
    return np.arange(count + 1.0), np.array(shares)


# A mixture: the share below x is the weighted sum of those of its parts, and its quantile is searched for between the
# least and the greatest of theirs.


def _share_of_mixture(shape: Distribution, x: FloatArray) -> FloatArray:
    total = np.zeros(len(x))
    for weight, part in zip(shape.parameters, shape.parts, strict=True):
        if part.discrete:
            values, shares = _steps(part)
            below = np.searchsorted(values * _ratio(shape, part), x, side="right")
            total = total + weight * np.concatenate([[0.0], shares])[below]
        else:
            total = total + weight * share_below(part, x / _ratio(shape, part))
    return total


def _ratio(shape: Distribution, part: Distribution) -> float:
    """What one of a part, as written, is in the mixture."""
    return part.scale / shape.scale


def _mixture_quantile(shape: Distribution, u: FloatArray) -> FloatArray:
    """The least x at which the share below reaches u: one of the known values where the share jumps across u there, as
    it does at a single value of a part, else between two of them, or among the quantiles of the parts beyond them."""
    values, shares, before = _known(shape)
    place = np.searchsorted(shares, u)
    later, earlier = np.minimum(place, len(values) - 1), np.maximum(place - 1, 0)
    hit = (place < len(values)) & (before[later] < u)
    found: FloatArray = values[later]
    low, high = values[earlier], values[later]
    over_low, over_high = shares[earlier] - u, shares[later] - u
    beyond = ~hit & ((place == 0) | (place == len(values)))
    if beyond.any():
        ends = np.stack([quantile(part, u[beyond]) * _ratio(shape, part) for part in shape.parts])
        low[beyond], high[beyond] = ends.min(axis=0), ends.max(axis=0)
        over_low[beyond] = _share_of_mixture(shape, low[beyond]) - u[beyond]
        over_high[beyond] = _share_of_mixture(shape, high[beyond]) - u[beyond]
    between = ~hit
    found[between] = _searched(shape, u[between], low[between], high[between], over_low[between], over_high[between])
    return found


@lru_cache(maxsize=256)
def _known(shape: Distribution) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Values of a mixture, rising, with the share of draws at each or below and the share strictly below: every single
    value of its parts, and enough quantiles of the others for a search to begin close."""
    grid = (np.arange(KNOWN) + 0.5) / KNOWN
    of_parts = [
        (_steps(part)[0] if part.discrete else quantile(part, grid)) * _ratio(shape, part) for part in shape.parts
    ]
    values = np.unique(np.concatenate(of_parts))
    before = _share_of_mixture(shape, np.nextafter(values, -np.inf))
    return values, np.maximum.accumulate(_share_of_mixture(shape, values)), before


def _searched(
    shape: Distribution,
    u: FloatArray,
    low: FloatArray,
    high: FloatArray,
    over_low: FloatArray,
    over_high: FloatArray,
) -> FloatArray:
    """The least x between two ends at which the share below reaches u; `over` is by how much an end is over it.

    The bracketing search of Chandrupatla, "A new hybrid quadratic/bisection algorithm for finding the zero of a
    nonlinear function without using derivatives", Advances in Engineering Software 28 (1997), 145-149. A lane is
    finished by itself, so that any chunk gives the same bits.
    """
    found, lanes = high.copy(), np.arange(len(u))
    one, other, over_one, over_other = low, high, over_low, over_high
    finest = np.where((low < 0.0) & (high > 0.0), 1e-18 * (high - low), 0.0)
    found[over_one >= 0.0] = low[over_one >= 0.0]
    part = np.full(len(u), 0.5)
    going = (over_one < 0.0) & (over_other >= 0.0) & (low < high)
    for _ in range(MOST_STEPS):
        lanes, u, part, finest = lanes[going], u[going], part[going], finest[going]
        one, other, over_one, over_other = one[going], other[going], over_one[going], over_other[going]
        if not len(lanes):
            break
        new = one + part * (other - one)
        over = _share_of_mixture(shape, new) - u
        same = (over >= 0.0) == (over_one >= 0.0)
        third, over_third = np.where(same, one, other), np.where(same, over_one, over_other)
        other, over_other = np.where(same, other, one), np.where(same, over_other, over_one)
        one, over_one = new, over
        found[lanes] = np.where(over_one >= 0.0, one, other)
        width = np.abs(other - one)
        closest = 4.0 * 2.0**-52 * np.abs(one) + finest
        going = width > 2.0 * closest
        with np.errstate(all="ignore"):
            place, rise = (one - other) / (third - other), (over_one - over_other) / (over_third - over_other)
            smooth = (rise * rise < place) & ((1.0 - rise) * (1.0 - rise) < 1.0 - place)
            curved = over_one / (over_other - over_one) * over_third / (over_other - over_third) + (third - one) / (
                other - one
            ) * over_one / (over_third - over_one) * over_other / (over_third - over_other)
            least = closest / width
            part = np.where(smooth & np.isfinite(curved), np.clip(curved, least, 1.0 - least), 0.5)
            # Met exactly: a little less settles it, unless nothing lies there, and then halving finds the least such x.
            part = np.where(over_one == 0.0, np.where(over_third == 0.0, 0.5, least), part)
    return found
