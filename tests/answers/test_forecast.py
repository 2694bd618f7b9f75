"""Questions answered: percentiles of quantities, probabilities of conditions, in the unit asked for."""

import json
from pathlib import Path

import pytest

import detente
from detente.answers.forecast import forecast
from detente.cli import main
from detente.text.diagnostic import Refused
from tests.support import codes, read, small

ASKED = small(
    assumptions="""
        pace: {value: 10 to 40 USD / month, assumed: given}
        danger: {value: 5% / month, kind: rate, assumed: given}
    """,
    flows="sales: {from: world, to: lab, amount: pace}",
    events="struck: {hazard: danger}\nlate: {decided_by: lab, policy: at(2025-06)}",
    questions="""
        Q1: {title: Sales of the year, show: "total(flow(sales), 2025)", in: k USD}
        Q2: {title: Struck by the end, show: struck by 2025-12}
        Q3: {title: Certain, show: late by 2025-12}
        Q4: {title: Cash when struck, show: lab.USD at struck}
    """,
)


def test_answers_are_percentiles_and_probabilities_in_the_unit_asked_for() -> None:
    """The median of 10 to 40 is 20 a month (lognormal): 240 in the year, 0.24 thousand; the ends 0.12 and 0.48.

    A hazard of 5% a month over twelve months strikes with 1 - exp(-0.6) = 45%.
    """
    found = forecast(read(ASKED), paths=20_000).as_data()
    assert list(found) == ["Q1", "Q2", "Q3", "Q4"]
    assert [found["Q1"][key] for key in ("p5", "p50", "p95")] == pytest.approx([0.12, 0.24, 0.48], rel=0.02)
    assert found["Q2"]["probability"] == pytest.approx(0.4512, abs=4 * 0.0035)
    assert found["Q3"] == {"probability": 1.0}


def test_an_answer_that_may_be_absent_tells_its_share() -> None:
    answer = forecast(read(ASKED), paths=2_000).answers[3]
    assert 0.3 < answer.present < 0.6


def test_a_unit_that_does_not_fit_is_refused() -> None:
    for wrong in ("MW", "bananas"):
        with pytest.raises(Refused):
            forecast(read(ASKED.replace("in: k USD", f"in: {wrong}")))


def test_a_question_that_cannot_be_read_is_told_when_the_deal_is_checked() -> None:
    assert codes(ASKED.replace("flow(sales)", "flow(sale)")) == ["unknown-name"]


def test_a_deal_without_questions_says_so() -> None:
    with pytest.raises(ValueError, match="asks no questions"):
        forecast(read(small()))


def test_the_command_prints_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "deal.yaml").write_text(ASKED)
    assert main(["forecast", str(tmp_path), "--paths", "200", "--json", str(tmp_path / "out.json")]) == 0
    assert set(json.loads((tmp_path / "out.json").read_text())) == {"Q1", "Q2", "Q3", "Q4"}
    assert "Certain" in capsys.readouterr().out


def test_the_python_face_gives_the_same() -> None:
    assert detente.loads(ASKED).forecast(paths=64).as_data() == forecast(read(ASKED), paths=64).as_data()
