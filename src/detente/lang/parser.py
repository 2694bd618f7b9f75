"""From the text of an expression to its tree.

A precedence climber of our own: every refusal is a Fault in our words at the exact column, and what other languages
would let pass (`1,000`, `5M`, `a < b < c`, `x -1`) is refused with what to write instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from detente.lang import literal
from detente.lang.hints import after_operand, as_name
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
    children,
)
from detente.lang.tokens import KEYWORDS, Token, fault, tokens_of
from detente.lang.unit import CURRENCIES, UNIT_NAMES
from detente.text.diagnostic import Fault
from detente.text.place import Place

LARGEST_TREE = 2_000
"""Nodes of the largest expression."""

DEEPEST_TREE = 100
"""Operators and brackets inside each other; a chain `a + b + c` counts one for each operator."""

# How tightly an operator binds; each level takes operands of the next.
WHOLE, OR, AND, NOT, WHEN, COMPARE, TO, SUM, PRODUCT, MINUS, POWER, ATOM = range(12)

INFIX = {
    "or": OR,
    "and": AND,
    "at": WHEN,
    "by": WHEN,
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "within"), COMPARE),
    "to": TO,
    "+": SUM,
    "-": SUM,
    "*": PRODUCT,
    "/": PRODUCT,
    "^": POWER,
}


def parse_expression(text: str, place: Place) -> Node:
    """The tree of an expression.

    `place` is where the text stands: the places of nodes are columns inside it where it stands on one line, else the
    whole of it.

    Raises Fault for everything that is no expression, also for one over 10,000 characters, 2,000 nodes or 100 deep.
    """
    parser = _Parser(text, place)
    node = parser.parse(WHOLE)
    parser.expect_end()
    if _height(node) > DEEPEST_TREE:
        raise parser.too_deep(place)
    return node


def parse_quantity(text: str, place: Place) -> Quantity | Number:
    """A number or quantity that stands alone: `13 bn USD`, `20%`, `3.4`, `-2 bn USD` (its value is then negative).

    Raises Fault for anything else.
    """
    node = parse_expression(text, place)
    match node:
        case Number() | Quantity():
            return node
        case Unary(op="-", operand=Number() | Quantity() as operand):
            return replace(operand, value=-operand.value, text=f"-{operand.text}", place=node.place)
    raise fault(
        "not-a-quantity",
        "only a number with its unit can stand here",
        node.place,
        found=text.strip(),
        expected="a quantity such as 13 bn USD, 20% or 6 months",
        ways_out=("write the number it comes to",),
    )


def _height(node: Node) -> int:
    layer, height = [node], 0
    while layer:
        height += 1
        layer = [child for above in layer for child in children(above)]
    return height


class _Parser:
    def __init__(self, text: str, place: Place) -> None:
        self.whole = place
        self.tokens = tokens_of(text, place)
        self.position = 0
        self.depth = 0
        self.nodes = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
        token = self.token
        self.position += token.kind != "end"
        return token

    def accept(self, text: str) -> bool:
        found = self.token.is_sign(text)
        self.position += found
        return found

    def since(self, start: int) -> Place:
        """From the token at `start` to the one just taken."""
        first, last = self.tokens[start].place, self.tokens[self.position - 1].place
        return first if first == self.whole else replace(first, end_line=last.end_line, end_column=last.end_column)

    def built(self, node: Node) -> Node:
        self.nodes += 1
        if self.nodes > LARGEST_TREE:
            raise fault(
                "expression-too-large",
                "the expression is too large",
                self.whole,
                expected=f"at most {LARGEST_TREE} names, numbers and operators",
                ways_out=("give its parts names as variables of their own",),
            )
        return node

    def too_deep(self, place: Place) -> Fault:
        return fault(
            "expression-too-deep",
            "the expression is nested too deep",
            place,
            expected=f"at most {DEEPEST_TREE} operators and brackets inside each other",
            ways_out=("give its parts names as variables of their own",),
        )

    def unexpected(self, expected: str, *ways_out: str) -> Fault:
        """What stands here instead of something `expected`."""
        token = self.token
        broken = token.kind == "end"
        message = "the expression breaks off" if broken else f"'{token.text}' cannot stand here"
        if not ways_out:
            ways_out = ("write what is missing",) if broken else ("write what is missing before it", "delete it")
        return fault("expression-syntax", message, token.place, expected=expected, ways_out=ways_out)

    def expect_end(self) -> None:
        token = self.token
        if token.kind == "end":
            return
        following = self.tokens[self.position + 1]
        ways_out = after_operand(self.tokens[self.position - 1], token, following)
        raise self.unexpected("an operator or the end", *ways_out)

    # Operators

    def enter(self) -> None:
        """Every recursion passes here, so that no text can exhaust the stack."""
        self.depth += 1
        if self.depth > DEEPEST_TREE:
            raise self.too_deep(self.token.place)

    def parse(self, level: int) -> Node:
        """An expression of operators that bind at least as tightly as `level`."""
        self.enter()
        start = self.position
        node = self.prefix(level)
        while (own := self.infix_level()) > WHOLE and own >= level:
            node = self.infix(node, start, own)
        self.depth -= 1
        return node

    def infix_level(self) -> int:
        """How tightly the operator that stands here binds, or WHOLE where there is none."""
        return INFIX.get(self.token.text, WHOLE) if self.token.kind == "sign" else WHOLE

    def prefix(self, level: int) -> Node:
        start, token = self.position, self.token
        if token.is_sign("-"):
            self.take()
            operand = self.parse(MINUS)
            return self.built(Unary("-", operand, self.since(start)))
        if token.is_sign("not"):
            self.refuse_loose(level, NOT)
            self.take()
            operand = self.parse(NOT)
            return self.built(Unary("not", operand, self.since(start)))
        if token.is_sign("if"):
            self.refuse_loose(level, WHOLE)
            return self.conditional()
        return self.atom()

    def refuse_loose(self, level: int, own: int) -> None:
        if level > own:
            word = self.token.text
            raise self.unexpected("an operand", f"put brackets round the whole of '{word} …': ({word} …)")

    def conditional(self) -> Node:
        start = self.position
        self.take()
        parts = [self.parse(WHOLE)]
        for word in ("then", "else"):
            if not self.accept(word):
                raise self.unexpected(f"'{word}'", "write if a then b else c")
            parts.append(self.parse(WHOLE))
        return self.built(If(parts[0], parts[1], parts[2], self.since(start)))

    def infix(self, left: Node, start: int, level: int) -> Node:
        sign = self.position
        op = self.take().text
        if op == "-" and not (self.tokens[sign].space_before and self.token.space_before):
            raise fault(
                "subtraction-spaces",
                "a subtraction needs spaces on both sides",
                self.tokens[sign].place,
                ways_out=("write a - b", "names have no hyphen: write azure_price"),
            )
        right = self.parse({WHEN: TO, POWER: MINUS}.get(level, level + 1))
        place = self.since(start)
        match op:
            case "at":
                node: Node = At(left, right, place)
            case "by":
                node = By(left, right, place)
            case "to":
                node = Range(self.completed(left, right, start, sign), right, place)
            case "within":
                if not isinstance(right, Range):
                    raise fault(
                        "expression-syntax",
                        "'within' needs two ends",
                        right.place,
                        expected="a range",
                        ways_out=("write x within 3 to 6 bn USD",),
                    )
                node = Within(left, right.low, right.high, place)
            case _:
                node = Binary(cast(BinaryOp, op), left, right, place)
        self.refuse_chain(level)
        return self.built(node)

    def refuse_chain(self, level: int) -> None:
        """Refuses a second operator where the two would not read the same to everybody."""
        after = self.infix_level()
        if level == COMPARE and after == COMPARE:
            raise fault(
                "comparison-chain",
                "comparisons do not chain",
                self.token.place,
                ways_out=("write a < b and b < c", "write x within a to b"),
            )
        if level == TO and after == TO:
            raise self.unexpected("one 'to'", "a range has two ends: write a to b")
        if level == WHEN and after == COMPARE:
            raise self.unexpected("brackets", "write (x at conversion) > 3", "write x > 3 at conversion")

    def completed(self, low: Node, high: Node, start: int, to: int) -> Node:
        """The low end of a range with the suffix and unit it leaves to the high end: `9 to 12 mn USD`."""
        left, right = self.literal_at(low, start), self.literal_at(high, to + 1)
        if left is None or right is None:
            return low
        (number, own_suffix, own), (_, suffix, other) = left, right
        unit = other.unit if isinstance(other, Quantity) else ""
        own_unit = own.unit if isinstance(own, Quantity) else ""
        if own_suffix and (own_suffix == "%") != (suffix == "%"):
            raise fault(
                "percent-range",
                "one end of the range is a percentage and the other is not",
                self.since(start),
                ways_out=("write both ends with '%', or both without",),
            )
        if own_unit:
            return low
        taken = literal.build(number, own_suffix or suffix, unit, own.place)
        return replace(low, operand=taken) if isinstance(low, Unary) else taken

    def literal_at(self, node: Node, start: int) -> tuple[Token, str, Number | Quantity] | None:
        """The number, the suffix and the node of a literal, with or without a minus, that stands without brackets."""
        if isinstance(node, Unary) and node.op == "-":
            node, start = node.operand, start + 1
        number, after = self.tokens[start : start + 2]
        if not isinstance(node, Number | Quantity) or number.kind != "number":
            return None
        return number, after.text if after.text in literal.SHIFTS else "", node

    # Operands

    def atom(self) -> Node:
        start, token = self.position, self.token
        if token.kind == "number":
            return self.built(self.number())
        if token.kind == "date":
            return self.built(self.date())
        if token.kind == "name" or (token.is_sign("at") and self.tokens[self.position + 1].is_sign("(")):
            self.take()
            if self.accept("("):
                return self.call(token, start)
            if token.text in UNIT_NAMES:
                raise fault(
                    "unit-without-number",
                    f"the unit '{token.text}' has no number before it",
                    token.place,
                    ways_out=(f"write 1 {token.text}",),
                )
            return self.built(Name(token.text, token.place))
        if token.is_sign("true") or token.is_sign("false"):
            self.take()
            return self.built(Truth(token.text == "true", token.place))
        if self.accept("("):
            inner = self.parse(WHOLE)
            if self.token.is_sign(","):
                raise self.unexpected("')'", "write the name of a function before the bracket: max(a, b)")
            self.close(token)
            return inner
        if token.is_sign("+"):
            raise self.unexpected("a number, a name or '('", "leave out the '+'")
        if token.is_sign("%"):
            raise self.unexpected("a number before '%'", "write 20%")
        if token.kind == "end" and not self.position:
            raise fault(
                "expression-empty",
                "there is no expression",
                self.whole,
                expected="a number, a name or a formula",
                ways_out=("write one", "take the key away"),
            )
        before = self.tokens[self.position - 1].text if self.position else ""
        words = [word for word in (before, token.text) if word in ("if", "not") or word in KEYWORDS - {before}]
        raise self.unexpected("a number, a name or '('", *(as_name(word) for word in words))

    def close(self, opened: Token) -> None:
        if self.accept(")"):
            return
        if self.token.kind == "end":
            raise fault(
                "expression-syntax",
                "a bracket is not closed",
                opened.place,
                expected="')'",
                ways_out=("write ')' where it ends",),
            )
        self.expect_end()

    def call(self, function: Token, start: int) -> Node:
        opened = self.tokens[self.position - 1]
        args: list[Node] = []
        named: list[tuple[str, Node]] = []
        # `5 / sqrt(USD)` is a quantity: in the brackets of `sqrt` no unit is a word of another meaning.
        units = function.text != "sqrt"
        while not self.token.is_sign(")"):
            self.argument(args, named, units)
            if not self.accept(","):
                break
            if self.token.is_sign(")"):
                raise self.unexpected("another argument", "delete the ',' before it")
        self.close(opened)
        return self.built(Call(function.text, tuple(args), tuple(named), self.since(start)))

    def argument(self, args: list[Node], named: list[tuple[str, Node]], units: bool) -> None:
        word = self.token
        label = word.kind == "name" and "." not in word.text and (units or word.text not in UNIT_NAMES)
        if label and self.tokens[self.position + 1].is_sign("="):
            self.position += 2
            if word.text in dict(named):
                raise fault(
                    "duplicate-argument",
                    f"'{word.text}' is given twice",
                    word.place,
                    ways_out=("delete one of the two",),
                )
            named.append((word.text, self.value(units)))
            return
        value = self.value(units)
        if named:
            raise fault(
                "argument-order",
                "an argument without a name follows one with a name",
                value.place,
                ways_out=("write it before the named ones", "write name = value"),
            )
        args.append(value)

    def value(self, units: bool) -> Node:
        """What an argument is given: an expression, or a currency by its name: `net(lab, all, USD)`."""
        word, after = self.token, self.tokens[min(self.position + 1, len(self.tokens) - 1)]
        alone = word.kind == "name" and (after.is_sign(",") or after.is_sign(")"))
        if alone and units and word.text in CURRENCIES:
            return self.built(Name(self.take().text, word.place))
        return self.parse(WHOLE)

    def date(self) -> Node:
        token = self.take()
        date = literal.date_of(token)
        start = self.position - 1
        if not self.token.is_sign("of"):
            return DateOf(date, None, token.place)
        if not token.text.startswith("FY"):
            raise self.unexpected("an operator or the end", "write FY2025 of microsoft")
        self.take()
        if self.token.kind != "name" or self.token.text in UNIT_NAMES:
            raise self.unexpected("the name of a company", "write FY2025 of microsoft")
        company = self.take()
        return DateOf(date, company.text, self.since(start))

    def number(self) -> Node:
        start = self.position
        number = self.take()
        suffix = self.take().text if self.token.text in literal.SHIFTS and self.token.kind != "end" else ""
        unit = self.unit(number, suffix)
        return literal.build(number, suffix, unit, self.since(start))

    # Units: they stand after a number only, and go on as long as what follows can be one

    def unit(self, number: Token, suffix: str) -> str:
        if self.token.is_sign("/") and self.unit_starts(self.position + 1):
            return "1" + self.unit_rest()
        if self.token.kind != "name" and not self.unit_starts(self.position):
            return ""
        if not self.unit_starts(self.position):
            raise literal.unknown_word(self.token, literal.spell(number.text, suffix, ""))
        if suffix == "%":
            raise fault(
                "percent-unit",
                "a percentage has no unit, only a percentage per unit has",
                self.token.place,
                ways_out=(f"write {number.text}% / {self.token.text}", f"write {number.text}% * 1 {self.token.text}"),
            )
        return self.unit_factor() + self.unit_rest()

    def unit_rest(self) -> str:
        text = ""
        while (self.token.is_sign("/") or self.token.is_sign("*")) and self.unit_starts(self.position + 1):
            text += f" {self.take().text} "
            text += self.unit_factor()
        return text

    def unit_starts(self, position: int) -> bool:
        """Whether a unit stands there: `share`, `sqrt(year)`, `(MW * year)`; `share(x)` and `share.x` are none."""
        while self.tokens[position].is_sign("(") or self.is_root(position):
            position += 1
        token = self.tokens[position]
        return token.kind == "name" and token.text in UNIT_NAMES and not self.tokens[position + 1].is_sign("(")

    def is_root(self, position: int) -> bool:
        return self.tokens[position].text == "sqrt" and self.tokens[position + 1].is_sign("(")

    def unit_factor(self) -> str:
        self.enter()
        root = "sqrt" if self.is_root(self.position) else ""
        if root:
            self.take()
        token = self.take()
        text = token.text
        if token.is_sign("("):
            text = f"{root}({self.unit_factor()}{self.unit_rest()})"
            self.close(token)
        if self.accept("^"):
            text += "^" + self.unit_power()
        self.depth -= 1
        return text

    def unit_power(self) -> str:
        brackets = self.accept("(")
        text = "-" if self.accept("-") else ""
        text += self.whole_number()
        if brackets:
            if self.accept("/"):
                text += "/" + self.whole_number()
            if not self.accept(")"):
                raise self.unexpected("')'")
        return f"({text})" if brackets else text

    def whole_number(self) -> str:
        if self.token.kind != "number" or not self.token.text.isdecimal():
            raise self.unexpected(
                "the power of the unit, a whole number",
                "a fraction stands in brackets: year^(1/2)",
                "put brackets round the quantity to raise it: (5 USD) ^ x",
            )
        return self.take().text
