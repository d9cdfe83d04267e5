"""`SceneAndObjects`: how a condition looks at the game's values and at what is on its screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagedoor.live.domains.triggers.reading import Unreadable
from stagedoor.live.language.path import Path
from stagedoor.live.language.selector import Selector
from stagedoor.live.reach.faults import ReachFault
from stagedoor.live.reach.walk import Place, walk
from stagedoor.wire.roles import Role

if TYPE_CHECKING:
    from stagedoor.live.domains.parts import Parts


class SceneAndObjects:
    """The `Look` of a stage, for callers of a role."""

    def __init__(self, parts: Parts, role: Role) -> None:
        self._parts = parts
        self._role = role

    def value(self, path: Path, /) -> object:
        """What is there."""
        steps = walk(self._parts.roots, path, self._role)
        try:
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

    def count(self, selector: Selector, /) -> int:
        """How many there are."""
        raise Unreadable("this game has no scene")
