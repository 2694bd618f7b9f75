"""What is drawn once a path by machine code has the bits of NumPy: every distribution, seed and range of paths."""

from __future__ import annotations

from functools import cache
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.engine import choice, gather
from detente.engine.draws import Arguments, drawn_arguments
from detente.engine.evaluate import graph_of
from detente.engine.gather import Gathered
from detente.engine.lanes import with_room
from detente.engine.summary import EXACT_PATHS, Summary
from detente.graph.events import exponential_draw
from detente.graph.model import Graph
from detente.lang.distribution import Shape
from tests.engine.native.harness import NO_LLVM
from tests.engine.test_summary import bits as summary_bits
from tests.engine.test_summary import samples
from tests.support import read, small

pytest.importorskip("llvmlite", reason=NO_LLVM)

from detente.engine.native import objects
from detente.engine.native.columns import Columns
from detente.engine.native.library import SHAPES, library

WRITTEN = {
    "share_range": "20% to 80%",
    "money_range": "9 to 12 mn USD / MW / year",
    "narrow_range": "999 to 1000 USD",
    "wide_range": "1 to 1000000 USD",
    "sign_range": "-2 to 10 bn USD",
    "capacity_range": "0.5 to 1.25 GW",
    "growth_range": "60% to 180% / year",
    "falling_growth": "-20% to 5% / year",
    "monthly_growth": "1% to 2% / month",
    "bell": "normal(10 USD, 3 USD)",
    "factor": "lognormal(100 USD, 2)",
    "even": "uniform(2 MW, 6 MW)",
    "even_below_zero": "uniform(-3 USD, -1 USD)",
    "even_growth": "uniform(20% / year, 40% / year)",
    "coin": "bernoulli(30%)",
    "rare": "bernoulli(0.1%)",
    "likely": "bernoulli(99.9%)",
    "three_ended": "triangular(1, 2, 4)",
    "successes": "beta(2, 5)",
    "between": "beta(2, 5, 10 USD, 20 USD)",
    "counted": "poisson(3)",
    "one_of": "empirical(3 USD, 5 USD, 11 USD)",
    "mixed": "mixture(70%, 5 to 10 USD, 30%, 20 to 40 USD)",
    "mixed_growth": "mixture(50%, 5% / year, 50%, uniform(20% / year, 40% / year))",
    "known": "7.5 bn USD",
    "known_growth": "12% / year",
    "one": "1 to 3",
    "two": "10% to 30%",
    "three": "uniform(0, 1)",
    "four": "beta(2, 1)",
}
KINDS = {"danger": "{value: 5% to 40% / year, kind: rate", "chance": "{value: 5% to 40%, kind: probability"}
STREAMS = {"streamed": "{value: 1 to 3, stream: bell", "streamed_share": "{value: 'uniform(1, 3)', stream: elsewhere"}


@cache
def graph() -> Graph:
    """Every distribution in one deal, with growths, kinds, streams of another's name, a correlated group, hazards."""
    filed = {name: f"{{value: '{value}'" for name, value in WRITTEN.items()} | KINDS | STREAMS
    return graph_of(
        read(
            small(
                assumptions="\n".join(f"{name}: {value}, assumed: given}}" for name, value in filed.items()),
                correlations="""
                    - {between: [one, two], is: 0.7, assumed: given}
                    - {between: [two, three], is: -0.4, assumed: given}
                    - {between: [three, four], is: 0.3, assumed: given}
                """,
                events="struck: {hazard: danger}\nhit: {hazard: 3% / year, assumed: given}",
            )
        )
    )


def every() -> frozenset[str]:
    """All that is drawn once a path."""
    return frozenset([*graph().inputs, *map(exponential_draw, graph().hazards)])


@cache
def columns(needed: frozenset[str]) -> Columns:
    return Columns.of(graph(), library(), needed)


def expected(needed: frozenset[str], seed: int, first: int, count: int) -> Arguments:
    paths = np.arange(first, first + with_room(count), dtype=np.uint64)
    return drawn_arguments(graph(), seed, paths, needed=needed)


def bits(given: Arguments) -> dict[str, tuple[bool, bytes]]:
    """Whether a name is given one number, and its bits."""
    return {
        name: (isinstance(value, float), np.asarray(value, dtype=np.float64).tobytes()) for name, value in given.items()
    }


