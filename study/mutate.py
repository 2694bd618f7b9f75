"""Mutations of a deal that is in order: one character deleted, inserted, replaced or swapped with the next.

`python -m study.mutate [--mutations N] [--seed N] [--processes N] [--deal FOLDER]`. Each mutation is a function of seed
and number. What is asked of every one:

1. It is read, or refused in words: no traceback.
2. That takes no longer than two seconds.
3. **No word of the language is lost in silence.** A mutation inside a key that is a word of the language (`from`,
   `value`, `claims`, a parameter of a term) is told, unless the line has become a comment (`#rice: 3`), which nobody can
   tell from intent.
4. **No name is lost in silence.** A mutation inside a key that is a name chosen by the author is told wherever the name
   is used anywhere else in the deal. A name that nothing else uses (a future, a headline and its labels, a relation, a
   term that no formula reads and no amendment changes) is free: the deal then means the same under another name.

A key is a date in `past`, `table` and `observed`: there another date is another deal, and only 1 and 2 are asked. The
same goes for everything that is no key.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import perf_counter, process_time
from typing import Literal

from detente.deal.load import read_deal
from detente.evidence.records import Evidence, load_evidence
from detente.graph.build import check
from detente.text.diagnostic import Diagnostic, render, with_further
from detente.text.nodes import Mapping, Node, Sequence, parse

CASE = Path(__file__).parent.parent / "cases" / "openai-microsoft"
CHUNK = 100
SLOW = 2.0
"""Seconds of the processor after which a mutation counts as one that hangs."""

CHARACTERS = "abcdefghijklmnopqrstuvwxyzABMQY0123456789 :,.-_{}[]()'\"#\n\t%*&!|>@`/=<+^éß日"

# Where names stand: `[]` is an item of a list.
NAMES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(parties|resources|assumptions|variables|flows|needs|agreements|opening|events|rights|values|beliefs"
        r"|scenarios)\.[^.]+",
        r"(beliefs|scenarios)\.[^.]+\.[^.]+",
        r"rights\.[^.]+\.(use|instead)\.[^.]+",
        r".*\.claims\.\[\]\.[^.]+",
    )
)
FREE = re.compile(r"(futures|headlines|questions|incidents|relations)\.[^.]+|headlines\.[^.]+\.show\.[^.]+")
"""Names that nothing can refer to."""
TERMS = re.compile(r"agreements\.([^.]+)\.(terms|amendments\.\[\])\.[^.]+")
DATES = re.compile(r".*\.(past|table|observed)\.[^.]+")
WORDS = frozenset(("title", "claims", "assumed", "since", "note", "before", "on"))
"""Words of the language that stand between names in scenarios and amendments."""


@dataclass(frozen=True)
class Key:
    """A key of the deal: its first and last character (exclusive), what it is, a pattern of what refers to it, and the
    whole name of a term, which its amendments have too."""

    start: int
    end: int
    text: str
    kind: Literal["word", "name", "date"]
    used_as: str = ""
    term: str = ""


@dataclass(frozen=True)
class Deal:
    """The deal that is mutated."""

    text: str
    evidence: Evidence
    keys: tuple[Key, ...]


@dataclass
class Found:
    """What mutations came to: how many, how many inside keys, the codes they were told with, and what went wrong."""

    mutations: int = 0
    in_words: int = 0
    in_names: int = 0
    silent: int = 0
    slowest: float = 0.0
    codes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __add__(self, other: Found) -> Found:
        return Found(
            self.mutations + other.mutations,
            self.in_words + other.in_words,
            self.in_names + other.in_names,
            self.silent + other.silent,
            max(self.slowest, other.slowest),
            self.codes + other.codes,
            self.failures + other.failures,
        )


@cache
def deal(folder: Path = CASE) -> Deal:
    """A deal with the places of its keys."""
    text = (folder / "deal.yaml").read_text(encoding="utf-8")
    evidence, findings = load_evidence(folder)
    node, problems = parse(text, "deal.yaml")
    assert node is not None
    assert not findings
    assert not problems
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return Deal(text, evidence, tuple(_keys(node, "", starts)))


def _keys(node: Node, path: str, starts: list[int]) -> Iterator[Key]:
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _keys(item, f"{path}.[]", starts)
    if isinstance(node, Mapping):
        for key, value in node.entries:
            own = f"{path}.{key.text.replace('.', '_')}".removeprefix(".")
            line = starts[key.place.line - 1]
            start, end = line + key.place.column - 1, line + key.place.end_column - 1
            name = re.escape(key.text)
            if DATES.fullmatch(own):
                yield Key(start, end, key.text, "date")
            elif key.text in WORDS or not any(pattern.fullmatch(own) for pattern in (TERMS, FREE, *NAMES)):
                yield Key(start, end, key.text, "word")
            elif FREE.fullmatch(own):
                yield Key(start, end, key.text, "name")
            elif term := TERMS.fullmatch(own):
                whole = f"{term[1]}.{key.text}"
                yield Key(start, end, key.text, "name", rf"\b{re.escape(whole)}\b", whole)
            else:
                yield Key(start, end, key.text, "name", rf"(?<![\w.-]){name}(?![\w-])")
            yield from _keys(value, own, starts)


def mutated(text: str, rng: Random, at: int) -> tuple[str, int, int]:
    """A mutation at a character, and the characters it touches: first, last (exclusive; none for an insertion)."""
    match rng.randrange(4):
        case 0:
            return text[:at] + text[at + 1 :], at, at + 1
        case 1:
            return text[:at] + rng.choice(CHARACTERS) + text[at:], at, at
        case 2:
            return text[:at] + rng.choice(CHARACTERS) + text[at + 1 :], at, at + 1
        case _:
            return text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :], at, at + 2


def told(text: str, evidence: Evidence) -> tuple[Diagnostic, ...]:
    """All that is wrong with a deal, as `detente check` tells it."""
    node, findings = parse(text, "deal.yaml")
    if node is None:
        return findings
    read, more = read_deal(node, evidence, "")
    findings = check(read, with_further(findings, more))[1]
    assert read is not None or findings, "refused without a word"
    return findings


def lost(whole: Deal, text: str, first: int, last: int) -> str:
    """What a mutation that nothing was said of has lost: a word or a name, or nothing that is not free."""
    if text == whole.text:
        return ""
    for key in whole.keys:
        inside = key.start <= first and last <= key.end and (last > first or key.start < first < key.end)
        if not inside or key.kind == "date":
            continue
        now = text[key.start : key.end + len(text) - len(whole.text)]
        if now[:1] == "#" or " #" in now:
            return ""
        if key.kind == "word":
            return f"the word '{key.text}' became '{now}'"
        uses = len(re.findall(key.used_as, _code(whole.text))) if key.used_as else 0
        uses += sum(other.term == key.term for other in whole.keys) if key.term else 0
        return f"the name '{key.text}' became '{now}' and is used elsewhere" if uses > 1 else ""
    return ""


@cache
def _code(text: str) -> str:
    """The deal without its prose: comments, titles, notes and reasons."""
    text = re.sub(r"(?m)(^|\s)#.*$", "", text)
    return re.sub(r"(assumed|title|note|name): ?(\"[^\"]*\"|[^,}\n]*)", "", text)


def mutate(job: tuple[int, int, Path]) -> Found:
    """A chunk of mutations: seed, how many, of which deal."""
    seed, mutations, folder = job
    whole, rng, found = deal(folder), Random(seed), Found()
    for number in range(mutations):
        # half of all mutations fall into keys, which are a tenth of the text
        if rng.random() < 0.5:
            key = rng.choice(whole.keys)
            at = rng.randrange(key.start, key.end)
        else:
            at = rng.randrange(len(whole.text))
        text, first, last = mutated(whole.text, rng, at)
        name = f"seed {seed}, mutation {number}: character {at}, {whole.text[first:last]!r} in {_around(text, at)!r}"
        began = process_time()
        try:
            findings = told(text, whole.evidence)
            render(findings)
        except Exception:
            found.failures.append(f"{name}\n{traceback.format_exc()}")
            continue
        taken = process_time() - began
        if taken > SLOW:
            found.failures.append(f"{name} took {taken:.1f} s")
        if not findings and (what := lost(whole, text, first, last)):
            found.failures.append(f"{name}: in silence {what}")
        kinds = {key.kind for key in whole.keys if key.start <= at < key.end}
        found += Found(
            1, "word" in kinds, "name" in kinds, not findings, taken, Counter({one.code for one in findings})
        )
    return found


def _around(text: str, at: int) -> str:
    return text[max(0, at - 30) : at + 30]


def main() -> int:
    """Mutate over several processes; gives 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--deal", type=Path, default=CASE)
    options = parser.parse_args()
    began = perf_counter()
    seeds = range(options.seed * 100_000, options.seed * 100_000 + -(-options.mutations // CHUNK))
    found = Found()
    with get_context("spawn").Pool(options.processes) as pool:
        for one in pool.imap_unordered(mutate, [(seed, CHUNK, options.deal) for seed in seeds]):
            found += one
            for failure in one.failures:
                print(failure, flush=True)
    print(
        f"{found.mutations:,} mutations in {perf_counter() - began:.0f} s on {options.processes} processes, "
        f"{found.in_words:,} in words of the language and {found.in_names:,} in names: {found.silent:,} left a deal "
        f"that is in order, {len(found.failures)} failed; the slowest took {found.slowest:.2f} s"
    )
    print(", ".join(f"{code} {count}" for code, count in found.codes.most_common()))
    return 1 if found.failures else 0


if __name__ == "__main__":
    sys.exit(main())
