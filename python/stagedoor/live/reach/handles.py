"""`Handles`: names for objects to which no path leads, such as `Ball#3`."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any, Final

from stagedoor.live.reach.plain import MISSING, short_name

MOST: Final = 20_000
"""The most objects that have a handle at a time."""
_LONGEST: Final = 100
"""How many characters of a type's name are in a handle."""


class Handles:
    """Objects by handles, which are given when somebody asks for one. An object keeps its handle as
    long as it lives, and no other ever has it. Objects are held weakly.

    It is a root like a dict with fixed items. Game thread only, but objects may go on any.
    """

    def __init__(self) -> None:
        self._found: dict[str, weakref.ref[Any]] = {}
        self._handles: dict[int, str] = {}
        self._numbers = count(1)

    def give(self, value: object) -> str | None:
        """An object's handle; None if its type allows no weak reference, or too many have one."""
        ident = id(value)
        if (handle := self._handles.get(ident)) is not None:
            return handle
        if len(self._found) >= MOST:
            return None
        name = short_name(type(value))[:_LONGEST].lstrip("_")
        handle = f"{name}#{next(self._numbers)}"
        try:
            found = weakref.ref(value, partial(self._forget, ident, handle))
        except TypeError:
            return None
        self._found[handle], self._handles[ident] = found, handle
        return handle

    def _forget(self, ident: int, handle: str, _: object) -> None:
        self._found.pop(handle, None)
        self._handles.pop(ident, None)

    def get(self, handle: object) -> Any:
        """The object that has a handle; MISSING if it is gone."""
        reference = self._found.get(handle) if type(handle) is str else None
        value = None if reference is None else reference()
        return MISSING if value is None else value

    def items(self) -> Iterator[tuple[str, Any]]:
        """The handles and their objects, in the order in which they were given."""
        for handle, reference in list(self._found.items()):
            if (value := reference()) is not None:
                yield handle, value

    def __len__(self) -> int:
        return len(self._found)
