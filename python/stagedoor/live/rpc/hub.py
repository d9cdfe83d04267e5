"""`Hub`: the RPC interface of one stage; what its sessions share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from stagedoor.live.rpc.calls import Runner
from stagedoor.live.rpc.keys import Keys
from stagedoor.live.rpc.methods import Methods
from stagedoor.live.rpc.roles import Role
from stagedoor.live.rpc.session import Running, Session
from stagedoor.live.rpc.stall import Stall
from stagedoor.live.rpc.topics import Publisher, Topics
from stagedoor.live.websocket import WebSocketServerConnection


class Hub:
    """Methods, topics, sessions, and what runs for them.

    Game thread only, but for what the understudy does: see `stagedoor.live.understudy`.
    """

    def __init__(self, name: str, publisher: Publisher) -> None:
        self.name = name
        """The stage's name."""
        self.encoders: dict[type, Callable[[Any], Any]] = {}
        """How to make something that JSON knows of a value of a type that it does not."""
        self.encoder = msgspec.json.Encoder(enc_hook=self._encode)
        self.keys = Keys()
        self.methods = Methods()
        self.topics = Topics(publisher, self.encoder)
        self.runner = Runner()
        self.sessions: set[Session] = set()
        """Who is here; the understudy adds to it, so go through a copy."""
        self.running: dict[int, Running] = {}
        """The plain methods that run now. Who takes a call out of here is the one to answer it."""
        self.stall: Stall | None = None
        """Set by the understudy while the game is stalled."""
        self.on_authenticated: Callable[[Session], None] = lambda _: None
        """Called when somebody has shown who they are after they came in."""
        self._known: set[str] = set()
        self.has_changed = False
        """Methods came or went, and nobody has been told."""
        self.topics.add(
            "rpc.methods.changed", description="Methods that came and went: {added, removed}."
        )
        self.methods.on_change = self._methods_changed

    def _encode(self, value: Any) -> Any:
        for kind in type(value).__mro__:
            if (encoder := self.encoders.get(kind)) is not None:
                return encoder(value)
        raise TypeError(f"{type(value).__qualname__} is not known to JSON; see stage.encoder()")

    def connected(self, connection: WebSocketServerConnection, role: Role | None) -> None:
        """A client has come in."""
        self.sessions.add(Session(connection, self, role))

    def left(self, session: Session) -> None:
        """A client is gone."""
        self.sessions.discard(session)
        for group in session.groups.values():
            self.topics.leave(group, session)
        session.groups.clear()

    @property
    def stalled_for(self) -> float:
        """For how many seconds the game has not come to `tick()`; 0.0 while it is not stalled. May
        be read from any thread."""
        stall = self.stall
        return 0.0 if stall is None else stall.seconds

    @property
    def frame(self) -> int:
        """Counts the frames from 1."""
        return self.topics.frame

    def end_frame(self) -> None:
        """Once a frame, after callers were answered: what is under way goes on, topics are
        published."""
        if self.runner.calls:
            self.runner.step()
        if self.has_changed:
            self._tell_changes()
        if self.topics.live:
            self.topics.step(self.frame)

    def _methods_changed(self) -> None:
        self.has_changed = True

    def _tell_changes(self) -> None:
        self.has_changed = False
        names = {method.name for method in self.methods}
        added, removed = sorted(names - self._known), sorted(self._known - names)
        first, self._known = not self._known, names
        if (added or removed) and not first:
            value = {"added": added, "removed": removed}
            self.topics.emit("rpc.methods.changed", value)
