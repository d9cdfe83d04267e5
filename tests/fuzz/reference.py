"""JSON-RPC 2.0 as the specification says it, in the plainest way: what `stagedoor.wire.jsonrpc`
must agree with. It has the standard library's parser, which shares nothing with ours."""

from __future__ import annotations

import json
import math
import sys
from typing import Any, NamedTuple

MAX_BATCH = 100
MAX_NESTING = 64
MAX_DIGITS = sys.get_int_max_str_digits()
MEMBERS = ("jsonrpc", "method", "params", "id")


class Expected(NamedTuple):
    """What one message, or one member of a batch, is."""

    code: int | None
    """The error that it must be answered with; None: it is a request."""
    ident: Any = None
    """The id of the answer, as JSON has it."""
    answered: bool = True
    method: str = ""
    params: Any = None
    refused: Any = None
    """The id of the answer, if the call is refused before its params are found to be no JSON."""


UNCLEAR = object()
"""Any id will do: a member occurs twice, perhaps the id."""


class CannotTellError(Exception):
    """The standard library cannot read what ours may."""


class _Object(list[tuple[str, Any]]):
    """Members as often as they occur."""


class _Huge:
    """A number that no float is."""


PARSE_ERROR = Expected(-32700)
INVALID = Expected(-32600)


def same(ident: object, other: object) -> bool:
    """Whether two ids are the same; 1 is not 1.0."""
    return type(ident) is type(other) and ident == other


def expect(data: bytes) -> Expected | list[Expected]:
    """What a message is. Raises: CannotTellError."""
    try:
        value = _parse(data.decode())
    except ValueError:
        return PARSE_ERROR
    if not isinstance(value, list) or isinstance(value, _Object):
        return _one(value)
    if not value or len(value) > MAX_BATCH:
        return INVALID
    return [_one(member) for member in value]


def _parse(text: str) -> Any:
    def number(digits: str) -> Any:
        if len(digits.lstrip("-")) > MAX_DIGITS:
            return _Huge()
        return int(digits)

    def real(digits: str) -> Any:
        value = float(digits)
        return value if math.isfinite(value) else _Huge()

    def constant(name: str) -> Any:
        raise ValueError(name)

    try:
        value = json.loads(
            text,
            object_pairs_hook=_Object,
            parse_int=number,
            parse_float=real,
            parse_constant=constant,
        )
        is_text = not _has_lone_surrogate(value)
    except RecursionError as error:
        raise CannotTellError from error
    if not is_text:
        raise ValueError("a lone surrogate")
    return value


def _one(value: Any) -> Expected:
    if not isinstance(value, _Object):
        return INVALID
    members: dict[str, Any] = dict(value)
    ident = members.get("id")
    has_id = "id" in members
    is_legal = ident is None or type(ident) in (str, int, float)
    shown = ident if is_legal else None
    names = [name for name, _ in value]
    if any(names.count(name) > 1 for name in MEMBERS):
        return Expected(-32600, UNCLEAR)
    if members.get("jsonrpc") != "2.0" or not isinstance(members.get("method"), str):
        return Expected(-32600, shown)
    if not is_legal:
        return INVALID
    if _depth(value) > 1 + MAX_NESTING:
        return Expected(-32600, shown)
    return Expected(None, shown, has_id, members["method"], members.get("params"))


def _has_lone_surrogate(value: Any) -> bool:
    """Whether a string has half of a surrogate pair: that is no text."""
    if isinstance(value, str):
        return any("\ud800" <= letter <= "\udfff" for letter in value)
    return isinstance(value, list | tuple) and any(map(_has_lone_surrogate, value))


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level := [inner for inner in level if isinstance(inner, list)]:
        deepest += 1
        level = [
            member[1] if isinstance(outer, _Object) else member
            for outer in level
            for member in outer
        ]
    return deepest
