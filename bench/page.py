"""`docs/benchmarks.md`: what was measured, in tables."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.cost import Growth
from bench.measures import PATHS, Found
from bench.peers.parameters import MONTHS
from bench.rows import ROWS

PACKAGES = ("detente", "numpy", "llvmlite")


def page(found: Found, left_out: Mapping[str, str], growths: Sequence[Growth], picture: str) -> str:
    """The page as Markdown."""
    rows = [
        [
            f"**{row.name}**: {row.says}",
            _figure(found.values[row.name], row.unit),
            _figure(row.goal, row.unit),
            _figure(row.floor, row.unit),
            row.verdict(found.values[row.name]),
        ]
        for row in ROWS
        if row.name in found.values
    ]
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`, which measures everything here anew; `bench/README.md` tells how to get the programs",
        "it is compared with. What is compared runs in turn, and medians are told.",
        "",
        f"{machine()}. {date.today():%Y-%m-%d}. {versions(found)}.",
        "",
        *_table(("what", "measured", "goal", "floor", ""), rows),
        "",
    ]
    if left_out:
        lines += ["Left out:", "", *(f"- {name}: {reason}" for name, reason in left_out.items()), ""]
    if found.seconds_a_path:
        lines += ["## The reference model", "", *_peers(found.seconds_a_path), ""]
    if growths:
        lines += ["## Cost", "", f"![Time by paths, months and equations]({picture})", "", *_growths(growths), ""]
    return "\n".join(lines)


def machine() -> str:
    """The processor, how many of its threads this process may use, and the system."""
    told = Path("/proc/cpuinfo")
    names = (
        [line for line in told.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        if told.exists()
        else []
    )
    name = names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} threads, {platform.system()}"


def versions(found: Found) -> str:
    """What was measured with what."""
    told = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            told.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join([*told, *(text if name == "C" else f"{name} {text}" for name, text in found.versions.items())])


def _peers(seconds: Mapping[str, float]) -> list[str]:
    rows = [
        [name, _figure(1e6 * each, "µs"), _number(MONTHS / each / 1e6)]
        for name, each in sorted(seconds.items(), key=lambda one: one[1])
    ]
    head = ("on one thread", "time a path", "million months of paths a second")
    about = f"{MONTHS} months; {PATHS:,} paths, or 100 runs of PySD and 200 paths in Squiggle."
    return [about, "`bench/reference/README.md` has the equations.", "", *_table(head, rows)]


def _growths(growths: Sequence[Growth]) -> list[str]:
    rows = [
        [
            growth.axis,
            growth.fixed,
            f"{growth.exponent:.2f}",
            ", ".join(f"{size:,.0f}: {_figure(1000 * seconds, 'ms')}" for size, seconds in growth.points),
        ]
        for growth in growths
    ]
    return _table(("cost by", "of", "exponent (1 is linear)", "measured"), rows)


def _figure(value: float, unit: str) -> str:
    return f"{_number(value)} {unit}"


def _number(value: float) -> str:
    """Three significant digits, without an exponent where it is large."""
    return f"{value:.3g}" if value < 1000 else f"{float(f'{value:.3g}'):,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
