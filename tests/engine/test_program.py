"""The program: what is computed, once and where it belongs; what nothing asks for is not computed at all."""

from __future__ import annotations

import pytest

from detente.engine.evaluate import figures, graph_of
from detente.engine.program import PHASES, Program, compile_graph
from detente.graph.model import Graph
from tests.support import agreement, read, small

TEXT = small(
    first="2024-06",
    assumptions="a: {value: 1 to 2, assumed: g}\nb: {value: 1 to 2, assumed: g}",
    variables="""
        level: {table: {2025-01: 1, 2025-12: 12}, assumed: g}
        once_only: {is: exp(2) * 3, assumed: g}
        by_path: {is: exp(a) * b}
        by_month: {is: exp(level)}
        by_cell: {is: exp(level) * exp(a)}
        twice: {is: (a + b) * (a + b) + exp(a)}
        jumps: {past: {2024-12: 1}, next: 'jump(growth = 0% / year, volatility = 10% / sqrt(year), rate = 1 / year, size = 9%)', assumed: g}
        walk: {past: {2024-12: 1}, next: 'gbm(growth = 0% / year, volatility = 10% / sqrt(year))', assumed: g}
        late: {is: 'delay(level, 2 months)', assumed: g}
        kept: {is: 'prev(walk, start = 1)'}
    """,
    flows="sales: {from: world, to: lab, amount: walk * 1 USD / month}",
    agreements=agreement(
        "takings: {type: revenue_share, payer: lab, payee: cloud, base: flow(sales), rate: 100%, stops: left}"
    ),
    events="left: {decided_by: lab, policy: never, options: [at(2025-06)]}",
)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(read(TEXT), figures(["walk at 2025-06"]))


def size(program: Program) -> int:
    return sum(len(code) for code in (*program.hoisted.values(), *program.code.values()))


def where(program: Program, equation: str) -> set[str]:
    """At which rates and in which phases instructions stand that are an equation's value."""
    found = {rate for rate, code in program.hoisted.items() for one in code if one.equation == equation}
    return found | {phase for phase, code in program.code.items() for one in code if one.equation == equation}


@pytest.mark.parametrize(
    ("name", "rate"),
    [("once_only", "once"), ("by_path", "path"), ("by_month", "month"), ("by_cell", "month")],
)
def test_an_instruction_stands_where_it_is_computed_least_often(graph: Graph, name: str, rate: str) -> None:
    """What changes by month and path is in the code of each month, called "month" as a phase; what does not is outside."""
    program = compile_graph(graph, (name,), ())
    assert where(program, name) == {rate}
    if name != "by_cell":
        assert size(program) == len(program.hoisted[rate])  # type: ignore[index]
    else:
        assert [one.operation for one in program.hoisted["month"]] == ["exponential"]
        assert [one.operation for one in program.hoisted["path"]] == ["exponential"]
        assert [one.operation for one in program.code["month"]] == ["multiply"]


def test_equal_subexpressions_are_computed_once(graph: Graph) -> None:
    """(a + b) * (a + b) + exp(a): one sum, one product, one exponential, one sum; with `by_path` the exponential is shared."""
    operations = [one.operation for one in compile_graph(graph, ("twice",), ()).hoisted["path"]]
    assert sorted(operations) == ["add", "add", "exponential", "multiply"]
    both = [one.operation for one in compile_graph(graph, ("twice", "by_path"), ()).hoisted["path"]]
    assert both.count("exponential") == 1


