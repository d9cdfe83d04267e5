"""`objects.search`: find values below a path, by name, type, text or value."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias, cast

import msgspec
from msgspec import UNSET, UnsetType

from stagedoor.live.domains.objects.box import OTHER, remembered
from stagedoor.live.domains.objects.places import PathText, place_of, role_of
from stagedoor.live.domains.objects.telling import telling
from stagedoor.live.domains.slices import SLICE, in_slices
from stagedoor.live.language.path import MAX_STEPS, Item, Step
from stagedoor.live.reach import rules
from stagedoor.live.reach.members import Child, Found, Way
from stagedoor.live.reach.node import Node, children_of, kind_of, node_of_child
from stagedoor.live.reach.plain import PerClass, bases_of, first_of, type_name
from stagedoor.live.reach.setting import UNKNOWN, as_json
from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.live.rpc.session import Session
from stagedoor.wire.errors import InvalidParams, TooManyRequests
from stagedoor.wire.roles import Role

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MAX_FOUND: Final = 1000
MAX_LOOKED: Final = 20_000_000
"""The most values that one search looks at."""
MAX_INTO: Final = 200_000
"""The most values that one search looks into."""
MAX_SEARCHES: Final = 8
MAX_OF_ONE: Final = 2
"""The most searches at a time: of all clients, and of one."""
MAX_TEXT: Final = 10_000
"""So many characters of a text are looked at."""
AT_ONCE: Final = 64
"""How many values are looked at in one piece."""
TEXTS: Final = 8
"""The same if a piece of text is looked for: a text may have many characters."""
MADE: Final = 16
"""How many nodes are made in one."""
TOLD_EVERY: Final = 0.25
"""Seconds between two notices of progress."""
_LARGEST: Final = 1e300

Count = Annotated[int, msgspec.Meta(ge=1, le=MAX_FOUND)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Wanted: TypeAlias = (
    bool
    | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    | Annotated[float, msgspec.Meta(ge=-_LARGEST, le=_LARGEST)]
    | Annotated[str, msgspec.Meta(max_length=1000)]
    | None
)


class SearchProgress(msgspec.Struct):
    """How far a search is."""

    found: list[Node]
    """What was found since the last notice."""
    looked: int
    """How many values were looked at so far."""


class SearchResult(msgspec.Struct):
    """What a search has found."""

    found: list[Node]
    """In the order of their distance from where the search began."""
    looked: int
    """How many values were looked at."""
    complete: bool
    """All was looked at. False: enough was found, there is too much, or something has changed
    meanwhile."""


def add_to(parts: Parts, /) -> None:
    """Register the method."""
    hub, roots = parts.hub, parts.roots
    searching: list[Session] = []

    def search(
        session: Session,
        root: PathText,
        name: Text | None = None,
        type: Text | None = None,
        text: Text | None = None,
        value: Wanted | UnsetType = UNSET,
        count: Count = 100,
    ) -> Generator[object, None, SearchResult]:
        """Find values below a path. What is found is told as progress, and in the end all of it.

        `root`: where to begin: a root, or any path. `name`: the name of an attribute, or a key,
        contains this. `type`: the type, or one that it is derived from, has this name, with or
        without the module. `text`: it is a text that contains this. `value`: it is this number,
        text, true, false or null. Names and texts may be in upper or lower case. All that is given
        must fit. Runs no code of the game, and does not look behind properties. `count`: stop when
        so many were found.

        >>> search("world", type="Rock")
        """
        wanted = _Wanted(name, type, text, value)
        if wanted.is_anything:
            raise InvalidParams("expected a name, a type, a text or a value to look for")
        if len(searching) >= MAX_SEARCHES or searching.count(session) >= MAX_OF_ONE:
            raise TooManyRequests(f"{MAX_OF_ONE} searches, {MAX_SEARCHES} of all clients")
        searching.append(session)
        try:
            return (yield from _search(session, root, wanted, count))
        finally:
            searching.remove(session)

    def _search(
        session: Session, root: str, wanted: _Wanted, count: int
    ) -> Generator[object, None, SearchResult]:
        role = role_of(session)
        place = yield from place_of(roots, root, role, "$.root")
        with telling("$.root"):
            walk = _Walk(place.value, str(place.path), len(place.path.steps), role, wanted)
        del place
        found: list[Node] = []
        told, told_at = 0, monotonic()
        made = looked = 0
        for parent, prefix, child in walk.children():
            if child is not None and wanted.fits(child):
                if len(found) == count:
                    walk.complete = False
                    break
                found.append(node_of_child(parent, prefix, child, role))
                made += 1
            if walk.looked - looked >= wanted.at_once or made >= MADE or child is None:
                made, looked, now = 0, walk.looked, monotonic()
                if now - told_at >= TOLD_EVERY:
                    yield SearchProgress(found[told:], walk.looked)
                    told, told_at = len(found), now
                else:
                    yield THIS_FRAME
        nodes = cast(list[Node], (yield from in_slices(hub.ours_to_json, found, SLICE)))
        return SearchResult(nodes, walk.looked, walk.complete)

    hub.methods.add_built_in(
        search, "objects.search", role="viewer", with_session=True, timeout=None
    )


class _Wanted:
    """What is looked for."""

    def __init__(self, name: str | None, type: str | None, text: str | None, value: object) -> None:
        self._name = None if name is None else name.casefold()
        self._text = None if text is None else text.casefold()
        self._value = value
        self._has_type = None if type is None else PerClass(partial(_is_called, type))
        self._is_any_value = type is None and text is None and value is UNSET
        self.is_anything = name is None and self._is_any_value
        self.at_once = AT_ONCE if text is None else TEXTS
        """How many values are looked at in one piece."""

    def fits(self, child: Child) -> bool:
        """Whether a child is what is looked for."""
        if self._is_any_value:
            return self.fits_name(_name_of(child))
        is_there = child.found.way is Way.VALUE
        return is_there and self.fits_value(child.found.value) and self.fits_name(_name_of(child))

    def fits_name(self, name: str) -> bool:
        """Whether what has this name may be it."""
        return self._name is None or self._name in name.casefold()

    def fits_value(self, value: object) -> bool:
        """Whether a value may be it, whatever its name."""
        return (
            (self._has_type is None or self._has_type(type(value)))
            and (self._text is None or _has_text(value, self._text))
            and (self._value is UNSET or _is_alike(value, self._value))
        )


class _Walk:
    """Goes through all that is below a value, level by level, each object once."""

    def __init__(self, value: object, path: str, steps: int, role: Role, wanted: _Wanted) -> None:
        self.looked = 0
        self.complete = True
        self._role = role
        self._wanted = wanted
        self._waiting: deque[tuple[object, str, int]] = deque([(value, path, steps)])
        """What is to be looked into, each with its path, and how many steps that has."""
        self._steps = 0
        """Those of what is looked into now."""
        self._seen = {id(value)}

    def children(self) -> Iterator[tuple[object, str, Child | None]]:
        """Each value below that may be wanted, with its parent and the path of that; None after a
        piece of the way."""
        while self._waiting and self.looked < MAX_LOOKED:
            value, prefix, self._steps = self._waiting.popleft()
            try:
                if type(value) is list or type(value) is tuple:
                    yield from self._items(value, prefix)
                    continue
                for child in children_of(value, self._role, is_root=not self._steps):
                    self.looked += 1
                    if child is not None and rules.is_open(child.name, self._role):
                        if child.found.way is Way.VALUE:
                            self._add(child.found.value, prefix, child.step)
                        yield value, prefix, child
                    elif child is None or self.looked % AT_ONCE == 0:
                        yield value, prefix, None
                    if self.looked >= MAX_LOOKED:
                        break
            except RuntimeError:  # it changes while it is gone through: go on with the others
                self.complete = False
        if self._waiting:
            self.complete = False

    def _items(
        self, value: list[object] | tuple[object, ...], prefix: str
    ) -> Iterator[tuple[object, str, Child | None]]:
        """The items of a list that may be wanted. A list of a million numbers is soon through."""
        wanted, start, at_once = self._wanted, 0, self._wanted.at_once
        while (piece := value[start : start + at_once]) and self.looked < MAX_LOOKED:
            for at, inner in enumerate(piece, start):
                step = Item(at)
                self._add(inner, prefix, step)
                if wanted.fits_value(inner) and wanted.fits_name(str(step)):
                    yield value, prefix, Child(step, None, Found(Way.VALUE, inner))
            start += at_once
            self.looked += len(piece)
            yield value, prefix, None

    def _add(self, value: object, prefix: str, step: Step) -> None:
        """It is to be looked into."""
        if remembered(value) is not OTHER or kind_of(value) not in _INTO or id(value) in self._seen:
            return
        if len(self._seen) >= MAX_INTO or self._steps >= MAX_STEPS:
            self.complete = False
            return
        self._seen.add(id(value))
        self._waiting.append((value, f"{prefix}{step}", self._steps + 1))


_INTO: Final = frozenset({"list", "dict", "set", "array", "vector", "object"})
"""Kinds of values that are looked into."""
_TOLD: Final = frozenset({"null", "bool", "number", "text", "enum"})
"""Kinds that are compared with a value."""


def _name_of(child: Child) -> str:
    return child.name if child.name is not None else str(child.step)


def _is_called(wanted: str, kind: type) -> bool:
    """Whether a type, or one that it is derived from, has this name."""
    names = (type_name(base) for base in bases_of(kind))
    return any(wanted in (name, name.rpartition(".")[2]) for name in names)


def _has_text(value: object, wanted: str) -> bool:
    if first_of(value, (str,)) is None:
        return False
    return wanted in str.__getitem__(cast(str, value), slice(MAX_TEXT)).casefold()


def _is_alike(value: object, wanted: object) -> bool:
    told = remembered(value)
    if told is OTHER:
        told = as_json(value) if kind_of(value) in _TOLD else UNKNOWN
    if type(wanted) is bool or wanted is None or type(told) is bool:
        return told is wanted
    return type(told) in (int, float, str) and bool(told == wanted)
