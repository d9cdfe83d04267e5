"""A client's side of the conversation, without I/O: `Session`.

Bytes to send come out of `call()` and `notify()`; what arrives goes into `receive()`, which gives
the answers to calls that are still waited for. A face (`client.sync`) owns the socket, the clock
and the threads. Not thread-safe: a face calls it from one thread at a time.
"""

import itertools
from collections.abc import Mapping
from typing import cast

import msgspec

from stagedoor.client.errors import BadParamsError, BadReplyError
from stagedoor.wire.errors import RpcError
from stagedoor.wire.jsonrpc import UNENCODABLE, UNREADABLE, encode_notification, encode_request
from stagedoor.wire.reply import MalformedReplyError, Reply, decode_reply

SUBPROTOCOL = "stagedoor.json"
MAX_MESSAGE = 17 * 2**20
"""Bytes of one message: an answer may have 16 MiB, and there is something around it."""


class Answer(msgspec.Struct, gc=False):
    """The answer to the call `id`. With the id None, an error about what we sent last: the game
    could not read so much as its id."""

    id: int | None
    result: object
    error: RpcError | None


class Session:
    """Ids, and which of them are waited for."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._waiting: set[int] = set()

    def call(self, method: str, params: object = None) -> tuple[int, bytes]:
        """The id of a new call, and the message to send. Raises: BadParamsError."""
        number = next(self._ids)
        try:
            message = encode_request(number, method, _checked(params))
        except UNENCODABLE as error:
            raise BadParamsError(f"the params of {method} cannot be sent: {error}") from error
        self._waiting.add(number)
        return number, message

    def notify(self, method: str, params: object = None) -> bytes:
        """The message to send for a call without an answer. Raises: BadParamsError."""
        try:
            return encode_notification(method, _checked(params))
        except UNENCODABLE as error:
            raise BadParamsError(f"the params of {method} cannot be sent: {error}") from error

    def forget(self, number: int) -> None:
        """Nobody waits for this call any more: its answer will be dropped."""
        self._waiting.discard(number)

    def receive(self, data: bytes | str) -> list[Answer]:
        """The answers in a text message: those that are waited for. Raises: BadReplyError."""
        try:
            incoming = decode_reply(data)
        except MalformedReplyError as error:
            raise BadReplyError(str(error)) from error
        return [
            _answer(reply)
            for reply in (incoming if isinstance(incoming, list) else [incoming])
            if isinstance(reply, Reply) and self._is_waited_for(reply)
        ]

    def _is_waited_for(self, reply: Reply) -> bool:
        if reply.id is None:
            return reply.error is not None
        if reply.id not in self._waiting:
            return False
        self._waiting.discard(cast(int, reply.id))
        return True


def _answer(reply: Reply) -> Answer:
    try:
        result = msgspec.json.decode(reply.result)
    except UNREADABLE as error:
        raise BadReplyError(f"the game sent a result that cannot be read: {error}") from error
    return Answer(cast(int | None, reply.id), result, reply.error)


def _checked(params: object) -> object:
    if params is None or isinstance(params, dict | list | tuple):
        return params
    if isinstance(params, Mapping):
        return dict(params)
    raise BadParamsError(
        f"params are a mapping (by name) or a list (by position), not {type(params).__name__}"
    )
