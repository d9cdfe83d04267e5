"""`Budget`: what stagedoor may take of a frame, and what gives when it takes more. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

WINDOW: Final = 60
"""Frames over which the cost is reckoned."""
MOST: Final = 16
"""Topics are read in one frame of so many at least."""
_OVER: Final = 1.1
"""Times the budget; callers are answered by whole calls, so that a full frame takes a little more
than the budget."""
_WELL_WITHIN: Final = 0.9
_MUCH: Final = 0.1
_LITTLE: Final = 0.05
"""Parts of the budget that telemetry takes: whether less of it would help."""


class Budget:
    """Counts what stagedoor takes of each frame, and thins telemetry while that is too much.

    Frames in which there is nothing to do cost nothing, and are not counted.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        """Of a frame, for callers and telemetry."""
        self.cost = 0.0
        """Seconds a frame, the mean of the last window."""
        self.thinning = 1
        """Topics are read in one frame of so many."""
        self.listeners: list[Callable[[], object]] = []
        """Called when the thinning has changed."""
        self._frames = 0
        self._cost = 0.0
        self._telemetry = 0.0

    def count(self, seconds: float, telemetry: float) -> None:
        """A frame took so many seconds of stagedoor, and of these so many for topics."""
        self._cost += seconds
        self._telemetry += telemetry
        self._frames += 1
        if self._frames < WINDOW:
            return
        self.cost, telemetry = self._cost / WINDOW, self._telemetry / WINDOW
        self._cost = self._telemetry = 0.0
        self._frames = 0
        thinning = self.thinning
        if self.cost > self.seconds * _OVER and telemetry > self.seconds * _MUCH:
            thinning = min(thinning * 2, MOST)
        elif (
            # Half the thinning doubles what telemetry takes.
            self.cost + telemetry < self.seconds * _WELL_WITHIN
            or telemetry < self.seconds * _LITTLE
        ):
            thinning = max(thinning // 2, 1)
        if thinning != self.thinning:
            self.thinning = thinning
            for listener in self.listeners:
                listener()
