"""However YAML writes a text, each of its words is found again where it stands in the file (R8)."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from detente.lang.parser import parse_expression
from detente.lang.syntax import walk
from detente.text import nodes
from detente.text.diagnostic import Fault
from detente.text.nodes import Mapping, Scalar, parse
from detente.text.place import Place

LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__, autouse=True)
def _either_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "_LOADER", request.param)


def scalar(text: str) -> Scalar:
    """The last value of a file."""
    node: Any = parse(text, "deal.yaml")[0]
    while isinstance(node, Mapping):
        node = node.entries[-1][1]
    assert isinstance(node, Scalar)
    return node


def standing(text: str, place: Place) -> str:
    """What stands at a place of one line."""
    assert place.line == place.end_line
    return text.split("\n")[place.line - 1][place.column - 1 : place.end_column - 1]


def refusal(text: str) -> Place:
    """The place of what is wrong with the expression that the last value of a file is."""
    found = scalar(text)
    with pytest.raises(Fault) as caught:
        parse_expression(found.text, found.place)
    return caught.value.diagnostic.place


WAYS = {
    "plain": lambda lines: "\n   ".join(lines),
    "single": lambda lines: "'" + "\n   ".join(lines).replace("'", "''") + "'",
    "double": lambda lines: '"' + "\n   ".join(lines) + '"',
    "joined": lambda lines: '"' + " \\\n   ".join(lines) + '"',
    "literal": lambda lines: "|\n   " + "\n   ".join(lines) + "\n",
    "folded": lambda lines: ">-   # folded\n   " + "\n   ".join(lines) + "\n",
    "blank": lambda lines: "\n\n      ".join(lines),
}
words = st.lists(st.sampled_from(["max(a", "b", "größe)", "13", "🙂", "x.y", "+"]), min_size=1, max_size=4)


@given(st.sampled_from(sorted(WAYS)), st.lists(words.map(" ".join), min_size=1, max_size=4))
def test_every_word_is_found_where_it_stands(way: str, lines: list[str]) -> None:
    text = f"deal: x\nvariables:\n  a: {WAYS[way](lines)}\n"
    found = scalar(text)
    start = 0
    for word in " ".join(lines).split():
        start = found.text.index(word, start)
        assert standing(text, found.place.part(start, start + len(word))) == word
        start += len(word)


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("a: max(b,\n  c) + 5 foo\n", Place("deal.yaml", 2, 10, 2, 13)),
        ("a: |\n  b +\n  c c\n", Place("deal.yaml", 3, 5, 3, 6)),
        ("a: >-\n    b +\n    c c\n", Place("deal.yaml", 3, 7, 3, 8)),
        ('a: "b +\n  c c"\n', Place("deal.yaml", 2, 5, 2, 6)),
        ("a: 'b +\n\n  c c'\n", Place("deal.yaml", 3, 5, 3, 6)),
        ('a: "\\u0062 + c c"\n', Place("deal.yaml", 1, 16, 1, 17)),
        ('a: "b \\" c"\n', Place("deal.yaml", 1, 7, 1, 8)),
        ("a: 'b ''c'' d'\n", Place("deal.yaml", 1, 7, 1, 8)),
    ],
)
def test_what_is_wrong_is_shown_on_its_own_line(text: str, stands: Place) -> None:
    assert refusal(text) == stands


def test_a_formula_over_two_lines_has_a_place_over_two_lines() -> None:
    found = scalar("a: b +\n  c * d\n")
    node = parse_expression(found.text, found.place)
    places = {(each.place.line, each.place.column, each.place.end_line, each.place.end_column) for each in walk(node)}
    assert places == {(1, 4, 2, 8), (1, 4, 1, 5), (2, 3, 2, 8), (2, 3, 2, 4), (2, 7, 2, 8)}


def test_a_formula_that_breaks_off_is_shown_where_it_ends() -> None:
    assert refusal("a: |\n  b +\n    c +\n\nb: >\n  d *\n").line == 6


def test_an_escaped_space_keeps_the_place_of_the_whole() -> None:
    assert refusal('a: "b\\tc"\n') == Place("deal.yaml", 1, 5, 1, 9)
