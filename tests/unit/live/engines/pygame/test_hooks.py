"""`stagedoor.live.engines.pygame.hooks`: where the frames of a pygame game end."""

import importlib
import math
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pygame
import pytest
from tests.unit.live.engines.fakes import FakeDriver

from stagedoor.live.engines import sleeping
from stagedoor.live.engines.pygame import hooks as pygame_hooks
from stagedoor.live.engines.pygame.hooks import PygameHooks
from stagedoor.live.engines.turns import Kind


class FakeClock:
    def tick(self, framerate: float = 0) -> int:
        return 16

    tick_busy_loop = tick

    def get_rawtime(self) -> int:
        return 3

    get_time = get_fps = get_rawtime


class FakeWindow:
    """A window."""

    shown = 0

    def flip(self) -> None:
        """Show it."""
        self.shown += 1


class FakeRenderer:
    shown = 0

    def present(self) -> None:
        self.shown += 1


class World:
    """The modules of a pygame, patched, and what was asked of the real ones."""

    def __init__(self) -> None:
        self.driver = FakeDriver(Kind.CLOCK)
        self.now = 100.0
        self.events: list[tuple[float, str]] = []
        """When each comes, and what it is."""
        self.ticks = 0
        self.shown: list[tuple[str, object]] = []
        self.waited: list[int] = []
        self.time: Any = SimpleNamespace(
            Clock=FakeClock, get_ticks=lambda: self.ticks, wait=self._wait, delay=self._wait
        )
        self.display: Any = SimpleNamespace(
            flip=lambda: self.shown.append(("flip", None)),
            update=lambda *what: self.shown.append(("update", what)),
        )
        self.window: Any = SimpleNamespace(Window=FakeWindow)
        self.video: Any = SimpleNamespace(Renderer=FakeRenderer)
        self.event: Any = SimpleNamespace(
            wait=self._wait_for_event,
            **{name: lambda *what, **named: (what, named) for name in pygame_hooks._POLLS},
        )

    def _wait(self, milliseconds: int, /) -> int:
        self.waited.append(milliseconds)
        self.now += (milliseconds + 1) / 1000
        return milliseconds + 1

    def _wait_for_event(self, timeout: int = 0) -> Any:
        self.waited.append(timeout)
        until = self.now + (timeout / 1000 or math.inf)
        if self.events and self.events[0][0] <= until:
            at, kind = self.events.pop(0)
            self.now = max(self.now, at)
            return SimpleNamespace(type=kind)
        assert until < math.inf, "it would wait for ever"
        self.now = until
        return SimpleNamespace(type=pygame_hooks._NO_EVENT)

    def patch(self) -> None:
        for name, patch in PygameHooks(self.driver).patches().items():
            patch(getattr(self, name.rpartition(".")[2]))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    for module in (pygame_hooks, sleeping):
        monkeypatch.setattr(module, "perf_counter", lambda: made.now)
    made.patch()
    return made


def test_a_frame_ends_when_the_clock_ticks_and_has_its_time(world: World) -> None:
    clock = world.time.Clock()
    for _ in range(100):
        world.display.flip()
        assert clock.tick(60) == 16
    assert world.driver.frames == [0.016] * 100
    assert world.driver.kinds == [Kind.PICTURE, Kind.CLOCK] * 100


# Pictures


def test_each_way_to_show_a_picture_is_told_after_it(world: World) -> None:
    window, renderer = world.window.Window(), world.video.Renderer()
    for show in (
        world.display.flip,
        lambda: world.display.update((1, 2)),
        window.flip,
        renderer.present,
    ):
        world.driver.told.clear()
        for _ in range(2):
            show()
        assert world.driver.kinds == [Kind.PICTURE] * 2
    assert world.driver.shown == [None] * 4 + [window] * 2 + [renderer] * 2
    assert world.shown == [("flip", None)] * 2 + [("update", ((1, 2),))] * 2
    assert (window.shown, renderer.shown) == (2, 2)


def test_what_is_shown_is_shown_with_its_arguments_and_errors(world: World) -> None:
    world.display.update([(1, 2, 3, 4)])
    assert world.shown == [("update", ([(1, 2, 3, 4)],))]
    with pytest.raises(TypeError):
        world.display.flip(1)


def test_the_window_stays_a_class_to_be_inherited_from(world: World) -> None:
    class Mine(world.window.Window):  # type: ignore[misc, name-defined]
        def flip(self) -> None:
            super().flip()

    mine = Mine()
    mine.flip()
    assert mine.shown == 1
    assert isinstance(mine, FakeWindow)
    kind = world.window.Window
    assert (kind.__name__, kind.__qualname__) == ("Window", "Window")
    assert (kind.__module__, kind.__doc__) == (FakeWindow.__module__, FakeWindow.__doc__)
    assert kind.flip.__doc__ == FakeWindow.flip.__doc__


@pytest.mark.parametrize(
    ("use", "given"),
    [
        (lambda world: world.display.flip, ()),
        (lambda world: world.event.get, ()),
        (lambda world: world.time.wait, (1,)),
        (lambda world: world.event.wait, (1,)),
        (lambda world: world.window.Window().flip, ()),
        (lambda world: world.time.Clock().tick, ()),
    ],
)
def test_places_in_the_games_code_are_told_apart(
    world: World, use: Callable[[World], Callable[..., object]], given: tuple[int, ...]
) -> None:
    function = use(world)
    for _ in range(2):
        function(*given)
        function(*given)
    first, second, *rest = world.driver.told
    assert first[0] == second[0]
    assert first[1] != second[1]
    assert rest == [first, second]


