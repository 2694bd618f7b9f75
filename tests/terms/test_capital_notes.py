"""Convertible notes, capped returns and intents, worked by hand."""

import numpy as np
import pytest

import detente
from detente.engine.simulate import Variant
from tests.support import EXACT, Played, agreement, play, refused, small

EVENTS = "listed: {decided_by: lab, policy: at(2025-03)}\nlater: {decided_by: lab, policy: at(2025-04)}"
CLASSES = """
    USD:    {kind: money}
    equity: {kind: shares, issuer: lab}
    pool:   {kind: shares, issuer: lab}
"""


def impossible(terms: str, **blocks: str) -> list[str]:
    """What is said of parameters that cannot be."""
    found = refused(small(agreements=agreement(terms, "lab, fund"), **blocks))
    assert {one.code for one in found} == {"impossible-parameter"}, found
    return [one.message for one in found]


def notes(*terms: str, founders: str = "8500000", round_: str = "", **blocks: str) -> Played:
    """Notes of the fund from January on, on shares of founders."""
    lines = [
        f"n{number}: {{type: convertible_note, holder: {holder}, company: lab, on: 2025-01, {term}, assumed: g}}"
        for number, (holder, term) in enumerate(zip(("fund", "cloud", "rival"), terms, strict=False), 1)
    ]
    opening = f"lab.USD: {{balance: 0 USD}}\ncloud.USD: {{balance: 0 USD}}\nrival.USD: {{balance: 0 USD}}\nstaff.equity: {{balance: {founders} share, assumed: g}}"
    blocks = {"events": EVENTS, "opening": opening, **blocks}
    return play(small(agreements=agreement("\n".join([*lines, *([round_] if round_ else [])]), "lab, fund"), **blocks))


ROUND = "round: {type: equity_round, company: lab, investor: world, when: on(2025-03), amount: 2 mn USD, pre_money: 8 mn USD, assumed: g}"


# known answers


def test_a_note_at_its_cap() -> None:
    """750,000 at a cap of 4,000,000 on 8,500,000 shares: 0.470588 a share, 1,593,750 shares."""
    played = notes("principal: 750 k USD, cap: 4 mn USD, converts: listed")
    assert played("pact.n1.issued", "2025-03") == pytest.approx(1_593_750, rel=EXACT)
    assert 750_000 / played("fund.equity", "2025-12") == pytest.approx(0.470588, abs=5e-7)
    assert played("pact.n1.balance", "2025-03") == 0.0


def test_a_safe_after_the_note_and_a_pool() -> None:
    """Then, on 1,500,000 shares more, a SAFE of 150,000 at 2,000,000 after the money: 7.5% of 12,533,784, which are
    940,034 shares at 0.15957. The pool is a class of its own, there from the start, and the note does not count it."""
    opening = "lab.USD: {balance: 0 USD}\ncloud.USD: {balance: 0 USD}\nstaff.equity: {balance: 8500000 share, assumed: g}\nstaff.pool: {balance: 1500000 share, assumed: g}"
    note = "principal: 750 k USD, cap: 4 mn USD, not_counted: [pool], converts: listed"
    for safe in ("converts: later", "converts: listed"):  # a month later, or in the same month
        played = notes(
            note, f"principal: 150 k USD, cap: 2 mn USD, post_money: true, {safe}", resources=CLASSES, opening=opening
        )
        count = -played("lab.equity", "2025-12") - played("lab.pool", "2025-12")
        assert played("fund.equity", "2025-12") == pytest.approx(1_593_750, rel=EXACT)
        assert count == pytest.approx(11_593_750 / 0.925, rel=EXACT)
        assert round(count) == 12_533_784
        assert round(played("cloud.equity", "2025-12")) == 940_034
        assert 150_000 / played("cloud.equity", "2025-12") == pytest.approx(0.15957, abs=5e-6)


def test_two_safes_dilute_the_founders_and_not_each_other() -> None:
    """1M at 10M and 0.6M at 15M, both after the money: 10%, 4%, and 86% for the founders."""
    played = notes(
        "principal: 1 mn USD, cap: 10 mn USD, post_money: true, converts: listed",
        "principal: 600 k USD, cap: 15 mn USD, post_money: true, converts: listed",
        variables="one: {is: stake(fund)}\ntwo: {is: stake(cloud)}\nfounders: {is: stake(staff)}",
    )
    found = [played(name, "2025-04") for name in ("one", "two", "founders")]
    assert found == pytest.approx([0.10, 0.04, 0.86], rel=EXACT)


# at a round


