"""A program as one function of vector code.

The function runs lanes `first` to `last`, so many at a time as a vector has, each from the start of the record to the
last month, with everything a path carries in an arena of a few dozen kilobytes that stays in the nearest cache:

    void run(first, last, path of lane 0, seed, arena, columns, series, start, now, last month, outputs, row of outputs,
             measures, row of measures, watched, central)

`columns` are pointers to the arguments, a float a lane; `series` holds what changes by month alone, one row a month;
`outputs` and `measures` are rows of lanes, `watched` a float a lane, which is zero where all that is watched was finite
and NaN elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isnan

from detente.engine import maths
from detente.engine.native import draws
from detente.engine.native.assembly import Body, Vector, function, greatest, least, module
from detente.engine.native.finite import looked_at, unsure
from detente.engine.program import Instruction, Phase, Program
from detente.engine.random import MONTHS_IN_BLOCK, driver_key

ENTRY = "run"

PARAMETERS = (
    "i64 %first", "i64 %last", "i64 %path", "i64 %seed", "ptr noalias %arena", "ptr noalias %columns",
    "ptr noalias %series", "i64 %start", "i64 %now", "i64 %end", "ptr noalias %outputs", "i64 %output_row",
    "ptr noalias %measures", "i64 %measure_row", "ptr noalias %watched", "i64 %central",
)  # fmt: skip

_SIMPLE: dict[str, Callable[..., Vector]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "equal": lambda x, y: x == y,
    "and": lambda x, y: x & y,
    "or": lambda x, y: x | y,
    "not": lambda x: ~x,
}

_CALLED: dict[str, Callable[..., Vector]] = {"logarithm": maths.log, "power": maths.power}
"""Operations that are functions of their own."""


def applied(body: Body, operation: str, values: list[Vector], sure: tuple[bool, ...]) -> Vector:
    """An operation of a program on vectors; the same bits as `engine.kernel.OPERATIONS` but for the sign of a zero,
    which no operation of a program looks at. `sure` says of each value that it is no nan."""
    if operation in _SIMPLE:
        return _SIMPLE[operation](*values)
    match operation:
        case "divide":
            return values[0] / (values[1] + 0.0)
        case "minimum":
            return least(body, values[0], values[1], sure[0], sure[1])
        case "maximum":
            return greatest(body, values[0], values[1], sure[0], sure[1])
        case "select":
            return body.choose(*values)
        case "negative":
            return body.vector("double", f"fneg {body.type_of('double')} {values[0].name}")
        case "absolute":
            return body.intrinsic("fabs", values[0])
        case "square_root":
            return body.sqrt(values[0])
        case "floor":
            return body.floor(values[0])
        case "exponential":  # in place, where it need not empty all registers first
            found: Vector = maths.exp(*values, on=body)
            return found
        case _:
            return body.call("double", operation, *values)


@dataclass(frozen=True)
class Layout:
    """Where a program keeps its slots: cells of the arena, each one vector, and places in a row of the series."""

    cells: dict[int, int]
    series: dict[int, int]
    draws: dict[int, int]
    size: int

    @classmethod
    def of(cls, program: Program) -> Layout:
        kept = [*program.arguments.values(), *(one.target for one in program.hoisted["path"])]
        kept += [memory.slot for memory in program.memories]
        kept += [memory.earlier for memory in program.memories if memory.earlier >= 0]
        cells = {slot: number for number, slot in enumerate(kept)}
        drawn = (*program.normals.values(), *program.uniforms.values())
        draws_ = {slot: len(cells) + number * MONTHS_IN_BLOCK for number, slot in enumerate(drawn)}
        by_month = [one.target for rate in ("once", "month") for one in program.hoisted[rate]]
        by_month = [*program.tables.values(), *by_month] + ([program.month_slot] if program.month_slot >= 0 else [])
        series = {slot: number for number, slot in enumerate(by_month)}
        return cls(cells, series, draws_, len(cells) + len(draws_) * MONTHS_IN_BLOCK + 1)

    @property
    def fault(self) -> int:
        """The cell in which what is not finite is gathered."""
        return self.size - 1


@dataclass
class _Writer:
    program: Program
    layout: Layout
    body: Body
    month: str = "%start"
    row: str = "%series"
    known: dict[int, Vector] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    unsure: frozenset[int] | None = None  # which slots may be nan, once that is known

    def cell(self, number: int) -> str:
        return self.body.address("%arena", number * self.body.bytes_of("double"))

    def read(self, slot: int) -> Vector:
        """The value of a slot where it is asked for."""
        if slot not in self.known:
            self.known[slot] = self.fetched(slot)
        return self.known[slot]

    def fetched(self, slot: int) -> Vector:
        body, boolean = self.body, slot in self.program.booleans
        if slot in self.program.constants:
            return body.splat("i1" if boolean else "double", self.program.constants[slot])
        if slot in self.layout.series:
            value = body.scalar(f"load double, ptr {body.address(self.row, self.layout.series[slot] * 8)}")
            if boolean:
                return body.spread("i1", body.scalar(f"fcmp une double {value}, 0.0"))
            return body.spread("double", value)
        if slot in self.layout.draws:
            word = body.scalar(f"and i64 {self.month}, {MONTHS_IN_BLOCK - 1}")
            offset = body.scalar(f"mul i64 {word}, {body.bytes_of('double')}")
            return body.load("double", body.address(self.cell(self.layout.draws[slot]), offset), body.aligned)
        address = self.cell(self.layout.cells[slot])
        if boolean:
            return body.vector(
                "i1",
                f"bitcast i{body.lanes} {body.scalar(f'load i{body.lanes}, ptr {address}')} to {body.type_of('i1')}",
            )
        return body.load("double", address, body.aligned)

    def is_number(self, slot: int) -> bool:
        if slot in self.program.constants:
            return not isnan(self.program.constants[slot])
        return self.unsure is not None and slot not in self.unsure

    def keep(self, slot: int, value: Vector) -> None:
        """Into the arena."""
        address = self.cell(self.layout.cells[slot])
        if value.kind == "i1":
            self.body.line(f"store i{self.body.lanes} {self.body.truths(value)}, ptr {address}")
        else:
            self.body.store(value, address, self.body.aligned)

    def as_number(self, slot: int) -> Vector:
        value = self.read(slot)
        return self.body.choose(value, 1.0, 0.0) if value.kind == "i1" else value + 0.0  # a zero without a sign

    def run(self, code: tuple[Instruction, ...]) -> None:
        for one in code:
            values = [self.read(source) for source in one.sources]
            sure = tuple(self.is_number(source) for source in one.sources)
            self.known[one.target] = applied(self.body, one.operation, values, sure)
            if one.operation in _CALLED:
                self.called.add(one.operation)

    def carry(self, phase: Phase) -> None:
        """What the phase leaves is what the next month opens with."""
        moved = [(one.slot, self.read(one.sources[phase])) for one in self.program.memories if phase in one.sources]
        for slot, value in moved:
            self.keep(slot, value)

    def draw(self, phase: Phase, anew: str | None) -> None:
        """Draw what a phase reads: four months at once, where a block of them begins or nothing is drawn yet."""
        program, body = self.program, self.body
        used = {source for one in program.code[phase] for source in one.sources}
        used |= {memory.sources[phase] for memory in program.memories if phase in memory.sources}
        if phase == "month":
            used |= {source for one in program.code["end"] for source in one.sources}
            used |= {*program.outputs.values(), *program.measures.values(), *program.watched}
        drawn = [
            (kind, name, slot)
            for kind, slots in (("normal", program.normals), ("uniform", program.uniforms))
            for name, slot in slots.items()
            if slot in used
        ]
        if not drawn:
            return
        condition = body.scalar("icmp eq i64 %central, 0")
        if anew is not None:
            word = body.scalar(f"and i64 {self.month}, {MONTHS_IN_BLOCK - 1}")
            begins = body.scalar(f"icmp eq i64 {word}, 0")
            first = body.scalar(f"icmp eq i64 {self.month}, {anew}")
            condition = body.scalar(f"and i1 {condition}, {body.scalar(f'or i1 {begins}, {first}')}")
        with body.where(condition):
            block = body.scalar(f"sdiv i64 {self.month}, {MONTHS_IN_BLOCK}")
            path = body.scalar("add i64 %path, %lane")
            for kind, name, slot in drawn:
                given = f"i64 {path}, i64 {block}, i64 {driver_key(name)}, i64 %seed"
                body.line(f"call void @fill_{kind}({given}, ptr {self.cell(self.layout.draws[slot])})")
                self.called.add(f"fill_{kind}")

    def at_month(self, month: str) -> None:
        """From here on what changes by month is read in this month."""
        self.month = month
        number = self.body.scalar(f"sub i64 {month}, %start")
        self.row = self.body.address(
            "%series", self.body.scalar(f"mul i64 {number}, {max(len(self.layout.series), 1) * 8}")
        )
        self.known = {}

    def output(self, rows: str, row: str, number: int | str, slot: int) -> None:
        place = self.body.scalar(f"add i64 %lane, {self.body.scalar(f'mul i64 {number}, {row}')}")
        self.body.store(self.as_number(slot), self.body.address(rows, self.body.scalar(f"mul i64 {place}, 8")))


def assembled(program: Program, lanes: int) -> str:
    """The module of a program, for vectors of so many lanes."""
    body = Body(lanes)
    writer = _Writer(program, Layout.of(program), body)
    with body.loop("%first", "%last", lanes) as lane:
        body.line(f"%lane = add i64 {lane}, 0")
        _lane(writer)
    body.line("ret void")
    helpers = [_helper(name, lanes) for name in sorted(writer.called)]
    texts = [text for text, _ in helpers] + [function(ENTRY, "void", PARAMETERS, body, exported=True)]
    return module(texts, [body, *(one for _, one in helpers)])


def _lane(writer: _Writer) -> None:
    """One vector of lanes from the start of the record to the last month."""
    program, layout, body = writer.program, writer.layout, writer.body
    zero = body.splat("double", 0.0)
    body.store(zero, writer.cell(layout.fault), body.aligned)
    if layout.draws:
        with body.where(body.scalar("icmp ne i64 %central, 0")):
            for first in layout.draws.values():
                for number in range(MONTHS_IN_BLOCK):
                    body.store(zero, writer.cell(first + number), body.aligned)
    bytes_before = body.scalar("mul i64 %lane, 8")
    for number, slot in enumerate(program.arguments.values()):
        column = body.scalar(f"load ptr, ptr {body.address('%columns', number * 8)}")
        value = body.load("double", body.address(column, bytes_before))
        writer.known[slot] = value != 0.0 if slot in program.booleans else value
        writer.keep(slot, writer.known[slot])
    writer.run(program.hoisted["path"])
    for one in program.hoisted["path"]:
        writer.keep(one.target, writer.known[one.target])
    for memory in program.memories:
        if memory.earlier >= 0:  # not known, unless a month of the record tells it
            unknown = body.splat("i1", 1) if memory.boolean else body.splat("double", float("nan"))
            writer.keep(memory.earlier, unknown)
    _once(writer, "record start", "%start")
    months = body.scalar("add i64 %start, 1")
    with body.loop(months, body.scalar("add i64 %now, 1")) as month:
        writer.at_month(month)
        writer.draw("record", months)
        writer.run(program.code["record"])
        for memory in program.memories:
            if memory.earlier >= 0:
                writer.keep(memory.earlier, writer.read(memory.slot))
        writer.carry("record")
    _once(writer, "start", "%now")
    opening = body.scalar("add i64 %now, 1")
    with body.loop(opening, body.scalar("add i64 %end, 1")) as month:
        writer.at_month(month)
        writer.draw("month", opening)
        writer.unsure = unsure(program)
        writer.run(program.code["month"])
        _watch(writer, looked_at(program))
        since = body.scalar(f"sub i64 {month}, {opening}")
        count = body.scalar("sub i64 %end, %now")
        for number, slot in enumerate(program.outputs.values()):
            place = body.scalar(f"add i64 {body.scalar(f'mul i64 {count}, {number}')}, {since}")
            writer.output("%outputs", "%output_row", place, slot)
        if program.measures or program.watched:
            with body.where(body.scalar(f"icmp eq i64 {month}, %end")):
                before = dict(writer.known)
                _watch(writer, program.watched)
                writer.run(program.code["end"])
                for number, slot in enumerate(program.measures.values()):
                    writer.output("%measures", "%measure_row", number, slot)
                writer.known = before
        writer.carry("month")
    fault = body.load("double", writer.cell(layout.fault), body.aligned)
    body.store(fault, body.address("%watched", bytes_before))


def _once(writer: _Writer, phase: Phase, month: str) -> None:
    writer.at_month(month)
    writer.draw(phase, None)
    writer.run(writer.program.code[phase])
    writer.carry(phase)


def _watch(writer: _Writer, slots: tuple[int, ...]) -> None:
    """One sum tells whether all of these are finite. Where it is not, for a value or for its own size, each value
    is asked: one that is not finite differs from itself by NaN, and every other by nothing."""
    body = writer.body
    terms = [writer.read(slot) for slot in slots]
    if not terms:
        return
    address = writer.cell(writer.layout.fault)
    before = body.load("double", address, body.aligned)
    all_ = _sum(terms)
    fault = body.usually(all_ - all_ == 0.0, before, lambda: before + _sum([one - one for one in terms]))
    body.store(fault, address, body.aligned)


def _sum(terms: list[Vector]) -> Vector:
    """Two by two, so that no sum waits for the one before it."""
    while len(terms) > 1:
        terms = [terms[at] + terms[at + 1] for at in range(0, len(terms) - 1, 2)] + terms[len(terms) & ~1 :]
    return terms[0]


def _helper(name: str, lanes: int) -> tuple[str, Body]:
    """A function that the code calls: one of our mathematics, or a draw."""
    if name.startswith("fill_"):
        return draws.fill(name, lanes, {"fill_normal": draws.normal, "fill_uniform": draws.share}[name])
    body = Body(lanes)
    names = ("%x", "%y") if name == "power" else ("%x",)
    typed = body.type_of("double")
    found = _CALLED[name](*(Vector(body, "double", one) for one in names), on=body)
    body.line(f"ret {typed} {found.name}")
    return function(name, typed, [f"{typed} {one}" for one in names], body), body
