"""detente models strategic partnerships as text, simulates them, and traces every number to the sentence it came from.

import detente as dt deal = dt.load("cases/openai-microsoft") run = deal.run(paths=10_000) run["openai.USD"].p50
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

from detente.text.diagnostic import Diagnostic, Refused
from detente.text.written import Date, parse_date

if TYPE_CHECKING:
    from altair import LayerChart

    from detente.answers.cap_table import Ownership
    from detente.answers.difference import Difference
    from detente.answers.explanation import Explanation
    from detente.answers.forecast import Forecast
    from detente.answers.held import Held
    from detente.answers.relations import Relations
    from detente.answers.results import Findings
    from detente.deal.model import Deal as DealText
    from detente.deal.write import Files
    from detente.engine.run import Outcomes, Run
    from detente.engine.sweep import Overrides

__version__ = "0.1.0"
__all__ = ["Deal", "Refused", "build", "chart", "load", "loads", "threads"]


def load(path: str | Path) -> Deal:
    """The deal in a folder (its `deal.yaml`, `sources.yaml`, `claims.jsonl`) or a file.

    Raises:
        Refused: with every diagnostic, printed as `detente check` prints them.
    """
    from detente.deal.load import load_deal
    from detente.deal.write import read_files

    text, findings = load_deal(Path(path))
    if text is None:
        raise Refused(findings)
    return _checked(text, findings, read_files(Path(path)), {})


def loads(text: str, sources: str = "", claims: str = "") -> Deal:
    """A deal from the text of its `deal.yaml`, and of `sources.yaml` and `claims.jsonl` where it cites claims.

    Raises:
        Refused: with every diagnostic.
    """
    from detente.deal.write import Files

    return _parsed(Files(text, sources, claims))


def build(
    mapping: Mapping[str, object],
    sources: Mapping[str, object] | None = None,
    claims: Sequence[Mapping[str, object]] = (),
) -> Deal:
    """A deal from Python objects: `mapping` holds what `deal.yaml` does, key by key, `sources` the records by name,
    `claims` a list of records. Values are texts, numbers (written exactly), truths, dates, lists and mappings.

    The text is written first and then read, so that what is wrong is shown in that text.

    Raises:
        Refused: with every diagnostic.
        ValueError: for an object that a deal cannot hold.
    """
    from detente.deal.write import files_of

    return _parsed(files_of(mapping, sources, claims), " (built)")


def chart(run: Run, name: str) -> LayerChart:
    """A picture of one output of a run: the band, the median, the mean, and the record as dots. Needs altair."""
    from detente.report.charts import fan, with_look

    return with_look(fan(run[name], run.deal))


def threads(count: int) -> AbstractContextManager[None]:
    """Runs inside use so many threads instead of all processors: `with detente.threads(2): deal.run()`. The numbers are
    the same, to the bit.

    Raises:
        ValueError: where that is no whole number from 1 on.
    """
    from detente.engine.evaluate import on_threads

    return on_threads(count)


@cache
def _warn_if_slow() -> None:
    """Once, where programs cannot be compiled."""
    from detente.engine.evaluate import fallback

    if fallback():
        warn(fallback(), RuntimeWarning, stacklevel=3)


def _date(text: str) -> Date:
    found = parse_date(text)
    if found is None:
        raise ValueError(f"'{text}' is not a date: write 2023-12")
    return found


def _parsed(files: Files, mark: str = "") -> Deal:
    """The deal that texts tell; `mark` stands behind the names of its files where something is wrong."""
    from detente.deal.write import parse_files

    return _checked(*parse_files(files, mark), files, files.by_name(mark))


def _checked(
    text: DealText | None, findings: tuple[Diagnostic, ...], files: Files, on_no_disk: Mapping[str, str]
) -> Deal:
    from detente.graph.build import check

    graph, findings = check(text, findings)
    if text is None or graph is None:
        raise Refused(findings, on_no_disk)
    return Deal(text, tuple(one for one in findings if one.severity == "warning"), files)


@dataclass(frozen=True)
class Deal:
    """A deal that compiles. `text` is what its files say; `warnings` what is odd but not wrong; `files` its texts as
    they stood when it was loaded, which a deal as known on an earlier date has not."""

    text: DealText
    warnings: tuple[Diagnostic, ...] = ()
    files: Files | None = field(default=None, compare=False, repr=False)

    @property
    def title(self) -> str:
        """What the deal is called."""
        return self.text.title

    def as_of(self, date: str) -> Deal:
        """The deal as an analyst of an earlier date could have written it.

        Raises:
            Refused: with everything that was not yet known.
            ValueError: where the text is no date.
        """
        from detente.engine.evaluate import at_date

        earlier = at_date(self.text, _date(date))
        return Deal(earlier, self.warnings, self.files if earlier is self.text else None)

    def to_text(self) -> str:
        """The text of `deal.yaml`: as it was loaded, comments included, or as it was built.

        Raises:
            ValueError: for a deal as known on an earlier date, which is a view and has no text of its own.
        """
        return self._files().deal

    def to_data(self) -> dict[str, Any]:
        """The deal as plain data, `mapping`, `sources` and `claims`: `build(**deal.to_data())` says the same.

        Raises:
            ValueError: as `to_text`.
        """
        from detente.deal.write import data_of

        return data_of(self._files())

    def write(self, folder: str | Path, overwrite: bool = False) -> None:
        """Write `deal.yaml`, `sources.yaml` and `claims.jsonl` into a folder, each in one step.

        Raises:
            FileExistsError: where one of them is there and `overwrite` is not said.
            ValueError: as `to_text`.
        """
        from detente.deal.write import save

        save(self._files(), Path(folder), overwrite)

    def changed(self, changes: Mapping[Any, object]) -> Deal:
        """A new deal with values replaced, comments kept: `{"agreements.azure.terms.takings.rate": "15%"}`. A path
        joins keys by dots and counts items of lists from 0; a tuple of keys says the same. What is not there yet is
        added through `to_data` and `build`.

        Raises:
            Refused: where the new deal is wrong.
            ValueError: for a path that is not there, and as `to_text`.
        """
        from detente.deal.write import changed

        return _parsed(changed(self._files(), changes), " (changed)")

    def _files(self) -> Files:
        if self.files is None:
            raise ValueError("a deal as known on an earlier date has no text of its own: ask the deal it was made from")
        return self.files

    def run(
        self,
        paths: int = 10_000,
        seed: int = 1,
        scenario: str = "base",
        outputs: Sequence[str] = (),
        resume: str | Path | None = None,
    ) -> Run:
        """The deal simulated: its outputs by month and the chances of its futures. With `resume`, what is done is kept
        in that file as it comes, on Ctrl-C too, and the same call goes on from there; so does one for more paths.

        Raises:
            Refused: where a path is not finite, memory does not suffice, or the file is of another run, damaged or none
                of ours.
            ValueError: for an impossible number of paths or seed, an unknown scenario or output.
        """
        from detente.engine.evaluate import run_deal

        _warn_if_slow()
        file = None if resume is None else Path(resume)
        return run_deal(self.text, paths, seed, scenario, outputs, resume=file)

    def evaluate(
        self, outputs: Sequence[str], scenarios: Sequence[str] = ("base",), paths: int = 2_000, seed: int = 1
    ) -> Outcomes:
        """Figures about whole paths, such as `openai.USD at 2026-12`, under scenarios, on the same draws.

        Raises:
            Refused: where an output cannot be read, a path is not finite, or memory does not suffice.
            ValueError: for an unknown scenario.
        """
        return self.sweep(outputs, scenarios=scenarios, paths=paths, seed=seed)

    def sweep(
        self,
        outputs: Sequence[str],
        overrides: Overrides = (),
        scenarios: Sequence[str] = ("base",),
        believers: Sequence[str] = ("",),
        paths: int = 2_000,
        seed: int = 1,
    ) -> Outcomes:
        """Figures about whole paths under every scenario, with every believer (a party whose beliefs are taken, or ""
        for the deal as filed) and every override, on the same draws, such as
        `deal.sweep(["lab.USD at 2026-12"], {"price": [2, 3]})`.

        Overrides are values by assumption, of which every combination is run, or a list of combinations. A number is in
        the unit in which the deal shows the assumption, a text as a deal writes it, such as `"5% to 10% / year"`.

        Raises:
            Refused: where an output or a value cannot be read, a value is in another unit, a path is not finite, or
                memory does not suffice.
            ValueError: for an unknown scenario, believer or assumption, or nothing to run.
        """
        from detente.engine.sweep import sweep

        _warn_if_slow()
        return sweep(self.text, outputs, overrides, scenarios, believers, paths, seed)

    def why(self, what: str, paths: int = 2_000, seed: int = 1, path: int | None = None) -> Explanation:
        """Why a quantity is what it is: `openai.USD@2026-12`, on the path nearest to the median unless one is named.

        Raises:
            ValueError: where `what` names no quantity or month.
        """
        from detente.answers.why import explain

        return explain(self.text, what, paths, seed, path)

    def held(self, on: str = "", as_of: str = "") -> Held:
        """What held on a date (at `now` without one), as all the files say or as known on another date.

        Raises:
            Refused: for a date outside record and horizon.
            ValueError: where a text is no date.
        """
        from detente.answers.held import held

        return held(self.text, _date(on) if on else None, _date(as_of) if as_of else None)

    def ownership(
        self, on: str = "", path: int | None = None, paths: int = 2_000, seed: int = 1, scenario: str = "base"
    ) -> Ownership:
        """Who owns what as a month closes (`now` without a date): on a numbered path, or as means over paths.

        Raises:
            Refused: where a path is not finite.
            ValueError: where a text is no date, or the date lies before `now` or after the horizon.
        """
        from detente.answers.cap_table import cap_table

        return cap_table(self.text, _date(on) if on else None, path, paths, seed, scenario)

    def diff(self, other: Deal) -> Difference:
        """What changed from this deal to another, in words."""
        from detente.answers.difference import difference

        return difference(self.text, other.text)

    def relations(self, paths: int = 1_000, seed: int = 1, relative: float = 0.10, points: float = 0.05) -> Relations:
        """The incidents between parties, and by how much one would have to move a chance or a threshold before a
        headline figure or a future changes: by a `relative` part of itself, a chance by `points` (0.05 is 5 points).

        Raises:
            Refused: where a path is not finite.
            ValueError: where the deal has no relations.
        """
        from detente.answers.relations import relations

        return relations(self.text, paths, seed, relative, points)

    def forecast(self, paths: int = 10_000, seed: int = 1) -> Forecast:
        """The deal's `questions` answered.

        Raises:
            Refused: where a question cannot be read or asks in a unit that does not fit.
            ValueError: where the deal asks nothing.
        """
        from detente.answers.forecast import forecast

        return forecast(self.text, paths, seed)

    def findings(self, paths: int = 10_000, seed: int = 1) -> Findings:
        """Everything the report shows."""
        from detente.answers.findings import find

        _warn_if_slow()
        return find(self.text, paths, seed)

    def _repr_html_(self) -> str:
        from html import escape

        from detente.text.written import month_text

        text = self.text
        rows = {
            "record": f"{month_text(text.first)} to {month_text(text.now)}",
            "horizon": month_text(text.last),
            "parties": ", ".join(party.title for party in text.parties.values()),
            "agreements": ", ".join(text.agreements),
            "assumptions": str(len(text.assumptions)),
            "futures": ", ".join(future.title for future in text.futures.values()),
        }
        body = "".join(
            f"<tr><th style='text-align:left'>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows.items()
        )
        return f"<b>{escape(text.title)}</b><table>{body}</table>"
