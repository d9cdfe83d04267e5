"""Keys of dicts and members of sets: how a path names them, and which one it names."""

from __future__ import annotations

import math
from typing import Any, Final

from stagedoor.live.language.path import MAX_NESTING, MAX_PARTS, Identity, Key

_LONGEST_KEY: Final = 200
_MOST_BITS: Final = 256


def is_same_key(key: Any, wanted: Key) -> bool:
    kind = type(wanted)
    if kind is Identity:
        return id(key) == wanted.number  # type: ignore[union-attr]
    if type(key) is not kind:
        return False
    if kind is tuple:
        return len(key) == len(wanted) and all(map(is_same_key, key, wanted))  # type: ignore[arg-type]
    return bool(key == wanted)


def key_of(key: object, nesting: int = 0) -> Key:
    """How a path names a key: by what it is, if it is plain and short, else by its identity."""
    kind = type(key)
    if kind is str and len(key) <= _LONGEST_KEY and _is_text(key):  # type: ignore[arg-type]
        return key  # type: ignore[return-value]
    if key is None or kind is bool:
        return key  # type: ignore[return-value]
    if kind is int and int.bit_length(key) <= _MOST_BITS:  # type: ignore[arg-type]
        return key  # type: ignore[return-value]
    if kind is float and math.isfinite(key):  # type: ignore[arg-type]
        return key  # type: ignore[return-value]
    if kind is tuple and nesting < MAX_NESTING and len(key) <= MAX_PARTS:  # type: ignore[arg-type]
        parts = tuple(key_of(part, nesting + 1) for part in key)  # type: ignore[attr-defined]
        if not any(isinstance(part, Identity) for part in parts):
            return parts
    return Identity(id(key))


def is_by_identity(key: Key) -> bool:
    """Whether no text can name the key, but its identity."""
    return isinstance(key, Identity)


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text)
