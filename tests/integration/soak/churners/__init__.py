"""What comes and goes, one kind in each file: a function `round` that comes, does, and leaves."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from random import Random

from websockets.exceptions import ConnectionClosed

from ..door import Door
from . import bombs, calls, comings, pauses, reloads, resets, rotations, slow_readers, subscribers

Round = Callable[[Door, Random], None]

CHURNERS: dict[str, tuple[Round, float]] = {
    "comings": (comings.round, 0.02),
    "resets": (resets.round, 0.02),
    "slow readers": (slow_readers.round, 0.1),
    "bombs": (bombs.round, 0.2),
    "calls": (calls.round, 0.01),
    "subscribers": (subscribers.round, 0.02),
    "reloads": (reloads.round, 0.02),
    "rotations": (rotations.round, 3.0),
    "pauses": (pauses.round, 0.3),
}
"""By name: one round, and the seconds between two of them."""


class Churn(threading.Thread):
    """One kind of churn, until it is told to stop."""

    def __init__(self, name: str, door: Door, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._round, self._pause = CHURNERS[name]
        self._door = door
        self._stop_ = stop
        self.rounds = 0
        self.cut_short = 0
        """Rounds in the middle of which the tokens changed."""
        self.errors: list[str] = []

    def run(self) -> None:
        random = Random(self.name)
        while not self._stop_.wait(self._pause):
            try:
                self._round(self._door, random)
                self.rounds += 1
            except TimeoutError:
                self.errors.append(traceback.format_exc())
            except (ConnectionClosed, ConnectionError, EOFError):
                self.cut_short += 1
            except Exception:
                self.errors.append(traceback.format_exc())
