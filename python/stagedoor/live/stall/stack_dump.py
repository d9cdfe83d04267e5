"""`StackDump`: lets a native thread read all stacks while it cannot get the GIL."""

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
"""Bytes: enough for the stacks of a hundred threads. What does not fit is lost."""

logger = logging.getLogger("stagedoor")

_dumps: weakref.WeakSet[StackDump] = weakref.WeakSet()


class StackDump:
    """Makes `faulthandler` write all stacks to a pipe on a signal that nothing else uses.

    The network thread raises this signal on itself, and reads the pipe. Without a free signal or a
    pipe, a `StackDump` does nothing. `close()` undoes `faulthandler.register`, and nothing else of
    `faulthandler` is changed.
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
            logger.warning("if the game hangs and keeps the GIL, nothing can say where: %s", error)
            return
        # The handler runs on the thread that reads the pipe, so it must not wait for the reader.
        os.set_blocking(reader, False)
        os.set_blocking(self._writer, False)
        _enlarge(self._writer)
        faulthandler.register(self._signal, self._writer, all_threads=True)
        network.set_dump(self._signal, reader)
        _dumps.add(self)

    def close(self) -> None:
        """Undo it. When this returns, the signal is not raised any more."""
        if self in _dumps:
            self._network.end_dump()
            self.forget()

    def forget(self) -> None:
        """Free the signal and close our end of the pipe. In a forked child, the parent has both."""
        _dumps.discard(self)
        if self._signal is not None and sys.platform != "win32":
            faulthandler.unregister(self._signal)
            os.close(self._writer)


def _enlarge(pipe: int) -> None:
    if sys.platform == "linux":
        import fcntl

        try:
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
        except OSError:  # this user may not have so large a pipe
            return


def _after_fork_in_child() -> None:
    for dump in list(_dumps):
        dump.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
