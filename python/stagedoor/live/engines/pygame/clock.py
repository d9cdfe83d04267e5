"""`make_clock_type()`: makes a `pygame.time.Clock` that leaves out time that is not the game's.

pygame's own type cannot be subclassed, so a clock of ours wraps a real one. A game sees no
difference between the two types: both have the same methods, and refuse the same things.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from stagedoor.live.engines.driver import place
from stagedoor.live.engines.turns import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    import pygame

    from stagedoor.live.engines.driver import Driver

_FPS_TICKS = 10
"""pygame measures its frames per second over this many ticks."""


def make_clock_type(real: type[pygame.time.Clock], driver: Driver) -> type:
    """The class that replaces `pygame.time.Clock`, which is `real`."""

    class ClockType(type):
        def __instancecheck__(cls, instance: object) -> bool:
            # A clock that the game has made before is one, too.
            return type.__instancecheck__(cls, instance) or isinstance(instance, real)

    class Clock(metaclass=ClockType):
        __slots__ = ("_away", "_fps", "_fps_count", "_fps_time", "_owed", "_raw", "_real", "_time")

        def __init__(self) -> None:
            self._real = real()
            self._away = driver.away()
            self._owed = 0.0  # seconds not given to the game yet: fractions of a millisecond
            self._time = 0
            self._raw = 0.0
            self._fps = 0.0
            self._fps_count = -1  # the first tick only starts the count
            self._fps_time = 0.0

        def tick(self, framerate: float = 0, /) -> int:
            return self._tick(self._real.tick, framerate)

        def tick_busy_loop(self, framerate: float = 0, /) -> int:
            return self._tick(self._real.tick_busy_loop, framerate)

        def get_time(self) -> int:
            return self._time

        def get_rawtime(self) -> int:
            return round(self._raw * 1000)

        def get_fps(self) -> float:
            return self._fps

        def __repr__(self) -> str:
            return f"<Clock(fps={self._fps:.2f})>"

        def __reduce_ex__(self, _: object) -> str:
            raise TypeError("cannot pickle 'pygame.time.Clock' object")

        def _tick(self, tick: Callable[[float], int], framerate: float) -> int:
            with driver.waiting:
                passed = tick(framerate) / 1000
            raw = self._real.get_rawtime() / 1000
            away = driver.away()
            lost, self._away = away - self._away, away
            is_here = driver.is_here()
            if is_here:
                passed, raw = max(0.0, passed - lost), max(0.0, raw - lost)
            given = driver.passes(Kind.CLOCK, place(2), passed)
            if given is None:  # no frame ends here
                given = passed * driver.timescale if is_here else passed
            self._owed += given
            self._raw = raw
            self._count(passed)
            self._time = round(self._owed * 1000)
            self._owed -= self._time / 1000
            return self._time

        def _count(self, passed: float) -> None:
            self._fps_count += 1
            if self._fps_count:
                self._fps_time += passed
            if self._fps_count == _FPS_TICKS:
                self._fps = _FPS_TICKS / self._fps_time if self._fps_time else math.inf
                self._fps_count, self._fps_time = 0, 0.0

    clock: Any = Clock
    clock.__name__ = clock.__qualname__ = "Clock"
    clock.__module__ = "pygame.time"
    clock.__doc__ = real.__doc__
    for name in ("tick", "tick_busy_loop", "get_time", "get_rawtime", "get_fps"):
        getattr(Clock, name).__doc__ = getattr(real, name).__doc__
    return Clock
