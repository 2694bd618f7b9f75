"""Charts as Vega-Lite data: from parts of the findings to Altair charts that name no colour.

What a mark looks like stands in `theme`, by the names of styles; so one spec serves light, dark and print.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import altair as alt

from detente.answers.results import RightAnswer
from detente.deal.model import Agreement, Deal, Grounds, TermText, TrancheText
from detente.engine.run import Observation, Run, Series
from detente.lang.printer import print_expression
from detente.report import words
from detente.report.families import demands
from detente.text.written import Month, month_text

Rows: TypeAlias = list[dict[str, Any]]
DIGITS = 4
"""Significant digits of the numbers a chart carries."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


def fan(series: Series, deal: Deal) -> alt.LayerChart:
    """One series: the band from the 5th to the 95th percentile, the median, the mean dashed, what was observed as dots."""
    scale = _scale([series])
    rows = _fan_rows(series, scale)
    tooltip = [alt.Tooltip("month:N", title="Month"), *_statistics("hi:95th percentile mid:median lo:5th percentile mean:mean")]
    base = alt.Chart(_data(rows))
    layers = [
        base.mark_area(style="band").encode(x=_time("m"), y=_level("lo"), y2="hi"),
        base.mark_line(style="mean").encode(x=_time("m"), y=_level("mean")),
        base.mark_line(style="median").encode(x=_time("m"), y=_level("mid")),
        *_now(deal),
        base.mark_rule(style="touch").encode(x=_time("m"), tooltip=tooltip),
        *_observed(series.observed, deal, scale),
    ]
    subtitle = [scale.label] if scale.label else []
    note = deal.variables[series.name].grounds.note if series.name in deal.variables else ""
    title = alt.TitleParams(words.series_title(series.name, deal), subtitle=" · ".join([*subtitle, *([note] if note else [])]))
    return alt.layer(*layers).properties(width="container", height=190, title=title, description=_described(series, deal))


def together(group: Sequence[Series], deal: Deal, title: str) -> alt.LayerChart:
    """Series of one unit in one chart: medians as lines, bands behind them; what is demanded comes first and stands out."""
    scale = _scale(group)
    rows = [
        {"s": words.series_title(series.name, deal), "need": series.name in demands(deal), **row}
        for series in group
        for row in _fan_rows(series, scale)
    ]
    names = list(dict.fromkeys(row["s"] for row in rows))
    legend = alt.Legend(title=None, orient="top", columns=2, labelLimit=210)
    colour = alt.Color("s:N", scale=alt.Scale(domain=names), legend=legend)
    dash = alt.StrokeDash("s:N", scale=alt.Scale(domain=names), legend=legend)
    base = alt.Chart(_data(rows))
    tooltip = [
        alt.Tooltip("s:N", title="Series"), alt.Tooltip("month:N", title="Month"),
        *_statistics("hi:95th percentile mid:median lo:5th percentile"),
    ]  # fmt: skip
    layers = [
        base.mark_area(style="bands").encode(x=_time("m"), y=_level("lo"), y2="hi", color=colour),
        base.mark_line(style="lines").encode(x=_time("m"), y=_level("mid"), color=colour, strokeDash=dash),
        *_now(deal),
        base.mark_point(style="target").encode(x=_time("m"), y=_level("mid"), tooltip=tooltip),
    ]
    described = f"{title}: medians by month, with bands from the 5th to the 95th percentile, in {scale.label}."
    heading = alt.TitleParams(title, subtitle=scale.label)
    return alt.layer(*layers).properties(width="container", height=320, title=heading, description=described)


