"""Object code on disk: found again, never believed when damaged, never in the way."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import detente
from detente.engine.choice import engine_for, why_not_compiled
from detente.engine.kernel import Interpreter
from detente.engine.lanes import Given, Setting
from detente.engine.program import Instruction
from tests.engine.native.harness import NO_LLVM, assert_same, made, with_spare

pytest.importorskip("llvmlite", reason=NO_LLVM)

from detente.engine.native import objects
from detente.engine.native.assembly import Body, function, module
from detente.engine.native.engine import Compiled, compile_program

SOURCE = Path(detente.__file__).parent
ROOT = Path(__file__).parents[3]

PROGRAM = made(
    3,
    {"month": [Instruction("power", 2, (0, 1))]},
    arguments={"a": 0},
    normals={"d": 1},
    outputs={"x": 2},
)
SETTING = Setting(100, 102, 106, {})
ROWS = np.linspace(0.1, 3.0, 20)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own, not there yet."""
    monkeypatch.setenv("DETENTE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def built() -> Compiled:
    """The program compiled, or loaded; in either case it gives what the interpreter gives."""
    engine = compile_program(PROGRAM, SETTING, 8)
    given_rows = [Given({"a": with_spare(ROWS)})]
    expected = Interpreter(PROGRAM, SETTING).run(given_rows, 1, 0, len(ROWS))
    assert_same(PROGRAM, engine.run(given_rows, 1, 0, len(ROWS)), expected)
    return engine


def returning(number: int) -> Callable[[], str]:
    """What writes a module whose function `f` returns a number."""

    def written() -> str:
        body = Body(1)
        body.line(f"ret i64 {number}")
        return module([function("f", "i64", (), body, exported=True)], [body])

    return written


def said_by(code: objects.Code) -> int:
    """What the function of `returning` says."""
    found: int = ctypes.CFUNCTYPE(ctypes.c_int64)(code.address("f"))()
    return found


def files(folder: Path) -> list[Path]:
    """All that lies in the cache, whatever its name."""
    return sorted(folder.iterdir())


# found again


def test_what_was_compiled_is_loaded(folder: Path) -> None:
    assert not built().code.from_disk
    (one,) = files(folder)
    before = one.read_bytes()
    assert built().code.from_disk
    assert files(folder) == [one]
    assert one.read_bytes() == before


def test_what_is_loaded_is_not_written_anew(folder: Path) -> None:
    """The module is asked for only where the cache does not hold it."""
    asked: list[int] = []

    def written() -> str:
        asked.append(1)
        return returning(7)()

    for expected in (False, True, True):
        code = objects.code("seven", written)
        assert code.from_disk == expected
        assert said_by(code) == 7
    assert asked == [1]


def test_different_things_have_different_files(folder: Path) -> None:
    codes = [objects.code(f"number {number}", returning(number)) for number in range(20)]
    assert [said_by(code) for code in codes] == list(range(20))
    assert len(files(folder)) == 20
    again = [objects.code(f"number {number}", returning(-1)) for number in range(20)]
    assert [said_by(code) for code in again] == list(range(20))


def test_a_width_and_a_program_have_files_of_their_own(folder: Path) -> None:
    for width in (4, 8, 16):
        assert not compile_program(PROGRAM, SETTING, width).code.from_disk
    other = made(
        3, {"month": [Instruction("power", 2, (1, 0))]}, arguments={"a": 0}, normals={"d": 1}, outputs={"x": 2}
    )
    assert not compile_program(other, SETTING, 8).code.from_disk
    assert len(files(folder)) == 4


def test_months_and_tables_are_no_part_of_the_code(folder: Path) -> None:
    compile_program(PROGRAM, SETTING, 8)
    assert compile_program(PROGRAM, Setting(0, 0, 400, {}), 8).code.from_disk


IN_A_PROCESS = """
from tests.engine.native.test_objects import built
print(built().code.from_disk)
"""


def process(folder: Path, code: str = IN_A_PROCESS, source: Path = SOURCE) -> subprocess.Popen[str]:
    """A new process with this cache, which runs the package in a folder and takes every warning for an error."""
    where = os.pathsep.join([str(source.parent), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "DETENTE_CACHE": str(folder), "PYTHONPATH": where}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder.parent,
        env=environment,
    )


def told_by(one: subprocess.Popen[str]) -> str:
    """What a process printed, once it has ended well and complained of nothing."""
    out, wrong = one.communicate(timeout=120)
    assert wrong == ""
    assert one.returncode == 0
    return out.strip()


def test_another_process_loads_it(folder: Path) -> None:
    assert told_by(process(folder)) == "False"
    assert told_by(process(folder)) == "True"
    assert built().code.from_disk
    assert len(files(folder)) == 1


def test_processes_at_once_on_an_empty_cache_are_both_right(tmp_path: Path) -> None:
    for number in range(3):
        folder = tmp_path / f"round {number}"
        running = [process(folder) for _ in range(3)]
        for one in running:
            assert told_by(one) in ("False", "True")
        assert [path.suffix for path in files(folder)] == [".o"]
        assert told_by(process(folder)) == "True"


# damage


def damaged(folder: Path, change: Callable[[bytes], bytes]) -> None:
    """A file of the cache is changed: its program is compiled anew, and the file is as it was."""
    assert not objects.code("seven", returning(7)).from_disk
    (one,) = files(folder)
    before = one.read_bytes()
    changed = change(before)
    assert changed != before
    one.write_bytes(changed)
    code = objects.code("seven", returning(7))
    assert not code.from_disk
    assert said_by(code) == 7
    assert one.read_bytes() == before
    assert objects.code("seven", returning(7)).from_disk
    assert files(folder) == [one]


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"",
        lambda content: content[:1],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content[1:],
        lambda content: content + b"\0",
        lambda content: content * 2,
        lambda content: content[content.index(b"\x7fELF") if b"\x7fELF" in content else 49 :],
        lambda content: b"something else altogether\n",
        lambda content: bytes(len(content)),
    ],
    ids=["empty", "a byte", "half", "one less", "headless", "one more", "twice", "bare", "foreign", "zeros"],
)
def test_a_damaged_file_is_compiled_anew_and_replaced(folder: Path, change: Callable[[bytes], bytes]) -> None:
    damaged(folder, change)


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_byte_changed_anywhere_is_noticed(folder: Path, data: st.DataObject) -> None:
    shutil.rmtree(folder, ignore_errors=True)

    def change(content: bytes) -> bytes:
        at = data.draw(st.integers(0, len(content) - 1), "at")
        flipped = content[at] ^ data.draw(st.integers(1, 255), "flipped")
        return content[:at] + bytes([flipped]) + content[at + 1 :]

    damaged(folder, change)


