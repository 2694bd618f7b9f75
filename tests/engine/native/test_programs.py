"""Whole programs, hand-made and random, in both engines: the same bits in every phase, width, batch and alignment."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.engine.kernel import Interpreter
from detente.engine.lanes import Given, Setting
from detente.engine.program import Instruction, Memory, Phase, Program
from tests.engine.native.harness import (
    NO_LLVM,
    WIDTHS,
    assert_engines_agree,
    assert_same,
    compiled,
    made,
    with_spare,
)
from tests.engine.native.random_programs import programs
from tests.random_deals import EXAMPLES

pytest.importorskip("llvmlite", reason=NO_LLVM)

START, NOW, LAST = 24_300, 24_302, 24_309
NOTHING = [Given({})]


def setting(start: int = START, now: int = NOW, last: int = LAST, **tables: tuple[int, list[float]]) -> Setting:
    return Setting(start, now, last, {name: (first, np.array(values)) for name, (first, values) in tables.items()})


def counting(normals: bool = True, uniforms: bool = True) -> Program:
    """Adds up what is drawn, from the start of the record to the end; two drivers of each kind that share a name."""
    total, first, now, month, end = range(5)
    drawn = {"normal": [5, 6] * normals, "uniform": [7, 8] * uniforms}
    slots = [slot for each in drawn.values() for slot in each]
    code: dict[Phase, list[Instruction]] = {}
    targets: dict[Phase, int] = {"record start": first, "record": now, "month": month, "end": end}
    for number, (phase, target) in enumerate(targets.items()):
        before = slots[0] if phase == "record start" else month if phase == "end" else total
        lines: list[Instruction] = []
        for slot in slots[: 1 + number]:
            into = 20 + 10 * number + len(lines)
            lines.append(Instruction("add", into, (before, slot)))
            before = into
        lines.append(Instruction("add", target, (before, slots[-1])))
        code[phase] = lines
    memory = Memory("total", total, -1, {"record start": first, "record": now, "month": month}, False)
    return made(
        60,
        code,
        memories=[memory],
        normals={f"driver {n}": slot for n, slot in enumerate(drawn["normal"])},
        uniforms={f"driver {n}": slot for n, slot in enumerate(drawn["uniform"])},
        outputs={"total": month, "opening": total},
        measures={"end": end},
        watched=[month],
    )


# what a program may lack, and how months lie


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("normals", "uniforms"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("off", range(4))
def test_draws_of_every_phase_in_months_that_begin_anywhere_in_a_block_of_four(
    off: int, normals: bool, uniforms: bool, width: int
) -> None:
    for record, ahead in itertools.product((0, 1, 2, 5), (1, 2, 3, 9)):
        start = START + off
        told = setting(start, start + record, start + record + ahead)
        found = assert_engines_agree(counting(normals, uniforms), told, width, NOTHING, seed=7, first=11, count=3)
        assert len(np.unique(found.measures)) == 3


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("seed", [0, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1])
@pytest.mark.parametrize("first", [0, 2**31 - 3, 2**32 - 40])
def test_any_seed_and_the_last_paths_there_are(first: int, seed: int, width: int) -> None:
    assert_engines_agree(counting(), setting(), width, NOTHING, seed, first, 40)


@pytest.mark.parametrize("width", WIDTHS)
def test_central_lanes_have_no_shocks_beside_lanes_that_have(width: int) -> None:
    given = [Given({}), Given({}, central=True), Given({}), Given({}, central=True)]
    found = assert_engines_agree(counting(), setting(), width, given, count=5)
    base, central = found.outputs[:, :, :5], found.outputs[:, :, 5:10]
    assert (central == 0.0).all()
    assert (base != 0.0).any()
    alone = assert_engines_agree(counting(), setting(), width, [Given({}, central=True)], count=5)
    assert np.array_equal(alone.outputs, central)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 64, 100])
def test_any_number_of_paths_of_several_variants(count: int, width: int) -> None:
    of = made(
        4,
        {"month": [Instruction("multiply", 2, (0, 1))], "end": [Instruction("subtract", 3, (2, 0))]},
        arguments={"a": 0, "b": 1},
        outputs={"x": 2, "a": 0},
        measures={"y": 3},
        watched=[2],
    )
    rows = np.linspace(-3.0, 5.0, count), np.linspace(7.0, 8.0, count)
    infinite = rows[0].copy()
    infinite[count // 2] = math.inf
    given = [
        Given({"a": 2.5, "b": with_spare(rows[0])}),
        Given({"a": with_spare(infinite), "b": 4.0}),
        Given({"a": with_spare(rows[1]), "b": with_spare(rows[0])}),
    ]
    found = assert_engines_agree(of, setting(), width, given, count=count)
    assert np.flatnonzero(found.watched).tolist() == [count + count // 2]


@pytest.mark.parametrize("width", WIDTHS)
def test_what_lies_behind_the_last_lane_is_nobodys(width: int) -> None:
    """An infinite value in the room behind the last path is not watched and not given."""
    of = made(1, arguments={"a": 0}, outputs={"a": 0}, watched=[0])
    row = np.full(32, math.nan)
    row[:5] = 1.0
    found = assert_engines_agree(of, setting(), width, [Given({"a": row})], count=5)
    assert found.outputs.shape == (1, LAST - NOW, 5)
    assert not found.watched.any()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_program_without_outputs_measures_or_arguments(width: int) -> None:
    """Each alone, and none at all; also at a horizon of one month and with no record."""
    code: dict[Phase, list[Instruction]] = {
        "month": [Instruction("add", 3, (0, 1))],
        "end": [Instruction("multiply", 4, (3, 1))],
    }
    asked: list[dict[str, Any]] = [
        {"outputs": {"x": 3}},
        {"measures": {"y": 4}},
        {"outputs": {"x": 3}, "measures": {"y": 4, "x": 3, "two": 1}},
        {},
    ]
    for more, argument in itertools.product(asked, (True, False)):
        given = [Given({"a": with_spare([1.0, 2.0, 3.0])} if argument else {})]
        where: dict[str, Any] = {"arguments": {"a": 0}} if argument else {"month_slot": 0}
        of = made(5, code, None, (), constants={1: 2.0}, watched=[3], **where, **more)
        for told in (setting(), setting(NOW, NOW, NOW + 1)):
            found = assert_engines_agree(of, told, width, given, count=3)
            assert found.outputs.shape == (len(of.outputs), told.months, 3)
            assert found.measures.shape == (len(of.measures), 3)


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_read_may_be_anything_that_has_a_slot(width: int) -> None:
    """A literal, an argument, a table, the month, a draw, a memory as it opens, what is computed once or by month, and
    truths of all of these, as outputs and as measures."""
    constant, truth, argument, switch, table, month, normal, uniform, memory, flag, once, path, monthly, early = range(
        14
    )
    of = made(
        14,
        hoisted={
            "once": [Instruction("divide", once, (constant, constant))],
            "path": [Instruction("not", path, (switch,))],
            "month": [Instruction("less", monthly, (month, table))],
        },
        memories=[
            Memory("m", memory, early, {"record start": table, "record": normal, "month": uniform}, False),
            Memory("f", flag, -1, {"start": truth, "month": monthly}, True),
        ],
        constants={constant: 2.5, truth: 1.0},
        booleans={truth, switch, flag, path, monthly},
        arguments={"a": argument, "s": switch},
        tables={"t": table},
        month_slot=month,
        normals={"d": normal},
        uniforms={"d": uniform},
        outputs={f"{slot}": slot for slot in range(13)},
        measures={f"{slot}": slot for slot in range(13)},
        watched=[memory, normal],
    )
    given = [
        Given({"a": with_spare([1.0, math.inf, -3.0]), "s": with_spare([1.0, 0.0, 1.0])}),
        Given({"a": 2.0, "s": 0.0}),
    ]
    told = setting(t=(NOW + 1, [24_303.5, math.nan, 24_300.0]))
    assert_engines_agree(of, told, width, given, count=3)


# memories


def test_memories_change_places_and_see_the_record_as_a_month_opened() -> None:
    """Two numbers and two truths that swap each month, and what begins at `now` with the month before it."""
    x, y, p, q, before, flag_before, later, flag_later, one, two, yes, no, sum_, turned = range(14)
    memories = [
        Memory("x", x, before, {"record start": one, "record": y, "month": sum_}, False),
        Memory("y", y, -1, {"record start": two, "record": x, "month": x}, False),
        Memory("p", p, flag_before, {"record start": yes, "record": q, "month": turned}, True),
        Memory("q", q, -1, {"record start": no, "record": p, "month": p}, True),
        Memory("later", later, -1, {"start": before, "month": later}, False),
        Memory("flag later", flag_later, -1, {"start": flag_before, "month": flag_later}, True),
    ]
    of = made(
        14,
        {"month": [Instruction("add", sum_, (x, y)), Instruction("and", turned, (p, q))]},
        memories=memories,
        constants={one: 1.0, two: 2.0, yes: 1.0, no: 0.0},
        booleans={p, q, flag_before, flag_later, yes, no, turned},
        outputs={"x": x, "y": y, "p": p, "q": q, "later": later, "flag": flag_later},
    )
    for width, record in itertools.product(WIDTHS, (1, 2, 3, 4)):
        told = setting(NOW - record, NOW, NOW + 5)
        found = assert_engines_agree(of, told, width, NOTHING, count=1)
        opened = 1.0 if record % 2 else 2.0
        assert found.outputs[4, :, 0].tolist() == [opened] * 5
        assert found.outputs[5, :, 0].tolist() == [2.0 - opened] * 5


@pytest.mark.parametrize("width", WIDTHS)
def test_without_a_record_the_month_before_now_is_not_known(width: int) -> None:
    """A number is absent then; a truth is one all the same, and both engines take the same."""
    x, before, later, one, flag, flag_before, flag_later, no, told = range(9)
    memories = [
        Memory("x", x, before, {"record start": one, "record": one, "month": one}, False),
        Memory("later", later, -1, {"start": before, "month": later}, False),
        Memory("flag", flag, flag_before, {"record start": no, "record": no, "month": no}, True),
        Memory("flag later", flag_later, -1, {"start": flag_before, "month": flag_later}, True),
    ]
    of = made(
        9,
        {"month": [Instruction("or", told, (flag_later, no))]},
        memories=memories,
        constants={one: 1.0, no: 0.0},
        booleans={flag, flag_before, flag_later, no, told},
        outputs={"later": later, "told": told},
        watched=[later],
    )
    found = assert_engines_agree(of, setting(NOW, NOW, LAST), width, NOTHING, count=3)
    assert np.isnan(found.outputs[0]).all()
    assert found.watched.all()


# what is watched


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_watched_is_told_of_its_own_lane_and_month_alone(width: int) -> None:
    """One value of one lane in one month is not finite, among several that are watched, at its beginning, within, at its
    end; the largest finite numbers are finite, also several of them."""
    slots, months = 5, LAST - NOW
    for kind, value in itertools.product(("inf", "-inf", "nan", "largest"), range(slots)):
        special = 1.7976931348623157e308 if kind == "largest" else float(kind)
        at = (3 * value) % months
        rows = np.ones((slots, months))
        rows[:, at] = special if kind == "largest" else 1.0
        rows[value, at] = special
        struck = slots + slots
        code = [Instruction("select", slots + n, (struck, n, struck + 1)) for n in range(slots)]
        of = made(
            struck + 3,
            {"month": [Instruction("less", struck, (struck + 2, struck + 1)), *code]},
            tables={f"t{n}": n for n in range(slots)},
            constants={struck + 1: 5.0},
            arguments={"lane": struck + 2},
            booleans={struck},
            watched=range(slots, 2 * slots),
        )
        lanes = np.full(70, 9.0)
        lanes[[0, 13, 69]] = 1.0
        told = Setting(START, NOW, LAST, {f"t{n}": (NOW + 1, rows[n]) for n in range(slots)})
        found = assert_engines_agree(of, told, width, [Given({"lane": with_spare(lanes)})], count=70)
        assert np.flatnonzero(found.watched).tolist() == ([] if kind == "largest" else [0, 13, 69])


# random programs

NUMBERS = st.floats(-4.0, 4.0) | st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, 1.0, 1e308])


@given(of=programs(), data=st.data())
@settings(max_examples=2 * EXAMPLES)
def test_random_programs(of: Program, data: st.DataObject) -> None:
    start = data.draw(st.integers(24_000, 24_007), "start")
    now = start + data.draw(st.integers(0, 6), "months of the record")
    last = now + data.draw(st.integers(1, 7), "months")
    tables = {
        name: (start + data.draw(st.integers(-3, 9)), np.array(data.draw(st.lists(NUMBERS, min_size=1, max_size=5))))
        for name in of.tables
    }
    count = data.draw(st.integers(1, 40), "paths")
    given = []
    for _ in range(data.draw(st.integers(1, 2), "variants")):
        arguments = {}
        for name in of.arguments:
            values = data.draw(st.lists(NUMBERS, min_size=1, max_size=5), name)
            arguments[name] = values[0] if len(values) == 1 else with_spare(np.resize(values, count))
        given.append(Given(arguments, data.draw(st.booleans(), "central")))
    seed = data.draw(st.integers(0, 2**64 - 1), "seed")
    first = data.draw(st.sampled_from([0, 5, 2**32 - 64]), "first")
    width = data.draw(st.sampled_from([2, 4, 4, 8, 8, 8, 16, 16, 32]), "width")
    assert_engines_agree(of, Setting(start, now, last, tables), width, given, seed, first, count)


@given(of=programs(), cuts=st.lists(st.integers(1, 99), max_size=4), data=st.data())
@settings(max_examples=EXAMPLES // 2)
def test_random_batches_of_random_programs(of: Program, cuts: list[int], data: st.DataObject) -> None:
    """The paths in any parts are the paths in one."""
    told = Setting(START, NOW, LAST, {name: (NOW, np.array([1.0, 2.0])) for name in of.tables})
    rows = {name: np.linspace(-2.0, 3.0, 128) for name in of.arguments}
    engine = compiled(of, told, data.draw(st.sampled_from([4, 8, 8, 16]), "width"))
    whole = Interpreter(of, told).run([Given(rows)], 3, 50, 100)
    edges = sorted({0, *cuts, 100})
    for low, high in itertools.pairwise(edges):
        part = engine.run(
            [Given({name: with_spare(row[low:high]) for name, row in rows.items()})], 3, 50 + low, high - low
        )
        expected = type(part)(whole.outputs[..., low:high], whole.measures[..., low:high], whole.watched[low:high])
        assert_same(of, part, expected)
