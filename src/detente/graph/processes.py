"""Processes: how a variable goes on after its record. One entry of `PROCESSES` feeds building, messages and docs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from detente.deal.model import Variable
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.graph.model import Shown
from detente.graph.tables import add_table
from detente.lang.formula import (
    Formula,
    as_number,
    as_rate,
    constant,
    exponential,
    logarithm,
    month,
    normal,
    opening,
    power,
    select,
    series,
    square_root,
    total,
    uniform,
)
from detente.lang.printer import print_expression
from detente.lang.syntax import Call, Node
from detente.lang.unit import ONE, Unit
from detente.terms.term import MONTH
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place

Mixing = dict[str, tuple[tuple[str, float], ...]]
"""How the standard normal behind a name is made of those of its correlated group: streams and weights."""

MOST_ARRIVALS = 32
"""Arrivals of one month that are told apart; what comes more often than `FASTEST` times a month is refused."""
FASTEST = 8.0
"""Arrivals a month at which more than `MOST_ARRIVALS` are rarer than the last draw of 32 bits."""

BOUNDS: dict[str, Callable[[float], bool]] = {
    "above 0": lambda value: value > 0.0,
    "0 or more": lambda value: value >= 0.0,
    "above -100%": lambda value: value > -1.0,
}
"""What an argument can be held to, in words."""

ROOT_MONTH = MONTH.unit ** Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class ProcessArgument:
    """An argument of a process, always given by name: what it counts in, one line of what it does, an example. An
    optional one stands alone or `with_` another. `bound` is what a literal must be, one of `BOUNDS`."""

    name: str
    unit: str
    does: str
    example: str
    optional: bool = False
    with_: str = ""
    bound: str = ""


@dataclass(frozen=True, slots=True)
class Begun:
    """What a process goes on from: itself, its arguments, last month's value, the normal of this month (mixed where it
    is correlated), the month of the last point on record."""

    process: Process
    read: Elaborator
    arguments: dict[str, Node]
    before: Formula
    shock: Formula
    last: int
    place: Place


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its arguments, one line of what it is, what this month's value is, whether its record is straight in
    logarithms, and whether it swings by a normal that can be correlated."""

    name: str
    arguments: tuple[ProcessArgument, ...]
    gives: str
    source: str
    moved: Callable[[Begun], Formula]
    logarithmic: bool
    swings: bool = True

    @property
    def signature(self) -> str:
        """As it is called: "ou(mean = …, half_life = …, volatility = …)"; what may be left out stands in brackets."""
        needed = [f"{one.name} = …" for one in self.arguments if not one.optional]
        left = "".join(f"[, {one.name} = …]" for one in self.arguments if one.optional)
        return f"{self.name}({', '.join(needed)}{left})".replace("][", "")

    @property
    def example(self) -> str:
        """A call with the examples of all arguments that are needed."""
        return f"{self.name}({', '.join(f'{one.name} = {one.example}' for one in self.arguments if not one.optional)})"


def _gbm(begun: Begun) -> Formula:
    """The mean grows by `growth`; half the variance is taken off the drift of the logarithm."""
    return begun.before * exponential(_logarithmic_step(begun))


def _logarithmic_step(begun: Begun) -> Formula:
    growth, volatility = _growth(begun), _volatility(begun, ONE)
    drift = growth * MONTH - volatility * volatility * MONTH * constant(0.5)
    return drift + volatility * square_root(MONTH) * begun.shock


def _growth(begun: Begun) -> Formula:
    """It may fade: a part exp(-time / over) of what fades is left a time after the last point on record."""
    read, arguments = begun.read, begun.arguments
    growth = as_rate(read.growth(arguments["growth"]))
    if "fades_to" in arguments:
        end = as_rate(read.growth(arguments["fades_to"]))
        over = _argument(begun, "over", MONTH.unit)
        passed = (month() - constant(float(begun.last + 1))) * MONTH
        growth = end + (growth - end) * exponential(-(passed / over))
    return growth


def _volatility(begun: Begun, of: Unit) -> Formula:
    return _argument(begun, "volatility", of / ROOT_MONTH)


