"""When to connect again, and when not to: `Retry`. Without I/O; the faces do the waiting."""

import random
from typing import Final

from stagedoor.client.core.address import Address
from stagedoor.client.errors import (
    BadTokenError,
    ClientClosedError,
    ConnectionLostError,
    SeveralGamesError,
    TokenRefusedError,
)

FIRST: Final = 0.1
"""Seconds before the second attempt; twice as long before each one after."""
LONGEST: Final = 5.0
"""Seconds between two attempts at most, apart from the quarter that chance adds."""

_REFUSED_TOKEN: Final = 4401
_SENT_AWAY: Final = 4403


class Retry:
    """Reconnecting, while something is subscribed. A call does not wait for it: it attempts at
    once, and fails with the attempt."""

    def __init__(self, allowed: bool) -> None:
        self.allowed = allowed
        self._attempts = 0
        self._refused: str | None = None

    def delay(self) -> float:
        """Seconds to wait before the next attempt."""
        self._attempts += 1
        if self._attempts == 1:
            return 0.0
        return min(LONGEST, FIRST * 2.0 ** min(self._attempts - 2, 10)) * random.uniform(1.0, 1.25)

    def succeeded(self) -> None:
        """We are connected."""
        self._attempts = 0

    def gives_up(self, error: Exception, address: Address | None = None) -> bool:
        """Whether this error, of a connection over `address` or of an attempt, is the end."""
        if isinstance(error, ClientClosedError):
            return True
        if isinstance(error, ConnectionLostError):
            if error.code == _REFUSED_TOKEN and address is not None:
                self._refused = address.token  # a game that changed its tokens has others by now
            return not self.allowed or error.code == _SENT_AWAY
        final = (TokenRefusedError, BadTokenError, SeveralGamesError)
        return not self.allowed or isinstance(error, final)

    def check(self, address: Address) -> None:
        """Raises: TokenRefusedError, before a token is shown again that was refused."""
        if self._refused is not None and address.token == self._refused:
            raise TokenRefusedError(address.url, "the token is not good any more")
