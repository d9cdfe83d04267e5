"""The blocking client, against a real server: `stagedoor.client.sync.client`."""

import contextlib
import json
import os
import pkgutil
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from stagedoor import connect
from stagedoor.client.errors import (
    BadReplyError,
    CallTimeoutError,
    CannotConnectError,
    ClientClosedError,
    ConnectionLostError,
    NotRunError,
    TokenRefusedError,
)
from stagedoor.client.sync.line import Line
from stagedoor.client.sync.streams import Subscription
from stagedoor.wire.errors import Cancelled, HandlerError, InvalidParams, MethodNotFound, RpcError
from stagedoor.wire.games import Game
from stagedoor.wire.tokens import Tokens

from ...fake_game import FakeGame, error, register, register_tokens, result, running
from ...fake_stage import FakeStage


def test_a_call_goes_there_and_its_result_comes_back() -> None:
    with running(result({"rocks": [1, 2.5, "é", None]})) as game, connect(game.url) as client:
        assert client.call("rocks.list", limit=3) == {"rocks": [1, 2.5, "é", None]}
        assert client.call("rocks.list", 3) is not None
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
            client.call("spawn", count="many")
        assert raised.value.path == "$.count"
    with running(error(7, "Custom", [1])) as game, connect(game.url) as client:
        with pytest.raises(RpcError) as custom:
            client.call("spawn")
        assert (custom.value.code, custom.value.data) == (7, [1])


def test_a_call_without_an_answer_times_out_and_its_late_answer_is_not_the_next_ones() -> None:
    late: list[str] = []

    def answer(game: FakeGame, call: dict[str, Any]) -> str | None:
        if call["method"] == "rpc.cancel":
            assert call["params"] == {"id": 1}
            assert "id" not in call
            return None
        text = json.dumps({"jsonrpc": "2.0", "result": call["method"], "id": call["id"]})
        if call["method"] == "slow":
            late.append(text)
            return None
        assert game.connection is not None
        game.connection.send(late.pop())
        return text

    with running(answer) as game, connect(game.url) as client:
        with pytest.raises(CallTimeoutError, match=r"no answer to slow within 0\.05 s"):
            client.with_timeout(0.05).call("slow")
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
        client.notify("game.pause", x=1)
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

    with running(leave) as game, connect(game.url, reconnect=False) as client:
        with pytest.raises(
            ConnectionLostError, match=r"close code 4401: not authenticated: token expired"
        ) as lost:
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
            connect(url, timeout=0.1)


@pytest.mark.parametrize("url", ["ws://", "ws://127.0.0.1:99999/", "ws://127.0.0.1:x/", "ws://[::"])
def test_a_url_that_is_none_cannot_be_connected_to(url: str) -> None:
    with pytest.raises(CannotConnectError):
        connect(url)


def test_threads_take_turns() -> None:
    def echo(game: FakeGame, call: dict[str, Any]) -> str:
        return json.dumps({"jsonrpc": "2.0", "result": call["params"], "id": call["id"]})

    came_back: list[list[object]] = []

    def work(number: int) -> None:
        came_back.append([client.call("echo", number, turn) for turn in range(50)])

    with running(echo) as game, connect(game.url) as client:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(came_back) == [[[a, b] for b in range(50)] for a in range(4)]
    assert len(game.received) == 200


def restarted(stage: FakeStage, port: int) -> Any:
    """The game, started again at the same port."""
    return running(stage, port=port)


def test_methods_are_called_by_attribute_and_listed() -> None:
    with running(FakeStage()) as game, connect(game.url) as client:
        assert client.spawn(kind="big", count=3) == 3
        assert client.spawn("big", 3) == 3
        assert client.player.heal(5) == 5
        assert client.call("player.heal", amount=5) == 5
        assert client.echo(timeout=1, method=2, self=3) == {"timeout": 1, "method": 2, "self": 3}
        assert "player.heal" in client.methods
        with pytest.raises(MethodNotFound):
            client.player.hurt(5)
        with pytest.raises(HandlerError, match="division by zero"):
            client.fail()


