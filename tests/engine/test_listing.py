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
# mean + (before - mean) * 0.5 ^ (month / half_life) + volatility * sqrt(month) * draw, where the draw of a process without
# correlations is 1 * normal; all of it but before and draw is the same once and for all. The delay of a month has the
# record begin two months before now. An event is what it was before, or fires now; a policy is chosen by number; what is
# true `by` a month is kept from that month. What an account opens with is `previous`, what it pays is 0.
LISTING = """\
a small deal: the program of a run from 2024-12 to 2025-03
instructions: 43, equations named: 12, arguments: 2, draws a month: 1, memories: 6
once: 4, once a path: 4, once a month: 3, start of the record: 0, record months: 7, start at now: 0, simulated months: 24, end: 1
values in base units: currency, month, MW, share

Given: constants
  %3   24299
  %6   8
  %9   0.5
  %10  1
  %15  3
  %31  0
  %36  true   boolean
  %39  false  boolean
  %41  24301
  %48  24302
  %51  90
  %66  50

Given: arguments, a value a path
  %24  part           1  assumption: 10% to 30%        deal.yaml:9
  %37  [policy bold]     0 is never, 1 is at(2025-02)  deal.yaml:20

Given: tables, a value a month
  %2  [calendar month]        24299 is 2024-12
  %1  [table plan]            2024-10 to 2025-03, level outside
  %5  [table luck on record]  2024-10 to 2025-03, level outside

Given: draws, a value a path and month
  %18  [normal luck]  standard normal

Given: memories, what was carried into the month
  %56  [previous rich by 2025-03]  boolean  deal.yaml:22
  %50  [previous rich]             boolean  deal.yaml:19
  %35  [previous bold]             boolean  deal.yaml:20
  %28  [previous delay in late 1]  1        deal.yaml:15
  %7   [previous luck]             1        deal.yaml:12
  %0   [previous lab.USD]          USD      deal.yaml:7

Once
  %11  divide 1, 1      for luck
  %12  power 0.5, %11   for luck
  %16  square_root 1    for luck
  %17  multiply 3, %16  for luck

Once a path
  %25  multiply part, part              for kept
  %26  add %25, 1              1        kept            deal.yaml:13
  %38  equal [policy bold], 0  boolean  for bold.fires
  %40  equal [policy bold], 1  boolean  for bold.fires

Once a month
  %4   less_equal [calendar month], 24299  boolean  for luck
  %42  equal [calendar month], 24301       boolean  for bold.fires
  %49  equal [calendar month], 24302       boolean  for rich by 2025-03

Record months, 2024-12
  %59  subtract [previous luck], 8                for luck
  %60  multiply %59, %12                          for luck
  %61  add 8, %60                                 for luck
  %62  multiply 1, [normal luck]                  for luck
  %63  multiply %17, %62                          for luck
  %64  add %61, %63                               for luck
  %65  select %4, [table luck on record], %64  1  luck      deal.yaml:12

Simulated months, 2025-01 to 2025-03
  %8   subtract [previous luck], 8                               for luck
  %13  multiply %8, %12                                          for luck
  %14  add 8, %13                                                for luck
  %19  multiply 1, [normal luck]                                 for luck
  %20  multiply %17, %19                                         for luck
  %21  add %14, %20                                              for luck
  %22  select %4, [table luck on record], %21       1            luck             deal.yaml:12
  %23  multiply [table plan], %22                                for scaled
  %27  multiply %23, %26                            1            scaled           deal.yaml:14
  %29  multiply %27, [previous delay in late 1]                  for sales
  %30  multiply %29, 1                              USD / month  sales            deal.yaml:17
  %32  subtract %30, 0                                           for lab.USD
  %33  multiply %32, 1                                           for lab.USD
  %34  add [previous lab.USD], %33                  USD          lab.USD          deal.yaml:7
  %43  select %40, %42, false                       boolean      for bold.fires
  %44  select %38, false, %43                       boolean      for bold.fires
  %45  not [previous bold]                          boolean      for bold.fires
  %46  and %44, %45                                 boolean      bold.fires       deal.yaml:20
  %47  or [previous bold], %46                      boolean      bold             deal.yaml:20
  %52  less 90, [previous lab.USD]                  boolean      for rich.fires
  %53  not [previous rich]                          boolean      for rich.fires
  %54  and %52, %53                                 boolean      rich.fires       deal.yaml:19
  %55  or [previous rich], %54                      boolean      rich             deal.yaml:19
  %57  select %49, %55, [previous rich by 2025-03]  boolean      rich by 2025-03  deal.yaml:22

End, after 2025-03
  %58  not %57  boolean  future other  deal.yaml:1

Outputs, read after each simulated month
  %34  output                             USD      lab.USD  deal.yaml:7
  %28  output [previous delay in late 1]  1        late     deal.yaml:15
  %47  output                             boolean  bold     deal.yaml:20

Figures, read after the last month
  %57  figure  boolean  future well   deal.yaml:22
  %58  figure  boolean  future other  deal.yaml:1

Memories, carried as a month closes
  %56  carry false                   boolean  rich by 2025-03, start at now         deal.yaml:22
  %56  carry %57                     boolean  rich by 2025-03, simulated months     deal.yaml:22
  %50  carry false                   boolean  rich, start at now                    deal.yaml:19
  %50  carry %55                     boolean  rich, simulated months                deal.yaml:19
  %35  carry false                   boolean  bold, start at now                    deal.yaml:20
  %35  carry %47                     boolean  bold, simulated months                deal.yaml:20
  %28  carry [table luck on record]  1        delay in late 1, start of the record  deal.yaml:15
  %28  carry %65                     1        delay in late 1, record months        deal.yaml:15
  %28  carry %22                     1        delay in late 1, simulated months     deal.yaml:15
  %7   carry [table luck on record]  1        luck, start of the record             deal.yaml:12
  %7   carry %65                     1        luck, record months                   deal.yaml:12
  %7   carry %22                     1        luck, simulated months                deal.yaml:12
  %0   carry 50                      USD      lab.USD, start at now                 deal.yaml:7
  %0   carry %34                     USD      lab.USD, simulated months             deal.yaml:7"""

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
        ("%2", "1", "", "", ""),
        ("%0", "part", "1", "assumption: 10% to 30%", "deal.yaml:9"),
        ("%1", "multiply part, part", "", "for kept", ""),
        ("%3", "add %1, 1", "1", "kept", "deal.yaml:13"),
        ("%3", "output", "1", "kept", "deal.yaml:13"),
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
        told = {one.equation or one.serves for one in readers[line.slot] if one.note != "needed by nothing"}
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
    told = {line.cells()[1]: line.cells()[3] for line in lines(shown, *HOISTED)}
    (shared,) = (line.slot for line in lines(shown, *HOISTED) if line.operands == ("a", "b"))
    assert told["multiply a, b"] == ""
    assert told[f"multiply %{shared}, 2"] == "for one"
    assert told["exponential a"] == "for one"
    assert told["exponential 3"] == "for other"


