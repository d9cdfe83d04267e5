"""`Ring`: the newest log records, bounded by number and by memory."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Final

from stagedoor.live.domains.logs.record import LogRecord
from stagedoor.live.net.threads import RLock

MAX_COUNT: Final = 10_000
MAX_BYTES: Final = 4 * 1024 * 1024
AT_ONCE: Final = 64
"""How many records get their numbers together."""
LOOKED_AT: Final = 64
"""How many records one step of a search looks at: their messages may be long."""
MAX_PAGE: Final = 1024 * 1024
"""The most bytes of records in one page. One record always fits."""

Wanted = Callable[[LogRecord], bool]


@dataclass(frozen=True, slots=True)
class LogPage:
    """Records, oldest first."""

    records: list[LogRecord]
    next: int
    """The `since` that gives the records after these."""
    lost: int
    """How many records after `since` are missing, because they are not kept any more."""
    started: float
    """When recording began: seconds since the epoch. If this changes, the game was started anew,
    and a `since` from before means nothing."""


class Ring:
    """Any thread may call it. It is reentrant: what it calls may log, and so may a signal handler.

    A record is added in one step, without a lock. It gets its number and its place later, together
    with others.
    """

    def __init__(self, max_count: int = MAX_COUNT, max_bytes: int = MAX_BYTES) -> None:
        self.max_count = max_count
        self.max_bytes = max_bytes
        self.clear()

    def clear(self) -> None:
        """Begin anew, as in a forked child. A thread that is not in the child may own the lock."""
        self._lock = RLock()
        self._added: deque[LogRecord] = deque()
        """Records without a number yet."""
        self._records: deque[LogRecord] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self._sequence = 0
        self.started = time.time()

    def append(self, record: LogRecord) -> None:
        """Add a record. The oldest records make room for it."""
        added = self._added
        added.append(record)
        if len(added) >= AT_ONCE or record.traceback:
            self._number()

    def skip(self, count: int) -> None:
        """Count records as lost: they could not be made, or would be overwritten at once."""
        with self._lock:
            self._number()
            self._sequence += count

    @property
    def sequence(self) -> int:
        """The number of the newest record."""
        if self._added:
            self._number()
        return self._sequence

    @property
    def bytes(self) -> int:
        """The memory that the records take, in bytes, as an estimate."""
        return self._bytes

    def _number(self) -> None:
        added, records, sizes = self._added, self._records, self._sizes
        with self._lock:
            while added:
                record = added.popleft()
                size = _size_of(record)
                self._sequence = record.sequence = self._sequence + 1
                records.append(record)
                sizes.append(size)
                self._bytes += size
                while len(records) > self.max_count or self._bytes > self.max_bytes:
                    records.popleft()
                    self._bytes -= sizes.popleft()

    def _numbered(self) -> list[LogRecord]:
        self._number()
        return list(self._records)

    def newest(self, count: int, wanted: Wanted, max_bytes: int = MAX_PAGE) -> LogPage:
        """The last records that are wanted: at most `count`, and about `max_bytes` of them."""
        return _last(self.look_for_newest(count, wanted, max_bytes))

    def look_for_newest(
        self, count: int, wanted: Wanted, max_bytes: int = MAX_PAGE
    ) -> Generator[None, None, LogPage]:
        """`newest()` in steps, after each of which it may be left for a while."""
        records = self._numbered()
        found: list[LogRecord] = []
        size = 0
        for looked, record in enumerate(reversed(records), 1):
            if looked % LOOKED_AT == 0:
                yield
            if not wanted(record):
                continue
            size += _size_of(record)
            if len(found) == count or (found and size > max_bytes):
                break
            found.append(record)
        found.reverse()
        return LogPage(found, records[-1].sequence if records else 0, 0, self.started)

    def after(self, since: int, count: int, wanted: Wanted, max_bytes: int = MAX_PAGE) -> LogPage:
        """The first records after number `since` that are wanted; at least one, if there is one."""
        return _last(self.look_after(since, count, wanted, max_bytes))

    def look_after(
        self, since: int, count: int, wanted: Wanted, max_bytes: int = MAX_PAGE
    ) -> Generator[None, None, LogPage]:
        """`after()` in steps, after each of which it may be left for a while."""
        records = self._numbered()
        begin = bisect_right(records, since, key=_sequence_of)
        found: list[LogRecord] = []
        size = seen = 0
        reached = since
        for record in islice(records, begin, None):
            if (seen + 1) % LOOKED_AT == 0:
                yield
            if wanted(record):
                size += _size_of(record)
                if len(found) == count or (found and size > max_bytes):
                    break
                found.append(record)
            seen += 1
            reached = record.sequence
        return LogPage(found, reached, reached - since - seen, self.started)


def _last(steps: Generator[None, None, LogPage]) -> LogPage:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            page: LogPage = stop.value
            return page


_sequence_of = attrgetter("sequence")


def _size_of(record: LogRecord) -> int:
    """About the memory that a record takes, in bytes. It shares names and paths with others."""
    message = record.message
    size = 300 + (len(message) if message.isascii() else 4 * len(message))
    return size + 4 * len(record.traceback) if record.traceback else size
