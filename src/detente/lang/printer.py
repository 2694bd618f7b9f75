"""From a tree to the text of an expression, with no more brackets than it needs."""

from __future__ import annotations

import re
from dataclasses import replace

from detente.lang import parser
from detente.lang.literal import digits_for, spell, suffix_for
from detente.lang.syntax import (
    At,
    Binary,
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
)

_LOOKS_NAMED = re.compile(r"[A-Za-z_][A-Za-z0-9_]* =")


def print_expression(node: Node) -> str:
    """The expression as text: canonical spaces and suffixes; parsing it gives an equal tree."""
    return _text(node, parser.WHOLE)


def _text(node: Node, level: int) -> str:
    """The text of an operand where operators bind at least as tightly as `level`: in brackets if it binds less."""
    text, own = _bare(node)
    return text if own >= level else f"({text})"


def _bare(node: Node) -> tuple[str, int]:
    """The text without brackets round it and how tightly it binds."""
    match node:
        case Number() | Quantity():
            return _literal(node)
        case DateOf(date=date, fiscal=fiscal):
            return f"{date.text} of {fiscal}" if fiscal else date.text, parser.ATOM
        case Truth(value=value):
            return "true" if value else "false", parser.ATOM
        case Name(text=text):
            return text, parser.ATOM
        case Call(function=function, args=args, named=named):
            inner = [_argument(value) for value in args]
            inner += [f"{name} = {_text(value, parser.WHOLE)}" for name, value in named]
            return f"{function}({', '.join(inner)})", parser.ATOM
        case Unary(op="-", operand=operand):
            return f"-{_text(operand, parser.MINUS)}", parser.MINUS
        case Unary(operand=operand):
            return f"not {_text(operand, parser.NOT)}", parser.NOT
        case Binary(op="^", left=left, right=right):
            return f"{_text(left, parser.ATOM)} ^ {_text(right, parser.MINUS)}", parser.POWER
        case Binary(op=op, left=left, right=right):
            level = parser.INFIX[op]
            first = parser.TO if level == parser.COMPARE else level
            return f"{_text(left, first)} {op} {_text(right, level + 1)}", level
        case If(condition=condition, then=then, otherwise=otherwise):
            parts = [_text(part, parser.WHOLE) for part in (condition, then, otherwise)]
            return "if {} then {} else {}".format(*parts), parser.WHOLE
        case Range(low=low, high=high):
            return _range(low, high), parser.TO
        case At(value=value, when=when):
            return f"{_text(value, parser.WHEN)} at {_text(when, parser.TO)}", parser.WHEN
        case By(event=event, date=by):
            return f"{_text(event, parser.WHEN)} by {_text(by, parser.TO)}", parser.WHEN
        case Within(value=value, low=low, high=high):
            return f"{_text(value, parser.TO)} within {_range(low, high)}", parser.COMPARE


def _literal(node: Number | Quantity) -> tuple[str, int]:
    if node.value < 0:
        return _bare(Unary("-", replace(node, value=-node.value)))
    suffix = suffix_for(node.value, _percent(node))
    # What follows a unit would be read as part of it: `5 USD ^ 2` raises the unit.
    return spell(digits_for(node.value, suffix), suffix, _unit(node)), parser.POWER if _unit(node) else parser.ATOM


def _argument(node: Node) -> str:
    """A comparison `a = b` as an argument would be read as the argument named `a`."""
    text = _text(node, parser.WHOLE)
    return f"({text})" if _LOOKS_NAMED.match(text) else text


def _range(low: Node, high: Node) -> str:
    """`9 to 12 mn USD` writes the unit once; brackets keep a low end from taking a unit that is not its own."""
    low_text, high_text = _text(low, parser.SUM), _text(high, parser.SUM)
    left, right = _magnitude(low), _magnitude(high)
    if left is None or right is None:
        return f"{low_text} to {high_text}"
    suffix = suffix_for(abs(right.value), _percent(right))
    if (_unit(left), _percent(left)) != (_unit(right), _percent(right)):
        takes = _percent(left) != _percent(right) or not _unit(left)
        return f"({low_text}) to {high_text}" if takes else f"{low_text} to {high_text}"
    digits = digits_for(left.value, suffix)
    minus = "-" if left is not low or left.value < 0 else ""
    return f"{minus}{digits}{'%' if suffix == '%' else ''} to {high_text}"


def _magnitude(node: Node) -> Number | Quantity | None:
    inner = node.operand if isinstance(node, Unary) and node.op == "-" else node
    return inner if isinstance(inner, Number | Quantity) else None


def _unit(node: Number | Quantity) -> str:
    return node.unit if isinstance(node, Quantity) else ""


def _percent(node: Number | Quantity) -> bool:
    return isinstance(node, Quantity) and node.percent
