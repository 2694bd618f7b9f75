"""What held on a date: versions, amendments, defaults nobody wrote, events of the record, and what was known when (R6)."""

from __future__ import annotations

import json
from dataclasses import MISSING
from pathlib import Path

import pytest

import detente
from detente.answers.held import Held, HeldTerm, held, unwritten
from detente.terms.term import catalogue, given_by_others, required
from detente.text.diagnostic import Refused
from detente.text.written import parse_date
from tests.support import agreement, read, small

CASE = Path(__file__).parents[2] / "cases" / "openai-microsoft"

TERMS = """
capacity: {type: supply, supplier: cloud, need: lab.compute, capacity: 20 MW, price: 10 USD / MW / month, assumed: given}
only:     {type: exclusivity, supplier: cloud, need: lab.compute, until: 2025-12, assumed: given}
share:    {type: revenue_share, payer: lab, payee: cloud, base: 90 USD / month, rate: 20%, stops: freed, assumed: given}
money:    {type: capital_commitment, investor: cloud, company: lab, tranches: [{amount: 5 USD, on: 2024-02}, {amount: 7 USD, on: 2025-06}], assumed: given}
"""
MORE = """
amendments:
  - {on: 2024-06-11, only: {carve_out: [rival]}, assumed: a waiver}
  - on: 2024-10
    only: ends
    refusal: {type: right_of_first_refusal, holder: cloud, need: lab.compute, matches: 1 MW, from: 2025-03, assumed: given}
    assumed: a new deal
"""
DEAL = small(
    first="2023-12",
    now="2024-12",
    variables="""
        lab.sales: {unit: USD / year, past: {2024-01: 700, 2024Q4: 1200}, next: "gbm(growth = 10% / year, volatility = 0% / sqrt(year))", assumed: given}
        lab.loss: {unit: USD / year, is: 1 USD / year, observed: {2024-03: -50}, assumed: given}
    """,
    needs="lab.compute: {resource: compute, amount: 10 MW, assumed: given}",
    events="freed: {title: Set free, happened: 2024-08, assumed: given}",
    agreements=agreement(TERMS, signed="2024-01-15", more=MORE),
    opening="""
        lab.USD:
          - {on: 2024-05, balance: 10 USD, assumed: given}
          - {on: 2024-12, balance: 30 USD, assumed: given}
        cloud.USD: {balance: 5 USD, assumed: given}
        rival.USD: {balance: 5 USD, assumed: given}
        staff.equity: {balance: 100 share, assumed: given}
    """,
)


def on(date: str, text: str = DEAL) -> Held:
    """What held on a date."""
    return held(read(text), parse_date(date))


def settings(term: HeldTerm) -> dict[str, tuple[str, bool]]:
    """Parameters with their text and whether they are written."""
    return {one.name: (one.text, one.written) for one in term.settings}


def test_before_the_signature_all_is_pending() -> None:
    before = on("2023-12")
    assert before.terms() == {}
    assert before.terms("pending")["pact.capacity"].since == "2024-01"


def test_an_amendment_replaces_a_version_and_says_what_became_of_it() -> None:
    assert on("2024-05").terms()["pact.only"].under == "the agreement of 2024-01-15"
    found = on("2024-07")
    now, before = found.terms()["pact.only"], found.terms("replaced")["pact.only"]
    assert settings(now)["carve_out"] == ("rival", True)
    assert (now.since, now.under) == ("2024-06", "the amendment of 2024-06-11")
    assert (before.until, before.ends) == ("2024-05", "replaced by the amendment of 2024-06-11")
    assert before.became == ("carve_out from none to rival",)


def test_what_cut_a_term_short_stands_beside_what_was_agreed() -> None:
    term = on("2024-07").terms()["pact.only"]
    assert (term.until, term.agreed_until, term.ends) == ("2024-09", "2025-12", "ended by the amendment of 2024-10")
    assert "pact.only" in on("2024-10").terms("ended")


def test_an_amendment_may_add_a_term_that_begins_later() -> None:
    pending = on("2024-12").terms("pending")["pact.refusal"]
    assert (pending.since, pending.under) == ("2025-03", "the amendment of 2024-10")
    assert "pact.refusal" in on("2025-03").terms()


def test_an_event_of_the_record_ends_the_term_it_stops() -> None:
    assert "pact.share" in on("2024-07").terms()
    ended = on("2024-08").terms("ended")["pact.share"]
    assert (ended.until, ended.ends) == ("2024-07", "ended with freed in 2024-08")
    assert on("2024-07").events == ()
    (event,) = on("2024-08").events
    assert (event.title, event.on, event.support.assumed) == ("Set free", "2024-08", "given")


