"""Sources and claims: the records a deal rests on.

A claim is one dated, attributed statement in our own words. Its origin is the report it was first made in: ten rewrites
of one report are one origin.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from detente.lang.unit import parse_unit
from detente.text.diagnostic import LINE_BREAK, Diagnostic, Fault, did_you_mean
from detente.text.nodes import Mapping, Node, Scalar, parse, read_text
from detente.text.place import Place
from detente.text.written import DATES, ISO, Date, parse_date

SOURCE_KEYS = ("title", "publisher", "author", "published", "kind", "origin", "url", "reliability", "note")
SOURCE = "NAME: {title: …, publisher: …, published: DATE, kind: …}"
CLAIM = '{"id": "…", "source": "…", "says": "…"}'
GRADES = ("A", "B", "C", "D", "E", "F")
"""How far a source can be trusted, from the parties' own records down to hearsay."""
SOURCE_KINDS = ("primary", "original", "derivative", "overview", "forum")
CLAIM_KEYS = (
    "id",
    "source",
    "says",
    "published",
    "known",
    "known_why",
    "value",
    "low",
    "high",
    "unit",
    "as_of",
    "origin",
    "reliability",
    "note",
)


@dataclass(frozen=True, slots=True)
class Source:
    """A document: what it is, who published it and when, and the report it takes its facts from (`origin`)."""

    name: str
    title: str
    publisher: str
    published: Date | None
    kind: str
    origin: str
    url: str
    reliability: str
    place: Place


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement found in a source: a value, bounds, or neither (it then shows existence or direction only)."""

    name: str
    source: str
    says: str
    known: Date | None
    value: float | None
    low: float | None
    high: float | None
    unit: str
    as_of: str
    origin: str
    reliability: str
    place: Place

    @property
    def gives_value(self) -> bool:
        """Whether a number can rest on it."""
        return not self.value is self.low is self.high is None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All sources and claims of a deal, by name."""

    sources: dict[str, Source]
    claims: dict[str, Claim]


NO_EVIDENCE = Evidence({}, {})
"""Of a deal that stands alone."""


def load_evidence(folder: Path) -> tuple[Evidence, tuple[Diagnostic, ...]]:
    """The evidence in `sources.yaml` and `claims.jsonl` of a folder; either may be missing."""
    texts: list[str | None] = []
    findings: list[Diagnostic] = []
    for path in (folder / "sources.yaml", folder / "claims.jsonl"):
        text, problems = read_text(path) if path.exists() else (None, ())
        texts.append(text)
        findings += problems
    evidence, more = parse_evidence(texts[0], texts[1], str(folder / "sources.yaml"), str(folder / "claims.jsonl"))
    return evidence, (*findings, *more)


def parse_evidence(
    sources: str | None, claims: str | None, sources_file: str, claims_file: str
) -> tuple[Evidence, tuple[Diagnostic, ...]]:
    """The evidence in the texts of the two files, None where there is none; the names of the files stand in places."""
    findings: list[Diagnostic] = []
    known = _sources(sources, sources_file, findings) if sources is not None else {}
    found = _claims(claims, claims_file, known, findings) if claims is not None else {}
    return Evidence(known, found), tuple(findings)


def _sources(text: str, file: str, findings: list[Diagnostic]) -> dict[str, Source]:
    node, problems = parse(text, file)
    findings += problems
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        findings.append(_no_record("sources are records by name", node.place))
        return {}
    found: dict[str, Source] = {}
    for key, value in node.entries:
        if not isinstance(value, Mapping):
            findings.append(_no_record(f"source '{key.text}' is not a record", value.place))
            continue
        texts = {inner.text: (inner, item) for inner, item in value.entries}
        findings += [_unknown_key(name, texts[name][0].place, SOURCE_KEYS) for name in texts if name not in SOURCE_KEYS]
        for name, choices in (("kind", SOURCE_KINDS), ("reliability", GRADES)):
            said = _text_of(texts.get(name))
            if said and said not in choices:
                findings.append(_unknown_word(f"`{name}` of a source", said, texts[name][1].place, choices))
        found[key.text] = Source(
            key.text,
            _text_of(texts.get("title")),
            _text_of(texts.get("publisher")),
            _date(_text_of(texts["published"]), texts["published"][1].place, findings)
            if "published" in texts
            else None,
            _text_of(texts.get("kind")),
            _text_of(texts.get("origin")),
            _text_of(texts.get("url")),
            _text_of(texts.get("reliability")),
            key.place,
        )
    return found


