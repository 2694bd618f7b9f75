"""Which engine runs a program here: the compiled one, or the interpreter where LLVM cannot work."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from detente.engine.draws import Arguments, drawn_arguments
from detente.engine.kernel import Interpreter
from detente.engine.lanes import Engine, Setting, with_room
from detente.engine.program import Program
from detente.graph.model import Graph

if TYPE_CHECKING:
    from detente.engine.native.library import Library


@cache
def why_not_compiled() -> str:
    """Why programs are not compiled here; nothing where they are."""
    chosen = os.environ.get("DETENTE_ENGINE") or "compiled"
    if chosen == "numpy":
        return "DETENTE_ENGINE is numpy"
    if chosen != "compiled":
        return f"DETENTE_ENGINE is '{chosen}', which is neither compiled nor numpy"
    try:
        from detente.engine.native.library import library as compiled

        compiled()
    except (ImportError, OSError, RuntimeError) as error:
        return str(error) or type(error).__name__
    return ""


FEW_LANES = 512
"""Lanes that the interpreter is done with before a program is compiled."""


def engine_for(program: Program, setting: Setting, few: bool = False) -> Engine:
    """The quickest engine that works here; for `few` lanes the interpreter, unless the code lies ready."""
    if why_not_compiled():
        return Interpreter(program, setting)
    from detente.engine.native.engine import compile_program, is_kept

    return Interpreter(program, setting) if few and not is_kept(program) else compile_program(program, setting)


def library() -> Library | None:
    """The functions of machine code that serve every program, where there are any."""
    if why_not_compiled():
        return None
    from detente.engine.native.library import library as compiled

    return compiled()


@lru_cache(maxsize=8)
def columns_for(graph: Graph, needed: frozenset[str]) -> Callable[[int, int, int], Arguments]:
    """What draws, for a seed, a first path and a count of paths, all that is needed once a path."""
    functions = library()
    if functions is None:

        def drawn(seed: int, first: int, count: int) -> Arguments:
            paths = np.arange(first, first + with_room(count), dtype=np.uint64)
            return drawn_arguments(graph, seed, paths, needed=needed)

        return drawn
    from detente.engine.native.columns import Columns

    return Columns.of(graph, functions, needed).drawn
