"""Topics and their groups, published to nobody."""

from __future__ import annotations

import gc
import logging
import sys
import time
import weakref
from dataclasses import dataclass
from math import nan
from typing import Any

import msgspec
import pytest
from tests.unit.live.rpc.fakes import FakeSink

from stagedoor.live.net.complaints import Complaints
from stagedoor.live.topics import topics as module
from stagedoor.live.topics.topic import NOTHING, Group, Topic
from stagedoor.live.topics.topics import Topics
from stagedoor.wire.size import MAX_ANSWER
from stagedoor.wire.topics import RATES, Mode

UNDER_WAY = 42
"""The frame in which values are emitted and told."""


@pytest.fixture
def sink() -> FakeSink:
    return FakeSink()


@pytest.fixture
def topics(sink: FakeSink) -> Topics:
    return Topics(sink, msgspec.json.Encoder(), lambda: UNDER_WAY, Complaints())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    monkeypatch.setattr(module, "time", lambda: now[0] + 1e9)
    return now


def known(topics: Topics, name: str) -> Topic:
    topic = topics.get(name)
    assert topic is not None
    return topic


def subscribe(topics: Topics, name: str, mode: Mode = "all", hz: float | None = None) -> Group:
    group = topics.group(known(topics, name), mode, hz)
    group.members.add(object())
    return group


def leave_all(topics: Topics, group: Group) -> None:
    for member in list(group.members):
        topics.leave(group, member)


class Read:
    """Gives the values in turn, and counts."""

    def __init__(self, *values: Any) -> None:
        self.values = values
        self.count = 0

    def __call__(self) -> Any:
        value = self.values[self.count % len(self.values)]
        self.count += 1
        if isinstance(value, Exception):
            raise value
        return value


class TestModes:
    def test_all_is_every_value_whatever_the_rate(
        self, topics: Topics, sink: FakeSink, clock: list[float]
    ) -> None:
        topics.add("rocks", Read(3, 1, 2, 2))
        group = subscribe(topics, "rocks", "all", 1.0)
        for frame in range(4):
            topics.step(frame)
        assert sink.values(group.number) == [3, 1, 2, 2]

    @pytest.mark.parametrize(
        ("mode", "expected"),
        [("latest", 4), ("mean", 14 / 3), ("peak", 8), ("change", 4)],
    )
    def test_a_turn_has_the_values_since_the_turn_before(
        self,
        topics: Topics,
        sink: FakeSink,
        clock: list[float],
        mode: Mode,
        expected: float,
    ) -> None:
        topics.add("rocks", Read(1, 2, 8, 4))
        group = subscribe(topics, "rocks", mode, 1.0)
        for frame, at in enumerate([0.0, 0.4, 0.8, 1.2], 1):
            clock[0] = 1000.0 + at
            topics.step(frame)
        assert sink.values(group.number) == [1, pytest.approx(expected)]

    def test_without_a_rate_every_frame_is_a_turn(self, topics: Topics, sink: FakeSink) -> None:
        topics.add("rocks", Read(1, 1, 2, 1))
        modes: list[Mode] = ["all", "latest", "change"]
        groups = {mode: subscribe(topics, "rocks", mode) for mode in modes}
        for frame in range(1, 5):
            topics.step(frame)
        assert sink.values(groups["all"].number) == [1, 1, 2, 1]
        assert sink.values(groups["latest"].number) == [1, 1, 2, 1]
        assert sink.values(groups["change"].number) == [1, 2, 1]

    def test_a_change_within_the_same_object_is_one(self, topics: Topics, sink: FakeSink) -> None:
        rocks = [1]
        topics.add("rocks", lambda: rocks, history=10)
        group = subscribe(topics, "rocks", "change")
        topics.step(1)
        topics.step(2)
        rocks.append(2)
        topics.step(3)
        assert sink.values(group.number) == [[1], [1, 2]]
        history = known(topics, "rocks").history
        assert [msgspec.json.decode(sample.value) for sample in history] == [[1], [1], [1, 2]]

    def test_a_rate_is_kept_and_missed_turns_are_not_made_up_for(
        self, topics: Topics, sink: FakeSink, clock: list[float]
    ) -> None:
        topics.add("rocks", Read(1))
        group = subscribe(topics, "rocks", "latest", 10.0)
        for frame in range(600):  # 10 s at 60 fps
            clock[0] = 1000.0 + frame / 60
            topics.step(frame)
        assert 98 <= len(sink.values(group.number)) <= 101
        clock[0] += 60.0
        before = len(sink.values(group.number))
        for _ in range(5):
            topics.step(601)
        assert len(sink.values(group.number)) - before <= 2


