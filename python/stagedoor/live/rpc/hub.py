"""`Hub`: the RPC interface of one stage; what its sessions share."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any, Literal, TypeAlias

import msgspec

from stagedoor.live.rpc.audit import Audit
from stagedoor.live.rpc.calls import Runner
from stagedoor.live.rpc.complaints import Complaints
from stagedoor.live.rpc.keys import Keys
from stagedoor.live.rpc.methods import Methods
from stagedoor.live.rpc.roles import Role
from stagedoor.live.rpc.session import Session
from stagedoor.live.rpc.topics import Publisher, Topics
from stagedoor.live.websocket import WebSocketServerConnection

SessionChange: TypeAlias = Literal["joined", "authenticated", "left"]


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
        self.complaints = Complaints()
        self.audit = Audit(self.topics)
        self.sessions: set[Session] = set()
        self.on_session: list[Callable[[Session, SessionChange], None]] = []
        """Called when somebody has come in, has shown who they are after that, or is gone."""
        self.game_thread = get_ident()
        """The one that calls `tick()`: where callers are answered."""
        self._leave: Callable[[], None] | None = None
        self._leaves_next = False
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
        session = Session(connection, self, role)
        self.sessions.add(session)
        self._tell(session, "joined")

    def authenticated(self, session: Session, role: Role) -> None:
        """A client has shown who it is, perhaps once more, and perhaps as less than before."""
        session.role = role
        self._tell(session, "authenticated")

    def left(self, session: Session) -> None:
        """A client is gone."""
        self.sessions.discard(session)
        self._tell(session, "left")
        for group in session.groups.values():
            self.topics.leave(group, session)
        session.groups.clear()

    def _tell(self, session: Session, change: SessionChange) -> None:
        for told in self.on_session:
            told(session, change)

    @property
    def frame(self) -> int:
        """Counts the frames from 1."""
        return self.topics.frame

    def leave_with(self, leave: Callable[[], None]) -> None:
        """Call this a frame later, or a turn of a paused game, when callers were answered: it ends
        the game by raising."""
        self._leave, self._leaves_next = leave, False
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
            if self._leaves_next:
                leave, self._leave = self._leave, None
                leave()
            self._leaves_next = True
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