def test_what_no_output_needs_is_not_in_the_program(graph: Graph) -> None:
    """The outputs asked for decide the size."""
    nothing = compile_graph(graph, (), ())
    assert size(nothing) == 0
    one = compile_graph(graph, ("by_month",), ())
    assert not one.normals
    assert not one.arguments
    assert not one.memories
    walk = compile_graph(graph, ("walk",), ())
    assert set(walk.normals) == {"walk"}
    assert not walk.uniforms
    jumps = compile_graph(graph, ("jumps",), ())
    assert (set(jumps.normals), set(jumps.uniforms)) == ({"jumps"}, {"jumps arrivals"})
    assert [memory.equation for memory in walk.memories] == ["walk"]
    account = compile_graph(graph, ("cloud.USD",), ())
    assert size(walk) < size(account) < size(compile_graph(graph, tuple(graph.equations), ()))
    assert {memory.equation for memory in account.memories} >= {"walk", "cloud.USD", "left"}


def test_a_figure_needs_what_it_rests_on_and_no_more(graph: Graph) -> None:
    program = compile_graph(graph, (), ("walk at 2025-06",))
    assert {memory.equation for memory in program.memories} == {"walk", "walk at 2025-06"}
    assert set(program.measures) == {"walk at 2025-06"}


def test_terms_policies_and_assumptions_are_arguments(graph: Graph) -> None:
    program = compile_graph(graph, ("cloud.USD", "by_path"), ())
    assert set(program.arguments) == {"a", "b", "switch pact.takings", "policy left"}


def test_nothing_that_rounds_is_folded(graph: Graph) -> None:
    """exp(2) * 3 is left to the one exponential there is; a back end that folded it could differ in the last place."""
    program = compile_graph(graph, ("once_only",), ())
    assert [one.operation for one in program.hoisted["once"]] == ["exponential", "multiply"]


def test_a_choice_that_literals_settle_is_settled() -> None:
    text = small(
        variables="x: {is: if 1 < 2 and not false then 3 else exp(4), assumed: g}\ny: {is: if true then x else 1}"
    )
    program = compile_graph(graph_of(read(text)), ("x", "y"), ())
    assert not program.code["month"]
    assert program.outputs["x"] == program.outputs["y"]
    assert program.constants[program.outputs["x"]] == 3.0


def test_a_value_on_record_is_computed_on_the_record_alone() -> None:
    text = small(
        first="2024-01",
        variables="x: {past: {2024-01: 1, 2024-12: 2}, is: exp(3), assumed: g}\ny: {is: 'delay(x, 1 months)'}",
    )
    program = compile_graph(graph_of(read(text)), ("y",), ())
    memory = next(one for one in program.memories if one.equation.startswith("delay in y"))
    assert set(memory.sources) == {"record start", "record", "month"}
    assert memory.sources["record"] in program.tables.values()
    assert memory.sources["month"] == program.hoisted["once"][0].target


def test_every_source_is_filled_before_it_is_read(graph: Graph) -> None:
    """In the order in which the parts run, and within each part from top to bottom."""
    program = compile_graph(graph, tuple(graph.equations), ("walk at 2025-06",), traced=True)
    filled = {*program.constants, *program.arguments.values(), *program.tables.values(), *program.normals.values()}
    filled |= {*program.uniforms.values()}
    filled |= {program.month_slot} | {one.slot for one in program.memories} | {one.earlier for one in program.memories}
    for code in (*(program.hoisted[rate] for rate in ("once", "path", "month")),):
        for one in code:
            assert filled.issuperset(one.sources), one
            filled.add(one.target)
    for phase in PHASES:
        known = set(filled) | ({one.target for one in program.code["month"]} if phase == "end" else set())
        for one in program.code[phase]:
            assert known.issuperset(one.sources), one
            known.add(one.target)


def test_a_slot_is_filled_once(graph: Graph) -> None:
    program = compile_graph(graph, tuple(graph.equations), (), traced=True)
    targets = [one.target for code in (*program.hoisted.values(), *program.code.values()) for one in code]
    assert len(targets) == len(set(targets))
    assert len(program.rates) == program.slots


def test_the_same_graph_gives_the_same_program(graph: Graph) -> None:
    again = graph_of(read(TEXT), figures(["walk at 2025-06"]))
    names = tuple(graph.equations)
    assert repr(compile_graph(graph, names, ())) == repr(compile_graph(again, names, ()))
