"""One way to lay out a YAML text, with every comment kept.

Two spaces of indent, one after a colon or a comma; a mapping or list in brackets that fits a line stays there, a longer
one becomes a block; quotes stand only where YAML needs them. What a scalar says is never changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from detente.text import nodes
from detente.text.diagnostic import Diagnostic
from detente.text.nodes import parse

WIDTH = 120
"""Characters of a line, its comment not counted, up to which brackets stay on one line."""

INDENT = 2

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def laid_out(
    text: str, file: str, head: Sequence[str] = (), sections: Sequence[str] = ()
) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """The text laid out, or None where it cannot be read, and what is wrong with it. `file` names it in places.

    Keys at the top come in the order `head`, `sections`, others. A blank line stands before and after each of
    `sections`, none between those of `head`. A comment belongs to the key below it and moves with it; what stands at
    the top of the file above a blank line stays there.

    Raises:
        ValueError: where the outcome would not say the same, which is a mistake of this module.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    before, findings = parse(text, file)
    if before is None or findings:
        return None, findings
    outcome = written_out(concrete(text), head, sections)
    after, problems = parse(outcome, file)
    if after is None or problems or _said(after, True) != _said(before, True) or not _same_comments(text, outcome):
        raise ValueError(f"{file}: laid out, the text would not say the same; it is left as it is")
    return outcome, ()


def _said(node: nodes.Node, top: bool = False) -> object:
    """The texts of a tree; the order of the keys at the top does not count."""
    match node:
        case nodes.Scalar(text=text):
            return text
        case nodes.Sequence(items=items):
            return [_said(item) for item in items]
        case nodes.Mapping(entries=entries):
            said = tuple((key.text, _said(value)) for key, value in entries)
            return dict(said) if top else said


def _same_comments(one: str, other: str) -> bool:
    return Counter(_comments(concrete(one))) == Counter(_comments(concrete(other)))


# --- The tree of a file, with comments


@dataclass
class Leaf:
    """A scalar: what it says and how the file writes it. `style` is a quote, `|`, `>` or empty."""

    text: str
    raw: str
    style: str


@dataclass
class Branch:
    """A mapping or a list, in brackets (`flow`) or as a block; `below` are the comments after its last entry."""

    entries: list[Entry]
    mapping: bool
    flow: bool
    below: list[str]


@dataclass
class Entry:
    """A key with its value, or an item of a list, which has no key.

    `above` are the comments before it, with "" for a blank line, `beside` those on its line.
    """

    key: Leaf | None
    value: Leaf | Branch
    above: list[str]
    beside: list[str] = field(default_factory=list)


NOTHING = Leaf("", "", "")


def concrete(text: str) -> Entry:
    """The tree of a text that `nodes.parse` reads without findings: an entry without a key."""
    return _Reader(text).document()


def _comments(entry: Entry) -> Iterator[str]:
    """Every comment of a tree."""
    yield from filter(None, (*entry.above, *entry.beside))
    if isinstance(entry.value, Branch):
        for inner in entry.value.entries:
            yield from _comments(inner)
        yield from filter(None, entry.value.below)


