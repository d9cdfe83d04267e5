"""What a running game writes about itself: `stagedoor.wire.games`."""

import warnings
from pathlib import Path

import pytest

from stagedoor.wire.games import BadGameError, Game, decode_game, encode_game, games_folder

GAME = Game("game/Process-1", 42, "0.0.0.0", 8787, "ws://127.0.0.1:8787/", 1.5e9)


def test_a_game_survives_the_round_trip_under_a_name_that_any_file_system_takes() -> None:
    assert decode_game(encode_game(GAME)) == GAME
    assert GAME.file_name == "42-8787.json"


@pytest.mark.parametrize(
    "change",
    [
        {"pid": 0}, {"pid": -1}, {"pid": 2**40}, {"pid": "7"}, {"port": 0}, {"port": 70000},
        {"name": 1}, {"url": "http://x"}, {"url": "ws://a b"},
        {"url": "ws://a\x1b[31m"}, {"url": "ws://h/\n"}, {"started": None},
    ],
)  # fmt: skip
def test_a_file_with_a_wrong_value_is_refused(change: dict[str, object]) -> None:
    import msgspec

    values = msgspec.to_builtins(GAME) | change
    with pytest.raises(BadGameError):
        decode_game(msgspec.json.encode(values))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"{}", b"[" * 100_000])
def test_a_file_that_is_no_game_is_refused(data: bytes) -> None:
    with pytest.raises(BadGameError):
        decode_game(data)


def test_a_field_of_a_stagedoor_to_come_is_left_alone() -> None:
    assert decode_game(encode_game(GAME)[:-1] + b',"clients":3}') == GAME


def test_the_folder_is_the_users_own_and_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGEDOOR_RUNTIME_DIR", "/x/y")
    assert games_folder() == Path("/x/y/games")
    monkeypatch.delenv("STAGEDOOR_RUNTIME_DIR")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        folder = games_folder()
    assert folder.name == "games"
    assert "stagedoor" in str(folder)
