"""Game frameworks. `ENGINES` names a module for each.

`find()` returns the engine of the framework that the game has imported. `patches()` returns the
patches that make a game tick a stage that it does not know of, and `waits()` those that tell when a
game waits.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from stagedoor.live.engines import sleeping
from stagedoor.live.engines.base import Engine

if TYPE_CHECKING:
    from stagedoor.live.engines.driver import Driver
    from stagedoor.live.engines.imports import Patch

__all__ = ["ENGINES", "Engine", "find", "patches", "waits"]

ENGINES: Final = {"pygame": "stagedoor.live.engines.pygame.engine"}
"""The module of each framework, and ours for it. Ours imports the framework in `engine()` only. It
has three functions:

    engine() -> Engine                           # called once the framework is imported
    patches(driver: Driver) -> dict[str, Patch]  # the framework may never be imported
    waits(driver: Driver) -> dict[str, Patch]
"""


def find() -> Engine | None:
    """The engine of the framework that the game has imported. This imports no framework."""
    for framework, ours in ENGINES.items():
        if framework in sys.modules:
            engine: Engine = import_module(ours).engine()
            return engine
    return None


def patches(driver: Driver) -> dict[str, Patch]:
    """The patches for modules, by name, so that what a game's loop passes ticks a stage.

    A patch is applied once its module is loaded.
    """
    found = sleeping.patches(driver)
    for ours in ENGINES.values():
        found |= import_module(ours).patches(driver)
    return found


def waits(driver: Driver) -> dict[str, Patch]:
    """Those for frameworks' modules that only tell the driver when the game waits.

    They are for waits that keep a processor busy: others are seen without.
    """
    found: dict[str, Patch] = {}
    for ours in ENGINES.values():
        found |= import_module(ours).waits(driver)
    return found
