"""`PygameHooks`: finds the frames of a pygame game that does not tick a stage itself.

A frame ends when a `pygame.time.Clock` ticks. In a game without a clock, it ends when the game
shows a picture.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from stagedoor.live.engines.pygame.clock import make_clock_type

if TYPE_CHECKING:
    from stagedoor.live.engines.driver import Driver
    from stagedoor.live.engines.imports import Patch

_NO_CLOCK_FOR: Final = 1.0
"""A clock that has not ticked for this many seconds is not in use any more, ..."""
_NO_CLOCK_IN: Final = 3
"""... if the game has shown more than this many pictures since."""
_NOT_BEFORE: Final = 1000
"""`get_ticks()` of one thread may be this many milliseconds behind that of another."""
_NO_SCALE: Final = "the game has no pygame.time.Clock, whose time could be scaled"


class PygameHooks:
    """Replaces the functions with which a game waits and shows pictures.

    The hooks act on the main thread only. On other threads the functions do what they always did.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._clock: object = None
        """The clock whose ticks end the frames."""
        self._last_clock: object = None
        """The clock that ticked last."""
        self._clock_ticked = -math.inf
        self._shown = 0
        """How many pictures were shown since the clock ticked."""
        self._frame_ended = perf_counter()
        self._away = 0.0

    def patches(self) -> dict[str, Patch]:
        """The patches, by the name of the module. Each is applied once its module is loaded."""
        return {
            "pygame.time": self._patch_time,
            "pygame.display": self._patch_display,
            "pygame.window": self._patch_window,
        }

    # For the clocks

    def is_here(self) -> bool:
        """Whether this thread is in the game's own loop."""
        return self._driver.is_here()

    def away(self) -> float:
        """Seconds that the game has been inside the stage so far."""
        return self._driver.away()

    def slept(self, seconds: float) -> None:
        """The game has waited this long in the current frame."""
        self._driver.slept(seconds)

    def ticked(self, clock: object, passed: float) -> float:
        """A clock has ticked after `passed` seconds. Returns the seconds to give to the game."""
        if clock is not self._clock and (self._clock is None or clock is self._last_clock):
            self._clock = clock  # it ticked twice in a row: the other clock's loop may have ended
        self._last_clock = clock
        if clock is not self._clock:
            return passed * self._driver.timescale
        self._clock_ticked = self._frame_ended = perf_counter()
        self._away = self._driver.away()
        self._shown = 0
        return self._driver.end_frame(passed, None)

    # For the pictures

    def _picture_shown(self) -> None:
        if not self._driver.is_here():
            return
        self._shown += 1
        now = perf_counter()
        if self._shown > _NO_CLOCK_IN and now - self._clock_ticked > _NO_CLOCK_FOR:
            away = self._driver.away()
            passed = now - self._frame_ended - (away - self._away)
            self._frame_ended, self._away = now, away
            self._driver.end_frame(passed, _NO_SCALE)

    # The patches

    def _patch_time(self, time: Any) -> None:
        time.Clock = make_clock_type(time.Clock, self)
        time.get_ticks = self._make_get_ticks(time.get_ticks)
        for name in ("wait", "delay"):
            setattr(time, name, self._make_wait(getattr(time, name)))

    def _make_get_ticks(self, real: Callable[[], int]) -> Callable[[], int]:
        last = began = 0.0

        @functools.wraps(real)
        def get_ticks() -> int:
            nonlocal last, began
            ticks = real()
            away = self._driver.away() * 1000
            if ticks < last - _NOT_BEFORE:  # pygame was started again
                began = away
            last = ticks
            return max(0, ticks - int(away - began))

        return get_ticks

    def _make_wait(self, real: Callable[[int], int]) -> Callable[[int], int]:
        @functools.wraps(real)
        def wait(milliseconds: int, /) -> int:
            began = perf_counter()
            try:
                return real(milliseconds)
            finally:
                self._driver.slept(perf_counter() - began)

        return wait

    def _patch_display(self, display: ModuleType) -> None:
        for name in ("flip", "update"):
            setattr(display, name, self._make_show(getattr(display, name)))

    def _make_show(self, real: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(real)
        def show(*arguments: Any) -> None:
            real(*arguments)
            self._picture_shown()

        return show

    def _patch_window(self, window: Any) -> None:
        real = window.Window
        picture_shown = self._picture_shown

        class Window(real):  # type: ignore[misc, valid-type]
            __doc__ = real.__doc__

            @functools.wraps(real.flip)
            def flip(self) -> None:
                super().flip()
                picture_shown()

        Window.__qualname__ = "Window"
        Window.__module__ = real.__module__
        window.Window = Window
