"""`game.pause_when`, without a network: the game is what the test says it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE
from tests.unit.live.rpc.fakes import FakeConnection, connect, frame, new_hub, parts_of

from stagedoor.live.domains.game import add_to as add_game
from stagedoor.live.domains.parts import Parts
from stagedoor.live.domains.triggers import look, methods, triggers
from stagedoor.live.domains.triggers.methods import MAX_TRIGGERS
from stagedoor.live.domains.triggers.reading import Unreadable
from stagedoor.live.language.path import Path
from stagedoor.live.rpc.hub import Hub
from stagedoor.wire.roles import Role


class Values:
    """The values of a game."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {"rocks": 1}
        self.looks = 0

    def value(self, path: Path, /) -> object:
        self.looks += 1
        if path.root not in self.values:
            raise Unreadable(f"there is no root {path.root}")
        return self.values[path.root]


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> Values:
    values = Values()
    monkeypatch.setattr(look.SceneAndObjects, "value", lambda _, path: values.value(path))
    return values


@pytest.fixture
def parts(values: Values, monkeypatch: pytest.MonkeyPatch) -> Parts:
    monkeypatch.setattr(triggers, "BUDGET", PATIENCE)  # a busy machine would skip frames
    parts = parts_of(new_hub())
    parts.is_inside = lambda: False
    parts.roots.expose("rocks", values)
    parts.roots.expose("gone", values)
    add_game(parts)
    methods.add_to(parts)
    return parts


@pytest.fixture
def hub(parts: Parts) -> Hub:
    return parts.hub


@pytest.fixture
def connection(hub: Hub) -> FakeConnection:
    return connect(hub, Role.OPERATOR)


def pause_when(connection: FakeConnection, **params: Any) -> None:
    assert connection.call("game.pause_when", params, "waits") is None


def answer(connection: FakeConnection) -> Any:
    return next((one for one in connection.messages() if one.get("id") == "waits"), None)


def test_the_game_is_paused_in_the_frame_in_which_a_condition_comes_true(
    parts: Parts, connection: FakeConnection, values: Values
) -> None:
    hub = parts.hub
    frame(hub, 3)
    pause_when(connection, condition="rocks > 50")
    frame(hub, 2)
    assert not parts.pace.paused
    values.values["rocks"] = 51
    frame(hub)
    assert parts.pace.paused
    found = answer(connection)["result"]
    assert found["frame"] == hub.frame == 6
    assert found["reason"] == "rocks > 50"
    assert found["stack"][-1]["function"] != "_here"
    assert (found["exception"], found["seconds"]) == (None, None)


def test_it_is_looked_at_once_a_frame_and_not_at_all_when_nobody_waits(
    parts: Parts, connection: FakeConnection, values: Values
) -> None:
    hub = parts.hub
    frame(hub, 10)
    assert values.looks == 0
    pause_when(connection, condition="rocks > 50")
    frame(hub, 10)
    assert values.looks == 11, "once when it was set"
    for _ in range(10):  # beats of a game that is held
        hub.end_frame()
    assert values.looks == 11
    values.values["rocks"] = 51
    frame(hub)
    assert not hub.checks
    frame(hub, 10)
    assert values.looks == 12


def test_what_is_true_already_triggers_at_once(parts: Parts, connection: FakeConnection) -> None:
    found = connection.call("game.pause_when", {"condition": "rocks == 1"})
    assert found["result"]["reason"] == "rocks == 1"
    assert parts.pace.paused


