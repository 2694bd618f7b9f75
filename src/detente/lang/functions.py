"""The functions of the language: one registry feeds messages, documentation and tests. The set is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Takes = Literal[
    "formula", "date", "event", "party", "need", "term", "class", "resource", "currency", "duration", "flow", "company"
]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument: its name, what it takes, whether it may be left out. `many` takes all that follow."""

    name: str
    takes: Takes
    optional: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its arguments, the rule of its units in words, one line of what it gives, and examples that run in
    any deal with what they name. `whole_path` ones stand only in futures, headlines and checks."""

    name: str
    arguments: tuple[Argument, ...]
    units: str
    gives: str
    examples: tuple[str, ...]
    whole_path: bool = False

    @property
    def signature(self) -> str:
        """The function as it is called: "prev(x, start)"."""
        shown = (
            f"{one.name}…" if one.many else f"[{one.name}]" if one.optional else one.name for one in self.arguments
        )
        return f"{self.name}({', '.join(shown)})"

    @property
    def usage(self) -> tuple[str, str]:
        """The ways out of a call that does not fit: how it is written, and an example."""
        return f"write {self.signature}: {self.gives}", f"for example {self.examples[0]}"


def _function(name: str, arguments: str, units: str, gives: str, *examples: str, whole_path: bool = False) -> Function:
    """Arguments are written `name: takes`, `?` where optional, `*` where many."""
    parts = []
    for text in arguments.split(","):
        argument, _, takes = (part.strip() for part in text.partition(":"))
        parts.append(Argument(argument.rstrip("?*"), takes, argument.endswith("?"), argument.endswith("*")))  # type: ignore[arg-type]
    return Function(name, tuple(parts), units, gives, examples, whole_path)


_SAME = "all of one unit; gives that unit"
_OWN = "x of any unit; gives that unit"
_START = "x and start of one unit; gives that unit"
_PLAIN = "a plain number; gives a plain number"
_NUMBER = "gives a plain number"
_CONDITION = "gives a condition"
_CAPACITY = "gives the unit of the capacity"

FUNCTIONS = {
    function.name: function
    for function in (
        _function(
            "min", "x*: formula", _SAME, "the least", "min(1 USD, 2 USD)", "min(a.sales, 1 bn USD / year, a.burn)"
        ),
        _function("max", "x*: formula", _SAME, "the greatest", "max(1 USD, 2 USD)", "max(0 USD, a.USD)"),
        _function("abs", "x: formula", _OWN, "the size", "abs(-1 USD)", "abs(net(a, all))"),
        _function("sqrt", "x: formula", "gives the root of the unit", "the square root", "sqrt(4)", "sqrt(4 USD ^ 2)"),
        _function("exp", "x: formula", _PLAIN, "e to the power of a plain number", "exp(1)"),
        _function("log", "x: formula", _PLAIN, "the natural logarithm of a plain number", "log(2)"),
        _function(
            "clip",
            "x: formula, low: formula, high: formula",
            _SAME,
            "x kept between two bounds",
            "clip(3, 0, 1)",
            "clip(a.USD, low = 0 USD, high = 1 bn USD)",
        ),
        _function(
            "interpolate",
            "x: formula, points*: formula",
            "x and every x1, x2, … of one unit; every y of one unit; gives that of the y",
            "straight between points x1, y1, x2, y2, …, level outside; the x's are numbers and rise",
            "interpolate(3, 0, 0, 10, 1)",
            "interpolate(need(a.compute), 0 MW, 9 USD, 100 MW, 5 USD, 1 GW, 4 USD)",
        ),
        _function(
            "present",
            "x: formula",
            "x of any unit; gives a condition",
            "whether x is there at all",
            "present(a.USD)",
            "present(a.sales at breach)",
        ),
        _function(
            "default",
            "x: formula, y: formula",
            "x and y of one unit; gives that unit",
            "x where it is there, else y",
            "default(a.USD, 0 USD)",
            "default(a.sales at breach, 0 bn USD / year)",
        ),
        _function(
            "convert",
            "x: formula, currency: currency",
            "x counts in one currency; gives the same in the other",
            "an amount or flow of money in another currency, at the rate of the month",
            "convert(1 EUR, USD)",
            "convert(a.sales, EUR)",
        ),
        _function("since", "date: date", "gives months", "months since the date, negative before it", "since(2025-04)"),
        _function("before", "date: date", _CONDITION, "whether the month lies before the date", "before(2025-04)"),
        _function("after", "date: date", _CONDITION, "whether the month lies after the date", "after(2025-04)"),
        _function("on", "date: date", _CONDITION, "whether the month lies within the date", "on(2025Q4)", "on(2025)"),
        _function("step", "date: date", _NUMBER, "0 before the date, 1 from it on", "step(2026-01)"),
        _function(
            "ramp",
            "from: date, to: date",
            _NUMBER,
            "0 up to the first date, straight to 1 at the second",
            "ramp(2025-01, 2028-12)",
        ),
        _function(
            "compound",
            "growth: formula, time: formula",
            "a growth or rate, and a time; gives a plain number",
            "the factor a growth makes over a time",
            "compound(5% / year, 2 years)",
        ),
        _function(
            "prev",
            "x: formula, start: formula",
            _START,
            "last month's value",
            "prev(a.burn, start = 1 bn USD / year)",
        ),
        _function(
            "delay",
            "x: formula, time: duration, start?: formula",
            _START,
            "the value so long ago",
            "delay(a.burn, 3 months, start = 1 bn USD / year)",
            "delay(a.burn, 1 month)",
        ),
        _function(
            "smooth",
            "x: formula, time: duration, start: formula",
            _START,
            "exponential moving average up to this month",
            "smooth(a.burn, 6 months, start = 1 bn USD / year)",
        ),
        _function(
            "rolling",
            "x: formula, time: duration, start?: formula",
            _START,
            "plain moving average up to this month",
            "rolling(a.burn, 6 months, start = 1 bn USD / year)",
            "rolling(a.burn, 2 months)",
        ),
        _function("fires", "event: event", _CONDITION, "whether the event happens in this month", "fires(breach)"),
        _function("need", "need: need", _CAPACITY, "what a need asks", "need(a.compute)"),
        _function("unmet", "need: need", _CAPACITY, "what a need lacks", "unmet(a.compute)"),
        _function("use", "term: term", _CAPACITY, "what a need takes of a term's offer", "use(cloud.capacity)"),
        _function("offered", "term: term", _CAPACITY, "what a term's offer can deliver", "offered(cloud.capacity)"),
        _function(
            "share_of",
            "party: party, need: need",
            _NUMBER,
            "a supplier's share of what a need is delivered",
            "share_of(b, a.compute)",
        ),
        _function(
            "stake",
            "holder: party, company?: company",
            _NUMBER,
            "shares held over shares issued",
            "stake(b)",
            "stake(b, a)",
        ),
        _function(
            "net",
            "party: party, class: class, resource?: resource",
            "gives money per month, in the deal's own currency or that of the resource",
            "receipts less payments of money per month",
            "net(a, operating)",
            "net(b, all, EUR)",
        ),
        _function(
            "flow",
            "flow: flow",
            "gives money per month, in its currency",
            "a flow of this month",
            "flow(subscriptions)",
        ),
        _function(
            "paid",
            "term: term",
            "gives money, in the term's currency",
            "what a term has paid in all",
            "paid(cloud.takings)",
        ),
        _function("granted", "term: term", _CONDITION, "whether a consent is given", "granted(cloud.veto)"),
        _function("pending", "term: term", _CONDITION, "whether a term has not begun", "pending(cloud.takings)"),
        _function("active", "term: term", _CONDITION, "whether a term holds", "active(cloud.takings)"),
        _function("waived", "term: term", _CONDITION, "whether a term is waived", "waived(cloud.takings)"),
        _function("suspended", "term: term", _CONDITION, "whether a term is suspended", "suspended(cloud.takings)"),
        _function("ended", "term: term", _CONDITION, "whether a term has ended", "ended(cloud.takings)"),
        _function(
            "breached",
            "term: term",
            _CONDITION,
            "whether a term's duty was broken last month",
            "breached(cloud.takings)",
        ),
        _function(
            "total",
            "x: formula, period: date",
            "x per time; gives the unit without the time",
            "a flow summed over a period",
            "total(a.sales, 2026)",
            whole_path=True,
        ),
        _function(
            "mean",
            "x: formula, period: date",
            _OWN,
            "the mean over the months of a period",
            "mean(a.sales, 2026)",
            "mean(a.USD, 2025Q4)",
            whole_path=True,
        ),
        _function(
            "lowest",
            "x: formula, until: date",
            _OWN,
            "the least value from `now` up to a date",
            "lowest(a.USD, 2027-12)",
            whole_path=True,
        ),
        _function(
            "highest",
            "x: formula, until: date",
            _OWN,
            "the greatest value from `now` up to a date",
            "highest(a.USD, 2027-12)",
            whole_path=True,
        ),
        _function(
            "value",
            "party: party",
            "gives money in the deal's own currency",
            "the present value of what a party is after",
            "value(a)",
            whole_path=True,
        ),
    )
}
"""Every function by name."""
