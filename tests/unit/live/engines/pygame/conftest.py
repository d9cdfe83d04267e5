"""A pygame whose functions are replaced for one test."""

from __future__ import annotations

from collections.abc import Iterator

import pygame
import pytest

from stagedoor.live.engines.pygame import engine as pygame_engine
from stagedoor.live.engines.pygame.overlay import Overlay
from stagedoor.live.engines.showing import showing

MODULES = (pygame.key, pygame.mouse, pygame.event)


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A window that nobody sees, 640 by 480, with an empty queue."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    pygame.display.set_mode((640, 480))
    pygame.event.get()
    yield
    if pygame.display.get_init():
        pygame.event.get()
    pygame.display.quit()


@pytest.fixture
def overlay(display: None, monkeypatch: pytest.MonkeyPatch) -> Overlay:
    """That of pygame, for as long as the test runs."""
    made = Overlay()
    for module in MODULES:
        for name, value in list(vars(module).items()):
            monkeypatch.setattr(module, name, getattr(value, "_real", value))
        made.patches()[module.__name__](module)
    monkeypatch.setattr(pygame_engine, "overlay", made)
    monkeypatch.setattr(showing, "count", 0)
    return made