def test_a_timeout_for_some_calls_collides_with_no_param() -> None:
    stage = FakeStage()
    with running(stage) as game, connect(game.url) as client:
        with pytest.raises(CallTimeoutError, match=r"within 0\.05 s"):
            client.with_timeout(0.05).wait()
        assert stage.has_cancelled.wait(10)
        assert client.with_timeout(5).echo(timeout=0) == {"timeout": 0}
        with pytest.raises(CallTimeoutError), client.with_timeout(0.05).progress("wait") as steps:
            list(steps)


def test_progress_is_iterated_and_then_the_result_is_there() -> None:
    with running(FakeStage()) as game, connect(game.url) as client:
        with client.progress("build", steps=3) as progress:
            assert list(progress) == [0, 1, 2]
            assert progress.result() == 30
        assert client.progress("build", 3).result() == 30
        assert client.build(2) == 20
        with pytest.raises(InvalidParams):
            list(client.progress("build"))


def test_leaving_progress_early_cancels_the_call() -> None:
    stage = FakeStage()
    with running(stage) as game, connect(game.url) as client:
        with client.progress("tell_then_wait") as progress:
            assert next(progress) == "begun"
        assert stage.has_cancelled.wait(10)
        assert stage.cancelled == [1]
        with pytest.raises(ClientClosedError):
            progress.result()
        assert client.spawn("big") == 1


def test_a_call_that_is_cancelled_elsewhere_raises() -> None:
    stage = FakeStage()

    def cancel_itself() -> None:
        raise Cancelled

    stage.methods["gone"] = cancel_itself
    with running(stage) as game, connect(game.url) as client, pytest.raises(Cancelled):
        client.gone()


def test_a_batch_is_one_message_and_each_call_has_its_own_outcome() -> None:
    with running(FakeStage()) as game, connect(game.url) as client:
        with client.batch() as batch:
            one = batch.spawn("big", 4)
            two = batch.fail()
            three = batch.call("spawn", kind="small")
        assert (batch.frame, one.result(), three.result()) == (42, 4, 1)
        with pytest.raises(HandlerError):
            two.result()
        with client.batch(at=50, stop_on_error=True) as batch:
            batch.fail()
            late = batch.spawn("big")
        assert batch.frame == 50
        with pytest.raises(NotRunError):
            late.result()
        with client.batch():
            pass
        with contextlib.suppress(KeyError), client.batch() as batch:
            late = batch.spawn("big")
            raise KeyError
        with pytest.raises(NotRunError):
            late.result()
        assert [request["method"] for request in game.received] == ["frame.batch"] * 2


def test_a_subscription_is_an_iterator_of_samples() -> None:
    stage = FakeStage()
    stage.past = [1, 2, 3]
    with running(stage) as game, connect(game.url) as client:
        with client.subscribe("rocks", mode="all", hz=10, history=2) as rocks:
            assert [next(rocks).value, next(rocks).value] == [2, 3]
            stage.publish("rocks", 4)
            sample = next(rocks)
            assert (sample.value, sample.time, sample.frame, sample.sequence) == (4, 2.5, 9, 1)
            with pytest.raises(TimeoutError, match=r"no value of rocks within 0\.02 s"):
                rocks.get(0.02)
            assert client.spawn("big") == 1
        stage.wait_for()
        assert list(rocks) == []
        with pytest.raises(ClientClosedError):
            rocks.get()
        with pytest.raises(InvalidParams, match="no topic rokcs"):
            client.subscribe("rokcs")


def test_two_subscriptions_to_the_same_end_when_the_last_does() -> None:
    stage = FakeStage()
    with running(stage) as game, connect(game.url) as client:
        one, two = client.subscribe("rocks"), client.subscribe("rocks")
        fps = client.subscribe("fps")
        stage.publish("rocks", 1)
        assert (one.get(10).value, two.get(10).value) == (1, 1)
        one.close()
        one.close()
        stage.wait_for("fps", "rocks")
        stage.publish("rocks", 2)
        assert two.get(10).value == 2
        two.close()
        stage.wait_for("fps")
        fps.close()


