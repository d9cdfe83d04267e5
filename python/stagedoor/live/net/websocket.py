"""`WebSocketServer`, `WebSocketServerConnection`, `ReadyState`: the Cocos interface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Unpack

from stagedoor import checks
from stagedoor.limits import ServerLimits
from stagedoor.live.net.connection import WebSocketServerConnection
from stagedoor.live.net.handlers import Handler, with_argument
from stagedoor.live.net.options import Options, StrPath, with_limits
from stagedoor.live.net.peer import Peer, ReadyState
from stagedoor.live.net.transport import Transport

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ReadyState", "WebSocketServer", "WebSocketServerConnection"]

Callback = Callable[..., object]
"""Called with None, or with a text that says what went wrong; it may leave the parameter out."""


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
    - `max_pings_per_second`: all of them are answered; beyond that, the newest in each read is
    - `max_receive_memory`: of all connections, for unhandled messages, and as much for incomplete
      ones; a connection with a sixteenth of it waiting is not read until some of that is handled
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
        options = Options(
            limits,
            origins=origins,
            hosts=hosts,
            subprotocols=subprotocols,
            compression=compression,
            tls=tls,
        )
        self._transport = Transport(options, face=self)
        self._transport.peers.on_open = self._opened
        self._transport.on_stop = self._stopped
        self._close_callbacks: list[Handler] = []
        self._onconnection: Handler | None = None
        self._onclose: Handler | None = None

    def __repr__(self) -> str:
        return f"<WebSocketServer, {self._transport.description}>"

    @property
    def port(self) -> int | None:
        """The port that the server listens on; None when it does not."""
        return self._transport.port

    @property
    def connections(self) -> list[WebSocketServerConnection]:
        """The connections that are not closed, in a list made at the call."""
        faces = [peer.face for peer in self._transport.peers]
        return [face for face in faces if isinstance(face, WebSocketServerConnection)]

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
        done = with_argument(callback, "callback")
        try:
            self._transport.listen(port, host)
        except (OSError, RuntimeError) as error:
            if done is None:
                raise
            text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            self._transport.call_later(lambda: done(text))
        else:
            if done is not None:
                self._transport.call_later(lambda: done(None))

    def close(self, callback: Callback | None = None) -> None:
        """Stop accepting and close every connection with code 1001; never blocks.

        In later polls, within `close_timeout`: each connection's `onclose`, the server's, then the
        callback, with None. `listen()` may be called again from then on. When the server is not
        running, only the callback is called, with a text that says so.
        """
        done = with_argument(callback, "callback")
        if not self._transport.is_listening:
            if done is not None:
                self._transport.call_later(lambda: done("Server is not running"))
            return
        if done is not None:
            self._close_callbacks.append(done)
        self._transport.stop()

    def broadcast(self, data: str | Buffer) -> None:
        """Send one message, framed once, to every open connection.

        A connection whose queue is full misses it; its `onerror` is told. Takes what
        `WebSocketServerConnection.send()` takes. May be called from any thread.
        """
        if (native := self._transport.native) is not None:
            native.broadcast(data)
        elif not isinstance(data, str | bytes | bytearray | memoryview):
            raise TypeError(f"data must be str or bytes-like, not {type(data).__name__}")

    def poll(self, budget: float | None = None) -> int:
        """Run the callbacks of what has happened; returns the number of events handled.

        With a budget, stops after the event during which so many seconds have passed; what is left
        comes first in the next call. With nothing waiting it costs next to nothing.
        """
        if budget is not None:
            checks.number("budget", budget, "a number of seconds")
        return self._transport.poll(budget)

    def serve_forever(self) -> None:
        """Run callbacks, on this thread, until the server is closed; Ctrl-C works."""
        self._transport.serve_forever()

    def _opened(self, peer: Peer) -> None:
        connection = WebSocketServerConnection(peer, self._transport.call_later)
        if self._onconnection is not None:
            self._onconnection(connection)

    def _stopped(self, error: str | None) -> None:
        callbacks, self._close_callbacks = self._close_callbacks, []
        for told in (self._onclose, *callbacks):
            if told is not None:
                self._transport.peers.call(told, error)
