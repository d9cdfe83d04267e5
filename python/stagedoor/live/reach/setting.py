"""What may be put into the place of a value, and how: `coerce()`, `can_put()`, `put()`.

A table says by the exact type of the current value what a new one must be. No type is taken from a
message, and no object is asked to make one of itself. Types of the game cannot be made, so values
of such types cannot be replaced: set what is in them.
"""

from __future__ import annotations

import array
import collections
import enum
import math
import types
from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, Final

from stagedoor.live import values
from stagedoor.live.language.path import Attribute, Identity
from stagedoor.live.reach import arrays
from stagedoor.live.reach.faults import Closed, Misfit, Raised
from stagedoor.live.reach.keys import key_of
from stagedoor.live.reach.members import (
    Found,
    Way,
    attribute,
    container_of,
)
from stagedoor.live.reach.plain import (
    MISSING,
    class_attribute,
    first_of,
    instance_dict,
    own_of,
    short_name,
    type_name,
    value_in,
)
from stagedoor.live.reach.preview import cut, preview
from stagedoor.live.reach.rules import EVALUATES, is_open
from stagedoor.live.reach.vectors import fields_of, is_number_type
from stagedoor.live.reach.walk import Place
from stagedoor.wire.roles import Role
from stagedoor.wire.text import reason_of, with_article

MOST_ITEMS: Final = 1000
"""The most items of a list or dict that is read or replaced as a whole."""
_DEEPEST: Final = 4
_VALUE: Final = 100
"""How many characters a value counts as, if it is no text."""
_CHANGEABLE: Final = (list, collections.deque, array.array, dict)
LONGEST_TEXT: Final = 100_000
"""The most characters of a text that is read or put."""
_MOST_BITS: Final = 1024
_SAFE: Final = 2**53
UNKNOWN: Final[Any] = MISSING
"""Stands for a value that JSON cannot tell."""


# Reading


def as_json(value: object) -> Any:
    """A value as plain JSON, if that tells all of it to everybody; otherwise UNKNOWN. Lists and
    dicts must be of a built-in type themselves, and have few members, all of which can be told."""
    return _told(value, _DEEPEST, [LONGEST_TEXT])


def _told(value: Any, depth: int, room: list[int]) -> Any:
    """`room`: how many more characters there may be; any value counts as some."""
    kind = type(value)
    room[0] -= len(value) if kind is str else _VALUE
    if room[0] < 0:
        return UNKNOWN
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if abs(value) <= _SAFE else UNKNOWN
    if kind is float:
        return value if math.isfinite(value) else UNKNOWN
    if kind is str:
        return value
    if first_of(value, (enum.Enum,)) is not None:
        name = value_in(instance_dict(value), "_name_")
        return name if type(name) is str else UNKNOWN
    if is_number_type(kind):
        return [found.value for name in fields_of(kind) if (found := attribute(value, name))]
    if arrays.is_scalar_type(kind):
        plain = arrays.plain_scalar(value)
        return UNKNOWN if plain is None else _told(plain, depth, room)
    if not depth:
        return UNKNOWN
    if arrays.is_array(value):
        numbers = arrays.few_numbers(value, MOST_ITEMS)
        return UNKNOWN if numbers is None else _told(numbers, depth, room)
    if (kind is list or kind is tuple) and len(value) <= MOST_ITEMS:
        items = []
        for inner in value:
            if (one := _told(inner, depth - 1, room)) is UNKNOWN:
                return UNKNOWN
            items.append(one)
        return items
    if kind is dict and len(value) <= MOST_ITEMS:
        if not all(type(key) is str and is_open(key, Role.VIEWER) for key in value):
            return UNKNOWN
        room[0] -= sum(map(len, value))
        told = {key: _told(inner, depth - 1, room) for key, inner in value.items()}
        return UNKNOWN if any(inner is UNKNOWN for inner in told.values()) else told
    return UNKNOWN


# Making


def coerce(current: object, new: object) -> Any:
    """A value to put into the place of the current one, made of what came as JSON. Raises
    Misfit."""
    if _count(new) > MOST_ITEMS:
        raise Misfit(f"expected at most {MOST_ITEMS:,} values")
    return _coerce(current, new)


