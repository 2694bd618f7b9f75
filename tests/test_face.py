"""The Python face: what a notebook does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import detente
from tests.support import small

DEAL = small(
    assumptions="pace: {value: 10% to 30% / year, assumed: a guess}",
    variables="""
        lab.sales: {unit: USD / year, past: {2024-12: 1200}, next: "gbm(growth = pace, volatility = 10% / sqrt(year))", assumed: given}
    """,
    flows="subscriptions: {from: world, to: lab, amount: lab.sales}",
    futures="rich: {when: lab.USD > 2300 USD at 2025-12, assumed: given}",
    scenarios="slow: {pace: 5% / year, assumed: given}",
    outputs="[lab.USD, lab.sales]",
)


@pytest.fixture(scope="module")
def deal() -> detente.Deal:
    """A small deal."""
    return detente.loads(DEAL)


def test_a_run_is_read_by_name_and_month(deal: detente.Deal) -> None:
    run = deal.run(paths=200)
    assert run["lab.sales"].dates[0] == "2025-01"
    assert run["lab.sales"].unit == "USD / year"
    assert run["lab.sales"].p5[-1] < run["lab.sales"].p50[-1] < run["lab.sales"].p95[-1]


def test_a_frame_has_units_and_dates(deal: detente.Deal) -> None:
    pytest.importorskip("pandas", reason="pandas is an extra")
    frame = deal.run(paths=200).frame()
    assert list(frame.columns) == ["name", "unit", "date", "mean", "p5", "p50", "p95", "mc_error"]
    assert len(frame) == 24
    assert set(frame["unit"]) == {"USD / year", "bn USD"}
    assert str(frame["date"].iloc[0]) == "2025-01"


def test_figures_about_whole_paths_are_labelled(deal: detente.Deal) -> None:
    found = deal.evaluate(["total(lab.sales, 2025)"], ["base", "slow"], paths=300)
    assert found.values.shape == (2, 1, 300)
    assert found.units == ("USD",)
    assert found["slow", "total(lab.sales, 2025)"].mean() < found["total(lab.sales, 2025)"].mean()


def test_scenarios_share_their_draws(deal: detente.Deal) -> None:
    found = deal.evaluate(["lab.sales at 2025-12"], ["base", "slow"], paths=300)
    base, slow = np.log(found["base", "lab.sales at 2025-12"]), np.log(found["slow", "lab.sales at 2025-12"])
    assert np.corrcoef(base, slow)[0, 1] > 0.7


def test_outcomes_become_a_frame(deal: detente.Deal) -> None:
    pytest.importorskip("pandas", reason="pandas is an extra")
    found = deal.evaluate(["lab.sales at 2025-12"], ["base", "slow"], paths=50)
    assert found.frame()["slow", "lab.sales at 2025-12"].to_numpy() == pytest.approx(
        found["slow", "lab.sales at 2025-12"]
    )


def test_a_sweep_is_labelled_and_in_the_units_of_the_deal(deal: detente.Deal) -> None:
    found = deal.sweep(["lab.sales at 2025-12"], {"pace": [5, "5% / year", 20]}, ["base", "slow"], paths=200)
    assert found.runs[:3] == ("pace = 5", "pace = 5% / year", "pace = 20")
    assert found.runs[3] == "slow, pace = 5"
    assert found["pace = 5", "lab.sales at 2025-12"] == pytest.approx(found["pace = 5% / year", "lab.sales at 2025-12"])
    slow = deal.evaluate(["lab.sales at 2025-12"], ["slow"], paths=200)
    assert found["pace = 5", "lab.sales at 2025-12"] == pytest.approx(slow["lab.sales at 2025-12"])


def test_a_run_is_kept_in_a_file_and_gone_on_with(deal: detente.Deal, tmp_path: Path) -> None:
    short = deal.run(paths=2048, resume=tmp_path / "run.parts")
    longer = deal.run(paths=5000, resume=str(tmp_path / "run.parts"))
    assert (short.paths, longer.paths) == (2048, 5000)
    assert longer["lab.sales"].p95.tobytes() == deal.run(paths=5000)["lab.sales"].p95.tobytes()
    with pytest.raises(detente.Refused, match="parts-of-another-run"):
        deal.run(paths=5000, seed=2, resume=tmp_path / "run.parts")


def test_threads_are_chosen_for_a_while(deal: detente.Deal) -> None:
    with detente.threads(1):
        one = deal.run(paths=3000)
    assert one["lab.sales"].mean.tobytes() == deal.run(paths=3000)["lab.sales"].mean.tobytes()
    with pytest.raises(ValueError, match="threads"), detente.threads(0):
        pass


def test_where_programs_are_not_compiled_a_warning_says_so_once() -> None:
    """In a process in which llvmlite cannot be imported."""
    code = f"import sys; sys.modules['llvmlite'] = None; import detente; deal = detente.loads({DEAL!r}); deal.run(50); deal.run(50)"
    surroundings = {name: value for name, value in os.environ.items() if name != "DETENTE_ENGINE"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=surroundings)
    assert done.stderr.count("RuntimeWarning: programs are not compiled here") == 1


def test_objects_show_themselves(deal: detente.Deal) -> None:
    run = deal.run(paths=100)
    assert "a small deal" in deal._repr_html_()
    assert "lab.sales" in run._repr_html_()
    assert "lab.sales" in run["lab.sales"]._repr_html_()
    assert "subscriptions" in deal.why("lab.USD@2025-06", paths=50)._repr_html_()


def test_what_held_and_what_changed_are_asked_of_a_deal(deal: detente.Deal) -> None:
    assert [one.value for one in deal.held("2025-03").record][-1] == "1200 USD / year"
    with pytest.raises(ValueError, match="not a date"):
        deal.held("yesterday")
    other = detente.loads(DEAL.replace("10% to 30%", "10% to 40%"))
    assert str(deal.diff(other)) == "pace: value from 10% to 30% / year to 10% to 40% / year"
    assert deal.diff(deal).same


def test_a_chart_is_data_before_it_is_a_picture(deal: detente.Deal) -> None:
    pytest.importorskip("altair", reason="altair is an extra")
    spec = detente.chart(deal.run(paths=100), "lab.sales").to_dict()
    assert "vega-lite" in spec["$schema"]


def test_what_is_wrong_is_refused_with_everything() -> None:
    with pytest.raises(detente.Refused) as caught:
        detente.loads(DEAL.replace("amount: lab.sales", "amount: lab.salse").replace("from: world", "from: wolrd"))
    assert len(caught.value.diagnostics) >= 1
    assert "wolrd" in str(caught.value)


@pytest.mark.parametrize(("paths", "seed"), [(0, 1), (-1, 1), (10, -1), (10, 2**64)])
def test_impossible_sizes_are_refused_in_words(deal: detente.Deal, paths: int, seed: int) -> None:
    with pytest.raises(ValueError, match=r"paths|seed"):
        deal.run(paths=paths, seed=seed)


def test_an_unknown_scenario_or_output_is_refused_in_words(deal: detente.Deal) -> None:
    with pytest.raises(ValueError, match="there are: base, slow"):
        deal.run(paths=10, scenario="fast")
    with pytest.raises(ValueError, match=r"lab\.salse"):
        deal.run(paths=10, outputs=["lab.salse"])
    with pytest.raises(detente.Refused, match="did you mean"):
        deal.evaluate(["lab.salse at 2025-12"])


def test_a_deal_is_kept_built_and_changed(deal: detente.Deal) -> None:
    assert deal.to_text() == DEAL
    built = detente.build(**deal.to_data())
    assert built.diff(deal).same
    slower = deal.changed({"assumptions.pace.value": "5% to 10% / year"})
    last = [one.run(paths=200)["lab.sales"].p50[-1] for one in (deal, built, slower)]
    assert last[0] == last[1] > last[2]


def test_importing_is_light() -> None:
    code = "import sys, detente; print(sorted({'numpy', 'pandas', 'altair', 'rich', 'yaml'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
