"""Names, units and kinds: what an expression may mean, checked when the deal is compiled (R3)."""

from __future__ import annotations

import math

import pytest

from detente.engine.evaluate import graph_of
from detente.lang.distribution import DISTRIBUTIONS
from tests.support import EXACT, codes, play, read, refused, small

ASSUMED = """
    pace:   {value: 60% / year, assumed: g}
    danger: {value: 60% / year, kind: rate, assumed: g}
    part:   {value: 40%, assumed: g}
    chance: {value: 40%, kind: probability, assumed: g}
    times:  {value: 250%, kind: ratio, assumed: g}
    price:  {value: 12 mn USD / MW / year, assumed: g}
"""


def found(text: str, unit: str = "") -> list[str]:
    declared = f"unit: {unit}, " if unit else ""
    return codes(small(assumptions=ASSUMED, variables=f"x: {{{declared}is: '{text}', assumed: g}}"))


def value(text: str, unit: str = "") -> float:
    declared = f"unit: {unit}, " if unit else ""
    return play(small(assumptions=ASSUMED, variables=f"x: {{{declared}is: '{text}', assumed: g}}"))("x", "2025-01")


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [
        ("1 USD + 1 MW", "USD", "unit-mismatch"),
        ("1 USD + 1", "USD", "unit-mismatch"),
        ("1 USD - 1 USD / month", "USD", "unit-mismatch"),
        ("if 1 USD > 1 MW then 1 else 0", "", "unit-mismatch"),
        ("if true then 1 USD else 1 MW", "USD", "unit-mismatch"),
        ("min(1 USD, 1 MW)", "USD", "unit-mismatch"),
        ("1 USD", "MW", "unit-mismatch"),
        ("1 EUR", "USD", "unit-mismatch"),
        ("1 USD / month", "USD", "unit-mismatch"),
        ("exp(1 USD)", "", "unit-mismatch"),
        ("2 ^ (1 USD)", "", "unit-mismatch"),
        ("price ^ part", "", "unit-mismatch"),
        ("if 1 then 2 else 3", "", "condition-expected"),
        ("if true then 1 else 2 > 1", "", "kind-mismatch"),
        ("true + 1", "", "number-expected"),
        ("not 1", "", "condition-expected"),
        ("1 and true", "", "condition-expected"),
        ("true", "", "number-expected"),
        ("2 * pace", "1 / month", "growth-multiplied"),
        ("1 USD * pace", "USD / month", "growth-multiplied"),
        ("pace", "1 / month", "growth-multiplied"),
        ("if true then pace else pace", "1 / month", "growth-multiplied"),
        ("pace + danger", "1 / month", "growth-for-rate"),
        ("compound(part, 1 year)", "", "growth-expected"),
        ("compound(pace, 1 MW)", "", "unit-mismatch"),
        ("1 to 2", "", "uncertain-outside"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, unit: str, code: str) -> None:
    assert code in found(text, unit)


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1 USD / month * 1 year", "USD", 12.0),
        ("1 USD / year", "USD / month", 1 / 12),
        ("price", "USD / MW / month", 1e6),
        ("price * 2 MW", "USD / month", 2e6),
        ("part * 10 USD", "USD", 4.0),
        ("times * 10 USD", "USD", 25.0),
        ("(2 USD) ^ 2 / (1 USD)", "USD", 4.0),
        ("sqrt(4 USD ^ 2)", "USD", 2.0),
        ("danger * 1 month", "", 0.05),
        ("compound(pace, 1 year)", "", 1.6),
        ("compound(danger, 1 year)", "", math.exp(0.6)),
        ("1 bn USD / (250 mn USD)", "", 4.0),
    ],
)
def test_what_fits_is_worth_what_it_says(text: str, unit: str, expected: float) -> None:
    assert value(text, unit) == pytest.approx(expected, rel=EXACT)


def test_both_sides_of_a_mismatch_are_named_with_their_places() -> None:
    (one,) = refused(small(variables="x: {unit: USD, is: 1 USD + 1 MW}"))
    assert one.found == "USD and MW"
    assert one.message == "USD cannot be added to MW"
    assert [note for _, note in one.related] == ["this is MW"]


def test_all_that_is_wrong_is_told_in_one_pass() -> None:
    """Six faults in four blocks, six diagnostics."""
    text = small(
        assumptions="a: {value: 3 to 1, assumed: g}",
        variables="x: {is: 1 USD + 1 MW}\ny: {is: nothing}\nz: {unit: furlong, is: 1}",
        flows="f: {from: world, to: lab, amount: 1 MW / month}",
        events="e: {when: 1 USD}",
    )
    assert codes(text) == [
        "condition-expected",
        "range-backwards",
        "unit-mismatch",
        "unknown-name",
        "unknown-resource",
        "unknown-unit",
    ]


