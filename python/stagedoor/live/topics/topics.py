"""`Topics`: values that clients subscribe to.

A topic's values come from a function that is called once a frame (`watch`), or the game sends them
as they happen (`emit`). The subscribers of a topic with the same mode, rate and view are a group. A
value is encoded once for all groups of its topic, and passed to the network thread in one call for
each group.

A topic fails if its value cannot be read or sent, or has no mean or peak. Its subscribers are told
once, by `topic.failed`, and so is the log, until there is a value again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from time import monotonic, perf_counter, time
from typing import TYPE_CHECKING, Any

from msgspec import Raw

from stagedoor.live.net.complaints import MAX_TEXT, Complaints
from stagedoor.live.topics.sinks import Behind, Sink
from stagedoor.live.topics.topic import NOTHING, Group, Reading, Sample, Topic, View
from stagedoor.wire.carried import pack
from stagedoor.wire.encoding import to_json
from stagedoor.wire.errors import HandlerError, InternalError, InvalidParams, RpcError
from stagedoor.wire.roles import Role
from stagedoor.wire.size import UnsendableError
from stagedoor.wire.text import reason_of
from stagedoor.wire.topics import Mode, agreed_rate

if TYPE_CHECKING:
    from msgspec.json import Encoder


class Topics:
    """The topics of one stage. Game thread only, except `send()`, `get()` and iteration."""

    def __init__(
        self, sink: Sink, encoder: Encoder, frame: Callable[[], int], complaints: Complaints
    ) -> None:
        """`frame` returns the number of the current frame."""
        self.sink = sink
        self._encoder = encoder
        self._complaints = complaints
        self._by_name: dict[str, Topic] = {}
        self.live: dict[str, Topic] = {}
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
        self._refresh(topic)
        if before is not None and before.role < role:
            self.on_restricted(topic)
        return topic

    def remove(self, name: str) -> None:
        """Remove a topic. Its groups end. Raises KeyError if there is no such topic."""
        if name not in self._by_name:
            raise KeyError(f"there is no topic {name!r}")
        topic = self._by_name.pop(name)
        self.live.pop(name, None)
        if topic.groups:
            self.on_removed(topic)
        for group in topic.groups.values():
            self.sink.drop_group(group.number)

    def get(self, name: str) -> Topic | None:
        """The topic of that name."""
        return self._by_name.get(name)

    def __iter__(self) -> Iterator[Topic]:
        """Any thread may iterate. Topics may come and go meanwhile."""
        return iter(self._by_name.copy().values())

    def group(self, topic: Topic, mode: Mode, hz: float | None, view: View | None = None) -> Group:
        """The group for these subscribers, at the rate that is agreed for `hz`. It is made if there
        is none."""
        if topic.is_immediate:
            mode, hz = "all", None
        elif topic.max_hz is not None:
            hz = min(topic.max_hz, topic.max_hz if hz is None else agreed_rate(hz))
        elif hz is not None:
            hz = agreed_rate(hz)
        group = topic.groups.get((mode, hz, view))
        if group is None:
            if not topic.groups:
                topic.begin()
            group = topic.groups[mode, hz, view] = Group(
                topic, mode, hz, view, self.sink.group(), self._encoder
            )
            self._refresh(topic)
            self.on_groups(topic)
        return group

    def leave(self, group: Group, member: object) -> None:
        """Take a member out of a group. A group without members ends."""
        group.members.discard(member)
        key = group.mode, group.hz, group.view
        if not group.members and group.topic.groups.get(key) is group:
            del group.topic.groups[key]
            self.sink.drop_group(group.number)
            self._refresh(group.topic)
            self.on_groups(group.topic)
            if not group.topic.groups:
                group.topic.end()

    def _refresh(self, topic: Topic) -> None:
        if self._by_name.get(topic.name) is not topic:
            return  # it was removed, or replaced
        if topic.is_live:
            self.live[topic.name] = topic
        else:
            self.live.pop(topic.name, None)

    def emit(self, name: str, value: Any) -> None:
        """Publish a value of a topic, or add the topic. Costs little while nobody subscribes."""
        topic = self._by_name.get(name)
        if topic is None:
            self.add(name)
            return
        if not topic.is_live:
            return
        reading = Reading(value, self._encode)
        try:
            # Keep the text: groups are due at the end of the frame, and the game may change the
            # object.
            text = reading.text()
        except RpcError as error:
            self._fail_all(topic, error)
            return
        topic.is_failing = False
        sample = Sample(time(), self._frame(), Raw(text))
        topic.history.append(sample)
        for group in list(topic.groups.values()):
            if group.mode == "all":
                self._publish(group, partial(reading.text, group.view), sample)
            else:
                group.add(reading)

    def past(self, group: Group, count: int) -> list[Sample]:
        """The newest samples of its topic that the group will not get again."""
        if group.topic.recall is not None:
            return group.topic.recall(count, group)
        samples = list(group.topic.history)
        if group.topic.read is None and group.pending:
            del samples[-group.pending :]
        return samples[-count:] if count else []

    def send(self, name: str, value: Any) -> None:
        """Publish a value of a topic with `is_immediate`. Any thread, but one at a time."""
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
        for topic in list(self.live.values()):
            self._step(topic, frame, wall, now, is_held=is_held)

    def publish(self, topic: Topic) -> None:
        """Read and publish one topic now, apart from `step()`."""
        if topic.is_live:
            self._step(topic, self._frame(), time(), monotonic(), is_held=False)

    def _step(self, topic: Topic, frame: int, wall: float, now: float, *, is_held: bool) -> None:
        if topic.stream is not None:
            try:
                topic.stream(frame, wall, now)
            except Exception as error:  # the game goes on, whatever is wrong with its pictures
                fault = InternalError(reason_of(error))
                fault.__cause__ = error
                self._fail_all(topic, fault)
            else:
                topic.is_failing = False
            return
        value = NOTHING
        if topic.read is not None:
            try:
                value = topic.read()
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                told = HandlerError.of(error, MAX_TEXT)
                told.__cause__ = error
                self._fail_all(topic, told)
                return
        sample = Sample(wall, frame, None)
        if value is not NOTHING:
            reading = Reading(value, self._encode)
            self._take(topic, reading, sample, now, is_again=is_held and not topic.is_news)
            return
        topic.is_failing = False
        for group in list(topic.groups.values()):
            self._publish(group, partial(group.flush, now, self._encode), sample)

    def _take(
        self, topic: Topic, reading: Reading, sample: Sample, now: float, *, is_again: bool
    ) -> None:
        if topic.history.maxlen != 0 and not is_again:
            try:
                text = reading.text()  # the game may change the object later
            except RpcError as error:
                self._fail_all(topic, error)
                return
            topic.history.append(Sample(sample.time, sample.frame, Raw(text)))
        topic.is_failing = False
        for group in list(topic.groups.values()):
            if group.mode != "all":
                if group.view is None or reading.seen(group.view) is not NOTHING:
                    group.add(reading)
                self._publish(group, partial(group.flush, now, self._encode), sample)
            elif not is_again:
                self._publish(group, partial(reading.text, group.view), sample)

    def _publish(self, group: Group, text_now: Callable[[], Any], sample: Sample) -> None:
        """Publish a value with the time and frame of this sample. `text_now` returns its text, or
        `NOTHING`, or raises RpcError."""
        try:
            text = text_now()
        except RpcError as error:
            self._fail(group.topic, [group], error)
            return
        if text is NOTHING:
            return
        value = Raw(text)
        payload = group.encode(group.sequence + 1, sample.time, sample.frame, value)
        group.failure = None
        group.sequence += 1
        if group.mode not in ("mean", "peak"):
            group.topic.last = Sample(sample.time, sample.frame, value)
        self.sink.publish(group.number, payload, droppable=True)

    def publish_to(self, group: Group, sample: Sample, text: Raw) -> None:
        """Publish a value to one group, with the time and frame of the sample."""
        self._publish(group, lambda: text, sample)

    def publish_bytes(self, group: Group, sample: Sample, payload: bytes) -> Behind | None:
        """Publish a value that has bytes, in a binary message. The sample's value says what they
        are. Returns who it waits for."""
        header = group.encode(group.sequence + 1, sample.time, sample.frame, sample.value)
        group.failure = None
        group.sequence += 1
        return self.sink.publish_paced(group.number, pack(header, payload))

    def fail(self, group: Group, error: RpcError) -> None:
        """There is no value for this group now."""
        self._fail(group.topic, [group], error, is_known=group.topic.is_failing)

    def _encode(self, value: Any) -> bytes:
        """The value as JSON. Raises InternalError."""
        try:
            return to_json(value, self._encoder)
        except UnsendableError as error:
            reason = f"the value cannot be sent as JSON: {error}"
            raise InternalError(reason) from _cause_of(error)

    def _fail_all(self, topic: Topic, error: RpcError) -> None:
        """There is no value for anybody."""
        is_known, topic.is_failing = topic.is_failing, True
        self._fail(topic, topic.groups.values(), error, is_known=is_known)

    def _fail(
        self, topic: Topic, groups: Iterable[Group], error: RpcError, *, is_known: bool = True
    ) -> None:
        """There is no value for these groups. Tell those that do not know that, and then the log,
        which also wants to know it if it is not `is_known`."""
        for group in list(groups):
            notification = group.fail(error)
            if notification is not None:
                is_known = False
                self.sink.publish(group.number, notification, droppable=True)
        if not is_known:
            self._complaints.add(
                ("topic", topic.name),
                "the topic %s has no value: %s",
                topic.name,
                error.detail(),
                # Of a mode that does not fit the values, the text says all.
                error=None if isinstance(error, InvalidParams) else _cause_of(error),
            )


def _cause_of(error: BaseException) -> BaseException:
    # It may be the game's, so its truth is not asked for.
    cause = error.__cause__
    return error if cause is None else cause
