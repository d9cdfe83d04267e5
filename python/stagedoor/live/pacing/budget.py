"""`Budget`: how much of a frame stagedoor may take, and how often topics are read for it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

WINDOW: Final = 60
"""The cost is measured over this many frames."""
MOST: Final = 16
"""The most thinning: topics are read at least once in this many frames."""
_OVER: Final = 1.1
"""A cost of more than this many times the budget is too much. Calls are not interrupted, so a busy
frame takes a little more than the budget."""
_WELL_WITHIN: Final = 0.9
"""Topics are read more often if the cost would then be less than this part of the budget."""
_MUCH: Final = 0.1
"""Topics are read less often only if they take more than this part of the budget."""
_LITTLE: Final = 0.05
"""Topics are read more often if they take less than this part of the budget."""


class Budget:
    """Measures what stagedoor takes of each frame, and thins telemetry while that is too much.

    Thinning means that topics are read less often. Frames with nothing to do are not counted.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        """The budget: what callers and telemetry may take of a frame."""
        self.cost = 0.0
        """Seconds that they took of a frame: the mean over the last `WINDOW` frames."""
        self.thinning = 1
        """Topics are read once in this many frames."""
        self.listeners: list[Callable[[], object]] = []
        """Called when the thinning has changed."""
        self._frames = 0
        self._cost = 0.0
        self._telemetry = 0.0

    def count(self, seconds: float, telemetry: float) -> None:
        """Count a frame. `seconds`: what stagedoor took of it. `telemetry`: the part for topics."""
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
            # Half the thinning doubles the cost of telemetry.
            self.cost + telemetry < self.seconds * _WELL_WITHIN
            or telemetry < self.seconds * _LITTLE
        ):
            thinning = max(thinning // 2, 1)
        if thinning != self.thinning:
            self.thinning = thinning
            for listener in self.listeners:
                listener()
