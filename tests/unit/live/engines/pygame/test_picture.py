"""`stagedoor.live.engines.pygame.picture`: over the real pygame, without a display."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pygame
import pytest
from pygame._sdl2 import video
from tests.unit.live.engines.fakes import Waits

from stagedoor.live.engines.driver import NoDriver
from stagedoor.live.engines.imports import ImportHook
from stagedoor.live.engines.picture import NoPictureError, Picture, Window
from stagedoor.live.engines.pygame import picture as module
from stagedoor.live.engines.pygame.engine import waits
from stagedoor.live.engines.pygame.picture import Pictures, Shown
from stagedoor.live.engines.replacement import Replacement
from stagedoor.live.engines.showing import Showing

RED = pygame.Color(200, 10, 30)
_ON_HEAP = 1 << 9
"""`Py_TPFLAGS_HEAPTYPE`"""


@pytest.fixture(autouse=True)
def showing(monkeypatch: pytest.MonkeyPatch) -> Showing:
    """As in a process in which nothing was shown."""
    showing, shown = Showing(), Shown()
    monkeypatch.setattr(module, "showing", showing)
    monkeypatch.setattr("stagedoor.live.engines.driver.showing", showing)
    monkeypatch.setattr(module, "shown", shown)
    monkeypatch.setattr("stagedoor.live.engines.pygame.hooks.shown", shown)
    return showing


def real(value: Any) -> Any:
    """pygame's own function or class, also where a stage of another test has hooked in."""
    while isinstance(value, Replacement):
        value = value._real
    if isinstance(value, type):  # a class of C is on no heap
        return next(base for base in value.__mro__ if not base.__flags__ & _ON_HEAP)
    return value