def futures(run: Run) -> alt.LayerChart:
    """The chance of every future as a bar, its range over assumptions as a line with ends, its sampling error as a short bar."""
    rows: Rows = []
    for name, future in run.futures.items():
        low, high = (future.range.low, future.range.high) if future.range else (future.mean, future.mean)
        rows.append(
            {
                "name": _broken(words.future_title(name, run.deal)), "p": _short(future.mean), "text": words.headline(future),
                "lo": _short(low), "hi": _short(high), "e0": _short(max(0.0, future.mean - future.mc_error)),
                "e1": _short(min(1.0, future.mean + future.mc_error)), "end": _short(max(future.mean, high)),
                "range": words.range_sentence(future) or words.NOTHING,
                "error": words.give_or_take(future.mc_error, future.unit),
            }
        )  # fmt: skip
    tooltip = _tips("name:Future text:Chance range:Over assumptions error:Sampling error")
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=_labels()), tooltip=tooltip
    )  # fmt: skip
    greatest = max((row["end"] for row in rows), default=1.0)
    extent = alt.Scale(domain=[0, min(1.0, math.ceil(greatest * 10 + 0.8) / 10)])
    chance = alt.X("p:Q", title=None, scale=extent, axis=alt.Axis(format=".0%", tickCount=6))
    ranged = alt.Chart(_data([row for row in rows if row["lo"] != row["hi"]])).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=_labels()), tooltip=tooltip
    )  # fmt: skip
    layers = [
        base.mark_bar(style="bar").encode(x=chance),
        ranged.mark_rule(style="whisker").encode(x="lo:Q", x2="hi"),
        ranged.mark_tick(style="whisker_end").encode(x="lo:Q"),
        ranged.mark_tick(style="whisker_end").encode(x="hi:Q"),
        base.mark_rule(style="error").encode(x="e0:Q", x2="e1"),
        base.mark_text(style="figure").encode(x="end:Q", text="text:N"),
    ]
    described = "; ".join(f"{words.future_title(name, run.deal)} {words.headline(future)}" for name, future in run.futures.items())
    return alt.layer(*layers).properties(width="container", height=alt.Step(46), description=f"Chances of the futures: {described}.")


def leverage(rights: Sequence[RightAnswer], deal: Deal) -> alt.LayerChart:
    """What each right does when it is used, in one unit: the harm to the other side and the cost to its holder."""
    unit = rights[0].unit
    scale = words.scale(unit, *(figure for right in rights for figure in (right.harm, right.cost)))
    rows: Rows = []
    for right in rights:
        name = _broken(f"{words.party_title(right.holder, deal)}: {right.title}")
        for side, value, error in (("harm to the other side", right.harm, right.harm_error), ("own cost", right.cost, right.cost_error)):
            rows.append(
                {
                    "name": name, "side": side, "v": _short(value / scale.divisor), "text": words.amount(value, unit),
                    "e0": _short((value - error) / scale.divisor), "e1": _short((value + error) / scale.divisor),
                    "error": words.give_or_take(error, unit),
                }
            )  # fmt: skip
    sides = ["harm to the other side", "own cost"]
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=_labels(), scale=alt.Scale(paddingInner=0.35)),
        yOffset=alt.YOffset("side:N", sort=sides),
        tooltip=_tips("name:Right side:What text:Value error:Sampling error"),
    )
    legend = alt.Legend(title=None, orient="top")
    layers = [
        base.mark_bar(style="side").encode(
            x=alt.X("v:Q", title=scale.label, axis=alt.Axis(tickCount=6)),
            color=alt.Color("side:N", scale=alt.Scale(domain=sides), legend=legend),
        ),
        base.mark_rule(style="error").encode(x="e0:Q", x2="e1"),
        alt.Chart(_data([{"zero": 0}])).mark_rule(style="zero").encode(x="zero:Q"),
    ]
    return alt.layer(*layers).properties(
        width="container", height=62 * len(rights), description=f"Harm to the other side and own cost of each right, in {scale.label}."
    )  # fmt: skip


