"""Cap tables: shares by class and stakes on a path and as means, and what is no stake."""

import json

import numpy as np
import pytest
from hypothesis import given, settings

import detente
from detente import cli
from detente.answers.cap_table import CapTable, cap_table
from detente.text.written import parse_date
from tests.random_deals import EXAMPLES, RandomDeal, deals
from tests.support import EXACT, agreement, read, small

DEAL = small(
    resources="""
        USD:       {kind: money}
        compute:   {kind: capacity, unit: MW}
        equity:    {kind: shares, issuer: lab}
        preferred: {kind: shares, issuer: lab}
    """,
    opening="""
        lab.USD:        {balance: 1000 USD, assumed: g}
        cloud.USD:      {balance: 500 USD, assumed: g}
        staff.equity:   {balance: 60 share, assumed: g}
        fund.preferred: {balance: 20 share, assumed: g}
        fund.equity:    {balance: 20 share, assumed: g}
    """,
    events="""
        bought:   {decided_by: cloud, policy: at(2025-04)}
        struck:   {hazard: 50% / year, assumed: g}
    """,
    agreements=agreement(
        """
        warrant:  {type: warrant, holder: cloud, company: lab, strike: 1 USD / share, expiry: 2025-10, exercise: bought, tranches: [{shares: 10 share, on: 2025-03}, {shares: 15 share, on: 2025-09}], assumed: g}
        note:     {type: convertible_note, holder: fund, company: lab, principal: 100 USD, on: 2024-12, rate: 12% / year, cap: 900 USD, converts: struck, assumed: g}
        interest: {type: capped_return, payer: lab, holder: cloud, profit: 10 USD / month, tiers: [{share: 50%, cap: 40 USD}], assumed: g}
        """,
        "lab, cloud, fund",
    ),
)


def table(on: str, path: int | None = 0, text: str = DEAL) -> CapTable:
    return cap_table(read(text), parse_date(on), path, paths=200).companies[0]


def quiet() -> str:
    """The deal in which nothing strikes."""
    return DEAL.replace("hazard: 50% / year", "hazard: 0% / year")


def stakes(found: CapTable) -> dict[str, float]:
    return {one.holder: one.stake for one in found.holdings}


def test_at_now_it_is_the_openings() -> None:
    """60 and 40 of 100; the warrant of 25 is not a stake: with it 60, 40 and 25 of 125."""
    found = table("2024-12")
    assert found.classes == ("equity", "preferred")
    assert stakes(found) == pytest.approx({"staff": 0.6, "fund": 0.4, "cloud": 0.0}, rel=EXACT)
    assert {one.holder: one.diluted for one in found.holdings} == pytest.approx(
        {"staff": 0.48, "fund": 0.32, "cloud": 0.2}, rel=EXACT
    )
    assert next(one for one in found.holdings if one.holder == "fund").shares == {"equity": 20.0, "preferred": 20.0}
    assert found.issued == {"equity": 80.0, "preferred": 20.0}


def test_what_is_outstanding_is_told_and_counts_in_no_stake() -> None:
    """April: 10 of 25 are bought. The note has had four months of 1%; the interest has returned 5 a month."""
    found = table("2025-04", text=quiet())
    assert stakes(found) == pytest.approx({"staff": 60 / 110, "fund": 40 / 110, "cloud": 10 / 110}, rel=EXACT)
    told = {one.kind: (one.holder, one.amount, one.unit) for one in found.outstanding}
    assert told == {
        "warrant": ("cloud", 15.0, "share"),
        "note": ("fund", pytest.approx(104.0, rel=EXACT), "USD"),
        "profit interest": ("cloud", 20.0, "USD"),
    }


def test_what_has_lapsed_or_was_bought_is_outstanding_no_more() -> None:
    found = table("2025-12", text=quiet())
    assert {one.kind: one.amount for one in found.outstanding if one.kind == "warrant"} == {"warrant": 0.0}
    assert stakes(found) == pytest.approx({"staff": 60 / 125, "fund": 40 / 125, "cloud": 25 / 125}, rel=EXACT)
    assert all(one.stake == one.diluted for one in found.holdings)


def test_a_mean_is_of_stakes_on_the_paths() -> None:
    each = [stakes(table("2025-12", path)) for path in range(200)]
    mean = stakes(table("2025-12", None))
    for holder in mean:
        assert mean[holder] == pytest.approx(np.mean([one[holder] for one in each]), rel=1e-9)
    assert len({one["fund"] for one in each}) > 2, "the note converts on some paths, in different months"


def test_a_date_before_now_is_refused() -> None:
    with pytest.raises(ValueError, match="from 2024-12, where the record ends, to 2025-12"):
        cap_table(read(DEAL), parse_date("2024-11"))


@given(deals())
@settings(max_examples=max(5, EXAMPLES // 6))
def test_stakes_sum_to_one_on_every_path_and_in_the_mean(deal: RandomDeal) -> None:
    for path in (None, 3):
        for on in ("2024-12", "2025-11", "2026-12"):
            (found,) = cap_table(read(deal.text), parse_date(on), path, paths=16).companies
            assert sum(one.stake for one in found.holdings) == pytest.approx(1.0, rel=1e-9)
            assert sum(one.diluted for one in found.holdings) == pytest.approx(1.0, rel=1e-9)


def test_the_command_prints_it_and_gives_it_as_data(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "deal.yaml").write_text(quiet())
    assert cli.main(["ownership", str(tmp_path), "--on", "2025-04", "--path", "0"]) == 0
    printed = capsys.readouterr().out
    assert "54.5%" in printed
    assert "may still be bought" in printed
    assert cli.main(["ownership", str(tmp_path), "--on", "2025-04", "--paths", "8", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["companies"][0]["holdings"][0]["holder"] == "staff"
    assert data["path"] is None


def test_a_notebook_asks_the_deal() -> None:
    asked = detente.loads(quiet()).ownership("2025-04", path=0)
    assert asked == cap_table(read(quiet()), parse_date("2025-04"), 0)


def test_the_frame_has_a_row_for_each_holder_and_class() -> None:
    frame = cap_table(read(quiet()), parse_date("2025-04"), 0).frame()
    assert list(frame.columns) == ["company", "holder", "class", "shares", "stake", "diluted"]
    assert frame.groupby("holder")["stake"].first().sum() == pytest.approx(1.0, rel=EXACT)
    assert len(frame) == 6
