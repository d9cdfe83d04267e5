"""`stagedoor tweak`, against a server that answers as a game with tweaks does."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from stagedoor.cli import main

from ..fake_game import FakeGame, running

THRUST = {
    "name": "ship.thrust", "type": "float", "value": 240.0, "default": 240.0, "changed": False,
    "low": 0, "high": 500, "step": 10, "choices": None, "unit": "px/s²", "problem": None,
}  # fmt: skip
PILOT = THRUST | {
    "name": "pilot", "type": "str", "value": "auto", "default": "player", "changed": True,
    "low": None, "high": None, "choices": ["auto", "player"], "unit": "",
}  # fmt: skip
GONE = THRUST | {"name": "gone", "value": None, "problem": "its object is gone"}
PLAN = {"diff": "--- a/x.py\n+GRAVITY = \x1b[2J1.6\n", "digest": "abc", "names": ["gravity"],
        "left": [], "written": False}  # fmt: skip
LEFT = [{"name": "half", "reason": "it is computed in line 7"}]


class Game:
    """Answers by method; `calls` are those that came."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.results: dict[str, Any] = {
            "tweaks.list": [THRUST, PILOT, GONE],
            "tweaks.presets": [{"name": "easy", "values": 2}],
            "tweaks.set": THRUST | {"value": 300.0, "changed": True},
            "tweaks.reset": {"set": [THRUST], "left": []},
            "tweaks.load_preset": {"set": [THRUST], "left": LEFT},
            "tweaks.save_preset": {"name": "easy", "values": 2},
            "tweaks.remove_preset": None,
            "tweaks.save": PLAN,
        }

    def __call__(self, game: FakeGame, call: dict[str, Any]) -> str:
        self.calls.append((call["method"], call.get("params")))
        result = self.results[call["method"]]
        return json.dumps({"jsonrpc": "2.0", "id": call["id"], "result": result})


@pytest.fixture
def game() -> Game:
    return Game()


@pytest.fixture
def tweak(game: Game) -> Iterator[Any]:
    """Runs the verb with these words."""
    with running(game) as served:
        yield lambda *words: main(["tweak", *words, "--to", served.url])


def test_all_are_listed(tweak: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert tweak() == 0
    assert json.loads(capsys.readouterr().out) == [THRUST, PILOT, GONE]


def test_some_are_shown(tweak: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert tweak("pilot") == 0
    assert json.loads(capsys.readouterr().out) == [PILOT]
    assert tweak("pilto") == 1
    assert "the game has no tweak pilto; did you mean pilot?" in capsys.readouterr().err


def test_a_person_gets_a_table(
    tweak: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert tweak() == 0
    out = capsys.readouterr().out
    assert "0 to 500" in out
    assert "auto, player" in out
    assert "its object is gone" in out


@pytest.mark.parametrize(
    ("word", "value"),
    [("ship.thrust=300", 300), ("x=true", True), ("x=big", "big"), ('x="3"', "3"), ("x=", ""),
     ("x=a=b", "a=b")],
)  # fmt: skip
def test_a_value_is_set(tweak: Any, game: Game, word: str, value: object) -> None:
    assert tweak(word) == 0
    assert game.calls == [("tweaks.set", {"name": word.partition("=")[0], "value": value})]


@pytest.mark.parametrize(
    ("words", "method", "params"),
    [
        (["--reset"], "tweaks.reset", None),
        (["--reset", "ship.thrust"], "tweaks.reset", {"names": ["ship.thrust"]}),
        (["--presets"], "tweaks.presets", None),
        (["--keep", "easy"], "tweaks.save_preset", {"preset": "easy"}),
        (
            ["--keep", "easy", "a", "b"],
            "tweaks.save_preset",
            {"preset": "easy", "names": ["a", "b"]},
        ),
        (["--drop", "easy"], "tweaks.remove_preset", {"preset": "easy"}),
    ],
)
def test_what_else_it_does(
    tweak: Any, game: Game, words: list[str], method: str, params: Any
) -> None:
    assert tweak(*words) == 0
    [(called, given)] = game.calls
    assert (called, given or None) == (method, params)


def test_what_a_preset_could_not_set_is_told(
    tweak: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tweak("--load", "easy") == 1
    assert "stagedoor: half: it is computed in line 7" in capsys.readouterr().err


def test_saving_writes_nothing_unless_somebody_agrees(
    tweak: Any, game: Game, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tweak("--save") == 0
    assert [method for method, _ in game.calls] == ["tweaks.save"]
    assert "Nothing is written: say --yes" in capsys.readouterr().err


def test_saving_shows_the_diff_and_writes_exactly_that(
    tweak: Any, game: Game, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert tweak("--save", "gravity", "--yes") == 0
    assert [params for _, params in game.calls] == [
        {"names": ["gravity"]},
        {"names": ["gravity"], "digest": "abc"},
    ]
    out = capsys.readouterr().out
    assert "+GRAVITY = \\u001b[2J1.6" in out


@pytest.mark.parametrize("answer", ["y\n", "n\n", "\n", ""])
def test_a_person_is_asked(
    tweak: Any, game: Game, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdin, "readline", lambda: answer)
    assert tweak("--save") == 0
    assert len(game.calls) == (2 if answer == "y\n" else 1)


@pytest.mark.parametrize(
    "words",
    [["=3"], ["--save", "x=3"], ["--load", "easy", "x"], ["--reset", "--save"], ["--yes"],
     ["x=[1"]],
)  # fmt: skip
def test_wrong_usage_is_told_before_any_call(tweak: Any, game: Game, words: list[str]) -> None:
    assert tweak(*words) == 2
    assert game.calls == []