def timeline(deal: Deal) -> alt.LayerChart:
    """Every version of every term by the months it held, with signatures, amendments and dated payments, and `now`."""
    rows: list[tuple[str, str]] = []
    bars: Rows = []
    marks: Rows = []
    for agreement in deal.agreements.values():
        rows.append((agreement.name, words.agreement_title(agreement.name, deal)))
        marks += _signatures(agreement, deal)
        for name, versions in agreement.versions.items():
            key = f"{agreement.name}.{name}"
            rows.append((key, words.readable(name)))
            marks += [mark for version in versions for mark in _payments(key, version, deal)]
            bars += [_bar(key, version, deal) for version in versions if version.known and "tranches" not in version.parameters]
    order = [key for key, _ in rows]
    labels = f"({json.dumps(dict(rows))})[datum.value]"
    is_agreement = "indexof(datum.value, '.') < 0"
    axis = alt.Axis(
        labelExpr=labels, labelLimit=150, domain=False, ticks=False, labelPadding=8, title=None,
        labelFontWeight={"condition": {"test": is_agreement, "value": 600}, "value": 400},  # type: ignore[arg-type]
    )  # fmt: skip
    line = alt.Y("row:N", sort=order, scale=alt.Scale(domain=order), axis=axis)
    tooltip = _tips("what:Term type:Type held:Held ends:Ends grounds:Rests on")
    layers: list[alt.Chart] = [
        alt.Chart(_data([bar for bar in bars if bar["state"] == state]))
        .mark_bar(style=f"term_{state}")
        .encode(x=_time("from"), x2="to", y=line, tooltip=tooltip)
        for state in ("ended", "held", "coming")
        if any(bar["state"] == state for bar in bars)
    ]
    pointed = _tips("what:What on:On detail:Detail grounds:Rests on")
    layers += [
        alt.Chart(_data([mark for mark in marks if mark["kind"] == kind]))
        .mark_point(style=kind)
        .encode(x=_time("from"), y=line, tooltip=pointed)
        for kind in ("signed", "amended", "payment")
        if any(mark["kind"] == kind for mark in marks)
    ]
    described = f"When each term of {len(deal.agreements)} agreements was signed, amended and ended. The table below has every version."
    return alt.layer(*layers, *_now(deal)).properties(width="container", height=alt.Step(21), description=described)


def state(version: TermText, now: Month) -> str:
    """Whether a version of a term is held at `now`, ended before, or yet coming."""
    if version.first > now:
        return "coming"
    return "held" if version.last is None or version.last >= now else "ended"


def held(version: TermText) -> str:
    """The months a version holds for, in words."""
    first = words.month_short(version.first)
    return f"{first} on" if version.last is None else f"{first} – {words.month_short(version.last)}"


def grounds_text(grounds: Grounds, deal: Deal) -> str:
    """What a block rests on, in one line: what its claims say, or the reason it is assumed."""
    claims = [deal.evidence.claims[citation.claim].says for citation in grounds.citations if citation.claim in deal.evidence.claims]
    return "; ".join([*claims, *([f"assumed: {grounds.assumed}"] if grounds.assumed else [])]) or words.NOTHING


def spec(chart: alt.LayerChart) -> dict[str, Any]:
    """The chart as Vega-Lite data, without any look: what the page embeds and the tests pin."""
    found: dict[str, Any] = chart.to_dict(validate=False)
    found.pop("config", None)
    return found


