"""Sources and claims: the records a deal rests on.

A claim is one dated, attributed statement in our own words. Its origin is the report it was first made in: ten
rewrites of
one report are one origin.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from detente.text.diagnostic import Diagnostic, did_you_mean
from detente.text.nodes import Mapping, Node, Scalar, read
from detente.text.place import Place
from detente.text.written import Date, parse_date

SOURCE_KEYS = ("title", "publisher", "author", "published", "kind", "origin", "url", "reliability", "note")
SOURCE = "NAME: {title: …, publisher: …, published: DATE, kind: …}"
CLAIM = '{"id": "…", "source": "…", "says": "…"}'
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
    findings: list[Diagnostic] = []
    sources = _sources(folder / "sources.yaml", findings) if (folder / "sources.yaml").exists() else {}
    claims = _claims(folder / "claims.jsonl", sources, findings) if (folder / "claims.jsonl").exists() else {}
    return Evidence(sources, claims), tuple(findings)


def _sources(path: Path, findings: list[Diagnostic]) -> dict[str, Source]:
    node, problems = read(path)
    findings += problems
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        findings.append(Diagnostic("wrong-shape", "sources are records by name", node.place, expected=SOURCE))
        return {}
    found: dict[str, Source] = {}
    for key, value in node.entries:
        if not isinstance(value, Mapping):
            findings.append(
                Diagnostic("wrong-shape", f"source '{key.text}' is not a record", value.place, expected=SOURCE)
            )
            continue
        texts = {inner.text: (inner, item) for inner, item in value.entries}
        for name, (inner, _) in texts.items():
            if name not in SOURCE_KEYS:
                findings.append(_unknown_key(name, inner.place, SOURCE_KEYS))
        published = _date_of(texts.get("published"), findings)
        kind = _text_of(texts.get("kind"))
        if kind and kind not in SOURCE_KINDS:
            findings.append(
                Diagnostic(
                    "unknown-kind",
                    f"'{kind}' is no kind of source",
                    texts["kind"][1].place,
                    expected=", ".join(SOURCE_KINDS),
                    ways_out=did_you_mean(kind, SOURCE_KINDS),
                )
            )
        found[key.text] = Source(
            key.text,
            _text_of(texts.get("title")),
            _text_of(texts.get("publisher")),
            published,
            kind,
            _text_of(texts.get("origin")),
            _text_of(texts.get("url")),
            _text_of(texts.get("reliability")),
            key.place,
        )
    return found


def _text_of(entry: tuple[Scalar, Node] | None) -> str:
    return entry[1].text if entry is not None and isinstance(entry[1], Scalar) else ""


def _date_of(entry: tuple[Scalar, Node] | None, findings: list[Diagnostic]) -> Date | None:
    if entry is None:
        return None
    date = parse_date(_text_of(entry))
    if date is None:
        findings.append(
            Diagnostic("not-a-date", f"'{_text_of(entry)}' is not a date", entry[1].place, expected="2025-01-21")
        )
    return date


def _claims(path: Path, sources: dict[str, Source], findings: list[Diagnostic]) -> dict[str, Claim]:
    found: dict[str, Claim] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "bytes that are not UTF-8"
        findings.append(
            Diagnostic(
                "unreadable",
                "the claims cannot be read",
                Place(str(path), 1, 1, 1, 1),
                found=reason or str(problem),
                expected="text in UTF-8, one claim on a line",
                ways_out=("save the file as UTF-8", "check who may read it"),
            )
        )
        return found
    for number, line in enumerate(lines, 1):
        place = Place(str(path), number, 1, number, max(2, len(line) + 1))
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as problem:
            column = getattr(problem, "colno", 1)
            findings.append(
                Diagnostic(
                    "claim-not-json",
                    f"this line is not JSON: {getattr(problem, 'msg', problem)}",
                    Place(str(path), number, column, number, column + 1),
                    expected=CLAIM,
                    ways_out=("write the whole claim on one line, its braces and quotes closed, commas between",),
                )
            )
            continue
        claim = _claim(record, place, sources, findings)
        if claim is None:
            continue
        if claim.name in found:
            findings.append(
                Diagnostic(
                    "duplicate-claim",
                    f"claim '{claim.name}' stands twice",
                    place,
                    related=((found[claim.name].place, "first here"),),
                    ways_out=("rename one of them",),
                )
            )
        found[claim.name] = claim
    return found


def _claim(record: object, place: Place, sources: dict[str, Source], findings: list[Diagnostic]) -> Claim | None:
    if not isinstance(record, dict):
        findings.append(Diagnostic("wrong-shape", "a claim is a record in braces", place, expected=CLAIM))
        return None
    texts = {key: str(value) for key, value in record.items() if isinstance(value, str | int | float)}
    missing = [key for key in ("id", "source", "says") if not texts.get(key)]
    if missing:
        findings.append(Diagnostic("missing-key", f"the claim lacks {', '.join(missing)}", place, expected=CLAIM))
        return None
    findings += [_unknown_key(key, place, CLAIM_KEYS) for key in record if key not in CLAIM_KEYS]
    source = sources.get(texts["source"])
    if source is None:
        findings.append(
            Diagnostic(
                "unknown-source",
                f"claim '{texts['id']}' names a source that is not there",
                place,
                found=texts["source"],
                ways_out=(*did_you_mean(texts["source"], sources), "add it to sources.yaml"),
            )
        )
    numbers = {key: record.get(key) for key in ("value", "low", "high")}
    for key, value in numbers.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            ways = ("write it without quotes, and its unit under `unit`",)
            said = json.dumps(value, ensure_ascii=False)
            findings.append(
                Diagnostic("not-a-number", f"`{key}` of a claim is a number", place, said, "3.6", ways_out=ways)
            )
            numbers[key] = None
    when = texts.get("known") or texts.get("published")
    known = parse_date(when) if when else (source.published if source else None)
    if known is None and source is not None:
        findings.append(
            Diagnostic(
                "claim-without-date",
                f"claim '{texts['id']}' has no date of publication",
                place,
                ways_out=("give `published` here or at its source",),
            )
        )
    return Claim(
        texts["id"],
        texts["source"],
        texts["says"],
        known,
        numbers["value"],
        numbers["low"],
        numbers["high"],
        texts.get("unit", ""),
        texts.get("as_of", ""),
        texts.get("origin") or (source.origin if source and source.origin else texts["source"]),
        texts.get("reliability") or (source.reliability if source else ""),
        place,
    )


def _unknown_key(name: str, place: Place, known: tuple[str, ...]) -> Diagnostic:
    return Diagnostic(
        "unknown-key",
        f"the key '{name}' is not known here",
        place,
        expected=", ".join(known),
        ways_out=did_you_mean(name, known),
    )
