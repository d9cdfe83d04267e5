"""`objects.save` and `objects.load`: the values below a path as JSON, and back."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import msgspec

from stagedoor.live.domains.objects.places import PathText, paused, place_of, role_of
from stagedoor.live.domains.objects.telling import telling
from stagedoor.live.domains.slices import TIMEOUT, in_slices
from stagedoor.live.language.path import parse_path
from stagedoor.live.reach import rules
from stagedoor.live.reach.members import Way, count_items
from stagedoor.live.reach.node import children_of, kind_of
from stagedoor.live.reach.setting import UNKNOWN, as_json, can_put, coerce, put
from stagedoor.live.reach.walk import walk
from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.live.rpc.session import Session
from stagedoor.wire.errors import RpcError
from stagedoor.wire.roles import Role
from stagedoor.wire.text import exact

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MAX_VALUES: Final = 10_000
"""The most values that are saved or loaded at a time."""
MAX_SIZE: Final = 900_000
"""The most bytes of them, about: a message to the game has 1 MiB."""
MAX_INTO: Final = 20_000
"""The most values that are looked into."""
AT_ONCE: Final = 32
"""How many values are looked at, or put, in one piece."""
_WHOLE: Final = frozenset({"null", "bool", "number", "text", "enum", "vector", "list"})
"""Kinds of values that are saved as a whole, if they can be set so."""

Deep = Annotated[int, msgspec.Meta(ge=1, le=32)]
Below = Annotated[str, msgspec.Meta(max_length=10_000)]
Values = Annotated[dict[Below, Any], msgspec.Meta(max_length=MAX_VALUES)]


@dataclass(frozen=True, slots=True)
class SavedValues:
    """The values below a path that can be set."""

    path: str
    values: dict[str, Any]
    """By what follows the path: `.ship.thrust`, `.rocks[3].pos`."""
    complete: bool
    """These are all. False: there are more than 10 000, or 900 000 bytes, or deeper ones."""


@dataclass(frozen=True, slots=True)
class LeftValue:
    """A value that could not be put back."""

    path: str
    """The whole path."""
    reason: str


@dataclass(frozen=True, slots=True)
class LoadedValues:
    """What came of loading."""

    count: int
    """How many values were set."""
    left: list[LeftValue]
    """The others: what they belong to is gone, or has another type now."""


def add_to(parts: Parts, /) -> None:
    """Register the methods."""
    hub, roots = parts.hub, parts.roots

    def save(
        session: Session, path: PathText, depth: Deep = 8
    ) -> Generator[object, None, SavedValues]:
        """The values below a path that objects.set can set, as JSON: the state of the game there.

        Numbers, texts, vectors and lists of those are saved; what belongs to an object is saved
        with that object, at its first path. What is computed or hidden is not. Give `values` to
        objects.load to put the game into this state again. A game that is paused meanwhile is saved
        as of one moment. `depth`: how many steps below.
        """
        place = yield from place_of(roots, path, role_of(session))
        with telling():
            value = place.value
        whole, is_root = str(place.path), place.is_root
        del place
        values: dict[str, Any] = {}
        size, complete = 0, True
        for looked, found in enumerate(_below(value, role_of(session), depth, is_root=is_root), 1):
            if found is _CUT:
                complete = False
            elif found is not None and found is not _PAUSE:
                below, told = found
                text = hub.ours_to_json(told)
                size += len(below) + len(text) + 6
                if len(values) == MAX_VALUES or size > MAX_SIZE:
                    complete = False
                    break
                values[below] = msgspec.Raw(text)
            if found is _PAUSE or looked % AT_ONCE == 0:
                yield THIS_FRAME
        return SavedValues(whole, values, complete)

    def load(
        session: Session, path: PathText, values: Values
    ) -> Generator[object, None, LoadedValues]:
        """Put values back that objects.save has saved, here or below another path.

        What is not there any more, or has another type now, is left, and told with the reason.
        Nothing is made or removed: a list of objects keeps those that it has. Pause the game to
        have all values set in the same frame.
        """
        role, left = role_of(session), []
        with telling():
            whole = str(parse_path(path))
        for at, (below, value) in enumerate(values.items(), 1):
            text = f"{whole}{below}"
            try:
                with telling("$"):
                    place = yield from paused(walk(roots, parse_path(text), role))
                    put(place, coerce(place.value, value))
            except RpcError as error:
                left.append(LeftValue(exact(text)[:1000], exact(error.detail())[:500]))
                yield THIS_FRAME  # to find names that are like it took long
            if at % AT_ONCE == 0 or (type(value) is list and len(value) > AT_ONCE):
                yield THIS_FRAME
        told = cast(list[LeftValue], (yield from in_slices(hub.ours_to_json, left)))
        return LoadedValues(len(values) - len(left), told)

    methods = hub.methods
    methods.add_built_in(save, "objects.save", role="viewer", with_session=True, timeout=TIMEOUT)
    methods.add_built_in(load, "objects.load", role="operator", with_session=True, timeout=TIMEOUT)


_CUT: Final[Any] = object()
"""Stands for what is too deep."""
_PAUSE: Final[Any] = object()
"""Stands for some work that others should not wait for: many attributes, or a long list."""


def _below(value: object, role: Role, depth: int, *, is_root: bool) -> Iterator[Any]:
    """The values below one that can be set, each with what follows the path; None for others."""
    seen = {id(value)}
    level: list[tuple[object, str, bool]] = [(value, "", is_root)]
    for _ in range(depth):
        deeper: list[tuple[object, str, bool]] = []
        for parent, prefix, is_module in level:
            for child in _children(parent, role, is_root=is_module):
                if child is None or child is _PAUSE:
                    yield child
                    continue
                step, inner, is_whole = child
                text = f"{prefix}{step}"
                told = as_json(inner) if is_whole else UNKNOWN
                if is_whole and count_items(inner) > AT_ONCE:
                    yield _PAUSE
                if told is not UNKNOWN:
                    yield text, told
                    continue
                if kind_of(inner) in _INSIDE and id(inner) not in seen:
                    if len(seen) == MAX_INTO:
                        yield _CUT
                        return
                    seen.add(id(inner))
                    deeper.append((inner, text, False))
                yield None
        level = deeper
    if level:
        yield _CUT


_INSIDE: Final = frozenset({"list", "dict", "object", "array"})


def _children(parent: object, role: Role, *, is_root: bool) -> Iterator[Any]:
    """What may be seen one step below a value: the step, the value, and whether it can be set as a
    whole. None for others."""
    try:
        for child in children_of(parent, role, is_root=is_root):
            if child is None:
                yield _PAUSE
            elif (
                child.found.way is not Way.VALUE
                or child.found.in_class
                or not rules.is_open(child.name, role)
            ):
                yield None
            else:
                inner = child.found.value
                is_whole = kind_of(inner) in _WHOLE and can_put(parent, child.step, child.found)
                yield child.step, inner, is_whole
    except RuntimeError:  # it changes while it is gone through
        return
