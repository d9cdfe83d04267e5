"""What can go wrong between a client and a game, apart from the errors a call is answered with
(`stagedoor.wire.errors`). Each is one line that says what to do."""

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


class ConnectionLostError(ClientError):
    """The connection is closed: by the game, by `close()`, or by the network. `code` and `reason`
    are those of the close frame, if there was one (RFC 6455, section 7.4)."""

    def __init__(self, url: str, code: int | None = None, reason: str = "") -> None:
        how = f" (close code {code}{': ' + reason if reason else ''})" if code else ""
        super().__init__(f"the connection to {url} is closed{how}")
        self.url = url
        self.code = code
        self.reason = reason


class CallTimeoutError(ClientError, TimeoutError):
    """The game did not answer in time; whether it runs the call is not known."""

    def __init__(self, method: str, timeout: float) -> None:
        super().__init__(f"no answer to {method} within {timeout:g} s")
        self.method = method
        self.timeout = timeout


class BadParamsError(ClientError, ValueError):
    """Params that JSON cannot carry, or that are neither by name nor by position."""


class BadReplyError(ClientError):
    """The game, or whoever listens there, sent what is not JSON-RPC 2.0."""
