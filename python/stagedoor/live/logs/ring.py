"""`Ring`: the newest records, bounded by their number and by the memory they take."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from threading import RLock
from typing import Final

from stagedoor.live.logs.record import LogRecord, size_of

MAX_COUNT: Final = 10_000
MAX_BYTES: Final = 4 * 1024 * 1024
MAX_PAGE: Final = 1024 * 1024
"""Bytes of records in one page."""

Wanted = Callable[[LogRecord], bool]


@dataclass(frozen=True, slots=True)
class Page:
    """Records, oldest first."""

    records: list[LogRecord]
    next: int
    """What to give as `since` for those that follow."""
    lost: int
    """Records between `since` and the oldest there is: they came, and are kept no more."""
    started: float
    """Since when records are kept: seconds since the epoch. Another one means that the game was
    started anew, and `since` means nothing any more."""


class Ring:
    """Safe for any thread, and inside of itself: what it calls may log, and so may a signal's
    handler that comes in between."""

    def __init__(self, max_count: int = MAX_COUNT, max_bytes: int = MAX_BYTES) -> None:
        self.max_count = max_count
        self.max_bytes = max_bytes
        self.clear()

    def clear(self) -> None:
        """Begin anew, in a forked child: the lock may have been in the hands of a thread that does
        not exist here."""
        self._lock = RLock()
        self._records: deque[LogRecord] = deque()
        self.bytes = 0
        """The memory that the records take."""
        self.sequence = 0
        """Of the newest record."""
        self.started = time.time()

    def append(self, record: LogRecord) -> None:
        """Add a record; the oldest make room."""
        with self._lock:
            records = self._records
            self.sequence += 1
            record.sequence = self.sequence
            records.append(record)
            self.bytes += size_of(record)
            while len(records) > self.max_count or self.bytes > self.max_bytes:
                self.bytes -= size_of(records.popleft())

    def skip(self, count: int) -> None:
        """Count records that would be overwritten before anybody could read them."""
        with self._lock:
            self.sequence += count

    def newest(self, count: int, wanted: Wanted, max_bytes: int = MAX_PAGE) -> Page:
        """The last records that are wanted, so many at most, and so many bytes of them."""
        records = list(self._records)
        found: list[LogRecord] = []
        size = 0
        for record in filter(wanted, reversed(records)):
            size += size_of(record)
            if len(found) == count or (found and size > max_bytes):
                break
            found.append(record)
        found.reverse()
        return Page(found, records[-1].sequence if records else 0, 0, self.started)

    def after(self, since: int, count: int, wanted: Wanted, max_bytes: int = MAX_PAGE) -> Page:
        """The first records after this one that are wanted; one at least, if there is one."""
        records = list(self._records)
        begin = bisect_right(records, since, key=_sequence_of)
        found: list[LogRecord] = []
        size = seen = 0
        reached = since
        for record in islice(records, begin, None):
            if wanted(record):
                size += size_of(record)
                if len(found) == count or (found and size > max_bytes):
                    break
                found.append(record)
            seen += 1
            reached = record.sequence
        return Page(found, reached, reached - since - seen, self.started)


_sequence_of = attrgetter("sequence")
