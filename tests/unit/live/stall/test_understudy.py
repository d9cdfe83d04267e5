"""Who answers when the game's thread does not: here this thread is the game's, and does not tick.

`tests/integration/test_stalls.py` has games that hang.
"""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE, Caller, Start, tick_until
from tests.unit.live.native import arrived

from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.live.stage import Stage
from stagedoor.live.stall import understudy as module

# A stall begins after 0.1 s here, so the tests must not be kept from ticking for as long.
pytestmark = pytest.mark.timing


@pytest.fixture(autouse=True)
def threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_THRESHOLD", 0.1)


@pytest.fixture
def stage(start: Start) -> Stage:
    stage = start()

    @stage.rpc(timeout=0.1)
    def note(value: int) -> int:
        stage.noted.append(value)  # type: ignore[attr-defined]
        return value

    @stage.rpc(timeout=None)
    def note_late(value: int) -> int:
        return note(value)

    stage.noted = []  # type: ignore[attr-defined]
    return stage


@pytest.fixture
def caller(stage: Stage) -> Iterator[Caller]:
    with Caller(stage) as caller:
        caller.call("process.info")
        yield caller


def noted(stage: Stage) -> list[int]:
    return stage.noted  # type: ignore[attr-defined, no-any-return]


def answer(caller: Caller) -> Any:
    """The next message, without a tick."""
    return json.loads(caller.client.recv(PATIENCE))


def request(method: str, *params: Any, ident: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params, "id": ident}


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def wait_stalled(stage: Stage) -> None:
    wait_for(lambda: stage._hub.stall)


class TestWithoutTheGame:
    @pytest.mark.parametrize(
        "method", ["process.info", "rpc.discover", "topic.list", "session.info", "session.ticket"]
    )
    def test_what_needs_no_game_is_answered(self, caller: Caller, method: str) -> None:
        caller.send(method)
        assert "result" in answer(caller)

    def test_what_was_answered_before_the_call_that_hangs_is_sent(self, stage: Stage) -> None:
        release = threading.Event()
        stage.rpc(name="hang")(lambda: release.wait(PATIENCE))
        stage.rpc(name="quick")(lambda: "quick")
        stage._budget.seconds = PATIENCE  # both in one frame
        with Caller(stage) as caller:
            caller.call("process.info")
            caller.send("quick")
            caller.send("hang")
            time.sleep(0.2)  # both are here
            answers: list[Any] = []
            reader = threading.Thread(target=lambda: answers.append(answer(caller)))
            reader.start()
            threading.Thread(target=lambda: (reader.join(PATIENCE), release.set())).start()
            tick_until(stage, lambda: release.is_set())
        assert [found["result"] for found in answers] == ["quick"]

    def test_new_clients_are_let_in_and_may_show_who_they_are(self, stage: Stage) -> None:
        wait_stalled(stage)
        with Caller(stage, role=None) as caller:
            caller.send("process.info")
            assert answer(caller)["error"]["code"] == -32004
            caller.send("session.authenticate", token=stage._hub.keys.tokens.viewer)
            assert answer(caller)["result"] == {"role": "viewer"}
            caller.send("process.info")
            assert answer(caller)["result"]["name"] == "asteroids"
        wait_for(lambda: not stage._hub.sessions)
        assert not stage._transport.peers, "nothing is left of who came and went"

    def test_what_is_no_request_is_told_so(self, caller: Caller) -> None:
        wait_stalled(caller.stage)
        caller.client.send("{")
        assert answer(caller)["error"]["code"] == -32700

    def test_a_batch_that_needs_no_game_is_answered_as_one(self, caller: Caller) -> None:
        wait_stalled(caller.stage)
        batch = [request("process.info"), request("topic.list", ident=2)]
        caller.client.send(json.dumps(batch))
        assert [member["id"] for member in answer(caller)] == [1, 2]


