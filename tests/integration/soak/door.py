"""`Door`: how clients of the soak get in, with the tokens that hold now."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rpc.peer import Game, Peer
from server.raw import RawClient

from stagedoor.wire.roles import RoleName


class Door:
    """The game, and who may come in when: nobody while tokens change, for a client that shows an
    old one counts as one that guesses, and a few of those keep everybody on this machine out."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self._changed = threading.Condition()
        self._entering = 0
        self._is_shut = False

    @contextmanager
    def peer(self, role: RoleName = "viewer") -> Iterator[Peer]:
        """A client that behaves."""
        with self._open():
            entering = self.game.peer(role)
            peer = entering.__enter__()
        try:
            yield peer
        finally:
            entering.__exit__(None, None, None)

    def raw(self, *headers: str, receive_buffer: int | None = None) -> RawClient:
        """A viewer that can misbehave."""
        with self._open():
            client = RawClient(self.game.port, receive_buffer=receive_buffer)
            token = self.game.tokens.of("viewer")
            client.upgrade(headers=[f"Authorization: Bearer {token}", *headers])
        return client

    @contextmanager
    def _open(self) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._is_shut)
            self._entering += 1
        try:
            yield
        finally:
            with self._changed:
                self._entering -= 1
                self._changed.notify_all()

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Nobody comes in meanwhile; only one may do this."""
        with self._changed:
            self._is_shut = True
            self._changed.wait_for(lambda: self._entering == 0)
        try:
            yield
        finally:
            with self._changed:
                self._is_shut = False
                self._changed.notify_all()
