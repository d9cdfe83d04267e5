"""`stagedoor shell`: lines, completion and history, through prompt_toolkit's own pipe."""

import argparse
import io
import json
import re
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

import stagedoor
from stagedoor.cli import main
from stagedoor.cli.shell import Shell, history_file, make_session

from ..fake_game import FakeGame, running
from ..fake_stage import FakeStage


@pytest.fixture
def stage() -> FakeStage:
    return FakeStage()


@pytest.fixture
def game(stage: FakeStage) -> Iterator[FakeGame]:
    with running(stage) as game:
        yield game


@pytest.fixture
def shell(game: FakeGame) -> Iterator[Shell]:
    with stagedoor.connect(game.url) as client:
        yield Shell(client, argparse.Namespace(json=True, role="admin", cafile=None, timeout=10.0))


def typed(shell: Shell, keys: str, history: Path | None = None) -> None:
    """Have a person type this. Behind a Tab, who waits until something is completed."""
    with create_pipe_input() as keyboard, create_app_session(keyboard, DummyOutput()):
        session = make_session(shell, history)

        def type_them() -> None:
            for part in re.split("(?<=\t)", keys):
                before = "" if "\r" in part else session.default_buffer.text
                keyboard.send_text(part)
                if part.endswith("\t"):
                    expected = before + part[:-1].rpartition("\r")[2]
                    for _ in range(2000):
                        text = session.default_buffer.text
                        if text.startswith(expected) and text != expected:
                            break
                        time.sleep(0.005)

        person = threading.Thread(target=type_them)
        person.start()
        shell.interact(session.prompt)
        person.join()


def test_lines_are_calls_and_mistakes_do_not_end_it(
    shell: Shell, game: FakeGame, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(
        shell, "spawn kind=big count=3\rfail\rspawn 'unfinished\r\rcall echo 'a b' 2\rnope\rexit\r"
    )
    out, err = capsys.readouterr()
    assert out.splitlines()[1:] == ["3", '["a b", 2]']
    assert [line.partition(": ")[2] for line in err.splitlines()] == [
        "fail: Handler error: ZeroDivisionError: division by zero (-32000)",
        "' is missing at the end of 'unfinished",
        "nope: Method not found: nope (-32601)",
    ]


def test_tab_completes_methods_and_params(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    typed(shell, "sp\t k\tb\t cou\t4\r\x04")
    assert capsys.readouterr().out.splitlines()[1:] == ["4"]


def test_methods_that_come_while_it_runs_complete_and_progress_shows(
    shell: Shell, stage: FakeStage, capsys: pytest.CaptureFixture[str]
) -> None:
    def grow() -> None:
        document = stage.methods["rpc.discover"]()
        more = {"name": "zoom", "params": [], "result": {"name": "r", "schema": {}}}
        stage.methods["zoom"] = lambda: "zoomed"
        stage.methods["rpc.discover"] = lambda: document | {"methods": [more]}

    stage.methods["grow"] = grow
    typed(shell, "grow\rzo\t\rbuild steps=2\r\x04")
    out, err = capsys.readouterr()
    assert out.splitlines()[1:] == ["null", '"zoomed"', "20"]
    assert err == "0\n1\n"


def test_help_and_methods_explain_and_notify_does_not_wait(
    shell: Shell, game: FakeGame, capsys: pytest.CaptureFixture[str]
) -> None:
    for line in ("help", "help spawn", "methods", "notify wait"):
        assert shell.run_line(line)
    assert not shell.run_line("exit")
    assert not shell.run_line(" quit ")
    out = capsys.readouterr().out
    for expected in ("METHOD [name=value ...]", "They come from the edge.", "TOPIC"):
        assert expected in out
    assert shell.run_line("help spwan")
    assert shell.run_line("watch")
    err = capsys.readouterr().err
    assert "did you mean spawn?" in err
    assert "expected a topic" in err


def test_a_topic_is_watched_until_ctrl_c(
    shell: Shell, stage: FakeStage, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    watched: list[argparse.Namespace] = []

    def interrupted(arguments: argparse.Namespace) -> int:
        watched.append(arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr("stagedoor.cli.watch.run", interrupted)
    typed(shell, "watch rocks fps\rspawn big\r\x04")
    assert (watched[0].topics, watched[0].role) == (["rocks", "fps"], "admin")
    assert capsys.readouterr().out.splitlines()[1:] == ["1"]


def test_ctrl_c_clears_the_line_and_ctrl_d_leaves(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(shell, "spawn nonsense\x03spawn big\r\x04")
    assert capsys.readouterr().out.splitlines()[1:] == ["1"]


def test_lines_are_remembered_for_this_user_alone(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    file = history_file()
    assert file is not None
    assert file.is_relative_to(tmp_path)
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    typed(shell, "spawn big 7\r\x04", file)
    typed(shell, "\x1b[A\r\x04", file)
    assert [line for line in capsys.readouterr().out.splitlines() if line.isdigit()] == ["7", "7"]


def test_lines_can_come_from_a_file(
    game: FakeGame, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("spawn big 2\nfail\necho x\nexit\nspawn big 9\n"))
    assert main(["shell", "--to", game.url]) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line) for line in out.splitlines()] == [2, ["x"]]
    assert "ZeroDivisionError" in err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{\n", "expected a method's name, not {"),
        ("''\n", "expected a method's name, not an empty text"),
        ("notify ''\n", "expected a method's name, not an empty text"),
        ("call count=3\n", "expected a method's name, not count=3"),
        ('spawn q "[1,2\n', '" is missing at the end of "[1,2'),
        ("spawn q [1,2\n", "[1,2 is not JSON: ] is missing at its end"),
        ("spawn q = 3\r\n", "a name is missing before ="),
    ],
)
def test_a_line_that_is_not_whole_says_what_is_missing(
    shell: Shell, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    assert shell.run_line(line)
    assert capsys.readouterr().err.splitlines()[0] == f"stagedoor: {said}"
