"""`Driver`: how the hooks of an engine tick a stage for a game that does not tick one itself."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from typing import Protocol

from stagedoor.live.engines.showing import showing
from stagedoor.live.engines.turns import Kind


class Driver(Protocol):
    """Is told what a game's loop passes, and ticks the stage where a turn of it ends.

    Any thread may call it."""

    waiting: AbstractContextManager[None]
    """`with driver.waiting:` this thread waits, although it may keep a processor busy."""

    @property
    def timescale(self) -> float:
        """The game's time is multiplied by this."""

    def is_here(self) -> bool:
        """Whether this thread is in the game's own loop.

        It is the thread of the loop, outside the stage, and the game ticks no stage itself."""

    def is_driving(self) -> bool:
        """Whether the game ticks no stage itself."""

    def away(self) -> float:
        """Seconds that the game has been inside its stage so far. They are not the game's time."""

    def about_to_show(self, source: object = None) -> None:
        """The game is about to show the picture of this window or renderer; None: of its only
        display. A picture that its framework keeps nowhere is read here."""

    def passes(self, kind: Kind, key: object, passed: float | None = None) -> float | None:
        """The game passes a place of its loop. If a turn ends there, end the frame: tick the stage.

        `key`: what tells the place from others of its kind. `passed`: the seconds that the frame
        took the game, without those inside the stage, if its clock tells. Returns the seconds that
        the game gets for the frame; None if no frame ends."""


class NoDriver:
    """The `Driver` for a game that ticks its own stage: it is only told when the game waits, and
    when it shows a picture."""

    timescale = 1.0

    def __init__(self, waiting: AbstractContextManager[None]) -> None:
        self.waiting = waiting

    def is_here(self) -> bool:
        """No hook has to do with time."""
        return False

    def is_driving(self) -> bool:
        """The game does."""
        return False

    def away(self) -> float:
        """No hook takes time off."""
        return 0.0

    def about_to_show(self, source: object = None) -> None:
        """The game is about to show a picture."""
        showing.about_to_show(source)

    def passes(self, kind: Kind, key: object, passed: float | None = None) -> None:
        """No frame ends at a hook."""


def place(depth: int) -> object:
    """The place in the code that has called the function that calls this, as a key. `depth`: 1 for
    the caller of the function, 2 for the caller of that one. None if C has called it."""
    try:
        frame = sys._getframe(depth + 1)
    except ValueError:
        return None
    return id(frame.f_code), frame.f_lasti
