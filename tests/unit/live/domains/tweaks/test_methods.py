"""`tweaks.*`, as clients call them."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.live.domains.tweaks.projects import Game
from tests.unit.live.rpc.fakes import FakeConnection, connect, frame, new_hub, parts_of

from stagedoor.live.domains import topic
from stagedoor.live.domains.slices import SLICE
from stagedoor.live.domains.tweaks import methods
from stagedoor.live.domains.tweaks.presets import FILE
from stagedoor.wire.roles import Role

PATIENCE = 60.0
NONE: dict[str, Any] = {"low": None, "high": None, "step": None, "choices": None, "unit": ""}


class Stage:
    """A hub with the domain, and a game with tweaks."""

    def __init__(self, folder: Path) -> None:
        self.game = Game(folder)
        self.parts = parts_of(new_hub())
        self.parts.project = self.game.project
        self.hub = self.parts.hub
        methods.add_to(self.parts)
        topic.add_to(self.parts)
        self.ship = self.game.module.Ship()
        self.add("ship.thrust", self.ship, "thrust", low=0.0, high=500.0, unit="px/s²")
        self.add("gravity", self.game.module, "GRAVITY")
        self.connection = connect(self.hub)

    def add(self, name: str, owner: object, attribute: str | None, **options: Any) -> None:
        self.parts.tweaks.add(name, owner, attribute, **(NONE | options))

    def ask(self, method: str, connection: FakeConnection | None = None, **params: Any) -> Any:
        """The whole answer, however many frames it takes."""
        connection = connection or self.connection
        answer = connection.call(method, params)
        deadline = time.monotonic() + PATIENCE
        while answer is None:
            assert time.monotonic() < deadline
            frame(self.hub)
            answer = next((one for one in connection.messages() if "id" in one), None)
        return answer

    def call(self, method: str, **params: Any) -> Any:
        answer = self.ask(method, **params)
        assert "error" not in answer, answer
        return answer["result"]

    def fault(self, method: str, **params: Any) -> Any:
        return self.ask(method, **params)["error"]["data"]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_the_list_has_each_with_its_value_and_bounds(stage: Stage) -> None:
    assert stage.call("tweaks.list")[0] == {
        "name": "ship.thrust",
        "type": "float",
        "value": 240,
        "default": 240,
        "changed": False,
        "low": 0.0,
        "high": 500.0,
        "step": None,
        "choices": None,
        "unit": "px/s²",
        "problem": None,
    }


def test_a_value_is_set_and_the_answer_is_what_it_is_then(stage: Stage) -> None:
    told = stage.call("tweaks.set", name="ship.thrust", value=300)
    assert (told["value"], told["changed"], stage.ship.thrust) == (300.0, True, 300.0)


@pytest.mark.parametrize(
    ("params", "path", "reason"),
    [
        ({"name": "ship.thrust", "value": 501}, "$.value", "a number from 0 to 500 px/s², got 501"),
        ({"name": "ship.thrust", "value": "x"}, "$.value", "expected a number"),
        ({"name": "ship.thrust", "value": None}, "$.value", ""),
        ({"name": "ship.thrust", "value": 2**63}, "$.value", ""),
        ({"name": "ship.thrust", "value": "x" * 10_001}, "$.value", ""),
        ({"name": "ship.thrust", "value": [1]}, "$.value", ""),
        ({"name": "ship.thrsut", "value": 1}, "$.name", "did you mean ship.thrust"),
        ({"name": "__class__", "value": 1}, "$.name", "no tweak '__class__'"),
        ({"name": "x" * 201, "value": 1}, "$.name", ""),
    ],
)
def test_what_cannot_be_set_says_why_and_sets_nothing(
    stage: Stage, params: Any, path: str, reason: str
) -> None:
    fault = stage.fault("tweaks.set", **params)
    assert fault["path"] == path
    assert reason in fault["reason"]
    assert stage.ship.thrust == 240


def test_a_setter_of_the_games_that_raises_is_its_callers_error(stage: Stage) -> None:
    class Broken:
        volume = property(lambda self: 1.0, lambda self, value: 1 / 0)

    broken = Broken()
    stage.add("volume", broken, "volume")
    assert stage.fault("tweaks.set", name="volume", value=2)["type"] == "ZeroDivisionError"
    stage.call("tweaks.set", name="gravity", value=1)
    found = stage.call("tweaks.reset", names=["volume", "gravity"])
    assert [one["name"] for one in found["set"]] == ["gravity"]
    [left] = found["left"]
    assert (left["name"], "ZeroDivisionError" in left["reason"]) == ("volume", True)


def test_reset_sets_all_that_differ_or_those_that_are_named(stage: Stage) -> None:
    stage.call("tweaks.set", name="ship.thrust", value=1)
    found = stage.call("tweaks.reset", names=["gravity"])
    assert (len(found["set"]), stage.ship.thrust) == (1, 1.0)
    found = stage.call("tweaks.reset")
    assert [one["name"] for one in found["set"]] == ["ship.thrust"]
    assert stage.ship.thrust == 240
    assert stage.fault("tweaks.reset", names=["no"])["path"] == "$.names[0]"


def test_presets_are_kept_and_loaded(stage: Stage) -> None:
    stage.call("tweaks.set", name="ship.thrust", value=1)
    assert stage.call("tweaks.save_preset", preset="slow") == {"name": "slow", "values": 2}
    assert stage.call("tweaks.presets") == [{"name": "slow", "values": 2}]
    stage.call("tweaks.reset")
    found = stage.call("tweaks.load_preset", preset="slow")
    assert ([one["value"] for one in found["set"]], found["left"]) == ([9.8, 1.0], [])
    assert stage.ship.thrust == 1.0
    stage.call("tweaks.remove_preset", preset="slow")
    assert stage.call("tweaks.presets") == []


def test_what_does_not_fit_in_a_preset_is_left_and_the_rest_is_set(stage: Stage) -> None:
    (stage.game.folder / FILE).write_text(
        '[odd]\n"ship.thrust" = 999\ngravity = 1.5\ngone = 1\nwhen = 2020-01-01\n'
    )
    found = stage.call("tweaks.load_preset", preset="odd")
    assert [one["name"] for one in found["set"]] == ["gravity"]
    reasons = {one["name"]: one["reason"] for one in found["left"]}
    assert reasons["ship.thrust"] == "expected a number from 0 to 500 px/s², got 999"
    assert "no tweak 'gone'" in reasons["gone"]
    assert set(reasons) == {"ship.thrust", "gone", "when"}


@pytest.mark.parametrize("preset", ["", "x" * 101, "a\nb", "\x1b[2J", 5, None])
def test_a_name_of_a_preset_that_is_none_is_refused(stage: Stage, preset: Any) -> None:
    assert "path" in stage.fault("tweaks.save_preset", preset=preset)
    assert not (stage.game.folder / FILE).exists()


def test_saving_shows_a_diff_then_writes_it_and_the_default_is_new(stage: Stage) -> None:
    assert stage.call("tweaks.save")["diff"] == ""
    stage.call("tweaks.set", name="gravity", value=1.6)
    plan = stage.call("tweaks.save")
    assert "+GRAVITY = 1.6" in plan["diff"]
    assert "9.8" in stage.game.file.read_text()
    done = stage.call("tweaks.save", digest=plan["digest"])
    assert (done["written"], done["names"]) == (True, ["gravity"])
    assert "GRAVITY = 1.6" in stage.game.file.read_text()
    told = {one["name"]: one for one in stage.call("tweaks.list")}["gravity"]
    assert (told["default"], told["changed"]) == (1.6, False)


def test_a_digest_of_other_values_writes_nothing(stage: Stage) -> None:
    stage.call("tweaks.set", name="gravity", value=1.6)
    digest = stage.call("tweaks.save")["digest"]
    stage.call("tweaks.set", name="gravity", value=1.7)
    assert stage.fault("tweaks.save", digest=digest)["type"] == "Refused"
    assert "9.8" in stage.game.file.read_text()


def test_only_an_admin_saves_and_only_operators_set(stage: Stage) -> None:
    viewer, operator = connect(stage.hub, Role.VIEWER), connect(stage.hub, Role.OPERATOR)
    for name in ("set", "reset", "save_preset", "load_preset", "remove_preset", "save"):
        assert stage.ask(f"tweaks.{name}", viewer)["error"]["code"] == -32003
    assert stage.ask("tweaks.save", operator)["error"]["code"] == -32003
    assert "result" in stage.ask("tweaks.list", viewer)


def test_each_change_is_published(stage: Stage) -> None:
    sink: Any = stage.hub.topics.sink
    number = stage.call("topic.subscribe", topic="tweaks.changed", mode="all")["subscription"]
    stage.call("tweaks.set", name="gravity", value=1.6)
    stage.call("tweaks.reset")
    assert [one["value"] for one in sink.values(number)] == [1.6, 9.8]


def test_the_stage_offers_it(tmp_path: Path) -> None:
    from stagedoor.live.stage import Stage as Real

    stage, owner = Real("tweaked"), SimpleNamespace(speed=1.0)
    stage.tweak("speed", owner, "speed", low=0, high=2)
    assert stage._parts.tweaks.by_name["speed"].info().high == 2
    stage.close()


@pytest.mark.parametrize("method", ["tweaks.reset", "tweaks.save"])
def test_many_tweaks_are_gone_through_in_pieces(stage: Stage, method: str) -> None:
    many = SimpleNamespace(**{f"a{number}": number for number in range(900)})
    for name in vars(many):
        stage.add(name, many, name)
    stage.hub.turns = NoTime()
    before = stage.hub.frame
    stage.call(method)
    assert stage.hub.frame - before >= 900 // SLICE


class NoTime:
    """The budget of each frame is used up before it begins."""

    is_time_up = True

    def go_on(self, *_: object) -> None: ...
