"""Tesla and Panasonic: sole supply as seen from three earlier dates, and what broke it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import detente
from detente.answers.conservation import conservation
from detente.answers.findings import find
from detente.answers.results import Findings
from detente.answers.score import score
from detente.engine.evaluate import evaluate, graph_of
from detente.engine.simulate import BASE, variant
from detente.text.written import parse_date

CASE = Path(__file__).parents[2] / "cases" / "tesla-panasonic"
KNOWN = parse_date("2020-06")
DATES = ("2014-11", "2016-12", "2018-06")
BROKEN, SHORT, ABROAD = "second_source by 2020-06", "short by 2020-06", "not_followed by 2020-06"


@pytest.fixture(scope="module")
def deal() -> detente.Deal:
    """The case."""
    return detente.load(CASE)


@pytest.fixture(scope="module")
def findings(deal: detente.Deal) -> Findings:
    """What the report shows, on fewer paths."""
    return find(deal.text, paths=2_000, seed=1)


def chances(deal: detente.Deal, date: str, scenario: str, *asked: str, seed: int = 1) -> list[float]:
    """Chances as an analyst of a date saw them, under a scenario."""
    then = deal.as_of(date).text
    run = BASE if scenario == "base" else variant(then, then.scenarios[scenario])
    found: npt.NDArray[np.float64] = evaluate(then, [run], 4_000, seed, asked)[0]
    return [float(one) for one in found.mean(axis=1)]


def test_every_claim_was_known_by_the_end_of_the_record(deal: detente.Deal) -> None:
    assert KNOWN is not None
    late = [one.name for one in deal.text.evidence.claims.values() if one.known and one.known.last > KNOWN.last]
    assert late == []


@pytest.mark.parametrize("date", DATES)
def test_it_conserves_from_every_earlier_date_too(deal: detente.Deal, date: str) -> None:
    found = conservation(graph_of(deal.as_of(date).text), paths=256)
    assert set(found) == {"USD", "cells of tesla.cells"}
    assert max(found.values()) <= 1e-12


def test_checks_hold_and_the_right_hurts_as_said(findings: Findings) -> None:
    assert all(check.share == 1.0 for check in findings.checks)
    assert [right.agrees for right in findings.rights] == [True]


def test_futures_sum_to_one(findings: Findings) -> None:
    futures = findings.run.futures
    assert sum(future.mean for future in futures.values()) == pytest.approx(1.0)
    assert 0.55 <= futures["rivals_lead"].mean <= 0.78
    assert futures["sole_still"].mean == 0.0


def test_on_record_it_is_broken(deal: detente.Deal) -> None:
    found = evaluate(deal.text, [BASE], 16, 1, [BROKEN, SHORT, ABROAD])[0]
    assert (found == 1.0).all()


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(("date", "chance"), [("2014-11", 0.49), ("2016-12", 0.81), ("2018-06", 0.175)])
def test_the_chance_that_sole_supply_breaks(deal: detente.Deal, date: str, chance: float, seed: int) -> None:
    assert chances(deal, date, "base", BROKEN, seed=seed) == [pytest.approx(chance, abs=0.035)]


def test_the_plan_for_cars_turned_a_toss_into_four_in_five(deal: detente.Deal) -> None:
    """What the plan of 2016 adds goes away with slow cars, not with price, and less with better lines."""
    (base,) = chances(deal, "2016-12", "base", BROKEN)
    lost = {name: base - chances(deal, "2016-12", name, BROKEN)[0] for name in ("slow_cars", "lines_full", "generous")}
    assert lost["slow_cars"] > 2 * lost["lines_full"] > 2 * lost["generous"] * 1.3
    assert lost["slow_cars"] == pytest.approx(0.375, abs=0.05)


@pytest.mark.parametrize("date", DATES)
def test_price_closes_the_road_abroad_and_leaves_the_shortage(deal: detente.Deal, date: str) -> None:
    short, abroad = chances(deal, date, "base", SHORT, ABROAD)
    still_short, still_abroad = chances(deal, date, "generous", SHORT, ABROAD)
    assert still_short == pytest.approx(short, abs=0.02)
    assert still_abroad < 0.55 * abroad


def test_a_price_on_planned_cost_loses_money_while_the_lines_fall_short(deal: detente.Deal) -> None:
    then = deal.as_of("2018-06").text
    full = variant(then, then.scenarios["lines_full"])
    base, better = evaluate(then, [BASE, full], 4_000, 1, ["panasonic.margin at 2019-06"])[:, 0]
    assert 0.7 <= (base < 0).mean() <= 0.82
    assert np.median(base) == pytest.approx(-0.054, abs=0.015)
    assert np.median(better) > 0.0


def test_hindsight_beats_the_walk_and_is_too_narrow(deal: detente.Deal) -> None:
    found = score(deal.text, paths=2_000, seed=1)
    assert set(found.by("since")) == set(DATES)
    summary = found.summary()
    assert summary["observations"] >= 35
    assert 0.6 <= summary["coverage"] <= 0.8
    assert summary["crps"] < 0.7 * summary["walk_crps"]


def test_the_event_was_foreseen_worse_than_by_a_coin(deal: detente.Deal) -> None:
    missed = [1.0 - chances(deal, date, "base", BROKEN)[0] for date in DATES]
    assert np.mean(np.square(missed)) == pytest.approx(0.33, abs=0.04)
    assert chances(deal, "2018-06", "base", "second_source by 2022-12") == [pytest.approx(0.61, abs=0.04)]


def test_both_are_bound_from_2020(deal: detente.Deal) -> None:
    """A year after the deal Tesla has paid, for cells or for want of them, the volume of 32 GWh × its part × 100 dollars a kWh."""
    asked = ["paid(nevada.cells) at 2021-06", "paid(nevada.volume) at 2021-06", "volume_part at 2021-06"]
    bill, shortfall, part = evaluate(deal.text, [BASE], 500, 1, asked)[0]
    assert (bill + shortfall >= part * 3.2e9 * (1 - 1e-9)).all()
    assert 0.0 < (shortfall > 0).mean() < 1.0
