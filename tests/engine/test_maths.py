"""The functions: accurate, total, quiet, and the same bits from another back end."""

from __future__ import annotations

import math
import operator
import statistics
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.engine import maths

FloatArray = npt.NDArray[np.float64]
INF, NAN = math.inf, math.nan

ONE_SIDED: dict[str, Callable[..., Any]] = {
    "exp": maths.exp,
    "log": maths.log,
    "normal_quantile": maths.normal_quantile,
    "normal_cdf": maths.normal_cdf,
}
AWKWARD = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, INF, -INF, NAN, 5e-324, 2.0**-1022, 1.7976931348623157e308, 1e-300, 1e-12]
AWKWARD += [709.78, 709.79, 710.0, -708.04, -708.06, -745.0, 1 - 2.0**-53, 1 + 2.0**-52, 3.0, -3.0, 2.0**53, 1.4e-11]


def array(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def relative_error(got: FloatArray, exact: Sequence[float]) -> float:
    return float(np.max(np.abs(got / np.array(exact) - 1.0)))


def same_bits(left: FloatArray, right: FloatArray) -> bool:
    equal = (left.view(np.int64) == right.view(np.int64)) | (np.isnan(left) & np.isnan(right))
    return bool(equal.all())


# Accuracy. The C library is itself right to less than one unit in the last place, 2.2e-16.


@pytest.mark.parametrize(("low", "high"), [(-708.0, 709.7), (-1.0, 1.0), (-1e-6, 1e-6)])
def test_exp_is_accurate(low: float, high: float) -> None:
    x = np.random.default_rng(1).uniform(low, high, 20_000)
    assert relative_error(maths.exp(x), [math.exp(v) for v in x]) < 4.5e-16


@pytest.mark.parametrize(("low", "high"), [(-1022.0, 1023.9), (-1.0, 1.0), (-1e-9, 1e-9)])
def test_log_is_accurate(low: float, high: float) -> None:
    x = 2.0 ** np.random.default_rng(2).uniform(low, high, 20_000)
    x = x[x != 1.0]
    assert relative_error(maths.log(x), [math.log(v) for v in x]) < 4.5e-16


@pytest.mark.parametrize(("size", "bound"), [(50.0, 6e-16), (700.0, 5e-15)])
def test_power_is_accurate(size: float, bound: float) -> None:
    rng = np.random.default_rng(3)
    x = np.exp(rng.uniform(-20.0, 20.0, 20_000))
    y = rng.uniform(-size, size, 20_000) / np.abs(np.log(x))
    assert relative_error(maths.power(x, y), [math.pow(a, b) for a, b in zip(x, y, strict=True)]) < bound


def test_whole_powers_of_whole_numbers_are_exact() -> None:
    pairs = [(base, y) for base in range(-60, 61) for y in range(54) if abs(base**y) <= 2**53]
    got = maths.power(array(*(float(base) for base, _ in pairs)), array(*(float(y) for _, y in pairs)))
    assert got.tolist() == [float(base**y) for base, y in pairs]


# Computed with mpmath at 160 bits.
QUANTILES = {
    2.0**-1000: -37.11101193716479,
    2.0**-300: -20.19985664254582,
    2.0**-100: -11.484540434973038,
    2.0**-53: -8.209536151601387,
    1.3e-11: -6.667611456510741,
    1.38e-11: -6.658838502850766,
    1.39e-11: -6.657777073049202,
    1.5e-11: -6.646570887477113,
    2.0**-33: -6.3379577545537895,
    1e-6: -4.753424308822899,
    0.001: -3.0902323061678136,
    0.025: -1.9599639845400543,
    0.05: -1.6448536269514726,
    0.1: -1.2815515655446004,
    0.25: -0.6744897501960817,
    0.4: -0.2533471031357997,
    0.4999: -0.00025066283008800747,
    0.6: 0.2533471031357997,
    0.75: 0.6744897501960817,
    0.95: 1.6448536269514722,
    0.975: 1.9599639845400538,
    0.999: 3.090232306167813,
    1 - 2.0**-33: 6.3379577545537895,
    1 - 2.0**-53: 8.209536151601387,
}


def test_the_normal_quantile_is_accurate_down_to_the_far_tail() -> None:
    got = maths.normal_quantile(array(*QUANTILES))
    assert relative_error(got, list(QUANTILES.values())) < 2e-15


def test_the_normal_quantile_agrees_with_the_standard_library() -> None:
    u = (np.random.default_rng(4).integers(0, 2**32, 20_000) + 0.5) * 2.0**-32
    known = statistics.NormalDist()
    assert relative_error(maths.normal_quantile(u), [known.inv_cdf(v) for v in u]) < 3e-15


def test_the_normal_quantile_is_odd_and_increases() -> None:
    u = (np.random.default_rng(5).integers(0, 2**32, 20_000) + 0.5) * 2.0**-32
    assert same_bits(maths.normal_quantile(1.0 - u), -maths.normal_quantile(u))
    steps = np.diff(maths.normal_quantile(np.sort(np.unique(u))))
    assert (steps > 0.0).all()


WORDS = np.concatenate([np.random.default_rng(6).integers(0, 2**32, 100_000), np.arange(1000), 2**31 - np.arange(1000)])
WORDS = WORDS.astype(np.uint64)


def test_a_normal_draw_is_the_quantile_in_single_precision() -> None:
    exact = maths.normal_quantile((WORDS + 0.5) * 2.0**-32)
    assert relative_error(maths.normal_draw(WORDS), exact.tolist()) < 5e-7


def test_normal_draws_are_odd() -> None:
    """So that their mean over all words is zero, to the bit."""
    assert same_bits(maths.normal_draw(np.uint64(2**32 - 1) - WORDS), -maths.normal_draw(WORDS))


def test_each_normal_draw_is_computed_alone_and_words_stay() -> None:
    words = WORDS[-500:].copy()
    whole = maths.normal_draw(words)
    assert words.tolist() == WORDS[-500:].tolist()
    assert same_bits(np.concatenate([maths.normal_draw(words[at : at + 1]) for at in range(len(words))]), whole)


# Computed with mpmath at 200 bits.
SHARES = {
    -37.0: 5.7255712225245768e-300,
    -20.0: 2.7536241186062337e-89,
    -8.0: 6.2209605742717841e-16,
    -5.7: 5.9903714010635282e-9,
    -3.0: 0.0013498980316300945,
    -1.6448536269514722: 0.050000000000000054,
    -0.7: 0.24196365222307303,
    -0.6: 0.27425311775007359,
    -1e-9: 0.49999999960105772,
    0.5: 0.6914624612740131,
    2.5: 0.99379033467422386,
    6.0: 0.99999999901341235,
}


def test_the_normal_distribution_is_accurate_down_to_the_far_tail() -> None:
    assert relative_error(maths.normal_cdf(array(*SHARES)), list(SHARES.values())) < 1e-15


def test_the_normal_distribution_takes_the_quantile_back() -> None:
    """Of every share but those so close to 1 that its last digit is worth more than the rounding of z."""
    u = (np.random.default_rng(7).integers(0, 2**32, 20_000) + 0.5) * 2.0**-32
    assert relative_error(maths.normal_cdf(maths.normal_quantile(u)), u.tolist()) < 1e-13


def test_the_normal_distribution_never_falls() -> None:
    z = np.sort(np.random.default_rng(8).uniform(-9.0, 9.0, 200_000))
    assert (np.diff(maths.normal_cdf(z)) >= 0.0).all()


# Special values.


@pytest.mark.parametrize(
    ("x", "expected"),
    [(0.0, 1.0), (INF, INF), (-INF, 0.0), (709.8, INF), (1e300, INF), (-708.1, 0.0), (-745.0, 0.0), (NAN, NAN)],
)
def test_exp_at_its_ends(x: float, expected: float) -> None:
    assert same_bits(maths.exp(array(x)), array(expected))


def test_exp_reaches_the_largest_numbers() -> None:
    assert maths.exp(array(709.78)) == pytest.approx(math.exp(709.78), rel=3e-16)
    assert maths.exp(array(-708.0)) == pytest.approx(math.exp(-708.0), rel=3e-16)


@pytest.mark.parametrize(
    ("x", "expected"),
    [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (5e-324, -INF), (-1.0, NAN), (-INF, NAN), (INF, INF), (NAN, NAN)],
)
def test_log_at_its_ends(x: float, expected: float) -> None:
    assert same_bits(maths.log(array(x)), array(expected))


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        (0.0, 2.0, 0.0),
        (0.0, 0.5, 0.0),
        (0.0, 0.0, 1.0),
        (0.0, -1.0, INF),
        (3.0, 0.0, 1.0),
        (-3.0, 0.0, 1.0),
        (INF, 0.0, 1.0),
        (1.0, 1e300, 1.0),
        (1.0, INF, 1.0),
        (1.0, -INF, 1.0),
        (2.0, INF, INF),
        (2.0, -INF, 0.0),
        (0.5, INF, 0.0),
        (0.5, -INF, INF),
        (INF, 0.5, INF),
        (INF, -0.5, 0.0),
        (2.0, 1023.0, 2.0**1023),
        (2.0, 1024.0, INF),
        (2.0, -1021.0, 2.0**-1021),
        (2.0, -1100.0, 0.0),
        (1.0 + 2.0**-52, 1e300, INF),
        (-2.0, 3.0, -8.0),
        (-2.0, 2.0, 4.0),
        (-2.0, -1.0, -0.5),
        (-2.0, 0.5, NAN),
        (-2.0, 2.0**60, INF),
        (-1.0, 2.0**53 - 1.0, -1.0),
        (-1.0, 2.0**53, 1.0),
        (-INF, 3.0, -INF),
        (-INF, 2.0, INF),
        (NAN, 0.0, NAN),
        (1.0, NAN, NAN),
        (NAN, NAN, NAN),
    ],
)
def test_power_at_its_ends(x: float, y: float, expected: float) -> None:
    assert same_bits(maths.power(array(x), array(y)), array(expected))


