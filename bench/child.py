"""What is measured in a process of its own: `python -m bench.child large` or `compile` prints it as JSON."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from bench import ours
from bench.timing import timed


def large() -> dict[str, float]:
    """A million paths of the case: seconds, and the most memory this process ever held."""
    recorded = ours.case_recorded()
    recorded.run(1024)
    return {"seconds": timed(lambda: recorded.run(1_000_000)), "megabytes": peak_megabytes()}


def compile_case() -> dict[str, float]:
    """From the program of the case to code; LLVM is loaded before, by a smaller deal."""
    ours.reference_compiler()()
    return {"seconds": timed(ours.case_compiler())}


def peak_megabytes() -> float:
    """The most memory this process ever held. On Linux `ru_maxrss` of a child begins with what its parent held, so that
    the system's own count of this program stands in its place."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024**2 if sys.platform == "darwin" else peak / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"large": large, "compile": compile_case}[sys.argv[1]]()))
