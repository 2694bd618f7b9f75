"""A small deal with findings made by hand. Some of its texts try to break out of the page."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detente.answers.results import CheckAnswer, Findings, GroundsAnswer, HeadlineAnswer, RightAnswer, Row
from detente.deal.load import load_deal
from detente.deal.model import Deal
from detente.engine.run import Measured, Observation, Range, Run, Series

EVIL = "</script><img src=x onerror=alert(1)>"
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def deal() -> Deal:
    """The small deal; it has no faults."""
    found, diagnostics = load_deal(Path(__file__).parent / "deal")
    assert found is not None
    assert diagnostics == (), diagnostics
    return replace(found, notes=("hosting.secret was not known by 2025-06",))


def make_series(
    deal: Deal, name: str, unit: str, level: float, observed: tuple[Observation, ...] = ()
) -> Series:  # fmt: skip
    """A series that doubles over the horizon round a level, certain up to `now`, then with a spread that grows."""
    months = tuple(range(deal.first, deal.last + 1))
    steps = np.arange(len(months), dtype=np.float64)
    middle = level * 2.0 ** (steps / steps[-1])
    spread = 0.03 * np.maximum(0.0, steps - (deal.now - deal.first))
    mean = middle * (1 + spread / 4)
    share = np.ones(len(months))
    return Series(
        name,
        unit,
        months,
        mean,
        middle * (1 - spread),
        middle,
        middle * (1 + spread),
        0.01 * spread * middle,
        share,
        observed,
    )


def chance(value: float, low: float, high: float) -> Measured:
    """A chance with a range over assumptions."""
    ends = Range(low, high, "pace at its 5th percentile", "rent at its 95th percentile")
    return Measured("probability", value, 0.0, 0.0, 1.0, 0.0045, 1.0, ends)


@pytest.fixture(scope="session")
def findings(deal: Deal) -> Findings:
    """Findings about the small deal, made by hand."""
    past = (
        Observation(deal.first, deal.first + 2, 250.0, ("sales-q1",), drives=True),
        Observation(deal.now, deal.now, 300.0, (), drives=True),
    )
    compared = (Observation(deal.first + 1, deal.first + 1, 2.4, (), drives=False),)
    series = [
        make_series(deal, "lab.USD", "USD", 60e6), make_series(deal, "lab.sales", "mn USD / year", 240.0, past),
        make_series(deal, "lab.worth", "bn USD", 2.3, compared), make_series(deal, "lab.compute_need", "MW", 10.0),
        make_series(deal, "cloud.offer", "MW", 12.0), make_series(deal, "cloud.stock", "share", 1e6),
        make_series(deal, "cloud.part", "%", 33.0), make_series(deal, "lab.growth", "% / year", 20.0),
    ]  # fmt: skip
    steps = np.arange(len(series[0].months), dtype=np.float64)
    sure = np.clip((steps - 8) / 20, 0, 0.4)
    listed = replace(series[0], name="listed", unit="", mean=sure, p5=0 * sure, p50=0 * sure, p95=np.sign(sure))
    series.append(listed)
    futures = {"broke": chance(0.45, 0.08, 0.72), "public": chance(0.35, 0.2, 0.5), "other": chance(0.2, 0.1, 0.3)}
    run = Run(deal, "base", 10_000, 7, 1.24, {one.name: one for one in series}, futures)
    loss = Measured("USD", -2.6e7, -6.1e7, -2.4e7, 4.2e6, 1.2e5, 0.83, Range(-4e7, 3e6, f"pace {EVIL}", "rent low"))
    cash = "Lab runs out of cash by the end of 2026"
    return Findings(
        deal=deal,
        run=run,
        headlines=(
            HeadlineAnswer("cash", "Cash", "a note", "", (
                Row(cash, "base", chance(0.453, 0.08, 0.72)), Row(cash, "not_listed", chance(0.182, 0.05, 0.4)),
                Row("Cash at the end", "base", Measured("USD", 1.4e10, 9.1e9, 1.3e10, 1.8e10, 1.2e8, 1.0)),
            )),
            HeadlineAnswer("loss", "What the lab would lose", "", "base", (Row("Lab", "not_listed", loss),)),
        ),
        rights=(
            RightAnswer("cut", "cut off", "cloud", "lab", "USD", 3.4e7, 1e6, 9e6, 4e5, True, ("hosting-signed",)),
            RightAnswer("list", "list", "lab", "cloud", "USD", -1.3e6, 4e4, 2.2e6, 1e5, False, ()),
        ),
        checks=(CheckAnswer("lab.sales > 0 USD / year", 1.0, "deal.yaml:93"), CheckAnswer("lab.USD > 0 USD", 0.31, "")),
        grounds=(
            GroundsAnswer("rent", "assumption", True, ("rent-2025",), ("herald",), "rent of an hour over the power"),
            GroundsAnswer("pace", "assumption", False, (), (), f"a guess {EVIL}"),
            GroundsAnswer("hosting.capacity", "term", False, ("hosting-signed",), (), ""),
        ),
    )  # fmt: skip


@pytest.fixture
def golden() -> Callable[[str, Any], None]:
    """Holds data against the file of that name; `UPDATE_GOLDEN=1 pytest` writes the files anew."""

    def check(name: str, data: Any) -> None:
        path = GOLDEN / f"{name}.json"
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        if os.environ.get("UPDATE_GOLDEN"):
            GOLDEN.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} differs; UPDATE_GOLDEN=1 writes it anew"

    return check
