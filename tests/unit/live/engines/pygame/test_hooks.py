"""`stagedoor.live.engines.pygame.hooks`: where the frames of a pygame game end."""

import importlib
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from stagedoor.live.engines.pygame import hooks as pygame_hooks
from stagedoor.live.engines.pygame.hooks import PygameHooks


class FakeDriver:
    """Counts frames; none ends while it is inside of one."""

    def __init__(self) -> None:
        self.timescale = 1.0
        self.here = True
        self.gone = 0.0
        self.frames: list[tuple[float, str | None]] = []
        self.sleeps = 0

    def is_here(self) -> bool:
        return self.here

    def away(self) -> float:
        return self.gone

    def slept(self, seconds: float) -> None:
        self.sleeps += 1

    def end_frame(self, passed: float, no_scale: str | None) -> float:
        self.frames.append((passed, no_scale))
        return passed * self.timescale


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


class World:
    """The modules of a pygame, patched, and what was asked of the real ones."""

    def __init__(self) -> None:
        self.driver = FakeDriver()
        self.now = 100.0
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

    def _wait(self, milliseconds: int, /) -> int:
        self.waited.append(milliseconds)
        return milliseconds + 1

    def patch(self) -> None:
        for name, patch in PygameHooks(self.driver).patches().items():
            patch(getattr(self, name.removeprefix("pygame.")))

    def flip(self, times: int, apart: float = 0.02) -> None:
        for _ in range(times):
            self.now += apart
            self.display.flip()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(pygame_hooks, "perf_counter", lambda: made.now)
    made.patch()
    return made


# Clocks


def test_a_frame_ends_when_the_clock_ticks(world: World) -> None:
    clock = world.time.Clock()
    for _ in range(100):
        world.flip(1)
        clock.tick(60)
    assert world.driver.frames == [(0.016, None)] * 100


def test_however_slow_the_frames_are_and_however_often_they_show_something(world: World) -> None:
    clock = world.time.Clock()
    for pictures, apart in ((1, 5.0), (3, 0.2), (20, 0.01)):
        world.driver.frames.clear()
        for _ in range(10):
            world.flip(pictures, apart)
            clock.tick(60)
        assert world.driver.frames == [(0.016, None)] * 10


def test_of_two_clocks_in_a_loop_the_first_counts_and_both_are_scaled(world: World) -> None:
    clock, other = world.time.Clock(), world.time.Clock()
    world.driver.timescale = 0.5
    for _ in range(10):
        assert clock.tick() == 8
        assert other.tick() == 8
    assert len(world.driver.frames) == 10


def test_a_clock_in_an_inner_loop_counts_instead_of_the_outer_one(world: World) -> None:
    clock, inner = world.time.Clock(), world.time.Clock()
    for _ in range(3):
        clock.tick()
        for _ in range(5):
            inner.tick()
    # 1 of the outer one, and all of the inner one but the first, before it was known to be one
    assert len(world.driver.frames) == 1 + 3 * 5 - 1


def test_the_clock_of_the_next_loop_takes_over(world: World) -> None:
    for _ in range(3):
        clock = world.time.Clock()
        for _ in range(10):
            clock.tick()
    assert len(world.driver.frames) == 10 + 9 + 9


def test_a_clock_of_another_thread_ends_no_frame(world: World) -> None:
    clock = world.time.Clock()
    clock.tick()
    world.driver.here = False
    assert [clock.tick(), world.time.Clock().tick()] == [16, 16]
    world.flip(100)
    assert len(world.driver.frames) == 1


# Pictures


@pytest.mark.parametrize("show", ["flip", "update", "window"])
def test_without_a_clock_a_frame_ends_when_a_picture_is_shown(world: World, show: str) -> None:
    window = world.window.Window()
    shows: dict[str, Callable[[], None]] = {
        "flip": world.display.flip,
        "update": lambda: world.display.update((1, 2)),
        "window": window.flip,
    }
    for _ in range(13):
        world.now += 0.25
        shows[show]()
    assert len(world.driver.frames) == 10  # three are let by, for a clock to come
    passed, no_scale = world.driver.frames[-1]
    assert passed == 0.25
    assert no_scale is not None
    assert "Clock" in no_scale
    assert len(world.shown) + window.shown == 13


def test_a_hold_is_not_in_the_time_of_a_picture(world: World) -> None:
    world.flip(5)
    world.driver.gone += 10
    world.now += 10
    world.flip(1)
    assert round(world.driver.frames[-1][0], 6) == 0.02


def test_pictures_end_frames_again_when_the_clock_is_not_used_any_more(world: World) -> None:
    clock = world.time.Clock()
    clock.tick()
    world.now += 0.5
    clock.tick()
    world.flip(40)  # 0.8 s
    assert len(world.driver.frames) == 2
    world.flip(20)
    assert len(world.driver.frames) == 2 + 10
    assert round(world.driver.frames[2][0], 6) == 1.02  # since the clock
    clock.tick()
    world.flip(20)
    assert len(world.driver.frames) == 2 + 10 + 1


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


# Waiting, and the time


def test_what_the_game_waits_is_told(world: World) -> None:
    assert (world.time.wait(10), world.time.delay(20)) == (11, 21)
    assert world.waited == [10, 20]
    assert world.driver.sleeps == 2
    world.time.Clock().tick()
    assert world.driver.sleeps == 3


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
            "pygame.display": {"flip", "update"},
            "pygame.window": {"Window"},
        }
        assert changed == expected[name]
        for key in changed:
            assert getattr(copy, key).__doc__ == getattr(real, key).__doc__