def test_defaults_that_nobody_wrote_are_shown_and_marked() -> None:
    terms = on("2024-05").terms()
    assert (
        settings(terms["pact.only"]).items()
        >= {
            "supplier": ("cloud", True),
            "need": ("lab.compute", True),
            "carve_out": ("none", False),
            "lapse_if_unable": ("no", False),
            "stops": ("nothing", False),
        }.items()
    )
    assert settings(terms["pact.capacity"])["resource"] == ("the money of `price`", False)
    assert settings(terms["pact.share"])["stops"] == ("freed", True)
    money = settings(terms["pact.money"])
    assert money["tranches"] == ("5 USD on 2024-02 form cash; 7 USD on 2025-06 form cash", True)
    assert money["shares"] == ("none", False)
    assert settings(on("2025-03").terms()["pact.refusal"])["chance"] == ("1", False)


def test_every_parameter_of_every_term_that_may_be_left_out_has_words() -> None:
    deal = read(DEAL)
    text = next(iter(deal.terms().values()))
    for kind in catalogue().values():
        for declared in kind.parameters():
            if not required(declared) or given_by_others(declared):
                assert unwritten(declared, text, deal), f"{kind.type()}.{declared.name}"
                assert "MISSING" not in unwritten(declared, text, deal) or declared.default is MISSING


def test_the_record_gives_the_latest_value_by_the_date_and_a_period_holds_in_all_its_months() -> None:
    def record(date: str) -> dict[tuple[str, str], tuple[str, str]]:
        return {(one.name, one.kind): (one.value, one.on) for one in on(date).record}

    assert record("2024-02") == {("lab.sales", "past"): ("700 USD / year", "2024-01")}
    later = record("2024-10")
    assert later["lab.sales", "past"] == ("1200 USD / year", "2024Q4")
    assert later["lab.loss", "observed"] == ("-50 USD / year", "2024-03")
    assert later["lab.USD", "opening"] == ("10 USD", "2024-05")
    assert record("2024-12")["lab.USD", "opening"] == ("30 USD", "2024-12")


def test_a_date_behind_the_record_is_what_is_agreed() -> None:
    assert on("2025-01").after_now
    assert not on("2024-12").after_now


def test_without_a_date_it_is_where_the_record_ends_and_a_period_means_its_last_month() -> None:
    assert held(read(DEAL)).on == "2024-12"
    assert on("2024Q3").on == "2024-09"


@pytest.mark.parametrize("date", ["2023-11", "2026"])
def test_a_date_outside_record_and_horizon_is_refused(date: str) -> None:
    with pytest.raises(Refused) as wrong:
        on(date)
    (one,) = wrong.value.diagnostics
    assert (one.code, one.expected) == ("date-outside", "2023-12 to 2025-12")
    assert date in one.message


def test_it_is_data_first() -> None:
    data = json.loads(json.dumps(on("2024-07").as_data()))
    term = data["agreements"][0]["terms"][0]
    assert term["state"] == "in force"
    assert (term["file"], type(term["line"])) == ("deal.yaml", int)


def test_what_held_and_what_was_known_are_two_questions() -> None:
    """In the shipped case: the exclusivity had a carve-out from June 2024 and ended in January 2025. Who asked in July 2024
    knew of the first alone, who asked in 2023 of neither."""
    deal = detente.load(CASE)
    told = deal.held("2024-09").terms()["azure.cloud"]
    assert (told.until, told.agreed_until) == ("2024-12", "2030-12")
    known = deal.held("2024-09", as_of="2024-07")
    assert known.after_now
    assert known.terms()["azure.cloud"].until == "2030-12"
    assert settings(known.terms()["azure.cloud"])["carve_out"] == ("oracle", True)
    early = deal.held("2024-09", as_of="2023-09").terms()["azure.cloud"]
    assert settings(early)["carve_out"] == ("none", False)
    assert "azure.refusal" not in {**known.terms("pending"), **known.terms()}
    assert all(one.known <= "2024-07-31" for term in known.terms().values() for one in term.support.claims)


def test_what_could_not_be_run_from_a_date_can_still_be_told() -> None:
    found = detente.load(CASE).held("2021-01", as_of="2021-01")
    assert "azure.investment" in found.terms()
    assert any("cannot be run from there" in note for note in found.notes)
