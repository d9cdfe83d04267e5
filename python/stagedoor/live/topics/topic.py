"""`Topic`, its `Sample`s and `Reading`s, and the `Group`s of its subscribers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import nan
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from stagedoor.wire import jsonrpc
from stagedoor.wire.errors import InvalidParams, RpcError
from stagedoor.wire.jsonrpc import ErrorObject
from stagedoor.wire.roles import Role
from stagedoor.wire.text import reason_of
from stagedoor.wire.topics import MODES, Mode

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


class _Notification(Struct, gc=False):
    """As `jsonrpc.encode_notification()` makes one, which looks at the value, too."""

    jsonrpc: str
    method: str
    params: _Data


class _Failed(Struct, gc=False):
    """The params of `topic.failed`."""

    subscription: int
    topic: str
    error: ErrorObject


class Reading:
    """A value of a topic, for all groups of the topic: what each view shows is encoded once."""

    __slots__ = ("_encode", "_texts", "_value")

    def __init__(self, value: Any, encode: Callable[[Any], bytes]) -> None:
        """`encode` raises RpcError for a value that cannot be sent."""
        self._value = value
        self._encode = encode
        self._texts: dict[View | None, Any] = {}
        """A text, `NOTHING`, or an error, by view."""

    def seen(self, view: View | None) -> Any:
        """The value through this view, or `NOTHING`."""
        return self._value if view is None else view(self._value)

    def text(self, view: View | None = None) -> Any:
        """The same as JSON, or `NOTHING`. Raises RpcError."""
        found = self._texts.get(view)
        if found is None:
            try:
                value = self.seen(view)
                found = value if value is NOTHING else self._encode(value)
            except RpcError as error:
                found = error
            self._texts[view] = found
        if isinstance(found, RpcError):
            raise found
        return found


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
        self.failure: RpcError | None = None
        """Why there is no value now, of which the members know; None: there is one, or none has
        come yet."""
        self.seen = 0
        """What a topic that streams has told the members; 0: nothing, or one has lost something."""
        self._due = 0.0
        self._reading: Reading | None = None
        """The newest value, unless the mode is mean or peak."""
        self._value: Any = None
        """The sum or the peak of the values, and how many there are in it."""
        self._numbers = 0
        self._error: BaseException | None = None
        """Why the values have no mean or peak."""
        self._count = 0
        """How many values have come since the group was last due."""
        self._encoder = encoder
        self._last = b""

    @property
    def role(self) -> Role:
        """The lowest role that may be a member: a view may show what others may not see."""
        return max(self.topic.role, getattr(self.view, "role", Role.VIEWER))

    @property
    def pending(self) -> int:
        """How many of the newest values have not been published yet."""
        return min(self._count, 1) if self.mode in ("latest", "change") else self._count

    def add(self, reading: Reading) -> None:
        """Add a value, to be published when the group is next due.

        A mean or peak is updated at once, so that any number of values takes no more memory.
        """
        if self.mode not in ("mean", "peak"):
            self._reading = reading
        elif self._error is None:
            try:
                self._combine(reading.seen(self.view))
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # of the value's own operators, too
                self._error = error
        self._count += 1

    def _combine(self, value: Any) -> None:
        if self.mode == "mean":
            value = value / 1
        if _is_nan(value):  # it is neither larger nor smaller than any number
            return
        if self._numbers == 0:
            _ = self.mode == "mean" or value > value  # raises for what has no order
            self._value = value
        elif self.mode == "mean":
            self._value = self._value + value  # not `+=`, which may change an object of the game
        elif value > self._value:
            self._value = value
        self._numbers += 1

    def encode(self, sequence: Any, time: Any, frame: Any, value: Any) -> bytes:
        """A notification for the members. The value is one of this package, or is text already."""
        data = _Data(self.number, self.topic.name, sequence, time, frame, value)
        return self._encoder.encode(_Notification("2.0", "topic.data", data))

    def fail(self, error: RpcError) -> bytes | None:
        """There is no value, for this reason. Returns the notification of it, unless the members
        know that already."""
        is_known = self.failure is not None
        # Not the error itself, which refers to all that the game's function had at hand.
        self.failure = RpcError.from_wire(error.code, error.message, error.data)
        self._last = b""  # so that the next value is news
        if is_known:
            return None
        failed = _Failed(
            self.number, self.topic.name, ErrorObject(error.code, error.message, error.data)
        )
        return jsonrpc.encode_notification("topic.failed", failed, self._encoder)

    def flush(self, now: float, encode: Callable[[Any], bytes]) -> Any:
        """The text to publish now; `NOTHING` if there is none, or the group is not due. Raises
        RpcError."""
        if self._count == 0 or now < self._due:
            return NOTHING
        self._count = 0
        if (reading := self._reading) is not None:
            self._reading = None
            text = reading.text(self.view)
            if self.mode == "change":
                # Compare texts: the game may give the same object each time, and change it.
                if text == self._last:
                    return NOTHING
                self._last = text
            self.wait(now)
            return text
        self.wait(now)
        value, numbers, error = self._value, self._numbers, self._error
        self._value, self._numbers, self._error = None, 0, None
        if error is None:
            try:
                if numbers == 0:
                    value = nan
                elif self.mode == "mean":
                    value = value / numbers
            except KeyboardInterrupt:
                raise
            except BaseException as raised:
                error = raised
        if error is not None:
            reason = f"the values of {self.topic.name} have no {self.mode}: {reason_of(error)}"
            raise InvalidParams(reason, "$.mode") from error
        return encode(value)

    def is_due(self, now: float) -> bool:
        """Whether it is time for another value, for a topic that streams."""
        return now >= self._due

    def wait(self, now: float) -> None:
        """Until the group is due again: in step with its rate, without catching up after a
        delay."""
        if self.hz is not None:
            interval = 1.0 / self.hz
            self._due = self._due + interval if now - self._due < interval else now + interval


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
        self.is_immediate = False
        """All values come from `Topics.send()`, and all subscribers are one group."""
        self.is_watched = False
        """The game has added this topic with `stage.watch()`."""
        self.begin: Callable[[], None] = lambda: None
        """Called before the first subscriber joins."""
        self.end: Callable[[], None] = lambda: None
        """Called after the last subscriber has left."""
        self.view_of: Callable[[Any, Role], View] | None = None
        """Makes a view from the `filter` of a subscription for somebody of this role, or raises
        InvalidParams. None: the topic takes no filter."""
        self.needs_filter = False
        """Nobody may subscribe without a filter."""
        self.modes: tuple[Mode, ...] = MODES
        """Those that subscribers may ask for."""
        self.max_hz: float | None = None
        """The highest rate, also for those who ask for none."""
        self.stream: Callable[[int, float, float], None] | None = None
        """Publishes the topic's values, for each group its own, in place of `read`: called once a
        frame with its number, and with the time by `time()` and `monotonic()`."""
        self.is_news = False
        """`read` returns each value only once, also while the game is held, so each must be
        published."""
        self.recall: Callable[[int, Group], list[Sample]] | None = None
        """Returns that many earlier samples, as the group sees them. None: `history` has them."""
        self.groups: dict[tuple[Mode, float | None, View | None], Group] = {}
        self.history: deque[Sample] = deque(maxlen=history)
        self.last: Sample | None = None
        """The last single value that was published, as text; not a mean or peak of several."""
        self.is_failing = False
        """The last value could not be read, or not be kept."""

    @property
    def is_live(self) -> bool:
        """Whether its values are wanted, by subscribers or for the history."""
        return bool(self.groups) or self.history.maxlen != 0


def _is_nan(value: Any) -> bool:
    try:
        return bool(value != value)
    except Exception:  # as of an array
        return False
