"""`LoopBridge`: a server whose callbacks run in a running asyncio loop, without any call."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from stagedoor import _core

_BUDGET = 0.005
"""Seconds of callbacks after which the loop gets to do something else."""


class Polled(Protocol):
    """A server that listens."""

    poll_in_loop: Callable[[float], int]
    """Handles what has come, for so many seconds; returns the number of events."""

    def arm(self) -> bool:
        """Ask for a byte on the notifier when the next event comes. False: there is one now."""


class LoopBridge:
    """Polls when the network thread says so, by a byte on a socket that the loop watches."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        core: _core.Server,
        server: Polled,
        *,
        is_kept: bool,
    ) -> None:
        """`is_kept`: the loop keeps the server, which may have no other owner."""
        self._loop = loop
        self._server: Callable[[], Polled | None] = (
            (lambda: server) if is_kept else weakref.ref(server)
        )
        self._ours, theirs = socket.socketpair()
        self._ours.setblocking(False)
        theirs.setblocking(False)
        core.set_notifier(theirs.detach())
        self._reader: asyncio.Task[None] | None = None
        self._is_closed = False
        # A loop may end before the server does, and the program before both.
        self._close_socket = weakref.finalize(self, self._ours.close)
        try:
            loop.add_reader(self._ours, self._run)
        except NotImplementedError:  # the proactor loop of Windows
            self._reader = loop.create_task(self._read())
        loop.call_soon(self._run)

    def wake(self) -> None:
        """Poll soon. May be called from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there to be told
            self._loop.call_soon_threadsafe(self._run)

    def _run(self) -> None:
        if self._is_closed or (server := self._server()) is None:
            return
        with contextlib.suppress(BlockingIOError):
            self._ours.recv(64)
        again = True
        try:
            again = server.poll_in_loop(_BUDGET) > 0
        finally:
            if not self._is_closed and (again or not server.arm()):
                self._loop.call_soon(self._run)

    async def _read(self) -> None:
        is_open = True
        while is_open and not self._is_closed:
            is_open = bool(await self._loop.sock_recv(self._ours, 64))
            self._run()

    def close(self) -> None:
        """The server has ended; on the loop's thread."""
        self._is_closed = True
        if self._loop.is_closed():
            self._close_socket()
        elif self._reader is not None:
            self._reader.add_done_callback(lambda _: self._close_socket())
            self._reader.cancel()
        else:
            self._loop.remove_reader(self._ours)
            self._close_socket()

    def abandon(self) -> None:
        """Nobody polls any more; on any thread."""
        self._is_closed = True
        try:
            self._loop.call_soon_threadsafe(self.close)
        except RuntimeError:  # the loop is closed
            self._close_socket()

    def forget(self) -> None:
        """In a forked child: the loop is the parent's."""
        self._is_closed = True
        self._close_socket()
