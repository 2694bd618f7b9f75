"""Memory: what is read of the machine, what a run is said to need, and the word before one that would not fit."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from detente.engine import memory
from detente.engine.evaluate import evaluate, figures, graph_of, run_deal, run_part
from detente.engine.memory import Room, check, outcomes_bytes, room, summarised_bytes, traced_bytes
from detente.engine.paths import trace
from detente.engine.program import Program, compile_graph
from detente.engine.simulate import BASE
from detente.text.diagnostic import Diagnostic, Refused
from tests.support import read, small

GB = 10**9
DEAL = small(
    variables="sales: {unit: USD / month, past: {2024-12: 100}, next: 'gbm(growth = 20% / year, volatility = 30% / sqrt(year))', assumed: g}",
    outputs="[sales, lab.USD]",
)


def machine(root: Path, **files: str) -> Path:
    """A machine whose files say this; `__` stands for a slash, `_d_` for a dot."""
    for name, text in files.items():
        path = root / name.replace("_d_", ".").replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


FREE = {"proc__meminfo": "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n"}


def test_what_is_free_is_what_the_kernel_says_is_available(tmp_path: Path) -> None:
    assert room(machine(tmp_path, **FREE)) == Room(8_000_000 * 1024, "free on this machine")


def test_nothing_is_known_of_a_machine_that_says_nothing(tmp_path: Path) -> None:
    assert room(tmp_path) is None


def test_the_narrowest_control_group_counts_and_files_read_once_are_given_back(tmp_path: Path) -> None:
    """3 GB for the outer group with 2 GB taken, of which half a GB is files; the inner one has no limit."""
    root = machine(
        tmp_path,
        **FREE,
        proc__self__cgroup="0::/outer/inner\n",
        sys__fs__cgroup__outer__memory_d_max="3000000000\n",
        sys__fs__cgroup__outer__memory_d_current="2000000000\n",
        sys__fs__cgroup__outer__memory_d_stat="anon 1500000000\ninactive_file 500000000\n",
        sys__fs__cgroup__outer__inner__memory_d_max="max\n",
        sys__fs__cgroup__outer__inner__memory_d_current="1000000000\n",
    )
    assert room(root) == Room(3 * GB // 2, "left to this process by its control group")


def test_control_groups_of_the_first_version_count_too(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        **FREE,
        proc__self__cgroup="4:memory:/box\n3:cpu,cpuacct:/\n0::/\n",
        sys__fs__cgroup__memory__memory_d_limit_in_bytes="9223372036854771712\n",
        sys__fs__cgroup__memory__memory_d_usage_in_bytes="7000000000\n",
        sys__fs__cgroup__memory__box__memory_d_limit_in_bytes="1000000000\n",
        sys__fs__cgroup__memory__box__memory_d_usage_in_bytes="1200000000\n",
    )
    assert room(root) == Room(0, "left to this process by its control group")


def test_the_address_space_may_be_the_narrowest(tmp_path: Path) -> None:
    limits = "Limit                     Soft Limit           Hard Limit           Units\nMax address space         {}           unlimited            bytes\n"
    taken = {"proc__self__status": "Name: python\nVmSize:    500000 kB\n"}
    held = machine(tmp_path / "held", **FREE, **taken, proc__self__limits=limits.format(2_000_000_000))
    found = room(held)
    assert found is not None
    assert found.size == 2_000_000_000 - 500_000 * 1024
    assert "ulimit" in found.limit
    free = machine(tmp_path / "free", **FREE, **taken, proc__self__limits=limits.format("unlimited"))
    assert room(free) == Room(8_000_000 * 1024, "free on this machine")


@pytest.fixture(scope="module")
def program() -> Program:
    graph = graph_of(read(DEAL), figures(["lab.USD"]))
    return compile_graph(graph, ("sales", "lab.USD"), ("lab.USD",))


def test_whole_paths_need_what_their_numbers_take(program: Program) -> None:
    """Of three variants and one figure, and of what is traced in 68 months, another million paths need so much more."""
    million = 1_000_000
    more = partial(outcomes_bytes, program, 3, 12, 2)
    assert more(2 * million) - more(million) == 3 * 8 * million
    traced = partial(traced_bytes, program, 68)
    assert traced(2 * million) - traced(million) >= (2 + 1) * 68 * 8 * million


def test_values_are_kept_up_to_65536_paths_and_counted_in_bins_beyond(program: Program) -> None:
    """24 months and a figure of float64 on each path, the figure once more in order; beyond, no path needs anything of its own, but every thread does."""
    needed = partial(summarised_bytes, program, 12, 2)
    assert needed(65_536) - needed(32_768) == 26 * 32_768 * 8
    assert needed(65_537) == needed(4_000_000_000)
    assert summarised_bytes(program, 12, 8, 100_000) - needed(100_000) > 5 * 25 * 100_000


def refusal(needed: int, each: int, paths: int, size: int, bins: int | None = None) -> Diagnostic:
    """What is said of a run that needs so much, and so much a path; beyond 65,536 paths `bins`, if that is given."""

    def told(count: int) -> int:
        return bins if bins is not None and count > 65_536 else needed + each * count

    with pytest.raises(Refused) as wrong:
        check("a run", told, paths, Room(size, "free on this machine"))
    (found,) = wrong.value.diagnostics
    assert found.code == "not-enough-memory"
    return found


def test_it_says_what_is_needed_what_there_is_and_how_many_paths_fit() -> None:
    found = refusal(GB, 1000, 5_000_000, 3 * GB)
    assert found.message == "there is not enough memory for a run of 5,000,000 paths"
    assert (found.found, found.expected) == ("3 GB free on this machine", "about 6 GB")
    assert found.ways_out[0] == "ask for at most 2,000,000 paths, which fit"


def test_the_paths_that_fit_are_told_below_bins_where_bins_do_not_fit() -> None:
    found = refusal(0, 100_000, 5_000_000, 2 * GB, bins=4 * GB)
    assert found.ways_out[0] == "ask for at most 20,000 paths, which fit"


def test_more_paths_may_need_less() -> None:
    found = refusal(0, 100_000, 50_000, 2 * GB, bins=GB)
    assert found.ways_out[:2] == (
        "ask for at most 20,000 paths, which fit",
        "ask for more than 65,536 paths, whose values are counted in bins",
    )


def test_where_not_one_path_fits_no_number_is_named() -> None:
    found = refusal(2 * GB, 1, 10, GB)
    assert not any("paths" in way for way in found.ways_out)


def test_what_fits_or_is_not_known_is_not_refused() -> None:
    check("a run", lambda count: count, 1000, Room(1000, ""))
    check("a run", lambda count: count, 1000, None)


def test_every_way_to_run_says_it_before_it_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    deal = read(DEAL)
    graph = graph_of(deal)
    monkeypatch.setattr(memory, "room", lambda: Room(1_000_000, "free on this machine"))
    for work in (
        lambda: run_deal(deal, 100),
        lambda: run_deal(deal, 100, resume=tmp_path / "run.parts"),
        lambda: run_part(deal, range(1024), 5000, tmp_path / "run.parts"),
        lambda: evaluate(deal, [BASE], 100, 1, ["lab.USD"]),
        lambda: trace(graph, [0], 1),
    ):
        with pytest.raises(Refused, match="not-enough-memory"):
            work()
    assert [*tmp_path.iterdir()] == []
