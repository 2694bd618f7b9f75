"""Hindsight in the terminal: coverage and scores by date and by series."""

from __future__ import annotations

from math import isnan

from rich.console import Console
from rich.table import Table

from detente.answers.score import ScoreAnswer


def print_score(answer: ScoreAnswer) -> None:
    """Print coverage with counts, scores beside the random walk's, and interval widths."""
    console = Console()
    if not answer.scored:
        console.print(
            "There is nothing to score: the deal has no earlier date with openings, or nothing sourced was observed "
            "after one. Give accounts an `opening` at an earlier date, or name one: detente score DEAL --from 2023-12"
        )
        return
    for title, groups in (("run from", answer.by("since")), ("series", answer.by("series"))):
        table = Table(title_justify="left", box=None, header_style="bold")
        table.add_column(title)
        for column in ("observations", "inside 90 %", "CRPS", "random walk's", "width", "random walk's"):
            table.add_column(column, justify="right")
        for name, found in [*groups.items(), ("all", answer.summary())]:
            table.add_row(
                name,
                f"{found['observations']:.0f}",
                f"{found['inside']:.0f} ({found['coverage']:.0%})",
                f"{found['crps']:.3f}",
                "–" if isnan(found["walk_crps"]) else f"{found['walk_crps']:.3f}",
                f"{found['width']:.2f}",
                "–" if isnan(found["walk_width"]) else f"{found['walk_width']:.2f}",
                style="bold" if name == "all" else "",
            )
        console.print(table)
        console.print()
    console.print(
        f"{answer.paths:,} paths a date, seed {answer.seed}. Scores and widths are over the size of each observation; "
        "the walk is of the logarithm, without drift, its volatility from what was observed by the date.",
        style="dim",
    )
