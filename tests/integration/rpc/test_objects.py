"""What clients ask of a game's objects never holds its frames up, whatever the objects are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from after import Health

from .conftest import StartGame
from .peer import Game, Peer

INVALID, FORBIDDEN = -32602, -32003
FILE = Path(__file__).with_name("objects_game.py")
ROOTS = ["world", "game"]
PATHS = [
    f"world.{name}"
    for name in ("list", "dict", "set", "changing", "text", "bytes", "deep", "traps", "wide")
]
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("objects.roots", {}),
    *(("objects.get", {"path": path}) for path in PATHS),
    *(("objects.get", {"path": path, "depth": 8, "budget": 1000}) for path in [*ROOTS, *PATHS]),
    *(("objects.children", {"path": path, "count": 1000}) for path in [*ROOTS, *PATHS]),
    *(("objects.children", {"path": path, "start": 40_000}) for path in PATHS),
    *(("objects.children", {"path": path, "start": 2**53}) for path in PATHS),
    *(("objects.children", {"path": p, "filter": "no such name"}) for p in ("game", "world.wide")),
    ("objects.children", {"path": "world.changing", "filter": "1000"}),
    ("objects.get", {"path": 'world.dict["key 999999"]'}),
    ("objects.get", {"path": 'world.dict["no such key"]'}),
    ("objects.get", {"path": "world.set{999999}"}),
    ("objects.get", {"path": 'world.changing["no such key"]'}),
    ("objects.get", {"path": "world.wide.attribute99999"}),
    ("objects.get", {"path": "world.wide.nothing"}),
    ("objects.get", {"path": "world.deep" + "[0]" * 199, "depth": 8}),
    ("objects.get", {"path": "world.trap.value"}),
    ("objects.get", {"path": "world.trap.anything.at.all"}),
    ("objects.get", {"path": "world.trap" + ".me" * 199}),
    ("objects.get", {"path": "world.trap[0]"}),
    ("objects.get", {"path": "world.password"}),
    ("objects.get", {"path": "world" + ".x" * 4999}),
    ("objects.get", {"path": "world[" + "(" * 9000}),
    ("objects.get", {"path": "game.stage._hub.keys.tokens.admin"}),
    ("objects.get", {"path": "game.sys.modules"}),
]


@pytest.fixture(scope="module")
def game(start_game: StartGame) -> Game:
    return start_game(file=FILE)


@pytest.fixture(scope="module")
def health(game: Game) -> Health:
    return Health(game.program.process.pid, game.peer)


@pytest.fixture
def viewer(game: Game, health: Health) -> Iterator[Peer]:
    with health.kept(), game.peer() as peer:
        yield peer


@pytest.mark.parametrize(("method", "params"), ASKED, ids=lambda value: str(value)[:70])
def test_a_viewer_is_answered_and_no_frame_is_long(
    viewer: Peer, game: Game, method: str, params: dict[str, Any]
) -> None:
    answer = viewer.call(method, **params)
    assert ("result" in answer) != ("error" in answer)
    if "error" in answer:
        assert answer["error"]["code"] in (INVALID, FORBIDDEN), answer
    assert "hunter2" not in str(answer)
    tokens = game.tokens
    assert not any(token in str(answer) for token in (tokens.viewer, tokens.operator, tokens.admin))
    assert "code of the game ran" not in game.program.lines
