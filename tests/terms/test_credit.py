"""Terms of credit, worked by hand to the cent: what is paid ahead and credited, what is lent, served and repaid."""

import numpy as np
import pytest

from detente.engine.simulate import Variant
from tests.support import EXACT, agreement, agreements, codes, figures, play, small
from tests.terms.served import NEED, cloud, served

# prepayment


def ahead(more: str = "", on: str = "2025-02", amount: int = 50) -> str:
    return (
        f"ahead: {{type: prepayment, buyer: lab, supplier: cloud, of: [first.power], amount: {amount} USD, on: {on}{more},"
        " assumed: given}"
    )


def test_a_prepayment_is_credited_against_later_invoices_until_it_is_used_up() -> None:
    """50 USD in February; of invoices of 18 USD from March on 18, 18 and the last 14 are credited."""
    played = play(served(cloud(ahead())))
    assert played.series("first.ahead.credit", "2025-01", "2025-06") == [0.0, 0.0, 18.0, 18.0, 14.0, 0.0]
    assert played.series("first.ahead.balance", "2025-01", "2025-06") == [0.0, 50.0, 32.0, 14.0, 0.0, 0.0]
    assert played.series("lab.USD", "2025-01", "2025-06") == [982.0, 914.0, 914.0, 914.0, 910.0, 892.0]


def test_only_a_part_of_each_invoice_is_credited() -> None:
    played = play(served(cloud(ahead(", per_invoice: 50%"))))
    assert played.series("first.ahead.credit", "2025-02", "2025-08") == [0.0, 9.0, 9.0, 9.0, 9.0, 9.0, 5.0]


def test_what_is_left_is_returned_where_the_supplier_fails_though_the_term_ends_with_it() -> None:
    """50 less 18 in March and 18 in April: 14 in the failure of May, in which nothing is delivered any more."""
    text = served(
        cloud(ahead(", refundable_if: failed, stops: failed, security: a lien on the machines")),
        events="failed: {decided_by: cloud, policy: at(2025-05)}",
    ).replace("price: 3", "stops: failed, price: 3")
    played = play(text)
    assert played.series("first.ahead.refund", "2025-04", "2025-06") == [0.0, 14.0, 0.0]
    assert played("lab.USD", "2025-12") == 1000.0 - 18.0 * 4


def test_a_prepayment_of_the_record_goes_on_with_what_was_not_yet_credited() -> None:
    """50 paid, 35 of it credited by `now`: 15 in January. Paid, credited and credited again are 100 in all."""
    text = served(cloud(ahead(", credited: 35 USD", "2024-06")), outputs="[first.ahead.balance]")
    played = play(text)
    assert played.series("first.ahead.credit", "2025-01", "2025-02") == [15.0, 0.0]
    assert played("first.ahead.paid", "2025-12") == 100.0


@pytest.mark.parametrize("more", [", per_invoice: 120%", ", credited: 60 USD"])
def test_a_prepayment_that_cannot_be_is_refused(more: str) -> None:
    assert codes(served(cloud(ahead(more, "2024-06")))) == ["impossible-parameter"]


# delayed_draw_loan


def loan(more: str, **blocks: str) -> str:
    """The fund lends to the lab 1000 USD in January 2025, due in January 2026, at one per cent a month."""
    terms = (
        "debt: {type: delayed_draw_loan, lender: fund, borrower: lab, limit: 1000 USD, draw: 1000 USD / month,"
        f" draw_end: 2025-01, interest: 12% / year, maturity: 2026-01, {more}assumed: given}}"
    )
    return small(to="2026-02", agreements=agreement(terms, "lab, fund"), **blocks)


def test_a_bullet_pays_interest_and_at_maturity_the_principal() -> None:
    """10 USD a month from February, 1000 in January 2026: 1120 in all for 1000."""
    played = play(loan(""))
    assert played.series("pact.debt.interest", "2025-01", "2026-02") == pytest.approx(
        [0.0] + [10.0] * 12 + [0.0], rel=EXACT
    )
    assert played.series("pact.debt.principal", "2025-12", "2026-02") == [0.0, 1000.0, 0.0]
    assert played.series("pact.debt.balance", "2025-12", "2026-02") == [1000.0, 0.0, 0.0]
    assert played("lab.USD", "2026-02") == pytest.approx(1000.0 - 120.0, rel=EXACT)


