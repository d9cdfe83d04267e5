"""`WebSocketServerConnection`: one client of a `WebSocketServer`, as its program sees it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from stagedoor.live.net.handlers import Handler, with_argument, without_argument
from stagedoor.live.net.peer import Peer, ReadyState
from stagedoor.wire.close_codes import NORMAL

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from stagedoor._core import Refusal


class WebSocketServerConnection:
    """One client of a `WebSocketServer`; made by it and handed to `onconnection`.

    Handlers run on the thread that polls the server. `send()` and `close()` may be called from any
    thread. A handler that raises is logged and reported to `onerror`; it stops nothing else.
    """

    # Most connections never set them.
    _ontext: Handler | None = None
    _onbinary: Handler | None = None
    _onmessage: Handler | None = None

    def __init__(self, peer: Peer, later: Callable[[Callable[[], object]], None]) -> None:
        self._peer = peer
        peer.face = self
        self._later = later

    def __repr__(self) -> str:
        return f"<WebSocketServerConnection {self._peer.description}>"

    @property
    def id(self) -> int:
        """Counts the connections of one `listen()` from 1."""
        return self._peer.id

    @property
    def readyState(self) -> ReadyState:  # noqa: N802 - the Cocos name
        """Where the connection stands."""
        return self._peer.state

    @property
    def path(self) -> str:
        """The path and query that the client asked for: `/level?n=1`."""
        return self._peer.native.path

    @cached_property
    def headers(self) -> dict[str, str]:
        """The request's headers; names in lower case, values of a repeated one joined by commas."""
        return self._peer.headers

    @property
    def protocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._peer.native.subprotocol

    @property
    def remote_address(self) -> tuple[str, int]:
        """The client's address and port."""
        return self._peer.remote_address

    @property
    def close_code(self) -> int | None:
        """After the end: the peer's close code, ours if it broke the protocol, 1006 without
        either."""
        return self._peer.close_code

    @property
    def close_reason(self) -> str | None:
        """After the end: the text that came with the code."""
        return self._peer.close_reason

    @property
    def bufferedAmount(self) -> int:  # noqa: N802 - the name of browsers
        """Bytes sent and not yet taken by the kernel, frame headers included."""
        return self._peer.queued

    def send(self, data: str | Buffer, callback: Callable[..., object] | None = None) -> None:
        """Queue one message: `str` as text; `bytes`, `bytearray` or `memoryview` as binary.

        The callback gets None once the kernel has the bytes, or an error text: the connection is
        closed, or its queue is full. It may leave that parameter out. It runs in a later poll.
        Without one, a message that could not be sent is dropped, which is logged once a minute. May
        be called from any thread.

        Raises TypeError for other data, UnicodeEncodeError for a `str` that is not valid Unicode.
        """
        done = None if callback is None else with_argument(callback, "callback")
        refusal = self._peer.native.send(data, done)
        if refusal is not None:
            self._refused(refusal, done)

    def _refused(self, refusal: Refusal, callback: Handler | None) -> None:
        if callback is not None:
            self._later(lambda: callback(str(refusal)))
        elif self._peer.state is ReadyState.OPEN:
            self._peer.complaints.add("message", "%r: a message was dropped: %s", self, refusal)

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close after what is queued; nothing when it is closing or closed already.

        `code` is 1000 or 3000-4999, `reason` at most 123 bytes of UTF-8; else ValueError. `onclose`
        follows when the peer has answered, or after `close_timeout`. May be called from any thread.
        """
        self._peer.close(code, reason)

    @property
    def onconnect(self) -> Callable[[], object] | None:
        """Called with nothing, once, right after `onconnection` returned."""
        return self._peer.on_connect

    @onconnect.setter
    def onconnect(self, handler: Callable[[], object] | None) -> None:
        self._peer.on_connect = without_argument(handler, "onconnect")

    @property
    def ontext(self) -> Handler | None:
        """Called with each text message, a `str`."""
        return self._ontext

    @ontext.setter
    def ontext(self, handler: Callable[..., object] | None) -> None:
        self._ontext = with_argument(handler, "ontext")
        self._receive()

    @property
    def onbinary(self) -> Handler | None:
        """Called with each binary message, `bytes`."""
        return self._onbinary

    @onbinary.setter
    def onbinary(self, handler: Callable[..., object] | None) -> None:
        self._onbinary = with_argument(handler, "onbinary")
        self._receive()

    @property
    def onmessage(self) -> Handler | None:
        """Called with each message, `str` or `bytes`, after `ontext` or `onbinary`."""
        return self._onmessage

    @onmessage.setter
    def onmessage(self, handler: Callable[..., object] | None) -> None:
        self._onmessage = with_argument(handler, "onmessage")
        self._receive()

    @property
    def ondata(self) -> Handler | None:
        """The old name of `onmessage`; setting it warns."""
        return self._onmessage

    @ondata.setter
    def ondata(self, handler: Callable[..., object] | None) -> None:
        warnings.warn("ondata is deprecated, use onmessage", DeprecationWarning, stacklevel=2)
        self.onmessage = handler

    @property
    def onclose(self) -> Handler | None:
        """Called once at the end: with None after a clean close, else with what happened."""
        return self._peer.on_close

    @onclose.setter
    def onclose(self, handler: Callable[..., object] | None) -> None:
        self._peer.on_close = with_argument(handler, "onclose")

    @property
    def onerror(self) -> Handler | None:
        """Called with a text: the peer broke the protocol or reset, or a handler raised."""
        return self._peer.on_error

    @onerror.setter
    def onerror(self, handler: Callable[..., object] | None) -> None:
        self._peer.on_error = with_argument(handler, "onerror")

    def _receive(self) -> None:
        """From now on messages are for these handlers."""
        text = _in_turn(self._ontext, self._onmessage)
        self._peer.deliver_to(text, _in_turn(self._onbinary, self._onmessage))


def _in_turn(first: Handler | None, second: Handler | None) -> Handler | None:
    if first is None or second is None:
        return first or second

    def both(data: Any) -> None:
        first(data)
        second(data)

    return both
