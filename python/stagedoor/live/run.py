"""`drive()`: ticks a stage for a game that does not know of it, for `stagedoor run`."""

from __future__ import annotations

import logging
import os
import threading
from threading import get_ident
from time import perf_counter
from typing import Final

from stagedoor.live import engines
from stagedoor.live.engines.imports import ImportHook
from stagedoor.live.engines.showing import showing
from stagedoor.live.engines.turns import Kind, Turns
from stagedoor.live.lending import Lent
from stagedoor.live.net import threads
from stagedoor.live.stage import Stage, lend

_ADVICE: Final = (
    "the game shows no frames: it may be busy, or use a framework that stagedoor cannot drive"
)
_NO_SCALE: Final = (
    "the game has no clock whose time could be scaled, as pygame.time.Clock: its frames end where "
    "it shows a picture, asks for events or sleeps"
)


def drive(
    stage: Stage, *, name: str | None = None, port: int | None = None, is_verbose: bool = False
) -> None:
    """Let the game's frames tick the stage from now on, by hooks into the game's framework.

    If the game starts a stage itself, that stage replaces this one. `name` and `port`: if given,
    the game's stage gets these instead of its own. `is_verbose`: print what is logged. Otherwise
    nothing of it reaches the handlers of the game, or its stderr, until the game starts a stage.
    """
    driver = StageDriver(name, port, None if is_verbose else Hush())
    lend(stage, driver, advice=_ADVICE)
    ImportHook(engines.patches(driver)).install()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=driver.leave_to_parent)


class Hush:
    """Keeps the log of `stagedoor` from the handlers of a game that knows nothing of it.

    Clients get it all the same."""

    def __init__(self) -> None:
        self._logger = logging.getLogger("stagedoor")
        self._handler = logging.NullHandler()
        self._propagates = self._logger.propagate
        self._logger.addHandler(self._handler)
        self._logger.propagate = False

    def end(self) -> None:
        """Log as before."""
        self._logger.removeHandler(self._handler)
        self._logger.propagate = self._propagates


class StageDriver:
    """The `Driver` for the hooks of engines, until the game ticks a stage itself."""

    def __init__(self, name: str | None, port: int | None, hush: Hush | None) -> None:
        self._name = name
        self._port = port
        self._hush = hush
        self._turns = Turns(threading.main_thread().ident or 0)
        self._lock = threads.Lock()
        """Taken by the thread that is in `_turns` or in the stage. Nobody waits for it."""
        self._frame = 0
        """The number of the last frame that ended here."""
        self._last_tick = 0.0
        """Seconds that the last tick took."""
        self._absence: tuple[float, float | None] = (0.0, None)
        """Seconds that the game has been inside the stage, and since when it is there, or None. One
        tuple, so that other threads see both change together."""
        self._is_driving = True

    def follow(self, lent: Lent) -> None:
        """Tick this stage from now on, until the game does so itself."""
        self._lent = lent
        self.waiting = lent.waiting
        self._frame = lent.frame
        self._last_tick = 0.0

    # For the hooks

    @property
    def timescale(self) -> float:
        """The game's time is multiplied by this."""
        return self._lent.pace.timescale

    def is_here(self) -> bool:
        """Whether this thread is in the game's own loop."""
        return self._is_driving and self._absence[1] is None and get_ident() == self._turns.thread

    def is_driving(self) -> bool:
        """Whether the game ticks no stage itself."""
        return self._is_driving

    def away(self) -> float:
        """Seconds that the game has been inside its stage so far. They are not the game's time."""
        away, since = self._absence
        return away if since is None else away + perf_counter() - since

    def about_to_show(self, source: object = None) -> None:
        """The game is about to show a picture."""
        showing.about_to_show(source)

    def passes(self, kind: Kind, key: object, passed: float | None = None) -> float | None:
        """The game passes a place of its loop. If a turn ends there, end the frame."""
        if not self._is_driving or not self._lock.acquire(blocking=False):
            return None
        try:
            now = perf_counter()
            if not self._turns.ends(kind, key, get_ident(), now):
                return None
            return self._end_frame(now, passed)
        finally:
            self._lock.release()

    def _end_frame(self, now: float, passed: float | None) -> float | None:
        """Tick the stage. If the game has ticked it itself, leave that to the game from now on."""
        lent = self._lent
        if lent.frame != self._frame:
            self._is_driving = False
            lent.pace.no_scale = None
            return None
        lent.pace.no_scale = _NO_SCALE if passed is None else None
        if passed is not None:
            # `tick()` takes off the time of its last tick, and `passed` does not contain that.
            passed += self._last_tick
        away = self._absence[0]
        self._absence = (away, now)
        try:
            return lent.tick(passed)
        finally:
            self._last_tick = perf_counter() - now
            self._absence = (away + self._last_tick, None)
            self._frame = lent.frame

    def leave_to_parent(self) -> None:
        """For a forked child: the stage and the port are the parent's."""
        self._is_driving = False
        self._port = None

    # For a stage of the game's own

    def leave(self, name: str | None, port: int | None) -> tuple[str | None, int | None]:
        """The game starts a stage: say what this gets instead of its own name and port."""
        if self._hush is not None:
            self._hush.end()
        return self._name or name, port if self._port is None else self._port
