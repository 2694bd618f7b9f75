"""Terms of sharing, worked by hand: a share of a base, its cap and its end; a licence and what replaces it."""

import pytest

from detente.engine.simulate import Variant
from tests.support import EXACT, agreement, codes, play, small

SALES = "sales: {from: world, to: lab, amount: 100 USD / month, assumed: given}"


def shared(more: str = "", **blocks: str) -> str:
    """100 USD of sales a month, a fifth of them to the cloud."""
    term = f"takings: {{type: revenue_share, payer: lab, payee: cloud, base: flow(sales), rate: 20%{more}, assumed: given}}"
    return small(flows=SALES, agreements=agreement(term), **blocks)


def test_the_payee_gets_its_share_of_the_base() -> None:
    """100 in, 20 out: 80 a month stay."""
    played = play(shared())
    assert played.series("lab.USD", "2025-01", "2025-03") == [1080.0, 1160.0, 1240.0]
    assert played.series("cloud.USD", "2025-01", "2025-03") == [520.0, 540.0, 560.0]


def test_the_share_stops_at_its_cap() -> None:
    """20 a month up to 50 in all: 20, 20, 10, 0."""
    assert play(shared(", cap: 50 USD")).series("pact.takings", "2025-01", "2025-05") == [20.0, 20.0, 10.0, 0.0, 0.0]


def test_what_was_paid_on_the_record_counts_towards_the_cap() -> None:
    """45 of 50 by `now`: 5, then nothing."""
    opening = "lab.USD: {balance: 0 USD}\ncloud.USD: {balance: 0 USD}\npact.takings: {balance: 45 USD, assumed: given}"
    played = play(shared(", cap: 50 USD", opening=opening))
    assert played.series("pact.takings", "2025-01", "2025-03") == [5.0, 0.0, 0.0]
    assert played("pact.takings.paid", "2025-12") == 50.0


def test_it_is_paid_to_its_last_month_inclusive() -> None:
    assert play(shared(", until: 2025-02-10")).series("pact.takings", "2025-01", "2025-04") == [20.0, 20.0, 0.0, 0.0]


def test_it_begins_in_its_first_month() -> None:
    assert play(shared(", from: 2025-03")).series("pact.takings", "2025-01", "2025-04") == [0.0, 0.0, 20.0, 20.0]


def test_an_event_stops_it_in_the_same_month() -> None:
    """Terms clause rule 1: the event comes before the payments of its month."""
    text = shared(", stops: break_up", events="break_up: {decided_by: lab, policy: at(2025-03)}")
    assert play(text).series("pact.takings", "2025-01", "2025-04") == [20.0, 20.0, 0.0, 0.0]


def licensed(more: str = "", **blocks: str) -> str:
    """An income of 100 USD a month to the cloud; without the right 60% of it, reached over three months."""
    term = (
        "models: {type: licence, licensor: lab, licensee: cloud, income: 100 USD / month, income_from: world,"
        f" replacement: 60%, replacement_over: 3 months{more}, assumed: given}}"
    )
    return small(agreements=agreement(term), **blocks)


def test_after_it_ends_the_replacement_grows_in_a_straight_line_to_its_share() -> None:
    """60% in three steps of 20%: 20, 40, 60, 60."""
    played = play(licensed(", until: 2025-02"))
    assert played.series("pact.models", "2025-01", "2025-06") == pytest.approx([100, 100, 20, 40, 60, 60], rel=EXACT)
    assert played.series("pact.models.income", "2025-02", "2025-04") == [100.0, 0.0, 0.0]


def test_an_event_ends_it_in_the_same_month() -> None:
    text = licensed(", stops: break_up", events="break_up: {decided_by: lab, policy: at(2025-02)}")
    assert play(text).series("pact.models.income", "2025-01", "2025-03") == [100.0, 0.0, 0.0]


def test_nothing_replaces_it_before_it_begins() -> None:
    played = play(licensed(", from: 2025-04, until: 2025-05"))
    assert played.series("pact.models", "2025-02", "2025-07") == pytest.approx([0, 0, 100, 100, 20, 40], rel=EXACT)


def test_without_a_replacement_its_income_is_lost() -> None:
    text = licensed(", until: 2025-02").replace("replacement: 60%, replacement_over: 3 months, ", "")
    assert play(text).series("pact.models", "2025-02", "2025-04") == [100.0, 0.0, 0.0]


def test_a_replacement_at_once_is_reached_at_once() -> None:
    text = licensed(", until: 2025-02").replace("replacement_over: 3 months, ", "")
    assert play(text).series("pact.models", "2025-02", "2025-04") == pytest.approx([100, 60, 60], rel=EXACT)


