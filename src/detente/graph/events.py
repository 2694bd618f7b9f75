"""Events: by hazard, by condition, or because the party that has the right decides it."""

from __future__ import annotations

from detente.deal.model import Deal, Event, Policy
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.graph.literals import period_of
from detente.lang.formula import (
    Formula,
    constant,
    false,
    maximum,
    opening,
    parameter,
    reference,
    select,
    true,
    zero,
)
from detente.lang.printer import print_expression
from detente.lang.unit import ONE
from detente.terms.joins import Permission
from detente.terms.term import MONTH, in_month
from detente.text.diagnostic import Diagnostic, Fault
from detente.text.written import month_text

RATE = ONE / MONTH.unit


def exponential_draw(event: str) -> str:
    """The run-time argument that holds the exponential draw of an event on each path."""
    return f"draw {event}"


def choice(event: str) -> str:
    """The run-time argument that says which policy of an event a run uses."""
    return f"policy {event}"


def choices(deal: Deal) -> dict[str, tuple[Policy, ...]]:
    """The policies of each decided event that a run may use: the filed one, its options, those of scenarios and
    rights."""
    found: dict[str, list[Policy]] = {
        name: [event.policy, *event.options] for name, event in deal.events.items() if event.policy is not None
    }
    scenarios = [*deal.scenarios.values()]
    scenarios += [side for right in deal.rights.values() for side in (right.use, right.instead)]
    for scenario in scenarios:
        for change in scenario.changes:
            known = found.get(change.target, [])
            if change.policy is not None and not any(same_policy(change.policy, policy) for policy in known):
                known.append(change.policy)
    return {name: tuple(policies) for name, policies in found.items()}


def same_policy(one: Policy, other: Policy) -> bool:
    """Whether two policies say the same."""
    return one.kind == other.kind and one.argument == other.argument


def add_events(draft: Draft) -> None:
    """Every event."""
    found = choices(draft.deal)
    for event in draft.deal.events.values():
        draft.attempt(add_event, draft, event, found.get(event.name, ()))


def add_event(draft: Draft, event: Event, policies: tuple[Policy, ...]) -> None:
    """An event: when it comes, and whether it has come. `policies` are those a run may use."""
    read = Elaborator(draft, event.name)
    before = opening(event.name, ONE, "boolean")
    on_record = event.happened is not None and event.happened.first <= draft.deal.now
    if event.hazard is not None:
        condition = _by_hazard(draft, read, event)
    elif event.when is not None:
        condition = _possible(draft, read, event) & read.condition(event.when)
    elif event.happened is not None:
        condition = in_month(event.happened.first)
    else:
        condition = _by_decision(draft, read, event, policies)
    draft.add(
        f"{event.name}.fires",
        condition & ~before,
        "event",
        event.place,
        owner=event.name,
        grounds=event.grounds,
        written=_written(event),
    )
    fires = reference(f"{event.name}.fires", ONE, "boolean")
    draft.add(
        event.name,
        true() if on_record else before | fires,
        "event",
        event.place,
        owner=event.name,
        grounds=event.grounds,
        written=_written(event) if on_record else "",
        memory="now",
        initial=true() if on_record else false(),
    )


def _written(event: Event) -> str:
    node = event.hazard or event.when
    if node is not None:
        return print_expression(node)
    return event.policy.text if event.policy else f"happened {event.happened.text if event.happened else ''}"


def _possible(draft: Draft, read: Elaborator, event: Event) -> Formula:
    """Whether the event is possible and every permission over it is given."""
    possible: Formula = read.condition(event.possible) if event.possible is not None else true()
    for _, one in draft.contributions:
        if isinstance(one, Permission) and one.event == event.name:
            possible = possible & one.allowed
    return possible


def _by_hazard(draft: Draft, read: Elaborator, event: Event) -> Formula:
    """The event fires when the hazard accumulated after `now` reaches an exponential draw of the path."""
    assert event.hazard is not None
    found = read.rate(event.hazard)
    if found.operation == "constant" and found.value < 0.0:
        raise Fault(
            Diagnostic(
                "never-possible",
                f"'{event.name}' can never happen: its hazard lies below 0",
                event.hazard.place,
                print_expression(event.hazard),
                "a rate above 0",
                ("take the minus away", "take the event away"),
            )
        )
    rate = maximum(zero(RATE), found)
    accumulated = f"{event.name}.accumulated"
    exposed = select(_possible(draft, read, event), rate * MONTH, constant(0.0))
    draft.add(
        accumulated,
        opening(accumulated, ONE) + exposed,
        "event",
        event.place,
        owner=event.name,
        grounds=event.grounds,
        memory="now",
        initial=constant(0.0),
    )
    return reference(accumulated, ONE) >= parameter(exponential_draw(event.name))


def _by_decision(draft: Draft, read: Elaborator, event: Event, policies: tuple[Policy, ...]) -> Formula:
    """The holder's policy, once every permission over the event is given."""
    name = f"{event.name}.possible"
    draft.add(name, _possible(draft, read, event), "event", event.place, owner=event.name, grounds=event.grounds)
    possible = reference(name, ONE, "boolean")
    if any(policy.kind == "after" for policy in policies):
        ever, waited = f"{event.name}.ever_possible", f"{event.name}.waited"
        was = opening(ever, ONE, "boolean")
        draft.add(ever, was | possible, "memory", event.place, owner=event.name, memory="now", initial=false())
        draft.add(
            waited,
            select(was, opening(waited, MONTH.unit) + MONTH, zero(MONTH.unit)),
            "memory",
            event.place,
            owner=event.name,
            memory="now",
            initial=zero(MONTH.unit),
        )
    chosen: Formula = false()
    acting = [(number, policy) for number, policy in enumerate(policies) if policy.kind != "never"]
    for number, policy in reversed(acting or list(enumerate(policies))):
        used = parameter(choice(event.name)).equals(constant(float(number)))
        chosen = select(used, _policy(draft, read, event, policy), chosen)
    return possible & chosen


def _policy(draft: Draft, read: Elaborator, event: Event, policy: Policy) -> Formula:
    match policy.kind:
        case "never":
            return false()
        case "at":
            assert policy.argument is not None
            first, _ = period_of(policy.argument, draft.fiscal_ends())
            if first <= draft.deal.now:
                raise Fault(
                    Diagnostic(
                        "policy-in-past",
                        f"'{event.name}' cannot be decided before the first simulated month",
                        policy.place,
                        found=policy.text,
                        expected=f"a date after {month_text(draft.deal.now)}",
                        ways_out=("choose a later date", "say `happened: DATE` in place of a policy, if it did"),
                    )
                )
            return in_month(first)
        case "after":
            assert policy.argument is not None
            delay = read.of_unit(policy.argument, MONTH.unit, "a delay")
            return reference(f"{event.name}.waited", MONTH.unit) >= delay
        case "when":
            assert policy.argument is not None
            return read.condition(policy.argument)
