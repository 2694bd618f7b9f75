"""Memory: what a run needs, what the machine can give, and a word before a run begins that would not fit.

Needs are estimates from the shapes of what is kept, and lie above what was measured on the shipped cases
(`docs/numerics.md`). Nothing is refused where nobody can tell what the machine has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from detente.engine.lanes import with_room
from detente.engine.program import Program
from detente.engine.simulate import CHUNK_LANES, COUNTED_LANES
from detente.engine.summary import EXACT_PATHS, MANTISSA_BITS
from detente.text.diagnostic import Diagnostic, Refused
from detente.text.place import NOWHERE

FLOAT = 8
"""Bytes of a float64."""

UNLIMITED = 2**60
"""Limits from here on are none: the kernel writes them so."""

OCTAVES = 32
"""Powers of two that the values of a series are taken to span: a factor of four billion on one side of zero, or of
65,536 on either."""

BINS = 10_000
"""Bins in use that a series is taken to have: those of a lognormal value with σ = 1."""

MERGING = 8
"""How many times the bins of an output are held while those of all threads become one."""

OWN = 128_000_000
"""What the engine itself takes: NumPy's and LLVM's code, machine code, the graph."""

PAGE_BYTES = 4 << MANTISSA_BITS
"""The counts of one power of two in the tally of a thread."""

BIN_BYTES = 16
"""A key and a count of eight bytes."""


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that this process may still take, and what sets that limit."""

    size: int
    limit: str


def room(root: Path = Path("/")) -> Room | None:
    """The least of what the machine has left, what control groups allow and what the process may address; None where
    the system tells none of it. `root` is where `/proc` and `/sys` are."""
    found = [*_free(root), *_grouped(root), *_addressed(root)]
    return min(found, key=lambda one: one.size, default=None)


def _free(root: Path) -> list[Room]:
    told = _fields(root / "proc/meminfo")
    if "MemAvailable" in told:
        return [Room(told["MemAvailable"] * 1024, "free on this machine")]
    return []


def _addressed(root: Path) -> list[Room]:
    """What RLIMIT_AS leaves (`ulimit -v`)."""
    for line in _lines(root / "proc/self/limits"):
        words = line.removeprefix("Max address space").split()
        if line.startswith("Max address space") and words[0].isdecimal():
            taken = _fields(root / "proc/self/status").get("VmSize", 0) * 1024
            return [Room(max(int(words[0]) - taken, 0), "left of the address space of this process (`ulimit -v`)")]
    return []


def _grouped(root: Path) -> list[Room]:
    """What control groups leave, of either version, from the group of this process up to the outermost. Files that were
    read and not looked at again are given back by the kernel when memory runs short."""
    found: list[Room] = []
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, limit, usage, cached = root / "sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            top, limit, usage = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            cached = "total_inactive_file"
        else:
            continue
        inner = top / path.strip().lstrip("/")
        for group in (inner, *inner.parents):
            if not group.is_relative_to(top):
                break
            most, taken = _whole(group / limit), _whole(group / usage)
            if most is not None and taken is not None and most < UNLIMITED:
                taken -= _fields(group / "memory.stat").get(cached, 0)
                found.append(Room(max(most - taken, 0), "left to this process by its control group"))
    return found


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _fields(path: Path) -> dict[str, int]:
    """Lines such as `MemAvailable: 1024 kB` or `inactive_file 1024`, by their first word."""
    split = [line.replace(":", " ").split() for line in _lines(path)]
    return {words[0]: int(words[1]) for words in split if len(words) > 1 and words[1].isdecimal()}


def _whole(path: Path) -> int | None:
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdecimal() else None


def summarised_bytes(program: Program, months: int, threads: int, paths: int) -> int:
    """Bytes of summaries of every output by month and of every measure: the values themselves up to 65,536 paths, and
    those of measures once more in order; counts in bins beyond, in every thread and of all together."""
    series = len(program.outputs) * months + len(program.measures)
    lanes = CHUNK_LANES if paths <= EXACT_PATHS else COUNTED_LANES
    if paths <= EXACT_PATHS:
        kept = (series + len(program.measures)) * with_room(paths) * FLOAT
    else:
        kept = series * (threads * OCTAVES * PAGE_BYTES + BINS * BIN_BYTES) + months * MERGING * BINS * BIN_BYTES
    return OWN + kept + threads * _chunk_bytes(program, months, lanes)


def outcomes_bytes(program: Program, variants: int, months: int, threads: int, paths: int) -> int:
    """Bytes of every measure on every path of every variant, float64[variant, measure, path]."""
    return OWN + variants * len(program.measures) * paths * FLOAT + threads * _chunk_bytes(program, months, CHUNK_LANES)


def traced_bytes(program: Program, months: int, paths: int) -> int:
    """Bytes of every output and shock in every month on every path, and of what the interpreter holds in one month."""
    by_month = len(program.outputs) + len(program.normals) + len(program.uniforms)
    return OWN + (by_month * months + program.slots) * paths * FLOAT


def _chunk_bytes(program: Program, months: int, lanes: int) -> int:
    """Bytes of the lanes that a thread runs together: what they give, and what is drawn and computed for them."""
    rows = len(program.outputs) * months + len(program.measures) + program.slots
    return rows * with_room(lanes) * FLOAT


def fitting(needed: Callable[[int], int], size: int, most: int) -> int:
    """The most paths, up to `most`, for which what is needed is no more than `size`, where it rises with paths; 0 where
    not even one fits."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if needed(middle) <= size else (low, middle - 1)
    return low


def check(what: str, needed: Callable[[int], int], paths: int, given: Room | None) -> None:
    """Refuse what does not fit, before it begins. `needed` gives bytes by the number of paths: rising up to 65,536, and
    from there on.

    Raises:
        Refused: with how much is needed, how much there is, and how many paths would fit.
    """
    if given is None or needed(paths) <= given.size:
        return
    fits = fitting(needed, given.size, min(paths, EXACT_PATHS))
    bins_fit = needed(EXACT_PATHS + 1) <= given.size
    if paths > EXACT_PATHS and bins_fit:
        fits = fitting(needed, given.size, paths)
    ways = ["ask for fewer outputs, or for fewer scenarios at once", "run it where there is more memory"]
    if paths <= EXACT_PATHS and bins_fit:
        ways.insert(0, f"ask for more than {EXACT_PATHS:,} paths, whose values are counted in bins")
    if fits:
        ways.insert(0, f"ask for at most {fits:,} paths, which fit")
    message = f"there is not enough memory for {what} of {paths:,} paths"
    found, expected = f"{told(given.size)} {given.limit}", f"about {told(needed(paths))}"
    raise Refused((Diagnostic("not-enough-memory", message, NOWHERE, found, expected, tuple(ways)),))


def told(size: int) -> str:
    """Bytes as people write them: 1.3 GB."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size // 1000} kB"
