"""Figures and names in prose: two significant digits, units as people say them ("USD 13 bn a year", "45 %")."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sized
from dataclasses import dataclass

from detente.deal.model import Deal
from detente.engine.run import Measured, Series
from detente.lang.unit import CURRENCIES
from detente.text.written import SUFFIXES, Month

CHANCE = "probability"
"""The unit of a chance: a number from 0 to 1 that is written in per cent."""

NO_BREAK = "\u00a0"
NOTHING = "–"

_FRACTIONS = (CHANCE, "fraction")
_LEADING_SUFFIX = re.compile(r"(k|mn|bn|tn)\b *")
_COUNTS = ((1.0, ""), (1e6, "mn"), (1e9, "bn"), (1e12, "tn"))
_POWERS = {"kW": 1e-3, "MW": 1.0, "GW": 1e3, "kWh": 1e-3, "MWh": 1.0, "GWh": 1e3}
_TIMES = {"hour": "an hour", "day": "a day", "month": "a month", "quarter": "a quarter", "year": "a year"}
_PLURALS = {word: f"{word}s" for word in (*_TIMES, "share", "GPU", "token")} | {"person": "people"}
_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Scale:
    """How values of one unit are written: over `divisor`, between the words `before` and `after`."""

    divisor: float
    before: str
    after: str

    @property
    def label(self) -> str:
        """The unit alone, as a chart names it: "USD bn a year"."""
        return f"{self.before} {self.after}".strip()

    def write(self, text: str) -> str:
        """A number that is already divided, with its unit; nothing breaks between them."""
        return " ".join(part for part in (self.before, text, self.after) if part).replace(" ", NO_BREAK)


def scale(unit: str, *values: float) -> Scale:
    """The scale in which the greatest of the values reads best."""
    magnitude = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if unit in _FRACTIONS:
        return Scale(0.01, "", "%")
    if any(mark in unit for mark in ("*", "^", "(")):
        return Scale(1.0, "", unit)
    suffix = _LEADING_SUFFIX.match(unit)
    times = SUFFIXES[suffix[1]] if suffix else 1.0
    above, *below = (part.strip() for part in unit.removeprefix(suffix[0] if suffix else "").split("/"))
    per = " ".join(_TIMES.get(_singular(word), f"per {word}") for word in below)
    if above in _POWERS:
        hour = "h" if above.endswith("h") else ""
        steps = tuple((_POWERS[name + hour], name + hour) for name in ("kW", "MW", "GW"))
        divisor, word = _step(steps, magnitude * _POWERS[above] * times)
        return Scale(divisor / _POWERS[above] / times, "", f"{word} {per}".strip())
    if above == "%" or _singular(above) in _TIMES:
        return Scale(1 / times, "", f"{_PLURALS.get(above, above)} {per}".strip())
    divisor, word = _step(_COUNTS, magnitude * times)
    if above in CURRENCIES:
        return Scale(divisor / times, above, f"{word} {per}".strip())
    noun = "" if above == "1" else _PLURALS.get(above, above)
    return Scale(divisor / times, "", " ".join(part for part in (word, noun, per) if part))


def _singular(word: str) -> str:
    return word.removesuffix("s")


def _step(steps: tuple[tuple[float, str], ...], magnitude: float) -> tuple[float, str]:
    """The greatest step that the magnitude, rounded to two digits, reaches; the plain one for zero."""
    if not magnitude:
        return next(step for step in steps if step[0] == 1.0)
    return max((step for step in steps if step[0] <= _rounded(magnitude, 2)), default=steps[0])


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")


def number(value: float, digits: int = 2, most_decimals: int = 300) -> str:
    """A number with so many significant digits: 137 is "140", 0.4 is "0.40"."""
    if not math.isfinite(value):
        return NOTHING
    rounded = _rounded(value, digits)
    text = f"{rounded:,.{min(_decimals(rounded, digits), most_decimals)}f}"
    return "0" if not float(text.replace(",", "")) else text.replace("-", "−")


def _decimals(rounded: float, digits: int) -> int:
    return max(0, digits - 1 - math.floor(math.log10(abs(rounded)))) if rounded else 0


def amount(value: float, unit: str) -> str:
    """A value with its unit: "USD 13 bn", "1.2 GW", "45 %"."""
    if not math.isfinite(value):
        return NOTHING
    chosen = scale(unit, value)
    return chosen.write(_chance(value) if unit == CHANCE else number(value / chosen.divisor))


def _chance(value: float) -> str:
    """A chance in per cent; what is nearly sure or nearly impossible is not rounded to sure or impossible."""
    if 0.0 < value < 0.001:
        return "under 0.1"
    if 0.9995 < value < 1.0:
        return "over 99.9"
    return number(100 * value, 3 if 0.995 <= value <= 1.0 else 2).replace("100.0", "100").removesuffix(".00")


def span(low: float, high: float, unit: str) -> str:
    """Two ends in one scale: "USD 9.1 to 18 bn"."""
    chosen = scale(unit, low, high)
    if unit != CHANCE:
        return chosen.write(_between(low / chosen.divisor, high / chosen.divisor))
    return chosen.write(" to ".join(dict.fromkeys((_chance(low), _chance(high)))))


def _between(low: float, high: float) -> str:
    """Two ends, the smaller no finer than the greater allows: "−90 to 0.7"."""
    greatest = max(abs(low), abs(high))
    finest = _decimals(_rounded(greatest, 2), 2) + 1 if math.isfinite(greatest) else 0
    return " to ".join(dict.fromkeys(number(end, 2, finest) for end in (low, high)))


def signed(value: float, unit: str) -> str:
    """A difference with its sign; chances differ by points."""
    if not math.isfinite(value):
        return NOTHING
    chosen = Scale(0.01, "", "points") if unit in _FRACTIONS else scale(unit, value)
    text = number(value / chosen.divisor)
    return chosen.write(text if text == "0" or value < 0 else f"+{text}")


def give_or_take(error: float, unit: str) -> str:
    """A sampling error: "± USD 0.12 bn", "± 0.45 points"."""
    return f"±{NO_BREAK}{signed(abs(error), unit).replace('+', '')}" if math.isfinite(error) else NOTHING


def is_present(value: float) -> bool:
    """Whether there is a value at all (R7)."""
    return math.isfinite(value)


def is_chance(figure: Measured) -> bool:
    """Whether a figure is the chance of something."""
    return figure.unit == CHANCE


def centre(figure: Measured) -> float:
    """What stands for the figure: the share of paths for a chance, the median for a quantity."""
    return figure.mean if is_chance(figure) else figure.p50


def headline(figure: Measured, difference: bool = False) -> str:
    """The figure itself; with its sign if it is a difference between scenarios."""
    return signed(centre(figure), figure.unit) if difference else amount(centre(figure), figure.unit)


def spread(figure: Measured) -> str:
    """Where nine in ten paths lie; nothing for a chance, which has no spread over paths."""
    return "" if is_chance(figure) else span(figure.p5, figure.p95, figure.unit)


def mean(figure: Measured, difference: bool = False) -> str:
    """The mean of a quantity, which its range over assumptions is of; nothing for a chance, which is one."""
    return "" if is_chance(figure) else (signed if difference else amount)(figure.mean, figure.unit)


def ends(figure: Measured, difference: bool = False) -> tuple[tuple[str, str], ...]:
    """The two ends of the range over assumptions: the chance or the mean there, and what is assumed there."""
    if figure.range is None:
        return ()
    found = figure.range
    return tuple(
        ((signed if difference else amount)(value, figure.unit), what if what.startswith("as ") else f"with {what}")
        for value, what in ((found.low, found.low_at), (found.high, found.high_at))
    )


def end_lines(figure: Measured, difference: bool = False) -> list[str]:
    """The ends of the range over assumptions, a line each: "8.0 % with …", of a quantity "mean USD 22 bn with …"."""
    what = "" if is_chance(figure) else "mean "
    return [f"{what}{value} {held}" for value, held in ends(figure, difference)]


def presence(figure: Measured) -> str:
    """On which paths the figure is there at all; nothing where it always is."""
    return f"on {amount(figure.present, CHANCE)} of paths" if figure.present < 1.0 else ""


def over_months(series: Series, months: Iterable[Month], chances: bool = False) -> tuple[str, list[tuple[str, str]]]:
    """A unit, and in it by month the median and where nine in ten paths lie; of an event, the chance it has come."""
    places = [series.months.index(month) for month in months if month in series.months]
    if chances:
        return "", [(amount(float(series.mean[at]), CHANCE), "") for at in places]
    rows = [[float(part[at]) for part in (series.p5, series.p50, series.p95)] for at in places]
    chosen = scale(series.unit, *(value for row in rows for value in row))
    divided = [[value / chosen.divisor for value in row] for row in rows]
    return chosen.label, [(number(middle), _between(low, high) if low < high else "") for low, middle, high in divided]


def count(things: Sized, one: str, many: str = "") -> str:
    """How many there are: "1 party", "3 parties"."""
    return f"{len(things)} {one if len(things) == 1 else many or one + 's'}"


def month_words(month: Month) -> str:
    """A month in words: "April 2025"."""
    return f"{_MONTHS[month % 12]} {month // 12}"


def month_short(month: Month) -> str:
    """A month in short: "Apr 2025"."""
    return f"{_MONTHS[month % 12][:3]} {month // 12}"


def duration(seconds: float) -> str:
    """How long something took."""
    if seconds < 1:
        return f"{number(1000 * seconds)} ms"
    return f"{number(seconds)} s" if seconds < 100 else f"{number(seconds / 60)} min"


def place_short(place: str) -> str:
    """Where something stands, without the folders that lead there."""
    return place.replace("\\", "/").rpartition("/")[2]


def sentence(text: str) -> str:
    """The text with a capital at its head."""
    return text[:1].upper() + text[1:]


def readable(name: str) -> str:
    """A name of a deal as words: "cash_burn" is "cash burn"."""
    return name.replace("_", " ").replace(".", ": ")


def party_title(name: str, deal: Deal) -> str:
    """What a party is called."""
    return deal.parties[name].title if name in deal.parties else sentence(readable(name))


def series_title(name: str, deal: Deal) -> str:
    """What a series is called: "OpenAI: cash burn"; of an account, what is held."""
    owner, dot, rest = name.partition(".")
    if not dot:
        return sentence(deal.events[name].title if name in deal.events else readable(name))
    held = " held" if rest in deal.resources else ""
    return sentence(f"{party_title(owner, deal)}: {readable(rest)}{held}")


def scenario_title(name: str, deal: Deal) -> str:
    """What a scenario is called; `base` is the deal as filed."""
    if name in deal.scenarios:
        return sentence(deal.scenarios[name].title)
    return "Base case" if name == "base" else sentence(readable(name))


def future_title(name: str, deal: Deal) -> str:
    """What a future is called."""
    return sentence(deal.futures[name].title if name in deal.futures else readable(name))


def agreement_title(name: str, deal: Deal) -> str:
    """What an agreement is called."""
    return sentence((name in deal.agreements and deal.agreements[name].title) or readable(name))


def claim_lines(names: Iterable[str], deal: Deal) -> list[str]:
    """What each claim says and who published it, in a line."""
    lines: list[str] = []
    for claim in (deal.evidence.claims[name] for name in names if name in deal.evidence.claims):
        source = deal.evidence.sources.get(claim.source)
        lines.append(f"{claim.says} ({source.publisher if source and source.publisher else claim.source})")
    return lines
