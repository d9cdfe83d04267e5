"""The command as a whole: `stagedoor.cli.main`, `python -m stagedoor`, and the terminal."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import stagedoor
from stagedoor.cli import VERBS, _parser, main
from stagedoor.cli.terminal import harmless
from stagedoor.wire.games import Game

from ..fake_game import FakeGame, register, result, running

SOURCE = Path(stagedoor.__file__).parents[1]


@pytest.fixture
def environ(games_folder: Path) -> dict[str, str]:
    """The environment of a command that runs in a process of its own."""
    return {name: value for name, value in os.environ.items() if name != "STAGEDOOR"} | {
        "PYTHONPATH": str(SOURCE),
        "STAGEDOOR_RUNTIME_DIR": str(games_folder.parent),
    }


def on_a_terminal(arguments: list[str], environ: dict[str, str]) -> str:
    """What `python -m stagedoor` writes to a terminal."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "stagedoor", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environ | {"TERM": "xterm-256color", "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"},
    ) as process:
        os.close(theirs)
        written = b"".join(_until_closed(ours))
        process.wait(30)
    os.close(ours)
    return written.decode()


def _until_closed(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            data = os.read(terminal, 4096)
        except OSError:  # how Linux says that nobody holds the other end
            return
        if not data:
            return
        yield data


def test_help_documents_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    names = [verb.__name__.rpartition(".")[2] for verb in VERBS]
    for arguments in ([], *([name] for name in names)):
        assert main([*arguments, "--help"]) == 0
        text = capsys.readouterr().out
        assert "exit codes:" in text
        assert "3    no game found, or no connection to it" in text
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text for name in names)


def test_help_fits_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for arguments in ([], *([verb.__name__.rpartition(".")[2]] for verb in VERBS)):
        main([*arguments, "--help"])
        lines = capsys.readouterr().out.splitlines()
        assert [line for line in lines if len(line) > 80] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["cal", "spawn"], "there is no cal; expected one of run, enable, "),
        (["cal", "spawn"], "; did you mean call?"),
        (["call", "a", "--role", "admn"], "viewer, operator, admin; did you mean admin?"),
        (["watch", "a", "--mode", "pek"], "all, latest, mean, peak, change; did you mean peak?"),
        (["call", "a", "--jsno"], "unrecognized arguments: --jsno; did you mean --json?"),
        (["call", "a", "--jsno=1"], "; did you mean --json?"),
        (["--vesion"], "unrecognized arguments: --vesion; did you mean --version?"),
        (["call"], "the following arguments are required: METHOD\n"),
        (["ps", "\x1b[2J"], r"unrecognized arguments: \u001b[2J"),
    ],
)
def test_wrong_usage_says_what_would_be_right(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_without_a_verb_or_with_a_wrong_one_it_is_wrong_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert main(["fly"]) == 2
    assert main(["ps", "extra"]) == 2
    assert main(["ps", "--to"]) == 2
    assert capsys.readouterr().out == ""


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"stagedoor {stagedoor.__version__}\n"


def test_python_m_runs_the_command_without_importing_what_the_verb_does_not_need(
    environ: dict[str, str],
) -> None:
    code = (
        "import sys; from stagedoor.cli import main; assert main(['--version']) == 0;"
        "heavy = {'rich', 'websockets', 'msgspec', 'tomlkit', 'asyncio', 'stagedoor.live'};"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys();"
        "assert main(['ps']) == 0;"
        "heavy = {'rich', 'websockets', 'tomlkit', 'asyncio', 'stagedoor.live'};"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], env=environ, check=True, timeout=60)
    done = subprocess.run(
        [sys.executable, "-m", "stagedoor", "--version"],
        env=environ, check=True, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == f"stagedoor {stagedoor.__version__}\n"


def test_ps_lists_the_games_as_json_when_piped(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ps"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    register(games_folder, Game("pong", os.getpid(), "127.0.0.1", 8787, "ws://127.0.0.1/", 1.0))
    assert main(["ps", "--json"]) == 0
    [game] = json.loads(capsys.readouterr().out)
    assert (game["name"], game["pid"]) == ("pong", os.getpid())


def test_a_terminal_gets_a_table_and_no_escape_sequence_of_a_games_name(
    games_folder: Path, environ: dict[str, str]
) -> None:
    assert "No game is running." in on_a_terminal(["ps"], environ)
    name = "po\x1b]0;evil\x07[red]ng\x9b31m\u202e\n"
    register(games_folder, Game(name, os.getpid(), "127.0.0.1", 8787, "ws://127.0.0.1/", 1.0))
    written = on_a_terminal(["ps"], environ)
    assert "NAME" in written
    assert r"po\u001b]0;evil\u0007[red]ng\u009b31m\u202e\n" in written
    assert "\x1b]0;" not in written
    assert not set("\x07\x9b\u202e") & set(written)


def test_a_terminal_gets_a_readable_result_and_no_escape_sequence_of_its_text(
    environ: dict[str, str],
) -> None:
    value = {"rocks": [1, 2], "text": "\x1b[2J\x9b\u202e\x7f[bold]é"}
    with running(result(value)) as game:
        written = on_a_terminal(["call", "a", "--to", game.url], environ)
    assert "\x1b[2J" not in written
    assert not set("\x9b\u202e\x7f") & set(written)
    assert r"\u001b[2J\u009b\u202e\u007f[bold]é" in written
    assert "  " in written  # indented
    with running(result(value)) as game:
        written = on_a_terminal(["call", "a", "--to", game.url, "--json"], environ)
    assert json.loads(written) == value
    assert written.isprintable() or written.strip().isprintable()


def test_what_json_escapes_stays_equal_json() -> None:
    value = {"a\u202e\U000e0041": "\x7f\x80\ud800 é ☃ \U0001f600"}
    text = harmless(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert "é ☃ \U0001f600" in text
    assert harmless("é☃", "latin-1") == "é\\u2603"


def test_ctrl_c_is_quiet(environ: dict[str, str]) -> None:
    with running(lambda game, call: None) as game:
        process = subprocess.Popen(
            [sys.executable, "-m", "stagedoor", "call", "a", "--to", game.url, "--timeout", "60"],
            env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert game.notified.wait(30)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_reader_that_leaves_is_no_error(environ: dict[str, str]) -> None:
    has_left = threading.Event()

    def answer(game: FakeGame, call: dict[str, Any]) -> str:
        assert has_left.wait(30)
        return json.dumps({"jsonrpc": "2.0", "result": 1, "id": call["id"]})

    with running(answer) as game:
        process = subprocess.Popen(
            [sys.executable, "-m", "stagedoor", "call", "a", "--to", game.url],
            env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        has_left.set()
        assert process.stderr.read() == b""
        assert process.wait(30) == 0
        process.stderr.close()


def _options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for verb in action.choices.values():
                yield from _options(verb)
        else:
            yield action


@pytest.mark.parametrize("text", ["abc", "", "-1", "1_0", "²", "9" * 5000, "nan", "1 2"])
def test_a_value_that_an_option_cannot_have_is_an_error_in_words(text: str) -> None:
    """Argparse shows the name of a `type=` that raises ValueError."""
    typed = [one for one in _options(_parser()) if one.type is not None]
    assert typed
    for option in typed:
        assert callable(option.type)
        with contextlib.suppress(argparse.ArgumentTypeError):
            option.type(text)