def test_a_value_that_is_an_equation_s_at_its_start_alone_says_so() -> None:
    """2 * 3 is computed once, and is what `prev` gives in the first month; what it gives later is another slot."""
    shown = listed(small(variables="x: {is: 'prev(x, start = 2 * 3) + 1', assumed: g}"), "x")
    (line,) = lines(shown, "once")
    assert line.cells()[1:4] == ("multiply 2, 3", "1", "prev in x, start at now")
    (after,) = (line for line in lines(shown, "carried") if line.when == "simulated months")
    assert after.sources == (lines(shown, "outputs")[0].slot,)


def test_an_equation_equal_to_a_part_of_another_is_named_where_it_is_read() -> None:
    text = small(
        assumptions="a: {value: 1 to 2, assumed: g}", variables="x: {is: exp(a) + 1, assumed: g}\ny: {is: exp(a)}"
    )
    part, whole = lines(listed(text, "x", "y"), "once a path")
    assert (part.operation, part.equation) == ("exponential", "y")
    assert (whole.operation, whole.equation) == ("add", "x")


def test_what_nothing_needs_says_so() -> None:
    """Both ways of the choice are the same, so that nothing asks which it is."""
    text = small(
        assumptions="a: {value: 1 to 2, assumed: g}", variables="x: {is: if a < 2 then a + 1 else a + 1, assumed: g}"
    )
    told = {line.cells()[1]: line.cells()[3] for line in lines(listed(text, "x"), "once a path")}
    assert told == {"less a, 2": "needed by nothing", "add a, 1": "x"}


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
    assert data["counts"]["instructions"] == 43
    assert data["instructions"]["simulated months"] == len(data["sections"]["simulated months"]) == 24
    assert data["sections"]["start at now"] == []
    assert data["sections"]["once a path"][1] == {
        "slot": 26,
        "operation": "add",
        "operands": ["%25", "1"],
        "sources": [25, 10],
        "boolean": False,
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
