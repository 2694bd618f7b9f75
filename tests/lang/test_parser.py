"""Expressions: what is accepted, what it means, and what each refusal teaches (R1, R8)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.lang.parser import parse_expression, parse_quantity
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
from detente.text.diagnostic import Diagnostic, Fault
from detente.text.place import NOWHERE, Place
from detente.text.written import Date

A, B, C, D = (Name(letter) for letter in "abcd")


def parsed(text: str) -> Node:
    return parse_expression(text, Place("deal.yaml", 7, 11, 7, 11 + len(text)))


def refused(text: str) -> Diagnostic:
    with pytest.raises(Fault) as caught:
        parsed(text)
    return caught.value.diagnostic


def number(value: float) -> Number:
    return Number(value, "")


def quantity(value: float, unit: str) -> Quantity:
    return Quantity(value, unit, False, "")


def percent(value: float, unit: str = "") -> Quantity:
    return Quantity(value, unit, True, "")


def two(left: Node, op: BinaryOp, right: Node) -> Binary:
    return Binary(op, left, right)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("13", number(13)),
        ("0", number(0)),
        ("0.5", number(0.5)),
        ("1e6", number(1e6)),
        ("1.5e9", number(1.5e9)),
        ("2e-3", number(0.002)),
        ("2 bn", number(2e9)),
        ("1.1bn", number(1.1e9)),
        ("13 bn USD", quantity(13e9, "USD")),
        ("13bn USD", quantity(13e9, "USD")),
        ("6 months", quantity(6, "months")),
        ("2 bn share", quantity(2e9, "share")),
        ("11 mn USD / MW / year", quantity(11e6, "USD / MW / year")),
        ("11 mn USD/MW/year", quantity(11e6, "USD / MW / year")),
        ("5 USD / (MW*year)", quantity(5, "USD / (MW * year)")),
        ("5 USD / sqrt( year )", quantity(5, "USD / sqrt(year)")),
        ("3 year^2", quantity(3, "year^2")),
        ("3 year ^ (1/2)", quantity(3, "year^(1/2)")),
        ("3 / year", quantity(3, "1 / year")),
        ("20%", percent(0.2)),
        ("20 %", percent(0.2)),
        ("7%", percent(0.07)),
        ("9% / year", percent(0.09, "1 / year")),
        ("30% / sqrt(year)", percent(0.3, "1 / sqrt(year)")),
    ],
)
def test_quantities(text: str, node: Node) -> None:
    assert parsed(text) == node


@pytest.mark.parametrize(
    ("text", "spelling"),
    [("13bn  USD", "13 bn USD"), ("9 %/year", "9% / year"), ("3/year", "3 / year"), ("1e6", "1e6"), ("2.50", "2.50")],
)
def test_a_quantity_keeps_its_spelling(text: str, spelling: str) -> None:
    node = parsed(text)
    assert isinstance(node, Number | Quantity)
    assert node.text == spelling


def test_where_a_unit_ends() -> None:
    assert parsed("x / 2 USD / year") == two(Name("x"), "/", quantity(2, "USD / year"))
    assert parsed("2 USD / year.x") == two(quantity(2, "USD"), "/", Name("year.x"))
    assert parsed("2 USD / share(x)") == two(quantity(2, "USD"), "/", Call("share", (Name("x"),)))
    assert parsed("2 USD / sqrt(x)") == two(quantity(2, "USD"), "/", Call("sqrt", (Name("x"),)))
    assert parsed("2 USD * (x)") == two(quantity(2, "USD"), "*", Name("x"))
    assert parsed("24 months * b") == two(quantity(24, "months"), "*", B)
    assert parsed("49% * a") == two(percent(0.49), "*", A)
    assert parsed("(5 USD) ^ 2") == two(quantity(5, "USD"), "^", number(2))


def test_names_calls_and_truths() -> None:
    assert parsed("openai.compute_need") == Name("openai.compute_need")
    assert parsed("f()") == Call("f", ())
    assert parsed("max (a, -b)") == Call("max", (A, Unary("-", B)))
    assert parsed("f(a, b = c, month = 3)") == Call("f", (A,), (("b", C), ("month", number(3))))
    assert parsed("f((a = b))") == Call("f", (two(A, "=", B),))
    assert parsed("true and not false") == two(Truth(True), "and", Unary("not", Truth(False)))


def test_policies_are_calls() -> None:
    october = DateOf(Date(24309, 24309, "2025-10"))
    assert parsed("at(2025-10)") == Call("at", (october,))
    assert parsed("after(0 months)") == Call("after", (quantity(0, "months"),))
    assert parsed("when(a > 25%)") == Call("when", (two(A, ">", percent(0.25)),))


def test_dates() -> None:
    assert parsed("2025-01-21") == DateOf(Date(24300, 24300, "2025-01-21"))
    assert parsed("2025Q4") == DateOf(Date(24309, 24311, "2025Q4"))
    assert parsed("FY2025") == DateOf(Date(24300, 24311, "FY2025"))
    assert parsed("FY2025 of microsoft") == DateOf(Date(24300, 24311, "FY2025"), "microsoft")
    assert parsed("2025") == number(2025)
    assert parsed("total(x, 2025Q4)") == Call("total", (Name("x"), DateOf(Date(24309, 24311, "2025Q4"))))


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a + b * c", two(A, "+", two(B, "*", C))),
        ("a - b - c", two(two(A, "-", B), "-", C)),
        ("a / b / c", two(two(A, "/", B), "/", C)),
        ("a ^ b ^ c", two(A, "^", two(B, "^", C))),
        ("-a ^ b", Unary("-", two(A, "^", B))),
        ("a ^ -b", two(A, "^", Unary("-", B))),
        ("-a * b", two(Unary("-", A), "*", B)),
        ("a - -b", two(A, "-", Unary("-", B))),
        ("a or b and c", two(A, "or", two(B, "and", C))),
        ("not a and b", two(Unary("not", A), "and", B)),
        ("not a = b", Unary("not", two(A, "=", B))),
        ("a < b + c and d", two(two(A, "<", two(B, "+", C)), "and", D)),
        ("a < b at c", At(two(A, "<", B), C)),
        ("a by b and c", two(By(A, B), "and", C)),
        ("a + b to c", Range(two(A, "+", B), C)),
        ("a within b to c", Within(A, B, C)),
        ("a within b to c at d", At(Within(A, B, C), D)),
        ("if a then b else c + d", If(A, B, two(C, "+", D))),
        ("if a then b else if c then d else a", If(A, B, If(C, D, A))),
        ("(if a then b else c) + d", two(If(A, B, C), "+", D)),
        ("(a + b) * c", two(two(A, "+", B), "*", C)),
        ("not a < b or c", two(Unary("not", two(A, "<", B)), "or", C)),
        ("not a at b", Unary("not", At(A, B))),
        ("a and not b", two(A, "and", Unary("not", B))),
        ("-2 ^ 2", Unary("-", two(number(2), "^", number(2)))),
        ("2 ^ -1 ^ 2", two(number(2), "^", Unary("-", two(number(1), "^", number(2))))),
        ("-5 USD ^ 2", Unary("-", quantity(5, "USD^2"))),
        ("-5%", Unary("-", percent(0.05))),
        ("--a", Unary("-", Unary("-", A))),
        ("f(if a then b else c, d)", Call("f", (If(A, B, C), D))),
        (" \n a \n ", A),
    ],
)
def test_what_binds_tighter(text: str, node: Node) -> None:
    assert parsed(text) == node


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("9 to 12 mn USD / MW / year", quantity(9e6, "USD / MW / year"), quantity(12e6, "USD / MW / year")),
        ("6 to 24 months", quantity(6, "months"), quantity(24, "months")),
        ("900 mn to 1.2 bn USD", quantity(900e6, "USD"), quantity(1.2e9, "USD")),
        ("1% to 20% / year", percent(0.01, "1 / year"), percent(0.2, "1 / year")),
        ("1 to 20% / year", percent(0.01, "1 / year"), percent(0.2, "1 / year")),
        ("20% to 40%", percent(0.2), percent(0.4)),
        ("-5 to -2%", Unary("-", percent(0.05)), Unary("-", percent(0.02))),
        ("-5 to 2%", Unary("-", percent(0.05)), percent(0.02)),
        ("1 to 2 mn", number(1e6), number(2e6)),
        ("0 to 1", number(0), number(1)),
        ("5 USD to 6 EUR", quantity(5, "USD"), quantity(6, "EUR")),
        ("(9) to 12 mn USD", number(9), quantity(12e6, "USD")),
        ("(2 bn) to 60%", number(2e9), percent(0.6)),
        ("9 to a", number(9), A),
        ("9 to 12 mn USD * a", number(9), two(quantity(12e6, "USD"), "*", A)),
        ("2025 to 2027", number(2025), number(2027)),
    ],
)
def test_a_bare_low_end_takes_what_the_high_end_says(text: str, low: Node, high: Node) -> None:
    assert parsed(text) == Range(low, high)
    assert parsed(f"x within {text}") == Within(Name("x"), low, high)


def test_places_are_exact_inside_the_scalar() -> None:
    text = "max(a, 13 bn USD) - openai.x"
    places = {(node.place.column - 11, node.place.end_column - 11) for node in walk(parsed(text))}
    spans = [text, "max(a, 13 bn USD)", "a", "13 bn USD", "openai.x"]
    starts = [0, 0, 4, 7, 20]
    assert places == {(start, start + len(span)) for start, span in zip(starts, spans, strict=True)}
    assert {node.place.line for node in walk(parsed(text))} == {7}


def test_brackets_belong_to_what_stands_left_and_right_of_an_operator() -> None:
    assert parsed("(a) + (b)").place == Place("deal.yaml", 7, 11, 7, 20)


def test_places_of_a_folded_scalar_are_the_whole_scalar() -> None:
    folded = Place("deal.yaml", 3, 5, 6, 1)
    assert {node.place for node in walk(parse_expression("a + b\n", folded))} == {folded}


def test_places_of_a_text_with_escapes_are_the_whole_scalar() -> None:
    escaped = Place("deal.yaml", 3, 5, 3, 20)  # wider than its five characters
    assert {node.place for node in walk(parse_expression("a + b", escaped))} == {escaped}


def test_a_deal_built_in_python_has_no_places() -> None:
    assert {node.place for node in walk(parse_expression("a + 2 mn USD", NOWHERE))} == {NOWHERE}


def test_equality_is_by_meaning() -> None:
    assert parsed("a+1.50 bn USD") == parse_expression("(a  +  1500 mn USD)", NOWHERE)
    assert hash(parsed("a+1.50 bn USD")) == hash(parse_expression("(a  +  1500 mn USD)", NOWHERE))


# (text, code, column inside the text, length, a part of some way out)
REFUSALS: list[tuple[str, str, int, int, str]] = [
    ("1,000", "number-format", 0, 5, "write 1000"),
    ("2 * 1,000,000 USD", "number-format", 4, 9, "write 1000000"),
    ("f(1,200)", "number-format", 2, 5, "a space after a comma"),
    ("1_000", "number-format", 0, 5, "write 1000"),
    ("010", "number-format", 0, 3, "write 10"),
    ("00.5", "number-format", 0, 4, "write 0.5"),
    ("12:30", "number-format", 0, 5, "plain number"),
    (".5", "number-format", 0, 2, "0.5"),
    ("5.", "number-format", 0, 2, "5.0"),
    ("5 m", "unknown-unit", 2, 1, "mn for million"),
    ("5M", "unknown-unit", 1, 1, "mn for million"),
    ("5 M USD", "unknown-unit", 2, 1, "mn for million"),
    ("5 billion USD", "unknown-unit", 2, 7, "bn"),
    ("5 usd", "unknown-unit", 2, 3, "did you mean 'USD'?"),
    ("5 moths", "unknown-unit", 2, 5, "did you mean 'months'?"),
    ("5 foo", "unknown-unit", 2, 3, "write 5 * foo"),
    ("20% foo", "unknown-unit", 4, 3, "write 20% * foo"),
    ("5 openai.x", "unknown-unit", 2, 8, "write 5 * openai.x"),
    ("20% USD", "percent-unit", 4, 3, "20% / USD"),
    ("x * year", "unit-without-number", 4, 4, "write 1 year"),
    ("USD", "unit-without-number", 0, 3, "write 1 USD"),
    ("a -b", "subtraction-spaces", 2, 1, "a - b"),
    ("a- b", "subtraction-spaces", 1, 1, "a - b"),
    ("runs-on", "subtraction-spaces", 4, 1, "no hyphen"),
    ("a < b < c", "comparison-chain", 6, 1, "a < b and b < c"),
    ("a = b within 3 to 4", "comparison-chain", 6, 6, "a < b and b < c"),
    ("a at b > 3", "expression-syntax", 7, 1, "(x at conversion) > 3"),
    ("a to b to c", "expression-syntax", 7, 2, "two ends"),
    ("a within 3", "expression-syntax", 9, 1, "within 3 to 6"),
    ("9% to 12", "percent-range", 0, 8, "both ends with '%'"),
    ("2 bn to 60%", "percent-range", 0, 11, "or both without"),
    ("x within -9% / year to 12 bn", "percent-range", 9, 19, "both ends with '%'"),
    ("if = 3", "expression-syntax", 3, 1, "choose another name if 'if'"),
    ("2 * by", "expression-syntax", 4, 2, "'by' is meant as one"),
    ("f(of = 3)", "expression-syntax", 2, 2, "'of' is meant as one"),
    ("IF a then b else c", "expression-syntax", 3, 1, "write 'if'"),
    ("Not a", "expression-syntax", 4, 1, "write 'not'"),
    ("2025-4", "not-a-date", 0, 6, "write 2025-04"),
    ("2025-3 - 1", "not-a-date", 0, 6, "spaces round the '-'"),
    ("2025-1-21", "not-a-date", 0, 9, "write 2025-01-21"),
    ("2025-13", "not-a-date", 0, 7, "months 01 to 12"),
    ("2025-02-30", "not-a-date", 0, 10, "no such day"),
    ("2025Q5", "not-a-date", 0, 6, "four quarters"),
    ("FY25 of microsoft", "not-a-date", 0, 4, "write FY2025"),
    ("fy2025", "not-a-date", 0, 6, "write FY2025"),
    ("FY2025 of by", "expression-syntax", 10, 2, "FY2025 of microsoft"),
    ("5% per year", "unknown-unit", 3, 3, "write '/' for per: 5% / year"),
    ("5 USD per year", "expression-syntax", 6, 3, "write '/' for per"),
    ("5 MW(3)", "unknown-unit", 2, 2, "write 5 MW * (…)"),
    ("5 sqrt year", "unknown-unit", 2, 4, "sqrt(year)"),
    ("5 USD a", "expression-syntax", 6, 1, "write '*' to multiply"),
    ("a USD", "expression-syntax", 2, 3, "* 1 USD"),
    ("sqrt(USD)", "unit-without-number", 5, 3, "write 1 USD"),
    ("20 %%", "expression-syntax", 4, 1, "'%' once"),
    ("a % b", "expression-syntax", 2, 1, "after a plain number"),
    ("1,5", "expression-syntax", 1, 1, "write 1.5 with a point"),
    ("1 000 USD", "number-format", 0, 5, "write 1000"),
    ("x * 12\u202f000", "number-format", 4, 6, "write 12000"),
    ("1 2", "expression-syntax", 2, 1, "an operator between"),
    ("\uff15", "expression-character", 0, 1, "write 5"),
    ("a \uff0b b", "expression-character", 2, 1, "write +"),
    ("5 USD²", "expression-character", 5, 1, "write ^ 2"),
    ("a\u200bb", "expression-character", 1, 1, "cannot be seen"),
    ("2025-13", "not-a-date", 0, 7, "2025-01"),
    ("2025-1", "not-a-date", 0, 6, "spaces"),
    ("2025q4", "not-a-date", 0, 6, "write 2025Q4"),
    ("FY25", "not-a-date", 0, 4, "FY2025"),
    ("2025Q4 of x", "expression-syntax", 7, 2, "FY2025 of microsoft"),
    ("20% of x", "expression-syntax", 4, 2, "write 20% * x"),
    ("a == b", "expression-character", 2, 2, "write '='"),
    ("a && b", "expression-character", 2, 2, "write 'and'"),
    ("a || b", "expression-character", 2, 2, "write 'or'"),
    ("!a", "expression-character", 0, 1, "write 'not'"),
    ("a ** b", "expression-character", 2, 2, "write '^'"),
    ("a // b", "expression-character", 2, 2, "write '/'"),
    ("a <> b", "expression-character", 2, 2, "write '!='"),
    ("a − b", "expression-character", 2, 1, "write '-'"),
    ("a × b", "expression-character", 2, 1, "write '*'"),
    ("a ≤ b", "expression-character", 2, 1, "write '<='"),
    ("a = 'x'", "expression-character", 4, 1, "without quotes"),
    ('a = "x"', "expression-character", 4, 1, "without quotes"),
    ("[a]", "expression-character", 0, 1, "write '('"),
    ("a[1]", "expression-character", 1, 1, "write '('"),
    ("a ? b : c", "expression-character", 2, 1, "if a then b else c"),
    ("$5", "expression-character", 0, 1, "USD"),
    ("größe", "expression-character", 2, 1, "letters"),
    ("a.", "expression-character", 1, 1, "dot"),
    ("a b", "expression-syntax", 2, 1, "no spaces"),
    ("a AND b", "expression-syntax", 2, 3, "did you mean 'and'?"),
    ("5 (a)", "expression-syntax", 2, 1, "write '*'"),
    ("a, b", "expression-syntax", 1, 1, "brackets"),
    ("(a, b)", "expression-syntax", 2, 1, "name of a function"),
    ("a)", "expression-syntax", 1, 1, "delete the bracket"),
    ("f(a, b", "expression-syntax", 1, 1, "write ')'"),
    ("(a", "expression-syntax", 0, 1, "write ')'"),
    ("f(a,)", "expression-syntax", 4, 1, "delete the ','"),
    ("+3", "expression-syntax", 0, 1, "leave out"),
    ("%5", "expression-syntax", 0, 1, "write 20%"),
    ("1 + if a then b else c", "expression-syntax", 4, 2, "brackets"),
    ("a = not b", "expression-syntax", 4, 3, "brackets"),
    ("if a then b", "expression-syntax", 11, 0, "if a then b else c"),
    ("f(a = 1, a = 2)", "duplicate-argument", 9, 1, "delete"),
    ("f(a = 1, 2)", "argument-order", 9, 1, "before the named"),
    ("5 USD^x", "expression-syntax", 6, 1, "(5 USD) ^ x"),
]


@pytest.mark.parametrize(("text", "code", "start", "length", "way"), REFUSALS, ids=[row[0] for row in REFUSALS])
def test_refusals_teach(text: str, code: str, start: int, length: int, way: str) -> None:
    diagnostic = refused(text)
    assert diagnostic.code == code
    assert diagnostic.place == Place("deal.yaml", 7, 11 + start, 7, 11 + start + length)
    assert any(way in each for each in diagnostic.ways_out), diagnostic.ways_out
    assert diagnostic.message
    assert not diagnostic.message.endswith(".")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "expression-empty"),
        ("  ", "expression-empty"),
        ("a +", "expression-syntax"),
        ("a -", "expression-syntax"),
        ("then", "expression-syntax"),
        ("f(,)", "expression-syntax"),
        ("()", "expression-syntax"),
        ("1e999", "number-format"),
        ("1e-999", "number-format"),
        ("1e" + "9" * 5000, "number-format"),
        ("9" * 5000, "number-format"),
        ("5 year^200", "unknown-unit"),
        ("5 year^(1/0)", "unknown-unit"),
        ("a\x00b", "expression-character"),
    ],
)
def test_more_refusals(text: str, code: str) -> None:
    assert refused(text).code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a" * 10_001, "expression-too-long"),
        ("(" * 9_000, "expression-too-deep"),
        ("f(" * 4_000, "expression-too-deep"),
        ("-" * 9_000 + "a", "expression-too-deep"),
        ("not " * 2_000 + "a", "expression-too-deep"),
        ("a ^ " * 2_000 + "a", "expression-too-deep"),
        ("if a then " * 900 + "a", "expression-too-deep"),
        ("5 " + "(" * 9_000 + "USD", "expression-too-deep"),
        ("a" + " + a" * 150, "expression-too-deep"),
        ("f(" + "a," * 2_500 + "a)", "expression-too-large"),
    ],
)
def test_limits_are_findings_never_a_stack_overflow(text: str, code: str) -> None:
    assert refused(text).code == code


@pytest.mark.parametrize("text", ["f(" * 99 + "a" + ")" * 99, "a" + " + a" * 99, "(" * 99 + "a" + ")" * 99])
def test_just_below_the_limits(text: str) -> None:
    assert Name("a") in list(walk(parsed(text)))


WORDS = (
    "to at by within of if then else and or not true false a b openai.x max sqrt USD MW year months share mn bn k m % "
    "1 2.5 1e6 010 2025 2025-01 2025Q4 FY2025 ( ) , + - * / ^ = != < <= == && ! [ ] ' \" . : ; $"
).split()


@given(st.lists(st.sampled_from(WORDS), max_size=20), st.sampled_from(["", " "]))
def test_any_words_parse_or_are_refused(words: list[str], between: str) -> None:
    text = between.join(words)
    try:
        node = parsed(text)
    except Fault as fault:
        place = fault.diagnostic.place
        assert place.line == 7
        assert 11 <= place.column <= place.end_column <= 11 + len(text)
    else:
        assert node.place.line == 7


@given(st.text(max_size=40))
def test_any_text_parses_or_is_refused(text: str) -> None:
    with contextlib.suppress(Fault):
        assert parsed(text).place.file == "deal.yaml"


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("13 bn USD", quantity(13e9, "USD")),
        ("20%", percent(0.2)),
        ("3.4", number(3.4)),
        ("-2 USD", quantity(-2, "USD")),
    ],
)
def test_a_quantity_alone(text: str, node: Node) -> None:
    assert parse_quantity(text, NOWHERE) == node


@pytest.mark.parametrize("text", ["a", "2 + 3", "1 to 2", "2025-01", "f(3)", "true", "--2", "2025Q1"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_quantity(text, NOWHERE)
    assert caught.value.diagnostic.code == "not-a-quantity"
