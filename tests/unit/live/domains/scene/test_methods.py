"""`scene.tree`, `scene.find` and `scene.wait`, over a real stage."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.live.callers import Caller, Start

from stagedoor.live.stage import Stage

INVALID, TIMED_OUT, FORBIDDEN = -32602, -32002, -32003


class Rock:
    def __init__(self, x: int, size: int = 3) -> None:
        self.x = x
        self.size = size
        self.name = "secret"

    @property
    def weight(self) -> int:
        ran.append(self.x)
        return self.size * 10


ran: list[int] = []


class World:
    """A game with rocks and a button."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.rocks = [Rock(1), Rock(2, 30), Rock(3)]
        stage.node("rock", each=lambda: self.rocks, rect=lambda rock: (rock.x, 0, 2, 2))
        stage.node("new-game", text="New game", rect=(10, 20, 30, 40), tags=["button"])
        stage.node("cheat", text="Cheat", rect=(0, 0, 1, 1), visible=False)


@pytest.fixture
def world(start: Start) -> World:
    return World(start())


def found(caller: Caller, selector: str, **options: Any) -> list[Any]:
    return caller.call("scene.find", selector=selector, **options)["result"]["nodes"]  # type: ignore[no-any-return]


def test_a_viewer_finds_what_is_on_the_screen(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        assert found(caller, '"New game"') == [
            {
                "name": "new-game",
                "type": None,
                "rect": [10, 20, 30, 40],
                "text": "New game",
                "tags": ["button"],
            }
        ]
        assert [node["rect"] for node in found(caller, "Rock[size<10]")] == [
            [1, 0, 2, 2],
            [3, 0, 2, 2],
        ]
        assert found(caller, "#rock[size>100]") == []


def test_what_the_game_hides_is_found_only_if_it_is_asked_for(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        assert found(caller, "#cheat") == []
        (node,) = found(caller, "#cheat", hidden=True)
        assert node["visible"] is False
        assert found(caller, "#cheat:hidden") == [node]
        assert found(caller, "#new-game:hidden") == []


def test_an_answer_says_whether_there_is_more(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        some = caller.call("scene.find", selector="Rock", limit=2)["result"]
        assert (len(some["nodes"]), some["more"]) == (2, True)
        every = caller.call("scene.find", selector="Rock", limit=3)["result"]
        assert (len(every["nodes"]), every["more"]) == (3, False)
        assert every["frame"] >= every["began"] > 0


def test_the_tree_has_everything_that_is_shown(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        nodes = caller.call("scene.tree")["result"]["nodes"]
        assert [node["name"] for node in nodes] == ["rock"] * 3 + ["new-game"]
        nodes = caller.call("scene.tree", hidden=True)["result"]["nodes"]
        assert nodes[-1]["name"] == "cheat"


def test_a_selector_that_does_not_parse_has_a_caret(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        for method in ("scene.find", "scene.wait"):
            error = caller.call(method, selector="Rock[size<")["error"]
            assert error["code"] == INVALID
            assert error["data"]["path"] == "$.selector"
            assert error["data"]["reason"].splitlines()[-1] == " " * 14 + "^"


def test_properties_are_for_admins_who_ask(world: World) -> None:
    ran.clear()
    for role in ("viewer", "operator"):
        with Caller(world.stage, role=role) as caller:  # type: ignore[arg-type]
            answer = caller.call("scene.find", selector="Rock[weight>100]")["result"]
            assert answer["nodes"] == []
            assert "weight" in answer["troubles"][0]
            for method in ("scene.find", "scene.wait", "scene.tree"):
                params = {"evaluate": True}
                if method != "scene.tree":
                    params["selector"] = "Rock[weight>100]"  # type: ignore[assignment]
                assert caller.call(method, **params)["error"]["code"] == FORBIDDEN
    assert ran == []
    with Caller(world.stage, role="admin") as caller:
        assert found(caller, "Rock[weight>100]") == []
        assert ran == []
        assert len(found(caller, "Rock[weight>100]", evaluate=True)) == 1
    assert ran == [1, 2, 3]


def test_who_waits_is_told_when_it_is_there(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        caller.send("scene.wait", selector="Rock[size==7]", seconds=60)
        for _ in range(20):
            world.stage.tick(0.0)
        world.rocks.append(Rock(9, size=7))
        (node,) = caller.receive()["result"]["nodes"]
        assert node["rect"][0] == 9


def test_who_waits_is_told_when_it_is_gone(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        caller.send("scene.wait", selector="Rock[size>10]", gone=True, seconds=60)
        for _ in range(20):
            world.stage.tick(0.0)
        del world.rocks[1]
        assert caller.receive()["result"]["nodes"] == []


def test_what_is_there_already_is_not_waited_for(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        assert caller.call("scene.wait", selector="Rock", seconds=0)["result"]["nodes"]
        assert caller.call("scene.wait", selector="Ship", gone=True, seconds=0)["result"]


def test_who_waits_in_vain_is_told_so(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        error = caller.call("scene.wait", selector="Ship", seconds=0.05)["error"]
        assert error["code"] == TIMED_OUT
        assert error["data"]["timeout"] >= 0.05


def test_who_waits_for_frames_waits_for_so_many(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        caller.send("scene.wait", selector="Ship", seconds=60, frames=10)
        error = caller.receive()["error"]
        assert error["code"] == TIMED_OUT
        assert error["data"]["timeout"] < 60


def test_a_function_of_the_game_that_raises_is_told(world: World) -> None:
    world.stage.node("bad", each=lambda: 1 / 0)  # type: ignore[arg-type,return-value]
    world.stage.node("odd", rect=lambda: 1 / 0)
    with Caller(world.stage, role="viewer") as caller:
        answer = caller.call("scene.tree")["result"]
        assert "ZeroDivisionError" in answer["troubles"][0]
        (odd,) = (node for node in answer["nodes"] if node["name"] == "odd")
        assert odd["rect"] is None
        assert "ZeroDivisionError" in odd["unread"]["rect"]


def test_a_node_that_was_taken_back_is_gone(world: World) -> None:
    world.stage.remove_node("new-game")
    with Caller(world.stage, role="viewer") as caller:
        assert found(caller, "#new-game") == []


@pytest.mark.parametrize(
    "params",
    [
        {"selector": "*", "limit": 0},
        {"selector": "*", "limit": 10_001},
        {"selector": "*", "seconds": -1},
        {"selector": "*", "seconds": 1e9},
        {"selector": 7},
        {},
    ],
)
def test_params_out_of_bounds_are_refused(world: World, params: Any) -> None:
    method = "scene.wait" if "seconds" in params else "scene.find"
    with Caller(world.stage, role="viewer") as caller:
        assert caller.call(method, **params)["error"]["code"] == INVALID


def test_the_text_of_what_is_named_like_a_secret_is_for_admins(world: World) -> None:
    world.stage.node("password", text="swordfish", rect=(0, 0, 1, 1))
    for role in ("viewer", "operator"):
        with Caller(world.stage, role=role) as caller:  # type: ignore[arg-type]
            assert "text" not in found(caller, "#password")[0]
            for guess in ('#password"swordfish"', '~"sword"'):
                assert found(caller, guess) == []
    with Caller(world.stage, role="admin") as caller:
        assert found(caller, '"swordfish"')[0]["text"] == "swordfish"


def test_searches_of_one_client_come_one_after_another(world: World) -> None:
    started, together = [], []
    walk = world.stage._parts.scene.walk

    def counted(read: Any) -> Any:
        started.append(1)
        together.append(len(started))
        try:
            yield from walk(read)
            yield from [None] * 100
        finally:
            started.pop()

    world.stage._parts.scene.walk = counted  # type: ignore[method-assign]
    with Caller(world.stage, role="viewer") as caller:
        for _ in range(20):
            caller.send("scene.find", selector="*")
        caller.send("scene.wait", selector="none", seconds=0)
        answers = [caller.receive() for _ in range(21)]
    assert sum("result" in answer for answer in answers) == 20
    assert set(together) == {1}
    assert started == []


def test_two_clients_search_at_the_same_time(world: World) -> None:
    with Caller(world.stage, role="viewer") as one, Caller(world.stage, role="viewer") as other:
        one.send("scene.wait", selector="none", seconds=60)
        assert len(found(other, "Rock")) == 3


def test_who_leaves_lets_others_search(world: World) -> None:
    with Caller(world.stage, role="viewer") as caller:
        caller.send("scene.wait", selector="none", seconds=60)
        for _ in range(5):
            world.stage.tick(0.0)
    with Caller(world.stage, role="viewer") as caller:
        assert len(found(caller, "Rock")) == 3


def test_the_path_of_what_lies_below_no_root_leads_to_it_while_it_lives(world: World) -> None:
    with Caller(world.stage, role="operator") as caller:
        assert caller.call("objects.roots")["result"] == []
        (node,) = found(caller, "Rock[size>10]")
        assert node["path"] == 'scene["Rock#1"]'
        assert found(caller, "Rock[size>10]")[0]["path"] == node["path"]
        assert "path" not in found(caller, "Rock[size>10]", paths=False)[0]
        assert caller.call("objects.get", path=f"{node['path']}.size")["result"]["value"] == 30
        caller.call("objects.set", path=f"{node['path']}.x", value=40)
        assert world.rocks[1].x == 40
        (root,) = caller.call("objects.roots")["result"]
        assert root["path"] == "scene"
        page = caller.call("objects.children", path="scene")["result"]
        assert [child["path"] for child in page["nodes"]] == [node["path"]]
        del world.rocks[1]
        gone = caller.call("objects.get", path=f"{node['path']}.size")
        assert "is gone" in str(gone["error"])
        assert caller.call("objects.roots")["result"] == []
    with Caller(world.stage, role="viewer") as caller:
        (node, _) = found(caller, "Rock")
        refused = caller.call("objects.set", path=f"{node['path']}.x", value=50)
        assert refused["error"]["code"] == FORBIDDEN
