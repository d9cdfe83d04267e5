"""`Scene`: what is on the screen, of all layers of the game."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Final

from stagedoor.live.engines import scene as layers
from stagedoor.live.engines.scene import Node, Reader, Trouble
from stagedoor.live.scene.own import OwnNodes
from stagedoor.wire.text import reason_of

AT_ONCE: Final = 32
"""How many nodes are gone through before the walk may pause."""
LONGEST: Final = 0.0005
"""Seconds after which it may pause, too: functions of the game may be slow."""


class Scene:
    """The nodes of all layers, and those that the game has declared. Game thread only."""

    def __init__(self) -> None:
        self.own = OwnNodes()

    def walk(self, read: Reader) -> Iterator[Node | Trouble | None]:
        """What is on the screen, from the back to the front. Where it yields None, it may pause,
        and the game may go on: what is told is what was there when the walk came to it."""
        for provider in (*layers.providers(), self.own):
            yield None
            count, pause = 0, perf_counter() + LONGEST
            try:
                for found in provider.nodes(read):
                    yield found
                    count += 1
                    if count == AT_ONCE or perf_counter() > pause:
                        yield None
                        count, pause = 0, perf_counter() + LONGEST
            except Exception as error:
                yield Trouble(f"{type(provider).__name__}: {reason_of(error)}")
