"""Each end of a connection has its cause: `stagedoor._core.CloseCause`."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.integration.server.raw import RawClient
from tests.unit.live import native
from tests.unit.live.native import Native

from stagedoor import _core
from stagedoor._core import CLOSED, OPENED, CloseCause


@contextmanager
def connected(**options: Any) -> Iterator[tuple[Native, RawClient, _core.Connection]]:
    """A client that does nothing by itself, and its connection."""
    with native.listen(**options) as server:
        client = RawClient(server.core.address[1])
        try:
            client.upgrade()
            yield server, client, server.next(OPENED)[1]
        finally:
            client.socket.close()


def end_of(server: Native) -> tuple[int, CloseCause, bool]:
    """The close code, the cause, and whether there is a text for people."""
    _, (code, _, cause, error, _) = server.next(CLOSED)
    return code, cause, error is not None


def test_a_peer_that_sends_a_close_frame_ends_clean() -> None:
    with connected() as (server, client, _):
        client.send(b"\x88\x82\0\0\0\0\x03\xe8")
        assert end_of(server) == (1000, CloseCause.CLEAN, False)


def test_a_peer_that_closes_its_socket_has_left() -> None:
    with connected() as (server, client, _):
        client.socket.shutdown(socket.SHUT_WR)
        assert end_of(server) == (1006, CloseCause.LEFT, True)


def test_a_peer_that_resets_its_socket_has_left() -> None:
    with connected() as (server, client, _):
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.socket.close()
        assert end_of(server) == (1006, CloseCause.LEFT, True)


def test_a_peer_that_breaks_the_protocol_ends_by_a_violation() -> None:
    with connected() as (server, client, _):
        client.send(b"\xff\xff")
        assert end_of(server) == (1002, CloseCause.VIOLATION, True)


def test_a_peer_that_does_not_answer_a_close_frame_is_timed_out() -> None:
    with connected(close_timeout=0.05) as (server, _, connection):
        connection.close(1000, "")
        assert end_of(server) == (1006, CloseCause.TIMED_OUT, True)


def test_a_peer_whose_message_has_no_room_is_out_of_memory() -> None:
    with connected(max_receive_memory=64) as (server, client, _):
        client.send(b"\x01\xfe\x01\x00\0\0\0\0" + bytes(200))
        assert end_of(server) == (1006, CloseCause.NO_MEMORY, True)


def test_a_peer_that_does_not_answer_the_end_of_the_server_was_stopped() -> None:
    with connected(close_timeout=0.05) as (server, _, _):
        server.core.thread.join()  # at once
        assert end_of(server) == (1006, CloseCause.STOPPING, True)
