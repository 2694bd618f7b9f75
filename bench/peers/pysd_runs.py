"""The model in PySD: `python pysd_runs.py RUNS`, by any Python that has it, prints seconds a run and outputs as JSON.

The equations are written as a Vensim model, which PySD translates once; then one `run()` is one path. Nothing else of
the benchmark is imported, so that PySD can live in an environment of its own.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import tempfile
import warnings
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

MONTHS = 138
NORMAL, EXPONENTIAL = "RANDOM NORMAL(-7, 7, 0, 1, 0)", "INITIAL(-LN(RANDOM UNIFORM(0, 1, 0)))"

AUXILIARIES = {
    "demand drift": "(0.12 + 0.58*EXP(-Time/36) - 0.35^2/2)/12",
    "revenue drift": "(0.15 + 0.60*EXP(-Time/40) - 0.30^2/2)/12",
    "a capacity": "900 + 5100*MIN(Time/72, 1)",
    "b capacity": "IF THEN ELSE(Time < 18, 0, MIN(500*1.04^(Time - 18), 9000))",
    "a least": "IF THEN ELSE(Time < 60, 700, 1500)",
    "b least": "IF THEN ELSE(Time < 18, 0, 250)",
    "fixed cost": "500*EXP(0.01*Time)",
    "z demand": NORMAL,
    "z price": NORMAL,
    "z revenue": NORMAL,
    "to waiver": EXPONENTIAL,
    "to agi": EXPONENTIAL,
    "new demand": "demand*EXP(demand drift + 0.35/SQRT(12)*z demand)",
    "new price": "price*EXP((-0.18 - 0.20^2/2)/12 + 0.20/SQRT(12)*z price)",
    "new base": "base*EXP(revenue drift + 0.30/SQRT(12)*(0.6*z demand + 0.8*z revenue))",
    "waiver hazard": "0.01",
    "agi hazard": "0.001 + 0.009*Time/138",
    "waiver": "IF THEN ELSE(waiver hazards + waiver hazard >= to waiver, 1, 0)",
    "agi": "IF THEN ELSE(agi hazards + agi hazard >= to agi, 1, 0)",
    "free": "IF THEN ELSE(Time < 66, waiver, 1)",
    "a used": "MIN(new demand, a capacity)",
    "b used": "MIN(new demand - a used, free*b capacity)",
    "unmet": "new demand - a used - b used",
    "a cost": "MAX(a used*new price, a least)",
    "b cost": "MAX(b used*new price*0.9, free*b least)",
    "revenue": "new base*(1 - 0.8*unmet/new demand)",
    "shared": "(1 - agi)*0.2*revenue",
    "net income": "revenue - shared - a cost - b cost - (fixed cost + 0.25*revenue)",
    "new burn": "0.8*burn + 0.2*MAX(-net income, 0)",
    "before round": "cash + net income",
    "round": "IF THEN ELSE(before round < 12*MAX(new burn, 1) :AND: cooling <= 0, 1, 0)",
    "raised": "round*MAX(24*new burn, 5000)",
    "new stake": "stake*(1 - raised/(180*revenue + raised))",
    "new cash": "before round + raised",
    "new cooling": "IF THEN ELSE(round > 0, 6, cooling - 1)",
    "partner": "shared + 0.35*a cost + new stake*0.15*MAX(net income, 0)",
    "licensed": "partner + IF THEN ELSE(Time < 78, (1 - agi)*0.05*revenue, 0)",
}
REPLACED = {
    "demand": ("new demand", 1000.0),
    "price": ("new price", 1.0),
    "base": ("new base", 1500.0),
    "burn": ("new burn", 800.0),
    "cash": ("new cash", 20000.0),
    "cooling": ("new cooling", 0.0),
    "stake": ("new stake", 0.27),
}
"""Stocks that take a new value each month, and what they start from."""
ADDED = {
    "unmet sum": "unmet",
    "partner sum": "partner",
    "licensed sum": "licensed",
    "rounds": "round",
    "waiver hazards": "waiver hazard",
    "agi hazards": "agi hazard",
}
"""Stocks that add up."""
OUTPUTS = ("cash", "unmet sum", "stake", "licensed sum", "partner sum", "rounds", "agi", "waiver")


def vensim() -> str:
    """The model as text of an .mdl file. At the end events are told by stocks, which have the last month in them."""
    lines = ["{UTF-8}"]
    lines += [f"{name} = {expression} ~ ~ |" for name, expression in AUXILIARIES.items()]
    lines += [f"{name} = INTEG(({new} - {name})/TIME STEP, {start}) ~ ~ |" for name, (new, start) in REPLACED.items()]
    lines += [f"{name} = INTEG({added}/TIME STEP, 0) ~ ~ |" for name, added in ADDED.items()]
    lines += ["agi at end = IF THEN ELSE(agi hazards >= to agi, 1, 0) ~ ~ |"]
    lines += ["waiver at end = IF THEN ELSE(waiver hazards >= to waiver, 1, 0) ~ ~ |"]
    times = {"INITIAL TIME": 0, "FINAL TIME": MONTHS, "TIME STEP": 1, "SAVEPER": MONTHS}
    return "\n".join(lines + [f"{name} = {value} ~ ~ |" for name, value in times.items()]) + "\n"


def measured(runs: int) -> dict[str, Any]:
    """Seconds a run (the median), and the outputs of every run: `{"seconds", "version", "outputs": [run][output]}`."""
    warnings.filterwarnings("ignore")
    pysd, numpy = importlib.import_module("pysd"), importlib.import_module("numpy")
    numpy.random.seed(1)  # the generator that PySD draws from
    columns = [re.sub("^(agi|waiver)$", r"\1 at end", name) for name in OUTPUTS]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reference.mdl"
        path.write_text(vensim(), encoding="utf-8")
        model = pysd.read_vensim(str(path))
        model.run(return_columns=columns, return_timestamps=[MONTHS])
        seconds, outputs = [], []
        for _ in range(runs):
            began = perf_counter()
            end = model.run(return_columns=columns, return_timestamps=[MONTHS])
            seconds.append(perf_counter() - began)
            outputs.append([float(value) for value in end[columns].to_numpy()[-1]])
    return {"seconds": median(seconds), "version": pysd.__version__, "outputs": outputs}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(int(sys.argv[1]))))
