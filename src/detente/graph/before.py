"""What stood in the place of a block earlier (`before:`), read as the block is: a slip in it is told now, and not only
on the day that an earlier deal is asked for (R1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from detente.deal.model import Assumption, Event, Variable
from detente.graph.draft import Draft
from detente.graph.events import add_event, choices
from detente.graph.variables import add_assumption, add_variable, check_value

Block = TypeVar("Block", Assumption, Variable, Event)

OF_ITS_TIME = ("policy-in-past", "date-outside", "not-on-record")
"""What may be right in a deal whose `now` is earlier."""


def check_before(draft: Draft) -> None:
    """Read every `before:`, level by level, with all the rest of the deal as filed."""
    deal = draft.deal
    assumptions, variables, events = _earlier(deal.assumptions), _earlier(deal.variables), _earlier(deal.events)
    while assumptions or variables or events:
        earlier = replace(
            deal,
            assumptions={**deal.assumptions, **assumptions},
            variables={**deal.variables, **variables},
            events={**deal.events, **events},
        )
        scratch = Draft(earlier, inputs=dict(draft.inputs))
        for assumption in assumptions.values():
            scratch.attempt(add_assumption, scratch, assumption)
            scratch.attempt(check_value, draft, assumption.name, assumption.value)
        for variable in variables.values():
            scratch.attempt(add_variable, scratch, variable, {})
        policies = choices(earlier)
        for event in events.values():
            scratch.attempt(add_event, scratch, event, policies.get(event.name, ()))
        for finding in scratch.findings:
            if finding.code not in OF_ITS_TIME:
                draft.note(finding)
        assumptions, variables, events = _earlier(assumptions), _earlier(variables), _earlier(events)


def _earlier(blocks: Mapping[str, Block]) -> dict[str, Block]:
    """What stood before each of the blocks, where something did."""
    return {name: block.before for name, block in blocks.items() if block.before is not None}
