"""A deal as text: laid out, built from plain data, changed, kept in a folder.

Text is the source of truth: what is built from data is written as text first and read like any other.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from detente.deal.load import SECTIONS, parse_deal
from detente.deal.model import Deal
from detente.evidence.records import parse_evidence
from detente.text import nodes
from detente.text.diagnostic import LINE_BREAK, Diagnostic, Refused, did_you_mean
from detente.text.files import write_whole
from detente.text.layout import Branch, Entry, concrete, laid_out, spelled, written_out
from detente.text.nodes import DEEPEST_NESTING, parse, read_text

HEAD = ("deal", "from", "now", "to", "step", "note")
"""The keys at the top of a deal that are no sections, in the order in which they are laid out."""

NAMES = ("deal.yaml", "sources.yaml", "claims.jsonl")

EXAMPLE = Path(__file__).parent / "example"


@dataclass(frozen=True, slots=True)
class Files:
    """The texts of the files of a deal; empty where there is no such file."""

    deal: str
    sources: str = ""
    claims: str = ""

    def by_name(self, mark: str = "") -> dict[str, str]:
        """The texts by the names of their files, with a mark behind each."""
        return {name + mark: text for name, text in zip(NAMES, (self.deal, self.sources, self.claims), strict=True)}


def tidy(text: str, file: str) -> tuple[str | None, tuple[Diagnostic, ...]]:
    """A deal laid out in the one way, or None where it is not YAML, and what is wrong with it. `file` names it.

    Raises:
        ValueError: where the outcome would not say the same.
    """
    return laid_out(text, file, HEAD, SECTIONS)


def read_files(path: Path) -> Files:
    """The texts of a deal in a folder, or beside a file.

    Raises:
        Refused: where one cannot be read.
    """
    file = path / NAMES[0] if path.is_dir() else path
    texts = []
    for each in (file, file.parent / NAMES[1], file.parent / NAMES[2]):
        text, findings = read_text(each) if each == file or each.exists() else ("", ())
        if text is None:
            raise Refused(findings)
        texts.append(text)
    return Files(*texts)


def parse_files(files: Files, mark: str = "") -> tuple[Deal | None, tuple[Diagnostic, ...]]:
    """The deal that texts tell; `mark` stands behind the names of the files in places."""
    deal_file, sources_file, claims_file = files.by_name(mark)
    evidence, findings = parse_evidence(files.sources or None, files.claims or None, sources_file, claims_file)
    deal, more = parse_deal(files.deal, evidence, deal_file)
    return deal, (*findings, *more)


def save(files: Files, folder: Path, overwrite: bool = False) -> None:
    """Write the files into a folder, which is made if it is not there.

    Raises:
        FileExistsError: where a file of a deal is there and `overwrite` is not said.
        OSError: where the folder cannot be made or written.
    """
    there = [folder / name for name in NAMES if (folder / name).exists()]
    if there and not overwrite:
        raise FileExistsError(f"'{there[0]}' is there already: choose another folder, or say overwrite=True")
    folder.mkdir(exist_ok=True)
    for name, text in files.by_name().items():
        if text:
            write_whole(folder / name, text)
        else:
            (folder / name).unlink(missing_ok=True)


def begin(folder: Path) -> None:
    """Make a new folder with a commented deal to learn from and to change.

    Raises:
        ValueError: where the name is no name for a folder, or something of that name is there.
        OSError: where the folder cannot be made.
    """
    if not re.fullmatch(r"\w[\w.-]*", folder.name):
        raise ValueError(f"'{folder}' is no name for a deal: use letters, digits, '-', '_' and '.'")
    if folder.exists() or folder.is_symlink():
        raise ValueError(f"'{folder}' is there already: choose another name")
    if not folder.parent.is_dir():
        raise ValueError(f"there is no folder '{folder.parent}'")
    save(read_files(EXAMPLE), folder)


# --- Data and text


def files_of(
    mapping: Mapping[str, object],
    sources: Mapping[str, object] | None = None,
    claims: Sequence[Mapping[str, object]] = (),
) -> Files:
    """The files that say what plain data says. Values are texts, whole numbers, floats (written exactly), truths,
    dates, lists, and mappings with texts, whole numbers or dates as keys.

    Raises:
        ValueError: for a value of another kind.
    """
    breaks = str.maketrans({ord(mark): f"\\u{ord(mark):04x}" for mark in "\x85\u2028\u2029"})
    lines = [json.dumps(claim, ensure_ascii=False, default=_json).translate(breaks) + "\n" for claim in claims]
    return Files(_text(mapping, NAMES[0]), _text(sources, NAMES[1]) if sources else "", "".join(lines))


def data_of(files: Files) -> dict[str, object]:
    """The files as plain data, from which `files_of` makes files that say the same: `mapping` is the deal, `sources`
    the records by name, `claims` a list of records. All values of the first two are texts.

    Raises:
        Refused: where a file cannot be read.
    """
    claims = [json.loads(line) for line in LINE_BREAK.split(files.claims) if line.strip()]
    sources = _data(_node(files.sources, NAMES[1])) if files.sources else {}
    return {"mapping": _data(_node(files.deal, NAMES[0])), "sources": sources, "claims": claims}


def changed(files: Files, changes: Mapping[Any, object]) -> Files:
    """The files with values of the deal replaced; comments stay. A path joins keys by dots and counts items of lists
    from 0, `agreements.azure.terms.takings.rate`; a tuple of keys says the same where dots in keys leave a doubt.

    Raises:
        ValueError: for a path that is not there or could be two, or a value that a deal cannot hold.
        Refused: where the text cannot be read.
    """
    _node(files.deal, NAMES[0])
    root = concrete(files.deal)
    for path, value in changes.items():
        _entry_at(root, path).value = concrete(_written(value, _shown(path))).value
    return Files(written_out(root, HEAD, SECTIONS), files.sources, files.claims)


def _node(text: str, file: str) -> nodes.Node:
    node, findings = parse(text, file)
    if node is None or findings:
        raise Refused(findings, {file: text})
    return node


def _data(node: nodes.Node) -> object:
    match node:
        case nodes.Scalar(text=text):
            return text
        case nodes.Sequence(items=items):
            return [_data(item) for item in items]
        case nodes.Mapping(entries=entries):
            return {key.text: _data(value) for key, value in entries}


def _text(mapping: Mapping[str, object], file: str) -> str:
    """Data as YAML: sections as blocks, what is in them as the layout has it."""
    if not isinstance(mapping, Mapping):
        raise ValueError(f"{file} is made of a mapping, not of a {type(mapping).__name__}")
    lines: list[str] = []
    for key, value in mapping.items():
        name = spelled(_key(key, file), False)
        if isinstance(value, Mapping) and value and file == NAMES[0]:
            lines.append(f"{name}:")
            lines += [
                f"  {spelled(_key(inner, name), False)}: {_written(item, f'{name}.{inner}')}"
                for inner, item in value.items()
            ]
        else:
            lines.append(f"{name}: {_written(value, name)}")
    rough = "\n".join(lines) + "\n"
    order = (HEAD, SECTIONS) if file == NAMES[0] else ((), ())
    return laid_out(rough, file, *order)[0] or rough


def _written(value: object, where: str, depth: int = 0) -> str:
    """A value as YAML on one line."""
    if depth > DEEPEST_NESTING:
        raise ValueError(f"{where} is nested too deep")
    match value:
        case str():
            return spelled(value, True)
        case bool():
            return "true" if value else "false"
        case Integral():
            return str(int(value))
        case Real():
            if not math.isfinite(value):
                raise ValueError(f"{where} is {float(value)}, which a deal cannot hold")
            return repr(float(value))
        case datetime.date():
            return _day(value, where)
        case Mapping():
            entries = (
                f"{spelled(_key(key, where), True)}: {_written(item, f'{where}.{key}', depth + 1)}"
                for key, item in value.items()
            )
            return f"{{{', '.join(entries)}}}"
        case list() | tuple():
            return f"[{', '.join(_written(item, f'{where}.{n}', depth + 1) for n, item in enumerate(value))}]"
        case None:
            raise ValueError(f"{where} is None: leave the key out")
        case _:
            raise ValueError(f"{where} is a {type(value).__name__}, which a deal cannot hold")


def _day(value: datetime.date, where: str) -> str:
    if isinstance(value, datetime.datetime) and value.time() != datetime.time():
        raise ValueError(f"{where} is a time of day: give a date")
    return f"{value:%Y-%m-%d}"


def _key(key: object, where: str) -> str:
    if isinstance(key, str):
        return key
    if isinstance(key, datetime.date):
        return _day(key, f"a key of {where}")
    if isinstance(key, int | Integral) and not isinstance(key, bool):
        return str(int(key))
    raise ValueError(f"a key of {where} is a {type(key).__name__}: keys are texts, whole numbers or dates")


def _json(value: object) -> object:
    """What JSON does not know of the values of a claim."""
    match value:
        case datetime.date():
            return _day(value, "a value of a claim")
        case Integral():
            return int(value)
        case Real():
            return float(value)
        case _:
            raise ValueError(f"a value of a claim is a {type(value).__name__}, which a claim cannot hold")


# --- Paths


def _shown(path: str | Sequence[object]) -> str:
    return path if isinstance(path, str) else ".".join(map(str, path))


def _entry_at(root: Entry, path: str | Sequence[object]) -> Entry:
    missed: list[tuple[str, str, Entry]] = []
    found = _entries_at(root, path if isinstance(path, str) else tuple(path), "", missed)
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"'{_shown(path)}' can be read in {len(found)} ways: give its keys as a tuple")
    trail, rest, entry = max(missed, key=lambda miss: len(miss[0]), default=("", "", root))
    there = _names(entry)
    parts = rest.split(".")
    shown = ", ".join(there[:12]) + (", …" if len(there) > 12 else "")
    near = [way for n in range(len(parts), 0, -1) for way in did_you_mean(".".join(parts[:n]), there)]
    raise ValueError(
        f"there is no '{rest}' in {trail or 'the deal'}"
        + (f"; {near[0]}" if near else "")
        + (f" ({shown})" if there else "")
    )


def _names(entry: Entry) -> list[str]:
    entries = entry.value.entries if isinstance(entry.value, Branch) else []
    return [inner.key.text if inner.key else str(number) for number, inner in enumerate(entries)]


def _entries_at(
    entry: Entry, rest: str | tuple[object, ...], trail: str, missed: list[tuple[str, str, Entry]]
) -> list[Entry]:
    """The entries that a path can mean. What leads nowhere is told with how far it led."""
    if not rest:
        return [entry] if trail else []
    found: list[Entry] = []
    tried = False
    for name, inner in zip(_names(entry), entry.value.entries if isinstance(entry.value, Branch) else (), strict=True):
        tail: str | tuple[object, ...] | None = None
        if isinstance(rest, tuple):
            tail = rest[1:] if str(rest[0]) == name else None
        elif rest == name or (rest.startswith(f"{name}.") and not rest.endswith(".")):
            tail = rest[len(name) + 1 :]
        if tail is not None:
            tried = True
            found += _entries_at(inner, tail, f"{trail}.{name}" if trail else name, missed)
    if not tried:
        missed.append((trail, _shown(rest), entry))
    return found
