"""Consent: an event waits for the holder's word, whichever way it comes about."""

import pytest

from detente.engine.simulate import Variant
from tests.support import agreement, play, small

VETO = "veto: {type: consent_right, holder: cloud, over: conversion, given: consent}"


def waiting(conversion: str, consent: str, veto: str = VETO) -> str:
    """An event over which the cloud has a right, and the event by which it consents."""
    events = f"conversion: {conversion}\nconsent: {{decided_by: cloud, policy: {consent}}}"
    return small(agreements=agreement(veto), events=events)


ALWAYS = "{decided_by: lab, policy: after(0 months)}"


def test_a_decided_event_comes_with_the_consent_in_the_same_month() -> None:
    """Order of effect: consents before what waits for them, within a month."""
    played = play(waiting(ALWAYS, "at(2025-04)"))
    assert played.series("conversion", "2025-03", "2025-05") == [0.0, 1.0, 1.0]
    assert played.series("pact.veto.granted", "2025-03", "2025-05") == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    "conversion",
    [ALWAYS, "{decided_by: lab, policy: when(lab.USD > 0 USD)}", "{when: lab.USD > 0 USD}", "{hazard: 1000% / month}"],
    ids=["after", "when it pays", "by condition", "by hazard"],
)
def test_without_consent_it_never_comes(conversion: str) -> None:
    grounded = conversion.replace("}", ", assumed: given}")
    assert play(waiting(grounded, "never"), paths=range(20)).row("conversion", "2025-12").max() == 0.0
    assert play(waiting(grounded, "at(2025-06)"), paths=range(20)).row("conversion", "2025-12").min() == 1.0


def test_a_date_that_passes_without_consent_does_not_come_back() -> None:
    """`at(date)` fires on that date if it is possible then, else never."""
    assert play(waiting("{decided_by: lab, policy: at(2025-03)}", "at(2025-04)"))("conversion", "2025-12") == 0.0


def test_a_right_that_has_ended_is_no_obstacle() -> None:
    text = waiting(ALWAYS, "never", VETO.replace("given:", "until: 2025-05, given:"))
    assert play(text).series("conversion", "2025-05", "2025-06") == [0.0, 1.0]


def test_a_right_switched_off_is_no_obstacle() -> None:
    played = play(waiting(ALWAYS, "never"), variant=Variant(off=frozenset({"pact.veto"})))
    assert played("conversion", "2025-01") == 1.0


def test_several_holders_must_all_agree() -> None:
    """One consents in February, the other in May."""
    second = "other: {type: consent_right, holder: rival, over: conversion, given: rivals_word}"
    events = f"""
        conversion: {ALWAYS}
        consent: {{decided_by: cloud, policy: at(2025-05)}}
        rivals_word: {{decided_by: rival, policy: at(2025-02)}}
    """
    text = small(agreements=agreement(VETO + "\n" + second), events=events)
    assert play(text).series("conversion", "2025-04", "2025-05") == [0.0, 1.0]
