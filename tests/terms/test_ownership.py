"""Terms of ownership, worked by hand: shares, stakes, protections, preferences and what a party may hold."""

import math

import pytest

from detente.engine.simulate import Variant
from tests.support import EXACT, Played, agreement, agreements, play, refused, small

ROUND = "round: {type: equity_round, company: lab, investor: fund, when: on(2025-03), amount: 250 USD, pre_money: 1000 USD, assumed: given}"
CONVERTED = "converted: {decided_by: lab, policy: at(2025-03)}"
SOLD = "sold: {decided_by: lab, policy: at(2025-06)}"


def impossible(terms: str, **blocks: str) -> list[tuple[str, str]]:
    """The parameters that cannot be, with their first way out."""
    found = refused(small(agreements=agreement(terms), **blocks))
    assert {one.code for one in found} <= {"impossible-parameter"}, found
    return [(one.message, one.ways_out[0]) for one in found]


# classes of shares

CLASSES = """
    USD:       {kind: money}
    compute:   {kind: capacity, unit: MW}
    equity:    {kind: shares, issuer: lab}
    preferred: {kind: shares, issuer: lab}
"""


def test_a_round_issues_its_class_and_stakes_count_all_classes() -> None:
    """100 common shares; 250 at 1000 before the money buy 25 preferred ones at 10: 25 of 125 is 20%."""
    text = small(
        resources=CLASSES,
        agreements=agreement(ROUND.replace("amount", "class: preferred, amount"), "lab, fund"),
        variables="fund_stake: {is: stake(fund)}\nstaff_stake: {is: stake(staff)}",
    )
    played = play(text)
    assert played.series("fund.preferred", "2025-02", "2025-04") == [0.0, 25.0, 25.0]
    assert played("lab.preferred", "2025-04") == -25.0
    assert "fund.equity" not in played.graph.equations or played("fund.equity", "2025-04") == 0.0
    assert played("fund_stake", "2025-04") == pytest.approx(0.2, rel=EXACT)
    assert played("staff_stake", "2025-04") == pytest.approx(0.8, rel=EXACT)


def test_a_later_round_counts_the_classes_before_it() -> None:
    """A second round of 250 at 1000 on the 125 shares there are: 8 USD each, 31.25 shares of the common class."""
    second = ROUND.replace("round:", "second:").replace("2025-03", "2025-05")
    text = small(
        resources=CLASSES,
        agreements=agreement(ROUND.replace("amount", "class: preferred, amount") + "\n" + second, "lab, fund"),
    )
    played = play(text)
    assert played("pact.second.price", "2025-05") == 8.0
    assert played("fund.equity", "2025-05") == 31.25


def test_a_class_that_the_company_does_not_issue_is_refused() -> None:
    found = refused(small(agreements=agreement(ROUND.replace("amount", "class: prefered, amount"), "lab, fund")))
    assert [one.code for one in found] == ["unknown-resource"]
    assert "class 'prefered'" in found[0].message


# conversion

INTEREST = "interest: {type: capped_return, payer: lab, holder: cloud, profit: 10 USD / month, tiers: [{share: 50%, cap: 1000 USD}], assumed: given}"


def test_a_profit_interest_ends_in_the_month_in_which_it_converts() -> None:
    """5 a month in January and February; from March on nothing, and 30% of the shares: 300 / 7 on 100 of others."""
    turned = "turned: {type: conversion, holder: cloud, company: lab, when: converted, to_stake: 30%, of: [pact.interest], assumed: given}"
    played = play(small(agreements=agreement(INTEREST + "\n" + turned), events=CONVERTED))
    assert played.series("pact.interest.return", "2025-01", "2025-05") == [5.0, 5.0, 0.0, 0.0, 0.0]
    assert played.series("cloud.equity", "2025-02", "2025-04") == pytest.approx([0, 300 / 7, 300 / 7], rel=EXACT)


def test_an_interest_that_never_converts_goes_on() -> None:
    turned = "turned: {type: conversion, holder: cloud, company: lab, when: converted, to_stake: 30%, of: [pact.interest], assumed: given}"
    text = small(agreements=agreement(INTEREST + "\n" + turned), events=CONVERTED.replace("at(2025-03)", "never"))
    assert play(text).series("pact.interest.return") == [5.0] * 12


