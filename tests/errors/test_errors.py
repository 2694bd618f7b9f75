"""Every refusal as its reader meets it: for each code a deal that calls it forth, and beside it what is printed."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import detente
from detente.cli import main
from detente.deal.load import load_deal
from detente.engine.memory import Room
from detente.engine.memory import check as enough
from detente.engine.parts import Kept, merged, resumed, write
from detente.engine.summary import Summary
from detente.graph.build import check
from detente.lang.parser import parse_quantity
from detente.text.diagnostic import Diagnostic, Fault, Refused, render
from detente.text.place import NOWHERE
from tests.errors.page import MEANINGS, PAGE, code_of, meanings, page

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "src" / "detente"
RECORD = os.environ.get("DETENTE_RECORD") == "1"
DEAL = "deal: an example\nnow: 2024-12\nto: 2025-12\nparties: {lab: {outside: true}}\nvariables:\n  lab.sales: {is: FORMULA}\n"


def deal_yaml(data: bytes) -> None:
    """The file of a deal in the folder where the test stands."""
    Path("deal.yaml").write_bytes(data)


def formula(text: str) -> None:
    """A deal with one formula, too long to keep in a file."""
    deal_yaml(DEAL.replace("FORMULA", f'"{text}"').encode())


def claims(data: bytes) -> None:
    """A deal with claims beside it."""
    formula("1")
    Path("claims.jsonl").write_bytes(data)


def too_big() -> None:
    """A file of blanks, which takes no room on disk."""
    with open("deal.yaml", "wb") as file:
        file.truncate(20_000_001)


RUN = {"seed": "1", "months": "2024-12 to 2025-12, now 2024-12", "assumptions": "a", "policies": "b"}


def part(first: int, last: int, paths: int, file: str = "run.parts", **changed: str) -> None:
    """A file that keeps some paths of a run of so many."""
    done = Kept({**RUN, **changed}, paths, {"ones": Summary.of(np.ones((1, last - first)), first)}, {})
    write(Path(file), Kept(done.fingerprint, paths, {}, {}).joined(done))


def cut_short() -> None:
    """A file of parts without its end."""
    part(0, 2048, 5000)
    with open("run.parts", "rb+") as file:
        file.truncate(700)


def two_parts() -> None:
    """Two files with some paths in both."""
    part(0, 3072, 5000, "here.parts")
    part(2048, 5000, 5000, "there.parts")


MADE: dict[str, Callable[[], object]] = {
    "expression-too-deep": lambda: formula("(" * 101 + "1" + ")" * 101),
    "expression-too-large": lambda: formula("max(" + ", ".join("1" * 2000) + ")"),
    "expression-too-long": lambda: formula("1 + " * 2500 + "1"),
    "file-is-folder": lambda: Path("deal.yaml/deal.yaml").mkdir(parents=True),
    "file-missing": lambda: None,
    "file-not-utf8": lambda: deal_yaml("deal: Société\n".encode("latin-1")),
    "file-too-big": too_big,
    "file-unreadable": lambda: os.mkfifo("deal.yaml"),
    "file-not-utf8.claims": lambda: claims("Société".encode("latin-1")),
    "not-enough-memory": lambda: None,
    "not-enough-memory.bins": lambda: None,
    "not-parts": lambda: Path("run.parts").write_text("deal: a deal\n", encoding="utf-8"),
    "parts-damaged": cut_short,
    "parts-do-not-fit": lambda: part(0, 5000, 5000),
    "parts-do-not-fit.bins": lambda: part(0, 2048, 5_000_000),
    "parts-do-not-fit.fewer": lambda: part(0, 20_480, 20_480),
    "parts-of-another-run": lambda: part(0, 2048, 5000, seed="2", assumptions="c", policies="d"),
    "parts-overlap": two_parts,
}
"""What cannot be kept as a file, and is made in an empty folder."""


def compiled(path: Path) -> tuple[Diagnostic, ...]:
    """What is said of a deal when it is loaded and, where that went well, built."""
    return check(*load_deal(path))[1]


def refused(work: Callable[[], object]) -> tuple[Diagnostic, ...]:
    """With what a later stage refuses a deal that compiles."""
    with pytest.raises(Refused) as wrong:
        work()
    return wrong.value.diagnostics


def no_quantity(path: Path) -> tuple[Diagnostic, ...]:
    """No deal asks for a lone quantity: the text of the file is one line, read as such."""
    with pytest.raises(Fault) as wrong:
        parse_quantity(path.read_text(encoding="utf-8"), NOWHERE)
    return (wrong.value.diagnostic,)


def no_parts(path: Path) -> tuple[Diagnostic, ...]:
    """A run of 10,000 paths that should go on from its file."""
    return refused(lambda: resumed(Path("run.parts"), RUN, 10_000))


def kept_whole(paths: int) -> tuple[Diagnostic, ...]:
    """Whole paths of 24,000 bytes each, in a control group of two gigabytes."""
    given = Room(2_000_000_000, "left to this process by its control group")
    return refused(lambda: enough("30 runs", lambda count: 24_000 * count, paths, given))


def kept_in_order(paths: int) -> tuple[Diagnostic, ...]:
    """Values of which each takes 50,000 bytes a path, or all of them 800 MB where they are counted in bins."""
    given = Room(1_500_000_000, "free on this machine")

    def needed(count: int) -> int:
        return 50_000 * count if count <= 65_536 else 800_000_000

    return refused(lambda: enough("a run", needed, paths, given))


LATER: dict[str, Callable[[Path], tuple[Diagnostic, ...]]] = {
    "not-finite": lambda path: refused(lambda: detente.load(path).run(paths=64)),
    "not-yet-known": lambda path: refused(lambda: detente.load(path).as_of("2023-12")),
    "not-a-quantity": no_quantity,
    "not-enough-memory": lambda path: kept_whole(1_000_000),
    "not-enough-memory.bins": lambda path: kept_in_order(50_000),
    **{deal: no_parts for deal in MADE if "parts" in deal},
    "parts-overlap": lambda path: refused(lambda: merged([Path("here.parts"), Path("there.parts")])),
}
"""Codes that a deal meets after it has been built, or that only the Python face can meet."""


def kept() -> list[str]:
    """The deals kept here: `CODE`, and `CODE.SITUATION` where one code has several faces."""
    files = [path.stem for path in HERE.glob("*.yaml") if path != MEANINGS]
    folders = [path.name for path in HERE.iterdir() if (path / "deal.yaml").exists()]
    return sorted({*files, *folders, *MADE})


@contextmanager
def standing(deal: str, folder: Path) -> Iterator[Path]:
    """A deal kept here or made in `folder`, which is empty, with its own folder as the current one."""
    before = Path.cwd()
    os.chdir(folder if deal in MADE else HERE)
    try:
        if deal in MADE:
            MADE[deal]()
        yield Path("deal.yaml" if deal in MADE else deal if Path(deal).is_dir() else f"{deal}.yaml")
    finally:
        os.chdir(before)


def findings(deal: str, folder: Path) -> tuple[tuple[Diagnostic, ...], str]:
    """What is said of a deal kept here, and how it is printed; `folder` is empty."""
    with standing(deal, folder) as path:
        found = LATER.get(deal, compiled)(path)
        return found, render(found) + "\n"


# The codes in the source. A code is a literal where a diagnostic is made, or reaches that place through the
# parameters of functions (`fault(code, …)`, `_missing(what, …)` with f"unknown-{what}"): all calls are followed.

CODE = re.compile("[a-z0-9]+(-[a-z0-9]+)*")


@cache
def trees() -> tuple[ast.Module, ...]:
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py")))


@cache
def modules() -> dict[ast.FunctionDef, ast.Module]:
    """The module of every function: those with a leading underscore are called in their own alone."""
    return {node: tree for tree in trees() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@cache
def calls() -> tuple[tuple[str, ast.Call, tuple[ast.FunctionDef, ...]], ...]:
    """Every call in the source: what is called, the call, and the functions it stands in, the innermost first."""
    found: list[tuple[str, ast.Call, tuple[ast.FunctionDef, ...]]] = []

    def visit(node: ast.AST, inside: tuple[ast.FunctionDef, ...]) -> None:
        if isinstance(node, ast.FunctionDef):
            inside = (node, *inside)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            found.append((name, node, inside))
        for child in ast.iter_child_nodes(node):
            visit(child, inside)

    for tree in trees():
        visit(tree, ())
    return tuple(found)


def texts(node: ast.expr | None, inside: tuple[ast.FunctionDef, ...]) -> Iterator[str]:
    """The texts that an expression can be."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from texts(body, inside)
            yield from texts(orelse, inside)
        case ast.JoinedStr(values=[ast.Constant(value=str(head)), ast.FormattedValue(value=value)]):
            yield from (head + text for text in texts(value, inside))
        case ast.Call(func=ast.Attribute(value=value, attr="replace"), args=[ast.Constant(), ast.Constant()]):
            yield from (text.replace(" ", "-") for text in texts(value, inside))
        case ast.Call(func=ast.Attribute(value=ast.Dict(values=values), attr="get"), args=[_, default]):
            for value in (*values, default):
                yield from texts(value, inside)
        case ast.Subscript(value=ast.Call(func=ast.Attribute(value=value, attr="split"))):
            yield from (text.split()[0] for text in texts(value, inside))
        case ast.Name(id=name) if inside:
            yield from named(name, inside[0])
        case _:
            raise AssertionError(f"a code is made in a way this test cannot follow: {ast.unparse(node or ast.Pass())}")


