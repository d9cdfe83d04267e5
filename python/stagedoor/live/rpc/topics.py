"""Topics: values that clients subscribe to.

A topic's values come from a function that is read once a frame (`watch`), or as they happen
(`emit`). Subscribers of the same topic, mode and rate are a group: encoded once, whatever their
number, and handed to the network thread in one call.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from msgspec import Raw

from stagedoor.live.rpc.roles import Role
from stagedoor.wire import jsonrpc

if TYPE_CHECKING:
    from msgspec.json import Encoder

logger = logging.getLogger("stagedoor")

Mode: TypeAlias = Literal["all", "latest", "mean", "peak", "change"]
"""Which of a topic's values a subscriber gets: every one; at each turn the last, the mean or the
largest of those since the turn before; or each that differs from the one before."""

NOTHING: Any = object()
"""No value: what a topic has to tell in a frame, or a view of what was told."""

View: TypeAlias = Callable[[Any], Any]
"""What a subscriber gets of a value, or `NOTHING`; equal views make one group. Hashable."""


class Publisher(Protocol):
    """Where groups live: the network thread."""

    def group(self) -> int: ...
    def drop_group(self, group: int) -> None: ...
    def publish(self, group: int, payload: bytes, *, droppable: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a topic."""

    time: float
    """Seconds since the epoch."""
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
        self._values: list[Any] = []
        self.failed = False
        self._encoder = encoder
        self._last = b""

    def take(self, sample: Sample, now: float) -> Any:
        """Add a value; what is to be published now, or nothing."""
        value = sample.value if self.view is None else self.view(sample.value)
        if self.mode == "all":
            return value
        if value is not NOTHING:
            if self.mode not in ("mean", "peak"):
                self._values.clear()
            self._values.append(value)
        return self.flush(now)

    def flush(self, now: float) -> Any:
        """What is to be published of the values so far, if the time for it has come."""
        if not self._values or now < self._due:
            return NOTHING
        values, self._values = self._values, []
        value = values[-1]
        if self.mode == "mean":
            value = sum(values) / len(values)
        elif self.mode == "peak":
            value = max(values)
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
        self, name: str, description: str, role: Role, read: Callable[[], Any] | None, history: int
    ) -> None:
        self.name = name
        self.description = description
        self.role = role
        self.read = read
        """Called once a frame while somebody wants its values; may return `NOTHING`."""
        self.is_watched = False
        """The game's own value, not one of stagedoor's topics."""
        self.begin: Callable[[], None] = lambda: None
        """Called before somebody listens where nobody did."""
        self.view_of: Callable[[Any], View] | None = None
        """Makes a view of the `filter` of a subscription, or raises InvalidParams; None: it takes
        none."""
        self.recall: Callable[[int, View | None], list[Sample]] = self._newest
        """So many of the past values, and what a view shows of them."""
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

    def _newest(self, count: int, _: View | None) -> list[Sample]:
        return list(self.history)[-count:] if count else []


