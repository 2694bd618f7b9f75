"""Warrants and options, worked by hand: what vests when, who exercises, what passes and what is paid."""

import pytest

from tests.support import EXACT, Played, agreement, play, refused, small

READINESS = "readiness: {unit: MW, table: {2025-01: 1, 2025-12: 12}, assumed: one more each month}\nvalue: {unit: USD / share, table: {2025-01: 1, 2025-12: 12}, assumed: one more each month}"


def impossible(terms: str, **blocks: str) -> list[str]:
    """What is said of parameters that cannot be."""
    found = refused(small(agreements=agreement(terms), **blocks))
    assert {one.code for one in found} == {"impossible-parameter"}, found
    return [one.message for one in found]


def warrant(more: str, policy: str = "at(2025-06)", more_terms: str = "") -> Played:
    """10 shares that vest in March, 5 that vest with 5 MW in May, 20 with 9 MW in September; at 2 USD a share."""
    term = f"warrant: {{type: warrant, holder: cloud, company: lab, strike: 2 USD / share, tranches: [{{shares: 10 share, on: 2025-03}}, {{shares: 5 share, if: readiness >= 5 MW}}, {{shares: 20 share, if: readiness >= 9 MW}}], {more}, assumed: g}}"
    return play(
        small(
            variables=READINESS,
            events=f"bought: {{decided_by: cloud, policy: {policy}}}",
            agreements=agreement(f"{term}\n{more_terms}"),
        )
    )


def test_what_vested_is_bought_from_the_event_on() -> None:
    """June: 15 shares for 30 USD. September: the 20 that vest then, for 40."""
    played = warrant("expiry: 2025-12, exercise: bought")
    assert played.series("pact.warrant.vested", "2025-02", "2025-05") == [0.0, 10.0, 10.0, 15.0]
    assert played.series("cloud.equity", "2025-05", "2025-10") == [0.0, 15.0, 15.0, 15.0, 35.0, 35.0]
    assert played.series("lab.USD", "2025-05", "2025-10") == [1000.0, 1030.0, 1030.0, 1030.0, 1070.0, 1070.0]
    assert played("lab.equity", "2025-12") == -135.0


def test_nothing_is_bought_after_the_expiry() -> None:
    played = warrant("expiry: 2025-08, exercise: bought")
    assert played("cloud.equity", "2025-12") == 15.0


def test_the_event_waits_for_something_vested() -> None:
    """A holder that exercises as soon as it may: in March."""
    played = warrant("expiry: 2025-12, exercise: bought", policy="after(0 months)")
    assert played.series("bought.fires", "2025-02", "2025-04") == [0.0, 1.0, 0.0]
    assert played.series("cloud.equity", "2025-02", "2025-05") == [0.0, 10.0, 10.0, 15.0]


def test_in_the_money_at_its_expiry_it_is_exercised_without_an_event() -> None:
    """A share is worth 10 USD in October, above the strike: all 35."""
    assert warrant("expiry: 2025-10, share_value: value")("cloud.equity", "2025-10") == 35.0
    assert warrant("expiry: 2025-10, share_value: value")("cloud.equity", "2025-09") == 0.0


def test_out_of_the_money_it_lapses() -> None:
    """At 0.1 × 10 = 1 USD in October the strike of 2 is too dear."""
    played = warrant("expiry: 2025-10, share_value: 0.1 * value, exercise: bought")
    assert played("cloud.equity", "2025-12") == 0.0
    assert played("lab.USD", "2025-12") == 1000.0


def test_a_vested_tranche_stays_vested() -> None:
    """The condition held in May alone."""
    term = "w: {type: warrant, holder: cloud, company: lab, strike: 2 USD / share, tranches: [{shares: 5 share, if: readiness within 4.5 MW to 5.5 MW}], expiry: 2025-12, exercise: bought, assumed: g}"
    played = play(
        small(
            variables=READINESS,
            events="bought: {decided_by: cloud, policy: at(2025-08)}",
            agreements=agreement(term),
        )
    )
    assert played.series("pact.w.vested", "2025-04", "2025-06") == [0.0, 5.0, 5.0]
    assert played("cloud.equity", "2025-08") == 5.0


def test_an_exercised_warrant_comes_before_the_round_of_its_month() -> None:
    """15 shares in June, then a round of 230 at 1150 on 115: 10 USD a share, 23 shares."""
    held = "round: {type: equity_round, company: lab, investor: fund, when: on(2025-06), amount: 230 USD, pre_money: 1150 USD, assumed: g}"
    played = warrant("expiry: 2025-12, exercise: bought", more_terms=held)
    assert played("pact.round.price", "2025-06") == pytest.approx(10.0, rel=EXACT)
    assert played("fund.equity", "2025-06") == pytest.approx(23.0, rel=EXACT)


