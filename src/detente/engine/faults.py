"""A value that is not finite ends the run: which equation, in which month, on which path, from which values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detente.engine.paths import trace
from detente.engine.program import may_be_nan
from detente.engine.simulate import Variant
from detente.graph.model import Equation, Graph
from detente.graph.order import references
from detente.text.diagnostic import Diagnostic
from detente.text.written import month_text

EXPLAINED = 8
"""Paths that are run again to find where it began."""


def not_finite(graph: Graph, hit: Sequence[int], seed: int, one: Variant) -> Diagnostic:
    """Run the first of the paths that were hit again, watching every equation, and say where the first value that is
    not finite arose."""
    paths = list(hit[:EXPLAINED])
    told = trace(graph, paths, seed, one)
    absent = {name for name, equation in graph.equations.items() if may_be_nan(equation)}
    for index, month in enumerate(told.months):
        if month <= graph.deal.now:
            continue
        for name, equation in graph.equations.items():
            row = told.values[name][index]
            if name in absent or np.isfinite(row).all():
                continue
            path = int(np.flatnonzero(~np.isfinite(row))[0])
            return _said(
                graph, equation, told.values, index, path, month_text(month), paths[path], float(row[path]), len(hit)
            )
    return Diagnostic(
        "not-finite",
        "a figure about whole paths is not finite",
        graph.deal.place,
        _hit(len(hit)),
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
        expected=f"a finite number; {_hit(hit)}",
        ways_out=("bound what it divides by: `max(x, 1 USD)`", "narrow the assumption that drives it"),
    )


def _hit(count: int) -> str:
    return f"{count:,} path{'s' if count != 1 else ''} hit"