def test_an_annuity_pays_a_level_instalment_to_the_cent() -> None:
    """By the formula of annuities 1000 x 0.01 / (1 - 1.01^-12) = 88.8488 a month; in February 10 of it are interest and
    78.85 principal, in March 9.21 and 79.64."""
    played = play(loan("amortisation: annuity, "))
    interest = np.array(played.series("pact.debt.interest", "2025-02", "2026-01"))
    principal = np.array(played.series("pact.debt.principal", "2025-02", "2026-01"))
    assert np.allclose(interest + principal, 1000 * 0.01 / (1 - 1.01**-12), rtol=1e-12)
    assert [round(float(x), 2) for x in (interest[0], principal[0], interest[1], principal[1])] == [
        10,
        78.85,
        9.21,
        79.64,
    ]
    assert played("pact.debt.balance", "2026-01") == pytest.approx(0.0, abs=1e-9)
    assert round(1000 - played("lab.USD", "2026-02"), 2) == 66.19


def test_an_annuity_without_interest_repays_even_parts() -> None:
    played = play(loan("amortisation: annuity, ").replace("12% / year", "0% / year"))
    assert played.series("pact.debt.principal", "2025-02", "2026-01") == pytest.approx([1000 / 12] * 12, rel=EXACT)


def test_a_sweep_takes_its_part_of_what_is_left_after_interest_and_instalment() -> None:
    """30 USD a month are available. 10 go to interest in February, half of the other 20 to principal: 990 left, of which
    9.90 are interest in March and half of 20.10 are swept."""
    played = play(loan("available: 30 USD / month, sweep: 50%, "))
    assert played.series("pact.debt.principal", "2025-01", "2025-03") == pytest.approx([0.0, 10.0, 10.05])
    assert played.series("pact.debt.interest", "2025-02", "2025-04") == pytest.approx([10.0, 9.9, 9.7995])


def test_nothing_is_swept_while_interest_and_instalment_are_not_covered() -> None:
    played = play(loan("amortisation: annuity, available: 80 USD / month, sweep: 100%, "))
    assert played.series("pact.debt.swept", "2025-01", "2026-02") == [0.0] * 14
    assert played("pact.debt.dscr", "2025-06") == pytest.approx(80 / 88.84878867834168)


def test_a_sweep_repays_no_more_than_is_owed() -> None:
    played = play(loan("available: 900 USD / month, sweep: 100%, "))
    assert played.series("pact.debt.balance", "2025-01", "2025-04") == pytest.approx([1000.0, 110.0, 0.0, 0.0])


def drawn(more: str, draw: str = "40 USD / month", **blocks: str) -> list[float]:
    """What is drawn by month in 2025, up to August; 40 USD a month are asked for."""
    text = loan(more, **blocks).replace("draw: 1000 USD / month, draw_end: 2025-01", f"draw: {draw}, draw_end: 2025-08")
    return play(text).series("pact.debt.draw")


def test_draws_follow_the_need_up_to_the_limit_and_end_with_the_draw_end() -> None:
    assert drawn("") == [40.0] * 8 + [0.0] * 4
    assert drawn("", "300 USD / month") == [300.0, 300.0, 300.0, 100.0] + [0.0] * 8


def test_draws_stay_within_the_advance_on_the_base() -> None:
    """Half of 100 USD, rising by 20 a month from March (120, 140 ...): 40, 10, then half of each rise."""
    base = "contract: {unit: USD, table: {2025-01: 100, 2025-02: 100, 2025-03: 120, 2025-04: 140, 2025-05: 90}, assumed: given}"
    found = drawn("base: contract, advance_rate: 50%, ", variables=base)
    assert found == [40.0, 10.0, 10.0, 10.0] + [0.0] * 8


def test_a_broken_cover_stops_draws_until_it_is_mended() -> None:
    """Interest is 0.40 USD in February, 0.80 in March, 1.20 in April. Cash of 1 USD a month covers it at least 1.2 times
    in February and March, and not in April, when 40 USD are still drawn: the breach stops draws from May on."""
    assert drawn("available: 1 USD / month, least_cover: 1.2, ") == [40.0] * 4 + [0.0] * 8
    cash = "cash: {unit: USD / month, table: {2025-01: 1, 2025-05: 1, 2025-06: 9}, assumed: given}"
    assert (
        drawn("available: cash, least_cover: 1.2, ", variables=cash) == [40.0] * 4 + [0.0] * 2 + [40.0] * 2 + [0.0] * 4
    )


def test_a_balance_above_its_part_of_the_collateral_is_a_breach() -> None:
    """80% of 100 USD: 40 and 80 USD are within, 120 are not; no draw follows."""
    assert drawn("most_of_collateral: 80%, collateral_value: 100 USD, ") == [40.0] * 3 + [0.0] * 9


