"""A running game, seen from another process.

    with stagedoor.client.connect("asteroids") as game:
        game.call("spawn", {"kind": "big", "count": 3})

`connect()` finds the game and opens a `Client` (`client.sync`); `client.games` lists the running
games; `client.errors` and `wire.errors` are what can go wrong. `client.core` is the part without
I/O, on which an asyncio client will stand as well.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stagedoor.client.sync import Client

__all__ = ["connect"]

CONNECT_TIMEOUT = 5.0
"""Seconds for connecting, with the handshake."""

CALL_TIMEOUT = 10.0
"""Seconds a call waits for its answer: longer than the game lets a method run (5 s)."""


def connect(
    target: str | int | None = None,
    *,
    timeout: float = CALL_TIMEOUT,
    connect_timeout: float = CONNECT_TIMEOUT,
) -> "Client":
    """Connect to a running game.

    `target`: its URL (`ws://...`), its name, its process id, or None for the only one running.
    `timeout`: seconds a call waits for its answer, unless the call says otherwise.

    Raises: NoGameError, SeveralGamesError (which name what was found), CannotConnectError.
    """
    from stagedoor.client.games import find_url
    from stagedoor.client.sync import Client

    return Client(find_url(target), timeout=timeout, connect_timeout=connect_timeout)
