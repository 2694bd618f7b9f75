"""The questions of a deal answered: quantities by percentiles, conditions by probabilities, all on the same paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from detente.deal.model import Deal, Question
from detente.engine.evaluate import evaluated, graph_of
from detente.engine.simulate import BASE
from detente.graph.build import questions
from detente.graph.model import Graph, Shown
from detente.lang.unit import ONE, parse_unit
from detente.text.diagnostic import Diagnostic, Refused

PERCENTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class Answer:
    """The answer to a question: a `probability`, or percentiles in `unit` over the paths on which the quantity is
    there; `present` is their share."""

    question: Question
    unit: str
    probability: float | None
    p5: float
    p50: float
    p95: float
    present: float

    def as_data(self) -> dict[str, float]:
        """`{"probability": …}` or `{"p5": …, "p50": …, "p95": …}`."""
        if self.probability is not None:
            return {"probability": self.probability}
        return {"p5": self.p5, "p50": self.p50, "p95": self.p95}


@dataclass(frozen=True)
class Forecast:
    """A deal's answers, in the order of its questions."""

    deal: Deal
    paths: int
    seed: int
    answers: tuple[Answer, ...]

    def as_data(self) -> dict[str, dict[str, float]]:
        """The answers by id."""
        return {one.question.name: one.as_data() for one in self.answers}


def forecast(deal: Deal, paths: int = 10_000, seed: int = 1) -> Forecast:
    """Every question of a deal answered.

    Raises:
        Refused: where a question cannot be read, asks in a unit that does not fit, or a run is not finite.
        ValueError: where the deal asks nothing.
    """
    if not deal.questions:
        raise ValueError(f"{deal.title} asks no questions: add `questions: {{ID: {{title: …, show: …}}}}` to the deal")
    asked = questions(deal)
    graph = graph_of(deal, asked)
    shown = _units(deal, graph)
    values = evaluated(graph, [BASE], paths, seed, tuple(asked))[0]
    answers = [
        _answer(one, graph.measures[key].formula.kind == "boolean", shown[key], row)
        for (key, one), row in zip(zip(asked, deal.questions.values(), strict=True), values, strict=True)
    ]
    return Forecast(deal, paths, seed, tuple(answers))


def _units(deal: Deal, graph: Graph) -> dict[str, Shown]:
    """The unit of each answer; all that do not fit are told at once."""
    findings: list[Diagnostic] = []
    found: dict[str, Shown] = {}
    for one in deal.questions.values():
        measure = graph.measures[f"question {one.name}"]
        found[f"question {one.name}"] = measure.shown
        if not one.unit:
            continue
        try:
            scale, unit = parse_unit(one.unit)
        except ValueError as error:
            findings.append(
                Diagnostic(
                    "unknown-unit",
                    f"the unit of '{one.name}': {error}",
                    one.place,
                    one.unit,
                    ways_out=("write a unit such as `bn USD`, `GW` or `%`",),
                )
            )
            continue
        if unit != measure.formula.unit or measure.formula.kind == "boolean":
            own = "a condition" if measure.formula.kind == "boolean" else str(measure.formula.unit)
            findings.append(
                Diagnostic(
                    "unit-mismatch",
                    f"the answer to '{one.name}' is in another unit",
                    one.place,
                    found=own if measure.formula.unit != ONE or own == "a condition" else "a plain number",
                    expected=one.unit,
                    ways_out=("take `in` away", "ask for what has that unit"),
                )
            )
        found[f"question {one.name}"] = Shown(one.unit, scale)
    if findings:
        raise Refused(tuple(findings))
    return found


def _answer(question: Question, condition: bool, shown: Shown, row: Any) -> Answer:
    if condition:
        chance = float(np.mean(row))
        return Answer(question, "", chance, chance, chance, chance, 1.0)
    there = row[~np.isnan(row)]
    if not len(there):
        return Answer(question, shown.text, None, np.nan, np.nan, np.nan, 0.0)
    p5, p50, p95 = (float(value) for value in np.quantile(there, PERCENTILES) / shown.scale)
    return Answer(question, shown.text, None, p5, p50, p95, len(there) / len(row))
