"""Limits given to `start()`: each holds, at the limit and one past it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from server.raw import RawClient
from server.raw import request as head
from websockets.exceptions import InvalidStatus

from .conftest import StartGame
from .peer import Game, Peer, request, sending

TOO_MANY, INVALID, INTERNAL = -32005, -32600, -32603
GAME = Path(__file__).with_name("limited_game.py")


def start(start_game: StartGame, **options: Any) -> Game:
    return start_game(json.dumps(options), file=GAME)


def test_of_calls(start_game: StartGame) -> None:
    limits = {
        "max_calls_in_flight": 2,
        "max_batch": 200,
        "max_nesting": 3,
        "max_answer_size": 10_000,
        "max_subscriptions": 1,
    }
    game = start(start_game, limits=limits)
    with game.peer() as peer:
        for at in range(2):
            peer.send(request("wait", ident=at))
        error = peer.error("wait")
        assert (error["code"], error["data"]["limit"]) == (TOO_MANY, "2 calls in flight")
    with game.peer() as peer:
        assert "result" in peer.call("topic.subscribe", topic="rpc.methods.changed", hz=1)
        error = peer.error("topic.subscribe", topic="rpc.methods.changed", hz=2)
        assert (error["code"], error["data"]["limit"]) == (TOO_MANY, "1 subscriptions")
    with game.peer() as peer:
        nested = '{"jsonrpc": "2.0", "method": "echo", "id": 1, "params": %s}'
        assert peer.ask(nested % "[[[]]]")["result"] == [[]]
        assert peer.ask(nested % "[[[[]]]]")["error"]["code"] == INVALID
        around = len('{"jsonrpc":"2.0","result":"","id":1}')
        assert len(peer.call("echo", "x" * (10_000 - around))["result"]) == 10_000 - around
        error = peer.error("echo", "x" * (10_001 - around))
        assert error["code"] == INTERNAL
        assert "the most is 10,000" in error["data"]["reason"]
    with game.peer() as peer:
        error = peer.ask([{}] * 201)["error"]
        assert (error["code"], error["data"]["reason"]) == (
            INVALID,
            "the batch has 201 members, the most is 200",
        )


@contextmanager
def taking(least: float) -> Iterator[None]:
    """What is done in this context takes no less than so many seconds."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began > least


class TestTheRateOfCalls:
    """A second's calls may come at once, and what is read then may be a little more."""

    @pytest.fixture
    def game(self, start_game: StartGame) -> Game:
        return start(start_game, limits={"max_calls_per_second": 100})

    def test_makes_a_closed_loop_slower_and_refuses_nothing(self, game: Game) -> None:
        with game.peer() as peer, taking(0.8):
            for at in range(200):
                assert peer.call("echo", at)["result"] == at

    def test_counts_the_members_of_batches(self, game: Game) -> None:
        batch = [request("echo", [at], at) for at in range(100)]
        with game.peer() as peer, taking(0.8):
            for _ in range(3):
                answers = peer.ask(batch)
                assert [answer["result"] for answer in answers] == list(range(100))

    def test_counts_the_calls_of_frame_batch(self, game: Game) -> None:
        calls = [{"method": "echo", "params": [1]}] * 99
        with game.peer() as peer, taking(0.8):
            for _ in range(3):
                results = peer.call("frame.batch", calls=calls)["result"]["results"]
                assert results == [{"result": 1}] * 99

    def test_counts_what_is_no_request(self, game: Game) -> None:
        with game.peer() as peer, taking(0.8):
            for _ in range(200):
                assert peer.ask("nonsense")["error"]["code"] == -32700

    def test_is_that_of_each_connection(self, game: Game) -> None:
        with game.peer() as peer, game.peer() as other:
            with sending(peer, (request("echo", [at], at) for at in range(300))), taking(1.0):
                answers = [peer.receive()]
                for at in range(20):
                    assert other.call("echo", at)["result"] == at
                answers += [peer.receive() for _ in range(299)]
            assert [answer["result"] for answer in answers] == list(range(300))

    def test_holds_while_the_game_is_stalled(self, game: Game) -> None:
        with game.peer() as one, game.peer() as peer:
            one.send(request("stall", [20.0]))
            batch = [request("process.info", ident=at) for at in range(150)]
            game.program.wait_for("WARNING.*has not come to tick")
            with taking(1.2):
                assert len(peer.ask(batch[:100])) == 100
                for at in range(150):
                    peer.send(batch[at])
                assert [peer.receive()["id"] for _ in range(150)] == list(range(150))
            with pytest.raises(TimeoutError):
                one.connection.recv(0)

    def test_may_be_one(self, start_game: StartGame) -> None:
        game = start(start_game, limits={"max_calls_per_second": 1})
        with game.peer() as peer, taking(0.8):
            for at in range(3):
                assert peer.call("echo", at)["result"] == at


