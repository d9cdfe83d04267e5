"""`Peers`: the open connections of a `Transport`, and what becomes of its events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from stagedoor import _core
from stagedoor._core import CLOSED, DROPPED, FAILED, OPENED, REFUSED, SENT, CloseCause
from stagedoor.live.net.complaints import Complaints
from stagedoor.live.net.handlers import HANDLER_ERRORS, Handler, logger
from stagedoor.live.net.peer import Peer
from stagedoor.wire.close_codes import ABNORMAL


class Peers:
    """Makes a `Peer` when a connection opens, and tells it what happens, messages apart.

    On the polling thread. Going through the peers is safe on any thread.
    """

    def __init__(
        self, stopped: Callable[[str | None], None], face: object, complaints: Complaints
    ) -> None:
        """`stopped`: called at a server's last event. `face`: what stands for it in the log."""
        self.on_open: Callable[[Peer], None] = _core.ignore
        """Called with each new peer."""
        self.face = face
        self._complaints = complaints
        self._stopped = stopped
        self._by_id: dict[int, Peer] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Peer]:
        return iter(list(self._by_id.values()))

    def get(self, key: int) -> Peer | None:
        """The peer that an event is about."""
        return self._by_id.get(key)

    def handle(self, event: tuple[int, int, Any]) -> None:
        """Handle an event that is not a message. What a callback of a connection raises is reported
        to that connection."""
        kind, ident, data = event
        peer = self._by_id.get(ident)
        try:
            if kind == SENT:
                for callback in data:
                    self.call(callback, None, peer)
            elif kind == OPENED:
                self._by_id[ident] = peer = Peer(data, self._complaints)
                self.on_open(peer)
                if peer.on_connect is not None:
                    peer.on_connect()
            elif kind == FAILED:
                if peer is not None:
                    peer.failed(data)
            elif kind == DROPPED:
                if peer is not None and peer.on_dropped is not None:
                    group, count, _ = data
                    peer.on_dropped(group, count)
            elif kind == REFUSED:
                logger.warning("%s", data)  # the network thread has a limit for these
            elif kind == CLOSED:
                code, reason, cause, error, unsent = data
                for callback in unsent:
                    self.call(callback, error or "the connection is closed", peer)
                if peer is not None:
                    del self._by_id[ident]
                    peer.closed(code, reason, cause, error)
            else:
                error, unsent = data
                for callback in unsent:
                    self.call(callback, error)
                self._stopped(error)
        except HANDLER_ERRORS as error:
            if peer is None:
                raise
            peer.handler_raised(error)

    def end(self, error: str | None) -> None:
        """The server has ended, and with it those who are still here."""
        peers = list(self)
        self._by_id.clear()
        for peer in peers:
            peer.closed(ABNORMAL, "", CloseCause.FAILED, error)

    def call(self, callback: Handler, argument: object, peer: Peer | None = None) -> None:
        """Call a program's callback. What it raises is reported to that peer, or logged."""
        try:
            callback(argument)
        except HANDLER_ERRORS as error:
            if peer is not None:
                peer.handler_raised(error)
            else:
                self._complaints.add("callback", "%r: a callback raised", self.face, error=error)

    def forget(self) -> None:
        """In a forked child: they are the parent's."""
        for peer in self._by_id.values():
            peer.forget()
        self._by_id.clear()
