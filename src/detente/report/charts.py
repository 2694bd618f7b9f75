"""Charts as Vega-Lite data: from parts of the findings to Altair charts.

A chart carries its numbers with four significant digits and names styles, not colours: the look stands in `theme`.
`spec` gives the data that a page embeds and a test pins; `save_picture` draws without a browser.
"""

from __future__ import annotations

import csv
import io
import json
import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import altair as alt

from detente.answers.results import RightAnswer
from detente.deal.model import Deal
from detente.engine.run import Observation, Run, Series
from detente.report import words
from detente.report.families import demands
from detente.report.theme import DASHES, theme
from detente.text.written import month_text

Rows: TypeAlias = list[dict[str, Any]]

DIGITS = 4
LABEL_WIDTH = 22
NARROW_LABELS = 140
STATISTICS = {"hi": "95th percentile", "mid": "median", "lo": "5th percentile", "mean": "mean"}
MONTH = (alt.Tooltip("m:T", timeUnit="utcyearmonth", title="month"),)
PER_CENT = f"round(datum.value * 100) + '{words.NO_BREAK}%'"
HARM, COST = "harm to the other side", "own cost"


def fan(series: Series, deal: Deal) -> alt.LayerChart:
    """One series: the band from the 5th to the 95th percentile, the median, the mean dashed, the record as dots."""
    scale = _scale([series])
    base = alt.Chart(_by_month([series], deal, scale)).encode(x=months("m"))
    layers = [
        base.mark_area(style="dt-band").encode(y=_level("lo"), y2="hi"),
        base.mark_line(style="dt-mean").encode(y=_level("mean")),
        base.mark_line(style="dt-median").encode(y=_level("mid")),
        *now_rule(deal),
        base.mark_rule(style="dt-touch").encode(tooltip=[*MONTH, *tips({}, STATISTICS)]),
        *_observed(series.observed, deal, scale),
    ]
    name = words.series_title(series.name, deal)
    described = f"{name} by month from {series.dates[0]} to {series.dates[-1]}, in {scale.label or 'plain numbers'}."
    return layered(layers, 190, described, name, scale.label)


def together(group: Sequence[Series], deal: Deal, title: str) -> alt.LayerChart:
    """Series of one unit in one chart: medians over bands; what is needed in ink, what is offered in colour."""
    scale = _scale(group)
    needed = demands(deal)
    needs = [series for series in group if series.name in needed]
    offers = [series for series in group if series.name not in needed]
    names = [words.series_title(series.name, deal) for series in offers]
    legend = alt.Legend(title=None, orient="top", columns=2, labelLimit=200, symbolType="stroke")
    colour = alt.Color("s:N", scale=alt.Scale(domain=names), legend=legend)
    dash = alt.StrokeDash("s:N", scale=alt.Scale(domain=names, range=DASHES[: len(names)]), legend=legend)
    offered = alt.Chart(_by_month(offers, deal, scale)).encode(x=months("m"))
    demand = alt.Chart(_by_month(needs, deal, scale)).encode(x=months("m"), detail="s:N")
    told = [*tips({"s": "series"}), *MONTH, *tips({}, STATISTICS)]
    layers = [
        offered.mark_area(style="dt-bands").encode(y=_level("lo"), y2="hi", color=colour),
        demand.mark_area(style="dt-demand-band").encode(y=_level("lo"), y2="hi"),
        offered.mark_line(style="dt-lines").encode(y=_level("mid"), color=colour, strokeDash=dash),
        demand.mark_line(style="dt-demand").encode(y=_level("mid")),
        *now_rule(deal),
        *(part.mark_point(style="dt-target").encode(y=_level("mid"), tooltip=told) for part in (offered, demand)),
    ]
    ink = [words.series_title(series.name, deal) for series in needs]
    subtitle = f"{scale.label}; in ink: {', '.join(ink)}" if ink else scale.label
    described = f"{title}: medians by month with bands from the 5th to the 95th percentile, in {scale.label}."
    return layered(layers, 340, described, title, subtitle)


