"""Why: one number on one path, down to equations, terms, assumptions, claims and origins."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from detente.answers.explanation import Backing, Explanation
from detente.deal.model import Deal, Grounds
from detente.engine.evaluate import graph_of
from detente.engine.kernel import OPERATIONS
from detente.engine.paths import Paths, trace
from detente.graph.model import Equation, Graph, shown_in
from detente.lang.formula import Formula
from detente.text.written import Month, month_text, parse_date

DEEPEST = 7


def explain(
    deal: Deal, what: str, paths: int = 2_000, seed: int = 1, path: int | None = None, depth: int = DEEPEST
) -> Explanation:
    """Why `NAME@MONTH` is what it is: on the path nearest to the median of the run, unless one is named.

    The tree goes `depth` equations deep. On the path every equation holds; means over all paths stand beside, and
    satisfy no equation.

    Raises:
        ValueError: where `what` names no quantity or month of the run; says which there are.
        Refused: where the deal does not compile.
    """
    graph = graph_of(deal)
    name, month = _asked(graph, what)
    if path is None:
        over_all = trace(graph, range(paths), seed, names=[name]).at(name, month)
        path = int(np.argmin(np.abs(over_all - np.median(over_all))))
    told = trace(graph, [path], seed)
    tree = Reader(graph, told, depth).equation(name, month, 0)
    names = sorted({node for node in _names(tree) if node in graph.equations})
    means = trace(graph, range(min(paths, 1_000)), seed, names=names)
    return replace(_with_means(tree, means, graph), term=tree.term or f"path {path}")


def _asked(graph: Graph, what: str) -> tuple[str, Month]:
    name, _, when = what.partition("@")
    date = parse_date(when) if when else None
    if name not in graph.equations:
        close = get_close_matches(name, graph.equations, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(f"there is no quantity '{name}'{hint}")
    deal = graph.deal
    month = date.last if date else deal.last
    if when and date is None:
        raise ValueError(f"'{when}' is not a month: write {name}@{month_text(deal.last)}")
    if not deal.now < month <= deal.last:
        horizon = f"{month_text(deal.now + 1)} to {month_text(deal.last)}"
        raise ValueError(f"{month_text(month)} is not simulated: the run goes from {horizon}")
    return name, month


@dataclass
class Reader:
    """Reads one path. `seen` holds what the tree explains already."""

    graph: Graph
    told: Paths
    deepest: int
    seen: set[tuple[str, Month]] = field(default_factory=set)

    def equation(self, name: str, month: Month, depth: int) -> Explanation:
        """An equation in a month, with what it was made of."""
        one = self.graph.equations[name]
        value = self.value(name, month)
        if (name, month) in self.seen:
            return self.node("seen", one, month, value, ())
        self.seen.add((name, month))
        if one.role == "account":
            return self.node(one.role, one, month, value, self.account(one, month, depth))
        children = self.behind(one, month, depth) if depth < self.deepest else ()
        return self.node(one.role, one, month, value, children)

    def value(self, name: str, month: Month) -> float:
        return float(self.told.at(name, month)[0])

    def node(
        self, kind: Any, one: Equation, month: Month, value: float, children: tuple[Explanation, ...]
    ) -> Explanation:
        return Explanation(
            kind,
            one.name,
            month_text(month),
            value / one.shown.scale,
            None,
            one.shown.text,
            one.written,
            one.place,
            one.owner,
            () if kind in ("seen", "account") else self.backing(one.grounds),
            "" if kind in ("seen", "account") else one.grounds.assumed,
            children,
        )

    def account(self, one: Equation, month: Month, depth: int) -> tuple[Explanation, ...]:
        """An account is what it held at `now` and every flow since, summed; a flow is explained in the last month in
        which something moved."""
        now = self.graph.deal.now
        found = [self.opening(one)]
        for name, sign in _flows(one.formula):
            months = [step for step in self.told.months if now < step <= month]
            moved = sum(self.value(name, step) for step in months) * sign
            if moved == 0.0:
                continue
            flow = self.graph.equations[name]
            latest = max(step for step in months if self.value(name, step) != 0.0)
            inner = (self.equation(name, latest, depth + 1),) if depth < self.deepest else ()
            shown = one.shown
            found.append(
                Explanation(
                    "flow",
                    name,
                    f"{month_text(now + 1)}…{month_text(month)}",
                    moved / shown.scale,
                    None,
                    shown.text,
                    f"{'received' if sign > 0 else 'paid'} in all since {month_text(now)}",
                    flow.place,
                    flow.owner,
                    (),
                    "",
                    inner,
                )
            )
        return (found[0], *sorted(found[1:], key=lambda child: -abs(child.value)))

    def opening(self, one: Equation) -> Explanation:
        deal = self.graph.deal
        value = float(self.told.opening[one.name][0])
        given = next((o for o in deal.openings if o.account == one.name and o.on == deal.now), None)
        grounds = given.grounds if given else one.grounds
        return Explanation(
            "opening",
            one.name,
            month_text(deal.now),
            value / one.shown.scale,
            None,
            one.shown.text,
            "balance at the end of the record",
            given.place if given else one.place,
            one.owner,
            self.backing(grounds),
            grounds.assumed,
            (),
        )

    def behind(self, one: Equation, month: Month, depth: int) -> tuple[Explanation, ...]:
        """What the formula read on this path: of choices only the branch taken."""
        found: list[Explanation] = []
        for leaf in self.leaves(one.formula, month, one.name):
            match leaf.operation:
                case "reference":
                    found += self.inlined(leaf.name, month, depth)
                case "opening" if leaf.name == one.name and one.role == "variable" and one.memory == "record":
                    found.append(self.record(one, month))
                case "opening" if leaf.name == one.name or depth + 1 >= self.deepest:
                    found.append(self.before(leaf.name, month))
                case "opening":
                    found += self.opened(leaf.name, month, depth)
                case "parameter":
                    found += self.parameter(leaf.name, month)
                case "series":
                    found.append(self.table(leaf, month))
        return tuple(found)

    def inlined(self, name: str, month: Month, depth: int) -> list[Explanation]:
        """An equation read; one that only keeps another's value gives way to what is behind it."""
        one = self.graph.equations[name]
        if one.role == "memory" and depth < self.deepest:
            return list(self.behind(one, month, depth))
        return [self.equation(name, month, depth + 1)]

    def opened(self, name: str, month: Month, depth: int) -> list[Explanation]:
        """A value as the month opened: what it was a month before, or what it began with."""
        one = self.graph.equations[name]
        if month - 1 <= self.graph.deal.now and one.memory == "now":
            return [self.opening(one)]
        if month - 1 not in self.told.months or not np.isfinite(self.value(name, month - 1)):
            return []
        if one.role == "memory":
            return (
                list(self.behind(one, month - 1, depth + 1)) if depth + 1 < self.deepest else [self.before(name, month)]
            )
        return [self.equation(name, month - 1, depth + 1)]

    def before(self, name: str, month: Month) -> Explanation:
        one = self.graph.equations[name]
        if month - 1 <= self.graph.deal.now and name in self.told.opening:
            return self.opening(one)
        value = self.value(name, month - 1) if month - 1 in self.told.months else float("nan")
        return Explanation(
            "seen",
            name,
            month_text(month - 1),
            value / one.shown.scale,
            None,
            one.shown.text,
            "as the month opened",
            one.place,
            one.owner,
            (),
            "",
            (),
        )

    def record(self, one: Equation, month: Month) -> Explanation:
        """A process goes back to the last point on its record."""
        points = [point for point in self.graph.observed.get(one.name, ()) if point.drives]
        last = points[-1]
        claims = tuple(filter(None, (self.claim(name, "value") for name in last.claims)))
        months = month - last.last
        return Explanation(
            "record",
            one.name,
            month_text(last.last),
            last.value / one.shown.scale,
            None,
            one.shown.text,
            f"last point on record, {months} months of {one.written.partition('(')[0]} before",
            one.place,
            one.owner,
            claims,
            one.grounds.assumed if not claims else "",
            (),
        )

    def parameter(self, name: str, month: Month) -> list[Explanation]:
        deal = self.graph.deal
        value = float(np.asarray(self.told.arguments[name]).reshape(-1)[0])
        if name in self.graph.inputs:
            one = self.graph.inputs[name]
            shown, number = one.shown, value / one.shown.scale
            if one.distribution.kind == "growth":
                number = (float(np.exp(value * one.distribution.period)) - 1.0) / shown.scale
            return [
                Explanation(
                    "assumption",
                    name,
                    "",
                    number,
                    None,
                    shown.text,
                    _written(deal, name),
                    one.place,
                    name,
                    self.backing(one.grounds),
                    one.grounds.assumed,
                    (),
                )
            ]
        kind, _, rest = name.partition(" ")
        if kind == "policy":
            policy = self.graph.choices[rest][int(value)]
            event = deal.events[rest]
            return [
                Explanation(
                    "policy",
                    rest,
                    "",
                    value,
                    None,
                    "",
                    f"{deal.parties[event.decided_by].title}: {policy.text}",
                    policy.place,
                    rest,
                    self.backing(event.grounds),
                    event.grounds.assumed,
                    (),
                )
            ]
        if kind == "draw":
            by_hazard = rest in deal.events
            happens = "the hazard accumulated at which it happens"
            binds = "the draw by which it becomes binding or not"
            return [
                Explanation(
                    "draw",
                    rest,
                    "",
                    value,
                    None,
                    "",
                    happens if by_hazard else binds,
                    deal.events[rest].place if by_hazard else deal.terms()[rest].place,
                    rest,
                    (),
                    "",
                    (),
                )
            ]
        return []

    def table(self, leaf: Formula, month: Month) -> Explanation:
        table = self.graph.tables[leaf.name]
        index = min(max(month - table.first, 0), len(table.values) - 1)
        name = leaf.name.removesuffix(" on record")
        one = self.graph.equations.get(name)
        shown = one.shown if one else shown_in(leaf.unit)
        grounds = one.grounds if one else Grounds()
        return Explanation(
            "table",
            name,
            month_text(month),
            table.values[index] / shown.scale,
            None,
            shown.text,
            "table",
            one.place if one else leaf.place,
            name,
            self.backing(grounds),
            grounds.assumed,
            (),
        )

    def leaves(self, formula: Formula, month: Month, name: str) -> list[Formula]:
        """What the formula reads on this path, each once, in the order it is written."""
        found: dict[tuple[str, str], Formula] = {}

        def visit(node: Formula) -> None:
            if node.operation == "select":
                condition, then, otherwise = node.arguments
                visit(condition)
                visit(then if self.compute(condition, month) else otherwise)
            elif node.arguments:
                for argument in node.arguments:
                    visit(argument)
            elif node.operation not in ("constant", "month", "normal", "uniform"):
                found.setdefault((node.operation, node.name), node)

        visit(formula)
        return list(found.values())

    def compute(self, node: Formula, month: Month) -> Any:
        """What a formula gives on this path."""
        match node.operation:
            case "constant":
                return bool(node.value) if node.kind == "boolean" else node.value
            case "month":
                return float(month)
            case "reference":
                return self.value(node.name, month)
            case "opening":
                if month - 1 <= self.graph.deal.now and node.name in self.told.opening:
                    return float(self.told.opening[node.name][0])
                return self.value(node.name, month - 1)
            case "parameter":
                return float(np.asarray(self.told.arguments[node.name]).reshape(-1)[0])
            case "series":
                table = self.graph.tables[node.name]
                return table.values[min(max(month - table.first, 0), len(table.values) - 1)]
            case "normal":
                return float(self.told.normals[node.name, month][0])
            case "uniform":
                return float(self.told.uniforms[node.name, month][0])
        with np.errstate(all="ignore"):
            arguments = [self.compute(argument, month) for argument in node.arguments]
            return np.asarray(OPERATIONS[node.operation](*arguments)).reshape(-1)[0]

    def backing(self, grounds: Grounds) -> tuple[Backing, ...]:
        return tuple(filter(None, (self.claim(one.claim, one.gives) for one in grounds.citations)))

    def claim(self, name: str, gives: str) -> Backing | None:
        claim = self.graph.deal.evidence.claims.get(name)
        if claim is None:
            return None
        source = self.graph.deal.evidence.sources.get(claim.source)
        return Backing(
            name,
            gives,
            claim.says,
            source.title if source else claim.source,
            source.publisher if source else "",
            claim.known.text if claim.known else "",
            claim.origin,
        )


