"""A client that floods keeps nobody else from being heard."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from stagedoor.live.net.websocket import WebSocketServerConnection

from .conftest import Connect, Serve
from .raw import BINARY, PATIENCE, TEXT, RawClient, frame
from .running import poll_until

LIMIT = 4 << 20
PART = LIMIT // 16
"""What one client may have waiting: see `reading.rs`."""
WEIGHT = 64
"""What a message counts beside its bytes."""
ONE_READ = 64 << 10


@contextmanager
def flooding(client: RawClient, data: bytes) -> Iterator[None]:
    """While this lasts, the client sends as fast as it is read."""

    def flood() -> None:
        with suppress(OSError):
            while True:
                client.socket.sendall(data)

    client.socket.settimeout(None)
    thread = threading.Thread(target=flood)
    thread.start()
    try:
        yield
    finally:
        client.socket.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize("budget", [0.0, 0.002])
@pytest.mark.parametrize("count", [1, 20])
def test_a_round_trip_takes_so_many_events_at_the_most_while_others_flood(
    serve: Serve,
    connect: Connect,
    budget: float,
    count: int,
) -> None:
    server = serve(max_receive_memory=LIMIT)
    heard = 0

    def onconnection(connection: WebSocketServerConnection) -> None:
        def echo(text: str) -> None:
            nonlocal heard
            heard += 1
            connection.send(text)

        connection.ontext = echo

    server.onconnection = onconnection
    healthy = connect(server)
    others = [connect(server) for _ in range(count)]
    poll_until(server, lambda: len(server.connections) == count + 1)
    size = 1000
    with ExitStack() as stack:
        for other in others:
            stack.enter_context(flooding(other, frame(BINARY, bytes(size)) * 50))
        # Each has its part and one read more at the most; all together, the limit and one read.
        waiting = min(count * (PART + ONE_READ), LIMIT + ONE_READ)
        # Some turns of that: who has waited for longer is read first.
        bound = 5 * waiting // (size + WEIGHT)
        for turn in range(20):
            healthy.send(frame(TEXT, b"turn %d" % turn))
            handled = 0
            deadline = time.monotonic() + PATIENCE
            while heard == turn:
                if not (events := server.poll(budget)):
                    time.sleep(0.001)
                handled += events
                assert handled <= bound, f"turn {turn} is not heard"
                assert time.monotonic() < deadline
            assert healthy.read_frame().payload == b"turn %d" % turn
