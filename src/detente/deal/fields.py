"""Reading a block of a deal file: every key is asked for by what it must be, and what nobody asked for is a
diagnostic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from detente.deal.model import Citation, Gives, Grounds, Interpolation, Point, Policy
from detente.lang.functions import FUNCTIONS
from detente.lang.parser import parse_expression
from detente.lang.syntax import At, By, Call, Name, Node, Number, Quantity, walk
from detente.lang.tokens import FISCAL_YEAR, KEYWORDS
from detente.lang.unit import UNIT_NAMES
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.nodes import Mapping, Scalar, Sequence
from detente.text.nodes import Node as YamlNode
from detente.text.place import Place, Word
from detente.text.written import DATES, ISO, Date, parse_date

WAYS_BETWEEN: tuple[Interpolation, ...] = ("straight", "level", "logarithmic")
GROUND_KEYS = ("claims", "assumed", "since", "note")
GIVES: tuple[Gives, ...] = ("value", "bound", "direction", "existence")
POLICIES = ("never", "at(DATE)", "after(DELAY)", "when(CONDITION)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


Hints = dict[str, str]
NO_HINTS: Hints = {}


class Block:
    """A mapping of the file and where to report what is wrong with it."""

    def __init__(self, node: YamlNode | None, what: str, place: Place, findings: list[Diagnostic]) -> None:
        self.what = what
        self.findings = findings
        self.place = place
        self.entries: dict[str, tuple[Scalar, YamlNode]] = {}
        self.asked: list[str] = []
        self.numbers: list[Node] = []
        if isinstance(node, Mapping):
            self.entries = {key.text: (key, value) for key, value in node.entries}
        elif node is not None:
            found = "nothing" if isinstance(node, Scalar) and node.text in ("", "~", "null") else _shape(node)
            self.report(
                "empty-block" if found == "nothing" else "wrong-shape",
                f"{what} is a block of `key: value`",
                node.place,
                found=found,
                expected="lines `key: value` below it",
                ways=("write a name before each entry, and indent it", "take the key away"),
            )

    def report(
        self,
        code: str,
        message: str,
        place: Place | None = None,
        found: str = "",
        expected: str = "",
        ways: tuple[str, ...] = (),
        related: tuple[tuple[Place, str], ...] = (),
    ) -> None:
        """Add a finding about this block."""
        self.findings.append(Diagnostic(code, message, place or self.place, found, expected, ways, related))

    def has(self, key: str) -> bool:
        """Whether a key is there; asking for it makes it known."""
        self.asked.append(key)
        return key in self.entries

    def node(self, key: str, required: bool = False) -> YamlNode | None:
        """The value of a key as it stands."""
        if self.has(key):
            return self.entries[key][1]
        if required:
            self.report(
                "missing-key", f"{self.what} lacks `{key}`", ways=(f"add `{key}: …`",), expected=f"the key `{key}`"
            )
        return None

    def place_of(self, key: str) -> Place:
        """Where a key stands."""
        return self.entries[key][0].place if key in self.entries else self.place

    def scalar(self, key: str, required: bool = False) -> Scalar | None:
        """A key that holds a text."""
        node = self.node(key, required)
        if node is None:
            return None
        if isinstance(node, Scalar) and node.text != "":
            return node
        found = "nothing" if isinstance(node, Scalar) else _shape(node)
        ways = ("write a text behind the colon", "take the key away")
        self.report("wrong-shape", f"`{key}` of {self.what} is a text", node.place, found, "a text", ways)
        return None

    def text(self, key: str, required: bool = False) -> Word:
        """A key that holds a text, or an empty text."""
        scalar = self.scalar(key, required)
        return word(scalar) if scalar else Word()

    def one_of(self, key: str, choices: tuple[str, ...], default: str = "", required: bool = False) -> str:
        """A key that holds one of a few words."""
        scalar = self.scalar(key, required)
        if scalar is None or scalar.text in choices:
            return scalar.text if scalar else default
        self.report(
            "unknown-word",
            f"`{key}` of {self.what} cannot be '{scalar.text}'",
            scalar.place,
            expected=", ".join(choices),
            ways=(*did_you_mean(scalar.text, choices), "choose one of them"),
        )
        return default

    def truth(self, key: str) -> bool:
        """A key that is `true` or `false`; false where it is missing."""
        return self.one_of(key, ("true", "false"), "false") == "true"

    def date(self, key: str, required: bool = False) -> Date | None:
        """A key that holds a date."""
        scalar = self.scalar(key, required)
        return as_date(scalar, f"`{key}` of {self.what}", self.findings) if scalar else None

    def expression(self, key: str, required: bool = False) -> Node | None:
        """A key that holds an expression; its numbers need grounds."""
        node = self.node(key, required)
        return self.parse(node, key) if node is not None else None

    def parse(self, node: YamlNode, key: str) -> Node | None:
        """A node of the file read as an expression."""
        if not isinstance(node, Scalar) or node.text == "":
            found = "nothing" if isinstance(node, Scalar) else _shape(node)
            ways = ("put quotes round an expression that holds `{` or `[`",)
            self.report(
                "wrong-shape", f"`{key}` of {self.what} is an expression", node.place, found, "an expression", ways
            )
            return None
        tree = parsed(node, self.findings)
        if tree is not None:
            self.numbers.append(tree)
        return tree

    def points(self, key: str) -> tuple[Point, ...]:
        """Values by date, in order of time."""
        node = self.node(key)
        if node is None:
            return ()
        if not isinstance(node, Mapping):
            ways = ("write `{DATE: VALUE, DATE: VALUE}`, or a line `DATE: VALUE` for each below it",)
            self.report(
                "wrong-shape",
                f"`{key}` of {self.what} maps dates to values",
                node.place,
                _shape(node),
                "2025-04: 3.4",
                ways,
            )
            return ()
        if not node.entries:
            self.report(
                "empty-block",
                f"`{key}` of {self.what} holds no date",
                node.place,
                expected="2025-04: 3.4",
                ways=("add a date with its value", "take the key away"),
            )
        found: list[Point] = []
        for date_key, value in node.entries:
            date = as_date(date_key, f"a key of `{key}`", self.findings)
            grounds = Grounds()
            if isinstance(value, Mapping):
                inner = Block(value, f"the point {date_key.text} of {self.what}", date_key.place, self.findings)
                tree = inner.expression("value", required=True)
                grounds = inner.grounds()
                inner.done()
                require_grounds(inner, grounds)
            else:
                tree = self.parse(value, date_key.text)
            if date is not None and tree is not None:
                found.append(Point(date, tree, grounds, date_key.place))
        for earlier, later in pairwise(found):
            if later.date.first <= earlier.date.last:
                self.report(
                    "dates-out-of-order",
                    f"{later.date.text} does not come after {earlier.date.text}",
                    later.place,
                    expected="dates in order, none twice",
                    related=((earlier.place, "the date before it"),),
                    ways=("put the points in order of time",),
                )
        return tuple(found)

    def interpolation(self) -> Interpolation:
        """What holds between the dates of the block's `table`; straight where it does not say."""
        said = self.one_of("interpolation", WAYS_BETWEEN, "straight")
        if "interpolation" in self.entries and "table" not in self.entries:
            self.report(
                "superfluous-key",
                f"`interpolation` of {self.what} has no table to act on",
                self.place_of("interpolation"),
                ways=("take it away", "give a `table`"),
            )
        return next(way for way in WAYS_BETWEEN if way == said)

    def names(self, key: str, required: bool = False) -> tuple[Scalar, ...]:
        """A key that holds a list of names; one name may stand alone."""
        node = self.node(key, required)
        if node is None:
            return ()
        items = node.items if isinstance(node, Sequence) else (node,)
        for item in items:
            if not isinstance(item, Scalar):
                self.report(
                    "wrong-shape",
                    f"`{key}` of {self.what} is a list of names",
                    item.place,
                    _shape(item),
                    "[a, b]",
                    ("write the names in brackets, commas between",),
                )
        return tuple(item for item in items if isinstance(item, Scalar))

    def words(self, key: str, required: bool = False) -> tuple[Word, ...]:
        """The names that a key holds, each with its place."""
        return tuple(word(item) for item in self.names(key, required))

    def sub(self, key: str, required: bool = False) -> Block:
        """A block inside this one."""
        place = self.place_of(key)
        return Block(self.node(key, required), f"`{key}` of {self.what}", place, self.findings)

    def items(self, what: str) -> list[tuple[Scalar, Block]]:
        """Every entry as a block of its own."""
        self.asked += list(self.entries)
        return [
            (key, Block(value, f"{what} '{key.text}'", key.place, self.findings))
            for key, value in self.entries.values()
        ]

    def grounds(self) -> Grounds:
        """What the block rests on."""
        citations: list[Citation] = []
        node = self.node("claims")
        items = node.items if isinstance(node, Sequence) else (node,) if node is not None else ()
        for item in items:
            if isinstance(item, Scalar):
                citations.append(Citation(item.text, "value", item.place))
            elif isinstance(item, Mapping) and all(isinstance(value, Scalar) for _, value in item.entries):
                for key, value in item.entries:
                    assert isinstance(value, Scalar)
                    gives = next((word for word in GIVES if word == value.text), None)
                    if gives is None:
                        self.report(
                            "unknown-word",
                            f"a claim cannot give '{value.text}'",
                            value.place,
                            expected=", ".join(GIVES),
                            ways=(*did_you_mean(value.text, GIVES), "choose one of them"),
                        )
                    else:
                        citations.append(Citation(key.text, gives, key.place))
            else:
                self.report(
                    "wrong-shape",
                    "a citation is a claim, or {claim: direction}",
                    item.place,
                    _shape(item),
                    "[CLAIM]",
                    ("write `claims: [id, {id: direction}]`",),
                )
        return Grounds(tuple(citations), self.text("assumed"), self.date("since"), self.text("note"))

    def done(self, elsewhere: Hints = NO_HINTS) -> None:
        """Report the keys that nobody asked for; `elsewhere` says of some where they would be known."""
        known = tuple(dict.fromkeys(self.asked))
        above: Scalar | None = None
        for name, (key, value) in self.entries.items():
            if name not in known:
                ways = (*did_you_mean(name, known), "take it away")
                related: tuple[tuple[Place, str], ...] = ()
                if name in elsewhere:
                    ways = (*ways[:-1], elsewhere[name], ways[-1])
                if above is not None and key.place.column <= above.place.column:
                    ways = (f"indent it, if it belongs to `{above.text}`", *ways)
                    related = ((above.place, f"`{above.text}` is empty"),)
                self.report(
                    "unknown-key",
                    f"{self.what} has no key '{name}'",
                    key.place,
                    expected=", ".join(known),
                    ways=ways,
                    related=related,
                )
            elif isinstance(value, Scalar) and not value.text and value.plain:
                above = key
            else:
                above = None


