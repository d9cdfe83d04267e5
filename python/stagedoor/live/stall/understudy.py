"""`Understudy`: answers when the game's thread does not.

A thread, asleep in native code without the GIL. When the game has not come to `tick()` for a
second, it looks at what clients have sent: it answers what needs no game, keeps the rest for the
game, and refuses what has waited for longer than its method's timeout. The game may come back
between any two bytecodes of this, and may be anywhere in its own code or in ours. Hence these
rules:

1. An event is in one place. The understudy takes events with `seize()`, while the game has not
   polled, and puts all that it does not answer back with `give_back()`, in order; a game that polls
   in between waits for that, and no longer. Events whose patience is over are taken out in one
   step. The thread that has an event handles it, and no other.
2. A call is ended once: a plain one by the thread that ends it in `Hub.running`, any other by the
   thread that gets `Call._end`.
3. The understudy calls no code of the game: built-in methods marked `anytime` only. They copy what
   they read in one step (`list(deque)`, `dict.copy()`), and touch no object of the game.
4. Of what both threads know, the understudy changes this, each in one step: it adds connections and
   sessions, and removes those that the game has not seen; sets a session's role; uses tickets up
   and counts failures; sets `Hub.stall`; publishes the topic `game.stalled`, which is its own; and
   interrupts code of the console, under that one's lock.
   Everything else is the game thread's: groups, the runner, methods, what `onclose` does.
5. Code that iterates over a collection that the understudy adds to iterates over a copy.
"""

from __future__ import annotations

import logging
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final

from msgspec import Raw

from stagedoor._core import CLOSED, OPENED
from stagedoor.live.net.peer import Peer
from stagedoor.live.net.transport import Event, Transport
from stagedoor.live.rpc import plain
from stagedoor.live.rpc.hub import Hub
from stagedoor.live.rpc.methods import DEFAULT_TIMEOUT
from stagedoor.live.rpc.session import Session
from stagedoor.live.rpc.stall import Place, Stall
from stagedoor.live.stall.stack_dump import StackDump
from stagedoor.live.topics.topic import Topic
from stagedoor.wire.errors import GameStalled
from stagedoor.wire.jsonrpc import Malformed, Message

if TYPE_CHECKING:
    from stagedoor import _core

logger = logging.getLogger("stagedoor")

TOPIC: Final = "game.stalled"

_THRESHOLD = 1.0
"""Seconds without a poll that make a stall."""
_TURN = 0.1
"""Seconds between two looks at what has run out of time, while the game is stalled."""


_BLANK: Final = b'"\\u0000"'
"""Stands in a notice for what the network thread fills in. No text in a notice is this one."""


@dataclass(frozen=True, slots=True)
class Stalled:
    """A value of the topic `game.stalled`."""

    stalled: bool
    """False: the game is back."""
    stalled_for: float
    """Seconds: so far, or in all."""
    where: Place | None
    """The line of code that the game's thread is in; None if that is not known, and at the end."""


