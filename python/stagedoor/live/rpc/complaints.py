"""`Complaints`: logs what clients do wrong, at most once a minute for each cause."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Final

logger = logging.getLogger("stagedoor")

_PAUSE: Final = 60.0
"""A cause is logged at most once in this many seconds."""


class Complaints:
    """Logs a warning for each cause at most once a minute, so that no client can fill the log.

    Warnings that are not logged are counted, and the next one that is logged gives their number.
    Any thread may call it.
    """

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._suppressed: dict[str, int] = {}

    def add(self, cause: str, text: str) -> None:
        """Log a warning, or count it.

        `cause` is one of a few constants, never made from what a client sent. `text` is one line.
        """
        now = monotonic()
        if now < self._next.get(cause, 0.0):
            self._suppressed[cause] = self._suppressed.get(cause, 0) + 1
            return
        self._next[cause] = now + _PAUSE
        suppressed = self._suppressed.pop(cause, 0)
        more = f" ({suppressed:,} more like this before, not logged)" if suppressed else ""
        logger.warning("%s%s", text, more)
