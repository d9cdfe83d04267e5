"""What a client may send, and what methods may do: the session goes on, and the error says why."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest

from .conftest import StartGame
from .peer import Game, Peer, request

PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS = -32700, -32600, -32602


def echo(value: str) -> str:
    """A call with a param that `json` would not write."""
    return '{"jsonrpc": "2.0", "method": "echo", "id": 1, "params": [' + value + "]}"


def goes_on(peer: Peer) -> bool:
    return bool(peer.call("add", 1, 2)["result"] == 3)


MESSAGES: dict[str, tuple[str, set[int]]] = {
    "empty": ("", {PARSE_ERROR}),
    "no JSON": ("hello", {PARSE_ERROR}),
    "cut short": ('{"jsonrpc": "2.0", "method"', {PARSE_ERROR}),
    "a byte order mark": ("\ufeff" + echo("1"), {PARSE_ERROR}),
    "UTF-16 as text": ("{\0}\0", {PARSE_ERROR}),
    "NUL": ("\0", {PARSE_ERROR}),
    "NaN": (echo("NaN"), {PARSE_ERROR}),
    "Infinity": (echo("-Infinity"), {PARSE_ERROR}),
    "a comma too many": (echo("1,"), {PARSE_ERROR}),
    "a comment": (echo("1 /* one */"), {PARSE_ERROR}),
    "a control character in a string": (echo('"\x01"'), {PARSE_ERROR}),
    "a lone surrogate": (echo(r'"\ud800"'), {PARSE_ERROR}),
    "an unfinished escape": (echo(r'"\u12"'), {PARSE_ERROR}),
    "1e400": (echo("1e400"), {INVALID_REQUEST}),
    "-1e400": (echo("-1e400"), {INVALID_REQUEST}),
    "nesting of 65": (echo("[" * 64 + "]" * 64), {INVALID_REQUEST}),
    "nesting of 500": (echo("[" * 500 + "]" * 500), {INVALID_REQUEST}),
    "nesting of 100 000": (echo("[" * 100_000 + "]" * 100_000), {PARSE_ERROR, INVALID_REQUEST}),
    "nesting without an end": ('{"a":' * 100_000, {PARSE_ERROR}),
    "nesting of batches": ("[" * 100_000 + "]" * 100_000, {PARSE_ERROR, INVALID_REQUEST}),
    "nesting in a member that is none": (
        '{"x": ' + "[" * 100_000 + "]" * 100_000 + ', "jsonrpc": "2.0", "method": "echo"}',
        {PARSE_ERROR, INVALID_REQUEST},
    ),
    "two methods": (
        '{"jsonrpc": "2.0", "method": "echo", "method": "change", "id": 1}',
        {INVALID_REQUEST},
    ),
    "two ids": ('{"jsonrpc": "2.0", "method": "echo", "id": 1, "id": 2}', {INVALID_REQUEST}),
    "an id that is an object": (
        '{"jsonrpc": "2.0", "method": "echo", "id": {}}',
        {INVALID_REQUEST},
    ),
    "an id that is true": ('{"jsonrpc": "2.0", "method": "echo", "id": true}', {INVALID_REQUEST}),
    "an id that is an array": (
        '{"jsonrpc": "2.0", "method": "echo", "id": [1]}',
        {INVALID_REQUEST},
    ),
    "an id of 1e400": ('{"jsonrpc": "2.0", "method": "echo", "id": 1e400}', {INVALID_REQUEST}),
    "no version": ('{"method": "echo", "id": 1}', {INVALID_REQUEST}),
    "another version": ('{"jsonrpc": "1.0", "method": "echo", "id": 1}', {INVALID_REQUEST}),
    "an empty batch": ("[]", {INVALID_REQUEST}),
    "a batch of 100 000": ("[" + "1," * 99_999 + "1]", {INVALID_REQUEST}),
}


@pytest.mark.parametrize(("message", "codes"), MESSAGES.values(), ids=MESSAGES.keys())
def test_what_is_no_request_is_answered_with_why(game: Game, message: str, codes: set[int]) -> None:
    with game.peer() as peer:
        answer = peer.ask(message)
        assert answer["error"]["code"] in codes
        assert answer["error"]["data"]["reason"]
        assert goes_on(peer)


def test_a_number_of_5000_digits_is_no_harm(game: Game) -> None:
    with game.peer() as peer:
        answer = peer.ask(echo("1" * 5000))
        assert answer["error"]["code"] in (INVALID_REQUEST, INVALID_PARAMS)
        answer = peer.ask(
            '{"jsonrpc": "2.0", "method": "add", "id": 1, "params": [' + "1" * 5000 + "]}"
        )
        assert answer["error"]["code"] in (INVALID_REQUEST, INVALID_PARAMS)
        assert goes_on(peer)


def test_a_message_that_is_not_utf_8_ends_its_own_connection_only(game: Game) -> None:
    with game.peer() as peer, game.peer() as other:
        raw = peer.connection.socket
        payload = echo('"\xff"').encode("latin-1")
        mask = b"\0\0\0\0"
        raw.sendall(struct.pack("!BB", 0x81, 0x80 | len(payload)) + mask + payload)
        assert peer.close_code() == 1007
        assert goes_on(other)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8"])
def test_a_binary_message_is_no_request(game: Game, encoding: str) -> None:
    with game.peer() as peer:
        peer.connection.send(echo("1").encode(encoding))
        assert peer.receive()["error"]["code"] == PARSE_ERROR
        assert goes_on(peer)


def test_in_params_the_last_of_two_equal_names_counts(game: Game) -> None:
    with game.peer() as peer:
        answer = peer.ask(
            '{"jsonrpc": "2.0", "method": "add", "id": 1, "params": {"a": 1, "a": 2}}'
        )
        assert answer["result"] == 12


class TestBatches:
    def test_nested_ones_are_invalid_members(self, game: Game) -> None:
        with game.peer() as peer:
            answers = peer.ask([[request("echo", [1])], request("echo", [1], 2), []])
            assert [answer.get("error", {}).get("code") for answer in answers] == [
                INVALID_REQUEST,
                None,
                INVALID_REQUEST,
            ]
            assert goes_on(peer)

    def test_of_notifications_only_are_not_answered(self, game: Game) -> None:
        with game.peer() as peer:
            peer.send([{"jsonrpc": "2.0", "method": "echo", "params": [1]}] * 100)
            assert goes_on(peer), "the next message is the next answer"

    def test_have_a_hundred_members_and_not_one_more(self, game: Game) -> None:
        with game.peer() as peer:
            answers = peer.ask([request("echo", [at], at) for at in range(100)])
            assert [answer["result"] for answer in answers] == list(range(100))
            answer = peer.ask([request("echo", [at], at) for at in range(101)])
            assert answer["error"]["code"] == INVALID_REQUEST
            assert "101" in answer["error"]["data"]["reason"]


class TestIds:
    @pytest.mark.parametrize(
        "ident", [0, -1, 2**63 - 1, 1.5, -0.25, "", "é", "\U0001f3ad", "x" * 10_000, None], ids=str
    )
    def test_of_every_type_come_back_as_they_were(self, game: Game, ident: object) -> None:
        with game.peer() as peer:
            answer = peer.ask(request("echo", [1], ident))
            assert (type(answer["id"]), answer["id"]) == (type(ident), ident)

    def test_may_be_equal_in_flight(self, game: Game) -> None:
        with game.peer() as peer:
            for _ in range(3):
                peer.send(request("hang", ident="same"))
            peer.send(request("echo", [1], "same"))
            answers = [peer.receive() for _ in range(4)]
            assert {answer["id"] for answer in answers} == {"same"}
            codes = [answer.get("error", {}).get("code") for answer in answers]
            assert codes == [None, -32002, -32002, -32002]


@pytest.mark.parametrize(
    "name",
    [
        "__class__",
        "__init__",
        "__proto__",
        "constructor",
        "echo.__call__",
        "rpc.",
        "rpc.unknown",
        "",
        "Echo",
        " echo",
        "echo\0",
    ],
)
def test_what_is_no_method_is_32601(game: Game, name: str) -> None:
    with game.peer() as peer:
        error = peer.error(name)
        assert (error["code"], error["data"]) == (-32601, {"method": name})


PARAMS: dict[str, tuple[Any, str, str]] = {
    "none": (None, "$", "a"),
    "null": ("null", "$", "object"),
    "a number": ("5", "$", "object"),
    "a string": ('"a"', "$", "object"),
    "too few": ("[]", "$", ""),
    "too many": ("[1, 2, 3]", "$", ""),
    "a wrong type": ('["one"]', "$[0]", "int"),
    "a wrong type by name": ('{"a": 1.5}', "$.a", "int"),
    "a wrong type far inside": (
        '{"a": 1, "rocks": [{"x": 1}, {"x": "2"}]}',
        "$.rocks[1].x",
        "int",
    ),
    "an unknown name": ('{"a": 1, "c": 2}', "$", "c"),
    "null for what is no option": ('{"a": null}', "$.a", "int"),
    "true for a number": ("[true]", "$[0]", "int"),
}


@pytest.mark.parametrize(("params", "path", "says"), PARAMS.values(), ids=PARAMS.keys())
def test_params_that_do_not_fit_are_32602_with_the_path_of_the_value(
    game: Game, params: str | None, path: str, says: str
) -> None:
    text = "" if params is None else f', "params": {params}'
    with game.peer() as peer:
        error = peer.ask('{"jsonrpc": "2.0", "method": "add", "id": 1' + text + "}")["error"]
        assert (error["code"], error["data"]["path"]) == (INVALID_PARAMS, path)
        assert says in error["data"]["reason"]
        assert goes_on(peer)


class TestMethodsThat:
    def test_raise(self, game: Game) -> None:
        with game.peer() as peer:
            error = peer.error("fail")
            expected = {"type": "LookupError", "message": "no such rock"}
            assert (error["code"], error["data"]) == (-32000, expected)

    def test_raise_system_exit(self, game: Game) -> None:
        with game.peer() as peer:
            assert peer.error("leave")["data"]["type"] == "SystemExit"

    def test_raise_keyboard_interrupt_which_is_the_games(self, own_game: Game) -> None:
        game = own_game
        with game.peer() as peer:
            for _ in range(2):
                assert peer.error("interrupt")["data"]["type"] == "KeyboardInterrupt"
            batch = [request("interrupt", ident=1), request("echo", [2], 2)]
            told, skipped = peer.ask(batch)
            assert told["error"]["data"]["type"] == "KeyboardInterrupt"
            assert skipped["error"]["data"]["type"] == "KeyboardInterrupt"
            assert goes_on(peer), "the game goes on, if it wants to"
        game.program.wait_for("^interrupted$", count=3)

    @pytest.mark.parametrize("name", ["hang", "hang_in_steps"])
    def test_hang(self, game: Game, name: str) -> None:
        with game.peer() as peer:
            peer.send(request(name, ident=7))
            while (answer := peer.receive()).get("method") == "rpc.progress":
                pass
            assert (answer["error"]["code"], answer["id"]) == (-32002, 7)
            assert answer["error"]["data"] == {"timeout": 0.2}
            assert goes_on(peer)

    @pytest.mark.parametrize("what", ["object", "cycle", "deep", "surrogate", "keys", "error"])
    def test_return_what_cannot_be_encoded(self, game: Game, what: str) -> None:
        with game.peer() as peer:
            assert peer.error("make", what)["code"] in (-32603, -32000)
            calls = [{"method": "make", "params": [what]}, {"method": "add", "params": [1]}]
            first, second = peer.call("frame.batch", calls=calls)["result"]["results"]
            assert first["error"]["code"] in (-32603, -32000)
            assert second["result"] == 11
            assert goes_on(peer)

    def test_call_the_server(self, game: Game) -> None:
        with game.peer() as peer:
            for at in range(3):
                peer.send(request("tick_again", ident=at))
            answers = [peer.receive() for _ in range(3)]
            assert sorted(answer["id"] for answer in answers) == [0, 1, 2]
            assert all(answer["result"] == 0.0 for answer in answers)
            assert goes_on(peer)

    def test_call_the_server_as_a_client(self, own_game: Game) -> None:
        """Which waits for an answer that comes when it returns."""
        with own_game.peer() as peer:
            peer.send(request("call_myself"))
            data = peer.receive()["error"]["data"]
            assert data["type"] == "CallTimeoutError"
            assert goes_on(peer)

    def test_disconnect_their_caller(self, game: Game) -> None:
        with game.peer() as peer:
            peer.send(request("disconnect_me", [peer.address]))
            peer.send(request("echo", [1]))
            assert peer.close_code() == 4000

    @pytest.mark.parametrize("loop", ["plain", "asyncio"])
    def test_stop_the_server(self, start_game: StartGame, loop: str) -> None:
        game = start_game(loop)
        with game.peer() as peer, game.peer() as other:
            peer.send(request("hang", ident=7))
            peer.send(request("stop"))
            peer.send(request("echo", [1], 3))
            assert peer.close_code() == 1001
            assert other.close_code() == 1001
        assert game.program.process.poll() is None, "the game goes on without its door"

    def test_start_a_task_that_exits(self, own_game: Game) -> None:
        game = own_game
        with game.peer() as peer:
            assert peer.call("start_task_that_leaves")["result"] == "SystemExit"
            assert goes_on(peer)


class TestCancels:
    def test_of_unknown_and_finished_calls_and_of_others_do_nothing(self, game: Game) -> None:
        with game.peer() as peer, game.peer() as other:
            peer.call("echo", 1)
            for ident in (1, 99, "1", None):
                assert peer.call("rpc.cancel", ident)["result"] is False
            other.send(request("hang", ident=5))
            assert peer.call("rpc.cancel", 5)["result"] is False
            assert other.receive()["error"]["code"] == -32002

    def test_end_a_call_under_way(self, game: Game) -> None:
        with game.peer() as peer:
            peer.send(request("hang", ident=5))
            peer.send(request("rpc.cancel", [5], 6))
            by_id = {answer["id"]: answer for answer in (peer.receive(), peer.receive())}
            assert by_id[5]["error"]["code"] == -32006
            assert by_id[6]["result"] is True


def test_callers_that_are_gone_mid_call_leave_nothing(game: Game) -> None:
    for _ in range(20):
        with game.peer() as peer:
            for at in range(20):
                peer.send(request("hang", ident=at))
                peer.send(request("hang_in_steps", ident=at))
            peer.send(request("topic.subscribe", {"topic": "frame"}))
            peer.connection.socket.close()


def test_json_is_what_every_answer_is(game: Game) -> None:
    with game.peer() as peer:
        texts = ["\u2028", "\U0001f3ad", "\x7f", "</script>", '"\\', "\x1b[2J", "\u202e"]
        for text in texts:
            assert peer.call("echo", text)["result"] == text
        assert json.loads(json.dumps(texts)) == texts
