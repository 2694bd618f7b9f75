"""What the deal itself rules out: refused only if it truly never comes about, and told why."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from detente.deal.load import parse_deal
from detente.deal.reach import NEVER
from detente.engine.evaluate import evaluated, figures
from detente.engine.simulate import Variant
from detente.graph.build import build
from detente.lang.printer import print_expression
from detente.text.place import Place
from tests.support import agreement, codes, month, refused, small

DATES = [f"2025-{number:02d}" for number in range(1, 13)]
FIRST, LAST = month("2025-01"), month("2025-12")


@st.composite
def conditions(draw: st.DrawFn, events: list[str], depth: int = 2) -> str:
    """A condition on dates and events."""
    if depth and draw(st.booleans()):
        left, right = draw(conditions(events, depth - 1)), draw(conditions(events, depth - 1))
        return draw(st.sampled_from([f"({left}) and ({right})", f"({left}) or ({right})", f"not ({left})"]))
    leaves = ["true", *events, *(f"{word}({date})" for word in ("after", "before", "on") for date in DATES)]
    return draw(st.sampled_from(leaves))


@st.composite
def policies(draw: st.DrawFn, events: list[str]) -> str:
    """A policy within the horizon."""
    return draw(
        st.just("never")
        | st.sampled_from(DATES).map(lambda date: f"at({date})")
        | st.integers(0, 8).map(lambda months: f"after({months} months)")
        | conditions(events).map(lambda condition: f"when({condition})")
    )


@st.composite
def deals(draw: st.DrawFn) -> str:
    """Events on each other and on dates, a consent, and futures."""
    names = ["one", "two", "three", "four"]
    lines: list[str] = []
    for number, name in enumerate(names):
        before = names[:number]
        kinds = ["hazard", "when", "decided", "happened"]
        match draw(st.sampled_from(kinds)):
            case "hazard":
                body = f"hazard: 600% / year, possible: {draw(conditions(before))}"
            case "when":
                body = f"when: {draw(conditions(before))}"
            case "happened":
                body = f"happened: {draw(st.sampled_from(['2024-06', '2024-12']))}"
            case _:
                policy, option = draw(policies(before)), draw(policies(before))
                body = f"decided_by: lab, possible: {draw(conditions(before))}, policy: {policy}, options: [{option}]"
        lines.append(f"{name}: {{{body}, assumed: a guess}}")
    future = st.tuples(conditions(names), st.sampled_from(DATES)).map(lambda pair: f"({pair[0]}) by {pair[1]}")
    asked = [draw(future), f"{draw(future)} or {draw(future)}", f"{draw(future)} and not {draw(future)}"]
    veto = "veto: {type: consent_right, holder: cloud, over: three, given: one}"
    return small(
        first="2024-01",
        events="\n".join(lines),
        agreements=agreement(veto) if draw(st.booleans()) else "",
        futures="\n".join(f"f{number}: {text}" for number, text in enumerate(asked)),
    )


@settings(max_examples=80)
@given(deals())
def test_what_is_ruled_out_never_comes_on_any_path_under_any_policy(text: str) -> None:
    deal, findings = parse_deal(text)
    assert deal is not None
    graph, _ = build(deal)
    ruled_out = {one.code for one in findings} - {"uncited-claim"}
    assert ruled_out <= {"never-possible", "decided-too-early", "future-unreachable"}, findings
    assume(graph is not None and ruled_out)
    choices = {name: (event.policy, *event.options) for name, event in deal.events.items() if event.policy is not None}
    runs = [Variant(policies=dict(zip(choices, chosen, strict=True))) for chosen in product(*choices.values())]
    events = [f"{name} at 2025-12" for name in deal.events]
    futures = [print_expression(future.when) for future in deal.futures.values()]
    graph, problems = build(deal, figures([*events, *futures]))
    assert graph is not None, problems
    values = evaluated(graph, runs, 32, 1, (*events, *futures))
    for one in findings:
        if one.code == "never-possible":
            row = next(i for i, event in enumerate(deal.events.values()) if one.place.inside(line_of(text, event.name)))
            assert values[:, row].max() == 0.0, one.message
        elif one.code == "future-unreachable" and "asks the same" not in str(one.related):
            row = [f"'{name}'" in one.message for name in deal.futures].index(True)
            assert values[:, len(events) + row].max() == 0.0, one.message
        elif one.code == "decided-too-early":
            for row, (name, event) in enumerate(deal.events.items()):
                for run, variant in enumerate(runs):
                    policy = variant.policies.get(name)
                    if policy is not None and policy.place == one.place:
                        assert values[run, row].max() == 0.0, (one.message, event)


def line_of(text: str, event: str) -> Place:
    """The line of an event, as a place that holds all that stands in it."""
    number = next(i for i, line in enumerate(text.splitlines(), 1) if line.startswith(f"  {event}:"))
    return Place("deal.yaml", number, 1, number, 10_000)


def asked(events: str, futures: str = "", terms: str = "") -> list[str]:
    """The codes of a small deal with events, futures and terms."""
    return codes(small(first="2024-01", events=events, futures=futures, agreements=agreement(terms) if terms else ""))


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        ("{decided_by: lab, policy: never}", []),
        ("{decided_by: lab, possible: after(2025-03), policy: at(2025-04)}", []),
        ("{decided_by: lab, possible: after(2025-03), policy: at(2025-03)}", ["decided-too-early"]),
        ("{decided_by: lab, possible: on(2025), policy: at(2025-03)}", []),
        ("{decided_by: lab, possible: on(2024), policy: at(2025-03)}", ["never-possible"]),
        (
            "{decided_by: lab, possible: before(2025-02), policy: at(2025-03)}",
            [],
        ),  # not proved: only first months are bounded
        ("{decided_by: lab, possible: before(2025-01), policy: at(2025-03)}", ["never-possible"]),
        ("{decided_by: lab, policy: at(2026-01)}", ["date-outside"]),
        ("{decided_by: lab, policy: never, options: [at(2026-01)]}", ["date-outside"]),
        ("{when: after(2025-11)}", []),
        ("{when: after(2025-12)}", ["never-possible"]),
        ("{hazard: 0 / year, possible: false}", ["never-possible"]),
    ],
)
def test_an_event_that_cannot_be_or_is_decided_too_early(event: str, wrong: list[str]) -> None:
    assert asked(f"event: {event}") == wrong


@pytest.mark.parametrize(
    ("future", "wrong"),
    [
        ("chance by 2025-01", []),
        ("chance by 2024-12", ["future-unreachable"]),
        ("past by 2024-12", []),
        ("past by 2024-03", ["future-unreachable"]),
        ("never by 2025-12", ["future-unreachable"]),
        ("never by 2025-12 or chance by 2025-12", []),
        ("never by 2025-12 and chance by 2025-12", ["future-unreachable"]),
        ("not never by 2025-12", []),
        ("later by 2025-05", ["future-unreachable"]),
        ("later by 2025-06", []),
        ("lab.USD at never < 0 USD", []),
        ("optional by 2025-12", []),
    ],
)
def test_a_future_nobody_can_reach(future: str, wrong: list[str]) -> None:
    events = """
        chance: {hazard: 100% / year, assumed: a guess}
        past: {happened: 2024-06}
        never: {decided_by: lab, policy: never}
        later: {decided_by: lab, policy: at(2025-06), options: [never]}
        optional: {decided_by: lab, policy: never, options: [after(0 months)]}
    """
    found = asked(events, f"asked: {future}")
    assert ("future-unreachable" in found) == ("future-unreachable" in wrong)


def test_the_reason_is_shown() -> None:
    events = "consent: {decided_by: cloud, policy: at(2025-09)}\nbreach: {decided_by: lab, policy: at(2025-03)}"
    veto = "veto: {type: consent_right, holder: cloud, over: breach, given: consent}"
    (found,) = refused(small(first="2024-01", events=events, agreements=agreement(veto)))
    assert found.code == "decided-too-early"
    assert found.expected == "2025-09 or later"
    assert [note for _, note in found.related] == ["the consent 'consent' cannot come before 2025-09"]


@pytest.mark.parametrize(
    ("begins", "stops", "wrong"),
    [
        ("2025-06", "{happened: 2024-06}", ["never-active"]),
        ("2023-06", "{happened: 2024-06}", []),
        ("2025-06", "{decided_by: lab, policy: at(2025-06)}", ["stopped-early"]),
        ("2025-06", "{decided_by: lab, policy: at(2025-07)}", []),
        ("2024-12", "{hazard: 10% / year, assumed: a guess}", []),
    ],
)
def test_a_term_that_is_stopped_before_it_begins(begins: str, stops: str, wrong: list[str]) -> None:
    terms = f"fee: {{type: revenue_share, payer: lab, payee: cloud, base: 1 USD / month, rate: 1, from: {begins}, stops: stop}}"
    text = small(first="2023-01", events=f"stop: {stops}", agreements=agreement(terms, signed="2023-01"))
    assert [one.code for one in parse_deal(text)[1]] == wrong


def test_never_lies_beyond_every_horizon() -> None:
    assert month("9999-12") < NEVER
