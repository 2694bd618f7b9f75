"""Long studies: what continuous integration runs briefly, run for long. `make study [EXAMPLES=N]`."""

from __future__ import annotations

import os
import subprocess
import sys
from time import perf_counter

EXAMPLES = os.environ.get("EXAMPLES", "2000")


def main() -> int:
    """Random deals of every mix of terms: each compiles, runs, conserves, and keeps the invariants of its terms."""
    began = perf_counter()
    tests = ["-m", "pytest", "-q", "tests/terms/test_invariants.py"]
    done = subprocess.run([sys.executable, *tests], env={**os.environ, "DETENTE_EXAMPLES": EXAMPLES}, check=False)
    print(f"{EXAMPLES} random deals a property in {perf_counter() - began:.0f} s")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
