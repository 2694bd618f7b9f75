"""Explanations as text and as HTML: two views of one tree."""

from __future__ import annotations

from html import escape

from detente.answers.explanation import Explanation


def why_text(tree: Explanation) -> str:
    """The tree as indented text: value, equation, place, grounds; what a claim says stands where it is first cited."""
    return "\n".join(_lines(tree, "", "", set()))


def _lines(tree: Explanation, head: str, below: str, told: set[str]) -> list[str]:
    value = f"{tree.value:,.4g} {tree.unit}".strip() if tree.kind != "policy" else ""
    mean = f"  (mean {tree.mean:,.4g})" if tree.mean is not None else ""
    date = f" {tree.date}" if tree.date else ""
    equals = f" = {value}" if value else ""
    lines = [f"{head}{tree.kind} {tree.name}{date}{equals}{mean}"]
    inner = below + ("│ " if tree.children else "  ")
    if tree.kind == "seen":
        lines[0] += "  (above, or as the month opened)"
    if tree.formula:
        lines.append(f"{inner}  {tree.formula}")
    if tree.place.line and tree.kind != "seen":
        lines.append(f"{inner}  {tree.place.file}:{tree.place.line}")
    for one in tree.backing:
        origin = f"; origin {one.origin}" if one.origin else ""
        by = f"{one.publisher or one.source}, {one.published}{origin}"
        lines.append(f"{inner}  “{one.says}” [{one.claim} gives {one.gives}; {by}]")
    if tree.assumed and tree.assumed not in told:
        told.add(tree.assumed)
        lines.append(f"{inner}  assumed: {tree.assumed}")
    for number, child in enumerate(tree.children):
        last = number == len(tree.children) - 1
        lines += _lines(child, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "), told)
    return lines


def why_html(tree: Explanation, title: str) -> str:
    """The tree as a page of its own that opens from disk."""
    style = (
        "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222}"
        "details,div.leaf{margin-left:1.2rem;border-left:1px solid #ddd;padding-left:.7rem}summary{cursor:pointer}"
        "code{color:#555}.kind{color:#888;font-size:.85em}.claim{color:#205080;display:block}.assumed{color:#8a5a00;display:block}"
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{style}</style>"
        f"<h1>{escape(title)}</h1>{_html(tree, 0, set())}</html>"
    )


def _html(tree: Explanation, depth: int, told: set[str]) -> str:
    value = f" = <b>{tree.value:,.4g}</b> {escape(tree.unit)}" if tree.kind != "policy" else ""
    mean = f" <span class=kind>mean {tree.mean:,.4g}</span>" if tree.mean is not None else ""
    place = f" <span class=kind>{escape(tree.place.file)}:{tree.place.line}</span>" if tree.place.line else ""
    head = f"<span class=kind>{tree.kind}</span> {escape(tree.name)} {escape(tree.date)}{value}{mean}"
    body = f" <code>{escape(tree.formula)}</code>{place}"
    for one in tree.backing:
        if one.claim in told:
            continue
        told.add(one.claim)
        body += (
            f"<span class=claim>“{escape(one.says)}” {escape(one.publisher or one.source)}, {escape(one.published)} "
            f"({escape(one.claim)} gives {escape(one.gives)}; origin {escape(one.origin)})</span>"
        )
    if tree.assumed and tree.assumed not in told:
        told.add(tree.assumed)
        body += f"<span class=assumed>assumed: {escape(tree.assumed)}</span>"
    if not tree.children:
        return f"<div class=leaf>{head}{body}</div>"
    opened = " open" if depth < 2 else ""
    inner = "".join(_html(child, depth + 1, told) for child in tree.children)
    return f"<details{opened}><summary>{head}{body}</summary>{inner}</details>"
