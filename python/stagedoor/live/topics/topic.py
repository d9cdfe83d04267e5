"""`Topic`, its `Sample`s, and the `Group`s of its subscribers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Raw, Struct

from stagedoor.wire import jsonrpc
from stagedoor.wire.roles import Role
from stagedoor.wire.size import check_size, check_surface
from stagedoor.wire.topics import Mode

if TYPE_CHECKING:
    from msgspec.json import Encoder

NOTHING: Any = object()
"""Stands for no value: returned by a topic's `read` or by a view that has nothing to send."""

View: TypeAlias = Callable[[Any], Any]
"""Returns the part of a value that a subscriber gets, or `NOTHING`. Views are hashable.
Subscribers with equal views share a group."""


class Sample(Struct, frozen=True):
    """A value of a topic, with its time and frame."""

    time: float
    """Seconds since the epoch."""
    frame: int
    value: Any


class _Data(Struct, gc=False):
    """The params of `topic.data`."""

    subscription: int
    topic: str
    sequence: Any
    time: Any
    frame: Any
    value: Any


class Group:
    """The subscribers of a topic who have the same mode, rate and view."""

    def __init__(
        self,
        topic: Topic,
        mode: Mode,
        hz: float | None,
        view: View | None,
        number: int,
        encoder: Encoder,
    ) -> None:
        self.topic = topic
        self.mode = mode
        self.hz = hz
        self.view = view
        self.number = number
        self.members: set[object] = set()
        self.sequence = 0
        self._due = 0.0
        self._value: Any = None
        self._count = 0
        """How many values have come since the group was last due."""
        self.failed = False
        self._encoder = encoder
        self._last = b""

    @property
    def pending(self) -> int:
        """How many of the newest values have not been published yet."""
        return min(self._count, 1) if self.mode in ("latest", "change") else self._count

    def add(self, value: Any) -> None:
        """Add a value, to be published when the group is next due.

        A mean or peak is updated at once, so that any number of values takes no more memory. It
        raises what the value's operators raise.
        """
        if self._count == 0:
            self._value = value / 1 if self.mode == "mean" else value
        elif self.mode == "mean":
            self._value += value
        elif self.mode != "peak" or value > self._value:
            self._value = value
        self._count += 1

    def encode(self, sequence: Any, time: Any, frame: Any, value: Any) -> bytes:
        """A notification for the members. Raises an error for a value that JSON cannot carry."""
        check_surface(value)
        data = _Data(self.number, self.topic.name, sequence, time, frame, value)
        return check_size(jsonrpc.encode_notification("topic.data", data, self._encoder))

    def flush(self, now: float) -> Any:
        """The value to publish now; `NOTHING` if there is none, or the group is not due."""
        if self._count == 0 or now < self._due:
            return NOTHING
        value, count = self._value, self._count
        self._value, self._count = None, 0
        if self.mode == "mean":
            value /= count
        elif self.mode == "change":
            # Compare texts: the game may give the same object each time, and change it in between.
            text = self._encoder.encode(value)
            if text == self._last:
                return NOTHING
            self._last, value = text, Raw(text)
        if self.hz is not None:
            # Stay in step with the rate, but do not catch up after a delay.
            interval = 1.0 / self.hz
            self._due = self._due + interval if now - self._due < interval else now + interval
        return value


class Topic:
    """Values under one name, which clients can subscribe to."""

    def __init__(
        self,
        name: str,
        description: str,
        role: Role,
        read: Callable[[], Any] | None,
        history: int,
    ) -> None:
        self.name = name
        self.description = description
        self.role = role
        self.read = read
        """Called once a frame while the topic is live. It may return `NOTHING`."""
        self.is_told = False
        """All values come from `Topics.tell()`, and all subscribers are one group."""
        self.is_watched = False
        """The game has added this topic with `stage.watch()`."""
        self.begin: Callable[[], None] = lambda: None
        """Called before the first subscriber joins."""
        self.view_of: Callable[[Any], View] | None = None
        """Makes a view from the `filter` of a subscription, or raises InvalidParams. None: the
        topic takes no filter."""
        self.is_news = False
        """`read` returns each value only once, also while the game is held, so each must be
        published."""
        self.recall: Callable[[int, View | None], list[Sample]] | None = None
        """Returns that many earlier samples, seen through the view. None: `history` has them."""
        self.groups: dict[tuple[Mode, float | None, View | None], Group] = {}
        self.history: deque[Sample] = deque(maxlen=history)
        self.told: bytes | None = None
        """The last notification with a single value, not with a mean or peak of several."""
        self.failed = False
        self.history_failed = False

    @property
    def is_live(self) -> bool:
        """Whether its values are wanted, by subscribers or for the history."""
        return bool(self.groups) or self.history.maxlen != 0
