"""Values of the game as comparisons know them, without running its code."""

from __future__ import annotations

import enum
from collections import deque
from typing import Any, Final

from stagedoor.live.engines.scene import Unread
from stagedoor.live.language.comparison import Literal
from stagedoor.live.reach import plain

MAX_TEXT: Final = 10_000
"""The most characters of a text that are compared."""
_NOTHING: Final = Unread("it is no number, text, bool or None")
_SIZED: Final = (str, bytes, list, tuple, dict, set, frozenset, deque, bytearray)


def comparable(value: Any, like: Literal = None) -> Literal | Unread:
    """The value as a literal. `like`: what it is compared with: a member of an enum is its name for
    a text, and else its value. Numbers of numpy are numbers."""
    if value is None or type(value) is bool:
        return value
    if plain.is_kind(value, enum.Enum):
        key = "_name_" if isinstance(like, str) else "_value_"
        found = plain.value_in(plain.instance_dict(value), key)
        value = None if found is plain.MISSING else found
    match plain.first_of(value, (int, float, str)):
        case None:
            return _of_numpy(value) if plain.module_of(type(value)) == "numpy" else _NOTHING
        case kind if kind is int:
            return int.__index__(value)
        case kind if kind is float:
            return float.__float__(value)
    return str.__getitem__(value, slice(MAX_TEXT))


def _of_numpy(value: Any) -> Literal | Unread:
    """A number of numpy's own types."""
    import numpy

    if plain.is_kind(value, numpy.generic):
        found = numpy.generic.item(value)
        if isinstance(found, int | float | bool | str):
            return found
    return _NOTHING


def is_truthy(value: Any) -> bool:
    """The truth of a value. What is of the game's own types is true: it is not asked."""
    if value is None:
        return False
    kind: Any = plain.first_of(value, (int, float, *_SIZED))
    if kind is None:
        found = comparable(value)
        return bool(found) if type(found) is not Unread else True
    if kind in (int, float):
        return bool(kind.__bool__(value))
    return bool(kind.__len__(value))
