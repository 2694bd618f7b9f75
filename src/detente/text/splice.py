"""Changes of a YAML text at the places of its nodes: all else stays as it is written, comments included."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from detente.text.diagnostic import LINE_BREAK
from detente.text.nodes import Mapping, Node, Scalar
from detente.text.nodes import Sequence as Items
from detente.text.place import Place

INDENT = 2


@dataclass(frozen=True, slots=True)
class Edit:
    """The characters `start` to `end` (exclusive, from 0) of a text give way to another text."""

    start: int
    end: int
    text: str


def spliced(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits done; of those at one place the first given stands first.

    Raises:
        ValueError: where two edits overlap.
    """
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda one: (one.start, one.end)):
        if edit.start < at:
            raise ValueError(f"two changes meet at character {edit.start}")
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


class Splicer:
    """Edits of one text by the nodes that were read from it.

    Raises:
        ValueError: where lines end otherwise than text files do, so that places would be off.
    """

    def __init__(self, text: str) -> None:
        if len(LINE_BREAK.split(text)) != text.count("\n") + 1:
            raise ValueError("a line of the text ends in an uncommon way: save it with plain line ends first")
        self.text = text
        self.lines = text.split("\n")
        self.starts = list(accumulate((len(line) + 1 for line in self.lines), initial=0))

    def raw(self, node: Node) -> str:
        """A node as it is written, its quotes or brackets included."""
        start, end = self.extent(node)
        return self.text[start:end]

    def extent(self, node: Node) -> tuple[int, int]:
        """The characters of a node, its quotes or brackets included."""
        place = node.place
        start, end = self._at(place.line, place.column), self._at(place.end_line, place.end_column)
        if isinstance(node, Scalar) and not node.plain and self.text[start - 1 : start] in ("'", '"'):
            return start - 1, end + 1
        return start, self._trimmed(start, end)

    def in_brackets(self, node: Node) -> bool:
        """Whether a mapping or list is written in brackets."""
        start, _ = self.extent(node)
        return self.text[start : start + 1] in ("{", "[")

    def replaced(self, node: Node, text: str) -> Edit:
        """Another text in the place of a node."""
        return Edit(*self.extent(node), text)

    def before_line(self, place: Place, line: str) -> Edit:
        """A line of its own above the one in which something stands."""
        start = self.starts[place.line - 1]
        return Edit(start, start, line + "\n")

    def added(self, within: Node, entry: str) -> Edit:
        """An entry, `key: value` or an item of a list, after the last one of a mapping or list."""
        last = _last(within)
        if self.in_brackets(within):
            end = self.extent(last)[1] if last is not None else self.extent(within)[0] + 1
            return Edit(end, end, f", {entry}" if last is not None else entry)
        assert last is not None, "a block has an entry"
        mark = "" if isinstance(within, Mapping) else "- "
        margin = " " * (within.place.column - 1)
        return self._after_line(self._last_line(last), f"{margin}{mark}{entry}")

    def led(self, node: Mapping, entry: str) -> Edit:
        """An entry before the first one of a mapping."""
        start, _ = self.extent(node)
        if self.in_brackets(node):
            return Edit(start + 1, start + 1, entry + (", " if node.entries else ""))
        return Edit(start, start, f"{entry}\n{' ' * (node.place.column - 1)}")

    def listed(self, node: Mapping, also: str, items: Sequence[str]) -> list[Edit]:
        """A mapping made the first item of a list, with `also` (`key: value`, or nothing) before its entries, and after
        it items that are given in brackets."""
        start, end = self.extent(node)
        if self.in_brackets(node):
            lead = [self.led(node, also)] if also else []
            return [Edit(start, start, "["), *lead, Edit(end, end, f", {', '.join(items)}]")]
        margin = " " * (node.place.column - 1)
        last = self._last_line(node)
        shift = [Edit(self.starts[n], self.starts[n], " " * INDENT) for n in range(node.place.line, last)]
        lead_text = f"{also}\n{margin}{' ' * INDENT}" if also else ""
        after = [self._after_line(last, f"{margin}- {item}") for item in items]
        return [Edit(start, start, f"- {lead_text}"), *shift, *after]

    def superseded(self, node: Mapping, entries: Sequence[tuple[str, str]], under: str) -> list[Edit]:
        """New entries, each on one line, in the place of those of a mapping, which stay as they are under a key."""
        start, end = self.extent(node)
        if self.in_brackets(node):
            told = "".join(f"{key}: {value}, " for key, value in entries)
            return [Edit(start, start, f"{{{told}{under}: "), Edit(end, end, "}")]
        margin = " " * (node.place.column - 1)
        told = "".join(f"{key}: {value}\n{margin}" for key, value in entries)
        shift = [
            Edit(self.starts[n], self.starts[n], " " * INDENT) for n in range(node.place.line, self._last_line(node))
        ]
        return [Edit(start, start, f"{told}{under}:\n{margin}{' ' * INDENT}"), *shift]

    def _at(self, line: int, column: int) -> int:
        return self.starts[min(line, len(self.lines)) - 1] + column - 1 if line <= len(self.lines) else len(self.text)

    def _trimmed(self, start: int, end: int) -> int:
        """A block of lines ends with its last character, not with the line break after it."""
        return start + len(self.text[start:end].rstrip()) if end > start else end

    def _last_line(self, node: Node) -> int:
        """The number of the last line of a node, from 1."""
        end = max(self.extent(node)[1], 1)
        return self.text.count("\n", 0, end) + 1

    def _after_line(self, number: int, line: str) -> Edit:
        at = self.starts[number - 1] + len(self.lines[number - 1])
        return Edit(at, at, f"\n{line}")


def _last(within: Node) -> Node | None:
    if isinstance(within, Mapping):
        return within.entries[-1][1] if within.entries else None
    return within.items[-1] if isinstance(within, Items) and within.items else None
