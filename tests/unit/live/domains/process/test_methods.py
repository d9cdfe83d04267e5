"""`process`: what process this is, what it takes, where it is, and how it ends."""

from __future__ import annotations

import gc
import os
import platform
import sys
import threading
import types
from typing import Any

import msgspec
import pytest
from tests.unit.live.rpc.fakes import FakeConnection, connect, end_frame, frame, new_hub, parts_of

from stagedoor import __version__
from stagedoor.live.domains.process import methods as domain
from stagedoor.live.domains.process.methods import ProcessInfo
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.topics.topic import NOTHING
from stagedoor.wire.roles import Role


class FakeEngine:
    name = "fake 1.0"

    def __init__(self) -> None:
        self.quits = 0

    def quit(self) -> None:
        self.quits += 1


@pytest.fixture
def hub() -> Hub:
    hub = new_hub()
    domain.add_to(parts_of(hub))
    return hub


@pytest.fixture
def connection(hub: Hub) -> FakeConnection:
    return connect(hub)


def result(connection: FakeConnection, name: str, **params: object) -> Any:
    answer = connection.call(f"process.{name}", params)
    while answer is None:  # it is made in slices
        frame(connection.hub)
        answer = next(iter(connection.messages()), None)
    return answer["result"]


class TestInfo:
    def test_tells_of_this_process(self, connection: FakeConnection) -> None:
        info = msgspec.convert(result(connection, "info"), ProcessInfo)
        assert info.name == "asteroids"
        assert info.pid == os.getpid()
        assert info.argv == sys.argv
        assert info.python == f"{platform.python_implementation()} {platform.python_version()}"
        assert info.platform == platform.platform()
        assert info.stagedoor == __version__
        assert info.threads == threading.active_count()

    def test_times_are_seconds_since_the_stage_was_started(
        self, connection: FakeConnection
    ) -> None:
        first, second = result(connection, "info"), result(connection, "info")
        assert first["started"] == second["started"]
        assert 0 <= first["uptime"] <= second["uptime"] < 60

    def test_a_game_that_changed_argv_to_what_json_cannot_carry_is_told_of_all_the_same(
        self, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # A file name that is not UTF-8 comes as a lone surrogate.
        monkeypatch.setattr(sys, "argv", ["game.py", "level-\udcff"])
        assert result(connection, "info")["argv"] == ["game.py", "level-\\udcff"]

    def test_takes_no_params(self, connection: FakeConnection) -> None:
        assert connection.call("process.info", [1])["error"]["code"] == -32602


def test_metrics_are_told_when_asked_for(connection: FakeConnection) -> None:
    metrics = result(connection, "metrics")
    assert metrics["cpu_user"] > 0
    assert metrics["python_threads"] == threading.active_count()


def test_metrics_are_a_topic_of_one_value_a_second(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(domain.time, "monotonic", lambda: now[0])
    topic = hub.topics.get("process.metrics")
    assert topic is not None
    assert topic.read is not None
    told = 0
    for _ in range(200):
        told += topic.read() is not NOTHING
        now[0] += 0.0625
    assert told == 13, "in 12.5 seconds"


def test_stacks_tell_where_the_games_thread_is(connection: FakeConnection) -> None:
    first, *others = result(connection, "stacks")
    assert first["is_game_thread"]
    assert first["ident"] == threading.get_ident()
    assert "test_stacks_tell_where_the_games_thread_is" in [
        one["function"] for one in first["frames"]
    ]
    assert not any(stack["is_game_thread"] for stack in others)


class TestGarbage:
    def test_is_told_of(self, connection: FakeConnection) -> None:
        stats = result(connection, "gc")
        assert stats["enabled"] == gc.isenabled()
        assert [one["threshold"] for one in stats["generations"]] == list(gc.get_threshold())
        assert stats["generations"][2]["collections"] >= 0

    def test_is_collected(self, connection: FakeConnection) -> None:
        class Cycle:
            def __init__(self) -> None:
                self.me = self

        gc.collect()
        gc.disable()
        try:
            Cycle()
            collected = result(connection, "collect", generation=2)
        finally:
            gc.enable()
        assert collected["unreachable"] >= 1
        assert collected["seconds"] > 0

    @pytest.mark.parametrize("generation", [-1, 3, "all"])
    def test_has_three_generations(self, connection: FakeConnection, generation: object) -> None:
        answer = connection.call("process.collect", {"generation": generation})
        assert answer["error"]["code"] == -32602

    def test_viewers_do_not_make_the_game_stand_still(self, hub: Hub) -> None:
        viewer = connect(hub, Role.VIEWER)
        assert viewer.call("process.collect")["error"]["code"] == -32003


class TestModules:
    def test_are_found_by_name_with_file_and_version(self, connection: FakeConnection) -> None:
        page = result(connection, "modules", text="MSGSPEC")
        found = {module["name"]: module for module in page["modules"]}
        assert found["msgspec"]["version"] == msgspec.__version__
        assert found["msgspec"]["file"] == msgspec.__file__
        assert page["total"] == len(found)

    def test_what_only_calls_itself_a_module_is_listed_by_its_name(
        self, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Lib:
            __slots__ = ()
            __class__ = type(sys)

        assert isinstance(Lib(), type(sys))
        monkeypatch.setitem(sys.modules, "pretended", Lib())
        page = result(connection, "modules", text="pretended")
        assert page["modules"] == [{"name": "pretended", "file": None, "version": None}]

    def test_come_in_pages(self, connection: FakeConnection) -> None:
        names: list[str] = []
        total = result(connection, "modules", count=1)["total"]
        while len(names) < total:
            page = result(connection, "modules", start=len(names), count=500)
            names += [module["name"] for module in page["modules"]]
        assert names == sorted(sys.modules)

    def test_are_not_made_to_run_anything(
        self, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Lazy(types.ModuleType):
            def __getattribute__(self, name: str) -> Any:
                raise AssertionError(f"asked for {name}")

        monkeypatch.setitem(sys.modules, "zz_lazy", Lazy("zz_lazy"))
        monkeypatch.setitem(sys.modules, "zz_odd", object())  # type: ignore[arg-type]
        monkeypatch.setitem(sys.modules, "zz_none", None)  # type: ignore[arg-type]
        page = result(connection, "modules", text="zz_")
        nothing = {"file": None, "version": None}
        assert page["modules"] == [
            {"name": name, **nothing} for name in ("zz_lazy", "zz_none", "zz_odd")
        ]


class TestQuit:
    def test_goes_the_games_own_way_where_there_is_one(self) -> None:
        hub, engine = new_hub(), FakeEngine()
        parts = parts_of(hub)
        parts.engine = engine
        domain.add_to(parts)
        answer = connect(hub).call("process.quit")
        assert answer["result"] == {"by": "engine", "engine": "fake 1.0"}
        frame(hub, 3)
        assert engine.quits == 1

    @pytest.mark.parametrize(("params", "code"), [({}, 0), ({"code": 7}, 7)])
    def test_is_an_exit_in_the_next_frame_where_there_is_none(
        self, hub: Hub, connection: FakeConnection, params: dict[str, int], code: int
    ) -> None:
        answer = connection.call("process.quit", params)
        assert answer["result"] == {"by": "SystemExit", "engine": None}
        end_frame(hub)
        with pytest.raises(SystemExit) as exit:
            frame(hub)
        assert exit.value.code == code
        frame(hub, 3)

    def test_with_a_code_it_is_an_exit_in_any_case(self) -> None:
        hub, engine = new_hub(), FakeEngine()
        parts = parts_of(hub)
        parts.engine = engine
        domain.add_to(parts)
        answer = connect(hub).call("process.quit", {"code": 3})
        assert answer["result"]["by"] == "SystemExit"
        with pytest.raises(SystemExit):
            frame(hub, 3)
        assert engine.quits == 0

    def test_waits_for_its_answer_to_be_on_its_way(
        self, hub: Hub, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            connection.queued = max(0, 3 - len(waits))

        monkeypatch.setattr(domain.time, "sleep", sleep)
        connection.call("process.quit")
        connection.queued = 3
        with pytest.raises(SystemExit):
            frame(hub, 2)
        assert len(waits) == 3

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
    def test_is_for_admins(self, hub: Hub, role: Role) -> None:
        assert connect(hub, role).call("process.quit")["error"]["code"] == -32003
        frame(hub, 3)
