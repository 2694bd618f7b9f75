"""YAML with places, and a diagnostic for each of its traps (R1)."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from detente.text import nodes
from detente.text.diagnostic import Diagnostic
from detente.text.nodes import Mapping, Node, Scalar, Sequence, parse, read
from detente.text.place import Place

LOADERS = [yaml.SafeLoader, *([yaml.CSafeLoader] if hasattr(yaml, "CSafeLoader") else [])]


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__, autouse=True)
def _either_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every case holds with libyaml and where it is missing."""
    monkeypatch.setattr(nodes, "_LOADER", request.param)


def plain(node: Node | None) -> Any:
    """The tree without places."""
    match node:
        case Scalar():
            return node.text
        case Mapping():
            return {key.text: plain(value) for key, value in node.entries}
        case Sequence():
            return [plain(item) for item in node.items]
    return None


def scalars(node: Node | None) -> list[Scalar]:
    match node:
        case Scalar():
            return [node]
        case Mapping():
            return [scalar for key, value in node.entries for scalar in (key, *scalars(value))]
        case Sequence():
            return [scalar for item in node.items for scalar in scalars(item)]
    return []


def only(text: str) -> Diagnostic:
    _, diagnostics = parse(text, "deal.yaml")
    assert len(diagnostics) == 1, diagnostics
    return diagnostics[0]


def test_texts_stay_as_written() -> None:
    root, diagnostics = parse("a: no\nb: 1e6\nc: 2025-01-31\nd:\ne: null\nf: ''\ng: [010, ~]\n", "deal.yaml")
    assert diagnostics == ()
    assert plain(root) == {
        "a": "no", "b": "1e6", "c": "2025-01-31", "d": "", "e": "null", "f": "", "g": ["010", "~"]
    }  # fmt: skip


def test_places_cover_exactly_the_text() -> None:
    text = (
        "deal: a b c\nflows:\n  fees: {from: x, amount: \"max(a, b)\"}   # note\n  list:\n    - 'q'\n    - größe 🙂 z\n"
    )
    root, diagnostics = parse(text, "deal.yaml")
    assert diagnostics == ()
    lines = text.split("\n")
    found = scalars(root)
    assert len(found) == 11
    for scalar in found:
        place = scalar.place
        assert place.file == "deal.yaml"
        assert place.line == place.end_line
        assert lines[place.line - 1][place.column - 1 : place.end_column - 1] == scalar.text
    assert {scalar.text for scalar in found if not scalar.plain} == {"max(a, b)", "q"}


def test_an_empty_value_has_a_place_after_its_key() -> None:
    root, _ = parse("first: 1\nsecond:\n", "deal.yaml")
    assert isinstance(root, Mapping)
    value = root.entries[1][1]
    assert value == Scalar("", Place("deal.yaml", 2, 8, 2, 8), plain=True)


def test_a_block_ends_with_its_last_value() -> None:
    root, _ = parse("a:\n  b: 1\n  c: 23\n\n\n# far below\nd: 4\n", "deal.yaml")
    assert isinstance(root, Mapping)
    assert root.entries[0][1].place == Place("deal.yaml", 2, 3, 3, 8)


def test_windows_line_ends_and_a_mark_of_byte_order_shift_nothing() -> None:
    root, diagnostics = parse("\ufeffa: 1\r\nb: xyz\r\n", "deal.yaml")
    assert diagnostics == ()
    assert scalars(root)[-1].place == Place("deal.yaml", 2, 4, 2, 7)


def test_a_duplicate_key_names_both_places_and_keeps_the_first() -> None:
    root, diagnostics = parse("a: 1\nb: 2\na: 3\n", "deal.yaml")
    assert plain(root) == {"a": "1", "b": "2"}
    [diagnostic] = diagnostics
    assert diagnostic.code == "duplicate-key"
    assert diagnostic.place == Place("deal.yaml", 3, 1, 3, 2)
    assert [place for place, _ in diagnostic.related] == [Place("deal.yaml", 1, 1, 1, 2)]


