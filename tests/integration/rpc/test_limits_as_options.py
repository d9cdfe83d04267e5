"""Limits given to `start()`: each holds, at the limit and one past it."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from server.raw import RawClient
from server.raw import request as head
from websockets.exceptions import InvalidStatus

from .conftest import StartGame
from .peer import Game, Peer, request

TOO_MANY, INVALID, INTERNAL = -32005, -32600, -32603
GAME = Path(__file__).with_name("limited_game.py")


def start(start_game: StartGame, **options: Any) -> Game:
    return start_game(json.dumps(options), file=GAME)


def codes(answers: list[dict[str, Any]]) -> list[int]:
    """The error of each answer, 0 for a result."""
    return [answer.get("error", {"code": 0})["code"] for answer in answers]


def test_of_calls(start_game: StartGame) -> None:
    limits = {
        "max_calls_per_second": 150,
        "max_calls_in_flight": 2,
        "max_batch": 200,
        "max_nesting": 3,
        "max_answer_size": 10_000,
        "max_subscriptions": 1,
    }
    game = start(start_game, limits=limits)
    with game.peer() as peer:
        batch = [request("echo", [at], at) for at in range(151)]
        assert codes(peer.ask(batch)) == [0] * 150 + [TOO_MANY]
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


def test_of_authentications(start_game: StartGame) -> None:
    game = start(start_game, limits={"max_failed_authentications": 2})
    with game.peer(None) as peer:
        for code in (-32004, -32004, TOO_MANY):
            assert peer.error("session.authenticate", token="wrong")["code"] == code
    for status in (401, 401, 429):
        with pytest.raises(InvalidStatus, match=str(status)), game.peer(token="wrong"):
            pass
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
