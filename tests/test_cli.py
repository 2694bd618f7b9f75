"""The command line as its user meets it: in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from detente.engine.parts import read
from tests.support import small

DEAL = small(
    assumptions="pace: {value: 10% to 30% / year, assumed: a guess}",
    variables="""
        lab.sales: {unit: USD / year, past: {2024-12: 1200}, next: "gbm(growth = pace, volatility = 10% / sqrt(year))", assumed: given}
    """,
    flows="subscriptions: {from: world, to: lab, amount: lab.sales}",
    futures="rich: lab.USD > 2300 USD at 2025-12",
    scenarios="slow: {pace: 5% / year, assumed: given}",
    outputs="[lab.USD, lab.sales]",
).replace("rich: lab.USD > 2300 USD at 2025-12", "rich: {when: lab.USD > 2300 USD at 2025-12, assumed: given}")


def detente(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command."""
    command = [sys.executable, "-m", "detente", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def deal(tmp_path: Path) -> Path:
    """A deal on disk."""
    path = tmp_path / "deal.yaml"
    path.write_text(DEAL, encoding="utf-8")
    return path


def test_check_says_that_all_is_well(deal: Path) -> None:
    done = detente("check", deal)
    assert (done.returncode, done.stderr) == (0, "")
    assert "equations" in done.stdout


def test_check_shows_all_that_is_wrong(deal: Path) -> None:
    deal.write_text(DEAL.replace("amount: lab.sales", "amount: lab.salse").replace("pace: {value", "pace: {valeu"))
    done = detente("check", deal)
    assert done.returncode == 1
    assert "unknown-key" in done.stdout
    assert "did you mean 'value'?" in done.stdout


def test_run_writes_its_json_in_the_form_that_is_kept(deal: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    done = detente("run", deal, "--paths", "500", "--seed", "7", "--json", file)
    assert done.returncode == 0, done.stderr
    data = json.loads(file.read_text())
    assert set(data) == {"deal", "paths", "seed", "seconds", "outputs", "futures"}
    assert (data["deal"], data["paths"], data["seed"]) == ("a small deal", 500, 7)
    assert set(data["outputs"]) == {"lab.USD", "lab.sales"}
    series = data["outputs"]["lab.sales"]
    assert set(series) == {"unit", "dates", "mean", "p5", "p50", "p95", "mc_error"}
    assert series["unit"] == "USD / year"
    assert series["dates"] == [f"2025-{month:02d}" for month in range(1, 13)]
    assert all(
        low <= middle <= high for low, middle, high in zip(series["p5"], series["p50"], series["p95"], strict=True)
    )
    assert set(data["futures"]) == {"rich", "other"}
    rich = data["futures"]["rich"]
    assert set(rich) == {"probability", "mc_error", "range"}
    assert rich["range"][0] <= rich["probability"] <= rich["range"][1]
    assert sum(future["probability"] for future in data["futures"].values()) == pytest.approx(1.0)


def test_two_runs_with_one_seed_are_the_same(deal: Path, tmp_path: Path) -> None:
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for file in files:
        assert detente("run", deal, "--paths", "300", "--json", file).returncode == 0
    one, two = (json.loads(file.read_text()) for file in files)
    assert one["outputs"] == two["outputs"]
    assert one["futures"] == two["futures"]


def test_a_scenario_changes_the_run(deal: Path, tmp_path: Path) -> None:
    base, slow = tmp_path / "base.json", tmp_path / "slow.json"
    assert detente("run", deal, "--paths", "300", "--json", base).returncode == 0
    assert detente("run", deal, "--paths", "300", "--json", slow, "--scenario", "slow").returncode == 0
    end = [json.loads(file.read_text())["outputs"]["lab.sales"]["mean"][-1] for file in (base, slow)]
    assert end[1] < end[0]


def test_report_writes_a_page(deal: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    done = detente("report", deal, "--paths", "300", "-o", file)
    assert done.returncode == 0, done.stderr
    page = file.read_text(encoding="utf-8")
    assert "a small deal" in page
    assert len(page) < 3_000_000
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_why_prints_the_tree_and_writes_it(deal: Path, tmp_path: Path) -> None:
    data, page = tmp_path / "why.json", tmp_path / "why.html"
    done = detente("why", deal, "lab.USD@2025-06", "--paths", "100", "--json", data, "--html", page)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("account lab.USD 2025-06 = ")
    assert json.loads(data.read_text())["children"][0]["kind"] == "opening"
    assert "<details" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "no-such-folder"], 1, "no-such-folder"),
        (["run", "DEAL", "--paths", "0"], 2, "whole number from 1"),
        (["run", "DEAL", "--paths", "-5"], 2, "whole number from 1"),
        (["run", "DEAL", "--paths", "1e9x"], 2, "'1e9x' is not a whole number from 1"),
        (["run", "DEAL", "--paths", "9" * 5000], 2, "whole number from 1"),
        (["run", "DEAL", "--paths", str(2**32)], 2, "a run has 1 to 4294967295 paths"),
        (["run", "DEAL", "--seed", "-1"], 2, "whole number from 0"),
        (["run", "DEAL", "--seed", "one"], 2, "whole number from 0"),
        (["run", "DEAL", "--seed", str(2**64)], 2, "a seed is a whole number from 0 to 2**64 - 1"),
        (["run", "DEAL", "--threads", "0"], 2, "whole number from 1"),
        (["run", "DEAL", "--threads", "some"], 2, "whole number from 1"),
        (["report", "DEAL", "--threads", "-1"], 2, "whole number from 1"),
        (["run", "DEAL", "--resume", "DEAL"], 1, "not-parts"),
        (["run", "DEAL", "--resume", "no/such/folder/run.parts"], 2, "no/such/folder"),
        (["run", "DEAL", "--scenario", "sloe"], 2, "there are: base, slow"),
        (["run", "DEAL", "--as-of", "yesterday"], 2, "not a date"),
        (["run", "DEAL", "--as-of", "2020-01"], 1, "2020-01"),
        (["run", "DEAL", "--json", "no/such/folder/run.json"], 2, "no/such/folder"),
        (["why", "DEAL", "lab.USDD@2025-06"], 2, "did you mean"),
        (["score", "DEAL", "--from", "soon"], 2, "not a date"),
        (["show", "DEAL", "--on", "then"], 2, "not a date"),
        (["show", "DEAL", "--on", "2031"], 1, "2024-12 to 2025-12"),
        (["show", "DEAL", "--as-of", "2020-01"], 1, "2020-01"),
        (["diff", "DEAL", "no-such-folder"], 2, "no-such-folder"),
        (["graph", "DEAL", "--on", "2031"], 1, "2024-12 to 2025-12"),
        (["graph", "DEAL", "-o", "graph.jpg"], 2, ".svg, .png, .html or .mmd"),
        (["program", "DEAL", "--output", "lab.USDD"], 2, "did you mean 'lab.USD'?"),
        (["program", "DEAL", "--as-of", "2020-01"], 1, "2020-01"),
    ],
)
def test_bad_calls_are_answered_in_words(deal: Path, arguments: list[str], code: int, said: str) -> None:
    done = detente(*(str(deal) if word == "DEAL" else word for word in arguments))
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_digits_may_stand_in_groups_and_threads_change_nothing(deal: Path, tmp_path: Path) -> None:
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for file, threads in zip(files, ("1", "2"), strict=True):
        done = detente("run", deal, "--paths", "3_000", "--threads", threads, "--json", file)
        assert done.returncode == 0, done.stderr
    one, two = (json.loads(file.read_text()) for file in files)
    assert one["paths"] == 3000
    assert one["outputs"] == two["outputs"]


