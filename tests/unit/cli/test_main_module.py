"""`stagedoor.cli.main_module`: each program is run by Python and by us, and must not differ."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import stagedoor

SOURCE = Path(stagedoor.__file__).parents[1]
POSIX = pytest.mark.skipif("sys.platform == 'win32'", reason="signals end a process on POSIX only")

WHO = """
import os, sys
shown = {name: value for name, value in globals().items() if name not in ("os", "sys")}
print(sorted(map(str, shown.items())), sys.argv, sys.path[0], __file__)
print(sys.modules["__main__"].__dict__ is globals())
"""

PROGRAMS = {
    "who it is": WHO,
    "an error, three calls deep": """
def call(depth):
    if depth == 0:
        raise ValueError("too deep")
    call(depth - 1)

call(3)
""",
    "an error with a cause and a context": """
try:
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("first") from error
except ValueError:
    raise OSError("second")
""",
    "an error with a note, in a group": """
error = ValueError("one")
error.add_note("seen at night")
raise ExceptionGroup("both", [error, TypeError("two")])
""",
    "a syntax error": "print('never')\nif True print('x')\n",
    "a syntax error in what it imports": "import broken\n",
    "another encoding": "# coding: latin-1\nprint(ascii('\xe9'))\nraise ValueError('\xe9')\n",
    "an exit code": "import sys\nsys.exit(3)\n",
    "an exit text": "import sys\nsys.exit('goodbye')\n",
    "an exit with neither": "import sys\nsys.exit([1])\n",
    "an exit without anything": "import sys\nsys.exit()\n",
    "an exit in a call": "import sys\n\ndef end():\n    sys.exit(True)\n\nend()\n",
    "a bare BaseException": "raise BaseException('x')\n",
    "errors of ours": """
from stagedoor.cli.command import CommandError
raise CommandError("mine", 5)
""",
    "a broken pipe": "raise BrokenPipeError('mine')\n",
    "Ctrl-C": "import os, signal\n\nos.kill(os.getpid(), signal.SIGINT)\nprint('never')\n",
    "Ctrl-C that is caught": """
import os, signal
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("caught")
""",
    "an except hook": """
import sys, traceback

def hook(kind, value, tb):
    print("hook", kind, value, len(traceback.extract_tb(tb)), tb is value.__traceback__)
    print(sys.last_traceback is tb, sys.excepthook is hook)

sys.excepthook = hook
1 / 0
""",
    "the end": """
import atexit, sys, threading

atexit.register(print, "last")
atexit.register(print, "first", sys.argv)
atexit.register(lambda: 1 / 0)

def late():
    threading.main_thread().join()
    print("late")
    raise ValueError("in a thread")

threading.Thread(target=late, name="late").start()
raise ValueError("in the end")
""",
    "warnings": "import warnings\nwarnings.warn('look')\nwarnings.warn('there', stacklevel=1)\n",
    "pickles": """
import pickle

class Thing:
    pass

print(type(pickle.loads(pickle.dumps(Thing()))) is Thing, Thing)
""",
    "children": """
import multiprocessing, sys

class Thing:
    def __init__(self, number):
        self.number = number

def double(thing):
    return Thing(thing.number * 2), __name__, sys.argv

if __name__ == "__main__":
    for method in ("spawn", "fork"):
        if method in multiprocessing.get_all_start_methods():
            with multiprocessing.get_context(method).Pool(1) as pool:
                thing, name, argv = pool.apply(double, (Thing(21),))
                print(type(thing) is Thing, thing.number, name, argv)
""",
}


def start(*command: str | Path, folder: Path) -> "subprocess.Popen[str]":
    """Start a Python."""
    env = {name: value for name, value in os.environ.items() if name != "STAGEDOOR"} | {
        "STAGEDOOR_RUNTIME_DIR": str(folder / "runtime"),
        "PYTHONPATH": str(SOURCE),
        "PYTHONIOENCODING": "utf-8",
    }
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip


def outcome(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a Python that was started."""
    with process:
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    # Where an object is in memory is nobody's doing.
    return process.returncode, re.sub("0x[0-9a-f]+", "0x", out), re.sub("0x[0-9a-f]+", "0x", err)


def run(*command: str | Path) -> tuple[str | Path, ...]:
    """The command that runs it with us."""
    return ("-m", "stagedoor", "run", "--port", "0", *command)


def check_same(*command: str | Path, folder: Path, flags: tuple[str, ...] = ()) -> tuple[int, str]:
    """The exit code and stderr, which are as Python's own."""
    ours = start(*flags, *run(*command), folder=folder)
    expected = outcome(start(*flags, *command, folder=folder))
    assert outcome(ours) == expected
    return expected[0], expected[2]


