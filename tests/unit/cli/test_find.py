"""`stagedoor find` and `stagedoor click`, against a game that is not one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stagedoor.cli import main
from stagedoor.cli.find import line_of
from stagedoor.wire.errors import HandlerError, InvalidParams

from ..fake_game import FakeGame, running
from ..fake_stage import FakeStage

NODE = {"name": "start", "type": "menu.Button", "rect": [1, 2.5, 30, 40], "text": "New game"}
CHILD = {"type": None, "rect": None, "visible": False, "enabled": False, "tags": ["a"], "parent": 0}
EVIL = "\x1b[2J\u202e"


class SceneStage(FakeStage):
    """Has some things on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[dict[str, Any]] = [NODE]
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.error: Exception | None = None
        for name in ("tree", "find", "wait"):
            self.methods[f"scene.{name}"] = self._answering(name)
        self.methods["scene.click"] = self._click

    def _answering(self, name: str) -> Any:
        def answer(**params: Any) -> Any:
            self.asked.append((name, params))
            if self.error is not None:
                raise self.error
            return {"began": 1, "frame": 1, "nodes": self.nodes, "more": True, "troubles": ["odd"]}

        return answer

    def _click(self, **params: Any) -> Any:
        self.asked.append(("click", params))
        if self.error is not None:
            raise self.error
        return {"frame": 1, "x": 16, "y": 22, "node": NODE}


@pytest.fixture
def stage() -> SceneStage:
    return SceneStage()


@pytest.fixture
def game(stage: SceneStage) -> Iterator[FakeGame]:
    with running(stage) as game:
        yield game


def test_piped_each_thing_is_a_line_of_json(
    game: FakeGame, stage: SceneStage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.nodes = [NODE, NODE | {"text": EVIL}]
    assert main(["find", "Button", "--to", game.url, "-n", "7", "--hidden"]) == 0
    printed = capsys.readouterr()
    assert [json.loads(line) for line in printed.out.splitlines()] == stage.nodes
    assert all(line.isprintable() for line in printed.out.splitlines())
    assert "odd" in printed.err
    assert "more than 7" in printed.err
    params = {"selector": "Button", "limit": 7, "hidden": True, "evaluate": False}
    assert stage.asked == [("find", params)]


def test_without_a_selector_it_is_everything(game: FakeGame, stage: SceneStage) -> None:
    assert main(["find", "--to", game.url]) == 0
    assert stage.asked == [("tree", {"limit": 1000, "hidden": False, "evaluate": False})]


def test_it_waits(game: FakeGame, stage: SceneStage) -> None:
    assert main(["find", "#start", "--to", game.url, "--wait", "3"]) == 0
    params = {"selector": "#start", "seconds": 3.0, "hidden": False, "evaluate": False}
    assert stage.asked.pop() == ("wait", params | {"gone": False})
    stage.nodes = []
    assert main(["find", "#start", "--to", game.url, "--wait", "3", "--gone"]) == 0
    assert stage.asked.pop() == ("wait", params | {"gone": True})


def test_nothing_is_a_failure(
    game: FakeGame, stage: SceneStage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.nodes = []
    assert main(["find", "#start", "--to", game.url]) == 1
    told = capsys.readouterr().err
    assert "nothing fits #start" in told
    assert "stage.node" not in told
    assert main(["find", "--to", game.url]) == 1
    assert "stage.node" in capsys.readouterr().err
    assert main(["find", "#start", "--wait", "1", "--gone", "--to", game.url]) == 0
    assert "nothing fits" not in capsys.readouterr().err  # that is what it has waited for


@pytest.mark.parametrize(
    "wrong", [["--gone"], ["--wait", "3"], ["a", "--gone"], ["a", "-n", "0"], ["a", "b"]]
)
def test_wrong_usage(game: FakeGame, wrong: list[str]) -> None:
    assert main(["find", *wrong, "--to", game.url]) == 2


def test_a_selector_that_does_not_parse_is_shown_with_a_caret(
    game: FakeGame, stage: SceneStage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.error = InvalidParams("expected ]\n    Enemy[hp<10\n               ^", "$.selector")
    for verb in ("find", "click"):
        assert main([verb, "Enemy[hp<10", "--to", game.url]) == 1
        lines = capsys.readouterr().err.splitlines()
        assert lines[1:3] == ["    Enemy[hp<10", "               ^"]


def test_it_clicks(game: FakeGame, stage: SceneStage, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["click", "#start", "--to", game.url, "--index", "2", "--button", "right"]) == 0
    params = {"selector": "#start", "index": 2, "button": 3, "seconds": 0.0, "evaluate": False}
    assert stage.asked == [("click", params)]
    assert json.loads(capsys.readouterr().out)["x"] == 16


def test_what_cannot_be_clicked_is_told(
    game: FakeGame, stage: SceneStage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.error = HandlerError("NothingFits", "nothing on the screen fits #start")
    assert main(["click", "#start", "--to", game.url]) == 1
    assert "nothing on the screen fits #start" in capsys.readouterr().err


def test_a_node_is_a_line_for_a_person() -> None:
    assert line_of(NODE) == 'Button#start "New game" 1,2.5 30x40'
    assert line_of(CHILD) == ".a (hidden) (disabled)"
