"""`log`: what this process has said while a stage was open. One for all, as Python's hooks are."""

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

Tell: TypeAlias = Callable[[], None]


class Log:
    """Keeps what is said, from the first `open()` to the last `close()`.

    `open` and `close` are for one thread at a time; the rest is safe for any.
    """

    def __init__(self) -> None:
        self.ring = Ring()
        self.is_on = False
        self.muted: set[int] = set()
        """Threads in which a hook is handing on: what they write to the streams is told already."""
        self._owners: dict[weakref.ref[object], weakref.WeakMethod[Tell]] = {}
        self._patches: list[Patch] = []
        self._lines: list[Lines] = []

    def open(self, owner: object, tell_the_end: Tell) -> None:
        """Begin to listen, unless somebody has begun already.

        `tell_the_end`, a method of the owner, is called when an exception is about to end the
        program, on its thread. An owner that nobody has any more leaves by itself.
        """
        self._owners[weakref.ref(owner, self._leave)] = weakref.WeakMethod(tell_the_end)
        if not self.is_on:
            self.is_on = True
            self._install()

    def close(self, owner: object) -> None:
        """The last one to leave puts everything back to where it was. What was said is kept."""
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
        """In a forked child: what was said is the parent's, and so is who listens."""
        self.ring.clear()
        self._owners.clear()
        self.muted.clear()
        self._stop()

    def settle(self) -> None:
        """Tell of lines that were begun a while ago, and have no end yet."""
        for lines in self._lines:
            lines.settle()

    @contextmanager
    def mute(self) -> Iterator[None]:
        """In the block, what this thread writes to the streams is not told."""
        ident = get_ident()
        is_outermost = ident not in self.muted
        self.muted.add(ident)
        try:
            yield
        finally:
            if is_outermost:
                self.muted.discard(ident)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """What goes wrong in telling must not stop what is told of; it is counted as lost."""
        try:
            yield
        except Exception:
            self.ring.skip(1)

    def end(self) -> None:
        """An exception is about to end the program."""
        for method in list(self._owners.values()):
            if (tell := method()) is not None:
                try:
                    tell()
                except Exception:
                    logger.exception("the end of the game cannot be told")

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
        if stream is None:  # pythonw
            return
        lines = Lines(self, name)
        try:
            self._patches.append(Patch(stream, "write", lines.writer))
        except (AttributeError, TypeError):
            # Something of the program's own that cannot be listened to: it goes on as it is.
            logger.debug("sys.%s cannot be listened to: %r", name, stream)
            return
        self._lines.append(lines)


log = Log()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=log.forget)
