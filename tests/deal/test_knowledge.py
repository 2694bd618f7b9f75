"""Two times (R6): what held on a date, and what was known on it."""

from __future__ import annotations

import pytest

from detente.deal.knowledge import as_known
from detente.deal.load import parse_deal
from detente.deal.model import Deal
from detente.engine.evaluate import graph_of
from detente.engine.paths import trace
from detente.evidence.records import Claim, Evidence, Source
from detente.text.place import NOWHERE
from detente.text.written import parse_date
from tests.support import agreement, month, small

REPORT = Source("report", "a report", "a publisher", parse_date("2023-01"), "primary", "", "", "A", NOWHERE)


def claim(name: str, published: str) -> Claim:
    """A claim that gives a value, published in a month."""
    return Claim(name, "report", "it is so", parse_date(published), 1.0, None, None, "", "", "report", "A", NOWHERE)


EVIDENCE = Evidence(
    {"report": REPORT},
    {"early": claim("early", "2023-06"), "late": claim("late", "2024-06"), "amended": claim("amended", "2024-03")},
)
OPENING = """
    lab.USD: [{on: 2023-12, balance: 10 USD, assumed: given}, {on: 2024-12, balance: 20 USD, assumed: given}]
    cloud.USD: [{on: 2023-12, balance: 0 USD}, {on: 2024-12, balance: 0 USD}]
    rival.USD: [{on: 2023-12, balance: 0 USD}, {on: 2024-12, balance: 0 USD}]
"""


def deal(**blocks: str) -> Deal:
    """A small deal with a record from 2023 and openings at the end of 2023 and 2024."""
    found, findings = parse_deal(small(first="2023-01", opening=OPENING, **blocks), EVIDENCE)
    assert [one for one in findings if one.severity == "error"] == []
    assert found is not None
    return found


def earlier(text: Deal, date: str) -> Deal:
    """The deal as known on a date."""
    found, findings = as_known(text, month(date))
    assert findings == ()
    return found


def test_a_value_not_yet_known_falls_back_to_what_stood_before() -> None:
    text = deal(assumptions="rate: {value: 20%, claims: [late], before: {value: 10%, claims: [early]}}")
    assert text.assumptions["rate"].value == earlier(text, "2024-06").assumptions["rate"].value
    before = earlier(text, "2024-05").assumptions["rate"]
    assert before.grounds.citations[0].claim == "early"


def test_a_value_known_at_no_time_before_is_an_error_with_ways_out() -> None:
    text = deal(assumptions="rate: {value: 20%, claims: [late], before: {value: 10%, claims: [early]}}")
    _, findings = as_known(text, month("2023-03"))
    assert [one.code for one in findings] == ["not-yet-known"]
    assert any("before:" in way for way in findings[0].ways_out)


def test_what_is_assumed_since_a_date_was_not_held_before() -> None:
    text = deal(assumptions="rate: {value: 20%, assumed: new, since: 2024-02, before: {value: 5%, assumed: old}}")
    assert earlier(text, "2024-02").assumptions["rate"].grounds.assumed == "new"
    assert earlier(text, "2024-01").assumptions["rate"].grounds.assumed == "old"


def test_what_stood_before_keeps_unit_and_kind() -> None:
    text = deal(
        assumptions="pull: {value: 5% / year, kind: rate, claims: [late], before: {value: 1% / year, assumed: old}}",
        variables="lab.size: {unit: MW, is: 5 MW, claims: [late], before: {is: 3 MW, assumed: old}}",
    )
    before = earlier(text, "2023-12")
    assert before.assumptions["pull"].kind == "rate"
    told = trace(graph_of(before), [0], 1)
    assert told.at("lab.size", month("2024-01"))[0] == 3.0


