"""The order of effect: each equation after those it reads in the same month; what can be told on the record."""

from __future__ import annotations

from dataclasses import replace

from detente.graph.accounts import names_in
from detente.graph.draft import Draft
from detente.graph.model import Equation, Measure
from detente.graph.record import check_readings
from detente.lang.formula import Formula, parts
from detente.lang.unit import ONE
from detente.text.diagnostic import Diagnostic
from detente.text.place import Place


def ordered(draft: Draft, measures: dict[str, Measure]) -> dict[str, Equation]:
    """The equations in an order in which each needs only those before it; cycles and missing names become findings."""
    equations = draft.equations
    _check_names(draft, measures)
    if draft.findings:
        return equations
    on_record = _told_on_record(draft)
    marked = {name: replace(one, on_record=name in on_record) for name, one in equations.items()}
    _check_initials(draft, marked)
    check_readings(draft, on_record)
    order: dict[str, Equation] = {}
    state: dict[str, int] = {}
    for root in marked:
        trail: list[tuple[str, list[str]]] = [(root, _reads(marked[root]))] if state.get(root, 0) == 0 else []
        if trail:
            state[root] = 1
        while trail:
            name, left = trail[-1]
            if not left:
                trail.pop()
                state[name] = 2
                order[name] = marked[name]
                continue
            following = left.pop()
            if state.get(following, 0) == 1:
                names = [step for step, _ in trail]
                _report_cycle(draft, names[names.index(following) :])
                return marked
            if state.get(following, 0) == 0:
                state[following] = 1
                trail.append((following, _reads(marked[following])))
    return order


def references(formula: Formula, operation: str) -> dict[str, Place]:
    """The names a formula reads by an operation, each with a place."""
    found: dict[str, Place] = {}
    for node in parts(formula):
        if node.operation == operation:
            found.setdefault(node.name, node.place)
    return found


def _reads(equation: Equation) -> list[str]:
    """What the equation reads of the same month, in the month or on the record."""
    names = dict(references(equation.formula, "reference"))
    if equation.record is not None:
        names |= references(equation.record, "reference")
    return sorted(names, reverse=True)


def _check_names(draft: Draft, measures: dict[str, Measure]) -> None:
    formulas = [(one.name, one.formula, one.place) for one in draft.equations.values()]
    formulas += [(one.name, one.initial, one.place) for one in draft.equations.values() if one.initial is not None]
    formulas += [(key, measure.formula, measure.place) for key, measure in measures.items()]
    failed = bool(draft.findings)
    for name, formula, place in formulas:
        _check_units(draft, name, formula, place)
        for operation in ("reference", "opening"):
            for read, at in references(formula, operation).items():
                equation = draft.equations.get(read)
                if equation is None and not failed:
                    draft.findings.append(
                        Diagnostic(
                            "unknown-name",
                            f"'{name}' needs '{read}', which is not there",
                            at if at.line else place,
                            ways_out=("check the name", "declare what should give it"),
                        )
                    )


def _check_units(draft: Draft, name: str, formula: Formula, place: Place) -> None:
    """What is read by name is what the reader takes it for (R3): `flow(x)` is money per time, a sum one currency."""
    for node in parts(formula):
        read = draft.equations.get(node.name) if node.operation in ("reference", "opening") else None
        if read is not None and (read.formula.unit, read.formula.kind == "boolean") != (
            node.unit,
            node.kind == "boolean",
        ):
            found = Diagnostic(
                "unit-mismatch",
                f"'{name}' takes '{node.name}' for what it is not",
                node.place if node.place.line else place,
                found=_counted(read.formula),
                expected=_counted(node),
                ways_out=("name what is counted in that unit", "say which money: `net(party, class, USD)`"),
                related=((read.place, f"'{node.name}'"),) if read.place.line else (),
            )
            draft.note(found)


def _counted(formula: Formula) -> str:
    if formula.kind == "boolean":
        return "a condition"
    return str(formula.unit) if formula.unit != ONE else "a plain number"


def _told_on_record(draft: Draft) -> set[str]:
    """Equations that rest on records, tables and inputs alone, directly or by way of others that do."""
    equations = draft.equations
    formulas = {
        name: one.record if one.record is not None else one.formula
        for name, one in equations.items()
        if one.memory != "now"
    }
    needed = {name: names_in(formula) for name, formula in formulas.items() if not _uses_run_argument(formula)}
    told = set(needed)
    while fails := {name for name in told if not needed[name] <= told}:
        told -= fails
    return told


def _uses_run_argument(formula: Formula) -> bool:
    """Switches, policies and draws of events act after `now` only."""
    return any(name.startswith(("switch ", "policy ", "draw ")) for name in references(formula, "parameter"))


def _check_initials(draft: Draft, equations: dict[str, Equation]) -> None:
    """What begins on the record must be told there; what begins at `now` may read the record and other beginnings."""
    for one in equations.values():
        if one.memory == "record" and not one.on_record:
            draft.note(
                Diagnostic(
                    "not-on-record",
                    f"'{one.written or one.name}' reaches before `now`, where there is no record of it",
                    one.place,
                    expected="a variable with `past`, or a start",
                    ways_out=("give `start = …`", "choose a date after `now`", "give the variable a `past`"),
                )
            )
        if one.memory == "now" and one.initial is not None:
            for name, place in references(one.initial, "reference").items():
                if not equations[name].on_record and equations[name].initial is None:
                    draft.note(
                        Diagnostic(
                            "not-on-record",
                            f"'{name}' is not known at `now`",
                            place if place.line else one.place,
                            expected="a record, a table, an assumption or an opening",
                            ways_out=("give the variable a `past`",),
                        )
                    )
            for name, place in references(one.initial, "opening").items():
                if not equations[name].on_record:
                    draft.note(
                        Diagnostic(
                            "not-on-record",
                            f"what '{name}' was before `now` is not known",
                            place if place.line else one.place,
                            expected="a number, an assumption, a record or a table",
                            ways_out=("name an assumption here, and where the account begins",),
                        )
                    )


def _report_cycle(draft: Draft, names: list[str]) -> None:
    """All of a cycle: each step where the deal file takes it."""
    equations = draft.equations
    steps = []
    for name, read in zip(names, [*names[1:], names[0]], strict=True):
        place = _read_at(equations[name], read)
        if place.line:
            steps.append((place, f"'{name}' needs '{read}'"))
    draft.findings.append(
        Diagnostic(
            "cycle",
            "these equations need each other within one month",
            equations[names[0]].place,
            found=" → ".join([*names, names[0]]),
            expected="an order in which each needs only those before it",
            ways_out=(
                "read one of them as it was last month: `prev(x, start = …)`",
                "name an account: it is read as the month opens",
            ),
            related=tuple(steps),
        )
    )


def _read_at(equation: Equation, name: str) -> Place:
    """Where an equation reads another; its own place where the deal file does not say so itself."""
    places = dict(references(equation.formula, "reference"))
    if equation.record is not None:
        places = references(equation.record, "reference") | places
    place = places.get(name, equation.place)
    return place if place.line else equation.place
