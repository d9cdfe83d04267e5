"""`shape_of()`: the `Shape` of the values of a type, from a type hint."""

from __future__ import annotations

import typing
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from typing import Any, TypeAlias

from msgspec import UnsetType, inspect

from stagedoor.live.rpc.shape import Items, Key, Mapping, Object, Row, Set, Shape, Union
from stagedoor.live.values.kind import unnamed

Known: TypeAlias = "dict[Any, Shape]"
"""The shapes that were made already, by their hints: types may contain themselves."""


def shape_of(hint: Any) -> Shape:
    """The shape of the values of a type, which msgspec must know."""
    known: Known = {}
    shape = _shape_of(hint, known)
    _mark(known.values())
    return shape


def _mark(shapes: Iterable[Shape]) -> None:
    """Find out which of the shapes are strict. They must be all that there are below them."""
    above: dict[int, list[Shape]] = {}
    strict: list[Shape] = []
    for shape in shapes:
        if isinstance(shape, Object):
            strict.append(shape)
        for child in shape.children():
            above.setdefault(id(child), []).append(shape)
    while strict:
        shape = strict.pop()
        if not shape.is_strict:
            shape.is_strict = True
            strict += above.get(id(shape), [])


def _shape_of(hint: Any, known: Known) -> Shape:
    bare = _bare(hint)
    key = (hint, bare) if _is_hashable(hint) else id(hint)  # with a list in its `Meta`, it is not
    if (found := known.get(key)) is not None:
        return found
    arguments = typing.get_args(bare)
    match inspect.type_info(bare):
        case inspect.SetType() | inspect.FrozenSetType():
            items: Items = Set(hint)
            known[key] = items
            items.item = _shape_of(_at(arguments, 0), known)
            return items
        case inspect.CollectionType():
            known[key] = items = Items(hint)
            items.item = _shape_of(_at(arguments, 0), known)
            return items
        case inspect.TupleType():
            known[key] = row = Row(hint)
            row.items = [_shape_of(item, known) for item in arguments]
            return row
        case inspect.DictType():
            known[key] = mapping = Mapping(hint)
            mapping.key = Key(_at(arguments, 0))
            mapping.item = _shape_of(_at(arguments, 1), known)
            return mapping
        case inspect.UnionType():
            known[key] = union = Union(hint)
            union.alternatives = [
                _shape_of(one, known) for one in arguments if one is not UnsetType
            ]
            return union
        case inspect.CustomType(cls=cls) if issubclass(cls, deque):
            known[key] = items = Items(hint)
            items.item = _shape_of(_at(arguments, 0), known)
            return items
        case inspect.CustomType(cls=cls) if issubclass(cls, dict):
            known[key] = mapping = Mapping(hint)
            mapping.key = Key(_at(arguments, 0))
            mapping.item = _shape_of(int if issubclass(cls, Counter) else _at(arguments, 1), known)
            return mapping
        case inspect.StructType(array_like=True) | inspect.NamedTupleType() as info:
            known[key] = row = Row(hint)
            hints = _hints_of(bare)
            row.items = [_shape_of(hints[field.name], known) for field in info.fields]
            return row
        case inspect.StructType() | inspect.DataclassType() | inspect.TypedDictType() as info:
            known[key] = thing = Object(hint)
            if isinstance(info, inspect.StructType) and info.tag_field is not None:
                thing.tag = info.tag_field, info.tag
            hints = _hints_of(bare)
            thing.fields = {
                field.encode_name: _shape_of(hints[field.name], known) for field in info.fields
            }
            return thing
    known[key] = shape = Shape(hint)
    return shape


def _bare(hint: Any) -> Any:
    """The type in a hint, without what is wrapped around it."""
    while True:
        if typing.get_origin(hint) is typing.Annotated:
            hint = typing.get_args(hint)[0]
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif (meant := unnamed(hint)) is not hint:
            hint = meant
        else:
            return hint


def _hints_of(bare: Any) -> dict[str, Any]:
    """The hints of a class's fields, with the arguments of a generic one filled in."""
    origin = typing.get_origin(bare) or bare
    hints = typing.get_type_hints(origin, include_extras=True)
    given = dict(zip(getattr(origin, "__parameters__", ()), typing.get_args(bare), strict=False))
    return defaultdict(lambda: Any, {name: _given(hint, given) for name, hint in hints.items()})


def _given(hint: Any, given: dict[Any, Any]) -> Any:
    if typing.get_origin(hint) in (typing.Required, typing.NotRequired):
        hint = typing.get_args(hint)[0]
    if isinstance(hint, typing.TypeVar):
        return given.get(hint, Any)
    needed = getattr(hint, "__parameters__", ())
    return hint[tuple(given.get(one, Any) for one in needed)] if needed and given else hint


def _at(arguments: tuple[Any, ...], index: int) -> Any:
    return arguments[index] if index < len(arguments) else Any


def _is_hashable(hint: Any) -> bool:
    try:
        hash(hint)
    except TypeError:
        return False
    return True