def test_a_discount_is_on_the_price_that_the_round_pays() -> None:
    """500,000 at 20% off a round at 8M before the money: 500,000 / 0.8 / 8M = 7.8125% of the shares before the round.
    8,500,000 / 0.921875 = 9,220,339 shares; the round pays 8M / that = 0.867647, the note 0.694118 = 80% of it."""
    played = notes("principal: 500 k USD, discount: 20%, rounds: [pact.round]", round_=ROUND)
    after = 8_500_000 / (1 - 0.078125)
    assert played("pact.n1.issued", "2025-03") == pytest.approx(0.078125 * after, rel=EXACT)
    assert played("pact.round.price", "2025-03") == pytest.approx(8_000_000 / after, rel=EXACT)
    paid = 500_000 / played("fund.equity", "2025-12")
    assert paid == pytest.approx(0.8 * played("pact.round.price", "2025-03"), rel=EXACT)


@pytest.mark.parametrize(
    ("cap", "cheaper"), [("4 mn USD", "cap"), ("7 mn USD", "discount")], ids=["the cap", "the discount"]
)
def test_the_lower_of_cap_and_discount_is_taken(cap: str, cheaper: str) -> None:
    """By the cap 500,000 buy 500,000 / cap × 8.5M shares, by the discount 7.8125% of all after: 720,339. The first is
    1,062,500 at 4M and 607,143 at 7M."""
    played = notes(f"principal: 500 k USD, discount: 20%, cap: {cap}, rounds: [pact.round]", round_=ROUND)
    expected = {"cap": 1_062_500, "discount": 0.078125 * 8_500_000 / 0.921875}
    assert played("pact.n1.issued", "2025-03") == pytest.approx(expected[cheaper], rel=EXACT)


def test_notes_of_one_round_are_solved_together() -> None:
    """A capped note, a discounted one and a SAFE at once. By hand: a = 0.5M / 4M × 8.5M = 1,062,500 shares; parts
    0.4M / (0.8 × 8M) = 6.25% and 0.9M / 12M = 7.5%, but 0.9M / 8M = 11.25% is more: the round is below its cap. All
    after: (8.5M + 1,062,500) / (1 - 0.0625 - 0.1125)."""
    played = notes(
        "principal: 500 k USD, cap: 4 mn USD, rounds: [pact.round]",
        "principal: 400 k USD, discount: 20%, rounds: [pact.round]",
        "principal: 900 k USD, cap: 12 mn USD, post_money: true, rounds: [pact.round]",
        round_=ROUND,
    )
    after = (8_500_000 + 1_062_500) / (1 - 0.0625 - 0.1125)
    found = [played(f"pact.n{number}.issued", "2025-03") for number in (1, 2, 3)]
    assert found == pytest.approx([1_062_500, 0.0625 * after, 0.1125 * after], rel=EXACT)
    assert played("pact.round.price", "2025-03") == pytest.approx(8_000_000 / after, rel=EXACT)


def test_a_round_too_small_does_not_convert() -> None:
    played = notes(
        "principal: 500 k USD, cap: 4 mn USD, rounds: [pact.round], qualifying_amount: 3 mn USD", round_=ROUND
    )
    assert played("fund.equity", "2025-12") == 0.0
    assert played("pact.n1.balance", "2025-12") == 500_000


# interest and the maturity


def test_simple_interest_of_a_twelfth_a_month_converts_with_the_principal() -> None:
    """Lent in January; two months of 12% / 12 = 1% each by March: 1,020 at a cap of 8,500 on 8,500 shares are 1,020."""
    played = notes("principal: 1000 USD, rate: 12% / year, cap: 8500 USD, converts: listed", founders="8500")
    assert played.series("pact.n1.balance", "2025-01", "2025-04") == pytest.approx([1000, 1010, 0, 0], rel=EXACT)
    assert played("fund.equity", "2025-03") == pytest.approx(1020, rel=EXACT)
    assert played.series("lab.USD", "2025-01", "2025-12") == [1000.0] * 12


def test_at_the_maturity_it_is_repaid_with_interest() -> None:
    """Five months after January: 1,000 × (1 + 5%)."""
    played = notes("principal: 1000 USD, rate: 12% / year, maturity: 2025-06")
    assert played.series("lab.USD", "2025-05", "2025-07") == pytest.approx([1000, -50, -50], rel=EXACT)
    assert played("fund.equity", "2025-12") == 0.0
    assert played("pact.n1.paid", "2025-12") == pytest.approx(2050, rel=EXACT)


