"""Runs: the same bits however the work is shared out, common random numbers, and the laws of hazards and processes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from detente.deal.model import Policy
from detente.engine import evaluate as evaluating
from detente.engine import simulate as simulating
from detente.engine.draws import Held
from detente.engine.evaluate import evaluate, figures, graph_of, scenario_variant
from detente.engine.lanes import Lanes
from detente.engine.program import Program, compile_graph
from detente.engine.simulate import BASE, Task, Variant, outcomes, simulate, summarised
from detente.graph.model import Graph
from detente.lang.parser import parse_expression
from detente.text.place import NOWHERE
from tests.support import EXACT, agreement, play, read, small
from tests.support import figures as told

FloatArray = npt.NDArray[np.float64]

MODEL = small(
    first="2024-06",
    to="2026-12",
    assumptions="""
        pace:   {value: 20% to 90% / year, assumed: g}
        price:  {value: 2 to 5 USD / MW / month, assumed: g}
        danger: {value: 30% to 90% / year, kind: rate, assumed: g}
        delay_: {value: 'uniform(1 months, 9 months)', assumed: g}
    """,
    correlations="- {between: [pace, price], is: 0.5, assumed: g}\n- {between: [sales, wish], is: 0.6, assumed: g}",
    variables="""
        sales: {unit: USD / month, past: {2024-08: 80, 2024-12: 100}, next: 'gbm(growth = pace, fades_to = 10% / year, over = 12 months, volatility = 40% / sqrt(year))', assumed: g}
        wish:  {unit: MW, past: {2024-12: 8}, next: 'ou(mean = 12 MW, half_life = 6 months, volatility = 2 MW / sqrt(month))', assumed: g}
        burn:  {unit: USD / month, is: 'smooth(net(lab, operating), 3 months, start = 0 USD / month)', assumed: g}
        late:  {unit: USD / month, is: 'delay(sales, 4 months)', assumed: g}
        stakes: {is: stake(fund)}
    """,
    flows="subscriptions: {from: world, to: lab, amount: sales}",
    needs="lab.compute: {resource: compute, amount: 'max(0 MW, wish)'}",
    agreements=agreement(
        """
        power:   {type: supply, supplier: cloud, need: lab.compute, capacity: 10 MW, price: price, assumed: g}
        takings: {type: revenue_share, payer: lab, payee: cloud, base: sales, rate: 30%, stops: left, assumed: g}
        round:   {type: equity_round, company: lab, investor: fund, when: lab.USD < 900 USD, amount: 200 USD, pre_money: 20 months * sales, not_within: 6 months, assumed: g}
        """
    ),
    events="""
        struck: {hazard: danger}
        left:   {decided_by: lab, possible: struck, policy: after(delay_), options: [never, after(0 months)], assumed: g}
    """,
    values="lab: {discount: 10% / year, each: 'net(lab, all)', at_end: lab.USD, assumed: g}",
    scenarios="""
        held:  {left: never}
        free:  {pact.takings: off}
        dear:  {price: 9 USD / MW / month, assumed: g}
        quick: {pace: 200% to 300% / year, assumed: g}
    """,
    futures="gone: left by 2026-06\nrich: lab.USD > 0 USD at 2026-12",
    outputs="[sales, wish, lab.USD, cloud.USD, stakes, burn, late, struck]",
)
"""Processes, correlated inputs, a hazard, a decision, terms, memories of several kinds."""

FIGURES = (
    "lab.USD at 2026-12",
    "sales at left",
    "value(lab)",
    "total(flow(pact.takings), 2026)",
    "lowest(cloud.USD, 2026-06)",
    "left by 2026-06",
    "late at 2025-03",
)
PATHS = 2500


@pytest.fixture(scope="module")
def model() -> Graph:
    return graph_of(read(MODEL), figures(FIGURES))


@pytest.fixture(scope="module")
def program(model: Graph) -> Program:
    return compile_graph(model, tuple(model.deal.outputs), FIGURES)


@pytest.fixture(scope="module")
def variants(model: Graph) -> list[Variant]:
    """Everything a variant can change, in one list."""
    deal = model.deal
    named = [simulating.variant(deal, scenario) for scenario in deal.scenarios.values()]
    array = np.linspace(1.0, 6.0, PATHS)
    return [
        BASE,
        *named,
        Variant("central", central=True),
        Variant("by path", {"price": array}),
        Variant("low", {"pace": Held(0.05), "delay_": Held(0.95)}),
        named[0].under(named[1]),
    ]


def bits(values: FloatArray) -> bytes:
    """What must not differ in the last place. Absent values are made one NaN: their payload differs by machine."""
    return np.where(np.isnan(values), np.float64("nan"), values).tobytes()


def every_output(graph: Graph, program: Program, one: Variant, paths: int, threads: int = 1) -> dict[str, FloatArray]:
    """Every output on every path: float64[month, path]."""
    months = graph.deal.last - graph.deal.now
    found = {name: np.full((months, paths), np.nan) for name in program.outputs}

    def collect(task: Task, lanes: Lanes) -> None:
        for name, rows in zip(program.outputs, lanes.outputs, strict=True):
            found[name][:, task.first : task.last] = rows

    simulate(graph, program, [one], range(paths), 1, collect, threads)
    return found


# the same bits


@pytest.fixture(scope="module")
def reference(model: Graph, program: Program, variants: list[Variant]) -> FloatArray:
    return outcomes(model, program, variants, PATHS, 1)


@pytest.mark.parametrize("lanes", [1, 7, 1024, 4096, 10**6])
def test_the_size_of_a_chunk_changes_no_bit(
    lanes: int,
    model: Graph,
    program: Program,
    variants: list[Variant],
    reference: FloatArray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = 40 if lanes < 1000 else PATHS
    monkeypatch.setattr(simulating, "CHUNK_LANES", lanes)
    found = outcomes(model, program, variants, paths, 1)
    assert bits(found) == bits(reference[:, :, :paths])


@pytest.mark.parametrize("threads", [2, 5])
def test_the_number_of_threads_changes_no_bit(
    threads: int, model: Graph, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulating, "CHUNK_LANES", 256)
    alone, shared = (every_output(model, program, BASE, PATHS, count) for count in (1, threads))
    for name in alone:
        assert bits(alone[name]) == bits(shared[name]), name


@pytest.mark.parametrize("blocks", [1, 2])
def test_summaries_do_not_depend_on_chunks(
    blocks: int, model: Graph, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> list[bytes]:
        series, chances = summarised(model, program, BASE, 3000, 1)
        shares = np.array([0.05, 0.5, 0.95])
        return [
            bits(np.ascontiguousarray(part))
            for one in (*series.values(), *chances.values())
            for part in (one.mean, one.mc_error, one.present, one.quantile(shares))
        ]

    whole = told()
    monkeypatch.setattr(simulating, "CHUNK_LANES", blocks * 1024)
    assert told() == whole


def test_variants_alone_and_together_have_the_same_bits(
    model: Graph, program: Program, variants: list[Variant], reference: FloatArray
) -> None:
    for index, one in enumerate(variants):
        assert bits(outcomes(model, program, [one], PATHS, 1)[0]) == bits(reference[index]), one.name


def test_the_order_of_variants_changes_no_bit(
    model: Graph, program: Program, variants: list[Variant], reference: FloatArray
) -> None:
    turned = outcomes(model, program, variants[::-1], 100, 1)
    assert bits(turned[::-1]) == bits(reference[:, :, :100])


def test_what_else_is_asked_for_changes_no_bit(model: Graph, reference: FloatArray) -> None:
    """A program that gives one figure alone, and one that gives the figures and every equation."""
    for row, key in enumerate(FIGURES):
        alone = outcomes(model, compile_graph(model, (), (key,)), [BASE], 200, 1)
        assert bits(alone[0, 0]) == bits(reference[0, row, :200]), key
    everything = compile_graph(model, tuple(model.equations), FIGURES)
    assert bits(outcomes(model, everything, [BASE], 200, 1)[0]) == bits(reference[0, :, :200])


def test_whole_paths_are_those_of_the_run(model: Graph, program: Program) -> None:
    """What `trace` shows of chosen paths in any order is what the run computes."""
    chosen = [1234, 7, 0, 2499]
    run = every_output(model, program, BASE, PATHS)
    played = play(MODEL, chosen)
    for name, rows in run.items():
        assert bits(played.simulated(name)) == bits(np.ascontiguousarray(rows[:, chosen])), name


def test_another_seed_gives_other_paths(model: Graph, program: Program, reference: FloatArray) -> None:
    other = outcomes(model, program, [BASE], PATHS, 2)
    assert (other[0, 0] != reference[0, 0]).all()


# what changes, and what does not


ADDED = {
    "an assumption": ("assumptions:\n", "assumptions:\n  aaa: {value: 1 to 2, assumed: g}\n"),
    "a process": (
        "variables:\n",
        "variables:\n  aaa: {unit: USD, past: {2024-12: 1}, next: 'gbm(growth = 1% / year, volatility = 9% / sqrt(year))', assumed: g}\n",
    ),
    "a hazard": ("events:\n", "events:\n  aaa: {hazard: danger}\n"),
    "a flow of others": ("flows:\n", "flows:\n  aaa: {from: world, to: rival, amount: 1 USD / month}\n"),
    "a later horizon": ("to: 2026-12", "to: 2028-06"),
}


@pytest.mark.parametrize("added", ADDED)
def test_what_is_added_elsewhere_changes_no_draw(added: str, program: Program, model: Graph) -> None:
    """R5: a draw is a function of seed, name, path and calendar month."""
    before, after = ADDED[added]
    other = graph_of(read(MODEL.replace(before, after)), figures(FIGURES))
    asked = tuple(key for key in FIGURES if "value" not in key and "at left" not in key)
    was = outcomes(model, compile_graph(model, (), asked), [BASE], 300, 1)
    now = outcomes(other, compile_graph(other, (), asked), [BASE], 300, 1)
    assert bits(was) == bits(now)


def test_scenarios_share_their_random_numbers(model: Graph) -> None:
    """Without the revenue share the same sales and the same strikes happen, path by path."""
    names = ("sales", "wish", "struck", "lab.USD")
    program = compile_graph(model, names, ())
    base = every_output(model, program, BASE, 300)
    free = every_output(model, program, Variant(off=frozenset({"pact.takings"})), 300)
    for name in ("sales", "wish", "struck"):
        assert bits(base[name]) == bits(free[name])
    assert (free["lab.USD"][-1] > base["lab.USD"][-1]).all()


def test_a_program_serves_every_variant(variants: list[Variant], reference: FloatArray) -> None:
    """Terms, policies and assumptions are arguments of the run: nothing compiles again, and the outcome is that of a deal
    in which the scenario is filed."""
    filed = {
        "held": MODEL.replace("policy: after(delay_)", "policy: never"),
        "dear": MODEL.replace("price:  {value: 2 to 5 USD", "price:  {value: 9 USD"),
        "quick": MODEL.replace("pace:   {value: 20% to 90%", "pace:   {value: 200% to 300%"),
    }
    for index, one in enumerate(variants):
        if one.name in filed:
            other = graph_of(read(filed[one.name]), figures(FIGURES))
            alone = outcomes(other, compile_graph(other, (), FIGURES), [BASE], PATHS, 1)
            assert bits(alone[0]) == bits(reference[index]), one.name


def test_many_runs_compile_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def counted(graph: Graph, outputs: tuple[str, ...], measures: tuple[str, ...], traced: bool = False) -> Program:
        calls.append(graph)
        return compile_graph(graph, outputs, measures, traced)

    monkeypatch.setattr(evaluating, "compile_graph", counted)
    deal = read(MODEL)
    runs = [BASE, *(scenario_variant(deal, name) for name in deal.scenarios), Variant(overrides={"pace": 0.01})]
    assert evaluate(deal, runs, 10, 1, ["lab.USD at 2026-12"]).shape == (6, 1, 10)
    assert len(calls) == 1


def test_a_switch_a_policy_and_a_value_do_what_they_say(
    model: Graph, program: Program, variants: list[Variant]
) -> None:
    found = {one.name: row for one, row in zip(variants, outcomes(model, program, variants, PATHS, 1), strict=True)}
    row = {key: number for number, key in enumerate(FIGURES)}
    assert (found["held"][row["left by 2026-06"]] == 0.0).all()
    assert (found["free"][row["total(flow(pact.takings), 2026)"]] == 0.0).all()
    assert (found["dear"][row["lab.USD at 2026-12"]] < found["base"][row["lab.USD at 2026-12"]]).mean() > 0.9
    assert (found["held, free"][row["left by 2026-06"]] == 0.0).all()
    assert (found["held, free"][row["total(flow(pact.takings), 2026)"]] == 0.0).all()


@pytest.mark.parametrize(
    "one",
    [
        Variant(overrides={"typo": 1.0}),
        Variant(off=frozenset({"pact.typo"})),
        Variant(policies={"struck": Policy("never", None, "never")}),
    ],
    ids=["input", "term", "event that nobody decides"],
)
def test_a_variant_that_names_nothing_is_refused(one: Variant, model: Graph, program: Program) -> None:
    with pytest.raises(ValueError, match="nothing that a run can change is called"):
        outcomes(model, program, [one], 5, 1)


def test_a_policy_the_deal_was_not_built_with_is_refused(model: Graph, program: Program) -> None:
    other = Policy("at", parse_expression("2025-07", NOWHERE), "at(2025-07)")
    with pytest.raises(ValueError, match=r"'at\(2025-07\)' is no policy of 'left'"):
        outcomes(model, program, [Variant(policies={"left": other})], 5, 1)


def test_progress_counts_the_chunks(model: Graph, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulating, "CHUNK_LANES", 1024)
    seen: list[tuple[int, int]] = []
    outcomes(model, program, [BASE], 3000, 1, lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


# hazards


def struck(rate: str, more: str = "", **blocks: str) -> FloatArray:
    """Whether the hazard has struck: float64[month, path]."""
    text = small(to="2027-12", events=f"struck: {{hazard: rate{more}}}", assumptions=rate, **blocks)
    return play(text, range(4000)).simulated("struck")


def test_the_share_struck_follows_the_exponential_law() -> None:
    """1 - exp(-h t) after t months at h = 0.4 / 12 a month, within four standard errors of a share."""
    found = struck("rate: {value: 40% / year, kind: rate, assumed: g}")
    for months in (1, 6, 12, 36):
        expected = 1 - math.exp(-0.4 / 12 * months)
        error = math.sqrt(expected * (1 - expected) / 4000)
        assert found[months - 1].mean() == pytest.approx(expected, abs=4 * error)


def test_an_event_that_has_struck_stays_struck() -> None:
    found = struck("rate: {value: 40% / year, kind: rate, assumed: g}")
    assert (np.diff(found, axis=0) >= 0).all()


def test_a_higher_hazard_strikes_the_same_paths_and_others_never_later() -> None:
    """One draw a path: the difference of two scenarios is a share of paths, not noise. Every path struck at 30% a year is
    struck at 40%, and the share of those that differ is the difference of the two laws."""
    low, high = (struck(f"rate: {{value: {rate}% / year, kind: rate, assumed: g}}") for rate in (30, 40))
    assert (high >= low).all()
    expected = math.exp(-0.3) - math.exp(-0.4)
    found = (high - low)[11].mean()
    assert found == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 4000))


def test_hazard_adds_up_only_while_the_event_is_possible() -> None:
    """Possible in the second year alone: nothing before, 1 - exp(-0.4) at its end, nothing after."""
    found = struck("rate: {value: 40% / year, kind: rate, assumed: g}", ", possible: on(2026)")
    assert found[11].max() == 0.0
    assert found[23].mean() == pytest.approx(1 - math.exp(-0.4), abs=4 * math.sqrt(0.33 * 0.67 / 4000))
    assert (found[35] == found[23]).all()


def test_a_hazard_below_zero_is_none() -> None:
    text = small(
        events="struck: {hazard: 0 / year - rate}", assumptions="rate: {value: 40% / year, kind: rate, assumed: g}"
    )
    assert play(text, range(50)).simulated("struck").max() == 0.0


def test_on_the_central_path_no_hazard_strikes_and_processes_have_no_shocks() -> None:
    played = play(MODEL, range(3), variant=Variant(central=True))
    for name in ("sales", "struck", "lab.USD"):
        rows = played.simulated(name)
        assert (rows == rows[:, :1]).all()
    assert played.simulated("struck").max() == 0.0


def test_the_central_path_beside_others_is_the_central_path(model: Graph, program: Program) -> None:
    """One variant in a chunk with shocks, one without: the second is the same on every path and has no hazard."""
    _, central = outcomes(model, program, [BASE, Variant(central=True)], 20, 1)
    row = {key: number for number, key in enumerate(FIGURES)}
    assert (central[row["lab.USD at 2026-12"]] == central[row["lab.USD at 2026-12"], 0]).all()
    assert central[row["left by 2026-06"]].max() == 0.0
    assert central[row["lab.USD at 2026-12"], 0] == play(MODEL, variant=Variant(central=True))("lab.USD", "2026-12")


# processes


def process(text: str, past: str = "2024-12: 100", unit: str = "USD", **blocks: str) -> str:
    return small(to="2027-12", variables=f"x: {{unit: {unit}, past: {{{past}}}, next: '{text}', assumed: g}}", **blocks)


def test_the_mean_of_a_gbm_grows_by_its_growth_and_its_logarithm_is_normal() -> None:
    """36 months at 30% a year and a volatility s of 40% a root of a year: the mean is 100 * 1.3**3; the logarithm of the
    ratio is normal with mean (log(1.3) - s**2 / 2) * 3 and variance s**2 * 3."""
    count = 20_000
    played = play(process("gbm(growth = 30% / year, volatility = 40% / sqrt(year))"), range(count))
    last = played.row("x", "2027-12")
    error = last.std() / math.sqrt(count)
    assert last.mean() == pytest.approx(100 * 1.3**3, abs=4 * error)
    scores = (np.log(last / 100) - (math.log(1.3) - 0.08) * 3) / (0.4 * math.sqrt(3))
    assert scores.mean() == pytest.approx(0.0, abs=4 / math.sqrt(count))
    assert scores.std() == pytest.approx(1.0, abs=4 / math.sqrt(2 * count))
    for share in (0.05, 0.25, 0.75, 0.95):
        below = np.mean(scores < {0.05: -1.6448536, 0.25: -0.6744898, 0.75: 0.6744898, 0.95: 1.6448536}[share])
        assert below == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / count))


def test_the_steps_of_a_gbm_are_independent() -> None:
    played = play(process("gbm(growth = 0% / year, volatility = 40% / sqrt(year))"), range(4000))
    steps = np.diff(np.log(played.simulated("x")[:7]), axis=0)
    found = np.corrcoef(steps)
    assert np.abs(found - np.eye(6)).max() < 4.5 / math.sqrt(4000)


def test_a_growth_fades_from_its_own_to_what_it_fades_to() -> None:
    """Without swings. In the k-th month after the last point (from 0) the continuous rate is
    late + (early - late) * exp(-k / 6), with early = log(2.2) / 12 and late = log(1.1) / 12."""
    played = play(
        process("gbm(growth = 120% / year, fades_to = 10% / year, over = 6 months, volatility = 0 / sqrt(year))")
    )
    early, late = math.log(2.2) / 12, math.log(1.1) / 12
    expected, value = [], 100.0
    for k in range(36):
        value *= math.exp(late + (early - late) * math.exp(-k / 6))
        expected.append(value)
    assert played.simulated("x")[:, 0] == pytest.approx(expected, rel=1e-11)


def test_a_growth_that_fades_counts_from_the_last_point_on_record() -> None:
    """The last point lies six months before `now`: six months of fading have passed as the simulation begins."""
    text = process(
        "gbm(growth = 120% / year, fades_to = 10% / year, over = 6 months, volatility = 0 / sqrt(year))", "2024-06: 100"
    ).replace("from: 2024-12", "from: 2024-06")
    early, late = math.log(2.2) / 12, math.log(1.1) / 12
    rates = [late + (early - late) * math.exp(-k / 6) for k in range(7)]
    assert play(text)("x", "2025-01") == pytest.approx(100 * math.exp(sum(rates)), rel=1e-11)


def test_an_ou_halves_its_distance_to_the_mean_every_half_life() -> None:
    """From 100 to a mean of 20 with a half-life of 4 months: 80 away, then 40 after 4, 20 after 8, 10 after 12."""
    played = play(process("ou(mean = 20 USD, half_life = 4 months, volatility = 0 USD / sqrt(month))"))
    assert [played("x", date) for date in ("2025-04", "2025-08", "2025-12")] == pytest.approx([60, 40, 30], rel=1e-11)


def test_an_ou_swings_with_its_stationary_deviation() -> None:
    """x' = m + a (x - m) + v e: after long the variance is v**2 / (1 - a**2), with a = 1/2 a month and v = 3."""
    count = 4000
    played = play(
        process("ou(mean = 20 USD, half_life = 1 months, volatility = 3 USD / sqrt(month))", "2024-12: 20"),
        range(count),
    )
    last = played.row("x", "2027-12")
    expected = 3 / math.sqrt(1 - 0.25)
    assert last.std() == pytest.approx(expected, abs=4 * expected / math.sqrt(2 * count))
    assert last.mean() == pytest.approx(20.0, abs=4 * expected / math.sqrt(count))


