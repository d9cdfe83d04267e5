"""Which known name was meant: `stagedoor.wire.similar`."""

import difflib
from collections.abc import Iterable

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


def test_few_names_are_compared_letter_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, list[str]]] = []

    def get_close_matches(word: str, possibilities: Iterable[str], n: int) -> list[str]:
        compared.append((word, list(possibilities)))
        return compared[0][1][:n]

    monkeypatch.setattr(difflib, "get_close_matches", get_close_matches)
    known = [f"player.{'x' * 50}{number}" for number in range(1000)]
    assert len(similar("player." + "x" * 90, known)) == 1, "all begin alike"
    ((word, possibilities),) = compared
    assert len(possibilities) <= 16
    assert max(map(len, [word, *possibilities])) <= 40


@pytest.mark.parametrize("name", ["player.speeed_500", "xplayer.speed_500", "player.speed_500x"])
def test_among_many_the_closest_is_found(name: str) -> None:
    known = [f"player.speed_{number}" for number in range(1000)] + [f"z{n}" for n in range(1000)]
    assert similar(name, known)[0] == "player.speed_500"
