"""A game's loop on a thread of its own, for tests whose clients wait for answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.unit.live.callers import PATIENCE

from stagedoor.live.stage import Stage

DT = 0.01
"""What each tick is given."""


class Loop:
    """Calls `tick` with `DT`; counts the frames that the game has run."""

    def __init__(self, stage: Stage, work: Callable[[], object] = lambda: None) -> None:
        self.stage = stage
        self.dts: list[float] = []
        """What each frame got."""
        self.error: BaseException | None = None
        self._work = work
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def frames(self) -> int:
        return len(self.dts)

    def _run(self) -> None:
        try:
            while not self._ended:
                time.sleep(0.001)
                self.dts.append(self.stage.tick(DT))
                self._work()
        except BaseException as error:
            self.error = error

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline
            assert self.error is None
            time.sleep(0.001)

    def __enter__(self) -> Loop:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        self.stage._pace.end()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
