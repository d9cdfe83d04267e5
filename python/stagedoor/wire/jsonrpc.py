"""JSON-RPC 2.0 (https://www.jsonrpc.org/specification): messages from bytes, and to bytes.

For the game: `decode()` turns a message into a `Request`, a `Malformed`, or a list of both (a
batch), and never raises. `encode_result`, `encode_error`, `encode_notification` and `join_batch`
make what the game sends. For a client: `encode_request`; `wire.reply` reads the answers.

Native code reads requests of the usual form. Everything else comes here, and is checked for all
that can be wrong with it. Any thread may call any of this.
"""

import json
import sys
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Raw, UnsetType

from stagedoor.wire.encoding import Sealed, to_json
from stagedoor.wire.errors import InvalidRequest, ParseError, RpcError
from stagedoor.wire.nesting import is_nested_deeper
from stagedoor.wire.size import MAX_ANSWER

MAX_BATCH: Final = 100
"""The most members that a batch may have, by default."""

MAX_NESTING: Final = 64
"""How deep params may nest, by default: `[1]` is 1 deep."""

MAX_AROUND: Final = 2
"""How deep a message nests around the params: a batch, and the object of a request."""

Id: TypeAlias = str | int | float | None

UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What msgspec raises for input that is not JSON, or not of the expected type."""


class Request(msgspec.Struct, gc=False):
    """A call; a notification if it has no id."""

    method: str
    params: bytes | None = None
    """The JSON text of the params, to be decoded straight into typed values; None: there are none.
    An object has the params by name (its first byte is `{`), an array by position (`[`). Anything
    else is an error, which the receiver must find: it looks at that byte anyway."""
    id: Id | UnsetType = UNSET
    """The id as it was sent. The answer has the same."""

    @property
    def is_notification(self) -> bool:
        """Whether the caller wants no answer, not even an error."""
        return self.id is UNSET


class Malformed(msgspec.Struct, gc=False):
    """A message that is not a request. It must be answered with `error`. `id` is None unless a
    valid one could be read."""

    id: Id
    error: RpcError


Message: TypeAlias = Request | Malformed | list[Request | Malformed]


def is_nobodys(member: Request | Malformed) -> bool:
    """Whether it cannot be told which call of a batch this is."""
    return isinstance(member, Malformed) and member.id is None


class _Request(msgspec.Struct, gc=False):
    """A request as it is in the message."""

    jsonrpc: Literal["2.0"]
    method: str
    params: Raw | UnsetType = UNSET
    id: Id | UnsetType = UNSET


_request = msgspec.json.Decoder(_Request)
_anything = msgspec.json.Decoder(dict[str, Raw] | list[Raw] | str | int | float | bool | None)
_id: msgspec.json.Decoder[Id] = msgspec.json.Decoder(Id)


def decode(
    data: bytes | str, max_batch: int = MAX_BATCH, max_nesting: int = MAX_NESTING
) -> Message:
    """Read one message as it arrived. Never raises: a message that is wrong becomes a `Malformed`.

    Members that the specification does not name are ignored. One that it names must not occur
    twice. Within params, the last of two equal names counts.

    What nests much deeper than `max_nesting` must have been cut off before: how deep msgspec goes,
    and whether it stops, depends on Python's version and on the caller's stack."""
    try:
        if isinstance(data, str):
            data = data.encode()
        elif not data.isascii():
            data.decode()  # msgspec does not check the bytes that it skips
        request = _request.decode(data)
    except UNREADABLE as error:
        return _examine(data, error, max_batch, max_nesting)
    return _checked(request, data, max_nesting)


def _examine(
    data: bytes | str, first_error: Exception, max_batch: int | None, max_nesting: int
) -> Message:
    """Find out whether this is a batch, not a request, or not even JSON. `max_batch` is None for a
    member of a batch."""
    if isinstance(first_error, UnicodeError):
        return Malformed(None, ParseError("the message is not valid UTF-8"))
    try:
        message = _anything.decode(data)
    except msgspec.ValidationError as error:
        return Malformed(None, InvalidRequest(str(error)))
    except msgspec.DecodeError as error:
        return Malformed(None, ParseError(str(error)))
    except (UnicodeError, RecursionError) as error:
        return Malformed(None, ParseError(_reason(error)))
    if isinstance(message, list):
        if max_batch is None:
            return Malformed(None, InvalidRequest("a batch cannot be a member of a batch"))
        return _examine_batch(message, max_batch, max_nesting)
    if isinstance(message, dict):
        return Malformed(_legal_id(message.get("id")), InvalidRequest(_reason(first_error)))
    return Malformed(None, InvalidRequest("expected an object, or an array of objects"))


def _examine_batch(members: list[Raw], max_batch: int, max_nesting: int) -> Message:
    if not members:
        return Malformed(None, InvalidRequest("the batch is empty"))
    if len(members) > max_batch:
        return Malformed(
            None, InvalidRequest(f"the batch has {len(members)} members, the most is {max_batch}")
        )
    return [_examine_member(bytes(member), max_nesting) for member in members]


def _examine_member(data: bytes, max_nesting: int) -> Request | Malformed:
    try:
        request = _request.decode(data)
    except UNREADABLE as error:
        found = _examine(data, error, None, max_nesting)
        assert not isinstance(found, list)
        return found
    return _checked(request, data, max_nesting)


def _legal_id(raw: Raw | None) -> Id:
    if raw is None:
        return None
    try:
        return _id.decode(raw)
    except UNREADABLE:
        return None


def _checked(request: _Request, data: bytes, max_nesting: int) -> Request | Malformed:
    """Check what msgspec does not: how deep the params nest, and whether a member occurs twice."""
    params = None if request.params is UNSET else bytes(request.params)
    # msgspec silently takes the last of two equal members. Usually the number of quotes shows that
    # there are no members except those that it read.
    quotes = 8  # around the names and values of jsonrpc and method
    if params is not None:
        quotes += 2 + params.count(b'"')
    if request.id is not UNSET:
        quotes += 4 if isinstance(request.id, str) else 2
    if data.count(b'"') != quotes:
        try:
            names = _names(data)
        except RecursionError:
            return Malformed(None, InvalidRequest(_too_deep(max_nesting)))
        for name in _Request.__struct_fields__:
            if names.count(name) > 1:
                return Malformed(None, InvalidRequest(f"the member {name!r} occurs twice"))
    if is_nested_deeper(data, max_nesting + 1):
        ident = None if request.id is UNSET else request.id
        return Malformed(ident, InvalidRequest(_too_deep(max_nesting)))
    return Request(request.method, params, request.id)


def _names(data: bytes) -> list[str]:
    """The names of an object's members, each as often as it occurs."""

    def names_of(pairs: list[tuple[str, object]]) -> list[str]:
        return [name for name, _ in pairs]

    # The hook is called for the outermost object last, so its names are the result.
    names: list[str] = json.loads(data, object_pairs_hook=names_of, parse_int=str)
    return names


