"""Terms of price, worked by hand: how a price is reset and limited, what is spent at least, who does part of the work."""

import pytest

from detente.engine.simulate import Variant
from tests.support import codes, play
from tests.terms.served import cloud, rival, served

# price_review

INDEX = "index: {unit: USD / MW / month, table: {2025-01: 1, 2025-12: 12}, assumed: given}"
"""The number of the month."""


def review(more: str) -> str:
    return f"review: {{type: price_review, of: first.power, formula: index, {more}, assumed: given}}"


def reviewed(more: str, power: str = "", **blocks: str) -> list[float]:
    """The price by month."""
    text = served(cloud(review(more)), variables=INDEX, **blocks)
    return play(text.replace("capacity: 6 MW", f"capacity: 6 MW{power}")).series("first.power.price")


def test_a_price_is_reset_on_its_dates_and_kept_between() -> None:
    """3 USD as filed; the index says 4 in April and 9 in September."""
    assert reviewed("dates: [{on: 2025-04}, {on: 2025-09}]") == [3.0] * 3 + [4.0] * 5 + [9.0] * 4


def test_reviews_at_even_spaces_follow_the_last_date() -> None:
    """Every three months from the last review on record, in November: February, May, August, November."""
    found = reviewed("dates: [{on: 2024-05}, {on: 2024-11}], every: 3 months")
    assert found == [3.0, 2.0, 2.0, 2.0, 5.0, 5.0, 5.0, 8.0, 8.0, 8.0, 11.0, 11.0]


def test_a_reset_price_stays_between_floor_and_ceiling() -> None:
    found = reviewed("dates: [{on: 2025-01}], every: 4 months, floor: 2 USD / MW / month, ceiling: 7 USD / MW / month")
    assert found == [2.0] * 4 + [5.0] * 4 + [7.0] * 4


def test_a_review_that_falls_where_the_term_does_not_hold_is_left_out_and_the_last_price_stays() -> None:
    found = reviewed("dates: [{on: 2025-02}], every: 3 months, until: 2025-06")
    assert found == [3.0] + [2.0] * 3 + [5.0] * 8


def test_a_bill_is_at_the_reset_price_and_the_order_of_call_follows_it() -> None:
    """6 MW at 3 USD before the rival's at 5; at 9 USD after them."""
    played = play(served(cloud(review("dates: [{on: 2025-09}]")), rival("5"), variables=INDEX))
    assert played.series("first.power.bill", "2025-08", "2025-09") == [18.0, 2.0 * 9.0]


def test_tiers_keep_their_proportion() -> None:
    """3 and 2 USD become 6 and 4: 4 x 6 + 2 x 4."""
    tiers = "tiers: [{up_to: 4 MW, price: 3 USD / MW / month}, {price: 2 USD / MW / month}]"
    text = served(cloud(review("dates: [{on: 2025-06}]")), variables=INDEX)
    played = play(text.replace("price: 3 USD / MW / month,", f"{tiers},"))
    assert played.series("first.power.bill", "2025-05", "2025-06") == [16.0, 32.0]


@pytest.mark.parametrize(
    "more",
    [
        "dates: [{on: 2025-02}], floor: 5 USD / MW / month, ceiling: 4 USD / MW / month",
        "dates: [{on: 2025-02}], every: 0 months",
    ],
)
def test_a_review_that_cannot_be_is_refused(more: str) -> None:
    assert codes(served(cloud(review(more)), variables=INDEX)) == ["impossible-parameter"]


# most_favoured_nation

RIVALS = "theirs: {unit: USD / MW / month, table: {2025-01: 5, 2025-02: 5, 2025-03: 2, 2025-04: 4, 2025-12: 4}, assumed: given}"


def favoured(more: str = "") -> str:
    return (
        f"favoured: {{type: most_favoured_nation, of: first.power, comparables: [second.power]{more}, assumed: given}}"
    )


def compared(more: str = "", term: str = "", **blocks: str) -> list[float]:
    """The price of the favoured supply, 3 USD as filed, by month."""
    other = rival("theirs").replace("theirs USD / MW / month", f"theirs{term}")
    return play(served(cloud(favoured(more)), other, variables=RIVALS, **blocks)).series("first.power.price")


