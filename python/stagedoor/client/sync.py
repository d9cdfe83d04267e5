"""The blocking face of a client: `Client`, over `websockets.sync`.

Any thread may call; one call is on its way at a time, the others wait for their turn.
"""

import contextlib
import threading
import time
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import connect as open_websocket
from websockets.typing import Subprotocol

from stagedoor.client import CALL_TIMEOUT, CONNECT_TIMEOUT
from stagedoor.client.core import MAX_MESSAGE, SUBPROTOCOL, Answer, Session
from stagedoor.client.errors import CallTimeoutError, CannotConnectError, ConnectionLostError

CLOSE_TIMEOUT = 2.0
"""Seconds that `close()` waits for the game to agree."""


class Client:
    """A connection to a running game. Use it in a `with` block, or `close()` it."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = CALL_TIMEOUT,
        connect_timeout: float = CONNECT_TIMEOUT,
    ) -> None:
        """Connect to `url` within `connect_timeout` seconds. Raises: CannotConnectError."""
        self.url = url
        self._timeout = timeout
        self._session = Session()
        self._turn = threading.Lock()
        self._open = contextlib.ExitStack()
        try:
            # No proxy: the game is here or in the same network. No compression: most calls are
            # shorter than what it would cost. No Origin: that is for browsers to send.
            self._websocket = self._open.enter_context(
                open_websocket(
                    url,
                    subprotocols=[Subprotocol(SUBPROTOCOL)],
                    compression=None,
                    proxy=None,
                    max_size=MAX_MESSAGE,
                    open_timeout=connect_timeout,
                    close_timeout=CLOSE_TIMEOUT,
                )
            )
        except TimeoutError as error:
            reason = f"no handshake within {connect_timeout:g} s"
            raise CannotConnectError(url, reason) from error
        except OSError as error:
            raise CannotConnectError(url, error.strerror or str(error)) from error
        except (WebSocketException, ValueError) as error:
            raise CannotConnectError(url, str(error)) from error

    def call(self, method: str, params: object = None, *, timeout: float | None = None) -> Any:
        """Call a method and return its result, as plain Python values.

        `params`: a mapping (by name), a list (by position), or None. `timeout`: seconds to wait
        for the answer; None for the client's own.

        Raises: an RpcError of `stagedoor.wire.errors` if the game answers with one;
        CallTimeoutError, ConnectionLostError, BadParamsError, BadReplyError.
        """
        limit = self._timeout if timeout is None else timeout
        deadline = time.monotonic() + limit
        if not self._turn.acquire(timeout=max(0.0, limit)):
            raise CallTimeoutError(method, limit)
        try:
            number, message = self._session.call(method, params)
            try:
                self._send(message)
                answer = self._wait_for(number, deadline)
            except TimeoutError:
                raise CallTimeoutError(method, limit) from None
            finally:
                self._session.forget(number)
        finally:
            self._turn.release()
        if answer.error is not None:
            raise answer.error
        return answer.result

    def notify(self, method: str, params: object = None) -> None:
        """Call a method without waiting, or knowing how it went.

        Raises: ConnectionLostError, BadParamsError."""
        with self._turn:
            self._send(self._session.notify(method, params))

    def close(self) -> None:
        """Close the connection; a second time does nothing. Blocks for 2 s at most."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, message: bytes) -> None:
        try:
            self._websocket.send(message, text=True)
        except ConnectionClosed as error:
            raise self._lost(error) from error

    def _wait_for(self, number: int, deadline: float) -> Answer:
        """Read until the answer is there. Raises: TimeoutError at the deadline (monotonic)."""
        while True:
            try:
                data = self._websocket.recv(timeout=max(0.0, deadline - time.monotonic()))
            except ConnectionClosed as error:
                raise self._lost(error) from error
            if isinstance(data, bytes):
                continue  # a binary message belongs to a topic, and nobody has subscribed
            for answer in self._session.receive(data):
                if answer.id in (number, None):
                    return answer

    def _lost(self, error: ConnectionClosed) -> ConnectionLostError:
        close = error.rcvd
        if close is None:
            return ConnectionLostError(self.url)
        return ConnectionLostError(self.url, close.code, close.reason)
