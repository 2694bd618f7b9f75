"""The page of all diagnostics: what each means, the wrong lines, what detente says. `python -m tests.errors.page`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from detente.text.nodes import Mapping, Scalar, read

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "errors.md"
LONGEST_LINE = 200
"""Characters of a line that the page shows."""

HEAD = """# What detente says when a deal is wrong

Every finding has a code. This page says what each code means, with the wrong lines and with what `detente check` prints
of them: the file with line and column, the line itself, what was found and expected, every way out, and the other places
that have to do with it. `detente check --json` gives the same as data.

A warning leaves the deal usable, an error does not. Search this page for the code in brackets, or for a word of the
message. It is written by `make docs` from the deals in `tests/errors/`.
"""


def code_of(deal: str) -> str:
    """The code that a kept deal calls forth: `unit-mismatch` of `unit-mismatch.currencies`."""
    return deal.partition(".")[0]


KINDS = {".yaml": "yaml", ".jsonl": "json"}
MEANINGS = HERE / "meanings.yaml"


@cache
def meanings() -> dict[str, str]:
    """What each code means, in one sentence."""
    node, findings = read(MEANINGS)
    assert isinstance(node, Mapping), findings
    return {key.text: value.text for key, value in node.entries if isinstance(value, Scalar)}


def page() -> str:
    """The whole page."""
    parts = [
        HEAD,
        "## All codes\n\n"
        + "\n".join(f"- [{code}](#{code}): {meanings()[code]}" for code in sorted(meanings()))
        + "\n",
    ]
    deals = sorted(path.stem for path in HERE.glob("*.txt"))
    for code in sorted(meanings()):
        parts.append(f"## {code}\n\n{_sentence(meanings()[code])}\n")
        parts += [_shown(deal) for deal in deals if code_of(deal) == code]
    return "\n".join(parts)


def _sentence(meaning: str) -> str:
    return meaning[0].upper() + meaning[1:] + "."


def _shown(deal: str) -> str:
    """One deal and what is said of it."""
    situation = deal.partition(".")[2].replace("-", " ")
    text = f"### {code_of(deal)}: {situation}\n\n" if situation else ""
    for file in _files(deal):
        title = f"`{file.parent.name}/{file.name}`\n\n" if file.parent != HERE else ""
        text += f"{title}```{KINDS[file.suffix]}\n{_cut(file.read_text(encoding='utf-8'))}```\n\n"
    told = (HERE / f"{deal}.txt").read_text(encoding="utf-8")
    return f"{text}```text\n{_cut(told)}```\n"


def _files(deal: str) -> list[Path]:
    folder = HERE / deal
    named = ("deal.yaml", "sources.yaml", "claims.jsonl")
    files = [folder / name for name in named] if folder.is_dir() else [HERE / f"{deal}.yaml"]
    return [file for file in files if file.exists()]


def _cut(text: str) -> str:
    """The text with its longest lines cut, and a line at its end."""
    lines = text.removesuffix("\n").split("\n")
    return "\n".join(line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…" for line in lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
