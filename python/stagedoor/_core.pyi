"""The native part of stagedoor: a WebSocket server whose network thread never takes the GIL, and
the record of what frames took.

`live.net` drives the one, `live.domains.frames` the other; `live.rpc` has what answers most calls.
Sizes are bytes, times are seconds. All methods may be called from any thread unless they say
otherwise.
"""

import os
from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, Self, TypeAlias, TypeVar, final

from typing_extensions import Buffer

from stagedoor.limits import Limits
from stagedoor.wire.jsonrpc import Request

__all__ = [
    "CLOSED",
    "DROPPED",
    "FAILED",
    "GC",
    "IDLE",
    "OPENED",
    "REFUSED",
    "SENT",
    "SPAN",
    "STOPPED",
    "WRONG_TOKEN_DELAY",
    "CloseCause",
    "Connection",
    "FastMethod",
    "FastMethods",
    "FastPath",
    "Frames",
    "NetworkThread",
    "Order",
    "Paced",
    "RawPicture",
    "Refusal",
    "Running",
    "RunningCalls",
    "Server",
    "Span",
    "Studio",
    "TlsConfig",
    "Waiting",
    "ignore",
    "read_request",
    "without_deeper",
]

# An event is a tuple (receiver, data). A message is for its connection's receiver; data is a `str`
# for text, `bytes` for binary. All other events are for the receiver that was given to
# `Server.take()`; data is a tuple (kind, connection id, data):
SENT: Final = 0
"""The kernel has messages that were sent with a callback; data: their callbacks, in order."""
OPENED: Final = 1
"""The first event of a connection; data: its `Connection`."""
FAILED: Final = 2
"""Something went wrong with a connection; data: what, a `str`."""
CLOSED: Final = 3
"""The last event of a connection; data: (code, reason, `CloseCause`, error or None, callbacks not
called)."""
STOPPED: Final = 4
"""The last event of a server, connection id 0; data: (error, callbacks not called); the error is
None after `stop()`."""
DROPPED: Final = 5
"""Messages of a group were lost to a connection that did not read, and it reads again; data:
(group, count, before). All `count` were published before message number `before` of the group,
counted from 1 in each group: the next one that the connection got, or will get. One event for
each time that the connection was behind."""
REFUSED: Final = 6
"""Somebody was not let in, connection id 0; data: a line for the log, a `str`. One a minute at most
for each status or close code."""

WRONG_TOKEN_DELAY: Final = 1.0
"""Somebody with a wrong token is told so after so many seconds."""

def ignore(data: object, /) -> None:
    """Nobody has asked for it."""

_Callback: TypeAlias = Callable[[str | None], object]
_Path: TypeAlias = str | os.PathLike[str]
_Receiver: TypeAlias = list[Any]
"""What takes the data, a callable, and whose that is."""
_Event: TypeAlias = tuple[_Receiver, Any]

@final
class CloseCause:
    """Why a connection ended. The error that comes with it says the same to people."""

    CLEAN: Final[CloseCause]
    """Both sides sent a close frame."""
    LEFT: Final[CloseCause]
    """The peer closed its socket, or reset it, without a close frame."""
    STOPPING: Final[CloseCause]
    """The program stops the server."""
    VIOLATION: Final[CloseCause]
    """The peer broke the protocol, or TLS."""
    TIMED_OUT: Final[CloseCause]
    """The peer did not take data, or did not answer, in time."""
    NO_MEMORY: Final[CloseCause]
    """There was no memory left for an incomplete message of the peer."""
    FAILED: Final[CloseCause]
    """The socket failed, or the network thread."""

    def __int__(self) -> int: ...

@final
class Refusal:
    """Why a message was not taken. `str()` of it is a text for people."""

    @property
    def is_closed(self) -> bool:
        """The connection is closed or closing. Otherwise its queue is full."""