def test_at_the_maturity_it_may_convert_or_stay() -> None:
    more = "rate: 12% / year, cap: 8500 USD, maturity: 2025-06"
    turned = notes(f"principal: 1000 USD, {more}, fallback: converted", founders="8500")
    assert turned("fund.equity", "2025-06") == pytest.approx(1050, rel=EXACT)
    assert turned("lab.USD", "2025-12") == 1000.0
    kept = notes(f"principal: 1000 USD, {more}, fallback: extended", founders="8500")
    assert kept("pact.n1.balance", "2025-12") == pytest.approx(1110, rel=EXACT)


def test_what_converts_in_the_month_of_the_maturity_is_not_repaid() -> None:
    played = notes("principal: 1000 USD, cap: 8500 USD, converts: listed, maturity: 2025-03", founders="8500")
    assert played("fund.equity", "2025-03") == 1000.0
    assert played("lab.USD", "2025-12") == 1000.0


def test_a_note_of_the_record_is_outstanding_with_its_interest() -> None:
    """Lent in June 2024, six months before `now`: 1,060 then, 1,090 in March, and no money comes in again."""
    text = small(
        opening="lab.USD: {balance: 0 USD}\nstaff.equity: {balance: 8500 share, assumed: g}",
        events=EVENTS,
        agreements=agreement(
            "n: {type: convertible_note, holder: fund, company: lab, principal: 1000 USD, on: 2024-06, rate: 12% / year, cap: 8500 USD, converts: listed, assumed: g}",
            "lab, fund",
        ),
    )
    played = play(text)
    assert played.paths.opening["pact.n.balance"][0] == pytest.approx(1060, rel=EXACT)
    assert played("fund.equity", "2025-03") == pytest.approx(1090, rel=EXACT)
    assert played("lab.USD", "2025-12") == 0.0
    assert played("pact.n.paid", "2025-12") == 1000.0


def test_a_note_switched_off_lends_and_issues_nothing() -> None:
    text = small(
        events=EVENTS,
        agreements=agreement(
            "n: {type: convertible_note, holder: fund, company: lab, principal: 100 USD, on: 2025-01, cap: 8500 USD, converts: listed, maturity: 2025-09, assumed: g}",
            "lab, fund",
        ),
    )
    played = play(text, variant=Variant(off=frozenset({"pact.n"})))
    assert played("lab.USD", "2025-12") == 1000.0
    assert played("fund.equity", "2025-12") == 0.0


def test_notes_that_take_the_whole_company_are_refused_when_they_run() -> None:
    """Two SAFEs of 60% each leave no company: no number of shares does it, and no path is told."""
    text = small(
        events=EVENTS,
        agreements=agreement(
            "\n".join(
                f"n{n}: {{type: convertible_note, holder: fund, company: lab, principal: 600 USD, on: 2025-01, cap: 1000 USD, post_money: true, converts: listed, assumed: g}}"
                for n in (1, 2)
            ),
            "lab, fund",
        ),
    )
    with pytest.raises(detente.Refused) as wrong:
        detente.loads(text).run(paths=64, outputs=["fund.equity"])
    assert [one.code for one in wrong.value.diagnostics] == ["not-finite"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("", "`rounds`: nothing converts the note or ends it"),
        ("maturity: 2025-03, post_money: true,", "`post_money`: there is no cap"),
        ("converts: listed,", "`converts`: an event has no price, and there is no cap"),
        ("maturity: 2025-03, fallback: converted,", "`fallback`: it cannot convert at the maturity without a cap"),
        ("converts: listed, cap: 9 USD, fallback: extended,", "`fallback`: there is no maturity"),
        ("maturity: 2025-01,", "`maturity`: it is due before it bears interest"),
        ("maturity: 2025-03, qualifying_amount: 9 USD,", "`qualifying_amount`: there are no rounds to qualify"),
        ("maturity: 2025-03, not_counted: [equity],", "`not_counted`: there is no cap to divide"),
        ("converts: listed, cap: 9 USD, not_counted: [pool],", "`not_counted`: 'lab' has no class 'pool'"),
        ("maturity: 2025-03, discount: 100%,", "`discount`: a discount lies between nothing and all"),
    ],
)
def test_what_a_note_cannot_say(more: str, message: str) -> None:
    term = (
        f"n: {{type: convertible_note, holder: fund, company: lab, principal: 9 USD, on: 2025-01, {more} assumed: g}}"
    )
    assert message in impossible(term, events=EVENTS)


# capped return


