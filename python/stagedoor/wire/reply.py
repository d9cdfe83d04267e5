"""What a game sends to its clients: `decode_reply()` returns a `Reply`, a `Notification` or a list.

Results and params stay JSON text (`msgspec.Raw`, a view of the message) until code that knows their
type decodes them. Any thread may call.
"""

from typing import TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

from stagedoor.wire.errors import RpcError
from stagedoor.wire.jsonrpc import UNREADABLE, ErrorObject, Id


class MalformedReplyError(ValueError):
    """A message from the game is neither a reply nor a notification of JSON-RPC 2.0."""


class Reply(msgspec.Struct, gc=False):
    """The answer to the call `id`: `error` if that is not None, otherwise `result`. If `id` is
    None, the error is about a message from this client that the game could not read."""

    id: Id
    result: Raw
    error: RpcError | None


class Notification(msgspec.Struct, gc=False):
    """A message that the game sends unasked: `topic.data`, for example."""

    method: str
    params: Raw | UnsetType


class _Any(msgspec.Struct, gc=False):
    id: Id | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: ErrorObject | UnsetType = UNSET
    method: str | UnsetType = UNSET
    params: Raw | UnsetType = UNSET


Incoming: TypeAlias = Reply | Notification

_decoder = msgspec.json.Decoder(_Any | list[_Any])
_NULL = Raw(b"null")


def decode_reply(data: bytes | str) -> Incoming | list[Incoming]:
    """Read one text message as it arrived. A list is the answer to a batch.

    Raises: MalformedReplyError."""
    try:
        message = _decoder.decode(data)
    except UNREADABLE as error:
        raise MalformedReplyError(f"the game sent text that is not JSON-RPC: {error}") from error
    if isinstance(message, list):
        return [_sort(member) for member in message]
    return _sort(message)


def _sort(message: _Any) -> Incoming:
    if message.method is not UNSET:
        return Notification(message.method, message.params)
    if message.id is not UNSET and message.error is not UNSET:
        error = message.error
        data = None if error.data is UNSET else error.data
        return Reply(message.id, _NULL, RpcError.from_wire(error.code, error.message, data))
    if message.id is not UNSET and message.result is not UNSET:
        return Reply(message.id, message.result, None)
    raise MalformedReplyError("the game sent neither a reply nor a notification")
