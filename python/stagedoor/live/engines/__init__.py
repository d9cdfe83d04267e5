"""Game frameworks. `ENGINES` names a module for each.

`find()` returns the engine of the framework that the game has imported. `hooks()` returns the
patches that every game with a stage has, and `patches()` those that also make a game tick a stage
that it does not know of.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from stagedoor.live.engines import scene, sleeping
from stagedoor.live.engines.base import Engine
from stagedoor.live.engines.imports import merged

if TYPE_CHECKING:
    from stagedoor.live.engines.driver import Driver
    from stagedoor.live.engines.imports import Patch

__all__ = ["ENGINES", "Engine", "find", "hooks", "patches"]

ENGINES: Final = {"pygame": "stagedoor.live.engines.pygame.engine"}
"""The module of each framework, and ours for it. Ours imports the framework in `engine()` only. It
has four functions:

    engine() -> Engine                           # called once the framework is imported
    hooks() -> dict[str, Patch]                  # the framework may never be imported
    waits(driver: Driver) -> dict[str, Patch]
    patches(driver: Driver) -> dict[str, Patch]
"""


def find() -> Engine | None:
    """The engine of the framework that the game has imported. This imports no framework."""
    for framework, ours in ENGINES.items():
        if framework in sys.modules:
            engine: Engine = import_module(ours).engine()
            return engine
    return None


def hooks(driver: Driver) -> dict[str, Patch]:
    """The patches for modules, by name, that every game with a stage has.

    A patch is applied once its module is loaded. These tell the driver when the game waits in a way
    that keeps a processor busy (other waits are seen without), and when it shows a picture. And
    they are where the engine can reach in later, as for input to a game that asks which keys are
    pressed, or see what is on the screen."""
    ours = [import_module(one) for one in ENGINES.values()]
    waits = [one.waits(driver) for one in ours]
    return merged(scene.patches(), *[one.hooks() for one in ours], *waits)


def patches(driver: Driver) -> dict[str, Patch]:
    """The patches for modules, by name, so that what a game's loop passes ticks a stage, too."""
    ours = [import_module(one) for one in ENGINES.values()]
    # The last patch of a module is the one that the game calls: it must see the game's own frame.
    return merged(
        scene.patches(),
        *[one.hooks() for one in ours],
        sleeping.patches(driver),
        *[one.patches(driver) for one in ours],
    )
