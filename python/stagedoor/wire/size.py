"""What may be sent: `check_surface()` before a text is made, `check_size()` after.

Any thread may call.
"""

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, Final

MAX_ANSWER: Final = 16 << 20
"""The most bytes that a text may have, by default."""

_LOOKED_AT: Final = 64
"""How many members of a value `check_surface()` looks at."""
_SMALL: Final = frozenset({int, float, bool, type(None)})


class UnsendableError(ValueError):
    """A value cannot be sent as JSON. Its text says why."""


class TooLargeError(UnsendableError):
    """A text has, or would have, too many bytes."""

    def __init__(self, size: int, most: int, *, is_exact: bool) -> None:
        about = "" if is_exact else "at least "
        super().__init__(
            f"it has {about}{size:,} bytes, the most is {most:,}; send less, or send it in parts"
        )


def check_size(text: bytes, most: int = MAX_ANSWER) -> bytes:
    """Return the text of an answer unchanged. Raises: TooLargeError, above `most` bytes."""
    if len(text) > most:
        raise TooLargeError(len(text), most, is_exact=True)
    return text


def check_surface(value: object, most: int = MAX_ANSWER) -> None:
    """Raise TooLargeError for a value whose JSON would certainly have more than `most` bytes, so
    that a text of a gigabyte is never made. Looks at the value and its first members, no deeper."""
    if type(value) in _SMALL:
        return
    least = _least(value)
    if least <= most:
        least += sum(map(_least, _members(value)))
    if least > most:
        raise TooLargeError(least, most, is_exact=False)


def _least(value: Any) -> int:
    """The least bytes of JSON that the value takes, without its members."""
    if isinstance(value, str | bytes | bytearray | memoryview):
        return len(value)
    if isinstance(value, list | tuple | set | frozenset):
        return 2 * len(value)  # a digit and a comma
    if isinstance(value, dict):
        return 5 * len(value)
    return 0


def _members(value: Any) -> list[Any]:
    # What derived types make of a slice does not matter here: msgspec does not ask them.
    if isinstance(value, list):
        return list.__getitem__(value, slice(_LOOKED_AT))
    if isinstance(value, tuple):
        return list(tuple.__getitem__(value, slice(_LOOKED_AT)))
    if isinstance(value, Mapping):
        return list(value.values()) if len(value) <= _LOOKED_AT else []
    if is_dataclass(value):
        return [getattr(value, name, None) for name in value.__dataclass_fields__]
    names = getattr(type(value), "__struct_fields__", ())
    return [getattr(value, name, None) for name in names]
