"""One way to lay out a text: nothing that it says is changed, no comment is lost, and a second time changes nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from textwrap import dedent

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.text import layout
from detente.text.layout import WIDTH, laid_out, spelled
from detente.text.nodes import Mapping, Node, Scalar, parse

ROOT = Path(__file__).parents[2]
HEAD, SECTIONS = ("deal", "now"), ("parties", "flows", "outputs")


def tidy(text: str) -> str:
    """The text laid out as a deal is, in a smaller set of sections."""
    found, findings = laid_out(dedent(text), "deal.yaml", HEAD, SECTIONS)
    assert found is not None, findings
    return found


def said(node: Node | None, top: bool = True) -> object:
    """What a tree says: texts alone, and at the top without order."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Mapping):
        entries = [(key.text, said(value, False)) for key, value in node.entries]
        return dict(entries) if top else entries
    assert node is not None
    return tuple(said(item, False) for item in node.items)


@pytest.fixture(params=["C", "Python"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML, which place the ends of blocks differently."""
    monkeypatch.setattr(layout, "_LOADER", yaml.CSafeLoader if request.param == "C" else yaml.SafeLoader)


def test_one_way(loader: None) -> None:
    assert tidy(
        """\
        # who and when

        # the flows
        flows :
            # first
            a:   {from: x,to: 'y' ,   amount:  "max(a, b)"}   # beside
            b:
                amount: "max(a, b)"
                when:   'a: b'


            c: "it is \\"so\\""
            # no more flows
        now: 2025-04
        parties: {x: {name: "X"}, y: {outside: true}}


        outputs:
        - a
        -   b
        deal:    Two
        # the end
        """
    ) == dedent(
        """\
        # who and when

        deal: Two
        now: 2025-04

        parties: {x: {name: X}, y: {outside: true}}

        # the flows
        flows:
          # first
          a: {from: x, to: y, amount: "max(a, b)"}  # beside
          b:
            amount: max(a, b)
            when: "a: b"

          c: it is "so"
          # no more flows

        outputs:
          - a
          - b
        # the end
        """
    )


def test_what_is_too_long_becomes_a_block(loader: None) -> None:
    short = "a: {text: " + "x" * (WIDTH - 11) + "}"
    assert len(short) == WIDTH
    assert tidy(short) == short + "\n"
    assert tidy("a: {text: " + "x" * (WIDTH - 10) + ', more: [1, "max(2, 3)"]}') == (
        "a:\n  text: " + "x" * (WIDTH - 10) + '\n  more: [1, "max(2, 3)"]\n'
    )
    long = ["y" * 50, "z" * 50, "w" * 50]
    assert tidy(f"a: [{', '.join(long)}]") == "a:\n" + "".join(f"  - {item}\n" for item in long)
    assert tidy(f"- [{', '.join(long)}]") == "- - " + "\n  - ".join(long) + "\n"


def test_comments_in_brackets_need_lines(loader: None) -> None:
    assert tidy("a: {b: 1, # one\n  # above c\n c: 2 # two\n # below\n} # a itself\nd: [] # none\n") == dedent(
        """\
        a:  # a itself
          b: 1  # one
          # above c
          c: 2  # two
          # below
        d: []  # none
        """
    )
    assert tidy("- {a: 1, # one\n b: 2} # item\n") == "# item\n- a: 1  # one\n  b: 2\n"
    assert tidy("a: [ # none\n]\n") == "a: []  # none\n"
    assert tidy("a: # why\n  # because\n  some text # so\n") == "# because\n# why\na: some text  # so\n"


def test_texts_of_several_lines_stay(loader: None) -> None:
    assert tidy(
        """\
        a: >-  # folded
            one
            two

              deeper
        b: |
           one
             two
        c: one
             two

             three
        d: "one
            two"
        e: |2+
             spaces

        f: {g: one
              two, h: 'x

              y'}
        # below
        """
    ) == dedent(
        """\
        a: >-  # folded
          one
          two

            deeper
        b: |
          one
            two
        c: one
          two

          three
        d: "one
          two"
        e: "   spaces\\n\\n"
        f: {g: one two, h: "x\\ny"}
        # below
        """
    )


def test_windows_lines_tabs_and_blanks_go() -> None:
    assert tidy("deal: x  \r\nflows:\t\r\n  a: 1   \r\n\r\n\r\n\r\n  b: 2") == "deal: x\n\nflows:\n  a: 1\n\n  b: 2\n"
    assert tidy("\ufeff---\n'a': 1\n...\n") == "a: 1\n"


def test_what_cannot_be_read_is_told() -> None:
    found, findings = laid_out("a: {b: 1\nc: 2", "deal.yaml")
    assert found is None
    assert [one.code for one in findings] == ["yaml-syntax"]
    assert laid_out("a: 1\na: 2", "deal.yaml")[0] is None


def test_a_mistake_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "spelled", lambda text, flow: "x")
    with pytest.raises(ValueError, match="would not say the same"):
        laid_out("a: 'y'", "deal.yaml")


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "errors").rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_deal_of_the_errors_keeps_what_it_says(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    before, findings = parse(text, "x")
    if before is None or findings:
        assert laid_out(text, "x")[0] is None
    else:
        keeps(text)


@pytest.mark.parametrize("path", sorted((ROOT / "cases").rglob("*.yaml")), ids=lambda path: path.stem)
def test_the_cases_keep_what_they_say(path: Path) -> None:
    keeps(path.read_text(encoding="utf-8"))


def keeps(text: str) -> str:
    """A text laid out says the same, keeps its comments, and is laid out already."""
    once = tidy(text)
    assert said(parse(once, "x")[0]) == said(parse(text, "x")[0])
    assert tidy(once) == once
    assert re.search(r"[ \t]$|\r|\n\n\n|\n\n\Z", once, re.MULTILINE) is None or "|" in text or ">" in text
    return once


@given(st.text(), st.booleans())
def test_every_text_can_be_spelled(text: str, flow: bool) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return
    line = f"a: {{b: {spelled(text, True)}}}" if flow else f"a: {spelled(text, False)}"
    found, findings = parse(line, "x")
    assert findings == ()
    assert said(found) == {"a": [("b", text)] if flow else text}
    assert len(line.splitlines()) == 1


# --- Texts as people write them, drawn at random: any style, any indent, comments everywhere


@dataclass
class Hand:
    """Somebody who writes YAML: each choice is drawn; every comment has a number of its own."""

    random: Random
    comments: list[str] = field(default_factory=list)

    def one_of(self, *choices: str) -> str:
        return self.random.choice(choices)

    def comment(self) -> str:
        mark = self.one_of("#", "# ", "#: {")
        self.comments.append(f"{mark}c{len(self.comments)}.")
        return self.comments[-1]

    def beside(self) -> str:
        return "  " + self.comment() if self.random.randint(0, 5) == 0 else self.one_of("", "", " ")

    def between(self, column: int) -> str:
        """Lines that stand before an entry."""
        lines = ""
        while self.random.randint(0, 4) == 0:
            lines += self.one_of("\n", f"{' ' * column}{self.comment()}\n")
        return lines

    def scalar(self, flow: bool, column: int) -> str:
        margin = "\n" + " " * (column + self.random.randint(1, 4))
        text = self.one_of(
            *("a", "max(b, 1)" if not flow else "b", "20% / year", "-3", "x:y", "it's", 'say "x"', "x#y", "é–😀", "''"),
            *('"a, b"', "'a: b'", '"q\\"\\\\"', "'#'", '"- x"', '"max(a"', '""', '"tab\\t"', "'don''t'"),
            *(f"a{margin}b", f'"a{margin}  b\\{margin}c"', f"'a\n{margin}b'"),
        )
        if not flow and self.random.randint(0, 5) == 0:
            header = self.one_of("|", ">", "|-", ">-", "|+", ">+")
            return f"{header}{self.beside()}{margin}one{margin}  two\n{margin}three # no comment" + self.one_of(
                "", "\n"
            )
        return text

    def flow(self, depth: int, column: int) -> str:
        if depth > 3 or self.random.random() < 0.5:
            return self.scalar(True, column)
        mapping = self.random.random() < 0.5
        parts = []
        for number in range(self.random.randint(0, 4)):
            gap = self.one_of("", " ", f"\n{' ' * (column + 1)}", f" {self.comment()}\n{' ' * (column + 1)}")
            key = f"{self.one_of('k', 'other key ', 'long' * 9)}{number}: " if mapping else ""
            parts.append(f"{gap}{key}{self.flow(depth + 1, column + 1)}")
        end = self.one_of("", " ", f" {self.comment()}\n{' ' * (column + 1)}")
        return self.one_of("{%s%s}" if mapping else "[%s%s]") % (",".join(parts), end)

    def block(self, depth: int, column: int) -> str:
        """A mapping or list, from the first column of its first line."""
        mapping = depth == 0 or self.random.random() < 0.5
        text = ""
        names = self.random.sample(("parties", "flows", "deal", "now", "a b", "outputs", "z.z"), 7)
        for number in range(self.random.randint(1, 4)):
            head = f"{names[number]}:" if mapping else "-"
            text += f"{self.between(column)}{' ' * column}{head}"
            if depth > 3 or self.random.random() < 0.5:
                value = self.flow(1, column)
                text += f" {value}{self.beside() if '|' not in value and '>' not in value else ''}\n"
            elif mapping or self.random.random() < 0.5:
                inner = column + self.random.randint(1, 4)
                text += f"{self.beside()}\n{self.block(depth + 1, inner)}"
            else:
                text += f" {self.scalar(False, column)}\n"
        return text + self.one_of("", "", f"{' ' * column}{self.comment()}\n")


@settings(max_examples=300)
@given(st.integers(0, 2**32))
def test_whatever_is_written_is_kept(seed: int) -> None:
    hand = Hand(Random(seed))
    text, comments = hand.between(0) + hand.block(0, 0), hand.comments
    before, findings = parse(text, "x")
    if before is None or findings:
        assert laid_out(text, "x") == (None, findings)
        return
    once = keeps(text)
    for comment in comments:
        assert once.count(comment) == text.count(comment)
