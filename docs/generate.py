"""Writes what of the documentation follows from the program: `make docs`.

`language.md` holds generated parts between `<!-- generated: NAME -->` and `<!-- end -->`; `terms.md` is all generated,
and so is `mechanisms.md` of a case that lists its mechanisms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from detente.answers.catalogue import ParameterEntry, term_entries
from detente.answers.findings import find
from detente.answers.mechanisms import Answered, Crossing, Figure, Mechanism, answer, mechanisms
from detente.deal.load import load_deal
from detente.deal.model import Deal
from detente.engine.run import Measured
from detente.graph.processes import PROCESSES
from detente.lang.distribution import DISTRIBUTIONS
from detente.lang.functions import FUNCTIONS
from detente.lang.unit import CURRENCIES, UNIT_NAMES, parse_unit
from detente.report import words
from detente.text.diagnostic import Refused

HERE = Path(__file__).parent
MARKED = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines) + "\n"


def functions() -> str:
    """The registry of functions: those told by month, then those of whole paths."""
    rows = [
        [f"`{one.signature}`", one.gives, one.units, "; ".join(f"`{example}`" for example in one.examples)]
        for one in sorted(FUNCTIONS.values(), key=lambda one: one.whole_path)
    ]
    count = sum(not one.whole_path for one in FUNCTIONS.values())
    head = ["function", "gives", "units", "examples"]
    months, paths = table(head, rows[:count]), table(["of whole paths", *head[1:]], rows[count:])
    return f"{months}\n{paths}"


def units() -> str:
    """Suffixes, and units by what they measure."""
    of: dict[str, list[str]] = {}
    for name in sorted(UNIT_NAMES - CURRENCIES, key=lambda name: (parse_unit(name)[0], name)):
        of.setdefault(str(parse_unit(name)[1]), []).append(name)
    rows = [[f"`{base}`", " ".join(f"`{name}`" for name in names)] for base, names in of.items()]
    rows.append(["a currency", " ".join(f"`{name}`" for name in sorted(CURRENCIES))])
    suffixes = [["suffix", "`k` thousand, `mn` million, `bn` billion, `tn` trillion, `%` a hundredth"]]
    return table(["base unit", "its units"], [*suffixes, *rows])


def distributions() -> str:
    """What may stand as an uncertain value, and as the process of a variable."""
    rows = [["`low to high`", "the 5th to the 95th percentile", "`9 to 12 mn USD / MW / year`"]]
    rows += [[f"`{form.signature}`", form.gives, f"`{form.example}`"] for form in DISTRIBUTIONS.values()]
    processes = [[f"`{one.signature}`", one.gives, one.source] for one in PROCESSES.values()]
    arguments = [
        [f"`{process.name}`", f"`{one.name}`", one.does, one.unit, f"`{one.example}`"]
        for process in PROCESSES.values()
        for one in process.arguments
    ]
    parts = (
        table(["distribution", "is", "example"], rows),
        table(["process", "is", "of"], processes),
        table(["of", "argument", "is", "in", "example"], arguments),
    )
    return "\n".join(parts)


def terms() -> str:
    """The catalogue of terms, one line each."""
    rows = []
    for entry in sorted(term_entries(), key=lambda one: one.type):
        must = [f"`{one.name}`" for one in entry.parameters if not one.without]
        may = [f"`{one.name}`" for one in entry.parameters if one.without]
        parameters = ", ".join(must) + (f" ({', '.join(may)})" if may else "")
        rows.append([f"[`{entry.type}`](terms.md#{entry.type})", entry.summary, parameters])
    return table(["type", "what it says", "parameters"], rows)


def terms_page() -> str:
    """The page on terms by family: what each means, takes, shows, contributes to, whom it meets, and an example."""
    parts = [
        "# Terms\n",
        "Every type of term, generated from the program by `make docs`. [language.md](language.md#agreements) says how",
        "agreements hold them and what may be given to all of them: when they hold, what waives or suspends them, and",
        "grounds. Whether a term is pending, active, waived, suspended or ended, and whether it is breached, can be",
        "asked of each: `active(agreement.term)`. Every example runs in a test, in the small deal of",
        "`tests/support.py`.\n",
    ]
    family = ""
    for entry in term_entries():
        if entry.family != family:
            family = entry.family
            parts.append(f"# {family.capitalize()}\n")
        parts += [f"## {entry.type}\n", entry.meaning + "\n"]
        if entry.invariant:
            parts.append(f"**Always:** {entry.invariant}\n")
        rows = [row for one in entry.parameters for row in parameter_rows(one)]
        parts.append(table(["parameter", "is", "written as", "without it"], rows))
        if entry.shows:
            shows = [[f"`{label}`", doc, dimension] for label, doc, dimension in entry.shows]
            parts.append(table(["read as `agreement.term.…`", "is", "in"], shows))
        parts.append(f"Contributes to: {'; '.join(entry.joins) or 'no join'}.\n")
        parts += [f"- {join} meets {', '.join(f'`{other}`' for other in others)}" for join, others in entry.meets]
        parts.append(f"\n```yaml\n{entry.example}\n```\n")
    return "\n".join(parts)


def parameter_rows(one: ParameterEntry, before: str = "") -> Iterator[list[str]]:
    """The row of a parameter; those of a list of blocks stand below it."""
    yield [f"`{before}{one.name}`", one.means, one.written_as, one.without or "refused"]
    for row in one.rows:
        yield from parameter_rows(row, f"{before}{one.name}: ")


MECHANISM_PATHS = 2_000
FUTURE_PATHS = 3_000


def mechanisms_page(case: Path, futures: dict[str, Measured] | None = None) -> str:
    """What the mechanisms of a case come to, every figure computed; `futures` with their ranges where they are
    known."""
    deal, findings = load_deal(case)
    if deal is None or findings:
        raise Refused(findings)
    answered = answer(deal, mechanisms(case / "mechanisms.yaml", deal), MECHANISM_PATHS)
    chances = find(deal, FUTURE_PATHS, 1).run.futures if futures is None else futures
    parts = [
        f"# {deal.title}: {len(answered)} mechanisms\n",
        "Generated by `make docs` from `mechanisms.yaml`: what carries each mechanism in `deal.yaml`, what it rests",
        f"on, and its question answered. Over {MECHANISM_PATHS:,} paths at seed 1: a chance is a share of the paths, a",
        "quantity a median with the span of nine in ten paths, a difference between two scenarios a mean with that",
        "span, on the same draws. Values are present values.\n",
    ]
    for one in answered:
        parts += _mechanism(one, deal, chances)
    return "\n".join(parts)


def _mechanism(one: Answered, deal: Deal, futures: dict[str, Measured]) -> list[str]:
    what = one.mechanism
    lines = [f"## {what.name} {what.title}\n", f"{what.question}\n"]
    lines += [f"- {_figure(figure, deal)}" for figure in one.figures]
    if one.crossing is not None:
        lines.append(f"- {_crossing(what, one.crossing, deal)}")
    if what.futures:
        lines += [
            f"- {words.future_title(name, deal)}: {words.headline(found)}; {', '.join(words.end_lines(found))}"
            for name, found in futures.items()
        ]
    if what.unknown:
        lines.append(f"- Not identifiable from public evidence. {what.unknown}")
    carried = ", ".join(f"`{name}`" for name in what.carried_by)
    absent = f"; the contract has no {', '.join(f'`{name}`' for name in what.absent)}" if what.absent else ""
    lines += [f"\n{what.note}"] if what.note else []
    lines.append(f"\nCarried by {carried}{absent}. Claims: {', '.join(f'`{name}`' for name in what.claims)}.\n")
    return lines


def _figure(figure: Figure, deal: Deal) -> str:
    found, under = figure.found, figure.under
    difference = bool(figure.against)
    chance = words.is_chance(found)
    told = words.mean(found, difference) if difference and not chance else words.headline(found, difference)
    spread = "" if chance or found.p5 == found.p95 else f" [{words.span(found.p5, found.p95, found.unit)}]"
    where = "" if under == "base" else f" ({words.scenario_title(under, deal)})"
    against = f", less {words.scenario_title(figure.against, deal)}" if figure.against not in ("", "base") else ""
    there = f", {words.presence(found)}" if words.presence(found) else ""
    return f"{figure.label}{where}{against}: {told}{spread}{there}"


def _crossing(what: Mechanism, found: Crossing, deal: Deal) -> str:
    meets = what.break_even
    assert meets is not None
    sides = f"{words.scenario_title(meets.under, deal)} and {words.scenario_title(meets.against, deal)}"
    unit = found.unit or "fraction"
    if words.is_present(found.at):
        return f"Break-even of `{meets.show}` between {sides}: `{meets.vary}` at {words.amount(found.at, unit)}"
    low, high = (words.amount(end, unit) for end in found.ends)
    first, last = (words.signed(one, found.difference_unit) for one in found.differences)
    return f"No break-even of `{meets.show}` between {sides}: {first} with `{meets.vary}` at {low}, {last} at {high}"


PARTS = {"functions": functions, "units": units, "distributions": distributions, "terms": terms}


def filled(page: str) -> str:
    """A page with its generated parts as the program has them now."""
    return MARKED.sub(lambda match: f"{match[1]}{PARTS[match[2]]()}{match[3]}", page)


def main() -> None:
    """Write both pages, and those of the mechanisms of cases."""
    page = HERE / "language.md"
    page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    (HERE / "terms.md").write_text(terms_page(), encoding="utf-8")
    for listed in sorted((HERE.parent / "cases").glob("*/mechanisms.yaml")):
        (listed.parent / "mechanisms.md").write_text(mechanisms_page(listed.parent), encoding="utf-8")


if __name__ == "__main__":
    main()