@final
class Connection:
    """What can be done with one connection, from its `OPENED` event on."""

    @property
    def receiver(self) -> _Receiver:
        """Who gets its messages: `ignore` and None at first. Whatever it holds when a message is
        handled is what counts."""
    @property
    def id(self) -> int:
        """Counts the server's connections from 1."""
    @property
    def path(self) -> str:
        """The request target's path and query, as sent."""
    @property
    def headers(self) -> list[tuple[str, str]]:
        """The request's headers in order, names as sent. A server with tokens leaves them out:
        no `Authorization`, no subprotocol `stagedoor.token.*`."""
    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that was agreed on."""
    @property
    def remote_address(self) -> tuple[str, int]:
        """The peer's address and port."""
    @property
    def role(self) -> int | None:
        """The role of the token shown in the opening handshake; None: there was none."""
    @property
    def token_generation(self) -> int:
        """Which tokens `role` is from: how often `Server.set_tokens()` had taken effect. Less than
        what `set_tokens()` returned last: the token is one of the old."""
    @property
    def queued(self) -> int:
        """Bytes sent and not yet taken by the kernel, frame headers included."""
    def send(self, data: str | Buffer, callback: _Callback | None = None, /) -> Refusal | None:
        """Queue one message; `str` is text, bytes-like is binary.

        Returns None, or why the message was not taken. A callback of a message that was taken
        comes back in a `SENT` or `CLOSED` event. Raises TypeError for other data and for a
        callback that cannot be called, UnicodeEncodeError for a `str` with lone surrogates.
        """
    def send_text(self, text: bytes, /) -> Refusal | None:
        """`send()` of a text message that is encoded already. Raises ValueError for what is not
        UTF-8."""
    def charge(self, messages: int, /) -> None:
        """Count so many messages more than have come against `max_calls_per_second`: one of
        those that came holds many."""
    def authenticate(self) -> None:
        """Lift the limits of a connection that has shown no token: the program knows who it is.

        Nothing happens if it has none, or is closing; `role` stays None. What the client sends
        before this takes effect is held to the small message size still.
        """
    def close(self, code: int, reason: str) -> None:
        """Start the closing handshake after what is queued; nothing more is taken."""

@final
class TlsConfig:
    """A certificate chain and its private key, with which a server speaks TLS 1.2 and 1.3."""

    def __new__(cls, certificate: _Path, key: _Path) -> TlsConfig:
        """Read two PEM files: the server's own certificate with those that lead from it to an
        authority, and its key, in PKCS#8, PKCS#1 or SEC1. Raises OSError when one cannot be read,
        ValueError, which names the file, when it does not hold that."""

