"""A forecast in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from detente.answers.forecast import Forecast
from detente.report.words import number


def print_forecast(forecast: Forecast, console: Console | None = None) -> None:
    """A line for each question: the median with its 90% interval, or the probability."""
    table = Table(title=f"{forecast.deal.title}: what a forecast is asked", title_justify="left")
    for column in ("id", "question", "5%", "median", "95%", "in"):
        table.add_column(column, justify="left" if column in ("id", "question", "in") else "right")
    for one in forecast.answers:
        if one.probability is not None:
            table.add_row(one.question.name, one.question.title, "", f"{one.probability:.0%}", "", "probability")
        else:
            unit = one.unit if one.present == 1.0 else f"{one.unit} on {one.present:.0%} of the paths"
            table.add_row(one.question.name, one.question.title, *map(number, (one.p5, one.p50, one.p95)), unit)
    (console or Console()).print(table)
