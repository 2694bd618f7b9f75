"""A small deal with findings made by hand: what the report is tested on. Some of its texts try to break out of the page."""

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detente.answers.results import CheckAnswer, Findings, GroundsAnswer, HeadlineAnswer, RightAnswer, Row
from detente.deal.load import parse_deal
from detente.deal.model import Deal
from detente.engine.run import Measured, Observation, Range, Run, Series
from detente.evidence.records import Claim, Evidence, Source
from detente.text.place import NOWHERE
from detente.text.written import Date, parse_date

EVIL = "</script><img src=x onerror=alert(1)>"
GOLDEN = Path(__file__).parent / "golden"

TEXT = """
deal: "Lab & Cloud <b>[bold]"
from: 2025-01
now: 2025-06
to: 2026-12
step: month
parties:
  lab: {name: Lab}
  cloud: {name: Cloud}
  rival: {name: Rival, outside: true}
  fund: {name: a fund, outside: true}
  customers: {outside: true}
resources:
  USD: {kind: money}
  compute: {kind: capacity, unit: MW}
  stock: {kind: shares, unit: share, issuer: lab}
assumptions:
  pace: {value: 40% to 120% / year, assumed: a guess for the example}
  rent: {value: 9 to 12 mn USD / MW / year, claims: [{rent-2025: bound}], assumed: rent of an hour over the power}
variables:
  lab.sales:
    unit: mn USD / year
    note: annualised run-rate
    past: {2025Q1: {value: 250, claims: [sales-q1]}, 2025-06: 300}
    next: "gbm(growth = pace, volatility = 20% / sqrt(year))"
    assumed: an example
  lab.worth: {unit: bn USD, is: 10 years * lab.sales, observed: {2025-02: 2.4}, assumed: ten years of sales}
  lab.compute_need: {unit: MW, is: 12 MW * lab.sales / 300 mn USD / year, assumed: compute grows with sales}
  cloud.offer: {unit: MW, table: {2025-01: 12, 2026-12: 40}, assumed: an example}
  cloud.part: {unit: "%", is: stake(cloud), note: part of the lab}
  lab.growth: {unit: "% / year", is: 20% / year, assumed: an example}
flows:
  subscriptions: {from: customers, to: lab, amount: lab.sales}
needs:
  lab.compute: {resource: compute, amount: lab.compute_need}
agreements:
  hosting:
    title: Hosting
    between: [lab, cloud]
    signed: 2025-01-15
    terms:
      capacity: {type: supply, supplier: cloud, need: lab.compute, capacity: cloud.offer, price: rent, claims: [hosting-signed]}
      only: {type: exclusivity, supplier: cloud, need: lab.compute, until: 2026-06, claims: [{hosting-signed: existence}]}
    amendments:
      - {on: 2025-04-01, only: {carve_out: [rival]}, claims: [{carved-out: existence}]}
      - {on: 2025-06-01, only: ends, assumed: an example}
  round:
    between: [lab, fund]
    signed: 2025-03
    terms:
      money:
        type: capital_commitment
        investor: fund
        company: lab
        tranches: [{amount: 50 mn USD, on: 2025-03}, {amount: 30 mn USD, on: 2025-12, if: listed, otherwise: 10 mn USD}]
        assumed: an example
  later:
    between: [lab, rival]
    signed: 2025-06-20
    terms:
      spare: {type: supply, supplier: rival, need: lab.compute, capacity: 5 MW, price: rent, from: 2025-10, assumed: an example}
opening:
  lab.USD: {balance: 60 mn USD, assumed: an example}
  cloud.USD: {balance: 0 USD}
  fund.stock: {balance: 2 mn share, assumed: an example}
  cloud.stock: {balance: 1 mn share, assumed: an example}
events:
  out_of_cash: {when: lab.USD < 0 USD}
  listed: {decided_by: lab, policy: at(2025-11), options: [never]}
  cut_off: {decided_by: cloud, policy: never, options: [at(2025-09)]}
rights:
  cut: {title: cut off, holder: cloud, hurts: lab, use: {cut_off: at(2025-09)}, instead: {cut_off: never}, claims: [{hosting-signed: direction}]}
  list: {title: list, holder: lab, hurts: cloud, use: {listed: at(2025-11)}, instead: {listed: never}, assumed: an example}
scenarios:
  not_listed: {listed: never}
futures:
  broke: {title: Out of cash, when: out_of_cash by 2026-12}
  public: {title: A listed company, when: listed by 2026-12}
headlines:
  cash: {title: Cash, show: {Lab runs out of cash by the end of 2026: out_of_cash by 2026-12}, under: [base, not_listed]}
outputs: [lab.USD, lab.sales, lab.worth, lab.compute_need, cloud.offer, cloud.stock, cloud.part, lab.growth]
checks:
  - {that: lab.sales > 0 USD / year, on: 2025-06}
"""  # noqa: E501


