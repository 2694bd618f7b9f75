"""The order of effect within a month: events and regulators, consents and waivers, terminations, rights of refusal, volumes,
prices, payments, waterfalls. It follows from what each equation reads; here it is read off the graph."""

from __future__ import annotations

import pytest

from detente.graph.accounts import names_in
from detente.graph.model import Graph
from tests.support import agreement, agreements, play, small

TERMS = """
power: {type: supply, supplier: cloud, need: lab.compute, capacity: 6 MW, price: 3 USD / MW / month, assumed: given}
only: {type: exclusivity, supplier: cloud, need: lab.compute, waived: consent, assumed: given}
refusal: {type: right_of_first_refusal, holder: cloud, need: lab.compute, matches: 1 MW, assumed: given}
review: {type: price_review, of: pact.power, formula: 2 USD / MW / month, dates: [{on: 2025-03}], assumed: given}
veto: {type: consent_right, holder: fund, over: sold, given: approved}
way_out: {type: termination_trigger, holder: lab, on: notice, if: struck, ends: [pact.takings], assumed: given}
takings: {type: revenue_share, payer: lab, payee: cloud, base: 0.2 * flow(sales), rate: 20%, assumed: given}
first: {type: liquidation_preference, company: lab, holder: fund, on: [sold], proceeds: 900 USD, payer: world, invested: 100 USD, assumed: given}
"""

ORDER = [
    ("an event", "struck", "a termination", "pact.takings.terminated"),
    ("a regulator", "approved", "a consent", "pact.veto.granted"),
    ("a consent", "pact.veto.granted", "what waits for it", "sold.fires"),
    ("a consent", "consent", "a waiver", "pact.only.waived"),
    ("a waiver", "pact.only.waived", "a volume", "second.sites.offered"),
    ("a termination", "pact.takings.terminated", "a payment", "pact.takings"),
    ("a right of refusal", "pact.refusal.second.sites.taken", "a volume", "pact.power.use"),
    ("a volume", "pact.power.use", "a payment", "pact.power.bill"),
    ("a price", "pact.power.price", "a payment", "pact.power.bill"),
    ("a payment", "pact.power.bill", "an account", "lab.USD"),
    ("an event", "sold.fires", "a waterfall", "pact.first.payout"),
]
"""What comes first, and what it acts on in the same month."""


def graph() -> Graph:
    """A deal in which each of them stands."""
    rival = "sites: {type: supply, supplier: rival, need: lab.compute, capacity: 2 MW * since(2024-11) / (1 month), price: 1 USD / MW / month, assumed: given}"
    return play(
        small(
            needs="lab.compute: {resource: compute, amount: 8 MW, assumed: given}",
            flows="sales: {from: world, to: lab, amount: 100 USD / month, assumed: given}",
            agreements=agreements(agreement(TERMS.strip()), agreement(rival, "lab, rival", name="second")),
            events="""
                struck:   {hazard: danger}
                approved: {decided_by: fund, policy: at(2025-03)}
                sold:     {decided_by: lab, policy: at(2025-06)}
                consent:  {decided_by: cloud, policy: at(2025-04)}
                notice:   {decided_by: lab, policy: after(0 months)}
            """,
            assumptions="danger: {value: 5% / month, kind: rate, assumed: given}",
        )
    ).graph


def reaches(graph: Graph, name: str) -> set[str]:
    """All that an equation rests on within the same month."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = graph.equations[waiting.pop()]
        for read in names_in(one.formula):
            if read not in found:
                found.add(read)
                waiting.append(read)
    return found


@pytest.mark.parametrize(("what", "first", "then", "last"), ORDER, ids=[f"{a} before {b}" for a, _, b, _ in ORDER])
def test_it_comes_before_what_it_acts_on(what: str, first: str, then: str, last: str) -> None:
    built = graph()
    assert first in reaches(built, last)
    order = list(built.equations)
    assert order.index(first) < order.index(last)
