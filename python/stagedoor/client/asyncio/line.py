"""A session over an asyncio transport: `AsyncLine`, which `client.asyncio.client` uses.

Everything runs on one event loop. Bytes are handled in the transport's own callback, so that an
answer costs no task.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from typing import TypeVar

from stagedoor.client.core.address import Address
from stagedoor.client.core.session import Session
from stagedoor.client.core.waiting import Waitable
from stagedoor.client.core.websocket import CLOSE_TIMEOUT, KEEP_ALIVE, Link
from stagedoor.client.errors import (
    CannotConnectError,
    ClientClosedError,
    ClientError,
    ConnectionLostError,
    parents_connection,
)
from stagedoor.client.find.addresses import Target
from stagedoor.client.find.retry import Retry
from stagedoor.client.find.trust import reason, trust
from stagedoor.client.forks import watch_forks

T = TypeVar("T")


class _Stream(asyncio.Protocol):
    """The bytes of one connection: those of the handshake go to the link, the others to `on_data`,
    once that is set."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.early: list[bytes] = []
        """Messages that came together with the handshake."""
        self.on_data: Callable[[bytes], None] | None = None
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_gone = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self.link.transmit())

    def data_received(self, data: bytes) -> None:
        if self.on_data is not None:
            self.on_data(data)
            return
        self.early += self.link.receive(data, time.monotonic())
        if (self.link.is_open or self.link.failure) and not self.settled.done():
            self.settled.set_result(None)

    def eof_received(self) -> None:
        self.data_received(b"")

    def connection_lost(self, error: Exception | None) -> None:
        self.is_gone.set()
        self.data_received(b"")