def _evidence() -> Evidence:
    sources = [
        Source("herald", "Rents of machines", "The Herald", _date("2025-02-03"), "original", "", "https://example.org/rents?a=1&b=2", "B", NOWHERE),
        Source("bad", f"A title {EVIL}", "Nobody", _date("2025-03"), "forum", "", "javascript:alert(1)", "F", NOWHERE),
    ]  # fmt: skip
    claims = [
        Claim("rent-2025", "herald", "A MW costs nine to twelve million a year", _date("2025-02-03"), None, 9, 12, "mn USD / MW / year", "", "herald", "B", NOWHERE),
        Claim("sales-q1", "herald", "Sales ran at 250 million", _date("2025-04-01"), 250, None, None, "mn USD / year", "2025Q1", "herald", "B", NOWHERE),
        Claim("hosting-signed", "bad", f"They signed {EVIL}", _date("2025-03"), None, None, None, "", "", "bad", "F", NOWHERE),
        Claim("carved-out", "bad", "A rival may serve as well", _date("2025-04"), None, None, None, "", "", "bad", "F", NOWHERE),
    ]  # fmt: skip
    return Evidence({source.name: source for source in sources}, {claim.name: claim for claim in claims})


def _date(text: str) -> Date:
    found = parse_date(text)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def deal() -> Deal:
    """The small deal; it has no faults."""
    found, diagnostics = parse_deal(TEXT, _evidence())
    assert found is not None
    assert diagnostics == (), diagnostics
    return dataclasses.replace(found, notes=("hosting.secret was not known by 2025-06",))


def make_series(
    deal: Deal, name: str, unit: str, level: float, observed: tuple[Observation, ...] = ()
) -> Series:  # fmt: skip
    """A series that doubles over the horizon round a level, certain up to `now`, with a spread that grows from there."""
    months = tuple(range(deal.first, deal.last + 1))
    steps = np.arange(len(months), dtype=np.float64)
    middle = level * 2.0 ** (steps / steps[-1])
    spread = 0.03 * np.maximum(0.0, steps - (deal.now - deal.first))
    mean = middle * (1 + spread / 4)
    share = np.ones(len(months))
    return Series(
        name,
        unit,
        months,
        mean,
        middle * (1 - spread),
        middle,
        middle * (1 + spread),
        0.01 * spread * middle,
        share,
        observed,
    )


def chance(value: float, low: float, high: float) -> Measured:
    """A chance with a range over assumptions."""
    ends = Range(low, high, "pace is at its 5th percentile", "rent is at its 95th percentile")
    return Measured("probability", value, 0.0, 0.0, 1.0, 0.0045, 1.0, ends)


@pytest.fixture(scope="session")
def findings(deal: Deal) -> Findings:
    """Findings about the small deal, made by hand."""
    past = (
        Observation(deal.first, deal.first + 2, 250.0, ("sales-q1",), drives=True),
        Observation(deal.now, deal.now, 300.0, (), drives=True),
    )
    compared = (Observation(deal.first + 1, deal.first + 1, 2.4, (), drives=False),)
    series = [
        make_series(deal, "lab.USD", "USD", 60e6), make_series(deal, "lab.sales", "mn USD / year", 240.0, past),
        make_series(deal, "lab.worth", "bn USD", 2.3, compared), make_series(deal, "lab.compute_need", "MW", 10.0),
        make_series(deal, "cloud.offer", "MW", 12.0), make_series(deal, "cloud.stock", "share", 1e6),
        make_series(deal, "cloud.part", "%", 33.0), make_series(deal, "lab.growth", "% / year", 20.0),
    ]  # fmt: skip
    futures = {"broke": chance(0.45, 0.08, 0.72), "public": chance(0.35, 0.2, 0.5), "other": chance(0.2, 0.1, 0.3)}
    run = Run(deal, "base", 10_000, 7, 1.24, {one.name: one for one in series}, futures)
    loss = Measured("USD", -2.6e7, -6.1e7, -2.4e7, 4.2e6, 1.2e5, 0.83, Range(-4e7, 3e6, f"pace {EVIL}", "rent is low"))
    cash = "Lab runs out of cash by the end of 2026"
    return Findings(
        deal=deal,
        run=run,
        headlines=(
            HeadlineAnswer("cash", "Cash", "a note", "", (
                Row(cash, "base", chance(0.453, 0.08, 0.72)), Row(cash, "not_listed", chance(0.182, 0.05, 0.4)),
                Row("Cash at the end", "base", Measured("USD", 1.4e10, 9.1e9, 1.3e10, 1.8e10, 1.2e8, 1.0)),
            )),
            HeadlineAnswer("loss", "What the lab would lose", "", "base", (Row("Lab", "not_listed", loss),)),
        ),
        rights=(
            RightAnswer("cut", "cut off", "cloud", "lab", "USD", 3.4e7, 1e6, 9e6, 4e5, True, ("hosting-signed",)),
            RightAnswer("list", "list", "lab", "cloud", "USD", -1.3e6, 4e4, 2.2e6, 1e5, False, ()),
        ),
        checks=(CheckAnswer("lab.sales > 0 USD / year", 1.0, "deal.yaml:93"), CheckAnswer("lab.USD > 0 USD", 0.31, "")),
        grounds=(
            GroundsAnswer("rent", "assumption", True, ("rent-2025",), ("herald",), "rent of an hour over the power"),
            GroundsAnswer("pace", "assumption", False, (), (), f"a guess {EVIL}"),
            GroundsAnswer("hosting.capacity", "term", False, ("hosting-signed",), (), ""),
        ),
    )  # fmt: skip


@pytest.fixture
def golden() -> Callable[[str, Any], None]:
    """Holds data against the file of that name; `UPDATE_GOLDEN=1 pytest` writes the files anew."""

    def check(name: str, data: Any) -> None:
        path = GOLDEN / f"{name}.json"
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        if os.environ.get("UPDATE_GOLDEN"):
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} differs; UPDATE_GOLDEN=1 writes it anew"

    return check
