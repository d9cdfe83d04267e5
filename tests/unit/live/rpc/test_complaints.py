"""What clients do wrong, in the log, but not too often."""

from __future__ import annotations

import pytest

from stagedoor.live.rpc import complaints as module
from stagedoor.live.rpc.complaints import Complaints


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
