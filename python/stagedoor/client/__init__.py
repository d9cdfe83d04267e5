"""Call a running game from another process.

    with stagedoor.connect("asteroids") as game:
        game.spawn(kind="big", count=3)

`connect()` finds the game and opens a `Client` (`client.sync`), and `connect_async()` opens an
`AsyncClient` (`client.asyncio`). Both are faces of the conversation in `client.core`, which has no
I/O. `client.find.games` lists the running games. `client.errors` and `wire.errors` are what can go
wrong. stagedoor need not be enabled here, and nothing of what runs inside a game is imported.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from stagedoor.client.asyncio.client import AsyncClient
    from stagedoor.client.sync.client import Client
    from stagedoor.wire.roles import RoleName

__all__ = ["connect", "connect_async"]

CONNECT_TIMEOUT = 5.0
"""The most seconds that connecting may take, with the handshake."""

CALL_TIMEOUT = 10.0
"""Seconds that a call waits for its answer, by default. A game lets a method run for 5 s."""


def connect(
    target: str | int | None = None,
    *,
    role: "RoleName" = "admin",
    token: str | None = None,
    cafile: "str | os.PathLike[str] | None" = None,
    timeout: float = CALL_TIMEOUT,
    reconnect: bool = True,
) -> "Client":
    """Connect to a running game. Blocks until the client is connected; any thread may call.

    `target`: the game's URL (`ws://...` or `wss://...`), its name, or its process id; None: the
    only game that is running.
    `role`: which of the game's tokens to use: "viewer", "operator" or "admin".
    `token`: the token itself, for a game on another machine. The environment variable
    STAGEDOOR_TOKEN can hold it instead, so that it need not be in your code.
    `cafile`: a PEM file with the certificates to trust, instead of those that this system trusts,
    for a game on another machine that speaks TLS (`wss://...`). The environment variable
    STAGEDOOR_CAFILE can name it instead. A game on this machine tells the client its certificate.
    `timeout`: seconds that a call waits for its answer. Connecting may take as long, but at most
    5 s.
    `reconnect`: whether to connect again after the connection is lost: at the next call, or, while
    something is subscribed, by itself until it succeeds.

    Raises: NoGameError or SeveralGamesError, which list the running games; CannotConnectError;
    TokenRefusedError; BadTokenError; TypeError or ValueError, for other parameters.
    """
    from stagedoor import checks
    from stagedoor.client.find.addresses import Target
    from stagedoor.client.find.retry import Retry
    from stagedoor.client.sync.client import Client
    from stagedoor.client.sync.line import Line

    where = Target(target, role, token, cafile)
    checks.seconds("timeout", timeout)
    checks.flag("reconnect", reconnect)
    return Client(Line(where, min(timeout, CONNECT_TIMEOUT), Retry(reconnect)), timeout)


def connect_async(
    target: str | int | None = None,
    *,
    role: "RoleName" = "admin",
    token: str | None = None,
    cafile: "str | os.PathLike[str] | None" = None,
    timeout: float = CALL_TIMEOUT,
    reconnect: bool = True,
) -> "AsyncClient":
    """A client for asyncio. It connects when it is entered or awaited.

    Use `async with stagedoor.connect_async() as game:`. Or use
    `game = await stagedoor.connect_async()`, and call `await game.close()` at the end. The client
    belongs to the event loop in which it connects.

    The parameters are those of `connect()`. Invalid ones raise here: BadTokenError, ValueError, or
    CannotConnectError for a bad URL. Connecting raises what `connect()` does.
    """
    from stagedoor import checks
    from stagedoor.client.asyncio.client import AsyncClient
    from stagedoor.client.find.addresses import Target
    from stagedoor.client.find.retry import Retry

    where = Target(target, role, token, cafile)
    checks.seconds("timeout", timeout)
    checks.flag("reconnect", reconnect)
    return AsyncClient(where, timeout, min(timeout, CONNECT_TIMEOUT), Retry(reconnect))
