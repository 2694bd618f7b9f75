"""Terms of sharing, worked by hand: a share of a base, its cap and its end; a licence and what replaces it."""

import pytest

from detente.engine.simulate import Variant
from tests.support import EXACT, agreement, play, small

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
