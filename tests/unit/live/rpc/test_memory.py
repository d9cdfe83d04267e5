"""The bytes that are kept for one client."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.live.rpc.fakes import (
    FakeConnection,
    FakeSink,
    connect,
    frame,
    parts_of,
    request,
    session_of,
)

from stagedoor.limits import Limits
from stagedoor.live.domains import frame as frame_domain
from stagedoor.live.domains import rpc
from stagedoor.live.rpc.calls import NEXT_FRAME
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.memory import Memory, size_of_call
from stagedoor.wire.errors import TooManyRequests

MOST = 110_000
BIG = "x" * 30_000


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub("asteroids", FakeSink(), Limits(max_call_memory=MOST))
    parts = parts_of(hub)
    rpc.add_to(parts)
    frame_domain.add_to(parts)

    def wait(value: Any = None) -> Iterator[object]:
        while not done:
            yield NEXT_FRAME

    async def end(value: Any = None) -> None: ...

    done: list[int] = []
    hub.methods.add(wait, timeout=None)
    hub.methods.add(lambda: done.append(1), "release")
    hub.methods.add(end)
    hub.methods.add(lambda: BIG, "big")
    hub.frame = 1
    yield hub
    hub.runner.close()


@pytest.fixture
def connection(hub: Hub) -> FakeConnection:
    return connect(hub)


def used(hub: Hub, connection: FakeConnection) -> int:
    return session_of(hub, connection).memory.bytes


def waiting(connection: FakeConnection, kind: str, ident: int) -> Any:
    """A call that waits and keeps 30 KB."""
    if kind == "frame.batch":
        calls = [{"method": "release", "params": [BIG]}]
        return connection.call("frame.batch", {"at": 90_000, "calls": calls}, ident)
    return connection.call("wait", [BIG], ident)


KINDS = ["generator", "frame.batch"]


class TestMemory:
    def test_no_more_is_taken_than_there_is(self) -> None:
        memory = Memory(100)
        memory.take(60)
        with pytest.raises(TooManyRequests, match="100 bytes"):
            memory.take(41)
        memory.take(40)
        memory.give(100)
        assert memory.bytes == 0

    @pytest.mark.parametrize(
        "params",
        ["[" + ",".join(["[]"] * 1000) + "]", "[" + ",".join(['{"a":1}'] * 1000) + "]", "[1.5]"],
    )
    def test_params_count_as_what_python_makes_of_them(self, params: str) -> None:
        values = json.loads(params)
        made = sys.getsizeof(values) + sum(map(sys.getsizeof, values))
        assert size_of_call(params.encode()) * 2 > made

    def test_a_call_without_params_counts_too(self) -> None:
        assert size_of_call(None) > 0


@pytest.mark.parametrize("kind", KINDS)
class TestCallsUnderWay:
    def test_are_refused_beyond_the_limit(
        self, kind: str, hub: Hub, connection: FakeConnection
    ) -> None:
        answers = [waiting(connection, kind, ident) for ident in range(10)]
        refused = [answer for answer in answers if answer is not None]
        assert len(refused) == 7, "a fourth would be too much"
        assert {answer["error"]["code"] for answer in refused} == {-32005}
        assert refused[0]["error"]["data"] == {"limit": "110,000 bytes for calls under way"}
        assert used(hub, connection) <= MOST

    def test_of_one_client_take_nothing_from_another(
        self, kind: str, hub: Hub, connection: FakeConnection
    ) -> None:
        for ident in range(10):
            waiting(connection, kind, ident)
        assert waiting(connect(hub), kind, 1) is None

    @pytest.mark.parametrize("end", ["cancel", "leave", "close"])
    def test_make_room_when_they_end(
        self, kind: str, end: str, hub: Hub, connection: FakeConnection
    ) -> None:
        session = session_of(hub, connection)
        waiting(connection, kind, 1)
        assert session.memory.bytes > len(BIG)
        if end == "cancel":
            connection.deliver(json.dumps(request("rpc.cancel", [1])))
        elif end == "leave":
            connection.on_close(None)
        else:
            hub.runner.close()
        assert session.memory.bytes == 0


def test_a_client_in_a_closed_loop_is_never_refused(hub: Hub, connection: FakeConnection) -> None:
    for ident in range(20):
        connection.deliver(json.dumps(request("end", [BIG], ident)))
        while not connection.sent:
            frame(hub)
        (answer,) = connection.messages()
        assert answer["result"] is None
    assert used(hub, connection) == 0


def test_answers_that_wait_for_others_of_their_batch_count(
    hub: Hub, connection: FakeConnection
) -> None:
    batch = [request("wait", ident=0), *(request("big", ident=ident) for ident in range(1, 6))]
    assert connection.receive(json.dumps(batch)) is None
    assert len(BIG) * 3 < used(hub, connection) <= MOST
    assert waiting(connection, "generator", 9)["error"]["code"] == -32005
    connection.deliver(json.dumps(request("release")))
    frame(hub, 2)
    (answers,) = [message for message in connection.messages() if isinstance(message, list)]
    codes = [answer.get("error", {}).get("code") for answer in answers]
    assert sorted(codes, key=str) == [-32005, -32005, None, None, None, None]
    assert used(hub, connection) == 0
