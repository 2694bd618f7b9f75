"""The network of a deal as a picture, a page or Mermaid text.

Every party of the deal's own is a tall bar, every outside party a block beside the bars it deals with. Ties run level,
each in a row of its own, so that no two lines, labels or boxes meet, whatever the deal. Ties of one kind and direction
between the same two parties share a row.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import permutations
from pathlib import Path

import altair as alt
import vl_convert

from detente.answers.network import KINDS, Network, Node, Tie
from detente.report import words
from detente.report.charts import Rows, data, layered, save_picture, spec
from detente.report.theme import theme
from detente.text.files import write_whole
from detente.text.written import parse_date

MEANING = {
    "operating": "pays (operating)",
    "financing": "pays (financing)",
    "capacity": "supplies capacity",
    "shares": "issues shares",
    "right": "has a right over, or grants one to",
    "settled": "paid already",
}
"""What an arrow of each kind means."""

CHARACTER = 7.0
"""Pixels that a character of a label takes at most, on average."""
LABEL, NAME = 36, 16
"""Characters in a line of a label and of a party's name."""
LINE, UNDER, BETWEEN = 13, 12, 14
"""Pixels: the height of a line of a label, the room under a tie, the room between two blocks."""
BAR, BLOCK, MARGIN = 118, 124, 34
"""Pixels: widths of bars and blocks, and the room beside a label for the arrow to be seen."""
KEY = 34
"""Pixels of the key above the picture."""
MOST_ORDERED = 6
"""Bars up to which every order is tried."""


@dataclass(frozen=True, slots=True)
class Box:
    """A party: its left edge, top, width and height in pixels from the top left, and its name in lines."""

    party: str
    lines: tuple[str, ...]
    outside: bool
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Arrow:
    """Ties of one kind between two parties: a level line from `start` to `end` at `y`, behind the bars between. Its
    label stands above the line, once in each stretch that can be seen, about the `middles`."""

    ties: tuple[Tie, ...]
    lines: tuple[str, ...]
    start: float
    end: float
    y: float
    middles: tuple[float, ...]

    @property
    def kind(self) -> str:
        """The kind of its ties; those with nothing left to come are of a kind of their own."""
        return "settled" if self.ties[0].settled else self.ties[0].kind


