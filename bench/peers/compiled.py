"""The C peers: compiled by gcc for this processor into build/bench, called through ctypes, on one thread."""

from __future__ import annotations

import ctypes
import hashlib
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import numpy.typing as npt

from bench.peers import parameters
from bench.peers.equations import c_source, linked

HERE = Path(__file__).parent
BUILD = HERE.parents[1] / "build" / "bench"
FLAGS = """-O3 -march=native -std=gnu11 -shared -fPIC -fno-math-errno -fno-trapping-math -ffp-contract=fast
-fno-signed-zeros -ffinite-math-only""".split()
if platform.machine() in ("x86_64", "AMD64"):
    FLAGS.append("-mprefer-vector-width=512")  # by itself gcc takes 256, and half as long again

FloatArray = npt.NDArray[np.float64]
Peer = Callable[[int, int], FloatArray]
"""Runs (paths, seed) and gives float64[output, path] in the units of `parameters`."""


class NotInstalledError(Exception):
    """A peer that is not installed; the text says how to get it."""


def reference() -> Peer:
    """The model by hand.

    Raises:
        NotInstalledError: without gcc.
    """
    function = _library("reference", (HERE / "reference.c").read_text(encoding="utf-8")).run
    drivers = _drivers((*parameters.NORMALS, *parameters.EVENTS))

    def run(paths: int, seed: int) -> FloatArray:
        out = np.empty((len(parameters.OUTPUTS), paths))
        function(ctypes.c_long(paths), ctypes.c_uint64(seed), _pointer(drivers), _pointer(out))
        return out

    return run


def generated(copies: int) -> Peer:
    """The program generated from the equations of linked copies; outputs copy by copy.

    Raises:
        NotInstalledError: without gcc.
    """
    model = linked(copies)
    function = _library(f"linked{copies}", c_source(model)).run
    drivers = _drivers(model.drivers)
    series = np.ascontiguousarray(np.stack(list(parameters.SERIES.values())))
    constants = np.array(list(parameters.CONSTANTS.values()))

    def run(paths: int, seed: int) -> FloatArray:
        out = np.empty((len(model.outputs), paths))
        given = [_pointer(array) for array in (drivers, series, constants, out)]
        function(ctypes.c_long(paths), ctypes.c_uint64(seed), *given)
        return out

    return run


def compile_seconds(copies: int) -> float:
    """How long gcc takes over the generated program."""
    began = perf_counter()
    _compile(c_source(linked(copies)), BUILD / "timed.so")
    return perf_counter() - began


def version() -> str:
    """gcc in one line.

    Raises:
        NotInstalledError: without gcc.
    """
    return subprocess.run([_gcc(), "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _gcc() -> str:
    found = shutil.which("gcc")
    if found is None:
        raise NotInstalledError("install gcc to compare with C")
    return found


def _library(name: str, source: str) -> ctypes.CDLL:
    """The shared library of a source; compiled once for a text, compiler and processor."""
    texts = [source, parameters.c_header(), (HERE / "kernel.h").read_text(encoding="utf-8"), " ".join(FLAGS), version()]
    native = subprocess.run(
        [_gcc(), "-march=native", "-Q", "--help=target"], capture_output=True, text=True, check=False
    )
    library = BUILD / f"{name}-{hashlib.sha256(''.join([*texts, native.stdout]).encode()).hexdigest()[:16]}.so"
    if not library.exists():
        _compile(source, library)
    return ctypes.CDLL(str(library))


def _compile(source: str, library: Path) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / "parameters.h").write_text(parameters.c_header(), encoding="utf-8")
    text = library.with_suffix(".c")
    text.write_text(source, encoding="utf-8")
    command = [_gcc(), *FLAGS, f"-I{HERE}", f"-I{BUILD}", "-o", str(library), str(text), "-lm"]
    subprocess.run(command, check=True)


def _drivers(names: tuple[str, ...]) -> npt.NDArray[np.uint64]:
    return np.array([parameters.driver(name) for name in names], dtype=np.uint64)


def _pointer(array: npt.NDArray[np.float64] | npt.NDArray[np.uint64]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