def test_where_nothing_is_due_there_is_no_cover() -> None:
    """The first draw is of January: nothing is due then. A figure over the months that have one says which."""
    text = loan("available: 30 USD / month, ")
    assert np.isnan(play(text)("pact.debt.dscr", "2025-01"))
    assert play(text)("pact.debt.dscr", "2025-02") == pytest.approx(3.0, rel=EXACT)
    assert np.isnan(figures(text, ["pact.debt.dscr at 2025-01"])).all()
    assert figures(text, ["pact.debt.dscr at 2025-02"]) == pytest.approx(3.0, rel=EXACT)
    assert codes(loan("available: 30 USD / month, ", variables="x: {is: 2 * pact.debt.dscr, assumed: given}")) == [
        "absent-in-arithmetic"
    ]


def test_a_loan_of_the_record_goes_on_from_what_is_owed() -> None:
    played = play(loan("balance: 600 USD, drawn: 900 USD, "))
    assert played("pact.debt.draw", "2025-01") == 100.0
    assert played("pact.debt.interest", "2025-01") == pytest.approx(6.0, rel=EXACT)
    assert played("pact.debt.principal", "2026-01") == 700.0


def test_what_falls_due_is_paid_though_the_borrower_lacks_it() -> None:
    """The lab spends all it draws: its cash is below zero by what it pays. That is its funding gap."""
    text = loan(
        "", opening="lab.USD: {balance: 0 USD}", flows="spent: {from: lab, to: world, amount: flow(pact.debt.draw)}"
    )
    assert play(text).series("lab.USD", "2025-01", "2025-03") == pytest.approx([0.0, -10.0, -20.0], rel=EXACT)


def test_a_loan_switched_off_lends_nothing() -> None:
    played = play(loan(""), variant=Variant(off=frozenset({"pact.debt"})))
    assert played.series("pact.debt") == [0.0] * 12


@pytest.mark.parametrize(
    "change",
    [
        ("maturity: 2026-01", "maturity: 2025-01"),
        ("maturity", "sweep: 50%, maturity"),
        ("maturity", "least_cover: 1.2, maturity"),
        ("maturity", "most_of_collateral: 80%, maturity"),
        ("maturity", "collateral_value: 80 USD, maturity"),
    ],
)
def test_a_loan_that_cannot_be_is_refused(change: tuple[str, str]) -> None:
    assert codes(loan("").replace(*change)) == ["impossible-parameter"]


def test_an_interest_is_a_rate_and_no_growth() -> None:
    text = loan("").replace("interest: 12% / year", "interest: pace")
    assert codes(text + "assumptions:\n  pace: {value: 12% / year, assumed: given}\n") == ["growth-for-rate"]


def test_a_reservation_is_the_security_of_a_loan_and_its_end_a_gap() -> None:
    """The rival reserves 5 MW to the lab for 20 USD a month, borrows 80% of ten months of it, 160 USD, and builds with
    that. By the formula ten instalments are 160 x 0.01 / (1 - 1.01^-10) = 16.89 USD, covered 1.18 times. In May the lab
    leaves: the cover is nothing, the covenant broken, and the rival's 45.21 USD last for May and June alone."""
    terms = (
        "sites: {type: take_or_pay, supplier: rival, need: lab.compute, capacity: 5 MW, fee: 4 USD / MW / month, stops: left, assumed: given}\n"
        "debt: {type: delayed_draw_loan, lender: fund, borrower: rival, limit: 500 USD, base: 10 months * flow(second.sites),"
        " advance_rate: 80%, draw: 100 USD / month, draw_end: 2025-02, interest: 12% / year, maturity: 2025-12,"
        " amortisation: annuity, available: flow(second.sites), least_cover: 1.1, collateral: the sites, assumed: given}"
    )
    text = small(
        needs=NEED,
        agreements=agreements(agreement(terms, "lab, rival", "2024-02", "second")),
        flows="building: {from: rival, to: world, amount: flow(second.debt.draw)}",
        events="left: {decided_by: lab, policy: at(2025-05), options: [never]}",
    )
    played, instalment = play(text), 160 * 0.01 / (1 - 1.01**-10)
    assert played.series("second.debt.draw", "2025-01", "2025-03") == [100.0, 60.0, 0.0]
    assert played("second.debt.dscr", "2025-04") == pytest.approx(20 / instalment)
    assert played.series("second.debt.breached", "2025-03", "2025-06") == [0.0, 0.0, 1.0, 1.0]
    in_april = 20 + 20 - 1 + 2 * (20 - instalment)
    assert played("rival.USD", "2025-04") == pytest.approx(in_april)
    assert played("rival.USD", "2025-06") == pytest.approx(in_april - 2 * instalment)
    assert played("rival.USD", "2025-06") > 0.0 > played("rival.USD", "2025-07")
    stays = play(text.replace("at(2025-05)", "never"))
    assert min(stays.series("rival.USD")) > 0.0
