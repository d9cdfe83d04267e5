"""`Stage`: what a game uses to offer methods and values, and to answer callers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from time import monotonic
from typing import ClassVar, Literal

from stagedoor import checks
from stagedoor.limits import Limits
from stagedoor.live import engines
from stagedoor.live.access.listener import DEFAULT_PORT, Listener, transport_for
from stagedoor.live.access.names import full_name
from stagedoor.live.closing import Closing
from stagedoor.live.domains import DOMAINS
from stagedoor.live.domains.frames.record import Frames
from stagedoor.live.domains.logs.capture import log
from stagedoor.live.domains.parts import Parts
from stagedoor.live.lending import Lent, StandIn, hook_in
from stagedoor.live.net.options import StrPath, check_address, check_limits
from stagedoor.live.net.threads import get_ident
from stagedoor.live.net.transport import Transport
from stagedoor.live.offers import Offers
from stagedoor.live.pacing.budget import Budget
from stagedoor.live.pacing.hold import Hold
from stagedoor.live.pacing.pace import Pace
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.stall.understudy import Understudy

logger = logging.getLogger("stagedoor")

_MAX_HANDED_OVER = 4096
"""The most calls that other threads may pass on to the game's thread in one frame."""


class Stage(Offers):
    """The stage of a running game: it offers methods and values to clients, and answers callers.

    `stagedoor.start()` makes it. The game's thread is the one that calls `tick()`. Any thread may
    call what offers something (`Offers`), and `close`. Only the game's thread may call the rest. A
    stage that nobody refers to closes by itself.
    """

    enabled: Literal[True] = True
    """Whether clients can reach the game."""

    _lent: ClassVar[tuple[Stage, StandIn] | None] = None
    """The stage that a stand-in has for the game until the game starts its own."""

    def __init__(
        self,
        name: str | None = None,
        *,
        hosts: Sequence[str] = (),
        origins: Sequence[str] = (),
        tls: tuple[StrPath, StrPath] | None = None,
        limits: Limits | None = None,
        console: bool = False,
    ) -> None:
        limits = check_limits(limits)
        checks.flag("console", console)
        self.name = full_name(name)
        """The game's name. A child process made by multiprocessing is called `game/Process-1`."""
        self._transport = transport_for(limits, hosts, origins, tls)
        self._hub = Hub(self.name, self._transport, limits, self._transport.complaints)
        self._pace = Pace()
        self._frames = Frames()
        self._budget = Budget(limits.tick_budget)
        self._budget.listeners.append(partial(_thin, self._hub, self._budget))
        self._parts = Parts(
            self._hub, self._pace, self._budget, self._frames, log, has_console=console
        )
        for domain in DOMAINS:
            domain.add_to(self._parts)
        self._hub.on_game_thread = partial(_on_game_thread, self._hub, self._transport)
        self._hub.turns = self._transport
        self._understudy = Understudy(self._hub, self._transport, self._frames.core)
        self._hub.topics.built_in = frozenset(topic.name for topic in self._hub.topics)
        self._listener = Listener(self._hub, self._transport)
        # None of the parts refers to this object: it goes when the game lets go of it.
        self._parts.hold_here = partial(_hold_here, weakref.ref(self))
        self._parts.is_inside = partial(_is_inside, weakref.ref(self))
        self._closing = closing = Closing(
            self._hub,
            self._transport,
            self._listener,
            self._understudy,
            self._pace,
            self._frames,
            weakref.ref(self),
        )
        self._transport.poll_in_loop = closing.answer_between_frames
        self._transport.is_kept_by_loop = False
        beat = partial(_beat, self._hub, self._transport, self._budget)
        self._hold = Hold(self._pace, self._transport, answer=closing.answer, turn=beat)
        self._begin = self._frames.core.begin
        self._is_ticking = False
        """A tick inside a tick does nothing, nor does one after the stage's end."""

    @classmethod
    def start(
        cls,
        name: str | None = None,
        *,
        port: int | None = None,
        host: str = "127.0.0.1",
        hosts: Sequence[str] = (),
        origins: Sequence[str] = (),
        tls: tuple[StrPath, StrPath] | None = None,
        limits: Limits | None = None,
        console: bool = False,
    ) -> Stage:
        """Make a stage that listens and that clients find by its name.

        Raises OSError if it cannot listen, cannot read the files of `tls`, or lacks anything else
        here, as a thread; and TypeError or ValueError for invalid options.
        """
        if name is not None:
            checks.text("name", name, may_be_empty=True)
        checks.text("host", host, may_be_empty=True)
        check_address(DEFAULT_PORT if port is None else port, host)
        lent, Stage._lent = Stage._lent, None
        if lent is None:
            hook_in()
        else:
            former, stand_in = lent
            name, port = stand_in.leave(name, port)
            console = console or former._parts.has_console
            former._close_and_wait()
        stage = cls(name, hosts=hosts, origins=origins, tls=tls, limits=limits, console=console)
        try:
            stage._listener.open(port, host)
            log.open(stage, stage._tell_the_end)
        except BaseException as error:
            stage._closing.abandon()
            if isinstance(error, Exception) and not isinstance(error, OSError):
                raise OSError(f"{type(error).__name__}: {error}") from error
            raise
        if lent is not None:
            stand_in.follow(_lent(stage))
            stage._parts.roots.add_main()
        return stage

    def __repr__(self) -> str:
        return f"<stagedoor stage {self.name!r}, {self.url or 'closed'}>"

    def __del__(self, is_exit: Callable[[], bool] = sys.is_finalizing) -> None:
        # At the interpreter's exit, the threads and files are gone already.
        if not is_exit() and (closing := getattr(self, "_closing", None)) is not None:
            closing.abandon()

    @property
    def port(self) -> int | None:
        """The port on which the stage listens; None if it is closed."""
        return self._transport.port

    @property
    def url(self) -> str | None:
        """The URL for clients on this machine; None if the stage is closed."""
        return self._listener.url

    def _tell_the_end(self, error: BaseException) -> None:
        """An exception ends the program: send it to the subscribers of the log before that."""
        topic = self._hub.topics.get("logs")
        if topic is not None and get_ident() == self._hub.game_thread:
            self._hub.topics.publish(topic)
            for tell in self._parts.on_end:
                tell(error)

    def _hold_here(self) -> None:
        """Hold the game where its thread is now, as if its next frame began here. The time of that
        is none of the game's."""
        if self._is_ticking or get_ident() != self._hub.game_thread:
            return
        self._is_ticking = self._closing.is_inside = True
        try:
            self._hold.stay(self._parts.engine)
            self._hub.end_frame()  # what has ended the hold is answered
        finally:
            self._is_ticking = self._closing.is_inside = False
            self._frames.core.took(self._hold.seconds)
            if self._closing.is_asked:
                self._is_ticking = self._closing.leave()

    def rotate_tokens(self) -> None:
        """Make new tokens. Connections that came in with the old ones are closed with 4401."""
        self._listener.rotate_tokens()

    def span(self, name: str) -> AbstractContextManager[None]:
        """Measure a part of the frame: `with stage.span("physics"):`.

        A span may be kept and used again, inside itself and on any thread. The sums of a frame in
        `frames.history` count only the game's thread.
        """
        return self._frames.span(name)

    def tick(self, dt: float | None = None) -> float:
        """Answer callers on this thread, for `Limits.tick_budget` seconds at most (2 ms).

        Call it once a frame, where the frame begins. What does not fit waits for the next frame.
        `dt`: the seconds since the last frame; None: measure them, from 0.0 in the first frame.
        Returns the seconds that the game gets: `dt`, without the time that the last frame spent
        here, times the time scale. A `dt` that is negative, infinite or NaN is only multiplied.
        While the game is paused, `tick()` does not return, and goes on answering. If a method that
        it runs calls `tick()`, that call answers nobody and begins no frame.
        """
        if self._is_ticking:
            return self._inner(dt)
        rest = self._turn(dt)
        if rest is not None:
            return rest
        try:
            self._begin_frame()
            if self._pace.is_held:
                self._hold.stay(self._parts.engine)
        finally:
            self._end_tick()
        return self._pace.release()

    async def frame(self, dt: float | None = None) -> float:
        """`tick()` for a game on asyncio. Other tasks run, too, also while the game is paused."""
        if self._is_ticking:
            await asyncio.sleep(0)
            return self._inner(dt)
        rest = self._turn(dt)
        if rest is None:
            try:
                self._begin_frame()
                if self._pace.is_held:
                    await self._hold.stay_async(self._parts.engine)
            finally:
                self._end_tick()
        await asyncio.sleep(0)
        return self._pace.release() if rest is None else rest

    def _inner(self, dt: float | None) -> float:
        """The dt of a tick inside a tick."""
        return (self._frames.core.measure() if dt is None else dt) * self._pace.timescale

    def _turn(self, dt: float | None) -> float | None:
        """Begin a frame. Returns the dt for the game if there is nothing to do, otherwise None."""
        hub, transport = self._hub, self._transport
        hub.frame += 1
        rest = self._begin(transport.native, dt)
        if (  # Each frame asks this: a call would be a fifth of what an idle tick costs.
            hub.topics.live or hub.runner.calls or hub.has_changed or not self._pace.is_usual
        ):
            return None
        return rest

    def _begin_frame(self) -> None:
        hub = self._hub
        hub.game_thread = get_ident()
        self._is_ticking = self._closing.is_inside = True
        if self._parts.engine is None:
            self._parts.engine = engines.find()
        self._hold.seconds = 0.0
        self._pace.begin(self._frames.core.dt)
        self._closing.answer(self._budget.seconds)
        hub.end_frame()

    def _end_tick(self) -> None:
        self._is_ticking = self._closing.is_inside = False
        topics = self._hub.topics
        self._budget.count(self._frames.answered(self._hold.seconds), topics.spent)
        topics.spent = 0.0
        if self._closing.is_asked:
            self._is_ticking = self._closing.leave()

    def close(self) -> None:
        """Let nobody in any more, and close all connections. Does not block.

        Any thread may call it, and any code: a method, a watch, a signal handler. A method's caller
        gets its answer first. Calls under way are cancelled. A paused game goes on, and `tick()`
        hands dt back from then on. On another thread than the game's, it comes about in the next
        `tick()`, or when there was none for a second.
        """
        self._closing.ask()

    def _close_and_wait(self) -> None:
        """`close()`, and wait until it has come about, so that the port is free."""
        self.close()
        with contextlib.suppress(RuntimeError):  # it has failed, so it is closed as well
            self._transport.serve_forever()