def _argument(begun: Begun, name: str, unit: Unit) -> Formula:
    """An argument of a unit; a literal is within its bound.

    Raises:
        Fault: `wrong-arguments`, where it is not.
    """
    node = begun.arguments[name]
    found = begun.read.of_unit(node, unit, f"`{name}`")
    declared = next(one for one in begun.process.arguments if one.name == name)
    if found.operation == "constant" and declared.bound and not BOUNDS[declared.bound](found.value):
        raise Fault(
            Diagnostic(
                "wrong-arguments",
                f"`{name}` of {begun.process.name} is something else",
                node.place,
                print_expression(node),
                f"{declared.does}: a number {declared.bound}",
                ("mend the number", f"for example {name} = {declared.example}"),
            )
        )
    return found


def _ou(begun: Begun) -> Formula:
    """Half of the distance to the mean is closed every half-life."""
    read, before = begun.read, begun.before
    mean = read.of_unit(begun.arguments["mean"], before.unit, "`mean`")
    half_life = _argument(begun, "half_life", MONTH.unit)
    volatility = _volatility(begun, before.unit)
    left = power(constant(0.5), MONTH / half_life)
    return mean + (before - mean) * left + volatility * square_root(MONTH) * begun.shock


def _jump(begun: Begun) -> Formula:
    """Between jumps a gbm. n jumps of a month add n log(1 + size), and a normal of deviation spread sqrt(n), to the
    logarithm."""
    name = begun.read.owner
    count = _arrivals(begun, f"{name} arrivals")
    size = _argument(begun, "size", ONE)
    jumps = count * logarithm(constant(1.0) + size)
    if "spread" in begun.arguments:
        spread = _argument(begun, "spread", ONE)
        jumps = jumps + spread * square_root(count) * normal(f"{name} jumps")
    return begun.before * exponential(_logarithmic_step(begun) + jumps)


def _count(begun: Begun) -> Formula:
    """What happened so far, and what arrives this month."""
    if begun.before.unit != ONE:
        raise Fault(
            Diagnostic(
                "unit-mismatch",
                f"'{begun.read.owner}' is a count",
                begun.place,
                str(begun.before.unit),
                "a plain number",
                ("take the `unit` away", "multiply the count by a quantity in a variable of its own"),
            )
        )
    return begun.before + _arrivals(begun, f"{begun.read.owner} arrivals")


def _arrivals(begun: Begun, driver: str) -> Formula:
    """How many arrive this month: a Poisson number by the inverse of its cumulative chances, which are added up term by
    term. A rate that no month can have, below zero or above `FASTEST`, gives nan, which ends the run."""
    node = begun.arguments["rate"]
    mean = begun.read.rate(node, "`rate`") * MONTH
    told = mean.arguments[0].value if mean.arguments[0].operation == "constant" else None
    if told is not None and not 0.0 <= told <= FASTEST:
        raise Fault(
            Diagnostic(
                "wrong-arguments",
                f"at most {FASTEST:g} a month can be told apart",
                node.place,
                print_expression(node),
                f"a rate from 0 to {FASTEST:g} / month",
                ("count something rarer", "take a gbm or an ou for what happens all the time"),
            )
        )
    drawn = uniform(driver)
    chance = exponential(-mean)
    share, found = chance, as_number(chance < drawn)
    for number in range(1, MOST_ARRIVALS if told is None else _depth(told)):
        chance = chance * mean / constant(float(number))
        share = share + chance
        found = found + as_number(share < drawn)
    possible = (constant(0.0) <= mean) & (mean <= constant(FASTEST))
    return select(possible, found, constant(float("nan")))


def _depth(mean: float) -> int:
    """Beyond how many arrivals no draw of 32 bits can reach."""
    chance = share = math.exp(-mean)
    depth = 1
    while depth < MOST_ARRIVALS and 1.0 - share > 2.0**-34:
        chance *= mean / depth
        share += chance
        depth += 1
    return depth


_GROWTH = ProcessArgument("growth", "% / time", "how the mean grows, compounded", "20% / year")
_VOLATILITY = ProcessArgument(
    "volatility",
    "% / sqrt(time)",
    "deviation of the logarithm over one unit of time",
    "30% / sqrt(year)",
    bound="0 or more",
)
_FADES = (
    ProcessArgument("fades_to", "% / time", "the growth that is left in the end", "5% / year", True, "over"),
    ProcessArgument("over", "time", "after which 1/e of what fades is left", "24 months", True, "fades_to", "above 0"),
)
_RATE = ProcessArgument(
    "rate", "1 / time", f"how often it arrives, continuously; at most {FASTEST:g} a month", "3 / year"
)

