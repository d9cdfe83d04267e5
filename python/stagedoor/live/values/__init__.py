"""Values that JSON does not know, but people do: of the standard library, of numpy, of frameworks.

`encode()` turns one into what JSON knows, `decode()` makes one for a parameter with such a hint. A
library is asked only about types of its own, so none is imported here. Any thread may call.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from stagedoor.live.values import standard
from stagedoor.live.values.kind import Kind, Schema, type_in, unnamed
from stagedoor.wire.text import exact

__all__ = ["Kind", "Schema", "can_decode", "decode", "encode", "schema"]

LIBRARIES: Final[Mapping[str, str]] = {
    "numpy": "stagedoor.live.values.numpy",
    "pygame": "stagedoor.live.engines.pygame.values",
}
"""The package of each library, and ours for its values. Ours has a function:

    kinds() -> dict[type, Kind]  # called once a value of the library was met
"""

_kinds: dict[type, Kind] = dict(standard.KINDS)
_missing = dict(LIBRARIES)
_derived: dict[type, Kind] = {}
"""Types of which a base is known."""
_KEYS: Final = (tuple, frozenset, bool, type(None))
"""What msgspec knows, but not as a key of a dict: `{(2, 3): 1}` becomes `{"(2, 3)": 1}`."""


def encode(value: Any) -> Any:
    """Turn a value into what JSON knows, or what has values of other kinds in it.

    msgspec calls this for what it does not know, and for the keys of dicts. Raises TypeError if the
    type is not known, and what its kind raises.
    """
    if isinstance(value, _KEYS):
        return exact(str(value))
    kind = _kind_of(type(value))
    if kind is not None:
        return kind.encode(value)
    raise TypeError(f"{type(value).__qualname__} is not known to JSON; see stage.encoder()")


def can_decode(hint: Any) -> bool:
    """Whether `decode()` makes values for this hint."""
    kind = _kind_of(type_in(unnamed(hint)))
    return kind is not None and kind.decode is not None


def decode(hint: Any, value: Any) -> Any:
    """Make a value for a hint from what came in JSON. msgspec calls this for what it does not know.

    Raises TypeError or ValueError, with what was expected.
    """
    hint = unnamed(hint)
    kind = _kind_of(type_in(hint))
    if kind is None or kind.decode is None:
        raise TypeError(f"{hint!r} cannot be made from JSON")
    try:
        return kind.decode(hint, value)
    except ArithmeticError as error:  # too large for the type, or divided by 0
        raise ValueError(f"no {type_in(hint).__name__} can be made of it: {error}") from None


def schema(hint: Any) -> dict[str, Any]:
    """The JSON Schema of what `decode()` takes. Raises NotImplementedError, as msgspec's hook must,
    for a hint that it knows nothing of."""
    hint = unnamed(hint)
    kind = _kind_of(type_in(hint))
    if kind is None:
        raise NotImplementedError
    return dict(kind.schema(hint) if callable(kind.schema) else kind.schema)


def _kind_of(type_of_value: type) -> Kind | None:
    kind = _kinds.get(type_of_value) or _derived.get(type_of_value)
    if kind is not None:
        return kind
    for base in type_of_value.__mro__:
        library = base.__module__.partition(".")[0] if isinstance(base.__module__, str) else ""
        if ours := _missing.pop(library, None):
            _kinds.update(import_module(ours).kinds())
        if (kind := _kinds.get(base)) is not None:
            break
    else:
        kind = next((k for base, k in standard.ABSTRACT if issubclass(type_of_value, base)), None)
    if kind is not None:
        _derived[type_of_value] = kind
    return kind