def test_a_slow_consumer_loses_the_oldest_and_can_see_it() -> None:
    stage = FakeStage()
    with running(stage) as game, connect(game.url) as client:
        rocks = client.subscribe("rocks", queue=5)
        for number in range(20):
            stage.publish("rocks", number)
        client.echo()  # whose answer comes behind them
        assert (rocks.waiting, rocks.dropped) == (5, 15)
        assert [rocks.get(10).value for _ in range(5)] == [15, 16, 17, 18, 19]
        stage.drop("rocks", 7)
        stage.publish("rocks", 20)
        assert (rocks.get(10).value, rocks.dropped) == (20, 22)


def test_values_are_read_while_nobody_waits_for_them() -> None:
    """So that the game need not drop any, and pings are answered."""
    stage = FakeStage()
    with running(stage) as game, connect(game.url) as client, client.subscribe("rocks") as rocks:
        stage.publish("rocks", 1)
        assert until(lambda: rocks.waiting == 1)


def until(condition: Any) -> bool:
    """Wait for what another thread does without telling."""
    pause = threading.Event()
    return any(condition() or pause.wait(0.005) for _ in range(2000))


def test_calls_and_subscriptions_work_from_any_thread_at_once() -> None:
    stage = FakeStage()
    with running(stage) as game, connect(game.url) as client:
        results: list[list[int]] = []

        def call() -> None:
            results.append([client.spawn("big", number) for number in range(100)])

        with client.subscribe("rocks") as rocks:
            threads = [threading.Thread(target=call) for _ in range(4)]
            reader = threading.Thread(target=lambda: results.append([next(rocks).value]))
            for thread in [reader, *threads]:
                thread.start()
            for thread in threads:
                thread.join()
            stage.publish("rocks", 7)
            reader.join()
        assert results[-1] == [7]
        assert results[:4] == [list(range(100))] * 4


def test_a_waiting_iteration_ends_when_the_client_is_closed() -> None:
    stage = FakeStage()
    with running(stage) as game:
        client = connect(game.url)
        rocks = client.subscribe("rocks")
        taken: list[object] = []
        reader = threading.Thread(target=lambda: taken.extend(rocks))
        reader.start()
        client.close()
        reader.join(10)
        assert not reader.is_alive()
        assert taken == []


def test_after_a_restart_of_the_game_the_next_call_connects_again() -> None:
    stage = FakeStage()
    with running(stage) as game:
        client = connect(game.url)
        assert client.spawn("big") == 1
    with pytest.raises((ConnectionLostError, CannotConnectError)):
        client.spawn("big")
    with pytest.raises(CannotConnectError):
        client.spawn("big")
    with restarted(stage, game.port):
        assert client.spawn("big", 2) == 2
        client.close()


def test_subscriptions_are_restored_by_themselves_and_the_gap_shows() -> None:
    stage = FakeStage()
    with running(stage) as game:
        client = connect(game.url)
        rocks = client.subscribe("rocks", history=0)
        stage.publish("rocks", 1)
        assert rocks.get(10).value == 1
    with restarted(stage, game.port):
        stage.wait_for("rocks")
        assert until(lambda: rocks.reconnected == 1)
        stage.publish("rocks", 2)
        assert rocks.get(10).value == 2
        assert rocks.dropped == 0
        client.close()


def test_without_reconnect_a_lost_connection_is_the_end() -> None:
    stage = FakeStage()
    with running(stage) as game:
        client = connect(game.url, reconnect=False)
        rocks = client.subscribe("rocks")
        stage.publish("rocks", 1)
    assert until(lambda: rocks._feed.error is not None)
    assert rocks.get(10).value == 1
    with pytest.raises(ConnectionLostError):
        rocks.get(10)
    with pytest.raises(ConnectionLostError):
        client.spawn("big")
    client.close()


