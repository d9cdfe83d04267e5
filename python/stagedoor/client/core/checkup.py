"""How a game is that does not answer: `Checkup` asks. Without I/O.

A game that hangs answers `game.status`, as long as Python runs in its process, and pings in any
case. So a client that waits for an answer can tell a slow method from a game that hangs.
"""

from typing import Final

from stagedoor.client.core.session import Call, Session
from stagedoor.client.errors import ClientError
from stagedoor.client.health import (
    STALLED,
    STATUS,
    UNKNOWN,
    Health,
    health_in,
    health_in_ping,
    health_of,
)
from stagedoor.wire.errors import RpcError

LEAD: Final = 1.0
"""So many seconds before the end of a call's timeout the game is asked; in a short one, when
`SHARE` of it is left."""
SHARE: Final = 0.5
SHORTEST: Final = 0.1
"""A timeout of fewer seconds leaves no time to ask: then only what is known already is told."""


def known_health(session: Session) -> Health:
    """What the game has said of a stall that lasts, unasked; UNKNOWN: nothing."""
    if session.link is None:
        return UNKNOWN
    pinged = health_in_ping(session.link.held)
    told = health_in(session.subscriptions.last(STALLED))
    return next((one for one in (pinged, told) if one.state == "stalled"), UNKNOWN)


class Checkup:
    """Asks a game how it is, as soon as it is made; `health()` is what is known so far."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._link = link = session.link
        self._status: Call | None = None
        if link is not None:
            self._pongs = link.pongs
            link.ping()
            self._status = session.call(STATUS)

    def health(self) -> Health:
        """How the game is. Stops waiting for its answer."""
        link, status = self._link, self._status
        if link is None or status is None:
            return UNKNOWN
        self._session.forget(status)
        if status.done:
            try:
                return health_of(status.result())
            except (RpcError, ClientError):
                return UNKNOWN
        known = known_health(self._session)
        if known is not UNKNOWN:
            return known
        if link.pongs == self._pongs:
            return UNKNOWN if link.failure is not None else Health("silent")
        return Health("stalled")
