"""`make_clock_type()`: a `pygame.time.Clock` whose time is the game's.

The real one cannot be subclassed, so this one holds one. The types of the two agree in what a game
can ask them; those of the real one refuse what these refuse.
"""

from __future__ import annotations

import math
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import pygame

_FPS_TICKS = 10
"""pygame counts its frames per second over so many."""


class Paced(Protocol):
    """What a clock tells of its ticks, and asks of time."""

    def is_here(self) -> bool:
        """Whether this is a tick in the game's own loop."""

    def away(self) -> float:
        """Seconds that were not the game's so far: those inside the stage."""

    def slept(self, seconds: float) -> None:
        """So much of this frame was waiting."""

    def ticked(self, clock: object, passed: float) -> float:
        """A clock ticked, `passed` seconds of the game after its last tick; returns what to tell
        the game instead."""


def make_clock_type(real: Callable[[], pygame.time.Clock], paced: Paced) -> type:
    """The class to put in the place of `pygame.time.Clock`, which is `real`."""

    class Clock:
        __slots__ = ("_away", "_fps", "_fps_count", "_fps_time", "_owed", "_raw", "_real", "_time")

        def __init__(self) -> None:
            self._real = real()
            self._away = paced.away()
            self._owed = 0.0  # seconds that were passed, but not told: fractions of milliseconds
            self._time = 0
            self._raw = 0.0
            self._fps = 0.0
            self._fps_count = -1  # the first tick only begins to count
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
            began = perf_counter()
            passed = tick(framerate) / 1000
            paced.slept(perf_counter() - began)
            raw = self._real.get_rawtime() / 1000
            if paced.is_here():
                away = paced.away()
                lost, self._away = away - self._away, away
                passed, raw = max(0.0, passed - lost), max(0.0, raw - lost)
                self._owed += paced.ticked(self, passed)
            else:
                self._owed += passed
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
