"""The ring: the newest records, bounded, and counted."""

from __future__ import annotations

import threading

import pytest

from stagedoor.live.domains.logs.record import LogRecord
from stagedoor.live.domains.logs.ring import AT_ONCE, MAX_PAGE, LogPage, Ring


def fill(ring: Ring, count: int, size: int = 1) -> None:
    for _ in range(count):
        ring.append(LogRecord(0, 0.0, "INFO", 20, "game", "x" * size, "logging"))


def numbers(page: LogPage) -> list[int]:
    return [record.sequence for record in page.records]


def every(_: LogRecord) -> bool:
    return True


def even(record: LogRecord) -> bool:
    return record.sequence % 2 == 0


def test_records_are_numbered_from_1_in_their_order() -> None:
    ring = Ring()
    assert ring.sequence == 0
    fill(ring, 3)
    assert ring.sequence == 3
    assert numbers(ring.newest(10, every)) == [1, 2, 3]


def test_it_keeps_the_newest_by_number() -> None:
    ring = Ring(max_count=10)
    fill(ring, 1000)
    assert numbers(ring.newest(100, every)) == list(range(991, 1001))


def test_it_keeps_the_newest_by_memory() -> None:
    ring = Ring(max_bytes=100_000)
    fill(ring, 1000, size=1000)
    assert ring.sequence == 1000
    assert 50_000 < ring.bytes <= 100_000
    kept = numbers(ring.newest(1000, every))
    assert kept == list(range(1001 - len(kept), 1001))
    ring.append(LogRecord(0, 0.0, "INFO", 20, "game", "\u0141" * 100_000, "logging"))
    assert ring.sequence == 1001
    assert numbers(ring.newest(1000, every)) == [], "what is larger than all is not kept"


def test_records_without_a_number_yet_are_few() -> None:
    ring = Ring()
    for _ in range(10 * AT_ONCE):
        fill(ring, 1)
        assert len(ring._added) < AT_ONCE


def test_the_newest_that_are_wanted_are_found() -> None:
    ring = Ring()
    fill(ring, 20)
    page = ring.newest(3, even)
    assert numbers(page) == [16, 18, 20]
    assert (page.next, page.lost) == (20, 0)
    assert ring.newest(3, lambda _: False).next == 20


def test_pages_go_on_where_the_last_one_ended() -> None:
    ring = Ring()
    fill(ring, 10)
    seen: list[int] = []
    since = 0
    for _ in range(5):
        page = ring.after(since, 2, even)
        seen += numbers(page)
        since = page.next
        assert page.lost == 0
    assert seen == [2, 4, 6, 8, 10]
    assert since == 10
    fill(ring, 1)
    assert numbers(ring.after(since, 2, every)) == [11]
    assert ring.after(10**9, 2, every) == LogPage([], 10**9, 0, ring.started)


def test_what_was_overwritten_is_counted_as_lost() -> None:
    ring = Ring(max_count=10)
    fill(ring, 100)
    page = ring.after(50, 5, every)
    assert numbers(page) == [91, 92, 93, 94, 95]
    assert page.lost == 40
    assert ring.after(page.next, 5, every).lost == 0


def test_what_was_skipped_is_counted_as_lost() -> None:
    ring = Ring()
    fill(ring, 2)
    ring.skip(5)
    fill(ring, 1)
    page = ring.after(1, 10, every)
    assert numbers(page) == [2, 8]
    assert page.lost == 5


def test_a_page_is_bounded_by_its_bytes_but_never_empty() -> None:
    ring = Ring()
    fill(ring, 100, size=16_000)
    assert 0 < len(ring.newest(100, every).records) <= MAX_PAGE / 16_000
    assert 0 < len(ring.after(0, 100, every).records) <= MAX_PAGE / 16_000
    assert len(ring.newest(100, every, max_bytes=1).records) == 1
    assert len(ring.after(0, 100, every, max_bytes=1).records) == 1


def test_a_record_that_comes_while_another_is_added_is_kept_too() -> None:
    """As from a signal's handler, or a `__del__`."""
    ring = Ring()

    class Message(str):
        def isascii(self) -> bool:
            if ring._added is not None and not nested:
                nested.append(1)
                fill(ring, AT_ONCE)
            return True

    nested: list[int] = []
    ring.append(LogRecord(0, 0.0, "INFO", 20, "game", Message("x"), "logging"))
    fill(ring, 5)
    assert ring.sequence == 6 + AT_ONCE
    found = numbers(ring.newest(1000, every))
    assert sorted(found) == list(range(1, 7 + AT_ONCE))


def test_threads_lose_nothing_and_share_no_number() -> None:
    ring = Ring(max_count=100_000, max_bytes=10**9)
    threads = [threading.Thread(target=fill, args=(ring, 5000)) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        page = ring.newest(100, every)
        assert numbers(page) == sorted(set(numbers(page)))
    for thread in threads:
        thread.join()
    assert numbers(ring.newest(100_000, every, max_bytes=10**9)) == list(range(1, 20_001))


@pytest.mark.parametrize("count", [0, 3])
def test_clear_begins_anew(count: int) -> None:
    ring = Ring()
    fill(ring, count)
    ring.clear()
    assert ring.sequence == 0
    assert ring.bytes == 0
    assert ring.newest(10, every).records == []
