"""`screen.window` and `screen.capture`, with a real studio and an engine that is not."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.live.callers import PATIENCE
from tests.unit.live.domains.screen.fakes import FakeEngine, FakeRaw, FakeStudio, picture
from tests.unit.live.rpc.fakes import FakeConnection, connect, frame, new_hub, parts_of, request

from stagedoor.live.domains import rpc
from stagedoor.live.domains.parts import Parts
from stagedoor.live.domains.screen import darkroom, methods
from stagedoor.live.engines.picture import NoPictureError
from stagedoor.wire.roles import Role

NO_PICTURE, TOO_MANY, INVALID = -32000, -32005, -32602


@pytest.fixture
def parts() -> Iterator[Parts]:
    hub = new_hub()
    parts = parts_of(hub)
    parts.engine = FakeEngine()
    methods.add_to(parts)
    rpc.add_to(parts)
    yield parts
    hub.close()


@pytest.fixture
def connection(parts: Parts) -> FakeConnection:
    return connect(parts.hub, Role.VIEWER)


def begin(connection: FakeConnection, ident: object = 1, **params: object) -> None:
    connection.deliver(json.dumps(request("screen.capture", params, ident)))


def answer(connection: FakeConnection) -> Any:
    """Have frames until there is an answer."""
    deadline = time.monotonic() + PATIENCE
    while not (found := connection.messages()):
        assert time.monotonic() < deadline
        frame(connection.hub)
    return found[-1]


def capture(connection: FakeConnection, **params: object) -> Any:
    connection.messages()
    begin(connection, **params)
    return answer(connection)


def test_a_capture_is_a_file_with_its_size_and_frame(
    parts: Parts, connection: FakeConnection
) -> None:
    frame(parts.hub, 7)
    found = capture(connection)["result"]
    assert (found["frame"], found["format"]) == (7, "png")
    assert (found["width"], found["height"]) == (8, 6)
    assert base64.b64decode(found["data"]).startswith(b"\x89PNG")
    assert found["encoding"] >= 0
    found = capture(connection, format="jpeg", quality=30, width=4)["result"]
    assert (found["width"], found["height"]) == (4, 3)
    assert base64.b64decode(found["data"]).startswith(b"\xff\xd8\xff")


def test_a_part_is_what_lies_in_the_picture(connection: FakeConnection) -> None:
    found = capture(connection, rectangle=[6, 4, 100, 1])["result"]
    assert (found["width"], found["height"]) == (2, 1)
    error = capture(connection, rectangle=[8, 0, 1, 1])["error"]
    assert error["code"] == INVALID
    assert error["data"]["reason"] == "the rectangle lies outside of the picture, which is 8 x 6"


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"width": 0}, "$.width"),
        ({"width": 65_536}, "$.width"),
        ({"width": 1.5}, "$.width"),
        ({"quality": 0}, "$.quality"),
        ({"quality": 101}, "$.quality"),
        ({"format": "bmp"}, "$.format"),
        ({"rectangle": [0, 0, 10]}, "$.rectangle"),
        ({"rectangle": [0, 0, 0, 10]}, "$.rectangle[2]"),
        ({"rectangle": [0, -1, 5, 10]}, "$.rectangle[1]"),
        ({"rectangle": "0,0,1,1"}, "$.rectangle"),
    ],
)
def test_what_cannot_be_wanted_is_refused_with_its_place(
    parts: Parts, connection: FakeConnection, params: dict[str, object], path: str
) -> None:
    error = connection.call("screen.capture", params)["error"]
    assert (error["code"], error["data"]["path"]) == (INVALID, path)
    assert isinstance(parts.engine, FakeEngine)
    assert parts.engine.asked == 0


def test_a_picture_that_can_be_read_only_when_it_is_shown_comes_a_frame_later(
    parts: Parts, connection: FakeConnection
) -> None:
    parts.engine = engine = FakeEngine(None, None, picture())
    frame(parts.hub)
    found = capture(connection)["result"]
    assert engine.asked == 3
    assert found["frame"] > 2


def test_a_game_that_shows_nothing_says_why(parts: Parts, connection: FakeConnection) -> None:
    parts.engine = FakeEngine(NoPictureError("the game has no window yet"))
    error = capture(connection)["error"]
    assert error["code"] == NO_PICTURE
    assert error["data"] == {"type": "NoPicture", "message": "the game has no window yet"}
    parts.engine = None
    assert "no framework" in capture(connection)["error"]["data"]["message"]
    parts.engine = FakeEngine(OSError("display Surface quit"))
    message = capture(connection)["error"]["data"]["message"]
    assert message == "the game's picture cannot be read: OSError: display Surface quit"


def test_a_picture_that_never_comes_is_waited_for_so_long(
    parts: Parts, connection: FakeConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(methods, "PATIENCE", 0.01)
    parts.engine = FakeEngine(None)
    assert "has shown no picture" in capture(connection)["error"]["data"]["message"]
    parts.pace.pause()
    assert "paused" in capture(connection)["error"]["data"]["message"]


class TestWithAStudioThatWaits:
    @pytest.fixture(autouse=True)
    def studio(self, monkeypatch: pytest.MonkeyPatch) -> FakeStudio:
        studio = FakeStudio()
        monkeypatch.setattr(darkroom, "Studio", lambda: studio)
        monkeypatch.setattr(darkroom, "RawPicture", FakeRaw)
        FakeRaw.alive.clear()  # those of other tests
        return studio

    def test_a_client_has_one_capture_under_way(
        self, studio: FakeStudio, parts: Parts, connection: FakeConnection
    ) -> None:
        begin(connection, "first")
        begin(connection, "second")
        assert connection.messages()[0]["error"]["code"] == TOO_MANY
        other = connect(parts.hub, Role.VIEWER)
        begin(other)
        assert len(studio.orders) == 2
        studio.work()
        assert "result" in answer(connection)
        begin(connection, "third")
        assert len(studio.orders) == 3

    def test_the_pixels_are_kept_no_longer_than_for_the_call(
        self, studio: FakeStudio, connection: FakeConnection
    ) -> None:
        begin(connection)
        assert len(FakeRaw.alive) == 1
        studio.work()
        answer(connection)
        assert len(FakeRaw.alive) == 0

    def test_nor_one_more_by_a_cancel_before_the_thread_is_done(
        self, studio: FakeStudio, connection: FakeConnection
    ) -> None:
        begin(connection, "first")
        connection.notify("rpc.cancel", {"id": "first"})
        assert studio.orders[0].is_cancelled
        assert connection.call("screen.capture")["error"]["code"] == TOO_MANY

    def test_nor_one_more_while_the_first_waits_for_the_game(
        self, studio: FakeStudio, parts: Parts, connection: FakeConnection
    ) -> None:
        parts.engine = FakeEngine(None)
        begin(connection, "first")
        assert connection.call("screen.capture")["error"]["code"] == TOO_MANY
        connection.notify("rpc.cancel", {"id": "first"})
        parts.engine = FakeEngine()
        begin(connection, "second")
        assert len(studio.orders) == 1

    def test_a_client_that_leaves_is_forgotten(
        self, studio: FakeStudio, connection: FakeConnection
    ) -> None:
        begin(connection)
        connection.on_close(None)
        assert studio.orders[0].is_cancelled

    def test_a_busy_thread_is_told(self, studio: FakeStudio, connection: FakeConnection) -> None:
        studio.is_busy = True
        assert capture(connection)["error"]["code"] == TOO_MANY

    def test_pictures_under_way_have_a_bound_in_bytes(
        self, parts: Parts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(darkroom, "MAX_HELD", 3 * 8 * 6 * 4)
        codes = []
        for _ in range(4):
            other = connect(parts.hub, Role.VIEWER)
            begin(other)
            codes += [found["error"]["code"] for found in other.messages()]
        assert codes == [TOO_MANY]

    def test_captures_of_a_frame_share_its_picture(
        self, parts: Parts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(darkroom, "SAME", PATIENCE)
        frame(parts.hub)
        for _ in range(3):
            begin(connect(parts.hub, Role.VIEWER))
        assert isinstance(parts.engine, FakeEngine)
        assert parts.engine.asked == 1

    def test_an_answer_has_a_bound(self, studio: FakeStudio, connection: FakeConnection) -> None:
        begin(connection)
        most = studio.orders[0].ordered["most"]
        assert most * 4 / 3 < connection.hub.limits.max_answer_size < most * 1.4
        studio.orders[0].outcome = ValueError("the picture has more than 5 bytes")
        studio.work()
        error = answer(connection)["error"]
        assert (error["code"], error["data"]["reason"]) == (
            INVALID,
            "the picture has more than 5 bytes",
        )

    def test_the_thread_ends_with_the_stage(self, studio: FakeStudio, parts: Parts) -> None:
        parts.hub.close()
        assert studio.is_closed


def test_the_window_has_a_title_and_two_sizes(parts: Parts, connection: FakeConnection) -> None:
    assert connection.call("screen.window")["result"] == {
        "title": "fake",
        "width": 16,
        "height": 12,
        "picture_width": 8,
        "picture_height": 6,
    }
    assert isinstance(parts.engine, FakeEngine)
    parts.engine.shape = None
    assert connection.call("screen.window")["result"] is None
    parts.engine = None
    assert connection.call("screen.window")["result"] is None
