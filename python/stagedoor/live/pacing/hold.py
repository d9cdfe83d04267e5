"""`Hold`: how a paused game stays inside its tick, and answers there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Generator
from time import monotonic
from typing import TYPE_CHECKING, Final, Literal

from stagedoor.live.net.transport import Transport
from stagedoor.live.pacing.pace import Pace

if TYPE_CHECKING:
    from stagedoor.live.engines.base import Engine

logger = logging.getLogger("stagedoor")

TURN: Final = 1 / 60
"""Seconds from one turn of a held game to the next."""


class Hold:
    """Waits until the pace lets the frame go on. Game thread only.

    Callers are answered as they come. In each turn, about 60 a second, what is under way goes on,
    topics are published, and the engine keeps the window alive. In between the thread sleeps
    without the GIL.
    """

    def __init__(
        self,
        pace: Pace,
        transport: Transport,
        *,
        answer: Callable[[float], object],
        turn: Callable[[], object],
    ) -> None:
        """`answer`: handles what has come, for so many seconds at most; `turn`: what is done in
        each turn."""
        self._pace = pace
        self._transport = transport
        self._answer = answer
        self._turn = turn
        self._changed: asyncio.Event | None = None
        self._complained: set[str] = set()
        self.seconds = 0.0
        """How long the game was held the last time."""
        pace.listeners.append(self._wake)

    def stay(self, engine: Engine | None) -> None:
        """Block while the game is held. Ctrl-C raises KeyboardInterrupt here."""
        with contextlib.closing(self._turns(engine)) as turns:
            for timeout in turns:
                self._transport.wait(timeout)
        self._transport.wake_loop()  # it was not told of what came while this thread waited

    async def stay_async(self, engine: Engine | None) -> None:
        """Suspend while the game is held; the loop's other tasks go on."""
        self._changed = asyncio.Event()
        try:
            with contextlib.closing(self._turns(engine)) as turns:
                for timeout in turns:
                    await self._wait_async(timeout)
        finally:
            self._changed = None

    async def _wait_async(self, timeout: float) -> None:
        transport = self._transport
        if transport.is_listening and not transport.has_loop:
            # The stage was started before the loop: nothing tells the loop of what comes.
            loop = asyncio.get_running_loop()
            try:
                await loop.run_in_executor(None, transport.wait, timeout)
            except RuntimeError:  # the system has no thread to give: callers wait a little longer
                await asyncio.sleep(timeout)
            return
        assert self._changed is not None
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout)

    def _wake(self) -> None:
        """The pace has changed."""
        if self._changed is not None:
            self._changed.set()

    def _turns(self, engine: Engine | None) -> Generator[float, None, None]:
        """Does all but the waiting: yields how many seconds to wait, or less if something comes."""
        began = monotonic()
        due = began + TURN
        try:
            while self._pace.is_held:
                if not self._transport.is_behind:
                    yield max(0.0, due - monotonic())
                self._answer(TURN)
                if monotonic() < due:
                    continue
                due = monotonic() + TURN
                self._turn()
                if engine is not None and self._ask(engine, "hold"):
                    self._pace.resume()
                if not self._transport.is_listening:  # it has failed, or this is a forked child
                    self._pace.end()
        finally:
            self.seconds = monotonic() - began
            if engine is not None:
                self._ask(engine, "release")

    def _ask(self, engine: Engine, hook: Literal["hold", "release"]) -> bool:
        """Call one of the engine's hooks. What it raises is logged, once, and stops nothing:
        callers can be answered without an engine."""
        try:
            return bool(getattr(engine, hook)())
        except Exception:
            if hook not in self._complained:
                self._complained.add(hook)
                logger.exception("%s: %s() raised; the stage goes on without", engine.name, hook)
            return False
