"""Deals in both engines: random ones, and every one that is shipped with all its scenarios. The same bits in any width,
batch, company and number of threads."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente
from detente.deal.load import parse_deal
from detente.engine import simulate as simulating
from detente.engine.draws import Held
from detente.engine.evaluate import figures, graph_of
from detente.engine.kernel import Interpreter
from detente.engine.lanes import Engine, Lanes, Setting
from detente.engine.program import Program, compile_graph
from detente.engine.simulate import BASE, Task, Variant, simulate, variant
from detente.graph.model import Graph
from tests.engine.native.dealt import assert_batches_are_the_same, everything, given_to, interpreted
from tests.engine.native.harness import NO_LLVM, assert_same, compiled, differing
from tests.engine.test_simulate import FIGURES, MODEL
from tests.random_deals import EXAMPLES, RandomDeal, deals
from tests.support import read

pytest.importorskip("llvmlite", reason=NO_LLVM)

FloatArray = npt.NDArray[np.float64]

CASES = Path(__file__).parents[3] / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir() if (folder / "deal.yaml").exists())

ASKED = (
    "lab.USD at 2026-12",
    "prev(lab.USD, start = 0 USD)",
    "sales at struck",
    "conversion by 2026-06",
    "lowest(lab.USD, 2026-06)",
    "total(sales, 2025Q4)",
    "stake(fund) at 2026-12",
    "unmet(lab.compute) at 2026-03",
)
"""Figures about whole paths of a random deal."""


def changes_of(graph: Graph) -> list[Variant]:
    """Runs of a deal that change something of every kind: inputs, policies, terms, shocks."""
    policies = {event: options[-1] for event, options in graph.choices.items()}
    held = {name: Held(0.9 if number % 2 else 0.1) for number, name in enumerate(graph.inputs)}
    off = frozenset(list(graph.switches)[::2])
    return [BASE, Variant("central", central=True), Variant("all", held, policies, off), Variant("off", off=off)]


# random deals


def assert_same_deal(deal: RandomDeal, data: st.DataObject, widths: tuple[int, ...]) -> None:
    """Some or all equations and figures of a deal, for some of its variants on some paths."""
    text, _ = parse_deal(deal.text)
    assert text is not None
    graph = graph_of(text, figures(ASKED))
    names = data.draw(
        st.just([*graph.equations]) | st.lists(st.sampled_from([*graph.equations]), max_size=9), "outputs"
    )
    asked = data.draw(st.just([*graph.measures]) | st.lists(st.sampled_from([*graph.measures]), max_size=4), "measures")
    program = compile_graph(graph, tuple(dict.fromkeys(names)), tuple(dict.fromkeys(asked)))
    variants = data.draw(st.lists(st.sampled_from(changes_of(graph)), min_size=1, max_size=3), "variants")
    seed = data.draw(st.integers(0, 2**64 - 1), "seed")
    first = data.draw(st.integers(0, 2**32 - 128), "first")
    count = data.draw(st.integers(1, 40), "paths")
    cut = data.draw(st.integers(0, count), "cut")
    engine = compiled(program, Setting.of(graph), data.draw(st.sampled_from(widths), "width"))
    expected = interpreted(program, graph, variants, seed, first, count)
    edges = sorted({first, first + cut, first + count})
    assert_batches_are_the_same(engine, program, graph, variants, seed, edges, expected)


@given(deal=deals(), data=st.data())
@settings(max_examples=EXAMPLES)
def test_random_deals_in_small_vectors(deal: RandomDeal, data: st.DataObject) -> None:
    assert_same_deal(deal, data, (2, 4, 4, 8, 8))


@given(deal=deals(), data=st.data())
@settings(max_examples=max(8, EXAMPLES // 6))
def test_random_deals_in_large_vectors(deal: RandomDeal, data: st.DataObject) -> None:
    assert_same_deal(deal, data, (16, 16, 32))


# the deals that are shipped


@cache
def graph_of_case(name: str) -> Graph:
    return graph_of(detente.load(CASES / name).text)


def variants_of(graph: Graph) -> list[Variant]:
    """As filed, without shocks, and under each scenario."""
    deal = graph.deal
    return [BASE, Variant("central", central=True), *(variant(deal, one) for one in deal.scenarios.values())]


@pytest.mark.parametrize("width", [8, 16, 32])
@pytest.mark.parametrize("name", NAMES)
def test_every_case_under_every_scenario(name: str, width: int) -> None:
    """Its outputs and all its figures, variants together, in batches of no round size."""
    graph = graph_of_case(name)
    program = compile_graph(graph, tuple(graph.deal.outputs), tuple(graph.measures))
    variants = variants_of(graph)
    expected = interpreted(program, graph, variants, 1, 0, 70)
    engine = compiled(program, Setting.of(graph), width)
    assert_batches_are_the_same(engine, program, graph, variants, 1, (0, 1, 34, 70), expected)
    assert np.isfinite(expected.outputs).any(axis=(1, 2)).all()
    assert (expected.outputs.std(axis=-1) > 0.0).any()


@pytest.mark.parametrize("name", NAMES)
def test_every_equation_of_every_case(name: str) -> None:
    graph = graph_of_case(name)
    program, variants = everything(graph), variants_of(graph)
    seed, first, count = 2**63 + 5, 2**32 - 64, 9
    expected = interpreted(program, graph, variants, seed, first, count)
    engine = compiled(program, Setting.of(graph), 8)
    assert_same(
        program, engine.run(given_to(program, graph, variants, seed, first, count), seed, first, count), expected
    )


@given(cuts=st.lists(st.integers(1, 69), max_size=6), together=st.lists(st.integers(0, 99), min_size=1, max_size=4))
@settings(max_examples=max(10, EXAMPLES // 4))
@pytest.mark.parametrize("name", ["openai-microsoft", "pfizer-biontech"])
def test_random_batches_and_company(name: str, cuts: list[int], together: list[int]) -> None:
    """Any variants side by side over paths cut anywhere: what each gives alone on all paths at once."""
    graph = graph_of_case(name)
    program, engine, whole = _alone(name)
    variants = variants_of(graph)
    chosen = [index % len(variants) for index in together]
    expected = Lanes(
        np.concatenate([whole[index].outputs for index in chosen], axis=-1),
        np.concatenate([whole[index].measures for index in chosen], axis=-1),
        np.concatenate([whole[index].watched for index in chosen]),
    )
    edges = sorted({0, *cuts, 70})
    assert_batches_are_the_same(engine, program, graph, [variants[index] for index in chosen], 5, edges, expected)


@cache
def _alone(name: str) -> tuple[Program, Engine, list[Lanes]]:
    """A program, its compiled engine, and what the interpreter gives for each variant alone on 70 paths."""
    graph = graph_of_case(name)
    program = compile_graph(graph, tuple(graph.deal.outputs), tuple(graph.measures))
    engine = compiled(program, Setting.of(graph), 8)
    return program, engine, [interpreted(program, graph, [one], 5, 0, 70) for one in variants_of(graph)]


# through `simulate`


def told(
    graph: Graph, program: Program, engine: Engine, variants: list[Variant], paths: int, threads: int
) -> FloatArray:
    """Everything a run gives: float64[row, variant, path], outputs month by month and then measures."""
    months = graph.deal.last - graph.deal.now
    found = np.full((len(program.outputs) * months + len(program.measures), len(variants), paths), -1.0)

    def collect(task: Task, lanes: Lanes) -> None:
        rows = np.concatenate([lanes.outputs.reshape(-1, lanes.outputs.shape[-1]), lanes.measures])
        rows = rows.reshape(len(rows), len(task.variants), task.paths)
        for position, index in enumerate(task.variants):
            found[:, index, task.first : task.last] = rows[:, position]

    simulate(graph, program, variants, range(paths), 3, collect, threads, engine=engine)
    return found


@pytest.mark.parametrize("width", [4, 8, 16])
def test_a_run_on_any_number_of_threads_in_any_chunks(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = graph_of(read(MODEL), figures(FIGURES))
    program = compile_graph(graph, tuple(graph.deal.outputs), FIGURES)
    variants = [*variants_of(graph), Variant("by path", {"price": np.linspace(1.0, 6.0, 700)}), *changes_of(graph)]
    paths = 700
    expected = told(graph, program, Interpreter(program, Setting.of(graph)), variants, paths, 1)
    engine = compiled(program, Setting.of(graph), width)
    for threads, lanes in itertools.product((1, 2, 3), (64, 333, 4096)):
        monkeypatch.setattr(simulating, "CHUNK_LANES", lanes)
        found = told(graph, program, engine, variants, paths, threads)
        assert not (apart := differing(found, expected)), (
            f"{threads} threads, chunks of {lanes} [row, variant, path]: {apart}"
        )


LOGARITHM = "log(price / (1 USD / MW / month) - 2)"


@pytest.mark.parametrize(
    "odd",
    [
        LOGARITHM,
        f"min({LOGARITHM}, sales / (1 USD / month))",
        f"max(sales / (1 USD / month), {LOGARITHM})",
        "min(sales / (1 USD / month), log(2 - sales / (100 USD / month)))",
    ],
    ids=["bare", "before what moves", "after what moves", "moving"],
)
def test_both_engines_refuse_the_same_paths(odd: str) -> None:
    """The logarithm of a number below zero on some paths, by itself and where a comparison could hide it: the same
    paths, and the same variant first."""
    text = MODEL.replace("price:  {value: 2 to 5 USD", "price:  {value: 1 to 5 USD").replace(
        "stakes: {is: stake(fund)}", f"stakes: {{is: stake(fund)}}\n  odd: {{is: '{odd}', assumed: g}}"
    )
    graph = graph_of(read(text))
    program = compile_graph(graph, ("odd",), ())
    hit = []
    for engine in (Interpreter(program, Setting.of(graph)), compiled(program, Setting.of(graph), 8)):
        with pytest.raises(simulating.NotFiniteError) as error:
            told(graph, program, engine, [BASE, Variant(overrides={"price": 3.0})], 300, 2)
        hit.append((error.value.variant, error.value.paths))
    assert hit[0] == hit[1]
    assert 0 < len(hit[0][1]) < 300
