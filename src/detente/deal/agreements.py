"""Reading agreements: terms by the parameters their class declares, and amendments as versions of terms."""

from __future__ import annotations

from dataclasses import Field, replace
from functools import cache
from typing import Any

from detente.deal.fields import GROUND_KEYS, Block, require_grounds
from detente.deal.model import Agreement, Amendment, Grounds, Parameter, RowText, TermText
from detente.lang.syntax import Node
from detente.terms.term import Declared, catalogue, given_by_others, required, written
from detente.text.diagnostic import did_you_mean
from detente.text.nodes import Mapping, Scalar, Sequence
from detente.text.nodes import Node as YamlNode
from detente.text.place import NOWHERE, Place
from detente.text.written import Date, Month, month_text

NEW = TermText("", "", {}, {}, 0, None, "", Grounds(), Place("", 0, 0, 0, 0))


def read_agreement(name: Scalar, block: Block, default_from: Month) -> Agreement:
    """An agreement with all versions of its terms."""
    between = block.words("between", required=True)
    signed = block.date("signed", required=True) or Date(default_from, default_from, "")
    grounds = block.grounds()
    versions: dict[str, tuple[TermText, ...]] = {}
    for key, inner in block.sub("terms", required=True).items("the term"):
        term = _term(key, inner, signed.first, f"{name.text}.{key.text}", grounds)
        if term is not None:
            versions[key.text] = (term,)
    amendments = tuple(_amendments(block, versions, name.text))
    title = block.text("title")
    block.done()
    return Agreement(name.text, title, between, signed, versions, amendments, grounds, name.place)


def _term(key: Scalar, block: Block, start: Month, whole_name: str, grounds: Grounds) -> TermText | None:
    kind = block.scalar("type", required=True)
    if kind is None:
        return None
    if kind.text not in catalogue():
        block.report(
            "unknown-term-type",
            f"there is no type of term '{kind.text}'",
            kind.place,
            expected=", ".join(catalogue()),
            ways=(
                *did_you_mean(kind.text, catalogue()),
                "choose the nearest of them",
                "say it by `flows` and `events`",
            ),
        )
        return None
    return _version(block, replace(NEW, name=whole_name, type=kind.text, first=start, grounds=grounds, place=key.place))


def _version(block: Block, base: TermText) -> TermText:
    """A version of a term: what the block says over what stood before, grounds included."""
    parameters, places = dict(base.parameters), dict(base.parameter_places)
    _read_parameters(block, catalogue()[base.type], base.type, parameters, places)
    first, last = block.date("from"), block.date("until")
    stops, waived = block.text("stops") or base.stops, block.text("waived") or base.waived
    suspended = block.expression("suspended") if block.has("suspended") else base.suspended
    grounds = block.grounds()
    if not (grounds.citations or grounds.assumed):
        grounds = base.grounds
    block.has("type")
    block.done(_parameters_of_others(base.type))
    require_grounds(block, grounds)
    end = last.last if last else base.until
    return replace(
        base,
        parameters=parameters,
        parameter_places=places,
        stops=stops,
        waived=waived,
        suspended=suspended,
        grounds=grounds,
        first=first.first if first else base.first,
        last=end,
        until=end,
        ended=None,
    )


@cache
def _parameters_of_others(kind: str) -> dict[str, str]:
    """Which other types of term take a parameter that this one does not."""
    takers: dict[str, list[str]] = {}
    for other, declared in catalogue().items():
        for parameter in declared.parameters():
            if other != kind:
                takers.setdefault(written(parameter), []).append(other)
    return {name: f"use a term that takes it: {', '.join(others)}" for name, others in takers.items()}


def _read_parameters(
    block: Block, kind: type[Declared], title: str, parameters: dict[str, Parameter], places: dict[str, Place]
) -> None:
    """The declared parameters of a term or of a row, over those that are known already."""
    for declared in kind.parameters():
        if given_by_others(declared):
            continue
        name = written(declared)
        if block.has(name):
            value = _parameter(block, name, declared)
            if value is not None:
                parameters[name] = value
                places[name] = block.place_of(name)
        elif required(declared) and name not in parameters:
            block.report(
                "missing-parameter",
                f"{block.what} ({title}) lacks `{name}`",
                expected=declared.metadata["doc"],
                ways=(f"add `{name}: …`",),
            )


def _parameter(block: Block, key: str, declared: Field[Any]) -> Parameter | None:
    what, _, choice = declared.metadata["dimension"].partition(": ")
    match what:
        case "party" | "need" | "event" | "supply term" | "term" | "words" | "class":
            return block.text(key, required=True) or None
        case "parties" | "events" | "terms" | "classes":
            return block.words(key)
        case "one of":
            return block.one_of(key, tuple(choice.split(", "))) or None
        case "yes or no":
            return block.truth(key)
        case "date" | "end date":
            return block.date(key)
        case "count":
            return _count(block, key)
        case "rows":
            return _rows(block, key, declared.metadata["row"])
        case "parts by party":
            return _parts(block, key)
        case _ if what.startswith("form of "):
            return block.text(key, required=True) or None
        case _:
            return block.expression(key)


def _count(block: Block, key: str) -> int | None:
    scalar = block.scalar(key)
    if scalar is None or scalar.text.isdecimal():
        return int(scalar.text) if scalar else None
    ways = ("write digits alone",)
    what = f"`{key}` of {block.what} is a whole number"
    block.report("not-a-number", what, scalar.place, scalar.text, "1, 2, 3 …", ways)
    return None


def _parts(block: Block, key: str) -> dict[str, Node] | None:
    inner = block.sub(key)
    parts = {name: inner.parse(node, name) for name, (_, node) in inner.entries.items()}
    block.numbers += inner.numbers
    return {name: part for name, part in parts.items() if part is not None} or None