def by_when(group: Sequence[Series], deal: Deal) -> alt.LayerChart:
    """The chance that each event has come by a month."""
    names = [words.series_title(series.name, deal) for series in group]
    legend = alt.Legend(title=None, orient="top", columns=2, labelLimit=200, symbolType="stroke")
    base = alt.Chart(_by_month(group, deal, words.scale(words.CHANCE))).encode(x=months("m"))
    axis = alt.Axis(title=None, labelExpr=f"datum.value + '{words.NO_BREAK}%'")
    level = alt.Y("mean:Q", scale=alt.Scale(domain=[0, 100]), axis=axis)
    layers = [
        base.mark_line(style="dt-lines").encode(
            y=level,
            color=alt.Color("s:N", scale=alt.Scale(domain=names), legend=legend),
            strokeDash=alt.StrokeDash("s:N", scale=alt.Scale(domain=names, range=DASHES[: len(names)]), legend=legend),
        ),
        *now_rule(deal),
        base.mark_point(style="dt-target").encode(
            y=level, tooltip=[*tips({"s": "event"}), *MONTH, *tips({}, {"mean": "per cent of paths"})]
        ),
    ]
    described = f"The chance by month that each has come: {', '.join(names)}."
    return layered(layers, 260, described, "Chance that it has come", "share of the paths")


def futures(run: Run) -> alt.LayerChart:
    """The chance of each future as a bar; the range over assumptions as a line, the sampling error as a block."""
    rows: Rows = []
    for name, future in run.futures.items():
        low, high = (future.range.low, future.range.high) if future.range else (future.mean, future.mean)
        rows.append(
            {
                "name": _broken(words.future_title(name, run.deal)), "text": words.headline(future),
                "p": short(future.mean), "lo": short(low), "hi": short(high), "end": short(max(future.mean, high)),
                "e0": short(max(0.0, future.mean - future.mc_error)),
                "e1": short(min(1.0, future.mean + future.mc_error)),
                "range": "; ".join(words.end_lines(future)) or words.NOTHING,
                "error": words.give_or_take(future.mc_error, future.unit),
            }
        )  # fmt: skip
    greatest = max((row["end"] for row in rows), default=1.0)
    extent = alt.Scale(domain=[0, min(1.0, math.ceil(greatest * 10 + 1) / 10)])
    tooltip = tips({"name": "future", "text": "chance", "range": "over assumptions", "error": "sampling error"})
    base = alt.Chart(data(rows)).encode(y=_row("name"), tooltip=tooltip)
    ranged = alt.Chart(data([row for row in rows if row["lo"] != row["hi"]])).encode(y=_row("name"), tooltip=tooltip)
    layers = [
        base.mark_bar(style="dt-bar", height=alt.RelativeBandSize(band=0.5)).encode(
            x=alt.X("p:Q", title=None, scale=extent, axis=alt.Axis(labelExpr=PER_CENT, tickCount=5))
        ),
        base.mark_rule(style="dt-error").encode(x="e0:Q", x2="e1"),
        ranged.mark_rule(style="dt-whisker").encode(x="lo:Q", x2="hi"),
        ranged.mark_tick(style="dt-whisker-end").encode(x="lo:Q"),
        ranged.mark_tick(style="dt-whisker-end").encode(x="hi:Q"),
        base.mark_text(style="dt-figure").encode(x="end:Q", text="text:N"),
    ]
    listed = "; ".join(f"{words.future_title(name, run.deal)} {words.headline(it)}" for name, it in run.futures.items())
    return layered(layers, 46 * len(rows), f"Chances of the futures: {listed}.")


