"""Long studies: what continuous integration runs briefly, run for long. `make study [DEALS=N] [EXAMPLES=N] [INPUTS=N]`."""

from __future__ import annotations

import os
import subprocess
import sys
from time import perf_counter

EXAMPLES = os.environ.get("EXAMPLES", "2000")
DEALS = os.environ.get("DEALS", "50000")
INPUTS = os.environ.get("INPUTS", "5000000")
MUTATIONS = os.environ.get("MUTATIONS", "10000")


def main() -> int:
    """Random deals of every mix of terms keep the invariants of their terms; no mutation and no input breaks a reader."""
    began = perf_counter()
    tests = ["-m", "pytest", "-q", "--numprocesses=auto", "--dist=worksteal", "tests/terms/test_invariants.py"]
    done = subprocess.run(
        [sys.executable, *tests], env={**os.environ, "DETENTE_EXAMPLES": EXAMPLES, "DETENTE_DEALS": DEALS}, check=False
    )
    print(
        f"{DEALS} random deals, and {EXAMPLES} examples of every other property, in {perf_counter() - began:.0f} s",
        flush=True,
    )
    failed = done.returncode
    for study in (["study.mutate", "--mutations", MUTATIONS], ["study.fuzz", "--inputs", INPUTS]):
        failed |= subprocess.run([sys.executable, "-m", *study], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
