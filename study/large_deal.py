"""A large deal, for measuring: `python -m study.large_deal FOLDER [--lines N]` writes one that is in order.

Labs buy compute from clouds: each lab has its assumptions, processes, records, needs, agreements with amendments,
openings, events, values, and claims beside the deal. The mixture of sections is about that of the shipped case, block by
block and line by line; a lab takes some 140 lines.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

HEAD = """# A large deal, generated for measuring.
deal: A large deal
from: 2022-12
now: 2024-12
to: 2028-12
step: month
"""

PARTIES = """  lab{n}:    {{name: Lab {n}}}
  cloud{n}:  {{name: Cloud {n}, outside: true}}
  fund{n}:   {{name: Fund {n}, outside: true}}
"""

RESOURCES = """  credits{n}: {{kind: money, in: USD, issuer: cloud{n}, settles: 60%, assumed: most of the money comes back}}
  equity{n}:  {{kind: shares, unit: share, issuer: lab{n}}}
"""

ASSUMPTIONS = """  # Lab {n}: what it sells, what it costs, what it needs
  pace{n}:
    value: 40% to 180% / year
    claims: [{{plan{n}: bound}}]
    assumed: the plan lies in the upper half
    since: 2024-06
    before:
      value: 20% to 250% / year
      assumed: little was known of its plans
  late{n}:    {{value: 10% to 40% / year, assumed: what is left of growth at the end}}
  swing{n}:   {{value: 30% / sqrt(year), assumed: changes between reports scatter by that}}
  serving{n}: {{value: 40% to 90%, kind: ratio, claims: [{{margin{n}: bound}}], assumed: what serving costs of sales}}
  price{n}:   {{value: 9 to 12 mn USD / MW / year, claims: [{{rent{n}: bound}}], assumed: rents over power}}
  part{n}:    {{value: 30% to 60%, assumed: part of the fleet that is offered}}
  loss{n}:    {{value: 15% to 45%, assumed: sales lost for compute that is missing}}
  danger{n}:  {{value: 1% to 5% / year, kind: rate, assumed: a court may stop it}}
  wait{n}:    {{value: 3 to 18 months, assumed: how long it takes to agree}}
"""

VARIABLES = """  lab{n}.revenue:
    unit: bn USD / year
    past:
      2022-12: 0.2
      2023-06: 0.5
      2023-12: {{value: 1.0, claims: [sales{n}-2023]}}
      2024-06: {{value: 1.9, claims: [sales{n}-2024]}}
      2024-12: 3.1
    next: gbm(growth = pace{n}, fades_to = late{n}, over = 24 months, volatility = swing{n})
    claims: [early{n}]
    assumed: fading is judged
  lab{n}.need:
    unit: MW
    past: {{2023-01: 20, 2023-12: 45, 2024-12: 120}}
    next: "gbm(growth = 60% / year, volatility = 20% / sqrt(year))"
    assumed: compute grows with sales
  cloud{n}.fleet:
    unit: MW
    table:
      2023-01: 100
      2024-12: 400
      2026-12: 900
      2028-12: 1500
    assumed: no figure is published
  lab{n}.sales:
    unit: bn USD / year
    is: lab{n}.revenue * (1 - loss{n} * unmet(lab{n}.compute) / max(need(lab{n}.compute), 1 MW))
    assumed: sales fall with compute that is missing
  lab{n}.costs:
    unit: bn USD / year
    is: serving{n} * lab{n}.sales + 0.3 bn USD / year
    assumed: overhead
  lab{n}.result:
    unit: bn USD / year
    is: lab{n}.sales - lab{n}.costs
  lab{n}.year: {{unit: bn USD / year, is: "rolling(lab{n}.sales, 12 months, start = 2 bn USD / year)", assumed: the record of a year}}
  lab{n}.value:
    unit: bn USD
    is: 20 * 1 year * lab{n}.year
    observed:
      2024-06: 40
      2024-12: 62
    assumed: twenty times a year of sales
