"""Who owns what of a company on a date: shares by class, stakes as converted, and what may yet become shares."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from detente.deal.model import Deal
from detente.engine.evaluate import graph_of, scenario_variant
from detente.engine.faults import not_finite
from detente.engine.paths import Paths, trace
from detente.graph.model import Graph
from detente.text.diagnostic import Refused
from detente.text.written import Date, Month, month_text

if TYPE_CHECKING:
    import pandas

FloatArray = npt.NDArray[np.float64]
Kind = Literal["warrant", "note", "profit interest"]

SHOWN: dict[str, Kind] = {"warrant": "warrant", "convertible_note": "note", "capped_return": "profit interest"}
"""Types of terms that are no shares yet: none of them counts in a stake."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a holder has: shares by class, its `stake` of all shares, one for one, and the stake it would have if every
    warrant were exercised (`diluted`)."""

    holder: str
    shares: dict[str, float]
    stake: float
    diluted: float


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What is no share: of a warrant the shares that may still be bought, of a note principal and interest, of a profit
    interest what it has returned; in `unit`. None of it is part of a stake."""

    term: str
    kind: Kind
    holder: str
    amount: float
    unit: str


@dataclass(frozen=True, slots=True)
class CapTable:
    """The cap table of a company: holders by the size of their stakes, which sum to one, and the shares by class."""

    company: str
    classes: tuple[str, ...]
    holdings: tuple[Holding, ...]
    issued: dict[str, float]
    outstanding: tuple[Outstanding, ...]


@dataclass(frozen=True, slots=True)
class Ownership:
    """The cap tables of every company with shares, as a month closes: on one path, or as means over `paths` of them."""

    deal: str
    on: str
    path: int | None
    paths: int
    seed: int
    companies: tuple[CapTable, ...]

    def as_data(self) -> dict[str, object]:
        """Everything as plain data, ready for JSON."""
        return asdict(self)

    def frame(self) -> pandas.DataFrame:
        """A row for each company, holder and class, with the shares, and the stakes of the holder. Needs pandas."""
        import pandas

        rows = [
            (table.company, one.holder, class_, one.shares[class_], one.stake, one.diluted)
            for table in self.companies
            for one in table.holdings
            for class_ in table.classes
        ]
        return pandas.DataFrame(rows, columns=["company", "holder", "class", "shares", "stake", "diluted"])


def cap_table(
    deal: Deal,
    on: Date | None = None,
    path: int | None = None,
    paths: int = 2_000,
    seed: int = 1,
    scenario: str = "base",
) -> Ownership:
    """Who owns what as a month closes (`now` without a date): on a numbered path, or on the mean over paths.

    A mean stake is the mean of the stakes on the paths, so that stakes sum to one; it is not the ratio of the mean
    shares.

    Raises:
        Refused: where the deal does not compile, or a path is not finite.
        ValueError: for a date before `now` or after the horizon, or an unknown scenario.
    """
    month = on.last if on else deal.now
    if not deal.now <= month <= deal.last:
        told = f"from {month_text(deal.now)}, where the record ends, to {month_text(deal.last)}"
        raise ValueError(f"{month_text(month)}: who owns what is told {told}")
    graph, one = graph_of(deal), scenario_variant(deal, scenario)
    numbers = range(paths) if path is None else [path]
    names = _names(graph)
    values = _Values(graph.deal.now, trace(graph, numbers, seed, one, names), month)
    wrong = [name for name in names if not np.isfinite(values(name)).all()]
    if wrong:
        bad = ~np.isfinite(np.stack([values(name) for name in wrong])).all(axis=0)
        hit = [numbers[index] for index in np.flatnonzero(bad)]
        raise Refused((not_finite(graph, hit, seed, one),))
    tables = tuple(_table(graph, values, company) for company in _companies(deal))
    return Ownership(deal.title, month_text(month), path, len(numbers), seed, tables)


