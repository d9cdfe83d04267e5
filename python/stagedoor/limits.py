"""`Limits`: what the clients of a stage may do, as a table that `stagedoor.start()` takes.

A limit is declared here, once: its name, its default and what it means in `Limits`; its kind by the
annotation, `int` for a count or a size, `float` for seconds. `ServerLimits` says which of them are
options of a `WebSocketServer`, too. All else follows: checks, signatures, what the server gets.
"""

from typing import Any, Final, NamedTuple, TypedDict


class Limits(NamedTuple):
    """`stagedoor.start("asteroids", limits=stagedoor.Limits(max_connections=200))`.

    Every limit holds for one connection unless it says otherwise. Sizes are in bytes, times in
    seconds. Each field says what happens at the limit; the log of `stagedoor` has at most one line
    a minute of it. While stagedoor is enabled, `start()` raises TypeError or ValueError for a value
    that cannot be one.
    """

    max_connections: int = 64
    """Clients with a token at a time, 100 000 at most. One more is refused with 503."""
    max_unauthenticated: int = 8
    """Clients without a token at a time. One more is refused with 503."""
    max_failed_authentications: int = 5
    """Wrong tokens of all clients at a time. Who shows one is told so after a second; one more is
    refused at once, with 429, close code 4429, or the error -32005. A right token lets its client
    in all the same. The handshake and `session.authenticate` count separately."""
    handshake_timeout: float = 5.0
    """A client whose opening handshake is not done so long after it was accepted is dropped. One
    that has shown no token by then is closed with 4401."""
    max_request_line: int = 8 << 10
    """The first line of an opening request. A longer one is refused with 414."""
    max_headers: int = 64
    """Headers of an opening request. One more is refused with 431."""
    max_head_size: int = 16 << 10
    """A whole opening request. A larger one is refused with 431."""
    max_message_size: int = 1 << 20
    """A message from a client, decompressed. A larger one closes with 1009."""
    max_unauthenticated_message_size: int = 4 << 10
    """The same, before the client has shown a token."""
    max_fragments: int = 1024
    """Fragments of a message from a client, empty ones counted. One more closes with 1008."""
    max_receive_memory: int = 16 << 20
    """For all connections together. A connection whose unhandled messages fill a sixteenth of it,
    or all that is left, is not read until some are handled. Incomplete messages may take as much
    again; a connection that goes beyond is closed with 1013."""
    max_send_queue: int = 16 << 20
    """Messages that wait for a client. Telemetry beyond it is dropped and counted; an answer that
    does not fit closes with 1013. An empty queue takes any single message."""
    max_pings_per_second: int = 10
    """Pings of a client that are all answered. Beyond that, only the newest in each read is."""
    ping_interval: float | None = 20.0
    """A client that is silent for so long is sent a ping; None: never."""
    ping_timeout: float = 20.0
    """A client that has not answered a ping by then is dropped."""
    write_timeout: float = 10.0
    """A client that takes nothing of what is sent for so long is dropped."""
    close_timeout: float = 2.0
    """A client that has not answered a close frame by then is dropped."""
    max_calls_per_second: int = 10_000
    """A client that calls faster is never refused: its connection is not read until it is due. Each
    message counts, and each member of a batch. A second's worth may come at once."""
    max_calls_in_flight: int = 256
    """Calls that have begun and not ended. One more gets the error -32005."""
    max_call_memory: int = 16 << 20
    """What is kept for a client between its messages: params of calls in flight, answers of a batch
    that wait for others, filters of subscriptions. A call that needs more gets the error -32005."""
    max_threads: int = 8
    """Threads that run for a client's calls. Each counts until it ends, even if its call has been
    cancelled or its client is gone. One more call gets the error -32005."""
    max_all_threads: int = 32
    """The same, for all clients together."""
    max_batch: int = 100
    """Members of a batch. A larger one gets the error -32600."""
    max_nesting: int = 64
    """How deep params may nest, 500 at most: `[1]` is 1 deep. Deeper ones get the error -32600."""
    max_answer_size: int = 16 << 20
    """An answer, or the answer to a whole batch. A larger one becomes the error -32603."""
    max_subscriptions: int = 256
    """Subscriptions of a client. One more gets the error -32005."""
    tick_budget: float = 0.002
    """Time for callers in each `tick()`. The rest waits for the next frame."""


class ServerLimits(TypedDict, total=False):
    """The limits that are options of a `WebSocketServer`, too, with the defaults of `Limits` unless
    `OF_BARE_SERVER` has others."""

    max_connections: int
    max_request_line: int
    max_headers: int
    max_head_size: int
    max_message_size: int
    max_fragments: int
    max_pings_per_second: int
    max_receive_memory: int
    max_send_queue: int
    handshake_timeout: float
    ping_interval: float | None
    ping_timeout: float
    write_timeout: float
    close_timeout: float


OF_BARE_SERVER: Final[dict[str, Any]] = {
    "max_connections": 1024,
    "max_receive_memory": 64 << 20,
    "max_calls_per_second": None,
}
"""The defaults of a `WebSocketServer` that belongs to no stage, where they differ. None: there is
no such limit."""
LARGEST: Final = {"max_connections": 100_000, "max_nesting": 500}
"""The largest value of a limit that may not be as large as others."""
