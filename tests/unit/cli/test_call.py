"""`stagedoor call`, against a real server."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stagedoor.cli import main
from stagedoor.wire.games import Game
from stagedoor.wire.tokens import Tokens

from ..fake_game import FakeGame, error, register, register_tokens, result, running
from ..fake_stage import FakeStage


@pytest.fixture
def other_processes() -> Iterator[list[int]]:
    wait = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    processes = [subprocess.Popen(wait, stdin=subprocess.PIPE) for _ in range(3)]
    yield sorted(one.pid for one in processes)
    for one in processes:
        one.communicate()


def test_a_call_prints_the_result_as_json_when_piped(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(result({"rocks": 3, "é": [None]})) as game:
        register(games_folder, Game("pong", os.getpid(), "127.0.0.1", game.port, game.url, 1.0))
        code = main(["call", "spawn", "kind=big", "--to", "pong", "count=3", "--timeout", "5"])
    assert (code, game.received[0]["params"]) == (0, {"kind": "big", "count": 3})
    assert json.loads(capsys.readouterr().out) == {"rocks": 3, "é": [None]}


def test_negative_numbers_are_values(games_folder: Path) -> None:
    with running(result(1)) as game:
        assert main(["call", "move", "-1", "-2.5", "--to", game.url]) == 0
        assert game.received[0]["params"] == [-1, -2.5]


def test_what_follows_two_dashes_is_a_value(games_folder: Path) -> None:
    with running(result(1)) as game:
        assert main(["call", "say", "a", "--to", game.url, "--", "-x", "--to"]) == 0
        assert game.received[0]["params"] == ["a", "-x", "--to"]
        assert main(["call", "say", "--", "-x"]) == 3
        assert main(["call", "say", "--to", game.url, "-x", "--", "a"]) == 2


def test_an_error_answer_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"path": "$.n", "reason": "Expected `int`\n\x1b[31mgot `str`"}
    with running(error(-32602, "Invalid params", data)) as game:
        assert main(["call", "spawn", "--to", game.url]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "stagedoor: spawn: Invalid params: $.n: Expected `int`\\n\\u001b[31mgot `str` (-32602)\n"
    )


def test_no_answer_in_time_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with running(lambda game, call: None) as game:
        assert main(["call", "spawn", "--to", game.url, "--timeout", "0.5"]) == 1
    # Whether its pong has come by then is up to the machine.
    assert capsys.readouterr().err.startswith("stagedoor: no answer to spawn within 0.5 s: ")


def test_no_game_and_no_connection_are_exit_code_3(
    games_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["call", "spawn"]) == 3
    err = capsys.readouterr().err.splitlines()
    assert err[0] == "stagedoor: no game is running"
    assert err[1].startswith("stagedoor is not enabled here: ")
    assert "stagedoor enable" in err[2]
    monkeypatch.setenv("STAGEDOOR", "1")
    assert main(["call", "spawn"]) == 3
    assert capsys.readouterr().err == "stagedoor: no game is running\n"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert main(["call", "spawn", "--to", f"ws://127.0.0.1:{unused.getsockname()[1]}/"]) == 3
    assert "cannot connect to ws://" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be removed")
def test_a_working_directory_that_is_gone_does_no_harm(
    games_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    here.rmdir()
    assert main(["call", "spawn"]) == 3
    assert capsys.readouterr().err == "stagedoor: no game is running\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["call"], ["call", "a", "x=1", "2"], ["call", "a", "--timeout", "0"],
        ["call", "a", "--timeout", "soon"], ["call", "a", "--timeout", "nan"],
        ["call", "a", "--frobnicate"], ["call", "a", "\udcff"], ["call", "a", "--role", "king"],
    ],
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with running(result(1)) as game:
        assert main([*arguments, "--to", game.url]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "stagedoor" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("verb", ["call", "notify"])
def test_what_is_no_name_of_a_method_is_not_sent(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(result(1)) as game:
        assert main([verb, "", "--to", game.url]) == 2
        assert main([verb, "a", "=3", "--to", game.url]) == 2
        assert game.received == []
    assert "a name is missing before =3" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("names", "target", "hint"),
    [
        (["aa", "zz", "zz"], ["--to", "zz"], 1), (["aa", "zz"], [], "aa"),
        (["aa", "aa"], [], 0), (["a b", "zz"], [], "'a b'"), (["aa", "zz", "zz"], [], 0),
    ],
)  # fmt: skip
def test_of_several_games_one_is_named_that_was_meant(
    games_folder: Path, capsys: pytest.CaptureFixture[str], other_processes: list[int],
    names: list[str], target: list[str], hint: str | int,
) -> None:  # fmt: skip
    for name, pid in zip(names, other_processes, strict=False):
        register(games_folder, Game(name, pid, "127.0.0.1", 8787, "ws://127.0.0.1:8787/", 1.0))
    assert main(["call", "a", *target]) == 3
    said = capsys.readouterr().err.strip().rpartition("as in --to ")[2]
    assert said == (str(other_processes[hint]) if isinstance(hint, int) else hint)


@pytest.mark.parametrize("ends", [True, False])
def test_a_game_that_hangs_up_is_gone_if_its_process_is(
    games_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    ends: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr("stagedoor.cli.game.ENDS_WITHIN", 0.1)

    def hang_up(game: FakeGame, call: dict[str, object]) -> None:
        if ends:
            file.unlink()
        assert game.connection is not None
        game.connection.socket.shutdown(socket.SHUT_RDWR)

    with running(hang_up) as game:
        entry = Game("pong", os.getpid(), "127.0.0.1", game.port, game.url, 1.0)
        file = register(games_folder, entry)
        assert main(["call", "spawn", "--to", "pong"]) == 3
    err = capsys.readouterr().err
    assert err.startswith("stagedoor: the game is gone: the connection to ws://") is ends
    assert "ended without a close frame" in err


def test_a_game_that_is_stopped_is_said_to_exist(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stopped:
        port = stopped.getsockname()[1]
        url = f"ws://127.0.0.1:{port}/"
        command = ["call", "spawn", "--to", url, "--timeout", "0.1"]
        assert main(command) == 3
        assert capsys.readouterr().err.endswith("no handshake within 0.1 s\n")
        register(games_folder, Game("pong", os.getpid(), "127.0.0.1", port, url, 1.0))
        assert main(command) == 3
    assert "its process exists, but does not answer" in capsys.readouterr().err


def test_progress_goes_to_stderr_and_the_result_to_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with running(FakeStage()) as game:
        assert main(["call", "build", "3", "--to", game.url]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("30\n", "0\n1\n2\n")


def test_a_progress_value_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    stage = FakeStage()
    stage.methods["evil"] = lambda: (text for text in ["\x1b[2J\u202e"])
    with running(stage) as game:
        assert main(["call", "evil", "--to", game.url]) == 0
    assert capsys.readouterr().err == r'"\u001b[2J\u202e"' + "\n"


def test_the_role_chooses_the_token_and_no_token_is_an_option(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(result(1), tokens={"v-token"}) as game:
        entry = Game("pong", os.getpid(), "127.0.0.1", game.port, game.url, 1.0)
        register(games_folder, entry)
        register_tokens(games_folder, entry, Tokens("v-token", "o-token", "a-token"))
        assert main(["call", "a", "--role", "viewer"]) == 0
        assert main(["call", "a"]) == 3
        err = capsys.readouterr().err
        assert "the token is not valid (HTTP 401)" in err
        assert "STAGEDOOR_TOKEN" in err
        assert "a-token" not in err
        assert main(["call", "a", "--token", "v-token"]) == 2
