"""`Lifetime`: what ends a server that nobody closes: the interpreter's exit, its own collection, a
fork."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from stagedoor.live.net import threads
from stagedoor.live.net.handlers import logger

if TYPE_CHECKING:
    from threading import Thread

    from stagedoor import _core

_PATIENCE = 2.0
"""Seconds that events may wait before a log line says that nobody polls."""


class Mortal(Protocol):
    """A server that listens."""

    def forget(self) -> None:
        """In a forked child: the server is the parent's."""


class Lifetime:
    """The native threads of one server from `listen()` on, and the thread that watches it.

    They end with `end()`, or when the server is collected, at the latest when the interpreter
    exits: no thread of ours may outlive it. A forked child has none of them.
    """

    def __init__(
        self, server: Mortal, network: _core.NetworkThread, watch: Callable[..., None]
    ) -> None:
        """`watch` is called with the network thread, on a thread of its own; like this object, it
        must not keep the server. Raises RuntimeError if there is no thread to be had; the server
        has ended then."""
        try:
            thread = threads.start(watch, network, name="stagedoor-watch")
        except BaseException:
            network.join()
            raise
        self._end = weakref.finalize(server, _end, network, thread)
        _living.add(server)

    def end(self) -> None:
        """The server has closed: wait for its threads."""
        if (found := self._end.peek()) is not None:
            _living.discard(found[0])
        self._end()

    def forget(self) -> None:
        """In a forked child there is nothing to wait for."""
        self._end.detach()


def warn_when_neglected(network: _core.NetworkThread, advice: str) -> None:
    """The watch of a bare server, asleep in native code."""
    if network.wait_neglected(_PATIENCE):
        logger.warning("clients have waited for %.0f s and nobody polls: %s", _PATIENCE, advice)


_living: weakref.WeakSet[Any] = weakref.WeakSet()


def _end(network: _core.NetworkThread, watch: Thread) -> None:
    network.join()
    if watch.ident != threads.get_ident():
        watch.join()


def _after_fork_in_child() -> None:
    """The sockets are closed already: see crates/server/src/io/descriptors.rs."""
    for server in list(_living):
        server.forget()
    _living.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
