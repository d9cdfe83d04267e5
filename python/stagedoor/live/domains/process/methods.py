"""`process`: the program that the game runs in."""

from __future__ import annotations

import gc
import os
import platform
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

import stagedoor
from stagedoor.live.domains.logs.record import exact
from stagedoor.live.domains.process.metrics import Meter, ProcessMetrics
from stagedoor.live.domains.process.stacks import ThreadStack, thread_stacks
from stagedoor.live.rpc.session import Session
from stagedoor.live.topics.topic import NOTHING

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

INTERVAL: Final = 1.0
"""Seconds between two values of the topic `process.metrics`."""
PATIENCE: Final = 0.5
"""Seconds for which a game that quits waits for its answer to be on its way."""

Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Start = Annotated[int, msgspec.Meta(ge=0)]
ExitCode = Annotated[int, msgspec.Meta(ge=0, le=255)]


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


@dataclass(frozen=True, slots=True)
class GcGeneration:
    """One generation of the garbage collector; the first has the youngest objects."""

    threshold: int
    """When it is collected, in the collector's own count."""
    count: int
    """Where that count is."""
    collections: int
    """How often it was collected."""
    collected: int
    """Objects that were freed so."""
    uncollectable: int


@dataclass(frozen=True, slots=True)
class GcStats:
    """The garbage collector."""

    enabled: bool
    generations: list[GcGeneration]
    frozen: int
    """Objects that it leaves alone since `gc.freeze()`."""
    garbage: int
    """Objects that it could not free and has set aside."""


@dataclass(frozen=True, slots=True)
class GcCollection:
    """What a collection has done."""

    unreachable: int
    """Objects that were found to be garbage."""
    seconds: float
    """How long the game stood still for it."""


@dataclass(frozen=True, slots=True)
class ModuleInfo:
    """One imported module."""

    name: str
    file: str | None
    """None: built into Python, or a package without a file."""
    version: str | None
    """Its `__version__`, where it has one."""


@dataclass(frozen=True, slots=True)
class ModulePage:
    """Some of the imported modules, by name."""

    modules: list[ModuleInfo]
    total: int
    """How many there are."""


@dataclass(frozen=True, slots=True)
class Quitting:
    """How the game quits."""

    by: Literal["engine", "SystemExit"]
    """Its engine's own way, as when its window is closed; or SystemExit in the game's thread."""
    engine: str | None
    """The engine, if that is the way."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub
    started = time.time()
    began = time.monotonic()
    meter = Meter()

    def info() -> ProcessInfo:
        """What process this is, and since when it runs."""
        return ProcessInfo(
            name=hub.name,
            pid=os.getpid(),
            argv=[exact(argument) for argument in sys.argv],
            python=f"{platform.python_implementation()} {platform.python_version()}",
            platform=platform.platform(),
            stagedoor=stagedoor.__version__,
            started=started,
            uptime=time.monotonic() - began,
            threads=threading.active_count(),
        )

    def metrics() -> ProcessMetrics:
        """What the process takes: processor, memory, threads, descriptors."""
        return meter.read()

    def stacks() -> list[ThreadStack]:
        """Where each thread is, the game's first."""
        return thread_stacks(hub.game_thread)

    def quit(session: Session, code: ExitCode | None = None) -> Quitting:
        """End the game, once this answer is on its way.

        In the game's own way, as when its window is closed, where its engine is known and no
        `code` is given. Otherwise by SystemExit with the `code` (0 without one), raised from
        `stage.tick()` in the next frame: `finally` blocks run, `except Exception` does not catch
        it. Where the game's thread is not the main one, it ends that thread alone.
        """
        found = parts.engine
        if code is None and found is not None:
            found.quit()
            return Quitting("engine", found.name)
        hub.leave_with(_exit_of(session, code or 0))
        return Quitting("SystemExit", None)

    methods = hub.methods
    methods.add_built_in(info, "process.info", role="viewer", anytime=True)
    methods.add_built_in(metrics, "process.metrics", role="viewer", anytime=True)
    methods.add_built_in(stacks, "process.stacks", role="viewer", anytime=True)
    methods.add_built_in(_gc_stats, "process.gc", role="viewer", anytime=True)
    methods.add_built_in(_collect, "process.collect", role="operator")
    methods.add_built_in(_modules, "process.modules", role="viewer", anytime=True)
    methods.add_built_in(quit, "process.quit", role="admin", with_session=True)
    topic = hub.topics.add(
        "process.metrics",
        _seldom(meter),
        description="What the process takes, once a second: as process.metrics.",
    )
    topic.is_news = True


def _seldom(meter: Meter) -> Callable[[], Any]:
    due = 0.0

    def read() -> Any:
        nonlocal due
        now = time.monotonic()
        if now < due:
            return NOTHING
        due = now + INTERVAL
        return meter.read()

    return read


def _exit_of(session: Session, code: int) -> Callable[[], None]:
    def leave() -> None:
        deadline = time.monotonic() + PATIENCE
        while session.connection.bufferedAmount and time.monotonic() < deadline:
            time.sleep(0.001)
        raise SystemExit(code)

    return leave


def _gc_stats() -> GcStats:
    """What the garbage collector has done, and what it waits for."""
    facts = zip(gc.get_threshold(), gc.get_count(), gc.get_stats(), strict=True)
    return GcStats(
        enabled=gc.isenabled(),
        generations=[
            GcGeneration(
                threshold,
                count,
                stats["collections"],
                stats["collected"],
                stats["uncollectable"],
            )
            for threshold, count, stats in facts
        ],
        frozen=gc.get_freeze_count(),
        garbage=len(gc.garbage),
    )


def _collect(generation: Literal[0, 1, 2] = 2) -> GcCollection:
    """Collect garbage now; the game stands still meanwhile.

    `generation`: this one and those younger than it; 2 is all there is.
    """
    began = time.perf_counter()
    unreachable = gc.collect(generation)
    return GcCollection(unreachable, time.perf_counter() - began)


def _modules(text: str = "", start: Start = 0, count: Count = 100) -> ModulePage:
    """The modules that are imported, by name.

    `text`: only those with this in their name, in upper or lower case. `start`: so many are passed
    over. `count`: so many at most.
    """
    wanted = text.casefold()
    found = sorted(
        name for name in list(sys.modules) if isinstance(name, str) and wanted in name.casefold()
    )
    page = [_module(name, sys.modules.get(name)) for name in found[start : start + count]]
    return ModulePage(page, len(found))


def _module(name: str, module: object) -> ModuleInfo:
    """Without running any code of the module's, which may load itself when it is asked."""
    # Others call themselves modules, as cffi's do, by their `__class__`.
    is_module = issubclass(type(module), ModuleType)
    facts = object.__getattribute__(module, "__dict__") if is_module else {}
    file, version = facts.get("__file__"), facts.get("__version__")
    return ModuleInfo(
        exact(name),
        exact(file) if isinstance(file, str) else None,
        exact(version[:100]) if isinstance(version, str) else None,
    )
