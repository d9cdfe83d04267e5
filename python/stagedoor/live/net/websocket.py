"""`WebSocketServer`, `WebSocketServerConnection`, `ReadyState`: the seed's own interface."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, Unpack

from stagedoor import _core
from stagedoor._core import CLOSED, DROPPED, FAILED, OPENED, REFUSED, SENT, CloseCause
from stagedoor.limits import ServerLimits
from stagedoor.live.net.connection import ReadyState, WebSocketServerConnection
from stagedoor.live.net.handlers import Handler, logger, with_argument
from stagedoor.live.net.lifetime import Lifetime, warn_when_neglected
from stagedoor.live.net.loop import LoopBridge
from stagedoor.live.net.options import Options, StrPath, with_limits
from stagedoor.wire.close_codes import ABNORMAL

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ReadyState", "WebSocketServer", "WebSocketServerConnection"]

Callback = Callable[..., object]
"""Called with None, or with a text that says what went wrong; it may leave the parameter out."""

_CHUNK = 128
"""Events turned into Python objects at a time; what they send goes out together."""
_SIGNAL_CHECK = 0.05
"""Seconds after which a blocking wait looks for Ctrl-C."""


class WebSocketServer:
    """A WebSocket server whose callbacks run where the program wants them.

    After `listen()`, a thread of its own does the network; callbacks run in `poll()`, called once a
    frame, or in `serve_forever()`, or, when `listen()` was called inside a running asyncio loop, in
    that loop without any call. Methods may be called from any thread; `poll()` from one at a time.

    Options (bytes, seconds):

    - `origins`: more values for a browser's `Origin`, each exact, as in `"https://example.org"`
    - `hosts`: more names for the `Host` header than 127.0.0.1, localhost, [::1] and the host given
      to `listen()`: `"game.local"` (with our port) or `"game.example:443"`
    - `subprotocols`: those spoken here; a client gets the first of its own that is among them
    - `compression`: True agrees to permessage-deflate (RFC 7692); messages of less than 128 bytes
      and broadcasts go uncompressed all the same
    - `tls`: `(certificate, key)`, two PEM files, the server's own certificate first: speak TLS, 1.2
      or 1.3, and nothing else (`wss://`). Both are read here and now: OSError or ValueError says
      which one is no good, and a renewed certificate needs a new server
    - `max_connections`: one more is answered with 503
    - `max_request_line`, `max_headers`, `max_head_size`: of an opening request; 414 or 431
    - `max_message_size`: a larger incoming message closes with 1009
    - `max_fragments`: of one incoming message; one more closes with 1008
    - `max_pings_per_second`: that are each answered; of more, the newest in each read is
    - `max_receive_memory`: of all connections, for unhandled messages, and as much for incomplete
      ones; who has a sixteenth of it waiting is not read until some of that is handled
    - `max_send_queue`: of one connection; an empty queue takes any single message
    - `handshake_timeout`: from accept to the end of the opening handshake, TLS included
    - `ping_interval` (None: never), `ping_timeout`: keepalive
    - `write_timeout`: without any progress, the connection is ended
    - `close_timeout`: for a peer to answer our close frame

    Source: the WebSocketServer of Cocos Creator; RFC 6455.
    """

    @with_limits
    def __init__(
        self,
        *,
        origins: Sequence[str] = (),
        hosts: Sequence[str] = (),
        subprotocols: Sequence[str] = (),
        compression: bool = False,
        tls: tuple[StrPath, StrPath] | None = None,
        **limits: Unpack[ServerLimits],
    ) -> None:
        self._options = Options(
            limits,
            origins=origins,
            hosts=hosts,
            subprotocols=subprotocols,
            compression=compression,
            tls=tls,
        )
        self._core: _core.Server | None = None
        self._lifetime: Lifetime | None = None
        self._bridge: LoopBridge | None = None
        self._is_closing = False
        self._connections: dict[int, WebSocketServerConnection] = {}
        self._events: Iterator[tuple[list[Any], Any]] | None = None
        self._later: deque[Callable[[], object]] = deque()
        self._load: Callable[[], bool] = self._has_later
        """Whether there is anything to do in a poll, beside what is left of the last one."""
        self._close_callbacks: list[Handler] = []
        self._onconnection: Handler | None = None
        self._onclose: Handler | None = None
        # What a stage asks for beyond the seed's interface.
        self._tokens: list[tuple[str, int]] | None = None
        self._watch: Callable[[_core.NetworkThread], None] | None = None
        self._poll_in_loop: Callable[[float], int] | None = None
        """Called instead of `poll` by the asyncio loop that runs when `listen()` is called."""
        self._advice = (
            "call server.poll() once a frame, or server.serve_forever(), "
            "or server.listen() inside a running asyncio loop"
        )

    def __repr__(self) -> str:
        if self._core is None:
            return "<WebSocketServer, not listening>"
        host, port = self._core.address
        state = "closing" if self._is_closing else "listening"
        return f"<WebSocketServer, {state} on {host}:{port}, {len(self._connections)} connections>"

    @property
    def port(self) -> int | None:
        """The port that the server listens on; None when it does not."""
        return None if self._core is None else self._core.address[1]

    @property
    def connections(self) -> list[WebSocketServerConnection]:
        """The connections that are not closed, in a list made at the call."""
        return list(self._connections.values())

    @property
    def onconnection(self) -> Handler | None:
        """Called with each new `WebSocketServerConnection`, its opening handshake done."""
        return self._onconnection

    @onconnection.setter
    def onconnection(self, handler: Callable[..., object] | None) -> None:
        self._onconnection = with_argument(handler, "onconnection")

    @property
    def onclose(self) -> Handler | None:
        """Called after the last connection's `onclose`; with a text if that was not asked for."""
        return self._onclose

    @onclose.setter
    def onclose(self, handler: Callable[..., object] | None) -> None:
        self._onclose = with_argument(handler, "onclose")

    def listen(
        self,
        port: int,
        host: str | Callback | None = None,
        callback: Callback | None = None,
    ) -> None:
        """Bind and accept from now on; the host is 127.0.0.1 unless another one is given.

        Port 0 takes any free one: see `port`. With a callback (the last argument: the host may be
        left out), it gets None or an error text in a later poll, and a failed bind raises nothing.
        Without one, OSError is raised; and RuntimeError if the server listens already.
        """
        if callable(host):
            if callback is not None:
                raise TypeError("listen() got two callbacks")
            host, callback = None, host
        address = _check_address(port, host)
        done = with_argument(callback, "callback")
        try:
            self._start(*address)
        except (OSError, RuntimeError) as error:
            if done is None:
                raise
            text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._call_later(lambda: done(text))
        else:
            if done is not None:
                self._call_later(lambda: done(None))

    def _start(self, host: str, port: int) -> None:
        if self._is_closing:
            raise RuntimeError("Server is still closing: wait for its onclose")
        if self._core is not None:
            raise RuntimeError("Server is already running")
        options = self._options
        self._core = core = _core.Server(
            host, port, options.limits, tokens=self._tokens, **options.for_core()
        )
        watch = self._watch or partial(warn_when_neglected, advice=self._advice)
        try:
            self._lifetime = Lifetime(self, core.thread, watch)
            if (loop := asyncio._get_running_loop()) is not None:
                self._bridge = LoopBridge(loop, core, self._poll_in_loop or self.poll)
        except (OSError, RuntimeError):  # no descriptor is left, or no thread
            self._release()
            raise
        self._load = core.load
        if self._later:
            core.remind()

    def close(self, callback: Callback | None = None) -> None:
        """Stop accepting and close every connection with code 1001; never blocks.

        In later polls, within `close_timeout`: each connection's `onclose`, the server's, then the
        callback, with None. `listen()` may be called again from then on. When the server is not
        running, only the callback is called, with a text that says so.
        """
        done = with_argument(callback, "callback")
        if self._core is None:
            if done is not None:
                self._call_later(lambda: done("Server is not running"))
            return
        if done is not None:
            self._close_callbacks.append(done)
        if not self._is_closing:
            self._is_closing = True
            for connection in self.connections:
                if connection._state is ReadyState.OPEN:
                    connection._state = ReadyState.CLOSING
            self._core.stop()

    def broadcast(self, data: str | Buffer) -> None:
        """Send one message, framed once, to every open connection.

        A connection whose queue is full misses it; its `onerror` is told. Takes what
        `WebSocketServerConnection.send()` takes. May be called from any thread.
        """
        if self._core is not None:
            self._core.broadcast(data)
        elif not isinstance(data, str | bytes | bytearray | memoryview):
            raise TypeError(f"data must be str or bytes-like, not {type(data).__name__}")

    def poll(self, budget: float | None = None) -> int:
        """Run the callbacks of what has happened; returns the number of events handled.

        With a budget, stops after the event during which so many seconds have passed; what is left
        comes first in the next call. With nothing waiting it costs next to nothing.
        """
        if not self._load() and self._events is None:
            return 0
        core = self._core
        deadline = None if budget is None else monotonic() + budget
        handled = self._call_all_later()
        try:
            while (events := self._events or self._next_events()) is not None:
                for (receive, owner), data in events:
                    handled += 1
                    try:
                        receive(data)
                    except Exception as error:
                        owner._handler_raised(error)
                    if deadline is not None and monotonic() >= deadline:
                        return handled
                if self._events is events:  # a handler may have polled, too
                    self._events = None
        finally:
            if core is not None:
                core.end()
        return handled

    @property
    def _is_behind(self) -> bool:
        """A poll with a budget has left something for the next."""
        return self._events is not None or bool(self._later)

    def _next_events(self) -> Iterator[tuple[list[Any], Any]] | None:
        if self._core is None or not (events := self._core.take(self._receiver, _CHUNK)):
            return None
        self._events = iter(events)
        return self._events

    @property
    def _receiver(self) -> list[Any]:
        """Of events that are not messages. Whoever gets it lets go of it soon: we are in it."""
        return [self._handle, self]

    def _handler_raised(self, error: Exception) -> None:
        raise error

    def _handle(self, event: tuple[int, int, Any]) -> None:
        """One event that is not a message. What a callback of a connection raises is reported to
        that connection."""
        kind, ident, data = event
        connection = self._connections.get(ident)
        try:
            if kind == SENT:
                for callback in data:
                    self._call(callback, None, connection)
            elif kind == OPENED:
                connection = WebSocketServerConnection(data, self._call_later)
                self._connections[ident] = connection
                if self._onconnection is not None:
                    self._onconnection(connection)
                if connection._onconnect is not None:
                    connection._onconnect()
            elif kind == FAILED:
                if connection is not None:
                    connection._failed(data)
            elif kind == DROPPED:
                if connection is not None and connection._ondropped is not None:
                    group, count, _ = data
                    connection._ondropped(group, count)
            elif kind == REFUSED:
                logger.warning("%s", data)
            elif kind == CLOSED:
                code, reason, cause, error, unsent = data
                for callback in unsent:
                    self._call(callback, error or "the connection is closed", connection)
                if connection is not None:
                    connection = self._connections.pop(ident)
                    connection._closed(code, reason, cause, error)
            else:
                self._stopped(*data)
        except Exception as error:
            if connection is None:
                raise
            connection._handler_raised(error)

    def _stopped(self, error: str | None, unsent: list[Handler]) -> None:
        """The network thread has ended; an error means that nobody had asked for it."""
        for callback in unsent:
            self._call(callback, error, None)
        connections = list(self._connections.values())
        self._connections.clear()
        self._release()
        for connection in connections:
            try:
                connection._closed(ABNORMAL, "", CloseCause.FAILED, error)
            except Exception as raised:
                connection._handler_raised(raised)
        callbacks, self._close_callbacks = self._close_callbacks, []
        for told in (self._onclose, *callbacks):
            if told is not None:
                self._call(told, error, None)
        if error is not None:
            raise RuntimeError(f"the WebSocket server ended: {error}")

    def _release(self) -> None:
        """Let go of the native server, which has ended."""
        self._core = None
        self._load = self._has_later
        self._is_closing = False
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None
        if self._lifetime is not None:
            self._lifetime.end()
            self._lifetime = None

    def serve_forever(self) -> None:
        """Run callbacks, on this thread, until the server is closed; Ctrl-C works."""
        if self._bridge is not None:
            raise RuntimeError("the running asyncio loop serves this server already")
        while True:
            self.poll()
            if self._core is None and not self._later:
                return
            if self._core is not None and not self._later:
                self._core.lead(_SIGNAL_CHECK)

    def _call(
        self, callback: Handler, argument: object, connection: WebSocketServerConnection | None
    ) -> None:
        try:
            callback(argument)
        except Exception as error:
            if connection is not None:
                connection._handler_raised(error)
            else:
                logger.exception("%r: a callback raised", self)

    def _call_later(self, call: Callable[[], object]) -> None:
        """In the next poll. May be called from any thread."""
        self._later.append(call)
        if (core := self._core) is not None:
            core.remind()
        if self._bridge is not None:
            self._bridge.wake()
        elif self._core is None and (loop := asyncio._get_running_loop()) is not None:
            loop.call_soon(self.poll)  # not listening: nothing else would make the loop poll

    def _has_later(self) -> bool:
        return bool(self._later)

    def _call_all_later(self) -> int:
        """Those that are waiting now; what they add waits for the next poll."""
        count = len(self._later)
        for _ in range(count):
            try:
                self._later.popleft()()
            except Exception:
                logger.exception("%r: a callback raised", self)
        return count

    def _forget(self) -> None:
        """In a forked child: the server is the parent's."""
        for connection in self._connections.values():
            connection._forget()
        self._connections.clear()
        self._events = None
        self._later.clear()
        if self._lifetime is not None:
            self._lifetime.forget()
            self._lifetime = None
        if self._bridge is not None:
            self._bridge.forget()
            self._bridge = None
        self._core = None
        self._load = self._has_later
        self._is_closing = False


def _check_address(port: object, host: object) -> tuple[str, int]:
    if not isinstance(port, int) or isinstance(port, bool):
        raise TypeError(f"port must be an int, not {type(port).__name__}")
    if not 0 <= port <= 65535:
        raise ValueError(f"port must be 0 to 65535, not {port}")
    if host is None:
        return "127.0.0.1", port
    if not isinstance(host, str):
        raise TypeError(f"host must be a str, not {type(host).__name__}")
    if not host:
        raise ValueError('host must not be empty; every interface is "0.0.0.0" or "::"')
    return host, port
