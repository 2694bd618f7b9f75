"""What held on a date, as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from detente.answers.held import Held, HeldAgreement, HeldTerm, Support
from detente.report import words
from detente.text.written import parse_date

KINDS = {"opening": "opening", "past": "drives the paths", "observed": "compared only"}


def print_held(held: Held, console: Console | None = None) -> None:
    """Print the terms of every agreement as they stood, the events that had happened, and what was on record."""
    out = console or Console()
    out.print(Text(held.deal, style="bold"))
    out.print(Text(_heading(held), style="dim"))
    for agreement in held.agreements:
        _agreement(agreement, out)
    if held.events:
        out.print(Text("\nEvents that had happened", style="bold"))
        for event in held.events:
            _entry(out, f"{event.title}, {event.on}", _grounds(event.support))
    if held.record:
        out.print(Text("\nOn record: the latest values", style="bold"))
        grid = Table.grid(padding=(0, 2), pad_edge=True)
        for _ in range(4):
            grid.add_column(overflow="fold")
        for one in held.record:
            grid.add_row(Text(one.name), Text(one.value), Text(one.on), Text(KINDS[one.kind], style="dim"))
        out.print(grid)
    for note in held.notes:
        out.print(Text(f"Note: {note}", style="dim"))


def _heading(held: Held) -> str:
    heading = f"What held in {_month(held.on)}"
    if held.after_now:
        heading = f"What is agreed for {_month(held.on)}, not what will happen: the record ends in {_month(held.now)}"
    return f"{heading}, as known in {_month(held.as_of)}" if held.as_of else heading


def _agreement(agreement: HeldAgreement, out: Console) -> None:
    title = words.sentence(agreement.title or words.readable(agreement.name))
    between = f"{', '.join(agreement.between)}; signed {agreement.signed}"
    out.print()
    out.print(Text.assemble((title, "bold"), (f"  {between}", "dim")))
    for term in agreement.terms:
        _term(term, out)
    if not agreement.terms:
        _entry(out, "no term of it is known", [])


def _term(term: HeldTerm, out: Console) -> None:
    out.print(
        Padding(
            Text.assemble(
                (term.name, "bold" if term.state == "in force" else ""),
                f"  {words.readable(term.type)}, {term.state}",
                (f"  {_when(term)}", "dim"),
            ),
            (0, 0, 0, 2),
        )
    )
    lines: list[str] = []
    if term.state == "replaced":
        lines = ["; ".join(term.became) or "nothing changed but its dates"]
    elif term.state != "ended":
        lines = [f"{words.readable(one.name)}: {one.text}" for one in term.settings if one.written]
        silent = [f"{words.readable(one.name)} {one.text}" for one in term.settings if not one.written]
        lines += [f"not written, so: {'; '.join(silent)}"] if silent else []
    for line in [*lines, *_grounds(term.support)]:
        out.print(Padding(Text(line), (0, 0, 0, 6)))


def _when(term: HeldTerm) -> str:
    """Since when, under what, until when and why: "since June 2024 by the amendment of …, until December 2024 …"."""
    first = "from" if term.state == "pending" else "since"
    parts = [f"{first} {_month(term.since)} by {term.under}"]
    until = f"until {_month(term.until)}" if term.until else ""
    parts.append(f"{until} ({term.ends})" if until else term.ends)
    if term.agreed_until != term.until:
        parts.append(f"agreed until {_month(term.agreed_until)}" if term.agreed_until else "agreed without an end")
    return ", ".join(parts)


def _grounds(support: Support) -> list[str]:
    lines = [
        f"rests on {one.claim} ({one.gives}): “{one.says}” {one.publisher}{', ' * bool(one.known)}{one.known}"
        for one in support.claims
    ]
    return [*lines, *([f"assumed: {support.assumed}"] if support.assumed else [])]


def _entry(out: Console, head: str, lines: Iterable[str]) -> None:
    out.print(Padding(Text(head), (0, 0, 0, 2)))
    for line in lines:
        out.print(Padding(Text(line), (0, 0, 0, 6)))


def _month(text: str) -> str:
    date = parse_date(text)
    return words.month_words(date.last) if date is not None else text
