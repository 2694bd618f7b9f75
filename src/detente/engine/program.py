"""The program: the graph as straight-line code over numbered slots.

Equal subexpressions share a slot, what no output needs is left out, and every instruction stands where it is computed
least often: once, once a path, once a month, or once a path and month. Only literals are fixed: tables,
assumptions, terms and policies are arguments of the run, so scenarios and sweeps never compile again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import isnan
from typing import Literal

from detente.graph.model import Equation, Graph
from detente.lang.formula import Formula, parts

Rate = Literal["once", "path", "month", "cell"]
Phase = Literal["record start", "record", "start", "month", "end"]
PHASES: tuple[Phase, ...] = ("record start", "record", "start", "month", "end")


@dataclass(frozen=True, slots=True)
class Instruction:
    """`target = operation(sources)`; `equation` is the equation whose value it is, if it is one."""

    operation: str
    target: int
    sources: tuple[int, ...]
    equation: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is carried from month to month: the slot read as the month opens, and the slot it is taken from in a phase
    ("record start", "record", "start", "month"), where the phase gives one. `earlier` is the slot in which what begins
    at `now` sees the value as that month opened (-1 where nothing asks)."""

    equation: str
    slot: int
    earlier: int
    sources: dict[Phase, int]
    boolean: bool


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Straight-line code. `constants`, `arguments`, `tables`, `normals` and `uniforms` say what slots hold before it
    runs; `code` holds the instructions by rate (once, path, month) and, for cells, by phase. `outputs` and `measures`
    are the slots read after each month and after the last; `watched` those that are finite in every simulated month,
    or the run ends with a diagnostic."""

    slots: int
    constants: dict[int, float]
    booleans: frozenset[int]
    arguments: dict[str, int]
    tables: dict[str, int]
    normals: dict[str, int]
    uniforms: dict[str, int]
    month_slot: int
    rates: tuple[Rate, ...]
    hoisted: dict[Rate, tuple[Instruction, ...]]
    code: dict[Phase, tuple[Instruction, ...]]
    memories: tuple[Memory, ...]
    outputs: dict[str, int]
    record_outputs: dict[str, int]
    measures: dict[str, int]
    watched: tuple[int, ...] = ()
    absent: frozenset[str] = frozenset()


@dataclass
class _Compiler:
    graph: Graph
    rates: list[Rate] = field(default_factory=list)
    constants: dict[int, float] = field(default_factory=dict)
    booleans: set[int] = field(default_factory=set)
    arguments: dict[str, int] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    normals: dict[str, int] = field(default_factory=dict)
    uniforms: dict[str, int] = field(default_factory=dict)
    month_slot: int = -1
    hoisted: dict[Rate, list[Instruction]] = field(default_factory=lambda: {"once": [], "path": [], "month": []})
    code: dict[Phase, list[Instruction]] = field(default_factory=lambda: {phase: [] for phase in PHASES})
    seen: dict[tuple[object, ...], int] = field(default_factory=dict)
    made: dict[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    openings: dict[str, int] = field(default_factory=dict)
    earlier: dict[str, int] = field(default_factory=dict)
    values: dict[tuple[Phase, str], int] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)

    def slot(self, rate: Rate, boolean: bool) -> int:
        self.rates.append(rate)
        number = len(self.rates) - 1
        if boolean:
            self.booleans.add(number)
        return number

    def leaf(self, formula: Formula) -> int:
        boolean = formula.kind == "boolean"
        match formula.operation:
            case "constant":
                key: tuple[object, ...] = ("constant", repr(formula.value), boolean)
                if key not in self.seen:
                    self.seen[key] = self.slot("once", boolean)
                    self.constants[self.seen[key]] = formula.value
                return self.seen[key]
            case "parameter":
                if formula.name not in self.arguments:
                    self.arguments[formula.name] = self.slot("path", boolean)
                return self.arguments[formula.name]
            case "series":
                if formula.name not in self.tables:
                    self.tables[formula.name] = self.slot("month", False)
                return self.tables[formula.name]
            case "normal" | "uniform":
                drawn = self.normals if formula.operation == "normal" else self.uniforms
                if formula.name not in drawn:
                    drawn[formula.name] = self.slot("cell", False)
                return drawn[formula.name]
            case _:
                if self.month_slot < 0:
                    self.month_slot = self.slot("month", False)
                return self.month_slot

    def opening(self, name: str) -> int:
        if name not in self.openings:
            self.openings[name] = self.slot("cell", self.equation(name).formula.kind == "boolean")
            self.waiting.append(name)
        return self.openings[name]

    def equation(self, name: str) -> Equation:
        return self.graph.equations[name]

    def value(self, phase: Phase, name: str) -> int:
        """The slot of an equation's value in a phase."""
        if phase == "end":
            return self.value("month", name)
        if (phase, name) in self.values:
            return self.values[phase, name]
        equation = self.equation(name)
        told = equation.record if equation.record is not None else equation.formula
        if (phase, equation.memory) in (("record start", "record"), ("start", "now")):
            assert equation.initial is not None
            formula = equation.initial
        elif phase == "start" and equation.memory == "record":
            slot = self.opening(name)
            self.values[phase, name] = slot
            return slot
        else:
            formula = equation.formula if phase == "month" else told
        slot = self.number(phase, formula, name)
        self.values[phase, name] = slot
        return slot

    def number(self, phase: Phase, formula: Formula, equation: str = "") -> int:
        """The slot of a formula in a phase; without recursion over long chains of references."""
        if formula.operation == "reference":
            return self.value(phase, formula.name)
        if formula.operation == "opening" and phase == "record start":
            return self.value(phase, formula.name)
        if formula.operation == "opening":
            slot = self.opening(formula.name)
            if phase != "start":
                return slot
            if formula.name not in self.earlier:
                self.earlier[formula.name] = self.slot("cell", slot in self.booleans)
            return self.earlier[formula.name]
        if not formula.arguments:
            return self.leaf(formula)
        sources = tuple(self.number(phase, argument) for argument in formula.arguments)
        if formula.operation == "or":
            sources = self.without_doubling(sources)
        folded = self.fold(formula, sources)
        if folded is not None:
            return folded
        rate = _joined([self.rates[source] for source in sources])
        key = (phase if rate == "cell" else "", formula.operation, sources)
        if key not in self.seen:
            target = self.slot(rate, formula.kind == "boolean")
            self.seen[key] = target
            self.made[target] = (formula.operation, sources)
            instruction = Instruction(formula.operation, target, sources, equation)
            if rate == "cell":
                self.code[phase].append(instruction)
            else:
                self.hoisted[rate].append(instruction)
        return self.seen[key]

    def without_doubling(self, sources: tuple[int, ...]) -> tuple[int, ...]:
        """Of `x or (y and not x)` only `x or y`: what has happened, or happens now and had not."""
        for x, other in (sources, sources[::-1]):
            operation, both = self.made.get(other, ("", ()))
            if operation == "and":
                for y, negated in (both, both[::-1]):
                    if self.made.get(negated) == ("not", (x,)):
                        return x, y
        return sources

    def watched(self, outputs: tuple[str, ...]) -> tuple[int, ...]:
        """The slots of what must be finite in a simulated month: outputs, memories, and all that may fail."""
        found: list[int] = []
        for (phase, name), slot in self.values.items():
            equation = self.equation(name)
            if phase != "month" or slot in self.booleans or slot in self.constants or may_be_nan(equation):
                continue
            if name in outputs or name in self.openings or _may_fail(equation.formula):
                found.append(slot)
        return tuple(dict.fromkeys(found))

    def fold(self, formula: Formula, sources: tuple[int, ...]) -> int | None:
        """A choice or truth settled by literals alone, or a number that one or zero leaves as it is; nothing that
        rounds. (The sign of a zero may go: no operation looks at it.)"""
        known = [self.constants.get(source) for source in sources]
        match formula.operation:
            case "divide" | "multiply" if known[1] == 1.0:
                return sources[0]
            case "multiply" if known[0] == 1.0:
                return sources[1]
            case "add" | "subtract" if known[1] == 0.0:
                return sources[0]
            case "add" if known[0] == 0.0:
                return sources[1]
            case "select" if known[0] is not None:
                return sources[1] if known[0] else sources[2]
            case "select" if sources[1] == sources[2]:
                return sources[1]
            case "and" | "or":
                neutral = 1.0 if formula.operation == "and" else 0.0
                for mine, other in ((0, 1), (1, 0)):
                    if known[mine] is not None:
                        return sources[other] if known[mine] == neutral else sources[mine]
            case "less" | "less_equal" | "equal" if None not in known:
                left, right = known[0], known[1]
                assert left is not None
                assert right is not None
                holds = {"less": left < right, "less_equal": left <= right, "equal": left == right}[formula.operation]
                return self.leaf(Formula("constant", kind="boolean", value=float(holds)))
            case "not" if known[0] is not None:
                return self.leaf(Formula("constant", kind="boolean", value=1.0 - known[0]))
        return None


