"""`Stage`: the game's handle, over real sockets."""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import threading
import time
from pathlib import Path

import pytest
from tests.unit.live.callers import PATIENCE, Caller, Start
from websockets.exceptions import ConnectionClosed

from stagedoor.dormant import DormantStage
from stagedoor.live import stage as module


class TestExposedObjects:
    def test_clients_reach_them_until_they_are_unexposed_or_gone(self, start: Start) -> None:
        class World:
            score = 3

        stage, world = start(), World()
        stage.expose("world", world)
        with Caller(stage, role="viewer") as caller:
            assert caller.call("objects.get", "world.score")["result"]["value"] == 3
            stage.unexpose("world")
            assert "there is no root" in str(caller.call("objects.get", "world.score")["error"])
            stage.expose("world", world)
            del world
            gc.collect()
            assert "is gone" in str(caller.call("objects.get", "world.score")["error"])
            (root,) = caller.call("objects.roots")["result"]
            assert root["kind"] == "gone"
        with pytest.raises(KeyError):
            stage.unexpose("nothing")

    def test_they_answer_while_the_game_is_paused(self, start: Start) -> None:
        stage = start()
        stage.expose("things", list(range(10)))
        with Caller(stage) as caller:
            caller.send("game.pause")
            for method, *params in (("objects.get", "things"), ("objects.children", "things"),
                                    ("objects.roots",)):  # fmt: skip
                caller.send(method, *params)
            caller.client.send(RESUME)
            answers = [caller.receive() for _ in range(5)]
        assert [set(answer) & {"error"} for answer in answers] == [set()] * 5
        assert answers[3]["result"][0]["indexed"] == 10


RESUME = '{"jsonrpc":"2.0","method":"game.resume","id":"resume"}'


class TestCalls:
    def test_are_answered_in_tick_on_the_games_thread(self, start: Start) -> None:
        stage = start()
        threads: list[threading.Thread] = []

        @stage.rpc
        def spawn(kind: str, count: int = 1) -> list[str]:
            threads.append(threading.current_thread())
            return [kind] * count

        with Caller(stage) as caller:
            assert caller.call("spawn", "big", 2)["result"] == ["big", "big"]
            assert caller.call("spawn", "big", "two")["error"]["code"] == -32602
            assert caller.call("process.info")["result"]["name"] == "asteroids"
        assert threads == [threading.current_thread()]

    def test_nothing_is_answered_without_a_tick(self, start: Start) -> None:
        stage = start()
        stage.rpc(name="here")(lambda: "here")
        with Caller(stage) as caller:
            caller.send("here")
            with pytest.raises(TimeoutError):
                caller.client.recv(0.1)
            assert caller.receive()["result"] == "here"

    def test_the_subprotocol_is_agreed_on_if_it_is_offered(self, start: Start) -> None:
        stage = start()
        with Caller(stage, subprotocols=["other", "stagedoor.json"]) as caller:
            assert caller.client.subprotocol == "stagedoor.json"
            assert "result" in caller.call("process.info")
        with Caller(stage) as caller:
            assert caller.client.subprotocol is None
            assert "result" in caller.call("process.info")

    def test_each_client_gets_its_own_answers(self, start: Start) -> None:
        stage = start()
        stage.rpc(name="echo")(lambda value: value)
        with Caller(stage) as first, Caller(stage) as second:
            first.send("echo", 1)
            second.send("echo", 2)
            assert second.receive()["result"] == 2
            assert first.receive()["result"] == 1

    def test_what_a_frame_has_no_time_for_waits_for_the_next(self, start: Start) -> None:
        stage = start()
        calls = 0

        @stage.rpc
        def slow() -> None:
            nonlocal calls
            calls += 1
            time.sleep(0.003)

        with Caller(stage) as caller:
            caller.call("slow")
            calls = 0
            for _ in range(10):
                caller.send("slow")
            deadline = time.monotonic() + PATIENCE
            most = 0
            while calls < 10:
                assert time.monotonic() < deadline
                before = calls
                stage.tick(0.016)
                most = max(most, calls - before)
        assert most == 1, "a budget of 2 ms"


