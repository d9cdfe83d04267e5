"""Fixtures: servers that are closed after the test, and games that are as before after it."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from operator import le
from pathlib import Path
from typing import Any, Protocol

import psutil
import pytest
from after import Frames, Health, own_memory
from program import Program

from stagedoor.live.net.websocket import WebSocketServer

from .raw import PING, PONG, TEXT, RawClient, connected, frame
from .running import poll_until_ended, wait_until

ECHO_GAME = Path(__file__).with_name("echo_game.py")


class Server(Protocol):
    """Where a raw client may go."""

    @property
    def port(self) -> int | None: ...


class EchoGame:
    """echo_game.py as a process."""

    def __init__(self, options: dict[str, Any]) -> None:
        env = os.environ | {"STAGEDOOR": "1"}
        self.program = Program([ECHO_GAME, json.dumps(options)], own_memory(env))
        self.port = int(self.program.wait_for(r"^port (\d+)$")[1])
        self._health = Health(self.program.process.pid, self.healthy_client)

    @contextmanager
    def healthy_client(self) -> Iterator[HealthyClient]:
        client = HealthyClient(self.port)
        try:
            client.upgrade()
            yield client
        finally:
            client.close()

    def kept(self) -> AbstractContextManager[None]:
        """What is done in this context leaves the game as it was."""
        return self._health.kept()


class HealthyClient(RawClient):
    """Of an echo game."""

    def round_trip(self) -> Frames:
        self.send(frame(TEXT, b"frames"))
        while (received := self.read_frame()).opcode == PING:
            self.send(frame(PONG, received.payload))
        return Frames(*json.loads(received.payload))


Serve = Callable[..., WebSocketServer]
Connect = Callable[..., RawClient]
StartGame = Callable[..., EchoGame]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes servers that listen on a free port of 127.0.0.1; takes the server's options. After the
    test they are closed, and sockets and threads are as many as before."""
    servers: list[WebSocketServer] = []
    before = sockets_and_threads()

    def make(**options: Any) -> WebSocketServer:
        server = WebSocketServer(**({"close_timeout": 0.2} | options))
        servers.append(server)
        server.listen(0)
        return server

    yield make
    while servers:
        close(servers.pop())

    def has_returned() -> bool:
        now = sockets_and_threads()
        return all(map(le, now, before))

    if not has_returned():
        gc.collect()  # clients of a test that failed
        wait_until(has_returned)


def sockets_and_threads() -> tuple[int, int]:
    """Of this process. What a server has beside sockets lives as long as somebody holds one of its
    connections, as an exception's traceback may."""
    process = psutil.Process()
    return len(process.net_connections("tcp")), process.num_threads()


def close(server: WebSocketServer) -> None:
    server.onclose = server.onconnection = None
    for connection in server.connections:
        connection.onclose = connection.onerror = connection.onmessage = None
    server.close()
    poll_until_ended(server)


@pytest.fixture
def server(serve: Serve) -> WebSocketServer:
    """A server with the default options, but for a short `close_timeout`."""
    return serve()


@pytest.fixture(scope="module")
def start_game() -> Iterator[StartGame]:
    """Starts games that echo; takes the server's options. Equal ones share a process."""
    games: dict[str, EchoGame] = {}

    def make(**options: Any) -> EchoGame:
        key = json.dumps(options)
        if key not in games:
            games[key] = EchoGame(options)
        return games[key]

    yield make
    for game in games.values():
        game.program.end()


@pytest.fixture
def kept_game(start_game: StartGame) -> Iterator[StartGame]:
    """As `start_game`, for games that are after the test as they were before. Of a test's fixtures
    it comes first, so that the test's clients have left by then."""
    with ExitStack() as stack:

        def make(**options: Any) -> EchoGame:
            game = start_game(**options)
            stack.enter_context(game.kept())
            return game

        yield make


@pytest.fixture
def game(kept_game: StartGame) -> EchoGame:
    """A game with the default options; after the test it is as it was before. Of a test's fixtures
    it comes first."""
    return kept_game()


@pytest.fixture
def compressing_game(kept_game: StartGame) -> EchoGame:
    """As `game`, with compression."""
    return kept_game(compression=True)


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes raw clients whose opening handshake is done; they are closed after the test."""
    with ExitStack() as stack:

        def make(server: Server, **options: Any) -> RawClient:
            assert server.port is not None
            client = connected(server.port, **options)
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def dial() -> Iterator[Connect]:
    """Makes raw clients that have only connected."""
    with ExitStack() as stack:

        def make(server: Server, **options: Any) -> RawClient:
            assert server.port is not None
            client = RawClient(server.port, **options)
            stack.callback(client.close)
            return client

        yield make
