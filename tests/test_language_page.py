"""Every example of the language page holds: deals load, fragments fit, refusals are refused, tables name what there is."""

from __future__ import annotations

import contextlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from detente.deal.load import SECTIONS, load_deal, parse_deal
from detente.evidence.records import CLAIM_KEYS, SOURCE_KEYS
from detente.graph.build import build
from detente.lang.parser import parse_expression
from detente.lang.printer import print_expression
from detente.terms.term import catalogue, written
from detente.text.diagnostic import Diagnostic, Fault
from detente.text.place import NOWHERE

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "language.md").read_text(encoding="utf-8")

Example = tuple[str, str]
"""What follows the three ticks, and the text."""

EXAMPLES: list[Example] = re.findall(r"^```(\w[^\n]*)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
DEAL = next(text for kind, text in EXAMPLES if kind == "yaml")
FRAGMENTS = [(kind, text) for kind, text in EXAMPLES if kind == "yaml" or kind.startswith("yaml refused")][1:]
EVIDENCE = {
    "sources.yaml": next(text for kind, text in EXAMPLES if kind == "yaml sources"),
    "claims.jsonl": next(text for kind, text in EXAMPLES if kind == "json"),
}
GROUNDS = {"claims", "assumed", "since", "note", "before"}


def lines_of(kind: str) -> list[tuple[str, str]]:
    """Expressions of a kind of example, each with the words after its `#`."""
    found = []
    for line in (line for each, text in EXAMPLES if each == kind for line in text.splitlines()):
        text, _, words = line.partition(" #")
        found.append((text.rstrip(), words.strip()))
    return found


def sections(text: str) -> dict[str, list[str]]:
    """The lines of each section of a deal."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name = re.match(r"\w+(?=:)", line)
        if name:
            found[name[0]] = [line]
        else:
            found[next(reversed(found))].append(line)
    return found


def added(fragment: str) -> str:
    """The deal of the page with a fragment in it: what stands in a section there stands in it here."""
    deal = sections(DEAL)
    for name, lines in sections(fragment).items():
        deal[name] = [*deal[name], *lines[1:]] if name in deal else lines
    return "\n".join(line for lines in deal.values() for line in lines if line) + "\n"


def findings(text: str, folder: Path) -> tuple[Diagnostic, ...]:
    """All that is said of a deal beside the evidence of the page."""
    for name, held in {"deal.yaml": text, **EVIDENCE}.items():
        (folder / name).write_text(held, encoding="utf-8")
    deal, found = load_deal(folder)
    if deal is None or any(one.severity == "error" for one in found):
        return found
    return (*found, *build(deal)[1])


def refused(found: tuple[Diagnostic, ...]) -> list[str]:
    return [f"{one.code}: {one.message}" for one in found if one.severity == "error"]


def test_the_first_deal_is_whole(tmp_path: Path) -> None:
    assert refused(findings(DEAL, tmp_path)) == []


@pytest.mark.parametrize(("kind", "fragment"), FRAGMENTS, ids=lambda text: text.splitlines()[-1].strip()[:60])
def test_a_fragment_fits_into_the_deal_or_is_refused_as_said(kind: str, fragment: str, tmp_path: Path) -> None:
    code = kind.partition("refused: ")[2]
    found = findings(added(fragment), tmp_path)
    if code:
        assert {one.code for one in found if one.severity == "error"} == {code}
    else:
        assert refused(found) == []
        assert {one.code for one in found} <= {"uncited-claim"}


@pytest.mark.parametrize(("text", "words"), lines_of("expression"), ids=lambda text: text)
def test_an_expression_is_read_and_reads_back_as_printed(text: str, words: str) -> None:
    node = parse_expression(text, NOWHERE)
    assert parse_expression(print_expression(node), NOWHERE) == node
    with contextlib.suppress(Fault):  # words that are an expression say what the first is
        assert parse_expression(words, NOWHERE) == node


@pytest.mark.parametrize(("text", "words"), lines_of("expression refused"), ids=lambda text: text)
def test_an_expression_is_refused_as_said(text: str, words: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_expression(text, NOWHERE)
    code, _, way_out = words.partition(": ")
    diagnostic = caught.value.diagnostic
    assert diagnostic.code == code
    assert any(way_out in way for way in diagnostic.ways_out) or not way_out, diagnostic.ways_out


# The tables of keys against what the loader knows: a key that nobody has is answered with all there are.

PROBE = """
deal: x
now: 2025-06
to: 2027-12
zzz: 1
parties: {a: {zzz: 1}}
resources: {USD: {zzz: 1}}
assumptions: {a: {zzz: 1}}
correlations: [{zzz: 1}]
variables: {a: {zzz: 1, past: {2025-01: {zzz: 1}}}}
flows: {a: {zzz: 1}}
needs: {a: {zzz: 1}}
agreements: {a: {zzz: 1, signed: 2025-01, terms: {t: {type: consent_right, zzz: 1}}}}
opening: {a: {zzz: 1}}
events: {a: {zzz: 1}}
rights: {a: {zzz: 1}}
values: {a: {zzz: 1}}
incidents: {a: {zzz: 1}}
relations: {a: {zzz: 1}}
futures: {a: {zzz: 1}}
headlines: {a: {zzz: 1}}
checks: [{zzz: 1}]
"""
TABLES = {
    "party 'a'": "`parties`",
    "resource 'USD'": "`resources`",
    "assumption 'a'": "`assumptions`",
    "a correlation": "`correlations`",
    "variable 'a'": "`variables`",
    "the point 2025-01 of variable 'a'": "a point",
    "flow 'a'": "`flows`",
    "need 'a'": "`needs`",
    "agreement 'a'": "`agreements`",
    "the term 't'": "a term",
    "the opening of 'a'": "`opening`",
    "event 'a'": "`events`",
    "right 'a'": "`rights`",
    "value of 'a'": "`values`",
    "incident 'a'": "`incidents`",
    "relation 'a'": "`relations`",
    "future 'a'": "`futures`",
    "headline 'a'": "`headlines`",
    "a check": "`checks`",
}


def keys_of(table: str) -> set[str]:
    """The keys in the first column of a table of the page."""
    head = f"| {table} | holds |"
    assert PAGE.count(head) == 1, f"no table, or two, that begin with {head}"
    rows = PAGE[PAGE.index(head) :].partition("\n\n")[0].splitlines()[2:]
    return {key for row in rows for key in re.findall(r"`([^`]*)`", row.split(" | ")[0])}


def known() -> dict[str, set[str]]:
    """The keys of each block that the loader knows."""
    _, found = parse_deal(PROBE)
    asked = [(one.message.partition(" has no key")[0], one.expected) for one in found if one.code == "unknown-key"]
    return {what: set(expected.split(", ")) for what, expected in asked}


@pytest.mark.parametrize(("what", "table"), TABLES.items())
def test_a_table_names_every_key_of_its_block(what: str, table: str) -> None:
    own = {written(one) for one in catalogue()["consent_right"].parameters()} if table == "a term" else set()
    assert keys_of(table) - GROUNDS == known()[what] - GROUNDS - own


def test_every_block_has_a_table() -> None:
    assert known().keys() == TABLES.keys() | {"the deal"}
    head = set(
        re.findall(r"^\| `(\w+)` \| [^|]* \| [^|]*\|$", PAGE.partition("### The head")[2].partition("###")[0], re.M)
    )
    assert head | set(SECTIONS) == known()["the deal"]
    assert all(f"`{section}`" in PAGE for section in SECTIONS)


def test_the_tables_of_evidence_name_every_key() -> None:
    assert keys_of("source") == set(SOURCE_KEYS)
    assert keys_of("claim") == set(CLAIM_KEYS)


# What is generated, and links


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_parts_are_current() -> None:
    made = generator()
    assert made.filled(PAGE) == PAGE, "run `make docs`"
    assert set(re.findall(r"<!-- generated: (\w+) -->", PAGE)) == set(made.PARTS)
    assert made.terms_page() == (DOCS / "terms.md").read_text(encoding="utf-8"), "run `make docs`"


def test_links_within_the_pages_lead_somewhere() -> None:
    for name in ("language.md", "terms.md"):
        text = (DOCS / name).read_text(encoding="utf-8")
        for file, anchor in re.findall(r"\]\(([\w.]*)#([\w-]+)\)", text):
            target = (DOCS / (file or name)).read_text(encoding="utf-8")
            titles = re.findall(r"^#+ (.*)$", target, re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor in slugs | set(re.findall(r'<a id="([\w-]+)">', target)), f"{name}: {file}#{anchor}"