def test_what_rests_on_a_fault_is_said_to_rest_on_it_and_no_more() -> None:
    """One mistake in an assumption is one message of its own and one wherever it is used."""
    text = small(assumptions="a: {value: 3 to 1, assumed: g}", variables="x: {is: a}\ny: {is: x}")
    assert codes(text) == ["range-backwards", "rests-on-error"]


# names


def test_names_that_could_mean_two_things_are_refused() -> None:
    for blocks in (
        {"assumptions": "same: {value: 1}", "variables": "same: {is: 1}"},
        {"assumptions": "same: {value: 1}", "events": "same: {when: true}"},
        {"variables": "lab.USD: {unit: USD, is: 0 USD}"},
        {"variables": "lab.compute: {is: 1}", "needs": "lab.compute: {resource: compute, amount: 1 MW}"},
        {
            "agreements": "lab: {between: [lab, cloud], signed: 2024-01, terms: {t: {type: consent_right, holder: lab, over: e, given: e}}}",
            "events": "e: {when: true}",
        },
    ):
        assert codes(small(**blocks)) == ["name-clash"], blocks


def test_a_near_miss_is_offered() -> None:
    (one,) = refused(small(variables="lab.sales: {is: 1}\nx: {is: lab.sale + 1}"))
    assert one.ways_out[0] == "did you mean 'lab.sales'?"


@pytest.mark.parametrize("name", ["month", "USD", "2nd", "a-b", "a b", "MW"])
def test_a_name_that_no_expression_could_hold_is_refused(name: str) -> None:
    assert "bad-name" in codes(small(variables=f"'{name}': {{is: 1}}"))


# assumptions


@pytest.mark.parametrize(
    ("value", "kind", "code"),
    [
        ("3 to 1", "", "range-backwards"),
        ("120% to 150%", "", "share-outside"),
        ("150%", "", "share-outside"),
        ("0.5 to 1.5", "probability", "share-outside"),
        ("'uniform(3, 1)'", "", "impossible-distribution"),
        ("'triangular(1, 5, 3)'", "", "impossible-distribution"),
        ("'normal(1, 0)'", "", "impossible-distribution"),
        ("'lognormal(1, 0.5)'", "", "impossible-distribution"),
        ("'lognormal(0, 2)'", "", "impossible-distribution"),
        ("'lognormal(1, 0)'", "", "impossible-distribution"),
        ("'lognormal(1 USD, 2 USD)'", "", "impossible-distribution"),
        ("'normal(1)'", "", "wrong-arguments"),
        ("'normal(mean = 1, deviation = 2)'", "", "wrong-arguments"),
        ("'beta(2)'", "", "wrong-arguments"),
        ("'beta(2, 3, 1)'", "", "wrong-arguments"),
        ("'beta(0, 3)'", "", "impossible-distribution"),
        ("'beta(2, 20000)'", "", "impossible-distribution"),
        ("'beta(2 USD, 3)'", "", "unit-mismatch"),
        ("'beta(2, 3, 5 USD, 4 USD)'", "", "impossible-distribution"),
        ("'beta(2, 3, 5 USD, 4 MW)'", "", "unit-mismatch"),
        ("'beta(2, 3)'", "growth", "unit-mismatch"),
        ("'bernoulli(0)'", "", "impossible-distribution"),
        ("'bernoulli(120%)'", "", "impossible-distribution"),
        ("'bernoulli(1 / year)'", "", "unit-mismatch"),
        ("'bernoulli(1%, 2%)'", "", "wrong-arguments"),
        ("'bernoulli(30%)'", "rate", "unit-mismatch"),
        ("'poisson(0)'", "", "impossible-distribution"),
        ("'poisson(501)'", "", "impossible-distribution"),
        ("'poisson(3)'", "share", "share-outside"),
        ("'empirical(3)'", "", "wrong-arguments"),
        ("'empirical(3, 3)'", "", "impossible-distribution"),
        ("'empirical(3 USD, 3 MW)'", "", "unit-mismatch"),
        ("'empirical(3, a)'", "", "not-a-literal"),
        ("'mixture(70%, 1 to 2)'", "", "wrong-arguments"),
        ("'mixture(70%, 1 to 2, 20%)'", "", "wrong-arguments"),
        ("'mixture(70%, 1 to 2, 20%, 3 to 4)'", "", "impossible-distribution"),
        ("'mixture(100%, 1 to 2, 0%, 3 to 4)'", "", "impossible-distribution"),
        ("'mixture(70%, 1 to 2 USD, 30%, 3 to 4 MW)'", "", "unit-mismatch"),
        ("'mixture(70%, 1% to 2% / year, 30%, 3% to 4% / month)'", "", "unit-mismatch"),
        ("'mixture(70%, 2 to 1, 30%, 3 to 4)'", "", "range-backwards"),
        ("'mixture(70%, 3, 30%, 3)'", "", "impossible-distribution"),
        ("'mixture(70%, uniform(2, 1), 30%, 3)'", "", "impossible-distribution"),
        ("'uniform(50%, 120%)'", "", "share-outside"),
        ("'uniform(-0.1, 0.5)'", "share", "share-outside"),
        ("'triangular(0.5, 0.8, 1.2)'", "probability", "share-outside"),
        ("'normal(120%, 5%)'", "", "share-outside"),
        ("'lognormal(120%, 2)'", "", "share-outside"),
        ("'empirical(20%, 120%)'", "", "share-outside"),
        ("'beta(2, 3, 0%, 120%)'", "", "share-outside"),
        ("'mixture(50%, 20% to 30%, 50%, 120%)'", "", "share-outside"),
        ("'mixture(50%, 120%, 50%, uniform(0%, 50%))'", "", "share-outside"),
        ("-100% / year", "", "impossible-distribution"),
        ("'uniform(-120% / year, 5% / year)'", "", "impossible-distribution"),
        ("1 USD to 2 MW", "", "unit-mismatch"),
        ("2 * 3", "", "not-a-literal"),
        ("5%", "growth", "unit-mismatch"),
        ("5 USD", "rate", "unit-mismatch"),
        ("5%", "guess", "unknown-word"),
    ],
)
def test_an_uncertain_number_that_cannot_be_is_refused(value: str, kind: str, code: str) -> None:
    of_kind = f", kind: {kind}" if kind else ""
    assert code in codes(small(assumptions=f"a: {{value: {value}{of_kind}, assumed: g}}"))


