"""`objects.search`: what is found, how it is told, and what it does not do."""

from __future__ import annotations

import enum
import json
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.live.domains.objects.stages import Rock, Stage
from tests.unit.live.rpc.fakes import frame, request

from stagedoor.live.domains.objects import search
from stagedoor.wire.roles import Role


class Kind(enum.Enum):
    BIG = 1


@pytest.fixture
def stage() -> Stage:
    return Stage()


def paths(stage: Stage, **params: Any) -> list[str]:
    found = stage.call("objects.search", **({"root": "world"} | params))["found"]
    return [node["path"] for node in found]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"name": "SCO"}, ["world.score"]),
        ({"name": "x"}, ["world.rocks[0].x", "world.rocks[1].x"]),
        ({"name": "easy"}, ['world.config["easy"]']),
        ({"type": "Rock"}, ["world.rocks[0]", "world.rocks[1]"]),
        ({"type": "tests.unit.live.domains.objects.stages.Rock", "name": "1"}, ["world.rocks[1]"]),
        ({"type": "bool"}, ['world.config["easy"]']),
        ({"text": "SPA"}, ["world.name"]),
        ({"text": "big"}, ["world.rocks[0].kind", "world.rocks[1].kind"]),
        ({"value": 2}, ["world.rocks[1].x"]),
        ({"value": 1}, ["world.rocks[0].x"]),
        ({"value": True}, ['world.config["easy"]']),
        ({"value": "space"}, ["world.name"]),
        ({"value": "BIG"}, ["world.enum"]),
        ({"value": None}, ["world.nothing"]),
        ({"value": 2, "name": "y"}, []),
        ({"name": "x", "root": "world.rocks[1]"}, ["world.rocks[1].x"]),
        ({"name": "x", "count": 1}, ["world.rocks[0].x"]),
    ],
)
def test_it_finds(stage: Stage, params: dict[str, Any], expected: list[str]) -> None:
    world: Any = stage.world
    world.enum, world.nothing = Kind.BIG, None
    assert paths(stage, **params) == expected


def test_what_is_nearer_comes_first_and_a_cycle_is_gone_through_once(stage: Stage) -> None:
    world: Any = stage.world
    world.me, world.deep = world, SimpleNamespace(score=2)
    assert paths(stage, name="score") == ["world.score", "world.deep.score"]


def test_it_tells_how_much_was_looked_at_and_whether_that_was_all(stage: Stage) -> None:
    found = stage.call("objects.search", root="world", name="x")
    assert (found["complete"], found["looked"] > 8) == (True, True)
    assert not stage.call("objects.search", root="world", name="x", count=1)["complete"]


def test_what_is_found_is_told_as_progress(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "TOLD_EVERY", 0.0)
    stage.world.rocks = [Rock(float(at)) for at in range(200)]
    found = stage.call("objects.search", root="world", type="Rock", count=1000)
    assert len(found["found"]) == 200
    told = [node["path"] for one in stage.progress for node in one["found"]]
    assert told == [node["path"] for node in found["found"]][: len(told)]
    assert len(told) > 50
    looked = [one["looked"] for one in stage.progress]
    assert looked == sorted(looked)


def begin(stage: Stage, ident: object, **params: Any) -> None:
    """Ask, and let no frame pass."""
    params = {"root": "world", "name": "nothing like it"} | params
    stage.connection.deliver(json.dumps(request("objects.search", params, ident)))


def test_a_frame_looks_at_a_piece_and_a_cancel_ends_it(stage: Stage) -> None:
    stage.world.rocks = [Rock() for _ in range(20_000)]
    stage.hub.turns = NoTime()
    begin(stage, "it")
    frame(stage.hub, 20)
    assert stage.connection.messages() == []
    assert stage.call("rpc.cancel", id="it")
    frame(stage.hub)
    assert not stage.hub.runner.calls


class NoTime:
    """The budget of each frame is used up before it begins."""

    is_time_up = True

    def go_on(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("names", "role"),
    [
        ([f"_hidden{n}" for n in range(20_000)], Role.VIEWER),
        ([f"__dunder{n}__" for n in range(20_000)], Role.ADMIN),
        ([f"password{n}" for n in range(20_000)], Role.VIEWER),
    ],
    ids=["hidden", "dunder", "secret"],
)
def test_what_is_passed_over_is_passed_over_in_pieces(
    stage: Stage, names: list[str], role: Role
) -> None:
    vars(stage.world).update(dict.fromkeys(names, 1))
    stage.hub.turns = NoTime()
    before = stage.hub.frame
    assert stage.call("objects.search", stage.client(role), root="world", name="x")["complete"]
    assert stage.hub.frame - before > 50


def test_long_texts_are_looked_at_in_small_pieces(stage: Stage) -> None:
    stage.world.config["texts"] = ["é" * search.MAX_TEXT for _ in range(200)]
    stage.hub.turns = NoTime()
    before = stage.hub.frame
    assert stage.call("objects.search", root="world", text="x")["found"] == []
    assert stage.hub.frame - before >= 200 / search.TEXTS


def test_it_goes_no_deeper_than_a_path_can(stage: Stage) -> None:
    deep: list[object] = ["it"]
    for _ in range(100_000):
        deep = [deep]
    stage.world.config["deep"] = deep
    found = stage.call("objects.search", root="world", value="it")
    assert (found["found"], found["complete"]) == ([], False)
    assert found["looked"] < 1000
    while deep[0] != "it":
        deep = deep[0]  # type: ignore[assignment]  # one by one: to free them all is a recursion


def test_a_client_has_two_searches_at_a_time(stage: Stage) -> None:
    stage.world.rocks = [Rock() for _ in range(20_000)]
    stage.hub.turns = NoTime()
    for ident in ("one", "other"):
        begin(stage, ident)
    assert stage.fault("objects.search", root="world", name="x")["code"] == -32005
    stage.call("rpc.cancel", id="one")
    assert "result" in stage.ask("objects.search", root="world.config", name="x")


def test_nothing_hidden_is_found_and_no_code_of_the_game_runs(stage: Stage) -> None:
    viewer = stage.client(Role.VIEWER)
    found = stage.call("objects.search", viewer, root="world", text="hunter2")
    assert found["found"] == []
    found = stage.call("objects.search", viewer, root="world", name="pass")
    assert found["found"] == []
    assert (
        stage.call("objects.search", viewer, root="world", name="trap")["found"][0]["kind"]
        == "lazy"
    )
    found = stage.call("objects.search", viewer, root="world", value=1, name="_private")
    assert found["found"] == []


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({}, "$"),
        ({"name": ""}, "$.name"),
        ({"name": "x" * 201}, "$.name"),
        ({"name": "x", "root": "worl"}, "$.root"),
        ({"name": "x", "root": "world..x"}, "$.root"),
        ({"name": "x", "count": 0}, "$.count"),
        ({"name": "x", "count": 1001}, "$.count"),
        ({"value": [1]}, "$.value"),
    ],
)
def test_what_cannot_be_looked_for_is_refused(stage: Stage, params: Any, path: str) -> None:
    error = stage.fault("objects.search", **({"root": "world"} | params))
    assert error["code"] == -32602
    assert error["data"]["path"] == path


def test_there_is_a_most_of_what_is_looked_into(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_INTO", 10)
    stage.world.rocks = [Rock(5.0) for _ in range(50)]
    found = stage.call("objects.search", root="world", value=5.0)
    assert not found["complete"]
    assert 0 < len(found["found"]) < 10
