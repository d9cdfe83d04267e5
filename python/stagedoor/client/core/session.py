"""A client's side of the conversation, without I/O: `Session`, with its `Call`s.

A face (`client.sync`, `client.asyncio`) owns the socket, the clock and the threads. It gives the
session a `Link` (`attach`). It moves bytes from the socket to `receive()`, and from `transmit()` to
the socket. It waits until a `Call` or a `Feed` is `ready`; its `wake` is called after each change.
After the link has failed, the session has none: `call()` and the like raise until the face attaches
another one. The session then subscribes again to the same topics. Not thread-safe: a face calls it
under its lock.
"""

import itertools
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from stagedoor.client.core.feed import Feed, Key
from stagedoor.client.core.subscriptions import Subscriptions
from stagedoor.client.core.websocket import Binary, Link
from stagedoor.client.errors import BadParamsError, BadReplyError, ClientError, ConnectionLostError
from stagedoor.wire.carried import MalformedError, unpack
from stagedoor.wire.close_codes import ABNORMAL
from stagedoor.wire.jsonrpc import UNREADABLE, encode_request
from stagedoor.wire.reply import Incoming, MalformedReplyError, Notification, Reply, decode_reply
from stagedoor.wire.size import UnsendableError

_log = logging.getLogger("stagedoor.client")


class Call:
    """A call in flight, and then its answer. `wake` is called after every change."""

    __slots__ = ("_error", "_result", "done", "method", "number", "then", "values", "wake")

    def __init__(self, number: int, method: str) -> None:
        self.number = number
        self.method = method
        self.done = False
        """Whether the answer has come, or never will."""
        self.values: deque[Any] | None = None
        """Progress that waits to be taken; None: progress is not wanted."""
        self.wake: Callable[[], None] = _nothing
        self.then: Callable[[Call], None] | None = None
        """Called when the call is done, even if nobody waits for it any more."""
        self._result: object = None
        self._error: Exception | None = None

    @property
    def ready(self) -> bool:
        """Whether there is something new: the answer, or progress."""
        return self.done or bool(self.values)

    def result(self) -> Any:
        """The result, as plain values. Raises: an RpcError, if the answer is an error; a
        ClientError, if no answer will come."""
        if self._error is not None:
            raise self._error
        return self._result

    def answer(self, result: object, error: Exception | None = None) -> None:
        """The answer has come, or `error` says why it never will."""
        self.done = True
        self._result = result
        self._error = error
        if self.then is not None:
            self.then(self)
        self.wake()


class _Progress(msgspec.Struct, gc=False):
    id: int
    value: Any


_progress = msgspec.json.Decoder(_Progress)


