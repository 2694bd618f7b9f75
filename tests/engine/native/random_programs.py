"""Random programs, quick to compile: every phase, every rate, memories of both kinds, truths, draws."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from detente.engine.program import Instruction, Memory, Phase, Program, Rate
from tests.engine.native.harness import made

OF_NUMBERS = {
    "negative": 1, "absolute": 1, "square_root": 1, "exponential": 1, "logarithm": 1, "floor": 1, "add": 2,
    "subtract": 2, "multiply": 2, "divide": 2, "minimum": 2, "maximum": 2, "power": 2,
}  # fmt: skip
COMPARISONS = ("less", "less_equal", "equal")
OF_TRUTHS = {"not": 1, "and": 2, "or": 2, "equal": 2}
EVERY = (*OF_NUMBERS, *COMPARISONS, *OF_TRUTHS, "select")

CONSTANTS = (0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.5, 1e-3, 100.0, 1e300, 5e-324, float("inf"), float("nan"))


@dataclass
class _Draft:
    """A program as it is drawn: `numbers` and `truths` are the slots that can be read where the next line stands."""

    draw: st.DrawFn
    slots: int = 0
    booleans: set[int] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)
    truths: list[int] = field(default_factory=list)

    def slot(self, boolean: bool) -> int:
        self.slots += 1
        if boolean:
            self.booleans.add(self.slots - 1)
        return self.slots - 1

    def readable(self, slot: int) -> int:
        (self.truths if slot in self.booleans else self.numbers).append(slot)
        return slot

    def one_of(self, boolean: bool) -> int:
        return self.draw(st.sampled_from(self.truths if boolean else self.numbers))

    def line(self) -> Instruction:
        """An operation on what can be read here."""
        operation = self.draw(st.sampled_from([name for name in EVERY if self.truths or name not in OF_TRUTHS]))
        number, truth = False, True
        if operation in OF_TRUTHS and (operation != "equal" or (self.truths and self.draw(st.booleans()))):
            kinds, boolean = [truth] * OF_TRUTHS[operation], True
        elif operation in COMPARISONS:
            kinds, boolean = [number] * 2, True
        elif operation == "select" and self.truths:
            boolean = self.draw(st.booleans())
            kinds = [truth, boolean, boolean]
        else:
            operation = "subtract" if operation == "select" else operation
            kinds, boolean = [number] * OF_NUMBERS[operation], False
        sources = tuple(self.one_of(kind) for kind in kinds)
        return Instruction(operation, self.readable(self.slot(boolean)), sources)

    def lines(self, most: int) -> list[Instruction]:
        return [self.line() for _ in range(self.draw(st.integers(0, most)))]


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """A program over at most three arguments, a table, the month and two drivers of each kind."""
    draft = _Draft(draw)
    constants: dict[int, float] = {}
    for value in (1.0, *draw(st.lists(st.sampled_from(CONSTANTS), max_size=4))):
        constants[draft.readable(draft.slot(False))] = value
    for value in draw(st.lists(st.sampled_from((0.0, 1.0)), max_size=1)):
        constants[draft.readable(draft.slot(True))] = value
    hoisted: dict[Rate, list[Instruction]] = {"once": draft.lines(2)}
    settled = list(draft.numbers), list(draft.truths)

    tables = {f"table {n}": draft.readable(draft.slot(False)) for n in range(draw(st.integers(0, 2)))}
    month_slot = draft.readable(draft.slot(False)) if draw(st.booleans()) else -1
    hoisted["month"] = draft.lines(3)
    monthly = draft.numbers[len(settled[0]) :], draft.truths[len(settled[1]) :]

    draft.numbers, draft.truths = list(settled[0]), list(settled[1])
    kinds = draw(st.lists(st.booleans(), max_size=3))
    arguments = {f"argument {n}": draft.readable(draft.slot(kind)) for n, kind in enumerate(kinds)}
    hoisted["path"] = draft.lines(3)
    draft.numbers += monthly[0]
    draft.truths += monthly[1]

    drivers = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    normals = {f"driver {n}": draft.readable(draft.slot(False)) for n in range(drivers[0])}
    uniforms = {f"driver {n}": draft.readable(draft.slot(False)) for n in range(1, 1 + drivers[1])}
    everywhere = list(draft.numbers), list(draft.truths)

    remembered = [
        (draft.slot(kind), draft.slot(kind) if in_record and draw(st.booleans()) else -1, in_record, kind)
        for kind, in_record in draw(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=4))
    ]
    code: dict[Phase, list[Instruction]] = {}
    sources: list[dict[Phase, int]] = [{} for _ in remembered]
    phases: tuple[Phase, ...] = ("record start", "record", "start", "month")
    for phase in phases:
        draft.numbers, draft.truths = list(everywhere[0]), list(everywhere[1])
        for slot, earlier, in_record, _ in remembered:
            if phase == "month" or (in_record and phase in ("record", "start")):
                draft.readable(slot)
            if phase == "start" and earlier >= 0:
                draft.readable(earlier)
        code[phase] = draft.lines(5)
        for of, (_, _, in_record, kind) in zip(sources, remembered, strict=True):
            if phase == "month" or in_record == (phase != "start"):
                if kind and not draft.truths:  # a truth to remember there must be
                    code[phase].append(Instruction("less", draft.readable(draft.slot(True)), (draft.numbers[0],) * 2))
                of[phase] = draft.one_of(kind)
    names = draw(st.lists(st.sampled_from([*draft.numbers, *draft.truths]), max_size=6))
    outputs = {f"output {n}": slot for n, slot in enumerate(names)}
    watched = tuple(draw(st.lists(st.sampled_from(draft.numbers), max_size=3)))
    code["end"] = draft.lines(4)
    read = draw(st.lists(st.sampled_from([*draft.numbers, *draft.truths]), max_size=4))
    return made(
        draft.slots,
        code,
        hoisted,
        [
            Memory(f"memory {n}", slot, earlier, of, kind)
            for n, ((slot, earlier, _, kind), of) in enumerate(zip(remembered, sources, strict=True))
        ],
        constants=constants,
        booleans=draft.booleans,
        arguments=arguments,
        tables=tables,
        normals=normals,
        uniforms=uniforms,
        month_slot=month_slot,
        outputs=outputs,
        measures={f"measure {n}": slot for n, slot in enumerate(read)},
        watched=watched,
    )
