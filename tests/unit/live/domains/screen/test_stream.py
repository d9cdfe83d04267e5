"""The topic `screen`, without a thread and without a network."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest
from tests.unit.live.domains.screen.fakes import FakeEngine, FakeRaw, FakeStudio, picture
from tests.unit.live.rpc.fakes import FakeConnection, FakeSink, connect, frame, new_hub, parts_of

from stagedoor.live.domains import topic
from stagedoor.live.domains.parts import Parts
from stagedoor.live.domains.screen import darkroom, methods
from stagedoor.live.engines.picture import NoPictureError
from stagedoor.wire.roles import Role

INVALID = -32602


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> FakeStudio:
    studio = FakeStudio()
    monkeypatch.setattr(darkroom, "Studio", lambda: studio)
    monkeypatch.setattr(darkroom, "RawPicture", FakeRaw)
    FakeRaw.alive.clear()  # those of other tests
    return studio


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is for the topics."""
    now = [1000.0]
    monkeypatch.setattr("stagedoor.live.topics.topics.monotonic", lambda: now[0])
    return now


@pytest.fixture
def parts(studio: FakeStudio, clock: list[float]) -> Parts:
    hub = new_hub()
    parts = parts_of(hub)
    parts.engine = FakeEngine()
    methods.add_to(parts)
    topic.add_to(parts)
    return parts


@pytest.fixture
def sink(parts: Parts) -> FakeSink:
    return cast(FakeSink, parts.hub.topics.sink)


@pytest.fixture
def connection(parts: Parts) -> FakeConnection:
    return connect(parts.hub, Role.VIEWER)


def subscribe(connection: FakeConnection, **params: object) -> Any:
    return connection.call("topic.subscribe", {"topic": "screen", **params})


def pass_time(clock: list[float], parts: Parts, seconds: float = 1.0) -> None:
    clock[0] += seconds
    frame(parts.hub)


def test_a_picture_is_a_binary_message_with_what_it_is(
    parts: Parts, connection: FakeConnection, sink: FakeSink, studio: FakeStudio
) -> None:
    number = subscribe(connection, hz=5)["result"]["subscription"]
    before = time.time()
    frame(parts.hub)
    assert sink.paced == {}, "it is being encoded"
    studio.work()
    frame(parts.hub)
    [(told, data)] = sink.paced[number]
    params = told["params"]
    assert data == b"file"
    assert (told["method"], params["topic"], params["sequence"]) == ("topic.data", "screen", 1)
    assert (params["frame"], params["time"] >= before) == (1, True)
    assert params["value"] == {"format": "jpeg", "width": 8, "height": 6, "encoding": 0.001}
    assert studio.orders[0].ordered["as_json"] is False


def test_the_pixels_are_kept_no_longer_than_until_they_are_encoded(
    parts: Parts, connection: FakeConnection, studio: FakeStudio
) -> None:
    number = subscribe(connection, hz=1)["result"]["subscription"]
    frame(parts.hub)
    assert len(FakeRaw.alive) == 1
    studio.work()
    frame(parts.hub)
    assert len(FakeRaw.alive) == 0
    subscribe(connection, hz=2)
    frame(parts.hub)
    connection.call("topic.unsubscribe", {"subscription": number})
    connection.call("topic.unsubscribe", {"subscription": number + 1})
    assert len(FakeRaw.alive) == 0


def test_pictures_come_at_the_rate_that_was_agreed(
    parts: Parts, connection: FakeConnection, studio: FakeStudio, clock: list[float]
) -> None:
    assert subscribe(connection, hz=10)["result"]["hz"] == 10
    for _ in range(100):
        pass_time(clock, parts, 0.02)
        studio.work()
    assert len(studio.orders) == 20


@pytest.mark.parametrize(("asked", "agreed"), [(None, 60), (240, 60), (60, 60), (7, 6), (0.5, 0.5)])
def test_no_rate_is_beyond_that_of_a_screen(
    connection: FakeConnection, asked: float | None, agreed: float
) -> None:
    assert subscribe(connection, hz=asked)["result"]["hz"] == agreed


