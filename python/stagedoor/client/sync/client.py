"""The blocking face of a client: `Client`, with `SyncBatch`; what it iterates over is in `streams`.

Any thread may call; each waits for its own answer.
"""

import time
import weakref
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Literal, Self

from stagedoor.client.core.batch import METHOD, Batch
from stagedoor.client.core.feed import QUEUE, Mode, key_of
from stagedoor.client.core.methods import Methods, parse_discovery
from stagedoor.client.core.names import ByName, Caller, pack
from stagedoor.client.sync.line import Line
from stagedoor.client.sync.streams import Closing, Progress, Subscription, wait_for


class Connection(Caller[Any], Closing):
    """A client but for the attributes that call methods: what a typed stub builds upon."""

    def __init__(self, line: Line, timeout: float) -> None:
        """`connect()` makes these."""
        self._line = line
        self._timeout = timeout
        self._finalizer = weakref.finalize(self, line.close)

    def __repr__(self) -> str:
        return f"<stagedoor client of {self.name!r} at {self.url}>"

    @property
    def url(self) -> str:
        """Where the game is, as of the last connection."""
        return self._line.address.url

    @property
    def name(self) -> str:
        """The game's name; empty where it is not known, as for one on another machine."""
        return self._line.address.name

    @property
    def methods(self) -> Methods:
        """What the game offers, by name. Asks the game each time. Raises: as a call does."""
        return parse_discovery(self._call("rpc.discover", None))

    def notify(self, method: str, /, *args: Any, **params: Any) -> None:
        """Call a method without waiting, or knowing how it went.

        Raises: ConnectionLostError, BadParamsError, and what `connect()` does, if the connection
        was lost and cannot be opened again."""
        packed = pack(method, args, params)
        self._line.transact(lambda session: session.notify(method, packed))

    def with_timeout(self, seconds: float) -> "Timed":
        """The same client for calls that wait that long: `client.with_timeout(0.5).spawn("big")`.
        So no param of a method can be taken for the timeout."""
        return Timed(self, seconds)

    def progress(self, method: str, /, *args: Any, **params: Any) -> Progress:
        """Call a method that yields: iterate over its progress, then ask for `result()`. The
        timeout bounds each wait, not the whole. Leaving early cancels the call.

        Raises: as `call()`; so does the iteration."""
        return Progress(self, method, pack(method, args, params), self._timeout)

    def subscribe(
        self,
        topic: str,
        *,
        mode: Mode = "latest",
        hz: float | None = None,
        history: int = 0,
        queue: int = QUEUE,
        filter: Mapping[str, str | int | float | bool | None] | None = None,
    ) -> Subscription:
        """The values of a topic, as they come.

        `mode` and `hz` (per second; None: as they arise): what becomes of values that come faster.
        `history`: at most so many past samples come first. `queue`: at most so many wait here to
        be taken, then the oldest are dropped and counted. `filter`: what a topic that takes one is
        to send, as `{"level": "WARNING"}` for `logs`.

        Raises: as `call()`."""
        return Subscription(self, key_of(topic, mode, hz, filter), history, queue)

    def batch(
        self, *, at: Literal["next"] | int = "next", stop_on_error: bool = False
    ) -> "SyncBatch":
        """Calls for one frame of the game: collected in the `with` block, sent at its end.

        `at`: the next frame, or the one with this number. `stop_on_error`: the first call that
        fails is the last. Leaving the block by an exception sends nothing."""
        return SyncBatch(self, at, stop_on_error)

    def close(self) -> None:
        """Close the connection; a second time does nothing. Blocks for 2 s at most, for the game
        to agree. Subscriptions end."""
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
    """A connection to a running game. Use it in a `with` block, or `close()` it.

    `client.call("spawn", "big", count=3)` is wrong, as params go by position or by name:
    `client.call("spawn", "big", 3)`, `client.spawn(kind="big", count=3)`, `client.player.heal(5)`.
    A call returns the result as plain Python values. It raises an RpcError of
    `stagedoor.wire.errors` if the game answers with one; CallTimeoutError, ConnectionLostError,
    BadParamsError, BadReplyError. If the connection was lost before, it is opened again first.
    """


class Timed(ByName[Any]):
    """A client whose calls wait for so many seconds."""

    def __init__(self, client: Connection, timeout: float) -> None:
        self._client = client
        self._timeout = timeout

    def progress(self, method: str, /, *args: Any, **params: Any) -> Progress:
        """As `Client.progress()`."""
        return Progress(self._client, method, pack(method, args, params), self._timeout)

    def _call(self, method: str, params: object) -> Any:
        return self._client._call_within(self._timeout, method, params)


class SyncBatch(Batch):
    """A batch that the end of its `with` block sends. Its calls return `Deferred`s, whose
    `result()` is there after the block."""

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
