"""Which engine runs a program here: the compiled one, or the interpreter where LLVM cannot work."""

from __future__ import annotations

import os
from functools import cache

from detente.engine.kernel import Interpreter
from detente.engine.lanes import Engine, Setting
from detente.engine.program import Program


@cache
def why_not_compiled() -> str:
    """Why programs are not compiled here; nothing where they are."""
    if os.environ.get("DETENTE_ENGINE") == "numpy":
        return "DETENTE_ENGINE is numpy"
    try:
        from detente.engine.native import objects

        objects.vector_bytes()
    except (ImportError, OSError, RuntimeError) as error:
        return str(error) or type(error).__name__
    return ""


def engine_for(program: Program, setting: Setting) -> Engine:
    """The quickest engine that works here."""
    if why_not_compiled():
        return Interpreter(program, setting)
    from detente.engine.native.engine import compile_program

    return compile_program(program, setting)
