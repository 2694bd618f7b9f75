"""Terms of supply, worked by hand: what is offered, used, unmet and paid in a month."""

import pytest

from detente.engine.simulate import Variant
from tests.support import EXACT, agreement, agreements, codes, play, refused, small

NEED = "lab.compute: {resource: compute, amount: 10 MW, assumed: given}"

OWN = "power: {type: supply, supplier: cloud, need: lab.compute, capacity: 6 MW, price: 3 USD / MW / month, assumed: given}"
OTHER = "power: {type: supply, supplier: rival, need: lab.compute, capacity: 8 MW, price: PRICE USD / MW / month, assumed: given}"


def cloud(*more: str, signed: str = "2024-01") -> str:
    """The agreement with the first supplier: 6 MW at 3 USD, and further terms."""
    return agreement("\n".join([OWN, *more]), "lab, cloud", signed, "first")


def rival(price: str = "5", signed: str = "2024-02", *more: str) -> str:
    """The agreement with the second supplier: 8 MW."""
    return agreement("\n".join([OTHER.replace("PRICE", price), *more]), "lab, rival", signed, "second")


def served(*texts: str, need: str = NEED, **blocks: str) -> str:
    return small(needs=need, agreements=agreements(*texts), **blocks)


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


# exclusivity


def exclusive(more: str = "") -> str:
    return f"only: {{type: exclusivity, supplier: cloud, need: lab.compute{more}}}"


def test_while_it_holds_no_rival_delivers_even_if_the_need_is_unmet() -> None:
    """6 of 10 MW come from the only supplier; the rival's 8 MW at a lower price stand idle."""
    played = play(served(cloud(exclusive()), rival("1")))
    assert (played("first.power.use", "2025-01"), played("second.power.use", "2025-01")) == (6.0, 0.0)
    assert played("lab.compute.unmet", "2025-01") == 4.0


def test_a_carve_out_lets_a_rival_beside() -> None:
    played = play(served(cloud(exclusive(", carve_out: [rival]")), rival("5")))
    assert (played("first.power.use", "2025-01"), played("second.power.use", "2025-01")) == (6.0, 4.0)


def test_the_last_day_is_included_and_the_next_month_is_free() -> None:
    """Until 2025-03: the rival, cheaper, serves from April."""
    played = play(served(cloud(exclusive(", until: 2025-03")), rival("1")))
    assert played.series("second.power.use", "2025-02", "2025-05") == [0.0, 0.0, 8.0, 8.0]


def test_where_it_lapses_a_rival_serves_what_the_supplier_cannot_and_no_more() -> None:
    """4 MW of 10 are left; the rival is cheaper and has 8 MW, and still gets 4."""
    played = play(served(cloud(exclusive(", lapse_if_unable: true")), rival("1")))
    assert (played("first.power.use", "2025-01"), played("second.power.use", "2025-01")) == (6.0, 4.0)
    assert played("lab.compute.unmet", "2025-01") == 0.0


def test_where_it_lapses_rivals_share_what_the_supplier_cannot() -> None:
    """4 MW of 10 are left for all rivals together: the one named first takes them, the exclusive supplier keeps its 6."""
    spare = "spare: {type: supply, supplier: rival, need: lab.compute, capacity: 8 MW, price: 1 USD / MW / month, assumed: given}"
    played = play(served(cloud(exclusive(", lapse_if_unable: true")), rival("1", "2024-05", spare)))
    assert (played("second.power.offered", "2025-01"), played("second.spare.offered", "2025-01")) == (4.0, 0.0)
    assert played("first.power.use", "2025-01") == 6.0


def test_an_exclusivity_switched_off_binds_nobody() -> None:
    text = served(cloud(exclusive()), rival("1"))
    assert play(text, variant=Variant(off=frozenset({"first.only"})))("second.power.use", "2025-01") == 8.0


# right_of_first_refusal

GROWTH = "sites: {unit: MW, table: {2025-01: 2, 2025-02: 2, 2025-03: 6, 2025-04: 7}, assumed: given}"
"""A rival's capacity: 2 MW, 4 more in March, 1 more in April."""


