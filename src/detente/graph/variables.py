"""Assumptions and variables as inputs, tables and equations; correlations as mixtures of independent normals."""

from __future__ import annotations

import math

from detente.deal.model import Assumption, Correlation, Deal, Point, Variable
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.graph.literals import distribution, kind_of, shown_as_written
from detente.graph.model import Observed, Shown, shown_in
from detente.graph.processes import PROCESSES, Mixing, add_process
from detente.graph.tables import add_table, table_formula
from detente.lang.formula import series
from detente.lang.printer import print_expression
from detente.lang.syntax import Call, Node, Number, Quantity, Unary
from detente.lang.unit import ONE, Unit, parse_unit
from detente.text.diagnostic import Diagnostic, Fault, did_you_mean
from detente.text.place import Place, place_of


def add_assumptions(draft: Draft) -> None:
    """Every assumption as an input."""
    for assumption in draft.deal.assumptions.values():
        draft.attempt(add_assumption, draft, assumption)
    for correlation in draft.deal.correlations:
        for name in correlation.between:
            if name in draft.inputs and draft.inputs[name].distribution.discrete:
                draft.findings.append(
                    Diagnostic(
                        "not-correlations",
                        f"'{name}' cannot be correlated",
                        correlation.place,
                        found=f"it takes single values: {print_expression(draft.deal.assumptions[name].value)}",
                        expected="a range `low to high`, or another distribution over all values between",
                        ways_out=(f"write '{name}' as a range", "take the correlation away"),
                        related=((draft.inputs[name].place, f"'{name}'"),),
                    )
                )


def add_assumption(draft: Draft, assumption: Assumption) -> None:
    """An assumption as an input."""
    found = distribution(assumption.value, assumption.kind)
    draft.add_input(
        assumption.name,
        found,
        assumption.stream,
        shown_as_written(assumption.value, found),
        assumption.grounds,
        assumption.place,
    )


def check_value(draft: Draft, name: str, value: Node) -> None:
    """A value that stands in an assumption's place is of its unit, and a growth where it is one."""
    stands = draft.inputs.get(name)
    if stands is None:
        return
    found, wanted = distribution(value, draft.deal.assumptions[name].kind), stands.distribution
    if (found.unit, found.kind == "growth") != (wanted.unit, wanted.kind == "growth"):
        raise Fault(
            Diagnostic(
                "unit-mismatch",
                f"this cannot stand in the place of '{name}'",
                value.place,
                found=shown_in(found.unit).text or f"a {found.kind}",
                expected=stands.shown.text or f"a {wanted.kind}",
                ways_out=("write it as the assumption is written",),
                related=((stands.place, f"'{name}'"),),
            )
        )


def add_variables(draft: Draft, mixing: Mixing) -> None:
    """Every variable as an equation."""
    for variable in draft.deal.variables.values():
        draft.attempt(add_variable, draft, variable, mixing)


def add_variable(draft: Draft, variable: Variable, mixing: Mixing) -> None:
    """A variable as an equation, and what it was on record."""
    unit_text = variable.unit
    draft.declared_unit(variable.name)
    declared = parse_unit(unit_text) if unit_text else (1.0, ONE)
    shown = Shown(unit_text, declared[0])
    read = Elaborator(draft, variable.name)
    _observe(draft, variable, declared)
    if variable.table:
        formula = table_formula(draft, variable, declared, shown)
        draft.add(
            variable.name,
            formula,
            "variable",
            variable.place,
            owner=variable.name,
            written="table",
            grounds=variable.grounds,
            shown=shown,
        )
    elif variable.next is not None:
        add_process(draft, variable, variable.next, declared, shown, mixing)
    elif variable.formula is not None:
        formula = read.of_unit(variable.formula, declared[1], f"'{variable.name}'")
        record = None
        if variable.past:
            points = draft.points(variable.past, declared, variable.name)
            add_table(draft, f"{variable.name} on record", points, "straight", level_before=False)
            record = series(f"{variable.name} on record", declared[1])
        draft.add(
            variable.name,
            formula,
            "variable",
            variable.place,
            owner=variable.name,
            written=print_expression(variable.formula),
            grounds=variable.grounds,
            shown=shown,
            record=record,
        )


def _observe(draft: Draft, variable: Variable, declared: tuple[float, Unit]) -> None:
    found: list[Observed] = []
    for points, drives in ((variable.past, True), (variable.observed, False)):
        for point, (first, last, value) in zip(points, draft.points(points, declared, variable.name), strict=True):
            found.append(Observed(first, last, value, _claims(point, variable), drives))
    if found:
        draft.observed[variable.name] = tuple(sorted(found, key=lambda one: one.last))


def _claims(point: Point, variable: Variable) -> tuple[str, ...]:
    grounds = point.grounds if point.grounds.citations else variable.grounds
    return tuple(citation.claim for citation in grounds.citations)


