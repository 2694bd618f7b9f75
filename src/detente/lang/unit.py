"""Units of measure: products of powers of base symbols.

The base symbols are each currency, month, hour, MW, GPU, H100, token, dose, share and person. Twelve months are one
year, exactly; months and hours do not convert into each other, and neither do two currencies.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache

from detente.text.diagnostic import did_you_mean
from detente.text.written import SUFFIXES

# AMD (dram), ALL, TOP and the like are left out: they are likelier a company or a word than money in a deal.
_COMMON_CURRENCIES = """
    AED ARS AUD BDT BGN BHD BRL CAD CHF CLP CNH CNY COP CZK DKK EGP EUR GBP GHS HKD HUF IDR ILS INR ISK JOD JPY KES KRW
    KWD KZT LKR MAD MXN MYR NGN NOK NZD OMR PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD UAH USD UYU VND
    XAF XAU XDR XOF ZAR
"""
CURRENCIES = frozenset(_COMMON_CURRENCIES.split())

LARGEST_POWER = 100
DEEPEST_BRACKETS = 20


@dataclass(frozen=True, slots=True)
class Unit:
    """A product of powers of base symbols, sorted by symbol, without zero powers."""

    powers: tuple[tuple[str, Fraction], ...]

    def __mul__(self, other: Unit) -> Unit:
        return _product(self, other)

    def __truediv__(self, other: Unit) -> Unit:
        return self * other**-1

    def __pow__(self, power: int | Fraction) -> Unit:
        return _power(self, power)

    def __str__(self) -> str:
        above = [_power_text(symbol, power) for symbol, power in self.powers if power > 0]
        below = [_power_text(symbol, -power) for symbol, power in self.powers if power < 0]
        return " / ".join([" * ".join(above) or "1", *below])


@cache
def _product(one: Unit, other: Unit) -> Unit:
    powers = dict(one.powers)
    for symbol, power in other.powers:
        powers[symbol] = powers.get(symbol, Fraction(0)) + power
    return _unit(powers)


@cache
def _power(unit: Unit, power: int | Fraction) -> Unit:
    return _unit({symbol: own * power for symbol, own in unit.powers})


def _unit(powers: Mapping[str, Fraction]) -> Unit:
    return Unit(tuple(sorted((symbol, Fraction(power)) for symbol, power in powers.items() if power)))


def _power_text(symbol: str, power: Fraction) -> str:
    if power == 1:
        return symbol
    if power == Fraction(1, 2):
        return f"sqrt({symbol})"
    return f"{symbol}^{power}" if power.denominator == 1 else f"{symbol}^({power})"


def _base(symbol: str) -> Unit:
    return _unit({symbol: Fraction(1)})


ONE = _unit({})
"""No unit: a plain number."""


def _names() -> dict[str, tuple[Fraction, Unit]]:
    base = {symbol: (Fraction(1), _base(symbol)) for symbol in CURRENCIES}
    month, hour, power = _base("month"), _base("hour"), _base("MW")
    groups: list[tuple[str, Fraction, Unit]] = [
        ("month months", Fraction(1), month),
        ("quarter quarters", Fraction(3), month),
        ("year years", Fraction(12), month),
        ("hour hours", Fraction(1), hour),
        ("day days", Fraction(24), hour),
        ("kW", Fraction(1, 1000), power),
        ("MW", Fraction(1), power),
        ("GW", Fraction(1000), power),
        ("kWh", Fraction(1, 1000), power * hour),
        ("MWh", Fraction(1), power * hour),
        ("GWh", Fraction(1000), power * hour),
        ("GPU GPUs", Fraction(1), _base("GPU")),
        ("H100 H100s", Fraction(1), _base("H100")),
        ("token tokens", Fraction(1), _base("token")),
        ("dose doses", Fraction(1), _base("dose")),
        ("share shares", Fraction(1), _base("share")),
        ("person persons people", Fraction(1), _base("person")),
    ]
    return base | {name: (scale, unit) for names, scale, unit in groups for name in names.split()}


_NAMES = _names()

UNIT_NAMES = frozenset(_NAMES)
"""What a unit may be called. These words are taken: a deal cannot use them as names."""

MISTAKEN_UNITS = {
    "m": "write mn for million, or months",
    "M": "write mn for million",
    "K": "write k for thousand",
    "b": "write bn for billion",
    "B": "write bn for billion",
    "t": "write tn for trillion",
    "T": "write tn for trillion",
    "thousand": "write k for thousand",
    "million": "write mn for million",
    "billion": "write bn for billion",
    "trillion": "write tn for trillion",
    "millions": "write mn for million",
    "billions": "write bn for billion",
    "percent": "write % for percent",
    "W": "write kW, MW or GW",
    "dollar": "write USD",
    "dollars": "write USD",
    "euro": "write EUR",
    "euros": "write EUR",
    "$": "write USD after the number",
    "€": "write EUR after the number",
    "£": "write GBP after the number",
}
"""Words people write where a suffix or a unit stands, with what to write instead."""


def unit_hints(word: str) -> tuple[str, ...]:
    """Ways out of a word that is no unit."""
    if word in MISTAKEN_UNITS:
        return (MISTAKEN_UNITS[word],)
    return did_you_mean(word, UNIT_NAMES | (SUFFIXES.keys() - {"%"}))


_TOKEN = re.compile(r"\s*(?:([A-Za-z][A-Za-z0-9]*)|([0-9]+)|(.))", re.DOTALL)


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> tuple[float, Unit]:
    """The scale and the unit of a text such as "USD / MW / year": (1/12, USD month^-1 MW^-1).

    Knows `*`, `/`, `^` with a whole number or a fraction in brackets, `sqrt( )`, brackets, `1`, plural forms, and a
    suffix in front (`bn USD / year`, `% / year`). An empty text is no unit.

    Raises ValueError with one sentence, and a way out where there is one.
    """
    return _UnitReader(text).read()


class _UnitReader:
    """Reads a unit into powers of its words as written, so that a year times a half-year root is exact."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        self.tokens = [match[1] or match[2] or match[3] for match in _TOKEN.finditer(self.text)]
        self.position = 0
        self.depth = 0

    def read(self) -> tuple[float, Unit]:
        if not self.tokens:
            return 1.0, ONE
        suffix = Fraction(1)
        if self.peek() in SUFFIXES:
            word = self.take()
            suffix = Fraction(1, 100) if word == "%" else Fraction(int(SUFFIXES[word]))
            if self.peek() == "/":
                self.tokens.insert(self.position, "1")
        powers = self.product() if self.peek() else {}
        if self.peek():
            raise ValueError(f"'{self.peek()}' cannot stand here in the unit '{self.text}'")
        return _measure(powers, suffix, self.text)

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def product(self) -> dict[str, Fraction]:
        powers = self.factor()
        while self.peek() in ("*", "/"):
            sign = 1 if self.take() == "*" else -1
            for word, power in self.factor().items():
                powers[word] = powers.get(word, Fraction(0)) + sign * power
        return powers

    def factor(self) -> dict[str, Fraction]:
        powers = self.atom()
        if self.peek() != "^":
            return powers
        self.take()
        exponent = self.exponent()
        return {word: power * exponent for word, power in powers.items()}

    def atom(self) -> dict[str, Fraction]:
        token = self.take()
        if token == "1":
            return {}
        if token == "(":
            return self.bracket()
        if token == "sqrt":
            if self.take() != "(":
                raise ValueError(f"'sqrt' needs brackets in the unit '{self.text}': write sqrt(year)")
            return {word: power / 2 for word, power in self.bracket().items()}
        if token in UNIT_NAMES:
            return {token: Fraction(1)}
        if not token:
            raise ValueError(f"the unit '{self.text}' breaks off")
        hints = unit_hints(token)
        raise ValueError(f"'{token}' is not a unit" + (f": {', or '.join(hints)}" if hints else ""))

    def bracket(self) -> dict[str, Fraction]:
        self.depth += 1
        if self.depth > DEEPEST_BRACKETS:
            raise ValueError(
                f"the unit '{self.text[:20]}…' has more than {DEEPEST_BRACKETS} brackets inside each other"
            )
        powers = self.product()
        if self.take() != ")":
            raise ValueError(f"a closing bracket is missing in the unit '{self.text}'")
        self.depth -= 1
        return powers

    def exponent(self) -> Fraction:
        if self.peek() == "(":
            self.take()
            exponent = self.signed()
            if self.peek() == "/":
                self.take()
                exponent /= self.whole() or self.refuse_exponent()
            if self.take() != ")":
                raise ValueError(f"a closing bracket is missing in the unit '{self.text}'")
        else:
            exponent = self.signed()
        if abs(exponent) > LARGEST_POWER:
            raise ValueError(f"the power {exponent} is too large for a unit")
        return exponent

    def signed(self) -> Fraction:
        if self.peek() == "-":
            self.take()
            return Fraction(-self.whole())
        return Fraction(self.whole())

    def whole(self) -> int:
        token = self.take()
        return int(token) if token.isdecimal() and len(token) <= 4 else self.refuse_exponent()

    def refuse_exponent(self) -> int:
        raise ValueError(f"a power in the unit '{self.text}' must be a whole number or a fraction, as in year^(1/2)")


def _measure(powers: Mapping[str, Fraction], suffix: Fraction, text: str) -> tuple[float, Unit]:
    exact, inexact, unit = suffix, 1.0, ONE
    try:
        for word, power in powers.items():
            scale, own = _NAMES[word]
            unit *= own**power
            if power.denominator == 1:
                exact *= scale**power.numerator
            elif power.denominator == 2:
                inexact *= math.sqrt(scale**power.numerator)
            else:
                inexact *= float(scale) ** float(power)
        factor = float(exact) * inexact
    except OverflowError:
        factor = math.inf
    if not (0.0 < factor < math.inf):
        raise ValueError(f"the powers in the unit '{text}' are too large")
    return factor, unit
