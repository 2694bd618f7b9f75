"""Reading agreements: terms by the parameters their class declares, and amendments as versions of terms."""

from __future__ import annotations

from dataclasses import replace

from detente.deal.fields import GROUND_KEYS, Block, require_grounds
from detente.deal.model import Agreement, Amendment, Grounds, Parameter, TermText, TrancheText
from detente.terms.term import catalogue, required
from detente.text.diagnostic import did_you_mean
from detente.text.nodes import Mapping, Scalar, Sequence
from detente.text.nodes import Node as YamlNode
from detente.text.place import Place
from detente.text.written import Date, Month

COMMON_KEYS = ("type", "from", "until", "stops", *GROUND_KEYS)
NEW = TermText("", "", {}, {}, 0, None, "", Grounds(), Place("", 0, 0, 0, 0))


def read_agreement(name: Scalar, block: Block, default_from: Month) -> Agreement:
    """An agreement with all versions of its terms."""
    between = tuple(party.text for party in block.names("between", required=True))
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
            ways=did_you_mean(kind.text, catalogue()),
        )
        return None
    return _version(block, replace(NEW, name=whole_name, type=kind.text, first=start, grounds=grounds, place=key.place))


def _version(block: Block, base: TermText) -> TermText:
    """A version of a term: what the block says over what stood before, grounds included."""
    parameters, places = dict(base.parameters), dict(base.parameter_places)
    for declared in catalogue()[base.type].parameters():
        dimension = declared.metadata["dimension"]
        if dimension == "shares" or dimension.startswith("resource of"):
            continue
        if block.has(declared.name):
            value = _parameter(block, declared.name, dimension)
            if value is not None:
                parameters[declared.name] = value
                places[declared.name] = block.place_of(declared.name)
        elif required(declared) and declared.name not in parameters:
            block.report(
                "missing-parameter",
                f"{block.what} ({base.type}) lacks `{declared.name}`",
                expected=declared.metadata["doc"],
                ways=(f"add `{declared.name}: …`",),
            )
    first, last = block.date("from"), block.date("until")
    stops = block.text("stops") or base.stops
    grounds = block.grounds()
    if not (grounds.citations or grounds.assumed):
        grounds = base.grounds
    block.has("type"), block.has("before")
    block.done()
    require_grounds(block, grounds)
    end = last.last if last else base.until
    return replace(
        base,
        parameters=parameters,
        parameter_places=places,
        stops=stops,
        grounds=grounds,
        first=first.first if first else base.first,
        last=end,
        until=end,
        ended=None,
    )


def _parameter(block: Block, key: str, dimension: str) -> Parameter | None:
    match dimension:
        case "party" | "need" | "event" | "supply term":
            return block.text(key, required=True) or None
        case "parties":
            return tuple(item.text for item in block.names(key))
        case "yes or no":
            return block.truth(key)
        case "tranches":
            return _tranches(block, key)
        case _:
            return block.expression(key)


def _tranches(block: Block, key: str) -> tuple[TrancheText, ...] | None:
    node = block.node(key)
    if not isinstance(node, Sequence):
        block.report(
            "wrong-shape",
            f"`{key}` of {block.what} is a list of payments",
            node.place if node else None,
            expected="- {amount: …, on: DATE}",
        )
        return None
    found: list[TrancheText] = []
    for item in node.items:
        inner = Block(item, f"a payment of {block.what}", item.place, block.findings)
        amount, on = inner.expression("amount", required=True), inner.date("on", required=True)
        condition, by, otherwise = inner.expression("if"), inner.date("by"), inner.expression("otherwise")
        form = inner.text("form")
        inner.done()
        block.numbers += inner.numbers
        if amount is None or on is None:
            continue
        if by is not None and by.last < on.first:
            inner.report(
                "dates-out-of-order",
                "the deadline (`by`) comes before `on`",
                inner.place_of("by"),
                found=f"on {on.text}, by {by.text}",
                ways=("move one of the two", "take `by` away: the condition is then judged on `on`"),
            )
        if condition is None and (by is not None or otherwise is not None):
            inner.report(
                "missing-key", "`by` and `otherwise` need a condition (`if`)", ways=("add `if: …`", "take them away")
            )
        found.append(TrancheText(amount, on, condition, by, otherwise, form, item.place))
    return tuple(found)


def _amendments(block: Block, versions: dict[str, tuple[TermText, ...]], agreement: str) -> list[Amendment]:
    node = block.node("amendments")
    if node is None:
        return []
    if not isinstance(node, Sequence):
        block.report("wrong-shape", "`amendments` is a list", node.place, expected="- {on: DATE, TERM: …}")
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
                versions_of_term = _amended(
                    inner, key, value, versions.get(name, ()), on, grounds, f"{agreement}.{name}"
                )
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
    versions: tuple[TermText, ...],
    on: Date,
    grounds: Grounds,
    whole_name: str,
) -> tuple[TermText, ...]:
    """The versions of a term after an amendment."""
    if isinstance(value, Scalar):
        if value.text != "ends" or not versions:
            why = "is not there to end" if value.text == "ends" else f"cannot become '{value.text}'"
            block.report(
                "amends-nothing",
                f"the term '{key.text}' {why}",
                key.place,
                expected="`ends`, or a block of parameters",
                ways=("name a term of this agreement",),
            )
            return ()
        if versions[-1].last is not None and versions[-1].last < on.first:
            block.report(
                "amends-ended",
                f"the term '{key.text}' has already ended",
                key.place,
                related=((versions[-1].place, "the term"),),
                ways=("take this change away", "move the end of the term"),
            )
        return (*versions[:-1], replace(versions[-1], last=on.first - 1, ended=grounds))
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
            return ()
        term = _term(key, inner, on.first, whole_name, grounds)
        return (term,) if term else ()
    if not versions:
        block.report(
            "amends-nothing",
            f"there is no term '{key.text}' to amend",
            key.place,
            ways=("name a term of this agreement", "add `type: …` to make it a new one"),
        )
        return ()
    last = versions[-1]
    if last.last is not None and last.last < on.first:
        block.report(
            "amends-ended",
            f"the term '{key.text}' has already ended",
            key.place,
            related=((last.place, "the term"),),
            ways=("take this change away", "move the end of the term"),
        )
        return versions
    rests_on = grounds if grounds.citations or grounds.assumed else last.grounds
    changed = _version(inner, replace(last, first=on.first, place=key.place, grounds=rests_on))
    return (*versions[:-1], replace(last, last=on.first - 1, ended=rests_on), changed)