def named(name: str, function: ast.FunctionDef) -> Iterator[str]:
    """The texts that a name in a function can be: what is assigned to it, or what its callers pass."""
    parameters = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    if name not in parameters:
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
                yield from texts(node.value, (function,))
        return
    position = parameters.index(name) - (parameters[0] == "self")
    for called, call, inside in calls():
        foreign = function.name.startswith("_") and inside and modules()[inside[0]] is not modules()[function]
        if called == function.name and len(call.args) > position and not foreign:
            yield from texts(call.args[position], inside)


@cache
def codes() -> tuple[str, ...]:
    """Every code that a diagnostic of the source can have."""
    made = [(call, inside) for name, call, inside in calls() if name == "Diagnostic"]
    return tuple(sorted({text for call, inside in made for text in texts(call.args[0], inside)}))


@pytest.fixture
def said(deal: str, tmp_path: Path) -> tuple[tuple[Diagnostic, ...], str]:
    """What is said of a deal kept here, and how it is printed."""
    return findings(deal, tmp_path)


@pytest.mark.parametrize("deal", kept())
def test_is_told_as_recorded(deal: str, said: tuple[tuple[Diagnostic, ...], str]) -> None:
    golden = HERE / f"{deal}.txt"
    if RECORD:
        golden.write_text(said[1], encoding="utf-8")
    assert said[1] == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("deal", kept())
