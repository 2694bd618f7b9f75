"""A deal rolled forward from end to end: record, openings, events, the forecast that is kept, and its score."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import detente
from detente.answers.actuals import Actual, actual, read_actuals
from detente.answers.frozen import LEVELS, freeze, interval_score, thawed
from detente.answers.rolling import Rolled, roll
from detente.cli import main
from detente.deal.load import load_deal
from detente.text.diagnostic import Refused
from detente.text.files import write_together
from detente.text.written import parse_date
from tests.support import month

DEAL = """\
# A deal that goes on.
deal: Lab and Cloud
now: 2025-06   # moves
to: 2026-12

parties:
  lab: {name: Lab}
  cloud: {name: Cloud}
  world: {outside: true}
resources:
  USD: {kind: money}
assumptions:
  pace: {value: 20% to 60% / year, assumed: a guess}
variables:
  lab.sales:
    unit: mn USD / year
    # what was reported
    past:
      2024-06: {value: 80, claims: [sales-2024]}
      2024-12: {value: 90, claims: [sales-2024]}
      2025-06: {value: 100, claims: [sales-2025]}  # the last
    next: gbm(growth = pace, volatility = 20% / sqrt(year))
    assumed: the scatter
  lab.margin: {unit: "%", is: 30%, assumed: a guess}
flows:
  sales: {from: world, to: lab, amount: lab.sales}
  costs: {from: lab, to: world, amount: 70% * lab.sales, assumed: a guess}
opening:
  lab.USD: {balance: 50 mn USD, assumed: a guess}  # at now
  cloud.USD:
    - balance: 0 USD
events:
  trial: {hazard: 10% / year, assumed: a guess}
  launch: {decided_by: lab, policy: at(2025-08), options: [never, at(2025-09), at(2026-02)], assumed: a plan}
futures:
  rich: {when: lab.USD > 80 mn USD at 2026-12, assumed: a figure}
questions:
  cash: {title: Cash, show: lab.USD at 2026-12, in: mn USD}
