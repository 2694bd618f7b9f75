"""The schema of deal.yaml says what the loader asks for, no more and no less, and every valid deal fits it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

import detente
from detente.deal.fields import Block
from detente.deal.load import parse_deal
from detente.deal.schema import schema
from detente.terms.term import Row, catalogue, given_by_others, written
from detente.text.nodes import Mapping, Node, Scalar, parse, read
from tests.random_deals import RandomDeal, deals

jsonschema = pytest.importorskip("jsonschema", reason="comes with the report extra")

ROOT = Path(__file__).parents[2]
SCHEMA = schema()
ERRORS = ROOT / "tests" / "errors"


def as_editor_reads(node: Node) -> Any:
    """A tree as YAML 1.2 types it: plain numbers, truths and nothing; all else is text."""
    match node:
        case Scalar(text=text, plain=True) if text in ("true", "false"):
            return text == "true"
        case Scalar(text=text, plain=True) if text in ("", "~", "null"):
            return None
        case Scalar(text=text, plain=True) if re.fullmatch(r"[-+]?[0-9]+", text):
            return int(text)
        case Scalar(text=text, plain=True) if re.fullmatch(r"[-+]?[0-9]*\.[0-9]+([eE][-+]?[0-9]+)?", text):
            return float(text)
        case Scalar(text=text):
            return text
        case Mapping(entries=entries):
            return {key.text: as_editor_reads(value) for key, value in entries}
    return [as_editor_reads(item) for item in node.items]


def problems(node: Node | None) -> list[str]:
    """What an editor would underline."""
    assert node is not None
    found = jsonschema.Draft202012Validator(SCHEMA).iter_errors(as_editor_reads(node))
    return [f"{'.'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in found]


def test_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_key_says_what_it_means() -> None:
    for name, block in {"deal": SCHEMA, **SCHEMA["$defs"]}.items():
        for key, shape in block.get("properties", {}).items():
            assert re.fullmatch(r"[A-Z0-9](?s:.)+\.", shape["description"]), f"{name}.{key}"
        if "properties" in block:
            assert block["title"]
            assert block["description"]


# --- Held to the loader: a deal with every kind of block is read, and what is asked of each block is kept.

COVERING = """
deal: every kind of block
now: 2024-12
to: 2025-12
parties: {a: {name: a}}
resources: {USD: {kind: money}}
assumptions: {a1: {value: 1, before: {value: 1}}}
correlations: [{between: [a1, a1], is: 1}]
variables: {v: {unit: USD, past: {2024-12: {value: 1}}, is: 1, before: {is: 1}}}
flows: {f: {from: a, to: a, amount: 1}}
needs: {n: {resource: x, amount: 1}}
agreements:
  pact:
    between: [a]
    signed: 2024-01
    terms:
%s
    amendments:
      - {on: 2024-06, title: a change, x_supply: {price: 1}, x_licence: ends, x_new: {type: supply}}