@pytest.mark.parametrize(
    ("u", "expected"),
    [(0.0, -INF), (1.0, INF), (0.5, 0.0), (-1e-9, NAN), (1.1, NAN), (INF, NAN), (-INF, NAN), (NAN, NAN)],
)
def test_the_normal_quantile_at_its_ends(u: float, expected: float) -> None:
    assert same_bits(maths.normal_quantile(array(u)), array(expected))


@pytest.mark.parametrize(
    ("z", "expected"), [(0.0, 0.5), (-0.0, 0.5), (INF, 1.0), (-INF, 0.0), (9.0, 1.0), (-39.0, 0.0), (NAN, NAN)]
)
def test_the_normal_distribution_at_its_ends(z: float, expected: float) -> None:
    assert same_bits(maths.normal_cdf(array(z)), array(expected))


# Behaviour on arrays. That no warning leaks is seen to by pytest, which makes every warning an error.


@pytest.mark.parametrize("name", ONE_SIDED)
def test_each_element_is_computed_alone_and_arguments_stay(name: str) -> None:
    x = array(*AWKWARD, *np.linspace(-3.0, 3.0, 101))
    before = x.copy()
    whole = ONE_SIDED[name](x)
    assert same_bits(x, before)
    assert same_bits(np.concatenate([ONE_SIDED[name](x[at : at + 1]) for at in range(len(x))]), whole)


