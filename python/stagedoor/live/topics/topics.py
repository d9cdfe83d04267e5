"""`Topics`: values that clients subscribe to.

A topic's values come from a function that is called once a frame (`watch`), or the game sends them
as they happen (`emit`). The subscribers of a topic with the same mode, rate and view are a group. A
value is encoded once for a group, and passed to the network thread in one call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from time import monotonic, perf_counter, time
from typing import TYPE_CHECKING, Any

from msgspec import Raw

from stagedoor.live.topics.sinks import Sink
from stagedoor.live.topics.topic import NOTHING, Group, Sample, Topic, View
from stagedoor.wire.roles import Role
from stagedoor.wire.size import check_size, check_surface
from stagedoor.wire.topics import Mode

if TYPE_CHECKING:
    from msgspec.json import Encoder

logger = logging.getLogger("stagedoor")


class Topics:
    """The topics of one stage. Game thread only, except `tell()`, `get()` and iteration."""

    def __init__(self, sink: Sink, encoder: Encoder, frame: Callable[[], int]) -> None:
        """`frame` returns the number of the current frame."""
        self.sink = sink
        self._encoder = encoder
        self._by_name: dict[str, Topic] = {}
        self.live: list[Topic] = []
        """The topics whose values are wanted."""
        self.built_in: frozenset[str] = frozenset()
        """The names of stagedoor's own topics."""
        self._frame = frame
        self.thinning = 1
        """Values are read once in this many steps."""
        self.spent = 0.0
        """Seconds that steps have taken since the stage last set this to 0."""
        self._skipped = 0
        self._stepped = -1
        """The frame of the last step."""
        self.on_restricted: Callable[[Topic], None] = lambda _: None
        """Called when a topic needs a higher role than before."""
        self.on_removed: Callable[[Topic], None] = lambda _: None
        """Called when a topic is removed, before its groups end."""
        self.on_groups: Callable[[Topic], None] = lambda _: None
        """Called when a topic has gained or lost a group."""

    def add(
        self,
        name: str,
        read: Callable[[], Any] | None = None,
        *,
        description: str = "",
        role: Role = Role.VIEWER,
        history: int = 0,
        is_watched: bool = False,
    ) -> Topic:
        """Add a topic. Its values are read once a frame while they are wanted, or emitted.

        A topic of the same name is replaced. Its subscribers stay if their role allows it.
        """
        before = self._by_name.get(name)
        topic = Topic(name, description, role, read, history)
        topic.is_watched = is_watched
        if before is not None:
            topic.groups = before.groups
            for group in topic.groups.values():
                group.topic = topic
        self._by_name[name] = topic
        self._refresh()
        if before is not None and before.role < role:
            self.on_restricted(topic)
        return topic

    def remove(self, name: str) -> None:
        """Remove a topic. Its groups end. Raises KeyError if there is no such topic."""
        if name not in self._by_name:
            raise KeyError(f"there is no topic {name!r}")
        topic = self._by_name.pop(name)
        self.on_removed(topic)
        for group in topic.groups.values():
            self.sink.drop_group(group.number)
        self._refresh()

    def get(self, name: str) -> Topic | None:
        """The topic of that name."""
        return self._by_name.get(name)

    def __iter__(self) -> Iterator[Topic]:
        """Any thread may iterate. Topics may come and go meanwhile."""
        return iter(self._by_name.copy().values())

    def group(self, topic: Topic, mode: Mode, hz: float | None, view: View | None = None) -> Group:
        """The group for these subscribers. It is made if there is none."""
        if topic.is_told:
            mode, hz = "all", None
        group = topic.groups.get((mode, hz, view))
        if group is None:
            if not topic.groups:
                topic.begin()
            group = topic.groups[mode, hz, view] = Group(
                topic, mode, hz, view, self.sink.group(), self._encoder
            )
            self._refresh()
            self.on_groups(topic)
        return group

    def leave(self, group: Group, member: object) -> None:
        """Take a member out of a group. A group without members ends."""
        group.members.discard(member)
        key = group.mode, group.hz, group.view
        if not group.members and group.topic.groups.get(key) is group:
            del group.topic.groups[key]
            self.sink.drop_group(group.number)
            self._refresh()
            self.on_groups(group.topic)

    def _refresh(self) -> None:
        self.live = [topic for topic in self._by_name.values() if topic.is_live]

    def emit(self, name: str, value: Any) -> None:
        """Publish a value of a topic, or add the topic. Costs little while nobody subscribes."""
        topic = self._by_name.get(name)
        if topic is None:
            self.add(name)
            return
        if not topic.is_live:
            return
        try:
            check_surface(value)
            text = check_size(self._encoder.encode(value))
        except Exception:
            self._complain(topic, topic)
            return
        topic.failed = False
        # Keep the text: groups are due at the end of the frame, and the game may change the object.
        sample = Sample(time(), self._frame(), Raw(text))
        topic.history.append(sample)
        for group in list(topic.groups.values()):
            if group.mode == "all":
                self._publish(group, partial(_same, sample.value), sample, 0.0)
            else:
                self._add(group, value if group.mode in ("mean", "peak") else sample.value)

    def past(self, group: Group, count: int) -> list[Sample]:
        """The newest samples of its topic that the group will not get again."""
        if group.topic.recall is not None:
            return group.topic.recall(count, group.view)
        samples = list(group.topic.history)
        if group.topic.read is None and group.pending:
            del samples[-group.pending :]
        return samples[-count:] if count else []

    def tell(self, name: str, value: Any) -> None:
        """Publish a value of a topic with `is_told` at once. Any thread, but one at a time."""
        topic = self._by_name[name]
        for group in list(topic.groups.values()):
            payload = group.encode(group.sequence + 1, time(), self._frame(), value)
            group.sequence += 1
            self.sink.publish(group.number, payload, droppable=True)

    def step(self, frame: int) -> None:
        """Call this once a frame: it reads the values that are wanted, and publishes what is due.

        A second call in the same frame is a beat of a held game. Then values are read, and
        published at the subscribers' rates. They are not kept in the history, nor sent to
        subscribers with mode `all`, because no frame has passed.
        """
        self._skipped += 1
        if self._skipped < self.thinning:
            return
        began = perf_counter()
        self._skipped = 0
        self._read(frame, is_held=frame == self._stepped)
        self._stepped = frame
        self.spent += perf_counter() - began

    def _read(self, frame: int, *, is_held: bool) -> None:
        wall, now = time(), monotonic()
        for topic in self.live:
            self._step(topic, frame, wall, now, is_held=is_held)

    def publish(self, topic: Topic) -> None:
        """Read and publish one topic now, apart from `step()`."""
        if topic.is_live:
            self._step(topic, self._frame(), time(), monotonic(), is_held=False)

    def _step(self, topic: Topic, frame: int, wall: float, now: float, *, is_held: bool) -> None:
        value = NOTHING
        if topic.read is not None:
            try:
                value = topic.read()
            except Exception:
                self._complain(topic, topic)
                return
            topic.failed = False
        sample = Sample(wall, frame, value)
        if value is not NOTHING:
            self._take(topic, sample, now, is_again=is_held and not topic.is_news)
            return
        for group in list(topic.groups.values()):
            self._publish(group, group.flush, sample, now)

    def _take(self, topic: Topic, sample: Sample, now: float, *, is_again: bool) -> None:
        if topic.history.maxlen != 0 and not is_again:
            self._keep(topic, sample)
        for group in list(topic.groups.values()):
            value = sample.value if group.view is None else group.view(sample.value)
            if group.mode != "all":
                if value is not NOTHING:
                    self._add(group, value)
                self._publish(group, group.flush, sample, now)
            elif not is_again:
                self._publish(group, partial(_same, value), sample, now)

    def _keep(self, topic: Topic, sample: Sample) -> None:
        """Put a value into the history, as text: the game may change the object later."""
        try:
            check_surface(sample.value)
            value = Raw(check_size(self._encoder.encode(sample.value)))
        except Exception:
            if not topic.history_failed:
                topic.history_failed = True
                logger.exception("a value of the topic %s cannot be kept", topic.name)
            return
        topic.history_failed = False
        topic.history.append(Sample(sample.time, sample.frame, value))

    def _add(self, group: Group, value: Any) -> None:
        try:
            group.add(value)
        except Exception:  # not a number
            self._complain(group, group.topic)

    def _publish(
        self, group: Group, value_at: Callable[[float], Any], sample: Sample, now: float
    ) -> None:
        try:
            value = value_at(now)
            if value is NOTHING:
                return
            payload = group.encode(group.sequence + 1, sample.time, sample.frame, value)
        except Exception:  # a mean of non-numbers, or a value that JSON cannot carry
            self._complain(group, group.topic)
            return
        group.failed = False
        group.sequence += 1
        if group.mode not in ("mean", "peak"):
            group.topic.told = payload
        self.sink.publish(group.number, payload, droppable=True)

    def _complain(self, about: Topic | Group, topic: Topic) -> None:
        """Log the current exception, once until a value has been published again."""
        if not about.failed:
            about.failed = True
            logger.exception("a value of the topic %s cannot be published", topic.name)


def _same(value: Any, _: float) -> Any:
    return value
