"""Terms of supply, worked by hand: what is offered, used, unmet and paid in a month."""

from textwrap import indent

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


TIERS = "tiers: [{up_to: 5 MW, price: 3 USD / MW / month}, {price: LAST USD / MW / month}]"


def tiered(last: str, capacity: str = "8 MW", tiers: str = TIERS) -> str:
    """A supply of 8 MW, the first 5 at 3 USD and the rest at another price."""
    term = f"power: {{type: supply, supplier: cloud, need: lab.compute, capacity: {capacity}, {tiers.replace('LAST', last)}, assumed: given}}"
    return agreement(term, "lab, cloud", "2024-01", "first")


def test_each_tier_is_an_offer_at_its_own_price() -> None:
    """10 MW: 5 at 3 USD, then the rival's at 5, of which it has 8: nothing is left for the second tier at 6."""
    played = play(served(tiered("6"), rival("5")))
    assert (played("first.power.tier_1.use", "2025-01"), played("first.power.tier_2.use", "2025-01")) == (5.0, 0.0)
    assert (played("first.power.bill", "2025-01"), played("second.power.bill", "2025-01")) == (15.0, 25.0)


def test_a_cheaper_tier_is_reached_only_through_the_dearer_one_before_it() -> None:
    """5 MW at 3 USD, 3 MW at 1 USD. Alone they bring 15 + 3. Beside 8 MW at 2 USD they come last: 2 MW at 3 USD."""
    assert play(served(tiered("1")))("first.power.bill", "2025-01") == 18.0
    played = play(served(tiered("1"), rival("2")))
    assert (played("second.power.use", "2025-01"), played("first.power.tier_1.use", "2025-01")) == (8.0, 2.0)
    assert played("first.power.bill", "2025-01") == 6.0


def test_what_lies_above_the_last_tier_is_not_offered() -> None:
    tiers = "tiers: [{up_to: 2 MW, price: 3 USD / MW / month}, {up_to: 6 MW, price: 4 USD / MW / month}]"
    played = play(served(tiered("", tiers=tiers)))
    assert (played("first.power.offered", "2025-01"), played("lab.compute.unmet", "2025-01")) == (6.0, 4.0)
    assert played("first.power.bill", "2025-01") == 2 * 3.0 + 4 * 4.0


def test_a_term_of_tiers_is_read_as_a_whole() -> None:
    """Used 8, offered 8, capacity 8 MW; its price is that of the first tier."""
    what = "'use(first.power) + first.power.offered + first.power.capacity'"
    text = served(
        tiered("4"), variables=f"x: {{unit: MW, is: {what}}}\ny: {{unit: USD / MW / month, is: first.power.price}}"
    )
    assert (play(text)("x", "2025-01"), play(text)("y", "2025-01")) == (24.0, 3.0)


@pytest.mark.parametrize(
    "prices",
    [
        "",
        f"price: 3 USD / MW / month, {TIERS}",
        "tiers: [{price: 3 USD / MW / month}, {price: 4 USD / MW / month}]",
        "tiers: [{up_to: 5 MW, price: 3 USD / MW / month}, {up_to: 4 MW, price: 4 USD / MW / month}]",
    ],
    ids=["no price", "a price and tiers", "a tier without end before another", "tiers that do not rise"],
)
def test_prices_that_cannot_be_are_refused(prices: str) -> None:
    assert codes(served(tiered("6", tiers=prices or "from: 2024-02"))) == ["impossible-parameter"]


# a known case: a maker with cost 10 sells to a shop that faces the demand P = 100 - q and chooses q = (100 - w) / 2


def chain(wholesale: int, fixed: str = "0") -> str:
    """The shop buys its units (here MW) at the wholesale price, and pays a fixed fee."""
    return small(
        now="2024-12",
        needs="lab.compute: {resource: compute, amount: '1 MW * (100 USD / MW / month - first.power.price) / (2 USD / MW / month)', assumed: given}",
        agreements=agreement(
            f"power: {{type: supply, supplier: cloud, need: lab.compute, capacity: 100 MW, price: {wholesale} USD / MW / month, assumed: given}}",
            name="first",
        ),
        variables="retail: {unit: USD / MW / month, is: '100 USD / MW / month - use(first.power) / (1 MW) * (1 USD / MW / month)', assumed: given}",
        flows=f"""
            sales: {{from: world, to: lab, amount: retail * use(first.power)}}
            cost:  {{from: cloud, to: world, amount: 10 USD / MW / month * use(first.power), assumed: given}}
            fixed: {{from: lab, to: cloud, amount: {fixed} USD / month, assumed: given}}
        """,
    )


@pytest.mark.parametrize(
    ("wholesale", "fixed", "volume", "price", "maker", "shop"),
    [
        (55, "0", 22.5, 77.5, 1012.5, 506.25),
        (10, "0", 45.0, 55.0, 0.0, 2025.0),
        (10, "1350", 45.0, 55.0, 1350.0, 675.0),
    ],
    ids=["wholesale price: two margins", "at cost: as if they were one", "two-part tariff"],
)
def test_two_margins_and_the_two_part_tariff_that_restores_the_profit_of_one_firm(
    wholesale: int, fixed: str, volume: float, price: float, maker: float, shop: float
) -> None:
    """Known: one firm sells 45 at 55 and earns 2025. Two firms at w = 55 sell 22.5 at 77.5 and earn 1012.5 + 506.25;
    w = 10 and a fixed fee, which only divides it, bring 2025 again (Spengler 1950)."""
    played = play(chain(wholesale, fixed))
    assert (played("first.power.use", "2025-01"), played("retail", "2025-01")) == (volume, price)
    assert played("cloud.USD", "2025-01") - 500.0 == pytest.approx(maker, rel=EXACT)
    assert played("lab.USD", "2025-01") - 1000.0 == pytest.approx(shop, rel=EXACT)


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


