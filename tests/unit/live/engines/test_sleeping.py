"""`in_slices()`: a sleep that passes its place, and is otherwise the real one."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.live.engines.fakes import FakeDriver

from stagedoor.live.engines import sleeping
from stagedoor.live.engines.sleeping import SLICE, in_slices
from stagedoor.live.engines.turns import Kind


class World:
    """Sleeps, and how late it is."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []
        self.driver = FakeDriver(Kind.SLEEP)

    def seconds(self, seconds: float) -> None:
        assert self.driver.waiting.is_on
        self.slept.append(seconds)
        self.now += seconds + 0.001

    def milliseconds(self, milliseconds: int) -> int:
        assert type(milliseconds) is int
        self.seconds(milliseconds / 1000)
        return milliseconds + 1


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(sleeping, "perf_counter", lambda: made.now)
    return made


@pytest.mark.parametrize("duration", [0, 0.016, SLICE])
def test_a_short_sleep_is_one(world: World, duration: float) -> None:
    assert in_slices(world.seconds, world.driver, second=1)(duration) is None
    assert world.slept == [duration]
    assert world.driver.kinds == [Kind.SLEEP]


def test_a_long_sleep_passes_its_place_meanwhile_and_is_no_longer(world: World) -> None:
    in_slices(world.seconds, world.driver, second=1)(2.0)
    assert 2.0 <= world.now - 100 < 2.002
    assert len(world.driver.told) == math.ceil(2.0 / (SLICE + 0.001))
    assert len(set(world.driver.told)) == 1
    assert max(world.slept) == SLICE


def test_a_sleep_of_milliseconds_tells_how_long_it_was(world: World) -> None:
    sleep = in_slices(world.milliseconds, world.driver, second=1000)
    assert sleep(16) == 17
    assert sleep(1000) == 1001
    assert world.slept == [0.016, 0.25, 0.25, 0.25, 0.247]


def test_a_hold_is_no_part_of_a_sleep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def holds(kind: Kind, key: object, passed: float | None = None) -> None:
        world.now += 100

    monkeypatch.setattr(world.driver, "passes", holds)
    in_slices(world.seconds, world.driver, second=1)(1.0)
    assert 1.0 <= sum(world.slept) + 0.001 * len(world.slept) < 1.002


def test_a_sleep_is_the_real_one_if_the_game_ticks_a_stage(world: World) -> None:
    world.driver.drives = False
    in_slices(world.seconds, world.driver, second=1)(2.0)
    assert world.slept == [2.0]


@pytest.mark.parametrize("duration", [-1, math.nan, math.inf, 1e300, "1", None, [1]])
def test_what_python_refuses_is_refused_as_ever(duration: Any) -> None:
    errors = []
    for sleep in (time.sleep, in_slices(time.sleep, FakeDriver(), second=1)):
        with pytest.raises((ValueError, OverflowError, TypeError)) as caught:
            sleep(duration)
        errors.append((caught.type, str(caught.value)))
    assert errors[0] == errors[1]


def test_python_s_own_sleep_is_patched(world: World) -> None:
    module: Any = SimpleNamespace(sleep=time.sleep)
    [(name, patch)] = sleeping.patches(world.driver).items()
    patch(module)
    assert name == "time"
    assert module.sleep is not time.sleep
    assert (module.sleep.__name__, module.sleep.__doc__) == ("sleep", time.sleep.__doc__)
