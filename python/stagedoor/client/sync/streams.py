"""The iterators of the blocking client: `Subscription` and `Progress`. Any thread may use one, but
only one thread at a time."""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from stagedoor.client.core.checkup import LEAD, SHARE, SHORTEST, Checkup, known_health
from stagedoor.client.core.feed import Feed, Key, Sample
from stagedoor.client.core.session import Call, Session
from stagedoor.client.errors import CallTimeoutError, ClientClosedError
from stagedoor.client.sync.line import Line
from stagedoor.wire.errors import RpcError

if TYPE_CHECKING:
    from stagedoor.client.sync.client import Connection


class Closing:
    """Something to use in a `with` block."""

    def close(self) -> None:
        """Close it. The end of the block does this."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Progress(Closing):
    """A call that reports its progress: an iterator of what the method yields."""

    def __init__(self, client: "Connection", method: str, params: object, timeout: float) -> None:
        self._client = client  # keeps it open: a client without references is closed
        self._line = client._line
        self._timeout = timeout
        self._running = self._line.transact(
            lambda session: session.call(method, params, progress=True)
        )

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        call = self._running
        if not call.ready:
            wait_for(self._line, call, time.monotonic() + self._timeout, self._timeout)
        if call.values:
            return call.values.popleft()
        call.result()  # raises, if the call ended with an error
        raise StopIteration

    def result(self) -> Any:
        """Wait for what the method returns, as plain values. Skips progress that is left.

        Raises what a call raises."""
        for _ in self:
            pass
        return self._running.result()

    def close(self) -> None:
        """Cancel the call, unless it has ended."""
        call = self._running
        self._line.attempt(lambda session: session.cancel(call))
        if not call.done:
            call.answer(None, ClientClosedError(self._client.url))


class Subscription(Closing):
    """The values of a topic: an iterator of `Sample`s. It ends when it is closed."""

    def __init__(self, client: "Connection", key: Key, history: int, queue: int) -> None:
        self._client = client  # keeps it open: a client without references is closed
        self._line = line = client._line
        self._feed = feed = Feed(key, queue)
        self._is_closed = False
        timeout = client._timeout
        deadline = time.monotonic() + timeout
        call = line.transact(lambda session: session.subscribe(key, history, feed))
        line.ring()
        try:
            wait_for(line, call, deadline, timeout)
        except BaseException:
            self.close()
            raise
        call.result()

    def __repr__(self) -> str:
        return f"<subscription to {self.topic!r}, {self.waiting} waiting>"

    @property
    def topic(self) -> str:
        """The topic's name."""
        return self._feed.key.topic

    @property
    def dropped(self) -> int:
        """How many samples were lost so far: by the game, because the connection was slow, or here,
        because nobody took them."""
        return self._feed.dropped

    @property
    def is_live(self) -> bool:
        """Whether the game sends values now. False: the connection is lost, or this is closed, and
        the values that have come are old."""
        return self._feed.is_live

    @property
    def failure(self) -> RpcError | None:
        """Why the topic has no value now, as when the game's function raises; None: it has one, or
        none has come yet. When there is a value again, it comes as any other."""
        return self._feed.failure

    @property
    def reconnected(self) -> int:
        """How often the connection was lost and came back. The values in between are missing."""
        return self._feed.reconnected

    @property
    def waiting(self) -> int:
        """How many samples can be taken without waiting."""
        return self._feed.waiting

    def __iter__(self) -> Iterator[Sample]:
        return self

    def __next__(self) -> Sample:
        try:
            return self.get()
        except ClientClosedError:
            raise StopIteration from None

    def get(self, timeout: float | None = None) -> Sample:
        """Wait for the next sample, at most `timeout` seconds; None: without a limit.

        Raises: TimeoutError; ClientClosedError, after `close()`; ConnectionLostError, if the
        connection is lost and not opened again; an RpcError, if the game ended the subscription,
        for example because the topic was removed.
        """
        feed = self._feed
        if not feed.ready:
            deadline = None if timeout is None else time.monotonic() + timeout
            if not self._line.wait(feed, deadline):
                raise TimeoutError(f"no value of {self.topic} within {timeout:g} s")
        return feed.take()

    def close(self) -> None:
        """Unsubscribe. A second call does nothing."""
        feed = self._feed

        def leave(session: Session) -> None:
            session.subscriptions.remove(feed, is_connected=session.link is not None)
            feed.clear()
            feed.end(ClientClosedError(self._client.url))

        self._line.attempt(leave)


def wait_for(line: Line, call: Call, deadline: float, timeout: float) -> None:
    """Wait for progress or the answer of a call, until the deadline, which is `timeout` seconds
    after the call. Cancels the call if nothing comes in time, or if the wait is interrupted.
    Raises: CallTimeoutError, which says how the game is: it was asked shortly before."""
    lead = min(LEAD, timeout * SHARE) if timeout >= SHORTEST else 0.0
    try:
        if line.wait(call, deadline - lead):
            return
        if not lead:
            raise CallTimeoutError(call.method, timeout, line.attempt(known_health))
        checkup = line.attempt(Checkup)
        if not line.wait(call, deadline):
            health = line.attempt(lambda _: checkup.health())
            raise CallTimeoutError(call.method, timeout, health)
    except BaseException:
        line.attempt(lambda session: session.cancel(call))
        raise
