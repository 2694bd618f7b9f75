"""No text, however broken, ends in a traceback, hangs, or loses a word in silence (R1). Briefly here; `make study` runs
ten thousand mutations and five million inputs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from detente.deal.load import load_deal
from detente.graph.build import check
from study import fuzz, mutate
from study.large_deal import large_deal, write

SEED = 0 if "CI" in os.environ else int.from_bytes(os.urandom(4))
"""The same under CI every time; elsewhere another each time, told with what fails."""


def test_nothing_crashes_the_reader() -> None:
    found = fuzz.fuzz(SEED, 4_000)
    assert not found.crashes, "\n".join(found.crashes)
    assert found.inputs == 4_000
    assert 0 < found.read < 4_000, "inputs that are all read, or none, try nothing"


def test_mutations_of_a_small_deal_are_told(tmp_path: Path) -> None:
    (tmp_path / "deal.yaml").write_text(fuzz.DEAL, encoding="utf-8")
    found = mutate.mutate((SEED, 400, tmp_path))
    assert not found.failures, "\n".join(found.failures)
    assert found.in_words > 50
    assert found.codes["unknown-key"] > 20


def test_mutations_of_the_case_are_told() -> None:
    found = mutate.mutate((SEED, 50, mutate.CASE))
    assert not found.failures, "\n".join(found.failures)
    assert found.mutations == 50


TEXT = fuzz.DEAL


@pytest.mark.parametrize(
    ("was", "becomes", "lost"),
    [
        ("  fees:", "  feez:", ""),  # a flow that nothing reads
        ("  pace:", "  pacf:", "the name 'pace' became 'pacf'"),
        ("      sites:", "      sitez:", ""),  # a term that nothing reads
        ("assumed: a", "asumed: a", "the word 'assumed' became 'asumed'"),
        ("signed:", "#igned:", ""),  # a comment, which nobody can tell from intent
        ("2025-12, assumed", "2025-11, assumed", ""),  # a value
    ],
)
def test_what_a_mutation_has_lost(tmp_path: Path, was: str, becomes: str, lost: str) -> None:
    """The rule that `study/mutate.py` states, by hand."""
    text = TEXT.replace("until: 2025-12}", "until: 2025-12, assumed: a}")
    (tmp_path / "deal.yaml").write_text(text, encoding="utf-8")
    whole = mutate.deal(tmp_path)
    at = text.index(was)
    first = at + next(i for i, (a, b) in enumerate(zip(was, becomes, strict=False)) if a != b)
    changed = text[:at] + becomes + text[at + len(was) :]
    found = mutate.lost(whole, changed, first, first + 1)
    assert found.startswith(lost)
    assert bool(found) == bool(lost)


def test_a_large_deal_is_in_order(tmp_path: Path) -> None:
    write(tmp_path, 500)
    graph, findings = check(*load_deal(tmp_path))
    assert findings == ()
    assert graph is not None
    assert large_deal(500)[0].count("\n") >= 500


@pytest.mark.parametrize(
    "text", ["", "\ufeff", "\0", "-", "{", "[", "a", "? ", "--- |", "%", "&", "*", "deal", "deal:", "{deal: }"]
)
def test_next_to_nothing_is_refused_in_words(text: str) -> None:
    assert not fuzz.read_deal(text)
