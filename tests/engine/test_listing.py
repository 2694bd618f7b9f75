"""The listing of a program: what is computed, in order, each line after what it reads, with what is certain beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import detente
from detente.engine.evaluate import figures, graph_of
from detente.engine.listing import Line, Listing, listing, program_of
from detente.engine.program import Program, compile_graph
from detente.graph.model import Graph
from tests.support import read, small

TEXT = """\
deal: a small deal
from: 2024-10
now: 2024-12
to: 2025-03
parties: {lab: {name: a company}, world: {name: customers, outside: true}}
resources: {USD: {kind: money}}
opening: {lab.USD: {balance: 50 USD, assumed: given}}
assumptions:
  part: {value: 10% to 30%, assumed: given}
variables:
  plan: {table: {2025-01: 2, 2025-03: 4}, assumed: given}
  luck: {past: {2024-12: 100}, next: "ou(mean = 8, half_life = 1 months, volatility = 3 / sqrt(month))", assumed: given}
  kept: {is: part * part + 1}
  scaled: {is: plan * luck * kept}
  late: {is: "delay(luck, 1 months)"}
flows:
  sales: {from: world, to: lab, amount: scaled * late * 1 USD / month}
events:
  rich: {when: lab.USD > 90 USD, assumed: given}
  bold: {decided_by: lab, policy: never, options: [at(2025-02)]}
futures:
  well: {when: rich by 2025-03, title: All is well}
outputs: [lab.USD, late, bold]
"""

# By hand. A month is 12 times its year and its number from 0: 24299 is 2024-12. `luck` is what is on record up to now, then
# mean + (before - mean) * 0.5 ^ (month / half_life) + volatility * sqrt(month) * draw; all of it but before and draw is the
# same once and for all, and a factor of 1 (a month, a USD a month, the weight of a draw without correlations) is no line. The
# record of `luck` ends at now, so that no month has to choose between the two. The delay of a month has the record begin two
# months before now. An event is what it was before, or fires now; a policy is chosen by number, and never is what is left;
# what is true `by` a month is kept from that month. What an account opens with is `previous`; this one pays nothing. What is
# read after a month or carried to the next is finite, truths apart, and named where it is filled.
LISTING = """\
a small deal: the program of a run from 2024-12 to 2025-03
instructions: 23, equations named: 9, arguments: 2, draws a month: 1, memories: 6
once: 3, once a path: 3, once a month: 2, start of the record: 0, record months: 0, start at now: 0, simulated months: 14, end: 1
values in base units: currency, month, MW, share
finite: in every simulated month, or the run ends

Given: constants
  %2   8
  %5   0.5
  %6   1
  %10  3
  %29  24301
  %31  false  boolean
  %36  24302
  %39  90
  %48  50

Given: arguments, a value a path
  %17  part           1  assumption: 10% to 30%        deal.yaml:9
  %26  [policy bold]     0 is never, 1 is at(2025-02)  deal.yaml:20

Given: tables, a value a month
  %28  [calendar month]        24299 is 2024-12
  %1   [table plan]            2024-10 to 2025-03, level outside
  %47  [table luck on record]  2024-10 to 2025-03, level outside

Given: draws, a value a path and month
  %13  [normal luck]  standard normal

Given: memories, what was carried into the month
  %44  [previous rich by 2025-03]  boolean          deal.yaml:22
  %38  [previous rich]             boolean          deal.yaml:19
  %24  [previous bold]             boolean          deal.yaml:20
  %21  [previous delay in late 1]  1        finite  deal.yaml:15
  %3   [previous luck]             1                deal.yaml:12
  %0   [previous lab.USD]          USD              deal.yaml:7

Once
  %7   power 0.5, 1     for luck
  %11  square_root 1    for luck
  %12  multiply 3, %11  for luck

Once a path
  %18  multiply part, part              for kept
  %19  add %18, 1              1        kept      deal.yaml:13
  %27  equal [policy bold], 1  boolean  for bold

Once a month
  %30  equal [calendar month], 24301  boolean  for bold
  %37  equal [calendar month], 24302  boolean  for rich by 2025-03

