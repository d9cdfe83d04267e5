"""What runs can be ended from another thread, and nothing else is hit."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE

from stagedoor.live.domains.console import interrupt
from stagedoor.live.domains.console.interrupt import Interrupted, Interruptible


def interrupt_once_it_runs(running: Interruptible) -> threading.Thread:
    def wait_and_interrupt() -> None:
        deadline = time.monotonic() + PATIENCE
        while not running.interrupt():
            assert time.monotonic() < deadline

    thread = threading.Thread(target=wait_and_interrupt)
    thread.start()
    return thread


def loop() -> None:
    while True:
        pass


def spin(times: int) -> None:
    for _ in range(times * 100):
        pass


def test_an_endless_loop_is_ended() -> None:
    running = Interruptible()
    thread = interrupt_once_it_runs(running)
    with pytest.raises(Interrupted):
        running.run(loop)
    thread.join()
    assert not running.is_running
    assert not running.interrupt(), "nothing runs any more"


def test_what_runs_returns_and_raises_as_ever() -> None:
    running = Interruptible()
    assert running.run(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        running.run(lambda: 1 // 0)
    assert not running.is_running
    assert running.where is None


def test_nothing_is_interrupted_before_or_after() -> None:
    running = Interruptible()
    assert not running.interrupt()
    running.run(lambda: None)
    assert not running.interrupt()
    for _ in range(1000):
        pass


def test_code_that_catches_it_can_be_interrupted_again() -> None:
    running = Interruptible()
    caught = False

    def stubborn() -> None:
        nonlocal caught
        with contextlib.suppress(Interrupted):
            loop()
        caught = True
        loop()

    def interrupt_until_it_ends() -> None:
        deadline = time.monotonic() + PATIENCE
        while not caught or running.is_running:
            assert time.monotonic() < deadline
            running.interrupt()
            time.sleep(0.02)

    thread = threading.Thread(target=interrupt_until_it_ends)
    thread.start()
    with pytest.raises(Interrupted):
        running.run(stubborn)
    thread.join()
    assert caught


def test_it_says_where_the_code_is() -> None:
    running = Interruptible()
    found: list[object] = []

    def look() -> None:
        deadline = time.monotonic() + PATIENCE
        while (place := running.where) is None or place.function != "loop":
            assert time.monotonic() < deadline
        found.append(place)
        running.interrupt()

    thread = threading.Thread(target=look)
    thread.start()
    with pytest.raises(Interrupted):
        running.run(loop)
    thread.join()
    assert len(found) == 1


@contextmanager
def short_turns() -> Iterator[None]:
    """Threads take turns at nearly every bytecode."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def test_it_never_comes_outside_of_what_runs() -> None:
    running = Interruptible()
    is_over = False
    hits = 0

    def interrupt_all_the_time() -> None:
        while not is_over:
            running.interrupt()

    thread = threading.Thread(target=interrupt_all_the_time)
    with short_turns():
        thread.start()
        deadline = time.monotonic() + PATIENCE
        turn = 0
        while hits < 30:  # an Interrupted in these lines fails the test
            assert time.monotonic() < deadline
            turn += 1
            try:
                running.run(lambda: spin(turn % 200))  # noqa: B023
            except Interrupted:
                hits += 1
            for _ in range(50):
                pass
        is_over = True
        thread.join()
    assert not running.is_running
    assert running.run(lambda: 3) == 3, "the lock is free"


def test_a_c_call_is_interrupted_when_it_returns() -> None:
    running = Interruptible()
    gate = threading.Lock()
    gate.acquire()
    interrupted = threading.Event()

    def interrupt_then_open() -> None:
        deadline = time.monotonic() + PATIENCE
        while not running.interrupt():
            assert time.monotonic() < deadline
        assert running.is_running
        interrupted.set()
        gate.release()

    def wait_in_c() -> None:
        gate.acquire()
        loop()

    thread = threading.Thread(target=interrupt_then_open)
    thread.start()
    with pytest.raises(Interrupted):
        running.run(wait_in_c)
    thread.join()
    assert interrupted.is_set()


class LateLock:
    """A lock that is waited for while somebody interrupts."""

    def __init__(self, running: Interruptible) -> None:
        self._lock = running._lock
        self._running = running
        self.waits = 0

    def acquire(self) -> None:
        self.waits += 1
        if self.waits == 1:
            interrupt._ask(threading.get_ident(), Interrupted)
        self._lock.acquire()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lock, name)


def test_one_that_comes_when_the_code_has_just_ended_is_told_as_any() -> None:
    running = Interruptible()
    running._lock = LateLock(running)
    with pytest.raises(Interrupted):
        running.run(lambda: 3)
    assert running._lock.waits == 2
    assert not running._lock._is_owned()
    assert not running.is_running


def test_one_that_has_not_come_by_the_end_is_called_off(monkeypatch: pytest.MonkeyPatch) -> None:
    running = Interruptible()
    held = running._lock._is_owned
    called_off: list[tuple[int, bool, bool]] = []
    monkeypatch.setattr(
        interrupt,
        "_call_off",
        lambda thread, _: called_off.append((thread, held(), running.is_running)),
    )
    ask = interrupt._ask
    monkeypatch.setattr(
        interrupt, "_ask", lambda thread, kind: None if kind is Interrupted else ask(thread, kind)
    )
    running.run(lambda: None)
    assert called_off == [], "nobody has asked for one"
    assert running.run(running.interrupt)
    assert called_off == [(threading.get_ident(), True, False)], "under the lock, and it is over"
    running.run(lambda: None)
    assert len(called_off) == 1


AFTERWARDS = """
import sys, threading
from stagedoor.live.domains.console.interrupt import Interrupted, Interruptible

running = Interruptible()
def loop():
    while True:
        pass
for _ in range(3):
    def ask():
        while not running.interrupt():
            pass
    thread = threading.Thread(target=ask)
    thread.start()
    try:
        running.run(loop)
    except Interrupted:
        pass
    thread.join()
    running.run(int)
sys.setprofile(lambda *_: None)
int()
(lambda: None)()
sys.setprofile(None)
print("ok")
"""


def test_nothing_is_left_for_the_interpreter_to_look_for() -> None:
    """With a profiler, CPython 3.11 looks for it for ever: a process that can be killed."""
    done = subprocess.run(
        [sys.executable, "-c", AFTERWARDS], capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")
