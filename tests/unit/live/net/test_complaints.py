"""What clients do wrong, in the log, but not too often."""

from __future__ import annotations

import threading

import pytest

from stagedoor.live.net import complaints as module
from stagedoor.live.net.complaints import MAX_KINDS, MAX_TEXT, Complaints


def test_each_cause_is_logged_once_a_minute_with_what_was_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [5.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    complaints = Complaints()
    for number in range(1001):
        complaints.add("forbidden", f"call {number} was refused")
    complaints.add("rate", "too many")
    assert [record.getMessage() for record in caplog.records] == ["call 0 was refused", "too many"]
    caplog.clear()
    now[0] += 59.9
    complaints.add("forbidden", "not yet")
    now[0] += 0.1
    complaints.add("forbidden", "again")
    now[0] += 60.0
    complaints.add("forbidden", "once more")
    assert [record.getMessage() for record in caplog.records] == [
        "again (1,001 more like this before, not logged)",
        "once more",
    ]
    assert {record.name for record in caplog.records} == {"stagedoor"}


def test_a_line_and_its_traceback_are_cut(caplog: pytest.LogCaptureFixture) -> None:
    complaints = Complaints()
    try:
        raise KeyError("x" * 1_000_000)
    except KeyError as error:
        complaints.add("long", "%s", "y" * 1_000_000, error=error)
    (record,) = caplog.records
    assert len(record.getMessage()) < MAX_TEXT + 100
    assert "KeyError" in str(record.exc_text)
    assert len(caplog.text) < 2 * MAX_TEXT + 500
    assert record.pathname == __file__


def test_what_is_only_counted_is_not_looked_at() -> None:
    class Costly:
        looks = 0

        def __str__(self) -> str:
            self.looks += 1
            return "costly"

    costly, complaints = Costly(), Complaints()
    for _ in range(1000):
        complaints.add("costly", "%s", costly)
    assert costly.looks == 1


def test_more_kinds_than_there_may_be_share_a_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [5.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    complaints = Complaints()
    for _ in range(2):
        caplog.clear()
        for number in range(10_000):
            complaints.add(("method", number), "no good")
        assert len(caplog.records) == MAX_KINDS + 1
        assert len(complaints._kinds) == MAX_KINDS + 1
        now[0] += 61.0


def test_threads_and_signal_handlers_may_complain(caplog: pytest.LogCaptureFixture) -> None:
    complaints = Complaints()
    with complaints._lock:  # a signal comes meanwhile
        assert complaints.add("signal", "on the same thread")

    def complain() -> None:
        for _ in range(1000):
            complaints.add("thread", "on another")

    threads = [threading.Thread(target=complain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(caplog.records) == 2
    assert complaints._kinds["thread"][1] == 3999
