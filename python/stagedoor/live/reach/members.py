"""What is one step below a value: its attributes, the items of a container, the members of a set.

`attribute()` and `item()` take one step; `attributes()` and `items()` list them. No code of the
game runs: what would need some is LAZY.
"""

from __future__ import annotations

import array
import collections
import enum
import types
from collections.abc import Generator, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from stagedoor.live.language.path import (
    Attribute,
    Item,
    Member,
    Step,
)
from stagedoor.live.reach import arrays, rules
from stagedoor.live.reach.faults import Missing
from stagedoor.live.reach.handles import Handles
from stagedoor.live.reach.keys import is_same_key, key_of
from stagedoor.live.reach.plain import (
    MISSING,
    PerClass,
    class_attribute,
    defined,
    first_of,
    instance_dict,
    is_dunder,
    size_of,
    value_in,
)
from stagedoor.live.reach.stored import stored_by
from stagedoor.live.reach.vectors import fields_of, is_number_type

SLICE: Final = 8192
"""How many keys are looked at in one piece of a search: half a millisecond."""
PIECE: Final = 256
"""How many attributes and items are listed in one piece."""
SKIPPED: Final = 100_000
"""How many items are passed over in one piece of a jump: a millisecond."""
_MOST_RESTARTS: Final = 5
_LONGEST_NAME: Final = 1000
"""Attributes with longer names are left out, as no path can be so long."""
_TUPLEGETTER: Final[type] = type(collections.namedtuple("_", "field").field)  # type: ignore[attr-defined]
INDEXED: Final = (list, tuple, array.array)
"""Those that find any item at once."""
LISTS: Final = (*INDEXED, collections.deque)
SETS: Final = (set, frozenset)
CONTAINERS: Final = (*LISTS, dict, *SETS, Handles)
_DESCRIPTORS_OF_C: Final = (
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    _TUPLEGETTER,
)


class Way(enum.Enum):
    """How an attribute is come by."""

    VALUE = "value"
    """It is there, and was read."""
    LAZY = "lazy"
    """Code would have to run: a property, `__getattr__` and the like."""
    ROUTINE = "routine"
    """A method, as it stands in its class."""


class Found(NamedTuple):
    """What a step leads to."""

    way: Way
    value: Any
    """LAZY: what defines it, or MISSING. ROUTINE: the function in the class."""
    in_class: bool = False
    """It stands in the class, not in the object itself."""


class Child(NamedTuple):
    """What is one step below a value."""

    step: Step
    name: str | None
    """By which secrets are told: see `rules`."""
    found: Found
    key: Any = MISSING
    """The key of a dict, as an object."""


# Attributes


def _find_slots(kind: type) -> tuple[str, ...]:
    return fields_of(kind) or tuple(
        name
        for name, found in defined(kind)
        if type(found) is types.MemberDescriptorType or type(found) is _TUPLEGETTER
    )


_slots: Final = PerClass(_find_slots)
_safe_getset: Final = PerClass(is_number_type)


def slots_of(kind: type) -> tuple[str, ...]:
    """The attributes that objects of a type keep in no dict: slots, and the fields of a vector."""
    return _slots(kind)  # type: ignore[no-any-return]


def attribute(value: object, name: str, *, is_root: bool = False) -> Found | None:
    """One attribute; None if there is none. Whether it may be seen is for `rules` to say."""
    steps = attribute_in_steps(value, name, is_root=is_root)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: Found | None = stop.value
            return found


def attribute_in_steps(
    value: object, name: str, *, is_root: bool = False
) -> Generator[None, None, Found | None]:
    """`attribute()`, which yields after each piece of a search in an object that has many."""
    if type(value) is Handles:
        return None
    names = instance_dict(value)
    if is_root and first_of(value, (types.ModuleType,)) is not None:
        inner = yield from _search_names(names, name)
        return None if inner is MISSING else Found(Way.VALUE, inner)
    defined_as = class_attribute(type(value), name)
    if _is_read_by_class(defined_as):
        return _read_by_class(value, defined_as)
    inner = yield from _search_names(names, name)
    if inner is not MISSING:
        return Found(Way.VALUE, inner)
    if defined_as is not MISSING:
        return _from_class(defined_as)
    return Found(Way.LAZY, MISSING) if answers_any_name(type(value)) else None


def _is_read_by_class(defined_as: object) -> bool:
    """Whether what a class defines under a name comes before what the object itself has there."""
    described = type(defined_as)
    if defined_as is MISSING:
        return False
    if any(described is one for one in _DESCRIPTORS_OF_C):
        return True
    return _defines(described, "__set__") or _defines(described, "__delete__")


