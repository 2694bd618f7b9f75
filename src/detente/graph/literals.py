"""Literals: quantities, growths and distributions as formulas and data in base units."""

from __future__ import annotations

from dataclasses import replace

from detente.lang.distribution import Distribution, Shape, range_shape
from detente.lang.formula import Formula, Kind, constant, logarithm
from detente.lang.printer import print_expression
from detente.lang.syntax import Call, DateOf, Node, Number, Quantity, Range, Unary
from detente.lang.unit import ONE, Unit, parse_unit
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place
from detente.text.written import Date, Month, parse_date

PER_MONTH = Unit(()) / MONTH.unit
DISTRIBUTIONS: dict[str, tuple[Shape, int]] = {
    "normal": ("normal", 2),
    "lognormal": ("lognormal", 2),
    "uniform": ("uniform", 2),
    "triangular": ("triangular", 3),
}
SIGNATURES = {
    "normal": "normal(mean, deviation)",
    "lognormal": "lognormal(median, factor)",
    "uniform": "uniform(low, high)",
    "triangular": "triangular(low, mode, high)",
}
Z95 = 1.6448536269514722
"""The 95th percentile of the standard normal."""


def kind_of(node: Number | Quantity, wanted: str = "") -> Kind:
    """A plain percentage is a share, a percentage per time a growth, unless another kind is wanted."""
    if isinstance(node, Quantity) and node.percent:
        unit = parse_unit(node.unit)[1]
        if unit == ONE:
            return "share" if wanted not in ("probability", "ratio") else wanted  # type: ignore[return-value]
        if unit == PER_MONTH:
            return "rate" if wanted == "rate" else "growth"
    return wanted if wanted in ("share", "probability", "ratio", "rate") else "number"  # type: ignore[return-value]


def literal(node: Number | Quantity, wanted: str = "", unit: tuple[float, Unit] | None = None) -> Formula:
    """A literal as a formula. A bare number takes `unit` where one is given; a growth becomes a rate per month."""
    kind = kind_of(node, wanted)
    scale, base = parse_unit(node.unit) if isinstance(node, Quantity) else (unit or (1.0, ONE))
    if kind == "growth":
        return replace(
            logarithm(constant(1.0 + node.value)) / constant(1.0 / scale, MONTH.unit), kind="growth", place=node.place
        )
    return constant(node.value * scale, base, kind, node.place)


def value_of(node: Node, unit: tuple[float, Unit] | None = None) -> tuple[float, Unit]:
    """The value in base units of an expression that must be a literal, perhaps negative."""
    number, sign = _signed(node)
    scale, base = parse_unit(number.unit) if isinstance(number, Quantity) else (unit or (1.0, ONE))
    return sign * number.value * scale, base


def distribution(node: Node, kind: str) -> Distribution:
    """An uncertain number: a literal, `a to b`, or one of the named distributions over literals.

    Raises:
        Fault: where the node is none of these, or its parameters make no distribution.
    """
    match node:
        case Range(low=low, high=high):
            return _ranged(low, high, kind, node)
        case Call(function=function, args=args, named=named) if function in DISTRIBUTIONS:
            shape, count = DISTRIBUTIONS[function]
            if named or len(args) != count:
                raise _fault(
                    "wrong-arguments",
                    f"{function} takes {count} numbers",
                    node.place,
                    print_expression(node),
                    (f"write {SIGNATURES[function]}",),
                )
            if shape == "lognormal":
                return _lognormal(args[0], args[1], kind, node)
            parameters, unit, kind_found, scale, period = _aligned(args, kind)
            if shape in ("uniform", "triangular") and list(parameters) != sorted(set(parameters)):
                raise _fault(
                    "impossible-distribution",
                    f"the numbers of {function} must rise",
                    node.place,
                    print_expression(node),
                    (f"put them in order: {SIGNATURES[function]}",),
                )
            if shape == "normal":
                mean, deviation = parameters
                parameters = (mean - Z95 * deviation, mean + Z95 * deviation)
            if parameters[0] >= parameters[-1]:
                raise _fault(
                    "impossible-distribution",
                    f"{function} has no spread",
                    node.place,
                    print_expression(node),
                    ("give it a deviation above 0", "write the number alone"),
                )
            _check_share(parameters, kind_found, node)
            return Distribution(shape, parameters, unit, kind_found, scale, period)
        case Call(function=function, place=place):
            raise _fault(
                "unknown-function",
                f"there is no distribution '{function}'",
                place,
                print_expression(node),
                (
                    *did_you_mean(function, SIGNATURES),
                    "write low to high",
                    *(f"write {one}" for one in SIGNATURES.values()),
                ),
            )
        case _:
            number, sign = _signed(node)
            unit, kind_found, scale, period = _scale(number, kind)
            _check_share((sign * number.value,), kind_found, node)
            return Distribution("fixed", (sign * number.value,), unit, kind_found, scale, period)