PROCESSES = {
    process.name: process
    for process in (
        Process(
            "gbm",
            (_GROWTH, _VOLATILITY, *_FADES),
            "positive, with independent steps of the logarithm",
            "geometric Brownian motion: Black and Scholes (1973)",
            _gbm,
            logarithmic=True,
        ),
        Process(
            "ou",
            (
                ProcessArgument("mean", "that of the variable", "to which it returns", "12 MW"),
                ProcessArgument(
                    "half_life", "time", "in which half of the distance is closed", "6 months", bound="above 0"
                ),
                ProcessArgument(
                    "volatility",
                    "that of the variable / sqrt(time)",
                    "deviation over one unit of time",
                    "2 MW / sqrt(month)",
                    bound="0 or more",
                ),
            ),
            "returns to a mean",
            "Uhlenbeck and Ornstein (1930)",
            _ou,
            logarithmic=False,
        ),
        Process(
            "jump",
            (
                ProcessArgument("growth", "% / time", "how the mean grows between jumps, compounded", "20% / year"),
                _VOLATILITY,
                _RATE,
                ProcessArgument(
                    "size",
                    "a plain number",
                    "by how much a jump multiplies at the median, less one",
                    "-30%",
                    bound="above -100%",
                ),
                ProcessArgument(
                    "spread",
                    "a plain number",
                    "deviation of the logarithm of a jump; 0 if left out",
                    "10%",
                    True,
                    bound="0 or more",
                ),
                *_FADES,
            ),
            "a gbm with jumps",
            "jump diffusion: Merton (1976)",
            _jump,
            logarithmic=True,
        ),
        Process(
            "count",
            (_RATE,),
            "how often something happened so far; a plain number",
            "Poisson process",
            _count,
            logarithmic=False,
            swings=False,
        ),
    )
}
"""Every process by name."""


def add_process(
    draft: Draft, variable: Variable, node: Node, declared: tuple[float, Unit], shown: Shown, mixing: Mixing
) -> None:
    """A variable with `past` and `next` as a table of its record and an equation that goes on from it."""
    call, process = _called(node)
    arguments = dict(call.named)
    points = draft.points(variable.past, declared, variable.name)
    record = f"{variable.name} on record"
    straight = not process.logarithmic or any(value <= 0.0 for _, _, value in points)
    add_table(draft, record, points, "straight" if straight else "logarithmic", level_before=False)
    last = min(points[-1][1], draft.deal.now)
    draft.needs_record(last)
    recorded, before = series(record, declared[1]), opening(variable.name, declared[1])
    shock = total(
        ONE,
        [constant(weight) * normal(stream) for stream, weight in mixing.get(variable.name, ((variable.name, 1.0),))],
    )
    moved = process.moved(Begun(process, Elaborator(draft, variable.name), arguments, before, shock, last, node.place))
    draft.add(
        variable.name,
        moved,
        "variable",
        variable.place,
        owner=variable.name,
        written=print_expression(node),
        grounds=variable.grounds,
        shown=shown,
        memory="record",
        initial=recorded,
        record=select(month() <= constant(float(last)), recorded, moved) if last >= draft.start else None,
    )


def _called(node: Node) -> tuple[Call, Process]:
    """The call of a process with the arguments it takes, each by name."""
    if not isinstance(node, Call) or node.function not in PROCESSES:
        near = did_you_mean(node.function, PROCESSES) if isinstance(node, Call) else ()
        raise Fault(
            Diagnostic(
                "not-a-process",
                "`next` is a process",
                node.place,
                print_expression(node),
                ", ".join(one.signature for one in PROCESSES.values()),
                (*near, "write a formula under `is`"),
            )
        )
    process, given = PROCESSES[node.function], dict(node.named)
    known = {one.name: one for one in process.arguments}
    wrong = ["its arguments have names"] if node.args else []
    wrong += [f"it has no `{name}`" for name in given if name not in known]
    missing = [one.name for one in process.arguments if one.name not in given and not one.optional]
    wrong += [f"`{name}` is missing" for name in missing if not node.args]
    wrong += [
        f"`{name}` and `{known[name].with_}` go together"
        for name in given
        if name in known and known[name].with_ and known[name].with_ not in given
    ]
    if wrong:
        raise Fault(
            Diagnostic(
                "wrong-arguments",
                f"{process.name} is called otherwise: {', '.join(wrong)}",
                node.place,
                print_expression(node),
                process.signature,
                (f"for example {process.example}",),
            )
        )
    return node, process