@pytest.mark.parametrize(("need", "bill"), [("2 MW", 16.0), ("4 MW", 16.0), ("4.5 MW", 18.0), ("10 MW", 20.0)])
def test_within_the_tolerance_only_what_is_used_is_paid(need: str, bill: float) -> None:
    """5 MW at 4 USD, a fifth of it flexible: 4 MW are paid in any case, the fifth as far as it is used."""
    played = play(served(reserved(more=", tolerance: 20%"), need=NEED.replace("10 MW", need)))
    assert played("second.sites.bill", "2025-01") == bill
    assert played("second.sites.use", "2025-01") == min(5.0, float(need.split()[0]))


def test_flexible_capacity_is_called_at_its_fee_and_firm_capacity_at_nothing() -> None:
    """10 MW: 4 firm, then 6 at 3 USD, and the flexible one at 4 USD is not needed."""
    played = play(served(cloud(), reserved(more=", tolerance: 20%")))
    assert (played("second.sites.use", "2025-01"), played("first.power.use", "2025-01")) == (4.0, 6.0)


def test_what_is_resold_is_given_back_in_part() -> None:
    """2 of 5 MW used: 20 USD less a quarter of the 12 USD for 3 idle MW."""
    played = play(served(reserved(more=", resale_offset: 25%"), need=NEED.replace("10 MW", "2 MW")))
    assert played("second.sites.bill", "2025-01") == 17.0


@pytest.mark.parametrize(("offset", "own"), [("70%", 5.0), ("80%", 4.0)])
def test_an_idle_unit_that_is_resold_costs_what_is_given_back(offset: str, own: float) -> None:
    """A used unit of the reservation forgoes 2.80 or 3.20 USD: it is called before, or after, 6 MW at 3 USD."""
    played = play(served(cloud(), reserved(more=f", resale_offset: {offset}")))
    assert played("second.sites.use", "2025-01") == own


def making_up(wish: list[int], more: str) -> str:
    """5 MW reserved at 4 USD, with a right to make up; what is wanted by month."""
    table = ", ".join(f"2025-{number:02d}: {value}" for number, value in enumerate(wish, 1))
    return served(
        reserved(more=f", make_up_right: {more}"),
        need=NEED.replace("10 MW", "wish"),
        variables=f"wish: {{unit: MW, table: {{{table}}}, assumed: given}}",
    )


def test_what_was_paid_and_not_used_is_made_up_later_without_a_fee() -> None:
    """3 MW idle in each of three months are 9 MW months. In April 5 are made up on top of 5, in May the last 4."""
    played = play(making_up([2, 2, 2, 10, 10, 10, 5], "12 months"))
    assert played.series("second.sites.use", "2025-03", "2025-06") == [2.0, 10.0, 9.0, 5.0]
    assert played.series("second.sites.bill") == [20.0] * 12


def test_what_is_made_up_is_no_new_capacity_that_another_could_match() -> None:
    """The holder may match 100 MW of what is new: what is owed from before stays with the supplier that owes it."""
    right = "refusal: {type: right_of_first_refusal, holder: cloud, need: lab.compute, matches: 100 MW, assumed: given}"
    text = making_up([2, 2, 2, 10, 10, 10, 5], "12 months")
    played = play(text.replace("agreements:\n", f"agreements:\n{indent(cloud(right), '  ')}\n"))
    assert played.series("second.sites.use", "2025-03", "2025-06") == [2.0, 10.0, 9.0, 5.0]
    assert played.series("first.power.use", "2025-03", "2025-06") == [0.0, 0.0, 1.0, 5.0]


def test_no_more_is_made_up_at_a_time_than_agreed() -> None:
    played = play(making_up([2, 2, 2, 10, 10, 10, 5], "12 months, make_up_capacity: 2 MW"))
    assert played.series("second.sites.use", "2025-03", "2025-06") == [2.0, 7.0, 7.0, 7.0]


@pytest.mark.parametrize(("month", "use"), [("2025-06", 8.0), ("2025-07", 5.0)])
def test_what_is_not_made_up_by_the_end_of_the_next_period_is_lost(month: str, use: float) -> None:
    """3 MW idle in March, of the first quarter: to be made up by June."""
    wish = [5, 5, 2, 5, 5, 5, 5, 5, 5, 5, 5, 5]
    wish[int(month[-2:]) - 1] = 10
    assert play(making_up(wish, "3 months"))("second.sites.use", month) == use


@pytest.mark.parametrize(
    "more", [", tolerance: 120%", ", resale_offset: 110%", ", make_up_right: 0 months", ", make_up_capacity: 2 MW"]
)
def test_a_reservation_that_cannot_be_is_refused(more: str) -> None:
    assert codes(served(reserved(more=more))) == ["impossible-parameter"]


# units


def test_a_price_in_the_wrong_unit_is_refused_where_it_stands() -> None:
    """3 USD a month for each MW is a price of capacity; 3 USD a month is not."""
    (found,) = refused(served(cloud().replace("3 USD / MW / month", "3 USD / month")))
    assert (found.code, found.found) == ("unit-mismatch", "USD / month")
    assert found.place.column - found.place.end_column == -len("3 USD / month")
