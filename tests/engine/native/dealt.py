"""Deals in both engines: the program that gives everything of a deal, and what a variant gives it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from detente.engine.draws import drawn_arguments
from detente.engine.kernel import Interpreter
from detente.engine.lanes import Engine, Given, Lanes, Setting, with_room
from detente.engine.program import Program, compile_graph
from detente.engine.simulate import Variant, run_arguments
from detente.graph.model import Graph
from tests.engine.native.harness import assert_same


def everything(graph: Graph) -> Program:
    """The program of a graph that gives each of its equations in every month, and all its figures."""
    return compile_graph(graph, tuple(graph.equations), tuple(graph.measures))


def given_to(
    program: Program, graph: Graph, variants: Sequence[Variant], seed: int, first: int, count: int
) -> list[Given]:
    """What variants of a deal give a program on paths from `first` on, with room behind the last."""
    paths = np.arange(first, first + with_room(count), dtype=np.uint64)
    common = drawn_arguments(graph, seed, paths, needed=program.arguments)
    return [Given(run_arguments(graph, one, seed, paths, common, program.arguments), one.central) for one in variants]


def interpreted(
    program: Program, graph: Graph, variants: Sequence[Variant], seed: int, first: int, count: int
) -> Lanes:
    """What the interpreter gives, variant by variant."""
    given = given_to(program, graph, variants, seed, first, count)
    return Interpreter(program, Setting.of(graph)).run(given, seed, first, count)


def assert_batches_are_the_same(
    engine: Engine,
    program: Program,
    graph: Graph,
    variants: Sequence[Variant],
    seed: int,
    edges: Sequence[int],
    expected: Lanes,
) -> None:
    """An engine on the paths cut at the edges, held against all of them at once."""
    paths = edges[-1] - edges[0]
    for low, high in itertools.pairwise(edges):
        part = engine.run(given_to(program, graph, variants, seed, low, high - low), seed, low, high - low)
        at = np.arange(low - edges[0], high - edges[0])
        lanes = np.concatenate([number * paths + at for number in range(len(variants))])
        told = Lanes(expected.outputs[..., lanes], expected.measures[..., lanes], expected.watched[lanes])
        assert_same(program, part, told)
