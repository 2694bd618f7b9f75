"""The house stands: rooms import only lower floors, modules stay short, and `import detente` stays light."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "src" / "detente"
MODULES = sorted(HOUSE.rglob("*.py"))

TOP = "detente"  # __init__.py and __main__.py: above all rooms
ROW = re.compile(r"^\| (\d+) \| `(\w+)(?:/|\.py)` \|", re.MULTILINE)
FLOORS = {room: int(floor) for floor, room in ROW.findall((ROOT / "docs" / "house.md").read_text(encoding="utf-8"))}
ROOF = max(FLOORS.values(), default=0) + 1

LONGEST = 500
HEAVY = ("altair", "pandas", "rich", "vl_convert")


def dotted(module: Path) -> str:
    """`lang/unit.py` is detente.lang.unit; an `__init__.py` keeps its last part, so that its folder is its package."""
    return ".".join((TOP, *module.relative_to(HOUSE).with_suffix("").parts))


def room(name: str) -> str:
    """The room of a dotted name. What is in no room belongs to the top."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and parts[1] not in ("__init__", "__main__") else TOP


def floor(name: str) -> int:
    return FLOORS.get(room(name), ROOF)


def imports(source: str, module: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each import from detente, also inside functions and for types alone."""
    package = module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == TOP:
                    yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            origin = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            if origin == TOP:  # `from detente import text` is the room; `from detente import load` is the top
                for alias in node.names:
                    yield node.lineno, f"{TOP}.{alias.name}" if alias.name in FLOORS else TOP
            elif origin.startswith(f"{TOP}."):
                yield node.lineno, origin


def breaches(source: str, module: str) -> list[str]:
    """One sentence for each import that climbs, or that goes to another room of the same floor."""
    own = room(module)
    return [
        f"{module}, line {line}: {own} (floor {floor(module)}) imports {name} (floor {floor(name)})"
        for line, name in imports(source, module)
        if room(name) != own and floor(name) >= floor(module)
    ]


def test_house_md_names_every_room() -> None:
    assert len(FLOORS) >= 12, "the table of floors in docs/house.md could not be read"
    rooms = {room(dotted(module)) for module in MODULES} - {TOP}
    assert rooms <= FLOORS.keys(), f"no floor in docs/house.md: {sorted(rooms - FLOORS.keys())}"


def test_rooms_import_only_themselves_and_lower_floors() -> None:
    found = [line for module in MODULES for line in breaches(module.read_text(encoding="utf-8"), dotted(module))]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("detente.lang.unit", "from detente.report import html"),
        ("detente.lang.unit", "import detente.report.html"),
        ("detente.lang.unit", "def f():\n    from ..deal import load"),
        ("detente.lang.__init__", "from ..deal import load"),
        ("detente.lang.unit", "from .. import deal"),
        ("detente.lang.unit", "from detente import deal, text"),
        ("detente.text.place", "from detente import load"),
        ("detente.cli", "import detente"),
    ],
)
def test_an_import_that_climbs_is_found(module: str, source: str) -> None:
    assert len(breaches(source, module)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("detente.lang.unit", "from detente.text.place import Place\nfrom detente.lang import syntax"),
        ("detente.lang.unit", "from . import syntax\nfrom ..text import place"),
        ("detente.lang.__init__", "from .unit import Unit"),
        ("detente.cli", "from detente import text, report"),
        ("detente.__init__", "from detente.cli import main\nfrom .deal import load"),
        ("detente.__main__", "from detente.cli import main"),
        ("detente.lang.unit", "import numpy\nfrom fractions import Fraction"),
    ],
)
def test_an_import_that_descends_passes(module: str, source: str) -> None:
    assert breaches(source, module) == []


def test_modules_are_short() -> None:
    lengths = {dotted(module): len(module.read_text(encoding="utf-8").splitlines()) for module in MODULES}
    long = {module: lines for module, lines in lengths.items() if lines > LONGEST}
    assert not long, f"more than {LONGEST} lines: {long}"


def test_every_package_says_what_it_is_for() -> None:
    silent = []
    for folder in sorted({module.parent for module in MODULES}):
        front = folder / "__init__.py"
        if not front.exists() or not ast.get_docstring(ast.parse(front.read_text(encoding="utf-8"))):
            silent.append(str(front.relative_to(ROOT)))
    assert not silent, f"no docstring: {silent}"


def test_import_is_light() -> None:
    """Charts, tables and frames are loaded when they are asked for."""
    code = f"import detente, sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
