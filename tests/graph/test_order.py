"""The order of effect within a month, and what is said of a circle."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings

from detente.engine.evaluate import graph_of
from detente.graph.order import references
from tests.random_deals import EXAMPLES, RandomDeal, deals
from tests.support import agreement, agreements, codes, play, read, refused, small


@given(deals())
@settings(max_examples=max(10, EXAMPLES // 3))
def test_every_equation_stands_after_what_it_reads_in_the_same_month(deal: RandomDeal) -> None:
    """No circles: the order of the graph is an order of computation."""
    graph = graph_of(read(deal.text))
    position = {name: number for number, name in enumerate(graph.equations)}
    for name, equation in graph.equations.items():
        for other in references(equation.formula, "reference"):
            assert position[other] < position[name], f"{name} reads {other} before it is known"


CHAIN = small(
    to="2025-06",
    variables="""
        sales: {unit: USD / month, is: 'if broken then 40 USD / month else 100 USD / month', assumed: g}
        extra: {unit: MW, is: 'if broken then 4 MW else 0 MW', assumed: g}
    """,
    flows="subscriptions: {from: world, to: lab, amount: sales}",
    needs="lab.compute: {resource: compute, amount: 6 MW + extra, assumed: g}",
    agreements=agreements(
        agreement(
            """
            power:   {type: supply, supplier: cloud, need: lab.compute, capacity: 9 MW, price: 2 USD / MW / month, stops: ended, assumed: g}
            takings: {type: revenue_share, payer: lab, payee: cloud, base: sales, rate: 20%, assumed: g}
            only:    {type: exclusivity, supplier: cloud, need: lab.compute, stops: ended}
            veto:    {type: consent_right, holder: cloud, over: ended, given: consent}
            """
        ),
        agreement(
            "power: {type: supply, supplier: rival, need: lab.compute, capacity: 20 MW, price: 3 USD / MW / month, assumed: g}",
            "lab, rival",
            "2024-06",
            "other",
        ),
    ),
    events="""
        broken:  {when: on(2025-03)}
        consent: {decided_by: cloud, possible: broken, policy: after(0 months)}
        ended:   {decided_by: lab, policy: after(0 months)}
    """,
)


def test_a_declared_event_reaches_consents_terminations_volumes_and_payments_in_its_month() -> None:
    """Terms rule 1. In March the event comes; with it the consent; with that the end of the supply and of the exclusivity;
    the need of 10 MW goes to the rival at 3 USD; the share is a fifth of the lower sales; all of it in March."""
    played = play(CHAIN)
    before, month = "2025-02", "2025-03"
    assert [played(name, before) for name in ("broken", "consent", "ended")] == [0, 0, 0]
    assert [played(name, month) for name in ("broken", "consent", "ended")] == [1, 1, 1]
    assert (played("pact.power.use", before), played("other.power.use", before)) == (6.0, 0.0)
    assert (played("pact.power.use", month), played("other.power.use", month)) == (0.0, 10.0)
    assert (played("other.power.bill", before), played("other.power.bill", month)) == (0.0, 30.0)
    assert (played("pact.takings", before), played("pact.takings", month)) == (20.0, 8.0)
    assert played("lab.USD", month) - played("lab.USD", before) == pytest.approx(40 - 30 - 8)


def test_what_an_event_reads_of_accounts_is_their_opening() -> None:
    """Cash falls from 1000 by 400 a month: below 500 as the closing of February, seen as March opens."""
    text = small(
        events="short: {when: lab.USD < 500 USD, assumed: g}",
        flows="burn: {from: lab, to: world, amount: 400 USD / month, assumed: g}",
    )
    played = play(text)
    assert played("lab.USD", "2025-02") == 200.0
    assert played.series("short", "2025-01", "2025-03") == [0.0, 0.0, 1.0]


CIRCLES = {
    "two variables": (
        small(variables="a: {is: b + 1}\nb: {is: a - 1}"),
        {"a", "b"},
    ),
    "a variable with itself": (small(variables="a: {is: a + 1}"), {"a"}),
    "three, and others beside": (
        small(variables="a: {is: b}\nb: {is: c}\nc: {is: a}\nd: {is: a}\ne: {is: 1}"),
        {"a", "b", "c"},
    ),
    "a price that follows the use": (
        small(
            variables="price: {unit: USD / MW / month, is: 1 USD / MW / month * use(pact.power) / (1 MW)}",
            needs="lab.compute: {resource: compute, amount: 1 MW}",
            agreements=agreements(
                agreement(
                    "power: {type: supply, supplier: cloud, need: lab.compute, capacity: 1 MW, price: price}\n"
                    "other: {type: supply, supplier: rival, need: lab.compute, capacity: 1 MW, price: 1 USD / MW / month}",
                )
            ),
        ),
        {"price", "pact.power.price", "pact.power.use"},
    ),
    "an event that waits for what it stops": (
        small(
            flows="sales: {from: world, to: lab, amount: 1 USD / month}",
            agreements=agreement(
                "takings: {type: revenue_share, payer: lab, payee: cloud, base: flow(sales), rate: 100%, stops: rich}"
            ),
            events="rich: {when: flow(pact.takings) > 0 USD / month}",
        ),
        {"rich", "rich.fires", "pact.takings", "pact.takings.active"},
    ),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_a_circle_is_shown_with_all_its_members_and_the_way_out(name: str) -> None:
    text, members = CIRCLES[name]
    (found,) = refused(text)
    assert found.code == "cycle"
    shown = found.found.split(" → ")
    assert shown[0] == shown[-1]
    assert set(shown) == members
    assert len(shown) == len(members) + 1
    assert "prev(x, start = …)" in found.ways_out[0]
    assert [note for _, note in found.related] == [f"'{one}' needs '{other}'" for one, other in pairwise(shown)]


@pytest.mark.parametrize("name", ["two variables", "a variable with itself", "three, and others beside"])
def test_each_arrow_of_a_circle_points_to_what_is_needed(name: str) -> None:
    text, _ = CIRCLES[name]
    (found,) = refused(text)
    shown = found.found.split(" → ")
    for reader, read_by_it in pairwise(shown):
        line = next(line for line in text.splitlines() if line.strip().startswith(f"{reader}: {{is"))
        assert read_by_it in line.split("is:")[1]


def test_the_way_out_of_a_circle_works() -> None:
    assert codes(small(variables="a: {is: 'prev(b, start = 0) + 1'}\nb: {is: a - 1}")) == []
