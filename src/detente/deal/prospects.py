"""Reading what may happen and what is asked of it: events and policies, scenarios, rights, values, incidents,
relations, futures, headlines, questions, checks."""

from __future__ import annotations

from typing import Literal

from detente.deal.fields import GROUND_KEYS, POLICIES, Block, as_policy, require_grounds
from detente.deal.model import (
    NO_GROUNDS,
    Change,
    Check,
    Event,
    Future,
    Grounds,
    Headline,
    Incident,
    Policy,
    Question,
    Relation,
    Right,
    Scenario,
    Value,
)
from detente.text.diagnostic import Diagnostic
from detente.text.nodes import Mapping, Scalar, Sequence
from detente.text.nodes import Node as YamlNode
from detente.text.place import Word
from detente.text.written import Date, month_text


def event(key: Scalar, block: Block) -> Event:
    hazard, when, decided_by = block.expression("hazard"), block.expression("when"), block.text("decided_by")
    happened = block.date("happened")
    said = [way for way in ("hazard", "when", "decided_by", "happened") if way in block.entries]
    if len(said) != 1:
        block.report(
            "not-one-way",
            f"{block.what} happens in {'several ways' if said else 'no way'}",
            found=" and ".join(f"`{way}`" for way in said),
            expected="one of `hazard`, `when`, `decided_by`, `happened`",
            ways=("keep one of them",) if said else ("add one of them",),
        )
    possible = block.expression("possible")
    policy = _policy(block, "policy", required=bool(decided_by))
    options: list[Policy] = []
    node = block.node("options")
    for item in node.items if isinstance(node, Sequence) else ():
        option = _policy_of(item, block)
        if option is not None:
            options.append(option)
    if node is not None and not isinstance(node, Sequence):
        ways = ("put brackets round it",)
        what = f"`options` of {block.what} is a list"
        block.report("wrong-shape", what, node.place, expected="[never, at(2026-01)]", ways=ways)
    title, grounds = block.text("title"), block.grounds()
    before = event(key, block.sub("before")) if block.has("before") else None
    block.done()
    if (policy or options) and not decided_by:
        block.report(
            "superfluous-key",
            f"{block.what} is not decided by anybody and has no policy",
            block.place_of("policy" if block.has("policy") else "options"),
            ways=("take `policy` and `options` away", "say who decides it: `decided_by: PARTY`"),
        )
    require_grounds(block, grounds)
    return Event(
        key.text,
        title or key.text.replace("_", " "),
        hazard,
        when,
        decided_by,
        possible,
        policy,
        tuple(options),
        happened,
        grounds,
        before,
        key.place,
    )


def _policy(block: Block, key: str, required: bool) -> Policy | None:
    node = block.node(key, required)
    return _policy_of(node, block) if node is not None else None


def _policy_of(node: YamlNode, block: Block) -> Policy | None:
    if not isinstance(node, Scalar):
        block.report(
            "wrong-shape", "a policy is a text", node.place, expected=", ".join(POLICIES), ways=("write one of them",)
        )
        return None
    policy, tree = as_policy(node, block.findings)
    if tree is not None:
        block.numbers.append(tree)
    return policy


def _scenario(name: str, block: Block, beside: Grounds = NO_GROUNDS) -> Scenario:
    """Changes by what they change; their numbers rest on grounds of their own or on those `beside`."""
    title, grounds = block.text("title"), block.grounds()
    changes: list[Change] = []
    for target, (key, node) in block.entries.items():
        if target in ("title", *GROUND_KEYS):
            continue
        block.has(target)
        if not isinstance(node, Scalar):
            block.report(
                "wrong-shape",
                f"'{target}' changes to a policy, `off`, or a value",
                node.place,
                expected=f"{target}: …",
                ways=("write one text behind the colon",),
            )
            continue
        if node.text == "off":
            changes.append(Change(target, None, None, key.place))
        elif node.text == "never" or node.text.partition("(")[0] in ("at", "after", "when"):
            changes.append(Change(target, None, _policy_of(node, block), key.place))
        else:
            changes.append(Change(target, block.parse(node, target), None, key.place))
    if all(target in ("title", *GROUND_KEYS) for target in block.entries):
        block.report("empty-block", f"{block.what} changes nothing", ways=("say what it changes", "take it away"))
    require_grounds(block, grounds if grounds.citations or grounds.assumed else beside)
    return Scenario(name, title or name.replace("_", " "), tuple(changes), grounds, block.place)


def scenarios(section: Block, what: str) -> dict[str, Scenario]:
    return {key.text: _scenario(key.text, block) for key, block in section.items(what)}


def right(key: Scalar, block: Block) -> Right | None:
    title, holder, hurts = block.text("title"), block.text("holder", required=True), block.text("hurts", required=True)
    grounds = block.grounds()
    sides = []
    for side in ("use", "instead"):
        inner = block.sub(side, required=True)
        sides.append(_scenario(f"{key.text}.{side}", inner, grounds) if block.has(side) else None)
    block.done()
    use, instead = sides
    if use is None or instead is None:
        return None
    return Right(key.text, title or key.text.replace("_", " "), holder, hurts, use, instead, grounds, key.place)


