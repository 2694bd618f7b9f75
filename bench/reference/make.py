"""The reference model in linked copies, as a deal: `python -m bench.reference.make 5 > FOLDER/deal.yaml`.

In each copy 0.0001 of the neighbour's unmet demand of last month is added to the demand. What is added to cannot be a
`gbm`, so that the step of the logarithm is a process of its own (`demand_step`) with a half-life too short to remember.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

from bench.peers.equations import SPILL

HERE = Path(__file__).parent
REFERENCE = HERE / "deal.yaml"

STEP = {
    "past": {"2024-12": "0"},
    "next": "ou(mean = demand_drift, half_life = 0.0001 months, volatility = 35% / sqrt(year))",
    "assumed": "equation 1",
}
DRIFT = {"is": "(0.12 + 0.58 * exp(-(since(2025-01) / 36 months)) - 0.35 ^ 2 / 2) / 12", "assumed": "d1"}
DEMAND = "prev(demand, start = 1000 MW) * exp(demand_step) + {spill} * prev(unmet_{neighbour}, start = 0 MW)"


def linked_deal(copies: int, months: int | None = None) -> str:
    """The text of `deal.yaml`: so many copies, names ending in _1, _2, …, each linked to the one before, the first to
    the last; over so many months, or as many as the reference model."""
    deal: dict[str, Any] = yaml.load(REFERENCE.read_text(encoding="utf-8"), yaml.BaseLoader)
    common = {name: block for name, block in deal["variables"].items() if not _own(name, deal)}
    own = [name for name in [*deal["variables"], *deal["events"]] if name not in common] + ["demand_step"]
    variables: dict[str, Any] = {"demand_drift": DRIFT, **common}
    events: dict[str, Any] = {}
    correlations: list[Any] = []
    for copy in range(1, copies + 1):
        demand = DEMAND.format(spill=SPILL, neighbour=(copy - 2) % copies + 1)
        blocks = {name: block for name, block in deal["variables"].items() if name not in common}
        blocks = {"demand_step": STEP, **blocks, "demand": {"unit": "MW", "is": demand, "assumed": "equation 1"}}
        variables |= _numbered(blocks, own, copy)
        events |= _numbered(deal["events"], own, copy)
        both = {"between": ["demand_step", "base_revenue"], "is": "0.6", "assumed": "equation 3"}
        correlations.append(_numbered(both, own, copy))
    made = {
        **deal,
        "deal": f"Reference model, {copies} linked copies",
        "to": deal["to"] if months is None else last_month(months),
        "variables": variables,
        "correlations": correlations,
        "events": events,
        "outputs": [f"{name}_{copy}" for copy in range(1, copies + 1) for name in deal["outputs"]],
    }
    return yaml.safe_dump(made, sort_keys=False, width=120, allow_unicode=True)


def shortened(months: int) -> str:
    """The text of the reference model over so many months."""
    text = REFERENCE.read_text(encoding="utf-8")
    return re.sub(r"^to: .*$", f"to: {last_month(months)}", text, flags=re.MULTILINE)


def last_month(months: int) -> str:
    """The month as written in which so many months from January 2025 on end."""
    year, month = divmod(months - 1, 12)
    return f"{2025 + year}-{month + 1:02}"


def _own(name: str, deal: dict[str, Any]) -> bool:
    """Whether a variable differs between paths: is a process, or reads more than the calendar."""
    block = deal["variables"][name]
    read = set(re.findall(r"[a-z_]+", block.get("is", "")))
    settled = not read & {*deal["variables"], *deal["events"], "prev"}
    return "next" in block or not settled


def _numbered(block: Any, own: list[str], copy: int) -> Any:
    """The block with every name of the copy numbered, in keys and in formulas; what is numbered already stays."""
    if isinstance(block, dict):
        return {
            _numbered(key, own, copy): value if key == "assumed" else _numbered(value, own, copy)
            for key, value in block.items()
        }
    if isinstance(block, list):
        return [_numbered(item, own, copy) for item in block]
    return re.sub(r"\b[a-z_]+\b", lambda word: f"{word[0]}_{copy}" if word[0] in own else word[0], block)


if __name__ == "__main__":
    sys.stdout.write(linked_deal(int(sys.argv[1])))
