"""Agreements: versions of a term by amendment, what each keeps and changes, and what of it runs."""

from __future__ import annotations

import pytest

from detente.lang.printer import print_expression
from detente.lang.syntax import Quantity
from tests.support import agreement, codes, month, play, read, small

SHARE = "type: revenue_share, payer: lab, payee: cloud, base: 100 USD / month"


def amended(*lines: str, first: str = f"takings: {{{SHARE}, rate: 10%, assumed: given}}") -> str:
    """A share of a tenth signed in January 2024, with amendments."""
    more = "amendments:\n" + "\n".join(f"  - {{{line}}}" for line in lines) if lines else ""
    return small(first="2024-01", agreements=agreement(first, signed="2024-01", more=more))


def paid(text: str) -> list[float]:
    return play(text).series("pact.takings", "2025-01", "2025-12")


def test_the_version_in_force_at_now_is_the_one_that_runs() -> None:
    text = amended("on: 2024-05, takings: {rate: 20%}, assumed: g", "on: 2024-11, takings: {rate: 30%}, assumed: g")
    assert paid(text) == [30.0] * 12


def test_an_amendment_keeps_what_it_does_not_change() -> None:
    """Payer, base, end and what it rests on stay; the rate changes."""
    text = amended(
        "on: 2024-05, takings: {rate: 20%}", first=f"takings: {{{SHARE}, rate: 10%, until: 2025-03, assumed: by both}}"
    )
    old, new = read(text).agreements["pact"].versions["takings"]
    assert new.parameters["payer"] == old.parameters["payer"] == "lab"
    assert (old.until, new.until, new.last) == (month("2025-03"),) * 3
    assert new.grounds.assumed == "by both"
    assert paid(text) == [20.0] * 3 + [0.0] * 9
    rates = [version.parameters["rate"] for version in (old, new)]
    assert [print_expression(rate) for rate in rates if isinstance(rate, Quantity)] == ["10%", "20%"]


def test_an_amendment_rests_on_its_own_grounds() -> None:
    text = amended("on: 2024-05, takings: {rate: 20%}, assumed: the press")
    versions = read(text).agreements["pact"].versions["takings"]
    assert [version.grounds.assumed for version in versions] == ["given", "the press"]
    assert versions[0].ended is not None
    assert versions[0].ended.assumed == "the press"


def test_an_amendment_may_move_the_end() -> None:
    longer = amended(
        "on: 2024-05, takings: {until: 2025-06}, assumed: g",
        first=f"takings: {{{SHARE}, rate: 10%, until: 2025-03, assumed: g}}",
    )
    assert paid(longer) == [10.0] * 6 + [0.0] * 6


def test_an_end_in_the_future_lets_the_term_run_until_then() -> None:
    """It ends on 2025-04-20: that month is the first without it."""
    assert paid(amended("on: 2025-04-20, takings: ends, assumed: g")) == [10.0] * 3 + [0.0] * 9


def test_an_ended_term_of_the_record_pays_nothing() -> None:
    assert paid(amended("on: 2024-06, takings: ends, assumed: g")) == [0.0] * 12


def test_a_term_added_by_an_amendment_begins_on_its_date() -> None:
    text = amended(f"on: 2025-10, more: {{{SHARE}, rate: 5%}}, assumed: g")
    assert play(text).series("pact.more", "2025-08", "2025-12") == [0.0, 0.0, 5.0, 5.0, 5.0]


def test_a_quantity_may_change_after_now() -> None:
    assert paid(amended("on: 2025-06, takings: {rate: 20%}, assumed: g")) == [10.0] * 5 + [20.0] * 7
    twice = amended("on: 2025-03, takings: {rate: 20%}, assumed: g", "on: 2025-06, takings: {rate: 5%}, assumed: g")
    assert paid(twice) == [10.0] * 2 + [20.0] * 3 + [5.0] * 7


def test_a_change_after_now_of_what_is_no_quantity_is_refused_and_the_way_out_works() -> None:
    """A term that changes its parties within the horizon is two terms: one that ends, and one that begins."""
    assert codes(amended("on: 2025-06, takings: {payee: rival}, assumed: g")) == ["amended-later"]
    text = amended(f"on: 2025-06, takings: ends, higher: {{{SHARE}, rate: 20%}}, assumed: g")
    played = play(text)
    both = [played(name, "2025-05") + played(name, "2025-06") for name in ("pact.takings", "pact.higher")]
    assert both == [10.0, 20.0]


def test_several_amendments_of_one_date_are_one_after_the_other() -> None:
    text = amended("on: 2024-05, takings: {rate: 20%}, assumed: g", "on: 2024-05, takings: {rate: 25%}, assumed: g")
    assert paid(text) == [25.0] * 12


