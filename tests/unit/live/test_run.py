"""`stagedoor.live.run`: a stage that is driven from outside of the game."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from tests.unit.live.callers import PATIENCE, Caller, Start

from stagedoor.live import engines
from stagedoor.live.engines.turns import SURE, Kind
from stagedoor.live.run import StageDriver, drive
from stagedoor.live.stage import Stage

FRAME = 1 / 64


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a driven process has for good is gone after the test."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(time, "sleep", time.sleep)
    monkeypatch.setattr(engines, "ENGINES", {})
    monkeypatch.setattr(os, "register_at_fork", lambda **_: None, raising=False)
    yield
    if driver := stand_in():
        driver.leave(None, None)
    Stage._lent = None


def stand_in() -> StageDriver | None:
    """What has a stage for the game now."""
    if Stage._lent is None:
        return None
    driver = Stage._lent[1]
    assert isinstance(driver, StageDriver)
    return driver


def driver_of(stage: Stage) -> StageDriver:
    """What `drive()` has made for the stage."""
    drive(stage)
    driver = stand_in()
    assert driver is not None
    return driver


def tick(driver: StageDriver) -> float | None:
    """A clock of the game ticks."""
    return driver.passes(Kind.CLOCK, "", FRAME)


def check_frame(driver: StageDriver, scale: float = 1.0) -> None:
    """End a frame. The game gets its seconds, but for what the last tick took and the stage did
    not count: the thread may have been made to wait at its edges."""
    beside = driver._last_tick
    got = tick(driver)
    assert got is not None
    assert FRAME - 1e-6 <= got / scale <= FRAME + beside


def test_a_frame_that_ends_is_a_tick(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    for number in range(1, 11):
        check_frame(driver)
        assert stage._hub.frame == number


def test_without_a_clock_the_frame_is_measured(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    got = [driver.passes(Kind.EVENTS, "") for _ in range(SURE + 2)]
    assert got[:SURE] == [None] * SURE
    assert got[SURE] == 0.0
    assert got[SURE + 1] is not None
    began = time.perf_counter()
    time.sleep(FRAME)
    passed = driver.passes(Kind.EVENTS, "")
    assert passed is not None
    assert FRAME <= passed <= time.perf_counter() - began + 0.01


def test_time_is_scaled_unless_the_game_would_not_notice(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    with Caller(stage) as caller:
        assert "error" not in caller.call("game.timescale", scale=0.5)
        driver._frame = stage._hub.frame  # the caller has ticked it
        tick(driver)
        assert driver.timescale == 0.5
        check_frame(driver, 0.5)
        driver.passes(Kind.CLOCK, "")  # as one that tells no time
        error = caller.call("game.timescale", scale=2)["error"]
        assert "the game has no clock" in error["data"]["message"]
        driver._frame = stage._hub.frame
        tick(driver)
        assert "error" not in caller.call("game.timescale", scale=2)


def test_the_time_in_the_stage_is_away_and_in_no_frame(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    inside: list[tuple[bool, float, float | None]] = []

    @stage.rpc
    def slow() -> None:
        before = driver.away()
        time.sleep(0.5)
        inside.append((driver.is_here(), driver.away() - before, tick(driver)))

    assert driver.is_here()
    assert driver.away() == 0
    with Caller(stage) as caller:
        caller.send("slow")
        deadline = time.monotonic() + PATIENCE
        while not inside:
            assert time.monotonic() < deadline
            tick(driver)
    assert driver.is_here()
    [(was_here, gone, inner)] = inside
    assert not was_here
    assert inner is None, "a tick inside the stage is no frame"
    assert gone >= 0.5
    assert driver.away() == driver.away() >= 0.5
    assert driver._last_tick >= 0.5
    got = tick(driver)
    assert got is not None
    assert got < FRAME + 0.4  # those 0.5 s are not in it


def test_the_games_loop_is_the_main_threads_or_that_which_draws(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    here: list[bool] = []

    def draw() -> None:
        here.append(driver.is_here())
        for _ in range(SURE + 3):
            driver.passes(Kind.PICTURE, "")
        here.append(driver.is_here())

    thread = threading.Thread(target=draw)
    thread.start()
    thread.join()
    assert here == [False, True]
    assert not driver.is_here()
    assert stage._hub.frame == 3
    tick(driver)
    assert driver.is_here()


def test_while_one_thread_is_held_the_others_go_on(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    tick(driver)
    told: list[float | None] = []

    @stage.rpc
    def look() -> None:
        thread = threading.Thread(target=lambda: told.append(driver.passes(Kind.PICTURE, "")))
        thread.start()
        thread.join(PATIENCE)

    with Caller(stage) as caller:
        caller.send("look")
        deadline = time.monotonic() + PATIENCE
        while not told:
            assert time.monotonic() < deadline
            tick(driver)
    assert told == [None]


def test_an_exception_out_of_the_tick_leaves_the_driver_ready(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = start()
    driver = driver_of(stage)

    def interrupted(dt: float) -> float:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(driver._lent, "tick", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tick(driver)
    assert driver.is_here()
    tick(driver)
    assert stage._hub.frame == 1


def test_it_stands_down_once_the_game_ticks_the_stage_itself(start: Start) -> None:
    stage = start()
    driver = driver_of(stage)
    tick(driver)
    driver.passes(Kind.CLOCK, "")
    assert stage._pace.no_scale is not None
    stage.tick(FRAME)
    assert tick(driver) is None
    assert not driver.is_here()
    assert not driver.is_driving()
    assert stage._hub.frame == 3
    assert stage._pace.no_scale is None  # what its own tick returns is scaled


def test_the_games_own_stage_takes_the_place_and_the_port(start: Start) -> None:
    first = start("stand-in")
    driver = driver_of(first)
    tick(driver)
    port = first.port
    stage = start("the game", port=port)
    assert (stage.port, stage.name, first.port) == (port, "the game", None)
    tick(driver)
    tick(driver)
    assert stage._hub.frame == 2  # driven, as long as the game does not tick it
    stage.tick(FRAME)
    tick(driver)
    assert (stage._hub.frame, driver.is_here()) == (3, False)
    another = start("another")
    assert (stage.port, another.name) == (port, "another")


def test_a_client_that_is_in_does_not_keep_the_port(start: Start) -> None:
    first = start()
    driver_of(first)
    with Caller(first) as caller:
        caller.call("process.info")
        stage = start(port=first.port)
        with Caller(stage) as other:
            assert "result" in other.call("process.info")


def test_what_the_user_asked_for_wins_over_what_the_game_says(start: Start) -> None:
    first = start("mine")
    drive(first, name="mine", port=first.port)
    port = first.port
    stage = start("the game", port=0)
    assert (stage.name, stage.port) == ("mine", port)


class TestTheLog:
    """Of `stagedoor`, in a game that knows nothing of it."""

    @pytest.fixture
    def handled(self) -> Iterator[list[str]]:
        """What a handler of the game gets."""
        texts: list[str] = []

        class Handler(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                texts.append(record.getMessage())

        handler = Handler()
        logging.getLogger().addHandler(handler)
        yield texts
        logging.getLogger().removeHandler(handler)

    def test_is_not_the_games_but_clients_get_it(self, start: Start, handled: list[str]) -> None:
        stage = start()
        driver = driver_of(stage)
        logging.getLogger("stagedoor").warning("of ours")
        logging.getLogger("game").warning("of its own")
        assert handled == ["of its own"]
        with Caller(stage) as caller:
            records = caller.call("logs.history", text="of ours")["result"]["records"]
            assert [record["message"] for record in records] == ["of ours"]
        driver.leave(None, None)

    def test_is_as_ever_once_the_game_starts_a_stage(
        self, start: Start, handled: list[str]
    ) -> None:
        logger = logging.getLogger("stagedoor")
        before = list(logger.handlers)
        driver_of(start())
        start("its own")
        logger.warning("of ours")
        assert handled == ["of ours"]
        assert logger.handlers == before

    def test_is_as_ever_if_it_is_asked_for(self, start: Start, handled: list[str]) -> None:
        drive(start(), is_verbose=True)
        logging.getLogger("stagedoor").warning("of ours")
        assert handled == ["of ours"]


@pytest.mark.skipif("not hasattr(os, 'fork')", reason="there is no fork here")
def test_a_forked_child_is_not_driven_and_takes_no_port_from_its_parent(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_fork: dict[str, Callable[[], None]] = {}
    monkeypatch.setattr(os, "register_at_fork", at_fork.update)
    stage = start()
    drive(stage, name="mine", port=8787)
    driver = stand_in()
    assert driver is not None
    at_fork["after_in_child"]()
    assert not driver.is_here()
    assert driver.leave("its own", None) == ("mine", None)


def test_who_waits_for_a_game_without_frames_is_told_why(start: Start) -> None:
    stage = start()
    drive(stage)
    assert "shows no frames" in stage._hub.advice
