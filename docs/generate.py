"""Writes what of the documentation follows from the program: `make docs`.

`language.md` holds generated parts between `<!-- generated: NAME -->` and `<!-- end -->`; `terms.md` is all generated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from detente.answers.catalogue import ParameterEntry, term_entries
from detente.graph.processes import PROCESSES
from detente.lang.distribution import DISTRIBUTIONS
from detente.lang.functions import FUNCTIONS
from detente.lang.unit import CURRENCIES, UNIT_NAMES, parse_unit

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
        "grounds. Whether a term is pending, active, waived, suspended or ended, and whether it is breached, can be asked",
        "of each: `active(agreement.term)`. Every example runs in a test, in the small deal of `tests/support.py`.\n",
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


PARTS = {"functions": functions, "units": units, "distributions": distributions, "terms": terms}


def filled(page: str) -> str:
    """A page with its generated parts as the program has them now."""
    return MARKED.sub(lambda match: f"{match[1]}{PARTS[match[2]]()}{match[3]}", page)


def main() -> None:
    """Write both pages."""
    page = HERE / "language.md"
    page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
    (HERE / "terms.md").write_text(terms_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
