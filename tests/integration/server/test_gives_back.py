"""A server that has ended has given back its descriptors: at once, not when the garbage collector
comes, and also if the program keeps what it knew of it."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from certificates import Authority

from stagedoor.live.net.websocket import WebSocketServer, WebSocketServerConnection
from stagedoor.live.stage import Stage

from .raw import PATIENCE, RawClient, connected
from .running import MORE_THAN_THE_KERNEL_TAKES, poll_until_connected, poll_until_ended

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")

ROUNDS = 3


def descriptors() -> dict[str, str]:
    """What each is open for."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue  # it was the list's own
    return found


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    before = descriptors()
    yield
    after = descriptors()
    gc.enable()
    assert after == before


Keep = Callable[[WebSocketServer, WebSocketServerConnection], object]

KEPT: dict[str, Keep] = {
    "nothing": lambda server, connection: None,
    "the server": lambda server, connection: server,
    "a connection": lambda server, connection: connection,
    "a connection with handlers that refer to both": lambda server, connection: (
        setattr(connection, "onmessage", lambda data: (server, connection)) or connection
    ),
    "a connection with a message on its way": lambda server, connection: (
        connection.send(MORE_THAN_THE_KERNEL_TAKES, lambda error: (server, connection))
        or connection
    ),
    "a handler of the server": lambda server, connection: (
        setattr(server, "onclose", lambda error: (server, connection)) or server.onclose
    ),
}


@pytest.mark.parametrize("keep", KEPT.values(), ids=KEPT.keys())
@pytest.mark.parametrize("how", ["closed", "left by its client first"])
class TestAServer:
    def test_that_is_polled(self, keep: Keep, how: str) -> None:
        kept = []
        for _ in range(ROUNDS):
            server = WebSocketServer(close_timeout=0.1)
            server.listen(0)
            assert server.port is not None
            client = connected(server.port)
            kept.append(keep(server, poll_until_connected(server)))
            if how != "closed":
                client.close()
            server.close()
            poll_until_ended(server)
            client.close()

    def test_that_an_asyncio_loop_serves(self, keep: Keep, how: str) -> None:
        kept = []

        async def play() -> None:
            server = WebSocketServer(close_timeout=0.1)
            server.listen(0)
            assert server.port is not None
            client = await asyncio.to_thread(connected, server.port)
            await until(lambda: server.connections)
            kept.append(keep(server, server.connections[0]))
            if how != "closed":
                client.close()
            server.close()
            await until(lambda: server.port is None)
            client.close()

        async def main() -> None:
            for _ in range(ROUNDS):
                await play()

        asyncio.run(main())


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


def test_a_server_with_tls(authority: Authority) -> None:
    kept = []
    for _ in range(ROUNDS):
        server = WebSocketServer(close_timeout=0.1, tls=authority.pair)
        server.listen(0)
        assert server.port is not None
        client = RawClient(server.port)
        client.send(b"no handshake of TLS's")
        kept.append(server)
        server.close()
        poll_until_ended(server)
        client.close()


@pytest.mark.parametrize("how", ["closed", "let go of"])
def test_a_stage(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", str(tmp_path))
    kept = []
    for _ in range(ROUNDS):
        stage = Stage.start("game", port=0)
        assert stage.port is not None
        client = connected(stage.port)
        deadline = time.monotonic() + PATIENCE
        while not stage._hub.sessions:
            assert time.monotonic() < deadline
            stage.tick(0.0)
        kept += list(stage._hub.sessions)
        if how == "closed":
            stage.close()
            client.close()
            while stage.port is not None:
                assert time.monotonic() < deadline
                stage.tick(0.0)
        del stage
        client.close()


def test_a_server_that_is_never_polled_again() -> None:
    before = len(descriptors())
    server = WebSocketServer(close_timeout=0.1)
    server.listen(0)
    assert server.port is not None
    client = connected(server.port)
    connection = poll_until_connected(server)
    server.close()
    client.close()
    deadline = time.monotonic() + PATIENCE
    while len(descriptors()) > before:
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert "closing" in repr(server)
    connection.send("nobody is there")
    poll_until_ended(server)
