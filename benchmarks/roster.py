"""The peers: servers that print their port, and what they are asked for."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from .environment import LOADGEN, PEER_PYTHON

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Peer:
    """A name for the tables, and the command that starts the server.

    A server prints its port, and behind it its token, if it has one. When it is ended it may print
    one JSON object of figures that only it can know.
    """

    name: str
    command: tuple[str, ...]
    does: Literal["echo", "raw echo", "call"] = "echo"
    """Echoes messages; echoes bytes on a TCP connection, without WebSocket; answers calls of
    `add(int, int)` by JSON-RPC 2.0."""


def _ours(name: str, script: str, does: Literal["echo", "call"]) -> Peer:
    return Peer(name, (sys.executable, str(HERE / script)), does)


def _peer(name: str, script: str, does: Literal["echo", "call"] = "echo") -> Peer:
    return Peer(name, (str(PEER_PYTHON), str(HERE / script)), does)


OURS = _ours("stagedoor", "peers/ours.py", "echo")
RAW_TCP = Peer("raw TCP echo", (str(LOADGEN), "tcp-echo", "--port", "0"), "raw echo")
PICOWS = _peer("picows+uvloop", "peers/picows_uvloop.py")
WEBSOCKETS = _peer("websockets+uvloop", "peers/websockets_uvloop.py")

STAGE = _ours("stagedoor", "peers/ours_calls.py", "call")
OUR_ECHO = replace(OURS, name="stagedoor, echo")
JSONRPCSERVER = _peer("jsonrpcserver", "peers/jsonrpcserver_websockets.py", "call")

SATURATED = _ours("stagedoor", "saturated/ours.py", "call")
THREAD_PICOWS = _peer("thread: picows", "saturated/picows_thread.py", "call")
THREAD_WEBSOCKETS = _peer("thread: websockets", "saturated/websockets_thread.py", "call")

ECHO_SERVERS = (OURS, RAW_TCP, PICOWS, WEBSOCKETS)
RPC_SERVERS = (STAGE, OUR_ECHO, JSONRPCSERVER)
SATURATED_GAMES = (SATURATED, THREAD_PICOWS, THREAD_WEBSOCKETS)