def test_power_takes_arrays_against_numbers() -> None:
    x = array(0.0, 1.5, -2.0, NAN)
    before = x.copy()
    assert same_bits(maths.power(x, 2.0), maths.power(x, np.full(4, 2.0)))
    assert same_bits(maths.power(2.0, x), maths.power(np.full(4, 2.0), x))
    assert same_bits(x, before)


def test_whole_numbers_are_taken_as_floats() -> None:
    assert maths.exp(0) == 1.0
    assert same_bits(maths.log(np.arange(1, 4)), maths.log(array(1.0, 2.0, 3.0)))


# Another back end: one number at a time in plain Python, each operation rounded by hand. It shows that the functions
# need nothing but the protocol, and that the bits follow from the text alone.


class Number:
    """A float64, a float32, their bits, or a truth, with the operators that a back end has to have."""

    def __init__(self, value: float | int | bool, kind: str) -> None:
        self.value, self.kind = value, kind

    def _rounded(self, value: float) -> Number:
        if self.kind == "i":
            return Number(int(value), "i")
        if self.kind == "f4":  # a float32 operation is a float64 operation rounded once more: 53 >= 2 * 24 + 2
            value = struct.unpack("f", struct.pack("f", value))[0]
        return Number(value, self.kind)

    def _other(self, other: Number | float) -> Any:
        return other.value if isinstance(other, Number) else self._rounded(other).value

    def __add__(self, other: Number | float) -> Number:
        return self._rounded(self.value + self._other(other))

    def __rsub__(self, other: float) -> Number:
        return self._rounded(self._other(other) - self.value)

    def __sub__(self, other: Number | float) -> Number:
        return self._rounded(self.value - self._other(other))

    def __mul__(self, other: Number | float) -> Number:
        return self._rounded(self.value * self._other(other))

    def __truediv__(self, other: Number | float) -> Number:
        above, below = self.value, self._other(other)
        if below == 0.0:
            return self._rounded(math.copysign(INF, above) * math.copysign(1.0, below) if above else NAN)
        return self._rounded(above / below)

    def __and__(self, other: Number | int) -> Number:
        return Number(self.value & (other.value if isinstance(other, Number) else other), self.kind)  # type: ignore[operator]

    def __xor__(self, other: int) -> Number:
        return Number(self.value ^ other, self.kind)  # type: ignore[operator]

    def __lshift__(self, places: int) -> Number:
        return Number(int(self.value) << places, self.kind)  # `from_bits` drops what has left the word

    def __rshift__(self, places: int) -> Number:
        return Number(int(self.value) >> places, self.kind)

    def _compared(self, how: Callable[[Any, Any], bool], other: Number | float) -> Number:
        return Number(how(self.value, self._other(other)), "truth")

    def __lt__(self, other: Number | float) -> Number:
        return self._compared(operator.lt, other)

    def __le__(self, other: Number | float) -> Number:
        return self._compared(operator.le, other)

    def __gt__(self, other: Number | float) -> Number:
        return self._compared(operator.gt, other)

    def __ge__(self, other: Number | float) -> Number:
        return self._compared(operator.ge, other)

    def __eq__(self, other: object) -> Any:
        return self._compared(operator.eq, other)  # type: ignore[arg-type]

    def __ne__(self, other: object) -> Any:
        return self._compared(operator.ne, other)  # type: ignore[arg-type]

    __hash__ = None  # type: ignore[assignment]


