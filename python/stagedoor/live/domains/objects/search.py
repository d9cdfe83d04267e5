"""`objects.search`: find values below a path, by name, type, text or value."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias, cast

import msgspec
from msgspec import UNSET, UnsetType

from stagedoor.live.domains.objects.places import PathText, place_of, role_of
from stagedoor.live.domains.objects.telling import telling
from stagedoor.live.domains.slices import SLICE, in_slices
from stagedoor.live.reach import rules
from stagedoor.live.reach.members import Child, Way
from stagedoor.live.reach.node import Node, children_of, kind_of, node_of_child
from stagedoor.live.reach.plain import bases_of, first_of, type_name
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


_Test: TypeAlias = Callable[[Child], bool]


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
        tests = _tests(name, type, text, value)
        if not tests:
            raise InvalidParams("expected a name, a type, a text or a value to look for")
        if len(searching) >= MAX_SEARCHES or searching.count(session) >= MAX_OF_ONE:
            raise TooManyRequests(f"{MAX_OF_ONE} searches, {MAX_SEARCHES} of all clients")
        searching.append(session)
        try:
            return (yield from _search(session, root, tests, count))
        finally:
            searching.remove(session)

    def _search(
        session: Session, root: str, tests: list[_Test], count: int
    ) -> Generator[object, None, SearchResult]:
        role = role_of(session)
        place = yield from place_of(roots, root, role, "$.root")
        with telling("$.root"):
            walk = _Walk(place.value, str(place.path), role, is_root=place.is_root)
        del place
        found: list[Node] = []
        told, told_at = 0, monotonic()
        for step, (parent, prefix, child) in enumerate(walk.children(), 1):
            if child is not None and all(test(child) for test in tests):
                if len(found) == count:
                    walk.complete = False
                    break
                found.append(node_of_child(parent, prefix, child, role))
            if step % AT_ONCE == 0:
                now = monotonic()
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


class _Walk:
    """Goes through all that is below a value, level by level, each object once."""

    def __init__(self, value: object, path: str, role: Role, *, is_root: bool) -> None:
        self.looked = 0
        self.complete = True
        self._role = role
        self._waiting: deque[tuple[object, str, bool]] = deque([(value, path, is_root)])
        self._seen = {id(value)}

    def children(self) -> Iterator[tuple[object, str, Child | None]]:
        """Each value below, with its parent and the path of that; None for a piece of the way."""
        while self._waiting:
            value, prefix, is_root = self._waiting.popleft()
            try:
                for child in children_of(value, self._role, is_root=is_root):
                    if child is not None and rules.is_open(child.name, self._role):
                        self.looked += 1
                        self._add(child, prefix)
                        yield value, prefix, child
                    else:
                        yield value, prefix, None
                    if self.looked >= MAX_LOOKED:
                        self.complete = False
                        return
            except RuntimeError:  # it changes while it is gone through: go on with the others
                self.complete = False

    def _add(self, child: Child, prefix: str) -> None:
        inner = child.found.value
        if child.found.way is not Way.VALUE or kind_of(inner) not in _INTO:
            return
        if id(inner) in self._seen:
            return
        if len(self._seen) >= MAX_INTO:
            self.complete = False
            return
        self._seen.add(id(inner))
        self._waiting.append((inner, f"{prefix}{child.step}", False))


_INTO: Final = frozenset({"list", "dict", "set", "array", "vector", "object"})
"""Kinds of values that are looked into."""
_TOLD: Final = frozenset({"null", "bool", "number", "text", "enum"})
"""Kinds that are compared with a value."""


def _tests(name: str | None, type: str | None, text: str | None, value: object) -> list[_Test]:
    tests: list[_Test] = []
    if name is not None:
        part = name.casefold()
        tests.append(lambda child: part in _name_of(child))
    if type is not None:
        tests.append(lambda child: _has_type(child, type))
    if text is not None:
        piece = text.casefold()
        tests.append(lambda child: _has_text(child, piece))
    if value is not UNSET:
        tests.append(lambda child: _has_value(child, value))
    return tests


def _name_of(child: Child) -> str:
    return (child.name if child.name is not None else str(child.step)).casefold()


def _has_type(child: Child, wanted: str) -> bool:
    if child.found.way is not Way.VALUE:
        return False
    for base in bases_of(type(child.found.value)):
        full = type_name(base)
        if wanted in (full, full.rpartition(".")[2]):
            return True
    return False


def _has_text(child: Child, wanted: str) -> bool:
    found = child.found.value
    if child.found.way is not Way.VALUE or first_of(found, (str,)) is None:
        return False
    return wanted in str.casefold(str.__getitem__(found, slice(MAX_TEXT)))


def _has_value(child: Child, wanted: object) -> bool:
    if child.found.way is not Way.VALUE:
        return False
    found = child.found.value
    told = as_json(found) if kind_of(found) in _TOLD else UNKNOWN
    if type(wanted) is bool or wanted is None or type(told) is bool:
        return told is wanted
    return type(told) in (int, float, str) and bool(told == wanted)
