"""Where the characters of a scalar stand that YAML has folded, unindented or unescaped."""

from __future__ import annotations

from collections.abc import Sequence

from detente.text.place import Place, Run

_SPACE = frozenset(" \t\n\r\x85\u2028\u2029")
_DIGITS = {"x": 2, "u": 4, "U": 8}
"""Digits of an escape in double quotes that names a character by its number."""


def runs_of(text: str, lines: Sequence[str], place: Place, style: str) -> tuple[Run, ...]:
    """The stretches of `text` that stand unbroken in the file, in order; none where they cannot be told.

    `lines` are those of the file, `place` covers the scalar inside its quotes, and `style` is its indicator in YAML: a
    quote, `|` or `>`, or nothing for a plain one. Spaces are not followed: a fold makes and swallows them.
    """
    source = list(_characters(lines, place, skipped=int(style in ("|", ">"))))
    runs: list[Run] = []
    position = 0
    for offset, character in enumerate(text):
        if character in _SPACE:
            continue
        position = _past_space(source, position, style)
        if position >= len(source):
            return ()
        found, line, column = source[position]
        escape = style == '"' and found == "\\"
        if not escape and found != character:
            return ()
        if escape:
            kind = source[position + 1][0]
            if kind in "tnrNLP ":  # an escaped space, which is not followed
                return ()
            position += 1 + _DIGITS.get(kind, 0)
        position += 2 if style == found == "'" else 1
        if not runs or (line, column - offset) != (runs[-1].line, runs[-1].column - runs[-1].offset):
            runs.append(Run(offset, line, column))
    return tuple(runs)


def _characters(lines: Sequence[str], place: Place, skipped: int) -> list[tuple[str, int, int]]:
    """Each character of a stretch of the file with its line and column, line ends included; `skipped` lines are not."""
    found: list[tuple[str, int, int]] = []
    for number in range(place.line + skipped, min(place.end_line, len(lines)) + 1):
        line = lines[number - 1]
        first = place.column - 1 if number == place.line else 0
        last = place.end_column - 1 if number == place.end_line else len(line)
        found += [(line[index], number, index + 1) for index in range(first, min(last, len(line)))]
        found.append(("\n", number, len(line) + 1))
    return found


def _past_space(source: Sequence[tuple[str, int, int]], position: int, style: str) -> int:
    """The next character that is no space; in double quotes a backslash at the end of a line joins it to the next."""
    while position < len(source):
        joined = style == '"' and source[position][0] == "\\" and source[position + 1][0] == "\n"
        if source[position][0] not in _SPACE and not joined:
            break
        position += 1
    return position
