"""`Hub`: the RPC interface of one stage; what its sessions share."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any, Literal, Protocol, TypeAlias
from weakref import WeakSet

import msgspec

from stagedoor._core import RunningCalls, without_deeper
from stagedoor.limits import Limits
from stagedoor.live import values
from stagedoor.live.net.complaints import Complaints
from stagedoor.live.net.peer import Peer
from stagedoor.live.net.threads import get_ident
from stagedoor.live.rpc.audit import Audit
from stagedoor.live.rpc.calls import Runner
from stagedoor.live.rpc.coroutines import Coroutines
from stagedoor.live.rpc.gathering import Gathering
from stagedoor.live.rpc.keys import Keys
from stagedoor.live.rpc.methods import Method, Methods
from stagedoor.live.rpc.session import Session
from stagedoor.live.rpc.stall import Stall
from stagedoor.live.rpc.threads import Threads
from stagedoor.live.rpc.turns import NoTurns, Turns
from stagedoor.live.topics.sinks import Sink
from stagedoor.live.topics.topics import Topics
from stagedoor.wire import jsonrpc
from stagedoor.wire.encoding import ours_to_json
from stagedoor.wire.roles import Role

SessionChange: TypeAlias = Literal["joined", "authenticated", "left"]


class OnGameThread(Protocol):
    """Does something on the game's thread."""

    def __call__(self, call: Callable[[], object], *, may_drop: bool) -> None: ...


def _at_once(call: Callable[[], object], *, may_drop: bool) -> None:
    call()


