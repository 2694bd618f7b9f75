"""Writes what of the documentation follows from the program: `make docs`.

`language.md` holds generated parts between `<!-- generated: NAME -->` and `<!-- end -->`; `terms.md` is all generated.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, Field
from pathlib import Path
from typing import Any

from detente.graph.processes import PROCESSES
from detente.lang.distribution import DISTRIBUTIONS
from detente.lang.functions import FUNCTIONS
from detente.lang.unit import CURRENCIES, UNIT_NAMES, parse_unit
from detente.terms.term import Declared, catalogue, given_by_others, required, written

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
    for name, term in catalogue().items():
        must = [f"`{written(one)}`" for one in declared(term) if required(one)]
        may = [f"`{written(one)}`" for one in declared(term) if not required(one)]
        parameters = ", ".join(must) + (f" ({', '.join(may)})" if may else "")
        rows.append([f"[`{name}`](terms.md#{name})", said(term).partition("\n\n")[0].replace("\n", " "), parameters])
    return table(["type", "what it says", "parameters"], rows)


def declared(kind: type[Declared]) -> tuple[Field[Any], ...]:
    """The parameters of a term, or of a row of one, that a deal writes."""
    return tuple(one for one in kind.parameters() if not given_by_others(one))


def said(kind: type) -> str:
    """What a class says of itself."""
    return inspect.cleandoc(kind.__doc__ or "")


def terms_page() -> str:
    """The page on terms: each with its parameters, what may be read of it, and what always holds of it."""
    parts = [
        "# Terms\n",
        "Every type of term, generated from the program by `make docs`. [language.md](language.md#agreements) says how",
        "agreements hold them and what may be given to all of them: when they hold, and grounds.\n",
    ]
    for name, term in catalogue().items():
        parts += [f"## {name}\n", said(term) + "\n"]
        rows = list(parameter_rows(term))
        if rows:
            parts.append(table(["parameter", "is", "written as", "without it"], rows))
        if term.quantities:
            quantities = [[f"`{label}`", one.doc, one.dimension] for label, one in term.quantities.items()]
            parts.append(table(["read as `agreement.term.…`", "is", "in"], quantities))
    return "\n".join(parts)


def parameter_rows(kind: type[Declared], before: str = "") -> Iterator[list[str]]:
    """The rows of a table of parameters; those of a list of blocks stand below it."""
    for one in declared(kind):
        dimension, row = one.metadata["dimension"], one.metadata.get("row")
        shown = "a list of blocks" if row else dimension
        yield [f"`{before}{written(one)}`", one.metadata["doc"], shown, without(one)]
        if row:
            yield from parameter_rows(row, f"{written(one)}: ")


def without(one: Field[Any]) -> str:
    """What a parameter is where it is not written."""
    if one.default is MISSING:
        return "refused"
    if one.default is None or one.default in ((), ""):
        return "none"
    if isinstance(one.default, bool):
        return "yes" if one.default else "no"
    if isinstance(one.default, str | int):
        return str(one.default)
    value, unit = getattr(one.default, "value", None), str(getattr(one.default, "unit", ""))
    return f"{value:g} {unit}".removesuffix(" 1") if isinstance(value, float) else "none"


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