def require_grounds(block: Block, grounds: Grounds) -> None:
    """Report a block that holds a number other than 0 and 1 and rests on nothing that gives one (R4)."""
    if grounds.assumed or any(citation.gives in ("value", "bound") for citation in grounds.citations):
        return
    number = next((number for tree in block.numbers for number in numbers_of(tree)), None)
    if number is None:
        return
    cited = ", ".join(f"'{one.claim}' gives {_article(one.gives)}" for one in grounds.citations)
    block.report(
        "ungrounded-number",
        f"{block.what} holds the number {number.text} and "
        + ("cites no claim that gives a number" if cited else "says neither whence nor why"),
        number.place,
        found=cited,
        expected="a claim that gives it, or a reason",
        ways=("cite a claim: `claims: [id]`", "say why it is assumed: `assumed: …`"),
        related=tuple((one.place, "the claim") for one in grounds.citations),
    )


def _article(gives: Gives) -> str:
    return "mere existence" if gives == "existence" else f"a {gives} only"


def numbers_of(tree: Node) -> Iterator[Number | Quantity]:
    """The numbers of an expression that need grounds: all but 0, 1, and years that stand as dates."""
    nodes = list(walk(tree))
    dates = {id(date) for node in nodes for date in _dates(node)}
    for node in nodes:
        if isinstance(node, Number | Quantity) and id(node) not in dates and node.value not in (0.0, 1.0):
            yield node