def leverage(rights: Sequence[RightAnswer], deal: Deal) -> alt.LayerChart:
    """What each right does when it is used, all in one unit: the harm to the other side and the cost to its holder."""
    unit = rights[0].unit
    scale = words.scale(unit, *(figure for right in rights for figure in (right.harm, right.cost)))
    rows = [
        {
            "name": _broken(right_title(right, deal)), "side": side, "v": short(value / scale.divisor),
            "e0": short((value - error) / scale.divisor), "e1": short((value + error) / scale.divisor),
            "text": words.amount(value, unit), "error": words.give_or_take(error, unit),
        }
        for right in rights
        for side, value, error in ((HARM, right.harm, right.harm_error), (COST, right.cost, right.cost_error))
    ]  # fmt: skip
    base = alt.Chart(data(rows)).encode(
        y=_row("name", paddingInner=0.4), yOffset=alt.YOffset("side:N", sort=[HARM, COST]),
        tooltip=tips({"name": "right", "side": "what", "text": "value", "error": "sampling error"}),
    )  # fmt: skip
    legend = alt.Legend(title=None, orient="top", columns=1, symbolType="square", values=[HARM, COST])
    sides = alt.Color("side:N", scale=alt.Scale(domain=[COST, HARM]), legend=legend)
    layers = [
        base.mark_bar(style="dt-side").encode(
            x=alt.X("v:Q", title=scale.label, axis=alt.Axis(tickCount=5)), color=sides
        ),
        base.mark_rule(style="dt-error").encode(x="e0:Q", x2="e1"),
        alt.Chart(data([{"zero": 0}])).mark_rule(style="dt-zero").encode(x="zero:Q"),
    ]
    described = f"Harm to the other side and own cost of each right, in {scale.label}."
    return layered(layers, 62 * len(rights), described)


def right_title(right: RightAnswer, deal: Deal) -> str:
    """Who may do what: "Microsoft: withhold consent"."""
    return f"{words.party_title(right.holder, deal)}: {right.title}"


def spec(chart: alt.LayerChart) -> dict[str, Any]:
    """The chart as Vega-Lite data, without a look of its own."""
    found: dict[str, Any] = chart.to_dict(validate=False)
    found.pop("config", None)
    return found


def with_look(chart: alt.LayerChart, width: int = 640) -> alt.LayerChart:
    """The chart with the look of a light page, to stand alone in a notebook."""
    return alt.LayerChart.from_dict(
        {**chart.to_dict(validate=False), "width": width, "config": theme()}, validate=False
    )


def save_picture(chart: alt.LayerChart, path: Path, width: int = 760) -> None:
    """Draw a chart without a browser, as SVG or PNG by the ending of the name."""
    import vl_convert

    drawing = {**spec(chart), "width": width, "padding": 16}
    if path.suffix == ".svg":
        path.write_text(vl_convert.vegalite_to_svg(drawing, config=theme()), encoding="utf-8")
    elif path.suffix == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(drawing, config=theme(), scale=2))
    else:
        raise ValueError(f"a picture is an .svg or a .png, not '{path.name}'")


def layered(
    layers: Sequence[alt.Chart], height: int, description: str, title: str = "", subtitle: str = ""
) -> alt.LayerChart:
    """Layers on one ground, as wide as the place they stand in; the description is what a screen reader says."""
    chart = alt.LayerChart(layer=[*layers], width="container", height=height, description=description)
    return chart.properties(title=alt.TitleParams(title, subtitle=subtitle)) if title else chart


def data(rows: Rows) -> alt.InlineData:
    """Rows as the data of a chart."""
    return alt.InlineData(values=rows)


def months(field: str, grid: bool = False) -> alt.X:
    """Months along x, in universal time: or April would begin in March west of Greenwich."""
    axis = alt.Axis(format="%Y", tickCount="year", title=None, labelFlush=True, grid=grid)
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc"), axis=axis)


