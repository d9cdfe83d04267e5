"""Output that nobody takes: a full disk, a closed stdout, a reader that has left."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import stagedoor

from ..fake_game import running
from ..fake_stage import FakeStage

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="/dev/full, sh")

SOURCE = Path(stagedoor.__file__).parents[1]
FULL, CLOSED = os.strerror(errno.ENOSPC), os.strerror(errno.EBADF)
COMMANDS = {
    "help": "--help", "version": "--version", "verb's help": "call --help", "ps": "ps",
    "status": "status", "call": "call spawn big --to URL", "methods": "methods --to URL",
    "json": "methods --json --to URL", "method": "methods spawn --to URL",
    "logs": "logs --to URL", "stub": "stub --to URL", "watch": "watch rocks --history 3 --to URL",
    "follow": "logs --follow --to URL", "shell": "shell --to URL",
    "progress": "call build 3 --to URL",
}  # fmt: skip
SOME = {name: COMMANDS[name] for name in ("help", "call", "shell")}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    stage = FakeStage()
    stage.topics.add("logs")
    record = {"time": 1.0, "level": "INFO", "logger": "a", "message": "b" * 100}
    records = [record | {"sequence": number} for number in (1, 2, 3)]
    stage.past = [{"records": records, "dropped": 0}] * 3
    stage.methods["logs.history"] = lambda **_: {
        "records": records, "next": 3, "lost": 0, "started": 1.0,
    }  # fmt: skip
    subscribe = stage.subscribe
    stage.methods["topic.subscribe"] = lambda filter=None, **asked: subscribe(**asked)

    with running(stage) as game:
        yield game.url


def run(command: str, url: str, redirection: str, tmp_path: Path) -> tuple[int, str]:
    """The exit code and stderr of a command in a Unix shell."""
    line = f'"$PYTHON" -m stagedoor {command.replace("URL", url)} {redirection}'
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        env={name: value for name, value in os.environ.items() if name != "STAGEDOOR"}
        | {"PYTHON": sys.executable, "PYTHONPATH": str(SOURCE),
           "STAGEDOOR_RUNTIME_DIR": str(tmp_path)},
        stdin=None if "<" in redirection else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_full_disk_is_told_in_one_line(command: str, url: str, tmp_path: Path) -> None:
    feed = "<<< 'spawn big 2'" if command.startswith("shell") else ""
    code, err = run(command, url, f"{feed} > /dev/full", tmp_path)
    lines = [line for line in err.splitlines() if not line.isdigit()]  # the progress
    assert lines == [f"stagedoor: stdout cannot be written: {FULL}"]
    assert code == 1


@pytest.mark.parametrize("command", SOME.values(), ids=SOME)
def test_a_closed_stdout_is_told_in_one_line(command: str, url: str, tmp_path: Path) -> None:
    feed = "<<< 'spawn big 2'" if command.startswith("shell") else ""
    code, err = run(command, url, f"{feed} >&-", tmp_path)
    lines = [line for line in err.splitlines() if not line.isdigit()]
    assert lines == [f"stagedoor: stdout cannot be written: {CLOSED}"]
    assert code == 1


@pytest.mark.parametrize("command", SOME.values(), ids=SOME)
def test_a_reader_that_has_left_ends_it_quietly(command: str, url: str, tmp_path: Path) -> None:
    feed = "<<< 'spawn big 2'" if command.startswith("shell") else ""
    code, err = run(command, url, f"{feed} | true", tmp_path)
    assert [line for line in err.splitlines() if not line.isdigit()] == []
    assert code == 0


@pytest.mark.parametrize("redirection", ["> /dev/full", ">&-", ">&- 2>&- <&-"])
def test_a_verb_that_prints_nothing_needs_no_output(
    redirection: str, url: str, tmp_path: Path
) -> None:
    assert run("notify spawn big --to URL", url, redirection, tmp_path) == (0, "")


def test_no_socket_gets_the_number_of_a_stream_that_is_closed() -> None:
    code = (
        "from stagedoor.cli.terminal import open_streams; import os, socket;"
        "open_streams(); os._exit(socket.socket().fileno() <= 2)"
    )
    for redirection in (">&-", "<&- >&- 2>&-"):
        line = f'"{sys.executable}" -c "{code}" {redirection}'
        environ = os.environ | {"PYTHONPATH": str(SOURCE)}
        done = subprocess.run(["bash", "-c", line], env=environ, timeout=60, check=False)
        assert done.returncode == 0


def test_a_game_under_run_has_the_streams_that_python_would_give_it(tmp_path: Path) -> None:
    game = tmp_path / "game.py"
    game.write_text("import sys\nprint('no error')\nsys.exit(3 if sys.stdout is None else 4)\n")
    assert run(f"run {game}", "", ">&-", tmp_path)[0] == 3
    assert run(f"run {game}", "", "", tmp_path)[0] == 4


@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full"])
def test_an_error_that_cannot_be_written_is_still_an_exit_code(
    redirection: str, url: str, tmp_path: Path
) -> None:
    assert run("call spwan --to URL", url, redirection, tmp_path) == (1, "")
    assert run("call spwan --too URL", url, redirection, tmp_path) == (2, "")
    assert run("call spawn", url, redirection, tmp_path) == (3, "")
