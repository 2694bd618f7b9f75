"""Where something stands in a file: born with the token, kept to the report (R8)."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of a file. Lines and columns count characters from 1; `end_column` is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def part(self, start: int, end: int) -> Place:
        """The place of characters `start` to `end` (exclusive, from 0) of a scalar that stands on one line.

        A scalar over several lines is folded by YAML, so its characters cannot be found again: it answers for all
        of its parts.
        """
        if self == NOWHERE or self.line != self.end_line:
            return self
        return replace(self, column=self.column + start, end_column=self.column + end)


NOWHERE = Place("", 0, 0, 0, 0)
"""The place of what no file holds, such as a deal built in Python."""
