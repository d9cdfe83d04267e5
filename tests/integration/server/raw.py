"""A WebSocket client made by hand: it can do all that a client must not."""

from __future__ import annotations

import base64
import socket
import ssl
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

PATIENCE = 60.0
"""Seconds after which a test that waits has failed."""

KEY = base64.b64encode(b"the sample nonce").decode()
_MASK = b"\x37\xfa\x21\x3d"


class Frame(NamedTuple):
    opcode: int
    payload: bytes
    fin: bool = True


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def masked(payload: bytes, mask: bytes = _MASK) -> bytes:
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return number.to_bytes(len(payload), "big")


def header(opcode: int, length: int, *, fin: bool = True, rsv: int = 0, mask: bool = True) -> bytes:
    """A frame's header; the length in the fewest bytes."""
    first = fin << 7 | rsv << 4 | opcode
    bit = mask << 7
    if length <= 125:
        head = struct.pack("!BB", first, bit | length)
    elif length <= 0xFFFF:
        head = struct.pack("!BBH", first, bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, bit | 127, length)
    return head + (_MASK if mask else b"")


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bool = True
) -> bytes:
    """A client's frame, masked unless told otherwise."""
    head = header(opcode, len(payload), fin=fin, rsv=rsv, mask=mask)
    return head + (masked(payload) if mask else payload)


def close_payload(code: int, reason: bytes = b"") -> bytes:
    return struct.pack("!H", code) + reason


def request(
    port: int,
    *,
    target: str = "/",
    method: str = "GET",
    version: str = "HTTP/1.1",
    host: str | None = None,
    upgrade: bool = True,
    headers: Iterable[str] = (),
    without: Iterable[str] = (),
) -> bytes:
    """A request head. `headers` are whole lines, added; `without` names those to leave out."""
    lines = [f"Host: {host or f'127.0.0.1:{port}'}"]
    if upgrade:
        lines += [
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {KEY}",
        ]
    left_out = {name.lower() for name in without}
    lines = [line for line in lines if line.partition(":")[0].lower() not in left_out]
    head = "\r\n".join([f"{method} {target} {version}", *lines, *headers, "", ""])
    return head.encode("latin-1")


class RawClient:
    """A TCP connection to a server on 127.0.0.1. With `receive_buffer`, the kernel takes about so
    many bytes for it and then the server's writes block. With `tls`, everything goes through it."""

    def __init__(
        self,
        port: int,
        *,
        receive_buffer: int | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port = port
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._received = bytearray()
        self.received = 0
        """Bytes so far."""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def upgrade(self, *, target: str = "/", headers: Iterable[str] = ()) -> Response:
        """The opening handshake; the response, which must be 101."""
        self.send(request(self.port, target=target, headers=headers))
        response = self.read_response()
        assert response.status == 101, response
        return response

    def _fill(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError(f"the server closed; left over: {bytes(self._received)!r}")
        self._received += data
        self.received += len(data)

    def _take(self, count: int) -> bytes:
        while len(self._received) < count:
            self._fill()
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def read_response(self) -> Response:
        """A response's head; and its body, if it has a length."""
        while b"\r\n\r\n" not in self._received:
            self._fill()
        head = self._take(self._received.index(b"\r\n\r\n") + 4).decode("latin-1")
        status_line, *lines = head.split("\r\n")[:-2]
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        return Response(int(status_line.split(" ")[1]), headers, b"")

    def ask(self, head: bytes) -> Response:
        """Send a request; the whole response, to the end of the connection."""
        self.send(head)
        response = self.read_response()
        return response._replace(body=self.read_to_end())

    def read_frame(self) -> Frame:
        first, second = self._take(2)
        assert second < 128, "a server does not mask"
        length = second
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        assert not first & 0x70, "a reserved bit"
        return Frame(first & 15, self._take(length), bool(first & 128))

    def read_close(self) -> tuple[int | None, str]:
        """The close frame's code and reason; frames before it are skipped."""
        while (received := self.read_frame()).opcode != CLOSE:
            pass
        if not received.payload:
            return None, ""
        (code,) = struct.unpack("!H", received.payload[:2])
        return code, received.payload[2:].decode()

    def read_to_end(self) -> bytes:
        """What comes until the server closes its side; a reset is an end, too."""
        with suppress(EOFError, ConnectionError):
            while True:
                self._fill()
        return self._take(len(self._received))

    def reset(self) -> None:
        """Leave with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        self.socket.close()

    def __del__(self) -> None:
        self.socket.close()  # a test that failed is no reason for others to fail


def connected(
    port: int, *, receive_buffer: int | None = None, tls: ssl.SSLContext | None = None
) -> RawClient:
    """A client whose opening handshake is done."""
    client = RawClient(port, receive_buffer=receive_buffer, tls=tls)
    client.upgrade()
    return client