class TestRpc:
    def test_hands_the_function_back_unchanged(self, start: Start) -> None:
        def spawn() -> None: ...

        stage = start()
        assert stage.rpc(spawn) is spawn
        assert stage.rpc(name="player.spawn")(spawn) is spawn
        assert stage.rpc()(spawn) is spawn

    def test_wrong_ones_are_refused_at_once(self, start: Start) -> None:
        def greedy(*values: int) -> None: ...

        stage = start()
        with pytest.raises(TypeError, match=r"\*values"):
            stage.rpc(greedy)
        with pytest.raises(ValueError, match=r"rpc\."):
            stage.rpc(name="rpc.mine")(lambda: None)
        with pytest.raises(TypeError, match="expected a function"):
            stage.rpc("spawn")  # type: ignore[call-overload]


class TestTick:
    def test_hands_dt_back_when_nothing_took_time(self, start: Start) -> None:
        stage = start()
        # Of many ticks, one at least was not interrupted by something else on the machine.
        assert max(stage.tick(0.016) for _ in range(100)) == pytest.approx(0.016, abs=0.001)

    @pytest.mark.parametrize("dt", [-0.016, -math.inf, math.inf, math.nan])
    @pytest.mark.parametrize("how", ["alone", "watched", "asyncio", "closed", "inside a tick"])
    def test_a_dt_that_is_no_duration_stays_as_it_is(
        self, start: Start, how: str, dt: float
    ) -> None:
        stage = start()
        got: list[float] = []
        if how == "watched":
            stage.watch("x", lambda: time.sleep(0.001), history=10)
        if how == "inside a tick":
            stage.watch("x", lambda: got.append(stage.tick(dt)), history=10)
        if how == "closed":
            stage.close()
        for _ in range(20):
            if how == "asyncio":
                got.append(asyncio.run(stage.frame(dt)))
            else:
                got.append(stage.tick(dt))
        assert {str(each) for each in got} == {str(dt)}
        assert str(DormantStage().tick(dt)) == str(dt)
        stage._pace.scale(0.5)
        assert str(stage.tick(dt)) == str(dt * 0.5)

    def test_measures_a_dt_that_it_is_not_given(self, start: Start) -> None:
        stage = start()
        assert stage.tick() == 0.0
        stage.watch("x", lambda: time.sleep(0.02), history=10)
        for _ in range(3):
            stage.tick()
        began = time.perf_counter()
        time.sleep(0.01)
        got = stage.tick()
        assert 0.01 <= got <= time.perf_counter() - began - 0.02, "what it took itself is not in it"
        stage._pace.scale(0.5)
        time.sleep(0.02)
        assert asyncio.run(stage.frame()) >= 0.01

    def test_measures_the_rest_of_the_frame_inside_a_tick(self, start: Start) -> None:
        stage = start()
        got: list[float] = []

        @stage.rpc
        def play() -> None:
            for _ in range(3):
                time.sleep(0.01)
                got.append(stage.tick())

        with Caller(stage) as caller:
            caller.call("play")
        assert len(got) == 3
        assert min(got) >= 0.01

    @pytest.mark.timing
    def test_takes_the_time_spent_in_it_off_the_next_dt_and_only_that(self, start: Start) -> None:
        stage = start()
        stage.rpc(name="work")(lambda: time.sleep(0.1))
        with Caller(stage) as caller:
            caller.call("process.info")
            caller.send("work")
            deadline = time.monotonic() + PATIENCE
            spent = 0.0
            while spent < 0.1:
                assert time.monotonic() < deadline
                began = time.perf_counter()
                assert stage.tick(1.0) > 0.9, "not off this one"
                spent = time.perf_counter() - began
            assert stage.tick(1.0) == pytest.approx(1.0 - spent, abs=0.01 * 5)
            assert stage.tick(1.0) == pytest.approx(1.0, abs=0.01 * 5)

    def test_a_frame_with_nothing_to_do_is_recorded_like_any_other(self, start: Start) -> None:
        stage = start()
        for number in range(1, 6):
            assert stage.tick(0.016) <= 0.016
            assert stage._hub.frame == stage._frames.core.number == number
            with stage.span("physics"):
                pass
        assert [record.number for record in stage._frames.history(10)] == [1, 2, 3, 4]
        assert all(record.spans.keys() == {"physics"} for record in stage._frames.history(10))

    def test_topics_that_cost_more_than_the_budget_are_read_less_often(self, start: Start) -> None:
        stage = start()
        reads = 0

        def slow() -> int:
            nonlocal reads
            reads += 1
            time.sleep(0.006)
            return reads

        stage.watch("slow", slow, history=1)
        with Caller(stage) as caller:
            deadline = time.monotonic() + PATIENCE
            while stage._budget.thinning < 4:
                assert time.monotonic() < deadline
                stage.tick(0.016)
            assert caller.call("game.status")["result"]["thinning"] >= 4
            before, frame = reads, stage._hub.frame
            for _ in range(32):
                stage.tick(0.016)
            assert reads - before <= 32 / 4
            stage.watch("slow", lambda: 1, history=1)
            while stage._budget.thinning > 1:
                assert time.monotonic() < deadline
                stage.tick(0.016)
            assert stage._hub.frame > frame

    def test_closing_ends_the_watch_over_garbage_collections(self, start: Start) -> None:
        before = len(gc.callbacks)
        stage = start()
        assert len(gc.callbacks) == before + 1
        stage.close()
        assert len(gc.callbacks) == before

    def test_never_goes_back_in_time(self, start: Start) -> None:
        stage = start()
        stage.rpc(name="work")(lambda: time.sleep(0.05))
        with Caller(stage) as caller:
            caller.send("work")
            deadline = time.monotonic() + PATIENCE
            spent = 0.0
            while spent < 0.05:
                assert time.monotonic() < deadline
                began = time.perf_counter()
                stage.tick(1.0)
                spent = time.perf_counter() - began
            assert stage.tick(0.016) == 0.0

    def test_exceptions_of_methods_and_handlers_never_reach_the_loop(
        self, start: Start, caplog: pytest.LogCaptureFixture
    ) -> None:
        stage = start()
        stage.rpc(name="broken")(lambda: 1 / 0)
        with Caller(stage) as caller:
            error = caller.call("broken")["error"]
            assert error["data"]["type"] == "ZeroDivisionError"
            caller.client.send(b"\xff")
            assert caller.receive()["error"]["code"] == -32700
            assert "result" in caller.call("process.info")
        assert "ZeroDivisionError" in caplog.text

    @pytest.mark.filterwarnings("default")
    def test_a_fault_of_the_network_thread_is_logged_and_the_game_goes_on(
        self,
        start: Start,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
        games_folder: Path,
    ) -> None:
        stage = start()
        assert stage._transport.native is not None
        stage._transport.native.panic()
        deadline = time.monotonic() + PATIENCE
        while stage.port is not None and time.monotonic() < deadline:
            assert 0 <= stage.tick(0.016) <= 0.016
        assert stage.port is None
        assert stage.url is None
        assert "the game goes on" in caplog.text
        assert list(games_folder.iterdir()) == []
        assert stage.tick(0.016) >= 0
        capfd.readouterr()

    def test_frame_is_tick_for_asyncio_and_gives_the_loop_a_turn(self, start: Start) -> None:
        async def main() -> None:
            stage = start()
            turns = 0

            async def other() -> None:
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)

            task = asyncio.create_task(other())
            for _ in range(10):
                assert 0 <= await stage.frame(0.016) <= 0.016
            assert turns >= 10
            task.cancel()
            stage.close()
            while stage.port is not None:
                await stage.frame(0.0)

        asyncio.run(main())

    def test_the_advice_of_the_log_line_is_for_a_stage(
        self, start: Start, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from stagedoor.live.net import lifetime

        monkeypatch.setattr(lifetime, "_PATIENCE", 0.05)
        with Caller(start()):
            deadline = time.monotonic() + PATIENCE
            while not caplog.records and time.monotonic() < deadline:
                time.sleep(0.001)
        assert "call stage.tick(dt) once a frame" in caplog.text


class TestOtherThreads:
    """What may be called from any thread."""

    def test_what_they_emit_and_watch_is_told_by_the_games_thread(self, start: Start) -> None:
        stage = start()
        threads: set[threading.Thread] = set()

        def read() -> int:
            threads.add(threading.current_thread())
            return 7

        def work() -> None:
            stage.watch("seven", read)
            for value in range(100):
                stage.emit("steps", value)

        with Caller(stage) as caller:
            stage.emit("steps", None)
            caller.call("topic.subscribe", "steps", "all")
            worker = threading.Thread(target=work)
            worker.start()
            worker.join()
            values = [caller.receive()["params"]["value"] for _ in range(100)]
            assert values == list(range(100))
            caller.call("topic.subscribe", "seven")
            assert caller.receive()["params"]["value"] == 7
        assert threads == {threading.current_thread()}

    def test_methods_come_and_go_while_others_are_called_and_described(self, start: Start) -> None:
        stage = start()
        stage.rpc(name="echo")(lambda value: value)
        stop = threading.Event()
        errors: list[BaseException] = []

        def work(name: str) -> None:
            try:
                while not stop.is_set():
                    stage.rpc(name=name)(lambda: 1)
                    stage.remove(name)
            except BaseException as error:
                errors.append(error)

        workers = [threading.Thread(target=work, args=(f"m{number}",)) for number in range(3)]
        with Caller(stage) as caller:
            for worker in workers:
                worker.start()
            for value in range(50):
                assert caller.call("echo", value)["result"] == value
                assert "result" in caller.call("rpc.discover")
            stop.set()
            for worker in workers:
                worker.join()
        assert errors == []

    def test_what_is_emitted_while_nobody_ticks_is_bounded_and_logged_once(
        self, start: Start, caplog: pytest.LogCaptureFixture
    ) -> None:
        stage = start()

        def work() -> None:
            stage.emit("quiet", 0)
            for value in range(10_000):
                stage.emit("steps", value)

        with Caller(stage) as caller:
            stage.emit("steps", None)
            stage.emit("quiet", None)
            caller.call("topic.subscribe", "steps", "latest")
            worker = threading.Thread(target=work)
            worker.start()
            worker.join()
            assert stage._transport.waiting_calls == 4096
            assert caller.receive()["params"]["value"] == 4095
        # Nobody ticks meanwhile: on a busy machine that is a stall, which is logged, too.
        (record,) = (record for record in caplog.records if record.module != "understudy")
        assert "faster than tick() takes it" in record.getMessage()

    def test_a_name_that_is_not_there_is_a_key_error_at_once(self, start: Start) -> None:
        stage = start()
        errors: list[BaseException] = []

        def work() -> None:
            try:
                stage.unwatch("nothing")
            except KeyError as error:
                errors.append(error)

        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
        assert len(errors) == 1


class TestClose:
    @pytest.mark.timing
    def test_close_says_goodbye_and_does_not_block(self, start: Start) -> None:
        stage = start()
        with Caller(stage) as caller:
            caller.call("process.info")
            began = time.monotonic()
            stage.close()
            stage.close()
            assert time.monotonic() - began < 0.02 * 5
            deadline = time.monotonic() + PATIENCE
            while stage.port is not None and time.monotonic() < deadline:
                stage.tick(0.0)
            with pytest.raises(ConnectionClosed) as closed:
                caller.client.recv(PATIENCE)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001
        assert "closed" in repr(stage)
        assert stage.tick(0.016) <= 0.016


def test_it_logs_under_one_name() -> None:
    assert module.logger is logging.getLogger("stagedoor")


@pytest.mark.parametrize("name", ["game.stalled", "logs", "sessions.audit"])
def test_a_built_in_topic_is_nobody_elses(start: Start, name: str) -> None:
    stage = start()
    with pytest.raises(ValueError, match=f"{name}: this is a built-in topic"):
        stage.watch(name, lambda: 1)
    with pytest.raises(ValueError, match=f"{name}: this is a built-in topic"):
        stage.emit(name, 1)
    with pytest.raises(ValueError, match=f"{name}: this is a built-in topic"):
        stage.unwatch(name)
