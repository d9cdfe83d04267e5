"""`Patch`: something of Python's own in the place of which ours stands for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Patch:
    """Puts `make(before)` in the place of an attribute; `undo()` takes it away again.

    Raises AttributeError or TypeError where the attribute cannot be set.
    """

    def __init__(self, owner: object, name: str, make: Callable[[Any], Any]) -> None:
        self._owner = owner
        self._name = name
        self._was_own = name in vars(owner)
        self._before = getattr(owner, name)
        self._ours = make(self._before)
        setattr(owner, name, self._ours)

    def undo(self) -> None:
        """Who has wrapped ours since keeps what is there: ours must have become a mere passage."""
        if vars(self._owner).get(self._name) is not self._ours:
            return
        if self._was_own:
            setattr(self._owner, self._name, self._before)
        else:
            delattr(self._owner, self._name)
