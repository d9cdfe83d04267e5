"""`SceneAndObjects`: how a condition looks at the game's values and at what is on its screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stagedoor.live.domains.triggers.reading import Unreadable
from stagedoor.live.language.path import Path
from stagedoor.live.language.selector import Selector
from stagedoor.live.reach.faults import ReachFault
from stagedoor.live.reach.walk import resolve
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
        try:
            return resolve(self._parts.roots, path, self._role)
        except ReachFault as fault:
            raise Unreadable(fault.reason) from None

    def count(self, selector: Selector, /) -> int:
        """How many there are."""
        raise Unreadable("this game has no scene")
