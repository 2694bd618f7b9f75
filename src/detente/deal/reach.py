"""What can come about at all, as far as dates and policies alone tell: futures nobody can reach, events that come
before their right, terms that are stopped before they begin.

All months here are lower bounds: before them something cannot happen, from them on it may. So nothing is refused that
could happen on some path, under some scenario.
"""

from __future__ import annotations

from collections.abc import Iterator

from detente.deal.model import Deal, Event, Policy, TermText
from detente.lang.printer import print_expression
from detente.lang.syntax import At, Binary, By, Call, DateOf, Name, Node, Number, Quantity, Truth
from detente.lang.unit import parse_unit
from detente.text.diagnostic import Diagnostic
from detente.text.place import Place
from detente.text.written import Month, month_text, parse_date

NEVER: Month = 10**6
"""Later than any horizon."""


def check_reach(deal: Deal) -> Iterator[Diagnostic]:
    """Futures, events and terms that the deal itself rules out."""
    bounds = _Bounds(deal)
    for event in deal.events.values():
        yield from _events(bounds, event)
    yield from _futures(bounds)
    yield from _stops(bounds)


class _Bounds:
    """The earliest months at which events can happen and conditions can hold."""

    def __init__(self, deal: Deal) -> None:
        self.deal = deal
        self.first = deal.now + 1
        self.known: dict[str, Month] = {}
        self.policies: dict[str, list[Policy]] = {
            name: [event.policy, *event.options] for name, event in deal.events.items() if event.policy is not None
        }
        self.rights_over: dict[str, list[tuple[str, TermText]]] = {}
        for name, term in deal.terms().items():
            self.rights_over.setdefault(str(term.parameters.get("over")), []).append((name, term))
        self.switched_off: set[str] = set()
        scenarios = [*deal.scenarios.values()]
        scenarios += [side for right in deal.rights.values() for side in (right.use, right.instead)]
        for change in (change for scenario in scenarios for change in scenario.changes):
            if change.policy is not None and change.target in self.policies:
                self.policies[change.target].append(change.policy)
            elif change.policy is None and change.value is None:
                self.switched_off.add(change.target)

    def event(self, name: str) -> Month:
        """The first month in which an event can happen, over all policies of all scenarios."""
        event = self.deal.events.get(name)
        if event is None:
            return self.first
        if event.happened is not None:
            return event.happened.first
        if name not in self.known:
            self.known[name] = self.first  # for an event that rests on itself
            possible = self.possible(event)
            if event.when is not None:
                possible = max(possible, self.condition(event.when))
            if event.policy is not None:
                possible = min(self.policy(policy, possible) for policy in self.policies[name])
            self.known[name] = possible if possible <= self.deal.last else NEVER
        return self.known[name]

    def possible(self, event: Event) -> Month:
        """The first month in which what an event needs can be there: its condition, and consents that do come."""
        consents = [given for given in map(self.event, self.consents(event)) if given != NEVER]
        return max(self.condition(event.possible) if event.possible is not None else self.first, *consents, self.first)

    def consents(self, event: Event) -> Iterator[str]:
        """The events by which consents are given that an event always needs."""
        for name, term in self.rights_over.get(event.name, ()):
            lasts = term.first <= self.first and not term.stops and (term.last is None or term.last >= self.deal.last)
            if lasts and name not in self.switched_off:
                yield str(term.parameters.get("given"))

    def policy(self, policy: Policy, possible: Month) -> Month:
        match policy.kind:
            case "at":
                dates = _period(policy.argument)
                return possible if dates is None else dates[0] if possible <= dates[0] else NEVER
            case "after":
                return possible + _months(policy.argument)
            case "when":
                return max(possible, self.condition(policy.argument)) if policy.argument is not None else possible
            case _:
                return NEVER

    def condition(self, node: Node) -> Month:
        """The first simulated month in which a condition can hold."""
        match node:
            case Truth(value=value):
                return self.first if value else NEVER
            case Name(text=text):
                return max(self.first, self.event(text))
            case Binary(op="and", left=left, right=right):
                return max(self.condition(left), self.condition(right))
            case Binary(op="or", left=left, right=right):
                return min(self.condition(left), self.condition(right))
            case Call(function="before" | "after" | "on" as function, args=(date,)) if _period(date) is not None:
                dates = _period(date)
                assert dates is not None
                if function == "after":
                    return self.within(max(self.first, dates[1] + 1))
                if function == "on":
                    return self.within(max(self.first, dates[0])) if dates[1] >= self.first else NEVER
                return self.first if self.first < dates[0] else NEVER
        return self.first

    def within(self, month: Month) -> Month:
        return month if month <= self.deal.last else NEVER

    def unreachable(self, node: Node) -> Node | None:
        """The part of a condition on a whole path that no path can meet; None where there may be one."""
        match node:
            case Binary(op="and", left=left, right=right):
                return self.unreachable(left) or self.unreachable(right)
            case Binary(op="or", left=left, right=right):
                return node if self.unreachable(left) is not None and self.unreachable(right) is not None else None
            case By(event=value, date=date) | At(value=value, when=date):
                if isinstance(date, Name):
                    return node if self.event(date.text) == NEVER else None
                dates = _period(date)
                if dates is None or (dates[1] <= self.deal.now and not self.is_event(value)):
                    return None
                earliest = self.event(value.text) if isinstance(value, Name) else self.condition(value)
                return node if earliest > dates[1] else None
            case Name(text=text) if self.is_event(node):
                return node if self.event(text) == NEVER else None
            case Truth(value=False):
                return node
        return None

    def is_event(self, node: Node) -> bool:
        return isinstance(node, Name) and node.text in self.deal.events


