"""Everything that is measured, in one go: `make bench`. Writes `build/bench.json` and `docs/benchmarks.md`."""

from __future__ import annotations

import json
import sys
from time import perf_counter

from bench.cost import Growth, draw, growths
from bench.measures import MEASURES, measured
from bench.ours import ROOT
from bench.page import page
from bench.rows import as_data

DATA = ROOT / "build" / "bench.json"
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "benchmarks.svg"


def main() -> int:
    """Measure, print, write; what cannot be measured is left out and said."""
    began = perf_counter()
    found, left_out = measured(MEASURES.items(), lambda text: print(text, flush=True))
    grown: tuple[Growth, ...] = ()
    try:
        grown = growths()
        draw(grown, PICTURE)
    except Exception as error:
        left_out["cost"] = f"{type(error).__name__}: {error}"
    for growth in grown:
        print(f"cost by {growth.axis}: size ^ {growth.exponent:.2f}")
    DATA.parent.mkdir(parents=True, exist_ok=True)
    DATA.write_text(json.dumps(as_data(found.values), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(found, left_out, grown, PICTURE.name), encoding="utf-8")
    print(f"{DATA.relative_to(ROOT)} and {PAGE.relative_to(ROOT)} written after {perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
