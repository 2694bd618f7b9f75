"""Runs: variants of a deal over paths, in chunks on several threads, with the same bits for any of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Event, Lock

import numpy as np
import numpy.typing as npt

from detente.deal.model import Change, Deal, Policy, Scenario
from detente.engine.choice import FEW_LANES, columns_for, engine_for
from detente.engine.draws import Arguments, Override, drawn_arguments, input_value
from detente.engine.gather import Gathered
from detente.engine.lanes import Engine, Given, Lanes, Setting, aligned, row_for, with_room
from detente.engine.program import Program
from detente.engine.summary import BLOCK_PATHS, EXACT_PATHS, Summary
from detente.graph.events import choice, same_policy
from detente.graph.literals import distribution
from detente.graph.model import Graph
from detente.graph.status import switch

FloatArray = npt.NDArray[np.float64]

CHUNK_LANES = BLOCK_PATHS
"""Lanes run together: few enough for the processor's cache, many enough to hide Python's share."""


COUNTED_LANES = 4 * BLOCK_PATHS
"""The same, where values are counted in bins."""


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

LARGEST = 1e150
"""Values beyond this cannot be added and squared."""


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


class NotFiniteError(ArithmeticError):
    """Values that are not finite, or too large to be summed up: of the variant with this number, on these paths."""

    def __init__(self, variant: int, paths: tuple[int, ...]) -> None:
        super().__init__(f"variant {variant}, {len(paths)} paths")
        self.variant, self.paths = variant, paths


@dataclass(frozen=True)
class Task:
    """Lanes run together: variants over paths first to last (exclusive), laid out variant by variant."""

    variants: tuple[int, ...]
    first: int
    last: int

    @property
    def paths(self) -> int:
        return self.last - self.first


def simulate(
    graph: Graph,
    program: Program,
    variants: Sequence[Variant],
    paths: range,
    seed: int,
    collect: Callable[[Task, Lanes], None],
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    engine: Engine | None = None,
    outputs: FloatArray | None = None,
    lanes: int | None = None,
) -> None:
    """Run all variants over the paths with these numbers, with `engine` or the quickest that works here. `collect` is
    given each task with what its lanes give, in no fixed order, from several threads at once. Outputs of a single
    variant may be given a place of their own, `outputs` float64[output, month, path] with room. `lanes` are how many
    are run together.

    Raises:
        NotFiniteError: for the first variant that has something watched, an output or a measure that is not finite.
    """
    engine = engine or _ready(graph, program, len(paths) * len(variants) <= FEW_LANES)
    columns = columns_for(graph, frozenset(program.arguments))
    lanes = lanes or CHUNK_LANES
    tasks, total = _tasks(len(variants), paths, lanes), _task_count(len(variants), paths, lanes)
    hits: list[tuple[int, int]] = []
    lock, stopped, done = Lock(), Event(), 0

    def work(task: Task) -> None:
        common = columns(seed, task.first, task.paths)
        numbers = np.arange(task.first, task.first + with_room(task.paths), dtype=np.uint64)
        given = [_given(graph, program, variants[index], seed, numbers, common) for index in task.variants]
        place = None if outputs is None else outputs[..., task.first - paths.start :]
        found = engine.run(given, seed, task.first, task.paths, place)
        wrong = np.flatnonzero(_not_finite(program, found))
        hits.extend((task.variants[lane // task.paths], task.first + lane % task.paths) for lane in wrong.tolist())
        if not len(wrong):
            collect(task, found)

    def go_on() -> None:
        nonlocal done
        while not stopped.is_set():
            with lock:
                task = next(tasks, None)
            if task is None:
                return
            try:
                work(task)
            except BaseException:
                stopped.set()
                raise
            with lock:
                done += 1
                if progress:
                    progress(done, total)

    count = min(threads or available_threads(), total)
    if count <= 1:
        go_on()
    else:
        with ThreadPoolExecutor(count) as pool:
            workers = [pool.submit(go_on) for _ in range(count)]
            try:
                for worker in workers:
                    worker.result()
            except BaseException:  # Ctrl-C comes here: each thread ends with the task it is at
                stopped.set()
                raise
    if hits:
        worst = min(hits)[0]
        raise NotFiniteError(worst, tuple(sorted(path for index, path in hits if index == worst)))


@lru_cache(maxsize=8)
def _ready(graph: Graph, program: Program, few: bool) -> Engine:
    """The engine of a program, kept at hand: a run with another assumption waits for nothing but itself."""
    return engine_for(program, Setting.of(graph), few)


def _not_finite(program: Program, lanes: Lanes) -> npt.NDArray[np.bool_]:
    """The lanes on which something is not finite that should be: bool[lane]. What may be absent may be nan."""
    wrong = lanes.watched
    for key, row in zip(program.measures, lanes.measures, strict=True):
        wrong = wrong | (np.isinf(row) if key in program.absent else ~np.isfinite(row))
    for name, rows in zip(program.outputs, lanes.outputs, strict=True):
        if name in program.absent:
            wrong = wrong | np.isinf(rows).any(axis=0)
    return wrong


def _tasks(variants: int, paths: range, lanes: int) -> Iterator[Task]:
    """Paths in whole blocks, several variants together where one has few paths."""
    together = max(1, lanes // len(paths))
    for first_variant in range(0, variants, together):
        group = tuple(range(first_variant, min(first_variant + together, variants)))
        for first in range(paths.start, paths.stop, lanes):
            yield Task(group, first, min(first + lanes, paths.stop))


def _task_count(variants: int, paths: range, lanes: int) -> int:
    return -(-variants // max(1, lanes // len(paths))) * -(-len(paths) // lanes)


def _given(
    graph: Graph, program: Program, one: Variant, seed: int, paths: npt.NDArray[np.uint64], common: Arguments
) -> Given:
    return Given(run_arguments(graph, one, seed, paths, common, program.arguments), one.central)


def available_threads() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_arguments(
    graph: Graph,
    one: Variant,
    seed: int,
    paths: npt.NDArray[np.uint64],
    common: Arguments | None = None,
    needed: Collection[str] | None = None,
) -> Arguments:
    """Every run-time argument of a variant (or those `needed`): inputs, draws of events, policies by number, switches.
    What variants have in `common` is drawn once for all.

    Raises:
        ValueError: for an input, event or term that the graph does not have, or a policy that it was not built with.
    """
    unknown = {*one.overrides} - {*graph.inputs} | {*one.policies} - {*graph.choices} | one.off - {*graph.deal.terms()}
    if unknown:
        raise ValueError(f"nothing that a run can change is called {', '.join(map(repr, sorted(unknown)))}")
    if common is None or one.central:
        common = drawn_arguments(graph, seed, paths, one.central, needed)
    found = dict(common)
    for name, override in one.overrides.items():
        if needed is None or name in needed:
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
    threads: int | None = None,
    among: range | None = None,
) -> tuple[dict[str, Summary], dict[str, Summary]]:
    """Summaries of every output, by month as its series, and of every measure: of all paths, or of those `among` them.

    Raises:
        NotFiniteError: as `simulate`.
    """
    months, among = graph.deal.last - graph.deal.now, among or range(paths)
    # Few paths are kept as they are, in one place, where they will be sorted.
    place = aligned(len(program.outputs), months, row_for(len(among))) if paths <= EXACT_PATHS else None
    outputs = {
        name: Gathered(months, paths, None if place is None else place[number, :, : len(among)])
        for number, name in enumerate(program.outputs)
    }
    measures = {key: Gathered(1, paths) for key in program.measures}

    def collect(task: Task, lanes: Lanes) -> None:
        rows = [*lanes.outputs, *(outcome[np.newaxis] for outcome in lanes.measures)]
        for gathered, samples in zip((*outputs.values(), *measures.values()), rows, strict=True):
            try:
                gathered.add(samples, task.first)
            except ValueError:
                large = np.flatnonzero((np.abs(samples) > LARGEST).any(axis=0))
                raise NotFiniteError(0, tuple(task.first + int(lane) for lane in large)) from None

    # What is counted in bins is counted many values at a time: bins wait in the cache for the next.
    lanes = CHUNK_LANES if paths <= EXACT_PATHS else COUNTED_LANES
    simulate(graph, program, [one], among, seed, collect, threads, progress, outputs=place, lanes=lanes)
    with ThreadPoolExecutor(threads or available_threads()) as pool:
        found = pool.map(_in_order, [*outputs.values(), *measures.values()])
        return dict(zip(outputs, found, strict=False)), dict(zip(measures, found, strict=True))


def _in_order(gathered: Gathered) -> Summary:
    summary = gathered.summary()
    summary.quantile(0.5)  # sorts the values once for all: here, where Python's lock is not needed
    return summary


def outcomes(
    graph: Graph,
    program: Program,
    variants: Sequence[Variant],
    paths: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
    threads: int | None = None,
) -> FloatArray:
    """Every measure of the program on every path: float64[variant, measure, path], in base units.

    Raises:
        NotFiniteError: as `simulate`.
    """
    found = np.empty((len(variants), len(program.measures), paths))

    def collect(task: Task, lanes: Lanes) -> None:
        by_variant = lanes.measures.reshape(len(program.measures), len(task.variants), task.paths)
        for position, index in enumerate(task.variants):
            found[index, :, task.first : task.last] = by_variant[:, position]

    simulate(graph, program, variants, range(paths), seed, collect, threads, progress)
    return found
