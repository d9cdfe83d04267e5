"""The rows: what the peers are asked for, so many messages in flight on so many connections."""

from dataclasses import dataclass

from .roster import ECHO_SERVERS, RPC_SERVERS, SATURATED_GAMES, Peer


@dataclass(frozen=True)
class Scenario:
    """Messages or calls, `depth` in flight on each of `connections`."""

    what: str
    peers: tuple[Peer, ...]
    """Ours is the first."""
    connections: int
    depth: int
    size: int = 64
    """Bytes of an echoed message; a call has about as many."""

    @property
    def name(self) -> str:
        return f"{self.what}, {self.connections} x {self.depth}"

    @property
    def ours(self) -> Peer:
        return self.peers[0]


def _echo(connections: int, depth: int, size: int = 64) -> Scenario:
    text = f"{size // 1024} KiB" if size >= 1024 else f"{size} B"
    return Scenario(f"echo {text}", ECHO_SERVERS, connections, depth, size)


BUSY = _echo(64, 8)
ALONE = _echo(1, 1)
LARGE = _echo(8, 4, size=16 * 1024)

CALLS = Scenario("typed call", RPC_SERVERS, 64, 8)
CALL_ALONE = Scenario("typed call", RPC_SERVERS, 1, 1)
# On four connections: one has 10 000 calls a second at most.
SATURATED = Scenario("saturated game", SATURATED_GAMES, 4, 8)

SCENARIOS = (BUSY, _echo(64, 1), _echo(1, 32), ALONE, LARGE, CALLS, CALL_ALONE, SATURATED)
