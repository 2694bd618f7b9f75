"""The shipped case, end to end: it is grounded, conserves, runs from earlier dates, and says what its notes say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import detente
from detente.answers.conservation import conservation
from detente.answers.findings import find
from detente.answers.results import Findings
from detente.answers.score import ScoreAnswer, score
from detente.answers.why import Reader
from detente.deal.fields import GIVES
from detente.deal.load import load_deal
from detente.deal.references import grounds_of
from detente.engine.evaluate import graph_of
from detente.engine.paths import trace
from detente.text.written import parse_date

CASE = Path(__file__).parents[2] / "cases" / "openai-microsoft"
KNOWN = parse_date("2025-04")


@pytest.fixture(scope="module")
def deal() -> detente.Deal:
    """The case."""
    return detente.load(CASE)


@pytest.fixture(scope="module")
def findings(deal: detente.Deal) -> Findings:
    """What the report shows, on fewer paths."""
    return find(deal.text, paths=3_000, seed=1)


@pytest.fixture(scope="module")
def hindsight(deal: detente.Deal) -> ScoreAnswer:
    """The case scored from its earlier dates."""
    return score(deal.text, paths=2_000, seed=1)


def test_nothing_is_wrong_or_odd() -> None:
    text, found = load_deal(CASE)
    assert text is not None
    assert found == ()


def test_every_claim_was_known_on_the_date_of_the_case(deal: detente.Deal) -> None:
    assert KNOWN is not None
    late = [claim.name for claim in deal.text.evidence.claims.values() if claim.known and claim.known.last > KNOWN.last]
    assert late == []
    sources = deal.text.evidence.sources.values()
    assert [source.name for source in sources if source.published and source.published.last > KNOWN.last] == []


def test_every_claim_has_an_origin_and_says_something(deal: detente.Deal) -> None:
    claims = deal.text.evidence.claims.values()
    assert len(claims) >= 70
    assert all(claim.origin and len(claim.says.split()) >= 4 for claim in claims)


def test_citations_say_what_they_give(deal: detente.Deal) -> None:
    given = {citation.gives for grounds in grounds_of(deal.text) for citation in grounds.citations}
    assert given <= set(GIVES)
    assert {"value", "bound", "direction", "existence"} <= given


def test_every_path_and_month_conserves(deal: detente.Deal) -> None:
    found = conservation(graph_of(deal.text), paths=512)
    assert set(found) == {"USD", "credits", "equity", "compute of openai.compute"}
    assert max(found.values()) <= 1e-12


def test_stakes_sum_to_one(deal: detente.Deal) -> None:
    graph = graph_of(deal.text)
    told = trace(graph, range(256), 1)
    since = told.months.index(deal.text.now + 1)
    shares = [name for name, one in graph.equations.items() if one.role == "account" and name.endswith(".equity")]
    held = sum(told.values[name][since:] for name in shares if name != "openai.equity")
    assert np.allclose(held / -told.values["openai.equity"][since:], 1.0, rtol=1e-12)


def test_futures_are_reached_and_sum_to_one(findings: Findings) -> None:
    futures = findings.run.futures
    assert sum(future.mean for future in futures.values()) == pytest.approx(1.0)
    assert len(futures) == 5
    assert all(future.mean > 0.0 for future in futures.values())


def test_every_future_names_what_decides_it(findings: Findings) -> None:
    for future in findings.run.futures.values():
        assert future.range is not None
        assert future.range.low <= future.mean <= future.range.high
        assert future.range.high_at != "as filed"


def test_rights_show_the_sign_of_the_sources(findings: Findings) -> None:
    assert len(findings.rights) >= 2
    notes = (CASE / "README.md").read_text(encoding="utf-8")
    for right in findings.rights:
        assert right.agrees or right.name in notes, f"{right.name} is not explained in the notes"


def test_checks_hold(findings: Findings) -> None:
    assert len(findings.checks) >= 4
    assert all(check.share >= 0.9 for check in findings.checks)


def test_the_first_screen_has_four_figures(findings: Findings) -> None:
    assert len(findings.headlines) == 4
    assert all(headline.rows for headline in findings.headlines)


def test_hindsight_covers_and_beats_the_walk(hindsight: ScoreAnswer) -> None:
    found = hindsight.summary()
    assert found["observations"] >= 25
    assert 0.75 <= found["coverage"] <= 1.0
    assert found["crps"] < found["walk_crps"]
    assert set(hindsight.by("since")) == {"2022-12", "2023-12", "2024-06"}


def test_why_reaches_claims_and_origins(deal: detente.Deal) -> None:
    tree = deal.why("openai.USD@2026-12", paths=500)
    waiting, origins = [tree], set()
    while waiting:
        node = waiting.pop()
        origins |= {one.origin for one in node.backing}
        waiting += node.children
    assert len(origins) >= 3


@pytest.mark.parametrize("date", ["2022-12", "2023-12", "2024-06"])
def test_it_runs_as_known_on_earlier_dates(deal: detente.Deal, date: str) -> None:
    run = deal.as_of(date).run(paths=300)
    assert run["openai.revenue"].dates[0] > date
    assert np.isfinite(run["openai.USD"].p50).all()


def test_every_equation_holds_on_a_path_and_can_be_explained(deal: detente.Deal) -> None:
    graph = graph_of(deal.text)
    told = trace(graph, [17], 1)
    reader = Reader(graph, told, 3)
    for name, equation in graph.equations.items():
        for month in (deal.text.now + 1, deal.text.now + 9, deal.text.last):
            assert np.array_equal(reader.compute(equation.formula, month), reader.value(name, month), equal_nan=True), (
                name
            )
        assert reader.equation(name, deal.text.now + 20, 0).name == name
