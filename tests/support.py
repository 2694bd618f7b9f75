"""A small deal whose blocks a test replaces by name, and whole paths of it read by date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent, indent

import numpy as np
import numpy.typing as npt

import detente
from detente.deal.load import parse_deal
from detente.deal.model import Deal
from detente.engine.evaluate import evaluate
from detente.engine.paths import Paths, trace
from detente.engine.simulate import BASE, Variant
from detente.graph.build import check
from detente.graph.model import Graph
from detente.text.diagnostic import Diagnostic, Refused
from detente.text.written import Month, parse_date

FloatArray = npt.NDArray[np.float64]

EXACT = 1e-12
"""Relative: what hand and machine may differ by, for the rounding of sums."""

BLOCKS = {
    "deal": "a small deal",
    "first": "2024-12",
    "now": "2024-12",
    "to": "2025-12",
    "parties": """
        lab:   {name: a company that needs capacity}
        cloud: {name: a supplier}
        rival: {name: another supplier}
        fund:  {name: an investor, outside: true}
        staff: {name: holders of today, outside: true}
        world: {name: customers and vendors, outside: true}
    """,
    "resources": """
        USD:     {kind: money}
        compute: {kind: capacity, unit: MW}
        equity:  {kind: shares, issuer: lab}
    """,
    "opening": """
        lab.USD:      {balance: 1000 USD, assumed: given}
        cloud.USD:    {balance: 500 USD, assumed: given}
        rival.USD:    {balance: 0 USD}
        staff.equity: {balance: 100 share, assumed: given}
    """,
}
"""Three companies, an investor and the world; money, a capacity and shares; nothing happens."""


def small(**blocks: str) -> str:
    """The text of the small deal with blocks added or replaced; `first` stands for `from`. An empty block goes away.

    Its first simulated month is 2025-01, its last 2025-12, unless the test says otherwise.
    """
    lines = []
    for name, block in {**BLOCKS, **blocks}.items():
        key, body = "from" if name == "first" else name, dedent(block).strip()
        nested = ": " in body or ":\n" in body or body.startswith("- ")
        if body:
            lines.append(f"{key}:\n{indent(body, '  ')}" if nested else f"{key}: {body}")
    return "\n".join(lines) + "\n"


def agreement(
    terms: str, between: str = "lab, cloud", signed: str = "2024-01", name: str = "pact", more: str = ""
) -> str:
    """The text of an agreement, to stand under `agreements`; `more` holds amendments."""
    lines = [f"{name}:", f"  between: [{between}]", f"  signed: {signed}", "  terms:"]
    return "\n".join([*lines, indent(dedent(terms).strip(), "    "), indent(dedent(more).strip(), "  ")]).strip()


def agreements(*texts: str) -> str:
    """Several agreements in one block."""
    return "\n".join(texts)


def read(text: str) -> Deal:
    """What a text says, once it has compiled."""
    return detente.loads(text).text


def refused(text: str) -> tuple[Diagnostic, ...]:
    """Everything that is wrong with a text."""
    try:
        detente.loads(text)
    except Refused as wrong:
        return wrong.diagnostics
    return ()


def codes(text: str) -> list[str]:
    """The codes of everything that is wrong with a text, in order of the alphabet."""
    return sorted(one.code for one in refused(text))


def month(text: str) -> Month:
    """A month by its date: `2025-04`."""
    date = parse_date(text)
    assert date is not None, text
    return date.first


def figures(
    text: str, outputs: Sequence[str], paths: int = 1, runs: Sequence[Variant] = (BASE,), seed: int = 1
) -> FloatArray:
    """Figures about whole paths of a deal, in base units: float64[run, output, path]."""
    return evaluate(read(text), runs, paths, seed, outputs)


@dataclass(frozen=True, eq=False)
class Played:
    """Every quantity of a deal on numbered paths, in base units; accounts as the month closes, truths as 0 and 1."""

    graph: Graph
    paths: Paths

    def __call__(self, name: str, date: str) -> float:
        """A quantity in a month on the first path."""
        return float(self.paths.at(name, month(date))[0])

    def series(self, name: str, first: str = "2025-01", last: str = "2025-12") -> list[float]:
        """A quantity on the first path in the months from first to last."""
        start, end = self.paths.months.index(month(first)), self.paths.months.index(month(last))
        return [float(value) for value in self.paths.values[name][start : end + 1, 0]]

    def row(self, name: str, date: str) -> FloatArray:
        """A quantity in a month: float64[path]."""
        return self.paths.at(name, month(date))

    def simulated(self, name: str) -> FloatArray:
        """A quantity in every month after `now`: float64[month, path]."""
        return self.paths.values[name][self.paths.months.index(self.graph.deal.now + 1) :]


def play(text: str, paths: Sequence[int] = (0,), seed: int = 1, variant: Variant = BASE) -> Played:
    """A deal on numbered paths."""
    graph, findings = check(*parse_deal(text))
    if graph is None:
        raise Refused(findings)
    return Played(graph, trace(graph, paths, seed, variant))
