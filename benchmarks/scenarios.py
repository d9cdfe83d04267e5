"""The rows of the tables: what the peers must do, on how many connections."""

from dataclasses import dataclass
from typing import Literal

from .roster import (
    BATCH_SERVERS,
    COMPRESSING_SERVERS,
    ECHO_SERVERS,
    RPC_SERVERS,
    SATURATED_GAMES,
    SIXTY_GAMES,
    WEBSOCKET_SERVERS,
    Peer,
)


@dataclass(frozen=True)
class Scenario:
    """Messages or calls. `depth` of them are in flight on each of `connections` connections."""

    what: str
    peers: tuple[Peer, ...]
    """The first is stagedoor's."""
    connections: int
    depth: int
    size: int = 64
    """Bytes of an echoed message; a call has about as many."""
    batch: int = 1
    """Calls in a message."""
    asks: Literal["handshake", "telemetry"] | None = None
    """Something other than what a peer usually does. "handshake": opening handshakes, `connections`
    at a time. "telemetry": the echo of telemetry by a server that compresses."""

    @property
    def name(self) -> str:
        return f"{self.what}, {self.connections} x {self.depth}"

    @property
    def ours(self) -> Peer:
        return self.peers[0]


def _echo(connections: int, depth: int, size: int = 64) -> Scenario:
    return Scenario(f"echo {_bytes(size)}", ECHO_SERVERS, connections, depth, size)


def _bytes(size: int) -> str:
    for unit, name in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if size >= unit:
            return f"{size // unit} {name}"
    return f"{size} B"


BUSY = _echo(64, 8)
ALONE = _echo(1, 1)
LARGE = _echo(8, 4, size=16 * 1024)

CALLS = Scenario("typed call", RPC_SERVERS, 64, 8)
CALL_ALONE = Scenario("typed call", RPC_SERVERS, 1, 1)
BATCHES = Scenario("batch of 20 calls", BATCH_SERVERS, 16, 2, batch=20)
# On four connections, because one may make at most 10 000 calls a second.
SATURATED = Scenario("saturated game", SATURATED_GAMES, 4, 8)
SIXTY = Scenario("60 fps game, 14 ms of work", SIXTY_GAMES, 4, 8)
HANDSHAKES = Scenario("opening handshake", WEBSOCKET_SERVERS, 8, 1, asks="handshake")
COMPRESSED = Scenario("telemetry, deflate", COMPRESSING_SERVERS, 8, 8, asks="telemetry")

SCENARIOS = (
    BUSY,
    _echo(64, 1),
    _echo(1, 32),
    ALONE,
    LARGE,
    _echo(1, 2, size=1024 * 1024),
    CALLS,
    CALL_ALONE,
    BATCHES,
    SATURATED,
    SIXTY,
    HANDSHAKES,
    COMPRESSED,
)
