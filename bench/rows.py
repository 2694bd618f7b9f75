"""What is measured: each row with its goal, and the floor below which a release is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Row:
    """A figure: its name, what it measures in a sentence, its unit, goal and floor, and which way is better."""

    name: str
    says: str
    unit: str
    goal: float
    floor: float
    better: Literal["lower", "higher"]

    def reaches(self, value: float, mark: float) -> bool:
        """Whether a value is as good as a mark."""
        return value <= mark if self.better == "lower" else value >= mark

    def verdict(self, value: float) -> str:
        """How a value stands to goal and floor, in words."""
        if self.reaches(value, self.goal):
            return "goal reached"
        return "above the floor" if self.reaches(value, self.floor) else "**misses the floor**"


AGAINST_C = "reference model against C"
LINKED_AGAINST_C = "150 equations against C"
TWO_THREADS = "two threads"
CASE = "case, 10,000 paths"
CASE_LARGE = "case, 1,000,000 paths"
CASE_MEMORY = "case, 1,000,000 paths, memory"
COMPILE_COLD = "compile, cold"
COMPILE_DISK = "compile, from disk"
OVERRIDES = "1,000 overrides"
AGAINST_PYSD = "against PySD"
AGAINST_SQUIGGLE = "against Squiggle"
AGAINST_NUMPY = "against NumPy"
RECORDING = "recording"
IMPORT = "import detente"
HELP = "detente --help"

ROWS = (
    Row(
        AGAINST_C,
        "The reference model, 100,000 paths on one thread: time over that of the same model written by hand in C for"
        " vectors, on the same draws.",
        "x",
        0.9,
        1.1,
        "lower",
    ),
    Row(
        LINKED_AGAINST_C,
        "Five linked copies of it, 20,000 paths on one thread: time over that of a C program generated from the same"
        " equations, by gcc -O3.",
        "x",
        0.75,
        0.9,
        "lower",
    ),
    Row(
        TWO_THREADS, "The reference model, 100,000 paths: one thread's time over that of two.", "x", 1.85, 1.6, "higher"
    ),
    Row(
        CASE,
        "OpenAI–Microsoft, compiled: six outputs in every month, summed up as quantiles, on all threads.",
        "ms",
        60,
        150,
        "lower",
    ),
    Row(CASE_LARGE, "The same with 1,000,000 paths.", "s", 5, 12, "lower"),
    Row(CASE_MEMORY, "The most memory that a process of its own holds over that run.", "MB", 400, 400, "lower"),
    Row(COMPILE_COLD, "From the program of the case to code, with nothing on disk.", "s", 1, 2.5, "lower"),
    Row(
        COMPILE_DISK,
        "From the program of the case to code, in a new process that finds it on disk.",
        "ms",
        5,
        25,
        "lower",
    ),
    Row(
        OVERRIDES,
        "The case 1,000 times over 2,000 paths, each time with one input held at another value: the six at the end.",
        "s",
        15,
        40,
        "lower",
    ),
    Row(
        AGAINST_PYSD,
        "The reference model: a run of PySD, which is one path, over our time a path.",
        "x",
        40_000,
        20_000,
        "higher",
    ),
    Row(AGAINST_SQUIGGLE, "The reference model: Squiggle's time a path over ours.", "x", 30_000, 15_000, "higher"),
    Row(
        AGAINST_NUMPY,
        "The reference model: time of NumPy written by hand, 8,192 paths at once, over ours.",
        "x",
        8,
        6,
        "higher",
    ),
    Row(
        RECORDING,
        "The case, 100,000 paths: time with the six recorded in every month and summed up as quantiles, over time with"
        " the six kept at the end alone.",
        "x",
        1.3,
        1.6,
        "lower",
    ),
    Row(IMPORT, "A new process that does `import detente`.", "s", 0.15, 0.3, "lower"),
    Row(HELP, "A new process that prints `detente --help`.", "s", 0.25, 0.5, "lower"),
)


def as_data(values: Mapping[str, float]) -> dict[str, dict[str, float | str]]:
    """What was measured, as `build/bench.json` holds it; rows without a value are left out."""
    return {
        row.name: {
            "value": values[row.name],
            "unit": row.unit,
            "goal": row.goal,
            "floor": row.floor,
            "better": row.better,
        }
        for row in ROWS
        if row.name in values
    }
