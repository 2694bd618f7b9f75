"""What changed between two deals: meaning and not layout, in words."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente
from detente.answers.difference import Difference, difference
from detente.answers.figures import compare_figures
from detente.deal.load import load_deal
from detente.deal.model import Deal, TermText
from detente.evidence.records import Evidence
from tests.support import agreement, agreements, figures, read, small

CASE = Path(__file__).parents[2] / "cases" / "openai-microsoft"

PACT = agreement(
    """
    capacity: {type: supply, supplier: cloud, need: lab.compute, capacity: 20 MW, price: rent, assumed: given}
    takings: {type: revenue_share, payer: lab, payee: cloud, base: lab.sales, rate: 20%, assumed: given}
    money: {type: capital_commitment, investor: cloud, company: lab, tranches: [{amount: 7 USD, on: 2025-06}], assumed: given}
    """,
    more="amendments: [{on: 2024-06, takings: {cap: 5 k USD}, assumed: given}]",
)
BASE = {
    "assumptions": """
        pace: {value: 10% to 30% / year, assumed: a guess}
        rent: {value: 10 USD / MW / month, assumed: a guess}
    """,
    "variables": """
        lab.sales: {unit: USD / year, past: {2024-06: 900, 2024-12: 1200}, next: "gbm(growth = pace, volatility = 10% / sqrt(year))", assumed: given}
    """,
    "flows": "subscriptions: {from: world, to: lab, amount: lab.sales}",
    "needs": "lab.compute: {resource: compute, amount: 10 MW, assumed: given}",
    "agreements": PACT,
    "scenarios": "slow: {pace: 5% / year, assumed: given}",
    "futures": """
        rich: {when: lab.USD > 2300 USD at 2025-12, assumed: given}
        poor: {when: lab.USD < 300 USD at 2025-12, assumed: given}
    """,
    "headlines": """
        cash: {title: Cash, show: {At the end: lab.USD at 2025-12}, under: [base, slow]}
        sales: {title: Sales, show: {In the year: "total(lab.sales, 2025)"}}
    """,
}
OLD = small(**BASE)


def compared(old: str, new: str) -> Difference:
    return difference(read(old), read(new))


def changed(*parts: tuple[str, str], **blocks: str) -> list[str]:
    """What is said of the base after its text has been changed."""
    text = small(**{**BASE, **blocks})
    for old, new in parts:
        assert old in text, old
        text = text.replace(old, new)
    return [str(one) for one in compared(OLD, text).changes]


def test_nothing_changed() -> None:
    found = compared(OLD, OLD)
    assert found.same
    assert (found.changes, found.spelling) == ((), ())


def test_a_parameter_of_a_term() -> None:
    assert changed(("rate: 20%", "rate: 15%")) == ["pact.takings: rate from 20% to 15%"]


def test_a_parameter_in_an_amendment_stands_with_its_date() -> None:
    assert changed(("cap: 5 k USD", "cap: 6 k USD")) == ["pact.takings: since 2024-06 cap from 5000 USD to 6000 USD"]


def test_a_payment_among_others() -> None:
    assert changed(("amount: 7 USD", "amount: 8 USD")) == ["pact.money: tranches number 1 amount from 7 USD to 8 USD"]


def test_a_parameter_that_came_and_one_that_went() -> None:
    capped = ("rate: 20%", "rate: 20%, until: 2025-06")
    assert changed(capped) == ["pact.takings: until: 2025-06, which was not there"]
    new = small(**BASE)
    old = new.replace(*capped)
    assert [str(one) for one in compared(old, new).changes] == ["pact.takings: until is gone (it was 2025-06)"]


def test_a_default_that_is_written_is_no_change() -> None:
    only = "only: {type: exclusivity, supplier: cloud, need: lab.compute, assumed: given}"
    written = only.replace("assumed", "lapse_if_unable: false, assumed")
    texts = [small(**{**BASE, "agreements": agreement(term)}) for term in (only, written)]
    # the pact without its other terms: needs no price
    assert compared(*texts).same


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cap: 5 k USD", "cap: 5000 USD"),
        ("10 USD / MW / month", "120 USD / MW / year"),
        ("amount: 10 MW", "amount: 0.01 GW"),
        ("2024-12: 1200}", "2024-12: 1.2 k USD / year}"),
        ("rate: 20%", "rate: 20.0%"),
    ],
)
def test_the_spelling_of_a_quantity_is_no_change(old: str, new: str) -> None:
    assert old in OLD
    found = compared(OLD, OLD.replace(old, new))
    assert found.same
    assert len(found.spelling) == 1
    assert "spelled" in found.spelling[0].text


def test_comments_and_the_order_of_keys_are_no_change() -> None:
    other = {name: BASE[name] for name in reversed(BASE)}
    other["assumptions"] = "\n".join(reversed(BASE["assumptions"].strip("\n").split("\n")))
    found = compared(OLD, "# a comment\n" + small(**other))
    assert found.same
    assert found.spelling == ()


def test_the_order_of_futures_is_a_change() -> None:
    swapped = "\n".join(reversed(BASE["futures"].strip("\n").split("\n")))
    assert changed(futures=swapped) == ["the order: from rich, poor to poor, rich"]


def test_the_order_of_offers_signed_in_one_month_is_a_change() -> None:
    one = agreement(
        "a: {type: supply, supplier: cloud, need: lab.compute, capacity: 6 MW, price: rent, assumed: given}"
    )
    two = agreement(
        "b: {type: supply, supplier: rival, need: lab.compute, capacity: 6 MW, price: rent, assumed: given}",
        between="lab, rival",
        name="other",
    )
    texts = [small(**{**BASE, "agreements": agreements(*order)}) for order in ((one, two), (two, one))]
    used = [figures(text, ["use(pact.a) at 2025-06"])[0, 0, 0] for text in texts]
    assert used == [6.0, 4.0]
    assert [str(each) for each in compared(*texts).changes] == ["the order: from pact.a, other.b to other.b, pact.a"]


def test_an_entry_that_came_and_one_that_went() -> None:
    more = BASE["scenarios"] + "\nfast: {pace: 50% / year, assumed: given}"
    assert changed(scenarios=more) == ["fast: added: pace 50% / year; assumed: given"]
    new = small(**{**BASE, "scenarios": more})
    assert [one.kind for one in compared(new, OLD).changes] == ["removed"]


def test_an_entry_of_another_name_is_renamed_and_so_is_what_reads_it() -> None:
    found = changed(("pace", "tempo"))
    assert found == ["tempo: renamed from pace; its draws change with the name (`stream: pace` keeps them)"]
    assert changed(("lab", "house"))[0].startswith("house: renamed from lab")
    assert len(changed(("lab", "house"))) == 1
    assert (
        changed(("pace: {value", "tempo: {stream: pace, value"), ("= pace", "= tempo"), ("slow: {pace", "slow: {tempo"))
        != []
    )


def test_of_two_twins_neither_is_renamed() -> None:
    twins = "a: {from: world, to: lab, amount: 1 USD / month, assumed: given}\nb: {from: world, to: lab, amount: 1 USD / month, assumed: given}"
    others = twins.replace("a:", "c:").replace("b:", "d:")
    found = compared(small(flows=twins), small(flows=others))
    assert [one.kind for one in found.changes] == ["added", "added", "removed", "removed"]


def test_dates_points_policies_and_values() -> None:
    assert changed(now="2025-01")[0] == "the deal: now from 2024-12 to 2025-01"
    assert changed(("2024-12: 1200", "2024-12: 1300")) == [
        "lab.sales: past 2024-12 from 1200 USD / year to 1300 USD / year"
    ]
    assert changed(("2024-06: 900", "2024-06: 900, 2024-09: 1000")) == [
        "lab.sales: past 2024-09: 1000 USD / year, which was not there"
    ]
    events = "gone: {decided_by: cloud, policy: never, options: [at(2025-06)], assumed: given}"
    old, new = (small(**{**BASE, "events": text}) for text in (events, events.replace("never", "at(2025-03)")))
    assert [str(one) for one in compared(old, new).changes] == ["gone: policy from never to at(2025-03)"]


def folder(path: Path, deal: str, claims: str) -> Path:
    path.mkdir()
    (path / "deal.yaml").write_text(deal, encoding="utf-8")
    (path / "sources.yaml").write_text(
        "paper: {title: A paper, publisher: Press, published: 2024-05-01, kind: original}\n", encoding="utf-8"
    )
    (path / "claims.jsonl").write_text(claims, encoding="utf-8")
    return path


def test_the_grounds_of_what_stood_before_and_of_a_point_are_told_too() -> None:
    was = (
        "pace: {value: 10% to 30% / year, assumed: a guess}",
        "pace: {value: 10% to 30% / year, assumed: a guess, since: 2024-09, before: {value: 5% / year, assumed: earlier}}",
    )
    old, new = OLD.replace(*was), OLD.replace(*was).replace("earlier", "in the beginning")
    assert [str(one) for one in compared(old, new).changes] == [
        "pace: before assumed because “in the beginning”, before “earlier”"
    ]
    old, new = (OLD.replace("2024-06: 900", f"2024-06: {{value: 900, assumed: {why}}}") for why in ("so", "thus"))
    assert [str(one) for one in compared(old, new).changes] == [
        "lab.sales: past 2024-06 assumed because “thus”, before “so”"
    ]


def test_grounds_and_claims(tmp_path: Path) -> None:
    """An assumption that finds a source; a claim that is corrected."""
    claim = {"id": "rent-told", "source": "paper", "says": "ten dollars", "value": 10, "unit": "USD / MW / month"}
    other = {"id": "pace-told", "source": "paper", "says": "fast", "low": 10, "high": 30}
    sourced = OLD.replace("USD / MW / month, assumed: a guess", "USD / MW / month, claims: [rent-told]")
    guessed = OLD.replace("/ year, assumed: a guess", "/ year, claims: [{pace-told: bound}], assumed: a guess")
    one = folder(tmp_path / "one", guessed, json.dumps(other))
    two = folder(tmp_path / "two", sourced, json.dumps(claim))
    three = folder(tmp_path / "three", sourced, json.dumps({**claim, "value": 11}))
    deals = [load_deal(path)[0] for path in (one, two, three)]
    assert deals[0] is not None
    assert deals[1] is not None
    assert deals[2] is not None
    assert [str(each) for each in difference(deals[0], deals[1]).changes] == [
        "pace: no longer rests on claim pace-told (bound)",
        "rent: now rests on claim rent-told instead of an assumption (a guess)",
        "rent-told: added: source paper; says ten dollars; known 2024-05-01; value 10; unit USD / MW / month; origin paper",
        "pace-told: withdrawn: source paper; says fast; known 2024-05-01; low 10; high 30; origin paper",
    ]
    assert [str(each) for each in difference(deals[1], deals[2]).changes] == ["rent-told: value from 10 to 11"]


def test_two_amendments_of_one_date_are_two() -> None:
    more = "amendments:\n  - {on: 2024-06, takings: {cap: 5 k USD}, assumed: given}\n  - {on: 2024-06, capacity: {capacity: 21 MW}, assumed: given}"
    found = compared(
        OLD, small(**{**BASE, "agreements": PACT.partition("\n  amendments")[0] + "\n  " + more.replace("\n", "\n  ")})
    )
    assert [str(one) for one in found.changes if one.section == "amendments"] == [
        "pact, amendment of 2024-06, number 2: added: capacity amends it; assumed: given"
    ]


def test_every_field_of_a_deal_is_read() -> None:
    """A field that nobody compares would make two deals the same that are not: read it in `entries`, then add it here."""
    apart = {
        "title",
        "folder",
        "first",
        "now",
        "last",
        "correlations",
        "openings",
        "checks",
        "evidence",
        "place",
        "notes",
        "heeds_relations",
    }
    blocks = {name for name, kind in Deal.__annotations__.items() if str(kind).startswith("dict[")}
    assert {one.name for one in fields(Deal)} == apart | blocks
    assert all(str(kind).startswith("dict[") for kind in Evidence.__annotations__.values())
    told = {"type", "parameters", "stops", "waived", "suspended", "until", "first", "last", "ended", "grounds"}
    assert {one.name for one in fields(TermText)} == told | {"name", "parameter_places", "place", "known", "ended_at"}


def test_it_is_data_first() -> None:
    found = json.loads(json.dumps(compared(OLD, OLD.replace("rate: 20%", "rate: 15%")).as_data()))
    assert found["same"] is False
    (one,) = found["changes"]
    assert (one["section"], one["name"], one["what"]) == ("terms", "pact.takings", "rate")
    assert (one["before"], one["after"], one["file"]) == ("20%", "15%", "deal.yaml")


def test_the_shipped_case_is_the_same_as_itself_and_tells_a_change() -> None:
    deal = detente.load(CASE)
    assert deal.diff(deal).same


NUMBERS = {
    "rate: 20%": "rate: 25%",
    "5 k USD": "6 k USD",
    "10 MW": "11 MW",
    "7 USD": "8 USD",
    "2024-06: 900": "2024-06: 901",
    "10% to 30% / year": "10% to 31% / year",
    "20 MW": "21 MW",
    "at 2025-12, assumed: given}\n  poor": "at 2025-11, assumed: given}\n  poor",
}


@settings(max_examples=20)
@given(st.sets(st.sampled_from(sorted(NUMBERS)), min_size=1))
def test_every_number_that_is_changed_is_told_once(numbers: set[str]) -> None:
    """As many changes as numbers, and the same ones the other way round."""
    text = OLD
    for one in numbers:
        assert one in text
        text = text.replace(one, NUMBERS[one])
    there, back = compared(OLD, text), compared(text, OLD)
    assert len(there.changes) == len(numbers)
    assert [(one.name, one.before, one.after) for one in there.changes] == [
        (one.name, one.after, one.before) for one in back.changes
    ]


def test_figures_are_compared_on_the_same_draws() -> None:
    """A higher rate costs the lab a twentieth of its sales on every path: the difference is that of the sales, path by path,
    and its error is theirs."""
    new = OLD.replace("rate: 20%", "rate: 25%").replace("sales: {title", "takings: {title")
    paths = 400
    found = compare_figures(read(OLD), read(new), paths, 3)
    assert [(row.headline, row.label, row.scenario) for row in found.rows] == [
        ("cash", "At the end", "base"),
        ("cash", "At the end", "slow"),
    ]
    assert found.skipped == (
        "takings is asked by the second deal alone",
        "sales is asked by the first deal alone",
    )
    sales = figures(OLD, ["total(lab.sales, 2025)"], paths, seed=3)[0, 0]
    row = found.rows[0]
    scale = 1e9 if row.unit == "bn USD" else 1.0
    assert row.difference * scale == pytest.approx(-0.05 * sales.mean(), rel=1e-9)
    assert row.mc_error * scale == pytest.approx(0.05 * sales.std(ddof=1) / np.sqrt(paths), rel=1e-9)
    assert row.after - row.before == pytest.approx(row.difference)
    assert row.present == 1.0


def test_figures_in_other_units_or_against_another_scenario_are_left_out() -> None:
    new = OLD.replace("lab.USD at 2025-12}, under", "lab.sales at 2025-12}, under").replace(
        'total(lab.sales, 2025)"}}', 'total(lab.sales, 2025)"}, against: slow}'
    )
    found = compare_figures(read(OLD), read(new), 10, 1)
    assert found.rows == ()
    assert found.skipped == (
        "cash: At the end is in bn USD before and in USD / year now",
        "sales is a difference to nothing before, to slow now",
    )