def test_every_path_passes_through_the_record() -> None:
    """Straight in logarithms between points: 100 in August, 400 in December is a doubling in two months."""
    text = process("gbm(growth = 0% / year, volatility = 90% / sqrt(year))", "2024-08: 100, 2024-12: 400").replace(
        "from: 2024-12", "from: 2024-08"
    )
    found = told(text, ["x at 2024-08", "x at 2024-10", "x at 2024-12"], 20)[0]
    assert found == pytest.approx(np.array([[100.0], [200.0], [400.0]]) * np.ones(20), rel=1e-11)


def test_a_period_on_record_holds_in_all_its_months() -> None:
    """8 in the third quarter and 16 in the fourth; straight between periods there is nothing to bridge."""
    text = process("gbm(growth = 0% / year, volatility = 0 / sqrt(year))", "2024Q3: 8, 2024Q4: 16").replace(
        "from: 2024-12", "from: 2024-07"
    )
    found = told(text, [f"x at 2024-{number:02d}" for number in range(7, 13)])[0, :, 0]
    assert found == pytest.approx([8, 8, 8, 16, 16, 16], rel=EXACT)


def test_a_draw_belongs_to_its_calendar_month() -> None:
    """Begun half a year later, the shocks of the same months are the same."""
    late = small(
        now="2024-12",
        variables="x: {unit: USD, past: {2024-12: 100}, next: 'gbm(growth = 0% / year, volatility = 40% / sqrt(year))', assumed: g}",
    )
    early = (
        late.replace("now: 2024-12", "now: 2024-06")
        .replace("from: 2024-12", "from: 2024-06")
        .replace("past: {2024-12", "past: {2024-06")
    )
    one, other = play(late, range(20)), play(early, range(20))

    steps = [np.log(of.row("x", "2025-05") / of.row("x", "2025-04")) for of in (one, other)]
    assert steps[0] == pytest.approx(steps[1], rel=1e-9)
