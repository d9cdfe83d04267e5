"""The blocking client, against a real server: `stagedoor.client.sync`."""

import json
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from stagedoor.client import connect
from stagedoor.client.errors import (
    BadReplyError,
    CallTimeoutError,
    CannotConnectError,
    ConnectionLostError,
)
from stagedoor.wire.errors import InvalidParams, RpcError
from stagedoor.wire.games import Game

from ..fake_game import FakeGame, error, register, result, running


def test_a_call_goes_there_and_its_result_comes_back() -> None:
    with running(result({"rocks": [1, 2.5, "é", None]})) as game, connect(game.url) as client:
        assert client.call("rocks.list", {"limit": 3}) == {"rocks": [1, 2.5, "é", None]}
        assert client.call("rocks.list", [3]) is not None
        assert client.call("rocks.list") is not None
    assert [request.get("params") for request in game.received] == [{"limit": 3}, [3], None]
    assert game.headers["sec-websocket-protocol"] == "stagedoor.json"
    assert "origin" not in game.headers
    assert "sec-websocket-extensions" not in game.headers


def test_a_game_is_found_by_its_name(games_folder: Path) -> None:
    with running(result(1)) as game:
        register(games_folder, Game("pong", os.getpid(), "127.0.0.1", game.port, game.url, 1.0))
        for target in ("pong", os.getpid(), None):
            with connect(target) as client:
                assert client.call("a") == 1


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ws_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with running(result(1)) as game, connect(game.url) as client:
        assert client.call("a") == 1


def test_an_error_answer_is_raised_as_its_type() -> None:
    data = {"path": "$.count", "reason": "Expected `int`, got `str`"}
    with running(error(-32602, "Invalid params", data)) as game, connect(game.url) as client:
        with pytest.raises(InvalidParams, match=r"\$\.count: Expected `int`") as raised:
            client.call("spawn", {"count": "many"})
        assert raised.value.path == "$.count"
    with running(error(7, "Custom", [1])) as game, connect(game.url) as client:
        with pytest.raises(RpcError) as custom:
            client.call("spawn")
        assert (custom.value.code, custom.value.data) == (7, [1])


def test_a_call_without_an_answer_times_out_and_its_late_answer_is_not_the_next_ones() -> None:
    late: list[str] = []

    def answer(game: FakeGame, call: dict[str, Any]) -> str | None:
        text = json.dumps({"jsonrpc": "2.0", "result": call["method"], "id": call["id"]})
        if call["method"] == "slow":
            late.append(text)
            return None
        assert game.connection is not None
        game.connection.send(late.pop())
        return text

    with running(answer) as game, connect(game.url) as client:
        with pytest.raises(CallTimeoutError, match=r"no answer to slow within 0\.05 s"):
            client.call("slow", timeout=0.05)
        assert client.call("fast") == "fast"


def test_messages_that_are_no_answer_are_passed_over() -> None:
    def answer(game: FakeGame, call: dict[str, Any]) -> str:
        assert game.connection is not None
        game.connection.send(b"\x00binary")
        game.connection.send('{"jsonrpc":"2.0","method":"topic.data","params":{"seq":1}}')
        return json.dumps({"jsonrpc": "2.0", "result": "answer", "id": call["id"]})

    with running(answer) as game, connect(game.url) as client:
        assert client.call("a") == "answer"


def test_a_notification_is_sent_without_waiting() -> None:
    with running(result(1)) as game, connect(game.url) as client:
        client.notify("game.pause", {"x": 1})
        assert game.notified.wait(10)
    assert game.received == [{"jsonrpc": "2.0", "method": "game.pause", "params": {"x": 1}}]


def test_a_reply_that_is_not_json_rpc_is_a_typed_error() -> None:
    with (
        running(lambda game, call: "hello") as game,
        connect(game.url) as client,
        pytest.raises(BadReplyError),
    ):
        client.call("a")


def test_a_game_that_leaves_is_a_lost_connection_with_its_close_code() -> None:
    def leave(game: FakeGame, call: dict[str, Any]) -> None:
        assert game.connection is not None
        game.connection.close(4401, "token expired")

    with running(leave) as game, connect(game.url) as client:
        with pytest.raises(ConnectionLostError, match=r"close code 4401: token expired") as lost:
            client.call("a")
        assert (lost.value.code, lost.value.reason) == (4401, "token expired")
        with pytest.raises(ConnectionLostError):
            client.notify("a")


def test_after_close_nothing_can_be_called_and_close_can_be_repeated() -> None:
    with running(result(1)) as game:
        client = connect(game.url)
        client.close()
        client.close()
        with pytest.raises(ConnectionLostError):
            client.call("a")


def test_where_nothing_listens_the_error_says_so() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{unused.getsockname()[1]}/"
        with pytest.raises(CannotConnectError, match=r"cannot connect to ws://.*refused"):
            connect(url)


def test_where_nobody_shakes_hands_connecting_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"ws://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(CannotConnectError, match=r"no handshake within 0\.1 s"):
            connect(url, connect_timeout=0.1)


@pytest.mark.parametrize("url", ["ws://", "ws://127.0.0.1:99999/", "ws://127.0.0.1:x/", "ws://[::"])
def test_a_url_that_is_none_cannot_be_connected_to(url: str) -> None:
    with pytest.raises(CannotConnectError):
        connect(url)


def test_threads_take_turns() -> None:
    def echo(game: FakeGame, call: dict[str, Any]) -> str:
        return json.dumps({"jsonrpc": "2.0", "result": call["params"], "id": call["id"]})

    came_back: list[list[object]] = []

    def work(number: int) -> None:
        came_back.append([client.call("echo", [number, turn]) for turn in range(50)])

    with running(echo) as game, connect(game.url) as client:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(came_back) == [[[a, b] for b in range(50)] for a in range(4)]
    assert len(game.received) == 200