def test_what_a_warrant_cannot_say() -> None:
    term = "w: {type: warrant, holder: cloud, company: lab, strike: 2 USD / share, tranches: [{shares: 5 share, on: 2025-09}], MORE assumed: g}"
    assert impossible(term.replace("MORE", "expiry: 2025-12,")) == ["`exercise`: nothing exercises the warrant"]
    early = term.replace("MORE", "expiry: 2025-08, share_value: 3 USD / share,")
    assert impossible(early) == ["`expiry`: a tranche vests after the warrant has expired"]


# options on what there is

PUT = "put: {type: option_right, side: put, holder: staff, obligor: cloud, exercise: used, company: lab, shares: 40 share, share_price: 5 USD / share, MORE assumed: g}"
USED = "used: {decided_by: staff, policy: at(2025-04)}"


def test_a_put_passes_shares_and_price_once() -> None:
    """40 shares at 5 USD: 200 from the cloud to the staff in April; the company issues nothing."""
    played = play(small(events=USED, agreements=agreement(PUT.replace("MORE", ""))))
    assert played.series("staff.equity", "2025-03", "2025-05") == [100.0, 60.0, 60.0]
    assert played.series("cloud.equity", "2025-03", "2025-05") == [0.0, 40.0, 40.0]
    assert played("cloud.USD", "2025-12") == 300.0
    assert played("lab.equity", "2025-12") == -100.0


def test_a_seller_passes_what_it_has() -> None:
    """Of 140 shares asked for it has 100, and is paid for those."""
    text = small(events=USED, agreements=agreement(PUT.replace("MORE", "").replace("40 share", "140 share")))
    played = play(text)
    assert played("staff.equity", "2025-12") == 0.0
    assert played("staff.USD", "2025-12") == 500.0


@pytest.mark.parametrize(
    ("window", "passes"), [("from: 2025-05,", 0.0), ("until: 2025-03,", 0.0), ("until: 2025-04,", 40.0)]
)
def test_an_option_is_exercised_in_its_window_only(window: str, passes: float) -> None:
    played = play(small(events=USED, agreements=agreement(PUT.replace("MORE", window))))
    assert played("cloud.equity", "2025-12") == passes
    assert played("used", "2025-12") == float(passes > 0.0)


def test_a_call_of_another_asset_costs_its_formula_price() -> None:
    """Twice a value of 100 + 50 = 300 in April."""
    call = "call: {type: option_right, side: call, holder: lab, obligor: cloud, exercise: used, asset: a data centre, price: 2 * worth, assumed: g}"
    text = small(
        events=USED.replace("staff", "lab"),
        agreements=agreement(call),
        variables="worth: {unit: USD, is: 100 USD + 50 USD, assumed: g}",
    )
    assert play(text).series("lab.USD", "2025-03", "2025-05") == [1000.0, 700.0, 700.0]


def test_a_backstop_is_a_put_of_capacity() -> None:
    """From April the cloud must take what the rival cannot sell: 12 MW less the 5 + months it sells. It pays 3 USD a MW
    whether it needs them (2 MW) or not."""
    put = "back: {type: option_right, side: put, holder: rival, obligor: cloud, exercise: used, need: cloud.compute, capacity: 12 MW - readiness, unit_price: 3 USD / MW / month, until: 2025-06, assumed: g}"
    text = small(
        events=USED.replace("staff", "rival"),
        needs="cloud.compute: {resource: compute, amount: 2 MW, assumed: g}",
        variables=READINESS,
        agreements=agreement(put, "cloud, rival"),
    )
    played = play(text)
    assert played.series("pact.back.bill", "2025-03", "2025-07") == [0.0, 24.0, 21.0, 18.0, 0.0]
    assert played.series("pact.back.use", "2025-03", "2025-07") == [0.0, 2.0, 2.0, 2.0, 0.0]


def test_what_an_option_cannot_say() -> None:
    both = PUT.replace("MORE", "asset: a house,")
    assert impossible(both, events=USED) == ["`shares`: 2 things pass, and not one"]
    half = PUT.replace("MORE", "").replace("share_price: 5 USD / share,", "")
    assert impossible(half, events=USED) == ["`shares`: what passes, or its price, is only half said"]
    none = "put: {type: option_right, side: put, holder: staff, obligor: cloud, exercise: used, assumed: g}"
    assert impossible(none, events=USED) == ["`side`: no things pass, and not one"]