"""

FLOWS = """  subscriptions{n}: {{from: customers, to: lab{n}, amount: lab{n}.sales}}
  running{n}:       {{from: lab{n}, to: customers, amount: lab{n}.costs}}
"""

NEEDS = """  lab{n}.compute: {{resource: compute, amount: lab{n}.need}}
"""

AGREEMENTS = """  pact{n}:
    title: Lab {n} and its cloud
    between: [lab{n}, cloud{n}]
    signed: 2023-01-15
    terms:
      money:
        type: capital_commitment
        investor: fund{n}
        company: lab{n}
        tranches:
          - {{amount: 1 bn USD, on: 2023-01}}
          - {{amount: 2 bn USD, on: 2025-06, if: signed{n}, otherwise: 1 bn USD}}
        claims: [money{n}]
      credits:
        type: capital_commitment
        investor: cloud{n}
        company: lab{n}
        tranches: [{{amount: 0.5 bn USD, on: 2025-03, form: credits{n}}}]
        assumed: half of it in kind
      sites:
        type: supply
        supplier: cloud{n}
        need: lab{n}.compute
        capacity: part{n} * cloud{n}.fleet
        price: price{n}
        claims: [{{runs{n}: existence}}]
      floor:
        type: take_or_pay
        supplier: cloud{n}
        need: lab{n}.compute
        capacity: 10 MW
        fee: price{n}
        until: 2027-12
        assumed: a small part is firm
      takings:
        type: revenue_share
        payer: lab{n}
        payee: cloud{n}
        base: lab{n}.sales
        rate: 20%
        until: 2028-06
        stops: stopped{n}
        claims: [share{n}]
      veto: {{type: consent_right, holder: cloud{n}, over: converted{n}, given: signed{n}, claims: [{{block{n}: existence}}]}}
    amendments:
      - on: 2024-03
        takings: {{rate: 15%}}
        claims: [share{n}-amended]
      - {{on: 2024-06, floor: {{capacity: 20 MW}}, assumed: it doubled}}
"""

OPENING = """  lab{n}.USD:
    - {{on: 2023-12, balance: 0.5 bn USD, assumed: the raise less a year of loss}}
    - {{on: 2024-12, balance: 0.4 to 1.2 bn USD, claims: [{{cash{n}: bound}}], assumed: the raise less two years of loss}}
  lab{n}.credits{n}: {{balance: 0.1 bn USD, assumed: what is left}}
  fund{n}.equity{n}: {{balance: 1 bn share, assumed: a scale}}
"""

EVENTS = """  stopped{n}:   {{title: stopped by a court, hazard: danger{n}}}
  signed{n}:    {{decided_by: cloud{n}, policy: when(since(2024-12) >= wait{n}), options: [never, at(2025-10)], assumed: talks}}
  converted{n}: {{decided_by: lab{n}, policy: after(0 months), options: [never], claims: [{{block{n}: existence}}]}}
  broke{n}:     {{when: lab{n}.USD < 0 USD}}
"""

RIGHTS = """  withhold{n}: {{holder: cloud{n}, use: {{signed{n}: never}}, instead: {{signed{n}: at(2025-10)}}, hurts: lab{n}, claims: [{{block{n}: direction}}]}}
"""

VALUES = """  lab{n}:   {{discount: 12% / year, each: "net(lab{n}, all, USD)", at_end: 0.5 * lab{n}.value, assumed: cash and half of the value}}
  cloud{n}: {{discount: 9% / year, each: "net(cloud{n}, all, USD)", assumed: cash alone}}
"""

SCENARIOS = """  refused{n}: {{signed{n}: never}}
  cheap{n}:   {{price{n}: 6 mn USD / MW / year, assumed: a glut}}
"""

FUTURES = """  broken{n}: {{title: Lab {n} runs out of cash first, when: broke{n} by 2027-12}}
"""

HEADLINES = """  cash{n}:
    title: Cash of Lab {n}
    show: {{Out of cash: broke{n} by 2027-12, Cash: lab{n}.USD at 2026-12}}
    under: [base, refused{n}]
