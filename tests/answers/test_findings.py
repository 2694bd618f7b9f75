"""Findings: headlines under scenarios, ranges over assumptions and beliefs, rights with their signs."""

from __future__ import annotations

import pytest

from detente.answers.findings import find
from detente.answers.results import Findings
from tests.support import read, small

DEAL = small(
    assumptions="""
        gain: {value: "uniform(1 USD / month, 3 USD / month)", assumed: given}
        still: {value: 5 USD / month, assumed: given}
    """,
    flows="""
        gains: {from: world, to: lab, amount: gain + (if gift then still else 0 USD / month)}
        cost: {from: cloud, to: world, amount: "if gift then still else 0 USD / month"}
    """,
    events="gift: {decided_by: cloud, policy: never, options: [at(2025-07)]}",
    values="""
        lab:   {discount: 0% / year, each: "net(lab, all)"}
        cloud: {discount: 0% / year, each: "net(cloud, all)"}
    """,
    beliefs="cloud: {gain: 2 USD / month, assumed: given}",
    rights="""
        withhold: {holder: cloud, use: {gift: never}, instead: {gift: at(2025-07)}, hurts: lab}
    """,
    scenarios="given: {gift: at(2025-07)}",
    futures="rich: {when: lab.USD > 1030 USD at 2025-12, assumed: given}",
    headlines="""
        cash: {title: Cash, show: {at the end: lab.USD at 2025-12}, under: [base, given]}
        more: {title: What the gift brings, show: {cash: lab.USD at 2025-12}, under: [given], against: base}
    """,
    checks="- {that: lab.USD > 1000 USD, on: 2025-12, assumed: given}",
)


@pytest.fixture(scope="module")
def findings() -> Findings:
    """The findings of the deal."""
    return find(read(DEAL), paths=2_000, seed=1)


def test_headlines_stand_under_their_scenarios(findings: Findings) -> None:
    # 12 months of 1 to 3 USD: 24 on average, 12.0 + 24 * 0.05 * 1 … ; the gift adds 5 USD in each of six months.
    base, given = findings.headlines[0].rows
    assert (base.scenario, given.scenario) == ("base", "given")
    assert base.figure.mean * 1e9 == pytest.approx(1024.0, abs=1.0)
    assert (given.figure.mean - base.figure.mean) * 1e9 == pytest.approx(30.0, abs=1e-6)


def test_a_difference_is_paired(findings: Findings) -> None:
    (row,) = findings.headlines[1].rows
    assert row.figure.mean * 1e9 == pytest.approx(30.0, abs=1e-6)
    assert row.figure.mc_error * 1e9 == pytest.approx(0.0, abs=1e-9)


def test_a_range_names_the_assumption_at_each_end(findings: Findings) -> None:
    # held at its 5th percentile the gain is 1.1 a month, at its 95th 2.9
    band = findings.headlines[0].rows[0].figure.range
    assert band is not None
    assert (band.low_at, band.high_at) == ("gain at its 5th percentile", "gain at its 95th percentile")
    assert band.high * 1e9 - band.low * 1e9 == pytest.approx(12 * 1.8, abs=1e-6)


def test_futures_sum_to_one_and_carry_ranges(findings: Findings) -> None:
    chances = [future.mean for future in findings.run.futures.values()]
    assert sum(chances) == pytest.approx(1.0)
    assert set(findings.run.futures) == {"rich", "other"}
    rich = findings.run.futures["rich"]
    assert rich.range is not None
    assert rich.range.low == 0.0
    # 160 paths move the full mean by their paired difference: 0.73 ± 0.03 up to a chance of one
    assert rich.range.high == pytest.approx(1.0, abs=0.06)


def test_a_right_shows_harm_and_cost_with_signs(findings: Findings) -> None:
    # withholding costs the lab 6 months of 5 USD and saves its holder as much
    (right,) = findings.rights
    assert right.harm * 1e9 == pytest.approx(30.0, abs=1e-6)
    assert right.cost * 1e9 == pytest.approx(-30.0, abs=1e-6)
    assert right.agrees


def test_checks_say_on_which_share_they_hold(findings: Findings) -> None:
    assert findings.checks[0].share == 1.0
    assert "worst error" in findings.checks[1].text


def test_grounds_tell_sourced_from_assumed(findings: Findings) -> None:
    assert {one.name: one.sourced for one in findings.grounds}["gain"] is False
