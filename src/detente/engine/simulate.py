"""Runs: variants of a deal over paths, in chunks on several threads, with the same bits for any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detente.deal.model import Change, Deal, Policy, Scenario
from detente.engine.draws import Override, Shocks, exponentials, input_value
from detente.engine.kernel import Values, execute
from detente.engine.program import Phase, Program
from detente.engine.summary import BLOCK_PATHS, EXACT_PATHS, Summary
from detente.graph.events import choice, exponential_draw, same_policy
from detente.graph.literals import distribution
from detente.graph.model import Graph
from detente.graph.status import switch

FloatArray = npt.NDArray[np.float64]

CHUNK_LANES = 8 * BLOCK_PATHS
"""Lanes run together: few enough for the processor's cache, many enough to hide Python's share."""


@dataclass(frozen=True, eq=False)
class Variant:
    """One way to run a deal: other inputs, other policies (by event), terms switched off. `central` takes every input
    at its median, no shocks, and no hazard ever striking."""

    name: str = "base"
    overrides: Mapping[str, Override] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    central: bool = False

    def under(self, other: Variant) -> Variant:
        """Both at once; `other` has the last word."""
        return Variant(
            f"{self.name}, {other.name}",
            {**self.overrides, **other.overrides},
            {**self.policies, **other.policies},
            self.off | other.off,
            self.central or other.central,
        )


BASE = Variant()


def variant(deal: Deal, scenario: Scenario) -> Variant:
    """A scenario (or a belief, or a side of a right) as a variant."""
    return changed(deal, scenario.name, scenario.changes)


def changed(deal: Deal, name: str, changes: Sequence[Change]) -> Variant:
    """Changes as a variant."""
    overrides: dict[str, Override] = {}
    policies: dict[str, Policy] = {}
    off: set[str] = set()
    for one in changes:
        if one.policy is not None:
            policies[one.target] = one.policy
        elif one.value is not None:
            overrides[one.target] = distribution(one.value, deal.assumptions[one.target].kind)
        else:
            off.add(one.target)
    return Variant(name, overrides, policies, frozenset(off))


@dataclass(frozen=True)
class Task:
    """Lanes run together: variants over paths first to last (exclusive), laid out variant by variant."""

    variants: tuple[int, ...]
    first: int
    last: int


def simulate(
    graph: Graph,
    program: Program,
    variants: Sequence[Variant],
    paths: int,
    seed: int,
    collect: Callable[[Task, dict[str, list[FloatArray]], Values], None],
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Run all variants over all paths. For each task `collect` is given the outputs by month (a list of arrays [lane]
    for each) and the slots after the last month; it is called from one thread at a time, in no fixed order."""
    tasks = list(_tasks(len(variants), paths))
    tables = {name: (table.first, np.array(table.values)) for name, table in graph.tables.items()}
    done = 0

    def work(task: Task) -> tuple[Task, dict[str, list[FloatArray]], Values]:
        return task, *_run_task(graph, program, [variants[index] for index in task.variants], task, seed, tables)

    count = min(threads, len(tasks))
    if count <= 1:
        results: Iterator[tuple[Task, dict[str, list[FloatArray]], Values]] = map(work, tasks)
        for result in results:
            collect(*result)
            done += 1
            if progress:
                progress(done, len(tasks))
        return
    with ThreadPoolExecutor(count) as pool:
        try:
            for result in pool.map(work, tasks):
                collect(*result)
                done += 1
                if progress:
                    progress(done, len(tasks))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _tasks(variants: int, paths: int) -> Iterator[Task]:
    """Paths in whole blocks, several variants together where one has few paths."""
    together = max(1, CHUNK_LANES // paths) if paths < CHUNK_LANES else 1
    for first_variant in range(0, variants, together):
        group = tuple(range(first_variant, min(first_variant + together, variants)))
        for first in range(0, paths, CHUNK_LANES):
            yield Task(group, first, min(first + CHUNK_LANES, paths))


def _run_task(
    graph: Graph,
    program: Program,
    variants: Sequence[Variant],
    task: Task,
    seed: int,
    tables: Mapping[str, tuple[int, FloatArray]],
) -> tuple[dict[str, list[FloatArray]], Values]:
    paths = np.arange(task.first, task.last, dtype=np.uint64)
    count, lanes = len(paths), len(paths) * len(variants)
    drawn = _OfVariants(Shocks(seed, paths), tuple(one.central for one in variants))
    kept: dict[str, list[FloatArray]] = {name: [] for name in program.outputs}

    def keep(phase: Phase, month: int, values: Values) -> None:
        read = program.outputs if phase == "month" else program.record_outputs
        for name, slot in read.items():
            kept[name].append(np.broadcast_to(np.asarray(values[slot], dtype=np.float64), (lanes,)))

    common = drawn_arguments(graph, seed, paths)
    given = [run_arguments(graph, one, seed, paths, common) for one in variants]
    arguments = {name: _laid_out([one[name] for one in given], count) for name in program.arguments}
    months = (graph.start, graph.deal.now, graph.deal.last)
    return kept, execute(program, arguments, tables, drawn, months, keep)


@dataclass(frozen=True)
class _OfVariants:
    """The same shocks for every variant; none, which is 0, for a central one."""

    shocks: Shocks
    central: tuple[bool, ...]

    def normal(self, driver: str, month: int) -> FloatArray:
        return self._laid_out(self.shocks.normal(driver, month))

    def uniform(self, driver: str, month: int) -> FloatArray:
        return self._laid_out(self.shocks.uniform(driver, month))

    def _laid_out(self, drawn: FloatArray) -> FloatArray:
        return np.concatenate([np.zeros(len(drawn)) if central else drawn for central in self.central])


def _laid_out(values: list[FloatArray | float], count: int) -> FloatArray | float:
    """One argument over all lanes; a single number where all variants agree on it."""
    if all(isinstance(value, float) for value in values) and len(set(map(str, values))) == 1:
        return values[0]
    return np.concatenate([np.broadcast_to(np.asarray(value), (count,)) for value in values])


Arguments = dict[str, FloatArray | float]


def drawn_arguments(graph: Graph, seed: int, paths: npt.NDArray[np.uint64], central: bool = False) -> Arguments:
    """What is drawn once a path for the deal as filed: every input, and the draw of every event."""
    found: Arguments = {name: input_value(graph, name, None, seed, paths, central) for name in graph.inputs}
    for event, draw in exponentials(seed, graph.hazards, paths, central).items():
        found[exponential_draw(event)] = draw
    return found


def run_arguments(
    graph: Graph, one: Variant, seed: int, paths: npt.NDArray[np.uint64], common: Arguments | None = None
) -> Arguments:
    """Every run-time argument of a variant: inputs, draws of events, policies by number, switches. What variants have
    in `common` is drawn once for all.

    Raises:
        ValueError: for an input, event or term that the graph does not have, or a policy that it was not built with.
    """
    unknown = {*one.overrides} - {*graph.inputs} | {*one.policies} - {*graph.choices} | one.off - {*graph.deal.terms()}
    if unknown:
        raise ValueError(f"nothing that a run can change is called {', '.join(map(repr, sorted(unknown)))}")
    if common is None or one.central:
        common = drawn_arguments(graph, seed, paths, one.central)
    found = dict(common)
    for name, override in one.overrides.items():
        found[name] = input_value(graph, name, override, seed, paths, one.central)
    for event, policies in graph.choices.items():
        chosen = one.policies.get(event, policies[0])
        number = next((index for index, policy in enumerate(policies) if same_policy(policy, chosen)), None)
        if number is None:
            raise ValueError(f"'{chosen.text}' is no policy of '{event}' in this graph")
        found[choice(event)] = float(number)
    for term in graph.switches:
        found[switch(term)] = 0.0 if term in one.off else 1.0
    return found


def summarised(
    graph: Graph,
    program: Program,
    one: Variant,
    paths: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict[str, Summary], dict[str, Summary]]:
    """Summaries of every output, by month as its series, and of every measure."""
    outputs: dict[str, list[Summary]] = {name: [] for name in program.outputs}
    measures: dict[str, list[Summary]] = {key: [] for key in program.measures}

    def collect(task: Task, kept: dict[str, list[FloatArray]], values: Values) -> None:
        for name, months in kept.items():
            part = Summary.of(np.stack(months), task.first)
            outputs[name].append(part if paths <= EXACT_PATHS else part.binned())
        for key, slot in program.measures.items():
            outcome = np.broadcast_to(np.asarray(values[slot], dtype=np.float64), (1, task.last - task.first))
            measures[key].append(Summary.of(outcome, task.first))

    simulate(graph, program, [one], paths, seed, collect, progress=progress)
    return (
        {name: parts[0].merge(*parts[1:]) for name, parts in outputs.items()},
        {key: parts[0].merge(*parts[1:]) for key, parts in measures.items()},
    )


def outcomes(
    graph: Graph,
    program: Program,
    variants: Sequence[Variant],
    paths: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> FloatArray:
    """Every measure of the program on every path: float64[variant, measure, path], in base units."""
    found = np.empty((len(variants), len(program.measures), paths))

    def collect(task: Task, kept: dict[str, list[FloatArray]], values: Values) -> None:
        count = task.last - task.first
        for row, slot in enumerate(program.measures.values()):
            outcome = np.broadcast_to(np.asarray(values[slot], dtype=np.float64), (count * len(task.variants),))
            for position, index in enumerate(task.variants):
                found[index, row, task.first : task.last] = outcome[position * count : (position + 1) * count]

    simulate(graph, program, variants, paths, seed, collect, progress=progress)
    return found
