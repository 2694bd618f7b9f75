"""Fuzzing of all that reads a deal: no text, however broken, ends in a traceback or takes longer than two seconds.

`python -m study.fuzz [--inputs N] [--seed N] [--processes N]`. Inputs are made in chunks; a chunk is a function of its
seed, so that a crash can be made again by the seed and number that are printed with it.

| share of 1,000 | input | what reads it |
|---|---|---|
| 400 | words and signs of the language in any order | parser, printer, units and kinds, distributions, policies |
| 490 | an expression of the language with a few words or characters changed | the same |
| 60 | characters at random | the same |
| 20 | words of the language in any order | units |
| 20 | words and signs of YAML in any order | YAML, loader |
| 9 | a small deal with a few words or characters changed | YAML, loader, graph |
| 1 | a file of claims with a few characters changed | evidence |
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import perf_counter, process_time

from detente.deal.fields import as_policy
from detente.deal.load import parse_deal
from detente.evidence.records import load_evidence
from detente.graph.build import check
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.graph.literals import distribution
from detente.graph.variables import add_assumptions
from detente.lang.functions import FUNCTIONS
from detente.lang.parser import parse_expression
from detente.lang.printer import print_expression
from detente.lang.syntax import Node
from detente.lang.unit import parse_unit
from detente.text.diagnostic import Diagnostic, Fault, as_data, render
from detente.text.nodes import Scalar
from detente.text.place import Place

ROOT = Path(__file__).parent.parent
CHUNK = 10_000
SLOW = 2.0
"""Seconds of the processor after which an input counts as one that hangs."""

DEAL = """
deal: names for expressions
from: 2024-01
now: 2024-12
to: 2026-12
parties:
  lab: {}
  cloud: {outside: true, fiscal_year_ends: 6}
resources:
  USD: {kind: money}
  compute: {kind: capacity, unit: MW}
  equity: {kind: shares, unit: share, issuer: lab}
assumptions:
  pace: {value: 10% to 20% / year, assumed: a guess}
  part: {value: 10% to 20%, assumed: a guess}
  hazard_rate: {value: 1% / year, kind: rate, assumed: a guess}
  delay_time: {value: 6 months, assumed: a guess}
variables:
  lab.sales:
    unit: bn USD / year
    past: {2024-01: 1.0, 2024-12: 2}
    next: "gbm(growth = pace, volatility = 20% / sqrt(year))"
    assumed: a guess
  lab.need: {unit: MW, table: {2024-01: 1, 2026-12: 5}, assumed: a guess}
needs:
  lab.compute: {resource: compute, amount: lab.need}
flows:
  fees: {from: cloud, to: lab, amount: lab.sales}
agreements:
  pact:
    between: [lab, cloud]
    signed: 2024-01
    terms:
      sites: {type: supply, supplier: cloud, need: lab.compute, capacity: lab.need, price: 1 USD / MW / year}
      share: {type: revenue_share, payer: lab, payee: cloud, base: lab.sales, rate: part, until: 2025-12}
opening:
  lab.USD: {balance: 1 bn USD, assumed: a guess}
  cloud.equity: {balance: 1 share}
events:
  breach: {hazard: hazard_rate}
  exit: {decided_by: lab, possible: breach, policy: never, options: [at(2025-06)]}
values:
  lab: {discount: 9% / year, each: "net(lab, all)", assumed: a guess}
"""
"""What the names in fuzzed expressions stand for; also one of the deals that are changed."""

NAMES = """
    pace part hazard_rate delay_time lab.sales lab.need lab.USD cloud.equity breach exit lab cloud pact.sites pact.share
    lab.compute fees operating all USD
""".split()
UNITS = "USD EUR MW GW month months year years quarter hour day GPU share % mn bn tn k m M K".split()
NUMBERS = """
    0 1 2 3.5 0.25 100 1e3 1e400 2024 2025 010 1,000 1_000 .5 5. 1.2.3 12:30 00 9999999999999999999
""".split()
DATES = "2025-01 2025-06-30 2025Q4 FY2025 2024-13 2025q1 1999-01 2024-12".split()
SIGNS = """
    + - * / ^ = != < <= > >= ( ) ( ) ( ) , , % == && || ** [ ] { } : ; ? ! # $ ' " . to to at by within of if then else
    and or not true false never gbm ou normal lognormal uniform triangular start growth
