"""`topic`: values that clients subscribe to."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import msgspec

from stagedoor.live.domains.bounds import Number
from stagedoor.live.domains.slices import in_slices
from stagedoor.live.rpc.hub import SessionChange
from stagedoor.live.rpc.session import Session
from stagedoor.live.topics.topic import Group, Sample, Topic, View
from stagedoor.wire.errors import Forbidden, InvalidParams, RpcError, TooManyRequests
from stagedoor.wire.jsonrpc import ErrorObject
from stagedoor.wire.roles import Role
from stagedoor.wire.topics import Mode

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MAX_FILTERS: Final = 16
"""Different filters of a topic at a time. Each looks at all that is published."""
MAX_FILTERS_OF_ONE: Final = 4
"""Those of one client."""

Hz = Annotated[float, msgspec.Meta(gt=0, le=1000)]
MAX_HISTORY: Final = 4096
MAX_HISTORY_SIZE: Final = 1 << 20
"""The most earlier values, and bytes of them, in the answer to a subscription."""
SUBSCRIPTION: Final = 512
"""A filter takes about so many bytes more than its text."""
Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """A topic, as clients see it."""

    name: str
    description: str
    role: str
    """The lowest role that may subscribe."""
    modes: list[str]


class Subscription(msgspec.Struct, frozen=True, omit_defaults=True):
    """A new subscription."""

    subscription: int
    """Identifies the subscription in notifications. Clients may share a number: those that get the
    same values of the same topic."""
    topic: str
    mode: Mode
    hz: float | None
    """How many times a second the topic is due: the rate that was agreed. None: every frame."""
    sequence: int
    """The number of the last value that was published before this subscription."""
    history: list[Sample]
    """Values from before this subscription, oldest first."""
    failure: ErrorObject | None = None
    """Why the topic has no value now, as in `topic.failed`. Left out if it has one, or if none has
    come yet."""


@dataclass(frozen=True, slots=True)
class TopicEnded:
    """A subscription has ended: the topic was removed, or now needs a higher role."""

    subscription: int
    topic: str
    error: ErrorObject
    """The error that a new subscription would get now."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub
    sink = hub.topics.sink

    def list_topics() -> Generator[object, None, list[TopicInfo]]:
        """All topics."""
        found = (
            TopicInfo(topic.name, topic.description, topic.role.label, list(topic.modes))
            for topic in hub.topics
        )
        return cast(list[TopicInfo], (yield from in_slices(hub.ours_to_json, found)))

    def subscribe(
        session: Session,
        topic: str,
        mode: Mode = "latest",
        hz: Hz | None = None,
        history: Count = 0,
        filter: dict[str, Any] | None = None,
    ) -> Subscription:
        """Get a topic's values from now on, as `topic.data` notifications.

        `mode`: `all` sends every value. The other modes send one value each time the topic is due:
        the `latest`, the `mean` or the `peak` of the values since it was last due, or, for
        `change`, the latest if it differs from the one sent before. `hz`: how many times a second
        the topic is due, 1000 at most; None: every frame. Subscribers share a few rates: `hz` is
        rounded down to the next of 0.001, 0.002, 0.005 and so on to 1, then 2, 3, 4, 5, 6, 8, 10,
        12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 240 and 1000. The answer has the rate, and
        what comes to the same topic, mode, rate and filter is one subscription.
        `history`: how many earlier values to return, if the game keeps them: 4 096 and 1 MiB at
        most, and `telemetry.history` has more. `filter`: which values to send, or which parts of
        them. The topic's description says whether it takes a filter.

        >>> subscribe("rocks", mode="mean", hz=10)
        """
        found = _find(session, topic)
        if len(session.groups) >= hub.limits.max_subscriptions:
            raise TooManyRequests(f"{hub.limits.max_subscriptions} subscriptions")
        if mode not in found.modes:
            raise InvalidParams(f"{topic} has only {', '.join(found.modes)}, not {mode}", "$.mode")
        view = _view(session, found, filter)
        size = 0 if filter is None else SUBSCRIPTION + len(hub.encoder.encode(filter))
        session.memory.take(size)
        group = hub.topics.group(found, mode, None if mode == "all" else hz, view)
        group.members.add(session)
        session.groups[group.number] = group
        session.memory.give(session.filters.pop(group.number, 0))
        session.filters[group.number] = size
        sink.join(group.number, session.connection)
        past = _within(hub.topics.past(group, min(history, MAX_HISTORY)))
        failure = None if group.failure is None else _error_object(group.failure)
        return Subscription(group.number, topic, mode, group.hz, group.sequence, past, failure)

    def unsubscribe(session: Session, subscription: Number) -> bool:
        """End a subscription. Returns whether there was one."""
        group = session.groups.pop(subscription, None)
        if group is None:
            return False
        session.memory.give(session.filters.pop(group.number, 0))
        sink.leave(group.number, session.connection)
        hub.topics.leave(group, session)
        return True

    def _end(session: Session, group: Group, why: RpcError) -> None:
        del session.groups[group.number]
        session.memory.give(session.filters.pop(group.number, 0))
        sink.leave(group.number, session.connection)
        hub.topics.leave(group, session)
        ended = TopicEnded(group.number, group.topic.name, _error_object(why))
        session.notify("topic.ended", ended)

    def _check(session: Session) -> None:
        """End the subscriptions that the session's role does not allow any more."""
        for group in list(session.groups.values()):
            if session.role is None or session.role < group.role:
                _end(session, group, Forbidden(group.role.label))

    def _session_changed(session: Session, change: SessionChange) -> None:
        if change == "authenticated":
            hub.on_game_thread(partial(_check, session), may_drop=False)

    def _restricted(topic: Topic) -> None:
        for session in {one for group in topic.groups.values() for one in _members(group)}:
            _check(session)

    def _removed(topic: Topic) -> None:
        for group in list(topic.groups.values()):
            for session in _members(group):
                _end(session, group, _unknown(topic.name))

    def _find(session: Session, name: str) -> Topic:
        topic = hub.topics.get(name)
        if topic is None:
            raise _unknown(name)
        if session.role is None or session.role < topic.role:
            raise Forbidden(topic.role.label)
        return topic

    def _view(session: Session, topic: Topic, filter: dict[str, Any] | None) -> View | None:
        if filter is None:
            if topic.needs_filter:
                raise InvalidParams(f"the topic {topic.name} needs a filter", "$.filter")
            return None
        if topic.view_of is None:
            raise InvalidParams(f"the topic {topic.name} takes no filter", "$.filter")
        view = topic.view_of(filter, session.role or Role.VIEWER)
        for groups, most in (
            (session.groups.values(), MAX_FILTERS_OF_ONE),
            (topic.groups.values(), MAX_FILTERS),
        ):
            views = {group.view for group in groups} - {None}
            if view not in views and len(views) >= most:
                raise TooManyRequests(f"{most} filters")
        return view

    hub.topics.on_restricted = _restricted
    hub.topics.on_removed = _removed
    hub.on_session.append(_session_changed)
    methods = hub.methods
    methods.add_built_in(list_topics, "topic.list", role="viewer", anytime=True)
    methods.add_built_in(subscribe, "topic.subscribe", role="viewer", with_session=True)
    methods.add_built_in(unsubscribe, "topic.unsubscribe", role="viewer", with_session=True)


def _members(group: Group) -> list[Session]:
    return [member for member in group.members if isinstance(member, Session)]


def _error_object(error: RpcError) -> ErrorObject:
    return ErrorObject(error.code, error.message, error.data)


def _unknown(name: str) -> InvalidParams:
    return InvalidParams(f"there is no topic {name!r}", "$.topic")


def _within(samples: list[Sample]) -> list[Sample]:
    """The newest of these, of which there are no more bytes than an answer may have."""
    size = 0
    for at, sample in enumerate(reversed(samples)):
        if isinstance(sample.value, msgspec.Raw):
            size += memoryview(sample.value).nbytes
        if size > MAX_HISTORY_SIZE:
            return samples[len(samples) - at :]
    return samples
