"""`Closing`: how a stage answers its callers, and how it ends, wherever somebody asks for that."""

from __future__ import annotations

import logging
import sys
import weakref
from time import perf_counter

from stagedoor.live.access.listener import Listener
from stagedoor.live.domains.frames.record import Frames
from stagedoor.live.domains.logs.capture import log
from stagedoor.live.net.threads import get_ident
from stagedoor.live.net.transport import Transport
from stagedoor.live.pacing.pace import Pace
from stagedoor.live.rpc.calls import current_call
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.stall.understudy import Understudy

logger = logging.getLogger("stagedoor")


class Closing:
    """The end of one stage.

    It is asked for by the game, by a method of any kind, by a watch, by another thread, by a signal
    handler: at any moment. It comes on the game's thread, when that is not inside the stage, and
    after the call that asked for it has its answer. If the game does not come for a second, the
    understudy ends the connections; the rest waits for the game.

    This does not refer to the stage. So a stage that nobody refers to is gone at once, and ends.
    """

    def __init__(
        self,
        hub: Hub,
        transport: Transport,
        listener: Listener,
        understudy: Understudy,
        pace: Pace,
        frames: Frames,
        owner: weakref.ref[object],
    ) -> None:
        """`owner`: who has the log opened. One that was collected has left it already."""
        self._hub = hub
        self._transport = transport
        self._listener = listener
        self._understudy = understudy
        self._pace = pace
        self._frames = frames
        self._owner = owner
        self.is_inside = False
        """The game's thread is inside the stage: what it has answered may not be sent yet."""
        self.is_asked = False
        """The stage is to end, or has ended."""
        self._is_due = False
        """It ends when the game's thread leaves it."""
        self._has_ended = False
        self._is_exit = sys.is_finalizing

    def ask(self) -> None:
        """End the stage as soon as may be. Any thread may ask, and more than once.

        At the interpreter's exit, the threads and files are gone already, and the modules, too."""
        if self._is_exit():
            return
        self.is_asked = True
        self._listener.withdraw()
        call = current_call.get()
        if call is not None and not call.is_over:
            call.when_over(self.ask)
        elif get_ident() != self._hub.game_thread:
            self._hub.is_closing = True
            self._transport.call_later(self.ask)
        elif self.is_inside:
            self._is_due = True
            self._pace.end()
        else:
            self.end()

    def end(self) -> None:
        """End it now: game thread only, and not inside the stage.

        Calls under way are cancelled; their callers are told before their connections are closed.
        """
        self.is_asked = self._has_ended = True
        self._is_due = False
        self._listener.withdraw()
        self._hub.close()
        if self._transport.is_listening:  # a forked child has no understudy
            self._understudy.end()
        self._transport.stop()
        self._pace.end()
        self._frames.stop_watching_gc()
        if (owner := self._owner()) is not None:
            log.close(owner)

    def abandon(self) -> None:
        """The stage was collected, or never came to be: nobody will poll any more. Blocks until its
        threads have ended, some milliseconds. Any thread may call."""
        self.end()
        self._transport.abandon()

    def answer(self, budget: float) -> None:
        """Answer callers, in a frame. If the server has failed, the stage ends."""
        try:
            self._transport.poll(budget)
        except RuntimeError:
            logger.exception("the stage %s is closed; the game goes on", self._hub.name)
            self.ask()

    def answer_between_frames(self, budget: float) -> int:
        """Answer callers between frames. A running asyncio loop calls this at any time."""
        was_inside, self.is_inside = self.is_inside, True
        began = perf_counter()
        try:
            return self._transport.poll(min(budget, self._hub.limits.tick_budget))
        finally:
            self._frames.core.took(perf_counter() - began)
            self.is_inside = was_inside
            if self.is_asked and not was_inside:
                self.leave()

    def leave(self) -> bool:
        """The game's thread leaves the stage, whose end was asked for. Returns whether there is
        nothing to be done in it any more."""
        if self._is_due:
            self.end()
        return self._has_ended and not self._transport.is_listening