def _count(new: object) -> int:
    """How many values there are in one that came as JSON, as far as it matters."""
    rest, count = [new], 0
    while rest and count <= MOST_ITEMS:
        value = rest.pop()
        count += 1
        if type(value) is list:
            rest += value[: MOST_ITEMS + 1]
        elif type(value) is dict:
            rest += islice(value.values(), MOST_ITEMS + 1)
    return count


def _coerce(current: object, new: object) -> Any:
    kind = type(current)
    for known, make in _MAKERS.items():
        if kind is known:
            return make(current, new)
    if first_of(current, (enum.Enum,)) is not None:
        return _member(current, new)
    if is_number_type(kind):
        return _fields(current, new)
    if arrays.is_scalar_type(kind):
        return _scalar(current, new)
    raise Misfit(f"{with_article(type_name(kind))} cannot be replaced: set what is in it")


def is_coercible(current: object) -> bool:
    """Whether `coerce()` makes anything for such a value."""
    kind = type(current)
    if kind is list or kind is tuple:
        inner = current[:1]  # type: ignore[index]
        return len(current) <= MOST_ITEMS and all(map(is_coercible, inner))  # type: ignore[arg-type]
    return (
        any(kind is known for known in _MAKERS)
        or first_of(current, (enum.Enum,)) is not None
        or is_number_type(kind)
        or (arrays.is_scalar_type(kind) and arrays.plain_scalar(current) is not None)
    )


def _none(current: object, new: object) -> Any:
    if new is None or type(new) is bool or type(new) is str:
        return new
    if type(new) is int or type(new) is float:
        return new
    raise Misfit("expected a number, a text, true, false or null: the value is None now")


def _bool(current: object, new: object) -> bool:
    if type(new) is not bool:
        raise Misfit(f"expected true or false, got {_said(new)}")
    return new


def _int(current: object, new: object) -> int:
    if type(new) is float and new.is_integer():
        new = int(new)
    if type(new) is not int or new.bit_length() > _MOST_BITS:
        raise Misfit(f"expected a whole number, got {_said(new)}")
    return new


def _float(current: object, new: object) -> float:
    if type(new) is int or type(new) is float:
        try:
            return float(new)
        except OverflowError:
            pass
    raise Misfit(f"expected a number, got {_said(new)}")


def _str(current: object, new: object) -> str:
    if type(new) is not str or len(new) > LONGEST_TEXT:
        raise Misfit(f"expected a text of at most {LONGEST_TEXT:,} characters, got {_said(new)}")
    return new


def _list(current: Any, new: object) -> list[Any]:
    if type(new) is not list or len(new) > MOST_ITEMS:
        raise Misfit(f"expected a list of at most {MOST_ITEMS:,} items, got {_said(new)}")
    if as_json(current) is UNKNOWN:
        raise Misfit("a list of objects, or a long one, cannot be replaced: set what is in it")
    kinds = {id(type(inner)) for inner in current}
    like = current[0] if len(kinds) == 1 else None
    if like is None and current:
        raise Misfit("a list of values of several types cannot be replaced: set its items")
    return [_coerce(like, inner) for inner in new]


def _tuple(current: Any, new: object) -> tuple[Any, ...]:
    if as_json(current) is UNKNOWN:
        raise Misfit("a tuple of objects, or a long one, cannot be replaced: set what is in it")
    if type(new) is not list or len(new) != len(current):
        raise Misfit(f"expected a list of {len(current)} items, got {_said(new)}")
    return tuple(map(_coerce, current, new))


def _member(current: object, new: object) -> Any:
    members = class_attribute(type(current), "_member_map_")
    names = list(members) if type(members) is dict else []
    if type(new) is str and new in names:
        return members[new]
    raise Misfit(f"expected one of {', '.join(map(str, names[:20]))}, got {_said(new)}")


def _fields(current: object, new: object) -> Any:
    try:
        return values.decode(type(current), new)
    except (TypeError, ValueError) as error:
        raise Misfit(f"{error}, got {_said(new)}") from None


def _scalar(current: object, new: object) -> Any:
    made = _coerce(arrays.plain_scalar(current), new)
    try:
        return type(current)(made)  # type: ignore[call-arg]
    except (TypeError, ValueError, OverflowError) as error:
        raise Misfit(f"no {short_name(type(current))} can be made of it: {error}") from None


