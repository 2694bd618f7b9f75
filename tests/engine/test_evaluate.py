"""The one door (R11): figures, absent values (R7), futures, and values that are not finite (R1)."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from detente.engine import evaluate as evaluating
from detente.engine.evaluate import (
    at_date,
    evaluate,
    fallback,
    figures,
    graph_of,
    on_threads,
    run_deal,
    scenario_variant,
)
from detente.engine.program import compile_graph
from detente.engine.run import Run
from detente.engine.simulate import BASE, Variant, summarised
from detente.text.diagnostic import Diagnostic, Refused
from detente.text.written import parse_date
from tests.support import EXACT, agreement, read, small
from tests.support import figures as told


def wrong(
    text: str, outputs: list[str], paths: int = 50, runs: tuple[Variant, ...] = (BASE,)
) -> tuple[Diagnostic, ...]:
    """What a run is refused for."""
    with pytest.raises(Refused) as refused:
        evaluate(read(text), runs, paths, 1, outputs)
    return refused.value.diagnostics


SALES = "sales: {unit: USD / month, past: {2024-12: 100}, next: 'gbm(growth = 20% / year, volatility = 30% / sqrt(year))', assumed: g}"
EVENTS = "struck: {hazard: 50% / year, assumed: g}"
CONVERSION = "decided: {decided_by: lab, policy: at(2025-06), options: [never]}"


# figures


def test_figures_are_by_run_output_and_path_in_base_units() -> None:
    text = small(variables="x: {unit: bn USD / year, is: 12 bn USD / year, assumed: g}", scenarios="s: {pact.t: off}",
                 agreements=agreement("t: {type: revenue_share, payer: lab, payee: cloud, base: x, rate: 50%, assumed: g}"))  # fmt: skip
    deal = read(text)
    found = evaluate(deal, [BASE, scenario_variant(deal, "s")], 3, 1, ["x", "total(flow(pact.t), 2025)"])
    assert found.shape == (2, 2, 3)
    assert found[0].tolist() == [[1e9] * 3, [6e9] * 3]
    assert found[1].tolist() == [[1e9] * 3, [0.0] * 3]


def test_a_figure_without_a_date_is_of_the_last_month() -> None:
    text = small(variables="level: {table: {2025-01: 1, 2025-12: 12}, assumed: g}")
    assert told(text, ["level", "level at 2025-12"])[0, :, 0].tolist() == [12.0, 12.0]


def test_conditions_are_zero_or_one() -> None:
    assert set(told(small(events=EVENTS), ["struck by 2025-12"], 200)[0, 0]) == {0.0, 1.0}


@pytest.mark.parametrize(
    ("output", "code"),
    [("1 +", ""), ("nothing", "unknown-name"), ("1 USD + 1 MW", "unit-mismatch"), ("pace", "growth-multiplied")],
)
def test_an_output_that_cannot_be_read_is_refused(output: str, code: str) -> None:
    text = small(assumptions="pace: {value: 5% / year, assumed: g}")
    (found,) = wrong(text, [output])
    assert found.code == code or not code
    assert found.place.file == output


def test_all_outputs_that_cannot_be_read_are_told_at_once() -> None:
    assert len(wrong(small(), ["nothing", "1 USD + 1 MW", "lab.USD"])) == 2


@pytest.mark.parametrize(
    ("paths", "seed"), [(0, 1), (-1, 1), (2**32, 1), (1.5, 1), ("10", 1), (10, -1), (10, 2**64), (10, "one"), (10, 0.5)]
)
def test_an_impossible_size_or_seed_is_refused(paths: Any, seed: Any) -> None:
    with pytest.raises(ValueError, match=r"a run has|a seed is"):
        evaluate(read(small()), [BASE], paths, seed, ["lab.USD"])
    with pytest.raises(ValueError, match=r"a run has|a seed is"):
        run_deal(read(small(variables="x: {is: 1}")), paths, seed)


def test_the_largest_seed_is_a_seed() -> None:
    text = small(variables=SALES)
    assert told(text, ["sales"], 3, seed=2**64 - 1).shape == (1, 1, 3)


# absent values


def test_a_value_at_an_event_is_absent_where_the_event_does_not_come() -> None:
    """R7: absence is not zero. Present on the paths on which the event came, and there of the month in which it came."""
    found = told(small(variables=SALES, events=EVENTS), ["sales at struck", "struck by 2025-12", "sales"], 400)[0]
    came = found[1] == 1.0
    assert 0 < came.sum() < 400
    assert np.isnan(found[0, ~came]).all()
    assert np.isfinite(found[0, came]).all()
    assert (found[0, came] != found[2, came]).mean() > 0.8


def test_a_value_at_an_event_of_a_known_month_is_the_value_at_that_date() -> None:
    found = told(small(variables=SALES, events=CONVERSION), ["sales at decided", "sales at 2025-06"], 50)[0]
    assert (found[0] == found[1]).all()


def test_a_condition_at_an_event_that_does_not_come_does_not_hold() -> None:
    text = small(variables=SALES, events=EVENTS)
    found = told(text, ["sales > 0 USD / month at struck", "struck by 2025-12"], 200)[0]
    assert (found[0] == found[1]).all()


def test_the_share_of_paths_with_a_value_is_told_beside_it() -> None:
    """The event comes on 1 - exp(-0.5) = 39% of paths within the year; the mean is over those alone."""
    text = small(events=EVENTS, variables="level: {table: {2025-01: 5, 2025-12: 5}, assumed: g}")
    deal = read(text)
    graph = graph_of(deal, figures(["level at struck"]))
    _, chances = summarised(graph, compile_graph(graph, (), ("level at struck",)), BASE, 4000, 1)
    summary = chances["level at struck"]
    share = 1 - math.exp(-0.5)
    assert float(summary.present[0]) == pytest.approx(share, abs=4 * math.sqrt(share * (1 - share) / 4000))
    assert float(summary.mean[0]) == 5.0


def test_only_what_waits_for_an_event_may_be_absent() -> None:
    text = small(variables=SALES, events=EVENTS)
    graph = graph_of(read(text), figures(["sales at struck", "sales at 2025-03"]))
    asked = ("sales at struck", "sales at 2025-03")
    assert compile_graph(graph, (), asked).absent == {"sales at struck"}


# not finite


def test_a_division_by_zero_ends_the_run_and_is_explained() -> None:
    """stock goes 3, 2, 1, 0 from January: the ratio is infinite in April, on every path. The equation, the month, the path
    and what it read are named."""
    text = small(
        variables="stock: {unit: USD, table: {2025-01: 3, 2025-04: 0, 2025-05: 5}, assumed: g}\nratio: {is: 6 USD / stock, assumed: g}",
        outputs="[ratio]",
    )
    with pytest.raises(Refused) as refused:
        run_deal(read(text), 100)
    (found,) = refused.value.diagnostics
    assert found.code == "not-finite"
    assert found.message == "'ratio' is inf in 2025-04 on path 0"
    assert found.found == "stock = 0"
    assert found.ways_out[0].startswith("bound what it divides by")


def test_a_fault_that_strikes_few_paths_names_one_of_them() -> None:
    """Only where the hazard struck is something divided by nothing."""
    text = small(
        events=EVENTS,
        variables="left: {unit: USD, is: 'if struck then 0 USD else 1 USD'}\nratio: {is: 1 USD / left}",
    )
    (found,) = wrong(text, ["ratio at 2025-12"], 200)
    struck = told(text, ["struck by 2025-12"], 200)[0, 0]
    number = int(found.message.rpartition(" ")[2])
    assert struck[number] == 1.0
    assert "'ratio' is inf in 2025-" in found.message
    assert found.expected == f"a finite number; {int(struck.sum())} paths hit"


def test_a_fault_on_one_path_far_out_is_found_and_counted() -> None:
    """One path of six thousand divides by zero: the one whose draw is this very number."""
    text = small(
        assumptions="x: {value: 'uniform(0, 1)', assumed: g}",
        variables="y: {is: if x = EDGE then 1 / (x - x) else 1, assumed: g}",
        outputs="[y]",
    )
    edge = float(told(text.replace("EDGE", "0"), ["x"], 6000)[0, 0, 5500])
    with pytest.raises(Refused) as refused:
        run_deal(read(text.replace("EDGE", f"{edge:.17f}")), 6000)
    (found,) = refused.value.diagnostics
    assert found.message == "'y' is inf in 2025-01 on path 5500"
    assert found.expected == "a finite number; 1 path hit"


def test_a_value_at_a_date_that_is_not_a_number_is_no_absence() -> None:
    """0 / 0 in March is a fault, though `at` may be absent for an event."""
    text = small(variables="zero: {table: {2025-01: -2, 2025-12: 9}, assumed: g}\nratio: {is: zero / zero}")
    (found,) = wrong(text, ["ratio at 2025-03"])
    assert found.code == "not-finite"
    assert "2025-03" in found.message


def test_a_division_by_zero_in_a_month_that_nobody_asks_for_ends_the_run() -> None:
    """What is asked for in April rests on an equation that fails in March: the deal has a fault, and says so (R1)."""
    text = small(variables="zero: {table: {2025-01: -2, 2025-12: 9}, assumed: g}\nratio: {is: zero / zero}")
    (found,) = wrong(text, ["ratio at 2025-04"])
    assert found.code == "not-finite"
    assert "2025-03" in found.message


def test_a_division_by_zero_that_only_a_comparison_reads_ends_the_run() -> None:
    """1 / 0 in March is more than 2, which would pass for an answer (R1)."""
    text = small(
        variables="zero: {table: {2025-01: -2, 2025-12: 9}, assumed: g}\nratio: {is: 1 / zero, assumed: g}\nhigh: {is: if ratio > 2 then 1 else 0, assumed: g}",
        outputs="[high]",
    )
    with pytest.raises(Refused) as refused:
        run_deal(read(text), 10)
    (found,) = refused.value.diagnostics
    assert found.message == "'ratio' is inf in 2025-03 on path 0"


def test_what_is_not_finite_and_not_asked_for_hurts_nobody() -> None:
    text = small(variables="zero: {is: 0}\nratio: {is: 1 / zero}", outputs="[lab.USD]")
    assert isinstance(run_deal(read(text), 10), Run)


def test_the_variant_that_goes_wrong_is_the_one_that_is_explained() -> None:
    text = small(assumptions="x: {value: 1}", variables="ratio: {is: 1 / x}")
    (found,) = wrong(text, ["ratio"], 10, (BASE, Variant("none", {"x": 0.0})))
    assert found.message == "'ratio' is inf in 2025-01 on path 0"


ZERO = "zero: {table: {2025-01: -2, 2025-12: 9}, assumed: g}"
"""0 in March 2025."""


@pytest.mark.parametrize(
    ("formula", "said", "saw"),
    [
        ("1 / zero", "'y' is inf in 2025-03", "zero = 0"),
        ("zero / zero", "'y' is nan in 2025-03", "zero = 0"),
        ("log(abs(zero))", "'y' is -inf in 2025-03", "zero = 0"),
        ("log(zero)", "'y' is nan in 2025-01", "zero = -2"),
        ("sqrt(zero)", "'y' is nan in 2025-01", "zero = -2"),
        ("zero ^ 0.5", "'y' is nan in 2025-01", "zero = -2"),
        ("zero ^ -1", "'y' is inf in 2025-03", "zero = 0"),
        ("exp(500 * zero)", "'y' is inf in 2025-05", "zero = 2"),
        ("zero * 1e200 * 1e200", "'y' is -inf in 2025-01", "zero = -2"),
        ("'prev(y, 1e150) * 1e60'", "'y' is inf in 2025-03", "prev in y (opening) = 1e+270"),
    ],
)
def test_whatever_is_not_finite_is_named_with_what_it_saw(formula: str, said: str, saw: str) -> None:
    text = small(variables=f"{ZERO}\ny: {{is: {formula}, assumed: g}}", outputs="[y]")
    with pytest.raises(Refused) as refused:
        run_deal(read(text), 20)
    (found,) = refused.value.diagnostics
    assert (found.code, found.message) == ("not-finite", f"{said} on path 0")
    assert saw in found.found
    assert found.expected == "a finite number; 20 paths hit"


def test_the_first_path_is_named_and_its_first_month_though_another_path_fails_earlier() -> None:
    """Each path fails in the month in which it is struck."""
    text = small(
        events=EVENTS,
        variables="left: {unit: USD, is: 'if struck then 0 USD else 1 USD'}\nratio: {is: 1 USD / left, assumed: g}",
        outputs="[ratio]",
    )
    with pytest.raises(Refused) as refused:
        run_deal(read(text), 3000)
    (found,) = refused.value.diagnostics
    dates = [f"2025-{month:02d}" for month in range(1, 13)]
    struck = told(text, [f"struck by {date}" for date in dates], 3000)[0]
    first = int(np.flatnonzero(struck[-1])[0])
    date = dates[int(np.flatnonzero(struck[:, first])[0])]
    assert found.message == f"'ratio' is inf in {date} on path {first}"
    assert found.expected == f"a finite number; {int(struck[-1].sum()):,} paths hit"
    assert struck[dates.index(date) - 1].any(), "another path is struck earlier"


def test_a_fault_beyond_the_paths_whose_values_are_kept_is_found() -> None:
    text = small(
        assumptions="x: {value: 'uniform(0, 1)', assumed: g}",
        variables="y: {is: if x = EDGE then 1 / (x - x) else 1, assumed: g}",
        outputs="[y]",
    )
    edge = float(told(text.replace("EDGE", "0"), ["x"], 70_000)[0, 0, 69_000])
    with pytest.raises(Refused) as refused:
        run_deal(read(text.replace("EDGE", f"{edge:.17f}")), 70_000)
    (found,) = refused.value.diagnostics
    assert found.message.endswith("on path 69000")


def test_a_fault_of_a_scenario_alone_is_one_of_its_run() -> None:
    text = small(
        assumptions="x: {value: 1, assumed: g}", variables="y: {is: 1 / x}", outputs="[y]", scenarios="none: {x: 0}"
    )
    assert run_deal(read(text), 5)["y"].mean[0] == 1.0
    with pytest.raises(Refused, match="'y' is inf in 2025-01 on path 0"):
        run_deal(read(text), 5, scenario="none")


def test_a_fault_in_a_flow_is_named_and_not_the_account_it_ends_in() -> None:
    text = small(
        variables=f"{ZERO}\nrate: {{unit: USD / month, is: 1 USD / month}}",
        flows="fee: {from: world, to: lab, amount: rate / zero}",
        outputs="[lab.USD]",
    )
    with pytest.raises(Refused, match="'fee' is inf in 2025-03 on path 0"):
        run_deal(read(text), 5)


def test_a_fault_in_a_process_is_named() -> None:
    text = small(
        assumptions="pace: {value: 90% / year, assumed: g}",
        variables="sales: {unit: USD / month, past: {2024-12: 1e300}, next: 'gbm(growth = 100000000000% / year, volatility = 0% / sqrt(year))', assumed: g}",
        outputs="[sales]",
    )
    with pytest.raises(Refused, match="'sales' is inf in 2025-"):
        run_deal(read(text), 5)


def test_what_nobody_asked_for_is_not_named() -> None:
    """`before` fails in January, but nothing that is asked for reads it."""
    text = small(
        variables=f"{ZERO}\nbefore: {{is: log(zero), assumed: g}}\ny: {{is: 1 / zero, assumed: g}}", outputs="[y]"
    )
    with pytest.raises(Refused, match="'y' is inf in 2025-03 on path 0"):
        run_deal(read(text), 5)


def test_a_fault_on_the_record_is_named_where_it_arose() -> None:
    """Read three months later, after `now`; nothing that is told in the simulated months is wrong by itself."""
    text = small(
        first="2024-06",
        variables="base: {table: {2024-06: 6, 2024-12: 0, 2025-01: 1}, assumed: g}\nratio: {is: 6 / base, assumed: g}\nlate: {is: 'delay(ratio, 3 months)', assumed: g}",
        outputs="[late]",
    )
    with pytest.raises(Refused) as refused:
        run_deal(read(text), 5)
    (found,) = refused.value.diagnostics
    assert found.message == "'ratio' is inf in 2024-12 on path 0"
    assert found.found == "base = 0"


def test_the_first_simulated_month_opens_with_what_now_leaves() -> None:
    """The account opens with 1000 USD, which is what the diagnostic has to show."""
    text = small(
        variables="y: {is: 1 USD / (lab.USD - 1000 USD), assumed: g}", outputs="[y]",
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        run_deal(read(text), 5)
    (found,) = refused.value.diagnostics
    assert found.message == "'y' is inf in 2025-01 on path 0"
    assert found.found == "lab.USD (opening) = 1000"


def test_a_figure_that_fails_by_itself_is_named() -> None:
    text = small(variables=SALES)
    (found,) = wrong(text, ["total(sales, 2025) / (lab.USD - lab.USD)"])
    assert found.message == "'total(sales, 2025) / (lab.USD - lab.USD)' is inf on path 0"
    assert "lab.USD = 1000" in found.found


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_numbers_in_the_place_of_inputs_are_finite(number: float) -> None:
    text = small(assumptions="x: {value: 1, assumed: g}", variables="y: {is: 'if x > 2 then 1 else 0', assumed: g}")
    for override in (number, np.array([1.0, number, 1.0])):
        with pytest.raises(ValueError, match="'x' is not finite"):
            told(text, ["y"], 3, (Variant("odd", {"x": override}),))


def test_numbers_by_path_are_one_for_each() -> None:
    text = small(assumptions="x: {value: 1, assumed: g}", variables="y: {is: x}")
    with pytest.raises(ValueError, match="2 numbers for 'x', but 3 paths"):
        told(text, ["y"], 3, (Variant("short", {"x": np.array([1.0, 2.0])}),))


# runs


RUN = small(
    variables=SALES,
    events=EVENTS,
    flows="income: {from: world, to: lab, amount: sales}",
    outputs="[sales, lab.USD, struck]",
    scenarios="calm: {rate: 0% / year}",
    assumptions="rate: {value: 50% / year, kind: rate, assumed: g}",
    futures="""
        early: {title: Struck early, when: struck by 2025-03}
        late:  struck by 2025-12
    """,
).replace("{hazard: 50% / year, assumed: g}", "{hazard: rate}")


def test_a_run_has_its_outputs_by_month_in_the_unit_they_are_written_in() -> None:
    run = run_deal(read(RUN), 500)
    assert list(run.series) == ["sales", "lab.USD", "struck"]
    sales = run["sales"]
    assert (sales.unit, sales.dates[0], sales.dates[-1], len(sales.mean)) == ("USD / month", "2025-01", "2025-12", 12)
    assert run["lab.USD"].unit == "bn USD"
    values = told(RUN, ["lab.USD at 2025-06"], 500)[0, 0] / 1e9
    month = run["lab.USD"].at(2025 * 12 + 5)
    assert month["mean"] == pytest.approx(values.mean(), rel=EXACT)
    assert month["p50"] == pytest.approx(np.quantile(values, 0.5), rel=EXACT)
    assert month["mc_error"] == pytest.approx(values.std(ddof=1) / math.sqrt(500), rel=1e-9)


def test_a_path_belongs_to_the_first_future_that_fits_and_each_to_one() -> None:
    """Struck in the first quarter is not counted again as struck in the year; what is left is `other`."""
    run = run_deal(read(RUN), 2000)
    chances = {name: future.mean for name, future in run.futures.items()}
    assert set(chances) == {"early", "late", "other"}
    assert sum(chances.values()) == pytest.approx(1.0, rel=EXACT)
    expected = {"early": 1 - math.exp(-0.125), "late": math.exp(-0.125) - math.exp(-0.5), "other": math.exp(-0.5)}
    for name, chance in expected.items():
        assert chances[name] == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / 2000))
        assert run.futures[name].unit == "probability"


def test_a_scenario_is_run_by_name_on_the_same_draws() -> None:
    base, calm = run_deal(read(RUN), 300), run_deal(read(RUN), 300, scenario="calm")
    assert calm.futures["other"].mean == 1.0
    assert (calm["sales"].mean == base["sales"].mean).all()


def test_other_outputs_may_be_asked_for_and_unknown_ones_not() -> None:
    assert list(run_deal(read(RUN), 5, outputs=["world.USD"]).series) == ["world.USD"]
    with pytest.raises(ValueError, match="there is no series 'nothing'"):
        run_deal(read(RUN), 5, outputs=["nothing"])
    with pytest.raises(ValueError, match="there is no scenario 'nothing'; there are: base, calm"):
        run_deal(read(RUN), 5, scenario="nothing")


def test_without_outputs_a_deal_shows_its_variables() -> None:
    assert list(run_deal(read(small(variables=SALES)), 5).series) == ["sales"]


def test_a_single_path_has_no_sampling_error_to_tell() -> None:
    run = run_deal(read(RUN), 1)
    assert run["sales"].p5[0] == run["sales"].p95[0]


def test_a_deal_as_of_a_date_is_refused_with_all_that_was_not_known() -> None:
    deal = read(small(first="2023-01", variables=SALES))
    with pytest.raises(Refused) as refused:
        at_date(deal, parse_date("2024-06"))
    assert [one.code for one in refused.value.diagnostics] == ["not-yet-known"]
    assert at_date(deal, None) is deal


@pytest.mark.parametrize("count", [0, -1, 1.5, "two", 10**9])
def test_an_impossible_number_of_threads_is_refused(count: Any) -> None:
    with pytest.raises(ValueError, match="threads"), on_threads(count):
        pass


def test_any_number_of_threads_gives_the_same_bits() -> None:
    found = []
    for count in (1, 3):
        with on_threads(count):
            found.append(run_deal(read(RUN), 5000)["lab.USD"])
    assert found[0].p95.tobytes() == found[1].p95.tobytes()
    assert found[0].mean.tobytes() == found[1].mean.tobytes()


def test_a_horizon_of_one_month_is_one_month() -> None:
    run = run_deal(read(small(variables=SALES, to="2025-01")), 10)
    assert run["sales"].dates == ("2025-01",)


def test_without_randomness_every_path_is_the_same() -> None:
    run = run_deal(read(small(variables="x: {unit: USD, is: 3 USD, assumed: g}")), 50)
    assert (run["x"].p5 == 3.0).all()
    assert (run["x"].p95 == 3.0).all()
    assert (run["x"].mc_error == 0.0).all()


def test_a_deal_that_shows_nothing_gives_nothing() -> None:
    run = run_deal(read(small()), 5)
    assert (run.series, run.futures) == ({}, {})


def test_where_programs_are_not_compiled_it_is_said_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DETENTE_ENGINE", raising=False)
    monkeypatch.setattr(evaluating, "why_not_compiled", lambda: "no module named 'llvmlite'")
    assert "no module named 'llvmlite'" in fallback()
    assert "times as long" in fallback()
    monkeypatch.setenv("DETENTE_ENGINE", "numpy")
    assert fallback() == ""
    monkeypatch.delenv("DETENTE_ENGINE")
    monkeypatch.setattr(evaluating, "why_not_compiled", lambda: "")
    assert fallback() == ""


def test_values_too_large_to_be_summed_up_are_named() -> None:
    """1e200 squared is no float64, so there is no deviation of it."""
    text = small(
        assumptions="x: {value: 1 to 2, assumed: g}", variables="a: {is: x * 1e200, assumed: g}", outputs="[a]"
    )
    with pytest.raises(Refused) as refused:
        run_deal(read(text), 20)
    (found,) = refused.value.diagnostics
    assert re.fullmatch(r"'a' is 1\.\d+e\+200 in 2025-01 on path 0", found.message)
    assert found.expected == "a finite number that can be squared; 20 paths hit"