def _period(node: Node | None) -> tuple[Month, Month] | None:
    match node:
        case DateOf(date=date, fiscal=None) if not date.text.startswith("FY"):
            return date.first, date.last
        case Number(text=text):
            year = parse_date(text)
            return (year.first, year.last) if year is not None else None
    return None


def _months(node: Node | None) -> int:
    """The whole months of a delay that is written out; 0 of any other."""
    if not isinstance(node, Quantity):
        return 0
    scale, unit = parse_unit(node.unit)
    return int(scale * node.value) if str(unit) == "month" else 0


def _reasons(bounds: _Bounds, node: Node | None) -> tuple[tuple[Place, str], ...]:
    """Why a condition cannot hold, or not yet: the events it names that come late or never."""
    waiting, found = [node], dict[Place, str]()
    while waiting:
        match waiting.pop():
            case Binary(left=left, right=right):
                waiting += [right, left]
            case By(event=value) | At(value=value):
                waiting.append(value)
            case Name(text=text) if text in bounds.deal.events:
                month, place = bounds.event(text), bounds.deal.events[text].place
                if month == NEVER:
                    never = "never happens: no policy, option or scenario of the deal brings it about"
                    found[place] = f"'{text}' {never}"
                elif month > bounds.deal.now:
                    found[place] = f"'{text}' cannot happen before {month_text(month)}"
    return tuple(found.items())


