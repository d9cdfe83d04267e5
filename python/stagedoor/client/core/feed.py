"""The samples of a subscription that wait to be taken: `Feed`, of `Sample`s. Without I/O.

A feed has room for `size` samples, and for four of those that carry bytes, as pictures: who takes
them slowly wants new ones. When it is full, the oldest are dropped and counted, so that the memory
is bounded if the program does not take them. Not thread-safe: a face calls it under its
lock.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from stagedoor.wire.errors import RpcError
from stagedoor.wire.topics import Mode, agreed_rate

QUEUE: Final = 1024
"""How many samples wait in a feed at most, by default."""


MAX_CARRYING: Final = 4
"""How many samples that carry bytes wait in a feed at most."""
DATA: Final = "data"
"""The name of the bytes in the value of a topic that carries bytes."""


class Sample(NamedTuple):
    """One value of a topic, with its time and frame."""

    value: Any
    time: float
    """When the game published it, in seconds since the epoch."""
    frame: int
    """The number of the game's frame in which it was published."""
    sequence: int | None = None
    """Goes up by one with each sample of a subscription, until the connection is lost. A gap shows
    that samples were lost. None: the sample is from the history."""


Filter: TypeAlias = Mapping[str, str | int | float | bool | Sequence[int] | Sequence[str] | None]
"""What a subscription wants of a topic that takes a filter."""


class Key(NamedTuple):
    """What a subscription asks for. The game has one subscription for all feeds with equal keys."""

    topic: str
    mode: Mode
    hz: float | None
    filter: tuple[tuple[str, Any], ...] = ()

    def params(self, history: int) -> dict[str, Any]:
        """The params of the call that subscribes."""
        params: dict[str, Any] = {"topic": self.topic, "mode": self.mode, "hz": self.hz}
        if self.filter:
            params["filter"] = dict(self.filter)
        return params | {"history": history}


def key_of(
    topic: str,
    mode: Mode,
    hz: float | None,
    filter: Filter | None,
) -> Key:
    """The key of a subscription. The order of the names in `filter` does not matter, and `hz` is
    what the game would make of it."""
    if isinstance(hz, int | float):  # else the game says what is wrong with it
        hz = agreed_rate(hz)
    parts = ((name, tuple(v) if isinstance(v, list) else v) for name, v in (filter or {}).items())
    return Key(topic, mode, hz, tuple(sorted(parts)))


class Feed:
    """The samples of one subscription. `wake` is called after every change."""

    def __init__(self, key: Key, size: int = QUEUE) -> None:
        self.key = key
        self.wake: Callable[[], None] = _nothing
        self.error: Exception | None = None
        """Why no more samples will come; None: more may come."""
        self.failure: RpcError | None = None
        """Why the topic has no value now; None: it has one, or the game has said nothing."""
        self.has_started = False
        self.is_live = False
        """Whether the game sends samples; False: what has come is from before."""
        self.reconnected = 0
        """How often the connection was lost and the subscription restored. Each time is a gap."""
        self._size = size
        self._samples: deque[Sample] = deque()
        self._overflowed = 0
        self._told = 0
        self._missed = 0
        self._last: int | None = None

    @property
    def ready(self) -> bool:
        """Whether `take()` has something: a sample, or the error that ended the feed."""
        return bool(self._samples) or self.error is not None

    @property
    def waiting(self) -> int:
        """How many samples can be taken."""
        return len(self._samples)

    @property
    def dropped(self) -> int:
        """How many samples were lost: by the game, or here because nobody took them."""
        # The game reports what it dropped, and gaps in the sequence show the same samples.
        return self._overflowed + max(self._told, self._missed)

    def take(self) -> Sample:
        """Take the oldest sample. Raises: `error`, if there are no more; IndexError, if none has
        come yet."""
        if not self._samples and self.error is not None:
            raise self.error
        return self._samples.popleft()

    def start(self, history: list[Sample], failure: RpcError | None = None) -> None:
        """The game has accepted the subscription, sent these samples of the past, and said why the
        topic has no value now."""
        if self.has_started:
            self.reconnected += 1
        self.has_started = self.is_live = True
        self._last = None
        self.failure = failure
        for sample in history:
            self._put(sample)
        self.wake()

    def receive(self, sample: Sample) -> None:
        """The game has sent a sample."""
        if sample.sequence is not None:
            if self._last is not None:
                self._missed += max(0, sample.sequence - self._last - 1)
            self._last = sample.sequence
        self.failure = None
        self._put(sample)
        self.wake()

    def fail(self, error: RpcError) -> None:
        """The game has said why the topic has no value now."""
        self.failure = error
        self.wake()

    def drop(self, count: int) -> None:
        """The game has reported that it dropped `count` samples."""
        self._told += count
        self.wake()

    def end(self, error: Exception) -> None:
        """No more samples will come. Those that wait can still be taken."""
        if self.error is None:
            self.error = error
        self.is_live = False
        self.wake()

    def clear(self) -> None:
        """Forget the samples that wait."""
        self._samples.clear()

    def _put(self, sample: Sample) -> None:
        size = min(self._size, MAX_CARRYING) if _carries(sample) else self._size
        while len(self._samples) >= size:
            self._samples.popleft()
            self._overflowed += 1
        self._samples.append(sample)


def _carries(sample: Sample) -> bool:
    """Whether the sample carries bytes, beside its value as JSON."""
    return type(sample.value) is dict and type(sample.value.get(DATA)) is bytes


def _nothing() -> None:
    pass
