"""`process`: the program that the game runs in."""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
from dataclasses import dataclass

import stagedoor
from stagedoor.live.rpc.methods import Methods


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """What process this is."""

    name: str
    """The stage's name."""
    pid: int
    argv: list[str]
    python: str
    """Implementation and version: `CPython 3.11.7`."""
    platform: str
    stagedoor: str
    """stagedoor's version."""
    started: float
    """When the stage was started: seconds since the epoch."""
    uptime: float
    """Seconds since then."""
    threads: int
    """Threads that Python knows of."""


def add_to(methods: Methods, name: str) -> None:
    """Register the domain for the stage of that name."""
    started = time.time()
    began = time.monotonic()

    def info() -> ProcessInfo:
        """What process this is, and since when it runs."""
        return ProcessInfo(
            name=name,
            pid=os.getpid(),
            argv=[argument.encode(errors="replace").decode() for argument in sys.argv],
            python=f"{platform.python_implementation()} {platform.python_version()}",
            platform=platform.platform(),
            stagedoor=stagedoor.__version__,
            started=started,
            uptime=time.monotonic() - began,
            threads=threading.active_count(),
        )

    methods.add_built_in(info, "process.info", role="viewer", anytime=True)