class Hub:
    """Methods, topics, sessions, and what runs for them.

    Game thread only, but for what the understudy does: see `stagedoor.live.stall.understudy`.
    """

    def __init__(
        self, name: str, sink: Sink, limits: Limits, complaints: Complaints | None = None
    ) -> None:
        self.name = name
        """The stage's name."""
        self.limits = limits
        self.complaints = complaints or Complaints()
        self.encoders: dict[type, Callable[[Any], Any]] = {}
        """Converts values of types that JSON does not know."""
        self.encoder = msgspec.json.Encoder(enc_hook=self._encode)
        self.ours_to_json = partial(ours_to_json, encoder=self.encoder)
        """Makes JSON of a part of what a built-in method returns."""
        self.keys = Keys(limits.max_failed_authentications)
        self.methods = Methods()
        self.frame = 0
        """Counts the frames from 1; the stage does, where a frame begins."""
        self.advice = "call stage.tick(dt) once a frame"
        """What to do if no frame comes."""
        self.occupied: str | None = None
        """What keeps the game's thread, and what ends that, while it is stagedoor's to know."""
        self.topics = Topics(sink, self.encoder, lambda: self.frame, self.complaints)
        self.checks: list[Callable[[], None]] = []
        """Called in each frame, while there are calls under way: what pauses the game by itself."""
        self.gatherings: WeakSet[Gathering] = WeakSet()
        """Batches that are spread over several frames."""
        self.turns: Turns = NoTurns()
        """The time that callers have in a frame. The stage sets it."""
        self.threads = Threads(limits)
        coroutines = Coroutines(limits.tick_budget, lambda: self.turns.is_time_up, self.complaints)
        self.runner = Runner(self.threads, coroutines, lambda: self.turns.is_time_up)
        self.audit = Audit(self.topics, self.emit)
        self.sessions: set[Session] = set()
        """Who is here; the understudy adds to it, so go through a copy."""
        self.running: RunningCalls[Method] = RunningCalls()
        """The plain calls that run now. The thread that ends one answers it."""
        self.stall: Stall | None = None
        """Set by the understudy while the game is stalled."""
        self.on_session: list[Callable[[Session, SessionChange], None]] = []
        """Called when a client has come in, has shown a token after that, or is gone. The
        understudy's thread may call it, too."""
        self.on_close: list[Callable[[], object]] = []
        """Called when the stage ends, after the calls under way."""
        self.on_gone: list[Callable[[int], None]] = []
        """Called by the understudy, on its thread, with the id of a session whose client has hung
        up while the game is stalled."""
        self.game_thread = get_ident()
        """The one that calls `tick()`: where callers are answered."""
        self.is_closing = False
        """Somebody has asked for the stage's end."""
        self.on_game_thread: OnGameThread = _at_once
        """How something is done on the game's thread: at once if this is it, else in its next
        frame. What `may_drop` is not done while too much waits."""
        self._leave: Callable[[], None] | None = None
        self._leaves_next = False
        self._known: set[str] = set()
        self._answers: deque[tuple[float, Callable[[], object]]] = deque()
        """Answers that wait, and until when."""
        self.has_changed = False
        """Something is to be done at the end of the frame."""
        self._has_other_methods = False
        """Methods came or went, and nobody has been told."""
        self.topics.add(
            "rpc.methods.changed", description="Methods that came and went: {added, removed}."
        )
        self.methods.on_change = self._methods_changed

    def _encode(self, value: Any) -> Any:
        for kind in type(value).__mro__:
            if (encoder := self.encoders.get(kind)) is not None:
                return encoder(value)
        return values.encode(value)

    def decode(self, message: str | bytes) -> jsonrpc.Message:
        """Read a message from a client: `jsonrpc.decode`, after what nests too deep was cut."""
        most = self.limits.max_nesting
        cut = None
        if isinstance(message, str):
            cut = without_deeper(message, most + jsonrpc.MAX_AROUND)
        if cut is None:
            return jsonrpc.decode(message, self.limits.max_batch, most)
        found = jsonrpc.decode(cut, self.limits.max_batch, most)
        if isinstance(found, list) and all(jsonrpc.is_nobodys(member) for member in found):
            return found[0]  # brackets only: no need to say that of each
        return found

    def connected(self, connection: Peer, role: Role | None) -> None:
        """A client has come in."""
        session = Session(connection, self, role)
        self.sessions.add(session)
        self._tell(session, "joined")

    def authenticated(self, session: Session, role: Role) -> None:
        """A client has shown who it is, perhaps once more, and perhaps as less than before."""
        session.role = role
        self.on_game_thread(session.lowered, may_drop=False)
        self._tell(session, "authenticated")

    def left(self, session: Session) -> None:
        """A client is gone."""
        self.sessions.discard(session)
        self._tell(session, "left")
        self.leave_topics(session)

    def leave_topics(self, session: Session) -> None:
        """End the subscriptions of a client, without telling it."""
        for group in session.groups.values():
            self.topics.leave(group, session)
        session.groups.clear()

    def close(self) -> None:
        """Answer what is under way: it is cancelled."""
        for gathering in list(self.gatherings):
            gathering.cancel()
        self.runner.close()
        for told in self.on_close:
            told()

    def emit(self, topic: str, value: object) -> None:
        """Send a value to the subscribers of a topic. May be called from any thread."""
        self.on_game_thread(partial(self.topics.emit, topic, value), may_drop=True)

    def _tell(self, session: Session, change: SessionChange) -> None:
        for told in self.on_session:
            told(session, change)

    @property
    def stalled_for(self) -> float:
        """For how many seconds the game has not come to `tick()`; 0.0 while it is not stalled. May
        be read from any thread."""
        stall = self.stall
        return 0.0 if stall is None else stall.seconds

    @property
    def stall_advice(self) -> str | None:
        """What to do about a stalled game, if that is known: it has had no frame, or a client has
        occupied it. May be read from any thread."""
        if self.stall is None:
            return None
        return self.occupied or (None if self.frame else self.advice)

    def leave_with(self, leave: Callable[[], None]) -> None:
        """Call this a frame later, or a turn of a paused game, when callers were answered: it ends
        the game by raising."""
        self._leave, self._leaves_next = leave, False
        self.has_changed = True

    def answer_later(self, answer: Callable[[], object], seconds: float) -> None:
        """Answer at the end of a frame, when so much time has passed: the same for all. Any thread
        may call it."""
        self._answers.append((monotonic() + seconds, answer))
        self.has_changed = True

    def answer_due(self) -> None:
        """Give the answers whose time has come. The understudy does so, too."""
        while self._answers:
            try:
                due, answer = self._answers.popleft()
            except IndexError:  # the other thread has taken it
                return
            if due > monotonic():
                self._answers.appendleft((due, answer))
                self.has_changed = True
                return
            answer()

    def end_frame(self) -> None:
        """Once a frame, after callers were answered: what is under way goes on, topics are
        published. Raises what ends the game, and nothing else."""
        if self.runner.calls:
            for check in self.checks:
                check()
            self.runner.step()
        if self.has_changed:
            self._tell_changes()
            self.answer_due()
        if self.topics.live:
            self.topics.step(self.frame)
        if self._leave is not None:
            if self._leaves_next:
                leave, self._leave = self._leave, None
                leave()
            self._leaves_next = True
            self.has_changed = True  # so that the next frame comes here

    def _methods_changed(self) -> None:
        self._has_other_methods = self.has_changed = True

    def _tell_changes(self) -> None:
        self.has_changed = False
        if not self._has_other_methods:
            return
        self._has_other_methods = False
        names = {method.name for method in self.methods}
        added, removed = sorted(names - self._known), sorted(self._known - names)
        first, self._known = not self._known, names
        if (added or removed) and not first:
            value = {"added": added, "removed": removed}
            self.topics.emit("rpc.methods.changed", value)