@final
class Server:
    """A listening server and its network thread."""

    def __new__(
        cls,
        host: str,
        port: int,
        limits: Limits,
        /,
        *,
        hosts: list[str],
        origins: list[str],
        subprotocols: list[str],
        compression: bool,
        tls: TlsConfig | None,
        tokens: list[tuple[str, int]] | None,
        forgets_the_gone: bool = False,
    ) -> Server:
        """Bind and start. Raises OSError when the address cannot be had.

        With `compression`, an offer of permessage-deflate (RFC 7692) is agreed to. What is
        published or broadcast is framed once for all and goes uncompressed.

        With `tls`, TLS is all that is spoken; `handshake_timeout` includes its handshake.

        With `tokens`, pairs (token, role 0 to 255), a client shows one in its opening handshake,
        as `Authorization: Bearer <token>` or as the subprotocol `stagedoor.token.<token>`, which
        is never chosen; the header goes first. A wrong one is answered with 401, or, as a
        subprotocol, with close code 4401; after `max_failed_authentications` in a minute from one
        address, with 429 or 4429, right or wrong. Neither gives an `OPENED`. `max_connections`
        counts those who have shown one. A client that shows none is let in, `max_unauthenticated`
        at a time (503 beyond), with `max_unauthenticated_message_size`, until `handshake_timeout`,
        counted from accept, when it is closed with 4401, unless `Connection.authenticate()` is
        called before. Raises ValueError for a token that is not 1 to 256 letters, digits or any of
        ``!#$%&'*+-.^_`|~``. None: no tokens; none of this holds.

        With `forgets_the_gone`, the end of a connection without a close frame passes its messages
        that wait for their turn (see `put_back()`): they are dropped, and `CLOSED` is the next
        event.
        """
    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
    @property
    def thread(self) -> NetworkThread:
        """Its network thread."""
    def load(self) -> bool:
        """Get hold of the events that have come, if those of the last time are all taken.

        False: there are none, and nobody has called `remind()` since the last time. After True,
        what this thread sends is kept back until the next `take()` or `end()`, so that it goes out
        together. For the game's thread: this and `take()` tell that it polls, and block, without
        the GIL, while there are events in the hand of the understudy.
        """
    def remind(self) -> None:
        """Have the next `load()` say True: the program has something of its own to do then."""

    def take(self, receiver: _Receiver, limit: int) -> list[_Event]:
        """The next events of those that `load()` got hold of, `limit` at most. `receiver`: of what
        is not a message."""
    def end(self) -> None:
        """Let go what was kept back."""
    def put_back(self, events: list[_Event], goes_on: bool, /) -> None:
        """Put back the last of the events that `take()` gave: the program has no time for them.

        From now on, until all are taken, clients take turns: `take()` gives one event of each, and
        again. `goes_on`: the first event is what is left of the last one that was begun.
        """
    @property
    def is_behind(self) -> bool:
        """Something is left that the program has got hold of and not taken."""
    def seize(
        self, receiver: _Receiver, untouched: Iterator[_Event] | None, limit: int
    ) -> list[_Event]:
        """Take events in hand for the understudy, which must give them back. `receiver`: of what is
        not a message.

        All that is left in `untouched`, an iterator over what `take()` gave, or else the next of
        those that wait here, `limit` at most, and none that was given back before. None if the
        game has polled since the watch last looked.
        """
    def give_back(self, kept: list[tuple[int, float | None]]) -> None:
        """Empty the understudy's hand: these events, by position, wait for the game in their old
        order, and for so many seconds (None: without end). The others are the understudy's to
        handle. Raises IndexError for a position that is not in hand; then all of them wait.
        """
    def take_expired(self) -> list[_Event]:
        """Take those that were given back and have waited for long enough."""
    def set_stall_notices(self, notices: list[tuple[int, list[bytes]]], frames: Frames) -> None:
        """What to publish, and to which groups, if the game is stalled and nobody gets the GIL.

        A message is six pieces of text; between them go its number in the group, the time (seconds
        since the epoch), the number of the frame under way in `frames`, for how long the game has
        been stalled (seconds), and where it is: `{"file": ..., "line": ..., "function": ...}` or
        `null`. Replaces what was set before.
        """
    def wait(self, timeout: float) -> bool:
        """Block without the GIL until there are events; False when the time was up first."""
    def lead(self, timeout: float) -> bool:
        """As `wait()`, for a program that has nothing else to do: if it is always back soon, the
        calling thread does the network thread's work meanwhile."""
    def set_notifier(self, descriptor: int) -> None:
        """Take over a non-blocking socket that gets a byte after `arm()`."""
    def arm(self) -> bool:
        """Ask for one byte on the notifier at the next event; False: there are events now."""
    def broadcast(self, data: str | Buffer, /) -> None:
        """Queue one message for every open connection, framed once."""
    def set_tokens(self, tokens: list[tuple[str, int]]) -> int:
        """Replace the tokens; returns their generation, counted from 1.

        Connections keep what they are, and an `OPENED` may be under way for an old token: see
        `Connection.token_generation`. Raises ValueError for a token that cannot be one, and if
        the server was made without.
        """
    def group(self) -> int:
        """A new group of connections, empty; its number is never used twice by this server."""
    def drop_group(self, group: int) -> None:
        """End a group. What is kept of it for members that are behind is forgotten."""
    def join_group(self, group: int, connection: Connection) -> None:
        """Make a connection a member.

        What was sent to it before this call arrives before anything published after it. Nothing
        happens if it is a member already, or if the connection or the group is gone. Raises
        ValueError for a connection of another server.
        """
    def leave_group(self, group: int, connection: Connection) -> None:
        """End a membership, if there is one; a connection that closes leaves by itself.

        What is kept of this group for the connection is forgotten. Raises ValueError for a
        connection of another server.
        """
    def publish(self, group: int, payload: bytes, *, droppable: bool, binary: bool = False) -> None:
        """Queue one message, text unless `binary`, for every member of a group.

        Framed once: this call costs the same whatever the number of members. Droppable: a member
        that has not taken all of what was written to it gets only the newest one, when it has,
        behind all that was sent to it meanwhile. Not droppable: like `Connection.send()`; a
        member whose queue is full loses it. `DROPPED` tells what was lost. Raises ValueError
        for text that is not UTF-8.
        """
    def publish_paced(self, group: int, payload: bytes, /) -> Paced:
        """Queue one binary message for every member of a group, at the pace at which each reads.

        A ping goes behind the message, and its pong says that the member has read it. Two messages
        are under way at a time; then a member gets only the newest, when it has read one.
        `DROPPED` tells what was lost.
        """
    def stop(self) -> None:
        """Close everything with 1001; `STOPPED` comes within the close timeout. Never blocks."""
    def panic(self) -> None:
        """Make the network thread panic, for tests of what then happens."""