"""

CHECKS = """  - {{that: paid(pact{n}.money) = 1 bn USD, on: 2024-12, claims: [money{n}]}}
"""

SECTIONS = {
    "parties": "  customers: {outside: true}\n",
    "resources": "  USD:     {kind: money}\n  compute: {kind: capacity, unit: MW}\n",
    "assumptions": "",
    "variables": "",
    "flows": "",
    "needs": "",
    "agreements": "",
    "opening": "",
    "events": "",
    "rights": "",
    "values": "",
    "scenarios": "",
    "futures": "",
    "headlines": "",
    "checks": "",
}
BLOCKS = (
    PARTIES, RESOURCES, ASSUMPTIONS, VARIABLES, FLOWS, NEEDS, AGREEMENTS, OPENING, EVENTS, RIGHTS, VALUES, SCENARIOS,
    FUTURES, HEADLINES, CHECKS,
)  # fmt: skip

SOURCES = """press{n}: {{title: Report on Lab {n}, publisher: A paper, published: 2024-06-30, kind: original, reliability: B}}
"""
CLAIMS: tuple[dict[str, str | float], ...] = (
    {"id": "plan{n}", "says": "The lab plans to double", "low": 0.8, "high": 1.5},
    {"id": "margin{n}", "says": "The margin is a third", "value": 0.33},
    {"id": "rent{n}", "says": "An hour costs three dollars", "value": 3, "unit": "USD / GPU / hour"},
    {
        "id": "sales{n}-2023",
        "says": "The run-rate is a billion",
        "value": 1,
        "unit": "bn USD / year",
        "as_of": "2023-12",
    },
    {"id": "sales{n}-2024", "says": "The run-rate is near two billion", "value": 1.9, "unit": "bn USD / year"},
    {"id": "early{n}", "says": "Sales were small in 2022", "value": 0.2, "unit": "bn USD / year", "as_of": "2022-12"},
    {"id": "money{n}", "says": "A billion was paid, two more were promised", "value": 1, "unit": "bn USD"},
    {"id": "runs{n}", "says": "The lab runs on the cloud"},
    {"id": "share{n}", "says": "A fifth of sales goes to the cloud", "value": 0.2},
    {"id": "share{n}-amended", "says": "The share fell to 15 percent", "value": 0.15},
    {"id": "block{n}", "says": "The cloud can block a conversion"},
    {"id": "cash{n}", "says": "Cash will last a year", "value": 0.8, "unit": "bn USD"},
)


def large_deal(lines: int) -> tuple[str, str, str]:
    """The deal with at least so many lines, its sources and its claims."""
    labs = 1
    while len((text := _deal(labs)).splitlines()) < lines:
        labs = max(labs + 1, labs * lines // (len(text.splitlines()) + 1))
    numbers = range(1, labs + 1)
    sources = "".join(SOURCES.format(n=n) for n in numbers)
    records = [
        {**claim, "id": str(claim["id"]).format(n=n), "source": f"press{n}"} for n in numbers for claim in CLAIMS
    ]
    return text, sources, "".join(json.dumps(record) + "\n" for record in records)


def _deal(labs: int) -> str:
    parts = [HEAD]
    for (section, first), block in zip(SECTIONS.items(), BLOCKS, strict=True):
        parts.append(f"\n{section}:\n{first}" + "".join(block.format(n=n) for n in range(1, labs + 1)))
    outputs = ", ".join(f"lab{n}.USD, lab{n}.sales" for n in range(1, labs + 1))
    return "".join([*parts, f"\noutputs: [{outputs}]\n"])


def write(folder: Path, lines: int) -> None:
    """A folder with the deal and its evidence."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in zip(("deal.yaml", "sources.yaml", "claims.jsonl"), large_deal(lines), strict=True):
        (folder / name).write_text(text, encoding="utf-8")


def main() -> None:
    """Write a large deal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=5_000)
    options = parser.parse_args()
    write(options.folder, options.lines)


if __name__ == "__main__":
    main()
