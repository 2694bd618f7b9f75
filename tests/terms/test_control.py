"""Terms of control, worked by hand: they carry status, breach and remedy, and nothing else."""

import pytest

from tests.support import agreement, codes, play, small

TAKINGS = "takings: {type: revenue_share, payer: lab, payee: cloud, base: 100 USD / month, rate: 20%, assumed: given}"


def controlled(term: str, events: str = "", **blocks: str) -> str:
    """A share of 20 a month and a term of control."""
    return small(agreements=agreement(f"{TAKINGS}\nit: {{{term}}}"), events=events, **blocks)


SOLD = "type: change_of_control, party: lab, holder: cloud, passes: sold, on: notice, window: 3 months, ends: [pact.takings], assumed: g"


@pytest.mark.parametrize(
    ("notice", "ends"),
    [("at(2025-03)", "2025-03"), ("at(2025-05)", "2025-05"), ("at(2025-06)", ""), ("at(2025-02)", "")],
)
def test_after_a_change_of_control_notice_may_be_given_within_the_window(notice: str, ends: str) -> None:
    """Sold in March: notice from March to May."""
    events = f"sold: {{decided_by: lab, policy: at(2025-03)}}\nnotice: {{decided_by: cloud, policy: {notice}}}"
    played = play(controlled(SOLD, events))
    last = int(ends[-2:]) if ends else 13
    assert played.series("pact.takings") == [20.0 if number < last else 0.0 for number in range(1, 13)]
    assert sum(played.series("pact.it.breached")) == 3.0


def test_who_consents_to_a_change_of_control_cannot_end() -> None:
    events = "\n".join(
        (
            "sold: {decided_by: lab, policy: at(2025-03)}",
            "notice: {decided_by: cloud, policy: after(0 months)}",
            "agreed: {decided_by: cloud, policy: at(2025-01)}",
        )
    )
    played = play(controlled(f"{SOLD}, consent: agreed", events))
    assert (played("notice", "2025-12"), sum(played.series("pact.it.breached"))) == (0.0, 0.0)


def test_who_steps_in_operates_until_the_failure_is_cured() -> None:
    """The secret is out from February to May. A breach is seen in the next month: the lab steps in in March and out in
    July, and is paid 5 a month meanwhile."""
    term = (
        "type: step_in_right, holder: lab, obligor: cloud, on: steps_in, failing: [pact.secrecy], cost: 5 USD / month, assumed: g}\n"
        "secrecy: {type: information_audit_right, obligor: cloud, holder: lab, breaks: after(2025-01) and before(2025-06)"
    )
    played = play(controlled(term, "steps_in: {decided_by: lab, policy: after(0 months)}"))
    assert played.series("pact.it.operates", "2025-02", "2025-07") == [0.0, 1.0, 1.0, 1.0, 1.0, 0.0]
    assert played.series("pact.it", "2025-02", "2025-07") == [0.0, 5.0, 5.0, 5.0, 5.0, 0.0]
    assert played("pact.it.operates", "2025-12") == 0.0


def test_who_steps_in_steps_out_when_the_time_is_up() -> None:
    term = (
        "type: step_in_right, holder: lab, obligor: cloud, on: steps_in, failing: [pact.secrecy], duration: 2 months, assumed: g}\n"
        "secrecy: {type: information_audit_right, obligor: cloud, holder: lab, breaks: after(2025-01)"
    )
    played = play(controlled(term, "steps_in: {decided_by: lab, policy: after(0 months)}"))
    assert played.series("pact.it.operates", "2025-02", "2025-06") == [0.0, 1.0, 1.0, 0.0, 0.0]


def test_damages_are_paid_while_a_non_compete_is_broken_unless_it_is_waived() -> None:
    """Broken from June on; waived by consent in September."""
    term = "type: non_compete_non_solicit, bound: lab, holder: cloud, breaks: after(2025-05), damages: 7 USD / month, waived: consent, assumed: g"
    played = play(controlled(term, "consent: {decided_by: cloud, policy: at(2025-09)}"))
    assert played.series("pact.it", "2025-05", "2025-10") == [0.0, 7.0, 7.0, 7.0, 0.0, 0.0]
    assert played.series("pact.it.breached", "2025-08", "2025-09") == [1.0, 0.0]


def test_information_later_than_its_notice_is_a_breach() -> None:
    """The lag grows by a quarter of a month each month: 1.25 months in May is the first above one."""
    term = (
        "type: information_audit_right, obligor: lab, holder: cloud, items: reports, notice: 1 month,"
        " lag: 0.25 * since(2024-12), damages: 2 USD / month, assumed: g"
    )
    played = play(controlled(term))
    assert played.series("pact.it.breached", "2025-03", "2025-06") == [0.0, 0.0, 1.0, 1.0]
    assert played.series("pact.it", "2025-03", "2025-06") == [0.0, 0.0, 2.0, 2.0]


@pytest.mark.parametrize(
    "term",
    ["type: non_compete_non_solicit, bound: lab, holder: cloud, breaks: true, damages: -7 USD / month, assumed: g"],
)
def test_what_cannot_be_is_refused(term: str) -> None:
    assert codes(controlled(term)) == ["impossible-parameter"]
