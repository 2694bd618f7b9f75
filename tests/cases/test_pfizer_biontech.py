"""Pfizer and BioNTech as known in July 2020: what was expected is held against what came."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import detente
from detente.answers.findings import find
from detente.answers.results import Findings
from detente.answers.score import ScoreAnswer, score
from detente.deal.references import grounds_of
from detente.engine.evaluate import evaluate
from detente.engine.simulate import BASE, Variant
from detente.text.written import parse_date

CASE = Path(__file__).parents[2] / "cases" / "pfizer-biontech"
KNOWN = parse_date("2020-07")

RECEIVED = 31e9
"""USD of gross profit that BioNTech received by 2022: 0.19, 14.9 and 12.8 bn euros at the mean rates of the years (1.19, 1.18
and 1.05 as recalled)."""

AGREED = 748e6
"""USD: all that Pfizer promised besides."""


@pytest.fixture(scope="module")
def deal() -> detente.Deal:
    """The case."""
    return detente.load(CASE)


@pytest.fixture(scope="module")
def findings(deal: detente.Deal) -> Findings:
    """What the report shows, on fewer paths."""
    return find(deal.text, paths=2_000, seed=1)


@pytest.fixture(scope="module")
def hindsight(deal: detente.Deal) -> ScoreAnswer:
    """The case scored on what followed."""
    return score(deal.text, paths=4_000, seed=1)


def figures(deal: detente.Deal, *asked: str, run: Variant = BASE, seed: int = 1) -> list[npt.NDArray[np.float64]]:
    """Figures about whole paths, in base units."""
    return list(evaluate(deal.text, [run], 4_000, seed, asked)[0])


PROFIT, PAYMENTS = "biontech.from_profit at 2022-12", "biontech.from_payments at 2022-12"


def test_what_came_later_drives_nothing(deal: detente.Deal) -> None:
    """Claims published after July 2020 back points under `observed` and nothing else."""
    assert KNOWN is not None
    late = {one.name for one in deal.text.evidence.claims.values() if one.known and one.known.last > KNOWN.last}
    compared = {
        citation.claim
        for variable in deal.text.variables.values()
        for point in variable.observed
        for citation in point.grounds.citations
    }
    assert late == compared
    observed = [point.grounds for variable in deal.text.variables.values() for point in variable.observed]
    others = [one for one in grounds_of(deal.text) if one not in observed]
    assert not late & {citation.claim for one in others for citation in one.citations}


def test_checks_hold_and_rights_hurt_as_said(findings: Findings) -> None:
    assert all(check.share == 1.0 for check in findings.checks)
    assert len(findings.rights) == 2
    assert all(right.agrees for right in findings.rights)


def test_futures_sum_to_one_and_each_is_reached(findings: Findings) -> None:
    futures = findings.run.futures
    assert sum(future.mean for future in futures.values()) == pytest.approx(1.0)
    assert [name for name, future in futures.items() if future.mean == 0.0] == ["other"]


def test_success_comes_with_the_probability_of_its_assumption(deal: detente.Deal) -> None:
    """Within a percent of the mean of the assumption, on as many paths as there are draws."""
    by_then, chance = figures(deal, "authorised by 2022-12", "success at 2022-12")
    assert by_then.mean() == pytest.approx(chance.mean(), abs=0.02)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_share_was_worth_four_times_the_payments_and_became_forty(deal: detente.Deal, seed: int) -> None:
    profit, payments = figures(deal, PROFIT, PAYMENTS, seed=seed)
    assert 3.0 <= profit.mean() / payments.mean() <= 4.5
    assert 0.8 <= np.median(profit) / np.median(payments) <= 1.7
    assert 0.45 <= (profit > AGREED).mean() <= 0.6
    assert 38 <= RECEIVED / AGREED <= 45
    assert (profit < RECEIVED).mean() >= 0.999


def test_payments_never_pass_what_was_agreed(deal: detente.Deal) -> None:
    (payments,) = figures(deal, PAYMENTS)
    assert payments.min() == pytest.approx(185e6)
    assert payments.max() == pytest.approx(AGREED)


def test_hindsight_misses_the_market(hindsight: ScoreAnswer) -> None:
    by_series = hindsight.by("series")
    assert hindsight.summary()["observations"] == 11
    assert by_series["euro"]["coverage"] == 1.0
    assert by_series["vaccine.sold"]["coverage"] == 0.0
    assert [one.inside for one in hindsight.scored if one.series == "biontech.share_received"] == [True, False, False]


def test_the_terms_give_what_came_once_the_market_is_known(deal: detente.Deal) -> None:
    """With 2.6 bn doses at 14.9 dollars (36.8 bn over 95 % of them), made for 1.2 dollars as estimated later, the share of 2021
    is (14.9 × 0.9625 − 1.2) × 2.6 bn × 0.95 / 2 = 16.2 bn dollars; 14.9 bn euros at 1.18 are 17.6, milestones of half a
    billion included."""
    known = {
        "success": 0.999999,
        "trial_time": 4.1,
        "attained": 2.6e9 / 1.352e9,
        "part_won": 0.5,
        "paying": 4.5e9,
        "campaign": 13.0,
        "price": 14.9,
        "price_drift": 0.0,
        "unit_cost": 1.2,
        "home_part": 0.05,
        "royalty_rate": 0.0375,
        "china_success": 1e-9,
    }
    doses, share = figures(
        deal,
        "total(vaccine.sold, 2021)",
        "total(flow(collaboration.sharing.profit), 2021)",
        run=Variant("as it came", overrides=known),
    )
    assert doses.mean() == pytest.approx(2.6e9, rel=0.01)
    assert share.mean() == pytest.approx(16.2e9, rel=0.01)
    assert share.mean() == pytest.approx(14.9e9 * 1.18 - 0.5e9, rel=0.1)


def test_doses_and_margin_decide_and_price_hardly(deal: detente.Deal) -> None:
    """On paths with a vaccine by the new year: doses were five to six times the median, the margin half as much again, the price
    a quarter more."""
    doses, price, sales, profit, early = figures(
        deal,
        "total(vaccine.sold, 2021)",
        "mean(vaccine.price, 2021)",
        "total(pfizer.sales, 2021)",
        "total(pfizer.gross_profit, 2021)",
        "authorised by 2021-01",
    )
    on = early > 0
    assert 4.5 <= 2.6e9 / np.median(doses[on]) <= 6.5
    assert 1.15 <= 14.9 / np.median(price[on]) <= 1.4
    assert 1.4 <= (16.2e9 * 2 / 36.8e9) / np.median(profit[on] / sales[on]) <= 1.75


def test_it_can_be_explained_down_to_the_sources(deal: detente.Deal) -> None:
    tree = deal.why("biontech.share_received@2021-06", paths=500)
    waiting, origins = [tree], set()
    while waiting:
        node = waiting.pop()
        origins |= {one.origin for one in node.backing}
        waiting += node.children
    assert len(origins) >= 4
