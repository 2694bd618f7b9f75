"""Terms of delivery, worked by hand: what is missing, what it costs, when it is a breach."""

import pytest

from tests.support import codes, play, refused
from tests.terms.served import cloud, rival, served

# capacity_delivery_obligation


def owed(more: str = "", due: str = "10 MW") -> str:
    return (
        f"due: {{type: capacity_delivery_obligation, of: first.power, due: {due},"
        f" damages: 2 USD / MW / month{more}, assumed: given}}"
    )


def test_missing_capacity_costs_damages() -> None:
    """10 MW owed, 6 MW there: 4 MW at 2 USD are 8 USD a month from the supplier to the buyer."""
    played = play(served(cloud(owed())))
    assert played("first.due.missing", "2025-01") == 4.0
    assert played("first.due.damages", "2025-01") == 8.0
    assert played("cloud.USD", "2025-01") == 500.0 + 18.0 - 8.0


def test_damages_stop_at_their_cap() -> None:
    """8 USD a month up to 20 in all: 8, 8, 4, 0."""
    played = play(served(cloud(owed(", damages_cap: 20 USD"))))
    assert played.series("first.due.damages", "2025-01", "2025-05") == [8.0, 8.0, 4.0, 0.0, 0.0]


def test_damages_of_the_record_count_towards_the_cap() -> None:
    """15 of 20 USD were paid by `now`: 5, then nothing."""
    text = served(
        cloud(owed(", damages_cap: 20 USD")),
        opening="lab.USD: {balance: 0 USD}\ncloud.USD: {balance: 0 USD}\nfirst.due: {balance: 15 USD, assumed: given}",
    )
    assert play(text).series("first.due.damages", "2025-01", "2025-03") == [5.0, 0.0, 0.0]


def test_what_is_there_beyond_what_is_owed_earns_nothing() -> None:
    played = play(served(cloud(owed(due="5 MW"))))
    assert played("first.due.damages", "2025-01") == 0.0


def test_an_obligation_is_held_against_what_the_supplier_has_before_the_buyers_own_ceilings() -> None:
    """The rival's 8 MW are kept out by the buyer's exclusivity with the other supplier: it owes 9 and lacks 1."""
    term = "due: {type: capacity_delivery_obligation, of: second.power, due: 9 MW, damages: 2 USD / MW / month, assumed: given}"
    exclusive = "only: {type: exclusivity, supplier: cloud, need: lab.compute}"
    played = play(served(cloud(exclusive), rival("5", "2024-02", term)))
    assert played("second.power.offered", "2025-01") == 0.0
    assert played("second.due.damages", "2025-01") == 2.0
