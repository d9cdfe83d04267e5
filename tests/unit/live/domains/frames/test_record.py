"""`Frames`: what the native record of frames is made of, as people read it."""

from __future__ import annotations

import gc
import json
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stagedoor import _core
from stagedoor.live.domains.frames import record as module
from stagedoor.live.domains.frames.record import CAPACITY, FrameRecord, Frames, waiting
from stagedoor.live.topics.topic import NOTHING

MS = 1_000_000


@pytest.fixture
def frames() -> Iterator[Frames]:
    gc.disable()  # a collection in the middle of a test would be seen
    frames = Frames()
    yield frames
    frames.stop_watching_gc()
    gc.enable()


def turn(frames: Frames, seconds: float = 0.0) -> None:
    """A frame begins, after this long."""
    if seconds:
        time.sleep(seconds)
    frames.core.begin(None, 0.016)


def record(number: int = 1, total: float = 0.0, **spans: float) -> FrameRecord:
    return FrameRecord(number, 0.0, total, total, 0.0, 0.0, 0.0, 0.0, spans)


class TestNative:
    def test_a_turn_gives_dt_back_less_what_the_last_tick_took(self, frames: Frames) -> None:
        began = time.perf_counter()
        assert frames.core.begin(None, 0.016) is None, "the first one of a second"
        assert frames.core.dt == 0.016
        assert frames.core.begin(None, 0.016) == frames.core.dt == 0.016
        time.sleep(0.02)
        own = frames.core.answered(0.015)
        assert 0.005 <= own <= time.perf_counter() - began - 0.015
        assert frames.core.begin(None, 1.0) == pytest.approx(1.0 - own - 0.015)
        frames.core.answered(5.0)
        assert frames.core.begin(None, 0.016) == 0.0, "never back in time"

    @pytest.mark.parametrize("dt", [-0.016, -math.inf, math.inf, math.nan, -1e300, 0.0])
    def test_a_dt_that_is_none_stays_as_it_is(self, frames: Frames, dt: float) -> None:
        turn(frames)
        time.sleep(0.002)
        frames.core.answered(0.001)
        assert str(frames.core.begin(None, dt)) == str(frames.core.dt) == str(dt)

    def test_without_a_dt_it_is_measured_from_when_the_last_tick_was_done(
        self, frames: Frames
    ) -> None:
        frames.core.begin(None, None)
        assert frames.core.dt == 0.0
        before = time.perf_counter()
        time.sleep(0.03)
        frames.core.answered(0.01)
        time.sleep(0.005)
        got = frames.core.begin(None, None)
        assert got is not None
        assert 0.005 <= got <= time.perf_counter() - before - 0.03
        time.sleep(0.005)
        frames.core.took(0.004)
        assert 0.001 <= (frames.core.begin(None, None) or 0) < 1

    def test_a_tick_inside_a_tick_measures_what_has_passed_since(self, frames: Frames) -> None:
        turn(frames)
        before = time.perf_counter()
        frames.core.measure()
        after = time.perf_counter()
        time.sleep(0.005)
        least = time.perf_counter() - after
        measured = frames.core.measure()
        assert least - 1e-6 <= measured <= time.perf_counter() - before + 1e-6

    def test_it_says_once_a_second_that_there_may_be_something(self, frames: Frames) -> None:
        turn(frames)
        deadline = time.monotonic() + 10
        nones = 0
        while nones == 0:
            assert time.monotonic() < deadline
            nones += frames.core.begin(None, 0.016) is None

    @pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
    def test_what_is_no_duration_counts_as_none(self, frames: Frames, seconds: float) -> None:
        turn(frames)
        frames.core.took(seconds)
        frames.core.answered(seconds)
        turn(frames)
        assert frames.last().held == 0.0

    def test_the_kinds_of_slice_are_told_apart(self) -> None:
        assert len({_core.SPAN, _core.GC, _core.IDLE}) == 3


