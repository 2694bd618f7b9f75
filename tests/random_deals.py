"""Random deals that mix all types of terms: 24 months, processes, hazards, policies, credits and shares.

`deals()` draws a deal as text. Numbers are written with few digits, so that a failing example can be read. What the
generator never draws: a price of zero for something bought, a need below zero, a stake of 100% or more.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from textwrap import dedent

from hypothesis import strategies as st

from tests.support import agreement, agreements, small
from tests.terms.random_capital import CLASS, PREFERRED, capital_terms
from tests.terms.random_capital import EVENTS as CAPITAL_EVENTS
from tests.terms.random_sharing import EVENTS as SHARING_EVENTS
from tests.terms.random_sharing import sharing_terms
from tests.terms.random_supply import exclusivities, obligations, prices, reservations, supply_terms

EXAMPLES = int(os.environ.get("DETENTE_EXAMPLES", "60"))
"""Examples of each property: few in a test run, many in a study."""

DEALS = int(os.environ.get("DETENTE_DEALS", "2000"))
"""Deals that must keep every promise."""

PATHS = 64
FIRST, LAST = "2025-01", "2026-12"


@dataclass(frozen=True)
class RandomDeal:
    """A deal as text, and what a test wants to know of it: types of term by whole name."""

    text: str
    terms: dict[str, str]

    def __repr__(self) -> str:
        return f"a deal with {', '.join(self.terms)}:\n{self.text}"


def month_after_now() -> st.SearchStrategy[str]:
    """A month of the horizon as written."""
    return st.integers(0, 23).map(lambda number: f"{2025 + number // 12}-{number % 12 + 1:02d}")


def percent(low: int, high: int) -> st.SearchStrategy[str]:
    """A whole percentage as written."""
    return st.integers(low, high).map(lambda number: f"{number}%")


def usd(low: int, high: int) -> st.SearchStrategy[str]:
    """A whole sum of money as written."""
    return st.integers(low, high).map(lambda number: f"{number} USD")


CONDITIONS = (
    "lab.USD < 500 USD",
    "unmet(lab.compute) > 1 MW",
    "struck",
    "not struck",
    "sales > 300 USD / month",
    "stake(fund) < 50%",
    "since(2024-12) >= 6 months",
    "true",
)

POLICIES = ("never", "at(2025-04)", "at(2026-02)", "after(0 months)", "after(patience)", "when(lab.USD < 600 USD)")


@st.composite
def tranches(draw: st.DrawFn, credits_too: bool) -> str:
    """One to three payments, some on a condition, some with a deadline, some in service credits."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, 20))
        amount = draw(st.integers(1, 900))
        parts = [f"amount: {amount} USD", f"on: {2025 + start // 12}-{start % 12 + 1:02d}"]
        if draw(st.booleans()):
            parts.append(f"if: {draw(st.sampled_from(CONDITIONS))}")
            if draw(st.booleans()):
                end = draw(st.integers(start, 23))
                parts.append(f"by: {2025 + end // 12}-{end % 12 + 1:02d}")
            if draw(st.booleans()):
                parts.append(f"otherwise: {draw(st.integers(0, amount))} USD")
        if credits_too and draw(st.booleans()):
            parts.append("form: credits")
        found.append("{" + ", ".join(parts) + "}")
    return f"[{', '.join(found)}]"


@st.composite
def lasting(draw: st.DrawFn) -> str:
    """When a term holds: always, from, until, or until an event."""
    return draw(
        st.sampled_from(
            (
                "",
                "from: 2025-05, ",
                "until: 2026-03, ",
                "from: 2025-03, until: 2026-08, ",
                "stops: struck, ",
                "stops: left, ",
            )
        )
    )


SHOCKS = {
    "none": "sales: {unit: USD / month, past: {2024-12: 400}, next: 'gbm(growth = 40% / year, volatility = 40% / sqrt(year))', assumed: g}",
    "fading": "sales: {unit: USD / month, past: {2024-10: 300, 2024-12: 400}, next: 'gbm(growth = pace, fades_to = 5% / year, over = 9 months, volatility = 60% / sqrt(year))', assumed: g}",
    "jumping": "sales: {unit: USD / month, past: {2024-12: 400}, next: 'jump(growth = pace, volatility = 40% / sqrt(year), rate = danger, size = -60%, spread = 30%)', assumed: g}",
    "level": "sales: {unit: USD / month, past: {2024-12: 400}, next: 'ou(mean = 350 USD / month, half_life = 5 months, volatility = 50 USD / month / sqrt(month))', assumed: g}",
}


