"""`process`: the program that the game runs in."""

from __future__ import annotations

import gc
import os
import platform
import sys
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

import msgspec

import stagedoor
from stagedoor.live.domains.bounds import Number
from stagedoor.live.domains.process.metrics import Meter, ProcessMetrics
from stagedoor.live.domains.process.stacks import (
    Captured,
    ThreadStack,
    capture,
    read_sources,
)
from stagedoor.live.domains.slices import in_slices
from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.live.rpc.session import Session
from stagedoor.live.topics.topic import NOTHING
from stagedoor.wire.encoding import ours_to_json
from stagedoor.wire.text import exact, is_a, text_of

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

INTERVAL: Final = 1.0
"""Seconds between two values of the topic `process.metrics`."""
PATIENCE: Final = 0.5
"""Seconds for which a game that quits waits until its answer is sent."""

Count = Annotated[int, msgspec.Meta(ge=1, le=1000)]
ExitCode = Annotated[int, msgspec.Meta(ge=0, le=255)]


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """The process that the game runs in."""

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
    """How many threads Python knows of."""


@dataclass(frozen=True, slots=True)
class GcGeneration:
    """One generation of the garbage collector. The first has the youngest objects."""

    threshold: int
    """The `count` above which it is collected."""
    count: int
    """The collector's own count for this generation."""
    collections: int
    """How often it was collected."""
    collected: int
    """How many objects these collections freed."""
    uncollectable: int
    """How many objects they could not free."""


@dataclass(frozen=True, slots=True)
class GcStats:
    """The state of the garbage collector."""

    enabled: bool
    generations: list[GcGeneration]
    frozen: int
    """How many objects it leaves alone because of `gc.freeze()`."""
    garbage: int
    """How many objects it could not free and has put into `gc.garbage`."""


@dataclass(frozen=True, slots=True)
class GcCollection:
    """The result of a collection."""

    unreachable: int
    """How many objects were found to be garbage."""
    seconds: float
    """How long the game stood still for it."""


@dataclass(frozen=True, slots=True)
class ModuleInfo:
    """One imported module."""

    name: str
    file: str | None
    """None for a module that is built into Python, and for a package without a file."""
    version: str | None
    """Its `__version__`, if it has one."""


@dataclass(frozen=True, slots=True)
class ModulePage:
    """Some of the imported modules, by name."""

    modules: list[ModuleInfo]
    total: int
    """How many there are in all, of those that were asked for."""


@dataclass(frozen=True, slots=True)
class Quitting:
    """How the game quits."""

    by: Literal["engine", "SystemExit"]
    """By its engine, as when its window is closed, or by SystemExit in the game's thread."""
    engine: str | None
    """The engine's name; null for SystemExit."""


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub
    started = time.time()
    began = time.monotonic()
    meter = Meter()

    def info() -> ProcessInfo:
        """The process that the game runs in: its id, arguments, versions and age."""
        return ProcessInfo(
            name=hub.name,
            pid=os.getpid(),
            argv=_arguments(),
            python=f"{platform.python_implementation()} {platform.python_version()}",
            platform=platform.platform(),
            stagedoor=stagedoor.__version__,
            started=started,
            uptime=time.monotonic() - began,
            threads=threading.active_count(),
        )

    def metrics() -> ProcessMetrics:
        """What the process uses: processor, memory, threads, descriptors."""
        return meter.read()

    def stacks() -> Generator[object, None, list[ThreadStack]]:
        """The stack of each thread, the game's thread first."""
        found = capture(hub.game_thread)
        for _ in read_sources(found):
            yield THIS_FRAME
        described = map(Captured.described, found)
        return cast(list[ThreadStack], (yield from in_slices(hub.ours_to_json, described, 1)))

    def quit(session: Session, code: ExitCode | None = None) -> Quitting:
        """End the game, once this answer is on its way.

        Without a `code`, and if stagedoor knows the game's engine, the game ends as if its window
        had been closed. Otherwise `stage.tick()` raises SystemExit with the `code` (0 without one)
        in the next frame: `finally` blocks run, and `except Exception` does not catch it. If the
        game's thread is not the main thread, SystemExit ends only that thread.
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
        description="What the process uses, once a second, as process.metrics returns it.",
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
        while session.connection.queued and time.monotonic() < deadline:
            time.sleep(0.001)
        raise SystemExit(code)

    return leave


def _arguments() -> list[str]:
    """`sys.argv`, which is the game's: it may be missing, or have anything in it."""
    found = getattr(sys, "argv", None)
    return [text_of(one) for one in found] if is_a(found, list, tuple) else []


def _gc_stats() -> GcStats:
    """The state of the garbage collector: counts and thresholds of each generation."""
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
    """Collect garbage now. The game stands still meanwhile.

    `generation`: collect this one and the younger ones; 2 collects all.
    """
    began = time.perf_counter()
    unreachable = gc.collect(generation)
    return GcCollection(unreachable, time.perf_counter() - began)


def _modules(
    text: str = "", start: Number = 0, count: Count = 100
) -> Generator[object, None, ModulePage]:
    """The imported modules, by name.

    `text`: only modules with this in their name, in upper or lower case. `start`: skip this many.
    `count`: at most this many.
    """
    wanted = text.casefold()
    named = {exact(key): module for key, module in sys.modules.copy().items() if is_a(key, str)}
    found = sorted(name for name in named if wanted in name.casefold())
    described = (_module(name, named[name]) for name in found[start : start + count])
    page = yield from in_slices(ours_to_json, described)
    return ModulePage(cast(list[ModuleInfo], page), len(found))


def _module(name: str, module: object) -> ModuleInfo:
    """Describe a module without running its code: a lazy module would load itself."""
    # Other objects call themselves modules by their `__class__`, as cffi's do.
    facts = vars(ModuleType)["__dict__"].__get__(module) if is_a(module, ModuleType) else None
    facts = facts or {}  # one that is not initialised has none
    file, version = facts.get("__file__"), facts.get("__version__")
    return ModuleInfo(
        name,
        exact(file) if is_a(file, str) else None,
        exact(version)[:100] if is_a(version, str) else None,
    )