def test_what_held_on_each_date_is_a_query() -> None:
    text = amended(
        "on: 2024-05, takings: {rate: 20%}, assumed: g",
        f"on: 2024-08, extra: {{{SHARE}, rate: 1%}}, assumed: g",
        "on: 2024-11, takings: ends, assumed: g",
    )
    held = read(text).held
    assert list(held(month("2023-12"))) == []
    assert list(held(month("2024-04"))) == ["pact.takings"]
    assert set(held(month("2024-09"))) == {"pact.takings", "pact.extra"}
    assert set(held(month("2024-11"))) == {"pact.extra"}
    rates = {date: held(month(date))["pact.takings"].parameters["rate"] for date in ("2024-04", "2024-05", "2024-10")}
    assert [print_expression(rate) for rate in rates.values() if isinstance(rate, Quantity)] == ["10%", "20%", "20%"]


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (f"t: {{{SHARE}, assumed: g}}", "missing-parameter"),
        (f"t: {{{SHARE}, rate: 10%, rates: 5%, assumed: g}}", "unknown-key"),
        (f"t: {{{SHARE}, rate: 10%}}", "ungrounded-number"),
        (f"t: {{{SHARE.replace('revenue_share', 'revenue_shares')}, rate: 10%, assumed: g}}", "unknown-term-type"),
        ("t: {rate: 10%, assumed: g}", "missing-key"),
        ("t: {}", "missing-key"),
        ("t:", "empty-block"),
        (f"t: {{{SHARE}, rate: [10%], assumed: g}}", "wrong-shape"),
        (f"t: {{{SHARE}, rate: 10%, until: later, assumed: g}}", "not-a-date"),
        (f"t: {{{SHARE}, rate: 10%, until: 2023-12, assumed: g}}", "never-active"),
        (f"t: {{{SHARE}, rate: 10%, from: 2026-01, assumed: g}}", "never-active"),
        (f"t: {{{SHARE}, rate: 10%, from: 2025-06, until: 2025-03, assumed: g}}", "never-active"),
        (f"t: {{{SHARE}, rate: 10%, stops: nothing, assumed: g}}", "unknown-event"),
        (f"t: {{{SHARE.replace('lab', 'nobody')}, rate: 10%, assumed: g}}", "unknown-party"),
        (f"t: {{{SHARE}, rate: 10% / year, assumed: g}}", "unit-mismatch"),
        ("t: {type: exclusivity, supplier: cloud, need: nothing}", "unknown-need"),
        (
            "t: {type: conversion, holder: cloud, company: cloud, when: e, to_stake: 10%, assumed: g}",
            "unknown-resource",
        ),
        ("t: {type: capital_commitment, investor: fund, company: lab, tranches: 5 USD, assumed: g}", "wrong-shape"),
        (
            "t: {type: capital_commitment, investor: fund, company: lab, tranches: [{amount: 5 MW, on: 2025-03}], assumed: g}",
            "unit-mismatch",
        ),
        (
            "t: {type: capital_commitment, investor: fund, company: lab, tranches: [{amount: 5 USD, on: 2025-03, form: gold}], assumed: g}",
            "unknown-resource",
        ),
        (
            "t: {type: capital_commitment, investor: fund, company: lab, tranches: [{amount: 5 USD, on: 2025-03, if: e, by: 2025-02}], assumed: g}",
            "impossible-parameter",
        ),
        (
            "t: {type: capital_commitment, investor: fund, company: lab, tranches: [{on: 2025-03}], assumed: g}",
            "missing-parameter",
        ),
        (
            "t: {type: capacity_delivery_obligation, of: pact.other, due: 5 MW, damages: 1 USD / MW / month, assumed: g}\n"
            f"other: {{{SHARE}, rate: 10%, assumed: g}}",
            "not-a-supply",
        ),
    ],
)
def test_a_term_that_cannot_be_is_refused(terms: str, code: str) -> None:
    assert code in codes(small(first="2024-01", agreements=agreement(terms), events="e: {when: true}"))


@pytest.mark.parametrize(
    ("amendment", "code"),
    [
        ("on: 2024-05, assumed: g", "empty-block"),
        ("takings: ends, assumed: g", "missing-key"),
        ("on: 2024-05, takings: {rate: 20%, rates: 3%}, assumed: g", "unknown-key"),
        ("on: 2024-05, more: {type: nothing}, assumed: g", "unknown-term-type"),
        ("on: 2024-05, takings: [1], assumed: g", "wrong-shape"),
    ],
)
def test_an_amendment_that_cannot_be_is_refused(amendment: str, code: str) -> None:
    assert code in codes(amended(amendment))


def test_what_an_amendment_suspends_is_not_suspended_before_it() -> None:
    """Amended in June: suspended from then on, in every month in which the condition holds, and not in January."""
    later = amended("on: 2025-06, takings: {suspended: on(2025-01) or on(2025-07), assumed: g}, assumed: g")
    assert paid(later) == [10.0] * 6 + [0.0] + [10.0] * 5
