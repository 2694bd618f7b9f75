"""The shipped case, end to end: it is grounded, conserves, runs from earlier dates, and says what its notes say."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import detente
from detente.answers.findings import find
from detente.answers.forecast import Forecast, forecast
from detente.answers.mechanisms import Mechanism, mechanisms
from detente.answers.results import Findings
from detente.answers.score import ScoreAnswer, score
from detente.answers.why import Reader
from detente.deal.fields import GIVES
from detente.deal.references import grounds_of
from detente.engine.evaluate import graph_of, run_deal
from detente.engine.paths import trace
from detente.graph.build import needed
from detente.text.diagnostic import Refused
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
def answers(deal: detente.Deal) -> Forecast:
    """What the deal says to the questions asked of it."""
    return forecast(deal.text, paths=4_000, seed=1)


@pytest.fixture(scope="module")
def listed(deal: detente.Deal) -> tuple[Mechanism, ...]:
    """The mechanisms that the case lists."""
    return mechanisms(CASE / "mechanisms.yaml", deal.text)


@pytest.fixture(scope="module")
def hindsight(deal: detente.Deal) -> ScoreAnswer:
    """The case scored from its earlier dates."""
    return score(deal.text, paths=2_000, seed=1)


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
    assert found["observations"] >= 60
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


QUANTITIES = [f"Q{number:02d}" for number in range(1, 18)]
CHANCES = [f"Q{number}" for number in range(20, 38)]


def test_all_questions_are_answered(answers: Forecast) -> None:
    found = answers.as_data()
    assert list(found) == QUANTITIES + CHANCES
    for name in QUANTITIES:
        assert found[name]["p5"] <= found[name]["p50"] <= found[name]["p95"]
    for name in CHANCES:
        assert 0.0 <= found[name]["probability"] <= 1.0


def test_a_year_ahead_is_told_widely(answers: Forecast) -> None:
    """Nine in ten paths of a flow of money or a capacity span at least half of the median, of a stake a quarter."""
    found = answers.as_data()
    for name in [one for one in QUANTITIES if one not in ("Q11",)]:
        assert found[name]["p95"] - found[name]["p5"] >= 0.45 * found[name]["p50"], name
    assert found["Q11"]["p95"] - found["Q11"]["p5"] >= 0.25 * found["Q11"]["p50"]
    certain = [name for name in CHANCES if not 0.005 <= found[name]["probability"] <= 0.995]
    assert set(certain) <= {"Q34"}  # cash of 11 to 17 bn outlasts fourteen months of the burn planned


def test_the_questions_agree_with_each_other(answers: Forecast) -> None:
    found = answers.as_data()
    middle = {name: found[name].get("p50", found[name].get("probability", 0.0)) for name in found}
    assert middle["Q01"] < middle["Q02"], "revenue grows within the year"
    assert 0.9 < 4 * middle["Q03"] / middle["Q02"] < 1.5, "a quarter follows from the run-rate before it"
    assert 0.87 < middle["Q12"] / middle["Q13"] < 1.15, "two quarters in a row"
    assert middle["Q06"] <= middle["Q07"], "values are set again at rounds, and revenue grows"
    assert middle["Q21"] >= 1.0 - middle["Q20"], "without a conversion the nonprofit stays in control"
    assert middle["Q20"] + middle["Q37"] <= 1.0
    assert middle["Q27"] <= middle["Q20"] + 0.1, "the round is paid in full with the conversion, or is waived"
    assert middle["Q26"] >= middle["Q20"], "no conversion without Microsoft, whose consent changes the contract"


def test_all_mechanisms_are_carried_and_answered(listed: tuple[Mechanism, ...]) -> None:
    """Reading the list refuses names that are not there, and mechanisms without an answer."""
    assert [one.name for one in listed] == [f"M{number:02d}" for number in range(1, 46)]
    answered = [one for one in listed if one.figures or one.break_even or one.futures]
    assert len(answered) >= 42
    assert all(len(one.unknown) > 60 for one in listed if one not in answered)


def test_a_list_that_names_what_is_not_there_is_refused(deal: detente.Deal, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "M01: {title: A, question: B, carried_by: [azure.investmint], claims: [nobody], absent: [supply]}\n"
    )
    with pytest.raises(Refused) as refused:
        mechanisms(tmp_path / "m.yaml", deal.text)
    told = " ".join(one.message for one in refused.value.diagnostics)
    assert all(word in told for word in ("azure.investmint", "nobody", "'supply'", "answers nothing"))


def test_the_page_of_mechanisms_is_current(findings: Findings) -> None:
    """`make docs` writes it; every figure is the same on every machine (R5)."""
    spec = importlib.util.spec_from_file_location("generate", CASE.parents[1] / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert (CASE / "mechanisms.md").read_text(encoding="utf-8") == generate.mechanisms_page(CASE, findings.run.futures)


@pytest.mark.parametrize(
    ("scenario", "future"),
    [
        ("deeper", "deepened_integration"),
        ("apart", "strategic_divergence"),
        ("intervention", "regulatory_intervention"),
        ("rebuilt", "new_alliance"),
    ],
)
def test_each_future_is_a_scenario_too(deal: detente.Deal, scenario: str, future: str) -> None:
    chances = run_deal(deal.text, 500, 1, scenario).futures
    assert chances[future].mean > 0.6


def test_it_stays_lean(deal: detente.Deal) -> None:
    assert len(needed(graph_of(deal.text))) <= 350
