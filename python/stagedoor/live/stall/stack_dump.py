"""`StackDump`: where every thread is, for a native thread that cannot have the GIL."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagedoor import _core

PIPE_SIZE = 1 << 20
"""Bytes that the stacks of a hundred threads may take; what does not fit is lost."""

logger = logging.getLogger("stagedoor")

_dumps: weakref.WeakSet[StackDump] = weakref.WeakSet()


class StackDump:
    """Lets `faulthandler` write all stacks to a pipe on a signal that nothing else uses, and the
    network thread raise it on itself.

    Where no signal or no pipe can be had, it does nothing. `faulthandler.register` is undone
    by `close()`; nothing else of `faulthandler` is touched.
    """

    def __init__(self, network: _core.NetworkThread) -> None:
        self._network = network
        self._signal = network.free_signal()
        if self._signal is None or sys.platform == "win32":
            return
        try:
            reader, self._writer = os.pipe()
        except OSError as error:
            self._signal = None
            logger.warning("nobody can tell where a game hangs that holds the GIL: %s", error)
            return
        # A handler that waits for its reader would wait on the reader's own thread.
        os.set_blocking(reader, False)
        os.set_blocking(self._writer, False)
        _enlarge(self._writer)
        faulthandler.register(self._signal, self._writer, all_threads=True)
        network.set_dump(self._signal, reader)
        _dumps.add(self)

    def close(self) -> None:
        """Nobody raises the signal any more when this returns."""
        if self in _dumps:
            self._network.end_dump()
            self.forget()

    def forget(self) -> None:
        """In a forked child: the pipe is the parent's."""
        _dumps.discard(self)
        if self._signal is not None and sys.platform != "win32":
            faulthandler.unregister(self._signal)
            os.close(self._writer)


def _enlarge(pipe: int) -> None:
    if sys.platform == "linux":
        import fcntl

        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        except OSError:  # more than this user may have
            return


def _after_fork_in_child() -> None:
    for dump in list(_dumps):
        dump.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
