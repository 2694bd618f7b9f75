"""The README's first deal compiles and runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import detente

README = Path(__file__).parents[1] / "README.md"


def test_the_first_deal_runs() -> None:
    text = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[0]
    deal = detente.loads(text)
    assert deal.warnings == ()
    run = deal.run(paths=500)
    assert run["lab.sales"].p50[-1] > 300.0