def test_a_conversion_may_say_the_shares_by_a_formula() -> None:
    """A claim of 900 USD at 20 USD a share: 45 shares."""
    turned = "turned: {type: conversion, holder: cloud, company: lab, when: converted, to_shares: claim / (20 USD / share), assumed: given}"
    text = small(
        agreements=agreement(turned), events=CONVERTED, variables="claim: {unit: USD, is: 900 USD, assumed: given}"
    )
    assert play(text).series("cloud.equity", "2025-02", "2025-04") == [0.0, 45.0, 45.0]


def test_a_conversion_says_one_thing_only() -> None:
    term = "turned: {type: conversion, holder: cloud, company: lab, when: converted, MORE assumed: given}"
    way = "write one of `to_stake` and `to_shares`"
    assert impossible(term.replace("MORE", ""), events=CONVERTED) == [("`to_stake`: nothing says what it becomes", way)]
    both = term.replace("MORE", "to_stake: 30%, to_shares: 5 share,")
    assert impossible(both, events=CONVERTED) == [("`to_stake`: a stake and a number of shares are both said", way)]
    other = INTEREST.replace("holder: cloud", "holder: fund") + "\n"
    other += term.replace("MORE", "to_stake: 30%, of: [pact.interest],")
    assert impossible(other, events=CONVERTED) == [
        ("`of`: 'pact.interest' is not an interest of 'cloud'", "name its own interest")
    ]


# anti-dilution


def protected(method: str, price: str, terms: str, more: str = "") -> Played:
    """The fund holds 1,000 preferred shares bought at 10; staff 9,000 common ones; 2,000 new ones are sold in March."""
    protection = f"protection: {{type: anti_dilution, holder: fund, company: lab, class: preferred, method: {method}, reference_price: 10 USD / share{more}, assumed: given}}"
    sale = f"sale: {{type: capital_commitment, investor: world, company: lab, tranches: [{terms}], price: {price}, assumed: given}}"
    return play(
        small(
            resources=CLASSES,
            opening="lab.USD: {balance: 0 USD}\nstaff.equity: {balance: 9000 share, assumed: g}\nfund.preferred: {balance: 1000 share, assumed: g}",
            agreements=agreement(protection + "\n" + sale, "lab, fund, world"),
        )
    )


def test_a_full_ratchet_resets_the_price_to_that_of_the_sale() -> None:
    """1,000 at 10 become 1,000 × 10 / 5 = 2,000: 1,000 more."""
    played = protected("full_ratchet", "5 USD / share", "{amount: 10000 USD, on: 2025-03}")
    assert played.series("pact.protection.conversion_price", "2025-02", "2025-04") == [10.0, 5.0, 5.0]
    assert played.series("fund.preferred", "2025-02", "2025-04") == [1000.0, 2000.0, 2000.0]


def test_a_broad_based_average_weighs_by_shares() -> None:
    """(10,000 × 10 + 10,000) / (10,000 + 2,000) = 9.1666…; 1,000 × 10 / 9.1666… = 1,090.909…: 90.909… more."""
    played = protected("weighted_average", "5 USD / share", "{amount: 10000 USD, on: 2025-03}")
    assert played("pact.protection.conversion_price", "2025-03") == pytest.approx(110 / 12, rel=EXACT)
    assert played("fund.preferred", "2025-03") == pytest.approx(1000 * 120 / 110, rel=EXACT)


def test_a_second_sale_starts_from_the_price_the_first_left() -> None:
    """A sale at 5, then one at the same 5: the ratchet stays. The average moves again, on what there is by then."""
    twice = "{amount: 10000 USD, on: 2025-03}, {amount: 10000 USD, on: 2025-06}"
    assert protected("full_ratchet", "5 USD / share", twice)("fund.preferred", "2025-06") == 2000.0
    price, held = 110 / 12, 1000 * 120 / 110
    count = 9000 + held + 2000
    after = (count * price + 10000) / (count + 2000)
    played = protected("weighted_average", "5 USD / share", twice)
    assert played("pact.protection.conversion_price", "2025-06") == pytest.approx(after, rel=EXACT)
    assert played("fund.preferred", "2025-06") == pytest.approx(held * price / after, rel=EXACT)


def test_two_sales_of_one_month_count_in_turn() -> None:
    """The same two sales in one month: the second is weighed on the 12,000 there are after the first."""
    twice = "{amount: 10000 USD, on: 2025-03}, {amount: 10000 USD, on: 2025-03}"
    played = protected("weighted_average", "5 USD / share", twice)
    assert played("pact.protection.conversion_price", "2025-03") == pytest.approx(
        (12000 * 110 / 12 + 10000) / 14000, rel=EXACT
    )


