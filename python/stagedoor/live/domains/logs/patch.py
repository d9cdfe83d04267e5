"""`Patch`: replaces an attribute for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Patch:
    """Replaces an attribute by `make(before)`, where `before` is its value. `undo()` restores it.

    Raises AttributeError or TypeError if the attribute cannot be set.
    """

    def __init__(self, owner: object, name: str, make: Callable[[Any], Any]) -> None:
        self._owner = owner
        self._name = name
        self._was_own = name in vars(owner)
        self._before = getattr(owner, name)
        self._ours = make(self._before)
        setattr(owner, name, self._ours)

    def undo(self) -> None:
        """Restore the attribute, unless other code has replaced it since.

        If that code wrapped our function, it still calls it. Our function must then only call the
        original.
        """
        if vars(self._owner).get(self._name) is not self._ours:
            return
        if self._was_own:
            setattr(self._owner, self._name, self._before)
        else:
            delattr(self._owner, self._name)
