"""Fixtures: servers that are closed after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from stagedoor.live.websocket import WebSocketServer

from .raw import RawClient, connected
from .running import poll_until_ended

Serve = Callable[..., WebSocketServer]
Connect = Callable[..., RawClient]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes servers that listen on a free port of 127.0.0.1; takes the server's options."""
    servers: list[WebSocketServer] = []

    def make(**options: Any) -> WebSocketServer:
        server = WebSocketServer(**({"close_timeout": 0.2} | options))
        servers.append(server)
        server.listen(0)
        return server

    yield make
    for server in servers:
        server.onclose = None
        for connection in server.connections:
            connection.onclose = connection.onerror = connection.onmessage = None
        server.close()
        poll_until_ended(server)


@pytest.fixture
def server(serve: Serve) -> WebSocketServer:
    """A server with the default options, but for a short `close_timeout`."""
    return serve()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes raw clients whose opening handshake is done; they are closed after the test."""
    with ExitStack() as stack:

        def make(server: WebSocketServer, **options: Any) -> RawClient:
            assert server.port is not None
            client = connected(server.port, **options)
            stack.callback(client.close)
            return client

        yield make


@pytest.fixture
def dial() -> Iterator[Connect]:
    """Makes raw clients that have only connected."""
    with ExitStack() as stack:

        def make(server: WebSocketServer, **options: Any) -> RawClient:
            assert server.port is not None
            client = RawClient(server.port, **options)
            stack.callback(client.close)
            return client

        yield make
