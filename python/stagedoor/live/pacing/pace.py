"""`Pace`: whether the game goes on, and how fast. Pure: times are passed in, and nothing waits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final

USUAL_DT: Final = 1 / 60
"""The dt of a step, in seconds, if no frame before the pause had a dt that could be one."""


class Steps:
    """A request to a paused game to run some frames."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.released = 0
        """How many of the frames have begun."""
        self.done = 0
        """How many of the frames have ended."""
        self.is_called_off = False

    @property
    def is_done(self) -> bool:
        """The game has run all of these frames."""
        return self.done == self.wanted


class Pace:
    """Pause, steps and time scale of one game. Game thread only.

    The stage calls `begin()` when a frame begins, waits while `is_held`, and then calls
    `release()`, in that order. Anything else may be called at any time.
    """

    def __init__(self) -> None:
        self.paused = False
        """The game goes on for single steps only."""
        self.timescale = 1.0
        """The game's dt is multiplied by this."""
        self.is_usual = True
        """The game goes on with its own dt. A frame with nothing else to do needs no Pace."""
        self.no_scale: str | None = None
        """Why a time scale would not affect the game; None: it would."""
        self.listeners: list[Callable[[], object]] = []
        """Called after each change, and when a game is held again after its steps."""
        self._dt = 0.0
        self._step_dt = USUAL_DT
        self._was_paused = False
        """Whether the game was paused when the last frame was released."""
        self._queue: deque[Steps] = deque()
        self._stepping: Steps | None = None
        """The steps that the current frame belongs to."""
        self._has_ended = False

    @property
    def is_held(self) -> bool:
        """The frame that has begun must not go on."""
        return self.paused and not self._queue and not self._has_ended

    @property
    def steps(self) -> int:
        """How many frames the game will still run although it is paused. Any thread may ask."""
        return sum(steps.wanted - steps.released for steps in list(self._queue))

    def begin(self, dt: float) -> None:
        """A frame begins, `dt` seconds after the one before.

        A dt that is negative, infinite or NaN is the game's own affair. It stays as it is, but no
        step gets it."""
        self._dt = dt
        if not self._was_paused and 0 < dt < math.inf:
            self._step_dt = dt
        if self._stepping is not None:
            self._stepping.done += 1
            self._stepping = None
            self._look()
            if self.is_held:
                self._changed()

    def release(self) -> float:
        """Let the frame go on. Returns the dt that the game gets for it, in seconds.

        A frame has its own dt. A step has the last dt before the pause that was above 0 and finite.
        Both are multiplied by the time scale.
        """
        dt = self._dt
        self._was_paused = self.paused
        if self.paused and self._queue:
            dt = self._step_dt
            steps = self._stepping = self._queue[0]
            steps.released += 1
            if steps.released == steps.wanted:
                self._queue.popleft()
        return dt * self.timescale

    def pause(self) -> None:
        """Hold the game, now or when its next frame begins. Call off the steps that are left."""
        if self.paused and not self._queue:
            return
        self._call_all_off()
        self.paused = True
        self._changed()

    def resume(self) -> None:
        """Let the game go on. Call off the steps that are left."""
        if not self.paused:
            return
        self._call_all_off()
        self.paused = False
        self._changed()

    def step(self, frames: int) -> Steps:
        """Let the game run this many frames after the steps before, and hold it again.

        A game that is not paused is paused first.
        """
        self.paused = True
        steps = Steps(frames)
        self._queue.append(steps)
        self._changed()
        return steps

    def call_off(self, steps: Steps) -> None:
        """Call off what is left of these steps."""
        if steps in self._queue:
            self._queue.remove(steps)
            steps.is_called_off = True
            self._changed()

    def scale(self, timescale: float) -> None:
        """Set the time scale, from the next frame that is released."""
        self.timescale = timescale
        self._changed()

    def end(self) -> None:
        """Let the game go on in its own time, and never hold it again: nobody can resume it any
        more."""
        self._has_ended = True
        self.resume()
        if self.timescale != 1.0:
            self.scale(1.0)

    def _look(self) -> None:
        self.is_usual = not self.paused and self.timescale == 1.0 and self._stepping is None

    def _changed(self) -> None:
        self._look()
        for listener in self.listeners:
            listener()

    def _call_all_off(self) -> None:
        for steps in self._queue:
            steps.is_called_off = True
        self._queue.clear()
