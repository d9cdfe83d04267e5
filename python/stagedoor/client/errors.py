"""What can go wrong between a client and a game, except for the errors that a game answers with
(`stagedoor.wire.errors`). Each error is one line, and none shows a token."""

from stagedoor.client.health import UNKNOWN, Health
from stagedoor.wire.close_codes import (
    ABNORMAL,
    GOING_AWAY,
    NOT_AUTHENTICATED,
    SENT_AWAY,
    TRY_AGAIN_LATER,
)
from stagedoor.wire.games import Game


class ClientError(Exception):
    """The base of these errors."""


class NoGameError(ClientError):
    """The game that was asked for is not running. `found`: the games that are."""

    def __init__(self, message: str, found: list[Game]) -> None:
        super().__init__(message)
        self.found = found


class SeveralGamesError(NoGameError):
    """More than one running game could be meant. `example`: what would mean the first of them, a
    name, a process id or a URL."""

    def __init__(self, message: str, found: list[Game], example: str = "") -> None:
        super().__init__(message, found)
        self.example = example


class CannotConnectError(ClientError):
    """No connection to `url` could be opened. `reason` says why."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"cannot connect to {url}: {reason}")
        self.url = url
        self.reason = reason


class TokenRefusedError(CannotConnectError):
    """The game needs a token, and there is none, or it is not valid (HTTP 401, close code 4401)."""


class BadTokenError(ClientError, ValueError):
    """A text that was given as a token cannot be one. The error does not repeat it."""

    def __init__(self, source: str) -> None:
        super().__init__(f"{source} is not a token: expected up to 1024 letters, digits and -._~+/")


class ConnectionLostError(ClientError):
    """The connection was closed by the game, by `close()`, or by the network.

    `code` and `reason` are those of the close frame, if there was one (RFC 6455, section 7.4). If
    a call was in flight, the game may or may not have run it. `is_cut`: it ended without a close
    frame, as when a game is killed."""

    def __init__(
        self, url: str, code: int | None = None, reason: str = "", *, is_cut: bool = False
    ) -> None:
        meaning = _MEANINGS.get(code or 0, "")
        said = ": ".join(filter(None, [meaning, reason]))
        how = f" (close code {code}{': ' + said if said else ''})" if code else ""
        if is_cut:
            how = ": it ended without a close frame, as when a game is killed"
        super().__init__(f"the connection to {url} is closed{how}")
        self.url = url
        self.code = code
        self.reason = reason
        self.is_cut = is_cut


_MEANINGS = {
    GOING_AWAY: "the game is leaving",
    TRY_AGAIN_LATER: "try again later",
    NOT_AUTHENTICATED: "not authenticated",
    SENT_AWAY: "sent away by an admin",
}


def parents_connection(url: str) -> ConnectionLostError:
    """The error for what a forked child has inherited."""
    return ConnectionLostError(url, ABNORMAL, "it belongs to the process that has forked this one")


class ClientClosedError(ConnectionLostError):
    """The client was closed by its own `close()`."""


class CallTimeoutError(ClientError, TimeoutError):
    """The game did not answer within `timeout` seconds. It was asked to cancel the call, but may
    have run it. `health`: how the game was then."""

    def __init__(self, method: str, timeout: float, health: Health = UNKNOWN) -> None:
        said = f": {health}" if str(health) else ""
        super().__init__(f"no answer to {method} within {timeout:g} s{said}")
        self.method = method
        self.timeout = timeout
        self.health = health


class BadParamsError(ClientError, ValueError):
    """The params cannot be sent: JSON cannot carry them, or some are given by name and some by
    position."""


class BadReplyError(ClientError):
    """The program at the other end sent something that is not JSON-RPC 2.0, or not an answer to
    what was asked."""


class NotRunError(ClientError):
    """A call of a batch has no result: a call before it failed and the batch stopped there, or the
    batch has not been sent."""
