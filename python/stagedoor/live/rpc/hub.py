"""`Hub`: the RPC interface of one stage; what its sessions share."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any

import msgspec

from stagedoor.live.rpc.calls import Runner
from stagedoor.live.rpc.keys import Keys
from stagedoor.live.rpc.methods import Methods
from stagedoor.live.rpc.roles import Role
from stagedoor.live.rpc.session import Session
from stagedoor.live.rpc.topics import Publisher, Topics
from stagedoor.live.websocket import WebSocketServerConnection


class Hub:
    """Methods, topics, sessions, and what runs for them. Game thread only."""

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
        self.on_authenticated: Callable[[Session], None] = lambda _: None
        """Called when somebody has shown who they are after they came in."""
        self.game_thread = get_ident()
        """Where callers are answered."""
        self._leave: tuple[int, Callable[[], None]] | None = None
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
        self.game_thread = get_ident()
        self.sessions.add(Session(connection, self, role))

    def left(self, session: Session) -> None:
        """A client is gone."""
        self.sessions.discard(session)
        for group in session.groups.values():
            self.topics.leave(group, session)
        session.groups.clear()

    @property
    def frame(self) -> int:
        """Counts the frames from 1."""
        return self.topics.frame

    def leave_with(self, leave: Callable[[], None]) -> None:
        """Call this in the next frame, when callers were answered: it ends the game by raising."""
        self._leave = (self.frame + 1, leave)
        self.has_changed = True

    def end_frame(self) -> None:
        """Once a frame, after callers were answered: what is under way goes on, topics are
        published. Raises what ends the game, and nothing else."""
        if self.runner.calls:
            self.runner.step()
        if self.has_changed:
            self._tell_changes()
        if self.topics.live:
            self.topics.step(self.frame)
        if self._leave is not None:
            at, leave = self._leave
            if self.frame >= at:
                self._leave = None
                leave()
            self.has_changed = True  # so that the next frame comes here

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
