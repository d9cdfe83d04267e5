"""`Meter`: measures what the process uses.

The figures come from psutil if it is installed, otherwise from the system. A figure that neither
has is None.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

WINDOW: Final = 1.0
"""The share of a processor is measured over at least this many seconds."""
_PROC: Final = Path("/proc/self")


@dataclass(frozen=True, slots=True)
class ProcessMetrics:
    """What the process uses."""

    time: float
    """Seconds since the epoch."""
    cpu_percent: float
    """Share of one processor over the last `cpu_window` seconds; 100 is the whole of one."""
    cpu_window: float
    """Seconds."""
    cpu_user: float
    """Processor time in the process's own code since it started: seconds."""
    cpu_system: float
    """Processor time that the system spent for the process since it started: seconds."""
    rss: int | None
    """Resident memory: bytes."""
    peak_rss: int | None
    """The most resident memory so far: bytes."""
    threads: int | None
    """How many threads the process has, including threads that Python does not know of."""
    python_threads: int
    """How many threads Python knows of."""
    fds: int | None
    """Open file descriptors; on Windows: handles."""


class Meter:
    """Measures this process. Any thread may call it."""

    def __init__(self) -> None:
        self._past: deque[tuple[float, float]] = deque([_now()], maxlen=64)
        """The times of earlier calls, each with the processor time used until then."""
        self._source: _Source | None = None

    def read(self) -> ProcessMetrics:
        """What the process uses now."""
        if self._source is None:
            self._source = _Psutil() if _psutil() is not None else _System()
        source = self._source
        usage = os.times()
        window, percent = self._share()
        rss, peak = source.rss(), _peak_rss()
        return ProcessMetrics(
            time=time.time(),
            cpu_percent=percent,
            cpu_window=window,
            cpu_user=usage.user,
            cpu_system=usage.system,
            rss=rss,
            # The system counts them apart, and not to the page.
            peak_rss=peak if peak is None or rss is None else max(rss, peak),
            threads=source.threads(),
            python_threads=threading.active_count(),
            fds=source.fds(),
        )

    def _share(self) -> tuple[float, float]:
        """A window in seconds, and the share of a processor in it, in percent.

        The window begins at the latest call that is at least `WINDOW` ago, because several clients
        may call one shortly after the other. Before there is such a call, it begins at the first.
        """
        now, used = _now()
        past = list(self._past)
        at, before = next((one for one in reversed(past) if now - one[0] >= WINDOW), past[0])
        if now - past[-1][0] >= WINDOW / 16:
            self._past.append((now, used))
        window = now - at
        return window, 100.0 * (used - before) / window if window > 0 else 0.0


def _now() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


def _psutil() -> Any:
    try:
        return import_module("psutil")
    except ImportError:
        return None


class _Source:
    """Where the figures come from."""

    def rss(self) -> int | None:
        """Resident memory: bytes."""
        return None

    def threads(self) -> int | None:
        """How many threads there are."""
        return None

    def fds(self) -> int | None:
        """How many descriptors, or handles, are open."""
        return None


class _Psutil(_Source):
    def __init__(self) -> None:
        self._process = _psutil().Process()

    def rss(self) -> int | None:
        return int(self._process.memory_info().rss)

    def threads(self) -> int | None:
        return int(self._process.num_threads())

    def fds(self) -> int | None:
        process = self._process
        return int(process.num_handles() if sys.platform == "win32" else process.num_fds())


class _System(_Source):
    """Linux has the figures in /proc. Other systems have none here."""

    def rss(self) -> int | None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages = int((_PROC / "statm").read_text().split()[1])
            return pages * os.sysconf("SC_PAGE_SIZE")
        return None

    def threads(self) -> int | None:
        with contextlib.suppress(OSError):
            return len(os.listdir(_PROC / "task"))
        return None

    def fds(self) -> int | None:
        with contextlib.suppress(OSError):
            return len(os.listdir(_PROC / "fd")) - 1  # without the one that lists them
        return None


def _peak_rss() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
