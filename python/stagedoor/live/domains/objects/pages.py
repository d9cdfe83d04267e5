"""`Pages`: pages through what is below a value. The next page goes on where the last one ended.

A dict or a set can be gone through only from its beginning. So the iterator of the last page is
kept for the next one; without it, the way there is a search, spread over frames.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Iterator
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from stagedoor.live.reach.members import INDEXED, PIECE, Child, count_attributes
from stagedoor.live.reach.node import children_of
from stagedoor.live.reach.plain import first_of
from stagedoor.live.reach.walk import Place
from stagedoor.live.rpc.calls import THIS_FRAME
from stagedoor.wire.errors import HandlerError
from stagedoor.wire.roles import Role

if TYPE_CHECKING:
    from stagedoor.live.rpc.session import Session

MOST_KEPT: Final = 8
"""How many iterators are kept for a session."""
KEPT_FOR: Final = 60.0
"""Seconds for which an iterator is kept, and with it what it goes through."""
_FEW: Final = 200
"""So many attributes are gone through again rather than kept."""
_MOST_RESTARTS: Final = 5
_CHANGED: Final[Any] = object()

_Key: TypeAlias = tuple[int, Role, str, bool, int]


class _Kept(NamedTuple):
    rest: Iterator[Child | None]
    first: Child
    """What comes before the rest."""
    since: float


class PageOf(NamedTuple):
    """Some children, and where the next page begins; None: there is none."""

    children: list[Child]
    next: int | None
    changed: bool
    """The value has changed since the last page."""


class Pages:
    """The iterators that are kept for sessions. They go when their session does."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Session, OrderedDict[_Key, _Kept]] = WeakKeyDictionary()

    def page(
        self,
        session: Session,
        place: Place,
        role: Role,
        *,
        start: int,
        count: int,
        filter: str,
        every: bool,
    ) -> Generator[object, None, PageOf]:
        """The children from one on. Yields THIS_FRAME after each piece of a search."""
        value, wanted = place.found.value, filter.casefold()
        self._forget_old()
        kept = self._take(session, (id(value), role, wanted, every, start))
        changed = False
        for _ in range(_MOST_RESTARTS):
            if kept is None:
                first = None
                rest = children_of(value, role, is_root=place.is_root, every=every, start=start)
            else:
                first, rest = kept.first, kept.rest
            found: list[Child] = []
            at, after = yield from _collect(found, first, rest, start, count, wanted)
            if after is _CHANGED:
                changed = True
                if wanted and at > start:  # the page ends here: it took long to come so far
                    return PageOf(found, at, changed)
                kept = None  # begin again
                yield THIS_FRAME
                continue
            if after is None:
                return PageOf(found, None, changed)
            if _is_worth_keeping(place):
                key = (id(value), role, wanted, every, at)
                self._keep(session, key, _Kept(rest, after, monotonic()))
            return PageOf(found, at, changed)
        reason = f"{place.path} changes faster than it can be shown; pause the game first"
        raise HandlerError("ChangesTooFast", reason)

    def _take(self, session: Session, key: _Key) -> _Kept | None:
        return self._kept.get(session, OrderedDict()).pop(key, None)

    def _keep(self, session: Session, key: _Key, kept: _Kept) -> None:
        those = self._kept.setdefault(session, OrderedDict())
        those[key] = kept
        while len(those) > MOST_KEPT:
            those.popitem(last=False)

    def _forget_old(self) -> None:
        oldest = monotonic() - KEPT_FOR
        for those in list(self._kept.values()):
            while those and next(iter(those.values())).since < oldest:
                those.popitem(last=False)


def _collect(
    found: list[Child],
    child: Child | None,
    rest: Iterator[Child | None],
    at: int,
    count: int,
    wanted: str,
) -> Generator[object, None, tuple[int, Any]]:
    """Add the children that a filter lets pass to `found`: the first, then those of the rest, which
    begin at this place. Returns the place after them, and what is there: a child, None at the end,
    or _CHANGED if the value has got or lost some meanwhile."""
    looked = 0
    while True:
        if child is None:
            try:
                child = next(rest)
            except StopIteration:
                return at, None
            except RuntimeError:
                return at, _CHANGED
            if child is None:
                yield THIS_FRAME
                continue
        if len(found) == count:
            return at, child
        if not wanted or wanted in _name_of(child).casefold():
            found.append(child)
        child = None
        at += 1
        looked += 1
        if looked % PIECE == 0:
            yield THIS_FRAME


def _name_of(child: Child) -> str:
    return child.name if child.name is not None else str(child.step)


def _is_worth_keeping(place: Place) -> bool:
    """Whether it takes a search to come here again: lists find any item at once."""
    value: Any = place.found.value
    if count_attributes(value, is_root=place.is_root) > _FEW:
        return True
    return first_of(value, INDEXED) is None
