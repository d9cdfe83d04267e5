"""`frame.batch`: several calls in one frame."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.live.rpc.fakes import (
    FakeConnection,
    begin_frame,
    connect,
    frame,
    new_hub,
    parts_of,
    request,
)

from stagedoor.live.domains import frame as domain
from stagedoor.live.rpc.hub import Hub
from stagedoor.wire.errors import RpcError


@pytest.fixture
def hub() -> Hub:
    hub = new_hub()
    domain.add_to(parts_of(hub))
    hub.methods.add(lambda: hub.frame, "now")
    hub.methods.add(lambda: 1 / 0, "broken")
    hub.methods.add(lambda: object(), "unsendable")
    begin_frame(hub)
    return hub


@pytest.fixture
def connection(hub: Hub) -> FakeConnection:
    return connect(hub)


def batch(connection: FakeConnection, *names: str, **options: Any) -> Any:
    calls = [{"method": name} for name in names]
    return connection.call("frame.batch", {"calls": calls, **options})


def test_each_call_counts(hub: Hub, connection: FakeConnection) -> None:
    batch(connection, "now", "broken", "unknown")
    assert connection.charged == 3, "what came was counted as a message"


def test_runs_in_order_inside_one_frame(hub: Hub, connection: FakeConnection) -> None:
    order: list[int] = []

    def note(value: int) -> int:
        order.append(value)
        return value

    hub.methods.add(note)
    calls = [{"method": "note", "params": [value]} for value in range(50)]
    result = connection.call("frame.batch", {"calls": calls})["result"]
    assert result == {"frame": hub.frame, "results": [{"result": value} for value in range(50)]}
    assert order == list(range(50))


def test_at_a_frame_to_come(hub: Hub, connection: FakeConnection) -> None:
    at = hub.frame + 3
    assert batch(connection, "now", "now", at=at) is None
    frame(hub, 2)
    assert connection.messages() == []
    frame(hub)
    (answer,) = connection.messages()
    assert answer["result"] == {"frame": at, "results": [{"result": at}] * 2}


def test_errors_are_told_each_in_its_place(hub: Hub, connection: FakeConnection) -> None:
    results = batch(connection, "broken", "now", "unknown", "unsendable", "now")["result"][
        "results"
    ]
    codes = [result.get("error", {}).get("code") for result in results]
    assert codes == [-32000, None, -32601, -32603, None]


def test_an_error_that_json_cannot_carry_spares_the_others(
    hub: Hub, connection: FakeConnection
) -> None:
    def mute() -> None:
        raise RpcError(7, "no", object())

    hub.methods.add(mute)
    results = batch(connection, "now", "mute", "now")["result"]["results"]
    assert results[1]["error"]["code"] == -32603
    assert "result" in results[0]
    assert "result" in results[2]


def test_stops_on_the_first_error_if_told_to(hub: Hub, connection: FakeConnection) -> None:
    answer = batch(connection, "now", "broken", "now", stop_on_error=True)
    results = answer["result"]["results"]
    assert ["error" in result for result in results] == [False, True]


def test_only_plain_methods_run(hub: Hub, connection: FakeConnection) -> None:
    async def coroutine() -> None: ...

    def generator() -> Iterator[None]:
        yield

    hub.methods.add(coroutine)
    hub.methods.add(generator)
    hub.methods.add(lambda: None, "thread", thread=True)
    answer = batch(connection, "coroutine", "generator", "thread", "frame.batch")
    results = answer["result"]["results"]
    assert [result["error"]["code"] for result in results] == [-32600] * 4


@pytest.mark.parametrize("at", [-1, 0, 10**9, "last", 1.5])
def test_a_frame_that_cannot_be_is_refused(connection: FakeConnection, at: object) -> None:
    assert batch(connection, "now", at=at)["error"]["code"] == -32602


def test_an_empty_one_has_no_results(connection: FakeConnection) -> None:
    assert batch(connection)["result"]["results"] == []


def test_has_100_calls_at_most(connection: FakeConnection) -> None:
    assert len(batch(connection, *["now"] * 100)["result"]["results"]) == 100
    assert batch(connection, *["now"] * 101)["error"]["code"] == -32005


def test_ends_when_its_caller_leaves(hub: Hub, connection: FakeConnection) -> None:
    called: list[int] = []
    hub.methods.add(lambda: called.append(1), "note")
    calls = {"calls": [{"method": "note"}], "at": hub.frame + 2}
    connection.deliver(json.dumps(request("frame.batch", calls)))
    connection.on_close(None)
    frame(hub, 5)
    assert called == []
    assert not hub.runner.calls
