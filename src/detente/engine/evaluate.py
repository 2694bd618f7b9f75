"""The one door (R11): every analysis asks for figures about whole paths here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from operator import index
from os import environ
from pathlib import Path
from time import monotonic, perf_counter
from typing import SupportsIndex

import numpy as np
import numpy.typing as npt

from detente.deal.knowledge import as_known
from detente.deal.model import Deal
from detente.engine import memory
from detente.engine.choice import why_not_compiled
from detente.engine.faults import not_finite
from detente.engine.parts import Kept, fingerprint, pieces, resumed, write
from detente.engine.program import Program, compile_graph
from detente.engine.run import Measured, Observation, Run, Series
from detente.engine.simulate import BASE, NotFiniteError, Variant, available_threads, outcomes, summarised, variant
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

PIECE_PATHS = 65_536
"""Paths that a resumed run adds at once: what Ctrl-C may lose."""

WRITE_SECONDS = 30.0
"""How often a resumed run writes what is done."""

SLOWER = 8
"""How many times longer the interpreter takes than machine code: 5.5 s against 0.7 s for 20,480 paths of the
OpenAI–Microsoft case, on two threads of a shared Xeon."""

_THREADS: ContextVar[int | None] = ContextVar("threads", default=None)


class Stopped(KeyboardInterrupt):
    """Ctrl-C in a long run, with what is kept of it."""


@contextmanager
def on_threads(count: int | None) -> Iterator[None]:
    """Runs inside use so many threads, without a number as many as there are processors. Bits are the same (R5).

    Raises:
        ValueError: where that is no whole number from 1 on.
    """
    before = _THREADS.set(None if count is None else _whole("a run has 1 to 65536 threads", count, 1, 2**16))
    try:
        yield
    finally:
        _THREADS.reset(before)


def fallback() -> str:
    """What to say where programs are interpreted though nobody asked for that; nothing elsewhere."""
    if environ.get("DETENTE_ENGINE") == "numpy" or not why_not_compiled():
        return ""
    return f"programs are not compiled here, and runs take about {SLOWER} times as long: {why_not_compiled()}"


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
    paths, seed = _sized(paths, seed)
    _check_numbers(runs, paths)
    program = compile_graph(graph, (), keys)
    threads, months = _threads(), graph.deal.last - graph.deal.now
    needed = partial(memory.outcomes_bytes, program, len(runs), months, threads)
    memory.check("a run" if len(runs) == 1 else f"{len(runs)} runs", needed, paths, memory.room())
    told = (lambda done, all_: progress(what, done, all_)) if progress else None
    try:
        return outcomes(graph, program, runs, paths, seed, told, threads)
    except NotFiniteError as error:
        raise Refused((not_finite(graph, error.paths, seed, runs[error.variant], program),)) from None


def _threads() -> int:
    return _THREADS.get() or available_threads()


def _whole(rule: str, given: SupportsIndex, least: int, most: int) -> int:
    """A whole number within bounds; `rule` says what it has to be."""
    try:
        number = index(given)
    except TypeError:
        number = least - 1
    if not least <= number <= most:
        raise ValueError(f"{rule}, not {given!r}")
    return number


def _sized(paths: int, seed: int) -> tuple[int, int]:
    most = 2**32 - 1
    return (
        _whole(f"a run has 1 to {most} paths", paths, 1, most),
        _whole("a seed is a whole number from 0 to 2**64 - 1", seed, 0, 2**64 - 1),
    )


def _check_numbers(runs: Sequence[Variant], paths: int) -> None:
    """Numbers in the place of inputs are there, and one for every path."""
    for run in runs:
        for name, override in run.overrides.items():
            if isinstance(override, float | int | np.ndarray) and not np.isfinite(override).all():
                raise ValueError(f"what stands in the place of '{name}' is not finite")
            if isinstance(override, np.ndarray) and override.shape != (paths,):
                raise ValueError(f"there are {override.size} numbers for '{name}', but {paths} paths")


@dataclass(frozen=True, eq=False)
class _Asked:
    """A run whose outputs are summarised by month: a program under a variant."""

    graph: Graph
    program: Program
    variant: Variant

    @classmethod
    def of(cls, graph: Graph, scenario: str, outputs: Sequence[str]) -> _Asked:
        one = scenario_variant(graph.deal, scenario)
        names = tuple(outputs) or tuple(graph.deal.outputs) or tuple(graph.deal.variables)
        unknown = [name for name in names if name not in graph.equations]
        if unknown:
            raise ValueError(f"there is no series {', '.join(map(repr, unknown))}")
        futures = tuple(key for key in graph.measures if key.startswith("future "))
        return cls(graph, compile_graph(graph, names, futures), one)

    def check_memory(self, paths: int) -> None:
        """Raises Refused where there is not enough memory for so many paths."""
        program, months, threads = self.program, self.graph.deal.last - self.graph.deal.now, _threads()
        needed = partial(memory.summarised_bytes, program, months, threads)
        memory.check("a run", needed, paths, memory.room())

    def summarised(
        self, paths: int, seed: int, among: range, progress: Callable[[int, int], None] | None
    ) -> tuple[dict[str, Summary], dict[str, Summary]]:
        """Summaries of some of the paths, of outputs by name and of futures by key.

        Raises:
            Refused: where one is not finite.
        """
        graph, program = self.graph, self.program
        try:
            return summarised(graph, program, self.variant, paths, seed, progress, _threads(), among)
        except NotFiniteError as error:
            some = among if len(among) < paths else None
            raise Refused((not_finite(graph, error.paths, seed, self.variant, program, some),)) from None

    def kept(self, paths: int, seed: int, among: range, file: Path, progress: Progress | None) -> Kept:
        """Run what a file does not yet keep of some of the paths, and write it as it comes.

        Raises:
            Refused: as `parts.resumed` and `summarised`.
            Stopped: on Ctrl-C, when what was done is written.
        """
        mark = fingerprint(self.program, self.graph, self.variant, seed)
        done = [resumed(file, mark, paths)]
        missing = done[0].missing(among)
        write(file, done[0])  # where it cannot be written, nobody should wait to hear of it
        due = monotonic()
        try:
            for piece in pieces(missing, PIECE_PATHS):
                told = partial(_after, progress, _count(done), len(piece), paths) if progress else None
                done.append(Kept(mark, paths, *self.summarised(paths, seed, piece, told)))
                if monotonic() >= due:
                    done = [_written(file, done)]
                    due = monotonic() + WRITE_SECONDS
        except KeyboardInterrupt:
            there = _count([_written(file, done)])
            raise Stopped(
                f"stopped; {there:,} of {paths:,} paths are kept in '{file}'; the same again goes on from there"
            ) from None
        except Refused:
            _written(file, done)
            raise
        return _written(file, done)


def _count(parts: Sequence[Kept]) -> int:
    return sum(len(one) for part in parts for one in part.done)


def _after(progress: Progress, before: int, piece: int, paths: int, tasks: int, all_: int) -> None:
    """Progress of a piece of a run, told of the whole."""
    progress("simulating", before + piece * tasks // all_, paths)


def _written(file: Path, done: Sequence[Kept]) -> Kept:
    """Parts as one, which the file has in the end; one part alone is there already."""
    first, *others = done
    if not others:
        return first
    whole = first.joined(*others)
    write(file, whole)
    return whole


def run_deal(
    deal: Deal,
    paths: int = 10_000,
    seed: int = 1,
    scenario: str = "base",
    outputs: Sequence[str] = (),
    progress: Progress | None = None,
    graph: Graph | None = None,
    resume: Path | None = None,
) -> Run:
    """A deal run under a scenario: its outputs by month, and the chances of its futures (without ranges over
    assumptions). With `resume`, what is done is kept in that file as it comes, and what the file keeps already is not
    run again; the bits are those of a single run (`docs/numerics.md`).

    Raises:
        Refused: where the deal does not compile, a path is not finite, memory does not suffice, or the file to resume
            is of another run, damaged, or none of ours.
        ValueError: for an impossible number of paths, seed, or a scenario that is not there.
        Stopped: on Ctrl-C with `resume`, when what was done is written.
    """
    paths, seed = _sized(paths, seed)
    began = perf_counter()
    graph = graph or graph_of(deal)
    asked = _Asked.of(graph, scenario, outputs)
    asked.check_memory(paths)
    if resume is None:
        told = (lambda done, all_: progress("simulating", done, all_)) if progress else None
        series, chances = asked.summarised(paths, seed, range(paths), told)
    else:
        kept = asked.kept(paths, seed, range(paths), resume, progress)
        series, chances = dict(kept.outputs), dict(kept.measures)
    months = tuple(range(deal.now + 1, deal.last + 1))
    shown = {name: _series(graph, name, months, summary) for name, summary in series.items()}
    futures = {
        key.removeprefix("future "): measured(graph.measures[key].shown, summary) for key, summary in chances.items()
    }
    return Run(deal, scenario, paths, seed, perf_counter() - began, shown, futures)


def run_part(
    deal: Deal,
    among: range,
    paths: int,
    file: Path,
    seed: int = 1,
    scenario: str = "base",
    outputs: Sequence[str] = (),
    progress: Progress | None = None,
) -> Kept:
    """Some paths of a run of so many, kept in a file: what one of several machines does. `parts.merged` joins such
    files, and `run_deal` resumes from what it gives, once that is written.

    Raises:
        Refused: as `run_deal`.
        ValueError: as `run_deal`, and where the paths do not begin and end between blocks of 1,024, or at the end.
        Stopped: on Ctrl-C, when what was done is written.
    """
    paths, seed = _sized(paths, seed)
    asked = _Asked.of(graph_of(deal), scenario, outputs)
    asked.check_memory(paths)
    return asked.kept(paths, seed, among, file, progress)


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
