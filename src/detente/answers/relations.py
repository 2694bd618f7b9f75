"""Relations between parties: the log of incidents, and by how much an incident would have to move a chance or a
threshold before an answer changes.

Incidents move nothing in any answer as filed. The break-even is found by running the deal again on the same draws with
the effect held at one number (R11): first at even steps up to the furthest that makes sense, then by bisection within
the first step that changes the figure. A figure that changes and changes back within one step is not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from detente.answers.ranges import mean_where_present
from detente.deal.model import Deal, Incident, Relation
from detente.engine.draws import Held, input_value
from detente.engine.evaluate import Progress, evaluated, graph_of, scenario_variant
from detente.engine.simulate import BASE, Variant
from detente.graph.model import Graph
from detente.graph.relations import heeding, incidents_of, weight
from detente.text.written import Date, month_text

FloatArray = npt.NDArray[np.float64]

STEPS = 16
"""Even steps in which the way to the furthest shift is searched."""

HALVINGS = 7
"""Bisections within a step: the break-even is told to a 2048th of the furthest shift."""

FURTHEST = 10.0
"""What has no end of its own is shifted up to so many times what the log is assumed to move it."""

Changed = Callable[[FloatArray], npt.NDArray[np.bool_]]
"""Which of some values of a figure, one for each shift, are a change from its value as filed."""


@dataclass(frozen=True, slots=True)
class Move:
    """What an incident of a relation moves: `targets` by `effect`, which is assumed to lie from `low` to `high` (5th to
    95th percentile) with its median between, in `unit`. `weight` incidents are on record; the search goes up to a
    shift of `furthest` in all, which has the sign of the direction searched."""

    relation: str
    effect: str
    targets: tuple[str, ...]
    unit: str
    low: float
    median: float
    high: float
    weight: float
    furthest: float


@dataclass(frozen=True, slots=True)
class BreakEven:
    """A figure and the least shift, in all, of what a `move` moves at which it changes, in the unit of the move; None
    where no shift up to the furthest changes it.

    `moves` is where the figure moves by the material part, `turns` where it means something else: a quantity changes
    its sign, a chance crosses one half, a future becomes or ceases to be the likeliest. `base` is the figure as filed
    and `heeded` with every incident of the log heeded, means over paths in `unit`.
    """

    question: str
    label: str
    scenario: str
    unit: str
    base: float
    heeded: float
    move: Move
    moves: float | None
    turns: float | None

    def each(self, shift: float | None) -> float | None:
        """What of a shift falls to each incident on record; to one, where the log weighs less than one."""
        return None if shift is None else shift / max(1.0, self.move.weight)


@dataclass(frozen=True)
class Relations:
    """The log of incidents and the break-evens. `relative` and `points` say what moves a figure materially: a part of a
    quantity, an absolute difference of a chance."""

    deal: Deal
    paths: int
    seed: int
    relative: float
    points: float
    moves: tuple[Move, ...]
    rows: tuple[BreakEven, ...]

    def log(self) -> tuple[tuple[Relation | None, tuple[Incident, ...]], ...]:
        """The incidents of each relation in order of time, and last those between parties without one."""
        found = [(one, incidents_of(self.deal, one)) for one in self.deal.relations.values()]
        told = {incident.name for _, incidents in found for incident in incidents}
        rest = sorted(
            (one for one in self.deal.incidents.values() if one.name not in told), key=lambda one: one.on.last
        )
        return (*found, *([(None, tuple(rest))] if rest else []))

    def as_data(self) -> dict[str, Any]:
        """Everything as plain data, ready for JSON; an absent value is null."""
        incidents = [
            {
                "name": one.name,
                "title": one.title,
                "between": [*one.between],
                "on": one.on.text,
                "says": one.says,
                "kind": one.kind,
                "claims": [citation.claim for citation in one.grounds.citations],
            }
            for one in self.deal.incidents.values()
        ]
        rows = [
            {key: _told(value) for key, value in asdict(one).items() if key != "move"}
            | {"relation": one.move.relation, "effect": one.move.effect, "furthest": one.move.furthest}
            | {"moves_each": one.each(one.moves), "turns_each": one.each(one.turns)}
            for one in self.rows
        ]
        return {
            "deal": self.deal.title,
            "now": month_text(self.deal.now),
            "paths": self.paths,
            "seed": self.seed,
            "materiality": {"relative": self.relative, "points": self.points},
            "incidents": incidents,
            "moves": [asdict(one) for one in self.moves],
            "break_even": rows,
        }


def _told(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value


@dataclass(frozen=True, slots=True)
class _Figure:
    """A figure about whole paths: its key in the graph, under one scenario, perhaps less the same under another."""

    question: str
    label: str
    key: str
    under: str
    against: str

    @property
    def future(self) -> bool:
        return self.key.startswith("future ")


def relations(
    deal: Deal,
    paths: int = 1_000,
    seed: int = 1,
    relative: float = 0.10,
    points: float = 0.05,
    progress: Progress | None = None,
) -> Relations:
    """The incidents of a deal, and for every headline figure and every future the least shift of what they move at
    which it changes.

    Raises:
        Refused: where the deal does not compile or a run is not finite.
        ValueError: where the deal has no relations, or for an impossible number of paths or seed.
    """
    heeded = graph_of(heeding(deal))
    one_each = {
        one.name: Incident(
            one.name, "", one.between, Date(deal.now, deal.now, ""), "", "strain", one.grounds, one.place
        )
        for one in {frozenset(one.between): one for one in deal.relations.values()}.values()
    }
    search = _Search(graph_of(replace(heeding(deal), incidents=one_each)), tuple(_figures(deal)), paths, seed, progress)
    filed = search.values([dict.fromkeys(search.effects, 0.0)])[0]
    with_log = _values(heeded, search.figures, [BASE], paths, seed, None)[0]
    moves: list[Move] = []
    rows: list[BreakEven] = []
    for relation in deal.relations.values():
        for effect in dict.fromkeys(relation.moves.values()):
            for move, scale in search.directions(relation, effect, weight(deal, relation)):
                moves.append(move)
                found = search.least(effect, move.furthest * scale, filed, (relative, points))
                for number, figure in enumerate(search.figures):
                    shown = heeded.measures[figure.key].shown
                    least = [None if one is None else one / scale for one in found[number]]
                    rows.append(
                        BreakEven(
                            figure.question,
                            figure.label,
                            figure.under,
                            search.unit(figure),
                            filed[number] / shown.scale,
                            with_log[number] / shown.scale,
                            move,
                            *least,
                        )
                    )
    return Relations(deal, paths, seed, relative, points, tuple(moves), tuple(rows))


def _figures(deal: Deal) -> Iterator[_Figure]:
    for headline in deal.headlines.values():
        for label in headline.show:
            for under in headline.under:
                yield _Figure(headline.title, label, f"{headline.name}: {label}", under, headline.against)
    for future in deal.futures.values():
        yield _Figure("Futures", future.title, f"future {future.name}", "base", "")
    if deal.futures:
        yield _Figure("Futures", "other", "future other", "base", "")


@dataclass(frozen=True)
class _Search:
    """Runs of a deal in which each relation has one incident, so that an effect is the shift in all."""

    graph: Graph
    figures: tuple[_Figure, ...]
    paths: int
    seed: int
    progress: Progress | None

    @property
    def effects(self) -> tuple[str, ...]:
        found = (effect for one in self.graph.deal.relations.values() for effect in one.moves.values())
        return tuple(dict.fromkeys(found))

    def unit(self, figure: _Figure) -> str:
        return "probability" if self.chance(figure) else self.graph.measures[figure.key].shown.text

    def chance(self, figure: _Figure) -> bool:
        return self.graph.measures[figure.key].formula.kind == "boolean"

    def values(self, shifts: list[dict[str, float]]) -> FloatArray:
        """The mean of each figure for each set of shifts by effect: float64[shift, figure], in base units."""
        runs = [Variant("shifted", one) for one in shifts]
        return _values(self.graph, self.figures, runs, self.paths, self.seed, self.progress)

    def at(self, effect: str, shifts: FloatArray) -> FloatArray:
        """As `values`, for shifts of one effect in base units; no other moves anything."""
        return self.values([{**dict.fromkeys(self.effects, 0.0), effect: float(one)} for one in shifts])

    def directions(self, relation: Relation, effect: str, on_record: float) -> Iterator[tuple[Move, float]]:
        """The move of an effect, once for each sign that its 5th to 95th percentile has, and its scale."""
        one = self.graph.inputs[effect]
        scale = one.shown.scale
        none = np.zeros(1, dtype=np.uint64)
        ends = [input_value(self.graph, effect, Held(q), self.seed, none) for q in (0.05, 0.5, 0.95)]
        low, median, high = (float(np.ravel(end)[0]) for end in ends)
        # a range that ends at nothing ends there, whatever rounding leaves of it
        low, high = (0.0 if abs(end) < 1e-9 * max(abs(low), abs(high)) else end for end in (low, high))
        targets = tuple(target for target, by in relation.moves.items() if by == effect)
        for sign in sorted({float(np.sign(low)), float(np.sign(high))} - {0.0}):
            far = FURTHEST * max(abs(low), abs(high)) * max(1.0, on_record)
            known = [end for target in targets if (end := self._end(target, sign)) is not None]
            furthest = sign * (max(known) if len(known) == len(targets) else max([far, *known]))
            told = (low / scale, median / scale, high / scale)
            yield Move(relation.name, effect, targets, one.shown.text, *told, on_record, furthest / scale), scale

    def _end(self, target: str, sign: float) -> float | None:
        """How far an assumption can be moved before it moves no more on any path; None where it has no end."""
        kind = self.graph.inputs[target].distribution.kind
        if kind not in ("share", "probability", "rate") or (kind == "rate" and sign > 0.0):
            return None
        drawn = np.asarray(
            input_value(self.graph, target, None, self.seed, np.arange(self.paths, dtype=np.uint64)), dtype=np.float64
        )
        return float(np.max(drawn)) if sign < 0.0 else float(1.0 - np.min(drawn))

    def least(
        self, effect: str, furthest: float, filed: FloatArray, materiality: tuple[float, float]
    ) -> list[tuple[float | None, float | None]]:
        """For each figure the least shift, in base units, that moves it and the least that turns it."""
        steps = furthest * np.arange(1, STEPS + 1) / STEPS
        told = self.at(effect, steps)
        tests = [test for number in range(len(self.figures)) for test in self._tests(number, filed, materiality)]
        brackets: list[list[float] | None] = []
        for test in tests:
            hit = np.flatnonzero(test(told))
            brackets.append([steps[hit[0]] - furthest / STEPS, steps[hit[0]]] if len(hit) else None)
        for _ in range(HALVINGS):
            open_ = [one for one in brackets if one is not None]
            middles = np.array(sorted({sum(one) / 2.0 for one in open_}))
            if not len(middles):
                break
            told = self.at(effect, middles)
            for test, one in zip(tests, brackets, strict=True):
                if one is not None:
                    row = int(np.flatnonzero(middles == sum(one) / 2.0)[0])
                    one[int(test(told[row : row + 1])[0])] = float(middles[row])
        ends = [None if one is None else one[1] for one in brackets]
        return list(zip(ends[::2], ends[1::2], strict=True))

    def _tests(self, number: int, filed: FloatArray, materiality: tuple[float, float]) -> tuple[Changed, Changed]:
        """Whether rows of values, float64[shift, figure], move a figure materially, and whether they turn it."""
        relative, points = materiality
        figure, base = self.figures[number], filed[number]
        chance = self.chance(figure)
        least = points if chance else relative * abs(base)
        futures = [row for row, one in enumerate(self.figures) if one.future]

        def gone(told: FloatArray) -> npt.NDArray[np.bool_]:
            return np.asarray(np.isfinite(told[:, number]) != np.isfinite(base))

        def moves(told: FloatArray) -> npt.NDArray[np.bool_]:
            difference = np.abs(told[:, number] - base)
            # what is exactly as filed has not moved, though nothing is a material part of nothing
            return np.asarray(gone(told) | ((difference >= least) & (difference > 0.0)))

        def leads(told: FloatArray) -> npt.NDArray[np.bool_]:
            return np.asarray(told[:, number] >= told[:, futures].max(axis=1))

        def turns(told: FloatArray) -> npt.NDArray[np.bool_]:
            if figure.future:
                return np.asarray(leads(told) != leads(filed[np.newaxis, :])[0])
            if chance and not figure.against:
                return np.asarray((told[:, number] >= 0.5) != (base >= 0.5))
            return np.asarray(np.sign(told[:, number]) * np.sign(base) < 0.0)

        return moves, turns


def _values(
    graph: Graph,
    figures: tuple[_Figure, ...],
    runs: list[Variant],
    paths: int,
    seed: int,
    progress: Progress | None,
) -> FloatArray:
    """The mean of each figure in each run, under its scenario: float64[run, figure], in base units."""
    keys = tuple(dict.fromkeys(one.key for one in figures))
    names = tuple(dict.fromkeys(name for one in figures for name in (one.under, one.against) if name))
    each = [scenario_variant(graph.deal, name).under(run) for run in runs for name in names]
    found = evaluated(graph, each, paths, seed, keys, progress, "moving what incidents move")
    found = found.reshape(len(runs), len(names), len(keys), paths)
    told = np.empty((len(runs), len(figures)))
    for number, one in enumerate(figures):
        sample = found[:, names.index(one.under), keys.index(one.key)]
        if one.against:
            sample = sample - found[:, names.index(one.against), keys.index(one.key)]
        told[:, number] = mean_where_present(sample)
    return told
