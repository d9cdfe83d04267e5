"""`Keys`: the tokens and tickets by which callers show who they are.

A right one is good whatever others have guessed. A caller with a wrong one is told so after
`WRONG_TOKEN_DELAY`. Few such callers may wait at a time. Others are told at once that there are too
many.
"""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from time import monotonic
from typing import Final, NamedTuple

from stagedoor._core import WRONG_TOKEN_DELAY
from stagedoor.wire.errors import NotAuthenticated, RpcError, TooManyRequests
from stagedoor.wire.roles import Role
from stagedoor.wire.tokens import Tokens

TICKET_LIFE: Final = 30.0
"""Seconds for which a ticket is good."""
MAX_TICKETS: Final = 100
"""Tickets of each role that are good at a time."""
MAX_TICKETS_OF_ONE: Final = 10
"""Those of one session."""


class WrongToken(NotAuthenticated):
    """The token or ticket is none of ours. The caller is told so after `WRONG_TOKEN_DELAY`."""


class Keys:
    """A token for each role, made at the start, and tickets that stand in for a token once.

    Any thread may call it. Each change is one step, so that no ticket is good twice.
    """

    def __init__(self, max_wrong: int) -> None:
        """`max_wrong`: callers with a wrong token that may wait to be told so."""
        self.tokens = _new_tokens()
        self._tickets: dict[str, _Ticket] = {}
        self._max_wrong = max_wrong
        self._wrong: deque[float] = deque()
        """When those who wait are told."""

    def __repr__(self) -> str:
        return "<keys>"

    def for_core(self) -> list[tuple[str, int]]:
        """The tokens and their roles, in the form that the network thread takes."""
        return [(getattr(self.tokens, role.label), role.value) for role in Role]

    def rotate(self) -> None:
        """Make new tokens. Tickets from before are not good any more."""
        self.tokens = _new_tokens()
        self._tickets.clear()

    def ticket(self, role: Role, session: int) -> str:
        """Make a ticket for this role, for a session. It is good once, for 30 s. Raises
        TooManyRequests. What others have made takes nothing from a role or a session."""
        now = monotonic()
        tickets = list(self._tickets.items())
        for key, ticket in tickets:
            if ticket.until <= now:
                self._tickets.pop(key, None)
        good = [ticket for _, ticket in tickets if ticket.until > now and ticket.role is role]
        for count, most in (
            (sum(ticket.session == session for ticket in good), MAX_TICKETS_OF_ONE),
            (len(good), MAX_TICKETS),
        ):
            if count >= most:
                raise TooManyRequests(f"{most} tickets")
        made = secrets.token_urlsafe(32)
        self._tickets[made] = _Ticket(role, session, now + TICKET_LIFE)
        return made

    def role_of_token(self, token: str) -> Role:
        """The role of a token. Raises WrongToken, or TooManyRequests."""
        found = None
        for known, role in self.for_core():  # compare all, so that the time gives nothing away
            if hmac.compare_digest(known.encode(), token.encode(errors="replace")):
                found = Role(role)
        if found is None:
            raise self._wrong_token()
        return found

    def role_of_ticket(self, ticket: str) -> Role:
        """The role of a ticket, which is then used up. Raises the errors of `role_of_token`."""
        found = self._tickets.pop(ticket, None)
        if found is None or monotonic() > found.until:
            raise self._wrong_token()
        return found.role

    def _wrong_token(self) -> RpcError:
        now, waiting = monotonic(), self._wrong
        while waiting and waiting[0] <= now:
            waiting.popleft()
        if len(waiting) >= self._max_wrong:
            return TooManyRequests(f"{self._max_wrong} wrong tokens at a time")
        waiting.append(now + WRONG_TOKEN_DELAY)
        return WrongToken()


class _Ticket(NamedTuple):
    role: Role
    session: int
    until: float


def _new_tokens() -> Tokens:
    return Tokens(*(secrets.token_urlsafe(32) for _ in Role))
