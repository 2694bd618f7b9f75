"""Several currencies: an account holds one, and paying in another is two flows through the market (R2)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.answers.conservation import conservation
from detente.answers.findings import find
from detente.answers.why import explain
from detente.report.terminal import print_findings
from tests.random_deals import EXAMPLES
from tests.support import EXACT, agreement, codes, figures, play, read, refused, small

RESOURCES = "USD: {kind: money}\nEUR: {kind: money, rate: eur}\nGBP: {kind: money, rate: 1.25 USD / GBP, assumed: g}"
RATE = "eur: {unit: USD / EUR, table: {2025-01: 1.10, 2025-02: 1.25, 2025-12: 1.25}, assumed: g}\n"
"""A euro is 1.10 USD in January, 1.25 USD from February on."""
PARTIES = "lab: {name: Lab}\ncloud: {name: Cloud, currency: EUR}\nworld: {outside: true}"
OPENING = "lab.USD: {balance: 1000 USD, assumed: g}\ncloud.EUR: {balance: 500 EUR, assumed: g}"
BILL = "bill: {from: lab, to: cloud, amount: 100 EUR / month, assumed: g}"


def two(variables: str = "", flows: str = BILL, **blocks: str) -> str:
    """A lab that counts in USD and a cloud that counts in EUR."""
    return small(
        **{
            "resources": RESOURCES,
            "parties": PARTIES,
            "opening": OPENING,
            "variables": RATE + variables,
            "flows": flows,
            **blocks,
        }
    )


def accounts(text: str, *names: str) -> list[tuple[float, ...]]:
    """Accounts as January and February close."""
    played = play(text)
    return [tuple(played(name, month) for name in names) for month in ("2025-01", "2025-02")]


def test_who_pays_in_another_currency_buys_it_at_the_rate_of_the_month() -> None:
    """100 EUR cost 110 USD in January and 125 in February: 1000 - 110 = 890, 890 - 125 = 765. The cloud keeps its EUR;
    the market has taken what the lab gave and given what the cloud got; no EUR stay with the lab."""
    found = accounts(two(), "lab.USD", "lab.EUR", "cloud.EUR", "market.USD", "market.EUR")
    assert found[0] == pytest.approx((890.0, 0.0, 600.0, 110.0, -100.0), rel=EXACT)
    assert found[1] == pytest.approx((765.0, 0.0, 700.0, 235.0, -200.0), rel=EXACT)


def test_who_receives_another_currency_sells_it() -> None:
    """The lab bills the cloud 55 USD: the cloud buys them for 50 EUR in January, 44 EUR in February. A bill of 50 EUR
    from world's pocket to the lab becomes 55 USD, then 62.50."""
    bought = two(flows="fee: {from: cloud, to: lab, amount: 55 USD / month, assumed: g}")
    assert accounts(bought, "cloud.EUR", "lab.USD") == [
        pytest.approx((450.0, 1055.0), rel=EXACT),
        pytest.approx((406.0, 1110.0), rel=EXACT),
    ]
    sold = two(flows="sales: {from: world, to: lab, amount: 50 EUR / month, assumed: g}")
    assert accounts(sold, "lab.USD", "lab.EUR", "world.EUR", "market.EUR") == [
        pytest.approx((1055.0, 0.0, -50.0, 50.0), rel=EXACT),
        pytest.approx((1117.5, 0.0, -100.0, 100.0), rel=EXACT),
    ]


def test_a_third_currency_is_exchanged_on_both_sides() -> None:
    """40 GBP cost the lab 40 x 1.25 = 50 USD and bring the cloud 50 / 1.25 = 40 EUR in February."""
    text = two(flows="bill: {from: lab, to: cloud, amount: 40 GBP / month, assumed: g}")
    played = play(text)
    assert played("lab.USD", "2025-02") == pytest.approx(900.0, rel=EXACT)
    assert played("cloud.EUR", "2025-02") - played("cloud.EUR", "2025-01") == pytest.approx(40.0, rel=EXACT)
    assert played("market.GBP", "2025-12") == 0.0


def test_who_opens_an_account_in_a_currency_keeps_it() -> None:
    """100 EUR a month from an account of 300 EUR: below zero in April, and no USD is touched."""
    text = two(opening=OPENING + "\nlab.EUR: {balance: 300 EUR, assumed: g}")
    assert play(text).series("lab.EUR", "2025-01", "2025-04") == [200.0, 100.0, 0.0, -100.0]
    assert play(text)("lab.USD", "2025-12") == 1000.0
    assert "market.EUR" not in play(text).graph.equations


