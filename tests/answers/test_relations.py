"""Relations between parties: off as filed, heeded when asked, and what an incident would have to move."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente
from detente.answers.findings import find
from detente.answers.grounds import grounds
from detente.answers.relations import relations
from detente.deal.knowledge import as_known
from detente.engine.evaluate import evaluated, graph_of
from detente.engine.simulate import BASE, Variant
from detente.graph.relations import heeding, weight
from tests.support import month, small

SOURCES = "paper: {title: A paper, publisher: The Paper, published: 2024-10, kind: original}\n"
CLAIMS = (
    '{"id": "told", "source": "paper", "says": "they quarrelled", "published": "2024-03"}\n'
    '{"id": "later", "source": "paper", "says": "they made up"}\n'
)
LOG = """
    quarrel: {between: [lab, cloud], on: 2024-06, says: a quarrel, claims: [{told: existence}]}
    breach:  {between: [cloud, lab], on: 2024-12, says: a breach, claims: [{told: existence}]}
    calls:   {between: [lab, cloud], on: 2024-06, says: they talk, kind: repair, claims: [{later: existence}]}
    aside:   {between: [lab, rival], on: 2024-02, says: a rumour, claims: [{told: existence}]}
"""
PAIR = "pair: {between: [lab, cloud], moves: {chance: strain}}"
CONSENT = {
    "first": "2024-01",
    "assumptions": """
        chance: {value: 70%, kind: probability, assumed: given}
        ease:   {value: "uniform(0, 1)", assumed: given}
        strain: {value: -8% to -2%, kind: ratio, assumed: given}
    """,
    "flows": "fees: {from: world, to: lab, amount: if consent then 100 USD / month else 0 USD / month, assumed: given}",
    "events": 'consent: {decided_by: cloud, policy: "when(ease < chance)", options: [never]}',
    "futures": """
        agreed: consent by 2025-12
        refused: not (consent by 2025-12)
    """,
    "headlines": "asked: {title: Money, show: {Cash: lab.USD at 2025-12, Consent: consent by 2025-12}, under: [base]}",
    "incidents": LOG,
    "relations": PAIR,
}
"""Consent comes when the case is easy enough: the share of paths with consent is that of draws below the chance."""


def deal(**blocks: str) -> detente.Deal:
    return detente.loads(small(**{**CONSENT, **blocks}), SOURCES, CLAIMS)


def shown(text: detente.Deal, what: str = "consent by 2025-12", paths: int = 500) -> float:
    return float(np.mean(evaluated(graph_of(text.text), [BASE], paths, 1, (f"asked: {what}",))))


def test_as_filed_incidents_move_nothing() -> None:
    without = detente.loads(small(**{**CONSENT, "incidents": "", "relations": ""}))
    one, other = find(deal().text, 200, 1), find(without.text, 200, 1)
    assert [answer.rows for answer in one.headlines] == [answer.rows for answer in other.headlines]
    assert one.run.futures == other.run.futures
    assert "strain" not in [answer.name for answer in one.grounds]
    assert "strain" in [answer.name for answer in grounds(heeding(deal().text))]


def test_a_log_weighs_strains_less_repairs_of_its_pair() -> None:
    text = deal().text
    assert weight(text, text.relations["pair"]) == 1.0
    fading = deal(
        relations="pair: {between: [cloud, lab], moves: {chance: strain}, half_life: 6 months, assumed: given}"
    )
    # The two of June are one half-life old and cancel; that of December counts whole.
    assert weight(fading.text, fading.text.relations["pair"]) == 1.0
    alone = deal(
        incidents=LOG.replace(", kind: repair", ""),
        relations="pair: {between: [cloud, lab], moves: {chance: strain}, half_life: 6 months, assumed: given}",
    )
    assert weight(alone.text, alone.text.relations["pair"]) == 2.0


def test_heeded_an_incident_moves_the_chance_by_its_effect() -> None:
    strained = deal(assumptions=CONSENT["assumptions"].replace("-8% to -2%", "-20%"))
    graph = graph_of(heeding(strained.text))
    drawn = evaluated(graph, [BASE, Variant("x", {"strain": 0.0})], 1_000, 1, ("asked: Consent",))[:, 0]
    filed = evaluated(graph_of(strained.text), [BASE], 1_000, 1, ("asked: Consent",))[0, 0]
    assert np.array_equal(drawn[1], filed)
    assert drawn[0].mean() == pytest.approx(0.5, abs=0.03)
    assert (drawn[0] <= filed).all()


def test_a_heeded_run_says_so() -> None:
    assert "incidents between lab and cloud" in heeding(deal().text).notes[0]
    with pytest.raises(ValueError, match="has no relations"):
        heeding(deal(relations="").text)


def test_the_break_even_is_the_least_shift_that_changes_the_figure() -> None:
    # Consent comes on the share of draws below the chance, and cash is 1,000 USD and 1,200 more where it does: 1,840 in
    # the mean. A shift of 5 points moves the chance by 5; one of 184 / 1,200, or 15.3 points, the cash by a tenth; below
    # one half the other future leads.
    answer = deal().relations(paths=4_000)
    rows = {row.label: row for row in answer.rows}
    draws = np.sort(evaluated(graph_of(deal().text), [BASE], 4_000, 1, ("asked: Consent",))[0, 0])
    assert draws.mean() == pytest.approx(rows["Consent"].base)
    assert rows["Consent"].moves == pytest.approx(-5, abs=0.6)
    assert rows["Cash"].moves == pytest.approx(-15.3, abs=0.8)
    assert rows["agreed"].turns == pytest.approx(-20, abs=2)
    assert rows["refused"].turns == pytest.approx(rows["agreed"].turns, abs=70 / 1_024)  # a tie leads, on either side
    assert rows["Cash"].turns is None  # 1,000 USD are left
    assert rows["Consent"].heeded < rows["Consent"].base


@settings(max_examples=10, deadline=None)
@given(st.floats(-0.6, -0.01))
def test_at_the_break_even_the_figure_has_changed_and_before_it_has_not(shift: float) -> None:
    text = deal().text
    answer = relations(text, paths=400)
    row = next(row for row in answer.rows if row.label == "Consent")
    assert row.moves is not None
    graph = graph_of(heeding(text))
    moved = evaluated(graph, [Variant("x", {"strain": shift})], 400, 1, ("asked: Consent",)).mean()
    if shift * 100 <= row.moves:  # more is taken off than is needed
        assert row.base - moved >= answer.points - 1e-12
    elif shift * 100 > row.moves + abs(row.move.furthest) / 2048:
        assert row.base - moved < answer.points


def test_no_shift_may_change_a_figure() -> None:
    asked = "asked: {title: Debts, show: {Rival: rival.USD at 2025-12}}"
    row = next(row for row in deal(headlines=asked).relations(paths=100).rows if row.label == "Rival")
    assert (row.moves, row.turns, row.each(row.moves)) == (None, None, None)


def test_an_effect_of_both_signs_is_searched_both_ways() -> None:
    answer = deal(assumptions=CONSENT["assumptions"].replace("-8% to -2%", "-8% to 2%")).relations(paths=200)
    assert sorted(np.sign(move.furthest) for move in answer.moves) == [-1.0, 1.0]
    assert {np.sign(row.moves or 0.0) for row in answer.rows if row.label == "Consent"} == {-1.0, 1.0}


def test_the_shift_is_shared_by_the_incidents_on_record() -> None:
    row = next(row for row in deal(incidents=LOG.replace(", kind: repair", "")).relations(paths=200).rows)
    assert row.move.weight == 3.0
    assert row.each(-6.0) == -2.0


def test_a_time_is_moved_and_a_rate_does_not_fall_below_nothing() -> None:
    rate = deal(
        assumptions="""
            pace: {value: 50% / year, kind: rate, assumed: given}
            strain: {value: -80% to -70% / year, kind: rate, assumed: given}
        """,
        relations="pair: {between: [lab, cloud], moves: {pace: strain}}",
        events="consent: {hazard: pace}",
    )
    assert evaluated(graph_of(heeding(rate.text)), [BASE], 200, 1, ("asked: Consent",)).max() == 0.0
    assert rate.relations(paths=200).moves[0].furthest == pytest.approx(-50.0)


def test_what_was_published_later_is_not_in_the_log() -> None:
    earlier, findings = as_known(deal().text, month("2024-07"))
    assert findings == ()
    assert list(earlier.incidents) == ["quarrel", "aside"]


def test_the_answer_is_data() -> None:
    data = deal().relations(paths=100).as_data()
    assert [one["name"] for one in data["incidents"]] == ["quarrel", "breach", "calls", "aside"]
    assert data["incidents"][0]["claims"] == ["told"]
    assert {row["relation"] for row in data["break_even"]} == {"pair"}


def test_the_log_tells_incidents_without_a_relation_last() -> None:
    log = deal().relations(paths=50).log()
    assert [[one.name for one in incidents] for _, incidents in log] == [["quarrel", "calls", "breach"], ["aside"]]


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        ({"incidents": "x: {between: [lab, cloud], on: 2024-06, says: a quarrel, assumed: a rumour}"}, "missing-key"),
        ({"incidents": "x: {between: [lab], on: 2024-06, says: x, claims: [{told: existence}]}"}, "wrong-shape"),
        ({"incidents": "x: {between: [lab, moon], on: 2024-06, says: x, claims: [{told: existence}]}"}, "unknown-party"),
        ({"incidents": "x: {between: [lab, cloud], on: 2025-06, says: x, claims: [{told: existence}]}"}, "date-outside"),
        ({"incidents": "x: {between: [lab, cloud], on: 2024-06, says: x, claims: [{tolt: existence}]}"}, "unknown-claim"),
        ({"relations": "pair: {between: [lab, cloud], moves: {chanse: strain}}"}, "unknown-assumption"),
        ({"relations": "pair: {between: [lab, cloud], moves: {chance: stress}}"}, "unknown-assumption"),
        ({"relations": "pair: {between: [lab, cloud], moves: {strain: strain}}"}, "cannot-move"),
        ({"relations": "pair: {between: [lab, cloud], moves: {chance: strain}, half_life: 6 months}"}, "ungrounded-number"),
        ({"relations": "pair: {between: [lab, cloud], moves: {chance: strain}, half_life: 6 MW, assumed: x}"}, "unit-mismatch"),
        ({"relations": "pair: {between: [lab, cloud], moves: {chance: strain}, half_life: 0 months}"}, "not-positive"),
        ({"assumptions": CONSENT["assumptions"].replace("-8% to -2%, kind: ratio", "1 to 2 months")}, "unit-mismatch"),
        ({"assumptions": CONSENT["assumptions"].replace("70%, kind: probability", "70% / year"),
          "events": "consent: {when: ease < 0.5, assumed: x}"}, "cannot-move"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused(blocks: dict[str, str], code: str) -> None:
    with pytest.raises(detente.Refused) as wrong:
        deal(**blocks)
    assert code in {one.code for one in wrong.value.diagnostics if one.severity == "error"}


def test_a_difference_tells_incidents_and_relations() -> None:
    one, other = deal(), deal(incidents=LOG.replace("2024-02", "2024-03"), relations=PAIR.replace("cloud", "rival"))
    assert {change.section for change in one.diff(other).changes} == {"incidents", "relations"}
    assert one.diff(detente.build(**one.to_data())).same


def test_the_flag_is_no_part_of_what_a_deal_says() -> None:
    text = deal().text
    assert heeding(text) == dataclasses.replace(text, heeds_relations=True, notes=heeding(text).notes)
