"""Every type of term: its example runs, its entry in the catalogue is whole, and nothing of it is missing."""

from __future__ import annotations

import json
from textwrap import indent

import numpy as np
import pytest

from detente.answers.catalogue import term_entries
from detente.cli import main
from detente.engine.program import may_be_absent
from tests.support import agreement, agreements, play, small

ENTRIES = {one.type: one for one in term_entries()}

OTHERS = """
takings: {type: revenue_share, payer: lab, payee: cloud, base: 100 USD / month, rate: 20%, assumed: given}
power: {type: supply, supplier: cloud, need: lab.compute, capacity: 6 MW, price: 3 USD / MW / month, assumed: given}
elsewhere: {type: supply, supplier: rival, need: lab.compute, capacity: 4 MW, price: 2 USD / MW / month, assumed: given}
secrecy: {type: information_audit_right, obligor: cloud, holder: lab, breaks: after(2025-06)}
round: {type: equity_round, company: lab, investor: fund, when: on(2025-05), amount: 100 USD, pre_money: 1000 USD, assumed: given}
"""
"""Terms that examples name."""

EVENTS = "\n".join(
    f"{name}: {{decided_by: {who}, policy: {policy}, options: [never], assumed: given}}"
    for name, who, policy in (
        ("approval", "lab", "at(2025-03)"),
        ("consent", "cloud", "at(2025-05)"),
        ("conversion", "lab", "at(2025-07)"),
        ("declared", "lab", "at(2025-04)"),
        ("notice", "lab", "after(0 months)"),
        ("sold", "lab", "at(2025-08)"),
        ("steps_in", "lab", "after(0 months)"),
        ("event_a", "lab", "at(2025-06)"),
    )
)


def deal(kind: str) -> str:
    """The small deal with the example of a type in it."""
    grounds = "" if "assumed:" in ENTRIES[kind].example else "\nassumed: given"
    example = f"it:\n{indent(ENTRIES[kind].example + grounds, '  ')}"
    return small(
        needs="lab.compute: {resource: compute, amount: 8 MW, assumed: given}",
        agreements=agreements(agreement(f"{OTHERS.strip()}\n{example}", between="lab, cloud, rival, fund, staff")),
        events=EVENTS,
    )


@pytest.mark.parametrize("kind", ENTRIES)
def test_the_example_runs_and_every_value_is_finite_or_may_be_absent(kind: str) -> None:
    played = play(deal(kind), range(8))
    own = [name for name in played.graph.equations if name == "pact.it" or name.startswith("pact.it.")]
    assert own
    for name in own:
        if may_be_absent(played.graph.equations[name]):
            continue
        assert np.isfinite(played.simulated(name)).all(), name


@pytest.mark.parametrize("kind", ENTRIES)
def test_the_entry_is_whole(kind: str) -> None:
    """What it means, an invariant, parameters with their meaning, what it contributes."""
    entry = ENTRIES[kind]
    assert entry.summary.endswith(".")
    assert entry.invariant
    assert entry.joins
    assert entry.parameters
    assert all(one.means for one in entry.parameters)
    assert all(doc for _, doc, _ in entry.shows)


def test_the_command_lists_and_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["terms", "--json"]) == 0
    assert [one["type"] for one in json.loads(capsys.readouterr().out)] == list(ENTRIES)
    assert main(["terms"]) == 0
    assert "take_or_pay" in capsys.readouterr().out
    assert main(["terms", "take_or_pay"]) == 0
    assert "used or not" in capsys.readouterr().out
    assert main(["terms", "take_or_pays"]) == 2
    assert "take_or_pay" in capsys.readouterr().err
