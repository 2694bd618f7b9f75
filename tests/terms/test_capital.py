"""Terms of capital, worked by hand: who pays when, how many shares it buys, and what the stakes are then."""

import pytest

from detente.engine.simulate import Variant
from tests.support import EXACT, agreement, agreements, codes, play, small


def commitment(tranches: str, more: str = "", **blocks: str) -> str:
    """A deal in which the fund pays the company in tranches."""
    term = f"money: {{type: capital_commitment, investor: fund, company: lab, tranches: [{tranches}]{more}, assumed: given}}"
    return small(agreements=agreement(term, "lab, fund"), **blocks)


READINESS = """
    readiness: {unit: MW, table: {2025-01: 1, 2025-12: 12}, assumed: one more each month}
"""
"""A quantity that is 1 MW in January and grows by 1 MW a month."""


def test_each_tranche_is_paid_in_its_month() -> None:
    """1000 at the start, +100 in February, +50 in April: 1000, 1100, 1100, 1150."""
    played = play(commitment("{amount: 100 USD, on: 2025-02}, {amount: 50 USD, on: 2025-04-20}"))
    assert played.series("lab.USD", "2025-01", "2025-05") == [1000.0, 1100.0, 1100.0, 1150.0, 1150.0]
    assert played("fund.USD", "2025-12") == -150.0
    assert played("pact.money.paid", "2025-12") == 150.0


def test_tranches_of_the_record_count_as_paid_and_move_nothing() -> None:
    """Twelve months before `now` 300 were paid: they are in the opening of the account already."""
    played = play(commitment("{amount: 300 USD, on: 2024-12}, {amount: 50 USD, on: 2025-01}"))
    assert played.series("pact.money.paid", "2025-01", "2025-02") == [350.0, 350.0]
    assert played("lab.USD", "2025-12") == 1050.0


@pytest.mark.parametrize(
    ("needed", "paid"),
    [("4 MW", 100.0), ("4.5 MW", 30.0)],
    ids=["it holds on the date", "it does not"],
)
def test_without_a_deadline_the_condition_is_judged_on_the_date(needed: str, paid: float) -> None:
    """In April readiness is 4 MW. What it is later changes nothing."""
    text = commitment(
        f"{{amount: 100 USD, on: 2025-04, if: readiness >= {needed}, otherwise: 30 USD}}", variables=READINESS
    )
    played = play(text)
    assert played.series("pact.money", "2025-03", "2025-06") == [0.0, paid, 0.0, 0.0]


def test_a_condition_that_fails_pays_nothing_unless_said() -> None:
    played = play(commitment("{amount: 100 USD, on: 2025-04, if: readiness >= 5 MW}", variables=READINESS))
    assert played("pact.money.paid", "2025-12") == 0.0


def test_with_a_deadline_it_is_paid_as_soon_as_the_condition_holds_and_once() -> None:
    """Open from April to September; readiness reaches 6 MW in June and stays above."""
    text = commitment(
        "{amount: 100 USD, on: 2025-04, if: readiness >= 6 MW, by: 2025-09, otherwise: 30 USD}", variables=READINESS
    )
    assert play(text).series("pact.money", "2025-03", "2025-12") == [0, 0, 0, 100, 0, 0, 0, 0, 0, 0]


def test_a_condition_met_before_the_window_waits_for_it() -> None:
    """Readiness is 2 MW in February; the window opens in April."""
    text = commitment("{amount: 100 USD, on: 2025-04, if: readiness >= 2 MW, by: 2025-09}", variables=READINESS)
    assert play(text).series("pact.money", "2025-02", "2025-05") == [0, 0, 100, 0]


def test_at_the_deadline_it_falls_to_otherwise() -> None:
    """Readiness reaches 10 MW in October, a month late: 30 in September instead of 100."""
    text = commitment(
        "{amount: 100 USD, on: 2025-04, if: readiness >= 10 MW, by: 2025-09, otherwise: 30 USD}", variables=READINESS
    )
    assert play(text).series("pact.money", "2025-08", "2025-12") == [0, 30, 0, 0, 0]