@final
class Paced:
    """A message that was published at its readers' pace."""

    @property
    def waiting(self) -> int:
        """How many members it waits for. Until the network thread has it, it counts as one."""

@final
class NetworkThread:
    """A server's network thread: refers to no Python object, so it can be kept to end it."""

    def wait_neglected(self, patience: float) -> bool:
        """Block without the GIL until events have waited that long; False: no more will come."""
    def wait_stalled(self, threshold: float) -> tuple[float, int | None, list[int]] | None:
        """Block without the GIL until nobody has polled for so many seconds.

        Gives for how long, the thread that polled last (None on Windows), and the groups that the
        network thread has told of it, because this thread could not get the GIL. None: there is
        nothing to watch any more. One thread at a time.
        """
    def wait_back(self, timeout: float) -> tuple[float, bool] | None:
        """After `wait_stalled()`: block without the GIL until an event comes, or for so many
        seconds: None. When the stall is over: how many seconds it took, and whether the game polls
        again; else there is nothing to watch any more."""
    def end_watch(self) -> None:
        """Make those two return."""
    @staticmethod
    def free_signal() -> int | None:
        """A signal that nothing handles and nobody is known to use; None on Windows."""
    def set_dump(self, signal: int, pipe: int) -> None:
        """The network thread may raise this signal on itself, and read from this descriptor, which
        it takes over, what `faulthandler` has written there."""
    def end_dump(self) -> None:
        """It may not any more, and does not when this returns."""
    def join(self) -> None:
        """End everything at once and wait, without the GIL, for the thread to end."""

# The kinds of slice, of `Frames.slices()`:
SPAN: Final = 0
"""The part of a span that is in one frame; the name is the span's."""
GC: Final = 1
"""A garbage collection; the name tells the generation."""
IDLE: Final = 2
"""The game waited, as `Waiting` was told."""

_Frame: TypeAlias = tuple[int, int, int, int, int, int, int, list[tuple[str, int]]]
"""Number, counted from 1; start; total, without held; stagedoor's own part of it; held; garbage
collections; what the game's thread waited; the sum of the spans of each name. Nanoseconds, since
`Frames.epoch`."""
_Slice: TypeAlias = tuple[int, str, int, int, int]
"""Kind, name, thread, start and duration in nanoseconds."""

