"""A deal rolled forward in the terminal: what was written, what to look after, and how earlier forecasts did."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from detente.answers.rolling import Rolled
from detente.report.words import month_words, number


def print_rolled(rolled: Rolled, console: Console | None = None) -> None:
    """Print what changed, then every observation against every forecast that was kept before it."""
    out = console or Console()
    out.print(Text(rolled.deal.title, style="bold"))
    out.print(Text(f"On record now, each with its claim: {', '.join(rolled.claims)}"))
    if rolled.after > rolled.before:
        out.print(Text(f"The record ends in {month_words(rolled.after)}, no longer in {month_words(rolled.before)}."))
    if rolled.frozen:
        out.print(Text(f"The forecast of {month_words(rolled.before)} is kept in {rolled.frozen}"))
    if rolled.openings:
        out.print(Text(f"Opening with what was forecast, as nothing was reported: {', '.join(rolled.openings)}"))
    for note in rolled.notes:
        out.print(Text(f"Note: {note}", style="dim"))
    if rolled.score.scored:
        out.print()
        out.print(_scores(rolled))
        found = rolled.score.summary()
        out.print(
            Text(
                f"{found['inside']:.0f} of {found['observations']:.0f} inside the 90 % interval. The score is the "
                "weighted interval score over the size of the observation, less is better; the walk is a random walk "
                "of the logarithm without drift.",
                style="dim",
            )
        )
    else:
        out.print(Text("No forecast kept before says anything of what is on record."))


def _scores(rolled: Rolled) -> Table:
    table = Table(
        title=Text("What was forecast, and what followed", style="bold"),
        title_justify="left",
        title_style="",
        box=SIMPLE_HEAD,
        header_style="dim",
        pad_edge=False,
    )
    for column in ("Of", "Series", "On"):
        table.add_column(column, no_wrap=column != "Series", min_width=10 if column == "Series" else None)
    for column in ("Observed", "Median", "Nine in ten", "In", "Score", "Walk"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in rolled.score.scored:
        spread = f"{number(one.p5, 3)} to {number(one.p95, 3)}"
        walk = "–" if one.walk_crps is None else f"{one.walk_crps:.3f}"
        name = f"{one.series}, {one.unit}" if one.unit else one.series
        figures = (number(one.observed, 3), number(one.p50, 3), spread)
        table.add_row(
            *map(Text, (one.since, name, one.date, *figures, "yes" if one.inside else "no", f"{one.crps:.3f}", walk))
        )
    return table