def test_all_findings_in_one_pass() -> None:
    _, diagnostics = parse("a: &x 1\nb: *x\nc: !t 2\nd: 1\nd: 2\n", "deal.yaml")
    assert [each.code for each in diagnostics] == ["yaml-anchor", "yaml-anchor", "yaml-tag", "duplicate-key"]


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: *b", "yaml-anchor", 1, 4),
        ("a: * b", "yaml-anchor", 1, 4),
        ("a: &b", "yaml-anchor", 1, 4),
        ("a: & b", "yaml-anchor", 1, 4),
        ("x: {}\n<<: {a: 1}", "yaml-anchor", 2, 1),
        ("a: !b", "yaml-tag", 1, 4),
        ("a: !!int 3", "yaml-tag", 1, 4),
        ("a: ! b", "yaml-tag", 1, 4),
        ("a: %5", "yaml-quote", 1, 4),
        ("a: @b", "yaml-quote", 1, 4),
        ("a: `b`", "yaml-quote", 1, 4),
        ("\ta: 1", "yaml-tab", 1, 1),
        ("a:\n\tb: 1", "yaml-tab", 2, 1),
        ("a: b: c", "yaml-syntax", 1, 5),
        ("a: - b", "yaml-syntax", 1, 4),
        ("a: > 3", "yaml-syntax", 1, 6),
        ('a: "x" + 3', "yaml-syntax", 1, 8),
        ("a:\n  b: 1\n c: 2", "yaml-syntax", 3, 2),
        ("a: ]", "yaml-syntax", 1, 4),
        ("a: x\x00", "yaml-syntax", 1, 5),
        ("--- a\n--- b", "yaml-documents", 2, 1),
        ("? [a]\n: b", "yaml-key", 1, 3),
        ("? {a: b}\n: c", "yaml-key", 1, 3),
        ("{'': 1}", "yaml-key", 1, 3),
        ("", "empty-file", 1, 1),
        ("# only words\n", "empty-file", 1, 1),
        ("---\n", "empty-file", 1, 1),
    ],
)
def test_traps(text: str, code: str, line: int, column: int) -> None:
    diagnostic = only(text)
    assert diagnostic.code == code
    assert (diagnostic.place.line, diagnostic.place.column) == (line, column)


@pytest.mark.parametrize("text", ["a: *b", "a: * b", "a: &b", "a: !b", "a: %5", "a: @b", "a: `b`", "a: - b", "a: > 3"])
def test_an_expression_that_yaml_would_take_wants_quotes(text: str) -> None:
    assert any("put quotes round the expression" in way for way in only(text).ways_out)


@pytest.mark.parametrize(
    "text", ['a: "x', "a: {b: c", "a: [b", "a: 'x", 'a: "\\q"', "a: {b: [x, y}", "- a\nb: 1", "a: ?"]
)
def test_a_broken_file_gets_one_sentence_and_no_tree(text: str) -> None:
    root, [diagnostic] = parse(text, "deal.yaml")
    assert root is None
    assert diagnostic.code == "yaml-syntax"
    assert "token" not in diagnostic.message
    assert "expected" not in diagnostic.message


def test_what_is_not_closed_says_where_it_began() -> None:
    diagnostic = only("a: {b: 1,\nc: 2\n\nd: 3")
    assert [place.line for place, _ in diagnostic.related] == [1]


@pytest.mark.parametrize(
    ("text", "tree", "whole"),
    [
        ("{amount: max(a, b)}", {"amount": "max(a, b)"}, Place("deal.yaml", 1, 10, 1, 19)),
        ("{amount: max(a, f(b, c), 3) + 1, to: x}", {"amount": "max(a, f(b, c), 3) + 1", "to": "x"}, None),
        ("{x: {next: gbm(growth = g, over = 3 months)}}", {"x": {"next": "gbm(growth = g, over = 3 months)"}}, None),
        ("[max(a, b), c]", ["max(a, b)", "c"], Place("deal.yaml", 1, 2, 1, 11)),
        ("{amount: (a}", {"amount": "(a"}, Place("deal.yaml", 1, 10, 1, 12)),
        ("{amount: a), to: b}", {"amount": "a)", "to": "b"}, Place("deal.yaml", 1, 10, 1, 12)),
        ("{a: max(b, c: d)}", {"a": "max(b", "c": "d)"}, Place("deal.yaml", 1, 5, 1, 10)),
    ],
)
def test_a_comma_that_splits_a_formula_is_found_and_mended(text: str, tree: object, whole: Place | None) -> None:
    root, [diagnostic] = parse(text, "deal.yaml")
    assert diagnostic.code == "flow-comma"
    assert any("put quotes round the expression" in way for way in diagnostic.ways_out)
    assert plain(root) == tree
    assert whole is None or diagnostic.place == whole