class TestMessages:
    def test_tell_subscription_topic_sequence_time_and_frame(
        self, topics: Topics, sink: FakeSink, clock: list[float]
    ) -> None:
        topics.add("rocks", Read(5, 6))
        group = subscribe(topics, "rocks")
        topics.step(41)
        topics.step(42)
        last = sink.published[group.number][-1]
        assert last == {
            "jsonrpc": "2.0",
            "method": "topic.data",
            "params": {
                "subscription": group.number,
                "topic": "rocks",
                "sequence": 2,
                "time": clock[0] + 1e9,
                "frame": 42,
                "value": 6,
            },
        }

    def test_of_a_group_are_one_however_many_its_members_are(
        self, topics: Topics, sink: FakeSink
    ) -> None:
        topics.add("rocks", Read(5))
        group = subscribe(topics, "rocks", "latest", 5.0)
        for _ in range(999):
            assert subscribe(topics, "rocks", "latest", 5.0) is group
        assert subscribe(topics, "rocks", "latest", 6.0) is not group
        assert subscribe(topics, "rocks", "peak", 5.0) is not group
        topics.step(1)
        assert len(sink.published[group.number]) == 1


class TestReading:
    def test_costs_nothing_while_nobody_subscribes(self, topics: Topics) -> None:
        read = Read(1)
        topics.add("rocks", read)
        topics.step(1)
        assert read.count == 0
        group = subscribe(topics, "rocks")
        topics.step(2)
        topics.step(3)
        assert read.count == 2
        leave_all(topics, group)
        topics.step(4)
        assert read.count == 2

    def test_is_once_a_frame_for_all_groups(self, topics: Topics) -> None:
        read = Read(1)
        topics.add("rocks", read)
        modes: list[Mode] = ["all", "latest", "change"]
        for mode in modes:
            subscribe(topics, "rocks", mode)
        topics.step(1)
        assert read.count == 1

    def test_goes_on_for_history_without_subscribers(self, topics: Topics) -> None:
        topics.add("rocks", Read(1, 2, 3, 4), history=3)
        for frame in range(1, 5):
            topics.step(frame)
        history = known(topics, "rocks").history
        assert [msgspec.json.decode(sample.value) for sample in history] == [2, 3, 4]
        assert [sample.frame for sample in history] == [2, 3, 4]


class Odd:
    """Cannot be compared, added or encoded, and its texts cannot be had."""

    def raise_(self, *_: object) -> Any:
        raise RuntimeError("odd")

    __lt__ = __gt__ = __add__ = __truediv__ = __ne__ = __str__ = __repr__ = raise_  # type: ignore[assignment]


class BadError(Exception):
    """Has no text."""

    def __str__(self) -> str:
        raise RuntimeError("bad")


