"""What to write instead of a word or sign that stands where an operator or the end should."""

from __future__ import annotations

import re

from detente.lang.tokens import KEYWORDS, Token
from detente.lang.unit import UNIT_NAMES
from detente.text.diagnostic import did_you_mean

OPERATORS = ("and", "or", "at", "by", "to", "within")
"""The operators that are words."""


def after_operand(before: Token, token: Token, following: Token | None) -> tuple[str, ...]:
    """Ways out of a `token` that follows a whole operand, which ends with the token `before`."""
    if token.is_sign(")"):
        return ("delete the bracket", "open one before it")
    if token.is_sign(","):
        decimal = following is not None and before.kind == following.kind == "number" and not following.space_before
        point = (f"write {before.text}.{following.text} with a point",) if following and decimal else ()
        return (*point, "put brackets round the arguments of a function: max(a, b)")
    if token.is_sign("of"):
        return ("write 20% * x for 20% of x", "write FY2025 of microsoft for a fiscal year")
    if token.is_sign("%"):
        return ("write '%' once, after a plain number: 20%",)
    if token.is_sign("("):
        return ("write '*' to multiply",)
    if token.kind == "name":
        return _after_operand(before, token)
    return ("write an operator between the two",) if token.kind in ("number", "date") else ()


def _after_operand(before: Token, word: Token) -> tuple[str, ...]:
    if word.text == "per":
        return ("write '/' for per: 5 USD / year",)
    if before.text.lower() in KEYWORDS and before.text != before.text.lower():
        return (f"write '{before.text.lower()}'",)
    likely = did_you_mean(word.text, OPERATORS) if len(word.text) > 1 else ()
    if word.text in UNIT_NAMES:
        return (*likely, f"write '* 1 {word.text}' or '/ 1 {word.text}'")
    if before.kind != "name" or before.text in UNIT_NAMES:
        return (*likely, "write '*' to multiply")
    return (*likely, "names have no spaces: write openai.compute_need")


def as_name(word: str) -> str:
    """The way out of a word of the language that stands where a name could."""
    return f"choose another name if '{word}' is meant as one: it is a word of the language"


def instead_of_date(text: str) -> tuple[str, ...]:
    """Ways out of what looks like a date and is none: `2025-4`, `2025-13`, `2025q4`, `FY25`."""
    if quarter := re.fullmatch("([0-9]{4})[qQ]([1-4])", text):
        return (f"write {quarter[1]}Q{quarter[2]}",)
    if re.fullmatch("[0-9]{4}[qQ].*", text):
        return ("a year has four quarters: write 2025Q1 to 2025Q4",)
    if fiscal := re.fullmatch("[Ff][Yy]([0-9]{2}|[0-9]{4})", text):
        return (f"write FY{fiscal[1] if len(fiscal[1]) == 4 else '20' + fiscal[1]}",)
    ways_out = ["write 2025-01-21, 2025-01, 2025Q4 or FY2025"]
    parts = text.split("-")
    if short := re.fullmatch("([0-9]{4})-([0-9]{1,2})(?:-([0-9]{1,2}))?", text):
        padded = "-".join((short[1], *(part.rjust(2, "0") for part in parts[1:])))
        if padded != text:
            ways_out.insert(0, f"write {padded}")
        elif not 1 <= int(short[2]) <= 12:
            ways_out.insert(0, "a year has the months 01 to 12")
        else:
            ways_out.insert(0, "the month has no such day")
    if len(parts) == 2:
        ways_out.append("put spaces round the '-' of a subtraction")
    return tuple(ways_out)
