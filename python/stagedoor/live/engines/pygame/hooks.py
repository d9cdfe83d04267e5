"""`PygameHooks`: tells a driver what the loop of a pygame game passes, when it waits, and when it
shows a picture."""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from stagedoor.live.engines.driver import place
from stagedoor.live.engines.pygame.clock import make_clock_type
from stagedoor.live.engines.pygame.picture import shown
from stagedoor.live.engines.replacement import Replacement
from stagedoor.live.engines.sleeping import in_slices
from stagedoor.live.engines.turns import Kind

if TYPE_CHECKING:
    from stagedoor.live.engines.driver import Driver
    from stagedoor.live.engines.imports import Patch

_NOT_BEFORE: Final = 1000
"""`get_ticks()` of one thread may be this many milliseconds behind that of another."""
_SLICE: Final = 16
"""Milliseconds. While a game waits for an event, it passes this place so often."""
_NO_EVENT: Final = 0
"""`pygame.NOEVENT`"""
_POLLS: Final = ("get", "poll", "peek", "pump", "clear")
"""The functions by which a game asks for events without waiting."""


class PygameHooks:
    """Replaces what a game waits with, asks for events with, and shows pictures with.

    Each function does what it always did, and tells the driver.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def patches(self) -> dict[str, Patch]:
        """The patches, by the name of the module. Each is applied once its module is loaded."""
        return {
            **self.waits(),
            "pygame.time": self._patch_time,
            "pygame.event": self._patch_event,
        }

    def waits(self) -> dict[str, Patch]:
        """Those of the patches that tell when the game waits, and when it shows a picture."""
        return {
            "pygame.time": self._patch_waits,
            "pygame.display": self._patch_display,
            "pygame.window": self._make_patch("Window", "flip", shown.note),
            "pygame._sdl2.video": self._make_patch("Renderer", "present", shown.forget),
        }

    # Time

    def _patch_waits(self, time: Any) -> None:
        real = time.Clock
        time.Clock = make_clock_type(real, self._driver)
        pygame: Any = sys.modules.get("pygame")
        if getattr(pygame, "Clock", None) is real:
            pygame.Clock = time.Clock
        for name in ("wait", "delay"):
            setattr(time, name, in_slices(getattr(time, name), self._driver, second=1000))

    def _patch_time(self, time: Any) -> None:
        self._patch_waits(time)
        time.get_ticks = self._make_get_ticks(time.get_ticks)

    def _make_get_ticks(self, real: Callable[[], int]) -> Callable[[], int]:
        last = began = 0.0

        def get_ticks() -> int:
            nonlocal last, began
            ticks = real()
            away = self._driver.away() * 1000
            if ticks < last - _NOT_BEFORE:  # pygame was started again
                began = away
            last = ticks
            return max(0, ticks - int(away - began))

        return Replacement(real, get_ticks)

    # Events

    def _patch_event(self, event: ModuleType) -> None:
        for name in _POLLS:
            real = getattr(event, name)
            setattr(event, name, Replacement(real, self._make_poll(real)))
        setattr(event, "wait", self._make_event_wait(event.wait))  # noqa: B010

    def _make_poll(self, real: Callable[..., Any]) -> Callable[..., Any]:
        driver = self._driver

        def poll(*arguments: Any, **named: Any) -> Any:
            done = real(*arguments, **named)
            driver.passes(Kind.EVENTS, place(2))
            return done

        return poll

    def _make_event_wait(self, real: Callable[..., Any]) -> Callable[..., Any]:
        driver = self._driver

        def wait(*arguments: Any, **named: Any) -> Any:
            given = [*arguments, *named.values()] or [0]
            is_usual = len(given) == 1 and named.keys() <= {"timeout"} and type(given[0]) is int
            if not is_usual or not driver.is_driving():
                return real(*arguments, **named)  # it raises what is to be raised
            left: float = given[0] if given[0] > 0 else math.inf
            while True:
                began = perf_counter()
                is_last = left < 2 * _SLICE
                event = real(max(1, round(left)) if is_last else _SLICE)
                left -= (perf_counter() - began) * 1000
                driver.passes(Kind.EVENTS, place(2))
                if is_last or event.type != _NO_EVENT:
                    return event

        return Replacement(real, wait)

    # Pictures

    def _patch_display(self, display: ModuleType) -> None:
        for name in ("flip", "update"):
            real = getattr(display, name)
            setattr(display, name, Replacement(real, self._make_show(real)))

    def _make_show(self, real: Callable[..., Any]) -> Callable[..., Any]:
        driver = self._driver

        def show(*arguments: Any, **named: Any) -> Any:
            driver.about_to_show()
            done = real(*arguments, **named)
            if driver.is_driving():
                driver.passes(Kind.PICTURE, place(2))
            return done

        return show

    def _make_patch(self, name: str, method: str, note: Callable[[object], None]) -> Patch:
        """A patch for a class whose objects show pictures by a method. Its methods cannot be
        replaced, so a class that inherits from it takes its place. `note` is told of each object
        that is about to show one."""
        driver = self._driver

        def patch(module: ModuleType) -> None:
            real = getattr(module, name)
            really = getattr(real, method)

            @functools.wraps(really)
            def show(self: object, *arguments: Any, **named: Any) -> Any:
                note(self)
                driver.about_to_show(self)
                done = really(self, *arguments, **named)
                if driver.is_driving():
                    driver.passes(Kind.PICTURE, place(1))
                return done

            members = {
                method: show,
                "__slots__": (),  # an object is as large as a real one: compiled code checks that
                "__doc__": real.__doc__,
                "__module__": real.__module__,
            }
            setattr(module, name, type(name, (real,), members))

        return patch
