"""`Peer`: one client of a `Transport`. `ReadyState`: where its connection stands."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from stagedoor import _core, checks
from stagedoor.live.net.complaints import Complaints
from stagedoor.live.net.handlers import HANDLER_ERRORS, Handler
from stagedoor.wire.authority import authority
from stagedoor.wire.close_codes import NORMAL
from stagedoor.wire.text import text_of, type_of

if TYPE_CHECKING:
    from stagedoor._core import CloseCause

MAX_REASON = 123
"""Bytes of UTF-8 that a close reason may have (RFC 6455, section 5.5)."""


class ReadyState(enum.IntEnum):
    """Where a connection stands; the numbers are those of browsers."""

    CONNECTING = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


class Peer:
    """One client, for the package itself; a `Transport` makes it.

    What comes goes straight to the handlers of `deliver_to()`, and `native.send_text` queues a text
    message that is encoded already: neither has a frame of Python of its own. Handlers run on the
    thread that polls. A handler that raises is logged and reported to `on_error`.
    """

    __slots__ = (
        "__weakref__",
        "cause",
        "close_code",
        "close_reason",
        "complaints",
        "face",
        "native",
        "on_close",
        "on_connect",
        "on_dropped",
        "on_error",
        "state",
    )

    def __init__(self, native: _core.Connection, complaints: Complaints) -> None:
        native.receiver[1] = self
        self.native = native
        self.complaints = complaints
        self.state = ReadyState.OPEN
        self.face: object = None
        """What stands for it where the program looks, as in the log."""
        # After the end:
        self.cause: CloseCause | None = None
        self.close_code: int | None = None
        self.close_reason: str | None = None
        # Called:
        self.on_connect: Callable[[], object] | None = None
        """Once, after `Peers.on_open`."""
        self.on_close: Handler | None = None
        """At the end, with None or a text."""
        self.on_error: Handler | None = None
        """With a text, when something went wrong."""
        self.on_dropped: Callable[[int, int], None] | None = None
        """With a group and the number of its messages that were lost."""

    def __repr__(self) -> str:
        return f"<connection {self.description}>"

    @property
    def description(self) -> str:
        """For people: id, address, state."""
        return f"{self.id} from {authority(*self.remote_address)}, {self.state.name}"

    @property
    def id(self) -> int:
        """Counts the connections of one `listen()` from 1."""
        return self.native.id

    @property
    def remote_address(self) -> tuple[str, int]:
        """The client's address and port."""
        return self.native.remote_address

    @property
    def headers(self) -> dict[str, str]:
        """The request's headers: names in lower case, values of a repeated one joined by commas."""
        headers: dict[str, str] = {}
        for name, value in self.native.headers:
            name = name.lower()
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        return headers

    @property
    def queued(self) -> int:
        """Bytes sent that the kernel has not taken yet, frame headers included."""
        return self.native.queued

    @property
    def role(self) -> int | None:
        """The role of the token in its opening handshake; None: it showed none."""
        return self.native.role

    @property
    def token_generation(self) -> int:
        """Which tokens `role` is from: what `Transport.set_tokens()` returned for them."""
        return self.native.token_generation

    def authenticate(self) -> None:
        """Lift the limits of a client that has shown no token: the program knows who it is."""
        self.native.authenticate()

    def charge(self, calls: int) -> None:
        """Count so many calls more against its rate: see `_core.Connection.charge`."""
        self.native.charge(calls)

    def deliver_to(self, text: Handler | None, binary: Handler | None) -> None:
        """From now on its messages go to these."""
        text, binary = text or _core.ignore, binary or _core.ignore
        self.native.receiver[0] = text if text is binary else _by_kind(text, binary)

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued. Does nothing when it is closing or closed already.

        Raises TypeError or ValueError for a code or reason that a program may not send.
        """
        if not isinstance(code, int) or isinstance(code, bool):
            raise TypeError(f"code must be an int, not {type(code).__name__}")
        if code != NORMAL and not 3000 <= code <= 4999:
            raise ValueError(f"code must be 1000 or 3000-4999, not {code}")
        checks.text("reason", reason, may_be_empty=True)
        if (size := len(reason.encode())) > MAX_REASON:
            raise ValueError(f"reason must be at most {MAX_REASON} bytes of UTF-8, not {size}")
        self.end(code, reason)

    def end(self, code: int, reason: str) -> None:
        """`close()` with one of the codes that are not the program's to send, too."""
        if self.state is ReadyState.OPEN:
            self.state = ReadyState.CLOSING
            self.native.close(code, reason)

    # What the transport calls, on the polling thread:

    def failed(self, text: str) -> None:
        """Something went wrong."""
        if self.on_error is not None:
            try:
                self.on_error(text)
            except HANDLER_ERRORS as error:
                self.complaints.add("onerror", "%r: onerror raised", self.face or self, error=error)

    def handler_raised(self, error: BaseException) -> None:
        """A handler has raised this."""
        self.complaints.add("handler", "%r: a handler raised", self.face or self, error=error)
        self.failed(f"a handler raised {type_of(error)}: {text_of(error)}")

    def closed(self, code: int, reason: str, cause: CloseCause, error: str | None) -> None:
        """It has ended."""
        self.state = ReadyState.CLOSED
        self.close_code = code
        self.close_reason = reason
        self.cause = cause
        self.native.receiver[:] = [_core.ignore, None]
        try:
            if self.on_close is not None:
                self.on_close(error)
        except HANDLER_ERRORS as raised:
            self.handler_raised(raised)
        finally:
            self.face = None  # no cycle is left

    def forget(self) -> None:
        """In a forked child: the client is the parent's."""
        self.state = ReadyState.CLOSED
        self.native = cast(_core.Connection, _Elsewhere(self.native))


def _by_kind(text: Handler, binary: Handler) -> Handler:
    def receive(data: str | bytes) -> None:
        if isinstance(data, str):
            text(data)
        else:
            binary(data)

    return receive


class _Elsewhere:
    """In a forked child: what is known of the parent's connection."""

    def __init__(self, native: _core.Connection) -> None:
        self._native = native

    def __getattr__(self, name: str) -> Any:
        return getattr(self._native, name)

    def send(self, data: object, callback: object = None) -> _ParentsRefusal:
        return _ParentsRefusal()

    send_text = send


class _ParentsRefusal:
    """A `_core.Refusal`."""

    is_closed = True

    def __str__(self) -> str:
        return "the connection belongs to the process that this one was forked from"