_MAY_FAIL = ("logarithm", "square_root", "power", "exponential")


def _may_fail(formula: Formula) -> bool:
    """Whether an equation's own operations can make of finite numbers one that is not, other than by sheer size."""
    return any(
        one.operation in _MAY_FAIL
        or (one.operation == "divide" and (one.arguments[1].operation != "constant" or not one.arguments[1].value))
        for one in parts(formula)
    )


def may_be_absent(equation: Equation) -> bool:
    """Whether a quantity may have no value at the end of a path (R7): it is kept from an event that may not come."""
    return equation.formula.absent and equation.formula.kind != "boolean"


def may_be_nan(equation: Equation) -> bool:
    """Whether nan is no fault in it: it may be absent, or is not there until its date."""
    begins = equation.initial
    return may_be_absent(equation) or (begins is not None and begins.operation == "constant" and isnan(begins.value))


def _joined(rates: list[Rate]) -> Rate:
    if "cell" in rates or ("path" in rates and "month" in rates):
        return "cell"
    return "path" if "path" in rates else "month" if "month" in rates else "once"


def _needed(program: Program) -> Program:
    """The program without what nothing reads: a choice that was settled may leave its other side behind."""
    read = {*program.outputs.values(), *program.record_outputs.values(), *program.measures.values(), *program.watched}
    before = -1
    while len(read) > before:
        before = len(read)
        carried = [one for one in program.memories if one.slot in read or one.earlier in read]
        read |= {slot for one in carried for slot in one.sources.values()}
        code = {phase: _read(program.code[phase], read) for phase in reversed(PHASES)}
        rates: tuple[Rate, ...] = ("month", "path", "once")
        hoisted = {rate: _read(program.hoisted[rate], read) for rate in rates}
    return replace(
        program,
        hoisted={rate: hoisted[rate] for rate in program.hoisted},
        code={phase: code[phase] for phase in PHASES},
        constants={slot: value for slot, value in program.constants.items() if slot in read},
        arguments={name: slot for name, slot in program.arguments.items() if slot in read},
        tables={name: slot for name, slot in program.tables.items() if slot in read},
        normals={name: slot for name, slot in program.normals.items() if slot in read},
        uniforms={name: slot for name, slot in program.uniforms.items() if slot in read},
        memories=tuple(carried),
    )