def _read_by_class(value: object, defined_as: Any) -> Found | None:
    described = type(defined_as)
    if (stored := stored_by(defined_as)) is not None:
        inner = value_in(instance_dict(value), stored)
        return None if inner is MISSING else Found(Way.VALUE, inner, in_class=True)
    if described is types.MemberDescriptorType or described is _TUPLEGETTER:
        return _read(defined_as, value)
    if described is types.GetSetDescriptorType and _safe_getset(defined_as.__objclass__):
        return _read(defined_as, value)
    return Found(Way.LAZY, defined_as, in_class=True)


def _from_class(defined_as: object) -> Found:
    if first_of(defined_as, rules.FUNCTIONS) is not None:
        return Found(Way.ROUTINE, defined_as, in_class=True)
    if _defines(type(defined_as), "__get__"):
        return Found(Way.LAZY, defined_as, in_class=True)
    return Found(Way.VALUE, defined_as, in_class=True)


def _search_names(names: Any, name: str) -> Generator[None, None, Any]:
    """What an instance's dict has under a name; or MISSING."""
    if size_of(names) <= SLICE:
        return value_in(names, name)
    child = yield from _search(lambda: iter(dict.items(names)), Item(name))
    return MISSING if child is None else child.found.value


def answers_any_name(kind: type) -> bool:
    """Whether code of the type decides what attributes there are."""
    getter = class_attribute(kind, "__getattribute__")
    return _defines(kind, "__getattr__") or type(getter) is not types.WrapperDescriptorType


def _defines(kind: type, name: str) -> bool:
    return class_attribute(kind, name) is not MISSING


def _read(descriptor: Any, value: object) -> Found | None:
    try:
        return Found(Way.VALUE, descriptor.__get__(value, type(value)))
    except (AttributeError, TypeError, IndexError):  # a slot that is not set, or not the value's
        return None


def attributes(
    value: object, *, is_root: bool = False, every: bool = False
) -> Iterator[Child | None]:
    """The attributes of a value: its slots, those in its dict, then what stands in its class.

    Unless `every`: without methods, and of a module without what it has imported or defined. Yields
    None for every so many that are left out. Raises RuntimeError if the object gets or loses some
    meanwhile.
    """
    if rules.is_leaf(value, is_root=is_root) or type(value) is Handles:
        return
    kind, names = type(value), instance_dict(value)
    if first_of(value, (types.ModuleType,)) is not None:
        for at, (key, inner) in enumerate(_few_or_live(names), 1):
            if _is_listed(key) and (every or not rules.is_leaf(inner)):
                yield Child(Attribute(key), key, Found(Way.VALUE, inner))
            elif at % PIECE == 0:
                yield None
        return
    seen = set(_slots(kind))
    found: Found | None
    for name in _slots(kind):
        found = _read_by_class(value, class_attribute(kind, name))
        if found is not None:
            yield Child(Attribute(name), name, found)
    for at, (key, inner) in enumerate(_few_or_live(names), 1):
        if not _is_listed(key) or key in seen:
            if at % PIECE == 0:
                yield None
            continue
        found = Found(Way.VALUE, inner)
        defined_as = class_attribute(kind, key)
        if defined_as is not MISSING:
            seen.add(key)
            if _is_read_by_class(defined_as):
                found = _read_by_class(value, defined_as)
        if found is not None:
            yield Child(Attribute(key), key, found)
    for name, defined_as in defined(kind):
        if name not in seen and (every or is_shown(defined_as)):
            by_class = _is_read_by_class(defined_as)
            found = _read_by_class(value, defined_as) if by_class else _from_class(defined_as)
            if found is not None:
                yield Child(Attribute(name), name, found)


def _is_listed(name: object) -> bool:
    return type(name) is str and len(name) <= _LONGEST_NAME and not is_dunder(name)


def is_shown(found: object) -> bool:
    """Whether what stands in a class belongs to what its instances are, to the eye: a property or
    a value that they share, but no method, no class, and none of the many getters of C types."""
    if (
        first_of(found, rules.FUNCTIONS) is not None
        or first_of(found, _DESCRIPTORS_OF_C) is not None
    ):
        return False
    return _defines(type(found), "__get__") or not rules.is_leaf(found)


def _few_or_live(names: Any) -> Iterator[tuple[Any, Any]]:
    if not size_of(names):
        return iter(())
    few = dict.__len__(names) <= SLICE
    return iter(list(dict.items(names))) if few else iter(dict.items(names))


def count_attributes(value: object, *, is_root: bool = False) -> int:
    """How many attributes an object has itself, hidden ones, too; not those of its class."""
    if rules.is_leaf(value, is_root=is_root) or type(value) is Handles:
        return 0
    return size_of(instance_dict(value)) + len(_slots(type(value)))


# Items


