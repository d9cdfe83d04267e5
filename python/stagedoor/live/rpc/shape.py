"""`Shape`: what a type hint says of the parts of a value, and so where params are wrong.

msgspec decodes params, and says whether they fit. A shape says where they do not, as a path to the
value; and it refuses names that an object does not have, which msgspec skips. It looks at values
that were decoded from JSON without types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final, NamedTuple

import msgspec

from stagedoor.live import values
from stagedoor.wire.errors import InvalidParams
from stagedoor.wire.similar import similar
from stagedoor.wire.text import text_of

MAX_NAME: Final = 100
"""Characters of a name that an error repeats."""


class Part(NamedTuple):
    """A part of a value."""

    step: str
    """What it adds to the path, as `.rocks` or `[3]`."""
    value: Any
    shape: Shape


class Shape:
    """Of a value that has no parts of its own, or of which nothing is known."""

    is_strict = False
    """Its values, or parts of them, are objects with certain names."""

    def __init__(self, hint: Any) -> None:
        self.hint = hint

    def takes(self, value: Any) -> bool:
        """Whether the parts of this value are those of the shape."""
        return False

    def children(self) -> Iterator[Shape]:
        """The shapes of all parts that a value may have."""
        yield from ()

    def parts(self, value: Any) -> Iterator[Part]:
        """The parts of a value."""
        yield from ()

    def stranger(self, value: Any) -> str | None:
        """A name in the value that it may not have."""
        return None

    def names_of(self, value: Any) -> tuple[str, list[str]]:
        """What has the names of the value, and which there are."""
        return "", []

    def all_fit(self, values: list[Any]) -> bool:
        """Whether all of these values can be decoded."""
        return _fits(values, _list_of(self.hint))

    def misfit(self, value: Any) -> Part | None:
        """The first part that does not fit."""
        for part in self.parts(value):
            if not part.shape.all_fit([part.value]):
                return part
        return None

    def blame(self, value: Any, path: str) -> InvalidParams | None:
        """What is wrong with the value, all of whose parts fit. None: nothing. Raises what the
        game's own code raises."""
        try:
            _convert(value, self.hint)
        except msgspec.ValidationError as error:
            return InvalidParams(text_of(error), path)
        return None


class Items(Shape):
    """Of an array, all of whose items have one shape."""

    item: Shape

    def takes(self, value: Any) -> bool:
        return isinstance(value, list)

    def children(self) -> Iterator[Shape]:
        yield self.item

    def parts(self, value: Any) -> Iterator[Part]:
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield Part(f"[{index}]", item, self.item)

    def misfit(self, value: Any) -> Part | None:
        if not isinstance(value, list):
            return None
        index = _first_misfit(value, self.item)
        return None if index is None else Part(f"[{index}]", value[index], self.item)


class Set(Items):
    """Of an array whose items become the members of a set."""

    def blame(self, value: Any, path: str) -> InvalidParams | None:
        try:
            return super().blame(value, path)
        except TypeError:
            for index, item in enumerate(value):
                member = _convert(item, self.item.hint)
                try:
                    hash(member)
                except TypeError:
                    kind = "array" if isinstance(item, list) else "object"
                    reason = f"expected a value that can be in a set, got {kind}"
                    return InvalidParams(reason, f"{path}[{index}]")
            raise


class Row(Shape):
    """Of an array, each of whose items has a shape of its own."""

    def __init__(self, hint: Any, items: list[Shape] | None = None) -> None:
        super().__init__(hint)
        self.items = items or []

    def takes(self, value: Any) -> bool:
        return isinstance(value, list)

    def children(self) -> Iterator[Shape]:
        yield from self.items

    def parts(self, value: Any) -> Iterator[Part]:
        if isinstance(value, list):
            for index, (item, shape) in enumerate(zip(value, self.items, strict=False)):
                yield Part(f"[{index}]", item, shape)


class Mapping(Shape):
    """Of an object that may have any names."""

    key: Key
    item: Shape

    def takes(self, value: Any) -> bool:
        return isinstance(value, dict)

    def children(self) -> Iterator[Shape]:
        yield self.item

    def parts(self, value: Any) -> Iterator[Part]:
        if isinstance(value, dict):
            for name, item in value.items():
                yield Part(step_of(name), item, self.item)

    def misfit(self, value: Any) -> Part | None:
        if not isinstance(value, dict):
            return None
        names = list(value)
        index = _first_misfit(names, self.key)
        if index is not None:
            return Part(step_of(names[index]), names[index], self.key)
        index = _first_misfit(list(value.values()), self.item)
        if index is None:
            return None
        return Part(step_of(names[index]), value[names[index]], self.item)


class Key(Shape):
    """Of a name in a `Mapping`."""

    def all_fit(self, values: list[Any]) -> bool:
        return self.hint in (str, Any) or _fits(dict.fromkeys(values), _dict_by(self.hint))

    def blame(self, value: Any, path: str) -> InvalidParams | None:
        try:
            _convert(value, self.hint, strict=False)
        except msgspec.ValidationError as error:
            return InvalidParams(f"as a key: {text_of(error)}", path)
        return InvalidParams("this cannot be a key here", path)


