"""Random terms of capital and ownership between the lab, the fund and the cloud, and what each promises."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from detente.lang.syntax import Number, Quantity
from tests.support import Played

SMALL = 1e-9

EVENTS = """
    exited:    {hazard: danger}
    floated:   {decided_by: lab, policy: at(2025-09), options: [never], assumed: g}
    exercised: {decided_by: cloud, policy: after(patience), options: [never], assumed: g}
    put_back:  {decided_by: fund, policy: when(lab.USD < 900 USD), options: [never], assumed: g}
"""
"""The events these terms need beside those of the random deals."""

CLASS = "preferred: {kind: shares, issuer: lab}"
PREFERRED = "fund.preferred: {balance: 9 share, assumed: g}"
"""The class of shares that the fund holds beside the common ones."""


@st.composite
def capital_terms(draw: st.DrawFn, rounds: bool) -> list[tuple[str, str, str]]:
    """Terms by name, type and text; they may all stand beside one another in the agreement `third`. With `rounds` there
    is a term `third.round`. Notes are small against every cap and value, so that they never take the whole company."""
    found: list[tuple[str, str, str]] = []

    def some(name: str, kind: str, text: str) -> None:
        if draw(st.integers(0, 3)) == 3:
            found.append((name, kind, text))

    def month() -> str:
        number = draw(st.integers(0, 23))
        return f"{2025 + number // 12}-{number % 12 + 1:02d}"

    at_rounds = ", rounds: [third.round], discount: 15%" if rounds and draw(st.booleans()) else ""
    ends = draw(st.sampled_from(("", ", maturity: 2025-11", ", maturity: 2026-04, fallback: converted")))
    lent = f"holder: fund, company: lab, principal: {draw(st.integers(1, 20))} USD, on: {draw(st.sampled_from(('2024-06', '2025-02')))}"
    some(
        "note",
        "convertible_note",
        f"{lent}, rate: {draw(st.integers(0, 20))}% / year, cap: {draw(st.integers(500, 3000))} USD, converts: floated{at_rounds}{ends}",
    )
    some(
        "safe",
        "convertible_note",
        f"{lent}, cap: {draw(st.integers(500, 3000))} USD, post_money: true, not_counted: [preferred], converts: floated{at_rounds}",
    )
    tranches = "[{shares: 5 share, on: 2025-04}, {shares: 7 share, if: sales > 420 USD / month}, {shares: 2 share, if: struck, on: 2025-08}]"
    worth = draw(st.sampled_from(("", ", share_value: 2 months * sales / (100 share)")))
    some(
        "warrant",
        "warrant",
        f"holder: cloud, company: lab, tranches: {tranches}, strike: {draw(st.integers(0, 9))} USD / share, expiry: 2026-06, exercise: exercised{worth}",
    )
    more = draw(st.sampled_from(("", ", participating: true", ", participating: true, cap: 2000 USD")))
    proceeds = "on: [exited], payer: world, proceeds: 'max(0 USD, 9 months * sales - 2000 USD)'"
    some(
        "first_out",
        "liquidation_preference",
        f"company: lab, holder: fund, class: preferred, {proceeds}, invested: {draw(st.integers(0, 900))} USD{more}",
    )
    some(
        "second_out",
        "liquidation_preference",
        f"company: lab, holder: cloud, {proceeds}, invested: 300 USD, seniority: {draw(st.integers(1, 2))}",
    )
    some(
        "protection",
        "anti_dilution",
        f"holder: fund, company: lab, class: preferred, method: {draw(st.sampled_from(('full_ratchet', 'weighted_average')))}, reference_price: {draw(st.integers(1, 90))} USD / share",
    )
    some(
        "interest_on_profit",
        "capped_return",
        f"payer: lab, holder: fund, profit: sales - 330 USD / month, tiers: [{{share: {draw(st.integers(1, 100))}%, cap: 200 USD}}, {{share: 20%, cap: 300 USD}}]{draw(st.sampled_from(('', ', residual_owner: staff')))}",
    )
    some(
        "return_to_sender",
        "option_right",
        f"side: put, holder: fund, obligor: cloud, exercise: put_back, company: lab, shares: {draw(st.integers(1, 12))} share, share_price: 3 USD / share",
    )
    some(
        "backstop",
        "option_right",
        f"side: call, holder: lab, obligor: rival, exercise: floated, need: lab.compute, capacity: {draw(st.integers(0, 5))} MW, unit_price: 2 USD / MW / month",
    )
    some("still", "standstill_cap", f"holder: fund, company: lab, stake: {draw(st.integers(1, 60))}%")
    some(
        "exposure",
        "standstill_cap",
        f"holder: lab, need: lab.compute, supplier: rival, exposure_limit: {draw(st.integers(0, 9))} MW",
    )
    price = draw(st.sampled_from(("", ", price: 6 USD / share")))
    some(
        "letter",
        "intent",
        f"payer: fund, payee: lab, amount: 80 USD, on: {month()}, chance: {draw(st.integers(0, 100))}%, fraction: 50%{price}",
    )
    return found


def _number(played: Played, term: str, parameter: str) -> float:
    node = played.graph.deal.terms()[term].parameters[parameter]
    assert isinstance(node, Quantity | Number), node
    return node.value


def _opened(played: Played, name: str) -> np.ndarray:
    """A remembered quantity as each month opens."""
    return np.concatenate([played.paths.opening[name][None], played.simulated(name)[:-1]])


def a_note_is_repaid_or_becomes_shares(played: Played, name: str) -> None:
    issued, repaid = played.simulated(f"{name}.issued"), played.simulated(f"{name}.repaid")
    assert (issued >= 0.0).all()
    assert (repaid >= 0.0).all()
    assert ((issued > 0.0).sum(axis=0) + (repaid > 0.0).sum(axis=0) <= 1).all()
    owed, balance = played.simulated(f"{name}.owed"), played.simulated(f"{name}.balance")
    assert (owed[owed > 0.0] >= _number(played, name, "principal") * (1 - SMALL)).all()
    over = np.maximum.accumulate((issued > 0.0) | (repaid > 0.0), axis=0)
    assert (balance[over] == 0.0).all()


def a_warrant_vests_for_good_and_is_exercised_within_it(played: Played, name: str) -> None:
    vested, exercised = played.simulated(f"{name}.vested"), played.simulated(f"{name}.exercised")
    assert (np.diff(vested, axis=0) >= 0.0).all()
    assert (np.diff(exercised, axis=0) >= 0.0).all()
    assert (exercised <= vested).all()
    after = np.array([month > 2026 * 12 + 5 for month in played.paths.months[-len(vested) :]])
    assert (played.simulated(f"{name}.bought")[after] == 0.0).all()


def payouts_sum_to_the_proceeds(played: Played, name: str) -> None:
    terms = played.graph.deal.terms()
    preferred = [one for one, text in terms.items() if text.type == "liquidation_preference"]
    common = [one for one in played.graph.equations if one.startswith("proceeds of lab to ")]
    proceeds = played.simulated("proceeds of lab")
    paid = sum(played.simulated(f"{one}.payout") for one in preferred) + sum(played.simulated(one) for one in common)
    assert np.allclose(paid, proceeds, rtol=SMALL, atol=SMALL)
    assert all((played.simulated(one) >= 0.0).all() for one in (*common, *(f"{one}.payout" for one in preferred)))
    senior = min(_rank(played, one) for one in preferred)
    short = played.simulated(f"{name}.payout") < played.simulated(f"{name}.preference") * (1 - SMALL)
    if _rank(played, name) == senior:
        for one in preferred:
            if _rank(played, one) > senior:
                assert (played.simulated(f"{one}.payout")[short] <= SMALL).all()


def _rank(played: Played, name: str) -> int:
    rank = played.graph.deal.terms()[name].parameters.get("seniority", 1)
    assert isinstance(rank, int)
    return rank


def a_conversion_price_never_rises(played: Played, name: str) -> None:
    before, after = _opened(played, f"{name}.conversion_price"), played.simulated(f"{name}.conversion_price")
    extra = played.simulated(f"{name}.extra")
    assert (after > 0.0).all()
    assert (after <= before).all()
    assert (extra[after == before] == 0.0).all()
    assert (extra >= 0.0).all()


def a_capped_return_fills_its_tiers_in_order(played: Played, name: str) -> None:
    returned = played.simulated(f"{name}.returned")
    assert (returned <= 300.0 * (1 + SMALL)).all()
    first, second = played.simulated(f"{name}.tier_1"), played.simulated(f"{name}.tier_2")
    assert ((_opened(played, f"{name}.returned") + first)[second > 0.0] >= 200.0 * (1 - SMALL)).all()
    assert (played.simulated(name)[played.simulated(f"{name}.active") == 0.0] == 0.0).all()


def an_option_is_exercised_at_most_once_in_its_window(played: Played, name: str) -> None:
    exercises = played.simulated(f"{name}.exercises") > 0.0
    assert (exercises.sum(axis=0) <= 1).all()
    assert not exercises[played.simulated(f"{name}.active") == 0.0].any()
    if f"{name}.passing" in played.graph.equations:
        passing = played.simulated(f"{name}.passing")
        assert (passing[~exercises] == 0.0).all()
        assert (passing <= _opened(played, "fund.equity")).all()
    else:
        before = np.maximum.accumulate(exercises, axis=0) == 0.0
        assert (played.simulated(f"{name}.bill")[before] == 0.0).all()


def no_issue_lifts_a_stake_above_its_cap(played: Played, name: str) -> None:
    holds = played.simulated(f"{name}.active") > 0.0
    if "exposure_limit" in played.graph.deal.terms()[name].parameters:
        if "lab.compute.offered_by.rival" in played.graph.equations:
            limit = _number(played, name, "exposure_limit")
            assert (played.simulated("lab.compute.offered_by.rival")[holds] <= limit * (1 + SMALL)).all()
        return
    classes = ("equity", "preferred")
    closing = np.sum([played.simulated(f"fund.{one}") for one in classes], axis=0)
    opened = np.sum([_opened(played, f"fund.{one}") for one in classes], axis=0)
    stake = closing / -np.sum([played.simulated(f"lab.{one}") for one in classes], axis=0)
    more = holds & (closing > opened * (1 + SMALL))
    assert (stake[more] <= _number(played, name, "stake") * (1 + SMALL)).all()


def an_intent_pays_its_fraction_or_nothing(played: Played, name: str) -> None:
    paid, binding = played.simulated(name), played.simulated(f"{name}.binding") > 0.0
    assert (paid[~binding] == 0.0).all()
    assert (played.simulated(f"{name}.paid") <= 40.0 * (1 + SMALL)).all()
    if f"{name}.shares" in played.graph.equations:
        assert (played.simulated(f"{name}.shares")[~binding] == 0.0).all()


PROMISES: dict[str, Callable[[Played, str], None]] = {
    "convertible_note": a_note_is_repaid_or_becomes_shares,
    "warrant": a_warrant_vests_for_good_and_is_exercised_within_it,
    "liquidation_preference": payouts_sum_to_the_proceeds,
    "anti_dilution": a_conversion_price_never_rises,
    "capped_return": a_capped_return_fills_its_tiers_in_order,
    "option_right": an_option_is_exercised_at_most_once_in_its_window,
    "standstill_cap": no_issue_lifts_a_stake_above_its_cap,
    "intent": an_intent_pays_its_fraction_or_nothing,
}
