"""How many threads run for callers: each counts until it ends, not until its call does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tests.unit.live.rpc.fakes import (
    FakeConnection,
    connect,
    frame,
    new_hub,
    parts_of,
    request,
    session_of,
)

from stagedoor.limits import Limits
from stagedoor.live.domains import rpc
from stagedoor.live.rpc.hub import Hub

PATIENCE = 60.0
OF_ONE, OF_ALL = Limits().max_threads, Limits().max_all_threads


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = new_hub()
    rpc.add_to(parts_of(hub))
    yield hub
    hub.runner.close()


@pytest.fixture
def release(hub: Hub) -> Iterator[threading.Event]:
    """Ends the threads of the method `stay`."""
    event = threading.Event()
    hub.methods.add(lambda: event.wait(PATIENCE), "stay", thread=True, timeout=None)
    yield event
    event.set()


def workers() -> int:
    return sum(thread.name == "stagedoor-stay" for thread in threading.enumerate())


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def fill(connection: FakeConnection, count: int = OF_ONE) -> None:
    for ident in range(count):
        assert connection.call("stay", ident=ident) is None


def refusal(connection: FakeConnection) -> str:
    error = connection.call("stay", ident="more")["error"]
    assert error["code"] == -32005
    limit = error["data"]["limit"]
    assert isinstance(limit, str)
    return limit


def cancel(hub: Hub, connection: FakeConnection) -> None:
    for ident in range(OF_ONE):
        connection.deliver(json.dumps(request("rpc.cancel", [ident], "cancel")))


def let_expire(hub: Hub, connection: FakeConnection) -> None:
    for call in list(session_of(hub, connection).calls):
        call.expire()


@pytest.mark.parametrize("end", [cancel, let_expire])
def test_a_call_that_ends_makes_no_room_before_its_thread_does(
    hub: Hub, release: threading.Event, end: Callable[[Hub, FakeConnection], None]
) -> None:
    connection = connect(hub)
    fill(connection)
    assert refusal(connection) == "8 threads"
    end(hub, connection)
    frame(hub, 3)
    assert not session_of(hub, connection).calls
    assert refusal(connection) == "8 threads"
    assert workers() == OF_ONE
    release.set()
    wait_for(lambda: workers() == 0)
    assert connection.call("stay", ident="later") is None


def test_a_client_that_leaves_leaves_its_threads_counted(
    hub: Hub, release: threading.Event
) -> None:
    for _ in range(OF_ALL // OF_ONE):
        connection = connect(hub)
        fill(connection)
        connection.on_close(None)
    assert workers() == OF_ALL
    assert refusal(connect(hub)) == "32 threads for all callers"
    release.set()
    wait_for(lambda: workers() == 0)
    fill(connect(hub), 1)


def test_one_of_a_single_method_runs_for_all(hub: Hub, release: threading.Event) -> None:
    hub.methods.add_built_in(
        lambda: release.wait(PATIENCE), "export", thread=True, timeout=None, is_single=True
    )
    first, second = connect(hub), connect(hub)
    assert first.call("export") is None
    assert second.call("export")["error"]["data"] == {"limit": "one export at a time"}
    first.on_close(None)
    assert second.call("export")["error"]["code"] == -32005


def test_what_a_thread_keeps_counts_until_it_ends(hub: Hub, release: threading.Event) -> None:
    hub.methods.add(lambda text: release.wait(PATIENCE), "take", thread=True, timeout=None)
    connection = connect(hub)
    memory = session_of(hub, connection).memory
    assert connection.call("take", ["x" * 100_000], 1) is None
    connection.deliver(json.dumps(request("rpc.cancel", [1])))
    assert memory.bytes > 100_000
    release.set()
    wait_for(lambda: memory.bytes == 0)


def test_a_system_without_threads_is_an_error_of_the_call(
    hub: Hub, release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    connection = connect(hub)
    monkeypatch.setattr(threading.Thread, "start", start)
    assert connection.call("stay")["error"]["code"] == -32603
    assert session_of(hub, connection).memory.bytes == 0
