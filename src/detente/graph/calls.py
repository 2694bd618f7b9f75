"""What each function of the language becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from detente.deal.model import RowText
from detente.graph.arguments import Arguments, Made, name_in, need_named, period, term_named, wrong
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator, misused
from detente.graph.literals import value_of
from detente.graph.memories import LAGS, WHOLE_PATHS
from detente.graph.status import STATUSES, told
from detente.graph.units import money_in, money_of
from detente.lang.formula import (
    Formula,
    absolute,
    as_number,
    compound,
    constant,
    exponential,
    given,
    logarithm,
    maximum,
    minimum,
    month,
    opening,
    present,
    reference,
    select,
    square_root,
    total,
)
from detente.lang.functions import FUNCTIONS
from detente.lang.printer import print_expression
from detente.lang.syntax import Call, Name, Node
from detente.lang.unit import CURRENCIES, ONE, Unit
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault


def _several(fold: Callable[..., Formula]) -> Made:
    return lambda read, _, args: fold(*(read.formula(arg) for arg in args.values()))


def _single(make: Callable[[Formula], Formula]) -> Made:
    return lambda read, _, args: make(read.formula(args["x"]))


def _clip(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return minimum(maximum(read.formula(args["x"]), read.formula(args["low"])), read.formula(args["high"]))


def _interpolate(read: Elaborator, node: Call, args: Arguments) -> Formula:
    x = read.formula(args["x"])
    read.fits(x, args["x"], x.unit, "`x` of interpolate")
    points = [tree for name, tree in args.items() if name != "x"]
    if len(points) < 4 or len(points) % 2:
        count = f"{len(points)} number{'s' if len(points) != 1 else ''}"
        message = f"the points of interpolate are pairs, at least two of them, and here are {count}"
        raise misused(FUNCTIONS["interpolate"], node, message)
    ats: list[Formula] = []
    for number, tree in enumerate(points[::2], 1):
        at, unit = value_of(tree)
        if ats and at <= ats[-1].value:
            raise wrong(node, f"x{number}", tree, f"a number above x{number - 1}: the x's rise")
        ats.append(constant(at, unit, place=tree.place))
    first = read.formula(points[1])
    levels = [read.fits(first, points[1], first.unit, "`y1` of interpolate")]
    levels += [
        read.of_unit(tree, levels[0].unit, f"`y{number}` of interpolate") for number, tree in enumerate(points[3::2], 2)
    ]
    found = levels[-1]
    for low, high, here, there in reversed([*zip(ats, ats[1:], levels, levels[1:], strict=False)]):
        slope = (there - here) / (high - low)
        found = select(x <= high, here + slope * (x - low), found)
    return select(x <= ats[0], levels[0], found)


def _present(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return present(read.formula(args["x"]))


def _default(read: Elaborator, node: Call, args: Arguments) -> Formula:
    x = read.formula(args["x"])
    return select(present(x), replace(x, absent=False), read.formula(args["y"]))


def _convert(read: Elaborator, node: Call, args: Arguments) -> Formula:
    name = name_in(read, args["currency"], "currency", [one.name for one in read.draft.currencies()])
    x = given(read.formula(args["x"]))
    money = [(symbol, power) for symbol, power in x.unit.powers if symbol in CURRENCIES]
    if len(money) != 1 or money[0][1] != 1:
        found = f"{print_expression(args['x'])}, in {x.unit if x.unit != ONE else 'no unit'}"
        raise wrong(node, "x", args["x"], "a quantity of one currency, such as EUR or EUR / month", found)
    return read.draft.exchange(x, Unit(tuple(money)), read.draft.resource_unit(name))


def _since(read: Elaborator, node: Call, args: Arguments) -> Formula:
    first, _ = period(read, args["date"])
    return (month() - constant(float(first))) * MONTH


def _before(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return month() < constant(float(period(read, args["date"])[0]))


def _after(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return month() > constant(float(period(read, args["date"])[1]))


def _on(read: Elaborator, node: Call, args: Arguments) -> Formula:
    first, last = period(read, args["date"])
    return (month() >= constant(float(first))) & (month() <= constant(float(last)))


def _step(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return as_number(month() >= constant(float(period(read, args["date"])[0])))


def _ramp(read: Elaborator, node: Call, args: Arguments) -> Formula:
    first, last = period(read, args["from"])[0], period(read, args["to"])[1]
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


def _fires(read: Elaborator, node: Call, args: Arguments) -> Formula:
    return reference(f"{name_in(read, args['event'], 'event', read.draft.deal.events)}.fires", ONE, "boolean")


def _need(read: Elaborator, node: Call, args: Arguments) -> Formula:
    name, unit = need_named(read, args["need"])
    return reference(name, unit)


def _unmet(read: Elaborator, node: Call, args: Arguments) -> Formula:
    name, unit = need_named(read, args["need"])
    return reference(f"{name}.unmet", unit)


def _offer(label: str) -> Made:
    def call(read: Elaborator, node: Call, args: Arguments) -> Formula:
        name = term_named(read, args["term"])
        need = read.draft.deal.terms()[name].parameters.get("need")
        if not isinstance(need, str) or need not in read.draft.deal.needs:
            raise wrong(node, "term", args["term"], "a term of type supply or take_or_pay, which offers a capacity")
        resource = read.draft.deal.needs[need].resource
        return reference(f"{name}.{label}", read.draft.resource_unit(resource))

    return call


def _share_of(read: Elaborator, node: Call, args: Arguments) -> Formula:
    party = name_in(read, args["party"], "party", read.draft.deal.parties)
    need, _ = need_named(read, args["need"])
    return reference(f"{need}.share_of.{party}", ONE)


def _stake(read: Elaborator, node: Call, args: Arguments) -> Formula:
    holder = name_in(read, args["holder"], "party", read.draft.deal.parties)
    issuers = [resource.issuer for resource in read.draft.deal.resources.values() if resource.kind == "shares"]
    companies = list(dict.fromkeys(issuers))
    if "company" in args:
        company = name_in(read, args["company"], "company with shares", companies)
    elif len(companies) == 1:
        company = companies[0]
    else:
        count = "several companies have" if companies else "no company has"
        raise misused(FUNCTIONS["stake"], node, f"`company` is missing: {count} shares among the resources")
    shares = read.draft.shares_of(company, node.place)
    look = reference if read.closing else opening
    held = total(shares.unit, [look(f"{holder}.{one}", shares.unit) for one in shares.classes])
    return held / total(shares.unit, [-look(f"{company}.{one}", shares.unit) for one in shares.classes])


def _net(read: Elaborator, node: Call, args: Arguments) -> Formula:
    party = name_in(read, args["party"], "party", read.draft.deal.parties)
    category = name_in(read, args["class"], "class", ("operating", "financing", "all"))
    money = [resource.name for resource in read.draft.deal.resources.values() if resource.kind == "money"]
    resource = name_in(read, args["resource"], "resource", money) if "resource" in args else "money"
    unit = read.draft.resource_unit(resource) if resource != "money" else read.draft.currency()
    return reference(f"net {party} {category} {resource}", unit / MONTH.unit)


def _flow(read: Elaborator, node: Call, args: Arguments) -> Formula:
    tree = args["flow"]
    if not isinstance(tree, Name):
        raise wrong(node, "flow", tree, "the name of a flow, or of a term that moves money")
    return reference(tree.text, _money_of(read.draft, tree.text) / MONTH.unit, place=tree.place)


def _paid(read: Elaborator, node: Call, args: Arguments) -> Formula:
    term = term_named(read, args["term"])
    look = reference if read.closing else opening
    return look(f"{term}.paid", _money_of(read.draft, term))


def _money_of(draft: Draft, name: str) -> Unit:
    """The currency in which a flow or term pays, which may be asked before it is there: of the first amount of money
    that it names, read in a draft of its own."""
    if len(draft.currencies()) < 2 or name in draft.moneys:
        return draft.moneys.get(name, draft.currency())
    draft.moneys[name] = draft.currency()  # so that two that ask for each other come to an end
    aside = Draft(draft.deal, inputs=draft.inputs, moneys=draft.moneys)
    terms, flows = draft.deal.terms(), draft.deal.flows
    term = next((one for one in (name, name.rpartition(".")[0]) if one in terms), "")
    for amount in [flows[name].amount] if name in flows else _expressions(terms[term].parameters if term else {}):
        found = aside.attempt(Elaborator(aside, name).formula, amount)
        if found is not None and money_in(found.unit) != ONE:
            draft.moneys[name] = money_in(found.unit)
            break
    else:
        if term:  # it names no money of its own, but perhaps a term that does
            draft.moneys[name] = money_of(draft, terms[term])
    return draft.moneys[name]


def _expressions(said: object) -> Iterator[Node]:
    """Every expression among the parameters of a term, in order, those of its rows too."""
    match said:
        case dict():
            for one in said.values():
                yield from _expressions(one)
        case tuple():
            for one in said:
                yield from _expressions(one)
        case RowText(values=values):
            yield from _expressions(values)
        case _ if isinstance(said, Node):
            yield said


def _granted(read: Elaborator, node: Call, args: Arguments) -> Formula:
    name = term_named(read, args["term"])
    if read.draft.deal.terms()[name].type != "consent_right":
        raise wrong(node, "term", args["term"], "a term of type consent_right; ask active(term) of others")
    return reference(f"{name}.granted", ONE, "boolean")


def _status(status: str) -> Made:
    return lambda read, node, args: told(read.draft, term_named(read, args["term"]), status, read.closing)


def _value(read: Elaborator, node: Call, args: Arguments) -> Formula:
    party = name_in(read, args["party"], "party with a value", read.draft.deal.values)
    return reference(f"value of {party}", read.draft.currency())


CALLS: dict[str, Made] = {
    "min": _several(minimum),
    "max": _several(maximum),
    "abs": _single(absolute),
    "sqrt": _single(square_root),
    "exp": _single(exponential),
    "log": _single(logarithm),
    "clip": _clip,
    "interpolate": _interpolate,
    "present": _present,
    "default": _default,
    "convert": _convert,
    "since": _since,
    "before": _before,
    "after": _after,
    "on": _on,
    "step": _step,
    "ramp": _ramp,
    "compound": _compound,
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
    **{status: _status(status) for status in STATUSES},
    "value": _value,
    **LAGS,
    **WHOLE_PATHS,
}
"""How each function of the registry is made; a test holds the two together."""
