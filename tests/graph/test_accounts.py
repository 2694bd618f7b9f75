"""Accounts: where they begin, what moves them, and that nothing appears or vanishes (R2, R12)."""

from __future__ import annotations

import pytest

from tests.support import EXACT, agreement, codes, figures, play, refused, small

FLOW = "subscriptions: {from: world, to: lab, amount: 40 USD / month, assumed: g}"


def test_an_account_begins_at_its_opening_and_changes_by_flows_alone() -> None:
    played = play(small(flows=FLOW))
    assert played.paths.opening["lab.USD"][0] == 1000.0
    assert played.series("lab.USD", "2025-01", "2025-03") == [1040.0, 1080.0, 1120.0]
    assert played.series("world.USD", "2025-01", "2025-03") == [-40.0, -80.0, -120.0]
    assert played.series("cloud.USD", "2025-01", "2025-03") == [500.0, 500.0, 500.0]


def test_a_party_that_trades_needs_an_opening_unless_it_is_outside() -> None:
    (found,) = refused(small(flows=FLOW, opening="cloud.USD: {balance: 0 USD}"))
    assert found.code == "missing-opening"
    assert "lab.USD" in found.message
    assert codes(small(flows=FLOW.replace("to: lab", "to: fund"), opening="cloud.USD: {balance: 0 USD}")) == []


def test_the_opening_at_now_counts_and_others_do_not() -> None:
    """Openings of earlier dates serve a deal that is seen as of then (R12)."""
    opening = "lab.USD: [{on: 2024-06, balance: 3 USD, assumed: g}, {on: 2024-12, balance: 9 USD, assumed: g}]"
    assert play(small(flows=FLOW, opening=opening, first="2024-01"))("lab.USD", "2025-01") == 49.0


def test_an_opening_before_now_alone_is_not_enough() -> None:
    opening = "lab.USD: {on: 2024-06, balance: 3 USD, assumed: g}"
    assert codes(small(flows=FLOW, opening=opening, first="2024-01")) == ["missing-opening"]


def test_an_opening_without_a_date_is_at_now() -> None:
    (one,) = play(small(opening="lab.USD: {balance: 1 USD}")).graph.deal.openings
    assert one.on == 2024 * 12 + 11


def test_an_uncertain_opening_is_drawn_once_a_path() -> None:
    """900 to 1100 USD: a lognormal, the same on a path whatever else happens, and named for what it is."""
    text = small(opening="lab.USD: {balance: 900 to 1100 USD, assumed: g}", flows=FLOW)
    played = play(text, range(200))
    begin = played.paths.opening["lab.USD"]
    assert len(set(begin)) == 200
    assert 0.02 < (begin < 900).mean() < 0.1
    assert played.row("lab.USD", "2025-01") == pytest.approx(begin + 40, rel=EXACT)
    assert "opening of lab.USD" in played.graph.inputs


def test_cash_may_fall_below_zero() -> None:
    """That is a funding gap, and no payment is clipped."""
    flows = "burn: {from: lab, to: world, amount: 700 USD / month, assumed: g}"
    assert play(small(flows=flows)).series("lab.USD", "2025-01", "2025-03") == [300.0, -400.0, -1100.0]


def test_the_issuer_of_shares_holds_minus_what_its_holders_have() -> None:
    opening = "staff.equity: {balance: 70 share, assumed: g}\nfund.equity: {balance: 30 share, assumed: g}"
    played = play(small(opening=opening, variables="x: {is: stake(fund)}"))
    assert played.paths.opening["lab.equity"][0] == -100.0
    assert played("x", "2025-01") == pytest.approx(0.3, rel=EXACT)


