"""The topic `screen`: pictures of the game, at the pace of those who read them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from stagedoor.live.domains.screen.darkroom import (
    Darkroom,
    Format,
    Pixels,
    Quality,
    Shot,
    Taken,
    Width,
)
from stagedoor.live.rpc.hints import shape_of
from stagedoor.live.rpc.shape import find_fault
from stagedoor.live.topics.sinks import Behind
from stagedoor.live.topics.topic import Group, Sample, Topic
from stagedoor.wire.errors import HandlerError, InternalError, InvalidParams, TooManyRequests
from stagedoor.wire.roles import Role
from stagedoor.wire.text import text_of

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts
    from stagedoor.live.topics.topics import Topics

TOPIC: Final = "screen"
MAX_HZ: Final = 60.0
MAX_UNDER_WAY: Final = 4
"""The most pictures of streams that are being encoded at a time: half of what may wait, so that
captures have the other half."""
MAX_OF_ONE: Final = 2
"""Those of one group: while one is encoded, the next is taken."""
MAX_BYTES: Final = 4 << 20
"""The most bytes of one picture of a stream."""
DEFAULT: Final = Shot("jpeg", 70, None, None)
"""What a subscriber gets who asks for nothing else."""


@dataclass(frozen=True, slots=True)
class ScreenPicture:
    """What the bytes of a binary message are."""

    format: Format
    width: int
    """Pixels."""
    height: int
    encoding: float
    """Seconds that it took to encode it, on a thread of its own."""


class Reel:
    """The pictures of one group of subscribers."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.shot = group.view.shot if isinstance(group.view, Wanted) else DEFAULT
        self.under_way: deque[tuple[Taken, float]] = deque()
        """The pictures that are being encoded, in order, each with when it was taken: seconds since
        the epoch."""
        self.behind: Behind | None = None
        """Who has the last picture still to come."""
        self.last = b""

    def may_take(self, now: float) -> bool:
        """Whether another picture is due, and somebody is ready for it."""
        if len(self.under_way) >= MAX_OF_ONE or not self.group.is_due(now):
            return False
        return self.behind is None or self.behind.waiting < len(self.group.members)


class Wanted(msgspec.Struct, frozen=True):
    """The view of the groups of this topic: it says what their pictures are like."""

    shot: Shot

    def __call__(self, value: Any) -> Any:
        """Pictures are made for each group."""
        return value


class Stream:
    """Takes, encodes and publishes the pictures of all groups. Game thread only."""

    def __init__(self, topics: Topics, topic: Topic, darkroom: Darkroom) -> None:
        self._topics = topics
        self._topic = topic
        self._darkroom = darkroom
        self._reels: dict[int, Reel] = {}

    def end(self) -> None:
        """Nobody subscribes any more."""
        self._follow_groups()

    def _follow_groups(self) -> None:
        groups = {group.number: group for group in self._topic.groups.values()}
        for number in self._reels.keys() - groups.keys():
            for taken, _ in self._reels.pop(number).under_way:
                taken.order.cancel()
        for number, group in groups.items():
            if number not in self._reels:
                self._reels[number] = Reel(group)

    def step(self, frame: int, wall: float, now: float) -> None:
        """Once a frame, or a beat of a held game."""
        self._follow_groups()
        for reel in self._reels.values():
            while reel.under_way and reel.under_way[0][0].order.is_done:
                self._publish(reel, *reel.under_way.popleft())
        room = MAX_UNDER_WAY - sum(len(reel.under_way) for reel in self._reels.values())
        for number, reel in list(self._reels.items()):
            if room == 0:
                break
            if not reel.may_take(now):
                continue
            try:
                room -= self._take(reel, wall, now)
            except TooManyRequests:  # a later frame may have room
                break
            self._reels[number] = self._reels.pop(number)  # the others are first in the next frame

    def _take(self, reel: Reel, wall: float, now: float) -> bool:
        """Have the picture of this frame encoded; False: there is none. Raises TooManyRequests."""
        try:
            picture = self._darkroom.take()
        except HandlerError as error:
            self._topics.fail(reel.group, error)
            reel.group.wait(now)
            return False
        if picture is None:
            return False
        taken = self._darkroom.develop(picture, reel.shot, most=MAX_BYTES, as_json=False)
        reel.under_way.append((taken, wall))
        reel.group.wait(now)
        return True

    def _publish(self, reel: Reel, taken: Taken, time: float) -> None:
        try:
            data, width, height, seconds = taken.order.take()
        except (ValueError, RuntimeError) as error:
            self._topics.fail(reel.group, InternalError(str(error)))
            return
        if reel.group.mode == "change":
            if data == reel.last:
                return
            reel.last = data
        value = ScreenPicture(reel.shot.format, width, height, round(seconds, 6))
        sample = Sample(time, taken.frame, value)
        reel.behind = self._topics.publish_bytes(reel.group, sample, data)


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The filter of a subscription."""

    format: Format = DEFAULT.format
    quality: Quality = DEFAULT.quality
    width: Width | None = DEFAULT.width
    rectangle: tuple[Pixels, Pixels, Width, Width] | None = DEFAULT.rectangle


_SHAPE: Final = shape_of(_Asked)


def _wanted(asked: Any, _: Role) -> Wanted:
    """The view for a filter. Raises InvalidParams."""
    try:
        given = msgspec.convert(asked, _Asked)
    except msgspec.ValidationError as error:
        fault = find_fault(_SHAPE, asked, "$.filter")
        raise fault or InvalidParams(text_of(error), "$.filter") from None
    return Wanted(Shot(given.format, given.quality, given.width, given.rectangle))


def add_to(parts: Parts, darkroom: Darkroom) -> None:
    """Register the topic."""
    topics = parts.hub.topics
    topic = topics.add(
        TOPIC,
        description="Pictures of the game, in binary messages: {format, width, height, encoding}, "
        "and the file. They come at the pace at which they are read, also while the game is "
        "paused. The filter says what they are like: {format: jpeg or png, quality, width, "
        "rectangle: [x, y, width, height]}.",
    )
    topic.modes = ("latest", "change")
    topic.max_hz = MAX_HZ
    topic.view_of = _wanted
    stream = Stream(topics, topic, darkroom)
    topic.stream, topic.end = stream.step, stream.end