def test_on_the_last_day_the_whole_amount_can_still_be_earned() -> None:
    text = commitment(
        "{amount: 100 USD, on: 2025-04, if: readiness >= 9 MW, by: 2025-09, otherwise: 30 USD}", variables=READINESS
    )
    assert play(text).series("pact.money", "2025-08", "2025-10") == [0, 100, 0]


def test_a_window_that_opened_on_the_record_is_still_open() -> None:
    """From 2024-06 to 2025-03, `now` is 2024-12: the amount is not of the record, and readiness reaches 2 MW in February."""
    text = commitment("{amount: 100 USD, on: 2024-06, if: readiness >= 2 MW, by: 2025-03}", variables=READINESS)
    played = play(text)
    assert played.series("pact.money", "2025-01", "2025-03") == [0, 100, 0]
    assert played("pact.money.paid", "2025-01") == 0.0


def test_a_price_makes_every_payment_buy_new_shares() -> None:
    """100 USD at 2 USD a share are 50 new shares on 100: a third of 150. 60 USD more are 30 shares: 80 of 180."""
    text = commitment(
        "{amount: 100 USD, on: 2025-02}, {amount: 60 USD, on: 2025-04}",
        ", price: 2 USD / share",
        variables="stakes: {is: stake(fund)}",
    )
    played = play(text)
    assert played.series("fund.equity", "2025-01", "2025-04") == [0.0, 50.0, 50.0, 80.0]
    assert played.series("lab.equity", "2025-01", "2025-04") == [-100.0, -150.0, -150.0, -180.0]
    opening_of_may = 80 / 180
    assert played("stakes", "2025-05") == pytest.approx(opening_of_may, rel=EXACT)


def test_a_price_may_change_by_month() -> None:
    """60 USD in March, when a share costs 3 USD, buy 20 shares."""
    text = commitment(
        "{amount: 60 USD, on: 2025-03}",
        ", price: readiness * 1 USD / MW / share",
        variables=READINESS.replace("assumed: one more each month", "assumed: a price"),
    )
    assert play(text)("fund.equity", "2025-03") == pytest.approx(20.0, rel=EXACT)


CREDITS = """
    USD:     {kind: money}
    credits: {kind: money, in: USD, issuer: cloud, settles: 60%, assumed: given}
    compute: {kind: capacity, unit: MW}
    equity:  {kind: shares, issuer: lab}
"""


def test_a_payment_in_service_credits_moves_credits_and_no_cash() -> None:
    term = "money: {type: capital_commitment, investor: cloud, company: lab, tranches: [{amount: 100 USD, on: 2025-02, form: credits}], assumed: given}"
    played = play(small(resources=CREDITS, agreements=agreement(term)))
    assert played.series("lab.credits", "2025-01", "2025-03") == [0.0, 100.0, 100.0]
    assert played.series("cloud.credits", "2025-01", "2025-03") == [0.0, -100.0, -100.0]
    assert played("lab.USD", "2025-12") == 1000.0
    assert played("pact.money.paid", "2025-03") == 100.0


def test_credits_settle_their_part_of_their_issuers_invoices_until_they_run_out() -> None:
    """A bill of 50 a month, 60% of it in credits while 100 last: 30, 30, 30, then the last 10, then nothing.
    Cash pays the rest: 20, 20, 20, 40, 50."""
    text = small(
        resources=CREDITS,
        opening="""
            lab.USD:     {balance: 1000 USD, assumed: given}
            cloud.USD:   {balance: 0 USD}
            lab.credits: {balance: 100 USD, assumed: given}
        """,
        needs="lab.compute: {resource: compute, amount: 5 MW, assumed: given}",
        agreements=agreement(
            "power: {type: supply, supplier: cloud, need: lab.compute, capacity: 9 MW, price: 10 USD / MW / month, assumed: given}"
        ),
    )
    played = play(text)
    assert played.series("lab.credits", "2025-01", "2025-05") == pytest.approx([70, 40, 10, 0, 0], abs=1e-12)
    assert played.series("lab.USD", "2025-01", "2025-05") == pytest.approx([980, 960, 940, 900, 850], rel=EXACT)
    assert played.series("cloud.credits", "2025-01", "2025-05") == pytest.approx([-70, -40, -10, 0, 0], abs=1e-12)


