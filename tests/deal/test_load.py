"""Loading: everything wrong at once, amendments as versions, grounds for every number."""

from __future__ import annotations

from pathlib import Path

import pytest

from detente.deal.load import load_deal, parse_deal
from tests.support import agreement, codes, month, read, refused, small

SHARE = "type: revenue_share, payer: lab, payee: cloud, base: 1200 USD / year"


def test_everything_wrong_is_said_at_once() -> None:
    found = codes(
        small(
            assumptions="rate: {valeu: 10%}",
            flows="gift: {from: wolrd, to: lab, amount: 5 USD / month}",
            events="end: {hazard: 1%}",
        )
    )
    assert {"unknown-key", "missing-key", "unknown-party", "ungrounded-number"} <= set(found)


def test_a_finding_has_its_place_and_its_ways_out() -> None:
    (found,) = refused(small(flows="gift: {from: wolrd, to: lab, amount: 1 USD / month}"))
    assert (found.code, found.place.file) == ("unknown-party", "deal.yaml")
    assert "did you mean 'world'?" in found.ways_out


def test_an_amendment_makes_versions_and_ends_them() -> None:
    text = small(
        first="2024-01",
        agreements=agreement(
            f"""
            takings: {{{SHARE}, rate: 10%, until: 2025-12, assumed: given}}
            extra: {{{SHARE}, rate: 1%, assumed: given}}
            """,
            signed="2024-01",
            more="""
            amendments:
              - {on: 2024-05-15, takings: {rate: 20%}, assumed: given}
              - on: 2024-08
                extra: ends
                bonus: {type: revenue_share, payer: cloud, payee: lab, base: 12 USD / year, rate: 50%}
                assumed: given
            """,
        ),
    )
    versions = read(text).agreements["pact"].versions
    first, second = versions["takings"]
    assert (first.first, first.last) == (month("2024-01"), month("2024-04"))
    assert (second.first, second.last) == (month("2024-05"), month("2025-12"))
    assert versions["extra"][0].last == month("2024-07")
    assert versions["bonus"][0].first == month("2024-08")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("nothing: ends", "amends-nothing"),
        ("takings: stops", "amends-nothing"),
        ("nothing: {rate: 20%}", "amends-nothing"),
        ("takings: {type: supply}", "amends-existing"),
    ],
)
def test_an_amendment_of_nothing_is_refused(change: str, code: str) -> None:
    more = f"amendments: [{{on: 2024-05, {change}, assumed: given}}]"
    text = small(agreements=agreement(f"takings: {{{SHARE}, rate: 10%, assumed: given}}", more=more), first="2024-01")
    assert code in codes(text)


def test_reviving_an_ended_term_is_refused() -> None:
    more = """
    amendments:
      - {on: 2024-05, takings: ends, assumed: given}
      - {on: 2024-07, takings: {rate: 20%}, assumed: given}
    """
    text = small(agreements=agreement(f"takings: {{{SHARE}, rate: 10%, assumed: given}}", more=more), first="2024-01")
    assert codes(text) == ["amends-ended"]


def test_nought_and_one_need_no_grounds_and_other_numbers_do() -> None:
    assert codes(small(flows="gift: {from: world, to: lab, amount: 1 USD / month}")) == []
    assert codes(small(flows="gift: {from: world, to: lab, amount: 2 USD / month}")) == ["ungrounded-number"]
    assert codes(small(flows="gift: {from: world, to: lab, amount: 2 USD / month, assumed: given}")) == []


def test_two_openings_of_one_account_on_one_date_are_refused() -> None:
    twice = "lab.USD: [{balance: 1 USD}, {on: 2024-12, balance: 0 USD}]"
    assert "duplicate-opening" in codes(small(opening=twice))


def test_an_account_without_opening_is_refused_but_for_an_outside_party() -> None:
    text = small(opening="lab.USD: {balance: 1 USD}", flows="gift: {from: world, to: cloud, amount: 1 USD / month}")
    assert codes(text) == ["missing-opening"]


def test_a_party_and_an_agreement_share_no_name() -> None:
    text = small(agreements=agreement(f"takings: {{{SHARE}, rate: 10%, assumed: given}}", name="lab"))
    assert "name-clash" in codes(text)


def test_a_claim_that_gives_no_value_grounds_no_number(tmp_path: Path) -> None:
    (tmp_path / "deal.yaml").write_text(small(assumptions="rate: {value: 10%, claims: [shown]}"), encoding="utf-8")
    (tmp_path / "sources.yaml").write_text("paper: {title: A paper, published: 2024-01}\n", encoding="utf-8")
    (tmp_path / "claims.jsonl").write_text(
        '{"id": "shown", "source": "paper", "says": "it is there"}\n', encoding="utf-8"
    )
    _, findings = load_deal(tmp_path)
    assert [one.code for one in findings] == ["claim-gives-no-value"]


def test_a_claim_nobody_cites_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "deal.yaml").write_text(small(), encoding="utf-8")
    (tmp_path / "sources.yaml").write_text("paper: {title: A paper, published: 2024-01}\n", encoding="utf-8")
    (tmp_path / "claims.jsonl").write_text(
        '{"id": "shown", "source": "paper", "says": "it is there"}\n', encoding="utf-8"
    )
    _, findings = load_deal(tmp_path)
    assert [(one.code, one.severity) for one in findings] == [("uncited-claim", "warning")]


def test_a_text_without_a_deal_gives_none() -> None:
    deal, findings = parse_deal("- a list\n")
    assert deal is None
    assert findings
