"""The peers: servers that print their port, and what each of them can do."""

import sys
from dataclasses import dataclass, replace
from typing import Literal

from .environment import HERE, LOADGEN, NEWER_PYTHON, NODE, PYTHON, Home

Does = Literal["echo", "raw echo", "call"]


@dataclass(frozen=True)
class Peer:
    """A name for the tables, and the command that starts the server.

    A server prints its port, followed by its token if it has one. When it is terminated, it may
    print one JSON object with figures that only the server can know.
    """

    name: str
    command: tuple[str, ...]
    does: Does = "echo"
    """What it does with what it gets. "echo": it echoes messages. "raw echo": it echoes bytes on a
    TCP connection, without WebSocket. "call": it answers JSON-RPC calls of `add(int, int)`."""
    home: Home | None = None
    """Where it is installed; None: it needs no installation."""

    @property
    def lacks(self) -> str | None:
        """What the peer needs and this machine does not have; None: nothing is missing."""
        return self.home.needs if self.home and not self.home.is_here else None


def _ours(name: str, script: str, does: Does = "echo", *arguments: str) -> Peer:
    return Peer(name, (sys.executable, str(HERE / script), *arguments), does)


def _peer(name: str, script: str, does: Does = "echo", *arguments: str) -> Peer:
    command = (str(PYTHON.python), str(HERE / script), *arguments)
    return Peer(name, command, does, PYTHON)


def _node(name: str, script: str, *arguments: str) -> Peer:
    return Peer(name, ("node", str(HERE / script), *arguments), "echo", NODE)


OURS = _ours("stagedoor", "peers/ours.py")
RAW_TCP = Peer("raw TCP echo", (str(LOADGEN), "tcp-echo", "--port", "0"), "raw echo")
PICOWS = _peer("picows+uvloop", "peers/picows_uvloop.py")
WEBSOCKETS = _peer("websockets+uvloop", "peers/websockets_uvloop.py")
AIOHTTP = _peer("aiohttp+uvloop", "peers/aiohttp_uvloop.py")
WSE = Peer(
    "wse-server",
    (str(NEWER_PYTHON.python), str(HERE / "peers/wse_drain.py")),
    "echo",
    NEWER_PYTHON,
)
WS = _node("ws (node)", "peers/ws_node.cjs")
NODEJS_WEBSOCKET = _node("nodejs-websocket", "peers/nodejs_websocket.cjs")

STAGE = _ours("stagedoor", "peers/ours_calls.py", "call")
PUBLISHING = _ours("publishing", "peers/ours_publishing.py")
PUBLISHING_PICOWS = _peer("publishing, picows", "games/publishing_picows.py")
OUR_ECHO = replace(OURS, name="stagedoor, echo")
JSONRPCSERVER = _peer("jsonrpcserver", "peers/jsonrpcserver_websockets.py", "call")
JSONRPCSERVER_AIOHTTP = _peer("jsonrpcserver, aiohttp", "peers/jsonrpcserver_aiohttp.py", "call")

COMPRESSING = _ours("stagedoor", "peers/ours.py", "echo", "--compression")
COMPRESSING_WEBSOCKETS = _peer(
    "websockets+uvloop", "peers/websockets_uvloop.py", "echo", "--compression"
)
COMPRESSING_AIOHTTP = _peer("aiohttp+uvloop", "peers/aiohttp_uvloop.py", "echo", "--compression")
COMPRESSING_WS = _node("ws (node)", "peers/ws_node.cjs", "--compression")

# Seconds of work in a frame, and frames per second; 0: as many as possible.
_SATURATED = ("0.001", "0")
_SIXTY = ("0.014", "60")
SATURATED = _ours("stagedoor", "games/ours.py", "call", *_SATURATED)
THREAD_PICOWS = _peer("thread: picows", "games/picows_thread.py", "call", *_SATURATED)
THREAD_WEBSOCKETS = _peer("thread: websockets", "games/websockets_thread.py", "call", *_SATURATED)
SIXTY = _ours("stagedoor", "games/ours.py", "call", *_SIXTY)
SIXTY_PICOWS = _peer("thread: picows", "games/picows_thread.py", "call", *_SIXTY)
SIXTY_WEBSOCKETS = _peer("thread: websockets", "games/websockets_thread.py", "call", *_SIXTY)

WEBSOCKET_SERVERS = (OURS, PICOWS, WEBSOCKETS, AIOHTTP, WSE, WS, NODEJS_WEBSOCKET)
ECHO_SERVERS = (OURS, RAW_TCP, *WEBSOCKET_SERVERS[1:])
RPC_SERVERS = (STAGE, OUR_ECHO, JSONRPCSERVER, JSONRPCSERVER_AIOHTTP)
BATCH_SERVERS = (STAGE, JSONRPCSERVER, JSONRPCSERVER_AIOHTTP)
COMPRESSING_SERVERS = (COMPRESSING, COMPRESSING_WEBSOCKETS, COMPRESSING_AIOHTTP, COMPRESSING_WS)
SATURATED_GAMES = (SATURATED, THREAD_PICOWS, THREAD_WEBSOCKETS)
SIXTY_GAMES = (SIXTY, SIXTY_PICOWS, SIXTY_WEBSOCKETS)
