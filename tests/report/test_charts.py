"""Charts are Vega-Lite data: valid, small, without colours, the same every time."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vl_convert

from detente.answers.results import Findings
from detente.report import charts, layout
from detente.report.theme import theme
from detente.report.timeline import timeline

Golden = Callable[[str, Any], None]


def csv_of(spec: dict[str, Any]) -> list[str]:
    """The lines of the one table that a spec carries as CSV."""
    (text,) = {data for data in spec["datasets"].values() if isinstance(data, str)}
    return str(text).splitlines()


def test_the_charts_of_the_small_deal_are_as_recorded(findings: Findings, golden: Golden) -> None:
    for name, found in layout.figures(findings).specs().items():
        golden(name, {key: value for key, value in found.items() if key != "$schema"})


def test_every_chart_is_valid_and_can_be_drawn_in_both_themes(findings: Findings) -> None:
    drawn = [timeline(findings.deal), charts.futures(findings.run), charts.leverage(findings.rights, findings.deal)]
    drawn += [charts.fan(series, findings.deal) for series in findings.run.series.values()]
    drawn.append(charts.by_when([findings.run["listed"]], findings.deal))
    for chart in drawn:
        chart.to_dict(validate=True)
        for dark in (False, True):
            vl_convert.vegalite_to_vega(charts.spec(chart), config=theme(dark))


def test_no_chart_names_a_colour(findings: Findings) -> None:
    text = json.dumps(layout.figures(findings).specs())
    assert "#" not in text


def test_a_fan_carries_its_numbers_in_the_unit_of_its_title(findings: Findings) -> None:
    found = charts.spec(charts.fan(findings.run["lab.sales"], findings.deal))
    assert found["title"]["subtitle"] == "USD mn a year"
    lines = csv_of(found)
    assert lines[:2] == ["s,m,lo,mid,hi,mean", "Lab: sales,2025-01,240,240,240,240"]
    assert lines[-1] == "Lab: sales,2026-12,220.8,480,739.2,544.8"


def test_an_absent_value_is_empty_and_never_zero(findings: Findings) -> None:
    whole = findings.run["lab.USD"]
    absent = np.where(np.arange(len(whole.months)) < 2, np.nan, whole.mean)
    series = replace(whole, mean=absent, p5=absent, p50=absent, p95=absent)
    lines = csv_of(charts.spec(charts.fan(series, findings.deal)))
    assert lines[1:3] == ["Lab: USD held,2025-01,,,,", "Lab: USD held,2025-02,,,,"]
    assert lines[3].startswith("Lab: USD held,2025-03,6")


def test_observed_values_say_what_they_rest_on(findings: Findings) -> None:
    text = json.dumps(charts.spec(charts.fan(findings.run["lab.sales"], findings.deal)))
    assert "Sales ran at 250 million (The Herald)" in text
    assert "the paths pass through it" in text
    assert "drives nothing" in json.dumps(charts.spec(charts.fan(findings.run["lab.worth"], findings.deal)))


def test_the_timeline_shows_what_was_ended_and_what_is_to_come(findings: Findings) -> None:
    text = json.dumps(charts.spec(timeline(findings.deal)))
    for state in ("dt-held", "dt-ended", "dt-coming", "dt-signed", "dt-amended", "dt-payment"):
        assert f'"style": "{state}"' in text
    assert "30 mn USD if listed else 10 mn USD" in text


def test_an_event_is_drawn_as_the_chance_that_it_has_come(findings: Findings) -> None:
    found = charts.spec(charts.by_when([findings.run["listed"]], findings.deal))
    assert csv_of(found)[-1] == "Listed,2026-12,0,0,100,40"


def test_rights_in_two_units_stand_in_two_charts(findings: Findings) -> None:
    one, other = findings.rights
    found = layout.figures(replace(findings, rights=(one, replace(other, unit="EUR"))))
    assert [figure.id for figure in found.leverage] == ["rights-1", "rights-2"]


def test_series_stand_with_their_like(findings: Findings) -> None:
    stretches = {it.title: [series.name for series in it.series] for it in layout.figures(findings).stretches}
    assert stretches == {
        "Compute: demand and supply": ["lab.compute_need", "cloud.offer"],
        "Money": ["lab.USD", "lab.sales", "lab.worth"],
        "Ownership": ["cloud.stock", "cloud.part"],
        "What may happen": ["listed"],
        "Other measures": ["lab.growth"],
    }


@pytest.mark.parametrize(("name", "start"), [("a.svg", b"<svg"), ("a.png", b"\x89PNG")])
def test_a_picture_is_drawn_without_a_browser(findings: Findings, tmp_path: Path, name: str, start: bytes) -> None:
    charts.save_picture(charts.futures(findings.run), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_another_kind_of_picture_is_refused(findings: Findings, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.svg or a \.png, not 'a\.pdf'"):
        charts.save_picture(charts.futures(findings.run), tmp_path / "a.pdf")
