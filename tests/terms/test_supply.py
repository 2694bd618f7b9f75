"""Terms of supply, worked by hand: what is offered, used, unmet and paid in a month."""

import pytest

from tests.support import EXACT, agreement, codes, play, refused, small
from tests.terms.served import NEED, cloud, rival, served

# supply


def test_what_is_used_is_the_least_of_need_and_capacity_and_the_bill_is_price_times_use() -> None:
    """10 MW wanted, 6 MW offered at 3 USD: 6 used, 4 unmet, 18 USD a month."""
    played = play(served(cloud()))
    assert played("first.power.use", "2025-01") == 6.0
    assert played("lab.compute.unmet", "2025-01") == 4.0
    assert played("first.power.bill", "2025-01") == 18.0
    assert played.series("lab.USD", "2025-01", "2025-03") == [982.0, 964.0, 946.0]
    assert played("cloud.USD", "2025-01") == 518.0


def test_capacity_beyond_the_need_is_neither_used_nor_billed() -> None:
    """2 MW wanted of 6: 2 used at 3 USD."""
    played = play(served(cloud(), need=NEED.replace("10 MW", "2 MW")))
    assert (played("first.power.use", "2025-01"), played("first.power.bill", "2025-01")) == (2.0, 6.0)
    assert played("lab.compute.unmet", "2025-01") == 0.0


@pytest.mark.parametrize(
    ("price", "first", "second"),
    [("5", 6.0, 4.0), ("1", 2.0, 8.0)],
    ids=["the first is cheaper", "the second is cheaper"],
)
def test_offers_are_called_by_price(price: str, first: float, second: float) -> None:
    """10 MW from 6 MW at 3 USD and 8 MW at 5 or at 1 USD: the cheaper is used in full, the other for the rest."""
    played = play(served(cloud(), rival(price)))
    assert (played("first.power.use", "2025-01"), played("second.power.use", "2025-01")) == (first, second)


def test_a_tie_goes_to_the_agreement_signed_first_wherever_it_stands() -> None:
    """Equal prices. The second agreement of the file was signed a month earlier: it serves 8 of 10 MW."""
    played = play(served(cloud(signed="2024-03"), rival("3", signed="2024-02")))
    assert (played("first.power.use", "2025-01"), played("second.power.use", "2025-01")) == (2.0, 8.0)


def test_the_order_of_call_follows_prices_that_move() -> None:
    """The rival costs 1 USD in January and 5 USD in December, on a straight line 1 + 4 n / 11: it passes 3 USD between
    June (2.82) and July (3.18)."""
    price = "{unit: USD / MW / month, table: {2025-01: 1, 2025-12: 5}, assumed: given}"
    text = served(cloud(), rival("rate").replace("rate USD / MW / month", "rate"), variables=f"rate: {price}")
    assert play(text).series("first.power.use") == [2.0] * 6 + [6.0] * 6


def test_a_share_is_of_what_is_delivered() -> None:
    """6 and 4 of the 10 MW delivered."""
    text = served(cloud(), rival(), variables="x: {is: 'share_of(rival, lab.compute)'}")
    assert play(text)("x", "2025-01") == pytest.approx(0.4, rel=EXACT)


def test_a_share_of_nothing_is_nothing() -> None:
    text = served(cloud(), need=NEED.replace("10 MW", "0 MW"), variables="x: {is: 'share_of(cloud, lab.compute)'}")
    assert play(text)("x", "2025-01") == 0.0


def test_a_supply_that_has_ended_delivers_and_bills_nothing() -> None:
    played = play(served(cloud().replace("price: 3", "until: 2025-02, price: 3")))
    assert played.series("first.power.bill", "2025-01", "2025-04") == [18.0, 18.0, 0.0, 0.0]


# take_or_pay


def reserved(capacity: str = "5 MW", more: str = "") -> str:
    term = (
        f"sites: {{type: take_or_pay, supplier: rival, need: lab.compute, capacity: {capacity},"
        f" fee: 4 USD / MW / month{more}, assumed: given}}"
    )
    return agreement(term, "lab, rival", "2024-02", "second")


@pytest.mark.parametrize("need", ["0 MW", "2 MW", "10 MW"])
def test_the_fee_for_a_reservation_does_not_depend_on_use(need: str) -> None:
    """5 MW at 4 USD are 20 USD a month, whatever is used."""
    played = play(served(reserved(), need=NEED.replace("10 MW", need)))
    assert played("second.sites.bill", "2025-01") == 20.0
    assert played("second.sites.use", "2025-01") == min(5.0, float(need.split()[0]))


def test_reserved_capacity_is_called_before_what_costs_something() -> None:
    """One more reserved unit costs nothing: 5 MW of it, then 5 of the 6 MW that cost 3 USD."""
    played = play(served(cloud(), reserved()))
    assert (played("second.sites.use", "2025-01"), played("first.power.use", "2025-01")) == (5.0, 5.0)
    assert played("lab.USD", "2025-01") == 1000.0 - 20.0 - 15.0


def test_a_ceiling_takes_the_fee_with_the_capacity() -> None:
    """An exclusivity of the other supplier keeps the reserved capacity out until March: nothing delivered, no fee."""
    term = "only: {type: exclusivity, supplier: cloud, need: lab.compute, until: 2025-03}"
    played = play(served(cloud(term), reserved()))
    assert played.series("second.sites.bill", "2025-02", "2025-05") == [0.0, 0.0, 20.0, 20.0]


# units


def test_a_price_in_the_wrong_unit_is_refused_where_it_stands() -> None:
    """3 USD a month for each MW is a price of capacity; 3 USD a month is not."""
    (found,) = refused(served(cloud().replace("3 USD / MW / month", "3 USD / month")))
    assert (found.code, found.found) == ("unit-mismatch", "USD / month")
    assert found.place.column - found.place.end_column == -len("3 USD / month")
