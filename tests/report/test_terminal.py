"""The terminal shows the same answers as tables, at any width, and takes nothing in a deal for markup."""

import io

import pytest
from rich.console import Console

from detente.answers.results import Findings
from detente.report import words
from detente.report.terminal import print_findings, progress


def printed(findings: Findings, width: int) -> str:
    out = io.StringIO()
    print_findings(findings, Console(file=out, width=width))
    return " ".join(out.getvalue().replace(words.NO_BREAK, " ").split())


def test_the_answers_stand_in_the_terminal(findings: Findings) -> None:
    text = printed(findings, 120)
    for part in (
        "Lab & Cloud <b>[bold]", "as of June 2025, to December 2026; 10,000 paths, seed 7, 1.2 s",
        "Base case 45 % 8.0 % with pace at its 5th percentile", "sampling error ± 0.45 points",
        "USD 13 bn nine in ten paths: USD 9.1 to 18 bn; mean USD 14 bn", "difference to Base case",
        "USD −24 mn", "on 83 % of paths",
        "Out of cash 45 %", "Cloud cut off USD 34 mn USD 9.0 mn the model agrees", "the model does not agree",
        "lab.USD > 0 USD 31 %", "1 of 3 inputs (33 %) have a source", "Note: hosting.secret was not known by 2025-06",
    ):  # fmt: skip
        assert part in text, part


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_figure_is_cut_off(findings: Findings, width: int) -> None:
    text = printed(findings, width)
    assert "…" not in text
    assert "45 %" in text


def test_progress_is_silent_where_no_one_watches() -> None:
    out = io.StringIO()
    with progress(Console(file=out)) as show:
        show("paths", 512, 1024)
        show("paths", 1024, 1024)
    assert out.getvalue() == ""


def test_progress_shows_what_is_done() -> None:
    out = io.StringIO()
    with progress(Console(file=out, force_terminal=True, width=80)) as show:
        show("paths", 512, 1024)
    assert "paths" in out.getvalue()