@dataclass(frozen=True, slots=True)
class Picture:
    """A network laid out, in pixels."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


# layout


@dataclass(frozen=True, slots=True)
class _Bundle:
    """Ties that share a row."""

    ties: tuple[Tie, ...]
    lines: tuple[str, ...]

    @property
    def height(self) -> float:
        return LINE * len(self.lines) + UNDER

    @property
    def width(self) -> float:
        return _width(self.lines) + 2 * MARGIN

    def joins(self, party: str) -> bool:
        return party in (self.ties[0].giver, self.ties[0].taker)

    def other(self, party: str) -> str:
        tie = self.ties[0]
        return tie.taker if tie.giver == party else tie.giver


@dataclass(slots=True)
class _Gap:
    """The room left of a bar, or right of the last: how far it is filled, how wide its two sides must be, and what
    stands in it."""

    filled: float = 0.0
    across: float = 0.0
    left: float = 0.0
    right: float = 0.0
    blocks: list[tuple[Node, float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    """A bundle, its top, and the gaps it runs through."""

    bundle: _Bundle
    top: float
    gaps: range


def lay_out(network: Network) -> Picture:
    """The network in pixels: the same every time."""
    bundles = _bundles(network.ties)
    bars = _bars(network, bundles)
    place = {bar: number for number, bar in enumerate(bars)}
    gaps = [_Gap() for _ in range(len(bars) + 1)]
    rows: list[_Row] = []
    for one in bundles:
        ends = sorted(place[party] for party in (one.ties[0].giver, one.ties[0].taker) if party in place)
        if len(ends) == 2:
            crossed = range(ends[0] + 1, ends[1] + 1)
            top = max(gaps[gap].filled for gap in crossed)
            for gap in crossed:
                gaps[gap].filled = top + one.height
                gaps[gap].across = max(gaps[gap].across, one.width)
            rows.append(_Row(one, top, crossed))
    for party in network.parties:
        if party.name not in place:
            own = [one for one in bundles if one.joins(party.name)]
            _block(party, own, place, gaps, rows)
    return _measured(network, bars, gaps, rows)


def _bundles(ties: Iterable[Tie]) -> list[_Bundle]:
    found: dict[tuple[str, str, str, bool], list[Tie]] = {}
    for tie in ties:
        if tie.giver != tie.taker:
            found.setdefault((tie.giver, tie.taker, tie.kind, tie.settled), []).append(tie)
    return [
        _Bundle(tuple(group), tuple(textwrap.wrap(", ".join(dict.fromkeys(tie.label for tie in group)), LABEL)))
        for group in found.values()
    ]


def _bars(network: Network, bundles: list[_Bundle]) -> tuple[str, ...]:
    """The parties that stand as bars: those of the deal's own, and of two outside parties that deal with each other the
    one that deals with more; in the order in which the fewest ties pass behind a bar."""
    bars = [party.name for party in network.parties if not party.outside]
    while True:
        bare = [one for one in bundles if not any(one.joins(bar) for bar in bars)]
        if not bare:
            break
        bars.append(
            max((party.name for party in network.parties), key=lambda name: sum(one.joins(name) for one in bare))
        )
    if not 2 < len(bars) <= MOST_ORDERED:
        return tuple(bars)
    return min(permutations(bars), key=lambda order: _passed(order, bundles))


def _passed(order: tuple[str, ...], bundles: list[_Bundle]) -> int:
    """How many bars are passed on the way between others."""
    place = {bar: number for number, bar in enumerate(order)}
    ends = [(place.get(one.ties[0].giver), place.get(one.ties[0].taker)) for one in bundles]
    return sum(abs(giver - taker) - 1 for giver, taker in ends if giver is not None and taker is not None)


def _block(
    party: Node,
    own: list[_Bundle],
    place: Mapping[str, int],
    gaps: list[_Gap],
    rows: list[_Row],
) -> None:
    """Put an outside party into the gap from which the fewest bars are passed, the emptiest of those, an outer one if
    that does; its ties go left and right from it."""
    ends = [place[one.other(party.name)] for one in own]

    def cost(gap: int) -> tuple[int, bool, float, int]:
        passed = sum(gap - 1 - end if end < gap else end - gap for end in ends)
        return passed, 0 < gap < len(gaps) - 1, gaps[gap].filled, gap

    chosen = min(range(len(gaps)), key=cost)
    left = [one for one in own if place[one.other(party.name)] < chosen]
    right = [one for one in own if place[one.other(party.name)] >= chosen]
    runs = [range(end + 1, chosen + 1) if end < chosen else range(chosen, end + 1) for end in ends]
    used = {chosen}.union(*runs)
    top = max(gaps[gap].filled for gap in used) + BETWEEN
    name = 15 * len(_name(party)) + 14
    height = max(name, *(sum(one.height for one in side) + UNDER / 2 for side in (left, right)))
    for side in (left, right):
        at = top + (height - sum(one.height for one in side) - UNDER / 2) / 2
        for one in side:
            rows.append(_Row(one, at, runs[own.index(one)]))
            at += one.height
    gaps[chosen].left = max([gaps[chosen].left, *(one.width for one in left)])
    gaps[chosen].right = max([gaps[chosen].right, *(one.width for one in right)])
    gaps[chosen].blocks.append((party, top, height))
    for gap in used:
        gaps[gap].filled = top + height
        if gap != chosen:
            gaps[gap].across = max([gaps[gap].across, *(one.width for one in own)])


def _measured(
    network: Network,
    bars: tuple[str, ...],
    gaps: list[_Gap],
    rows: list[_Row],
) -> Picture:
    """Rows and gaps as pixels; a gap with room to spare has its content in the middle."""
    height = max([gap.filled for gap in gaps] + [90.0]) + BETWEEN
    crossing = {gap for row in rows if len(row.gaps) > 1 for gap in row.gaps}
    lower = [KEY + (0.0 if number in crossing else (height - gap.filled) / 2) for number, gap in enumerate(gaps)]
    titles = {party.name: party for party in network.parties}
    boxes: list[Box] = []
    inner: dict[str, tuple[float, float]] = {}  # left and right edge of every box
    x = 0.0
    for number, gap in enumerate(gaps):
        block = BLOCK if gap.blocks else 0.0
        for party, top, tall in gap.blocks:
            box = Box(party.name, _name(party), True, x + gap.left, lower[number] + top, BLOCK, tall)
            boxes.append(box)
            inner[party.name] = (box.x, box.x + box.width)
        x += max(gap.across, gap.left + block + gap.right)
        if number < len(bars):
            bar = titles[bars[number]]
            boxes.append(Box(bar.name, _name(bar), False, x, KEY, BAR, height))
            inner[bar.name] = (x, x + BAR)
            x += BAR
    arrows: list[Arrow] = []
    for row in rows:
        one = row.bundle
        giver, taker = inner[one.ties[0].giver], inner[one.ties[0].taker]
        start, end = (giver[1], taker[0]) if giver[0] < taker[0] else (giver[0], taker[1])
        middles = tuple(_middle(gap, inner, bars, start, end) for gap in row.gaps)
        y = lower[row.gaps[0]] + row.top + LINE * len(one.lines) + 4
        arrows.append(Arrow(one.ties, one.lines, start, end, y, middles))
    return Picture(x, KEY + height, tuple(boxes), tuple(arrows))


def _middle(
    gap: int, inner: Mapping[str, tuple[float, float]], bars: tuple[str, ...], start: float, end: float
) -> float:
    """The middle of that part of a line which lies in a gap."""
    low = inner[bars[gap - 1]][1] if gap else min(start, end)
    high = inner[bars[gap]][0] if gap < len(bars) else max(start, end)
    return (max(low, min(start, end)) + min(high, max(start, end))) / 2


def _name(party: Node) -> tuple[str, ...]:
    return tuple(textwrap.wrap(party.title, NAME)) or (party.name,)


def _width(lines: Iterable[str]) -> float:
    return CHARACTER * max(map(len, lines), default=0)


# pictures


def chart(network: Network) -> alt.LayerChart:
    """The network as a chart; its description says in words what it shows."""
    picture = lay_out(network)
    layers: list[alt.Chart] = []
    for kind in (*KINDS, "settled"):
        arrows = [one for one in picture.arrows if one.kind == kind]
        if arrows:
            layers += _drawn(kind, arrows, picture)
    layers += _boxes(picture)
    layers += _key(picture)
    on = _month(network.on)
    left = f"; not drawn: {', '.join(map(words.readable, network.untied))}" if network.untied else ""
    subtitle = f"Terms in force in {on}, and flows{left}"
    made = layered(layers, int(picture.height), described(network), network.title, subtitle)
    return made.properties(width=int(picture.width))


def _drawn(kind: str, arrows: list[Arrow], picture: Picture) -> list[alt.Chart]:
    rows: Rows = []
    labels: Rows = []
    for one in arrows:
        ahead = 1 if one.end > one.start else -1
        shape = "triangle-right" if ahead > 0 else "triangle-left"
        rows.append({"x": one.start, "x2": one.end - 8 * ahead, "tip": one.end - 7 * ahead, "y": one.y, "shape": shape})
        text, top = "\n".join(one.lines), one.y - 4 - LINE * len(one.lines)
        labels += [{"m": middle, "top": top, "text": text} for middle in one.middles]
    base = alt.Chart(data(rows)).encode(y=_y(picture))
    found = [base.mark_rule(style=f"dt-tie-{kind}").encode(x=_x(picture), x2="x2")]
    for shape in ("triangle-right", "triangle-left"):
        heads = alt.Chart(data([row for row in rows if row["shape"] == shape])).encode(y=_y(picture))
        if any(row["shape"] == shape for row in rows):
            found.append(heads.mark_point(style=f"dt-head-{kind}", shape=shape).encode(x=_x(picture, "tip")))
    named = alt.Chart(data(labels)).mark_text(style="dt-tie-name", lineBreak="\n")
    return [*found, named.encode(x=_x(picture, "m"), y=_y(picture, "top"), text="text:N")]


def _boxes(picture: Picture) -> list[alt.Chart]:
    found: list[alt.Chart] = []
    for style, outside in (("outsider", True), ("party", False)):
        rows: Rows = [
            {
                "x": box.x, "x2": box.x + box.width, "y": box.y, "y2": box.y + box.height,
                "cx": box.x + box.width / 2, "cy": box.y + box.height / 2 - 7.5 * (len(box.lines) - 1),
                "text": "\n".join(box.lines),
            }
            for box in picture.boxes
            if box.outside == outside
        ]  # fmt: skip
        if rows:
            base = alt.Chart(data(rows))
            found.append(base.mark_rect(style=f"dt-{style}").encode(x=_x(picture), x2="x2", y=_y(picture), y2="y2"))
            found.append(
                base.mark_text(style=f"dt-{style}-name", baseline="middle", lineBreak="\n").encode(
                    x=_x(picture, "cx"), y=_y(picture, "cy"), text="text:N"
                )
            )
    return found


def _key(picture: Picture) -> list[alt.Chart]:
    """What each kind of arrow means, above the picture."""
    found: list[alt.Chart] = []
    x = 0.0
    for kind, meaning in MEANING.items():
        if any(one.kind == kind for one in picture.arrows):
            row = {"x": x, "x2": x + 24, "y": 8, "m": x + 30, "text": meaning}
            base = alt.Chart(data([row])).encode(y=_y(picture))
            found.append(base.mark_rule(style=f"dt-tie-{kind}").encode(x=_x(picture), x2="x2"))
            found.append(base.mark_text(style="dt-tie-key").encode(x=_x(picture, "m"), text="text:N"))
            x += 30 + CHARACTER * len(meaning) + 12
    return found


def _x(picture: Picture, of: str = "x") -> alt.X:
    return alt.X(f"{of}:Q", axis=None, scale=alt.Scale(domain=[0, picture.width], nice=False, zero=False))


def _y(picture: Picture, of: str = "y") -> alt.Y:
    return alt.Y(f"{of}:Q", axis=None, scale=alt.Scale(domain=[picture.height, 0], nice=False, zero=False))


def described(network: Network) -> str:
    """The network in a sentence for each kind of tie."""
    titles = {party.name: party.title for party in network.parties}
    parts = []
    for kind in KINDS:
        found = [
            f"{titles[one.giver]} to {titles[one.taker]} ({one.label})" for one in network.ties if one.kind == kind
        ]
        if found:
            parts.append(f"{words.sentence(kind)}: {'; '.join(found)}.")
    if network.untied:
        parts.append(f"Not drawn: {', '.join(network.untied)}.")
    return " ".join(parts)


def save_network(network: Network, path: Path) -> None:
    """Write the network as .svg, .png (for a light ground), .html (light or dark, opens from disk) or .mmd (Mermaid).

    Raises:
        ValueError: for another ending.
    """
    if path.suffix in (".svg", ".png"):
        save_picture(chart(network), path, int(lay_out(network).width))
    elif path.suffix == ".html":
        write_whole(path, page(network))
    elif path.suffix == ".mmd":
        write_whole(path, mermaid(network))
    else:
        raise ValueError(f"a picture of a network is an .svg, .png, .html or .mmd, not '{path.name}'")


def page(network: Network) -> str:
    """A page of its own: the picture for a light and a dark ground, and every tie in a table."""
    drawing = {**spec(chart(network)), "padding": 16}
    images = []
    for dark in (False, True):
        svg = vl_convert.vegalite_to_svg(drawing, config=theme(dark))
        images.append("data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode())
    titles = {party.name: party.title for party in network.parties}
    rows = "".join(
        f"<tr><td>{escape(titles[one.giver])}<td>{escape(titles[one.taker])}"
        f"<td>{escape(MEANING['settled'] if one.settled else one.kind)}<td>{escape(one.label)}<td>{escape(one.term)}"
        for one in network.ties
    )
    style = (
        ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;"
        "padding:0 1rem;background:#fff;color:#1c2630}img{max-width:100%;height:auto}td,th{text-align:left;"
        "padding:.15rem 1.2rem .15rem 0}@media(prefers-color-scheme:dark){body{background:#161b20;color:#e8eaed}}"
    )
    about = escape(described(network), quote=True)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(network.title)}</title><style>{style}</style>"
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{images[1]}">'
        f'<img src="{images[0]}" alt="{about}"></picture>'
        f"<table><tr><th>from<th>to<th>what<th>by<th>term or flow{rows}</table></html>\n"
    )


# Mermaid


def mermaid(network: Network) -> str:
    """The network as a Mermaid flowchart, which GitHub and many editors draw: money as thin or (financing) thick
    arrows, rights dashed."""
    lines = ["flowchart LR", f"  %% {_plain(network.title)}, {network.on}"]
    for party in network.parties:
        shape = '(["{}"])' if party.outside else '["{}"]'
        lines.append(f"  party_{party.name}{shape.format(_plain(party.title))}")
    for one in _bundles(network.ties):
        tie = one.ties[0]
        arrow = "==>" if tie.kind == "financing" else "-.->" if tie.kind == "right" or tie.settled else "-->"
        labels = "<br>".join(_plain(tie.label) for tie in one.ties)
        kind = MEANING["settled"] if tie.settled else tie.kind
        lines.append(f'  party_{tie.giver} {arrow}|"{kind}: {labels}"| party_{tie.taker}')
    if network.untied:
        lines.append(f"  %% not drawn: {', '.join(network.untied)}")
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """A text that closes no quotes and starts no entity or markup in Mermaid."""
    marks = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "%": "#37;"}
    return "".join(marks.get(one, one) for one in " ".join(text.split()))


def _month(text: str) -> str:
    date = parse_date(text)
    return words.month_words(date.last) if date is not None else text
