"""Writing files so that none is ever left half-written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file in one step: a reader, or a crash, sees the old file or the new one.

    Raises:
        OSError: where the folder is missing or may not be written.
    """
    temporary = _beside(path, content)
    try:
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_together(texts: Mapping[Path, str]) -> None:
    """Write several texts: all of them, or, where one cannot be written, none.

    Raises:
        OSError: where a folder is missing or may not be written.
    """
    before = {path: path.read_bytes() if path.exists() else None for path in texts}
    ready: dict[Path, Path] = {}
    done: list[Path] = []
    try:
        for path, text in texts.items():
            ready[path] = _beside(path, text)
        for path, temporary in ready.items():
            os.replace(temporary, path)
            done.append(path)
    except BaseException:
        for path in done:
            old = before[path]
            path.unlink() if old is None else path.write_bytes(old)
        for temporary in ready.values():
            temporary.unlink(missing_ok=True)
        raise


def _beside(path: Path, content: str | bytes) -> Path:
    """The content in a new file beside the path, readable to whom the path would be."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
