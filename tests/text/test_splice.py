"""Changes at the places of nodes: what is said changes as asked, and comments stay."""

from __future__ import annotations

from textwrap import dedent

import pytest

from detente.text.nodes import Mapping, Node, Scalar, parse
from detente.text.nodes import Sequence as Items
from detente.text.splice import Edit, Splicer, spliced

TEXT = dedent("""\
    # head
    now: 2025-06  # the end
    flow: {a: 1, b: "two, {x}"}  # beside
    block:
      # above
      one: 1  # of one
      two: {x: [1,
        2]}   # of two
    # between
    quoted: 'it''s'
    items:
      - {a: 1}
      - b: 2  # in the item
        c: 3
    none: {}
    """)


def node(text: str, *keys: str | int) -> Node:
    found, findings = parse(text, "x")
    assert not findings, findings
    for key in keys:
        if isinstance(found, Mapping):
            found = next(value for name, value in found.entries if name.text == key)
        else:
            assert isinstance(found, Items)
            assert isinstance(key, int)
            found = found.items[key]
    assert found is not None
    return found


def said(found: Node) -> object:
    match found:
        case Scalar(text=text):
            return text
        case Mapping(entries=entries):
            return {key.text: said(value) for key, value in entries}
    return [said(item) for item in found.items]


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize(
    ("path", "entry", "expected"),
    [
        (("flow",), "c: 3", {"a": "1", "b": "two, {x}", "c": "3"}),
        (("block",), "three: 3", {"one": "1", "two": {"x": ["1", "2"]}, "three": "3"}),
        (("block", "two", "x"), "3", ["1", "2", "3"]),
        (("items",), "{d: 4}", [{"a": "1"}, {"b": "2", "c": "3"}, {"d": "4"}]),
        (("items", 1), "d: 4", {"b": "2", "c": "3", "d": "4"}),
        (("none",), "a: 1", {"a": "1"}),
    ],
)
def test_an_entry_is_added_after_the_last(path: tuple[str | int, ...], entry: str, expected: object) -> None:
    outcome = spliced(TEXT, [Splicer(TEXT).added(node(TEXT, *path), entry)])
    assert said(node(outcome, *path)) == expected
    assert comments(outcome) == comments(TEXT)


def test_two_entries_at_one_place_keep_their_order() -> None:
    edits = [Splicer(TEXT).added(node(TEXT, "flow"), entry) for entry in ("c: 3", "d: 4")]
    assert said(node(spliced(TEXT, edits), "flow")) == {"a": "1", "b": "two, {x}", "c": "3", "d": "4"}


@pytest.mark.parametrize("path", [("now",), ("flow",), ("quoted",), ("block", "two"), ("items", 1)])
def test_a_node_gives_way_to_a_text(path: tuple[str | int, ...]) -> None:
    outcome = spliced(TEXT, [Splicer(TEXT).replaced(node(TEXT, *path), "new")])
    before, after = said(node(TEXT)), said(node(outcome))
    assert said(node(outcome, *path)) == "new"
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert {key: before[key] for key in before if key != path[0]} == {
        key: after[key] for key in after if key != path[0]
    }


@pytest.mark.parametrize("path", [("flow",), ("block",), ("items", 1)])
def test_a_mapping_becomes_the_first_of_a_list(path: tuple[str | int, ...]) -> None:
    found = node(TEXT, *path)
    assert isinstance(found, Mapping)
    outcome = spliced(TEXT, Splicer(TEXT).listed(found, "on: 2025", ["{on: 2026}"]))
    was = said(found)
    assert isinstance(was, dict)
    assert said(node(outcome, *path)) == [{"on": "2025", **was}, {"on": "2026"}]
    assert comments(outcome) == comments(TEXT)


@pytest.mark.parametrize("path", [("flow",), ("block",), ("items", 0), ("items", 1)])
def test_an_entry_is_put_before_the_first(path: tuple[str | int, ...]) -> None:
    found = node(TEXT, *path)
    assert isinstance(found, Mapping)
    outcome = spliced(TEXT, [Splicer(TEXT).led(found, "on: 2025")])
    was, now = said(found), said(node(outcome, *path))
    assert isinstance(was, dict)
    assert isinstance(now, dict)
    assert list(now.items()) == [("on", "2025"), *was.items()]
    assert comments(outcome) == comments(TEXT)


@pytest.mark.parametrize("path", [("flow",), ("block",)])
def test_a_mapping_is_kept_under_a_key(path: tuple[str | int, ...]) -> None:
    found = node(TEXT, *path)
    assert isinstance(found, Mapping)
    outcome = spliced(TEXT, Splicer(TEXT).superseded(found, [("new", "1"), ("since", "2026")], "before"))
    assert said(node(outcome, *path)) == {"new": "1", "since": "2026", "before": said(found)}
    assert comments(outcome) == comments(TEXT)


def test_changes_that_meet_are_refused() -> None:
    with pytest.raises(ValueError, match="two changes meet"):
        spliced("abcdef", [Edit(0, 3, "x"), Edit(2, 4, "y")])


def test_uncommon_line_ends_are_refused() -> None:
    assert Splicer("a: 1\r\nb: 2\r\n").lines
    with pytest.raises(ValueError, match="uncommon"):
        Splicer("a: 1\rb: 2\n")


def test_a_line_above() -> None:
    outcome = spliced(TEXT, [Splicer(TEXT).before_line(node(TEXT, "now").place, "from: 2024-01")])
    assert outcome.startswith("# head\nfrom: 2024-01\nnow: 2025-06")