class Clock:
    """Goes on when a value is looked at."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_conditions_that_take_long_are_looked_at_less_often(
    hub: Hub, connection: FakeConnection, values: Values, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(triggers, "perf_counter", clock)

    def slow_value(_: object, path: Path) -> object:
        clock.now += 4 * triggers.BUDGET
        return values.value(path)

    monkeypatch.setattr(look.SceneAndObjects, "value", slow_value)
    for _ in range(4):
        pause_when(connection, condition="rocks > 50")
    values.looks = 0
    most = 0
    for _ in range(100):
        before = values.looks
        frame(hub)
        most = max(most, values.looks - before)
    assert most == 1, "one takes all that there is"
    assert 60 <= values.looks <= 100, "each has its turn"
    values.values["rocks"] = 51
    frame(hub, 30)
    assert len(connection.messages()) == 4


def test_what_a_look_raises_is_a_problem_and_not_the_frames(
    hub: Hub, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look.SceneAndObjects, "value", lambda *_: 1 // 0)
    pause_when(connection, condition="rocks > 50")
    frame(hub, 3)
    (listed,) = connection.call("game.triggers")["result"]
    assert listed["problem"].startswith("ZeroDivisionError")


def test_it_pauses_for_what_is_on_the_screen(
    parts: Parts, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "SECONDS", PATIENCE)
    enemies: list[Any] = []
    parts.scene.own.add("enemy", each=lambda: enemies)
    pause_when(connection, condition="len(Clock[now>3]) > 1")
    for now in (1.0, 5.0, 7.0):
        frame(parts.hub)
        assert not parts.pace.paused
        enemies.append(clock := Clock())
        clock.now = now
    frame(parts.hub)
    assert parts.pace.paused


def test_subscribers_are_told(hub: Hub, connection: FakeConnection, values: Values) -> None:
    topic = hub.topics.get("game.triggered")
    assert topic is not None
    group = hub.topics.group(topic, "all", None, None)
    pause_when(connection, condition="rocks > 50")
    values.values["rocks"] = 51
    frame(hub, 2)
    (found,) = hub.topics.sink.values(group.number)  # type: ignore[attr-defined]
    assert found["reason"] == "rocks > 50"


def test_those_that_wait_are_listed_and_dropped(hub: Hub, connection: FakeConnection) -> None:
    pause_when(connection, condition="gone > 3")
    pause_when(connection, exception="uncaught", type="ValueError")
    pause_when(connection, slower_than=0.5)
    viewer = connect(hub, Role.VIEWER)
    listed = viewer.call("game.triggers")["result"]
    keys = ("condition", "exception", "type", "slower_than")
    assert [tuple(one[key] for key in keys) for one in listed] == [
        ("gone > 3", None, None, None),
        (None, "uncaught", "ValueError", None),
        (None, None, None, 0.5),
    ]
    assert listed[0]["problem"] == "there is no root gone"
    assert viewer.call("game.drop_trigger", {"id": 1})["error"]["code"] == -32003
    for one in listed:
        assert connection.call("game.drop_trigger", {"id": one["id"]})["result"] is True
    frame(hub, 2)
    errors = [one["error"]["data"]["type"] for one in connection.messages()]
    assert errors == ["TriggerDropped"] * 3
    assert viewer.call("game.triggers")["result"] == []
    assert connection.call("game.drop_trigger", {"id": 1})["result"] is False
    assert not hub.checks


def test_it_ends_with_its_caller(hub: Hub, connection: FakeConnection) -> None:
    pause_when(connection, condition="rocks > 50")
    connection.on_close("gone")
    frame(hub)
    assert connect(hub, Role.VIEWER).call("game.triggers")["result"] == []
    assert not hub.checks


@pytest.mark.parametrize(
    ("params", "path", "reason"),
    [
        ({}, "$", "expected one of"),
        ({"condition": "x", "slower_than": 1.0}, "$", "expected one of"),
        ({"condition": "x", "type": "ValueError"}, "$.type", "exception only"),
        ({"condition": "x >"}, "$.condition", "^"),
        ({"condition": "wrold.rocks > 3"}, "$.condition", "the name of a root"),
        ({"condition": ""}, "$.condition", "a path"),
        ({"condition": "x" * 5000}, "$.condition", "length"),
        ({"condition": "os.system('ls')"}, "$.condition", "^"),
        ({"exception": "all"}, "$.exception", ""),
        ({"slower_than": 0}, "$.slower_than", "> 0"),
        ({"slower_than": -1}, "$.slower_than", "> 0"),
        ({"slower_than": 1e300}, "$.slower_than", "<="),
        ({"condition": 5}, "$.condition", ""),
    ],
)
def test_what_does_not_fit_is_told(
    connection: FakeConnection, params: Any, path: str, reason: str
) -> None:
    error = connection.call("game.pause_when", params)["error"]
    assert error["code"] == -32602
    assert error["data"]["path"] == path
    assert reason in error["data"]["reason"]


def test_there_are_so_many_at_most(hub: Hub, connection: FakeConnection) -> None:
    for _ in range(MAX_TRIGGERS):
        pause_when(connection, exception="uncaught")
    refused = connection.call("game.pause_when", {"exception": "uncaught"})
    assert refused["error"]["code"] == -32005


def test_viewers_may_not(hub: Hub) -> None:
    viewer = connect(hub, Role.VIEWER)
    assert viewer.call("game.pause_when", {"exception": "uncaught"})["error"]["code"] == -32003


class Failing:
    """A game that fails."""

    def __init__(self) -> None:
        self.error: BaseException = self._made()

    def _made(self) -> BaseException:
        try:
            self.fail()
        except ValueError as error:
            return error
        raise AssertionError

    def fail(self) -> None:
        raise ValueError("no ship left")


def test_an_exception_that_ends_the_game_holds_it_before(
    parts: Parts, connection: FakeConnection
) -> None:
    held: list[bool] = []

    def hold() -> None:
        held.append(parts.pace.paused)
        parts.hub.end_frame()
        parts.hub.end_frame()

    parts.hold_here = hold
    pause_when(connection, exception="uncaught")
    (tell,) = parts.on_end
    tell(Failing().error)
    assert held == [True]
    found = answer(connection)["result"]
    assert found["reason"] == "ValueError is about to end the game: no ship left"
    assert [call["function"] for call in found["stack"]] == ["_made", "fail"]
    assert found["exception"]["type"] == "ValueError"
    assert "no ship left" in found["exception"]["traceback"]


@pytest.mark.parametrize(
    ("error", "name", "held"),
    [
        (ValueError(), None, 1),
        (ValueError(), "ValueError", 1),
        (ValueError(), "Exception", 1),
        (ValueError(), "KeyError", 0),
        (KeyboardInterrupt(), None, 0),
    ],
)
def test_only_what_fits_holds_the_game(
    parts: Parts, connection: FakeConnection, error: BaseException, name: str | None, held: int
) -> None:
    times: list[int] = []
    parts.hold_here = lambda: times.append(1)
    pause_when(connection, exception="uncaught", type=name)
    parts.on_end[0](error)
    assert len(times) == held


def test_an_exception_that_nobody_asked_for_ends_the_game_as_ever(parts: Parts) -> None:
    parts.hold_here = lambda: pytest.fail("held")
    parts.on_end[0](ValueError())


class FakeCore:
    """Frames that take what a test says."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.totals: list[float] = []

    @property
    def number(self) -> int:
        return self._hub.frame

    def history(self, count: int) -> list[tuple[int, int, int]]:
        return [(len(self.totals), 0, round(self.totals[-1] * 1e9))] if self.totals else []


