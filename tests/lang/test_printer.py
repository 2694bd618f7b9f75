"""Printing and parsing are inverse, and print no bracket too many."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.lang.parser import parse_expression
from detente.lang.printer import print_expression
from detente.lang.syntax import (
    At,
    Binary,
    BinaryOp,
    By,
    Call,
    DateOf,
    If,
    Name,
    Node,
    Number,
    Quantity,
    Range,
    Truth,
    Unary,
    Within,
    walk,
)
from detente.text.place import NOWHERE
from detente.text.written import Date, parse_date

UNITS = ["USD", "months", "USD / MW / year", "1 / year", "sqrt(year)", "USD / (MW * year)", "year^2", "1 / sqrt(year)"]


def date(text: str) -> Date:
    found = parse_date(text.removeprefix("FY"))
    assert found is not None
    return Date(found.first, found.last, text)


names = st.sampled_from(["a", "b", "openai.compute_need", "x_1", "never", "sqrt", "year.x", "e5", "m", "k", "toto"])
values = st.floats(0, allow_nan=False, allow_infinity=False) | st.integers(0, 3000).map(float) | st.just(2e9)
leaves: st.SearchStrategy[Node] = st.one_of(
    values.map(lambda value: Number(value, "")),
    st.builds(lambda value, unit: Quantity(value, unit, False, ""), values, st.sampled_from(UNITS)),
    st.builds(lambda value, unit: Quantity(value, unit, True, ""), values, st.sampled_from(["", "1 / year"])),
    names.map(Name),
    st.booleans().map(Truth),
    st.sampled_from(["2025-10", "2030-12-31", "2025Q4"]).map(lambda text: DateOf(date(text))),
    st.builds(DateOf, st.just(date("FY2025")), st.none() | st.just("microsoft")),
)


@st.composite
def calls(draw: st.DrawFn, below: st.SearchStrategy[Node]) -> Call:
    function = draw(names | st.just("at"))
    labels = ["growth", "over"] if function == "sqrt" else ["growth", "over", "month"]  # no unit is a word in `sqrt(`
    named = draw(st.dictionaries(st.sampled_from(labels), below, max_size=2))
    return Call(function, tuple(draw(st.lists(below, max_size=3))), tuple(named.items()))


def grown(below: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        calls(below),
        st.builds(Unary, st.sampled_from(["-", "not"]), below),
        st.builds(Binary, st.sampled_from(get_args(BinaryOp)), below, below),
        st.builds(If, below, below, below),
        st.builds(Range, below, below),
        st.builds(Range, leaves, leaves),
        st.builds(At, below, below),
        st.builds(By, below, below),
        st.builds(Within, below, below, below),
    )


trees = st.recursive(leaves, grown, max_leaves=12)


@settings(max_examples=400)
@given(trees)
def test_a_tree_reads_back_as_printed(tree: Node) -> None:
    assert parse_expression(print_expression(tree), NOWHERE) == tree


CANONICAL = [
    ("(a)+((b*c))", "a + b * c"),
    ("(a + b)*c", "(a + b) * c"),
    ("a - (b - c)", "a - (b - c)"),
    ("(a - b) - c", "a - b - c"),
    ("(a ^ b) ^ c", "(a ^ b) ^ c"),
    ("a ^ (b ^ c)", "a ^ b ^ c"),
    ("(-a) ^ b", "(-a) ^ b"),
    ("-(a ^ b)", "-a ^ b"),
    ("(5 USD) ^ 2", "(5 USD) ^ 2"),
    ("(a at b) > 3", "(a at b) > 3"),
    ("not (a and b)", "not (a and b)"),
    ("f( a ,b=c )", "f(a, b = c)"),
    ("f((a = b))", "f((a = b))"),
    ("f((a = b) and c)", "f((a = b and c))"),
    ("f((a < b))", "f(a < b)"),
    ("(if a then b else c) + 1", "(if a then b else c) + 1"),
    ("9 mn USD/MW/year to 12 mn USD/MW/year", "9 to 12 mn USD / MW / year"),
    ("900 mn to 1.2 bn USD", "0.9 to 1.2 bn USD"),
    ("1 to 20% / year", "1% to 20% / year"),
    ("(9) to 12 mn USD", "(9) to 12 mn USD"),
    ("1 USD to 1 EUR", "1 USD to 1 EUR"),
    ("x within 3 to 6 bn USD / year", "x within 3 to 6 bn USD / year"),
    ("1500000 USD", "1.5 mn USD"),
    ("1e9", "1 bn"),
    ("2025", "2025"),
    ("0.07", "0.07"),
    ("7%", "7%"),
    ("1e-9", "1e-9"),
    ("1.0", "1"),
    ("FY2025 of  microsoft", "FY2025 of microsoft"),
    ("total(x,2025Q4)", "total(x, 2025Q4)"),
    ("not true or a by 2027-12", "not true or a by 2027-12"),
    ("net(a,all,USD)", "net(a, all, USD)"),
    ("net(a,all,resource=USD)", "net(a, all, resource = USD)"),
    ("((9%)) to 12", "(9%) to 12"),
    ("(2 bn) to 60%", "(2 bn) to 60%"),
]


def test_every_kind_of_node_is_printed() -> None:
    printed = {type(node) for text, _ in CANONICAL for node in walk(parse_expression(text, NOWHERE))}
    assert printed == set(get_args(Node))


@pytest.mark.parametrize(("text", "printed"), CANONICAL)
def test_canonical_text(text: str, printed: str) -> None:
    assert print_expression(parse_expression(text, NOWHERE)) == printed


def test_a_negative_number_of_a_tree_built_in_python_is_printed_as_a_minus() -> None:
    assert print_expression(Binary("^", Number(-2, ""), Quantity(-0.5, "", True, ""))) == "(-2) ^ -50%"
