"""Groups of `_core.Server`: what Python passes and gets.

`crates/server/tests/groups.rs` has the rest.
"""

from __future__ import annotations

import socket

import pytest
from tests.unit.live.native import listen

from stagedoor import _core


def test_members_get_text_and_binary_messages_after_what_was_sent_to_them() -> None:
    with listen() as server:
        core = server.core
        client, connection = server.opened()
        group = core.group()
        assert core.group() != group
        connection.send("before")
        core.join_group(group, connection)
        core.publish(group, '"é"'.encode(), droppable=True)
        core.publish(group, b"\xff\x00", droppable=False, binary=True)
        core.leave_group(group, connection)
        core.publish(group, b"missed", droppable=False)
        core.drop_group(group)
        connection.send("after")
        assert [client.recv() for _ in range(4)] == ["before", '"é"', b"\xff\x00", "after"]


def test_a_member_that_was_behind_is_told_what_it_lost() -> None:
    with listen() as server, socket.create_connection(server.core.address) as client:
        core = server.core
        client.sendall(
            f"GET / HTTP/1.1\r\nHost: {server.host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        ident, connection = server.next(_core.OPENED)
        prompt, member = server.opened()
        group = core.group()
        core.join_group(group, connection)
        core.join_group(group, member)
        connection.send(bytes(64 << 20))  # more than the kernel takes
        core.publish(group, b"lost", droppable=True)
        core.publish(group, b"kept", droppable=True)
        while prompt.recv() != "kept":  # until then the first one must not read
            pass
        received = bytearray()
        while not received.endswith(b"\x81\x04kept"):
            received = received[-10:] + client.recv(1 << 20)
        assert server.next(_core.DROPPED) == (ident, (group, 1, 2))


def test_what_cannot_be_is_refused() -> None:
    with listen() as server, listen() as other:
        _, connection = server.opened()
        group = server.core.group()
        with pytest.raises(ValueError, match="UTF-8"):
            server.core.publish(group, b"\xff", droppable=True)
        with pytest.raises(ValueError, match="another server"):
            other.core.join_group(other.core.group(), connection)
        with pytest.raises(ValueError, match="another server"):
            other.core.leave_group(other.core.group(), connection)
        server.core.publish(group + 1000, b"nobody", droppable=True)
        server.core.drop_group(group + 1000)
