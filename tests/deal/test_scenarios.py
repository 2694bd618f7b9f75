"""Scenarios, beliefs and rights as changes of a run, and the policies a run may choose from."""

from __future__ import annotations

import pytest

from detente.engine.evaluate import graph_of
from detente.engine.simulate import variant
from detente.graph.events import choices
from tests.support import codes, figures, play, read, small

BLOCKS = {
    "assumptions": "danger: {value: 30% / year, kind: rate, assumed: g}\nprice: {value: 2 to 4 USD, assumed: g}",
    "events": """
        struck:  {hazard: danger}
        decided: {decided_by: lab, policy: at(2025-06), options: [never, at(2025-09)], assumed: g}
    """,
    "variables": "x: {unit: USD, is: price}",
}
SCENARIOS = """
    early: {title: Decided early, decided: at(2025-02)}
    late:  {decided: at(2025-09)}
    safe:  {danger: 0% / year}
    dear:  {price: 9 USD, assumed: g}
    wide:  {price: 1 to 16 USD, decided: never, assumed: g}
"""


def test_a_scenario_changes_what_it_names() -> None:
    deal = read(small(scenarios=SCENARIOS, **BLOCKS))
    runs = [variant(deal, scenario) for scenario in deal.scenarios.values()]
    text = small(scenarios=SCENARIOS, **BLOCKS)
    asked = ["decided by 2025-02", "decided by 2025-06", "decided by 2025-09", "struck by 2025-12", "x"]
    found = figures(text, asked, 200, runs).mean(axis=2)
    early, late, safe, dear, wide = found
    assert early[:3].tolist() == [1.0, 1.0, 1.0]
    assert late[:3].tolist() == [0.0, 0.0, 1.0]
    assert safe[3] == 0.0
    assert 0.1 < early[3] < 0.5
    assert dear[4] == 9.0
    assert wide[:3].tolist() == [0.0, 0.0, 0.0]
    assert wide[4] > early[4]


def test_a_title_is_given_or_made_from_the_name() -> None:
    deal = read(small(scenarios="a_b: {decided: never}\nearly: {title: Decided early, decided: never}", **BLOCKS))
    assert [scenario.title for scenario in deal.scenarios.values()] == ["a b", "Decided early"]


def test_a_run_may_use_the_policies_of_event_options_scenarios_and_rights_each_once() -> None:
    """Filed at June; options never and September; the scenario adds February, and its September is no new one; the right
    adds a delay."""
    blocks = {
        **BLOCKS,
        "rights": "r: {holder: lab, hurts: cloud, use: {decided: after(3 months)}, instead: {decided: never}, assumed: g}",
        "values": "lab: {discount: 0% / year, at_end: lab.USD}\ncloud: {discount: 0% / year, at_end: cloud.USD}",
    }
    deal = read(small(scenarios=SCENARIOS, **blocks))
    texts = [policy.text for policy in choices(deal)["decided"]]
    assert texts == ["at(2025-06)", "never", "at(2025-09)", "at(2025-02)", "after(3 months)"]


@pytest.mark.parametrize(
    ("policy", "months"),
    [
        ("never", None),
        ("at(2025-04)", 4),
        ("at(2025Q2)", 4),
        ("after(0 months)", 3),
        ("after(2 months)", 5),
        ("after(2.5 months)", 6),
        ("when(lab.USD > 1250 USD)", 7),
        ("when(true)", 3),
    ],
)
def test_a_policy_says_in_which_month_an_event_comes(policy: str, months: int | None) -> None:
    """Possible from March; cash is 1000 + 50 (n - 1) as month n opens, above 1250 as July opens."""
    text = small(
        events=f"e: {{decided_by: lab, possible: not before(2025-03), policy: {policy}, assumed: g}}",
        flows="income: {from: world, to: lab, amount: 50 USD / month, assumed: g}",
    )
    expected = [float(months is not None and number >= months) for number in range(1, 13)]
    assert play(text).series("e") == expected


def test_a_delay_counts_from_the_first_month_in_which_it_was_possible() -> None:
    """Possible in March and from June on: two months after March is May, when it is not; so June."""
    text = small(
        events="e: {decided_by: lab, possible: on(2025-03) or not before(2025-06), policy: after(2 months), assumed: g}"
    )
    assert play(text).series("e", "2025-04", "2025-07") == [0.0, 0.0, 1.0, 1.0]


