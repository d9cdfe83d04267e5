"""`stagedoor.live.run`: a stage that is driven from outside of the game."""

import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tests.unit.live.callers import PATIENCE, Caller, Start

from stagedoor.live import engines
from stagedoor.live.run import StageDriver, drive
from stagedoor.live.stage import Stage

FRAME = 1 / 64


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a driven process has for good is gone after the test."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(engines, "ENGINES", {})
    monkeypatch.setattr(os, "register_at_fork", lambda **_: None, raising=False)
    yield
    Stage._stand_in = None


def driver_of(stage: Stage) -> StageDriver:
    """What `drive()` has made for the stage."""
    drive(stage)
    assert isinstance(Stage._stand_in, StageDriver)
    return Stage._stand_in


def check_frame(driver: StageDriver, scale: float = 1.0) -> None:
    """End a frame. The game gets its seconds, but for what the last tick took and the stage did
    not count: the thread may have been made to wait at its edges."""
    beside = driver._last_tick
    got = driver.end_frame(FRAME, None) / scale
    assert FRAME - 1e-6 <= got <= FRAME + beside


def test_a_frame_that_ends_is_a_tick(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    for number in range(1, 11):
        check_frame(driver)
        assert stage._hub.frame == number


def test_time_is_scaled_unless_the_game_would_not_notice(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    with Caller(stage) as caller:
        assert "error" not in caller.call("game.timescale", scale=0.5)
        driver.follow(stage)  # the caller has ticked it
        driver.end_frame(FRAME, None)
        assert driver.timescale == 0.5
        check_frame(driver, 0.5)
        driver.end_frame(FRAME, "the game has no clock")
        error = caller.call("game.timescale", scale=2)["error"]
        assert error["data"]["message"] == "the game has no clock"
        driver.follow(stage)
        driver.end_frame(FRAME, None)
        assert "error" not in caller.call("game.timescale", scale=2)


def test_the_time_in_the_stage_is_away_and_in_no_frame(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    inside: list[tuple[bool, float]] = []

    @stage.rpc
    def slow() -> None:
        before = driver.away()
        time.sleep(0.5)
        inside.append((driver.is_here(), driver.away() - before))

    assert driver.is_here()
    assert driver.away() == 0
    with Caller(stage) as caller:
        caller.send("slow")
        deadline = time.monotonic() + PATIENCE
        while not inside:
            assert time.monotonic() < deadline
            driver.end_frame(FRAME, None)
    assert driver.is_here()
    [(was_here, gone)] = inside
    assert not was_here
    assert gone >= 0.5
    assert driver.away() == driver.away() >= 0.5
    assert driver._last_tick >= 0.5
    assert driver.end_frame(FRAME, None) < FRAME + 0.4  # those 0.5 s are not in it


def test_the_games_loop_is_the_main_threads(start: Start) -> None:
    driver = driver_of(start())
    here: list[bool] = []
    thread = threading.Thread(target=lambda: here.append(driver.is_here()))
    thread.start()
    thread.join()
    assert here == [False]


def test_what_the_framework_sleeps_is_idle_in_the_frame_that_ends_next(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    driver.end_frame(FRAME, None)
    time.sleep(0.05)
    driver.slept(0.04)
    thread = threading.Thread(target=lambda: driver.slept(9.0))
    thread.start()
    thread.join()
    driver.end_frame(FRAME, None)
    driver.end_frame(FRAME, None)
    assert math.isclose(stage._frames.history(2)[0].idle, 0.04)


def test_an_exception_out_of_the_tick_leaves_the_driver_ready(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = start()
    driver = driver_of(stage)

    def interrupted(dt: float) -> float:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stage, "tick", interrupted)
        with pytest.raises(KeyboardInterrupt):
            driver.end_frame(FRAME, None)
    assert driver.is_here()
    driver.end_frame(FRAME, None)
    assert stage._hub.frame == 1


def test_it_stands_down_once_the_game_ticks_the_stage_itself(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    driver.end_frame(FRAME, None)
    driver.end_frame(FRAME, "the game has no clock")
    stage.tick(FRAME)
    assert driver.end_frame(FRAME, "the game has no clock") == FRAME
    assert not driver.is_here()
    assert stage._hub.frame == 3
    assert stage._pace.no_scale is None  # what its own tick returns is scaled


def test_the_games_own_stage_takes_the_place_and_the_port(start: Start) -> None:
    stand_in = start("stand-in")
    driver = driver_of(stand_in)
    driver.end_frame(FRAME, None)
    port = stand_in.port
    stage = start("the game", port=port)
    assert (stage.port, stage.name, stand_in.port) == (port, "the game", None)
    driver.end_frame(FRAME, None)
    driver.end_frame(FRAME, None)
    assert stage._hub.frame == 2  # driven, as long as the game does not tick it
    stage.tick(FRAME)
    driver.end_frame(FRAME, None)
    assert (stage._hub.frame, driver.is_here()) == (3, False)
    another = start("another")
    assert (stage.port, another.name) == (port, "another")


def test_a_client_that_is_in_does_not_keep_the_port(start: Start) -> None:
    stand_in = start()
    driver_of(stand_in)
    with Caller(stand_in) as caller:
        caller.call("process.info")
        stage = start(port=stand_in.port)
        with Caller(stage) as other:
            assert "result" in other.call("process.info")


def test_what_the_user_asked_for_wins_over_what_the_game_says(start: Start) -> None:
    stand_in = start("mine")
    drive(stand_in, name="mine", port=stand_in.port)
    port = stand_in.port
    stage = start("the game", port=0)
    assert (stage.name, stage.port) == ("mine", port)


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="there is no fork here")
def test_a_forked_child_is_not_driven_and_takes_no_port_from_its_parent(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_fork: dict[str, Callable[[], None]] = {}
    monkeypatch.setattr(os, "register_at_fork", at_fork.update)
    stage = start()
    drive(stage, name="mine", port=8787)
    driver = Stage._stand_in
    assert isinstance(driver, StageDriver)
    at_fork["after_in_child"]()
    assert not driver.is_here()
    assert driver.leave("its own", None) == ("mine", None)


def test_who_waits_for_a_game_without_frames_is_told_why(start: Start) -> None:
    stage = start()
    drive(stage)
    assert "shows no frames" in stage._transport.advice
