"""`Form`: params by name, or params by position, decoded straight into typed values."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from stagedoor.live import values
from stagedoor.live.rpc.shape import Shape, find_fault, find_stranger
from stagedoor.wire.errors import InvalidParams, InvalidRequest, ParseError, RpcError
from stagedoor.wire.jsonrpc import UNREADABLE
from stagedoor.wire.text import is_a, text_of

_NOT_FITTING: Final = (*UNREADABLE, TypeError)
"""What msgspec raises for params that do not fit. A TypeError is about a set's members, or is the
game's. What it raises else comes from code of the game: `__post_init__` and the like."""


class Form:
    """Decodes params into a msgspec Struct, whose fields are the arguments of a function."""

    def __init__(self, kind: type[msgspec.Struct], shape: Shape) -> None:
        """`shape`: that of `kind`."""
        self._shape = shape
        self._decode = msgspec.json.Decoder(kind, dec_hook=values.decode).decode
        is_strict = any(child.is_strict for child in shape.children())
        self.decode = self._decode_strictly if is_strict else self._decode
        """Makes the Struct. Raises anything."""

    def _decode_strictly(self, params: bytes) -> Any:
        """msgspec skips names that a dataclass does not have."""
        if (stranger := find_stranger(self._shape, msgspec.json.decode(params))) is not None:
            raise stranger
        return self._decode(params)

    def values(self, params: bytes) -> tuple[Any, ...]:
        """The arguments. Raises RpcError for params that do not fit, and what code of the game
        raises meanwhile."""
        try:
            return astuple(self.decode(params))
        except _NOT_FITTING as error:
            fault = fault_of(params, self._shape)
            if fault is None and is_a(error, msgspec.ValidationError):
                fault = InvalidParams(text_of(error))
            if fault is None:
                raise
            raise fault from None


def fault_of(params: bytes, shape: Shape) -> RpcError | None:
    """What is wrong with params that could not be decoded. None: nothing was found."""
    try:
        value = msgspec.json.decode(params)
    except msgspec.ValidationError as error:  # a number that fits no type
        return InvalidRequest(f"{error}, in params")
    except UNREADABLE as error:
        return ParseError(text_of(error) or "the params cannot be read")
    return find_fault(shape, value)