def test_of_authentications(start_game: StartGame) -> None:
    game = start(start_game, limits={"max_failed_authentications": 2})
    with game.peer(None) as peer:
        for _ in range(4):
            peer.send(request("session.authenticate", {"token": "wrong"}))
        codes = [peer.receive()["error"]["code"] for _ in range(4)]
        assert codes == [TOO_MANY, TOO_MANY, -32004, -32004]

    def guess(_: int) -> int:
        with pytest.raises(InvalidStatus) as raised, game.peer(token="wrong"):
            pass
        return raised.value.response.status_code

    with ThreadPoolExecutor(20) as threads:
        statuses = list(threads.map(guess, range(20)))
    assert {401, 429} == set(statuses)
    game.program.wait_for("WARNING.*was refused with 429")


def test_of_messages(start_game: StartGame) -> None:
    limits = {"max_message_size": 1000, "max_unauthenticated_message_size": 500}
    game = start(start_game, limits=limits)
    for role, most in (("viewer", 1000), (None, 500)):
        with game.peer(role) as peer:  # type: ignore[arg-type]
            text = json.dumps(request("echo", [""]))
            assert "id" in peer.ask(text.replace('""', f'"{"x" * (most - len(text))}"'))
            peer.send(text.replace('""', f'"{"x" * (most - len(text) + 1)}"'))
            assert peer.close_code() == 1009
    game.program.wait_for("WARNING.*was ended: .*larger than the limit")


def enter(stack: ExitStack, game: Game, role: Any) -> Peer:
    return stack.enter_context(game.peer(role))


@pytest.mark.parametrize(
    ("limits", "known", "unknown"),
    [({}, 64, 8), ({"max_connections": 3, "max_unauthenticated": 2}, 3, 2)],
    ids=["default", "options"],
)
def test_of_connections(
    start_game: StartGame, limits: dict[str, int], known: int, unknown: int
) -> None:
    game = start(start_game, limits=limits | {"handshake_timeout": 60.0})
    with ExitStack() as stack:
        strangers = [enter(stack, game, None) for _ in range(unknown)]
        with pytest.raises(InvalidStatus, match="503"), game.peer(None):
            pass
        # Those who show a token have places of their own.
        members = [enter(stack, game, "viewer") for _ in range(known)]
        with pytest.raises(InvalidStatus, match="503"), game.peer("viewer"):
            pass
        assert all(member.call("echo", 1)["result"] == 1 for member in members)
        # A stranger who has authenticated gives its place to another, and takes one of theirs.
        members[0].connection.close()
        game_token = game.tokens.viewer
        assert "result" in strangers[0].call("session.authenticate", token=game_token)
        enter(stack, game, None)
    game.program.wait_for("WARNING.*was refused with 503")


def test_a_stage_that_listens_for_others_names_them(start_game: StartGame) -> None:
    game = start(
        start_game,
        host="0.0.0.0",
        hosts=["game.local", "proxy.example:443"],
        origins=["https://tools.example"],
    )
    token = f"Authorization: Bearer {game.tokens.viewer}"
    port = game.port
    for host, origin, status in (
        (f"game.local:{port}", None, 101),
        ("proxy.example:443", None, 101),
        (f"127.0.0.1:{port}", "https://tools.example", 101),
        (f"game.local:{port}", f"http://game.local:{port}", 101),
        (f"0.0.0.0:{port}", None, 403),
        (f"evil.example:{port}", None, 403),
        (f"game.local:{port}", "https://evil.example", 403),
    ):
        client = RawClient(port)
        headers = [token] if origin is None else [token, f"Origin: {origin}"]
        client.send(head(port, host=host, headers=headers))
        assert client.read_response().status == status, (host, origin)
        client.close()
    for name in ("1.0.0.1", ""):
        client = RawClient(port)
        client.send(head(port, host=f"{name}:{port}"))
        assert client.read_response().status in (400, 403)
        client.close()
