"""`sessions`: who is connected, what they have changed, and sending them away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from stagedoor.live.rpc.audit import KEPT, AuditEntry
from stagedoor.live.rpc.hub import SessionChange
from stagedoor.live.rpc.session import Session
from stagedoor.wire.close_codes import SENT_AWAY
from stagedoor.wire.errors import InvalidParams
from stagedoor.wire.roles import RoleName

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

CHANGED: Final = "sessions.changed"
_MAX_AGENT: Final = 200

Count = Annotated[int, msgspec.Meta(ge=0, le=KEPT)]


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """Somebody who is connected."""

    id: int
    """Names the session; never used twice while the stage listens."""
    role: RoleName | None
    """Null: has not shown a token yet."""
    address: str
    """Where the connection comes from, with its port."""
    agent: str | None
    """What the client says of itself: the `User-Agent` header of its handshake."""
    since: float
    """When it came in: seconds since the epoch."""
    subscriptions: int
    calls: int
    """Calls under way."""
    queued: int
    """Bytes sent that the kernel has not taken yet: how far behind the client is."""


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """Somebody came in, showed who they are, or is gone."""

    change: SessionChange
    id: int
    role: RoleName | None
    address: str


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub

    def list_sessions() -> list[SessionEntry]:
        """Who is connected, the oldest first."""
        sessions = sorted(hub.sessions, key=lambda session: session.id)
        return [_entry(session) for session in sessions]

    def audit(count: Count = 100, since: float = 0.0) -> list[AuditEntry]:
        """The newest calls that may have changed something, and those that were refused.

        That is: calls of methods for operators and admins, whatever came of them; attempts to
        authenticate; and calls that were forbidden or beyond a limit. `count`: how many, oldest
        first, of the 1 000 that are kept. `since`: none that ended before; seconds since the epoch.

        >>> audit(20)
        """
        return hub.audit.newest(count, since)

    def kick(caller: Session, id: int, reason: str = "") -> None:
        """Close a session with code 4403 and this reason; its calls under way end unanswered.

        Its token stays good: who has it may come again. `reason`: 123 bytes at most.

        >>> kick(7, "the show is over")
        """
        if id == caller.id:
            raise InvalidParams("this is your own session: close the connection instead", "$.id")
        for session in list(hub.sessions):
            if session.id == id:
                break
        else:
            raise InvalidParams(f"there is no session {id}", "$.id")
        try:
            session.expel(SENT_AWAY, reason)
        except ValueError as error:
            raise InvalidParams(str(error), "$.reason") from None

    def tell(session: Session, change: SessionChange) -> None:
        topic = hub.topics.get(CHANGED)
        if topic is not None and topic.is_live:
            role = _role(session)
            hub.emit(CHANGED, SessionChanged(change, session.id, role, session.address))

    methods = hub.methods
    methods.add_built_in(list_sessions, "sessions.list", role="viewer", anytime=True)
    methods.add_built_in(audit, "sessions.audit", role="admin", anytime=True)
    methods.add_built_in(kick, "sessions.kick", role="admin", with_session=True)
    hub.topics.add(CHANGED, description="Who came in, showed a token later, or is gone.")
    hub.on_session.append(tell)


def _role(session: Session) -> RoleName | None:
    role = session.role
    return None if role is None else role.label


def _entry(session: Session) -> SessionEntry:
    agent = session.connection.headers.get("user-agent")
    return SessionEntry(
        session.id,
        _role(session),
        session.address,
        None if agent is None else agent[:_MAX_AGENT],
        session.since,
        len(session.groups),
        len(session.calls),
        session.connection.bufferedAmount,
    )
