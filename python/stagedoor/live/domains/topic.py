"""`topic`: values that clients subscribe to."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.session import Session
from stagedoor.live.rpc.topics import Mode, Sample, Topic
from stagedoor.wire.errors import Forbidden, InvalidParams, TooManyRequests

MAX_SUBSCRIPTIONS: Final = 256
"""Of one connection."""

Hz = Annotated[float, msgspec.Meta(gt=0, le=1000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """A topic, as clients see it."""

    name: str
    description: str
    role: str
    """The role that may subscribe."""
    modes: list[str]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a subscriber starts with."""

    subscription: int
    """Names it in what follows; the same for all who subscribe to the same."""
    topic: str
    mode: Mode
    hz: float | None
    sequence: int
    """Of the last value published before this subscription."""
    history: list[Sample]
    """The values before it, oldest first."""


def add_to(
    hub: Hub,
    join: Callable[[int, Session], None],
    leave: Callable[[int, Session], None],
) -> None:
    """Register the domain; `join` and `leave` change a group of the network thread."""

    def list_topics() -> list[TopicInfo]:
        """The topics there are."""
        modes = list(typing.get_args(Mode))
        return [
            TopicInfo(topic.name, topic.description, topic.role.label, modes)
            for topic in hub.topics
        ]

    def subscribe(
        session: Session,
        topic: str,
        mode: Mode = "latest",
        hz: Hz | None = None,
        history: Count = 0,
    ) -> Subscription:
        """Get a topic's values from now on, as `topic.data` notifications.

        `mode`: `all` values; at each turn the `latest`, the `mean` or the `peak` of those since the
        last; or each `change`. `hz`: turns a second, None: every frame. `history`: how many of the
        values before, if the game keeps them.
        """
        found = _find(session, topic)
        if len(session.groups) >= MAX_SUBSCRIPTIONS:
            raise TooManyRequests(f"{MAX_SUBSCRIPTIONS} subscriptions")
        group = hub.topics.group(found, mode, None if mode == "all" else hz)
        group.members.add(session)
        session.groups[group.number] = group
        join(group.number, session)
        past = list(found.history)[-history:] if history else []
        return Subscription(group.number, topic, mode, group.hz, group.sequence, past)

    def unsubscribe(session: Session, subscription: int) -> bool:
        """End a subscription; whether there was one."""
        group = session.groups.pop(subscription, None)
        if group is None:
            return False
        leave(group.number, session)
        hub.topics.leave(group, session)
        return True

    def _find(session: Session, name: str) -> Topic:
        topic = hub.topics.get(name)
        if topic is None:
            raise InvalidParams(f"there is no topic {name!r}", "$.topic")
        if session.role is None or session.role < topic.role:
            raise Forbidden(topic.role.label)
        return topic

    methods = hub.methods
    methods.add_built_in(list_topics, "topic.list", role="viewer", anytime=True)
    methods.add_built_in(subscribe, "topic.subscribe", role="viewer", with_session=True)
    methods.add_built_in(unsubscribe, "topic.unsubscribe", role="viewer", with_session=True)
