"""`objects`: roots, get, children, set and call, as clients use them."""

from __future__ import annotations

import enum
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy
import pygame
import pytest
from tests.unit.live.rpc.fakes import FakeConnection, connect, frame, new_hub, parts_of, request

from stagedoor.live.domains.objects import methods
from stagedoor.wire.roles import Role

INVALID, FORBIDDEN, HANDLER = -32602, -32003, -32000


class Kind(enum.Enum):
    BIG = 1
    SMALL = 2


@dataclass
class Ship:
    thrust: float = 240.0
    pos: pygame.Vector2 = field(default_factory=lambda: pygame.Vector2(1, 2))
    lives: int = 3
    name: str = "Nautilus"
    alive: bool = True
    kind: Kind = Kind.BIG
    target: Any = None
    color: tuple[int, int, int] = (1, 2, 3)


@dataclass(frozen=True)
class Frozen:
    x: int = 1


@dataclass(slots=True)
class Slotted:
    x: int = 1


class World:
    gravity = 9.8

    def __init__(self) -> None:
        self.ship = Ship()
        self.rocks = [Ship(), Ship()]
        self.scores = {"me": 3, (2, 3): 4}
        self.tags = {"a", "b"}
        self.frozen = Frozen()
        self.slotted = Slotted()
        self.grid = numpy.zeros((2, 3), dtype=numpy.int8)
        self.trail = deque([1.0, 2.0])
        self.path = [1, 2, 3]
        self.world = self.me = self
        self.reads = 0
        self._secret_plan = 1
        self.rect = pygame.Rect(1, 2, 3, 4)
        self.tint = pygame.Color(1, 2, 3)

    @property
    def speed(self) -> float:
        self.reads += 1
        return self.ship.thrust / 2

    @speed.setter
    def speed(self, value: float) -> None:
        self.ship.thrust = 2 * value

    @property
    def broken(self) -> None:
        raise ZeroDivisionError("no speed")

    @property
    def slow(self) -> int:
        time.sleep(0.01)
        return 1

    def spawn(self, kind: str = "big", count: int = 1) -> list[Any]:
        return [kind] * count

    def fail(self) -> None:
        raise ValueError("no room")

    def odd(self) -> object:
        return self

    async def later(self) -> None: ...

    @classmethod
    def make(cls) -> str:
        return cls.__name__

    @staticmethod
    def add(a: int, b: int) -> int:
        return a + b

    def _private(self) -> int:
        return 1


class Game:
    """A hub with the domain, and a client of each role."""

    def __init__(self) -> None:
        self.hub = new_hub()
        parts = parts_of(self.hub)
        methods.add_to(parts)
        self.roots = parts.roots
        self.world = World()
        self.roots.expose("world", self.world, methods=["spawn", "later"])
        self.clients = {role: connect(self.hub, role) for role in Role}

    def ask_roots(self) -> Any:
        return self.answer("roots")["result"]

    def answer(self, method: str, role: Role = Role.ADMIN, /, **params: Any) -> Any:
        connection = self.clients[role]
        connection.deliver(json.dumps(request(f"objects.{method}", params, "asked")))
        return wait(self.hub, connection)

    def __getattr__(self, method: str) -> Any:
        """`game.get("world.x")`: what an admin gets, or another role."""

        def ask(path: str | None = None, role: Role = Role.ADMIN, **params: Any) -> Any:
            if path is not None:
                params["path"] = path
            answer = self.answer(method, role, **params)
            assert "result" in answer, answer
            return answer["result"]

        return ask

    def error(self, method: str, role: Role = Role.ADMIN, /, **params: Any) -> Any:
        return self.answer(method, role, **params)["error"]


class AlwaysLate:
    """Clients' turns that end after one step of each. `between`: what happens after each."""

    def __init__(self, between: Any) -> None:
        self._between = between

    @property
    def is_time_up(self) -> bool:
        self._between()
        return True

    def go_on(self, *_: object) -> None: ...