@final
class Frames:
    """Records what each frame takes, and keeps the last 10 000. Any thread may read."""

    def __new__(cls) -> Frames: ...
    @property
    def epoch(self) -> float:
        """What starts are counted from: seconds since the epoch."""
    @property
    def number(self) -> int:
        """Of the frame under way; 0 before the first."""
    @property
    def thread(self) -> int:
        """The one that begins frames. Threads are numbered in the order in which they came."""
    def begin(self, server: Server | None, dt: float | None, /) -> float | None:
        """A frame begins, on this thread; the one before ends.

        Returns the `dt` below; None when the server has events, on another thread than before, and
        once a second in any case. The server counts this as a poll.
        """
    @property
    def dt(self) -> float:
        """The dt that was given to `begin()`, less what stagedoor took of the frame before, and
        held it. One that is negative, infinite or NaN is as it was given. If None was given: the
        seconds since the frame before began, less the same; 0.0 in the first frame."""
    def measure(self) -> float:
        """The seconds since `begin()`, or since the last `measure()` after it."""
    def answered(self, held: float, /) -> float:
        """stagedoor is done with this frame, in which it held the game for so many seconds.
        Returns the seconds since `begin()` that were its own."""
    def took(self, seconds: float, /) -> None:
        """stagedoor took so many seconds more of this frame, after `answered()`."""
    def span(self, name: str, /) -> Span:
        """What measures the spans of that name. The first 999 names are told apart."""
    def collection(self, phase: str, info: dict[str, int], /) -> None:
        """For `gc.callbacks`."""
    def history(self, count: int, since: int = 0, until: int = ..., /) -> list[_Frame]:
        """The last `count` frames that are over, oldest first, of those after number `since`, up to
        number `until`."""
    def slowest(self, threshold: int, limit: int, /) -> list[int]:
        """The numbers of the slowest of all frames whose total is more, slowest first, `limit` at
        most."""
    def slices(self, count: int, since: int = 0, until: int = ..., /) -> list[_Slice]:
        """What the frames of `history()` are made of, in the order of the ends. 1000 of a frame
        are kept, 131 072 in all."""
    def summary(self, count: int, /) -> tuple[int, int, int, int, int, int, int, int, int]:
        """Of the last `count` frames: their number; median, 95th and 99th percentile, largest of
        the totals; sums of total, stagedoor, garbage collections, idle. Nanoseconds."""
    def rate(self) -> float:
        """Frames a second, of those that ended within the last second."""

@final
class Span:
    """`with` it, a part of the frame is measured. Reusable, nestable, for any thread; only those
    of the thread that begins frames count into a frame's sums."""

    def __enter__(self) -> None: ...
    def __exit__(self, kind: object, error: object, traceback: object, /) -> None: ...

@final
class Waiting:
    """`with` it, a thread waits, although it may keep a processor busy: that is no work of its
    frame. Reusable, nestable, for any thread."""

    def __new__(cls) -> Waiting: ...
    def __enter__(self) -> None: ...
    def __exit__(self, kind: object, error: object, traceback: object, /) -> None: ...

_Method = TypeVar("_Method")
"""Python's object for a method. The native code passes it on, and does not look into it."""
_Caller = TypeVar("_Caller")
"""Python's object for a caller, for the audit. The native code does not look into it either."""

@final
class Running(Generic[_Method]):
    """A call of a plain method that runs now."""

    @property
    def asked(self) -> Request | str:
        """The request, or the message that the fast path has read it from."""
    @property
    def method(self) -> _Method:
        """The method that is called."""
    @property
    def answer(self) -> Callable[[bytes], object]:
        """Takes the answer, if another thread gives it before the method has ended."""
    @property
    def began(self) -> float:
        """When the call began, by `time.monotonic`."""

@final
class RunningCalls(Generic[_Method]):
    """The calls of plain methods of one stage that run now. The thread that ends one answers it."""

    def __new__(cls) -> Self: ...
    def begin(
        self, asked: Request | str, method: _Method, answer: Callable[[bytes], object], /
    ) -> Running[_Method]:
        """Begin a call. It must be ended."""
    def end(self, running: Running[_Method], /) -> bool:
        """End a call. False: another thread has ended it, and answers it."""
    def copy(self) -> list[Running[_Method]]:
        """The calls that run now, the innermost last."""
    def __len__(self) -> int: ...

@final
class FastMethod(Generic[_Method]):
    """A plain method of the RPC interface that takes all its params by position."""

    def __new__(
        cls,
        method: _Method,
        /,
        *,
        name: str,
        function: Callable[..., object],
        decode_object: Callable[[bytes], object],
        decode_array: Callable[[bytes], object],
        role: int,
        is_audited: bool,
        takes_secrets: bool,
    ) -> Self:
        """The decoders make a msgspec Struct of params by name and by position. Its fields are the
        arguments of the function. `role` is the least that a caller needs. The audit gets no params
        of a method that takes secrets."""

@final
class FastMethods(Generic[_Method]):
    """The methods of one stage that can take the fast path, by name."""

    def __new__(cls) -> Self: ...
    def add(self, name: str, method: FastMethod[_Method], /) -> None:
        """Another one of that name is replaced."""

    def discard(self, name: str, /) -> None: ...

