"""Random terms of sharing, rights and control between the lab and the cloud, and what each promises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from detente.lang.syntax import Number, Quantity
from tests.support import Played

EVENTS = """
    approval: {decided_by: lab, policy: at(2025-06), options: [never, after(0 months)], assumed: g}
    notice:   {decided_by: lab, policy: after(0 months), options: [never], assumed: g}
    declared: {decided_by: lab, policy: after(patience), options: [never], assumed: g}
    steps_in: {decided_by: lab, policy: after(0 months), options: [never], assumed: g}
    sold:     {hazard: danger}
    sold_out: {decided_by: cloud, policy: after(0 months), options: [never], assumed: g}
"""
"""The events these terms need beside those of the random deals."""

TAKINGS = "extra_takings"


@st.composite
def sharing_terms(draw: st.DrawFn) -> list[tuple[str, str, str]]:
    """Terms by name, type and text; they may all stand beside one another in the agreement `first`."""
    found: list[tuple[str, str, str]] = []

    def some(name: str, kind: str, text: str) -> None:
        if draw(st.integers(0, 3)) == 3:
            found.append((name, kind, text))

    def part() -> str:
        return f"{draw(st.integers(0, 100))}%"

    advanced = draw(st.sampled_from(("", ", advanced: true", ", advanced: true, interest: 12% / year, recovery: 50%")))
    losses = draw(st.sampled_from(("", ", losses_shared: true")))
    some(
        "venture",
        "profit_and_cost_share",
        f"lead: lab, partner: cloud, profit: sales - 300 USD / month, share: {part()}, cost: 20 USD / month, cost_share: {part()}"
        f"{advanced}{losses}",
    )
    least = draw(st.sampled_from(("", ", minimum: 300 USD", ", minimum: 0 USD")))
    stacked = draw(st.sampled_from(("", ", stacked: 9 USD / month")))
    some(
        "fee",
        "royalty",
        "licensee: lab, licensor: cloud, sales: sales, tiers: [{above: 0 USD, rate: 6%}, {above: 2000 USD, rate: 3%}]"
        f"{least}{stacked}",
    )
    verified = draw(
        st.sampled_from(("", ", verified: consent", ", expiry: 2025-09", ", verified: consent, expiry: 2026-05"))
    )
    some(
        "prize",
        "milestone_payment",
        f"payer: lab, payee: cloud, event: approval, amount: {draw(st.integers(0, 90))} USD{verified}",
    )
    lab = draw(st.integers(0, 100))
    some(
        "robots",
        "joint_development",
        f"cost: 0.1 * sales, to: {draw(st.sampled_from(('world', 'cloud')))}, cost_shares: {{lab: {lab}%, cloud: {100 - lab}%}}",
    )
    some(TAKINGS, "revenue_share", f"payer: lab, payee: cloud, base: sales, rate: {part()}")
    if found and found[-1][0] == TAKINGS:
        contest = draw(st.integers(0, 5))
        some(
            "agi",
            "declared_event",
            f"event: declared, decider: lab, state: struck, contest: {contest} months, ends: [first.{TAKINGS}]",
        )
        down = draw(st.integers(0, 5))
        ground = draw(st.sampled_from((", if: struck", "", ", if: since(2024-12) >= 6 months")))
        some(
            "way_out",
            "termination_trigger",
            f"holder: lab, on: notice{ground}, wind_down: {down} months, ends: [first.{TAKINGS}], fee: 5 USD, fee_from: lab, fee_to: cloud",
        )
        window = draw(st.integers(1, 6))
        some(
            "owner",
            "change_of_control",
            f"party: lab, holder: cloud, passes: sold, on: sold_out, window: {window} months, ends: [first.{TAKINGS}]",
        )
    some(
        "secrecy",
        "information_audit_right",
        f"obligor: cloud, holder: lab, lag: 'danger * {draw(st.integers(0, 90))} months * 1 month', notice: 1 month, damages: 2 USD / month",
    )
    if found and found[-1][0] == "secrecy":
        text = f"holder: lab, obligor: cloud, on: steps_in, failing: [first.secrecy], duration: {draw(st.integers(1, 9))} months, cost: 3 USD / month"
        some("rescue", "step_in_right", text)
    some(
        "rivalry",
        "non_compete_non_solicit",
        "bound: lab, holder: cloud, breaks: sales > 450 USD / month, damages: 4 USD / month",
    )
    return found


def _opened(played: Played, name: str) -> np.ndarray:
    """A remembered quantity as each month opened: float64[month, path]."""
    closed = played.simulated(name)
    return np.concatenate([np.zeros_like(closed[:1]), closed[:-1]])


def literal(node: object) -> float:
    """A number as the generator wrote it."""
    assert isinstance(node, Number | Quantity), node
    return node.value


def advances_add_up(played: Played, name: str) -> None:
    """What was laid out is what was taken back and what is owed; with interest it is at least that."""
    if f"{name}.balance" not in played.graph.equations:
        return
    text = played.graph.deal.terms()[name].parameters
    assert (played.simulated(f"{name}.repaid") >= 0.0).all()
    balance, opened = played.simulated(f"{name}.balance"), _opened(played, f"{name}.balance")
    assert (balance >= -1e-9).all()
    active = played.simulated(f"{name}.active")
    share = literal(text["cost_share"])
    factor = 1.01 if "interest" in text else 1.0
    owed = opened * factor + active * share * 20.0 - played.simulated(f"{name}.repaid")
    assert np.allclose(balance, owed, rtol=1e-9, atol=1e-9)


def a_settled_year_has_its_minimum(played: Played, name: str) -> None:
    if f"{name}.due" not in played.graph.equations:
        return
    due, held = played.simulated(f"{name}.due"), played.simulated(f"{name}.active")
    paid = played.simulated(f"{name}.earned") + due
    text = played.graph.deal.terms()[name].parameters
    least = literal(text["minimum"])
    for year in (slice(0, 12), slice(12, 24)):
        whole = held[year].all(axis=0)
        assert (paid[year].sum(axis=0)[whole] >= least - 1e-9).all()
    assert (due >= 0.0).all()


def paid_at_most_once(played: Played, name: str) -> None:
    assert ((played.simulated(name) != 0.0).sum(axis=0) <= 1).all()


def parts_are_the_cost(played: Played, name: str) -> None:
    text = played.graph.deal.terms()[name].parameters
    cost = 0.1 * played.simulated("sales") * played.simulated(f"{name}.active")
    own = text["cost_shares"]
    assert isinstance(own, dict)
    outside = sum(literal(part) for party, part in own.items() if party != text["to"])
    assert np.allclose(played.simulated(name), cost * outside, rtol=1e-9, atol=1e-9)


def changes_wait_for_the_effect(played: Played, name: str) -> None:
    """The share ends in no month before the declaration, the notice or the change has taken effect."""
    ended = played.simulated(f"first.{TAKINGS}.terminated")
    grounds = [one for one in ("first.agi.in_effect", "notice", "sold_out") if one in played.graph.equations]
    assert (ended <= np.max([played.simulated(one) for one in grounds], axis=0)).all()


def breach_is_exactly_when_it_is_late(played: Played, name: str) -> None:
    damages = played.simulated(f"{name}.damages")
    broken = played.simulated(f"{name}.breached") > 0.0
    assert ((damages > 0.0) == broken).all()
    assert (broken <= (played.simulated(f"{name}.active") > 0.0)).all()


def one_party_operates(played: Played, name: str) -> None:
    operates = played.simulated(f"{name}.operates") > 0.0
    starts = operates & ~(_opened(played, f"{name}.operates") > 0.0)
    assert (starts.sum(axis=0) <= 1).all(), "it steps in once"
    assert (operates <= (played.simulated("steps_in") > 0.0)).all()


PROMISES: dict[str, Callable[[Played, str], None]] = {
    "profit_and_cost_share": advances_add_up,
    "royalty": a_settled_year_has_its_minimum,
    "milestone_payment": paid_at_most_once,
    "joint_development": parts_are_the_cost,
    "declared_event": changes_wait_for_the_effect,
    "termination_trigger": changes_wait_for_the_effect,
    "change_of_control": changes_wait_for_the_effect,
    "information_audit_right": breach_is_exactly_when_it_is_late,
    "non_compete_non_solicit": breach_is_exactly_when_it_is_late,
    "step_in_right": one_party_operates,
}
"""What each type of term of these families promises, in any random deal."""
