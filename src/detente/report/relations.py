"""Incidents between parties, and what they would have to move to change an answer, in the terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from detente.answers.relations import BreakEven, Move, Relations
from detente.deal.model import Incident, Relation
from detente.report import words


def print_relations(answer: Relations, console: Console | None = None) -> None:
    """Print the log of incidents, what one is assumed to move, and the break-evens."""
    out = console or Console()
    out.print(Text(f"{answer.deal.title}: incidents and what they would move", style="bold"))
    out.print(Text("No figure rests on them unless a run is told --relations.", style="dim"))
    for relation, incidents in answer.log():
        out.print()
        out.print(_log(answer, relation, incidents))
    for move in answer.moves:
        rows = [row for row in answer.rows if row.move is move]
        out.print()
        out.print(Text(_assumed(move)))
        out.print(_table(answer, move, rows))
    note = (
        f"{answer.paths:,} paths, seed {answer.seed}; a figure moves materially by {answer.relative:.0%} of itself, "
        f"a chance by {100 * answer.points:g} points. A quantity turns where it changes its sign, a chance where it "
        "crosses one half, a future where it becomes or ceases to be the likeliest."
    )
    out.print(Text(note, style="dim"))


def _log(answer: Relations, relation: Relation | None, incidents: tuple[Incident, ...]) -> Table:
    titles = [words.party_title(name, answer.deal) for name in relation.between] if relation else []
    heading = " and ".join(titles) if relation else "Others, which no relation weighs"
    table = Table(title=heading, title_justify="left", title_style="", box=SIMPLE_HEAD, header_style="dim")
    for column in ("On", "Kind", "What happened", "Told by"):
        table.add_column(column)
    for one in incidents:
        told = ", ".join(dict.fromkeys(_publisher(answer, citation.claim) for citation in one.grounds.citations))
        between = "" if relation else f"{' and '.join(words.party_title(name, answer.deal) for name in one.between)}: "
        table.add_row(*map(Text, (one.on.text, one.kind, between + one.says, told)))
    return table


def _publisher(answer: Relations, claim: str) -> str:
    evidence = answer.deal.evidence
    found = evidence.claims.get(claim)
    source = evidence.sources.get(found.source) if found else None
    return (source.publisher or source.name) if source else claim


def _assumed(move: Move) -> str:
    unit = move.unit
    one = (
        words.signed(move.median, unit)
        if move.low == move.high
        else f"{_shift(move.low, unit)} to {_shift(move.high, unit)}"
    )
    return (
        f"One incident is assumed to move {' and '.join(move.targets)} by {one} ({move.effect}); "
        f"on record the weight of {words.number(move.weight)}."
    )


def _shift(value: float, unit: str) -> str:
    """A shift with its sign: of a share in points."""
    if unit in ("%", "", words.CHANCE):
        points = value if unit == "%" else 100.0 * value
        return f"{'+' if points > 0 else '−' if points < 0 else ''}{words.number(abs(points))}{words.NO_BREAK}points"
    return words.signed(value, unit)


def _table(answer: Relations, move: Move, rows: list[BreakEven]) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="dim", pad_edge=False)
    table.add_column("")
    for column in ("As filed", "Log heeded", "Moves materially at", "for each incident", "Turns at"):
        table.add_column(column, justify="right")
    never = f"no shift to {_shift(move.furthest, move.unit)}"
    question = None
    for row in rows:
        if row.question != question:
            question = row.question
            table.add_row(Text(question, style="bold"))
        under = "" if row.scenario == "base" else f", {words.scenario_title(row.scenario, answer.deal)}"
        each = row.each(row.moves)
        table.add_row(
            Text(f"  {row.label}{under}"),
            Text(words.amount(row.base, row.unit)),
            Text(words.amount(row.heeded, row.unit)),
            Text(never if row.moves is None else _shift(row.moves, move.unit)),
            Text("" if each is None else _shift(each, move.unit)),
            Text("–" if row.turns is None else _shift(row.turns, move.unit)),
        )
    return table
