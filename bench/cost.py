"""How cost grows with paths, months and equations, and the picture of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import ours
from bench.measures import linked
from bench.peers.compiled import BUILD
from bench.peers.equations import EQUATIONS
from bench.peers.parameters import OUTPUTS
from bench.reference.make import shortened
from bench.timing import alternately, exponent

PATHS = (10_000, 30_000, 100_000, 300_000, 1_000_000)
MONTHS = (12, 24, 48, 96, 138)
COPIES = (1, 2, 4, 8)
FEW_PATHS, MANY_PATHS = 20_000, 100_000


@dataclass(frozen=True)
class Growth:
    """Seconds by size along one axis; `fixed` says in words what stays the same."""

    axis: str
    fixed: str
    points: tuple[tuple[float, float], ...]

    @property
    def exponent(self) -> float:
        """1 where cost is linear."""
        return exponent(self.points)


def growths() -> tuple[Growth, ...]:
    """Cost on one thread along the three axes."""
    model = ours.reference_model()
    by_paths = {paths: _running(model, paths) for paths in PATHS}
    by_months = {months: _running(_shortened(months), MANY_PATHS) for months in MONTHS}
    by_equations = {copies * len(EQUATIONS): _running(linked(copies), FEW_PATHS) for copies in COPIES}
    return (
        _grown("paths", f"the reference model, {max(MONTHS)} months", by_paths, 45),
        _grown("months", f"the reference model, {MANY_PATHS:,} paths", by_months, 20),
        _grown("equations", f"linked copies, {max(MONTHS)} months, {FEW_PATHS:,} paths", by_equations, 20),
    )


def _running(model: ours.Model, paths: int) -> Callable[[], object]:
    return lambda: model.run(paths)


def _shortened(months: int) -> ours.Model:
    folder = BUILD / f"months{months}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "deal.yaml").write_text(shortened(months), encoding="utf-8")
    return ours.model(folder, OUTPUTS)


def _grown(axis: str, fixed: str, runs: Mapping[int, Callable[[], object]], budget: float) -> Growth:
    took = alternately({str(size): run for size, run in runs.items()}, budget, 9)
    return Growth(axis, fixed, tuple((float(size), took[str(size)]) for size in runs))


def draw(found: Sequence[Growth], path: Path) -> None:
    """The picture as SVG: one panel an axis, both scales logarithmic."""
    import vl_convert

    panels = [_panel(growth) for growth in found]
    spec = {"hconcat": panels, "spacing": 36, "padding": 16}
    path.write_text(vl_convert.vegalite_to_svg(spec, config=ours.look()), encoding="utf-8")


def _panel(growth: Growth) -> dict[str, Any]:
    sizes = [size for size, _ in growth.points]
    log = {"type": "log", "nice": False}
    return {
        "width": 210,
        "height": 190,
        "title": {"text": f"By {growth.axis}", "subtitle": f"{growth.fixed}: size ^ {growth.exponent:.2f}"},
        "data": {"values": [{"size": size, "ms": 1000 * seconds} for size, seconds in growth.points]},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {
                "field": "size",
                "type": "quantitative",
                "scale": log,
                "axis": {"title": growth.axis, "values": sizes, "format": "~s"},
            },
            "y": {
                "field": "ms",
                "type": "quantitative",
                "scale": {"type": "log"},
                "axis": {"title": "ms", "format": "~s"},
            },
        },
    }
