"""Terms of delivery, worked by hand: what is missing, what it costs, when it is a breach."""

import pytest

from tests.support import codes, play
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


def test_nothing_is_owed_once_the_term_it_is_about_has_ended() -> None:
    """4 MW missing in January and February; the supply ends then, and the obligation says nothing of it."""
    played = play(served(cloud(owed()).replace("price: 3", "until: 2025-02, price: 3")))
    assert played.series("first.due.damages", "2025-01", "2025-04") == [8.0, 8.0, 0.0, 0.0]


SCHEDULE = "schedule: [{on: 2025-02, capacity: 5 MW}, {on: 2025-04, capacity: 8 MW}]"


def scheduled(more: str = "", schedule: str = SCHEDULE) -> str:
    """6 MW are there. 5 are owed from February, 8 from April: 2 MW missing cost 4 USD a month."""
    return owed(more).replace("due: 10 MW", schedule)


def test_a_schedule_owes_each_capacity_from_its_date() -> None:
    played = play(served(cloud(scheduled())))
    assert played.series("first.due.missing", "2025-01", "2025-05") == [0.0, 0.0, 0.0, 2.0, 2.0]
    assert played.series("first.due.damages", "2025-03", "2025-05") == [0.0, 4.0, 4.0]


def test_a_delay_within_the_grace_costs_nothing_and_is_no_breach() -> None:
    """Missing from April: the third month of it is June."""
    text = served(cloud(scheduled(", grace: 2 months")), events="seen: {when: breached(first.due)}")
    played = play(text)
    assert played.series("first.due.damages", "2025-03", "2025-07") == [0.0, 0.0, 0.0, 4.0, 4.0]
    assert played.series("seen", "2025-05", "2025-08") == [0.0, 0.0, 1.0, 1.0]


def test_nothing_is_missing_where_it_is_excused() -> None:
    played = play(served(cloud(scheduled(", excused: on(2025-05)"))))
    assert played.series("first.due.damages", "2025-04", "2025-06") == [4.0, 0.0, 4.0]


def test_past_the_long_stop_the_buyer_may_end_and_owes_and_is_owed_nothing_more() -> None:
    """Missing from April. At the end of June the delay has lasted three months, longer than two: the buyer ends in July."""
    text = served(
        cloud(scheduled(", long_stop: 2 months")).replace("price: 3", "stops: left, price: 3"),
        events="left: {decided_by: lab, possible: first.due.past_long_stop, policy: after(0 months)}",
    )
    played = play(text)
    assert played.series("left", "2025-05", "2025-08") == [0.0, 0.0, 1.0, 1.0]
    assert played.series("first.power.bill", "2025-05", "2025-08") == [18.0, 18.0, 0.0, 0.0]
    assert played.series("first.due.damages", "2025-05", "2025-08") == [4.0, 4.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "term",
    [
        scheduled(schedule="from: 2024-02"),
        scheduled(schedule=f"due: 5 MW, {SCHEDULE}"),
        scheduled(schedule="schedule: [{on: 2025-04, capacity: 5 MW}, {on: 2025-02, capacity: 8 MW}]"),
    ],
    ids=["nothing owed", "a capacity and a schedule", "dates that do not rise"],
)
def test_an_obligation_that_cannot_be_is_refused(term: str) -> None:
    assert codes(served(cloud(term))) == ["impossible-parameter"]


def test_a_supplier_that_cannot_explains_the_waiver_of_its_exclusivity() -> None:
    """10 MW owed and 6 there. Without a lapse 4 MW stay unmet; with it the rival serves them at 1 USD, and the damages
    of 2 USD for each pay for it twice: the buyer is better off by 4 USD a month and loses no supply."""
    for lapses, unmet, cost in ((", lapse_if_unable: true", 0.0, 18 - 8 + 4), ("", 4.0, 18 - 8)):
        only = f"only: {{type: exclusivity, supplier: cloud, need: lab.compute{lapses}}}"
        played = play(served(cloud(owed(), only), rival("1")))
        assert played("first.due.damages", "2025-01") == 8.0
        assert played("lab.compute.unmet", "2025-01") == unmet
        assert played("lab.USD", "2025-01") == 1000.0 - cost