def test_a_source_and_sink_keeps_every_currency_unless_it_names_one() -> None:
    text = two(flows="sales: {from: world, to: cloud, amount: 5 EUR / month, assumed: g}")
    assert "market.EUR" not in play(text).graph.equations
    named = two(flows="sales: {from: world, to: cloud, amount: 5 EUR / month, assumed: g}").replace(
        "world: {outside: true}", "world: {outside: true, currency: USD}"
    )
    assert play(named)("world.USD", "2025-01") == pytest.approx(-5.5, rel=EXACT)


def test_what_a_party_receives_on_balance_is_in_the_deals_currency_or_in_the_one_named() -> None:
    """In January: 40 USD in, 100 EUR at 1.10 out is -70 USD; in February -85. The cloud has 100 EUR more, which are
    110 and 125 USD. Buying and selling leave both as they are."""
    flows = BILL + "\nsales: {from: world, to: lab, amount: 40 USD / month, assumed: g}"
    asked = """
        lab_all: {unit: USD / month, is: "net(lab, all)"}
        lab_operating: {unit: USD / month, is: "net(lab, operating)"}
        lab_financing: {unit: USD / month, is: "net(lab, financing)"}
        cloud_all: {unit: USD / month, is: "net(cloud, all)"}
        cloud_EUR: {unit: EUR / month, is: "net(cloud, all, EUR)"}
    """
    played = play(two("\n".join(line.strip() for line in asked.strip().splitlines()), flows=flows))
    for name, expected in {
        "lab_all": [-70.0, -85.0],
        "lab_operating": [-70.0, -85.0],
        "lab_financing": [0.0, 0.0],
        "cloud_all": [110.0, 125.0],
        "cloud_EUR": [100.0, 100.0],
    }.items():
        assert played.series(name, "2025-01", "2025-02") == pytest.approx(expected, rel=EXACT), name


def test_a_term_pays_in_its_own_currency_and_is_exchanged_like_a_flow() -> None:
    """Half of 200 EUR a month; 110 and 125 USD for the lab. `paid` is what was paid before the month."""
    term = "takings: {type: revenue_share, payer: lab, payee: cloud, base: 200 EUR / month, rate: 50%, assumed: g}"
    variables = "paid: {unit: EUR, is: paid(pact.takings)}\nnow: {unit: EUR / month, is: flow(pact.takings)}\n"
    text = two(variables, flows="", agreements=agreement(term))
    played = play(text)
    assert played.series("lab.USD", "2025-01", "2025-02") == pytest.approx([890.0, 765.0], rel=EXACT)
    assert played.series("paid", "2025-01", "2025-03") == [0.0, 100.0, 200.0]
    assert played.series("now", "2025-01", "2025-02") == [100.0, 100.0]
    assert figures(text, ["paid(pact.takings)", "total(flow(pact.takings), 2025)"])[0, :, 0] == pytest.approx(1200.0)


def test_a_flow_is_in_the_currency_it_pays_in_though_it_is_asked_for_before_it_is_there() -> None:
    played = play(
        two(
            "asked: {unit: EUR / month, is: 'flow(bill) + flow(pact.takings)'}\n",
            agreements=agreement(
                "takings: {type: revenue_share, payer: lab, payee: cloud, base: flow(bill), rate: 10%, assumed: g}"
            ),
        )
    )
    assert played("asked", "2025-01") == pytest.approx(110.0, rel=EXACT)


def test_a_tranche_of_capital_is_exchanged_too() -> None:
    """80 EUR in February are 100 USD."""
    term = "money: {type: capital_commitment, investor: cloud, company: lab, tranches: [{amount: 80 EUR, on: 2025-02}], assumed: g}"
    text = two(flows="", agreements=agreement(term))
    assert accounts(text, "lab.USD", "cloud.EUR") == [(1000.0, 500.0), pytest.approx((1100.0, 420.0), rel=EXACT)]


