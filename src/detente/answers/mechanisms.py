"""The mechanisms of a case: for each what carries it, what it rests on, and its question answered from the deal.

They stand in `mechanisms.yaml` beside the deal. An answer is a figure about whole paths, perhaps under scenarios or
against one, a break-even, or the reason why public evidence does not tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detente.deal.fields import Block
from detente.deal.model import Deal
from detente.engine.evaluate import evaluated, figures, graph_of, measured, scenario_variant
from detente.engine.run import Measured
from detente.engine.simulate import Variant
from detente.engine.summary import Summary
from detente.graph.literals import distribution
from detente.graph.model import Graph, Shown
from detente.lang.parser import parse_expression
from detente.lang.unit import parse_unit
from detente.terms.term import catalogue
from detente.text.diagnostic import Diagnostic, Refused
from detente.text.nodes import Mapping, read
from detente.text.place import Place

FloatArray = npt.NDArray[np.float64]

STEPS = 9
"""Values between the ends at which a break-even is looked for; straight lines join them."""


@dataclass(frozen=True)
class Asked:
    """A figure: an expression about whole paths, the unit it is told in, the scenarios it is told under, and the one it
    is a difference to, if any."""

    label: str
    show: str
    unit: str
    under: tuple[str, ...]
    against: str


@dataclass(frozen=True)
class BreakEven:
    """At which value of an assumption (no growth), between two ends, the mean of a figure is the same under a scenario
    as against another."""

    vary: str
    ends: tuple[str, str]
    show: str
    under: str
    against: str


@dataclass(frozen=True)
class Mechanism:
    """A mechanism: terms, variables, events and assumptions that carry it, types of term that the contract is without,
    claims behind it, and what is asked. `unknown` says why its question cannot be answered from public evidence."""

    name: str
    title: str
    question: str
    carried_by: tuple[str, ...]
    absent: tuple[str, ...]
    claims: tuple[str, ...]
    figures: tuple[Asked, ...]
    break_even: BreakEven | None
    futures: bool
    unknown: str
    note: str
    place: Place


@dataclass(frozen=True)
class Figure:
    """A figure found: under which scenario, and what it is; a break-even as text."""

    label: str
    under: str
    against: str
    found: Measured


@dataclass(frozen=True)
class Crossing:
    """Where a break-even lies, in the unit of what is varied: nan where there is none between the ends, which then are
    `low` and `high` with the means of the difference there."""

    at: float
    unit: str
    ends: tuple[float, float]
    differences: tuple[float, float]
    difference_unit: str


@dataclass(frozen=True)
class Answered:
    """A mechanism with what was found."""

    mechanism: Mechanism
    figures: tuple[Figure, ...]
    crossing: Crossing | None


def mechanisms(file: Path, deal: Deal) -> tuple[Mechanism, ...]:
    """The mechanisms of a file.

    Raises:
        Refused: with every key that is not known, every name that the deal does not have, every mechanism without an
            answer.
    """
    tree, found = read(file)
    findings = list(found)
    if not isinstance(tree, Mapping):
        raise Refused(tuple(findings))
    top = Block(tree, "the file", tree.place, findings)
    read_in = tuple(_mechanism(key.text, block) for key, block in top.items("mechanism"))
    for one in read_in:
        findings += _wrong(one, deal)
    if findings:
        raise Refused(tuple(findings))
    return read_in


def _mechanism(name: str, block: Block) -> Mechanism:
    title, question = block.text("title", required=True), block.text("question", required=True)
    carried_by, claims, absent = block.words("carried_by"), block.words("claims", required=True), block.words("absent")
    shown = block.sub("figures") if block.has("figures") else None
    asked = tuple(_asked(key.text, one) for key, one in shown.items("figure")) if shown is not None else ()
    meets = block.sub("break_even") if block.has("break_even") else None
    futures = block.text("futures") == "all"
    unknown, note = block.text("not_identifiable"), block.text("note")
    break_even = None
    if meets is not None:
        ends = (meets.text("from", required=True), meets.text("to", required=True))
        shows, under, against = (meets.text(key, required=True) for key in ("show", "under", "against"))
        break_even = BreakEven(meets.text("vary", required=True), ends, shows, under, against)
        meets.done()
    block.done()
    return Mechanism(
        name, title, question, carried_by, absent, claims, asked, break_even, futures, unknown, note, block.place
    )


def _asked(label: str, block: Block) -> Asked:
    one = Asked(
        label,
        block.text("show", required=True),
        block.text("in"),
        block.words("under") or ("base",),
        block.text("against"),
    )
    block.done()
    return one


def _wrong(one: Mechanism, deal: Deal) -> Iterator[Diagnostic]:
    """What a mechanism names that is not there, and whether it answers at all."""
    known = {*deal.terms(), *deal.variables, *deal.events, *deal.assumptions, *deal.flows, *deal.needs}
    scenarios = {"base", *deal.scenarios}
    used = [name for asked in one.figures for name in (*asked.under, asked.against or "base")]
    meets = one.break_even
    if meets is not None:
        used += [meets.under, meets.against]
    for what, names, there in (
        ("a term, variable, event or assumption", one.carried_by, known),
        ("a claim", one.claims, set(deal.evidence.claims)),
        ("a scenario", used, scenarios),
        ("an assumption", [meets.vary] if meets is not None else [], set(deal.assumptions)),
        ("a type of term", one.absent, set(catalogue())),
    ):
        for name in names:
            if name not in there:
                message = f"{one.name} names '{name}', which is not there"
                yield Diagnostic("unknown-name", message, one.place, name, what, ("take it away",))
    types = {text.type for text in deal.terms().values()}
    for name in one.absent:
        if name in types:
            yield Diagnostic(
                "unknown-name", f"{one.name} says that there is no '{name}', and there is", one.place, name
            )
    if not (one.carried_by or one.absent):
        yield Diagnostic("missing-key", f"nothing carries {one.name}", one.place, ways_out=("add `carried_by: […]`",))
    if not (one.figures or meets or one.futures or one.unknown):
        ways = ("add `figures: {…}`", "add `break_even: {…}`", "say why not: `not_identifiable: …`")
        yield Diagnostic("missing-key", f"{one.name} answers nothing", one.place, ways_out=ways)


def answer(deal: Deal, asked: tuple[Mechanism, ...], paths: int = 2_000, seed: int = 1) -> tuple[Answered, ...]:
    """Every figure and break-even of the mechanisms, all on the same draws.

    Raises:
        Refused: where an expression cannot be read or a run is not finite.
    """
    texts = [figure.show for one in asked for figure in one.figures]
    texts += [one.break_even.show for one in asked if one.break_even is not None]
    keys = tuple(dict.fromkeys(texts))
    graph = graph_of(deal, dict(figures(keys)))
    told = [figure for one in asked for figure in one.figures]
    names = list(dict.fromkeys(["base", *(n for one in told for n in (*one.under, one.against or "base"))]))
    values = evaluated(graph, [scenario_variant(deal, name) for name in names], paths, seed, keys)
    found: list[Answered] = []
    for one in asked:
        each = [(figure, under) for figure in one.figures for under in figure.under]
        shown = tuple(_figure(graph, figure, under, values, names, keys) for figure, under in each)
        meets = one.break_even
        found.append(Answered(one, shown, None if meets is None else _crossing(deal, graph, meets, paths, seed)))
    return tuple(found)


def _figure(
    graph: Graph, figure: Asked, under: str, values: FloatArray, names: list[str], keys: tuple[str, ...]
) -> Figure:
    column, shown = keys.index(figure.show), graph.measures[figure.show].shown
    samples = values[names.index(under), column]
    if figure.against:
        samples = samples - values[names.index(figure.against), column]
    if figure.unit:
        shown = Shown(figure.unit, parse_unit(figure.unit)[0])
    return Figure(figure.label, under, figure.against, measured(shown, Summary.of(samples[np.newaxis, :])))


def _crossing(deal: Deal, graph: Graph, meets: BreakEven, paths: int, seed: int) -> Crossing:
    """Where straight lines between the means at `STEPS` values cross zero for the first time."""
    assumption = deal.assumptions[meets.vary]
    place = Place(meets.vary, 1, 1, 1, 1)
    ends = [distribution(parse_expression(end, place), assumption.kind) for end in meets.ends]
    low, high = (one.scale * one.parameters[0] for one in ends)
    grid = [float(value) for value in np.linspace(low, high, STEPS)]
    sides = [scenario_variant(deal, name) for name in (meets.under, meets.against)]
    runs = [side.under(Variant(meets.vary, {meets.vary: value})) for value in grid for side in sides]
    values = evaluated(graph, runs, paths, seed, (meets.show,))[:, 0]
    means = [float((values[2 * number] - values[2 * number + 1]).mean()) for number in range(STEPS)]
    shown, told = graph.inputs[meets.vary].shown, graph.measures[meets.show].shown
    at = next(
        (
            x + (y - x) * before / (before - after)
            for (x, before), (y, after) in pairwise(zip(grid, means, strict=True))
            if before * after <= 0.0 and before != after
        ),
        float("nan"),
    )
    outer = (means[0] / told.scale, means[-1] / told.scale)
    return Crossing(at / shown.scale, shown.text, (low / shown.scale, high / shown.scale), outer, told.text)
