"""From the files of a deal to the Deal: every finding at once, nothing resolved yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from detente.deal.agreements import read_agreement
from detente.deal.fields import GROUND_KEYS, POLICIES, Block, as_policy, check_name, require_grounds, word
from detente.deal.model import (
    NO_GROUNDS,
    Agreement,
    Assumption,
    Change,
    Check,
    Correlation,
    Deal,
    DeclaredFlow,
    DeclaredNeed,
    Event,
    Future,
    Grounds,
    Headline,
    Opening,
    Party,
    Policy,
    Resource,
    Right,
    Scenario,
    Value,
    Variable,
)
from detente.deal.references import check_references
from detente.evidence.records import NO_EVIDENCE, Evidence, load_evidence
from detente.text.diagnostic import Diagnostic, with_further
from detente.text.nodes import Mapping, Scalar, Sequence, parse, read
from detente.text.nodes import Node as YamlNode
from detente.text.place import Word
from detente.text.written import month_text

KINDS = ("share", "probability", "ratio", "growth", "rate")
SECTIONS = (
    "parties",
    "resources",
    "assumptions",
    "correlations",
    "variables",
    "flows",
    "needs",
    "agreements",
    "opening",
    "events",
    "rights",
    "values",
    "beliefs",
    "scenarios",
    "futures",
    "headlines",
    "outputs",
    "checks",
)


def load_deal(path: Path) -> tuple[Deal | None, tuple[Diagnostic, ...]]:
    """The deal in a folder (its `deal.yaml`) or a file, with its evidence. None where the file gives no deal at all."""
    file = path / "deal.yaml" if path.is_dir() else path
    node, findings = read(file)
    if node is None:
        return None, findings
    evidence, problems = load_evidence(file.parent)
    deal, more = read_deal(node, evidence, str(file.parent))
    return deal, with_further((*findings, *problems), more)


def parse_deal(
    text: str, evidence: Evidence = NO_EVIDENCE, file: str = "deal.yaml"
) -> tuple[Deal | None, tuple[Diagnostic, ...]]:
    """A deal from a text; `file` names it in places."""
    node, findings = parse(text, file)
    if node is None:
        return None, findings
    deal, more = read_deal(node, evidence, "")
    return deal, with_further(findings, more)


def read_deal(node: YamlNode, evidence: Evidence, folder: str) -> tuple[Deal | None, tuple[Diagnostic, ...]]:
    """A deal from the node of its file."""
    findings: list[Diagnostic] = []
    top = Block(node, "the deal", node.place, findings)
    if not top.entries:
        return None, tuple(findings)
    title = top.text("deal", required=True)
    first, now, last = top.date("from"), top.date("now", required=True), top.date("to", required=True)
    top.one_of("step", ("month",), "month")
    top.text("note")
    if now is None or last is None:
        return None, tuple(findings)
    start = first.first if first else now.last
    if not start <= now.last < last.last:
        top.report(
            "dates-out-of-order",
            "the record begins, ends at `now`, and the horizon follows",
            top.place_of("now"),
            found=f"from {first.text if first else now.text}, now {now.text}, to {last.text}",
            expected="from ≤ now < to",
            ways=("mend the date that is wrong",),
        )
        return None, tuple(findings)
    sections = {name: _section(top, name, findings) for name in SECTIONS}
    deal = Deal(
        title=title,
        folder=folder,
        first=start,
        now=now.last,
        last=last.last,
        parties={key.text: _party(key, block) for key, block in sections["parties"].items("party")},
        resources={key.text: _resource(key, block) for key, block in sections["resources"].items("resource")},
        assumptions=_present(_assumption(key, block) for key, block in sections["assumptions"].items("assumption")),
        correlations=tuple(_correlations(top, findings)),
        variables={key.text: _variable(key, block) for key, block in sections["variables"].items("variable")},
        flows=_present(_flow(key, block) for key, block in sections["flows"].items("flow")),
        needs=_present(_need(key, block) for key, block in sections["needs"].items("need")),
        agreements=_agreements(sections["agreements"], start),
        openings=tuple(_openings(sections["opening"], now.last)),
        events={key.text: _event(key, block) for key, block in sections["events"].items("event")},
        rights=_present(_right(key, block) for key, block in sections["rights"].items("right")),
        values=_present(_value(key, block) for key, block in sections["values"].items("value of")),
        beliefs=_scenarios(sections["beliefs"], "beliefs of"),
        scenarios=_scenarios(sections["scenarios"], "scenario"),
        futures=_present(_future(key, node, findings) for key, node in sections["futures"].entries.values()),
        headlines={key.text: _headline(key, block) for key, block in sections["headlines"].items("headline")},
        outputs={item.text: item.place for item in top.names("outputs")},
        checks=tuple(_checks(top)),
        evidence=evidence,
        place=node.place,
    )
    top.done()
    return deal, (*findings, *check_references(deal))


def _section(top: Block, name: str, findings: list[Diagnostic]) -> Block:
    if name in ("correlations", "outputs", "checks"):
        return Block(None, name, top.place, findings)
    block = top.sub(name)
    for key, _ in block.entries.values():
        if name != "resources":
            check_name(key, name, findings)
    return block


class _Entry(Protocol):
    @property
    def name(self) -> str: ...


Entry = TypeVar("Entry", bound=_Entry)


def _present(items: Iterable[Entry | None]) -> dict[str, Entry]:
    """By name, what could be read."""
    return {item.name: item for item in items if item is not None}


def _party(key: Scalar, block: Block) -> Party:
    title, outside = block.text("name") or key.text, block.truth("outside")
    scalar = block.scalar("fiscal_year_ends")
    ends = int(scalar.text) if scalar and scalar.text.isdecimal() and 1 <= int(scalar.text) <= 12 else 12
    if scalar and str(ends) != scalar.text:
        ways = ("write the number of the month: 6 for June",)
        block.report("not-a-month", "a fiscal year ends in a month", scalar.place, scalar.text, "1 to 12", ways)
    currency = block.text("currency")
    block.text("note")
    block.done()
    return Party(key.text, title, outside, ends, key.place, currency)


def _resource(key: Scalar, block: Block) -> Resource:
    kind = block.one_of("kind", ("money", "capacity", "shares"), required=True)
    unit = block.text("unit") or block.text("in") or ("share" if kind == "shares" else key.text)
    issuer, settles, rate = block.text("issuer"), block.expression("settles"), block.expression("rate")
    if kind == "shares" and not issuer:
        block.report("missing-key", f"{block.what} are shares of nobody", ways=("add `issuer: …`",))
    if settles is not None and not issuer:
        block.report("missing-key", f"{block.what} settles nobody's invoices", ways=("add `issuer: …`",))
    if rate is not None and (kind != "money" or issuer):
        block.report(
            "superfluous-key",
            f"{block.what} is no currency and has no rate",
            block.place_of("rate"),
            ways=("take `rate` away",),
        )
    grounds = block.grounds()
    block.has("in"), block.has("unit")
    block.done()
    require_grounds(block, grounds)
    found = {"money": "money", "capacity": "capacity", "shares": "shares"}.get(kind, "money")
    return Resource(key.text, found, unit, issuer, settles, grounds, key.place, rate)  # type: ignore[arg-type]


def _assumption(key: Scalar, block: Block) -> Assumption | None:
    value, kind, stream = block.expression("value", required=True), block.one_of("kind", KINDS), block.text("stream")
    grounds = block.grounds()
    before = _assumption(key, block.sub("before")) if block.has("before") else None
    if before is not None:
        before = replace(before, kind=before.kind or kind, stream=stream or before.stream)
    block.done()
    require_grounds(block, grounds)
    if value is None:
        return None
    return Assumption(key.text, value, kind, stream or key.text, grounds, before, key.place)


def _correlations(top: Block, findings: list[Diagnostic]) -> list[Correlation]:
    node = top.node("correlations")
    found: list[Correlation] = []
    for item in node.items if isinstance(node, Sequence) else ():
        block = Block(item, "a correlation", item.place, findings)
        between, value = block.names("between", required=True), block.expression("is", required=True)
        grounds = block.grounds()
        block.done()
        require_grounds(block, grounds)
        if len(between) != 2:
            ways = ("write one correlation for each pair",)
            place = block.place_of("between")
            block.report("wrong-shape", "a correlation is between two", place, expected="[a, b]", ways=ways)
        elif value is not None:
            found.append(Correlation((word(between[0]), word(between[1])), value, grounds, item.place))
    if node is not None and not isinstance(node, Sequence):
        top.report(
            "wrong-shape",
            "`correlations` is a list",
            node.place,
            expected="- {between: [a, b], is: 0.5, assumed: …}",
            ways=("begin each correlation with a `-`",),
        )
    return found


def _variable(key: Scalar, block: Block) -> Variable:
    unit = block.text("unit")
    past, table, observed = block.points("past"), block.points("table"), block.points("observed")
    following, formula = block.expression("next"), block.expression("is")
    grounds = block.grounds()
    before = _variable(key, block.sub("before")) if block.has("before") else None
    if before is not None:
        before = replace(before, unit=before.unit or unit)
    block.done()
    said = [way for way in ("next", "is", "table") if way in block.entries]
    if len(said) != 1:
        block.report(
            "not-one-way",
            f"{block.what} says {'more than one thing' if said else 'nothing'}",
            found=" and ".join(f"`{way}`" for way in said),
            expected="one of `next` (with `past`), `is` or `table`",
            ways=("keep one of them",) if said else ("add one of them",),
        )
    if "next" in said and "past" not in block.entries:
        block.report(
            "missing-key", f"{block.what} has a process and no record to begin from", ways=("add `past: {DATE: …}`",)
        )
    own = [point for point in (*past, *table, *observed) if point.grounds.citations or point.grounds.assumed]
    block.numbers = [tree for tree in block.numbers if all(tree is not point.value for point in own)]
    require_grounds(block, grounds)
    return Variable(key.text, unit, past, following, table, formula, observed, grounds, before, key.place)


def _flow(key: Scalar, block: Block) -> DeclaredFlow | None:
    giver, taker = block.text("from", required=True), block.text("to", required=True)
    amount = block.expression("amount", required=True)
    category = (
        "financing" if block.one_of("class", ("operating", "financing"), "operating") == "financing" else "operating"
    )
    grounds = block.grounds()
    block.done()
    require_grounds(block, grounds)
    if not giver or not taker or amount is None:
        return None
    return DeclaredFlow(key.text, giver, taker, amount, category, grounds, key.place)  # type: ignore[arg-type]


def _need(key: Scalar, block: Block) -> DeclaredNeed | None:
    resource, amount = block.text("resource", required=True), block.expression("amount", required=True)
    party = block.text("party") or _party_in(key)
    grounds = block.grounds()
    block.done()
    require_grounds(block, grounds)
    return DeclaredNeed(key.text, party, resource, amount, grounds, key.place) if amount is not None else None


def _party_in(key: Scalar) -> Word:
    """The party whose need it is: what stands before the point."""
    party = key.text.partition(".")[0]
    return Word(party, key.place.part(0, len(party)))


def _agreements(section: Block, start: int) -> dict[str, Agreement]:
    return {key.text: read_agreement(key, block, start) for key, block in section.items("agreement")}


def _openings(section: Block, now: int) -> list[Opening]:
    found: list[Opening] = []
    for key, node in section.entries.values():
        for item in node.items if isinstance(node, Sequence) else (node,):
            block = Block(item, f"the opening of '{key.text}'", item.place, section.findings)
            on, balance, grounds = block.date("on"), block.expression("balance", required=True), block.grounds()
            block.done()
            require_grounds(block, grounds)
            month = on.last if on else now
            twice = next((other for other in found if (other.account, other.on) == (key.text, month)), None)
            if twice is not None:
                block.report(
                    "duplicate-opening",
                    f"'{key.text}' has two openings on one date",
                    related=((twice.place, "the other"),),
                    ways=("take one away", "say `on: DATE`"),
                )
            elif month > now:
                block.report(
                    "date-outside",
                    f"an opening of '{key.text}' after `now` begins nothing",
                    block.place_of("on"),
                    found=on.text if on else "",
                    expected=f"{month_text(now)} or before",
                    ways=("leave `on` out: it is then the balance at `now`", "move `now`"),
                )
            elif balance is not None:
                found.append(Opening(key.text, month, balance, grounds, item.place))
    return found


def _event(key: Scalar, block: Block) -> Event:
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
    before = _event(key, block.sub("before")) if block.has("before") else None
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


def _scenarios(section: Block, what: str) -> dict[str, Scenario]:
    return {key.text: _scenario(key.text, block) for key, block in section.items(what)}


def _right(key: Scalar, block: Block) -> Right | None:
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


def _value(key: Scalar, block: Block) -> Value | None:
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


def _future(key: Scalar, node: YamlNode, findings: list[Diagnostic]) -> Future | None:
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


def _headline(key: Scalar, block: Block) -> Headline:
    title, note, against = block.text("title", required=True), block.text("note"), block.text("against")
    show = block.sub("show", required=True)
    measures = {label: show.parse(node, label) for label, (_, node) in show.entries.items()}
    show.asked += list(show.entries)
    under = block.words("under") or ("base",)
    block.done()
    shown = {label: tree for label, tree in measures.items() if tree is not None}
    return Headline(key.text, title, shown, under, against, note, key.place)


def _checks(top: Block) -> list[Check]:
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