def _flows(formula: Formula) -> list[tuple[str, float]]:
    """The flows in an account's equation, each with its sign."""
    found: list[tuple[str, float]] = []

    def visit(node: Formula, sign: float) -> None:
        match node.operation:
            case "reference":
                found.append((node.name, sign))
            case "subtract":
                visit(node.arguments[0], sign)
                visit(node.arguments[1], -sign)
            case "add" | "multiply":
                for argument in node.arguments:
                    visit(argument, sign)

    visit(formula, 1.0)
    return found


def _written(deal: Deal, name: str) -> str:
    from detente.lang.printer import print_expression

    if name in deal.assumptions:
        return print_expression(deal.assumptions[name].value)
    variable, _, date = name.partition(" on ")
    points = deal.variables[variable].table if variable in deal.variables else ()
    return next((print_expression(point.value) for point in points if point.date.text == date), "")


def _names(tree: Explanation) -> list[str]:
    return [tree.name, *(name for child in tree.children for name in _names(child))]


def _with_means(tree: Explanation, means: Paths, graph: Graph) -> Explanation:
    children = tuple(_with_means(child, means, graph) for child in tree.children)
    mean = None
    month = parse_date(tree.date)
    one = graph.equations.get(tree.name)
    equations = ("account", "flow", "variable", "term", "need", "event", "value", "memory", "seen")
    if one is not None and month is not None and tree.kind in equations and month.last in means.months:
        row = means.at(tree.name, month.last)
        mean = float(row.mean()) / one.shown.scale if np.isfinite(row).all() else None
    return replace(tree, mean=mean, children=children)
