"""`Session`: requests in, answers out, over a connection that is not one."""

from __future__ import annotations

import json
import logging
from typing import Any, cast

import pytest
from tests.unit.live.rpc.fakes import (
    FakeConnection,
    NoFastPath,
    connect,
    new_hub,
    request,
    session_of,
)

from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.methods import Methods
from stagedoor.wire.errors import GameStalled
from stagedoor.wire.roles import Role


@pytest.fixture
def hub() -> Hub:
    return new_hub()


@pytest.fixture
def methods(hub: Hub) -> Methods:
    return hub.methods


@pytest.fixture(params=["fast", "whole"])
def connection(hub: Hub, request: pytest.FixtureRequest) -> FakeConnection:
    """One whose calls may go the fast way, and one whose calls never do."""
    connection = connect(hub, Role.OPERATOR)
    if request.param == "whole":
        session_of(hub, connection)._fast = cast(Any, NoFastPath())
    return connection


def add(a: int, b: int = 10) -> int:
    return a + b


class TestRequests:
    @pytest.mark.parametrize("ident", [1, 0, -5, "one", "", 1.5, None])
    def test_the_answer_has_the_result_and_the_requests_id(
        self, connection: FakeConnection, methods: Methods, ident: object
    ) -> None:
        methods.add(add)
        expected = {"jsonrpc": "2.0", "result": 3, "id": ident}
        assert connection.call("add", [1, 2], ident) == expected
        assert connection.call("add", {"a": 1, "b": 2}, ident) == expected

    def test_a_result_of_none_is_null(self, connection: FakeConnection, methods: Methods) -> None:
        methods.add(lambda: None, "nothing")
        answer = connection.call("nothing")
        assert answer == {"jsonrpc": "2.0", "result": None, "id": 1}

    def test_a_method_added_or_replaced_later_is_called(
        self, connection: FakeConnection, methods: Methods
    ) -> None:
        assert connection.call("late")["error"]["code"] == -32601
        methods.add(lambda: 1, "late")
        assert connection.call("late")["result"] == 1
        methods.add(lambda: 2, "late")
        assert connection.call("late")["result"] == 2

    def test_a_notification_runs_and_is_never_answered(
        self, connection: FakeConnection, methods: Methods
    ) -> None:
        called: list[int] = []
        methods.add(lambda value: called.append(value), "note")
        for text in (
            '{"jsonrpc": "2.0", "method": "note", "params": [5]}',
            '{"jsonrpc": "2.0", "method": "note", "params": []}',
            '{"jsonrpc": "2.0", "method": "unknown"}',
        ):
            assert connection.receive(text) is None
        assert called == [5]


def _nested(member: str, depth: int) -> str:
    """A request with these members, the last of which nests so deep."""
    return f'{{"jsonrpc": "2.0", {member}: {"[" * depth}{"]" * depth}}}'


