"""`Lent`: a stage that somebody else ticks for a game: `stagedoor run`, the `StandIn`."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Protocol

from stagedoor.live import engines
from stagedoor.live.domains.frames.record import waiting
from stagedoor.live.engines.driver import NoDriver
from stagedoor.live.engines.imports import ImportHook
from stagedoor.live.pacing.pace import Pace
from stagedoor.live.rpc.hub import Hub

Tick = Callable[[float | None], float]


class Lent:
    """What a stand-in needs of a stage. Does not keep the stage."""

    def __init__(self, tick: Tick, hub: Hub, pace: Pace) -> None:
        """`tick`: the stage's, bound to it."""
        self._tick = weakref.WeakMethod(tick)
        self._hub = hub
        self.pace = pace
        self.waiting: AbstractContextManager[None] = waiting
        """`with waiting:` a thread waits, although it may keep a processor busy."""

    @property
    def frame(self) -> int:
        """The number of the current frame; 0 before the first."""
        return self._hub.frame

    def tick(self, dt: float | None) -> float | None:
        """`Stage.tick()`. None if nobody refers to the stage any more."""
        tick = self._tick()
        return None if tick is None else tick(dt)


class StandIn(Protocol):
    """Ticks a stage for the game, until the game starts its own."""

    def leave(self, name: str | None, port: int | None) -> tuple[str | None, int | None]:
        """The game starts a stage. Returns the name and port that it gets instead of these."""

    def follow(self, lent: Lent) -> None:
        """Tick the game's stage from now on. Called after it has started."""


@cache
def hook_in() -> ImportHook:
    """Hook into the game's framework, from now on, in a game that ticks its own stage."""
    hook = ImportHook(engines.hooks(NoDriver(waiting)))
    hook.install()
    return hook
