"""The catalogue of terms in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

from detente.answers.catalogue import ParameterEntry, TermEntry


def print_terms(entries: Sequence[TermEntry], console: Console | None = None) -> None:
    """A line for each type of term, by family."""
    table = Table(show_edge=False, box=None, padding=(0, 2, 0, 0))
    for column in ("type", "what it says"):
        table.add_column(column, overflow="fold", no_wrap=column == "type")
    family = ""
    for one in entries:
        if one.family != family:
            family = one.family
            table.add_row(f"[bold]{family}[/bold]", "")
        table.add_row(f"  {one.type}", one.summary)
    (console or Console()).print(table)


def print_term(entry: TermEntry, console: Console | None = None) -> None:
    """Everything about one type of term."""
    shown = console or Console()
    shown.print(f"[bold]{entry.type}[/bold] ({entry.family})\n")
    for paragraph in entry.meaning.split("\n\n"):
        shown.print(" ".join(paragraph.split()), markup=False, highlight=False, end="\n\n")
    if entry.invariant:
        shown.print(f"Always: {entry.invariant}", markup=False, highlight=False)
    shown.print()
    table = Table("parameter", "is", "written as", "without it", box=None, padding=(0, 2, 0, 0))
    for one in entry.parameters:
        _row(table, one, "")
    shown.print(table)
    for label, doc, dimension in entry.shows:
        shown.print(f"\nread as AGREEMENT.TERM.{label}: {doc} ({dimension})", markup=False, highlight=False)
    shown.print(f"\njoins: {', '.join(entry.joins) or 'none'}", markup=False, highlight=False)
    for join, others in entry.meets:
        shown.print(f"  {join} meets {', '.join(others)}", markup=False, highlight=False)
    if entry.example:
        shown.print("\nfor example")
        shown.print(Syntax(entry.example, "yaml", background_color="default"))


def _row(table: Table, one: ParameterEntry, before: str) -> None:
    table.add_row(f"{before}{one.name}", one.means, one.written_as, one.without or "[bold]must be given[/bold]")
    for row in one.rows:
        _row(table, row, f"{before}{one.name}: ")
