"""Processes beside gbm and ou: jumps and counts, their drivers, their correlations, and what is refused."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

import detente
from detente.answers.why import Reader
from detente.engine.simulate import Variant
from detente.graph.processes import PROCESSES
from detente.text.diagnostic import Refused
from tests.support import EXACT, Played, codes, play, refused, small

COUNT = 6_000
GBM = "gbm(growth = 20% / year, volatility = 30% / sqrt(year))"
JUMP = "jump(growth = 20% / year, volatility = 30% / sqrt(year), rate = 2 / year, size = -30%, spread = 20%)"
JUMPS_ALONE = "jump(growth = 0% / year, volatility = 0 / sqrt(year), rate = 6 / year, size = 100%)"


def process(text: str, past: str = "2024-12: 100", unit: str = "unit: USD, ", **blocks: str) -> str:
    """Three years of a process."""
    return small(to="2027-12", variables=f"x: {{{unit}past: {{{past}}}, next: '{text}', assumed: g}}", **blocks)


def count(rate: str, past: str = "2024-12: 4", **blocks: str) -> str:
    return process(f"count(rate = {rate})", past, "", **blocks)


# counts


@pytest.mark.parametrize("rate", ["3 / year", "50% / year", "6 / month"])
def test_a_count_grows_by_its_rate_and_scatters_as_a_poisson_does(rate: str) -> None:
    """From 4 over 36 months: mean and variance are rate times time. The standard error of the mean is sqrt(m / n), of the
    variance about m sqrt((2 + 1 / m) / n)."""
    mean = {"3 / year": 9.0, "50% / year": 1.5, "6 / month": 216.0}[rate]
    arrived = play(count(rate), range(COUNT)).row("x", "2027-12") - 4.0
    assert (arrived == np.floor(arrived)).all()
    assert arrived.mean() == pytest.approx(mean, abs=4 * math.sqrt(mean / COUNT))
    assert arrived.var() == pytest.approx(mean, abs=4 * mean * math.sqrt((2 + 1 / mean) / COUNT))


def test_the_arrivals_of_a_month_have_poisson_chances_up_to_the_fastest_rate() -> None:
    """At 8 a month in 36 months: the chance of at most 4, of at most 8, of more than 15."""
    steps = np.diff(play(count("8 / month"), range(COUNT)).simulated("x"), axis=0).ravel()
    chances = np.cumsum([math.exp(-8) * 8**k / math.factorial(k) for k in range(16)])
    for most in (4, 8, 15):
        share = chances[most]
        error = 4 * math.sqrt(share * (1 - share) / len(steps))
        assert np.mean(steps <= most) == pytest.approx(share, abs=error)


def test_a_literal_rate_and_an_assumption_of_it_arrive_alike() -> None:
    """The sum that a literal rate cuts short gives the same numbers."""
    literal = play(count("3 / year"), range(2_000)).simulated("x")
    assumed = count("often", assumptions="often: {value: 3 / year, kind: rate, assumed: g}")
    assert (play(assumed, range(2_000)).simulated("x") == literal).all()


def test_a_count_starts_from_the_last_point_on_record_and_never_falls() -> None:
    text = count("3 / year", "2024-06: 2, 2024-10: 6").replace("from: 2024-12", "from: 2024-06")
    played = play(text, range(COUNT))
    rows = [played.row("x", date) for date in ("2024-11", "2024-12", "2025-01")]
    assert rows[0].min() == 6.0
    assert rows[2].mean() == pytest.approx(6.75, abs=4 * math.sqrt(0.75 / COUNT))
    assert (np.diff(rows, axis=0) >= 0.0).all()


def test_a_rate_of_zero_counts_nothing() -> None:
    assert (play(count("0 / year"), range(50)).simulated("x") == 4.0).all()


def test_a_count_follows_a_rate_that_changes() -> None:
    """None in the first year, 1 a month in the second: 12 more by its end, none by the end of the first."""
    text = count("if before(2026-01) then 0 / month else 1 / month").replace("to: 2027-12", "to: 2026-12")
    played = play(text, range(COUNT))
    assert (played.row("x", "2025-12") == 4.0).all()
    assert played.row("x", "2026-12").mean() == pytest.approx(16.0, abs=4 * math.sqrt(12 / COUNT))


def test_a_rate_that_no_month_can_have_ends_the_run_and_names_the_equation() -> None:
    text = count("often", assumptions="often: {value: 50 to 200 / year, kind: rate, assumed: g}")
    deal = detente.loads(text + "headlines: {h: {title: t, show: {arrived: x at 2027-12}}}\n")
    with pytest.raises(Refused) as wrong:
        deal.run(paths=64)
    (one,) = wrong.value.diagnostics
    assert one.code == "not-finite"
    assert one.message.startswith("'x' is nan")


# jumps


def test_jumps_have_the_moments_of_merton() -> None:
    """Merton (1976): the logarithm has the mean (g - v**2 / 2) t + l t log(1 + s) and the variance
    v**2 t + l t (log(1 + s)**2 + d**2); the mean is that of growth times exp(l t ((1 + s) exp(d**2 / 2) - 1))."""
    last = play(process(JUMP), range(COUNT)).row("x", "2027-12")
    t, growth, v, rate, s, d = 3, math.log(1.2), 0.3, 2, -0.3, 0.2
    logs = np.log(last / 100)
    variance = v**2 * t + rate * t * (math.log1p(s) ** 2 + d**2)
    assert logs.mean() == pytest.approx(
        (growth - v**2 / 2) * t + rate * t * math.log1p(s), abs=4 * math.sqrt(variance / COUNT)
    )
    assert logs.var() == pytest.approx(variance, rel=4 * math.sqrt(2.5 / COUNT))
    mean = 100 * math.exp(growth * t + rate * t * ((1 + s) * math.exp(d**2 / 2) - 1))
    assert last.mean() == pytest.approx(mean, abs=4 * last.std() / math.sqrt(COUNT))


def test_each_jump_multiplies_by_its_size() -> None:
    """Without growth and swings a month of n jumps doubles n times; 6 a year arrive 1 a two months."""
    rows = play(process(JUMPS_ALONE), range(COUNT)).simulated("x")
    doublings = np.log2(rows / 100)
    assert doublings == pytest.approx(np.round(doublings), abs=1e-9)
    assert doublings[-1].mean() == pytest.approx(18.0, abs=4 * math.sqrt(18 / COUNT))


def test_jumps_of_no_size_leave_a_gbm_as_it_is() -> None:
    """R5: to the bit, since arrivals have a driver of their own."""
    still = GBM.replace("gbm(", "jump(rate = 3 / year, size = 0, ")
    assert (play(process(still), range(50)).simulated("x") == play(process(GBM), range(50)).simulated("x")).all()


def test_a_spread_changes_no_arrival() -> None:
    """R5: what a jump brings is drawn apart from when it comes."""
    plain, spread = (
        play(process(text), range(300)).simulated("x")
        for text in (JUMPS_ALONE, JUMPS_ALONE.replace("100%)", "100%, spread = 5%)"))
    )
    assert ((np.diff(plain, axis=0) != 0.0) == (np.diff(spread, axis=0) != 0.0)).all()
    assert (plain != spread).any()


def test_the_growth_of_jumps_fades_as_that_of_a_gbm() -> None:
    fading = ", fades_to = 5% / year, over = 12 months)"
    still = GBM.replace("gbm(", "jump(rate = 3 / year, size = 0, ")
    one, other = (play(process(text[:-1] + fading)).simulated("x") for text in (still, GBM))
    assert (one == other).all()


def test_nothing_arrives_on_the_central_path() -> None:
    """A jump grows there as a gbm does without swings, by (log(1.2) - 0.09 / 2) a year."""
    played = play(process(JUMP), variant=Variant(central=True))
    assert played("x", "2027-12") == pytest.approx(100 * math.exp(3 * (math.log(1.2) - 0.045)), rel=1e-11)
    assert play(count("3 / year"), variant=Variant(central=True))("x", "2027-12") == 4.0


# correlations, draws, explanations

CORRELATED = "- {between: [x, y], is: 0.6, assumed: g}"


def pair(one: str, other: str) -> str:
    """Two processes on the same record, without and with a correlation."""
    of = "{unit: USD, past: {2024-12: 100}, next: 'PROCESS', assumed: g}"
    text = f"x: {of.replace('PROCESS', one)}\ny: {of.replace('PROCESS', other)}"
    return small(to="2025-12", variables=text)


def test_the_swings_of_jumps_can_be_correlated_with_those_of_a_gbm() -> None:
    """With rare jumps of size 0 the monthly steps of the logarithms have the correlation itself."""
    still = GBM.replace("gbm(", "jump(rate = 3 / year, size = 0, ")
    played = play(pair(GBM, still) + f"correlations:\n  {CORRELATED}\n", range(COUNT))
    steps = [np.diff(np.log(played.simulated(name)), axis=0).ravel() for name in "xy"]
    assert np.corrcoef(steps)[0, 1] == pytest.approx(0.6, abs=4 * 0.64 / math.sqrt(len(steps[0])))


def test_a_correlation_changes_no_arrival() -> None:
    free = play(pair(GBM, JUMPS_ALONE), range(100)).simulated("y")
    tied = play(pair(GBM, JUMPS_ALONE) + f"correlations:\n  {CORRELATED}\n", range(100)).simulated("y")
    assert (free == tied).all()


def test_a_count_cannot_be_correlated() -> None:
    text = pair(GBM, GBM).replace("{unit: USD, past", "{past", 2).replace(GBM, "count(rate = 3 / year)", 1)
    (one,) = refused(text + f"correlations:\n  {CORRELATED}\n")
    assert one.code == "not-correlations"
    assert "'x'" in one.message


@pytest.mark.parametrize("text", [process(JUMP), count("3 / year")])
def test_arrivals_are_the_same_in_any_set_of_paths(text: str) -> None:
    """R5: also where a run is cut into chunks, and beside variants."""
    whole = play(text, range(50)).simulated("x")
    assert (play(text, [31, 7]).simulated("x") == whole[:, [31, 7]]).all()


def test_another_process_changes_no_arrival() -> None:
    alone = play(count("3 / year"), range(100)).simulated("x")
    among = count("3 / year").replace(
        "variables:", f"variables:\n  a: {{past: {{2024-12: 1}}, next: '{JUMP}', assumed: g}}"
    )
    assert (play(among, range(100)).simulated("x") == alone).all()


@pytest.mark.parametrize("text", [process(JUMP), count("3 / year"), process(JUMPS_ALONE), process(GBM)])
@pytest.mark.parametrize("variant", [Variant(), Variant(central=True)])
def test_every_equation_holds_on_its_path(text: str, variant: Variant) -> None:
    """What `why` computes from the parts of an equation is what the run gave, in every month."""
    played: Played = play(text, [17], variant=variant)
    reader = Reader(played.graph, played.paths, 3)
    for step in played.paths.months:
        if step > played.graph.deal.now:
            told = reader.compute(played.graph.equations["x"].formula, step)
            assert float(told) == pytest.approx(reader.value("x", step), rel=EXACT)


# what is refused


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("jump(growth = 5% / year, volatility = 1 / sqrt(year), rate = 2 / year)", "wrong-arguments"),
        ("jump(growth = 5% / year, volatility = 1 / sqrt(year), rate = 2, size = 10%)", "unit-mismatch"),
        ("jump(growth = 5% / year, volatility = 1 / sqrt(year), rate = 2 USD / year, size = 10%)", "unit-mismatch"),
        ("jump(growth = 5% / year, volatility = 1 / sqrt(year), rate = 2 / year, size = 1 USD)", "unit-mismatch"),
        ("jump(growth = 5% / year, volatility = 1 / sqrt(year), rate = g, size = 10%)", "growth-for-rate"),
        (
            "jump(growth = 5% / year, volatility = 1 / sqrt(year), rate = 2 / year, size = 10%, over = 2 years)",
            "wrong-arguments",
        ),
        ("jump(growth = 5% / year, volatility = 1 / sqrt(year), rate = 9 / month, size = 10%)", "wrong-arguments"),
        ("count(rate = 3 / year)", "unit-mismatch"),
        ("count(3 / year)", "wrong-arguments"),
        ("gbm(5% / year, 30% / sqrt(year))", "wrong-arguments"),
    ],
)
def test_a_process_that_cannot_be_is_refused(text: str, code: str) -> None:
    """The variable counts in USD, which no count can."""
    assert codes(process(text, assumptions="g: {value: 5% / year, assumed: g}")) == [code]


def test_a_rate_that_is_too_fast_is_refused_where_it_is_written() -> None:
    assert codes(count("200 / year")) == ["wrong-arguments"]
    assert codes(count("-1 / year")) == ["wrong-arguments"]
    assert codes(count("8 / month")) == []


def test_arguments_without_names_are_shown_the_signature() -> None:
    (one,) = refused(process("gbm(5% / year, 30% / sqrt(year))"))
    assert "its arguments have names" in one.message
    assert one.expected == "gbm(growth = …, volatility = …[, fades_to = …, over = …])"


@pytest.mark.parametrize("name", PROCESSES)
def test_the_example_of_every_process_compiles(name: str) -> None:
    unit = {"ou": "unit: MW, ", "count": ""}.get(name, "unit: USD, ")
    assert codes(process(PROCESSES[name].example, unit=unit)) == []


def test_a_process_is_as_likely_above_its_median_as_below() -> None:
    """The median of a gbm after t is 100 exp((g - v**2 / 2) t)."""
    last = play(process(GBM), range(COUNT)).row("x", "2027-12")
    median = 100 * math.exp(3 * (math.log(1.2) - 0.045))
    assert np.mean(last < median) == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(COUNT))
    assert np.mean(last < median * math.exp(0.3 * math.sqrt(3) * NormalDist().inv_cdf(0.9))) == pytest.approx(
        0.9, abs=4 * 0.3 / math.sqrt(COUNT)
    )
