"""Every call that the benchmark makes into detente; nothing else in `bench/` imports it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.peers.parameters import OUTPUTS
from detente.deal.load import load_deal
from detente.engine.choice import engine_for
from detente.engine.draws import Held
from detente.engine.evaluate import figures, graph_of
from detente.engine.lanes import Setting
from detente.engine.program import Program, compile_graph
from detente.engine.simulate import BASE, Variant, outcomes, summarised
from detente.graph.model import Graph

FloatArray = npt.NDArray[np.float64]

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "bench" / "reference"
CASE = ROOT / "cases" / "openai-microsoft"
SIX = ("openai.USD", "openai.compute_need", "openai.revenue", "microsoft.cloud", "openai.value", "microsoft.stake")
QUANTILES = np.array([0.05, 0.5, 0.95])


@dataclass(frozen=True)
class Model:
    """A deal ready to run for its figures after the last month, `keys`."""

    graph: Graph
    program: Program
    keys: tuple[str, ...]

    def run(self, paths: int, seed: int = 1, threads: int | None = 1) -> FloatArray:
        """The figures on every path, float64[figure, path], in base units; on one thread, or on all with None."""
        found: FloatArray = outcomes(self.graph, self.program, [BASE], paths, seed, threads=threads)[0]
        return found

    def run_in_units(self, paths: int, seed: int = 1) -> FloatArray:
        """The same in the units that the deal writes."""
        scales = np.array([[self.graph.measures[key].shown.scale] for key in self.keys])
        found: FloatArray = self.run(paths, seed) / scales
        return found

    def run_overridden(self, runs: int, paths: int, seed: int = 1) -> FloatArray:
        """The figures under so many overrides, float64[run, figure, path]: each holds one uncertain input in turn at
        another quantile, on the same draws."""
        names = [name for name, one in self.graph.inputs.items() if one.distribution.shape != "fixed"]
        shares = 0.05 + 0.9 * np.arange(runs) / max(runs - 1, 1)
        variants = [
            Variant(f"run {number}", {names[number % len(names)]: Held(float(share))})
            for number, share in enumerate(shares)
        ]
        return outcomes(self.graph, self.program, variants, paths, seed)

    @property
    def instructions(self) -> int:
        """Instructions a month and path: what the equations come to."""
        return len(self.program.code["month"])


@dataclass(frozen=True)
class Recorded:
    """A deal ready to run for series in every month."""

    graph: Graph
    program: Program

    def run(self, paths: int, seed: int = 1) -> dict[str, FloatArray]:
        """The quantiles of each series in every month, float64[quantile, month]."""
        series, _ = summarised(self.graph, self.program, BASE, paths, seed)
        return {name: summary.quantile(QUANTILES) for name, summary in series.items()}


def model(path: Path, names: Sequence[str]) -> Model:
    """The deal at a path, for the named series as they end."""
    graph = _graph(path, tuple(names))
    return Model(graph, compile_graph(graph, (), tuple(names)), tuple(names))


def reference_model() -> Model:
    """The reference model, for the outputs of its peers in their order."""
    return model(REFERENCE, OUTPUTS)


def linked_model(path: Path, copies: int) -> Model:
    """A deal of linked copies, for the same outputs copy by copy."""
    return model(path, [f"{name}_{copy}" for copy in range(1, copies + 1) for name in OUTPUTS])


def case_recorded() -> Recorded:
    """The case OpenAI–Microsoft, for six series in every month."""
    graph = _graph(CASE)
    return Recorded(graph, compile_graph(graph, SIX, ()))


def case_ended() -> Model:
    """The same, for the six as they end: nothing is recorded on the way."""
    return model(CASE, SIX)


def case_compiler() -> Callable[[], object]:
    """A function that goes from the program for the six series of the case to what runs it."""
    recorded = case_recorded()
    return lambda: engine_for(recorded.program, Setting.of(recorded.graph))


def reference_compiler() -> Callable[[], object]:
    """The same for the reference model."""
    one = reference_model()
    return lambda: engine_for(one.program, Setting.of(one.graph))


def look() -> dict[str, Any]:
    """The look of the charts of a report, as a configuration of Vega-Lite."""
    from detente.report.theme import theme

    return theme()


def _graph(path: Path, asked: tuple[str, ...] = ()) -> Graph:
    deal, findings = load_deal(path)
    if deal is None:
        raise ValueError(f"{path} is no deal: {findings}")
    return graph_of(deal, figures(asked) if asked else None)