class TestErrors:
    @pytest.mark.parametrize(
        ("text", "code", "ident"),
        [
            ("", -32700, None),
            ("{", -32700, None),
            ("[1, 2", -32700, None),
            ("nonsense", -32700, None),
            ("5", -32600, None),
            ("[]", -32600, None),
            ("{}", -32600, None),
            ('{"jsonrpc": "1.0", "method": "add", "id": 7}', -32600, 7),
            ('{"method": "add", "id": 7}', -32600, 7),
            ('{"jsonrpc": "2.0", "method": 5, "id": 7}', -32600, 7),
            ('{"jsonrpc": "2.0", "id": 7}', -32600, 7),
            ('{"jsonrpc": "2.0", "method": "add", "id": {}}', -32600, None),
            ('{"jsonrpc": "2.0", "method": "add", "id": 7, "id": 8}', -32600, None),
            ('{"jsonrpc": "2.0", "method": "unknown", "id": 7}', -32601, 7),
            ('{"jsonrpc": "2.0", "method": "__class__", "id": 7}', -32601, 7),
            ('{"jsonrpc": "2.0", "method": "rpc.unknown", "id": 7}', -32601, 7),
            ('{"jsonrpc": "2.0", "method": "add", "id": 7}', -32602, 7),
            ('{"jsonrpc": "2.0", "method": "add", "params": ["a"], "id": 7}', -32602, 7),
            ('{"jsonrpc": "2.0", "method": "add", "params": null, "id": 7}', -32602, 7),
            ('{"jsonrpc": "2.0", "method": "add", "params": 5, "id": 7}', -32602, 7),
            ("[" * 100_000, -32700, None),
            ('{"a":' * 100_000 + "1" + "}" * 100_000, -32600, None),
            (_nested('"method": "add", "id": 7, "params"', 65), -32600, 7),
            (_nested('"method": "add", "id": 7, "params"', 100_000), -32600, 7),
            (_nested('"method": "add", "id": 7, "method": "x", "y"', 986), -32600, None),
            (_nested('"method": "add", "id": 7, "method": "x", "y"', 100_000), -32600, None),
            (_nested('"id": 7, "method"', 100_000), -32600, 7),
            ('{"jsonrpc": "2.0", "method": "add", "params": [NaN], "id": 7}', -32700, None),
            ("\ufeff{}", -32700, None),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_have_their_code_and_the_id_as_far_as_it_could_be_read(
        self,
        connection: FakeConnection,
        methods: Methods,
        text: str,
        code: int,
        ident: object,
    ) -> None:
        methods.add(add)
        answer = connection.receive(text)
        assert answer["error"]["code"] == code
        assert answer["error"]["message"]
        assert answer["id"] == ident
        assert "result" not in answer
        assert connection.call("add", [1, 2])["result"] == 3, "the session goes on"

    def test_a_method_that_raises_is_32000_with_the_type_and_message_and_is_logged(
        self, connection: FakeConnection, methods: Methods, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken_method() -> None:
            raise LookupError("no such rock")

        methods.add(broken_method)
        error = connection.call("broken_method")["error"]
        assert error["code"] == -32000
        assert error["data"] == {"type": "LookupError", "message": "no such rock"}
        (record,) = caplog.records
        assert (record.name, record.levelno) == ("stagedoor", logging.ERROR)
        assert "in broken_method" in caplog.text

    def test_a_notification_that_raises_is_logged(
        self, connection: FakeConnection, methods: Methods, caplog: pytest.LogCaptureFixture
    ) -> None:
        methods.add(lambda: 1 / 0, "broken")
        assert connection.receive('{"jsonrpc": "2.0", "method": "broken"}') is None
        assert "ZeroDivisionError" in caplog.text

    def test_a_client_cannot_end_the_game_by_a_method_that_exits(
        self, connection: FakeConnection, methods: Methods
    ) -> None:
        def leave() -> None:
            raise SystemExit(1)

        methods.add(leave)
        assert connection.call("leave")["error"]["data"]["type"] == "SystemExit"

    def test_ctrl_c_in_a_method_is_the_games(
        self, connection: FakeConnection, methods: Methods
    ) -> None:
        def interrupted() -> None:
            raise KeyboardInterrupt

        methods.add(interrupted)
        with pytest.raises(KeyboardInterrupt):
            connection.call("interrupted")

    @pytest.mark.parametrize(
        "result",
        [object(), "\ud800", {1: {2: object()}}, lambda: None],
        ids=["object", "surrogate", "object within", "function"],
    )
    def test_a_result_that_json_cannot_carry_is_32603_and_is_logged(
        self,
        connection: FakeConnection,
        methods: Methods,
        result: object,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        methods.add(lambda: result, "get")
        answer = connection.call("get", ident="x")
        assert (answer["error"]["code"], answer["id"]) == (-32603, "x")
        assert "get" in answer["error"]["data"]["reason"]
        assert "get" in caplog.text

    def test_a_result_with_a_cycle_is_32603(
        self, connection: FakeConnection, methods: Methods
    ) -> None:
        cycle: list[object] = []
        cycle.append(cycle)
        methods.add(lambda: cycle, "get")
        assert connection.call("get")["error"]["code"] == -32603

    def test_what_nests_too_deep_spares_the_other_members_of_a_batch(
        self, connection: FakeConnection, methods: Methods
    ) -> None:
        methods.add(add)
        good = json.dumps(request("add", [1, 2], 1))
        deep = _nested('"method": "add", "id": 2, "params"', 5000)
        beside = _nested('"method": "add", "params": [3, 4], "id": 3, "ignored"', 5000)
        answers = connection.receive(f"[{good}, {deep}, {beside}, {'[' * 5000}{']' * 5000}]")
        codes = {one["id"]: one.get("error", {}).get("code") for one in answers}
        assert codes == {1: None, 2: -32600, 3: -32600, None: -32600}

    def test_what_json_cannot_carry_of_a_text_is_escaped(
        self, connection: FakeConnection, methods: Methods, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.CRITICAL)  # xdist cannot carry it either

        def broken() -> None:
            raise ValueError("no \ud800")

        methods.add(broken)
        methods.add_built_in(lambda: {"of \udce9": [("a", "\udce9.png"), 1]}, "names")
        assert connection.call("broken")["error"]["data"]["message"] == "no \\ud800"
        assert connection.call("names")["result"] == {"of \\udce9": [["a", "\\udce9.png"], 1]}

    def test_an_exception_whose_text_raises_is_answered_all_the_same(
        self, connection: FakeConnection, methods: Methods
    ) -> None:
        class MuteError(Exception):
            def __str__(self) -> str:
                raise RuntimeError("no words")

        def broken() -> None:
            raise MuteError

        methods.add(broken)
        assert connection.call("broken")["error"]["code"] in (-32000, -32603)

    def test_a_binary_message_is_answered_with_a_parse_error(
        self, connection: FakeConnection
    ) -> None:
        connection.deliver(b"{}")
        (answer,) = map(json.loads, connection.sent)
        assert answer["error"]["code"] == -32700
        assert "text messages" in answer["error"]["data"]["reason"]


class TestBatches:
    def test_are_answered_in_order_in_one_message(
        self, connection: FakeConnection, methods: Methods
    ) -> None:
        methods.add(add)
        answers = connection.receive(
            '[{"jsonrpc": "2.0", "method": "add", "params": [1], "id": 1},'
            ' {"jsonrpc": "2.0", "method": "add", "params": [2]},'
            ' 5, {"jsonrpc": "2.0", "method": "unknown", "id": 2}]'
        )
        assert [answer.get("result") for answer in answers] == [11, None, None]
        assert [answer["id"] for answer in answers] == [1, None, 2]
        assert [answer["error"]["code"] for answer in answers[1:]] == [-32600, -32601]

    def test_count_as_many_calls_whoever_answers_them(
        self, hub: Hub, connection: FakeConnection, methods: Methods
    ) -> None:
        methods.add(add)
        call = '{"jsonrpc": "2.0", "method": "add", "params": [1], "id": 1}'
        for message, charged in [(call, 0), (f"[{call}]", 0), (f"[{call}, {call}, 5]", 2)]:
            connection.charged = 0
            connection.receive(message)
            assert connection.charged == charged, "what came was counted as a message"
            connection.charged = 0
            stalled = GameStalled(1.0, None)
            session_of(hub, connection).stand_in(hub.decode(message), stalled)
            assert connection.charged == charged

    def test_of_notifications_only_are_not_answered(
        self, connection: FakeConnection, methods: Methods
    ) -> None:
        methods.add(add)
        assert connection.receive('[{"jsonrpc": "2.0", "method": "add", "params": [2]}]') is None

    def test_larger_than_100_are_refused_as_a_whole(
        self, connection: FakeConnection, methods: Methods
    ) -> None:
        called: list[int] = []
        methods.add(lambda: called.append(1), "note")
        member = '{"jsonrpc": "2.0", "method": "note", "id": 1}'
        assert len(connection.receive(f"[{','.join([member] * 100)}]")) == 100
        answer = connection.receive(f"[{','.join([member] * 101)}]")
        assert answer["error"]["code"] == -32600
        assert len(called) == 100
