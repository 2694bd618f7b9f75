"""The functions of the language: one registry feeds messages, documentation and tests. The set is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Takes = Literal["formula", "date", "event", "party", "need", "term", "class", "resource", "duration", "flow", "company"]


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument: its name, what it takes, whether it may be left out. `many` takes all that follow."""

    name: str
    takes: Takes
    optional: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function: its arguments, one line of what it gives, an example; `whole_path` ones stand only in futures,
    headlines
    and checks."""

    name: str
    arguments: tuple[Argument, ...]
    gives: str
    example: str
    whole_path: bool = False

    @property
    def signature(self) -> str:
        """The function as it is called: "prev(x, start)"."""
        shown = (
            f"{one.name}…" if one.many else f"[{one.name}]" if one.optional else one.name for one in self.arguments
        )
        return f"{self.name}({', '.join(shown)})"


def _function(name: str, arguments: str, gives: str, example: str, whole_path: bool = False) -> Function:
    """Arguments are written `name: takes`, `?` where optional, `*` where many."""
    parts = []
    for text in arguments.split(","):
        argument, _, takes = (part.strip() for part in text.partition(":"))
        parts.append(Argument(argument.rstrip("?*"), takes, argument.endswith("?"), argument.endswith("*")))  # type: ignore[arg-type]
    return Function(name, tuple(parts), gives, example, whole_path)


FUNCTIONS = {
    function.name: function
    for function in (
        _function("min", "x*: formula", "the least", "min(1 USD, 2 USD)"),
        _function("max", "x*: formula", "the greatest", "max(1 USD, 2 USD)"),
        _function("abs", "x: formula", "the size", "abs(-1 USD)"),
        _function("sqrt", "x: formula", "the square root", "sqrt(4)"),
        _function("exp", "x: formula", "e to the power of a plain number", "exp(1)"),
        _function("log", "x: formula", "the natural logarithm of a plain number", "log(2)"),
        _function("clip", "x: formula, low: formula, high: formula", "x kept between two bounds", "clip(3, 0, 1)"),
        _function("since", "date: date", "months since the date, negative before it", "since(2025-04)"),
        _function("before", "date: date", "whether the month lies before the date", "before(2025-04)"),
        _function("after", "date: date", "whether the month lies after the date", "after(2025-04)"),
        _function("on", "date: date", "whether the month lies within the date", "on(2025Q4)"),
        _function(
            "ramp",
            "from: date, to: date",
            "0 up to the first date, straight to 1 at the second",
            "ramp(2025-01, 2028-12)",
        ),
        _function(
            "compound",
            "growth: formula, time: formula",
            "the factor a growth makes over a time",
            "compound(5% / year, 2 years)",
        ),
        _function("prev", "x: formula, start: formula", "last month's value", "prev(a.burn, start = 1 bn USD / year)"),
        _function(
            "delay",
            "x: formula, time: duration, start?: formula",
            "the value so long ago",
            "delay(a.burn, 3 months, start = 1 bn USD / year)",
        ),
        _function(
            "smooth",
            "x: formula, time: duration, start: formula",
            "exponential moving average up to this month",
            "smooth(a.burn, 6 months, start = 1 bn USD / year)",
        ),
        _function(
            "rolling",
            "x: formula, time: duration, start?: formula",
            "plain moving average up to this month",
            "rolling(a.burn, 6 months, start = 1 bn USD / year)",
        ),
        _function("fires", "event: event", "whether the event happens in this month", "fires(breach)"),
        _function("need", "need: need", "what a need asks", "need(a.compute)"),
        _function("unmet", "need: need", "what a need lacks", "unmet(a.compute)"),
        _function("use", "term: term", "what a need takes of a term's offer", "use(cloud.capacity)"),
        _function("offered", "term: term", "what a term's offer can deliver", "offered(cloud.capacity)"),
        _function(
            "share_of",
            "party: party, need: need",
            "a supplier's share of what a need is delivered",
            "share_of(b, a.compute)",
        ),
        _function("stake", "holder: party, company?: company", "shares held over shares issued", "stake(b)"),
        _function(
            "net",
            "party: party, class: class, resource?: resource",
            "receipts less payments of money per month",
            "net(a, operating)",
        ),
        _function("flow", "flow: flow", "a flow of this month", "flow(subscriptions)"),
        _function("paid", "term: term", "what a term has paid in all", "paid(cloud.takings)"),
        _function("granted", "term: term", "whether a consent is given", "granted(cloud.veto)"),
        _function("active", "term: term", "whether a term holds", "active(cloud.takings)"),
        _function("total", "x: formula, period: date", "a flow summed over a period", "total(a.sales, 2026)", True),
        _function("lowest", "x: formula, until: date", "the least value up to a date", "lowest(a.USD, 2027-12)", True),
        _function("value", "party: party", "the present value of what a party is after", "value(a)", True),
    )
}
"""Every function by name."""
