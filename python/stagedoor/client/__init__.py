"""A running game, seen from another process.

    with stagedoor.connect("asteroids") as game:
        game.spawn(kind="big", count=3)

`connect()` finds the game and opens a `Client` (`client.sync`), `connect_async()` an `AsyncClient`
(`client.asyncio`): two faces of the conversation in `client.core`, which has no I/O.
`client.find.games` lists the running games; `client.errors` and `wire.errors` are what can go
wrong. None of it needs stagedoor to be enabled, or imports what runs inside a game.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from stagedoor.client.asyncio.client import AsyncClient
    from stagedoor.client.sync.client import Client
    from stagedoor.wire.tokens import Role

__all__ = ["connect", "connect_async"]

CONNECT_TIMEOUT = 5.0
"""Seconds for connecting, with the handshake, at most."""

CALL_TIMEOUT = 10.0
"""Seconds a call waits for its answer: longer than the game lets a method run (5 s)."""


def connect(
    target: str | int | None = None,
    *,
    role: "Role" = "admin",
    token: str | None = None,
    cafile: "str | os.PathLike[str] | None" = None,
    timeout: float = CALL_TIMEOUT,
    reconnect: bool = True,
) -> "Client":
    """Connect to a running game; blocks until that is done.

    `target`: its URL (`ws://...` or `wss://...`), its name, its process id, or None for the only
    one running.
    `role`: with which of the game's tokens: "viewer", "operator" or "admin".
    `token`: the token itself, for a game on another machine; the environment variable
    STAGEDOOR_TOKEN does as well, and does not end up in a file of yours.
    `cafile`: a PEM file with the certificates to trust, instead of those that this system trusts,
    for a game elsewhere that speaks TLS (`wss://...`); or the environment variable
    STAGEDOOR_CAFILE. A game of this machine says itself which certificate it shows.
    `timeout`: seconds a call waits for its answer. Connecting gets as long, but 5 s at most.
    `reconnect`: open the connection again when it was lost: at the next call, and, while something
    is subscribed, by itself until it succeeds.

    Raises: NoGameError, SeveralGamesError (which name what was found), CannotConnectError,
    TokenRefusedError, BadTokenError; ValueError (no such role).
    """
    from stagedoor.client.find.addresses import Target
    from stagedoor.client.find.retry import Retry
    from stagedoor.client.sync.client import Client
    from stagedoor.client.sync.line import Line

    where = Target(target, role, token, cafile)
    return Client(Line(where, min(timeout, CONNECT_TIMEOUT), Retry(reconnect)), timeout)


def connect_async(
    target: str | int | None = None,
    *,
    role: "Role" = "admin",
    token: str | None = None,
    cafile: "str | os.PathLike[str] | None" = None,
    timeout: float = CALL_TIMEOUT,
    reconnect: bool = True,
) -> "AsyncClient":
    """A client for asyncio: `async with stagedoor.connect_async() as game:`, or
    `game = await stagedoor.connect_async()`, whereupon `await game.close()` is yours to do.

    Parameters, and what entering raises, as in `connect()`.
    """
    from stagedoor.client.asyncio.client import AsyncClient
    from stagedoor.client.find.addresses import Target
    from stagedoor.client.find.retry import Retry

    where = Target(target, role, token, cafile)
    return AsyncClient(where, timeout, min(timeout, CONNECT_TIMEOUT), Retry(reconnect))
