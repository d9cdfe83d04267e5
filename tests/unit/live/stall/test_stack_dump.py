"""The signal by which a native thread has all stacks written."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Iterator

import pytest
from tests.unit.live.native import listen

from stagedoor import _core
from stagedoor.live.stall.stack_dump import StackDump

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals")


@pytest.fixture(autouse=True)
def _free_signals() -> None:
    """SDL takes one for good each time that a display is opened, as tests of pygame do."""
    for number in range(signal.SIGRTMAX - 7, signal.SIGRTMAX + 1):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def network() -> Iterator[_core.NetworkThread]:
    with listen() as server:
        yield server.core.thread


def descriptors() -> int:
    return len(os.listdir("/dev/fd"))


def test_a_signal_of_the_programs_own_is_left_alone(network: _core.NetworkThread) -> None:
    free = network.free_signal()
    assert free is not None
    before = signal.signal(free, lambda *_: None)
    try:
        other = network.free_signal()
        assert other is not None
        assert other != free
    finally:
        signal.signal(free, before)
    assert network.free_signal() == free


def test_each_has_a_signal_and_a_pipe_and_gives_them_back(network: _core.NetworkThread) -> None:
    free, before = network.free_signal(), descriptors()
    first, second = StackDump(network), StackDump(network)
    assert network.free_signal() not in (free, None)
    first.close()
    second.close()
    second.close()
    assert network.free_signal() == free
    assert descriptors() == before


def test_without_a_signal_it_does_nothing(
    network: _core.NetworkThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Without:
        def free_signal(self) -> None:
            return None

    before = descriptors()
    dump = StackDump(Without())  # type: ignore[arg-type]
    assert descriptors() == before
    dump.close()


def test_the_signal_fills_the_pipe_and_blocks_nobody(
    network: _core.NetworkThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = network.free_signal()
    assert free is not None
    dump = StackDump(network)
    for _ in range(3000):  # more than the pipe takes
        signal.pthread_kill(threading.get_ident(), free)
    dump.close()


def test_faulthandler_itself_is_as_the_program_left_it(network: _core.NetworkThread) -> None:
    enabled = faulthandler.is_enabled()
    dump = StackDump(network)
    assert faulthandler.is_enabled() == enabled
    dump.close()
    assert faulthandler.is_enabled() == enabled
