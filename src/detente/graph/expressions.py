"""From expressions to formulas: names resolved, units and kinds checked."""

from __future__ import annotations

from dataclasses import dataclass, replace

from detente.graph.declared import with_declarations
from detente.graph.draft import Draft
from detente.graph.literals import literal, period_of
from detente.graph.model import Memory
from detente.graph.relations import moved
from detente.graph.units import quantity_unit
from detente.lang.distribution import DISTRIBUTIONS
from detente.lang.formula import (
    Formula,
    constant,
    exchanged,
    false,
    given,
    month,
    opening,
    parameter,
    power,
    reference,
    select,
    truth,
)
from detente.lang.functions import FUNCTIONS, Function
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
from detente.lang.unit import ONE, Unit, unit_hints
from detente.terms.term import MONTH, catalogue
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place
from detente.text.written import month_text

WRITTEN_OTHERWISE = {
    "yes": ("write true, or 1 for a number",),
    "no": ("write false, or 0 for a number",),
    "off": ("write false, or 0 for a number",),
    "null": ("write 0, if nothing is meant",),
    "none": ("write 0, if nothing is meant",),
}
"""Words that YAML or another language knows, with what to write instead."""


@dataclass(frozen=True)
class Elaborator:
    """Reads expressions of one block. `closing` reads accounts as the month closes, as figures about whole paths do;
    `known` is what is there wherever the expression counts, as in the `then` of `if present(x)`."""

    draft: Draft
    owner: str
    closing: bool = False
    known: tuple[Node, ...] = ()

    def formula(self, node: Node, wanted: str = "") -> Formula:
        """An expression as a formula; `wanted` is the kind its place asks for (`rate`, `growth`, `probability`)."""
        try:
            found = self.read(node, wanted)
        except Fault as fault:
            raise with_declarations(self.draft.deal, node, fault) from None
        return replace(found, absent=False) if found.absent and node in self.known else found

    def read(self, node: Node, wanted: str) -> Formula:
        """As `formula`, whatever is known."""
        match node:
            case Number() | Quantity() | Unary(op="-", operand=Number() | Quantity()):
                return literal(node, wanted)
            case Truth(value=value, place=place):
                return constant(float(value), kind="boolean", place=place)
            case Name(text=text, place=place):
                return self.name(text, place)
            case Unary(op="-", operand=operand):
                return (-self.formula(operand)).at(node.place)
            case Unary(operand=operand):
                return (~self.formula(operand)).at(node.place)
            case Binary(op="and" | "or" as op, left=left, right=right):
                inside = self.where(left, op == "and")
                return self.binary(op, self.formula(left), inside.formula(right)).at(node.place)
            case Binary(op=op, left=left, right=right):
                return self.binary(op, self.formula(left), self.formula(right)).at(node.place)
            case If(condition=condition, then=then, otherwise=otherwise):
                holds, fails = self.where(condition, True), self.where(condition, False)
                branches = given(holds.formula(then)), given(fails.formula(otherwise))
                return select(self.formula(condition), *branches).at(node.place)
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

    def where(self, condition: Node, holds: bool) -> Elaborator:
        """As this one, for what counts only where a condition holds, or only where it does not."""
        match condition:
            case Unary(op="not", operand=operand):
                return self.where(operand, not holds)
            case Binary(op="and" | "or" as op, left=left, right=right) if holds == (op == "and"):
                return self.where(left, holds).where(right, holds)
            case Call(function="present", args=(x,), named=()) if holds:
                return replace(self, known=(*self.known, x))
            case Binary(op="<" | "<=" | ">" | ">=" | "=" | "!=", left=left, right=right) if holds:
                return replace(self, known=(*self.known, left, right))  # what is absent compares to nothing
            case Within(value=value, low=low, high=high) if holds:
                return replace(self, known=(*self.known, value, low, high))
        return self

    def elsewhen(self) -> Elaborator:
        """As this one, for what is read in other months: what is there in this one may be absent in those."""
        return replace(self, known=())

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
                return left.differs(right)
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
            found = parameter(text, entry.distribution.unit, entry.distribution.kind, place)
            return moved(self.draft, text, found)
        if text in deal.variables:
            return reference(text, self.draft.declared_unit(text), place=place)
        party, _, resource = text.rpartition(".")
        if party in deal.parties and resource in deal.resources and deal.resources[resource].kind != "capacity":
            unit = self.draft.resource_unit(resource)
            return reference(text, unit, place=place) if self.closing else opening(text, unit, place=place)
        quantity = self.quantity(text, place)
        if quantity is not None:
            return quantity
        raise self.unknown(text, place)

    def quantity(self, text: str, place: Place) -> Formula | None:
        """What a term of the deal shows under a label: `agreement.term.label`."""
        name, _, label = text.rpartition(".")
        term = self.draft.deal.terms().get(name)
        shown = catalogue()[term.type].quantities.get(label) if term is not None else None
        if term is None or shown is None:
            return None
        look = opening if shown.remembered and not self.closing else reference
        if shown.dimension == "condition":
            return look(text, ONE, "boolean", place)
        return look(text, quantity_unit(self.draft, term, shown.dimension), place=place, absent=shown.absent)

    def unknown(self, text: str, place: Place) -> Fault:
        """What to say of a name that stands for nothing."""
        deal = self.draft.deal
        terms = deal.terms()
        ways: tuple[str, ...]
        if text in terms:
            labels = [f"{text}.{label}" for label in catalogue()[terms[text].type].quantities]
            ways = (
                f"write paid({text}) or active({text})",
                *((f"name what it shows: {', '.join(labels)}",) if labels else ()),
            )
        elif text in deal.needs:
            ways = (f"write need({text}) or unmet({text})",)
        elif text in FUNCTIONS:
            ways = (f"call it: {FUNCTIONS[text].signature}",)
        else:
            known = [*deal.events, *deal.assumptions, *deal.variables, *terms]
            known += [f"{name}.{label}" for name, one in terms.items() for label in catalogue()[one.type].quantities]
            stored = [name for name, resource in deal.resources.items() if resource.kind != "capacity"]
            known += [f"{p}.{r}" for p in deal.parties for r in stored]
            written = WRITTEN_OTHERWISE.get(text.casefold(), ()) or (unit_hints(text) if len(text) == 1 else ())
            ways = (*written, *did_you_mean(text, known), "declare it under assumptions or variables")
        return _fault("unknown-name", f"'{text}' stands for nothing here", place, "", ways)

    def call(self, node: Call) -> Formula:
        """A function of the registry."""
        # there each function reads its arguments with this very class
        from detente.graph.calls import CALLS
        from detente.graph.memories import LAGS

        function = FUNCTIONS.get(node.function)
        if function is None:
            raise _fault(
                "unknown-function",
                f"there is no function '{node.function}'",
                node.place,
                "",
                (*did_you_mean(node.function, FUNCTIONS), "choose one of them", "write the formula out"),
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
        read = self.elsewhen() if function.whole_path or function.name in LAGS else self
        return CALLS[function.name](read, node, self.arguments(function, node))

    def arguments(self, function: Function, node: Call) -> dict[str, Node]:
        """What a call gives each argument, by name; those of the last one that takes many by number.

        Raises:
            Fault: `wrong-arguments`, where the call does not fit the signature.
        """
        declared = list(function.arguments)
        found: dict[str, Node] = {}
        for position, arg in enumerate(node.args):
            if position >= len(declared) and not declared[-1].many:
                count = f"{len(declared)} argument{'s' if len(declared) > 1 else ''}, and here are {len(node.args)}"
                raise misused(function, node, f"{function.name} takes {count}", arg)
            many = declared[min(position, len(declared) - 1)].many
            found[str(position) if many else declared[position].name] = arg
        for name, arg in node.named:
            if name not in [one.name for one in declared if not one.many]:
                raise misused(function, node, f"{function.name} has no argument `{name}`", arg)
            if name in found:
                raise misused(function, node, f"`{name}` is given twice", arg)
            found[name] = arg
        for one in declared:
            if one.name not in found and not one.optional and not (one.many and str(declared.index(one)) in found):
                raise misused(function, node, f"`{one.name}` is missing")
        return found

    def at(self, value: Node, when: Node, node: At | By) -> Formula:
        """A value kept from a date, or from the month in which an event happens; absent where that never comes."""
        if not self.closing:
            raise _fault(
                "whole-path-only",
                "`at` and `by` are told of whole paths",
                node.place,
                print_expression(node),
                ("use them in futures, headlines or checks",),
            )
        x = self.elsewhen().formula(value)
        event = self.draft.deal.events.get(when.text) if isinstance(when, Name) else None
        if event is not None and event.happened is None:
            fires = reference(f"{event.name}.fires", ONE, "boolean")
            return self.kept(x, fires, node, self.draft.deal.now + 1, absent=True)
        if event is not None and event.happened is not None:
            last = event.happened.first
            if last < self.draft.deal.first:
                raise _fault(
                    "not-on-record",
                    f"'{event.name}' happened before the record begins",
                    node.place,
                    event.happened.text,
                    ("move `from` of the deal back, with a record to match", "name a date on record"),
                    f"{month_text(self.draft.deal.first)} or later",
                )
        else:
            _, last = period_of(when, self.draft.fiscal_ends())
        self.within_horizon(last, when)
        self.draft.reads(x, last, last, node)
        return self.kept(x, month().equals(constant(float(last))), node, last, absent=x.absent)

    def kept(self, x: Formula, then: Formula, node: Node, first: int, absent: bool) -> Formula:
        """x as it was when `then` held. A condition that nothing has decided yet does not hold."""
        name, now = print_expression(node), self.draft.deal.now
        if name not in self.draft.equations:
            before = opening(name, x.unit, x.kind, absent=absent)
            nothing = false() if x.kind == "boolean" else constant(float("nan"), x.unit, x.kind)
            memory: Memory = "record" if first < now else "now"
            initial = select(then, x, nothing) if first < now else x if first == now else nothing
            kept = select(then, x, before)
            self.draft.add(
                name, kept, "memory", node.place, owner=self.owner, memory=memory, initial=initial, written=name
            )
        return reference(name, x.unit, x.kind, node.place, absent=absent)

    def within_horizon(self, last: int, node: Node) -> None:
        """Refuse a date outside record and horizon."""
        if not self.draft.deal.first <= last <= self.draft.deal.last:
            raise _fault(
                "date-outside",
                "the date lies outside record and horizon",
                node.place,
                print_expression(node),
                ("choose another date", "move `from` or `to` of the deal"),
                f"{month_text(self.draft.deal.first)} to {month_text(self.draft.deal.last)}",
            )

    def of_unit(self, node: Node, unit: Unit, what: str, wanted: str = "") -> Formula:
        """A formula that must have a unit, and be there on every path."""
        return self.fits(self.formula(node, wanted), node, unit, what)

    def fits(self, x: Formula, node: Node, unit: Unit, what: str) -> Formula:
        """`x` itself, read from `node`, if it is a quantity in a unit, there on every path, and no growth."""
        given(x)
        ways: tuple[str, ...]
        if x.kind == "boolean":
            ways = ("write `if CONDITION then … else …`",)
            raise _fault("number-expected", f"{what} is a quantity", node.place, "a condition", ways, _counted(unit))
        if x.unit != unit:
            ratio = x.unit / unit
            ways = (f"bring it to that unit: it lacks a factor in {unit / x.unit}",)
            if ratio == MONTH.unit:
                ways = ("divide by a time: `/ 1 year`",)
            elif ratio == ONE / MONTH.unit:
                ways = ("multiply by a time: `* 1 year`",)
            elif currency := exchanged(x.unit, unit):
                ways = (f"convert it at the rate of the month: `convert({print_expression(node)}, {currency})`",)
            message, owner = f"{what} is in another unit", self.owner if what == f"'{self.owner}'" else ""
            fault = _fault("unit-mismatch", message, node.place, _counted(x.unit), ways, _counted(unit))
            raise with_declarations(self.draft.deal, node, fault, owner)
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

    def rate(self, node: Node, what: str = "a hazard") -> Formula:
        """A rate per time, such as a hazard or the nominal interest of a loan."""
        x = self.formula(node, "rate")
        if x.kind == "rate" and x.unit == ONE / MONTH.unit:
            return x
        if x.kind == "growth":
            raise _fault(
                "growth-for-rate",
                f"{what} is a rate, and this is a growth",
                node.place,
                print_expression(node),
                ("say `kind: rate` at the assumption",),
            )
        if x.unit != ONE / MONTH.unit:
            ways = ("write it per time: `5% / year`",)
            fault = _fault(
                "unit-mismatch", f"{what} is a rate per time", node.place, _counted(x.unit), ways, "1 / month"
            )
            raise with_declarations(self.draft.deal, node, fault)
        return replace(x, kind="rate")


def misused(function: Function, node: Call, message: str, argument: Node | None = None) -> Fault:
    """A call that does not fit: which argument, what was found there, how the function is called, an example."""
    at = argument if argument is not None else node
    return _fault("wrong-arguments", message, at.place, print_expression(at), function.usage)


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
