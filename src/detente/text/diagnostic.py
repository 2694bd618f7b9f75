"""What is wrong, where, and every way out (R1); printed with the line it stands on."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from detente.text.place import NOWHERE, Place

LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line for YAML, and so for places."""

LARGEST_FILE = 20_000_000
"""Bytes of the largest file that is read, for what it says or for an excerpt."""

MANY_NAMES = 200
"""From so many names on, only those of about the same letters are compared closely."""

EXCERPT_WIDTH = 140
"""Characters of a source line shown in an excerpt; a longer line is cut around its carets."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding about a text.

    `code` is kebab-case and stable. `message` is one sentence without a full stop. `found` and `expected` are empty
    where they would repeat the message. `related` holds other places with a note on each.
    """

    code: str
    message: str
    place: Place
    found: str = ""
    expected: str = ""
    ways_out: tuple[str, ...] = ()
    related: tuple[tuple[Place, str], ...] = ()
    severity: Literal["error", "warning"] = "error"


class Fault(Exception):  # noqa: N818 - a fault is in the text, not in the program
    """Carries one diagnostic inside a stage; never leaves the stage."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic)
        self.diagnostic = diagnostic

    def __str__(self) -> str:
        return self.diagnostic.message


class Refused(Exception):  # noqa: N818 - the deal is refused
    """Leaves the Python face: all diagnostics of a text that cannot be used, printed as `check` prints them.

    `texts` holds, by the name of their file, texts that stand on no disk.
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...], texts: Mapping[str, str] | None = None) -> None:
        super().__init__(diagnostics)
        self.diagnostics = diagnostics
        self.texts = texts or {}

    def __str__(self) -> str:
        return render(self.diagnostics, self.texts)


def did_you_mean(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Ways out of an unknown name: at most three, "did you mean 'x'?", the likeliest first; or none."""
    names, folded = sorted(set(known)), name.casefold()
    same = [other for other in names if len(other) == len(name) and other.casefold() == folded and other != name]
    if len(names) > MANY_NAMES:
        letters = set(name)
        names = [one for one in names if abs(len(one) - len(name)) <= 2 and len(letters.symmetric_difference(one)) <= 4]
    close = [other for other in difflib.get_close_matches(name, names, n=3) if other != name]
    return tuple(f"did you mean '{other}'?" for other in dict.fromkeys(same + close))[:3]


def with_further(before: Iterable[Diagnostic], after: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Findings of one stage and of the next, without those of the next that stand inside a place that was misread."""
    misread = [one.place for one in before]
    return (*before, *(one for one in after if not any(one.place.inside(place) for place in misread)))


def as_data(diagnostic: Diagnostic) -> dict[str, object]:
    """The diagnostic as plain data, ready for JSON."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **_place_data(diagnostic.place),
        "found": diagnostic.found,
        "expected": diagnostic.expected,
        "ways_out": list(diagnostic.ways_out),
        "related": [{**_place_data(place), "note": note} for place, note in diagnostic.related],
    }


def render(diagnostics: Iterable[Diagnostic], texts: Mapping[str, str] | None = None) -> str:
    """All diagnostics as plain text, sorted by place, each once, with the lines they stand on.

    The lines are read from `texts` by the name of the file, or from the file; where it cannot be read there is no
    excerpt.
    """
    files = {file: LINE_BREAK.split(text) for file, text in (texts or {}).items()}
    ordered = sorted(dict.fromkeys(diagnostics), key=lambda each: (each.place, each.code, each.message))
    return "\n\n".join(_render_one(each, files) for each in ordered)


def _render_one(diagnostic: Diagnostic, files: dict[str, list[str]]) -> str:
    lines = [f"{_where(diagnostic.place)}{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"]
    lines += _excerpt(diagnostic.place, files)
    if diagnostic.found:
        lines.append(f"  found: {_one_line(diagnostic.found)}")
    if diagnostic.expected:
        lines.append(f"  expected: {_one_line(diagnostic.expected)}")
    lines += [f"  way out: {_one_line(way)}" for way in diagnostic.ways_out]
    for place, note in diagnostic.related:
        lines.append(f"  {_where(place)}{note}")
        lines += _excerpt(place, files)
    return "\n".join(lines)


def _where(place: Place) -> str:
    return "" if place == NOWHERE else f"{place.file}:{place.line}:{place.column}: "


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _excerpt(place: Place, files: dict[str, list[str]]) -> list[str]:
    if place.file not in files:
        files[place.file] = _lines_of(place.file)
    lines = files[place.file]
    if not 1 <= place.line <= len(lines):
        return []
    line = lines[place.line - 1]
    start = min(place.column - 1, len(line))
    end = place.end_column - 1 if place.end_line == place.line else len(line.rstrip())
    end = max(start + 1, min(end, len(line)))
    first = 0 if len(line) <= EXCERPT_WIDTH else max(0, min(start - 20, len(line) - EXCERPT_WIDTH))
    last = min(len(line), first + EXCERPT_WIDTH)
    head = "…" if first else ""
    tail = "…" if last < len(line) else ""
    before, marked = line[first:start], line[start : min(end, last)]
    number = str(place.line)
    gutter = " " * len(number)
    carets = " " * (len(head) + _width(before)) + "^" * max(1, _width(marked))
    return [f"  {number} | {head}{_shown(line[first:last])}{tail}".rstrip(), f"  {gutter} | {carets}"]


def _lines_of(file: str) -> list[str]:
    try:
        path = Path(file)
        if not path.is_file() or path.stat().st_size > LARGEST_FILE:
            return []
        return LINE_BREAK.split(path.read_text(encoding="utf-8-sig", errors="replace"))
    except (OSError, ValueError):
        return []


def _shown(text: str) -> str:
    """Each character as wide as `_width` counts it: tabs and control characters become one space."""
    return "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)


def _width(text: str) -> int:
    """Columns of a terminal: wide East Asian characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _place_data(place: Place) -> dict[str, object]:
    return {
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    }
