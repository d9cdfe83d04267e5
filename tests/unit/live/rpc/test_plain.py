"""How plain calls end: once, whoever ends them, and in the slow way as in the fast one."""

from __future__ import annotations

import json
import logging
import time
from typing import Any, cast

import pytest
from tests.unit.live.rpc.fakes import FakeConnection, NoFastPath, connect, new_hub, session_of

from stagedoor._core import RunningCalls
from stagedoor.live.rpc import plain
from stagedoor.live.rpc.hub import Hub
from stagedoor.wire.errors import InternalError
from stagedoor.wire.jsonrpc import Request
from stagedoor.wire.roles import Role


@pytest.fixture
def hub() -> Hub:
    return new_hub()


@pytest.fixture(params=["fast", "whole"])
def connection(hub: Hub, request: pytest.FixtureRequest) -> FakeConnection:
    """One whose calls may go the fast way, and one whose calls never do."""
    connection = connect(hub, Role.OPERATOR)
    if request.param == "whole":
        session_of(hub, connection)._fast = cast(Any, NoFastPath())
    return connection


class TestRunningCalls:
    def test_a_call_has_what_it_was_begun_with(self) -> None:
        calls: RunningCalls[str] = RunningCalls()
        asked, answers = Request("add"), list[bytes]()
        before = time.monotonic()
        running = calls.begin(asked, "add", answers.append)
        assert running.asked is asked
        assert running.method == "add"
        running.answer(b"3")
        assert answers == [b"3"]
        assert before <= running.began <= time.monotonic()

    def test_only_the_first_who_ends_a_call_has_ended_it(self) -> None:
        calls: RunningCalls[str] = RunningCalls()
        running = calls.begin("", "add", print)
        assert calls.end(running)
        assert not calls.end(running)
        assert len(calls) == 0

    def test_calls_within_calls_end_in_any_order(self) -> None:
        calls: RunningCalls[int] = RunningCalls()
        outer, inner, innermost = (calls.begin("", depth, print) for depth in range(3))
        assert calls.copy() == [outer, inner, innermost]
        assert calls.end(inner)
        assert calls.copy() == [outer, innermost]
        assert calls.end(outer)
        assert calls.copy() == [innermost]


class TestOverruns:
    def test_what_the_understudy_has_answered_is_not_answered_again(
        self, hub: Hub, connection: FakeConnection, caplog: pytest.LogCaptureFixture
    ) -> None:
        def slow() -> str:
            """Meanwhile, the understudy tells the caller that the time is up."""
            (running,) = hub.running.copy()
            plain.overrun(hub, running)
            plain.overrun(hub, running)
            error = json.loads(connection.sent.pop())
            assert (error["id"], error["error"]["code"]) == (5, -32002)
            assert connection.sent == []
            return "late"

        hub.methods.add(slow, timeout=0.1)
        assert connection.call("slow", None, 5) is None
        assert "the method slow took" in caplog.text
        assert not hub.running

    def test_a_notification_is_not_answered(
        self, hub: Hub, connection: FakeConnection, caplog: pytest.LogCaptureFixture
    ) -> None:
        def slow() -> None:
            (running,) = hub.running.copy()
            plain.overrun(hub, running)

        hub.methods.add(slow, timeout=0.1)
        assert connection.notify("slow") is None
        assert not caplog.records
        assert not hub.running


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_a_call_that_raises_is_ended(
    hub: Hub, connection: FakeConnection, raised: type[BaseException]
) -> None:
    def fail() -> None:
        raise raised

    hub.methods.add(fail)
    if raised is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            connection.call("fail")
        (answer,) = connection.messages()
    else:
        answer = connection.call("fail")
    assert answer["error"]["data"]["type"] == raised.__name__
    assert not hub.running


def test_a_result_alone_that_cannot_be_sent_is_an_error_and_is_logged(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    session = session_of(hub, connect(hub))
    hub.methods.add(lambda: object(), "unsendable")
    method = hub.methods.by_name["unsendable"]
    with pytest.raises(InternalError, match="the result of unsendable cannot be sent as JSON"):
        plain.result_of(session, method, None, method.signature.decode(None))
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
