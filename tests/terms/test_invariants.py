"""What each term promises in its docstring, and what every deal must keep, over random parameters and random deals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.deal.model import RowText
from detente.lang.syntax import Number, Quantity
from detente.terms.term import catalogue
from tests.random_deals import DEALS, EXAMPLES, PATHS, RandomDeal, deals
from tests.support import Played, agreement, agreements, play, small
from tests.terms import random_capital, random_sharing, random_supply

SMALL = 1e-9
"""Relative: more than rounding can add up to in two years, less than anything anybody would miss."""

PARTS = 8
"""Parts that run side by side where there is more than one processor."""

few = settings(max_examples=max(10, EXAMPLES // 3))


# every deal


def test_the_generator_knows_every_type_of_term() -> None:
    """A new type must be mixed into the random deals as well."""
    assert set(catalogue()) == set(PROMISES)


@pytest.mark.parametrize("part", range(PARTS))
@given(deal=deals())
@settings(max_examples=DEALS // PARTS)
def test_a_random_deal_keeps_every_promise(part: int, deal: RandomDeal) -> None:
    """It compiles and runs; every value is finite; what is paid is received; capacity adds up; stakes sum to one; and each
    term does what its docstring says."""
    played = play(deal.text, range(PATHS))
    for name, equation in played.graph.equations.items():
        assert equation.formula.absent or np.isfinite(played.simulated(name)).all(), f"{name} is not finite"
    conserves(played)
    capacity_adds_up(played, "lab.compute")
    stakes_sum_to_one(played, "lab", "equity")
    for name, kind in deal.terms.items():
        PROMISES[kind](played, name)


def conserves(played: Played) -> None:
    """R2: the sum over all accounts of a resource is what it was at `now`, relatively to all that moved within 1e-12."""
    accounts = [name for name, one in played.graph.equations.items() if one.role == "account" and name.count(".") == 1]
    assert accounts
    for resource in played.graph.deal.resources:
        held = [name for name in accounts if name.endswith(f".{resource}")]
        if not held:
            continue
        start = sum(played.paths.opening[name] for name in held)
        size = sum(np.abs(played.simulated(name)) for name in held) + np.abs(start)
        gap = np.abs(sum(played.simulated(name) for name in held) - start)
        assert (gap <= 1e-12 * size).all(), f"{resource} appears or vanishes"


def capacity_adds_up(played: Played, need: str) -> None:
    """Used at most what is offered; used and unmet are the need."""
    offers = [name.removesuffix(".use") for name in played.graph.equations if name.endswith(".use")]
    parts = [name for name in offers if not any(other.startswith(f"{name}.") for other in offers)]
    used = sum(played.simulated(f"{name}.use") for name in parts)
    offered = sum(played.simulated(f"{name}.offered") for name in parts)
    assert np.allclose(offered, played.simulated(f"{need}.offered"), rtol=SMALL)
    assert np.allclose(used, played.simulated(f"{need}.delivered"), rtol=SMALL)
    wanted = played.simulated(need)
    assert (np.abs(used + played.simulated(f"{need}.unmet") - wanted) <= SMALL * (wanted + 1.0)).all()
    for name in offers:
        use, offered = played.simulated(f"{name}.use"), played.simulated(f"{name}.offered")
        assert (use >= 0.0).all()
        assert (use <= offered).all()


def stakes_sum_to_one(played: Played, company: str, shares: str) -> None:
    """Shares of all holders over shares issued."""
    holders = [name for name in played.graph.equations if name.endswith(f".{shares}") and name != f"{company}.{shares}"]
    stakes = sum(played.simulated(name) for name in holders) / -played.simulated(f"{company}.{shares}")
    assert np.allclose(stakes, 1.0, rtol=SMALL, atol=0.0)


# what each type of term promises


def value_of(played: Played, term: str, parameter: str) -> float:
    """A parameter that is written as one number."""
    node = played.graph.deal.terms()[term].parameters[parameter]
    assert isinstance(node, Quantity | Number), node
    return node.value


def never_above_what_was_committed(played: Played, name: str) -> None:
    tranches = played.graph.deal.terms()[name].parameters["tranches"]
    assert isinstance(tranches, tuple)
    committed = 0.0
    for number, tranche in enumerate(tranches, 1):
        assert isinstance(tranche, RowText)
        amount = tranche.values["amount"]
        assert isinstance(amount, Quantity)
        committed += amount.value
        paid = played.simulated(f"{name}.tranche_{number}")
        assert ((paid != 0.0).sum(axis=0) <= 1).all(), "a tranche is paid once"
        assert (paid <= amount.value).all()
    assert (played.simulated(f"{name}.paid") <= committed * (1 + SMALL)).all()


def a_round_dilutes_by_raise_over_post_money(played: Played, name: str) -> None:
    held = played.simulated(f"{name}.held") > 0.0
    bought, count = played.simulated(f"{name}.shares"), played.simulated(f"{name}.count")
    raised, price = played.simulated(f"{name}.raised"), played.simulated(f"{name}.price")
    pre_money = price * count
    full = (
        held if f"{name}.allowed" not in played.graph.equations else held & (played.simulated(f"{name}.allowed") == 1.0)
    )
    assert np.allclose((bought / (count + bought))[full], (raised / (pre_money + raised))[full], rtol=SMALL, atol=0.0)
    assert (bought[~held] == 0.0).all()
    spacing = int(value_of(played, name, "not_within"))
    for lane in range(held.shape[1]):
        months = np.flatnonzero(held[:, lane])
        assert (np.diff(months) >= spacing).all()


def a_conversion_brings_at_least_its_stake(played: Played, name: str) -> None:
    fires = (played.simulated("conversion.fires") > 0.0) & (played.simulated(f"{name}.active") > 0.0)
    issued, count = played.simulated(f"{name}.issued"), played.simulated(f"{name}.count")
    opened = np.concatenate([played.paths.opening["cloud.equity"][None], played.simulated("cloud.equity")[:-1]])
    assert (
        (opened + issued)[fires] >= (value_of(played, name, "to_stake") * (count + issued))[fires] * (1 - SMALL)
    ).all()
    assert (issued[~fires] == 0.0).all()


def a_share_stays_under_its_cap_and_stops(played: Played, name: str) -> None:
    if "cap" in played.graph.deal.terms()[name].parameters:
        assert (played.simulated(f"{name}.paid") <= value_of(played, name, "cap") * (1 + SMALL)).all()
    assert (played.simulated(name)[played.simulated(f"{name}.active") == 0.0] == 0.0).all()


def a_licence_earns_while_it_holds(played: Played, name: str) -> None:
    holds = played.simulated(f"{name}.active") > 0.0
    income, replaced = played.simulated(f"{name}.income"), played.simulated(f"{name}.replacement")
    whole = 0.3 * played.simulated("sales")
    assert (income[~holds] == 0.0).all()
    assert (replaced[holds] == 0.0).all()
    assert (replaced <= np.maximum(0.0, value_of(played, name, "replacement") * whole) * (1 + SMALL)).all()


def nothing_happens_without_consent(played: Played, name: str) -> None:
    holds = played.simulated(f"{name}.active") > 0.0
    refused = holds & (played.simulated("consent") == 0.0)
    assert (played.simulated("conversion.fires")[refused] == 0.0).all()


PROMISES: dict[str, Callable[[Played, str], None]] = {
    "capital_commitment": never_above_what_was_committed,
    "equity_round": a_round_dilutes_by_raise_over_post_money,
    "conversion": a_conversion_brings_at_least_its_stake,
    "revenue_share": a_share_stays_under_its_cap_and_stops,
    "licence": a_licence_earns_while_it_holds,
    "consent_right": nothing_happens_without_consent,
    **random_capital.PROMISES,
    **random_sharing.PROMISES,
    **random_supply.PROMISES,
}


# promises that compare two runs, or that need a deal of their own

whole = st.integers(1, 40)


@given(
    stakes=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    raises=st.lists(st.integers(1, 5000), min_size=1, max_size=4),
)
@few
def test_stakes_of_all_holders_sum_to_one_through_rounds_of_any_size(stakes: list[int], raises: list[int]) -> None:
    """A round in each of the first months, of any size, and a conversion to any stake in the second."""
    held = " ".join(f"if on(2025-{number:02d}) then {amount} USD else" for number, amount in enumerate(raises, 1))
    text = small(
        agreements=agreements(
            agreement(
                "round: {type: equity_round, company: lab, investor: fund, when: before(2025-06), amount: 'amount', pre_money: 500 USD, assumed: g}",
                "lab, fund",
                name="raise",
            ),
            agreement(
                f"interest: {{type: conversion, holder: cloud, company: lab, when: converted, to_stake: {stakes[0]}%, assumed: g}}"
            ),
        ),
        variables=f"amount: {{unit: USD, is: '{held} 1 USD', assumed: g}}",
        events="converted: {decided_by: lab, policy: at(2025-02)}",
    )
    played = play(text)
    stakes_sum_to_one(played, "lab", "equity")
    conserves(played)


@given(steps=st.lists(st.integers(0, 9), min_size=3, max_size=8), chance=st.integers(0, 100), limit=st.integers(0, 6))
@few
def test_what_rivals_lose_by_a_right_of_first_refusal_its_holder_gains(
    steps: list[int], chance: int, limit: int
) -> None:
    """Two rivals whose capacities grow: what all can deliver is the same with the right and without it."""
    heights = np.cumsum(steps)
    table = ", ".join(f"2025-{number:02d}: {height}" for number, height in enumerate(heights, 1))
    term = (
        "{type: supply, supplier: rival, need: lab.compute, capacity: CAPACITY, price: 2 USD / MW / month, assumed: g}"
    )
    text = small(
        needs="lab.compute: {resource: compute, amount: 30 MW, assumed: g}",
        variables=f"sites: {{unit: MW, table: {{{table}}}, assumed: g}}",
        agreements=agreements(
            agreement(
                "power: {type: supply, supplier: cloud, need: lab.compute, capacity: 5 MW, price: 3 USD / MW / month, assumed: g}\n"
                f"refusal: {{type: right_of_first_refusal, holder: cloud, need: lab.compute, matches: {limit} MW, chance: {chance}%, assumed: g}}",
                name="first",
            ),
            agreement(
                f"a: {term.replace('CAPACITY', 'sites')}\nb: {term.replace('CAPACITY', '0.5 * sites')}",
                "lab, rival",
                name="second",
            ),
        ),
    )
    played = play(text)
    moved = played.simulated("lab.compute.offered")[:, 0]
    there = 5.0 + 1.5 * played.simulated("sites")[:, 0]
    assert np.allclose(moved, there, rtol=SMALL)
    gained = played.simulated("first.power.offered")[:, 0] - 5.0
    grown = 1.5 * (played.simulated("sites")[:, 0] - heights[0])
    assert (gained <= chance / 100 * grown + SMALL).all()
    assert (np.diff(gained) <= limit + SMALL).all()


@given(need=st.integers(0, 40), capacity=whole, fee=whole)
@few
def test_a_reservation_costs_the_same_whatever_is_used(need: int, capacity: int, fee: int) -> None:
    text = small(
        needs=f"lab.compute: {{resource: compute, amount: {need} MW, assumed: g}}",
        agreements=agreement(
            f"sites: {{type: take_or_pay, supplier: cloud, need: lab.compute, capacity: {capacity} MW, fee: {fee} USD / MW / month, assumed: g}}"
        ),
    )
    played = play(text)
    assert np.allclose(played.simulated("pact.sites.bill"), capacity * fee, rtol=SMALL)
    assert np.allclose(played.simulated("pact.sites.use"), min(need, capacity), rtol=SMALL)


@given(
    amounts=st.lists(st.integers(1, 500), min_size=1, max_size=5),
    needed=st.integers(1, 14),
    windows=st.lists(st.tuples(st.integers(1, 12), st.integers(0, 6)), min_size=5, max_size=5),
)
@few
def test_a_tranche_with_a_deadline_is_settled_once_in_its_window(
    amounts: list[int], needed: int, windows: list[tuple[int, int]]
) -> None:
    """Readiness is 1 MW in January and one more each month: the month in which a tranche must be paid is known by hand."""
    tranches, expected = [], np.zeros(12)
    for amount, (on, wait) in zip(amounts, windows, strict=False):
        by = min(12, on + wait)
        tranches.append(
            f"{{amount: {amount} USD, on: 2025-{on:02d}, if: readiness >= {needed} MW, by: 2025-{by:02d}, otherwise: 0.5 * {amount} USD}}"
        )
        met = max(on, needed)
        if met <= by:
            expected[met - 1] += amount
        else:
            expected[by - 1] += 0.5 * amount
    text = small(
        variables="readiness: {unit: MW, table: {2025-01: 1, 2025-12: 12}, assumed: g}",
        agreements=agreement(
            f"money: {{type: capital_commitment, investor: fund, company: lab, tranches: [{', '.join(tranches)}], assumed: g}}",
            "lab, fund",
        ),
    )
    assert np.allclose(play(text).simulated("pact.money")[:, 0], expected, rtol=SMALL)


@given(base=st.integers(0, 900), rate=st.integers(0, 100), cap=st.integers(0, 2000), paid=st.integers(0, 500))
@few
def test_a_capped_share_pays_the_share_until_the_cap_to_the_cent(base: int, rate: int, cap: int, paid: int) -> None:
    """By hand: each month the lesser of the share and what is left of the cap."""
    text = small(
        opening=f"lab.USD: {{balance: 0 USD}}\ncloud.USD: {{balance: 0 USD}}\npact.takings: {{balance: {paid} USD, assumed: g}}",
        agreements=agreement(
            f"takings: {{type: revenue_share, payer: lab, payee: cloud, base: {base} USD / month, rate: {rate}%, cap: {cap} USD, assumed: g}}"
        ),
    )
    left, expected = max(0.0, cap - paid), []
    for _ in range(12):
        expected.append(min(base * rate / 100, left))
        left -= expected[-1]
    assert np.allclose(play(text).simulated("pact.takings")[:, 0], expected, rtol=SMALL, atol=1e-9)