class TestHistory:
    def test_a_frame_is_what_it_took(self, frames: Frames) -> None:
        before = time.time()
        turn(frames)
        time.sleep(0.005)
        frames.core.answered(0.002)
        with frames.span("physics"):
            time.sleep(0.005)
        time.sleep(0.01)
        turn(frames)
        (found,) = frames.history(10)
        assert found == frames.last()
        assert found.number == 1
        assert before - 0.1 <= found.time <= time.time()
        assert found.held == 0.002
        assert found.stagedoor >= 0.003
        assert found.spans["physics"] >= 0.005
        assert found.total >= found.stagedoor + found.idle
        assert found.work == pytest.approx(found.total - found.stagedoor - found.idle)

    def test_since_a_frame_there_are_those_after_it(self, frames: Frames) -> None:
        for _ in range(8):
            turn(frames)
        assert [found.number for found in frames.history(100)] == [1, 2, 3, 4, 5, 6, 7]
        assert [found.number for found in frames.history(2)] == [6, 7]
        assert [found.number for found in frames.history(100, since=5)] == [6, 7]
        assert frames.history(100, since=7) == []

    def test_so_many_are_kept(self, frames: Frames) -> None:
        for _ in range(CAPACITY + 10):
            turn(frames)
        assert len(frames.history(CAPACITY * 2)) == CAPACITY

    def test_before_the_first_is_over_there_is_no_record(self, frames: Frames) -> None:
        assert frames.last() is NOTHING
        turn(frames)
        assert frames.last() is NOTHING
        assert frames.history(10) == []
        assert frames.fps == 0.0

    def test_a_frame_that_ends_during_an_export_is_in_the_next_one(self, frames: Frames) -> None:
        core = frames.core

        class Meanwhile:
            """The core, with a frame that ends as soon as the history was read."""

            def history(self, count: int, since: int, until: int) -> Any:
                found = core.history(count, since, until)
                with frames.span("meanwhile"):
                    pass
                turn(frames)
                return found

            def __getattr__(self, name: str) -> Any:
                return getattr(core, name)

        turn(frames)
        with frames.span("physics"):
            pass
        turn(frames)
        frames.core = Meanwhile()  # type: ignore[assignment]
        names = {event["name"] for event in json.loads(frames.export("game", 10))["traceEvents"]}
        assert "physics" in names
        assert "meanwhile" not in names
        names = {event["name"] for event in json.loads(frames.export("game", 1))["traceEvents"]}
        assert "meanwhile" in names

    def test_other_threads_may_read(self, frames: Frames) -> None:
        ended = False
        read: list[int] = []

        def reader() -> None:
            while not ended:
                history = frames.history(50)
                numbers = [found.number for found in history]
                assert numbers == sorted(set(numbers))
                assert all(found.spans.keys() <= {"physics"} for found in history)
                frames.export("game", 20)
                read.append(len(history))

        thread = threading.Thread(target=reader)
        thread.start()
        deadline = time.monotonic() + 10
        while len(read) < 20:
            assert thread.is_alive()
            assert time.monotonic() < deadline
            turn(frames)
            with frames.span("physics"):
                pass
        ended = True
        thread.join(10)


