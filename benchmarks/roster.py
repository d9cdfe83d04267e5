"""The peers: servers that print their port and echo what they get."""

import sys
from dataclasses import dataclass
from pathlib import Path

from .environment import LOADGEN, PEER_PYTHON

HERE = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Peer:
    """A name for the tables, and the command that starts the server."""

    name: str
    command: tuple[str, ...]
    raw: bool = False
    """Echoes bytes on a TCP connection, without WebSocket."""


def _peer(name: str, script: str) -> Peer:
    return Peer(name, (str(PEER_PYTHON), str(HERE / script)))


OURS = Peer("stagedoor", (sys.executable, str(HERE / "ours.py")))
RAW_TCP = Peer("raw TCP echo", (str(LOADGEN), "tcp-echo", "--port", "0"), raw=True)
PICOWS = _peer("picows+uvloop", "picows_uvloop.py")
WEBSOCKETS = _peer("websockets+uvloop", "websockets_uvloop.py")

PEERS = (OURS, RAW_TCP, PICOWS, WEBSOCKETS)
