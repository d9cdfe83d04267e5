"""`frames`: what clients get of what each frame took."""

from __future__ import annotations

import time

import pytest
from tests.unit.live.callers import PATIENCE, Caller, Start
from tests.unit.live.loops import Loop
from tests.unit.live.pacing.test_hold import connect

from stagedoor.live.domains.frames import methods as module
from stagedoor.live.topics.topic import NOTHING


def test_history_spikes_and_summary_find_a_frame_that_was_slow(start: Start) -> None:
    stage = start()

    @stage.rpc
    def stumble() -> int:
        with stage.span("stumbling"):
            time.sleep(0.5)  # longer than any frame of a busy machine
        return stage._hub.frame

    with Loop(stage) as loop, connect(stage) as client:
        loop.wait_until(lambda: loop.frames > 20)
        slow = client.call("stumble")
        loop.wait_until(lambda: loop.frames > slow + 3)
        spikes = client.call("frames.spikes")
        worst = spikes["spikes"][0]
        assert worst["number"] == slow
        assert worst["spans"]["stumbling"] >= 0.5
        assert worst["stagedoor"] >= 0.5, "it ran in a call"
        assert worst["total"] > spikes["threshold"] > spikes["median"] > 0
        history = client.call("frames.history", count=10_000)
        numbers = [record["number"] for record in history]
        assert numbers == list(range(1, numbers[-1] + 1))
        assert worst in history
        later = client.call("frames.history", since=numbers[-1])
        assert later[0]["number"] > numbers[-1]
        summary = client.call("frames.summary", count=10_000)
        assert summary["max"] == worst["total"]
        assert summary["frames"] >= len(history)
        assert client.call("game.status")["fps"] > 0


def test_the_topic_tells_each_frame_and_the_slowest_of_several(start: Start) -> None:
    stage = start()
    stage.rpc(name="stumble")(lambda: time.sleep(0.05))
    with Loop(stage) as loop, connect(stage) as client:
        with client.subscribe("frames", mode="all") as each:
            numbers = [each.get(PATIENCE).value["number"] for _ in range(5)]
            assert numbers == list(range(numbers[0], numbers[0] + 5))
        with client.subscribe("frames", mode="mean", hz=50) as means:
            assert means.get(PATIENCE).value["total"] > 0
            assert means.get(PATIENCE).value["work"] > 0
        with client.subscribe("frames", mode="peak", hz=50) as peaks:
            peaks.get(PATIENCE)
            client.call("stumble")
            loop.wait_until(lambda: peaks.get(PATIENCE).value["total"] >= 0.05)


def test_the_topic_has_no_value_before_the_first_frame_has_ended(start: Start) -> None:
    stage = start()
    topic = stage._hub.topics.get("frames")
    assert topic is not None
    assert topic.read is not None
    assert topic.read() is NOTHING
    stage.tick(0.0)
    assert topic.read() is NOTHING, "the first has only begun"
    stage.tick(0.0)
    assert topic.read().number == 1
    assert topic.read().total > 0


def test_an_export_is_a_trace_of_the_same_frames(start: Start) -> None:
    stage = start()

    def draw() -> None:
        with stage.span("draw"):
            pass

    with Loop(stage, draw) as loop, connect(stage) as client:
        loop.wait_until(lambda: loop.frames > 20)
        trace = client.call("frames.export", count=10)
    frames = [event for event in trace["traceEvents"] if event["name"] == "frame"]
    assert len(frames) == 10
    assert sum(event["name"] == "draw" for event in trace["traceEvents"]) == 10


def test_a_trace_that_is_too_large_to_send_is_an_error_that_says_what_to_do(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_EXPORT", 100)
    stage = start()
    with Caller(stage) as caller:
        caller.call("frames.summary")
        error = caller.call("frames.export")["error"]
    assert error["code"] == -32000
    assert "ask for fewer frames" in error["data"]["message"]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("frames.history", {"count": 0}),
        ("frames.history", {"count": 10_001}),
        ("frames.history", {"since": -1}),
        ("frames.spikes", {"threshold": -0.1}),
        ("frames.summary", {"count": "many"}),
    ],
)
def test_what_makes_no_sense_is_refused(start: Start, method: str, params: object) -> None:
    with Caller(start()) as caller:
        assert caller.call(method, **params)["error"]["code"] == -32602  # type: ignore[arg-type]