opening: {a.USD: {balance: 1}}
events: {e: {decided_by: a, policy: never, before: {decided_by: a, policy: never}}}
rights: {r: {holder: a, hurts: a, use: {e: never}, instead: {e: never}}}
values: {a: {discount: 1, each: 1}}
beliefs: {a: {a1: 1}}
incidents: {i: {between: [a, b], on: 2024-06, says: x}}
relations: {l: {between: [a, b], moves: {a1: a1}}}
scenarios: {s: {a1: 1}}
futures: {u: {when: e}, w: e}
headlines: {h: {title: h, show: {label: 1}}}
questions: {q: {title: q, show: v}}
outputs: [v]
checks: [{that: e}]
"""


def covering() -> str:
    """The deal above with a term of every type, its rows included; what is wrong with them does not matter."""
    lines = []
    for name, term in catalogue().items():
        given = [f"type: {name}"]
        for one in term.parameters():
            if not given_by_others(one):
                rows = one.metadata["dimension"] == "rows"
                given.append(f"{written(one)}: {'[{' + filled(one.metadata['row']) + '}]' if rows else 'x'}")
        lines.append(f"      x_{name}: {{{', '.join(given)}}}")
    return COVERING % "\n".join(lines)


def filled(row: type[Row]) -> str:
    return ", ".join(f"{written(one)}: x" for one in row.parameters() if not given_by_others(one))


def kind_of(block: Block) -> str:
    """The kind of a block by the name of its definition in the schema."""
    what = block.what
    if row := re.fullmatch(r"`(\w+)` number 1 of the term 'x_(\w+)'", what):
        return f"{row[2]}-{row[1]}"
    if term := re.fullmatch(r"the term 'x_(\w+)'", what):
        return "term-supply" if term[1] == "new" else f"term-{term[1]}"
    if what.startswith(("`use` of", "`instead` of", "beliefs of")):
        return "scenario"
    if inside := re.fullmatch(r"`before` of (.*)", what):
        what = inside[1]
    if re.match(r"`\w+` of", what):
        return ""
    if what.startswith("the point"):
        return "point"
    if what.startswith("the opening"):
        return "opening"
    found = re.match(r"(?:an? |the )?(\w+)", what)
    assert found is not None
    return found[1]


Asked = dict[str, dict[str, set[tuple[str, bool, tuple[str, ...]]]]]


@pytest.fixture(scope="module")
def asked() -> Asked:
    """For every kind of block the keys asked for: by which method, whether required, of which words."""
    found: Asked = defaultdict(lambda: defaultdict(set))
    with pytest.MonkeyPatch.context() as patch:
        for name in (
            "has",
            "node",
            "scalar",
            "text",
            "one_of",
            "truth",
            "date",
            "expression",
            "points",
            "names",
            "sub",
        ):
            patch.setattr(Block, name, watched(name, getattr(Block, name), found))
        parse_deal(covering())
    return found


def watched(name: str, original: Callable[..., Any], found: Asked) -> Callable[..., Any]:
    def asks(block: Block, key: str, *rest: Any, **named: Any) -> Any:
        choices = rest[0] if name == "one_of" else ()
        required = named.get("required", bool(rest) and rest[0] is True)
        own = not key.startswith("x_") and key not in ("e", "a1")
        if own and (kind := kind_of(block)):
            found[kind][key].add((name, required, choices))
        return original(block, key, *rest, **named)

    return asks


def test_the_keys_are_those_that_the_loader_asks_for(asked: Asked) -> None:
    said = {name: set(block["properties"]) for name, block in SCHEMA["$defs"].items() if "properties" in block}
    changes = said.pop("term-changes")
    assert {kind: set(keys) for kind, keys in asked.items()} == said | {"deal": set(SCHEMA["properties"])}
    common = {"type", *(key for name, keys in asked.items() if name.startswith("term-") for key in keys)} - {"type"}
    assert changes == common


METHODS = {"text": "text", "date": "date", "expression": "expression", "names": "names", "points": "points"}


def test_the_shapes_are_those_that_the_loader_asks_for(asked: Asked) -> None:
    for kind, keys in asked.items():
        block = SCHEMA if kind == "deal" else SCHEMA["$defs"][kind]
        for key, ways in keys.items():
            shape, methods = block["properties"][key], {method for method, _, _ in ways}
            choices = {tuple(words) for method, _, words in ways if method == "one_of"} - {("true", "false")}
            if choices:
                assert tuple(shape["enum"]) in choices, f"{kind}.{key}"
            elif "truth" in methods:
                assert shape["type"] == "boolean", f"{kind}.{key}"
            elif key == "type":
                assert shape["const"] == kind.removeprefix("term-")
            elif typed := [method for method in METHODS if method in methods]:
                assert shape["$ref"] == f"#/$defs/{METHODS[typed[0]]}", f"{kind}.{key}"


def test_what_is_required_is_what_the_loader_misses(asked: Asked) -> None:
    """A policy is required where somebody decides, and the parameters of a term are held to in the catalogue."""
    for kind, keys in asked.items():
        if kind.startswith("term-") or "-" in kind:
            continue
        block = SCHEMA if kind == "deal" else SCHEMA["$defs"][kind]
        missed = {key for key, ways in keys.items() if any(required for _, required, _ in ways)}
        assert set(block["required"]) == missed - {"policy"}, kind


# --- Valid deals fit


@pytest.mark.parametrize("path", sorted((ROOT / "cases").glob("*/deal.yaml")), ids=lambda path: path.parent.name)
def test_the_cases_fit(path: Path) -> None:
    assert problems(read(path)[0]) == []


@pytest.mark.parametrize("path", sorted(ERRORS.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_is_valid_among_the_errors_fits(path: Path) -> None:
    try:
        detente.load(path)
    except detente.Refused:
        return
    assert problems(read(path)[0]) == []


@settings(max_examples=25)
@given(deals())
def test_random_deals_fit(deal: RandomDeal) -> None:
    assert problems(parse(deal.text, "x")[0]) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deal: x\nnow: 2024-12\nto: 2025-12\nparti: {}", "'parti' was unexpected"),
        ("deal: x\nnow: 2024-12", "'to' is a required property"),
        ("deal: x\nnow: soon\nto: 2025-12", "does not match"),
        ("deal: x\nnow: 2024-12\nto: 2025-12\nresources: {USD: {kind: mony}}", "is not one of"),
        ("deal: x\nnow: 2024-12\nto: 2025-12\nparties: {2x: {}}", "does not match"),
        ("deal: x\nnow: 2024-12\nto: 2025-12\nevents: {e: {when: a, hazard: b}}", "valid under each of"),
        ("deal: x\nnow: 2024-12\nto: 2025-12\nevents: {e: {decided_by: a, policy: maybe}}", "does not match"),
        (
            "deal: x\nnow: 2024-12\nto: 2025-12\nagreements: {p: {between: a, signed: 2024, terms: {t: {type: suply}}}}",
            "not valid under any of",
        ),
    ],
)
def test_what_is_wrong_is_underlined(text: str, said: str) -> None:
    assert said in "\n".join(problems(parse(text, "x")[0]))