@final
class FastPath(Generic[_Method, _Caller]):
    """Answers the calls of one session that need nothing unusual. Game thread only."""

    def __new__(
        cls,
        *,
        methods: FastMethods[_Method],
        running: RunningCalls[_Method],
        audit: Callable[[_Caller, str, bytes | None, int | None, float], None],
        check_surface: Callable[[object, int], None],
        encode: Callable[[object], bytes],
        check_json: Callable[[bytes], object],
        send: Callable[[bytes], Refusal | None],
        unsent: Callable[[Refusal], None],
        overran: Callable[[Running[_Method]], None],
        ended: Callable[[Running[_Method], object, BaseException | None], bytes | None],
        max_nesting: int,
        max_answer_size: int,
    ) -> Self:
        """Nobody calls yet: see `set_caller()`.

        `audit` gets the caller, the method's name, the params, no error code, and the beginning of
        each audited call that went well. `check_surface` raises for a result that is certainly
        larger than a number of bytes. `check_json` raises for what `encode` has made if it is no
        JSON, as it may be when a part of it was taken as it is. `send` returns None, or why it does
        not take the answer; `unsent` gets this reason.

        `overran` gets a call that another thread has ended while its method ran. `ended` gets a
        call with the exception that its method raised, or with a result that cannot be sent. It
        ends the call, and returns the answer, if there is one to send.
        """
    def set_caller(self, caller: _Caller, role: int, /) -> None:
        """Set who calls, and its role; 0: it has no role yet, and may call nothing here."""
    def answer(self, message: str | bytes, /) -> bool:
        """Answer a call of the usual form, by a caller who may make it, of a plain method that
        takes what was given. False: this message is no such call, and nothing was done. Raises
        what ends the game."""

def read_request(text: str, max_nesting: int, /) -> tuple[str, bytes | None, int | str] | None:
    """What the fast path reads: method, params (JSON text, if their decoder takes it for some) and
    id of a JSON-RPC 2.0 request of the usual form; None for any other message, valid or not."""

def without_deeper(text: str, most: int, /) -> str | None:
    """A JSON text without what nests deeper than `most`: an empty pair of brackets is left there.
    None: nothing does. The time is proportional to the length, whatever the text contains."""

@final
class RawPicture:
    """A picture as a framework has drawn it. Several orders may share it."""

    def __new__(
        cls,
        data: bytes,
        /,
        *,
        width: int,
        height: int,
        stride: int,
        layout: str,
        bottom_up: bool = False,
    ) -> Self:
        """`stride`: the bytes from one row to the next. `layout`: how the bytes of a pixel lie:
        `RGB`, `RGBX` or `BGRX`. `bottom_up`: the lowest row comes first. Raises ValueError if that
        is no picture."""
    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

@final
class Order:
    """A picture that is to be encoded."""

    @property
    def is_done(self) -> bool:
        """Whether `take()` has something."""
    def cancel(self) -> None:
        """Nobody waits for it: it is not begun any more."""
    def take(self) -> tuple[bytes, int, int, float]:
        """The file, its width and height in pixels, and for how many seconds the thread has worked
        on it. Once. Raises ValueError if the picture cannot be had as it was ordered, and
        RuntimeError for what is not the order's fault."""

@final
class Studio:
    """A thread that encodes pictures, in the order in which they come. It begins with the first
    one."""

    def __new__(cls) -> Self: ...
    def order(
        self,
        picture: RawPicture,
        /,
        *,
        quality: int | None,
        rectangle: tuple[int, int, int, int] | None,
        width: int | None,
        most: int,
        as_json: bool,
    ) -> Order | None:
        """Have a picture encoded. None: too many wait, or there is no thread to be had.

        `quality`: of a JPEG, 1 to 100; None: PNG. `rectangle`: x, y, width and height of the part
        that is wanted. `width`: what it is scaled down to, if it is wider. `most`: bytes.
        `as_json`: base64 between quotes, as a text in JSON."""
    def close(self) -> None:
        """End the thread when it is done with the picture that it works on. Does not block."""
