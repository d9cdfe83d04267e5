"""`Kind`: how the values of one type go into JSON, and come out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias, get_args, get_origin

Schema: TypeAlias = Mapping[str, Any]

MAX_ITEMS: Final = 1_000_000
"""A value with more items than this is not sent: to make a list of it would stop the game."""

ANYTHING: Final[Schema] = MappingProxyType({})
NUMBER: Final[Schema] = MappingProxyType({"type": "number"})
OBJECT: Final[Schema] = MappingProxyType({"type": "object"})
TEXT: Final[Schema] = MappingProxyType({"type": "string"})


class Kind(NamedTuple):
    """How the values of one type, and of those derived from it, are sent and taken as params."""

    encode: Callable[[Any], Any]
    """Returns what JSON knows, or what another kind does. Raises TypeError or ValueError."""
    decode: Callable[[Any, Any], Any] | None = None
    """Makes a value from a hint and what came. Raises TypeError or ValueError, with what was
    expected. None: it cannot be taken as a param."""
    schema: Schema | Callable[[Any], Schema] = ANYTHING
    """What `decode` takes, or what it takes for a hint."""


def unnamed(hint: Any) -> Any:
    """The hint that a name stands for: `type Trail = deque[int]`, or `NDArray[int8]`."""
    while (value := getattr(hint, "__value__", None)) is not None:
        arguments = get_args(hint)
        if arguments and (parameters := getattr(value, "__parameters__", ())):
            given = dict(zip(get_origin(hint).__type_params__, arguments, strict=False))
            value = value[tuple(given.get(one, Any) for one in parameters)]
        hint = value
    return hint


def type_in(hint: Any) -> type:
    """The type of a hint as `deque[int]`."""
    found = get_origin(hint) or hint
    return found if isinstance(found, type) else object


def array_of(item: Schema, count: int | None = None) -> Schema:
    """The schema of an array of so many items; None: of any number."""
    schema: dict[str, Any] = {"type": "array", "items": dict(item)}
    return schema if count is None else schema | {"minItems": count, "maxItems": count}


def items_of(value: Any) -> list[Any]:
    """The items of a value as a list. Raises ValueError if they are too many."""
    if len(value) > MAX_ITEMS:
        raise ValueError(
            f"{type(value).__qualname__} has {len(value)} items; at most {MAX_ITEMS} are sent"
        )
    return list(value)


def numbers(value: Any, names: str, *, whole: bool = False) -> list[float]:
    """Check that a param is an array of as many numbers as there are names. `whole`: integers as C
    has them. Raises ValueError."""
    count = len(names.split())
    fits = _fits_an_int if whole else _is_a_number
    if not isinstance(value, list) or len(value) != count or not all(map(fits, value)):
        what = "integers" if whole else "numbers"
        raise ValueError(f"expected {count} {what}: [{', '.join(names.split())}]")
    found: list[float] = value
    return found


def _is_a_number(value: object) -> bool:
    return type(value) in (int, float)


def _fits_an_int(value: object) -> bool:
    """Of C, which would cut a larger one."""
    return type(value) is int and -(2**31) <= value < 2**31


def tuple_of(type_of_value: type, names: str, *, whole: bool = False) -> Kind:
    """The kind of a type that is made from a sequence of numbers, and is one."""

    def decode(hint: Any, value: Any) -> Any:
        return hint(numbers(value, names, whole=whole))

    item = {"type": "integer"} if whole else NUMBER
    schema = {**array_of(item, len(names.split())), "title": type_of_value.__qualname__}
    return Kind(list, decode, schema)
