"""Parts of a run on disk: joined they are the bits of a single run, and no file is taken for what it is not."""

from __future__ import annotations

import itertools
import json
import os
import random as shuffling
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente
from detente.engine.draws import Held
from detente.engine.evaluate import figures, graph_of, scenario_variant
from detente.engine.parts import Kept, fingerprint, merged, pieces, read, resumed, write
from detente.engine.paths import trace
from detente.engine.program import compile_graph
from detente.engine.simulate import BASE, Variant, outcomes, summarised
from detente.engine.summary import BLOCK_PATHS, EXACT_PATHS, Histogram, Sample, Summary
from detente.graph.model import Graph
from detente.text.diagnostic import Diagnostic, Refused
from tests.support import agreement, small
from tests.support import read as deal_of

FloatArray = npt.NDArray[np.float64]

SHARES = np.array([0.0, 0.05, 0.5, 0.95, 1.0])
RUN = {"seed": "1", "months": "2024-12 to 2025-12, now 2024-12", "equations": "a", "assumptions": "b"}


def samples(paths: int, seed: int = 1) -> dict[str, FloatArray]:
    """Two outputs of several months and two measures, with values that are absent on some paths or on all."""
    rng = np.random.default_rng(seed)
    money = np.exp(rng.normal(20.0, 1.5, (3, paths)))
    gap = np.where(rng.random((3, paths)) < 0.6, rng.normal(0.0, 1e9, (3, paths)), np.nan)
    gap[2] = np.nan
    date = np.where(rng.random((1, paths)) < 0.1, np.floor(rng.uniform(24_000.0, 24_120.0, (1, paths))), np.nan)
    chance = (rng.random((1, paths)) < 0.3).astype(np.float64)
    return {"money": money, "gap": gap, "date": date, "chance": chance}


def part(values: dict[str, FloatArray], paths: range, asked: int) -> Kept:
    """Some neighbouring paths as a part of a run."""
    found = {name: Summary.of(rows[:, paths.start : paths.stop], paths.start) for name, rows in values.items()}
    return Kept(
        RUN, asked, {name: found[name] for name in ("money", "gap")}, {key: found[key] for key in ("date", "chance")}
    )


def bits(kept: Kept) -> dict[str, list[bytes]]:
    """Every statistic of every summary."""
    return {name: told(one) for name, one in {**kept.outputs, **kept.measures}.items()}


def told(one: Summary) -> list[bytes]:
    found = (one.count, one.present, one.mean, one.deviation, one.mc_error, one.quantile(SHARES))
    return [np.ascontiguousarray(statistic).tobytes() for statistic in found]


def cut(paths: int, cuts: Iterable[int]) -> list[range]:
    """Paths cut at multiples of 1,024."""
    edges = sorted({0, paths, *(at * BLOCK_PATHS for at in cuts if at * BLOCK_PATHS < paths)})
    return [range(low, high) for low, high in itertools.pairwise(edges)]


def refusal(work: Callable[[], object]) -> Diagnostic:
    """The one finding that something is refused with, which shows a way out."""
    with pytest.raises(Refused) as wrong:
        work()
    (found,) = wrong.value.diagnostics
    assert found.ways_out
    assert all(found.ways_out)
    return found