def returned(tiers: str, profit: str = "100 USD / month", more: str = "", **blocks: str) -> Played:
    term = f"interest: {{type: capped_return, payer: lab, holder: fund, profit: {profit}, tiers: [{tiers}]{more}, assumed: g}}"
    return play(small(agreements=agreement(term, "lab, fund"), **blocks))


def test_tiers_are_filled_in_order_also_within_a_month() -> None:
    """100 a month. All of it until 150, then half until 200, then nothing. February: 50 fill the first tier; of the
    other 50 half is 25: 75 in all. March: half of 100 is 50, but 25 fill the second tier. Then it is over."""
    played = returned("{share: 100%, cap: 150 USD}, {share: 50%, cap: 200 USD}")
    assert played.series("pact.interest.distributed", "2025-01", "2025-05") == [100.0, 75.0, 25.0, 0.0, 0.0]
    assert played.series("pact.interest.returned", "2025-03", "2025-12")[0::9] == [200.0, 200.0]


def test_the_rest_goes_to_the_residual_owner() -> None:
    """What the holder does not get: 0, 25, 75, 100, 100."""
    played = returned("{share: 100%, cap: 150 USD}, {share: 50%, cap: 200 USD}", more=", residual_owner: staff")
    assert played.series("pact.interest.residual", "2025-01", "2025-05") == [0.0, 25.0, 75.0, 100.0, 100.0]
    assert played("lab.USD", "2025-12") == 1000.0 - 12 * 100.0


def test_one_month_may_fill_every_tier() -> None:
    """1,000: 150 of the first 150, 50 of the next 100, and 750 that are not the holder's."""
    played = returned("{share: 100%, cap: 150 USD}, {share: 50%, cap: 200 USD}", profit="1000 USD / month")
    assert played.series("pact.interest.distributed", "2025-01", "2025-02") == [200.0, 0.0]


def test_what_was_received_before_now_counts_towards_the_caps() -> None:
    played = returned(
        "{share: 100%, cap: 150 USD}",
        opening="lab.USD: {balance: 0 USD}\npact.interest: {balance: 120 USD, assumed: g}",
    )
    assert played.series("pact.interest.distributed", "2025-01", "2025-02") == [30.0, 0.0]


def test_a_loss_distributes_nothing() -> None:
    played = returned("{share: 100%, cap: 150 USD}", profit="-50 USD / month", more=", residual_owner: staff")
    assert played("lab.USD", "2025-12") == 1000.0


def test_what_tiers_cannot_say() -> None:
    term = "i: {type: capped_return, payer: lab, holder: fund, profit: 9 USD / month, tiers: [TIERS], assumed: g}"
    falling = term.replace("TIERS", "{share: 50%, cap: 9 USD}, {share: 20%, cap: 9 USD}")
    assert impossible(falling) == ["`tiers`: the caps are of all that is received, and must rise"]
    assert impossible(term.replace("TIERS", "{share: 0%, cap: 9 USD}")) == [
        "`tiers`: a tier without a share is never full"
    ]


# intent


def pledged(more: str = "") -> str:
    term = f"pledge: {{type: intent, payer: fund, payee: lab, amount: 1000 USD, on: 2025-05, chance: 30%, fraction: 50%{more}, assumed: g}}"
    return small(agreements=agreement(term, "lab, fund"))


def test_an_intent_pays_its_fraction_or_nothing() -> None:
    """500 on the paths on which it binds, in May; nothing on the others and in other months."""
    played = play(pledged(), range(400))
    binding = played.row("pact.pledge.binding", "2025-05") > 0.0
    assert set(played.row("pact.pledge.paid", "2025-12")) == {0.0, 500.0}
    assert (played.row("pact.pledge", "2025-05") == np.where(binding, 500.0, 0.0)).all()
    assert (played.row("pact.pledge.paid", "2025-04") == 0.0).all()


def test_an_intent_pays_on_average_its_chance_of_its_fraction() -> None:
    """0.3 × 0.5 × 1000 = 150, with a standard error of 500 × sqrt(0.3 × 0.7 / 20000) = 1.62; five of them are 8.1."""
    paid = play(pledged(), range(20_000)).row("pact.pledge.paid", "2025-12")
    assert paid.mean() == pytest.approx(150.0, abs=8.1)


def test_an_intent_that_does_not_bind_issues_no_share() -> None:
    played = play(pledged(", price: 5 USD / share"), range(400))
    binding = played.row("pact.pledge.binding", "2025-05") > 0.0
    assert (played.row("fund.equity", "2025-12") == np.where(binding, 100.0, 0.0)).all()
    assert play(pledged(", price: 5 USD / share"), variant=Variant(central=True))("fund.equity", "2025-12") == 0.0
