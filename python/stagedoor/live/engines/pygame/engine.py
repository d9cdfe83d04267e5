"""`Pygame`: pygame-ce, or pygame, as a stage's engine."""

from __future__ import annotations

import itertools
import logging
from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from stagedoor.live.engines.pygame.hooks import PygameHooks

if TYPE_CHECKING:
    import pygame

    from stagedoor.live.engines.base import Engine
    from stagedoor.live.engines.driver import Driver
    from stagedoor.live.engines.imports import Patch

logger = logging.getLogger("stagedoor")

MAX_WAITING: Final = 1000
"""Events of each type that wait for a held game; of more than that the oldest are dropped."""


def engine() -> Engine:
    """pygame, which the game has imported."""
    return Pygame()


def patches(driver: Driver) -> dict[str, Patch]:
    """What to do to which module so that its use drives the stage."""
    return PygameHooks(driver).patches()


class Pygame:
    """pygame-ce, or pygame. Game thread only."""

    def __init__(self) -> None:
        import pygame

        self._pygame = pygame
        fork = "pygame-ce" if getattr(pygame, "IS_CE", False) else "pygame"
        self.name = f"{fork} {pygame.version.ver}"
        self._waiting: dict[int, deque[tuple[int, pygame.event.Event]]] = {}
        """Events by type, each with its place among all of them."""
        self._places = itertools.count()
        self._dropped: Counter[int] = Counter()

    def hold(self) -> bool:
        """Take in what the window system and the game's own threads and timers have sent: the
        window stays alive, and the queue, which is bounded, does not fill up."""
        pygame = self._pygame
        if not pygame.display.get_init():
            return False
        wants_to_quit = is_exposed = False
        for event in pygame.event.get():
            self._keep(event)
            wants_to_quit |= event.type == pygame.QUIT
            is_exposed |= event.type in (pygame.WINDOWEXPOSED, pygame.WINDOWSIZECHANGED)
        if is_exposed:
            self._show_again()
        return wants_to_quit

    def _keep(self, event: pygame.event.Event) -> None:
        waiting = self._waiting.get(event.type)
        if waiting is None:
            waiting = self._waiting[event.type] = deque(maxlen=MAX_WAITING)
        if len(waiting) == MAX_WAITING and event.type != self._pygame.MOUSEMOTION:
            self._dropped[event.type] += 1
        waiting.append((next(self._places), event))

    def _show_again(self) -> None:
        """The window's picture was lost. With OpenGL the last one is not there any more."""
        surface = self._pygame.display.get_surface()
        if surface is not None and not surface.get_flags() & self._pygame.OPENGL:
            self._pygame.display.flip()

    def release(self) -> None:
        """Put the events that waited into the queue, in the order in which they came."""
        pygame = self._pygame
        if self._waiting and pygame.display.get_init():
            for event in pygame.event.get():
                self._keep(event)
            for _, event in sorted(itertools.chain(*self._waiting.values())):
                pygame.event.post(event)
        self._waiting.clear()
        for kind, count in self._dropped.items():
            logger.warning(
                "%d events of the type %s were dropped while the game was held: only %d wait",
                count, pygame.event.event_name(kind), MAX_WAITING,
            )  # fmt: skip
        self._dropped.clear()

    def quit(self) -> None:
        """Post `pygame.QUIT`, as if the window had been closed.

        Raises RuntimeError when the game could not see it."""
        pygame = self._pygame
        if not pygame.display.get_init():
            raise RuntimeError("the game has no window that could be closed")
        if not pygame.event.post(pygame.event.Event(pygame.QUIT)):
            raise RuntimeError("the game has blocked the event pygame.QUIT")