@st.composite
def deals(draw: st.DrawFn) -> RandomDeal:
    """A deal with at least one term; each type stands in about a third or a quarter of the deals."""
    with_credits = draw(st.booleans())
    cloud: list[str] = []
    rival: list[str] = []
    fund: list[str] = []
    kinds: dict[str, str] = {}

    def add(where: list[str], whole: str, name: str, kind: str, text: str, dated: bool = True) -> None:
        where.append(f"{name}: {{type: {kind}, {draw(lasting()) if dated else ''}{text}, assumed: g}}")
        kinds[f"{whole}.{name}"] = kind

    def wanted() -> bool:
        return draw(st.integers(0, 2)) == 2

    capacity = draw(st.sampled_from(("6 MW", "'max(0 MW, fleet - 2 MW)'", "fleet * efficiency")))
    add(
        cloud, "first", "power", "supply", f"supplier: cloud, need: lab.compute, capacity: {capacity}, {draw(prices())}"
    )
    if wanted():
        text = f"supplier: rival, need: lab.compute, capacity: sites, price: {draw(st.integers(1, 6))} USD / MW / month"
        add(rival, "second", "power", "supply", text)
    if wanted():
        text = f"supplier: rival, need: lab.compute, capacity: 0.5 * sites, fee: {draw(st.integers(1, 5))} USD / MW / month{draw(reservations())}"
        add(rival, "second", "sites", "take_or_pay", text)
    if wanted():
        text = f"of: first.power, {draw(obligations())}, damages: 2 USD / MW / month"
        add(cloud, "first", "due", "capacity_delivery_obligation", text)
    if wanted():
        add(cloud, "first", "only", "exclusivity", f"supplier: cloud, need: lab.compute{draw(exclusivities())}")
    if wanted():
        chance = draw(st.sampled_from(("", ", chance: 30%", ", chance: match_chance")))
        window = draw(st.sampled_from(("", ", window: 3 months")))
        text = f"holder: cloud, need: lab.compute, matches: {draw(st.integers(0, 6))} MW{chance}{window}"
        add(cloud, "first", "refusal", "right_of_first_refusal", text)
    if wanted():
        cap = draw(st.sampled_from(("", ", cap: 150 USD", ", cap: 900 USD")))
        text = f"payer: lab, payee: cloud, base: sales, rate: {draw(percent(0, 40))}{cap}"
        add(cloud, "first", "takings", "revenue_share", text)
    if wanted():
        text = (
            f"licensor: lab, licensee: cloud, income: 0.3 * sales, income_from: world,"
            f" replacement: {draw(percent(0, 100))}, replacement_over: {draw(st.integers(1, 12))} months"
        )
        add(cloud, "first", "models", "licence", text)
    if wanted():
        add(cloud, "first", "veto", "consent_right", "holder: cloud, over: conversion, given: consent")
    if wanted():
        text = f"holder: cloud, company: lab, when: conversion, to_stake: {draw(percent(0, 60))}"
        add(cloud, "first", "interest", "conversion", text)
    if wanted():
        shares = draw(st.sampled_from(("", ", price: 4 USD / share")))
        text = f"investor: fund, company: lab, tranches: {draw(tranches(False))}{shares}"
        add(fund, "third", "money", "capital_commitment", text)
    if wanted() and with_credits:
        text = f"investor: cloud, company: lab, tranches: {draw(tranches(True))}"
        add(cloud, "first", "backing", "capital_commitment", text)
    if wanted():
        text = (
            f"company: lab, investor: fund, when: {draw(st.sampled_from(CONDITIONS))}, amount: {draw(usd(1, 900))},"
            f" pre_money: 'max(100 USD, 20 months * sales)', not_within: {draw(st.integers(0, 8))} months"
        )
        add(fund, "third", "round", "equity_round", text)

    rivals = [name for name, kind in kinds.items() if kind in ("supply", "take_or_pay") and name != "first.power"]
    for name, kind, more in [*draw(supply_terms(["first.power"], rivals)), *draw(sharing_terms())]:
        add(cloud, "first", name, kind, more)

    for name, kind, more in draw(capital_terms("third.round" in kinds)):
        add(fund, "third", name, kind, more)

    def policy() -> str:
        return draw(st.sampled_from(POLICIES))

    text = small(
        to="2026-12",
        resources=f"""
            USD:     {{kind: money}}
            credits: {{kind: money, in: USD, issuer: cloud, settles: {draw(percent(0, 100))}, assumed: g}}
            compute: {{kind: capacity, unit: MW}}
            equity:  {{kind: shares, issuer: lab}}
            {CLASS}
        """,
        opening=f"""
            {PREFERRED}
            lab.USD:      {{balance: 500 to 2000 USD, assumed: g}}
            cloud.USD:    {{balance: 500 USD, assumed: g}}
            rival.USD:    {{balance: 0 USD}}
            lab.credits:  {{balance: 120 USD, assumed: g}}
            staff.equity: {{balance: 100 share, assumed: g}}
            fund.equity:  {{balance: 7 share, assumed: g}}
        """,
        assumptions="""
            rate:         {value: 2 to 5 USD / MW / month, assumed: g}
            efficiency:   {value: 40% to 90%, assumed: g}
            match_chance: {value: 10% to 70%, assumed: g}
            patience:     {value: 1 to 9 months, assumed: g}
            pace:         {value: 10% to 90% / year, assumed: g}
            danger:       {value: 10% to 60% / year, kind: rate, assumed: g}
        """,
        correlations="- {between: [rate, pace], is: 0.5, assumed: g}\n- {between: [sales, wish], is: 0.6, assumed: g}",
        variables=f"""
            {SHOCKS[draw(st.sampled_from(sorted(SHOCKS)))]}
            wish:  {{unit: MW, past: {{2024-12: 8}}, next: 'gbm(growth = 60% / year, volatility = 30% / sqrt(year))', assumed: g}}
            fleet: {{unit: MW, table: {{2025-01: 4, 2026-12: {draw(st.integers(1, 30))}}}, assumed: g}}
            sites: {{unit: MW, table: {{2025-01: 1, 2025-09: {draw(st.integers(1, 9))}, 2026-06: 12}}, assumed: g}}
            unmet_before: {{unit: MW, is: 'prev(unmet(lab.compute), start = 0 MW)'}}
        """,
        flows="""
            subscriptions: {from: world, to: lab, amount: sales}
            running:       {from: lab, to: world, amount: 0.7 * sales, assumed: g}
            hosting:       {from: lab, to: cloud, amount: 0.1 * sales, assumed: g}
            grant:         {from: world, to: lab, amount: 15 USD / month, class: financing, assumed: g}
        """,
        needs="lab.compute: {resource: compute, amount: 'max(0 MW, wish)'}",
        agreements=agreements(
            agreement("\n".join(cloud), "lab, cloud", "2024-01", "first"),
            *([agreement("\n".join(rival), "lab, rival", "2024-03", "second")] if rival else []),
            *([agreement("\n".join(fund), "lab, fund", "2024-02", "third")] if fund else []),
        ),
        events=dedent(f"""
            struck:     {{hazard: danger}}
            left:       {{decided_by: cloud, possible: struck, policy: {policy()}, assumed: g}}
            consent:    {{decided_by: cloud, policy: {policy()}, options: [never, after(0 months)], assumed: g}}
            conversion: {{decided_by: lab, policy: {policy()}, options: [never, after(0 months)], assumed: g}}
            short:      {{when: lab.USD < 0 USD}}
        """).strip()
        + dedent(SHARING_EVENTS).rstrip()
        + dedent(CAPITAL_EVENTS).rstrip(),
        values="lab: {discount: 10% / year, each: 'net(lab, all, USD)', at_end: lab.USD, assumed: g}",
        futures="conversion_came: conversion by 2026-06",
    )
    return RandomDeal(text, kinds)