def spin(seconds: float) -> None:
    """Work for so long: on a processor, however busy that is."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell what a thread works")
class TestIdle:
    """Bounds from below hold on any machine; those from above would depend on its other work."""

    @pytest.mark.parametrize(
        "wait",
        [
            lambda: time.sleep(0.05),
            lambda: threading.Event().wait(0.05),
            lambda: threading.Thread(target=time.sleep, args=(0.05,)).run(),
        ],
    )
    def test_whatever_waits_is_idle(self, frames: Frames, wait: Callable[[], object]) -> None:
        turn(frames)
        wait()
        turn(frames)
        assert frames.last().idle >= 0.05 - 0.02  # what the wait itself works
        assert frames.last().work < frames.last().total - 0.03

    def test_work_is_not(self, frames: Frames) -> None:
        turn(frames)
        time.sleep(0.01)
        spin(0.05)
        turn(frames)
        assert frames.last().work >= 0.05
        assert frames.last().idle >= 0.005

    def test_a_wait_that_looks_like_work_is_idle_and_has_a_slice(self, frames: Frames) -> None:
        turn(frames)
        spin(0.02)
        with waiting, waiting:
            spin(0.05)
        with pytest.raises(ZeroDivisionError), waiting:
            raise ZeroDivisionError
        turn(frames)
        assert frames.last().idle >= 0.05
        assert frames.last().work >= 0.02
        assert frames.last().total >= 0.07
        slices = [duration for kind, *_, duration in frames.core.slices(1) if kind == _core.IDLE]
        assert len(slices) == 2
        assert slices[0] >= 0.05 * 1e9

    def test_what_other_threads_work_and_wait_is_none_of_the_games(self, frames: Frames) -> None:
        def wait() -> None:
            with waiting:
                spin(0.05)

        turn(frames)
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join()
        turn(frames)
        assert frames.last().idle >= 0.04
        assert [kind for kind, *_ in frames.core.slices(1)] == []

    def test_what_the_stage_works_is_its_own(self, frames: Frames) -> None:
        turn(frames)
        spin(0.05)
        frames.core.answered(0.0)
        time.sleep(0.02)
        turn(frames)
        assert frames.last().stagedoor >= 0.05
        assert frames.last().idle >= 0.01

    def test_waits_before_the_first_frame_are_in_none(self, frames: Frames) -> None:
        with waiting:
            spin(0.02)
        turn(frames)
        spin(0.02)
        turn(frames)
        assert frames.last().work >= 0.02
        assert [kind for kind, *_ in frames.core.slices(1)] == []


class TestSpans:
    def test_one_is_the_same_each_time_and_nests(self, frames: Frames) -> None:
        turn(frames)
        physics = frames.span("physics")
        assert frames.span("physics") is physics
        with physics, physics, frames.span("collisions"):
            time.sleep(0.002)
        turn(frames)
        spans = frames.last().spans
        assert spans.keys() == {"physics", "collisions"}
        assert spans["physics"] >= spans["collisions"] >= 0.002
        assert spans["physics"] < frames.last().total

    def test_an_exception_goes_through_and_ends_it(self, frames: Frames) -> None:
        turn(frames)
        with pytest.raises(ZeroDivisionError), frames.span("physics"):
            raise ZeroDivisionError
        with frames.span("draw"):
            pass
        turn(frames)
        assert frames.last().spans.keys() == {"physics", "draw"}

    def test_other_threads_have_their_own(self, frames: Frames) -> None:
        turn(frames)

        def load() -> None:
            with frames.span("load"):
                pass

        with frames.span("physics"):
            thread = threading.Thread(target=load)
            thread.start()
            thread.join(10)
        turn(frames)
        assert frames.last().spans.keys() == {"physics"}
        by_name = {name: number for _, name, number, _, _ in frames.core.slices(1)}
        assert by_name["load"] != by_name["physics"] == frames.core.thread

    def test_names_without_end_do_not_grow_memory(self, frames: Frames) -> None:
        turn(frames)
        for at in range(module._MAX_NAMES * 2):
            with frames.span(f"enemy {at}"):
                pass
        turn(frames)
        assert len(frames._spans) == module._MAX_NAMES
        spans = frames.last().spans
        assert len(spans) == 1000
        assert "(other spans)" in spans

    def test_a_name_that_is_none_is_refused(self, frames: Frames) -> None:
        with pytest.raises(TypeError):
            frames.span(3)  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            frames.span([])  # type: ignore[arg-type]


class TestGc:
    def test_collections_are_part_of_the_frame(self, frames: Frames) -> None:
        turn(frames)
        gc.collect()
        turn(frames)
        turn(frames)
        collected, quiet = frames.history(2)
        assert 0 < collected.gc < collected.total
        assert quiet.gc == 0.0
        assert [name for kind, name, *_ in frames.core.slices(2) if kind == _core.GC] == [
            "gc, generation 2"
        ]

    def test_one_that_is_forgotten_does_not_watch_for_ever(self) -> None:
        before = len(gc.callbacks)
        frames = Frames()
        assert len(gc.callbacks) == before + 1
        del frames
        gc.collect()
        assert len(gc.callbacks) == before

    def test_its_end_may_be_told_twice(self) -> None:
        before = len(gc.callbacks)
        frames = Frames()
        frames.stop_watching_gc()
        frames.stop_watching_gc()
        assert len(gc.callbacks) == before


class TestSummaries:
    def test_spikes_are_the_slowest_first_with_what_was_in_them(self, frames: Frames) -> None:
        turn(frames)
        for number in range(1, 31):
            if number in (10, 20):
                with frames.span("loading"):
                    time.sleep(0.02 * number)
            turn(frames, 0.001)
        spikes = frames.spikes(10)
        assert spikes.threshold == pytest.approx(spikes.median * 2)
        assert [found.number for found in spikes.spikes[:2]] == [20, 10]
        assert spikes.spikes[0].spans["loading"] >= 0.4
        assert [found.number for found in frames.spikes(1).spikes] == [20]
        assert [found.number for found in frames.spikes(9, threshold=0.3).spikes] == [20]
        assert frames.spikes(9, threshold=0.3).threshold == 0.3
        assert frames.spikes(9, threshold=100.0).spikes == []

    def test_a_summary_is_of_the_last_frames(self, frames: Frames) -> None:
        turn(frames)
        turn(frames, 0.5)  # longer than any of a busy machine
        for _ in range(10):
            turn(frames, 0.005)
        all_, last = frames.summary(11), frames.summary(10)
        assert (all_.frames, last.frames) == (11, 10)
        assert all_.max >= 0.5
        assert 0.005 <= last.median <= last.p95 <= last.p99 <= last.max < all_.max
        assert last.fps == pytest.approx(1 / last.mean)
        assert last.work == pytest.approx(last.mean - last.stagedoor - last.idle)
        assert frames.fps == pytest.approx(all_.fps, rel=0.01)

    def test_of_nothing_it_is_nothing(self, frames: Frames) -> None:
        assert frames.summary(10).frames == 0
        assert frames.summary(10).fps == 0.0
        assert frames.spikes(10).spikes == []


class TestArithmetic:
    def test_records_make_a_mean(self) -> None:
        records = [record(1, 0.01, physics=0.004), record(2, 0.03, ai=0.002)]
        mean = sum(records) / len(records)
        assert mean == record(2, 0.02, physics=0.002, ai=0.001)

    def test_the_largest_is_the_slowest(self) -> None:
        records = [record(1, 0.01), record(2, 0.03), record(3, 0.02)]
        assert max(records).number == 2
