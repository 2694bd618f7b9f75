"""Anthropic with two sponsors: grounded, conserving, and in contrast with the deal of OpenAI and Microsoft as its notes say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import detente
from detente.answers.findings import find
from detente.answers.results import Findings
from detente.engine.evaluate import evaluate, graph_of, scenario_variant
from detente.engine.paths import trace
from detente.text.written import parse_date

CASES = Path(__file__).parents[2] / "cases"
CASE = CASES / "anthropic"
KNOWN = parse_date("2025-04")
OTHER_SEED = 7
PATHS = 2_000


@pytest.fixture(scope="module")
def deal() -> detente.Deal:
    """The case."""
    return detente.load(CASE)


@pytest.fixture(scope="module")
def findings(deal: detente.Deal) -> Findings:
    """What the report shows, on fewer paths and another seed than the notes use."""
    return find(deal.text, paths=PATHS, seed=OTHER_SEED)


def lost(
    deal: detente.Deal, lab: str, held: str, against: str = "base", overrides: dict[str, float] | None = None
) -> float:
    """The part of its sales of 2027 that a lab loses where a scenario withholds capacity: a ratio of means."""
    runs = [scenario_variant(deal.text, name) for name in (against, held)]
    runs = [replace(run, overrides={**run.overrides, **(overrides or {})}) for run in runs]
    sales = evaluate(deal.text, runs, PATHS, OTHER_SEED, [f"total({lab}.sales, 2027)"])[:, 0].mean(axis=1)
    return float(1.0 - sales[1] / sales[0])


def test_the_finding_withholding_costs_what_the_sponsor_is_not_bound_to(deal: detente.Deal) -> None:
    """Anthropic with two sponsors loses more than OpenAI with one that is bound to nearly all it offers; with one bound
    as little, OpenAI loses about as much; with one exclusive sponsor Anthropic would lose three times that."""
    other = detente.load(CASES / "openai-microsoft")
    two = lost(deal, "anthropic", "amazon_withholds")
    bound = lost(other, "openai", "held_back")
    loose = lost(other, "openai", "held_back", overrides={"minimum_part": 0.30})
    one = lost(deal, "anthropic", "exclusive_held", against="exclusive")
    assert two == pytest.approx(0.077, abs=0.015)
    assert bound == pytest.approx(0.005, abs=0.005)
    assert loose == pytest.approx(0.069, abs=0.015)
    assert one == pytest.approx(0.26, abs=0.04)


def test_what_the_other_sponsor_fills_decides(deal: detente.Deal) -> None:
    none, low, high = (
        lost(deal, "anthropic", "amazon_withholds", overrides={"filled_part": part}) for part in (0.0, 0.2, 0.7)
    )
    assert none > low > high
    assert none == pytest.approx(0.12, abs=0.02)
    assert high == pytest.approx(0.054, abs=0.015)


def test_headlines(findings: Findings) -> None:
    # shares, but stakes are in percent
    rows = {(one.name, row.label, row.scenario): row.figure.mean for one in findings.headlines for row in one.rows}
    assert rows["missing", "Missing", "base"] == pytest.approx(0.17, abs=0.03)
    assert rows["missing", "Missing", "amazon_withholds"] == pytest.approx(0.32, abs=0.03)
    assert rows["missing", "Missing", "exclusive_held"] == pytest.approx(0.71, abs=0.05)
    assert rows["bound", "Part", "base"] == pytest.approx(0.35, abs=0.04)
    assert rows["stakes", "Google", "base"] == pytest.approx(13.3, abs=1.0)
    assert rows["stakes", "Amazon", "base"] == pytest.approx(22.5, abs=1.0)


def test_withholding_costs_amazon_more_than_it_harms(findings: Findings) -> None:
    rights = {right.name: right for right in findings.rights}
    assert all(right.agrees for right in rights.values())
    assert rights["amazon_withholds"].cost > rights["amazon_withholds"].harm > rights["google_withholds"].harm > 0.0


def test_checks_hold_and_futures_sum_to_one(findings: Findings) -> None:
    assert all(check.share >= 0.97 for check in findings.checks)
    assert sum(future.mean for future in findings.run.futures.values()) == pytest.approx(1.0)


def test_stakes_sum_to_one_and_google_stays_within_its_cap(deal: detente.Deal) -> None:
    told = trace(graph_of(deal.text), range(256), 1)
    since = told.months.index(deal.text.now + 1)
    issued = -told.values["anthropic.equity"][since:]
    parties = ("holders", "amazon", "google", "investors")
    held = {name: told.values[f"{name}.equity"][since:] for name in parties}
    assert np.allclose(sum(held.values()) / issued, 1.0, rtol=1e-12)
    assert (held["google"] / issued <= 0.15 + 1e-9).all()
    assert (held["google"][-1] > held["google"][0]).any()


def test_exclusivity_that_was_not_agreed_binds_nobody(deal: detente.Deal) -> None:
    text = deal.text
    figures = ["total(anthropic.sales, 2027)", "value(anthropic)"]
    base = scenario_variant(text, "base")
    off = replace(base, off=frozenset({"aws.not_agreed"}))
    found = evaluate(text, [base, off], 500, 1, figures)
    assert np.array_equal(found[0], found[1])


def test_why_reaches_claims_and_origins(deal: detente.Deal) -> None:
    waiting, origins = [deal.why("anthropic.USD@2026-12", paths=300)], set()
    while waiting:
        node = waiting.pop()
        origins |= {one.origin for one in node.backing}
        waiting += node.children
    assert len(origins) >= 3
