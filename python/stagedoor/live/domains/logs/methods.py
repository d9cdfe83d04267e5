"""`logs`: the game's log, its history and what is new, and the levels of its loggers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from time import monotonic, time
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, cast

import msgspec

from stagedoor.live.domains.bounds import Number
from stagedoor.live.domains.logs.capture import Log
from stagedoor.live.domains.logs.record import LogRecord
from stagedoor.live.domains.logs.ring import MAX_COUNT, LogPage
from stagedoor.live.domains.slices import TIMEOUT, in_slices
from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.live.rpc.hints import shape_of
from stagedoor.live.rpc.shape import find_fault
from stagedoor.live.topics.topic import NOTHING, Group, Sample
from stagedoor.wire.errors import InvalidParams
from stagedoor.wire.roles import Role
from stagedoor.wire.text import NO_TEXT, exact, is_a, is_true, text_of

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

T = TypeVar("T")

MAX_LEVEL: Final = 1000
"""The highest level that a logger may be asked for, as a number."""
MAX_A_FRAME: Final = 500
"""The most records sent in one frame. The others wait in the ring, or are overwritten there."""
MAX_BYTES_A_FRAME: Final = 256 * 1024
"""The most bytes of records sent in one frame."""

Count = Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)]
Level = str | Annotated[int, msgspec.Meta(ge=0, le=MAX_LEVEL)] | None
Name = Annotated[str, msgspec.Meta(max_length=200)]


@dataclass(frozen=True, slots=True)
class LogNews:
    """A value of the topic `logs`: the records since the value before."""

    records: list[LogRecord]
    """Oldest first."""
    dropped: int
    """How many records before these were overwritten before they could be sent."""


@dataclass(frozen=True, slots=True)
class LoggerInfo:
    """One logger of Python's `logging`."""

    name: str
    """`root` for the root logger."""
    level: str | None
    """Its own level; None: it has the level of the logger above it."""
    effective_level: str
    """It logs nothing below this level."""
    propagate: bool
    """Its records reach the handlers of the loggers above it, too."""
    disabled: bool
    handlers: int
    """How many handlers it has of its own."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Selects records of at least this level, by this logger and the loggers below it."""

    levelno: int = 0
    logger: str = ""
    text: str = ""
    """A text that the message contains, in upper or lower case."""

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
        """As a view of the topic: the `LogNews` that pass, or `NOTHING`."""
        records = [record for record in news.records if self.wants(record)]
        return LogNews(records, news.dropped) if records or news.dropped else NOTHING


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The `filter` of a subscription."""

    level: str | int | None = None
    logger: Name = ""
    text: Name = ""


class Tail:
    """Gives subscribers the new records. Game thread only."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._told = 0
        self._settled = 0.0

    def begin(self) -> None:
        """A first subscriber has come. The records so far are history."""
        self._told = self._log.ring.sequence

    def read(self) -> Any:
        """The records since the last call: `LogNews`, or `NOTHING`."""
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

    def recall(self, count: int, group: Group) -> list[Sample]:
        """Earlier records, as one value: sent already, or from before anybody subscribed."""
        if not count:
            return []
        wanted = group.view.wants if isinstance(group.view, LogFilter) else _every
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
        level: Level = None,
        logger: Name = "",
        text: Name = "",
        since: Number | None = None,
    ) -> Generator[object, None, LogPage]:
        """The game's log records, oldest first.

        They come from `logging`, stdout and stderr, warnings, and uncaught exceptions. `count`: at
        most this many records, the newest ones, or the first ones after `since`. `level`: only
        records at least this severe, as `"WARNING"` or 30. `logger`: only this logger and those
        below it, as `game.ai` is below `game`; `stdout` and `stderr` select the lines of these
        streams. `text`: only messages that contain it, in upper or lower case. `since`: the `next`
        of an earlier answer, to go on from there.
        """
        wanted = LogFilter(_number_of(level), logger, text).wants
        log.settle()
        ring = log.ring
        if since is None:
            search = ring.look_for_newest(count, wanted)
        else:
            search = ring.look_after(since, count, wanted)
        page = yield from _in_turns(search)
        records = yield from in_slices(hub.ours_to_json, page.records)
        return replace(page, records=cast(list[LogRecord], records))

    def loggers() -> Generator[object, None, list[LoggerInfo]]:
        """All loggers by name, with their levels."""
        known = logging.root.manager.loggerDict.copy()
        found = [(text_of(name), one) for name, one in known.items() if is_a(one, logging.Logger)]
        pairs = [("root", logging.root), *sorted(found, key=_first)]
        described = (_info(*pair) for pair in pairs)
        return cast(list[LoggerInfo], (yield from in_slices(hub.ours_to_json, described)))

    def set_level(level: Level, logger: Name = "root") -> LoggerInfo:
        """Make a logger log more or less, until its level is set again.

        `level`: the lowest level that it logs, as `"DEBUG"` or 10; None: the level of the logger
        above it. `logger`: its name, or that of loggers below it.
        """
        number = _number_of(level)
        is_root = logger in ("", "root")
        if not is_root and logger not in logging.root.manager.loggerDict:
            # Python would make it, with all those above it, and keep them for ever.
            raise InvalidParams(f"the game has no logger {logger!r}; see logs.loggers", "$.logger")
        one = logging.getLogger(None if is_root else logger)
        one.setLevel(number)
        return _info(one.name, one)

    methods = hub.methods
    methods.add_built_in(history, "logs.history", role="viewer", timeout=TIMEOUT, anytime=True)
    methods.add_built_in(loggers, "logs.loggers", role="viewer", anytime=True)
    methods.add_built_in(set_level, "logs.set_level", role="operator")
    topic = hub.topics.add(
        "logs",
        tail.read,
        description="New log records, once a frame: {records, dropped}. Takes a filter: "
        "{level, logger, text}, as in logs.history. Subscribe with mode `all`.",
    )
    topic.is_news = True
    topic.begin = tail.begin
    topic.recall = tail.recall
    topic.view_of = _filter_of