Simulated months, 2025-01 to 2025-03
  %4   subtract [previous luck], 8                                   for luck
  %8   multiply %4, %7                                               for luck
  %9   add 8, %8                                                     for luck
  %14  multiply %12, [normal luck]                                   for luck
  %15  add %9, %14                                  1        finite  luck             deal.yaml:12
  %16  multiply [table plan], %15                                    for scaled
  %20  multiply %16, %19                            1                scaled           deal.yaml:14
  %22  multiply %20, [previous delay in late 1]                      for lab.USD
  %23  add [previous lab.USD], %22                  USD      finite  lab.USD          deal.yaml:7
  %32  select %27, %30, false                       boolean          for bold
  %35  or [previous bold], %32                      boolean          bold             deal.yaml:20
  %40  less 90, [previous lab.USD]                  boolean          for rich
  %43  or [previous rich], %40                      boolean          rich             deal.yaml:19
  %45  select %37, %43, [previous rich by 2025-03]  boolean          rich by 2025-03  deal.yaml:22

End, after 2025-03
  %46  not %45  boolean  future other  deal.yaml:1

Outputs, read after each simulated month
  %23  output                             USD      lab.USD  deal.yaml:7
  %21  output [previous delay in late 1]  1        late     deal.yaml:15
  %35  output                             boolean  bold     deal.yaml:20

Figures, read after the last month
  %45  figure  boolean  future well   deal.yaml:22
  %46  figure  boolean  future other  deal.yaml:1

