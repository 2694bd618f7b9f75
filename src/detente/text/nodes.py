"""A YAML file as a tree of texts with their places.

Nothing is converted: whether `no` is a word and `2025-01` a date is for the reader of the tree to say. What YAML lets
go wrong silently (a second key of the same name, an alias, a comma that splits a formula) is a diagnostic here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from detente.text.columns import runs_of
from detente.text.diagnostic import LARGEST_FILE, LINE_BREAK, Diagnostic, Fault
from detente.text.place import Place

DEEPEST_NESTING = 100
"""Mappings and sequences inside each other."""

QUOTES = "put quotes round the expression"
CHECK = "check the quotes, brackets and indents of this line and the one before"

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_TEXT = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; empty where a key has no value. `place` covers what stands inside the quotes; `plain` means unquoted."""

    text: str
    place: Place
    plain: bool


@dataclass(frozen=True, slots=True)
class Mapping:
    """Entries in the order of the file, without duplicate keys."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Sequence:
    """Items in the order of the file."""

    items: tuple[Node, ...]
    place: Place


Node = Scalar | Mapping | Sequence


def read(path: Path) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """The tree of a file, or None, and what is wrong with it: also with what `read_text` refuses."""
    text, findings = read_text(path)
    return (None, findings) if text is None else parse(text, str(path))


def read_text(path: Path) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """The text of a file, or None and why: it is missing, no file, too big, unreadable, or not UTF-8."""
    start = Place(str(path), 1, 1, 1, 1)
    try:
        if not path.is_file() and path.exists():
            return None, (_no_file(path, start),)
        size = path.stat().st_size
        if size > LARGEST_FILE:
            return None, (
                Diagnostic(
                    "file-too-big",
                    f"'{path}' is too big to be part of a deal",
                    start,
                    found=f"{size:,} bytes",
                    expected=f"at most {LARGEST_FILE:,} bytes",
                    ways_out=("check that it is the file you mean",),
                ),
            )
        data = path.read_bytes()
    except FileNotFoundError:
        return None, (
            Diagnostic(
                "file-missing",
                f"there is no file '{path}'",
                start,
                expected="the folder of a deal, or its deal.yaml",
                ways_out=("check the path", "write the deal there"),
            ),
        )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        ways_out = ("check its name, and who may read it",)
        return None, (Diagnostic("file-unreadable", f"'{path}' cannot be read", start, reason, ways_out=ways_out),)
    try:
        return data.decode("utf-8-sig"), ()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", errors="replace")
        return None, (
            Diagnostic(
                "file-not-utf8",
                "the file is not text in UTF-8",
                _end_of(before, str(path)),
                found=f"byte 0x{data[error.start]:02x} at offset {error.start}",
                expected="UTF-8",
                ways_out=("save the file as UTF-8 in your editor",),
            ),
        )


def _no_file(path: Path, start: Place) -> Diagnostic:
    if path.is_dir():
        ways = ("write the text into a file of that name", "name the folder that holds the deal")
        return Diagnostic("file-is-folder", f"'{path}' is a folder", start, expected="a file", ways_out=ways)
    way = "name a plain file on disk"
    return Diagnostic("file-unreadable", f"'{path}' is not a file", start, "a pipe or a device", "a file", (way,))


def parse(text: str, file: str) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """The tree of a text, or None where there is none to be had, and what is wrong with it.

    `file` names the file in places; it is not read.
    """
    text = text.removeprefix("\ufeff")
    strange = _NOT_TEXT.search(text)
    if strange:
        place = _end_of(text[: strange.start()], file)
        return None, (
            Diagnostic(
                "yaml-syntax",
                "a character that does not belong in a text file",
                place,
                found=f"U+{ord(strange[0]):04X}",
                ways_out=("delete it",),
            ),
        )
    builder = _Builder(text, file)
    root: Node | None = None
    try:
        root = builder.document()
    except Fault as fault:
        builder.diagnostics.append(fault.diagnostic)
    except yaml.MarkedYAMLError as error:
        builder.diagnostics.append(_explained(error, text, file))
    except yaml.YAMLError as error:
        place = Place(file, 1, 1, 1, 1)
        builder.diagnostics.append(
            Diagnostic("yaml-syntax", "the file is not valid YAML", place, found=str(error), ways_out=(CHECK,))
        )
    return root, tuple(builder.diagnostics)


class _Builder:
    """Builds the tree from events: composed nodes forget anchors and tags, and recurse without limit."""

    def __init__(self, text: str, file: str) -> None:
        self.events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self.text = text
        self.file = file
        self.diagnostics: list[Diagnostic] = []

    @cached_property
    def lines(self) -> list[str]:
        return LINE_BREAK.split(self.text)

    def document(self) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in self.events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            documents += 1
            if documents > 1:
                self.report(
                    "yaml-documents",
                    "a second document begins here",
                    self.place(event),
                    expected="one deal in one file",
                    ways_out=("delete the line '---' or move what follows into a file of its own",),
                )
                return root
            root = self.node(next(self.events), 0)
        if root is None or (isinstance(root, Scalar) and root.plain and not root.text):
            start = Place(self.file, 1, 1, 1, 1)
            self.report("empty-file", "the file says nothing", start, ways_out=("write into it", "delete it"))
            return None
        return root

    def node(self, event: Any, depth: int) -> Node:
        if depth > DEEPEST_NESTING:
            raise Fault(
                Diagnostic(
                    "too-deep",
                    "blocks are nested too deep",
                    self.place(event),
                    expected=f"at most {DEEPEST_NESTING} levels",
                    ways_out=("close the brackets that were opened before", "a deal needs fewer than ten levels"),
                )
            )
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        self.refuse_properties(event)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(event, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(event, depth)
        return self.scalar(event)

    def scalar(self, event: Any) -> Scalar:
        place = self.place(event)
        if event.style in ("'", '"'):
            place = Place(place.file, place.line, place.column + 1, place.end_line, place.end_column - 1)
        if place.line != place.end_line or place.end_column - place.column != len(event.value):
            place = replace(place, runs=runs_of(event.value, self.lines, place, event.style or ""))
        return Scalar(event.value, place, plain=not event.style)

    def alias(self, event: Any) -> Scalar:
        place = self.place(event)
        self.report(
            "yaml-anchor",
            f"'*{event.anchor}' is an alias of YAML, which a deal file does without",
            place,
            ways_out=(QUOTES + " if it begins with '*'", "write the value out where it is used"),
        )
        return Scalar(f"*{event.anchor}", place, plain=True)

    def refuse_properties(self, event: Any) -> None:
        if event.anchor is not None:
            self.report(
                "yaml-anchor",
                f"'&{event.anchor}' is an anchor of YAML, which a deal file does without",
                self.first_character(event, len(event.anchor) + 1),
                ways_out=(QUOTES + " if it begins with '&'", "write the value out where it is used"),
            )
        if event.tag is not None:
            written = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.report(
                "yaml-tag",
                f"'{written}' is a tag of YAML, which a deal file does without",
                self.first_character(event, len(written)),
                ways_out=(QUOTES + " if it begins with '!'", "write 'not' to deny a condition"),
            )

    def mapping(self, event: Any, depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        while not isinstance(after := next(self.events), yaml.MappingEndEvent):
            key = self.node(after, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Scalar):
                self.report("yaml-key", "a key must be a word", key.place, ways_out=("begin the line with a name",))
            else:
                entries.append((key, value))
        place = self.collection_place(event, after, [value.place for _, value in entries])
        if event.flow_style:
            entries = self.rejoined(entries)
        return Mapping(tuple(self.without_duplicates(entries)), place)

    def sequence(self, event: Any, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(after := next(self.events), yaml.SequenceEndEvent):
            items.append(self.node(after, depth + 1))
        place = self.collection_place(event, after, [item.place for item in items])
        if event.flow_style:
            # An item of a sequence is split like the value of a mapping is, only that no keys stand between.
            entries = self.rejoined([(item, None) if _is_plain(item) else (None, item) for item in items])
            items = [item for key, value in entries for item in (key, value) if item is not None]
        return Sequence(tuple(items), place)

    def rejoined(self, entries: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        """`{amount: max(a, b)}` is two keys to YAML: put them together again, so that only the quotes are missed."""
        joined: list[tuple[Any, Any]] = []
        waiting = list(reversed(entries))
        left_open = 0
        while waiting:
            key, value = waiting.pop()
            in_key = value is None or (_is_plain(value) and not value.text)
            opened = key if in_key else value
            if not (_is_plain(opened) and _open_brackets(opened.text)):
                if _is_plain(value) and waiting and _is_lone(waiting[-1]) and _groups_digits(value, waiting[-1][0]):
                    value = self.together(value, waiting.pop()[0], ",")
                    self.report(
                        "flow-comma",
                        "a comma inside { } has cut a number in two",
                        value.place,
                        found=value.text,
                        ways_out=(f"write {value.text.replace(',', '')}",),
                    )
                joined.append((key, value))
                continue
            whole = opened
            while waiting and _open_brackets(whole.text) > 0 and _is_lone(waiting[-1]):
                whole = self.together(whole, waiting.pop()[0], ", ")
            still_open = _open_brackets(whole.text)
            if still_open >= 0 or not left_open:
                self.report(
                    "flow-comma",
                    "brackets are not closed: inside { } and [ ] a comma ends the value",
                    whole.place,
                    found=whole.text,
                    ways_out=(QUOTES if still_open else f'{QUOTES}: "{whole.text}"',),
                )
            left_open = max(0, left_open + still_open)
            joined.append((whole, value) if in_key else (key, whole))
        return joined

    def together(self, one: Scalar, other: Scalar, comma: str) -> Scalar:
        """Two scalars that a comma has cut, as one."""
        start, end = one.place, other.place
        place = Place(self.file, start.line, start.column, end.end_line, end.end_column)
        return Scalar(f"{one.text}{comma}{other.text}", place, plain=True)

    def without_duplicates(self, entries: list[tuple[Scalar, Node]]) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, Place] = {}
        for key, value in entries:
            if key.plain and key.text == "<<":
                self.report(
                    "yaml-anchor",
                    "'<<' merges keys in YAML, which a deal file does without",
                    key.place,
                    ways_out=("write the keys out",),
                )
            elif not key.text:
                self.report("yaml-key", "a key is empty", key.place, ways_out=("write a name before the ':'",))
            elif key.text in seen:
                self.report(
                    "duplicate-key",
                    f"'{key.text}' is written twice",
                    key.place,
                    ways_out=("delete one of the two or rename it",),
                    related=((seen[key.text], "first written here"),),
                )
            else:
                seen[key.text] = key.place
                yield key, value

    def report(
        self,
        code: str,
        message: str,
        place: Place,
        found: str = "",
        expected: str = "",
        ways_out: tuple[str, ...] = (),
        related: tuple[tuple[Place, str], ...] = (),
    ) -> None:
        self.diagnostics.append(Diagnostic(code, message, place, found, expected, ways_out, related))

    def place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        return Place(self.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def first_character(self, event: Any, width: int) -> Place:
        start = event.start_mark
        return Place(self.file, start.line + 1, start.column + 1, start.line + 1, start.column + 1 + width)

    def collection_place(self, start: Any, end: Any, held: list[Place]) -> Place:
        """A block ends where its last value does: YAML ends it only where the next one begins."""
        first = self.place(start)
        last = self.place(end) if start.flow_style or not held else held[-1]
        return Place(self.file, first.line, first.column, last.end_line, last.end_column)


def _is_plain(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.plain


def _is_lone(entry: tuple[Any, Any]) -> bool:
    key, value = entry
    return _is_plain(key) and (value is None or (_is_plain(value) and not value.text))


def _groups_digits(number: Scalar, rest: Scalar) -> bool:
    """Whether a comma without a space has cut three digits off a number: `{price: 1,000 USD}`."""
    start = rest.place
    return (
        re.match("[0-9]{3}($|[ ,])", rest.text) is not None
        and re.search("(^|[^0-9.])[0-9]{1,3}$", number.text) is not None
        and (start.line, start.column) == (number.place.end_line, number.place.end_column + 1)
    )


def _open_brackets(text: str) -> int:
    return text.count("(") - text.count(")")


def _end_of(before: str, file: str) -> Place:
    """The place of the one character that follows a text."""
    lines = LINE_BREAK.split(before)
    line, column = len(lines), len(lines[-1]) + 1
    return Place(file, line, column, line, column + 1)


_SENTENCES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "mapping values are not allowed",
        "a ':' stands where no key can",
        ("put quotes round a value that holds ': '", "check how far the line is indented"),
    ),
    ("could not find expected ':'", "a key without its ':'", ("write a ':' and a space after the key",)),
    (
        "did not find expected key|expected '?<(block end|document start)>",
        "the line does not fit the block it stands in",
        ("indent it like the lines it belongs to", "put quotes round the whole value, or none at all"),
    ),
    (
        "did not find expected '-' indicator",
        "the line does not fit the list it stands in",
        ("begin it with '-' like the lines above",),
    ),
    (
        "expected ',' or '[]}]'|did not find expected node content|expected the node content",
        "a { or [ is not closed, or a comma is missing",
        ("close it", "write a comma between the entries", QUOTES),
    ),
    ("found unexpected end of stream", "a quote is not closed", ("write the closing quote",)),
    (
        "unknown escape character|did not find expected hexdecimal|expected escape sequence",
        "a backslash in double quotes begins an escape that YAML does not know",
        ("use single quotes",),
    ),
    (
        "block sequence entries are not allowed|sequence entries are not allowed",
        "a '-' and a space begin a list, and no list can stand here",
        (QUOTES,),
    ),
    (
        "block scalar|chomping or indentation",
        "a value that begins with '>' or '|' is a block of text to YAML",
        (QUOTES,),
    ),
)


def _explained(error: yaml.MarkedYAMLError, text: str, file: str) -> Diagnostic:
    """A syntax error of YAML in words for people who never read its grammar."""
    problem, context = error.problem or "", error.context or ""
    in_property = re.search("alias|anchor|tag|directive", f"{context} {problem}") is not None
    mark: Any = error.context_mark if in_property and error.context_mark else error.problem_mark or error.context_mark
    lines = LINE_BREAK.split(text)
    line, column = (mark.line, mark.column) if mark else (0, 0)
    source = lines[line] if line < len(lines) else ""
    rest = source[column:].strip()
    place = Place(file, line + 1, column + 1, line + 1, column + 1 + max(1, len(rest)))
    first = source[column : column + 1]
    indent = source[: len(source) - len(source.lstrip())]
    if first == "\t" or "\t" in indent:
        at = column if first == "\t" else indent.index("\t")
        tab = Place(file, line + 1, at + 1, line + 1, at + 2)
        return Diagnostic(
            "yaml-tab", "a tab where YAML allows only spaces", tab, ways_out=("write spaces for the tab",)
        )
    if first and first in "*&!%@`":
        code = {"*": "yaml-anchor", "&": "yaml-anchor", "!": "yaml-tag"}.get(first, "yaml-quote")
        ways = (QUOTES, *(("write the number before it: 20%",) if first == "%" else ()))
        return Diagnostic(code, f"a value cannot begin with '{first}' in YAML", place, found=rest, ways_out=ways)
    for pattern, sentence, ways_out in _SENTENCES:
        if re.search(pattern, problem) or re.search(pattern, context):
            related: tuple[tuple[Place, str], ...] = ()
            if error.context_mark and error.context_mark.line != line:
                begun: Any = error.context_mark
                start = Place(file, begun.line + 1, begun.column + 1, begun.line + 1, begun.column + 2)
                related = ((start, "what is not closed, or does not fit, begins here"),)
            return Diagnostic("yaml-syntax", sentence, place, found=rest, ways_out=ways_out, related=related)
    return Diagnostic(
        "yaml-syntax", "the file is not valid YAML", place, found=problem or str(error), ways_out=(CHECK,)
    )
