"""The fast path answers as the session would, or leaves the message to it."""

from __future__ import annotations

import dataclasses
import enum
import gc
import json
import logging
import random
import time
import weakref
from collections.abc import Callable
from typing import Any, cast

import pytest
from tests.unit.live.rpc.fakes import (
    FakeConnection,
    FullQueue,
    NoFastPath,
    connect,
    new_hub,
    session_of,
)

from stagedoor.live.rpc import plain
from stagedoor.live.rpc.hub import Hub
from stagedoor.wire.errors import RpcError
from stagedoor.wire.roles import Role


@dataclasses.dataclass
class Point:
    x: float
    y: float = 2.0

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x is negative")


class Color(enum.Enum):
    RED = "red"


class Unknown:
    pass


def add(a: int, b: int = 10) -> int:
    return a + b


def echo(value: Any = None) -> Any:
    return value


def move(point: Point, color: Color = Color.RED) -> tuple[Point, Color]:
    return point, color


def by_name_only(*, a: int) -> int:
    return a


def fail(text: str = "it broke") -> None:
    raise RuntimeError(text)


def refuse() -> None:
    raise RpcError(17, "no more rocks", {"rocks": 3})


def leave() -> None:
    raise SystemExit("bye")


def unknown() -> Unknown:
    return Unknown()


def large(size: int) -> str:
    return "x" * size


async def later(a: int) -> int:
    return a


def show_token(token: str) -> int:
    return len(token)


def game() -> Hub:
    hub = new_hub()
    plain: list[Callable[..., Any]] = [add, echo, move, by_name_only, fail, refuse, leave, unknown]
    for function in [*plain, large, later, show_token]:
        hub.methods.add(function)
    hub.methods.add(echo, "look", role="viewer")
    hub.methods.add(echo, "reload", role="admin")
    return hub


def join(hub: Hub, role: Role | None, *, fast: bool) -> FakeConnection:
    connection = connect(hub, role)
    if not fast:
        session_of(hub, connection)._fast = cast(Any, NoFastPath())
    return connection


METHODS = ["add", "echo", "move", "by_name_only", "fail", "refuse", "leave", "unknown", "large"]
METHODS += ["later", "show_token", "look", "reload", "nothing", "rpc.discover", "session.info"]
PARAMS = [None, "{}", "[]", "[1]", "[1,2]", "[1,2,3]", '{"a":1}', '{"a":1,"b":2}', '{"a":"1"}']
PARAMS += ['{"c":1}', '["x"]', '[{"x":1}]', '[{"x":-1}]', '{"point":{"x":1},"color":"red"}', "[1"]
PARAMS += [
    '{"point":{"x":1},"color":"blue"}',
    '{"value":[1.5,null,true,"\\u00e9é"]}',
    '["\\ud800"]',
]
PARAMS += [
    "[1e400]",
    "[" * 70 + "]" * 70,
    '{"token":"s3cret"}',
    "[16777190]",
    "[17000000]",
    "[ 3 ]",
]
IDS = ["1", "-7", '"one"', '"a b"', "1.5", "null", "123456789012345678", "12345678901234567890"]


