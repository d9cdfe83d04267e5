"""Those for whom a log is kept."""

from __future__ import annotations

from collections.abc import Callable

from stagedoor.live.domains.logs.capture import Log

Listen = Callable[[], Log]
"""Opens a log, for the test's `owner`."""


class Owner:
    """Counts how often it was told of the end."""

    def __init__(self) -> None:
        self.ends = 0

    def tell_the_end(self, error: BaseException) -> None:
        self.ends += 1
