"""Literals: quantities, growths and distributions as formulas and data in base units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from detente.graph.model import Shown
from detente.lang.distribution import (
    DISTRIBUTIONS,
    LARGEST_MEAN,
    LARGEST_SHAPE,
    SMALLEST_SHAPE,
    Distribution,
    Shape,
    range_shape,
)
from detente.lang.formula import Formula, Kind, constant, logarithm
from detente.lang.printer import print_expression
from detente.lang.syntax import Call, DateOf, Node, Number, Quantity, Range, Unary
from detente.lang.unit import ONE, Unit, parse_unit
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place
from detente.text.written import Date, Month, parse_date

PER_MONTH = Unit(()) / MONTH.unit
Bare = tuple[float, Unit] | None
"""The unit that a number without one takes, in base units, where there is such a unit."""

PLAIN = Shown("", 1.0)
"""How a plain number is shown."""
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


def literal(node: Node, wanted: str = "") -> Formula:
    """A literal, perhaps negative, as a formula; a growth becomes a rate per month.

    Raises:
        Fault: where a growth leaves nothing.
    """
    number, sign = _signed(node)
    value, kind = sign * number.value, kind_of(number, wanted)
    scale, base = parse_unit(number.unit) if isinstance(number, Quantity) else (1.0, ONE)
    if kind == "growth":
        _check_values((value,), kind, node)
        return replace(
            logarithm(constant(1.0 + value)) / constant(1.0 / scale, MONTH.unit), kind="growth", place=node.place
        )
    return constant(value * scale, base, kind, node.place)


def value_of(node: Node, unit: tuple[float, Unit] | None = None) -> tuple[float, Unit]:
    """The value in base units of an expression that must be a literal, perhaps negative."""
    number, sign = _signed(node)
    scale, base = parse_unit(number.unit) if isinstance(number, Quantity) else (unit or (1.0, ONE))
    return sign * number.value * scale, base


def distribution(node: Node, kind: str, bare: Bare = None) -> Distribution:
    """An uncertain number: a literal, `a to b`, or one of the named distributions over literals. A number without a
    unit takes `bare` where it is given.

    Raises:
        Fault: where the node is none of these, or its parameters make no distribution.
    """
    match node:
        case Range(low=low, high=high):
            return _ranged(low, high, kind, bare, node)
        case Call(function=function) if function in DISTRIBUTIONS:
            _check_call(node)
            found = _READERS[function](node, kind, bare)
            for part in found.parts or (found,):
                _check_values(_ends(part), found.kind, node)
            return found
        case Call(function=function, place=place):
            raise _fault(
                "unknown-function",
                f"there is no distribution '{function}'",
                place,
                print_expression(node),
                (
                    *did_you_mean(function, DISTRIBUTIONS),
                    "write low to high",
                    *(f"write {form.signature}: {form.gives}" for form in DISTRIBUTIONS.values()),
                ),
            )
        case _:
            number, sign = _signed(node)
            unit, kind_found, scale, period = _scale(number, kind, bare)
            _check_values((sign * number.value,), kind_found, node)
            return Distribution("fixed", (sign * number.value,), unit, kind_found, scale, period)


def _check_call(node: Call) -> None:
    """As many arguments as the form takes, without names."""
    form, given = DISTRIBUTIONS[node.function], len(node.args)
    needed = len(form.arguments) - form.optional
    if form.name == "mixture":
        fits, takes = given >= 4 and given % 2 == 0, "takes pairs of a weight and a distribution, two or more"
    elif form.many:
        fits, takes = given >= needed, f"takes {needed} numbers or more"
    elif form.optional:
        fits, takes = given in (needed, len(form.arguments)), f"takes {needed} or {len(form.arguments)} numbers"
    else:
        fits, takes = given == needed, f"takes {needed} number{'s' if needed > 1 else ''}"
    if not fits or node.named:
        raise _fault(
            "wrong-arguments",
            f"{form.name} {takes}{', without names' if node.named else ''}",
            node.place,
            print_expression(node),
            (f"write {form.signature}", f"for example {form.example}"),
        )


def _normal(node: Call, kind: str, bare: Bare) -> Distribution:
    (mean, deviation), unit, kind_found, scale, period = _aligned(node.args, kind, bare)
    if not deviation > 0.0:
        raise _no_spread(node, "give it a deviation above 0")
    ends = (mean - Z95 * deviation, mean + Z95 * deviation)
    return Distribution("normal", ends, unit, kind_found, scale, period)


def _lognormal(node: Call, kind: str, bare: Bare) -> Distribution:
    """By its median and the plain factor from there to the 95th percentile."""
    median, factor = node.args
    (middle,), unit, kind_found, scale, period = _aligned((median,), kind, bare)
    number, sign = _signed(factor)
    times = sign * number.value
    if _scale(number, "")[0] != ONE or not times > 1.0 or not middle > 0.0:
        raise _impossible(
            "lognormal(median, factor) takes a positive median and a plain factor above 1",
            node,
            "write `lognormal(10 USD, 2)` for 5 to 20 USD",
        )
    return Distribution("lognormal", (middle / times, middle * times), unit, kind_found, scale, period)


def _between(node: Call, kind: str, bare: Bare) -> Distribution:
    """A uniform or a triangle."""
    parameters, unit, kind_found, scale, period = _aligned(node.args, kind, bare)
    shape: Shape = "uniform" if node.function == "uniform" else "triangular"
    if list(parameters) != sorted(set(parameters)):
        raise _impossible(
            f"the numbers of {shape} must rise", node, f"put them in order: {DISTRIBUTIONS[shape].signature}"
        )
    return Distribution(shape, parameters, unit, kind_found, scale, period)


def _beta(node: Call, kind: str, bare: Bare) -> Distribution:
    """Between 0 and 1, where it is a share unless another kind is wanted, or between two ends."""
    alpha, beta = (_plain(one, node) for one in node.args[:2])
    if not all(SMALLEST_SHAPE <= one <= LARGEST_SHAPE for one in (alpha, beta)):
        raise _impossible(
            f"alpha and beta lie between {SMALLEST_SHAPE:g} and {LARGEST_SHAPE:,.0f}",
            node,
            "write normal(mean, deviation) for greater ones",
            "write bernoulli(chance) for what is all or nothing",
        )
    if len(node.args) == 2:
        return Distribution("beta", (alpha, beta, 0.0, 1.0), ONE, _plain_kind(node, kind, "share"))
    (low, high), unit, kind_found, scale, period = _aligned(node.args[2:], kind, bare)
    if not low < high:
        raise _impossible("the ends of beta must rise", node, f"put them in order: {DISTRIBUTIONS['beta'].signature}")
    return Distribution("beta", (alpha, beta, low, high), unit, kind_found, scale, period)


def _bernoulli(node: Call, kind: str, bare: Bare) -> Distribution:
    chance = _plain(node.args[0], node)
    if not 0.0 < chance < 1.0:
        raise _impossible(
            "the chance of bernoulli lies between 0 and 1", node, "write the number alone, 0 or 1, if it is certain"
        )
    return Distribution("bernoulli", (chance,), ONE, _plain_kind(node, kind, "number"))


def _poisson(node: Call, kind: str, bare: Bare) -> Distribution:
    mean = _plain(node.args[0], node)
    if not 0.0 < mean <= LARGEST_MEAN:
        raise _impossible(
            f"the mean of poisson lies above 0 and is at most {LARGEST_MEAN:g}",
            node,
            "write normal(mean, deviation), with the root of the mean as deviation, for a greater one",
        )
    return Distribution("poisson", (mean,), ONE, _plain_kind(node, kind, "number"))


def _empirical(node: Call, kind: str, bare: Bare) -> Distribution:
    values, unit, kind_found, scale, period = _aligned(node.args, kind, bare)
    if len(set(values)) == 1:
        raise _no_spread(node, "give it values that differ")
    return Distribution("empirical", tuple(sorted(values)), unit, kind_found, scale, period)


def _mixture(node: Call, kind: str, bare: Bare) -> Distribution:
    """The parts of a mixture inside are parts of the whole."""
    weights: list[float] = []
    parts: list[Distribution] = []
    for weight_node, part_node in zip(node.args[::2], node.args[1::2], strict=True):
        weight, part = _plain(weight_node, node), distribution(part_node, kind, bare)
        if not 0.0 < weight < 1.0:
            raise _impossible("a weight of mixture lies between 0 and 1", node, "take a part without weight away")
        inner = zip(part.parameters, part.parts, strict=True) if part.shape == "mixture" else ((1.0, part),)
        for share, one in inner:
            weights.append(weight * share)
            parts.append(one)
        if (part.unit, part.period) != (parts[0].unit, parts[0].period):
            raise _fault(
                "unit-mismatch",
                "the parts of a mixture are of one quantity",
                part_node.place,
                f"{_counted(parts[0].unit)} and {_counted(part.unit)}"
                if part.unit != parts[0].unit
                else "percentages per different times",
                ("give all parts the same unit",),
            )
    last = parts[-1]
    if abs(sum(weights) - 1.0) > 1e-9:
        raise _impossible(f"the weights of the mixture sum to {sum(weights):.10g}", node, "make them sum to 1, or 100%")
    if len({(part.shape, part.parameters, part.scale) for part in parts}) == 1 and last.shape == "fixed":
        raise _no_spread(node, "give it parts that differ")
    return Distribution("mixture", tuple(weights), last.unit, last.kind, last.scale, last.period, tuple(parts))


_READERS: dict[str, Callable[[Call, str, Bare], Distribution]] = {
    "normal": _normal,
    "lognormal": _lognormal,
    "uniform": _between,
    "triangular": _between,
    "beta": _beta,
    "bernoulli": _bernoulli,
    "poisson": _poisson,
    "empirical": _empirical,
    "mixture": _mixture,
}


def _plain(node: Node, call: Call) -> float:
    """A parameter that is a number or percentage without a unit."""
    number, sign = _signed(node)
    if _scale(number, "")[0] != ONE:
        raise _fault(
            "unit-mismatch",
            f"this number of {call.function} has no unit",
            number.place,
            number.text,
            (f"write {DISTRIBUTIONS[call.function].signature}", f"for example {DISTRIBUTIONS[call.function].example}"),
        )
    return sign * number.value


def _plain_kind(node: Call, kind: str, otherwise: Kind) -> Kind:
    """The kind of what is a plain number."""
    if kind in ("growth", "rate"):
        raise _fault(
            "unit-mismatch",
            f"a {kind} is a percentage per time",
            node.place,
            print_expression(node),
            (f"take `kind: {kind}` away", "choose a distribution over percentages per time"),
        )
    return kind if kind in ("share", "probability", "ratio") else otherwise  # type: ignore[return-value]


def _ends(found: Distribution) -> tuple[float, ...]:
    """Values, as written, between which it lies: the ends, or for what has none the 5th and 95th percentiles."""
    match found.shape:
        case "beta":
            return found.parameters[2:]
        case "bernoulli":
            return (0.0, 1.0)
        case "poisson":
            return (0.0, LARGEST_MEAN)
        case _:
            return found.parameters


def _check_values(values: tuple[float, ...], kind: Kind, node: Node) -> None:
    """A share or probability lies between 0 and 1, and a growth leaves something."""
    if kind in ("share", "probability") and (min(values) < 0.0 or max(values) > 1.0):
        raise _fault(
            "share-outside",
            f"a {kind} lies between 0 and 1",
            node.place,
            print_expression(node),
            ("mend the number", "say `kind: ratio` if it may pass 100%"),
        )
    if kind == "growth" and min(values) <= -1.0:
        raise _impossible(
            "a growth of -100% or less leaves nothing to grow",
            node,
            "make it greater than -100%",
            "say `kind: rate` if it is a continuous rate",
        )


def _ranged(low: Node, high: Node, kind: str, bare: Bare, node: Range) -> Distribution:
    parameters, unit, kind_found, scale, period = _aligned((low, high), kind, bare)
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
    _check_values(parameters, kind_found, node)
    return Distribution(
        range_shape(parameters[0], parameters[1], kind_found), parameters, unit, kind_found, scale, period
    )


def _impossible(message: str, node: Node, *ways: str) -> Fault:
    return _fault("impossible-distribution", message, node.place, print_expression(node), ways)


def _no_spread(node: Call, way: str) -> Fault:
    return _impossible(f"{node.function} has no spread", node, way, "write the number alone")


def _aligned(nodes: tuple[Node, ...], kind: str, bare: Bare) -> tuple[tuple[float, ...], Unit, Kind, float, float]:
    """Several literals in the scale of the last."""
    numbers = [_signed(node) for node in nodes]
    unit, kind_found, scale, period = _scale(numbers[-1][0], kind, bare)
    values = []
    for number, sign in numbers:
        own_unit, _, own_scale, own_period = _scale(number, kind, bare)
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


def _scale(number: Number | Quantity, kind: str, bare: Bare = None) -> tuple[Unit, Kind, float, float]:
    found = kind_of(number, kind)
    scale, unit = parse_unit(number.unit) if isinstance(number, Quantity) else (bare or (1.0, ONE))
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


def shown_as_written(node: Node, found: Distribution, bare: Shown = PLAIN) -> Shown:
    """An input is shown in the unit it is written in, or `bare` where it is written without; a share or growth in per
    cent."""
    last = _telling(node)
    if last is None:
        return Shown("%", 0.01) if found.kind in ("share", "probability") else PLAIN
    if isinstance(last, Quantity) and last.percent:
        text = f"% {last.unit.removeprefix('1 ')}".strip()
        return Shown(text, 0.01 if found.kind == "growth" else 0.01 * parse_unit(last.unit)[0])
    if isinstance(last, Number):
        return bare
    suffix = last.text.split()[1] if len(last.text.split()) > 1 else ""
    factor = {"k": 1e3, "mn": 1e6, "bn": 1e9, "tn": 1e12}.get(suffix, 1.0)
    text = f"{suffix} {last.unit}" if factor != 1.0 else last.unit
    return Shown(text, factor * parse_unit(last.unit)[0])


def _telling(node: Node) -> Number | Quantity | None:
    """The literal of a distribution that tells its unit, as a rule the last; None where none of its numbers does."""
    match node:
        case Number() | Quantity():
            return node
        case Range(high=high):
            return _telling(high)
        case Unary(operand=operand):
            return _telling(operand)
        case Call(function="lognormal", args=(median, *_)):
            return _telling(median)
        case Call(function="beta", args=(_, _)) | Call(function="bernoulli" | "poisson"):
            return None
        case Call(args=(*_, last)):
            return _telling(last)
        case _:
            return None


def period_of(node: Node, fiscal_ends: dict[str, int]) -> tuple[Month, Month]:
    """The months a date covers, first and last; a plain number of four digits is a year, a fiscal year is a party's
    own."""
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
