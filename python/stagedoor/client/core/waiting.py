"""What a client can wait for: `Waitable`, `Condition`; and until when: `left()`."""

import time
from collections.abc import Callable
from typing import Protocol


class Waitable(Protocol):
    """A call, a feed: ready at some time. Whoever waits sets `wake`, which is called after every
    change."""

    wake: Callable[[], None]

    @property
    def ready(self) -> bool: ...


class Condition:
    """Something that is ready as soon as a question is answered with yes."""

    def __init__(self, question: Callable[[], bool]) -> None:
        self._question = question
        self.wake: Callable[[], None] = lambda: None

    @property
    def ready(self) -> bool:
        return self._question()


def left(deadline: float | None) -> float | None:
    """Seconds until the deadline (monotonic), not below 0; None: without end."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())
