"""The iterators of the asyncio client: `AsyncSubscription` and `AsyncProgress`."""

from collections.abc import AsyncIterator, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from stagedoor.client.asyncio.line import AsyncLine
from stagedoor.client.core.checkup import LEAD, SHARE, SHORTEST, Checkup, known_health
from stagedoor.client.core.feed import Feed, Key, Sample
from stagedoor.client.core.session import Call, Session
from stagedoor.client.errors import CallTimeoutError, ClientClosedError
from stagedoor.wire.errors import RpcError

if TYPE_CHECKING:
    from stagedoor.client.asyncio.client import AsyncConnection


class AsyncClosing:
    """Something to use in an `async with` block, or to await and close later."""

    async def _enter(self) -> Self:
        return self

    async def close(self) -> None:
        """Close it. The end of the block does this."""
        raise NotImplementedError

    def __await__(self) -> Generator[Any, None, Self]:
        return self._enter().__await__()

    async def __aenter__(self) -> Self:
        return await self._enter()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


class AsyncProgress(AsyncClosing):
    """A call that reports its progress: an asynchronous iterator of what the method yields."""

    def __init__(
        self, client: "AsyncConnection", method: str, params: object, timeout: float
    ) -> None:
        self._line = client._line
        self._method = method
        self._params = params
        self._timeout = timeout
        self._running: Call | None = None

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        call = await self._started()
        if not call.ready:
            await wait_for(self._line, call, self._timeout)
        if call.values:
            return call.values.popleft()
        call.result()  # raises, if the call ended with an error
        raise StopAsyncIteration

    async def result(self) -> Any:
        """Wait for what the method returns, as plain values. Skips progress that is left.

        Raises what a call raises."""
        async for _ in self:
            pass
        return (await self._started()).result()

    async def close(self) -> None:
        """Cancel the call, unless it has ended."""
        call = self._running
        if call is not None:
            self._line.attempt(lambda session: session.cancel(call))
            if not call.done:
                call.answer(None, ClientClosedError(self._line.address.url))

    async def _enter(self) -> Self:
        await self._started()
        return self

    async def _started(self) -> Call:
        if self._running is None:
            method, params = self._method, self._params
            self._running = await self._line.transact(
                lambda session: session.call(method, params, progress=True)
            )
        return self._running


class AsyncSubscription(AsyncClosing):
    """The values of a topic: an asynchronous iterator of `Sample`s. It ends when it is closed."""

    def __init__(self, client: "AsyncConnection", key: Key, history: int, queue: int) -> None:
        self._client = client
        self._line = client._line
        self._history = history
        self._feed = Feed(key, queue)
        self._has_asked = False

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

    def __aiter__(self) -> AsyncIterator[Sample]:
        return self

    async def __anext__(self) -> Sample:
        try:
            return await self.get()
        except ClientClosedError:
            raise StopAsyncIteration from None

    async def get(self, timeout: float | None = None) -> Sample:
        """Wait for the next sample, at most `timeout` seconds; None: without a limit.

        Raises: TimeoutError; ClientClosedError, after `close()`; ConnectionLostError, if the
        connection is lost and not opened again; an RpcError, if the game ended the subscription,
        for example because the topic was removed.
        """
        await self._enter()
        if not self._feed.ready and not await self._line.wait(self._feed, timeout):
            raise TimeoutError(f"no value of {self.topic} within {timeout:g} s")
        return self._feed.take()

    async def close(self) -> None:
        """Unsubscribe. A second call does nothing."""
        feed = self._feed
        self._has_asked = True

        def leave(session: Session) -> None:
            session.subscriptions.remove(feed, is_connected=session.link is not None)
            feed.clear()
            feed.end(ClientClosedError(self._client.url))

        self._line.attempt(leave)

    async def _enter(self) -> Self:
        if not self._has_asked:
            self._has_asked = True
            feed, history = self._feed, self._history
            try:
                call = await self._line.transact(
                    lambda session: session.subscribe(feed.key, history, feed)
                )
                await wait_for(self._line, call, self._client._timeout)
            except BaseException:
                await self.close()
                raise
            call.result()
        return self


async def wait_for(line: AsyncLine, call: Call, timeout: float) -> None:
    """Wait for progress or the answer of a call, at most `timeout` seconds. Cancels the call if
    nothing comes in time, or if the task is cancelled. Raises: CallTimeoutError, which says how the
    game is: it was asked shortly before."""
    lead = min(LEAD, timeout * SHARE) if timeout >= SHORTEST else 0.0
    try:
        if await line.wait(call, timeout - lead):
            return
        if not lead:
            raise CallTimeoutError(call.method, timeout, line.attempt(known_health))
        checkup = line.attempt(Checkup)
        if not await line.wait(call, lead):
            raise CallTimeoutError(call.method, timeout, checkup.health())
    except BaseException:
        line.attempt(lambda session: session.cancel(call))
        raise