def _lognormal(median: Node, factor: Node, kind: str, node: Call) -> Distribution:
    """By its median and the plain factor from there to the 95th percentile."""
    (middle,), unit, kind_found, scale, period = _aligned((median,), kind)
    number, sign = _signed(factor)
    times = sign * number.value
    if _scale(number, "")[0] != ONE or not times > 1.0 or not middle > 0.0:
        raise _fault(
            "impossible-distribution",
            "lognormal(median, factor) takes a positive median and a plain factor above 1",
            node.place,
            print_expression(node),
            ("write `lognormal(10 USD, 2)` for 5 to 20 USD",),
        )
    _check_share((middle / times, middle * times), kind_found, node)
    return Distribution("lognormal", (middle / times, middle * times), unit, kind_found, scale, period)


def _check_share(parameters: tuple[float, ...], kind: Kind, node: Node) -> None:
    if kind in ("share", "probability") and (min(parameters) < 0.0 or max(parameters) > 1.0):
        raise _fault(
            "share-outside",
            f"a {kind} lies between 0 and 1",
            node.place,
            print_expression(node),
            ("mend the number", "say `kind: ratio` if it may pass 100%"),
        )


def _ranged(low: Node, high: Node, kind: str, node: Range) -> Distribution:
    parameters, unit, kind_found, scale, period = _aligned((low, high), kind)
    if parameters[0] >= parameters[1]:
        raise Fault(
            Diagnostic(
                "range-backwards",
                "a range goes from the smaller to the greater",
                node.place,
                print_expression(node),
                "the 5th percentile, then the 95th",
                ways_out=("turn it round",),
            )
        )
    _check_share(parameters, kind_found, node)
    return Distribution(
        range_shape(parameters[0], parameters[1], kind_found), parameters, unit, kind_found, scale, period
    )


def _aligned(nodes: tuple[Node, ...], kind: str) -> tuple[tuple[float, ...], Unit, Kind, float, float]:
    """Several literals in the scale of the last."""
    numbers = [_signed(node) for node in nodes]
    unit, kind_found, scale, period = _scale(numbers[-1][0], kind)
    values = []
    for number, sign in numbers:
        own_unit, _, own_scale, own_period = _scale(number, kind)
        if own_unit != unit or own_period != period:
            raise Fault(
                Diagnostic(
                    "unit-mismatch",
                    f"{_counted(own_unit)} and {_counted(unit)} cannot be told of one quantity",
                    number.place,
                    found=f"{number.text} and {numbers[-1][0].text}",
                    expected="one unit for all its numbers",
                    ways_out=("give both the same unit",),
                    related=((numbers[-1][0].place, f"this is {_counted(unit)}"),),
                )
            )
        values.append(sign * number.value * own_scale / scale)
    return tuple(values), unit, kind_found, scale, period


def _counted(unit: Unit) -> str:
    return str(unit) if unit != ONE else "a plain number"


def _scale(number: Number | Quantity, kind: str) -> tuple[Unit, Kind, float, float]:
    found = kind_of(number, kind)
    scale, unit = parse_unit(number.unit) if isinstance(number, Quantity) else (1.0, ONE)
    if kind in ("growth", "rate") and unit != PER_MONTH:
        raise _fault(
            "unit-mismatch",
            f"a {kind} is a percentage per time",
            number.place,
            number.text,
            ("write it as `5% / year`",),
        )
    return (unit, found, 1.0, 1.0 / scale) if found == "growth" else (unit, found, scale, 0.0)


def _signed(node: Node) -> tuple[Number | Quantity, float]:
    match node:
        case Number() | Quantity():
            return node, 1.0
        case Unary(op="-", operand=Number() | Quantity() as operand):
            return operand, -1.0
    raise _fault(
        "not-a-literal",
        "only a number with its unit can stand here",
        node.place,
        print_expression(node),
        ("write the number it comes to", "make what must be worked out a variable with `is`"),
    )


def period_of(node: Node, fiscal_ends: dict[str, int]) -> tuple[Month, Month]:
    """The months a date covers, first and last; a plain number of four digits is a year, a fiscal year is a
    party's own."""
    match node:
        case DateOf(date=date, fiscal=None) if not date.text.startswith("FY"):
            return date.first, date.last
        case DateOf(date=date, fiscal=party) if party in fiscal_ends:
            last = date.first // 12 * 12 + fiscal_ends[party] - 1
            return last - 11, last
        case DateOf(place=place):
            raise _fault(
                "unknown-party",
                "whose fiscal year is this",
                place,
                print_expression(node),
                ("write `FY2025 of PARTY`",),
            )
        case Number(text=text):
            year: Date | None = parse_date(text)
            if year is not None:
                return year.first, year.last
    raise _fault(
        "not-a-date", "a date is needed here", node.place, print_expression(node), ("write 2025-04, 2025Q4 or 2025",)
    )


def _fault(code: str, message: str, place: Place, found: str, ways: tuple[str, ...] = ()) -> Fault:
    return Fault(Diagnostic(code, message, place, found, ways_out=ways))
