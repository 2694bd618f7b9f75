"""The look of all charts, by the names of styles: a chart names no colour, so one spec serves light, dark and print."""

from __future__ import annotations

from typing import Any

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"

# Okabe and Ito's colours, darkened or lightened for the ground: told apart by colour-blind readers.
_HUES = ("ink", "muted", "line", "past", "accent", "alarm")
LIGHT = dict(zip(_HUES, ("#1c2630", "#5d6975", "#e1e5e9", "#c3cad1", "#1d5f96", "#c4500f"), strict=True))
DARK = dict(zip(_HUES, ("#e8eaed", "#a3adb6", "#333b43", "#4a545e", "#6fb1e6", "#f0955a"), strict=True))
LIGHT_SERIES = ("#0072b2", "#d55e00", "#009e73", "#b85c92", "#a67c00", "#7d8791")
DARK_SERIES = ("#6fb1e6", "#f0955a", "#4cc9a0", "#dfa3c8", "#ecc65c", "#a3adb6")
DASHES = [[1, 0], [7, 3], [2, 2], [9, 3, 2, 3], [4, 2], [12, 4]]


def theme(dark: bool = False) -> dict[str, Any]:
    """A Vega-Lite configuration for a light or a dark ground."""
    hue = DARK if dark else LIGHT
    ground = "#161b20" if dark else "#ffffff"
    return {
        "background": ground,
        "font": FONT,
        "padding": 2,
        "view": {"stroke": None},
        "range": {"category": [*(DARK_SERIES if dark else LIGHT_SERIES)]},
        "title": {
            "anchor": "start", "frame": "bounds", "offset": 12, "limit": {"expr": "width"},
            "color": hue["ink"], "fontSize": 14, "fontWeight": 600,
            "subtitleColor": hue["muted"], "subtitleFontSize": 12, "subtitlePadding": 4,
        },
        "axis": {
            "labelColor": hue["muted"], "titleColor": hue["muted"], "labelFontSize": 11, "titleFontSize": 11,
            "titleFontWeight": 400, "gridColor": hue["line"], "domainColor": hue["line"], "tickColor": hue["line"],
            "labelPadding": 5,
        },
        "axisX": {"labelOverlap": True, "labelSeparation": 10},
        "axisXTemporal": {"grid": False, "domain": True},
        "axisXQuantitative": {"grid": True, "domain": False, "ticks": False},
        "axisYQuantitative": {"domain": False, "ticks": False, "tickCount": 5},
        "legend": {
            "labelColor": hue["ink"], "labelFontSize": 12, "symbolStrokeWidth": 2.5, "columnPadding": 18, "offset": 10,
        },
        "style": _marks(hue, ground),
    }  # fmt: skip


def _marks(hue: dict[str, str], ground: str) -> dict[str, dict[str, Any]]:
    looks: dict[str, dict[str, Any]] = {
        "band": {"color": hue["accent"], "opacity": 0.17},
        "median": {"color": hue["accent"], "strokeWidth": 2.2},
        "mean": {"color": hue["accent"], "strokeWidth": 1.2, "strokeDash": [4, 3], "opacity": 0.85},
        "bands": {"opacity": 0.11},
        "lines": {"strokeWidth": 2.2},
        "demand-band": {"color": hue["ink"], "opacity": 0.1},
        "demand": {"color": hue["ink"], "strokeWidth": 2.8},
        "now": {"color": hue["muted"], "strokeWidth": 1, "strokeDash": [2, 3]},
        "now-label": {"color": hue["muted"], "fontSize": 11, "align": "left", "baseline": "top", "dx": 4},
        "touch": {"strokeWidth": 7, "opacity": 0},
        "target": {"size": 90, "opacity": 0},
        "observed": {"color": hue["alarm"], "filled": True, "size": 38, "opacity": 1},
        "compared": {"color": hue["alarm"], "filled": False, "size": 34, "strokeWidth": 1.5, "opacity": 1},
        "record": {"color": hue["alarm"], "strokeWidth": 1, "opacity": 0.55},
        "period": {"color": hue["alarm"], "strokeWidth": 1.5, "opacity": 0.7},
        "bar": {"color": hue["accent"], "opacity": 0.92},
        "side": {"opacity": 0.92},
        "whisker": {"color": hue["ink"], "strokeWidth": 1.4},
        "whisker-end": {"color": hue["ink"], "thickness": 1.4, "size": 12},
        "error": {"color": hue["muted"], "strokeWidth": 5, "opacity": 0.75},
        "zero": {"color": hue["muted"], "strokeWidth": 1},
        "figure": {"color": hue["ink"], "fontSize": 13, "fontWeight": 600, "align": "left", "dx": 8},
        "ended": {"color": hue["past"], "stroke": ground, "strokeWidth": 1},
        "held": {"color": hue["accent"], "stroke": ground, "strokeWidth": 1},
        "coming": {"color": hue["accent"], "filled": False, "strokeWidth": 1.2},
        "signed": {"color": hue["ink"], "filled": True, "size": 56, "shape": "circle", "opacity": 1},
        "amended": {"color": hue["alarm"], "filled": True, "size": 62, "shape": "diamond", "opacity": 1},
        "payment": {"color": hue["accent"], "filled": False, "size": 46, "shape": "circle", "strokeWidth": 2},
        "party": {"color": hue["accent"], "cornerRadius": 6, "opacity": 1},
        "party-name": {"color": ground, "fontSize": 14, "fontWeight": 600, "lineHeight": 17},
        "outsider": {"color": ground, "stroke": hue["muted"], "strokeWidth": 1, "cornerRadius": 6, "opacity": 1},
        "outsider-name": {"color": hue["ink"], "fontSize": 12, "lineHeight": 15},
        "tie-name": {"color": hue["ink"], "fontSize": 11, "lineHeight": 13, "baseline": "line-top"},
        "tie-key": {"color": hue["muted"], "fontSize": 11, "align": "left", "baseline": "middle"},
    }  # fmt: skip
    series = DARK_SERIES if hue is DARK else LIGHT_SERIES
    ties = (series[0], series[1], series[2], series[3], hue["muted"], hue["past"])
    for name, colour in zip(("operating", "financing", "capacity", "shares", "right", "settled"), ties, strict=True):
        dash = {"strokeDash": [5, 4]} if name == "right" else {}
        looks[f"tie-{name}"] = {"color": colour, "strokeWidth": 1.8, **dash}
        looks[f"head-{name}"] = {"color": colour, "filled": True, "size": 80, "opacity": 1}
    return {f"dt-{name}": look for name, look in looks.items()}
