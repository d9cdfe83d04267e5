"""`Complaints`: decides what the log gets of everything that clients can cause.

Nothing that a message of a client leads to is logged in any other way, in Python. The network
thread has the same rule for those it refuses: `crates/server/src/gate/refusals.rs`.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable
from time import monotonic
from typing import Final

from stagedoor.live.net.threads import RLock
from stagedoor.wire.text import exact, frames_of, traceback_of

logger = logging.getLogger("stagedoor")

MAX_TEXT: Final = 10_000
"""Characters of a line, and of its traceback, that are logged."""
MAX_KINDS: Final = 64
"""Kinds that have a line of their own in a minute. The others share one."""
_PAUSE: Final = 60.0
"""A kind is logged at most once in this many seconds."""
_OTHERS: Final = object()


class Complaints:
    """Logs at most one line a minute of each kind, so that no client can fill the log.

    What is not logged is counted, and the next line of its kind says how many there were. Any
    thread may call it, and so may a signal handler.
    """

    def __init__(self) -> None:
        self._lock = RLock()
        self._kinds: dict[Hashable, list[float]] = {}
        """Of each kind: until when it is quiet, and how many lines were not logged."""

    def add(
        self,
        kind: Hashable,
        text: str,
        *values: object,
        error: BaseException | None = None,
        level: int = logging.WARNING,
    ) -> bool:
        """Log a line, or count it. Returns whether it was logged.

        `kind` is made of constants and of names that the game has given, never of what a client
        sent. `text` and `values` are as in `logging`; the values are not looked at if the line is
        only counted. `error`: the exception, whose traceback follows; it makes the level ERROR.
        """
        counted = self._count(kind)
        if counted is None:
            return False
        level = level if error is None else logging.ERROR
        if not logger.isEnabledFor(level):
            return True
        line = cut(exact(text % values if values else text))
        if counted:
            line += f" ({counted:,} more like this before, not logged)"
        file, number, function, _ = logger.findCaller(stacklevel=2)
        info = None if error is None else (type(error), error, frames_of(error))
        record = logger.makeRecord(logger.name, level, file, number, "%s", (line,), info, function)
        if error is not None:
            record.exc_text = cut(traceback_of(error))
        logger.handle(record)
        return True

    def _count(self, kind: Hashable) -> int | None:
        """None if this is not the time for a line of this kind; else how many were not logged."""
        now = monotonic()
        with self._lock:
            if kind not in self._kinds and len(self._kinds) >= MAX_KINDS:
                self._kinds = {each: row for each, row in self._kinds.items() if now < row[0]}
                if len(self._kinds) >= MAX_KINDS:
                    kind = _OTHERS
            row = self._kinds.setdefault(kind, [now, 0])
            if now < row[0]:
                row[1] += 1
                return None
            counted = int(row[1])
            row[:] = now + _PAUSE, 0
            return counted


def cut(text: str) -> str:
    """The text, or both ends of one that is too long: they say the most."""
    if len(text) <= MAX_TEXT:
        return text
    half = MAX_TEXT // 2
    return f"{text[:half]} [...] {text[-half:]}"
