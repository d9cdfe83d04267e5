"""`game`: what the methods answer; what they do to a game that runs is in test_hold.py."""

from __future__ import annotations

import logging
import time
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.live.rpc.fakes import (
    FakeConnection,
    begin_frame,
    connect,
    end_frame,
    new_hub,
    parts_of,
)

from stagedoor.live.domains import game
from stagedoor.live.pacing.budget import WINDOW
from stagedoor.live.rpc.stall import Place, Stall
from stagedoor.wire.roles import Role


class Stage:
    """What the domain is given."""

    def __init__(self) -> None:
        self.parts = parts_of(new_hub())
        self.hub, self.pace, self.frames = self.parts.hub, self.parts.pace, self.parts.frames
        self.budget = self.parts.budget
        game.add_to(self.parts)
        self.begin()

    def begin(self) -> None:
        begin_frame(self.hub)
        self.pace.begin(0.016)

    def end(self) -> None:
        end_frame(self.hub)
        self.pace.release()


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def connection(stage: Stage) -> FakeConnection:
    return connect(stage.hub)


def test_status_tells_of_the_game(stage: Stage, connection: FakeConnection) -> None:
    connect(stage.hub, role=None)
    assert connection.call("game.status")["result"] == {
        "name": "asteroids",
        "frame": 1,
        "paused": False,
        "steps": 0,
        "timescale": 1.0,
        "fps": 0.0,
        "budget": 0.002,
        "cost": 0.0,
        "thinning": 1,
        "engine": None,
        "can": [],
        "clients": 1,
        "stalled_for": 0.0,
        "where": None,
        "advice": None,
    }


def test_status_says_for_how_long_and_where_a_game_is_stalled(
    stage: Stage, connection: FakeConnection
) -> None:
    connect(stage.hub, role=None)
    stage.hub.stall = Stall(time.monotonic() - 3.0, Place("game.py", 12, "update"))
    status = connection.call("game.status")["result"]
    assert status["stalled_for"] >= 3.0
    assert status["where"] == {"file": "game.py", "line": 12, "function": "update"}


def test_status_has_advice_for_a_stalled_game_that_had_no_frame(
    stage: Stage, connection: FakeConnection
) -> None:
    stage.hub.stall = Stall(0.0, None)
    assert connection.call("game.status")["result"]["advice"] is None, "it had frames"
    stage.hub.frame = 0
    assert "stage.tick" in connection.call("game.status")["result"]["advice"]
    stage.hub.stall = None
    assert connection.call("game.status")["result"]["advice"] is None, "it may be about to begin"


def test_pausing_and_resuming_again_changes_nothing(
    stage: Stage, connection: FakeConnection
) -> None:
    for method, paused in [("pause", True), ("pause", True), ("resume", False), ("resume", False)]:
        told = connection.call(f"game.{method}")["result"]
        assert told == {"frame": 1, "paused": paused, "steps": 0, "timescale": 1.0}
        assert stage.pace.paused == paused


def test_a_step_is_answered_when_its_frames_are_done(
    stage: Stage, connection: FakeConnection
) -> None:
    assert connection.call("game.step", {"frames": 2}) is None
    stage.end()
    stage.begin()
    stage.end()
    assert connection.messages() == []
    stage.begin()
    assert stage.pace.is_held
    end_frame(stage.hub)
    (answer,) = connection.messages()
    assert answer["result"] == {"frame": 3, "paused": True, "steps": 0, "timescale": 1.0}


def test_a_step_can_be_cancelled(stage: Stage, connection: FakeConnection) -> None:
    connection.call("game.step", {"frames": 9}, ident=7)
    (call,) = stage.hub.runner.calls
    assert stage.pace.steps == 9
    call.stop()
    assert stage.pace.steps == 0


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("game.step", {"frames": 0}),
        ("game.step", {"frames": 100_001}),
        ("game.step", {"frames": 1.5}),
        ("game.timescale", {"scale": 0}),
        ("game.timescale", {"scale": -1}),
        ("game.timescale", {"scale": 101}),
        ("game.timescale", {}),
        ("game.budget", {"seconds": 0}),
        ("game.budget", {"seconds": 1.1}),
    ],
)
def test_what_makes_no_sense_is_refused(
    stage: Stage, connection: FakeConnection, method: str, params: Any
) -> None:
    assert connection.call(method, params)["error"]["code"] == -32602
    assert not stage.pace.paused
    assert (stage.pace.timescale, stage.budget.seconds) == (1.0, 0.002)


@pytest.mark.parametrize("method", ["pause", "resume", "step", "timescale", "budget"])
def test_viewers_change_nothing(stage: Stage, method: str) -> None:
    viewer = connect(stage.hub, Role.VIEWER)
    assert viewer.call(f"game.{method}")["error"]["code"] == -32003
    assert "result" in viewer.call("game.status")


def test_the_time_scale_is_told(stage: Stage, connection: FakeConnection) -> None:
    assert connection.call("game.timescale", {"scale": 0.25})["result"]["timescale"] == 0.25
    assert connection.call("game.status")["result"]["timescale"] == 0.25


def test_the_budget_can_be_set(stage: Stage, connection: FakeConnection) -> None:
    told = connection.call("game.budget", {"seconds": 0.01})["result"]
    assert told == {"budget": 0.01, "cost": 0.0, "thinning": 1}
    assert stage.budget.seconds == 0.01


def test_that_topics_are_thinned_is_told_once_and_that_it_is_over(
    stage: Stage, connection: FakeConnection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="stagedoor")
    told: list[Any] = []
    topic = stage.hub.topics.get("game.degraded")
    assert topic is not None
    emit = stage.hub.topics.emit
    stage.hub.topics.emit = lambda name, value: (told.append((name, value)), emit(name, value))  # type: ignore[method-assign,assignment,func-returns-value]
    for _ in range(WINDOW * 3):
        stage.budget.count(0.02, 0.02)
    assert [(name, value.thinning) for name, value in told] == [
        ("game.degraded", thinning) for thinning in (2, 4, 8)
    ]
    assert connection.call("game.status")["result"]["thinning"] == 8
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "20.0 ms" in record.message
    for _ in range(WINDOW * 3):
        stage.budget.count(0.0, 0.0)
    assert [value.thinning for _, value in told[3:]] == [4, 2, 1]
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_status_says_what_the_engine_can_do_and_whether_time_can_be_scaled(
    stage: Stage, connection: FakeConnection
) -> None:
    engine: Any = SimpleNamespace(name="fake 1.0", can=frozenset({"scale", "keys"}))
    stage.parts.engine = engine
    assert connection.call("game.status")["result"]["can"] == ["keys", "scale"]
    stage.pace.no_scale = "there is no clock"
    assert connection.call("game.status")["result"]["can"] == ["keys"]