def assert_same(found: Arguments, other: Arguments) -> None:
    left, right = bits(found), bits(other)
    assert left.keys() == right.keys()
    assert [name for name in left if left[name] != right[name]] == []


def test_the_deal_has_every_distribution_and_machine_code_draws_each_shape_it_can() -> None:
    assert {one.distribution.shape for one in graph().inputs.values()} == {*get_args(Shape)}
    quick = {graph().inputs[name].distribution.shape for name in columns(every()).quick if name in graph().inputs}
    assert {*quick, "exponential"} == {*SHAPES}
    assert len(graph().mixing) >= 3
    assert len(graph().hazards) == 2


@given(
    seed=st.integers(0, 2**64 - 1),
    first=st.integers(0, 2**32 - 128) | st.integers(0, 40),
    count=st.integers(1, 100),
)
@settings(max_examples=40)
def test_columns_have_the_bits_of_numpy(seed: int, first: int, count: int) -> None:
    assert_same(columns(every()).drawn(seed, first, count), expected(every(), seed, first, count))


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("first", [0, 2**31, 2**32 - 1056])
def test_seeds_and_paths_at_the_ends(seed: int, first: int) -> None:
    """A whole task of 1,024 paths and one more, up to the last path there is."""
    assert_same(columns(every()).drawn(seed, first, 1025), expected(every(), seed, first, 1025))


@pytest.mark.parametrize("first", [0, 17, 1024])
def test_a_draw_is_the_same_in_any_range_of_paths(first: int) -> None:
    whole = columns(every()).drawn(3, 0, 3000)
    part = columns(every()).drawn(3, first, 555)
    for name, value in part.items():
        one = whole[name]
        if isinstance(value, np.ndarray) and isinstance(one, np.ndarray):
            assert (value[:555] == one[first : first + 555]).all(), name
        else:
            assert value == one, name


@given(st.data())
@settings(max_examples=25)
def test_only_what_is_needed_is_drawn(data: st.DataObject) -> None:
    """By whatever draws it, and with the bits that it has among all."""
    needed = frozenset(data.draw(st.sets(st.sampled_from(sorted(every())), max_size=6), "needed"))
    some = Columns.of(graph(), library(), needed)
    assert sorted([*some.quick, *some.others, *some.fixed]) == sorted(needed)
    found = some.drawn(2**63 + 5, 70, 40)
    whole = columns(every()).drawn(2**63 + 5, 70, 40)
    assert_same(found, {name: whole[name] for name in needed})


def test_what_no_path_changes_is_one_number() -> None:
    found = columns(every()).drawn(1, 0, 64)
    assert found["known"] == 7.5e9
    assert {name for name, value in found.items() if isinstance(value, float)} == {"known", "known_growth"}


def test_columns_do_not_share_memory() -> None:
    """Drawn again, what was drawn before stays as it was; no column lies in another's room."""
    before = columns(every()).drawn(1, 0, 33)
    kept = bits(before)
    columns(every()).drawn(2, 0, 33)
    rows = [value for value in before.values() if isinstance(value, np.ndarray)]
    assert bits(before) == kept
    assert not any(np.shares_memory(one, other) for number, one in enumerate(rows) for other in rows[:number])


def test_runs_draw_the_same_with_machine_code_and_without(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = frozenset(("one", "two", "even_growth", "known", exponential_draw("struck")))
    compiled = choice.columns_for(graph(), needed)(5, 96, 50)
    monkeypatch.setattr(choice, "library", lambda: None)
    assert_same(compiled, choice.columns_for(graph(), needed)(5, 96, 50))


@pytest.mark.parametrize("vector", [16, 32, 64])
def test_vectors_of_any_processor_give_the_same_bits(vector: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns, moments and counts alike, by code for registers of so many bytes."""
    monkeypatch.setattr(objects, "vector_bytes", lambda: vector)
    functions = library.__wrapped__()
    found = Columns.of(graph(), functions, every()).drawn(2**64 - 3, 1000, 100)
    assert_same(found, expected(every(), 2**64 - 3, 1000, 100))
    monkeypatch.setattr(gather, "library", lambda: functions)
    for paths in (1, 1023, 1025):
        values = samples(paths)
        gathered = Gathered(len(values), EXACT_PATHS + 1)
        gathered.add(values, 0)
        assert summary_bits(gathered.summary()) == summary_bits(Summary.of(values).binned())