def test_a_hazard_asks_for_a_rate_and_a_discount_for_a_growth() -> None:
    growth, rate = "a: {value: 5% / year, assumed: g}", "a: {value: 5% / year, kind: rate, assumed: g}"
    assert codes(small(assumptions=growth, events="e: {hazard: a}")) == ["growth-for-rate"]
    assert codes(small(assumptions=rate, events="e: {hazard: a}")) == []
    assert codes(small(events="e: {hazard: 5% / year, assumed: g}")) == []
    assert codes(small(events="e: {hazard: 5%, assumed: g}")) == ["unit-mismatch"]
    assert codes(small(values="lab: {discount: 5%, at_end: lab.USD, assumed: g}")) == ["growth-expected"]


# processes and correlations


@pytest.mark.parametrize(
    ("process", "code"),
    [
        ("gbm(growth = 5% / year)", "wrong-arguments"),
        ("gbm(growth = 5% / year, volatility = 1 / sqrt(year), fades_to = 1% / year)", "wrong-arguments"),
        ("gbm(growth = 5% / year, volatility = 1 / sqrt(year), speed = 3)", "wrong-arguments"),
        ("gbm(growth = 5%, volatility = 1 / sqrt(year))", "growth-expected"),
        ("gbm(growth = 5% / year, volatility = 20% / year)", "unit-mismatch"),
        ("ou(mean = 1 MW, half_life = 1 year, volatility = 1 USD / sqrt(year))", "unit-mismatch"),
        ("walk(growth = 1)", "not-a-process"),
        ("lab.USD", "not-a-process"),
    ],
)
def test_a_process_that_is_called_otherwise_is_refused(process: str, code: str) -> None:
    assert code in codes(small(variables=f"x: {{unit: USD, past: {{2024-12: 1}}, next: '{process}', assumed: g}}"))


PAIR = "a: {value: 1 to 2, assumed: g}\nb: {value: 1 to 2, assumed: g}\nc: {value: 1 to 2, assumed: g}"


