"""The findings as tables for the terminal, and a display of progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from detente.answers.results import Findings, HeadlineAnswer
from detente.deal.model import Deal
from detente.engine.evaluate import Stopped
from detente.engine.run import Run
from detente.report import words

RIGHT: Literal["right"] = "right"


def print_findings(findings: Findings, console: Console | None = None) -> None:
    """Print the answers, futures, rights and checks of a deal, and how much rests on assumption."""
    out = console or Console()
    run, deal = findings.run, findings.deal
    out.print(Text(deal.title, style="bold"))
    out.print(
        Text(f"as of {words.month_words(deal.now)}, to {words.month_words(deal.last)}; ")
        + Text(f"{run.paths:,} paths, seed {run.seed}, {words.duration(run.seconds)}"),
        style="dim",
    )
    for answer in findings.headlines:
        _headline(answer, deal, out)
    if run.futures:
        _print(out, _futures(findings))
    if findings.rights:
        _print(out, _rights(findings))
    if findings.checks:
        _print(out, _checks(findings))
    if findings.grounds:
        sourced = sum(item.sourced for item in findings.grounds)
        share = words.amount(sourced / len(findings.grounds), words.CHANCE)
        out.print(
            Text(f"\n{sourced} of {len(findings.grounds)} inputs ({share}) have a source; the others are assumed.")
        )
    for note in deal.notes:
        out.print(Text(f"Note: {note}", style="dim"))


def print_run(run: Run, console: Console | None = None) -> None:
    """Print the outputs of a run in its last month, and the chances of its futures."""
    out = console or Console()
    deal = run.deal
    out.print(Text(deal.title, style="bold"))
    out.print(
        Text(f"{words.scenario_title(run.scenario, deal)}; " if run.scenario != "base" else "")
        + Text(f"{run.paths:,} paths, seed {run.seed}, {words.duration(run.seconds)}"),
        style="dim",
    )
    if run.series:
        table = _table(f"Outputs in {words.month_words(deal.last)}", "")
        table.add_column("")
        table.add_column("Median", justify=RIGHT, style="bold")
        table.add_column("Nine in ten paths")
        table.add_column("Mean", justify=RIGHT)
        table.add_column("Sampling error", justify=RIGHT, style="dim")
        for name, series in run.series.items():
            last = series.at(series.months[-1])
            median, mean = (words.amount(last[key], series.unit) for key in ("p50", "mean"))
            spread, error = (
                words.span(last["p5"], last["p95"], series.unit),
                words.give_or_take(last["mc_error"], series.unit),
            )
            _row(table, words.series_title(name, deal), median, spread, mean, error)
        _print(out, table)
    if run.futures:
        table = _table("Futures", "a path belongs to the first that fits")
        table.add_column("")
        table.add_column("Chance", justify=RIGHT, style="bold", no_wrap=True)
        table.add_column("Sampling error", justify=RIGHT, style="dim")
        for name, future in run.futures.items():
            error = words.give_or_take(future.mc_error, future.unit)
            _row(table, words.future_title(name, deal), words.headline(future), error)
        _print(out, table)
    out.print(Text("\nHeadlines, ranges, rights and checks are told by a run without --resume.", style="dim"))


@contextmanager
def progress(console: Console | None = None) -> Iterator[Callable[[str, int, int], None]]:
    """A display on standard error, gone when the work is done: `with progress() as show: show("paths", 512, 4096)`.

    Where no one watches (a file, a pipe) nothing is shown.

    Raises:
        Stopped: on Ctrl-C in the work, with what is kept of it.
    """
    watched = console or Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), TimeElapsedColumn())
    try:
        with Progress(*columns, console=watched, transient=True, disable=not watched.is_terminal) as display:
            tasks: dict[str, TaskID] = {}

            def show(what: str, done: int, total: int) -> None:
                if what not in tasks:
                    tasks[what] = display.add_task(what, total=total)
                display.update(tasks[what], completed=done, total=total)

            yield show
    except Stopped:
        raise
    except KeyboardInterrupt:
        raise Stopped("stopped; nothing that it did is kept") from None


def _headline(answer: HeadlineAnswer, deal: Deal, out: Console) -> None:
    """A question with its figures: what it is, how much, and beside it the spread, the range and the sampling error."""
    difference = answer.against != ""
    out.print()
    parts = [f"difference to {words.scenario_title(answer.against, deal)}" if difference else "", answer.note]
    out.print(_title(answer.title, "; ".join(part for part in parts if part)))
    scenarios = {row.scenario for row in answer.rows} != {"base"}
    grid = Table.grid(padding=(0, 2), pad_edge=True)
    grid.add_column(max_width=30)
    grid.add_column(justify=RIGHT, style="bold", no_wrap=True)
    grid.add_column()
    label = None
    for row in answer.rows:
        if scenarios and row.label != label:
            label = row.label
            _row(grid, label, "", "")
        what = f"  {words.scenario_title(row.scenario, deal)}" if scenarios else row.label
        error = words.give_or_take(row.figure.mc_error, row.figure.unit)
        spread, mean = words.spread(row.figure), words.mean(row.figure, difference)
        lines = [f"nine in ten paths: {spread}; mean {mean}"] if spread else []
        lines += words.end_lines(row.figure, difference)
        small = Text("; ".join(filter(None, (f"sampling error {error}", words.presence(row.figure)))), style="dim")
        detail = Text("\n").join([*map(Text, lines), small])
        grid.add_row(Text(what), Text(words.headline(row.figure, difference)), detail)
    out.print(grid)


def _futures(findings: Findings) -> Table:
    table = _table("Futures", "a path belongs to the first that fits")
    table.add_column("")
    table.add_column("Chance", justify=RIGHT, style="bold", no_wrap=True)
    table.add_column("Range over assumptions")
    table.add_column("Sampling error", justify=RIGHT, style="dim")
    for name, future in findings.run.futures.items():
        title, error = words.future_title(name, findings.deal), words.give_or_take(future.mc_error, future.unit)
        _row(table, title, words.headline(future), "\n".join(words.end_lines(future)), error)
    return table


def _rights(findings: Findings) -> Table:
    table = _table("Who can hurt whom", "a right used, against left alone; a gain is negative")
    table.add_column("Holder")
    table.add_column("Right")
    table.add_column("Harm to the other", justify=RIGHT, style="bold")
    table.add_column("Own cost", justify=RIGHT)
    table.add_column("Sources say it hurts")
    for right in findings.rights:
        harm = f"{words.amount(right.harm, right.unit)}\n{words.give_or_take(right.harm_error, right.unit)}"
        cost = f"{words.amount(right.cost, right.unit)}\n{words.give_or_take(right.cost_error, right.unit)}"
        what = f"{right.title}\nhurts {words.party_title(right.hurts, findings.deal)}"
        holder = words.party_title(right.holder, findings.deal)
        _row(table, holder, what, harm, cost, "the model agrees" if right.agrees else "the model does not agree")
    return table


def _checks(findings: Findings) -> Table:
    table = _table("Checks", "share of the paths on which each holds")
    table.add_column("")
    table.add_column("Paths", justify=RIGHT, style="bold", no_wrap=True)
    table.add_column("Stands in", style="dim")
    for check in findings.checks:
        _row(table, check.text, words.amount(check.share, words.CHANCE), words.place_short(check.place))
    return table


def _table(title: str, note: str) -> Table:
    heading = _title(title, note)
    return Table(
        title=heading, title_justify="left", title_style="", box=SIMPLE_HEAD, header_style="dim", pad_edge=False
    )


def _title(title: str, note: str) -> Text:
    return Text.assemble((title, "bold"), (f"  {note}" if note else "", "dim"))


def _row(table: Table, *cells: str) -> None:
    """Texts of a deal are shown as they are: square brackets in them are no markup."""
    table.add_row(*(Text(cell) for cell in cells))


def _print(out: Console, table: Table) -> None:
    out.print()
    out.print(table)
