"""The model in NumPy as one would write it by hand: arrays over a chunk of paths, a loop over months, its own draws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.peers.parameters import CONSTANTS, MONTHS, SERIES, START

FloatArray = npt.NDArray[np.float64]

CHUNK = 8192
"""Paths run together: the fastest of 256 to 100,000."""


def run(paths: int, seed: int) -> FloatArray:
    """The outputs after the last month, float64[output, path]; draws by NumPy's SFC64."""
    random = np.random.Generator(np.random.SFC64(seed))
    return np.concatenate([_chunk(min(CHUNK, paths - first), random) for first in range(0, paths, CHUNK)], axis=1)


def _chunk(n: int, random: np.random.Generator) -> FloatArray:
    c = CONSTANTS
    demand, price, base = (np.full(n, START[name]) for name in ("demand", "price", "base_revenue"))
    burn, cash, stake = (np.full(n, START[name]) for name in ("burn", "cash", "stake"))
    cooling, unmet_sum, partner_sum, licensed_sum, rounds = np.zeros((5, n))
    waiver_hazards, agi_hazards = np.zeros((2, n))
    to_waiver, to_agi = random.standard_exponential((2, n))
    for month in range(MONTHS):
        s = {name: values[month] for name, values in SERIES.items()}
        z_demand, z_revenue, z_price = random.standard_normal((3, n))
        demand *= np.exp(s["demand_drift"] + c["demand_swing"] * z_demand)
        price *= np.exp(c["price_drift"] + c["price_swing"] * z_price)
        base *= np.exp(s["revenue_drift"] + c["revenue_swing"] * (c["together"] * z_demand + c["apart"] * z_revenue))
        waiver_hazards += c["waiver_hazard"]
        agi_hazards += s["agi_hazard"]
        waived, agi = waiver_hazards >= to_waiver, agi_hazards >= to_agi
        free = waived if s["exclusive"] else np.ones(n, dtype=bool)
        a_used = np.minimum(demand, s["a_capacity"])
        b_used = np.minimum(demand - a_used, np.where(free, s["b_capacity"], 0.0))
        unmet = demand - a_used - b_used
        a_cost = np.maximum(a_used * price, s["a_least"])
        b_cost = np.maximum(b_used * price * c["b_discount"], np.where(free, s["b_least"], 0.0))
        revenue = base * (1 - c["loss"] * unmet / demand)
        shared = np.where(agi, 0.0, c["share"] * revenue)
        net = revenue - shared - a_cost - b_cost - (s["fixed_cost"] + c["variable_cost"] * revenue)
        burn = c["burn_kept"] * burn + c["burn_new"] * np.maximum(-net, 0.0)
        before = cash + net
        round_ = (before < c["runway"] * np.maximum(burn, 1.0)) & (cooling <= 0)
        raised = np.where(round_, np.maximum(c["months_raised"] * burn, c["least_raised"]), 0.0)
        stake *= 1 - raised / (c["sales_multiple"] * revenue + raised)
        cash = before + raised
        cooling = np.where(round_, c["pause"], cooling - 1)
        partner = shared + c["a_margin"] * a_cost + stake * c["partner_part"] * np.maximum(net, 0.0)
        unmet_sum += unmet
        partner_sum += partner
        licensed_sum += partner + np.where(agi, 0.0, s["licensed"] * c["licence_rate"] * revenue)
        rounds += round_
    return np.stack([cash, unmet_sum, stake, licensed_sum, partner_sum, rounds, agi, waived])
