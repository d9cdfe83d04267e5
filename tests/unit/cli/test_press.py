"""`stagedoor press`, against a real server."""

from __future__ import annotations

import pytest

from stagedoor.cli import main

from ..fake_game import error, result, running

DONE = {"frame": 1, "until": 2}


def test_keys_are_pressed_one_after_another(capsys: pytest.CaptureFixture[str]) -> None:
    with running(result(DONE)) as game:
        assert main(["press", "up", "ctrl+s", "-", "--to", game.url]) == 0
    assert [one["method"] for one in game.received] == ["input.key"] * 3
    assert [one["params"] for one in game.received] == [
        {"key": "up"},
        {"key": "ctrl+s"},
        {"key": "-"},
    ]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("option", "value", "sent"), [("--frames", "30", 30), ("--seconds", "0.5", 0.5)]
)
def test_each_is_pressed_for_so_long(option: str, value: str, sent: float) -> None:
    with running(result(DONE)) as game:
        assert main(["press", "a", "b", option, value, "--to", game.url]) == 0
    expected = {option.removeprefix("--"): sent}
    assert [one["params"] for one in game.received] == [
        {"key": "a"} | expected,
        {"key": "b"} | expected,
    ]


def test_a_key_that_there_is_not_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    data = {"path": "$.key", "reason": "there is no key 'lefft'; did you mean left?"}
    with running(error(-32602, "Invalid params", data)) as game:
        assert main(["press", "lefft", "space", "--to", game.url]) == 1
        assert [one for one in game.received if one.get("params") == {"key": "space"}] == []
    assert "there is no key 'lefft'; did you mean left?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a", "--frames", "0"],
        ["a", "--frames", "100001"],
        ["a", "--frames", "1.5"],
        ["a", "--frames", "9" * 5000],
        ["a", "--seconds", "0"],
        ["a", "--seconds", "nan"],
        ["a", "--seconds", "1", "--frames", "1"],
    ],
)
def test_wrong_usage_is_told_before_a_game_is_looked_for(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["press", *arguments]) == 2
    assert "error" in capsys.readouterr().err