def test_two_invoices_of_one_month_share_the_credits_that_are_left() -> None:
    """Bills of 20 and 40, 60% each in credits, 30 left: the first takes 12, the second the last 18 of the 24 it could."""
    text = small(
        resources=CREDITS,
        opening="lab.USD: {balance: 0 USD}\ncloud.USD: {balance: 0 USD}\nlab.credits: {balance: 30 USD, assumed: given}",
        flows="""
            first:  {from: lab, to: cloud, amount: 20 USD / month, assumed: given}
            second: {from: lab, to: cloud, amount: 40 USD / month, assumed: given}
        """,
    )
    played = play(text)
    assert played("first in credits", "2025-01") == pytest.approx(12.0, rel=EXACT)
    assert played("second in credits", "2025-01") == pytest.approx(18.0, rel=EXACT)
    assert played("lab.USD", "2025-01") == pytest.approx(-30.0, rel=EXACT)


def test_a_commitment_that_has_ended_pays_no_more() -> None:
    played = play(commitment("{amount: 100 USD, on: 2025-02}, {amount: 50 USD, on: 2025-06}", ", until: 2025-05"))
    assert played("pact.money.paid", "2025-12") == 100.0


def test_a_condition_met_after_the_commitment_has_ended_pays_nothing() -> None:
    """The window is open until September and readiness comes in June, but the commitment ends in May."""
    text = commitment(
        "{amount: 100 USD, on: 2025-04, if: readiness >= 6 MW, by: 2025-09, otherwise: 30 USD}",
        ", until: 2025-05",
        variables=READINESS,
    )
    assert play(text)("pact.money.paid", "2025-12") == 0.0


def test_a_commitment_switched_off_pays_nothing() -> None:
    text = commitment("{amount: 100 USD, on: 2025-02}", ", price: 2 USD / share")
    played = play(text, variant=Variant(off=frozenset({"pact.money"})))
    assert played("lab.USD", "2025-12") == 1000.0
    assert played("fund.equity", "2025-12") == 0.0


ROUND = "round: {type: equity_round, company: lab, investor: fund, when: WHEN, amount: 250 USD, pre_money: 1000 USD, not_within: 6 months, assumed: given}"


def rounds(when: str, **blocks: str) -> str:
    return small(agreements=agreement(ROUND.replace("WHEN", when), "lab, fund"), **blocks)


def test_a_round_dilutes_by_the_raise_over_the_post_money_value() -> None:
    """1000 before the money, 250 raised, 1250 after it: the investor gets 250 / 1250 = 20%, which is 25 new shares on
    100, at 1000 / 100 = 10 USD each. A second round six months later takes 20% of 125 / 0.8 = 156.25 shares."""
    played = play(rounds("true", variables="stakes: {is: stake(fund)}"))
    assert played("pact.round.price", "2025-01") == 10.0
    assert played("fund.equity", "2025-01") == 25.0
    assert played("stakes", "2025-02") == pytest.approx(0.2, rel=EXACT)
    assert played("fund.equity", "2025-07") == pytest.approx(56.25, rel=EXACT)
    assert played("stakes", "2025-08") == pytest.approx(1 - 0.8**2, rel=EXACT)


def test_two_rounds_lie_at_least_their_spacing_apart() -> None:
    """Always due, six months apart: January and July."""
    held = play(rounds("true")).series("pact.round.held")
    assert held == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]


def test_a_spacing_that_is_no_whole_number_of_months_is_kept_to_the_next_month() -> None:
    text = rounds("true").replace("not_within: 6 months", "not_within: 2.5 months")
    assert play(text).series("pact.round.held") == [1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0]


def test_without_a_spacing_a_round_is_held_whenever_it_is_due() -> None:
    text = rounds("before(2025-04)").replace("not_within: 6 months, ", "")
    assert play(text).series("pact.round.raised", "2025-01", "2025-05") == [250, 250, 250, 0, 0]


