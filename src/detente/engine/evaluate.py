"""The one door (R11): every analysis asks for figures about whole paths here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np
import numpy.typing as npt

from detente.deal.knowledge import as_known
from detente.deal.model import Deal
from detente.engine.faults import not_finite
from detente.engine.program import compile_graph
from detente.engine.run import Measured, Observation, Run, Series
from detente.engine.simulate import BASE, NotFiniteError, Variant, outcomes, summarised, variant
from detente.engine.summary import Summary
from detente.graph.build import build
from detente.graph.model import Graph, Shown
from detente.lang.parser import parse_expression
from detente.lang.syntax import Node
from detente.text.diagnostic import Diagnostic, Fault, Refused
from detente.text.place import Place
from detente.text.written import Date

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]


def graph_of(deal: Deal, asked: dict[str, Node] | None = None) -> Graph:
    """The graph of a deal.

    Raises:
        Refused: with all that is wrong.
    """
    graph, findings = build(deal, asked)
    if graph is None:
        raise Refused(findings)
    return graph


def at_date(deal: Deal, date: Date | None) -> Deal:
    """The deal as known on a date.

    Raises:
        Refused: with all that was not yet known.
    """
    if date is None:
        return deal
    earlier, findings = as_known(deal, date.last)
    if findings:
        raise Refused(findings)
    return earlier


def figures(texts: Sequence[str]) -> dict[str, Node]:
    """Figures about whole paths from expressions such as `openai.USD at 2026-12`.

    Raises:
        Refused: with every expression that cannot be read.
    """
    found: dict[str, Node] = {}
    findings: list[Diagnostic] = []
    for text in texts:
        try:
            found[text] = parse_expression(text, Place(text, 1, 1, 1, len(text) + 1))
        except Fault as fault:
            findings.append(fault.diagnostic)
    if findings:
        raise Refused(tuple(findings))
    return found


def evaluate(deal: Deal, runs: Sequence[Variant], paths: int, seed: int, outputs: Sequence[str]) -> FloatArray:
    """Figures about whole paths: float64[run, output, path], in base units (currency, month, MW, share), on the same
    draws for all runs. An output is an expression; `value(party)` gives what a party's value comes to. Absent values
    are nan.

    Raises:
        Refused: where an output cannot be read, or a run is not finite.
    """
    graph = graph_of(deal, figures(outputs))
    return evaluated(graph, runs, paths, seed, tuple(outputs))


def evaluated(
    graph: Graph,
    runs: Sequence[Variant],
    paths: int,
    seed: int,
    keys: tuple[str, ...],
    progress: Progress | None = None,
    what: str = "",
) -> FloatArray:
    """As `evaluate`, for figures that the graph has under `keys`."""
    _check_size(paths, seed)
    program = compile_graph(graph, (), keys)
    told = (lambda done, all_: progress(what, done, all_)) if progress else None
    try:
        return outcomes(graph, program, runs, paths, seed, told)
    except NotFiniteError as error:
        raise Refused((not_finite(graph, error.paths, seed, runs[error.variant]),)) from None


def _check_size(paths: int, seed: int) -> None:
    if not 1 <= paths < 2**32:
        raise ValueError(f"a run has 1 to {2**32 - 1} paths, not {paths}")
    if not 0 <= seed < 2**64:
        raise ValueError(f"a seed is a whole number from 0 to 2**64 - 1, not {seed}")


def run_deal(
    deal: Deal,
    paths: int = 10_000,
    seed: int = 1,
    scenario: str = "base",
    outputs: Sequence[str] = (),
    progress: Progress | None = None,
    graph: Graph | None = None,
) -> Run:
    """A deal run under a scenario: its outputs by month, and the chances of its futures (without ranges over
    assumptions).

    Raises:
        Refused: where the deal does not compile, or a path is not finite.
        ValueError: for an impossible number of paths, seed, or a scenario that is not there.
    """
    _check_size(paths, seed)
    began = perf_counter()
    graph = graph or graph_of(deal)
    one = scenario_variant(graph.deal, scenario)
    names = tuple(outputs) or tuple(deal.outputs) or tuple(deal.variables)
    unknown = [name for name in names if name not in graph.equations]
    if unknown:
        raise ValueError(f"there is no series {', '.join(map(repr, unknown))}")
    futures = tuple(key for key in graph.measures if key.startswith("future "))
    program = compile_graph(graph, names, futures)
    try:
        series, chances = summarised(
            graph,
            program,
            one,
            paths,
            seed,
            (lambda done, all_: progress("simulating", done, all_)) if progress else None,
        )
    except NotFiniteError as error:
        raise Refused((not_finite(graph, error.paths, seed, one),)) from None
    months = tuple(range(deal.now + 1, deal.last + 1))
    shown = {name: _series(graph, name, months, summary) for name, summary in series.items()}
    told = {
        key.removeprefix("future "): measured(graph.measures[key].shown, summary) for key, summary in chances.items()
    }
    return Run(deal, scenario, paths, seed, perf_counter() - began, shown, told)


def scenario_variant(deal: Deal, scenario: str) -> Variant:
    """A scenario by its name; `base` is the deal as filed.

    Raises:
        ValueError: with the names there are.
    """
    if scenario == "base":
        return BASE
    if scenario not in deal.scenarios:
        raise ValueError(f"there is no scenario '{scenario}'; there are: base, {', '.join(deal.scenarios)}")
    return variant(deal, deal.scenarios[scenario])


def _series(graph: Graph, name: str, months: tuple[int, ...], summary: Summary) -> Series:
    shown = graph.equations[name].shown
    p5, p50, p95 = summary.quantile(np.array([0.05, 0.5, 0.95])) / shown.scale
    observed = tuple(
        Observation(one.first, one.last, one.value / shown.scale, one.claims, one.drives)
        for one in graph.observed.get(name, ())
    )
    return Series(
        name,
        shown.text,
        months,
        summary.mean / shown.scale,
        p5,
        p50,
        p95,
        summary.mc_error / shown.scale,
        summary.present,
        observed,
    )


def measured(shown: Shown, summary: Summary) -> Measured:
    """A figure from its summary, in the unit it is shown in."""
    p5, p50, p95 = (float(value[0]) for value in summary.quantile(np.array([0.05, 0.5, 0.95])) / shown.scale)
    mean, error = float(summary.mean[0]) / shown.scale, float(summary.mc_error[0]) / shown.scale
    return Measured(shown.text, mean, p5, p50, p95, error, float(summary.present[0]))
