"""No client can fill the game's log: what each causes is a line a minute of a kind, and short."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from server.raw import TEXT, RawClient, close_payload, frame
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from stagedoor.wire.topics import RATES

from .conftest import StartGame
from .peer import Game, Peer, request

MIB = 1 << 20
OFTEN = 100
"""How often each does it."""


@pytest.fixture(scope="module")
def game(start_game: StartGame) -> Game:
    return start_game(file=Path(__file__).with_name("failing_game.py"))


def ask(peer: Peer, method: str, *params: object, **by_name: object) -> None:
    peer.send(request(method, by_name or params))


def call_often(method: str, role: str | None = "viewer") -> Callable[[Game], None]:
    def run(game: Game) -> None:
        with game.peer(role) as peer:  # type: ignore[arg-type]
            for at in range(OFTEN):
                peer.call(method, f"{at}" + "x" * 1000)
            if role is not None:
                peer.call(method, "y" * 1_000_000)

    return run


def cancel(game: Game) -> None:
    with game.peer() as peer:
        for at in range(OFTEN):
            peer.send(request("cannot_stop", ["x" * 1000], at))
            peer.send(request("rpc.cancel", [at], "cancel"))
        while peer.receive().get("id") != "cancel":
            pass


def progress(game: Game) -> None:
    with game.peer() as peer:
        for _ in range(OFTEN):
            peer.call("yields", "x" * 1000)


def answer(peer: Peer, method: str, **params: object) -> Any:
    """The result, of all that comes."""
    peer.send(request(method, params, "mine"))
    while (message := peer.receive()).get("id") != "mine":
        pass
    return message["result"]


def subscribe(topic: str, mode: str) -> Callable[[Game], None]:
    def run(game: Game) -> None:
        with game.peer() as peer:
            for hz in RATES:
                ask(peer, "topic.subscribe", topic=topic, mode=mode, hz=hz)
            for _ in range(10):  # leave and come again
                made = answer(peer, "topic.subscribe", topic=topic, mode=mode, hz=1)
                answer(peer, "topic.unsubscribe", subscription=made["subscription"])
            begin = answer(peer, "game.status")["frame"]
            while answer(peer, "game.status")["frame"] < begin + 50:
                pass

    return run


def nonsense(game: Game) -> None:
    with game.peer() as peer:
        for at in range(OFTEN):
            peer.ask(f"nonsense {at}" * 1000)
            peer.ask(json.dumps({"jsonrpc": "2.0", "id": 1, "method": at}))
            peer.ask([])


def guess(game: Game) -> None:
    for _ in range(3):
        with suppress(InvalidHandshake), game.peer(token="wrong"):
            pass
    with game.peer(None) as peer:
        for at in range(OFTEN):
            ask(peer, "session.authenticate", token=f"{at}" * 100)
            ask(peer, "session.authenticate", ticket=f"{at}" * 100)
        with suppress(ConnectionClosed):
            while True:
                peer.receive()


def handshakes(game: Game) -> None:
    for at in range(OFTEN):
        for host in (f"evil{at}.example", "x" * 9000):
            client = RawClient(game.port)
            client.send(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            client.read_to_end()
            client.close()


def frames(game: Game) -> None:
    for at in range(OFTEN):
        client = RawClient(game.port)
        client.upgrade(headers=[f"Authorization: Bearer {game.tokens.viewer}"])
        wrong = (
            frame(TEXT, b"\xff" * 100),
            frame(0x3, b""),
            frame(TEXT, b"x" * 2 * MIB),
            frame(0x8, close_payload(1005)),
        )
        client.send(wrong[at % len(wrong)])
        client.read_close()
        client.close()


CASES: dict[str, Callable[[Game], None]] = {
    "a method raises": call_often("raises"),
    "a method refuses, for reasons of the caller's": call_often("refuses"),
    "a method raises SystemExit": call_often("exits"),
    "a result is unknown to JSON": call_often("unsendable"),
    "a coroutine raises": call_often("awaits"),
    "a task of a coroutine raises": call_often("starts"),
    "a thread raises": call_often("threads"),
    "a generator yields what cannot be sent": progress,
    "a generator raises when it is stopped": cancel,
    "a method is forbidden": call_often("changes"),
    "a method is called without a token": call_often("changes", None),
    "a topic cannot be read": subscribe("raises", "all"),
    "a topic cannot be sent": subscribe("unsendable", "latest"),
    "a topic has no peak": subscribe("dict", "peak"),
    "a topic has no mean now and then": subscribe("sometimes", "mean"),
    "no requests": nonsense,
    "wrong tokens": guess,
    "wrong handshakes": handshakes,
    "wrong frames": frames,
}


@pytest.mark.parametrize("case", CASES)
def test_a_client_leaves_a_few_short_lines(game: Game, case: str) -> None:
    before = len(game.program.lines)
    CASES[case](game)
    with game.peer() as peer:
        peer.call("mark", case)
    game.program.wait_for(f"INFO {case}")  # what came before is logged
    lines = list(game.program.lines)[before:]
    entries = [line for line in lines if line.startswith(("WARNING ", "ERROR "))]
    assert 1 <= len(entries) <= 8, [entry[:100] for entry in entries]
    assert sum(map(len, lines)) < 60_000
