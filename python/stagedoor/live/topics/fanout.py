"""`Fanout`: a server's groups of connections, for topics."""

from __future__ import annotations

from stagedoor.live.net.websocket import WebSocketServer, WebSocketServerConnection


class Fanout:
    """Passes groups and messages to the network thread.

    The network thread frames a message once for all members of a group. While the server does not
    listen, nothing happens. Game thread only, except `publish()`, which any thread may call.
    """

    def __init__(self, server: WebSocketServer) -> None:
        self._server = server

    def group(self) -> int:
        """A new group, empty."""
        core = self._server._core
        return 0 if core is None else core.group()

    def drop_group(self, group: int) -> None:
        """End a group."""
        if (core := self._server._core) is not None:
            core.drop_group(group)

    def join(self, group: int, connection: WebSocketServerConnection) -> None:
        """Add a connection. It gets what was sent to it before, then what is published after."""
        if (core := self._server._core) is not None:
            core.join_group(group, connection._core)

    def leave(self, group: int, connection: WebSocketServerConnection) -> None:
        """Take a connection out. It gets no more messages of the group."""
        if (core := self._server._core) is not None:
            core.leave_group(group, connection._core)

    def publish(self, group: int, payload: bytes, *, droppable: bool) -> None:
        """Send a message to every member. A newer message may replace a droppable one."""
        if (core := self._server._core) is not None:
            core.publish(group, payload, droppable=droppable)
