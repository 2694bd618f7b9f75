"""Long runs by ranges of paths: stopped, gone on with, grown, shared by machines, always with the bits of a single run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detente.engine import evaluate
from detente.engine.evaluate import Stopped, on_threads, run_deal, run_part
from detente.engine.parts import merged, read, write
from detente.engine.run import Run
from detente.engine.simulate import BASE
from detente.text.diagnostic import Diagnostic, Refused
from tests.support import read as told
from tests.support import small

DEAL = small(
    to="2025-04",
    variables="sales: {unit: USD / month, past: {2024-12: 100}, next: 'gbm(growth = 20% / year, volatility = 30% / sqrt(year))', assumed: g}",
    flows="income: {from: world, to: lab, amount: sales}",
    events="struck: {hazard: 200% / year, assumed: g}",
    futures="rich: {when: lab.USD > 1420 USD at 2025-04, assumed: g}",
    outputs="[sales, lab.USD, struck]",
)

SAMPLE, BINNED = 5_000, 70_000
"""Runs whose values are kept, and counted in bins."""


def bits(run: Run) -> list[bytes]:
    """Every number of a run but the time it took."""
    rows = [
        getattr(one, key) for one in run.series.values() for key in ("mean", "p5", "p50", "p95", "mc_error", "present")
    ]
    chances = [[one.mean, one.p5, one.p50, one.p95, one.mc_error, one.present] for one in run.futures.values()]
    return [np.asarray(row).tobytes() for row in (*rows, *chances)]


@pytest.fixture(autouse=True)
def _short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "PIECE_PATHS", 2048)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.parts"


def stopped(paths: int, file: Path, after: int) -> str:
    """Ctrl-C once so many paths are told to be done; what is said then."""

    def progress(what: str, done: int, all_: int) -> None:
        if done >= after:
            raise KeyboardInterrupt

    with pytest.raises(Stopped) as said:
        run_deal(told(DEAL), paths, progress=progress, resume=file)
    return str(said.value)


def refusal(paths: int, file: Path, deal: str = DEAL, seed: int = 1, scenario: str = "base") -> Diagnostic:
    with pytest.raises(Refused) as wrong:
        run_deal(told(deal), paths, seed, scenario, resume=file)
    (found,) = wrong.value.diagnostics
    return found


@pytest.mark.parametrize("paths", [SAMPLE, BINNED])
@pytest.mark.parametrize("seconds", [0.0, 1e9], ids=["written each time", "written at the end"])
def test_a_run_in_pieces_has_the_bits_of_a_single_one(
    paths: int, seconds: float, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "WRITE_SECONDS", seconds)
    whole = run_deal(told(DEAL), paths)
    assert bits(run_deal(told(DEAL), paths, resume=file)) == bits(whole)
    assert read(file).done == (range(paths),)
    again = run_deal(told(DEAL), paths, resume=file)  # nothing is left to run
    assert bits(again) == bits(whole)
    assert [*again.series] == [*whole.series]


@pytest.mark.parametrize("paths", [SAMPLE, BINNED])
def test_a_stopped_run_keeps_what_is_done_and_goes_on_from_there(paths: int, file: Path) -> None:
    said = stopped(paths, file, 3000)
    (done,) = read(file).done
    assert done == range(2048)
    assert said == f"stopped; 2,048 of {paths:,} paths are kept in '{file}'; the same again goes on from there"
    assert bits(run_deal(told(DEAL), paths, resume=file)) == bits(run_deal(told(DEAL), paths))
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_a_run_that_is_stopped_at_once_says_that_nothing_is_done(file: Path) -> None:
    assert "0 of 5,000 paths" in stopped(SAMPLE, file, 0)
    assert read(file).done == ()


def test_progress_counts_from_what_is_done(file: Path) -> None:
    stopped(SAMPLE, file, 3000)
    seen: list[tuple[str, int, int]] = []
    run_deal(told(DEAL), SAMPLE, progress=lambda *one: seen.append(one), resume=file)
    assert {(what, all_) for what, _, all_ in seen} == {("simulating", SAMPLE)}
    done = [done for _, done, _ in seen]
    assert done == sorted(done)
    assert 2048 < done[0] < SAMPLE
    assert done[-1] == SAMPLE


def test_a_run_grows_past_the_paths_up_to_which_values_are_kept(file: Path) -> None:
    for paths in (4096, 8192, BINNED):
        assert bits(run_deal(told(DEAL), paths, resume=file)) == bits(run_deal(told(DEAL), paths))


def test_a_run_that_ended_inside_a_block_does_not_grow(file: Path) -> None:
    run_deal(told(DEAL), SAMPLE, resume=file)
    assert refusal(9000, file).code == "parts-do-not-fit"


def test_another_run_is_refused_with_all_that_differs_and_the_file_left_alone(file: Path) -> None:
    run_deal(told(DEAL), SAMPLE, resume=file)
    before = file.read_bytes()
    found = refusal(SAMPLE, file, DEAL.replace("volatility = 30%", "volatility = 40%"), seed=2)
    assert found.code == "parts-of-another-run"
    assert "seed 1" in found.found
    assert "other equations" in found.found
    assert file.read_bytes() == before


def test_machines_share_a_run(tmp_path: Path, file: Path) -> None:
    """One runs the end, the other the beginning, on other threads; a third goes on from both."""
    here, there = tmp_path / "here", tmp_path / "there"
    with on_threads(1):
        run_part(told(DEAL), range(40_960, BINNED), BINNED, there)
    with on_threads(3):
        run_part(told(DEAL), range(30_720), BINNED, here)
    write(file, merged([there, here]))
    assert read(file).missing(range(BINNED)) == (range(30_720, 40_960),)
    assert bits(run_deal(told(DEAL), BINNED, resume=file)) == bits(run_deal(told(DEAL), BINNED))


def test_a_part_begins_and_ends_between_blocks(file: Path) -> None:
    with pytest.raises(ValueError, match="no whole blocks"):
        run_part(told(DEAL), range(1000), SAMPLE, file)
    assert not file.exists()


def test_what_cannot_be_written_is_said_before_the_run(tmp_path: Path) -> None:
    seen: list[int] = []
    with pytest.raises(OSError, match="no folder"):
        run_deal(
            told(DEAL), SAMPLE, progress=lambda _, done, __: seen.append(done), resume=tmp_path / "no folder" / "f"
        )
    assert seen == []


def test_a_path_that_is_not_finite_ends_the_run_and_what_was_done_is_kept(file: Path) -> None:
    """One path of five thousand divides by zero: the one whose draw is this very number."""
    deal = small(
        assumptions="x: {value: 'uniform(0, 1)', assumed: g}",
        variables="y: {is: if x = EDGE then 1 / (x - x) else 1, assumed: g}",
        outputs="[y]",
    )
    edge = evaluate.evaluate(told(deal.replace("EDGE", "0")), [BASE], SAMPLE, 1, ["x"])[0, 0, 4500]
    found = refusal(SAMPLE, file, deal.replace("EDGE", f"{edge:.17f}"))
    assert found.message == "'y' is inf in 2025-01 on path 4500"
    assert found.expected == "a finite number; 1 path hit of paths 4,096 to 4,999"
    assert read(file).done == (range(4096),)