"""
SOURCES = "report-2025: {title: A report, publisher: Lab, published: 2025-06-30, kind: primary}\n"
CLAIMS = (
    '{"id": "sales-2024", "source": "report-2025", "says": "sales of a year before", "value": 80, "unit": "mn USD / year"}\n'
    '{"id": "sales-2025", "source": "report-2025", "says": "sales", "value": 100, "unit": "mn USD / year"}\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"deal.yaml": DEAL, "sources.yaml": SOURCES, "claims.jsonl": CLAIMS}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def sales(on: str = "2025-12", value: str = "130 mn USD / year", published: str = "2026-01-20", **more: str) -> Actual:
    return actual(
        **{"series": "lab.sales", "source": "report-2025", **more, "on": on, "value": value, "published": published}
    )


def rolled(folder: Path, *actuals: Actual, now: str = "", **more: object) -> Rolled:
    found = roll(folder, actuals or (sales(),), parse_date(now), paths=300, **{"did_not_happen": ["launch"], **more})  # type: ignore[arg-type]
    found.write()
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_record_goes_on_and_comments_stay(folder: Path) -> None:
    found = rolled(folder)
    text = (folder / "deal.yaml").read_text(encoding="utf-8")
    assert "      2025-12: {value: 130 mn USD / year, claims: [lab-sales-2025-12]}\n    next:" in text
    assert "\nfrom: 2025-06\nnow: 2025-12   # moves\n" in text
    for comment in ("# A deal that goes on.", "# what was reported", "# the last", "# at now"):
        assert comment in text
    deal, findings = load_deal(folder)
    assert findings == ()
    assert deal is not None
    assert (deal.first, deal.now) == (month("2025-06"), month("2025-12"))
    assert (found.before, found.after) == (month("2025-06"), month("2025-12"))
    claim = deal.evidence.claims["lab-sales-2025-12"]
    assert (claim.value, claim.unit, claim.source, claim.as_of) == (130.0, "mn USD / year", "report-2025", "2025-12")
    assert detente.load(folder).run(paths=50)["lab.sales"].at(month("2026-01"))["p50"] == pytest.approx(133, abs=5)


def test_the_forecast_that_was_is_kept_and_never_written_again(folder: Path) -> None:
    before = freeze(detente.load(folder).text, 300)
    found = rolled(folder)
    file = folder / "forecasts" / "2025-06.json"
    assert found.frozen == file
    kept = thawed(file.read_text(encoding="utf-8"), "x")
    assert kept == before
    assert kept.as_text() == file.read_text(encoding="utf-8")
    assert list(kept.series) == ["lab.sales", "lab.margin", "lab.USD", "cloud.USD"]
    assert {"2025-07", "2025Q3", "2026"} <= set(kept.series["lab.sales"].rows)
    assert kept.futures["rich"] + kept.futures["other"] == pytest.approx(1.0)
    assert set(kept.answers["cash"]) == {"p5", "p50", "p95"}
    told = file.read_bytes()
    rolled(folder, sales("2026-03", "150 mn USD / year", "2026-04-20"))
    assert file.read_bytes() == told
    assert sorted(path.name for path in file.parent.iterdir()) == ["2025-06.json", "2025-12.json"]


def test_accounts_open_with_what_was_forecast_until_a_report_comes(folder: Path) -> None:
    found = rolled(folder)
    kept = thawed((folder / "forecasts" / "2025-06.json").read_text(encoding="utf-8"), "x")
    assert found.openings == ("lab.USD", "cloud.USD")
    row = kept.series["lab.USD"].rows["2025-12"]
    texts = {(one.account, one.on): one for one in found.deal.openings}
    assert texts["lab.USD", month("2025-06")].grounds.assumed == "a guess"
    assert texts["lab.USD", month("2025-12")].grounds.assumed.startswith("forecast of 2025-06, no report since")
    opened = detente.load(folder).run(paths=4_000, outputs=["lab.USD"])["lab.USD"].at(month("2026-01"))
    monthly = 0.3 * 130 / 12 / 1e3  # bn USD
    assert opened["p5"] == pytest.approx(row["p5"] + monthly, rel=0.02)
    assert opened["p95"] == pytest.approx(row["p95"] + monthly, rel=0.02)
    cash = sales(value="61 mn USD", published="2026-02-10", series="lab.USD")
    later = rolled(folder, cash, did_not_happen=[])
    assert [(one.series, one.since) for one in later.score.scored] == [("lab.sales", "2025-06"), ("lab.USD", "2025-06")]
    reported = [one for one in later.deal.openings if one.account == "lab.USD"]
    assert [one.on for one in reported] == [month("2025-06"), month("2025-12")]
    assert [citation.claim for citation in reported[1].grounds.citations] == ["lab-usd-2025-12"]


def test_what_followed_is_scored_against_every_forecast_before_it(folder: Path) -> None:
    rolled(folder)
    kept = thawed((folder / "forecasts" / "2025-06.json").read_text(encoding="utf-8"), "x")
    found = rolled(folder, sales("2026-03", "150 mn USD / year", "2026-04-20"))
    of = [(one.since, one.date) for one in found.score.scored]
    assert of == [("2025-06", "2025-12"), ("2025-06", "2026-03"), ("2025-12", "2026-03")]
    one, row = found.score.scored[0], kept.series["lab.sales"].rows["2025-12"]
    assert (one.observed, one.p5, one.p50, one.p95) == (130.0, row["p5"], row["p50"], row["p95"])
    assert one.inside == (row["p5"] <= 130.0 <= row["p95"])
    assert one.crps == pytest.approx(interval_score([row[f"p{level}"] for level in (5, 25, 50, 75, 95)], 130.0) / 130.0)
    # 90 / 80 and 100 / 90 over twelve months of record: the walk's own volatility, spread over the six months that follow
    volatility = np.sqrt((np.log(90 / 80) ** 2 + np.log(100 / 90) ** 2) / 12)
    assert one.walk_width == pytest.approx(100 * 2 * np.sinh(1.6448536 * volatility * np.sqrt(6)) / 130.0, rel=1e-4)


def test_a_quarter_is_scored_as_the_mean_of_its_months(folder: Path) -> None:
    found = rolled(folder, sales("2025Q4", "110 mn USD / year"))
    assert found.after == month("2025-12")
    kept = thawed((folder / "forecasts" / "2025-06.json").read_text(encoding="utf-8"), "x").series["lab.sales"].rows
    (one,) = found.score.scored
    assert (one.date, one.p50) == ("2025-10…2025-12", kept["2025Q4"]["p50"])
    assert kept["2025Q4"]["mean"] == pytest.approx(np.mean([kept[f"2025-{n}"]["mean"] for n in (10, 11, 12)]), rel=1e-4)


def test_an_observation_of_the_record_moves_nothing(folder: Path) -> None:
    found = rolled(folder, sales("2025-05", "31%", series="lab.margin"), did_not_happen=[])
    assert (found.after, found.frozen, found.openings) == (month("2025-06"), None, ())
    assert not (folder / "forecasts").exists()
    assert "observed: {2025-05: {value: 31%, claims: [lab-margin-2025-05]}}" in (folder / "deal.yaml").read_text()


def test_a_new_source_is_added_with_its_title(folder: Path) -> None:
    rolled(folder, sales(source="wire-2026", title="Sales rise", publisher="A wire"))
    deal, _ = load_deal(folder)
    assert deal is not None
    source = deal.evidence.sources["wire-2026"]
    assert (source.title, source.publisher) == ("Sales rise", "A wire")


def test_an_event_that_happened_is_on_record_and_was_not_known_before(folder: Path) -> None:
    when = parse_date("2025-08")
    found = rolled(folder, happened={"launch": when}, did_not_happen=[])
    launch = found.deal.events["launch"]
    assert launch.happened == when
    assert launch.before is not None
    assert launch.before.policy is not None
    assert launch.before.policy.text == "at(2025-08)"


def test_as_of_the_old_now_the_rolled_deal_says_what_the_old_one_said(folder: Path) -> None:
    before = detente.load(folder).run(paths=200, outputs=["lab.USD", "launch"])
    rolled(folder, happened={"launch": parse_date("2025-08")}, did_not_happen=[])
    after = detente.load(folder).as_of("2025-06").run(paths=200, outputs=["lab.USD", "launch"])
    for name in ("lab.USD", "launch"):
        assert np.array_equal(before[name].mean, after[name].mean)
    assert before.futures == after.futures


def test_a_decision_that_was_not_taken_keeps_what_is_left_of_its_options(folder: Path) -> None:
    launch = rolled(folder).deal.events["launch"]
    assert launch.policy is not None
    assert (launch.policy.text, [one.text for one in launch.options]) == ("never", ["never", "at(2026-02)"])
    assert rolled(folder, sales("2026-01", "131 mn USD / year", "2026-03"), did_not_happen=[]).notes == (
        "taken as not happened by 2026-01: trial, launch",
    )


def test_a_table_of_actuals(folder: Path) -> None:
    table = folder / "new.csv"
    table.write_text(
        "series,on,value,source,published,says,title\n"
        'lab.sales,2025-09,110 mn USD / year,wire,2025-10-20,"sales, again",A wire\n'
        "lab.sales,2025-12,130,wire,2026-01-20,,A wire\n"
        "lab.USD,2025-12,61 mn USD,wire,2026-01-20,,\n",
        encoding="utf-8",
    )
    found = rolled(folder, *read_actuals(table))
    assert found.claims == ("lab-sales-2025-09", "lab-sales-2025-12", "lab-usd-2025-12")
    assert found.openings == ("cloud.USD",)
    assert [one.date.text for one in found.deal.variables["lab.sales"].past][-2:] == ["2025-09", "2025-12"]


@pytest.mark.parametrize(
    ("given", "more", "code"),
    [
        ({"series": "lab.sails"}, {}, "unknown-name"),
        ({"on": "2025-06"}, {}, "dates-out-of-order"),
        ({"on": "2025-03"}, {}, "dates-out-of-order"),
        ({"on": "2025-13"}, {}, "not-a-date"),
        ({"published": "soon"}, {}, "not-a-date"),
        ({"published": "2025-10"}, {}, "dates-out-of-order"),
        ({"value": "130 mn USD"}, {}, "unit-mismatch"),
        ({"value": "a lot"}, {}, "expression-syntax"),
        ({"value": "100 to 130 mn USD / year"}, {}, "not-a-quantity"),
        ({"source": "report-2026"}, {}, "unknown-source"),
        ({"title": "A report"}, {}, "superfluous-key"),
        ({"series": "lab.USD", "value": "61"}, {}, "unit-mismatch"),
        ({"series": "lab.USD", "value": "61 mn USD", "on": "2025-06"}, {}, "duplicate-opening"),
        ({"series": "lab.USD", "value": "61 mn USD", "on": "2025Q4"}, {}, "not-a-month"),
        ({}, {"now": "2025-09"}, "date-outside"),
        ({}, {"now": "2026-12"}, "date-outside"),
        ({}, {"did_not_happen": []}, "policy-in-past"),
        ({}, {"did_not_happen": ["launch", "trial"]}, "changes-nothing"),
        ({}, {"did_not_happen": ["lunch"]}, "unknown-event"),
        ({}, {"did_not_happen": [], "happened": {"launch": parse_date("2025-05")}}, "date-outside"),
    ],
)
def test_on_any_error_nothing_is_written(
    folder: Path, given: dict[str, str], more: dict[str, object], code: str
) -> None:
    before = contents(folder)
    with pytest.raises(Refused) as wrong:
        rolled(folder, sales(**given), **more)  # type: ignore[arg-type]
    assert code in {one.code for one in wrong.value.diagnostics}
    assert all(one.ways_out for one in wrong.value.diagnostics)
    assert contents(folder) == before


def test_all_that_is_wrong_is_said_at_once(folder: Path) -> None:
    with pytest.raises(Refused) as wrong:
        rolled(folder, sales(value="130 MW", series="lab.sales"), sales(series="lab.x"), did_not_happen=[])
    assert {one.code for one in wrong.value.diagnostics} == {"unit-mismatch", "unknown-name"}


def test_what_is_given_twice_is_refused(folder: Path) -> None:
    with pytest.raises(Refused):
        rolled(folder, sales(), sales())


def test_what_the_rolled_deal_cannot_say_is_refused(folder: Path) -> None:
    text = DEAL + "checks:\n  - {that: lab.USD > 0 USD, on: 2025-07}\nscenarios:\n  now_: {launch: at(2025-07)}\n"
    (folder / "deal.yaml").write_text(text, encoding="utf-8")
    before = contents(folder)
    with pytest.raises(Refused) as wrong:
        rolled(folder)
    assert "rolled to 2025-12" in str(wrong.value)
    assert contents(folder) == before


def test_files_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("old")
    with pytest.raises(OSError, match="none"):
        write_together({tmp_path / "one": "new", tmp_path / "none" / "two": "new"})
    assert contents(tmp_path) == {"one": b"old"}
    (tmp_path / "two").mkdir()
    with pytest.raises(OSError, match="two"):
        write_together({tmp_path / "three": "new", tmp_path / "one": "new", tmp_path / "two": "new"})
    assert contents(tmp_path) == {"one": b"old"}


def test_a_damaged_forecast_is_told(folder: Path) -> None:
    (folder / "forecasts").mkdir()
    (folder / "forecasts" / "2025-03.json").write_text("{}")
    with pytest.raises(ValueError, match=r"2025-03\.json' is no frozen forecast"):
        rolled(folder)


@pytest.mark.parametrize(
    "text",
    ["", "series,on\nx,y\n", "series,on,value,source,published,extra\n", "series,on,value,source,published\na,b\n"],
)
def test_a_table_with_other_columns_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(ValueError, match=r"x\.csv"):
        read_actuals(tmp_path / "x.csv")


def test_the_interval_score_by_hand() -> None:
    # Quantiles 0, 1, 2, 3, 4 and 5 observed: pinball losses 0.05 * 5, 0.25 * 4, 0.5 * 3, 0.75 * 2, 0.95 * 1 sum to 5.2.
    assert interval_score([0, 1, 2, 3, 4], 5.0) == pytest.approx(2 * 5.2 / 5)
    # Bracher et al. (2021): (|y - m| / 2 + the interval scores at 50 % and 10 % times a quarter and a twentieth) / 2.5,
    # where an interval score is its width and 2 / alpha times what the observation lies outside.
    fifty, ninety = 2 + (2 / 0.5) * 2, 4 + (2 / 0.1) * 1
    assert interval_score([0, 1, 2, 3, 4], 5.0) == pytest.approx((3 / 2 + 0.25 * fifty + 0.05 * ninety) / 2.5)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_the_interval_score_of_a_point_is_its_distance(point: float, observed: float) -> None:
    assert interval_score([point] * len(LEVELS), observed) == pytest.approx(abs(point - observed), abs=1e-6)


def test_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["actuals", "add", str(folder), "--series", "lab.sales", "--on", "2025-12", "--value", "130 mn USD / year"]
    given += ["--source", "report-2025", "--published", "2026-01-20", "--paths", "100"]
    assert main(given) == 1
    assert "--happened launch=DATE" in capsys.readouterr().err
    assert main([*given, "--happened", "launch=2025-08"]) == 0
    shown = capsys.readouterr().out
    assert "The record ends in December 2025" in shown
    assert "inside the 90 % interval" in shown
    assert main(given) == 1
    assert main(["actuals", "add", str(folder), "--on", "2025-12"]) == 2
    assert "an actual needs --series, --value" in capsys.readouterr().err
    given[given.index("2025-12")] = "2026-03"
    given[given.index("2026-01-20")] = "2026-04"
    assert main([*given, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["all"]["observations"] == 3
