"""Which engine runs: the compiled one, or the interpreter where it is asked for or LLVM cannot work, with the same
numbers and the reason."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import detente
from tests.engine.native.harness import NO_LLVM

SOURCE = Path(detente.__file__).parents[1]
ROOT = Path(__file__).parents[3]

LLVM_IS_HERE = importlib.util.find_spec("llvmlite") is not None

RUN = """
import hashlib, json, sys
import numpy as np
from detente.engine.choice import engine_for, why_not_compiled
from detente.engine.evaluate import evaluate, graph_of, run_deal, scenario_variant
from detente.engine.lanes import Setting
from detente.engine.program import compile_graph
from detente.engine.simulate import BASE
from tests.engine.test_simulate import FIGURES, MODEL
from tests.support import read

deal = read(MODEL)
graph = graph_of(deal)
runs = [BASE, *(scenario_variant(deal, name) for name in deal.scenarios)]
rows = [evaluate(deal, runs, 300, 2**63 + 1, FIGURES)]
for series in run_deal(deal, 1500, 3).series.values():
    rows += [series.mean, series.p5, series.p50, series.p95, series.mc_error, series.present]
bits = b"".join((np.where(np.isnan(row), np.float64("nan"), row) + 0.0).tobytes() for row in rows)
engine = engine_for(compile_graph(graph, ("sales",), ()), Setting.of(graph))
told = {
    "why": why_not_compiled(),
    "engine": type(engine).__name__,
    "digest": hashlib.sha256(bits).hexdigest(),
    "loaded": sorted(name for name in sys.modules if name.split(".")[0] == "llvmlite"),
}
print(json.dumps(told))
"""
"""Runs a deal in every way and tells the bits of all it gives."""

MISSING = """
import sys

class Missing:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] == "llvmlite":
            raise ModuleNotFoundError("No module named 'llvmlite'", name="llvmlite")

sys.meta_path.insert(0, Missing)
"""

BROKEN = """
import sys

class Broken:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] == "llvmlite":
            raise {error}("{text}")

sys.meta_path.insert(0, Broken)
"""


@dataclass(frozen=True)
class Told:
    why: str
    engine: str
    digest: str
    loaded: list[str]


def told(folder: Path, before: str = "", **environment: str) -> Told:
    """What a new process tells of its engine and its numbers; it complains of nothing."""
    where = os.pathsep.join([str(SOURCE), str(ROOT)])
    ours = {name: value for name, value in os.environ.items() if name != "DETENTE_ENGINE"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", before + RUN],
        capture_output=True,
        text=True,
        check=False,
        env={**ours, "PYTHONPATH": where, "DETENTE_CACHE": str(folder), **environment},
    )
    assert (done.returncode, done.stderr) == (0, "")
    return Told(**json.loads(done.stdout))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def interpreted(folder: Path) -> Told:
    return told(folder, DETENTE_ENGINE="numpy")


def test_the_interpreter_where_it_is_asked_for(interpreted: Told, folder: Path) -> None:
    assert interpreted.engine == "Interpreter"
    assert "DETENTE_ENGINE" in interpreted.why
    assert interpreted.loaded == []


@pytest.mark.skipif(not LLVM_IS_HERE, reason=NO_LLVM)
@pytest.mark.parametrize("asked", [{}, {"DETENTE_ENGINE": ""}, {"DETENTE_ENGINE": "compiled"}], ids=str)
def test_the_compiled_engine_gives_the_same_numbers(asked: dict[str, str], interpreted: Told, folder: Path) -> None:
    """Twice: compiled now, and loaded from disk."""
    for _ in range(2):
        found = told(folder, **asked)
        assert (found.engine, found.why) == ("Compiled", "")
        assert found.digest == interpreted.digest
    assert list(folder.glob("*.o"))


def test_without_llvmlite_the_interpreter_gives_the_same_numbers(interpreted: Told, tmp_path: Path) -> None:
    found = told(tmp_path / "none", MISSING)
    assert found.engine == "Interpreter"
    assert "llvmlite" in found.why
    assert found.digest == interpreted.digest
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("error", ["OSError", "ImportError", "RuntimeError"])
@pytest.mark.parametrize("text", ["libllvmlite.so cannot be loaded", ""])
def test_an_llvmlite_that_does_not_load_is_no_obstacle(
    error: str, text: str, interpreted: Told, tmp_path: Path
) -> None:
    """Made for another system, or with a library missing: the reason is its own, or the kind of error."""
    found = told(tmp_path, BROKEN.format(error=error, text=text))
    assert (found.engine, found.why) == ("Interpreter", text or error)
    assert found.digest == interpreted.digest