def test_two_pictures_of_a_group_are_encoded_at_a_time_and_come_in_order(
    parts: Parts,
    connection: FakeConnection,
    sink: FakeSink,
    studio: FakeStudio,
    clock: list[float],
) -> None:
    number = subscribe(connection)["result"]["subscription"]
    for _ in range(5):
        pass_time(clock, parts)
    assert len(studio.orders) == 2
    studio.orders[1].is_done = True
    pass_time(clock, parts)
    assert sink.paced == {}, "the first one comes first"
    studio.orders[0].is_done = True
    pass_time(clock, parts)
    assert [told["params"]["frame"] for told, _ in sink.paced[number]] == [1, 2]
    assert len(studio.orders) == 3


def test_none_is_taken_while_nobody_has_read_the_last(
    parts: Parts,
    connection: FakeConnection,
    sink: FakeSink,
    studio: FakeStudio,
    clock: list[float],
) -> None:
    subscribe(connection)
    other = connect(parts.hub, Role.VIEWER)
    subscribe(other)
    assert isinstance(parts.engine, FakeEngine)

    def taken(behind: int) -> bool:
        sink.behind.waiting = behind
        before = len(studio.orders)
        pass_time(clock, parts)
        studio.work()
        return len(studio.orders) > before

    assert taken(0)
    assert not taken(2), "both have it still to come"
    asked = parts.engine.asked
    assert not taken(2)
    assert parts.engine.asked == asked, "not even the game's thread has any work"
    assert taken(1), "one of them has read it"
    assert not taken(2)
    connection.call("topic.unsubscribe", {"subscription": 1})
    assert not taken(1), "the one who has read it has left"


def test_it_goes_on_while_the_game_is_held(
    parts: Parts, connection: FakeConnection, studio: FakeStudio, clock: list[float]
) -> None:
    subscribe(connection, hz=60)
    frame(parts.hub)
    for _ in range(3):
        studio.work()
        clock[0] += 0.1
        parts.hub.end_frame()  # a beat: no frame passes
    assert len(studio.orders) == 4


def test_groups_with_the_same_wishes_share_and_all_share_the_frames_picture(
    parts: Parts, studio: FakeStudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(darkroom, "SAME", 60.0)
    for width in (100, 100, 200, 300):
        subscribe(connect(parts.hub, Role.VIEWER), filter={"width": width})
    frame(parts.hub)
    assert [order.ordered["width"] for order in studio.orders] == [100, 200, 300]
    assert isinstance(parts.engine, FakeEngine)
    assert parts.engine.asked == 1


def test_a_filter_says_what_pictures_are_like(
    parts: Parts, connection: FakeConnection, studio: FakeStudio
) -> None:
    wanted = {"format": "png", "width": 320, "rectangle": [1, 2, 3, 4], "quality": 9}
    subscribe(connection, filter=wanted)
    frame(parts.hub)
    ordered = studio.orders[0].ordered
    assert (ordered["quality"], ordered["width"]) == (None, 320)
    assert ordered["rectangle"] == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("filter", "path"),
    [
        ({"format": "gif"}, "$.filter.format"),
        ({"quality": 0}, "$.filter.quality"),
        ({"width": -1}, "$.filter.width"),
        ({"rectangle": [1, 2, 3]}, "$.filter.rectangle"),
        ({"rectangle": [1, 2, 3, 2**80]}, "$.filter.rectangle[3]"),
        ({"hight": 3}, "$.filter"),
    ],
)
def test_a_filter_that_does_not_fit_is_refused_with_its_place(
    connection: FakeConnection, filter: dict[str, object], path: str
) -> None:
    error = subscribe(connection, filter=filter)["error"]
    assert (error["code"], error["data"]["path"]) == (INVALID, path)


