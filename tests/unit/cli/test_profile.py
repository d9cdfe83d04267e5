"""`stagedoor profile`, against a fake game."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stagedoor.cli import main
from stagedoor.cli.profile import Line, lines_of

from ..fake_game import FakeGame, running
from ..fake_stage import FakeStage


def node(parent: int | None, function: str, total: float, own: float) -> dict[str, Any]:
    return {
        "parent": parent, "function": function, "file": "/game/world.py", "line": 3,
        "total": total, "own": own,
    }  # fmt: skip


TREE = {
    "seconds": 2.0,
    "samples": 500,
    "omitted": 0,
    "frames": 120,
    "cost": 0.01,
    "nodes": [
        node(None, "main", 2.0, 0.5),
        node(0, "World.step", 1.5, 1.0),
        node(1, "World.step", 0.5, 0.5),
    ],
}


class Profiler:
    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __call__(self, **params: Any) -> Any:
        self.asked.append(params)
        if params["format"] == "collapsed":
            return "main (a.py:1);f\x1b (a.py:2) 7\nmain (a.py:1) 3\n"
        return TREE if params["format"] == "tree" else {"$schema": "s"}


@pytest.fixture
def profiler() -> Profiler:
    return Profiler()


@pytest.fixture
def game(profiler: Profiler) -> Iterator[FakeGame]:
    stage = FakeStage()
    stage.methods["frames.profile"] = profiler
    with running(stage) as game:
        yield game


def test_a_table_has_what_took_longest_first(
    game: FakeGame, profiler: Profiler, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", "--to", game.url]) == 0
    out, err = capsys.readouterr()
    rows = [line.split() for line in out.splitlines() if "world.py" in line]
    assert rows == [
        ["1.500", "75%", "1.500", "World.step", "world.py:3"],
        ["0.500", "25%", "2.000", "main", "world.py:3"],
    ]
    assert err == "500 looks at 120 frames in 2.0 s; they took 0.010 s of a processor\n"
    assert profiler.asked == [{"seconds": 5.0, "hz": 250.0, "format": "tree"}]


def test_lines_without_a_time_are_not_in_the_table(
    game: FakeGame, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = [node(None, "main", 2.0, 2.0), node(0, "blink", 0.0004, 0.0004)]
    monkeypatch.setitem(TREE, "nodes", seen)
    assert main(["profile", "--to", game.url]) == 0
    out = capsys.readouterr().out
    assert "main" in out
    assert "blink" not in out


def test_a_recursion_is_counted_once() -> None:
    assert lines_of(TREE["nodes"]) == [  # type: ignore[arg-type]
        Line(1.5, 1.5, "World.step  world.py:3"),
        Line(0.5, 2.0, "main  world.py:3"),
    ]


def test_options_become_params(game: FakeGame, profiler: Profiler) -> None:
    options = ["--seconds", "0.5", "--hz", "1000", "--slower-than", "0.02"]
    assert main(["profile", *options, "--format", "speedscope", "--to", game.url]) == 0
    assert profiler.asked == [
        {"seconds": 0.5, "hz": 1000.0, "threshold": 0.02, "format": "speedscope"}
    ]


def test_a_file_is_json(game: FakeGame, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "--format", "speedscope", "--to", game.url]) == 0
    assert json.loads(capsys.readouterr().out) == {"$schema": "s"}


def test_collapsed_stacks_are_lines(game: FakeGame, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "--format", "collapsed", "--to", game.url]) == 0
    assert capsys.readouterr().out == "main (a.py:1);f\\u001b (a.py:2) 7\nmain (a.py:1) 3\n"


def test_nothing_seen_is_an_empty_table(
    game: FakeGame, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(TREE, "nodes", [])
    assert main(["profile", "--to", game.url]) == 0
    assert "own s" in capsys.readouterr().out


def test_no_frame_that_was_so_slow_is_told(
    game: FakeGame, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["profile", "--slower-than", "0.5", "--to", game.url]) == 0
    assert "no frame" not in capsys.readouterr().err
    monkeypatch.setitem(TREE, "frames", 0)
    assert main(["profile", "--slower-than", "0.5", "--to", game.url]) == 0
    assert "no frame took more than 0.5 s\n" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--seconds", "0"], ["--hz", "x"], ["--format", "svg"]])
def test_wrong_usage(options: list[str]) -> None:
    assert main(["profile", *options]) == 2
