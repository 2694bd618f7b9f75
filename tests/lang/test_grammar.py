"""The published grammar and the parser accept the same texts.

The EBNF of `docs/language.md` is read from the page and given to lark, which knows nothing of our parser: sentences
derived from the grammar, the same with a few tokens changed, and loose tokens must be accepted by both or by neither.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lark import Lark, Token, Tree, UnexpectedInput
from lark.grammar import NonTerminal, Symbol
from lark.lexer import PatternStr

from detente.lang.parser import parse_expression
from detente.lang.unit import CURRENCIES, UNIT_NAMES
from detente.text.diagnostic import Diagnostic, Fault
from detente.text.place import NOWHERE

PAGE = Path(__file__).parents[2] / "docs" / "language.md"

WHOLE_WORD = r"(?![A-Za-z0-9_]|\.[A-Za-z_])"
NO_BRACKET = r"(?![ \t\r\n]*\()"
BRACKET = r"(?=[ \t\r\n]*\()"


def words(names: frozenset[str]) -> str:
    return f"(?:{'|'.join(sorted(names, key=len, reverse=True))}){WHOLE_WORD}"


# What the page says of a token in a comment, which a notation for grammars cannot.
SAID = {
    "CURRENCY": words(CURRENCIES) + NO_BRACKET,
    "UNIT": words(UNIT_NAMES - CURRENCIES) + NO_BRACKET,
    "DATE": r"(?:[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?|[0-9]{4}Q[1-4])(?![A-Za-z0-9_-])",
    "FISCAL_YEAR": r"FY[0-9]{4}" + WHOLE_WORD,
    "ROOT": "sqrt" + WHOLE_WORD + BRACKET,
    "SUFFIX": words(frozenset(("k", "mn", "bn", "tn"))),
    "SPACED_MINUS": r"(?<=[ \t\r\n])-(?=[ \t\r\n])",
    "WORD": rf"(?![Ff][Yy][0-9]+{WHOLE_WORD})[A-Za-z_][A-Za-z0-9_]*",
}

BEYOND = ("percent-range", "argument-order", "duplicate-argument")
"""What the page says is refused beyond the grammar, as far as the tokens here can say it."""

SAMPLES = {
    "DATE": ["2025-01", "2025-01-21", "2025Q4"],
    "FISCAL_YEAR": ["FY2025"],
    "DECIMAL": ["2.5", "1e6"],
    "WHOLE": ["1", "2", "3"],
    "SUFFIX": ["mn", "k"],
    "CURRENCY": ["USD", "EUR"],
    "UNIT": ["year", "MW", "share"],
    "ROOT": ["sqrt"],
    "WORD": ["a", "b", "max"],
    "PATH": ["openai.x"],
    "SPACED_MINUS": ["-"],
}


def published() -> str:
    """The EBNF of the page, all its blocks."""
    return "\n".join(re.findall(r"```ebnf\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))


def translated(ebnf: str) -> str:
    """The same in the notation of lark: tokens in the order of the page, the first that fits is taken."""
    plain = re.sub(r"/\*.*?\*/", "", ebnf, flags=re.DOTALL)
    productions = re.split(r"^(?=\w+\s*::=)", plain, flags=re.MULTILINE)
    rules = []
    tokens = sum(1 for production in productions if production[:1].isupper())
    for production in productions:
        name, _, body = (part.strip() for part in production.partition("::="))
        if not name:
            continue
        if name.isupper():
            body = f"/{SAID[name]}/" if name in SAID else re.sub(r"\[[^]]*\]", r"/\g<0>/", body)
            tokens -= 1
            name = f"{name}.{tokens if name != 'WORD' else 0}"
        rules.append(f"{name}: {body}")
    return "\n".join([*rules, r"%ignore /[ \t\r\n]+/"])


@cache
def grammar() -> Lark:
    return Lark(translated(published()), start="expression", parser="earley", lexer="basic", keep_all_tokens=True)


def fits(text: str) -> bool:
    """Whether the published grammar derives a text."""
    try:
        grammar().parse(text)
    except UnexpectedInput:
        return False
    return True


def refusal(text: str) -> Diagnostic | None:
    """What our parser says against a text."""
    try:
        parse_expression(text, NOWHERE)
    except Fault as fault:
        return fault.diagnostic
    return None


def assert_agreed(text: str) -> None:
    found = refusal(text)
    if found is not None and (found.code in BEYOND or "too large" in found.message):
        return
    assert fits(text) == (found is None), f"{text!r}: {found.message if found else 'accepted by the parser'}"


@cache
def expansions() -> dict[str, list[list[Symbol]]]:
    """What each rule of the grammar may become."""
    found: dict[str, list[list[Symbol]]] = {}
    for rule in grammar().rules:
        found.setdefault(rule.origin.name, []).append(list(rule.expansion))
    return found


@cache
def spellings() -> dict[str, list[str]]:
    fixed = {term.name: [term.pattern.value] for term in grammar().terminals if isinstance(term.pattern, PatternStr)}
    return fixed | SAMPLES


@cache
def heights() -> dict[str, int]:
    """How deep the shallowest derivation of each rule is."""
    known: dict[str, int] = {}
    while len(known) < len(expansions()):
        for name, bodies in expansions().items():
            done = [
                1 + max((known[each.name] for each in body if isinstance(each, NonTerminal)), default=0)
                for body in bodies
                if all(each.name in known for each in body if isinstance(each, NonTerminal))
            ]
            if done:
                known[name] = min(*done, known.get(name, done[0]), *done)
    return known


@st.composite
def sentences(draw: st.DrawFn) -> list[str]:
    """The tokens of a text that the grammar derives."""
    tokens: list[str] = []
    waiting: list[tuple[str, bool, int]] = [("expression", False, draw(st.integers(12, 20)))]
    while waiting:
        name, terminal, left = waiting.pop()
        left = 0 if len(tokens) + len(waiting) > 25 else left
        if terminal:
            tokens.append(draw(st.sampled_from(spellings()[name])))
            continue
        bodies = expansions()[name]
        cost = [max((heights()[s.name] for s in body if isinstance(s, NonTerminal)), default=0) for body in bodies]
        affordable = [body for body, needed in zip(bodies, cost, strict=True) if needed < left or needed == min(cost)]
        body = draw(st.sampled_from(affordable))
        waiting += [(each.name, not isinstance(each, NonTerminal), left - 1) for each in reversed(body)]
    return tokens


LOOSE = (
    "to at by within of if then else and or not true false a b openai.x max sqrt USD MW year share mn k % 1 2.5 1e6 "
    "2025-01 2025Q4 FY2025 ( ) ( ) , + - * / ^ = != < <="
).split()


def test_the_page_publishes_a_grammar() -> None:
    assert {"expression", "unit", "call"} <= expansions().keys()
    assert {name for name in SAMPLES if name not in published()} == set()


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(sentences())
def test_what_the_grammar_derives_is_accepted(tokens: list[str]) -> None:
    text = " ".join(tokens)
    assert fits(text)
    assert_agreed(text)


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(sentences(), st.data())
def test_a_changed_sentence_is_accepted_by_both_or_by_neither(tokens: list[str], data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(tokens)))
        removed = data.draw(st.integers(0, 1))
        tokens[position : position + removed] = data.draw(st.lists(st.sampled_from(LOOSE), max_size=1))
    assert_agreed(" ".join(tokens))


@settings(max_examples=120)
@given(st.lists(st.tuples(st.sampled_from(LOOSE), st.sampled_from(["", " "])), max_size=8))
def test_loose_tokens_are_accepted_by_both_or_by_neither(tokens: list[tuple[str, str]]) -> None:
    assert_agreed("".join(token + space for token, space in tokens))


def bracketed(node: Tree[Token] | Token) -> str:
    """A text with brackets round everything that the grammar takes together."""
    if isinstance(node, Token):
        return str(node)
    parts = [bracketed(child) for child in node.children]
    if len(parts) == 1 or node.data not in BINDING:
        return " ".join(parts)
    if node.data in ("alternative", "conjunction", "moment", "sum", "product"):  # from left to right
        text = parts[0]
        for operator, right in zip(parts[1::2], parts[2::2], strict=True):
            text = f"({text} {operator} {right})"
        return text
    return f"({' '.join(parts)})"


BINDING = ("alternative", "conjunction", "negation", "moment", "comparison", "sum", "product", "signed", "power")
SIGNS = ["+", "-", "*", "/", "^", "=", "!=", "<", "<=", ">", ">=", "and", "or", "at", "by"]
operands = st.tuples(
    st.lists(st.sampled_from(["-", "not"]), max_size=1),
    st.sampled_from(["a", "b", "2", "5 USD", "f(a, b)", "(a)", "20%"]),
).map(lambda found: " ".join((*found[0], found[1])))


@settings(max_examples=150)
@given(operands, st.lists(st.tuples(st.sampled_from(SIGNS), operands), max_size=6))
def test_operators_bind_as_the_grammar_says(first: str, rest: list[tuple[str, str]]) -> None:
    text = " ".join((first, *(part for pair in rest for part in pair)))
    if refusal(text) is None:
        assert parse_expression(bracketed(grammar().parse(text)), NOWHERE) == parse_expression(text, NOWHERE)


@pytest.mark.parametrize(
    "text",
    [
        "a - b", "a - -b", "5 / sqrt(USD)", "2 USD / share(x)", "5 USD ^ 2", "net(a, all, USD)", "at(2025-10)", "a at at(b)",
        "x within (3 to 6)", "not a = b", "2 ^ -1 ^ 2", "f(month = 3)", "5 (USD / MW)", "k + mn", "sqrt + 1", "a.by",
    ],
)  # fmt: skip
def test_accepted_by_both(text: str) -> None:
    assert fits(text)
    assert refusal(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "a -b", "a-b", "a < b < c", "a to b to c", "a at b > 3", "a = not b", "1 + if a then b else c", "5 USD ^ x", "20% USD",
        "20% of x", "x * year", "USD", "sqrt(USD)", "sqrt(month = 3)", "5 / sqrt(USD) ^ x", "f(a,)", "()", "2025-4", "010", ".5",
        "5.", "FY25", "FY2025 of by", "2025Q4 of a", "5 share(x)", "a b", "+3", "1 000", "by", "",
    ],
)  # fmt: skip
def test_refused_by_both(text: str) -> None:
    assert not fits(text)
    assert refusal(text) is not None
