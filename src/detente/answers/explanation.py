"""Why a number is what it is, as data (R9): a tree with a closed vocabulary, of which text and HTML are views."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from detente.text.place import Place

Kind = Literal[
    "account",
    "flow",
    "variable",
    "term",
    "need",
    "event",
    "value",
    "memory",  # equations, by role
    "opening",
    "record",
    "table",
    "assumption",
    "draw",
    "policy",  # what equations rest on
    "seen",  # explained elsewhere in the tree
]


@dataclass(frozen=True, slots=True)
class Backing:
    """A claim behind a number: what it says, in which source, by whom, when, and the origin that it goes back to."""

    claim: str
    gives: str
    says: str
    source: str
    publisher: str
    published: str
    origin: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """One number on one path, and the numbers it was made of.

    `value` and `mean` (over all paths of the run) are in `unit`; `date` is a month, or the months summed over;
    `formula` is the equation as the deal has it; `place` where it stands; `term` the term or block it belongs to;
    `backing` and `assumed` what it rests on.
    """

    kind: Kind
    name: str
    date: str
    value: float
    mean: float | None
    unit: str
    formula: str
    place: Place
    term: str
    backing: tuple[Backing, ...]
    assumed: str
    children: tuple[Explanation, ...]

    def as_data(self) -> dict[str, Any]:
        """The tree as plain data."""
        return {
            "kind": self.kind,
            "name": self.name,
            "date": self.date,
            "value": self.value,
            "mean": self.mean,
            "unit": self.unit,
            "formula": self.formula,
            "place": {"file": self.place.file, "line": self.place.line, "column": self.place.column},
            "term": self.term,
            "assumed": self.assumed,
            "backing": [
                {
                    "claim": one.claim,
                    "gives": one.gives,
                    "says": one.says,
                    "source": one.source,
                    "publisher": one.publisher,
                    "published": one.published,
                    "origin": one.origin,
                }
                for one in self.backing
            ],
            "children": [child.as_data() for child in self.children],
        }

    def _repr_html_(self) -> str:
        from html import escape

        value = f"{self.value:,.4g} {escape(self.unit)}"
        inner = "".join(child._repr_html_() for child in self.children)
        head = f"<b>{escape(self.name)}</b> {escape(self.date)} = {value} <code>{escape(self.formula)}</code>"
        grounds = "".join(
            f"<br>“{escape(one.says)}” ({escape(one.publisher)}, {escape(one.published)})" for one in self.backing
        )
        reason = f"<br><i>assumed: {escape(self.assumed)}</i>" if self.assumed else ""
        body = f"{head}{grounds}{reason}"
        return (
            f"<details style='margin-left:1em'><summary>{body}</summary>{inner}</details>"
            if inner
            else (f"<div style='margin-left:1em'>{body}</div>")
        )
