"""Clients that would use up memory, places or time: the game and its other clients go on."""

from __future__ import annotations

from contextlib import suppress

import psutil
import pytest
from after import MEMORY

from .conftest import Connect, EchoGame, StartGame
from .raw import (
    BINARY,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Frame,
    RawClient,
    connected,
    frame,
    request,
)

MIB = 1 << 20


def memory(game: EchoGame) -> int:
    return int(psutil.Process(game.program.process.pid).memory_info().rss)


class TestClientsThatDoNotRead:
    """Their window is zero: of what is sent to them, nothing goes."""

    def test_hold_their_send_queue_and_are_given_up(
        self, kept_game: StartGame, connect: Connect
    ) -> None:
        game = kept_game(write_timeout=1.0, max_send_queue=4 * MIB)
        before = memory(game)
        clients = [connect(game, receive_buffer=4096) for _ in range(4)]
        echo = frame(BINARY, bytes(64 * 1024))
        for client in clients:
            with suppress(ConnectionError):  # it may be given up already
                client.send(echo * 200)
        assert memory(game) < before + len(clients) * 4 * MIB + MEMORY, "of 51 MB"
        game.program.wait_for("^closed: the peer took no data for too long$", count=len(clients))

    @pytest.mark.parametrize("size", [0, 125])
    def test_and_ping_cost_one_pong(
        self, kept_game: StartGame, connect: Connect, size: int
    ) -> None:
        game = kept_game()
        client = connect(game, receive_buffer=4096)
        fill = frame(BINARY, bytes(MIB - 100))
        client.send(fill * 8)
        before = memory(game)
        pings = frame(PING, bytes(size)) * 1000
        with game.healthy_client() as healthy:
            for _ in range(200):
                client.send(pings)
            healthy.round_trip()
            assert memory(game) < before + MEMORY
        client.send(frame(PING, b"the last"))
        while (received := client.read_frame()).opcode != PONG or received.payload != b"the last":
            pass

    def test_leave_no_more_behind_each_time(self, kept_game: StartGame) -> None:
        game = kept_game()
        flood = frame(BINARY, bytes(MIB - 100)) * 8 + frame(PING, bytes(125)) * 50_000

        def round_() -> None:
            client = connected(game.port, receive_buffer=4096)
            client.send(flood)
            client.reset()
            with game.healthy_client() as healthy:
                healthy.round_trip()

        for _ in range(3):
            round_()
        before = memory(game)
        for _ in range(20):
            round_()
        assert memory(game) < before + MEMORY / 2, "of 300 MB"


class TestFragments:
    @pytest.mark.parametrize("payload", [b"", b"x"], ids=["of nothing", "of one byte"])
    def test_without_an_end_are_1008_at_their_limit(
        self, kept_game: StartGame, connect: Connect, payload: bytes
    ) -> None:
        game = kept_game(close_timeout=10.0)
        client = connect(game)
        client.send(frame(TEXT, payload, fin=False))
        with suppress(ConnectionError):
            client.send(frame(CONTINUATION, payload, fin=False) * 100_000)
        assert client.read_close()[0] == 1008


class TestPartsOfMessages:
    def test_have_their_memory_and_the_one_too_many_is_1013(
        self, kept_game: StartGame, connect: Connect
    ) -> None:
        """Many connections, each just under what it may send."""
        limit = 16 * MIB
        game = kept_game(max_receive_memory=limit, close_timeout=10.0)
        before = memory(game)
        part = frame(BINARY, bytes(MIB - 1), fin=False) + frame(PING)
        parked: list[RawClient] = []
        refused = 0
        with game.healthy_client() as healthy:
            for _ in range(40):
                client = connect(game)
                client.send(part)
                received = client.read_frame()
                if received.opcode == PONG:
                    parked.append(client)
                else:
                    assert received.payload[:2] == (1013).to_bytes(2, "big")
                    refused += 1
                healthy.round_trip()
            assert (len(parked), refused) == (16, 24)
            assert memory(game) < before + limit + MEMORY
        for client in parked:
            client.send(frame(CONTINUATION, b"!"))
            assert client.read_frame().payload == bytes(MIB - 1) + b"!"


class TestConnections:
    def test_over_the_limit_are_503_and_those_within_are_served(
        self, kept_game: StartGame, connect: Connect, dial: Connect
    ) -> None:
        game = kept_game(max_connections=20)
        with game.healthy_client() as healthy:
            clients = [connect(game) for _ in range(18)]  # a healthy one was there before
            crowd = [dial(game) for _ in range(200)]
            for client in crowd:
                with suppress(ConnectionError):
                    client.send(request(game.port))
            answers = [client.read_to_end() for client in crowd]
            assert any(b" 503 " in answer for answer in answers)
            assert all(b" 503 " in answer or answer == b"" for answer in answers)
            healthy.round_trip()
            for client in clients:
                client.send(frame(TEXT, b"in"))
                assert client.read_frame() == Frame(TEXT, b"in")
            for client in crowd:
                client.close()
