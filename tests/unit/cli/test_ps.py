"""`stagedoor ps`, with games that tell of themselves and games that do not."""

import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from stagedoor.cli import main
from stagedoor.cli.ps import show_games
from stagedoor.wire.games import Game
from stagedoor.wire.tokens import Tokens

from ..fake_game import FakeGame, error, register, register_tokens, result, running


def entry(name: str, game: FakeGame) -> Game:
    return Game(name, os.getpid(), "127.0.0.1", game.port, game.url, 1.0)


def test_a_game_is_asked_as_a_viewer_for_its_fps_and_clients(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = {"fps": 59.94, "clients": 3, "other": 1}
    with running(result(status), tokens={"v-token"}) as game:
        one = entry("pong", game)
        register(games_folder, one)
        register_tokens(games_folder, one, Tokens("v-token", "o", "a"))
        assert main(["ps"]) == 0
        assert game.received[0]["method"] == "game.status"
        [told] = json.loads(capsys.readouterr().out)
        assert (told["name"], told["fps"], told["clients"]) == ("pong", 59.94, 2)
        show_games([one], as_json=False)
    table = capsys.readouterr().out.split()
    assert [word for word in table if word in {"FPS", "CLIENTS", "59.94", "2"}] == [
        "FPS", "CLIENTS", "59.94", "2",
    ]  # fmt: skip


def test_what_to_do_about_a_game_without_frames_is_said_below_the_table(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = {"fps": 0, "clients": 1, "stalled_for": 2.5, "advice": "it shows no \x1b[2Jframes"}
    with running(result(status)) as game:
        one = entry("pong", game)
        register(games_folder, one)
        assert main(["ps"]) == 0
        [told] = json.loads(capsys.readouterr().out)
        assert told["advice"] == "it shows no \x1b[2Jframes"
        show_games([one], as_json=False)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(
        f"pong ({os.getpid()}): the game has been stalled for 2.5 s; it shows no"
    )
    assert "\x1b" not in last


@pytest.mark.parametrize(
    "answer",
    [error(-32601, "Method not found"), result([1]), result({"fps": "\x1b[2J", "clients": True}),
     result({"fps": 1e300}), lambda game, call: "garbage"],
)  # fmt: skip
def test_a_game_that_tells_nothing_is_listed_all_the_same(
    games_folder: Path, capsys: pytest.CaptureFixture[str], answer: Any
) -> None:
    with running(answer) as game:
        register(games_folder, entry("pong", game))
        assert main(["ps"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["name"], told["fps"], told["clients"]) == ("pong", None, None)


def test_a_game_that_hangs_or_is_paused_is_shown_so(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = {"file": "a.py", "line": 3, "function": "load"}
    stalled = {"paused": False, "stalled_for": 2.5, "where": where, "clients": 1}
    with running(result(stalled)) as one, running(result({"paused": True})) as two:
        register(games_folder, entry("a", one))
        register(games_folder, entry("b", two))
        assert main(["ps"]) == 0
        told = json.loads(capsys.readouterr().out)
        show_games([entry("a", one)], as_json=False)
    assert [(game["state"], game["stalled_for"], game["where"]) for game in told] == [
        ("stalled", 2.5, "a.py:3, in load"), ("paused", None, None),
    ]  # fmt: skip
    assert told[0]["clients"] == 0
    assert "the game has been stalled for 2.5 s, in a.py:3, in load" in capsys.readouterr().out


def test_below_the_table_it_is_said_why_a_game_is_silent(
    games_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stagedoor.cli.ps.TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as stopped:
        port = stopped.getsockname()[1]
        one = Game("pong", os.getpid(), "127.0.0.1", port, f"ws://127.0.0.1:{port}/", 1.0)
        register(games_folder, one)
        show_games([one], as_json=False)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"pong ({os.getpid()}): no handshake within 0.1 s: its process exists,")
    assert "stopped, or in a debugger" in last


def test_a_game_that_refuses_the_token_is_not_silent(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(result({}), tokens={"another"}) as game:
        register(games_folder, entry("a", game))
        assert main(["ps"]) == 0
        assert json.loads(capsys.readouterr().out)[0]["state"] == "unknown"
        show_games([entry("a", game)], as_json=False)
    assert "a token is needed" in capsys.readouterr().out.splitlines()[-1]


def test_a_game_that_steps_is_shown_so(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running(result({"paused": True, "steps": 7})) as game:
        register(games_folder, entry("a", game))
        assert main(["ps"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert (told["state"], told["steps"]) == ("stepping", 7)


def test_what_keeps_a_game_from_being_asked_does_not_keep_ps(
    games_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stagedoor.cli.ps.PATIENCE", 0.1)
    ends = threading.Event()
    monkeypatch.setattr("stagedoor.cli.ps._ask_one", lambda game: ends.wait(60))
    with running(result({})) as game:
        register(games_folder, entry("pong", game))
        assert main(["ps"]) == 0
    ends.set()
    [told] = json.loads(capsys.readouterr().out)
    assert (told["name"], told["state"]) == ("pong", "silent")


def test_a_game_that_does_not_answer_is_not_waited_for(
    games_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stagedoor.cli.ps.TIMEOUT", 0.05)
    with running(lambda game, call: None) as game, running(result({"fps": 30})) as other:
        register(games_folder, entry("a", game))
        register(games_folder, entry("b", other))
        assert main(["ps"]) == 0
    assert [told["fps"] for told in json.loads(capsys.readouterr().out)] == [None, 30]
