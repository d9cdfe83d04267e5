"""`Limits`: what the clients of a stage may do, as a table that `stagedoor.start()` takes.

A limit is declared here, once: its name, its default and what it means in `Limits`; its kind by the
annotation, `int` for a count or a size, `float` for seconds. `ServerLimits` says which of them are
options of a `WebSocketServer`, too. All else follows: checks, signatures, what the server gets.
"""

from typing import Any, Final, NamedTuple, TypedDict


class Limits(NamedTuple):
    """`stagedoor.start("asteroids", limits=stagedoor.Limits(max_connections=200))`.

    Every limit holds for one connection unless it says otherwise; sizes are bytes, times seconds.
    Reaching one is what it says here, and at most one line a minute in the log of `stagedoor`.
    Enabled, `start()` raises TypeError or ValueError for a value that cannot be one.
    """

    max_connections: int = 64
    """Clients that have shown a token, at a time, 100 000 at most; one more is refused with 503."""
    max_unauthenticated: int = 8
    """Clients that have not, at a time; one more is refused with 503."""
    max_failed_authentications: int = 5
    """A minute, from one address; then it has to wait: 429, close code 4429, or the error -32005.
    The handshake and `session.authenticate` count each for itself."""
    handshake_timeout: float = 5.0
    """From accept to the end of the opening handshake, else the client is dropped; and to its
    token, else it is closed with 4401."""
    max_request_line: int = 8 << 10
    """Of the opening request; a longer one is refused with 414."""
    max_headers: int = 64
    """Of the opening request; one more is refused with 431."""
    max_head_size: int = 16 << 10
    """Of the whole opening request; a larger one is refused with 431."""
    max_message_size: int = 1 << 20
    """Of a message from a client, decompressed; a larger one closes with 1009."""
    max_unauthenticated_message_size: int = 4 << 10
    """The same, before the client has shown a token."""
    max_fragments: int = 1024
    """Of a message from a client, empty ones counted; one more closes with 1008."""
    max_receive_memory: int = 16 << 20
    """For all connections together. Messages that wait for the game: who has a sixteenth of it, or
    as much as is left, is not read until some of them are handled. And for incomplete messages: who
    goes beyond is closed with 1013."""
    max_send_queue: int = 16 << 20
    """Telemetry beyond it is dropped and counted; an answer that does not fit closes with 1013. An
    empty queue takes any single message."""
    max_pings_per_second: int = 10
    """Of a client, that are each answered; of more, only the newest in what is read at a time."""
    ping_interval: float | None = 20.0
    """After so long a silence the client is asked with a ping; None: never."""
    ping_timeout: float = 20.0
    """For its answer; then it is dropped."""
    write_timeout: float = 10.0
    """With something to send and no progress; then it is dropped."""
    close_timeout: float = 2.0
    """For the answer to a close frame; then it is dropped."""
    max_calls_per_second: int = 10_000
    """Beyond it the connection is not read until it is due. Each message is counted, and each
    member of a batch; those of a second may come at once."""
    max_calls_in_flight: int = 256
    """Calls that wait for their end; one more is the error -32005."""
    max_batch: int = 100
    """Members of a batch; more are the error -32600."""
    max_nesting: int = 64
    """How deep params may nest, `[1]` is 1 deep; deeper is the error -32600."""
    max_answer_size: int = 16 << 20
    """Of an answer, the answer to a whole batch, too; a larger one becomes the error -32603."""
    max_subscriptions: int = 256
    """One more is the error -32005."""
    tick_budget: float = 0.002
    """For callers in each `tick()`; the rest waits for the next frame."""


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
"""What a `WebSocketServer` has instead, when no stage uses it; None: no such limit."""
LARGEST: Final = {"max_connections": 100_000}
"""The largest value of a limit that may not be as large as others."""