SMALL, LARGE = 21 * BLOCK_PATHS + 300, EXACT_PATHS + 5 * BLOCK_PATHS + 7
VALUES = samples(LARGE)
WHOLE = {
    paths: bits(part({name: rows[:, :paths] for name, rows in VALUES.items()}, range(paths), paths))
    for paths in (SMALL, LARGE)
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for files that examples write over again."""
    return tmp_path_factory.mktemp("parts")


# the bits of a single run


@given(st.lists(st.integers(1, 21)), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_joined_parts_are_the_bits_of_one_run(folder: Path, cuts: list[int], order: shuffling.Random) -> None:
    check_joined(folder, SMALL, cuts, order)


@given(st.lists(st.integers(1, 69), max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=12, deadline=None)
def test_joined_parts_are_the_bits_of_one_large_run(folder: Path, cuts: list[int], order: shuffling.Random) -> None:
    check_joined(folder, LARGE, cuts, order)


def check_joined(folder: Path, paths: int, cuts: list[int], order: shuffling.Random) -> None:
    """Parts in any order, some at once, each state of the file written and read."""
    file = folder / "run.parts"
    file.unlink(missing_ok=True)
    ranges = cut(paths, cuts)
    order.shuffle(ranges)
    while ranges:
        some = [ranges.pop() for _ in range(order.randint(1, len(ranges)))]
        kept = resumed(file, RUN, paths).joined(*(part(VALUES, one, paths) for one in some))
        assert sum(map(len, kept.missing(range(paths)))) == sum(map(len, ranges))
        write(file, kept)
    kept = read(file)
    assert kept.done == (range(paths),)
    assert bits(kept) == WHOLE[paths]


@pytest.mark.parametrize("asked", [4096, 40_000, LARGE])
def test_a_run_grows_to_more_paths(tmp_path: Path, asked: int) -> None:
    """From values to counts in bins, where it comes to more than 65,536."""
    file = tmp_path / "run.parts"
    write(file, part(VALUES, range(4096), 4096))
    begun = resumed(file, RUN, asked)
    grown = begun.joined(*(part(VALUES, one, asked) for one in begun.missing(range(asked))))
    assert begun.done == (range(4096),)
    assert grown.paths == asked
    assert bits(grown) == bits(part({name: rows[:, :asked] for name, rows in VALUES.items()}, range(asked), asked))


def test_a_large_run_keeps_no_values_from_the_first_part_on(tmp_path: Path) -> None:
    first = resumed(tmp_path / "run.parts", RUN, 10**6).joined(part(VALUES, range(2048), 10**6))
    assert all(isinstance(one.values, Histogram) for one in {**first.outputs, **first.measures}.values())
    small_ = resumed(tmp_path / "run.parts", RUN, 10_000).joined(part(VALUES, range(2048), 10_000))
    assert all(isinstance(one.values, Sample) for one in {**small_.outputs, **small_.measures}.values())


def test_a_run_may_be_asked_for_less_than_it_was_begun_with(tmp_path: Path) -> None:
    """Whoever finds a run too long takes what is done, as the run of so many paths."""
    write(tmp_path / "run.parts", Kept(RUN, 10**6, {}, {}).joined(part(VALUES, range(EXACT_PATHS + 2048), 10**6)))
    asked = EXACT_PATHS + 2048
    kept = resumed(tmp_path / "run.parts", RUN, asked)
    assert not kept.missing(range(asked))
    assert bits(kept) == bits(part({name: rows[:, :asked] for name, rows in VALUES.items()}, range(asked), asked))


# what is missing


@given(st.integers(1, 30 * BLOCK_PATHS), st.sets(st.integers(0, 29)), st.data())
@settings(deadline=None)
def test_missing_is_what_is_not_done(paths: int, blocks: set[int], data: st.DataObject) -> None:
    ones = {"flag": np.ones((1, paths))}
    numbers = range(-(-paths // BLOCK_PATHS))
    found = [range(paths)[one * BLOCK_PATHS : (one + 1) * BLOCK_PATHS] for one in numbers if one in blocks]
    parts = [
        Kept(RUN, paths, {"flag": Summary.of(ones["flag"][:, one.start : one.stop], one.start)}, {}) for one in found
    ]
    kept = Kept(RUN, paths, {}, {}).joined(*parts)
    first = data.draw(st.sampled_from(numbers)) * BLOCK_PATHS
    among = range(first, data.draw(st.sampled_from([*range(first, paths, BLOCK_PATHS), paths])))
    missing = kept.missing(among)
    assert sorted(itertools.chain(*missing)) == sorted({*among}.difference(*found))
    assert sorted(itertools.chain(*kept.done)) == sorted(itertools.chain(*found))
    assert all(one.start % BLOCK_PATHS == 0 and len(one) for one in missing)


@given(st.lists(st.integers(1, 21)), st.integers(1, 25))
def test_pieces_are_the_same_paths(cuts: list[int], blocks: int) -> None:
    ranges = cut(SMALL, cuts)
    found = [*pieces(ranges, blocks * BLOCK_PATHS)]
    assert [*itertools.chain(*found)] == [*itertools.chain(*ranges)]
    assert all(0 < len(one) <= blocks * BLOCK_PATHS and one.start % BLOCK_PATHS == 0 for one in found)


# a deal

DEAL = small(
    assumptions="""
        pace:   {value: 20% to 90% / year, assumed: g}
        price:  {value: 2 to 5 USD / MW / month, assumed: g}
        danger: {value: 30% to 90% / year, kind: rate, assumed: g}
        wait:   {value: 'uniform(1 months, 9 months)', assumed: g}
        unread: {value: 1 to 2 USD, assumed: g}
    """,
    correlations="- {between: [pace, price], is: 0.5, assumed: g}",
    variables="""
        sales: {unit: USD / month, past: {2024-10: 80, 2024-12: 100}, next: 'gbm(growth = pace, volatility = 40% / sqrt(year))', assumed: g}
        plan:  {unit: USD / month, table: {2024-12: 100, 2025-12: 300}, assumed: g}
        gap:   {unit: USD / month, is: plan - sales}
        spare: {unit: USD, is: unread}
    """,
    flows="subscriptions: {from: world, to: lab, amount: sales}",
    needs="lab.compute: {resource: compute, amount: 5 MW, assumed: g}",
    agreements=agreement(
        """
        power:   {type: supply, supplier: cloud, need: lab.compute, capacity: 10 MW, price: price, assumed: g}
        takings: {type: revenue_share, payer: lab, payee: cloud, base: sales, rate: 30%, stops: left, assumed: g}
        """
    ),
    events="""
        struck: {hazard: danger}
        left:   {decided_by: lab, possible: struck, policy: after(wait), options: [never, after(0 months)], assumed: g}
    """,
    scenarios="""
        held: {left: never}
        free: {pact.takings: off}
        dear: {price: 9 USD / MW / month, assumed: g}
        fast: {pace: 200% to 300% / year, assumed: g}
    """,
    futures="gone: left by 2025-06\nrich: {when: lab.USD > 2000 USD at 2025-12, assumed: g}",
    outputs="[sales, gap, lab.USD, cloud.USD, struck]",
)
"""A process, correlated inputs, a hazard, a decision, terms, and an assumption that no output reads."""

OUTPUTS = ("sales", "gap", "lab.USD", "cloud.USD", "struck")
FIGURES = ("future gone", "future rich", "sales at left")
"""Two chances, and a figure that is absent where an event does not come."""


def built(text: str) -> Graph:
    return graph_of(deal_of(text), figures(FIGURES[2:]))


def mark(
    text: str = DEAL,
    one: Variant = BASE,
    seed: int = 1,
    outputs: tuple[str, ...] = OUTPUTS,
    measures: tuple[str, ...] = FIGURES,
) -> dict[str, str]:
    """The fingerprint of a run of a deal."""
    graph = built(text)
    return dict(fingerprint(compile_graph(graph, outputs, measures), graph, one, seed))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return built(DEAL)


def test_a_deal_that_was_interrupted_ends_as_one_that_was_not(graph: Graph, tmp_path: Path) -> None:
    """Each range runs by itself, with other paths than the whole run has beside it."""
    program = compile_graph(graph, OUTPUTS, FIGURES)
    run, file, paths = fingerprint(program, graph, BASE, 1), tmp_path / "run.parts", 5000
    (told_of_paths,) = outcomes(graph, program, [BASE], paths, 1)

    def ran(some: range) -> Kept:
        whole = trace(graph, some, 1, BASE, OUTPUTS)
        series = {name: rows[np.array(whole.months) > graph.deal.now] for name, rows in whole.values.items()}
        return Kept(
            run,
            paths,
            {name: Summary.of(series[name], some.start) for name in OUTPUTS},
            {
                key: Summary.of(row[np.newaxis, some.start : some.stop], some.start)
                for key, row in zip(FIGURES, told_of_paths, strict=True)
            },
        )

    kept = resumed(file, run, paths)
    for some in [*pieces(kept.missing(range(paths)), 1024)][::2]:
        kept = kept.joined(ran(some))
        write(file, kept)
    kept = resumed(file, run, paths)
    assert kept.missing(range(paths)) == (range(1024, 2048), range(3072, 4096))
    kept = kept.joined(*(ran(some) for some in kept.missing(range(paths))))
    outputs, measures = summarised(graph, program, BASE, paths, 1)
    assert bits(kept) == {name: told(one) for name, one in {**outputs, **measures}.items()}


# fingerprints


def differing(one: dict[str, str], other: dict[str, str]) -> set[str]:
    assert one.keys() == other.keys()
    return {name for name in one if one[name] != other[name]}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("20% to 90% / year", "20% to 91% / year", {"assumptions"}),
        ("pace:   {value", "pace:   {stream: other, value", {"assumptions"}),
        ("is: 0.5", "is: 0.4", {"assumptions"}),
        ("2025-12: 300", "2025-12: 301", {"tables"}),
        ("rate: 30%", "rate: 31%", {"equations"}),
        ("volatility = 40%", "volatility = 41%", {"equations"}),
        ("capacity: 10 MW", "capacity: 4 MW", {"equations"}),
        ("after(wait)", "after(2 months)", {"equations"}),
        ("stops: left, ", "", {"equations"}),
        ("to: 2025-12", "to: 2026-12", {"months"}),
    ],
)
def test_a_change_of_the_deal_is_another_run(before: str, after: str, expected: set[str]) -> None:
    assert before in DEAL
    assert expected <= differing(mark(), mark(DEAL.replace(before, after)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a small deal", "a deal of another name"),
        (
            "pace:   {value: 20% to 90% / year, assumed: g}",
            "pace:   {value: 20% to 90% / year, assumed: a better reason}",
        ),
        ("unread: {value: 1 to 2 USD", "unread: {value: 1 to 3 USD"),
        ("variables:", "variables: # a remark"),
    ],
)
def test_what_no_number_depends_on_is_the_same_run(before: str, after: str) -> None:
    assert before in DEAL
    assert mark() == mark(DEAL.replace(before, after))


def test_another_seed_and_other_outputs_are_other_runs() -> None:
    assert differing(mark(), mark(seed=2)) == {"seed"}
    assert differing(mark(), mark(outputs=OUTPUTS[:3])) >= {"outputs"}
    assert differing(mark(), mark(measures=FIGURES[1:])) >= {"outputs"}


def test_variants_are_other_runs_by_what_they_change(graph: Graph) -> None:
    base, deal = mark(), graph.deal
    array, other = np.linspace(1.0, 6.0, 2000), np.linspace(1.0, 6.0, 2000)
    other[1000] = np.nextafter(other[1000], 7.0)  # in the middle, where no text of an array would show it
    changed = {
        "held": (scenario_variant(deal, "held"), {"policies"}),
        "free": (scenario_variant(deal, "free"), {"terms switched off"}),
        "dear": (scenario_variant(deal, "dear"), {"assumptions"}),
        "fast": (scenario_variant(deal, "fast"), {"assumptions"}),
        "low": (Variant(overrides={"pace": Held(0.05)}), {"assumptions"}),
        "lower": (Variant(overrides={"pace": Held(0.01)}), {"assumptions"}),
        "number": (Variant(overrides={"price": 3.0}), {"assumptions"}),
        "by path": (Variant(overrides={"price": array}), {"assumptions"}),
        "by another path": (Variant(overrides={"price": other}), {"assumptions"}),
        "central": (Variant(central=True), {"assumptions"}),
    }
    marks = {name: mark(one=one) for name, (one, _) in changed.items()}
    for name, (_, expected) in changed.items():
        assert differing(base, marks[name]) == expected, name
    assert len({json.dumps(one) for one in marks.values()}) == len(marks)
    assert mark(one=Variant("a name", overrides={"unread": 1.5})) == base


def test_a_fingerprint_is_the_same_in_every_process_and_another_for_another_engine(tmp_path: Path) -> None:
    """In a copy of the package, with another order of sets; then with one line changed in its engine."""
    package = Path(detente.__file__).parent
    copy = shutil.copytree(package, tmp_path / "detente", ignore=shutil.ignore_patterns("__pycache__"))
    script = """
import json, sys, detente
from detente.engine.evaluate import figures, graph_of
from detente.engine.parts import fingerprint
from detente.engine.program import compile_graph
from detente.engine.simulate import BASE
outputs, measures = map(tuple, map(json.loads, sys.argv[2:]))
graph = graph_of(detente.loads(sys.argv[1]).text, figures(measures[2:]))
print(detente.__file__)
program = compile_graph(graph, outputs, measures)
print(json.dumps(fingerprint(program, graph, BASE, 1)))
"""

    def elsewhere(order: str) -> dict[str, str]:
        call = [sys.executable, "-c", script, DEAL, json.dumps(OUTPUTS), json.dumps(FIGURES)]
        set_ = {**os.environ, "PYTHONHASHSEED": order, "PYTHONPATH": str(tmp_path)}
        where, found = subprocess.run(call, env=set_, check=True, capture_output=True, text=True).stdout.splitlines()
        assert Path(where).parent == copy
        return dict(json.loads(found))

    assert elsewhere("1") == elsewhere("2") == mark()
    with open(copy / "engine" / "quantiles.py", "a", encoding="utf-8") as source:
        source.write("NEW = 1\n")
    assert differing(elsewhere("1"), mark()) == {"code of the engine"}


# files


@pytest.fixture(scope="module")
def kept() -> Kept:
    """Two ranges of a large run."""
    begun = Kept(RUN, LARGE, {}, {})
    return begun.joined(part(VALUES, range(2048, 5120), LARGE), part(VALUES, range(1024), LARGE))


@pytest.fixture(scope="module")
def data(kept: Kept, folder: Path) -> bytes:
    write(folder / "data.parts", kept)
    return (folder / "data.parts").read_bytes()


def test_what_is_written_is_read(kept: Kept, tmp_path: Path) -> None:
    write(tmp_path / "run.parts", kept)
    back = read(tmp_path / "run.parts")
    assert (back.fingerprint, back.paths, back.done) == (RUN, LARGE, (range(1024), range(2048, 5120)))
    assert ([*back.outputs], [*back.measures]) == (["money", "gap"], ["date", "chance"])
    assert bits(back) == bits(kept)
    write(tmp_path / "again.parts", back)
    assert (tmp_path / "again.parts").read_bytes() == (tmp_path / "run.parts").read_bytes()


def test_a_run_that_has_only_begun_is_kept_too(tmp_path: Path) -> None:
    write(tmp_path / "run.parts", Kept(RUN, 5000, {}, {}))
    back = read(tmp_path / "run.parts")
    assert back.done == ()
    assert back.missing(range(5000)) == (range(5000),)


def test_the_file_is_an_archive_of_plain_arrays(data: bytes, folder: Path) -> None:
    with np.load(folder / "data.parts", allow_pickle=False) as arrays:
        assert all(not arrays[name].dtype.hasobject for name in arrays)
    assert len(data) > 1000


def test_the_file_is_small(tmp_path: Path) -> None:
    """A bin takes some two bytes, however many values are in it; in memory it takes sixteen."""
    values = np.exp(np.random.default_rng(5).normal(20.0, 1.0, (4, 3 * EXACT_PATHS)))
    one = Summary.of(values)
    assert isinstance(one.values, Histogram)
    write(tmp_path / "run.parts", Kept(RUN, values.shape[1], {"money": one}, {}))
    assert (tmp_path / "run.parts").stat().st_size < 2.5 * len(one.values.keys)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_refused(data: bytes, folder: Path, choice: st.DataObject) -> None:
    file, at = folder / "damaged.parts", choice.draw(st.integers(0, len(data) - 1))
    flipped = data[:at] + bytes([data[at] ^ (1 << choice.draw(st.integers(0, 7)))]) + data[at + 1 :]
    file.write_bytes(choice.draw(st.sampled_from([data[:at], flipped, data[:at] + data[at + 1 :], data + data[at:]])))
    found = refusal(lambda: resumed(file, RUN, LARGE))
    assert found.code == ("parts-damaged" if at > 60 else found.code)
    assert found.code in ("parts-damaged", "not-parts")
    assert str(file) in found.message


def other_arrays(file: Path) -> None:
    with open(file, "wb") as opened:
        np.savez(opened, a=np.arange(3))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda file: file.write_bytes(b""), "not-parts"),
        (lambda file: file.write_text("deal: a deal\n"), "not-parts"),
        (lambda file: file.write_bytes(os.urandom(5000)), "not-parts"),
        (other_arrays, "not-parts"),
        (lambda file: file.mkdir(), "file-unreadable"),
        (lambda file: file.symlink_to(file.parent / "gone"), "file-unreadable"),
        (lambda file: os.mkfifo(file), "file-unreadable"),
    ],
    ids=["empty", "text", "noise", "other arrays", "folder", "broken link", "pipe"],
)
def test_a_foreign_file_is_refused_and_left_alone(make: Callable[[Path], object], code: str, tmp_path: Path) -> None:
    make(tmp_path / "run.parts")
    before = os.lstat(tmp_path / "run.parts")
    found = refusal(lambda: resumed(tmp_path / "run.parts", RUN, 5000))
    assert found.code == code
    assert str(tmp_path / "run.parts") in found.message
    assert os.lstat(tmp_path / "run.parts").st_mtime_ns == before.st_mtime_ns


def test_what_cannot_be_written_leaves_the_file_as_it_was(
    kept: Kept, data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the last moment: nothing is lost, nothing lies about."""

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    write(tmp_path / "run.parts", kept)
    monkeypatch.setattr(os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "run.parts", Kept(RUN, 5000, {}, {}))
    assert [one.name for one in tmp_path.iterdir()] == ["run.parts"]
    assert (tmp_path / "run.parts").read_bytes() == data
    with pytest.raises(OSError, match="no folder"):
        write(tmp_path / "no folder" / "run.parts", kept)


# what does not fit


def test_parts_of_another_run_are_refused(kept: Kept, tmp_path: Path) -> None:
    write(tmp_path / "run.parts", kept)
    found = refusal(lambda: resumed(tmp_path / "run.parts", {**RUN, "seed": "2", "assumptions": "c"}, LARGE))
    assert (found.code, found.found, found.expected) == ("parts-of-another-run", "seed 1, other assumptions", "seed 2")


@pytest.mark.parametrize(
    ("done", "begun", "asked", "found", "way"),
    [
        (5000, 5000, 9000, "inside a block of 1,024", "ask for 5,000 paths"),
        (5000, 5000, 4096, "paths up to 4,999", "ask for at least 5,000 paths"),
        (2048, LARGE, 5000, "counts in bins", "ask for more than 65,536 paths"),
    ],
    ids=["a short block", "fewer than are done", "bins for values"],
)
def test_a_run_that_the_parts_do_not_fit_is_refused(
    done: int, begun: int, asked: int, found: str, way: str, tmp_path: Path
) -> None:
    write(tmp_path / "run.parts", Kept(RUN, begun, {}, {}).joined(part(VALUES, range(done), begun)))
    said = refusal(lambda: resumed(tmp_path / "run.parts", RUN, asked))
    assert said.code == "parts-do-not-fit"
    assert found in said.found
    assert said.ways_out[0].startswith(way)


def test_files_of_two_machines_are_merged(tmp_path: Path) -> None:
    """Each runs a range; the one that was asked for fewer paths goes along."""
    here, there = range(8 * BLOCK_PATHS), range(8 * BLOCK_PATHS, SMALL)
    write(tmp_path / "here", part(VALUES, here, 10 * BLOCK_PATHS))
    write(tmp_path / "there", part(VALUES, there, SMALL))
    for files in (["here", "there"], ["there", "here"]):
        both = merged([tmp_path / one for one in files])
        assert both.paths == SMALL
        assert bits(both) == WHOLE[SMALL]
    assert bits(merged([tmp_path / "here"])) == bits(read(tmp_path / "here"))


def test_files_that_hold_the_same_paths_are_refused(tmp_path: Path) -> None:
    for name, some in (("a", range(4096)), ("b", range(5120, 7168)), ("c", range(3072, 6144))):
        write(tmp_path / name, part(VALUES, some, SMALL))
    with pytest.raises(Refused) as wrong:
        merged([tmp_path / name for name in "abc"])
    assert [one.found for one in wrong.value.diagnostics] == [
        "paths 3,072 to 4,095 in both",
        "paths 5,120 to 6,143 in both",
    ]
    assert {one.code for one in wrong.value.diagnostics} == {"parts-overlap"}


def test_files_of_different_runs_are_not_merged(tmp_path: Path) -> None:
    write(tmp_path / "a", part(VALUES, range(1024), SMALL))
    write(tmp_path / "b", Kept({**RUN, "equations": "c"}, SMALL, {}, {}))
    found = refusal(lambda: merged([tmp_path / "a", tmp_path / "b"]))
    assert (found.code, found.found) == ("parts-of-another-run", "other equations")
    assert str(tmp_path / "b") in found.message


def test_files_are_not_merged_where_one_ends_inside_a_block(tmp_path: Path) -> None:
    write(tmp_path / "a", part(VALUES, range(5000), 5000))
    write(tmp_path / "b", part(VALUES, range(5120, SMALL), SMALL))
    assert refusal(lambda: merged([tmp_path / "a", tmp_path / "b"])).code == "parts-do-not-fit"


def test_a_file_that_is_missing_is_not_merged(tmp_path: Path) -> None:
    assert refusal(lambda: merged([tmp_path / "gone"])).code == "file-unreadable"


@pytest.mark.parametrize(
    ("work", "message"),
    [
        (
            lambda: part(VALUES, range(2048), 5000).joined(part(VALUES, range(1024, 3072), 5000)),
            "path 1024 is summarised twice",
        ),
        (lambda: part(VALUES, range(5000), 5000).joined(Kept({**RUN, "seed": "2"}, 5000, {}, {})), "the same run"),
        (lambda: part(VALUES, range(5000), 4096), "of 4096 paths ends at path 5000"),
        (lambda: part(VALUES, range(1500), 5000), "ends at path 1500, inside a block"),
        (
            lambda: Kept(RUN, 5000, {"a": Summary.of(np.ones((1, 1024)))}, {"b": Summary.of(np.ones((1, 2048)))}),
            "the same paths",
        ),
        (lambda: Kept(RUN, 5000, {}, {}).missing(range(100, 2048)), "no whole blocks"),
        (lambda: Kept(RUN, 5000, {}, {}).missing(range(2000)), "no whole blocks"),
        (lambda: [*pieces([range(5000)], 1000)], "a multiple of 1024"),
        (lambda: [*pieces([range(5000)], 0)], "a multiple of 1024"),
    ],
)
def test_parts_that_cannot_be_are_refused(work: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        work()