def test_a_licence_switched_off_is_one_that_ended_at_now() -> None:
    played = play(licensed(), variant=Variant(off=frozenset({"pact.models"})))
    assert played.series("pact.models", "2025-01", "2025-04") == pytest.approx([20, 40, 60, 60], rel=EXACT)


def one(term: str, **blocks: str) -> str:
    """The small deal with one term."""
    return small(agreements=agreement(f"it: {{{term}, assumed: given}}"), **blocks)


PROFIT = "type: profit_and_cost_share, lead: lab, partner: cloud, profit: 80 USD / month, share: 50%"


def test_profit_and_cost_are_borne_in_their_shares() -> None:
    """Half of 80 to the partner, three tenths of 30 back: 31 a month."""
    played = play(one(f"{PROFIT}, cost: 30 USD / month, cost_share: 30%"))
    assert played.series("pact.it.profit", "2025-01", "2025-02") == [40.0, 40.0]
    assert played.series("pact.it.cost", "2025-01", "2025-02") == [9.0, 9.0]
    assert played.series("cloud.USD", "2025-01", "2025-02") == [531.0, 562.0]


def test_what_the_lead_laid_out_comes_back_out_of_later_profit_with_interest() -> None:
    """100 in January, half of it the partner's; no profit until March, then 60 a month, half of it the partner's: 30.

    12% a year are 1% a month: owed 50, 50.5, 51.005 before March's 30, so 21.005; in April 21.21505 are owed and less than
    the 30 of the month: all comes back.
    """
    text = one(
        "type: profit_and_cost_share, lead: lab, partner: cloud, profit: profit, share: 50%, cost: cost, cost_share: 50%,"
        " advanced: true, interest: 12% / year",
        variables="""
            profit: {unit: USD / month, is: if after(2025-02) then 60 USD / month else 0 USD / month, assumed: given}
            cost: {unit: USD / month, is: if on(2025-01) then 100 USD / month else 0 USD / month, assumed: given}
        """,
    )
    played = play(text)
    owed = played.series("pact.it.balance", "2025-01", "2025-05")
    assert owed == pytest.approx([50.0, 50.5, 21.005, 0.0, 0.0], abs=1e-12)
    repaid = played.series("pact.it.repayment", "2025-01", "2025-05")
    assert repaid == pytest.approx([0.0, 0.0, 30.0, 21.21505, 0.0], abs=1e-12)


@pytest.mark.parametrize(("shared", "paid"), [("true", 40.0), ("false", 0.0)])
def test_a_loss_is_borne_as_agreed(shared: str, paid: float) -> None:
    """A loss of 80, half of it the partner's where losses are shared."""
    text = one(PROFIT.replace("80", "-80") + f", losses_shared: {shared}")
    assert play(text)("lab.USD", "2025-01") == 1000.0 + paid


ROYALTY = "type: royalty, licensee: lab, licensor: cloud, sales: 100 USD / month"


def test_a_royalty_falls_with_the_volume_of_the_calendar_year() -> None:
    """6% up to 250 a year, 4% above: 6, 6, then 50 at 6% and 50 at 4% are 5, then 4; and 6 again in the next January."""
    text = one(f"{ROYALTY}, tiers: [{{above: 0 USD, rate: 6%}}, {{above: 250 USD, rate: 4%}}]", to="2026-01")
    played = play(text)
    assert played.series("pact.it", "2025-01", "2025-05") == pytest.approx([6.0, 6.0, 5.0, 4.0, 4.0], rel=EXACT)
    assert played("pact.it", "2026-01") == pytest.approx(6.0, rel=EXACT)


def test_royalties_to_others_are_taken_off_down_to_a_floor() -> None:
    """6 a month less half of 4 to others is 4; less half of 20 would be nothing: half of the 6 is paid."""
    tiers = "tiers: [{above: 0 USD, rate: 6%}]"
    assert play(one(f"{ROYALTY}, {tiers}, stacked: 4 USD / month"))("pact.it", "2025-01") == pytest.approx(
        4.0, rel=EXACT
    )
    assert play(one(f"{ROYALTY}, {tiers}, stacked: 20 USD / month"))("pact.it", "2025-01") == pytest.approx(
        3.0, rel=EXACT
    )


def test_what_the_year_lacks_of_the_minimum_is_paid_at_its_end() -> None:
    """12 months of 6 are 72 of 90: 18 more in December."""
    played = play(one(f"{ROYALTY}, tiers: [{{above: 0 USD, rate: 6%}}], minimum: 90 USD"))
    assert played.series("pact.it.top_up", "2025-10", "2025-12") == pytest.approx([0.0, 0.0, 18.0], abs=1e-12)


