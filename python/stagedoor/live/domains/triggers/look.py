"""`SceneAndObjects`: how a condition looks at the game's values and at what is on its screen."""

from __future__ import annotations

from collections.abc import Generator
from time import perf_counter
from typing import TYPE_CHECKING, Final

from stagedoor.live.domains.scene.searching import Search, search
from stagedoor.live.domains.triggers.reading import Unreadable
from stagedoor.live.language.path import Path
from stagedoor.live.language.selector import Selector
from stagedoor.live.reach.faults import ReachFault
from stagedoor.live.reach.walk import Place, walk
from stagedoor.live.scene.looking import Looking
from stagedoor.wire.roles import Role

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts

MAX_COUNT: Final = 100_000
"""As many things as are counted."""
MOST_PIECES: Final = 4
"""Pieces of a search for a key, in each frame."""
SECONDS: Final = 0.001
"""Time of a frame to go through the scene."""


class SceneAndObjects:
    """The `Look` of a stage, for callers of a role."""

    def __init__(self, parts: Parts, role: Role) -> None:
        self._parts = parts
        self._role = role
        self._counts: dict[tuple[Selector, int | None], _Count] = {}

    def value(self, path: Path, /) -> object:
        """What is there."""
        steps = walk(self._parts.roots, path, self._role)
        try:
            for _ in range(MOST_PIECES):
                next(steps)
        except StopIteration as stop:
            return self._value_at(stop.value)
        except ReachFault as fault:
            raise Unreadable(fault.reason) from None
        steps.close()
        raise Unreadable(f"{path}: a dict or set on the way is too large to be searched in a frame")

    def _value_at(self, place: Place) -> object:
        try:
            return place.value
        except ReachFault as fault:
            raise Unreadable(fault.reason) from None

    def count(self, selector: Selector, most: int | None, /) -> int:
        """How many there are. A large scene is gone through in several frames: then it is how many
        there were the last time."""
        key = selector, most
        if key not in self._counts:
            self._counts[key] = _Count(self._parts, self._role, selector, most)
        return self._counts[key].now()


class _Count:
    """Counts what fits one selector, again and again."""

    def __init__(self, parts: Parts, role: Role, selector: Selector, most: int | None) -> None:
        self._scene = parts.scene
        self._search = Search(selector, role, Looking(role), MAX_COUNT if most is None else most)
        self._steps: Generator[object, None, None] | None = None
        self._last: int | None = None
        """None: the scene was not gone through to its end yet."""

    def now(self) -> int:
        """Go on for a while. Raises Unreadable before the first end."""
        deadline = perf_counter() + SECONDS
        if self._steps is None:
            self._steps = search(self._scene, self._search)
        for _ in self._steps:
            if perf_counter() >= deadline:
                break
        else:
            self._steps = None
            self._last = len(self._search.found)
            self._search.found = []  # it keeps the game's objects
        if self._last is None:
            raise Unreadable(f"{self._search.selector}: the scene is still being gone through")
        return self._last
