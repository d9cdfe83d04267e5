"""Values of the standard library that msgspec does not know: collections, paths, numbers."""

from __future__ import annotations

import array
import collections
from collections.abc import Callable, Mapping, Sequence, Set, ValuesView
from fractions import Fraction
from pathlib import PurePath
from types import SimpleNamespace
from typing import Any, Final, get_args

import msgspec

from stagedoor.live.values.kind import (
    ANYTHING,
    NUMBER,
    OBJECT,
    TEXT,
    Kind,
    array_of,
    items_of,
    type_in,
)
from stagedoor.wire.text import exact


def _typed(kind: type) -> Callable[[Any, Any], Any]:
    """Makes a value from one of a plain type, which is checked."""
    return lambda hint, value: hint(msgspec.convert(value, kind))


def _complex(hint: Any, value: Any) -> Any:
    return hint(*msgspec.convert(value, tuple[float, float]))


def _path(hint: Any, value: Any) -> Any:
    text = msgspec.convert(value, str)
    if "\0" in text:
        raise ValueError("a path has no null character")
    return hint(text)


def _items(hint: Any, count: int) -> tuple[Any, ...]:
    """The types in a hint as `deque[int]`, or Any."""
    return get_args(hint) or (Any,) * count


def _sequence(hint: Any, value: Any) -> Any:
    (item,) = _items(hint, 1)
    return type_in(hint)(_convert(value, list[item]))  # type: ignore[valid-type]


def _mapping(hint: Any, value: Any) -> Any:
    key, item = _items(hint, 2)
    return type_in(hint)(_convert(value, dict[key, item]))  # type: ignore[valid-type]


def _mapping_with_default(hint: Any, value: Any) -> Any:
    key, item = _items(hint, 2)
    default = item if isinstance(item, type) else None
    return type_in(hint)(default, _convert(value, dict[key, item]))  # type: ignore[valid-type]


def _counter(hint: Any, value: Any) -> Any:
    (key,) = _items(hint, 1)
    return type_in(hint)(_convert(value, dict[key, int]))  # type: ignore[valid-type]


def _convert(value: Any, hint: Any) -> Any:
    from stagedoor.live.values import decode  # what is in it may be a value of any kind

    return msgspec.convert(value, hint, dec_hook=decode)


KINDS: Final[Mapping[type, Kind]] = {
    str: Kind(str.__str__, _typed(str), TEXT),
    int: Kind(int.__int__, _typed(int), {"type": "integer"}),
    float: Kind(float.__float__, _typed(float), NUMBER),
    bytes: Kind(bytes),
    complex: Kind(lambda value: [value.real, value.imag], _complex, array_of(NUMBER, 2)),
    Fraction: Kind(str, _typed(str), TEXT),
    PurePath: Kind(lambda path: exact(str(path)), _path, TEXT),
    SimpleNamespace: Kind(vars),
    array.array: Kind(items_of),
    collections.UserString: Kind(str, _typed(str), TEXT),
    collections.deque: Kind(items_of, _sequence, array_of(ANYTHING)),
    collections.Counter: Kind(dict, _counter, OBJECT),
    collections.defaultdict: Kind(dict, _mapping_with_default, OBJECT),
    dict: Kind(dict, _mapping, OBJECT),
}
"""By type, for those that are derived from it, too."""
ABSTRACT: Final[Sequence[tuple[type, Kind]]] = (
    (Mapping, Kind(lambda value: {key: value[key] for key in items_of(value)})),
    (Set, Kind(items_of)),
    (Sequence, Kind(items_of)),
    (ValuesView, Kind(items_of)),
)
"""Collections of any type: the first that fits is taken."""
