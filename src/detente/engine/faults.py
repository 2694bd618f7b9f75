"""A value that is not finite ends the run: which equation, in which month, on which path, from which values."""

from __future__ import annotations

import numpy as np

from detente.engine.paths import trace
from detente.engine.simulate import Variant
from detente.graph.model import Equation, Graph
from detente.graph.order import references
from detente.text.diagnostic import Diagnostic
from detente.text.written import month_text


def may_be_absent(graph: Graph) -> frozenset[str]:
    """Equations whose value may be absent at the end of a path (R7): those kept from an event, which may not come."""
    return frozenset(
        name for name, one in graph.equations.items() if one.formula.absent and one.formula.kind != "boolean"
    )


def _begin_absent(graph: Graph) -> frozenset[str]:
    return frozenset(
        name
        for name, one in graph.equations.items()
        if one.initial is not None and one.initial.operation == "constant" and np.isnan(one.initial.value)
    )


def not_finite(graph: Graph, paths: list[int], seed: int, one: Variant, hit: int) -> Diagnostic:
    """Run the paths again, watching every equation, and say where the first value that is not finite arose."""
    told = trace(graph, paths, seed, one)
    absent = _begin_absent(graph) | may_be_absent(graph)
    for index, month in enumerate(told.months):
        if month <= graph.deal.now:
            continue
        for name, equation in graph.equations.items():
            row = told.values[name][index]
            if name in absent or np.isfinite(row).all():
                continue
            path = int(np.flatnonzero(~np.isfinite(row))[0])
            return _said(
                graph, equation, told.values, index, path, month_text(month), paths[path], float(row[path]), hit
            )
    return Diagnostic(
        "not-finite",
        "a figure about whole paths is not finite",
        graph.deal.place,
        f"{hit} path{'s' if hit != 1 else ''} hit",
        ways_out=("bound what a headline, a future or a check divides by: `max(x, 1 USD)`",),
    )


def _said(
    graph: Graph,
    equation: Equation,
    values: dict[str, np.ndarray],
    index: int,
    path: int,
    month: str,
    number: int,
    value: float,
    hit: int,
) -> Diagnostic:
    saw = [f"{name} = {values[name][index][path]:.6g}" for name in references(equation.formula, "reference")]
    saw += [
        f"{name} (opening) = {values[name][index - 1][path]:.6g}"
        for name in references(equation.formula, "opening")
        if index
    ]
    return Diagnostic(
        "not-finite",
        f"'{equation.name}' is {value} in {month} on path {number}",
        equation.place,
        found=", ".join(saw) or "it reads no other equation",
        expected=f"a finite number; {hit} path{'s' if hit != 1 else ''} hit",
        ways_out=("bound what it divides by: `max(x, 1 USD)`", "narrow the assumption that drives it"),
    )
