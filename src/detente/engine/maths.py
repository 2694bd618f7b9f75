"""Exponential, logarithm, power, the normal distribution and its quantile, written once for every back end.

Rule R5 asks for the same bits from the oracle and from the kernel. No two libraries agree on the last bit of `exp`, so
these are ours: straight lines of IEEE operations, each rounded once, none fused, none reordered. A function is written
over `Operations`, the few primitives that have no operator in Python. `NUMPY` carries them out on arrays; a code
generator implements the same protocol on values that emit an instruction for each operator. `docs/numerics.md` gives
the measured accuracy of each function and says how it was measured.

A NaN comes out as a NaN; its sign and payload are not promised. Subnormal numbers count as zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

# What a back end computes with: a vector of floats, of their bits or of truths. Floats have + - * / and comparisons;
# bits have + & ^ << < and, where positive, >>; truths have &. A Python number may stand beside an operator and in a
# select: it takes the type of the other. An operator with assignment may write in place.
Value = Any


class Operations(Protocol):
    """The primitives of a back end that Python has no operator for."""

    def select(self, condition: Value, then: Value, otherwise: Value) -> Value:
        """`then` where the condition holds, else `otherwise`."""

    def usually(self, condition: Value, usual: Value, rare: Callable[[], Value]) -> Value:
        """`usual` where the condition holds, else `rare()`.

        A select whose second side hardly ever matters: a back end may skip it when the condition holds in every lane,
        which changes no bit, since no lane sees another.
        """

    def clip(self, x: Value, low: float, high: float) -> Value:
        """`x` between two numbers other than zero; a NaN stays."""

    def floor(self, x: Value) -> Value: ...

    def sqrt(self, x: Value) -> Value:
        """Correctly rounded, as IEEE 754 has it."""

    def lower_half(self, bits: Value) -> Value:
        """The lower 32 bits of an int64, as an int32."""

    def to_float(self, whole: Value) -> Value:
        """The float32 nearest to an int32."""

    def to_bits(self, x: Value) -> Value:
        """The bits of a float64 as an int64, of a float32 as an int32."""

    def from_bits(self, bits: Value) -> Value:
        """The float with these bits."""

    def narrow(self, x: Value) -> Value:
        """The nearest float32."""

    def widen(self, x: Value) -> Value:
        """The same number as a float64."""


class _NumPy:
    """`Operations` on arrays."""

    def select(self, condition: Value, then: Value, otherwise: Value) -> Value:
        return np.where(condition, then, otherwise)

    def usually(self, condition: Value, usual: Value, rare: Callable[[], Value]) -> Value:
        return usual if np.all(condition) else np.where(condition, usual, rare())

    def clip(self, x: Value, low: float, high: float) -> Value:
        return np.minimum(np.maximum(x, low), high)

    def floor(self, x: Value) -> Value:
        return np.floor(x)

    def sqrt(self, x: Value) -> Value:
        return np.sqrt(x)

    def lower_half(self, bits: Value) -> Value:
        return bits.astype(np.uint32).view(np.int32)

    def to_float(self, whole: Value) -> Value:
        return whole.astype(np.float32)

    def to_bits(self, x: Value) -> Value:
        return x.view(np.int64 if x.dtype == np.float64 else np.int32)

    def from_bits(self, bits: Value) -> Value:
        return bits.view(np.float64 if bits.dtype == np.int64 else np.float32)

    def narrow(self, x: Value) -> Value:
        return x.astype(np.float32)

    def widen(self, x: Value) -> Value:
        return x.astype(np.float64)


NUMPY: Operations = _NumPy()


def exp(x: Value, *, on: Operations = NUMPY) -> Value:
    """e to the power x; infinity from 709.79 on, zero from -708.05 down."""
    with np.errstate(all="ignore"):
        shifted, rest = _split_exponent(_argument(x), on)
        return _join_exponent(shifted, rest, on)


def log(x: Value, *, on: Operations = NUMPY) -> Value:
    """The natural logarithm; minus infinity at zero, NaN below."""
    with np.errstate(all="ignore"):
        x = _argument(x)
        return on.usually(_is_ordinary(x), _log(x, on), lambda: _log_of_the_rest(x, on))


def power(x: Value, y: Value, *, on: Operations = NUMPY) -> Value:
    """x to the power y.

    One where y is zero or x is one. At x = 0: zero for a positive y, infinity for a negative one. A negative x has a
    power where y is a whole number, else NaN. Unlike in C a NaN on either side always gives a NaN: R7 wants absence to
    be seen. The sign of a zero is not looked at.
    """
    with np.errstate(all="ignore"):
        x, y = _argument(x), _argument(y)
        size = on.from_bits(on.to_bits(x) & _NO_SIGN)
        high, low = _log_in_two(size, on)
        # Beyond 2**64 every power of a number other than one has run off the scale; inside, no product overflows.
        exponent = on.clip(y, -_FAR, _FAR)
        # The product in two: half-width factors multiply without rounding.
        y_high, log_high = _upper_half(exponent, on), _upper_half(high, on)
        product = y_high * log_high
        rest = (exponent - y_high) * log_high + exponent * ((high - log_high) + low)
        total = product + rest
        error = on.clip(rest - (total - product), -1e-3, 1e-3)
        shifted, remainder = _split_exponent(total, on)
        result = _join_exponent(shifted, remainder + error, on)
        return on.usually(x >= 0.0, result, lambda: _signed_power(result, x, y, on))


def normal_quantile(u: Value, *, on: Operations = NUMPY) -> Value:
    """The standard normal value below which lies the share u; minus infinity at zero, infinity at one, NaN outside.

    One rational function down to u = 1.4e-11, which every 32-bit draw exceeds; beyond it the far tail of PPND16 of
    Wichura, Algorithm AS 241, Applied Statistics 37 (1988), 477-484.
    """
    with np.errstate(all="ignore"):
        u = _argument(u)
        centred = u - 0.5
        hump = u * 4.0 * (1.0 - u)
        w = 0.0 - _log(hump, on)
        core = centred * _polynomial(w, _CORE_ABOVE) / _polynomial(w, _CORE_BELOW)
        return on.usually(hump > 5.55e-11, core, lambda: _far_quantile(u, on))


def normal_draw(word: Value, *, on: Operations = NUMPY) -> Value:
    """The standard normal value that a word draws: `normal_quantile` of (word + 1/2) / 2**32, in float32 arithmetic
    within. Half the time, and all a simulation needs.

    `word` is a whole number below 2**32, in a lane of 64 bits. Relatively within 5e-7 of the quantile for each of the
    2**32 words.
    """
    with np.errstate(all="ignore"):
        signed = on.lower_half(word)
        upper = signed < 0
        nearer = on.select(upper, signed ^ -1, signed)  # how many words lie between it and the nearer end
        tail, away = on.to_float(nearer) + 0.5, on.to_float(nearer ^ _LARGEST_WORD) + 0.5
        centred = on.select(upper, away, 0.0 - away)
        exponent, mantissa = _reduce(tail * (2.0**32 - tail), on, _SINGLE_HUMP)
        f = mantissa - 1.0
        s = f / (mantissa + 1.0)
        square = s * s
        w = exponent * _LN2 + s * (square * _polynomial(square, _DRAW_LOG) + 2.0)
        return on.widen(centred * _polynomial(w, _DRAW_ABOVE) / _polynomial(w, _DRAW_BELOW))


def normal_cdf(z: Value, *, on: Operations = NUMPY) -> Value:
    """The share of a standard normal that lies below z; zero from -37.6 down, one from 8.3 up.

    The rational functions of Cody, "Rational Chebyshev approximations for the error function", Mathematics of
    Computation 23 (1969), 631-637. The lower tail keeps its digits: nothing is taken from one there.
    """
    with np.errstate(all="ignore"):
        z = _argument(z)
        size = on.clip(on.from_bits(on.to_bits(z) & _NO_SIGN), 2.0**-70, 40.0)
        # exp(-size**2 / 2) in two: the square of a multiple of 1/16 is exact, and what is left of the square is small.
        rough = on.floor(size * 16.0) * 0.0625
        rest = (size - rough) * (size + rough)
        fall = exp(rough * rough * -0.5, on=on) * exp(rest * -0.5, on=on)
        y = size * _ROOT_HALF
        tail = fall * (_polynomial(y, _ERFC_ABOVE) / _polynomial(y, _ERFC_BELOW)) * 0.5
        tail = on.usually(y <= 4.0, tail, lambda: _far_tail(y, fall))
        square = y * y
        half = y * (_polynomial(square, _ERF_ABOVE) / _polynomial(square, _ERF_BELOW)) * 0.5
        tail = on.select(y <= 0.46875, 0.5 - half, tail)
        return on.select(z < 0.0, tail, 1.0 - tail)


# Exponential: x = k ln 2 + r with |r| <= ln(2) / 2, then a polynomial in r, then k into the exponent.

# Adding this rounds to a whole number and leaves it in the lowest bits.
_ROUNDER = 1.5 * 2.0**52
# ln 2 in two: the first part has 40 bits, so that its product with an exponent is exact.
_LN2_HIGH, _LN2_LOW = 0.6931471805592082, 7.371002565167799e-13
_LOG2_E = 1.4426950408889634
# Minimax for (e**r - 1 - r - r**2 / 2 - r**3 / 6) / r**4, relative to e**r: 6.6e-18.
_EXP = (
    2.5009213103307196e-08, 2.762388115164058e-07, 2.75575175123681e-06, 2.480151221709839e-05, 0.0001984126964393992,
    0.001388888892372183, 0.008333333333391622, 0.04166666666661246, 1 / 6, 0.5, 1.0, 1.0,
)  # fmt: skip
# Twice that, which rounds nothing: the scale is a power lower than asked for, so that the largest finite results are
# reached, and at the lower end its exponent field runs into zero, which makes the result zero.
_TWICE_EXP = tuple(2.0 * one for one in _EXP)


def _split_exponent(x: Value, on: Operations) -> tuple[Value, Value]:
    x = on.clip(x, -708.4, 710.0)
    shifted = x * _LOG2_E + _ROUNDER
    whole = shifted - _ROUNDER
    return shifted, (x - whole * _LN2_HIGH) - whole * _LN2_LOW


def _join_exponent(shifted: Value, rest: Value, on: Operations) -> Value:
    return _polynomial(rest, _TWICE_EXP) * on.from_bits((on.to_bits(shifted) + 1022) << 52)


# Logarithm: x = 2**e (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2); s = f / (2 + f); log(1 + f) = 2 s + s R(s**2).
# The reduction and the order of the last sum are those of FreeBSD's e_log.c (Sun Microsystems, 1993).

_SMALLEST, _LARGEST = 2.0**-1022, 1.7976931348623157e308
_NO_SIGN = 0x7FFFFFFFFFFFFFFF


class _Format(NamedTuple):
    """A binary format of IEEE 754, as far as a logarithm takes its numbers apart."""

    mantissa_bits: int
    one: int  # the bits of 1
    root_half: int  # the bits of sqrt(1/2)
    whole: int  # the bits of 2**mantissa_bits, whose last place counts in ones
    bias: float  # 2**mantissa_bits and the bias of the exponent


_DOUBLE = _Format(52, 0x3FF0000000000000, 0x3FE6A09E667F3BCD, 0x4330000000000000, 2.0**52 + 1023.0)
_SINGLE = _Format(23, 0x3F800000, 0x3F3504F3, 0x4B000000, 2.0**23 + 127.0)
# The same, for 4 u (1 - u) given in units of 2**-62.
_SINGLE_HUMP = _SINGLE._replace(bias=_SINGLE.bias + 62.0)
_LARGEST_WORD = (1 << 31) - 1
# Minimax for R(z) / z, absolute error of R 2**-58.3.
_LOG = (
    0.14796424506248287, 0.15313999173928625, 0.18183566533003878, 0.2222219852554002, 0.2857142874292472,
    0.39999999999411745, 0.6666666666666735,
)  # fmt: skip


def _is_ordinary(x: Value) -> Value:
    return (x >= _SMALLEST) & (x <= _LARGEST)


def _log_of_the_rest(x: Value, on: Operations) -> Value:
    return on.select(x > _LARGEST, x, on.select((x < _SMALLEST) & (x >= 0.0), -np.inf, np.nan))


def _reduce(x: Value, on: Operations, kind: _Format) -> tuple[Value, Value]:
    """The exponent e and 1 + f of an ordinary x; anything for another."""
    bits = on.to_bits(x) + (kind.one - kind.root_half)
    exponent = on.from_bits((bits >> kind.mantissa_bits) + kind.whole) - kind.bias
    return exponent, on.from_bits((bits & ((1 << kind.mantissa_bits) - 1)) + kind.root_half)


def _log(x: Value, on: Operations) -> Value:
    exponent, mantissa = _reduce(x, on, _DOUBLE)
    f = mantissa - 1.0
    s = f / (f + 2.0)
    square = s * s
    half = f * f * 0.5
    small = s * (half + square * _polynomial(square, _LOG))
    return exponent * _LN2_HIGH - ((half - (small + exponent * _LN2_LOW)) - f)


# Power: the logarithm in two doubles, so that a product with it loses nothing.

_FAR = 2.0**64
_UPPER_HALF = -(1 << 27)


def _upper_half(x: Value, on: Operations) -> Value:
    """The leading 26 bits of x: two such numbers multiply without rounding."""
    return on.from_bits(on.to_bits(x) & _UPPER_HALF)


def _log_in_two(x: Value, on: Operations) -> tuple[Value, Value]:
    """The logarithm of x >= 0 as a sum of two, good to about 2**-59; at zero and infinity it is merely enormous."""
    exponent, mantissa = _reduce(x, on, _DOUBLE)
    f = mantissa - 1.0
    below = mantissa + 1.0
    s = f / below
    s_high, below_high = _upper_half(s, on), _upper_half(below, on)
    # What the division left over, found with exact products.
    s_low = ((f - s_high * below_high) - s_high * (mantissa - (below_high - 1.0))) / below
    square = s * s
    low = s_low * 2.0 + s * (square * _polynomial(square, _LOG))
    whole, part = exponent * _LN2_HIGH, s_high * 2.0
    first = whole + part
    second = (part - (first - whole)) + (low + exponent * _LN2_LOW)
    high = first + second
    low = second - (high - first)
    ordinary = _is_ordinary(x)
    return (
        on.usually(ordinary, high, lambda: on.clip(_log_of_the_rest(x, on), -(2.0**900), 2.0**900)),
        on.usually(ordinary, low, lambda: 0.0),
    )


def _signed_power(size: Value, x: Value, y: Value, on: Operations) -> Value:
    """The power of x given that of its size."""
    whole = on.floor(y) == y
    half = y * 0.5
    odd = whole & (on.floor(half) != half)
    signed = on.select(odd, 0.0 - size, on.select(whole, size, np.nan))
    return on.select(x < 0.0, signed, size)


def _argument(x: Value) -> Value:
    return np.asarray(x, dtype=np.float64) if isinstance(x, float | int | np.ndarray | np.generic) else x


def _polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """Horner's rule, the highest power first. The sums are made in place: they are this function's own."""
    total = x * coefficients[0]
    for coefficient in coefficients[1:-1]:
        total += coefficient
        total *= x
    total += coefficients[-1]
    return total


# Normal quantile: with w = -log(4 u (1 - u)) the quantile is (u - 1/2) G(w), where G is smooth from the centre to the
# tail, so that one rational function of w replaces the usual branches (after Giles, GPU Computing Gems 2, 2011, who
# takes two polynomials of w and sqrt(w)). Minimax up to w = 23.6, where u = exp(-25): relative error 6.4e-16;
# all terms are positive, so that rounding adds little. The highest power first.

_CORE_ABOVE = (
    7.331865421106746e-15, 6.370901106038037e-12, 5.542449739356787e-10, 1.761460652718865e-08, 3.886193943954423e-07,
    6.708196480257982e-06, 9.075481724779618e-05, 0.000964150624518401, 0.008090010380702697, 0.053499722420354785,
    0.2696058150138749, 0.9739956468836347, 2.506628274630999,
)  # fmt: skip
_CORE_BELOW = (
    1.153625397842248e-13, 2.5835297831828806e-11, 1.18736521942238e-09, 3.2317363900889616e-08,
    5.743156033197291e-07, 1.023757696324015e-05, 9.895298698522597e-05, 0.0012656171009096237, 0.006268095240197768,
    0.06133716499420775, 0.1267686566696155, 1.0,
)  # fmt: skip

# The same in float32, up to w = 21.5, where u = 2**-33: relative error 9.6e-9, below what float32 can tell. In -w, and
# with u - 1/2 in units of 2**-32: powers of two, which round nothing.
_LN2 = 0.69314718
_DRAW_LOG = 0.29871728, 0.39977542, 0.66666776
_DRAW_ABOVE = tuple(sign * 2.0**-32 * one for sign, one in zip((1, -1, 1, -1, 1, -1, 1), (
    3.8183455e-07, 0.000118551696, 0.0022752036, 0.02504085, 0.18198493, 0.8948527, 2.5066283,
), strict=True))  # fmt: skip
_DRAW_BELOW = tuple(sign * one for sign, one in zip((-1, 1, -1, 1, -1, 1), (
    3.7345487e-06, 0.00024831123, 0.0023109228, 0.034648757, 0.09519491, 1.0,
), strict=True))  # fmt: skip

# Further out: AS 241, in sqrt(-log(u)) - 5.
_FAR_ABOVE = (
    2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
    2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0,
)  # fmt: skip
_FAR_BELOW = (
    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
    1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0,
)  # fmt: skip


def _far_quantile(u: Value, on: Operations) -> Value:
    lower = u < 0.5
    tail = on.select(lower, u, 1.0 - u)
    t = on.sqrt(0.0 - _log(tail, on)) - 5.0
    size = _polynomial(t, _FAR_ABOVE) / _polynomial(t, _FAR_BELOW)
    size = on.select(tail > 0.0, size, on.select(tail == 0.0, np.inf, np.nan))
    return on.select(lower, 0.0 - size, size)


# Normal distribution: Cody's rational functions of y = z / sqrt(2), the highest power first. Up to 0.46875 erf(y) / y
# in y**2; up to 4 erfc(y) exp(y**2) in y; beyond, the same in 1 / y**2, which is here turned round into y**2.
_ROOT_HALF = 0.7071067811865476
_ROOT_PI_INVERSE = 0.5641895835477563
_ERF_ABOVE = (
    1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3,
)  # fmt: skip
_ERF_BELOW = (
    1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3,
)  # fmt: skip
_ERFC_ABOVE = (
    2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1, 2.98635138197400131e2,
    8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3,
)  # fmt: skip
_ERFC_BELOW = (
    1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
    3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
)  # fmt: skip
_FAR_ERFC_ABOVE = (
    6.58749161529837803e-4, 1.60837851487422766e-2, 1.25781726111229246e-1, 3.60344899949804439e-1,
    3.05326634961232344e-1, 1.63153871373020978e-2,
)  # fmt: skip
_FAR_ERFC_BELOW = (
    2.33520497626869185e-3, 6.05183413124413191e-2, 5.27905102951428412e-1, 1.87295284992346047, 2.56852019228982242,
    1.0,
)  # fmt: skip


def _far_tail(y: Value, fall: Value) -> Value:
    square = y * y
    part = _polynomial(square, _FAR_ERFC_ABOVE) / _polynomial(square, _FAR_ERFC_BELOW) / square
    return fall * ((_ROOT_PI_INVERSE - part) / y) * 0.5
