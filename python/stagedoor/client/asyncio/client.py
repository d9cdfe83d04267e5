"""The asyncio face of a client: `AsyncClient`, with `AsyncBatch`. Its iterators are in `streams`.

A client belongs to the event loop in which it connected. Only that loop's thread may call.
"""

from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from stagedoor import checks
from stagedoor.client.asyncio.line import AsyncLine
from stagedoor.client.asyncio.streams import (
    AsyncClosing,
    AsyncProgress,
    AsyncSubscription,
    wait_for,
)
from stagedoor.client.core.batch import METHOD, Batch
from stagedoor.client.core.feed import QUEUE, Filter, key_of
from stagedoor.client.core.methods import Methods, parse_discovery
from stagedoor.client.core.names import ByName, Caller, pack
from stagedoor.client.find.addresses import Target
from stagedoor.client.find.retry import Retry
from stagedoor.wire.topics import Mode

Answer: TypeAlias = Coroutine[Any, Any, Any]


class AsyncConnection(Caller[Answer], AsyncClosing):
    """A client without the attributes that call methods. It is the base class of a typed stub."""

    def __init__(
        self, target: Target, timeout: float, connect_timeout: float, retry: Retry
    ) -> None:
        """`connect_async()` makes these."""
        self._line = AsyncLine(target, connect_timeout, retry)
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"<stagedoor asyncio client of {self.name!r} at {self.url}>"

    @property
    def url(self) -> str:
        """The game's URL, as of the last connection."""
        return self._line.address.url

    @property
    def name(self) -> str:
        """The game's name; empty if it is not known, as for a game on another machine."""
        return self._line.address.name

    @property
    def methods(self) -> Coroutine[Any, Any, Methods]:
        """What the game offers, by name: `await client.methods`. It asks the game each time.

        Raises what a call raises."""
        return self._discover()

    async def notify(self, method: str, /, *args: Any, **params: Any) -> None:
        """Call a method without waiting for an answer. Whether it succeeded is not known.

        Raises: ConnectionLostError; BadParamsError; and what `connect()` raises, if the connection
        was lost and cannot be opened again."""
        packed = pack(method, args, params)
        await self._line.transact(lambda session: session.notify(method, packed))

    def with_timeout(self, seconds: float) -> "AsyncTimed":
        """The same client, with calls that wait so many seconds for their answer:
        `await client.with_timeout(0.5).spawn("big")`. It is not a keyword of the calls, because a
        method may have a param of that name."""
        return AsyncTimed(self, checks.seconds("seconds", seconds))

    def progress(self, method: str, /, *args: Any, **params: Any) -> AsyncProgress:
        """Call a method that yields: iterate over its progress, then `await progress.result()`.
        The timeout is for each wait, not for the whole call. To close it early cancels the call.

        Raises what a call raises, when it is entered, awaited or first iterated."""
        return AsyncProgress(self, method, pack(method, args, params), self._timeout)

    def subscribe(
        self,
        topic: str,
        *,
        mode: Mode = "latest",
        hz: float | None = None,
        history: int = 0,
        queue: int = QUEUE,
        filter: Filter | None = None,
    ) -> AsyncSubscription:
        """The values of a topic, as they come: `async with client.subscribe("rocks") as rocks:`.

        `hz`: the most values per second, rounded down to a rate of the game; None: as they come.
        `mode`: what the game sends of values that come faster: "all", the "latest", their "mean" or
        "peak", or "change": a value only when it differs from the last.
        `history`: at most so many past samples come first. `queue`:
        at most so many samples wait here to be taken; of more, the oldest are dropped and counted.
        `filter`: what to send, for a topic that takes a filter, as `{"level": "WARNING"}` for
        `logs`.

        Raises what a call raises, when it is entered, awaited or first iterated."""
        return AsyncSubscription(
            self, key_of(topic, mode, hz, filter), history, checks.whole("queue", queue, 1)
        )

    def batch(
        self, *, at: Literal["next"] | int = "next", stop_on_error: bool = False
    ) -> "AsyncBatch":
        """Calls for one frame of the game. The `async with` block collects them, and its end sends
        them.

        `at`: the next frame, or the frame with this number. `stop_on_error`: whether the calls
        after one that fails are not run. If the block raises an exception, nothing is sent."""
        return AsyncBatch(self, at, stop_on_error)

    async def close(self) -> None:
        """Close the connection, and end its subscriptions. Waits at most 2 s for the game to
        agree. A second call does nothing."""
        await self._line.close()

    async def _enter(self) -> Self:
        await self._line.open()
        return self

    async def _discover(self) -> Methods:
        return parse_discovery(await self._call("rpc.discover", None))

    def _call(self, method: str, params: object) -> Answer:
        return self._call_within(self._timeout, method, params)

    async def _call_within(self, timeout: float, method: str, params: object) -> Any:
        call = await self._line.transact(lambda session: session.call(method, params))
        await wait_for(self._line, call, timeout)
        return call.result()


class AsyncClient(AsyncConnection, ByName[Answer]):
    """A connection to a running game, for asyncio. Use it in an `async with` block, or await and
    `close()` it. Only the thread of its event loop may call.

    `await client.spawn("big", 3)`, `await client.player.heal(amount=5)`. A call returns the result
    as plain Python values. It raises an RpcError of `stagedoor.wire.errors` if the game answers
    with an error; or CallTimeoutError, ConnectionLostError, BadParamsError or BadReplyError of
    `stagedoor.client.errors`. To cancel the task cancels the call in the game. If the connection
    was lost before the call, the client first connects again, and raises what `connect()` raises.
    """


class AsyncTimed(ByName[Answer]):
    """A client whose calls wait for `timeout` seconds."""

    def __init__(self, client: AsyncConnection, timeout: float) -> None:
        self._client = client
        self._timeout = timeout

    def progress(self, method: str, /, *args: Any, **params: Any) -> AsyncProgress:
        """Like `AsyncClient.progress()`, with this timeout."""
        return AsyncProgress(self._client, method, pack(method, args, params), self._timeout)

    def _call(self, method: str, params: object) -> Answer:
        return self._client._call_within(self._timeout, method, params)


class AsyncBatch(Batch):
    """A batch that is sent at the end of its `async with` block. Its calls return `Deferred`s,
    which have their results after the block. The end of the block raises what a call raises."""

    def __init__(
        self, client: AsyncConnection, at: Literal["next"] | int, stop_on_error: bool
    ) -> None:
        super().__init__(at, stop_on_error)
        self._client = client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None and len(self):
            self.settle(await self._client._call(METHOD, self.request()))
