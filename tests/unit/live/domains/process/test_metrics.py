"""What the process takes, by psutil and without."""

from __future__ import annotations

import gc
import os
import sys
import threading
from dataclasses import fields

import pytest

from stagedoor.live.domains.process import metrics as module
from stagedoor.live.domains.process.metrics import Meter, ProcessMetrics


@pytest.fixture(params=["psutil", "system"])
def meter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Meter:
    if request.param == "system":
        monkeypatch.setattr(module, "_psutil", lambda: None)
    else:
        pytest.importorskip("psutil")
    return Meter()


def test_the_fields_are_the_same_and_known_on_linux(meter: Meter) -> None:
    metrics = meter.read()
    assert isinstance(metrics, ProcessMetrics)
    assert metrics.cpu_user > 0
    assert metrics.cpu_system >= 0
    assert metrics.python_threads == threading.active_count()
    if sys.platform == "linux":
        unknown = [field.name for field in fields(metrics) if getattr(metrics, field.name) is None]
        assert unknown == []
        assert metrics.threads is not None
        assert metrics.rss is not None
        assert metrics.peak_rss is not None
        assert metrics.threads >= metrics.python_threads
        assert 1e6 < metrics.rss < 1e11
        assert metrics.rss <= metrics.peak_rss < 1e11


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only psutil knows")
def test_open_descriptors_and_threads_are_counted(
    meter: Meter, request: pytest.FixtureRequest
) -> None:
    gc.collect()  # what other tests have left, and not in the middle of this one
    gc.disable()
    request.addfinalizer(gc.enable)
    before = meter.read()
    ends = os.pipe()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        after = meter.read()
    finally:
        stop.set()
        thread.join()
        for end in ends:
            os.close(end)
    assert before.fds is not None
    assert before.threads is not None
    assert after.fds == before.fds + 2
    assert after.threads == before.threads + 1
    assert after.python_threads == before.python_threads + 1


def test_what_nobody_tells_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(module, "_psutil", lambda: None)
    monkeypatch.setattr(module, "_PROC", module.Path("/no/such/folder"))
    monkeypatch.setitem(sys.modules, "resource", None)
    metrics = Meter().read()
    assert (metrics.rss, metrics.peak_rss, metrics.threads, metrics.fds) == (None,) * 4


def test_the_share_of_the_processor_is_since_a_second_ago_whoever_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, used = [100.0], [5.0]
    monkeypatch.setattr(module, "_now", lambda: (now[0], used[0]))
    meter = Meter()
    now[0], used[0] = 102.0, 6.0
    first = meter.read()
    assert (first.cpu_window, first.cpu_percent) == (2.0, 50.0)
    now[0], used[0] = 102.25, 6.25
    assert meter.read().cpu_window == 2.25, "another one asks at once: not since too short a while"
    now[0], used[0] = 103.25, 6.25
    third = meter.read()
    assert (third.cpu_window, third.cpu_percent) == (1.0, 0.0)
    for _ in range(1000):
        now[0] += 0.001
        meter.read()
    assert meter.read().cpu_window < 2.5, "asking often does not forget the past"


def test_no_time_is_no_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_now", lambda: (100.0, 5.0))
    assert Meter().read().cpu_percent == 0.0