def correlations(draft: Draft) -> tuple[Mixing, Mixing]:
    """How the normals of correlated processes, and of correlated inputs, are made of independent ones.

    Weights are the rows of the Cholesky factor of each group's correlation matrix, in the order of the file.
    """
    deal = draft.deal
    processes = {name: name for name, variable in deal.variables.items() if variable.next is not None}
    for correlation in deal.correlations:
        draft.findings += [_swings_not(correlation, name) for name in correlation.between if _counts(deal, name)]
    inputs = {name: assumption.stream for name, assumption in deal.assumptions.items()}
    found: list[Mixing] = []
    for group in (processes, inputs):
        pairs: dict[frozenset[str], float] = {}
        members: list[str] = []
        for correlation in deal.correlations:
            if all(name in group for name in correlation.between):
                number = correlation.value
                sign, inner = (-1.0, number.operand) if isinstance(number, Unary) else (1.0, number)
                if (
                    not isinstance(inner, Number | Quantity)
                    or kind_of(inner) not in ("number", "share")
                    or (isinstance(inner, Quantity) and parse_unit(inner.unit)[1] != ONE)
                    or inner.value > 1.0
                ):
                    draft.findings.append(_not_a_correlation(number.place, print_expression(number)))
                    continue
                pair = frozenset(correlation.between)
                if len(pair) == 1 or pair in pairs:
                    draft.findings.append(_said_twice(correlation))
                    continue
                pairs[pair] = sign * inner.value
                members += [name for name in correlation.between if name not in members]
        members.sort(key=list(group).index)
        factor = _cholesky(_matrix(members, pairs))
        if factor is None:
            draft.findings.append(_contradiction(draft, members, pairs))
            factor = []
        found.append(
            {
                name: tuple(
                    (group[other], weight) for other, weight in zip(members, row, strict=False) if weight != 0.0
                )
                for name, row in zip(members, factor, strict=False)
            }
        )
    for correlation in deal.correlations:
        known = [name in processes for name in correlation.between], [name in inputs for name in correlation.between]
        if not any(all(each) for each in known):
            draft.findings.append(_not_a_pair(correlation, {*processes, *inputs}))
    return found[0], found[1]


def _not_a_pair(correlation: Correlation, known: set[str]) -> Diagnostic:
    """A correlation that names something else than two assumptions or two processes."""
    missing = [name for name in correlation.between if name not in known]
    ways = ("name two assumptions, or two variables with `next`",)
    if missing:
        message = f"there is no assumption or process '{missing[0]}'"
        place = place_of(missing[0], correlation.place)
        return Diagnostic("unknown-name", message, place, ways_out=(*did_you_mean(missing[0], known), *ways))
    one, other = correlation.between
    message = f"'{one}' and '{other}' are an assumption and a process, which cannot be correlated"
    return Diagnostic("unknown-name", message, correlation.place, ways_out=ways)


def _contradiction(draft: Draft, members: list[str], pairs: dict[frozenset[str], float]) -> Diagnostic:
    """Correlations that cannot all hold, and for each what the others would allow, if anything."""
    held = [one for one in draft.deal.correlations if frozenset(one.between) in pairs]
    allowed = [_allowed(members, pairs, frozenset(one.between)) for one in held]
    related = tuple(
        (one.value.place, f"the others allow {bounds[0]:.2g} to {bounds[1]:.2g} here" if bounds else "one of them")
        for one, bounds in zip(held, allowed, strict=True)
    )
    ways = ("bring one of them within what the others allow",) if any(allowed) else ()
    return Diagnostic(
        "not-correlations",
        "these correlations contradict each other",
        held[0].place,
        found=", ".join(f"{' and '.join(one.between)} {pairs[frozenset(one.between)]:g}" for one in held),
        expected="correlations that can all hold at once",
        related=related,
        ways_out=(*ways, "make them smaller", "take one away"),
    )


def _allowed(
    members: list[str], pairs: dict[frozenset[str], float], pair: frozenset[str]
) -> tuple[float, float] | None:
    """The correlations, to two digits, that one pair may have beside the others as they are."""
    steps = [step / 100 for step in range(-99, 100) if _cholesky(_matrix(members, {**pairs, pair: step / 100}))]
    return (steps[0], steps[-1]) if steps else None


def _matrix(members: list[str], pairs: dict[frozenset[str], float]) -> list[list[float]]:
    return [[1.0 if a == b else pairs.get(frozenset((a, b)), 0.0) for b in members] for a in members]


def _counts(deal: Deal, name: str) -> bool:
    """Whether a name is that of a process without a normal of its own."""
    node = deal.variables[name].next if name in deal.variables else None
    return isinstance(node, Call) and node.function in PROCESSES and not PROCESSES[node.function].swings


def _swings_not(correlation: Correlation, name: str) -> Diagnostic:
    swinging = ", ".join(process.name for process in PROCESSES.values() if process.swings)
    return Diagnostic(
        "not-correlations",
        f"'{name}' counts what arrives, and cannot be correlated",
        correlation.place,
        expected=f"two processes among {swinging}",
        ways_out=("let the same assumption stand in the rates of both", "take the correlation away"),
    )


def _said_twice(correlation: Correlation) -> Diagnostic:
    one, other = correlation.between
    what = "is correlated with itself" if one == other else f"and '{other}' are correlated twice"
    ways = ("take one of the two away",) if one != other else ("name two different ones", "take it away")
    return Diagnostic("not-correlations", f"'{one}' {what}", correlation.place, ways_out=ways)


def _not_a_correlation(place: Place, found: str) -> Diagnostic:
    ways = ("write a number such as 0.5 or -20%",)
    return Diagnostic("share-outside", "a correlation lies between -1 and 1", place, found, "-1 to 1", ways)


def _cholesky(matrix: list[list[float]]) -> list[list[float]] | None:
    """The lower factor of a positive definite matrix, row by row; None where it is not one. Own arithmetic, for equal
    bits on every machine."""
    factor: list[list[float]] = []
    for i, row in enumerate(matrix):
        new: list[float] = []
        for j in range(i + 1):
            rest = row[j]
            for k in range(j):
                rest -= new[k] * (factor[j][k] if j < i else new[k])
            if j < i:
                new.append(rest / factor[j][j])
            elif rest <= 1e-12:
                return None
            else:
                new.append(math.sqrt(rest))
        factor.append(new)
    return factor
