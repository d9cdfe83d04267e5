"""`SlowFrames`: finds out where the game's thread is while a frame takes long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stagedoor.live.domains.process.stacks import Captured, capture
from stagedoor.live.net import threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from stagedoor import _core

_LOOKS: Final = 4
"""In the time that a frame may take, the thread looks so often."""
_LEAST: Final = 0.001
_MOST: Final = 0.25
"""Seconds from one look to the next."""


class SlowFrames:
    """A thread that looks, while `wanted()` says for how many seconds a frame may go on. It takes
    one stack of each frame that goes on for longer."""

    def __init__(
        self, core: _core.Frames, thread: Callable[[], int], wanted: Callable[[], float | None]
    ) -> None:
        """`thread`: the game's; `wanted`: None ends the looking."""
        self._core = core
        self._thread = thread
        self._wanted = wanted
        self._is_looking = False
        self.seen: tuple[int, Captured] | None = None
        """The last slow frame, and the stack that it had when it began to be slow."""

    def look(self) -> None:
        """Begin to look, if that is not so already. Raises RuntimeError if there is no thread."""
        if not self._is_looking:
            self._is_looking = True
            try:
                threads.start(self._run, name="stagedoor-slow-frames")
            except RuntimeError:
                self._is_looking = False
                raise

    def _run(self) -> None:
        pause = threads.Lock()
        pause.acquire()
        number, passed = 0, 0.0
        try:
            while (threshold := self._wanted()) is not None:
                interval = min(max(_LEAST, threshold / _LOOKS), _MOST)
                if self._core.number != number:
                    number, passed = self._core.number, 0.0
                if passed < threshold <= passed + interval:
                    self._see(number)
                passed += interval
                pause.acquire(timeout=interval)
        finally:
            self._is_looking = False

    def _see(self, number: int) -> None:
        thread = self._thread()
        for stack in capture(thread):
            if stack.is_game_thread and self._core.number == number:
                self.seen = number, stack