def refusal(matches: str = "100 MW", more: str = "") -> str:
    return f"first_refusal: {{type: right_of_first_refusal, holder: cloud, need: lab.compute, matches: {matches}{more}, assumed: given}}"


def growing(*terms: str, **blocks: str) -> str:
    other = rival("1").replace("8 MW", "sites")
    return served(cloud(*terms), other, variables=GROWTH, **blocks)


def test_the_holder_takes_over_its_part_of_every_new_increment() -> None:
    """Half of 4 MW in March and half of 1 MW in April go over: the holder has 6, 8, 8.5 MW, the rival 2, 4, 4.5 MW."""
    played = play(growing(refusal(more=", chance: 50%")))
    assert played.series("first.power.offered", "2025-01", "2025-05") == [6.0, 6.0, 8.0, 8.5, 8.5]
    assert played.series("second.power.offered", "2025-01", "2025-05") == [2.0, 2.0, 4.0, 4.5, 4.5]


def test_without_a_chance_it_matches_everything() -> None:
    played = play(growing(refusal()))
    assert played.series("second.power.offered", "2025-01", "2025-04") == [2.0, 2.0, 2.0, 2.0]
    assert played.series("first.power.offered", "2025-01", "2025-04") == [6.0, 6.0, 10.0, 11.0]


def test_it_takes_over_at_most_its_limit_in_a_month() -> None:
    """1.5 of the 4 MW in March, all of the 1 MW in April."""
    played = play(growing(refusal("1.5 MW")))
    assert played.series("second.power.offered", "2025-02", "2025-05") == [2.0, 4.5, 4.5, 4.5]


def test_what_rivals_had_before_is_not_touched_and_what_was_taken_over_stays() -> None:
    """The right ends in March: what was matched then stays, what comes in April is the rival's."""
    played = play(growing(refusal(more=", until: 2025-03")))
    assert played.series("second.power.offered", "2025-01", "2025-05") == [2.0, 2.0, 2.0, 3.0, 3.0]


def test_a_capacity_that_comes_back_is_no_new_increment() -> None:
    """8, then 3, then 8 MW again: nothing was added to the highest so far."""
    dip = "sites: {unit: MW, table: {2025-01: 8, 2025-02: 3, 2025-03: 8}, assumed: given}"
    played = play(growing(refusal()).replace(GROWTH, dip))
    assert played.series("second.power.offered", "2025-01", "2025-03") == [8.0, 3.0, 8.0]


def test_a_holder_whose_own_term_has_ended_delivers_nothing_it_took_over() -> None:
    """The holder's supply ends in March. It delivers nothing in April, and the rival has all of its 7 MW."""
    text = growing(refusal()).replace("capacity: 6 MW", "until: 2025-03, capacity: 6 MW")
    played = play(text)
    assert played.series("first.power.offered", "2025-03", "2025-05") == [10.0, 0.0, 0.0]
    assert played.series("second.power.offered", "2025-03", "2025-05") == [2.0, 7.0, 7.0]


def test_a_right_switched_off_takes_nothing() -> None:
    played = play(growing(refusal()), variant=Variant(off=frozenset({"first.first_refusal"})))
    assert played.series("second.power.offered", "2025-02", "2025-04") == [2.0, 6.0, 7.0]


def test_a_right_to_match_wants_an_offer_to_match_with() -> None:
    text = served(agreement(refusal(), name="first"), rival())
    assert codes(text) == ["no-offer-to-match-with"]


# units


def test_a_price_in_the_wrong_unit_is_refused_where_it_stands() -> None:
    """3 USD a month for each MW is a price of capacity; 3 USD a month is not."""
    (found,) = refused(served(cloud().replace("3 USD / MW / month", "3 USD / month")))
    assert (found.code, found.found) == ("unit-mismatch", "USD / month")
    assert found.place.column - found.place.end_column == -len("3 USD / month")
