"""The report as one HTML file that opens from disk: charts, tables and what draws them, nothing from outside."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2
import vl_convert
from markupsafe import Markup

from detente.answers.results import Findings
from detente.deal.model import Grounds
from detente.report import layout, timeline, words
from detente.report.charts import right_title
from detente.report.theme import theme
from detente.text.files import write_whole

PAGE = Path(__file__).parent / "page"


def write_report(findings: Findings, path: Path) -> None:
    """Write the report: whoever opens the path finds the old page or the whole new one, never a part."""
    write_whole(path, render(findings))


def render(findings: Findings) -> str:
    """The page as text. What comes from a deal is escaped; charts are JSON in which nothing can close a script."""
    deal = findings.deal
    figures = layout.figures(findings)

    def by_name(names: tuple[str, ...]) -> list[layout.Cited]:
        return [layout.cited(name, "", deal) for name in names]

    def by_grounds(grounds: Grounds) -> list[layout.Cited]:
        return [layout.cited(citation.claim, citation.gives, deal) for citation in grounds.citations]

    return (
        _pages()
        .get_template("page.html.jinja")
        .render(
            findings=findings,
            deal=deal,
            run=findings.run,
            figures=figures,
            cards=layout.cards(findings.headlines),
            sourced=sum(item.sourced for item in findings.grounds),
            year_ends=layout.year_ends(deal),
            by_name=by_name,
            by_grounds=by_grounds,
            right_title=right_title,
            timeline=timeline,
            words=words,
            drawn={"themes": {"light": theme(), "dark": theme(dark=True)}, "specs": figures.specs()},
            style=_own("style.css"),
            script=_own("page.js"),
            library=_library(),
        )
    )


@cache
def _pages() -> jinja2.Environment:
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(PAGE),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    pages.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return pages


def _own(name: str) -> Markup:
    """A file of ours that stands in the page as it is."""
    return Markup((PAGE / name).read_text(encoding="utf-8"))


@cache
def _library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed as one script, from the installed package; none of it is kept here."""
    return Markup(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;").replace("</script", "<\\/script"))