def _events(bounds: _Bounds, event: Event) -> Iterator[Diagnostic]:
    """An event that can never be possible, and policies that decide it before it can be, or after the horizon."""
    for condition, what in ((event.possible, "what makes it possible"), (event.when, "its condition")):
        if condition is not None and bounds.condition(condition) > bounds.deal.last:
            yield Diagnostic(
                "never-possible",
                f"'{event.name}' can never happen: {what} never holds after {month_text(bounds.deal.now)}",
                condition.place,
                found=print_expression(condition),
                expected=f"a condition that can hold from {month_text(bounds.first)} to {month_text(bounds.deal.last)}",
                related=_reasons(bounds, condition),
                ways_out=("mend the condition", "say `happened: DATE`, if it did", "take the event away"),
            )
            return
    possible = bounds.possible(event)
    for policy in dict.fromkeys(bounds.policies.get(event.name, ())):
        dates = _period(policy.argument) if policy.kind == "at" else None
        if dates is None or dates[0] <= bounds.deal.now:
            continue
        if dates[0] > bounds.deal.last:
            yield Diagnostic(
                "date-outside",
                f"'{event.name}' is decided after the horizon, and so never",
                policy.place,
                found=policy.text,
                expected=f"{month_text(bounds.first)} to {month_text(bounds.deal.last)}",
                ways_out=("choose an earlier date", "move `to` of the deal", "write never"),
            )
        elif possible > dates[0]:
            consents = [bounds.deal.events[name] for name in bounds.consents(event) if name in bounds.deal.events]
            late = [one for one in consents if dates[0] < bounds.event(one.name) < NEVER]
            named = tuple(
                (one.place, f"the consent '{one.name}' cannot come before {month_text(bounds.event(one.name))}")
                for one in late
            )
            yield Diagnostic(
                "decided-too-early",
                f"'{event.name}' is decided for {month_text(dates[0])}, before it can be, and so never happens",
                policy.place,
                found=policy.text,
                expected=f"{month_text(possible)} or later",
                related=(*_reasons(bounds, event.possible), *named)
                or (((event.possible.place, "what makes it possible"),) if event.possible is not None else ()),
                ways_out=("choose a later date", "write after(0 months): as soon as it is possible"),
            )


def _futures(bounds: _Bounds) -> Iterator[Diagnostic]:
    """Futures that no path can belong to."""
    earlier: list[tuple[Node, Place]] = []
    for future in bounds.deal.futures.values():
        part = bounds.unreachable(future.when)
        twin = next((place for when, place in earlier if when == future.when), None)
        earlier.append((future.when, future.place))
        if part is None and twin is None:
            continue
        yield Diagnostic(
            "future-unreachable",
            f"no path can belong to the future '{future.name}'",
            future.when.place if part is None else part.place,
            found=print_expression(future.when if part is None else part),
            expected="a condition that can still come about, and that no future before it takes whole",
            related=((twin, "this future asks the same, and comes first"),)
            if part is None and twin is not None
            else _reasons(bounds, part),
            ways_out=(
                ("ask for something else", "take one of the two away")
                if part is None
                else (
                    "choose a later date",
                    "give the event another policy, or `options`",
                    "say `happened: DATE` at the event, if it did",
                )
            ),
        )


def _stops(bounds: _Bounds) -> Iterator[Diagnostic]:
    """Terms whose `stops` comes, or may come, before they begin."""
    firsts: dict[str, TermText] = {
        f"{agreement.name}.{name}": versions[0]
        for agreement in bounds.deal.agreements.values()
        for name, versions in agreement.versions.items()
    }
    for name, term in bounds.deal.terms().items():
        event = bounds.deal.events.get(term.stops)
        begins = firsts[name].first
        if event is None or bounds.event(event.name) > begins:
            continue
        if event.happened is not None:
            yield Diagnostic(
                "never-active",
                f"the term '{name}' is stopped before it begins",
                term.place,
                found=f"'{event.name}' happened in {month_text(event.happened.first)}, the term begins in "
                f"{month_text(begins)}",
                expected="an event after the term begins",
                related=((event.place, f"'{event.name}'"),),
                ways_out=("let another event stop it", "let it begin earlier", "take the term away"),
            )
        elif begins > bounds.first:
            yield Diagnostic(
                "stopped-early",
                f"the term '{name}' may be stopped before it begins: then it never acts",
                term.place,
                found=f"'{event.name}' may happen from {month_text(bounds.event(event.name))}, the term begins in "
                f"{month_text(begins)}",
                related=((event.place, f"'{event.name}'"),),
                ways_out=(
                    f"if that is meant, leave it; else give '{event.name}' a `possible: after(…)`",
                    "let the term begin earlier",
                ),
                severity="warning",
            )
