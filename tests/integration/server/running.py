"""Servers for tests: what they called back, and programs that have one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from typing import Any

import pytest
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as websocket

from stagedoor.live.net.websocket import WebSocketServer, WebSocketServerConnection

from .raw import PATIENCE


def poll_until(
    server: WebSocketServer, condition: Callable[[], object], patience: float = PATIENCE
) -> None:
    """Run the server's callbacks, as a game would, until the condition holds."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{patience} s were not enough")
        if not server.poll():
            time.sleep(0.001)


def poll_until_connected(server: WebSocketServer) -> WebSocketServerConnection:
    """Poll until there is a connection."""
    poll_until(server, lambda: server.connections)
    return server.connections[0]


def poll_until_ended(server: WebSocketServer) -> None:
    """Poll a server that was told to close until it has."""
    poll_until(server, lambda: server.port is None)


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait without polling."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{patience} s were not enough")
        time.sleep(0.001)


def client_of(server: WebSocketServer, path: str = "/", **options: Any) -> ClientConnection:
    """A client that is not ours, connected to the server."""
    url = f"ws://127.0.0.1:{server.port}{path}"
    client: ClientConnection = websocket(url, proxy=None, compression=None, **options)
    return client


def is_refused(port: int) -> bool:
    """Whether nothing listens on the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


class Recording:
    """Sets every handler of a server and its connections, and keeps what they were called with."""

    def __init__(self, server: WebSocketServer) -> None:
        self.server = server
        self.events: list[tuple[Any, ...]] = []
        self.connections: list[WebSocketServerConnection] = []
        server.onconnection = self._onconnection
        server.onclose = lambda error: self.events.append(("server closed", error))

    def _onconnection(self, connection: WebSocketServerConnection) -> None:
        self.connections.append(connection)
        number = len(self.connections)

        def note(what: str) -> Callable[[object], None]:
            return lambda data: self.events.append((what, number, data))

        connection.ontext = note("text")
        connection.onbinary = note("binary")
        connection.onerror = note("error")
        connection.onclose = note("closed")

    def of(self, what: str) -> list[Any]:
        """What the handlers of that kind were called with."""
        return [event[-1] for event in self.events if event[0] == what]

    def next_connection(self) -> WebSocketServerConnection:
        """Poll until one connection more is there."""
        count = len(self.connections)
        poll_until(self.server, lambda: len(self.connections) > count)
        return self.connections[count]

    def wait_for(self, what: str, count: int = 1) -> list[Any]:
        """Poll until there are so many of that kind."""
        poll_until(self.server, lambda: len(self.of(what)) >= count)
        return self.of(what)


MORE_THAN_THE_KERNEL_TAKES = bytes(16 << 20)
"""Sent to a peer that does not read, most of it stays in our queue."""


# On a busy machine asyncio, in development mode, warns that callbacks are slow.
PREAMBLE = """
import logging, os, sys, signal, threading, time
logging.getLogger("asyncio").setLevel(logging.ERROR)
from stagedoor.live.net.websocket import WebSocketServer
"""


class Program:
    """A Python program in a process of its own, with a server; it prints lines that it is asked
    for, and its standard input closes when the test is over."""

    def __init__(self, source: str, *options: str, first: str = "") -> None:
        """`first` runs before stagedoor is imported."""
        # Warnings are shown, so that "nothing on stderr" covers them.
        command = [sys.executable, "-X", "dev", *options, "-c"]
        command.append(first + PREAMBLE + textwrap.dedent(source))
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )

    def read_line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, stderr = self.process.communicate(timeout=PATIENCE)
            pytest.fail(f"the program ended with {self.process.returncode}: {stderr}")
        return line.strip()

    def read_port(self) -> int:
        return int(self.read_line())

    def tell(self, line: str = "") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def finish_input(self) -> None:
        """Close its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def finish(self, patience: float = PATIENCE) -> tuple[int, str, str]:
        """Wait for its end: exit code, the rest of its output, and what it wrote to stderr."""
        stdout, stderr = self.process.communicate(timeout=patience)
        return self.process.returncode, stdout, stderr

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