def test_an_amount_is_converted_at_the_rate_of_the_month() -> None:
    """110 USD are 100 EUR in January, 88 EUR in February; 1 GBP is 1.25 / 1.10 EUR, then 1."""
    variables = """
        a: {unit: EUR, is: "convert(110 USD, EUR)", assumed: g}
        b: {unit: USD / month, is: "convert(12 EUR / year, USD)", assumed: g}
        c: {unit: EUR, is: "convert(1 GBP, EUR)"}
        d: {unit: USD, is: "convert(7 USD, USD)", assumed: g}
    """
    played = play(two("\n".join(line.strip() for line in variables.strip().splitlines()), flows=""))
    for name, expected in {"a": [100, 88], "b": [1.1, 1.25], "c": [1.25 / 1.1, 1.0], "d": [7, 7]}.items():
        assert played.series(name, "2025-01", "2025-02") == pytest.approx(expected, rel=EXACT), name


def test_a_figure_at_a_date_is_converted_at_the_rate_of_that_date() -> None:
    asked = ["convert(cloud.EUR, USD) at 2025-01", "convert(cloud.EUR, USD) at 2025-02", "convert(10 EUR, USD)"]
    assert figures(two(), asked)[0, :, 0] == pytest.approx([660.0, 875.0, 12.5], rel=EXACT)


def test_a_rate_may_be_a_process_and_is_drawn_by_path() -> None:
    rate = "eur: {unit: USD / EUR, past: {2024-12: 1.1}, next: 'gbm(growth = 0% / year, volatility = 10% / sqrt(year))', assumed: g}\n"
    played = play(two().replace(RATE.strip(), rate.strip()), range(50))
    rates, paid = played.simulated("eur"), -np.diff(played.simulated("lab.USD"), axis=0)
    assert len(set(rates[-1])) == 50
    assert paid == pytest.approx(100.0 * rates[1:], rel=1e-9)


def test_credits_settle_invoices_of_their_own_currency_alone() -> None:
    resources = RESOURCES + "\ncredits: {kind: money, in: USD, issuer: cloud, settles: 100%}"
    text = two(resources=resources, opening=OPENING + "\nlab.credits: {balance: 60 USD, assumed: g}")
    assert play(text)("lab.credits", "2025-12") == 60.0
    in_usd = text.replace("100 EUR / month", "50 USD / month")
    assert play(in_usd).series("lab.credits", "2025-01", "2025-02") == [10.0, 0.0]
    assert play(in_usd).series("lab.USD", "2025-01", "2025-02") == [1000.0, 960.0]


def test_conversions_stand_in_explanations_and_reports() -> None:
    text = two(headlines="cash: {title: Cash, show: {Cash: lab.USD at 2025-02}}")
    opened, paid = explain(read(text), "lab.USD@2025-02", paths=1).children
    assert (opened.name, paid.name) == ("lab.USD", "bill in USD for EUR")
    assert (opened.value * 1e9, paid.value * 1e9) == pytest.approx((1000.0, -235.0))
    found = find(read(text), 64, 1)
    assert found.headlines[0].rows[0].figure.p50 * 1e9 == pytest.approx(765.0)
    assert found.checks[-1].share == 1.0
    print_findings(found)


@pytest.mark.parametrize(
    ("blocks", "code"),
    [
        ({"resources": "USD: {kind: money}\nEUR: {kind: money}"}, "missing-key"),
        ({"resources": "USD: {kind: money, rate: eur}\nEUR: {kind: money, rate: eur}"}, "superfluous-key"),
        ({"resources": RESOURCES + "\nMW: {kind: capacity, rate: eur}"}, "superfluous-key"),
        ({"resources": RESOURCES.replace("rate: eur", "rate: 1 EUR / USD")}, "unit-mismatch"),
        ({"resources": RESOURCES.replace("rate: eur", "rate: nothing")}, "unknown-name"),
        ({"resources": RESOURCES.replace(", assumed: g", "")}, "ungrounded-number"),
        ({"parties": PARTIES.replace("currency: EUR", "currency: CHF")}, "unknown-currency"),
        ({"parties": PARTIES + "\nmarket: {name: a company}"}, "name-clash"),
        ({"variables": "x: {unit: USD, is: 'convert(1 EUR, CHF)'}"}, "unknown-currency"),
        ({"variables": "x: {unit: USD, is: 'convert(1, USD)'}"}, "wrong-arguments"),
        ({"variables": "x: {unit: USD, is: 'convert(1 USD / EUR, USD)'}"}, "wrong-arguments"),
        ({"variables": "x: {unit: USD / month, is: 'flow(bill)'}"}, "unit-mismatch"),
    ],
)
def test_what_cannot_be_exchanged_is_refused(blocks: dict[str, str], code: str) -> None:
    assert code in codes(two(**blocks))


