"""Reading objects without running any code of their types.

A type may define `__getattribute__`, `__class__`, `__len__`, `__eq__` or anything else, and so may
its metaclass. Here only the interpreter's own reading of types and dicts is used.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from types import GetSetDescriptorType, MappingProxyType, MemberDescriptorType
from typing import Any, Final

from stagedoor.wire.text import exact


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final[Any] = _Missing()
"""Stands for what is not there."""
LONGEST_NAME: Final = 100
"""The most characters of a type's name that are shown."""

bases_of: Final[Callable[[type], tuple[type, ...]]] = type.__dict__["__mro__"].__get__
"""A type and its bases, in the order in which they are asked."""
own_of: Final[Callable[[type], Mapping[str, Any]]] = type.__dict__["__dict__"].__get__
"""What a type itself defines, by name."""
_module_of: Final[Callable[[type], Any]] = type.__dict__["__module__"].__get__
_qualname_of: Final[Callable[[type], str]] = type.__dict__["__qualname__"].__get__
_NO_NAMES: Final[Mapping[str, Any]] = MappingProxyType({})


def module_of(kind: type) -> str:
    """The name of the module of a type; empty if it has none."""
    try:
        module = _module_of(kind) if _has_plain_names(kind) else None
    except AttributeError:
        return ""
    return module if type(module) is str else ""


def is_of_c(kind: type) -> bool:
    """Whether a type is defined in C: the interpreter writes down where a class of Python's own
    stands."""
    return _has_plain_names(kind) and "__module__" not in own_of(kind)


def type_name(kind: type) -> str:
    """The name of a type, with its module unless that is Python's own."""
    return _type_name(kind)  # type: ignore[no-any-return]


def _find_type_name(kind: type) -> str:
    module, name = module_of(kind), exact(_qualname_of(kind))
    full = name if module in ("builtins", "") else f"{exact(module)}.{name}"
    return full if len(full) <= LONGEST_NAME else f"…{full[1 - LONGEST_NAME :]}"


def short_name(kind: type) -> str:
    """The name of a type, without its module."""
    return exact(_qualname_of(kind)).rpartition(".")[2][:LONGEST_NAME]


def is_kind(value: object, *kinds: type) -> bool:
    """Whether the type of a value is one of these, or derived from one, whatever it says of its
    `__class__`, and whatever a metaclass says of subclasses."""
    return first_of(value, kinds) is not None


def first_of(value: object, kinds: tuple[type, ...]) -> type | None:
    """The first of the bases of a value's type that is one of these."""
    for base in bases_of(type(value)):
        for kind in kinds:  # `in` would ask a metaclass for `__eq__`
            if base is kind:
                return kind
    return None


def class_attribute(kind: type, name: str) -> Any:
    """What a type or one of its bases defines under a name, as it is defined; or MISSING."""
    own = own_of if _has_plain_names(kind) else _plain_names_of
    for base in bases_of(kind):
        found = own(base).get(name, MISSING)
        if found is not MISSING:
            return found
    return MISSING


def instance_dict(value: object) -> Mapping[str, Any]:
    """The attributes that an object itself has; empty if it keeps none in a dict. It is the dict
    itself: use only `dict`'s own methods on it."""
    own = own_of if _has_plain_names(type(value)) else _plain_names_of
    for base in bases_of(type(value)):
        found = own(base).get("__dict__", MISSING)
        if type(found) is GetSetDescriptorType or type(found) is MemberDescriptorType:
            try:
                names = found.__get__(value)
            except (AttributeError, TypeError):
                continue
            if first_of(names, (dict,)) is not None:
                return names  # type: ignore[no-any-return]
    return _NO_NAMES


def value_in(names: Any, name: str) -> Any:
    """What an instance's dict has under a name; or MISSING. Keys of other types than `str` may
    answer to the name when they are compared: they are passed over."""
    if names is _NO_NAMES:
        return MISSING
    try:
        for key, value in dict.items(names):
            if type(key) is str and key == name:
                return value
    except RuntimeError:  # it has changed meanwhile
        pass
    return MISSING


def values_in(names: Mapping[str, Any]) -> list[Any]:
    """The values in an instance's dict, as they are now."""
    return list(dict.values(names)) if size_of(names) else []  # type: ignore[arg-type]


def size_of(names: Any) -> int:
    """How many attributes an instance's dict has."""
    return 0 if names is _NO_NAMES else dict.__len__(names)


class PerClass:
    """What is found out about a class once, and kept as long as the class is there. Classes are
    told apart by their identity: a metaclass may define `__hash__` and `__eq__`."""

    def __init__(self, find: Callable[[type], Any]) -> None:
        self._find = find
        self._known: dict[int, tuple[weakref.ref[type], Any]] = {}

    def __call__(self, kind: type) -> Any:
        known = self._known.get(id(kind))
        if known is not None and known[0]() is kind:
            return known[1]
        found = self._find(kind)
        number = id(kind)
        self._known[number] = weakref.ref(kind, lambda _: self._known.pop(number, None)), found
        return found


_type_name: Final = PerClass(_find_type_name)


def _find_plain_names(kind: type) -> bool:
    return all(type(name) is str for base in bases_of(kind) for name in own_of(base))


_has_plain_names: Final = PerClass(_find_plain_names)
"""Whether all names that a type and its bases define are exact texts. A class may be made with
others, which would be asked whether they equal a name; later none can be added."""


def _plain_names_of(kind: type) -> dict[str, Any]:
    """What a type itself defines, without such names."""
    return {name: found for name, found in own_of(kind).items() if type(name) is str}


def defined(kind: type) -> Iterator[tuple[str, Any]]:
    """What a type and its bases define, each name once. Dunder names are left out."""
    seen: set[str] = set()
    for base in bases_of(kind):
        for name, found in list(own_of(base).items()):
            if type(name) is str and name not in seen and not is_dunder(name):
                seen.add(name)
                yield name, found


def is_dunder(name: str) -> bool:
    """Whether a name belongs to Python itself, as `__class__`."""
    return name[:2] == "__" and name[-2:] == "__" and len(name) > 4