def container_of(value: object) -> type | None:
    """The built-in container that a value is, or is derived from; None if it is none."""
    return first_of(value, CONTAINERS)


def count_items(value: object) -> int:
    """How many items a value has; 0 if it is no container."""
    kind = container_of(value)
    if kind is not None:
        return kind.__len__(value)  # type: ignore[attr-defined, no-any-return]
    return arrays.length(value)


def items(value: Any, start: int = 0) -> Iterator[Child | None]:
    """The items of a container from one on. Yields None after each piece of the way there.

    Raises RuntimeError if a dict, a set or a deque changes meanwhile.
    """
    kind: Any = container_of(value)
    if kind in INDEXED:
        yield from _listed(kind, value, start)
    elif kind is collections.deque:
        rest = collections.deque.__iter__(value)
        yield from _skip(rest, start)
        for index, inner in enumerate(rest, start):
            yield Child(Item(index), None, Found(Way.VALUE, inner))
    elif kind in SETS:
        rest = kind.__iter__(value)
        yield from _skip(rest, start)
        for member in rest:
            yield Child(Member(key_of(member)), rules.name_of_key(member), Found(Way.VALUE, member))
    elif kind is dict or kind is Handles:
        pairs = iter(kind.items(value))
        yield from _skip(pairs, start)
        for key, inner in pairs:
            name = rules.name_of_key(key)
            yield Child(Item(key_of(key)), name, Found(Way.VALUE, inner), key)
    else:
        for index in range(start, arrays.length(value)):
            yield Child(Item(index), None, Found(Way.VALUE, arrays.item(value, index)))


def _skip(rest: Iterator[Any], count: int) -> Iterator[None]:
    while count > 0:
        piece = min(count, SKIPPED)
        if next(islice(rest, piece - 1, piece), MISSING) is MISSING:
            return
        count -= piece
        if count:
            yield None


def _listed(kind: Any, value: Any, start: int) -> Iterator[Child]:
    names = _names_of_items(value)
    while piece := kind.__getitem__(value, slice(start, start + 64)):
        for inner in piece:
            name = names[start] if start < len(names) else None
            yield Child(Item(start), name, Found(Way.VALUE, inner))
            start += 1


def _names_of_items(value: object) -> tuple[str, ...]:
    """The names of the fields of a namedtuple: an index must not show what its name hides."""
    if type(value) is tuple or type(value) is list:
        return ()
    names = class_attribute(type(value), "_fields")
    return names if type(names) is tuple and all(type(n) is str for n in names) else ()


def item(value: object, step: Item | Member) -> Generator[None, None, Child | None]:
    """One item or member; None if there is none. Yields after each piece of a long search."""
    kind, key = container_of(value), step.key
    if isinstance(step, Member):
        if kind in SETS or kind is dict:
            return (yield from _search(lambda: _pairs(kind, value), step))
        return None
    if kind is None or kind in LISTS:
        size = count_items(value)
        if type(key) is not int or not -size <= key < size:
            return None
        index = key % size
        listed: Any = kind
        try:
            inner = arrays.item(value, index) if kind is None else listed.__getitem__(value, index)
        except IndexError:  # another thread has made it shorter at this moment
            return None
        names = _names_of_items(value)
        name = names[index] if index < len(names) else None
        return Child(Item(index), name, Found(Way.VALUE, inner))
    if kind in SETS:
        return None
    if type(value) is Handles:
        inner, name = value.get(key), rules.name_of_key(key)
        return None if inner is MISSING else Child(step, name, Found(Way.VALUE, inner), key)
    return (yield from _search(lambda: _pairs(kind, value), step))


def _pairs(kind: Any, value: object) -> Iterator[tuple[Any, Any]]:
    if kind in SETS:
        return ((member, member) for member in kind.__iter__(value))
    return iter(dict.items(value))  # type: ignore[arg-type]


def _search(pairs: Any, step: Item | Member) -> Generator[None, None, Child | None]:
    """Look for a key without comparing objects: they may define `__eq__` and `__hash__`."""
    wanted, restarts = step.key, 0
    rest, looked = pairs(), 0
    while True:
        try:
            for key, inner in rest:
                if is_same_key(key, wanted):
                    found = key if isinstance(step, Member) else inner
                    return Child(step, rules.name_of_key(key), Found(Way.VALUE, found), key)
                looked += 1
                if looked == SLICE:
                    break
            else:
                return None
        except RuntimeError:  # it has changed: begin again
            restarts += 1
            if restarts == _MOST_RESTARTS:
                raise Missing(
                    "what the path leads through changes faster than it can be searched; pause the "
                    "game first"
                ) from None
            rest = pairs()
        if looked == SLICE:
            looked = 0
            yield