class OneByOne:
    def select(self, condition: Number, then: Any, otherwise: Any) -> Number:
        chosen = then if condition.value else otherwise
        return chosen if isinstance(chosen, Number) else Number(chosen, "f8")

    def usually(self, condition: Number, usual: Number, rare: Callable[[], Any]) -> Number:
        return self.select(condition, usual, rare())  # both sides, where NumPy may skip one

    def clip(self, x: Number, low: float, high: float) -> Number:
        return Number(low if x.value < low else high if x.value > high else x.value, x.kind)

    def floor(self, x: Number) -> Number:
        return Number(float(math.floor(x.value)) if math.isfinite(x.value) else x.value, x.kind)

    def sqrt(self, x: Number) -> Number:
        return Number(math.sqrt(x.value) if x.value >= 0.0 else NAN, x.kind)

    def lower_half(self, x: Number) -> Number:
        return Number(struct.unpack("<i", (int(x.value) & (1 << 32) - 1).to_bytes(4, "little"))[0], "i")

    def to_float(self, x: Number) -> Number:
        return Number(0.0, "f4")._rounded(float(x.value))

    def to_bits(self, x: Number) -> Number:
        kind = {"f8": "q", "f4": "i"}[x.kind]
        return Number(struct.unpack(kind, struct.pack(x.kind.replace("f8", "d").replace("f4", "f"), x.value))[0], kind)

    def from_bits(self, x: Number) -> Number:
        size = {"q": 64, "i": 32}[x.kind]
        bits = (int(x.value) & (1 << size) - 1).to_bytes(size // 8, "little")
        return Number(struct.unpack("<d" if size == 64 else "<f", bits)[0], "f8" if size == 64 else "f4")

    def narrow(self, x: Number) -> Number:
        return Number(0.0, "f4")._rounded(float(x.value) if abs(x.value) < 1e38 else x.value * INF)

    def widen(self, x: Number) -> Number:
        return Number(x.value, "f8")


any_float = st.floats(allow_subnormal=False) | st.sampled_from(AWKWARD)
shares = st.integers(0, 2**32 - 1).map(lambda word: (word + 0.5) * 2.0**-32)


def one_by_one(function: Callable[..., Any], *values: float) -> FloatArray:
    return array(function(*(Number(value, "f8") for value in values), on=OneByOne()).value)


@given(any_float | st.floats(-5.0, 5.0) | shares)
@pytest.mark.parametrize("name", ONE_SIDED)
def test_another_back_end_gives_the_same_bits(name: str, x: float) -> None:
    assert same_bits(one_by_one(ONE_SIDED[name], x), ONE_SIDED[name](array(x)))


@given(st.integers(0, 2**32 - 1))
def test_another_back_end_draws_the_same_normals(word: int) -> None:
    drawn = maths.normal_draw(Number(word, "q"), on=OneByOne())
    assert same_bits(array(drawn.value), maths.normal_draw(np.array([word], dtype=np.uint64)))


@given(any_float | st.floats(-5.0, 5.0), any_float | st.floats(-30.0, 30.0) | st.integers(-9, 9).map(float))
def test_another_back_end_gives_the_same_powers(x: float, y: float) -> None:
    assert same_bits(one_by_one(maths.power, x, y), maths.power(array(x), array(y)))