def test_a_part_of_a_year_has_a_part_of_the_minimum() -> None:
    """Four months of 6 are 24 of 30: 6 more in the month after the last."""
    played = play(one(f"{ROYALTY}, tiers: [{{above: 0 USD, rate: 6%}}], minimum: 90 USD, until: 2025-04"))
    assert played.series("pact.it.top_up", "2025-04", "2025-06") == pytest.approx([0.0, 6.0, 0.0], abs=1e-12)


MILESTONE = "type: milestone_payment, payer: lab, payee: cloud, event: approval, amount: 50 USD"


@pytest.mark.parametrize(
    ("more", "paid_in"),
    [
        ("", "2025-03"),
        (", verified: audit", "2025-05"),
        (", verified: audit, expiry: 2025-05", "2025-05"),
        (", verified: audit, expiry: 2025-04", ""),
    ],
)
def test_a_milestone_is_paid_once_when_it_is_verified_in_time(more: str, paid_in: str) -> None:
    events = "approval: {decided_by: lab, policy: at(2025-03)}\naudit: {decided_by: cloud, policy: at(2025-05)}"
    played = play(one(MILESTONE + more, events=events))
    assert played.series("pact.it") == [50.0 if f"2025-{number:02d}" == paid_in else 0.0 for number in range(1, 13)]


def test_a_milestone_reached_on_record_is_not_paid_again() -> None:
    """It happened before the record ended (R12): an opening of the term says what was paid, and nothing follows."""
    paid = {"pact.it": "{balance: 50 USD, assumed: given}"}
    opening = "\n".join(f"{name}: {{balance: 0 USD}}" for name in ("lab.USD", "cloud.USD", "rival.USD", "staff.USD"))
    opening += "\nstaff.equity: {balance: 100 share, assumed: given}\n" + "\n".join(
        f"{k}: {v}" for k, v in paid.items()
    )
    played = play(one(MILESTONE, events="approval: {happened: 2024-12, assumed: given}", opening=opening))
    assert played.series("pact.it") == [0.0] * 12
    assert set(played.series("pact.it.paid")) == {50.0}


def test_joint_development_is_paid_in_its_parts() -> None:
    """40 a month: 24 of it the lab's, 16 the cloud's; the world does the work."""
    term = "type: joint_development, cost: 40 USD / month, to: world, cost_shares: {lab: 60%, cloud: 40%}, ownership: {lab: 50%, cloud: 50%}"
    played = play(one(term))
    assert [played(f"pact.it.part_of_{party}", "2025-01") for party in ("lab", "cloud")] == [24.0, 16.0]
    assert played("pact.it.owned_by_lab", "2025-01") == 0.5


def test_who_does_the_work_pays_the_others_nothing_for_its_own_part() -> None:
    played = play(one("type: joint_development, cost: 40 USD / month, to: cloud, cost_shares: {lab: 60%, cloud: 40%}"))
    assert (played("lab.USD", "2025-01"), played("cloud.USD", "2025-01")) == (976.0, 524.0)


def test_a_licence_may_outlive_its_end() -> None:
    """It ends after February and survives two months: March and April still earn, then the replacement begins with a third
    of 60%."""
    played = play(licensed(", until: 2025-02, survives: 2 months"))
    assert played.series("pact.models.income", "2025-01", "2025-05") == [100.0, 100.0, 100.0, 100.0, 0.0]
    assert played.series("pact.models.replacement", "2025-04", "2025-06") == pytest.approx([0.0, 20.0, 40.0], rel=EXACT)


def test_use_outside_of_the_licence_is_a_breach() -> None:
    played = play(licensed(", outside: on(2025-03)"))
    assert played.series("pact.models.breached", "2025-02", "2025-04") == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    "term",
    [
        f"{PROFIT}, cost_share: 120%, cost: 1 USD / month",
        f"{PROFIT}, advanced: true",
        f"{ROYALTY}, tiers: [{{above: 9 USD, rate: 6%}}, {{above: 5 USD, rate: 4%}}]",
        f"{ROYALTY}, tiers: [{{above: 0 USD, rate: 6%}}], at_least: 150%",
        MILESTONE.replace("50 USD", "-50 USD"),
        "type: joint_development, cost: 40 USD / month, to: world, cost_shares: {lab: 60%, cloud: 30%}",
        "type: revenue_share, payer: lab, payee: cloud, base: 100 USD / month, rate: -20%",
        "type: licence, licensor: lab, licensee: cloud, income: 1 USD / month, income_from: world, replacement: 160%",
    ],
)
def test_what_cannot_be_is_refused(term: str) -> None:
    events = "approval: {decided_by: lab, policy: at(2025-03)}"
    assert "impossible-parameter" in codes(one(term, events=events))
