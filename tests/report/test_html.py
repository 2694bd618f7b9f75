"""The report is one file that opens from disk: it draws every chart, shows the figures and loads nothing."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from detente.answers.results import Findings
from detente.report import html, layout, words
from tests.conftest import Browser

LARGEST = 3_000_000
LOADING = ("src", "srcset", "href", "data", "poster", "action", "xlink:href")


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="session")
def page(findings: Findings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    html.write_report(findings, path)
    return path


@pytest.fixture(scope="session")
def tags(page: Path) -> Tags:
    return Tags(page.read_text(encoding="utf-8"))


def test_a_browser_draws_every_chart_from_disk(findings: Findings, page: Path, browser: Browser) -> None:
    document = browser.dom(page)
    wanted = layout.figures(findings).specs()
    drawn = re.findall(r'<div class="chart vega-embed[^"]*" id="([^"]+)"><div[^>]*><svg', document)
    assert sorted(drawn) == sorted(wanted)
    assert len(re.findall(r'<svg[^>]* class="marks"', document)) == len(wanted)
    assert document.count("This chart could not be drawn") == 1, "once, in the script that would say it"


def test_the_filter_and_the_order_of_the_inputs_work(page: Path, browser: Browser, tmp_path: Path) -> None:
    act = """<script>
    const box = document.querySelector("[data-filters] input");
    box.value = "hour over"; box.dispatchEvent(new Event("input"));
    const button = document.querySelector("#inputs th button"); button.click(); button.click();
    </script>"""
    played = tmp_path / "played.html"
    before, _, _ = page.read_text(encoding="utf-8").rpartition("</body>")
    played.write_text(before + act, encoding="utf-8")
    document = browser.dom(played)
    body = document[document.index("<tbody", document.index('id="inputs"')) :]
    rows = re.findall(r'<tr data-state="(\w+)"( hidden="")?>\s*<td><code>([^<]+)', body)
    assert rows == [
        ("sourced", "", "rent"),
        ("assumed", ' hidden=""', "pace"),
        ("assumed", ' hidden=""', "hosting.capacity"),
    ]
    assert ">1 of 3</output>" in document


def test_nothing_is_loaded_from_outside(tags: Tags) -> None:
    found = [
        (tag, value) for tag, attributes in tags.tags for name, value in attributes.items()
        if name in LOADING and not value.startswith("#")
    ]  # fmt: skip
    assert found == [("a", "https://example.org/rents?a=1&b=2")] * len(found)
    assert found
    assert "link" not in dict(tags.tags)
    policy = next(attributes["content"] for tag, attributes in tags.tags if attributes.get("http-equiv"))
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy


def test_what_a_deal_says_stays_text(tags: Tags) -> None:
    counted = Counter(tag for tag, _ in tags.tags)
    assert counted["script"] == 3
    assert counted["img"] == 0
    assert counted["b"] == sum(1 for tag, attributes in tags.tags if tag == "b" and not attributes)
    assert "Lab & Cloud <b>[bold]" in tags.text
    assert "They signed </script><img src=x onerror=alert(1)>" in tags.text
    assert not any("onerror" in attributes for _, attributes in tags.tags)
    assert not any(value.startswith("javascript:") for _, attributes in tags.tags for value in attributes.values())


def test_the_page_is_light(page: Path) -> None:
    assert page.stat().st_size <= LARGEST


def test_the_figures_stand_in_the_page_without_scripts(tags: Tags) -> None:
    text = " ".join(tags.text.replace(words.NO_BREAK, " ").split())
    for figure in (
        "45 %", "8.0 % with pace at its 5th percentile", "72 % with rent at its 95th percentile",
        "sampling error ± 0.45 points", "USD 13 bn", "Not listed",
        "Nine in ten paths: USD 9.1 to 18 bn; mean USD 14 bn",
        "Differences to Base case", "USD −24 mn", "mean USD +3.0 mn with rent low", "on 83 % of paths",
        "add up to 100 %", "2025-12: 30 mn USD if listed else 10 mn USD", "The model does not agree that it hurts",
        "1 of 3 inputs (33 %)", "✓ 100 %", "hosting.secret was not known by 2025-06", "10,000", "Dec 2026",
        "9.2 to 31", "Sales ran at 250 million", "The Herald, 2025-02-03",
    ):  # fmt: skip
        assert figure in text, figure


def test_sections_that_have_nothing_to_say_are_left_out(findings: Findings, deal_bare: Findings) -> None:
    found = Tags(html.render(deal_bare))
    ids = {attributes.get("id") for tag, attributes in found.tags if tag == "section"}
    assert ids == set()
    whole = Tags(html.render(findings))
    assert {attributes.get("id") for tag, attributes in whole.tags if tag == "section"} == {
        "answers", "agreements", "futures", "compute", "money", "ownership", "events", "other", "rights", "grounds",
        "checks", "notes",
    }  # fmt: skip


@pytest.fixture
def deal_bare(findings: Findings) -> Findings:
    deal = replace(findings.deal, agreements={}, notes=())
    run = replace(findings.run, deal=deal, series={}, futures={})
    return replace(findings, deal=deal, run=run, headlines=(), rights=(), checks=(), grounds=())


def test_the_same_findings_give_the_same_page(findings: Findings) -> None:
    assert html.render(findings) == html.render(findings)


def test_a_failure_leaves_the_old_page(findings: Findings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")

    def fail(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="the disk is full"):
        html.write_report(findings, path)
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
    assert path.read_text(encoding="utf-8") == "old"
