"""`Transport`: a native server with its loop, its threads and its peers, for the package itself.

`WebSocketServer` is a skin over it for programs; a stage drives one by itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeAlias

from stagedoor import _core
from stagedoor.live.net.complaints import Complaints
from stagedoor.live.net.handlers import HANDLER_ERRORS
from stagedoor.live.net.lifetime import Lifetime, warn_when_neglected
from stagedoor.live.net.loop import LoopBridge
from stagedoor.live.net.options import Options, check_address
from stagedoor.live.net.peer import ReadyState
from stagedoor.live.net.peers import Peers
from stagedoor.wire.authority import authority

if TYPE_CHECKING:
    from stagedoor._core import NetworkThread
    from stagedoor.live.net.peer import Peer

Event: TypeAlias = tuple[list[Any], Any]
"""A pair `[callback, owner]`, and the data for the callback: see `_core`."""
Tokens: TypeAlias = list[tuple[str, int]]
"""Tokens with their roles."""

CHUNK = 128
"""Events turned into Python objects at a time; what they send goes out together."""
_SIGNAL_CHECK = 0.05
"""Seconds after which a blocking wait looks for Ctrl-C."""


class Transport:
    """With its options alone it does nothing; `listen()` begins.

    `poll()` is for one thread at a time, and runs all callbacks; so do the asyncio loop in which
    `listen()` was called, and `serve_forever()`. Everything else may be called from any thread,
    unless it says otherwise.
    """

    def __init__(self, options: Options, face: object = None) -> None:
        """`face`: what stands for it in the log."""
        self.options = options
        self.native: _core.Server | None = None
        """While it listens, until `on_stop`."""
        self.is_closing = False
        self.complaints = Complaints()
        self.peers = Peers(self._stopped, face or self, self.complaints)
        self.handle = self.peers.handle
        """Handles an event that is not a message."""
        self.untouched: Iterator[Event] | None = None
        """What a poll that is under way has taken and not begun."""
        self.deadline: float | None = None
        """When the time of the last poll is, or was, up; by `monotonic()`."""
        self._rest: Event | None = None
        """What is left to do of the last event that was begun."""
        self.advice = (
            "call server.poll() once a frame, or server.serve_forever(), "
            "or server.listen() inside a running asyncio loop"
        )
        """What to do when clients wait and nobody polls."""
        self.watch: Callable[[NetworkThread], None] | None = None
        """The body of the thread that watches whether somebody polls; None: it warns."""
        self.poll_in_loop: Callable[[float], int] = self.poll
        """What the asyncio loop calls that runs when `listen()` is called."""
        self.is_kept_by_loop = True
        """That loop keeps this, until it has stopped."""
        self.on_stop: Callable[[str | None], None] = _core.ignore
        """Called after the last peer's `on_close`; with a text if nobody had asked for the end."""
        self._tokens: Tokens | None = None
        self._lifetime: Lifetime | None = None
        self._bridge: LoopBridge | None = None
        self._later: deque[Callable[[], object]] = deque()
        self._load: Callable[[], bool] = self._has_later
        """Whether there is anything to do in a poll, beside what is untouched."""

    def __repr__(self) -> str:
        return f"<transport, {self.description}>"

    @property
    def description(self) -> str:
        """For people: state, address, number of peers."""
        if self.native is None:
            return "not listening"
        state = "closing" if self.is_closing else "listening"
        return f"{state} on {authority(*self.native.address)}, {len(self.peers)} connections"

    @property
    def port(self) -> int | None:
        """The port that it listens on; None when it does not."""
        return None if self.native is None else self.native.address[1]

    @property
    def is_listening(self) -> bool:
        """From `listen()` until `on_stop`. False in a forked child."""
        return self.native is not None

    @property
    def has_loop(self) -> bool:
        """An asyncio loop polls by itself."""
        return self._bridge is not None

    @property
    def is_behind(self) -> bool:
        """A poll with a budget has left something for the next."""
        if self._later:
            return True
        return self.native is not None and self.native.is_behind

    @property
    def is_time_up(self) -> bool:
        """The budget of the last poll is used up: what can wait must."""
        return self.deadline is not None and monotonic() >= self.deadline

    # From the first to the last

    def listen(self, port: int, host: str | None = None) -> None:
        """Bind and accept from now on. Raises OSError, and RuntimeError if it listens already;
        TypeError and ValueError as `check_address()` does."""
        host, port = check_address(port, host)
        if self.is_closing:
            raise RuntimeError("Server is still closing: wait for its onclose")
        if self.native is not None:
            raise RuntimeError("Server is already running")
        options = self.options
        self.native = native = _core.Server(
            host,
            port,
            options.limits,
            tokens=self._tokens,
            forgets_the_gone=options.forgets_the_gone,
            **options.for_core(),
        )
        watch = self.watch or partial(warn_when_neglected, advice=self.advice)
        try:
            self._lifetime = Lifetime(self, native.thread, watch)
            if (loop := asyncio._get_running_loop()) is not None:
                self._bridge = LoopBridge(loop, native, self, is_kept=self.is_kept_by_loop)
        except BaseException:  # no descriptor is left, or no thread
            self._release()
            raise
        self._load = native.load
        if self._later:
            native.remind()

    def set_tokens(self, tokens: Tokens) -> int:
        """Ask for these from now on. Returns their generation: see `Peer.token_generation`."""
        self._tokens = tokens
        return 0 if self.native is None else self.native.set_tokens(tokens)

    def stop(self) -> None:
        """Stop accepting and close every connection with code 1001. Never blocks."""
        if self.native is None or self.is_closing:
            return
        self.is_closing = True
        for peer in self.peers:
            if peer.state is ReadyState.OPEN:
                peer.state = ReadyState.CLOSING
        self.native.stop()

    def _release(self) -> None:
        """Let go of the native server, which has ended."""
        bridge, lifetime = self._bridge, self._lifetime
        self._reset()
        if bridge is not None:
            bridge.close()
        if lifetime is not None:
            lifetime.end()

    def _reset(self) -> None:
        self.native = None
        self._load = self._has_later
        self.is_closing = False
        self._bridge = None
        self._lifetime = None

    def abandon(self) -> None:
        """End everything now: nobody polls any more. Blocks until its threads have ended, some
        milliseconds."""
        self.untouched = None
        self._later.clear()
        if self._bridge is not None:
            self._bridge.abandon()
            self._bridge = None
        if self.native is not None:
            self._release()

    def forget(self) -> None:
        """In a forked child: the server is the parent's."""
        self.peers.forget()
        self.untouched = None
        self._rest = None
        self._later.clear()
        bridge, lifetime = self._bridge, self._lifetime
        self._reset()
        if lifetime is not None:
            lifetime.forget()
        if bridge is not None:
            bridge.forget()

    # What has happened

    def poll(self, budget: float | None = None) -> int:
        """Run the callbacks of what has happened; returns the number of events handled.

        With a budget, it stops after the event during which so many seconds have passed. Then the
        clients whose events are left take turns in the next polls, one event each.
        """
        self.deadline = deadline = None if budget is None else monotonic() + budget
        if not self._load() and self.untouched is None:
            return 0
        core = self.native
        handled = self._call_all_later()
        try:
            while (events := self.untouched or self._next_events()) is not None:
                for (receive, owner), data in events:
                    handled += 1
                    try:
                        receive(data)
                    except HANDLER_ERRORS as error:
                        owner.handler_raised(error)
                    if deadline is not None and monotonic() >= deadline:
                        return handled
                if self.untouched is events:  # a handler may have polled, too
                    self.untouched = None
        finally:
            if self.untouched is not None or self._rest is not None:
                self._put_back()
            if core is not None:
                core.end()
        return handled

    def arm(self) -> bool:
        """Have the asyncio loop told of the next event. False: there is one now."""
        return self.native is None or self.native.arm()

    def go_on(self, peer: Peer, rest: Callable[[], object]) -> None:
        """Do the rest of the event that is being handled, one of this peer's, when it is the peer's
        turn again. For a handler that finds that `is_time_up`."""
        assert self._rest is None
        self._rest = [lambda _: rest(), peer], None

    def _put_back(self) -> None:
        """What this poll has taken and not begun, or not ended, waits for the next."""
        events, self.untouched = list(self.untouched or ()), None
        rest, self._rest = self._rest, None
        if rest is not None:
            events.insert(0, rest)
        if self.native is not None:
            self.native.put_back(events, rest is not None)

    def _next_events(self) -> Iterator[Event] | None:
        if self.native is None or not (events := self.native.take(self._receiver, CHUNK)):
            return None
        self.untouched = iter(events)
        return self.untouched

    @property
    def _receiver(self) -> list[Any]:
        """Of events that are not messages. Do not keep it: it refers back to this transport."""
        return [self.handle, self]

    def _stopped(self, error: str | None) -> None:
        """The network thread has ended; an error means that nobody had asked for it."""
        self._release()
        self.peers.end(error)
        self.on_stop(error)
        if error is not None:
            raise RuntimeError(f"the WebSocket server ended: {error}")

    def handler_raised(self, error: BaseException) -> None:
        """What `handle()` raises ends the poll."""
        raise error

    # What the program wants to do

    def call_later(self, call: Callable[[], object]) -> None:
        """In the next poll."""
        self._later.append(call)
        if (native := self.native) is not None:
            native.remind()
        if self._bridge is not None:
            self._bridge.wake()
        elif self.native is None and (loop := asyncio._get_running_loop()) is not None:
            loop.call_soon(self.poll)  # not listening: nothing else would make the loop poll

    @property
    def waiting_calls(self) -> int:
        """How many wait for the next poll."""
        return len(self._later)

    def _has_later(self) -> bool:
        return bool(self._later)

    def _call_all_later(self) -> int:
        """Those that are waiting now; what they add waits for the next poll."""
        count = len(self._later)
        for _ in range(count):
            try:
                self._later.popleft()()
            except HANDLER_ERRORS as error:
                face = self.peers.face
                self.complaints.add("callback", "%r: a callback raised", face, error=error)
        return count

    # Waiting

    def serve_forever(self) -> None:
        """Poll, on this thread, until it is stopped; Ctrl-C works."""
        if self._bridge is not None:
            raise RuntimeError("the running asyncio loop serves this server already")
        while True:
            self.poll()
            if self.native is None and not self._later:
                return
            if self.native is not None and not self._later:
                self.native.lead(_SIGNAL_CHECK)

    def wait(self, timeout: float) -> None:
        """Block without the GIL until there are events, or for so many seconds. Returns at once
        when it does not listen."""
        if (native := self.native) is not None:
            native.wait(timeout)

    def wake_loop(self) -> None:
        """Have the asyncio loop poll soon, if one does."""
        if self._bridge is not None:
            self._bridge.wake()

    # Groups: the `Sink` of a stage's topics (`stagedoor.live.topics.sinks`)

    def group(self) -> int:
        """A new group, empty. 0 when it does not listen."""
        return 0 if self.native is None else self.native.group()

    def drop_group(self, group: int) -> None:
        """End a group."""
        if (native := self.native) is not None:
            native.drop_group(group)

    def join(self, group: int, member: Peer) -> None:
        """Add a member. It gets what was sent to it before, then what is published after."""
        if (native := self.native) is not None:
            native.join_group(group, member.native)

    def leave(self, group: int, member: Peer) -> None:
        """Take a member out. It gets no more messages of the group."""
        if (native := self.native) is not None:
            native.leave_group(group, member.native)

    def publish(self, group: int, payload: bytes, *, droppable: bool) -> None:
        """Send a message to every member, framed once. A newer message may replace a droppable
        one."""
        if (native := self.native) is not None:
            native.publish(group, payload, droppable=droppable)

    def publish_paced(self, group: int, payload: bytes) -> _core.Paced | None:
        """Send a binary message to every member, to each when it has read the last ones. A newer
        message replaces one that waits for that. Returns who it still waits for."""
        native = self.native
        return None if native is None else native.publish_paced(group, payload)

    # For the understudy

    def flush(self) -> None:
        """Send what a poll has queued that is still under way."""
        if (native := self.native) is not None:
            native.end()

    def seize(self) -> list[Event]:
        """Take some of the events that wait, unless somebody has polled: see `_core.Server.seize`.
        Those that are given must be given back."""
        if (native := self.native) is None:
            return []
        return native.seize(self._receiver, self.untouched, CHUNK)

    def give_back(self, kept: list[tuple[int, float | None]]) -> None:
        """Let these events wait for the poll, each for so many seconds; None: without end."""
        if (native := self.native) is not None:
            native.give_back(kept)

    def take_expired(self) -> list[Event]:
        """Take the events that were given back and have waited for long enough."""
        return [] if self.native is None else self.native.take_expired()

    def set_stall_notices(
        self, notices: Sequence[tuple[int, list[bytes]]], frames: _core.Frames
    ) -> None:
        """What to publish, and to which groups, if nobody polls and nobody gets the GIL. `frames`
        knows which frame that is in."""
        if (native := self.native) is not None:
            native.set_stall_notices(list(notices), frames)
