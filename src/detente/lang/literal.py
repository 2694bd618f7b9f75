"""Numbers, quantities and dates between their spelling and their value, both ways without loss."""

from __future__ import annotations

import re
from decimal import Decimal

from detente.lang.hints import instead_of_date
from detente.lang.syntax import Number, Quantity
from detente.lang.tokens import Token, fault
from detente.lang.unit import UNIT_NAMES, parse_unit, unit_hints
from detente.text.diagnostic import Fault
from detente.text.place import Place
from detente.text.written import Date, parse_date

SHIFTS = {"": 0, "%": -2, "k": 3, "mn": 6, "bn": 9, "tn": 12}
"""Powers of ten of the suffixes: shifting digits is exact where multiplying floats is not (`1.1 bn`, `7%`)."""

LARGEST_EXPONENT = 400


def build(number: Token, suffix: str, unit: str, place: Place) -> Number | Quantity:
    """The node of a literal as written: `9`, `mn`, `USD / year`. Raises Fault for a number or unit out of bounds."""
    mantissa, _, exponent = number.text.lower().partition("e")
    shift = (int(exponent) if exponent and len(exponent) <= 5 else 0) + SHIFTS[suffix]
    value = float(f"{mantissa}e{shift}")
    too_long = len(exponent) > 5 or abs(shift) > LARGEST_EXPONENT
    if too_long or value == float("inf") or (value == 0.0 and float(mantissa) != 0.0):
        message = f"'{number.text}' is too large or too small for a number"
        raise fault("number-format", message, number.place, ways_out=("check its digits, its exponent and its suffix",))
    text = spell(number.text, suffix, unit)
    if unit:
        try:
            parse_unit(unit)
        except ValueError as error:
            raise fault("unknown-unit", str(error), place, ways_out=("check the powers of the unit",)) from None
    return Quantity(value, unit, suffix == "%", text, place) if unit or suffix == "%" else Number(value, text, place)


def spell(digits: str, suffix: str, unit: str) -> str:
    """A literal with canonical spaces: "13 bn USD", "9% / year", "0.5 / year"."""
    number = f"{digits}%" if suffix == "%" else f"{digits} {suffix}" if suffix else digits
    if unit.startswith("1 / "):
        return number + unit[1:]
    return f"{number} {unit}" if unit else number


def suffix_for(value: float, percent: bool) -> str:
    """The suffix people would choose: none below a million."""
    if percent:
        return "%"
    return next((suffix for suffix in ("tn", "bn", "mn") if value >= 10.0 ** SHIFTS[suffix]), "")


def digits_for(value: float, suffix: str) -> str:
    """The digits that with this suffix read back as exactly this value, which is not negative."""
    number = Decimal(repr(float(value))).copy_abs().scaleb(-SHIFTS[suffix]).normalize()
    if not number:
        return "0"
    return f"{number:f}" if -7 <= number.adjusted() < 16 else str(number).lower().replace("e+", "e")


def date_of(token: Token) -> Date:
    """The months of a date token; FY2025 nominally covers the calendar year. Raises Fault where it is no date."""
    fiscal = re.fullmatch("FY([0-9]{4})", token.text)
    date = parse_date(fiscal[1] if fiscal else token.text)
    if date is not None:
        return Date(date.first, date.last, token.text)
    ways_out = instead_of_date(token.text)
    raise fault("not-a-date", f"'{token.text}' is not a date", token.place, ways_out=ways_out)


def unknown_word(word: Token, before: str) -> Fault:
    """A word after the number `before` that is neither suffix nor unit."""
    if word.text in UNIT_NAMES:
        ways_out: tuple[str, ...] = (f"write {before} {word.text} * (…) to multiply",)
        message = f"'{word.text}' before a bracket is a function and not a unit"
        return fault("unknown-unit", message, word.place, ways_out=ways_out)
    hints = unit_hints(word.text)
    if "." in word.text:
        hints = (f"write {before} * {word.text}",)
    elif word.text == "per":
        hints = (f"write '/' for per: {before} / year",)
    elif word.text == "sqrt":
        hints = ("write sqrt(year) for the root of a unit", f"write {before} * sqrt(x) to multiply")
    return fault(
        "unknown-unit",
        f"'{word.text}' is not a unit",
        word.place,
        expected="" if hints else "a suffix (k, mn, bn, tn, %), a unit or an operator",
        ways_out=hints or (f"write {before} * {word.text} to multiply",),
    )
