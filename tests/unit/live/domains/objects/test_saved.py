"""`objects.save` and `objects.load`: a state of the game as JSON, and back."""

from __future__ import annotations

import collections
import enum
from types import SimpleNamespace
from typing import Any

import pytest
from pygame import Vector2
from tests.unit.live.domains.objects.stages import Rock, Stage
from tests.unit.live.domains.objects.test_search import NoTime

from stagedoor.live.domains.objects import saved
from stagedoor.wire.roles import Role


class Mood(enum.Enum):
    CALM = 1
    WILD = 2


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_state_is_saved_and_put_back(stage: Stage) -> None:
    world: Any = stage.world
    world.pos, world.mood, world.tags = Vector2(1, 2), Mood.CALM, ["a", "b"]
    world.trail = collections.deque([1, 2])
    state = stage.call("objects.save", path="world")
    assert (state["path"], state["complete"]) == ("world", True)
    assert state["values"] == {
        ".score": 0,
        ".name": "space",
        ".password": "hunter2",
        ".pos": [1.0, 2.0],
        ".mood": "CALM",
        ".tags": ["a", "b"],
        ".rocks[0].x": 1.0,
        ".rocks[0].kind": "big",
        ".rocks[1].x": 2.0,
        ".rocks[1].kind": "big",
        '.config["easy"]': True,
        ".config[3]": 1.5,
        ".trail[0]": 1,
        ".trail[1]": 2,
    }
    world.pos.x, world.mood, world.tags[:] = 9, Mood.WILD, ["c"]
    world.score, world.rocks[1].x, world.config[3], world.trail[1] = 5, 7.0, 2.5, 8
    loaded = stage.call("objects.load", path="world", values=state["values"])
    assert loaded == {"count": len(state["values"]), "left": []}
    assert (world.pos, world.mood, world.tags) == (Vector2(1, 2), Mood.CALM, ["a", "b"])
    assert (world.score, world.rocks[1].x, world.config[3]) == (0, 2.0, 1.5)
    assert list(world.trail) == [1, 2]


def test_what_is_hidden_computed_or_of_a_class_is_not_saved(stage: Stage) -> None:
    viewer = stage.client(Role.OPERATOR)
    values = stage.call("objects.save", viewer, path="world")["values"]
    assert not {"._private", ".password", ".trap"} & values.keys()
    assert ".score" in values


def test_what_does_not_fit_any_more_is_left_and_the_rest_is_set(stage: Stage) -> None:
    values = stage.call("objects.save", path="world")["values"]
    stage.world.rocks.pop()
    stage.world.name = 5  # type: ignore[assignment]
    stage.world.score = 9
    loaded = stage.call("objects.load", path="world", values=values)
    left = {one["path"]: one["reason"] for one in loaded["left"]}
    assert left.keys() == {"world.rocks[1].x", "world.rocks[1].kind", "world.name"}
    assert "expected a whole number" in left["world.name"]
    assert loaded["count"] == len(values) - 3
    assert stage.world.score == 0


def test_values_may_be_put_below_another_path(stage: Stage) -> None:
    values = stage.call("objects.save", path="world.rocks[0]")["values"]
    assert values == {".x": 1.0, ".kind": "big"}
    stage.call("objects.load", path="world.rocks[1]", values=values)
    assert stage.world.rocks[1].x == 1.0


def test_a_cycle_and_an_object_in_two_places_are_saved_once(stage: Stage) -> None:
    shared = SimpleNamespace(x=1)
    root = SimpleNamespace(a=shared, b=shared)
    root.me = root
    stage.parts.roots.expose("root", root)
    assert stage.call("objects.save", path="root")["values"] == {".a.x": 1}


@pytest.mark.parametrize(
    ("more", "pieces"),
    [
        ({f"_hidden{n}": 1 for n in range(20_000)}, 50),
        ({f"rows{n}": [0.5] * 900 for n in range(60)}, 60),
        ({"config": {f"password{n}": 1 for n in range(2000)}}, 50),
    ],
    ids=["hidden", "long lists", "secret"],
)
def test_a_frame_saves_and_loads_a_piece(stage: Stage, more: dict[str, Any], pieces: int) -> None:
    vars(stage.world).update(more)
    stage.hub.turns = NoTime()
    before = stage.hub.frame
    state = stage.call("objects.save", stage.client(Role.VIEWER), path="world")
    assert state["complete"]
    assert stage.hub.frame - before >= pieces
    before = stage.hub.frame
    assert stage.call("objects.load", path="world", values=state["values"])["left"] == []
    least = pieces if "rows0" in more else 0
    assert stage.hub.frame - before >= least


def test_each_value_that_is_left_is_a_piece(stage: Stage) -> None:
    stage.hub.turns = NoTime()
    before = stage.hub.frame
    values = {f".nothing{n}": 1 for n in range(30)}
    assert len(stage.call("objects.load", path="world", values=values)["left"]) == 30
    assert stage.hub.frame - before >= 30


@pytest.mark.parametrize("limit", ["MAX_VALUES", "MAX_SIZE", "MAX_INTO"])
def test_there_is_a_most_of_what_is_saved(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    stage.world.rocks = [Rock() for _ in range(200)]
    assert stage.call("objects.save", path="world")["complete"]
    monkeypatch.setattr(saved, limit, 50)
    state = stage.call("objects.save", path="world")
    assert not state["complete"]
    assert len(state["values"]) <= 110


def test_what_is_deeper_than_asked_for_is_told(stage: Stage) -> None:
    state = stage.call("objects.save", path="world", depth=1)
    assert (".score" in state["values"], state["complete"]) == (True, False)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"..x": 1}, "^"),
        ({".__class__": 1}, "closed to everybody"),
        ({".nothing": 1}, "has no attribute"),
        ({".trap": 1}, "code of the game"),
        ({".rocks": []}, "cannot be replaced"),
        ({"": 1}, "cannot be replaced"),
        ({".score": {"__class__": "os.system"}}, "expected a whole number"),
        ({"x" * 9000: 1}, ""),
    ],
)
def test_what_cannot_be_loaded_is_told_and_sets_nothing(
    stage: Stage, values: dict[str, Any], reason: str
) -> None:
    before = stage.call("objects.save", path="world")
    loaded = stage.call("objects.load", path="world", values=values)
    assert loaded["count"] == 0
    [left] = loaded["left"]
    assert reason in left["reason"]
    assert len(left["path"]) <= 1000
    assert stage.call("objects.save", path="world") == before


def test_a_viewer_may_save_and_not_load(stage: Stage) -> None:
    viewer = stage.client(Role.VIEWER)
    values = stage.call("objects.save", viewer, path="world")["values"]
    assert stage.fault("objects.load", viewer, path="world", values=values)["code"] == -32003


def test_an_operator_loads_nothing_that_is_for_admins(stage: Stage) -> None:
    operator = stage.client(Role.OPERATOR)
    values = {"._private": 5, ".password": "x", ".score": 1}
    loaded = stage.call("objects.load", operator, path="world", values=values)
    assert (loaded["count"], len(loaded["left"])) == (1, 2)
    assert (stage.world._private, stage.world.password) == (1, "hunter2")
