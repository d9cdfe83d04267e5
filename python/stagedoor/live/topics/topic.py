"""`Topic`, its `Sample`s, and the `Group`s of those who subscribe to it."""

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
"""No value: what a topic has to tell in a frame, or a view of what was told."""

View: TypeAlias = Callable[[Any], Any]
"""What a subscriber gets of a value, or `NOTHING`; equal views make one group. Hashable."""


class Sample(Struct, frozen=True):
    """One value of a topic."""

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
    frame: int
    value: Any


class Group:
    """The subscribers of one topic with one mode, rate and view."""

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
        """Of the values since the last turn."""
        self.failed = False
        self._encoder = encoder
        self._last = b""

    @property
    def pending(self) -> int:
        """How many of the newest values are to be published yet."""
        return min(self._count, 1) if self.mode in ("latest", "change") else self._count

    def add(self, value: Any) -> None:
        """A value to be published at the next turn. Raises what the value does, if the mode is
        `mean` or `peak`: those are kept up, so that a turn may be as long as it likes."""
        if self._count == 0:
            self._value = value / 1 if self.mode == "mean" else value
        elif self.mode == "mean":
            self._value += value
        elif self.mode != "peak" or value > self._value:
            self._value = value
        self._count += 1

    def encode(self, sequence: Any, time: Any, frame: int, value: Any) -> bytes:
        """A notification for the members. Raises what a value that JSON cannot carry does."""
        check_surface(value)
        data = _Data(self.number, self.topic.name, sequence, time, frame, value)
        return check_size(jsonrpc.encode_notification("topic.data", data, self._encoder))

    def flush(self, now: float) -> Any:
        """What is to be published of the values so far, if the time for it has come."""
        if self._count == 0 or now < self._due:
            return NOTHING
        value, count = self._value, self._count
        self._value, self._count = None, 0
        if self.mode == "mean":
            value /= count
        elif self.mode == "change":
            # As text: the game may hand out the same object each time, and change what is in it.
            text = self._encoder.encode(value)
            if text == self._last:
                return NOTHING
            self._last, value = text, Raw(text)
        if self.hz is not None:
            # In step with the rate, but without catching up on turns that were missed.
            turn = 1.0 / self.hz
            self._due = self._due + turn if now - self._due < turn else now + turn
        return value


class Topic:
    """A named value."""

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
        """Called once a frame while somebody wants its values; may return `NOTHING`."""
        self.is_told = False
        """Its values come from `tell()` alone: all its subscribers are one group."""
        self.is_watched = False
        """The game's own value, not one of stagedoor's topics."""
        self.begin: Callable[[], None] = lambda: None
        """Called before somebody listens where nobody did."""
        self.view_of: Callable[[Any], View] | None = None
        """Makes a view of the `filter` of a subscription, or raises InvalidParams; None: it takes
        none."""
        self.is_news = False
        """Its `read` tells each thing once, in whatever turn: none may be left out."""
        self.recall: Callable[[int, View | None], list[Sample]] | None = None
        """So many of the past values, and what a view shows of them; None: of `history`."""
        self.groups: dict[tuple[Mode, float | None, View | None], Group] = {}
        self.history: deque[Sample] = deque(maxlen=history)
        self.told: bytes | None = None
        """The last notification of one of its values, not of several in one."""
        self.failed = False
        self.history_failed = False

    @property
    def is_live(self) -> bool:
        """Whether anybody wants its values."""
        return bool(self.groups) or self.history.maxlen != 0
