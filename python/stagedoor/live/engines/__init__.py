"""Game frameworks, one file for each, which `ENGINES` names. `find()` tells which one the game has
imported; `patches()` is what makes a game that does not know of its stage drive it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from stagedoor.live.engines.base import Engine

if TYPE_CHECKING:
    from stagedoor.live.engines.driver import Driver
    from stagedoor.live.engines.imports import Patch

__all__ = ["ENGINES", "Engine", "find", "patches"]

ENGINES: Final = {"pygame": "stagedoor.live.engines.pygame.engine"}
"""A framework's module, and ours for it, which imports the framework in `engine()` only, and has

    engine() -> Engine                          # the framework is imported
    patches(driver: Driver) -> dict[str, Patch]  # it may not be, and may never be
"""


def find() -> Engine | None:
    """The engine of a framework that is imported already; none is imported for this."""
    for framework, ours in ENGINES.items():
        if framework in sys.modules:
            engine: Engine = import_module(ours).engine()
            return engine
    return None


def patches(driver: Driver) -> dict[str, Patch]:
    """By the name of a framework's module, what to do to it once it is loaded, so that the game's
    frames drive the stage."""
    found: dict[str, Patch] = {}
    for ours in ENGINES.values():
        found |= import_module(ours).patches(driver)
    return found
