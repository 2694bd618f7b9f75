"""Units: an abelian group with roots, and the names people give its members (R3)."""

import contextlib
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.lang.unit import CURRENCIES, ONE, UNIT_NAMES, Unit, parse_unit

BASE = ("USD", "EUR", "month", "hour", "MW", "GPU", "H100", "token", "share", "person")


def unit(name: str) -> Unit:
    scale, found = parse_unit(name)
    assert scale == 1.0
    return found


powers = st.fractions(-6, 6, max_denominator=6)


@st.composite
def units(draw: st.DrawFn) -> Unit:
    product = ONE
    for name, power in draw(st.dictionaries(st.sampled_from(BASE), powers, max_size=4)).items():
        product *= unit(name) ** power
    return product


@given(units(), units(), units())
def test_units_are_an_abelian_group(a: Unit, b: Unit, c: Unit) -> None:
    assert a * b == b * a
    assert (a * b) * c == a * (b * c)
    assert a * ONE == a
    assert a / a == ONE
    assert a / b == a * b**-1


@given(units(), powers, powers)
def test_powers_add_and_multiply(a: Unit, p: Fraction, q: Fraction) -> None:
    assert a**p * a**q == a ** (p + q)
    assert (a**p) ** q == a ** (p * q)
    assert a**0 == ONE
    assert a**1 == a


@given(units(), units(), powers)
def test_a_power_of_a_product_is_the_product_of_powers(a: Unit, b: Unit, p: Fraction) -> None:
    assert (a * b) ** p == a**p * b**p


@given(units())
def test_a_unit_reads_back_as_printed(a: Unit) -> None:
    assert parse_unit(str(a)) == (1.0, a)


@given(units())
def test_equal_units_hash_alike_and_hold_no_zero_powers(a: Unit) -> None:
    again = a * unit("USD") / unit("USD")
    assert hash(again) == hash(a)
    assert all(power for _, power in again.powers)
    assert list(again.powers) == sorted(again.powers)


@pytest.mark.parametrize(
    ("text", "scale", "printed"),
    [
        ("USD", 1.0, "USD"),
        ("USD / month", 1.0, "USD / month"),
        ("USD/MW/year", 1 / 12, "USD / MW / month"),
        ("bn USD / year", 1e9 / 12, "USD / month"),
        ("mn USD", 1e6, "USD"),
        ("% / year", 0.01 / 12, "1 / month"),
        ("%", 0.01, "1"),
        ("bn", 1e9, "1"),
        ("", 1.0, "1"),
        ("1", 1.0, "1"),
        ("1 / year", 1 / 12, "1 / month"),
        ("months", 1.0, "month"),
        ("quarters", 3.0, "month"),
        ("years", 12.0, "month"),
        ("days", 24.0, "hour"),
        ("GW", 1000.0, "MW"),
        ("kW", 0.001, "MW"),
        ("MWh", 1.0, "MW * hour"),
        ("people", 1.0, "person"),
        ("tokens", 1.0, "token"),
        ("1 / sqrt(year)", math.sqrt(1 / 12), "1 / sqrt(month)"),
        ("sqrt(year) * sqrt(year)", 12.0, "month"),
        ("year^2", 144.0, "month^2"),
        ("year^-1", 1 / 12, "1 / month"),
        ("year^(1/2)", math.sqrt(12), "sqrt(month)"),
        ("USD / (MW * year)", 1 / 12, "USD / MW / month"),
        ("year / quarter", 4.0, "1"),
    ],
)
def test_units_as_people_write_them(text: str, scale: float, printed: str) -> None:
    found_scale, found = parse_unit(text)
    assert found_scale == scale
    assert str(found) == printed


def test_twelve_months_are_a_year_exactly() -> None:
    assert parse_unit("year / month^1") == (12.0, ONE)
    assert parse_unit("year * year / quarter / quarter") == (16.0, ONE)


def test_currencies_months_and_hours_do_not_convert() -> None:
    assert unit("USD") != unit("EUR")
    assert unit("month") != unit("hour")
    assert unit("GPU") != unit("H100")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("m", "mn for million"),
        ("M", "mn for million"),
        ("USD / m", "mn for million"),
        ("billion USD", "bn"),
        ("usd", "did you mean 'USD'?"),
        ("moths", "did you mean 'months'?"),
        ("zebra", "'zebra' is not a unit"),
        ("USD /", "breaks off"),
        ("/ year", "'/'"),
        ("USD year", "'year'"),
        ("USD bn", "'bn'"),
        ("(USD", "closing bracket"),
        ("sqrt year", "brackets"),
        ("year^x", "power"),
        ("year^(1/0)", "power"),
        ("year^1000", "too large"),
        ("(year^100)^100", "too large"),
        ("(year^-100)^100", "too large"),
        ("(" * 5000 + "USD", "brackets"),
        ("2 USD", "'2'"),
        ("$", "USD"),
    ],
)
def test_what_is_no_unit_is_said_in_a_sentence(text: str, part: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        parse_unit(text)
    assert part in str(caught.value)


@given(st.text(max_size=30) | st.lists(st.sampled_from([*"/*^()-1 23", "USD", "year", "sqrt", "mn", "%"])).map("".join))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert 0 < parse_unit(text)[0] < math.inf


def test_the_names_the_parser_knows() -> None:
    assert CURRENCIES < UNIT_NAMES
    assert {"USD", "EUR", "JPY", "CNY", "KRW", "TWD"} <= CURRENCIES
    assert {"months", "GW", "H100", "shares"} <= UNIT_NAMES
    assert not UNIT_NAMES & {"m", "M", "AMD", "1", ""}
    for name in UNIT_NAMES:
        assert parse_unit(name)[0] > 0
