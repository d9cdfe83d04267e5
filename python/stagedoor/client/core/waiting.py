"""What a client can wait for: `Waitable` and `Condition`. `left()`: the time until a deadline."""

import time
from collections.abc import Callable
from typing import Protocol


class Waitable(Protocol):
    """Something that becomes ready, as a call or a feed. The face that waits sets `wake`, which is
    called after every change."""

    wake: Callable[[], None]

    @property
    def ready(self) -> bool: ...


class Condition:
    """Something that is ready when `question` returns True."""

    def __init__(self, question: Callable[[], bool]) -> None:
        self._question = question
        self.wake: Callable[[], None] = lambda: None

    @property
    def ready(self) -> bool:
        return self._question()


def left(deadline: float | None) -> float | None:
    """Seconds until the deadline (of `time.monotonic()`), at least 0; None: there is no end."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())