@pytest.mark.parametrize("method", ["full_ratchet", "weighted_average"])
def test_a_dearer_sale_or_one_carved_out_changes_nothing(method: str) -> None:
    sold = "{amount: 10000 USD, on: 2025-03}"
    assert protected(method, "12 USD / share", sold)("fund.preferred", "2025-12") == 1000.0
    assert protected(method, "5 USD / share", sold, ", carve_outs: [pact.sale]")("fund.preferred", "2025-12") == 1000.0


# liquidation preference


def liquidated(proceeds: str, *terms: str, resources: str = CLASSES, **opening: int) -> Played:
    """A sale in June; `opening` gives shares by party and class."""
    held = "\n".join(
        f"{name.replace('__', '.')}: {{balance: {count} share, assumed: g}}" for name, count in opening.items()
    )
    text = "\n".join(
        f"p{number}: {{type: liquidation_preference, company: lab, on: [sold], payer: world, proceeds: proceeds, {term}, assumed: given}}"
        for number, term in enumerate(terms, 1)
    )
    return play(
        small(
            resources=resources,
            opening=f"lab.USD: {{balance: 0 USD}}\nrival.USD: {{balance: 0 USD}}\ncloud.USD: {{balance: 0 USD}}\n{held}",
            events=SOLD,
            variables=f"proceeds: {{unit: USD, is: {proceeds}, assumed: given}}",
            agreements=agreement(text, "lab, fund, cloud"),
        )
    )


@pytest.mark.parametrize(
    ("proceeds", "plain", "participating"), [(30, 10, 14), (50, 10, 18), (100, 20, 28), (8, 8, 8), (10, 10, 10)]
)
def test_a_preference_of_10_on_a_fifth(proceeds: int, plain: float, participating: float) -> None:
    """Known answers for 10M at 1x on 20%: max(10, 0.2 X), or 10 + 0.2 (X - 10). At 50 converting makes no difference:
    max(10, 10). Below 10 all goes to the preference."""
    for more, expected in (("", plain), (", participating: true", participating)):
        played = liquidated(
            f"{proceeds} mn USD",
            f"holder: fund, class: preferred, invested: 10 mn USD{more}",
            fund__preferred=20,
            staff__equity=80,
        )
        assert played("pact.p1", "2025-06") == pytest.approx(expected * 1e6, rel=EXACT)
        assert played("staff.USD", "2025-12") == pytest.approx((proceeds - expected) * 1e6, rel=1e-9, abs=1e-6)
        assert played("world.USD", "2025-12") == pytest.approx(-proceeds * 1e6, rel=EXACT)
        assert played("pact.p1", "2025-05") == played("pact.p1", "2025-07") == 0.0


@pytest.mark.parametrize(("proceeds", "paid"), [(40, 16), (60, 20), (90, 20), (100, 20), (150, 30)])
def test_a_cap_on_participation_holds_until_converting_is_better(proceeds: int, paid: float) -> None:
    """10 + 0.2 (X - 10), at most 20, and 0.2 X above 100: 10 + 6 = 16; 10 + 10 = 20; then flat; at 150 it converts."""
    played = liquidated(
        f"{proceeds} USD",
        "holder: fund, class: preferred, invested: 10 USD, participating: true, cap: 20 USD",
        fund__preferred=20,
        staff__equity=80,
    )
    assert played("pact.p1", "2025-06") == pytest.approx(paid, rel=EXACT)


@pytest.mark.parametrize(
    ("proceeds", "senior", "junior", "equal"),
    [(5, 5, 0, 0), (14, 10, 2, 2), (40, 10, 10, 10), (100, 15, 15, 15)],
)
def test_seniority_and_equal_rank_where_proceeds_are_short(
    proceeds: int, senior: float, junior: float, equal: float
) -> None:
    """Three preferences of 10 on 15% each, one senior, two equal after it. 14: 10, and 4 shared by amount. 40: all
    three, and the 10 that are left for the common 55%. 100: all convert."""
    played = liquidated(
        f"{proceeds} USD",
        "holder: fund, class: preferred, invested: 10 USD",
        "holder: cloud, class: preferred, invested: 5 USD, multiple: 2, seniority: 2",
        "holder: rival, class: preferred, invested: 10 USD, seniority: 2",
        fund__preferred=15,
        cloud__preferred=15,
        rival__preferred=15,
        staff__equity=55,
    )
    found = [played(f"pact.p{number}", "2025-06") for number in (1, 2, 3)]
    assert found == pytest.approx([senior, junior, equal], rel=EXACT, abs=1e-12)
    assert played("staff.USD", "2025-06") == pytest.approx(proceeds - senior - junior - equal, rel=1e-9, abs=1e-9)