def test_an_uncertain_delay_is_its_own_on_each_path() -> None:
    text = small(
        assumptions="patience: {value: 'uniform(1 month, 6 months)', assumed: g}",
        events="e: {decided_by: lab, policy: after(patience)}",
        variables="p: {unit: months, is: patience}",
    )
    played = play(text, range(40))
    waits = played.row("p", "2025-01")
    months = 12 - played.simulated("e").sum(axis=0)
    assert (months >= waits).all()
    assert (months < waits + 1).all()


def test_an_event_on_record_has_happened() -> None:
    text = small(first="2024-01", events="e: {happened: 2024-06}\nlater: {happened: 2025-03}")
    played = play(text)
    assert played.series("e", "2025-01", "2025-02") == [1.0, 1.0]
    assert played.series("e.fires", "2025-01", "2025-02") == [0.0, 0.0]
    assert played.series("later", "2025-02", "2025-03") == [0.0, 1.0]


def test_beliefs_are_of_the_shape_of_scenarios() -> None:
    text = small(beliefs="lab: {danger: 90% / year, assumed: g}", **BLOCKS)
    deal = read(text)
    base, believed = figures(text, ["struck by 2025-12"], 400, [variant(deal, deal.beliefs["lab"])] * 2)[:, 0]
    assert (base == believed).all()
    assert believed.mean() > figures(text, ["struck by 2025-12"], 400)[0, 0].mean() + 0.2


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        ({"beliefs": "nobody: {danger: 0 / year}"}, "unknown-party"),
        ({"beliefs": "lab: {nothing: 0 / year}"}, "unknown-assumption"),
        (
            {
                "rights": "r: {holder: lab, hurts: lab, use: {decided: never}}",
                "values": "lab: {discount: 0% / year, at_end: lab.USD}",
            },
            "missing-key",
        ),
        ({"headlines": "h: {title: t, show: {x: price}, under: [nothing]}"}, "unknown-scenario"),
        ({"headlines": "h: {show: {x: price}}"}, "missing-key"),
        ({"values": "lab: {discount: 0% / year}"}, "missing-key"),
        ({"values": "lab: {at_end: lab.USD}"}, "missing-key"),
        ({"outputs": "[nothing]"}, "unknown-output"),
        ({"checks": "{that: lab.USD > 0 USD}"}, "wrong-shape"),
        ({"checks": "- {that: lab.USD}"}, "condition-expected"),
        ({"checks": "- {that: lab.USD, on: 2025-03}"}, "condition-expected"),
        ({"futures": "f: lab.USD"}, "condition-expected"),
    ],
)
def test_what_changes_or_shows_nothing_is_refused(blocks: dict[str, str], code: str) -> None:
    assert code in codes(small(**{**BLOCKS, **blocks}))


def test_the_numbers_of_a_right_rest_on_the_grounds_of_the_right() -> None:
    blocks = {**BLOCKS, "values": "lab: {discount: 0% / year, at_end: lab.USD}"}
    right = "r: {holder: lab, hurts: lab, use: {price: 9 USD}, instead: {decided: at(2025-09)}, assumed: g}"
    assert codes(small(rights=right, **blocks)) == []
    assert codes(small(rights=right.replace(", assumed: g", ""), **blocks)) == ["ungrounded-number"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("{}", "not-one-way"),
        ("{hazard: 0 / year, when: true}", "not-one-way"),
        ("{decided_by: lab}", "missing-key"),
        ("{decided_by: nobody, policy: never}", "unknown-party"),
        ("{decided_by: lab, policy: sometimes}", "not-a-policy"),
        ("{decided_by: lab, policy: 'at(2025-03, 2025-04)'}", "not-a-policy"),
        ("{decided_by: lab, policy: at(soon)}", "not-a-date"),
        ("{decided_by: lab, policy: after(1 USD)}", "unit-mismatch"),
        ("{decided_by: lab, policy: when(1)}", "condition-expected"),
        ("{decided_by: lab, policy: never, options: at(2025-03)}", "wrong-shape"),
        ("{when: true, policy: never}", "superfluous-key"),
        ("{when: true, possible: 1}", "condition-expected"),
    ],
)
def test_an_event_that_cannot_be_is_refused(event: str, code: str) -> None:
    assert code in codes(small(events=f"e: {event}"))


def test_graphs_know_which_events_hazards_and_terms_a_run_can_change() -> None:
    graph = graph_of(read(small(scenarios=SCENARIOS, **BLOCKS)))
    assert graph.hazards == ("struck",)
    assert list(graph.choices) == ["decided"]
    assert graph.switches == ()