""".split()
SPACES = ("", "", " ", " ", "\n", "\t", "  ", "\xa0", "\u2212", "é", "日", "\x00", "\u200b")
WORDS = [*NAMES, *NAMES, *FUNCTIONS, *UNITS, *NUMBERS, *DATES, *SIGNS, *SIGNS]
YAML = [
    *NAMES, *NUMBERS, ":", ": ", "\n", "\n  ", "\n    ", "- ", "\n- ", "{", "}", "[", "]", ", ", "#", " #", "&a ", "*a",
    "!t ", "|", ">", "%", "@", "`", "'", '"', "<<", "? ", "---\n", "...", "~", "null", "deal", "now", "to", "parties",
    "variables", "is", "past", "\t", "\r", "\u2028", "\ufeff",
]  # fmt: skip

KINDS = ("", "share", "probability", "ratio", "growth", "rate")


@dataclass
class Found:
    """What a run of inputs came to: how many were read, and those that crashed or took too long."""

    inputs: int = 0
    read: int = 0
    slowest: float = 0.0
    crashes: list[str] = field(default_factory=list)

    def __add__(self, other: Found) -> Found:
        return Found(
            self.inputs + other.inputs,
            self.read + other.read,
            max(self.slowest, other.slowest),
            self.crashes + other.crashes,
        )


def changed(text: str, rng: Random, words: list[str]) -> str:
    """A text with up to three of its parts deleted, doubled, swapped or replaced."""
    for _ in range(rng.randrange(4)):
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + rng.choice((0, 1, 1, 2, 5, 20)))
        match rng.randrange(5):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:end] + text[start:]
            case 2:
                text = text[:start] + text[end : end + 1] + text[start:end] + text[end + 1 :]
            case 3:
                text = text[:start] + rng.choice(words) + text[end:]
            case _:
                text = text[:start] + chr(rng.choice((rng.randrange(128), rng.randrange(0x250)))) + text[end:]
    return text


def soup(rng: Random, words: list[str], longest: int) -> str:
    """Words in any order, with and without spaces."""
    chosen = rng.choices(words, k=rng.randrange(1, longest))
    if rng.random() < 0.7:
        return " ".join(chosen)
    return "".join(word + rng.choice(SPACES) for word in chosen)


def formula(rng: Random, depth: int = 3) -> str:
    """An expression that the grammar allows; names and units fit by chance."""
    if depth == 0 or rng.random() < 0.25:
        match rng.randrange(4):
            case 0:
                return rng.choice(NAMES)
            case 1:
                return f"{rng.choice(NUMBERS[:8])} {rng.choice(UNITS)}"
            case 2:
                return f"{rng.choice(NUMBERS[:6])}% / year"
            case _:
                return rng.choice((*DATES, *NUMBERS[:6]))
    match rng.randrange(6):
        case 0:
            name = rng.choice(list(FUNCTIONS))
            given = [formula(rng, depth - 1) for _ in range(rng.randrange(4))]
            named = f", start = {formula(rng, depth - 1)}" if rng.random() < 0.2 else ""
            return f"{name}({', '.join(given)}{named})"
        case 1:
            return f"if {formula(rng, depth - 1)} then {formula(rng, depth - 1)} else {formula(rng, depth - 1)}"
        case 2:
            return f"({formula(rng, depth - 1)})"
        case 3:
            return rng.choice(("-", "not ")) + formula(rng, depth - 1)
        case _:
            sign = rng.choice("+ - * / ^ = != < <= > >= and or at by to within".split())
            return f"{formula(rng, depth - 1)} {sign} {formula(rng, depth - 1)}"


@cache
def deals() -> tuple[str, ...]:
    """The deals that are changed: those that call forth each diagnostic, and one that is in order."""
    return (DEAL, *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests/errors").glob("*.yaml"))))


@cache
def evidence() -> tuple[str, str]:
    """Sources and claims that are changed."""
    folder = ROOT / "tests/errors/uncited-claim"
    return (folder / "sources.yaml").read_text(encoding="utf-8"), (folder / "claims.jsonl").read_text(encoding="utf-8")


@cache
def named() -> Draft:
    """A draft in which the names of expressions stand for something."""
    deal, findings = parse_deal(DEAL)
    assert deal is not None
    assert not findings, findings
    draft = Draft(deal)
    add_assumptions(draft)
    return draft


def read_expression(text: str) -> bool:
    """All that reads an expression; whether it is one."""
    place = Place("deal.yaml", 1, 1, 1, 1 + len(text))
    try:
        tree = parse_expression(text, place)
    except Fault as fault:
        teaches(fault.diagnostic)
        return False
    as_policy(Scalar(text, place, True), [])
    printed = print_expression(tree)
    assert print_expression(parse_expression(printed, place)) == printed
    _elaborate(tree)
    return True


def _elaborate(tree: Node) -> None:
    inputs = named().inputs
    for closing in (False, True):
        draft = Draft(named().deal, inputs=inputs)
        reader = Elaborator(draft, "fuzz", closing)
        for read in (reader.formula, reader.condition, reader.growth, reader.rate):
            _tried(read, tree)
    for kind in KINDS:
        _tried(distribution, tree, kind)


def _tried(read: Callable[..., object], *given: object) -> None:
    try:
        read(*given)
    except Fault as fault:
        teaches(fault.diagnostic)


def teaches(one: Diagnostic) -> None:
    """A refusal says where, what, and a way out."""
    if not (one.message and one.ways_out and all(one.ways_out) and one.place.line >= 1 and one.place.column >= 1):
        raise AssertionError(f"this teaches nothing: {one}")


def read_unit(text: str) -> bool:
    """All that reads a unit."""
    with suppress(ValueError):
        parse_unit(text)
        return True
    return False


def read_deal(text: str) -> bool:
    """All that reads a deal: YAML, loader, references, graph; and the printing of what is wrong."""
    deal, problems = parse_deal(text)
    graph, findings = check(deal, problems)
    assert graph is not None or findings, "refused without a word"
    render(findings)
    for one in findings:
        as_data(one)
        teaches(one)
    return graph is not None


def read_claims(text: str, sources: bool) -> bool:
    """All that reads sources and claims."""
    with tempfile.TemporaryDirectory() as folder:
        for name, own in zip(("sources.yaml", "claims.jsonl"), evidence(), strict=True):
            mine = sources == (name == "sources.yaml")
            Path(folder, name).write_text(text if mine else own, encoding="utf-8", errors="surrogatepass")
        _, findings = load_evidence(Path(folder))
        render(findings)
    return not findings


def drawn(rng: Random) -> tuple[str, Callable[[str], bool]]:
    """An input and what reads it."""
    kind = rng.random()
    if kind < 0.4:
        return soup(rng, WORDS, 10), read_expression
    if kind < 0.89:
        return changed(formula(rng), rng, WORDS), read_expression
    if kind < 0.95:
        data = rng.randbytes(rng.randrange(1, 30))
        return data.decode(rng.choice(("utf-8", "latin-1", "utf-16-le")), errors="replace"), read_expression
    if kind < 0.97:
        return soup(rng, [*UNITS, *SIGNS[:10], *NUMBERS[:4], "sqrt", "(", ")"], 10), read_unit
    if kind < 0.99:
        return ("deal: x\nnow: 2024\nto: 2025\n" if rng.random() < 0.5 else "") + soup(rng, YAML, 30), read_deal
    if kind < 0.999:
        return changed(rng.choice(deals()), rng, YAML), read_deal
    sources = rng.random() < 0.5
    return changed(evidence()[not sources], rng, YAML), lambda text: read_claims(text, sources)


def fuzz(seed: int, inputs: int = CHUNK) -> Found:
    """A chunk of inputs; everything about it follows from its seed."""
    rng = Random(seed)
    found = Found()
    for number in range(inputs):
        text, reads = drawn(rng)
        began = process_time()
        try:
            found.read += reads(text)
        except Exception:
            found.crashes.append(f"seed {seed}, input {number}: {text!r}\n{traceback.format_exc()}")
        taken = process_time() - began
        if taken > SLOW:
            found.crashes.append(f"seed {seed}, input {number} took {taken:.1f} s: {text!r}")
        found.slowest = max(found.slowest, taken)
        found.inputs += 1
    return found


def main() -> int:
    """Fuzz in chunks over several processes; gives 1 where anything crashed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--inputs", type=int, default=5_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    options = parser.parse_args()
    began = perf_counter()
    seeds = range(options.seed * 1_000_000, options.seed * 1_000_000 + -(-options.inputs // CHUNK))
    found = Found()
    with get_context("spawn").Pool(options.processes) as pool:
        for number, one in enumerate(pool.imap_unordered(fuzz, seeds), 1):
            found += one
            for crash in one.crashes:
                print(crash, flush=True)
            if number % 50 == 0:
                print(
                    f"{found.inputs:,} inputs, {len(found.crashes)} crashes, {perf_counter() - began:.0f} s", flush=True
                )
    print(
        f"{found.inputs:,} inputs in {perf_counter() - began:.0f} s on {options.processes} processes: "
        f"{found.read:,} were read, the others refused in words; {len(found.crashes)} crashes; "
        f"the slowest took {found.slowest:.2f} s"
    )
    return 1 if found.crashes else 0


if __name__ == "__main__":
    sys.exit(main())