@pytest.mark.parametrize(
    ("correlations", "code"),
    [
        ("- {between: [a, b], is: 1.5, assumed: g}", "share-outside"),
        ("- {between: [a, b], is: 0.5 USD, assumed: g}", "share-outside"),
        ("- {between: [a, x], is: 0.5, assumed: g}", "unknown-name"),
        ("- {between: [a], is: 0.5, assumed: g}", "wrong-shape"),
        (
            "- {between: [a, b], is: 0.9, assumed: g}\n- {between: [b, c], is: 0.9, assumed: g}\n- {between: [a, c], is: -0.9, assumed: g}",
            "not-correlations",
        ),
        ("{between: [a, b], is: 0.5}", "wrong-shape"),
        ("- {between: [a, b], is: 0.5, assumed: g}\n- {between: [b, a], is: 0.2, assumed: g}", "not-correlations"),
        ("- {between: [a, a], is: 1}", "not-correlations"),
    ],
)
def test_a_correlation_that_cannot_be_is_refused(correlations: str, code: str) -> None:
    assert code in codes(small(assumptions=PAIR, correlations=correlations))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("bernoulli(30%)", ["not-correlations"]),
        ("poisson(3)", ["not-correlations"]),
        ("empirical(1, 2, 4)", ["not-correlations"]),
        ("mixture(50%, 1, 50%, poisson(4))", ["not-correlations"]),
        ("uniform(1, 2)", []),
        ("triangular(1, 2, 3)", []),
        ("beta(2, 3)", []),
        ("mixture(50%, 1 to 2, 50%, 3 to 4)", []),
    ],
)
def test_what_takes_single_values_cannot_be_correlated(value: str, expected: list[str]) -> None:
    text = PAIR.replace("b: {value: 1 to 2", f"b: {{value: '{value}'")
    assert codes(small(assumptions=text, correlations="- {between: [a, b], is: 0.5, assumed: g}")) == expected


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_the_example_of_every_distribution_compiles(name: str) -> None:
    assert codes(small(assumptions=f"a: {{value: '{DISTRIBUTIONS[name].example}', assumed: g}}")) == []


@pytest.mark.parametrize(
    ("value", "kind", "text", "scale"),
    [
        ("20% to 30%", "", "%", 0.01),
        ("1 to 2 bn USD", "", "bn USD", 1e9),
        ("lognormal(10 bn USD, 2)", "", "bn USD", 1e9),
        ("beta(2, 5)", "", "%", 0.01),
        ("beta(2, 5)", "ratio", "", 1.0),
        ("beta(2, 5, 10 GW, 20 GW)", "", "GW", 1000.0),
        ("bernoulli(30%)", "", "", 1.0),
        ("bernoulli(30%)", "probability", "%", 0.01),
        ("poisson(3)", "", "", 1.0),
        ("empirical(3 mn USD, -5 mn USD)", "", "mn USD", 1e6),
        ("mixture(70%, 5 to 10 bn USD, 30%, 20 to 40 bn USD)", "", "bn USD", 1e9),
        ("mixture(70%, 5% to 10% / year, 30%, beta(2, 3, 20% / year, 40% / year))", "", "% / year", 0.01),
        ("mixture(70%, 5, 30%, poisson(4))", "", "", 1.0),
    ],
)
def test_an_input_is_shown_as_it_is_written(value: str, kind: str, text: str, scale: float) -> None:
    of_kind = f", kind: {kind}" if kind else ""
    graph = graph_of(read(small(assumptions=f"a: {{value: '{value}'{of_kind}, assumed: g}}")))
    shown = graph.inputs["a"].shown
    assert shown.text == text
    assert shown.scale == pytest.approx(scale)


# events and scenarios


def test_a_filed_policy_in_the_past_is_refused() -> None:
    """R1: an event that can never come is no decision."""
    assert codes(small(events="e: {decided_by: lab, policy: at(2024-12)}")) == ["policy-in-past"]
    assert codes(small(events="e: {decided_by: lab, policy: at(2025-01)}")) == []


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("{nothing: never}", "changes-nothing"),
        ("{struck: never}", "changes-nothing"),
        ("{a: off}", "changes-nothing"),
        ("{decided: off}", "changes-nothing"),
        ("{a: 5 USD, assumed: g}", "unit-mismatch"),
        ("{a: 2 * a, assumed: g}", "not-a-literal"),
        ("{pace: 5%, assumed: g}", "unit-mismatch"),
        ("{a: 5}", "ungrounded-number"),
        ("{}", "empty-block"),
    ],
)
def test_a_scenario_that_changes_nothing_or_not_so_is_refused(scenario: str, code: str) -> None:
    blocks = {
        "assumptions": "a: {value: 1 to 2, assumed: g}\npace: {value: 5% / year, assumed: g}",
        "events": "struck: {hazard: 0 / year}\ndecided: {decided_by: lab, policy: never}",
    }
    assert code in codes(small(scenarios=f"s: {scenario}", **blocks))
    if code != "ungrounded-number":
        rights = f"r: {{holder: lab, hurts: cloud, use: {scenario}, instead: {{decided: never}}, assumed: g}}"
        values = "lab: {discount: 0% / year, at_end: lab.USD}\ncloud: {discount: 0% / year, at_end: cloud.USD}"
        assert code in codes(small(rights=rights, values=values, **blocks))
