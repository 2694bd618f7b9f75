"""Sweeps: every scenario, believer and override on the same draws, by name; values in the deal's own units."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from detente.engine.evaluate import evaluate
from detente.engine.simulate import BASE
from detente.engine.sweep import Overrides, sweep
from detente.text.diagnostic import Refused
from tests.support import EXACT, read, small

DEAL = small(
    assumptions="""
        price: {value: 2 to 3 bn USD, assumed: g}
        pace:  {value: 10% to 30% / year, assumed: g}
        part:  {value: 20% to 40%, assumed: g}
        count: {value: 2 to 4, assumed: g}
        speed: {value: 12 to 24 USD / year, assumed: g}
    """,
    variables="""
        money: {unit: USD, is: price}
        level: {is: "compound(pace, 1 year)", assumed: g}
        slice: {is: part}
        plain: {is: count}
        pay:   {unit: USD / month, is: speed}
    """,
    scenarios="""
        dear: {price: 9 bn USD, assumed: g}
        slow: {pace: 1% / year, assumed: g}
    """,
    beliefs="cloud: {price: 7 bn USD, assumed: g}",
)


def swept(
    outputs: Sequence[str],
    overrides: Overrides = (),
    scenarios: Sequence[str] = ("base",),
    believers: Sequence[str] = ("",),
    paths: int = 4,
) -> dict[str, list[float]]:
    """The first path of every output by the name of the run."""
    found = sweep(read(DEAL), outputs, overrides, scenarios, believers, paths)
    assert found.values.shape == (len(found.runs), len(outputs), paths)
    return {name: list(values) for name, values in zip(found.runs, found.values[:, :, 0].tolist(), strict=True)}


def test_every_scenario_believer_and_override_is_run_and_named() -> None:
    found = swept(["money"], {"price": [4, 5]}, scenarios=["base", "slow"], believers=["", "cloud"])
    assert list(found) == [
        "price = 4",
        "price = 5",
        "as cloud believes, price = 4",
        "as cloud believes, price = 5",
        "slow, price = 4",
        "slow, price = 5",
        "slow, as cloud believes, price = 4",
        "slow, as cloud believes, price = 5",
    ]
    assert [values[0] for values in found.values()] == [4e9, 5e9] * 4


def test_an_override_has_the_last_word_and_before_it_the_believer() -> None:
    found = swept(["money"], scenarios=["dear"], believers=["", "cloud"])
    assert found == {"dear": [9e9], "dear, as cloud believes": [7e9]}


@pytest.mark.parametrize(
    ("name", "number", "text", "output", "expected"),
    [
        ("price", 4, "4 bn USD", "money", 4e9),
        ("pace", 5, "5% / year", "level", 1.05),
        ("pace", -5.0, "-5% / year", "level", 0.95),
        ("part", 25, "25%", "slice", 0.25),
        ("count", 3.0, "3", "plain", 3.0),
        ("speed", 24, "24 USD / year", "pay", 2.0),
        ("price", np.float64(4.5), "4500 mn USD", "money", 4.5e9),
    ],
)
def test_a_number_is_in_the_unit_that_the_deal_shows(
    name: str, number: float, text: str, output: str, expected: float
) -> None:
    (one,), (other,) = swept([output], {name: [number, text]}).values()
    assert one == pytest.approx(expected, rel=EXACT)
    assert other == pytest.approx(one, rel=EXACT)


def test_a_text_may_be_a_distribution_on_the_draws_of_the_filed_one() -> None:
    found = sweep(read(DEAL), ["money"], {"price": ["4 to 6 bn USD", "2 to 3 bn USD"]}, paths=500)
    filed = evaluate(read(DEAL), [BASE], 500, 1, ["money"])
    assert (found.values[1] == filed[0]).all()
    assert np.corrcoef(found.values[0, 0], filed[0, 0])[0, 1] > 0.99


def test_every_combination_of_values_is_run_or_those_that_are_given() -> None:
    product = swept(["money", "plain"], {"price": [1, 2], "count": [5, 6]})
    assert list(product.values()) == [[1e9, 5.0], [1e9, 6.0], [2e9, 5.0], [2e9, 6.0]]
    given: list[Mapping[str, float | str]] = [{"price": 1, "count": 5}, {"price": "2 bn USD"}]
    listed = sweep(read(DEAL), ["money"], given, paths=3)
    assert listed.runs == ("price = 1, count = 5", "price = 2 bn USD")
    assert listed.values[:, 0, 0].tolist() == [1e9, 2e9]


def test_a_run_in_company_has_the_bits_it_has_alone() -> None:
    together = sweep(read(DEAL), ["money", "level"], {"count": [1, 2]}, ["base", "slow"], paths=300)
    alone = sweep(read(DEAL), ["money", "level"], scenarios=["slow"], paths=300)
    assert together.values[2].tobytes() == together.values[3].tobytes() == alone.values[0].tobytes()
    assert together.units == ("USD", "1")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"prise": [1]}, "there is no assumption 'prise': did you mean 'price'"),
        ({"price": 4}, "'price' takes a sequence of values"),
        ({"price": "4 bn USD"}, "'price' takes a sequence of values"),
        ({"price": []}, "nothing to run"),
        ({"price": [math.inf]}, "finite numbers"),
        ({"pace": [-100]}, "shrink by more than all"),
    ],
)
def test_values_that_cannot_be_are_refused_in_words(overrides: Overrides, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        swept(["money"], overrides)


@pytest.mark.parametrize(
    ("overrides", "code"),
    [
        ({"price": ["4 MW"]}, "unit-mismatch"),
        ({"pace": ["5%"]}, "unit-mismatch"),
        ({"price": ["4 bn USD +"]}, "expression-syntax"),
        ({"prise": ["4 bn USD"]}, "changes-nothing"),
    ],
)
def test_texts_that_cannot_stand_there_are_refused_as_in_a_file(overrides: Overrides, code: str) -> None:
    with pytest.raises(Refused) as wrong:
        swept(["money"], overrides)
    assert code in {one.code for one in wrong.value.diagnostics}


def test_scenarios_and_believers_that_are_not_there_are_named() -> None:
    with pytest.raises(ValueError, match="there are: base, dear, slow"):
        swept(["money"], scenarios=["cheap"])
    with pytest.raises(ValueError, match="no beliefs of 'lab'; there are: cloud"):
        swept(["money"], believers=["lab"])