def wait(hub: Any, connection: FakeConnection) -> Any:
    for _ in range(100_000):
        if found := [m for m in connection.messages() if m.get("id") == "asked"]:
            return found[0]
        frame(hub)
    raise AssertionError("no answer")


@pytest.fixture
def game() -> Game:
    return Game()


class TestGet:
    def test_tells_a_value_and_what_is_known_of_it(self, game: Game) -> None:
        node = game.get("world.ship.thrust")
        assert node == {
            "path": "world.ship.thrust",
            "name": "thrust",
            "type": "float",
            "kind": "number",
            "preview": "240.0",
            "value": 240.0,
            "can_set": True,
        }

    @pytest.mark.parametrize(
        ("path", "kind", "value"),
        [
            ("world.ship.pos", "vector", [1.0, 2.0]),
            ("world.ship.pos.x", "number", 1.0),
            ("world.ship.kind", "enum", "BIG"),
            ("world.ship.target", "null", None),
            ("world.ship.alive", "bool", True),
            ("world.rect", "vector", [1, 2, 3, 4]),
            ("world.rect.width", "number", 3),
            ("world.rect.centerx", "number", 2),
            ("world.tint", "vector", [1, 2, 3, 255]),
            ("world.path", "list", [1, 2, 3]),
            ("world.path[-1]", "number", 3),
            ("world.scores[(2, 3)]", "number", 4),
            ('world.tags{"a"}', "text", "a"),
            ("world.grid", "array", [[0, 0, 0], [0, 0, 0]]),
            ("world.grid[1][2]", "number", 0),
            ("world.gravity", "number", 9.8),
            ("world.slotted.x", "number", 1),
            ("world.frozen.x", "number", 1),
        ],
    )
    def test_values_of_each_kind(self, game: Game, path: str, kind: str, value: object) -> None:
        node = game.get(path, Role.VIEWER)
        assert (node["kind"], node["value"]) == (kind, value)
        assert "can_set" not in node, "a viewer sets nothing"

    def test_an_object_has_no_value_but_children(self, game: Game) -> None:
        node = game.get("world.ship", depth=1)
        assert "value" not in node
        assert [child["name"] for child in node["children"]] == [
            "thrust", "pos", "lives", "name", "alive", "kind", "target", "color",
        ]  # fmt: skip
        assert node["children"][1]["value"] == [1.0, 2.0]

    def test_a_node_that_is_its_own_ancestor_says_so_and_is_not_gone_into(self, game: Game) -> None:
        node = game.get("world", depth=8, budget=1000)
        me = next(child for child in node["children"] if child["name"] == "world")
        assert me["ancestor"] == "world"
        assert "children" not in me
        (me,) = game.children("world.world", filter="world")["nodes"]
        assert me["ancestor"] == "world.world", "the nearest"

    def test_a_budget_ends_it(self, game: Game) -> None:
        node = game.get("world", depth=8, budget=5)
        assert json.dumps(node).count('"path"') == 5
        assert node["more"] == 1

    def test_a_property_is_lazy_for_a_viewer_and_read_for_an_admin(self, game: Game) -> None:
        for role in (Role.VIEWER, Role.OPERATOR):
            node = game.get("world.speed", role)
            assert (node["kind"], node["needs"]) == ("lazy", "admin")
            assert "value" not in node
        assert game.world.reads == 0
        assert game.get("world.speed")["value"] == 120.0
        assert game.world.reads == 1
        error = game.error("get", Role.OPERATOR, path="world.speed", evaluate=True)
        assert (error["code"], error["data"]["needs"]) == (FORBIDDEN, "admin")
        assert game.world.reads == 1

    def test_properties_below_are_read_only_if_asked(self, game: Game) -> None:
        node = game.get("world", depth=1)
        lazy = {child["name"] for child in node["children"] if child["kind"] == "lazy"}
        assert lazy == {"speed", "broken", "slow"}
        assert game.world.reads == 0
        node = game.get("world", depth=1, evaluate=True)
        found = {child["name"]: child for child in node["children"]}
        assert found["speed"]["value"] == 120.0
        assert found["broken"]["error"] == "ZeroDivisionError: no speed"
        assert found["broken"]["kind"] == "lazy"
        assert "ms of the frame" in found["slow"]["error"]

    def test_a_property_that_raises_tells_the_error(self, game: Game) -> None:
        error = game.error("get", path="world.broken")
        assert error["code"] == HANDLER
        assert error["data"]["message"] == "no speed"

    def test_a_path_that_does_not_parse_shows_the_place(self, game: Game) -> None:
        error = game.error("get", Role.VIEWER, path="world..ship")
        assert error["code"] == INVALID
        assert error["data"]["path"] == "$.path"
        assert error["data"]["reason"].split("\n")[1:] == ["    world..ship", "          ^"]

    def test_a_path_that_may_not_be_gone_says_who_may(self, game: Game) -> None:
        error = game.error("get", Role.OPERATOR, path="world._secret_plan")
        assert error["code"] == FORBIDDEN
        assert error["data"]["needs"] == "admin"
        refused = [entry for entry in game.hub.audit.newest(10) if entry.error == FORBIDDEN]
        assert [entry.method for entry in refused] == ["objects.get"]

    @pytest.mark.parametrize(
        "params",
        [
            {"path": ""},
            {"path": "x" * 10_001},
            {"path": "world", "depth": 9},
            {"path": "world", "depth": -1},
            {"path": "world", "budget": 1001},
            {"path": "world", "budget": 0},
            {"path": 3},
            {},
        ],
    )
    def test_params_have_bounds(self, game: Game, params: dict[str, object]) -> None:
        assert game.error("get", **params)["code"] == INVALID

    def test_texts_of_a_game_that_are_no_utf_8_are_escaped(self, game: Game) -> None:
        game.world.scores = {"\udcff": "\ud800"}  # type: ignore[dict-item]
        node = game.get("world.scores", depth=1)
        assert node["children"][0]["value"] == "\\ud800"
        assert game.get(node["children"][0]["path"])["value"] == "\\ud800"


