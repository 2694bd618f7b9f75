"""Consent: an event waits for the holder's word, whichever way it comes about."""

import pytest

from detente.engine.simulate import Variant
from tests.support import agreement, codes, play, small

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
    assert (
        play(waiting("{decided_by: lab, policy: at(2025-03)}", "at(2025-04), options: [at(2025-02)]"))(
            "conversion", "2025-12"
        )
        == 0.0
    )


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


def test_consent_may_have_its_price() -> None:
    """30 in the month in which it is given."""
    veto = VETO.replace("}", ", price: 30 USD, paid_by: lab, assumed: given}")
    played = play(waiting(ALWAYS, "at(2025-04)", veto))
    assert played.series("pact.veto.price_of_consent", "2025-03", "2025-05") == [0.0, 30.0, 0.0]


@pytest.mark.parametrize(("refused", "granted"), [("never", 1.0), ("at(2025-04)", 0.0)])
def test_consent_is_deemed_given_after_a_time_unless_it_is_refused(refused: str, granted: float) -> None:
    """Asked for in February; deemed given once two months have passed after it."""
    veto = VETO.replace("}", ", standard: deemed, asked: asked, deemed_after: 2 months, refused: no, assumed: given}")
    events = f"asked: {{decided_by: lab, policy: at(2025-02)}}\n'no': {{decided_by: cloud, policy: {refused}}}"
    text = waiting(ALWAYS, "never", veto).replace(
        "events:\n", "events:\n" + events.replace("asked", "  asked", 1).replace("\n", "\n  ") + "\n"
    )
    text = text.replace("'no'", "refusal").replace("refused: no", "refused: refusal")
    played = play(text)
    assert played.series("pact.veto.granted", "2025-02", "2025-04") == [0.0, 0.0, granted]
    assert played("conversion", "2025-12") == granted


TAKINGS = "takings: {type: revenue_share, payer: lab, payee: cloud, base: 100 USD / month, rate: 20%, assumed: given}"


def with_takings(term: str, events: str, **blocks: str) -> str:
    """A share of 20 a month and a term that may change it."""
    return small(agreements=agreement(f"{TAKINGS}\n{term}"), events=events, **blocks)


def test_a_declaration_takes_effect_once_it_is_verified_and_the_contest_is_over() -> None:
    """Possible from February, declared then, verified in April, contested for a month: the share ends with June."""
    term = (
        "agi: {type: declared_event, event: declared, decider: lab, state: after(2025-01), verified: panel,"
        " contest: 1 month, ends: [pact.takings], assumed: given}"
    )
    events = "declared: {decided_by: lab, policy: after(0 months)}\npanel: {decided_by: cloud, policy: at(2025-04)}"
    played = play(with_takings(term, events))
    assert played.series("declared", "2025-01", "2025-03") == [0.0, 1.0, 1.0]
    assert played.series("pact.agi.in_effect", "2025-04", "2025-06") == [0.0, 1.0, 1.0]
    assert played.series("pact.takings", "2025-03", "2025-06") == [20.0, 20.0, 0.0, 0.0]


def test_a_declaration_may_suspend_a_term() -> None:
    term = "agi: {type: declared_event, event: declared, decider: lab, suspends: [pact.takings]}"
    played = play(with_takings(term, "declared: {decided_by: lab, policy: at(2025-02)}"))
    assert played.series("pact.takings", "2025-01", "2025-03") == [20.0, 0.0, 0.0]
    assert played("pact.takings.suspended", "2025-02") == 1.0


LATE = "secrecy: {type: information_audit_right, obligor: cloud, holder: lab, breaks: late, damages: 2 USD / month, assumed: given}"


def test_a_breach_that_is_cured_in_time_gives_no_right_to_end() -> None:
    """Late in February and again from May on; two months to cure. A breach of a month is seen in the next: counted from
    June, more than two in August; the terms end a month later."""
    term = (
        f"{LATE}\nway_out: {{type: termination_trigger, holder: lab, on: notice, breach_of: [pact.secrecy], cure: 2 months,"
        " ends: [pact.takings], wind_down: 1 month, fee: 40 USD, fee_from: cloud, fee_to: lab, assumed: given}"
    )
    text = with_takings(
        term,
        "notice: {decided_by: lab, policy: after(0 months)}",
        variables="delay: {unit: months, is: if on(2025-02) or after(2025-04) then 3 months else 0 months, assumed: given}",
    ).replace("late", "delay > 1 month")
    played = play(text)
    assert played.series("pact.secrecy.breached", "2025-01", "2025-05") == [0.0, 1.0, 0.0, 0.0, 1.0]
    assert played.series("pact.way_out.in_breach", "2025-03", "2025-08") == [1.0, 0.0, 0.0, 1.0, 2.0, 3.0]
    assert played.series("notice", "2025-07", "2025-08") == [0.0, 1.0]
    assert played.series("pact.takings", "2025-07", "2025-09") == [20.0, 20.0, 0.0]
    assert played.series("pact.way_out.fee", "2025-07", "2025-09") == [0.0, 40.0, 0.0]


def test_without_a_ground_there_is_no_notice() -> None:
    term = "way_out: {type: termination_trigger, holder: lab, on: notice, if: on(2025-06), ends: [pact.takings], assumed: given}"
    events = "notice: {decided_by: lab, policy: at(2025-03), options: [at(2025-06)]}"
    assert play(with_takings(term, events))("notice", "2025-12") == 0.0
    chosen = play(with_takings(term, events.replace("policy: at(2025-03)", "policy: at(2025-06)")))
    assert chosen.series("pact.takings", "2025-05", "2025-07") == [20.0, 0.0, 0.0]


def test_the_status_of_a_term_can_be_asked_for() -> None:
    """Pending, active, suspended, waived and ended, one after the other."""
    text = small(
        agreements=agreement(
            TAKINGS.replace(
                "assumed", "from: 2025-02, suspended: on(2025-04), waived: consent, until: 2025-08, assumed"
            )
        ),
        events="consent: {decided_by: lab, policy: at(2025-06)}",
        variables="\n".join(
            f"is_{status}: {{is: 'if {status}(pact.takings) then 1 else 0'}}"
            for status in ("pending", "active", "waived", "suspended", "ended")
        ),
    )
    played = play(text)
    told = {
        month: [
            status
            for status in ("pending", "active", "waived", "suspended", "ended")
            if played(f"is_{status}", f"2025-{month:02d}")
        ]
        for month in range(1, 8)
    }
    assert told == {
        1: ["pending"],
        2: ["active"],
        3: ["active"],
        4: ["suspended"],
        5: ["active"],
        6: ["waived"],
        7: ["waived"],
    }
    assert played.series("pact.takings", "2025-01", "2025-07") == [0.0, 20.0, 20.0, 0.0, 20.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "term",
    [
        VETO.replace("}", ", price: 3 USD, assumed: given}"),
        VETO.replace("}", ", standard: deemed}"),
        "x: {type: termination_trigger, holder: lab, on: consent, ends: [pact.takings], fee: 4 USD, assumed: given}",
    ],
)
def test_a_right_that_cannot_be_is_refused(term: str) -> None:
    events = f"conversion: {ALWAYS}\nconsent: {{decided_by: cloud, policy: never}}"
    assert codes(small(agreements=agreement(f"{TAKINGS}\n{term}"), events=events)) == ["impossible-parameter"]