def _in_turns(search: Generator[None, None, LogPage]) -> Generator[object, None, LogPage]:
    while True:
        try:
            next(search)
        except StopIteration as stop:
            page: LogPage = stop.value
            return page
        yield THIS_FRAME


_SHAPE: Final = shape_of(_Asked)


def _filter_of(asked: Any, _: Role) -> LogFilter:
    """The filter of a subscription. Raises InvalidParams."""
    try:
        given = msgspec.convert(asked, _Asked)
    except msgspec.ValidationError as error:
        fault = find_fault(_SHAPE, asked, "$.filter")
        raise fault or InvalidParams(text_of(error), "$.filter") from None
    return LogFilter(_number_of(given.level, "$.filter.level"), given.logger, given.text)


def _number_of(level: str | int | None, path: str = "$.level") -> int:
    """The number of a level. `path` is where the level is in the params. Raises InvalidParams."""
    if level is None:
        return logging.NOTSET
    if isinstance(level, int):
        if 0 <= level <= MAX_LEVEL:
            return level
        raise InvalidParams(f"expected a level from 0 to {MAX_LEVEL}, got {level}", path)
    known = logging.getLevelNamesMapping()
    known = {
        name: number for name, number in known.items() if is_a(name, str) and is_a(number, int)
    }
    for name, number in known.items():
        if name.casefold() == level.casefold():
            return number
    names = ", ".join(sorted(known, key=known.__getitem__))
    raise InvalidParams(f"expected one of {names}, or a number, got {level!r}", path)


def _info(name: str, one: logging.Logger) -> LoggerInfo:
    """Describe a logger. Its attributes may be anything: the game can set them."""
    own: object = _asked(lambda: one.level)
    return LoggerInfo(
        name=exact(name),
        level=_name_of(own) if is_true(own) else None,
        effective_level=_name_of(_asked(one.getEffectiveLevel)),
        propagate=is_true(_asked(lambda: one.propagate)),
        disabled=is_true(_asked(lambda: one.disabled)),
        handlers=_asked(lambda: len(one.handlers)) or 0,
    )


def _name_of(level: object) -> str:
    if is_a(level, int):
        number = level
        level = _asked(lambda: logging.getLevelName(number))
    return NO_TEXT if level is None else text_of(level)


def _asked(question: Callable[[], T]) -> T | None:
    """What the game's object answers; None if it raises."""
    try:
        return question()
    except KeyboardInterrupt:
        raise
    except BaseException:
        return None


def _first(pair: tuple[str, object]) -> str:
    return pair[0]
