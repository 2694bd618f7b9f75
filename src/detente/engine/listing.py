"""The listing: a program as text for a reader who wants to know what exactly is computed, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from detente.engine.program import PHASES, Instruction, Phase, Program, Rate, compile_graph
from detente.graph.events import choice, exponential_draw
from detente.graph.model import Graph
from detente.graph.status import switch
from detente.lang.printer import print_expression
from detente.text.diagnostic import did_you_mean
from detente.text.place import NOWHERE, Place
from detente.text.written import Month, month_text

RATES: dict[Rate, str] = {"once": "once", "path": "once a path", "month": "once a month"}
SPANS: dict[Phase, str] = {
    "record start": "start of the record",
    "record": "record months",
    "start": "start at now",
    "month": "simulated months",
    "end": "end",
}
"""What rates and phases are called, in the order in which they run."""

WORD = re.compile(r"[\w.]+")


@dataclass(frozen=True, slots=True)
class Line:
    """What is given in a slot, computed into it (`operation` of `operands`, which stand in the slots `sources`),
    carried into it or read from it.

    `equation` is the equation or figure whose value it is, where that is certain (`when`: in that phase), and `unit`
    the base unit of that value; `serves` is the only equation or figure that needs it. `finite` says that the run ends
    where it is not finite in a simulated month. `note` says what is given.
    """

    slot: int
    operation: str
    operands: tuple[str, ...]
    sources: tuple[int, ...] = ()
    boolean: bool = False
    finite: bool = False
    equation: str = ""
    when: str = ""
    serves: str = ""
    note: str = ""
    unit: str = ""
    place: Place = NOWHERE

    def as_data(self) -> dict[str, Any]:
        """The line as plain data."""
        return {
            "slot": self.slot,
            "operation": self.operation,
            "operands": list(self.operands),
            "sources": list(self.sources),
            "boolean": self.boolean,
            "finite": self.finite,
            "equation": self.equation,
            "when": self.when,
            "serves": self.serves,
            "note": self.note,
            "unit": self.unit,
            "place": {"file": self.place.file, "line": self.place.line, "column": self.place.column},
        }

    def cells(self) -> tuple[str, ...]:
        """The line as text, by column: slot, what it is, type or unit, whether it is held to be finite, name, place."""
        what = f"{self.operation} {', '.join(self.operands)}".strip()
        name = self.note or ", ".join(filter(None, (self.equation, self.when)))
        if self.serves:
            name = f"for {self.serves}"
        place = f"{self.place.file}:{self.place.line}" if self.place.line else ""
        kind, finite = "boolean" if self.boolean else self.unit, "finite" if self.finite else ""
        return f"%{self.slot}", what, kind, finite, name, place


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together; `key` names the section in data."""

    key: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A program in sections, in the order in which they run; `instructions` counts those of each rate and phase."""

    title: str
    counts: dict[str, int]
    instructions: dict[str, int]
    sections: tuple[Section, ...]

    def __str__(self) -> str:
        lines = [
            self.title,
            ", ".join(f"{what}: {count}" for what, count in self.counts.items()),
            ", ".join(f"{part}: {count}" for part, count in self.instructions.items()),
            "values in base units: currency, month, MW, share",
            "finite: in every simulated month, or the run ends",
        ]
        for section in self.sections:
            if section.lines:
                lines += ["", section.title, *_aligned([line.cells() for line in section.lines])]
        return "\n".join(lines)

    def as_data(self) -> dict[str, Any]:
        """The listing as plain data; sections without lines are there and empty."""
        return {
            "title": self.title,
            "counts": self.counts,
            "instructions": self.instructions,
            "sections": {section.key: [line.as_data() for line in section.lines] for section in self.sections},
        }


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{cell:{width}s}" for cell, width in zip(row, widths, strict=True) if width)
        yield f"  {'  '.join(cells)}".rstrip()


def program_of(graph: Graph, outputs: Sequence[str] = ()) -> Program:
    """The program that gives these outputs; without any, what a run of the deal computes: its outputs and futures.

    Raises:
        ValueError: for outputs that are not there, with the names that are near them.
    """
    unknown = [name for name in outputs if name not in graph.equations]
    if unknown:
        near = {name: " ".join(did_you_mean(name, graph.equations)) for name in unknown}
        told = (f"'{name}': {hint}" if hint else f"'{name}'" for name, hint in near.items())
        raise ValueError(f"there is no series {'; '.join(told)}")
    if outputs:
        return compile_graph(graph, tuple(dict.fromkeys(outputs)), ())
    futures = tuple(key for key in graph.measures if key.startswith("future "))
    return compile_graph(graph, tuple(graph.deal.outputs) or tuple(graph.deal.variables), futures)


def listing(graph: Graph, program: Program) -> Listing:
    """A program of a graph, made readable. Values stand in base units (currency, month, MW, share)."""
    reader = _Reader(graph, program)
    now, last = graph.deal.now, graph.deal.last
    spans: dict[Phase, str] = {
        "record start": month_text(graph.start),
        "record": _span(graph.start + 1, now),
        "start": month_text(now),
        "month": _span(now + 1, last),
        "end": f"after {month_text(last)}",
    }
    sections = [
        Section("constants", "Given: constants", tuple(reader.constants())),
        Section("arguments", "Given: arguments, a value a path", tuple(reader.arguments())),
        Section("tables", "Given: tables, a value a month", tuple(reader.tables())),
        Section("draws", "Given: draws, a value a path and month", tuple(reader.draws())),
        Section("memories", "Given: memories, what was carried into the month", tuple(reader.memories())),
    ]
    for rate, title in RATES.items():
        lines = tuple(reader.hoisted(one) for one in program.hoisted[rate])
        sections.append(Section(title, title.capitalize(), lines))
    for phase, title in SPANS.items():
        lines = tuple(reader.computed(one, one.equation) for one in program.code[phase])
        sections.append(Section(title, f"{title.capitalize()}, {spans[phase]}", lines))
    sections += [
        Section("outputs", "Outputs, read after each simulated month", tuple(reader.read("output", program.outputs))),
        Section("on record", "Outputs on record", tuple(reader.read("output", program.record_outputs))),
        Section("figures", "Figures, read after the last month", tuple(reader.read("figure", program.measures))),
        Section("carried", "Memories, carried as a month closes", tuple(reader.carried())),
    ]
    title = f"{graph.deal.title}: the program of a run from {month_text(now)} to {month_text(last)}"
    return Listing(title, _counts(program), _instructions(program), tuple(sections))


def _span(first: Month, last: Month) -> str:
    if first > last:
        return "none"
    return month_text(first) if first == last else f"{month_text(first)} to {month_text(last)}"


def _counts(program: Program) -> dict[str, int]:
    code = (*program.hoisted.values(), *program.code.values())
    named = {one.equation for part in code for one in part if one.equation}
    return {
        "instructions": sum(map(len, code)),
        "equations named": len(named | {*program.outputs} | {memory.equation for memory in program.memories}),
        "arguments": len(program.arguments),
        "draws a month": len(program.normals) + len(program.uniforms),
        "memories": len(program.memories),
    }


def _instructions(program: Program) -> dict[str, int]:
    by_rate = {title: len(program.hoisted[rate]) for rate, title in RATES.items()}
    return by_rate | {title: len(program.code[phase]) for phase, title in SPANS.items()}


def _number(value: float, boolean: bool) -> str:
    if boolean:
        return "true" if value else "false"
    return "absent" if value != value else repr(float(value)).removesuffix(".0")


def _label(name: str) -> str:
    """A name as an operand: in brackets unless it is one word, for names have commas."""
    return name if WORD.fullmatch(name) else f"[{name}]"


@dataclass
class _Reader:
    """Reads a program with its graph. `labels` say how slots are written as operands."""

    graph: Graph
    program: Program
    labels: dict[int, str] = field(default_factory=dict)
    told: dict[str, dict[Phase, int]] = field(default_factory=dict)
    values: dict[int, str] = field(default_factory=dict)
    needed_by: dict[int, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        program = self.program
        self.labels = {slot: _number(value, slot in program.booleans) for slot, value in program.constants.items()}
        self.labels |= {slot: _label(name) for name, slot in program.arguments.items()}
        self.labels |= {slot: f"[table {name}]" for name, slot in program.tables.items()}
        self.labels |= {slot: f"[normal {name}]" for name, slot in program.normals.items()}
        self.labels |= {slot: f"[uniform {name}]" for name, slot in program.uniforms.items()}
        self.labels |= {memory.slot: f"[previous {memory.equation}]" for memory in program.memories}
        # -1 says that there is no such slot: nothing reads it, and no label of it is seen
        self.labels |= {one.earlier: f"[previous {one.equation} at now]" for one in program.memories}
        self.labels[program.month_slot] = "[calendar month]"
        self.told = {memory.equation: dict(memory.sources) for memory in program.memories}
        for name, slot in program.record_outputs.items():
            self.told.setdefault(name, {})["record"] = slot
        for name, slot in program.outputs.items():
            self.told.setdefault(name, {})["month"] = slot
        for name, slot in (*program.outputs.items(), *program.measures.items()):
            self.values.setdefault(slot, name)
        self.needed_by = self._needs()

    def _needs(self) -> dict[int, set[str]]:
        """By slot the equations that need it: those whose value reads it, directly or through slots without a name."""
        program = self.program
        found: dict[int, set[str]] = {}

        def need(slots: Iterable[int], names: set[str]) -> None:
            for slot in slots:
                found.setdefault(slot, set()).update(names)

        for memory in program.memories:
            need(memory.sources.values(), {memory.equation})
        for name, slot in (*program.outputs.items(), *program.record_outputs.items(), *program.measures.items()):
            need((slot,), {name})
        code = [one for part in (*program.hoisted.values(), *program.code.values()) for one in part]
        for one in reversed(code):  # what reads a slot stands after what fills it
            need(one.sources, {one.equation} if one.equation else found.get(one.target, set()))
        return found

    def operand(self, slot: int) -> str:
        return self.labels.get(slot, f"%{slot}")

    def given(self, slot: int, note: str = "", unit: str = "", place: Place = NOWHERE) -> Line:
        boolean = slot in self.program.booleans
        finite = slot in self.program.watched
        return Line(slot, "", (self.operand(slot),), boolean=boolean, finite=finite, note=note, unit=unit, place=place)

    def constants(self) -> Iterator[Line]:
        return (self.given(slot) for slot in self.program.constants)

    def arguments(self) -> Iterator[Line]:
        graph, deal = self.graph, self.graph.deal
        choices = {choice(name): name for name in graph.choices}
        draws = {exponential_draw(name): name for name in graph.hazards}
        switches = {switch(name): name for name in graph.switches}
        for name, slot in self.program.arguments.items():
            if name in graph.inputs:
                one = graph.inputs[name]
                filed = f": {print_expression(deal.assumptions[name].value)}" if name in deal.assumptions else ""
                note = f"{'assumption' if filed else 'input'}{filed}"
                yield self.given(slot, note, str(one.distribution.unit), one.place)
            elif name in choices:
                policies = enumerate(graph.choices[choices[name]])
                note = ", ".join(f"{number} is {policy.text}" for number, policy in policies)
                yield self.given(slot, note, place=deal.events[choices[name]].place)
            elif name in draws:
                owner = draws[name]
                place = deal.events[owner].place if owner in deal.events else deal.terms()[owner].place
                yield self.given(slot, "standard exponential", place=place)
            else:
                yield self.given(slot, "whether the term is on", place=deal.terms()[switches[name]].place)

    def tables(self) -> Iterator[Line]:
        if self.program.month_slot >= 0:
            now = self.graph.deal.now
            yield self.given(self.program.month_slot, f"{now} is {month_text(now)}")
        for name, slot in self.program.tables.items():
            table = self.graph.tables[name]
            last = table.first + len(table.values) - 1
            yield self.given(slot, f"{_span(table.first, last)}, level outside")

    def draws(self) -> Iterator[Line]:
        for slot in self.program.normals.values():
            yield self.given(slot, "standard normal")
        for slot in self.program.uniforms.values():
            yield self.given(slot, "even from 0 to 1")

    def memories(self) -> Iterator[Line]:
        for memory in self.program.memories:
            one = self.graph.equations[memory.equation]
            for slot in (memory.slot, memory.earlier):
                if slot >= 0:
                    yield self.given(slot, unit=str(one.formula.unit), place=one.place)

    def hoisted(self, one: Instruction) -> Line:
        """An instruction outside the phases: it may be the value of its equation in some of them alone."""
        if not one.equation:
            return self.computed(one, "")
        equation, told = self.graph.equations[one.equation], self.told.get(one.equation, {})
        phases = [phase for phase, slot in told.items() if slot == one.target]
        if "month" in phases or (equation.initial is None and equation.record is None):
            return self.computed(one, one.equation)
        return self.computed(one, one.equation if phases else "", SPANS[phases[-1]] if phases else "")

    def computed(self, one: Instruction, name: str, when: str = "") -> Line:
        slot, operands = one.target, tuple(self.operand(source) for source in one.sources)
        name = name or self.values.get(slot, "")
        needed, boolean = self.needed_by.get(slot, set()), slot in self.program.booleans
        serves = next(iter(needed)) if len(needed) == 1 and not name else ""
        unit, place = self.about(name)
        return Line(
            slot=slot,
            operation=one.operation,
            operands=operands,
            sources=one.sources,
            boolean=boolean,
            finite=slot in self.program.watched,
            equation=name,
            when=when,
            serves=serves,
            unit=unit,
            place=place,
        )

    def about(self, name: str) -> tuple[str, Place]:
        """The unit and place of an equation or figure."""
        one = self.graph.equations.get(name) or self.graph.measures.get(name)
        return (str(one.formula.unit), one.place) if one else ("", NOWHERE)

    def read(self, what: str, slots: dict[str, int]) -> Iterator[Line]:
        for name, slot in slots.items():
            unit, place = self.about(name)
            operands = () if slot not in self.labels else (self.operand(slot),)
            boolean = slot in self.program.booleans
            yield Line(slot, what, operands, (slot,), boolean, equation=name, unit=unit, place=place)

    def carried(self) -> Iterator[Line]:
        for memory in self.program.memories:
            moved = [(memory.slot, memory.sources[phase], SPANS[phase]) for phase in PHASES if phase in memory.sources]
            if memory.earlier >= 0:
                moved.append((memory.earlier, memory.slot, "as the month of now opens"))
            unit, place = self.about(memory.equation)
            for slot, source, when in moved:
                yield Line(
                    slot=slot,
                    operation="carry",
                    operands=(self.operand(source),),
                    sources=(source,),
                    boolean=memory.boolean,
                    equation=memory.equation,
                    when=when,
                    unit=unit,
                    place=place,
                )
