"""`Listener`: where a stage listens, by what name it is found, and who is let in."""

from __future__ import annotations

import errno
import logging
import os
import time
from collections.abc import Sequence
from typing import Final

from stagedoor.limits import Limits
from stagedoor.live.access.registry import Announcement
from stagedoor.live.net.options import Options, StrPath
from stagedoor.live.net.peer import Peer
from stagedoor.live.net.transport import Transport
from stagedoor.live.rpc.hub import Hub, SessionChange
from stagedoor.live.rpc.session import Session
from stagedoor.processes import birth_of
from stagedoor.wire.authority import authority
from stagedoor.wire.close_codes import NOT_AUTHENTICATED
from stagedoor.wire.games import Game
from stagedoor.wire.roles import Role

logger = logging.getLogger("stagedoor")

DEFAULT_PORT: Final = 8787
_PORTS_TRIED: Final = 100
_CHANGED: Final = "the tokens have changed"


class Listener:
    """The server of a stage, as the world finds it. Game thread only, but for those who come in
    while the game is stalled."""

    def __init__(self, hub: Hub, transport: Transport) -> None:
        self._hub = hub
        self._transport = transport
        self._host = ""
        self._announcement: Announcement | None = None
        self._generation = 0
        """Of the tokens: how often they were rotated."""
        transport.set_tokens(hub.keys.for_core())
        transport.peers.on_open = self._connected
        hub.on_session.append(self._session_changed)

    @property
    def url(self) -> str | None:
        """What a client on this machine connects to; None when the stage is closed."""
        port = self._transport.port
        if port is None:
            return None
        scheme = "ws" if self._transport.options.certificate is None else "wss"
        return f"{scheme}://{authority(_local(self._host), port)}/"

    def open(self, port: int | None, host: str) -> None:
        """Listen, at 8787 or the next free port if none is given, and be found by name. Raises
        OSError."""
        self._host = host
        first = DEFAULT_PORT if port is None else port
        last = first + _PORTS_TRIED if port is None else first
        for candidate in range(first, last + 1):
            try:
                self._transport.listen(candidate, host)
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE or candidate == last:
                    raise
        assert self._transport.port is not None
        assert self.url is not None
        game = Game(
            name=self._hub.name,
            pid=os.getpid(),
            host=host,
            port=self._transport.port,
            url=self.url,
            started=time.time(),
            certificate=self._transport.options.certificate,
            born=birth_of(os.getpid()),
        )
        self._announcement = Announcement(game, self._hub.keys.tokens)

    def withdraw(self) -> None:
        """Be found no more."""
        if self._announcement is not None:
            self._announcement.withdraw()
            self._announcement = None

    def rotate_tokens(self) -> None:
        """Make new tokens; connections that were let in by the old ones are closed with 4401."""
        self._hub.keys.rotate()
        self._generation = self._transport.set_tokens(self._hub.keys.for_core())
        if self._announcement is not None:
            try:
                self._announcement.write_tokens(self._hub.keys.tokens)
            except OSError as error:
                logger.warning(
                    "the new tokens of %s are nowhere to be read: %s", self._hub.name, error
                )
        for session_ in list(self._hub.sessions):
            session_.expel(NOT_AUTHENTICATED, _CHANGED)

    def _connected(self, connection: Peer) -> None:
        if connection.token_generation < self._generation:
            # It came in by an old token while the tokens were changed.
            connection.close(NOT_AUTHENTICATED, _CHANGED)
            return
        role = connection.role
        self._hub.connected(connection, None if role is None else Role(role))

    def _session_changed(self, session: Session, change: SessionChange) -> None:
        if change == "authenticated":
            session.connection.authenticate()


def transport_for(
    limits: Limits,
    hosts: Sequence[str],
    origins: Sequence[str],
    tls: tuple[StrPath, StrPath] | None,
) -> Transport:
    """The transport of a stage with these limits, not listening."""
    options = Options(
        {},
        hosts=hosts,
        origins=origins,
        subprotocols=["stagedoor.json"],
        compression=True,
        tls=tls,
    )
    options.limits = limits
    options.forgets_the_gone = True
    return Transport(options)


def _local(host: str) -> str:
    """The address under which this machine reaches a server that listens at this host."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