_MAKERS: Final[Mapping[type, Callable[[Any, object], Any]]] = {
    type(None): _none,
    bool: _bool,
    int: _int,
    float: _float,
    str: _str,
    list: _list,
    tuple: _tuple,
}


def _said(new: object) -> str:
    """A value that came as JSON, for people."""
    if new is None:
        return "null"
    return str(new).lower() if type(new) is bool else cut(preview(new, Role.ADMIN), 60)


# Putting


def can_put(parent: object, step: object, found: Found) -> bool:
    """Whether a value can be replaced where it is, without code of the game."""
    if found.way is not Way.VALUE or not is_coercible(found.value):
        return False
    try:
        return _putter(parent, step) is not None
    except Closed:
        return False


def put(place: Place, new: object, *, evaluate: bool = False) -> None:
    """Put a value into a place. Raises Misfit if there is no way, and Closed if code of the game
    would have to run: `evaluate` lets it."""
    step = place.step
    if step is None:
        raise Misfit(f"{place.path} is a root: it cannot be replaced, set what is in it")
    try:
        putter = _putter(place.parent, step, place.key)
    except Closed:
        if not (evaluate and isinstance(step, Attribute)):
            raise
        try:
            setattr(place.parent, step.name, new)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise Raised(f"{place.path} raised {reason_of(error)}", error) from error
        return
    if putter is None:
        raise Misfit(
            f"{place.path} cannot be set: {with_article(type_name(type(place.parent)))} is fixed"
        )
    try:
        putter(new)
    except (AttributeError, TypeError, ValueError, OverflowError, IndexError) as error:
        raise Misfit(f"{place.path} cannot be set: {error}") from None


def _putter(parent: Any, step: Any, key: Any = MISSING) -> Callable[[Any], None] | None:
    """What puts a value there; None if nothing can. Raises Closed if code of the game must."""
    if isinstance(step, Attribute):
        return _attribute_putter(parent, step.name)
    kind: Any = container_of(parent)
    if kind is None:
        is_array = arrays.is_array(parent)
        return (lambda new: arrays.put(parent, step.key, new)) if is_array else None
    if not any(kind is one for one in _CHANGEABLE):
        return None
    if class_attribute(type(parent), "__setitem__") is not own_of(kind)["__setitem__"]:
        raise _code("__setitem__")
    if kind is not dict:
        return lambda new: kind.__setitem__(parent, step.key, new)
    if key is not MISSING and isinstance(key_of(key), Identity) and not _hashes_plainly(key):
        raise _code("__hash__ of the key")
    return lambda new: dict.__setitem__(parent, key, new)


def _hashes_plainly(key: object) -> bool:
    """Whether no code of the game runs when the key is looked up."""
    return all(
        class_attribute(type(key), name) is object.__dict__[name] for name in ("__hash__", "__eq__")
    )


def _attribute_putter(parent: Any, name: str) -> Callable[[Any], None] | None:
    kind = type(parent)
    defined = class_attribute(kind, name)
    if type(defined) is types.GetSetDescriptorType and is_number_type(defined.__objclass__):
        return lambda new: defined.__set__(parent, _fitting_c(new))
    setter = class_attribute(kind, "__setattr__")
    if type(setter) is not types.WrapperDescriptorType:  # one of Python's own, or of C code
        raise _code("__setattr__")
    if type(defined) is types.MemberDescriptorType:
        return lambda new: defined.__set__(parent, new)
    if defined is not MISSING and class_attribute(type(defined), "__set__") is not MISSING:
        raise _code(f"{name}, {with_article(short_name(type(defined)))},")
    names: Any = instance_dict(parent)
    return (lambda new: dict.__setitem__(names, name, new)) if type(names) is dict else None


def _fitting_c(number: Any) -> Any:
    """A number that C code does not cut. Raises OverflowError."""
    if type(number) is int and not -(2**31) <= number < 2**31:
        raise OverflowError("it is too large")
    return number


def _code(what: str) -> Closed:
    reason = f"{what} is code of the game: setting it is for admins, who ask for it"
    return Closed(reason, EVALUATES, is_code=True)