class TestWhatNeedsTheGame:
    def test_waits_and_runs_in_order_when_the_game_comes(self, stage: Stage) -> None:
        with ExitStack() as stack:
            callers = [stack.enter_context(Caller(stage)) for _ in range(3)]
            wait_stalled(stage)
            for value in range(30):
                callers[value % 3].send("note_late", value)
                callers[value % 3].send("process.info")
            for caller in callers:
                for _ in range(10):
                    assert "name" in answer(caller)["result"], "these do not wait"
            assert noted(stage) == []
            tick_until(stage, lambda: len(noted(stage)) == 30)
            for number, caller in enumerate(callers):
                own = [value for value in noted(stage) if value % 3 == number]
                assert own == sorted(own)
                assert [answer(caller)["result"] for _ in own] == own

    def test_is_refused_after_its_timeout_and_never_runs(self, caller: Caller) -> None:
        caller.send("note", 1)
        error = answer(caller)["error"]
        assert error["code"] == -32001
        assert error["data"]["stalled_for"] >= 0.1
        assert "websockets" in error["data"]["where"] or "threading" in error["data"]["where"]
        assert caller.call("note", 2)["result"] == 2
        assert noted(caller.stage) == [2]

    def test_as_a_notification_is_dropped_without_an_answer(self, caller: Caller) -> None:
        message = request("note", 1)
        del message["id"]
        wait_stalled(caller.stage)
        caller.client.send(json.dumps(message))
        caller.send("note", 2)
        assert answer(caller)["error"]["code"] == -32001
        assert caller.call("note", 3)["result"] == 3
        assert noted(caller.stage) == [3]

    def test_may_be_registered_after_the_call_has_come(self, stage: Stage, caller: Caller) -> None:
        wait_stalled(stage)
        caller.send("late")
        caller.send("process.info")
        assert "result" in answer(caller)
        stage.rpc(name="late")(lambda: "here")
        assert caller.receive()["result"] == "here"

    def test_is_refused_for_what_it_is_to_who_may_not_call_it(self, stage: Stage) -> None:
        stage.rpc(name="secret", role="admin", timeout=0.1)(lambda: None)
        with Caller(stage, role="viewer") as viewer, Caller(stage, role=None) as nobody:
            for caller, code in ((viewer, -32003), (nobody, -32004)):
                caller.send("secret")
                error = answer(caller)["error"]
                assert error["code"] == code
                assert "where" not in (error.get("data") or {})

    def test_makes_a_batch_wait_as_a_whole(self, stage: Stage, caller: Caller) -> None:
        wait_stalled(stage)
        batch = [request("process.info"), request("note", 1, ident=2)]
        caller.client.send(json.dumps(batch))
        info, refused = answer(caller)
        assert info["result"]["name"] == "asteroids"
        assert refused["error"]["code"] == -32001
        assert noted(stage) == []

    @pytest.mark.parametrize("timeout", [None, 0.1, 600.0])
    def test_are_refused_in_the_end_whatever_their_methods_timeout(
        self, caller: Caller, timeout: float | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "DEFAULT_TIMEOUT", 0.2)
        caller.stage.rpc(name="slow", timeout=timeout)(lambda: 1)
        wait_stalled(caller.stage)
        for method in ("slow", "game.step"):
            caller.send(method)
            error = answer(caller)["error"]
            assert error["code"] == -32001
            assert error["data"]["stalled_for"] > 0

    def test_is_told_for_how_long_the_game_is_stalled_and_where(self, caller: Caller) -> None:
        wait_stalled(caller.stage)
        caller.send("game.status")
        status = answer(caller)["result"]
        assert status["stalled_for"] > 0
        assert status["where"]["function"]

    def test_that_the_game_had_taken_and_not_begun_keeps_its_turn(self, caller: Caller) -> None:
        stage = caller.stage
        stage.rpc(name="slow")(lambda: time.sleep(0.005))  # more than a frame's budget
        caller.send("slow")
        for value in range(5):
            caller.send("note_late", value)
        arrived(caller.client)
        stage.tick(0.0)
        assert stage._transport.is_behind
        wait_stalled(stage)
        caller.send("note_late", 5)
        caller.send("process.info")
        assert "result" in answer(caller), "of slow"
        assert "name" in answer(caller)["result"]
        tick_until(stage, lambda: len(noted(stage)) == 6)
        assert noted(stage) == [0, 1, 2, 3, 4, 5]


class TestOverruns:
    def test_the_caller_is_told_and_the_late_result_is_dropped(
        self, caller: Caller, caplog: pytest.LogCaptureFixture
    ) -> None:
        stage = caller.stage

        @stage.rpc(timeout=0.2)
        def slow() -> str:
            began.set()
            assert ended.wait(PATIENCE)
            return "late"

        began, ended = threading.Event(), threading.Event()
        answers: list[Any] = []

        def client() -> None:
            caller.send("slow")
            assert began.wait(PATIENCE)
            caller.send("note", 1)
            answers.extend(answer(caller) for _ in range(2))
            ended.set()

        thread = threading.Thread(target=client)
        thread.start()
        tick_until(stage, began.is_set)
        thread.join(PATIENCE)
        assert sorted(found["error"]["code"] for found in answers) == [-32002, -32001]
        assert caller.call("note", 2)["result"] == 2
        assert noted(stage) == [2]
        assert "the method slow took" in caplog.text
        assert not stage._hub.running

    @pytest.mark.parametrize("kind", ["coroutine", "generator", "thread"])
    def test_of_what_was_under_way_end_and_are_stopped_by_the_game(
        self, caller: Caller, kind: str
    ) -> None:
        stage = caller.stage
        stopped = threading.Event()

        async def coroutine() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                stopped.set()

        def generator() -> Iterator[None]:
            try:
                while True:
                    yield NEXT_FRAME
            finally:
                stopped.set()

        function: Any = {"coroutine": coroutine, "generator": generator}.get(kind)
        if function is None:
            stage.rpc(name=kind, thread=True, timeout=0.2)(lambda: stopped.wait(PATIENCE))
        else:
            stage.rpc(timeout=0.2)(function)
        caller.send(kind)
        tick_until(stage, lambda: stage._hub.runner.calls)
        assert answer(caller)["error"]["code"] == -32002
        if kind == "thread":
            stopped.set()
        tick_until(stage, lambda: stopped.is_set() and not stage._hub.runner.calls)
        assert caller.call("note", 1)["result"] == 1, "and nothing came twice"