def test_later_points_of_the_record_are_forgotten() -> None:
    text = deal(
        variables="""
          lab.sales:
            unit: USD / year
            past: {2023-06: 100, 2023-12: {value: 120, claims: [late]}, 2024-06: 150}
            next: gbm(growth = 10% / year, volatility = 10% / sqrt(year))
            assumed: given
        """
    )
    assert [point.date.text for point in earlier(text, "2024-05").variables["lab.sales"].past] == ["2023-06"]
    assert [point.date.text for point in earlier(text, "2024-06").variables["lab.sales"].past] == [
        "2023-06",
        "2023-12",
        "2024-06",
    ]


TERMS = agreement(
    """
    takings: {type: revenue_share, payer: lab, payee: cloud, base: 1200 USD / year, rate: 10%, claims: [early]}
    hidden: {type: revenue_share, payer: lab, payee: rival, base: 1200 USD / year, rate: 50%, claims: [late]}
    """,
    signed="2023-02",
    more="""
    amendments:
      - {on: 2023-11, takings: {rate: 20%}, claims: [amended]}
    """,
)


def test_a_term_not_heard_of_never_acts_and_the_run_says_so() -> None:
    before = earlier(deal(agreements=TERMS), "2023-12")
    assert before.notes == ("pact.hidden was not known by 2023-12",)
    told = trace(graph_of(before), [0], 1)
    assert told.values["pact.hidden"][-1, 0] == 0.0
    assert told.values["pact.hidden.active"][-1, 0] == 0.0


def test_an_amendment_not_heard_of_leaves_the_version_before_in_force() -> None:
    text = deal(agreements=TERMS)
    # 1200 a year at 10 % are 10 a month; at 20 %, 20
    unheard = trace(graph_of(earlier(text, "2023-12")), [0], 1)
    heard = trace(graph_of(text), [0], 1)
    assert unheard.at("pact.takings", month("2024-06"))[0] == pytest.approx(10.0)
    assert heard.at("pact.takings", month("2025-06"))[0] == pytest.approx(20.0)


def test_what_held_on_a_date() -> None:
    held = deal(agreements=TERMS).held
    assert held(month("2023-01")) == {}
    assert held(month("2023-10"))["pact.takings"].last == month("2023-10")
    assert held(month("2023-11"))["pact.takings"].first == month("2023-11")


def test_accounts_begin_from_the_opening_of_the_date() -> None:
    text = deal(flows="gift: {from: world, to: lab, amount: 1 USD / month}")
    assert trace(graph_of(earlier(text, "2023-12")), [0], 1).at("lab.USD", month("2024-01"))[0] == 11.0
    assert trace(graph_of(text), [0], 1).at("lab.USD", month("2025-01"))[0] == 21.0


def test_an_opening_or_a_flow_that_rests_on_a_later_claim_was_not_known() -> None:
    late = OPENING.replace("balance: 10 USD, assumed: given", "balance: 10 USD, claims: [late]")
    found, _ = parse_deal(small(first="2023-01", opening=late), EVIDENCE)
    assert found is not None
    assert [one.on for one in earlier(found, "2023-12").openings if one.account == "lab.USD"] == []
    paid = deal(flows="gift: {from: world, to: lab, amount: 5 USD / month, claims: [late]}")
    _, findings = as_known(paid, month("2023-12"))
    assert [one.code for one in findings] == ["not-yet-known"]


def test_a_date_outside_the_record_is_refused() -> None:
    _, findings = as_known(deal(), month("2022-12"))
    assert [one.code for one in findings] == ["date-outside"]


@pytest.mark.parametrize(
    "what", ["table: {2024-06: 5, 2025-06: 7}", "past: {2024-06: 5}, next: count(rate = 1 / year)"]
)
def test_a_formula_may_stand_before_a_table_or_a_process(what: str) -> None:
    """What was not yet known falls back to its `before`, whatever way of telling that is."""
    text = f"lab.size: {{{what}, assumed: seen since, since: 2024-06, before: {{is: 3, assumed: as seen then}}}}"
    earlier, findings = as_known(deal(variables=text), month("2023-12"))
    assert findings == ()
    assert trace(graph_of(earlier), range(4), 1).at("lab.size", month("2024-02")).tolist() == [3.0] * 4
