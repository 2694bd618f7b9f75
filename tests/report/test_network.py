"""The network of a deal: what the terms contribute is what is drawn, and nothing overlaps whatever the deal."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest
import vl_convert
from hypothesis import given, settings
from hypothesis import strategies as st

import detente
from detente.answers.network import KINDS, Network, Node, Tie, network
from detente.report.charts import spec
from detente.report.network import LINE, Picture, chart, lay_out, mermaid, page, save_network
from detente.report.theme import theme
from detente.text.diagnostic import Refused
from detente.text.written import parse_date
from tests.conftest import Browser
from tests.support import agreement, agreements, read, small

CASE = Path(__file__).parents[2] / "cases" / "openai-microsoft"

DEAL = small(
    first="2023-12",
    flows="subscriptions: {from: world, to: lab, amount: 100 USD / month, assumed: given}",
    needs="lab.compute: {resource: compute, amount: 10 MW, assumed: given}",
    events="""
        sold: {decided_by: lab, policy: at(2025-06), assumed: given}
        agreed: {decided_by: cloud, policy: at(2025-05), assumed: given}
    """,
    agreements=agreements(
        agreement(
            """
            capacity: {type: supply, supplier: cloud, need: lab.compute, capacity: 20 MW, price: 1 USD / MW / month, assumed: given}
            only: {type: exclusivity, supplier: cloud, need: lab.compute, carve_out: [rival], until: 2024-12, assumed: given}
            models: {type: licence, licensor: lab, licensee: cloud, income: 5 USD / month, income_from: world, from: 2025-03, assumed: given}
            veto: {type: consent_right, holder: cloud, over: sold, given: agreed, assumed: given}
            """
        ),
        agreement(
            """
            first: {type: capital_commitment, investor: fund, company: lab, tranches: [{amount: 5 USD, on: 2024-02}], assumed: given}
            round: {type: equity_round, company: lab, investor: fund, when: lab.USD < 0 USD, amount: 5 USD, pre_money: 90 USD, assumed: given}
            """,
            between="lab, fund",
            name="money",
        ),
    ),
)


def ties(date: str) -> set[tuple[str, str, str, str]]:
    """Who gives what to whom by which term."""
    found = network(read(DEAL), parse_date(date)).ties
    return {(one.giver, one.taker, "settled" if one.settled else one.kind, one.label) for one in found}


def test_every_tie_comes_from_what_the_terms_contribute() -> None:
    assert ties("2024-02") == {
        ("world", "lab", "operating", "subscriptions"),
        ("cloud", "lab", "capacity", "capacity"),
        ("lab", "cloud", "operating", "capacity: bill"),
        ("cloud", "lab", "right", "only"),
        ("cloud", "lab", "right", "veto"),
        ("fund", "lab", "financing", "first"),
        ("fund", "lab", "financing", "round"),
        ("lab", "fund", "shares", "round: shares"),
    }


def test_it_is_of_a_date_and_what_is_paid_is_settled() -> None:
    later = ties("2025-03")
    assert ("fund", "lab", "settled", "first") in later
    assert ("cloud", "lab", "right", "only") not in later
    assert ("lab", "cloud", "right", "models") in later
    assert ("world", "cloud", "operating", "models: income, replacement") in later
    assert ("world", "cloud", "operating", "models: income, replacement") not in ties("2024-02")
    assert ties("2023-12") == {("world", "lab", "operating", "subscriptions")}


def test_parties_that_nothing_ties_are_left_out() -> None:
    assert [party.name for party in network(read(DEAL)).parties] == ["lab", "cloud", "fund", "world"]


def test_a_term_about_another_ties_the_parties_of_that_one() -> None:
    terms = """
        capacity: {type: supply, supplier: cloud, need: lab.compute, capacity: 5 MW, price: 1 USD / MW / month, assumed: given}
        more: {type: supply, supplier: cloud, need: lab.compute, capacity: 9 MW, price: 2 USD / MW / month, assumed: given}
        favoured: {type: most_favoured_nation, of: pact.more, comparables: [pact.capacity], assumed: given}
    """
    needs = "lab.compute: {resource: compute, amount: 10 MW, assumed: given}"
    found = network(read(small(needs=needs, agreements=agreement(terms))))
    assert Tie("lab", "cloud", "right", "pact.favoured") in found.ties
    assert found.untied == ()


def test_what_ties_nobody_is_said() -> None:
    found = Network(
        "a deal", "2025-01", (Node("a", "A", False), Node("b", "B", True)), (Tie("a", "b", "right", "t"),), ("t.x",)
    )
    assert "not drawn: t.x" in mermaid(found)
    assert "not drawn: t: x" in spec(chart(found))["title"]["subtitle"]


def test_a_date_outside_record_and_horizon_is_refused() -> None:
    with pytest.raises(Refused) as wrong:
        network(read(DEAL), parse_date("2031"))
    assert [one.code for one in wrong.value.diagnostics] == ["date-outside"]


def test_the_shipped_case_ties_every_term_in_force() -> None:
    deal = detente.load(CASE)
    found = network(deal.text)
    assert {tie.term for tie in found.ties} == {*deal.held().terms(), *deal.text.flows}
    assert {(tie.giver, tie.taker) for tie in found.ties if tie.term == "restructuring.veto"} == {
        ("microsoft", "openai")
    }
    assert ("openai", "microsoft") in {(tie.giver, tie.taker) for tie in found.ties if tie.term == "azure.models"}


@dataclass(frozen=True)
class Area:
    """A stretch of a picture that something covers."""

    what: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Area) -> bool:
        return (
            self.left < other.right - 0.01
            and other.left < self.right - 0.01
            and self.top < other.bottom - 0.01
            and other.top < self.bottom - 0.01
        )


def areas(picture: Picture) -> list[Area]:
    """Every box, every label (7 pixels a character) and the stretches of lines between bars."""
    found = [Area(box.party, box.x, box.y, box.x + box.width, box.y + box.height) for box in picture.boxes]
    bars = sorted((box.x, box.x + box.width) for box in picture.boxes if not box.outside)
    for arrow in picture.arrows:
        name = f"{arrow.ties[0].giver}-{arrow.ties[0].taker} {arrow.kind}"
        half = 3.5 * max(map(len, arrow.lines))
        for middle in arrow.middles:
            top = arrow.y - 4 - LINE * len(arrow.lines)
            found.append(Area(f"label {name}", middle - half, top, middle + half, arrow.y - 4))
        left, right = sorted((arrow.start, arrow.end))
        for bar in [*(bar for bar in bars if left < bar[0] and bar[1] < right), (right, right)]:
            found.append(Area(f"line {name}", left, arrow.y - 1, bar[0], arrow.y + 1))
            left = bar[1]
    return found


def assert_clear(found: Network) -> None:
    picture = lay_out(found)
    for one, other in combinations(areas(picture), 2):
        assert not one.meets(other), (one, other)
    for area in areas(picture):
        assert 0.0 <= area.left <= area.right <= picture.width + 0.01, area
        assert 0.0 <= area.top <= area.bottom <= picture.height + 0.01, area
    edges = {box.party: (box.x, box.x + box.width) for box in picture.boxes}
    for arrow in picture.arrows:
        assert arrow.start in edges[arrow.ties[0].giver]
        assert arrow.end in edges[arrow.ties[0].taker]
    drawn = sorted(tie.label for arrow in picture.arrows for tie in arrow.ties)
    assert drawn == sorted(tie.label for tie in found.ties if tie.giver != tie.taker)


def test_nothing_overlaps_in_the_deals_we_ship() -> None:
    deal = detente.load(CASE)
    for date in ("2019-07", "2023-06", "2024-09", "2025-04", "2030-06"):
        assert_clear(network(deal.text, parse_date(date)))
    assert_clear(network(read(DEAL)))


PARTIES = [f"p{number}" for number in range(9)]


@settings(max_examples=150)
@given(
    st.integers(0, 6),
    st.lists(
        st.tuples(
            st.sampled_from(PARTIES), st.sampled_from(PARTIES), st.sampled_from(KINDS), st.text("ab c", max_size=60)
        ),
        max_size=30,
    ),
)
def test_nothing_overlaps_whatever_the_deal(own: int, drawn: list[tuple[str, str, str, str]]) -> None:
    found = tuple(Tie(giver, taker, kind, f"t.x{name}") for giver, taker, kind, name in drawn)  # type: ignore[arg-type]
    tied = {party for tie in found for party in (tie.giver, tie.taker)}
    parties = tuple(Node(name, f"{name} and company", n >= own) for n, name in enumerate(PARTIES) if name in tied)
    assert_clear(Network("a deal", "2025-01", parties, found))


def test_the_picture_is_valid_in_both_themes_and_names_no_colour() -> None:
    made = chart(network(read(DEAL)))
    made.to_dict(validate=True)
    assert "#" not in json.dumps(spec(made))
    for dark in (False, True):
        vl_convert.vegalite_to_vega(spec(made), config=theme(dark))


def test_pictures_are_written_by_their_endings_and_are_the_same_every_time(tmp_path: Path) -> None:
    found = network(read(DEAL))
    for name in ("one.svg", "one.png", "one.html", "one.mmd"):
        save_network(found, tmp_path / name)
        first = (tmp_path / name).read_bytes()
        save_network(found, tmp_path / name)
        assert (tmp_path / name).read_bytes() == first
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    svg = (tmp_path / "one.svg").read_text(encoding="utf-8")
    for word in ("subscriptions", "capacity: bill", "a company that", "an investor"):
        assert word in svg
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.html or \.mmd"):
        save_network(found, tmp_path / "one.jpg")


def test_a_page_says_every_tie_in_words_and_reaches_for_nothing(browser: Browser, tmp_path: Path) -> None:
    found = network(read(DEAL.replace("name: a supplier", "name: <b>&Co</b>")))
    text = page(found)
    assert "http" not in re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    assert "<b>&Co" not in text
    file = tmp_path / "page.html"
    file.write_text(text, encoding="utf-8")
    assert browser.dom(file).count("<tr>") == 1 + len(found.ties)


def test_mermaid_has_a_line_for_every_party_and_arrow() -> None:
    text = mermaid(network(read(DEAL.replace("name: a supplier", 'name: "a \\"#supplier\\""')), parse_date("2024-02")))
    assert text == (
        "flowchart LR\n"
        "  %% a small deal, 2024-02\n"
        '  party_lab["a company that needs capacity"]\n'
        '  party_cloud["a #quot;#35;supplier#quot;"]\n'
        '  party_fund(["an investor"])\n'
        '  party_world(["customers and vendors"])\n'
        '  party_world -->|"operating: subscriptions"| party_lab\n'
        '  party_cloud -->|"capacity: capacity"| party_lab\n'
        '  party_lab -->|"operating: capacity: bill"| party_cloud\n'
        '  party_cloud -.->|"right: only<br>veto"| party_lab\n'
        '  party_fund ==>|"financing: first<br>round"| party_lab\n'
        '  party_lab -->|"shares: round: shares"| party_fund\n'
    )