def test_a_sound_file_under_the_name_of_another_is_not_believed(folder: Path) -> None:
    """Restored, renamed or copied by hand: it is whole, and says something else."""
    objects.code("seven", returning(7))
    (seven,) = files(folder)
    objects.code("eight", returning(8))
    (eight,) = {*files(folder)} - {seven}
    shutil.copyfile(eight, seven)
    assert said_by(objects.code("seven", returning(7))) == 7
    assert said_by(objects.code("eight", returning(8))) == 8


def test_a_folder_in_the_place_of_a_file_is_passed_by(folder: Path) -> None:
    objects.code("seven", returning(7))
    (one,) = files(folder)
    one.unlink()
    one.mkdir()
    code = objects.code("seven", returning(7))
    assert said_by(code) == 7
    assert not code.from_disk
    assert files(folder) == [one]


def test_other_files_in_the_folder_stay(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    objects.code("seven", returning(7))
    assert (folder / "notes.txt").read_text() == "mine"
    assert len(files(folder)) == 2


# folders in which nothing can be kept


def assert_works_without(folder: Path) -> None:
    """Twice the right numbers, compiled each time, and not a word."""
    for _ in range(2):
        assert told_by(process(folder)) == "False"


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert told_by(process(folder)) == "False"
    assert len(files(folder)) == 1


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("mine")
    assert_works_without(tmp_path / "cache")
    assert (tmp_path / "cache").read_text() == "mine"
    assert files(tmp_path) == [tmp_path / "cache"]


def test_a_folder_below_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write_text("mine")
    monkeypatch.setenv("DETENTE_CACHE", str(folder / "below"))
    for _ in range(2):
        assert not built().code.from_disk
    assert folder.read_text() == "mine"


@pytest.mark.skipif(os.name != "posix", reason="folders are closed in another way here")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """No folder is closed to root, so a process of root becomes another's first."""
    code = f"""
import os
from tests.engine.native.test_objects import built
closed, os.environ["DETENTE_CACHE"] = os.environ["DETENTE_CACHE"], {str(tmp_path / "open")!r}
built()
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
os.environ["DETENTE_CACHE"] = closed
print(built().code.from_disk, built().code.from_disk)
"""
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert told_by(process(folder, code)) == "False False"
        assert files(folder) == []
    finally:
        folder.chmod(stat.S_IRWXU)
    assert len(files(tmp_path / "open")) == 1


def test_a_disk_on_which_nothing_can_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the one who runs is root, to whom no folder is closed."""
    folder.mkdir()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr("detente.text.files.os.replace", refuse)
    for _ in range(2):
        assert not built().code.from_disk
    assert files(folder) == []


# what goes


def test_the_ones_used_longest_ago_go_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "KEPT", 4)
    named: dict[int, Path] = {}
    for number in range(4):
        objects.code(f"number {number}", returning(number))
        (named[number],) = {*files(folder)} - {*named.values()}
        os.utime(named[number], (1000 + number, 1000 + number))
    assert objects.code("number 0", returning(0)).from_disk  # used just now
    for number in (4, 5):
        objects.code(f"number {number}", returning(number))
        (named[number],) = {*files(folder)} - {*named.values()}
        os.utime(named[number], (2000 + number, 2000 + number))
        assert len(files(folder)) == 4
    assert {number for number, path in named.items() if path.exists()} == {0, 3, 4, 5}


# keys


def test_other_features_of_the_processor_give_another_file(folder: Path) -> None:
    """Object code for another processor is not loaded on this one; each finds its own again."""
    poorer = """
        import llvmlite.binding as llvm
        features = dict(llvm.get_host_cpu_features())
        taken = next(name for name in ("avx512f", "avx2", "avx", "sse4.2", "crc", "neon") if features.get(name))
        poor = {name: has and not name.startswith(taken[:4]) for name, has in features.items()}
        llvm.get_host_cpu_features = lambda: poor
    """
    code = dedent(poorer) + IN_A_PROCESS
    assert told_by(process(folder)) == "False"
    assert told_by(process(folder, code)) == "False"
    assert len(files(folder)) == 2
    assert [told_by(process(folder, one)) for one in (IN_A_PROCESS, code)] == ["True", "True"]


def test_another_processor_gives_another_file(folder: Path) -> None:
    other = "import llvmlite.binding as llvm\nllvm.get_host_cpu_name = lambda: 'generic'\n" + IN_A_PROCESS
    assert told_by(process(folder)) == "False"
    assert told_by(process(folder, other)) == "False"
    assert len(files(folder)) == 2


@pytest.mark.parametrize(
    "changed", ["native/kernel.py", "native/assembly.py", "native/draws.py", "maths.py", "random.py"]
)
def test_another_source_of_the_generator_gives_another_file(changed: str, folder: Path, tmp_path: Path) -> None:
    """The package with one comment more is another generator."""
    copy = tmp_path / "src" / "detente"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert told_by(process(folder)) == "False"
    assert told_by(process(folder, source=copy)) == "True"
    path = copy / "engine" / changed
    path.write_text(path.read_text(encoding="utf-8") + "# more\n", encoding="utf-8")
    assert told_by(process(folder, source=copy)) == "False"
    assert len(files(folder)) == 2


def test_where_it_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DETENTE_CACHE", str(tmp_path))
    assert objects.folder() == tmp_path
    for given_nothing in (False, True):
        if given_nothing:
            monkeypatch.setenv("DETENTE_CACHE", "")
        else:
            monkeypatch.delenv("DETENTE_CACHE")
        assert objects.folder().is_absolute()
        assert "detente" in objects.folder().parts


def test_few_lanes_do_not_wait_for_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the code lies ready; then they have it."""
    assert not why_not_compiled()  # which loads what serves every program, from the usual folder
    monkeypatch.setenv("DETENTE_CACHE", str(tmp_path))
    assert isinstance(engine_for(PROGRAM, SETTING, few=True), Interpreter)
    assert not list(tmp_path.glob("*.o"))
    assert isinstance(engine_for(PROGRAM, SETTING), Compiled)
    assert isinstance(engine_for(PROGRAM, SETTING, few=True), Compiled)
