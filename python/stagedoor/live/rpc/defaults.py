"""Defaults of dataclasses, as JSON Schema can show them: `has_schema()`, `with_plain_defaults()`.

msgspec makes no schema for a dataclass with a default that JSON does not know, as a `Path`.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
import types
import typing
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from stagedoor.live import values
from stagedoor.wire.encoding import to_json

_encoder = msgspec.json.Encoder()
_made: WeakKeyDictionary[type, Any] = WeakKeyDictionary()
"""Classes and their stand-ins, so that all hints have the same one."""
_AS_THEY_ARE = (typing.Literal, typing.Annotated)


def has_schema(hint: Any) -> bool:
    """Whether its schema can be made, and sent. Types of the game may run code of the game."""
    try:
        to_json(msgspec.json.schema(hint, schema_hook=values.schema), _encoder, may_escape=True)
    except Exception:
        return False
    return True


def with_plain_defaults(hint: Any) -> Any:
    """The hint, with stand-ins for those dataclasses in it that have no schema. A class inside
    itself becomes Any there."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, type) and origin is None and dataclasses.is_dataclass(hint):
        if hint not in _made:
            if has_schema(hint):
                return hint
            _made[hint] = Any
            _made[hint] = _stand_in(hint)
        return _made[hint]
    if origin is None or origin in _AS_THEY_ARE or not arguments:
        return hint
    plain = tuple(with_plain_defaults(argument) for argument in arguments)
    if origin in (types.UnionType, typing.Union):
        return functools.reduce(operator.or_, plain)
    return origin[plain]


def _stand_in(of: Any) -> type:
    hints = typing.get_type_hints(of, include_extras=True)
    fields = []
    for field in dataclasses.fields(of):
        if not field.init:
            continue
        fields.append((field.name, with_plain_defaults(hints[field.name]), _field(field)))
    made_of = dataclasses.make_dataclass(of.__name__, fields, kw_only=True)
    made_of.__module__, made_of.__doc__ = of.__module__, of.__doc__
    return made_of


def _field(of: dataclasses.Field[Any]) -> Any:
    if of.default is dataclasses.MISSING:
        return dataclasses.field(default_factory=of.default_factory)
    default = msgspec.to_builtins(of.default, enc_hook=values.encode)
    if isinstance(default, list | dict):  # a dataclass takes none, and a schema shows no factory's
        return dataclasses.field(default_factory=lambda: default)
    return dataclasses.field(default=default)
