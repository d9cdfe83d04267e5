"""`sessions`: who is connected, what they have changed, and how to disconnect them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, cast

import msgspec

from stagedoor.live.domains.bounds import Moment, Number
from stagedoor.live.domains.slices import in_slices
from stagedoor.live.rpc.audit import KEPT, AuditEntry
from stagedoor.live.rpc.hub import SessionChange
from stagedoor.live.rpc.session import Session
from stagedoor.wire.close_codes import SENT_AWAY
from stagedoor.wire.errors import InvalidParams
from stagedoor.wire.roles import RoleName

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

LIST: Final = "sessions.list"
CHANGED: Final = "sessions.changed"
_MAX_AGENT: Final = 200

Count = Annotated[int, msgspec.Meta(ge=0, le=KEPT)]


@dataclass(frozen=True, slots=True)
class SessionEntry:
    """A client that is connected."""

    id: int
    """Identifies the session. No id is used twice while the stage listens."""
    role: RoleName | None
    """Null until the client has shown a token."""
    address: str
    """Where the connection comes from, with its port."""
    agent: str | None
    """What the client calls itself: the `User-Agent` header of its handshake."""
    since: float
    """When the client connected: seconds since the epoch."""
    subscriptions: int
    calls: int
    """Calls under way."""
    queued: int
    """Bytes sent to the client that the kernel has not taken yet: how far behind the client is."""


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """A client has joined, has authenticated after it joined, or has left."""

    change: SessionChange
    id: int
    role: RoleName | None
    address: str


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub

    def list_sessions() -> Generator[object, None, list[SessionEntry]]:
        """The clients that are connected, oldest first."""
        sessions = sorted(hub.sessions, key=lambda session: session.id)
        entries = yield from in_slices(hub.ours_to_json, map(_entry, sessions))
        return cast(list[SessionEntry], entries)

    def audit(count: Count = 100, since: Moment = 0.0) -> Generator[object, None, list[AuditEntry]]:
        """The newest calls that may have changed something or were refused, oldest first.

        These are calls of methods for operators and admins, whatever their outcome; attempts to
        authenticate; and calls that were forbidden or exceeded a limit. 1 000 are kept of the
        callers of each role, and of those without a role, so that none push out another's. `count`:
        at most this many of each. `since`: only those that ended then or later, in seconds since
        the epoch.

        >>> audit(20)
        """
        newest = hub.audit.each_of_newest(count, since)
        return cast(list[AuditEntry], (yield from in_slices(hub.ours_to_json, newest)))

    def kick(caller: Session, id: Number, reason: str = "") -> None:
        """Close a session with code 4403 and this reason. Its calls under way get no answer.

        Its token stays good, so the client may connect again. `reason`: at most 123 bytes.

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
    methods.add_built_in(list_sessions, LIST, role="viewer", anytime=True)
    methods.add_built_in(audit, "sessions.audit", role="admin", anytime=True)
    methods.add_built_in(kick, "sessions.kick", role="admin", with_session=True)
    hub.topics.add(
        CHANGED, description="A client has joined, has authenticated after it joined, or has left."
    )
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
        sum(call.method.name != LIST for call in list(session.calls)),
        session.connection.queued,
    )