class Session:
    """The calls in flight by their ids, and the subscriptions."""

    def __init__(self) -> None:
        self.link: Link | None = None
        self.subscriptions: Subscriptions[Call] = Subscriptions(self.call, self.notify)
        self._ids = itertools.count(1)
        self._waiting: dict[int, Call] = {}
        self.failure: ClientError | None = None
        """Why the last link failed."""
        self._last_link: Link | None = None
        self._has_complained = False

    # The connection

    def attach(self, link: Link) -> None:
        """Use this link, which is open, and subscribe again to the same topics."""
        self.link = self._last_link = link
        self.subscriptions.restore()

    def receive(self, data: bytes, now: float) -> None:
        """Read bytes from the socket; no bytes mean its end. `now`: seconds, by the link's clock.

        Raises: KeyboardInterrupt, if that comes meanwhile. The link is then lost, because it is not
        known how many of the bytes were read."""
        link = self.link
        if link is None:
            return
        try:
            self.handle(link.receive(data, now))
        except BaseException:
            self.lose(ConnectionLostError(link.url, ABNORMAL, "interrupted while reading"))
            raise
        if link.failure is not None:
            self.lose(link.failure)

    def transmit(self) -> bytes:
        """The bytes to write to the socket now. They include the close frame of a link that has
        failed."""
        return self._last_link.transmit() if self._last_link is not None else b""

    def keep_alive(self, now: float) -> None:
        """Ping a silent link, or give it up. Call it every `KEEP_ALIVE` seconds."""
        link = self.link
        if link is not None:
            link.keep_alive(now)
            if link.failure is not None:
                self.lose(link.failure)

    def lose(self, error: ClientError) -> None:
        """Give the link up. All calls in flight end with `error`. Subscriptions wait for another
        link, or for `subscriptions.end()`."""
        self.link = None
        self.failure = error
        waiting, self._waiting = self._waiting, {}
        for call in waiting.values():
            call.answer(None, error)
        self.subscriptions.lose()

    def abandon(self, error: ClientError) -> None:
        """Give the link up without another word on it: it is another process's."""
        self._last_link = None
        self.lose(error)

    # Out

    def call(self, method: str, params: object = None, *, progress: bool = False) -> Call:
        """Send a call. `params`: a mapping, a sequence, or None. `progress`: whether to collect
        what the method yields in `Call.values`. Raises: BadParamsError, ConnectionLostError."""
        link = self._open_link()
        number = next(self._ids)
        try:
            message = encode_request(number, method, params)
        except UnsendableError as error:
            raise BadParamsError(f"the params of {method} cannot be sent: {error}") from error
        call = self._waiting[number] = Call(number, method)
        if progress:
            call.values = deque()
        link.send(message)
        return call

    def notify(self, method: str, params: object = None) -> None:
        """Send a call that gets no answer. Raises: BadParamsError, ConnectionLostError."""
        link = self._open_link()
        try:
            message = encode_request(UNSET, method, params)
        except UnsendableError as error:
            raise BadParamsError(f"the params of {method} cannot be sent: {error}") from error
        link.send(message)

    def cancel(self, call: Call) -> None:
        """Ask the game to cancel the call, and ignore its answer. Nobody waits for it any more."""
        call.wake = _nothing
        if call.done or call.then is not None:
            return
        self.forget(call)
        if self.link is not None:
            self.notify("rpc.cancel", {"id": call.number})

    def forget(self, call: Call) -> None:
        """Ignore the answer to a call, which nobody waits for any more."""
        self._waiting.pop(call.number, None)

    def subscribe(self, key: Key, history: int, feed: Feed) -> Call:
        """Subscribe to a topic. The answer to the call starts the feed. Raises: BadParamsError,
        ConnectionLostError."""
        return self.subscriptions.add(key, history, feed)

    # In

    def handle(self, messages: list[bytes]) -> None:
        """Handle messages from the game."""
        for message in messages:
            if isinstance(message, Binary):
                self._handle_binary(message)
                continue
            try:
                incoming = decode_reply(message)
            except MalformedReplyError as error:
                self._complain(str(error))
                # It could have been the answer to any of the calls.
                waiting, self._waiting = self._waiting, {}
                for call in waiting.values():
                    call.answer(None, BadReplyError(str(error)))
                continue
            for one in incoming if isinstance(incoming, list) else [incoming]:
                self._sort(one)

    def _handle_binary(self, message: bytes) -> None:
        try:
            header, payload = unpack(message)
            incoming = decode_reply(header)
            if not isinstance(incoming, Notification):
                raise MalformedError("a binary message that is no notification")
            self.subscriptions.receive(incoming, payload)
        except (MalformedError, MalformedReplyError, *UNREADABLE) as error:
            self._complain(f"the game sent a binary message that cannot be read: {error}")

    def _sort(self, incoming: Incoming) -> None:
        if isinstance(incoming, Reply):
            self._settle(incoming)
            return
        try:
            if incoming.method == "rpc.progress":
                self._note_progress(incoming)
            else:
                self.subscriptions.receive(incoming)
        except UNREADABLE as error:
            self._complain(f"the game sent {incoming.method} with bad params: {error}")

    def _settle(self, reply: Reply) -> None:
        number = reply.id
        if number is None and reply.error is not None and len(self._waiting) == 1:
            number = next(iter(self._waiting))  # the game could not even read the id
        if not isinstance(number, int):
            return
        call = self._waiting.pop(number, None)
        if call is None:
            return
        if reply.error is not None:
            call.answer(None, reply.error)
            return
        try:
            result = msgspec.json.decode(reply.result)
        except UNREADABLE as error:
            reason = f"the game sent a result that cannot be read: {error}"
            call.answer(None, BadReplyError(reason))
        else:
            call.answer(result)

    def _note_progress(self, incoming: Notification) -> None:
        if incoming.params is msgspec.UNSET:
            raise msgspec.ValidationError("they are missing")
        progress = _progress.decode(incoming.params)
        call = self._waiting.get(progress.id)
        if call is not None and call.values is not None:
            call.values.append(progress.value)
            call.wake()

    def _complain(self, what: str) -> None:
        if not self._has_complained:
            self._has_complained = True
            _log.warning("%s (this is logged once)", what)

    def _open_link(self) -> Link:
        if self.link is not None:
            return self.link
        raise self.failure or ConnectionLostError("")


def _nothing() -> None:
    pass
