"""Why: the tree holds on its path, reaches the claims, and its views say the same."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from detente.answers.explanation import Explanation
from detente.answers.why import explain
from detente.report.why import why_html, why_text
from tests.support import agreement, read, small

DEAL = small(
    assumptions="pace: {value: 10% to 30% / year, assumed: a guess}",
    variables="""
        lab.sales: {unit: USD / year, past: {2024-12: 1200}, next: "gbm(growth = pace, volatility = 10% / sqrt(year))", assumed: given}
    """,
    flows="subscriptions: {from: world, to: lab, amount: lab.sales}",
    agreements=agreement(
        "takings: {type: revenue_share, payer: lab, payee: cloud, base: lab.sales, rate: 20%, until: 2025-06, assumed: 20}"
    ),
)


def nodes(tree: Explanation) -> Iterator[Explanation]:
    """The tree and all below it."""
    yield tree
    for child in tree.children:
        yield from nodes(child)


def test_an_account_is_its_opening_and_every_flow_since() -> None:
    tree = explain(read(DEAL), "lab.USD@2025-09", paths=50)
    assert tree.kind == "account"
    assert tree.value == pytest.approx(sum(child.value for child in tree.children), rel=1e-12)
    assert {child.kind for child in tree.children} == {"opening", "flow"}


def test_a_share_is_its_rate_of_the_base_on_that_path() -> None:
    tree = explain(read(DEAL), "pact.takings@2025-03", paths=50)
    base = next(node for node in nodes(tree) if node.name == "lab.sales")
    assert (tree.unit, base.unit) == ("bn USD / year", "USD / year")
    assert tree.value * 1e9 == pytest.approx(0.2 * base.value, rel=1e-12)


def test_a_process_goes_back_to_its_record_and_assumptions() -> None:
    tree = explain(read(DEAL), "lab.sales@2025-03", paths=50)
    kinds = {(node.kind, node.name) for node in nodes(tree)}
    assert ("record", "lab.sales") in kinds
    assert ("assumption", "pace") in kinds
    assumption = next(node for node in nodes(tree) if node.kind == "assumption")
    assert assumption.assumed == "a guess"
    assert 5.0 < assumption.value < 45.0
    assert assumption.unit == "% / year"


def test_the_path_is_the_one_nearest_to_the_median() -> None:
    values = [explain(read(DEAL), "lab.sales@2025-12", path=path).value for path in range(5)]
    tree = explain(read(DEAL), "lab.sales@2025-12", paths=5)
    assert tree.value == sorted(values)[2]


def test_means_stand_beside() -> None:
    tree = explain(read(DEAL), "lab.sales@2025-12", paths=5)
    values = [explain(read(DEAL), "lab.sales@2025-12", path=path).value for path in range(5)]
    assert tree.mean == pytest.approx(sum(values) / 5)


def test_views_say_what_the_data_says() -> None:
    tree = explain(read(DEAL), "lab.USD@2025-09", paths=50)
    data = json.loads(json.dumps(tree.as_data()))
    assert data["name"] == "lab.USD"
    text, page = why_text(tree), why_html(tree, "why")
    for node in nodes(tree):
        assert node.name in text
        assert node.name in page
    assert "assumed: a guess" in text
    assert "<script" not in page


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("lab.USDD@2025-09", "did you mean lab.USD"),
        ("lab.USD@2030-01", "2025-01 to 2025-12"),
        ("lab.USD@soon", "'soon' is not a month"),
    ],
)
def test_what_is_not_there_is_said(asked: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explain(read(DEAL), asked, paths=5)