def test_two_split_formulas_are_two_findings_and_no_duplicate_key() -> None:
    root, diagnostics = parse("{a: max(x, y), b: min(z, y)}", "deal.yaml")
    assert [each.code for each in diagnostics] == ["flow-comma", "flow-comma"]
    assert plain(root) == {"a": "max(x, y)", "b": "min(z, y)"}


@pytest.mark.parametrize("text", ['{amount: "max(a, b)"}', "amount: max(a, b)", "{amount: f(a), b: (c)}", '["(", ")"]'])
def test_whole_formulas_pass(text: str) -> None:
    assert parse(text, "deal.yaml")[1] == ()


@pytest.mark.parametrize("text", ["[" * 50_000, "{a: " * 5_000, "- " * 5_000 + "x", "? " * 5_000])
def test_deep_nesting_is_a_finding(text: str) -> None:
    root, [diagnostic] = parse(text, "deal.yaml")
    assert root is None
    assert diagnostic.code == "too-deep"


def test_a_hundred_levels_pass() -> None:
    assert parse("[" * 100 + "]" * 100, "deal.yaml")[1] == ()


@given(st.text(alphabet=st.sampled_from(" \t\n:-[]{}(),'\"*&!%@`|>#?ab1.\\~<"), max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    root, diagnostics = parse(text, "deal.yaml")
    assert root is not None or diagnostics


@given(st.text(max_size=30))
def test_no_character_breaks_the_reader(text: str) -> None:
    root, diagnostics = parse(text, "deal.yaml")
    assert root is not None or diagnostics


def test_read_gives_the_places_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "deal.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    root, diagnostics = read(path)
    assert diagnostics == ()
    assert scalars(root)[0].place == Place(str(path), 1, 1, 1, 2)


def test_a_missing_file(tmp_path: Path) -> None:
    root, [diagnostic] = read(tmp_path / "deal.yaml")
    assert root is None
    assert diagnostic.code == "file-missing"


def test_a_folder(tmp_path: Path) -> None:
    root, [diagnostic] = read(tmp_path)
    assert root is None
    assert diagnostic.code == "file-is-folder"


def test_an_impossible_path() -> None:
    root, [diagnostic] = read(Path("a\0b"))
    assert root is None
    assert diagnostic.code in ("file-missing", "file-unreadable")


def test_a_file_under_a_file(tmp_path: Path) -> None:
    (tmp_path / "deal.yaml").write_text("a: 1\n")
    root, [diagnostic] = read(tmp_path / "deal.yaml" / "deal.yaml")
    assert root is None
    assert diagnostic.code in ("file-missing", "file-unreadable")


def test_a_file_that_is_not_utf8_says_line_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "deal.yaml"
    path.write_bytes(b"a: 1\nb: gr\xfcn\n")
    root, [diagnostic] = read(path)
    assert root is None
    assert diagnostic.code == "file-not-utf8"
    assert (diagnostic.place.line, diagnostic.place.column) == (2, 6)
    assert "0xfc" in diagnostic.found
    assert "10" in diagnostic.found


def test_a_file_that_is_too_big(tmp_path: Path) -> None:
    path = tmp_path / "deal.yaml"
    with path.open("wb") as file:
        file.truncate(20_000_001)
    root, [diagnostic] = read(path)
    assert root is None
    assert diagnostic.code == "file-too-big"
