"""Cap tables in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from detente.answers.cap_table import CapTable, Ownership
from detente.report import words
from detente.text.written import parse_date


def print_ownership(ownership: Ownership, console: Console | None = None) -> None:
    """Print the cap table of every company, and what is not a share beside it."""
    out = console or Console()
    out.print(Text(ownership.deal, style="bold"))
    how = f"on path {ownership.path}" if ownership.path is not None else f"means over {ownership.paths:,} paths"
    out.print(Text(f"Who owns what at the end of {_month(ownership.on)}: {how}", style="dim"))
    for table in ownership.companies:
        _table(table, out)
    if not ownership.companies:
        out.print("No company of this deal has shares.")


def _table(table: CapTable, out: Console) -> None:
    grid = Table(title=table.company, title_justify="left", title_style="bold", box=None, header_style="bold")
    grid.add_column("holder")
    for class_ in table.classes:
        grid.add_column(class_, justify="right")
    grid.add_column("stake", justify="right")
    warrants = any(one.kind == "warrant" for one in table.outstanding)
    if warrants:
        grid.add_column("with warrants", justify="right")
    for one in table.holdings:
        shares = [_count(one.shares[class_]) for class_ in table.classes]
        grid.add_row(one.holder, *shares, f"{one.stake:.1%}", *([f"{one.diluted:.1%}"] if warrants else []))
    issued = [_count(table.issued[class_]) for class_ in table.classes]
    whole = f"{sum(one.stake for one in table.holdings):.1%}"
    diluted = [f"{sum(one.diluted for one in table.holdings):.1%}"] if warrants else []
    grid.add_row("all", *issued, whole, *diluted, style="bold")
    out.print()
    out.print(grid)
    for other in table.outstanding:
        what = {
            "warrant": "may still be bought",
            "note": "owed, not converted",
            "profit interest": "received so far; no stake",
        }[other.kind]
        out.print(
            Text(
                f"  {other.term} ({other.kind} of {other.holder}): {_count(other.amount)} {other.unit} {what}",
                style="dim",
            )
        )


def _count(number: float) -> str:
    """A number of shares or of money as people write it: whole from a thousand on."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def _month(text: str) -> str:
    date = parse_date(text)
    return words.month_words(date.last) if date is not None else text
