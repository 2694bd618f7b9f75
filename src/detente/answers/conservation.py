"""Conservation (R2), checked on whole paths: what one account loses another gains; no capacity is stored or lost."""

from __future__ import annotations

import numpy as np

from detente.engine.paths import Paths, trace
from detente.graph.accounts import names_in
from detente.graph.model import Graph

CHECKED_PATHS = 64


def conservation(
    graph: Graph, paths: int = CHECKED_PATHS, seed: int = 1, told: Paths | None = None
) -> dict[str, float]:
    """The worst error of each resource over all months and paths.

    For money and shares: how far the sum of all accounts strays from what it was at `now`, over the sum of their sizes
    and of all that was paid since, for what is bought and sold again passes through an account and leaves only its
    rounding there. For a capacity: how far delivered and unmet are from the need, over the need, and what is used
    beyond an offer.
    """
    deal = graph.deal
    told = told if told is not None else trace(graph, range(paths), seed)
    since = told.months.index(deal.now + 1)
    found: dict[str, float] = {}
    for resource in deal.resources.values():
        accounts = [
            name
            for name, one in graph.equations.items()
            if one.role == "account" and name.rpartition(".")[2] == resource.name and not name.startswith("net ")
        ]
        if not accounts:
            continue
        balances = np.array([told.values[name][since:] for name in accounts])
        opened = np.sum([told.opening[name] for name in accounts], axis=0)
        flows = [
            name for account in accounts for name in sorted(names_in(graph.equations[account].formula, ("reference",)))
        ]
        moved = np.sum([np.abs(told.values[name][since:]).cumsum(axis=0) for name in flows], axis=0)
        size = np.maximum(np.abs(balances).sum(axis=0) + moved, 1.0)
        found[resource.name] = float(np.max(np.abs(balances.sum(axis=0) - opened) / size))
    for need in deal.needs.values():
        wanted = told.values[need.name][since:]
        delivered = told.values[f"{need.name}.delivered"][since:]
        met = delivered + told.values[f"{need.name}.unmet"][since:]
        errors = np.abs(met - wanted) / np.maximum(np.abs(wanted), 1.0)
        offered = told.values[f"{need.name}.offered"][since:]
        beyond = np.maximum(0.0, delivered - offered) / np.maximum(offered, 1.0)
        found[f"{need.resource} of {need.name}"] = float(max(errors.max(), beyond.max()))
    return found
