"""A session over a blocking socket: `Line`, on which `client.sync.client` stands.

Whoever waits reads. A thread that waits for its answer while nobody reads becomes the reader: it
takes the bytes from the socket itself, so that a call costs no change of threads. Others that wait
meanwhile are woken by what it reads, or by its leaving, whereupon one of them reads. A thread of
our own, the keeper, reads while something is subscribed, and what comes when nobody has called for
a while: pings, and the game's goodbye.
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
from stagedoor.client.core.websocket import BEAT, CLOSE_TIMEOUT, Link
from stagedoor.client.errors import ClientClosedError, ClientError, ConnectionLostError
from stagedoor.client.find.addresses import Target
from stagedoor.client.find.retry import Retry
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

IDLE: Final = 0.25
"""Seconds without a call after which the keeper sees to what comes. The next call first looks
whether the game is still there."""

T = TypeVar("T")


class Line:
    """A connection that can be lost and opened again. Any thread may call any of it."""

    def __init__(self, target: Target, connect_timeout: float, retry: Retry) -> None:
        """Connect. Raises: CannotConnectError, NoGameError, SeveralGamesError, BadTokenError."""
        self.address = Address("")
        self._target = target
        self._connect_timeout = connect_timeout
        self._retry = retry
        self._session = Session()
        self._mutex = threading.Lock()  # session, _socket, _is_read, _followers
        self._opening = threading.Lock()  # taken before the mutex, never within
        self._socket: socket.socket | None = None
        self._selector: selectors.BaseSelector | None = None
        self._is_read = False
        self._followers: set[threading.Event] = set()
        self._has_changed = threading.Event()  # opened, or closed, or something to read for
        self._is_closed = False
        self._used = time.monotonic()
        self._keeper: Keeper | None = None
        self.open()
        self._keeper = Keeper(self._look_after)

    # For the face

    def transact(self, act: Callable[[Session], T]) -> T:
        """Let `act` use the session, and send what comes of it. A connection that was lost is
        opened again first. Raises: what `open()` raises, and what `act` does."""
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
        """Let `act` use the session whether or not there is a connection, and send what comes of
        it."""
        with self._mutex:
            done = act(self._session)
            self._flush()
        return done

    def wait(self, thing: Waitable, deadline: float | None) -> bool:
        """Wait until the thing is ready; False if it was not by the deadline (monotonic)."""
        bell: threading.Event | None = None
        while not thing.ready:
            with self._mutex:
                if thing.ready:
                    return True
                leads = not self._is_read
                if leads:
                    self._is_read = True
                else:
                    bell = threading.Event()
                    thing.wake = bell.set
                    self._followers.add(bell)
            if leads:
                try:
                    if not self._lead(thing, deadline):
                        return False
                finally:
                    self._step_down()
            elif bell is not None and not bell.wait(left(deadline)):
                with self._mutex:
                    self._followers.discard(bell)
                return thing.ready
        return True

    def ring(self) -> None:
        """Something has changed: there is a subscription, another connection, or none any more."""
        self._has_changed.set()
        if self._keeper is not None:
            self._keeper.ring()

    def close(self) -> None:
        """Say goodbye, and wait for the game's for 2 s at most. A second time does nothing."""
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
            hang_up(self._socket)  # whoever reads lets go of it
            if not self._is_read:
                self._let_go()
        if self._keeper is not None:
            self._keeper.join(CLOSE_TIMEOUT)

    # Opening

    def open(self) -> None:
        """Connect, unless that has been done. Raises: CannotConnectError, NoGameError,
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
                self._retry.succeeded()
                self._session.attach(link)
                self._session.handle(messages)
                self._flush()
        self.ring()

    def _open_again(self, deadline: float | None) -> None:
        """One attempt, once its time has come; called by the reader, for what is subscribed."""
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

    # Reading; only by whoever set `_is_read`

    def _lead(self, thing: Waitable, deadline: float | None) -> bool:
        while not thing.ready:
            if self._socket is None:
                if self._is_closed or left(deadline) == 0:
                    return thing.ready
                self._open_again(deadline)
            elif not self._read(left(deadline)):
                return thing.ready
        return True

    def _read(self, timeout: float | None) -> bool:
        """Read once; False if there was nothing within the timeout."""
        opened, selector = self._socket, self._selector
        if opened is None or selector is None:
            return False
        # In slices: should the socket be replaced meanwhile, its selector never tells.
        slice_ = BEAT if timeout is None else min(timeout, BEAT)
        try:
            if not has_pending(opened) and not selector.select(slice_):
                return timeout is None or slice_ < timeout
            # OpenSSL takes no reading and writing of the same connection at once.
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

    def _step_down(self) -> None:
        with self._mutex:
            self._is_read = False
            if self._is_closed:
                self._let_go()
            for bell in self._followers:
                bell.set()
            self._followers.clear()

    def _drain(self) -> None:
        """Read what is there, if nobody else does."""
        with self._mutex:
            if self._is_read or self._socket is None:
                return
            self._is_read = True
        try:
            while self._read(0):
                pass
        finally:
            self._step_down()

    # Under the mutex

    def _flush(self) -> None:
        data = self._session.transmit()
        if data and self._socket is not None and not write(self._socket, data):
            reason = f"the game took nothing for {WRITE_TIMEOUT:g} s"
            self._session.lose(ConnectionLostError(self.address.url, 1006, reason))
            hang_up(self._socket)  # whoever reads lets go of it

    def _lose(self) -> None:
        """The link has failed."""
        error = self._lost()
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
        """One round; False if it was the last."""
        subscriptions = self._session.subscriptions
        if subscriptions.is_empty:
            # While calls follow each other their threads read, and two would be in the way.
            used = time.monotonic() - self._used
            if used < IDLE:
                keeper.sleep(IDLE - used)
            else:
                keeper.sleep(BEAT, self._socket)
                self._drain()
        else:
            is_over = Condition(lambda: self._is_closed or subscriptions.is_empty)
            self.wait(is_over, time.monotonic() + BEAT)
        with self._mutex:
            self._session.beat(time.monotonic())
            self._flush()
            if self._session.link is None:
                hang_up(self._socket)  # whoever reads lets go of it
        return not self._is_closed