class AsyncLine:
    """A connection that can be lost and opened again. It belongs to one event loop."""

    def __init__(self, target: Target, connect_timeout: float, retry: Retry) -> None:
        """Does not connect yet; `open()` does."""
        self.address = Address("")
        self._target = target
        self._connect_timeout = connect_timeout
        self._retry = retry
        self._session = Session()
        self._opening = asyncio.Lock()
        self._transport: asyncio.Transport | None = None
        self._stream: _Stream | None = None
        self._is_lost = asyncio.Event()
        self._is_closed = False
        self._timer: asyncio.TimerHandle | None = None
        self._restoring: asyncio.Task[None] | None = None
        self._must_restore = False
        """In a forked child: the subscriptions, as soon as there is an event loop."""
        watch_forks(self)

    async def transact(self, act: Callable[[Session], T]) -> T:
        """Let `act` use the session, and send what it wrote. If the connection was lost, open it
        again first. Raises what `open()` and `act` raise."""
        if self._session.link is None:
            if self._is_closed or (self._session.failure is not None and not self._retry.allowed):
                raise self._lost()
            await self.open()
        return self.attempt(act)

    def attempt(self, act: Callable[[Session], T]) -> T:
        """Let `act` use the session, with or without a connection, and send what it wrote."""
        done = act(self._session)
        self._flush()
        return done

    async def wait(self, thing: Waitable, timeout: float | None) -> bool:
        """Wait until the thing is ready. Returns False if it is not within `timeout` seconds."""
        if thing.ready:
            return True
        if self._must_restore:
            self._must_restore = False
            self._begin_to_restore()
        changed = asyncio.Event()
        thing.wake = changed.set
        try:
            async with asyncio.timeout(timeout):
                while not thing.ready:
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            return thing.ready
        return True

    async def open(self) -> None:
        """Connect, unless there is a connection. Raises: CannotConnectError, NoGameError,
        SeveralGamesError, BadTokenError, ClientClosedError."""
        async with self._opening:
            if self._session.link is not None:
                return
            if self._is_closed:
                raise self._lost()
            address = self._target.find()
            self._retry.check(address)
            link = Link(address, time.monotonic())
            transport, stream = await self._connect(address, link)
            if self._is_closed:
                transport.abort()
                raise self._lost()
            self.address = address
            self._transport, self._stream = transport, stream
            stream.on_data = lambda data: self._receive(link, data)
            self._retry.opened(time.monotonic())
            self._is_lost.clear()
            self._session.attach(link)
            self._session.handle(stream.early)
            self._flush()
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(KEEP_ALIVE, self._keep_alive)

    async def close(self) -> None:
        """Send a close frame, and wait at most 2 s for the game's. A second call does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._restoring is not None:
            self._restoring.cancel()
        transport = self._transport
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self._say_goodbye()
        finally:
            self._session.lose(ClientClosedError(self.address.url))
            self._session.subscriptions.end(ClientClosedError(self.address.url))
            self._let_go()
            _abort(transport)

    def begin_again(self) -> None:
        """In a forked child: leave the connection to the parent. The next call opens another, in
        the child's own event loop."""
        self._opening, self._is_lost = asyncio.Lock(), asyncio.Event()
        self._timer = self._restoring = self._stream = None
        transport, self._transport = self._transport, None
        error = parents_connection(self.address.url)
        self._session.abandon(error)
        if self._retry.gives_up(error):
            self._session.subscriptions.end(error)
        self._must_restore = not self._session.subscriptions.is_empty
        if transport is not None:
            _disown(transport)

    async def _say_goodbye(self) -> None:
        if self._session.link is not None:
            self._session.link.close()
            self._flush()
            await self._is_lost.wait()
        if self._stream is not None:
            await self._stream.is_gone.wait()  # otherwise the socket would still be open

    async def _connect(self, address: Address, link: Link) -> tuple[asyncio.Transport, _Stream]:
        context = trust(address) if link.secure else None
        transport: asyncio.Transport | None = None
        try:
            async with asyncio.timeout(self._connect_timeout):
                transport, stream = await asyncio.get_running_loop().create_connection(
                    lambda: _Stream(link), link.host, link.port, ssl=context
                )
                await stream.settled
            if link.failure is not None:
                raise link.failure
            return transport, stream
        except TimeoutError as error:
            _abort(transport)
            raise link.too_late(self._connect_timeout) from error
        except (OSError, UnicodeError, OverflowError) as error:
            _abort(transport)
            raise CannotConnectError(link.url, reason(error)) from error
        except BaseException:
            _abort(transport)
            raise

    def _receive(self, link: Link, data: bytes) -> None:
        if self._session.link is not link:
            return  # this connection has been given up
        try:
            self._session.receive(data, time.monotonic())
            self._flush()
        finally:
            if self._session.link is None:
                self._lose()

    def _flush(self) -> None:
        data = self._session.transmit()
        if data and self._transport is not None:
            self._transport.write(data)

    def _lose(self) -> None:
        """The link has failed: close the transport, and end or restore the subscriptions."""
        self._is_lost.set()
        self._let_go()
        error = self._lost()
        self._retry.lost(time.monotonic())
        subscriptions = self._session.subscriptions
        if self._retry.gives_up(error, self.address):
            subscriptions.end(error)
        elif not subscriptions.is_empty and self._restoring is None:
            self._begin_to_restore()

    def _begin_to_restore(self) -> None:
        self._restoring = asyncio.get_running_loop().create_task(self._restore())

    async def _restore(self) -> None:
        """Connect again, as long as something is subscribed."""
        subscriptions = self._session.subscriptions
        try:
            while self._session.link is None and not subscriptions.is_empty:
                await asyncio.sleep(self._retry.delay())
                try:
                    await self.open()
                except ClientError as error:
                    if self._retry.gives_up(error):
                        subscriptions.end(error)
        finally:
            self._restoring = None

    def _let_go(self) -> None:
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _lost(self) -> ClientError:
        if self._is_closed:
            return ClientClosedError(self.address.url)
        return self._session.failure or ConnectionLostError(self.address.url)

    def _keep_alive(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(KEEP_ALIVE, self._keep_alive)
        had_link = self._session.link is not None
        self._session.keep_alive(time.monotonic())
        self._flush()
        if had_link and self._session.link is None:
            _abort(self._transport)
            self._lose()


def _disown(transport: asyncio.Transport) -> None:
    """Close a forked child's copy of the socket. To close the transport would take the socket out
    of the parent's selector, which is the same, as far as the system is concerned."""
    socket = transport.get_extra_info("socket")
    if socket is not None and (descriptor := socket.fileno()) >= 0:
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, descriptor)
        os.close(null)


def _abort(transport: asyncio.Transport | None) -> None:
    if transport is not None:
        transport.abort()
