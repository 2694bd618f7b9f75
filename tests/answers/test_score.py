"""Hindsight: known scores, and a deal scored on its own later record."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from detente.answers.score import crps, score
from detente.cli import main
from detente.deal.load import parse_deal
from detente.deal.model import Deal
from detente.engine.maths import normal_quantile
from detente.evidence.records import Claim, Evidence, Source
from detente.text.place import NOWHERE
from detente.text.written import parse_date
from tests.support import small

RECORD = """
    lab.sales:
      unit: USD / year
      past: {2021-12: 100, 2022-06: 120, 2022-12: 110, 2023-06: 130, 2023-12: 140, 2024-06: 150, 2024-12: 170}
      next: gbm(growth = 20% / year, volatility = 20% / sqrt(year))
      claims: [sales]
"""

SALES = Claim(
    "sales",
    "report",
    "what was sold",
    parse_date("2021-12"),
    100.0,
    None,
    None,
    "USD / year",
    "",
    "report",
    "A",
    NOWHERE,
)
REPORT = Source("report", "a report", "a publisher", parse_date("2021-12"), "primary", "", "", "A", NOWHERE)


def scored(text: str) -> Deal:
    """The deal of a text, with a claim that gives its record."""
    deal, findings = parse_deal(text, Evidence({"report": REPORT}, {"sales": SALES}))
    assert findings == ()
    assert deal is not None
    return deal


def test_a_guess_is_not_scored() -> None:
    guessed = RECORD.replace("claims: [sales]", "assumed: given")
    text = small(variables=guessed, first="2021-12", opening="""
        lab.USD: [{on: 2023-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
        cloud.USD: [{on: 2023-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
        rival.USD: [{on: 2023-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
    """)  # fmt: skip
    deal, _ = parse_deal(text)
    assert deal is not None
    assert score(deal, paths=100).scored == ()


def test_crps_of_a_standard_normal_at_its_mean() -> None:
    # Gneiting and Raftery (2007): (sqrt(2) - 1) / sqrt(pi) for a standard normal observed at its mean.
    sample = np.asarray(normal_quantile((np.arange(20_000) + 0.5) / 20_000))
    assert crps(sample, 0.0) == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), rel=1e-3)


def test_crps_of_a_point_is_its_distance() -> None:
    assert crps(np.full(10, 3.0), 5.0) == pytest.approx(2.0)


def test_crps_of_two_points_by_hand() -> None:
    # E|X - y| = (1 + 3) / 2 = 2 for X in {0, 4}, y = 1; E|X - X'| / 2 = (4 / 2) / 2 = 1.
    assert crps(np.array([0.0, 4.0]), 1.0) == pytest.approx(1.0)


def test_only_what_came_later_is_scored() -> None:
    text = small(variables=RECORD, first="2021-12", opening="""
        lab.USD: [{on: 2023-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
        cloud.USD: [{on: 2023-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
        rival.USD: [{on: 2023-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
    """)  # fmt: skip
    answer = score(scored(text), paths=2_000)
    assert [(one.since, one.date) for one in answer.scored] == [("2023-12", "2024-06"), ("2023-12", "2024-12")]


def test_the_yardstick_is_a_walk_from_the_last_point_with_the_volatility_on_record() -> None:
    # Four half-yearly changes of the logarithm over 24 months; the walk's 5th and 95th percentiles after 12 months are
    # 140 * exp(±1.6449 * s * sqrt(12)) with s the root of their mean square per month.
    text = small(variables=RECORD, first="2021-12", opening="""
        lab.USD: [{on: 2023-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
        cloud.USD: [{on: 2023-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
        rival.USD: [{on: 2023-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
    """)  # fmt: skip
    points = [100.0, 120.0, 110.0, 130.0, 140.0]
    changes = [np.log(b / a) ** 2 for a, b in pairwise(points)]
    s = np.sqrt(sum(changes) / 24)
    low, high = (140 * np.exp(sign * 1.6449 * s * np.sqrt(12)) for sign in (-1, 1))
    last = score(scored(text), paths=4_000).scored[-1]
    assert last.walk_width == pytest.approx((high - low) / 170, rel=0.01)


def test_coverage_counts_what_lies_inside() -> None:
    text = small(variables=RECORD, first="2021-12", opening="""
        lab.USD: [{on: 2022-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
        cloud.USD: [{on: 2022-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
        rival.USD: [{on: 2022-12, balance: 1 USD}, {on: 2024-12, balance: 1 USD}]
    """)  # fmt: skip
    answer = score(scored(text), paths=2_000)
    found = answer.summary()
    assert found["observations"] == 4
    assert found["inside"] == sum(one.p5 <= one.observed <= one.p95 for one in answer.scored)
    assert answer.by("since")["2022-12"] == found


def test_what_was_observed_after_the_record_is_scored_from_its_end() -> None:
    # Nothing was known of the series: it has no yardstick, and the data says so.
    variables = "x: {unit: USD, is: 3 USD, observed: {2025-06: 5}, claims: [sales]}"
    answer = score(scored(small(variables=variables)), paths=100)
    (one,) = answer.scored
    assert (one.since, one.date, one.crps, one.walk_crps, one.walk_width) == ("2024-12", "2025-06", 0.4, None, None)
    assert answer.as_data()["all"]["walk_crps"] is None
    assert answer.summary()["crps"] == 0.4


def test_a_deal_without_earlier_dates_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deal.yaml").write_text(small())
    assert main(["score", str(tmp_path)]) == 0
    assert "nothing to score" in capsys.readouterr().out