@dataclass(frozen=True, slots=True)
class _Values:
    """Quantities as a month closes, float64[path]. At `now` these are the openings; what is not remembered is read in
    the month after."""

    now: Month
    paths: Paths
    month: Month

    def __call__(self, name: str) -> FloatArray:
        if self.month == self.now and name in self.paths.opening:
            return self.paths.opening[name]
        return self.paths.at(name, max(self.month, self.now + 1))


def _companies(deal: Deal) -> dict[str, tuple[str, ...]]:
    """The classes of shares of every company that issues any."""
    found: dict[str, tuple[str, ...]] = {}
    for resource in deal.resources.values():
        if resource.kind == "shares":
            found[resource.issuer] = (*found.get(resource.issuer, ()), resource.name)
    return found


def _terms(deal: Deal) -> Iterator[tuple[str, Kind, str, str]]:
    """Terms that are no shares yet: whole name, kind, holder, and the company, or who pays the profit."""
    for name, text in deal.terms().items():
        if text.type in SHOWN:
            company = text.parameters.get("company") or text.parameters.get("payer")
            yield name, SHOWN[text.type], str(text.parameters["holder"]), str(company)


def _names(graph: Graph) -> tuple[str, ...]:
    """The equations that cap tables are made of."""
    classes = [class_ for group in _companies(graph.deal).values() for class_ in group]
    wanted = [f"{party}.{class_}" for class_ in classes for party in graph.deal.parties]
    parts = {"warrant": ("granted", "exercised"), "note": ("balance",), "profit interest": ("returned",)}
    wanted += [f"{name}.{part}" for name, kind, _, _ in _terms(graph.deal) for part in parts[kind]]
    return tuple(name for name in wanted if name in graph.equations)


def _table(graph: Graph, values: _Values, company: str) -> CapTable:
    classes = _companies(graph.deal)[company]
    shares = {
        party: {class_: values(name) for class_ in classes if (name := f"{party}.{class_}") in graph.equations}
        for party in graph.deal.parties
        if party != company
    }
    held: dict[str, FloatArray] = {party: np.sum(list(own.values()), axis=0) for party, own in shares.items() if own}
    outstanding: list[Outstanding] = []
    bought: dict[str, FloatArray] = {}
    for name, kind, holder, of in _terms(graph.deal):
        if of != company:
            continue
        amount, unit = _amount(graph, values, name, kind)
        if kind == "warrant":
            bought[holder] = bought.get(holder, np.zeros(len(amount))) + amount
        outstanding.append(Outstanding(name, kind, holder, float(amount.mean()), unit))
    everything = sum(held.values(), np.zeros(1))
    diluted = everything + sum(bought.values(), np.zeros(1))
    holdings = [
        Holding(
            party,
            {class_: float(shares[party][class_].mean()) if class_ in shares[party] else 0.0 for class_ in classes},
            _part(held.get(party, np.zeros(1)), everything),
            _part(held.get(party, np.zeros(1)) + bought.get(party, np.zeros(1)), diluted),
        )
        for party in shares
        if party in held or party in bought
    ]
    there = [one for one in holdings if any(one.shares.values()) or one.diluted]
    issued = {class_: sum(one.shares[class_] for one in holdings) for class_ in classes}
    return CapTable(company, classes, tuple(sorted(there, key=lambda one: -one.stake)), issued, tuple(outstanding))


def _amount(graph: Graph, values: _Values, name: str, kind: Kind) -> tuple[FloatArray, str]:
    """What is outstanding of a term, over paths, and its unit."""
    if kind == "warrant":
        return np.maximum(0.0, values(f"{name}.granted") - values(f"{name}.exercised")), "share"
    label = f"{name}.{'balance' if kind == 'note' else 'returned'}"
    return values(label), str(graph.equations[label].formula.unit)


def _part(own: FloatArray, everything: FloatArray) -> float:
    """A mean part of all shares; nothing where there are none."""
    there = np.broadcast_to(everything, np.broadcast_shapes(own.shape, everything.shape))
    return float(np.where(there > 0.0, own / np.where(there > 0.0, there, 1.0), 0.0).mean())
