"""What holds after whatever a client did, its connections closed: `Health` of a process says so.

The process lives; a client that was there all the time, and a new one, are answered; the game made
frames meanwhile, none of which it took long to answer clients in; and sockets, threads and memory
are what they were.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import psutil
import pytest
from program import PATIENCE

MEMORY = 32 << 20
"""Bytes that a process may keep: what its allocators do not give back. All cases that one process
goes through share them, so that what each of a hundred keeps shows."""
FRAME = 0.5
"""Seconds of processor time that clients may take of one frame: so much more than a stage's budget,
since what a virtual machine's neighbours take is counted as ours."""


class Frames(NamedTuple):
    """What a game tells of its frames."""

    count: int
    """Since it began."""
    longest: float
    """Seconds of processor time that clients took at the most of one since this was last told."""


class HealthyClient(Protocol):
    """A client that does nothing wrong."""

    def round_trip(self) -> Frames:
        """Ask the game how it is. Raises when it is not answered as ever."""


class Vitals(NamedTuple):
    """What a process holds."""

    sockets: int
    threads: int
    memory: int

    @classmethod
    def of(cls, process: psutil.Process) -> Vitals:
        return cls(process.num_fds(), process.num_threads(), process.memory_info().rss)


class Health:
    """How a game's process was when this was made; `kept()` around each case.

    `connect` gives a healthy client, as a context. A game `is_hostile` if what clients call there
    takes long by itself: then only the frames after a case are looked at.
    """

    def __init__(
        self,
        pid: int,
        connect: Callable[[], AbstractContextManager[HealthyClient]],
        *,
        is_hostile: bool = False,
    ) -> None:
        self._process = psutil.Process(pid)
        self._connect = connect
        self._is_hostile = is_hostile
        with connect() as client:  # what is made for the first client stays
            client.round_trip()
        with connect() as client:
            client.round_trip()
            self._with_one_client = Vitals.of(self._process)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is done in here leaves the game as it was."""
        with self._connect() as client:
            client.round_trip()
            yield
            meanwhile = client.round_trip()
            longest = 0.0 if self._is_hostile else meanwhile.longest
            with self._connect() as newcomer:
                deadline = time.monotonic() + PATIENCE
                while (frames := newcomer.round_trip()).count <= meanwhile.count:
                    assert time.monotonic() < deadline, f"no frame follows on {frames.count}"
                longest = max(longest, frames.longest, client.round_trip().longest)
            assert longest < FRAME, f"clients took {longest:.3f} s of one frame"
            self._wait_for_what_it_held()

    def _wait_for_what_it_held(self) -> None:
        was = self._with_one_client
        deadline = time.monotonic() + PATIENCE
        while True:
            now = Vitals.of(self._process)
            if (now.sockets, now.threads) == (was.sockets, was.threads) and (
                now.memory <= was.memory + MEMORY
            ):
                return
            if time.monotonic() > deadline:
                pytest.fail(f"it does not return to {was}: {now}")
            time.sleep(0.005)


def own_memory(env: Mapping[str, str]) -> dict[str, str]:
    """An environment in which a process gives large pieces of memory back at once, so that what it
    has is what it holds. The GNU C library would keep some for later. So would mimalloc, which has
    our large messages, for a second after the last one."""
    return {**env, "MALLOC_MMAP_THRESHOLD_": str(128 * 1024), "MIMALLOC_PURGE_DELAY": "0"}


def peak_memory(pid: int) -> int:
    """Bytes that a process had resident at the most so far."""
    text = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def processor_time(pid: int) -> float:
    """Seconds that all threads of a process have run so far, to the nanosecond."""
    # What clock_getcpuclockid() of the C library gives, which Python has not.
    return time.clock_gettime((~pid << 3) | 2)


def assert_linear(work: Callable[[int], None], pid: int, size: int, times: int) -> None:
    """What `work(size)` costs the process grows with the size, and not with its square: so many
    small ones cost about as much as a large one, and not that many times less."""
    work(size)
    few = many = 0.0
    for _ in range(3):  # in turns, for what else runs on the machine has its part in it
        start = processor_time(pid)
        for _ in range(times):
            work(size)
        between = processor_time(pid)
        work(size * times)
        few += between - start
        many += processor_time(pid) - between
    assert many < few * times / 3, f"in one piece it takes {many / few:.1f} times as long"
