"""`Fanout`: a server's groups of connections, for topics."""

from __future__ import annotations

from stagedoor.live.net.websocket import WebSocketServer, WebSocketServerConnection


class Fanout:
    """Hands over to the network thread, which frames once for all members of a group.

    While the server does not listen nothing happens. Game thread only, but for `publish()`.
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
        """What was sent on the connection before comes before anything published after."""
        if (core := self._server._core) is not None:
            core.join_group(group, connection._core)

    def leave(self, group: int, connection: WebSocketServerConnection) -> None:
        """The connection gets no more of it."""
        if (core := self._server._core) is not None:
            core.leave_group(group, connection._core)

    def publish(self, group: int, payload: bytes, *, droppable: bool) -> None:
        """One message for every member; a droppable one may be replaced by a newer one."""
        if (core := self._server._core) is not None:
            core.publish(group, payload, droppable=droppable)