def _too_deep(max_nesting: int) -> str:
    return f"the params are nested more than {max_nesting} deep"


def _reason(error: Exception) -> str:
    return "the message is nested too deeply" if isinstance(error, RecursionError) else str(error)


# Out


class _Call(msgspec.Struct, gc=False):
    jsonrpc: Literal["2.0"]
    method: str
    params: Any = UNSET
    id: Id | UnsetType = UNSET


class _Result(msgspec.Struct, gc=False):
    jsonrpc: Literal["2.0"]
    result: Any
    id: Id


class ErrorObject(msgspec.Struct, gc=False):
    """The `error` of an answer."""

    code: int
    message: str
    data: Any = UNSET


class _Failure(msgspec.Struct, gc=False):
    jsonrpc: Literal["2.0"]
    error: ErrorObject
    id: Id


_encoder = msgspec.json.Encoder()

# Each raises UnsendableError for what cannot be sent. `encoder` knows the types in it.


def encode_result(
    id: Id,
    result: object,
    encoder: msgspec.json.Encoder = _encoder,
    max_size: int = MAX_ANSWER,
    *,
    may_escape: bool = False,
) -> bytes:
    """An answer with a result, of at most `max_size` bytes. `may_escape`: as for `to_json()`."""
    content = result
    if type(result) is Sealed:
        result, content = result.value, None
    answer = _Result("2.0", result, id)
    return to_json(answer, encoder, max_size, content=content, may_escape=may_escape)


def encode_error(
    id: Id,
    error: RpcError,
    encoder: msgspec.json.Encoder = _encoder,
    max_size: int = MAX_ANSWER,
) -> bytes:
    """An answer with an error, of at most `max_size` bytes. One that this package made can be sent:
    texts are escaped as far as UTF-8 cannot carry them."""
    data = UNSET if error.data is None else error.data
    failure = _Failure("2.0", ErrorObject(error.code, error.message, data), id)
    return to_json(failure, encoder, max_size, content=error.data, may_escape=True)


def encode_request(id: Id | UnsetType, method: str, params: object = None) -> bytes:
    """A client's call; without an id, it gets no answer. `params`: a mapping or struct (by name), a
    sequence (by position), or None (none)."""
    call = _Call("2.0", method, UNSET if params is None else params, id)
    return to_json(call, _encoder, sys.maxsize, content=params)


def encode_notification(
    method: str,
    params: object = None,
    encoder: msgspec.json.Encoder = _encoder,
    max_size: int = MAX_ANSWER,
    content: object = ...,
) -> bytes:
    """What the game says unasked. Parameters as in `encode_request()` and `encode_result()`.
    `content`: what of the params is not this package's own; by default all of them."""
    call = _Call("2.0", method, UNSET if params is None else params)
    return to_json(call, encoder, max_size, content=params if content is ... else content)


def join_batch(answers: list[bytes]) -> bytes:
    """The answer to a batch, made of the answers to its members. If there are none, send nothing:
    a batch of notifications has no answer."""
    return b"[" + b",".join(answers) + b"]"
