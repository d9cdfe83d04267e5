"""The names that code of the console sees: those of the game's `__main__`, or of an object."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from inspect import getattr_static
from types import ModuleType
from typing import Any, Final

LAST: Final = "_"
"""The name of the last value."""
SELF: Final = "self"
"""The name of the object whose names these are."""


class Names:
    """Where code finds its names, and where it puts what it assigns."""

    def __init__(self, globals: dict[str, Any], members: Members | None = None) -> None:
        self.globals = globals
        self.members = members
        """None: code assigns globals."""

    @property
    def locals(self) -> Any:
        """For `exec`."""
        return self.globals if self.members is None else self.members

    @contextmanager
    def lend(self, names: Mapping[str, object]) -> Iterator[None]:
        """In the block, there are these global names as well, unless the game has them itself.
        Those that the code has given another value stay."""
        lent: dict[str, object] = {}
        before: dict[str, object] = {}
        for name, value in names.items():
            if not self.has(name):
                if name in self.globals:
                    before[name] = self.globals[name]
                lent[name] = self.globals[name] = value
        try:
            yield
        finally:
            for name, value in lent.items():
                if self.globals.get(name, lent) is not value:
                    continue
                if name in before:
                    self.globals[name] = before[name]
                else:
                    del self.globals[name]

    def has(self, name: str) -> bool:
        """Whether the game has such a name. Many loops of a game have `_` for what they do not
        need, so that counts only if it is a function, as of gettext."""
        found = self.globals.get(name, getattr(builtins, name, None))
        return callable(found) if name == LAST else found is not None or name in self.globals


class Members:
    """The attributes of an object as names: `hp = 3` sets one."""

    def __init__(self, owner: object) -> None:
        self.owner = owner
        """Whose attributes these are."""

    def __getitem__(self, name: str) -> object:
        # A `__getattr__` that knows every name would hide those of the module and of Python.
        if getattr_static(self.owner, name, Members) is Members:
            raise KeyError(name)
        return getattr(self.owner, name)

    def __setitem__(self, name: str, value: object) -> None:
        setattr(self.owner, name, value)

    def __delitem__(self, name: str) -> None:
        delattr(self.owner, name)

    def keys(self) -> Iterable[str]:
        return dir(self.owner)


def names_of_game() -> Names:
    """Those of `__main__`."""
    return Names(sys.modules["__main__"].__dict__)


def names_of(owner: object) -> Names:
    """Those of an object: its attributes, `self`, and what its module has. Those of a module are
    its own."""
    if isinstance(owner, ModuleType):
        return Names(owner.__dict__)
    module = sys.modules.get(str(type(owner).__module__), sys.modules["__main__"])
    return Names(module.__dict__ | {SELF: owner}, Members(owner))
