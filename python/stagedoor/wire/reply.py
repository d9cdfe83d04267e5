"""What a game sends to its clients: `decode_reply()` gives a `Reply`, a `Notification`, or a list.

Results and params stay JSON text (`msgspec.Raw`, a view of the message) until somebody who knows
their type decodes them.
"""

from typing import TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

from stagedoor.wire.errors import RpcError
from stagedoor.wire.jsonrpc import UNREADABLE, ErrorObject, Id


class MalformedReplyError(ValueError):
    """A message from the game that is no JSON-RPC 2.0 reply or notification."""


class Reply(msgspec.Struct, gc=False):
    """The answer to the call `id`: `error` if that is not None, else `result`. An error with the id
    null is about a message of ours that the game could not read."""

    id: Id
    result: Raw
    error: RpcError | None


class Notification(msgspec.Struct, gc=False):
    """What the game tells without having been asked."""

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
    """One text message as it arrived; a list is the answer to a batch.

    Raises: MalformedReplyError."""
    try:
        message = _decoder.decode(data)
    except UNREADABLE as error:
        raise MalformedReplyError(f"the game sent what is not JSON-RPC: {error}") from error
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