class Object(Shape):
    """Of an object with certain names."""

    what: ClassVar = "field"
    tag: tuple[str, Any] | None = None
    """The name and value by which a union knows it."""

    def __init__(self, hint: Any, fields: dict[str, Shape] | None = None) -> None:
        super().__init__(hint)
        self.fields = fields or {}

    def takes(self, value: Any) -> bool:
        return isinstance(value, dict) and (
            self.tag is None or value.get(self.tag[0]) == self.tag[1]
        )

    def children(self) -> Iterator[Shape]:
        yield from self.fields.values()

    def parts(self, value: Any) -> Iterator[Part]:
        if isinstance(value, dict):
            for name, item in value.items():
                if (shape := self.fields.get(name)) is not None:
                    yield Part(step_of(name), item, shape)

    def stranger(self, value: Any) -> str | None:
        if isinstance(value, dict):
            for name in value:
                if name not in self.fields and (self.tag is None or name != self.tag[0]):
                    return str(name)
        return None

    def names_of(self, value: Any) -> tuple[str, list[str]]:
        return self.what, list(self.fields)


class Params(Object):
    """Of the params by name."""

    what = "param"


class Union(Shape):
    """Of a value that has one of some shapes, as JSON tells them apart."""

    alternatives: list[Shape]

    def _chosen(self, value: Any) -> Shape:
        fitting = [shape for shape in self.alternatives if shape.takes(value)]
        return fitting[0] if len(fitting) == 1 else Shape(self.hint)

    def takes(self, value: Any) -> bool:
        return any(shape.takes(value) for shape in self.alternatives)

    def children(self) -> Iterator[Shape]:
        yield from self.alternatives

    def parts(self, value: Any) -> Iterator[Part]:
        return self._chosen(value).parts(value)

    def stranger(self, value: Any) -> str | None:
        return self._chosen(value).stranger(value)

    def names_of(self, value: Any) -> tuple[str, list[str]]:
        return self._chosen(value).names_of(value)

    def misfit(self, value: Any) -> Part | None:
        return self._chosen(value).misfit(value)

    def blame(self, value: Any, path: str) -> InvalidParams | None:
        tags = [one.tag for one in self.alternatives if isinstance(one, Object) and one.tag]
        if tags and isinstance(value, dict) and not self.takes(value):
            name = tags[0][0]
            if name in value:
                expected = ", ".join(repr(tag) for _, tag in tags)
                return InvalidParams(f"expected one of {expected}", path + step_of(name))
        chosen = self._chosen(value)
        return (chosen.blame(value, path) if chosen.hint is not self.hint else None) or (
            super().blame(value, path)
        )


def find_fault(shape: Shape, value: Any, path: str = "$") -> InvalidParams | None:
    """What is wrong with a value that does not fit, and where. None: nothing was found. Raises what
    the game's own code raises, as in `__post_init__`."""
    if (name := shape.stranger(value)) is not None:
        return _unknown(shape, value, name, path)
    part = shape.misfit(value)
    if part is not None:
        return find_fault(part.shape, part.value, path + part.step)
    return shape.blame(value, path)


def find_stranger(shape: Shape, value: Any, path: str = "$") -> InvalidParams | None:
    """The first name in a value, however deep, that is unknown where it is."""
    if (name := shape.stranger(value)) is not None:
        return _unknown(shape, value, name, path)
    for part in shape.parts(value):
        if part.shape.is_strict and (
            found := find_stranger(part.shape, part.value, path + part.step)
        ):
            return found
    return None


def step_of(name: str) -> str:
    """What a name adds to a path."""
    name = _cut(name)
    return f".{name}" if name.isidentifier() else f"[{msgspec.json.encode(name).decode()}]"


def _convert(value: Any, hint: Any, *, strict: bool = True) -> Any:
    return msgspec.convert(value, hint, strict=strict, str_keys=True, dec_hook=values.decode)


def _list_of(hint: Any) -> Any:
    return list[hint]


def _dict_by(hint: Any) -> Any:
    return dict[hint, Any]


def _fits(value: Any, hint: Any) -> bool:
    try:
        _convert(value, hint)
    except Exception:
        return False
    return True


def _first_misfit(values: list[Any], shape: Shape) -> int | None:
    """The index of the first value that does not fit, found by halves: msgspec is fast."""
    if shape.all_fit(values):
        return None
    begin, end = 0, len(values)
    while end - begin > 1:
        middle = (begin + end) // 2
        if shape.all_fit(values[begin:middle]):
            begin = middle
        else:
            end = middle
    return begin


def _unknown(shape: Shape, value: Any, name: str, path: str) -> InvalidParams:
    what, names = shape.names_of(value)
    close = similar(name, names) if len(name) <= MAX_NAME else []
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    expected = ", ".join(names) or "none"
    return InvalidParams(f"there is no {what} {_cut(name)!r}{hint}; expected {expected}", path)


def _cut(name: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"
