"""What each key of a deal file means and holds, block by block: the one source of the schema's descriptions.

A test holds the keys to those that the loader asks for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from detente.deal.fields import WAYS_BETWEEN
from detente.deal.load import KINDS, SECTIONS

Shape = dict[str, Any]
"""A piece of JSON Schema."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a block: what it means and what it holds."""

    doc: str
    shape: Shape
    required: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A kind of block. `others` is what further keys hold, which the deal names; `one_of` are keys of which exactly one
    must be there."""

    title: str
    doc: str
    keys: dict[str, Key]
    others: Shape | bool = False
    one_of: tuple[str, ...] = ()
    related: Shape = field(default_factory=dict)


# --- What a key can hold


def ref(name: str) -> Shape:
    return {"$ref": f"#/$defs/{name}"}


TEXT, DATE, EXPRESSION, NAMES, POINTS, POLICY = map(ref, ("text", "date", "expression", "names", "points", "policy"))
TRUTH: Shape = {"type": "boolean"}


def words(*choices: str) -> Shape:
    return {"enum": list(choices)}


def list_of(name: str) -> Shape:
    return {"type": "array", "items": ref(name)}


def _by_name(name: str, named: bool = True) -> Shape:
    """Blocks by a name, which an expression can hold."""
    shape: Shape = {"type": "object", "additionalProperties": ref(name)}
    return shape | ({"propertyNames": ref("name")} if named else {})


GROUNDS = {
    "claims": Key("What the numbers rest on: claims of claims.jsonl, `[id, {id: bound}]`.", ref("claims")),
    "assumed": Key(
        "Why a number is assumed where no claim gives it. Every number but 0 and 1 needs one of both.", TEXT
    ),
    "since": Key("From when on the assumption was held; before it, `before` counts.", DATE),
    "note": Key("A plain text beside the block; it grounds nothing.", TEXT),
}


def _before(name: str) -> dict[str, Key]:
    doc = "What stood in its place while its grounds were not yet known, in the same keys; for `--as-of`."
    return {"before": Key(doc, ref(name))}


TITLE = Key("What reports call it; without it, its name.", TEXT)


# --- Blocks

_SECTIONS = {
    "parties": Key("Who takes part.", _by_name("party")),
    "resources": Key("What flows between them; the first money is that of the deal.", _by_name("resource", False)),
    "assumptions": Key("Uncertain inputs, each with its grounds.", _by_name("assumption")),
    "correlations": Key("Which of them move together.", list_of("correlation")),
    "variables": Key("Quantities by month; `party.name` tells whose they are.", _by_name("variable")),
    "flows": Key("Payments outside the agreements.", _by_name("flow")),
    "needs": Key("Demand for capacities.", _by_name("need")),
    "agreements": Key("What was agreed, term by term.", _by_name("agreement")),
    "opening": Key(
        "What accounts (`party.resource`) hold where they are first simulated; several dates as a list.",
        {
            "type": "object",
            "propertyNames": ref("name"),
            "additionalProperties": {"anyOf": [ref("opening"), list_of("opening")]},
        },
    ),
    "events": Key("What may happen, once on a path.", _by_name("event")),
    "rights": Key("Who can hurt whom.", _by_name("right")),
    "values": Key("What each party is after, by party.", _by_name("value")),
    "beliefs": Key("A party's own versions of assumptions, by party.", _by_name("scenario")),
    "incidents": Key(
        "What happened between two parties, dated and with sources; it moves nothing by itself.", _by_name("incident")
    ),
    "relations": Key("What incidents would move if they were heeded; off unless a run asks.", _by_name("relation")),
    "scenarios": Key("Named sets of changes to run the deal under.", _by_name("scenario")),
    "futures": Key(
        "Named conditions on whole paths, in order.",
        {
            "type": "object",
            "propertyNames": ref("name"),
            "additionalProperties": {"anyOf": [EXPRESSION, ref("future")]},
        },
    ),
    "headlines": Key("The questions of the first screen.", _by_name("headline")),
    "questions": Key("What a forecast answers, by id.", _by_name("question")),
    "outputs": Key("Series worth recording and drawing.", NAMES),
    "checks": Key("What must hold, or the deal is wrong.", list_of("check")),
}

BLOCKS = {
    "deal": Block(
        "A deal",
        "What was agreed between companies, what is assumed, and what may happen.",
        {
            "deal": Key("The title of the deal.", TEXT, True),
            "from": Key("Where the record begins; without it, at `now`.", DATE),
            "now": Key("Where the record ends. The first simulated month is the one after it.", DATE, True),
            "to": Key("The last simulated month.", DATE, True),
            "step": Key("The length of a step.", words("month")),
            "note": Key("A plain text about the whole deal.", TEXT),
            **{name: _SECTIONS[name] for name in SECTIONS},
        },
    ),
    "party": Block(
        "A party",
        "A company, an investor, a regulator, or the outside world.",
        {
            "name": Key("What reports call it.", TEXT),
            "outside": Key("A source and a sink, such as customers or vendors: its accounts need no opening.", TRUTH),
            "fiscal_year_ends": Key(
                "The month in which its fiscal year ends, for `FY2025 of it`: 6 is June.",
                {"type": "integer", "minimum": 1, "maximum": 12},
            ),
            "currency": Key("The money it keeps its accounts in, where that is not the first of the deal.", TEXT),
            "note": GROUNDS["note"],
        },
    ),
    "resource": Block(
        "A resource",
        "Money, a capacity that is delivered or lost within the month, or the shares of a company.",
        {
            "kind": Key(
                "Money is held and paid; a capacity is never stored; shares are issued by a company.",
                words("money", "capacity", "shares"),
                True,
            ),
            "unit": Key("The unit it is counted in, such as MW; of money, the currency.", TEXT),
            "in": Key("Of credits: the currency they count in.", TEXT),
            "issuer": Key("Who issues it: the company of the shares, or whose invoices the credits pay.", TEXT),
            "settles": Key("Of credits: the part of its issuer's invoices that they pay while they last.", EXPRESSION),
            "rate": Key("Of a further currency: what one of it is worth in the first money of the deal.", EXPRESSION),
            **GROUNDS,
        },
    ),
    "assumption": Block(
        "An assumption",
        "An uncertain input, drawn once on every path, or a plain number to be changed in scenarios.",
        {
            "value": Key("Such as `9 to 12 mn USD / MW / year`, `normal(20%, 5%)` or `18 months`.", EXPRESSION, True),
            "kind": Key(
                "What a percentage means: a share stays within 0 and 100%, a ratio may pass it, a growth "
                "compounds, a rate is continuous (hazards ask for it).",
                words(*KINDS),
            ),
            "stream": Key("The name its draws are made under; keeps them when it is renamed.", TEXT),
            **GROUNDS,
            **_before("assumption"),
        },
    ),
    "correlation": Block(
        "A correlation",
        "How far two assumptions, or the shocks of two processes, move together.",
        {
            "between": Key("Two names: `[revenue_pace, compute_pace]`.", NAMES, True),
            "is": Key("From -1 to 1.", EXPRESSION, True),
            **GROUNDS,
        },
    ),
    "variable": Block(
        "A variable",
        "A quantity by month: a record and a process (`past`, `next`), a formula (`is`), or a `table`.",
        {
            "unit": Key("The unit of bare numbers in the block, and the one it is shown in.", TEXT),
            "past": Key("The record by date. Every path passes through it.", POINTS),
            "table": Key("Values by date, some perhaps uncertain; level outside the dates.", POINTS),
            "interpolation": Key(
                "What holds between the dates of the table: a straight line (so if left out), the last value, or a "
                "straight line in logarithms.",
                words(*WAYS_BETWEEN),
            ),
            "observed": Key("What was observed: compared, charted and scored, it drives nothing.", POINTS),
            "next": Key(
                "The process after the record, such as `gbm(growth = …, volatility = …)`, "
                "`ou(mean = …, half_life = …, volatility = …)`, `jump(…)` or `count(rate = …)`.",
                EXPRESSION,
            ),
            "is": Key("A formula of other names, such as `price * use(azure.capacity)`.", EXPRESSION),
            **GROUNDS,
            **_before("variable"),
        },
        one_of=("next", "is", "table"),
    ),
    "point": Block(
        "A point",
        "A value on a date with grounds of its own.",
        {"value": Key("The value, in the unit of the variable.", EXPRESSION, True), **GROUNDS},
    ),
    "flow": Block(
        "A flow",
        "An amount of a resource per time from one party to another, outside every agreement.",
        {
            "from": Key("Who gives.", TEXT, True),
            "to": Key("Who takes.", TEXT, True),
            "amount": Key("How much per time, such as `openai.sales`.", EXPRESSION, True),
            "class": Key("Whether it belongs to business or to its financing.", words("operating", "financing")),
            **GROUNDS,
        },
    ),
    "need": Block(
        "A need",
        "A party's demand for a capacity, served by the offers of supply terms, the cheapest first.",
        {
            "resource": Key("The capacity that is needed.", TEXT, True),
            "amount": Key("How much is needed this month.", EXPRESSION, True),
            "party": Key("Whose need it is; without it, what stands before the dot of its name.", TEXT),
            **GROUNDS,
        },
    ),
    "agreement": Block(
        "An agreement",
        "Terms between parties, signed on a date and perhaps amended later.",
        {
            "between": Key("The parties.", NAMES, True),
            "signed": Key("When it was signed; its terms hold from then on.", DATE, True),
            "title": TITLE,
            "terms": Key("The clauses by name.", {"type": "object", "additionalProperties": ref("term")}, True),
            "amendments": Key("What was changed later, in order of time.", list_of("amendment")),
            **GROUNDS,
        },
    ),
    "amendment": Block(
        "An amendment",
        "What becomes of terms on a date: further keys are their names. `ends` ends a term, a block of parameters "
        "changes it, a block with a `type` adds it.",
        {
            "on": Key("The date; the terms change in its month.", DATE, True),
            "title": Key("What the amendment is called.", TEXT),
            **GROUNDS,
        },
        others={"anyOf": [words("ends"), ref("term"), ref("term-changes")]},
    ),
    "opening": Block(
        "An opening",
        "What an account holds at the end of a month, from where it is simulated.",
        {
            "on": Key("The month; without it, at `now`.", DATE),
            "balance": Key("What it holds.", EXPRESSION, True),
            **GROUNDS,
        },
    ),
    "event": Block(
        "An event",
        "Something that happens at most once: by a hazard, by a condition, by a decision, or in the past.",
        {
            "title": TITLE,
            "hazard": Key("The rate at which it happens, of `kind: rate`.", EXPRESSION),
            "when": Key("The condition at which it happens.", EXPRESSION),
            "decided_by": Key("The party that has the right to decide it.", TEXT),
            "happened": Key("The date on which it happened, on record.", DATE),
            "possible": Key("The condition without which it cannot happen.", EXPRESSION),
            "policy": Key("How whoever decides it uses the right.", POLICY),
            "options": Key("Other ways to use it, which analyses try.", {"type": "array", "items": POLICY}),
            **GROUNDS,
            **_before("event"),
        },
        one_of=("hazard", "when", "decided_by", "happened"),
        related={"dependentRequired": {"decided_by": ["policy"], "policy": ["decided_by"], "options": ["decided_by"]}},
    ),
    "right": Block(
        "A right",
        "Who can hurt whom: what is lost where the right is used, against where it is not.",
        {
            "title": TITLE,
            "holder": Key("Who has the right.", TEXT, True),
            "hurts": Key("Whom its use hurts.", TEXT, True),
            "use": Key("The right used, as in a scenario.", ref("scenario"), True),
            "instead": Key("The right not used, as in a scenario.", ref("scenario"), True),
            **GROUNDS,
        },
    ),
    "value": Block(
        "A value",
        "What a party is after. Leverage and bargains rest on it.",
        {
            "discount": Key("Its discount, a growth such as `9% / year`.", EXPRESSION, True),
            "each": Key("What it receives each month, such as `net(microsoft, all, USD)`.", EXPRESSION),
            "at_end": Key("What it holds at the end.", EXPRESSION),
            **GROUNDS,
        },
        related={"anyOf": [{"required": ["each"]}, {"required": ["at_end"]}]},
    ),
    "scenario": Block(
        "Changes",
        "A named set of changes: each further key is an event, a term or an assumption.",
        {"title": TITLE, **GROUNDS},
        others=ref("change"),
    ),
    "incident": Block(
        "An incident",
        "Something between two parties on a date, as sources tell it. It moves nothing unless relations are heeded.",
        {
            "title": TITLE,
            "between": Key("The two parties.", NAMES, True),
            "on": Key("When it happened.", DATE, True),
            "says": Key("What happened, in our own words.", TEXT, True),
            "kind": Key("Whether it strains the relation (so if left out) or repairs it.", words("strain", "repair")),
            **GROUNDS,
        },
    ),
    "relation": Block(
        "A relation",
        "What incidents between two parties would move, chances and thresholds, if they were heeded.",
        {
            "title": TITLE,
            "between": Key("The two parties.", NAMES, True),
            "moves": Key(
                "By assumption, the assumption that says by how much one incident moves it.",
                {"type": "object", "propertyNames": ref("name"), "additionalProperties": TEXT},
                True,
            ),
            "half_life": Key("After how long an incident counts half; without it, it counts whole.", EXPRESSION),
            **GROUNDS,
        },
    ),
    "future": Block(
        "A future",
        "A named condition on a whole path. A path belongs to the first that fits, else to `other`.",
        {
            "title": TITLE,
            "when": Key("The condition, such as `conversion by 2030-12`.", EXPRESSION, True),
            **GROUNDS,
        },
    ),
    "headline": Block(
        "A headline",
        "A question of the first screen and the figures that answer it.",
        {
            "title": Key("The question.", TEXT, True),
            "show": Key(
                "Figures about whole paths by their label, such as `openai.USD at 2026-12`.",
                {"type": "object", "additionalProperties": EXPRESSION},
                True,
            ),
            "under": Key("The scenarios under which they are asked; without it, `base`.", NAMES),
            "against": Key("The scenario to which differences are shown.", TEXT),
            "note": GROUNDS["note"],
        },
    ),
    "question": Block(
        "A question",
        "What a forecast answers: a quantity by its 5th, 50th and 95th percentile, a condition by its probability.",
        {
            "title": Key("The question.", TEXT, True),
            "show": Key("The figure about whole paths that answers it.", EXPRESSION, True),
            "in": Key("The unit of the answer, such as `bn USD` or `%`; without it, the figure's own.", TEXT),
            **GROUNDS,
        },
    ),
    "check": Block(
        "A check",
        "What must hold, or the deal is wrong.",
        {
            "that": Key("The condition.", EXPRESSION, True),
            "on": Key("The date on which it must hold; without it, it is about whole paths.", DATE),
            **GROUNDS,
        },
    ),
}
"""Every kind of block by name; `deal` is the whole file."""
