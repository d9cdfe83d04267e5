"""`topic`: over a real socket."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.live.callers import Caller, Start

from stagedoor.live.domains.topic import MAX_SUBSCRIPTIONS


def test_topics_are_listed(start: Start) -> None:
    stage = start()
    stage.watch("rocks", lambda: 1, description="How many there are.")
    with Caller(stage, role="viewer") as caller:
        listed = {topic["name"]: topic for topic in caller.call("topic.list")["result"]}
    assert set(listed) == {"rocks", "rpc.methods.changed", "game.stalled"}
    assert listed["rocks"] == {
        "name": "rocks",
        "description": "How many there are.",
        "role": "viewer",
        "modes": ["all", "latest", "mean", "peak", "change"],
    }


def test_history_then_live_without_a_gap_or_a_double(start: Start) -> None:
    stage = start()
    frames = iter(range(1_000_000))
    stage.watch("count", lambda: next(frames), history=50)
    for _ in range(20):
        stage.tick(0.0)
    with Caller(stage, role="viewer") as caller:
        answer = caller.call("topic.subscribe", topic="count", mode="all", history=10)["result"]
        values = [sample["value"] for sample in answer["history"]]
        assert len(values) == 10
        sequences = [answer["sequence"]]
        while len(values) < 100:
            message = caller.receive()
            assert message["method"] == "topic.data"
            assert message["params"]["subscription"] == answer["subscription"]
            values.append(message["params"]["value"])
            sequences.append(message["params"]["sequence"])
    assert values == list(range(values[0], values[0] + len(values)))
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))


def test_a_late_member_of_a_group_has_neither_gap_nor_double(start: Start) -> None:
    stage = start()
    frames = iter(range(1_000_000))
    stage.watch("count", lambda: next(frames), history=1000)
    # The first reads no more, so that its goodbye would not be heard.
    with Caller(stage, close_timeout=0.1) as first, Caller(stage) as second:
        first.call("topic.subscribe", "count", "all")
        for _ in range(5):
            first.receive()
        answer = second.call("topic.subscribe", topic="count", mode="all", history=1000)["result"]
        values = [sample["value"] for sample in answer["history"]]
        while len(values) < 100:
            params = second.receive()["params"]
            values.append(params["value"])
            assert params["sequence"] > answer["sequence"]
    assert values == list(range(len(values)))


def test_unsubscribing_ends_it(start: Start) -> None:
    stage = start()
    reads: list[int] = []
    stage.watch("rocks", lambda: reads.append(1))
    with Caller(stage) as caller:
        number = caller.call("topic.subscribe", "rocks")["result"]["subscription"]
        assert caller.receive()["params"]["value"] is None
        caller.send("topic.unsubscribe", number)
        while "method" in (answer := caller.receive()):
            pass
        assert answer["result"] is True
        count = len(reads)
        assert caller.call("topic.unsubscribe", number)["result"] is False
        assert caller.call("topic.unsubscribe", 10**9)["result"] is False
        assert len(reads) == count


def test_a_caller_that_leaves_ends_it(start: Start) -> None:
    stage = start()
    stage.watch("rocks", lambda: 1)
    with Caller(stage) as caller:
        caller.call("topic.subscribe", "rocks")
        topic = stage._hub.topics.get("rocks")
        assert topic is not None
        assert topic.is_live
    with Caller(stage) as other:
        while topic.is_live:
            other.call("process.info")
    assert not topic.groups


def test_emitted_values_arrive_by_name(start: Start) -> None:
    stage = start()
    stage.emit("explosion", {"x": 0})
    with Caller(stage) as caller:
        caller.call("topic.subscribe", "explosion", "all")
        for x in (1, 2):
            stage.emit("explosion", {"x": x})
        got = [caller.receive()["params"] for _ in range(2)]
    assert [(params["topic"], params["value"]) for params in got] == [
        ("explosion", {"x": 1}),
        ("explosion", {"x": 2}),
    ]


def test_methods_that_come_and_go_are_told(start: Start) -> None:
    stage = start()
    with Caller(stage) as caller:
        caller.call("topic.subscribe", "rpc.methods.changed", "all")
        stage.rpc(name="late")(lambda: 1)
        assert caller.receive()["params"]["value"] == {"added": ["late"], "removed": []}
        stage.remove("late")
        assert caller.receive()["params"]["value"] == {"added": [], "removed": ["late"]}


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"topic": "unknown"}, "$.topic"),
        ({"topic": 5}, "$.topic"),
        ({}, "$"),
        ({"topic": "rocks", "mode": "median"}, "$.mode"),
        ({"topic": "rocks", "hz": 0}, "$.hz"),
        ({"topic": "rocks", "hz": -1}, "$.hz"),
        ({"topic": "rocks", "hz": 1001}, "$.hz"),
        ({"topic": "rocks", "history": -1}, "$.history"),
        ({"topic": "rocks", "history": 1.5}, "$.history"),
        ({"topic": "rocks", "history": 10**9}, "$.history"),
    ],
)
def test_wrong_params_are_refused(start: Start, params: dict[str, Any], path: str) -> None:
    stage = start()
    stage.watch("rocks", lambda: 1)
    with Caller(stage) as caller:
        error = caller.call("topic.subscribe", **params)["error"]
        assert (error["code"], error["data"]["path"]) == (-32602, path)


def test_a_connection_has_256_subscriptions_at_most(start: Start) -> None:
    stage = start()
    stage.emit("quiet", 0)
    with Caller(stage) as caller:
        for hz in range(1, MAX_SUBSCRIPTIONS + 1):
            assert "result" in caller.call("topic.subscribe", "quiet", "latest", hz)
        error = caller.call("topic.subscribe", "quiet", "latest", 999)["error"]
        assert error["code"] == -32005


def test_who_reads_too_slowly_is_told_how_many_values_were_lost(start: Start) -> None:
    stage = start()
    stage.watch("view", lambda: "x" * 200_000)
    with Caller(stage, close_timeout=0.1) as caller:
        answer = caller.call("topic.subscribe", topic="view", mode="all")["result"]
        for _ in range(300):  # 60 MB, more than sockets hold
            stage.tick(0.0)
        told, last, gaps = 0, answer["sequence"], 0
        for _ in range(500):
            message = caller.receive()
            if message["method"] == "topic.dropped":
                assert message["params"]["subscription"] == answer["subscription"]
                assert message["params"]["topic"] == "view"
                told += message["params"]["count"]
            else:
                gaps += message["params"]["sequence"] - last - 1
                last = message["params"]["sequence"]
            if told and gaps >= told:
                break
    assert told > 0
    assert gaps >= told
