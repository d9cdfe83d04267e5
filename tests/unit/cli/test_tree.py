"""`stagedoor tree`, `get` and `set`: what they ask a game for, and what they print."""

import json
from pathlib import Path
from typing import Any

import pytest

from stagedoor.cli import main
from stagedoor.cli.tree import said
from stagedoor.wire.errors import Forbidden, InvalidParams

from ..fake_game import FakeGame, running
from ..fake_stage import FakeStage

SHIP: dict[str, Any] = {
    "path": "world.ship",
    "name": "ship",
    "kind": "object",
    "preview": "Ship(lives=3, …)",
    "children": [
        {"path": "world.ship.lives", "name": "lives", "preview": "3", "value": 3},
        {"path": "world.ship.key", "name": "key", "kind": "hidden", "needs": "admin"},
        {"path": "world.ship.speed", "name": "speed", "kind": "lazy", "type": "property"},
        {"path": "world.ship.world", "name": "world", "preview": "World()", "ancestor": "world"},
    ],
    "more": 1,
}


@pytest.fixture
def stage() -> FakeStage:
    stage = FakeStage()
    asked: list[tuple[str, dict[str, Any]]] = []
    stage.asked = asked  # type: ignore[attr-defined]

    def get(path: str, **params: Any) -> Any:
        asked.append((path, params))
        if path == "world..x":
            raise InvalidParams("expected a name\n    world..x\n          ^", "$.path")
        if path == "world._x":
            raise Forbidden("admin", "_x is for admins")
        if path == "world.speed":
            raise Forbidden("admin", "it is for admins, who ask for it with evaluate=true")
        return {**SHIP, "path": path} if path != "lives" else {"path": path, "value": 3}

    def set_value(path: str, value: Any, **params: Any) -> Any:
        asked.append((path, {"value": value, **params}))
        return {"path": path, "value": value}

    stage.methods["objects.get"] = get
    stage.methods["objects.set"] = set_value
    stage.methods["objects.roots"] = lambda: [
        {"path": "world", "name": "world", "kind": "object"},
        {"path": "boss", "name": "boss", "kind": "gone"},
    ]
    return stage


def run(stage: FakeStage, *arguments: str) -> int:
    with running(stage) as game:
        assert isinstance(game, FakeGame)
        return main([*arguments, "--to", game.url])


def test_tree_without_a_path_asks_for_each_root_that_is_there(
    stage: FakeStage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stage, "tree") == 0
    assert [path for path, _ in stage.asked] == ["world"]  # type: ignore[attr-defined]
    assert json.loads(capsys.readouterr().out) == [{**SHIP, "path": "world"}]


def test_tree_shows_a_line_for_each_node(
    stage: FakeStage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert run(stage, "tree", "world.ship", "--depth", "2") == 0
    assert stage.asked[0][1]["depth"] == 2  # type: ignore[attr-defined]
    assert capsys.readouterr().out.splitlines() == [
        "world.ship  Ship(lives=3, …)",
        "  lives  3",
        "  key  (hidden: needs the role admin)",
        "  speed  (property: --evaluate reads it)",
        "  world  World()  (this is world)",
        "  …  more: stagedoor tree world.ship",
    ]


def test_get_prints_the_value_or_all_that_is_known(
    stage: FakeStage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stage, "get", "lives") == 0
    assert capsys.readouterr().out == "3\n"
    assert run(stage, "get", "world.ship") == 0
    assert json.loads(capsys.readouterr().out)["preview"] == "Ship(lives=3, …)"


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("-1.5", -1.5), ("[1,2]", [1, 2]), ("big", "big"), ('"3"', "3")]
)
def test_set_reads_a_value_as_json_if_it_is(
    stage: FakeStage, capsys: pytest.CaptureFixture[str], text: str, value: object
) -> None:
    assert run(stage, "set", "world.ship.lives", text, "--expected", "2") == 0
    assert stage.asked == [  # type: ignore[attr-defined]
        ("world.ship.lives", {"value": value, "expected": 2, "evaluate": False})
    ]
    assert json.loads(capsys.readouterr().out) == value


def test_a_path_that_does_not_parse_is_shown_with_a_caret(
    stage: FakeStage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stage, "get", "world..x") == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["stagedoor: expected a name", "    world..x", "          ^"]


def test_what_is_not_allowed_says_which_role_may(
    stage: FakeStage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stage, "get", "world._x", "--role", "viewer") == 1
    assert "needs the role admin; _x is for admins" in capsys.readouterr().err


def test_an_admin_hears_how_to_ask_for_code_of_the_game(
    stage: FakeStage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stage, "get", "world.speed") == 1
    said = "stagedoor: it is for admins, who ask for it with --evaluate\n"
    assert capsys.readouterr().err == said


def test_names_and_previews_are_harmless(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from stagedoor.cli.tree import show

    show({"path": "a\x1b[2J", "name": "b", "preview": "\x1b]0;evil\x07"})
    assert "\x1b" not in capsys.readouterr().out


def test_an_error_of_an_evaluation_is_told() -> None:
    assert said({"preview": "3", "error": "it took 12.0 ms"}) == "3  (it took 12.0 ms)"
