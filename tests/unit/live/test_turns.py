"""Clients share a frame fairly: whatever one of them asks for, another's call does not wait long.

A slow call here takes more than the whole budget of a frame, so each frame has one.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE, Caller, Start, tick_until
from tests.unit.live.native import arrived

from stagedoor.limits import Limits
from stagedoor.live.stage import Stage

BUDGET = 0.001
MANY = 60
"""So many calls one client makes at once."""
FEW = 6
"""So many frames another one may wait: two have their turns in between, and a message its way."""


@pytest.fixture
def stage(start: Start) -> Stage:
    return start(limits=Limits(tick_budget=BUDGET))


@pytest.fixture
def spent(stage: Stage) -> list[int]:
    """The frames in which slow methods ran: `slow`, `slow_steps` and `slow_coroutine`."""
    frames: list[int] = []

    def slow() -> None:
        frames.append(stage._hub.frame)
        time.sleep(BUDGET * 1.5)

    def slow_steps() -> Iterator[None]:
        for _ in range(MANY):
            slow()
            yield

    async def slow_coroutine() -> None:
        for _ in range(MANY):
            slow()
            await asyncio.sleep(0)

    def steps() -> Iterator[None]:
        yield
        yield

    async def coroutine() -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    for method in (slow, slow_steps, slow_coroutine, steps, coroutine):
        stage.rpc(method)
    stage.rpc(name="now")(lambda: stage._hub.frame)
    return frames


UNREAD: dict[str, Any] = {"max_queue": None}
"""Options of a client that may close although it has not read its answers."""


def request(method: str, ident: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "id": ident}


def flood_of_calls(client: Any) -> None:
    for ident in range(MANY):
        client.send(json.dumps(request("slow", ident)))


def flood_in_a_batch(client: Any) -> None:
    client.send(json.dumps([request("slow", ident) for ident in range(MANY)]))


def flood_of_steps(client: Any) -> None:
    for ident in range(MANY):
        client.send(json.dumps(request("slow_steps", ident)))


def flood_of_coroutines(client: Any) -> None:
    for ident in range(MANY):
        client.send(json.dumps(request("slow_coroutine", ident)))


FLOODS = [flood_of_calls, flood_in_a_batch, flood_of_steps, flood_of_coroutines]


@pytest.mark.parametrize("flood", FLOODS)
@pytest.mark.parametrize("method", ["now", "steps", "coroutine"])
def test_a_client_that_floods_keeps_no_other_waiting(
    stage: Stage, spent: list[int], flood: Callable[[Any], None], method: str
) -> None:
    with Caller(stage, **UNREAD) as flooding, Caller(stage) as other:
        flood(flooding.client)
        tick_until(stage, lambda: len(spent) >= 3)
        for _ in range(3):
            other.client.send(json.dumps(request(method)))
            arrived(other.client)  # it has come, and waits
            before = stage._hub.frame
            assert "result" in answer(other)
            assert stage._hub.frame - before <= FEW * (1 if method == "now" else 3)
        assert len(spent) < MANY, "the flood is not over"


def answer(caller: Caller) -> Any:
    """The answer, whatever progress was told before."""
    while "id" not in (message := caller.receive()):
        pass
    return message


@pytest.mark.parametrize("flood", FLOODS)
def test_all_of_a_flood_is_done_in_the_end_and_a_frame_has_one_of_it(
    stage: Stage, spent: list[int], flood: Callable[[Any], None]
) -> None:
    stage.rpc(name="slow_steps")(stage._hub.methods.by_name["slow"].function)
    stage.rpc(name="slow_coroutine")(stage._hub.methods.by_name["slow"].function)
    with Caller(stage, **UNREAD) as flooding:
        flood(flooding.client)
        tick_until(stage, lambda: len(spent) == MANY)
        assert len(set(spent)) == MANY, "each has a frame of its own"


def test_a_clients_own_messages_keep_their_order(stage: Stage, spent: list[int]) -> None:
    order: list[int] = []

    @stage.rpc
    def note(value: int) -> None:
        order.append(value)
        time.sleep(BUDGET)

    def message(value: int) -> dict[str, Any]:
        return request("note", value) | {"params": [value]}

    with ExitStack() as stack:
        callers = [stack.enter_context(Caller(stage)) for _ in range(3)]
        for number, caller in enumerate(callers):
            first = 100 * number
            caller.client.send(json.dumps(message(first)))
            batch = [message(value) for value in range(first + 1, first + 6)]
            caller.client.send(json.dumps(batch))
            caller.client.send(json.dumps(message(first + 6)))
        tick_until(stage, lambda: len(order) == 21)
        for number in range(3):
            own = [value - 100 * number for value in order if value // 100 == number]
            assert own == list(range(7))
        for caller in callers:
            ids = [found["id"] for found in (caller.receive(), *caller.receive())]
            assert len(ids) == 6
            assert "result" in caller.receive()


def test_many_that_flood_and_one_that_does_not(stage: Stage, spent: list[int]) -> None:
    with ExitStack() as stack:
        for _ in range(5):
            flood_of_calls(stack.enter_context(Caller(stage, **UNREAD)).client)
        other = stack.enter_context(Caller(stage))
        tick_until(stage, lambda: len(spent) >= 10)
        other.client.send(json.dumps(request("now")))
        arrived(other.client)
        before = stage._hub.frame
        assert other.receive()["result"] - before <= FEW + 5


@pytest.mark.parametrize("flood", [flood_of_calls, flood_in_a_batch])
def test_the_calls_of_one_that_leaves_are_not_run(
    stage: Stage, spent: list[int], flood: Callable[[Any], None]
) -> None:
    with Caller(stage) as other:
        with Caller(stage, **UNREAD) as gone:
            flood(gone.client)
            tick_until(stage, lambda: len(spent) >= 2)
            assert stage._transport.native is not None
            gone.client.close_socket()
        stage._transport.native.wait(PATIENCE)  # for the end of the connection
        tick_until(stage, lambda: len(stage._hub.sessions) == 1)
        assert len(spent) <= 4, "the one that ran, and one before the end was seen"
        assert "result" in other.call("now")


def test_a_frame_batch_is_one_frame_and_the_others_calls_have_the_next(
    stage: Stage, spent: list[int]
) -> None:
    calls = [{"method": "slow"}] * 5
    with Caller(stage) as caller:
        result = caller.call("frame.batch", calls=calls)["result"]
        assert len(result["results"]) == 5
        assert set(spent) == {result["frame"]}


def test_what_ends_a_message_early_loses_nothing(stage: Stage, spent: list[int]) -> None:
    """Ctrl-C in one client's call: the calls that were taken with it are answered later."""

    @stage.rpc
    def interrupt() -> None:
        raise KeyboardInterrupt

    with Caller(stage) as first, Caller(stage) as second:
        first.client.send(json.dumps(request("interrupt")))
        first.client.send(json.dumps(request("now", 2)))
        second.client.send(json.dumps(request("now", 3)))
        for caller in (first, second):
            arrived(caller.client)
        with pytest.raises(KeyboardInterrupt):
            tick_until(stage, lambda: False)
        assert first.receive()["error"]["data"]["type"] == "KeyboardInterrupt"
        assert first.receive()["id"] == 2
        assert second.receive()["id"] == 3
