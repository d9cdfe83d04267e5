"""`Driver`: what the hooks of an engine drive: a stage that the game does not tick itself."""

from __future__ import annotations

from typing import Protocol


class Driver(Protocol):
    """Where frames end, for a game that does not say so. Any thread may call it but for
    `end_frame()`, which is for where `is_here()`."""

    @property
    def timescale(self) -> float:
        """What the game's time is multiplied by."""

    def is_here(self) -> bool:
        """Whether this thread is in the game's own loop: the main thread, not inside the stage,
        of a game that does not tick its stage itself."""

    def away(self) -> float:
        """Seconds that the game has been inside its stage so far, which are not the game's."""

    def slept(self, seconds: float) -> None:
        """So much of the frame that ends next was waiting; it does not count on other threads."""

    def end_frame(self, passed: float, no_scale: str | None) -> float:
        """A frame ends, which took the game so many seconds, without those away: ticks the stage.

        Returns what the game gets for them. `no_scale`: why the game would not notice that;
        None: it does."""