class _Reader:
    """Builds the tree from events. Comments stand in the gaps between scalars and brackets, where no other `#` can."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.events: list[Any] = []
        self.next_content: list[int] = []
        self.at = 0
        self.waiting: list[tuple[int, str]] = []
        self.columns = [-1]
        self.find_contents()

    def find_contents(self) -> None:
        """The events of nodes, and for each the index of the scalar or bracket that follows it."""
        kinds = (yaml.ScalarEvent, yaml.CollectionStartEvent, yaml.CollectionEndEvent)
        event: Any
        self.events = [event for event in yaml.parse(self.text, Loader=_LOADER) if isinstance(event, kinds)]
        in_brackets: list[bool] = []
        starts: list[int | None] = []
        for event in self.events:
            start = event.start_mark.index
            if isinstance(event, yaml.CollectionStartEvent):
                in_brackets.append(bool(event.flow_style) and self.text[start] in "{[")
                starts.append(start if in_brackets[-1] else None)
            elif isinstance(event, yaml.CollectionEndEvent):
                starts.append(start if in_brackets.pop() else None)
            else:
                starts.append(start)
        following = len(self.text)
        for start in reversed(starts):
            self.next_content.append(following)
            following = following if start is None else start
        self.next_content.reverse()
        self.first_content = following

    def document(self) -> Entry:
        root = Entry(None, NOTHING, [])
        self.gap(0, self.first_content, root)
        root.value = self.node(root)
        if isinstance(root.value, Branch):
            root.value.below += self.taken()
        else:
            root.above += self.taken()
        return root

    def node(self, entry: Entry) -> Leaf | Branch:
        event = self.events[self.at]
        self.at += 1
        if isinstance(event, yaml.ScalarEvent):
            entry.above += filter(None, self.taken())
            return self.leaf(event, entry)
        brackets = event.flow_style and self.text[event.start_mark.index] in "{["
        if brackets:
            entry.above += filter(None, self.taken())
            self.gap(event.end_mark.index, self.next_content[self.at - 1], entry)
        branch = Branch([], isinstance(event, yaml.MappingStartEvent), bool(event.flow_style), [])
        self.columns.append(self.columns[-1] if branch.flow else event.start_mark.column)
        while not isinstance(self.events[self.at], yaml.CollectionEndEvent):
            inner = Entry(None, NOTHING, self.taken())
            if branch.mapping:
                key = self.node(inner)
                assert isinstance(key, Leaf)
                inner.key = key
            inner.value = self.node(inner)
            branch.entries.append(inner)
        self.at += 1
        self.columns.pop()
        branch.below += self.taken() if brackets else self.taken(self.columns[-1] + 1) if not branch.flow else ()
        if brackets:
            self.gap(self.events[self.at - 1].end_mark.index, self.next_content[self.at - 1], entry)
        return branch

    def leaf(self, event: Any, entry: Entry) -> Leaf:
        start, end, style = event.start_mark.index, event.end_mark.index, event.style or ""
        raw = self.text[start:end]
        if style in ("|", ">"):
            first, line_break, rest = re.sub(r"\n\s*\Z", "", raw).partition("\n")
            if "+" not in first.partition("#")[0]:
                end = start + len(first + line_break + rest)
            header, sign, comment = first.partition("#")
            entry.beside += filter(None, [sign + comment.rstrip()])
            raw = header.rstrip() + line_break + rest
        self.gap(end, self.next_content[self.at - 1], entry)
        return Leaf(event.value, raw, style)

    def gap(self, start: int, end: int, entry: Entry) -> None:
        """What stands between: a comment on the line of the entry is beside it, others wait for what comes next."""
        lines = self.text[start:end].split("\n")
        fresh = start == 0 or self.text[start - 1] == "\n"
        for number, line in enumerate(lines):
            code, sign, comment = line.partition("#")
            if sign and number == 0 and not fresh:
                entry.beside.append(sign + comment.rstrip())
            elif sign:
                self.waiting.append((len(code), sign + comment.rstrip()))
            elif not code.strip() and number < len(lines) - 1 and (number or fresh):
                self.waiting.append((0, ""))

    def taken(self, column: int = 0) -> list[str]:
        """The comments that wait, up to the first that is indented less than a column."""
        count = len(self.waiting)
        if column:
            own = next((number for number, (at, line) in enumerate(self.waiting) if line and at < column), count)
            count = max((number + 1 for number in range(own) if self.waiting[number][1]), default=0)
        lines = [line for _, line in self.waiting[:count]]
        del self.waiting[:count]
        return lines


# --- Writing the tree out


def written_out(root: Entry, head: Sequence[str] = (), sections: Sequence[str] = ()) -> str:
    """The text of a tree, its top in the order that `laid_out` tells."""
    top = root.value
    if isinstance(top, Leaf):
        return "\n".join([*filter(None, [*root.above, *root.beside]), *_leaf(top, 0)]) + "\n"
    if not top.entries:
        return "\n".join(filter(None, [*root.above, *root.beside, *top.below, _flow(top)])) + "\n"
    first = top.entries[0]
    comments = [*root.above, *root.beside, *first.above]
    header = max((number for number, line in enumerate(comments) if not line), default=0)
    lines, first.above = _spaced(comments[:header]), list(filter(None, comments[header:]))
    order = {key: place for place, key in enumerate((*head, *sections))}
    previous = None
    for entry in sorted(top.entries, key=lambda entry: order.get(_name(entry), len(order))):
        if previous is None:
            blank = bool(lines)
        elif _name(entry) in sections or previous in sections:
            blank = True
        else:
            blank = entry.above[:1] == [""] and _name(entry) not in head
        lines += ["", *_entry(entry, 0)] if blank else _entry(entry, 0)
        previous = _name(entry)
    return "\n".join([*lines, *_spaced(top.below)]) + "\n"


def _name(entry: Entry) -> str:
    return entry.key.text if entry.key else ""


def _spaced(comments: Sequence[str]) -> list[str]:
    """Comments without doubled blank lines, and without one at the end."""
    kept = [line for number, line in enumerate(comments) if line or not number or comments[number - 1]]
    return kept[:-1] if kept[-1:] == [""] else kept


def _block(branch: Branch, column: int) -> list[str]:
    """A mapping or list as a block whose entries stand at a column."""
    margin = " " * column
    lines: list[str] = []
    for entry in branch.entries:
        lines += ["", *_entry(entry, column)] if lines and entry.above[:1] == [""] else _entry(entry, column)
    below = _spaced(branch.below)
    return lines + [margin + line if line else "" for line in below]


def _entry(entry: Entry, column: int) -> list[str]:
    """The lines of an entry at a column: its comments, without a blank line before them, then itself."""
    margin, key, value = " " * column, entry.key, entry.value
    begin = f"{margin}-" if key is None else f"{margin}{_leaf(key, column)[0]}:"
    above, beside = [*entry.above, *entry.beside[:-1]], entry.beside[-1:]
    rest: list[str] = []
    if isinstance(value, Leaf):
        first, *rest = _leaf(value, column)
        line = f"{begin} {first}" if first else begin
        if rest and value.style not in ("|", ">"):
            rest, beside = [*rest[:-1], "  ".join([rest[-1], *beside])], []
    else:
        flow = _flow(value)
        if flow is not None and (not value.entries or len(begin) + 1 + len(flow) <= WIDTH):
            line, above = f"{begin} {flow}", [*above, *value.below]
        elif key is not None:
            line, rest = begin, _block(value, column + INDENT)
        else:
            block = _block(value, column + INDENT)
            above, beside = [*above, *beside], []
            while not block[0] or block[0].lstrip().startswith("#"):
                above.append(block.pop(0).lstrip())
            line, *rest = block
            line = f"{begin} {line.lstrip()}"
    lines = [margin + comment if comment else "" for comment in _spaced(above)]
    while lines and not lines[0]:
        lines.pop(0)
    return [*lines, "  ".join([line, *beside]), *rest]


def _flow(branch: Branch) -> str | None:
    """A mapping or list in brackets on one line; None where a comment or a block inside needs lines of its own."""
    if not branch.entries:
        return "{}" if branch.mapping else "[]"
    if not branch.flow or any(branch.below):
        return None
    parts: list[str] = []
    for entry in branch.entries:
        value = _bare(entry.value, True) if isinstance(entry.value, Leaf) else _flow(entry.value)
        if value is None or entry.beside or any(entry.above):
            return None
        key = "" if entry.key is None else _bare(entry.key, True)
        parts.append(value if entry.key is None else f"{key}: {value}" if value else key)
    return f"{{{', '.join(parts)}}}" if branch.mapping else f"[{', '.join(parts)}]"


# --- Scalars

_UNPRINTABLE = "[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
_NOT_BARE = re.compile(rf"{_UNPRINTABLE}|: | #|:$|^ | $")
_INDICATOR = re.compile(r"[,\[\]{}#&*!|>'\"%@`?:]|-( |$)|---|\.\.\.|<<$")
_ENDS_FLOW = re.compile(r"[,\[\]{}]")
_ESCAPED = re.compile(rf'["\\]|{_UNPRINTABLE}')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def spelled(text: str, flow: bool) -> str:
    """A text as a YAML scalar on one line: bare where it can be, else in double quotes, or in single quotes where those
    save an escape. `flow` is whether it stands in brackets."""
    bare = text and not _NOT_BARE.search(text) and not _INDICATOR.match(text)
    if bare and not (flow and (_ENDS_FLOW.search(text) or text.count("(") != text.count(")"))):
        return text
    if not _ESCAPED.search(text):
        return f'"{text}"'
    if not _ESCAPED.search(text.replace('"', "").replace("\\", "")):
        doubled = text.replace("'", "''")
        return f"'{doubled}'"
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    numbered = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return _ESCAPES.get(match[0], numbered)


def _bare(leaf: Leaf, flow: bool) -> str:
    """A scalar on one line. What stands without quotes stays as it is written."""
    return leaf.raw if not leaf.style and "\n" not in leaf.raw else spelled(leaf.text, flow)


def _leaf(leaf: Leaf, column: int) -> list[str]:
    """The lines of a scalar in a block at a column; the first stands behind its key. Lines stay as they are broken."""
    margin = " " * (column + INDENT)
    first, *rest = leaf.raw.split("\n")
    if not rest:
        return [_bare(leaf, False)]
    if leaf.style == "|" and leaf.text.strip() and not leaf.text.endswith("\n\n"):
        header = "|" + ("2" if re.match(r"\n* ", leaf.text) else "") + ("" if leaf.text.endswith("\n") else "-")
        return [header, *(margin + line if line else "" for line in leaf.text.removesuffix("\n").split("\n"))]
    if leaf.style == ">" and leaf.text.strip() and not re.search(r"[+0-9]", first):
        indent = next(len(line) - len(line.lstrip(" ")) for line in rest if line.strip())
        return [first, *((margin + line[indent:]) if line[indent:] else "" for line in rest)]
    if leaf.style in ("|", ">") or re.search(r"\\[ \t]+\n", leaf.raw):
        return [spelled(leaf.text, False)]
    return [first.rstrip(), *(margin + line.strip() if line.strip() else "" for line in rest)]