def test_a_price_is_lowered_to_the_best_comparable() -> None:
    assert compared() == [3.0, 3.0, 2.0] + [3.0] * 9


def test_a_look_back_keeps_a_comparable_in_mind() -> None:
    """2 USD in March, and two months more."""
    assert compared(", look_back: 2 months") == [3.0, 3.0, 2.0, 2.0, 2.0] + [3.0] * 7


def test_what_must_be_claimed_works_from_the_claim() -> None:
    found = compared(", look_back: 2 months, claimed: asked", events="asked: {decided_by: lab, policy: at(2025-04)}")
    assert found == [3.0, 3.0, 3.0, 2.0, 2.0] + [3.0] * 7


@pytest.mark.parametrize("term", [", until: 2025-02", ", from: 2025-04"])
def test_a_term_that_does_not_hold_is_no_comparable(term: str) -> None:
    assert compared(term=term) == [3.0] * 12


def test_an_exception_does_not_count() -> None:
    assert compared(", exceptions: [second.power]") == [3.0] * 12


def test_a_favoured_price_comes_after_what_sets_it() -> None:
    """Reset to the index, 2 in February and 6 in June; the rival's 2 USD of March count for March alone, its 4 later."""
    terms = cloud(favoured(), review("dates: [{on: 2025-02}], every: 4 months"))
    other = rival("theirs").replace("theirs USD / MW / month", "theirs")
    played = play(served(terms, other, variables=f"{RIVALS}\n{INDEX}"))
    assert played.series("first.power.price", "2025-01", "2025-07") == [3.0, 2.0, 2.0, 2.0, 2.0, 4.0, 4.0]


def test_two_prices_that_favour_each_other_are_a_cycle() -> None:
    back = favoured().replace("first.power", "x").replace("second.power", "first.power").replace("x", "second.power")
    assert codes(served(cloud(favoured()), rival("5", "2024-02", back))) == ["cycle"]


@pytest.mark.parametrize("more", [", look_back: 0 months", ""])
def test_a_favour_that_cannot_be_is_refused(more: str) -> None:
    term = favoured(more) if more else favoured().replace("second.power", "first.power")
    assert codes(served(cloud(term), rival("5"))) == ["impossible-parameter"]


# minimum_commitment


def least(more: str = "", amount: int = 300) -> str:
    return (
        f"least: {{type: minimum_commitment, buyer: lab, supplier: cloud, of: [first.power], amount: {amount} USD{more},"
        " assumed: given}"
    )


def test_a_shortfall_is_paid_at_the_end_of_the_year_less_what_is_mitigated() -> None:
    """18 USD a month are 216 in a year, 84 short of 300, of which a fifth is mitigated."""
    played = play(served(cloud(least(", mitigation: 20%"))))
    assert played("first.least.shortfall", "2025-12") == 84.0
    assert played.series("first.least.true_up") == pytest.approx([0.0] * 11 + [67.2])
    assert played("cloud.USD", "2025-12") == pytest.approx(500.0 + 216.0 + 67.2)


def test_what_is_spent_above_the_minimum_counts_in_part_for_the_next_period() -> None:
    """54 USD a quarter, against 50: half of the 4 above is carried to the second, half of 6 to the third, 3.5 to the
    fourth."""
    played = play(served(cloud(least(", period: 3 months, carry_over: 50%", 50))))
    quarters = ["2025-03", "2025-06", "2025-09", "2025-12"]
    assert [played("first.least.spent", month) for month in quarters] == [54.0, 56.0, 57.0, 57.5]
    assert play(served(cloud(least(", period: 3 months, carry_over: 50%", 60))))("first.least", "2025-06") == 6.0


def test_the_running_period_is_told_by_what_was_spent_in_it() -> None:
    """Ten months had passed and 250 USD were spent: 250 + 2 x 18 is 14 short in February. The next year ends later."""
    played = play(served(cloud(least(", elapsed: 10 months, spent: 250 USD"))))
    assert played.series("first.least.true_up", "2025-01", "2025-03") == [0.0, 14.0, 0.0]


def test_a_period_that_is_not_completed_owes_nothing() -> None:
    played = play(served(cloud(least(", until: 2025-11"))))
    assert played.series("first.least") == [0.0] * 12


