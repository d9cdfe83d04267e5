"""What a subscription has received and nobody has taken yet: `Feed`, of `Sample`s. Without I/O.

A feed keeps the newest `size` samples; older ones are dropped and counted, so that a program which
does not look never grows. Not thread-safe: a face calls it under its lock.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

Mode: TypeAlias = Literal["all", "latest", "mean", "peak", "change"]
"""What becomes of values that arrive faster than `hz`: all are sent, the latest, their mean, their
peak; `change`: only when the value differs."""

QUEUE: Final = 1024
"""Samples a feed keeps unless it is told otherwise."""


class Sample(NamedTuple):
    """One value of a topic."""

    value: Any
    time: float
    """When, in seconds since the epoch."""
    frame: int
    """In which frame of the game."""
    sequence: int | None = None
    """Counts up by one within a subscription, from one connection on; None for history."""


class Key(NamedTuple):
    """What makes two subscriptions the same one for the game."""

    topic: str
    mode: Mode
    hz: float | None
    filter: tuple[tuple[str, Any], ...] = ()

    def params(self, history: int) -> dict[str, Any]:
        """Of the call that asks for it."""
        params: dict[str, Any] = {"topic": self.topic, "mode": self.mode, "hz": self.hz}
        if self.filter:
            params["filter"] = dict(self.filter)
        return params | {"history": history}


def key_of(
    topic: str,
    mode: Mode,
    hz: float | None,
    filter: Mapping[str, str | int | float | bool | None] | None,
) -> Key:
    """The same for the same filter, however it is written."""
    return Key(topic, mode, hz, tuple(sorted((filter or {}).items())))


class Feed:
    """The samples of one subscription. `wake` is called after every change."""

    def __init__(self, key: Key, size: int = QUEUE) -> None:
        self.key = key
        self.wake: Callable[[], None] = _nothing
        self.error: Exception | None = None
        """Why nothing will come any more."""
        self.has_started = False
        self.reconnected = 0
        """How often the connection was lost and the subscription restored: that many gaps."""
        self._samples: deque[Sample] = deque(maxlen=size)
        self._overflowed = 0
        self._told = 0
        self._missed = 0
        self._last: int | None = None

    @property
    def ready(self) -> bool:
        """Whether `take()` would return, or raise."""
        return bool(self._samples) or self.error is not None

    @property
    def waiting(self) -> int:
        """How many samples can be taken."""
        return len(self._samples)

    @property
    def dropped(self) -> int:
        """How many samples were lost: on the way, or here, because nobody took them."""
        # The game tells of what it dropped, and the sequence shows it too: the same samples.
        return self._overflowed + max(self._told, self._missed)

    def take(self) -> Sample:
        """The oldest sample. Raises: `error`, when there are no more; IndexError, while none are
        there yet."""
        if not self._samples and self.error is not None:
            raise self.error
        return self._samples.popleft()

    def start(self, history: list[Sample]) -> None:
        """The game has agreed."""
        if self.has_started:
            self.reconnected += 1
        self.has_started = True
        self._last = None
        for sample in history:
            self._put(sample)
        self.wake()

    def receive(self, sample: Sample) -> None:
        """The game sent a value."""
        if sample.sequence is not None:
            if self._last is not None:
                self._missed += max(0, sample.sequence - self._last - 1)
            self._last = sample.sequence
        self._put(sample)
        self.wake()

    def drop(self, count: int) -> None:
        """The game says that it could not send so many."""
        self._told += count
        self.wake()

    def end(self, error: Exception) -> None:
        """Nothing more will come; what is there can be taken still."""
        if self.error is None:
            self.error = error
        self.wake()

    def clear(self) -> None:
        """Forget what is there."""
        self._samples.clear()

    def _put(self, sample: Sample) -> None:
        if len(self._samples) == self._samples.maxlen:
            self._overflowed += 1
        self._samples.append(sample)


def _nothing() -> None:
    pass
