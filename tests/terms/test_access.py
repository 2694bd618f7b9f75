"""Terms of access, worked by hand: who may serve a need, and who comes first."""

import pytest

from detente.engine.simulate import Variant
from tests.support import EXACT, agreement, codes, play
from tests.terms.served import NEED, cloud, rival, served

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


def test_an_exclusivity_of_a_share_leaves_the_rest_to_rivals() -> None:
    """70% of 10 MW are owed: 3 MW are left to the cheaper rival, 6 of the 7 the supplier has, 1 stays unmet."""
    played = play(served(cloud(exclusive(", share: 70%, assumed: given")), rival("1")))
    assert played("first.power.use", "2025-01") == 6.0
    assert played("second.power.use", "2025-01") == pytest.approx(3.0, rel=EXACT)
    assert played("lab.compute.unmet", "2025-01") == pytest.approx(1.0, rel=EXACT)


def test_a_share_and_a_lapse_leave_the_greater_of_the_two() -> None:
    """The rest of 30% is 3 MW, what the supplier cannot is 4 MW."""
    played = play(served(cloud(exclusive(", share: 70%, lapse_if_unable: true, assumed: given")), rival("1")))
    assert played("second.power.use", "2025-01") == 4.0


def test_a_waiver_lets_rivals_in() -> None:
    text = served(cloud(exclusive(", waived: let")), rival("1"), events="let: {decided_by: cloud, policy: at(2025-03)}")
    assert play(text).series("second.power.use", "2025-02", "2025-04") == [0.0, 8.0, 8.0]


def selling(more: str, needed: str = "10 MW") -> str:
    """The supplier, with 6 MW for the lab, also has 5 MW for a rival's need of 9; it is bound to the lab."""
    term = "power: {type: supply, supplier: cloud, need: rival.compute, capacity: 5 MW, price: 9 USD / MW / month, assumed: given}"
    return served(
        cloud(
            f"only: {{type: exclusivity, supplier: cloud, need: lab.compute, closes: rival.compute{more}, assumed: given}}"
        ),
        agreement(term, "rival, cloud", "2024-03", "third"),
        need=f"{NEED.replace('10 MW', needed)}\nrival.compute: {{resource: compute, amount: 9 MW, assumed: given}}",
    )


@pytest.mark.parametrize(
    ("more", "needed", "elsewhere"),
    [
        ("", "10 MW", 0.0),
        (", share: 60%", "10 MW", 4.0),
        (", lapse_if_unable: true", "3 MW", 3.0),
        (", until: 2024-12", "10 MW", 5.0),
    ],
    ids=["nothing else", "a share", "what is not taken", "ended"],
)
def test_a_supplier_may_be_bound_to_sell_to_one_need(more: str, needed: str, elsewhere: float) -> None:
    """It sells 6 MW here; if that is 60% of all, it may sell 6 x 40 / 60 = 4 elsewhere. Of 6 MW 3 are not taken."""
    played = play(selling(more, needed))
    assert played("third.power.use", "2025-01") == pytest.approx(elsewhere)


def test_an_exclusivity_cannot_close_the_need_it_serves() -> None:
    assert codes(selling("").replace("closes: rival.compute", "closes: lab.compute")) == ["impossible-parameter"]


@pytest.mark.parametrize("more", [", share: 0%", ", carve_out: [rival]", ", share: 130%"])
def test_a_binding_of_the_supplier_that_says_nothing_is_refused(more: str) -> None:
    assert codes(selling(more)) == ["impossible-parameter"]


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


def test_what_was_taken_over_goes_back_where_the_rival_would_no_longer_have_it() -> None:
    """Everything new is matched: 5 of 7 MW by April. In May the rival would have 3 MW in all, in June 7 again."""
    sites = GROWTH.replace("2025-04: 7", "2025-04: 7, 2025-05: 3, 2025-06: 7")
    played = play(growing(refusal()).replace(GROWTH, sites))
    assert played.series("first.power.offered", "2025-03", "2025-06") == [10.0, 11.0, 9.0, 11.0]
    assert played.series("second.power.offered", "2025-03", "2025-06") == [2.0, 2.0, 0.0, 2.0]


def test_two_holders_never_take_over_the_same_increment() -> None:
    """Of 4 MW in March the first takes half, the second all that is left: nothing is the rival's but its 2 MW. Of 1 MW
    in April the first takes a half, the second the other."""
    other = (
        "power: {type: supply, supplier: fund, need: lab.compute, capacity: 1 MW, price: 2 USD / MW / month, assumed: given}\n"
        "right: {type: right_of_first_refusal, holder: fund, need: lab.compute, matches: 100 MW, carve_out: [cloud], assumed: given}"
    )
    text = served(
        cloud(refusal(more=", chance: 50%, carve_out: [fund]")),
        rival("1").replace("8 MW", "sites"),
        agreement(other, "lab, fund", "2024-03", "third"),
        variables=GROWTH,
    )
    played = play(text)
    assert played.series("first.power.offered", "2025-02", "2025-04") == [6.0, 8.0, 8.5]
    assert played.series("third.power.offered", "2025-02", "2025-04") == [1.0, 3.0, 3.5]
    assert played.series("second.power.offered", "2025-02", "2025-04") == [2.0, 2.0, 2.0]


def test_what_was_passed_on_may_be_signed_within_the_window() -> None:
    """Half of 4 MW in March is passed on. What is new in April and May, within two months, is free; in June half of it is
    taken over again."""
    sites = "sites: {unit: MW, table: {2025-01: 2, 2025-02: 2, 2025-03: 6, 2025-04: 7, 2025-05: 8, 2025-06: 10}, assumed: given}"
    played = play(growing(refusal(more=", chance: 50%, window: 2 months")).replace(GROWTH, sites))
    assert played.series("second.power.offered", "2025-02", "2025-06") == [2.0, 4.0, 5.0, 6.0, 7.0]
    assert played.series("first.power.offered", "2025-02", "2025-06") == [6.0, 8.0, 8.0, 8.0, 9.0]