# service_level_credit

MEASURED = "quality: {table: {2025-01: 99%, 2025-02: 97%, 2025-03: 90%, 2025-04: 99%, 2025-05: 97%, 2025-06: 99%}, assumed: given}"


def service(more: str = "") -> str:
    return (
        "service: {type: service_level_credit, of: first.power, metric: quality, target: 98%,"
        f" table: [{{below: 98%, credit: 10%}}, {{below: 95%, credit: 50%}}]{more}, assumed: given}}"
    )


def test_a_service_below_its_level_gives_a_part_of_the_bill_back() -> None:
    """18 USD a month: nothing at 99%, a tenth at 97%, half at 90%."""
    played = play(served(cloud(service()), variables=MEASURED))
    assert played.series("first.service.returned", "2025-01", "2025-04") == pytest.approx([0.0, 1.8, 9.0, 0.0])
    assert played("cloud.USD", "2025-03") - played("cloud.USD", "2025-02") == pytest.approx(9.0)


def test_a_bill_in_another_currency_is_given_back_in_it() -> None:
    """6 MW at 3 EUR, of which a tenth is 1.80 EUR in February, 1.98 USD at 1.10."""
    text = served(
        cloud(service()).replace("3 USD / MW", "3 EUR / MW"),
        resources="USD: {kind: money}\nEUR: {kind: money, rate: 1.1 USD / EUR, assumed: given}\ncompute: {kind: capacity, unit: MW}",
        opening="lab.USD: {balance: 1000 USD, assumed: given}\ncloud.USD: {balance: 0 USD}",
        variables=f"{MEASURED}\nreturned: {{unit: EUR, is: paid(first.service)}}",
    )
    played = play(text)
    assert played("first.service.returned", "2025-02") == pytest.approx(1.8)
    assert played("returned", "2025-03") == pytest.approx(1.8)
    assert played("lab.USD", "2025-02") == pytest.approx(1000.0 - 2 * 18 * 1.1 + 1.98)


def test_what_a_term_shows_of_capacity_and_bill_can_be_read() -> None:
    shown = "missing: {unit: MW, is: first.due.missing}\npart: {is: first.service.credit}"
    played = play(served(cloud(owed(), service()), variables=f"{MEASURED}\n{shown}"))
    assert (played("missing", "2025-03"), played("part", "2025-03")) == (4.0, 0.5)


def test_no_more_of_a_bill_is_given_back_than_the_cap() -> None:
    played = play(served(cloud(service(", cap: 30%")), variables=MEASURED))
    assert played.series("first.service.returned", "2025-02", "2025-03") == pytest.approx([1.8, 5.4])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("failures: 2, within: 3 months", [0, 0, 1, 1, 1, 0]),
        ("failures: 3, within: 4 months", [0, 0, 0, 0, 1, 0]),
        ("failures: 3, within: 3 months", [0, 0, 0, 0, 0, 0]),
        ("failures: 1, within: 1 month", [0, 1, 1, 0, 1, 0]),
    ],
)
def test_repeated_failures_are_a_breach_while_they_lie_within_the_time(rule: str, expected: list[int]) -> None:
    """Failures in February, March and May. Of three months, the last two hold two of them in March, April (February,
    March) and May (March, May); three lie within four months in May alone."""
    played = play(served(cloud(service(f", {rule}")), variables=MEASURED))
    assert played.series("first.service.breached", "2025-01", "2025-06") == expected


@pytest.mark.parametrize(
    "more", [", cap: 120%", ", failures: 2", ", within: 3 months", ", failures: 0, within: 3 months"]
)
def test_a_service_level_that_cannot_be_is_refused(more: str) -> None:
    assert codes(served(cloud(service(more)), variables=MEASURED)) == ["impossible-parameter"]


def test_a_table_that_does_not_fall_is_refused() -> None:
    term = service().replace("below: 98%", "below: 90%")
    assert codes(served(cloud(term), variables=MEASURED)) == ["impossible-parameter"]
