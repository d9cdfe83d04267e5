"""`telemetry`: what is known of watched values, without reading any."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.unit.live.callers import Caller, Start

from stagedoor.live.stage import Stage
from stagedoor.wire.roles import Role


@pytest.fixture
def stage(start: Start) -> Stage:
    return start()


def listed(caller: Caller) -> dict[str, Any]:
    return {value["name"]: value for value in caller.call("telemetry.list")["result"]}


def test_a_value_that_nobody_wants_is_not_read(stage: Stage) -> None:
    reads: list[int] = []
    stage.watch("rocks", lambda: reads.append(1), description="How many there are.")
    with Caller(stage, role="viewer") as caller:
        assert listed(caller) == {
            "rocks": {
                "name": "rocks",
                "description": "How many there are.",
                "subscribers": 0,
                "capacity": 0,
                "kept": 0,
            }
        }
    assert reads == []


def test_topics_that_are_not_watched_values_are_not_listed(stage: Stage) -> None:
    stage.emit("explosion", 1)
    stage.watch("rocks", lambda: 1)
    stage._hub.topics.add("secret", lambda: 1, role=Role.ADMIN).is_watched = True
    with Caller(stage, role="viewer") as caller:
        assert set(listed(caller)) == {"rocks"}


def test_the_last_value_is_that_of_the_history(stage: Stage) -> None:
    world = {"rocks": 0}
    stage.watch("world", lambda: world, history=100)
    for rocks in range(10):
        world["rocks"] = rocks
        stage.tick(0.0)
    world["rocks"] = -1
    with Caller(stage, role="viewer") as caller:
        value = listed(caller)["world"]
        assert value["capacity"] == 100
        assert 10 <= value["kept"] <= 100
        assert value["rate"] > 0
        assert value["frame"] >= 10
        assert value["value"]["rocks"] in (9, -1)


def test_the_last_value_is_the_one_that_subscribers_got(stage: Stage) -> None:
    stage.watch("rocks", lambda: [1, {"x": 2}])
    with Caller(stage, role="viewer") as caller:
        caller.call("topic.subscribe", topic="rocks", mode="mean", hz=1000)
        caller.call("topic.subscribe", topic="rocks", mode="latest")
        while "value" not in (params := caller.receive().get("params", {})):
            pass  # that it has no mean, and the answer
        caller.send("telemetry.list")
        while "result" not in (answer := caller.receive()):
            pass
        (value,) = answer["result"]
    assert params["value"] == value["value"] == [1, {"x": 2}]
    assert value["subscribers"] == 2
    assert "rate" not in value


def test_history_is_columns_oldest_first(stage: Stage) -> None:
    numbers = iter(range(1_000_000))
    stage.watch("count", lambda: next(numbers), history=50)
    stage.watch("other", lambda: 0, history=50)
    stage.watch("none", lambda: 0)
    for _ in range(60):
        stage.tick(0.0)
    with Caller(stage, role="viewer") as caller:
        both = caller.call("telemetry.history")["result"]
        assert [series["name"] for series in both] == ["count", "other"]
        (series,) = caller.call("telemetry.history", names=["count"], count=5)["result"]
        assert len(series["value"]) == len(series["time"]) == len(series["frame"]) == 5
        first = series["value"][0]
        assert series["value"] == list(range(first, first + 5))
        assert series["time"] == sorted(series["time"])
        since = series["time"][2]
        (later,) = caller.call("telemetry.history", names=["count"], since=since)["result"]
        assert all(time > since for time in later["time"])
        assert later["value"][:2] == series["value"][3:]
        (empty,) = caller.call("telemetry.history", names=["none"])["result"]
        assert empty["value"] == []


def test_very_many_samples_are_shared_out(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    from stagedoor.live.domains import telemetry

    monkeypatch.setattr(telemetry, "MAX_SAMPLES", 10)
    stage = start()
    for name in ("one", "two", "three"):
        stage.watch(name, lambda: 0, history=50)
    for _ in range(20):
        stage.tick(0.0)
    with Caller(stage) as caller:
        assert [len(one["value"]) for one in caller.call("telemetry.history")["result"]] == [3] * 3


@pytest.mark.parametrize(
    ("params", "path"),
    [({"names": ["unknown"]}, "$.names"), ({"count": 0}, "$.count"), ({"since": "x"}, "$.since")],
)
def test_wrong_params_are_refused(stage: Stage, params: dict[str, Any], path: str) -> None:
    with Caller(stage) as caller:
        error = caller.call("telemetry.history", **params)["error"]
        assert (error["code"], error["data"]["path"]) == (-32602, path)


def test_any_thread_may_ask_at_any_time(stage: Stage) -> None:
    """As the understudy does, when the game's thread does not come."""
    stage.watch("count", lambda: 1, history=1000)
    methods = stage._hub.methods
    stop = threading.Event()
    failures: list[BaseException] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                methods.by_name["telemetry.list"].function()
                methods.by_name["telemetry.history"].function()
            except BaseException as error:
                failures.append(error)
                return

    thread = threading.Thread(target=ask)
    thread.start()
    for number in range(500):
        stage.watch(f"other.{number % 50}", lambda: 1, history=3)
        stage.tick(0.0)
    stop.set()
    thread.join()
    assert failures == []
