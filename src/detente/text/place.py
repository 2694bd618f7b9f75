"""Where something stands in a file: born with the token, kept to the report (R8)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple


class Run(NamedTuple):
    """From its character `offset` (from 0) on, a text stands unbroken at this line and column."""

    offset: int
    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of a file. Lines and columns count characters from 1; `end_column` is exclusive.

    `runs` tells where the characters stand of a scalar that YAML has folded or unescaped.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    runs: tuple[Run, ...] = field(default=(), compare=False, repr=False)

    def inside(self, other: Place) -> bool:
        """Whether it lies within another place."""
        starts, ends = (self.line, self.column), (self.end_line, self.end_column)
        return (
            self.file == other.file
            and (other.line, other.column) <= starts
            and ends <= (other.end_line, other.end_column)
        )

    def part(self, start: int, end: int) -> Place:
        """The place of characters `start` to `end` (exclusive, from 0) of a scalar.

        A scalar over several lines without `runs` answers for all of its parts.
        """
        if self.runs:
            first, last = self._found(start), self._found(max(start, end - 1))
            return Place(self.file, *first, last[0], last[1] + (end > start))
        if self == NOWHERE or self.line != self.end_line:
            return self
        return Place(self.file, self.line, self.column + start, self.line, self.column + end)

    def _found(self, offset: int) -> tuple[int, int]:
        run = self.runs[max(0, bisect_right(self.runs, offset, key=lambda run: run.offset) - 1)]
        return run.line, run.column + offset - run.offset


NOWHERE = Place("", 0, 0, 0, 0)
"""The place of what no file holds, such as a deal built in Python."""


class Word(str):
    """A name as a file writes it: plain text to all who use it, and where it stands to who must say what is wrong."""

    __slots__ = ("place",)
    place: Place

    def __new__(cls, text: str = "", place: Place = NOWHERE) -> Word:
        word = super().__new__(cls, text)
        word.place = place
        return word


def place_of(name: str, otherwise: Place) -> Place:
    """Where a name stands, if the file writes it; else the place of what it belongs to."""
    return name.place if isinstance(name, Word) and name.place != NOWHERE else otherwise