def value(key: Scalar, block: Block) -> Value | None:
    discount, each, at_end = (
        block.expression("discount", required=True),
        block.expression("each"),
        block.expression("at_end"),
    )
    grounds = block.grounds()
    block.done()
    require_grounds(block, grounds)
    if not ("each" in block.entries or "at_end" in block.entries):
        block.report("missing-key", f"{block.what} receives nothing", ways=("add `each: …`", "add `at_end: …`"))
    return Value(key.text, discount, each, at_end, grounds, key.place) if discount is not None else None


def incident(key: Scalar, block: Block, now: Date) -> Incident | None:
    """An incident of the record: it cites who tells it."""
    title, between, on = block.text("title"), _pair(block), block.date("on", required=True)
    says, kind = block.text("says", required=True), block.one_of("kind", ("strain", "repair"), "strain")
    grounds = block.grounds()
    block.done()
    if not grounds.citations:
        ways = ("cite who tells it: `claims: [{id: existence}]`",)
        block.report("missing-key", f"{block.what} rests on no source", expected="the key `claims`", ways=ways)
    if on is not None and on.last > now.last:
        block.report(
            "date-outside",
            f"{block.what} lies after `now`: the log is of the record",
            block.place_of("on"),
            found=on.text,
            expected=f"{month_text(now.last)} or before",
            ways=("take it away", "move `now`"),
        )
    if not between or on is None:
        return None
    found: Literal["strain", "repair"] = "repair" if kind == "repair" else "strain"
    return Incident(key.text, title or key.text.replace("_", " "), between, on, says, found, grounds, key.place)


def relation(key: Scalar, block: Block) -> Relation | None:
    """What incidents between two parties would move."""
    title, between, half_life = block.text("title"), _pair(block), block.expression("half_life")
    inner = block.sub("moves", required=True)
    moves: dict[str, str] = {Word(name, key.place): inner.text(name) for name, (key, _) in inner.entries.items()}
    grounds = block.grounds()
    block.done()
    require_grounds(block, grounds)
    if not between:
        return None
    return Relation(key.text, title or key.text.replace("_", " "), between, moves, half_life, grounds, key.place)


def _pair(block: Block) -> tuple[Word, ...]:
    """The two parties that a block is between; none where it names another number of them."""
    found = block.words("between", required=True)
    if len(set(found)) == 2 or "between" not in block.entries:
        return found
    place = block.place_of("between")
    block.report("wrong-shape", f"{block.what} is between two", place, expected="[a, b]", ways=("name two parties",))
    return ()


def future(key: Scalar, node: YamlNode, findings: list[Diagnostic]) -> Future | None:
    if isinstance(node, Mapping):
        block = Block(node, f"future '{key.text}'", key.place, findings)
        title, when, grounds = block.text("title"), block.expression("when", required=True), block.grounds()
        block.done()
        require_grounds(block, grounds)
    else:
        block = Block(None, f"future '{key.text}'", key.place, findings)
        title, when, grounds = Word(), block.parse(node, key.text), block.grounds()
        require_grounds(block, grounds)
    return Future(key.text, title or key.text.replace("_", " "), when, grounds, key.place) if when is not None else None


def headline(key: Scalar, block: Block) -> Headline:
    title, note, against = block.text("title", required=True), block.text("note"), block.text("against")
    show = block.sub("show", required=True)
    measures = {label: show.parse(node, label) for label, (_, node) in show.entries.items()}
    show.asked += list(show.entries)
    under = block.words("under") or ("base",)
    block.done()
    shown = {label: tree for label, tree in measures.items() if tree is not None}
    return Headline(key.text, title, shown, under, against, note, key.place)


def question(key: Scalar, block: Block) -> Question | None:
    """A question of a forecast."""
    title, show, unit = block.text("title", required=True), block.expression("show", required=True), block.text("in")
    note, grounds = block.text("note"), block.grounds()
    block.done()
    require_grounds(block, grounds)
    return Question(key.text, title, show, unit, note, grounds, key.place) if show is not None else None


def checks(top: Block) -> list[Check]:
    node = top.node("checks")
    found: list[Check] = []
    for item in node.items if isinstance(node, Sequence) else ():
        block = Block(item, "a check", item.place, top.findings)
        that, on, grounds = block.expression("that", required=True), block.date("on"), block.grounds()
        block.done()
        require_grounds(block, grounds)
        if that is not None:
            found.append(Check(that, on, grounds, item.place))
    if node is not None and not isinstance(node, Sequence):
        ways = ("begin each check with a `-`",)
        top.report("wrong-shape", "`checks` is a list", node.place, expected="- {that: CONDITION, on: DATE}", ways=ways)
    return found
