"""`WebSocketServerConnection` and `ReadyState`: one client, as the game sees it."""

from __future__ import annotations

import enum
import warnings
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from stagedoor import _core
from stagedoor.live.net.handlers import Handler, logger, with_argument, without_argument
from stagedoor.wire.close_codes import NORMAL

if TYPE_CHECKING:
    from typing_extensions import Buffer

MAX_REASON = 123
"""Bytes of UTF-8 that a close reason may have (RFC 6455, section 5.5)."""


class ReadyState(enum.IntEnum):
    """Where a connection stands; the numbers are those of browsers."""

    CONNECTING = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


class WebSocketServerConnection:
    """One client of a `WebSocketServer`; made by it and handed to `onconnection`.

    Handlers run on the thread that polls the server. `send()` and `close()` may be called from any
    thread. A handler that raises is logged and reported to `onerror`; it stops nothing else.
    """

    close_code: int | None
    """After the end: the peer's close code, ours if it broke the protocol, 1006 without either."""
    close_reason: str | None
    """After the end: the text that came with the code."""

    def __init__(
        self, core: _core.Connection, later: Callable[[Callable[[], object]], None]
    ) -> None:
        self._core = core
        core.receiver[1] = self
        self._later = later
        self._state = ReadyState.OPEN
        self._has_dropped = False
        self._cause: _core.CloseCause | None = None
        self.close_code = None
        self.close_reason = None
        self._onconnect: Callable[[], object] | None = None
        self._ontext: Handler | None = None
        self._onbinary: Handler | None = None
        self._onmessage: Handler | None = None
        self._onclose: Handler | None = None
        self._onerror: Handler | None = None
        # What a stage asks for beyond the seed's interface: messages of a group were lost.
        self._ondropped: Callable[[int, int], None] | None = None

    def __repr__(self) -> str:
        host, port = self.remote_address
        return f"<WebSocketServerConnection {self.id} from {host}:{port}, {self._state.name}>"

    @property
    def id(self) -> int:
        """Counts the connections of one `listen()` from 1."""
        return self._core.id

    @property
    def readyState(self) -> ReadyState:  # noqa: N802 - the seed's name
        """Where the connection stands."""
        return self._state

    @property
    def path(self) -> str:
        """The path and query that the client asked for: `/level?n=1`."""
        return self._core.path

    @cached_property
    def headers(self) -> dict[str, str]:
        """The request's headers; names in lower case, values of a repeated one joined by commas."""
        headers: dict[str, str] = {}
        for name, value in self._core.headers:
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return headers

    @property
    def protocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._core.subprotocol

    @property
    def remote_address(self) -> tuple[str, int]:
        """The client's address and port."""
        return self._core.remote_address

    @property
    def bufferedAmount(self) -> int:  # noqa: N802 - the name of browsers
        """Bytes sent and not yet taken by the kernel, frame headers included."""
        return self._core.queued

    def send(
        self, data: str | Buffer, callback: Callable[[str | None], object] | None = None
    ) -> None:
        """Queue one message: `str` as text; `bytes`, `bytearray` or `memoryview` as binary.

        The callback gets None once the kernel has the bytes, or an error text: the connection is
        closed, or its queue is full. It runs in a later poll. Without one, a message that could
        not be sent is dropped, and the first such is logged. May be called from any thread.

        Raises TypeError for other data, UnicodeEncodeError for a `str` that is not valid Unicode.
        """
        refusal = self._core.send(data, callback)
        if refusal is not None:
            self._refused(refusal, callback)

    def _refused(
        self, refusal: _core.Refusal, callback: Callable[[str | None], object] | None
    ) -> None:
        if callback is not None:
            self._later(lambda: callback(str(refusal)))
        elif self._state is ReadyState.OPEN and not self._has_dropped:
            self._has_dropped = True
            logger.warning("%r: a message was dropped: %s", self, refusal)

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close after what is queued; nothing when it is closing or closed already.

        `code` is 1000 or 3000-4999, `reason` at most 123 bytes of UTF-8; else ValueError. `onclose`
        follows when the peer has answered, or after `close_timeout`. May be called from any thread.
        """
        if not isinstance(code, int) or isinstance(code, bool):
            raise TypeError(f"code must be an int, not {type(code).__name__}")
        if code != NORMAL and not 3000 <= code <= 4999:
            raise ValueError(f"code must be 1000 or 3000-4999, not {code}")
        if not isinstance(reason, str):
            raise TypeError(f"reason must be a str, not {type(reason).__name__}")
        if (size := len(reason.encode())) > MAX_REASON:
            raise ValueError(f"reason must be at most {MAX_REASON} bytes of UTF-8, not {size}")
        self._close(code, reason)

    @property
    def onconnect(self) -> Callable[[], object] | None:
        """Called with nothing, once, right after `onconnection` returned."""
        return self._onconnect

    @onconnect.setter
    def onconnect(self, handler: Callable[[], object] | None) -> None:
        self._onconnect = without_argument(handler, "onconnect")

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
        return self._onclose

    @onclose.setter
    def onclose(self, handler: Callable[..., object] | None) -> None:
        self._onclose = with_argument(handler, "onclose")

    @property
    def onerror(self) -> Handler | None:
        """Called with a text: the peer broke the protocol or reset, or a handler raised."""
        return self._onerror

    @onerror.setter
    def onerror(self, handler: Callable[..., object] | None) -> None:
        self._onerror = with_argument(handler, "onerror")

    def _receive(self) -> None:
        """From now on messages are for these handlers."""
        text = _in_turn(self._ontext, self._onmessage)
        binary = _in_turn(self._onbinary, self._onmessage)
        self._core.receiver[0] = text if text is binary else _by_kind(text, binary)

    def _close(self, code: int, reason: str) -> None:
        """`close()` with one of the codes that are not the game's to send, too."""
        if self._state is ReadyState.OPEN:
            self._state = ReadyState.CLOSING
            self._core.close(code, reason)

    # What the server calls, on the polling thread:

    def _failed(self, text: str) -> None:
        if self._onerror is not None:
            try:
                self._onerror(text)
            except Exception:
                logger.exception("%r: onerror raised", self)

    def _handler_raised(self, error: Exception) -> None:
        """Called while the exception is handled, so that the log has its traceback."""
        logger.exception("%r: a handler raised", self)
        self._failed(f"a handler raised {type(error).__name__}: {error}")

    def _closed(self, code: int, reason: str, cause: _core.CloseCause, error: str | None) -> None:
        self._state = ReadyState.CLOSED
        self._cause = cause
        self.close_code = code
        self.close_reason = reason
        self._core.receiver[:] = [_core.ignore, None]  # nobody's any more: no cycle is left
        if self._onclose is not None:
            self._onclose(error)

    def _forget(self) -> None:
        """In a forked child: the client is the parent's."""
        self._state = ReadyState.CLOSED
        self._core = cast(_core.Connection, _Elsewhere(self._core))


def _in_turn(first: Handler | None, second: Handler | None) -> Handler:
    if first is None or second is None:
        return first or second or _core.ignore

    def both(data: Any) -> None:
        first(data)
        second(data)

    return both


def _by_kind(text: Handler, binary: Handler) -> Handler:
    def receive(data: str | bytes) -> None:
        if isinstance(data, str):
            text(data)
        else:
            binary(data)

    return receive


class _Elsewhere:
    """In a forked child: what is known of the parent's connection."""

    def __init__(self, core: _core.Connection) -> None:
        self._core = core

    def __getattr__(self, name: str) -> Any:
        return getattr(self._core, name)

    def send(self, data: object, callback: object = None) -> _ParentsRefusal:
        return _ParentsRefusal()

    send_text = send


class _ParentsRefusal:
    """A `_core.Refusal`."""

    is_closed = True

    def __str__(self) -> str:
        return "the connection belongs to the process that this one was forked from"