def _rows(block: Block, key: str, kind: type[Declared]) -> tuple[RowText, ...] | None:
    node = block.node(key)
    if not isinstance(node, Sequence) or not node.items:
        example = ", ".join(f"{written(one)}: …" for one in kind.parameters() if required(one))
        block.report(
            "wrong-shape",
            f"`{key}` of {block.what} is a list of blocks",
            node.place if node else None,
            expected=f"- {{{example}}}",
            ways=("begin each block with a `-`, also if there is but one",),
        )
        return None
    found: list[RowText] = []
    for number, item in enumerate(node.items, 1):
        inner = Block(item, f"`{key}` number {number} of {block.what}", item.place, block.findings)
        values: dict[str, Parameter] = {}
        places: dict[str, Place] = {}
        _read_parameters(inner, kind, key, values, places)
        inner.done()
        block.numbers += inner.numbers
        missing = [one for one in kind.parameters() if required(one) and written(one) not in values]
        if not missing or all(given_by_others(one) for one in missing):
            found.append(RowText(values, places, item.place))
    return tuple(found)


def _amendments(block: Block, versions: dict[str, tuple[TermText, ...]], agreement: str) -> list[Amendment]:
    node = block.node("amendments")
    if node is None:
        return []
    if not isinstance(node, Sequence):
        ways = ("begin each amendment with a `-`",)
        block.report("wrong-shape", "`amendments` is a list", node.place, expected="- {on: DATE, TERM: …}", ways=ways)
        return []
    found: list[Amendment] = []
    for item in node.items:
        inner = Block(item, f"an amendment of '{agreement}'", item.place, block.findings)
        on, grounds = inner.date("on", required=True), inner.grounds()
        changes: dict[str, YamlNode] = {}
        for name, (key, value) in inner.entries.items():
            if name in ("on", *GROUND_KEYS, "title"):
                inner.has(name)
                continue
            inner.has(name)
            changes[name] = value
            if on is not None:
                versions_of_term = _amended(inner, key, value, versions, on, grounds, agreement)
                if versions_of_term:
                    versions[name] = versions_of_term
        if not changes:
            inner.report("empty-block", "this amendment changes nothing", ways=("name a term and what becomes of it",))
        inner.done()
        if on is not None:
            found.append(Amendment(on, changes, grounds, item.place))
    return found


def _amended(
    block: Block,
    key: Scalar,
    value: YamlNode,
    terms: dict[str, tuple[TermText, ...]],
    on: Date,
    grounds: Grounds,
    agreement: str,
) -> tuple[TermText, ...]:
    """The versions of a term after an amendment."""
    versions, named = terms.get(key.text, ()), (*did_you_mean(key.text, terms), "name a term of this agreement")
    if isinstance(value, Scalar):
        if value.text != "ends" or not versions:
            there = value.text != "ends"
            block.report(
                "amends-nothing",
                f"the term '{key.text}' cannot become '{value.text}'"
                if there
                else f"there is no term '{key.text}' to end",
                value.place if there else key.place,
                expected="`ends`, or a block of parameters" if there else f"a term of '{agreement}'",
                ways=("write `ends`", "write what changes: `{rate: 15%}`") if there else named,
            )
            return versions
        if not _in_order(block, key, versions[-1], on):
            return versions
        return (*versions[:-1], replace(versions[-1], last=on.first - 1, ended=grounds, ended_at=key.place))
    inner = Block(value, f"the term '{key.text}'", key.place, block.findings)
    if isinstance(value, Mapping) and "type" in inner.entries:
        if versions:
            block.report(
                "amends-existing",
                f"a new term cannot be called '{key.text}'",
                key.place,
                related=((versions[0].place, "it is there already"),),
                ways=("choose another name", "take `type` away to amend"),
            )
            return versions
        term = _term(key, inner, on.first, f"{agreement}.{key.text}", grounds)
        return (term,) if term else ()
    if not versions:
        block.report(
            "amends-nothing",
            f"there is no term '{key.text}' to amend",
            key.place,
            expected=f"a term of '{agreement}'",
            ways=(*named, "add `type: …` to make it a new one"),
        )
        return ()
    last = versions[-1]
    if not _in_order(block, key, last, on):
        return versions
    rests_on = grounds if grounds.citations or grounds.assumed else last.grounds
    changed = _version(inner, replace(last, first=on.first, place=key.place, grounds=rests_on))
    return (*versions[:-1], replace(last, last=on.first - 1, ended=rests_on), changed)


def _in_order(block: Block, key: Scalar, last: TermText, on: Date) -> bool:
    """Whether a term can change on a date: it has begun, no later change came before, and it has not ended."""
    if on.first < last.first:
        block.report(
            "dates-out-of-order",
            f"'{key.text}' is changed before it begins, or before an earlier change",
            block.place_of("on"),
            found=f"{on.text}, after {month_text(last.first)}",
            expected=f"{month_text(last.first)} or later",
            related=((last.place, f"from {month_text(last.first)} it reads so"),),
            ways=("mend the date", "put the amendments in order of time"),
        )
        return False
    if last.last is not None and last.last < on.first:
        ended = last.ended is not None and last.ended_at != NOWHERE
        block.report(
            "amends-ended",
            f"the term '{key.text}' has already ended, and a term that has ended cannot change",
            key.place,
            found=f"its last month is {month_text(last.last)}, the change is of {on.text}",
            related=((last.ended_at, "it ends here") if ended else (last.place, "the term"),),
            ways=("take this change away", "move the end of the term", "begin a new term under another name"),
        )
        return False
    return True