def test_a_stake_is_of_the_opening_in_a_formula_and_of_the_closing_in_a_figure() -> None:
    """50 shares bought in February beside the 100 there are: a third from then on; a formula sees it in March."""
    term = "money: {type: capital_commitment, investor: fund, company: lab, price: 2 USD / share, tranches: [{amount: 100 USD, on: 2025-02}], assumed: g}"
    text = small(agreements=agreement(term, "lab, fund"), variables="x: {is: stake(fund)}")
    asked = ["stake(fund) at 2025-01", "stake(fund) at 2025-02", "x at 2025-02", "x at 2025-03"]
    assert figures(text, asked)[0, :, 0] == pytest.approx([0.0, 1 / 3, 0.0, 1 / 3], rel=EXACT)


def test_a_flow_of_a_resource_moves_that_resource_alone() -> None:
    text = small(
        resources="USD: {kind: money}\nEUR: {kind: money}",
        opening="lab.USD: {balance: 5 USD, assumed: g}\nlab.EUR: {balance: 7 EUR, assumed: g}",
        flows="a: {from: world, to: lab, amount: 1 EUR / month}",
    )
    played = play(text)
    assert (played("lab.USD", "2025-12"), played("lab.EUR", "2025-12")) == (5.0, 19.0)


def test_a_yearly_flow_is_paid_by_the_month() -> None:
    played = play(small(flows=FLOW.replace("40 USD / month", "1.2 k USD / year")))
    assert played("lab.USD", "2025-01") == pytest.approx(1100.0, rel=EXACT)


def test_classes_are_told_apart() -> None:
    text = small(
        flows=f"{FLOW}\nloan: {{from: fund, to: lab, amount: 7 USD / month, class: financing, assumed: g}}",
        variables="o: {unit: USD / month, is: 'net(lab, operating)'}\nf: {unit: USD / month, is: 'net(lab, financing)'}\na: {unit: USD / month, is: 'net(lab, all)'}",
    )
    assert [play(text)(name, "2025-01") for name in "ofa"] == [40.0, 7.0, 47.0]


def test_figures_alone_may_ask_for_balances_that_nothing_moves() -> None:
    """An account or a balance that only a figure about whole paths reads is there all the same."""
    text = small(flows=FLOW)
    assert figures(text, ["net(lab, all)", "fund.USD", "stake(fund)"])[0, :, 0] == pytest.approx([40.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        ({"opening": "nobody.USD: {balance: 1 USD}"}, "unknown-account"),
        ({"opening": "lab.gold: {balance: 1 USD}"}, "unknown-account"),
        ({"opening": "lab.USD: {balance: 1 MW}"}, "unit-mismatch"),
        ({"opening": "lab.USD: {balance: 1 to 2 MW, assumed: g}"}, "unit-mismatch"),
        ({"opening": "lab.USD: [{balance: 1 USD}, {balance: 0 USD}]"}, "duplicate-opening"),
        ({"opening": "lab.USD: {on: 2025-01, balance: 1 USD}"}, "date-outside"),
        ({"flows": "a: {from: world, to: lab, amount: 1 USD}"}, "unknown-resource"),
        ({"flows": "a: {from: world, to: lab, amount: 1 EUR / month}"}, "unknown-resource"),
        ({"flows": "a: {from: nobody, to: lab, amount: 1 USD / month}"}, "unknown-party"),
        ({"flows": "a: {from: world, amount: 1 USD / month}"}, "missing-key"),
    ],
)
def test_what_no_account_can_hold_is_refused(blocks: dict[str, str], code: str) -> None:
    assert code in codes(small(**blocks))


def test_a_term_pays_in_the_currency_of_its_figures() -> None:
    term = "takings: {type: revenue_share, payer: lab, payee: cloud, base: 1 EUR / month, rate: 100%}"
    text = small(
        resources="USD: {kind: money}\nEUR: {kind: money}",
        opening="lab.EUR: {balance: 0 EUR}\ncloud.EUR: {balance: 0 EUR}",
        agreements=agreement(term),
    )
    assert play(text)("cloud.EUR", "2025-12") == 12.0