def test_who_is_sent_away_stays_away() -> None:
    stage = FakeStage()
    with running(stage) as game, connect(game.url) as client:
        rocks = client.subscribe("rocks")
        assert game.connection is not None
        game.connection.close(4403, "kicked")
        with pytest.raises(ConnectionLostError, match="kicked"):
            rocks.get(10)


def test_the_token_is_shown_and_read_again_after_it_changed(games_folder: Path) -> None:
    stage = FakeStage()
    with running(stage, tokens={"old"}) as game:
        entry = Game("pong", os.getpid(), "127.0.0.1", game.port, game.url, 1.0)
        register(games_folder, entry)
        register_tokens(games_folder, entry, Tokens("v", "o", "old"))
        with connect("pong") as client:
            assert game.headers["authorization"] == "Bearer old"
            rocks = client.subscribe("rocks")
            game.tokens = {"new"}
            register_tokens(games_folder, entry, Tokens("v", "o", "new"))
            assert game.connection is not None
            game.connection.close(4401, "the token changed")
            assert until(lambda: rocks.reconnected == 1)
            assert game.headers["authorization"] == "Bearer new"
            game.connection.close(4401, "the token changed")
            with pytest.raises(TokenRefusedError, match="no longer valid"):
                rocks.get(10)
        with pytest.raises(TokenRefusedError, match="the token is not valid"):
            connect("pong", role="viewer")
        (games_folder / entry.file_name).unlink()
        with pytest.raises(TokenRefusedError, match="a token is needed"):
            connect(game.url)


def test_nothing_of_a_client_shows_the_token() -> None:
    with running(result(1), tokens={"secret"}) as game, connect(game.url, token="secret") as client:
        rocks = client.progress("a")
        for thing in (client, client._line, client._line.address, rocks, client.with_timeout(1)):
            assert "secret" not in repr(thing)


def test_an_idle_connection_that_the_game_left_is_noticed_before_the_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stagedoor.client.sync.line.IDLE", 0.0)
    stage = FakeStage()
    with running(stage) as game, connect(game.url) as client:
        assert client.spawn("big") == 1
        assert game.connection is not None
        game.connection.close(1001)
        assert client.spawn("big") == 1


def test_pings_are_answered_while_nobody_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagedoor.client.sync.line.KEEP_ALIVE", 0.01)
    with running(result(1)) as game, connect(game.url) as client:
        client.notify("hello")
        assert game.notified.wait(10)
        assert game.connection is not None
        assert game.connection.ping().wait(10)


def test_a_client_that_is_forgotten_closes_itself() -> None:
    with running(result(1)) as game:
        line: Line = connect(game.url)._line
        assert until(lambda: line._is_closed)


def test_a_subscription_keeps_its_client() -> None:
    stage = FakeStage()
    with running(stage) as game:
        rocks: Subscription = connect(game.url).subscribe("rocks")
        stage.publish("rocks", 1)
        assert rocks.get(10).value == 1
        rocks._client.close()


@pytest.mark.parametrize("inside", ["websockets.frames.Frame.parse", "msgspec.json.decode"])
def test_ctrl_c_in_the_middle_of_reading_leaves_a_client_that_connects_again_and_closes(
    inside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, name = pkgutil.resolve_name(inside.rpartition(".")[0]), inside.rpartition(".")[2]
    usual, here = getattr(parts, name), threading.current_thread()
    is_due = False

    def interrupted(*arguments: object, **options: object) -> object:
        nonlocal is_due
        if is_due and threading.current_thread() is here:  # the game is in this process, too
            is_due = False
            raise KeyboardInterrupt
        return usual(*arguments, **options)

    monkeypatch.setattr(parts, name, staticmethod(interrupted))
    with running(result(1)) as game:
        client = connect(game.url)
        for _ in range(2):
            assert client.call("a") == 1
            is_due = True
            with pytest.raises(KeyboardInterrupt):
                client.call("a")
        client.close()
