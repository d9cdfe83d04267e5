"""`Showing`: knows when a game shows a picture. There is one for the process: `showing`.

Some pictures can be read only just before they are shown. Hooks say when that is, by
`Driver.about_to_show()`, and an engine asks to be told of the next time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

logger = logging.getLogger("stagedoor")


class Showing:
    """Counts what a game has shown, and tells who waits for the next picture. Game thread only."""

    def __init__(self) -> None:
        self.count = 0
        """How many pictures were shown, or are about to be. Those that a hook was not told of are
        not among them."""
        self._takers: list[Callable[[object], None]] = []

    def about_to_show(self, source: object) -> None:
        """The game is about to show the picture of this window or renderer; None: of its only
        display."""
        self.count += 1
        if self._takers:
            takers, self._takers = self._takers, []
            for take in takers:
                try:
                    take(source)
                except Exception:  # the game is in the middle of its frame
                    logger.exception("stagedoor cannot read the picture; the game goes on")

    def take_next(self, take: Callable[[object], None]) -> None:
        """Have `take` called with the source, once, before the next picture is shown."""
        if take not in self._takers:
            self._takers.append(take)


showing: Final = Showing()
"""That of this process."""
