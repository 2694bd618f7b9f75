"""What changed between two deals, as text for the terminal."""

from __future__ import annotations

from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from detente.answers.difference import Changed, Difference
from detente.answers.figures import Figures, Shifted
from detente.deal.model import Deal
from detente.report import words


def print_difference(difference: Difference, spelling: bool = False, console: Console | None = None) -> None:
    """Print the changes, section by section; with `spelling` also literals that are written otherwise."""
    out = console or Console()
    if difference.same:
        out.print(Text("The two deals say the same"))
    for section, found in groupby(difference.changes, key=lambda one: one.section):
        out.print(Text(words.sentence(words.readable(section)), style="bold"))
        for name, changes in groupby(found, key=lambda one: one.name):
            _changes(name, [*changes], out)
    if spelling and difference.spelling:
        out.print(Text("Spelled otherwise, with the same meaning", style="bold"))
        for name, changes in groupby(difference.spelling, key=lambda one: one.name):
            _changes(name, [*changes], out)


def _changes(name: str, changes: list[Changed], out: Console) -> None:
    if len(changes) == 1:
        out.print(Padding(Text(f"{name}: {changes[0].text}"), (0, 0, 0, 2)))
        return
    out.print(Padding(Text(f"{name}:"), (0, 0, 0, 2)))
    for one in changes:
        out.print(Padding(Text(one.text), (0, 0, 0, 4)))


def print_figures(figures: Figures, deal: Deal, console: Console | None = None) -> None:
    """Print both means of every headline figure and their difference on the same draws."""
    out = console or Console()
    out.print()
    out.print(
        Text.assemble(("Headline figures", "bold"), f"  means on the same {figures.paths:,} draws, seed {figures.seed}")
    )
    grid = Table.grid(padding=(0, 2), pad_edge=True)
    grid.add_column(min_width=30)
    for _ in range(3):
        grid.add_column(justify="right")
    grid.add_column()
    grid.add_row("", *(Text(head, style="dim") for head in ("before", "after", "difference", "sampling error")))
    for title, rows in groupby(figures.rows, key=lambda row: row.title):
        grid.add_row(Text(title, style="bold"))
        for row in rows:
            grid.add_row(*map(Text, _row(row, deal)))
    out.print(grid)
    for text in figures.skipped:
        out.print(Text(f"Not compared: {text}", style="dim"))


def _row(row: Shifted, deal: Deal) -> tuple[str, ...]:
    under = "" if row.scenario == "base" else f", {words.scenario_title(row.scenario, deal).lower()}"
    on = f"; both on {words.amount(row.present, words.CHANCE)} of paths" if row.present < 1.0 else ""
    return (
        f"  {row.label}{under}",
        words.amount(row.before, row.unit),
        words.amount(row.after, row.unit),
        words.signed(row.difference, row.unit),
        words.give_or_take(row.mc_error, row.unit) + on,
    )
