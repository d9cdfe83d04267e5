"""A game that calls `stagedoor.start()` goes on, whatever its machine lacks: with a dormant stage,
or with one that works as far as it can, and one line in the log."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

GAME = """
stage = stagedoor.start("game", port=0)
print("enabled" if stage.enabled else "dormant")
for _ in range(3):
    assert 0 <= stage.tick(0.5) <= 0.5
if not stage.enabled:
    assert stage.tick(0.5) == 0.5
stage.close()
"""

CANNOT_IMPORT = sys.version_info[:3] == (3, 13, 0)
"""Where there is no current folder: this Python cannot import all of its own modules there."""

# The name of what is missing, and how; "dormant", or "enabled" if the stage works without; what the
# only line of the log says of it.
LACKS = [
    (
        "a thread for Python",
        """
        import threading, stagedoor
        usual = threading.Thread.start
        def start(thread):
            if thread.name.startswith("stagedoor"):
                raise RuntimeError("can't start new thread")
            usual(thread)
        threading.Thread.start = start
        """,
        "dormant",
        "cannot listen on 127.0.0.1 port 0: .*can't start new thread",
    ),
    (
        "a thread for the network",
        """
        import os, resource, stagedoor
        stagedoor.Stage
        if os.getuid() == 0:  # who has no such limit
            os.setuid(65534)
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
        """,
        "dormant",
        "cannot listen on 127.0.0.1 port 0: .*Resource temporarily unavailable",
    ),
    (
        "the native module",
        "import sys, stagedoor; sys.modules['stagedoor._core'] = None",
        "dormant",
        "cannot run here: import of stagedoor._core halted",
    ),
    (
        "a module of Python's that the game hides",
        """
        import sys, types, stagedoor
        sys.modules["secrets"] = types.ModuleType("secrets")
        """,
        "dormant",
        "cannot run here: .*secrets",
    ),
    (
        "a module that can be imported without an error",
        """
        import sys, stagedoor
        class Finder:
            def find_spec(self, name, path=None, target=None):
                if name == "msgspec":
                    raise AttributeError("this finder is broken")
        sys.meta_path.insert(0, Finder())
        """,
        "dormant",
        "cannot run here: AttributeError: this finder is broken",
    ),
    (
        "an address",
        "import stagedoor; stagedoor.start = __import__('functools').partial("
        "stagedoor.start, host='192.0.2.1')",
        "dormant",
        "cannot listen on 192.0.2.1 port 0: .*192.0.2.1 is not an address of this machine",
    ),
    (
        "a host of that name",
        "import stagedoor; stagedoor.start = __import__('functools').partial("
        "stagedoor.start, host='no.such.host.invalid')",
        "dormant",
        "cannot listen on no.such.host.invalid port 0",
    ),
    (
        "the files of TLS",
        "import stagedoor; stagedoor.start = __import__('functools').partial("
        "stagedoor.start, tls=('no.pem', 'no.key'))",
        "dormant",
        "no.pem",
    ),
    (
        "a current folder",
        """
        import os, tempfile
        folder = tempfile.mkdtemp()
        os.chdir(folder)
        os.rmdir(folder)
        import stagedoor
        """,
        *(("dormant", "SystemError") if CANNOT_IMPORT else ("enabled", None)),
    ),
    (
        "a current folder, and an absolute path of its own",
        """
        import os, sys, tempfile
        del os.environ["STAGEDOOR"]
        sys.modules["__main__"].__file__ = "game.py"
        folder = tempfile.mkdtemp()
        os.chdir(folder)
        os.rmdir(folder)
        import stagedoor
        """,
        "dormant",
        "stagedoor is disabled: it cannot be found out: FileNotFoundError",
    ),
    (
        "a pyproject.toml that can be read",
        """
        import os, sys
        del os.environ["STAGEDOOR"]
        sys.modules["__main__"].__file__ = os.path.abspath("game.py")
        open("pyproject.toml", "w").write("[tool.stagedoor")
        import stagedoor
        """,
        "dormant",
        "stagedoor is disabled: .*pyproject.toml is not valid TOML",
    ),
    (
        "a runtime folder",
        """
        import os, stagedoor
        open("file", "w").close()
        os.environ["STAGEDOOR_RUNTIME_DIR"] = os.path.abspath("file")
        """,
        "enabled",
        "game cannot be found by name: .*Not a directory",
    ),
    (
        "room on the disk",
        """
        import resource, stagedoor
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        """,
        "enabled",
        "game cannot be found by name: .*File too large",
    ),
    (
        "a home",
        """
        import os, pwd
        for name in ("HOME", "STAGEDOOR_RUNTIME_DIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
            os.environ.pop(name, None)
        def nobody(uid):
            raise KeyError(uid)
        pwd.getpwuid = nobody
        import stagedoor
        """,
        "enabled",
        None,
    ),
    (
        "a stderr",
        "import sys, stagedoor; sys.stderr = None",
        "enabled",
        None,
    ),
    (
        "a stdout that can be listened to",
        """
        import sys, stagedoor
        class Stream:
            def __init__(self, stream):
                self.__dict__["stream"] = stream
            def __getattr__(self, name):
                return getattr(self.stream, name)
            def __setattr__(self, name, value):
                raise RuntimeError("this stream is not to be changed")
        sys.stdout = Stream(sys.stdout)
        """,
        "enabled",
        None,
    ),
]


def play(before: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(before) + GAME],
        cwd=folder,
        env=env | {"STAGEDOOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_game_in_a_subinterpreter_goes_on(tmp_path: Path, env: dict[str, str]) -> None:
    source = f"""
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
game = {GAME!r}
for ways in ((), ("legacy",), ("isolated",)):
    try:
        ours = interpreters.create(*ways)
    except (TypeError, ValueError):
        continue  # this Python has no such way
    interpreters.run_string(ours, "import stagedoor" + game)
    interpreters.destroy(ours)
import stagedoor
"""
    ended = play(source, tmp_path, env)
    assert ended.returncode == 0, ended.stderr
    *in_others, in_main = ended.stdout.split()
    assert in_others
    assert set(in_others) == {"dormant"}
    assert in_main == "enabled"
    assert set(ended.stderr.splitlines()) == {
        "stagedoor is enabled but cannot run here: a subinterpreter has no threads of its own; "
        "the stage is dormant"
    }


@pytest.mark.parametrize(
    ("before", "state", "says"),
    [case[1:] for case in LACKS],
    ids=[case[0] for case in LACKS],
)
def test_a_game_without_it_goes_on(
    before: str, state: str, says: str | None, tmp_path: Path, env: dict[str, str]
) -> None:
    ended = play(before, tmp_path, env)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == [state], ended.stderr
    lines = ended.stderr.splitlines()
    if says is None:
        assert lines == []
    else:
        assert len(lines) == 1, lines
        assert re.search(says, lines[0])


FEW_DESCRIPTORS = """
import os, resource, stagedoor
def leave(count):
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    opened = list(map(int, os.listdir("/proc/self/fd")))[:-1]  # not what lists them
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(opened) + 1 + count, 4096))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_game_that_has_few_descriptors_left_goes_on(tmp_path: Path, env: dict[str, str]) -> None:
    before = """
        stagedoor.Stage
        for count in range(16):
            leave(count)
            stage = stagedoor.start("game", port=0)
            print(stage.enabled)
            stage.tick(0.5)
            del stage
        leave(100)
    """
    ended = play(FEW_DESCRIPTORS + textwrap.dedent(before), tmp_path, env)
    assert ended.returncode == 0, ended.stderr
    *states, last = ended.stdout.split()
    assert (states[0], states[-1], last) == ("False", "True", "enabled")
    assert states == sorted(states)
    assert len(ended.stderr.splitlines()) <= 16 * 2  # it may be enabled, and lack two things


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_a_game_that_cannot_even_import_goes_on(
    count: int, tmp_path: Path, env: dict[str, str]
) -> None:
    ended = play(FEW_DESCRIPTORS + f"leave({count})", tmp_path, env)
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stderr.splitlines()) <= 2, ended.stderr
    if count == 0:
        assert ended.stdout.split() == ["dormant"]
