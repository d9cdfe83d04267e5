"""`stagedoor.live.engines.pygame.clock`: a clock that tells the game's own time."""

import copy
import math
import random
from collections.abc import Callable
from typing import Any

import pygame
import pytest
from tests.unit.live.engines.fakes import FakeDriver, Waits

from stagedoor.live.engines.driver import NoDriver
from stagedoor.live.engines.pygame.clock import make_clock_type
from stagedoor.live.engines.turns import Kind


class FakeClock:
    """A real clock, as far as these tests need one: tells what it is told."""

    made: "list[FakeClock]"

    def __init__(self) -> None:
        self.next_ticks: list[int] = []
        self.raw = 0
        self.framerates: list[tuple[str, float]] = []
        FakeClock.made.append(self)

    def tick(self, framerate: float = 0, /) -> int:
        """Tick."""
        self.framerates.append(("tick", framerate))
        return self.next_ticks.pop(0)

    def tick_busy_loop(self, framerate: float = 0, /) -> int:
        self.framerates.append(("tick_busy_loop", framerate))
        return self.next_ticks.pop(0)

    def get_rawtime(self) -> int:
        return self.raw

    def get_time(self) -> int:
        raise NotImplementedError

    get_fps = get_time


Make = Callable[..., Any]


@pytest.fixture
def pace() -> FakeDriver:
    return FakeDriver(Kind.CLOCK)


@pytest.fixture
def make(pace: FakeDriver) -> Make:
    """A clock whose real one ticks so many milliseconds each."""
    FakeClock.made = []
    clock_type = make_clock_type(FakeClock, pace)  # type: ignore[arg-type]

    def make_clock(*ticks: int) -> Any:
        clock = clock_type()
        FakeClock.made[-1].next_ticks += ticks
        return clock

    return make_clock


def test_left_alone_it_tells_what_the_real_one_tells(make: Make, pace: FakeDriver) -> None:
    ticks = random.Random(1).choices(range(40), k=1000)
    clock = make(*ticks)
    assert [clock.tick(60) for _ in ticks] == ticks
    assert FakeClock.made[0].framerates == [("tick", 60)] * 1000
    assert pace.frames == [tick / 1000 for tick in ticks]
    assert pace.waiting.count == 1000


def test_the_other_tick_ticks_as_well(make: Make, pace: FakeDriver) -> None:
    clock = make(5, 6)
    assert (clock.tick_busy_loop(30), clock.tick_busy_loop()) == (5, 6)
    assert FakeClock.made[0].framerates == [("tick_busy_loop", 30), ("tick_busy_loop", 0)]
    assert pace.frames == [0.005, 0.006]


@pytest.mark.parametrize("scale", [0.01, 0.1, 1 / 3, 0.5, 1.7, 30.0])
def test_scaled_time_does_not_drift(make: Make, pace: FakeDriver, scale: float) -> None:
    pace.timescale = scale
    ticks = random.Random(2).choices(range(10, 25), k=20_000)
    clock = make(*ticks)
    told = passed = 0
    for tick in ticks:
        ms = clock.tick(60)
        assert isinstance(ms, int)
        assert ms == clock.get_time()
        assert abs(ms - tick * scale) < 1.001
        told += ms
        passed += tick
        assert abs(told - passed * scale) < 0.501


def test_the_stages_own_time_is_not_the_games(make: Make, pace: FakeDriver) -> None:
    pace.stage = 0.0004
    clock = make(*[20] * 1000)
    told = sum(clock.tick(50) for _ in range(1000))
    assert told == 20 * 1000 - round(0.4 * 999)


def test_a_hold_is_not_in_the_next_tick_of_any_clock(make: Make, pace: FakeDriver) -> None:
    clock, other = make(16, 10_016), make(16, 16, 10_032)
    other.tick()
    clock.tick()
    other.tick()
    pace.gone += 10
    assert clock.tick() == 16
    assert other.tick() == 32


def test_what_is_away_longer_than_a_tick_lasted_is_nothing_not_less(
    make: Make, pace: FakeDriver
) -> None:
    clock = make(16, 999, 16)
    clock.tick()
    pace.gone += 1
    assert [clock.tick(), clock.tick()] == [0, 16]


def test_a_clock_knows_what_was_away_before_it_was_made(make: Make, pace: FakeDriver) -> None:
    pace.gone = 100
    assert make(16).tick() == 16


def test_on_another_thread_it_is_the_real_one(make: Make, pace: FakeDriver) -> None:
    pace.here, pace.timescale, pace.gone, pace.ends = False, 0.5, 0.0, ()
    clock = make(16, 5000, 20)
    clock.tick()
    pace.gone = 4.0
    assert clock.tick() == 5000
    assert pace.frames == []
    pace.here = True
    assert clock.tick() == 10, "those 4 s were not its own"


