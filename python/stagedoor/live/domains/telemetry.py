"""`telemetry`: the values that the game watches, and their history."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import msgspec
from msgspec import UNSET, UnsetType

from stagedoor.live.domains.bounds import Moment
from stagedoor.live.domains.slices import TIMEOUT, in_slices
from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.live.topics.topic import Topic
from stagedoor.wire.encoding import ours_to_json
from stagedoor.wire.errors import InvalidParams
from stagedoor.wire.roles import Role

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MAX_SAMPLES: Final = 100_000
"""The most samples in one answer."""
_RATE_OVER: Final = 60
"""A rate is measured over this many samples at most."""
_SAMPLES_AT_ONCE: Final = 1024
"""How many samples are encoded at a time: their values are texts already."""
_encode: Final = ours_to_json
_time_of: Final = attrgetter("time")

Count = Annotated[int, msgspec.Meta(ge=1, le=MAX_SAMPLES)]


class WatchedValue(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A watched value. Fields are left out until it is read, for a subscriber or for a history."""

    name: str
    description: str = ""
    subscribers: int
    capacity: int
    """The most samples that are kept; 0: no history."""
    kept: int
    """How many samples are kept now."""
    value: Any = UNSET
    """The last value that was read."""
    time: float | UnsetType = UNSET
    """When it was read: seconds since the epoch."""
    frame: int | UnsetType = UNSET
    """The frame in which it was read."""
    rate: float | UnsetType = UNSET
    """How many times a second it is read, measured over the newest samples that are kept."""


@dataclass(frozen=True, slots=True)
class Series:
    """The samples of one value, oldest first, as columns of the same length."""

    name: str
    time: list[float]
    """Seconds since the epoch."""
    frame: list[int]
    value: list[Any]


def add_to(parts: Parts, /) -> None:
    """Register the domain. Its methods read no value: they return what was read before."""
    hub = parts.hub

    def list_values() -> Generator[object, None, list[WatchedValue]]:
        """The values that the game watches, each as it was last read."""
        values = yield from in_slices(hub.ours_to_json, map(_value, _watched()))
        return cast(list[WatchedValue], values)

    def history(
        names: list[str] | None = None, count: Count = 600, since: Moment | None = None
    ) -> Generator[object, None, list[Series]]:
        """The samples of watched values that are kept.

        `names`: which values; None: all values with a history. `count`: the newest samples of each,
        at most this many, and at most 100 000 in all. `since`: only samples after this time, in
        seconds since the epoch.
        """
        topics = {topic.name: topic for topic in _watched()}
        if names is None:
            names = [name for name, topic in topics.items() if topic.history.maxlen]
        unknown = [name for name in names if name not in topics]
        if unknown:
            raise InvalidParams(f"the game watches no value {unknown[0]!r}", "$.names")
        names = list(dict.fromkeys(names))
        count = min(count, MAX_SAMPLES // max(1, len(names)))
        series: list[Series] = []
        for name in names:
            series.append((yield from _series(topics[name], count, since)))
            yield THIS_FRAME
        return series

    def _watched() -> list[Topic]:
        return [one for one in hub.topics if one.is_watched and one.role is Role.VIEWER]

    methods = hub.methods
    methods.add_built_in(list_values, "telemetry.list", role="viewer", anytime=True)
    methods.add_built_in(history, "telemetry.history", role="viewer", timeout=TIMEOUT, anytime=True)


def _series(topic: Topic, count: int, since: float | None) -> Generator[object, None, Series]:
    samples = list(topic.history)
    if since is not None:
        samples = samples[bisect_right(samples, since, key=_time_of) :]
    samples = samples[-count:]
    columns: list[Any] = []
    for field in ("time", "frame", "value"):
        values = map(attrgetter(field), samples)
        columns.append((yield from in_slices(_encode, values, _SAMPLES_AT_ONCE)))
    return Series(topic.name, *columns)


def _value(topic: Topic) -> WatchedValue:
    kept = len(topic.history)
    # From the end, where a deque finds them at once, however long it is.
    recent = [topic.history[-at] for at in range(min(kept, _RATE_OVER), 0, -1)]
    found = WatchedValue(
        name=topic.name,
        description=topic.description,
        subscribers=sum(len(group.members) for group in topic.groups.copy().values()),
        capacity=topic.history.maxlen or 0,
        kept=kept,
    )
    last = recent[-1] if recent else topic.last
    if last is not None:
        found.value, found.time, found.frame = last.value, last.time, last.frame
    if len(recent) > 1 and recent[-1].time > recent[0].time:
        found.rate = (len(recent) - 1) / (recent[-1].time - recent[0].time)
    return found