def _dates(node: Node) -> list[Node]:
    """What stands below a node as a date, where a year looks like a number: `on(2026)`, `x at 2026`."""
    match node:
        case At(when=date) | By(date=date):
            return [date]
        case Call(function="at", args=args):
            return list(args)
        case Call(function=name, args=args, named=named) if name in FUNCTIONS:
            takes = {one.name: one.takes for one in FUNCTIONS[name].arguments}
            placed = [arg for arg, kind in zip(args, takes.values(), strict=False) if kind == "date"]
            return placed + [arg for key, arg in named if takes.get(key) == "date"]
        case _:
            return []


def as_date(scalar: Scalar, what: str, findings: list[Diagnostic]) -> Date | None:
    """A text read as a date."""
    date = parse_date(scalar.text)
    if date is None:
        findings.append(
            Diagnostic(
                "not-a-date",
                f"{what} is a date",
                scalar.place,
                f"'{scalar.text}'",
                DATES,
                ways_out=(ISO,),
            )
        )
    return date


def parsed(scalar: Scalar, findings: list[Diagnostic]) -> Node | None:
    """A text read as an expression."""
    try:
        return parse_expression(scalar.text, scalar.place)
    except Fault as fault:
        findings.append(fault.diagnostic)
        return None


def as_policy(scalar: Scalar, findings: list[Diagnostic]) -> tuple[Policy | None, Node | None]:
    """A text read as a policy, and the expression it holds."""
    tree = parsed(scalar, findings)
    if tree is None:
        return None, None
    if isinstance(tree, Name) and tree.text == "never":
        return Policy("never", None, scalar.text, scalar.place), None
    if isinstance(tree, Call) and len(tree.args) == 1 and not tree.named:
        match tree.function:
            case "at" | "after" | "when" as kind:
                return Policy(kind, tree.args[0], scalar.text, scalar.place), tree
    findings.append(
        Diagnostic(
            "not-a-policy",
            "this is no policy",
            scalar.place,
            f"'{scalar.text}'",
            ", ".join(POLICIES),
            (f"write at({scalar.text})" if parse_date(scalar.text) else "write one of them",),
        )
    )
    return None, None


def check_name(key: Scalar, what: str, findings: list[Diagnostic]) -> None:
    """Report a name that an expression could not hold."""
    if not NAME.fullmatch(key.text) or key.text in UNIT_NAMES | KEYWORDS or FISCAL_YEAR.fullmatch(key.text):
        why = "cannot stand in an expression"
        if key.text in UNIT_NAMES | KEYWORDS:
            why = "is the name of a unit" if key.text in UNIT_NAMES else "is a word of the language"
        findings.append(
            Diagnostic(
                "bad-name",
                f"the name '{key.text}' of {what} {why}",
                key.place,
                expected="letters, digits and _, not beginning with a digit; parts joined by dots",
                ways_out=("choose another name",),
            )
        )


def word(scalar: Scalar) -> Word:
    """A name with its place."""
    return Word(scalar.text, scalar.place)


def _shape(node: YamlNode) -> str:
    match node:
        case Scalar(text=text):
            return f"'{text}'" if text else "nothing"
        case Mapping():
            return "a block of `key: value`"
        case _:
            return "a list"
