"""Which series stand together on the page: by their units and what they say of themselves, never by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from detente.deal.model import Deal
from detente.engine.run import Run, Series
from detente.lang.syntax import Call, Name, walk
from detente.lang.unit import CURRENCIES, ONE, Unit, parse_unit
from detente.report.words import readable, sentence

Drawn: TypeAlias = Literal["each", "together and each", "as chances"]


@dataclass(frozen=True, slots=True)
class Family:
    """Series that are read together, and whether a chart is drawn of each, of all together, or both."""

    name: str
    title: str
    series: tuple[Series, ...]
    drawn: Drawn


def families(run: Run) -> tuple[Family, ...]:
    """Each capacity with the needs for it, money, ownership, events, the rest: every series once, no family empty."""
    deal = run.deal
    capacities = {name: resource for name, resource in deal.resources.items() if resource.kind == "capacity"}
    titles = {name: f"{sentence(readable(name))}: demand and supply" for name in capacities}
    titles |= {"money": "Money", "ownership": "Ownership", "events": "What may happen", "other": "Other measures"}
    members: dict[str, list[Series]] = {name: [] for name in titles}
    for series in run.series.values():
        members[_family(series, deal)].append(series)
    for name in capacities:
        members[name].sort(key=lambda series: series.name not in demands(deal))
    drawn: dict[str, Drawn] = {name: "together and each" for name in capacities if len(members[name]) > 1}
    drawn["events"] = "as chances"
    return tuple(
        Family(name, titles[name], tuple(found), drawn.get(name, "each")) for name, found in members.items() if found
    )


def demands(deal: Deal) -> frozenset[str]:
    """The variables that say how much of a capacity is needed."""
    return frozenset(need.amount.text for need in deal.needs.values() if isinstance(need.amount, Name))


def _family(series: Series, deal: Deal) -> str:
    if series.name in deal.events:
        return "events"
    unit = _dimension(series.unit)
    for name, resource in deal.resources.items():
        if resource.kind == "capacity" and unit is not None and unit == _dimension(resource.unit):
            return name
    account = deal.resources.get(series.name.partition(".")[2])
    if account is not None:
        return "ownership" if account.kind == "shares" else "money"
    if unit is not None and _is_money(unit):
        return "money"
    return "ownership" if _is_ownership(series, unit, deal) else "other"


def _dimension(unit: str) -> Unit | None:
    """What a unit measures, whatever its scale; None where the text is no unit."""
    if unit in ("probability", "fraction"):
        return ONE
    try:
        return parse_unit(unit)[1]
    except ValueError:
        return None


def _is_money(unit: Unit) -> bool:
    """An amount of one currency, perhaps per time."""
    symbols = {symbol for symbol, _ in unit.powers}
    return len(symbols & CURRENCIES) == 1 and symbols <= CURRENCIES | {"month"}


def _is_ownership(series: Series, unit: Unit | None, deal: Deal) -> bool:
    """A number of shares, or a part of a company that a formula takes by `stake`."""
    if unit == _dimension("share"):
        return True
    variable = deal.variables.get(series.name)
    if unit != ONE or variable is None or variable.formula is None:
        return False
    return any(isinstance(node, Call) and node.function == "stake" for node in walk(variable.formula))