def _text_of(entry: tuple[Scalar, Node] | None) -> str:
    return entry[1].text if entry is not None and isinstance(entry[1], Scalar) else ""


def _claims(text: str, file: str, sources: dict[str, Source], findings: list[Diagnostic]) -> dict[str, Claim]:
    found: dict[str, Claim] = {}
    for number, line in enumerate(LINE_BREAK.split(text), 1):
        place = Place(file, number, 1, number, max(2, len(line) + 1))
        if not line.strip():
            continue
        try:
            claim = _claim(_Line(line, place), sources, findings)
        except Fault as fault:
            findings.append(fault.diagnostic)
            continue
        if claim.name in found:
            findings.append(
                Diagnostic(
                    "duplicate-claim",
                    f"claim '{claim.name}' stands twice",
                    claim.place,
                    related=((found[claim.name].place, "first here"),),
                    ways_out=("rename one of them", "take one away, if they say the same"),
                )
            )
        found[claim.name] = claim
    return found


class _Line:
    """A line of claims.jsonl as a record, and where in the line its keys and values stand.

    Raises:
        Fault: where the line is no record in JSON.
    """

    def __init__(self, line: str, place: Place) -> None:
        self.line, self.place = line, place
        self.doubled: list[str] = []
        try:
            record = json.loads(line, object_pairs_hook=self.unique)
        except (json.JSONDecodeError, RecursionError) as problem:
            at = getattr(problem, "colno", 1) - 1
            raise Fault(
                Diagnostic(
                    "claim-not-json",
                    f"this line is not JSON: {getattr(problem, 'msg', 'it is nested too deep')}",
                    place.part(at, at + 1),
                    expected=CLAIM,
                    ways_out=("write the whole claim on one line, its braces and quotes closed, commas between",),
                )
            ) from None
        if not isinstance(record, dict):
            raise Fault(_no_record("a claim is a record in braces", place, CLAIM))
        self.record: dict[str, object] = record

    def unique(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        self.doubled += [name for number, name in enumerate(names) if name in names[:number]]
        return dict(pairs)

    def text(self, key: str) -> str:
        """A value as text; empty where there is none, or one that is neither text nor number."""
        value = self.record.get(key)
        return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""

    def at(self, key: str, value: bool = True, which: int = 0) -> Place:
        """Where the value of a key stands, or the key itself; the whole line where it cannot be found. `which` of
        several: 0 is the first, -1 the last."""
        written = re.escape(json.dumps(key, ensure_ascii=False)[1:-1])
        pattern = rf'"({written})"\s*:\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\]|\{{[^}}]*\}}|[^,}}\s]+)'
        found = list(re.finditer(pattern, self.line))
        if not found:
            return self.place
        start, end = found[which].span(2 if value else 1)
        quoted = value and self.line[start] == '"'
        return self.place.part(start + quoted, max(start + 1, end - quoted))


def _claim(line: _Line, sources: dict[str, Source], findings: list[Diagnostic]) -> Claim:
    missing = [key for key in ("id", "source", "says") if not line.text(key)]
    if missing:
        ways = tuple(f'add "{key}": "…"' for key in missing)
        raise Fault(
            Diagnostic(
                "missing-key", f"the claim lacks {', '.join(missing)}", line.place, expected=CLAIM, ways_out=ways
            )
        )
    name, own = line.text("id"), len(findings)
    findings += [
        _unknown_key(key, line.at(key, value=False), CLAIM_KEYS) for key in line.record if key not in CLAIM_KEYS
    ]
    findings += [
        Diagnostic(
            "duplicate-key",
            f"'{key}' is written twice",
            line.at(key, value=False, which=-1),
            related=((line.at(key, value=False), "first written here"),),
            ways_out=("delete one of the two",),
        )
        for key in line.doubled
    ]
    source = sources.get(line.text("source"))
    if source is None:
        findings.append(
            Diagnostic(
                "unknown-source",
                f"there is no source '{line.text('source')}'",
                line.at("source"),
                ways_out=(*did_you_mean(line.text("source"), sources), "add it to sources.yaml"),
            )
        )
    value, low, high = (_number(line, key, findings) for key in ("value", "low", "high"))
    if low is not None and high is not None and low > high:
        findings.append(
            Diagnostic(
                "range-backwards",
                f"claim '{name}' goes from the greater to the smaller",
                line.at("low"),
                found=f"low {low:g}, high {high:g}",
                expected="low ≤ high",
                ways_out=("turn them round",),
            )
        )
    _check_words(line, findings)
    dates = {
        key: _date(line.text(key), line.at(key), findings) for key in ("known", "published", "as_of") if line.text(key)
    }
    known = dates.get("known") or dates.get("published") or (source.published if source else None)
    if known is None and source is not None and len(findings) == own:
        findings.append(
            Diagnostic(
                "claim-without-date",
                f"claim '{name}' has no date of publication",
                line.at("id"),
                expected="`published` of the claim, or of its source",
                ways_out=(
                    'add "published": "2024-06-30" to the claim',
                    f"add `published` to the source '{source.name}'",
                ),
                related=((source.place, "the source"),),
            )
        )
    return Claim(
        name,
        line.text("source"),
        line.text("says"),
        known,
        value,
        low,
        high,
        line.text("unit"),
        line.text("as_of"),
        line.text("origin") or (source.origin if source and source.origin else line.text("source")),
        line.text("reliability") or (source.reliability if source else ""),
        line.at("id"),
    )


def _number(line: _Line, key: str, findings: list[Diagnostic]) -> float | None:
    value = line.record.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"):
        return value
    if value is not None:
        said = json.dumps(value, ensure_ascii=False)
        ways = ("write it without quotes, and its unit under `unit`", "leave it out if the source gives none")
        findings.append(
            Diagnostic("not-a-number", f"`{key}` of a claim is a number", line.at(key), said, "3.6", ways_out=ways)
        )
    return None


def _check_words(line: _Line, findings: list[Diagnostic]) -> None:
    """The unit of a claim, its grade, and why it was known on another day than it was published."""
    try:
        parse_unit(line.text("unit"))
    except ValueError as problem:
        ways = ("write a unit such as bn USD / year, MW or %", "leave it out where the number has none")
        findings.append(Diagnostic("unknown-unit", str(problem), line.at("unit"), line.text("unit"), ways_out=ways))
    grade = line.text("reliability")
    if grade and grade not in GRADES:
        findings.append(_unknown_word("`reliability` of a claim", grade, line.at("reliability"), GRADES))
    if line.text("known") and not line.text("known_why"):
        findings.append(
            Diagnostic(
                "missing-key",
                "`known` needs its reason",
                line.at("known", value=False),
                expected="`known_why`: why it was known on another day than it was published",
                ways_out=('add "known_why": "…"', "take `known` away: the day of publication counts"),
            )
        )


def _date(text: str, place: Place, findings: list[Diagnostic]) -> Date | None:
    date = parse_date(text)
    if date is None:
        findings.append(Diagnostic("not-a-date", "this is not a date", place, f"'{text}'", DATES, ways_out=(ISO,)))
    return date


def _no_record(message: str, place: Place, expected: str = SOURCE) -> Diagnostic:
    return Diagnostic("wrong-shape", message, place, expected=expected, ways_out=("write it as expected",))


def _unknown_word(what: str, said: str, place: Place, choices: tuple[str, ...]) -> Diagnostic:
    ways = (*did_you_mean(said, choices), "choose one of them", "take it away")
    return Diagnostic("unknown-word", f"{what} cannot be '{said}'", place, expected=", ".join(choices), ways_out=ways)


def _unknown_key(name: str, place: Place, known: tuple[str, ...]) -> Diagnostic:
    ways = (*did_you_mean(name, known), "take it away")
    return Diagnostic(
        "unknown-key", f"the key '{name}' is not known here", place, expected=", ".join(known), ways_out=ways
    )
