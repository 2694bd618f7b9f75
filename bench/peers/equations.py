"""The equations as data, in any number of linked copies, and the C program that a generator makes of them.

An equation is a name and an expression over this month's names, `opening.name` for a state as the month opens, series,
constants and draws. In every copy 0.0001 of the unmet demand that the neighbour had last month is added to the demand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bench.peers.parameters import CONSTANTS, EVENTS, FIRST_MONTH, MONTHS, NORMALS, OUTPUTS, SERIES, START

EQUATIONS = {
    "demand": "opening.demand * exponential(demand_drift + demand_swing * normal.demand)",
    "price": "opening.price * exponential(price_drift + price_swing * normal.price)",
    "swing": "together * normal.demand + apart * normal.base_revenue",
    "base_revenue": "opening.base_revenue * exponential(revenue_drift + revenue_swing * swing)",
    "waiver_hazards": "opening.waiver_hazards + waiver_hazard",
    "waiver": "reached(waiver_hazards, draw.waiver)",
    "agi_hazards": "opening.agi_hazards + agi_hazard",
    "agi": "reached(agi_hazards, draw.agi)",
    "free": "1 - exclusive * (1 - waiver)",
    "a_used": "least(demand, a_capacity)",
    "b_used": "least(demand - a_used, free * b_capacity)",
    "unmet": "demand - a_used - b_used",
    "a_cost": "most(a_used * price, a_least)",
    "b_cost": "most(b_used * price * b_discount, free * b_least)",
    "revenue": "base_revenue * (1 - loss * unmet / demand)",
    "shared": "(1 - agi) * share * revenue",
    "running_cost": "fixed_cost + variable_cost * revenue",
    "net_income": "revenue - shared - a_cost - b_cost - running_cost",
    "burn": "burn_kept * opening.burn + burn_new * most(-net_income, 0.0)",
    "before_round": "opening.cash + net_income",
    "round": "below(before_round, runway * most(burn, 1.0)) * reached(0.0, opening.cooling)",
    "raised": "round * most(months_raised * burn, least_raised)",
    "stake": "opening.stake * (1 - raised / (sales_multiple * revenue + raised))",
    "cash": "before_round + raised",
    "cooling": "choose(round, pause, opening.cooling - 1)",
    "licence": "licensed * (1 - agi) * licence_rate * revenue",
    "partner": "shared + a_margin * a_cost + stake * partner_part * most(net_income, 0.0)",
    "unmet_sum": "opening.unmet_sum + unmet",
    "partner_sum": "opening.partner_sum + partner",
    "partner_sum_licensed": "opening.partner_sum_licensed + partner + licence",
    "rounds": "opening.rounds + round",
}

SPILL = "0.0001"


@dataclass(frozen=True)
class Equations:
    """Equations in order, the states with what they start from, and what is drawn, all by name."""

    equations: dict[str, str]
    states: dict[str, float]
    normals: tuple[str, ...]
    events: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def drivers(self) -> tuple[str, ...]:
        """The names under which a deal of linked copies draws the normals, then the events."""
        return (*(name.replace("demand", "demand_step") for name in self.normals), *self.events)


def linked(copies: int) -> Equations:
    """So many copies of the model, names ending in _1, _2, …, each linked to the one before, the first to the last."""
    equations: dict[str, str] = {}
    states: dict[str, float] = {}
    for copy in range(1, copies + 1):
        neighbour = (copy - 2) % copies + 1
        for name, expression in EQUATIONS.items():
            spill = f" + {SPILL} * opening.unmet_{neighbour}" if name == "demand" else ""
            equations[f"{name}_{copy}"] = _numbered(expression, copy) + spill
        states |= {f"{name}_{copy}": START.get(name, 0.0) for name in _opened()} | {f"unmet_{copy}": 0.0}
    return Equations(
        equations,
        states,
        tuple(f"{name}_{copy}" for copy in range(1, copies + 1) for name in NORMALS),
        tuple(f"{name}_{copy}" for copy in range(1, copies + 1) for name in EVENTS),
        tuple(f"{name}_{copy}" for copy in range(1, copies + 1) for name in OUTPUTS),
    )


def _opened() -> tuple[str, ...]:
    """The states: whatever is read as the month opens."""
    found = re.findall(r"opening\.(\w+)", " ".join(EQUATIONS.values()))
    return tuple(dict.fromkeys(found))


def _numbered(expression: str, copy: int) -> str:
    own = {*EQUATIONS, *NORMALS, *EVENTS}
    return re.sub(r"[A-Za-z]\w*", lambda word: f"{word[0]}_{copy}" if word[0] in own else word[0], expression)


def c_source(model: Equations) -> str:
    """The C program: `run(paths, seed, drivers, series, constants, out)`, drivers being those of normals, then of
    events, `series` float64[series, month], `out` float64[output, path]."""
    row = {name: number for number, name in enumerate(model.states)}
    drawn = {name: number for number, name in enumerate(model.normals)}
    event = {name: number for number, name in enumerate(model.events)}

    def c(expression: str) -> str:
        return re.sub(r"(opening|normal|draw)\.(\w+)", r"\1_\2", expression)

    lines = [
        '#include "kernel.h"',
        "#define reached(a, b) ((a) >= (b) ? 1.0 : 0.0)",
        "#define below(a, b) ((a) < (b) ? 1.0 : 0.0)",
        "#define choose(which, a, b) ((which) != 0 ? (a) : (b))",
        "void run(long paths, uint64_t seed, const uint64_t *drivers, const double *series, const double *constants,"
        " double *out) {",
        *(f"const double {name} = constants[{number}];" for number, name in enumerate(CONSTANTS)),
        "for (long first = 0; first < paths; first += LANES) {",
        "int lanes = paths - first < LANES ? (int)(paths - first) : LANES;",
        f"double state[{len(row)}][LANES], z[{len(drawn)}][4][LANES], to[{len(event)}][LANES];",
        *(f"EACH_LANE state[{row[name]}][lane] = {value!r};" for name, value in model.states.items()),
        *(
            f"exponentials(seed, drivers[{len(drawn) + number}], (uint32_t)first, to[{number}]);"
            for number in event.values()
        ),
        f"for (int block = 0; 4 * block < {MONTHS}; block++) {{",
        *(
            f"normals(seed, drivers[{number}], (uint32_t)first, {FIRST_MONTH // 4} + block, z[{number}]);"
            for number in drawn.values()
        ),
        f"for (int m = 0; m < 4 && 4 * block + m < {MONTHS}; m++) {{ int t = 4 * block + m;",
        *(f"const double {name} = series[{number} * {MONTHS} + t];" for number, name in enumerate(SERIES)),
        "EACH_LANE {",
        *(f"double normal_{name} = z[{number}][m][lane];" for name, number in drawn.items()),
        *(f"double draw_{name} = to[{number}][lane];" for name, number in event.items()),
        *(f"double opening_{name} = state[{number}][lane];" for name, number in row.items()),
        *(f"double {name} = {c(expression)};" for name, expression in model.equations.items()),
        *(f"state[{number}][lane] = {name};" for name, number in row.items()),
        "}}}",
        "for (int i = 0; i < lanes; i++) {",
    ]
    for number, name in enumerate(model.outputs):
        value = f"state[{row[name]}][i]" if name in row else _happened(name, row, event)
        lines.append(f"out[{number} * paths + first + i] = {value};")
    return "\n".join([*lines, "}}}", ""])


def _happened(name: str, row: dict[str, int], event: dict[str, int]) -> str:
    kind, _, copy = name.rpartition("_")
    return f"reached(state[{row[f'{kind}_hazards_{copy}']}][i], to[{event[name]}][i])"
