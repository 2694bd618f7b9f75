"""Actuals: what was observed since a deal was written, as a command line or a table gives it, checked against the deal.

Everything that is wrong with them is found at once, each thing at the option or line that gives it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from detente.deal.model import Deal, Opening
from detente.graph.literals import value_of
from detente.graph.model import Graph
from detente.lang.parser import parse_quantity
from detente.lang.unit import ONE, Unit, parse_unit
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place, Word, place_of
from detente.text.written import DATES, ISO, Date, Month, month_text, parse_date

ASKED = ("series", "on", "value", "source", "published")
COLUMNS = (*ASKED, "says", "title", "publisher")
"""What a file of actuals has, a line for each; the first five must be there."""

FORECAST = "forecast of"
"""How the reason begins of an opening that stands in for a report; the report replaces it when it comes."""

HERE = Place("", 1, 1, 1, 2)


@dataclass(frozen=True, slots=True)
class Actual:
    """An observation as given: of a variable or an account, for a date, told by a source on a date. A new source needs
    a `title`."""

    series: Word
    on: Word
    value: Word
    source: Word
    published: Word
    says: str = ""
    title: str = ""
    publisher: str = ""


@dataclass(frozen=True, slots=True)
class Understood:
    """An actual that was understood: its value in base units, and what its claim is called."""

    given: Actual
    on: Date
    published: Date
    value: float
    unit: str
    scale: float
    claim: str


def actual(**given: str) -> Actual:
    """An actual from the texts of a command line; what is wrong is shown at the option.

    Raises:
        ValueError: where one of the first five is missing.
    """
    missing = [name for name in ASKED if not given.get(name)]
    if missing:
        raise ValueError(f"an actual needs {', '.join(f'--{name}' for name in missing)}, or --from FILE.csv")
    return _actual(given, {name: Place(f"--{name}", 1, 1, 1, len(given[name]) + 1) for name in ASKED})


def read_actuals(path: Path) -> tuple[Actual, ...]:
    """The actuals in a file of comma-separated values, whose first line names the columns.

    Raises:
        ValueError: where columns are missing, unknown or of another number, or the file holds no line.
        OSError: where it cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            found = _rows(csv.DictReader(file, strict=True), path)
    except csv.Error as problem:
        raise ValueError(f"'{path}' is no table: {problem}") from None
    if not found:
        raise ValueError(f"'{path}' holds no actual")
    return tuple(found)


def _rows(reader: csv.DictReader[str], path: Path) -> list[Actual]:
    columns = reader.fieldnames or ()
    wrong = [name for name in columns if name not in COLUMNS] + [name for name in ASKED if name not in columns]
    if wrong:
        raise ValueError(f"'{path}' has the columns {', '.join(columns) or '(none)'}; it takes {', '.join(COLUMNS)}")
    found: list[Actual] = []
    for row in reader:
        if None in row or None in row.values() or not all(row[name] for name in ASKED):
            raise ValueError(f"'{path}', line {reader.line_num}: each of {', '.join(ASKED)} needs a value")
        place = Place(str(path), reader.line_num, 1, reader.line_num, 2)
        found.append(_actual({name: text.strip() for name, text in row.items()}, dict.fromkeys(ASKED, place)))
    return found


def _actual(given: Mapping[str, str | None], places: Mapping[str, Place]) -> Actual:
    series, on, value, source, published = (Word(given[name] or "", places[name]) for name in ASKED)
    says, title, publisher = (given.get(name) or "" for name in COLUMNS[len(ASKED) :])
    return Actual(series, on, value, source, published, says, title, publisher)


