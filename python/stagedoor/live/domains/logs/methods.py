"""`logs`: what the game says, before and now, and which loggers say how much."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from time import monotonic, time
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from stagedoor.live.domains.logs.capture import Log
from stagedoor.live.domains.logs.record import LogRecord
from stagedoor.live.domains.logs.ring import MAX_COUNT, LogPage
from stagedoor.live.topics.topic import NOTHING, Sample, View
from stagedoor.wire.errors import InvalidParams

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MAX_A_FRAME: Final = 500
"""Records that are told in one frame; the others wait in the ring, or are overwritten there."""
MAX_BYTES_A_FRAME: Final = 256 * 1024

Count = Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)]
Since = Annotated[int, msgspec.Meta(ge=0)]
Name = Annotated[str, msgspec.Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class LogNews:
    """A value of the topic `logs`: what was said since the value before."""

    records: list[LogRecord]
    """Oldest first."""
    dropped: int
    """Records that came faster than they could be told, before these."""


@dataclass(frozen=True, slots=True)
class LoggerInfo:
    """One logger, as `logging` has it."""

    name: str
    """`root` for the one above all."""
    level: str | None
    """Its own level, None: that of the logger above it."""
    effective_level: str
    """Below this, it says nothing."""
    propagate: bool
    """Its records reach the handlers of the loggers above it."""
    disabled: bool
    handlers: int
    """Handlers of its own."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Records of at least this level, by this logger and those below it."""

    levelno: int = 0
    logger: str = ""
    text: str = ""
    """In the message, in upper or lower case."""

    def wants(self, record: LogRecord) -> bool:
        """Whether a record passes."""
        return (
            record.levelno >= self.levelno
            and (
                not self.logger
                or record.logger == self.logger
                or record.logger.startswith(f"{self.logger}.")
            )
            and (not self.text or self.text.casefold() in record.message.casefold())
        )

    def __call__(self, news: LogNews) -> Any:
        """As a view of the topic: `LogNews`, or nothing."""
        records = [record for record in news.records if self.wants(record)]
        return LogNews(records, news.dropped) if records or news.dropped else NOTHING


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What a subscriber gives as `filter`."""

    level: str | int | None = None
    logger: Name = ""
    text: Name = ""


class Tail:
    """The news for those who subscribe. Game thread only."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._told = 0
        self._settled = 0.0

    def begin(self) -> None:
        """Somebody listens again: what was said so far is history."""
        self._told = self._log.ring.sequence

    def read(self) -> Any:
        """What was said since the last time: `LogNews`, or nothing."""
        now = monotonic()
        if now - self._settled >= 0.25:
            self._settled = now
            self._log.settle()
        ring = self._log.ring
        if ring.sequence == self._told:
            return NOTHING
        page = ring.after(self._told, MAX_A_FRAME, _every, MAX_BYTES_A_FRAME)
        self._told = page.next
        return LogNews(page.records, page.lost) if page.records or page.lost else NOTHING

    def recall(self, count: int, view: View | None) -> list[Sample]:
        """The past, as one value: records that have been told, or came before anybody listened."""
        if not count:
            return []
        wanted = view.wants if isinstance(view, LogFilter) else _every
        told = self._told
        page = self._log.ring.newest(count, lambda one: one.sequence <= told and wanted(one))
        return [Sample(time(), 0, LogNews(page.records, 0))] if page.records else []


def _every(_: LogRecord) -> bool:
    return True


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub, log = parts.hub, parts.log
    tail = Tail(log)

    def history(
        count: Count = 100,
        level: str | int | None = None,
        logger: Name = "",
        text: Name = "",
        since: Since | None = None,
    ) -> LogPage:
        """What the game has said, oldest first.

        By `logging`, on stdout and stderr, its warnings, and exceptions that nobody caught.
        `count`: so many records at most, the newest, or with `since` the first after it.
        `level`: at least this severe, `"WARNING"` or 30. `logger`: this one and those below it, as
        `game` and `game.ai`; `stdout` and `stderr` are lines of those. `text`: what the message has
        in it, in upper or lower case. `since`: the `next` of an earlier answer, to go on there.
        """
        wanted = LogFilter(_number_of(level), logger, text).wants
        log.settle()
        ring = log.ring
        return ring.newest(count, wanted) if since is None else ring.after(since, count, wanted)

    def loggers() -> list[LoggerInfo]:
        """The loggers there are, by name, with their levels."""
        known = logging.root.manager.loggerDict.copy()
        found = [(name, one) for name, one in known.items() if isinstance(one, logging.Logger)]
        return [_info("root", logging.root), *(_info(*pair) for pair in sorted(found, key=_first))]

    def set_level(level: str | int | None, logger: Name = "root") -> LoggerInfo:
        """Make a logger say more, or less, until it is told otherwise.

        `level`: what it says at least, `"DEBUG"` or 10; None: what the logger above it does.
        `logger`: its name; it may be one that the game has not made yet.
        """
        number = _number_of(level)
        one = logging.getLogger(None if logger in ("", "root") else logger)
        one.setLevel(number)
        return _info(one.name, one)

    methods = hub.methods
    methods.add_built_in(history, "logs.history", role="viewer", anytime=True)
    methods.add_built_in(loggers, "logs.loggers", role="viewer", anytime=True)
    methods.add_built_in(set_level, "logs.set_level", role="operator")
    topic = hub.topics.add(
        "logs",
        tail.read,
        description="What the game says, once a frame: {records, dropped}. Takes a filter: "
        "{level, logger, text}, as logs.history. For mode `all`.",
    )
    topic.is_news = True
    topic.begin = tail.begin
    topic.recall = tail.recall
    topic.view_of = _filter_of


def _filter_of(asked: Any) -> LogFilter:
    """Raises InvalidParams."""
    try:
        given = msgspec.convert(asked, _Asked)
    except msgspec.ValidationError as error:
        raise InvalidParams(str(error), "$.filter") from None
    return LogFilter(_number_of(given.level, "$.filter.level"), given.logger, given.text)


def _number_of(level: str | int | None, path: str = "$.level") -> int:
    """Raises InvalidParams."""
    if level is None:
        return logging.NOTSET
    if isinstance(level, int):
        if 0 <= level <= 1000:
            return level
        raise InvalidParams(f"expected a level from 0 to 1000, got {level}", path)
    known = logging.getLevelNamesMapping()
    for name, number in known.items():
        if name.casefold() == level.casefold():
            return number
    names = ", ".join(sorted(known, key=known.__getitem__))
    raise InvalidParams(f"expected one of {names}, or a number, got {level!r}", path)


def _info(name: str, one: logging.Logger) -> LoggerInfo:
    own = one.level
    return LoggerInfo(
        name=name,
        level=logging.getLevelName(own) if own else None,
        effective_level=logging.getLevelName(one.getEffectiveLevel()),
        propagate=one.propagate,
        disabled=one.disabled,
        handlers=len(one.handlers),
    )


def _first(pair: tuple[str, object]) -> str:
    return pair[0]
