"""Messages are public: cause, line, carets, every way out (R1)."""

import json
import pickle
from pathlib import Path

import pytest

from detente.text.diagnostic import Diagnostic, Fault, Refused, as_data, did_you_mean, render
from detente.text.place import NOWHERE, Place


def spot(file: Path, line: int, column: int, end_column: int, end_line: int | None = None) -> Place:
    return Place(str(file), line, column, end_line or line, end_column)


@pytest.fixture
def deal(tmp_path: Path) -> Path:
    path = tmp_path / "deal.yaml"
    path.write_text("flows:\n  fees: {from: openai, amout: 3}\n  fees: {}\n", encoding="utf-8")
    return path


def test_everything_is_printed_in_order(deal: Path) -> None:
    diagnostic = Diagnostic(
        "unknown-key",
        "'amout' is not a key of a flow",
        spot(deal, 2, 24, 29),
        found="amout",
        expected="from, to, amount",
        ways_out=("did you mean 'amount'?", "delete it"),
        related=((spot(deal, 3, 3, 7), "the other flow of that name"),),
    )
    assert render([diagnostic]) == (
        f"{deal}:2:24: error[unknown-key]: 'amout' is not a key of a flow\n"
        "  2 |   fees: {from: openai, amout: 3}\n"
        "    |                        ^^^^^\n"
        "  found: amout\n"
        "  expected: from, to, amount\n"
        "  way out: did you mean 'amount'?\n"
        "  way out: delete it\n"
        f"  {deal}:3:3: the other flow of that name\n"
        "  3 |   fees: {}\n"
        "    |   ^^^^"
    )


def test_a_warning_says_so(deal: Path) -> None:
    assert ": warning[x]: m\n" in render([Diagnostic("x", "m", spot(deal, 1, 1, 2), severity="warning")])


def test_sorted_by_place_and_each_once(deal: Path) -> None:
    late, early = Diagnostic("b", "late", spot(deal, 3, 1, 2)), Diagnostic("a", "early", spot(deal, 1, 1, 2))
    printed = render([late, early, late])
    assert printed.index("early") < printed.index("late")
    assert printed.count("late") == 1


def test_a_file_that_is_gone_has_no_excerpt(tmp_path: Path) -> None:
    gone = tmp_path / "gone.yaml"
    assert render([Diagnostic("x", "m", spot(gone, 3, 1, 2), found="f")]) == f"{gone}:3:1: error[x]: m\n  found: f"


def test_a_line_past_the_end_has_no_excerpt(deal: Path) -> None:
    assert render([Diagnostic("x", "m", spot(deal, 99, 1, 2))]) == f"{deal}:99:1: error[x]: m"


def test_a_deal_built_in_python_has_no_place() -> None:
    assert render([Diagnostic("x", "m", NOWHERE)]) == "error[x]: m"


def carets(file: Path, text: str, place: Place) -> tuple[str, str]:
    """The two lines of the excerpt, without the gutter."""
    file.write_text(text, encoding="utf-8")
    source, marks = render([Diagnostic("x", "m", place)]).split("\n")[1:]
    return source.partition("| ")[2], marks.partition("| ")[2]


def test_a_tab_does_not_shift_the_carets(tmp_path: Path) -> None:
    file = tmp_path / "f"
    source, marks = carets(file, "a:\t\tbad", spot(file, 1, 5, 8))
    assert "\t" not in source
    assert source[marks.index("^") :] == "bad"
    assert marks.strip() == "^^^"


def test_wide_and_combining_characters_do_not_shift_the_carets(tmp_path: Path) -> None:
    file = tmp_path / "f"
    _, marks = carets(file, "名: e\u0301 bad", spot(file, 1, 7, 10))
    assert marks == " " * len("名--e--") + "^^^"  # two columns for 名, none for the accent


def test_a_long_line_is_cut_around_the_carets(tmp_path: Path) -> None:
    file = tmp_path / "f"
    source, marks = carets(file, "x" * 5000 + "bad" + "y" * 5000, spot(file, 1, 5001, 5004))
    assert len(source) < 200
    assert source[marks.index("^") :].startswith("bad")
    assert source.startswith("…")
    assert source.endswith("…")


def test_a_place_over_several_lines_marks_its_first_line(tmp_path: Path) -> None:
    file = tmp_path / "f"
    assert carets(file, "a: one   \n   two", spot(file, 1, 4, 6, end_line=2)) == ("a: one", "   ^^^")


def test_an_empty_place_still_has_a_caret(tmp_path: Path) -> None:
    file = tmp_path / "f"
    assert carets(file, "a:", spot(file, 1, 3, 3)) == ("a:", "  ^")


def test_as_data_is_ready_for_json(deal: Path) -> None:
    diagnostic = Diagnostic("x", "m", spot(deal, 2, 3, 7), ways_out=("w",), related=((NOWHERE, "n"),))
    data = json.loads(json.dumps(as_data(diagnostic)))
    assert data["code"] == "x"
    assert data["severity"] == "error"
    assert (data["file"], data["line"], data["column"], data["end_line"], data["end_column"]) == (str(deal), 2, 3, 2, 7)
    assert data["ways_out"] == ["w"]
    assert data["related"][0]["note"] == "n"


def test_refused_prints_what_check_prints(deal: Path) -> None:
    diagnostics = (Diagnostic("x", "m", spot(deal, 2, 3, 7)), Diagnostic("y", "n", spot(deal, 1, 1, 2)))
    assert str(Refused(diagnostics)) == render(diagnostics)


def test_refused_and_fault_travel_between_processes(deal: Path) -> None:
    diagnostic = Diagnostic("x", "m", spot(deal, 2, 3, 7))
    assert pickle.loads(pickle.dumps(Refused((diagnostic,)))).diagnostics == (diagnostic,)
    assert pickle.loads(pickle.dumps(Fault(diagnostic))).diagnostic == diagnostic


@pytest.mark.parametrize(
    ("name", "known", "ways_out"),
    [
        ("openai.revnue", ["openai.revenue", "microsoft.capacity"], ("did you mean 'openai.revenue'?",)),
        ("usd", ["USD", "EUR"], ("did you mean 'USD'?",)),
        ("zebra", ["USD", "EUR"], ()),
        ("x", [], ()),
    ],
)
def test_did_you_mean(name: str, known: list[str], ways_out: tuple[str, ...]) -> None:
    assert did_you_mean(name, known) == ways_out


@pytest.mark.parametrize(
    ("name", "meant"), [("lab7.slaes", "lab7.sales"), ("LAB7.SALES", "lab7.sales"), ("lab7.sale", "lab7.sales")]
)
def test_among_many_names_the_likeliest_still_comes_first(name: str, meant: str) -> None:
    many = [f"lab{number}.{what}" for number in range(200) for what in ("sales", "costs", "compute_need")]
    assert did_you_mean(name, many)[0] == f"did you mean '{meant}'?"


def test_did_you_mean_names_three_at_most() -> None:
    assert len(did_you_mean("price", ["price1", "price2", "price3", "price4"])) == 3