FAILURES: dict[str, tuple[Any, list[Mode], int]] = {
    "read raises": (LookupError("no rocks"), ["all", "latest", "change", "mean", "peak"], -32000),
    "read raises what has no text": (BadError(), ["all", "peak"], -32000),
    "read raises text that is no text": (LookupError("\udce9"), ["all", "peak"], -32000),
    "an object": (object(), ["all", "latest", "change"], -32603),
    "an object has no mean": (object(), ["mean", "peak"], -32602),
    "operators raise": (Odd(), ["mean", "peak"], -32602),
    "a text has no mean": ("text", ["mean"], -32602),
    "a dict": ({"x": 1}, ["mean", "peak"], -32602),
    "a complex number has no peak": (1j, ["peak"], -32602),
    "no float is as large": (10**400, ["mean"], -32602),
    "a surrogate": ("\udce9", ["all", "latest", "change"], -32603),
    "a key": ({object(): 3}, ["all"], -32603),
    "a gigabyte": ([0] * (16 << 20), ["all", "latest"], -32603),
}


class TestFailures:
    @pytest.mark.parametrize(
        ("value", "mode", "code", "hz"),
        [
            pytest.param(value, mode, code, hz, id=f"{name}, {mode}, {hz} Hz")
            for name, (value, modes, code) in FAILURES.items()
            for mode in modes
            for hz in (None, 30.0)
        ],
    )
    def test_are_told_once_until_there_is_a_value(
        self,
        topics: Topics,
        sink: FakeSink,
        clock: list[float],
        caplog: pytest.LogCaptureFixture,
        value: Any,
        mode: Mode,
        code: int,
        hz: float | None,
    ) -> None:
        topics.add("rocks", Read(*[value] * 60, *[1] * 60, *[value] * 60))
        topics.add("ships", Read(2))
        group, other = subscribe(topics, "rocks", mode, hz), subscribe(topics, "ships")
        told: list[list[Any]] = []
        for frame in range(180):
            clock[0] += 1 / 60
            topics.step(frame)
            if frame % 60 == 59:
                told.append(sink.failures(group.number))
                assert (group.failure is None) is (frame // 60 == 1)
        assert [len(each) for each in told] == [1, 1, 2]
        assert {each["code"] for each in told[-1]} == {code}
        assert 1 in sink.values(group.number)
        assert set(sink.values(group.number)) == {1}
        assert sink.values(other.number) == [2] * 180
        (record,) = caplog.records  # of a minute
        is_ours = code == -32602  # it is nobody's fault in the game: there is no traceback
        assert record.levelno == (logging.WARNING if is_ours else logging.ERROR)
        assert (record.exc_info is None) is is_ours
        assert "the topic rocks has no value: " in record.getMessage()
        assert len(caplog.text) < 25_000

    def test_of_what_publishes_by_itself_are_told_and_end_no_frame(
        self, topics: Topics, sink: FakeSink, clock: list[float], caplog: pytest.LogCaptureFixture
    ) -> None:
        published: list[int] = []

        def stream(frame: int, wall: float, now: float) -> None:
            if frame < 60:
                raise TypeError("no pictures")
            published.append(frame)

        topics.add("pictures").stream = stream
        group = subscribe(topics, "pictures", hz=30)
        for frame in range(120):
            clock[0] += 1 / 60
            topics.step(frame)
        (failure,) = sink.failures(group.number)
        assert (failure["code"], failure["data"]["reason"]) == (-32603, "no pictures")
        assert len(published) == 60
        assert len(caplog.records) == 1

    def test_keep_nothing_of_the_games(
        self, topics: Topics, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Rocks:
            pass

        found: list[weakref.ref[Rocks]] = []

        def read() -> Any:
            rocks = Rocks()
            found.append(weakref.ref(rocks))
            raise LookupError("no rocks")

        topics.add("rocks", read, history=5)
        modes: list[Mode] = ["all", "latest", "peak"]
        for mode in modes:
            subscribe(topics, "rocks", mode)
        topics.step(1)
        topics.step(2)
        gc.collect()
        assert len(caplog.records) == 1, "it has the first"
        assert found[1]() is None

    def test_of_many_groups_are_one_line_and_one_attempt(
        self, topics: Topics, sink: FakeSink, caplog: pytest.LogCaptureFixture
    ) -> None:
        encoded = 0

        def encode(_: object) -> Any:
            nonlocal encoded
            encoded += 1
            raise TypeError("not known")

        topics._encoder = msgspec.json.Encoder(enc_hook=encode)
        topics.add("rocks", Read(object()), history=5)
        groups = [subscribe(topics, "rocks", "latest", hz) for hz in RATES]
        for frame in range(5):
            topics.step(frame)
        assert encoded == 5, "once a frame"
        assert [len(sink.failures(group.number)) for group in groups] == [1] * len(RATES)
        assert len(caplog.records) == 1

    def test_of_emitted_values_are_told_at_once(
        self, topics: Topics, sink: FakeSink, caplog: pytest.LogCaptureFixture
    ) -> None:
        topics.add("rocks", history=3)
        groups = [subscribe(topics, "rocks", mode) for mode in ("all", "latest", "peak")]  # type: ignore[arg-type]
        for _ in range(3):
            topics.emit("rocks", object())
        topics.step(1)
        assert [len(sink.failures(group.number)) for group in groups] == [1, 1, 1]
        assert len(caplog.records) == 1
        topics.emit("rocks", 5)
        topics.step(2)
        assert [sink.values(group.number) for group in groups] == [[5], [5], [5]]
        assert [group.failure for group in groups] == [None] * 3

    def test_of_a_topic_without_subscribers_are_logged_if_it_has_a_history(
        self, topics: Topics, caplog: pytest.LogCaptureFixture
    ) -> None:
        topics.add("rocks", Read(object(), LookupError("no rocks")), history=3)
        for frame in range(10):
            topics.step(frame)
        assert len(caplog.records) == 1

    def test_of_one_mode_leave_the_others_alone(
        self, topics: Topics, sink: FakeSink, caplog: pytest.LogCaptureFixture
    ) -> None:
        topics.add("rocks", Read({"x": 1}))
        peak, latest = subscribe(topics, "rocks", "peak"), subscribe(topics, "rocks", "latest")
        for frame in range(10):
            topics.step(frame)
        assert sink.values(latest.number) == [{"x": 1}] * 10
        assert sink.failures(latest.number) == []
        assert len(sink.failures(peak.number)) == 1

    def test_a_change_that_comes_back_as_it_was_is_news(
        self, topics: Topics, sink: FakeSink
    ) -> None:
        topics.add("rocks", Read(1, 1, LookupError("no rocks"), 1, 1))
        group = subscribe(topics, "rocks", "change")
        for frame in range(5):
            topics.step(frame)
        assert sink.values(group.number) == [1, 1]


class Array:
    """Is compared member by member, and has no truth."""

    def __init__(self, *members: float) -> None:
        self.members = members

    def __truediv__(self, by: float) -> Array:
        return Array(*(member / by for member in self.members))

    def __add__(self, other: Array) -> Array:
        return Array(*map(sum, zip(self.members, other.members, strict=True)))

    def __ne__(self, other: object) -> Any:
        return Array()

    def __gt__(self, other: object) -> Any:
        return Array()

    def __bool__(self) -> bool:
        raise ValueError("the truth value is ambiguous")


def test_arrays_have_a_mean_and_no_peak(topics: Topics, sink: FakeSink) -> None:
    topics._encoder = msgspec.json.Encoder(enc_hook=lambda array: array.members)
    topics.add("at")
    mean, peak = subscribe(topics, "at", "mean"), subscribe(topics, "at", "peak")
    topics.emit("at", Array(1.0, 2.0))
    topics.emit("at", Array(3.0, 6.0))
    topics.step(1)
    assert sink.values(mean.number) == [[2.0, 4.0]]
    assert [error["code"] for error in sink.failures(peak.number)] == [-32602]


class TestNaN:
    @pytest.mark.parametrize(
        ("values", "peak", "mean"),
        [
            ([nan, 5.0, 7.0], 7.0, 6.0),
            ([5.0, nan, 7.0], 7.0, 6.0),
            ([5.0, 7.0, nan], 7.0, 6.0),
            ([nan, -5], -5, -5),
            ([nan, nan], None, None),
        ],
    )
    def test_is_left_out(
        self,
        topics: Topics,
        sink: FakeSink,
        values: list[float],
        peak: float | None,
        mean: float | None,
    ) -> None:
        topics.add("rocks")
        groups = [subscribe(topics, "rocks", mode) for mode in ("peak", "mean")]  # type: ignore[arg-type]
        for value in values:
            topics.emit("rocks", value)
        topics.step(1)
        assert [sink.values(group.number) for group in groups] == [[peak], [mean]]


def test_a_value_is_encoded_once_a_frame_for_all_groups(
    topics: Topics, sink: FakeSink, clock: list[float]
) -> None:
    encoded = 0

    def encode(_: object) -> Any:
        nonlocal encoded
        encoded += 1
        return {"rocks": encoded}

    topics._encoder = msgspec.json.Encoder(enc_hook=encode)
    topics.add("rocks", Read(object()), history=100)
    modes: list[Mode] = ["all", "latest", "change"]
    groups = [
        subscribe(topics, "rocks", mode, hz) for mode in modes for hz in (None, 1.0, 30.0, 61.0)
    ]
    for frame in range(60):
        clock[0] += 1 / 60
        topics.step(frame)
    assert encoded == 60
    assert len(groups) == 12
    assert sum(len(sink.values(group.number)) for group in groups) > 4 * 60


def test_a_value_is_one_text_for_each_rate_however_many_subscribe(
    topics: Topics, sink: FakeSink, clock: list[float]
) -> None:
    topics.add("rocks", Read(5))
    groups = {subscribe(topics, "rocks", "latest", 20 + 980 * at / 5000) for at in range(5000)}
    topics.step(1)
    assert sum(len(sink.values(group.number)) for group in groups) == len(groups) <= len(RATES)
    assert {group.hz for group in groups} == {rate for rate in RATES if 20 <= rate < 1000}


def test_a_value_may_be_as_large_as_an_answer_and_no_byte_larger(
    topics: Topics, sink: FakeSink
) -> None:
    topics.add("rocks", Read("x" * (MAX_ANSWER - 2), "x" * (MAX_ANSWER - 1)), history=2)
    group = subscribe(topics, "rocks")
    topics.step(1)
    topics.step(2)
    assert [len(value) for value in sink.values(group.number)] == [MAX_ANSWER - 2]
    (failure,) = sink.failures(group.number)
    assert "too" in str(failure) or "bytes" in str(failure)


def test_a_sum_changes_no_object_of_the_games(topics: Topics, sink: FakeSink) -> None:
    class Vector(list[float]):
        def __truediv__(self, by: float) -> Vector:
            return self if by == 1 else Vector(x / by for x in self)

        def __add__(self, other: Any) -> Any:
            return Vector(x + y for x, y in zip(self, other, strict=True))

        def __iadd__(self, other: Any) -> Any:
            self[:] = self + other
            return self

    at = Vector([1.0, 2.0])
    topics.add("at")
    group = subscribe(topics, "at", "mean")
    for _ in range(3):
        topics.emit("at", at)
    topics.step(1)
    assert sink.values(group.number) == [[1.0, 2.0]]
    assert at == [1.0, 2.0]


@pytest.mark.parametrize("live", [0, 100])
def test_ten_thousand_watches_cost_what_ten_cost_each(topics: Topics, live: int) -> None:
    def lines(count: int, prefix: str) -> int:
        """How many lines of Python it takes."""
        seen = 0

        def trace(*_: object) -> Any:
            nonlocal seen
            seen += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            for number in range(count):
                topics.add(f"{prefix}{number}", Read(1), is_watched=True)
            for number in range(count):
                topics.remove(f"{prefix}{number}")
        finally:
            sys.settrace(before)
        return seen

    for number in range(live):
        topics.add(f"live {number}", Read(1))
        subscribe(topics, f"live {number}")
    few = lines(10, "few")
    assert lines(10_000, "many") <= 1.01 * few * 1000


class TestGroups:
    def test_end_with_their_last_member(self, topics: Topics, sink: FakeSink) -> None:
        topics.add("rocks", Read(1))
        group = subscribe(topics, "rocks")
        assert subscribe(topics, "rocks") is group
        first, second = group.members
        topics.leave(group, first)
        assert sink.dropped == []
        topics.leave(group, second)
        topics.leave(group, second)
        assert sink.dropped == [group.number]
        assert not known(topics, "rocks").is_live
        assert subscribe(topics, "rocks") is not group

    def test_survive_that_their_topic_is_replaced(self, topics: Topics, sink: FakeSink) -> None:
        topics.add("rocks", Read(1))
        group = subscribe(topics, "rocks")
        topics.step(1)
        topics.add("rocks", Read(2))
        topics.step(2)
        assert sink.values(group.number) == [1, 2]
        leave_all(topics, group)
        assert sink.dropped == [group.number]

    def test_end_when_their_topic_is_removed(self, topics: Topics, sink: FakeSink) -> None:
        topics.add("rocks", Read(1))
        group = subscribe(topics, "rocks")
        topics.remove("rocks")
        topics.step(1)
        assert sink.values(group.number) == []
        assert sink.dropped == [group.number]
        assert topics.get("rocks") is None
        with pytest.raises(KeyError):
            topics.remove("rocks")


class TestEmit:
    def test_makes_the_topic_and_reaches_its_subscribers(
        self, topics: Topics, sink: FakeSink
    ) -> None:
        topics.emit("explosion", 1)
        group = subscribe(topics, "explosion")
        topics.step(7)
        topics.emit("explosion", 2)
        topics.emit("explosion", 3)
        assert sink.values(group.number) == [2, 3]
        assert {params["frame"] for params in sink.params(group.number)} == {UNDER_WAY}

    @pytest.mark.parametrize(
        ("mode", "expected"),
        [("all", [3, 1, 2, 7]), ("latest", [2, 7]), ("mean", [2, 7]), ("peak", [3, 7])],
    )
    def test_without_a_rate_every_frame_is_a_turn_but_for_all(
        self, topics: Topics, sink: FakeSink, mode: Mode, expected: list[int]
    ) -> None:
        topics.add("hits")
        group = subscribe(topics, "hits", mode)
        for frame, values in enumerate([[3, 1, 2], [], [7]], 1):
            for value in values:
                topics.emit("hits", value)
            topics.step(frame)
        assert sink.values(group.number) == expected

    def test_a_change_is_told_once_a_frame(self, topics: Topics, sink: FakeSink) -> None:
        topics.add("hits")
        group = subscribe(topics, "hits", "change")
        for frame, value in enumerate([1, 1, 2], 1):
            topics.emit("hits", 0)
            topics.emit("hits", value)
            topics.step(frame)
        assert sink.values(group.number) == [1, 2]

    def test_at_a_rate_waits_for_its_turn(
        self, topics: Topics, sink: FakeSink, clock: list[float]
    ) -> None:
        topics.add("explosion")
        group = subscribe(topics, "explosion", "latest", 1.0)
        topics.emit("explosion", 1)
        topics.step(1)
        for value in (2, 3):
            topics.emit("explosion", value)
        for frame in (2, 3, 4):
            clock[0] += 0.5
            topics.step(frame)
        assert sink.values(group.number) == [1, 3]

    @pytest.mark.parametrize("mode", ["all", "latest", "change"])
    def test_is_told_as_it_was_when_it_was_emitted(
        self, topics: Topics, sink: FakeSink, mode: Mode
    ) -> None:
        topics.add("hits", history=5)
        group = subscribe(topics, "hits", mode)
        hit = {"x": 1}
        topics.emit("hits", hit)
        hit["x"] = 2
        topics.step(1)
        assert sink.values(group.number) == [{"x": 1}]
        (sample,) = known(topics, "hits").history
        assert msgspec.json.decode(sample.value) == {"x": 1}

    def test_a_turn_that_is_long_keeps_one_value_whatever_is_emitted(
        self, topics: Topics, sink: FakeSink, clock: list[float]
    ) -> None:
        topics.add("hits")
        modes: list[Mode] = ["mean", "peak", "latest"]
        groups = [subscribe(topics, "hits", mode, 0.001) for mode in modes]
        topics.emit("hits", 0)
        topics.step(1)
        for value in range(1, 1001):
            topics.emit("hits", value)
        assert [group._value for group in groups] == [500500, 1000, None]
        clock[0] += 1001.0
        topics.step(2)
        told = [sink.values(group.number)[-1] for group in groups]
        assert told == [500.5, 1000, 1000]

    @pytest.mark.parametrize("mode", ["latest", "change", "mean", "peak"])
    def test_history_leaves_out_what_a_new_member_is_still_to_get(
        self, topics: Topics, clock: list[float], mode: Mode
    ) -> None:
        topics.add("hits", history=10)
        group = subscribe(topics, "hits", mode, 1.0)
        topics.emit("hits", 1)
        topics.step(1)

        def past(count: int) -> list[Any]:
            return [msgspec.json.decode(sample.value) for sample in topics.past(group, count)]

        assert past(10) == [1]
        topics.emit("hits", 2)
        topics.emit("hits", 3)
        # Of a mean or a peak both are in what comes; else only the last, the first is in the past.
        assert past(10) == ([1] if mode in ("mean", "peak") else [1, 2])
        assert past(1) == ([1] if mode in ("mean", "peak") else [2])
        assert past(0) == []
        clock[0] += 1.0
        topics.step(2)
        assert past(10) == [1, 2, 3]

    def test_a_value_that_cannot_be_sent_raises_nothing(
        self, topics: Topics, caplog: pytest.LogCaptureFixture
    ) -> None:
        topics.add("explosion")
        subscribe(topics, "explosion")
        for _ in range(3):
            topics.emit("explosion", object())
        assert len(caplog.records) == 1


class TestView:
    def test_subscribers_with_equal_views_are_a_group(self, topics: Topics, sink: FakeSink) -> None:
        topics.add("rocks", Read(1, 2, 3, 4))
        even, all_of_them = Above(2), None
        first = topics.group(known(topics, "rocks"), "all", None, even)
        first.members.add(object())
        assert topics.group(known(topics, "rocks"), "all", None, Above(2)) is first
        other = topics.group(known(topics, "rocks"), "all", None, all_of_them)
        assert other is not first
        for frame in range(1, 5):
            topics.step(frame)
        assert sink.values(first.number) == [30, 40]
        assert [one["sequence"] for one in sink.params(first.number)] == [1, 2]
        assert sink.values(other.number) == [1, 2, 3, 4]
        leave_all(topics, first)
        assert sink.dropped == [first.number]
        assert list(known(topics, "rocks").groups.values()) == [other]

    @pytest.mark.parametrize(
        ("mode", "expected"), [("latest", 40), ("mean", 35), ("peak", 40), ("change", 40)]
    )
    def test_what_it_hides_counts_in_no_mode(
        self,
        topics: Topics,
        sink: FakeSink,
        clock: list[float],
        mode: Mode,
        expected: float,
    ) -> None:
        topics.add("rocks", Read(3, 4, 1, 2, 1))
        group = topics.group(known(topics, "rocks"), mode, 1.0, Above(2))
        group._due = clock[0] + 1.0
        for frame in range(1, 5):
            topics.step(frame)
        clock[0] += 1.0
        topics.step(5)
        assert sink.values(group.number) == [expected]


@dataclass(frozen=True)
class Above:
    limit: int

    def __call__(self, value: int) -> Any:
        return value * 10 if value > self.limit else NOTHING


def test_a_topic_may_have_nothing_to_tell_in_a_frame(topics: Topics, sink: FakeSink) -> None:
    topics.add("rocks", Read(1, NOTHING, NOTHING, 2), history=10)
    group = subscribe(topics, "rocks")
    for frame in range(1, 5):
        topics.step(frame)
    assert sink.values(group.number) == [1, 2]
    assert len(known(topics, "rocks").history) == 2


def test_who_begins_to_listen_is_announced_once(topics: Topics) -> None:
    begun: list[bool] = []
    topic = topics.add("rocks", Read(1))
    topic.begin = lambda: begun.append(topic.is_live)
    first = subscribe(topics, "rocks")
    second = subscribe(topics, "rocks", "latest")
    assert begun == [False]
    leave_all(topics, first)
    leave_all(topics, second)
    subscribe(topics, "rocks")
    assert begun == [False, False]


def test_a_topic_can_be_published_out_of_turn(topics: Topics, sink: FakeSink) -> None:
    topic = topics.add("rocks", Read(1, 2))
    topics.publish(topic)
    assert topic.read is not None
    assert topic.read() == 1, "nobody listens, nothing is read"
    group = subscribe(topics, "rocks")
    topics.publish(topic)
    assert sink.values(group.number) == [2]


class TestHeld:
    """A second step in the same frame: a beat of a held game."""

    def test_values_are_read_and_told_but_no_frame_has_passed(
        self, topics: Topics, sink: FakeSink, clock: list[float]
    ) -> None:
        topics.add("rocks", Read(1, 2, 3, 4), history=10)
        latest = subscribe(topics, "rocks", "latest", 10.0)
        changes = subscribe(topics, "rocks", "change")
        each = subscribe(topics, "rocks", "all")
        for frame in (7, 7, 7, 8):
            topics.step(frame)
            clock[0] += 0.2
        assert sink.values(latest.number) == [1, 2, 3, 4]
        assert sink.values(changes.number) == [1, 2, 3, 4]
        assert sink.values(each.number) == [1, 4]
        assert [sample.frame for sample in known(topics, "rocks").history] == [7, 8]

    def test_what_is_emitted_is_told_to_all(self, topics: Topics, sink: FakeSink) -> None:
        topics.add("explosion", history=10)
        each = subscribe(topics, "explosion", "all")
        topics.step(7)
        topics.step(7)
        topics.emit("explosion", "now")
        assert sink.values(each.number) == ["now"]


class TestThinning:
    def test_values_are_read_in_one_step_of_so_many(self, topics: Topics, sink: FakeSink) -> None:
        read = Read(*range(100))
        topics.add("rocks", read)
        each = subscribe(topics, "rocks", "all")
        topics.thinning = 4
        for frame in range(1, 9):
            topics.step(frame)
        assert read.count == 2
        assert [params["frame"] for params in sink.params(each.number)] == [4, 8]
        topics.thinning = 1
        topics.step(9)
        assert read.count == 3

    def test_a_held_game_is_thinned_like_one_that_runs(
        self, topics: Topics, sink: FakeSink
    ) -> None:
        read = Read(*range(100))
        topics.add("rocks", read)
        changes = subscribe(topics, "rocks", "change")
        topics.thinning = 4
        for _ in range(8):
            topics.step(5)
        assert sink.values(changes.number) == [0, 1]

    def test_what_reading_took_is_added_up(self, topics: Topics) -> None:
        topics.add("slow", lambda: time.sleep(0.01))
        subscribe(topics, "slow")
        topics.step(1)
        topics.step(2)
        assert topics.spent >= 0.02