@pytest.mark.parametrize("source", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_script_is_run_as_python_runs_it(source: str, tmp_path: Path) -> None:
    (tmp_path / "game.py").write_text(source, "latin-1" if "latin-1" in source else "utf-8")
    (tmp_path / "broken.py").write_text("def f(:\n")
    check_same("game.py", "--name", "x", "-m", "--help", folder=tmp_path)


@POSIX
def test_ctrl_c_ends_the_process_by_its_signal(tmp_path: Path) -> None:
    (tmp_path / "game.py").write_text(PROGRAMS["Ctrl-C"])
    code, err = check_same("game.py", folder=tmp_path)
    assert code == -2
    assert err.endswith("KeyboardInterrupt\n")
    assert err.count("File ") == 1


@pytest.mark.parametrize("path", ["./game.py", "sub/../game.py", "sub//link.py", "{}/game.py"])
@pytest.mark.parametrize("flags", [(), ("-P",), ("-O", "-X", "utf8")], ids=" ".join)
def test_a_script_knows_where_it_is(path: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "game.py").write_text(WHO)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "link.py").symlink_to(tmp_path / "game.py")
    check_same(path.format(tmp_path), folder=tmp_path, flags=flags)


@pytest.mark.parametrize("flags", [(), ("-P",)], ids=" ".join)
def test_a_folder_and_an_archive_are_run_as_python_runs_them(
    flags: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__main__.py").write_text(WHO + "\n1 / 0\n")
    with zipfile.ZipFile(tmp_path / "game.pyz", "w") as archive:
        archive.writestr("__main__.py", WHO + "\n1 / 0\n")
    for path in ("folder", "./folder/", "game.pyz"):
        code, err = check_same(path, "-x", folder=tmp_path, flags=flags)
        assert code == 1
        assert "ZeroDivisionError" in err


@pytest.mark.parametrize("name", ["game", "pack", "pack.part", "pack.__main__", "pack.bad"])
def test_a_module_is_run_as_python_runs_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "game.py").write_text(WHO + "\n1 / 0\n")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("import sys\nprint(sys.argv, sys.path[0])\n")
    (tmp_path / "pack" / "__main__.py").write_text("from . import part\n" + WHO)
    (tmp_path / "pack" / "part.py").write_text(WHO)
    (tmp_path / "pack" / "bad.py").write_text("import sys\nfrom . import nothing\n")
    check_same("-m", name, "-m", "--port", "x", folder=tmp_path)


@pytest.mark.parametrize("name", ["game", "pack.part"])
def test_the_children_of_a_module_find_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    for file in ("game.py", "pack/__init__.py", "pack/part.py"):
        (tmp_path / file).write_text("" if "__init__" in file else PROGRAMS["children"])
    code, _ = check_same("-m", name, folder=tmp_path)
    assert code == 0


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["nothing.py"], "nothing.py cannot be run: No such file or directory"),
        (["-m", "nothing"], "No module named nothing"),
        (["-m", "empty"], "No module named empty.__main__; 'empty' is a package and cannot be"),
        (["empty"], "can't find '__main__' module in"),
        ([], "expected a SCRIPT or -m MODULE; see stagedoor run --help"),
        (["-m"], "expected a SCRIPT or -m MODULE; see stagedoor run --help"),
    ],
)
def test_what_is_not_there_is_wrong_usage(command: list[str], told: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "__init__.py").touch()
    code, out, err = outcome(start(*run(*command), folder=tmp_path))
    assert (code, out) == (2, "")
    assert err.startswith(f"stagedoor: {told}")
    assert err.count("\n") == 1


def test_an_exit_of_the_program_is_not_taken_for_a_module_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "game.py").write_text(
        "import sys\nsys.exit(f'{sys.executable}: No module named x')"
    )
    code, err = check_same("-m", "game", folder=tmp_path)
    assert (code, err.count("No module named x")) == (1, 1)


def test_the_command_itself_runs_a_script_too(tmp_path: Path) -> None:
    (tmp_path / "game.py").write_text(PROGRAMS["an error, three calls deep"])
    command = Path(sys.executable).with_name("stagedoor")
    if not command.exists():
        pytest.skip("stagedoor is not installed as a command")
    expected = outcome(start("game.py", folder=tmp_path))
    ours = start(command, "run", "--port", "0", "game.py", folder=tmp_path)
    assert outcome(ours) == expected
