"""Callers that would use up places, memory or frames: the game and its other callers go on."""

from __future__ import annotations

import json
from contextlib import ExitStack, suppress
from itertools import product

import pytest
from server.raw import TEXT, RawClient, frame, request

from stagedoor.wire.topics import MODES, RATES

from .peer import Game
from .peer import request as call

SUBSCRIPTIONS = 10_000


@pytest.mark.slow
def test_ten_thousand_subscriptions(game: Game) -> None:
    with ExitStack() as stack:
        peers = [stack.enter_context(game.peer()) for _ in range(SUBSCRIPTIONS // 250)]
        numbers = set()
        for peer in peers:
            kinds = list(product(("rpc.methods.changed", "quiet", "frame"), MODES[1:], RATES))[:250]
            for first in range(0, 250, 50):
                idents = range(first, first + 50)
                for ident in idents:
                    topic, mode, hz = kinds[ident]
                    params = {"topic": topic, "mode": mode, "hz": hz}
                    peer.send(call("topic.subscribe", params, ident))
                answered: set[int] = set()
                while len(answered) < len(idents):
                    message = peer.receive()
                    if "id" in message:
                        answered.add(message["id"])
                        numbers.add((peer, message["result"]["subscription"]))
                assert answered == set(idents)
        assert len(numbers) == SUBSCRIPTIONS
        with game.peer() as healthy:
            before = healthy.round_trip().count
            while healthy.round_trip().count < before + 10:
                pass
        for peer in peers:  # they leave without a word, what is sent to them unread
            peer.connection.socket.close()


def test_a_subscriber_that_does_not_read(game: Game) -> None:
    client = RawClient(game.port, receive_buffer=4096)
    client.upgrade(headers=[f"Authorization: Bearer {game.tokens.viewer}"])
    for at, mode in enumerate(("all", "latest", "change", "mean", "peak")):
        params = {"topic": "frame", "mode": mode}
        client.send(frame(TEXT, json.dumps(call("topic.subscribe", params, at)).encode()))
    with game.peer() as healthy:
        first = healthy.round_trip().count
        while healthy.round_trip().count < first + 300:
            pass
    client.close()


def test_connections_over_every_limit_while_those_with_a_token_get_in(game: Game) -> None:
    crowd: list[RawClient] = []
    with game.peer() as before:
        for at in range(300):
            client = RawClient(game.port)
            with suppress(ConnectionError):
                # Of three, one says nothing, one half of a request, and one comes without a token.
                client.send(request(game.port)[: (0, 100, None)[at % 3]])
            crowd.append(client)
            if at % 30 == 0:
                with game.peer("operator") as newcomer:
                    assert newcomer.round_trip()
        assert before.round_trip()
        with ExitStack() as stack:
            many = [stack.enter_context(game.peer("viewer")) for _ in range(40)]
            for peer in many:
                assert peer.call("add", 1)["result"] == 11
        for client in crowd:
            client.close()