# Events


def test_each_way_to_ask_for_events_is_told_and_gets_its_arguments(world: World) -> None:
    for name in pygame_hooks._POLLS:
        assert getattr(world.event, name)(1, pump=False) == ((1,), {"pump": False})
    assert world.driver.kinds == [Kind.EVENTS] * len(pygame_hooks._POLLS)


@pytest.mark.parametrize("arguments", [(), (0,), (-1,), (100_000,)])
def test_a_wait_for_an_event_passes_its_place_all_the_time(
    world: World, arguments: tuple[int, ...]
) -> None:
    world.events = [(world.now + 1, "key"), (world.now + 1.001, "mouse")]
    assert world.event.wait(*arguments).type == "key"
    assert 55 < len(world.driver.told) < 70
    assert len(set(world.driver.told)) == 1
    world.driver.told.clear()
    assert world.event.wait().type == "mouse"
    assert len(world.driver.told) == 1


@pytest.mark.parametrize("timeout", [1, 16, 17, 1000])
def test_a_wait_with_a_timeout_takes_no_longer(world: World, timeout: int) -> None:
    began = world.now
    assert world.event.wait(timeout).type == pygame_hooks._NO_EVENT
    assert world.event.wait(timeout=timeout).type == pygame_hooks._NO_EVENT
    assert -0.0001 <= world.now - began - 2 * timeout / 1000 <= 0.0021


def test_a_wait_for_an_event_is_the_real_one_if_the_game_ticks_a_stage(world: World) -> None:
    world.driver.drives = False
    world.events = [(world.now + 1, "key")]
    assert world.event.wait().type == "key"
    assert world.waited == [0]
    assert world.driver.told == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("1",), {}),
        ((1, 2), {}),
        ((1,), {"timeout": 2}),
        ((), {"wait": 1}),
        ((1.5,), {}),
        ((None,), {}),
    ],
)
def test_a_wait_with_what_is_no_timeout_is_refused_as_ever(
    world: World, arguments: tuple[Any, ...], named: dict[str, Any]
) -> None:
    errors = []
    ours = PygameHooks(world.driver)._make_event_wait(pygame.event.wait)
    for wait in (pygame.event.wait, ours):
        with pytest.raises(Exception) as caught:  # noqa: PT011 (the same for both)
            wait(*arguments, **named)
        errors.append(caught.type)
    assert world.driver.told == []


# Waiting, and the time


def test_what_the_game_waits_is_told(world: World) -> None:
    assert (world.time.wait(10), world.time.delay(20)) == (11, 21)
    assert world.waited == [10, 20]
    assert world.driver.waiting.count == 2
    world.time.Clock().tick()
    assert world.driver.waiting.count == 3
    assert world.driver.kinds == [Kind.SLEEP, Kind.SLEEP, Kind.CLOCK]


def test_the_ticks_stand_still_while_the_game_is_held(world: World) -> None:
    world.ticks = 1000
    assert world.time.get_ticks() == 1000
    world.ticks, world.driver.gone = 6020, 5.0
    assert world.time.get_ticks() == 1020


def test_the_ticks_begin_again_with_pygame(world: World) -> None:
    world.ticks, world.driver.gone = 6020, 5.0
    assert world.time.get_ticks() == 1020
    world.ticks = 0
    assert world.time.get_ticks() == 0
    world.ticks = 100
    assert world.time.get_ticks() == 100
    world.ticks, world.driver.gone = 1100, 6.0
    assert world.time.get_ticks() == 100


# The real pygame


def test_the_patches_fit_the_real_pygame() -> None:
    for name, patch in PygameHooks(FakeDriver()).patches().items():
        real = importlib.import_module(name)
        copy = ModuleType(name)
        vars(copy).update(vars(real))
        patch(copy)
        changed = {key for key in vars(copy) if getattr(copy, key) is not getattr(real, key, None)}
        expected = {
            "pygame.time": {"Clock", "get_ticks", "wait", "delay"},
            "pygame.event": {"get", "poll", "peek", "pump", "clear", "wait"},
            "pygame.display": {"flip", "update"},
            "pygame.window": {"Window"},
            "pygame._sdl2.video": {"Renderer"},
        }
        assert changed == expected[name]
        for key in changed:
            assert getattr(copy, key).__doc__ == getattr(real, key).__doc__


@pytest.mark.parametrize(("module", "name"), [("window", "Window"), ("_sdl2.video", "Renderer")])
def test_an_object_of_ours_is_as_large_as_a_real_one(module: str, name: str) -> None:
    module = f"pygame.{module}"
    real = importlib.import_module(module)
    copy = ModuleType(module)
    vars(copy).update(vars(real))
    PygameHooks(FakeDriver()).patches()[module](copy)
    assert getattr(copy, name).__basicsize__ == getattr(real, name).__basicsize__


def test_alone_time_is_the_games_and_only_waits_and_pictures_are_told() -> None:
    hooks = PygameHooks(FakeDriver())
    copy = ModuleType("pygame.time")
    vars(copy).update(vars(pygame.time))
    patches = hooks.waits()
    assert "pygame.event" not in patches
    patches["pygame.time"](copy)
    assert copy.get_ticks is pygame.time.get_ticks
    assert copy.Clock is not pygame.time.Clock
