"""`ImportHook`: patches modules right after they are loaded. `merged()`: patches of several."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

logger = logging.getLogger("stagedoor")

Patch = Callable[[ModuleType], None]


def merged(*several: Mapping[str, Patch]) -> dict[str, Patch]:
    """The patches of all, by module. Those of the same module are applied in this order."""
    found: dict[str, list[Patch]] = {}
    for patches in several:
        for name, patch in patches.items():
            found.setdefault(name, []).append(patch)
    return {name: _in_order(patches) for name, patches in found.items()}


def _in_order(patches: Sequence[Patch]) -> Patch:
    if len(patches) == 1:
        return patches[0]

    def patch(module: ModuleType) -> None:
        for one in patches:
            one(module)

    return patch


class ImportHook:
    """A finder for `sys.meta_path` that finds what the other finders find, and patches it.

    `install()` patches modules that are loaded already. What a patch raises is logged, and the game
    goes on with the module as it is.
    """

    def __init__(self, patches: Mapping[str, Patch]) -> None:
        self._patches = patches

    def install(self) -> None:
        """Patch modules from now on, until `remove()`."""
        sys.meta_path.insert(0, self)
        for name in self._patches:
            if (module := sys.modules.get(name)) is not None:
                self._patch(name, module)

    def remove(self) -> None:
        """Patch no more modules. Modules that are patched stay patched."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Called by the import system."""
        if name not in self._patches:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(name, path, target)) is not None:
                self._prepare(name, spec)
                return spec
        return None

    def _prepare(self, name: str, spec: ModuleSpec) -> None:
        loader: Any = spec.loader
        # Patch the loader itself, so that the module keeps its usual loader and spec.
        attributes = getattr(loader, "__dict__", None)
        if not isinstance(attributes, dict) or not hasattr(loader, "exec_module"):
            return

        def exec_module(module: ModuleType) -> None:
            del attributes["exec_module"]
            loader.exec_module(module)
            self._patch(name, module)

        attributes["exec_module"] = exec_module

    def _patch(self, name: str, module: ModuleType) -> None:
        try:
            self._patches[name](module)
        except Exception:
            logger.exception("stagedoor does not understand this %s, and leaves it alone", name)