def test_a_round_is_held_when_its_condition_comes_true() -> None:
    """Cash falls by 150 a month from 1000 and is below 500 as May opens (1000 - 4 * 150 = 400)."""
    text = rounds("lab.USD < 500 USD", flows="burn: {from: lab, to: world, amount: 150 USD / month, assumed: given}")
    played = play(text)
    assert played.series("pact.round.raised", "2025-01", "2025-06") == [0, 0, 0, 0, 250, 0]
    assert played("lab.USD", "2025-05") == pytest.approx(1000 - 5 * 150 + 250, rel=EXACT)


def test_a_company_worth_nothing_while_no_round_is_held_divides_by_nothing() -> None:
    """The price of a share is 0 in every month without a round; no share is issued and none is undefined."""
    text = rounds("false").replace("pre_money: 1000 USD", "pre_money: 0 USD")
    assert play(text)("fund.equity", "2025-12") == 0.0


CONVERSION = """
    interest: {type: conversion, holder: cloud, company: lab, when: converted, to_stake: 30%, assumed: given}
"""
CONVERTED = "converted: {decided_by: lab, policy: at(2025-03)}"


def test_a_conversion_brings_the_holder_to_its_stake_once() -> None:
    """100 shares of others are to be 70%: 142.857… in all, 42.857… of them the holder's."""
    text = small(agreements=agreement(CONVERSION), events=CONVERTED, variables="stakes: {is: stake(cloud)}")
    played = play(text)
    assert played.series("cloud.equity", "2025-02", "2025-05") == pytest.approx(
        [0, 300 / 7, 300 / 7, 300 / 7], rel=EXACT
    )
    assert played("stakes", "2025-04") == pytest.approx(0.3, rel=EXACT)


def test_what_the_holder_has_already_counts_towards_its_stake() -> None:
    """It holds 20 of 120. 100 of others at 70% leave 42.857… for it: 22.857… new ones."""
    text = small(
        agreements=agreement(CONVERSION),
        events=CONVERTED,
        opening="staff.equity: {balance: 100 share, assumed: g}\ncloud.equity: {balance: 20 share, assumed: g}",
    )
    assert play(text)("pact.interest.issued", "2025-03") == pytest.approx(300 / 7 - 20, rel=EXACT)


def test_a_holder_above_the_stake_gets_and_loses_nothing() -> None:
    text = small(
        agreements=agreement(CONVERSION),
        events=CONVERTED,
        opening="staff.equity: {balance: 100 share, assumed: g}\ncloud.equity: {balance: 80 share, assumed: g}",
    )
    assert play(text).series("cloud.equity", "2025-02", "2025-04") == [80.0, 80.0, 80.0]


def test_in_one_month_the_conversion_comes_before_the_round() -> None:
    """Conversion to 30%: 1000/7 shares. Then a round of 250 on 1000 before the money: a fifth of what there is after it.
    The holder keeps 0.3 * 0.8 = 24%, the investor has 20%, the staff 0.7 * 0.8 = 56%."""
    text = small(
        agreements=agreements(
            agreement(ROUND.replace("WHEN", "on(2025-03)"), "lab, fund", name="raise"), agreement(CONVERSION)
        ),
        events=CONVERTED,
        variables="a: {is: stake(cloud)}\nb: {is: stake(fund)}\nc: {is: stake(staff)}",
    )
    played = play(text)
    found = [played(name, "2025-04") for name in "abc"]
    assert found == pytest.approx([0.24, 0.20, 0.56], rel=EXACT)
    assert played("raise.round.count", "2025-03") == pytest.approx(1000 / 7, rel=EXACT)


def test_a_payment_by_condition_needs_no_deadline_but_a_deadline_needs_a_condition() -> None:
    assert codes(commitment("{amount: 1 USD, on: 2025-02, by: 2025-04}")) == ["impossible-parameter"]
    assert codes(commitment("{amount: 1 USD, on: 2025-02, if: readiness > 1 MW}", variables=READINESS)) == []
