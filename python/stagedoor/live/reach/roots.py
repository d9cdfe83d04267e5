"""`Roots`: what the game has exposed, by name."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Final

from stagedoor import checks
from stagedoor.live.language.path import Item, Path
from stagedoor.live.language.tokens import is_name
from stagedoor.live.reach import rules
from stagedoor.live.reach.handles import Handles
from stagedoor.live.reach.plain import type_name
from stagedoor.wire.roles import Role
from stagedoor.wire.text import with_article

MAIN: Final = "__main__"
"""The root that is the game's own main module, under `stagedoor run`."""
SCENE: Final = "scene"
"""The root that leads to what is on the screen by handles, unless the game exposes another."""
GONE: Final[Any] = object()
"""Stands for an exposed object that is there no more."""


class Root:
    """An object that the game has exposed. It is held weakly if its type allows that."""

    def __init__(self, name: str, value: object, methods: frozenset[str]) -> None:
        self.name = name
        self.methods = methods
        """The methods of it that an operator may call."""
        self.type = type_name(type(value))
        self.held = False
        """It is kept, and so what it leads to: its type allows no weak reference."""
        try:
            self._find: Any = weakref.ref(value)
        except TypeError:
            self.held = True
            self._find = lambda: value

    @property
    def value(self) -> Any:
        """The object; GONE if nobody but clients would still refer to it."""
        found = self._find()
        return GONE if found is None and not self.held else found

    def is_open(self, role: Role) -> bool:
        """Whether a role may see it: its name may be that of a secret."""
        return self.name == MAIN or rules.is_open(self.name, role)


class Main(Root):
    """The game's main module, whichever that is when somebody asks."""

    def __init__(self) -> None:
        super().__init__(MAIN, sys, frozenset())

    @property
    def value(self) -> Any:
        """The module; GONE while there is none."""
        return sys.modules.get(MAIN, GONE)


class Roots:
    """The objects that the game has exposed, by name. Any thread may call."""

    def __init__(self) -> None:
        self._by_name: dict[str, Root] = {}
        self._handles = Handles()
        self._scene = Root(SCENE, self._handles, frozenset())

    def expose(self, name: str, value: object, methods: Iterable[str] = ()) -> None:
        """Let clients reach an object under a name. Exposing a name again replaces it.

        Raises ValueError for a name that is no identifier, or begins with an underscore, and for a
        method that the object does not have; TypeError for what paths do not go through: a
        function, a class, an object of stagedoor's own.
        """
        if not is_name(checks.text("name", name)) or name[:1] == "_":
            raise ValueError(f"name must be an identifier such as 'world', not {name!r}")
        if rules.is_leaf(value, is_root=True):
            what = with_article(type_name(type(value)))
            raise TypeError(
                f"{name}: {what} cannot be exposed; expected an object of the game's, or a module"
            )
        if isinstance(methods, str):
            raise TypeError("methods must be a list of names, not a str")
        for method in (chosen := frozenset(methods)):
            checks.text("methods", method)
            if not callable(getattr(value, method, None)):  # the game asks, so its code may run
                raise ValueError(f"{name} has no method {method!r}")
        self._by_name[name] = Root(name, value, chosen)

    def add_main(self) -> None:
        """Let clients reach the main module of a game that does not know of stagedoor."""
        self._by_name[MAIN] = Main()

    def unexpose(self, name: str) -> None:
        """Let clients reach an object no more. Raises KeyError for an unknown name."""
        if self._by_name.pop(checks.text("name", name), None) is None:
            raise KeyError(f"nothing is exposed as {name!r}")

    def get(self, name: str) -> Root | None:
        """The root of this name."""
        return self._by_name.get(name, self._scene if name == SCENE else None)

    def path_on_screen(self, value: object, role: Role) -> Path | None:
        """A path to an object that is on the screen, by its handle: `scene["Ball#3"]`. None if no
        path goes through it, or this role may not know the name of its type."""
        if SCENE in self._by_name or rules.is_leaf(value):
            return None
        handle = self._handles.give(value)
        is_open = handle is not None and rules.is_open(handle, role)
        return Path(SCENE, (Item(handle),)) if is_open else None

    def exposed(self) -> Iterator[Root]:
        """What the game has exposed, in that order."""
        return iter(list(self._by_name.values()))

    def __iter__(self) -> Iterator[Root]:
        """All roots: `scene` is one once it leads to something."""
        yield from self.exposed()
        if len(self._handles) and SCENE not in self._by_name:
            yield self._scene

    def __len__(self) -> int:
        return sum(1 for _ in self)
