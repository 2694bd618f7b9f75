"""Everything the report shows, found in as few runs as it takes: headlines, futures, rights, checks, grounds."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
import numpy.typing as npt

from detente.answers.conservation import CHECKED_PATHS, conservation
from detente.answers.grounds import grounds
from detente.answers.ranges import Shifts, mean_where_present, shifts
from detente.answers.results import CheckAnswer, Findings, HeadlineAnswer, RightAnswer, Row
from detente.deal.model import Deal
from detente.engine.evaluate import Progress, evaluated, graph_of, measured, run_deal, scenario_variant
from detente.engine.run import Measured, Range
from detente.engine.simulate import variant
from detente.engine.summary import Summary
from detente.graph.model import Graph
from detente.lang.printer import print_expression

FloatArray = npt.NDArray[np.float64]

LARGEST_ERROR = 1e-12
"""Relative error of a conserved sum that rounding explains."""

RIGHT_PATHS = 2_048
"""Paths of the runs behind rights: differences on the same draws are quiet, so fewer do."""


def find(deal: Deal, paths: int, seed: int, progress: Progress | None = None, scenario: str = "base") -> Findings:
    """Run the deal and answer what its file asks.

    Raises:
        Refused: where the deal does not compile or a path is not finite.
    """
    began = perf_counter()
    graph = graph_of(deal)
    futures = tuple(key for key in graph.measures if key.startswith("future "))
    shown = tuple(f"{headline.name}: {label}" for headline in deal.headlines.values() for label in headline.show)
    checks = tuple(key for key in graph.measures if key.startswith("check "))
    keys = (*futures, *shown, *checks)
    names = list(
        dict.fromkeys([scenario, *(n for h in deal.headlines.values() for n in (*h.under, h.against or scenario))])
    )
    variants = [scenario_variant(deal, name) for name in names]
    # Whole paths first: they need the most memory, and what does not fit is said before anything has run.
    found = evaluated(graph, variants, paths, seed, keys, progress, "running scenarios")
    run = run_deal(deal, paths, seed, scenario, progress=progress, graph=graph)
    means = mean_where_present(found)
    told = dict(zip(names, shifts(graph, keys, variants, seed, progress), strict=True))
    chances: dict[str, Measured] = {}
    for row, key in enumerate(futures):
        name = key.removeprefix("future ")
        band = told[scenario].range(float(means[0, row]), row)
        chances[name] = replace(run.futures[name], range=_bounded(band))
    headlines = _headlines(deal, graph, keys, names, found, told)
    share = {key: float(found[0, keys.index(key)].mean()) for key in checks}
    answers = tuple(
        CheckAnswer(
            print_expression(check.that) + (f" on {check.on.text}" if check.on else ""),
            share[f"check {number}"],
            f"{check.place.file}:{check.place.line}",
        )
        for number, check in enumerate(deal.checks)
    )
    worst = max(conservation(graph, seed=seed).values(), default=0.0)
    balanced = f"what one account loses another gains: worst error {worst:.0e} on {CHECKED_PATHS} paths"
    answers = (*answers, CheckAnswer(balanced, float(worst <= LARGEST_ERROR), ""))
    rights_found = rights(graph, seed, progress)
    run = replace(run, futures=chances, seconds=perf_counter() - began)
    return Findings(deal, run, headlines, rights_found, answers, grounds(deal))


def _headlines(
    deal: Deal, graph: Graph, keys: tuple[str, ...], names: list[str], found: FloatArray, told: dict[str, Shifts]
) -> tuple[HeadlineAnswer, ...]:
    answers: list[HeadlineAnswer] = []
    for headline in deal.headlines.values():
        rows: list[Row] = []
        for label in headline.show:
            row = keys.index(f"{headline.name}: {label}")
            shown = graph.measures[keys[row]].shown
            for under in headline.under:
                samples, less = found[names.index(under), row], None
                if headline.against:
                    samples = samples - found[names.index(headline.against), row]
                    less = told[headline.against]
                figure = measured(shown, Summary.of(samples[np.newaxis, :]))
                band = told[under].range(float(mean_where_present(samples)), row, less)
                scaled = replace(band, low=band.low / shown.scale, high=band.high / shown.scale)
                chance = figure.unit == "probability" and less is None
                rows.append(Row(label, under, replace(figure, range=_bounded(scaled) if chance else scaled)))
        answers.append(HeadlineAnswer(headline.name, headline.title, headline.note, headline.against, tuple(rows)))
    return tuple(answers)


def _bounded(band: Range) -> Range:
    """A chance stays between 0 and 1, though the paired difference it is made of rests on fewer paths."""
    return replace(band, low=min(max(band.low, 0.0), 1.0), high=min(max(band.high, 0.0), 1.0))


def rights(graph: Graph, seed: int, progress: Progress | None = None) -> tuple[RightAnswer, ...]:
    """For every right what its use costs the other side and its holder: values without it less values with it, each
    party under its own beliefs, on the same draws."""
    deal = graph.deal
    if not deal.rights:
        return ()
    parties = list(deal.values)
    keys = tuple(f"value {party}" for party in parties)
    runs = []
    for right in deal.rights.values():
        for party in (right.hurts, right.holder):
            for side in (right.instead, right.use):
                one = variant(deal, side)
                runs.append(one.under(variant(deal, deal.beliefs[party])) if party in deal.beliefs else one)
    found = evaluated(graph, runs, RIGHT_PATHS, seed, keys, progress, "weighing rights")
    answers: list[RightAnswer] = []
    for number, right in enumerate(deal.rights.values()):
        figures = []
        for offset, party in ((0, right.hurts), (2, right.holder)):
            column = parties.index(party)
            loss = found[4 * number + offset, column] - found[4 * number + offset + 1, column]
            figures.append((float(loss.mean()), float(loss.std(ddof=1) / np.sqrt(len(loss)))))
        shown = graph.measures[keys[0]].shown
        (harm, harm_error), (cost, cost_error) = ((mean / shown.scale, error / shown.scale) for mean, error in figures)
        answers.append(
            RightAnswer(
                right.name,
                right.title,
                right.holder,
                right.hurts,
                shown.text,
                harm,
                harm_error,
                cost,
                cost_error,
                harm > 2.0 * harm_error,
                tuple(one.claim for one in right.grounds.citations),
            )
        )
    return tuple(answers)
