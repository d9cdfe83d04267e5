"""The blocking face of a client: `Client`, with `SyncBatch`. Its iterators are in `streams`.

Any thread may call, and each waits for its own answer.
"""

import time
import weakref
from types import TracebackType
from typing import Any, Literal, Self

from stagedoor import checks
from stagedoor.client.core.batch import METHOD, Batch
from stagedoor.client.core.feed import QUEUE, Filter, key_of
from stagedoor.client.core.methods import Methods, parse_discovery
from stagedoor.client.core.names import ByName, Caller, pack
from stagedoor.client.sync.line import Line
from stagedoor.client.sync.streams import Closing, Progress, Subscription, wait_for
from stagedoor.wire.topics import Mode


class Connection(Caller[Any], Closing):
    """A client without the attributes that call methods. It is the base class of a typed stub."""

    def __init__(self, line: Line, timeout: float) -> None:
        """`connect()` makes these."""
        self._line = line
        self._timeout = timeout
        self._finalizer = weakref.finalize(self, line.close)

    def __repr__(self) -> str:
        return f"<stagedoor client of {self.name!r} at {self.url}>"

    @property
    def url(self) -> str:
        """The game's URL, as of the last connection."""
        return self._line.address.url

    @property
    def name(self) -> str:
        """The game's name; empty if it is not known, as for a game on another machine."""
        return self._line.address.name

    @property
    def methods(self) -> Methods:
        """What the game offers, by name. It asks the game each time. Raises what a call raises."""
        return parse_discovery(self._call("rpc.discover", None))

    def notify(self, method: str, /, *args: Any, **params: Any) -> None:
        """Call a method without waiting for an answer. Whether it succeeded is not known.

        Raises: ConnectionLostError; BadParamsError; and what `connect()` raises, if the connection
        was lost and cannot be opened again."""
        packed = pack(method, args, params)
        self._line.transact(lambda session: session.notify(method, packed))

    def with_timeout(self, seconds: float) -> "Timed":
        """The same client, with calls that wait so many seconds for their answer:
        `client.with_timeout(0.5).spawn("big")`. It is not a keyword of the calls, because a method
        may have a param of that name."""
        return Timed(self, checks.seconds("seconds", seconds))

    def progress(self, method: str, /, *args: Any, **params: Any) -> Progress:
        """Call a method that yields: iterate over its progress, then call `result()`. The timeout
        is for each wait, not for the whole call. To leave the `with` block early cancels the call.

        Raises what a call raises; so does the iteration."""
        return Progress(self, method, pack(method, args, params), self._timeout)

    def subscribe(
        self,
        topic: str,
        *,
        mode: Mode = "latest",
        hz: float | None = None,
        history: int = 0,
        queue: int = QUEUE,
        filter: Filter | None = None,
    ) -> Subscription:
        """The values of a topic, as they come: `with client.subscribe("rocks") as rocks:`.

        `hz`: the most values per second, rounded down to a rate of the game; None: as they come.
        `mode`: what the game sends of values that come faster: "all", the "latest", their "mean" or
        "peak", or "change": a value only when it differs from the last.
        `history`: at most so many past samples come first. `queue`:
        at most so many samples wait here to be taken; of more, the oldest are dropped and counted.
        `filter`: what to send, for a topic that takes a filter, as `{"level": "WARNING"}` for
        `logs`.

        Raises what a call raises."""
        return Subscription(
            self, key_of(topic, mode, hz, filter), history, checks.whole("queue", queue, 1)
        )

    def batch(
        self, *, at: Literal["next"] | int = "next", stop_on_error: bool = False
    ) -> "SyncBatch":
        """Calls for one frame of the game. The `with` block collects them, and its end sends them.

        `at`: the next frame, or the frame with this number. `stop_on_error`: whether the calls
        after one that fails are not run. If the block raises an exception, nothing is sent."""
        return SyncBatch(self, at, stop_on_error)

    def close(self) -> None:
        """Close the connection, and end its subscriptions. Blocks for at most 2 s, until the game
        agrees. A second call does nothing."""
        self._finalizer()

    def _call(self, method: str, params: object) -> Any:
        return self._call_within(self._timeout, method, params)

    def _call_within(self, timeout: float, method: str, params: object) -> Any:
        line = self._line
        deadline = time.monotonic() + timeout
        call = line.transact(lambda session: session.call(method, params))
        wait_for(line, call, deadline, timeout)
        return call.result()


class Client(Connection, ByName[Any]):
    """A connection to a running game. Use it in a `with` block, or `close()` it. Any thread may
    call.

    `client.spawn("big", 3)`, `client.spawn(kind="big", count=3)`, `client.player.heal(5)`,
    `client.call("spawn", "big", 3)`. Params go by position or by name, not both. A call returns the
    result as plain Python values. It raises an RpcError of `stagedoor.wire.errors` if the game
    answers with an error; or CallTimeoutError, ConnectionLostError, BadParamsError or BadReplyError
    of `stagedoor.client.errors`. If the connection was lost before the call, the client first
    connects again, and raises what `connect()` raises.
    """


class Timed(ByName[Any]):
    """A client whose calls wait for `timeout` seconds."""

    def __init__(self, client: Connection, timeout: float) -> None:
        self._client = client
        self._timeout = timeout

    def progress(self, method: str, /, *args: Any, **params: Any) -> Progress:
        """Like `Client.progress()`, with this timeout."""
        return Progress(self._client, method, pack(method, args, params), self._timeout)

    def _call(self, method: str, params: object) -> Any:
        return self._client._call_within(self._timeout, method, params)


class SyncBatch(Batch):
    """A batch that is sent at the end of its `with` block. Its calls return `Deferred`s, which have
    their results after the block. The end of the block raises what a call raises."""

    def __init__(self, client: Connection, at: Literal["next"] | int, stop_on_error: bool) -> None:
        super().__init__(at, stop_on_error)
        self._client = client

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None and len(self):
            self.settle(self._client._call(METHOD, self.request()))
