"""How each row is measured. A measure gives values by row and, on the way, what a path costs each peer."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench import ours, rows
from bench.peers import compiled, vectorised
from bench.peers.compiled import BUILD, NotInstalledError
from bench.reference.make import linked_deal
from bench.timing import alternately, timed

PEERS = Path(__file__).parent / "peers"
PATHS, LINKED_PATHS, COPIES = 100_000, 20_000, 5
STANDARD_ERRORS = 4.0
"""Beyond which the means of a peer are not those of our model."""


@dataclass(frozen=True)
class Found:
    """Values by row; seconds a path of the reference model by program; versions of the programs."""

    values: dict[str, float] = field(default_factory=dict)
    seconds_a_path: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def __or__(self, other: Found) -> Found:
        return Found(
            self.values | other.values,
            self.seconds_a_path | other.seconds_a_path,
            self.versions | other.versions,
        )


def against_c() -> Found:
    """The reference model beside C by hand, and two threads beside one."""
    model, peer = ours.reference_model(), compiled.reference()
    took = alternately({"detente": lambda: model.run(PATHS), "C": lambda: peer(PATHS, 1)}, 40)
    return Found(
        {rows.AGAINST_C: took["detente"] / took["C"]},
        {"detente": took["detente"] / PATHS, "C": took["C"] / PATHS},
        {"C": compiled.version()},
    )


def two_threads() -> Found:
    """One thread and two in turn."""
    model = ours.reference_model()
    took = alternately({"one": lambda: model.run(PATHS), "two": lambda: model.run(PATHS, threads=2)}, 30)
    return Found({rows.TWO_THREADS: took["one"] / took["two"]})


def linked_against_c() -> Found:
    """Five linked copies beside the generated C program."""
    model, peer = linked(COPIES), compiled.generated(COPIES)
    took = alternately({"detente": lambda: model.run(LINKED_PATHS), "C": lambda: peer(LINKED_PATHS, 1)}, 40)
    return Found({rows.LINKED_AGAINST_C: took["detente"] / took["C"]})


def linked(copies: int, months: int | None = None) -> ours.Model:
    """So many linked copies as a deal, ready to run."""
    folder = BUILD / f"linked{copies}-{months or 'all'}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "deal.yaml").write_text(linked_deal(copies, months), encoding="utf-8")
    return ours.linked_model(folder, copies)


def against_numpy() -> Found:
    """The reference model beside NumPy by hand."""
    model = ours.reference_model()
    took = alternately({"detente": lambda: model.run(PATHS), "NumPy": lambda: vectorised.run(PATHS, 1)}, 25)
    return Found(
        {rows.AGAINST_NUMPY: took["NumPy"] / took["detente"]}, {name: each / PATHS for name, each in took.items()}
    )


def against_pysd() -> Found:
    """The reference model beside PySD, in a process of its own, held to the same outputs."""
    found = _printed([_python_with_pysd(), str(PEERS / "pysd_runs.py"), "100"])
    return _against("PySD", rows.AGAINST_PYSD, found)


def against_squiggle() -> Found:
    """The reference model beside Squiggle, in a process of its own, held to the same outputs."""
    found = _printed(["node", str(PEERS / "squiggle_runs.mjs"), str(_folder_with_squiggle()), "200"])
    return _against("Squiggle", rows.AGAINST_SQUIGGLE, found)


def _against(peer: str, row: str, found: dict[str, Any]) -> Found:
    model = ours.reference_model()
    own, outputs = model.run_in_units(PATHS), np.array(found["outputs"], dtype=np.float64).T
    errors = (outputs.mean(axis=1) - own.mean(axis=1)) / own.std(axis=1) * outputs.shape[1] ** 0.5
    if not (abs(errors) < STANDARD_ERRORS).all():
        raise ValueError(f"it is another model: its means lie {errors.round(1).tolist()} standard errors from ours")
    mine = alternately({"detente": lambda: model.run(PATHS)}, 5)["detente"] / PATHS
    return Found({row: found["seconds"] / mine}, {peer: found["seconds"]}, {peer: found["version"]})


def _python_with_pysd() -> str:
    own = BUILD.parent / "pysd" / "bin" / "python"
    if own.exists():
        return str(own)
    if importlib.util.find_spec("pysd") is None:
        raise NotInstalledError("python3 -m venv build/pysd && build/pysd/bin/pip install pysd")
    return sys.executable


def _folder_with_squiggle() -> Path:
    folder = BUILD.parent / "squiggle"
    if shutil.which("node") is None:
        raise NotInstalledError("install Node.js (node and npm)")
    if not (folder / "node_modules" / "@quri" / "squiggle-lang").is_dir():
        raise NotInstalledError("npm install --prefix build/squiggle @quri/squiggle-lang@0.10.0")
    return folder


def case() -> Found:
    """The case by month, small."""
    recorded = ours.case_recorded()
    return Found({rows.CASE: 1000 * alternately({"case": lambda: recorded.run(10_000)}, 20)["case"]})


def recording() -> Found:
    """The case with six series summed up by month, beside the same six at the end alone."""
    recorded, ended = ours.case_recorded(), ours.case_ended()
    functions = {"recorded": lambda: recorded.run(PATHS), "ended": lambda: ended.run(PATHS, threads=None)}
    took = alternately(functions, 40)
    return Found({rows.RECORDING: took["recorded"] / took["ended"]})


def case_large() -> Found:
    """A million paths in a process of its own."""
    found = _printed([sys.executable, "-m", "bench.child", "large"])
    return Found({rows.CASE_LARGE: found["seconds"], rows.CASE_MEMORY: found["megabytes"]})


def compiling() -> Found:
    """Each time a new process: three with nothing on disk, then five that find it there."""
    cold = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(_compile_seconds(cache))
    with tempfile.TemporaryDirectory() as cache:
        _compile_seconds(cache)
        kept = [_compile_seconds(cache) for _ in range(5)]
    return Found({rows.COMPILE_COLD: median(cold), rows.COMPILE_DISK: 1000 * median(kept)})


def _compile_seconds(cache: str) -> float:
    found = _printed([sys.executable, "-m", "bench.child", "compile"], {"DETENTE_CACHE": cache})
    return float(found["seconds"])


def overrides() -> Found:
    """A thousand overrides, once: it is long enough."""
    model = ours.case_ended()
    model.run_overridden(2, 2_000)
    return Found({rows.OVERRIDES: timed(lambda: model.run_overridden(1_000, 2_000))})


def starting() -> Found:
    """New processes in turn."""
    functions = {
        rows.IMPORT: lambda: subprocess.run([sys.executable, "-c", "import detente"], check=True),
        rows.HELP: lambda: subprocess.run([sys.executable, "-m", "detente", "--help"], check=True, capture_output=True),
    }
    return Found(alternately(functions, 20, 11))


def _printed(command: Sequence[str], environment: dict[str, str] | None = None) -> dict[str, Any]:
    """What a process prints as JSON.

    Raises:
        RuntimeError: with the last line of what it says, where it fails.
    """
    given = {**os.environ, **(environment or {})}
    done = subprocess.run(command, cwd=ours.ROOT, env=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


MEASURES: dict[tuple[str, ...], Callable[[], Found]] = {
    (rows.CASE_LARGE, rows.CASE_MEMORY): case_large,
    (rows.AGAINST_C,): against_c,
    (rows.LINKED_AGAINST_C,): linked_against_c,
    (rows.TWO_THREADS,): two_threads,
    (rows.CASE,): case,
    (rows.RECORDING,): recording,
    (rows.COMPILE_COLD, rows.COMPILE_DISK): compiling,
    (rows.OVERRIDES,): overrides,
    (rows.AGAINST_NUMPY,): against_numpy,
    (rows.AGAINST_PYSD,): against_pysd,
    (rows.AGAINST_SQUIGGLE,): against_squiggle,
    (rows.IMPORT, rows.HELP): starting,
}
"""Every measure by the rows that it gives."""


def measured(
    measures: Iterable[tuple[tuple[str, ...], Callable[[], Found]]], say: Callable[[str], None]
) -> tuple[Found, dict[str, str]]:
    """All that could be measured, and why each other row is left out: a measure that fails takes no other with it."""
    found, left_out = Found(), dict[str, str]()
    for names, measure in measures:
        say(f"{', '.join(names)} …")
        try:
            one = measure()
        except NotInstalledError as missing:
            left_out |= dict.fromkeys(names, f"to measure it: {missing}")
        except Exception as error:
            left_out |= dict.fromkeys(names, f"{type(error).__name__}: {error}")
        else:
            found = found | one
        for name in names:
            say(f"  {name}: {found.values[name]:.4g}" if name in found.values else f"  left out; {left_out[name]}")
    return found, left_out
