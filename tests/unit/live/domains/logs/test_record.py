"""Records: bounded, and such that JSON can carry them."""

from __future__ import annotations

import msgspec
import pytest

from stagedoor.live.domains.logs.record import MAX_TEXT, LogRecord, shorten
from stagedoor.wire.text import exact


def record(message: str) -> LogRecord:
    return LogRecord(1, 2.5, "INFO", 20, "game", message, "logging")


class Text(str):
    pass


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("zażółć \u202e\x1b[2J", "zażółć \u202e\x1b[2J"),
        ("level-\udcff", "level-\\udcff"),
        (Text("mine"), "mine"),
        (Text("\ud800"), "\\ud800"),
    ],
)
def test_any_text_becomes_one_that_json_can_carry(text: str, expected: str) -> None:
    assert exact(text) == expected
    assert type(exact(text)) is str
    assert msgspec.json.decode(msgspec.json.encode(exact(text))) == expected


def test_what_is_short_stays_whole() -> None:
    short = shorten(record("x" * MAX_TEXT), "y" * MAX_TEXT)
    assert (short.message, short.traceback) == ("x" * MAX_TEXT, "y" * MAX_TEXT)
    assert short.omitted == 0


def test_a_long_message_loses_its_end_and_a_long_traceback_its_middle_and_both_say_so() -> None:
    long = shorten(record("x" * (MAX_TEXT + 5)), "a" * MAX_TEXT + "b" * MAX_TEXT)
    assert long.message == "x" * MAX_TEXT
    assert long.traceback.startswith("a" * 100)
    assert long.traceback.endswith("b" * 100)
    assert len(long.traceback) < MAX_TEXT + 20
    assert long.omitted == 5 + MAX_TEXT


def test_on_the_wire_what_is_not_known_is_left_out() -> None:
    assert msgspec.json.decode(msgspec.json.encode(record("hello"))) == {
        "sequence": 1,
        "time": 2.5,
        "level": "INFO",
        "levelno": 20,
        "logger": "game",
        "message": "hello",
        "source": "logging",
    }