def messages(count: int) -> list[str]:
    chosen = random.Random(4)
    found = []
    for _ in range(count):
        params, ident = chosen.choice(PARAMS), chosen.choice([*IDS, "1", "2", "3"])
        members = ['"jsonrpc":"2.0"', f'"method":"{chosen.choice(METHODS)}"', f'"id":{ident}']
        if params is not None:
            members.append(f'"params":{params}')
        chosen.shuffle(members)
        found.append("{" + ",".join(members) + "}")
    return found


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.OPERATOR, Role.ADMIN])
def test_answers_and_audit_are_those_of_the_whole_path(
    role: Role | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    hubs = [game(), game()]
    fast, whole = (join(hub, role, fast=at == 0) for at, hub in enumerate(hubs))
    for message in messages(1500):
        answers = fast.receive(message), whole.receive(message)
        for answer in answers:  # where the exception was raised is not the same
            if answer is not None and isinstance(answer.get("error", {}).get("data"), dict):
                answer["error"]["data"].pop("traceback", None)
        assert answers[0] == answers[1], message
        entries = [
            [dataclasses.replace(entry, time=0, duration=0) for entry in hub.audit.newest(2)]
            for hub in hubs
        ]
        assert entries[0] == entries[1], message
    assert not hubs[0].running
    for hub in hubs:
        hub.runner.close()


@pytest.fixture
def hub() -> Hub:
    return game()


@pytest.fixture
def connection(hub: Hub) -> FakeConnection:
    """One whose calls may go no other way."""
    connection = join(hub, Role.OPERATOR, fast=True)

    def decode(message: str) -> Any:
        raise AssertionError(f"not in the fast way: {message}")

    hub.decode = cast(Any, decode)
    return connection


@pytest.mark.parametrize(
    ("method", "params", "result"),
    [
        ("add", '{"a":1,"b":2}', 3),
        ("add", "[1]", 11),
        ("echo", None, None),
        ("echo", '["\u00e9"]', "\u00e9"),
        ("move", '{"point":{"x":1,"y":2}}', [{"x": 1.0, "y": 2.0}, "red"]),
    ],
)
def test_calls_of_the_usual_form_go_the_fast_way(
    connection: FakeConnection, method: str, params: str | None, result: object
) -> None:
    given = "" if params is None else f',"params":{params}'
    for ident in [1, "one"]:
        message = f'{{"jsonrpc":"2.0","method":"{method}"{given},"id":{json.dumps(ident)}}}'
        connection.sent.clear()
        connection.deliver(message)
        (sent,) = connection.sent
        expected = json.dumps(result, separators=(",", ":"), ensure_ascii=False)
        assert sent == f'{{"jsonrpc":"2.0","result":{expected},"id":{json.dumps(ident)}}}'


def test_a_method_replaced_or_removed_is_not_called_any_more(
    hub: Hub, connection: FakeConnection
) -> None:
    hub.methods.add(lambda: "new", "echo")
    assert connection.call("echo")["result"] == "new"
    hub.methods.remove("echo")
    with pytest.raises(AssertionError, match="not in the fast way"):
        connection.call("echo")
    hub.methods.add(later, "echo")
    with pytest.raises(AssertionError, match="not in the fast way"):
        connection.call("echo")


def test_a_caller_who_has_become_less_is_refused(hub: Hub, connection: FakeConnection) -> None:
    session_of(hub, connection).role = Role.VIEWER
    assert connection.call("look", [1])["result"] == 1
    with pytest.raises(AssertionError, match="not in the fast way"):
        connection.call("add", [1])


def test_an_answer_that_is_not_taken_closes_the_connection(
    hub: Hub, connection: FakeConnection
) -> None:
    connection.refusal = FullQueue()
    connection.call("add", [1])
    assert connection.closed == [(1013, "an answer does not fit into the queue")]


def test_what_the_understudy_has_answered_is_not_answered_again(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    connection = join(hub, Role.OPERATOR, fast=True)

    def slow() -> str:
        """Meanwhile, the understudy tells the caller that the time is up."""
        (running,) = hub.running.copy()
        plain.overrun(hub, running)
        assert json.loads(connection.sent.pop())["error"]["code"] == -32001
        return "late"

    hub.methods.add(slow, timeout=0.1)
    assert connection.call("slow", None, 5) is None
    assert "the method slow took" in caplog.text
    assert not hub.running


def test_a_call_within_a_call_is_answered_first(hub: Hub, connection: FakeConnection) -> None:
    def outer() -> int:
        connection.deliver('{"jsonrpc":"2.0","method":"add","params":[1],"id":2}')
        assert len(hub.running) == 1
        return 1

    hub.methods.add(outer)
    connection.deliver('{"jsonrpc":"2.0","method":"outer","id":1}')
    assert [(message["id"], message["result"]) for message in connection.messages()] == [
        (2, 11),
        (1, 1),
    ]


@pytest.mark.parametrize("where", ["method", "encoder", "audit"])
def test_ctrl_c_goes_to_the_game_and_the_caller_is_told(hub: Hub, where: str) -> None:
    connection = join(hub, Role.OPERATOR, fast=True)

    def interrupt(*_: object) -> Any:
        raise KeyboardInterrupt

    if where == "method":
        hub.methods.add(interrupt_now, "unknown")
    elif where == "encoder":
        hub.encoders[Unknown] = interrupt
    else:
        hub.methods.add(echo, "unknown")
        hub.audit.add = cast(Any, interrupt)
        connection = join(hub, Role.OPERATOR, fast=True)
    with pytest.raises(KeyboardInterrupt):
        connection.deliver('{"jsonrpc":"2.0","method":"unknown","id":3}')
    (answer,) = connection.messages()
    assert answer["id"] == 3
    assert answer["error"]["data"]["type"] == "KeyboardInterrupt"
    assert not hub.running


def interrupt_now() -> None:
    raise KeyboardInterrupt


def test_a_session_that_is_over_is_not_kept(hub: Hub) -> None:
    connection = join(hub, Role.OPERATOR, fast=True)
    session = weakref.ref(session_of(hub, connection))
    assert connection.call("add", [1])["result"] == 11
    connection.on_close(None)
    del connection
    gc.collect()
    assert session() is None


def test_a_call_that_takes_time_is_written_down_with_it(
    hub: Hub, connection: FakeConnection
) -> None:
    hub.methods.add(lambda: time.sleep(0.01), "wait")
    connection.call("wait")
    (entry,) = hub.audit.newest(1)
    assert entry.method == "wait"
    assert entry.duration >= 0.01
