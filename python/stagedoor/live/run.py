"""`drive()`: ticks a stage for a game that does not know of it, for `stagedoor run`."""

from __future__ import annotations

import contextlib
import os
import threading
from time import perf_counter

from stagedoor.live import engines
from stagedoor.live.engines.imports import ImportHook
from stagedoor.live.stage import Stage

_ADVICE = "the game shows no frames: it may be busy, or use a framework that stagedoor cannot drive"


def drive(stage: Stage, *, name: str | None = None, port: int | None = None) -> None:
    """Let the game's frames tick the stage from now on, by hooks into the game's framework.

    If the game starts a stage itself, that stage replaces this one. `name` and `port`: if given,
    the game's stage gets these instead of its own.
    """
    driver = StageDriver(stage, name, port)
    stage._transport.advice = _ADVICE
    Stage._stand_in = driver
    ImportHook(engines.patches(driver)).install()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=driver.leave_to_parent)


class StageDriver:
    """The `Driver` for the hooks of engines, until the game ticks a stage itself."""

    def __init__(self, stage: Stage, name: str | None, port: int | None) -> None:
        self._stage = stage
        self._name = name
        self._port = port
        self._frame = 0
        """The number of the last frame that ended here."""
        self._last_tick = 0.0
        """Seconds that the last tick took."""
        self._absence: tuple[float, float | None] = (0.0, None)
        """Seconds that the game has been inside the stage, and since when it is there, or None. One
        tuple, so that other threads see both change together."""
        self._is_driving = True

    # For the hooks

    @property
    def timescale(self) -> float:
        """The game's time is multiplied by this."""
        return self._stage._pace.timescale

    def is_here(self) -> bool:
        """Whether this thread is in the game's own loop."""
        return self._is_driving and self._absence[1] is None and _is_main_thread()

    def away(self) -> float:
        """Seconds that the game has been inside its stage so far. They are not the game's time."""
        away, since = self._absence
        return away if since is None else away + perf_counter() - since

    def slept(self, seconds: float) -> None:
        """The game has waited this long in the current frame. Ignored on other threads."""
        if self._absence[1] is None and _is_main_thread():
            self._stage._frames.idle(seconds)

    def end_frame(self, passed: float, no_scale: str | None) -> float:
        """Tick the stage. If the game has ticked it itself, leave that to the game from now on."""
        stage = self._stage
        if stage._hub.frame != self._frame:
            self._is_driving = False
            stage._pace.no_scale = None
            return passed
        stage._pace.no_scale = no_scale
        away, began = self._absence[0], perf_counter()
        self._absence = (away, began)
        try:
            # `tick()` takes off the time of its last tick, and `passed` does not contain that.
            return stage.tick(passed + self._last_tick)
        finally:
            self._last_tick = perf_counter() - began
            self._absence = (away + self._last_tick, None)
            self._frame = stage._hub.frame

    def leave_to_parent(self) -> None:
        """For a forked child: the stage and the port are the parent's."""
        self._is_driving = False
        self._port = None

    # For a stage of the game's own

    def leave(self, name: str | None, port: int | None) -> tuple[str | None, int | None]:
        """Close our stage, before the game starts its own. Returns the name and port for that."""
        self._stage.close()
        with contextlib.suppress(RuntimeError):  # it has failed, so it is closed as well
            self._stage._transport.serve_forever()  # until it is closed, so that its port is free
        return self._name or name, port if self._port is None else self._port

    def follow(self, stage: Stage) -> None:
        """The game has started its own stage. Tick that one, until the game does so itself."""
        self._stage = stage
        self._frame = stage._hub.frame
        self._last_tick = 0.0


def _is_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident
