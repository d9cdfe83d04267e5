"""`stagedoor call`, against a real server."""

import json
import os
import socket
from pathlib import Path

import pytest

from stagedoor.cli import main
from stagedoor.cli.call import parse_params, parse_value
from stagedoor.cli.command import CommandError
from stagedoor.wire.games import Game

from ..fake_game import error, register, result, running


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-1.5e3", -1500.0), ("true", True), ("null", None), ("big", "big"), ("", ""),
        ('"3"', "3"), ("[1, 2]", [1, 2]), ('{"a": "b"}', {"a": "b"}), ("[1,", "[1,"),
        ("007", "007"),
        ("NaN", "NaN"), ("1e400", "1e400"), ("True", "True"), ("[" * 100_000, "[" * 100_000),
    ],
    ids=lambda value: repr(value)[:20],
)  # fmt: skip
def test_a_value_is_json_or_else_the_string(text: str, value: object) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


def test_params_go_by_name_or_by_position() -> None:
    assert parse_params([]) is None
    assert parse_params(["kind=big", "count=3", "note=a=b"]) == {
        "kind": "big", "count": 3, "note": "a=b",
    }  # fmt: skip
    assert parse_params(["big", "3", "world.x=1", "=x", "a-b=1"]) == [
        "big", 3, "world.x=1", "=x", "a-b=1",
    ]  # fmt: skip


def test_mixed_or_repeated_names_are_wrong_usage() -> None:
    with pytest.raises(CommandError, match=r"either all named.*or all by position; named here: a"):
        parse_params(["a=1", "2"])
    with pytest.raises(CommandError, match="a is given twice"):
        parse_params(["a=1", "a=2"])


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
        assert main(["call", "spawn", "--to", game.url, "--timeout", "0.05"]) == 1
    assert capsys.readouterr().err == "stagedoor: no answer to spawn within 0.05 s\n"


def test_no_game_and_no_connection_are_exit_code_3(
    games_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["call", "spawn"]) == 3
    assert capsys.readouterr().err == "stagedoor: no game is running with stagedoor enabled\n"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert main(["call", "spawn", "--to", f"ws://127.0.0.1:{unused.getsockname()[1]}/"]) == 3
    assert "cannot connect to ws://" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["call"], ["call", "a", "x=1", "2"], ["call", "a", "--timeout", "0"],
        ["call", "a", "--timeout", "soon"], ["call", "a", "--timeout", "nan"],
        ["call", "a", "--frobnicate"], ["call", "a", "\udcff"],
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
