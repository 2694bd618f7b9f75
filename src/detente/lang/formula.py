"""Typed formulas: what an equation is made of once names, units and kinds are settled.

A formula is a tree over a closed set of operations. Every node carries its unit, its kind and the place in the deal
file it came from; building a node checks its units (R3), so a formula that exists is sound and running it costs no
checks. All values are in base units: currency, month, MW, share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from detente.lang.unit import CURRENCIES, ONE, Unit
from detente.text.diagnostic import Diagnostic, Fault
from detente.text.place import NOWHERE, Place

Kind = Literal["number", "boolean", "share", "probability", "ratio", "growth", "rate"]

Operation = Literal[
    # leaves: a literal, a run-time argument, a table by month, an equation of this month, the same as the month
    # opened, a standard normal of this month, a share drawn evenly this month, the calendar month
    "constant", "parameter", "series", "reference", "opening", "normal", "uniform", "month",
    "add", "subtract", "multiply", "divide", "negative", "minimum", "maximum", "absolute", "square_root",
    "exponential", "logarithm", "power", "floor",
    "less", "less_equal", "equal", "and", "or", "not", "select",
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """One node: an operation over `arguments`, or a leaf that names what it reads (`name`) or holds a literal
    (`value`).

    `absent` says that there may be no value on some paths (R7). A quantity is nan there and can be compared, kept and
    asked for `present` and `default`, but not reckoned with; a condition does not hold there and cannot be negated.
    """

    operation: Operation
    arguments: tuple[Formula, ...] = ()
    unit: Unit = ONE
    kind: Kind = "number"
    value: float = 0.0
    name: str = ""
    place: Place = NOWHERE
    absent: bool = False

    def at(self, place: Place) -> Formula:
        """The same formula, said to stand at `place`."""
        return replace(self, place=place)

    def __add__(self, other: Formula) -> Formula:
        return _sum("add", "added to", self, other)

    def __sub__(self, other: Formula) -> Formula:
        return _sum("subtract", "taken from", self, other)

    def __mul__(self, other: Formula) -> Formula:
        _no_growth("multiplied or divided", self, other)
        return Formula("multiply", (self, other), self.unit * other.unit, place=self.place)

    def __truediv__(self, other: Formula) -> Formula:
        _no_growth("multiplied or divided", self, other)
        return Formula("divide", (self, other), self.unit / other.unit, place=self.place)

    def __neg__(self) -> Formula:
        _no_growth("taken with a minus", self)
        return Formula("negative", (self,), self.unit, self.kind, place=self.place)

    def __lt__(self, other: Formula) -> Formula:
        return _comparison("less", self, other)

    def __le__(self, other: Formula) -> Formula:
        return _comparison("less_equal", self, other)

    def __gt__(self, other: Formula) -> Formula:
        return _comparison("less", other, self)

    def __ge__(self, other: Formula) -> Formula:
        return _comparison("less_equal", other, self)

    def equals(self, other: Formula) -> Formula:
        """Whether both are the same; two truths may be compared as well."""
        if self.kind == other.kind == "boolean":
            _settled(self), _settled(other)
            return Formula("equal", (self, other), kind="boolean", place=self.place)
        return _comparison("equal", self, other)

    def differs(self, other: Formula) -> Formula:
        """Whether both are there and not the same."""
        if self.absent or other.absent:
            return (self < other) | (self > other)
        return ~self.equals(other)

    def __and__(self, other: Formula) -> Formula:
        both = (truth(self), truth(other))
        return Formula("and", both, kind="boolean", place=self.place, absent=self.absent or other.absent)

    def __or__(self, other: Formula) -> Formula:
        both = (truth(self), truth(other))
        return Formula("or", both, kind="boolean", place=self.place, absent=self.absent or other.absent)

    def __invert__(self) -> Formula:
        return fails(_settled(truth(self)))


def parts(formula: Formula) -> Iterator[Formula]:
    """The formula and all below it, each once, however many read it."""
    waiting, seen = [formula], {id(formula)}
    while waiting:
        node = waiting.pop()
        yield node
        for argument in node.arguments:
            if id(argument) not in seen:
                seen.add(id(argument))
                waiting.append(argument)


def constant(value: float, unit: Unit = ONE, kind: Kind = "number", place: Place = NOWHERE) -> Formula:
    """A literal, in base units."""
    return Formula("constant", (), unit, kind, value=value, place=place)


def zero(unit: Unit) -> Formula:
    """Nothing of a unit."""
    return constant(0.0, unit)


def true() -> Formula:
    """Always so."""
    return constant(1.0, kind="boolean")


def false() -> Formula:
    """Never so."""
    return constant(0.0, kind="boolean")


def parameter(name: str, unit: Unit = ONE, kind: Kind = "number", place: Place = NOWHERE) -> Formula:
    """An argument of the run: one value a path."""
    return Formula("parameter", (), unit, kind, name=name, place=place)


def series(name: str, unit: Unit, place: Place = NOWHERE) -> Formula:
    """A table by month, the same on every path."""
    return Formula("series", (), unit, name=name, place=place)


def reference(name: str, unit: Unit, kind: Kind = "number", place: Place = NOWHERE, *, absent: bool = False) -> Formula:
    """What the equation `name` gives this month."""
    return Formula("reference", (), unit, kind, name=name, place=place, absent=absent)


def opening(name: str, unit: Unit, kind: Kind = "number", place: Place = NOWHERE, *, absent: bool = False) -> Formula:
    """What the equation `name` gave last month; it needs an `initial`."""
    return Formula("opening", (), unit, kind, name=name, place=place, absent=absent)


def normal(driver: str) -> Formula:
    """A standard normal draw of this month for a driver."""
    return Formula("normal", (), name=driver)


def uniform(driver: str) -> Formula:
    """A share between 0 and 1 of this month for a driver, all alike; 0 on the central path."""
    return Formula("uniform", (), name=driver)


def month() -> Formula:
    """The calendar month, counted as in `text.written`."""
    return Formula("month")


def minimum(first: Formula, *others: Formula) -> Formula:
    """The least of formulas of one unit."""
    return _fold("minimum", first, others)


def maximum(first: Formula, *others: Formula) -> Formula:
    """The greatest of formulas of one unit."""
    return _fold("maximum", first, others)


def total(unit: Unit, terms: list[Formula] | tuple[Formula, ...]) -> Formula:
    """The sum of formulas of one unit; nothing of the unit where there are none."""
    if not terms:
        return zero(unit)
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


def select(condition: Formula, then: Formula, otherwise: Formula) -> Formula:
    """`then` where the condition holds, else `otherwise`; both of one unit."""
    _same_unit("chosen against", then, otherwise)
    _both_growths(then, otherwise)
    if (then.kind == "boolean") != (otherwise.kind == "boolean"):
        raise Fault(
            Diagnostic(
                "kind-mismatch",
                "a condition and a number cannot be alternatives",
                then.place if then.place != NOWHERE else otherwise.place,
                expected="two conditions, or two numbers",
                ways_out=("compare the number: `x > 0`", "write 1 for true and 0 for false"),
            )
        )
    kind = then.kind if then.kind == otherwise.kind else "number"
    absent = then.absent or otherwise.absent
    return Formula("select", (truth(condition), then, otherwise), then.unit, kind, place=then.place, absent=absent)


def exponential(x: Formula) -> Formula:
    """e to the power of a plain number."""
    return Formula("exponential", (plain(x, "exp"),), place=x.place)


def logarithm(x: Formula) -> Formula:
    """The natural logarithm of a plain number."""
    return Formula("logarithm", (plain(x, "log"),), place=x.place)


def absolute(x: Formula) -> Formula:
    """The size of a quantity."""
    _no_growth("taken without its sign", x)
    return Formula("absolute", (x,), x.unit, x.kind, place=x.place)


def square_root(x: Formula) -> Formula:
    """The square root, unit included."""
    _no_growth("put under a root", x)
    return Formula("square_root", (x,), x.unit ** Fraction(1, 2), place=x.place)


def floor(x: Formula) -> Formula:
    """The whole part of a plain number."""
    return Formula("floor", (plain(x, "floor"),), place=x.place)


def power(base: Formula, exponent: Formula) -> Formula:
    """A power. A base with a unit takes a literal exponent only, so that the unit of the result is known."""
    plain(exponent, "an exponent")
    _no_growth("raised to a power", base)
    if base.unit == ONE:
        return Formula("power", (base, exponent), place=base.place)
    if exponent.operation != "constant":
        raise _fault(
            "unit-mismatch", f"{base.unit} raised to a power that is not a literal has no unit", base, exponent
        )
    if exponent.value == 2.0:
        return base * base
    unit = base.unit ** Fraction(exponent.value).limit_denominator(12)
    return Formula("power", (base, exponent), unit, place=base.place)


def compound(growth: Formula, time: Formula) -> Formula:
    """The factor that a growth (kept as a continuous rate per month) makes over a time."""
    return exponential(as_rate(growth) * time).at(growth.place)


def as_rate(growth: Formula) -> Formula:
    """A growth read as the continuous rate per month it is kept as."""
    return replace(growth, kind="rate") if growth.kind == "growth" else growth


def as_number(condition: Formula) -> Formula:
    """1 where a condition holds, else 0."""
    return select(condition, constant(1.0), constant(0.0))


def present(x: Formula) -> Formula:
    """Whether a quantity is there: what is absent is nan, which alone differs from itself."""
    return Formula("equal", (_quantity(x), x), kind="boolean", place=x.place)


def fails(condition: Formula) -> Formula:
    """Where a condition does not hold, for want of a value too; `~` refuses a condition that may want for one."""
    return Formula("not", (truth(condition),), kind="boolean", place=condition.place)


def given(x: Formula) -> Formula:
    """`x` itself, if it is there on every path (R7).

    Raises:
        Fault: `absent-in-arithmetic`.
    """
    if not x.absent or x.kind == "boolean":
        return x
    text, nothing = _absent_text(x), f"0 {x.unit}" if x.unit != ONE else "0"
    raise Fault(
        Diagnostic(
            "absent-in-arithmetic",
            "a value that is absent on some paths cannot be reckoned with",
            x.place,
            found=text,
            expected="a value on every path",
            ways_out=(
                f"say what stands in its place: `default({text}, {nothing})`",
                f"`if present({text}) then … else …`",
                "ask for it alone as a figure: it is then told over the paths that have it",
            ),
        )
    )


def _settled(condition: Formula) -> Formula:
    """A condition that may be negated: where it does not hold, nothing it asks of is absent."""
    if not condition.absent:
        return condition
    text = _absent_text(condition)
    raise Fault(
        Diagnostic(
            "absent-in-arithmetic",
            "a condition on what is absent on some paths does not hold there, and cannot be negated",
            condition.place,
            found=text,
            expected="a condition on what is there on every path",
            ways_out=(
                "compare the other way round: `x <= …` for `not x > …`",
                "say what stands in its place: `not default(x, …) > …`",
                "say both cases: `if CONDITION then … else …`, where `else` is also for what is absent",
            ),
        )
    )


def _absent_text(x: Formula) -> str:
    """What may be absent, as it is written."""
    waiting = [x]
    while waiting:
        node = waiting.pop()
        if node.absent and node.name:
            return node.name
        waiting += reversed(node.arguments)
    return "x"


def truth(x: Formula) -> Formula:
    """`x` itself, if it is a condition.

    Raises:
        Fault: `condition-expected`.
    """
    if x.kind != "boolean":
        raise Fault(
            Diagnostic(
                "condition-expected",
                "a condition is needed here",
                x.place,
                found=f"a quantity in {x.unit}" if x.unit != ONE else "a plain number",
                expected="something that is true or false",
                ways_out=(f"compare it: `x > 0 {x.unit}`" if x.unit != ONE else "compare it: `x > 0`",),
            )
        )
    return x


def plain(x: Formula, what: str) -> Formula:
    """`x` itself, if it has no unit.

    Raises:
        Fault: `unit-mismatch`.
    """
    if _numeric(x).unit != ONE:
        raise Fault(
            Diagnostic(
                "unit-mismatch",
                f"{what} takes a number without a unit",
                x.place,
                found=str(x.unit),
                expected="a plain number",
                ways_out=(f"divide by one unit of it: `/ (1 {x.unit})`",),
            )
        )
    return x


def _numeric(x: Formula) -> Formula:
    return given(_quantity(x))


def _quantity(x: Formula) -> Formula:
    if x.kind == "boolean":
        raise Fault(
            Diagnostic(
                "number-expected",
                "a condition stands where a number is needed",
                x.place,
                found="a condition",
                expected="a number",
                ways_out=("write `if CONDITION then 1 else 0`",),
            )
        )
    return x


def _no_growth(done: str, *operands: Formula) -> None:
    """Refuse growths among the operands of arithmetic: each is kept as the continuous rate it amounts to, and what is
    done to rates is not what is done to the percentages as written."""
    for x in operands:
        if _numeric(x).kind == "growth":
            message, expected = f"a growth compounds and cannot be {done}", "a share, a rate or a factor"
            ways = (
                "write `compound(growth, time)` for the factor it makes",
                "write the growth it comes to, such as `-5% / year`, in an assumption of its own",
                "say `kind: rate` if it is a rate",
            )
            raise Fault(Diagnostic("growth-multiplied", message, x.place, "a growth", expected, ways))


def _both_growths(left: Formula, right: Formula) -> None:
    """Refuse a growth beside what is none: 5% a year is kept as log(1.05), and 0.05 a year as it is."""
    if (left.kind == "growth") != (right.kind == "growth"):
        other, growth = (left, right) if right.kind == "growth" else (right, left)
        place = other.place if other.place != NOWHERE else growth.place
        message, expected = "a growth stands beside what is none", "a growth, which is a percentage per time"
        ways = ("write it as `5% / year`", "say `kind: rate` at the assumption that is a growth")
        raise Fault(Diagnostic("growth-expected", message, place, f"a {other.kind}", expected, ways))


def _fold(operation: Operation, first: Formula, others: tuple[Formula, ...]) -> Formula:
    result = _numeric(first)
    for other in others:
        _same_unit("compared with", result, _numeric(other))
        _both_growths(result, other)
        result = Formula(operation, (result, other), result.unit, _joint(result, other), place=first.place)
    return result


def _sum(operation: Operation, verb: str, left: Formula, right: Formula) -> Formula:
    _numeric(left), _numeric(right)
    _same_unit(verb, left, right)
    _no_growth("added or taken away", left, right)
    return Formula(operation, (left, right), left.unit, _joint(left, right), place=left.place)


def _joint(left: Formula, right: Formula) -> Kind:
    """Two growths or two rates stay what they are; any other mixture is a number."""
    return left.kind if left.kind == right.kind and left.kind in ("growth", "rate") else "number"


def _comparison(operation: Operation, left: Formula, right: Formula) -> Formula:
    _quantity(left), _quantity(right)
    _same_unit("compared with", left, right)
    _both_growths(left, right)
    return Formula(operation, (left, right), kind="boolean", place=left.place, absent=left.absent or right.absent)


def _same_unit(verb: str, left: Formula, right: Formula) -> None:
    if left.unit != right.unit:
        one, other = (right, left) if verb == "taken from" else (left, right)
        raise _fault("unit-mismatch", f"{_named(one)} cannot be {verb} {_named(other)}", left, right)
    if "growth" in (left.kind, right.kind) and {left.kind, right.kind} & {"rate"}:
        place = left.place if left.place != NOWHERE else right.place
        found, expected = f"a {left.kind} and a {right.kind}", "two growths, or two rates"
        ways = ("say `kind: rate` at the assumption that is a growth",)
        raise Fault(
            Diagnostic("growth-for-rate", "a growth and a rate are different things", place, found, expected, ways)
        )


def exchanged(unit: Unit, wanted: Unit) -> str:
    """The currency that a quantity in `unit` must be converted into to count in `wanted`, if that is all it lacks."""
    ratio = dict((wanted / unit).powers)
    if len(ratio) == 2 and CURRENCIES.issuperset(ratio) and sorted(ratio.values()) == [-1, 1]:
        return next(symbol for symbol, power in ratio.items() if power == 1)
    return ""


def _named(x: Formula) -> str:
    return str(x.unit) if x.unit != ONE else "a plain number"


def _fault(code: str, message: str, left: Formula, right: Formula) -> Fault:
    ways: tuple[str, ...] = ()
    ratio = left.unit / right.unit
    if ratio == Unit((("month", Fraction(1)),)):
        ways = ("an amount and a flow per time differ: sum the flow over time, or divide the amount by a time",)
    elif ratio == Unit((("month", Fraction(-1)),)):
        ways = ("a flow per time and an amount differ: multiply the flow by a time, or divide the amount by one",)
    elif ONE in (left.unit, right.unit):
        ways = ("give the plain number its unit",)
    elif currency := exchanged(left.unit, right.unit):
        ways = (f"convert at the rate of the month: `convert(x, {currency})`",)
    else:
        ways = (f"bring both to one unit: multiply or divide one of them by something in {left.unit / right.unit}",)
    return Fault(
        Diagnostic(
            code,
            message,
            left.place if left.place != NOWHERE else right.place,
            found=f"{_named(left)} and {_named(right)}",
            expected="the same unit on both sides",
            ways_out=ways,
            related=((right.place, f"this is {_named(right)}"),) if right.place != NOWHERE else (),
        )
    )