Memories, carried as a month closes
  %44  carry false                   boolean  rich by 2025-03, start at now         deal.yaml:22
  %44  carry %45                     boolean  rich by 2025-03, simulated months     deal.yaml:22
  %38  carry false                   boolean  rich, start at now                    deal.yaml:19
  %38  carry %43                     boolean  rich, simulated months                deal.yaml:19
  %24  carry false                   boolean  bold, start at now                    deal.yaml:20
  %24  carry %35                     boolean  bold, simulated months                deal.yaml:20
  %21  carry [table luck on record]  1        delay in late 1, start of the record  deal.yaml:15
  %21  carry [table luck on record]  1        delay in late 1, record months        deal.yaml:15
  %21  carry %15                     1        delay in late 1, simulated months     deal.yaml:15
  %3   carry [table luck on record]  1        luck, start of the record             deal.yaml:12
  %3   carry [table luck on record]  1        luck, record months                   deal.yaml:12
  %3   carry %15                     1        luck, simulated months                deal.yaml:12
  %0   carry 50                      USD      lab.USD, start at now                 deal.yaml:7
  %0   carry %23                     USD      lab.USD, simulated months             deal.yaml:7"""

CASES = Path(__file__).parents[2] / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir() if (folder / "deal.yaml").exists())

GIVEN = ("constants", "arguments", "tables", "draws", "memories")
HOISTED = ("once", "once a path", "once a month")
PHASES = ("start of the record", "record months", "start at now", "simulated months", "end")
READ = ("outputs", "on record", "figures", "carried")

Case = tuple[Graph, Program, Listing]


def listed(text: str, *outputs: str) -> Listing:
    graph = graph_of(read(text))
    return listing(graph, program_of(graph, outputs))


def lines(shown: Listing, *keys: str) -> list[Line]:
    return [line for section in shown.sections if section.key in keys for line in section.lines]


@pytest.fixture(scope="module", params=NAMES)
def case(request: pytest.FixtureRequest) -> Case:
    """A shipped case with everything in it that can be asked for."""
    graph = graph_of(detente.load(CASES / request.param).text)
    program = compile_graph(graph, tuple(graph.equations), tuple(graph.measures), traced=True)
    return graph, program, listing(graph, program)


def test_a_small_deal_is_listed_whole() -> None:
    assert str(listed(TEXT)) == LISTING
    assert str(listed(TEXT)) == str(listed(TEXT))


def test_outputs_by_name_are_listed_without_what_they_do_not_need() -> None:
    shown = listed(TEXT, "kept", "kept")
    assert [line.cells() for line in lines(shown, *GIVEN, *HOISTED, *PHASES, *READ)] == [
        ("%2", "1", "", "", "", ""),
        ("%0", "part", "1", "", "assumption: 10% to 30%", "deal.yaml:9"),
        ("%1", "multiply part, part", "", "", "for kept", ""),
        ("%3", "add %1, 1", "1", "finite", "kept", "deal.yaml:13"),
        ("%3", "output", "1", "", "kept", "deal.yaml:13"),
    ]


def test_every_slot_is_defined_above_the_line_that_reads_it(case: Case) -> None:
    """In its own phase or before all phases; the end alone sees what the last month has filled."""
    _, _, shown = case
    known = {line.slot for line in lines(shown, *GIVEN)}
    for line in lines(shown, *HOISTED):
        assert known.issuperset(line.sources), line
        known.add(line.slot)
    by_phase = {phase: set(known) for phase in PHASES}
    for phase in PHASES:
        filled = by_phase[phase] | (by_phase["simulated months"] if phase == "end" else set())
        for line in lines(shown, phase):
            assert filled.issuperset(line.sources), line
            filled.add(line.slot)
        by_phase[phase] = filled
    carried = lines(shown, "carried")
    assert carried
    for line in carried:
        assert by_phase.get(line.when, known).issuperset(line.sources), line
    assert {line.slot for line in carried} == {line.slot for line in lines(shown, "memories")}


def test_every_operand_stands_for_one_slot(case: Case) -> None:
    """By its number, or by the value or name under which it is given, which no other slot has."""
    _, _, shown = case
    given = {line.slot: line.operands[0] for line in lines(shown, *GIVEN)}
    names = [line.operands[0] for line in lines(shown, *GIVEN[1:])]
    assert len(names) == len(set(names))
    for line in lines(shown, *HOISTED, *PHASES, "carried"):
        assert list(line.operands) == [given.get(source, f"%{source}") for source in line.sources], line


def test_every_instruction_is_listed_once(case: Case) -> None:
    _, program, shown = case
    code = [one for part in (*program.hoisted.values(), *program.code.values()) for one in part]
    computed = lines(shown, *HOISTED, *PHASES)
    assert [(line.slot, line.operation, line.sources) for line in computed] == [
        (one.target, one.operation, one.sources) for one in code
    ]
    assert shown.counts["instructions"] == sum(shown.instructions.values()) == len(code)


def test_a_named_line_says_what_the_deal_says(case: Case) -> None:
    graph, _, shown = case
    named = [line for line in lines(shown, *HOISTED, *PHASES) if line.equation]
    assert len(named) > 50
    for line in named:
        one = graph.equations.get(line.equation) or graph.measures[line.equation]
        assert (line.unit, line.place) == (str(one.formula.unit), one.place)
        assert line.boolean == (one.formula.kind == "boolean")
    values = {(line.equation, line.slot) for line in lines(shown, "simulated months")}
    for line in lines(shown, "outputs"):
        if line.equation in {name for name, _ in values}:
            assert (line.equation, line.slot) in values


def test_what_is_marked_for_an_equation_is_read_for_it_alone(case: Case) -> None:
    _, _, shown = case
    readers: dict[int, list[Line]] = {}
    for line in lines(shown, *HOISTED, *PHASES, *READ):
        for source in line.sources:
            readers.setdefault(source, []).append(line)
    marked = [line for line in lines(shown, *HOISTED, *PHASES) if line.serves]
    assert len(marked) > 50
    for line in marked:
        told = {one.equation or one.serves for one in readers[line.slot]}
        assert told == {line.serves}, line


def test_what_one_equation_alone_needs_is_marked_for_it() -> None:
    """a * b is in both; a * b * 2 in `one` alone, exp(3) in `other` alone, though others read `other`."""
    shown = listed(
        small(
            assumptions="a: {value: 1 to 2, assumed: g}\nb: {value: 1 to 2, assumed: g}",
            variables="""
                one: {is: (a * b * 2) + exp(a), assumed: g}
                other: {is: (a * b) - exp(3), assumed: g}
                third: {is: other + one}
            """,
        ),
        "third",
    )
    told = {line.cells()[1]: line.cells()[4] for line in lines(shown, *HOISTED)}
    (shared,) = (line.slot for line in lines(shown, *HOISTED) if line.operands == ("a", "b"))
    assert told["multiply a, b"] == ""
    assert told[f"multiply %{shared}, 2"] == "for one"
    assert told["exponential a"] == "for one"
    assert told["exponential 3"] == "for other"


def test_a_value_that_is_an_equation_s_at_its_start_alone_says_so() -> None:
    """2 * 3 is computed once, and is what `prev` gives in the first month; what it gives later is another slot."""
    shown = listed(small(variables="x: {is: 'prev(x, start = 2 * 3) + 1', assumed: g}"), "x")
    (line,) = lines(shown, "once")
    assert line.cells()[1:5] == ("multiply 2, 3", "1", "", "prev in x, start at now")
    (after,) = (line for line in lines(shown, "carried") if line.when == "simulated months")
    assert after.sources == (lines(shown, "outputs")[0].slot,)


def test_an_equation_equal_to_a_part_of_another_is_named_where_it_is_read() -> None:
    text = small(
        assumptions="a: {value: 1 to 2, assumed: g}", variables="x: {is: exp(a) + 1, assumed: g}\ny: {is: exp(a)}"
    )
    part, whole = lines(listed(text, "x", "y"), "once a path")
    assert (part.operation, part.equation) == ("exponential", "y")
    assert (whole.operation, whole.equation) == ("add", "x")


def test_what_must_be_finite_says_so_where_it_is_filled() -> None:
    """What is read or carried, and what can fail by itself: 1 / a, of which `y` only asks whether it is above 1."""
    text = small(
        assumptions="a: {value: -1 to 2, assumed: g}",
        variables="x: {is: 1 / a}\ny: {is: if x > 1 then a else 2, assumed: g}",
    )
    shown = lines(listed(text, "y"), *GIVEN, *HOISTED)
    assert {(line.operation, line.operands) for line in shown if line.finite} == {
        ("divide", ("1", "a")),
        ("select", (shown[-1].operands[0], "a", "2")),
    }


def test_what_is_held_to_be_finite_is_marked_once(case: Case) -> None:
    _, program, shown = case
    assert sorted(line.slot for line in lines(shown, *GIVEN, *HOISTED, *PHASES) if line.finite) == sorted(
        program.watched
    )


def test_names_of_more_than_a_word_stand_in_brackets_and_absence_by_its_name() -> None:
    asked = "default(level at left, 2)"
    text = small(
        variables="level: {is: exp(1), assumed: g}",
        events="left: {decided_by: lab, policy: never, options: [at(2025-06)]}",
    )
    graph = graph_of(read(text), figures([asked]))
    shown = listing(graph, compile_graph(graph, ("left",), (asked,)))
    assert "absent" in [line.operands[0] for line in lines(shown, "constants")]
    (memory,) = (line for line in lines(shown, "memories") if line.operands == ("[previous left]",))
    assert memory.boolean
    assert any("[previous left]" in line.operands for line in lines(shown, "simulated months"))


def test_the_listing_is_data_too() -> None:
    shown = listed(TEXT)
    data = json.loads(json.dumps(shown.as_data()))
    assert tuple(data["sections"]) == (*GIVEN, *HOISTED, *PHASES, *READ)
    assert data["counts"]["instructions"] == 23
    assert data["instructions"]["simulated months"] == len(data["sections"]["simulated months"]) == 14
    assert data["sections"]["start at now"] == []
    assert data["sections"]["once a path"][1] == {
        "slot": 19,
        "operation": "add",
        "operands": ["%18", "1"],
        "sources": [18, 6],
        "boolean": False,
        "finite": False,
        "equation": "kept",
        "when": "",
        "serves": "",
        "note": "",
        "unit": "1",
        "place": {"file": "deal.yaml", "line": 13, "column": 3},
    }


def test_outputs_that_are_not_there_are_refused_with_those_near_them() -> None:
    graph = graph_of(read(TEXT))
    with pytest.raises(ValueError, match=r"there is no series 'scalde': did you mean 'scaled'\?.*; 'xyz'$"):
        program_of(graph, ("late", "scalde", "xyz"))
