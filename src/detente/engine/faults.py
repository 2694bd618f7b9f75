"""A value that is not finite ends the run: which equation, in which month, on which path, from which values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, isnan
from sys import float_info

import numpy as np

from detente.engine.kernel import Interpreter
from detente.engine.lanes import Given, Setting
from detente.engine.paths import Paths, trace
from detente.engine.program import Program, compile_graph, may_be_nan
from detente.engine.simulate import LARGEST, Variant, run_arguments
from detente.graph.accounts import names_in
from detente.graph.model import Equation, Graph
from detente.graph.order import references
from detente.lang.formula import Formula
from detente.text.diagnostic import Diagnostic
from detente.text.place import Place
from detente.text.written import Month, month_text


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is not finite, its value, when, where it stands, and the values it was computed from."""

    name: str
    value: float
    when: str
    place: Place
    saw: dict[str, float]


def not_finite(
    graph: Graph,
    hit: Sequence[int],
    seed: int,
    one: Variant,
    program: Program | None = None,
    among: range | None = None,
) -> Diagnostic:
    """Run the first of the paths that were hit again, watching every equation that the program rests on (without one,
    every equation), and say where on it the first value that is not finite arose. `among` are the paths that were run,
    where they are not all."""
    path = hit[0]
    told = trace(graph, [path], seed, one)
    asked = program or compile_graph(graph, tuple(graph.equations), ())
    roots = {*asked.outputs, *(name for key in asked.measures for name in names_in(graph.measures[key].formula))}
    read = _rested_on(graph, roots)
    equations = [equation for equation in graph.equations.values() if equation.name in read]
    fault = (
        next(_every(graph, told, equations, float_info.max), None)
        or _figure(graph, asked, told, path, seed, one)
        or next(_every(graph, told, equations, LARGEST))
    )
    hits = f"{len(hit):,} path{'s' if len(hit) != 1 else ''} hit"
    hits += f" of paths {among.start:,} to {among.stop - 1:,}" if among is not None else ""
    return Diagnostic(
        "not-finite",
        f"'{fault.name}' is {fault.value}{fault.when} on path {path}",
        fault.place,
        ", ".join(f"{name} = {value:.6g}" for name, value in fault.saw.items()) or "it reads no other equation",
        f"a finite number{' that can be squared' if isfinite(fault.value) else ''}; {hits}",
        ("bound what it divides by: `max(x, 1 USD)`", "narrow the assumption that drives it"),
    )


def _rested_on(graph: Graph, roots: Iterable[str]) -> set[str]:
    """Equations with all that they are computed from, in any month."""
    waiting, found = [*roots], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            one = graph.equations[name]
            waiting += [each for told in (one.formula, one.initial, one.record) if told for each in names_in(told)]
    return found


def _wrong(equation: Equation, value: float, largest: float) -> bool:
    """What may be absent may be nan (R7)."""
    return abs(value) > largest or (isnan(value) and not may_be_nan(equation))


def _every(graph: Graph, told: Paths, equations: Sequence[Equation], largest: float) -> Iterator[_Fault]:
    """What is beyond the largest value or nan, in order of time."""
    yield from _openings(graph, told, equations, largest)
    yield from _in(graph, told, equations, range(graph.deal.now + 1, graph.deal.last + 1), largest)


def _openings(graph: Graph, told: Paths, equations: Sequence[Equation], largest: float) -> Iterator[_Fault]:
    """What is not finite as the simulated months begin, each after what made it so on the record."""
    now = graph.deal.now
    for one in equations:
        value = float(told.opening[one.name][0]) if one.name in told.opening else 0.0
        if _wrong(one, value, largest):
            rests = _rested_on(graph, [one.name])
            recorded = [other for other in equations if other.on_record and other.name in rests]
            yield from _in(graph, told, recorded, range(told.months[0], now + 1), largest)
            begins = one.formula if one.initial is None else one.initial
            saw = _saw(graph, told, begins, now)
            yield _Fault(one.name, value, f" as {month_text(now)} closes", one.place, saw)


def _in(graph: Graph, told: Paths, equations: Sequence[Equation], months: range, largest: float) -> Iterator[_Fault]:
    """What is not finite in some months, each after what it rests on."""
    for month in months:
        for one in equations:
            value = float(told.at(one.name, month)[0])
            # On the record what is not told is nan, and so is what does not begin with it.
            if abs(value) > largest if month <= graph.deal.now else _wrong(one, value, largest):
                recorded = month <= graph.deal.now and one.record is not None
                formula = one.record if recorded and one.record is not None else one.formula
                saw = _saw(graph, told, formula, month)
                yield _Fault(one.name, value, f" in {month_text(month)}", one.place, saw)


def _figure(graph: Graph, program: Program, told: Paths, path: int, seed: int, one: Variant) -> _Fault | None:
    """A figure about the whole path that is not finite though every equation is."""
    given = Given(run_arguments(graph, one, seed, np.array([path], dtype=np.uint64)), one.central)
    values = Interpreter(program, Setting.of(graph)).run([given], seed, path, 1).measures[:, 0]
    wrong = [key for key, value in zip(program.measures, values, strict=True) if not np.isfinite(value)]
    if not wrong:
        return None
    key = min(wrong, key=lambda each: each in program.absent)
    measure = graph.measures[key]
    saw = _saw(graph, told, measure.formula, graph.deal.last)
    return _Fault(measure.text, float(values[[*program.measures].index(key)]), "", measure.place, saw)


def _saw(graph: Graph, told: Paths, formula: Formula, month: Month) -> dict[str, float]:
    """What a formula reads in a month."""
    saw = {name: float(told.at(name, month)[0]) for name in references(formula, "reference")}
    for name in references(formula, "opening"):
        if month == graph.deal.now + 1 and name in told.opening:
            saw[f"{name} (opening)"] = float(told.opening[name][0])
        elif month - 1 in told.months:
            saw[f"{name} (opening)"] = float(told.at(name, month - 1)[0])
    return saw
