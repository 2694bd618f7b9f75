"""From the files of a deal to the Deal: every finding at once, nothing resolved yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol, TypeVar

from detente.deal import prospects
from detente.deal.agreements import read_agreement
from detente.deal.fields import Block, check_name, require_grounds, word
from detente.deal.model import (
    Agreement,
    Assumption,
    Correlation,
    Deal,
    DeclaredFlow,
    DeclaredNeed,
    Opening,
    Party,
    Resource,
    Variable,
)
from detente.deal.references import check_references
from detente.evidence.records import NO_EVIDENCE, Evidence, load_evidence
from detente.text.diagnostic import Diagnostic, with_further
from detente.text.nodes import Node as YamlNode
from detente.text.nodes import Scalar, Sequence, parse, read
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
    "incidents",
    "relations",
    "scenarios",
    "futures",
    "headlines",
    "questions",
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
        events={key.text: prospects.event(key, block) for key, block in sections["events"].items("event")},
        rights=_present(prospects.right(key, block) for key, block in sections["rights"].items("right")),
        values=_present(prospects.value(key, block) for key, block in sections["values"].items("value of")),
        beliefs=prospects.scenarios(sections["beliefs"], "beliefs of"),
        incidents=_present(prospects.incident(key, one, now) for key, one in sections["incidents"].items("incident")),
        relations=_present(prospects.relation(key, block) for key, block in sections["relations"].items("relation")),
        scenarios=prospects.scenarios(sections["scenarios"], "scenario"),
        futures=_present(prospects.future(key, node, findings) for key, node in sections["futures"].entries.values()),
        headlines={key.text: prospects.headline(key, block) for key, block in sections["headlines"].items("headline")},
        questions=_present(prospects.question(key, block) for key, block in sections["questions"].items("question")),
        outputs={item.text: item.place for item in top.names("outputs")},
        checks=tuple(prospects.checks(top)),
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
    between = block.interpolation()
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
    return Variable(key.text, unit, past, following, table, between, formula, observed, grounds, before, key.place)


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
