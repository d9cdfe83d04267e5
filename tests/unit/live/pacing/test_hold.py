"""A paused game stays inside its tick, and answers there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE, Caller, Start
from tests.unit.live.loops import DT, Loop

import stagedoor.client
from stagedoor.client.sync.client import Client
from stagedoor.live import engines
from stagedoor.live.engines.base import Ability
from stagedoor.live.engines.inputs import Input
from stagedoor.live.stage import Stage
from stagedoor.wire.errors import HandlerError


class FakeEngine:
    """Counts; `wants_to_quit` ends the hold."""

    name = "fake 1.0"
    can: frozenset[Ability] = frozenset()

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.wants_to_quit = False

    def hold(self) -> bool:
        self.calls.append("hold")
        return self.wants_to_quit

    def release(self) -> None:
        self.calls.append("release")

    def quit(self) -> None: ...

    def send(self, inputs: Sequence[Input]) -> None: ...


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    found = FakeEngine()
    monkeypatch.setattr(engines, "find", lambda: found)
    return found


def connect(stage: Stage) -> Client:
    assert stage.url is not None
    return stagedoor.client.connect(stage.url, timeout=PATIENCE)


def tick_for_ever(stage: Stage) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        stage.tick(DT)


def test_a_paused_game_answers_calls_of_every_kind_and_runs_no_frame(start: Start) -> None:
    stage = start()

    @stage.rpc
    async def coroutine() -> str:
        await asyncio.sleep(0.02)
        return "coroutine"

    @stage.rpc
    def generator() -> Any:
        yield 1
        yield 2
        return "generator"

    stage.rpc(name="plain")(lambda: "plain")
    stage.rpc(name="thread", thread=True)(lambda: "thread")
    with Loop(stage) as loop, connect(stage) as client:
        paused = client.call("game.pause")
        before = loop.frames
        assert paused == {"frame": before + 1, "paused": True, "steps": 0, "timescale": 1.0}
        for name in ("plain", "coroutine", "generator", "thread"):
            assert client.call(name) == name
        assert client.call("game.status")["frame"] == paused["frame"]
        assert loop.frames == before
        client.call("game.resume")
        loop.wait_until(lambda: loop.frames > before + 3)


def test_ten_steps_are_ten_frames_and_the_answer_comes_when_they_are_done(start: Start) -> None:
    stage = start()
    with Loop(stage) as loop, connect(stage) as client:
        client.call("game.pause")
        for count in (10, 1, 3):
            before, frame = loop.frames, stage._hub.frame
            told = client.call("game.step", frames=count)
            assert loop.frames == before + count
            assert told == {"frame": frame + count, "paused": True, "steps": 0, "timescale": 1.0}
            assert len(set(loop.dts[before:])) == 1, "each gets the dt of before the pause"
        assert 0 < loop.dts[-1] <= DT


def test_a_step_of_a_running_game_pauses_it(start: Start) -> None:
    stage = start()
    with Loop(stage) as loop, connect(stage) as client:
        client.call("game.step", frames=3)
        before = loop.frames
        assert client.call("game.status")["paused"]
        client.call("game.step")
        assert loop.frames == before + 1


def test_a_step_that_is_called_off_is_an_error_that_says_so(start: Start) -> None:
    stage = start()
    with Loop(stage) as loop, connect(stage) as one, connect(stage) as other:
        raised: list[Exception] = []

        def step() -> None:
            try:
                one.call("game.step", frames=100_000)
            except HandlerError as error:
                raised.append(error)

        thread = threading.Thread(target=step)
        thread.start()
        loop.wait_until(lambda: stage._pace.steps > 0)
        other.call("game.pause")
        thread.join(PATIENCE)
        assert "the game was paused after" in str(raised[0])
        before = loop.frames
        assert other.call("game.status")["steps"] == 0
        assert loop.frames == before


def test_a_caller_that_leaves_in_the_middle_of_its_steps_leaves_the_game_paused(
    start: Start,
) -> None:
    stage = start()
    with Loop(stage) as loop:
        with Caller(stage) as caller:
            caller.send("game.step", frames=100_000)
            loop.wait_until(lambda: stage._pace.steps > 0)
        loop.wait_until(lambda: stage._pace.is_held)
        assert stage._pace.steps == 0


def test_topics_are_published_while_the_game_is_held(start: Start) -> None:
    stage = start()
    value = 1
    stage.watch("value", lambda: value)
    stage.rpc(name="nothing")(lambda: None)
    with Loop(stage), connect(stage) as client:
        client.call("game.pause")
        with client.subscribe("value", mode="change") as values:
            assert values.get(PATIENCE).value == 1
            value = 2
            assert values.get(PATIENCE).value == 2


def test_the_pace_is_a_topic(start: Start) -> None:
    stage = start()
    with Loop(stage), connect(stage) as client, connect(stage) as other:
        with client.subscribe("game.pace", mode="all") as paces:
            for method, params in [
                ("game.pause", {}),
                ("game.step", {"frames": 2}),
                ("game.timescale", {"scale": 0.5}),
                ("game.resume", {}),
            ]:
                other.call(method, **params)
            told = [paces.get(PATIENCE).value for _ in range(5)]
        states = [(pace["paused"], pace["steps"], pace["timescale"]) for pace in told]
        assert states == [
            (True, 0, 1.0),
            (True, 2, 1.0),
            (True, 0, 1.0),
            (True, 0, 0.5),
            (False, 0, 0.5),
        ]


def test_the_engine_is_called_while_the_game_is_held_and_at_its_end(
    start: Start, engine: FakeEngine
) -> None:
    stage = start()
    with Loop(stage) as loop, connect(stage) as client:
        assert client.call("game.status")["engine"] == "fake 1.0"
        assert engine.calls == []
        client.call("game.pause")
        loop.wait_until(lambda: len(engine.calls) >= 3)
        assert set(engine.calls) == {"hold"}
        client.call("game.step")
        assert "release" in engine.calls
        client.call("game.resume")
        loop.wait_until(lambda: engine.calls[-1] == "release")


def test_an_engine_that_fails_is_logged_once_and_callers_are_answered(
    start: Start,
    engine: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail() -> bool:
        engine.calls.append("failed")
        raise LookupError("there is no window")

    monkeypatch.setattr(engine, "hold", fail)
    monkeypatch.setattr(engine, "release", fail)
    stage = start()
    with Loop(stage) as loop, connect(stage) as client:

        def pause_and_resume() -> None:
            client.call("game.pause")
            calls, frames = len(engine.calls), loop.frames
            loop.wait_until(lambda: len(engine.calls) >= calls + 3)
            assert client.call("game.status")["paused"]
            client.call("game.resume")
            loop.wait_until(lambda: loop.frames > frames)

        pause_and_resume()
        pause_and_resume()
    logged = [record for record in caplog.records if "fake 1.0" in record.getMessage()]
    assert [record.exc_info is not None for record in logged] == [True, True], "one for each hook"
    assert ["hold()" in record.getMessage() for record in logged] == [True, False]


def test_a_paused_game_can_be_quit(start: Start, engine: FakeEngine) -> None:
    stage = start()
    with Loop(stage) as loop, connect(stage) as client:
        client.call("game.pause")
        before = loop.frames
        engine.wants_to_quit = True
        loop.wait_until(lambda: loop.frames > before)
        assert not client.call("game.status")["paused"]
        assert engine.calls[-1] == "release"


def test_time_in_a_hold_never_reaches_the_game(start: Start) -> None:
    stage = start()
    released = threading.Event()

    def resume_later() -> None:
        with connect(stage) as client:
            client.call("game.pause")
            time.sleep(1.0)
            client.call("game.resume")
        released.set()

    thread = threading.Thread(target=resume_later)
    thread.start()
    most, last = 0.0, time.perf_counter()
    deadline = time.monotonic() + PATIENCE
    while not released.is_set():
        assert time.monotonic() < deadline
        time.sleep(0.001)
        now = time.perf_counter()
        most = max(most, stage.tick(now - last))
        last = now
    thread.join(PATIENCE)
    assert most < 0.9, "the hold was 1 s, longer than any frame of a busy machine"
    longest = max(stage._frames.history(1000), key=lambda record: record.held)
    assert longest.held >= 1.0
    assert longest.total < 0.9
    assert longest.stagedoor < 0.9


def test_the_stages_end_ends_the_hold(start: Start) -> None:
    stage = start()
    held: list[bool] = []

    @stage.rpc
    def close() -> None:
        stage.close()
        held.append(stage._pace.is_held)

    with Loop(stage) as loop, Caller(stage) as caller:
        caller.send("game.pause")
        loop.wait_until(lambda: stage._pace.is_held)
        before = loop.frames
        caller.send("close")
        loop.wait_until(lambda: loop.frames > before + 3 and stage.port is None)
    assert held == [False], "at once, whatever the peers do"


@pytest.mark.filterwarnings("default")
def test_a_fault_of_the_network_thread_ends_the_hold(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    stage = start()
    with Loop(stage) as loop, Caller(stage) as caller:
        caller.send("game.pause")
        loop.wait_until(lambda: stage._pace.is_held)
        before = loop.frames
        assert stage._transport.native is not None
        stage._transport.native.panic()
        loop.wait_until(lambda: loop.frames > before + 3)
    capfd.readouterr()


def test_a_tick_inside_a_tick_holds_nothing_and_answers_nobody(start: Start) -> None:
    stage = start()
    inner: list[float] = []

    @stage.rpc
    def run_a_frame() -> int:
        inner.append(stage.tick(0.5))
        return stage._hub.frame

    with Loop(stage) as loop, connect(stage) as client:
        client.call("game.timescale", scale=2.0)
        frame = client.call("game.pause")["frame"]
        before = loop.frames
        assert client.call("run_a_frame") == frame
        assert inner == [1.0]
        client.call("game.step", frames=2)
        assert loop.frames == before + 2


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_ctrl_c_gets_through(start: Start) -> None:
    stage = start()
    with Caller(stage) as caller:
        caller.send("game.pause")
        held = threading.Event()

        def interrupt() -> None:
            if held.wait(PATIENCE):
                os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        stage._pace.listeners.append(held.set)
        with pytest.raises(KeyboardInterrupt):
            tick_for_ever(stage)
        thread.join(PATIENCE)
        # The game may catch it, and go on.
        assert stage._pace.paused
        stage._pace.resume()
        assert stage.tick(0.016) >= 0.0


class TestAsyncio:
    @pytest.mark.parametrize("starts_in_the_loop", [True, False])
    def test_other_tasks_go_on_while_the_game_is_held(
        self, start: Start, starts_in_the_loop: bool
    ) -> None:
        early = None if starts_in_the_loop else start()

        async def main() -> None:
            stage = early or start()
            turns = frames = 0

            @stage.rpc
            async def coroutine() -> str:
                await asyncio.sleep(0.01)
                return "done"

            async def other() -> None:
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0.001)

            async def game() -> None:
                nonlocal frames
                while True:
                    await asyncio.sleep(0.001)
                    assert await stage.frame(DT) <= DT
                    frames += 1

            tasks = [asyncio.create_task(other()), asyncio.create_task(game())]
            assert stage.url is not None
            async with stagedoor.client.connect_async(stage.url, timeout=PATIENCE) as client:
                await client.call("game.pause")
                before, turns = frames, 0
                assert await client.call("coroutine") == "done"
                assert await client.call("game.status")
                while turns <= 5:
                    await asyncio.sleep(0.001)
                assert frames == before
                await client.call("game.step", frames=3)
                assert frames == before + 3
                await client.call("game.resume")
                await client.call("coroutine")
                assert frames > before + 3
            for task in tasks:
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            stage.close()
            while stage.port is not None:
                await stage.frame(0.0)

        asyncio.run(asyncio.wait_for(main(), PATIENCE))

    def test_a_tick_that_was_held_in_a_running_loop_leaves_the_loop_in_charge(
        self, start: Start
    ) -> None:
        """As of a game on asyncio that says `tick()`: the loop is told of calls as before."""

        async def main() -> None:
            stage = start()
            stage.rpc(name="plain")(lambda: "plain")
            loop = asyncio.get_running_loop()

            def pause_and_resume() -> None:
                with connect(stage) as client:
                    client.call("game.pause")
                    client.call("game.resume")

            done = loop.run_in_executor(None, pause_and_resume)
            while not done.done():
                stage.tick(DT)
                await asyncio.sleep(0.001)
            await done

            def call() -> object:
                with connect(stage) as client:
                    return client.call("plain")

            assert await loop.run_in_executor(None, call) == "plain", "without any tick"
            stage.close()
            while stage.port is not None:
                await stage.frame(0.0)

        asyncio.run(asyncio.wait_for(main(), PATIENCE))

    def test_calls_that_are_answered_between_frames_are_stagedoors_time(self, start: Start) -> None:
        async def main() -> None:
            stage = start()
            stage.rpc(name="slow")(lambda: time.sleep(0.05))
            assert stage.url is not None
            async with stagedoor.client.connect_async(stage.url, timeout=PATIENCE) as client:
                await stage.frame(DT)
                await client.call("slow")
                assert await stage.frame(0.06) <= 0.01
                await stage.frame(DT)
            assert max(record.stagedoor for record in stage._frames.history(10)) >= 0.05
            stage.close()
            while stage.port is not None:
                await stage.frame(0.0)

        asyncio.run(asyncio.wait_for(main(), PATIENCE))

    def test_a_frame_inside_a_frame_gives_the_loop_a_turn_and_is_none(self, start: Start) -> None:
        async def main() -> None:
            stage = start()
            stage._is_ticking = True
            before = stage._hub.frame
            assert await stage.frame(DT) == DT
            assert stage._hub.frame == before
            stage._is_ticking = False
            stage.close()
            while stage.port is not None:
                await stage.frame(0.0)

        asyncio.run(main())
