"""`topic`: over a real socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.live.callers import Caller, Start

from stagedoor.limits import Limits
from stagedoor.wire.roles import Role


def test_topics_are_listed(start: Start) -> None:
    stage = start()
    stage.watch("rocks", lambda: 1, description="How many there are.")
    with Caller(stage, role="viewer") as caller:
        listed = {topic["name"]: topic for topic in caller.call("topic.list")["result"]}
    assert {"rocks", "rpc.methods.changed", "logs", "game.stalled"} <= set(listed)
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


def subscribe_and_see_it_end(caller: Caller, topic: str, end: Callable[[], object]) -> Any:
    """What `topic.ended` tells, after which nothing comes."""
    number = caller.call("topic.subscribe", topic, "all")["result"]["subscription"]
    assert caller.receive()["method"] == "topic.data"
    end()
    while (message := caller.receive())["method"] == "topic.data":
        pass
    assert message["method"] == "topic.ended"
    assert (message["params"]["subscription"], message["params"]["topic"]) == (number, topic)
    for _ in range(5):
        caller.stage.tick(0.0)
    caller.send("session.info")
    while "address" not in (later := caller.receive()).get("result", {}):
        assert later.get("method") != "topic.data"
    return message["params"]["error"]


def test_a_topic_replaced_with_a_higher_role_ends_the_subscriptions_of_who_lacks_it(
    start: Start,
) -> None:
    stage = start()
    stage.watch("score", lambda: 1)
    topics = stage._hub.topics

    def restrict() -> None:
        topics.add("score", lambda: 2, role=Role.OPERATOR)

    with Caller(stage, "viewer") as viewer, Caller(stage, "admin") as admin:
        admin.call("topic.subscribe", "score", "change")
        admin.receive()
        error = subscribe_and_see_it_end(viewer, "score", restrict)
        assert (error["code"], error["data"]) == (-32003, {"needs": "operator"})
        assert admin.receive()["params"]["value"] == 2, "who has the role stays"


def test_a_role_that_is_lowered_ends_what_it_is_too_low_for(start: Start) -> None:
    stage = start()
    stage._hub.topics.add("secret", lambda: 1, role=Role.ADMIN)
    stage.watch("score", lambda: 1)
    viewers = stage._hub.keys.tokens.viewer
    with Caller(stage, "admin") as caller:
        kept = caller.call("topic.subscribe", "score", "change")["result"]["subscription"]
        caller.receive()
        error = subscribe_and_see_it_end(
            caller, "secret", lambda: caller.send("session.authenticate", token=viewers)
        )
        assert error["code"] == -32003
        assert caller.call("topic.unsubscribe", kept)["result"] is True


def test_a_topic_that_is_taken_back_ends_its_subscriptions(start: Start) -> None:
    stage = start()
    stage.watch("score", lambda: 1)
    with Caller(stage) as caller:
        error = subscribe_and_see_it_end(caller, "score", lambda: stage.unwatch("score"))
        assert (error["code"], error["data"]["path"]) == (-32602, "$.topic")
        answer = caller.call("topic.subscribe", "score")
        assert answer["error"] == error, "as subscribing would be answered now"
    with pytest.raises(KeyError, match="score"):
        stage.unwatch("score")


def test_who_joins_with_history_gets_a_pending_value_once(start: Start) -> None:
    stage = start()
    stage._hub.topics.add("hits", history=10)
    with Caller(stage) as first, Caller(stage) as second:
        first.call("topic.subscribe", topic="hits", hz=2)
        stage.emit("hits", 1)
        assert first.receive()["params"]["value"] == 1
        stage.emit("hits", 2)  # its turn is yet to come
        answer = second.call("topic.subscribe", topic="hits", hz=2, history=10)["result"]
        values = [sample["value"] for sample in answer["history"]]
        values.append(second.receive()["params"]["value"])
        assert values == [1, 2]


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
        ({"topic": "rocks", "filter": {}}, "$.filter"),
        ({"topic": "rocks", "filter": 5}, "$.filter"),
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


def test_the_answer_has_the_rate_that_was_agreed(start: Start) -> None:
    stage = start()
    stage.emit("rocks", 0)
    with Caller(stage) as caller:
        for asked, agreed in ((None, None), (10, 10), (11.9, 10), (0.0001, 0.001), (999, 240)):
            answer = caller.call("topic.subscribe", "rocks", "latest", asked)["result"]
            assert answer["hz"] == agreed


def test_a_connection_has_256_subscriptions_at_most(start: Start) -> None:
    stage = start()
    names = [f"quiet.{at}" for at in range(Limits().max_subscriptions + 1)]
    for name in names:
        stage.emit(name, 0)
    with Caller(stage) as caller:
        for name in names[:-1]:
            assert "result" in caller.call("topic.subscribe", name)
        error = caller.call("topic.subscribe", names[-1])["error"]
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
