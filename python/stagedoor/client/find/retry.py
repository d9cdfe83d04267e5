"""When to connect again, and when not to: `Retry`. Without I/O; the faces wait."""

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
from stagedoor.wire.close_codes import NOT_AUTHENTICATED, SENT_AWAY

FIRST: Final = 0.1
"""Seconds before the second attempt. They double with each attempt after it."""
LONGEST: Final = 5.0
"""The most seconds between two attempts. Up to a quarter is added at random."""
OF_USE: Final = 1.0
"""Seconds that a connection must last to be of use. One that the other side opens and closes at
once counts as an attempt that failed, or a client would come back thousands of times a second."""


class Retry:
    """When to connect again while something is subscribed. A call does not wait for this: it makes
    one attempt at once, and fails if the attempt does. Times are seconds of any one clock."""

    def __init__(self, allowed: bool) -> None:
        self.allowed = allowed
        self._attempts = 0
        self._opened: float | None = None
        self._refused: str | None = None

    def delay(self) -> float:
        """Seconds to wait before the next attempt. Counts the attempts."""
        self._attempts += 1
        if self._attempts == 1:
            return 0.0
        return min(LONGEST, FIRST * 2.0 ** min(self._attempts - 2, 10)) * random.uniform(1.0, 1.25)

    def opened(self, now: float) -> None:
        """There is a connection."""
        self._opened = now

    def lost(self, now: float) -> None:
        """It is lost. If it was of use, the attempts are counted from the beginning."""
        if self._opened is not None and now - self._opened >= OF_USE:
            self._attempts = 0
        self._opened = None

    def gives_up(self, error: Exception, address: Address | None = None) -> bool:
        """Whether to stop trying after this error. `address`: that of the connection that it ended;
        None: it is the error of an attempt."""
        if isinstance(error, ClientClosedError):
            return True
        if isinstance(error, ConnectionLostError):
            if error.code == NOT_AUTHENTICATED and address is not None:
                self._refused = address.token  # its file may have a new one, if they were rotated
            return not self.allowed or error.code == SENT_AWAY
        final = (TokenRefusedError, BadTokenError, SeveralGamesError)
        return not self.allowed or isinstance(error, final)

    def check(self, address: Address) -> None:
        """Raise TokenRefusedError if the game has refused this token before."""
        if self._refused is not None and address.token == self._refused:
            raise TokenRefusedError(address.url, "the token is no longer valid")
