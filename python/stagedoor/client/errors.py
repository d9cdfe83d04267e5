"""What can go wrong between a client and a game, apart from the errors a call is answered with
(`stagedoor.wire.errors`). Each is one line that says what to do; none ever shows a token."""

from stagedoor.wire.games import Game


class ClientError(Exception):
    """Any of these."""


class NoGameError(ClientError):
    """No running game is the one that was asked for. `found`: those that run."""

    def __init__(self, message: str, found: list[Game]) -> None:
        super().__init__(message)
        self.found = found


class SeveralGamesError(NoGameError):
    """More than one running game could have been meant."""


class CannotConnectError(ClientError):
    """Nothing at `url` let us in."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"cannot connect to {url}: {reason}")
        self.url = url
        self.reason = reason


class TokenRefusedError(CannotConnectError):
    """The game wants a token, and there is none, or it is not good (HTTP 401, close code 4401)."""


class BadTokenError(ClientError, ValueError):
    """A token that cannot be one. The error does not repeat it."""

    def __init__(self, source: str) -> None:
        super().__init__(f"{source} is not a token: expected up to 1024 letters, digits and -._~+/")


class ConnectionLostError(ClientError):
    """The connection is closed: by the game, by `close()`, or by the network. `code` and `reason`
    are those of the close frame, if there was one (RFC 6455, section 7.4). For a call that was on
    its way: whether the game ran it is not known."""

    def __init__(self, url: str, code: int | None = None, reason: str = "") -> None:
        meaning = _MEANINGS.get(code or 0, "")
        said = ": ".join(filter(None, [meaning, reason]))
        how = f" (close code {code}{': ' + said if said else ''})" if code else ""
        super().__init__(f"the connection to {url} is closed{how}")
        self.url = url
        self.code = code
        self.reason = reason


_MEANINGS = {
    1001: "the game is leaving",
    1013: "try again later",
    4401: "not authenticated",
    4403: "sent away by an admin",
}


class ClientClosedError(ConnectionLostError):
    """The client itself was closed, by `close()`."""


class CallTimeoutError(ClientError, TimeoutError):
    """The game did not answer in time. It was asked to cancel the call; whether it ran is not
    known."""

    def __init__(self, method: str, timeout: float) -> None:
        super().__init__(f"no answer to {method} within {timeout:g} s")
        self.method = method
        self.timeout = timeout


class BadParamsError(ClientError, ValueError):
    """Params that JSON cannot carry, or that are both by name and by position."""


class BadReplyError(ClientError):
    """The game, or whoever listens there, sent what is not JSON-RPC 2.0, or not what was asked."""


class NotRunError(ClientError):
    """A call in a batch that has no result: an earlier one failed and the batch was to stop there,
    or the batch has not been sent."""