def test_a_declared_market_is_a_source_and_a_sink_and_can_be_asked() -> None:
    text = two(parties=PARTIES + "\nmarket: {name: the banks, outside: true}")
    asked = ["market.USD at 2025-01", "market.EUR at 2025-01", "net(market, all)"]
    assert figures(text, asked)[0, :, 0] == pytest.approx([110.0, -100.0, 0.0], rel=EXACT)


@pytest.mark.parametrize("text", ["1 USD + 1 EUR", "1 EUR", "if 1 USD > 1 EUR then 1 USD else 0 USD"])
def test_mixed_currencies_say_how_to_convert(text: str) -> None:
    (one,) = [
        one for one in refused(two(f"x: {{unit: USD, is: '{text}', assumed: g}}\n")) if one.code == "unit-mismatch"
    ]
    assert any("convert(" in way for way in one.ways_out)


def test_a_term_pays_in_one_currency() -> None:
    term = "money: {type: capital_commitment, investor: cloud, company: lab, tranches: [{amount: 8 EUR, on: 2025-02}, {amount: 8 USD, on: 2025-03}], assumed: g}"
    (one,) = refused(two(agreements=agreement(term)))
    assert one.code == "unit-mismatch"
    assert one.place.line
    assert any("convert" in way or "two terms" in way for way in one.ways_out)


MONEYS = ("USD", "EUR", "GBP")


@st.composite
def random_deals(draw: st.DrawFn) -> str:
    """Four parties, some outside, with a currency of their own or several, that pay each other in three currencies."""
    names = ("a", "b", "c", "d")
    parties, opening = [], []
    for name in names:
        own = draw(st.sampled_from(MONEYS))
        outside = draw(st.booleans())
        parties.append(f"{name}: {{currency: {own}{', outside: true' if outside else ''}}}")
        kept = {own} if draw(st.booleans()) else {own, draw(st.sampled_from(MONEYS))}
        opening += [
            f"{name}.{money}: {{balance: {draw(st.integers(0, 999))} {money}, assumed: g}}" for money in sorted(kept)
        ]
    flows = []
    for number in range(draw(st.integers(1, 8))):
        giver, taker = draw(st.sampled_from([(one, other) for one in names for other in names if one != other]))
        money, amount = draw(st.sampled_from(MONEYS)), draw(st.integers(1, 10**9))
        text = draw(st.sampled_from((f"{amount} {money} / month", f"convert(sales, {money})")))
        flows.append(f"f{number}: {{from: {giver}, to: {taker}, amount: '{text}', assumed: g}}")
    return small(
        resources="USD: {kind: money}\nEUR: {kind: money, rate: eur}\nGBP: {kind: money, rate: gbp}",
        parties="\n".join(parties),
        opening="\n".join(opening),
        variables="""
            eur: {unit: USD / EUR, past: {2024-12: 1.1}, next: 'gbm(growth = 1% / year, volatility = 30% / sqrt(year))', assumed: g}
            gbp: {unit: USD / GBP, past: {2024-12: 1.3}, next: 'gbm(growth = 0% / year, volatility = 30% / sqrt(year))', assumed: g}
            sales: {unit: USD / month, past: {2024-12: 77}, next: 'gbm(growth = 9% / year, volatility = 50% / sqrt(year))', assumed: g}
        """,
        flows="\n".join(flows),
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(random_deals())
def test_every_currency_is_conserved_and_no_exchange_makes_money(text: str) -> None:
    """Each currency by itself is conserved; what all parties receive on balance, in one currency, is nothing; and a
    currency that a party does not keep never stays with it."""
    played = play(text, range(16))
    errors = conservation(played.graph, told=played.paths)
    assert max(errors.values()) <= 1e-12
    balances = [f"net({party}, all)" for party in "abcd"]
    found = figures(text, balances, paths=16)[0]
    flows = sum(np.abs(played.simulated(name)[-1]) for name in played.graph.equations if name.startswith("f"))
    assert np.all(np.abs(found.sum(axis=0)) <= 1e-12 * 4 * flows)
    opened = {one.account for one in played.graph.deal.openings}
    for name, equation in played.graph.equations.items():
        if equation.role == "account" and name[0] in "abcd" and name not in opened:
            assert not played.simulated(name).any(), name
