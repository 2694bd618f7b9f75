"""The numbers of the reference model: one source for every peer. `bench/reference/README.md` has the equations.

Money in millions of dollars, capacity in MW, time in months; month 0 is the first simulated one.
"""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

MONTHS = 138
FIRST_MONTH = 2025 * 12
"""The calendar month of month 0, counted from the year zero: January 2025."""

YEAR = 12.0
DEMAND_VOLATILITY, PRICE_VOLATILITY, REVENUE_VOLATILITY, CORRELATION = 0.35, 0.20, 0.30, 0.6

CONSTANTS = {
    "demand_swing": DEMAND_VOLATILITY / math.sqrt(YEAR),
    "price_swing": PRICE_VOLATILITY / math.sqrt(YEAR),
    "revenue_swing": REVENUE_VOLATILITY / math.sqrt(YEAR),
    "price_drift": (-0.18 - PRICE_VOLATILITY**2 / 2) / YEAR,
    "together": CORRELATION,
    "apart": math.sqrt(1 - CORRELATION**2),
    "waiver_hazard": 0.010,
    "b_discount": 0.9,
    "loss": 0.8,
    "share": 0.20,
    "variable_cost": 0.25,
    "burn_kept": 0.8,
    "burn_new": 0.2,
    "runway": 12.0,
    "months_raised": 24.0,
    "least_raised": 5000.0,
    "sales_multiple": 12 * 15.0,
    "pause": 6.0,
    "a_margin": 0.35,
    "partner_part": 0.15,
    "licence_rate": 0.05,
}

START = {"demand": 1000.0, "price": 1.0, "base_revenue": 1500.0, "burn": 800.0, "cash": 20_000.0, "stake": 0.27}
"""Before month 0; every other state starts from 0."""

_month = np.arange(MONTHS, dtype=np.float64)

SERIES: dict[str, FloatArray] = {
    "demand_drift": (0.12 + 0.58 * np.exp(-_month / 36) - DEMAND_VOLATILITY**2 / 2) / YEAR,
    "revenue_drift": (0.15 + 0.60 * np.exp(-_month / 40) - REVENUE_VOLATILITY**2 / 2) / YEAR,
    "a_capacity": 900 + 5100 * np.minimum(_month / 72, 1),
    "b_capacity": np.where(_month < 18, 0.0, np.minimum(500 * 1.04 ** (_month - 18), 9000)),
    "a_least": np.where(_month < 60, 700.0, 1500.0),
    "b_least": np.where(_month < 18, 0.0, 250.0),
    "agi_hazard": 0.001 + 0.009 * _month / MONTHS,
    "fixed_cost": 500 * np.exp(0.12 * _month / YEAR),
    "exclusive": np.where(_month < 66, 1.0, 0.0),
    "licensed": np.where(_month < 78, 1.0, 0.0),
}
"""What the calendar alone decides: float64[month]."""

NORMALS = ("demand", "base_revenue", "price")
EVENTS = ("waiver", "agi")
OUTPUTS = ("cash", "unmet_sum", "stake", "partner_sum_licensed", "partner_sum", "rounds", "agi", "waiver")
"""What is compared after the last month, in this order everywhere."""


def driver(name: str) -> int:
    """The number under which a driver is drawn, as `docs/numerics.md` defines it: peers in C draw what a deal draws."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def c_header() -> str:
    """The numbers as C: a macro for each constant and start, an array for each series."""
    lines = [f"#define MONTHS {MONTHS}", f"#define FIRST_BLOCK {FIRST_MONTH // 4}"]
    lines += [f"#define {name} {value!r}" for name, value in CONSTANTS.items()]
    lines += [f"#define {name}_start {value!r}" for name, value in START.items()]
    for name, values in SERIES.items():
        lines.append(f"static const double {name}[MONTHS] = {{{','.join(repr(float(value)) for value in values)}}};")
    return "\n".join(lines) + "\n"