def test_shows_a_way_out(deal: str, said: tuple[tuple[Diagnostic, ...], str]) -> None:
    assert said[0]
    for one in said[0]:
        assert one.ways_out, f"{one.code}: {one.message}"
        assert all(way.strip() for way in one.ways_out)


@pytest.mark.parametrize("deal", kept())
def test_calls_forth_its_code(deal: str, said: tuple[tuple[Diagnostic, ...], str]) -> None:
    assert code_of(deal) in {one.code for one in said[0]}


@pytest.mark.parametrize("deal", [deal for deal in kept() if deal not in LATER])
def test_is_the_same_as_data(deal: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`check --json` says all that the printed text says: a line of text for each field, carets as wide as the place."""
    with standing(deal, tmp_path) as path:
        main(["check", "--json", str(path)])
    told = (HERE / f"{deal}.txt").read_text(encoding="utf-8")
    data = json.loads(capsys.readouterr().out)
    blocks = told.rstrip("\n").split("\n\n")
    assert len(data) == len(blocks)
    for one, block in zip(sorted(data, key=at), blocks, strict=True):
        where = "{file}:{line}:{column}: "
        expected = [(where + "{severity}[{code}]: {message}").format(**one)]
        expected += [f"  {name}: {' '.join(one[name].split())}" for name in ("found", "expected") if one[name]]
        expected += [f"  way out: {way}" for way in one["ways_out"]]
        expected += [f"  {where.format(**place)}{place['note']}" for place in one["related"]]
        excerpt = re.compile(r" +\d+ \|| +\| ")
        assert [line for line in block.split("\n") if not excerpt.match(line)] == expected
        carets = [line.count("^") for line in block.split("\n") if re.fullmatch(r" +\| +\^+", line)]
        for place, width in zip([one, *one["related"]], carets, strict=False):
            if len(carets) == 1 + len(one["related"]) and place["line"] == place["end_line"] and width < 100:
                assert width == max(1, place["end_column"] - place["column"])


def at(one: dict[str, Any]) -> tuple[Any, ...]:
    """The order in which findings are printed."""
    place = [one[name] for name in ("file", "line", "column", "end_line", "end_column")]
    return (*place, one["code"], one["message"])


@pytest.mark.parametrize("code", codes())
def test_every_code_of_the_source_has_a_deal(code: str) -> None:
    assert CODE.fullmatch(code)
    assert code in kept(), f"add tests/errors/{code}.yaml"
    assert code in meanings(), f"say in tests/errors/meanings.yaml what {code} means"
    told = (HERE / f"{code}.txt").read_text(encoding="utf-8")
    assert f"error[{code}]" in told or f"warning[{code}]" in told


def test_nothing_is_kept_for_a_code_that_is_gone() -> None:
    deals = {*kept(), *(path.stem for path in HERE.glob("*.txt"))}
    assert {code_of(deal) for deal in deals} == set(codes())
    assert deals == set(kept())
    assert set(meanings()) == set(codes())


def test_the_page_is_current() -> None:
    if RECORD:
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"
