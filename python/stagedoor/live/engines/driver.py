"""`Driver`: how the hooks of an engine tick a stage for a game that does not tick one itself."""

from __future__ import annotations

from typing import Protocol


class Driver(Protocol):
    """Is told where a game's frames end, and ticks the stage there.

    Any thread may call it, except `end_frame()`, which may be called only where `is_here()`."""

    @property
    def timescale(self) -> float:
        """The game's time is multiplied by this."""

    def is_here(self) -> bool:
        """Whether this thread is in the game's own loop.

        This is the main thread, outside the stage, in a game that does not tick a stage itself."""

    def away(self) -> float:
        """Seconds that the game has been inside its stage so far. They are not the game's time."""

    def slept(self, seconds: float) -> None:
        """The game has waited this long in the current frame. Ignored on other threads."""

    def end_frame(self, passed: float, no_scale: str | None) -> float:
        """End a frame, and tick the stage.

        `passed`: the seconds that the frame took the game, without those inside the stage.
        `no_scale`: why a time scale would not affect the game; None: it would. Returns the seconds
        that the game gets for the frame."""