def tips(texts: Mapping[str, str], numbers: Mapping[str, str] | None = None) -> list[alt.Tooltip]:
    """What a mark says when it is pointed at: fields and what they are called."""
    return [
        *(alt.Tooltip(f"{field}:N", title=title) for field, title in texts.items()),
        *(alt.Tooltip(f"{field}:Q", title=title, format=",.3~r") for field, title in (numbers or {}).items()),
    ]


def now_rule(deal: Deal) -> tuple[alt.Chart, alt.Chart]:
    """A line where the record ends and the simulation begins."""
    base = alt.Chart(data([{"m": month_text(deal.now + 1), "text": "now"}])).encode(x=months("m"))
    return base.mark_rule(style="dt-now"), base.mark_text(style="dt-now-label").encode(y=alt.value(0), text="text:N")


def short(value: float) -> float | None:
    """With four significant digits; an absent value is null, never zero (R7)."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def labels_of(titles: Mapping[str, str]) -> str:
    """A Vega expression that gives the label of each value on an axis."""
    return f"({json.dumps(titles)})[datum.value]"


def _scale(group: Iterable[Series]) -> words.Scale:
    group = list(group)
    values = [float(value) for series in group for array in (series.p5, series.p95) for value in array]
    return words.scale(group[0].unit, *values, *(point.value for series in group for point in series.observed))


def _by_month(group: Sequence[Series], deal: Deal, scale: words.Scale) -> alt.InlineData:
    """Series as CSV, a line for each month: a third of the size of rows of JSON, and as easy to read."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(("s", "m", "lo", "mid", "hi", "mean"))
    for series in group:
        name = words.series_title(series.name, deal)
        columns = [array / scale.divisor for array in (series.p5, series.p50, series.p95, series.mean)]
        for date, *values in zip(series.dates, *columns, strict=True):
            lines.writerow((name, date, *("" if short(value) is None else f"{value:.{DIGITS}g}" for value in values)))
    return alt.InlineData(values=text.getvalue(), format=alt.CsvDataFormat(type="csv"))


def _observed(points: Sequence[Observation], deal: Deal, scale: words.Scale) -> list[alt.Chart]:
    """What is on record: a dot in the middle of its period, filled where it drives the paths, else hollow."""
    tooltip = [*tips({"when": "on record"}, {"v": "value"}), *tips({"use": "use", "says": "rests on"})]
    layers: list[alt.Chart] = []
    for drives, look, use in ((True, "observed", "the paths pass through it"), (False, "compared", "drives nothing")):
        rows = [
            {
                "from": month_text(point.first), "m": month_text((point.first + point.last) // 2),
                "to": month_text(point.last), "v": short(point.value / scale.divisor),
                "when": " – ".join(dict.fromkeys(words.month_short(month) for month in (point.first, point.last))),
                "use": use, "says": "; ".join(words.claim_lines(point.claims, deal)) or words.NOTHING,
            }
            for point in points
            if point.drives == drives
        ]  # fmt: skip
        if rows:
            base = alt.Chart(data(rows)).encode(y=_level("v"))
            if drives:
                layers.append(base.mark_line(style="dt-record").encode(x=months("m")))
            layers.append(base.mark_rule(style="dt-period").encode(x=months("from"), x2="to"))
            layers.append(base.mark_point(style=f"dt-{look}").encode(x=months("m"), tooltip=tooltip))
    return layers


def _level(field: str) -> alt.Y:
    return alt.Y(f"{field}:Q", title=None)


def _row(field: str, **scale: Any) -> alt.Y:
    """A row for each name, in the order of the data; a name may take several lines."""
    axis = alt.Axis(
        title=None, domain=False, ticks=False, labelPadding=10, labelLimit=NARROW_LABELS + 40, labelFontSize=12,
        labelExpr="split(datum.label, '\\n')",
    )  # fmt: skip
    return alt.Y(f"{field}:N", sort=None, axis=axis, scale=alt.Scale(**scale))


def _broken(text: str) -> str:
    return "\n".join(textwrap.wrap(text, LABEL_WIDTH)) or text
