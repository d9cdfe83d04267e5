"""`Pygame`: pygame-ce, or pygame, as a stage's engine."""

from __future__ import annotations

import itertools
import logging
from collections import Counter, deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from stagedoor.live.engines.pygame import groups
from stagedoor.live.engines.pygame.hooks import PygameHooks
from stagedoor.live.engines.pygame.inputs import Inputs
from stagedoor.live.engines.pygame.overlay import overlay
from stagedoor.live.engines.pygame.picture import Pictures

if TYPE_CHECKING:
    import pygame

    from stagedoor.live.engines.base import Ability, Engine
    from stagedoor.live.engines.driver import Driver
    from stagedoor.live.engines.imports import Patch
    from stagedoor.live.engines.inputs import Input
    from stagedoor.live.engines.picture import Picture, Window

logger = logging.getLogger("stagedoor")

MAX_WAITING: Final = 1000
"""The most events of each type that wait for a held game. Beyond that, the oldest are dropped."""


def engine() -> Engine:
    """The engine for pygame, which the game has imported."""
    return Pygame()


def patches(driver: Driver) -> dict[str, Patch]:
    """The patches for pygame's modules, so that their use ticks the stage."""
    return PygameHooks(driver).patches()


def hooks() -> dict[str, Patch]:
    """The patches for pygame's modules that every game with a stage has."""
    return overlay.patches()


def waits(driver: Driver) -> dict[str, Patch]:
    """The patches for pygame's modules that only tell when the game waits."""
    return PygameHooks(driver).waits()


class Pygame:
    """pygame-ce, or pygame. Game thread only."""

    def __init__(self) -> None:
        import pygame

        self._pygame = pygame
        fork = "pygame-ce" if getattr(pygame, "IS_CE", False) else "pygame"
        self.name = f"{fork} {pygame.version.ver}"
        self._waiting: dict[int, deque[tuple[int, pygame.event.Event]]] = {}
        """The events that wait, by type, each with its place in the order of all events."""
        self._pictures = Pictures()
        self._inputs = Inputs(pygame, overlay, self._pictures.window)
        self._places = itertools.count()
        self._dropped: Counter[int] = Counter()

    @property
    def can(self) -> frozenset[Ability]:
        """What works in this game."""
        found: set[Ability] = {"scale", "picture", "keys", "pointer", "text", "quit"}
        if groups.are_seen():
            found.add("scene")
        if self._inputs.is_polled:
            found.add("polled")
        if self._inputs.gamepad.is_reachable:
            found.add("gamepad")
        return frozenset(found)

    def send(self, inputs: Sequence[Input]) -> None:
        """Do what a player would do."""
        self._inputs.send(inputs)

    def hold(self) -> bool:
        """Take the events out of pygame's queue, and let them wait.

        This keeps the window alive. It also keeps the queue, which is bounded, from filling up with
        the events of the window system and of the game's own threads and timers."""
        pygame = self._pygame
        overlay.is_held = True
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
        """Show the window's picture again after it was lost. With OpenGL there is no copy of it."""
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
        overlay.is_held = False
        self._waiting.clear()
        for kind, count in self._dropped.items():
            logger.warning(
                "%d events of the type %s were dropped while the game was held: only %d wait",
                count, pygame.event.event_name(kind), MAX_WAITING,
            )  # fmt: skip
        self._dropped.clear()

    def window(self) -> Window | None:
        """That of `pygame.display`, or the `pygame.Window` that was shown last."""
        return self._pictures.window()

    def picture(self) -> Picture | None:
        """The picture in that window, or of the `Renderer` that was shown last."""
        return self._pictures.picture()

    def quit(self) -> None:
        """Post `pygame.QUIT`, as if the window had been closed.

        Raises RuntimeError if the game could not get the event."""
        pygame = self._pygame
        if not pygame.display.get_init():
            raise RuntimeError("the game has no window that could be closed")
        if not pygame.event.post(pygame.event.Event(pygame.QUIT)):
            raise RuntimeError("the game has blocked the event pygame.QUIT")
