"""Conversations with a session: one on a fake connection, and one of a stage over a real socket."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fuzz.conversation import Conversation, make
from tests.fuzz.target import Target
from tests.unit.live.callers import Caller
from tests.unit.live.rpc.fakes import connect, frame, new_hub, parts_of

from stagedoor.live.domains import rpc
from stagedoor.live.stage import Stage
from stagedoor.wire.roles import Role

PATIENCE = 60.0


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Methods that raise are logged each time."""
    logger = logging.getLogger("stagedoor")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(before)


def echo(value: Any) -> Any:
    return value


def add(a: int, b: int = 10) -> int:
    return a + b


def fail() -> None:
    raise LookupError("no such rock")


def leave() -> None:
    raise SystemExit(3)


def odd() -> Any:
    return {(1, 2): object()}


async def slow(value: Any = None) -> Any:
    await asyncio.sleep(0)
    return value


def steps(count: int = 3) -> Iterator[int]:
    yield from range(min(count, 5))


METHODS: list[Callable[..., Any]] = [echo, add, fail, leave, odd, slow, steps]


def is_answer(message: Any) -> bool:
    return isinstance(message, list) or "method" not in message


def test_a_session_answers_every_request_once() -> None:
    hub = new_hub()
    rpc.add_to(parts_of(hub))
    for method in METHODS:
        hub.methods.add(method)
    connection = connect(hub, Role.VIEWER)

    def check(data: bytes) -> None:
        conversation = Conversation(data)
        for text in conversation.texts:
            connection.deliver(text)
        answers: list[Any] = []
        deadline = time.monotonic() + PATIENCE
        while True:
            answers += filter(is_answer, connection.messages())
            if not hub.runner.calls:
                break
            assert time.monotonic() < deadline, "a call does not end"
            frame(hub)
        conversation.check(answers)
        assert connection.closed == []

    try:
        Target("sessions").run(make, check, 400)
    finally:
        hub.runner.close()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", str(runtime))
    stage = Stage.start("fuzz", port=0)
    for method in METHODS:
        stage.rpc(role="viewer")(method)
    yield stage
    stage.close()
    deadline = time.monotonic() + PATIENCE
    while stage.port is not None:
        assert time.monotonic() < deadline
        stage.tick(0.0)


def test_a_stage_answers_every_request_once(stage: Stage) -> None:
    with Caller(stage, "viewer", max_size=None) as caller:
        numbers = iter(range(10**9))

        def receive(count: int) -> list[Any]:
            """So many answers."""
            answers: list[Any] = []
            deadline = time.monotonic() + PATIENCE
            while len(answers) < count:
                assert time.monotonic() < deadline, f"{count} are expected: {answers}"
                stage.tick(0.0)
                try:
                    while len(answers) < count:
                        answers += filter(is_answer, [json.loads(caller.client.recv(0.001))])
                except TimeoutError:
                    continue
            return answers

        def check(data: bytes) -> None:
            conversation = Conversation(data)
            for text in conversation.texts:
                caller.client.send(text)
            answers = receive(len(conversation.expected))
            # Behind them there is nothing.
            last = f"the last of {next(numbers)}"
            request = {"jsonrpc": "2.0", "method": "echo", "params": [1], "id": last}
            caller.client.send(json.dumps(request))
            (answer,) = receive(1)
            if answer["id"] == last and "error" in answer:
                assert answer["error"]["code"] == -32005
            else:
                assert answer == {"jsonrpc": "2.0", "result": 1, "id": last}
            conversation.check(answers)

        Target("sessions", " of a stage").run(make, check, 300)
