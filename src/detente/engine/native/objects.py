"""Object code: compiled for the processor at hand, kept on disk, and loaded.

A file of the cache is named by the hash of all that its code depends on: what was compiled, the processor with its
features, LLVM and llvmlite, and the code generator itself. It begins with a checksum under that name; whatever does not
fit it (a file cut short, damaged, of another kind, or renamed) counts as not there. Files are written whole under
another name and renamed, so two processes never see half of one; where nothing can be written, nothing is kept.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
import platformdirs

from detente.text.files import write_whole

KEPT = 512
"""Objects kept on disk; the ones used longest ago go first."""

_MARK = b"detente object 1\n"
_LEVEL = 2


@dataclass(frozen=True)
class Code:
    """Machine code in memory, and whether it came `from_disk`. It lives as long as this does."""

    engine: llvm.ExecutionEngine
    from_disk: bool

    def address(self, name: str) -> int:
        """Where a function begins."""
        found: int = self.engine.get_function_address(name)
        return found


def folder() -> Path:
    """Where object code is kept: `DETENTE_CACHE`, or the user's folder for such things."""
    given = os.environ.get("DETENTE_CACHE")
    return Path(given) if given else Path(platformdirs.user_cache_dir("detente", appauthor=False)) / "objects"


def code(what: str, written: Callable[[], str]) -> Code:
    """The code of the module that `written` gives, which is asked only where the cache does not hold `what`.

    Raises:
        RuntimeError: where LLVM refuses the module.
    """
    path = folder() / f"{_key(what)}.o"
    kept = _read(path)
    if kept is not None:
        with suppress(RuntimeError):
            return Code(_loaded(kept), True)
    built = compiled(written())
    _write(path, built)
    return Code(_loaded(built), False)


def is_kept(what: str) -> bool:
    """Whether there is a file for it in the cache."""
    return (folder() / f"{_key(what)}.o").exists()


def compiled(text: str) -> bytes:
    """A module in LLVM's assembly as object code for this processor."""
    found: bytes = _machine().emit_object(llvm.parse_assembly(text))
    return found


def vector_bytes() -> int:
    """The width of the processor's widest vectors."""
    features = _host()[1]
    return 64 if features.get("avx512f") else 32 if features.get("avx") else 16


@cache
def _host() -> tuple[str, dict[str, bool]]:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.get_host_cpu_name(), dict(llvm.get_host_cpu_features())


def _machine() -> llvm.TargetMachine:
    """A new one each time: an execution engine takes its own along when it goes."""
    name, features = _host()
    target = llvm.Target.from_default_triple()
    flags = ",".join(f"{'+' if has else '-'}{feature}" for feature, has in sorted(features.items()))
    return target.create_target_machine(cpu=name, features=flags, opt=_LEVEL, jit=True)


def _loaded(built: bytes) -> llvm.ExecutionEngine:
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(built))
    engine.finalize_object()
    return engine


@cache
def _surroundings() -> bytes:
    """All that object code depends on besides what is compiled: the processor, LLVM, and our own code."""
    name, features = _host()
    told = [name, platform.machine(), platform.system(), llvmlite.__version__, repr(llvm.llvm_version_info), _LEVEL]
    ours = Path(__file__).parent
    sources = [*sorted(ours.glob("*.py")), ours.parent / "maths.py", ours.parent / "random.py"]
    digest = hashlib.blake2b(repr((told, sorted(features.items()))).encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.digest()


def _key(what: str) -> str:
    return hashlib.blake2b(what.encode(), key=_surroundings()[:64], digest_size=20).hexdigest()


def _sealed(key: str, built: bytes) -> bytes:
    return _MARK + hashlib.blake2b(built, key=key.encode(), digest_size=32).digest() + built


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    built = content[len(_MARK) + 32 :]
    if content != _sealed(path.stem, built):
        return None
    with suppress(OSError):
        os.utime(path)  # used just now
    return built


def _write(path: Path, built: bytes) -> None:
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, _sealed(path.stem, built))
        old = sorted(path.parent.glob("*.o"), key=lambda one: one.stat().st_mtime)[:-KEPT]
        for one in old:
            one.unlink(missing_ok=True)
