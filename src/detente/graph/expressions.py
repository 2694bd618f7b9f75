"""From expressions to formulas: names resolved, units and kinds checked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from detente.graph.draft import Draft
from detente.graph.literals import DISTRIBUTIONS, kind_of, literal, period_of
from detente.graph.model import Memory
from detente.lang.formula import (
    Formula,
    constant,
    false,
    month,
    opening,
    parameter,
    power,
    reference,
    select,
    truth,
)
from detente.lang.functions import FUNCTIONS
from detente.lang.printer import print_expression
from detente.lang.syntax import (
    At,
    Binary,
    By,
    Call,
    DateOf,
    If,
    Name,
    Node,
    Number,
    Quantity,
    Range,
    Truth,
    Unary,
    Within,
)
from detente.lang.unit import ONE, Unit
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place


@dataclass(frozen=True)
class Elaborator:
    """Reads expressions of one block. `closing` reads accounts as the month closes, as figures about whole paths do."""

    draft: Draft
    owner: str
    closing: bool = False

    def formula(self, node: Node, wanted: str = "") -> Formula:
        """An expression as a formula; `wanted` is the kind its place asks for (`rate`, `growth`, `probability`)."""
        match node:
            case Number() | Quantity():
                return literal(node, wanted)
            case Truth(value=value, place=place):
                return constant(float(value), kind="boolean", place=place)
            case Name(text=text, place=place):
                return self.name(text, place)
            case Unary(op="-", operand=operand):
                return (-self.formula(operand)).at(node.place)
            case Unary(operand=operand):
                return (~self.formula(operand)).at(node.place)
            case Binary(op=op, left=left, right=right):
                return self.binary(op, self.formula(left), self.formula(right)).at(node.place)
            case If(condition=condition, then=then, otherwise=otherwise):
                return select(self.formula(condition), self.formula(then), self.formula(otherwise)).at(node.place)
            case Within(value=value, low=low, high=high):
                x = self.formula(value)
                return ((x >= self.formula(low)) & (x <= self.formula(high))).at(node.place)
            case Call(function=function, place=place):
                if function in DISTRIBUTIONS:
                    raise uncertain(node)
                return self.call(node).at(place)
            case Range():
                raise uncertain(node)
            case At(value=value, when=when):
                return self.at(value, when, node)
            case By(event=event, date=date):
                return self.at(event, date, node)
            case DateOf():
                raise _fault(
                    "date-outside-place",
                    "a date cannot stand alone",
                    node.place,
                    print_expression(node),
                    ("write since(DATE), before(DATE), after(DATE) or on(DATE)",),
                )

    def binary(self, op: str, left: Formula, right: Formula) -> Formula:
        """Two formulas joined by an operator."""
        match op:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "^":
                return power(left, right)
            case "=":
                return left.equals(right)
            case "!=":
                return ~left.equals(right)
            case "<":
                return left < right
            case "<=":
                return left <= right
            case ">":
                return left > right
            case ">=":
                return left >= right
            case "and":
                return left & right
            case _:
                return left | right

    def name(self, text: str, place: Place) -> Formula:
        """What a name stands for: event, assumption, variable, then account."""
        deal = self.draft.deal
        if text in deal.events:
            return reference(text, ONE, "boolean", place)
        if text in deal.assumptions:
            entry = self.draft.inputs.get(text)
            if entry is None:
                raise Fault(
                    Diagnostic(
                        "rests-on-error",
                        f"the assumption '{text}' could not be read",
                        place,
                        ways_out=("mend it where it is declared",),
                        related=((deal.assumptions[text].place, "declared here"),),
                    )
                )
            return parameter(text, entry.distribution.unit, entry.distribution.kind, place)
        if text in deal.variables:
            return reference(text, self.draft.declared_unit(text), place=place)
        party, _, resource = text.rpartition(".")
        if party in deal.parties and resource in deal.resources and deal.resources[resource].kind != "capacity":
            unit = self.draft.resource_unit(resource)
            return reference(text, unit, place=place) if self.closing else opening(text, unit, place=place)
        raise self.unknown(text, place)

    def unknown(self, text: str, place: Place) -> Fault:
        """What to say of a name that stands for nothing."""
        deal = self.draft.deal
        terms = deal.terms()
        ways: tuple[str, ...]
        if text in terms:
            ways = (f"write paid({text}), use({text}) or active({text})",)
        elif text in deal.needs:
            ways = (f"write need({text}) or unmet({text})",)
        elif text in FUNCTIONS:
            ways = (f"call it: {FUNCTIONS[text].signature}",)
        else:
            known = [*deal.events, *deal.assumptions, *deal.variables, *terms]
            stored = [name for name, resource in deal.resources.items() if resource.kind != "capacity"]
            known += [f"{p}.{r}" for p in deal.parties for r in stored]
            ways = (*did_you_mean(text, known), "declare it under assumptions or variables")
        return _fault("unknown-name", f"'{text}' stands for nothing here", place, "", ways)

    def call(self, node: Call) -> Formula:
        """A function of the registry."""
        from detente.graph.calls import CALLS  # there each function reads its arguments with this very class

        function = FUNCTIONS.get(node.function)
        if function is None:
            raise _fault(
                "unknown-function",
                f"there is no function '{node.function}'",
                node.place,
                "",
                did_you_mean(node.function, FUNCTIONS),
                ", ".join(FUNCTIONS),
            )
        if function.whole_path and not self.closing:
            raise _fault(
                "whole-path-only",
                f"{function.name} is told of a whole path",
                node.place,
                print_expression(node),
                ("use it in futures, headlines or checks",),
            )
        arguments: dict[str, Node] = {}
        if function.arguments[0].many:
            if node.named or len(node.args) < 1:
                raise self.misused(node)
            return CALLS[node.function](self, node, {str(i): arg for i, arg in enumerate(node.args)})
        if len(node.args) > len(function.arguments):
            raise self.misused(node)
        arguments = {declared.name: arg for declared, arg in zip(function.arguments, node.args, strict=False)}
        for name, arg in node.named:
            if name in arguments or name not in [declared.name for declared in function.arguments]:
                raise self.misused(node)
            arguments[name] = arg
        for declared in function.arguments:
            if declared.name not in arguments and not declared.optional:
                raise self.misused(node, f"`{declared.name}` is missing")
        return CALLS[node.function](self, node, arguments)

    def misused(self, node: Call, message: str = "") -> Fault:
        """A call that does not fit the function's signature."""
        function = FUNCTIONS[node.function]
        return _fault(
            "wrong-arguments",
            message or f"{function.name} is called otherwise",
            node.place,
            print_expression(node),
            (f"write {function.signature}: {function.gives}", f"for example {function.example}"),
        )

    def at(self, value: Node, when: Node, node: At | By) -> Formula:
        """A value kept from a date, or from the month in which an event happens; absent until then."""
        if not self.closing:
            raise _fault(
                "whole-path-only",
                "`at` and `by` are told of whole paths",
                node.place,
                print_expression(node),
                ("use them in futures, headlines or checks",),
            )
        if isinstance(when, Name) and when.text in self.draft.deal.events:
            then = reference(f"{when.text}.fires", ONE, "boolean")
            return self.kept(self.formula(value), then, node, self.draft.deal.now + 1)
        _, last = period_of(when, self.draft.fiscal_ends())
        self.within_horizon(last, when)
        return self.kept(self.formula(value), month().equals(constant(float(last))), node, last)

    def kept(self, x: Formula, then: Formula, node: Node, first: int) -> Formula:
        """x as it was when `then` held. A condition that nothing has decided yet does not hold."""
        name = self.draft.free_name(print_expression(node))
        before = opening(name, x.unit, x.kind)
        absent = false() if x.kind == "boolean" else constant(float("nan"), x.unit, x.kind)
        now = self.draft.deal.now
        if first < now:
            self.draft.needs_record(first - 1)
        memory: Memory = "record" if first < now else "now"
        initial = select(then, x, absent) if first < now else x if first == now else absent
        kept = select(then, x, before)
        self.draft.add(
            name,
            kept,
            "memory",
            node.place,
            owner=self.owner,
            memory=memory,
            initial=initial,
            written=print_expression(node),
        )
        return reference(name, x.unit, x.kind, node.place)

    def within_horizon(self, last: int, node: Node) -> None:
        """Refuse a date outside record and horizon."""
        if not self.draft.deal.first <= last <= self.draft.deal.last:
            raise _fault(
                "date-outside",
                "the date lies outside record and horizon",
                node.place,
                print_expression(node),
                ("move `from` or `to` of the deal, or choose another date",),
            )

    def of_unit(self, node: Node, unit: Unit, what: str, wanted: str = "") -> Formula:
        """A formula that must have a unit."""
        x = self.formula(node, wanted)
        ways: tuple[str, ...]
        if x.kind == "boolean":
            ways = ("write `if CONDITION then … else …`",)
            raise _fault("number-expected", f"{what} is a quantity", node.place, "a condition", ways, _counted(unit))
        if x.unit != unit:
            ratio = x.unit / unit
            ways = ()
            if ratio == MONTH.unit:
                ways = ("divide by a time: `/ 1 year`",)
            elif ratio == ONE / MONTH.unit:
                ways = ("multiply by a time: `* 1 year`",)
            raise _fault(
                "unit-mismatch", f"{what} is in another unit", node.place, _counted(x.unit), ways, _counted(unit)
            )
        if x.kind == "growth":
            ways = (
                "write `compound(growth, time)` for the factor it makes",
                "name the assumption where a growth is asked",
            )
            message = f"{what} is a quantity, and this is a growth, which compounds"
            raise _fault("growth-multiplied", message, node.place, print_expression(node), ways, _counted(unit))
        return x

    def condition(self, node: Node) -> Formula:
        """A formula that must be a condition."""
        return truth(self.formula(node))

    def growth(self, node: Node) -> Formula:
        """A growth, or a continuous rate, per time."""
        x = self.formula(node, "growth")
        if x.kind not in ("growth", "rate"):
            raise _fault(
                "growth-expected",
                "a growth is a percentage per time",
                node.place,
                f"a {x.kind}" if x.unit == ONE else f"a {x.kind} in {x.unit}",
                ("write it as `5% / year`", "give the assumption a percentage per time"),
            )
        return x

    def rate(self, node: Node) -> Formula:
        """A continuous rate per time, such as a hazard."""
        x = self.formula(node, "rate")
        if isinstance(node, Quantity) and kind_of(node, "rate") == "rate":
            return x
        if x.kind == "growth":
            raise _fault(
                "growth-for-rate",
                "a hazard is a rate, and this is a growth",
                node.place,
                print_expression(node),
                ("say `kind: rate` at the assumption",),
            )
        if x.unit != ONE / MONTH.unit:
            raise _fault("unit-mismatch", "a hazard is a rate per time", node.place, _counted(x.unit), (), "1 / month")
        return replace(x, kind="rate")


def uncertain(node: Node) -> Fault:
    """An uncertain number where it has no name to be drawn by."""
    return _fault(
        "uncertain-outside",
        "an uncertain number needs a name",
        node.place,
        print_expression(node),
        ("make it an assumption, and name that here",),
    )


def _counted(unit: Unit) -> str:
    return str(unit) if unit != ONE else "a plain number"


def _fault(code: str, message: str, place: Place, found: str, ways: tuple[str, ...] = (), expected: str = "") -> Fault:
    return Fault(Diagnostic(code, message, place, found, expected, ways))
