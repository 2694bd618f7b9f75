"""What holds of every case that is shipped: nothing in it is wrong or odd, it conserves, and it knows nothing early."""

from __future__ import annotations

from pathlib import Path

import pytest

import detente
from detente.answers.conservation import conservation
from detente.deal.load import load_deal
from detente.engine.evaluate import graph_of
from detente.graph.build import needed
from detente.text.written import month_text

CASES = Path(__file__).parents[2] / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir() if (folder / "deal.yaml").exists())
CONSERVED = {
    "anthropic": {"USD", "equity", "compute of anthropic.compute"},
    "coreweave": {"USD", "equity"},
    "openai-microsoft": {"USD", "credits", "equity", "compute of openai.compute"},
    "pfizer-biontech": {"USD", "EUR"},
    "tesla-panasonic": {"USD", "cells of tesla.cells"},
}
"""What must at least be held to by name."""

LARGEST = {"openai-microsoft": 350}
"""Equations that a run may need; 250 for the others: a case is to be read."""

SCORED_ON_WHAT_FOLLOWED = {"pfizer-biontech"}
"""Cases whose observations after `now` are there to be scored; their own tests hold that nothing else is later."""


def test_all_five_are_there() -> None:
    assert sorted(CONSERVED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_or_odd(name: str) -> None:
    text, found = load_deal(CASES / name)
    assert text is not None
    assert found == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_path_and_month_conserves(name: str) -> None:
    found = conservation(graph_of(detente.load(CASES / name).text), paths=512)
    assert set(found) >= CONSERVED[name]
    assert max(found.values()) <= 1e-12


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SCORED_ON_WHAT_FOLLOWED])
def test_nothing_later_than_now_is_used(name: str) -> None:
    text = detente.load(CASES / name).text
    evidence = text.evidence
    late = [claim.name for claim in evidence.claims.values() if claim.known and claim.known.first > text.now]
    late += [one.name for one in evidence.sources.values() if one.published and one.published.first > text.now]
    assert late == [], f"published after {month_text(text.now)}"


@pytest.mark.parametrize("name", NAMES)
def test_it_stays_small_enough_to_read(name: str) -> None:
    assert len(needed(graph_of(detente.load(CASES / name).text))) <= LARGEST.get(name, 250)
