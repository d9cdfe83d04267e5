"""`Keys`: the tokens and tickets by which callers show who they are."""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from time import monotonic
from typing import Final

from stagedoor.wire.errors import NotAuthenticated, TooManyRequests
from stagedoor.wire.roles import Role
from stagedoor.wire.tokens import Tokens

TICKET_LIFE: Final = 30.0
"""Seconds for which a ticket is good."""
_MAX_TICKETS: Final = 100
_MAX_ADDRESSES: Final = 1000


class Keys:
    """A token for each role, made at the start, and tickets that stand in for a token once.

    Any thread may call it. Each change is one step, so that no ticket is good twice.
    """

    def __init__(self, max_failures: int) -> None:
        """`max_failures`: the failures that an address may have in a minute."""
        self._max_failures = max_failures
        self.tokens = _new_tokens()
        self._tickets: dict[str, tuple[Role, float]] = {}
        self._failures: dict[str, deque[float]] = {}

    def __repr__(self) -> str:
        return "<keys>"

    def for_core(self) -> list[tuple[str, int]]:
        """The tokens and their roles, in the form that the network thread takes."""
        return [(getattr(self.tokens, role.label), role.value) for role in Role]

    def rotate(self) -> None:
        """Make new tokens. Tickets from before are not good any more."""
        self.tokens = _new_tokens()
        self._tickets.clear()

    def ticket(self, role: Role) -> str:
        """Make a ticket for this role. It is good once, for 30 s. Raises TooManyRequests."""
        now = monotonic()
        for key, (_, until) in list(self._tickets.items()):
            if until <= now:
                self._tickets.pop(key, None)
        if len(self._tickets) >= _MAX_TICKETS:
            raise TooManyRequests(f"{_MAX_TICKETS} tickets")
        ticket = secrets.token_urlsafe(32)
        self._tickets[ticket] = (role, now + TICKET_LIFE)
        return ticket

    def role_of_token(self, token: str, address: str) -> Role:
        """The role of a token. Raises NotAuthenticated, or TooManyRequests after many failures."""
        self._check_failures(address)
        found = None
        for known, role in self.for_core():  # compare all, so that the time gives nothing away
            if hmac.compare_digest(known.encode(), token.encode(errors="replace")):
                found = Role(role)
        if found is None:
            raise self._failed(address)
        return found

    def role_of_ticket(self, ticket: str, address: str) -> Role:
        """The role of a ticket, which is then used up. Raises the errors of `role_of_token`."""
        self._check_failures(address)
        role, until = self._tickets.pop(ticket, (None, 0.0))
        if role is None or monotonic() > until:
            raise self._failed(address)
        return role

    def _check_failures(self, address: str) -> None:
        failures = self._failures.get(address)
        is_full = failures is not None and len(failures) == self._max_failures
        if failures is not None and is_full and monotonic() - failures[0] < 60.0:
            raise TooManyRequests(f"{self._max_failures} failed authentications a minute")

    def _failed(self, address: str) -> NotAuthenticated:
        if len(self._failures) >= _MAX_ADDRESSES:
            self._failures.clear()
        self._failures.setdefault(address, deque(maxlen=self._max_failures)).append(monotonic())
        return NotAuthenticated()


def _new_tokens() -> Tokens:
    return Tokens(*(secrets.token_urlsafe(32) for _ in Role))
