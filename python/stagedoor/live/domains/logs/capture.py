"""`log`: records what this process says while a stage is open.

Python's hooks and streams belong to the process, so there is one log for all stages.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TypeAlias

from stagedoor.live.domains.logs import hooks
from stagedoor.live.domains.logs.patch import Patch
from stagedoor.live.domains.logs.ring import Ring
from stagedoor.live.domains.logs.streams import Lines, StreamName

logger = logging.getLogger("stagedoor")

AtEnd: TypeAlias = Callable[[BaseException], None]


class Log:
    """Records what the process says, from the first `open()` to the last `close()`.

    Only one thread at a time may call `open` or `close`. Any thread may call the other methods.
    """

    def __init__(self) -> None:
        self.ring = Ring()
        self.is_on = False
        self.muted: set[int] = set()
        """Threads that a hook has muted: what they write to the streams is recorded already."""
        self._owners: dict[weakref.ref[object], weakref.WeakMethod[AtEnd]] = {}
        self._patches: list[Patch] = []
        self._lines: list[Lines] = []

    def open(self, owner: object, tell_the_end: AtEnd) -> None:
        """Begin to record, unless another owner has begun already.

        `tell_the_end` is a method of the owner. It is called with an uncaught exception that is
        about to end the program, on the thread of the exception. An owner that is garbage-collected
        leaves by itself.
        """
        self._owners[weakref.ref(owner, self._leave)] = weakref.WeakMethod(tell_the_end)
        if not self.is_on:
            self.is_on = True
            self._install()

    def close(self, owner: object) -> None:
        """Leave. The last owner to leave restores the hooks and streams. Records are kept."""
        self._leave(weakref.ref(owner))

    def _leave(self, owner: weakref.ref[object]) -> None:
        self._owners.pop(owner, None)
        if not self._owners:
            self._stop()

    def _stop(self) -> None:
        self.is_on = False
        patches, self._patches = self._patches, []
        for patch in reversed(patches):
            patch.undo()
        self._lines.clear()

    def forget(self) -> None:
        """For a forked child: drop the records and the owners, which are the parent's."""
        self.ring.clear()
        self._owners.clear()
        self.muted.clear()
        self._stop()

    def settle(self) -> None:
        """Record lines that were begun a while ago and have not ended."""
        for lines in self._lines:
            lines.settle()

    @contextmanager
    def mute(self) -> Iterator[None]:
        """In the block, what this thread writes to the streams is not recorded."""
        ident = get_ident()
        is_outermost = ident not in self.muted
        try:
            self.muted.add(ident)
            yield
        finally:
            if is_outermost:
                self.muted.discard(ident)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """In the block, an error is counted as a lost record: it must not reach the game."""
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException:
            self.ring.skip(1)

    def end(self, error: BaseException) -> None:
        """Tell the owners that this exception is about to end the program."""
        for method in list(self._owners.values()):
            if (tell := method()) is not None:
                try:
                    tell(error)
                except Exception:
                    logger.exception("the last records before the game's end could not be sent")

    def _install(self) -> None:
        self._patches = [
            Patch(logging.Logger, "callHandlers", hooks.logging_hook(self)),
            Patch(sys, "excepthook", hooks.exception_hook(self)),
            Patch(threading, "excepthook", hooks.thread_hook(self)),
            Patch(sys, "unraisablehook", hooks.unraisable_hook(self)),
            Patch(warnings, "showwarning", hooks.warning_hook(self)),
        ]
        self._listen_to("stdout")
        if sys.stderr is not sys.stdout:
            self._listen_to("stderr")

    def _listen_to(self, name: StreamName) -> None:
        stream = getattr(sys, name)
        if stream is None:  # as under pythonw
            return
        lines = Lines(self, name)
        try:
            self._patches.append(Patch(stream, "write", lines.writer))
        except Exception:  # AttributeError, TypeError, or what its `__setattr__` raises
            # The program has put an object of its own there, and its `write` cannot be replaced.
            logger.debug("sys.%s cannot be recorded: %r", name, stream)
            return
        self._lines.append(lines)


log = Log()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=log.forget)