class Understudy:
    """Answers a stage's clients while the game is stalled."""

    def __init__(self, hub: Hub, transport: Transport, frames: _core.Frames) -> None:
        self._hub = hub
        self._transport = transport
        self._frames = frames
        self._network: _core.NetworkThread | None = None
        self._game: int | None = None
        """The game's thread."""
        self._newcomers: set[int] = set()
        """Connections that the game has not heard of."""
        self._refused = 0
        self._is_logged = False
        topic = hub.topics.add(
            TOPIC,
            description="The game has not come to tick() for a second, or is back again: "
            "{stalled, stalled_for, where: {file, line, function} or null}.",
        )
        topic.is_immediate = True
        hub.topics.on_groups = self._leave_notices
        transport.watch = _watch_for(self)

    def end(self) -> None:
        """The stage is closed: nobody watches it any more."""
        if self._network is not None:
            self._network.end_watch()

    def _leave_notices(self, topic: Topic) -> None:
        """For the case that Python cannot tell: the network thread fills in the blanks."""
        if topic.name != TOPIC:
            return
        blank = Raw(_BLANK)
        value = {"stalled": True, "stalled_for": blank, "where": blank}
        self._transport.set_stall_notices(
            [
                (group.number, group.encode(blank, blank, blank, value).split(_BLANK))
                for group in topic.groups.values()
            ],
            self._frames,
        )

    # All that follows runs on the understudy's thread.

    def begin(self, seconds: float, thread: int | None, told: list[int]) -> None:
        """The game is stalled; the members of these groups know."""
        self._game = thread
        self._transport.flush()  # answers that were given before a call that hangs
        self._refused = 0
        self._is_logged = False
        where = self._where()
        self._hub.stall = Stall(monotonic() - seconds, where)
        if not told:
            self._hub.topics.send(TOPIC, Stalled(True, seconds, where))
        elif (topic := self._hub.topics.get(TOPIC)) is not None:
            for group in list(topic.groups.values()):
                if group.number in told:
                    group.sequence += 1
        self.look()
        self._log_begin(seconds, where)

    def look(self) -> None:
        """Answer what has come, and what has waited for too long."""
        if self._hub.is_closing:
            self._transport.stop()
        while self._seize():
            pass
        for (_, connection), text in self._transport.take_expired():
            self._refuse(connection, text)
        self._tell_overruns()
        self._hub.answer_due()

    def end_stall(self, seconds: float, is_back: bool) -> None:
        """The stall is over; it was so long. The game polls again, or it has ended."""
        self._hub.stall = None
        self._newcomers.clear()
        self._hub.topics.send(TOPIC, Stalled(False, seconds, None))
        if is_back and (self._is_logged or self._refused):
            self._hub.complaints.add(
                "back",
                "%s is back after %.1f s; messages refused meanwhile: %d",
                self._hub.name,
                seconds,
                self._refused,
            )

    def _where(self) -> Place | None:
        # Windows does not tell which thread polls; nearly always it is the main thread.
        game = threading.main_thread().ident if self._game is None else self._game
        return None if game is None else Place.of(sys._current_frames().get(game))

    def _log_begin(self, seconds: float, where: Place | None) -> None:
        if not self._hub.sessions:
            return
        name, complaints = self._hub.name, self._hub.complaints
        if self._hub.frame == 0:
            advice = self._hub.advice
            text = "clients wait, and for %.1f s nobody polls: %s"
            self._is_logged = complaints.add("stall", text, seconds, advice)
        else:
            text = "%s has not come to tick() for %.1f s: %s"
            self._is_logged = complaints.add("stall", text, name, seconds, where)

    def _seize(self) -> bool:
        """Some of the events that wait; False: there are none, or the game is back."""
        events = self._transport.seize()
        kept: list[tuple[int, float | None]] = [(at, None) for at in range(len(events))]
        ours: list[Callable[[], None]] = []
        try:
            if events:
                kept, ours = self._sort(events)
        finally:
            if events:  # whatever happens, or the game would wait for ever
                self._transport.give_back(kept)
        if ours and (stall := self._hub.stall) is not None:
            self._hub.stall = Stall(stall.since, self._where())  # as of now, for `game.status`
        for answer in ours:
            try:
                answer()
            except Exception:  # it must not keep the others from being answered
                logger.exception("a message could not be answered while the game is stalled")
        return bool(events)

    def _sort(
        self, events: list[Event]
    ) -> tuple[list[tuple[int, float | None]], list[Callable[[], None]]]:
        """Which of the events have to wait, and for how many seconds at most; and what to do about
        the others. Whether a method may be called is found out when it is."""
        kept: list[tuple[int, float | None]] = []
        ours: list[Callable[[], None]] = []
        for at, ((_, owner), data) in enumerate(events):
            patience: float | None = None
            if owner is self._transport:
                kind, ident, _ = data
                if kind == OPENED:
                    # At once: what follows in these events may be from this connection.
                    self._newcomers.add(ident)
                    self._transport.handle(data)
                    continue
                if kind == CLOSED:
                    if (peer := self._transport.peers.get(ident)) is not None:
                        for tell in self._hub.on_gone:
                            tell(peer.id)
                    if ident in self._newcomers:
                        ours.append(partial(self._transport.handle, data))
                        continue
            else:
                ident = 0 if owner is None else owner.id
                if isinstance(data, str) and (session := self._session(owner)) is not None:
                    message = self._hub.decode(data)
                    patience = self._patience(message)
                    if patience == 0.0:
                        ours.append(partial(self._stand_in, session, message))
                        continue
            # The game will have heard of it, when it is back.
            self._newcomers.discard(ident)
            kept.append((at, patience))
        return kept, ours

    def _session(self, connection: Peer | None) -> Session | None:
        for session in list(self._hub.sessions):
            if session.connection is connection:
                return session
        return None

    def _patience(self, message: Message) -> float:
        """For how many seconds a message may wait for the game; 0.0: it needs no game. A method may
        run for longer than that, but to wait for a game that stands still is not to run. A batch is
        answered as one: it waits as long as any of its calls."""
        longest = 0.0
        for request in message if isinstance(message, list) else [message]:
            if isinstance(request, Malformed):
                continue
            method = self._hub.methods.get(request.method)
            if method is not None and method.anytime:
                continue
            # One that is not known may be registered by the time the game comes.
            timeout = None if method is None else method.timeout
            patience = DEFAULT_TIMEOUT if timeout is None else min(timeout, DEFAULT_TIMEOUT)
            longest = max(longest, patience)
        return longest

    def _refuse(self, connection: Peer | None, text: str) -> None:
        self._refused += 1
        if (session := self._session(connection)) is not None:
            self._stand_in(session, self._hub.decode(text))

    def _stand_in(self, session: Session, message: Message) -> None:
        session.stand_in(message, self._error())

    def _error(self) -> GameStalled:
        where = self._where()
        place = None if where is None else str(where)
        return GameStalled(round(self._hub.stalled_for, 3), place, self._hub.stall_advice)

    def _tell_overruns(self) -> None:
        """Of methods that run, and may not come to an end for a long time."""
        now = monotonic()
        for running in self._hub.running.copy():
            timeout = running.method.timeout
            if timeout is not None and now - running.began >= timeout:
                plain.overrun(self._hub, running)
        for call in list(self._hub.runner.calls):
            if call.deadline is not None and now >= call.deadline and not call.is_over:
                call.expire()


def _watch_for(understudy: Understudy) -> Callable[[_core.NetworkThread], None]:
    """The body of the thread. It refers to nothing that the game may let go of, while it sleeps."""
    weak = weakref.ref(understudy)
    del understudy

    def watch(network: _core.NetworkThread) -> None:
        if (understudy := weak()) is not None:
            understudy._network = network
        del understudy
        dump = StackDump(network)
        try:
            while (stall := network.wait_stalled(_THRESHOLD)) is not None:
                if (understudy := weak()) is None:
                    return
                understudy.begin(*stall)
                del understudy
                while (end := network.wait_back(_TURN)) is None:
                    if (understudy := weak()) is None:
                        return
                    understudy.look()
                    del understudy
                if (understudy := weak()) is not None:
                    understudy.end_stall(*end)
                    del understudy
        except Exception:
            logger.exception("nobody answers from now on while the game is stalled")
        finally:
            dump.close()

    return watch
