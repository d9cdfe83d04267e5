"""One WebSocket connection, without I/O: `Link`, over the protocol of the package `websockets`.

Bytes from the socket go into `receive()`, which returns the messages. Bytes for the socket
come out of `transmit()`. The link does the opening handshake, pings, fragments and the close by
itself. The clock is an argument. Not thread-safe.
"""

import logging
from typing import Final

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, InvalidURI, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from stagedoor.client.core.address import Address
from stagedoor.client.errors import (
    CannotConnectError,
    ClientError,
    ConnectionLostError,
    TokenRefusedError,
)
from stagedoor.client.health import SILENT
from stagedoor.wire.close_codes import ABNORMAL, NORMAL, PROTOCOL_ERROR

SUBPROTOCOL: Final = "stagedoor.json"
MAX_MESSAGE: Final = 17 * 2**20
"""The most bytes of one message: an answer of 16 MiB, and what is around it."""
QUIET: Final = 20.0
"""Seconds without a byte from the game before it is pinged. After twice as many it is given up."""

KEEP_ALIVE: Final = 5.0
"""Seconds between two calls of `Link.keep_alive()`."""
MAX_REASON: Final = 500
"""The most characters of the server's reason for a refusal that are shown."""
CLOSE_TIMEOUT: Final = 2.0
"""Seconds that a face waits for the game's close frame when it closes."""

# The protocol logs the headers of the request at level DEBUG, and the token is one of them. This
# logger has no parent and cannot be turned on.
_SILENT = logging.Logger("stagedoor.client.core.websocket", logging.CRITICAL + 1)


class Binary(bytes):
    """A binary message. Others are text, in UTF-8."""


class Link:
    """A connection, from the request to the last byte.

    Call `transmit()` first, which has the request. Then call `receive()` until `is_open`, or until
    `failure` says why the link did not open. Once `failure` is set, the link takes and sends no
    more messages, but `transmit()` may still have a close frame."""

    def __init__(self, address: Address, now: float) -> None:
        """`now`: seconds, by the clock that `keep_alive()` gets. Raises: CannotConnectError, for a
        bad URL."""
        self.url = address.url
        self._is_here = bool(address.name)
        self.is_open = False
        self.failure: ClientError | None = None
        self.pongs = 0
        """How many pings were answered."""
        self.held = b""
        """What the newest ping says of a game that holds Python's lock: see `health_in_ping()`.
        Empty once the game says something itself."""
        self._has_token = address.token is not None
        try:
            uri = parse_uri(address.url)
        except (InvalidURI, ValueError) as error:
            raise CannotConnectError(address.url, str(error)) from error
        self.host, self.port, self.secure = uri.host, uri.port, uri.secure
        # No compression: most messages are too short for it to pay. No Origin: only browsers send
        # one.
        self._protocol = ClientProtocol(
            uri,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            max_size=MAX_MESSAGE,
            logger=_SILENT,
        )
        request = self._protocol.connect()
        if address.token is not None:
            request.headers["Authorization"] = f"Bearer {address.token}"
        self._protocol.send_request(request)
        self._fragments: list[bytes] = []
        self._is_text = False
        self._heard = now
        self._has_pinged = False

    def send(self, message: bytes) -> None:
        """Send a text message, in UTF-8. Call it only once `is_open`; after `close()` it does
        nothing."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(message)

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """Read bytes from the socket, and return the messages that they complete; those that are
        not text are `Binary`. No bytes mean that the stream has ended. `now`: seconds."""
        if self.failure is not None:
            return []
        self._heard = now
        self._has_pinged = False
        protocol = self._protocol
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
        messages: list[bytes] = []
        for event in protocol.events_received():
            if isinstance(event, Frame):
                if event.opcode is Opcode.TEXT and event.fin:
                    messages.append(bytes(event.data))
                elif event.opcode is Opcode.BINARY and event.fin:
                    messages.append(Binary(event.data))
                elif event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    messages += self._assembled(event)
                elif event.opcode is Opcode.PONG:
                    self.pongs += 1
                elif event.opcode is Opcode.PING:
                    self.held = bytes(event.data)
            elif protocol.handshake_exc is None:  # the response
                self.is_open = True
        if messages:
            self.held = b""
        if protocol.state is not State.OPEN:
            self._fail()
        return messages

    def transmit(self) -> bytes:
        """The bytes to write to the socket now; empty if there are none."""
        return b"".join(self._protocol.data_to_send())

    def too_late(self, timeout: float) -> CannotConnectError:
        """The error for a link that has not opened within `timeout` seconds. A game that was found
        on this machine has a process that runs: its network thread would have answered."""
        why = f": {SILENT}" if self._is_here else ""
        return CannotConnectError(self.url, f"no handshake within {timeout:g} s{why}")

    def ping(self) -> None:
        """Ask the other side's process for a sign of life, which counts in `pongs`."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_ping(b"")

    def close(self) -> None:
        """Begin to close. The game's answer sets `failure`."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(NORMAL)

    def keep_alive(self, now: float) -> None:
        """Ping a link on which nothing arrives, or give it up. `now`: seconds. Call it every
        `KEEP_ALIVE` seconds."""
        if self.failure is not None or now - self._heard < QUIET:
            return
        if now - self._heard >= 2 * QUIET:
            reason = f"nothing was heard for {2 * QUIET:g} s"
            self.failure = ConnectionLostError(self.url, ABNORMAL, reason)
        elif self.is_open and not self._has_pinged:
            self._has_pinged = True
            self.ping()

    def _assembled(self, frame: Frame) -> list[bytes]:
        """The message that this fragment completes, if there is one."""
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._fragments.append(bytes(frame.data))
        if not frame.fin:
            return []
        message = b"".join(self._fragments)
        self._fragments.clear()
        return [message if self._is_text else Binary(message)]

    def _fail(self) -> None:
        """Set `failure` if the connection has ended."""
        protocol = self._protocol
        if self.is_open:
            close, broken = protocol.close_rcvd, protocol.parser_exc
            if close is not None:
                self.failure = ConnectionLostError(self.url, close.code, close.reason)
            elif broken is not None and not isinstance(broken, EOFError):
                self.failure = ConnectionLostError(self.url, PROTOCOL_ERROR, str(broken))
            elif protocol.state is State.CLOSED:
                self.failure = ConnectionLostError(self.url, is_cut=True)
        elif protocol.handshake_exc is not None:
            self.failure = self._refusal(protocol.handshake_exc)
        elif protocol.state is State.CLOSED:
            self.failure = CannotConnectError(self.url, "it hung up during the handshake")

    def _refusal(self, error: Exception) -> CannotConnectError:
        if isinstance(error, InvalidStatus):
            status = error.response.status_code
            if status == 401:
                what = "the token is not valid" if self._has_token else "a token is needed"
                return TokenRefusedError(self.url, f"{what} (HTTP 401)")
            said = _said(error.response)
            return CannotConnectError(self.url, f"refused with HTTP {status}{said}")
        if isinstance(error, EOFError) or isinstance(error.__cause__, EOFError):
            return CannotConnectError(self.url, "it hung up during the handshake")
        cause = error if isinstance(error, WebSocketException) else "no WebSocket server"
        return CannotConnectError(self.url, str(cause))


def _said(response: Response) -> str:
    """The reason that the server gives for its refusal, if it is a line of text."""
    if not response.headers.get("Content-Type", "").startswith("text/plain"):
        return ""
    text = bytes(response.body or b"")[: 4 * MAX_REASON].decode("utf-8", "replace")
    line = text.strip().partition("\n")[0].strip()[:MAX_REASON]
    return f": {line}" if line else ""