def test_a_slow_frame_pauses_the_game(values: Values) -> None:
    parts = parts_of(new_hub())
    hub = parts.hub
    core = FakeCore(hub)
    parts.frames = SimpleNamespace(core=core)  # type: ignore[assignment]
    methods.add_to(parts)
    connection = connect(hub, Role.OPERATOR)
    frame(hub)
    pause_when(connection, slower_than=0.1)
    for total in (5.0, 0.01, 0.1):  # the first is that in which it was set
        core.totals.append(total)
        frame(hub)
    assert not parts.pace.paused
    core.totals.append(0.25)
    frame(hub)
    assert parts.pace.paused
    found = answer(connection)["result"]
    assert (found["frame"], found["seconds"]) == (4, 0.25)
    assert found["reason"] == "the frame took 0.250 s, more than 0.1 s"


def test_the_stack_of_a_slow_frame_is_what_it_did(parts: Parts, connection: FakeConnection) -> None:
    core, hub = parts.frames.core, parts.hub
    core.begin(None, 0.016)
    frame(hub)
    pause_when(connection, slower_than=0.05)
    core.begin(None, 0.016)
    frame(hub)

    def load_level() -> None:
        deadline = time.monotonic() + PATIENCE
        while not seen() and time.monotonic() < deadline:
            time.sleep(0.01)

    def seen() -> Any:
        triggers = next(check.__self__ for check in hub.checks)  # type: ignore[attr-defined]
        return triggers._slow.seen

    load_level()
    core.begin(None, 0.016)
    frame(hub, 2)
    assert "load_level" in [call["function"] for call in answer(connection)["result"]["stack"]]


@pytest.fixture
def raise_(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Tells of an exception as `sys.monitoring` does."""
    told: list[Callable[..., object]] = []

    def watch(tell: Callable[..., object]) -> Callable[[], None]:
        told.append(tell)
        return told.clear

    monkeypatch.setattr(triggers, "watch_raised", watch)

    def raise_(error: BaseException, file: str = __file__) -> None:
        for tell in told:
            tell(error, compile("pass", file, "exec"))

    return raise_


def test_a_raised_exception_holds_the_game_where_it_is(
    parts: Parts, connection: FakeConnection, raise_: Callable[..., None]
) -> None:
    held: list[bool] = []
    parts.hold_here = lambda: held.append(parts.pace.paused)
    pause_when(connection, exception="raised", type="LookupError")
    raise_(ValueError())
    raise_(KeyError("ours"), triggers.__file__)
    raise_(KeyboardInterrupt())
    thread = threading.Thread(target=lambda: raise_(KeyError()))
    thread.start()
    thread.join()
    parts.is_inside = lambda: True
    raise_(KeyError("in a method that somebody has called"))
    parts.is_inside = lambda: False
    assert held == []
    raise_(KeyError("ship"))
    assert held == [True]
    frame(parts.hub, 2)
    found = answer(connection)["result"]
    assert found["reason"] == "KeyError was raised: 'ship'"
    assert found["stack"][-1]["function"] == "raise_"
    raise_(KeyError("nobody waits any more"))
    assert held == [True]


def test_one_trigger_of_many_may_fit(
    parts: Parts, connection: FakeConnection, raise_: Callable[..., None]
) -> None:
    parts.hold_here = lambda: None
    for name in ("KeyError", "ValueError", "Exception"):
        pause_when(connection, exception="raised", type=name)
    raise_(KeyError())
    frame(parts.hub, 2)
    assert len(connection.messages()) == 2
    assert len(connection.call("game.triggers")["result"]) == 1
    raise_(ValueError())
    frame(parts.hub, 2)
    assert connection.call("game.triggers")["result"] == []


def test_the_thread_that_looks_for_slow_frames_ends_with_the_last_trigger(
    hub: Hub, connection: FakeConnection
) -> None:
    def looks() -> bool:
        return any(one.name == "stagedoor-slow-frames" for one in threading.enumerate())

    pause_when(connection, slower_than=1e6)
    assert looks()
    connection.on_close("gone")
    frame(hub)
    deadline = time.monotonic() + PATIENCE
    while looks():
        assert time.monotonic() < deadline
        time.sleep(0.01)