class TestRoots:
    def test_tells_what_is_exposed(self, game: Game) -> None:
        game.roots.expose("things", [1, 2])
        world, things = game.ask_roots()
        assert world["methods"] == ["later", "spawn"]
        assert "held" not in world
        assert (things["held"], things["indexed"], things["kind"]) == (True, 2, "list")


class TestChildren:
    def test_attributes_come_first_and_then_items(self, game: Game) -> None:
        class Group(list[int]):
            pass

        game.world.group = group = Group([5, 6])  # type: ignore[attr-defined]
        group.name = "all"  # type: ignore[attr-defined]
        page = game.children("world.group")
        assert [node["name"] for node in page["nodes"]] == ["name", "[0]", "[1]"]
        assert page["total"] == 3
        assert "next" not in page

    @pytest.mark.parametrize(
        "value",
        [
            list(range(10)),
            tuple(range(10)),
            deque(range(10)),
            {f"key {n}": n for n in range(10)},
            set(range(10)),
            numpy.arange(10),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_pages_lead_through_all_of_it(self, game: Game, value: object) -> None:
        game.world.it = value  # type: ignore[attr-defined]
        values, start = [], 0
        while start is not None:
            page = game.children("world.it", start=start, count=3)
            values += [node["value"] for node in page["nodes"]]
            assert page["total"] == 10
            start = page.get("next")
        assert values == list(range(10))
        jump = game.children("world.it", start=7, count=2)
        assert [node["value"] for node in jump["nodes"]] == [7, 8]
        assert game.children("world.it", start=10)["nodes"] == []

    def test_the_next_page_goes_on_where_the_last_one_ended(self, game: Game) -> None:
        many = {n: n for n in range(5000)}
        game.world.many = many  # type: ignore[attr-defined]
        one = game.children("world.many", count=10)
        assert one["next"] == 10
        del many[4000]
        two = game.children("world.many", start=10, count=10)
        assert two["changed"], "the iterator was kept: a new one would not have noticed"
        assert [node["value"] for node in two["nodes"]] == list(range(10, 20))
        three = game.children("world.many", start=20, count=10)
        assert "changed" not in three

    @pytest.mark.parametrize("start", [10, 2**53])
    @pytest.mark.parametrize("make", [list, dict.fromkeys, set, deque, numpy.array])
    def test_a_start_beyond_the_end_is_an_empty_page(
        self, game: Game, make: Any, start: int
    ) -> None:
        game.world.it = make([1, 2, 3])  # type: ignore[attr-defined]
        page = game.children("world.it", start=start)
        assert page["nodes"] == []
        assert "next" not in page

    def test_a_page_ends_where_a_value_that_changes_all_the_time_has_changed(
        self, game: Game
    ) -> None:
        many = dict.fromkeys(range(2000))
        game.world.many = many  # type: ignore[attr-defined]
        numbers = iter(range(10_000, 20_000))
        game.hub.turns = AlwaysLate(lambda: many.update({next(numbers): None}))
        page = game.children("world.many", filter="1999")
        assert page["changed"]
        assert 0 < page["next"] < 2000

    def test_two_clients_page_on_their_own(self, game: Game) -> None:
        game.world.many = set(range(100))  # type: ignore[attr-defined]
        for role in Role:
            game.children("world.many", role, count=10)
        for role in Role:
            page = game.children("world.many", role, start=10, count=10)
            assert [node["value"] for node in page["nodes"]] == list(range(10, 20))

    def test_a_filter_finds_names_that_contain_a_text(self, game: Game) -> None:
        game.world.many = {f"key {n}": n for n in range(1000)}  # type: ignore[attr-defined]
        page = game.children("world.many", filter="KEY 99", count=4)
        assert [node["value"] for node in page["nodes"]] == [99, 990, 991, 992]
        page = game.children("world.many", filter="KEY 99", start=page["next"], count=10)
        assert [node["value"] for node in page["nodes"]] == [993, 994, 995, 996, 997, 998, 999]
        assert "next" not in page

    def test_hidden_shows_methods_and_to_admins_names_with_an_underscore(self, game: Game) -> None:
        def names(role: Role, hidden: bool) -> set[str]:
            page = game.children("world", role, hidden=hidden)
            return {node["name"] for node in page["nodes"]}

        assert not names(Role.ADMIN, False) & {"spawn", "_secret_plan"}
        assert names(Role.ADMIN, True) >= {"spawn", "_secret_plan", "_private"}
        assert "_secret_plan" not in names(Role.OPERATOR, True)
        assert "__init__" not in names(Role.ADMIN, True)

    def test_a_leaf_has_none(self, game: Game) -> None:
        game.world.module = json  # type: ignore[attr-defined]
        assert game.children("world.module")["nodes"] == []
        assert game.error("children", Role.VIEWER, path="world.speed")["code"] == FORBIDDEN


class TestSet:
    @pytest.mark.parametrize(
        ("path", "value", "becomes"),
        [
            ("world.ship.thrust", 400, 400.0),
            ("world.ship.lives", 5, 5),
            ("world.ship.lives", 5.0, 5),
            ("world.ship.name", "Argo", "Argo"),
            ("world.ship.alive", False, False),
            ("world.ship.pos", [3, 4.5], [3.0, 4.5]),
            ("world.ship.pos.x", 7, 7.0),
            ("world.ship.kind", "SMALL", "SMALL"),
            ("world.ship.target", "rock", "rock"),
            ("world.ship.color", [9, 8, 7], [9, 8, 7]),
            ("world.rect", [5, 6, 7, 8], [5, 6, 7, 8]),
            ("world.rect.left", 50, 50),
            ("world.tint", [9, 9, 9, 9], [9, 9, 9, 9]),
            ("world.tint.r", 200, 200),
            ("world.path", [4], [4]),
            ("world.path[1]", 20, 20),
            ("world.trail[-1]", 3, 3.0),
            ('world.scores["me"]', 9, 9),
            ("world.scores[(2, 3)]", 9, 9),
            ("world.grid[1][2]", 7, 7),
            ("world.slotted.x", 2, 2),
            ("world.gravity", 1.6, 1.6),
            ("world.rocks[1].lives", 0, 0),
        ],
    )
    def test_puts_a_value_and_tells_what_is_there_then(
        self, game: Game, path: str, value: object, becomes: object
    ) -> None:
        assert game.get(path, Role.OPERATOR)["can_set"]
        kind = game.get(path)["type"]
        node = game.set(path, Role.OPERATOR, value=value)
        assert node["value"] == becomes
        assert game.get(path, Role.VIEWER)["value"] == becomes
        assert path == "world.ship.target" or node["type"] == kind, "of the same type"

    def test_a_value_of_the_class_is_set_for_this_object(self, game: Game) -> None:
        game.set("world.gravity", value=1)
        assert (game.world.gravity, World.gravity) == (1.0, 9.8)

    @pytest.mark.parametrize(
        ("path", "value", "expected"),
        [
            ("world.ship.thrust", "much", "expected a number, got 'much'"),
            ("world.ship.thrust", True, "expected a number, got true"),
            ("world.ship.thrust", None, "expected a number, got null"),
            ("world.ship.lives", 1.5, "expected a whole number, got 1.5"),
            ("world.ship.lives", True, "expected a whole number"),
            ("world.ship.lives", 2**1025, "expected a whole number"),
            ("world.ship.alive", 1, "expected true or false, got 1"),
            ("world.ship.name", 3, "expected a text"),
            ("world.ship.name", "x" * 100_001, "expected a text of at most 100,000"),
            ("world.ship.pos", [1], "expected 2 numbers: [x, y], got [1]"),
            ("world.ship.pos", ["a", 1], "expected 2 numbers"),
            ("world.ship.pos", {"x": 1}, "expected 2 numbers"),
            ("world.ship.kind", "HUGE", "expected one of BIG, SMALL, got 'HUGE'"),
            ("world.ship.kind", 1, "expected one of BIG, SMALL"),
            ("world.ship.target", [], "expected a number, a text"),
            ("world.ship.color", [1, 2], "expected a list of 3 items"),
            ("world.rect", [1, 2, 3, 1.5], "expected 4 integers"),
            ("world.rect.left", 2**31, "cannot be set: it is too large"),
            ("world.rect", [1, 2, 3, 2**40], "expected 4 integers"),
            ("world.tint.r", 300, "cannot be set"),
            ("world.path", "abc", "expected a list"),
            ("world.path", ["a"], "expected a whole number"),
            ("world.path", [0] * 1001, "expected at most 1,000 values"),
            ("world.path", [[0] * 500] * 300, "expected at most 1,000 values"),
            ("world.grid[0][0]", 300, "no int8 can be made"),
            ("world.grid[0][0]", 0.5, "expected a whole number"),
            ("world.ship", {}, "a Ship cannot be replaced: set what is in it"),
            ("world.rocks", [], "a list of objects"),
            ("world.scores", {}, "a dict cannot be replaced"),
            ("world", 3, "cannot be replaced"),
            ('world.tags{"a"}', "c", "cannot be set"),
            ("world.ship.color[0]", 3, "cannot be set: a tuple is fixed"),
        ],
    )
    def test_a_value_that_does_not_fit_says_what_was_expected(
        self, game: Game, path: str, value: object, expected: str
    ) -> None:
        error = game.error("set", path=path, value=value)
        assert (error["code"], error["data"]["path"]) == (INVALID, "$.value")
        assert expected in error["data"]["reason"].replace(f"{__name__}.", "")

    def test_nothing_is_made_of_a_type_that_a_message_names(self, game: Game) -> None:
        for value in ({"__class__": "os.system"}, {"py/object": "os.system"}, "!!python/none"):
            before = game.get("world.ship.target")
            error = game.answer("set", path="world.ship", value=value)
            assert "error" in error
            assert game.get("world.ship.target") == before

    def test_it_is_set_only_if_the_value_is_as_expected(self, game: Game) -> None:
        assert game.set("world.ship.lives", value=4, expected=3)["value"] == 4
        error = game.error("set", path="world.ship.lives", value=5, expected=3)
        assert error["data"] == {
            "type": "ValueChanged",
            "message": "the value is 4, not as expected",
        }
        assert game.world.ship.lives == 4
        game.set("world.ship.pos", value=[0, 0], expected=[1, 2])
        game.set("world.ship.target", value=1, expected=None)
        assert (
            game.error("set", path="world.ship.target", value=2, expected=None)["code"] == HANDLER
        )
        for expected in (True, "1", [1]):
            error = game.error("set", path="world.ship.target", value=2, expected=expected)
            assert error["code"] == HANDLER
        error = game.error("set", path="world.rocks", value=2, expected=[])
        assert error["data"]["path"] == "$.expected"

    @pytest.mark.parametrize("path", ["world.frozen.x", "world.speed"])
    def test_code_of_the_game_sets_only_for_an_admin_who_asks(self, game: Game, path: str) -> None:
        for role in (Role.OPERATOR, Role.ADMIN):
            error = game.error("set", role, path=path, value=3)
            assert (error["code"], error["data"]["needs"]) == (FORBIDDEN, "admin")
            assert "who ask for it with evaluate=true" in error["data"]["reason"]
        error = game.error("set", Role.OPERATOR, path=path, value=3, evaluate=True)
        assert error["code"] == FORBIDDEN
        assert game.world.ship.thrust == 240.0
        assert game.world.reads == 0

    def test_an_admin_may_let_the_game_set_it(self, game: Game) -> None:
        assert game.set("world.speed", value=50, evaluate=True)["value"] == 50.0
        assert game.world.ship.thrust == 100.0
        error = game.error("set", path="world.frozen.x", value=2, evaluate=True)
        assert error["data"]["type"] == "FrozenInstanceError"

    @pytest.mark.parametrize("path", ["world._secret_plan", "world.nothing", "world.__dict__"])
    def test_what_cannot_be_reached_cannot_be_set(self, game: Game, path: str) -> None:
        error = game.error("set", Role.OPERATOR, path=path, value=2)
        assert error["code"] in (FORBIDDEN, INVALID)
        assert game.world._secret_plan == 1

    def test_methods_of_a_container_that_are_the_games_own_do_not_run(self, game: Game) -> None:
        ran = []

        class Bag(dict[str, int]):
            def __setitem__(self, key: str, value: int) -> None:
                ran.append(key)

        game.world.bag = Bag(a=1)  # type: ignore[attr-defined]
        assert game.error("set", path='world.bag["a"]', value=2)["code"] == FORBIDDEN
        assert ran == []

    def test_a_viewer_sets_nothing(self, game: Game) -> None:
        assert game.error("set", Role.VIEWER, path="world.ship.lives", value=1)["code"] == FORBIDDEN


class TestCall:
    def test_an_operator_calls_what_was_exposed(self, game: Game) -> None:
        node = game.call("world.spawn", Role.OPERATOR, args=["big", 2])
        assert node["value"] == ["big", "big"]
        assert game.call("world.spawn", args={"count": 1})["value"] == ["big"]
        assert game.call("world.spawn")["path"] == "world.spawn()"

    @pytest.mark.parametrize(
        "path",
        ["world.odd", "world.ship.__init__", "world.path.clear", "world.me.spawn", "world"],
    )
    def test_and_nothing_else(self, game: Game, path: str) -> None:
        error = game.error("call", Role.OPERATOR, path=path)
        assert error["code"] in (FORBIDDEN, INVALID)
        assert game.world.path == [1, 2, 3]

    def test_a_node_tells_what_its_reader_may_call(self, game: Game) -> None:
        import os

        game.world.system = os.system  # type: ignore[attr-defined]
        for path, least in {
            "world.spawn": Role.OPERATOR,
            "world.odd": Role.ADMIN,
            "world.path.append": Role.ADMIN,
            "world.system": None,
            "world.ship": None,
        }.items():
            for role in Role:
                node = game.get(path, role)
                assert node.get("can_call", False) is (least is not None and role >= least), path
        listed = {n["name"]: n for n in game.children("world", hidden=True)["nodes"]}
        assert listed["odd"]["can_call"]
        assert "can_call" not in listed["system"]

    def test_an_admin_calls_any_method_of_an_object(self, game: Game) -> None:
        assert game.call("world.make")["value"] == "World"
        assert game.call("world.add", args=[1, 2])["value"] == 3
        assert game.call("world._private")["value"] == 1
        assert game.call("world.path.append", args=[4])["value"] is None
        assert game.world.path == [1, 2, 3, 4]
        assert game.call("world.ship.pos.length")["kind"] == "number"
        node = game.call("world.odd")
        assert node["preview"].startswith("World(")
        assert "value" not in node

    def test_but_no_function_that_is_only_kept_there(self, game: Game) -> None:
        import os

        game.world.system = os.system  # type: ignore[attr-defined]
        game.world.callback = lambda: 1  # type: ignore[attr-defined]
        for path in (
            "world.system",
            "world.callback",
            "world.ship",
            "world.__class__",
            "world.nope",
        ):
            error = game.error("call", path=path, args=[])
            assert error["code"] == INVALID, path

    def test_nor_anything_of_what_is_no_data(self, game: Game) -> None:
        import os

        world: Any = game.world
        world.os, world.kind, world.hub = os, type(world), game.hub
        world.steps = (number for number in range(3))
        world.function = os.popen
        assert game.roots.path_on_screen(world, Role.ADMIN) is not None
        for path in (
            "world.os.popen",
            "world.os.fsencode",
            "world.kind.mro",
            "world.steps.close",
            "world.hub.close",
            "world.function.__call__",
            "scene.give",
            "scene._forget",
        ):
            error = game.error("call", path=path, args=["x"])
            assert error["code"] == INVALID, path

    def test_of_a_module_only_what_it_has_defined(self, game: Game) -> None:
        import types

        module = types.ModuleType("settings")
        exec("from os import system\ndef double(x): return 2 * x", module.__dict__)
        game.roots.expose("settings", module)
        assert game.call("settings.double", args=[3])["value"] == 6
        for name in ("system", "__builtins__"):
            assert game.error("call", path=f"settings.{name}")["code"] == INVALID

    def test_what_it_raises_is_told(self, game: Game) -> None:
        error = game.error("call", path="world.fail")
        assert error["data"]["message"] == "no room"
        error = game.error("call", path="world.spawn", args=["big", 1, 2])
        assert error["data"]["type"] == "TypeError"

    def test_an_async_method_is_not_called(self, game: Game) -> None:
        assert "async" in game.error("call", path="world.later")["data"]["reason"]


def test_roles_of_the_methods(game: Game) -> None:
    viewers = {f"objects.{name}" for name in ("roots", "get", "children", "search", "save")}
    roles = {name: game.hub.methods.by_name[name].role for name in game.hub.methods.built_in}
    assert {name for name, role in roles.items() if role is Role.VIEWER} == viewers
    assert set(roles.values()) == {Role.VIEWER, Role.OPERATOR}
