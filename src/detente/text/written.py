"""Numbers and dates as people write them."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

Month = int
"""A calendar month as year * 12 + month - 1: 2025-04 is 24303."""

SUFFIXES = {"k": 1e3, "mn": 1e6, "bn": 1e9, "tn": 1e12, "%": 0.01}
"""What may follow a number, and what it multiplies by. A bare `m` is refused: it could be a thousand or a million."""

DATES = "2025-01-21, 2025-01, 2025Q4 or 2025"
"""What `parse_date` reads, for what is expected where there is no date."""

ISO = "write the year first, then month and day, with hyphens"

_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?|Q([1-4]))?")


@dataclass(frozen=True, slots=True)
class Date:
    """What a date as written covers: whole months, `first` to `last` inclusive."""

    first: Month
    last: Month
    text: str


def parse_date(text: str) -> Date | None:
    """A day (which means its month), month, quarter or year; None where the text is none of these.

    `2025-01-21`, `2025-01`, `2025Q4`, `2025`.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, quarter = match.groups()
    try:
        datetime.date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    january = int(year) * 12
    if month:
        return Date(january + int(month) - 1, january + int(month) - 1, text)
    if quarter:
        return Date(january + 3 * int(quarter) - 3, january + 3 * int(quarter) - 1, text)
    return Date(january, january + 11, text)


def month_text(month: Month) -> str:
    """The month as written: "2025-04"."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"
