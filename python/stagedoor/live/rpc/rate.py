"""`Rate`: how many calls a second somebody may make."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Final

_PORTION: Final = 100
"""Calls for which the clock is read once."""


class Rate:
    """Grants `most` calls in any second, give or take a portion that was granted before it."""

    def __init__(self, most: int) -> None:
        self._granted: deque[float] = deque(maxlen=most // _PORTION)
        """When each of the newest portions was granted."""
        self._left = 0

    def take(self) -> bool:
        """Whether one more call is granted now."""
        if self._left == 0:
            now = monotonic()
            granted = self._granted
            if len(granted) == granted.maxlen and now - granted[0] < 1.0:
                return False
            granted.append(now)
            self._left = _PORTION
        self._left -= 1
        return True
