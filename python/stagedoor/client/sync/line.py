"""A session over a socket: `Line`, which `client.sync.client` uses.

A thread that waits also reads. If a thread waits for its answer and no other reads, it becomes the
reader: it takes the bytes from the socket itself, so that a call costs no change of threads. The
other threads that wait sleep until the reader has read their answer, or stops reading; then one of
them becomes the reader. The client's own thread, the keeper, reads while something is subscribed.
It also reads what comes when nobody has called for a while: pings, and the game's close frame.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from stagedoor.client.core.address import Address
from stagedoor.client.core.session import Session
from stagedoor.client.core.waiting import Condition, Waitable, left
from stagedoor.client.core.websocket import CLOSE_TIMEOUT, KEEP_ALIVE, Link
from stagedoor.client.errors import (
    ClientClosedError,
    ClientError,
    ConnectionLostError,
    parents_connection,
)
from stagedoor.client.find.addresses import Target
from stagedoor.client.find.retry import Retry
from stagedoor.client.forks import watch_forks
from stagedoor.client.sync.keeper import Keeper
from stagedoor.client.sync.sockets import (
    CHUNK,
    WOULD_BLOCK,
    WRITE_TIMEOUT,
    connect,
    hang_up,
    has_pending,
    is_secure,
    write,
)
from stagedoor.wire.close_codes import ABNORMAL

IDLE: Final = 0.25
"""Seconds without a call before the keeper reads. The next call after that first reads what has
come, to see whether the game is still there."""

T = TypeVar("T")


class Line:
    """A connection that can be lost and opened again. Any thread may call its public methods."""

    def __init__(self, target: Target, connect_timeout: float, retry: Retry) -> None:
        """Connect. Raises: CannotConnectError, NoGameError, SeveralGamesError, BadTokenError."""
        self.address = Address("")
        self._target = target
        self._connect_timeout = connect_timeout
        self._retry = retry
        self._session = Session()
        self._mutex = threading.Lock()  # guards _session, _socket, _is_read, _bells
        self._opening = threading.Lock()  # taken before the mutex, never while holding it
        self._socket: socket.socket | None = None
        self._selector: selectors.BaseSelector | None = None
        self._is_read = False
        self._bells: set[threading.Event] = set()
        self._has_changed = threading.Event()  # opened, closed, or subscribed
        self._is_closed = False
        self._used = time.monotonic()
        self._keeper: Keeper | None = None
        self.open()
        watch_forks(self)

    # For the face

    def transact(self, act: Callable[[Session], T]) -> T:
        """Let `act` use the session, and send what it wrote. If the connection was lost, open it
        again first. Raises what `open()` and `act` raise."""
        now = time.monotonic()
        if now - self._used > IDLE:
            self._drain()
        self._used = now
        if self._session.link is None:
            if not self._retry.allowed or self._is_closed:
                raise self._lost()
            self.open()
        return self.attempt(act)

    def attempt(self, act: Callable[[Session], T]) -> T:
        """Let `act` use the session, with or without a connection, and send what it wrote."""
        with self._mutex:
            done = act(self._session)
            self._flush()
        return done

    def wait(self, thing: Waitable, deadline: float | None) -> bool:
        """Wait until the thing is ready. Returns False if it is not by the deadline (of
        `time.monotonic()`); None: without end."""
        bell: threading.Event | None = None
        while not thing.ready:
            with self._mutex:
                if thing.ready:
                    return True
                reads = not self._is_read
                if reads:
                    self._is_read = True
                else:
                    bell = threading.Event()
                    thing.wake = bell.set
                    self._bells.add(bell)
            if reads:
                try:
                    if not self._read_for(thing, deadline):
                        return False
                finally:
                    self._stop_reading()
            elif bell is not None and not bell.wait(left(deadline)):
                with self._mutex:
                    self._bells.discard(bell)
                return thing.ready
        return True

    def ring(self) -> None:
        """Wake the keeper: there is a new subscription or connection, or the line is closed."""
        self._has_changed.set()
        if self._keeper is not None:
            self._keeper.ring()

    def close(self) -> None:
        """Send a close frame, and wait at most 2 s for the game's. A second call does nothing."""
        with self._mutex:
            if self._is_closed:
                return
            self._is_closed = True
            link = self._session.link
            if link is not None:
                link.close()
                self._flush()
        self.ring()
        deadline = time.monotonic() + CLOSE_TIMEOUT
        self.wait(Condition(lambda: self._session.link is None), deadline)
        with self._mutex:
            self._session.lose(ClientClosedError(self.address.url))
            self._session.subscriptions.end(ClientClosedError(self.address.url))
            hang_up(self._socket)  # the thread that reads closes it
            if not self._is_read:
                self._let_go()
        if self._keeper is not None:
            self._keeper.join(CLOSE_TIMEOUT)

    def begin_again(self) -> None:
        """In a forked child: leave the connection to the parent. The next call opens another."""
        self._mutex, self._opening = threading.Lock(), threading.Lock()
        self._has_changed = threading.Event()
        self._bells = set()
        self._is_read = False
        if self._keeper is not None:
            self._keeper.abandon()
            self._keeper = None
        error = parents_connection(self.address.url)
        self._session.abandon(error)
        if self._retry.gives_up(error):
            self._session.subscriptions.end(error)
        self._let_go()

    # Opening

    def open(self) -> None:
        """Connect, unless there is a connection. Raises: CannotConnectError, NoGameError,
        SeveralGamesError, BadTokenError, ClientClosedError."""
        with self._opening:
            if self._socket is not None and self._session.link is not None:
                return
            if self._is_closed:
                raise self._lost()
            address = self._target.find()
            self._retry.check(address)
            link = Link(address, time.monotonic())
            opened, messages = connect(address, link, self._connect_timeout)
            with self._mutex:
                if self._is_closed:
                    opened.close()
                    raise self._lost()
                self._let_go()
                self.address = address
                self._socket = opened
                self._selector = selectors.DefaultSelector()
                self._selector.register(opened, selectors.EVENT_READ)
                self._retry.opened(time.monotonic())
                self._session.attach(link)
                self._session.handle(messages)
                self._flush()
            if self._keeper is None:
                self._keeper = Keeper(self._look_after)
        self.ring()

    def _open_again(self, deadline: float | None) -> None:
        """Wait until an attempt is due, and make it. Called by the reader, for subscriptions."""
        delay = self._retry.delay()
        seconds = left(deadline)
        self._has_changed.clear()
        if self._socket is not None or self._is_closed:
            return
        self._has_changed.wait(delay if seconds is None else min(delay, seconds))
        if self._socket is not None or self._is_closed or left(deadline) == 0:
            return
        try:
            self.open()
        except ClientError as error:
            if self._retry.gives_up(error):
                with self._mutex:
                    self._session.subscriptions.end(error)

    # Reading; only the thread that has set `_is_read` may call

    def _read_for(self, thing: Waitable, deadline: float | None) -> bool:
        """Read until the thing is ready; False if it is not by the deadline."""
        while not thing.ready:
            if self._socket is None:
                if self._is_closed or left(deadline) == 0:
                    return thing.ready
                self._open_again(deadline)
            elif not self._read(left(deadline)):
                return thing.ready
        return True

    def _read(self, timeout: float | None) -> bool:
        """Read once. Returns False if nothing came within `timeout` seconds."""
        opened, selector = self._socket, self._selector
        if opened is None or selector is None:
            return False
        # In slices: if the socket is replaced meanwhile, its selector never reports anything.
        slice_ = KEEP_ALIVE if timeout is None else min(timeout, KEEP_ALIVE)
        try:
            if not has_pending(opened) and not selector.select(slice_):
                return timeout is None or slice_ < timeout
            # OpenSSL does not allow reading and writing one connection at the same time.
            with self._mutex if is_secure(opened) else contextlib.nullcontext():
                data = opened.recv(CHUNK)
        except WOULD_BLOCK:
            return True
        except (OSError, ValueError):
            data = b""
        with self._mutex:
            if self._socket is not opened:
                return True
            try:
                self._session.receive(data, time.monotonic())
                self._flush()
            finally:
                if self._session.link is None:
                    self._lose()
        return True

    def _stop_reading(self) -> None:
        with self._mutex:
            self._is_read = False
            if self._is_closed:
                self._let_go()
            for bell in self._bells:
                bell.set()
            self._bells.clear()

    def _drain(self) -> None:
        """Read what has come, unless another thread reads."""
        with self._mutex:
            if self._is_read or self._socket is None:
                return
            self._is_read = True
        try:
            while self._read(0):
                pass
        finally:
            self._stop_reading()

    # Under the mutex

    def _flush(self) -> None:
        data = self._session.transmit()
        if data and self._socket is not None and not write(self._socket, data):
            reason = f"the game read nothing for {WRITE_TIMEOUT:g} s"
            self._session.lose(ConnectionLostError(self.address.url, ABNORMAL, reason))
            hang_up(self._socket)  # the thread that reads closes it

    def _lose(self) -> None:
        """The link has failed: close the socket, and end the subscriptions if it is the end."""
        error = self._lost()
        self._retry.lost(time.monotonic())
        if self._retry.gives_up(error, self.address):
            self._session.subscriptions.end(error)
        self._let_go()

    def _let_go(self) -> None:
        if self._selector is not None:
            self._selector.close()
        if self._socket is not None:
            self._socket.close()
        self._socket = self._selector = None

    def _lost(self) -> ClientError:
        if self._is_closed:
            return ClientClosedError(self.address.url)
        return self._session.failure or ConnectionLostError(self.address.url)

    # For the keeper, on its thread

    def _look_after(self, keeper: "Keeper") -> bool:
        """Do one round of the keeper. Returns False if it was the last."""
        subscriptions = self._session.subscriptions
        if subscriptions.is_empty:
            # While calls follow each other closely, their threads read. Stay out of their way.
            used = time.monotonic() - self._used
            if used < IDLE:
                keeper.sleep(IDLE - used)
            else:
                keeper.sleep(KEEP_ALIVE, self._socket)
                self._drain()
        else:
            is_over = Condition(lambda: self._is_closed or subscriptions.is_empty)
            self.wait(is_over, time.monotonic() + KEEP_ALIVE)
        with self._mutex:
            self._session.keep_alive(time.monotonic())
            self._flush()
            if self._session.link is None:
                hang_up(self._socket)  # the thread that reads closes it
        return not self._is_closed
