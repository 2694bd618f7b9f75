"""What each function of the language becomes."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from detente.graph.expressions import Elaborator
from detente.graph.literals import period_of, value_of
from detente.lang.formula import (
    Formula,
    absolute,
    compound,
    constant,
    exponential,
    logarithm,
    maximum,
    minimum,
    month,
    opening,
    reference,
    select,
    square_root,
    total,
    zero,
)
from detente.lang.printer import print_expression
from detente.lang.syntax import Call, Name, Node
from detente.lang.unit import ONE, Unit
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.written import month_text

Arguments = dict[str, Node]
DECLARED: dict[str, tuple[str, ...]] = {
    "class": (),
    "company with shares": ("add a resource `{kind: shares, issuer: …}`",),
    "party with a value": ("declare it under `values`",),
}
"""Ways out of a name that is not there, where it is not enough to declare what bears it."""

LONGEST_DELAY = 120
"""Months that a delay or rolling average may reach back."""


def _several(fold: Callable[..., Formula]) -> Callable[[Elaborator, Call, Arguments], Formula]:
    return lambda read, _, args: fold(*(read.formula(arg) for arg in args.values()))


def _single(make: Callable[[Formula], Formula]) -> Callable[[Elaborator, Call, Arguments], Formula]:
    return lambda read, _, args: make(read.formula(args["x"]))


def _clip(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return minimum(maximum(read.formula(args["x"]), read.formula(args["low"])), read.formula(args["high"]))


def _since(read: Elaborator, node: Call, args: Arguments) -> Formula:
    first, _ = _period(read, args["date"])
    return (month() - constant(float(first))) * MONTH


def _before(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return month() < constant(float(_period(read, args["date"])[0]))


def _after(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return month() > constant(float(_period(read, args["date"])[1]))


def _on(read: Elaborator, node: Call, args: Arguments) -> Formula:
    first, last = _period(read, args["date"])
    return (month() >= constant(float(first))) & (month() <= constant(float(last)))


def _ramp(read: Elaborator, node: Call, args: Arguments) -> Formula:
    first, last = _period(read, args["from"])[0], _period(read, args["to"])[1]
    if first >= last:
        raise Fault(
            Diagnostic(
                "dates-out-of-order",
                "a ramp goes from an earlier to a later date",
                node.place,
                print_expression(node),
                ways_out=("turn the dates round",),
            )
        )
    share = (month() - constant(float(first))) / constant(float(last - first))
    return minimum(maximum(share, constant(0.0)), constant(1.0))


def _compound(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return compound(read.growth(args["growth"]), read.of_unit(args["time"], MONTH.unit, "a time"))


def _prev(read: Elaborator, node: Call, args: Arguments) -> Formula:
    x = args["x"]
    if isinstance(x, Name) and x.text in read.draft.deal.variables:
        value = reference(x.text, read.draft.declared_unit(x.text))
    else:
        value = read.formula(x)
    start = read.of_unit(args["start"], value.unit, "`start`")
    name = _memory_name(read, node)
    read.draft.add(
        name, value, "memory", node.place, owner=read.owner, written=print_expression(x), memory="now", initial=start
    )
    return opening(name, value.unit, value.kind)


def _delay(read: Elaborator, node: Call, args: Arguments) -> Formula:
    months = _months(read, args["time"])
    return _lagged(read, node, args, months)[months]


def _smooth(read: Elaborator, node: Call, args: Arguments) -> Formula:
    value = read.formula(args["x"])
    months, start = _months(read, args["time"]), read.of_unit(args["start"], value.unit, "`start`")
    name = _memory_name(read, node)
    before = opening(name, value.unit)
    moved = before + (value - before) / constant(float(max(1, months)))
    read.draft.add(
        name, moved, "memory", node.place, owner=read.owner, written=print_expression(node), memory="now", initial=start
    )
    return reference(name, value.unit)


def _rolling(read: Elaborator, node: Call, args: Arguments) -> Formula:
    months = max(1, _months(read, args["time"]))
    values = _lagged(read, node, args, months - 1)
    return total(values[0].unit, values) / constant(float(months))


def _lagged(read: Elaborator, node: Call, args: Arguments, months: int) -> list[Formula]:
    """x now, a month ago, and so on. Without a start the record of x is what came before."""
    value = read.formula(args["x"])
    start = read.of_unit(args["start"], value.unit, "`start`") if "start" in args else None
    if start is None:
        _check_reach(read, node, months)
        read.draft.reaches_back(months)
    name, values = _memory_name(read, node), [value]
    for step in range(1, months + 1):
        read.draft.add(
            f"{name} {step}",
            values[-1],
            "memory",
            node.place,
            owner=read.owner,
            written=print_expression(node),
            memory="record" if start is None else "now",
            initial=value if start is None else start,
        )
        values.append(opening(f"{name} {step}", value.unit))
    return values


def _check_reach(read: Elaborator, node: Call, months: int) -> None:
    """Refuse a lag whose first value lies before the record."""
    earliest, first = read.draft.deal.now + 1 - months, read.draft.deal.first
    if earliest < first:
        raise Fault(
            Diagnostic(
                "not-on-record",
                f"this reaches back to {month_text(earliest)}, before the record begins",
                node.place,
                print_expression(node),
                f"{month_text(first)} or later",
                ways_out=("give `start = …`", "move `from` of the deal back, with a record to match"),
            )
        )


def _fires(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return reference(f"{_word(read, args['event'], 'event', read.draft.deal.events)}.fires", ONE, "boolean")


def _need(read: Elaborator, node: Call, args: Arguments) -> Formula:
    name, unit = _need_of(read, args["need"])
    return reference(name, unit)


def _unmet(read: Elaborator, node: Call, args: Arguments) -> Formula:
    name, unit = _need_of(read, args["need"])
    return reference(f"{name}.unmet", unit)


def _offer(label: str) -> Callable[[Elaborator, Call, Arguments], Formula]:
    def call(read: Elaborator, node: Call, args: Arguments) -> Formula:
        name = _term(read, args["term"])
        need = read.draft.deal.terms()[name].parameters.get("need")
        if not isinstance(need, str) or need not in read.draft.deal.needs:
            raise _wrong(
                args["term"],
                f"the term '{name}' offers no capacity to a need",
                ("name a term of type supply or take_or_pay",),
            )
        resource = read.draft.deal.needs[need].resource
        return reference(f"{name}.{label}", read.draft.resource_unit(resource))

    return call


def _share_of(read: Elaborator, node: Call, args: Arguments) -> Formula:
    party = _word(read, args["party"], "party", read.draft.deal.parties)
    need, _ = _need_of(read, args["need"])
    return reference(f"{need}.share_of.{party}", ONE)


def _stake(read: Elaborator, node: Call, args: Arguments) -> Formula:
    holder = _word(read, args["holder"], "party", read.draft.deal.parties)
    companies = [resource.issuer for resource in read.draft.deal.resources.values() if resource.kind == "shares"]
    if "company" in args:
        company = _word(read, args["company"], "company with shares", companies)
    elif len(companies) == 1:
        company = companies[0]
    else:
        raise _wrong(node, "the deal has several companies with shares, or none", ("write stake(holder, company)",))
    shares = read.draft.shares_of(company, node.place)
    look = reference if read.closing else opening
    held = look(f"{holder}.{shares.resource}", shares.unit)
    return held / -look(f"{company}.{shares.resource}", shares.unit)


def _net(read: Elaborator, node: Call, args: Arguments) -> Formula:
    party = _word(read, args["party"], "party", read.draft.deal.parties)
    category = _word(read, args["class"], "class", ("operating", "financing", "all"))
    money = [resource.name for resource in read.draft.deal.resources.values() if resource.kind == "money"]
    resource = _word(read, args["resource"], "resource", money) if "resource" in args else "money"
    unit = read.draft.resource_unit(resource) if resource != "money" else read.draft.currency()
    return reference(f"net {party} {category} {resource}", unit / MONTH.unit)


def _flow(read: Elaborator, node: Call, args: Arguments) -> Formula:
    tree = args["flow"]
    if not isinstance(tree, Name):
        raise _wrong(tree, "a flow is needed here", ("name it: flow(subscriptions)",))
    return reference(tree.text, read.draft.currency() / MONTH.unit, place=tree.place)


def _paid(read: Elaborator, node: Call, args: Arguments) -> Formula:
    name = f"{_term(read, args['term'])}.paid"
    return reference(name, read.draft.currency()) if read.closing else opening(name, read.draft.currency())


def _granted(read: Elaborator, node: Call, args: Arguments) -> Formula:
    name = _term(read, args["term"])
    if read.draft.deal.terms()[name].type != "consent_right":
        raise _wrong(args["term"], f"the term '{name}' is no consent_right", ("use active(term)",))
    return reference(f"{name}.granted", ONE, "boolean")


def _active(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return reference(f"{_term(read, args['term'])}.active", ONE, "boolean")


def _total(read: Elaborator, node: Call, args: Arguments) -> Formula:
    value = read.formula(args["x"])
    first, last = _period(read, args["period"])
    read.within_horizon(first, args["period"])
    read.within_horizon(last, args["period"])
    name = read.draft.free_name(print_expression(node))
    inside = (month() >= constant(float(first))) & (month() <= constant(float(last)))
    amount = select(inside, value * MONTH, zero(value.unit * MONTH.unit))
    on_record = first <= read.draft.deal.now
    if on_record:
        read.draft.needs_record(first - 1)
    begin = amount if on_record else zero(amount.unit)
    read.draft.add(
        name,
        opening(name, amount.unit) + amount,
        "memory",
        node.place,
        owner=read.owner,
        written=print_expression(node),
        memory="record" if on_record else "now",
        initial=begin,
    )
    return reference(name, amount.unit)


def _lowest(read: Elaborator, node: Call, args: Arguments) -> Formula:
    value = read.formula(args["x"])
    _, last = _period(read, args["until"])
    read.within_horizon(last, args["until"])
    if last <= read.draft.deal.now:
        raise Fault(
            Diagnostic(
                "date-outside",
                "the least value is told from `now` on",
                args["until"].place,
                print_expression(args["until"]),
                ways_out=("choose a date after `now`", "write `x at DATE` for a value on record"),
            )
        )
    name = read.draft.free_name(print_expression(node))
    before = opening(name, value.unit)
    least = select(month() <= constant(float(last)), minimum(before, value), before)
    read.draft.add(
        name, least, "memory", node.place, owner=read.owner, written=print_expression(node), memory="now", initial=value
    )
    return reference(name, value.unit)


def _value(read: Elaborator, node: Call, args: Arguments) -> Formula:
    party = _word(read, args["party"], "party with a value", read.draft.deal.values)
    return reference(f"value of {party}", read.draft.currency())


CALLS: dict[str, Callable[[Elaborator, Call, Arguments], Formula]] = {
    "min": _several(minimum),
    "max": _several(maximum),
    "abs": _single(absolute),
    "sqrt": _single(square_root),
    "exp": _single(exponential),
    "log": _single(logarithm),
    "clip": _clip,
    "since": _since,
    "before": _before,
    "after": _after,
    "on": _on,
    "ramp": _ramp,
    "compound": _compound,
    "prev": _prev,
    "delay": _delay,
    "smooth": _smooth,
    "rolling": _rolling,
    "fires": _fires,
    "need": _need,
    "unmet": _unmet,
    "use": _offer("use"),
    "offered": _offer("offered"),
    "share_of": _share_of,
    "stake": _stake,
    "net": _net,
    "flow": _flow,
    "paid": _paid,
    "granted": _granted,
    "active": _active,
    "total": _total,
    "lowest": _lowest,
    "value": _value,
}
"""How each function of the registry is made; a test holds the two together."""


def _period(read: Elaborator, node: Node) -> tuple[int, int]:
    return period_of(node, read.draft.fiscal_ends())


def _months(read: Elaborator, node: Node) -> int:
    value, unit = value_of(node)
    if unit != MONTH.unit or not 0 <= value <= LONGEST_DELAY or value != int(value):
        raise _wrong(node, "a whole number of months is needed here", (f"write `6 months`, at most {LONGEST_DELAY}",))
    return int(value)


def _memory_name(read: Elaborator, node: Call) -> str:
    short = f"{node.function} in {read.owner}"
    return read.draft.free_name(short)


def _word(read: Elaborator, node: Node, what: str, known: object) -> str:
    names = tuple(cast("dict[str, object]", known))
    if isinstance(node, Name) and node.text in names:
        return node.text
    text = print_expression(node)
    raise Fault(
        Diagnostic(
            f"unknown-{what.split()[0]}",
            f"there is no {what} '{text}'",
            node.place,
            expected=", ".join(names[:12]),
            ways_out=(*did_you_mean(text, names), *DECLARED.get(what, (f"declare the {what}",))),
        )
    )


def _term(read: Elaborator, node: Node) -> str:
    return _word(read, node, "term", read.draft.deal.terms())


def _need_of(read: Elaborator, node: Node) -> tuple[str, Unit]:
    name = _word(read, node, "need", read.draft.deal.needs)
    return name, read.draft.resource_unit(read.draft.deal.needs[name].resource)


def _wrong(node: Node, message: str, ways: tuple[str, ...]) -> Fault:
    return Fault(Diagnostic("wrong-arguments", message, node.place, print_expression(node), ways_out=ways))