def _beat(hub: Hub, transport: Transport, budget: Budget) -> None:
    """In a held game, as often as there would be frames."""
    transport.deadline = monotonic() + budget.seconds
    hub.end_frame()


def _on_game_thread(
    hub: Hub, transport: Transport, call: Callable[[], object], *, may_drop: bool
) -> None:
    if get_ident() == hub.game_thread:
        call()
    elif may_drop and transport.waiting_calls >= _MAX_HANDED_OVER:
        hub.complaints.add("handed over", "other threads emit faster than tick() takes it")
    else:
        transport.call_later(call)


def _thin(hub: Hub, budget: Budget) -> None:
    hub.topics.thinning = budget.thinning


def _hold_here(stage: weakref.ref[Stage]) -> None:
    if (found := stage()) is not None:
        found._hold_here()


def _is_inside(stage: weakref.ref[Stage]) -> bool:
    found = stage()
    return found is None or found._is_ticking


def _lent(stage: Stage) -> Lent:
    return Lent(stage.tick, stage._hub, stage._pace)


def lend(stage: Stage, stand_in: StandIn, *, advice: str) -> None:
    """Let a stand-in tick a stage until the game starts its own. `advice`: what to tell clients as
    long as there is no frame."""
    hook_in().remove()  # the stand-in's own patches have these, too
    stage._hub.advice = advice
    stage._parts.roots.add_main()
    Stage._lent = stage, stand_in
    stand_in.follow(_lent(stage))
