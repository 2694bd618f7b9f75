"""The JSON Schema of deal.yaml (draft 2020-12), by which an editor completes keys and explains them.

What keys mean stands in `blocks.py`; terms and their parameters come from the catalogue.
"""

from __future__ import annotations

from dataclasses import Field
from inspect import cleandoc
from typing import Any

from detente.deal.blocks import (
    BLOCKS,
    DATE,
    EXPRESSION,
    GROUNDS,
    NAMES,
    TEXT,
    TRUTH,
    Block,
    Key,
    Shape,
    list_of,
    ref,
    words,
)
from detente.deal.fields import GIVES, NAME, POLICIES
from detente.terms.term import catalogue, given_by_others, required, written


def schema() -> dict[str, Any]:
    """The schema as data, ready for JSON."""
    blocks = BLOCKS | _terms()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_object(blocks.pop("deal")),
        "$defs": {
            **_definitions(),
            **{name: _object(block) for name, block in blocks.items()},
            "term": {
                "title": "A term",
                "description": "One clause of an agreement; its `type` says which keys it takes.",
                "type": "object",
                "required": ["type"],
                "oneOf": [ref(f"term-{name}") for name in catalogue()],
            },
        },
    }


def _object(block: Block) -> Shape:
    shape: Shape = {
        "title": block.title,
        "description": block.doc,
        "type": "object",
        "properties": {name: {**key.shape, "description": key.doc} for name, key in block.keys.items()},
        "additionalProperties": block.others,
        "required": [name for name, key in block.keys.items() if key.required],
    }
    if block.one_of:
        shape["oneOf"] = [{"required": [name]} for name in block.one_of]
    return shape | block.related


def _definitions() -> dict[str, Shape]:
    """What keys hold that is no block."""
    date = "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?|Q[1-4])?"
    return {
        "text": {"type": ["string", "number", "boolean"]},
        "name": {
            "description": "Letters, digits and _, not beginning with a digit; parts joined by dots.",
            "type": "string",
            "pattern": f"^({NAME.pattern})$",
        },
        "names": {
            "description": "A list of names; one may stand alone.",
            "type": ["array", "string", "number", "boolean"],
            "items": TEXT,
        },
        "date": {
            "description": "2025-01-21, 2025-01, 2025Q4 or 2025; a day means its month.",
            "type": ["string", "integer"],
            "pattern": f"^{date}$",
            "minimum": 1000,
            "maximum": 9999,
        },
        "expression": {
            "description": "A number with its unit, a range `a to b` (5th to 95th percentile), or a formula.",
            "type": ["string", "number", "boolean"],
        },
        "policy": {
            "description": f"How a right is used: {', '.join(POLICIES)}.",
            "type": "string",
            "pattern": r"^\s*(never|(at|after|when)\s*\([\s\S]*\))\s*$",
        },
        "change": {
            "description": "A policy for an event, `off` for a term (`agreement.term`), a value for an assumption.",
            "type": ["string", "number", "boolean"],
        },
        "points": {
            "description": "Values by date, in order of time. A value stands alone or with grounds of its own.",
            "type": "object",
            "propertyNames": {"pattern": f"^{date}$"},
            "minProperties": 1,
            "additionalProperties": {"anyOf": [EXPRESSION, ref("point")]},
        },
        "citation": {
            "description": "A claim by its id, which gives the value; `{id: bound}`, `{id: direction}` or "
            "`{id: existence}` where it gives less.",
            "anyOf": [TEXT, {"type": "object", "additionalProperties": words(*GIVES)}],
        },
        "claims": {"anyOf": [{"type": "array", "items": ref("citation")}, ref("citation")]},
    }


# --- Terms, from the catalogue

COMMON = {
    "from": Key("From when it holds; without it, from the signature.", DATE),
    "until": Key("The last month in which it holds.", DATE),
    "stops": Key("The event that ends it.", TEXT),
    "waived": Key("The event from which on it is waived.", TEXT),
    "suspended": Key("The condition while which it does not hold.", EXPRESSION),
    **GROUNDS,
}
"""The keys that every term takes beside its parameters."""


def _terms() -> dict[str, Block]:
    """A block for every type of term and every kind of row, and `term-changes` for what an amendment may change."""
    found: dict[str, Block] = {}
    changes: dict[str, list[Key]] = {}
    for name, term in catalogue().items():
        declared = [one for one in term.parameters() if not given_by_others(one)]
        keys = {written(one): _parameter(one, name, found) for one in declared}
        doc = cleandoc(term.__doc__ or "")
        what_it_does = " ".join(doc.split("\n\n")[0].split())
        kind = Key(f"The type of the term. {what_it_does}", {"const": name}, True)
        found[f"term-{name}"] = Block(f"{name} (a term)", doc, {"type": kind, **keys, **COMMON})
        for key, meaning in keys.items():
            changes.setdefault(key, []).append(meaning)
    doc = "Parameters that an amendment changes; those that the term does not take are refused."
    return found | {"term-changes": Block("Changed parameters", doc, {**_merged(changes), **COMMON})}


def _merged(changes: dict[str, list[Key]]) -> dict[str, Key]:
    """Parameters of the same name in several terms as one."""
    found: dict[str, Key] = {}
    for name, keys in changes.items():
        shapes = [key.shape for number, key in enumerate(keys) if key.shape not in [one.shape for one in keys[:number]]]
        docs = " Or: ".join(dict.fromkeys(key.doc for key in keys))
        found[name] = Key(docs, shapes[0] if len(shapes) == 1 else {"anyOf": shapes})
    return found


def _parameter(declared: Field[Any], term: str, found: dict[str, Block]) -> Key:
    """A parameter as its declaration in the catalogue says; rows become a block of their own."""
    doc, dimension = str(declared.metadata["doc"]), str(declared.metadata["dimension"])
    what, _, choice = dimension.partition(": ")
    sentence = doc[:1].upper() + doc[1:]
    match what:
        case "rows":
            name = f"{term}-{written(declared)}"
            row = declared.metadata["row"]
            keys = {written(one): _parameter(one, term, found) for one in row.parameters() if not given_by_others(one)}
            found[name] = Block(f"One of `{written(declared)}`", cleandoc(row.__doc__ or doc), keys)
            return Key(f"{sentence}.", {**list_of(name), "minItems": 1}, required(declared))
        case "one of":
            shape, hint = words(*choice.split(", ")), ""
        case "yes or no":
            shape, hint = TRUTH, ""
        case "date" | "end date":
            shape, hint = DATE, ""
        case "count":
            shape, hint = {"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 0}, "a whole number"
        case "parties" | "events" | "terms" | "classes":
            shape, hint = NAMES, dimension
        case "parts by party":
            shape, hint = {"type": "object", "additionalProperties": EXPRESSION}, "shares by party"
        case "party" | "need" | "event" | "supply term" | "term" | "class" | "words":
            shape, hint = TEXT, "" if what == "words" else dimension
        case _ if what.startswith("form of "):
            shape, hint = TEXT, ""
        case _:
            shape, hint = EXPRESSION, dimension
    return Key(f"{sentence} ({hint})." if hint else f"{sentence}.", shape, required(declared))
