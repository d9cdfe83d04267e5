"""The sockets of `client.sync.line`: `connect()`, `write()`, `is_secure()`, `has_pending()`,
`hang_up()`."""

import contextlib
import selectors
import socket
import ssl
import time
from typing import Final

from stagedoor.client.core.address import Address
from stagedoor.client.core.websocket import Link
from stagedoor.client.errors import CannotConnectError
from stagedoor.client.find.trust import reason, trust

CHUNK: Final = 64 * 1024
"""The most bytes to read at once."""
WRITE_TIMEOUT: Final = 10.0
"""Seconds that a write may wait without progress."""
WOULD_BLOCK: Final = (
    BlockingIOError,
    InterruptedError,
    ssl.SSLWantReadError,
    ssl.SSLWantWriteError,
)
"""What a non-blocking socket raises instead of blocking."""


def connect(address: Address, link: Link, timeout: float) -> tuple[socket.socket, list[bytes]]:
    """Open a socket, and the link over it, within `timeout` seconds. The link must be one to this
    address. Returns the socket, which no longer blocks, and the messages that came together with
    the handshake.

    Raises: CannotConnectError, ConnectionLostError."""
    deadline = time.monotonic() + timeout
    opened: socket.socket | None = None
    try:
        # No proxy: the game is on this machine or in the same network.
        opened = socket.create_connection((link.host, link.port), timeout)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        if link.secure:
            opened.settimeout(max(deadline - time.monotonic(), 0.001))
            opened = trust(address).wrap_socket(opened, server_hostname=link.host)
        messages = _shake_hands(opened, link, deadline)
        opened.setblocking(False)
        return opened, messages
    except TimeoutError as error:
        _close(opened)
        raise link.too_late(timeout) from error
    except (OSError, UnicodeError, OverflowError) as error:
        _close(opened)
        raise CannotConnectError(link.url, reason(error)) from error
    except BaseException:
        _close(opened)
        raise


def _shake_hands(opened: socket.socket, link: Link, deadline: float) -> list[bytes]:
    messages: list[bytes] = []
    opened.sendall(link.transmit())
    while not link.is_open and link.failure is None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        opened.settimeout(left)
        messages += link.receive(opened.recv(CHUNK), time.monotonic())
    if link.failure is not None:
        raise link.failure
    return messages


def write(opened: socket.socket, data: bytes) -> bool:
    """Write all bytes to a non-blocking socket. Returns False if the other side takes nothing for
    `WRITE_TIMEOUT` seconds.

    A lost connection is no error here. The next read finds it: messages that the other side sent
    before may still be there to be read."""
    try:
        sent = opened.send(data)
    except WOULD_BLOCK:
        sent = 0
    except OSError:
        return True
    if sent == len(data):
        return True
    view = memoryview(data)[sent:]
    with selectors.DefaultSelector() as selector:
        selector.register(opened, selectors.EVENT_WRITE)
        while view:
            if not selector.select(WRITE_TIMEOUT):
                return False
            try:
                view = view[opened.send(view) :]
            except WOULD_BLOCK:
                continue
            except OSError:
                return True
    return True


def is_secure(opened: socket.socket) -> bool:
    """Whether the socket speaks TLS."""
    return isinstance(opened, ssl.SSLSocket)


def has_pending(opened: socket.socket) -> bool:
    """Whether TLS has decrypted bytes that are not read yet. The operating system does not know of
    them."""
    return isinstance(opened, ssl.SSLSocket) and opened.pending() > 0


def hang_up(opened: socket.socket | None) -> None:
    """End the connection. This wakes a thread that waits to read from it."""
    if opened is not None:
        with contextlib.suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)


def _close(opened: socket.socket | None) -> None:
    if opened is not None:
        opened.close()