def _read(code: tuple[Instruction, ...], read: set[int]) -> tuple[Instruction, ...]:
    """The instructions whose targets are read after them; what they read is added."""
    kept: list[Instruction] = []
    for one in reversed(code):
        if one.target in read:
            read.update(one.sources)
            kept.append(one)
    return tuple(reversed(kept))


@lru_cache(maxsize=32)
def compile_graph(graph: Graph, outputs: tuple[str, ...], measures: tuple[str, ...], traced: bool = False) -> Program:
    """The program that gives the `outputs` after each month and the `measures` after the last; with `traced`, the
    outputs that can be told on the record are given there too."""
    compiler = _Compiler(graph)
    found = {name: compiler.value("month", name) for name in outputs}
    record = {name: compiler.value("record", name) for name in outputs if traced and compiler.equation(name).on_record}
    read = {key: compiler.number("end", graph.measures[key].formula) for key in measures}
    memories: list[Memory] = []
    while compiler.waiting:
        name = compiler.waiting.pop()
        equation = compiler.equation(name)
        sources: dict[Phase, int] = {"month": compiler.value("month", name)}
        if equation.memory == "record":
            sources["record start"] = compiler.value("record start", name)
            sources["record"] = compiler.value("record", name)
        else:
            sources["start"] = compiler.value("start", name)
        memories.append(
            Memory(
                name,
                compiler.openings[name],
                compiler.earlier.get(name, -1),
                sources,
                equation.formula.kind == "boolean",
            )
        )
    program = Program(
        len(compiler.rates),
        compiler.constants,
        frozenset(compiler.booleans),
        compiler.arguments,
        compiler.tables,
        compiler.normals,
        compiler.uniforms,
        compiler.month_slot,
        tuple(compiler.rates),
        {rate: tuple(code) for rate, code in compiler.hoisted.items()},
        {phase: tuple(code) for phase, code in compiler.code.items()},
        tuple(memories),
        found,
        record,
        read,
        compiler.watched(outputs),
        frozenset(name for name in outputs if may_be_absent(compiler.equation(name)))
        | {key for key in measures if graph.measures[key].formula.absent},
    )
    return _needed(program)