def test_one_converts_while_another_takes_its_preference() -> None:
    """Preferences of 10 on 40 shares and of 30 on 10, 50 common shares, 100 USD. The first converts, the second does not:
    70 over 90 shares is 0.777… a share, worth 31.1 > 10 to the first and 7.8 < 30 to the second."""
    played = liquidated(
        "100 USD",
        "holder: fund, class: preferred, invested: 10 USD",
        "holder: cloud, class: preferred, invested: 30 USD",
        fund__preferred=40,
        cloud__preferred=10,
        staff__equity=50,
    )
    assert played("pact.p1", "2025-06") == pytest.approx(40 * 70 / 90, rel=EXACT)
    assert played("pact.p2", "2025-06") == pytest.approx(30, rel=EXACT)
    assert played("staff.USD", "2025-06") == pytest.approx(50 * 70 / 90, rel=EXACT)
    assert played("cloud.USD", "2025-06") == pytest.approx(30, rel=EXACT)


def test_the_common_shares_of_a_preferred_holder_are_common() -> None:
    """10 on 20 preferred of 100, and 30 common besides. 40 USD: 10, and 30 over the 80 common ones: 0.375 each."""
    played = liquidated(
        "40 USD",
        "holder: fund, class: preferred, invested: 10 USD",
        fund__preferred=20,
        fund__equity=30,
        staff__equity=50,
    )
    assert played("fund.USD", "2025-06") == pytest.approx(10 + 30 * 30 / 80, rel=EXACT)


def test_without_the_term_the_proceeds_are_shared_alike() -> None:
    """Switched off, the sale takes place all the same: 20% of 30."""
    text = small(
        resources=CLASSES,
        opening="lab.USD: {balance: 0 USD}\nfund.preferred: {balance: 20 share, assumed: g}\nstaff.equity: {balance: 80 share, assumed: g}",
        events=SOLD,
        agreements=agreement(
            "p: {type: liquidation_preference, company: lab, on: [sold], payer: world, proceeds: 30 USD, holder: fund, class: preferred, invested: 10 USD, assumed: given}",
            "lab, fund",
        ),
    )
    assert play(text)("fund.USD", "2025-06") == 10.0
    off = play(text, variant=Variant(off=frozenset({"pact.p"})))
    assert off("fund.USD", "2025-06") == pytest.approx(6.0, rel=EXACT)
    assert off("staff.USD", "2025-06") == pytest.approx(24.0, rel=EXACT)


def test_what_a_preference_cannot_say() -> None:
    term = "p: {type: liquidation_preference, company: lab, on: [sold], payer: world, proceeds: 30 USD, holder: fund, invested: 10 USD, MORE assumed: given}"
    assert impossible(term.replace("MORE", "cap: 20 USD,"), events=SOLD) == [
        ("`cap`: only what participates has a cap", "add `participating: true`, or take it away")
    ]
    assert impossible(term.replace("MORE", "cap: 9 USD, participating: true,"), events=SOLD) == [
        ("`cap`: the cap is below the preference itself", "raise it")
    ]


# standstill


def test_a_standstill_keeps_a_holder_at_its_stake() -> None:
    """250 at 1000 would be 20%: a cap of 10% leaves 100 / 9 shares for 1000 / 9 USD."""
    stand = "still: {type: standstill_cap, holder: fund, company: lab, stake: 10%, assumed: given}"
    played = play(small(agreements=agreement(ROUND + "\n" + stand, "lab, fund"), variables="stakes: {is: stake(fund)}"))
    assert played("fund.equity", "2025-03") == pytest.approx(100 / 9, rel=EXACT)
    assert played("fund.USD", "2025-03") == pytest.approx(-1000 / 9, rel=EXACT)
    assert played("stakes", "2025-04") == pytest.approx(0.1, rel=EXACT)
    assert played.series("pact.still.breached") == [0.0] * 12


