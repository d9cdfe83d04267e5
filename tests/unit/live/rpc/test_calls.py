"""Calls that are not answered at once: coroutines, generators, threads."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from tests.unit.live.rpc.fakes import (
    FakeConnection,
    begin_frame,
    connect,
    end_frame,
    frame,
    new_hub,
    parts_of,
    request,
    session_of,
)

from stagedoor.limits import Limits
from stagedoor.live.domains import rpc
from stagedoor.live.rpc import calls
from stagedoor.live.rpc.hub import Hub

PATIENCE = 60.0
KINDS = ["coroutine", "generator", "thread"]


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = new_hub()
    rpc.add_to(parts_of(hub))
    yield hub
    hub.runner.close()


@pytest.fixture
def connection(hub: Hub) -> FakeConnection:
    return connect(hub)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that deadlines are held against."""
    now = [1000.0]
    monkeypatch.setattr(calls, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """What endless threads wait for; set after the test at the latest."""
    event = threading.Event()
    yield event
    event.set()


def frames_until(hub: Hub, connection: FakeConnection, count: int = 1) -> list[Any]:
    """Let frames pass until so many messages were sent."""
    deadline = time.monotonic() + PATIENCE
    messages: list[Any] = []
    while len(messages) < count:
        assert time.monotonic() < deadline, f"got {messages}"
        frame(hub)
        messages += connection.messages()
        time.sleep(0.0005)
    return messages


def add_endless(hub: Hub, release: threading.Event, **options: Any) -> None:
    """`coroutine`, `generator` and `thread`, none of which ends by itself."""

    async def coroutine() -> None:
        await asyncio.get_running_loop().create_future()

    def generator() -> Iterator[None]:
        while True:
            yield

    hub.methods.add(coroutine, **options)
    hub.methods.add(generator, **options)
    hub.methods.add(lambda: release.wait(PATIENCE), "thread", thread=True, **options)


def error_code(messages: list[Any]) -> int:
    (answer,) = [message for message in messages if "id" in message]
    code = answer["error"]["code"]
    assert isinstance(code, int)
    return code


class TestCoroutines:
    def test_run_in_a_game_without_a_loop_a_step_a_frame(
        self, hub: Hub, connection: FakeConnection
    ) -> None:
        async def slow(value: int) -> int:
            threads.append(threading.current_thread())
            await asyncio.sleep(0)
            await asyncio.sleep(0.001)
            return value * 2

        threads: list[threading.Thread] = []
        hub.methods.add(slow)
        assert connection.call("slow", [4]) is None
        assert frames_until(hub, connection) == [{"jsonrpc": "2.0", "result": 8, "id": 1}]
        assert threads == [threading.current_thread()]

    def test_run_in_the_games_loop_if_it_runs_one(
        self, hub: Hub, connection: FakeConnection
    ) -> None:
        async def which() -> bool:
            await asyncio.sleep(0)
            return asyncio.get_running_loop() is loops[0]

        async def game() -> list[Any]:
            loops.append(asyncio.get_running_loop())
            connection.call("which")
            deadline = time.monotonic() + PATIENCE
            while not connection.sent and time.monotonic() < deadline:
                frame(hub)
                await asyncio.sleep(0)
            return connection.messages()

        loops: list[asyncio.AbstractEventLoop] = []
        hub.methods.add(which)
        assert asyncio.run(game()) == [{"jsonrpc": "2.0", "result": True, "id": 1}]
        assert hub.runner._coroutines._loop is None

    def test_that_outlive_the_games_loop_are_cancelled(
        self, hub: Hub, connection: FakeConnection, release: threading.Event
    ) -> None:
        async def game() -> None:
            connection.call("coroutine")
            await asyncio.sleep(0)

        add_endless(hub, release)
        asyncio.run(game())
        frame(hub)
        assert error_code(connection.messages()) == -32006

    def test_cancelled_before_their_first_step_leave_no_warning(
        self, hub: Hub, connection: FakeConnection, release: threading.Event
    ) -> None:
        add_endless(hub, release)
        connection.call("coroutine", ident=7)
        connection.deliver(json.dumps(request("rpc.cancel", [7], 8)))
        frame(hub, 3)
        gc.collect()  # "coroutine was never awaited" is an error here

    def test_that_are_cancelled_clean_up_in_the_frames_after(
        self, hub: Hub, connection: FakeConnection
    ) -> None:
        async def tidy() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                for _ in range(5):
                    await asyncio.sleep(0)
                tidied.append(True)

        tidied: list[bool] = []
        hub.methods.add(tidy)
        connection.call("tidy", ident=7)
        frame(hub)
        connection.deliver(json.dumps(request("rpc.cancel", [7], 8)))
        frame(hub, 10)
        assert tidied == [True]
        assert not hub.runner.calls

    def test_that_will_not_be_cancelled_are_answered_all_the_same(
        self, hub: Hub, connection: FakeConnection
    ) -> None:
        async def stubborn() -> int:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                await asyncio.sleep(0)
            return 5

        hub.methods.add(stubborn)
        connection.call("stubborn", ident=7)
        frame(hub)
        connection.deliver(json.dumps(request("rpc.cancel", [7], 8)))
        frame(hub, 5)
        by_id = {message["id"]: message for message in connection.messages()}
        assert by_id[7]["error"]["code"] == -32006
        assert by_id[8]["result"] is True

    def test_tasks_that_they_start_do_not_end_the_game_by_exiting(
        self, hub: Hub, connection: FakeConnection, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def boom() -> None:
            raise SystemExit("no")

        async def start() -> str:
            tasks.append(asyncio.create_task(boom()))
            for _ in range(3):
                await asyncio.sleep(0)
            return "started"

        tasks: list[asyncio.Task[None]] = []
        hub.methods.add(start)
        connection.call("start")
        (answer,) = frames_until(hub, connection)
        assert answer["result"] == "started"
        assert isinstance(tasks[0].exception(), SystemExit)
        assert "the game goes on" in caplog.text


class TestGenerators:
    def test_take_one_step_a_frame_and_tell_each(
        self, hub: Hub, connection: FakeConnection
    ) -> None:
        def load(count: int) -> Iterator[float]:
            for step in range(count):
                steps.append(hub.frame)
                yield step / count
            return "done"

        steps: list[int] = []
        hub.methods.add(load)
        begin_frame(hub)
        connection.deliver(json.dumps(request("load", [3], "x")))
        end_frame(hub)
        frame(hub, 3)
        *progress, answer = connection.messages()
        assert [message["method"] for message in progress] == ["rpc.progress"] * 3
        assert [message["params"] for message in progress] == [
            {"id": "x", "value": step / 3} for step in range(3)
        ]
        assert all("id" not in message for message in progress)
        assert answer == {"jsonrpc": "2.0", "result": "done", "id": "x"}
        assert steps == sorted(steps)

    def test_never_take_two_steps_in_one_frame(self, hub: Hub, connection: FakeConnection) -> None:
        def load() -> Iterator[None]:
            for _ in range(5):
                steps.append(hub.frame)
                yield

        steps: list[int] = []
        hub.methods.add(load)
        begin_frame(hub)
        connection.deliver(json.dumps(request("load")))
        end_frame(hub)
        frame(hub, 6)
        assert len(set(steps)) == len(steps) == 5

    def test_called_by_a_notification_tell_nothing(
        self, hub: Hub, connection: FakeConnection
    ) -> None:
        def load() -> Iterator[int]:
            yield 1
            called.append(True)

        called: list[bool] = []
        hub.methods.add(load)
        assert connection.notify("load") is None
        frame(hub, 3)
        assert connection.messages() == []
        assert called == [True]

    def test_progress_that_json_cannot_carry_is_logged_and_the_call_goes_on(
        self, hub: Hub, connection: FakeConnection, caplog: pytest.LogCaptureFixture
    ) -> None:
        def load() -> Iterator[object]:
            yield object()
            return 1

        hub.methods.add(load)
        connection.call("load")
        frame(hub, 2)
        assert [message.get("result") for message in connection.messages()] == [1]
        assert "rpc.progress" in caplog.text

    def test_that_raise_when_they_are_closed_do_not_reach_the_loop(
        self, hub: Hub, connection: FakeConnection, clock: list[float]
    ) -> None:
        def stubborn() -> Iterator[None]:
            try:
                while True:
                    yield
            finally:
                raise SystemExit

        hub.methods.add(stubborn)
        other = connect(hub)
        connection.call("stubborn")
        other.call("stubborn")
        frame(hub)
        other.on_close(None)
        assert len(hub.sessions) == 1
        clock[0] += 5.1
        frame(hub)
        assert error_code(connection.messages()) == -32002


class TestThreads:
    def test_run_beside_the_game_and_are_answered_in_a_frame(
        self, hub: Hub, connection: FakeConnection
    ) -> None:
        def work(value: int) -> int:
            threads.append(threading.current_thread())
            return value + 1

        threads: list[threading.Thread] = []
        hub.methods.add(work, thread=True)
        assert connection.call("work", [1]) is None
        assert frames_until(hub, connection) == [{"jsonrpc": "2.0", "result": 2, "id": 1}]
        assert threads[0] is not threading.current_thread()
        assert threads[0].daemon
        assert threads[0].name == "stagedoor-work"

    def test_where_there_is_none_the_caller_is_told(
        self, hub: Hub, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def start(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        hub.methods.add(lambda: None, "work", thread=True)
        monkeypatch.setattr(threading.Thread, "start", start)
        answer: Any = connection.call("work")
        monkeypatch.undo()
        assert answer["error"]["code"] == -32603
        frame(hub)
        assert not hub.runner.calls
        connection.call("work")
        assert frames_until(hub, connection) == [{"jsonrpc": "2.0", "result": None, "id": 1}]

    def test_a_late_result_is_dropped(
        self,
        hub: Hub,
        connection: FakeConnection,
        clock: list[float],
        release: threading.Event,
    ) -> None:
        add_endless(hub, release)
        connection.call("thread")
        clock[0] += 5.0
        frame(hub)
        assert error_code(connection.messages()) == -32002
        release.set()
        deadline = time.monotonic() + PATIENCE
        while session_of(hub, connection).memory.bytes and time.monotonic() < deadline:
            time.sleep(0.001)
        frame(hub)
        assert connection.messages() == []


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    def test_is_answered_32002_after_its_timeout_and_not_before(
        self,
        kind: str,
        hub: Hub,
        connection: FakeConnection,
        clock: list[float],
        release: threading.Event,
    ) -> None:
        add_endless(hub, release, timeout=2.0)
        connection.call(kind)
        clock[0] += 1.9
        frame(hub)
        assert [m for m in connection.messages() if "id" in m] == []
        clock[0] += 0.1
        frame(hub)
        (answer,) = [message for message in connection.messages() if "id" in message]
        assert (answer["error"]["code"], answer["id"]) == (-32002, 1)
        assert answer["error"]["data"] == {"timeout": 2.0}
        frame(hub, 3)
        assert connection.messages() == []
        assert not hub.runner.calls

    def test_may_take_as_long_as_it_takes_with_none(
        self,
        kind: str,
        hub: Hub,
        connection: FakeConnection,
        clock: list[float],
        release: threading.Event,
    ) -> None:
        add_endless(hub, release, timeout=None)
        connection.call(kind)
        clock[0] += 1e9
        frame(hub, 3)
        assert [m for m in connection.messages() if "id" in m] == []

    @pytest.mark.parametrize("ident", [1, "one", 1.5, None], ids=str)
    def test_is_cancelled_by_its_id(
        self,
        kind: str,
        hub: Hub,
        connection: FakeConnection,
        release: threading.Event,
        ident: object,
    ) -> None:
        add_endless(hub, release)
        connection.call(kind, ident=ident)
        frame(hub)
        connection.messages()
        connection.deliver(json.dumps(request("rpc.cancel", {"id": ident}, "cancel")))
        by_id = {message["id"]: message for message in connection.messages()}
        assert by_id[ident]["error"]["code"] == -32006
        assert by_id["cancel"]["result"] is True
        assert connection.call("rpc.cancel", {"id": ident}, "again")["result"] is False
        frame(hub, 3)
        assert connection.messages() == []

    def test_ends_without_an_answer_when_its_caller_leaves(
        self, kind: str, hub: Hub, connection: FakeConnection, release: threading.Event
    ) -> None:
        add_endless(hub, release)
        connection.call(kind)
        frame(hub)
        connection.messages()
        session = session_of(hub, connection)
        connection.on_close(None)
        assert not hub.sessions
        release.set()
        frame(hub, 5)
        assert connection.messages() == []
        assert not session.calls
        assert not hub.runner.calls
        assert not hub.runner._generators
        assert not hub.runner._coroutines._tasks

    @pytest.mark.parametrize(
        "error", [SystemExit, ValueError, asyncio.CancelledError, GeneratorExit]
    )
    def test_that_raises_is_answered_and_the_game_goes_on(
        self,
        kind: str,
        hub: Hub,
        connection: FakeConnection,
        error: type[BaseException],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        async def coroutine() -> None:
            await asyncio.sleep(0)
            raise error("no")

        def generator() -> Iterator[None]:
            yield
            raise error("no")

        def thread() -> None:
            raise error("no")

        for function in (coroutine, generator):
            hub.methods.add(function)
        hub.methods.add(thread, thread=True)
        connection.call(kind)
        deadline = time.monotonic() + PATIENCE
        answers: list[Any] = []
        while not answers and time.monotonic() < deadline:
            frame(hub)
            answers += [message for message in connection.messages() if "id" in message]
            time.sleep(0.0005)
        (answer,) = answers
        if (kind, error) == ("coroutine", asyncio.CancelledError):
            assert answer["error"]["code"] == -32006, "it has cancelled itself"
            return
        assert answer["error"]["code"] == -32000
        assert answer["error"]["data"]["type"] == error.__name__
        assert error.__name__ in caplog.text

    def test_in_a_batch_is_waited_for(
        self, kind: str, hub: Hub, connection: FakeConnection, release: threading.Event
    ) -> None:
        add_endless(hub, release)
        hub.methods.add(lambda: "plain", "plain")
        batch = [request("plain", ident=1), request(kind, ident=2), request("plain", ident=3)]
        connection.deliver(json.dumps(batch))
        assert [m for m in connection.messages() if isinstance(m, list)] == []
        connection.deliver(json.dumps(request("rpc.cancel", [2], 4)))
        (answers,) = [m for m in connection.messages() if isinstance(m, list)]
        assert sorted(answer["id"] for answer in answers) == [1, 2, 3]

    def test_ends_cancelled_when_the_stage_closes(
        self, kind: str, hub: Hub, connection: FakeConnection, release: threading.Event
    ) -> None:
        add_endless(hub, release)
        connection.call(kind)
        frame(hub)
        connection.messages()
        hub.runner.close()
        assert error_code(connection.messages()) == -32006


class TestCancel:
    @pytest.mark.parametrize("ident", [99, "1", 1.0, None], ids=repr)
    def test_of_an_id_that_is_not_under_way_is_false(
        self, hub: Hub, connection: FakeConnection, release: threading.Event, ident: object
    ) -> None:
        add_endless(hub, release)
        connection.call("coroutine", ident=1)
        assert connection.call("rpc.cancel", [ident], "cancel")["result"] is False
        assert len(session_of(hub, connection).calls) == 1

    def test_of_a_finished_call_is_false(self, hub: Hub, connection: FakeConnection) -> None:
        hub.methods.add(lambda: 1, "plain")
        connection.call("plain", ident=5)
        assert connection.call("rpc.cancel", [5], 6)["result"] is False

    def test_does_not_reach_calls_of_others(
        self, hub: Hub, connection: FakeConnection, release: threading.Event
    ) -> None:
        add_endless(hub, release)
        connection.call("coroutine", ident=1)
        assert connect(hub).call("rpc.cancel", [1], 2)["result"] is False

    @pytest.mark.parametrize("ident", [True, [], {}], ids=repr)
    def test_of_what_is_no_id_is_invalid(self, connection: FakeConnection, ident: object) -> None:
        assert connection.call("rpc.cancel", [ident], 6)["error"]["code"] == -32602


@pytest.mark.parametrize("kind", ["coroutine", "generator"])  # of threads there are fewer
def test_256_are_in_flight_and_no_more(
    kind: str, hub: Hub, connection: FakeConnection, release: threading.Event
) -> None:
    add_endless(hub, release)
    for ident in range(Limits().max_calls_in_flight):
        connection.deliver(json.dumps(request(kind, None, ident)))
    connection.messages()
    error = connection.call(kind, ident="more")["error"]
    assert (error["code"], error["data"]) == (-32005, {"limit": "256 calls in flight"})
    assert connection.notify(kind) is None
    assert len(session_of(hub, connection).calls) == Limits().max_calls_in_flight
    connection.deliver(json.dumps(request("rpc.cancel", [5], "cancel")))
    connection.messages()
    assert connection.call(kind, ident="more") is None or kind == "generator"
    assert len(session_of(hub, connection).calls) == Limits().max_calls_in_flight


@pytest.mark.parametrize("error", [asyncio.CancelledError, GeneratorExit])
def test_a_plain_method_that_raises_what_is_no_exception_is_answered(
    hub: Hub, connection: FakeConnection, error: type[BaseException]
) -> None:
    def broken() -> None:
        raise error

    hub.methods.add(broken)
    assert connection.call("broken")["error"]["data"]["type"] == error.__name__


def test_an_async_generator_is_no_method(hub: Hub) -> None:
    async def values() -> AsyncIterator[int]:
        yield 1

    function: Callable[..., Any] = values
    with pytest.raises(TypeError, match="async generator"):
        hub.methods.add(function)
