"""detente models strategic partnerships as text, simulates them, and traces every number to the sentence it came from.

import detente as dt
deal = dt.load("cases/openai-microsoft")
run = deal.run(paths=10_000)
run["openai.USD"].p50
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from detente.text.diagnostic import Diagnostic, Refused
from detente.text.written import parse_date

if TYPE_CHECKING:
    from altair import LayerChart

    from detente.answers.explanation import Explanation
    from detente.answers.results import Findings
    from detente.deal.model import Deal as DealText
    from detente.engine.run import Outcomes, Run

__version__ = "0.1.0"
__all__ = ["Deal", "Refused", "chart", "load", "loads"]


def load(path: str | Path) -> Deal:
    """The deal in a folder (its `deal.yaml`, `sources.yaml`, `claims.jsonl`) or a file.

    Raises:
        Refused: with every diagnostic, printed as `detente check` prints them.
    """
    from detente.deal.load import load_deal

    return _checked(*load_deal(Path(path)))


def loads(text: str) -> Deal:
    """A deal from a text, without evidence beside it.

    Raises:
        Refused: with every diagnostic.
    """
    from detente.deal.load import parse_deal

    return _checked(*parse_deal(text))


def chart(run: Run, name: str) -> LayerChart:
    """A picture of one output of a run: the band, the median, the mean, and the record as dots. Needs altair."""
    from detente.report.charts import fan, with_look

    return with_look(fan(run[name], run.deal))


def _checked(text: DealText | None, findings: tuple[Diagnostic, ...]) -> Deal:
    from detente.engine.evaluate import graph_of

    errors = tuple(one for one in findings if one.severity == "error")
    if text is None or errors:
        raise Refused(findings)
    graph_of(text)
    return Deal(text, tuple(one for one in findings if one.severity == "warning"))


@dataclass(frozen=True)
class Deal:
    """A deal that compiles. `text` is what its files say; `warnings` what is odd but not wrong."""

    text: DealText
    warnings: tuple[Diagnostic, ...] = ()

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

        found = parse_date(date)
        if found is None:
            raise ValueError(f"'{date}' is not a date: write 2023-12")
        return Deal(at_date(self.text, found), self.warnings)

    def run(self, paths: int = 10_000, seed: int = 1, scenario: str = "base", outputs: Sequence[str] = ()) -> Run:
        """The deal simulated: its outputs by month and the chances of its futures.

        Raises:
            Refused: where a path is not finite.
            ValueError: for an impossible number of paths or seed, an unknown scenario or output.
        """
        from detente.engine.evaluate import run_deal

        return run_deal(self.text, paths, seed, scenario, outputs)

    def evaluate(
        self, outputs: Sequence[str], scenarios: Sequence[str] = ("base",), paths: int = 2_000, seed: int = 1
    ) -> Outcomes:
        """Figures about whole paths, such as `openai.USD at 2026-12`, under scenarios, on the same draws.

        Raises:
            Refused: where an output cannot be read.
            ValueError: for an unknown scenario.
        """
        from detente.engine.evaluate import evaluated, figures, graph_of, scenario_variant
        from detente.engine.run import Outcomes

        graph = graph_of(self.text, figures(outputs))
        runs = [scenario_variant(self.text, name) for name in scenarios]
        values = evaluated(graph, runs, paths, seed, tuple(outputs))
        units = tuple(str(graph.measures[output].formula.unit) for output in outputs)
        return Outcomes(tuple(scenarios), tuple(outputs), units, values)

    def why(self, what: str, paths: int = 2_000, seed: int = 1, path: int | None = None) -> Explanation:
        """Why a quantity is what it is: `openai.USD@2026-12`, on the path nearest to the median unless one is named.

        Raises:
            ValueError: where `what` names no quantity or month.
        """
        from detente.answers.why import explain

        return explain(self.text, what, paths, seed, path)

    def findings(self, paths: int = 10_000, seed: int = 1) -> Findings:
        """Everything the report shows."""
        from detente.answers.findings import find

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