@pytest.fixture(autouse=True)
def display(monkeypatch: pytest.MonkeyPatch, showing: Showing) -> Iterator[None]:
    """A display that nobody sees, and the hooks of a game that ticks its own stage."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    for holder, name in (
        (pygame.display, "flip"),
        (pygame.display, "update"),
        (pygame.window, "Window"),
        (video, "Renderer"),
        (pygame.time, "wait"),
        (pygame.time, "delay"),
    ):
        monkeypatch.setattr(holder, name, real(getattr(holder, name)))
    for clock in (pygame.time, pygame):  # to be put back
        monkeypatch.setattr(clock, "Clock", clock.Clock)
    hook = ImportHook(waits(NoDriver(Waits())))
    hook.install()
    hook.remove()
    yield
    gc.collect()  # a renderer must go before its window
    pygame.quit()


@pytest.fixture
def pictures() -> Pictures:
    return Pictures()


def pixel(found: Picture | None, x: int, y: int) -> tuple[int, int, int]:
    """Red, green and blue of a pixel."""
    assert found is not None
    row = found.height - 1 - y if found.bottom_up else y
    size = 3 if found.layout == "RGB" else 4
    at = row * found.stride + size * x
    first, green, third = found.data[at : at + 3]
    return (third, green, first) if found.layout == "BGRX" else (first, green, third)


def text_of(pictures: Pictures) -> str:
    with pytest.raises(NoPictureError) as caught:
        pictures.picture()
    return str(caught.value)


class TestADisplay:
    def test_is_read_as_it_is_at_any_time(self, pictures: Pictures) -> None:
        surface = pygame.display.set_mode((64, 48))
        surface.fill(RED, (0, 0, 32, 48))
        pygame.display.flip()
        found = pictures.picture()
        assert found is not None
        assert (found.width, found.height, len(found.data)) == (64, 48, found.stride * 48)
        assert pixel(found, 31, 47) == tuple(RED[:3])
        assert pixel(found, 32, 47) == (0, 0, 0)
        surface.fill("white")
        assert pixel(found, 0, 0) == tuple(RED[:3]), "it is a copy"
        assert pixel(pictures.picture(), 0, 0) == (255, 255, 255)

    def test_that_was_not_shown_has_no_picture_yet(self, pictures: Pictures) -> None:
        pygame.display.set_mode((64, 48))
        assert "has shown nothing yet" in text_of(pictures)
        pygame.display.update()
        assert pixel(pictures.picture(), 0, 0) == (0, 0, 0)

    def test_on_which_something_is_was_shown_before_the_hooks(self, pictures: Pictures) -> None:
        pygame.display.set_mode((64, 48)).fill(RED)
        assert pixel(pictures.picture(), 0, 0) == tuple(RED[:3])

    def test_that_is_not_there_has_none(self, pictures: Pictures) -> None:
        assert "no window yet" in text_of(pictures)
        pygame.display.init()
        assert "no window yet" in text_of(pictures)
        assert pictures.window() is None

    def test_that_was_closed_says_so(self, pictures: Pictures) -> None:
        pygame.display.set_mode((64, 48))
        pygame.display.flip()
        pygame.display.quit()
        assert "has closed its window" in text_of(pictures)
        assert pictures.window() is None
        pygame.display.set_mode((32, 32)).fill(RED)
        assert pixel(pictures.picture(), 0, 0) == tuple(RED[:3])

    @pytest.mark.filterwarnings("ignore:no fast renderer")
    def test_that_is_scaled_has_the_games_own_pixels(self, pictures: Pictures) -> None:
        surface = pygame.display.set_mode((160, 120), pygame.SCALED)
        pygame.display.set_caption("small")
        surface.fill(RED)
        pygame.display.flip()
        found = pictures.picture()
        assert found is not None
        assert (found.width, found.height) == (160, 120)
        assert pixel(found, 159, 119) == tuple(RED[:3])
        width, height = pygame.display.get_window_size()
        assert pictures.window() == Window("small", width, height, 160, 120)


class TestAWindow:
    def test_is_read_at_any_time_once_it_was_shown(self, pictures: Pictures) -> None:
        window = pygame.window.Window("one", (64, 48))
        window.get_surface().fill(RED)
        assert "no window yet" in text_of(pictures)
        window.flip()
        assert pixel(pictures.picture(), 63, 47) == tuple(RED[:3])
        assert pictures.window() == Window("one", 64, 48, 64, 48)
        window.get_surface().fill("blue")
        assert pixel(pictures.picture(), 63, 47) == (0, 0, 255)

    def test_may_change_its_size_and_title(self, pictures: Pictures) -> None:
        window = pygame.window.Window("one", (64, 48), resizable=True)
        window.get_surface()
        window.flip()
        window.size = (100, 80)
        window.title = "two"
        pygame.event.pump()
        window.get_surface().fill(RED)
        window.flip()
        found = pictures.picture()
        assert found is not None
        assert (found.width, found.height) == (100, 80)
        assert pixel(found, 99, 79) == tuple(RED[:3])
        assert pictures.window() == Window("two", 100, 80, 100, 80)

    def test_of_two_the_one_that_was_shown_last_is_the_picture(self, pictures: Pictures) -> None:
        windows = [pygame.window.Window(name, (64, 48)) for name in "ab"]
        for window, colour in zip(windows, (RED, "blue"), strict=True):
            window.get_surface().fill(colour)
            window.flip()
        assert pixel(pictures.picture(), 0, 0) == (0, 0, 255)
        windows[0].flip()
        assert pixel(pictures.picture(), 0, 0) == tuple(RED[:3])

    def test_that_is_gone_has_no_picture_and_was_not_kept(self, pictures: Pictures) -> None:
        window: Any = pygame.window.Window("one", (64, 48))
        window.get_surface().fill(RED)
        window.flip()
        window.destroy()
        del window
        gc.collect()
        assert pictures.window() is None
        assert "has closed its window" in text_of(pictures)

    def test_is_not_asked_for_when_a_renderer_was_shown_after_it(self, pictures: Pictures) -> None:
        window = pygame.window.Window("one", (64, 48))
        window.get_surface()
        window.flip()
        other = pygame.window.Window("two", (32, 24))
        renderer = video.Renderer(other)
        renderer.present()
        assert pictures.picture() is None
        renderer.present()
        found = pictures.picture()
        assert found is not None
        assert (found.width, found.height) == (32, 24)


class TestARenderer:
    @pytest.fixture
    def renderer(self) -> Iterator[video.Renderer]:
        window = pygame.window.Window("one", (64, 48))
        yield video.Renderer(window)
        del window

    def test_is_read_when_it_is_about_to_be_shown(
        self, pictures: Pictures, renderer: video.Renderer
    ) -> None:
        def show(colour: str) -> None:
            renderer.draw_color = colour
            renderer.clear()
            renderer.present()

        assert "no window yet" in text_of(pictures)
        show("white")
        assert pictures.picture() is None, "it comes with the next one"
        show("red")
        found = pictures.picture()
        assert pixel(found, 0, 0) == (255, 0, 0)
        assert pictures.picture() is found, "that is still what is on the screen"
        show("blue")
        assert pictures.picture() is None, "and now it is not"
        show("green")
        assert pixel(pictures.picture(), 63, 47)[1] > 100

    def test_that_cannot_be_read_says_why_and_the_game_goes_on(
        self, pictures: Pictures, renderer: video.Renderer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        renderer.present()
        assert pictures.picture() is None

        def fail(*_: object) -> Picture:
            raise pygame.error("the target is lost")

        with monkeypatch.context() as broken:
            broken.setattr(module, "read", fail)
            renderer.present()
        assert text_of(pictures) == "the picture cannot be read: error: the target is lost"
        renderer.present()
        assert pictures.picture() is None
        renderer.present()
        assert pictures.picture() is not None

    def test_costs_nothing_while_nobody_asks(
        self, pictures: Pictures, renderer: video.Renderer
    ) -> None:
        for _ in range(3):
            renderer.present()
        assert pictures._taken is None

    def test_a_picture_that_nobody_fetched_is_old_after_a_while(
        self, pictures: Pictures, renderer: video.Renderer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        renderer.present()
        assert pictures.picture() is None
        renderer.present()
        renderer.present()
        monkeypatch.setattr(module, "NEW", -1.0)
        assert pictures.picture() is None


@pytest.mark.parametrize("depth", [8, 16, 24, 32])
def test_every_kind_of_surface_can_be_read(depth: int) -> None:
    surface = pygame.Surface((5, 3), depth=depth)
    if depth == 8:
        surface.set_palette([(200, 10, 30)] * 256)
    surface.fill(RED)
    found = module.read(pygame, surface)
    assert (found.width, found.height) == (5, 3)
    assert all(abs(a - b) < 9 for a, b in zip(pixel(found, 4, 2), RED[:3], strict=True))
