"""`Complaints`: what clients do wrong, in the log, but no more often than once a minute."""

from __future__ import annotations

import logging
from time import monotonic
from typing import Final

logger = logging.getLogger("stagedoor")

_PAUSE: Final = 60.0
"""Seconds in which one cause is logged once."""


class Complaints:
    """Logs a warning for each cause once a minute; a client cannot fill the log.

    What was not logged is counted, and told with the next one that is. From any thread.
    """

    def __init__(self) -> None:
        self._next: dict[str, float] = {}
        self._suppressed: dict[str, int] = {}

    def add(self, cause: str, text: str) -> None:
        """`cause` is one of few, never made from what a client sent; `text` is one line."""
        now = monotonic()
        if now < self._next.get(cause, 0.0):
            self._suppressed[cause] = self._suppressed.get(cause, 0) + 1
            return
        self._next[cause] = now + _PAUSE
        suppressed = self._suppressed.pop(cause, 0)
        more = f" ({suppressed:,} more like this before, not logged)" if suppressed else ""
        logger.warning("%s%s", text, more)
