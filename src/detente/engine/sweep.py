"""Sweeps: figures under every scenario, with every believer and with values of assumptions, on the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import isfinite
from numbers import Real

from detente.deal.model import NO_GROUNDS, Change, Deal, Scenario
from detente.engine.evaluate import Progress, evaluated, figures, graph_of, scenario_variant
from detente.engine.run import Outcomes
from detente.engine.simulate import BASE, Variant, variant
from detente.graph.model import Graph
from detente.lang.distribution import Distribution
from detente.lang.parser import parse_expression
from detente.text.diagnostic import Diagnostic, Fault, Refused, did_you_mean
from detente.text.place import NOWHERE, Place

Value = float | str
"""What stands in an assumption's place: a number in the unit in which the deal shows it, or text as deals write it."""

Overrides = Mapping[str, Sequence[Value]] | Sequence[Mapping[str, Value]]
"""Values by assumption, of which every combination is run; or the combinations themselves."""


def sweep(
    deal: Deal,
    outputs: Sequence[str],
    overrides: Overrides = (),
    scenarios: Sequence[str] = ("base",),
    believers: Sequence[str] = ("",),
    paths: int = 2_000,
    seed: int = 1,
    progress: Progress | None = None,
) -> Outcomes:
    """Figures about whole paths for each scenario, believer and override, the last going round first. A believer is a
    party whose beliefs are taken, or "" for the deal as filed. Where they change the same assumption an override has
    the last word, and before it the believer. A run is named by what it changes: "slow, as lab believes, price = 3".

    Raises:
        Refused: where an output or a value cannot be read, a value is in another unit, or a run is not finite.
        ValueError: for an unknown scenario, believer or assumption, a number that is not finite, or nothing to run.
    """
    each = _combinations(overrides)
    texts = {f"override {number}": _texts(one) for number, one in enumerate(each)}
    # As scenarios they are checked, and units compared, as those of a file are.
    graph = graph_of(replace(deal, scenarios={**deal.scenarios, **_scenarios(texts)}), figures(outputs))
    worlds = [(name if name != "base" else "", scenario_variant(deal, name)) for name in scenarios]
    beliefs = [(f"as {party} believes" if party else "", _believing(deal, party)) for party in believers]
    held = [(_label(one), _held(graph, one, name)) for one, name in zip(each, texts, strict=True)]
    chosen = list(product(worlds, beliefs, held))
    if not chosen:
        raise ValueError(
            'nothing to run: name at least one scenario, one believer ("" is the deal as filed), one value'
        )
    labels = tuple(", ".join(filter(None, (name for name, _ in one))) or "base" for one in chosen)
    runs = [world.under(belief).under(override) for (_, world), (_, belief), (_, override) in chosen]
    values = evaluated(graph, runs, paths, seed, tuple(outputs), progress, "sweeping")
    units = tuple(str(graph.measures[output].formula.unit) for output in outputs)
    return Outcomes(labels, tuple(outputs), units, values)


def _combinations(overrides: Overrides) -> list[Mapping[str, Value]]:
    if not isinstance(overrides, Mapping):
        return list(overrides) or [{}]
    for name, values in overrides.items():
        if isinstance(values, str | Real):
            raise ValueError(f"'{name}' takes a sequence of values: [{values!r}]")
    return [dict(zip(overrides, values, strict=True)) for values in product(*overrides.values())]


def _label(one: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in one.items())


def _texts(one: Mapping[str, Value]) -> dict[str, str]:
    return {name: value for name, value in one.items() if isinstance(value, str)}


def _scenarios(texts: Mapping[str, Mapping[str, str]]) -> dict[str, Scenario]:
    """Values that are texts as scenarios.

    Raises:
        Refused: with every one that cannot be read.
    """
    found: dict[str, Scenario] = {}
    findings: list[Diagnostic] = []
    for title, one in texts.items():
        changes: list[Change] = []
        for name, text in one.items():
            place = Place(text, 1, 1, 1, len(text) + 1)
            try:
                changes.append(Change(name, parse_expression(text, place), None, place))
            except Fault as fault:
                findings.append(fault.diagnostic)
        found[title] = Scenario(title, title, tuple(changes), NO_GROUNDS, NOWHERE)
    if findings:
        raise Refused(tuple(findings))
    return found


def _believing(deal: Deal, party: str) -> Variant:
    if not party:
        return BASE
    if party not in deal.beliefs:
        there = ", ".join(deal.beliefs) or "none"
        raise ValueError(f"there are no beliefs of '{party}'; there are: {there}")
    return variant(deal, deal.beliefs[party])


def _held(graph: Graph, one: Mapping[str, Value], texts: str) -> Variant:
    """A combination as a variant."""
    written = variant(graph.deal, graph.deal.scenarios[texts])
    numbers = {name: _fixed(graph, name, value) for name, value in one.items() if not isinstance(value, str)}
    return replace(written, overrides={**written.overrides, **numbers})


def _fixed(graph: Graph, name: str, value: float) -> Distribution:
    """A number in the unit in which an input is shown; of a growth, as it is written, per period."""
    if name not in graph.inputs:
        near = did_you_mean(name, graph.inputs)
        raise ValueError(f"there is no assumption '{name}'{': ' if near else ''}{', or '.join(near)}")
    if not isfinite(value):
        raise ValueError(f"'{name}' takes finite numbers, and texts such as '15% / year'; not {value}")
    shape, shown = graph.inputs[name].distribution, graph.inputs[name].shown
    written = float(value) * shown.scale / (1.0 if shape.kind == "growth" else shape.scale)
    if shape.kind == "growth" and written <= -1.0:
        raise ValueError(f"'{name}' cannot shrink by more than all there is: {value} {shown.text}")
    return replace(shape, shape="fixed", parameters=(written,), parts=())
