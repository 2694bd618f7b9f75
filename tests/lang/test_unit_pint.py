"""Units against an independent library, Pint (https://pint.readthedocs.io), where the two mean the same.

They do on time, power and energy. A month is a twelfth of a year in both; years and hours convert into each other in Pint
alone, so no example mixes the two.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.lang.unit import parse_unit

pint = pytest.importorskip("pint", reason="Pint is not installed: pip install pint")

CALENDAR = {"month": "month", "months": "month", "year": "year", "years": "year"}
CLOCK = {"hour": "hour", "hours": "hour", "day": "day", "days": "day"}
POWER = {"kW": "kilowatt", "MW": "megawatt", "GW": "gigawatt"}
ENERGY = {"kWh": "kilowatt * hour", "MWh": "megawatt * hour", "GWh": "gigawatt * hour"}
PHYSICAL = {**CLOCK, **POWER, **ENERGY}

EXPONENTS = [Fraction(number, 2) for number in (2, 4, -2, 6, 1, -3)]

REGISTRY = pint.UnitRegistry()


@st.composite
def units(draw: st.DrawFn, names: dict[str, str]) -> tuple[str, str]:
    """A unit as detente and as Pint write it: two to four of the names, each to a power, multiplied or divided."""
    chosen = draw(st.lists(st.sampled_from(sorted(names)), min_size=2, max_size=4))
    ours, theirs = "1", "1"
    for name in chosen:
        sign = draw(st.sampled_from("*/"))
        power = draw(
            st.sampled_from([Fraction(1), Fraction(2), Fraction(-1), Fraction(3), Fraction(1, 2), Fraction(-3, 2)])
        )
        ours += f" {sign} {name}^({power.numerator}/{power.denominator})"
        theirs += f" {sign} ({names[name]})**({power.numerator}/{power.denominator})"
    return ours, theirs


@given(units(CALENDAR))
def test_months_and_years_convert_alike(written: tuple[str, str]) -> None:
    scale, unit = parse_unit(written[0])
    power = sum((power for symbol, power in unit.powers if symbol == "month"), Fraction(0))
    quantity = REGISTRY.Quantity(1, "") * REGISTRY(written[1])
    assert scale == pytest.approx(quantity.to(REGISTRY.month ** float(power)).magnitude, rel=1e-12)


@given(units(PHYSICAL))
def test_power_energy_and_hours_convert_alike(written: tuple[str, str]) -> None:
    scale, unit = parse_unit(written[0])
    powers = {symbol: float(power) for symbol, power in unit.powers}
    quantity = REGISTRY.Quantity(1, "") * REGISTRY(written[1])
    wanted = REGISTRY.megawatt ** powers.pop("MW", 0.0) * REGISTRY.hour ** powers.pop("hour", 0.0)
    assert not powers
    assert scale == pytest.approx(quantity.to(wanted).magnitude, rel=1e-12)


@given(units(PHYSICAL), units(PHYSICAL))
def test_the_same_pairs_may_be_added(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Two quantities may be added where their units are equal here, and their dimensions there."""
    theirs = [REGISTRY.Quantity(1, "") * REGISTRY(written[1]) for written in (one, other)]
    assert (parse_unit(one[0])[1] == parse_unit(other[0])[1]) == theirs[0].is_compatible_with(theirs[1])