def test_a_run_without_llvm_says_what_that_costs_and_only_where_nobody_asked_for_it(deal: Path, tmp_path: Path) -> None:
    """In a process in which llvmlite cannot be imported."""
    code = f"import sys; sys.modules['llvmlite'] = None; from detente.cli import main; sys.exit(main({['run', str(deal), '--paths', '50']}))"
    for engine, said in (({}, True), ({"DETENTE_ENGINE": "numpy"}, False)):
        surroundings = {name: value for name, value in os.environ.items() if name != "DETENTE_ENGINE"} | engine
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True, env=surroundings
        )
        assert ("note: programs are not compiled here" in done.stderr) is said
        assert done.stderr.count("\n") == said


# long runs

LONG = ("--paths", "2_000_000")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent to another process as POSIX has it")


@POSIX
def test_a_run_that_is_stopped_keeps_what_is_done_and_ends_with_the_same_bits(deal: Path, tmp_path: Path) -> None:
    file, whole, gone_on = tmp_path / "run.parts", tmp_path / "whole.json", tmp_path / "gone_on.json"
    command = [sys.executable, "-m", "detente", "run", str(deal), *LONG, "--resume", str(file), "--json", str(gone_on)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not (file.exists() and read(file).done):
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        out, said = running.communicate(timeout=120)
    assert running.returncode == 130, said
    (done,) = read(file).done
    assert (
        said
        == f"detente: stopped; {len(done):,} of 2,000,000 paths are kept in '{file}'; the same again goes on from there\n"
    )
    assert out == ""
    assert 0 < len(done) < 2_000_000
    assert sorted(one.name for one in tmp_path.iterdir()) == ["deal.yaml", "run.parts"]
    resumed = detente(*command[3:])
    assert resumed.returncode == 0, resumed.stderr
    assert "Rich" in resumed.stdout
    assert detente("run", deal, *LONG, "--resume", tmp_path / "other.parts", "--json", whole).returncode == 0
    one, two = (json.loads(found.read_text()) for found in (whole, gone_on))
    assert one["outputs"] == two["outputs"]
    assert one["futures"] == two["futures"]


@POSIX
@pytest.mark.parametrize("command", ["run", "report"])
def test_a_run_that_is_stopped_says_that_nothing_is_kept(command: str, deal: Path, tmp_path: Path) -> None:
    """Its standard error is a terminal here, so that it shows when it simulates."""
    ours, theirs = os.openpty()
    words = [sys.executable, "-m", "detente", command, str(deal), "--paths", "20_000_000"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=theirs, cwd=tmp_path) as running:
        os.close(theirs)
        said = b""
        while b"simulating" not in said:
            said += os.read(ours, 1000)
        running.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the other end is closed
            while more := os.read(ours, 1000):
                said += more
        out, _ = running.communicate(timeout=120)
    os.close(ours)
    assert running.returncode == 130
    assert b"detente: stopped; nothing that it did is kept" in said
    assert b"Traceback" not in said
    assert out == b""
    assert [one.name for one in tmp_path.iterdir()] == ["deal.yaml"]


def test_show_says_what_held_and_what_was_on_record(deal: Path) -> None:
    done = detente("show", deal)
    assert (done.returncode, done.stderr) == (0, "")
    assert "What held in December 2024" in done.stdout
    assert "1200 USD / year" in done.stdout
    later = detente("show", deal, "--on", "2025-06", "--json")
    assert json.loads(later.stdout)["after_now"] is True


def test_diff_gives_0_for_the_same_1_for_a_change_and_2_for_an_error(deal: Path, tmp_path: Path) -> None:
    other, broken = tmp_path / "other.yaml", tmp_path / "broken.yaml"
    other.write_text("# a comment\n" + DEAL, encoding="utf-8")
    broken.write_text(DEAL.replace("pace: {value", "pace: {valeu"), encoding="utf-8")
    assert detente("diff", deal, other).returncode == 0
    other.write_text(DEAL.replace("10% to 30%", "10% to 40%"), encoding="utf-8")
    done = detente("diff", deal, other)
    assert (done.returncode, done.stderr) == (1, "")
    assert "pace: value from 10% to 30% / year to 10% to 40% / year" in done.stdout
    assert json.loads(detente("diff", deal, other, "--json").stdout)["same"] is False
    wrong = detente("diff", deal, broken)
    assert wrong.returncode == 2
    assert "did you mean 'value'?" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_diff_compares_figures_on_request(deal: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    asked = "\nheadlines: {cash: {title: Cash, show: {At the end: lab.USD at 2025-12}}}\n"
    deal.write_text(DEAL + asked, encoding="utf-8")
    other.write_text(DEAL.replace("10% to 30%", "10% to 40%") + asked, encoding="utf-8")
    done = detente("diff", deal, other, "--figures", "--paths", "200")
    assert done.returncode == 1, done.stderr
    assert "At the end" in done.stdout
    assert "means on the same 200 draws" in done.stdout
    data = json.loads(detente("diff", deal, other, "--figures", "--paths", "200", "--json").stdout)
    (row,) = data["figures"]["rows"]
    assert row["difference"] > 10 * row["mc_error"] > 0


def test_graph_prints_mermaid_and_writes_pictures(deal: Path, tmp_path: Path) -> None:
    done = detente("graph", deal)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("flowchart LR\n")
    picture = tmp_path / "graph.svg"
    assert detente("graph", deal, "-o", picture).returncode == 0
    assert "subscriptions" in picture.read_text(encoding="utf-8")


def test_new_begins_a_deal_that_runs(tmp_path: Path) -> None:
    folder = tmp_path / "first"
    assert "detente run" in detente("new", folder).stdout
    assert detente("fmt", "--check", folder).returncode == 0
    done = detente("check", folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert detente("run", folder, "--paths", "50").returncode == 0
    again = detente("new", folder)
    assert again.returncode == 2
    assert "there already" in again.stderr


def test_fmt_lays_out_and_is_content_the_second_time(deal: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("deal: 'x'  # a title\n", encoding="utf-8")
    asked = detente("fmt", "--check", deal, other)
    assert asked.returncode == 1
    assert asked.stdout == f"{deal} would change\n{other} would change\n"
    assert deal.read_text(encoding="utf-8") == DEAL
    assert detente("fmt", tmp_path, other).returncode == 0
    assert other.read_text(encoding="utf-8") == "deal: x  # a title\n"
    again = detente("fmt", "--check", tmp_path, other)
    assert (again.returncode, again.stdout) == (0, "")
    assert detente("diff", deal, tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_fmt_leaves_what_it_cannot_read_and_goes_on(deal: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: {b\n", encoding="utf-8")
    done = detente("fmt", broken, "no-such.yaml", deal)
    assert done.returncode == 1
    assert "yaml-syntax" in done.stderr
    assert "no-such.yaml" in done.stderr
    assert broken.read_text(encoding="utf-8") == "a: {b\n"
    assert deal.read_text(encoding="utf-8") != DEAL


def test_fmt_reads_a_text_and_prints_it() -> None:
    command = [sys.executable, "-m", "detente", "fmt", "-"]
    done = subprocess.run(command, input=b"b: '\xc3\xa9'\r\n", capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.decode()) == (0, "b: é\n")
    checked = subprocess.run([*command, "--check"], input=b"b: 'x'\n", capture_output=True, timeout=60, check=False)
    assert (checked.returncode, checked.stdout) == (1, b"- would change\n")
    wrong = subprocess.run(command, input=b"a: {b\n", capture_output=True, timeout=60, check=False)
    assert wrong.returncode == 1
    assert "1 | a: {b" in wrong.stderr.decode()


def test_schema_is_printed_and_written(tmp_path: Path) -> None:
    file = tmp_path / "deal.schema.json"
    assert detente("schema", "-o", file).returncode == 0
    printed = json.loads(detente("schema").stdout)
    assert json.loads(file.read_text(encoding="utf-8")) == printed
    assert {"deal", "now", "agreements"} < set(printed["properties"])


def test_without_a_command_it_helps() -> None:
    done = detente()
    assert done.returncode == 0
    assert "report" in done.stdout


def test_program_lists_what_a_run_computes(deal: Path) -> None:
    done = detente("program", deal)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("a small deal: the program of a run from 2024-12 to 2025-12\n")
    line = DEAL.splitlines().index("  lab.USD:      {balance: 1000 USD, assumed: given}") + 1
    (account,) = (text for text in done.stdout.splitlines() if " add [previous lab.USD], %" in text)
    assert account.split()[-4:] == ["USD", "finite", "lab.USD", f"{deal}:{line}"]
    assert "future rich" in done.stdout
    one = detente("program", deal, "--output", "lab.sales")
    assert "lab.USD" not in one.stdout
    assert "[normal lab.sales]" in one.stdout
    data = json.loads(detente("program", deal, "--output", "lab.sales", "lab.USD", "--json").stdout)
    assert [read["equation"] for read in data["sections"]["outputs"]] == ["lab.sales", "lab.USD"]
    assert data["sections"]["figures"] == []
