"""Parts of a long run, kept in one file: what is done is not lost, and two machines may share the work.

A run is cut into ranges of paths that start at multiples of 1,024. Summaries of the ranges that are done are joined as
they come, in any order, and give the bits of a single run (R5). Two machines keep a file each, and `merged` joins them.
The file is an `.npz` without pickle, whose last bytes (the comment of a zip) are the BLAKE2b of all before them; its
fingerprint says which run it belongs to, so that the parts of another are never taken for it (R1).

Six outputs over 68 months and five million paths, lognormal with σ from 0.2 to 1.5, take 5.3 MB: the bins in use make
the size. Written in 0.26 s, read in 0.11 s, joined to a further part in 0.3 s. Up to 65,536 paths the values themselves
are kept: at most 204 MB for as many series, written in 7 s.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from functools import cache
from hashlib import blake2b
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from detente.engine.program import Program
from detente.engine.simulate import Variant, run_arguments
from detente.engine.summary import BLOCK_PATHS, EXACT_PATHS, Branch, Histogram, Moments, Sample, Summary
from detente.graph.events import choice
from detente.graph.model import Graph
from detente.graph.status import switch
from detente.text.diagnostic import Diagnostic, Refused
from detente.text.files import write_whole
from detente.text.place import NOWHERE
from detente.text.written import month_text

Fingerprint: TypeAlias = Mapping[str, str]
"""What the numbers of a run depend on, by what a reader calls it: seed and months as written, the rest as digests."""

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]

HEAD = "detente-parts-1"
"""The first array of a file, which says with its number how the others are laid out."""

DIGEST_BYTES = 32
COMPRESSION = 1
"""The quickest level of deflate: the sixth takes six times as long for a tenth of the bytes."""


def fingerprint(program: Program, graph: Graph, variant: Variant, seed: int) -> Fingerprint:
    """Everything that the numbers of a run depend on but its paths, by BLAKE2b. Names of variants and what the program
    does not read have no part in it; a change to the engine's own code has.

    Raises:
        ValueError: for an input, event or term that the graph does not have, or a policy that it was not built with.
    """
    given = run_arguments(graph, variant, seed, np.zeros(1, dtype=np.uint64))
    read = [name for name in program.arguments if name in graph.inputs]
    inputs = {
        name: (
            variant.overrides.get(name, graph.inputs[name].distribution),
            graph.mixing.get(name, graph.inputs[name].stream),
        )
        for name in read
    }
    policies = {name: given[name] for name in map(choice, graph.choices) if name in program.arguments}
    switches = {name: given[name] for name in map(switch, graph.switches) if name in program.arguments}
    tables = {name: (graph.tables[name].first, graph.tables[name].values) for name in program.tables}
    start, now, last = map(month_text, (graph.start, graph.deal.now, graph.deal.last))
    return {
        "seed": str(seed),
        "months": f"{start} to {last}, now {now}",
        "outputs": _digest(([*program.outputs], [*program.measures])),
        "equations": _digest(program),
        "tables": _digest(tables),
        "assumptions": _digest((inputs, variant.central)),
        "policies": _digest(policies),
        "terms switched off": _digest(switches),
        "code of the engine": _engine(),
    }


@cache
def _engine() -> str:
    """The modules beside this one, which is stricter than the number of a version."""
    here = Path(__file__).parent
    return _digest({str(file.relative_to(here)): file.read_text("utf-8") for file in here.rglob("*.py")})


def _digest(value: object) -> str:
    return blake2b(_exact(value).encode(), digest_size=16).hexdigest()


def _exact(value: object) -> str:
    """A text that differs wherever values do, by one bit of a float too, and is the same in every process."""
    match value:
        case float():
            return float(value).hex()
        case np.ndarray():
            return f"{value.dtype.str}{value.shape}{blake2b(value.tobytes()).hexdigest()}"
        case Mapping():
            return f"{{{','.join(sorted(f'{_exact(key)}:{_exact(item)}' for key, item in value.items()))}}}"
        case frozenset():
            return f"{{{','.join(sorted(map(_exact, value)))}}}"
        case tuple() | list():
            return f"[{','.join(map(_exact, value))}]"
        case None | bool() | int() | str() | Fraction():
            return repr(value)
        case _ if is_dataclass(value):
            return f"{type(value).__name__}{_exact([getattr(value, one.name) for one in fields(value)])}"
        case _:
            raise TypeError(f"there is no exact text of a {type(value).__name__}")


@dataclass(frozen=True, eq=False)
class Kept:
    """What is done of a run of `paths` paths: summaries of outputs by name and of measures by key, all of the same
    paths; none before the first part is done.

    Joined parts hold the values themselves where up to 65,536 paths are asked for; beyond, counts in bins from the
    first part on. Raises ValueError for summaries of different paths, of paths that were not asked for, or that end
    inside a block of 1,024 although the run goes on.
    """

    fingerprint: Fingerprint
    paths: int
    outputs: Mapping[str, Summary]
    measures: Mapping[str, Summary]

    def __post_init__(self) -> None:
        if len({_ranges(one.branches) for one in self._summaries}) > 1:
            raise ValueError("the summaries of a part are of the same paths")
        if self.end > self.paths:
            raise ValueError(f"a part of {self.paths} paths ends at path {self.end}")
        if self.end < self.paths and self.end % BLOCK_PATHS:
            raise ValueError(f"a part ends at path {self.end}, inside a block of {BLOCK_PATHS}, but more paths follow")

    @property
    def _summaries(self) -> tuple[Summary, ...]:
        return (*self.outputs.values(), *self.measures.values())

    @property
    def done(self) -> tuple[range, ...]:
        """The paths that are summarised, in order, neighbours as one range."""
        return _ranges(self._summaries[0].branches) if self._summaries else ()

    @property
    def end(self) -> int:
        """One past the last path that is done; 0 where none is."""
        return self.done[-1].stop if self.done else 0

    def missing(self, among: range) -> tuple[range, ...]:
        """What of some neighbouring paths is still to run.

        Raises:
            ValueError: where they do not start and end between blocks of 1,024, or at the end of the run.
        """
        if among.start % BLOCK_PATHS or (among.stop % BLOCK_PATHS and among.stop != self.paths):
            raise ValueError(f"paths {among.start} to {among.stop} are no whole blocks of {BLOCK_PATHS}")
        found: list[range] = []
        first = among.start
        for done in (*self.done, range(among.stop, among.stop)):
            found.append(range(first, min(done.start, among.stop)))
            first = max(first, done.stop)
        return tuple(one for one in found if one)

    def joined(self, *others: Kept) -> Kept:
        """These parts together, to the bit the same in any order; of the most paths that one of them was asked for.

        Raises:
            ValueError: for parts of different runs, for a path that two of them hold, and as the class does.
        """
        if any(other.fingerprint != self.fingerprint for other in others):
            raise ValueError("only parts of the same run can be joined")
        paths = max(one.paths for one in (self, *others))
        parts = [one for one in (self, *others) if one.done]
        if not parts:
            return replace(self, paths=paths)
        return Kept(
            self.fingerprint,
            paths,
            {name: _together([one.outputs[name] for one in parts], paths) for name in parts[0].outputs},
            {key: _together([one.measures[key] for one in parts], paths) for key in parts[0].measures},
        )


def pieces(ranges: Iterable[range], length: int) -> Iterator[range]:
    """Ranges of paths cut into such of at most `length`.

    Raises:
        ValueError: where that is not a multiple of 1,024.
    """
    if length < 1 or length % BLOCK_PATHS:
        raise ValueError(f"a piece has a multiple of {BLOCK_PATHS} paths, not {length}")
    for one in ranges:
        for at in range(0, len(one), length):
            yield one[at : at + length]


def _ranges(branches: Iterable[Branch]) -> tuple[range, ...]:
    found: list[range] = []
    for one in branches:
        start = found.pop().start if found and found[-1].stop == one.first_path else one.first_path
        found.append(range(start, one.first_path + one.paths))
    return tuple(found)


def _together(parts: list[Summary], paths: int) -> Summary:
    first, *rest = [one.binned() for one in parts] if paths > EXACT_PATHS else parts
    return first.merge(*rest)


def resumed(path: Path, run: Fingerprint, paths: int) -> Kept:
    """What a file keeps of a run that is now asked for so many paths; nothing where there is no such file yet.

    A run may go on to more paths than it was begun with, if those that are done end with a whole block of 1,024.

    Raises:
        Refused: where the file cannot be read, is damaged, belongs to another run, or does not fit the paths.
    """
    if not os.path.lexists(path):
        return Kept(run, paths, {}, {})
    kept = read(path)
    if kept.fingerprint != run:
        raise Refused((_other_run(path, kept.fingerprint, run, ("name another file, in which this run begins",)),))
    return _fitted(path, kept, paths)


def merged(files: Sequence[Path]) -> Kept:
    """What several files keep of one run, together.

    Raises:
        Refused: where one of them cannot be read, is damaged or of another run than the first, or where two hold the
            same paths.
    """
    parts = [read(file) for file in files]
    run = parts[0].fingerprint
    way = "run the missing paths with the deal, the scenario, the seed and the detente of the first file"
    wrong = [
        _other_run(file, one.fingerprint, run, (way,))
        for file, one in zip(files, parts, strict=True)
        if one.fingerprint != run
    ]
    for one, other in combinations(range(len(files)), 2):
        twice = _common(parts[one].done, parts[other].done)
        if twice:
            wrong.append(
                Diagnostic(
                    "parts-overlap",
                    f"'{files[other]}' and '{files[one]}' hold the same paths of a run",
                    NOWHERE,
                    f"{_told(twice)} in both",
                    "every path in one file",
                    ("leave one of the files out", "run again what only the one left out holds"),
                )
            )
    if wrong:
        raise Refused(tuple(wrong))
    paths = max(one.paths for one in parts)
    first, *rest = [_fitted(file, one, paths) for file, one in zip(files, parts, strict=True)]
    return first.joined(*rest)


def _common(left: Iterable[range], right: Sequence[range]) -> list[range]:
    both = (range(max(one.start, other.start), min(one.stop, other.stop)) for one in left for other in right)
    return [one for one in both if one]


def _told(ranges: Iterable[range]) -> str:
    return "paths " + ", ".join(f"{one.start:,} to {one.stop - 1:,}" for one in ranges)


def _other_run(path: Path, found: Fingerprint, expected: Fingerprint, ways: tuple[str, ...]) -> Diagnostic:
    differ = [name for name in expected if found.get(name) != expected[name]]
    plain = [name for name in differ if name in ("seed", "months")]
    return Diagnostic(
        "parts-of-another-run",
        f"'{path}' holds parts of another run",
        NOWHERE,
        ", ".join(f"{name} {found.get(name)}" if name in plain else f"other {name}" for name in differ),
        ", ".join(f"{name} {expected[name]}" for name in plain),
        (*ways, "take back what has changed since"),
    )


def _fitted(path: Path, kept: Kept, paths: int) -> Kept:
    """What a file keeps, for a run of so many paths."""
    problem = ""
    if paths < kept.end:
        problem, way = f"paths up to {kept.end - 1:,}", f"ask for at least {kept.end:,} paths"
    elif paths > kept.end and kept.end % BLOCK_PATHS:
        problem = f"paths up to {kept.end - 1:,}, which end inside a block of {BLOCK_PATHS:,}"
        way = f"ask for {kept.end:,} paths; a run that asks for a multiple of {BLOCK_PATHS:,} can go on later"
    elif paths <= EXACT_PATHS < kept.paths and kept.done:
        problem = f"counts in bins, made for {kept.paths:,} paths; up to {EXACT_PATHS:,} the values are kept"
        way = f"ask for more than {EXACT_PATHS:,} paths"
    if problem:
        message = f"'{path}' cannot be part of a run of {paths:,} paths"
        ways = (way, "name another file, in which the run begins from the first path")
        raise Refused((Diagnostic("parts-do-not-fit", message, NOWHERE, problem, ways_out=ways),))
    return kept.joined(Kept(kept.fingerprint, paths, {}, {})) if paths > kept.paths else replace(kept, paths=paths)


def write(path: Path, kept: Kept) -> None:
    """Write parts in one step: whoever reads, or a crash, meets the old file or the new one.

    Raises:
        OSError: where the folder is missing or may not be written, or the disk is full.
    """
    write_whole(path, _data(kept))


def read(path: Path) -> Kept:
    """The parts in a file.

    Raises:
        Refused: where it cannot be read, holds something else, or is damaged.
    """
    data = _bytes(path)
    if not data[30:].startswith(f"{HEAD}.npy".encode()):  # a zip has the name of its first file there
        message = f"'{path}' holds no parts of a run that this detente can read"
        found = f"{len(data):,} bytes of something else" if data else "an empty file"
        ways = ("check its name", "name a file that is not there yet, in which the run begins")
        raise Refused((Diagnostic("not-parts", message, NOWHERE, found, "a file that a run has written", ways),))
    if data[-DIGEST_BYTES:] != _checksum(data[:-DIGEST_BYTES]):
        message = f"'{path}' is damaged: these are not the bytes that a run has written"
        found = f"{len(data):,} bytes, whose checksum is not the one at their end"
        ways = ("copy it again, if it came from elsewhere", "delete it, and the run begins again")
        raise Refused((Diagnostic("parts-damaged", message, NOWHERE, found, ways_out=ways),))
    with np.load(BytesIO(data), allow_pickle=False) as arrays:
        head = json.loads(arrays[HEAD].tobytes())
        outputs = {one: _unpacked(arrays, f"output {at}") for at, one in enumerate(head["outputs"])}
        measures = {one: _unpacked(arrays, f"measure {at}") for at, one in enumerate(head["measures"])}
    return Kept(head["fingerprint"], head["paths"], outputs, measures)


def _bytes(path: Path) -> bytes:
    try:
        if path.is_file() or not path.exists():
            return path.read_bytes()
        reason = "a folder, a pipe or a device"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    message, ways = f"'{path}' cannot be read", ("check its name, and who may read it",)
    raise Refused((Diagnostic("file-unreadable", message, NOWHERE, reason, "a file that a run has written", ways),))


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def _data(kept: Kept) -> bytes:
    """The bytes of the file."""
    head = {
        "fingerprint": dict(kept.fingerprint),
        "paths": kept.paths,
        "outputs": [*kept.outputs],
        "measures": [*kept.measures],
    }
    arrays: dict[str, npt.NDArray[Any]] = {HEAD: np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)}
    for at, one in enumerate(kept.outputs.values()):
        arrays |= _packed(one, f"output {at}")
    for at, one in enumerate(kept.measures.values()):
        arrays |= _packed(one, f"measure {at}")
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=COMPRESSION) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
        archive.comment = bytes(DIGEST_BYTES)
    data = buffer.getvalue()[:-DIGEST_BYTES]
    return data + _checksum(data)


def _packed(summary: Summary, name: str) -> dict[str, npt.NDArray[Any]]:
    """A summary as arrays. Bins lie close and counts are small, so that gaps and narrow integers deflate well."""
    moments = [one.moments for one in summary.branches]
    found = {
        "branches": np.array([(one.level, one.index, one.paths) for one in summary.branches], dtype=np.int64),
        "count": np.stack([one.count for one in moments]),
        "mean": np.stack([one.mean for one in moments]),
        "second": np.stack([one.second for one in moments]),
    }
    match summary.values:
        case Sample(pieces=pieces):
            found["values"] = np.concatenate(pieces, axis=1)
        case Histogram(keys=keys, counts=counts, least=least, greatest=greatest):
            found |= {"gaps": _narrow(np.diff(keys, prepend=0)), "counts": _narrow(counts)}
            found |= {"least": least, "greatest": greatest}
    return {f"{name} {part}": array for part, array in found.items()}


def _narrow(whole: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
    """Whole numbers from zero on, in the fewest bytes that hold the greatest."""
    return whole.astype(np.min_scalar_type(int(whole.max(initial=0))))


def _unpacked(arrays: Arrays, name: str) -> Summary:
    moments = Moments(arrays[f"{name} count"], arrays[f"{name} mean"], arrays[f"{name} second"])
    branches = tuple(
        Branch(int(level), int(index), int(paths), Moments(moments.count[at], moments.mean[at], moments.second[at]))
        for at, (level, index, paths) in enumerate(arrays[f"{name} branches"])
    )
    values: Sample | Histogram
    if f"{name} values" in arrays:
        values = Sample((arrays[f"{name} values"],))
    else:
        keys = np.cumsum(arrays[f"{name} gaps"], dtype=np.int64)
        counts = arrays[f"{name} counts"].astype(np.int64)
        values = Histogram(keys, counts, arrays[f"{name} least"], arrays[f"{name} greatest"])
    return Summary(sum(one.paths for one in branches), branches, values)
