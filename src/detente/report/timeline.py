"""What was agreed and when it held: a line for every term, its versions as bars, signatures and payments as points."""

from __future__ import annotations

from collections.abc import Iterator

import altair as alt

from detente.deal.model import Agreement, Deal, Grounds, RowText, TermText
from detente.lang.printer import print_expression
from detente.lang.syntax import Node
from detente.report import words
from detente.report.charts import NARROW_LABELS, Rows, data, labels_of, layered, months, now_rule, tips
from detente.text.written import Date, Month, month_text

STATES = ("ended", "held", "coming")
POINTS = ("signed", "amended", "payment")


def timeline(deal: Deal) -> alt.LayerChart:
    """Every version of every term of a deal by the months it held, and `now`."""
    lines = {key: title for agreement in deal.agreements.values() for key, title in _lines(agreement, deal)}
    bars = [bar for agreement in deal.agreements.values() for bar in _bars(agreement, deal)]
    points: Rows = [point for agreement in deal.agreements.values() for point in _points(agreement, deal)]
    axis = alt.Axis(
        labelExpr=labels_of(lines), labelLimit=NARROW_LABELS, labelFontSize=12, labelAlign="left",
        labelPadding=NARROW_LABELS + 14, title=None, domain=False, ticks=False,
        labelFontWeight={"condition": {"test": "indexof(datum.value, '.') < 0", "value": 600}, "value": 400},
    )  # fmt: skip
    row = alt.Y("row:N", sort=None, scale=alt.Scale(domain=list(lines)), axis=axis)
    about = tips({"what": "term", "type": "type", "held": "held", "ends": "ends", "grounds": "rests on"})
    marked = tips({"what": "what", "on": "on", "detail": "detail", "grounds": "rests on"})
    layers = [
        alt.Chart(data(rows))
        .mark_bar(style=f"dt-{state}", height=11, cornerRadius=2)
        .encode(x=months("from", grid=True), x2="to", y=row, tooltip=about)
        for state in STATES
        if (rows := [bar for bar in bars if bar["state"] == state])
    ] + [
        alt.Chart(data(rows)).mark_point(style=f"dt-{kind}").encode(x=months("from"), y=row, tooltip=marked)
        for kind in POINTS
        if (rows := [point for point in points if point["kind"] == kind])
    ]
    described = "When each term was signed, amended and ended; the table says the same in words."
    return layered([*layers, *now_rule(deal)], 22 * len(lines), described)


def state(version: TermText, now: Month) -> str:
    """Whether a version of a term holds at `now`, has ended or is yet to come."""
    if version.first > now:
        return "coming"
    return "held" if version.last is None or version.last >= now else "ended"


def held(version: TermText) -> str:
    """The months a version holds for."""
    first = words.month_short(version.first)
    return f"from {first}" if version.last is None else f"{first} – {words.month_short(version.last)}"


def ends(version: TermText) -> str:
    """What ends a version: an event, an amendment, its own date."""
    if version.ended is not None:
        return "by amendment"
    if version.stops:
        return f"with {words.readable(version.stops)}"
    return words.NOTHING if version.last is None else "as agreed"


def payments(version: TermText) -> tuple[RowText, ...]:
    """The dated payments of a version: the rows of its parameters that have a date."""
    found = [row for value in version.parameters.values() if isinstance(value, tuple) for row in value]
    return tuple(row for row in found if isinstance(row, RowText) and isinstance(row.values.get("on"), Date))


def payment_text(payment: RowText) -> str:
    """A payment as written: the amount, its condition and form."""
    amount, condition, otherwise = (_written(payment, key) for key in ("amount", "if", "otherwise"))
    form = payment.values.get("form", "")
    parts = [amount, f"in {form}" if form else ""]
    parts += [f"if {condition}" if condition else "", f"else {otherwise}" if otherwise else ""]
    return " ".join(part for part in parts if part)


def _written(payment: RowText, key: str) -> str:
    node = payment.values.get(key)
    return print_expression(node) if isinstance(node, Node) else ""


def _date(payment: RowText) -> Date:
    on = payment.values["on"]
    assert isinstance(on, Date)
    return on


def _lines(agreement: Agreement, deal: Deal) -> Iterator[tuple[str, str]]:
    yield agreement.name, words.agreement_title(agreement.name, deal)
    for name in agreement.versions:
        yield f"{agreement.name}.{name}", words.readable(name)


def _bars(agreement: Agreement, deal: Deal) -> Rows:
    """A bar for each known version; one that only pays on dates has points instead."""
    return [
        {
            "row": f"{agreement.name}.{name}", "state": state(version, deal.now), "from": month_text(version.first),
            "to": month_text(deal.last + 1 if version.last is None else version.last + 1),
            "what": words.readable(f"{agreement.name}.{name}"), "type": words.readable(version.type),
            "held": held(version), "ends": ends(version), "grounds": _grounds(version.grounds, deal),
        }
        for name, versions in agreement.versions.items()
        for version in versions
        if version.known and not payments(version)
    ]  # fmt: skip


def _points(agreement: Agreement, deal: Deal) -> Iterator[dict[str, str]]:
    own, title = agreement.name, words.agreement_title(agreement.name, deal)
    parties = ", ".join(words.party_title(party, deal) for party in agreement.between)
    yield _point(own, "signed", f"{title} signed", agreement.signed.first, parties, agreement.grounds, deal)
    for change in agreement.amendments:
        if change.known:
            terms = ", ".join(words.readable(name) for name in change.changes)
            yield _point(own, "amended", f"{title} amended", change.on.first, terms, change.grounds, deal)
    for name, versions in agreement.versions.items():
        key = f"{own}.{name}"
        for version in versions:
            for payment in payments(version) if version.known else ():
                text = payment_text(payment)
                yield _point(key, "payment", words.readable(key), _date(payment).first, text, version.grounds, deal)


def _point(row: str, kind: str, what: str, on: Month, detail: str, grounds: Grounds, deal: Deal) -> dict[str, str]:
    return {
        "row": row, "kind": kind, "what": what, "from": month_text(on), "on": words.month_short(on), "detail": detail,
        "grounds": _grounds(grounds, deal),
    }  # fmt: skip


def _grounds(grounds: Grounds, deal: Deal) -> str:
    lines = words.claim_lines((citation.claim for citation in grounds.citations), deal)
    return "; ".join([*lines, *([f"assumed: {grounds.assumed}"] if grounds.assumed else [])]) or words.NOTHING
