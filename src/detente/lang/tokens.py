"""The words and signs of an expression, each with its place."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from detente.text.diagnostic import Diagnostic, Fault
from detente.text.place import Place

LONGEST_TEXT = 10_000
"""Characters of the longest expression."""

KEYWORDS = frozenset(("to", "at", "by", "within", "of", "if", "then", "else", "and", "or", "not", "true", "false"))
"""Words of the language: a deal cannot use them as names."""

FISCAL_YEAR = re.compile("[Ff][Yy][0-9]+")
"""What begins like a fiscal year is none of a deal's names either."""


@dataclass(frozen=True, slots=True)
class Token:
    """One word or sign. Keywords are signs; `end` stands after the last."""

    kind: Literal["number", "date", "name", "sign", "end"]
    text: str
    place: Place
    space_before: bool

    def is_sign(self, text: str) -> bool:
        return self.kind == "sign" and self.text == text


def fault(
    code: str, message: str, place: Place, *, found: str = "", expected: str = "", ways_out: tuple[str, ...] = ()
) -> Fault:
    """A Fault with one diagnostic, to be raised."""
    return Fault(Diagnostic(code, message, place, found, expected, ways_out))


_PATTERN = re.compile(
    r"""
      (?P<space> [ \t\r\n]+)
    | (?P<clock> [0-9]+:[0-9]+)
    | (?P<date> [0-9]{4}-[0-9][\w-]* | [0-9]{4}[Qq]\w*)
    | (?P<grouped> [0-9]{1,3}(?:[,\ \xa0\u202f][0-9]{3})+(?![0-9]) | [0-9]+(?:[_'\u2019][0-9]+)+)
    | (?P<zeros> 0[0-9][0-9.]*)
    | (?P<pointed> \.[0-9]+ | [0-9]+\.(?![0-9]) | [0-9]+\.[0-9]+\.[0-9.]*)
    | (?P<number> [0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<name> [A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<foreign> == | && | \|\| | \*\* | // | <> | =< | => )
    | (?P<sign> <= | >= | != | [-+*/^=<>(),%])
    | (?P<other> .)
    """,
    re.VERBOSE | re.ASCII,
)

_INSTEAD = {
    "==": "write '='",
    "&&": "write 'and'",
    "&": "write 'and'",
    "||": "write 'or'",
    "|": "write 'or'",
    "!": "write 'not', or '!=' for unequal",
    "~": "write 'not'",
    "**": "write '^'",
    "//": "write '/'",
    "<>": "write '!='",
    "≠": "write '!='",
    "=<": "write '<='",
    "≤": "write '<='",
    "=>": "write '>='",
    "≥": "write '>='",
    "×": "write '*'",
    "·": "write '*'",
    "÷": "write '/'",
    "−": "write '-'",
    "–": "write '-', or 'to' for a range",
    "—": "write '-', or 'to' for a range",
    "[": "write '('",
    "{": "write '('",
    "]": "write ')'",
    "}": "write ')'",
    ";": "write ','",
    ":": "a value has no ':'; a second key starts a line of its own",
    "?": "write if a then b else c",
    "@": "write 'at'",
    ".": "a dot joins the parts of a name, as in openai.revenue, or stands inside a number, as in 0.5",
    "#": "a comment has a space before the '#'",
    "$": "write USD after the number",
    "€": "write EUR after the number",
    "£": "write GBP after the number",
    "¥": "write JPY or CNY after the number",
    "\xa0": "write a plain space",
    "\u202f": "write a plain space",
    "²": "write ^ 2",
    "³": "write ^ 3",
    "½": "write 0.5",
    "√": "write sqrt(x)",
    "±": "write low to high for a range",
    **dict.fromkeys(
        "\"'`\u2018\u2019\u201c\u201d\u201e", "there is no text in an expression: write a name without quotes"
    ),
}


def tokens_of(text: str, place: Place) -> list[Token]:
    """All tokens of an expression that stands at `place`, the `end` last.

    Raises Fault for what is no token, with what to write instead.
    """
    if len(text) > LONGEST_TEXT:
        raise fault(
            "expression-too-long",
            "the expression is too long",
            place,
            found=f"{len(text)} characters",
            expected=f"at most {LONGEST_TEXT} characters",
            ways_out=("give its parts names as variables of their own",),
        )
    # Where YAML has folded or unescaped the text, its columns are told by the runs of its place, or cannot be told.
    exact = bool(place.runs) or (place.line == place.end_line and place.end_column - place.column == len(text))
    tokens: list[Token] = []
    space = True
    for match in _PATTERN.finditer(text):
        if match.lastgroup == "space":
            space = True
            continue
        tokens.append(_token(match, place.part(*match.span()) if exact else place, space))
        space = False
    end = place.part(len(text), len(text)) if exact else place
    return [*tokens, Token("end", "", end, True)]


def _token(match: re.Match[str], place: Place, space: bool) -> Token:
    text = match[0]
    match match.lastgroup:
        case "number":
            return Token("number", text, place, space)
        case "date":
            return Token("date", text, place, space)
        case "name" if FISCAL_YEAR.fullmatch(text):
            return Token("date", text, place, space)
        case "name" if text not in KEYWORDS:
            return Token("name", text, place, space)
        case "name" | "sign":
            return Token("sign", text, place, space)
        case "clock":
            raise _bad_number(text, place, "is a time of day, not a number", "write a plain number")
        case "grouped":
            plain = re.sub("[^0-9]", "", text)
            ways_out = ["write " + plain]
            if "," in text:
                ways_out.append("write a space after a comma between arguments")
            raise _bad_number(text, place, "groups its digits", *ways_out)
        case "zeros":
            raise _bad_number(text, place, "begins with a zero that means nothing", "write " + _without_zeros(text))
        case "pointed" if text.count(".") > 1:
            raise _bad_number(text, place, "has more than one point", "write " + text.replace(".", ""))
        case "pointed":
            raise _bad_number(text, place, "is not how a number is written", "write 0.5, 5 or 5.0")
    raise fault(
        "expression-character",
        f"'{text}' is not part of the language"
        if text.isprintable()
        else "a character that is not part of the language",
        place,
        found="" if text.isprintable() else f"U+{ord(text):04X}",
        ways_out=_instead(text),
    )


def _instead(character: str) -> tuple[str, ...]:
    """What to write for a character that is not part of the language."""
    if character in _INSTEAD:
        return (_INSTEAD[character],)
    if not character.isprintable():
        return ("delete it: it cannot be seen",)
    plain = str(unicodedata.decimal(character, "")) or unicodedata.normalize("NFKC", character)
    match = _PATTERN.fullmatch(plain)
    if plain != character and match and match.lastgroup in ("number", "name", "sign"):
        return (f"write {plain}",)
    return ("names are made of the letters a to z, digits, '_' and '.'",)


def _bad_number(text: str, place: Place, what: str, *ways_out: str) -> Fault:
    return fault("number-format", f"'{text}' {what}", place, ways_out=ways_out)


def _without_zeros(text: str) -> str:
    rest = text.lstrip("0")
    return rest if rest[:1].isdigit() else "0" + rest