class Topics:
    """The topics of one stage. Game thread only."""

    def __init__(self, publisher: Publisher, encoder: Encoder) -> None:
        self._publisher = publisher
        self._encoder = encoder
        self._by_name: dict[str, Topic] = {}
        self.live: list[Topic] = []
        """Those that somebody wants."""
        self.frame = 0
        """Counts the frames from 1."""

    def add(
        self,
        name: str,
        read: Callable[[], Any] | None = None,
        *,
        description: str = "",
        role: Role = Role.VIEWER,
        history: int = 0,
    ) -> Topic:
        """A topic; its values are read once a frame while somebody wants them, or emitted."""
        before = self._by_name.get(name)
        topic = Topic(name, description, role, read, history)
        if before is not None:
            topic.groups = before.groups
            for group in topic.groups.values():
                group.topic = topic
        self._by_name[name] = topic
        self._refresh()
        return topic

    def remove(self, name: str) -> None:
        """Raises KeyError."""
        topic = self._by_name.pop(name)
        for group in topic.groups.values():
            self._publisher.drop_group(group.number)
        self._refresh()

    def get(self, name: str) -> Topic | None:
        """The topic of that name."""
        return self._by_name.get(name)

    def __iter__(self) -> Iterator[Topic]:
        """Safe for any thread: topics may come and go meanwhile."""
        return iter(self._by_name.copy().values())

    def group(self, topic: Topic, mode: Mode, hz: float | None, view: View | None = None) -> Group:
        """The group for these subscribers; made when it is the first."""
        group = topic.groups.get((mode, hz, view))
        if group is None:
            if not topic.groups:
                topic.begin()
            group = topic.groups[mode, hz, view] = Group(
                topic, mode, hz, view, self._publisher.group(), self._encoder
            )
            self._refresh()
        return group

    def leave(self, group: Group, member: object) -> None:
        """A group without members ends."""
        group.members.discard(member)
        key = group.mode, group.hz, group.view
        if not group.members and group.topic.groups.get(key) is group:
            del group.topic.groups[key]
            self._publisher.drop_group(group.number)
            self._refresh()

    def _refresh(self) -> None:
        self.live = [topic for topic in self._by_name.values() if topic.is_live]

    def emit(self, name: str, value: Any) -> None:
        """A value of a topic; one that was not added is now. Costs little when nobody listens."""
        topic = self._by_name.get(name)
        if topic is None:
            self.add(name)
            return
        if topic.is_live:
            self._take(topic, Sample(time(), self.frame, value), monotonic())

    def step(self, frame: int) -> None:
        """Once a frame: read what somebody wants, and publish what is due."""
        self.frame = frame
        wall, now = time(), monotonic()
        for topic in self.live:
            self._step(topic, wall, now)

    def publish(self, topic: Topic) -> None:
        """Read and publish one topic out of turn."""
        if topic.is_live:
            self._step(topic, time(), monotonic())

    def _step(self, topic: Topic, wall: float, now: float) -> None:
        value = NOTHING
        if topic.read is not None:
            try:
                value = topic.read()
            except Exception:
                self._complain(topic, topic)
                return
            topic.failed = False
        sample = Sample(wall, self.frame, value)
        if value is not NOTHING:
            self._take(topic, sample, now)
            return
        for group in list(topic.groups.values()):
            self._publish(group, group.flush, sample, now)

    def _take(self, topic: Topic, sample: Sample, now: float) -> None:
        if topic.history.maxlen != 0:
            self._keep(topic, sample)
        for group in list(topic.groups.values()):
            self._publish(group, partial(group.take, sample), sample, now)

    def _keep(self, topic: Topic, sample: Sample) -> None:
        """As text: the value may be an object that the game goes on to change."""
        try:
            value = Raw(self._encoder.encode(sample.value))
        except Exception:
            if not topic.history_failed:
                topic.history_failed = True
                logger.exception("a value of the topic %s cannot be kept", topic.name)
            return
        topic.history_failed = False
        topic.history.append(Sample(sample.time, sample.frame, value))

    def _publish(
        self, group: Group, value_at: Callable[[float], Any], sample: Sample, now: float
    ) -> None:
        try:
            value = value_at(now)
            if value is NOTHING:
                return
            params = {
                "subscription": group.number,
                "topic": group.topic.name,
                "sequence": group.sequence + 1,
                "time": sample.time,
                "frame": sample.frame,
                "value": value,
            }
            payload = jsonrpc.encode_notification("topic.data", params, self._encoder)
        except Exception:  # a mean of what is no number, a value that JSON cannot carry
            self._complain(group, group.topic)
            return
        group.failed = False
        group.sequence += 1
        if group.mode not in ("mean", "peak"):
            group.topic.told = payload
        self._publisher.publish(group.number, payload, droppable=True)

    def _complain(self, about: Topic | Group, topic: Topic) -> None:
        """Once, until it has gone well again."""
        if not about.failed:
            about.failed = True
            logger.exception("the topic %s has no value", topic.name)
