"""From a Deal to its Graph."""

from __future__ import annotations

from collections.abc import Sequence

from detente.deal.model import Deal
from detente.graph.accounts import add_balances, add_flows, names_in, names_read
from detente.graph.before import check_before
from detente.graph.calendar import settled
from detente.graph.dilution import add_conversions, add_protections
from detente.graph.draft import Draft
from detente.graph.events import add_events, choices
from detente.graph.measures import add_values, measures
from detente.graph.model import Graph
from detente.graph.needs import add_needs
from detente.graph.order import ordered
from detente.graph.relations import check_relations
from detente.graph.status import fill_status
from detente.graph.terms import add_terms
from detente.graph.variables import add_assumptions, add_variables, check_value, correlations
from detente.graph.waterfalls import add_waterfalls
from detente.lang.syntax import Node
from detente.terms.joins import Chance
from detente.text.diagnostic import Diagnostic, did_you_mean

LEAVE_WHOLE = frozenset(
    """
    ungrounded-number unknown-claim claim-gives-no-value uncited-claim unknown-source claim-without-date duplicate-claim
    unknown-scenario decided-too-early never-possible never-active stopped-early
    """.split()
)
"""What may be wrong with a deal that says all the same what each of its names stands for."""


def check(deal: Deal | None, findings: Sequence[Diagnostic]) -> tuple[Graph | None, tuple[Diagnostic, ...]]:
    """The graph of a deal that loaded with findings, and all that is wrong with both, told at once (R1).

    A deal that is refused is built all the same for what that tells, where its findings leave it whole.
    """
    wrong = [one for one in findings if one.severity == "error"]
    if deal is None or any(one.code not in LEAVE_WHOLE for one in wrong):
        return None, tuple(findings)
    graph, more = build(deal, questions(deal))
    return None if wrong else graph, (*findings, *more)


def needed(graph: Graph) -> frozenset[str]:
    """The equations that a run of the deal needs: for its outputs, futures, headlines, checks and values, and for its
    accounts to balance. The others can be asked for by name."""
    roots = {name for name, one in graph.equations.items() if one.role == "account"} | set(graph.deal.outputs)
    for key, measure in graph.measures.items():
        if not key.startswith("question "):
            roots |= names_in(measure.formula)
    found: set[str] = set()
    waiting = [name for name in roots if name in graph.equations]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        one = graph.equations[name]
        for formula in (one.formula, one.initial, one.record):
            waiting += names_in(formula) - found if formula is not None else ()
    return frozenset(found)


def questions(deal: Deal) -> dict[str, Node]:
    """What a forecast of the deal asks, by key: figures that a run does not need."""
    return {f"question {name}": one.show for name, one in deal.questions.items()}


def build(deal: Deal, asked: dict[str, Node] | None = None) -> tuple[Graph | None, tuple[Diagnostic, ...]]:
    """The graph of a deal, with further figures about whole paths where they are `asked` for by key.

    None where anything is wrong; all that is wrong is told at once.
    """
    draft = Draft(deal)
    process_mixing, input_mixing = correlations(draft)
    add_assumptions(draft)
    check_relations(draft)
    add_variables(draft, process_mixing)
    add_terms(draft)
    add_waterfalls(draft)
    add_conversions(draft)
    add_needs(draft)
    add_events(draft)
    check_before(draft)
    payments = add_flows(draft)
    add_protections(draft)
    add_values(draft)
    figures = measures(draft, asked or {})
    asked_for = [measure.formula for measure in figures.values()]
    fill_status(draft, names_read(draft, asked_for))
    add_balances(draft, payments, asked_for)
    equations = ordered(draft, figures)
    _check_outputs(draft)
    _check_scenarios(draft)
    if draft.findings:
        return None, tuple(draft.findings)
    graph = Graph(
        deal=deal,
        equations=settled(equations, draft.start, deal.now, deal.last),
        tables=draft.tables,
        inputs=draft.inputs,
        mixing=input_mixing,
        hazards=(
            *(event.name for event in deal.events.values() if event.hazard is not None),
            *(term for term, one in draft.contributions if isinstance(one, Chance)),
        ),
        choices=choices(deal),
        switches=tuple(name for name, term in deal.terms().items() if term.known),
        measures=figures,
        observed=draft.observed,
        start=draft.start,
    )
    return graph, ()


def _check_outputs(draft: Draft) -> None:
    for name, place in draft.deal.outputs.items():
        if name not in draft.equations and not draft.findings:
            draft.findings.append(
                Diagnostic(
                    "unknown-output",
                    f"there is no series '{name}'",
                    place,
                    ways_out=(*did_you_mean(name, draft.equations), "name a variable, an account or a term"),
                )
            )


def _check_scenarios(draft: Draft) -> None:
    """Every change of a scenario names an event, a term or an assumption, and is of its kind."""
    deal = draft.deal
    terms = deal.terms()
    groups = [*deal.scenarios.values(), *deal.beliefs.values()]
    groups += [side for right in deal.rights.values() for side in (right.use, right.instead)]
    for scenario in groups:
        for change in scenario.changes:
            event = deal.events.get(change.target)
            fits = (
                (change.policy is not None and event is not None and event.policy is not None)
                or (change.policy is None and change.value is None and change.target in terms)
                or (change.value is not None and change.target in deal.assumptions)
            )
            if not fits:
                known = [*deal.events, *terms, *deal.assumptions]
                draft.findings.append(
                    Diagnostic(
                        "changes-nothing",
                        f"'{change.target}' cannot be changed so"
                        if change.target in known
                        else f"there is nothing called '{change.target}' to change",
                        change.place,
                        expected="a policy for a decided event, `off` for a term, a value for an assumption",
                        ways_out=(*did_you_mean(change.target, known), "take it away"),
                    )
                )
            elif change.value is not None:
                draft.attempt(check_value, draft, change.target, change.value)