def test_a_standstill_counts_all_that_a_month_issues() -> None:
    """A tranche of 60 at 6 USD buys 10 shares of 110, within 10%; the round of the same month adds
    (10% × 110 - 10) / 90% = 10 / 9 at 1000 / 110 USD each, and no more: 100 / 9 of 1000 / 9."""
    stand = "still: {type: standstill_cap, holder: fund, company: lab, stake: 10%, assumed: given}"
    money = "money: {type: capital_commitment, investor: fund, company: lab, tranches: [{amount: 60 USD, on: 2025-03}], price: 6 USD / share, assumed: given}"
    played = play(small(agreements=agreement("\n".join((money, ROUND, stand)), "lab, fund")))
    assert played("fund.equity", "2025-03") == pytest.approx(100 / 9, rel=EXACT)
    assert played("pact.round", "2025-03") == pytest.approx(10 / 9 * 1000 / 110, rel=EXACT)
    assert played("pact.money", "2025-03") == pytest.approx(60.0, rel=EXACT)


def test_a_standstill_that_has_fallen_away_keeps_nobody() -> None:
    stand = "still: {type: standstill_cap, holder: fund, company: lab, stake: 10%, stops: converted, assumed: given}"
    text = small(agreements=agreement(ROUND + "\n" + stand, "lab, fund"), events=CONVERTED)
    assert play(text)("fund.equity", "2025-03") == 25.0


def test_shares_bought_of_others_above_the_cap_are_a_breach() -> None:
    """The fund buys 40 of the 100 shares of the staff in March and stands above 10% from then on."""
    stand = "still: {type: standstill_cap, holder: fund, company: lab, stake: 10%, assumed: given}"
    call = "call: {type: option_right, side: call, holder: fund, obligor: staff, exercise: converted, company: lab, shares: 40 share, share_price: 5 USD / share, assumed: given}"
    played = play(small(agreements=agreement(stand + "\n" + call, "lab, fund"), events=CONVERTED))
    assert played.series("pact.still.breached", "2025-02", "2025-05") == [0.0, 0.0, 1.0, 1.0]


def test_an_exposure_limit_is_a_ceiling_on_one_supplier() -> None:
    """Of a need of 10 the cheap rival may serve 4, the cloud the rest."""
    power = "NAME: {type: supply, supplier: NAME, need: lab.compute, capacity: 20 MW, price: PRICE USD / MW / month, assumed: given}"
    limit = "limit: {type: standstill_cap, holder: lab, need: lab.compute, supplier: rival, exposure_limit: 4 MW, assumed: given}"
    played = play(
        small(
            needs="lab.compute: {resource: compute, amount: 10 MW, assumed: given}",
            agreements=agreements(
                agreement(power.replace("NAME", "cloud").replace("PRICE", "3"), "lab, cloud", name="first"),
                agreement(
                    power.replace("NAME", "rival").replace("PRICE", "2") + "\n" + limit, "lab, rival", name="second"
                ),
            ),
        )
    )
    assert played("second.rival.use", "2025-01") == 4.0
    assert played("first.cloud.use", "2025-01") == 6.0


def test_what_a_standstill_cannot_say() -> None:
    term = "still: {type: standstill_cap, holder: fund, MORE assumed: given}"
    assert [message for message, _ in impossible(term.replace("MORE", ""))] == ["`holder`: nothing limits it"]
    assert [message for message, _ in impossible(term.replace("MORE", "stake: 10%,"))] == [
        "`company`: a stake is a part of a company"
    ]
    half = "need: lab.compute, supplier: rival,"
    needs = "lab.compute: {resource: compute, amount: 10 MW, assumed: given}"
    assert [message for message, _ in impossible(term.replace("MORE", half), needs=needs)][-1].startswith(
        "`holder`: nothing"
    )
    whole = half + "exposure_limit: 3 MW,"
    assert impossible(term.replace("MORE", whole), needs=needs) == [
        ("`need`: it is a need of 'lab'", "name a need of 'fund'")
    ]


def test_no_share_is_worth_a_division_by_nothing() -> None:
    """A company whose shares nobody holds yet: a sale pays the preference and the rest stays with the payer."""
    played = liquidated("30 USD", "holder: fund, class: preferred, invested: 10 USD", staff__equity=0)
    assert math.isfinite(played("pact.p1", "2025-06"))
    assert played("world.USD", "2025-06") == pytest.approx(-10.0, rel=EXACT)
