"""`in_slices()`: a sleep in which a stage can tick. `patches()`: `time.sleep` as such a one."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from stagedoor.live.engines.driver import place
from stagedoor.live.engines.replacement import Replacement
from stagedoor.live.engines.turns import Kind

if TYPE_CHECKING:
    from stagedoor.live.engines.driver import Driver
    from stagedoor.live.engines.imports import Patch

SLICE: Final = 0.25
"""Seconds. A shorter sleep is taken at once, so that a turn of a loop ends once."""
_LONGEST: Final = 1e6
"""Seconds. What is longer is the real function's affair: it may refuse it."""


def patches(driver: Driver) -> dict[str, Patch]:
    """The patch for Python's own `time`."""

    def patch(time: Any) -> None:
        time.sleep = in_slices(time.sleep, driver, second=1)

    return {"time": patch}


def in_slices(real: Callable[[Any], Any], driver: Driver, *, second: int) -> Callable[[Any], Any]:
    """A sleep that passes its place in the game's loop, after each slice of it.

    `real` sleeps, `second` for a second. It returns how long it has slept, or None."""
    longest = int(SLICE * second) or SLICE

    def sleep(duration: Any, /) -> Any:
        is_long = isinstance(duration, int | float) and longest < duration < _LONGEST * second
        if not is_long or not driver.is_driving():
            with driver.waiting:
                slept = real(duration)
            driver.passes(Kind.SLEEP, place(2))
            return slept
        total, left = 0, duration
        while left > 0:
            began = perf_counter()
            with driver.waiting:
                slept = real(min(left, longest))
            left -= (perf_counter() - began) * second if slept is None else slept
            total += slept or 0
            driver.passes(Kind.SLEEP, place(2))
        return None if slept is None else total

    return Replacement(real, sleep)