def test_of_a_clock_that_ends_no_frame_the_time_is_scaled(make: Make, pace: FakeDriver) -> None:
    pace.timescale, pace.ends = 0.5, ()
    assert make(16).tick() == 8


def test_places_in_the_games_code_are_told_apart(make: Make, pace: FakeDriver) -> None:
    clock = make(*[16] * 4)
    for _ in range(2):
        clock.tick()
        clock.tick()
    first, second, *rest = pace.told
    assert first != second
    assert rest == [first, second]


def test_a_game_that_ticks_its_own_stage_has_the_real_clock_and_its_waits_are_told() -> None:
    FakeClock.made = []
    waits = Waits()
    clock = make_clock_type(FakeClock, NoDriver(waits))()  # type: ignore[arg-type]
    FakeClock.made[0].next_ticks += [16, 17, 5000]
    assert [clock.tick(60), clock.tick_busy_loop(60), clock.tick()] == [16, 17, 5000]
    assert waits.count == 3


def test_a_clock_that_was_made_before_is_one_too(pace: FakeDriver) -> None:
    clock_type = make_clock_type(pygame.time.Clock, pace)
    assert isinstance(pygame.time.Clock(), clock_type)
    assert isinstance(clock_type(), clock_type)
    assert not isinstance(pygame.Rect(0, 0, 1, 1), clock_type)


def test_the_raw_time_is_without_the_stages(make: Make, pace: FakeDriver) -> None:
    pace.timescale = 0.5
    clock = make(16, 5016)
    FakeClock.made[0].raw = 7
    clock.tick(60)
    assert clock.get_rawtime() == 7
    pace.gone += 5
    FakeClock.made[0].raw = 5007
    clock.tick(60)
    assert (clock.get_rawtime(), clock.get_time()) == (7, 8)


def test_the_frame_rate_is_that_of_the_last_ten_frames_and_knows_no_hold(
    make: Make, pace: FakeDriver
) -> None:
    pace.timescale = 0.5
    clock = make(999, *[20] * 10, *[40] * 4, 10_040, *[40] * 5)
    assert clock.get_fps() == 0
    for _ in range(10):
        clock.tick()
    assert (clock.get_fps(), repr(clock)) == (0, "<Clock(fps=0.00)>")
    clock.tick()
    assert math.isclose(clock.get_fps(), 50)
    for _ in range(4):
        clock.tick()
    pace.gone += 10
    for _ in range(5):
        clock.tick()
    assert math.isclose(clock.get_fps(), 50)
    clock.tick()
    assert math.isclose(clock.get_fps(), 25)
    assert repr(clock) == "<Clock(fps=25.00)>"


def test_frames_without_any_time_are_infinitely_many(make: Make) -> None:
    clock = make(*[0] * 11)
    for _ in range(11):
        clock.tick()
    assert clock.get_fps() == math.inf


def test_it_is_in_the_place_of_the_real_one(pace: FakeDriver) -> None:
    real = pygame.time.Clock
    clock_type = make_clock_type(real, pace)
    clock = clock_type()
    assert isinstance(clock, clock_type)
    names = [(kind.__module__, kind.__qualname__, kind.__doc__) for kind in (clock_type, real)]
    assert names[0] == names[1]
    public = [{name for name in dir(kind) if name[0] != "_"} for kind in (clock_type, real)]
    assert public[0] == public[1]
    for name in public[0]:
        assert getattr(clock_type, name).__doc__ == getattr(real, name).__doc__
    assert repr(clock) == repr(real())


@pytest.mark.parametrize(
    "use",
    [
        lambda clock: clock.tick("60"),
        lambda clock: clock.tick(None),
        lambda clock: clock.tick(60, 1),
        lambda clock: clock.tick(framerate=60),
        lambda clock: type(clock)(60),
        lambda clock: copy.copy(clock),
        lambda clock: setattr(clock, "name", 1),
    ],
)
def test_it_refuses_what_the_real_one_refuses(
    pace: FakeDriver, use: Callable[[Any], object]
) -> None:
    errors = []
    for kind in (pygame.time.Clock, make_clock_type(pygame.time.Clock, pace)):
        with pytest.raises((TypeError, AttributeError)) as caught:
            use(kind())
        errors.append(caught.type)
    assert errors[0] is errors[1]


def test_over_a_real_clock_it_waits_and_counts(pace: FakeDriver) -> None:
    clock = make_clock_type(pygame.time.Clock, pace)()
    clock.tick()
    times = [clock.tick(200) for _ in range(12)]
    assert all(isinstance(ms, int) and ms >= 4 for ms in times)
    assert clock.get_time() == times[-1]
    assert 0 < clock.get_fps() <= 250
    assert clock.get_rawtime() <= clock.get_time()
