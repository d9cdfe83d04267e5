"""How a game is, as a client knows: `stagedoor.client.health`."""

import pytest

from stagedoor.client.health import UNKNOWN, Health, health_in, health_in_ping, health_of

PLACE = {"file": "game.py", "line": 12, "function": "update"}


@pytest.mark.parametrize(
    ("status", "health", "said"),
    [
        ({"paused": False}, Health("running"), "the game goes on meanwhile"),
        ({"paused": True, "steps": 0}, Health("paused"), "the game is paused"),
        ({"paused": True, "steps": 30}, Health("stepping", steps=30),
         "the game is stepping, 30 frames are left"),
        ({"paused": True, "steps": 1}, Health("stepping", steps=1),
         "the game is stepping, 1 frame is left"),
        ({"paused": True, "steps": 3, "stalled_for": 2.5, "where": None}, Health("stalled", 2.5),
         "the game has been stalled for 2.5 s"),
        (
            {"paused": True, "stalled_for": 2.5, "where": PLACE},
            Health("stalled", 2.5, "game.py:12, in update"),
            "the game has been stalled for 2.5 s, in game.py:12, in update",
        ),
        ({"stalled_for": 2.5, "where": None}, Health("stalled", 2.5),
         "the game has been stalled for 2.5 s"),
        ({"stalled_for": 2.5, "where": PLACE, "advice": "do this"},
         Health("stalled", 2.5, "game.py:12, in update", "do this"),
         "the game has been stalled for 2.5 s, in game.py:12, in update; do this"),
        (None, UNKNOWN, ""), ([1], UNKNOWN, ""), ({"stalled_for": "x"}, UNKNOWN, ""),
    ],
)  # fmt: skip
def test_the_status_of_a_game_says_how_it_is(status: object, health: Health, said: str) -> None:
    assert health_of(status) == health
    assert str(health) == said


def test_the_topic_says_that_a_game_is_stalled_and_that_it_is_back() -> None:
    told = {"stalled": True, "stalled_for": 1.5, "where": PLACE}
    assert health_in(told) == Health("stalled", 1.5, "game.py:12, in update")
    assert health_in(told | {"stalled": False}) == Health("running")
    assert health_in(None) == UNKNOWN


@pytest.mark.parametrize(
    ("payload", "health"),
    [
        (b"stalled 12.345", Health("stalled", 12.345)),
        (b"stalled 1.500 in game.py:12, in load", Health("stalled", 1.5, "game.py:12, in load")),
        (b"stalled 1.000 in ...\xff:1, in f", Health("stalled", 1.0, "...\ufffd:1, in f")),
        (b"", UNKNOWN), (b"\x00\x01", UNKNOWN), (b"stalled", UNKNOWN), (b"stalled x in y", UNKNOWN),
        (b"stalled 1e9", UNKNOWN), (b"stalled 12.345 ", UNKNOWN),
    ],
)  # fmt: skip
def test_a_ping_may_say_that_a_game_holds_pythons_lock(payload: bytes, health: Health) -> None:
    assert health_in_ping(payload) == health


def test_a_process_that_only_answers_pings_hangs() -> None:
    assert "hangs" in str(Health("stalled"))
    assert str(Health("silent"))
