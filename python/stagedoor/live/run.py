"""`drive()`: a stage for a game that knows nothing of it, as `stagedoor run` runs one."""

from __future__ import annotations

import contextlib
import os
import threading
from time import perf_counter

from stagedoor.live import engines
from stagedoor.live.engines.imports import ImportHook
from stagedoor.live.stage import Stage

_ADVICE = "the game shows no frames: it may be busy, or made with what stagedoor does not know"


def drive(stage: Stage, *, name: str | None = None, port: int | None = None) -> None:
    """Have the game drive the stage from now on, with the frameworks that it imports.

    When the game starts a stage itself, that one takes the place of this one. `name` and `port`:
    what somebody wants it to have, whatever the game says.
    """
    driver = StageDriver(stage, name, port)
    stage._server._advice = _ADVICE
    Stage._stand_in = driver
    ImportHook(engines.patches(driver)).install()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=driver.leave_to_parent)


class StageDriver:
    """The `Driver` of engines' hooks, until the game ticks a stage itself."""

    def __init__(self, stage: Stage, name: str | None, port: int | None) -> None:
        self._stage = stage
        self._name = name
        self._port = port
        self._frame = 0
        """The stage's last frame that ended here."""
        self._last_tick = 0.0
        self._absence: tuple[float, float | None] = (0.0, None)
        """Seconds inside the stage, and since when if it is there now; in one, for threads."""
        self._is_driving = True

    # For the hooks

    @property
    def timescale(self) -> float:
        """What the game's time is multiplied by."""
        return self._stage._pace.timescale

    def is_here(self) -> bool:
        """Whether this is the game's own loop."""
        return self._is_driving and self._absence[1] is None and _is_main_thread()

    def away(self) -> float:
        """Seconds that the game has been inside its stage so far."""
        away, since = self._absence
        return away if since is None else away + perf_counter() - since

    def slept(self, seconds: float) -> None:
        """So much of the frame that ends next was waiting."""
        if self._absence[1] is None and _is_main_thread():
            self._stage._frames.idle(seconds)

    def end_frame(self, passed: float, no_scale: str | None) -> float:
        """Tick the stage, unless the game has done so itself: then never again."""
        stage = self._stage
        if stage._hub.frame != self._frame:
            self._is_driving = False
            stage._pace.no_scale = None
            return passed
        stage._pace.no_scale = no_scale
        away, began = self._absence[0], perf_counter()
        self._absence = (away, began)
        try:
            # It will take off what its last tick took, and `passed` is without that already.
            return stage.tick(passed + self._last_tick)
        finally:
            self._last_tick = perf_counter() - began
            self._absence = (away + self._last_tick, None)
            self._frame = stage._hub.frame

    def leave_to_parent(self) -> None:
        """This is a forked child: the stage is the parent's, and the port."""
        self._is_driving = False
        self._port = None

    # For a stage of the game's own

    def leave(self, name: str | None, port: int | None) -> tuple[str | None, int | None]:
        """A stage is to start: close ours; returns the name and port for the new one."""
        self._stage.close()
        with contextlib.suppress(RuntimeError):  # it has failed, which is as good
            self._stage._server.serve_forever()  # until it is closed, so that its port is free
        return self._name or name, port if self._port is None else self._port

    def follow(self, stage: Stage) -> None:
        """The stage has started."""
        self._stage = stage
        self._frame = stage._hub.frame
        self._last_tick = 0.0


def _is_main_thread() -> bool:
    return threading.get_ident() == threading.main_thread().ident