def test_while_the_minimum_is_unmet_what_it_is_spent_on_is_called_first() -> None:
    """The rival is cheaper. 18 USD a month count towards 50 of the year: the minimum is unmet as January, February and
    March open (0, 18, 36), met from April on (54), and then the cheaper rival serves first."""
    played = play(served(cloud(least(amount=50)), rival("1")))
    assert played.series("first.power.use", "2025-01", "2025-05") == [6.0, 6.0, 6.0, 2.0, 2.0]
    assert played("second.power.use", "2025-04") == 8.0


@pytest.mark.parametrize("more", [", mitigation: 120%", ", carry_over: -10%", ", period: 0 months"])
def test_a_minimum_that_cannot_be_is_refused(more: str) -> None:
    assert codes(served(cloud(least(more)))) == ["impossible-parameter"]


def test_a_warrant_beside_a_minimum_commitment_is_a_rebate() -> None:
    """The buyer commits to 300 USD and receives a warrant on 10 shares of the supplier (here: of the cloud) at 1 USD that
    vests once it has spent 100 USD: 18 x 6 = 108 by June, seen in July. A share is worth 5 USD: the rebate is 10 x (5 - 1) = 40 USD
    on the 216 USD of the year and the 84 short of it."""
    warrant = (
        "rebate: {type: warrant, holder: lab, company: cloud, tranches: [{shares: 10 share, if: paid(first.power) >= 100 USD}],"
        " strike: 1 USD / share, expiry: 2025-12, exercise: exercised, share_value: 5 USD / share, assumed: given}"
    )
    text = served(
        cloud(least(), warrant),
        resources="""
            USD:     {kind: money}
            compute: {kind: capacity, unit: MW}
            equity:  {kind: shares, issuer: cloud}
        """,
        opening="""
            lab.USD:      {balance: 1000 USD, assumed: given}
            cloud.USD:    {balance: 500 USD, assumed: given}
            staff.equity: {balance: 100 share, assumed: given}
        """,
        events="exercised: {decided_by: lab, policy: after(0 months)}",
    )
    played = play(text)
    assert played("lab.equity", "2025-12") == 10.0
    assert played("lab.USD", "2025-12") == 1000.0 - 300.0 - 10.0 * 1.0


# subcontract


def work(more: str) -> str:
    return f"work: {{type: subcontract, of: first.power, payer: cloud, contractor: rival, {more}, assumed: given}}"


@pytest.mark.parametrize(("pay", "paid"), [("share: 25%", 4.5), ("fee: 7 USD / month", 7.0)])
def test_a_subcontract_is_paid_while_its_head_term_holds(pay: str, paid: float) -> None:
    """A quarter of 18 USD a month, or a fee, until the supply ends in March."""
    text = served(cloud(work(pay)), opening=OPENING).replace("price: 3", "until: 2025-03, price: 3")
    played = play(text)
    assert played.series("first.work", "2025-02", "2025-05") == [paid, paid, 0.0, 0.0]
    assert played("rival.USD", "2025-12") == 3 * paid


OPENING = """
    lab.USD:   {balance: 1000 USD, assumed: given}
    cloud.USD: {balance: 500 USD, assumed: given}
    rival.USD: {balance: 0 USD}
"""


def test_what_must_be_accepted_is_paid_from_then_on() -> None:
    text = served(
        cloud(work("fee: 7 USD / month, acceptance: done")),
        opening=OPENING,
        events="done: {decided_by: lab, policy: at(2025-03)}",
    )
    assert play(text).series("first.work", "2025-01", "2025-04") == [0.0, 0.0, 7.0, 7.0]


def test_a_subcontract_of_a_term_switched_off_is_not_paid() -> None:
    text = served(cloud(work("fee: 7 USD / month")), opening=OPENING)
    played = play(text, variant=Variant(off=frozenset({"first.power"})))
    assert played.series("first.work") == [0.0] * 12


@pytest.mark.parametrize("pay", ["acceptance: done", "share: 25%, fee: 7 USD / month", "share: 125%"])
def test_a_subcontract_that_cannot_be_is_refused(pay: str) -> None:
    events = "done: {decided_by: lab, policy: never}"
    assert codes(served(cloud(work(pay)), opening=OPENING, events=events)) == ["impossible-parameter"]
