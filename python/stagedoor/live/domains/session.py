"""`session`: who the caller is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stagedoor.live.rpc.keys import TICKET_LIFE
from stagedoor.live.rpc.session import Session
from stagedoor.wire.errors import InvalidParams
from stagedoor.wire.roles import RoleName

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """The caller's own session."""

    id: int
    role: RoleName
    address: str
    """Where the connection comes from, with its port."""


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The role that the caller has from now on."""

    role: RoleName


@dataclass(frozen=True, slots=True)
class Ticket:
    """Stands in for a token, once."""

    ticket: str
    expires_in: float
    """Seconds until it is no longer good."""
    role: RoleName


def add_to(parts: Parts, /) -> None:
    """Register the domain."""
    hub = parts.hub

    def authenticate(
        session: Session, *, token: str | None = None, ticket: str | None = None
    ) -> Authenticated:
        """Show a token, or use up a ticket. A client without a role calls this first.

        The answer to a wrong one comes after a second.
        """
        if (token is None) == (ticket is None):
            raise InvalidParams("expected a token or a ticket")
        if token is not None:
            role = hub.keys.role_of_token(token)
        else:
            role = hub.keys.role_of_ticket(ticket or "")
        hub.authenticated(session, role)
        return Authenticated(role.label)

    def info(session: Session) -> SessionInfo:
        """Who the caller is: the id, role and address of its session."""
        assert session.role is not None
        return SessionInfo(session.id, session.role.label, session.address)

    def make_ticket(session: Session) -> Ticket:
        """Make a ticket for the caller's own role, for use in a link. It is good once, for 30 s."""
        assert session.role is not None
        return Ticket(hub.keys.ticket(session.role, session.id), TICKET_LIFE, session.role.label)

    methods = hub.methods
    for function, name in (
        (authenticate, "session.authenticate"),
        (info, "session.info"),
        (make_ticket, "session.ticket"),
    ):
        methods.add_built_in(function, name, role="viewer", with_session=True, anytime=True)
