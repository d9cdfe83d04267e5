"""`Rate`: how many calls a second somebody may make."""

from __future__ import annotations

from collections import deque
from itertools import cycle
from time import monotonic
from typing import Final

_PORTIONS: Final = 100
"""A second's calls are granted in so many: the clock is read once for each."""


class Rate:
    """Grants `most` calls in any second, give or take a portion that was granted before it."""

    def __init__(self, most: int) -> None:
        portions = min(most, _PORTIONS)
        self._granted: deque[float] = deque(maxlen=portions)
        """When each of the newest portions was granted."""
        self._portion, larger = divmod(most, portions)
        self._larger = cycle([1] * larger + [0] * (portions - larger))
        """How many more calls than others the next portion has: any `portions` make `most`."""
        self.left = 0
        """Calls that are granted already; who counts one off need not call `take()`."""

    def take(self) -> bool:
        """Whether one more call is granted now."""
        if self.left == 0:
            now = monotonic()
            granted = self._granted
            if len(granted) == granted.maxlen and now - granted[0] < 1.0:
                return False
            granted.append(now)
            self.left = self._portion + next(self._larger)
        self.left -= 1
        return True
