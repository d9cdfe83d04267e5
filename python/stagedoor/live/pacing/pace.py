"""`Pace`: whether the game goes on, and how fast. Pure: times are passed in, nothing waits."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

USUAL_DT: Final = 1 / 60
"""Seconds that a step gets when no frame before the pause had any."""


class Steps:
    """Frames that a paused game was asked to go on for."""

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.released = 0
        """Frames that the game was let go on for."""
        self.done = 0
        """Frames that the game has come back from."""
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
        """What the game's dt is multiplied by."""
        self.is_usual = True
        """The game goes on with its own dt: a frame that has nothing else to do needs no Pace."""
        self.no_scale: str | None = None
        """Why the game would not notice; None: it does."""
        self.listeners: list[Callable[[], object]] = []
        """Called after each change, and when a game that was stepped is held again."""
        self._dt = 0.0
        self._step_dt = USUAL_DT
        self._was_paused = False
        """When a frame was released last."""
        self._queue: deque[Steps] = deque()
        self._stepping: Steps | None = None
        """Whose frame the game is in."""
        self._has_ended = False

    @property
    def is_held(self) -> bool:
        """The frame that has begun must not go on."""
        return self.paused and not self._queue and not self._has_ended

    @property
    def steps(self) -> int:
        """Frames for which the game goes on although it is paused. Any thread may ask."""
        return sum(steps.wanted - steps.released for steps in list(self._queue))

    def begin(self, dt: float) -> None:
        """A frame begins, `dt` seconds after the one before."""
        self._dt = dt
        if not self._was_paused and dt > 0:
            self._step_dt = dt
        if self._stepping is not None:
            self._stepping.done += 1
            self._stepping = None
            self._look()
            if self.is_held:
                self._changed()

    def release(self) -> float:
        """The frame goes on; returns the seconds that the game gets for it: its own, or for a step
        those of the last frame before the pause; times the time scale."""
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
        """Hold the game, now or when its next frame begins; steps that are left are called off."""
        if self.paused and not self._queue:
            return
        self._call_all_off()
        self.paused = True
        self._changed()

    def resume(self) -> None:
        """Let the game go on; steps that are left are called off."""
        if not self.paused:
            return
        self._call_all_off()
        self.paused = False
        self._changed()

    def step(self, frames: int) -> Steps:
        """Let the game go on for so many frames, after those it was asked for before, and hold it
        again. A game that runs is paused first."""
        self.paused = True
        steps = Steps(frames)
        self._queue.append(steps)
        self._changed()
        return steps

    def call_off(self, steps: Steps) -> None:
        """Leave out the frames that are left of these."""
        if steps in self._queue:
            self._queue.remove(steps)
            steps.is_called_off = True
            self._changed()

    def scale(self, timescale: float) -> None:
        """From the frame that is released next on."""
        self.timescale = timescale
        self._changed()

    def end(self) -> None:
        """Nobody can resume the game any more: it is never held again."""
        self._has_ended = True
        self.resume()

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