@dataclass(frozen=True, slots=True)
class Checking:
    """Actuals held against a deal; what is wrong is added to `findings`."""

    deal: Deal
    graph: Graph
    findings: list[Diagnostic]

    def read(self, given: Actual) -> Understood | None:
        """An actual understood, or None and a finding for each thing that is wrong with it."""
        before = len(self.findings)
        dates = [self.date(text) for text in (given.on, given.published)]
        unit = self.unit_of(given)
        value = self.value(given, *unit) if unit is not None else None
        on, published = dates
        if len(self.findings) > before or on is None or published is None or unit is None or value is None:
            return None
        text = unit[2] or (str(unit[1]) if unit[1] != ONE else "")
        return Understood(given, on, published, value, text, parse_unit(text)[0] if text else 1.0, "")

    def date(self, text: Word) -> Date | None:
        found = parse_date(text)
        if found is None:
            self.report("not-a-date", f"'{text}' is not a date", text, expected=DATES, ways=(ISO,))
        return found

    def unit_of(self, given: Actual) -> tuple[tuple[float, Unit] | None, Unit, str] | None:
        """What a bare number of a series is in, the unit of the series, and that unit as it is shown."""
        name = str(given.series)
        one = self.graph.equations.get(name)
        if name in self.deal.variables and one is not None:
            text = self.deal.variables[name].unit
            return (parse_unit(text) if text else (1.0, ONE)), one.formula.unit, text
        if one is not None and one.role == "account":
            return None, one.formula.unit, one.shown.text
        known = [*self.deal.variables, *dict.fromkeys(opening.account for opening in self.deal.openings)]
        ways = (*did_you_mean(name, known), "name a variable or an account of the deal")
        self.report("unknown-name", f"there is no series '{name}'", given.series, expected=_some(known), ways=ways)
        return None

    def value(self, given: Actual, bare: tuple[float, Unit] | None, unit: Unit, shown: str) -> float | None:
        try:
            value, own = value_of(parse_quantity(given.value, place_of(given.value, HERE)), bare)
        except Fault as fault:
            self.findings.append(fault.diagnostic)
            return None
        if own == unit:
            return value
        self.report(
            "unit-mismatch",
            f"'{given.series}' is observed in another unit",
            given.value,
            found=str(own) if own != ONE else "a plain number",
            expected=shown or (str(unit) if unit != ONE else "a plain number"),
            ways=("write the value with a unit that fits",),
        )
        return None

    def check_dates(self, read: Sequence[Understood], after: Month) -> None:
        """Observations lie on the record, after what is there, and were published once they could be."""
        for one in read:
            given = one.given
            if one.on.last > after:
                self.report(
                    "date-outside",
                    f"'{given.series}' cannot be on record for {one.on.text}, after `now`",
                    given.on,
                    expected=f"{month_text(after)} or before",
                    ways=("leave --now out", "move it further"),
                )
            if one.published.last < one.on.first:
                self.report(
                    "dates-out-of-order",
                    f"what was published in {one.published.text} is no observation of {one.on.text}",
                    given.published,
                    expected=f"{one.on.text} or later",
                    ways=("mend the date that is wrong",),
                )
        for name in dict.fromkeys(str(one.given.series) for one in read):
            self.check_order(
                name, sorted((one for one in read if one.given.series == name), key=lambda one: one.on.first)
            )

    def check_order(self, name: str, read: Sequence[Understood]) -> None:
        """New points of a series follow those that are there; of an account there is one opening a month."""
        variable = self.deal.variables.get(name)
        points = (variable.past or variable.observed) if variable else ()
        there = [(one.date, one.place) for one in points]
        if variable is None:
            stays = [one for one in self.deal.openings if one.account == name and not is_forecast(one)]
            there = [(Date(one.on, one.on, month_text(one.on)), one.place) for one in stays]
        for one in read:
            on, place = one.on, place_of(one.given.on, HERE)
            twin = next((other for date, other in there if (date.first, date.last) == (on.first, on.last)), None)
            later = next((other for date, other in there if date.last >= on.first), None) if variable else None
            if variable is None and on.first != on.last:
                self.report("not-a-month", f"'{name}' is held at the end of a month", one.given.on, expected="2025-04",
                            ways=("give the month",))  # fmt: skip
            elif twin is not None:
                self.findings.append(
                    Diagnostic(
                        "duplicate-opening" if variable is None else "dates-out-of-order",
                        f"'{name}' has a value for {on.text} already",
                        place,
                        related=((twin, "this one"),),
                        ways_out=("leave it out", "change the value in the deal, if it was revised"),
                    )
                )
            elif later is not None:
                self.findings.append(
                    Diagnostic(
                        "dates-out-of-order",
                        f"{on.text} does not come after what is on record of '{name}'",
                        place,
                        expected=f"a date after {max((date for date, _ in there), key=lambda date: date.last).text}",
                        related=((later, "on record already"),),
                        ways_out=("mend the date", "put an earlier point into the deal by hand"),
                    )
                )
            there.append((on, place))

    def named(self, read: Sequence[Understood]) -> list[Understood]:
        """Each with a readable name for its claim that no other claim has."""
        taken = set(self.deal.evidence.claims)
        found: list[Understood] = []
        for one in read:
            stem = f"{one.given.series}-{one.on.text}".replace(".", "-").replace("_", "-").lower()
            name = next(
                name for n in range(1, len(taken) + 2) if (name := stem if n == 1 else f"{stem}-{n}") not in taken
            )
            taken.add(name)
            found.append(replace(one, claim=name))
        return found

    def sourced(self, actuals: Sequence[Actual]) -> None:
        """A source is there, or new with a title: a slip in its name makes no new one."""
        known = self.deal.evidence.sources
        titled = {str(one.source) for one in actuals if one.title}
        for source in dict.fromkeys(one.source for one in actuals):
            if source not in known and str(source) not in titled:
                ways = (*did_you_mean(source, known), "for a new one give its title: `--title`, or a column `title`")
                self.report("unknown-source", f"there is no source '{source}'", source, ways=ways)
            elif source in known and str(source) in titled:
                ways = ("leave the title out", "give the new source another name")
                self.report("superfluous-key", f"the source '{source}' is there already", source, ways=ways)

    def report(
        self, code: str, message: str, word: Word, found: str = "", expected: str = "", ways: tuple[str, ...] = ()
    ) -> None:
        self.findings.append(Diagnostic(code, message, place_of(word, HERE), found, expected, ways))


def is_forecast(opening: Opening) -> bool:
    """Whether an opening stands in for a report that had not come."""
    return not opening.grounds.citations and opening.grounds.assumed.startswith(FORECAST)


def replaces(one: Understood, opening: Opening) -> bool:
    """Whether an actual is the report that an opening stands in for."""
    return (opening.account, opening.on) == (one.given.series, one.on.last) and is_forecast(opening)


def given_texts(actuals: Sequence[Actual]) -> dict[str, str]:
    """What stands on no disk: the texts of a command line, by the option that gives them."""
    words = (word for one in actuals for word in (one.series, one.on, one.value, one.source, one.published))
    return {word.place.file: str(word) for word in words if word.place.file.startswith("--")}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