@pytest.mark.parametrize("mode", ["all", "mean", "peak"])
def test_pictures_have_no_mean(connection: FakeConnection, mode: str) -> None:
    error = subscribe(connection, mode=mode)["error"]
    assert (error["code"], error["data"]["path"]) == (INVALID, "$.mode")
    found = connection.call("topic.list")["result"]
    assert next(one for one in found if one["name"] == "screen")["modes"] == ["latest", "change"]


def test_with_mode_change_the_same_picture_comes_once(
    parts: Parts,
    connection: FakeConnection,
    sink: FakeSink,
    studio: FakeStudio,
    clock: list[float],
) -> None:
    number = subscribe(connection, mode="change")["result"]["subscription"]
    for _ in range(4):
        pass_time(clock, parts)
        studio.work()
    assert len(sink.paced[number]) == 1
    pass_time(clock, parts)
    studio.orders[-1].outcome = (b"another", 8, 6, 0.001)
    studio.work()
    pass_time(clock, parts)
    assert [data for _, data in sink.paced[number]] == [b"file", b"another"]


def test_why_there_is_no_picture_is_told_once_until_there_is_one(
    parts: Parts,
    connection: FakeConnection,
    sink: FakeSink,
    studio: FakeStudio,
    clock: list[float],
) -> None:
    parts.engine = FakeEngine(NoPictureError("the game has no window yet"))
    number = subscribe(connection)["result"]["subscription"]
    for _ in range(3):
        pass_time(clock, parts)
    [failure] = sink.failures(number)
    assert failure["data"]["message"] == "the game has no window yet"
    parts.engine = FakeEngine()
    pass_time(clock, parts)
    studio.work()
    pass_time(clock, parts)
    assert len(sink.paced[number]) == 1
    studio.work()
    studio.orders[-1].outcome = ValueError("the rectangle lies outside of the picture")
    pass_time(clock, parts)
    assert len(sink.failures(number)) == 2


def test_a_busy_thread_costs_a_frame_and_no_error(
    parts: Parts,
    connection: FakeConnection,
    sink: FakeSink,
    studio: FakeStudio,
    clock: list[float],
) -> None:
    number = subscribe(connection)["result"]["subscription"]
    studio.is_busy = True
    pass_time(clock, parts)
    studio.is_busy = False
    pass_time(clock, parts)
    assert len(studio.orders) == 1
    assert sink.failures(number) == []


def test_streams_leave_half_of_the_queue_to_captures_and_take_turns(
    parts: Parts, studio: FakeStudio, clock: list[float]
) -> None:
    for width in range(1, 8):
        subscribe(connect(parts.hub, Role.VIEWER), filter={"width": width})

    def ordered() -> list[int]:
        before = len(studio.orders)
        pass_time(clock, parts)
        widths = [order.ordered["width"] for order in studio.orders[before:]]
        studio.work()
        return widths

    assert [ordered(), ordered(), ordered()] == [[1, 2, 3, 4], [5, 6, 7, 1], [2, 3, 4, 5]]


def test_a_picture_that_can_be_read_only_when_it_is_shown_comes_a_frame_later(
    parts: Parts, connection: FakeConnection, studio: FakeStudio
) -> None:
    parts.engine = FakeEngine(None, picture())
    subscribe(connection)
    frame(parts.hub)
    assert studio.orders == []
    frame(parts.hub)
    assert len(studio.orders) == 1


def test_nothing_is_left_when_nobody_subscribes_any_more(
    parts: Parts, connection: FakeConnection, studio: FakeStudio
) -> None:
    number = subscribe(connection)["result"]["subscription"]
    frame(parts.hub)
    connection.call("topic.unsubscribe", {"subscription": number})
    assert studio.orders[0].is_cancelled
    assert isinstance(parts.engine, FakeEngine)
    frame(parts.hub, 3)
    assert parts.engine.asked == 1
    assert "screen" not in parts.hub.topics.live