class TestTheTopic:
    def test_tells_where_the_game_is_and_that_it_is_back(self, caller: Caller) -> None:
        stage = caller.stage
        number = caller.call("topic.subscribe", topic="game.stalled")["result"]["subscription"]
        begun = answer(caller)["params"]
        while not begun["value"]["stalled"]:  # on a busy machine it was stalled before
            begun = answer(caller)["params"]
        assert begun["subscription"] == number
        assert begun["value"]["stalled_for"] >= 0.1
        assert set(begun["value"]["where"]) == {"file", "line", "function"}
        assert stage._hub.stalled_for >= 0.1
        stage.tick(0.0)
        ended = answer(caller)["params"]
        assert ended["sequence"] == begun["sequence"] + 1
        assert not ended["value"]["stalled"]
        assert ended["value"]["stalled_for"] >= begun["value"]["stalled_for"]
        tick_until(stage, lambda: stage._hub.stalled_for == 0.0)

    def test_is_one_group_whatever_mode_and_rate_are_asked_for(self, caller: Caller) -> None:
        first = caller.call("topic.subscribe", topic="game.stalled", mode="mean", hz=1)["result"]
        second = caller.call("topic.subscribe", topic="game.stalled", mode="all")["result"]
        assert first["subscription"] == second["subscription"]


class TestTheLog:
    def test_has_a_line_when_clients_are_here(
        self, caller: Caller, caplog: pytest.LogCaptureFixture
    ) -> None:
        hub = caller.stage._hub
        is_new = False
        while not is_new:  # on a busy machine there was a stall before; its line is one a minute
            tick_until(caller.stage, lambda: hub.stall is None)
            hub.complaints._kinds.clear()
            caplog.clear()
            is_new = hub.stall is None
        wait_for(lambda: "asteroids has not come to tick() for" in caplog.text)
        caller.stage.tick(0.0)
        wait_for(lambda: "asteroids is back after" in caplog.text)

    def test_has_none_when_nobody_is(self, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
        wait_stalled(stage)
        tick_until(stage, lambda: stage._hub.stall is None)
        assert caplog.records == []


class TestItsThread:
    def watches(self) -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name == "stagedoor-watch"}

    def test_is_one_for_each_stage_and_ends_when_it_is_closed(self, start: Start) -> None:
        before = self.watches()
        stage = start()
        wait_for(lambda: stage._understudy._network)
        (watch,) = self.watches() - before
        stage.close()
        watch.join(PATIENCE)
        assert not watch.is_alive()

    def test_keeps_no_stage_alive(self, start: Start) -> None:
        before = self.watches()
        stage = Stage.start("forgotten", port=0)
        stage._listener.withdraw()
        wait_stalled(stage)
        del stage
        gc.collect()
        wait_for(lambda: not self.watches() - before)


def test_an_asyncio_game_that_idles_is_not_stalled_and_one_that_blocks_is(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_THRESHOLD", 1.0)  # half of it is the loop's time to react

    async def main() -> None:
        stage = start()
        stalls: list[object] = []
        for _ in range(10):
            await asyncio.sleep(0.25)
            stalls.append(stage._hub.stall)
        assert stalls == [None] * 10
        wait_stalled(stage)  # blocks the loop
        with Caller(stage) as caller:
            caller.send("process.info")
            assert "result" in answer(caller)
            await asyncio.sleep(0)
        stage.close()
        while stage.port is not None:
            await asyncio.sleep(0.001)

    asyncio.run(main())


def test_only_plain_methods_and_generators_can_be_called_at_any_time(stage: Stage) -> None:
    async def later() -> None: ...

    with pytest.raises(TypeError, match="only plain functions and generators"):
        stage._hub.methods.add_built_in(later, "later", anytime=True)
