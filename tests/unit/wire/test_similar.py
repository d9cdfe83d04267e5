"""Which known name was meant: `stagedoor.wire.similar`."""

import pytest

from stagedoor.wire.similar import did_you_mean, similar

KNOWN = ["spawn", "player.heal", "player.hurt", "game.status", "max_speed"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("spwan", ["spawn"]),
        ("SPAWN", ["spawn"]),
        ("heal", ["player.heal"]),
        ("Heal", ["player.heal"]),
        ("game.statuz", ["game.status"]),
        ("max-speed", ["max_speed"]),
        ("play", ["player.heal"]),
        ("pl", []),
        ("xyzzy", []),
        ("", []),
        ("q" * 1_000_000, []),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_similar_is_suggested(name: str, meant: list[str]) -> None:
    assert similar(name, KNOWN)[:1] == meant


def test_options_are_compared_without_their_dashes() -> None:
    assert similar("--to", ["--json", "--help"]) == []
    assert similar("--jsno", ["--json", "--help"]) == ["--json"]


def test_the_end_of_a_sentence_names_three_at_most() -> None:
    assert did_you_mean("spwan", KNOWN) == "; did you mean spawn?"
    assert did_you_mean("xyzzy", KNOWN) == ""
    assert did_you_mean("anything", ()) == ""
    many = did_you_mean("rock", [f"rock{number}" for number in range(9)])
    assert many.count(" or ") == 2