def theme(dark: bool = False) -> dict[str, Any]:
    """The look of all charts: a Vega-Lite configuration for a light or a dark ground."""
    ink, muted, line = ("#e8eaed", "#a3adb6", "#333b43") if dark else ("#1c2630", "#5d6975", "#e1e5e9")
    accent, alarm, ground = ("#6fb1e6", "#f0955a", "#14181c") if dark else ("#1d5f96", "#c4500f", "#ffffff")
    category = (
        ["#e8eaed", "#6fb1e6", "#f0955a", "#4cc9a0", "#dfa3c8", "#ecc65c", "#a3adb6"]
        if dark
        else ["#1c2630", "#0072b2", "#d55e00", "#009e73", "#b85c92", "#b58900", "#7d8791"]
    )
    text = {"font": FONT, "labelColor": muted, "titleColor": muted, "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": 400}
    return {
        "background": ground,
        "font": FONT,
        "padding": 2,
        "view": {"stroke": None},
        "range": {"category": category},
        "title": {
            "anchor": "start", "frame": "group", "color": ink, "fontSize": 14, "fontWeight": 600, "offset": 12,
            "subtitleColor": muted, "subtitleFontSize": 12, "subtitlePadding": 4, "limit": 420,
        },
        "axis": {**text, "gridColor": line, "domainColor": line, "tickColor": line, "labelPadding": 5},
        "axisX": {"grid": False, "labelOverlap": True},
        "axisXQuantitative": {"grid": True, "domain": False, "ticks": False},
        "axisYQuantitative": {"domain": False, "ticks": False, "tickCount": 5},
        "legend": {"labelColor": ink, "labelFontSize": 12, "symbolStrokeWidth": 3, "symbolSize": 260, "columnPadding": 16, "offset": 8},
        "style": {
            "band": {"color": accent, "opacity": 0.17},
            "median": {"stroke": accent, "strokeWidth": 2.2},
            "mean": {"stroke": accent, "strokeWidth": 1.2, "strokeDash": [4, 3], "opacity": 0.8},
            "bands": {"opacity": 0.1},
            "lines": {"strokeWidth": 2.2},
            "now": {"stroke": muted, "strokeWidth": 1, "strokeDash": [2, 3]},
            "now_label": {"fill": muted, "fontSize": 11, "align": "left", "baseline": "top", "dx": 4},
            "touch": {"stroke": ink, "strokeWidth": 7, "opacity": 0},
            "target": {"opacity": 0, "size": 90},
            "observed": {"stroke": alarm, "fill": alarm, "size": 34, "strokeWidth": 1.4, "opacity": 1},
            "period": {"stroke": alarm, "strokeWidth": 1.2, "opacity": 0.7},
            "bar": {"color": accent, "opacity": 0.88, "height": {"band": 0.56}},
            "side": {"opacity": 0.9},
            "whisker": {"stroke": ink, "strokeWidth": 1.4},
            "whisker_end": {"color": ink, "thickness": 1.4, "size": 12},
            "error": {"stroke": muted, "strokeWidth": 4, "opacity": 0.75},
            "zero": {"stroke": muted, "strokeWidth": 1},
            "figure": {"fill": ink, "fontSize": 13, "fontWeight": 600, "align": "left", "dx": 8},
            "term_ended": {"color": line if dark else "#c9cfd5", "height": 11, "cornerRadius": 2, "stroke": ground, "strokeWidth": 1},
            "term_held": {"color": accent, "height": 11, "cornerRadius": 2, "stroke": ground, "strokeWidth": 1},
            "term_coming": {"filled": False, "stroke": accent, "height": 11, "cornerRadius": 2, "strokeWidth": 1.2},
            "signed": {"stroke": ink, "fill": ink, "size": 52, "shape": "circle", "opacity": 1},
            "amended": {"stroke": alarm, "fill": alarm, "size": 56, "shape": "diamond", "opacity": 1},
            "payment": {"stroke": accent, "fill": ground, "size": 48, "shape": "circle", "strokeWidth": 2, "opacity": 1},
        },
    }  # fmt: skip


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


def _data(rows: Rows) -> alt.InlineData:
    return alt.InlineData(values=rows)


def _short(value: float) -> float | None:
    """With four significant digits; an absent value is null, never zero (R7)."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def _scale(group: Iterable[Series]) -> words.Scale:
    group = list(group)
    values = [float(value) for series in group for array in (series.p5, series.p95) for value in array]
    return words.scale(group[0].unit, *values, *(point.value for series in group for point in series.observed))


def _fan_rows(series: Series, scale: words.Scale) -> Rows:
    return [
        {
            "m": month_text(month), "month": words.month_short(month),
            **{key: _short(float(array[index]) / scale.divisor)
               for key, array in (("lo", series.p5), ("mid", series.p50), ("hi", series.p95), ("mean", series.mean))},
        }
        for index, month in enumerate(series.months)
    ]  # fmt: skip


def _time(field: str) -> alt.X:
    """Months along x; in universal time, or April would be March in America."""
    axis = alt.Axis(format="%Y", tickCount="year", title=None, labelFlush=True)
    return alt.X(f"{field}:T", scale=alt.Scale(type="utc", nice=False), axis=axis)


def _level(field: str) -> alt.Y:
    return alt.Y(f"{field}:Q", title=None)


def _statistics(fields: str) -> list[alt.Tooltip]:
    parts = [part.partition(":") for part in fields.replace(" percentile", "_percentile").split()]
    return [alt.Tooltip(f"{key}:Q", title=title.replace("_", " "), format=",.3~r") for key, _, title in parts]


def _tips(fields: str) -> list[alt.Tooltip]:
    raise NotImplementedError
