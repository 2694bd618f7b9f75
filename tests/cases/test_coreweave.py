"""The chain of credit round CoreWeave: grounded, conserving, and saying what its notes say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import detente
from detente.answers.findings import find
from detente.answers.results import Findings
from detente.engine.evaluate import graph_of
from detente.engine.paths import Paths, trace
from detente.text.written import parse_date

CASE = Path(__file__).parents[2] / "cases" / "coreweave"
KNOWN = parse_date("2025-04")
OTHER_SEED = 7


@pytest.fixture(scope="module")
def deal() -> detente.Deal:
    """The case."""
    return detente.load(CASE)


@pytest.fixture(scope="module")
def findings(deal: detente.Deal) -> Findings:
    """What the report shows, on fewer paths and another seed than the notes use."""
    return find(deal.text, paths=2_000, seed=OTHER_SEED)


@pytest.fixture(scope="module")
def told(deal: detente.Deal) -> Paths:
    """Every equation on some paths."""
    return trace(graph_of(deal.text), range(256), 1)


def figures(findings: Findings, headline: str) -> dict[tuple[str, str], float]:
    """The means of a headline by label and scenario: shares, or bn USD."""
    return {
        (row.label, row.scenario): row.figure.mean
        for one in findings.headlines
        if one.name == headline
        for row in one.rows
    }


def test_headline_shares(findings: Findings) -> None:
    holds = figures(findings, "holds")
    either, cannot = "A covenant breaks or CoreWeave cannot pay", "CoreWeave cannot pay"
    assert holds[either, "base"] == pytest.approx(0.47, abs=0.06)
    assert holds[cannot, "base"] == pytest.approx(0.14, abs=0.04)
    assert holds[either, "microsoft_goes"] == pytest.approx(0.57, abs=0.06)
    assert holds[cannot, "openai_goes"] == pytest.approx(0.56, abs=0.06)
    assert holds[either, "openai_goes"] > 0.95
    assert holds[either, "cash_test"] > 0.95


def test_the_finding_one_customer_hurts_shareholders_the_late_site_hurts_lenders(findings: Findings) -> None:
    hurt = figures(findings, "hurt")
    shareholders, lenders = "Shareholders of today", "Lenders"
    assert hurt[shareholders, "microsoft_goes"] == pytest.approx(-0.35, abs=0.15)
    assert hurt[lenders, "microsoft_goes"] > -0.12
    assert hurt[lenders, "openai_goes"] == pytest.approx(-1.1, abs=0.3)
    assert hurt[lenders, "openai_goes"] < hurt[shareholders, "openai_goes"] < 0.0
    assert hurt["OpenAI", "openai_goes"] > 0.0


def test_the_margin_of_contracts_decides_the_covenant_and_lateness_the_cash(findings: Findings) -> None:
    rows = {(row.label, row.scenario): row.figure for one in findings.headlines for row in one.rows}
    covenant = rows["A covenant breaks or CoreWeave cannot pay", "base"].range
    cash = rows["CoreWeave cannot pay", "base"].range
    assert covenant is not None
    assert cash is not None
    assert (covenant.low_at, covenant.high_at) == ("margin at its 95th percentile", "margin at its 5th percentile")
    assert (cash.low_at, cash.high_at) == ("lateness at its 5th percentile", "lateness at its 95th percentile")


def test_a_put_moves_the_loss_to_nvidia(findings: Findings) -> None:
    worth = figures(findings, "backstop_worth")
    assert worth["Lenders", "all_with_put"] > 0.2
    assert worth["Shareholders of today", "all_with_put"] > 0.4
    assert worth["Nvidia", "all_with_put"] < -1.5


def test_rights_show_the_sign_of_the_sources_or_are_explained(findings: Findings) -> None:
    assert len(findings.rights) == 5
    notes = (CASE / "README.md").read_text(encoding="utf-8")
    assert [right.name for right in findings.rights if not right.agrees] == ["no_waiver"]
    assert all(f"`{right.name}`" in notes for right in findings.rights)
    harm = {right.name: right.harm for right in findings.rights}
    assert harm["end_late_lenders"] > 2.0 * harm["end_late"]


def test_checks_hold_and_futures_sum_to_one(findings: Findings) -> None:
    assert all(check.share >= 0.99 for check in findings.checks)
    futures = findings.run.futures
    assert sum(future.mean for future in futures.values()) == pytest.approx(1.0)
    assert all(future.mean > 0.0 for future in futures.values())


def test_what_is_drawn_stays_within_loan_to_cost(told: Paths) -> None:
    cost = told.values["openai.cost"][-1]
    drawn = told.values["openai_loan.third.drawn"][-1]
    assert (drawn <= 0.85 * cost * (1.0 + 1e-12)).all()
    assert drawn.max() > 0.0


def test_lenders_never_take_more_than_is_owed(told: Paths, deal: detente.Deal) -> None:
    since = told.months.index(deal.text.now + 1)
    taken, owed = told.values["lenders.taken"][since:], told.values["lenders.owed"][since:]
    short = told.values["insolvent"][since:] > 0.0
    assert short.any()
    assert (taken[short] <= owed[short] + 1e-3).all()
    assert (np.diff(taken, axis=0) >= 0.0).all()


def test_openai_ends_only_where_the_site_is_past_its_long_stop(told: Paths) -> None:
    ends = told.values["openai_ends"][-1] > 0.0
    ever = (told.values["openai_cloud.delivery.past_long_stop"] > 0.0).any(axis=0)
    assert ends.any()
    assert not (ends & ~ever).any()
    assert (ever & ~ends).any()


def test_why_reaches_claims_and_origins(deal: detente.Deal) -> None:
    waiting, origins = [deal.why("coreweave.USD@2026-12", paths=300)], set()
    while waiting:
        node = waiting.pop()
        origins |= {one.origin for one in node.backing}
        waiting += node.children
    assert len(origins) >= 3
