"""What a run gives: summaries of series by month and the chances of futures, with units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from detente.deal.model import Deal
from detente.text.written import Month, month_text

if TYPE_CHECKING:
    import pandas

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observation:
    """A value on record: over the months `first` to `last` inclusive, in the unit of its series."""

    first: Month
    last: Month
    value: float
    claims: tuple[str, ...]
    drives: bool


@dataclass(frozen=True, slots=True)
class Series:
    """One output by month: arrays are float64[month], in `unit`, over the paths where it is present (R7).

    `mc_error` is the sampling error of the mean; `present` the share of paths that have a value.
    """

    name: str
    unit: str
    months: tuple[Month, ...]
    mean: FloatArray
    p5: FloatArray
    p50: FloatArray
    p95: FloatArray
    mc_error: FloatArray
    present: FloatArray
    observed: tuple[Observation, ...] = ()

    @property
    def dates(self) -> tuple[str, ...]:
        """The months as written."""
        return tuple(month_text(month) for month in self.months)

    def _repr_html_(self) -> str:
        from html import escape

        rows = "".join(
            f"<tr><td>{date}</td>"
            + "".join(f"<td style='text-align:right'>{value:,.4g}</td>" for value in row)
            + "</tr>"
            for date, *row in zip(self.dates, self.p5, self.p50, self.p95, self.mean, strict=True)
        )
        heads = "".join(f"<th>{head}</th>" for head in ("", "5 %", "median", "95 %", "mean"))
        return f"<b>{escape(self.name)}</b> in {escape(self.unit)}<table><tr>{heads}</tr>{rows}</table>"

    def at(self, month: Month) -> dict[str, float]:
        """Mean, p5, p50, p95 and mc_error in a month."""
        index = self.months.index(month)
        return {key: float(getattr(self, key)[index]) for key in ("mean", "p5", "p50", "p95", "mc_error")}


@dataclass(frozen=True, slots=True)
class Range:
    """The least and greatest value when each assumption in turn is held at its 5th and 95th percentile, and under each
    party's beliefs; it does not shrink with paths. `low_at` and `high_at` say what was held there."""

    low: float
    high: float
    low_at: str
    high_at: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A number read off whole paths: a chance (`unit` is "probability") or a quantity in `unit`."""

    unit: str
    mean: float
    p5: float
    p50: float
    p95: float
    mc_error: float
    present: float
    range: Range | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Figures about whole paths with their labels: `values` is float64[run, output, path] in base units (currency,
    month, MW, share), nan on the paths on which a figure is absent (R7); `units` are those base units by output."""

    runs: tuple[str, ...]
    outputs: tuple[str, ...]
    units: tuple[str, ...]
    values: FloatArray

    def __getitem__(self, key: str | tuple[str, str]) -> FloatArray:
        """The paths of an output in the first run, or of a (run, output): float64[path]."""
        run, output = key if isinstance(key, tuple) else (self.runs[0], key)
        found: FloatArray = self.values[self.runs.index(run), self.outputs.index(output)]
        return found

    @property
    def present(self) -> FloatArray:
        """The share of paths on which each figure is there: float64[run, output]."""
        found: FloatArray = 1.0 - np.isnan(self.values).mean(axis=-1)
        return found

    def frame(self) -> pandas.DataFrame:
        """A table with a row a path and a column a run and output. Needs pandas."""
        import pandas

        columns = pandas.MultiIndex.from_product([self.runs, self.outputs], names=["run", "output"])
        return pandas.DataFrame(self.values.reshape(len(columns), -1).T, columns=columns)


@dataclass(frozen=True, slots=True)
class Run:
    """A deal run over paths under a scenario (`base` is the deal as filed)."""

    deal: Deal
    scenario: str
    paths: int
    seed: int
    seconds: float
    series: dict[str, Series]
    futures: dict[str, Measured] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Series:
        return self.series[name]

    def frame(self) -> pandas.DataFrame:
        """A long table: name, unit, date, mean, p5, p50, p95, mc_error. Needs pandas."""
        import pandas

        rows = [
            {"name": series.name, "unit": series.unit, "date": pandas.Period(date, "M"), **series.at(month)}
            for series in self.series.values()
            for month, date in zip(series.months, series.dates, strict=True)
        ]
        return pandas.DataFrame(rows)

    def _repr_html_(self) -> str:
        from html import escape

        last = {name: series.at(series.months[-1]) for name, series in self.series.items()}
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(self.series[name].unit)}</td>"
            + "".join(f"<td style='text-align:right'>{at[key]:,.3g}</td>" for key in ("p5", "p50", "p95"))
            + "</tr>"
            for name, at in last.items()
        )
        chances = ", ".join(f"{escape(name)} {future.mean:.0%}" for name, future in self.futures.items())
        return (
            f"<b>{escape(self.deal.title)}</b>, {escape(self.scenario)}: {self.paths:,} paths, seed {self.seed}"
            f"<table><tr><th>at {month_text(self.deal.last)}</th><th>unit</th><th>5 %</th><th>median</th>"
            "<th>95 %</th></tr>"
            f"{rows}</table>{chances}"
        )

    def as_data(self) -> dict[str, Any]:
        """The run as plain data, in the form that `detente run --json` writes."""
        return {
            "deal": self.deal.title,
            "paths": self.paths,
            "seed": self.seed,
            "seconds": self.seconds,
            "outputs": {
                name: {
                    "unit": series.unit,
                    "dates": list(series.dates),
                    **{key: _numbers(getattr(series, key)) for key in ("mean", "p5", "p50", "p95", "mc_error")},
                }
                for name, series in self.series.items()
            },
            "futures": {
                name: {
                    "probability": future.mean,
                    "mc_error": future.mc_error,
                    "range": [future.range.low, future.range.high] if future.range else None,
                }
                for name, future in self.futures.items()
            },
        }


def _numbers(values: FloatArray) -> list[float | None]:
    """An absent value is null, never zero."""
    return [float(value) if np.isfinite(value) else None for value in values]
